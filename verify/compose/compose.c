// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All rows of a target, each with all that emission may see of an instruction: sizes, conditions,
// immediates, addressing modes, what stands behind it, registers.

#include "verify/compose/compose_internal.h"

// Immediates are special values, since emission looks at them: all of these for a pseudo row, the
// first few that an encoded row allows.
enum { ENCODED_IMMEDIATES = 12, SECOND_IMMEDIATES = 4 };

typedef struct RowRun {
    const ComposeOptions *options;
    ComposeTarget *target;
    VcProgram *program;
    LedgerCache *cache;
    ComposeResult *result;
    ComposeReport *report;
    const MRow *row;
    ComposeCase c;
    Arena scratch;
    bool is_new;     // nothing has been asked of the immediates at hand yet
    bool is_allowed; // the row allows them
    RowParams params;
    bool has_table; // a branch by one
} RowRun;

// ---- A case ----

static void print_memory(const ComposeCase *c, StrBuf *out)
{
    const Target *const t = c->target;
    const bool in_frame = c->amode == AMODE_STACK_SLOT || c->amode == AMODE_SPILL;
    buf_printf(out, ", %s = [", t->rows[c->op].operands[c->memory].name);
    if (in_frame)
        buf_puts(out, "frame");
    if (c->base != PREG_NONE)
        buf_puts(out, t->reg_name(c->base, 8));
    if (c->index != PREG_NONE)
        buf_printf(out, " + %s << %u", t->reg_name(c->index, 8), c->scale);
    buf_printf(out, " + %d]", in_frame ? compose_frame_offset(c) : c->disp);
}

static void print_inst(const ComposeCase *c, StrBuf *out)
{
    const Target *const t = c->target;
    const MRow *const row = &t->rows[c->op];
    buf_puts(out, row->name);
    if (c->size != 0)
        buf_printf(out, ", %u bytes", c->size);
    for (int32_t k = 0; k < row->num_operands; k++)
        if (k != c->memory)
            buf_printf(out, ", %s = %s", row->operands[k].name,
                       t->reg_name(c->regs[k], preg_class(c->regs[k]) == REG_INT ? 8 : 16));
    if (c->memory >= 0)
        print_memory(c, out);
    if (c->cc != 0)
        buf_printf(out, ", condition %u", c->cc);
    if (c->imm != 0)
        buf_printf(out, ", immediate %lld", (long long)c->imm);
    if (c->imm2 != 0)
        buf_printf(out, ", second immediate %d", c->imm2);
}

static void print_case(const ComposeCase *c, StrBuf *out)
{
    for (const ComposeCase *at = c; at; at = at->then) {
        buf_puts(out, at == c ? "" : "; ");
        print_inst(at, out);
    }
    if (c->num_succs != CASE_SUCCS)
        buf_printf(out, "; %u successors", c->num_succs);
    if (c->next != 0)
        buf_printf(out, "; successor %u follows", c->next - 1u);
    if (c->is_far)
        buf_puts(out, "; far");
    if (c->is_anew)
        buf_puts(out, "; repeated before another one");
    buf_puts(out, c->flags_die ? "\n" : "; flags are read behind it\n");
}

// Whether the row requires other immediates than these. Emission may not be asked then.
static bool look_at_immediates(RowRun *r, const ComposeCase *c)
{
    ComposeProof proof = {.program = r->program, .target = r->target, .arena = &r->scratch};
    if (!r->is_new)
        return true;
    r->is_new = false;
    r->is_allowed = compose_meant(&proof, c) != CASE_NOT_ALLOWED;
    return r->is_allowed;
}

static bool cannot(RowRun *r, Str why)
{
    r->result->verdict = COMPOSE_CANNOT;
    r->result->detail = str_copy(r->report->arena, why);
    return false;
}

// What the row says against what is put.
static bool prove(RowRun *r, const ComposeCase *c, const ComposeCode *code)
{
    ComposeProof proof = {.program = r->program, .target = r->target, .arena = &r->scratch};
    StrBuf detail = {.arena = &r->scratch}, text = {.arena = &r->scratch};
    bool asked;
    if (compose_meant(&proof, c) != CASE_STATED || compose_done(&proof, c, code) != CASE_STATED)
        return cannot(r, proof.message);
    r->result->composed++;
    r->result->verdict = compose_prove(&proof, r->cache, r->options->budget, &asked, &detail);
    r->result->asked += asked;
    if (r->result->verdict == COMPOSE_PROVED)
        return true;
    print_case(c, &text);
    compose_print_code(code, &text);
    buf_str(&text, buf_view(&detail));
    r->result->detail = str_copy(r->report->arena, buf_view(&text));
    return false;
}

