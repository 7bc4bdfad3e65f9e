// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rules of the validator, each by functions in text form with `; error: TEXT` at the entity where
// it must be found, as in a file test: every annotation is met by an error of its own whose message
// contains TEXT, and no other error is found.

#include "text/text.h"
#include "validate/validate.h"

// clang-format off
// clang-format on

typedef struct Case {
    const char *target;   // NULL: not known
    const char *settings; // options separated by blanks
    const char *text;
} Case;

// The text behind "error:" in a comment, the empty slice when it is no annotation.
static Str annotation(Str comment)
{
    const Str key = STR("error:");
    Str s = str_trim((Str){comment.data + 1, comment.len - 1});
    if (!str_starts_with(s, key))
        return (Str){NULL, 0};
    return str_trim((Str){s.data + key.len, s.len - key.len});
}

static bool contains(Str text, Str part)
{
    for (size_t i = 0; i + part.len <= text.len; i++)
        if (memcmp(text.data + i, part.data, part.len) == 0)
            return true;
    return false;
}

// Takes the error that meets an annotation out of `errors`.
static bool take_error(ValidateErrors *errors, const Comment *comment, Str expected)
{
    for (uint32_t i = 0; i < errors->errors.len; i++) {
        ValidateError *const error = &errors->errors.data[i];
        if (error->message.len == 0 || error->at.kind != comment->at.kind ||
            error->at.index != comment->at.index || !contains(error->message, expected))
            continue;
        error->message.len = 0;
        return true;
    }
    return false;
}

static void print_errors(const ValidateErrors *errors)
{
    for (uint32_t i = 0; i < errors->errors.len; i++) {
        const ValidateError *const error = &errors->errors.data[i];
        StrBuf at = {.arena = errors->arena};
        entity_print(error->at, &at);
        print_message("  %.*s: %.*s\n", STR_ARG(buf_view(&at)), STR_ARG(error->message));
    }
}

static void check_func(Arena *arena, const Func *f, const FuncText *text, const Settings *settings,
                       const Isa *isa)
{
    ValidateErrors errors = {.arena = arena};
    const bool good = validate_func(f, settings, isa, &errors);
    assert_int_equal(good, errors.errors.len == 0);
    uint32_t expected = 0;
    for (uint32_t i = 0; i < text->num_comments; i++) {
        const Str want = annotation(text->comments[i].text);
        if (want.len == 0)
            continue;
        expected++;
        if (take_error(&errors, &text->comments[i], want))
            continue;
        print_message("%.*s: not found: %.*s\n", STR_ARG(f->name.text), STR_ARG(want));
        print_errors(&errors);
        fail();
    }
    if (errors.errors.len == expected)
        return;
    print_message("%.*s: %u errors, %u expected\n", STR_ARG(f->name.text), errors.errors.len,
                  expected);
    print_errors(&errors);
    fail();
}

static void check_case(const Case *test)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    Settings settings = settings_filetest_defaults();
    const char *option = test->settings ? test->settings : "";
    while (*(option += strspn(option, " ")) != '\0') {
        const Str word = {option, strcspn(option, " ")};
        assert_int_equal(settings_set(&settings, word, NULL, POS_NONE, &diag), STATUS_OK);
        option += word.len;
    }
    Isa isa;
    if (test->target)
        assert_int_equal(isa_parse(str_from(test->target), &isa), STATUS_OK);
    ClifFile *file = NULL;
    const ParseOptions options = {.keep_comments = true};
    if (text_parse_file(&arena, STR("case"), str_from(test->text), &options, &file, &diag)) {
        StrBuf message = {.arena = &arena};
        diag_format(&diag.messages.data[0], &message);
        print_message("%.*s\n", STR_ARG(buf_view(&message)));
        fail();
    }
    assert_int_not_equal(file->module.funcs.len, 0);
    for (uint32_t i = 0; i < file->module.funcs.len; i++)
        check_func(&arena, file->module.funcs.data[i], &file->texts.data[i], &settings,
                   test->target ? &isa : NULL);
    arena_free(&arena);
}

#define CHECK(target, settings, text) check_case(&(const Case){(target), (settings), (text)})

// ---- Declarations ----

