// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// CLIF instructions against the interpreter. For each opcode with a specification and each choice
// of scalar types a function of that one instruction is built (with conditions, operators,
// immediates and memory flags chosen), run, and the specification evaluated on what went in and
// came out.

#include "assay/builder.h"
#include "verify/agree/agree_internal.h"

#define DATA         GUEST_HEAP_BASE
#define DATA_SIZE    4096u
#define OPERAND_AT   2048u
#define MISMATCH_MAX 4u

enum { TARGETS = 3, TRAP_USER = 5, PARAMS_MAX = 8 };

static const Type scalars[] = {TYPE_I8,  TYPE_I16, TYPE_I32, TYPE_I64, TYPE_I128,
                               TYPE_F16, TYPE_F32, TYPE_F64, TYPE_F128};
enum { NUM_SCALARS = sizeof(scalars) / sizeof(scalars[0]) };

// One function to try.
typedef struct Form {
    Opcode op;
    Type ctrl, args[3];
    uint32_t num_args;
    uint32_t small; // condition or operator
    uint64_t imm;
    Wide constant;
    int32_t offset;
    MemFlags flags;
} Form;

typedef struct Clif {
    Isle *isle;
    const AgreeOptions *options;
    AgreeReport *report;
    AgreeResult *result;
    Samples samples;
    Executor *ex;
    Settings settings;
    uint8_t *data, before[DATA_SIZE];
    Arena *scratch;
    IsleSym bits, is_float, first, second, num_targets, canonical;
    const IsleTerm *term;
} Clif;

// ---- Functions ----

// The operand that is an address, NO_INDEX: none.
static uint32_t address_operand(const Form *form)
{
    switch ((int)op_format(form->op)) {
    case FMT_LOAD:
    case FMT_ATOMIC_RMW:
    case FMT_ATOMIC_CAS: return 0;
    case FMT_LOAD_NO_OFFSET: return form->op == OP_ATOMIC_LOAD ? 0 : NO_INDEX;
    case FMT_STORE:
    case FMT_STORE_NO_OFFSET: return 1;
    default: return NO_INDEX;
    }
}

static void emit_memory(Builder *b, const Form *form, Type suffix, const Value *v)
{
    const Opcode op = form->op;
    switch ((int)op_format(op)) {
    case FMT_LOAD:
        (void)builder_load(b, op, suffix, (Mem){v[0], form->offset, form->flags});
        return;
    case FMT_STORE: builder_store(b, op, v[0], (Mem){v[1], form->offset, form->flags}); return;
    case FMT_LOAD_NO_OFFSET:
        (void)builder_load_no_offset(b, op, suffix, op == OP_BITCAST ? 0 : form->flags, v[0]);
        return;
    case FMT_STORE_NO_OFFSET: builder_store_no_offset(b, op, form->flags, v[0], v[1]); return;
    case FMT_ATOMIC_RMW:
        (void)builder_atomic_rmw(b, form->flags, (AtomicOp)form->small, v[0], v[1]);
        return;
    case FMT_ATOMIC_CAS: (void)builder_atomic_cas(b, form->flags, v[0], v[1], v[2]); return;
    default: UNREACHABLE();
    }
}

// Branches go to blocks that return their number.
static void emit_branch(Builder *b, const Form *form, const Value *v)
{
    Block blocks[TARGETS + 1];
    Goto table[TARGETS];
    for (uint32_t i = 0; i <= TARGETS; i++)
        blocks[i] = builder_block(b);
    for (uint32_t i = 0; i < TARGETS; i++)
        table[i] = GOTO(blocks[i + 1]);
    if (form->op == OP_BRIF)
        builder_brif(b, v[0], GOTO(blocks[0]), GOTO(blocks[1]));
    else
        builder_br_table(b, v[0], GOTO(blocks[0]), table, TARGETS);
    for (uint32_t i = 0; i <= TARGETS; i++) {
        builder_switch(b, blocks[i]);
        const Value number = builder_iconst(b, TYPE_I32, (int64_t)i);
        builder_return(b, VALUES(number));
    }
}

