// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All pairs of opcode and type: the variants of each, and what lowering says to them.

#include "coverage/coverage_internal.h"
#include "lower/lower.h"
#include "validate/validate.h"

// Settings without which some opcodes are not valid or have no meaning.
static const struct {
    SettingId id;
    uint8_t value;
} needed[] = {
    {SETTING_ENABLE_PINNED_REG, 1},
    {SETTING_PRESERVE_FRAME_POINTERS, 1},
    {SETTING_TLS_MODEL, TLS_MODEL_ELF_GD},
};

// What is tried, and where it is noted.
typedef struct Run {
    LowerOptions lower;
    Arena *arena;            // of the result
    Arena function, scratch; // of one variant
    Coverage *out;
    Str refusal;         // why the last variant that is not valid is not
    CoverageVisit visit; // told of each variant, or NULL
    void *context;
} Run;

const char *coverage_verdict_name(CoverageVerdict verdict)
{
    switch (verdict) {
    case COVERAGE_LOWERED: return "lowered";
    case COVERAGE_PARTLY: return "partly";
    case COVERAGE_UNSUPPORTED: return "unsupported";
    case COVERAGE_BROKEN: return "broken";
    case COVERAGE_UNBUILT: return "unbuilt";
    case COVERAGE_VERDICT_COUNT: break;
    }
    UNREACHABLE();
}

uint32_t coverage_missing(const Coverage *coverage)
{
    return coverage->pairs.len - coverage->counts[COVERAGE_LOWERED];
}

// ---- Types ----

// Scalars, and vectors of 64 and 128 bits. Addresses are as wide as the target's; where a dynamic
// vector is meant, no scalar will do.
static bool is_tried(const Run *run, TypeSet set, Type t)
{
    if (set == TS_ANY_DYN)
        return false;
    if (set == TS_PTR)
        return type_bits(t) == arch_pointer_bits(run->lower.isa->arch) && !type_is_vector(t);
    return !type_is_vector(t) || type_bits(t) == 64 || type_bits(t) == 128;
}

// The next type behind `t` (TYPE_INVALID: the first) that `c` allows; TYPE_INVALID at the end.
static Type next_type(const Run *run, TypeConstraint c, Type ctrl, Type t)
{
    const Type only = op_constraint_type(c, ctrl);
    if (only != TYPE_INVALID)
        return t == TYPE_INVALID ? only : TYPE_INVALID;
    const TypeSet set = c >= TC_IN_NONE && c < TC_IS_I8 ? (TypeSet)(c - TC_IN_NONE) : TS_NONE;
    while (++t <= TYPE_VECTOR(TYPE_LANE_MASK, 4))
        if (ir_lane_bits[type_lane(t)] != 0 && is_tried(run, set, t) &&
            op_constraint_allows(c, ctrl, t))
            return t;
    return TYPE_INVALID;
}

// ---- One variant ----

static Str first_message(const Run *run, const Diag *diag)
{
    return diag->messages.len == 0 ? STR("no reason given")
                                   : str_copy(run->arena, diag->messages.data[0].text);
}

static void note_failure(Run *run, CoveragePair *pair, const CoverageVariant *variant, Str reason)
{
    if (pair->reason.len != 0)
        return;
    StrBuf text = {.arena = run->arena};
    coverage_print_variant(variant, &text);
    pair->variant = buf_view(&text);
    pair->reason = reason;
}

// What is wrong with a lowered function: the first broken rule of machine IR, or an instruction
// that the target does not have.
static Str find_fault(Run *run, const MFunc *m)
{
    const Str broken = mfunc_validate(m, &run->scratch);
    if (broken.len != 0)
        return str_copy(run->arena, broken);
    for (uint32_t i = 0; i < m->insts.len; i++) {
        const MRow *const row = minst_row(m, &m->insts.data[i]);
        if ((row->features & ~run->lower.isa->flags[0]) != 0)
            return str_printf(run->arena, "%s is an instruction that this target does not have",
                              row->name);
    }
    return (Str){0};
}

// Whether the variant is lowered as it should be.
static bool try_function(Run *run, const CoverageVariant *variant, const Func *f,
                         CoveragePair *pair)
{
    Diag diag = {.arena = &run->scratch};
    MFunc *m;
    pair->variants++;
    if (lower_func(f, &run->lower, &run->function, &run->scratch, &m, &diag) != STATUS_OK) {
        note_failure(run, pair, variant, first_message(run, &diag));
        return false;
    }
    const Str fault = find_fault(run, m);
    if (fault.len == 0) {
        pair->lowered++;
        return true;
    }
    pair->reason = STR(""); // this one matters more
    note_failure(run, pair, variant, fault);
    pair->verdict = COVERAGE_BROKEN;
    return false;
}

