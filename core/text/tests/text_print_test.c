// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Printing: declarations, suffixes, immediates, comments, aliases, margins; functions that no text
// was parsed for. What is expected here also has to print as itself.

#include "text/tests/text_test.h"

static void test_declarations(void **state)
{
    (void)state;
    prints("function %f(i32 uext, i64 sarg(24) sext) -> i8 vmctx tail {\n"
           "stack_limit = gv4 const2 = i16x2 [1 -1] fn3 = colocated patchable u1:2(i8) fast\n"
           "sig3 = () -> i8, f32 winch fn1 = %g sig3 sig1 = ()\n"
           "gv4 = symbol tls u1:2 gv3 = symbol colocated %x-70000 gv2 = load.i64 notrap aligned "
           "can_move gv0+0x1_0000 gv0 = vmctx gv1 = iadd_imm.i64 gv0, 0x1_0000\n"
           "gv5 = dyn_scale_target_const.f32x4 dt0 = f32x4*gv5 dss1 = explicit_dynamic_slot dt0\n"
           "region0 = 7 \"some text\" ss2 = explicit_slot 0x10, key = 0xffff_ffff_ffff_ffff, "
           "align = 16\n}",
           "function %f(i32 uext, i64 sext sarg(24)) -> i8 vmctx tail {\n"
           "    dss1 = explicit_dynamic_slot dt0\n"
           "    ss0 = explicit_slot 0\n"
           "    ss1 = explicit_slot 0\n"
           "    ss2 = explicit_slot 16, align = 16, key = 18446744073709551615\n"
           "    region0 = 7 \"some text\"\n"
           "    gv0 = vmctx\n"
           "    gv1 = iadd_imm.i64 gv0, 0x0001_0000\n"
           "    gv2 = load.i64 notrap aligned can_move gv0+0x0001_0000\n"
           "    gv3 = symbol colocated %x-0x0001_1170\n"
           "    gv4 = symbol tls userextname0\n"
           "    gv5 = dyn_scale_target_const.f32x4\n"
           "    dt0 = f32x4*gv5\n"
           "    sig0 = (i8) fast\n"
           "    sig1 = () fast\n"
           "    sig3 = () -> i8, f32 winch\n"
           "    fn1 = %g sig3\n"
           "    fn3 = colocated patchable u1:2 sig0\n"
           "    const2 = 0xffff0001\n"
           "    stack_limit = gv4\n"
           "}\n");
}

static void test_suffixes(void **state)
{
    (void)state;
    prints("function %f(i32, i64) {\nblock0(v0: i32, v1: i64):\nv2 = iadd.i32 v0, v0\n"
           "store.i8 v1, v1\nv3 = iadd.i16 v0, v0\nbrif v0, block1, block2()\nblock1:\n"
           "v4 = iadd v2, v0\nv5 = iadd v4, v0\nv6 = select v5, v1, v1\njump block2\n"
           "block2 cold:\nreturn\n}",
           "function %f(i32, i64) fast {\n"
           "block0(v0: i32, v1: i64):\n"
           "    v2 = iadd v0, v0\n"
           "    store v1, v1\n"
           "    v3 = iadd.i16 v0, v0\n"
           "    brif v0, block1, block2\n"
           "\n"
           "block1:\n"
           "    v4 = iadd.i32 v2, v0\n"
           "    v5 = iadd v4, v0\n"
           "    v6 = select.i64 v5, v1, v1\n"
           "    jump block2\n"
           "\n"
           "block2 cold:\n"
           "    return\n"
           "}\n");
    // In its own block, but further down: a reader could not infer the type.
    prints("function %f() {\nblock0:\nv1 = ineg.i32 v2\nv2 = iconst.i32 1\n}",
           "function %f() fast {\nblock0:\n    v1 = ineg.i32 v2  ; v2 = 1\n"
           "    v2 = iconst.i32 1\n}\n");
}

static void test_immediates(void **state)
{
    (void)state;
    prints("function %f(i64) {\nblock0(v0: i64):\nv1 = iconst.i16 0xffff\nv2 = iconst.i32 9999\n"
           "v3 = iconst.i64 10000\nv4 = iconst.i64 -10000\nv5 = f64const 0x0.8p-1022\n"
           "v6 = load.i8 v0-9999\nv7 = load.i8 v0+10000\nfence\ntrapz v1, user250\n}",
           "function %f(i64) fast {\n"
           "block0(v0: i64):\n"
           "    v1 = iconst.i16 -1\n"
           "    v2 = iconst.i32 9999\n"
           "    v3 = iconst.i64 0x2710\n"
           "    v4 = iconst.i64 -10000\n"
           "    v5 = f64const 0x0.8000000000000p-1022\n"
           "    v6 = load.i8 v0-9999\n"
           "    v7 = load.i8 v0+0x2710\n"
           "    fence \n"
           "    trapz v1, user250  ; v1 = -1\n"
           "}\n");
}

