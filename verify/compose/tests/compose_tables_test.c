// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Jumps through tables: emitters with one fault each, which must be found on both targets.

#include "verify/compose/tests/compose_fakes.h"

// FAULT(name, what is wrong, verdict, what the detail says)
#define FAULTS(FAULT)                                                                          \
    FAULT(none, "nothing", COMPOSE_PROVED, "")                                                 \
    FAULT(other_order, "nothing: another order", COMPOSE_PROVED, "")                           \
    FAULT(limit_more, "compared with one entry more", COMPOSE_FAILED, IS_ENTRY)                \
    FAULT(limit_less, "compared with one entry less", COMPOSE_FAILED, SAME_SUCCESSOR)          \
    FAULT(out_above, "the default only above the limit", COMPOSE_FAILED, IS_ENTRY)             \
    FAULT(out_signed, "compared as signed numbers", COMPOSE_FAILED, IS_ENTRY)                  \
    FAULT(out_never, "no default", COMPOSE_FAILED, IS_ENTRY)                                   \
    FAULT(out_to_first, "entry 0 for the default", COMPOSE_FAILED, SAME_SUCCESSOR)             \
    FAULT(out_to_table, "the default in the table", COMPOSE_CANNOT, "runs into a table")       \
    FAULT(wide_index, "upper half of the index's register", COMPOSE_FAILED, IS_ENTRY)          \
    FAULT(other_scale, "entries of another size", COMPOSE_FAILED, IS_ENTRY)                    \
    FAULT(no_index, "no index", COMPOSE_FAILED, SAME_SUCCESSOR)                                \
    FAULT(unsigned_entry, "entries without a sign", COMPOSE_FAILED, GOES_THERE)                \
    FAULT(wide_entry, "two entries at once", COMPOSE_CANNOT, "not read by entries")            \
    FAULT(no_sum, "the distance as an address", COMPOSE_FAILED, GOES_THERE)                    \
    FAULT(twice_sum, "the base added twice", COMPOSE_FAILED, GOES_THERE)                       \
    FAULT(to_table, "a jump to the table", COMPOSE_FAILED, GOES_THERE)                         \
    FAULT(to_nowhere, "a jump with nothing read", COMPOSE_CANNOT, "from no table")             \
    FAULT(no_jump, "no jump", COMPOSE_CANNOT, "runs into a table")                             \
    FAULT(read_twice, "two entries read", COMPOSE_CANNOT, "read twice")                        \
    FAULT(read_beside, "an address that only comes to the table's", COMPOSE_CANNOT,            \
          "from no table")                                                                     \
    FAULT(base_elsewhere, "distances from another label", COMPOSE_FAILED, GOES_THERE)          \
    FAULT(bases_mixed, "distances from two labels", COMPOSE_CANNOT, "a table with two bases")  \
    FAULT(entries_early, "entry 0 for the default, and so on", COMPOSE_FAILED, SAME_SUCCESSOR) \
    FAULT(entries_swapped, "entry 0 for successor 2", COMPOSE_CANNOT, "not for successors")    \
    FAULT(entry_strange, "an entry for no successor", COMPOSE_CANNOT, "not for successors")    \
    FAULT(entry_repeated, "the last entry for the successor before it", COMPOSE_CANNOT,        \
          "not for successors")                                                                \
    FAULT(table_short, "an entry less than there are", COMPOSE_FAILED, IS_ENTRY)               \
    FAULT(table_plain, "numbers in the table", COMPOSE_CANNOT, "data that are no table")       \
    FAULT(table_uneven, "bytes behind the entries", COMPOSE_CANNOT, "data that are no table")  \
    FAULT(table_again, "two tables", COMPOSE_CANNOT, "two tables")                             \
    FAULT(table_as_code, "entries that are no data", COMPOSE_CANNOT, "")                       \
    FAULT(address_field, "an address patched as an entry", COMPOSE_CANNOT,                     \
          "as if it were another")                                                             \
    FAULT(out_field, "a default patched as another branch", COMPOSE_CANNOT, "another one")     \
    FAULT(address_bare, "an address that is not patched", COMPOSE_CANNOT, "nothing is put into")

#define IS_ENTRY       "what is read is an entry of the table"
#define GOES_THERE     "the jump goes where the table's entry says"
#define SAME_SUCCESSOR "the same successor is chosen"

typedef enum Fault {
#define FAULT(NAME, ...) FAULT_##NAME,
    FAULTS(FAULT)
#undef FAULT
} Fault;

// ---- The table ----

static Label strange_label(EmitCtx *ctx)
{
    const Label label = codebuf_label(ctx->buf);
    codebuf_bind(ctx->buf, label);
    return label;
}

static uint32_t successor_of_entry(Fault fault, uint32_t i, uint32_t count)
{
    if (fault == FAULT_entries_early)
        return i;
    if (fault == FAULT_entries_swapped && i < 2 && count >= 2)
        return 2 - i;
    if (fault == FAULT_entry_repeated && i + 1 == count && i != 0)
        return i;
    return i + 1;
}

