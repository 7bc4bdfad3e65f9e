// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Keys are the same for questions that differ in names and order, and differ for all others;
// answers come back from the cache as the solver gave them.

// clang-format off
#include <stddef.h>
#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include "verify/ledger/ledger.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BUDGET = 4000000 };

static Expr var(ExprPool *pool, const char *name, uint32_t width)
{
    return expr_var(pool, str_from(name), sort_bv(width));
}

static LedgerKey key(ExprPool *pool, const Expr *list, uint32_t count)
{
    LedgerRoot roots[8];
    assert_true(count <= 8);
    for (uint32_t i = 0; i < count; i++)
        roots[i] = (LedgerRoot){list[i], i == 0};
    return ledger_question(pool, roots, count, pool->arena).key;
}

// x + y < z and x = 3z, with nodes made in an order and with names that `turned` chooses.
static LedgerKey turned_key(Arena *arena, bool turned)
{
    ExprPool *const pool = expr_pool_new(arena);
    Expr x, y, z;
    if (turned) {
        z = var(pool, "a", 32);
        expr_2(pool, EXPR_BVXOR, z, expr_bv(pool, 32, 77)); // reached by no condition
        y = var(pool, "b", 32);
        x = var(pool, "c", 32);
    } else {
        x = var(pool, "x", 32);
        y = var(pool, "y", 32);
        z = var(pool, "z", 32);
    }
    const Expr three = expr_bv(pool, 32, 3);
    const Expr equal = turned ? expr_eq(pool, expr_2(pool, EXPR_BVMUL, z, three), x)
                              : expr_eq(pool, x, expr_2(pool, EXPR_BVMUL, three, z));
    const Expr less = expr_2(pool, EXPR_BVULT, expr_2(pool, EXPR_BVADD, x, y), z);
    const Expr even = expr_eq(pool, expr_extract(pool, 0, 0, y), expr_bv(pool, 1, 0));
    const Expr list[] = {less, turned ? even : equal, turned ? equal : even};
    return key(pool, list, 3);
}

static void order_and_names_make_no_key(void **unused)
{
    (void)unused;
    Arena arena = {0};
    assert_true(ledger_key_equal(turned_key(&arena, false), turned_key(&arena, true)));
    arena_free(&arena);
}

// Six variables in one ring, or in two of three: every place looks the same from near by, so that
// only the graph as a whole tells them apart.
static LedgerKey ring_key(Arena *arena, uint32_t ring)
{
    ExprPool *const pool = expr_pool_new(arena);
    Expr x[6];
    for (uint32_t i = 0; i < 6; i++)
        x[i] = var(pool, "x", 8);
    Expr links[6];
    for (uint32_t i = 0; i < 6; i++) {
        const uint32_t next = i / ring * ring + (i % ring + 1) % ring;
        links[i] = expr_2(pool, EXPR_BVULT, x[i], x[next]);
    }
    return key(pool, links, 6);
}

static void all_differences_make_keys(void **unused)
{
    (void)unused;
    Arena arena = {0};
    ExprPool *const pool = expr_pool_new(&arena);
    const Expr x = var(pool, "x", 32), y = var(pool, "y", 32), narrow = var(pool, "n", 16);
    const Expr different[] = {
        expr_2(pool, EXPR_BVULT, x, y),
        expr_2(pool, EXPR_BVULE, x, y),
        expr_2(pool, EXPR_BVSLT, x, y),
        expr_2(pool, EXPR_BVULT, x, expr_zero_ext(pool, 32, narrow)),
        expr_2(pool, EXPR_BVULT, expr_zero_ext(pool, 32, narrow), x),
        expr_2(pool, EXPR_BVULT, x, expr_sign_ext(pool, 32, narrow)),
        expr_2(pool, EXPR_BVULT, narrow, expr_extract(pool, 15, 0, x)),
        expr_2(pool, EXPR_BVULT, narrow, expr_extract(pool, 16, 1, x)),
        expr_2(pool, EXPR_BVULT, x, expr_bv(pool, 32, 5)),
        expr_2(pool, EXPR_BVULT, x, expr_bv(pool, 32, 6)),
        expr_2(pool, EXPR_BVULT, narrow, expr_bv(pool, 16, 5)),
        expr_2(pool, EXPR_BVULT, x, expr_2(pool, EXPR_BVSUB, x, y)),
        expr_2(pool, EXPR_BVULT, x, expr_2(pool, EXPR_BVSUB, y, x)),
    };
    enum { COUNT = sizeof(different) / sizeof(different[0]) };
    LedgerKey keys[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        keys[i] = key(pool, &different[i], 1);
        for (uint32_t j = 0; j < i; j++)
            assert_false(ledger_key_equal(keys[i], keys[j]));
    }
    // What is assumed and what is to be proved are not the same.
    const Expr there[] = {different[0], different[8]}, back[] = {different[8], different[0]};
    assert_false(ledger_key_equal(key(pool, there, 2), key(pool, back, 2)));
    assert_false(ledger_key_equal(key(pool, there, 2), key(pool, there, 1)));
    assert_false(ledger_key_equal(ring_key(&arena, 6), ring_key(&arena, 3)));
    arena_free(&arena);
}

