// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The way from the passes to the generated matcher and back.

#include "opt/opt_rules.h"

static const OptRule rules[] = {
#define ISLE_RULE(id, name, root, priority, path, line, col) [id] = {name, root, path, line},
#include "opt_rules.def"
#undef ISLE_RULE
};

const OrderSet opt_orders[INTCC_COUNT] = {
    [INTCC_EQ] = {ORDER_EQUAL, SIGN_ANY},
    [INTCC_NE] = {ORDER_LESS | ORDER_GREATER, SIGN_ANY},
    [INTCC_SLT] = {ORDER_LESS, SIGN_SIGNED},
    [INTCC_SGE] = {ORDER_EQUAL | ORDER_GREATER, SIGN_SIGNED},
    [INTCC_SGT] = {ORDER_GREATER, SIGN_SIGNED},
    [INTCC_SLE] = {ORDER_LESS | ORDER_EQUAL, SIGN_SIGNED},
    [INTCC_ULT] = {ORDER_LESS, SIGN_UNSIGNED},
    [INTCC_UGE] = {ORDER_EQUAL | ORDER_GREATER, SIGN_UNSIGNED},
    [INTCC_UGT] = {ORDER_GREATER, SIGN_UNSIGNED},
    [INTCC_ULE] = {ORDER_LESS | ORDER_EQUAL, SIGN_UNSIGNED},
};

const OptRule *opt_rules(uint32_t *count)
{
    *count = sizeof(rules) / sizeof(rules[0]);
    return rules;
}

bool opt_node_next(OptCtx *ctx, opt_node_iter *it, ClifInst *out)
{
    *out = &it->data;
    if (it->swapped) {
        it->swapped = false;
        const uint32_t x = it->data.w[0];
        it->data.w[0] = it->data.w[1];
        it->data.w[1] = x;
        if (it->data.op == OP_ICMP)
            it->data.aux = (uint8_t)intcc_swap((IntCC)it->data.aux);
        return true;
    }
    while (it->depth != 0 && it->left != 0) {
        const ClassData *const class = &ctx->classes.data[it->stack[--it->depth]];
        if (class->kind == CLASS_UNION && it->depth + 2 <= OPT_MAX_CLASS) {
            it->stack[it->depth++] = class->right;
            it->stack[it->depth++] = class->left;
        }
        if (class->kind != CLASS_NODE)
            continue;
        it->left--;
        it->data = ctx->nodes.data[class->left].data;
        uint128 bits;
        it->swapped = (ir_ops[it->data.op].flags & OPF_COMMUTATIVE) != 0 &&
                      it->data.w[0] != it->data.w[1] &&
                      !opt_constant(ctx, (Value){it->data.w[1]}, &bits);
        return true;
    }
    return false;
}

void opt_note_rule(OptCtx *ctx, uint32_t rule)
{
    if (ctx->options->rule_counts)
        ctx->options->rule_counts[rule]++;
    if (!ctx->options->trace)
        return;
    const char *const root = rules[rule].root;
    uint32_t *const num = &ctx->num_fired[ctx->depth];
    if ((strcmp(root, "simplify") == 0 || strcmp(root, "simplify_skeleton") == 0) &&
        *num < OPT_MAX_FIRED)
        ctx->fired[ctx->depth][(*num)++] = rule;
}

uint32_t opt_simplify(OptCtx *ctx, Value class, Value *out, uint32_t max)
{
    opt_isle_list_Value found;
    found.len = 0;
    opt_isle_simplify(ctx, class, &found);
    const uint32_t n = found.len < max ? found.len : max;
    memcpy(out, found.items, n * sizeof(*out));
    return n;
}

SkeletonRewrite opt_simplify_skeleton(OptCtx *ctx, Inst inst)
{
    opt_isle_list_SkeletonRewrite found;
    found.len = 0;
    ctx->num_fired[0] = 0;
    opt_isle_simplify_skeleton(ctx, inst, &found);
    return found.len == 0 ? (SkeletonRewrite){.kind = SKELETON_NONE} : found.items[0];
}
