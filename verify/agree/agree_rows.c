// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows against CPUs. A row is tried in several cases (size, register or memory operand, condition,
// immediates, registers), each case with several tuples of register, flag and memory contents. The
// meaning is evaluated on what was there before and on what the CPU left behind.

#include "emit/emit.h"
#include "verify/agree/agree_internal.h"

#define DATA         GUEST_HEAP_BASE
#define DATA_SIZE    MACHINE_PAGE
#define FRAME_AT     0x400u // where the frame pointer points
#define STACK_AT     0x800u // and the stack pointer
#define OPERAND_AT   0xc00u // memory operands lie from here on
#define IMMEDIATES   24u    // of a row
#define MISMATCH_MAX 4u

// ---- A tuple ----

static void random_registers(Rows *r)
{
    GuestRegs *const regs = &r->before;
    for (uint32_t i = 0; i < 32; i++) {
        regs->ints[i] = sample_random(&r->samples);
        const uint64_t low = sample_random(&r->samples), high = sample_random(&r->samples);
        memcpy(regs->floats[i], &low, 8);
        memcpy(regs->floats[i] + 8, &high, 8);
    }
    regs->ints[preg_number(r->target->frame_pointer)] = DATA + FRAME_AT;
    regs->ints[preg_number(r->target->stack_pointer)] = DATA + STACK_AT;
    regs->pc = MACHINE_CODE;
    regs->flags = r->target->arch == ARCH_X86_64 ? 0x202 : 0;
    for (uint32_t i = 0; i < r->num_flags; i++)
        regs->flags |= (uint64_t)sample_below(&r->samples, 2) << r->flag_bits[i];
}

// The operands' registers get samples of their widths, with anything above.
static void sample_operands(Rows *r, const RowCase *c)
{
    for (uint32_t k = 0; k < r->row->num_operands; k++) {
        const RowOperand *const operand = &r->row->operands[k];
        if (operand->kind == OPERAND_DEF || (int32_t)k == case_memory(c))
            continue;
        const uint32_t bytes = operand->bytes != 0 ? operand->bytes : c->size;
        const Wide bits = sample_bits(&r->samples, bytes == 0 ? 64 : 8 * bytes);
        const uint32_t n = preg_number(c->regs[k]);
        if (operand->class == REG_INT && bytes < 8 && bytes != 0) {
            const uint64_t mask = (UINT64_C(1) << (8 * bytes)) - 1;
            r->before.ints[n] = (r->before.ints[n] & ~mask) | bits.w[0];
        } else if (operand->class == REG_INT) {
            r->before.ints[n] = bits.w[0];
        } else {
            memcpy(r->before.floats[n], bits.w, bytes == 0 ? 16 : bytes);
        }
    }
}

// Rows that access memory without a memory operand have the address in a register, -1: no such one.
static int32_t address_operand(const Rows *r)
{
    if ((r->row->flags & (ROW_LOAD | ROW_STORE)) == 0)
        return -1;
    for (int32_t k = 0; k < r->row->num_operands; k++)
        if (strcmp(r->row->operands[k].name, "addr") == 0 ||
            strcmp(r->row->operands[k].name, "rn") == 0)
            return r->row->operands[k].kind == OPERAND_USE ? k : -1;
    return -1;
}

static void sample_memory(Rows *r, const RowCase *c)
{
    const uint32_t at = OPERAND_AT + sample_below(&r->samples, 16) * (c->size == 16 ? 16 : 8);
    const int32_t address = address_operand(r);
    const Wide bits = sample_bits(&r->samples, c->size == 0 ? 64 : 8u * c->size);
    r->window_at = at - AGREE_WINDOW / 2;
    if (case_memory(c) >= 0)
        r->before.ints[preg_number(c->base)] = DATA + at - (uint64_t)(int64_t)c->disp;
    else if (address >= 0)
        r->before.ints[preg_number(c->regs[address])] = DATA + at;
    if (case_memory(c) >= 0 || address >= 0)
        memcpy(r->data + at, bits.w, c->size == 0 || c->size > 16 ? 8 : c->size);
    memcpy(r->window, r->data + r->window_at, AGREE_WINDOW);
}

// Memory as it was before.
static bool read_before(void *context, uint64_t address, uint32_t width, Wide *out)
{
    const Rows *const r = context;
    const uint64_t at = address - DATA - r->window_at;
    *out = (Wide){{0}};
    if (address < DATA + r->window_at || at + width / 8 > AGREE_WINDOW)
        return false;
    memcpy(out->w, r->window + at, width / 8);
    return true;
}

