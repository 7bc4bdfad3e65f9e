// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lowering of AArch64: the entry points that the Target names, and what stands behind the target's
// own terms (isle-rules/aarch64). Private to target/aarch64 and its compiled rules.
#ifndef TARGET_A64_LOWER_H
#define TARGET_A64_LOWER_H

#include "a64_ctors.h"
#include "a64_isle.h"
#include "lower/rules.h"
#include "target/aarch64/a64_internal.h"

// The compiled rules: `inst` (no branch; brif or br_table) lowered into ctx->pending, or false when
// no rule matches.
bool a64_lower_inst(LowerCtx *ctx, Inst inst);
bool a64_lower_branch(LowerCtx *ctx, Inst inst);

// ---- Constants ----

static inline uint64_t a64_low_bits(uint64_t x, uint32_t bits)
{
    return bits >= 64 ? x : x & (((uint64_t)1 << bits) - 1);
}

static inline int64_t a64_sign_extended(uint64_t x, uint32_t bits)
{
    const uint64_t sign = (uint64_t)1 << (bits - 1);
    return (int64_t)((a64_low_bits(x, bits) ^ sign) - sign);
}

static inline Gpr rule_imm_zext(LowerCtx *ctx, Type type, uint64_t x)
{
    return a64_mov_imm(ctx, (int64_t)a64_low_bits(x, type_bits(type)));
}

static inline Gpr rule_imm_sext(LowerCtx *ctx, Type type, uint64_t x)
{
    return a64_mov_imm(ctx, a64_sign_extended(x, type_bits(type)));
}

// Small negative numbers are one movn when sign-extended.
static inline Gpr rule_imm(LowerCtx *ctx, Type type, uint64_t x)
{
    const int64_t extended = a64_sign_extended(x, type_bits(type));
    return extended < 0 && extended >= -65536 ? rule_imm_sext(ctx, type, x)
                                              : rule_imm_zext(ctx, type, x);
}

static inline bool a64_is_imm12(int64_t x)
{
    uint32_t bits;
    return a64_encode_immediate(A64_IMM_UIMM12, x, 8, &bits);
}

static inline bool rule_imm12(LowerCtx *ctx, Value value, int64_t *out)
{
    return rule_iconst_s64(ctx, value, out) && a64_is_imm12(*out);
}

static inline bool rule_imm12_negated(LowerCtx *ctx, Value value, int64_t *out)
{
    int64_t x;
    if (!rule_iconst_s64(ctx, value, &x) || x >= 0 || x == INT64_MIN)
        return false;
    *out = -x;
    return a64_is_imm12(-x);
}

static inline bool rule_imm12_zext(LowerCtx *ctx, Value value, int64_t *out)
{
    uint64_t x;
    if (!rule_iconst_u64(ctx, value, &x))
        return false;
    *out = (int64_t)x;
    return a64_is_imm12(*out);
}

static inline bool rule_imm5(LowerCtx *ctx, Value value, int64_t *out)
{
    return rule_iconst_s64(ctx, value, out) && *out >= 0 && *out < 32;
}

static inline bool a64_is_bitmask(int64_t x, uint32_t bytes)
{
    uint32_t bits;
    return a64_encode_immediate(A64_IMM_BITMASK, x, bytes, &bits);
}

// A place in a slot never traps, whatever the flags say.
static inline AmodeRef rule_slot_access(LowerCtx *ctx, MemFlags flags, StackSlot slot, int32_t disp)
{
    (void)flags;
    return rule_amode_slot(ctx, slot, disp);
}

static inline bool rule_bitmask_zext(LowerCtx *ctx, Value value, int64_t *out)
{
    uint64_t x;
    if (!rule_iconst_u64(ctx, value, &x))
        return false;
    *out = (int64_t)x;
    return a64_is_bitmask(*out, rule_op_size(ctx, value_type(ctx->f, value)));
}