static void try_variant(Run *run, const CoverageVariant *variant, CoveragePair *pair)
{
    Module module = {.arena = &run->function};
    Diag diag = {.arena = &run->scratch};
    Func *f;
    Status status = coverage_build(&module, variant, &f, &diag);
    if (status == STATUS_OK)
        status = validate_func_diag(f, run->lower.settings, run->lower.isa, NULL, &diag);
    if (status == STATUS_OK) {
        const bool lowered = try_function(run, variant, f, pair);
        if (run->visit)
            run->visit(run->context, variant, lowered);
    } else {
        run->refusal = first_message(run, &diag);
    }
    arena_reset(&run->function);
    arena_reset(&run->scratch);
}

// ---- One pair ----

static void try_operands(Run *run, CoverageVariant *variant, CoveragePair *pair)
{
    const uint32_t num = coverage_num_small(variant->op, variant->ctrl);
    for (variant->small = 0; variant->small < num; variant->small++)
        try_variant(run, variant, pair);
}

// All choices for the operands; rows have at most one operand whose type is free.
static void try_types(Run *run, CoverageVariant *variant, CoveragePair *pair)
{
    const OpInfo *const info = &ir_ops[variant->op];
    uint32_t open = 3;
    for (uint32_t i = 0; i < 3 && info->args[i] != TC_NO; i++) {
        const TypeConstraint c = (TypeConstraint)info->args[i];
        variant->args[i] = next_type(run, c, variant->ctrl, TYPE_INVALID);
        if (variant->args[i] == TYPE_INVALID)
            return;
        if (op_constraint_type(c, variant->ctrl) == TYPE_INVALID) {
            ASSERT(open == 3);
            open = i;
        }
    }
    if (open == 3) {
        try_operands(run, variant, pair);
        return;
    }
    while (variant->args[open] != TYPE_INVALID) {
        try_operands(run, variant, pair);
        variant->args[open] =
            next_type(run, (TypeConstraint)info->args[open], variant->ctrl, variant->args[open]);
    }
}

static void add_pair(Run *run, const CoveragePair *pair)
{
    run->out->counts[pair->verdict]++;
    VEC_PUSH(run->arena, &run->out->pairs, *pair);
}

// False when there is no valid function for the pair.
static bool try_pair(Run *run, Opcode op, Type ctrl)
{
    CoveragePair pair = {.op = op, .ctrl = ctrl, .verdict = COVERAGE_LOWERED};
    CoverageVariant variant = {.op = op, .ctrl = ctrl};
    try_types(run, &variant, &pair);
    if (pair.variants == 0)
        return false;
    if (pair.verdict != COVERAGE_BROKEN && pair.lowered < pair.variants)
        pair.verdict = pair.lowered == 0 ? COVERAGE_UNSUPPORTED : COVERAGE_PARTLY;
    add_pair(run, &pair);
    return true;
}

static void try_op(Run *run, Opcode op)
{
    const TypeConstraint in_set = (TypeConstraint)(TC_IN_NONE + ir_ops[op].types);
    bool any = false;
    if (ir_ops[op].ctrl == CTRL_NONE)
        any = try_pair(run, op, TYPE_INVALID);
    else
        for (Type t = next_type(run, in_set, TYPE_INVALID, TYPE_INVALID); t != TYPE_INVALID;
             t = next_type(run, in_set, TYPE_INVALID, t))
            any |= try_pair(run, op, t);
    if (!any)
        add_pair(run,
                 &(CoveragePair){.op = op, .verdict = COVERAGE_UNBUILT, .reason = run->refusal});
}

Status coverage_fire_rules(const Func *f, const Settings *settings, const Isa *isa,
                           uint32_t *rule_counts, Diag *diag)
{
    Arena arena = {0}, scratch = {0};
    const LowerOptions options = {.target = target_find(isa->arch),
                                  .settings = settings,
                                  .isa = isa,
                                  .rule_counts = rule_counts};
    MFunc *m;
    ASSERT(options.target != NULL);
    const Status status = lower_func(f, &options, &arena, &scratch, &m, diag);
    arena_free(&scratch);
    arena_free(&arena);
    return status;
}

// Tries everything for a target, with the settings that some opcodes need.
static void try_all(Run *run, const Settings *settings, const Isa *isa)
{
    Settings all = *settings;
    for (uint32_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        all.values[needed[i].id] = needed[i].value;
    run->lower.target = target_find(isa->arch);
    run->lower.settings = &all;
    run->lower.isa = isa;
    ASSERT(run->lower.target != NULL);
    for (uint32_t op = 0; op < OP_COUNT; op++) {
        run->refusal = STR("no operand types fit");
        try_op(run, (Opcode)op);
    }
    arena_free(&run->function);
    arena_free(&run->scratch);
}

Coverage coverage_run(const Settings *settings, const Isa *isa, uint32_t *rule_counts, Arena *arena)
{
    Coverage out = {0};
    Run run = {.lower = {.rule_counts = rule_counts}, .arena = arena, .out = &out};
    try_all(&run, settings, isa);
    return out;
}

void coverage_visit(const Settings *settings, const Isa *isa, CoverageVisit visit, void *context)
{
    Coverage out = {0};
    Arena arena = {0};
    Run run = {.arena = &arena, .out = &out, .visit = visit, .context = context};
    try_all(&run, settings, isa);
    arena_free(&arena);
}
