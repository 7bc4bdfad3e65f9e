// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rules applied: conditions are assumed, the right side evaluated in the order of its calls, helper
// terms replaced by one of their rules. A rule is taken only where no rule of higher priority
// matches (vc_order.c).

#include "verify/vcgen/vcgen_internal.h"

enum { MAX_DEPTH = 48 };

static void note_rule(Gen *g, IsleRuleId rule)
{
    for (uint32_t i = 0; i < g->vc->rules.len; i++)
        if (g->vc->rules.data[i] == rule)
            return;
    VEC_PUSH(g->arena, &g->vc->rules, rule);
}

Sym *rule_apply(Gen *g, IsleTermId term, uint32_t n, Sym **args)
{
    IsleRuleSet *const set = g->program->sets[term];
    const IsleRuleForm *const form = &set->rules.data[n];
    Frame *const f = frame_new(g, set, args);
    const bool root = g->depth == 0;
    if (++g->depth > MAX_DEPTH)
        return gen_stop(g, STOP_ERROR, g->isle->terms.data[term].pos,
                        "helper terms are nested more than %u deep", MAX_DEPTH);
    note_rule(g, form->rule);
    for (uint32_t i = 0; i < form->num_checks; i++)
        if (!frame_assume(f, &form->checks[i]))
            return NULL;
    spec_drain(g);
    if (!g->stop)
        rule_negate_higher(f, form);
    if (g->stop)
        return NULL;
    if (root) {
        g->right = true;
        g->vc->left_choices = g->at;
        g->vc->left_assumptions = g->vc->assumptions.len;
    }
    for (uint32_t i = 0; i < form->num_calls; i++)
        if (!frame_eval(f, form->calls[i]))
            return NULL;
    if (!frame_eval(f, form->result))
        return NULL;
    g->depth--;
    return frame_value(f, form->result);
}
// Sees to it that the other rule of a pair matches where the rule does, whose checks are assumed.
static bool match_pair(Frame *f, const VcPair *pair)
{
    Gen *const g = f->g;
    const IsleRuleForm *const forms = f->set->rules.data;
    if (pair->goal == VC_PAIR_SAME)
        return true;
    const Expr matches = rule_matches_too(f, &forms[pair->n], &forms[pair->like]);
    const bool none = expr_same(matches, EXPR_NONE);
    if (!none && pair->goal == VC_PAIR_MATCHES)
        gen_goal(g, NULL, matches, STR("the other rule matches as well"));
    else if (none || !expr_is_true(g->pool, matches))
        gen_stop(g, STOP_ERROR, g->isle->terms.data[pair->root].pos,
                 "nothing says that the other rule matches as well");
    return !g->stop;
}

static bool assume_checks(Frame *f, const IsleRuleForm *form)
{
    for (uint32_t i = 0; i < form->num_checks; i++)
        if (!frame_assume(f, &form->checks[i]))
            return false;
    spec_drain(f->g);
    return !f->g->stop;
}

static Sym *right_side(Frame *f, const IsleRuleForm *form)
{
    f->g->alive = expr_bool(f->g->pool, true);
    for (uint32_t i = 0; i < form->num_calls; i++)
        if (!frame_eval(f, form->calls[i]))
            return NULL;
    if (!frame_eval(f, form->result))
        return NULL;
    spec_drain(f->g);
    return f->g->stop ? NULL : frame_value(f, form->result);
}

// The instructions that a right side takes in are no others than those of another one, `count` that
// come first in the list.
static void take_the_same(Gen *g, uint32_t count)
{
    bool same = g->taken.len == 2 * count;
    for (uint32_t i = 0; i < count && same; i++) {
        bool found = false;
        for (uint32_t k = count; k < 2 * count; k++)
            found = found || g->taken.data[k] == g->taken.data[i];
        same = found;
    }
    if (!same)
        gen_goal(g, NULL, expr_bool(g->pool, false), STR("both rules take in the same"));
}

bool rule_apply_pair(Gen *g, const VcPair *pair, Sym **args, Sym *values[2])
{
    IsleRuleSet *const set = g->program->sets[pair->root];
    const IsleRuleForm *const form = &set->rules.data[pair->n];
    const IsleRuleForm *const other = &set->rules.data[pair->like];
    const uint32_t count = set->bindings.len;
    Frame f = {g, set, args, ARENA_ARRAY(g->arena, CallResult *, count), NULL};
    note_rule(g, form->rule);
    g->depth++;
    if (!assume_checks(&f, form))
        return false;
    if (!match_pair(&f, pair))
        return false;
    if (pair->goal == VC_PAIR_MATCHES) {
        g->right = true;
        values[0] = values[1] = right_side(&f, form); // says how wide all is
        g->depth--;
        return values[0] != NULL;
    }
    if (!assume_checks(&f, other))
        return false;
    Frame own = f; // what is matched is the same, what is executed is not
    own.values = ARENA_ARRAY(g->arena, CallResult *, count);
    copy_bytes(own.values, f.values, count * sizeof(*own.values));
    g->right = true;
    values[1] = right_side(&f, other);
    g->other = g->right_events;
    g->right_events = (Events){{0}};
    const uint32_t taken = g->taken.len;
    for (uint32_t i = 0; i < taken; i++)
        g->taken.data[i]->executed = false;
    values[0] = values[1] ? right_side(&own, form) : NULL;
    take_the_same(g, taken);
    g->depth--;
    return values[0] != NULL;
}

bool rule_construct(Gen *g, const Call *call, CallResult *out)
{
    const IsleTerm *const t = &g->isle->terms.data[call->term];
    if (t->spec)
        return call_spec(g, call, out);
    if (t->rules.len == 0)
        return gen_missing_spec(g, call->term);
    if (call->path) {
        gen_stop(g, STOP_BLOCKED, t->pos, "rules are not tried one by one");
        return false;
    }
    const uint32_t count = vc_num_rules(g->program, call->term);
    const uint32_t chosen = gen_choose(g, count + vc_may_be_unmatched(g->program, call->term));
    if (chosen == count) {
        VEC_PUSH(g->arena, &g->calls, ((GenCall){call->term, false, call->args, NULL}));
        rule_find_none(g, call->term, call->args);
        return false;
    }
    Sym *const result = rule_apply(g, call->term, chosen, call->args);
    if (!result)
        return false;
    out->some = expr_bool(g->pool, true);
    out->values = ARENA_ARRAY(g->arena, Sym *, 1);
    out->values[0] = result;
    return true;
}
