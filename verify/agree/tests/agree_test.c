// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Meanings against the engines: no row and no CLIF instruction may differ, and none may be left out
// but for a reason that is known here. The number of tuples is small; `assay verify --check-specs`
// takes more.

#include "verify/agree/agree.h"
#include "verify/embed/embed.h"

#include <stdio.h>
#include <stdlib.h>

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

// A mistake: text of a meaning and what takes its place.
typedef struct Mistake {
    const char *term, *from, *to;
} Mistake;

// All occurrences of a mistake's text replaced; adds how many to *count.
static Str with_mistake(Arena *arena, Str text, const Mistake *mistake, uint32_t *count)
{
    const size_t len = strlen(mistake->from);
    StrBuf out = {.arena = arena};
    for (size_t i = 0; i < text.len;) {
        if (i + len <= text.len && memcmp(text.data + i, mistake->from, len) == 0) {
            buf_puts(&out, mistake->to);
            i += len;
            ++*count;
        } else {
            buf_char(&out, text.data[i++]);
        }
    }
    return buf_view(&out);
}

static const Mistake *the_mistake; // of the program being read, or NULL
static uint32_t mistakes_made;

// The program of a target with all specifications.
static Isle *program(Arena *arena, Diag *diag, const VerifyText *texts)
{
    Isle *const isle = isle_new(arena, diag);
    VEC(VerifyText) changed = {0};
    for (; texts->path; texts++) {
        Str text = {(const char *)texts->data, texts->len};
        if (the_mistake)
            text = with_mistake(arena, text, the_mistake, &mistakes_made);
        const VerifyText one = {texts->path, (const unsigned char *)text.data, text.len};
        VEC_PUSH(arena, &changed, one);
    }
    VEC_PUSH(arena, &changed, (VerifyText){0});
    assert_int_equal(verify_read(isle, changed.data), STATUS_OK);
    return isle;
}

static uint32_t tuples_wanted(void)
{
    const char *const wanted = getenv("AGREE_TUPLES");
    return wanted ? (uint32_t)strtoul(wanted, NULL, 10) : 48;
}

static AgreeOptions options_of(void)
{
    const char *const filter = getenv("AGREE_FILTER");
    return (AgreeOptions){
        .tuples = tuples_wanted(), .seed = 1, .filter = filter ? str_from(filter) : STR("")};
}

// Prints what differs and what was left out; fails if something differs.
static void judge(const AgreeReport *report, uint32_t least)
{
    uint32_t compared = 0, wrong = 0;
    uint64_t tuples = 0, vague = 0;
    for (uint32_t i = 0; i < report->results.len; i++) {
        const AgreeResult *const result = &report->results.data[i];
        compared += result->tuples != 0;
        wrong += result->mismatches != 0;
        tuples += result->tuples;
        vague += result->vague;
        if (result->mismatches != 0 || result->tuples == 0)
            printf("%.*s by %s: %.*s\n", STR_ARG(result->term), result->by,
                   STR_ARG(result->detail));
    }
    printf("%u of %u terms compared, %llu tuples, %llu vague\n", compared, report->results.len,
           (unsigned long long)tuples, (unsigned long long)vague);
    assert_int_equal(wrong, 0);
    if (!getenv("AGREE_FILTER"))
        assert_true(compared >= least);
}

// What stays uncompared: exactly these meanings, whose values are no engine's to give, and no more
// rows without a meaning. Who makes one comparable takes it out.
static const char *const excused[] = {"debugtrap",      "func_addr",          "get_frame_pointer",
                                      "get_pinned_reg", "get_return_address", "get_stack_pointer",
                                      "set_pinned_reg", "stack_addr",         "symbol_value",
                                      "tls_value"};

enum { ROWS_WITHOUT_MEANING_X64 = 12, ROWS_WITHOUT_MEANING_A64 = 8 };

