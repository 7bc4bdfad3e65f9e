// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parsing: what each mistake is told as and where, entity words, types, references, aliases,
// comments, headers, limits.

#include "text/tests/text_test.h"

// A function around statements that start at line 3, column 1.
#define BODY(text) "function %f(i32, i64, f32) {\nblock0(v0: i32, v1: i64, v2: f32):\n" text "\n}\n"

static void accepts(const char *text)
{
    Parsed p;
    parse_text(&p, str_from(text));
    if (p.status != STATUS_OK)
        fail_msg("%s", first_message(&p));
    free_parsed(&p);
}

static void test_words(void **state)
{
    (void)state;
    // v01 is no value, and neither is v_1; a keyword may be a name.
    refuses(BODY("v01 = iadd v0, v0"), "3:1: error: expected an opcode, found `v01`");
    refuses(BODY("v3 = iadd v0, v00"), "3:15: error: expected a value, found `v00`");
    refuses(BODY("v3 = iadd v0, v0x"), "3:15: error: expected a value, found `v0x`");
    refuses(BODY("v3 = iadd v0, extable0"), "3:15: error: expected a value, found `extable0`");
    refuses(BODY("jump block01"), "3:6: error: expected a block, found `block01`");
    accepts("function %function() {\n}\nfunction %cold(){}function %0(){}function %(){}");
    refuses(BODY("$"),
            "3:1: error: expected an instruction, a block or `}`, found the character `$`");
    refuses(BODY("\x80"),
            "3:1: error: expected an instruction, a block or `}`, found the byte 0x80");
    refuses(BODY("#12"), "3:1: error: expected an instruction, a block or `}`, found `#12`");
    refuses(BODY("@123456789 nop"), "3:1: error: expected an instruction, a block or `}`, found "
                                    "a hexadecimal number that is not one of 32 bits");
    refuses("function %f() { region0 = 1 \"abc",
            "1:29: error: expected a description in quotes, found a string without an end");
    refuses("function %f() {", "1:16: error: expected a declaration, a block or `}`, found the end "
                               "of the text");
}

static void test_suggestions(void **state)
{
    (void)state;
    refuses(BODY("v3 = iaddd v0, v0"),
            "3:6: error: expected an opcode, found `iaddd`; did you mean `iadd`?");
    refuses(BODY("v3 = iconst.i33 1"),
            "3:13: error: expected a type, found `i33`; did you mean `i32`?");
    refuses(BODY("v3 = icmp equ v0, v0"),
            "3:11: error: expected an integer condition, found `equ`; did you mean `eq`?");
    refuses(BODY("v3 = fcmp ordd v2, v2"),
            "3:11: error: expected a float condition, found `ordd`; did you mean `ord`?");
    refuses(
        BODY("v3 = load.i32 alined v1"),
        "3:15: error: expected a value or a memory flag, found `alined`; did you mean `aligned`?");
    refuses(BODY("trap heap_obo"),
            "3:6: error: expected a trap code, found `heap_obo`; did you mean `heap_oob`?");
    refuses(BODY("trap user0"),
            "3:6: error: expected a trap code, found `user0`; did you mean `user1`?");
    refuses(BODY("v3 = atomic_rmw.i32 nandd v1, v0"),
            "3:21: error: expected an atomic operator, found `nandd`; did you mean `nand`?");
    refuses("function %f() sistem_v {}", "1:15: error: expected `{` or a calling convention, found "
                                         "`sistem_v`; did you mean `system_v`?");
    refuses("fnction %f() {}",
            "1:1: error: expected `function`, found `fnction`; did you mean `function`?");
    refuses("function %f() { gv0 = vmctxt }", "1:23: error: expected the kind of a global value, "
                                              "found `vmctxt`; did you mean `vmctx`?");
}

