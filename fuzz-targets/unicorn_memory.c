// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory of Unicorn's own in builds for fuzzing with the address sanitizer. Unicorn asks for memory
// four times for each store that it emulates, which takes the sanitizer's allocator longer than
// everything else that Unicorn does; and there is nothing to find, because its code is not
// instrumented. There the static library is linked with these functions in the places of malloc and
// the others (CMakeLists.txt here), which ask glibc's allocator.

#include "base/base.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

// What glibc calls them itself; the sanitizer has the usual names. It has __libc_memalign, too: so
// what is to be aligned is cut out of a larger piece, and a word before each piece tells where the
// larger one begins.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *memory);

void *unicorn_malloc(size_t size);
void *unicorn_calloc(size_t count, size_t size);
void *unicorn_realloc(void *old, size_t size);
int unicorn_posix_memalign(void **out, size_t align, size_t size);
char *unicorn_strdup(const char *text);
int unicorn___vasprintf_chk(char **out, int checks, const char *format, va_list args)
    PRINTF_LIKE(3, 0);
void unicorn_free(void *memory);

// What stands before a piece: as large as malloc's alignment.
typedef struct Head {
    max_align_t *start;
    uint8_t padding[sizeof(max_align_t) - sizeof(max_align_t *)];
} Head;

enum { HEAD = sizeof(Head) };

// The piece `offset` bytes behind `start`, which may be NULL.
static void *piece(max_align_t *start, size_t offset)
{
    if (!start)
        return NULL;
    void *const memory = (uint8_t *)start + offset;
    ((Head *)memory)[-1] = (Head){.start = start};
    return memory;
}

static bool too_large(size_t size)
{
    return size > PTRDIFF_MAX / 2;
}

void *unicorn_malloc(size_t size)
{
    return too_large(size) ? NULL : piece(__libc_malloc(size + HEAD), HEAD);
}

void *unicorn_calloc(size_t count, size_t size)
{
    size_t all;
    if (__builtin_mul_overflow(count, size, &all) || too_large(all))
        return NULL;
    return piece(__libc_calloc(1, all + HEAD), HEAD);
}

// Of pieces of malloc and calloc; Unicorn asks for no larger one of what is aligned.
void *unicorn_realloc(void *old, size_t size)
{
    if (!old)
        return unicorn_malloc(size);
    return too_large(size) ? NULL
                           : piece(__libc_realloc(((Head *)old)[-1].start, size + HEAD), HEAD);
}

int unicorn_posix_memalign(void **out, size_t align, size_t size)
{
    *out = NULL;
    if (too_large(size) || too_large(align))
        return ENOMEM;
    max_align_t *const start = __libc_malloc(size + align + HEAD);
    const uintptr_t least = (uintptr_t)start + HEAD;
    *out = piece(start, HEAD + (-least & (align - 1)));
    return *out ? 0 : ENOMEM;
}

char *unicorn_strdup(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *const copy = unicorn_malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

// What vasprintf is called where glibc's headers are asked for more checks.
int unicorn___vasprintf_chk(char **out, int checks, const char *format, va_list args)
{
    va_list again;
    (void)checks;
    va_copy(again, args);
    const int len = vsnprintf(NULL, 0, format, args);
    *out = len < 0 ? NULL : unicorn_malloc((size_t)len + 1);
    const int done = *out ? vsnprintf(*out, (size_t)len + 1, format, again) : -1;
    va_end(again);
    return done;
}

void unicorn_free(void *memory)
{
    if (memory)
        __libc_free(((Head *)memory)[-1].start);
}