static void judge_skips(const AgreeReport *report, size_t num_excused, uint32_t without)
{
    size_t found = 0;
    uint32_t rows = 0;
    for (uint32_t i = 0; i < report->results.len; i++) {
        const AgreeResult *const result = &report->results.data[i];
        rows += result->skip == AGREE_NO_MEANING;
        if (result->skip == AGREE_NOTHING)
            fail_msg("%.*s: %.*s", STR_ARG(result->term), STR_ARG(result->detail));
        assert_true((result->skip == AGREE_COMPARED) == (result->tuples != 0));
        if (result->skip != AGREE_EXCUSED)
            continue;
        bool known = false;
        for (size_t e = 0; e < num_excused; e++)
            known = known || str_eq_c(result->term, excused[e]);
        if (!known)
            fail_msg("%.*s is left out", STR_ARG(result->term));
        found++;
    }
    if (getenv("AGREE_FILTER"))
        return;
    assert_int_equal(found, num_excused);
    assert_int_equal(rows, without);
}

static void check_rows(Engine engine, const VerifyText *texts, uint32_t least)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    AgreeReport report = {.arena = &arena};
    const AgreeOptions options = options_of();
    const char *reason = NULL;
    if (agree_rows(program(&arena, &diag, texts), engine, &options, &report, &reason)) {
        judge(&report, least);
        judge_skips(&report, 0,
                    engine == ENGINE_UNICORN_AARCH64 ? ROWS_WITHOUT_MEANING_A64
                                                     : ROWS_WITHOUT_MEANING_X64);
    } else {
        printf("no %s: %s\n", engine_name(engine), reason);
    }
    arena_free(&arena);
}

static void test_rows_native(void **state)
{
    (void)state;
    check_rows(ENGINE_NATIVE, verify_texts_x64, 100);
}

static void test_rows_unicorn_x64(void **state)
{
    (void)state;
    check_rows(ENGINE_UNICORN_X64, verify_texts_x64, 100);
}

static void test_rows_unicorn_aarch64(void **state)
{
    (void)state;
    check_rows(ENGINE_UNICORN_AARCH64, verify_texts_aarch64, 100);
}

// Among so many tuples is the least dividend by -1, of which Unicorn would die.
static void test_divisions(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 4; seed++) {
        Arena arena = {0};
        Diag diag = {.arena = &arena};
        AgreeReport report = {.arena = &arena};
        const AgreeOptions options = {.tuples = 10000, .seed = seed, .filter = STR("div_rm")};
        const char *reason = NULL;
        if (!agree_rows(program(&arena, &diag, verify_texts_x64), ENGINE_UNICORN_X64, &options,
                        &report, &reason))
            skip();
        judge(&report, 2);
        arena_free(&arena);
    }
}

static void test_clif(void **state)
{
    (void)state;
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    AgreeReport report = {.arena = &arena};
    AgreeOptions options = options_of();
    options.tuples *= 10;
    agree_clif(program(&arena, &diag, verify_texts_x64), &options, &report);
    judge(&report, 90);
    judge_skips(&report, sizeof(excused) / sizeof(excused[0]), 0);
    arena_free(&arena);
}

// A meaning with a mistake must differ from what happens.
static void find_mistakes(const Mistake *mistakes, size_t count, Engine engine)
{
    for (size_t i = 0; i < count; i++) {
        Arena arena = {0};
        Diag diag = {.arena = &arena};
        AgreeReport report = {.arena = &arena};
        const AgreeOptions options = {
            .tuples = 2000, .seed = 7, .filter = str_from(mistakes[i].term)};
        const bool a64 = engine == ENGINE_UNICORN_AARCH64;
        const char *reason = NULL;
        uint64_t mismatches = 0;
        the_mistake = &mistakes[i];
        mistakes_made = 0;
        Isle *const isle = program(&arena, &diag, a64 ? verify_texts_aarch64 : verify_texts_x64);
        the_mistake = NULL;
        assert_true(mistakes_made != 0);
        if (engine == ENGINE_INTERP)
            agree_clif(isle, &options, &report);
        else if (!agree_rows(isle, engine, &options, &report, &reason))
            skip();
        for (uint32_t r = 0; r < report.results.len; r++)
            mismatches += report.results.data[r].mismatches;
        if (mismatches == 0)
            fail_msg("%s: nobody saw %s for %s", mistakes[i].term, mistakes[i].to,
                     mistakes[i].from);
        arena_free(&arena);
    }
}

