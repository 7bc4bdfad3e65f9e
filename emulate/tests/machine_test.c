// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The engines that run machine code, on bytes assembled by hand: results, traps, faults, damage
// that a function must not do, fuel, imports. Each test runs in every engine of this build and
// host.

#include "emulate/emulate.h"
#include "emulate/machine/machine.h"
#include "text/text.h"

// cmocka.h wants the others before it.
// clang-format off
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

// One function in both instruction sets. %f is what is called, its module is `text`.
typedef struct Sample {
    const char *text;
    const uint8_t x64[32];
    const uint32_t a64[8];
    uint32_t x64_size, a64_words;
    TrapSite x64_traps[2], a64_traps[2];
    uint32_t num_traps;
    Reloc x64_reloc, a64_reloc; // of the name's text; kind is filled in
    uint32_t x64_return, a64_return;
    bool calls;
} Sample;

typedef struct Bench {
    Arena arena;
    ClifFile *file;
    Executor *ex;
    Engine engine;
    CompiledFunc code;
} Bench;

#define PLAIN "function %f(i64, i64) -> i64 {\nblock0(v0: i64, v1: i64):\n    return v0\n}\n"
#define CALLS                                                                    \
    "function %f(i64) -> i64 {\n    fn0 = %host(i64) -> i64\nblock0(v0: i64):\n" \
    "    v1 = call fn0(v0)\n    return v1\n}\n"

static bool is_x64(Engine engine)
{
    return engine != ENGINE_UNICORN_AARCH64;
}

static CompiledFunc compiled(const Sample *s, Bench *b, CallRecord *record, Reloc *reloc)
{
    const bool x64 = is_x64(b->engine);
    *reloc = x64 ? s->x64_reloc : s->a64_reloc;
    reloc->kind = x64 ? RELOC_X64_PLT32 : RELOC_A64_CALL26;
    reloc->name = (ExtName){.kind = NAME_TESTCASE, .text = STR("host")};
    *record = (CallRecord){x64 ? s->x64_return : s->a64_return, (Inst){0}};
    return (CompiledFunc){
        .func = b->file->module.funcs.data[0],
        .code = x64 ? s->x64 : (const uint8_t *)s->a64,
        .size = x64 ? s->x64_size : s->a64_words * 4,
        .align = 16,
        .traps = x64 ? s->x64_traps : s->a64_traps,
        .num_traps = s->num_traps,
        .relocs = reloc,
        .num_relocs = s->calls ? 1 : 0,
        .calls = record,
        .num_calls = s->calls ? 1 : 0,
    };
}

static bool open_bench(Bench *b, Engine engine, const Sample *s)
{
    const ExecutorConfig config = {.fuel = 100000};
    const char *reason = NULL;
    CallRecord record;
    Reloc reloc;
    memset(b, 0, sizeof(*b));
    b->engine = engine;
    Diag diag = {.arena = &b->arena};
    b->ex = executor_create(engine, &config, &reason);
    if (!b->ex) {
        assert_non_null(reason);
        return false;
    }
    assert_int_equal(text_parse_file(&b->arena, STR("sample"), str_from(s->text),
                                     &(ParseOptions){0}, &b->file, &diag),
                     STATUS_OK);
    b->code = compiled(s, b, &record, &reloc);
    assert_int_equal(machine_load_compiled(b->ex, &b->file->module, &b->code, &diag), STATUS_OK);
    return true;
}

static void close_bench(Bench *b)
{
    executor_destroy(b->ex);
    arena_free(&b->arena);
}

static CallResult call(Bench *b, uint64_t x, uint64_t y)
{
    const DataValue args[2] = {data_from_u64(TYPE_I64, x), data_from_u64(TYPE_I64, y)};
    const uint32_t n = b->file->module.funcs.data[0]->sig.num_params;
    return executor_call(b->ex, 0, args, n, &b->arena);
}