// False for formats that have no values to compare.
static bool emit(Builder *b, const Form *form, const Value *v)
{
    const Opcode op = form->op;
    const Type suffix = ir_ops[op].ctrl == CTRL_SUFFIX ? form->ctrl : TYPE_INVALID;
    switch ((int)op_format(op)) {
    case FMT_NULL_ARY: (void)builder_nullary(b, op, suffix); return true;
    case FMT_UNARY: (void)builder_unary(b, op, suffix, v[0]); return true;
    case FMT_BINARY: (void)builder_binary(b, op, v[0], v[1]); return true;
    case FMT_TERNARY: (void)builder_ternary(b, op, v[0], v[1], v[2]); return true;
    case FMT_INT_COMPARE: (void)builder_icmp(b, (IntCC)form->small, v[0], v[1]); return true;
    case FMT_FLOAT_COMPARE: (void)builder_fcmp(b, (FloatCC)form->small, v[0], v[1]); return true;
    case FMT_UNARY_IMM: (void)builder_iconst(b, suffix, (int64_t)form->imm); return true;
    case FMT_UNARY_IEEE16: (void)builder_fconst(b, TYPE_F16, form->imm); return true;
    case FMT_UNARY_IEEE32: (void)builder_fconst(b, TYPE_F32, form->imm); return true;
    case FMT_UNARY_IEEE64: (void)builder_fconst(b, TYPE_F64, form->imm); return true;
    case FMT_UNARY_CONST:
        (void)builder_const(b, op, suffix, builder_constant(b, form->constant.w, 16));
        return true;
    case FMT_TRAP: builder_trap(b, TRAP_USER); return true;
    case FMT_COND_TRAP: builder_cond_trap(b, op, v[0], TRAP_USER); return true;
    case FMT_INT_ADD_TRAP: (void)builder_add_trap(b, op, v[0], v[1], TRAP_USER); return true;
    case FMT_BRIF:
    case FMT_BRANCH_TABLE: emit_branch(b, form, v); return true;
    case FMT_LOAD:
    case FMT_STORE:
    case FMT_LOAD_NO_OFFSET:
    case FMT_STORE_NO_OFFSET:
    case FMT_ATOMIC_RMW:
    case FMT_ATOMIC_CAS: emit_memory(b, form, suffix, v); return true;
    default: return false;
    }
}

static Type result_type(const Form *form, uint32_t n)
{
    return op_constraint_type((TypeConstraint)ir_ops[form->op].results[n], form->ctrl);
}

// Builds the function into `module`. False: there is no such one.
static bool build(const Form *form, Module *module, Diag *diag)
{
    const bool is_branch = (ir_ops[form->op].flags & OPF_BRANCH) != 0;
    AbiParam params[3] = {{0}}, returns[2] = {{0}};
    Signature sig = {.params = params, .returns = returns, .callconv = CC_SYSTEM_V};
    for (; sig.num_params < form->num_args; sig.num_params++)
        params[sig.num_params].type = form->args[sig.num_params];
    sig.num_returns = is_branch ? 1 : op_fixed_results(form->op);
    for (uint32_t i = 0; i < sig.num_returns; i++)
        returns[i].type = is_branch ? TYPE_I32 : result_type(form, i);
    Builder *const b = builder_create(module);
    builder_begin(b, builder_name(STR("f")), sig);
    Value v[3] = {{0}}, results[2];
    for (uint32_t i = 0; i < sig.num_params; i++)
        v[i] = builder_param(b, i);
    Func *func;
    const bool known = emit(b, form, v);
    if (!builder_is_terminated(b)) {
        for (uint32_t i = 0; i < sig.num_returns && known; i++)
            results[i] = builder_result(b, i);
        builder_return(b, (ValueList){results, known ? sig.num_returns : 0});
    }
    builder_seal_all(b);
    const bool good = builder_finish(b, NULL, &func, diag) == STATUS_OK && known;
    builder_destroy(b);
    return good;
}

// ---- Values ----

static Concrete value_of(const DataValue *data)
{
    Wide bits = {{0}};
    memcpy(bits.w, data->bytes, type_bytes(data->type)); // the host is little-endian
    return concrete_bv(type_bits(data->type), bits);
}

