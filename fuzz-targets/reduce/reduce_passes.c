// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ways to make a file smaller, in the order in which they are tried. Each numbers its
// candidates; what a number means follows from the file alone.

#include "fuzz-targets/reduce/reduce_internal.h"

#define MODULE(file) (&(file)->clif->module)

// ---- Whole things ----

static bool drop_function(ReduceFile *file, uint32_t n, uint32_t size)
{
    Module *const module = MODULE(file);
    (void)size;
    if (n >= module->funcs.len || module->funcs.len == 1)
        return false;
    for (uint32_t i = n; i + 1 < module->funcs.len; i++) {
        module->funcs.data[i] = module->funcs.data[i + 1];
        file->heaps[i] = file->heaps[i + 1];
    }
    module->funcs.len--;
    uint32_t kept = 0;
    for (uint32_t c = 0; c < file->calls.len; c++) {
        ReduceCall call = file->calls.data[c];
        if (call.func == n)
            continue;
        call.func -= call.func > n;
        file->calls.data[kept++] = call;
    }
    file->calls.len = kept;
    return true;
}

static bool drop_calls(ReduceFile *file, uint32_t n, uint32_t size)
{
    const uint32_t first = n * size;
    if (first >= file->calls.len)
        return false;
    const uint32_t end = first + size < file->calls.len ? first + size : file->calls.len;
    for (uint32_t i = end; i < file->calls.len; i++)
        file->calls.data[first + i - end] = file->calls.data[i];
    file->calls.len -= end - first;
    return true;
}

static bool drop_line(ReduceFile *file, uint32_t n, uint32_t size)
{
    (void)size;
    if (n >= file->clif->header.len)
        return false;
    file->no_line[n] = file->clif->header.data[n].kind != HEADER_TEST;
    return true;
}

// ---- Instructions ----

// The instructions that may go, numbered over all functions, from the last on: so users go first.
static bool drop_insts(ReduceFile *file, uint32_t n, uint32_t size)
{
    uint32_t number = 0;
    bool any = false;
    for (uint32_t i = MODULE(file)->funcs.len; i > 0; i--) {
        Func *const f = MODULE(file)->funcs.data[i - 1];
        const Bitset used = edit_used(f);
        for (Block b = f->last_block; b.i != NO_INDEX; b = f->blocks.data[b.i].prev)
            for (Inst inst = f->blocks.data[b.i].last, prev; inst.i != NO_INDEX; inst = prev) {
                prev = f->nodes.data[inst.i].prev;
                const bool constant = edit_is_constant(f, inst);
                if ((ir_ops[inst_op(f, inst)].flags & OPF_TERMINATOR) != 0 ||
                    (constant && bitset_has(&used, inst_result(f, inst).i)))
                    continue;
                if (number / size == n) {
                    (void)edit_remove(f, inst);
                    any = true;
                }
                number++;
            }
    }
    return any;
}

// Blocks that nothing leads to.
static bool drop_blocks(ReduceFile *file, uint32_t n, uint32_t size)
{
    (void)size;
    for (uint32_t i = 0; i < MODULE(file)->funcs.len; i++) {
        Func *const f = MODULE(file)->funcs.data[i];
        IR_FOR_BLOCKS (f, b) {
            if (b.i == f->first_block.i || edit_count_edges(f, b) != 0 || n-- != 0)
                continue;
            edit_remove_block(f, b);
            return true;
        }
    }
    return false;
}

// Calls what follows for each instruction, numbered over all functions.
typedef bool (*EditInst)(Func *f, Inst inst, uint32_t choice);

static bool edit_nth(ReduceFile *file, uint32_t n, uint32_t choices, EditInst edit)
{
    uint32_t number = 0;
    for (uint32_t i = 0; i < MODULE(file)->funcs.len; i++) {
        Func *const f = MODULE(file)->funcs.data[i];
        IR_FOR_BLOCKS (f, b)
            IR_FOR_INSTS (f, b, inst) {
                if (number++ != n / choices)
                    continue;
                (void)edit(f, inst, n % choices);
                return true;
            }
    }
    return false;
}