#define FOR_ENGINES(bench, sample)                                      \
    for (uint32_t e_ = ENGINE_INTERP + 1; e_ < ENGINE_COUNT; e_++)      \
        for (bool go_ = open_bench((bench), (Engine)e_, (sample)); go_; \
             close_bench(bench), go_ = false)

static void assert_detail(const CallResult *result, Outcome outcome, const char *part)
{
    assert_int_equal(result->outcome, outcome);
    if (!str_contains(result->detail, str_from(part)))
        fail_msg("'%.*s' does not say '%s'", STR_ARG(result->detail), part);
}

// ---- Results and traps ----

static void a_sum(void **state)
{
    static const Sample sample = {.text = PLAIN,
                                  .x64 = {0x48, 0x8d, 0x04, 0x37, 0xc3}, // lea rax, [rdi+rsi]
                                  .x64_size = 5,
                                  .a64 = {0x8b010000, 0xd65f03c0}, // add x0, x0, x1
                                  .a64_words = 2};
    Bench b;
    (void)state;
    FOR_ENGINES(&b, &sample)
    {
        for (uint64_t i = 0; i < 100; i++) {
            const CallResult result = call(&b, i, UINT64_C(0x123456789abcdef) * i);
            assert_int_equal(result.outcome, OUTCOME_RETURNED);
            assert_int_equal(result.num_values, 1);
            assert_true(data_to_u64(&result.values[0]) == UINT64_C(0x123456789abcdf0) * i);
        }
    }
}

// New code at the same address is what runs.
static void fresh_code(void **state)
{
    static const Sample sample = {.text = PLAIN,
                                  .x64 = {0xb8, 1, 0, 0, 0, 0xc3}, // mov eax, 1
                                  .x64_size = 6,
                                  .a64 = {0xd2800020, 0xd65f03c0}, // mov x0, #1
                                  .a64_words = 2};
    Bench b;
    (void)state;
    FOR_ENGINES(&b, &sample)
    {
        for (uint32_t i = 0; i < 200; i++) {
            uint8_t code[8];
            Diag diag = {.arena = &b.arena};
            memcpy(code, b.code.code, b.code.size);
            if (is_x64(b.engine)) {
                code[1] = (uint8_t)i;
            } else {
                const uint32_t word = 0xd2800000 | i << 5;
                memcpy(code, &word, 4);
            }
            CompiledFunc changed = b.code;
            changed.code = code;
            assert_int_equal(machine_load_compiled(b.ex, &b.file->module, &changed, &diag),
                             STATUS_OK);
            const CallResult result = call(&b, 0, 0);
            assert_int_equal(result.outcome, OUTCOME_RETURNED);
            assert_int_equal(data_to_u64(&result.values[0]), i);
        }
    }
}

// Code that returns an integer register, or half of a vector register.
typedef enum Part { PART_INT, PART_LOW, PART_HIGH, PART_COUNT } Part;

static uint32_t read_register(Engine engine, Part part, uint32_t n, uint8_t *out)
{
    const uint8_t rex = (uint8_t)(0x48 | n >> 3 << 2), modrm = (uint8_t)(0xc0 | (n & 7) << 3);
    // mov rax, rN; movq rax, xmmN; pextrq rax, xmmN, 1; with ret
    const uint8_t x64[PART_COUNT][8] = {{rex, 0x89, modrm, 0xc3},
                                        {0x66, rex, 0x0f, 0x7e, modrm, 0xc3},
                                        {0x66, rex, 0x0f, 0x3a, 0x16, modrm, 1, 0xc3}};
    // mov x0, xN; fmov x0, dN; mov x0, vN.d[1]; with ret
    const uint32_t a64[PART_COUNT][2] = {{0xaa0003e0 | n << 16, 0xd65f03c0},
                                         {0x9e660000 | n << 5, 0xd65f03c0},
                                         {0x4e183c00 | n << 5, 0xd65f03c0}};
    memcpy(out, is_x64(engine) ? x64[part] : (const uint8_t *)a64[part], 8);
    return 8;
}

