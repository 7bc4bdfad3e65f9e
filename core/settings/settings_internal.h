// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the two parsers of options share: splitting `name=value`, lists in strings, messages.
#ifndef SETTINGS_SETTINGS_INTERNAL_H
#define SETTINGS_SETTINGS_INTERNAL_H

#include "settings/settings.h"

// `name` or `name=value`.
typedef struct Option {
    Str name, value;
    bool has_value;
} Option;

Option option_split(Str text);

// Where a message about an option goes.
typedef struct OptionSite {
    Source *source;
    uint32_t pos;
    Diag *diag;
} OptionSite;

// Word number `n` of a list separated by blanks; the empty slice behind the last.
Str option_word(const char *list, uint32_t n);
// Index of `word` in such a list, or NO_WORD.
#define NO_WORD UINT32_MAX
uint32_t option_find_word(const char *list, Str word);

// Reads true, on, yes, 1 or false, off, no, 0; a missing value is true.
Status option_bool(const Option *option, const OptionSite *site, bool *out);

// Says that `what` has no such name, with the nearest of `count` candidates.
Status option_unknown(Str name, const char *what, const OptionSite *site, const Str *candidates,
                      size_t count);
// Says that `option` has a value that is none of the list.
Status option_bad_value(const Option *option, const char *list, const OptionSite *site);

#endif
