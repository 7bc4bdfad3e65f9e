// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a file shows: the first that is found of an error of validation, an internal error of the
// compiler, a disagreement of engines.

#include "driver/driver.h"
#include "emulate/emulate.h"
#include "filetests/runner/targets.h"
#include "fuzz-targets/reduce/reduce_internal.h"
#include "validate/validate.h"

static const Arch engine_archs[ENGINE_COUNT] = {
#define ENGINE(NAME, name, arch, ...) [ENGINE_##NAME] = (arch),
#include "emulate/engines.def"
};

#define FUEL UINT64_C(10000000)

typedef struct Eval {
    Arena *arena;
    ReduceFile file;
    Targets targets;
    StrBuf signature;
} Eval;

Str reduce_normalize(Str message, Arena *arena)
{
    StrBuf text = {.arena = arena};
    for (size_t i = 0; i < message.len && message.data[i] != '\n'; i++) {
        const char c = message.data[i];
        if (c < '0' || c > '9')
            buf_char(&text, c);
    }
    return buf_view(&text);
}

// ---- Compilation ----

static bool validate_all(Eval *e, Diag *diag)
{
    const Module *const module = &e->file.clif->module;
    bool good = true;
    for (uint32_t i = 0; i < module->funcs.len; i++) {
        good = validate_func_diag(module->funcs.data[i], &e->targets.settings, NULL, NULL, diag) ==
                   STATUS_OK &&
               good;
        for (uint32_t t = 0; t < e->targets.lines.len; t++)
            good = validate_func_diag(module->funcs.data[i], &e->targets.lines.data[t].settings,
                                      &e->targets.lines.data[t].isa, NULL, diag) == STATUS_OK &&
                   good;
    }
    return good;
}

static void compile_all(Eval *e, const TargetLine *line)
{
    const Module *const module = &e->file.clif->module;
    const DriverOptions options = {.settings = &line->settings, .isa = &line->isa, .check = true};
    for (uint32_t i = 0; i < module->funcs.len && e->signature.len == 0; i++) {
        Arena scratch = {0};
        Diag diag = {.arena = e->arena};
        CompiledFunc out;
        const Status status =
            driver_compile(module->funcs.data[i], &options, e->arena, &scratch, &out, &diag);
        if (status == STATUS_INVALID)
            buf_printf(&e->signature, "crash: %.*s",
                       STR_ARG(reduce_normalize(diag.messages.data[0].text, e->arena)));
        arena_free(&scratch);
    }
}

// ---- Runs ----

typedef struct Seen {
    CallResult result;
    uint8_t *heap;
} Seen;

static Executor *make_engine(Eval *e, Engine engine, const TargetLine *line, uint32_t func)
{
    const ExecutorConfig config = {.fuel = FUEL, .stack_size = 1 << 20};
    const char *reason;
    Diag diag = {.arena = e->arena};
    Executor *const ex = executor_create(engine, &config, &reason);
    const uint64_t heap = e->file.heaps[func];
    if (!ex)
        return NULL;
    Status status = executor_load(ex, &e->file.clif->module, &line->settings,
                                  engine == ENGINE_INTERP ? NULL : &line->isa, &diag);
    if (status == STATUS_OK && heap != 0)
        status = executor_map(ex, GUEST_HEAP_BASE, heap);
    if (status == STATUS_OK)
        return ex;
    executor_destroy(ex);
    return NULL;
}

static Seen run_call(Eval *e, Executor *ex, const ReduceCall *call)
{
    const RunDirective *const d = &call->directive;
    const uint64_t size = e->file.heaps[call->func];
    DataValue *const args = ARENA_ARRAY(e->arena, DataValue, d->num_args);
    Seen seen = {.heap = ARENA_ARRAY(e->arena, uint8_t, size)};
    uint8_t *const heap = size == 0 ? NULL : executor_memory(ex, GUEST_HEAP_BASE, size);
    if (heap)
        memset(heap, 0, size);
    for (uint32_t i = 0; i < d->num_args; i++) {
        args[i] = d->args[i].value;
        if (d->args[i].is_heap)
            args[i] = data_from_u64(args[i].type, GUEST_HEAP_BASE + data_to_u64(&args[i]));
    }
    seen.result = executor_call(ex, call->func, args, d->num_args, e->arena);
    if (heap)
        memcpy(seen.heap, heap, size);
    return seen;
}

static bool is_nan(const uint8_t *bytes, uint32_t bits)
{
    const uint32_t exponent_bits = bits == 16 ? 5 : bits == 32 ? 8 : bits == 64 ? 11 : 15;
    uint128 x = 0;
    memcpy(&x, bytes, bits / 8);
    x &= ((uint128)1 << (bits - 1)) - 1;
    return x > (((uint128)1 << exponent_bits) - 1) << (bits - 1 - exponent_bits);
}

// NaNs are equal: which one arithmetic makes is the target's affair.
static bool same_value(const DataValue *a, const DataValue *b)
{
    const uint32_t bytes = type_lane_bits(a->type) / 8;
    for (uint32_t at = 0; at < type_bytes(a->type); at += bytes) {
        if (memcmp(a->bytes + at, b->bytes + at, bytes) == 0)
            continue;
        if (!type_is_float(a->type) || !is_nan(a->bytes + at, bytes * 8) ||
            !is_nan(b->bytes + at, bytes * 8))
            return false;
    }
    return true;
}

