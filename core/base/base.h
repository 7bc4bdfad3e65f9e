// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// base: what every other module stands on, and nothing that knows of compilers.
//
// In here: attributes and assertions, checked narrowing, arenas, growable arrays (Vec), bit sets, a
// hash map from 64-bit keys, string slices and text buffers, and the way errors travel (Status and
// Diag). Nothing prints or exits, but for a failed ASSERT and the out-of-memory hook, which report
// on stderr and abort.
//
// Memory: everything is taken from an Arena and lives as long as it. An arena belongs to one thread
// at a time; distinct arenas are independent. No function here returns NULL for lack of memory.
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// ---- Attributes ----

#if defined(__GNUC__)
#    define NORETURN          __attribute__((noreturn))
#    define NODISCARD         __attribute__((warn_unused_result))
#    define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#    define ASSAY_API         __attribute__((visibility("default")))
#    define LIKELY(x)         __builtin_expect(!!(x), 1)
#    define UNLIKELY(x)       __builtin_expect(!!(x), 0)
#else
#    error "assay needs gcc or clang"
#endif

// 128-bit integers: the one GNU extension of the tree that is not an attribute.
__extension__ typedef unsigned __int128 uint128;
__extension__ typedef __int128 int128;

// ---- Assertions ----

// A broken promise of our own code. On in release builds too: a crash is cheaper than wrong code.
#define ASSERT(cond)                                       \
    do {                                                   \
        if (UNLIKELY(!(cond)))                             \
            base_assert_failed(#cond, __FILE__, __LINE__); \
    } while (0)

// Checks that cost more than the work they guard; on in debug and sanitizer builds.
#ifdef ASSAY_PARANOID
#    define PARANOID_ASSERT(cond) ASSERT(cond)
#else
#    define PARANOID_ASSERT(cond) ((void)0)
#endif

// After a switch that handles every enumerator.
#define UNREACHABLE() base_assert_failed("unreachable", __FILE__, __LINE__)

// Reports `cond` at `file`:`line` on stderr and aborts.
NORETURN void base_assert_failed(const char *cond, const char *file, int line);

// Checked narrowing: the value must be representable in the result type.
static inline uint8_t u8_from(uint64_t x)
{
    ASSERT(x <= UINT8_MAX);
    return (uint8_t)x;
}

static inline uint16_t u16_from(uint64_t x)
{
    ASSERT(x <= UINT16_MAX);
    return (uint16_t)x;
}

static inline uint32_t u32_from(uint64_t x)
{
    ASSERT(x <= UINT32_MAX);
    return (uint32_t)x;
}

// ---- Arena ----

#if defined(__SANITIZE_ADDRESS__)
#    define ARENA_ASAN 1
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer)
#        define ARENA_ASAN 1
#    endif
#endif

typedef struct ArenaChunk ArenaChunk;

// Called when the system has no memory for `size` more bytes; must not return.
typedef void (*OomHook)(void *context, size_t size);

// A bump allocator over malloc'd chunks. Zero-initialised is valid and empty; copying one is not.
// ASan builds poison the gap after each object and everything on reset.
typedef struct Arena {
    ArenaChunk *chunk; // newest chunk, linked to the older ones
    char *next, *end;  // free bytes of the newest chunk
    size_t used;       // bytes handed out since the last reset, alignment included
    OomHook on_oom;    // NULL: report and abort
    void *oom_context;
} Arena;

// What arena_alloc does when the newest chunk has no room, and always in ASan builds.
void *arena_alloc_slowly(Arena *arena, size_t size, size_t align);

// `size` bytes aligned to `align` (a power of two, at most 64), not cleared. Never NULL: for size 0
// a pointer that must not be read.
static inline void *arena_alloc(Arena *arena, size_t size, size_t align)
{
#ifndef ARENA_ASAN
    char *const next = arena->next;
    const size_t pad = (size_t)(-(uintptr_t)next) & (align - 1);
    if (LIKELY(next && size < SIZE_MAX / 4 && pad + size <= (size_t)(arena->end - next))) {
        arena->next = next + pad + size;
        arena->used += pad + size;
        return next + pad;
    }
#endif
    return arena_alloc_slowly(arena, size, align);
}

// As arena_alloc, cleared to zero.
void *arena_zalloc(Arena *arena, size_t size, size_t align);

// Grows the block `old` (may be NULL when old_size is 0) to new_size bytes, in place when it is the
// newest one, else by a copy; the bytes past old_size are not cleared.
void *arena_grow(Arena *arena, void *old, size_t old_size, size_t new_size, size_t align);

// Forgets every object and keeps the largest chunk for reuse.
void arena_reset(Arena *arena);