// Code finds garbage in each register that has no meaning at a call: another one in each.
static void every_register(void **state)
{
    static const Sample sample = {.text = PLAIN};
    const uint32_t x64_taken = 1u << 4 | 1u << 6 | 1u << 7, a64_taken = 3u << 30 | 3u;
    Bench b;
    (void)state;
    FOR_ENGINES(&b, &sample)
    {
        const uint32_t taken = is_x64(b.engine) ? x64_taken : a64_taken;
        const uint32_t count = is_x64(b.engine) ? 16 : 32;
        for (uint32_t i = 0; i < PART_COUNT * count; i++) {
            const Part part = (Part)(i / count);
            const uint32_t n = i % count;
            if (part == PART_INT && (taken >> n & 1) != 0)
                continue;
            uint8_t code[8];
            Diag diag = {.arena = &b.arena};
            CompiledFunc changed = b.code;
            changed.size = read_register(b.engine, part, n, code);
            changed.code = code;
            assert_int_equal(machine_load_compiled(b.ex, &b.file->module, &changed, &diag),
                             STATUS_OK);
            const CallResult result = call(&b, 0, 0);
            assert_int_equal(result.outcome, OUTCOME_RETURNED);
            const uint64_t due = marshal_garbage((part == PART_HIGH ? 2000 : 1000) + n);
            assert_true(data_to_u64(&result.values[0]) == due);
        }
    }
}

// An engine that is opened where another one was closed begins anew.
static void one_after_another(void **state)
{
    static const Sample sample = {.text = PLAIN,
                                  .x64 = {0x48, 0x89, 0xf0, 0xc3}, // mov rax, rsi
                                  .x64_size = 4,
                                  .a64 = {0xaa0103e0, 0xd65f03c0}, // mov x0, x1
                                  .a64_words = 2};
    Bench b;
    (void)state;
    for (uint32_t e = ENGINE_INTERP + 1; e < ENGINE_COUNT; e++)
        for (uint32_t i = 0; i < 4 && open_bench(&b, (Engine)e, &sample); i++) {
            const CallResult result = call(&b, 0, i);
            assert_int_equal(result.outcome, OUTCOME_RETURNED);
            assert_int_equal(data_to_u64(&result.values[0]), i);
            close_bench(&b);
        }
}

// What lies on two pages of code: no operation, but for a constant of 64 bits across the boundary.
static uint32_t code_over_pages(Engine engine, uint64_t constant, uint8_t *out)
{
    const uint8_t movabs_rax[2] = {0x48, 0xb8}, ret = 0xc3;
    // movz x0, #0; movk x0, #0, lsl #16, 32, 48; ret
    uint32_t words[5] = {0xd2800000, 0xf2a00000, 0xf2c00000, 0xf2e00000, 0xd65f03c0};
    if (is_x64(engine)) {
        const uint32_t at = MACHINE_PAGE - 7;
        memset(out, 0x90, at);
        memcpy(out + at, movabs_rax, 2);
        memcpy(out + at + 2, &constant, 8);
        out[at + 10] = ret;
        return at + 11;
    }
    for (uint32_t i = 0; i < 4; i++)
        words[i] |= (uint32_t)(constant >> 16 * i & 0xffff) << 5;
    for (uint32_t at = 0; at < MACHINE_PAGE - 8; at += 4)
        memcpy(out + at, &(uint32_t){0xd503201f}, 4); // nop
    memcpy(out + MACHINE_PAGE - 8, words, sizeof(words));
    return MACHINE_PAGE - 8 + sizeof(words);
}

