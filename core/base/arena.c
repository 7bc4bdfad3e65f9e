// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arenas: chunks of doubling size, bumped from the front. Objects are separated by a redzone in
// ASan builds, so that running off one object's end is seen as if it came from malloc.

#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef ARENA_ASAN
#    include <sanitizer/asan_interface.h>
#    define REDZONE           ((size_t)16)
#    define POISON(p, size)   ASAN_POISON_MEMORY_REGION((p), (size))
#    define UNPOISON(p, size) ASAN_UNPOISON_MEMORY_REGION((p), (size))
#else
#    define REDZONE           ((size_t)0)
#    define POISON(p, size)   ((void)(p), (void)(size))
#    define UNPOISON(p, size) ((void)(p), (void)(size))
#endif

#ifdef ASSAY_HARSH
#    define FIRST_CHUNK ((size_t)256)
#else
#    define FIRST_CHUNK ((size_t)16 << 10)
#endif
#define LARGEST_CHUNK ((size_t)8 << 20)

#define CHUNK_ALIGN   ((size_t)64)

struct ArenaChunk {
    ArenaChunk *older;
    char *bytes; // behind this head, at a multiple of CHUNK_ALIGN
    size_t size;
};

void base_assert_failed(const char *cond, const char *file, int line)
{
    fprintf(stderr, "%s:%d: internal error: assertion failed: %s\n", file, line, cond);
    abort();
}

static NORETURN void arena_oom(const Arena *arena, size_t size)
{
    if (arena->on_oom)
        arena->on_oom(arena->oom_context, size);
    fprintf(stderr, "out of memory: %zu bytes\n", size);
    abort();
}

// Opens a chunk with room for `size` bytes at any alignment up to 64. Aligned here: aligned_alloc
// cuts its result out of a larger piece, and what is left over slows all of malloc down.
static void arena_open_chunk(Arena *arena, size_t size)
{
    size_t want = arena->chunk ? arena->chunk->size * 2 : FIRST_CHUNK;
    if (want > LARGEST_CHUNK)
        want = LARGEST_CHUNK;
    if (want < size)
        want = size;
    if (want > SIZE_MAX / 2)
        arena_oom(arena, want);
    ArenaChunk *const chunk = malloc(sizeof(ArenaChunk) + CHUNK_ALIGN - 1 + want);
    if (!chunk)
        arena_oom(arena, want);
    char *const behind = (char *)(chunk + 1);
    chunk->older = arena->chunk;
    chunk->bytes = behind + (-(uintptr_t)behind & (CHUNK_ALIGN - 1));
    chunk->size = want;
    arena->chunk = chunk;
    arena->next = chunk->bytes;
    arena->end = chunk->bytes + want;
    POISON(chunk->bytes, want);
}

void *arena_alloc_slowly(Arena *arena, size_t size, size_t align)
{
    ASSERT(align != 0 && align <= CHUNK_ALIGN && (align & (align - 1)) == 0);
    size_t pad = (size_t)(-(uintptr_t)arena->next) & (align - 1);
    if (UNLIKELY(size > SIZE_MAX / 4))
        arena_oom(arena, size);
    if (UNLIKELY(!arena->next || (size_t)(arena->end - arena->next) < pad + size + REDZONE)) {
        arena_open_chunk(arena, size + REDZONE);
        pad = 0;
    }
    char *const object = arena->next + pad;
    arena->next = object + size + REDZONE;
    arena->used += pad + size;
    UNPOISON(object, size);
    return object;
}

void *arena_zalloc(Arena *arena, size_t size, size_t align)
{
    void *const object = arena_alloc(arena, size, align);
    memset(object, 0, size);
    return object;
}

void *arena_grow(Arena *arena, void *old, size_t old_size, size_t new_size, size_t align)
{
    ASSERT(new_size >= old_size);
    if (old && (char *)old + old_size + REDZONE == arena->next &&
        (size_t)(arena->end - arena->next) >= new_size - old_size) {
        arena->next += new_size - old_size;
        arena->used += new_size - old_size;
        UNPOISON(old, new_size);
        return old;
    }
    void *const fresh = arena_alloc(arena, new_size, align);
    if (old_size != 0) {
        memcpy(fresh, old, old_size);
        POISON(old, old_size);
    }
    return fresh;
}

void arena_reset(Arena *arena)
{
    arena->used = 0;
    if (!arena->chunk)
        return;
    ArenaChunk *largest = arena->chunk;
    for (ArenaChunk *c = arena->chunk; c; c = c->older)
        largest = c->size > largest->size ? c : largest;
    for (ArenaChunk *c = arena->chunk, *older; c; c = older) {
        older = c->older;
        if (c != largest) {
            UNPOISON(c->bytes, c->size);
            free(c);
        }
    }
    // Of the newest chunk, what was not handed out is poisoned still.
    const bool newest = largest == arena->chunk;
    POISON(largest->bytes, newest ? (size_t)(arena->next - largest->bytes) : largest->size);
    largest->older = NULL;
    arena->chunk = largest;
    arena->next = largest->bytes;
    arena->end = largest->bytes + largest->size;
}

void arena_free(Arena *arena)
{
    for (ArenaChunk *c = arena->chunk, *older; c; c = older) {
        older = c->older;
        UNPOISON(c->bytes, c->size);
        free(c);
    }
    arena->chunk = NULL;
    arena->next = arena->end = NULL;
    arena->used = 0;
}

size_t arena_footprint(const Arena *arena)
{
    size_t sum = 0;
    for (const ArenaChunk *c = arena->chunk; c; c = c->older)
        sum += sizeof(*c) + c->size;
    return sum;
}
