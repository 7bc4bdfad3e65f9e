// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads what a fuzz target said before it stopped: the judge's verdict, a failed assertion, the
// report of a sanitizer, libFuzzer's own errors, or the words of a broken property.

#include "fuzz-targets/triage/triage_internal.h"

#include <ctype.h>

// ---- Text ----

// Takes the first line of *text away, without its line break.
static Str next_line(Str *text)
{
    const char *const end = memchr(text->data, '\n', text->len);
    const Str line = {text->data, end ? (size_t)(end - text->data) : text->len};
    const size_t gone = line.len + (end != NULL);
    *text = (Str){text->data + gone, text->len - gone};
    return line;
}

static Str from(Str text, size_t at)
{
    return at > text.len ? STR("") : (Str){text.data + at, text.len - at};
}

static size_t word_length(Str text)
{
    size_t len = 0;
    while (len < text.len && (isalnum((unsigned char)text.data[len]) || text.data[len] == '-' ||
                              text.data[len] == '_'))
        len++;
    return len;
}

// `text` with each number as N: addresses and sizes tell findings apart that are the same.
static Str without_numbers(Str text, Arena *arena)
{
    StrBuf out = {.arena = arena};
    for (size_t i = 0; i < text.len; i++) {
        const bool digit = isdigit((unsigned char)text.data[i]);
        if (!digit)
            buf_char(&out, text.data[i]);
        else if (i == 0 || !isdigit((unsigned char)text.data[i - 1]))
            buf_char(&out, 'N');
    }
    return buf_view(&out);
}

// ---- Stages ----

// What stands for a stage in messages: folders in paths, and the driver's words.
static const struct {
    const char *word, *stage;
} stages[] = {
    {"core/opt/", "opt"},
    {"isle-rules/opt/", "opt"},
    {"core/lower/", "lower"},
    {"core/target/", "lower"},
    {"core/regalloc/", "regalloc"},
    {"core/emit/", "emit"},
    {"core/validate/", "validate"},
    {"core/text/", "text"},
    {"core/jit/", "jit"},
    {"core/driver/", "driver"},
    {"core/analysis/", "analysis"},
    {"core/builder/", "builder"},
    {"core/ir/", "ir"},
    {"isle-rules/compiler/", "isle"},
    {"emulate/", "emulate"},
    {"fuzz-targets/", "harness"},
    {"core/mach/", "mach"},
    {"core/base/", "base"},
    {"optimisation of", "opt"},
    {"lowering of", "lower"},
    {"of register allocation", "regalloc"},
    {"register allocation of", "regalloc"},
};

// The stage that `text` speaks of first; empty if of none.
static Str find_stage(Str text)
{
    size_t best = SIZE_MAX;
    Str stage = STR("");
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
        const size_t at = str_find(text, str_from(stages[i].word));
        if (at >= best)
            continue;
        best = at;
        stage = str_from(stages[i].stage);
    }
    return stage;
}

// ---- Verdicts ----

// A line `; KIND in ENGINE: TEXT` of the judge.
static bool read_verdict(Str line, TriageFinding *out)
{
    if (!str_starts_with(line, STR("; ")))
        return false;
    Str rest = from(line, 2);
    const Str kind = {rest.data, word_length(rest)};
    rest = from(rest, kind.len);
    if (kind.len == 0 || !str_starts_with(rest, STR(" in ")))
        return false;
    rest = from(rest, 4);
    const Str engine = {rest.data, word_length(rest)};
    rest = from(rest, engine.len);
    if (engine.len == 0 || !str_starts_with(rest, STR(": ")))
        return false;
    out->kind = kind;
    out->engine = engine;
    out->message = from(rest, 2);
    return true;
}

// The file test that `text` begins with: up to the last line that can be one's end.
static Str file_test(Str text)
{
    const char *const start = text.data;
    size_t len = 0;
    while (text.len != 0) {
        const Str line = next_line(&text);
        if (str_starts_with(line, STR("}")) || str_starts_with(line, STR("; run:")) ||
            str_starts_with(line, STR("; print:")) || str_starts_with(line, STR("; heap:")))
            len = (size_t)(text.data - start);
    }
    return (Str){start, len};
}

// ---- Sanitizers ----