static void code_across_pages(void **state)
{
    static const Sample sample = {.text = PLAIN};
    uint8_t code[2 * MACHINE_PAGE];
    Bench b;
    (void)state;
    FOR_ENGINES(&b, &sample)
    {
        for (uint64_t i = 1; i < 5; i++) {
            const uint64_t constant = i * UINT64_C(0xfedcba9876543211);
            Diag diag = {.arena = &b.arena};
            CompiledFunc changed = b.code;
            changed.size = code_over_pages(b.engine, constant, code);
            changed.code = code;
            assert_int_equal(machine_load_compiled(b.ex, &b.file->module, &changed, &diag),
                             STATUS_OK);
            const CallResult result = call(&b, 0, 0);
            assert_int_equal(result.outcome, OUTCOME_RETURNED);
            assert_true(data_to_u64(&result.values[0]) == constant);
        }
    }
}

static void a_trap(void **state)
{
    static const Sample sample = {.text = PLAIN,
                                  .x64 = {0x90, 0x0f, 0x0b}, // nop; ud2
                                  .x64_size = 3,
                                  .a64 = {0xd503201f, 0}, // nop; udf
                                  .a64_words = 2,
                                  .x64_traps = {{1, 7, {0}}},
                                  .a64_traps = {{4, 7, {0}}},
                                  .num_traps = 1};
    Bench b;
    (void)state;
    FOR_ENGINES(&b, &sample)
    {
        for (uint32_t i = 0; i < 3; i++) {
            const CallResult result = call(&b, 0, 0);
            assert_int_equal(result.outcome, OUTCOME_TRAPPED);
            assert_int_equal(result.trap, 7);
            assert_int_equal(result.func, 0);
            assert_int_equal(result.inst.i, 0);
        }
    }
}

static void a_division(void **state)
{
    static const Sample sample = {.text = PLAIN,
                                  // mov rax, rdi; cqo; idiv rsi; ret
                                  .x64 = {0x48, 0x89, 0xf8, 0x48, 0x99, 0x48, 0xf7, 0xfe, 0xc3},
                                  .x64_size = 9,
                                  // cbnz x1, 8; udf; sdiv x0, x0, x1; ret
                                  .a64 = {0xb5000041, 0, 0x9ac10c00, 0xd65f03c0},
                                  .a64_words = 4,
                                  .x64_traps = {{5, TRAP_INT_DIVZ, {0}}},
                                  .a64_traps = {{4, TRAP_INT_DIVZ, {0}}},
                                  .num_traps = 1};
    Bench b;
    (void)state;
    FOR_ENGINES(&b, &sample)
    {
        const CallResult bad = call(&b, 5, 0), good = call(&b, (uint64_t)-42, 5);
        assert_int_equal(bad.outcome, OUTCOME_TRAPPED);
        assert_int_equal(bad.trap, TRAP_INT_DIVZ);
        assert_int_equal(good.outcome, OUTCOME_RETURNED);
        assert_true(data_to_u64(&good.values[0]) == (uint64_t)-8);
    }
}

// ---- Memory ----

// Adds one to memory, then reads elsewhere: two sites in one basic block.
static const Sample increment_and_load = {
    .text = PLAIN,
    // add qword ptr [rsi], 1; mov rax, [rdi]; ret
    .x64 = {0x48, 0x83, 0x06, 0x01, 0x48, 0x8b, 0x07, 0xc3},
    .x64_size = 8,
    // ldr x2, [x1]; add x2, x2, #1; str x2, [x1]; ldr x0, [x0]; ret
    .a64 = {0xf9400022, 0x91000442, 0xf9000022, 0xf9400000, 0xd65f03c0},
    .a64_words = 5,
    .x64_traps = {{0, 11, {0}}, {4, 12, {1}}},
    .a64_traps = {{0, 11, {0}}, {12, 12, {1}}},
    .num_traps = 2};

