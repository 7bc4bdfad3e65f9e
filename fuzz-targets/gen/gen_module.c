// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From bytes to plans of functions, and from these to a module and its inputs.
//
// Header: 0 settings, 1 more of them, 2 fuel, 3 left to the caller, 4 chaos from 128 on, 5 inlining
// from 128 on, 6 and 7 free, 8 to 15 the head of the entry function.
// The head of another function is the record that ends the one before it:
//
//   shape  number of parameters          b, c   types; c is the number of variables, too
//   small  number of results; from 128 on, those, the convention and some parameters are those of
//          the function before
//   a      calling convention            x, y   stack slots; regions

#include "fuzz-targets/gen/gen_internal.h"

// ---- Settings ----

static Settings make_settings(uint8_t first, uint8_t second, uint8_t chaos)
{
    Settings s = settings_defaults();
    s.values[SETTING_ENABLE_NAN_CANONICALIZATION] = first & 1;
    s.values[SETTING_PRESERVE_FRAME_POINTERS] = first >> 1 & 1;
    s.values[SETTING_REGALLOC_ALGORITHM] = first >> 2 & 1;
    s.values[SETTING_OPT_LEVEL] = (first >> 3) % 3;
    s.values[SETTING_IS_PIC] = first >> 6 & 1;
    s.values[SETTING_ENABLE_PINNED_REG] = second & 1;
    s.values[SETTING_ENABLE_PROBESTACK] = second >> 1 & 1;
    s.values[SETTING_PROBESTACK_SIZE_LOG2] = (uint8_t)(8 + (second >> 2 & 7));
    s.values[SETTING_CHAOS_SEED] = chaos < 128 ? 0 : chaos;
    s.values[SETTING_ENABLE_LLVM_ABI_EXTENSIONS] = 1; // i128 in any signature
    s.values[SETTING_ENABLE_MULTI_RET_IMPLICIT_SRET] = 1;
    return s;
}

// ---- Plans ----

// Mostly a few, seldom many.
static uint32_t few(uint8_t byte)
{
    return byte % 64 < 48 ? byte % 5 : byte % 64 < 60 ? byte % 12 : byte % (GEN_SIG_MAX - 1);
}

static void make_types(const GenTable *t, CallConv cc, AbiParam *params, uint32_t n, uint64_t seed)
{
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t random = gen_mix(seed + i * 1000);
        const Type type = t->params[cc][random % t->num_params[cc]];
        params[i] = (AbiParam){.type = type};
        if (!type_is_vector(type) && type_is_int(type) && type_bits(type) < 64)
            params[i].extension = (uint8_t)((random >> 32) % 4 < 3 ? (random >> 32) % 4 : 0);
    }
}

static CallConv choose_convention(const GenTable *t, uint8_t byte)
{
    const CallConv cc = byte < 96    ? CC_SYSTEM_V
                        : byte < 160 ? CC_TAIL
                                     : (CallConv)(byte % CC_COUNT);
    return t->num_params[cc] != 0 ? cc : CC_SYSTEM_V;
}

static void make_signature(Gen *g, uint32_t n)
{
    GenPlan *const plan = &g->plans[n];
    const GenRecord *const head = &plan->head;
    Signature *const sig = &plan->sig;
    sig->callconv = choose_convention(g->t, head->a);
    const bool no_results = g->t->no_results[sig->callconv];
    sig->num_params = 1 + few(head->shape);
    // What tail calls do differs only where arguments are on the stack.
    if (sig->callconv == CC_TAIL && head->y % 4 < 2 && sig->num_params < GEN_SIG_MAX - 12)
        sig->num_params += 8 + head->y / 4 % 4;
    sig->num_returns = no_results ? 0 : few(head->small & 0x7f);
    sig->params = ARENA_ARRAY(g->arena, AbiParam, GEN_SIG_MAX);
    sig->returns = ARENA_ARRAY(g->arena, AbiParam, GEN_SIG_MAX);
    const uint64_t seed = (uint64_t)head->b << 8 | head->c;
    plan->param_seed = seed;
    if (head->small >= 128 && n > 0) {
        const Signature *const before = &g->plans[n - 1].sig;
        // The first parameters in the same places, as far as the convention goes: what a tail call
        // passes on stays where it is, or looks as if it did.
        if (head->y % 32 < 16)
            plan->param_seed = g->plans[n - 1].param_seed;
        sig->callconv = before->callconv;
        sig->num_returns = before->num_returns;
        memcpy(sig->returns, before->returns, sizeof(AbiParam) * before->num_returns);
    } else {
        make_types(g->t, sig->callconv, sig->returns, sig->num_returns, seed ^ 0xff0000);
    }
    make_types(g->t, sig->callconv, sig->params, sig->num_params, plan->param_seed);
    sig->params[0] = (AbiParam){.type = TYPE_I64};
}

