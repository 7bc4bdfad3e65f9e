// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Property: any bytes give rules or errors. The canonical text of what was read reads back as
// itself; what passes the checks has decision trees, C, and rule sets without expanded extractors;
// and all of it comes out the same twice.

#include "fuzz-targets/target.h"
#include "isle-rules/compiler/islec.h"

#include <stdio.h>
#include <stdlib.h>

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "isle: %s\n", what);
    abort();
}

// Everything that a text gives, one after the other.
static Status compile(Arena *arena, Str text, StrBuf *ast, StrBuf *rest)
{
    Diag diag = {.arena = arena};
    Isle *const isle = isle_new(arena, &diag);
    Status status = isle_add_text(isle, STR("a"), text);
    require((status == STATUS_OK) == (diag.errors == 0), "status and messages disagree");
    isle_dump_ast(isle, ast);
    if (status == STATUS_OK) {
        status = isle_check(isle);
        require((status == STATUS_OK) == (diag.errors == 0), "status and messages disagree");
        if (status == STATUS_OK) {
            const IsleCOptions options = {.counters = true};
            isle_build_trees(isle);
            isle_dump_trees(isle, rest);
            if (isle_write_header(isle, &options, rest) == STATUS_OK)
                require(isle_write_c(isle, &options, rest) == STATUS_OK,
                        "the header can be written and the C can't");
            isle_write_rules_table(isle, rest);
            for (IsleTermId t = 0; t < isle->terms.len; t++)
                if (isle->terms.data[t].constructor == ISLE_HOW_INTERNAL)
                    isle_rule_set(isle, t, false);
        }
    }
    for (uint32_t i = 0; i < diag.messages.len; i++)
        diag_format(&diag.messages.data[i], rest);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {0};
    const Str text = {(const char *)data, size};
    StrBuf ast = {.arena = &arena}, rest = ast, ast_again = ast, rest_again = ast;
    StrBuf canonical = ast, unused = ast;
    const Status status = compile(&arena, text, &ast, &rest);
    require(compile(&arena, text, &ast_again, &rest_again) == status, "another status");
    require(str_eq(buf_view(&rest), buf_view(&rest_again)), "another output");
    const Status reread = compile(&arena, buf_view(&ast), &canonical, &unused);
    require(reread != STATUS_SYNTAX, "the canonical text has errors");
    require(status == STATUS_SYNTAX || reread == status, "the canonical text differs");
    require(str_eq(buf_view(&ast), buf_view(&canonical)), "the canonical text is not its own");
    arena_free(&arena);
    return 0;
}
