// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ledger of proofs: it holds as long as nothing changes that a proof depends on, names the
// rules whose proofs a change touches and no others, and never lets more rules go without a proof.

// clang-format off
#include <stddef.h>
#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include "verify/tests/rule_program.h"
#include "verify/verify.h"

#include <stdio.h>

// `text` with the first `from` replaced by `to`; `from` NULL: unchanged.
static Str edit(Arena *arena, Str text, const char *from, const char *to)
{
    if (!from)
        return text;
    const size_t at = str_find(text, str_from(from)), len = strlen(from);
    assert_true(at != SIZE_MAX);
    StrBuf out = {.arena = arena};
    buf_str(&out, (Str){text.data, at});
    buf_puts(&out, to);
    buf_str(&out, (Str){text.data + at + len, text.len - at - len});
    return buf_view(&out);
}

typedef struct Checked {
    Isle *isle;
    const VerifyReport *report;
} Checked;

static Checked run(Arena *arena, Str text, bool keys_only, uint32_t jobs)
{
    Isle *const isle = program_of(arena, text);
    const VerifyOptions options = {.jobs = jobs, .keys_only = keys_only};
    return (Checked){isle, verify_run(isle, &options, arena)};
}

static Str program(Arena *arena)
{
    return read_file(arena, VERIFY_TESTS "/pass/identities.isle");
}

static Str ledger_of(Arena *arena, Str rules)
{
    bool over;
    const Checked found = run(arena, rules, false, 1);
    const Str text = verify_ledger_text(found.isle, found.report, "test", (Str){0}, arena, &over);
    assert_false(over);
    return text;
}

// The messages of a check, a line each.
static Str complaints(Arena *arena, Str rules, Str ledger)
{
    Diag diag = {.arena = arena};
    Source source = {.path = STR("proofs.txt"), .text = ledger};
    const Checked found = run(arena, rules, true, 1);
    verify_ledger_check(found.isle, found.report, &source, &diag);
    StrBuf out = {.arena = arena};
    for (uint32_t i = 0; i < diag.messages.len; i++) {
        diag_format(&diag.messages.data[i], &out);
        buf_char(&out, '\n');
    }
    return buf_view(&out);
}

static void unproved_changes_are_named(void **unused)
{
    (void)unused;
    static const struct {
        const char *from, *to; // an edit of the rules
        const char *named;     // what the one complaint says; NULL: there is none
    } edits[] = {
        {NULL, NULL, NULL},
        // Neither place nor words.
        {"(decl simplify", ";; a comment\n\n(decl simplify", NULL},
        {"(rule same 1 (simplify (sub ty (add ty x y) y)) x)",
         "(rule same 1 (simplify (sub t (add t a b) b)) a)", NULL},
        // A rule, its meaning, its priority, and others like it.
        {"(add ty (add ty x y) z)", "(add ty (add ty x y) y)", "`sum3_add`"},
        {"(add ty y x)", "(sub ty y x)", "`swap`"},
        {"(= result (bvadd x y z))", "(= result (bvadd x y y))", "`sum3_add`"},
        {"(match (bvuge n (int2bv 64 8)))", "(match (bvugt n (int2bv 64 8)))", "`small_"},
        {"  ((args (named Type) (bv 8) (bv 8) (bv 8)) (ret (bv 8)))\n", "", "`sum3_add`"},
        {"(rule twice_small 0 (twice ty x) (add ty x x))",
         "(rule twice_small 0 (twice ty x) (sub ty x x))", "`twice_small`"},
        {"(rule self 2 (simplify (band _ x x)) x)", "", "there is no rule `self`"},
        {"(rule swap 0", "(rule swapped 0", "`swapped` is not in the ledger"},
    };
    Arena arena = {0};
    const Str rules = program(&arena), ledger = ledger_of(&arena, rules);
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        if (edits[i].from && str_find(rules, str_from(edits[i].from)) == SIZE_MAX)
            fail_msg("edit %zu changes nothing", i);
        const Str said =
            complaints(&arena, edit(&arena, rules, edits[i].from, edits[i].to), ledger);
        if (!edits[i].named && said.len != 0)
            fail_msg("edit %zu: %.*s", i, STR_ARG(said));
        if (edits[i].named && str_find(said, str_from(edits[i].named)) == SIZE_MAX)
            fail_msg("edit %zu: not \"%s\" but %.*s", i, edits[i].named, STR_ARG(said));
        if (edits[i].named && str_find(said, STR("`zero`")) != SIZE_MAX)
            fail_msg("edit %zu has nothing to do with `zero`: %.*s", i, STR_ARG(said));
    }
    arena_free(&arena);
}

// Rules that are not there may be proved or not: they are new either way.
static void new_rules_are_named(void **unused)
{
    (void)unused;
    Arena arena = {0};
    const Str rules = program(&arena), ledger = ledger_of(&arena, rules);
    const Str more = edit(&arena, rules, "(rule self 2",
                          "(rule third 6 (simplify (band ty x (band ty x y))) (band ty x y))\n"
                          "(rule self 2");
    const Str said = complaints(&arena, more, ledger);
    assert_true(str_find(said, STR("rules.isle:")) == 0);
    assert_true(str_find(said, STR("rule `third` is not in the ledger")) != SIZE_MAX);
    // The names of the two that it takes inputs from, and of no other.
    assert_true(str_find(said, STR("`zero`")) == SIZE_MAX);
    assert_true(str_find(said, STR("`sum3_add`")) == SIZE_MAX);
    arena_free(&arena);
}

