// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a judge has seen so far, counted and as a line of JSON.

#include "fuzz-targets/judge/judge.h"
#include "fuzz-targets/judge/judge_internal.h"
#include "mach/mach.h"
#include "opt/opt.h"

void judge_count_module(Judge *j, const Module *module)
{
    j->stats.cases++;
    j->stats.functions += module->funcs.len;
    for (uint32_t n = 0; n < module->funcs.len; n++) {
        const Func *const f = module->funcs.data[n];
        for (uint32_t i = 0; i < f->insts.len; i++) {
            const uint32_t op = f->insts.data[i].op;
            if (op < OP_COUNT)
                j->stats.opcodes[op / 64] |= UINT64_C(1) << op % 64;
        }
    }
}

// ---- JSON ----

static void print_number(const char *name, uint64_t number, StrBuf *out)
{
    buf_printf(out, "\"%s\": ", name);
    buf_u64(out, number);
    buf_puts(out, ", ");
}

// Which of `num` counters are not zero.
static void print_fired(const char *name, const uint32_t *counts, uint32_t num, StrBuf *out)
{
    buf_printf(out, "\"%s\": {\"total\": %u, \"seen\": \"", name, num);
    for (uint32_t i = 0; i < num; i += 4) {
        uint32_t digit = 0;
        for (uint32_t k = 0; k < 4 && i + k < num; k++)
            digit |= (counts[i + k] != 0 ? 1u : 0u) << k;
        buf_char(out, "0123456789abcdef"[digit]);
    }
    buf_puts(out, "\"}");
}

static void print_opcodes(const JudgeStats *s, StrBuf *out)
{
    uint32_t seen[OP_COUNT];
    for (uint32_t op = 0; op < OP_COUNT; op++)
        seen[op] = s->opcodes[op / 64] >> op % 64 & 1;
    print_fired("opcodes", seen, OP_COUNT, out);
}

void judge_print_stats(const Judge *j, double seconds, StrBuf *out)
{
    const JudgeStats *const s = &j->stats;
    uint32_t num_rules;
    (void)opt_rules(&num_rules);
    print_number("cases", s->cases, out);
    print_number("functions", s->functions, out);
    buf_printf(out, "\"seconds\": %.3f, ", seconds);
    print_number("runs", s->runs, out);
    print_number("returned", s->returned, out);
    print_number("trapped", s->trapped, out);
    print_number("out_of_fuel", s->out_of_fuel, out);
    print_number("unsupported", s->unsupported, out);
    print_number("compared", s->compared, out);
    print_number("instructions", s->instructions, out);
    print_number("findings", s->findings, out);
    print_opcodes(s, out);
    buf_puts(out, ", ");
    print_fired("opt", j->opt_rules, num_rules, out);
    for (uint32_t i = 0; i < j->num_engines; i++) {
        const Target *const target = target_find(j->engines[i].isa.arch);
        buf_puts(out, ", ");
        print_fired(target->name, j->engines[i].lower_rules, target->num_rules, out);
    }
    buf_puts(out, ", \"reason\": \"");
    for (const char *c = s->reason; *c != '\0'; c++)
        buf_char(out, *c == '"' || *c == '\\' || *c < ' ' ? '\'' : *c);
    buf_puts(out, "\"}\n");
}
