// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The runner's promises: isolation, limits, order, selection, reports, memory of failures.

#include "filetests/runner/tests/harness.h"

#include <jansson.h>
#include <signal.h>
#include <sys/wait.h>

#define GOOD IDENTITY("; run: %same(1) == 1\n; run: %same(2) == 2\n")
#define BAD  IDENTITY("; run: %same(1) == 1\n; run: %same(2) == 3\n")

// ---- What workers may do to us ----

// Called in the worker: the file's name says what to do.
static void misbehave(void *context, Str id)
{
    (void)context;
    if (str_eq(id, STR("abort.clif")))
        abort();
    if (str_eq(id, STR("segv.clif"))) {
        signal(SIGSEGV, SIG_DFL); // ASan has a handler
        raise(SIGSEGV);
    }
    if (str_eq(id, STR("exit.clif")))
        _exit(7);
    while (str_eq(id, STR("sleep.clif")))
        pause();
    while (str_eq(id, STR("spin.clif")))
        (void)getpid();
}

static void crash_costs_one_file(void **state)
{
    Fixture *f = *state;
    static const char *const names[] = {"a.clif",    "abort.clif", "b.clif", "c.clif",
                                        "exit.clif", "segv.clif",  "z.clif"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        fixture_write(f, names[i], GOOD);
    f->options.before_file = misbehave;
    for (uint32_t jobs = 1; jobs <= 3; jobs++) {
        f->options.jobs = jobs;
        const char *report = fixture_run(f);
        assert_int_equal(f->outcome, RUNNER_FAILED);
        assert_int_equal(f->summary.files[TEST_PASS], 4);
        assert_int_equal(f->summary.files[TEST_CRASH], 3);
        assert_int_equal(f->summary.engines[ENGINE_INTERP].directives[TEST_PASS], 8);
        assert_contains(report, "abort.clif: parse\n    killed by SIGABRT\n");
        assert_contains(report, "segv.clif: parse\n    killed by SIGSEGV\n");
        assert_contains(report, "exit.clif: parse\n    exited with code 7\n");
        assert_contains(report, "\n4 passed, 3 failed\n");
    }
}

static void hang_is_a_timeout(void **state)
{
    Fixture *f = *state;
    fixture_write(f, "a.clif", GOOD);
    fixture_write(f, "sleep.clif", GOOD);
    fixture_write(f, "spin.clif", GOOD);
    fixture_write(f, "z.clif", GOOD);
    f->options.before_file = misbehave;
    f->options.timeout_ms = 300;
    const char *report = fixture_run(f);
    assert_int_equal(f->outcome, RUNNER_FAILED);
    assert_int_equal(f->summary.files[TEST_PASS], 2);
    assert_int_equal(f->summary.files[TEST_TIMEOUT], 2);
    assert_contains(report, "TIMEOUT");
    assert_contains(report, "no end after");
}

// A loop in the program under test: the sub-test is named.
static void endless_program_is_named(void **state)
{
    Fixture *f = *state;
    fixture_write(f, "loop.clif",
                  "test interpret\n\nfunction %loop() -> i32 {\nblock0:\n    jump block1\n"
                  "block1:\n    jump block1\n}\n"
                  "; run: %loop() == 1\n");
    f->options.timeout_ms = 200;
    const char *report = fixture_run(f);
    assert_int_equal(f->summary.files[TEST_TIMEOUT], 1);
    assert_int_equal(f->summary.engines[ENGINE_INTERP].directives[TEST_TIMEOUT], 1);
    assert_contains(report, "interpret %loop [interp]: run: %loop() == 1\n");
    f->options.timeout_ms = 60000;
    f->options.fuel = 1000;
    report = fixture_run(f);
    assert_int_equal(f->summary.files[TEST_TIMEOUT], 1);
    assert_contains(report, "out of fuel after 1000 instructions");
}

// More results, and longer ones, than the channel to the parent holds at once.
static void many_results_arrive(void **state)
{
    Fixture *f = *state;
    StrBuf text = {.arena = &f->arena};
    enum { COUNT = 20000 };
    buf_puts(&text, IDENTITY(""));
    for (uint32_t i = 0; i < COUNT; i++)
        buf_printf(&text, "; run: %%same(%u) == %u\n", i, i % 2);
    buf_char(&text, '\0');
    fixture_write(f, "many.clif", text.data);
    fixture_run(f);
    assert_int_equal(f->summary.engines[ENGINE_INTERP].directives[TEST_PASS], 2);
    assert_int_equal(f->summary.engines[ENGINE_INTERP].directives[TEST_FAIL], COUNT - 2);
}

// ---- Order and selection ----

static void write_tree(Fixture *f)
{
    fixture_mkdir(f, "d.ir");
    fixture_mkdir(f, "d.ir/e");
    for (int i = 0; i < 12; i++) {
        const char *folder = i % 3 == 0 ? "" : i % 3 == 1 ? "d.ir/" : "d.ir/e/";
        const Str name = str_printf(&f->arena, "%st%d.clif", folder, i);
        fixture_write(f, name.data, i % 4 == 0 ? BAD : GOOD);
    }
    fixture_write(f, "d.ir/notes.txt", "no test");
}

static void report_does_not_depend_on_workers(void **state)
{
    Fixture *f = *state;
    write_tree(f);
    f->options.verbose = true;
    f->options.json_path = fixture_path(f, "json");
    f->options.jobs = 1;
    const char *report = fixture_run(f), *json = fixture_read(f, "json");
    assert_contains(report, "\n9 passed, 3 failed\n");
    for (uint32_t jobs = 2; jobs < 9; jobs += 3) {
        f->options.jobs = jobs;
        assert_string_equal(fixture_run(f), report);
        assert_string_equal(fixture_read(f, "json"), json);
    }
}

static void shards_are_a_partition(void **state)
{
    Fixture *f = *state;
    write_tree(f);
    f->options.list = true;
    const char *all = fixture_run(f);
    assert_contains(all, "d.ir/e/t2.clif\n");
    assert_lacks(all, "notes");
    size_t total = 0;
    for (uint32_t shard = 1; shard <= 5; shard++) {
        char text[8];
        snprintf(text, sizeof(text), "%u/5", shard);
        assert_int_equal(runner_parse_shard(&f->options, str_from(text), &f->diag), STATUS_OK);
        char *part = test_malloc(4096);
        snprintf(part, 4096, "%s", fixture_run(f));
        assert_int_equal(f->outcome, RUNNER_PASSED);
        total += strlen(part);
        for (char *line = strtok(part, "\n"); line; line = strtok(NULL, "\n"))
            assert_contains(all, line);
        test_free(part);
    }
    assert_int_equal(total, strlen(all)); // each line once, since all are found in the whole
}

static void filters_go_by_id(void **state)
{
    Fixture *f = *state;
    write_tree(f);
    f->options.list = true;
    f->options.filter = "^d\\.ir/";
    f->options.filter_out = "e/";
    assert_string_equal(fixture_run(f), "d.ir/t1.clif\nd.ir/t10.clif\nd.ir/t4.clif\n"
                                        "d.ir/t7.clif\n");
    f->options.filter = "(";
    fixture_run(f);
    assert_int_equal(f->outcome, RUNNER_USAGE);
}

static void nothing_found_is_an_error(void **state)
{
    Fixture *f = *state;
    fixture_run(f);
    assert_int_equal(f->outcome, RUNNER_FAILED);
    assert_true(str_eq(f->diag.messages.data[0].text, STR("no test was found")));
    f->options.allow_empty = true;
    assert_contains(fixture_run(f), "0 passed, 0 failed\n");
    assert_int_equal(f->outcome, RUNNER_PASSED);
    f->paths[0] = "/nonexistent/path";
    fixture_run(f);
    assert_int_equal(f->outcome, RUNNER_FAILED);
    assert_int_equal(f->diag.errors, 1);
}

static void failures_are_remembered(void **state)
{
    Fixture *f = *state;
    write_tree(f);
    f->options.state_path = fixture_path(f, "cache/deep/state.json");
    f->options.only_failed = true;
    fixture_run(f);
    assert_int_equal(f->outcome, RUNNER_FAILED); // nothing is known yet
    assert_contains(f->diag.messages.data[0].text.data, "no earlier run is recorded");
    f->options.only_failed = false;
    fixture_run(f);
    f->options.only_failed = true;
    assert_contains(fixture_run(f), "\n0 passed, 3 failed\n");
    fixture_write(f, "t0.clif", GOOD);
    assert_contains(fixture_run(f), "\n1 passed, 2 failed\n");
    assert_contains(fixture_run(f), "\n0 passed, 2 failed\n");
    // A run of a part keeps what it knows of the rest.
    f->options.only_failed = false;
    f->options.filter = "^t0";
    fixture_run(f);
    f->options.filter = NULL;
    f->options.only_failed = true;
    assert_contains(fixture_run(f), "\n0 passed, 2 failed\n");
}

// ---- Statuses ----

static void unsupported_is_not_passed(void **state)
{
    Fixture *f = *state;
    fixture_write(f, "a.clif",
                  "test unwind\ntarget x86_64\n\nfunction %f() {\nblock0:\n    return\n}\n");
    const char *report = fixture_run(f);
    assert_int_equal(f->summary.files[TEST_UNSUPPORTED], 1);
    assert_contains(report, "\n0 passed, 0 failed\n");
    assert_contains(report, "unwind: ");
}

static void limits_of_unsupported(void **state)
{
    Fixture *f = *state;
    // No engine has this function: the directive can't be run.
    fixture_write(f, "a.clif",
                  "test interpret\n\nfunction %f() -> i32 {\n    fn0 = %nowhere() -> i32\nblock0:\n"
                  "    v0 = call fn0()\n    return v0\n}\n; run: %f() == 1\n");
    fixture_run(f);
    assert_int_equal(f->summary.engines[ENGINE_INTERP].directives[TEST_UNSUPPORTED], 1);
    assert_int_equal(f->outcome, RUNNER_PASSED);
    assert_int_equal(runner_parse_limits(&f->options, STR("interp=0"), &f->diag), STATUS_OK);
    assert_contains(fixture_run(f), "1 directives are unsupported, at most 0 may be");
    assert_int_equal(f->outcome, RUNNER_FAILED);
    assert_int_equal(runner_parse_limits(&f->options, STR("native=1,interp=2"), &f->diag),
                     STATUS_OK);
    assert_contains(fixture_run(f), "the limit of 2 can be lowered");
    assert_int_equal(f->outcome, RUNNER_PASSED);
    assert_int_equal(runner_parse_limits(&f->options, STR("interp"), &f->diag), STATUS_SYNTAX);
    assert_int_equal(runner_parse_limits(&f->options, STR("intrep=1"), &f->diag), STATUS_INVALID);
}

static void expected_failures(void **state)
{
    Fixture *f = *state;
    fixture_write(f, "fails.clif",
                  IDENTITY("; xfail: wrong on purpose\n"
                           "; run: %same(1) == 1\n; run: %same(2) == 3\n"));
    fixture_write(f, "passes.clif", IDENTITY("; xfail: out of date\n; run: %same(1) == 1\n"));
    fixture_write(f, "whole.clif", "; xfail: all of it\n" IDENTITY("; run: %same(2) == 3\n"));
    fixture_write(f, "why.clif", IDENTITY("; xfail:\n; run: %same(2) == 3\n"));
    const char *report = fixture_run(f);
    assert_int_equal(f->summary.files[TEST_XFAIL], 2);
    assert_int_equal(f->summary.files[TEST_FAIL], 2);
    assert_int_equal(f->summary.engines[ENGINE_INTERP].directives[TEST_XFAIL], 2);
    assert_contains(report, "passes, though it is expected to fail: out of date");
    assert_contains(report, "'xfail:' needs a reason");
    assert_contains(report, "\n0 passed, 2 failed\n");
}

static void crash_is_never_expected(void **state)
{
    Fixture *f = *state;
    fixture_write(f, "abort.clif", "; xfail: still\n" GOOD);
    f->options.before_file = misbehave;
    fixture_run(f);
    assert_int_equal(f->summary.files[TEST_CRASH], 1);
}

// ---- Reports ----

// A file whose failure quotes bytes that no report may pass on as they are.
static void write_hostile(Fixture *f)
{
    fixture_write(
        f, "hostile<&\"'>\x01\xff.clif",
        "test cat\n\nfunction %f() {\nblock0:\n    return\n}\n"
        "; check: ]]> <&\"' \x01\x1b[31m \xff\xc0\x80 \xed\xa0\x80 \xef\xbf\xbf \xc3\xa9\n");
}

static void junit_is_well_formed(void **state)
{
    Fixture *f = *state;
    write_hostile(f);
    fixture_write(f, "bad.clif", BAD);
    fixture_write(f, "abort.clif", GOOD);
    f->options.before_file = misbehave;
    f->options.junit_path = fixture_path(f, "junit.xml");
    fixture_run(f);
    const char *xml = fixture_read(f, "junit.xml");
    assert_contains(xml, "<testsuite name=\"bad.clif\" tests=\"2\" failures=\"1\" errors=\"0\"");
    assert_contains(xml, "killed by SIGABRT");
    assert_contains(xml, "]]&gt; &lt;&amp;&quot;");
    assert_contains(xml, "\xc3\xa9");
    const pid_t child = fork();
    if (child == 0) {
        execlp("xmllint", "xmllint", "--noout", f->options.junit_path, (char *)NULL);
        _exit(127);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        skip(); // no xmllint on this machine
    assert_int_equal(status, 0);
}

static json_t *last_line(const char *text, uint32_t *count)
{
    json_t *last = NULL;
    while (*text != '\0') {
        const size_t len = strcspn(text, "\n");
        json_error_t error;
        json_decref(last);
        last = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
        if (!last)
            fail_msg("%s in: %.*s", error.text, (int)len, text);
        (*count)++;
        text += len + 1;
    }
    return last;
}

static void json_lines(void **state)
{
    Fixture *f = *state;
    write_hostile(f);
    fixture_write(f, "bad.clif", BAD);
    fixture_write(f, "good.clif", GOOD);
    f->options.json_path = "-";
    uint32_t count = 0;
    json_t *summary = last_line(fixture_run(f), &count);
    assert_int_equal(count, 1 + 5 + 3 + 1); // start, results, files, summary
    json_t *interp = json_object_get(json_object_get(summary, "engines"), "interp");
    assert_int_equal(json_integer_value(json_object_get(interp, "files")), 1);
    assert_int_equal(json_integer_value(json_object_get(interp, "directives")), 3);
    assert_int_equal(json_integer_value(json_object_get(interp, "failed")), 1);
    assert_int_equal(json_object_size(json_object_get(summary, "engines")), ENGINE_COUNT);
    json_decref(summary);
}

static void report_names_the_difference(void **state)
{
    Fixture *f = *state;
    fixture_write(f, "bad.clif", BAD);
    const char *report = fixture_run(f);
    assert_contains(report, "bad.clif:8: interpret %same [interp]: run: %same(2) == 3\n"
                            "    wrong result\n    expected 3\n    got      2\n");
    f->options.github = true;
    assert_contains(fixture_run(f), "bad.clif,line=8::fail: interpret %same: wrong result\n");
    f->options.color = true;
    assert_contains(fixture_run(f), "\033[31mFAIL\033[0m");
}

static void option_texts(void **state)
{
    Fixture *f = *state;
    f->diag = (Diag){.arena = &f->arena};
    assert_int_equal(runner_parse_engines(&f->options, STR("interp,native"), &f->diag), STATUS_OK);
    assert_int_equal(f->options.engines, 1u << ENGINE_INTERP | 1u << ENGINE_NATIVE);
    assert_int_equal(runner_parse_engines(&f->options, STR("native,"), &f->diag), STATUS_OK);
    assert_int_equal(runner_parse_engines(&f->options, STR("nativ"), &f->diag), STATUS_INVALID);
    assert_contains(f->diag.messages.data[0].text.data, "did you mean 'native'?");
    static const char *const wrong[] = {"", "1", "0/2", "3/2", "1/0", "a/2", "1/2/3", "-1/2"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_not_equal(runner_parse_shard(&f->options, str_from(wrong[i]), &f->diag),
                             STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(crash_costs_one_file),
        FIXTURE_TEST(hang_is_a_timeout),
        FIXTURE_TEST(endless_program_is_named),
        FIXTURE_TEST(many_results_arrive),
        FIXTURE_TEST(report_does_not_depend_on_workers),
        FIXTURE_TEST(shards_are_a_partition),
        FIXTURE_TEST(filters_go_by_id),
        FIXTURE_TEST(nothing_found_is_an_error),
        FIXTURE_TEST(failures_are_remembered),
        FIXTURE_TEST(unsupported_is_not_passed),
        FIXTURE_TEST(limits_of_unsupported),
        FIXTURE_TEST(expected_failures),
        FIXTURE_TEST(crash_is_never_expected),
        FIXTURE_TEST(junit_is_well_formed),
        FIXTURE_TEST(json_lines),
        FIXTURE_TEST(report_names_the_difference),
        FIXTURE_TEST(option_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
