// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The Target of x86-64: registers, calling conventions, and the pieces that lowering of
// calls is made of.

#include "target/x64/x64.h"
#include "target/x64/x64_lower.h"

// rsp is never allocated. All others are; rbp too, unless a frame pointer is kept.
#define ALL_INTS      ((PRegSet)0xffef)
#define ALL_FLOATS    ((PRegSet)0xffff << 32)
#define XMM(n)        PREG(REG_FLOAT, n)

// What callees preserve: rbx, rbp and r12 to r15; on Windows rdi, rsi and xmm6 to xmm15 as well.
#define SAVED         ((PRegSet)0xf028)
#define WINDOWS_SAVED (SAVED | (PRegSet)0xc0 | (PRegSet)0xffc0 << 32)
#define RBP_ALONE     ((PRegSet)1 << RBP)

// Conventions that are System V's but for what is named.
#define SYSTEM_V_ARGUMENTS                                                          \
    .int_args = {RDI, RSI, RDX, RCX, R8, R9}, .num_int_args = 6,                    \
    .float_args = {XMM(0), XMM(1), XMM(2), XMM(3), XMM(4), XMM(5), XMM(6), XMM(7)}, \
    .num_float_args = 8, .sret = PREG_NONE
#define SYSTEM_V_RESULTS \
    .int_rets = {RAX, RDX}, .num_int_rets = 2, .float_rets = {XMM(0), XMM(1)}, .num_float_rets = 2

static const AbiRegs system_v = {
    SYSTEM_V_ARGUMENTS,    SYSTEM_V_RESULTS,
    .sret_result = RAX,    .clobbers = (ALL_INTS & ~SAVED) | ALL_FLOATS,
    .callee_saved = SAVED,
};

static const AbiRegs tail = {
    SYSTEM_V_ARGUMENTS,
    SYSTEM_V_RESULTS,
    .sret_result = PREG_NONE,
    .callee_pops = true,
    .clobbers = (ALL_INTS & ~SAVED) | ALL_FLOATS,
    .callee_saved = SAVED,
};

static const AbiRegs windows_fastcall = {
    .int_args = {RCX, RDX, R8, R9},
    .num_int_args = 4,
    .int_rets = {RAX, RDX},
    .num_int_rets = 2,
    .float_args = {XMM(0), XMM(1), XMM(2), XMM(3)},
    .num_float_args = 4,
    .float_rets = {XMM(0), XMM(1)},
    .num_float_rets = 2,
    .shadow = 32,
    .no_wide = true,
    .by_position = true,
    .sret = PREG_NONE,
    .sret_result = RAX,
    .clobbers = (ALL_INTS | ALL_FLOATS) & ~WINDOWS_SAVED,
    .callee_saved = WINDOWS_SAVED,
};

// The last result in its register, all others in memory; nothing is preserved but the frame
// pointer.
static const AbiRegs winch = {
    SYSTEM_V_ARGUMENTS,
    .int_rets = {RAX},
    .num_int_rets = 1,
    .float_rets = {XMM(0)},
    .num_float_rets = 1,
    .no_wide = true,
    .last_result = true,
    .sret_result = PREG_NONE,
    .clobbers = (ALL_INTS & ~RBP_ALONE) | ALL_FLOATS,
    .callee_saved = RBP_ALONE,
};

static const AbiRegs preserve_all = {
    SYSTEM_V_ARGUMENTS,
    .no_results = true,
    .sret_result = PREG_NONE,
    .callee_saved = ALL_INTS | ALL_FLOATS,
};

static const AbiRegs probestack = {
    .int_args = {RAX},
    .num_int_args = 1,
    .no_results = true,
    .sret = PREG_NONE,
    .sret_result = PREG_NONE,
    .callee_saved = ALL_INTS | ALL_FLOATS,
};

static const AbiRegs *const conventions[CC_COUNT] = {
    [CC_FAST] = &system_v,
    [CC_TAIL] = &tail,
    [CC_SYSTEM_V] = &system_v,
    [CC_WINDOWS_FASTCALL] = &windows_fastcall,
    [CC_PROBESTACK] = &probestack,
    [CC_WINCH] = &winch,
    [CC_PRESERVE_ALL] = &preserve_all,
};

static Status x64_abi(const Signature *sig, const Settings *settings, Arena *arena, AbiSig *out,
                      Diag *diag)
{
    (void)settings;
    return abi_assign(sig, conventions, arena, out, diag);
}

static MAmode frame_amode(AmodeKind kind, VReg base, int32_t disp)
{
    return (MAmode){.kind = (uint8_t)kind, .disp = disp, .base = base, .index = NO(VReg)};
}

static VReg load_f16(LowerCtx *ctx, const MAmode *amode)
{
    const MRegMem memory = {NO(VReg), amode};
    const MRegMem bits = {x64_movzx_rm16(ctx, 4, &memory).reg, NULL};
    return x64_movx_from_gpr(ctx, 4, &bits).reg;
}

static VReg lower_load(LowerCtx *ctx, AmodeKind kind, VReg base, int32_t disp, Type type)
{
    const MAmode amode = frame_amode(kind, base, disp);
    const MRegMem memory = {NO(VReg), &amode};
    switch ((int)type) {
    case TYPE_I8: return x64_movzx_rm8(ctx, 4, &memory).reg;
    case TYPE_I16: return x64_movzx_rm16(ctx, 4, &memory).reg;
    case TYPE_I32: return x64_mov_load(ctx, 4, &amode).reg;
    case TYPE_I64: return x64_mov_load(ctx, 8, &amode).reg;
    case TYPE_F16: return load_f16(ctx, &amode);
    case TYPE_F32: return x64_movx_load(ctx, 4, &amode).reg;
    case TYPE_F64: return x64_movx_load(ctx, 8, &amode).reg;
    case TYPE_F128: return x64_movups_load(ctx, &amode).reg;
    default: UNREACHABLE();
    }
}