// One case. False: no more of this row, or with these immediates.
static bool visit(void *context, const ComposeCase *c)
{
    RowRun *const r = context;
    ComposeCode code;
    arena_reset(&r->scratch);
    if (!look_at_immediates(r, c))
        return false;
    compose_emit(c, r->options->emit ? r->options->emit : c->target->emit_inst, &r->scratch, &code);
    r->result->cases++;
    return compose_is_itself(c, &code) || prove(r, c, &code);
}

static bool is_going(const RowRun *r)
{
    return r->result->verdict == COMPOSE_PROVED;
}

// ---- What emission may see ----

// What stands behind the instruction, and how far branches must reach. True: the immediates are
// allowed.
static bool try_places(RowRun *r)
{
    const bool is_branch = (r->row->flags & ROW_BRANCH) != 0;
    const bool has_access = (r->row->flags & (ROW_LOAD | ROW_STORE)) != 0;
    const bool may_be_far = r->c.target->arch == ARCH_AARCH64 && !has_access &&
                            (r->row->flags & (ROW_BRANCH | ROW_TRAP)) != 0;
    // Flags do not live between blocks; and what loops writes flags anyhow.
    const bool always_die = is_branch || (has_access && (r->row->flags & ROW_PSEUDO) != 0 &&
                                          (r->row->flags_use & MFLAGS_WRITE) != 0);
    r->is_new = r->params.num_imms != 0 || r->params.has_cond;
    r->is_allowed = true;
    const bool may_be_anew = (r->row->flags & ROW_REMAT) != 0;
    for (uint32_t n = 0; n < 24 && is_going(r) && r->is_allowed; n++) {
        r->c.flags_die = n % 2 != 0;
        r->c.is_far = n / 2 % 2 != 0;
        r->c.is_anew = n / 4 % 2 != 0;
        r->c.next = (uint8_t)(n / 8);
        if ((r->c.is_far && !may_be_far) || (r->c.next != 0 && !is_branch) ||
            (always_die && !r->c.flags_die) || (r->c.is_anew && !may_be_anew))
            continue;
        const ComposeCase kept = r->c;
        (void)compose_assign(&r->c, visit, r);
        r->c = kept;
    }
    return r->is_allowed;
}

// Rows with two have small numbers as second ones: shifts, lengths, flags.
static bool try_second_immediates(RowRun *r)
{
    uint32_t found = 0;
    for (int32_t imm = 0; imm < 64 && found < SECOND_IMMEDIATES && is_going(r); imm++) {
        r->c.imm2 = imm;
        found += try_places(r);
    }
    return found != 0;
}

static void try_immediates(RowRun *r)
{
    const bool is_pseudo = (r->row->flags & ROW_PSEUDO) != 0;
    const uint32_t most = is_pseudo ? COMPOSE_IMMEDIATES : ENCODED_IMMEDIATES;
    uint32_t found = 0;
    if (r->params.num_imms == 0) {
        (void)try_places(r);
        return;
    }
    for (uint32_t n = 0; n < COMPOSE_IMMEDIATES && found < most && is_going(r); n++) {
        r->c.imm = compose_immediate(n);
        if (n >= COMPOSE_SMALL_IMMEDIATES && r->c.imm >= 0 && r->c.imm < COMPOSE_SMALL_IMMEDIATES)
            continue;
        found += r->params.num_imms == 2 ? try_second_immediates(r) : try_places(r);
    }
}

typedef struct MemoryMode {
    AmodeKind amode;
    bool scaled;
    int32_t disp;
} MemoryMode;