static void keys_are_read_as_written(void **unused)
{
    (void)unused;
    Arena arena = {0};
    StrBuf text = {.arena = &arena};
    const LedgerKey some = ledger_key_of(STR("some text"));
    LedgerKey read;
    ledger_key_print(some, &text);
    assert_int_equal(text.len, 32);
    assert_true(ledger_key_read(buf_view(&text), &read));
    assert_true(ledger_key_equal(some, read));
    assert_false(ledger_key_read(STR("12"), &read));
    assert_false(ledger_key_read(STR("0123456789abcdeF0123456789abcdef"), &read));
    arena_free(&arena);
}

// ---- The cache ----

typedef struct Fixture {
    Arena arena;
    char folder[32];
    const char *path;
} Fixture;

static void fixture_make(Fixture *f)
{
    *f = (Fixture){.folder = "/tmp/ledger-XXXXXX"};
    assert_non_null(mkdtemp(f->folder));
    f->path = str_printf(&f->arena, "%s/answers.sqlite", f->folder).data;
}

static void fixture_drop(Fixture *f)
{
    unlink(f->path);
    // What SQLite leaves beside a file that it may not write to.
    unlink(str_printf(&f->arena, "%s-shm", f->path).data);
    unlink(str_printf(&f->arena, "%s-wal", f->path).data);
    assert_int_equal(rmdir(f->folder), 0);
    arena_free(&f->arena);
}

// x * y = product, both of them more than one, at 32 bits without overflow.
static SmtResult factors(LedgerCache *cache, Arena *arena, uint64_t product, uint64_t budget,
                         uint64_t *found)
{
    ExprPool *const pool = expr_pool_new(arena);
    const Expr x = var(pool, "x", 16), y = var(pool, "y", 16);
    const Expr wide =
        expr_2(pool, EXPR_BVMUL, expr_zero_ext(pool, 32, x), expr_zero_ext(pool, 32, y));
    const Expr conditions[] = {expr_eq(pool, wide, expr_bv(pool, 32, product)),
                               expr_2(pool, EXPR_BVULT, expr_bv(pool, 16, 1), x),
                               expr_2(pool, EXPR_BVULE, x, y)};
    const LedgerAsk how = {.conditions = conditions, .count = 3, .budget = budget};
    const SmtResult answer = ledger_ask(cache, pool, &how, arena);
    *found = 0;
    if (answer.verdict == SMT_SAT)
        *found = answer.model[x.index].bits.w[0] * answer.model[y.index].bits.w[0];
    return answer;
}

static void answers_come_back(void **unused)
{
    (void)unused;
    Fixture f;
    fixture_make(&f);
    for (uint32_t round = 0; round < 3; round++) {
        LedgerCache *const cache = round == 0 ? NULL : ledger_cache_open(&f.arena, f.path);
        uint64_t found;
        assert_true((cache != NULL) == (round != 0));
        assert_int_equal(factors(cache, &f.arena, 15, BUDGET, &found).verdict, SMT_SAT);
        assert_int_equal(found, 15);
        assert_int_equal(factors(cache, &f.arena, 17, BUDGET, &found).verdict, SMT_UNSAT);
        ledger_cache_close(cache);
    }
    fixture_drop(&f);
}

