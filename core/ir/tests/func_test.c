// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions: reading them, and editing them against plain models of lists.

#include "base/tests/child.h"
#include "ir/ir.h"

static Func *new_func(Arena *arena)
{
    return func_new(arena, (ExtName){.kind = NAME_TESTCASE, .text = STR("f")}, (Signature){0});
}

static Inst add_iconst(Func *f, Type type, int64_t imm)
{
    const InstData data = {
        .op = OP_ICONST, .ctrl = type, .w = {(uint32_t)imm, (uint32_t)((uint64_t)imm >> 32)}};
    const Inst inst = func_add_inst(f, &data, POS_NONE);
    func_make_results(f, inst);
    return inst;
}

// Asserts that `block` holds exactly the instructions of `wanted`, forwards and backwards.
static void assert_insts(const Func *f, Block block, const uint32_t *wanted, uint32_t n)
{
    uint32_t i = 0;
    Inst last = NO(Inst);
    IR_FOR_INSTS (f, block, inst) {
        assert_true(i < n);
        assert_int_equal(inst.i, wanted[i++]);
        assert_int_equal(f->nodes.data[inst.i].prev.i, last.i);
        assert_int_equal(f->nodes.data[inst.i].block.i, block.i);
        last = inst;
    }
    assert_int_equal(i, n);
    assert_int_equal(f->blocks.data[block.i].last.i, last.i);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

// Random appends, insertions and removals, compared with an array that does the same.
static void instruction_lists(void **state)
{
    (void)state;
    Arena arena = {0};
    Func *const f = new_func(&arena);
    const Block block = func_add_block(f);
    uint32_t model[64], n = 0, seed = 1;
    uint32_t removed[1000], num_removed = 0;
    for (int step = 0; step < 1000; step++) {
        const uint32_t what = next_random(&seed) % 3;
        const uint32_t at = n == 0 ? 0 : next_random(&seed) % n;
        if (n == 0 || (what < 2 && n < 64)) {
            const bool again = num_removed != 0 && next_random(&seed) % 2 == 0;
            const Inst inst =
                again ? (Inst){removed[--num_removed]} : add_iconst(f, TYPE_I32, step);
            if (what == 0 || n == 0) {
                func_append_inst(f, block, inst);
                model[n] = inst.i;
            } else {
                func_insert_before(f, (Inst){model[at]}, inst);
                memmove(model + at + 1, model + at, sizeof(model[0]) * (n - at));
                model[at] = inst.i;
            }
            n++;
        } else {
            func_remove_inst(f, (Inst){model[at]});
            assert_int_equal(f->nodes.data[model[at]].block.i, NO_INDEX);
            removed[num_removed++] = model[at];
            memmove(model + at, model + at + 1, sizeof(model[0]) * (n - at - 1));
            n--;
        }
        assert_insts(f, block, model, n);
    }
    arena_free(&arena);
}

static void assert_layout(const Func *f, const uint32_t *wanted, uint32_t n)
{
    uint32_t i = 0;
    Block last = NO(Block);
    IR_FOR_BLOCKS (f, block) {
        assert_true(i < n);
        assert_int_equal(block.i, wanted[i++]);
        assert_int_equal(f->blocks.data[block.i].prev.i, last.i);
        assert_true(f->blocks.data[block.i].inserted);
        last = block;
    }
    assert_int_equal(i, n);
    assert_int_equal(f->last_block.i, last.i);
}

static void block_layout(void **state)
{
    (void)state;
    Arena arena = {0};
    Func *const f = new_func(&arena);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(func_add_block(f).i, i);
    assert_layout(f, NULL, 0);
    func_append_block(f, (Block){2});
    func_append_block(f, (Block){0});
    func_append_block(f, (Block){3});
    assert_layout(f, (const uint32_t[]){2, 0, 3}, 3);
    func_remove_block(f, (Block){0}); // in the middle
    assert_layout(f, (const uint32_t[]){2, 3}, 2);
    func_append_block(f, (Block){0});
    func_remove_block(f, (Block){2}); // the first
    func_remove_block(f, (Block){0}); // the last
    assert_layout(f, (const uint32_t[]){3}, 1);
    func_remove_block(f, (Block){3});
    assert_layout(f, NULL, 0);
    arena_free(&arena);
}

static void lists(void **state)
{
    (void)state;
    Arena arena = {0};
    Func *const f = new_func(&arena);
    assert_int_equal(func_add_list(f, NULL, 0), LIST_EMPTY);
    assert_int_equal(func_list(f, LIST_EMPTY).len, 0);
    const uint32_t words[] = {5, 6, 7};
    const uint32_t a = func_add_list(f, words, 3), b = func_add_list(f, words + 1, 1);
    assert_int_equal(func_list(f, a).len, 3);
    assert_memory_equal(func_list(f, a).data, words, sizeof(words));
    assert_int_equal(func_list(f, b).len, 1);
    assert_int_equal(func_list(f, b).data[0], 6);
    arena_free(&arena);
}

static void assert_params(const Func *f, Block block, const uint32_t *wanted, uint32_t n)
{
    const Span params = block_params(f, block);
    assert_int_equal(params.len, n);
    for (uint32_t i = 0; i < n; i++) {
        const Value v = {params.data[i]};
        assert_int_equal(v.i, wanted[i]);
        assert_int_equal(value_kind(f, v), VALUE_PARAM);
        assert_int_equal(value_def(f, v), block.i);
        assert_int_equal(f->values.data[v.i].num, i);
    }
}

static void block_parameters(void **state)
{
    (void)state;
    Arena arena = {0};
    Func *const f = new_func(&arena);
    const Block x = func_add_block(f), y = func_add_block(f);
    // In turns, so that neither list stays at the pool's end.
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(func_add_param(f, x, TYPE_I32).i, 2 * i);
        assert_int_equal(func_add_param(f, y, TYPE_F32).i, 2 * i + 1);
    }
    assert_params(f, x, (const uint32_t[]){0, 2, 4, 6}, 4);
    assert_params(f, y, (const uint32_t[]){1, 3, 5, 7}, 4);
    func_remove_param(f, x, 1);
    assert_params(f, x, (const uint32_t[]){0, 4, 6}, 3);
    assert_int_equal(value_kind(f, (Value){2}), VALUE_NONE);
    func_remove_param(f, x, 2);
    func_remove_param(f, x, 0);
    assert_params(f, x, (const uint32_t[]){4}, 1);
    func_remove_param(f, x, 0);
    assert_params(f, x, NULL, 0);
    assert_int_equal(func_add_param(f, x, TYPE_I8).i, 8);
    assert_params(f, x, (const uint32_t[]){8}, 1);

    const Value fresh = func_new_param(f, y, TYPE_I64);
    assert_params(f, y, (const uint32_t[]){1, 3, 5, 7}, 4);
    const Value list[] = {fresh, {7}, {1}};
    func_set_params(f, y, list, 3);
    assert_params(f, y, (const uint32_t[]){9, 7, 1}, 3);
    assert_int_equal(value_kind(f, (Value){3}), VALUE_NONE);
    assert_int_equal(value_kind(f, (Value){5}), VALUE_NONE);
    assert_int_equal(value_type(f, fresh), TYPE_I64);
    func_set_params(f, y, NULL, 0);
    assert_params(f, y, NULL, 0);
    arena_free(&arena);
}

