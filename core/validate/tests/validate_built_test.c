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
        {{.op = OP_CALL_INDIRECT, .w = {4}}, "invalid signature reference sig4"},
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
        cmocka_unit_test(test_removed_definitions),
        cmocka_unit_test(test_large_function),
        cmocka_unit_test(test_diag),
        cmocka_unit_test(test_branches_are_terminators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