// What is wrong, as a sentence for the report; NULL: nothing.
static const char *check_stores(Rows *r, const ConcreteRun *run)
{
    uint8_t *const expected = r->window; // read for the last time
    for (uint32_t i = 0; i < run->events.len; i++) {
        const ConcreteEvent *const event = &run->events.data[i];
        const uint64_t at = event->address - DATA - r->window_at;
        if (event->op != ISLE_SPEC_OP_STORE)
            continue;
        if (at + event->width / 8 > AGREE_WINDOW)
            return "a store to another place";
        memcpy(expected + at, event->value.bits.w, event->width / 8);
    }
    return memcmp(expected, r->data + r->window_at, AGREE_WINDOW) == 0 ? NULL
                                                                       : "memory is not as stored";
}

static const char *check_successor(const ConcreteRun *run, CaseStop stop, uint32_t number)
{
    for (uint32_t i = 0; i < run->events.len; i++) {
        const ConcreteEvent *const event = &run->events.data[i];
        if (event->op == ISLE_SPEC_OP_GOTO)
            return stop == CASE_SUCCESSOR && wide_is_zero(&event->value.unknown) &&
                           event->value.bits.w[0] == number
                       ? NULL
                       : "another successor";
    }
    return stop == CASE_END ? NULL : "a branch";
}

static const char *check_pinned(const Rows *r, const ConcreteRun *run)
{
    for (uint32_t i = 0; i < run->events.len; i++)
        if (run->events.data[i].op == ISLE_SPEC_OP_SET_PINNED &&
            run->events.data[i].value.bits.w[0] != r->after.ints[preg_number(r->target->pinned)])
            return "the pinned register has another value";
    return NULL;
}

// Registers and flags that the row does not name stay. Sequences may use registers that are never
// handed out.
static const char *check_untouched(const Rows *r, const RowCase *c, const ConcreteRun *run)
{
    PRegSet may = r->row->clobbers;
    for (uint32_t i = 0; i < run->events.len; i++)
        if (run->events.data[i].op == ISLE_SPEC_OP_SET_PINNED)
            may |= preg_bit(r->target->pinned);
    if ((r->row->flags & ROW_PSEUDO) != 0)
        may |= ~r->target->allocatable;
    for (uint32_t k = 0; k < r->row->num_operands; k++)
        if (r->row->operands[k].kind == OPERAND_DEF)
            may |= preg_bit(c->regs[k]);
    const uint32_t count = r->target->arch == ARCH_X86_64 ? 16 : 32;
    for (uint32_t n = 0; n < count; n++) {
        if ((may & preg_bit(PREG(REG_INT, n))) == 0 && r->before.ints[n] != r->after.ints[n])
            return "a register that is no result has changed";
        if ((may & preg_bit(PREG(REG_FLOAT, n))) == 0 &&
            memcmp(r->before.floats[n], r->after.floats[n], 16) != 0)
            return "a vector register that is no result has changed";
    }
    for (uint32_t i = 0; (r->row->flags_use & MFLAGS_WRITE) == 0 && i < r->num_flags; i++)
        if (((r->before.flags ^ r->after.flags) >> r->flag_bits[i] & 1) != 0)
            return "a flag has changed";
    return NULL;
}

static uint32_t states_of(Rows *r, ConcreteState *states)
{
    const Names *const n = &r->names;
    const uint64_t *const ints = r->before.ints;
    uint64_t above;
    memcpy(&above, r->data + FRAME_AT + 8, sizeof(above));
    uint32_t count = 0;
    states[count++] = (ConcreteState){
        n->frame_pointer, concrete_u64(64, ints[preg_number(r->target->frame_pointer)])};
    states[count++] = (ConcreteState){
        n->stack_pointer, concrete_u64(64, ints[preg_number(r->target->stack_pointer)])};
    states[count++] = (ConcreteState){n->return_address, concrete_u64(64, above)};
    states[count++] =
        (ConcreteState){n->pinned_register, concrete_u64(64, ints[preg_number(r->target->pinned)])};
    states[count++] = (ConcreteState){n->num_targets, concrete_u64(32, CASE_SUCCESSORS - 1)};
    return count;
}

