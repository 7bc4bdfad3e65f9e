// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The shared settings, and the reading of options.

#include "settings/settings.h"

#include "settings/settings_internal.h"

typedef enum SettingKind { KIND_BOOL, KIND_ENUM, KIND_NUM } SettingKind;

typedef struct SettingInfo {
    const char *name;
    SettingKind kind;
    uint8_t initial;
    const char *values; // of KIND_ENUM, separated by blanks
} SettingInfo;

static const SettingInfo infos[SETTING_COUNT] = {
#define SETTING(NAME, name, KIND, initial, values, help) \
    [SETTING_##NAME] = {#name, KIND_##KIND, (initial), values},
#include "settings/settings.def"
};

// ---- Options ----

Option option_split(Str text)
{
    const char *const equals = text.len == 0 ? NULL : memchr(text.data, '=', text.len);
    if (!equals)
        return (Option){.name = text};
    const size_t at = (size_t)(equals - text.data);
    return (Option){{text.data, at}, {equals + 1, text.len - at - 1}, true};
}

Str option_word(const char *list, uint32_t n)
{
    for (;; n--) {
        list += strspn(list, " ");
        const size_t len = strcspn(list, " ");
        if (n == 0 || len == 0)
            return (Str){list, len};
        list += len;
    }
}

uint32_t option_find_word(const char *list, Str word)
{
    for (uint32_t n = 0;; n++) {
        const Str candidate = option_word(list, n);
        if (candidate.len == 0)
            return NO_WORD;
        if (str_eq(candidate, word))
            return n;
    }
}

#define BOOL_WORDS "true on yes 1 false off no 0"
enum { FIRST_FALSE_WORD = 4 };

Status option_bool(const Option *option, const OptionSite *site, bool *out)
{
    *out = true;
    if (!option->has_value)
        return STATUS_OK;
    const uint32_t n = option_find_word(BOOL_WORDS, option->value);
    if (n == NO_WORD)
        return option_bad_value(option, BOOL_WORDS, site);
    *out = n < FIRST_FALSE_WORD;
    return STATUS_OK;
}

Status option_unknown(Str name, const char *what, const OptionSite *site, const Str *candidates,
                      size_t count)
{
    const Str near = str_nearest(name, candidates, count);
    if (near.len == 0)
        return diag_error(site->diag, STATUS_INVALID, site->source, site->pos, "unknown %s '%.*s'",
                          what, STR_ARG(name));
    return diag_error(site->diag, STATUS_INVALID, site->source, site->pos,
                      "unknown %s '%.*s'; did you mean '%.*s'?", what, STR_ARG(name),
                      STR_ARG(near));
}

#define LISTED_MAX 16u // values that a "did you mean" looks at

Status option_bad_value(const Option *option, const char *list, const OptionSite *site)
{
    if (!option->has_value)
        return diag_error(site->diag, STATUS_INVALID, site->source, site->pos,
                          "'%.*s' needs a value, one of: %s", STR_ARG(option->name), list);
    Str words[LISTED_MAX];
    uint32_t count = 0;
    while (count < LISTED_MAX && (words[count] = option_word(list, count)).len != 0)
        count++;
    const Str near = str_nearest(option->value, words, count);
    if (near.len != 0)
        return diag_error(site->diag, STATUS_INVALID, site->source, site->pos,
                          "'%.*s' is no value of '%.*s'; did you mean '%.*s'?",
                          STR_ARG(option->value), STR_ARG(option->name), STR_ARG(near));
    return diag_error(site->diag, STATUS_INVALID, site->source, site->pos,
                      "'%.*s' is no value of '%.*s', which is one of: %s", STR_ARG(option->value),
                      STR_ARG(option->name), list);
}

// ---- Settings ----

Settings settings_defaults(void)
{
    Settings settings;
    for (uint32_t i = 0; i < SETTING_COUNT; i++)
        settings.values[i] = infos[i].initial;
    return settings;
}

Settings settings_filetest_defaults(void)
{
    Settings settings = settings_defaults();
    settings.values[SETTING_UNWIND_INFO] = 0;
    settings.values[SETTING_MACHINE_CODE_CFG_INFO] = 1;
    return settings;
}

const char *settings_name(SettingId id)
{
    ASSERT(id < SETTING_COUNT);
    return infos[id].name;
}

Str settings_value_text(Arena *arena, SettingId id, uint8_t value)
{
    ASSERT(id < SETTING_COUNT);
    switch (infos[id].kind) {
    case KIND_BOOL: return value ? STR("true") : STR("false");
    case KIND_ENUM: return option_word(infos[id].values, value);
    case KIND_NUM: return str_printf(arena, "%u", value);
    }
    UNREACHABLE();
}

// Reads a decimal number up to 255.
static Status read_number(const Option *option, const OptionSite *site, uint8_t *out)
{
    uint32_t n = 0;
    bool good = option->value.len >= 1 && option->value.len <= 3;
    for (size_t i = 0; good && i < option->value.len; i++) {
        good = option->value.data[i] >= '0' && option->value.data[i] <= '9';
        n = n * 10 + (uint32_t)(option->value.data[i] - '0');
    }
    if (!good || n > UINT8_MAX)
        return diag_error(site->diag, STATUS_INVALID, site->source, site->pos,
                          "'%.*s' needs a number from 0 to 255", STR_ARG(option->name));
    *out = (uint8_t)n;
    return STATUS_OK;
}

static Status read_setting(const SettingInfo *info, const Option *option, const OptionSite *site,
                           uint8_t *out)
{
    switch (info->kind) {
    case KIND_BOOL: {
        bool on = false;
        TRY(option_bool(option, site, &on));
        *out = on;
        return STATUS_OK;
    }
    case KIND_ENUM: {
        const uint32_t n = option_find_word(info->values, option->value);
        if (n == NO_WORD)
            return option_bad_value(option, info->values, site);
        *out = u8_from(n);
        return STATUS_OK;
    }
    case KIND_NUM: return read_number(option, site, out);
    }
    UNREACHABLE();
}

Status settings_set(Settings *settings, Str option, Source *source, uint32_t pos, Diag *diag)
{
    const OptionSite site = {source, pos, diag};
    const Option split = option_split(option);
    for (uint32_t i = 0; i < SETTING_COUNT; i++)
        if (str_eq_c(split.name, infos[i].name))
            return read_setting(&infos[i], &split, &site, &settings->values[i]);
    Str names[SETTING_COUNT];
    for (uint32_t i = 0; i < SETTING_COUNT; i++)
        names[i] = str_from(infos[i].name);
    return option_unknown(split.name, "setting", &site, names, SETTING_COUNT);
}