static Concrete record(Clif *c, const IsleSym *names, const Concrete *fields)
{
    IsleSym *const kept_names = ARENA_ARRAY(c->scratch, IsleSym, 2);
    Concrete *const kept = ARENA_ARRAY(c->scratch, Concrete, 2);
    memcpy(kept_names, names, 2 * sizeof(*names));
    memcpy(kept, fields, 2 * sizeof(*fields));
    return concrete_struct(kept_names, kept, 2);
}

static Concrete type_value(Clif *c, Type type)
{
    const IsleSym names[] = {c->bits, c->is_float};
    const Concrete fields[] = {concrete_int(type_bits(type)), concrete_bool(type_is_float(type))};
    return record(c, names, fields);
}

// A parameter of the term, of an ISLE type; `**next` is the next value operand.
static bool param_value(Clif *c, const Form *form, Str type, const DataValue **next, Concrete *out)
{
    if (str_eq(type, STR("Type")))
        *out = type_value(c, form->ctrl);
    else if (str_eq(type, STR("Value")))
        *out = value_of((*next)++);
    else if (str_eq(type, STR("MemFlags")))
        *out = concrete_u64(32, form->flags);
    else if (str_eq(type, STR("i32")))
        *out = concrete_u64(32, (uint64_t)(int64_t)form->offset);
    else if (str_eq(type, STR("u64")))
        *out = concrete_u64(64, form->imm);
    else if (str_eq(type, STR("Constant")))
        *out = concrete_bv(128, form->constant);
    else if (str_eq(type, STR("TrapCode")))
        *out = concrete_u64(8, TRAP_USER);
    else if (str_eq(type, STR("IntCC")) || str_eq(type, STR("FloatCC")) ||
             str_eq(type, STR("AtomicOp")))
        *out = concrete_u64(8, form->small);
    else
        return false;
    return true;
}

// What the function returned; where it trapped, of the right sort and not known.
static Concrete result_value(Clif *c, const Form *form, const CallResult *call)
{
    const IsleSym names[] = {c->first, c->second};
    Concrete values[2] = {concrete_unit()};
    const uint32_t count =
        (ir_ops[form->op].flags & OPF_BRANCH) != 0 ? 0 : op_fixed_results(form->op);
    for (uint32_t i = 0; i < count; i++)
        values[i] = call->outcome == OUTCOME_RETURNED
                        ? value_of(&call->values[i])
                        : concrete_open(type_bits(result_type(form, i)));
    return count == 2 ? record(c, names, values) : values[0];
}

// ---- A tuple ----

static void sample_args(Clif *c, const Form *form, DataValue *args)
{
    const uint32_t address = address_operand(form);
    for (uint32_t i = 0; i < form->num_args; i++) {
        const Wide bits = sample_bits(&c->samples, type_bits(form->args[i]));
        args[i] = (DataValue){.type = form->args[i]};
        memcpy(args[i].bytes, bits.w, type_bytes(form->args[i]));
    }
    if (address == NO_INDEX)
        return;
    // Sixteen-byte aligned, for atomic accesses; now and then where nothing is mapped.
    const bool outside = sample_below(&c->samples, 16) == 0;
    const uint32_t at = OPERAND_AT + 16 * sample_below(&c->samples, 4);
    const Wide content = sample_bits(&c->samples, 128);
    args[address] = data_from_u64(TYPE_I64, outside ? DATA + 8 * DATA_SIZE : DATA + at);
    memcpy(c->data + at + form->offset, content.w, 16);
    memcpy(c->before, c->data, DATA_SIZE);
}

static bool read_before(void *context, uint64_t address, uint32_t width, Wide *out)
{
    const Clif *const c = context;
    *out = (Wide){{0}};
    if (address < DATA || address + width / 8 > DATA + DATA_SIZE)
        return false;
    memcpy(out->w, c->before + (address - DATA), width / 8);
    return true;
}

