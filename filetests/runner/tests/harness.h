// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the runner's unit tests share: a directory of test files, a run over it, and its report.
#ifndef FILETESTS_RUNNER_TESTS_HARNESS_H
#define FILETESTS_RUNNER_TESTS_HARNESS_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
// cmocka.h wants those above before it.
#include <cmocka.h>
// clang-format on

#include "filetests/runner/runner.h"

// A directory that goes away with the fixture. Set `options` as the test needs them, then call
// fixture_run.
typedef struct Fixture {
    Arena arena;
    char root[64];
    const char *paths[1];
    RunnerOptions options;
    RunnerSummary summary; // of the last run
    RunnerOutcome outcome;
    Diag diag;
    FILE *out;
} Fixture;

static inline int fixture_set_up(void **state)
{
    Fixture *f = test_calloc(1, sizeof(*f));
    const char *tmp = getenv("TMPDIR");
    snprintf(f->root, sizeof(f->root), "%s/assay-runner-XXXXXX",
             tmp && strlen(tmp) < 40 ? tmp : "/tmp");
    assert_non_null(mkdtemp(f->root));
    f->out = tmpfile();
    assert_non_null(f->out);
    f->options = runner_default_options(f->out);
    f->paths[0] = f->root;
    f->options.paths = f->paths;
    f->options.num_paths = 1;
    f->options.jobs = 2;
    *state = f;
    return 0;
}

static inline int fixture_tear_down(void **state)
{
    Fixture *f = *state;
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", f->root);
    assert_int_equal(system(command), 0);
    fclose(f->out);
    arena_free(&f->arena);
    test_free(f);
    return 0;
}

// The path of a file in the directory.
static inline const char *fixture_path(Fixture *f, const char *name)
{
    return str_printf(&f->arena, "%s/%s", f->root, name).data;
}

static inline void fixture_write(Fixture *f, const char *name, const char *text)
{
    FILE *file = fopen(fixture_path(f, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static inline void fixture_mkdir(Fixture *f, const char *name)
{
    assert_int_equal(mkdir(fixture_path(f, name), 0755), 0);
}

// All that can be read from `file`, from its start on.
static inline const char *fixture_slurp(Fixture *f, FILE *file)
{
    StrBuf text = {.arena = &f->arena};
    char block[4096];
    size_t n;
    rewind(file);
    while ((n = fread(block, 1, sizeof(block), file)) != 0)
        buf_str(&text, (Str){block, n});
    buf_char(&text, '\0');
    return text.data;
}

static inline const char *fixture_read(Fixture *f, const char *name)
{
    FILE *file = fopen(fixture_path(f, name), "rb");
    assert_non_null(file);
    const char *text = fixture_slurp(f, file);
    fclose(file);
    return text;
}

// Runs with f->options and returns the report.
static inline const char *fixture_run(Fixture *f)
{
    assert_int_equal(ftruncate(fileno(f->out), 0), 0);
    rewind(f->out);
    f->diag = (Diag){.arena = &f->arena};
    f->summary = (RunnerSummary){.num_files = 0};
    f->outcome = runner_run(&f->options, &f->summary, &f->diag);
    fflush(f->out);
    return fixture_slurp(f, f->out);
}

static inline void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static inline void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("\"%s\" is in:\n%s", part, text);
}

// A file of one interpreted function that returns its argument, with the given directives behind.
#define IDENTITY(directives)                                                        \
    "test interpret\n\nfunction %same(i32) -> i32 {\nblock0(v0: i32):\n    return " \
    "v0\n}\n" directives

#define FIXTURE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

#endif
