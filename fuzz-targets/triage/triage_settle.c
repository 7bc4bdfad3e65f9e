// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a finding as it was seen to what is at fault.

#include "fuzz-targets/reduce/reduce.h"
#include "fuzz-targets/triage/triage_internal.h"

#define SECONDS 10u // for one candidate

static bool take(Str *text, Str prefix)
{
    if (!str_starts_with(*text, prefix))
        return false;
    *text = (Str){text->data + prefix.len, text->len - prefix.len};
    return true;
}

// Takes what stands before `end` off *text, and the character itself.
static Str take_until(Str *text, char end)
{
    const char *const at = memchr(text->data, end, text->len);
    const Str part = {text->data, at ? (size_t)(at - text->data) : text->len};
    const size_t gone = part.len + (at != NULL);
    *text = (Str){text->data + gone, text->len - gone};
    return part;
}

// "mismatch: ENGINE: KIND, mismatch: ENGINE: KIND" of the reducer.
static void read_mismatch(Str signature, TriageFinding *f, Arena *arena)
{
    StrBuf engines = {.arena = arena};
    for (bool first = true; take(&signature, STR("mismatch: ")); first = false) {
        const Str engine = take_until(&signature, ':');
        const Str kind = str_trim(take_until(&signature, ','));
        signature = str_trim(signature);
        buf_printf(&engines, "%s%.*s", first ? "" : "+", STR_ARG(engine));
        if (first)
            f->kind = kind;
    }
    f->engine = buf_view(&engines);
}

static void blame(TriageFinding *f, const ReduceOptions *options, Arena *arena)
{
    Str text = reduce_blame(f->target, f->reduced, options, arena);
    if (text.len == 0)
        return;
    f->stage = take_until(&text, ' ');
    f->cause = text;
}

// A crash's words say where it is, if reading the output has not found it.
static void read_crash(Str signature, TriageFinding *f, Arena *arena)
{
    const TriageFinding read = triage_read_output(f->target, signature, arena);
    if (str_eq(read.stage, f->target))
        return;
    f->stage = read.stage;
    f->cause = signature;
}

void triage_settle(TriageFinding *f, uint32_t jobs, Arena *arena)
{
    const ReduceOptions options = {.kind = REDUCE_ANY, .jobs = jobs, .seconds = SECONDS};
    Diag diag = {.arena = arena};
    Reduced reduced;
    if (f->program.len == 0 ||
        reduce_run(f->target, f->program, &options, arena, &reduced, &diag) != STATUS_OK)
        return;
    f->reduced = reduced.text;
    Str signature = reduced.signature;
    if (str_starts_with(signature, STR("mismatch: "))) {
        read_mismatch(signature, f, arena);
        blame(f, &options, arena);
    } else if (take(&signature, STR("invalid: "))) {
        f->stage = STR("validate");
        f->kind = STR("invalid");
        f->cause = signature;
    } else if (take(&signature, STR("crash: "))) {
        if (!str_eq_c(f->kind, "assertion"))
            read_crash(signature, f, arena);
    }
    triage_sign(f, arena);
}