static const MemoryMode x64_modes[] = {
    {AMODE_BASE, false, 0},  {AMODE_BASE, false, 0x12345678}, {AMODE_INDEX, false, 0},
    {AMODE_INDEX, true, -5}, {AMODE_STACK_SLOT, false, 16},   {AMODE_SPILL, false, 3},
};
// Near and far, above and below.
static const MemoryMode a64_modes[] = {
    {AMODE_BASE, false, 16},       {AMODE_BASE, false, 1000001},       {AMODE_BASE, false, -70000},
    {AMODE_STACK_SLOT, false, 16}, {AMODE_STACK_SLOT, false, 1 << 20}, {AMODE_INDEX, false, 0},
    {AMODE_INDEX, true, 0},        {AMODE_INDEX_UXTW, true, 0},        {AMODE_INDEX_SXTW, false, 0},
};

static bool is_frame_mode(AmodeKind amode)
{
    return amode == AMODE_STACK_SLOT || amode == AMODE_SPILL;
}

// Whether the row can have this mode: a spill slot is for what may be a register, addresses that
// are computed for themselves are of the frame on AArch64, and pairs have no index there.
static bool may_have(const RowRun *r, const MemoryMode *mode, int32_t operand)
{
    const bool has_index = !is_frame_mode(mode->amode) && mode->amode != AMODE_BASE;
    if (mode->amode == AMODE_SPILL && r->row->operands[operand].kind != OPERAND_RM)
        return false;
    if (r->c.target->arch != ARCH_AARCH64)
        return true;
    if ((r->row->flags & (ROW_LOAD | ROW_STORE)) == 0)
        return is_frame_mode(mode->amode);
    return !has_index || r->row->num_operands == 2;
}

static void try_modes(RowRun *r, int32_t operand)
{
    const bool x64 = r->c.target->arch == ARCH_X86_64;
    const MemoryMode *const modes = x64 ? x64_modes : a64_modes;
    const size_t count =
        x64 ? sizeof(x64_modes) / sizeof(*x64_modes) : sizeof(a64_modes) / sizeof(*a64_modes);
    for (size_t i = 0; i < count && is_going(r); i++) {
        const MemoryMode *const mode = &modes[i];
        if (!may_have(r, mode, operand))
            continue;
        const bool in_frame = is_frame_mode(mode->amode);
        const bool has_index = !in_frame && mode->amode != AMODE_BASE;
        const uint32_t own = r->c.size == 0 ? 3 : (uint32_t)__builtin_ctz(r->c.size);
        r->c.memory = operand;
        r->c.amode = mode->amode;
        r->c.disp = mode->disp;
        r->c.scale = (uint8_t)(!mode->scaled ? 0 : x64 ? 3 : own);
        // Some register: which is for the assignment to say.
        r->c.base = in_frame ? PREG_NONE : PREG(REG_INT, 0);
        r->c.index = has_index ? PREG(REG_INT, 0) : PREG_NONE;
        try_immediates(r);
    }
    r->c.memory = -1;
    r->c.amode = AMODE_NONE;
    r->c.disp = 0;
    r->c.base = r->c.index = PREG_NONE;
}

static void try_operands(RowRun *r)
{
    int32_t memory = -1;
    for (int32_t k = 0; k < r->row->num_operands; k++)
        if (r->row->operands[k].kind == OPERAND_MEM || r->row->operands[k].kind == OPERAND_RM)
            memory = k;
    if (memory < 0 || r->row->operands[memory].kind == OPERAND_RM)
        try_immediates(r);
    if (memory >= 0)
        try_modes(r, memory);
}

// Entries of tables: few, as many as the immediate of AArch64's comparison holds, one that it holds
// shifted, and one that it does not hold, more than 16 bits, none.
static const uint32_t table_sizes[] = {1, 2, 5, 4095, 4096, 4097, 70000, 0};

static void try_successors(RowRun *r)
{
    const ComposeCase plain = r->c;
    if (!r->has_table) {
        try_operands(r);
        return;
    }
    for (size_t i = 0; i < sizeof(table_sizes) / sizeof(*table_sizes) && is_going(r); i++) {
        r->c = plain;
        r->c.num_succs = table_sizes[i] + 1;
        try_operands(r);
    }
}