// Above a narrow constant may be zeros, its sign, or copies of it.
static inline bool rule_bitmask(LowerCtx *ctx, Value value, int64_t *out)
{
    if (rule_bitmask_zext(ctx, value, out))
        return true;
    uint64_t x;
    const uint32_t bits = type_bits(value_type(ctx->f, value));
    if (bits >= 32 || !rule_iconst_u64(ctx, value, &x))
        return false;
    *out = (int64_t)(uint32_t)a64_sign_extended(x, bits);
    if (a64_is_bitmask(*out, 4))
        return true;
    *out = (int64_t)(uint32_t)(x * (bits == 8 ? 0x01010101u : 0x00010001u));
    return a64_is_bitmask(*out, 4);
}

// 2^n - 1, n > 0.
static inline bool rule_low_mask(LowerCtx *ctx, Value value, uint64_t *out)
{
    uint64_t x;
    if (!rule_iconst_u64(ctx, value, &x) || x == 0 || (x & (x + 1)) != 0)
        return false;
    *out = (uint64_t)__builtin_popcountll(x);
    return true;
}

static inline bool rule_iconst_safe_divisor(LowerCtx *ctx, Value value, int64_t *out)
{
    return rule_iconst_s64(ctx, value, out) && *out != 0 && *out != -1;
}

static inline bool rule_once(LowerCtx *ctx, Value value, Value *out)
{
    *out = ir_resolve(ctx->f, value);
    return ctx->use_counts[out->i] == 1;
}

// ---- Bit positions ----

static inline int64_t rule_field_end(LowerCtx *ctx, Type type, uint64_t from, uint64_t len)
{
    const uint64_t end = (uint64_t)rule_shift_amount(ctx, type, from) + len;
    const uint32_t bits = type_bits(type);
    return (int64_t)(end < bits ? end : bits) - 1;
}

static inline bool rule_extr_amount(LowerCtx *ctx, Type type, uint64_t left, uint64_t right,
                                    int64_t *out)
{
    const int64_t a = rule_shift_amount(ctx, type, left);
    const int64_t b = rule_shift_amount(ctx, type, right);
    *out = b;
    return a > 0 && b > 0 && a + b == type_bits(type);
}

// ubfm's numbers for a shift to the left, in the width of the operation.
static inline int64_t rule_left_rotation(LowerCtx *ctx, Type type, uint64_t amount)
{
    const int64_t width = type_bits(type) <= 32 ? 32 : 64;
    return (width - rule_shift_amount(ctx, type, amount)) & (width - 1);
}

static inline int64_t rule_left_last(LowerCtx *ctx, Type type, uint64_t amount)
{
    const int64_t width = type_bits(type) <= 32 ? 32 : 64;
    return width - 1 - rule_shift_amount(ctx, type, amount);
}

static inline int64_t rule_opposite_amount(LowerCtx *ctx, Type type, uint64_t amount)
{
    return rule_shift_amount(ctx, type, 0 - amount);
}

// Shift amounts of 64 bits.
static inline bool rule_is_below_32(LowerCtx *ctx, uint64_t amount)
{
    return rule_shift_amount(ctx, TYPE_I64, amount) < 32;
}

static inline int64_t rule_bits_to_32(LowerCtx *ctx, Type type)
{
    (void)ctx;
    return 32 - (int64_t)type_bits(type);
}

static inline int64_t rule_width_mask(LowerCtx *ctx, Type type)
{
    (void)ctx;
    return (int64_t)a64_low_bits(UINT64_MAX, type_bits(type));
}

static inline int64_t rule_one_bit(LowerCtx *ctx, int64_t bit)
{
    (void)ctx;
    return (int64_t)((uint64_t)1 << bit);
}

static inline int64_t rule_top_of_operation(LowerCtx *ctx, Type type)
{
    (void)ctx;
    return type_bits(type) <= 32 ? 31 : 63;
}

static inline int64_t rule_repeated_byte(LowerCtx *ctx, Type type, int64_t byte)
{
    (void)ctx;
    return byte * (type_bits(type) <= 32 ? 0x01010101 : 0x0101010101010101);
}

// ---- Pairs ----

