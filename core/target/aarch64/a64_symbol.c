// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Addresses of symbols on AArch64.

#include "target/aarch64/a64_internal.h"

// A word with a field for the linker.
static void put_relocated(EmitCtx *ctx, const MInst *inst, RelocKind kind, uint32_t word)
{
    codebuf_reloc(ctx->buf, codebuf_offset(ctx->buf), kind, &ctx->f->symbols.data[inst->target],
                  inst->imm);
    codebuf_put32(ctx->buf, word);
}

// Of an instruction whose registers are all that of its result.
static void note(EmitCtx *ctx, const char *name, const char *field, const MInst *inst)
{
    const PReg reg = alloc_preg(emit_alloc(ctx, inst, 0));
    const Str text = str_printf(ctx->buf->scratch, "%s %s, %s", name, a64_reg_name(reg, 8), field);
    emit_note_symbol(ctx, text.data, inst);
}

// ldr rd, 1f; b 2f; 1: .quad symbol; 2:
static void load_absolute(EmitCtx *ctx, const MInst *inst, uint32_t reg)
{
    codebuf_note(ctx->buf, "ldr x%u, .+8", reg);
    codebuf_put32(ctx->buf, 0x58000000u | 2u << 5 | reg);
    codebuf_note(ctx->buf, "b .+12");
    codebuf_put32(ctx->buf, 0x14000003u);
    emit_note_symbol(ctx, ".quad ", inst);
    codebuf_data(ctx->buf, 8);
    put_relocated(ctx, inst, RELOC_ABS64, 0);
    codebuf_put32(ctx->buf, 0);
}

// adrp rd, page; add rd, rd, place in it
static void load_near(EmitCtx *ctx, const MInst *inst, uint32_t reg)
{
    note(ctx, "adrp", ":pg_hi21:", inst);
    put_relocated(ctx, inst, RELOC_A64_ADR_PREL_PG_HI21, 0x90000000u | reg);
    note(ctx, "add", ":lo12:", inst);
    put_relocated(ctx, inst, RELOC_A64_ADD_ABS_LO12_NC, 0x91000000u | reg << 5 | reg);
}

// adrp rd, page of the GOT entry; ldr rd, [rd, place in it]
static void load_from_got(EmitCtx *ctx, const MInst *inst, uint32_t reg)
{
    ASSERT(inst->imm == 0);
    note(ctx, "adrp", ":got:", inst);
    put_relocated(ctx, inst, RELOC_A64_ADR_GOT_PAGE, 0x90000000u | reg);
    note(ctx, "ldr", ":got_lo12:", inst);
    put_relocated(ctx, inst, RELOC_A64_LD64_GOT_LO12_NC, 0xf9400000u | reg << 5 | reg);
}

void a64_emit_load_symbol(EmitCtx *ctx, const MInst *inst)
{
    const uint32_t reg = preg_number(alloc_preg(emit_alloc(ctx, inst, 0)));
    switch ((SymbolReach)inst->cc) {
    case SYMBOL_ABSOLUTE: load_absolute(ctx, inst, reg); return;
    case SYMBOL_NEAR: load_near(ctx, inst, reg); return;
    case SYMBOL_GOT: load_from_got(ctx, inst, reg); return;
    }
    UNREACHABLE();
}

void a64_emit_thread_local(EmitCtx *ctx, const MInst *inst)
{
    emit_note_symbol(ctx, "adrp x0, :tlsdesc:", inst);
    put_relocated(ctx, inst, RELOC_A64_TLSDESC_ADR_PAGE21, 0x90000000u);
    emit_note_symbol(ctx, "ldr x1, [x0] + :tlsdesc_lo12:", inst);
    put_relocated(ctx, inst, RELOC_A64_TLSDESC_LD64_LO12, 0xf9400001u);
    emit_note_symbol(ctx, "add x0, x0, :tlsdesc_lo12:", inst);
    put_relocated(ctx, inst, RELOC_A64_TLSDESC_ADD_LO12, 0x91000000u);
    codebuf_note(ctx->buf, "blr x1");
    put_relocated(ctx, inst, RELOC_A64_TLSDESC_CALL, 0xd63f0020u);
    codebuf_call(ctx->buf, inst->src);
    codebuf_note(ctx->buf, "mrs x1, tpidr_el0");
    codebuf_put32(ctx->buf, 0xd53bd041u);
    codebuf_note(ctx->buf, "add x0, x0, x1");
    codebuf_put32(ctx->buf, 0x8b010000u);
}