static void put_table(EmitCtx *ctx, Label table, Label begin, Fault fault)
{
    CodeBuffer *const buf = ctx->buf;
    const uint32_t all = ctx->f->blocks.data[0].num_succs - 1;
    const uint32_t count = all - (fault == FAULT_table_short && all > 1);
    const uint32_t more = fault == FAULT_table_uneven ? 2 : 0;
    if (fault != FAULT_table_as_code)
        codebuf_data(buf, 4 * count + more);
    for (uint32_t i = 0; i < count; i++) {
        const bool elsewhere =
            fault == FAULT_base_elsewhere || (fault == FAULT_bases_mixed && i == 1);
        const Label to = emit_successor(ctx, successor_of_entry(fault, i, count));
        if (fault == FAULT_table_plain)
            codebuf_put32(buf, 4 * i);
        else
            codebuf_table_entry(buf, elsewhere ? begin : table,
                                fault == FAULT_entry_strange ? begin : to);
    }
    codebuf_put(buf, "\0", more == 0 ? 0 : 1);
    codebuf_put(buf, "\0", more == 0 ? 0 : 1);
    if (fault != FAULT_table_again)
        return;
    codebuf_data(buf, 4);
    codebuf_table_entry(buf, table, emit_successor(ctx, 1));
}

// ---- Instructions ----

static void put_load(EmitCtx *ctx, const Put *what, AmodeKind amode, uint8_t scale)
{
    // The base and the index, behind what is loaded.
    const PutMem mem = {
        .amode = amode, .base = what->regs[1], .index = what->regs[2], .scale = scale};
    put_at(ctx, what, &mem);
}

static bool is_x64(const EmitCtx *ctx)
{
    return ctx->f->target->arch == ARCH_X86_64;
}

static void put_out(EmitCtx *ctx, uint32_t cc, Label to, Fault fault)
{
    const bool wrong = fault == FAULT_out_field;
    CodeBuffer *const buf = ctx->buf;
    const uint32_t start = codebuf_offset(buf);
    if (is_x64(ctx)) {
        const uint8_t jcc[2] = {0x0f, (uint8_t)(0x80 | cc)};
        codebuf_put(buf, jcc, 2);
        codebuf_branch32(buf, start, (uint8_t)(0x70 | (wrong ? cc ^ 1 : cc)), to);
        return;
    }
    codebuf_fixup(buf, start, to, wrong ? FIXUP_A64_BRANCH26 : FIXUP_A64_BRANCH19);
    codebuf_put32(buf, 0x54000000u | cc);
}

// lea reg, [rip + table]; adr reg, table.
static void put_address(EmitCtx *ctx, PReg to, Label table, Fault fault)
{
    CodeBuffer *const buf = ctx->buf;
    const uint32_t n = preg_number(to), start = codebuf_offset(buf);
    const bool x64 = is_x64(ctx);
    const FixupKind kind = x64 ? FIXUP_X64_REL32 : FIXUP_A64_ADR21;
    if (fault != FAULT_address_bare)
        codebuf_fixup(buf, x64 ? start + 3 : start, table,
                      fault == FAULT_address_field ? FIXUP_TABLE32 : kind);
    if (x64) {
        const uint8_t lea[3] = {(uint8_t)(0x48 | (n >> 3) << 2), 0x8d, (uint8_t)(5 | (n & 7) << 3)};
        codebuf_put(buf, lea, 3);
        codebuf_put32(buf, 0);
    } else {
        codebuf_put32(buf, 0x10000000u | n);
    }
}

static void put_sum(EmitCtx *ctx, PReg entry, PReg base, Fault fault)
{
    const bool x64 = is_x64(ctx), swapped = fault == FAULT_other_order;
    if (x64)
        put(ctx, &(Put){"add_rm", 8, {entry, entry, base}, 0, 0});
    else
        put(ctx,
            &(Put){"add_rr", 8, {entry, swapped ? entry : base, swapped ? base : entry}, 0, 0});
}

static void put_jump(EmitCtx *ctx, PReg to)
{
    if (is_x64(ctx))
        put(ctx, &(Put){"jmp_r", 8, {to}, 0, 0});
    else
        codebuf_put32(ctx->buf, 0xd61f0000u | preg_number(to) << 5);
}

// The table's entry, in `entry`. On x86-64 the index is there already.
static void put_lookup(EmitCtx *ctx, PReg entry, PReg base, PReg index, Fault fault)
{
    const bool narrow = fault == FAULT_unsigned_entry, wide = fault == FAULT_wide_entry;
    const bool scaled = fault != FAULT_other_scale, indexed = fault != FAULT_no_index;
    if (is_x64(ctx)) {
        const char *const row = narrow || wide ? "mov_load" : "movsxd_rm32";
        const Put load = {row, narrow ? 4 : 8, {entry, base, indexed ? entry : PREG_NONE}, 0, 0};
        put_load(ctx, &load, indexed ? AMODE_INDEX : AMODE_BASE, !indexed ? 0 : scaled ? 2 : 3);
        return;
    }
    const char *const row = narrow ? "ldr_w" : wide ? "ldr_x" : "ldrsw";
    const AmodeKind amode = !indexed                    ? AMODE_BASE
                            : fault == FAULT_wide_index ? AMODE_INDEX
                                                        : AMODE_INDEX_UXTW;
    const Put load = {row, wide ? 8 : 4, {entry, base, indexed ? index : PREG_NONE}, 0, 0};
    put_load(ctx, &load, amode, !indexed || !scaled ? 0 : wide ? 3 : 2);
}