static inline uint64_t rule_amount_128(LowerCtx *ctx, uint64_t amount)
{
    (void)ctx;
    return amount & 127;
}

static inline int64_t rule_amount_64(LowerCtx *ctx, uint64_t amount)
{
    (void)ctx;
    return (int64_t)(amount & 63);
}

static inline bool rule_within_half(LowerCtx *ctx, uint64_t amount, int64_t *out)
{
    *out = (int64_t)rule_amount_128(ctx, amount);
    return *out > 0 && *out < 64;
}

static inline bool rule_extended_imm12(LowerCtx *ctx, Value value, int64_t *out)
{
    const Inst inst = lower_pure_def(ctx, value);
    if (inst.i == NO_INDEX)
        return false;
    const Opcode op = inst_op(ctx->f, inst);
    if (op != OP_UEXTEND && op != OP_SEXTEND)
        return false;
    const Value narrow = {inst_args(ctx->f, inst).data[0]};
    return (op == OP_UEXTEND ? rule_imm12_zext : rule_imm12)(ctx, narrow, out);
}

static inline bool rule_near_pair_offset(LowerCtx *ctx, int32_t offset, int32_t *out)
{
    (void)ctx;
    *out = offset;
    return a64_pair_offset_fits(offset);
}

// ---- Memory ----

static inline AmodeRef rule_amode_index(LowerCtx *ctx, MemFlags flags, Gpr base, Gpr index,
                                        uint64_t scale)
{
    return rule_keep_amode(ctx, (MAmode){.kind = AMODE_INDEX,
                                         .scale = (uint8_t)scale,
                                         .trap = memflags_trap(flags),
                                         .base = base.reg,
                                         .index = index.reg});
}

static inline AmodeRef rule_amode_index_uxtw(LowerCtx *ctx, MemFlags flags, Gpr base, Gpr index,
                                             uint64_t scale)
{
    return rule_keep_amode(ctx, (MAmode){.kind = AMODE_INDEX_UXTW,
                                         .scale = (uint8_t)scale,
                                         .trap = memflags_trap(flags),
                                         .base = base.reg,
                                         .index = index.reg});
}

static inline AmodeRef rule_amode_index_sxtw(LowerCtx *ctx, MemFlags flags, Gpr base, Gpr index,
                                             uint64_t scale)
{
    return rule_keep_amode(ctx, (MAmode){.kind = AMODE_INDEX_SXTW,
                                         .scale = (uint8_t)scale,
                                         .trap = memflags_trap(flags),
                                         .base = base.reg,
                                         .index = index.reg});
}

static inline bool rule_near_offset(LowerCtx *ctx, int32_t offset, uint8_t bytes, int32_t *out)
{
    (void)ctx;
    *out = offset;
    return a64_offset_fits(offset, bytes);
}

// A shift of a 64-bit index.
static inline bool rule_matching_scale(LowerCtx *ctx, uint64_t amount, uint8_t bytes, uint64_t *out)
{
    *out = (uint64_t)rule_shift_amount(ctx, TYPE_I64, amount);
    return (uint64_t)1 << *out == bytes;
}

static inline uint64_t rule_i32_as_u64(LowerCtx *ctx, int32_t x)
{
    (void)ctx;
    return (uint64_t)(int64_t)x;
}

// Whether zeros are above the value in its register: the rules of the instruction behind it are
// proved to see to that, of some for results of 32 bits.
static inline bool rule_zero_above(LowerCtx *ctx, Value value, Value *out)
{
    *out = ir_resolve(ctx->f, value);
    const Type type = value_type(ctx->f, *out);
    if (value_kind(ctx->f, *out) != VALUE_RESULT || !rule_is_int(type, 64))
        return false;
#define CASE(term) case ClifInst_##term:
    switch ((int)inst_op(ctx->f, (Inst){value_def(ctx->f, *out)})) {
        a64_isle_TAGGED_zero_above(CASE) return true;
        a64_isle_TAGGED_zero_above_32(CASE) return type == TYPE_I32;
    default: return false;
    }
#undef CASE
}