static void test_global_values(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %vmctx(i64) {\n"
          "    gv0 = vmctx ; error: undeclared vmctx\n"
          "}\n"
          "function %cycle(i64 vmctx) {\n"
          "    gv0 = iadd_imm.i64 gv1, 8\n ; error: cycle: gv0 -> gv1 -> gv2 -> gv1\n"
          "    gv1 = iadd_imm.i64 gv2, 8\n"
          "    gv2 = load.i64 notrap aligned gv1\n"
          "    gv3 = iadd_imm.i64 gv3, 1\n"
          "    gv4 = vmctx\n"
          "    gv5 = iadd_imm.i64 gv4, 1\n"
          "}\n"
          "function %add(i64 vmctx) {\n"
          "    gv0 = vmctx\n"
          "    gv1 = iadd_imm.f64 gv0, 8 ; error: non-integer type f64\n"
          "    gv2 = load.i32 notrap aligned gv0\n"
          "    gv3 = iadd_imm.i64 gv2, 8 ; error: iadd_imm type i64 differs from operand type i32\n"
          "    gv4 = iadd_imm.i32 gv0, 8\n"
          "}\n"
          "function %region(i64 vmctx) {\n"
          "    gv0 = vmctx\n"
          "    gv1 = load.i32 notrap aligned region3 gv0 ; error: undefined alias region region3\n"
          "}\n");
    CHECK("x86_64", NULL,
          "function %pointers(i64 vmctx) {\n"
          "    gv0 = vmctx\n"
          "    gv1 = iadd_imm.i32 gv0, 8 ; error: iadd_imm type i32 differs from operand type i64\n"
          "    gv2 = load.i64 notrap aligned gv1 ; error: which is not the pointer type i64\n"
          "    gv3 = symbol %s\n"
          "    gv4 = load.i8 notrap aligned gv3\n"
          "}\n");
}

static void test_regions(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %twice() {\n"
          "    region0 = 5 \"a\"\n"
          "    region1 = 6 \"b\"\n"
          "    region2 = 5 \"c\" ; error: duplicate alias region user_id 5\n"
          "block0 cold:\n" // what follows is not looked at
          "    return\n"
          "}\n");
}

static void test_entry_block(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %count(i32, i32) {\n"
          "block0(v0: i32): ; error: entry block parameters (1) must match function signature (2)\n"
          "    return v0\n"
          "}\n"
          "function %types(i32, f32, i8) -> i32 {\n"
          "block0(v0: i64, v1: f32, v2: i16):\n"
          "    ; error: entry block parameter 0 expected to have type i32, got i64\n"
          "    ; error: entry block parameter 2 expected to have type i8, got i16\n"
          "    return\n"
          "}\n"
          "function %cold(f32 sext) {\n"
          "block0(v0: f32) cold: ; error: entry block cannot be marked as cold\n"
          "    return\n"
          "}\n"
          "function %nothing(i32) {\n"
          "}\n");
}

static void test_signatures(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %ext(i8 uext, i16x8 uext, f64 sext) -> i32 sext, f32 uext {\n"
          "    ; error: Parameter at position 1 has invalid extension Uext\n"
          "    ; error: Parameter at position 2 has invalid extension Sext\n"
          "    ; error: Return value at position 1 has invalid extension Uext\n"
          "}\n"
          "function %own() -> i32 preserve_all { ; error: `preserve_all`\n"
          "}\n"
          "function %callees() {\n"
          "    sig0 = () -> i32\n"
          "    sig1 = () -> i32 preserve_all\n"
          "    fn0 = %f sig0\n"
          "    fn1 = %g sig1 ; error: `preserve_all`\n"
          "}\n"
          "function %sigs() {\n"
          "    sig0 = () preserve_all\n"
          "    sig1 = () -> i32 preserve_all ; error: `preserve_all`\n"
          "}\n");
}

// ---- Blocks ----

static void test_blocks(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %empty() {\n"
          "block0: ; error: block0 cannot be empty\n"
          "block1:\n"
          "    return\n"
          "}\n"
          "function %early() {\n"
          "block0:\n"
          "    trap user1 ; error: terminator instruction was encountered before the end of block0\n"
          "    return\n"
          "}\n"
          "function %open(i32) {\n"
          "block0(v0: i32): ; error: block0 does not end in a terminator instruction\n"
          "    v1 = iadd v0, v0\n"
          "}\n"
          "function %after_branch() {\n"
          "block0:\n"
          "    jump block1 ; error: terminator instruction was encountered before the end\n"
          "    nop\n"
          "block1:\n"
          "    return\n"
          "}\n");
}