static void ledgers_do_not_depend_on_workers(void **unused)
{
    (void)unused;
    Arena arena = {0};
    Str texts[2];
    for (uint32_t i = 0; i < 2; i++) {
        bool over;
        const Checked found = run(&arena, program(&arena), false, 1 + 2 * i);
        texts[i] = verify_ledger_text(found.isle, found.report, "test", (Str){0}, &arena, &over);
    }
    assert_true(str_eq(texts[0], texts[1]));
    assert_true(str_find(texts[0], STR("\nunproved 0\n")) != SIZE_MAX);
    arena_free(&arena);
}

// The forms at the outside of a text, rules in the opposite order behind all others.
static Str rules_reversed(Arena *arena, Str text)
{
    VEC(Str) rules = {0};
    StrBuf out = {.arena = arena};
    size_t start = 0;
    int depth = 0;
    bool comment = false;
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.data[i];
        comment = c == '\n' ? false : comment || c == ';';
        if (comment)
            continue;
        if (c == '(' && depth++ == 0)
            start = i;
        if (c != ')' || --depth != 0)
            continue;
        const Str form = {text.data + start, i + 1 - start};
        if (str_starts_with(form, STR("(rule ")))
            VEC_PUSH(arena, &rules, form);
        else
            buf_str(&out, form);
        buf_char(&out, '\n');
    }
    while (rules.len != 0) {
        buf_str(&out, rules.data[--rules.len]);
        buf_char(&out, '\n');
    }
    return buf_view(&out);
}

static void verdicts_do_not_depend_on_order(void **unused)
{
    (void)unused;
    static const char *const files[] = {"/pass/identities.isle", "/broken/identities.isle",
                                        "/broken/machine.isle", "/broken/unmatched.isle"};
    for (size_t f = 0; f < sizeof(files) / sizeof(files[0]); f++) {
        Arena arena = {0};
        const Str text = read_file(&arena, str_printf(&arena, "%s%s", VERIFY_TESTS, files[f]).data);
        const Checked one = run(&arena, text, false, 1);
        const Checked other = run(&arena, rules_reversed(&arena, text), false, 1);
        assert_int_equal(one.report->num_rules, other.report->num_rules);
        const uint32_t last = one.report->num_rules - 1;
        for (uint32_t r = 0; r <= last; r++) {
            const Str label = one.isle->rules.data[r].label;
            uint32_t found = 0;
            while (found < last && !str_eq(other.isle->rules.data[found].label, label))
                found++;
            assert_true(str_eq(other.isle->rules.data[found].label, label));
            if (one.report->rules[r].verdict != other.report->rules[found].verdict)
                fail_msg("%s: %.*s is %s or %s", files[f], STR_ARG(label),
                         verify_rule_name(one.report->rules[r].verdict),
                         verify_rule_name(other.report->rules[found].verdict));
        }
        arena_free(&arena);
    }
}

static void unproved_rules_only_get_fewer(void **unused)
{
    (void)unused;
    Arena arena = {0};
    bool over;
    const Str good = program(&arena);
    const Str bad = edit(&arena, good, "(add ty y x)", "(sub ty y x)");
    const Checked proved = run(&arena, good, false, 1), refuted = run(&arena, bad, false, 1);
    const Str one =
        verify_ledger_text(refuted.isle, refuted.report, "test", (Str){0}, &arena, &over);
    assert_false(over);
    assert_true(str_find(one, STR("\nunproved 1\n")) != SIZE_MAX);
    assert_int_equal(complaints(&arena, bad, one).len, 0);
    const Str none = verify_ledger_text(proved.isle, proved.report, "test", one, &arena, &over);
    assert_false(over);
    assert_true(str_find(none, STR("\nunproved 0\n")) != SIZE_MAX);
    const Str again = verify_ledger_text(refuted.isle, refuted.report, "test", none, &arena, &over);
    assert_true(over);
    assert_true(str_find(again, STR("\nunproved 0\n")) != SIZE_MAX);
    const Str said = complaints(&arena, bad, again);
    assert_true(str_find(said, STR("proofs.txt:3:1: error: 1 rules are without a proof")) == 0);
    arena_free(&arena);
}

static void damaged_ledgers_are_rejected(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *message;
    } ledgers[] = {
        {"", "proofs.txt:1:1: error: a ledger begins with"},
        {"# only a comment\n", "a ledger begins with"},
        {"unproved\n", "proofs.txt:1:1: error: a ledger begins with"},
        {"unproved 1x\n", "a ledger begins with"},
        {"unproved 0\nswap\n", "proofs.txt:2:1: error: this is not RULE VERDICT KEY"},
        {"unproved 0\nswap proved 12\n", "this is not RULE VERDICT KEY"},
        {"unproved 0\nswap good 00000000000000000000000000000000\n", "this is not RULE"},
        {"unproved 0\nswap proved 00000000000000000000000000000000\n"
         "swap proved 00000000000000000000000000000000\n",
         "proofs.txt:3:1: error: rule `swap` stands here twice"},
    };
    Arena arena = {0};
    for (size_t i = 0; i < sizeof(ledgers) / sizeof(ledgers[0]); i++) {
        const Str said = complaints(&arena, program(&arena), str_from(ledgers[i].text));
        if (str_find(said, str_from(ledgers[i].message)) == SIZE_MAX)
            fail_msg("ledger %zu: %.*s", i, STR_ARG(said));
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(unproved_changes_are_named),
                                       cmocka_unit_test(new_rules_are_named),
                                       cmocka_unit_test(ledgers_do_not_depend_on_workers),
                                       cmocka_unit_test(verdicts_do_not_depend_on_order),
                                       cmocka_unit_test(unproved_rules_only_get_fewer),
                                       cmocka_unit_test(damaged_ledgers_are_rejected)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
