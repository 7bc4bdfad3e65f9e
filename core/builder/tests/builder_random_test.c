// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random programs with variables and gotos, built by the builder and executed twice: as they are,
// with an array of variables, and as the SSA form, with block parameters. Both must give the same;
// and the SSA form must be valid, its definitions dominating its uses. Blocks are sealed as early
// as can be, or at random times, or all at the end: the result is the same program each time.

#include "assay/builder.h"
#include "base/tests/child.h"
#include "validate/validate.h"

#include <stdlib.h>

enum { MAX_BLOCKS = 24, MAX_VARS = 6, MAX_STEPS = 12, FUEL = 300 };

typedef enum StepKind { STEP_CONST, STEP_ADD, STEP_COPY } StepKind;

typedef struct Step {
    StepKind kind;
    uint32_t to, x, y; // variables
    int64_t imm;
} Step;

typedef enum EndKind { END_RETURN, END_JUMP, END_BRANCH, END_TABLE } EndKind;

typedef struct ProgramBlock {
    Step steps[MAX_STEPS];
    uint32_t num_steps;
    EndKind end;
    uint32_t var; // that the end looks at
    uint32_t targets[3];
    uint32_t num_targets;
} ProgramBlock;

typedef struct Program {
    ProgramBlock blocks[MAX_BLOCKS];
    uint32_t num_blocks, num_vars;
} Program;

static uint32_t next_random(uint64_t *seed, uint32_t n)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33) % n;
}

static void make_program(Program *p, uint64_t seed)
{
    p->num_blocks = 2 + next_random(&seed, MAX_BLOCKS - 1);
    p->num_vars = 1 + next_random(&seed, MAX_VARS);
    for (uint32_t i = 0; i < p->num_blocks; i++) {
        ProgramBlock *const block = &p->blocks[i];
        block->num_steps = next_random(&seed, next_random(&seed, 3) == 0 ? MAX_STEPS : 3);
        for (uint32_t s = 0; s < block->num_steps; s++)
            block->steps[s] =
                (Step){(StepKind)next_random(&seed, 3), next_random(&seed, p->num_vars),
                       next_random(&seed, p->num_vars), next_random(&seed, p->num_vars),
                       (int64_t)next_random(&seed, 1000) - 500};
        block->end = (EndKind)next_random(&seed, 10 < p->num_blocks ? 4 : 3);
        if (block->end == END_RETURN && next_random(&seed, 3) != 0)
            block->end = END_BRANCH;
        block->num_targets = (uint32_t)block->end;
        block->var = next_random(&seed, p->num_vars);
        for (uint32_t t = 0; t < block->num_targets; t++)
            block->targets[t] = 1 + next_random(&seed, p->num_blocks - 1); // not the entry
    }
}

// ---- The program as it is ----

// What happened: the value returned, or that fuel (one unit a block) ran out.
typedef struct Outcome {
    bool returned;
    uint64_t value;
} Outcome;

static Outcome execute(const Program *p)
{
    uint64_t vars[MAX_VARS] = {0};
    uint32_t at = 0;
    for (int fuel = FUEL; fuel > 0; fuel--) {
        const ProgramBlock *const block = &p->blocks[at];
        for (uint32_t s = 0; s < block->num_steps; s++) {
            const Step *const step = &block->steps[s];
            switch (step->kind) {
            case STEP_CONST: vars[step->to] = (uint64_t)step->imm; break;
            case STEP_ADD:
                vars[step->to] = vars[step->x] + vars[step->y] + (uint64_t)step->imm;
                break;
            case STEP_COPY: vars[step->to] = vars[step->x]; break;
            }
        }
        const uint64_t x = vars[block->var];
        switch (block->end) {
        case END_RETURN: return (Outcome){true, x};
        case END_JUMP: at = block->targets[0]; break;
        case END_BRANCH: at = block->targets[x != 0 ? 0 : 1]; break;
        case END_TABLE: at = block->targets[(uint32_t)x < 2 ? 1 + (uint32_t)x : 0]; break;
        }
    }
    return (Outcome){false, 0};
}