static void memory_faults(void **state)
{
    Bench b;
    (void)state;
    FOR_ENGINES(&b, &increment_and_load)
    {
        const uint64_t at = GUEST_HEAP_BASE, nowhere = GUEST_HEAP_BASE + 0x10000000;
        const uint64_t forty = 40;
        assert_int_equal(executor_map(b.ex, at, 4096), STATUS_OK);
        assert_int_equal(executor_map(b.ex, at, 4096), STATUS_LIMIT);
        uint8_t *const host = executor_memory(b.ex, at, 4096);
        assert_non_null(host);
        assert_null(executor_memory(b.ex, at + 1, 4096));
        memcpy(host + 8, &forty, 8);
        CallResult result = call(&b, at + 8, at + 8);
        assert_int_equal(result.outcome, OUTCOME_RETURNED);
        assert_int_equal(data_to_u64(&result.values[0]), 41);
        result = call(&b, nowhere, at + 8);
        assert_int_equal(result.outcome, OUTCOME_TRAPPED);
        assert_int_equal(result.trap, 12);
        assert_int_equal(result.inst.i, 1);
        assert_int_equal(host[8], 42); // once, although the engine may run it twice
        result = call(&b, at + 8, nowhere);
        assert_int_equal(result.outcome, OUTCOME_TRAPPED);
        assert_int_equal(result.trap, 11);
        assert_int_equal(host[8], 42);
    }
}

// Nothing is done behind a store that fails, and code is nothing to store to, before and after
// stores that don't fail.
static void failing_stores(void **state)
{
    static const Sample sample = {
        .text = PLAIN,
        // mov [rdi], rsi; mov [rsi], rdi; mov rax, rdi; ret
        .x64 = {0x48, 0x89, 0x37, 0x48, 0x89, 0x3e, 0x48, 0x89, 0xf8, 0xc3},
        .x64_size = 10,
        // str x1, [x0]; str x0, [x1]; ret
        .a64 = {0xf9000001, 0xf9000020, 0xd65f03c0},
        .a64_words = 3,
        .x64_traps = {{.offset = 0, .code = 11}, {.offset = 3, .code = 12}},
        .a64_traps = {{.offset = 0, .code = 11}, {.offset = 4, .code = 12}},
        .num_traps = 2};
    const uint64_t at = GUEST_HEAP_BASE, nowhere = GUEST_HEAP_BASE + 0x10000000;
    const uint64_t bad[] = {nowhere, MACHINE_CODE, MACHINE_CODE + 8, MACHINE_STACK - 8};
    Bench b;
    (void)state;
    FOR_ENGINES(&b, &sample)
    {
        assert_int_equal(executor_map(b.ex, at, 4096), STATUS_OK);
        uint8_t *const host = executor_memory(b.ex, at, 4096);
        assert_non_null(host);
        for (size_t i = 0; i < 2 * sizeof(bad) / sizeof(*bad); i++) {
            const bool first = i % 2 == 0;
            memset(host, 0, 64);
            CallResult result = call(&b, first ? bad[i / 2] : at, first ? at : bad[i / 2]);
            assert_int_equal(result.outcome, OUTCOME_TRAPPED);
            assert_int_equal(result.trap, first ? 11 : 12);
            // The first store's value, if it was done.
            assert_int_equal(host[0] | host[1] << 8, first ? 0 : bad[i / 2] & 0xffff);
            result = call(&b, at + 8, at + 16);
            assert_int_equal(result.outcome, OUTCOME_RETURNED);
            assert_int_equal(host[8], (at + 16) & 0xff);
            assert_int_equal(host[16], (at + 8) & 0xff);
        }
    }
}

// Too much memory to run again from a copy: exact on the host, else not guessed between two codes.
static void faults_in_large_memory(void **state)
{
    Bench b;
    (void)state;
    FOR_ENGINES(&b, &increment_and_load)
    {
        const uint64_t at = GUEST_HEAP_BASE, nowhere = GUEST_HEAP_BASE + 0x10000000;
        assert_int_equal(executor_map(b.ex, at, 1 << 22), STATUS_OK);
        const CallResult result = call(&b, nowhere, at);
        if (b.engine == ENGINE_NATIVE) {
            assert_int_equal(result.outcome, OUTCOME_TRAPPED);
            assert_int_equal(result.trap, 12);
        } else {
            assert_int_equal(result.outcome, OUTCOME_CRASHED);
        }
    }
}