// Gives all memory back; the arena is empty and valid afterwards.
void arena_free(Arena *arena);

// Bytes that the arena holds from the system.
size_t arena_footprint(const Arena *arena);

#define ARENA_NEW(arena, T)      ((T *)arena_zalloc((arena), sizeof(T), _Alignof(T)))
#define ARENA_ARRAY(arena, T, n) ((T *)arena_zalloc((arena), sizeof(T) * (size_t)(n), _Alignof(T)))

// memcpy, where `from` may be NULL for no bytes: an array that is empty.
static inline void copy_bytes(void *to, const void *from, size_t size)
{
    if (size != 0)
        memcpy(to, from, size);
}

// ---- Vec: a growable array ----

// VEC(T) declares the type; zero-initialised is empty. Elements move when the array grows, so hold
// indices, not pointers.
#define VEC(T)             \
    struct {               \
        T *data;           \
        uint32_t len, cap; \
    }

// Appends `x`. The arena must be the same for each call on one vec.
#define VEC_PUSH(arena, v, x)             \
    do {                                  \
        if ((v)->len == (v)->cap)         \
            VEC_RESERVE((arena), (v), 1); \
        (v)->data[(v)->len++] = (x);      \
    } while (0)

// Makes room for `n` more elements.
#define VEC_RESERVE(arena, v, n) \
    ((v)->data = vec_reserve((arena), (v)->data, (v)->len, &(v)->cap, (n), sizeof(*(v)->data)))

// Appends `n` cleared elements.
#define VEC_PUSH_ZEROED(arena, v, n)                                           \
    do {                                                                       \
        VEC_RESERVE((arena), (v), (n));                                        \
        if ((n) != 0)                                                          \
            memset((v)->data + (v)->len, 0, sizeof(*(v)->data) * (size_t)(n)); \
        (v)->len += (uint32_t)(n);                                             \
    } while (0)

// The growth step behind VEC_RESERVE: returns the (moved) data with *cap >= len + n.
void *vec_reserve(Arena *arena, void *data, uint32_t len, uint32_t *cap, uint64_t n, size_t size);

// ---- Bit set ----

// A fixed range of bits, 0..size-1, all clear at first.
typedef struct Bitset {
    uint64_t *words;
    uint32_t size;
} Bitset;

// A set of `size` bits in `arena`, all clear.
Bitset bitset_new(Arena *arena, uint32_t size);

static inline bool bitset_has(const Bitset *set, uint32_t i)
{
    ASSERT(i < set->size);
    return (set->words[i >> 6] >> (i & 63)) & 1;
}

static inline void bitset_add(Bitset *set, uint32_t i)
{
    ASSERT(i < set->size);
    set->words[i >> 6] |= (uint64_t)1 << (i & 63);
}

static inline void bitset_remove(Bitset *set, uint32_t i)
{
    ASSERT(i < set->size);
    set->words[i >> 6] &= ~((uint64_t)1 << (i & 63));
}

// Number of bits set.
uint32_t bitset_count(const Bitset *set);

// ---- Strings ----

// A slice of text, not terminated; owns nothing.
typedef struct Str {
    const char *data;
    size_t len;
} Str;

#define STR(literal) ((Str){("" literal), sizeof(literal) - 1})

// Conversion for printf's "%.*s".
#define STR_ARG(s)   (int)((s).len > 1u << 20 ? 1u << 20 : (s).len), (s).data ? (s).data : ""