static void test_values(void **state)
{
    (void)state;
    refuses(BODY("v3 = iadd v0, v9\nreturn"), "3:15: error: v9 is used but never defined");
    refuses(BODY("jump block0(v9)"), "3:13: error: v9 is used but never defined");
    refuses(BODY("v0 = iadd v0, v0"), "3:1: error: v0 is defined twice");
    refuses(BODY("v3, v3 = uadd_overflow v0, v0"), "3:1: error: v3 is defined twice");
    refuses("function %f() {\nblock0(v0: i8, v0: i8):\n}", "2:16: error: v0 is defined twice");
    refuses(BODY("v3 = nop"), "3:1: error: nop gives 0 results here, not 1");
    refuses(BODY("v3 = uadd_overflow v0, v0"),
            "3:1: error: uadd_overflow gives 2 results here, not 1");
    refuses(BODY("iadd v0, v0"), "3:1: error: iadd gives 1 result here, not 0");
    accepts(BODY("jump block2\nblock1:\nv4 = iadd.i32 v3, v3\nreturn\n"
                 "block2:\nv3 = iadd v0, v0\njump block1"));
}

static void test_blocks(void **state)
{
    (void)state;
    refuses(BODY("nop\nblock0:"), "4:1: error: block0 is defined twice");
    refuses(BODY("jump block100000"), "3:6: error: block100000: blocks are numbered below 100000");
    refuses("function %f() {\nnop\n}",
            "2:1: error: expected a declaration, a block or `}`, found `nop`");
    refuses(BODY("jump block1(ret0)"),
            "3:13: error: `ret0` can only be given to a target of try_call");
    accepts(BODY("jump block99999")); // missing blocks are for the validator
    accepts("function %f() {\nblock7() cold:\n jump block7()\n}");
}

static void test_control_types(void **state)
{
    (void)state;
    refuses(BODY("v3 = iconst 1"), "3:6: error: iconst needs a type, such as iconst.i32");
    refuses(BODY("v3 = iadd v3, v0"),
            "3:6: error: iadd needs a type, such as iadd.i32: v3 is defined later");
    refuses(BODY("nop.i32"), "3:4: error: nop does not take a type");
    refuses(BODY("v3 = iconst.i128 0"), "3:13: error: iconst can't have the type i128");
    refuses(BODY("v3 = iadd v2, v2"), "3:6: error: iadd can't have the type f32");
    refuses(BODY("v3 = fadd.i32 v2, v2"), "3:6: error: fadd can't have the type i32");
    refuses(BODY("store.f64x3 v0, v1"), "3:7: error: expected a type, found `f64x3`; did you mean "
                                        "`f64x2`?");
    refuses(BODY("v3 = swiden_low v0"), "3:1: error: swiden_low can't have the type i32");
    refuses(BODY("v3 = icmp.i64 eq v4, v4\nv4 = icmp eq v0, v0\nv5 = isplit.i64 v4"),
            "5:1: error: isplit gives 2 results here, not 1");
    // A result took its type from a suffix that its operand contradicts in the end.
    refuses(BODY("v3 = icmp.i32x4 eq v4, v4\nv4 = iadd v0, v0"),
            "3:1: error: the type i32x4 of icmp disagrees with that of v4, which is i32");
}

// The controlling type and the type of the first result of the function's instruction `n`.
static void has_types(const char *text, uint32_t n, Type ctrl, Type result)
{
    Parsed p;
    parse_text(&p, str_from(text));
    if (p.status != STATUS_OK)
        fail_msg("%s", first_message(&p));
    const Func *const f = p.file->module.funcs.data[0];
    assert_int_equal(func_inst(f, (Inst){n})->ctrl, ctrl);
    const Value v = inst_result(f, (Inst){n});
    if (v.i != NO_INDEX)
        assert_int_equal(value_type(f, v), result);
    free_parsed(&p);
}

