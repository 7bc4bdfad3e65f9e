// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs and comparisons.

#include "fuzz-targets/judge/judge.h"

#include "fuzz-targets/judge/judge_internal.h"
#include "mach/mach.h"
#include "opt/opt.h"
#include "validate/validate.h"

#define INTERP_FUEL 100000u
#define ENGINE_FUEL 100000000u
#define STACK_BYTES (UINT64_C(1) << 20)

const char *finding_name(Finding finding)
{
    switch (finding) {
    case FINDING_NONE: return "none";
    case FINDING_INVALID: return "invalid";
    case FINDING_COMPILE: return "compile";
    case FINDING_VALUES: return "values";
    case FINDING_TRAP: return "trap";
    case FINDING_MEMORY: return "memory";
    case FINDING_CRASH: return "crash";
    case FINDING_HANG: return "hang";
    case FINDING_REFERENCE: return "reference";
    case FINDING_COUNT: break;
    }
    UNREACHABLE();
}

// ---- Life ----

static Executor *make(Engine engine, ExecutorConfig config)
{
    const char *reason;
    config.stack_size = STACK_BYTES;
    Executor *const ex = executor_create(engine, &config, &reason);
    if (!ex)
        return NULL;
    const Status mapped = executor_map(ex, GUEST_HEAP_BASE, GEN_HEAP_BYTES);
    ASSERT(mapped == STATUS_OK);
    return ex;
}

// The target of an architecture and flags, separated by blanks.
static Isa parse_target(const char *text)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    Isa isa = {0};
    Str rest = str_from(text);
    bool good = true;
    for (bool first = true; rest.len != 0; first = false) {
        const char *const blank = memchr(rest.data, ' ', rest.len);
        const Str word = {rest.data, blank ? (size_t)(blank - rest.data) : rest.len};
        const Status status =
            first ? isa_parse(word, &isa) : isa_set(&isa, word, NULL, POS_NONE, &diag);
        good = good && status == STATUS_OK;
        rest = blank ? (Str){blank + 1, rest.len - word.len - 1} : (Str){"", 0};
    }
    ASSERT(good);
    arena_free(&arena);
    return isa;
}

void judge_create(Judge *j, const Engine *engines, const char *const *targets, uint32_t num)
{
    uint32_t num_opt_rules;
    *j = (Judge){.interp = make(ENGINE_INTERP, (ExecutorConfig){.fuel = INTERP_FUEL})};
    ASSERT(j->interp != NULL && num <= JUDGE_ENGINES_MAX);
    (void)opt_rules(&num_opt_rules);
    j->opt_rules = ARENA_ARRAY(&j->arena, uint32_t, num_opt_rules);
    for (uint32_t i = 0; i < num; i++) {
        JudgeEngine e = {.engine = engines[i], .target = targets[i], .opt_rules = j->opt_rules};
        e.isa = parse_target(targets[i]);
        e.lower_rules = ARENA_ARRAY(&j->arena, uint32_t, target_find(e.isa.arch)->num_rules);
        e.ex = make(engines[i], (ExecutorConfig){.fuel = ENGINE_FUEL,
                                                 .lower_rules = e.lower_rules,
                                                 .opt_rules = j->opt_rules});
        if (e.ex)
            j->engines[j->num_engines++] = e;
    }
}

void judge_destroy(Judge *j)
{
    executor_destroy(j->interp);
    for (uint32_t i = 0; i < j->num_engines; i++)
        executor_destroy(j->engines[i].ex);
    arena_free(&j->scratch);
    arena_free(&j->arena);
}

// ---- Comparison ----

static bool is_nan(const uint8_t *bytes, uint32_t bits)
{
    const uint32_t exponent_bits = bits == 16 ? 5 : bits == 32 ? 8 : bits == 64 ? 11 : 15;
    uint128 x = 0;
    memcpy(&x, bytes, bits / 8);
    x &= ((uint128)1 << (bits - 1)) - 1;
    return x > (((uint128)1 << exponent_bits) - 1) << (bits - 1 - exponent_bits);
}