// ---- The program built ----

typedef struct Fixture {
    Arena arena;
    Module module;
    Diag diag;
} Fixture;

static void build_steps(Builder *b, const ProgramBlock *block, const Var *vars)
{
    for (uint32_t s = 0; s < block->num_steps; s++) {
        const Step *const step = &block->steps[s];
        Value x = {0};
        switch (step->kind) {
        case STEP_CONST: x = ins_iconst(b, TYPE_I64, step->imm); break;
        case STEP_ADD:
            x = ins_iadd(b, builder_use(b, vars[step->x]), builder_use(b, vars[step->y]));
            x = ins_iadd(b, x, ins_iconst(b, TYPE_I64, step->imm));
            break;
        case STEP_COPY: x = builder_use(b, vars[step->x]); break;
        }
        builder_def(b, vars[step->to], x);
    }
}

static void build_end(Builder *b, const ProgramBlock *block, const Var *vars, const Block *blocks)
{
    Goto to[3];
    for (uint32_t t = 0; t < block->num_targets; t++)
        to[t] = GOTO(blocks[block->targets[t]]);
    const Value x = builder_use(b, vars[block->var]);
    switch (block->end) {
    case END_RETURN: ins_return(b, VALUES(x)); return;
    case END_JUMP: ins_jump(b, to[0]); return;
    case END_BRANCH: ins_brif(b, x, to[0], to[1]); return;
    case END_TABLE: ins_br_table(b, ins_ireduce(b, TYPE_I32, x), to[0], to + 1, 2); return;
    }
}

typedef enum Sealing { SEAL_EARLY, SEAL_RANDOM, SEAL_LATE } Sealing;

typedef struct Sealer {
    Sealing how;
    uint64_t seed;
    bool filled[MAX_BLOCKS];
} Sealer;

// Seals what may be sealed: blocks all of whose branches are there.
static void seal_some(Builder *b, const Program *p, const Block *blocks, Sealer *sealer)
{
    for (uint32_t i = 1; i < p->num_blocks && sealer->how != SEAL_LATE; i++) {
        bool ready = sealer->how == SEAL_EARLY || next_random(&sealer->seed, 4) == 0;
        for (uint32_t from = 0; from < p->num_blocks; from++)
            for (uint32_t t = 0; t < p->blocks[from].num_targets; t++)
                ready &= sealer->filled[from] || p->blocks[from].targets[t] != i;
        if (ready)
            builder_seal(b, blocks[i]);
    }
}

static Func *build(Fixture *x, const Program *p, Sealing how, uint64_t seed)
{
    Builder *const b = builder_create(&x->module);
    AbiParam param = {.type = TYPE_I64};
    builder_begin(b, builder_name(STR("f")), (Signature){NULL, &param, 0, 1, CC_SYSTEM_V});
    Block blocks[MAX_BLOCKS] = {builder_entry(b)};
    Var vars[MAX_VARS];
    Sealer sealer = {.how = how, .seed = seed};
    for (uint32_t i = 1; i < p->num_blocks; i++)
        blocks[i] = builder_block(b);
    for (uint32_t i = 0; i < p->num_vars; i++)
        vars[i] = builder_var(b, TYPE_I64);
    seal_some(b, p, blocks, &sealer);
    const uint32_t turn =
        1 + next_random(&sealer.seed, p->num_blocks - 1); // fill them in any order
    for (uint32_t k = 0; k < p->num_blocks; k++) {
        const uint32_t i = k == 0 ? 0 : 1 + (k + turn) % (p->num_blocks - 1);
        builder_switch(b, blocks[i]);
        build_steps(b, &p->blocks[i], vars);
        build_end(b, &p->blocks[i], vars, blocks);
        sealer.filled[i] = true;
        seal_some(b, p, blocks, &sealer);
    }
    builder_seal_all(b);
    Func *f = NULL;
    if (builder_finish(b, NULL, &f, &x->diag) != STATUS_OK)
        fail_msg("%.*s", STR_ARG(x->diag.messages.data[0].text));
    builder_destroy(b);
    return f;
}