static void test_flags(void **state)
{
    (void)state;
    prints("function %f(i64) {\nblock0(v0: i64):\n"
           "v1 = load.i8 region3 little can_move readonly aligned notrap v0\n"
           "store big user7 v1, v0+4\nv2 = load.i8 heap_oob v0\n"
           "v3 = atomic_rmw.i8 notrap big xchg v0, v1\nv4 = atomic_load.i8 aligned v0\n}",
           "function %f(i64) fast {\n"
           "block0(v0: i64):\n"
           "    v1 = load.i8 notrap aligned readonly can_move little region3 v0\n"
           "    store user7 big v1, v0+4\n"
           "    v2 = load.i8 v0\n"
           "    v3 = atomic_rmw.i8 notrap big xchg v0, v1\n"
           "    v4 = atomic_load.i8 aligned v0\n"
           "}\n");
}

static void test_constants(void **state)
{
    (void)state;
    prints("function %f(i8x16) {\nconst5 = 0x0102\nblock0(v0: i8x16):\n"
           "v1 = vconst.i16x2 [1 2]\nv2 = vconst.i8x4 [1 0 2 0]\nv3 = f128const 0x1.0\n"
           "v4 = f32const NaN\nv5 -> v4\n"
           "v6 = shuffle v0, v0, 0x0f\njump block1(v5, v1, v3)\n"
           "block1(v7: f32, v8: i16x2, v9: f128):\n}",
           "function %f(i8x16) fast {\n"
           "    const5 = 0x0102\n"
           "    const6 = 0x00020001\n"
           "    const7 = 0x3fff0000000000000000000000000000\n"
           "\n"
           "block0(v0: i8x16):\n"
           "    v1 = vconst.i16x2 const6\n"
           "    v2 = vconst.i8x4 const6\n"
           "    v3 = f128const const7\n"
           "    v4 = f32const +NaN\n"
           "    v5 -> v4\n"
           "    v6 = shuffle v0, v0, 0x0000000000000000000000000000000f\n"
           "    jump block1(v5, v1, v3)  ; v5 = +NaN, v1 = 0x00020001, "
           "v3 = 0x1.0000000000000000000000000000p0\n"
           "\n"
           "block1(v7: f32, v8: i16x2, v9: f128):\n"
           "}\n");
}

static void test_aliases(void **state)
{
    (void)state;
    prints("function %f(i32) {\nblock0(v0: i32):\nv1 = iadd.i32 v5, v0\nv2 -> v0\nv3 -> v2\n"
           "v4 -> v1\nv5 -> v0\nreturn\n}",
           "function %f(i32) fast {\n"
           "block0(v0: i32):\n"
           "    v2 -> v0\n"
           "    v5 -> v0\n"
           "    v3 -> v2\n"
           "    v1 = iadd v5, v0\n"
           "    v4 -> v1\n"
           "    return\n"
           "}\n");
}

static void test_calls(void **state)
{
    (void)state;
    prints("function %f(i64) {\nss0 = explicit_slot 8\nsig0 = (i32) -> i32 tail\nfn0 = %g sig0\n"
           "block0(v0: i64):\nv1 = iconst.i32 0\n"
           "v2 = call fn0(v1), stack_map=[i64 @ ss0+0, i32 @ ss0 +4]\n"
           "v3 = call_indirect sig0, v0(v2), stack_map=[]\n"
           "try_call fn0(v3), sig0, block1(ret0), [tag3: block2(exn0, v3), default: block3, "
           "context v0], stack_map=[i8 @ ss0+1]\n"
           "block1(v4: i32):\ntry_call_indirect v0(v4), sig0, block1(ret0), []\n"
           "block2(v5: i64, v6: i32):\nbr_table v6, block3, []\n"
           "block3:\nbr_table v3, block3, [block2(v0, v3), block3]\n}",
           "function %f(i64) fast {\n"
           "    ss0 = explicit_slot 8\n"
           "    sig0 = (i32) -> i32 tail\n"
           "    fn0 = %g sig0\n"
           "\n"
           "block0(v0: i64):\n"
           "    v1 = iconst.i32 0\n"
           "    v2 = call fn0(v1), stack_map=[i64 @ ss0+0, i32 @ ss0+4]  ; v1 = 0\n"
           "    v3 = call_indirect sig0, v0(v2), stack_map=[]\n"
           "    try_call fn0(v3), sig0, block1(ret0), [ tag3: block2(exn0, v3), default: block3, "
           "context v0 ], stack_map=[i8 @ ss0+1]\n"
           "\n"
           "block1(v4: i32):\n"
           "    try_call_indirect.i64 v0(v4), sig0, block1(ret0), []\n"
           "\n"
           "block2(v5: i64, v6: i32):\n"
           "    br_table v6, block3, []\n"
           "\n"
           "block3:\n"
           "    br_table v3, block3, [block2(v0, v3), block3]\n"
           "}\n");
}