// What differs, in a word; NULL: nothing, or it can't be told.
static const char *difference(const Seen *want, const Seen *got, uint64_t heap, Arena *arena)
{
    switch (got->result.outcome) {
    case OUTCOME_UNSUPPORTED: return NULL;
    case OUTCOME_CRASHED: {
        const Str text = reduce_normalize(got->result.detail, arena);
        return str_printf(arena, "crash (%.*s)", STR_ARG(text)).data;
    }
    case OUTCOME_OUT_OF_FUEL: return "hang";
    case OUTCOME_RETURNED:
        if (want->result.outcome != OUTCOME_RETURNED)
            return "no trap";
        for (uint32_t i = 0; i < got->result.num_values; i++)
            if (!same_value(&want->result.values[i], &got->result.values[i]))
                return "values";
        break;
    case OUTCOME_TRAPPED:
        if (want->result.outcome != OUTCOME_TRAPPED)
            return "trap";
        if (want->result.trap != got->result.trap)
            return "trap code";
        break;
    }
    return heap != 0 && memcmp(want->heap, got->heap, heap) != 0 ? "memory" : NULL;
}

static void run_engine(Eval *e, Engine engine, const TargetLine *line, uint32_t c)
{
    const ReduceCall *const call = &e->file.calls.data[c];
    Executor *const interp = make_engine(e, ENGINE_INTERP, line, call->func);
    Executor *const ex = make_engine(e, engine, line, call->func);
    if (interp && ex) {
        const Seen want = run_call(e, interp, call);
        const Outcome outcome = want.result.outcome;
        if (outcome == OUTCOME_RETURNED || outcome == OUTCOME_TRAPPED) {
            const Seen got = run_call(e, ex, call);
            const char *const what = difference(&want, &got, e->file.heaps[call->func], e->arena);
            if (what)
                buf_printf(&e->signature, "%smismatch: %s: %s", e->signature.len == 0 ? "" : ", ",
                           engine_name(engine), what);
        }
    }
    executor_destroy(interp);
    executor_destroy(ex);
}

// All calls, until one shows something; then all engines that show something with it.
static void run_all(Eval *e)
{
    for (uint32_t c = 0; c < e->file.calls.len && e->signature.len == 0; c++)
        for (uint32_t t = 0; t < e->targets.lines.len; t++) {
            const TargetLine *const line = &e->targets.lines.data[t];
            for (uint32_t engine = ENGINE_INTERP + 1; engine < ENGINE_COUNT; engine++)
                if (engine_archs[engine] == line->isa.arch)
                    run_engine(e, (Engine)engine, line, c);
        }
}

Str reduce_evaluate(Str text, ReduceKind kind, Arena *arena)
{
    Eval e = {.arena = arena, .signature = {.arena = arena}};
    Diag diag = {.arena = arena};
    if (reduce_parse(STR("input"), text, arena, &e.file, &diag) != STATUS_OK ||
        targets_read(arena, e.file.clif, settings_filetest_defaults(), &e.targets, &diag) !=
            STATUS_OK)
        return STR("");
    if (!validate_all(&e, &diag)) {
        if (kind == REDUCE_INVALID || kind == REDUCE_ANY)
            buf_printf(&e.signature, "invalid: %.*s",
                       STR_ARG(reduce_normalize(diag.messages.data[0].text, arena)));
        return buf_view(&e.signature);
    }
    if (kind == REDUCE_INVALID)
        return STR("");
    for (uint32_t t = 0; t < e.targets.lines.len && e.signature.len == 0; t++)
        compile_all(&e, &e.targets.lines.data[t]);
    if (e.signature.len == 0)
        run_all(&e);
    const bool crash = str_starts_with(buf_view(&e.signature), STR("crash"));
    if ((kind == REDUCE_CRASH && !crash) || (kind == REDUCE_MISMATCH && crash))
        return STR("");
    return buf_view(&e.signature);
}

bool reduce_differs(const ReduceFile *file, const ReduceFile *other)
{
    Eval e = {.arena = file->arena, .file = *file};
    Eval o = {.arena = other->arena, .file = *other};
    const TargetLine line = {.settings = settings_defaults()};
    bool differs = false;
    for (uint32_t c = 0; c < file->calls.len && !differs; c++) {
        const ReduceCall *const call = &file->calls.data[c];
        Executor *const first = make_engine(&e, ENGINE_INTERP, &line, call->func);
        Executor *const second = make_engine(&o, ENGINE_INTERP, &line, call->func);
        if (first && second) {
            const Seen want = run_call(&e, first, call);
            const Seen got = run_call(&o, second, call);
            const Outcome outcome = want.result.outcome;
            differs = (outcome == OUTCOME_RETURNED || outcome == OUTCOME_TRAPPED) &&
                      difference(&want, &got, file->heaps[call->func], e.arena) != NULL;
        }
        executor_destroy(first);
        executor_destroy(second);
    }
    return differs;
}