// Counts blocks, looks for calls.
static void survey(Gen *g, GenPlan *plan)
{
    plan->num_blocks = 1;
    for (uint32_t i = 0; i < plan->num_records; i++) {
        const Opcode op = (Opcode)g->t->ops[plan->records[i].op];
        const bool ends = gen_ends_block(op);
        if (ends && i + 1 < plan->num_records && plan->num_blocks < GEN_BLOCKS_MAX)
            plan->num_blocks++;
        if ((uint32_t)op < OP_COUNT && (ir_ops[op].flags & OPF_CALL) != 0)
            plan->has_calls = true;
    }
}

static void make_plans(Gen *g, const GenRecord *head, const GenRecord *records, uint32_t num)
{
    uint32_t start = 0;
    g->num_plans = 1;
    g->plans[0] = (GenPlan){.head = *head, .records = records};
    for (uint32_t i = 0; i < num; i++) {
        if (g->t->ops[records[i].op] != GEN_OP_FUNC)
            continue;
        if (g->num_plans == GEN_FUNCS_MAX) {
            num = i;
            break;
        }
        g->plans[g->num_plans - 1].num_records = i - start;
        start = i + 1;
        g->plans[g->num_plans++] = (GenPlan){.head = records[i], .records = records + start};
    }
    g->plans[g->num_plans - 1].num_records = num - start;
    for (uint32_t n = 0; n < g->num_plans; n++) {
        make_signature(g, n);
        survey(g, &g->plans[n]);
    }
}

// ---- Inputs ----

static void make_inputs(const Signature *sig, const uint8_t *tail, Arena *arena, GenCase *out)
{
    for (uint32_t i = 0; i < GEN_INPUTS; i++) {
        uint32_t seed;
        memcpy(&seed, tail + (size_t)i * 4, sizeof(seed));
        GenInput *const input = &out->inputs[i];
        input->num_args = sig->num_params;
        input->args = ARENA_ARRAY(arena, DataValue, sig->num_params);
        for (uint32_t k = 0; k < sig->num_params; k++)
            input->args[k] = gen_data(sig->params[k].type, seed + ((uint64_t)i << 40) + k * 7919);
    }
}

void gen_other_inputs(GenCase *c, uint64_t seed, Arena *arena)
{
    uint8_t tail[GEN_TAIL];
    for (uint32_t i = 0; i < GEN_TAIL; i++)
        tail[i] = (uint8_t)gen_mix(seed + i);
    make_inputs(&c->module.funcs.data[c->entry]->sig, tail, arena, c);
}

// ---- All of it ----

// The parts of the bytes; what is missing is zero.
typedef struct Parts {
    uint8_t header[GEN_HEADER], tail[GEN_TAIL];
    GenRecord *records;
    uint32_t num_records;
} Parts;

static Parts take_apart(const uint8_t *data, size_t size, Arena *arena)
{
    Parts p = {{0}, {0}, NULL, 0};
    const size_t header = size < GEN_HEADER ? size : GEN_HEADER;
    const size_t quarter = (size - header) / 4, tail = quarter < GEN_TAIL ? quarter : GEN_TAIL;
    const size_t body = size - header - tail;
    if (header != 0)
        memcpy(p.header, data, header);
    if (tail != 0)
        memcpy(p.tail, data + size - tail, tail);
    p.num_records = u32_from((body + GEN_RECORD - 1) / GEN_RECORD);
    p.records = ARENA_ARRAY(arena, GenRecord, p.num_records + 1);
    if (body != 0)
        memcpy(p.records, data + header, body);
    return p;
}

