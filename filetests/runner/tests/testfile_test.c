// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a test file may say: its head, its commands, its directives, and mistakes in them; bless.

#include "filetests/runner/tests/harness.h"

#define EMPTY "\nfunction %f() {\nblock0:\n    return\n}\n"

// Runs one file of this text and returns the report.
static const char *run_text(Fixture *f, const char *text)
{
    fixture_write(f, "t.clif", text);
    return fixture_run(f);
}

static void assert_passes(Fixture *f, const char *text)
{
    const char *report = run_text(f, text);
    if (f->outcome != RUNNER_PASSED || f->summary.files[TEST_PASS] != 1)
        fail_msg("%s\n%s", text, report);
}

static void assert_fails(Fixture *f, const char *text, const char *part)
{
    const char *report = run_text(f, text);
    if (f->summary.files[TEST_FAIL] != 1)
        fail_msg("passes:\n%s", text);
    assert_contains(report, part);
}

// ---- The head ----

static void head_of_a_file(void **state)
{
    Fixture *f = *state;
    assert_fails(f, "test cats\n" EMPTY,
                 "t.clif:1:6: parse\n    unknown test command 'cats'; did you "
                 "mean 'cat'?");
    assert_fails(f, "test cat precise-outptu\n" EMPTY, "did you mean 'precise-output'?");
    assert_fails(f, "test run\n" EMPTY, "'test run' needs a 'target' line");
    assert_fails(f, "test cat\ntarget x86_64\nset opt_level=speed\n" EMPTY, "has no effect");
    assert_fails(f, "test cat\nset opt_level=fast\n" EMPTY, "t.clif:2:");
    assert_fails(f, "test cat\ntarget x86_64 has_axv\n" EMPTY, "t.clif:2:");
    assert_fails(f, "test cat\n", "t.clif");
    assert_fails(f, EMPTY, "t.clif");
    assert_passes(f, "test cat\nset opt_level=speed\ntarget x86_64 has_avx\nset is_pic\n"
                     "target aarch64\n" EMPTY);
    const char *report = run_text(f, "test cat\ntarget i686\n" EMPTY);
    assert_int_equal(f->summary.files[TEST_UNSUPPORTED], 1);
    assert_contains(report, "unknown architecture in 'i686'");
}

// ---- Mistakes in directives ----