static const char *compare_outcome(Rows *r, const RowCase *c, const ConcreteRun *run,
                                   ConcreteOutcome outcome, const uint32_t *stopped)
{
    CaseStop stop = (CaseStop)stopped[0];
    // A breakpoint may stop at itself or behind it.
    for (uint32_t i = 0; i < run->events.len; i++)
        if (run->events.data[i].op == ISLE_SPEC_OP_BREAKPOINT && r->after.pc == MACHINE_CODE)
            stop = CASE_END;
    switch (outcome) {
    case CONCRETE_CANNOT: return run->why;
    case CONCRETE_FAILS: return "the meaning does not hold";
    case CONCRETE_TRAPS:
        if (stop != CASE_TRAPPED)
            return "no trap, where the meaning has one";
        return stopped[1] == run->trap ? NULL : "another trap code";
    case CONCRETE_HOLDS: break;
    }
    if (stop == CASE_TRAPPED)
        return "a trap, where the meaning has none";
    if (stop == CASE_LOST)
        return "the code stopped at a place that is no end";
    const char *wrong = check_successor(run, stop, stopped[1]);
    wrong = wrong ? wrong : check_stores(r, run);
    wrong = wrong ? wrong : check_pinned(r, run);
    return wrong ? wrong : check_untouched(r, c, run);
}

// ---- Reports ----

static void print_inputs(Rows *r, const RowCase *c, StrBuf *out)
{
    if (c->size != 0)
        buf_printf(out, " size %u", c->size);
    for (uint32_t i = 0; i < r->params.count; i++) {
        const RowParam *const param = &r->params.params[i];
        const Concrete value = agree_param_value(r, c, param);
        if (param->kind == ROW_PARAM_SIZE || param->kind == ROW_PARAM_TRAP)
            continue;
        buf_printf(out, " %.*s=", STR_ARG(isle_str(r->isle, r->spec->u.spec.params[i].sym)));
        concrete_print(&value, out);
    }
}

static void note_mismatch(Rows *r, const RowCase *c, const ConcreteRun *run, const char *what)
{
    AgreeResult *const result = r->result;
    if (result->mismatches++ != 0)
        return;
    StrBuf out = {.arena = r->report->arena};
    const Concrete value = agree_result_value(r, c);
    buf_printf(&out, "%s:", what);
    print_inputs(r, c, &out);
    buf_puts(&out, " -> ");
    concrete_print(&value, &out);
    if (run->pos.offset != 0)
        buf_printf(&out, " (%.*s)", STR_ARG(isle_where(r->isle, run->pos)));
    result->detail = buf_view(&out);
}

// ---- Cases ----

// What a register-or-memory operand holds before, as many bytes as the instruction has.
static uint64_t bits_before(const Rows *r, const RowCase *c, uint32_t k)
{
    uint64_t bits = r->before.ints[preg_number(c->regs[k])];
    if ((int32_t)k == case_memory(c))
        memcpy(&bits, r->data + r->window_at + AGREE_WINDOW / 2, sizeof(bits));
    return c->size >= 8 ? bits : bits & ((UINT64_C(1) << 8 * c->size) - 1);
}

// Unicorn dies of the least dividend of 4 or 8 bytes by -1, which it has the host divide. The other
// engine compares it: it traps.
static bool kills_engine(const Rows *r, const RowCase *c)
{
    if (r->engine != ENGINE_UNICORN_X64 || strcmp(r->row->name, "idiv_rm") != 0 || c->size == 8)
        return false;
    enum { LO = 2, HI = 3, DIVISOR = 4 };
    const uint64_t sign = UINT64_C(1) << (8 * c->size - 1);
    return bits_before(r, c, LO) == 0 && bits_before(r, c, HI) == sign &&
           bits_before(r, c, DIVISOR) == 2 * sign - 1;
}

static void try_tuple(Rows *r, const RowCase *c, const CaseCode *code)
{
    ConcreteState states[8];
    ConcreteRun run = {.isle = r->isle, .arena = r->scratch, .load = read_before, .context = r};
    random_registers(r);
    sample_operands(r, c);
    sample_memory(r, c);
    if (kills_engine(r, c))
        return;
    r->after = r->before;
    const CpuStop stop = r->cpu->ops->run(r->cpu, &r->after, 100000);
    uint32_t stopped[2] = {CASE_LOST, 0};
    if (stop.kind == CPU_STOPPED)
        stopped[0] = case_stop(code, r->after.pc, &stopped[1]);
    Concrete params[ROWS_PARAMS_MAX];
    for (uint32_t i = 0; i < r->params.count; i++)
        params[i] = agree_param_value(r, c, &r->params.params[i]);
    run.states = states;
    run.num_states = states_of(r, states);
    const Concrete result = agree_result_value(r, c);
    const ConcreteOutcome outcome =
        concrete_run(&run, r->spec, ISLE_CLAUSE_PROVIDE, params, &result);
    const char *const wrong = compare_outcome(r, c, &run, outcome, stopped);
    r->result->tuples++;
    r->result->vague += run.vague;
    if (wrong)
        note_mismatch(r, c, &run, wrong);
}