static void test_inference(void **state)
{
    (void)state;
    has_types(BODY("v3 = iadd v1, v1"), 0, TYPE_I64, TYPE_I64);
    has_types(BODY("v3 = select v0, v2, v2"), 0, TYPE_F32, TYPE_F32);
    has_types(BODY("v3 = icmp.i32 eq v1, v1"), 0, TYPE_I64, TYPE_I8);
    has_types(BODY("store.i32 v1, v1"), 0, TYPE_I64, TYPE_INVALID);
    has_types(BODY("v3 = uload32 v1"), 0, TYPE_I64, TYPE_I64);
    has_types(BODY("v3 = atomic_cas v1, v0, v0"), 0, TYPE_I32, TYPE_I32);
    has_types(BODY("v3, v4 = isplit v1"), 0, TYPE_I64, TYPE_I32);
    has_types(BODY("v3 = iconcat v1, v1"), 0, TYPE_I64, TYPE_I128);
    has_types(BODY("store.i32 v4, v1\nv4 = iadd v1, v1"), 0, TYPE_I64, TYPE_INVALID);
    has_types(BODY("v3 = iadd.i16 v1, v1"), 0, TYPE_I16, TYPE_I16); // for the validator
    has_types(BODY("v5 -> v1\nv3 = iadd v5, v1"), 0, TYPE_I64, TYPE_I64);
    has_types("function %f(i8) {\ngv0 = dyn_scale_target_const.i8x16\ndt0 = i8x16*gv0\n"
              "block0(v0: i8):\nv1 = splat.dt0 v0\nv2 = extract_vector v1, 0\n}",
              1, TYPE_I8X16 | TYPE_DYNAMIC_BIT, TYPE_I8X16);
    has_types("function %f(i8x16xN) {\nblock0(v0: i8x16xN):\nv1 = iadd v0, v0\n}", 0,
              TYPE_I8X16 | TYPE_DYNAMIC_BIT, TYPE_I8X16 | TYPE_DYNAMIC_BIT);
}

static uint64_t first_immediate(const char *text)
{
    Parsed p;
    parse_text(&p, str_from(text));
    assert_int_equal(p.status, STATUS_OK);
    const uint64_t imm = inst_imm(p.file->module.funcs.data[0], (Inst){0});
    free_parsed(&p);
    return imm;
}

static void test_immediates(void **state)
{
    (void)state;
    assert_int_equal(first_immediate(BODY("v3 = iconst.i8 255")), UINT64_MAX);
    assert_int_equal(first_immediate(BODY("v3 = iconst.i8 -1")), UINT64_MAX);
    assert_int_equal(first_immediate(BODY("v3 = iconst.i8 127")), 127);
    assert_int_equal(first_immediate(BODY("v3 = iconst.i32 0x8000_0000")), 0xffffffff80000000);
    assert_int_equal(first_immediate(BODY("v3 = iconst.i64 0xffffffff")), 0xffffffff);
    assert_int_equal(first_immediate(BODY("v3 = f64const -0x1.8p1")), 0xc008000000000000);
    refuses(BODY("v3 = iconst.i8 256"), "3:16: error: `256` is out of range for 8 bits");
    refuses(BODY("v3 = f32const 1"), "3:15: error: expected a float of type f32, found `1`");
    refuses(BODY("v3 = load.i32 v1+0x8000_0000"),
            "3:17: error: the offset `+0x8000_0000` exceeds 32 bits");
    refuses(BODY("v3 = load.i32 v1 8"), "3:18: error: expected an offset with its sign, found `8`");
    refuses(BODY("v3 = bitcast.i32 little big v2"), "3:25: error: both `little` and `big`");
    refuses(BODY("v3 = load.i32 region0 region1 v1"), "3:23: error: a second alias region");
}

static void test_declarations(void **state)
{
    (void)state;
    refuses("function %f() {\nss0 = explicit_slot 4\nss0 = explicit_slot 4\n}",
            "3:1: error: ss0 is declared twice");
    refuses("function %f() {\nss0 = explicit_slot 4, align = 3\n}",
            "2:32: error: the alignment 3 is not a power of two");
    refuses("function %f() {\nss0 = explicit_slot -4\n}",
            "2:21: error: expected the size of a stack slot, found `-4`");
    refuses("function %f() {\nfn0 = %g sig0\nsig0 = ()\n}",
            "2:10: error: `sig0` is not declared before its use");
    refuses("function %f() {\nfn0 = %g()\nsig0 = ()\n}", "3:1: error: sig0 is declared twice");
    refuses("function %f() {\ngv0 = load.i64 aligned gv0\n}",
            "2:16: error: the load of a global value must be `notrap aligned`");
    refuses("function %f() {\ngv0 = iadd_imm.i64 gv1, 4\n}",
            "2:1: error: gv1 is used here but not declared");
    refuses("function %f() {\nstack_limit = gv0\n}",
            "2:1: error: gv0 is used here but not declared");
    refuses("function %f() {\nregion1 = 1 \"a\"\n}",
            "2:1: error: regions are declared in order: expected region0, found region1");
    refuses("function %f() {\ndss0 = explicit_dynamic_slot dt0\n}",
            "2:1: error: dt0 is used here but not declared");
    refuses("function %f() {\ngv0 = vmctx\ndt0 = i32*gv0\n}",
            "3:7: error: expected a vector type, found i32");
    refuses("function %f() {\nss2 = explicit_slot 4\nblock0:\nv0 = stack_addr.i64 ss1\n}",
            "4:21: error: `ss1` is not declared");
    refuses(BODY("call fn0()"), "3:6: error: `fn0` is not declared");
    accepts("function %f() {\ngv0 = load.i64 notrap aligned gv1+8\ngv1 = vmctx\n}");
}