static void test_targets(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %entry() {\n"
          "block0:\n"
          "    jump block1\n"
          "block1:\n"
          "    jump block0 ; error: invalid reference to entry block block0\n"
          "}\n"
          "function %missing(i32) {\n"
          "block0(v0: i32):\n"
          "    br_table v0, block1, [block1, block9] ; error: invalid block reference block9\n"
          "block1:\n"
          "    return\n"
          "}\n");
}

// ---- Operands ----

static void test_dominance(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %same_block(i32) {\n"
          "block0(v0: i32):\n"
          "    v1 = iadd v0, v2 ; error: uses value v2 from non-dominating inst1\n"
          "    v2 = iadd v0, v0\n"
          "    return\n"
          "}\n"
          "function %itself(i32) {\n"
          "block0(v0: i32):\n"
          "    v1 = iadd v0, v1 ; error: uses value v1 from itself\n"
          "    return\n"
          "}\n"
          "function %branch_arg(i32) -> i32 {\n"
          "block0(v0: i32):\n"
          "    brif v0, block1, block2(v0)\n"
          "block1:\n"
          "    v1 = iconst.i32 1\n"
          "    jump block2(v1)\n"
          "block2(v2: i32):\n"
          "    jump block3(v1) ; error: uses value v1 from non-dominating inst1\n"
          "block3(v3: i32):\n"
          "    return v2\n"
          "}\n"
          "function %loop(i32) -> i32 {\n"
          "block0(v0: i32):\n"
          "    jump block1(v0)\n"
          "block1(v1: i32):\n"
          "    v2 = iadd v1, v0\n"
          "    brif v2, block1(v2), block2\n"
          "block2:\n"
          "    return v2\n"
          "}\n"
          "function %param(i32) -> i32 {\n"
          "block0(v0: i32):\n"
          "    brif v0, block1(v0), block2\n"
          "block1(v1: i32):\n"
          "    return v1\n"
          "block2:\n"
          "    return v1 ; error: uses value arg from non-dominating block1\n"
          "}\n"
          "function %unreachable(i32) -> i32 {\n"
          "block0(v0: i32):\n"
          "    return v0\n"
          "block1:\n"
          "    v1 = iadd.i32 v0, v2\n"
          "    v2 = iadd.i32 v0, v1\n"
          "    return v3\n"
          "block2(v3: i32):\n"
          "    return v1\n"
          "}\n"
          "function %from_unreachable(i32) -> i32 {\n"
          "block0(v0: i32):\n"
          "    return v1 ; error: uses value v1 from non-dominating inst1\n"
          "block1:\n"
          "    v1 = iadd.i32 v0, v0\n"
          "    return v1\n"
          "}\n"
          "function %alias(i32) -> i32 {\n"
          "block0(v0: i32):\n"
          "    brif v0, block1, block2\n"
          "block1:\n"
          "    v1 = iadd.i32 v0, v0\n"
          "    v2 -> v1\n"
          "    v3 -> v2\n"
          "    return v3\n"
          "block2:\n"
          "    return v3 ; error: uses value v3 from non-dominating inst1\n"
          "}\n");
}

static void test_access_regions(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %f(i64) {\n"
          "    region0 = 1 \"a\"\n"
          "block0(v0: i64):\n"
          "    v1 = load.i32 region0 v0\n"
          "    store region1 v1, v0 ; error: undefined alias region region1\n"
          "    v2 = atomic_rmw.i32 region2 add v0, v1 ; error: undefined alias region region2\n"
          "    return\n"
          "}\n");
}

// ---- References ----

static void test_exception_tables(void **state)
{
    (void)state;
    CHECK("x86_64", NULL,
          "function %good(i64) -> i32 {\n"
          "    sig0 = (i64) -> i32, f64 tail\n"
          "    fn0 = %g sig0\n"
          "block0(v0: i64):\n"
          "    try_call fn0(v0), sig0, block1(ret0, v0), [ context v0, tag1: block2(exn1, exn0), "
          "default: block1(v1, exn0) ]\n"
          "block1(v1: i32, v2: i64):\n"
          "    return v1\n"
          "block2(v3: i64, v4: i64):\n"
          "    v5 = ireduce.i32 v3\n"
          "    return v5\n"
          "}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_global_values),
        cmocka_unit_test(test_regions),
        cmocka_unit_test(test_entry_block),
        cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_dominance),
        cmocka_unit_test(test_access_regions),
        cmocka_unit_test(test_exception_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