static void misspelt_directives(void **state)
{
    Fixture *f = *state;
    static const char *const wrong[][2] = {
        {"chekc", "check"},     {"chck", "check"},     {"CHECK", "check"},
        {"nextline", "nextln"}, {"samelin", "sameln"}, {"unorderd", "unordered"},
        {"nto", "not"},         {"regexp", "regex"},   {"rnu", "run"},
        {"pirnt", "print"},     {"xfial", "xfail"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const Str text = str_printf(&f->arena, "%s; %s: return\n", "test cat\n" EMPTY, wrong[i][0]);
        const Str hint = str_printf(&f->arena, "did you mean '%s:'?", wrong[i][1]);
        assert_fails(f, text.data, hint.data);
    }
}

static void prose_is_no_directive(void **state)
{
    Fixture *f = *state;
    static const char *const prose[] = {"NOTE",  "note",  "node",  "See",    "Checks", "checks",
                                        "point", "paint", "runs",  "sun",    "errors", "help",
                                        "heat",  "https", "store", "trap",   "nop",    "net",
                                        "Check", "Run",   "index", "example"};
    for (size_t i = 0; i < sizeof(prose) / sizeof(prose[0]); i++) {
        const Str text =
            str_printf(&f->arena, "%s;; %s: something\n", "test cat\n" EMPTY, prose[i]);
        assert_passes(f, text.data);
    }
}

static void dead_checks(void **state)
{
    Fixture *f = *state;
    assert_fails(f, "test verifier\n" EMPTY "; check: return\n",
                 "no command of this file looks at 'check:'");
    const char *report = run_text(f, "test cat\n" EMPTY "; run: %f() == 1\n");
    assert_int_equal(f->summary.files[TEST_PASS], 1);
    assert_contains(report, "t.clif:7: warning: no command of this file looks at 'run:'");
    report = run_text(f, "test cat\n" EMPTY "; check:return\n");
    assert_contains(report, "warning: 'check:' without a blank behind it is no directive");
}

// ---- Commands ----

static void check_directives(void **state)
{
    Fixture *f = *state;
    assert_passes(f, "test cat\n" EMPTY "; sameln: function %f() fast {\n; nextln: block0:\n");
    assert_fails(f, "test cat\n" EMPTY "; check: block1\n",
                 "t.clif:7: cat %f: check: block1\n    not found\n");
    assert_fails(f, "; check: $(=a*?)\ntest cat\n" EMPTY, "lazy quantifiers are not supported");
    // Those before the first function hold for each.
    assert_fails(f, "; check: %f\ntest cat\n" EMPTY "\nfunction %g() {\n}\n", "cat %g");
}

static void print_cfg(void **state)
{
    Fixture *f = *state;
    assert_passes(f, "test print-cfg precise-output\n\n"
                     "function %f(i32) {\n"
                     "block0(v0: i32):\n    brif v0, block1, block1\n\n"
                     "block1:\n    return\n}\n\n"
                     "; digraph \"%f\" {\n"
                     ";     {rank=min; block0}\n"
                     ";     block0 [shape=record, label=\"{block0(v0: i32):\n"
                     ";  | <inst0>brif v0, block1, block1\n"
                     "; }\"]\n"
                     ";     block1 [shape=record, label=\"{block1:\n"
                     ";  | <inst1>return\n"
                     "; }\"]\n"
                     ";     block0:inst0 -> block1\n"
                     "; }\n");
}

#define DIAMOND(first, second)                                       \
    "test domtree\n\nfunction %f(i32) {\nblock0(v0: i32):\n"         \
    "    brif v0, block1, block2 ; dominates: " first "\n"           \
    "block1:\n    jump block3\nblock2:\n    jump block3" second "\n" \
    "block3:\n    return\nblock4:\n    return\n}\n"

static void domtree(void **state)
{
    Fixture *f = *state;
    assert_passes(f, DIAMOND("block1 block3 block2", "") "; check: cfg_postorder: block3\n"
                                                         "; nextln: domtree_preorder {\n"
                                                         "; nextln: block0:$()\n");
    assert_fails(f, DIAMOND("block1 block2", ""),
                 "no annotation says that block0 dominates block3");
    assert_fails(f, DIAMOND("block1 block2", " ; dominates: block3"),
                 "the immediate dominator of block3 is block0, not block2");
    assert_fails(f, DIAMOND("block1 block2 block3 block3", ""), "named by two annotations");
    assert_fails(f, DIAMOND("block1 block2 block3 block4", ""), "block4 is unreachable");
    assert_fails(f, DIAMOND("block0 block1 block2 block3", ""), "block0 is the entry block");
    assert_fails(f, DIAMOND("block1 block2 block3 block9", ""), "there is no block9");
}

static void verifier(void **state)
{
    Fixture *f = *state;
    const char *wrong = "test verifier\n\nfunction %f(i32) {\nblock0(v0: i32):\n"
                        "    v1 = iconst.i64 1\n    v2 = iadd v0, v1\n    return\n}\n";
    assert_fails(f, wrong, "unexpected error at inst1");
    assert_passes(f, "test verifier\n\nfunction %f(i32) {\nblock0(v0: i32):\n"
                     "    v1 = iconst.i64 1\n    v2 = iadd v0, v1 ; error: has type i64\n"
                     "    return\n}\n");
    assert_fails(f, "test verifier\n\nfunction %f() {\nblock0: ; error: anything\n    return\n}\n",
                 "no such error at block0: anything");
    // One error meets one annotation only.
    assert_fails(f,
                 "test verifier\n\nfunction %f(i32) {\nblock0(v0: i32):\n"
                 "    v1 = iconst.i64 1\n    v2 = iadd v0, v1 ; error: has type i64\n"
                 "                ; error: has type i64\n    return\n}\n",
                 "no such error at inst1");
    assert_fails(f,
                 "test interpret\n\nfunction %f(i32) {\nblock0(v0: i32):\n"
                 "    v1 = iconst.i64 1\n    v2 = iadd v0, v1\n    return\n}\n",
                 "validate %f");
}

// ---- Run directives ----

static void run_directives(void **state)
{
    Fixture *f = *state;
    assert_passes(
        f, IDENTITY("; run: %same(5) == 5\n; run: %same(5) != 6\n;; run: %same(-1) == -1\n"));
    assert_contains(run_text(f, IDENTITY("; print: %same(7)\n")), "note: print: %same(7) -> 7\n");
    assert_fails(f, IDENTITY("; run: %same(5) != 5\n"), "expected anything but 5");
    assert_fails(f, IDENTITY("; run: %other(5) == 5\n"), "the file has no function of this name");
    assert_fails(f, IDENTITY("; run\n"), "without a call needs");
    assert_fails(f,
                 "test interpret\n\nfunction %one() -> i8 {\nblock0:\n    v0 = iconst.i8 1\n"
                 "    return v0\n}\n; run\n",
                 "the interpreter needs a call that names the function");
    assert_fails(f, IDENTITY("; run: %same(5) == \n"), "t.clif:7:");
    run_text(f, "test interpret\n" EMPTY);
    assert_int_equal(f->summary.files[TEST_UNSUPPORTED], 1); // nothing was run
}

#define DIVIDE                                                                        \
    "test interpret\n\nfunction %div(i32, i32) -> i32 {\nblock0(v0: i32, v1: i32):\n" \
    "    v2 = udiv v0, v1\n    return v2\n}\n"

static void traps(void **state)
{
    Fixture *f = *state;
    assert_passes(f, DIVIDE "; run: %div(6, 2) == 3\n; run: %div(6, 0) == trap int_divz\n");
    assert_fails(f, DIVIDE "; run: %div(6, 0) == 3\n",
                 "    expected 3\n    got      trap int_divz at inst0 (line 5) of %div\n");
    assert_fails(f, DIVIDE "; run: %div(6, 0) == trap heap_oob\n", "expected trap heap_oob");
    assert_fails(f, DIVIDE "; run: %div(6, 2) == trap int_divz\n", "got      3");
}

#define BUMP(size)                                                               \
    "test interpret\n\nfunction %bump(i64) -> i64 {\n" size "block0(v0: i64):\n" \
    "    v1 = load.i64 v0\n    v2 = iconst.i64 1\n    v3 = iadd v1, v2\n"        \
    "    store v3, v0\n    return v3\n}\n"

static void heap_is_fresh_for_each_directive(void **state)
{
    Fixture *f = *state;
    assert_passes(f, BUMP("; heap: 0x10\n") "; run: %bump(heap) == 1\n; run: %bump(heap) == 1\n"
                                            "; run: %bump(heap+8) == 1\n"
                                            "; run: %bump(heap+16) == trap heap_oob\n");
    assert_fails(f, BUMP("") "; run: %bump(heap) == 1\n", "'heap' needs a comment");
    assert_passes(f, BUMP("; heap: is prose here\n; heap: 8\n") "; run: %bump(heap) == 1\n");
    assert_fails(f, BUMP("; heap: 0x80000000\n") "; run: %bump(heap) == 1\n", "1 GiB");
}

static void engine_selection(void **state)
{
    Fixture *f = *state;
    f->options.engines = 1u << ENGINE_NATIVE;
    run_text(f, IDENTITY("; run: %same(5) == 6\n"));
    assert_int_equal(f->summary.engines[ENGINE_INTERP].directives[TEST_FAIL], 0);
    assert_int_equal(f->summary.files[TEST_UNSUPPORTED], 1);
}

// Each directive counts once in an engine, whatever the target lines.
static void directives_count_once(void **state)
{
    Fixture *f = *state;
    run_text(f, "test run\ntest interpret\ntarget aarch64\nset opt_level=speed\ntarget aarch64\n"
                "target aarch64 has_lse\n\nfunction %same(i32) -> i32 {\nblock0(v0: i32):\n"
                "    return v0\n}\n; run: %same(1) == 1\n; run: %same(2) == 2\n");
    const uint32_t *counts = f->summary.engines[ENGINE_UNICORN_AARCH64].directives;
    assert_int_equal(counts[TEST_PASS] + counts[TEST_UNSUPPORTED], 2);
    assert_int_equal(f->summary.engines[ENGINE_INTERP].directives[TEST_PASS], 2);
    assert_int_equal(f->summary.engines[ENGINE_UNICORN_X64].directives[TEST_UNSUPPORTED], 0);
}

// ---- Bless ----

#define CAT      "test cat precise-output\n\nfunction %f() {\nblock0: ;; kept\n    return\n}\n"
#define EXPECTED "; function %f() fast {\n; block0:\n;     return\n; }\n"

static void bless_writes_and_is_idempotent(void **state)
{
    Fixture *f = *state;
    f->options.bless = BLESS_WRITE;
    static const char *const rows[][2] = {
        {CAT, CAT "\n" EXPECTED},
        {CAT "\n; old\n;; kept\n; text\n", CAT "\n" EXPECTED ";; kept\n"},
        {CAT ";; next\n\nfunction %g() {\n}\n; x\n",
         CAT "\n" EXPECTED "\n;; next\n\nfunction %g() {\n}\n; function %g() fast {\n; }\n"},
        {"test cat precise-output\nfunction %f() {\nblock0:\n    return\n}",
         "test cat precise-output\nfunction %f() {\nblock0:\n    return\n}\n\n" EXPECTED},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        run_text(f, rows[i][0]);
        assert_int_equal(f->outcome, RUNNER_PASSED);
        assert_string_equal(fixture_read(f, "t.clif"), rows[i][1]);
        assert_lacks(fixture_run(f), "blessed");
        assert_string_equal(fixture_read(f, "t.clif"), rows[i][1]);
    }
    f->options.bless = BLESS_NO;
    fixture_run(f);
    assert_int_equal(f->summary.files[TEST_PASS], 1);
}

static void bless_dry_run_shows_the_patch(void **state)
{
    Fixture *f = *state;
    f->options.bless = BLESS_DRY_RUN;
    const char *report = run_text(f, CAT "\n; old\n");
    assert_int_equal(f->outcome, RUNNER_FAILED);
    assert_contains(report,
                    "\n@@ -5,4 +5,7 @@\n     return\n }\n \n-; old\n+; function %f() fast {\n");
    assert_string_equal(fixture_read(f, "t.clif"), CAT "\n; old\n");
}

static void bless_refuses(void **state)
{
    Fixture *f = *state;
    f->options.bless = BLESS_WRITE;
    static const char *const rows[] = {
        "test cat precise-output\n\nfunction %f() {\nblock0: ; inside\n    return\n}\n",
        "test cat precise-output\n\nfunction %f() {\nblock0:\n    return\n} ; behind\n",
        (CAT "; run: %f() == []\n"),
        ("test cat precise-output\ntest print-cfg precise-output\n" EMPTY),
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_fails(f, rows[i], "can't bless");
        assert_string_equal(fixture_read(f, "t.clif"), rows[i]);
    }
}

static void die_late(void *context, Str id)
{
    (void)context;
    (void)id;
    abort();
}

static void bless_leaves_crashing_files_alone(void **state)
{
    Fixture *f = *state;
    f->options.bless = BLESS_WRITE;
    f->options.before_file = die_late;
    run_text(f, CAT);
    assert_int_equal(f->summary.files[TEST_CRASH], 1);
    assert_string_equal(fixture_read(f, "t.clif"), CAT);
}

static void precise_difference_is_shown(void **state)
{
    Fixture *f = *state;
    assert_fails(f, CAT "; function %f() fast {\n; block0:\n;     trap user1\n; }\n",
                 "    @@ -1,4 +1,4 @@\n     function %f() fast {\n     block0:\n"
                 "    -    trap user1\n    +    return\n     }\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(head_of_a_file),
        FIXTURE_TEST(misspelt_directives),
        FIXTURE_TEST(prose_is_no_directive),
        FIXTURE_TEST(dead_checks),
        FIXTURE_TEST(check_directives),
        FIXTURE_TEST(print_cfg),
        FIXTURE_TEST(domtree),
        FIXTURE_TEST(verifier),
        FIXTURE_TEST(run_directives),
        FIXTURE_TEST(traps),
        FIXTURE_TEST(heap_is_fresh_for_each_directive),
        FIXTURE_TEST(engine_selection),
        FIXTURE_TEST(directives_count_once),
        FIXTURE_TEST(bless_writes_and_is_idempotent),
        FIXTURE_TEST(bless_dry_run_shows_the_patch),
        FIXTURE_TEST(bless_refuses),
        FIXTURE_TEST(bless_leaves_crashing_files_alone),
        FIXTURE_TEST(precise_difference_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