static inline bool rule_sinkable_load(LowerCtx *ctx, Value value, Inst *out)
{
    *out = lower_sinkable_load(ctx, value);
    return out->i != NO_INDEX;
}

// ---- Conditions ----

static inline Cond rule_cond(LowerCtx *ctx, IntCC cc)
{
    static const uint8_t codes[INTCC_COUNT] = {
        [INTCC_EQ] = 0,   [INTCC_NE] = 1,  [INTCC_SLT] = 11, [INTCC_SGE] = 10, [INTCC_SGT] = 12,
        [INTCC_SLE] = 13, [INTCC_ULT] = 3, [INTCC_UGE] = 2,  [INTCC_UGT] = 8,  [INTCC_ULE] = 9,
    };
    (void)ctx;
    return codes[cc];
}

static inline Cond rule_cond_overflow(LowerCtx *ctx)
{
    (void)ctx;
    return 6;
}

// Flags, as NZCV from bit 3 down, under which a condition is false and true.
static inline int64_t rule_nzcv_false(LowerCtx *ctx, IntCC cc)
{
    static const uint8_t flags[INTCC_COUNT] = {
        [INTCC_EQ] = 0,  [INTCC_NE] = 4,  [INTCC_SLT] = 0, [INTCC_SGE] = 8, [INTCC_SGT] = 8,
        [INTCC_SLE] = 0, [INTCC_ULT] = 2, [INTCC_UGE] = 0, [INTCC_UGT] = 0, [INTCC_ULE] = 2,
    };
    (void)ctx;
    return flags[cc];
}

static inline int64_t rule_nzcv_true(LowerCtx *ctx, IntCC cc)
{
    return rule_nzcv_false(ctx, intcc_complement(cc));
}

// The comparison with the next constant that means the same: >= c is > c - 1, > c is >= c + 1.
static inline IntCC rule_intcc_beside(LowerCtx *ctx, IntCC cc)
{
    static const uint8_t beside[INTCC_COUNT] = {
        [INTCC_EQ] = INTCC_EQ,   [INTCC_NE] = INTCC_NE,   [INTCC_SLT] = INTCC_SLE,
        [INTCC_SGE] = INTCC_SGT, [INTCC_SGT] = INTCC_SGE, [INTCC_SLE] = INTCC_SLT,
        [INTCC_ULT] = INTCC_ULE, [INTCC_UGE] = INTCC_UGT, [INTCC_UGT] = INTCC_UGE,
        [INTCC_ULE] = INTCC_ULT,
    };
    (void)ctx;
    return (IntCC)beside[cc];
}

static inline bool rule_imm12_beside(LowerCtx *ctx, IntCC cc, int64_t c, int64_t *out)
{
    (void)ctx;
    // Both are far from where adding or subtracting 1 wraps around.
    if (cc == INTCC_EQ || cc == INTCC_NE || c < 1 || c > 0xfff000)
        return false;
    const bool less = cc == INTCC_SGE || cc == INTCC_UGE || cc == INTCC_SLT || cc == INTCC_ULT;
    *out = less ? c - 1 : c + 1;
    return a64_is_imm12(*out);
}

// ---- Features ----

static inline bool rule_has_lse(LowerCtx *ctx)
{
    return isa_has(ctx->isa, ISA_AARCH64_HAS_LSE);
}

// ---- Floats ----

static inline Fpr rule_float_const(LowerCtx *ctx, Type type, uint64_t x)
{
    const uint8_t bytes = rule_op_size(ctx, type);
    uint32_t bits;
    if (x == 0)
        return a64_movi_zero(ctx);
    if (type != TYPE_F16 && a64_encode_immediate(A64_IMM_FPIMM8, (int64_t)x, bytes, &bits))
        return a64_fmov_imm(ctx, bytes, (int64_t)x);
    return a64_fmov_const(ctx, bytes, (int64_t)x);
}

static inline uint8_t rule_vec_size(LowerCtx *ctx, Type type)
{
    (void)ctx;
    return type_bytes(type) <= 8 ? 8 : 16;
}