static void test_names(void **state)
{
    (void)state;
    Parsed p;
    parse_text(&p, STR("function %f() {\nfn0 = %CeilF32(f32) -> f32\nfn1 = %ceilf(f32) -> f32\n"
                       "fn3 = u7:8()\ngv0 = symbol u1:2\ngv1 = symbol userextname0\n"
                       "gv2 = symbol userextname5\ngv3 = symbol %CoffTlsIndex\n}\n"));
    assert_int_equal(p.status, STATUS_OK);
    const Func *const f = p.file->module.funcs.data[0];
    assert_int_equal(f->funcs.data[0].name.kind, NAME_LIBCALL);
    assert_int_equal(f->funcs.data[0].name.index, LIBCALL_CEIL_F32);
    assert_int_equal(f->funcs.data[1].name.kind, NAME_TESTCASE);
    assert_int_equal(f->funcs.data[3].name.kind, NAME_USER);
    assert_int_equal(f->funcs.data[3].sig.i, 2);
    assert_false(f->funcs.data[2].declared);
    assert_true(extname_eq(&f->globals.data[0].name, &f->globals.data[1].name));
    assert_int_equal(f->globals.data[2].name.kind, NAME_USER_REF);
    assert_int_equal(f->globals.data[3].name.kind, NAME_KNOWN_SYMBOL);
    assert_int_equal(f->sigs.len, 3);
    free_parsed(&p);
}

static void test_aliases(void **state)
{
    (void)state;
    accepts(BODY("v3 -> v0\nv3 -> v0\nv4 -> v3"));
    refuses(BODY("v3 -> v4\nv4 = iadd v0, v0"),
            "3:7: error: v4 must be defined before it gets another name");
    refuses(BODY("v3 -> v3"), "3:7: error: v3 must be defined before it gets another name");
    refuses(BODY("v3 -> v0\nv3 -> v1"), "4:1: error: v3 is defined twice");
    refuses(BODY("v0 -> v1"), "3:1: error: v0 is defined twice");
}

// A long chain of aliases must not make uses of its end slow.
static void test_alias_chain(void **state)
{
    (void)state;
    Parsed p;
    Arena arena = {0};
    StrBuf buf = {.arena = &arena};
    enum { N = 100000 };
    buf_puts(&buf, "function %f(i32) {\nblock0(v0: i32):\n");
    for (uint32_t i = 1; i <= N; i++)
        buf_printf(&buf, "v%u -> v%u\n", i, i - 1);
    for (uint32_t i = 1; i <= N; i++)
        buf_printf(&buf, "v%u = iadd v%u, v%u\n", N + i, N, N);
    buf_puts(&buf, "}\n");
    parse_text(&p, buf_view(&buf));
    assert_int_equal(p.status, STATUS_OK);
    const Func *const f = p.file->module.funcs.data[0];
    assert_int_equal(ir_resolve(f, (Value){N}).i, 0);
    const char *const printed = print_all(&p);
    assert_non_null(strstr(printed, "v5 -> v4\n"));
    free_parsed(&p);
    arena_free(&arena);
}