static void remove_missing(void *context)
{
    func_remove_param(context, (Block){0}, 1);
}

static void block_calls(void **state)
{
    (void)state;
    Arena arena = {0};
    Func *const f = new_func(&arena);
    const Block block = func_add_block(f);
    (void)func_add_param(f, block, TYPE_I32);
    const BlockArg args[] = {blockarg_make(BLOCKARG_VALUE, 0), blockarg_make(BLOCKARG_RET, 1),
                             blockarg_make(BLOCKARG_EXN, 2)};
    const uint32_t call = func_add_call(f, block, args, 3),
                   empty = func_add_call(f, block, NULL, 0);
    const Span is = call_args(f, call);
    assert_int_equal(is.len, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(blockarg_kind((BlockArg){is.data[i]}), i);
        assert_int_equal(blockarg_index((BlockArg){is.data[i]}), i);
    }
    assert_int_equal(call_args(f, empty).len, 0);
    func_set_call_args(f, empty, args, 1);
    func_set_call_args(f, call, args, 0);
    assert_int_equal(call_args(f, empty).len, 1);
    assert_int_equal(call_args(f, call).len, 0);
    assert_int_equal(f->calls.data[call].block.i, block.i);
    assert_aborts(remove_missing, f, "num <= left");
    arena_free(&arena);
}