static void finish(Builder *b, Arena *arena)
{
    Diag diag = {.arena = arena};
    const Status status = builder_finish(b, NULL, NULL, &diag);
    if (status != STATUS_OK) {
        StrBuf text = {.arena = arena};
        for (uint32_t i = 0; i < diag.messages.len; i++)
            diag_format(&diag.messages.data[i], &text);
        buf_char(&text, '\0');
        base_assert_failed(text.data, __FILE__, __LINE__);
    }
}

void gen_case(const GenTable *table, const uint8_t *data, size_t size, Arena *arena, GenCase *out)
{
    const Parts p = take_apart(data, size, arena);
    GenRecord head;
    memcpy(&head, p.header + 8, sizeof(head));
    *out = (GenCase){.module = {.arena = arena}};
    out->settings = make_settings(p.header[0], p.header[1], p.header[4]);
    out->exact_nans = settings_get(&out->settings, SETTING_ENABLE_NAN_CANONICALIZATION) != 0;
    Gen *const g = ARENA_NEW(arena, Gen);
    g->t = table;
    g->arena = arena;
    g->b = builder_create(&out->module);
    g->exact_nans = out->exact_nans;
    g->fuel = p.header[2];
    out->inlines = g->inlines = p.header[5] >= 128;
    make_plans(g, &head, p.records, p.num_records);
    for (uint32_t i = 0; i < g->num_plans; i++) {
        gen_func(g, i);
        finish(g->b, arena);
    }
    builder_destroy(g->b);
    make_inputs(&g->plans[0].sig, p.tail, arena, out);
}

// ---- One operation ----

// An operation that makes sense alone.
static Opcode lone_opcode(const GenTable *t, uint8_t byte)
{
    uint32_t op = byte < OP_COUNT ? byte : (uint32_t)(gen_mix(byte) % OP_COUNT);
    for (uint64_t n = 1;; n++) {
        const uint16_t flags = ir_ops[op].flags;
        if (t->pick[op][0] != UINT16_MAX && (flags & (OPF_TERMINATOR | OPF_CALL)) == 0)
            return (Opcode)op;
        op = (uint32_t)(gen_mix((uint64_t)byte << 16 | n) % OP_COUNT);
    }
}

// Operands are parameters, results are returned.
static void plan_single(Gen *g, const GenShape *s)
{
    GenPlan *const plan = &g->plans[0];
    const OpInfo *const info = &ir_ops[s->op];
    Signature *const sig = &plan->sig;
    g->num_plans = 1;
    sig->params = ARENA_ARRAY(g->arena, AbiParam, 4);
    sig->returns = ARENA_ARRAY(g->arena, AbiParam, 2);
    sig->callconv = CC_SYSTEM_V;
    sig->params[sig->num_params++].type = TYPE_I64;
    for (uint32_t i = 0; i < 3 && s->args[i] != TYPE_INVALID; i++)
        sig->params[sig->num_params++].type = s->args[i];
    for (uint32_t i = 0; i < op_fixed_results(s->op); i++)
        sig->returns[sig->num_returns++].type =
            op_constraint_type((TypeConstraint)info->results[i], s->ctrl);
}

void gen_single(const GenTable *table, const uint8_t *data, size_t size, Arena *arena, GenCase *out)
{
    const Parts p = take_apart(data, size, arena);
    GenRecord r;
    memcpy(&r, p.header + 8, sizeof(r));
    const Opcode op = lone_opcode(table, r.op);
    const GenShape *const s = gen_shape(table, op, r.shape);
    ASSERT(s != NULL);
    *out = (GenCase){.module = {.arena = arena}};
    out->settings = make_settings(p.header[0], p.header[1], p.header[4]);
    out->exact_nans = settings_get(&out->settings, SETTING_ENABLE_NAN_CANONICALIZATION) != 0;
    Gen *const g = ARENA_NEW(arena, Gen);
    g->t = table;
    g->arena = arena;
    g->b = builder_create(&out->module);
    g->exact_nans = out->exact_nans;
    plan_single(g, s);
    gen_lone(g, &r, s);
    finish(g->b, arena);
    builder_destroy(g->b);
    make_inputs(&g->plans[0].sig, p.tail, arena, out);
}
