// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// assay bisect: which rewrite of the mid-end changes an answer. The run directives of a file are
// interpreted, and again behind the mid-end with fuel for some of its rewrites; the fewest for
// which an answer differs is found by halving.
#include "assay/tool_program.h"
#include "filetests/runner/interpret.h"
#include "opt/opt.h"

#include <inttypes.h>
#include <stdio.h>

typedef struct Answers {
    Arena *arena;
    VEC(Interpreted) list;
} Answers;

typedef struct Bisect {
    ToolProgram *program;
    Func **originals;
    Answers plain; // without the mid-end
    uint64_t fuel; // of the interpreter
    uint32_t runs;
} Bisect;

static void note(void *context, const Interpreted *result)
{
    Answers *const answers = context;
    VEC_PUSH(answers->arena, &answers->list, *result);
}

// The answers with `fuel` rewrites over all functions. `trace` (or NULL) gets the rewrites;
// `left`: what was not used of the fuel.
static Answers answers_with(Bisect *b, uint32_t fuel, Arena *arena, StrBuf *trace, uint32_t *left)
{
    ClifFile *const file = b->program->file;
    Answers answers = {.arena = arena};
    Arena scratch = {0};
    const OptOptions options = {
        .settings = &b->program->targets.settings, .fuel = &fuel, .trace = trace};
    for (uint32_t i = 0; i < file->module.funcs.len; i++) {
        Func *const copy = func_clone(b->originals[i], arena);
        opt_func(copy, &options, &scratch);
        arena_reset(&scratch);
        file->module.funcs.data[i] = copy;
    }
    arena_free(&scratch);
    interpret_file(arena, file, &b->program->targets, b->fuel, note, &answers);
    for (uint32_t i = 0; i < file->module.funcs.len; i++)
        file->module.funcs.data[i] = b->originals[i];
    *left = fuel;
    b->runs++;
    return answers;
}

// The first answer that is another one than without the mid-end; NO_INDEX: none.
static uint32_t first_other(const Bisect *b, const Answers *answers)
{
    for (uint32_t i = 0; i < b->plain.list.len; i++) {
        const Interpreted *const was = &b->plain.list.data[i], *const is = &answers->list.data[i];
        if (was->status != is->status || !str_eq(was->got, is->got) ||
            (was->got.len == 0 && !str_eq(was->message, is->message)))
            return i;
    }
    return NO_INDEX;
}

// The same for `fuel` rewrites.
static uint32_t other_with(Bisect *b, uint32_t fuel, uint32_t *left)
{
    Arena arena = {0};
    const Answers answers = answers_with(b, fuel, &arena, NULL, left);
    const uint32_t other = first_other(b, &answers);
    arena_free(&arena);
    return other;
}

static Str answer(const Interpreted *result)
{
    return result->got.len != 0       ? result->got
           : result->message.len != 0 ? result->message
                                      : STR("what was expected"); // which is in the directive
}

// The last line of a trace.
static Str last_line(Str text)
{
    size_t end = text.len;
    while (end > 0 && text.data[end - 1] == '\n')
        end--;
    size_t start = end;
    while (start > 0 && text.data[start - 1] != '\n')
        start--;
    return (Str){text.data + start, end - start};
}

static void print_difference(Bisect *b, const char *path, uint32_t fuel)
{
    Arena arena = {0};
    StrBuf trace = {.arena = &arena};
    uint32_t left;
    const Answers answers = answers_with(b, fuel, &arena, &trace, &left);
    const uint32_t other = first_other(b, &answers);
    ASSERT(other != NO_INDEX);
    const Interpreted *const was = &b->plain.list.data[other], *const is =
                                                                   &answers.list.data[other];
    if (fuel == 0)
        printf("no rewrite changes an answer, but the rest of the mid-end does\n");
    else
        printf("rewrite %" PRIu32 " changes an answer:\n  %.*s\n", fuel,
               STR_ARG(last_line(buf_view(&trace))));
    printf("%s:%" PRIu32 ": %.*s\n  before: %.*s\n  after:  %.*s\n", path, was->line,
           STR_ARG(was->directive), STR_ARG(answer(was)), STR_ARG(answer(is)));
    arena_free(&arena);
}

// Prints what was found; false when an answer changes.
static bool search(Bisect *b, const char *path)
{
    uint32_t left, low = 0, high = UINT32_MAX - 1;
    if (b->plain.list.len == 0) {
        fprintf(stderr, "%s: error: there is no run directive\n", path);
        return false;
    }
    const uint32_t with_all = other_with(b, high, &left);
    const uint32_t total = high - left;
    if (with_all == NO_INDEX) {
        printf("%s: %" PRIu32 " rewrites change none of %u answers\n", path, total,
               b->plain.list.len);
        return true;
    }
    // With `high` an answer differs; below `low` none does.
    for (high = total; low < high;) {
        const uint32_t middle = low + (high - low) / 2;
        if (other_with(b, middle, &left) == NO_INDEX)
            low = middle + 1;
        else
            high = middle;
    }
    print_difference(b, path, high);
    printf("%" PRIu32 " rewrites, %" PRIu32 " runs\n", total, b->runs);
    return false;
}

static Status bisect_file(Bisect *b, const ToolArgs *args, bool *good)
{
    ToolProgram *const program = b->program;
    const char *const path = args->operands[0];
    TRY(tool_load(program, path, (ParseOptions){.keep_comments = true}));
    TRY(tool_set(program, "opt_level=speed"));
    TRY(tool_set(program, args->values[OPT_BISECT_SET]));
    TRY(tool_validate(program, &program->targets.settings, program->targets.isa));
    const uint32_t n = program->file->module.funcs.len;
    b->originals = ARENA_ARRAY(&program->arena, Func *, n);
    for (uint32_t i = 0; i < n; i++)
        b->originals[i] = program->file->module.funcs.data[i];
    b->plain.arena = &program->arena;
    interpret_file(&program->arena, program->file, &program->targets, b->fuel, note, &b->plain);
    *good = search(b, path);
    return STATUS_OK;
}

int cmd_bisect(const ToolArgs *args)
{
    ToolProgram program;
    Bisect b = {.program = &program};
    bool good = false;
    if (args->num_operands == 0)
        return tool_usage_error(args, "a file is needed");
    if (!tool_number(args, OPT_BISECT_FUEL, 1, UINT64_MAX, &b.fuel))
        return EXIT_USAGE;
    const Status status = bisect_file(&b, args, &good);
    tool_unload(&program);
    return status == STATUS_OK && good ? EXIT_OK : EXIT_FAILED;
}
