// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loads and stores. Memory has a version in each region: a number that changes whenever something
// may have written there. Two loads of one address at one version give one value, and a load behind
// a store gives what was stored.
//
//                          region0  region1
//   store region0 v1, v0      7        3
//   load region0 v0           7        3      (7, v0) holds v1: it is v1
//   call fn0()                8        8      may write everything
//
// Where ways join that differ, the version is a new one; a loop's header keeps versions that
// nothing in the loop changes. What was learned of (version, address) in a block holds in the
// blocks that it dominates.
//
// Accesses of different regions do not alias. An access without a region may alias any other. A
// trap lets memory be seen, so it is a reading of everything.

#include "opt/opt_internal.h"

// Regions told apart; the rest of a function's count as none.
enum { MAX_REGIONS = 15, NUM_VERSIONS = MAX_REGIONS + 1 };

// By region + 1; 0: of accesses without one, which every write changes.
typedef struct Versions {
    uint32_t of[NUM_VERSIONS];
} Versions;

typedef struct Location {
    uint32_t version, address, offset;
    uint16_t type;
    uint8_t op, order; // of the load; byte order as written
} Location;

typedef struct Known {
    Location at;
    uint32_t value; // class, NO_INDEX: the entry is free
    Block block;    // from where on it is known
} Known;

struct OptMemory {
    Versions now;
    Versions *out;              // by block, at its end
    Bitset done;                // blocks whose `out` is there
    uint32_t *clobbers_of_loop; // by loop: bit region + 1 of what it writes
    uint32_t next_version;
    Known *table;
    uint32_t mask, len;
};

// ---- What instructions do to memory ----

uint32_t opt_memory_region(MemFlags flags)
{
    const uint32_t region = memflags_region(flags).i;
    return region < MAX_REGIONS ? region + 1 : 0;
}

// Bits region + 1 of the versions that the instruction changes.
uint32_t opt_memory_clobbers(const Func *f, Inst inst)
{
    const uint16_t flags = ir_ops[inst_op(f, inst)].flags;
    const uint32_t all = (1u << NUM_VERSIONS) - 1;
    if (inst_format(f, inst) == FMT_STORE) {
        const uint32_t region = opt_memory_region(inst_memflags(f, inst));
        return region == 0 ? all : 1u << region | 1u;
    }
    // Calls, fences and atomic operations, which order memory, loads among them.
    const bool plain_load = inst_format(f, inst) == FMT_LOAD;
    const uint16_t writes = OPF_CALL | OPF_STORE | OPF_EFFECT;
    return (flags & writes) != 0 || ((flags & OPF_LOAD) != 0 && !plain_load) ? all : 0;
}

// ---- Versions at the start of blocks ----

static void find_clobbers(OptCtx *ctx, struct OptMemory *m)
{
    const Func *const f = ctx->f;
    m->clobbers_of_loop = ARENA_ARRAY(ctx->scratch, uint32_t, ctx->loops.len);
    for (uint32_t i = 0; i < ctx->tree.num_reachable; i++) {
        const Block block = ctx->tree.postorder[i];
        uint32_t all = 0;
        IR_FOR_INSTS (f, block, inst)
            all |= opt_memory_clobbers(f, inst);
        for (uint32_t loop = ctx->loops.loop_of[block.i];
             all != 0 && loop != NO_INDEX && (m->clobbers_of_loop[loop] & all) != all;
             loop = ctx->loops.data[loop].parent)
            m->clobbers_of_loop[loop] |= all;
    }
}

