// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The trace: a line for each rewrite, with the rule, its place, and what stood before and after as
// expressions of the cheapest nodes.

#include "opt/opt_internal.h"

enum { MAX_NESTING = 3 };

static void print_constant(Type type, uint128 bits, StrBuf *out)
{
    const uint128 sign = (uint128)1 << (type_bits(type) - 1);
    const int128 number = (int128)((bits ^ sign) - sign);
    if (number >= INT64_MIN && number <= INT64_MAX)
        buf_printf(out, "%lld", (long long)number);
    else
        buf_printf(out, "0x%llx%016llx", (unsigned long long)(bits >> 64),
                   (unsigned long long)bits);
}

static void print_class(const OptCtx *ctx, uint32_t class, uint32_t nesting, StrBuf *out);

static void print_node(const OptCtx *ctx, const InstData *data, uint32_t nesting, StrBuf *out)
{
    buf_puts(out, ir_ops[data->op].name);
    if (data->ctrl != TYPE_INVALID) {
        buf_char(out, '.');
        type_print(data->ctrl, out);
    }
    if (data->op == OP_ICMP)
        buf_printf(out, " %s", intcc_name((IntCC)data->aux));
    const uint32_t n = ir_formats[op_format((Opcode)data->op)].values;
    for (uint32_t i = 0; i < n; i++) {
        buf_puts(out, i == 0 ? " " : ", ");
        print_class(ctx, data->w[i], nesting + 1, out);
    }
}

static void print_class(const OptCtx *ctx, uint32_t class, uint32_t nesting, StrBuf *out)
{
    const InstData *const node = opt_best_node(ctx, (Value){class});
    uint128 bits;
    if (!node) {
        buf_printf(out, "v%u", ctx->classes.data[class].best);
    } else if (type_is_int(ctx->classes.data[class].type) &&
               opt_constant(ctx, (Value){class}, &bits)) {
        print_constant(ctx->classes.data[class].type, bits, out);
    } else if (nesting == MAX_NESTING) {
        buf_puts(out, "...");
    } else {
        buf_puts(out, nesting == 0 ? "" : "(");
        print_node(ctx, node, nesting, out);
        buf_puts(out, nesting == 0 ? "" : ")");
    }
}

static void print_rule(uint32_t number, StrBuf *out)
{
    uint32_t count;
    const OptRule *const rule = &opt_rules(&count)[number];
    buf_printf(out, "%s (%s:%u): ", rule->name, rule->path, rule->line);
}

void opt_trace_rewrite(OptCtx *ctx, uint32_t rule, Value from, Value to)
{
    StrBuf *const out = ctx->options->trace;
    print_rule(rule, out);
    print_node(ctx, &ctx->nodes.data[ctx->classes.data[from.i].left].data, 0, out);
    buf_puts(out, " => ");
    print_class(ctx, to.i, 0, out);
    buf_char(out, '\n');
}

void opt_trace_skeleton(OptCtx *ctx, uint32_t rule, Inst inst, const SkeletonRewrite *rewrite)
{
    StrBuf *const out = ctx->options->trace;
    print_rule(rule, out);
    print_node(ctx, func_inst(ctx->f, inst), 0, out);
    buf_puts(out, " => ");
    switch ((SkeletonKind)rewrite->kind) {
    case SKELETON_NONE: break;
    case SKELETON_REMOVE: buf_puts(out, "nothing"); break;
    case SKELETON_VALUES: // the first one says enough
    case SKELETON_VALUE:
    case SKELETON_TEST: print_class(ctx, rewrite->value.i, 0, out); break;
    case SKELETON_TEST_NOT:
        buf_puts(out, "not ");
        print_class(ctx, rewrite->value.i, 0, out);
        break;
    case SKELETON_TRAP: buf_puts(out, "trap"); break;
    case SKELETON_TAKE: buf_printf(out, "target %u", rewrite->index); break;
    }
    buf_char(out, '\n');
}

void opt_trace_event(OptCtx *ctx, const char *event, Inst inst)
{
    StrBuf *const out = ctx->options->trace;
    if (!out)
        return;
    buf_printf(out, "%s: ", event);
    print_node(ctx, func_inst(ctx->f, inst), 0, out);
    buf_char(out, '\n');
}