static const char *check_stores(Clif *c, const ConcreteRun *run, bool *trapped, uint8_t *code)
{
    for (uint32_t i = 0; i < run->events.len; i++) {
        const ConcreteEvent *const event = &run->events.data[i];
        if (event->op != ISLE_SPEC_OP_STORE)
            continue;
        if (event->address < DATA || event->address + event->width / 8 > DATA + DATA_SIZE) {
            *trapped = true;
            *code = event->code;
            return NULL;
        }
        memcpy(c->before + (event->address - DATA), event->value.bits.w, event->width / 8);
    }
    return memcmp(c->before, c->data, DATA_SIZE) == 0 ? NULL : "memory is not as stored";
}

static const char *check_successor(const ConcreteRun *run, const CallResult *call)
{
    for (uint32_t i = 0; i < run->events.len; i++)
        if (run->events.data[i].op == ISLE_SPEC_OP_GOTO)
            return run->events.data[i].value.bits.w[0] == data_to_u64(&call->values[0])
                       ? NULL
                       : "another successor";
    return NULL;
}

static const char *compare(Clif *c, const ConcreteRun *run, ConcreteOutcome outcome,
                           const CallResult *call)
{
    bool traps = outcome == CONCRETE_TRAPS;
    uint8_t code = run->trap;
    if (call->outcome != OUTCOME_RETURNED && call->outcome != OUTCOME_TRAPPED)
        return "the interpreter can't run it";
    if (outcome == CONCRETE_CANNOT)
        return run->why;
    if (outcome == CONCRETE_FAILS)
        return "the meaning does not hold";
    const char *const wrong = traps ? NULL : check_stores(c, run, &traps, &code);
    if (traps != (call->outcome == OUTCOME_TRAPPED))
        return traps ? "no trap, where the meaning has one" : "a trap, where the meaning has none";
    if (traps)
        return code == call->trap ? NULL : "another trap code";
    return wrong ? wrong : check_successor(run, call);
}

static void note_mismatch(Clif *c, const Concrete *params, const Concrete *result,
                          const ConcreteRun *run, const char *what)
{
    if (c->result->mismatches++ != 0)
        return;
    StrBuf out = {.arena = c->report->arena};
    buf_printf(&out, "%s:", what);
    for (uint32_t i = 0; i < c->term->num_args; i++) {
        buf_char(&out, ' ');
        concrete_print(&params[i], &out);
    }
    buf_puts(&out, " -> ");
    concrete_print(result, &out);
    if (run->pos.offset != 0)
        buf_printf(&out, " (%.*s)", STR_ARG(isle_where(c->isle, run->pos)));
    c->result->detail = buf_view(&out);
}

static bool try_tuple(Clif *c, const Form *form)
{
    DataValue args[3];
    Concrete params[PARAMS_MAX];
    const DataValue *next = args;
    const ConcreteState states[] = {{c->num_targets, concrete_u64(32, TARGETS)},
                                    {c->canonical, concrete_bool(false)}};
    ConcreteRun run = {.isle = c->isle,
                       .arena = c->scratch,
                       .load = read_before,
                       .context = c,
                       .states = states,
                       .num_states = 2};
    arena_reset(c->scratch);
    sample_args(c, form, args);
    for (uint32_t i = 0; i < c->term->num_args; i++) {
        const Str type = isle_str(c->isle, c->isle->types.data[c->term->args[i]].name);
        if (!param_value(c, form, type, &next, &params[i]))
            return false;
    }
    const CallResult call = executor_call(c->ex, 0, args, form->num_args, c->scratch);
    const Concrete result = result_value(c, form, &call);
    const ConcreteOutcome outcome =
        concrete_run(&run, c->term->spec, ISLE_CLAUSE_PROVIDE, params, &result);
    const char *const wrong = compare(c, &run, outcome, &call);
    c->result->tuples++;
    c->result->vague += run.vague;
    if (wrong)
        note_mismatch(c, params, &result, &run, wrong);
    return true;
}

// ---- Forms ----

static void try_form(Clif *c, const Form *form, uint32_t tuples)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    Module module = {.arena = &arena};
    if (build(form, &module, &diag) &&
        executor_load(c->ex, &module, &c->settings, NULL, &diag) == STATUS_OK)
        for (uint32_t i = 0; i < tuples && c->result->mismatches < MISMATCH_MAX; i++)
            if (!try_tuple(c, form))
                break;
    arena_free(&arena);
}