static void lower_store(LowerCtx *ctx, VReg value, AmodeKind kind, VReg base, int32_t disp,
                        Type type)
{
    const MAmode amode = frame_amode(kind, base, disp);
    switch ((int)type) {
    case TYPE_I8: x64_mov_store(ctx, 1, &amode, (Gpr){value}); return;
    case TYPE_I16: x64_mov_store(ctx, 2, &amode, (Gpr){value}); return;
    case TYPE_I32: x64_mov_store(ctx, 4, &amode, (Gpr){value}); return;
    case TYPE_I64: x64_mov_store(ctx, 8, &amode, (Gpr){value}); return;
    case TYPE_F16: x64_mov_store(ctx, 2, &amode, x64_movx_to_gpr(ctx, 4, (Fpr){value})); return;
    case TYPE_F32: x64_movx_store(ctx, 4, &amode, (Fpr){value}); return;
    case TYPE_F64: x64_movx_store(ctx, 8, &amode, (Fpr){value}); return;
    case TYPE_F128: x64_movups_store(ctx, &amode, (Fpr){value}); return;
    default: UNREACHABLE();
    }
}

static VReg lower_extend(LowerCtx *ctx, VReg value, uint32_t bytes, Extension extension)
{
    const MRegMem rm = {value, NULL};
    if (extension == EXT_SEXT)
        return bytes == 1   ? x64_movsx_rm8(ctx, 8, &rm).reg
               : bytes == 2 ? x64_movsx_rm16(ctx, 8, &rm).reg
                            : x64_movsxd_rm32(ctx, &rm).reg;
    return bytes == 1   ? x64_movzx_rm8(ctx, 4, &rm).reg
           : bytes == 2 ? x64_movzx_rm16(ctx, 4, &rm).reg
                        : x64_mov_rr(ctx, 4, (Gpr){value}).reg;
}

static VReg lower_address(LowerCtx *ctx, AmodeKind kind, int32_t disp)
{
    const MAmode amode = frame_amode(kind, NO(VReg), disp);
    return x64_lea(ctx, 8, &amode).reg;
}

static VReg lower_symbol_address(LowerCtx *ctx, uint32_t symbol, SymbolReach reach, int64_t offset)
{
    const Gpr reg = x64_load_symbol(ctx);
    MInst *const inst = &ctx->pending.data[ctx->pending.len - 1];
    inst->target = symbol;
    inst->cc = (uint8_t)reach;
    inst->imm = offset;
    return reg.reg;
}

static VReg lower_add(LowerCtx *ctx, VReg value, int64_t offset)
{
    if (offset < INT32_MIN || offset > INT32_MAX) {
        const Gpr constant = x64_mov_ri(ctx, 8, offset);
        const MRegMem rm = {constant.reg, NULL};
        return x64_add_rm(ctx, 8, (Gpr){value}, &rm).reg;
    }
    const MAmode amode = frame_amode(AMODE_BASE, value, (int32_t)offset);
    return x64_lea(ctx, 8, &amode).reg;
}

static VReg lower_constant(LowerCtx *ctx, int64_t value)
{
    return x64_mov_ri(ctx, 8, value).reg;
}

static const TargetRule rules[] = {
#define ISLE_RULE(id, name, root, priority, path, line, col) [id] = {name, root, path, line},
#include "x64_rules.def"
#undef ISLE_RULE
};

const Target x64_target = {
    .name = "x86_64",
    .arch = ARCH_X86_64,
    .rows = x64_rows,
    .num_rows = X64_ROW_COUNT,
    .rules = rules,
    .num_rules = sizeof(rules) / sizeof(rules[0]),
    .allocatable = ALL_INTS | ALL_FLOATS,
    .stack_pointer = RSP,
    .frame_pointer = RBP,
    .pushed_by_call = 8,
    .pinned = R15,
    .abi = x64_abi,
    .lower_inst = x64_lower_inst,
    .lower_branch = x64_lower_branch,
    .lower_load = lower_load,
    .lower_store = lower_store,
    .lower_extend = lower_extend,
    .lower_address = lower_address,
    .lower_symbol = lower_symbol_address,
    .lower_add = lower_add,
    .lower_constant = lower_constant,
    .row_args = X64_ARGS,
    .row_ret = X64_RET,
    .row_jump = X64_JMP,
    .row_call = X64_CALL,
    .row_call_reg = X64_CALL_R,
    .row_move = X64_MOV_RR,
    .row_tail_call = X64_RETURN_CALL,
    .row_tail_call_reg = X64_RETURN_CALL_R,
    .row_thread_local = X64_THREAD_LOCAL,
    .tail_callee = R11,
    .emit_frame = x64_emit_frame,
    .emit_prologue = x64_emit_prologue,
    .emit_inst = x64_emit_inst,
    .limit_scratch = (PRegSet)1 << R11,
    .emit_trap = x64_emit_trap,
    .emit_move = x64_emit_move,
    .reg_name = x64_reg_name,
};