// Equal bits, or NaNs in the same lanes.
static bool same_data(const DataValue *a, const DataValue *b, bool exact_nans)
{
    const uint32_t bytes = type_lane_bits(a->type) / 8;
    if (a->type != b->type || data_eq(a, b))
        return a->type == b->type;
    if (exact_nans || !type_is_float(a->type))
        return false;
    for (uint32_t lane = 0; lane < type_lanes(a->type); lane++) {
        const uint8_t *const x = a->bytes + (size_t)lane * bytes;
        const uint8_t *const y = b->bytes + (size_t)lane * bytes;
        if (memcmp(x, y, bytes) != 0 && !(is_nan(x, bytes * 8) && is_nan(y, bytes * 8)))
            return false;
    }
    return true;
}

// What was seen of one run.
typedef struct Run {
    CallResult result;
    const uint8_t *heap; // the executor's, until its next run
} Run;

static Run run_input(Executor *ex, const GenCase *c, uint32_t input, Arena *arena)
{
    const GenInput *const in = &c->inputs[input];
    uint8_t *const heap = executor_memory(ex, GUEST_HEAP_BASE, GEN_HEAP_BYTES);
    ASSERT(heap != NULL);
    memset(heap, 0, GEN_HEAP_BYTES);
    in->args[0] = data_from_u64(TYPE_I64, GUEST_HEAP_BASE);
    return (Run){executor_call(ex, c->entry, in->args, in->num_args, arena), heap};
}

static Finding compare_values(const CallResult *expected, const CallResult *got, bool exact)
{
    ASSERT(expected->num_values == got->num_values);
    for (uint32_t i = 0; i < got->num_values; i++)
        if (!same_data(&expected->values[i], &got->values[i], exact))
            return FINDING_VALUES;
    return FINDING_NONE;
}

static Finding compare(const Run *expected, const Run *got, bool exact)
{
    Finding finding = FINDING_NONE;
    switch (got->result.outcome) {
    case OUTCOME_UNSUPPORTED: return FINDING_NONE;
    case OUTCOME_CRASHED: return FINDING_CRASH;
    case OUTCOME_OUT_OF_FUEL: return FINDING_HANG;
    case OUTCOME_RETURNED:
        if (expected->result.outcome != OUTCOME_RETURNED)
            return FINDING_TRAP;
        finding = compare_values(&expected->result, &got->result, exact);
        break;
    case OUTCOME_TRAPPED:
        if (expected->result.outcome != OUTCOME_TRAPPED ||
            expected->result.trap != got->result.trap)
            return FINDING_TRAP;
        break;
    }
    if (finding == FINDING_NONE && memcmp(expected->heap, got->heap, GEN_HEAP_BYTES) != 0)
        return FINDING_MEMORY;
    return finding;
}

// ---- Cases ----

static void describe_memory(const Run *expected, const Run *got, StrBuf *out)
{
    uint32_t at = 0;
    while (at + 1 < GEN_HEAP_BYTES && expected->heap[at] == got->heap[at])
        at++;
    buf_printf(out, "heap+%u is 0x%02x, not 0x%02x", at, got->heap[at], expected->heap[at]);
}

static Verdict verdict_on(Finding finding, uint32_t engine, uint32_t input)
{
    return (Verdict){.finding = finding, .engine = engine, .input = input};
}

static Str diag_text(const Diag *diag, Arena *arena)
{
    StrBuf text = {.arena = arena};
    for (uint32_t i = 0; i < diag->messages.len && i < 3; i++) {
        buf_puts(&text, i == 0 ? "" : "; ");
        diag_format(&diag->messages.data[i], &text);
    }
    return buf_view(&text);
}

// What validation says of the module, of each function for one of the targets: little depends on
// that, and the mid-end's result is validated for each of them.
static Verdict validate(Judge *j, const GenCase *c, Arena *arena)
{
    Diag diag = {.arena = arena};
    for (uint32_t i = 0; i < c->module.funcs.len && j->num_engines != 0; i++) {
        const Func *const f = c->module.funcs.data[i];
        const uint32_t e = f->insts.len % j->num_engines;
        if (validate_func_diag(f, &c->settings, &j->engines[e].isa, NULL, &diag) == STATUS_OK)
            continue;
        Verdict v = verdict_on(FINDING_INVALID, e, GEN_INPUTS);
        v.text = diag_text(&diag, arena);
        return v;
    }
    return (Verdict){.finding = FINDING_NONE};
}

static void note_unsupported(Judge *j, const CallResult *result)
{
    const size_t max = sizeof(j->stats.reason) - 1;
    const size_t len = result->detail.len < max ? result->detail.len : max;
    j->stats.unsupported++;
    memcpy(j->stats.reason, result->detail.data, len);
    j->stats.reason[len] = '\0';
}