static inline uint64_t rule_sign_bit(LowerCtx *ctx, Type type)
{
    (void)ctx;
    return (uint64_t)1 << (type_bits(type) - 1);
}

static inline bool rule_canonical_nans(LowerCtx *ctx)
{
    return settings_get(ctx->settings, SETTING_ENABLE_NAN_CANONICALIZATION) != 0;
}

static inline uint64_t rule_quiet_nan(LowerCtx *ctx, Type type)
{
    (void)ctx;
    return type == TYPE_F32 ? 0x7fc00000 : 0x7ff8000000000000;
}

static inline bool rule_float_zero(LowerCtx *ctx, Value value)
{
    const Inst inst = lower_pure_def(ctx, value);
    if (inst.i == NO_INDEX)
        return false;
    const Opcode op = inst_op(ctx->f, inst);
    const uint64_t sign = rule_sign_bit(ctx, value_type(ctx->f, value));
    return (op == OP_F32CONST || op == OP_F64CONST) && (inst_imm(ctx->f, inst) & ~sign) == 0;
}

// fcmp's flags: less N, equal Z and C, greater C, unordered C and V. After the fccmp of one and ueq
// V says that the numbers are unordered or equal.
static inline Cond rule_float_cond(LowerCtx *ctx, FloatCC cc)
{
    static const uint8_t codes[FLOATCC_COUNT] = {
        [FLOATCC_ORD] = 7, [FLOATCC_UNO] = 6, [FLOATCC_EQ] = 0,   [FLOATCC_NE] = 1,
        [FLOATCC_ONE] = 7, [FLOATCC_UEQ] = 6, [FLOATCC_LT] = 4,   [FLOATCC_LE] = 9,
        [FLOATCC_GT] = 12, [FLOATCC_GE] = 10, [FLOATCC_ULT] = 11, [FLOATCC_ULE] = 13,
        [FLOATCC_UGT] = 8, [FLOATCC_UGE] = 5,
    };
    (void)ctx;
    return codes[cc];
}

static inline bool rule_two_conditions(LowerCtx *ctx, FloatCC cc, FloatCC *out)
{
    (void)ctx;
    *out = cc;
    return cc == FLOATCC_ONE || cc == FLOATCC_UEQ;
}

// Bits of 2^n.
static inline uint64_t a64_float_power(Type type, uint32_t n)
{
    return type == TYPE_F32 ? (uint64_t)(n + 127) << 23 : (uint64_t)(n + 1023) << 52;
}

// -2^n - 1 where the format has it, else the first number below -2^n: no integer lies between.
static inline uint64_t rule_below_sint(LowerCtx *ctx, Type from, Type type)
{
    const uint32_t n = type_bits(type) - 1, fraction = from == TYPE_F32 ? 23 : 52;
    const uint64_t one = n < fraction ? (uint64_t)1 << (fraction - n) : 1;
    return rule_sign_bit(ctx, from) | (a64_float_power(from, n) + one);
}

static inline uint64_t rule_above_sint(LowerCtx *ctx, Type from, Type type)
{
    (void)ctx;
    return a64_float_power(from, type_bits(type) - 1);
}

static inline uint64_t rule_below_uint(LowerCtx *ctx, Type from)
{
    return rule_sign_bit(ctx, from) | a64_float_power(from, 0);
}

static inline uint64_t rule_above_uint(LowerCtx *ctx, Type from, Type type)
{
    (void)ctx;
    return a64_float_power(from, type_bits(type));
}

static inline int64_t rule_sint_min(LowerCtx *ctx, Type type)
{
    (void)ctx;
    return -((int64_t)1 << (type_bits(type) - 1));
}

static inline int64_t rule_sint_max(LowerCtx *ctx, Type type)
{
    (void)ctx;
    return ((int64_t)1 << (type_bits(type) - 1)) - 1;
}

static inline int64_t rule_uint_max(LowerCtx *ctx, Type type)
{
    (void)ctx;
    return ((int64_t)1 << type_bits(type)) - 1;
}

#endif