// The slice of a C string; the other three compare bytes.
Str str_from(const char *terminated);
bool str_eq(Str a, Str b);
bool str_eq_c(Str a, const char *terminated);
bool str_starts_with(Str s, Str prefix);
// Where `part` begins in `s` first, or SIZE_MAX; the empty string is everywhere.
size_t str_find(Str s, Str part);
bool str_contains(Str s, Str part);
// Negative, zero or positive, as memcmp; a prefix sorts first.
int str_compare(Str a, Str b);
// Without the white space (space, tab, CR, LF, VT, FF) at both ends.
Str str_trim(Str s);
// Copies `s` into the arena, with a terminating NUL behind it.
Str str_copy(Arena *arena, Str s);
// As sprintf into the arena; terminated by a NUL that `len` does not count.
Str str_printf(Arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
// Levenshtein distance, for "did you mean"; at most `limit` + 1.
uint32_t str_distance(Str a, Str b, uint32_t limit);

// Picks the candidate nearest to `word` for a "did you mean"; the empty slice when none is near.
Str str_nearest(Str word, const Str *candidates, size_t count);

// A growable text in an arena. Zero-initialise but for the arena.
typedef struct StrBuf {
    Arena *arena;
    char *data;
    size_t len, cap;
} StrBuf;

// Append to the text; what is given is copied.
void buf_char(StrBuf *buf, char c);
void buf_str(StrBuf *buf, Str s);
void buf_puts(StrBuf *buf, const char *terminated);
void buf_printf(StrBuf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(StrBuf *buf, const char *format, va_list args) PRINTF_LIKE(2, 0);
// Appends `x` in decimal: the fast path of printing entity numbers.
void buf_u64(StrBuf *buf, uint64_t x);
// The text so far, valid until the next append.
Str buf_view(const StrBuf *buf);

// ---- Hash map ----

// From 64-bit keys to 32-bit values, open addressing. Zero-initialised is empty. Iteration order is
// not offered: nothing may depend on it.
typedef struct Map {
    uint64_t *keys;
    uint32_t *values; // MAP_NONE: free slot
    uint32_t len, cap;
} Map;

#define MAP_NONE UINT32_MAX

// The value of `key`, or MAP_NONE.
uint32_t map_get(const Map *map, uint64_t key);
// Sets `key` to `value` (not MAP_NONE), replacing an earlier value.
void map_set(Arena *arena, Map *map, uint64_t key, uint32_t value);

// Interned strings, numbered from 0 in order of arrival. Zero-initialised is empty.
typedef struct StrTable {
    VEC(Str) strings;
    uint32_t *slots; // index + 1, 0: free
    uint32_t cap;
} StrTable;

// The number of `s`, or MAP_NONE.
uint32_t strtable_find(const StrTable *table, Str s);
// The number of `s`, which is copied into the arena when it is new.
uint32_t strtable_add(Arena *arena, StrTable *table, Str s);

// A 64-bit hash of bytes, the same on every little-endian machine: a multiplication for each word,
// as FNV-1a has one for each byte (the rest is hashed so), and a final mix.
uint64_t hash_bytes(const void *data, size_t len);

// ---- Errors ----

// What a function that can meet bad input returns. Details are in the Diag that it was given.
typedef enum Status {
    STATUS_OK = 0,
    STATUS_SYNTAX,      // text that does not follow its grammar
    STATUS_INVALID,     // well-formed text that breaks a rule of the language
    STATUS_UNSUPPORTED, // right input that this stage can't handle yet
    STATUS_LIMIT,       // right input beyond a stated size
    STATUS_IO           // a file that can't be read or written
} Status;

// The one macro that may return: forwards any status but OK.
#define TRY(expr)                               \
    do {                                        \
        const Status try_status_ = (expr);      \
        if (UNLIKELY(try_status_ != STATUS_OK)) \
            return try_status_;                 \
    } while (0)

typedef enum Severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE } Severity;

// A text that positions refer to. Positions are byte offsets; POS_NONE means "no place".
typedef struct Source {
    Str path;
    Str text;
    Arena *arena;        // where `lines` is kept: lives as long as this. NULL: lines are not kept
    VEC(uint32_t) lines; // offset of each line's first byte, made on the first question
} Source;

#define POS_NONE UINT32_MAX

typedef struct LineCol {
    uint32_t line, col; // from 1; col counts bytes
} LineCol;

// Line and column of offset `pos` (at most text.len). Without an arena in the source each question
// reads the text up to there. Not for threads that share a Source.
LineCol source_line_col(Source *source, uint32_t pos);

// One message, for people: "path:line:col: error: text".
typedef struct DiagMessage {
    Severity severity;
    Str path;      // empty: no file
    LineCol where; // line 0: no place
    Str text;
} DiagMessage;

// Messages in the order they were found. Zero-initialise but for the arena, which owns the texts.
typedef struct Diag {
    Arena *arena;
    VEC(DiagMessage) messages;
    uint32_t errors; // how many of them are errors
} Diag;

// Adds an error at `pos` (or POS_NONE) of `source` (or NULL) and returns `status`, so that callers
// can write `return diag_error(...)`.
Status diag_error(Diag *diag, Status status, Source *source, uint32_t pos, const char *format, ...)
    PRINTF_LIKE(5, 6);
// Adds a message of any severity.
void diag_add(Diag *diag, Severity severity, Source *source, uint32_t pos, const char *format, ...)
    PRINTF_LIKE(5, 6);
// Gives the last message the place `pos` of `source` if it has none: for what is judged where the
// text is not known. Returns `status`.
Status diag_place(Diag *diag, Status status, Source *source, uint32_t pos);
// The message as one line without a line break at its end.
void diag_format(const DiagMessage *message, StrBuf *out);

#endif