static Verdict run_reference(Judge *j, const GenCase *c, Run *runs, Arena *arena)
{
    Verdict v = {.finding = FINDING_NONE};
    for (uint32_t i = 0; i < GEN_INPUTS; i++) {
        runs[i] = run_input(j->interp, c, i, arena);
        uint8_t *const heap = arena_alloc(&j->scratch, GEN_HEAP_BYTES, 16);
        runs[i].heap = memcpy(heap, runs[i].heap, GEN_HEAP_BYTES);
        const CallResult *const result = &runs[i].result;
        v.expected[i] = *result;
        j->stats.runs++;
        j->stats.instructions += result->fuel_used;
        j->stats.returned += result->outcome == OUTCOME_RETURNED;
        j->stats.trapped += result->outcome == OUTCOME_TRAPPED;
        j->stats.out_of_fuel += result->outcome == OUTCOME_OUT_OF_FUEL;
        if (result->outcome == OUTCOME_UNSUPPORTED)
            note_unsupported(j, result);
        if (result->outcome != OUTCOME_CRASHED)
            continue;
        v.finding = FINDING_REFERENCE;
        v.input = i;
        v.text = result->detail;
        return v;
    }
    return v;
}

// Compiles the case for one engine.
static Verdict load_engine(Judge *j, const GenCase *c, uint32_t engine, Arena *arena)
{
    Diag diag = {.arena = arena};
    if (judge_load(&j->engines[engine], c, arena, &diag) == STATUS_OK)
        return (Verdict){.finding = FINDING_NONE};
    Verdict v = verdict_on(FINDING_COMPILE, engine, GEN_INPUTS);
    v.text = diag_text(&diag, arena);
    return v;
}

static Verdict run_engine(Judge *j, const GenCase *c, uint32_t engine, const Run *expected,
                          Arena *arena)
{
    JudgeEngine *const e = &j->engines[engine];
    Verdict v = {.finding = FINDING_NONE};
    for (uint32_t i = 0; i < GEN_INPUTS; i++) {
        const Outcome outcome = expected[i].result.outcome;
        if (outcome != OUTCOME_RETURNED && outcome != OUTCOME_TRAPPED)
            continue;
        const Run got = run_input(e->ex, c, i, arena);
        if (got.result.outcome == OUTCOME_UNSUPPORTED)
            note_unsupported(j, &got.result);
        else
            j->stats.compared++;
        const Finding finding = compare(&expected[i], &got, c->exact_nans);
        if (finding == FINDING_NONE)
            continue;
        v = verdict_on(finding, engine, i);
        StrBuf text = {.arena = arena};
        if (finding == FINDING_MEMORY)
            describe_memory(&expected[i], &got, &text);
        else
            judge_describe(&got.result, &text);
        v.text = buf_view(&text);
        return v;
    }
    return v;
}

// Runs all inputs, in engines that are to be given the case first (`load`) or have it.
static Verdict run_case(Judge *j, const GenCase *c, bool load, Arena *arena)
{
    arena_reset(&j->scratch);
    Run runs[GEN_INPUTS];
    CallResult expected[GEN_INPUTS];
    Verdict v = run_reference(j, c, runs, arena);
    memcpy(expected, v.expected, sizeof(expected));
    for (uint32_t i = 0; i < j->num_engines && v.finding == FINDING_NONE; i++) {
        if (load)
            v = load_engine(j, c, i, arena);
        if (v.finding == FINDING_NONE)
            v = run_engine(j, c, i, runs, arena);
    }
    memcpy(v.expected, expected, sizeof(expected));
    return v;
}

Verdict judge_case(Judge *j, const GenCase *c, Arena *arena)
{
    judge_count_module(j, &c->module);
    Verdict v = validate(j, c, arena);
    if (v.finding == FINDING_NONE) {
        Diag diag = {.arena = arena};
        const Status status = executor_load(j->interp, &c->module, &c->settings, NULL, &diag);
        ASSERT(status == STATUS_OK);
        v = run_case(j, c, true, arena);
    }
    j->stats.findings += v.finding != FINDING_NONE;
    return v;
}

Verdict judge_again(Judge *j, const GenCase *c, Arena *arena)
{
    const Verdict v = run_case(j, c, false, arena);
    j->stats.findings += v.finding != FINDING_NONE;
    return v;
}