static void test_return_before_results(void **state)
{
    (void)state;
    Parsed p;
    parse_text(&p, STR(BODY("return\nv3, v4 = uadd_overflow v0, v0\nreturn v3, v4\nreturn\n"
                            "v5 -> v0\nreturn v0")));
    assert_int_equal(p.status, STATUS_OK);
    const Func *const f = p.file->module.funcs.data[0];
    assert_int_equal(f->insts.len, 5);
    assert_int_equal(inst_args(f, (Inst){0}).len, 0);
    assert_int_equal(inst_args(f, (Inst){2}).len, 2);
    assert_int_equal(inst_args(f, (Inst){3}).len, 0);
    assert_int_equal(inst_args(f, (Inst){4}).len, 1);
    free_parsed(&p);
}

static void test_header(void **state)
{
    (void)state;
    Parsed p;
    parse_text(&p, STR("; preamble\ntest compile precise-output ; no comment\ntest run\n"
                       "set opt_level=speed\n target x86_64  has_avx\nset is_pic\ntarget aarch64\n"
                       "feature !\"a b\"\nfeature \"c\"\n; more\nfunction %f() {}\n"));
    assert_int_equal(p.status, STATUS_OK);
    assert_int_equal(p.file->header.len, 8);
    const HeaderLine *const line = p.file->header.data;
    assert_int_equal(line[0].num_words, 5);
    assert_true(str_eq_c(line[0].words[1], "precise-output"));
    assert_int_equal(line[3].kind, HEADER_TARGET);
    assert_true(str_eq_c(line[3].words[1], "has_avx"));
    assert_int_equal(source_line_col(&p.file->source, line[3].word_pos[1]).line, 5);
    assert_int_equal(source_line_col(&p.file->source, line[3].word_pos[1]).col, 17);
    assert_int_equal(line[6].num_words, 2);
    assert_true(str_eq_c(line[6].words[1], "a b"));
    assert_int_equal(p.file->preamble.len, 2);
    assert_int_equal(p.file->module.funcs.data[0]->sig.callconv, CC_SYSTEM_V);
    free_parsed(&p);
    refuses("test cat\nset a\ntest cat\n", "3:1: error: `test` lines come before `set` lines");
    refuses("target x86_64\nfeature \"a\"\nset b\n",
            "3:1: error: `set` lines come before `feature` lines");
    refuses("set a\ntarget x86_64\nset b\n",
            "3:1: error: this `set` comes after the last `target` and has no effect");
    refuses("test\n", "1:1: error: `test` says nothing");
    refuses("feature a\n", "1:9: error: expected the name of a feature in quotes, found `a`");
    refuses("function %f() {}\ntest cat\n", "2:1: error: expected `function`, found `test`");
}

static void test_file_tests(void **state)
{
    (void)state;
    const ParseOptions options = {.require_test = true};
    static const char *const texts[] = {"", "test cat\n", "function %f() {}",
                                        "test cat\nfunction %f() {}"};
    for (size_t i = 0; i < 4; i++) {
        Arena arena = {0};
        Diag diag = {.arena = &arena};
        ClifFile *file;
        const Status status =
            text_parse_file(&arena, STR("t"), str_from(texts[i]), &options, &file, &diag);
        assert_int_equal(status == STATUS_OK, i == 3);
        arena_free(&arena);
    }
    accepts("");
    Parsed p;
    parse_text(&p, STR("test interpret\nfunction %f() {}"));
    assert_int_equal(p.file->module.funcs.data[0]->sig.callconv, CC_FAST);
    free_parsed(&p);
}