// ---- Results and operands ----

static void results(void **state)
{
    (void)state;
    Arena arena = {0};
    Func *const f = new_func(&arena);
    AbiParam returns[] = {{.type = TYPE_I32}, {.type = TYPE_F64}, {.type = TYPE_I8X16}};
    for (uint32_t n = 0; n <= 3; n++) {
        const SigData sig = {{NULL, returns, 0, n, CC_FAST}, true, POS_NONE};
        VEC_PUSH(&arena, &f->sigs, sig);
        const ExtFuncData callee = {.sig = {n}, .declared = true};
        VEC_PUSH(&arena, &f->funcs, callee);
        const InstData data = {.op = OP_CALL, .w = {n}};
        const Inst call = func_add_inst(f, &data, POS_NONE);
        assert_int_equal(inst_result(f, call).i, NO_INDEX);
        func_make_results(f, call);
        assert_int_equal(inst_signature(f, call)->num_returns, n);
        const Span is = inst_results(f, call);
        assert_int_equal(is.len, n);
        for (uint32_t i = 0; i < n; i++) {
            const Value v = {is.data[i]};
            assert_int_equal(value_type(f, v), returns[i].type);
            assert_int_equal(value_kind(f, v), VALUE_RESULT);
            assert_int_equal(value_def(f, v), call.i);
            assert_int_equal(f->values.data[v.i].num, i);
        }
    }
    const InstData split = {.op = OP_ISPLIT, .ctrl = TYPE_I128};
    const Inst inst = func_add_inst(f, &split, POS_NONE);
    func_make_results(f, inst);
    assert_int_equal(inst_results(f, inst).len, 2);
    assert_int_equal(value_type(f, inst_result(f, inst)), TYPE_I64);
    arena_free(&arena);
}

static void operands(void **state)
{
    (void)state;
    Arena arena = {0};
    Func *const f = new_func(&arena);
    const Block to = func_add_block(f);
    const Inst a = add_iconst(f, TYPE_I64, -2);
    assert_int_equal(inst_imm(f, a), UINT64_MAX - 1);
    assert_int_equal(inst_args(f, a).len, 0);
    const uint32_t words[] = {0, 0, 0};
    const InstData rows[] = {
        {.op = OP_RETURN, .w = {0, 0, 0, func_add_list(f, words, 3)}},
        {.op = OP_FMA, .ctrl = TYPE_F32},
        {.op = OP_STORE, .ctrl = TYPE_I64, .w = {0, 0, (uint32_t)-8, MEM_READONLY | 7}},
        {.op = OP_JUMP, .w = {0, func_add_call(f, to, NULL, 0)}},
        {.op = OP_BRIF, .w = {0, 0, 0}},
    };
    static const uint32_t num_args[] = {3, 3, 2, 0, 1}, num_calls[] = {0, 0, 0, 1, 2};
    for (size_t i = 0; i < 5; i++) {
        const Inst inst = func_add_inst(f, &rows[i], (uint32_t)i);
        assert_int_equal(inst_args(f, inst).len, num_args[i]);
        assert_int_equal(inst_calls(f, inst).len, num_calls[i]);
        assert_int_equal(func_entity_pos(f, (EntityRef){ENTITY_INST, inst.i}), i);
        if (rows[i].op == OP_STORE) {
            assert_int_equal(inst_offset(f, inst), -8);
            assert_int_equal(memflags_trap(inst_memflags(f, inst)), 7);
            assert_int_equal(memflags_region(inst_memflags(f, inst)).i, NO_INDEX);
        }
    }
    arena_free(&arena);
}