// The states that are true or false: features, all of which a CPU has that runs the row.
static void have_features(Rows *r, ConcreteRun *run)
{
    VEC(ConcreteState) states = {0};
    for (uint32_t i = 0; i < r->isle->defs.len; i++) {
        const IsleDef *const def = r->isle->defs.data[i];
        if (def->kind == ISLE_DEF_STATE && def->u.state.type->kind == ISLE_MODEL_BOOL)
            VEC_PUSH(r->scratch, &states, ((ConcreteState){def->name.sym, concrete_bool(true)}));
    }
    run->states = states.data;
    run->num_states = states.len;
}

// Whether the case keeps what the row requires: immediates that can be encoded.
static bool is_allowed(Rows *r, const RowCase *c)
{
    Concrete params[ROWS_PARAMS_MAX];
    ConcreteRun run = {.isle = r->isle, .arena = r->scratch, .load = read_before, .context = r};
    have_features(r, &run);
    for (uint32_t i = 0; i < r->params.count; i++)
        params[i] = agree_param_value(r, c, &r->params.params[i]);
    return concrete_run(&run, r->spec, ISLE_CLAUSE_REQUIRE, params, NULL) == CONCRETE_HOLDS;
}

static void try_case(Rows *r, RowCase *c, uint32_t tuples)
{
    Arena code_arena = {0};
    if (!is_allowed(r, c) || !case_registers(c, &r->samples)) {
        arena_free(&code_arena);
        return;
    }
    const CaseCode code = case_code(c, &code_arena);
    if (r->cpu->ops->set_code(r->cpu, code.bytes, code.size))
        for (uint32_t i = 0; i < tuples && r->result->mismatches < MISMATCH_MAX; i++) {
            arena_reset(r->scratch);
            try_tuple(r, c, &code);
        }
    arena_free(&code_arena);
}

// Immediates of one case, as many as are wanted, of those that the row requires.
static uint32_t choose_immediates(Rows *r, RowCase *c, int64_t *imms)
{
    uint32_t count = 0;
    const uint32_t start = sample_below(&r->samples, SAMPLE_IMMEDIATES);
    for (uint32_t i = 0; i < SAMPLE_IMMEDIATES && count < IMMEDIATES; i++) {
        // Coprime to the number, so that each is met once.
        c->imm = sample_immediate((start + i * 11) % SAMPLE_IMMEDIATES);
        c->imm2 = 0;
        arena_reset(r->scratch);
        if (is_allowed(r, c))
            imms[count++] = c->imm;
    }
    return count;
}

static void try_immediates(Rows *r, RowCase *c, uint32_t tuples)
{
    int64_t imms[IMMEDIATES];
    const uint32_t count = r->params.num_imms == 0 ? 1 : choose_immediates(r, c, imms);
    for (uint32_t i = 0; i < count; i++) {
        c->imm = r->params.num_imms == 0 ? 0 : imms[i];
        for (uint32_t tries = 0; r->params.num_imms == 2 && tries < 64; tries++) {
            c->imm2 = sample_immediate(sample_below(&r->samples, 100));
            arena_reset(r->scratch);
            if (is_allowed(r, c))
                break;
            c->imm2 = 0;
        }
        try_case(r, c, tuples / count + 1);
    }
}

// Rows that give the address of a frame's memory, and access none.
static bool is_frame_address(const MRow *row)
{
    for (uint32_t k = 0; k < row->num_operands; k++)
        if (row->operands[k].kind == OPERAND_MEM)
            return (row->flags & ROW_PSEUDO) != 0 && (row->flags & (ROW_LOAD | ROW_STORE)) == 0;
    return false;
}

static uint32_t count_bits(uint32_t x)
{
    return (uint32_t)__builtin_popcount(x);
}

// Tries about `wanted` tuples.
static void try_row(Rows *r, uint16_t op, uint32_t wanted)
{
    const MRow *const row = r->row;
    bool has_rm = false;
    for (uint32_t k = 0; k < row->num_operands; k++)
        has_rm = has_rm || row->operands[k].kind == OPERAND_RM;
    const uint32_t sizes = row->sizes == 0 ? 1 : count_bits(row->sizes);
    const uint32_t conds = r->params.has_cond ? 16 : 1;
    const uint32_t cases = sizes * conds * (has_rm ? 2 : 1);
    // Several choices of registers.
    const uint32_t turns = wanted / cases >= 64 ? 4 : 1;
    for (uint32_t bytes = row->sizes == 0 ? 0 : 1; bytes <= 16; bytes *= 2) {
        if (bytes != 0 && (row->sizes & bytes) == 0)
            continue;
        for (uint32_t n = 0; n < conds * (has_rm ? 2 : 1) * turns; n++) {
            RowCase c = {.target = r->target, .op = op, .size = (uint8_t)bytes};
            c.on_stack = is_frame_address(row);
            c.cc = (uint8_t)(n % conds);
            c.in_memory = has_rm && n / conds % 2 == 1;
            c.disp = (int32_t)sample_below(&r->samples, 3) * 16;
            try_immediates(r, &c, wanted / (cases * turns) + 1);
        }
        if (bytes == 0)
            break;
    }
}