static void try_row(RowRun *r, uint16_t op)
{
    const uint32_t sizes = r->row->sizes;
    // Those of AArch64 behind them are no conditions, and rows do not allow them.
    const uint32_t num_conds = r->target->target->arch == ARCH_X86_64 ? 16 : 14;
    for (uint32_t size = sizes == 0 ? 0 : 1; size <= 16 && is_going(r); size *= 2) {
        if (size != 0 && (sizes & size) == 0)
            continue;
        for (uint32_t cc = 0; cc < (r->params.has_cond ? num_conds : 1) && is_going(r); cc++) {
            r->c = (ComposeCase){.target = r->target->target,
                                 .op = op,
                                 .size = (uint8_t)size,
                                 .cc = (uint8_t)cc,
                                 .memory = -1,
                                 .base = PREG_NONE,
                                 .index = PREG_NONE,
                                 .num_succs = CASE_SUCCS};
            try_successors(r);
        }
        if (size == 0)
            return;
    }
}

// ---- Tests behind other instructions ----

// Emission of x86-64 leaves out the test of a register against itself where the flags are those
// already. So it is tried behind all rows that give a register, with a branch behind it.
typedef struct Behind {
    RowRun *run;
    uint16_t test, branch;
} Behind;

static bool visit_behind(void *context, const ComposeCase *first)
{
    const Behind *const b = context;
    ComposeCase jump = {.target = first->target, .op = b->branch, .memory = -1};
    ComposeCase test = {.target = first->target, .op = b->test, .memory = -1, .then = &jump};
    ComposeCase c = *first;
    c.then = &test;
    test.regs[0] = test.regs[1] = first->regs[0];
    for (uint32_t n = 0; n < 16 * 4; n++) {
        test.size = (uint8_t)(1u << n / 16);
        jump.cc = (uint8_t)(n % 16);
        if (!visit(b->run, &c))
            return false;
    }
    return true;
}

static void try_behind(Behind *b, uint16_t op)
{
    RowRun *const r = b->run;
    const MRow *const row = &r->target->target->rows[op];
    for (uint32_t size = 1; size <= 8 && is_going(r); size *= 2) {
        for (uint32_t mode = 0; mode < sizeof(x64_modes) / sizeof(*x64_modes); mode++) {
            const bool has_memory = row->num_operands > 1 && row->operands[1].kind == OPERAND_MEM;
            if ((row->sizes & size) == 0 || (mode != 0 && !has_memory))
                continue;
            const bool has_index = x64_modes[mode].amode == AMODE_INDEX;
            r->c = (ComposeCase){.target = r->target->target,
                                 .op = op,
                                 .size = (uint8_t)size,
                                 .imm = 5,
                                 .memory = has_memory ? 1 : -1,
                                 .amode = has_memory ? x64_modes[mode].amode : AMODE_NONE,
                                 .scale = x64_modes[mode].scaled ? 3 : 0,
                                 .disp = has_memory ? x64_modes[mode].disp : 0,
                                 .base = PREG(REG_INT, 0),
                                 .index = has_index ? PREG(REG_INT, 0) : PREG_NONE,
                                 .flags_die = true,
                                 .next = 1,
                                 .num_succs = CASE_SUCCS};
            if (!has_memory || is_frame_mode(r->c.amode))
                r->c.base = PREG_NONE;
            r->is_new = true;
            (void)compose_assign(&r->c, visit_behind, b);
        }
    }
}

static void try_test(RowRun *r, uint16_t test)
{
    const Target *const t = r->target->target;
    Behind b = {.run = r, .test = test, .branch = t->num_rows};
    for (uint16_t op = 0; op < t->num_rows; op++)
        if (strcmp(t->rows[op].name, "jcc") == 0)
            b.branch = op;
    ASSERT(b.branch < t->num_rows);
    for (uint16_t op = 0; op < t->num_rows && is_going(r); op++) {
        const MRow *const row = &t->rows[op];
        const bool gives = row->num_operands != 0 && row->operands[0].kind == OPERAND_DEF &&
                           row->operands[0].class == REG_INT;
        if (gives && (row->flags & (ROW_PSEUDO | ROW_BRANCH | ROW_CALL)) == 0)
            try_behind(&b, op);
    }
}

// ---- Rows ----

static const char *tested_reason(Arch arch, const char *row)
{
    static const struct {
        Arch arch;
        const char *row, *reason;
    } table[] = {
#define COMPOSE_TESTED(ARCH, ROW, REASON) {ARCH_##ARCH, #ROW, REASON},
#include "verify/compose/compose_tested.def"
#undef COMPOSE_TESTED
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].arch == arch && strcmp(table[i].row, row) == 0)
            return table[i].reason;
    return NULL;
}

