// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cases as file tests.

#include "fuzz-targets/judge/judge.h"
#include "fuzz-targets/judge/judge_internal.h"
#include "text/text.h"

void judge_describe(const CallResult *result, StrBuf *out)
{
    switch (result->outcome) {
    case OUTCOME_RETURNED:
        if (result->num_values != 1)
            buf_char(out, '[');
        for (uint32_t i = 0; i < result->num_values; i++) {
            buf_puts(out, i == 0 ? "" : ", ");
            text_print_data(&result->values[i], out);
        }
        if (result->num_values != 1)
            buf_char(out, ']');
        return;
    case OUTCOME_TRAPPED:
        buf_puts(out, "trap ");
        trapcode_print(result->trap, out);
        return;
    case OUTCOME_OUT_OF_FUEL: buf_puts(out, "out of fuel"); return;
    case OUTCOME_CRASHED:
    case OUTCOME_UNSUPPORTED: buf_str(out, result->detail); return;
    }
    UNREACHABLE();
}

static void print_settings(const GenCase *c, StrBuf *out)
{
    const Settings initial = settings_filetest_defaults();
    Arena *const arena = out->arena;
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        const uint8_t value = c->settings.values[i];
        if (value != initial.values[i])
            buf_printf(out, "set %s=%.*s\n", settings_name((SettingId)i),
                       STR_ARG(settings_value_text(arena, (SettingId)i, value)));
    }
}

static void print_targets(const Judge *j, StrBuf *out)
{
    for (uint32_t i = 0; i < j->num_engines; i++)
        buf_printf(out, "target %s\n", j->engines[i].target);
}

static void print_run(const GenCase *c, const Verdict *v, uint32_t input, StrBuf *out)
{
    const CallResult *const expected = v ? &v->expected[input] : NULL;
    const GenInput *const in = &c->inputs[input];
    if (expected && expected->outcome != OUTCOME_RETURNED && expected->outcome != OUTCOME_TRAPPED)
        return;
    buf_puts(out, expected ? "; run: " : "; print: ");
    extname_print(&c->module.funcs.data[c->entry]->name, out);
    buf_puts(out, "(heap");
    for (uint32_t i = 1; i < in->num_args; i++) {
        buf_puts(out, ", ");
        text_print_data(&in->args[i], out);
    }
    buf_puts(out, expected ? ") == " : ")");
    if (expected)
        judge_describe(expected, out);
    buf_char(out, '\n');
}

Engine judge_engine(const Judge *j, const Verdict *v)
{
    return v->finding == FINDING_REFERENCE || j->num_engines == 0 ? ENGINE_INTERP
                                                                  : j->engines[v->engine].engine;
}

void judge_print(const Judge *j, const GenCase *c, const Verdict *v, StrBuf *out)
{
    if (v && v->finding != FINDING_NONE) {
        buf_printf(out, "; %s in %s: %.*s\n", finding_name(v->finding),
                   engine_name(judge_engine(j, v)), STR_ARG(v->text));
    }
    buf_puts(out, "test interpret\ntest run\n");
    print_settings(c, out);
    print_targets(j, out);
    if (c->inlines)
        buf_puts(out, "; where the mid-end is judged, inlined: assay opt --inline\n");
    // Callees first, as inlining wants them.
    for (uint32_t i = c->module.funcs.len; i-- > 0;) {
        buf_char(out, '\n');
        text_print_func(c->module.funcs.data[i], out);
        if (i != c->entry)
            continue;
        buf_printf(out, "; heap: %u\n", GEN_HEAP_BYTES);
        for (uint32_t k = 0; k < GEN_INPUTS; k++)
            if (!v || v->input == k || v->input >= GEN_INPUTS || v->finding == FINDING_NONE)
                print_run(c, v, k, out);
    }
}