static void test_clif_mistakes(void **state)
{
    (void)state;
    static const Mistake mistakes[] = {
        {"iadd", "(= result (bvadd x y))", "(= result (bvsub x y))"},
        {"sshr", "(bvashr x (amount! x y))", "(bvlshr x (amount! x y))"},
        {"ishl", "(int2bv 128 (- (widthof x) 1))", "(int2bv 128 63)"},
        {"sdiv", "(trap-if (and (= x (sign_mask!", "(trap-if (and (= y (sign_mask!"},
        {"udiv", "(trap-if (= y (zero! y)) (TRAP_INT_DIVZ!)) (= result (bvudiv",
         "(trap-if (= y (zero! y)) (TRAP_INT_OVF!)) (= result (bvudiv"},
        {"icmp", "((INTCC_ULE!) (bvule x y))", "((INTCC_ULE!) (bvult x y))"},
        {"fcmp", "((FLOATCC_UGT!) (or (fp_unordered! x y) (fp.gt x y)))",
         "((FLOATCC_UGT!) (fp.gt x y))"},
        {"fmin", "(fp.min x y)", "(if (fp.lt x y) x y)"},
        {"fneg", "(bvxor x (sign_mask! (widthof x)))", "(fp.sub (fp.+zero (widthof x)) x)"},
        {"fcvt_to_uint", "(fp.ge (fp.trunc x) (fp.+zero (widthof x)))",
         "(fp.ge x (fp.+zero (widthof x)))"},
        {"load", "(if (access_big! flags) (bswap x) x)", "x"},
        {"store", "(macro (access_trap flags) (extract 7 0 flags))",
         "(macro (access_trap flags) #x01)"},
        {"uadd_overflow_cin", "(if (= c #x00)", "(if (= c #x02)"},
        {"brif", "(goto (if (= c (zero! c)) #x00000001 #x00000000))", "(goto #x00000000)"},
        {"atomic_rmw", "((ATOMIC_SMAX!) (if (bvsgt old x) old x))",
         "((ATOMIC_SMAX!) (if (bvugt old x) old x))"},
    };
    find_mistakes(mistakes, sizeof(mistakes) / sizeof(mistakes[0]), ENGINE_INTERP);
}

static void test_row_mistakes(void **state)
{
    (void)state;
    static const Mistake x64[] = {
        {"x64_sub_rm", "(bvult src1_v src2_v)", "(bvule src1_v src2_v)"},
        {"x64_add_rm", "(zero_ext 64 (bvadd src1_v src2_v))", "(conv_to 64 (bvsub src1_v src2_v))"},
        {"x64_add_rm", "(zero_ext 64 (bvadd src1_v src2_v))",
         "(sign_ext 64 (bvadd src1_v src2_v))"},
        {"x64_setcc", "(#b110 (bvxor (:SF flags) (:OF flags)))", "(#b110 (:SF flags))"},
        {"x64_idiv_rm", "(bvsdiv n d)", "(bvudiv n d)"},
        {"x64_mov_store", "(store (:address dst) src_v (:trap dst))",
         "(store (:address dst) (bvnot src_v) (:trap dst))"},
        {"x64_minx", "(if (fp.lt src1_v src2_v) src1_v src2_v)", "(fp.min src1_v src2_v)"},
        {"x64_bt_rr", "(low! 1 (bvlshr src_v", "(msb! (bvlshr src_v"},
    };
    static const Mistake a64[] = {
        {"a64_subs_rr", "(bvuge rn_v rm_v)", "(bvugt rn_v rm_v)"},
        {"a64_ubfm", "(bvuge imms_v immr_v)", "(bvugt imms_v immr_v)"},
        {"a64_csel", "(#b100 (bvand (:C flags) (bvnot (:Z flags))))", "(#b100 (:C flags))"},
        {"a64_fcvtzu_d", "(fp.to_ubv_sat", "(fp.to_sbv_sat"},
    };
    find_mistakes(x64, sizeof(x64) / sizeof(x64[0]), ENGINE_UNICORN_X64);
    find_mistakes(a64, sizeof(a64) / sizeof(a64[0]), ENGINE_UNICORN_AARCH64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clif),
        cmocka_unit_test(test_clif_mistakes),
        cmocka_unit_test(test_row_mistakes),
        cmocka_unit_test(test_rows_native),
        cmocka_unit_test(test_rows_unicorn_x64),
        cmocka_unit_test(test_rows_unicorn_aarch64),
        cmocka_unit_test(test_divisions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