// ---- Aliases ----

static void make_ring(void *context)
{
    func_set_alias(context, (Value){0}, (Value){3});
}

static void aliases(void **state)
{
    (void)state;
    Arena arena = {0};
    Func *const f = new_func(&arena);
    (void)add_iconst(f, TYPE_I32, 1);
    for (uint32_t i = 0; i < 3; i++)
        (void)add_iconst(f, TYPE_I64, i);
    func_set_alias(f, (Value){1}, (Value){0});
    func_set_alias(f, (Value){2}, (Value){1});
    func_set_alias(f, (Value){3}, (Value){2});
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(ir_resolve(f, (Value){i}).i, 0);
        assert_int_equal(value_type(f, (Value){i}), TYPE_I32);
        assert_int_equal(value_kind(f, (Value){i}), i == 0 ? VALUE_RESULT : VALUE_ALIAS);
    }
    assert_aborts(make_ring, f, "alias");
    arena_free(&arena);
}

// ---- Moving to another arena ----

static void compacting(void **state)
{
    (void)state;
    Arena scratch = {0}, home = {0};
    Func *const f = new_func(&scratch);
    const Block block = func_add_block(f);
    func_append_block(f, block);
    const Value param = func_add_param(f, block, TYPE_I64);
    uint32_t insts[500];
    for (uint32_t i = 0; i < 500; i++) {
        const Inst inst = add_iconst(f, TYPE_I64, i);
        func_append_inst(f, block, inst);
        insts[i] = inst.i;
    }
    static DebugTag tag = {false, 9};
    const InstExtra extra = {.tags = &tag, .num_tags = 1, .has_tags = true};
    func_set_extra(f, (Inst){77}, extra);
    func_compact(f, &home);
    assert_ptr_equal(f->arena, &home);
    Func copy = *f;
    arena_free(&scratch); // ASan sees any read of what was left behind
    assert_insts(&copy, block, insts, 500);
    assert_params(&copy, block, &param.i, 1);
    for (uint32_t i = 0; i < 500; i++) {
        assert_int_equal(inst_imm(&copy, (Inst){i}), i);
        assert_int_equal(inst_extra(&copy, (Inst){i}) != NULL, i == 77);
    }
    assert_int_equal(inst_extra(&copy, (Inst){77})->tags[0].index, 9);
    // It can go on growing.
    func_append_inst(&copy, block, add_iconst(&copy, TYPE_I8, 1));
    (void)func_add_param(&copy, block, TYPE_I8);
    assert_int_equal(block_params(&copy, block).len, 2);
    arena_free(&home);
}

static void functions_by_name(void **state)
{
    (void)state;
    Arena arena = {0};
    Module module = {.arena = &arena};
    static const char *const names[] = {"a", "b", "a"};
    for (size_t i = 0; i < 3; i++) {
        const ExtName name = {.kind = NAME_TESTCASE, .text = str_from(names[i])};
        VEC_PUSH(&arena, &module.funcs, func_new(&arena, name, (Signature){0}));
    }
    const ExtName a = {.kind = NAME_TESTCASE, .text = STR("a")};
    const ExtName b = {.kind = NAME_TESTCASE, .text = STR("b")};
    const ExtName c = {.kind = NAME_TESTCASE, .text = STR("c")};
    assert_int_equal(module_find(&module, &a), 0);
    assert_int_equal(module_find(&module, &b), 1);
    assert_int_equal(module_find(&module, &c), NO_INDEX);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instruction_lists),
        cmocka_unit_test(block_layout),
        cmocka_unit_test(lists),
        cmocka_unit_test(block_parameters),
        cmocka_unit_test(block_calls),
        cmocka_unit_test(results),
        cmocka_unit_test(operands),
        cmocka_unit_test(aliases),
        cmocka_unit_test(compacting),
        cmocka_unit_test(functions_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