// The first frame of a report that is in our sources: "FUNCTION FILE".
static Str first_frame(Str report, Arena *arena)
{
    while (report.len != 0) {
        const Str line = str_trim(next_line(&report));
        const size_t in = str_find(line, STR(" in "));
        if (line.len == 0 || line.data[0] != '#' || in == SIZE_MAX)
            continue;
        if (find_stage(line).len == 0)
            continue;
        const Str rest = from(line, in + 4);
        return str_printf(arena, "%.*s", (int)word_length(rest), rest.data);
    }
    return STR("");
}

// What a line of output says of how the process stopped.
static const struct {
    const char *words, *kind;
} reports[] = {
    {"internal error: assertion failed: ", "assertion"},
    {"ERROR: AddressSanitizer: ", "address"},
    {"ERROR: LeakSanitizer: ", "leak"},
    {"runtime error: ", "undefined"},
    {"ERROR: libFuzzer: timeout", "hang"},
    {"ERROR: libFuzzer: out-of-memory", "memory-use"},
    {"out of memory: ", "memory-use"},
};

// Looks at `line`, behind which stands `rest`. False: it is no report.
static bool read_report(Str line, Str rest, Arena *arena, TriageFinding *out)
{
    for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
        const Str words = str_from(reports[i].words);
        const size_t at = str_find(line, words);
        if (at == SIZE_MAX)
            continue;
        const Str what = from(line, at + words.len);
        const Str frame = first_frame(rest, arena);
        Str head = what;
        if (str_eq_c(str_from(reports[i].kind), "address"))
            head.len = word_length(what);
        out->kind = str_from(reports[i].kind);
        out->message = line;
        out->stage = find_stage(line);
        if (out->stage.len == 0)
            out->stage = find_stage(rest);
        out->cause = str_printf(arena, "%.*s%s%.*s", STR_ARG(without_numbers(head, arena)),
                                frame.len != 0 ? " in " : "", STR_ARG(frame));
        return true;
    }
    return false;
}

// ---- All of it ----

void triage_sign(TriageFinding *f, Arena *arena)
{
    StrBuf out = {.arena = arena};
    const bool is_rule = f->cause.len != 0 && f->engine.len != 0 && str_eq_c(f->stage, "opt");
    buf_printf(&out, "%.*s", STR_ARG(f->stage));
    if (!is_rule)
        buf_printf(&out, " %.*s", STR_ARG(f->kind));
    if (f->engine.len != 0 && !is_rule)
        buf_printf(&out, " %.*s", STR_ARG(f->engine));
    if (f->cause.len != 0)
        buf_printf(&out, ": %.*s", STR_ARG(f->cause));
    f->signature = buf_view(&out);
}

// Nothing known: a property that was broken, or the last words.
static void read_last_words(Str output, Arena *arena, TriageFinding *out)
{
    const Str own = str_printf(arena, "%.*s: ", STR_ARG(out->target));
    Str last = STR("a crash without words");
    out->kind = STR("crash");
    while (output.len != 0) {
        const Str line = str_trim(next_line(&output));
        if (line.len == 0 || str_starts_with(line, STR("the input is in")) || line.data[0] == '#')
            continue;
        last = line;
        if (!str_starts_with(line, own))
            continue;
        out->kind = STR("property");
        break;
    }
    out->message = last;
    out->cause = without_numbers(last, arena);
}

TriageFinding triage_read_output(Str target, Str output, Arena *arena)
{
    TriageFinding out = {.target = str_copy(arena, target), .count = 1};
    const Str all = str_copy(arena, output);
    bool verdict = false, report = false;
    for (Str rest = all; rest.len != 0 && !report;) {
        const Str from_here = rest;
        const Str line = next_line(&rest);
        if (read_verdict(line, &out)) {
            verdict = true;
            out.program = file_test(rest);
        } else if (str_eq_c(line, "test interpret") && !verdict) {
            out.program = file_test(from_here);
        }
        report = !verdict && read_report(line, rest, arena, &out);
    }
    if (verdict)
        out.stage = find_stage(out.message);
    else if (!report)
        read_last_words(all, arena, &out);
    if (out.stage.len == 0)
        out.stage = verdict ? STR("run") : out.target;
    triage_sign(&out, arena);
    return out;
}
