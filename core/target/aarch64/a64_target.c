// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The Target of AArch64: registers, calling conventions, and the pieces that lowering of
// calls is made of.

#include "target/aarch64/a64.h"
#include "target/aarch64/a64_lower.h"

// x16 and x17 belong to emission, x18 to the platform, x29 is the frame pointer, x30 the link
// register, 31 the stack pointer.
#define ALL_INTS   ((PRegSet)0x1ff8ffff)
#define SAVED      ((PRegSet)0x1ff80000)
#define ALL_FLOATS ((PRegSet)0xffffffff << 32)
// The low halves of v8 to v15 belong to the caller. They are left alone rather than saved.
#define OUR_FLOATS ((PRegSet)0xffff00ff << 32)

#define V(n)       PREG(REG_FLOAT, n)

// Conventions that are AAPCS64 but for what is named.
#define AAPCS64_ARGUMENTS                                                                \
    .int_args = {0, 1, 2, 3, 4, 5, 6, 7}, .num_int_args = 8,                             \
    .float_args = {V(0), V(1), V(2), V(3), V(4), V(5), V(6), V(7)}, .num_float_args = 8, \
    .sret = PREG(REG_INT, 8), .sret_result = PREG_NONE
#define AAPCS64_RESULTS                                      \
    .int_rets = {0, 1, 2, 3, 4, 5, 6, 7}, .num_int_rets = 8, \
    .float_rets = {V(0), V(1), V(2), V(3), V(4), V(5), V(6), V(7)}, .num_float_rets = 8

static const AbiRegs aapcs64 = {
    AAPCS64_ARGUMENTS,     AAPCS64_RESULTS,
    .even_pairs = true,    .clobbers = (ALL_INTS & ~SAVED) | ALL_FLOATS,
    .callee_saved = SAVED,
};

static const AbiRegs tail = {
    AAPCS64_ARGUMENTS,
    AAPCS64_RESULTS,
    .even_pairs = true,
    .callee_pops = true,
    .clobbers = (ALL_INTS & ~SAVED) | ALL_FLOATS,
    .callee_saved = SAVED,
};

static const AbiRegs apple = {
    AAPCS64_ARGUMENTS,     AAPCS64_RESULTS,
    .packed = true,        .clobbers = (ALL_INTS & ~SAVED) | ALL_FLOATS,
    .callee_saved = SAVED,
};

// The last result in its register, all others in memory; nothing is preserved but v8 to v15, as far
// as others preserve them.
static const AbiRegs winch = {
    AAPCS64_ARGUMENTS,   .int_rets = {0}, .num_int_rets = 1,   .float_rets = {V(0)},
    .num_float_rets = 1, .no_wide = true, .last_result = true, .clobbers = ALL_INTS | ALL_FLOATS,
};

// x16 and x17 are not preserved, for the linker's veneers change them in any call, nor is x18,
// which is the platform's.
static const AbiRegs preserve_all = {
    AAPCS64_ARGUMENTS,
    .even_pairs = true,
    .no_results = true,
    .callee_saved = ALL_INTS | ALL_FLOATS,
};

static const AbiRegs probestack = {
    .int_args = {PREG(REG_INT, 15)},
    .num_int_args = 1,
    .no_results = true,
    .sret = PREG_NONE,
    .sret_result = PREG_NONE,
    .callee_saved = ALL_INTS | ALL_FLOATS,
};

// Windows follows AAPCS64 here, but for variadic functions.
static const AbiRegs *const conventions[CC_COUNT] = {
    [CC_FAST] = &aapcs64,        [CC_TAIL] = &tail,
    [CC_SYSTEM_V] = &aapcs64,    [CC_WINDOWS_FASTCALL] = &aapcs64,
    [CC_APPLE_AARCH64] = &apple, [CC_PROBESTACK] = &probestack,
    [CC_WINCH] = &winch,         [CC_PRESERVE_ALL] = &preserve_all,
};

static Status a64_abi(const Signature *sig, const Settings *settings, Arena *arena, AbiSig *out,
                      Diag *diag)
{
    (void)settings;
    return abi_assign(sig, conventions, arena, out, diag);
}

static MAmode frame_amode(AmodeKind kind, VReg base, int32_t disp)
{
    return (MAmode){.kind = (uint8_t)kind, .disp = disp, .base = base, .index = NO(VReg)};
}

