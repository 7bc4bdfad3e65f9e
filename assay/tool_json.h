// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tool_json: objects of JSON, one a line, as the options --json print them.
#ifndef ASSAY_TOOL_JSON_H
#define ASSAY_TOOL_JSON_H

#include "base/base.h"

#include <jansson.h>

// Sets a member to a text. What is no UTF-8 (the names of files, what a process said) has its bytes
// of more than 7 bits replaced by `?`.
void tool_json_text(json_t *object, const char *name, Str text);
void tool_json_number(json_t *object, const char *name, uint64_t number);
// Prints the object on a line of stdout, which is flushed, and frees it.
void tool_json_print(json_t *object);

#endif