// What was given up is asked again only with more steps, what was decided never.
static void the_solver_is_not_asked_again(void **unused)
{
    (void)unused;
    Fixture f;
    fixture_make(&f);
    LedgerCache *const cache = ledger_cache_open(&f.arena, f.path);
    uint64_t found;
    // Far more work than the budget allows: given up, and so again with less, but not with more.
    const SmtResult first = factors(cache, &f.arena, 4293001441, 20, &found);
    assert_int_equal(first.verdict, SMT_UNKNOWN);
    const SmtResult again = factors(cache, &f.arena, 4293001441, 10, &found);
    assert_int_equal(again.verdict, SMT_UNKNOWN);
    // Of the first time, but no dearer than half the budget would have been.
    assert_true(again.steps > 1);
    assert_int_equal(again.steps, first.steps / 2);
    assert_int_equal(factors(cache, &f.arena, 4293001441, 0, &found).verdict, SMT_SAT);
    assert_int_equal(found, 4293001441);
    // Now it is known, and no budget is too small.
    assert_int_equal(factors(cache, &f.arena, 4293001441, 1, &found).verdict, SMT_SAT);
    assert_int_equal(found, 4293001441);
    ledger_cache_close(cache);
    fixture_drop(&f);
}

static void a_file_that_is_no_cache_is_left_alone(void **unused)
{
    (void)unused;
    Arena arena = {0};
    assert_null(ledger_cache_open(&arena, "/nowhere/at/all.sqlite"));
    arena_free(&arena);
}

static Str file_bytes(Arena *arena, const char *path)
{
    FILE *const file = fopen(path, "rb");
    assert_non_null(file);
    StrBuf out = {.arena = arena};
    for (int c; (c = fgetc(file)) != EOF;)
        buf_char(&out, (char)c);
    fclose(file);
    return buf_view(&out);
}

// Zeros in the place of all pages but the first, whose header stays good.
static void damage(const char *path, size_t len)
{
    enum { PAGE = 4096 };
    FILE *const file = fopen(path, "r+b");
    assert_non_null(file);
    assert_true(len > PAGE);
    fseek(file, PAGE, SEEK_SET);
    for (size_t i = PAGE; i < len; i++)
        fputc(0, file);
    fclose(file);
}

static void a_damaged_file_is_named_and_kept(void **unused)
{
    (void)unused;
    Fixture f;
    fixture_make(&f);
    uint64_t found;
    assert_true(ledger_cache_is_sound(f.path)); // there is none
    LedgerCache *const cache = ledger_cache_open(&f.arena, f.path);
    factors(cache, &f.arena, 15, BUDGET, &found);
    assert_true(ledger_cache_is_sound(f.path)); // while it is in use
    ledger_cache_close(cache);
    assert_true(ledger_cache_is_sound(f.path));
    damage(f.path, file_bytes(&f.arena, f.path).len);
    const Str before = file_bytes(&f.arena, f.path);
    assert_false(ledger_cache_is_sound(f.path));
    assert_true(str_eq(before, file_bytes(&f.arena, f.path)));
    FILE *const text = fopen(f.path, "wb");
    fputs("no database, but some text that is longer than a header of one hundred bytes would be, "
          "which is what SQLite looks at first\n",
          text);
    fclose(text);
    assert_false(ledger_cache_is_sound(f.path));
    fixture_drop(&f);
}

static void change_rows(const char *path, const char *statement)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, statement, NULL, NULL, NULL), SQLITE_OK);
    assert_true(sqlite3_changes(db) != 0);
    sqlite3_close(db);
}

// A row that is not as it was stored is no answer, however well it fits: it is asked again.
static void changed_rows_are_no_answers(void **unused)
{
    (void)unused;
    static const char *const changes[] = {"UPDATE answers SET verdict = 1 - verdict",
                                          "UPDATE answers SET budget = budget + 1",
                                          "UPDATE answers SET model = zeroblob(length(model))",
                                          "UPDATE answers SET steps = steps + 1000000"};
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        Fixture f;
        fixture_make(&f);
        uint64_t found, steps = 0;
        for (uint32_t round = 0; round < 2; round++) {
            LedgerCache *const cache = ledger_cache_open(&f.arena, f.path);
            const SmtResult sat = factors(cache, &f.arena, 15, BUDGET, &found);
            assert_int_equal(sat.verdict, SMT_SAT);
            assert_int_equal(found, 15);
            assert_true(round == 0 || sat.steps == steps);
            steps = sat.steps;
            ledger_cache_close(cache);
            if (round == 0)
                change_rows(f.path, changes[i]);
        }
        fixture_drop(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(order_and_names_make_no_key),
                                       cmocka_unit_test(all_differences_make_keys),
                                       cmocka_unit_test(keys_are_read_as_written),
                                       cmocka_unit_test(answers_come_back),
                                       cmocka_unit_test(the_solver_is_not_asked_again),
                                       cmocka_unit_test(a_file_that_is_no_cache_is_left_alone),
                                       cmocka_unit_test(a_damaged_file_is_named_and_kept),
                                       cmocka_unit_test(changed_rows_are_no_answers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