// How many conditions, operators or immediates an opcode is tried with.
static uint32_t num_small(Opcode op)
{
    switch ((int)op_format(op)) {
    case FMT_INT_COMPARE: return INTCC_COUNT;
    case FMT_FLOAT_COMPARE: return FLOATCC_COUNT;
    case FMT_ATOMIC_RMW: return 2 * ATOMIC_COUNT;
    case FMT_UNARY_IMM:
    case FMT_UNARY_IEEE16:
    case FMT_UNARY_IEEE32:
    case FMT_UNARY_IEEE64:
    case FMT_UNARY_CONST: return 64;
    case FMT_LOAD:
    case FMT_STORE:
    case FMT_LOAD_NO_OFFSET:
    case FMT_STORE_NO_OFFSET:
    case FMT_ATOMIC_CAS: return 4;
    default: return 1;
    }
}

static uint32_t immediate_bits(Format format, Type ctrl)
{
    switch ((int)format) {
    case FMT_UNARY_IEEE16: return 16;
    case FMT_UNARY_IEEE32: return 32;
    case FMT_UNARY_IEEE64: return 64;
    case FMT_UNARY_CONST: return 128;
    default: return ctrl == TYPE_INVALID ? 64 : type_bits(ctrl);
    }
}

static Form form_of(Clif *c, Opcode op, Type ctrl, uint32_t small)
{
    const Format format = op_format(op);
    const uint32_t bits = immediate_bits(format, ctrl);
    Form form = {.op = op, .ctrl = ctrl, .small = small, .flags = MEM_DEFAULT};
    form.constant = sample_bits(&c->samples, bits);
    form.imm = form.constant.w[0];
    if (format == FMT_UNARY_IMM && bits < 64 && (form.imm >> (bits - 1) & 1) != 0)
        form.imm |= UINT64_MAX << bits; // as it is held
    if (format == FMT_ATOMIC_RMW)
        form.small = small % ATOMIC_COUNT;
    const bool second = format == FMT_ATOMIC_RMW ? small >= ATOMIC_COUNT : small % 2 == 1;
    if (second)
        form.flags = MEM_BIG | TRAP_USER;
    if ((format == FMT_LOAD || format == FMT_STORE) && small >= 2)
        form.offset = small == 2 ? 100 : -100;
    return form;
}

static bool arg_allows(const Form *form, uint32_t n, Type type)
{
    const TypeConstraint want = (TypeConstraint)ir_ops[form->op].args[n];
    if (want == TC_NO)
        return type == scalars[0];
    if (n == address_operand(form) && type != TYPE_I64)
        return false; // memory lies above 2^32
    if (form->op == OP_BITCAST && type_bits(type) != type_bits(form->ctrl))
        return false;
    return op_constraint_allows(want, form->ctrl, type);
}

static bool results_are_scalar(const Form *form)
{
    for (uint32_t n = 0; n < 2; n++) {
        if (ir_ops[form->op].results[n] == TC_NO)
            continue;
        bool known = false;
        for (uint32_t i = 0; i < NUM_SCALARS; i++)
            known = known || result_type(form, n) == scalars[i];
        if (!known)
            return false;
    }
    return true;
}

// Tries all types of operands under a controlling type, or counts them when `tuples` is 0.
static uint32_t try_types(Clif *c, Form form, uint32_t tuples)
{
    uint32_t count = 0;
    if (!results_are_scalar(&form))
        return 0;
    for (; form.num_args < 3 && ir_ops[form.op].args[form.num_args] != TC_NO; form.num_args++)
        continue;
    for (uint32_t n = 0; n < NUM_SCALARS * NUM_SCALARS * NUM_SCALARS; n++) {
        const uint32_t at[3] = {n % NUM_SCALARS, n / NUM_SCALARS % NUM_SCALARS,
                                n / NUM_SCALARS / NUM_SCALARS};
        bool allowed = true;
        for (uint32_t i = 0; i < 3; i++) {
            form.args[i] = scalars[at[i]];
            allowed = allowed && arg_allows(&form, i, form.args[i]);
        }
        count += allowed;
        if (allowed && tuples != 0)
            try_form(c, &form, tuples);
    }
    return count;
}

