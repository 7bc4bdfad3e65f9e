// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Addresses of symbols on x86-64.

#include "target/x64/x64_internal.h"

// mov reg, imm64
static void load_absolute(EmitCtx *ctx, const MInst *inst, PReg reg)
{
    const X64Bytes bytes = x64_encode(&(X64Inst){
        .op = X64_MOV_RI, .size = 8, .regs = {reg}, .mem_operand = -1, .imm = INT64_MAX});
    const uint8_t zeros[8] = {0};
    emit_note_symbol(ctx, "mov of the address of ", inst);
    codebuf_put(ctx->buf, bytes.bytes, bytes.len - 8u);
    codebuf_reloc(ctx->buf, codebuf_offset(ctx->buf), RELOC_ABS64,
                  &ctx->f->symbols.data[inst->target], inst->imm);
    codebuf_put(ctx->buf, zeros, 8);
}

// lea or mov of a field that counts from the instruction's end.
static void load_relative(EmitCtx *ctx, const MInst *inst, PReg reg)
{
    const bool near = inst->cc == SYMBOL_NEAR;
    const X64Bytes bytes =
        x64_encode(&(X64Inst){.op = near ? X64_LEA : X64_MOV_LOAD,
                              .size = 8,
                              .regs = {reg},
                              .mem_operand = 1,
                              .mem = {.rip = true, .base = PREG_NONE, .index = PREG_NONE}});
    ASSERT(bytes.rip_field + 4 == bytes.len);
    emit_note_symbol(ctx, near ? "lea of " : "mov of the GOT entry of ", inst);
    codebuf_put(ctx->buf, bytes.bytes, bytes.len);
    codebuf_reloc(ctx->buf, codebuf_offset(ctx->buf) - 4,
                  near ? RELOC_X64_PC32 : RELOC_X64_GOTPCREL, &ctx->f->symbols.data[inst->target],
                  inst->imm);
}

void x64_emit_load_symbol(EmitCtx *ctx, const MInst *inst)
{
    const PReg reg = alloc_preg(emit_alloc(ctx, inst, 0));
    switch ((SymbolReach)inst->cc) {
    case SYMBOL_ABSOLUTE: load_absolute(ctx, inst, reg); return;
    case SYMBOL_NEAR:
    case SYMBOL_GOT: load_relative(ctx, inst, reg); return;
    }
    UNREACHABLE();
}

void x64_emit_thread_local(EmitCtx *ctx, const MInst *inst)
{
    static const uint8_t lea[4] = {0x66, 0x48, 0x8d, 0x3d}, call[4] = {0x66, 0x66, 0x48, 0xe8};
    const ExtName get_address = {.kind = NAME_LIBCALL, .index = LIBCALL_ELF_TLS_GET_ADDR};
    emit_note_symbol(ctx, "lea of the thread's descriptor of ", inst);
    codebuf_put(ctx->buf, lea, 4);
    codebuf_reloc(ctx->buf, codebuf_offset(ctx->buf), RELOC_X64_TLSGD,
                  &ctx->f->symbols.data[inst->target], 0);
    codebuf_put32(ctx->buf, 0);
    codebuf_note(ctx->buf, "call %%ElfTlsGetAddr");
    codebuf_put(ctx->buf, call, 4);
    codebuf_reloc(ctx->buf, codebuf_offset(ctx->buf), RELOC_X64_PLT32, &get_address, 0);
    codebuf_put32(ctx->buf, 0);
    codebuf_call(ctx->buf, inst->src);
}