static void a_fault_without_site(void **state)
{
    static const Sample sample = {.text = PLAIN,
                                  .x64 = {0x48, 0x8b, 0x07, 0xc3}, // mov rax, [rdi]
                                  .x64_size = 4,
                                  .a64 = {0xf9400000, 0xd65f03c0}, // ldr x0, [x0]
                                  .a64_words = 2};
    Bench b;
    (void)state;
    FOR_ENGINES(&b, &sample)
    {
        const CallResult result = call(&b, UINT64_C(0x7654321000), 0);
        assert_detail(&result, OUTCOME_CRASHED, "0x7654321000");
    }
}

static void deep_recursion(void **state)
{
    static const Sample sample = {.text = PLAIN,
                                  .x64 = {0x50, 0xeb, 0xfd}, // push rax; jmp back
                                  .x64_size = 3,
                                  .a64 = {0xf81f0fe0, 0x17ffffff}, // str x0, [sp, #-16]!; b back
                                  .a64_words = 2};
    const ExecutorConfig config = {.stack_size = 65536};
    Bench b;
    (void)state;
    FOR_ENGINES(&b, &sample)
    {
        const char *reason;
        Diag diag = {.arena = &b.arena};
        executor_destroy(b.ex);
        b.ex = executor_create(b.engine, &config, &reason);
        assert_int_equal(machine_load_compiled(b.ex, &b.file->module, &b.code, &diag), STATUS_OK);
        const CallResult result = call(&b, 0, 0);
        assert_int_equal(result.outcome, OUTCOME_TRAPPED);
        assert_int_equal(result.trap, TRAP_STK_OVF);
    }
}

// ---- What a function must leave alone ----

static void assert_damage(const Sample *sample, const char *message)
{
    Bench b;
    FOR_ENGINES(&b, sample)
    {
        if (is_x64(b.engine) ? sample->x64_size == 0 : sample->a64_words == 0)
            continue;
        const CallResult result = call(&b, 0, 0);
        assert_detail(&result, OUTCOME_CRASHED, message);
    }
}

static void damage(void **state)
{
    static const Sample saved = {.text = PLAIN,
                                 .x64 = {0x31, 0xdb, 0xc3}, // xor ebx, ebx
                                 .x64_size = 3,
                                 .a64 = {0xd2800013, 0xd65f03c0}, // mov x19, #0
                                 .a64_words = 2};
    static const Sample vector = {.text = PLAIN,
                                  .a64 = {0x9e6703e8, 0xd65f03c0}, // fmov d8, xzr
                                  .a64_words = 2};
    static const Sample canary = {
        .text = PLAIN,
        .x64 = {0x48, 0xc7, 0x44, 0x24, 0x10, 0, 0, 0, 0, 0xc3}, // mov qword ptr [rsp+16], 0
        .x64_size = 10,
        .a64 = {0xf90007ff, 0xd65f03c0}, // str xzr, [sp, #8]
        .a64_words = 2};
    static const Sample stack = {
        .text = PLAIN,
        .x64 = {0x59, 0x48, 0x83, 0xc4, 0x08, 0xff, 0xe1}, // pop rcx; add rsp, 8; jmp rcx
        .x64_size = 7,
        .a64 = {0x910043ff, 0xd65f03c0}, // add sp, sp, #16
        .a64_words = 2};
    static const Sample direction = {.text = PLAIN, .x64 = {0xfd, 0xc3}, .x64_size = 2}; // std
    (void)state;
    assert_damage(&saved, "callee-saved register");
    assert_damage(&vector, "callee-saved register d8");
    assert_damage(&canary, "the caller's stack");
    assert_damage(&stack, "the stack pointer is off by");
    assert_damage(&direction, "direction flag");
}