// ---- The SSA form executed ----

// Takes the edge `call`: all arguments are read before any parameter is set.
static Block take_edge(const Func *f, uint32_t call, uint64_t *values)
{
    const Block to = f->calls.data[call].block;
    const Span args = call_args(f, call), params = block_params(f, to);
    assert_int_equal(args.len, params.len);
    uint64_t *const moved = malloc(sizeof(uint64_t) * (args.len + 1));
    for (uint32_t i = 0; i < args.len; i++)
        moved[i] = values[blockarg_index((BlockArg){args.data[i]})];
    for (uint32_t i = 0; i < args.len; i++)
        values[params.data[i]] = moved[i];
    free(moved);
    return to;
}

static Outcome execute_ssa(const Func *f)
{
    uint64_t *const values = calloc(f->values.len + 1, sizeof(uint64_t));
    Block at = f->first_block;
    Outcome outcome = {false, 0};
    for (int fuel = FUEL; fuel > 0 && !outcome.returned; fuel--) {
        const Inst end = f->blocks.data[at.i].last;
        IR_FOR_INSTS (f, at, inst) {
            const Span args = inst_args(f, inst), calls = inst_calls(f, inst);
            const Value to = inst_result(f, inst);
            switch ((int)inst_op(f, inst)) {
            case OP_ICONST: values[to.i] = inst_imm(f, inst); break;
            case OP_IADD: values[to.i] = values[args.data[0]] + values[args.data[1]]; break;
            case OP_IREDUCE: values[to.i] = (uint32_t)values[args.data[0]]; break;
            case OP_RETURN: outcome = (Outcome){true, values[args.data[0]]}; break;
            case OP_JUMP: at = take_edge(f, calls.data[0], values); break;
            case OP_BRIF:
                at = take_edge(f, calls.data[values[args.data[0]] != 0 ? 0 : 1], values);
                break;
            case OP_BR_TABLE: {
                const uint64_t x = values[args.data[0]];
                at = take_edge(f, calls.data[x < calls.len - 1 ? x + 1 : 0], values);
                break;
            }
            default: fail_msg("unexpected opcode"); break;
            }
            if (inst.i == end.i)
                break;
        }
    }
    free(values);
    return outcome;
}

static void same_meaning(void **state)
{
    (void)state;
#ifdef ASSAY_HARSH
    enum { COUNT = 1000 };
#else
    enum { COUNT = 4000 };
#endif
    uint32_t returned = 0;
    const Settings settings = settings_defaults();
    for (uint64_t seed = 0; seed < COUNT; seed++) {
        Program p;
        make_program(&p, seed);
        const Outcome wanted = execute(&p);
        returned += wanted.returned;
        for (int how = SEAL_EARLY; how <= SEAL_LATE; how++) {
            Fixture x = {.module.arena = &x.arena, .diag.arena = &x.arena};
            const Func *const f = build(&x, &p, (Sealing)how, seed);
            if (validate_func_diag(f, &settings, NULL, NULL, &x.diag) != STATUS_OK)
                fail_msg("seed %u, sealing %d: %.*s", (unsigned)seed, how,
                         STR_ARG(x.diag.messages.data[0].text));
            const Outcome is = execute_ssa(f);
            if (is.returned != wanted.returned || is.value != wanted.value)
                fail_msg("seed %u, sealing %d: another result", (unsigned)seed, how);
            arena_free(&x.arena);
        }
    }
    assert_true(returned > COUNT / 4); // the programs do come to something
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_meaning)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