// What the versions that differ between ways in are; `open`: bits of those that a way not seen yet
// may have changed.
static void meet(OptCtx *ctx, struct OptMemory *m, Block block, uint32_t open)
{
    uint32_t n, seen = 0;
    const CfgEdge *const preds = cfg_preds(&ctx->cfg, block, &n);
    const uint32_t fresh = m->next_version;
    bool used = false;
    for (uint32_t i = 0; i < n; i++) {
        if (!bitset_has(&m->done, preds[i].block.i))
            continue;
        const Versions *const out = &m->out[preds[i].block.i];
        for (uint32_t r = 0; r < NUM_VERSIONS; r++)
            if (seen == 0)
                m->now.of[r] = out->of[r];
            else if (m->now.of[r] != out->of[r])
                m->now.of[r] = fresh + r;
        seen++;
    }
    for (uint32_t r = 0; r < NUM_VERSIONS; r++) {
        if (seen == 0 || (open >> r & 1) != 0)
            m->now.of[r] = fresh + r;
        used |= m->now.of[r] >= fresh;
    }
    if (used)
        m->next_version += NUM_VERSIONS;
}

void opt_memory_enter(OptCtx *ctx, Block block)
{
    struct OptMemory *const m = ctx->memory;
    if (!m)
        return;
    uint32_t n;
    const CfgEdge *const preds = cfg_preds(&ctx->cfg, block, &n);
    bool all_seen = true;
    for (uint32_t i = 0; i < n; i++)
        if (domtree_is_reachable(&ctx->tree, preds[i].block))
            all_seen &= bitset_has(&m->done, preds[i].block.i);
    uint32_t open = 0;
    if (!all_seen) {
        const uint32_t loop = ctx->loops.loop_of[block.i];
        const bool header = loop != NO_INDEX && ctx->loops.data[loop].header.i == block.i;
        // A cycle that is no natural loop: anything may happen on it.
        open = header ? m->clobbers_of_loop[loop] : UINT32_MAX;
    }
    meet(ctx, m, block, open);
}

void opt_memory_leave(OptCtx *ctx, Block block)
{
    struct OptMemory *const m = ctx->memory;
    if (!m)
        return;
    m->out[block.i] = m->now;
    bitset_add(&m->done, block.i);
}

// ---- What is known ----

static uint32_t slot_of(const struct OptMemory *m, const Location *at)
{
    uint32_t slot = (uint32_t)hash_bytes(at, sizeof(*at)) & m->mask;
    while (m->table[slot].value != NO_INDEX && memcmp(&m->table[slot].at, at, sizeof(*at)) != 0)
        slot = (slot + 1) & m->mask;
    return slot;
}

static void grow(OptCtx *ctx, struct OptMemory *m)
{
    const Known *const old = m->table;
    const uint32_t n = old ? m->mask + 1 : 0;
    m->mask = n == 0 ? 63 : 2 * n - 1;
    m->table = ARENA_ARRAY(ctx->scratch, Known, m->mask + 1);
    for (uint32_t i = 0; i <= m->mask; i++)
        m->table[i].value = NO_INDEX;
    for (uint32_t i = 0; i < n; i++)
        if (old[i].value != NO_INDEX)
            m->table[slot_of(m, &old[i].at)] = old[i];
}

static void learn(OptCtx *ctx, const Location *at, uint32_t value, Block block)
{
    struct OptMemory *const m = ctx->memory;
    if (2 * m->len >= m->mask)
        grow(ctx, m);
    const uint32_t slot = slot_of(m, at);
    m->len += m->table[slot].value == NO_INDEX;
    m->table[slot] = (Known){*at, value, block};
}

// The class of what a load from there gives, NO_INDEX when it is not known.
static uint32_t look_up(const OptCtx *ctx, const Location *at, Block block)
{
    const struct OptMemory *const m = ctx->memory;
    if (m->len == 0)
        return NO_INDEX;
    const Known *const known = &m->table[slot_of(m, at)];
    const bool holds =
        known->value != NO_INDEX && domtree_dominates(&ctx->tree, known->block, block);
    return holds ? known->value : NO_INDEX;
}