static void an_endless_loop(void **state)
{
    static const Sample sample = {
        .text = PLAIN, .x64 = {0xeb, 0xfe}, .x64_size = 2, .a64 = {0x14000000}, .a64_words = 1};
    Bench b;
    (void)state;
    FOR_ENGINES(&b, &sample)
    {
        for (uint32_t i = 0; i < 2; i++)
            assert_int_equal(call(&b, 0, 0).outcome, OUTCOME_OUT_OF_FUEL);
    }
}

// The process that runs the code ends itself (exit by system call); the next call gets another one.
static void death_of_the_child(void **state)
{
    static const Sample sample = {
        .text = PLAIN,
        // test edi, edi; je end; mov eax, 60; syscall; end: ret
        .x64 = {0x85, 0xff, 0x74, 0x07, 0xb8, 60, 0, 0, 0, 0x0f, 0x05, 0xc3},
        .x64_size = 12,
        .a64 = {0xd65f03c0},
        .a64_words = 1};
    Bench b;
    (void)state;
    FOR_ENGINES(&b, &sample)
    {
        if (b.engine != ENGINE_NATIVE)
            continue;
        for (uint32_t i = 0; i < 3; i++) {
            assert_int_equal(call(&b, 0, 0).outcome, OUTCOME_RETURNED);
            const CallResult result = call(&b, 1, 0);
            assert_detail(&result, OUTCOME_CRASHED, "died");
        }
    }
}

// ---- Imports ----

typedef struct Host {
    uint32_t calls;
    TrapCode trap;
    const char *refusal;
} Host;

static TrapCode host_call(void *context, Executor *ex, ImportCall *import)
{
    Host *const host = context;
    (void)ex;
    host->calls++;
    import->refusal = host->refusal;
    assert_int_equal(import->num_args, 1);
    assert_int_equal(import->num_results, 1);
    import->results[0] = data_from_u64(TYPE_I64, data_to_u64(&import->args[0]) * 3);
    return host->trap;
}

static void imports(void **state)
{
    static const Sample sample = {
        .text = CALLS,
        // sub rsp, 8; call; add rsp, 8; ret
        .x64 = {0x48, 0x83, 0xec, 0x08, 0xe8, 0, 0, 0, 0, 0x48, 0x83, 0xc4, 0x08, 0xc3},
        .x64_size = 14,
        .x64_reloc = {.offset = 5},
        .x64_return = 9,
        // stp x29, x30, [sp, #-16]!; bl; ldp x29, x30, [sp], #16; ret
        .a64 = {0xa9bf7bfd, 0x94000000, 0xa8c17bfd, 0xd65f03c0},
        .a64_words = 4,
        .a64_reloc = {.offset = 4},
        .a64_return = 8,
        .calls = true};
    Bench b;
    (void)state;
    FOR_ENGINES(&b, &sample)
    {
        Host host = {0};
        CallResult result = call(&b, 14, 0);
        assert_detail(&result, OUTCOME_UNSUPPORTED, "host");
        executor_import(b.ex, STR("host"), host_call, &host);
        for (uint32_t i = 0; i < 3; i++) {
            result = call(&b, 14, 0);
            assert_int_equal(result.outcome, OUTCOME_RETURNED);
            assert_int_equal(data_to_u64(&result.values[0]), 42);
        }
        assert_int_equal(host.calls, 3);
        host.trap = 9;
        result = call(&b, 14, 0);
        assert_int_equal(result.outcome, OUTCOME_TRAPPED);
        assert_int_equal(result.trap, 9);
        assert_int_equal(result.inst.i, 0);
        host.refusal = "not today";
        result = call(&b, 14, 0);
        assert_detail(&result, OUTCOME_UNSUPPORTED, "not today");
    }
}