static bool edit_terminator(Func *f, Inst inst, uint32_t choice)
{
    if ((ir_ops[inst_op(f, inst)].flags & OPF_TERMINATOR) == 0)
        return false;
    return choice == 0 ? edit_return(f, inst) : edit_jump(f, inst, choice - 1);
}

static bool simplify_terminators(ReduceFile *file, uint32_t n, uint32_t size)
{
    (void)size;
    return edit_nth(file, n, 4, edit_terminator);
}

// One of the operands instead of the result.
static bool forward_operand(Func *f, Inst inst, uint32_t choice)
{
    const Value result = inst_result(f, inst);
    const Span args = inst_args(f, inst);
    if (result.i == NO_INDEX || choice >= args.len ||
        value_type(f, (Value){args.data[choice]}) != value_type(f, result))
        return false;
    edit_replace(f, result, (Value){args.data[choice]});
    return true;
}

static bool forward_operands(ReduceFile *file, uint32_t n, uint32_t size)
{
    (void)size;
    return edit_nth(file, n, 3, forward_operand);
}

static bool edit_constant(Func *f, Inst inst, uint32_t choice)
{
    InstData *const data = &f->insts.data[inst.i];
    if (data->op != OP_ICONST || (data->w[0] <= choice && data->w[1] == 0))
        return false;
    data->w[0] = choice;
    data->w[1] = 0;
    return true;
}

static bool simplify_constants(ReduceFile *file, uint32_t n, uint32_t size)
{
    (void)size;
    return edit_nth(file, n, 2, edit_constant);
}

// Offsets and flags of memory accesses.
static bool edit_access(Func *f, Inst inst, uint32_t choice)
{
    InstData *const data = &f->insts.data[inst.i];
    const Format format = op_format((Opcode)data->op);
    if (format != FMT_LOAD && format != FMT_STORE)
        return false;
    data->w[choice == 0 ? 3 : 2] = choice == 0 ? MEM_DEFAULT : 0;
    return true;
}

static bool simplify_accesses(ReduceFile *file, uint32_t n, uint32_t size)
{
    (void)size;
    return edit_nth(file, n, 2, edit_access);
}

// ---- Parameters and results ----

static bool drop_block_params(ReduceFile *file, uint32_t n, uint32_t size)
{
    uint32_t number = 0;
    (void)size;
    for (uint32_t i = 0; i < MODULE(file)->funcs.len; i++) {
        Func *const f = MODULE(file)->funcs.data[i];
        IR_FOR_BLOCKS (f, b) {
            const uint32_t params = b.i == f->first_block.i ? 0 : block_params(f, b).len;
            if (n < number + params) {
                (void)edit_remove_param(f, b, n - number);
                return true;
            }
            number += params;
        }
    }
    return false;
}

static void drop_from(AbiParam *params, uint32_t *num, uint32_t n)
{
    for (uint32_t i = n; i + 1 < *num; i++)
        params[i] = params[i + 1];
    --*num;
}

// Operand `n` of the instruction's list goes.
static void drop_operand(Func *f, Inst inst, uint32_t n)
{
    uint32_t words[256], num = 0;
    const Span args = inst_args(f, inst);
    if (n >= args.len || args.len > 256)
        return;
    for (uint32_t i = 0; i < args.len; i++)
        if (i != n)
            words[num++] = args.data[i];
    const uint32_t list = func_add_list(f, words, num);
    f->insts.data[inst.i].w[3] = list;
}

// Direct calls of `callee` in `f` pass one argument less.
static void drop_argument(Func *f, const ExtName *callee, uint32_t n)
{
    for (uint32_t i = 0; i < f->funcs.len; i++) {
        if (!extname_eq(&f->funcs.data[i].name, callee))
            continue;
        Signature *const sig = &f->sigs.data[f->funcs.data[i].sig.i].sig;
        if (n < sig->num_params)
            drop_from(sig->params, &sig->num_params, n);
        IR_FOR_BLOCKS (f, b)
            IR_FOR_INSTS (f, b, inst)
                if (inst_format(f, inst) == FMT_CALL && func_inst(f, inst)->w[0] == i)
                    drop_operand(f, inst, n);
    }
}

