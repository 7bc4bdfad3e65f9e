// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// String slices and text buffers.

#include "base/base.h"

#include <stdio.h>

Str str_from(const char *terminated)
{
    return (Str){terminated, strlen(terminated)};
}

bool str_eq(Str a, Str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool str_eq_c(Str a, const char *terminated)
{
    return str_eq(a, str_from(terminated));
}

bool str_starts_with(Str s, Str prefix)
{
    return s.len >= prefix.len && str_eq((Str){s.data, prefix.len}, prefix);
}

size_t str_find(Str s, Str part)
{
    for (size_t i = 0; i + part.len <= s.len; i++)
        if (part.len == 0 || memcmp(s.data + i, part.data, part.len) == 0)
            return i;
    return SIZE_MAX;
}

bool str_contains(Str s, Str part)
{
    return str_find(s, part) != SIZE_MAX;
}

int str_compare(Str a, Str b)
{
    const size_t common = a.len < b.len ? a.len : b.len;
    const int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

Str str_trim(Str s)
{
    while (s.len != 0 && is_blank(s.data[0])) {
        s.data++;
        s.len--;
    }
    while (s.len != 0 && is_blank(s.data[s.len - 1]))
        s.len--;
    return s;
}

Str str_copy(Arena *arena, Str s)
{
    char *const copy = arena_alloc(arena, s.len + 1, 1);
    if (s.len != 0)
        memcpy(copy, s.data, s.len);
    copy[s.len] = '\0';
    return (Str){copy, s.len};
}

Str str_printf(Arena *arena, const char *format, ...)
{
    StrBuf buf = {.arena = arena};
    va_list args;
    va_start(args, format);
    buf_vprintf(&buf, format, args);
    va_end(args);
    buf_char(&buf, '\0');
    return (Str){buf.data, buf.len - 1};
}

#define DISTANCE_MAX 64u

uint32_t str_distance(Str a, Str b, uint32_t limit)
{
    if (a.len > DISTANCE_MAX || b.len > DISTANCE_MAX)
        return limit + 1;
    uint32_t row[DISTANCE_MAX + 1];
    for (uint32_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (uint32_t i = 1; i <= a.len; i++) {
        uint32_t diagonal = row[0];
        row[0] = i;
        for (uint32_t j = 1; j <= b.len; j++) {
            const uint32_t replace = diagonal + (a.data[i - 1] != b.data[j - 1]);
            const uint32_t gap = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = replace < gap ? replace : gap;
        }
    }
    return row[b.len] <= limit ? row[b.len] : limit + 1;
}

Str str_nearest(Str word, const Str *candidates, size_t count)
{
    uint32_t best = word.len <= 3 ? 1 : word.len <= 8 ? 2 : 3;
    Str found = {NULL, 0};
    for (size_t i = 0; i < count; i++) {
        const uint32_t distance = str_distance(word, candidates[i], best);
        if (distance > best || (found.data && distance == best))
            continue;
        best = distance;
        found = candidates[i];
    }
    return found;
}

// ---- StrBuf ----

// Makes room for `n` more bytes.
static void buf_reserve(StrBuf *buf, size_t n)
{
    if (LIKELY(buf->cap - buf->len >= n))
        return;
    size_t cap = buf->cap == 0 ? 64 : buf->cap * 2;
    if (cap < buf->len + n)
        cap = buf->len + n;
    buf->data = arena_grow(buf->arena, buf->data, buf->cap, cap, 1);
    buf->cap = cap;
}

void buf_char(StrBuf *buf, char c)
{
    buf_reserve(buf, 1);
    buf->data[buf->len++] = c;
}

void buf_str(StrBuf *buf, Str s)
{
    if (s.len == 0)
        return;
    buf_reserve(buf, s.len);
    memcpy(buf->data + buf->len, s.data, s.len);
    buf->len += s.len;
}

void buf_puts(StrBuf *buf, const char *terminated)
{
    buf_str(buf, str_from(terminated));
}

void buf_vprintf(StrBuf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    const int len = vsnprintf(NULL, 0, format, args);
    ASSERT(len >= 0);
    buf_reserve(buf, (size_t)len + 1);
    vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
    va_end(again);
    buf->len += (size_t)len;
}

void buf_printf(StrBuf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_vprintf(buf, format, args);
    va_end(args);
}

void buf_u64(StrBuf *buf, uint64_t x)
{
    char digits[20];
    size_t n = 0;
    do {
        digits[sizeof(digits) - ++n] = (char)('0' + x % 10);
        x /= 10;
    } while (x != 0);
    buf_str(buf, (Str){digits + sizeof(digits) - n, n});
}

Str buf_view(const StrBuf *buf)
{
    return (Str){buf->data, buf->len};
}
