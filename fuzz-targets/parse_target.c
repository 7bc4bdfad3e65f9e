// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Property: any bytes give a file or an error message, with comments or without, and the same of
// both; each comment is a directive, none, or an error; everything parsed can be printed.

#include "fuzz-targets/target.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "parse: %s\n", what);
    abort();
}

static void read_directives(Arena *arena, ClifFile *file, Diag *diag)
{
    for (uint32_t i = 0; i < file->module.funcs.len; i++) {
        const Func *const f = file->module.funcs.data[i];
        const FuncText *const text = &file->texts.data[i];
        for (uint32_t c = 0; c < text->num_comments; c++) {
            RunDirective run;
            const uint32_t errors = diag->errors;
            const Comment *const comment = &text->comments[c];
            const Status status =
                text_parse_directive(arena, &file->source, comment, &f->sig, &run, diag);
            require((status == STATUS_OK) == (errors == diag->errors),
                    "a directive's status and messages disagree");
            func_entity_pos(f, comment->at);
            StrBuf buf = {.arena = arena};
            for (uint32_t a = 0; status == STATUS_OK && a < run.num_args; a++)
                text_print_data(&run.args[a].value, &buf);
        }
    }
}

static void print_parts(Arena *arena, const ClifFile *file)
{
    StrBuf buf = {.arena = arena};
    for (uint32_t i = 0; i < file->module.funcs.len; i++) {
        const Func *const f = file->module.funcs.data[i];
        text_print_func(f, &buf);
        IR_FOR_BLOCKS (f, block) {
            text_print_block_header(f, block, &buf);
            IR_FOR_INSTS (f, block, inst)
                text_print_inst(f, inst, &buf);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    const Str text = {(const char *)data, size};
    const ParseOptions plain = {0}, full = {.keep_comments = true, .require_test = true};
    const ParseOptions comments = {.keep_comments = true};
    ClifFile *first, *second, *third;
    const Status a = text_parse_file(&arena, STR("a"), text, &plain, &first, &diag);
    require((a == STATUS_OK) == (diag.errors == 0), "status and messages disagree");
    const Status b = text_parse_file(&arena, STR("b"), text, &comments, &second, &diag);
    require(a == b, "comments change the outcome");
    const Status c = text_parse_file(&arena, STR("c"), text, &full, &third, &diag);
    require(a == STATUS_OK || c == a, "a file test may not have errors that a file may have");
    if (b == STATUS_OK) {
        read_directives(&arena, second, &diag);
        print_parts(&arena, second);
    }
    StrBuf messages = {.arena = &arena};
    for (uint32_t i = 0; i < diag.messages.len; i++)
        diag_format(&diag.messages.data[i], &messages);
    arena_free(&arena);
    return 0;
}