static VReg lower_load(LowerCtx *ctx, AmodeKind kind, VReg base, int32_t disp, Type type)
{
    const MAmode amode = frame_amode(kind, base, disp);
    switch ((int)type) {
    case TYPE_I8: return a64_ldrb(ctx, &amode).reg;
    case TYPE_I16: return a64_ldrh(ctx, &amode).reg;
    case TYPE_I32: return a64_ldr_w(ctx, &amode).reg;
    case TYPE_I64: return a64_ldr_x(ctx, &amode).reg;
    case TYPE_F16: return a64_ldr_h(ctx, &amode).reg;
    case TYPE_F32: return a64_ldr_s(ctx, &amode).reg;
    case TYPE_F64: return a64_ldr_d(ctx, &amode).reg;
    case TYPE_F128: return a64_ldr_q(ctx, &amode).reg;
    default: UNREACHABLE();
    }
}

static void lower_store(LowerCtx *ctx, VReg value, AmodeKind kind, VReg base, int32_t disp,
                        Type type)
{
    const MAmode amode = frame_amode(kind, base, disp);
    switch ((int)type) {
    case TYPE_I8: a64_strb(ctx, &amode, (Gpr){value}); return;
    case TYPE_I16: a64_strh(ctx, &amode, (Gpr){value}); return;
    case TYPE_I32: a64_str_w(ctx, &amode, (Gpr){value}); return;
    case TYPE_I64: a64_str_x(ctx, &amode, (Gpr){value}); return;
    case TYPE_F16: a64_str_h(ctx, &amode, (Fpr){value}); return;
    case TYPE_F32: a64_str_s(ctx, &amode, (Fpr){value}); return;
    case TYPE_F64: a64_str_d(ctx, &amode, (Fpr){value}); return;
    case TYPE_F128: a64_str_q(ctx, &amode, (Fpr){value}); return;
    default: UNREACHABLE();
    }
}

static VReg lower_extend(LowerCtx *ctx, VReg value, uint32_t bytes, Extension extension)
{
    const Gpr reg = {value};
    return extension == EXT_SEXT ? a64_sbfm(ctx, 8, reg, 0, (int64_t)bytes * 8 - 1).reg
                                 : a64_ubfm(ctx, 8, reg, 0, (int64_t)bytes * 8 - 1).reg;
}

static VReg lower_address(LowerCtx *ctx, AmodeKind kind, int32_t disp)
{
    const MAmode amode = frame_amode(kind, NO(VReg), disp);
    return a64_address(ctx, &amode).reg;
}

static VReg lower_symbol_address(LowerCtx *ctx, uint32_t symbol, SymbolReach reach, int64_t offset)
{
    const Gpr reg = a64_load_symbol(ctx);
    MInst *const inst = &ctx->pending.data[ctx->pending.len - 1];
    inst->target = symbol;
    inst->cc = (uint8_t)reach;
    inst->imm = offset;
    return reg.reg;
}

static VReg lower_add(LowerCtx *ctx, VReg value, int64_t offset)
{
    return a64_add_rr(ctx, 8, (Gpr){value}, a64_mov_imm(ctx, offset)).reg;
}

static VReg lower_constant(LowerCtx *ctx, int64_t value)
{
    return a64_mov_imm(ctx, value).reg;
}

static const TargetRule rules[] = {
#define ISLE_RULE(id, name, root, priority, path, line, col) [id] = {name, root, path, line},
#include "a64_rules.def"
#undef ISLE_RULE
};

const Target a64_target = {
    .name = "aarch64",
    .arch = ARCH_AARCH64,
    .rows = a64_rows,
    .num_rows = A64_ROW_COUNT,
    .rules = rules,
    .num_rules = sizeof(rules) / sizeof(rules[0]),
    .allocatable = ALL_INTS | OUR_FLOATS,
    .stack_pointer = A64_SP,
    .frame_pointer = PREG(REG_INT, 29),
    .pinned = PREG(REG_INT, 21),
    .abi = a64_abi,
    .lower_inst = a64_lower_inst,
    .lower_branch = a64_lower_branch,
    .lower_load = lower_load,
    .lower_store = lower_store,
    .lower_extend = lower_extend,
    .lower_address = lower_address,
    .lower_symbol = lower_symbol_address,
    .lower_add = lower_add,
    .lower_constant = lower_constant,
    .row_args = A64_ARGS,
    .row_ret = A64_RET,
    .row_jump = A64_B,
    .row_call = A64_BL,
    .row_call_reg = A64_BLR,
    .row_move = A64_MOV_RR,
    .row_tail_call = A64_RETURN_CALL,
    .row_tail_call_reg = A64_RETURN_CALL_R,
    .row_thread_local = A64_THREAD_LOCAL,
    .tail_callee = PREG(REG_INT, 15),
    .emit_frame = a64_emit_frame,
    .emit_prologue = a64_emit_prologue,
    .emit_inst = a64_emit_inst,
    .emit_trap = a64_emit_trap,
    .emit_move = a64_emit_move,
    .reg_name = a64_reg_name,
};