// Where a load, or one that reads what a store wrote, goes.
static Location location(const OptCtx *ctx, Inst inst, Opcode op, Type type, uint32_t address)
{
    const MemFlags flags = inst_memflags(ctx->f, inst);
    const bool never_changes = op != OP_STORE && (flags & MEM_READONLY) != 0;
    return (Location){
        .version = never_changes ? 0 : ctx->memory->now.of[opt_memory_region(flags)],
        .address = address,
        .offset = (uint32_t)inst_offset(ctx->f, inst),
        .type = type,
        .op = (uint8_t)op,
        .order = (uint8_t)((flags & (MEM_LITTLE | MEM_BIG)) >> 8),
    };
}

// ---- Instructions ----

static void leave_with(OptCtx *ctx, Inst inst, uint32_t class)
{
    const Value result = inst_result(ctx->f, inst);
    ctx->classes.data[result.i].rep = class;
    func_remove_inst(ctx->f, inst);
}

static bool visit_load(OptCtx *ctx, Inst inst)
{
    const InstData *const data = func_inst(ctx->f, inst);
    const Block block = ctx->f->nodes.data[inst.i].block;
    const Value result = inst_result(ctx->f, inst);
    const Type type = ctx->classes.data[result.i].type;
    const Location at = location(ctx, inst, (Opcode)data->op, type, data->w[0]);
    const uint32_t known = look_up(ctx, &at, block);
    if (known != NO_INDEX && opt_take_fuel(ctx)) {
        opt_trace_event(ctx, "known load", inst);
        leave_with(ctx, inst, known);
        opt_count(ctx, OPT_STAT_LOADS);
        return false;
    }
    learn(ctx, &at, result.i, block);
    return true;
}

static void change_versions(struct OptMemory *m, uint32_t which)
{
    const uint32_t fresh = m->next_version++;
    for (uint32_t r = 0; r < NUM_VERSIONS; r++)
        if ((which >> r & 1) != 0)
            m->now.of[r] = fresh;
}

static bool visit_store(OptCtx *ctx, Inst inst)
{
    const InstData *const data = func_inst(ctx->f, inst);
    const Block block = ctx->f->nodes.data[inst.i].block;
    const Type type = data->ctrl;
    const uint32_t value = data->w[0], address = data->w[1];
    Location at = location(ctx, inst, OP_STORE, type, address);
    at.op = OP_LOAD;
    const bool whole = data->op == OP_STORE;
    if (whole && look_up(ctx, &at, block) == value && opt_take_fuel(ctx)) {
        opt_trace_event(ctx, "idle store", inst);
        func_remove_inst(ctx->f, inst); // it is there already
        opt_count(ctx, OPT_STAT_DEAD_STORES);
        return false;
    }
    change_versions(ctx->memory, opt_memory_clobbers(ctx->f, inst));
    at.version = ctx->memory->now.of[opt_memory_region(inst_memflags(ctx->f, inst))];
    if (whole)
        learn(ctx, &at, value, block);
    return true;
}

bool opt_memory_visit(OptCtx *ctx, Inst inst)
{
    struct OptMemory *const m = ctx->memory;
    if (!m)
        return true;
    const Format format = inst_format(ctx->f, inst);
    if (format == FMT_LOAD)
        return visit_load(ctx, inst);
    if (format == FMT_STORE)
        return visit_store(ctx, inst);
    const uint32_t changed = opt_memory_clobbers(ctx->f, inst);
    if (changed != 0)
        change_versions(m, changed);
    return true;
}

void opt_memory_start(OptCtx *ctx)
{
    if (settings_get(ctx->options->settings, SETTING_ENABLE_ALIAS_ANALYSIS) == 0)
        return;
    struct OptMemory *const m = ARENA_NEW(ctx->scratch, struct OptMemory);
    const uint32_t n = ctx->f->blocks.len;
    ctx->memory = m;
    m->next_version = 1; // 0: of what never changes
    m->out = ARENA_ARRAY(ctx->scratch, Versions, n);
    m->done = bitset_new(ctx->scratch, n);
    find_clobbers(ctx, m);
}
