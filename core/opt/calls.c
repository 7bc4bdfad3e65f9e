// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A try_call that catches nothing is a call, and a jump to where it returns:
//
//   try_call fn0(v0), sig0, block1(v1, ret0), []    is    v2 = call fn0(v0)
//                                                         jump block1(v1, v2)

#include "opt/opt_internal.h"

static bool catches(const ExTableData *table)
{
    for (uint32_t i = 0; i < table->num_handlers; i++)
        if (table->handlers[i].kind != HANDLER_CONTEXT)
            return true;
    return false;
}

void opt_append_return(Func *f, Block block, uint32_t target, const uint32_t *results,
                       Arena *scratch)
{
    const Span args = call_args(f, target);
    BlockArg *const passed = ARENA_ARRAY(scratch, BlockArg, args.len);
    for (uint32_t i = 0; i < args.len; i++) {
        const BlockArg arg = {args.data[i]};
        passed[i] = blockarg_kind(arg) == BLOCKARG_RET
                        ? blockarg_make(BLOCKARG_VALUE, results[blockarg_index(arg)])
                        : arg;
    }
    func_set_call_args(f, target, passed, args.len);
    const InstData jump = {.op = OP_JUMP, .w = {[1] = target}};
    func_append_inst(f, block, func_add_inst(f, &jump, POS_NONE));
}

static void make_plain(Func *f, Block block, Inst inst, Arena *scratch)
{
    InstData *const data = &f->insts.data[inst.i];
    const ExTableData *const table = &f->extables.data[data->w[1]];
    const uint32_t target = func_list(f, table->calls).data[0];
    if (data->op == OP_TRY_CALL) {
        data->op = OP_CALL;
    } else {
        data->op = OP_CALL_INDIRECT;
        data->w[0] = table->sig.i;
    }
    data->w[1] = 0;
    func_make_results(f, inst);
    opt_append_return(f, block, target, inst_results(f, inst).data, scratch);
}

void opt_plain_calls(Func *f, Arena *scratch)
{
    if (f->extables.len == 0)
        return;
    IR_FOR_BLOCKS (f, block) {
        const Inst last = f->blocks.data[block.i].last;
        const Opcode op = inst_op(f, last);
        if ((op == OP_TRY_CALL || op == OP_TRY_CALL_INDIRECT) &&
            !catches(&f->extables.data[func_inst(f, last)->w[1]]))
            make_plain(f, block, last, scratch);
    }
}