static void a_misaligned_call(void **state)
{
    static const Sample sample = {.text = CALLS,
                                  .x64 = {0xe8, 0, 0, 0, 0, 0xc3},
                                  .x64_size = 6,
                                  .x64_reloc = {.offset = 1},
                                  .x64_return = 5,
                                  // sub sp, sp, #8; bl; ret
                                  .a64 = {0xd10023ff, 0x94000000, 0xd65f03c0},
                                  .a64_words = 3,
                                  .a64_reloc = {.offset = 4},
                                  .a64_return = 8,
                                  .calls = true};
    Bench b;
    (void)state;
    FOR_ENGINES(&b, &sample)
    {
        Host host = {0};
        executor_import(b.ex, STR("host"), host_call, &host);
        const CallResult result = call(&b, 1, 0);
        assert_detail(&result, OUTCOME_CRASHED, "not aligned");
        assert_int_equal(host.calls, 0);
    }
}

// ---- Through the compiler ----

// What can't be compiled stops only the calls that reach it.
static void unsupported_functions(void **state)
{
    static const Sample sample = {
        .text = "function %f(i64) -> i64 {\n    fn0 = %g(i64) -> i64\n"
                "block0(v0: i64):\n    brif v0, block1, block2\nblock1:\n"
                "    v1 = call fn0(v0)\n    return v1\nblock2:\n    return v0\n}\n"
                "function %g(i64) -> i64 {\nblock0(v0: i64):\n    v1 = stack_switch v0, v0, v0\n"
                "    v2 = iadd v0, v1\n    return v2\n}\n",
        .x64 = {0xc3},
        .x64_size = 1,
        .a64 = {0xd65f03c0},
        .a64_words = 1};
    const Settings settings = settings_defaults();
    (void)state;
    for (uint32_t e = ENGINE_INTERP + 1; e < ENGINE_COUNT; e++) {
        const char *reason;
        Arena arena = {0};
        Diag diag = {.arena = &arena};
        ClifFile *file;
        Executor *const ex = executor_create((Engine)e, NULL, &reason);
        if (!ex)
            continue;
        assert_int_equal(text_parse_file(&arena, STR("sample"), str_from(sample.text),
                                         &(ParseOptions){0}, &file, &diag),
                         STATUS_OK);
        assert_int_equal(executor_load(ex, &file->module, &settings, NULL, &diag), STATUS_OK);
        const DataValue zero = data_from_u64(TYPE_I64, 0), one = data_from_u64(TYPE_I64, 1);
        CallResult result = executor_call(ex, 0, &zero, 1, &arena);
        if (result.outcome != OUTCOME_UNSUPPORTED) { // a target may lack brif still
            assert_int_equal(result.outcome, OUTCOME_RETURNED);
            result = executor_call(ex, 0, &one, 1, &arena);
        }
        assert_detail(&result, OUTCOME_UNSUPPORTED, "not supported");
        result = executor_call(ex, 1, &one, 1, &arena);
        assert_detail(&result, OUTCOME_UNSUPPORTED, "stack_switch");
        executor_destroy(ex);
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sum),
        cmocka_unit_test(fresh_code),
        cmocka_unit_test(every_register),
        cmocka_unit_test(one_after_another),
        cmocka_unit_test(code_across_pages),
        cmocka_unit_test(a_trap),
        cmocka_unit_test(a_division),
        cmocka_unit_test(memory_faults),
        cmocka_unit_test(failing_stores),
        cmocka_unit_test(faults_in_large_memory),
        cmocka_unit_test(a_fault_without_site),
        cmocka_unit_test(deep_recursion),
        cmocka_unit_test(damage),
        cmocka_unit_test(an_endless_loop),
        cmocka_unit_test(death_of_the_child),
        cmocka_unit_test(imports),
        cmocka_unit_test(a_misaligned_call),
        cmocka_unit_test(unsupported_functions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
