// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Unified diffs of lines, by Myers' greedy algorithm ("An O(ND) Difference Algorithm and Its
// Variations", 1986): the furthest point reached on each diagonal for each number of edits, all
// kept, and walked back from the end. Texts that differ in more than MAX_EDITS lines are shown as
// one replacement.

#include "filetests/runner/runner_internal.h"

enum { MAX_EDITS = 800 };

typedef struct Lines {
    VEC(Str) lines;
} Lines;

typedef struct DiffLine {
    char mark; // ' ', '-' or '+'
    Str text;
} DiffLine;

typedef struct Script {
    Arena *arena;
    VEC(DiffLine) lines;
} Script;

static Lines split_lines(Arena *arena, Str text)
{
    Lines out = {{0}};
    for (size_t start = 0; start < text.len;) {
        size_t end = start;
        while (end < text.len && text.data[end] != '\n')
            end++;
        VEC_PUSH(arena, &out.lines, ((Str){text.data + start, end - start}));
        start = end + 1;
    }
    return out;
}

static void script_add(Script *s, char mark, Str text)
{
    const DiffLine line = {mark, text};
    VEC_PUSH(s->arena, &s->lines, line);
}

// ---- Myers ----

// The part of both texts between their common beginning and end.
typedef struct Middle {
    const Str *a, *b;
    int32_t n, m;
} Middle;

// Row d holds diagonals -d..d at index k + d.
typedef struct Trace {
    int32_t *rows[MAX_EDITS + 1];
    int32_t edits; // -1: more than MAX_EDITS
} Trace;

static int32_t row_get(const Trace *trace, int32_t d, int32_t k)
{
    return k < -d || k > d ? -1 : trace->rows[d][k + d];
}

// Whether the path with d edits comes to diagonal k by an insertion, that is from diagonal k + 1.
static bool comes_down(const Trace *trace, int32_t d, int32_t k)
{
    return k == -d || (k != d && row_get(trace, d - 1, k - 1) < row_get(trace, d - 1, k + 1));
}

static void find_edits(Arena *arena, const Middle *mid, Trace *trace)
{
    for (int32_t d = 0; d <= MAX_EDITS; d++) {
        trace->rows[d] = ARENA_ARRAY(arena, int32_t, 2 * d + 1);
        for (int32_t k = -d; k <= d; k += 2) {
            int32_t x = d == 0                    ? 0
                        : comes_down(trace, d, k) ? row_get(trace, d - 1, k + 1)
                                                  : row_get(trace, d - 1, k - 1) + 1;
            while (x < mid->n && x - k < mid->m && x - k >= 0 && str_eq(mid->a[x], mid->b[x - k]))
                x++;
            trace->rows[d][k + d] = x;
            if (x >= mid->n && x - k >= mid->m) {
                trace->edits = d;
                return;
            }
        }
    }
    trace->edits = -1;
}

// Walks back from the end; the lines come out in reverse.
static void walk_back(const Middle *mid, const Trace *trace, Script *out)
{
    int32_t x = mid->n, y = mid->m;
    for (int32_t d = trace->edits; d > 0; d--) {
        const int32_t k = x - y;
        const bool down = comes_down(trace, d, k);
        const int32_t from = row_get(trace, d - 1, down ? k + 1 : k - 1);
        const int32_t start = down ? from : from + 1; // where the common run begins
        for (; x > start; x--, y--)
            script_add(out, ' ', mid->a[x - 1]);
        if (down)
            script_add(out, '+', mid->b[--y]);
        else
            script_add(out, '-', mid->a[--x]);
    }
    for (; x > 0; x--)
        script_add(out, ' ', mid->a[x - 1]);
}

static void diff_middle(Arena *arena, const Middle *mid, Script *out)
{
    Trace *const trace = ARENA_NEW(arena, Trace);
    find_edits(arena, mid, trace);
    if (trace->edits < 0) {
        for (int32_t i = 0; i < mid->n; i++)
            script_add(out, '-', mid->a[i]);
        for (int32_t i = 0; i < mid->m; i++)
            script_add(out, '+', mid->b[i]);
        return;
    }
    Script reversed = {.arena = arena};
    walk_back(mid, trace, &reversed);
    for (uint32_t i = reversed.lines.len; i != 0; i--)
        script_add(out, reversed.lines.data[i - 1].mark, reversed.lines.data[i - 1].text);
}

// ---- Output ----

static void print_hunk(const Script *s, uint32_t from, uint32_t to, const uint32_t start[2],
                       StrBuf *out)
{
    uint32_t count[2] = {0, 0};
    for (uint32_t i = from; i < to; i++) {
        count[0] += s->lines.data[i].mark != '+';
        count[1] += s->lines.data[i].mark != '-';
    }
    buf_printf(out, "@@ -%u,%u +%u,%u @@\n", start[0] + (count[0] != 0), count[0],
               start[1] + (count[1] != 0), count[1]);
    for (uint32_t i = from; i < to; i++) {
        buf_char(out, s->lines.data[i].mark);
        buf_str(out, s->lines.data[i].text);
        buf_char(out, '\n');
    }
}

static void print_hunks(const Script *s, uint32_t context, StrBuf *out)
{
    uint32_t line[2] = {0, 0}; // lines of both texts before `at`
    for (uint32_t at = 0; at < s->lines.len;) {
        uint32_t next = at;
        while (next < s->lines.len && s->lines.data[next].mark == ' ')
            next++;
        if (next == s->lines.len)
            return;
        const uint32_t skip = next - at > context ? next - at - context : 0;
        line[0] += skip;
        line[1] += skip;
        at += skip;
        uint32_t end = next, last = next; // last: behind the last change of the hunk
        for (; end < s->lines.len && end - last <= 2 * context; end++)
            if (s->lines.data[end].mark != ' ')
                last = end + 1;
        end = s->lines.len - last < context ? s->lines.len : last + context;
        print_hunk(s, at, end, line, out);
        for (; at < end; at++) {
            line[0] += s->lines.data[at].mark != '+';
            line[1] += s->lines.data[at].mark != '-';
        }
    }
}

void diff_lines(Arena *arena, Str old, Str new, uint32_t context, StrBuf *out)
{
    const Lines a = split_lines(arena, old), b = split_lines(arena, new);
    uint32_t front = 0, back = 0;
    const uint32_t shorter = a.lines.len < b.lines.len ? a.lines.len : b.lines.len;
    while (front < shorter && str_eq(a.lines.data[front], b.lines.data[front]))
        front++;
    while (back < shorter - front &&
           str_eq(a.lines.data[a.lines.len - 1 - back], b.lines.data[b.lines.len - 1 - back]))
        back++;
    Script script = {.arena = arena};
    for (uint32_t i = 0; i < front; i++)
        script_add(&script, ' ', a.lines.data[i]);
    const Middle middle = {a.lines.data + front, b.lines.data + front,
                           (int32_t)(a.lines.len - front - back),
                           (int32_t)(b.lines.len - front - back)};
    diff_middle(arena, &middle, &script);
    for (uint32_t i = a.lines.len - back; i < a.lines.len; i++)
        script_add(&script, ' ', a.lines.data[i]);
    print_hunks(&script, context, out);
}