// ---- The jump ----

static void put_comparison(EmitCtx *ctx, PReg index, Fault fault)
{
    const uint32_t count = ctx->f->blocks.data[0].num_succs - 1;
    const uint32_t limit =
        count + (fault == FAULT_limit_more) - (fault == FAULT_limit_less && count != 0);
    if (is_x64(ctx)) {
        put(ctx, &(Put){"cmp_ri", 4, {index}, limit, 0});
    } else if (limit < 4096) {
        put(ctx, &(Put){"cmp_imm", 4, {index}, limit, 0});
    } else {
        put(ctx, &(Put){"mov_imm", 8, {PREG(REG_INT, 16)}, limit, 0});
        put(ctx, &(Put){"cmp_rr", 4, {index, PREG(REG_INT, 16)}, 0, 0});
    }
}

static void put_default(EmitCtx *ctx, Label table, Fault fault)
{
    const bool x64 = is_x64(ctx), first = fault == FAULT_out_to_first;
    const Label to = fault == FAULT_out_to_table ? table : emit_successor(ctx, first ? 1 : 0);
    if (fault == FAULT_out_never)
        return;
    if (fault == FAULT_out_above)
        put_out(ctx, x64 ? 7 : 8, to, fault);
    else if (fault == FAULT_out_signed)
        put_out(ctx, x64 ? 13 : 10, to, fault);
    else
        put_out(ctx, x64 ? 3 : 2, to, fault);
}

static void put_rest(EmitCtx *ctx, PReg entry, PReg base, Fault fault)
{
    if (fault != FAULT_no_sum)
        put_sum(ctx, entry, base, fault);
    if (fault == FAULT_twice_sum)
        put_sum(ctx, entry, base, fault);
    if (fault != FAULT_no_jump)
        put_jump(ctx, fault == FAULT_to_table ? base : entry);
}

static void put_faulty(EmitCtx *ctx, const MInst *inst, Fault fault)
{
    const PReg index = reg(ctx, inst, 0), base = reg(ctx, inst, 1), entry = reg(ctx, inst, 2);
    const Label begin = strange_label(ctx), table = codebuf_label(ctx->buf);
    const bool early = fault == FAULT_other_order, x64 = is_x64(ctx);
    if (ctx->f->blocks.data[0].num_succs == 1) { // nothing to be wrong
        ctx->f->target->emit_inst(ctx, inst);
        return;
    }
    if (early)
        put_address(ctx, base, table, fault);
    put_comparison(ctx, index, fault);
    put_default(ctx, table, fault);
    if (x64)
        put(ctx, &(Put){"mov_rr", fault == FAULT_wide_index ? 8 : 4, {entry, index}, 0, 0});
    if (!early)
        put_address(ctx, base, table, fault);
    if (fault == FAULT_read_beside)
        put(ctx, &(Put){x64 ? "add_ri" : "add_imm", 8, {base, base}, 4, 0});
    if (fault == FAULT_read_twice)
        put_lookup(ctx, x64 ? index : entry, base, index, FAULT_no_index);
    if (fault != FAULT_to_nowhere)
        put_lookup(ctx, entry, base, index, fault);
    put_rest(ctx, entry, base, fault);
    codebuf_bind(ctx->buf, table);
    put_table(ctx, table, begin, fault);
}

#define FAULT(NAME, ...)                                     \
    static void emit_##NAME(EmitCtx *ctx, const MInst *inst) \
    {                                                        \
        put_faulty(ctx, inst, FAULT_##NAME);                 \
    }
FAULTS(FAULT)
#undef FAULT

// ---- The tests ----

static const Fake fakes[] = {
#define FAULT(NAME, WHAT, VERDICT, SAYS) {ARCH_X86_64, "jmp_table", emit_##NAME, VERDICT, SAYS},
    FAULTS(FAULT)
#undef FAULT
#define FAULT(NAME, WHAT, VERDICT, SAYS) {ARCH_AARCH64, "br_table", emit_##NAME, VERDICT, SAYS},
        FAULTS(FAULT)
#undef FAULT
};

static void test_x64(void **state)
{
    (void)state;
    check_fakes(verify_texts_x64, ARCH_X86_64, fakes, sizeof(fakes) / sizeof(fakes[0]));
}

static void test_aarch64(void **state)
{
    (void)state;
    check_fakes(verify_texts_aarch64, ARCH_AARCH64, fakes, sizeof(fakes) / sizeof(fakes[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_x64),
        cmocka_unit_test(test_aarch64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
