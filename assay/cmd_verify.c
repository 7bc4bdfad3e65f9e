// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// assay verify: proves rules by a solver.
#include "assay/tool.h"
#include "verify/verify.h"

#include <stdio.h>

static Status read_files(Isle *isle, const ToolArgs *args)
{
    Status first = STATUS_OK;
    for (uint32_t i = 0; i < args->num_operands; i++) {
        Str text;
        Status status = tool_read_file(isle->arena, args->operands[i], &text, isle->diag);
        if (status == STATUS_OK)
            status = isle_add_text(isle, str_from(args->operands[i]), text);
        first = first == STATUS_OK ? status : first;
    }
    return first;
}

int cmd_verify(const ToolArgs *args)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    Isle *const isle = isle_new(&arena, &diag);
    Status status = read_files(isle, args);
    if (status == STATUS_OK)
        status = isle_check(isle);
    VerifyReport *report = NULL;
    if (status == STATUS_OK) {
        const VerifyOptions options = {.rule = args->values[OPT_VERIFY_RULE],
                                       .root = args->values[OPT_VERIFY_ROOT],
                                       .filter = args->values[OPT_VERIFY_FILTER],
                                       .jobs = 2};
        report = verify_run(isle, &options, &arena);
        for (uint32_t r = 0; r < report->num_rules; r++) {
            const VerifyRule *const rule = &report->rules[r];
            if (rule->verdict == RULE_UNREACHED)
                continue;
            printf("%s %.*s", verify_rule_name(rule->verdict), STR_ARG(isle->rules.data[r].label));
            for (uint32_t i = 0; i < CASE_VERDICT_COUNT; i++)
                if (rule->counts[i])
                    printf(" %s=%u", verify_case_name((CaseVerdict)i), rule->counts[i]);
            if (rule->worst)
                printf("\n   %.*s [%.*s]\n%.*s", STR_ARG(rule->worst->message),
                       STR_ARG(rule->worst->types), STR_ARG(rule->worst->values));
            printf("\n");
        }
        for (uint32_t i = 0; i < RULE_VERDICT_COUNT; i++)
            printf("%s %u\n", verify_rule_name((RuleVerdict)i), report->rule_counts[i]);
        for (uint32_t i = 0; i < CASE_VERDICT_COUNT; i++)
            printf("cases %s %u\n", verify_case_name((CaseVerdict)i), report->counts[i]);
    }
    tool_report(&diag);
    arena_free(&arena);
    return status == STATUS_OK ? EXIT_OK : EXIT_FAILED;
}
