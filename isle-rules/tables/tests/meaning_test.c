// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tests of rows' meanings: what is accepted, the specification that comes out, and for each kind of
// mistake the message and its place.

#include "isle-rules/tables/tables.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

// The specifications of `text`, or the first message.
static Str specs_of(Arena *arena, const char *text)
{
    Source source = {.path = STR("t.rows"), .text = str_from(text), .arena = arena};
    Diag diag = {.arena = arena};
    RowSet set = {.arena = arena};
    StrBuf out = {.arena = arena}, line = {.arena = arena};
    Status status = rows_read(&set, &source, &diag);
    if (status == STATUS_OK)
        status = rows_write_specs(&set, &out, &diag);
    if (status == STATUS_OK) {
        assert_int_equal(diag.messages.len, 0);
        return buf_view(&out);
    }
    assert_true(diag.messages.len != 0);
    diag_format(&diag.messages.data[0], &line);
    return buf_view(&line);
}

static void expect(const char *text, const char *part)
{
    Arena arena = {0};
    const Str found = specs_of(&arena, text);
    if (!str_contains(found, str_from(part)))
        fail_msg("expected \"%s\" in:\n%.*s", part, STR_ARG(found));
    arena_free(&arena);
}

// A row of x64 with operands dst, src (and immediate n, condition cc) and the given rest.
#define ROW(rest)                                                                                 \
    "(target x64)\n"                                                                              \
    "(inst t (sizes 4 8) (operands (cc cc) (def dst gpr (reuse src)) (use src gpr) (imm n u8))\n" \
    "(encode \"90\") (asm \"t\") " rest ")"
#define MEANING(text) ROW("(meaning " text ")")
#define FLAGGED(text) ROW("(flags (read CF) (write CF ZF)) (meaning " text ")")

static void test_written(void **state)
{
    (void)state;
    expect(MEANING("(= dst (bvadd src n))"), "(spec (x64_t size cc src n)");
    expect(MEANING("(= dst (bvadd src n))"), "(or (= size #x04) (= size #x08))");
    expect(MEANING("(= dst (bvadd src n))"), "(bvult n (int2bv 64 128))");
    expect(MEANING("(= dst (bvadd src n))"), "(let ((src_v (extract 31 0 src)))");
    expect(MEANING("(= dst (bvadd src n))"), "(= result (zero_ext 64 (bvadd src_v n_v)))");
    expect(MEANING("(= dst (bvadd src n))"), "(= result (bvadd src_v n_v))");
    expect(FLAGGED("(= dst src) (= CF CF) (undefined ZF)"), "(spec (x64_t_flags size");
    expect(FLAGGED("(= dst src) (= CF CF) (undefined ZF)"),
           "(flags (struct (OF (fresh 1)) (SF (fresh 1)) (ZF (fresh 1)) (AF (fresh 1)) "
           "(PF (fresh 1)) (CF (:CF flags))))");
}

static void test_widths(void **state)
{
    (void)state;
    expect(MEANING("(= dst (low 8 src))"), "t.rows:3:41: error: 't': expected 32 bits, not 8 bits");
    expect(MEANING("(= dst (bvadd src (bv 1 64)))"), "'bvadd' wants 32 bits, not 64 bits");
    expect(MEANING("(= dst (zero_ext 16 src))"), "'zero_ext' to 16 bits from 32");
    expect(MEANING("(= dst (low 33 src))"), "no 33 low bits of 32");
    expect(MEANING("(= dst (extract 32 1 src))"), "no bits 32 to 1 of 32");
    expect(MEANING("(= dst (extract 1 2 src))"), "no bits 1 to 2");
    expect(MEANING("(= dst (replicate 9 src))"), "288 bits are more than 256");
    expect(MEANING("(= dst (bv 1 0))"), "a width is 1 to 256");
    expect(MEANING("(= dst (if true src (bv 0 8)))"), "chooses between 32 bits and 8 bits");
    expect(MEANING("(= dst (if src src src))"), "expected a truth value, not 32 bits");
    expect(MEANING("(= dst (bool->bit (= src 1)))"), "compares 32 bits with a number");
    expect(MEANING("(= dst 1)"), "expected 32 bits, not a number");
    expect(MEANING("(= dst (fp.neg (low 16 src)))"), "floats of 32 or 64 bits, not 16");
}

static void test_names(void **state)
{
    (void)state;
    expect(MEANING("(= dst (bvadd src y))"), "'y' is no operand, flag or name");
    expect(MEANING("(= dst (bvplus src src))"), "'bvplus' is no operator or macro");
    expect(MEANING("(= dst (bvnot src src))"), "'bvnot' takes 1 operands, found 2");
    expect(MEANING("(= dst dst)"), "'dst' has no value before the instruction");
    expect(MEANING("(= src src)"), "'src' is no result");
    expect(MEANING("(= foo src)"), "expected 1 bits");
    expect(MEANING("(= dst src) (= dst src)"), "'dst' is set twice");
    expect(MEANING("(becomes dst src)"), "'becomes' is no statement or macro");
    expect(MEANING("(= dst (store src src))"), "is an effect, not an expression");
    expect(MEANING("(let ((a src) (a src)) (= dst a))"), "'a' is bound already");
    expect(MEANING("(let ((src src)) (= dst src))"), "'src' names something else already");
    expect("(target x64) (macro (m a) (= dst (low 8 a)))" MEANING("(m src)"), "(in macro 'm')");
    expect("(target x64) (macro (m a) (= dst a))" MEANING("(m)"), "takes 1 operands, found 0");
    expect("(target x64) (macro (m) (m))" MEANING("(m)"), "nested too deep");
    expect("(target x64) (macro (e) (bvnot (e)))" MEANING("(= dst (e))"), "nested deeper");
}

static void test_completeness(void **state)
{
    (void)state;
    expect(ROW(""), "'t' has no meaning");
    expect(MEANING("(fence)"), "no equation for 'dst'");
    expect(FLAGGED("(= dst src) (= CF CF)"), "flag ZF is neither set nor undefined");
    expect(FLAGGED("(= dst src) (undefined CF ZF OF)"), "flag OF is not among those");
    expect(FLAGGED("(= dst src) (undefined CF ZF CF)"), "flag CF is set twice");
    expect(FLAGGED("(= dst src) (undefined CF) (= ZF ZF)"), "flag ZF is not among those that the");
    expect(FLAGGED("(= dst (zero_ext 32 (x64-cond cc))) (undefined CF ZF)"),
           "does not read flag OF");
    expect(FLAGGED("(= dst (zero_ext 32 (a64-cond cc))) (undefined CF ZF)"), "the other target");
    expect(MEANING("(= dst src) (trap-if true)"), "in a row with a trap code");
    expect(MEANING("(= dst src) (goto (bv 0 32))"), "differ in being a branch");
    expect("(target x64) (inst s (sizes 4) (operands (mem m) (use src gpr)) (encode \"90\") (asm "
           "\"s\")"
           "(meaning (store m src)))",
           "stores, which its effects don't say");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written),
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_completeness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