// ---- Rows ----

// What an emulator is known to have wrong, beside whole features: left to the other engine.
static const struct {
    Engine engine;
    const char *row, *why;
} known_errors[] = {
    {ENGINE_UNICORN_X64, "blsi_rm", "Unicorn has the carry of BLSI wrong; native compares it"},
};

static const char *why_not(Rows *r, IsleTermId id)
{
    for (size_t i = 0; i < sizeof(known_errors) / sizeof(known_errors[0]); i++)
        if (known_errors[i].engine == r->engine && strcmp(known_errors[i].row, r->row->name) == 0)
            return known_errors[i].why;
    Isa isa = {.arch = r->target->arch};
    isa.flags[0] = r->row->features;
    if (id == ISLE_NONE || !r->isle->terms.data[id].spec)
        return "no specification: not for rules";
    return engine_refuses(r->engine, &isa);
}

static void do_row(Rows *r, uint16_t op)
{
    r->row = &r->target->rows[op];
    arena_reset(r->scratch);
    const IsleTermId id = rows_term(r->isle, r->target, op, r->scratch);
    const Str name =
        id == ISLE_NONE ? str_from(r->row->name) : isle_str(r->isle, r->isle->terms.data[id].name);
    if (!agree_selected(r->options, name))
        return;
    r->result = agree_add(r->report, name, engine_name(r->engine));
    const char *const reason = why_not(r, id);
    if (reason) {
        const bool meant = id != ISLE_NONE && r->isle->terms.data[id].spec;
        r->result->skip = meant ? AGREE_ENGINE : AGREE_NO_MEANING;
        r->result->detail = str_copy(r->report->arena, str_from(reason));
        return;
    }
    const IsleTerm *const term = &r->isle->terms.data[id];
    r->spec = term->spec;
    r->ret = isle_str(r->isle, r->isle->types.data[term->ret].name);
    if (!rows_params(r->isle, term, r->row, &r->params)) {
        r->result->skip = AGREE_NOTHING;
        r->result->detail = STR("a parameter that is no operand");
        return;
    }
    // Once more for the cases that the row does not allow.
    uint64_t before = 0;
    do {
        before = r->result->tuples;
        try_row(r, op, r->options->tuples - (uint32_t)before);
    } while (r->result->tuples > before && r->result->tuples < r->options->tuples &&
             r->result->mismatches == 0);
    if (r->result->tuples != 0)
        return;
    r->result->skip = AGREE_NOTHING;
    r->result->detail = STR("no values that it could be tried with");
}

bool agree_rows(Isle *isle, Engine engine, const AgreeOptions *options, AgreeReport *report,
                const char **reason)
{
    // OF, SF, ZF, AF, PF, CF; N, Z, C, V.
    static const uint8_t x64_bits[] = {11, 7, 6, 4, 2, 0}, a64_bits[] = {31, 30, 29, 28};
    const bool x64 = engine != ENGINE_UNICORN_AARCH64;
    Arena scratch = {0};
    Rows r = {.isle = isle,
              .engine = engine,
              .target = target_find(x64 ? ARCH_X86_64 : ARCH_AARCH64),
              .cpu = engine_cpu(engine, reason),
              .options = options,
              .report = report,
              .samples = {options->seed, options->bytes},
              .scratch = &scratch,
              .flag_bits = x64 ? x64_bits : a64_bits};
    if (!r.cpu)
        return false;
    r.data = r.cpu->ops->map(r.cpu, DATA, DATA_SIZE);
    if (r.data) {
        agree_find_names(&r);
        for (uint32_t i = 0; i < DATA_SIZE; i++)
            r.data[i] = (uint8_t)sample_random(&r.samples);
        for (uint16_t op = 0; op < r.target->num_rows; op++)
            if (!options->only || *options->only % r.target->num_rows == op)
                do_row(&r, op);
    } else {
        *reason = "no memory for the guest";
    }
    r.cpu->ops->destroy(r.cpu);
    arena_free(&scratch);
    return r.data != NULL;
}
