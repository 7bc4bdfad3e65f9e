// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Results as records: fixed numbers, then the texts, each with its length in front. Written by a
// worker that may be about to crash, so the reader trusts no length.

#include "filetests/runner/runner_internal.h"

typedef struct StatusInfo {
    const char *name;
    bool fails;
    uint32_t weight;
} StatusInfo;

static const StatusInfo statuses[TEST_STATUS_COUNT] = {
#define TEST_STATUS(NAME, name, fails, weight) {name, fails, weight},
#include "filetests/runner/statuses.def"
};

const char *status_name(TestStatus status)
{
    return statuses[status].name;
}

bool status_fails(TestStatus status)
{
    return statuses[status].fails;
}

uint32_t status_weight(TestStatus status)
{
    return statuses[status].weight;
}

typedef struct Head {
    uint32_t size; // of the whole record
    uint32_t kind, status, engine, func, line, col, directive;
} Head;

enum { NUM_TEXTS = 9, SHORT_TEXT = 4096, LONG_TEXT = 96 * 1024 };

_Static_assert(sizeof(Head) + NUM_TEXTS * sizeof(uint32_t) + 6 * SHORT_TEXT + 2 * LONG_TEXT <=
                   RESULT_MAX,
               "a record with texts of full length has RESULT_MAX bytes at most");

// The longest text that field `i` carries: detail, expected and got may be whole functions.
static size_t text_limit(uint32_t i)
{
    return i < 6 ? SHORT_TEXT : i < 8 ? LONG_TEXT / 2 : LONG_TEXT;
}

size_t result_encode(const Result *result, uint8_t *out, size_t size)
{
    const Str texts[NUM_TEXTS] = {result->command,   result->function, result->target,
                                  result->opt_level, result->text,     result->message,
                                  result->expected,  result->got,      result->detail};
    Head head = {0,
                 (uint32_t)result->kind,
                 (uint32_t)result->status,
                 (uint32_t)result->engine,
                 result->func,
                 result->line,
                 result->col,
                 result->directive};
    size_t len = sizeof(head);
    for (uint32_t i = 0; i < NUM_TEXTS; i++) {
        const size_t limit = text_limit(i);
        const uint32_t n = (uint32_t)(texts[i].len < limit ? texts[i].len : limit);
        if (size < len + sizeof(n) + n)
            return 0;
        memcpy(out + len, &n, sizeof(n));
        if (n != 0)
            memcpy(out + len + sizeof(n), texts[i].data, n);
        len += sizeof(n) + n;
    }
    head.size = (uint32_t)len;
    memcpy(out, &head, sizeof(head));
    return len;
}

// Takes `n` bytes off the front of `in`; false when there are fewer.
static bool take(Str *in, void *out, size_t n)
{
    if (in->len < n)
        return false;
    memcpy(out, in->data, n);
    *in = (Str){in->data + n, in->len - n};
    return true;
}

bool result_decode(Arena *arena, Str *in, Result *out)
{
    Str rest = *in;
    Head head;
    if (!take(&rest, &head, sizeof(head)) || head.size > in->len || head.size < sizeof(head))
        return false;
    if (head.kind > RESULT_PATCH || head.status >= TEST_STATUS_COUNT || head.engine > ENGINE_COUNT)
        return false;
    rest.len = head.size - sizeof(head);
    Str texts[NUM_TEXTS];
    for (uint32_t i = 0; i < NUM_TEXTS; i++) {
        uint32_t n;
        if (!take(&rest, &n, sizeof(n)) || n > rest.len)
            return false;
        texts[i] = n == 0 ? (Str){"", 0} : str_copy(arena, (Str){rest.data, n});
        rest = (Str){rest.data + n, rest.len - n};
    }
    *out = (Result){.kind = (ResultKind)head.kind,
                    .status = (TestStatus)head.status,
                    .engine = (Engine)head.engine,
                    .func = head.func,
                    .line = head.line,
                    .col = head.col,
                    .directive = head.directive,
                    .command = texts[0],
                    .function = texts[1],
                    .target = texts[2],
                    .opt_level = texts[3],
                    .text = texts[4],
                    .message = texts[5],
                    .expected = texts[6],
                    .got = texts[7],
                    .detail = texts[8]};
    *in = (Str){in->data + head.size, in->len - head.size};
    return true;
}