static uint32_t try_all(Clif *c, Opcode op, uint32_t tuples)
{
    const OpInfo *const info = &ir_ops[op];
    uint32_t count = 0;
    for (uint32_t t = 0; t < (info->ctrl == CTRL_NONE ? 1 : NUM_SCALARS); t++) {
        const Type ctrl = info->ctrl == CTRL_NONE ? TYPE_INVALID : scalars[t];
        if (ctrl != TYPE_INVALID &&
            !op_constraint_allows((TypeConstraint)(TC_IN_NONE + info->types), ctrl, ctrl))
            continue;
        for (uint32_t small = 0; small < num_small(op); small++)
            count += try_types(c, form_of(c, op, ctrl, small), tuples);
    }
    return count;
}

// Why nothing can be compared of an opcode, or NULL.
static const char *why_not(Opcode op)
{
    switch ((int)op) {
    case OP_STACK_ADDR:
    case OP_SYMBOL_VALUE:
    case OP_TLS_VALUE:
    case OP_FUNC_ADDR: return "addresses are each engine's own";
    case OP_GET_FRAME_POINTER:
    case OP_GET_STACK_POINTER:
    case OP_GET_RETURN_ADDRESS:
    case OP_GET_PINNED_REG:
    case OP_SET_PINNED_REG: return "the interpreter has no registers";
    case OP_DEBUGTRAP: return "a breakpoint has no value";
    default: return NULL;
    }
}

static void do_opcode(Clif *c, Opcode op)
{
    const Str name = str_from(ir_ops[op].name);
    const IsleTermId id = isle_find_term(c->isle, name);
    if (id == ISLE_NONE || !c->isle->terms.data[id].spec || !agree_selected(c->options, name))
        return;
    c->term = &c->isle->terms.data[id];
    c->result = agree_add(c->report, name, engine_name(ENGINE_INTERP));
    const char *const reason = why_not(op);
    if (reason) {
        c->result->detail = str_from(reason);
        c->result->skip = AGREE_EXCUSED;
        return;
    }
    ASSERT(c->term->num_args <= PARAMS_MAX);
    const uint32_t forms = try_all(c, op, 0);
    if (forms != 0)
        (void)try_all(c, op, c->options->tuples / forms + 1);
    if (c->result->tuples != 0)
        return;
    c->result->skip = AGREE_NOTHING;
    c->result->detail = STR("no function of it could be built and run");
}

static IsleSym symbol(Isle *isle, const char *name)
{
    return strtable_add(isle->arena, &isle->symbols, str_from(name));
}

void agree_clif(Isle *isle, const AgreeOptions *options, AgreeReport *report)
{
    Arena scratch = {0};
    const char *reason = NULL;
    Clif *const c = ARENA_NEW(report->arena, Clif);
    *c = (Clif){.isle = isle,
                .options = options,
                .report = report,
                .samples = {options->seed, options->bytes},
                .ex = executor_create(ENGINE_INTERP, NULL, &reason),
                .settings = settings_defaults(),
                .scratch = &scratch,
                .bits = symbol(isle, "bits"),
                .is_float = symbol(isle, "float"),
                .first = symbol(isle, "first"),
                .second = symbol(isle, "second"),
                .num_targets = symbol(isle, "num_targets"),
                .canonical = symbol(isle, "nans_are_canonical")};
    ASSERT(c->ex);
    const bool mapped = executor_map(c->ex, DATA, DATA_SIZE) == STATUS_OK;
    ASSERT(mapped);
    c->data = executor_memory(c->ex, DATA, DATA_SIZE);
    for (uint32_t op = 0; op < OP_COUNT; op++)
        if (!options->only || *options->only % OP_COUNT == op)
            do_opcode(c, (Opcode)op);
    executor_destroy(c->ex);
    arena_free(&scratch);
}
