// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions that no text gives: broken or large ones, and the messages of the validator.

#include "validate/tests/validate_cases.h"

// ---- What no text can say ----

// Functions with references that lead nowhere, as a faulty pass would leave them.

typedef struct Built {
    Arena arena;
    Func *f;
    ValidateErrors errors;
} Built;

static void built_start(Built *built)
{
    *built = (Built){.f = NULL};
    built->errors.arena = &built->arena;
    built->f = func_new(&built->arena, (ExtName){.text = STR("f")}, (Signature){0});
    func_append_block(built->f, func_add_block(built->f));
}

static Inst built_append(Built *built, InstData data, bool results)
{
    const Inst inst = func_add_inst(built->f, &data, POS_NONE);
    func_append_inst(built->f, (Block){0}, inst);
    if (results)
        func_make_results(built->f, inst);
    return inst;
}

// Ends the function, and expects its only error to stand at `at` and contain `text`.
static void built_expect(Built *built, EntityRef at, const char *text)
{
    const Settings settings = settings_defaults();
    built_append(built, (InstData){.op = OP_RETURN}, false);
    assert_false(validate_func(built->f, &settings, NULL, &built->errors));
    print_errors(&built->errors);
    assert_int_equal(built->errors.errors.len, 1);
    const ValidateError *const error = &built->errors.errors.data[0];
    assert_int_equal(error->at.kind, at.kind);
    assert_int_equal(error->at.index, at.index);
    assert_int_equal(error->pos, POS_NONE);
    assert_true(contains(error->message, str_from(text)));
    arena_free(&built->arena);
}