static void test_comments(void **state)
{
    (void)state;
    Parsed p;
    parse_text(&p,
               STR("; zero\nfunction %f() { ; one\n; two\nss1 = explicit_slot 4 ; three\n"
                   "gv0 = vmctx\n;four\nstack_limit = gv0 ;five\nblock3: ; six\n; seven\n"
                   "v0 = iconst.i8 1 ; eight\r\nreturn ; nine\nv1 = iconst.i8 1\nv2 -> v0 ; ten\n"
                   "return v0\n; eleven\n}\n; twelve\nfunction %g() {} ; thirteen"));
    assert_int_equal(p.status, STATUS_OK);
    const EntityRef expected[] = {
        {ENTITY_FUNC, 0},         {ENTITY_FUNC, 0},        {ENTITY_STACK_SLOT, 1},
        {ENTITY_GLOBAL_VALUE, 0}, {ENTITY_STACK_LIMIT, 0}, {ENTITY_BLOCK, 3},
        {ENTITY_BLOCK, 3},        {ENTITY_INST, 0},        {ENTITY_INST, 1},
        {ENTITY_INST, 2},         {ENTITY_INST, 3},        {ENTITY_FUNC, 0},
    };
    const FuncText *const text = &p.file->texts.data[0];
    assert_int_equal(text->num_comments, sizeof(expected) / sizeof(expected[0]));
    for (uint32_t i = 0; i < text->num_comments; i++) {
        assert_int_equal(text->comments[i].at.kind, expected[i].kind);
        assert_int_equal(text->comments[i].at.index, expected[i].index);
    }
    assert_true(str_eq_c(text->comments[7].text, "; eight"));
    assert_int_equal(p.file->preamble.len, 1);
    assert_int_equal(p.file->texts.data[1].num_comments, 1);
    assert_int_equal(p.file->source.text.data[text->start], 'f');
    assert_int_equal(p.file->source.text.data[text->end - 1], '}');
    free_parsed(&p);
}

static void test_attachments(void **state)
{
    (void)state;
    Parsed p;
    parse_text(&p, STR("function %f() {\nss0 = explicit_slot 8\nfn0 = %g()\nblock0:\nnop\n"
                       "<7, ss0> @00ff call fn0(), stack_map=[i32 @ ss0+4]\n"
                       "@ffffffff call fn0(), stack_map=[]\n}"));
    assert_int_equal(p.status, STATUS_OK);
    const Func *const f = p.file->module.funcs.data[0];
    const InstExtra *const extra = inst_extra(f, (Inst){1});
    assert_null(inst_extra(f, (Inst){0}));
    assert_int_equal(extra->num_tags, 2);
    assert_true(extra->tags[1].is_slot);
    assert_int_equal(extra->tags[0].index, 7);
    assert_int_equal(extra->num_map, 1);
    assert_int_equal(extra->map[0].offset, 4);
    assert_int_equal(f->srclocs.data[1], 0xff);
    assert_int_equal(f->srclocs.data[0], NO_INDEX);
    assert_true(inst_extra(f, (Inst){2})->has_map);
    free_parsed(&p);
    refuses("function %f() tail {\nfn0 = %g() tail\nblock0:\nreturn_call fn0(), stack_map=[]\n}",
            "4:18: error: expected an instruction, a block or `}`, found `,`");
}

static void test_limits(void **state)
{
    (void)state;
    refuses(BODY("v16777216 = iadd v0, v0"),
            "3:1: error: the number of `v16777216` exceeds 16777215");
    refuses(BODY("v99999999999999999999 = iadd v0, v0"),
            "3:1: error: the number of `v99999999999999999999` exceeds 16777215");
    refuses("function %f() {\nsig16777215 = ()\n}",
            "2:1: error: the gaps between the numbers are too large");
    Parsed p;
    Arena arena = {0};
    StrBuf buf = {.arena = &arena};
    for (uint32_t i = 0; i < 100; i++)
        buf_puts(&buf, "function %f(){block99999:}\n");
    parse_text(&p, buf_view(&buf));
    assert_int_equal(p.status, STATUS_LIMIT);
    assert_true(arena_footprint(&p.arena) < (size_t)1 << 29);
    free_parsed(&p);

    // The length is checked before anything is read.
    const ParseOptions options = {0};
    Diag diag = {.arena = &arena};
    ClifFile *file;
    const Str huge = {"", (size_t)1 << 32};
    assert_int_equal(text_parse_file(&arena, STR("huge"), huge, &options, &file, &diag),
                     STATUS_LIMIT);
    assert_int_equal(diag.errors, 1);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),         cmocka_unit_test(test_suggestions),
        cmocka_unit_test(test_values),        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_control_types), cmocka_unit_test(test_inference),
        cmocka_unit_test(test_immediates),    cmocka_unit_test(test_declarations),
        cmocka_unit_test(test_names),         cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_alias_chain),   cmocka_unit_test(test_return_before_results),
        cmocka_unit_test(test_header),        cmocka_unit_test(test_file_tests),
        cmocka_unit_test(test_comments),      cmocka_unit_test(test_attachments),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
