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

// What glibc calls them itself; the sanitizer has the usual names.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t align, size_t size);
void __libc_free(void *memory);

void *unicorn_malloc(size_t size);
void *unicorn_calloc(size_t count, size_t size);
void *unicorn_realloc(void *old, size_t size);
int unicorn_posix_memalign(void **out, size_t align, size_t size);
char *unicorn_strdup(const char *text);
int unicorn___vasprintf_chk(char **out, int checks, const char *format, va_list args)
    PRINTF_LIKE(3, 0);
void unicorn_free(void *memory);

void *unicorn_malloc(size_t size)
{
    return __libc_malloc(size);
}

void *unicorn_calloc(size_t count, size_t size)
{
    return __libc_calloc(count, size);
}

void *unicorn_realloc(void *old, size_t size)
{
    return __libc_realloc(old, size);
}

int unicorn_posix_memalign(void **out, size_t align, size_t size)
{
    *out = __libc_memalign(align, size);
    return *out ? 0 : ENOMEM;
}

char *unicorn_strdup(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *const copy = __libc_malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

// What vasprintf is called where glibc's headers are asked for more checks.
int unicorn___vasprintf_chk(char **out, int checks, const char *format, va_list args)
{
    va_list again;
    (void)checks;
    va_copy(again, args);
    const int len = vsnprintf(NULL, 0, format, args);
    *out = len < 0 ? NULL : __libc_malloc((size_t)len + 1);
    const int done = *out ? vsnprintf(*out, (size_t)len + 1, format, again) : -1;
    va_end(again);
    return done;
}

void unicorn_free(void *memory)
{
    __libc_free(memory);
}