static void test_undeclared(void **state)
{
    (void)state;
    static const struct {
        InstData data;
        const char *text;
    } rows[] = {
        {{.op = OP_CALL, .w = {3}}, "invalid function reference fn3"},
        {{.op = OP_FUNC_ADDR, .ctrl = TYPE_I64, .w = {0}}, "invalid function reference fn0"},
        {{.op = OP_STACK_ADDR, .ctrl = TYPE_I64, .w = {1}}, "invalid stack slot reference ss1"},
        {{.op = OP_DYNAMIC_STACK_ADDR, .ctrl = TYPE_I64, .w = {1}},
         "invalid dynamic stack slot reference dss1"},
        {{.op = OP_SYMBOL_VALUE, .ctrl = TYPE_I64, .w = {2}}, "invalid global value reference gv2"},
        {{.op = OP_VCONST, .ctrl = TYPE_I8X16, .w = {9}}, "invalid constant reference const9"},
        {{.op = OP_CALL_INDIRECT, .w = {4}}, "expected 1 operands, found 0"},
        {{.op = OP_INEG, .ctrl = TYPE_I64, .w = {77}}, "uses undefined value v77"},
        {{.op = OP_ICONST, .ctrl = TYPE_I8, .w = {255}}, "out of bounds of the type i8"},
        {{.op = OP_NOP}, "expected 0 result values, found 1"},
        {{.op = OP_FENCE}, "belongs to another definition"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        Built built;
        built_start(&built);
        const Opcode op = (Opcode)rows[i].data.op;
        const bool by_signature = ir_ops[op].results[0] == TC_SIGNATURE;
        const bool is_odd = op == OP_NOP || op == OP_FENCE;
        const Inst inst = built_append(&built, rows[i].data, !by_signature && !is_odd);
        if (op == OP_NOP)
            built.f->nodes.data[inst.i].results = 0;
        if (op == OP_FENCE) { // its place is taken by a constant whose result is not its own
            built.f->insts.data[inst.i] = (InstData){.op = OP_ICONST, .ctrl = TYPE_I8};
            func_add_param(built.f, func_add_block(built.f), TYPE_I8);
            built.f->nodes.data[inst.i].results = 0;
        }
        built_expect(&built, (EntityRef){ENTITY_INST, inst.i}, rows[i].text);
    }
}

// An indirect call by a signature that is not there, and a call of a function with such a one.
static void test_missing_signatures(void **state)
{
    (void)state;
    Built built;
    built_start(&built);
    const uint32_t callee =
        inst_result(built.f,
                    built_append(&built, (InstData){.op = OP_ICONST, .ctrl = TYPE_I64}, true))
            .i;
    const InstData indirect = {
        OP_CALL_INDIRECT, 0, TYPE_I64, {4, 0, 0, func_add_list(built.f, &callee, 1)}};
    const Inst inst = built_append(&built, indirect, false);
    built_expect(&built, (EntityRef){ENTITY_INST, inst.i}, "invalid signature reference sig4");

    built_start(&built);
    const ExtFuncData func = {.sig = NO(SigRef), .declared = true, .pos = POS_NONE};
    VEC_PUSH(&built.arena, &built.f->funcs, func);
    const Inst call = built_append(&built, (InstData){.op = OP_CALL}, false);
    built_expect(&built, (EntityRef){ENTITY_INST, call.i}, "invalid signature reference sig");
}

// Controlling types that the parser would refuse; of a wrong one nothing is derived.
static void test_controlling_types(void **state)
{
    (void)state;
    static const struct {
        Opcode op;
        Type type;
    } rows[] = {
        {OP_FADD, TYPE_I32},
        {OP_IADD, TYPE_F32},
        {OP_CLZ, TYPE_I8X16},
        {OP_UMUL_OVERFLOW, TYPE_I128},
        {OP_SPLAT, TYPE_I32},
        {OP_SNARROW, TYPE_I8X16},
        {OP_SQMUL_ROUND_SAT, TYPE_I8X16},
        {OP_BMASK, TYPE_F32},
        {OP_ISPLIT, TYPE_I8},
        {OP_ICONCAT, TYPE_I128},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        Built built;
        built_start(&built);
        const bool from_int = rows[i].op == OP_BMASK || rows[i].op == OP_SPLAT;
        const Type operand = from_int ? TYPE_I32 : rows[i].type;
        const uint32_t v = func_add_param(built.f, (Block){0}, operand).i;
        AbiParam *const param = ARENA_NEW(&built.arena, AbiParam);
        param->type = operand;
        built.f->sig.params = param;
        built.f->sig.num_params = 1;
        const InstData data = {(uint8_t)rows[i].op, 0, rows[i].type, {v, v}};
        const Inst inst = built_append(&built, data, true);
        built_expect(&built, (EntityRef){ENTITY_INST, inst.i}, "has an invalid controlling type");
    }
}

static void test_removed_definitions(void **state)
{
    (void)state;
    Built built;
    built_start(&built);
    const Inst constant = built_append(&built, (InstData){.op = OP_ICONST, .ctrl = TYPE_I8}, true);
    const uint32_t value = inst_result(built.f, constant).i;
    const Inst use = built_append(&built, (InstData){OP_INEG, 0, TYPE_I8, {value}}, true);
    func_remove_inst(built.f, constant);
    built_expect(&built, (EntityRef){ENTITY_INST, use.i}, "which is not in the layout");

    built_start(&built);
    const Block out = func_add_block(built.f);
    const uint32_t param = func_add_param(built.f, out, TYPE_I8).i;
    const Inst other = built_append(&built, (InstData){OP_INEG, 0, TYPE_I8, {param}}, true);
    built_expect(&built, (EntityRef){ENTITY_INST, other.i}, "which is not in the layout");
}

// A function of `n` chained blocks; where each uses what the one before defined.
static void test_large_function(void **state)
{
    (void)state;
    enum { BLOCKS = 100000 };
    Built built;
    built_start(&built);
    Func *const f = built.f;
    uint32_t last =
        inst_result(f, built_append(&built, (InstData){.op = OP_ICONST, .ctrl = TYPE_I8}, true)).i;
    for (uint32_t b = 0; b < BLOCKS; b++) {
        const Block next = func_add_block(f);
        func_append_block(f, next);
        const BlockCallData call = {next, LIST_EMPTY};
        VEC_PUSH(f->arena, &f->calls, call);
        const InstData jump = {.op = OP_JUMP, .w = {0, f->calls.len - 1}};
        func_append_inst(f, (Block){b}, func_add_inst(f, &jump, POS_NONE));
        const InstData data = {OP_INEG, 0, TYPE_I8, {last}};
        const Inst neg = func_add_inst(f, &data, POS_NONE);
        func_append_inst(f, next, neg);
        func_make_results(f, neg);
        last = inst_result(f, neg).i;
    }
    const InstData end = {.op = OP_RETURN};
    func_append_inst(f, (Block){BLOCKS}, func_add_inst(f, &end, POS_NONE));
    const Settings settings = settings_defaults();
    assert_true(validate_func(f, &settings, NULL, &built.errors));
    arena_free(&built.arena);
}

// A branch with many wrong targets: one error for each, quoting the instruction in part.
static void test_large_branch(void **state)
{
    (void)state;
    enum { TARGETS = 50000 };
    Built built;
    built_start(&built);
    Func *const f = built.f;
    const Block target = func_add_block(f);
    func_append_block(f, target);
    func_add_param(f, target, TYPE_I8);
    const Inst end = func_add_inst(f, &(InstData){.op = OP_RETURN}, POS_NONE);
    func_append_inst(f, target, end);
    const InstData index = {.op = OP_ICONST, .ctrl = TYPE_I32};
    const uint32_t v = inst_result(f, built_append(&built, index, true)).i;
    uint32_t *const calls = ARENA_ARRAY(f->arena, uint32_t, TARGETS);
    for (uint32_t i = 0; i < TARGETS; i++) {
        const BlockCallData call = {target, LIST_EMPTY};
        calls[i] = f->calls.len;
        VEC_PUSH(f->arena, &f->calls, call);
    }
    const InstData data = {OP_BR_TABLE, 0, TYPE_INVALID, {v, func_add_list(f, calls, TARGETS)}};
    built_append(&built, data, false);
    const Settings settings = settings_defaults();
    assert_false(validate_func(f, &settings, NULL, &built.errors));
    assert_int_equal(built.errors.errors.len, TARGETS);
    for (uint32_t i = 0; i < TARGETS; i++)
        assert_in_range(built.errors.errors.data[i].message.len, 1, 400);
    arena_free(&built.arena);
}

// ---- Random functions ----

enum { NUM_SIGS = 3, NUM_FUNCS = 3, NUM_MAX_BLOCKS = 6, NUM_SEEDS = 3000 };

typedef struct Random {
    uint64_t state; // of xorshift64*
    Func *f;
} Random;

static uint32_t pick(Random *r, uint32_t n)
{
    r->state ^= r->state >> 12;
    r->state ^= r->state << 25;
    r->state ^= r->state >> 27;
    return (uint32_t)((r->state * 0x2545f4914f6cdd1du) >> 32) % n;
}

static Type pick_type(Random *r)
{
    const Type lane = (Type)(TYPE_I8 + pick(r, TYPE_F128));
    return TYPE_VECTOR(lane, pick(r, 3) == 0 ? pick(r, 9) : 0);
}

static AbiParam *pick_params(Random *r, uint32_t n)
{
    AbiParam *const params = ARENA_ARRAY(r->f->arena, AbiParam, n);
    for (uint32_t i = 0; i < n; i++)
        params[i] = (AbiParam){pick_type(r), pick(r, 16) == 0, pick(r, 16) == 0, 8};
    return params;
}

static void add_declarations(Random *r)
{
    Func *const f = r->f;
    for (uint32_t i = 0; i < NUM_SIGS; i++) {
        SigData data = {.declared = pick(r, 8) != 0, .pos = POS_NONE};
        data.sig.num_params = pick(r, 3);
        data.sig.num_returns = pick(r, 3);
        data.sig.params = pick_params(r, data.sig.num_params);
        data.sig.returns = pick_params(r, data.sig.num_returns);
        data.sig.callconv = (CallConv)pick(r, CC_COUNT);
        VEC_PUSH(f->arena, &f->sigs, data);
    }
    for (uint32_t i = 0; i < NUM_FUNCS; i++) {
        const ExtFuncData data = {.sig = {pick(r, NUM_SIGS)},
                                  .colocated = pick(r, 2),
                                  .patchable = pick(r, 4) == 0,
                                  .declared = pick(r, 8) != 0,
                                  .pos = POS_NONE};
        VEC_PUSH(f->arena, &f->funcs, data);
    }
    const uint32_t num_globals = pick(r, 4);
    for (uint32_t i = 0; i < num_globals; i++) {
        const GlobalData data = {.kind = (GlobalKind)pick(r, 5),
                                 .type = pick_type(r),
                                 .flags = pick(r, 3) << MEM_REGION_SHIFT,
                                 .base = {pick(r, num_globals + 1)},
                                 .declared = pick(r, 6) != 0,
                                 .pos = POS_NONE};
        VEC_PUSH(f->arena, &f->globals, data);
    }
    static const uint8_t bytes[16] = {31, 40};
    const ConstantData constant = {bytes, 16, true, POS_NONE};
    VEC_PUSH(f->arena, &f->constants, constant);
    VEC_PUSH(f->arena, &f->masks, bytes);
    const StackSlotData slot = {.size = 8, .align = 1, .declared = true, .pos = POS_NONE};
    VEC_PUSH(f->arena, &f->slots, slot);
}

// Any value, most often one that dominates all uses.
static uint32_t pick_value(Random *r)
{
    return pick(r, pick(r, 8) == 0 ? r->f->values.len : r->f->sig.num_params);
}

// A list of up to `max` values, as operands or as arguments of a block.
static uint32_t pick_values(Random *r, uint32_t max, bool for_block)
{
    uint32_t values[8];
    const uint32_t n = pick(r, max + 1);
    for (uint32_t i = 0; i < n; i++) {
        const bool is_special = for_block && pick(r, 8) == 0;
        values[i] = is_special ? blockarg_make((BlockArgKind)(1 + pick(r, 2)), pick(r, 3)).bits
                               : pick_value(r);
    }
    return func_add_list(r->f, values, n);
}

static uint32_t pick_call(Random *r)
{
    const BlockCallData call = {{pick(r, r->f->blocks.len + 1)}, pick_values(r, 3, true)};
    VEC_PUSH(r->f->arena, &r->f->calls, call);
    return r->f->calls.len - 1;
}

static uint32_t pick_calls(Random *r)
{
    uint32_t calls[4];
    const uint32_t n = 1 + pick(r, 4);
    for (uint32_t i = 0; i < n; i++)
        calls[i] = pick_call(r);
    return func_add_list(r->f, calls, n);
}

static uint32_t pick_extable(Random *r)
{
    Func *const f = r->f;
    const ExTableData table = {{pick(r, NUM_SIGS)}, pick_calls(r), NULL, 0};
    VEC_PUSH(f->arena, &f->extables, table);
    return f->extables.len - 1;
}

// An opcode that ends its block, or one that does not.
static uint8_t pick_op(Random *r, bool ends)
{
    uint8_t op = 0;
    do
        op = (uint8_t)pick(r, OP_COUNT);
    while (((ir_ops[op].flags & OPF_TERMINATOR) != 0) != ends);
    return op;
}

// An instruction whose numbers are in range, and nothing else about it right.
static void add_inst(Random *r, Block block, bool ends)
{
    Func *const f = r->f;
    InstData data = {.op = pick_op(r, ends), .aux = (uint8_t)pick(r, 20)};
    const OpInfo *const info = &ir_ops[data.op];
    const FormatInfo *const format = &ir_formats[info->format];
    if (info->ctrl != CTRL_NONE)
        data.ctrl = pick_type(r);
    for (uint32_t i = 0; i < format->values; i++)
        data.w[i] = pick_value(r);
    if (format->values == 0)
        data.w[0] = pick(r, 3);
    if (format->list) // a missing callee is fatal
        data.w[3] = pick_values(r, 4, false);
    else if (pick(r, 8) == 0)
        data.w[3] = pick(r, 0x40000); // memory flags
    switch ((CallSite)format->calls) {
    case CALLS_NO: break;
    case CALLS_W1: data.w[1] = pick_call(r); break;
    case CALLS_W12:
        data.w[1] = pick_call(r);
        data.w[2] = pick_call(r);
        break;
    case CALLS_LIST: data.w[1] = pick_calls(r); break;
    case CALLS_EXTABLE: data.w[1] = pick_extable(r); break;
    }
    const Inst inst = func_add_inst(f, &data, POS_NONE);
    func_append_inst(f, block, inst);
    func_make_results(f, inst);
}

static Func *random_func(Arena *arena, uint64_t seed)
{
    Random random = {.state = seed,
                     .f = func_new(arena, (ExtName){.text = STR("f")}, (Signature){0})};
    Random *const r = &random;
    Func *const f = r->f;
    f->sig.num_params = 1 + pick(r, 3);
    f->sig.params = pick_params(r, f->sig.num_params);
    f->sig.num_returns = pick(r, 3);
    f->sig.returns = pick_params(r, f->sig.num_returns);
    add_declarations(r);
    const uint32_t num_blocks = 1 + pick(r, NUM_MAX_BLOCKS);
    for (uint32_t b = 0; b < num_blocks; b++) {
        const Block block = func_add_block(f);
        if (b == 0 || pick(r, 8) != 0)
            func_append_block(f, block);
        const uint32_t num_params = b == 0 ? f->sig.num_params : pick(r, 3);
        for (uint32_t i = 0; i < num_params; i++)
            func_add_param(f, block, b == 0 ? f->sig.params[i].type : pick_type(r));
    }
    for (uint32_t b = 0; b < num_blocks; b++) {
        const uint32_t num_insts = pick(r, 8);
        for (uint32_t i = 0; i < num_insts; i++)
            add_inst(r, (Block){b}, pick(r, 64) == 0);
        if (pick(r, 16) != 0)
            add_inst(r, (Block){b}, true);
    }
    return f;
}

// Nonsense is judged without a crash, and twice in the same words.
static void test_random_functions(void **state)
{
    (void)state;
    uint32_t found = 0;
    for (uint64_t seed = 1; seed <= NUM_SEEDS; seed++) {
        Arena arena = {0};
        const Func *const f = random_func(&arena, seed);
        const Settings settings = settings_defaults();
        Isa isa;
        assert_int_equal(isa_parse(STR("x86_64"), &isa), STATUS_OK);
        ValidateErrors once = {.arena = &arena}, twice = {.arena = &arena};
        validate_func(f, &settings, seed % 2 ? &isa : NULL, &once);
        validate_func(f, &settings, seed % 2 ? &isa : NULL, &twice);
        if (once.errors.len != twice.errors.len)
            fail_msg("seed %llu", (unsigned long long)seed);
        for (uint32_t i = 0; i < once.errors.len; i++)
            if (!str_eq(once.errors.data[i].message, twice.errors.data[i].message))
                fail_msg("seed %llu", (unsigned long long)seed);
        found += once.errors.len;
        arena_free(&arena);
    }
    print_message("seeds 1 to %d: %u errors\n", NUM_SEEDS, found);
    assert_true(found > NUM_SEEDS / 2);
}

// ---- Messages ----

// Errors come out as located messages that name function and entity.
static void test_diag(void **state)
{
    (void)state;
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    const Settings settings = settings_defaults();
    ClifFile *file = NULL;
    const ParseOptions options = {.keep_comments = false};
    const Str text = STR("function %f(i32) -> i64 {\nblock0(v0: i32):\n    return v0\n}\n");
    assert_int_equal(text_parse_file(&arena, STR("f.clif"), text, &options, &file, &diag),
                     STATUS_OK);
    const Func *const f = file->module.funcs.data[0];
    assert_int_equal(validate_func_diag(f, &settings, NULL, &file->source, &diag), STATUS_INVALID);
    assert_int_equal(diag.messages.len, 1);
    StrBuf line = {.arena = &arena};
    diag_format(&diag.messages.data[0], &line);
    buf_char(&line, '\0');
    assert_string_equal(line.data,
                        "f.clif:3:5: error: %f, inst0: result 0 has type i32, must match "
                        "function signature of i64");
    arena_free(&arena);
}

// The validator relies on it: a branch in the middle of a block is an early terminator.
static void test_branches_are_terminators(void **state)
{
    (void)state;
    for (uint32_t op = 0; op < OP_COUNT; op++)
        if (ir_ops[op].flags & (OPF_BRANCH | OPF_RETURN))
            assert_true(ir_ops[op].flags & OPF_TERMINATOR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_undeclared),
        cmocka_unit_test(test_missing_signatures),
        cmocka_unit_test(test_controlling_types),
        cmocka_unit_test(test_removed_definitions),
        cmocka_unit_test(test_large_function),
        cmocka_unit_test(test_large_branch),
        cmocka_unit_test(test_random_functions),
        cmocka_unit_test(test_diag),
        cmocka_unit_test(test_branches_are_terminators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