// Formats that the other tests leave out.
static void test_formats(void **state)
{
    (void)state;
    static const char text[] = "function %f(i64, i32, f64, i8x16) fast {\n"
                               "block0(v0: i64, v1: i32, v2: f64, v3: i8x16):\n"
                               "    v4 = iadd v0, v0\n"
                               "    v5 = extractlane v3, 15\n"
                               "    v6 = insertlane v3, v5, 1\n"
                               "    v7 = fma v2, v2, v2\n"
                               "    v8 = fcmp uno v2, v7\n"
                               "    v9 = icmp ule v0, v4\n"
                               "    v10 = uadd_overflow_trap v0, v4, user9\n"
                               "    v11 = bitcast.i64 little v2\n"
                               "    atomic_store notrap v1, v0\n"
                               "    v12 = f16const 0x1.ffcp15\n"
                               "    v13 = get_stack_pointer.i64 \n"
                               "    istore8 aligned v1, v0-1\n"
                               "    v14, v15 = isplit v0\n"
                               "    v16 = vhigh_bits.i16 v3\n"
                               "    nop \n"
                               "    trap stk_ovf\n"
                               "}\n";
    prints(text, text);
}

static void test_margin(void **state)
{
    (void)state;
    prints("function %f() {\nss0 = explicit_slot 8\nblock0:\n<1, ss0> @1234567 sequence_point\n"
           "@1 v1 = iconst.i8 1\nv2 -> v1\n<2> return\n}",
           "function %f() fast {\n"
           "    ss0 = explicit_slot 8\n"
           "\n"
           "                                block0:\n"
           "<1, ss0> @1234567                   sequence_point \n"
           "@0001                               v1 = iconst.i8 1\n"
           "                                    v2 -> v1\n"
           "<2>                                 return\n"
           "}\n");
}

// A return without values in front of a statement that starts with one.
static void test_return(void **state)
{
    (void)state;
    prints("function %f(i32) {\nblock0(v0: i32):\nreturn @ffffffff v1 = iadd v0, v0\n return\n}",
           "function %f(i32) fast {\n"
           "block0(v0: i32):\n"
           "    return\n"
           "    v1 = iadd v0, v0\n"
           "    return\n"
           "}\n");
}

// Built by hand: no source, a value of another block, a value that is defined later.
static void test_built(void **state)
{
    (void)state;
    Arena arena = {0};
    AbiParam param = {TYPE_I32, EXT_NONE, PURPOSE_NORMAL, 0};
    const Signature sig = {&param, NULL, 1, 0, CC_FAST};
    Func *const f = func_new(&arena, (ExtName){.kind = NAME_USER, .space = 1, .index = 2}, sig);
    const Block first = func_add_block(f), second = func_add_block(f);
    func_append_block(f, second);
    func_append_block(f, first);
    const Value param_value = func_add_param(f, first, TYPE_I32);
    for (int i = 0; i < 2; i++) {
        const InstData data = {.op = OP_INEG, .ctrl = TYPE_I32, .w = {param_value.i}};
        const Inst inst = func_add_inst(f, &data, POS_NONE);
        func_make_results(f, inst);
        func_append_inst(f, i == 0 ? first : second, inst);
    }
    StrBuf buf = {.arena = &arena};
    text_print_func(f, &buf);
    buf_char(&buf, '\0');
    assert_string_equal(buf.data, "function u1:2(i32) fast {\n"
                                  "block1:\n"
                                  "    v2 = ineg.i32 v0\n"
                                  "\n"
                                  "block0(v0: i32):\n"
                                  "    v1 = ineg v0\n"
                                  "}\n");
    buf.len = 0;
    text_print_inst(f, (Inst){0}, &buf);
    buf_char(&buf, '|');
    text_print_inst(f, (Inst){1}, &buf);
    buf_char(&buf, '|');
    text_print_block_header(f, first, &buf);
    buf_char(&buf, '\0');
    assert_string_equal(buf.data, "v1 = ineg v0|v2 = ineg.i32 v0|block0(v0: i32):");
    arena_free(&arena);
}

// Each opcode has a name that the parser finds, and no name is found for less or more of it.
static void test_all_opcodes(void **state)
{
    (void)state;
    for (uint32_t op = 0; op < OP_COUNT; op++) {
        for (int change = 0; change < 3; change++) {
            Parsed p;
            Arena arena = {0};
            Str name = str_from(ir_ops[op].name);
            name.len -= change == 1;
            const Str text = str_printf(&arena, "function %%f() {\nblock0:\n%.*s%s ?\n}",
                                        STR_ARG(name), change == 2 ? "q" : "");
            parse_text(&p, text);
            assert_int_equal(p.status, STATUS_SYNTAX);
            const bool unknown = strstr(first_message(&p), "expected an opcode") != NULL;
            assert_int_equal(unknown, op_parse((Str){text.data + 24, text.len - 28}) == OP_COUNT);
            free_parsed(&p);
            arena_free(&arena);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_declarations), cmocka_unit_test(test_suffixes),
        cmocka_unit_test(test_immediates),   cmocka_unit_test(test_flags),
        cmocka_unit_test(test_constants),    cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_calls),        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_margin),       cmocka_unit_test(test_return),
        cmocka_unit_test(test_built),        cmocka_unit_test(test_all_opcodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