static void drop_param(ReduceFile *file, uint32_t func, uint32_t n)
{
    Func *const f = MODULE(file)->funcs.data[func];
    if (!edit_remove_param(f, f->first_block, n))
        return;
    drop_from(f->sig.params, &f->sig.num_params, n);
    for (uint32_t i = 0; i < MODULE(file)->funcs.len; i++)
        drop_argument(MODULE(file)->funcs.data[i], &f->name, n);
    for (uint32_t c = 0; c < file->calls.len; c++) {
        RunDirective *const d = &file->calls.data[c].directive;
        if (file->calls.data[c].func != func || n >= d->num_args)
            continue;
        for (uint32_t i = n; i + 1 < d->num_args; i++)
            d->args[i] = d->args[i + 1];
        d->num_args--;
    }
}

static bool drop_params(ReduceFile *file, uint32_t n, uint32_t size)
{
    (void)size;
    for (uint32_t i = 0; i < MODULE(file)->funcs.len; i++) {
        const Func *const f = MODULE(file)->funcs.data[i];
        if (n < f->sig.num_params) {
            if (f->first_block.i != NO_INDEX)
                drop_param(file, i, n);
            return true;
        }
        n -= f->sig.num_params;
    }
    return false;
}

// Results of functions that nobody calls but directives.
static bool drop_results(ReduceFile *file, uint32_t n, uint32_t size)
{
    (void)size;
    for (uint32_t i = 0; i < MODULE(file)->funcs.len; i++) {
        Func *const f = MODULE(file)->funcs.data[i];
        if (n >= f->sig.num_returns) {
            n -= f->sig.num_returns;
            continue;
        }
        drop_from(f->sig.returns, &f->sig.num_returns, n);
        IR_FOR_BLOCKS (f, b) {
            const Inst last = f->blocks.data[b.i].last;
            if (last.i != NO_INDEX && inst_op(f, last) == OP_RETURN)
                drop_operand(f, last, n);
        }
        return true;
    }
    return false;
}

static bool simplify_inputs(ReduceFile *file, uint32_t n, uint32_t size)
{
    (void)size;
    for (uint32_t c = 0; c < file->calls.len; c++) {
        RunDirective *const d = &file->calls.data[c].directive;
        if (n >= 2 * d->num_args) {
            n -= 2 * d->num_args;
            continue;
        }
        RunArg *const arg = &d->args[n / 2];
        const DataValue simple = {.type = arg->value.type, .bytes = {(uint8_t)(n % 2)}};
        const bool wide = type_bytes(arg->value.type) > 8; // has no order: zero only
        if (!arg->is_heap && (wide ? n % 2 == 0 : data_to_u64(&arg->value) > n % 2))
            arg->value = simple;
        return true;
    }
    return false;
}

static bool join_blocks(ReduceFile *file, uint32_t n, uint32_t size)
{
    (void)size;
    if (n >= MODULE(file)->funcs.len)
        return false;
    edit_clean(MODULE(file)->funcs.data[n], true);
    return true;
}

// What nobody needs; a pass of its own, as the failure may be about just that.
static bool clean_function(ReduceFile *file, uint32_t n, uint32_t size)
{
    (void)size;
    if (n >= MODULE(file)->funcs.len)
        return false;
    edit_clean(MODULE(file)->funcs.data[n], false);
    return true;
}

static bool drop_declarations(ReduceFile *file, uint32_t n, uint32_t size)
{
    (void)size;
    if (n >= MODULE(file)->funcs.len)
        return false;
    edit_declarations(MODULE(file)->funcs.data[n]);
    return true;
}

const ReducePassInfo reduce_passes[] = {
    {"functions", drop_function, false},
    {"calls", drop_calls, true},
    {"header", drop_line, false},
    {"unused", clean_function, false},
    {"terminators", simplify_terminators, false},
    {"dead blocks", drop_blocks, false},
    {"instructions", drop_insts, true},
    {"unused", clean_function, false},
    {"declarations", drop_declarations, false},
    {"blocks", join_blocks, false},
    {"operands", forward_operands, false},
    {"block parameters", drop_block_params, false},
    {"results", drop_results, false},
    {"parameters", drop_params, false},
    {"constants", simplify_constants, false},
    {"accesses", simplify_accesses, false},
    {"inputs", simplify_inputs, false},
};

const uint32_t reduce_num_passes = sizeof(reduce_passes) / sizeof(reduce_passes[0]);