static bool reads(const IsleSpecExpr *e, IsleSym name)
{
    bool found = e->kind == ISLE_SPEC_VAR && e->name == name;
    for (uint32_t i = 0; i < e->num_args && !found; i++)
        found = reads(e->args[i], name);
    return found;
}

// Whether a term's meaning looks at a state.
static bool means(const Isle *isle, const IsleTerm *term, const char *state)
{
    const uint32_t name = strtable_find(&isle->symbols, str_from(state));
    bool found = false;
    for (uint32_t i = 0; term->spec && i < term->spec->u.spec.num_clauses; i++) {
        const IsleClause *const clause = &term->spec->u.spec.clauses[i];
        for (uint32_t k = 0; k < clause->num_exprs; k++)
            found = found || reads(clause->exprs[k], name);
    }
    return found;
}

static void do_row(RowRun *r, uint16_t op)
{
    const Target *const t = r->target->target;
    r->row = &t->rows[op];
    const Str name = str_from(r->row->name);
    const bool is_pseudo = (r->row->flags & ROW_PSEUDO) != 0;
    if (!str_contains(name, r->options->filter) ||
        (r->options->row && !str_eq_c(name, r->options->row)))
        return;
    const ComposeResult fresh = {
        .row = name, .is_pseudo = is_pseudo, .tested = tested_reason(t->arch, r->row->name)};
    VEC_PUSH(r->report->arena, &r->report->results, fresh);
    r->result = &r->report->results.data[r->report->results.len - 1];
    const IsleTerm *const term = &r->program->isle->terms.data[r->target->terms[op]];
    if (is_pseudo && !term->spec) {
        cannot(r, STR("its meaning is for no rule"));
        return;
    }
    if (term->spec && !rows_params(r->program->isle, term, r->row, &r->params)) {
        cannot(r, STR("a parameter is no operand"));
        return;
    }
    r->has_table = means(r->program->isle, term, COMPOSE_TABLE_STATE);
    try_row(r, op);
    if (t->arch == ARCH_X86_64 && strcmp(r->row->name, "test_rr") == 0)
        try_test(r, op);
    if (r->result->cases != 0)
        return;
    cannot(r, STR("no case that it allows"));
}

void compose_rows(Isle *isle, const Target *target, const ComposeOptions *options,
                  ComposeReport *report)
{
    const bool x64 = target->arch == ARCH_X86_64;
    Arena arena = {0};
    ComposeTarget t = {.target = target};
    IsleSym flags[ROWS_FLAGS_MAX];
    t.num_flags = rows_flags(isle, flags);
    for (uint32_t i = 0; i < t.num_flags; i++)
        t.flags[i] = isle_str(isle, flags[i]);
    // x16 and x17 hold what emission makes up.
    t.scratch = x64 ? 0 : preg_bit(PREG(REG_INT, 16)) | preg_bit(PREG(REG_INT, 17));
    ASSERT((t.scratch & target->allocatable) == 0);
    t.terms = ARENA_ARRAY(&arena, IsleTermId, target->num_rows);
    for (uint16_t op = 0; op < target->num_rows; op++) {
        t.terms[op] = rows_term(isle, target, op, &arena);
        ASSERT(t.terms[op] != ISLE_NONE);
    }
    RowRun r = {.options = options,
                .target = &t,
                .program = vc_program_new(&arena, isle),
                .cache = ledger_cache_open(&arena, options->cache ? options->cache : ":memory:"),
                .report = report};
    for (uint16_t op = 0; op < target->num_rows; op++)
        do_row(&r, op);
    ledger_cache_close(r.cache);
    arena_free(&r.scratch);
    arena_free(&arena);
}

bool compose_is_good(const ComposeResult *result, const char **why)
{
    *why = NULL;
    switch (result->verdict) {
    case COMPOSE_PROVED: *why = result->tested ? "it is proved: not for the table" : NULL; break;
    case COMPOSE_FAILED: *why = "what is emitted is something else"; break;
    case COMPOSE_UNKNOWN: *why = "not decided"; break;
    case COMPOSE_CANNOT: *why = result->tested ? NULL : "neither proved nor in the table"; break;
    }
    return *why == NULL;
}
