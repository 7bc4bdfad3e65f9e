// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random machine functions: any graph without critical edges, every kind of constraint, calls,
// flags, few or many registers. Whatever it makes can be allocated: constraints that no allocation
// could meet are not generated.
#ifndef FAKE_RANDOM_H
#define FAKE_RANDOM_H

#include "mach/tests/fake_target.h"
#include "regalloc/regalloc.h"

// Numbers from bytes as long as there are any, so that a fuzzer can steer, and then from `state`.
typedef struct Rng {
    uint64_t state;
    const uint8_t *bytes; // NULL: none
    size_t num_bytes;
} Rng;

static inline uint32_t rng_next(Rng *rng)
{
    if (rng->num_bytes >= 2) {
        const uint32_t high = (uint32_t)rng->bytes[0] << 8 | rng->bytes[1];
        rng->bytes += 2;
        rng->num_bytes -= 2;
        return high << 16;
    }
    rng->state += 0x9e3779b97f4a7c15u;
    uint64_t z = rng->state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 32);
}

// 0 .. n - 1
static inline uint32_t rng_below(Rng *rng, uint32_t n)
{
    return (uint32_t)(((uint64_t)rng_next(rng) * n) >> 32);
}

static inline bool rng_percent(Rng *rng, uint32_t percent)
{
    return rng_below(rng, 100) < percent;
}

#define GEN_BLOCKS_MAX 64
#define GEN_SUCCS_MAX  4

typedef struct Gen {
    Fake *fake;
    Rng rng;
    RegallocOptions options;
    uint32_t num_blocks;
    uint32_t succs[GEN_BLOCKS_MAX * 4][GEN_SUCCS_MAX], num_succs[GEN_BLOCKS_MAX * 4];
    uint32_t num_preds[GEN_BLOCKS_MAX * 4];
    uint64_t dominators[GEN_BLOCKS_MAX * 4][4];
    uint32_t order[GEN_BLOCKS_MAX * 4], rank[GEN_BLOCKS_MAX * 4];
    VEC(uint32_t) defs[GEN_BLOCKS_MAX * 4]; // by block: values that those it dominates may use
    VEC(uint32_t) usable;                   // in the block being filled
    bool flags;
} Gen;

// ---- The graph ----

static inline void gen_add_succ(Gen *g, uint32_t from, uint32_t to)
{
    if (g->num_succs[from] == GEN_SUCCS_MAX)
        return;
    g->succs[from][g->num_succs[from]++] = to;
    g->num_preds[to]++;
}

static inline void gen_graph(Gen *g, uint32_t n)
{
    g->num_blocks = n;
    // A predecessor for each, then edges anywhere but to the entry.
    for (uint32_t b = 1; b < n; b++) {
        uint32_t from = rng_percent(&g->rng, 60) ? b - 1 : rng_below(&g->rng, b);
        while (g->num_succs[from] == GEN_SUCCS_MAX)
            from = (from + 1) % b;
        gen_add_succ(g, from, b);
    }
    const uint32_t more = n == 1 ? 0 : rng_below(&g->rng, n + 1);
    for (uint32_t i = 0; i < more; i++)
        gen_add_succ(g, rng_below(&g->rng, n), 1 + rng_below(&g->rng, n - 1));
    // Split critical edges.
    for (uint32_t b = 0; b < n; b++)
        for (uint32_t s = 0; g->num_succs[b] > 1 && s < g->num_succs[b]; s++) {
            const uint32_t to = g->succs[b][s];
            if (g->num_preds[to] < 2)
                continue;
            const uint32_t middle = g->num_blocks++;
            g->succs[b][s] = middle;
            g->num_preds[middle] = 1;
            g->num_preds[to]--;
            gen_add_succ(g, middle, to);
        }
}

static inline void gen_visit(Gen *g, uint32_t b, bool *seen, uint32_t *free)
{
    seen[b] = true;
    for (uint32_t s = 0; s < g->num_succs[b]; s++)
        if (!seen[g->succs[b][s]])
            gen_visit(g, g->succs[b][s], seen, free);
    g->order[--*free] = b;
}

// Dominators as sets, by the definition.
static inline void gen_dominators(Gen *g)
{
    bool seen[GEN_BLOCKS_MAX * 4] = {false};
    uint32_t free = g->num_blocks;
    gen_visit(g, 0, seen, &free);
    memset(g->dominators, 0xff, sizeof(g->dominators));
    memset(g->dominators[0], 0, sizeof(g->dominators[0]));
    g->dominators[0][0] = 1;
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 1; i < g->num_blocks; i++) {
            const uint32_t b = g->order[i];
            uint64_t meet[4] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
            for (uint32_t p = 0; p < g->num_blocks; p++)
                for (uint32_t s = 0; s < g->num_succs[p]; s++)
                    for (uint32_t w = 0; w < 4 && g->succs[p][s] == b; w++)
                        meet[w] &= g->dominators[p][w];
            meet[b / 64] |= (uint64_t)1 << (b % 64);
            changed |= memcmp(meet, g->dominators[b], sizeof(meet)) != 0;
            memcpy(g->dominators[b], meet, sizeof(meet));
        }
    }
}

// ---- Instructions ----

static inline uint32_t gen_pick(Gen *g, RegClass class)
{
    for (uint32_t tries = 0; tries < 20 && g->usable.len != 0; tries++) {
        // Mostly young values, so that some die early and others live long.
        const uint32_t span = rng_percent(&g->rng, 50) && g->usable.len > 6 ? 6 : g->usable.len;
        const uint32_t vreg = g->usable.data[g->usable.len - 1 - rng_below(&g->rng, span)];
        if (g->fake->f.vregs.data[vreg].class == class)
            return vreg;
    }
    return NO_INDEX;
}

static inline RegClass gen_class(Gen *g)
{
    return rng_percent(&g->rng, 75) ? REG_INT : REG_FLOAT;
}

static inline uint32_t gen_new(Gen *g, RegClass class)
{
    return fake_vreg(g->fake, class, class == REG_FLOAT && rng_percent(&g->rng, 70) ? 16 : 8);
}

static inline PReg gen_reg(Gen *g, RegClass class)
{
    return PREG(class, rng_below(&g->rng, 16));
}

#define GEN_OPS_MAX 8

typedef struct GenInst {
    MOperand ops[GEN_OPS_MAX];
    uint32_t num;
    PRegSet clobbers;
    uint16_t flags; // ROW_*
    uint8_t flags_use;
} GenInst;

static inline uint32_t gen_bits(PRegSet set)
{
    uint32_t n = 0;
    for (; set != 0; set &= set - 1)
        n++;
    return n;
}

static inline bool gen_is_reused(const GenInst *inst, uint32_t k)
{
    for (uint32_t i = 0; i < inst->num; i++)
        if (inst->ops[i].constraint == CONSTRAINT_REUSE && inst->ops[i].reg == k)
            return true;
    return false;
}

// Whether some assignment meets the constraints, whatever the values are. `any_is_free`: operands
// that may be in memory need no register. The counts are of operands with free choice.
static inline bool gen_is_possible(const Gen *g, const GenInst *inst, bool any_is_free)
{
    PRegSet early_defs = 0, defs = 0, uses = 0, late_uses = 0, reused = 0;
    uint32_t holder[64] = {0};
    uint32_t early[REG_CLASS_COUNT] = {0}, both[REG_CLASS_COUNT] = {0}, late[REG_CLASS_COUNT] = {0};
    for (uint32_t k = 0; k < inst->num; k++) {
        const MOperand *const op = &inst->ops[k];
        const uint8_t class = g->fake->f.vregs.data[op->vreg.i].class;
        const bool is_use = op->kind == OPERAND_USE;
        if (op->constraint == CONSTRAINT_REUSE)
            continue;
        if (op->constraint != CONSTRAINT_FIXED) {
            const bool is_late = op->pos == POS_LATE;
            if (is_use && op->constraint == CONSTRAINT_ANY && any_is_free)
                continue;
            if (is_use ? is_late || gen_is_reused(inst, k) : !is_late)
                both[class]++;
            else if (is_use)
                early[class]++;
            else
                late[class]++;
            continue;
        }
        const PRegSet bit = preg_bit(op->reg);
        if (is_use) {
            if (holder[op->reg] != 0 && holder[op->reg] != op->vreg.i + 1)
                return false;
            holder[op->reg] = op->vreg.i + 1;
            uses |= bit;
            if (gen_is_reused(inst, k)) {
                if ((reused & bit) != 0)
                    return false;
                reused |= bit;
            }
            if (op->pos == POS_LATE)
                late_uses |= bit;
        } else {
            if ((defs & bit) != 0)
                return false;
            defs |= bit;
            if (op->pos == POS_EARLY)
                early_defs |= bit;
        }
    }
    if ((uses & early_defs) != 0 || ((late_uses | reused) & (defs | inst->clobbers)) != 0 ||
        (late_uses & reused) != 0)
        return false;
    for (uint32_t c = 0; c < REG_CLASS_COUNT; c++) {
        const PRegSet all = g->options.allocatable & (c == 0 ? 0xffffffff : ~(PRegSet)0xffffffff);
        const PRegSet both_regs = all & ~uses & ~defs & ~inst->clobbers;
        const PRegSet early_regs = all & ~uses & ~early_defs;
        const PRegSet late_regs = all & ~late_uses & ~reused & ~defs & ~inst->clobbers;
        if (gen_bits(both_regs) < both[c] || gen_bits(early_regs) < both[c] + early[c] ||
            gen_bits(late_regs) < both[c] + late[c])
            return false;
    }
    return true;
}

static inline void gen_use(Gen *g, GenInst *inst)
{
    const RegClass class = gen_class(g);
    uint32_t vreg = gen_pick(g, class);
    if (inst->num != 0 && rng_percent(&g->rng, 15))
        vreg = inst->ops[rng_below(&g->rng, inst->num)].vreg.i; // one value twice
    if (vreg == NO_INDEX)
        return;
    MOperand op = {{vreg}, OPERAND_USE, POS_EARLY, CONSTRAINT_REG, 0};
    const uint32_t roll = rng_below(&g->rng, 100);
    if (roll < 20) {
        op.constraint = CONSTRAINT_FIXED;
        op.reg = gen_reg(g, (RegClass)g->fake->f.vregs.data[vreg].class);
    } else if (roll < 40) {
        op.constraint = CONSTRAINT_ANY;
    }
    if (rng_percent(&g->rng, 15))
        op.pos = POS_LATE;
    inst->ops[inst->num++] = op;
}

static inline void gen_def(Gen *g, GenInst *inst)
{
    MOperand op = {NO(VReg), OPERAND_DEF, POS_LATE, CONSTRAINT_REG, 0};
    const uint32_t roll = rng_below(&g->rng, 100);
    RegClass class = gen_class(g);
    const uint32_t k = inst->num == 0 ? 0 : rng_below(&g->rng, inst->num);
    if (roll < 30 && inst->num != 0 && inst->ops[k].kind == OPERAND_USE &&
        inst->ops[k].pos == POS_EARLY && inst->ops[k].constraint != CONSTRAINT_ANY &&
        !gen_is_reused(inst, k)) {
        op.constraint = CONSTRAINT_REUSE;
        op.reg = (uint8_t)k;
        class = (RegClass)g->fake->f.vregs.data[inst->ops[k].vreg.i].class;
    } else if (roll < 50) {
        op.constraint = CONSTRAINT_FIXED;
        op.reg = gen_reg(g, class);
    }
    if (op.constraint != CONSTRAINT_REUSE && rng_percent(&g->rng, 12))
        op.pos = POS_EARLY;
    op.vreg.i = gen_new(g, class);
    inst->ops[inst->num++] = op;
}

static inline void gen_emit(Gen *g, uint32_t block, const GenInst *inst, const char *name)
{
    fake_inst(g->fake, block, name, inst->flags, inst->flags_use);
    for (uint32_t k = 0; k < inst->num; k++)
        fake_operand(g->fake, inst->ops[k]);
    if (inst->clobbers != 0 && rng_percent(&g->rng, 50))
        fake_clobbers(g->fake, inst->clobbers);
    else
        g->fake->rows.data[g->fake->rows.len - 1].clobbers = inst->clobbers;
    for (uint32_t k = 0; k < inst->num; k++)
        if (inst->ops[k].kind == OPERAND_DEF)
            VEC_PUSH(&g->fake->arena, &g->usable, inst->ops[k].vreg.i);
    if ((inst->flags & ROW_CALL) != 0)
        g->flags = false;
    if ((inst->flags_use & MFLAGS_WRITE) != 0)
        g->flags = true;
}

static inline void gen_const(Gen *g, uint32_t block)
{
    GenInst inst = {.num = 1, .flags = ROW_REMAT};
    inst.flags_use = (uint8_t)(rng_percent(&g->rng, 20) ? MFLAGS_WRITE : MFLAGS_NONE);
    inst.ops[0] = (MOperand){{gen_new(g, gen_class(g))}, OPERAND_DEF, POS_LATE, CONSTRAINT_REG, 0};
    gen_emit(g, block, &inst, "const");
}

static inline void gen_move(Gen *g, uint32_t block)
{
    const RegClass class = gen_class(g);
    const uint32_t from = gen_pick(g, class);
    if (from == NO_INDEX)
        return;
    GenInst inst = {.num = 2, .flags = ROW_MOVE};
    const uint32_t to = fake_vreg(g->fake, class, g->fake->f.vregs.data[from].bytes);
    inst.ops[0] = (MOperand){{to}, OPERAND_DEF, POS_LATE, CONSTRAINT_REG, 0};
    inst.ops[1] = (MOperand){{from}, OPERAND_USE, POS_EARLY, CONSTRAINT_REG, 0};
    if (gen_is_possible(g, &inst, true))
        gen_emit(g, block, &inst, "mov");
}

// Instructions that can't be met are taken apart until they can.
static inline void gen_inst(Gen *g, uint32_t block)
{
    const uint32_t roll = rng_below(&g->rng, 100);
    if (roll < 12) {
        gen_const(g, block);
        return;
    }
    if (roll < 22) {
        gen_move(g, block);
        return;
    }
    const bool call = roll < 32;
    for (uint32_t tries = 0; tries < 10; tries++) {
        GenInst inst = {0};
        for (uint32_t n = rng_below(&g->rng, 5); n > 0; n--)
            gen_use(g, &inst);
        for (uint32_t n = rng_below(&g->rng, 3); n > 0; n--)
            gen_def(g, &inst);
        if (call)
            inst.clobbers = ~g->options.callee_saved & 0x0000ffff0000ffff;
        else if (rng_percent(&g->rng, 10))
            inst.clobbers = preg_bit(gen_reg(g, REG_INT)) | preg_bit(gen_reg(g, REG_FLOAT));
        if (!gen_is_possible(g, &inst, true))
            continue;
        inst.flags = call ? ROW_CALL : 0;
        inst.flags_use = (uint8_t)(!call && rng_percent(&g->rng, 30) ? MFLAGS_WRITE : MFLAGS_NONE);
        if (!call && g->flags && rng_percent(&g->rng, 30))
            inst.flags_use |= MFLAGS_READ;
        gen_emit(g, block, &inst, call ? "call" : "op");
        return;
    }
}

static inline void gen_branch(Gen *g, uint32_t block)
{
    const uint32_t num = g->num_succs[block];
    GenInst inst = {0};
    for (uint32_t tries = 0; tries < 10; tries++) {
        inst = (GenInst){0};
        if (num == 0 || num > 1 || rng_percent(&g->rng, 20))
            for (uint32_t n = rng_below(&g->rng, 4); n > 0; n--)
                gen_use(g, &inst);
        if (num != 0 && inst.num != 0 && rng_percent(&g->rng, 40)) {
            gen_def(g, &inst);
            gen_def(g, &inst);
        }
        if (gen_is_possible(g, &inst, num != 1))
            break;
        inst = (GenInst){0};
    }
    const uint32_t usable = g->usable.len;
    inst.flags = num == 0 ? ROW_RETURN : ROW_BRANCH;
    if (g->flags && rng_percent(&g->rng, 30))
        inst.flags_use = MFLAGS_READ;
    gen_emit(g, block, &inst, num == 0 ? "ret" : "branch");
    g->usable.len = usable; // what a branch defines is its own
}

static inline void gen_block(Gen *g, uint32_t b, uint32_t insts)
{
    g->usable.len = 0;
    g->flags = false;
    for (uint32_t i = 0; i < g->num_blocks; i++) {
        const uint32_t d = g->order[i];
        if (d == b || (g->dominators[b][d / 64] >> (d % 64) & 1) == 0)
            continue;
        for (uint32_t k = 0; k < g->defs[d].len; k++)
            VEC_PUSH(&g->fake->arena, &g->usable, g->defs[d].data[k]);
    }
    const uint32_t inherited = g->usable.len;
    const MBlockData *const block = &g->fake->f.blocks.data[b];
    for (uint32_t i = 0; i < block->num_params; i++)
        VEC_PUSH(&g->fake->arena, &g->usable, g->fake->f.edge_args.data[block->params + i]);
    if (b == 0)
        for (uint32_t i = 0; i < 3; i++)
            gen_const(g, b);
    for (uint32_t i = 0; i < insts; i++)
        gen_inst(g, b);
    gen_branch(g, b);
    for (uint32_t i = inherited; i < g->usable.len; i++)
        VEC_PUSH(&g->fake->arena, &g->defs[b], g->usable.data[i]);
    // Edges, with arguments of what may be used here. Parameters of blocks to come fit them.
    for (uint32_t s = 0; s < g->num_succs[b]; s++) {
        const MBlockData *const to = &g->fake->f.blocks.data[g->succs[b][s]];
        uint32_t args[8];
        for (uint32_t i = 0; i < to->num_params; i++) {
            const VRegData want = g->fake->f.vregs.data[g->fake->f.edge_args.data[to->params + i]];
            args[i] = NO_INDEX;
            for (uint32_t tries = 0; tries < 200 && args[i] == NO_INDEX; tries++) {
                const uint32_t vreg = gen_pick(g, (RegClass)want.class);
                if (vreg != NO_INDEX && g->fake->f.vregs.data[vreg].bytes == want.bytes)
                    args[i] = vreg;
            }
            // The entry defines one of each shape.
            for (uint32_t k = 0; k < g->defs[0].len && args[i] == NO_INDEX; k++)
                if (g->fake->f.vregs.data[g->defs[0].data[k]].class == want.class &&
                    g->fake->f.vregs.data[g->defs[0].data[k]].bytes == want.bytes)
                    args[i] = g->defs[0].data[k];
        }
        fake_edge(g->fake, b, g->succs[b][s], args, to->num_params);
    }
}

// `count` random registers of a class.
static inline PRegSet gen_regs(Gen *g, RegClass class, uint32_t count)
{
    PRegSet set = 0;
    while (gen_bits(set) < count)
        set |= preg_bit(gen_reg(g, class));
    return set;
}

static inline void gen_params(Gen *g)
{
    for (uint32_t b = 1; b < g->num_blocks; b++) {
        uint32_t params[6];
        const uint32_t num = rng_percent(&g->rng, 60) ? rng_below(&g->rng, 6) : 0;
        for (uint32_t i = 0; i < num; i++)
            params[i] = gen_new(g, gen_class(g));
        fake_params(g->fake, b, params, num);
        g->fake->f.blocks.data[b].loop_depth = rng_below(&g->rng, 3);
        g->fake->f.blocks.data[b].cold = rng_percent(&g->rng, 15);
    }
}

// A random function with what may be used for it. Sizes follow from the numbers, too.
static inline void gen_function_by(Gen *g, Fake *fake, Rng rng)
{
    memset(g, 0, sizeof(*g));
    fake_init(fake);
    g->fake = fake;
    g->rng = rng;
    g->options.allocatable = gen_regs(g, REG_INT, 2 + rng_below(&g->rng, 13)) |
                             gen_regs(g, REG_FLOAT, 2 + rng_below(&g->rng, 8));
    g->options.callee_saved =
        gen_regs(g, REG_INT, rng_below(&g->rng, 6)) | gen_regs(g, REG_FLOAT, rng_below(&g->rng, 3));
    g->options.remat_budget = rng_percent(&g->rng, 30) ? 1 + rng_below(&g->rng, 3) : 0;
    if (rng_percent(&g->rng, 20))
        g->options.algorithm = REGALLOC_SINGLE_PASS;
    gen_graph(g, 1 + rng_below(&g->rng, rng_percent(&g->rng, 30) ? 20 : 6));
    gen_dominators(g);
    for (uint32_t b = 0; b < g->num_blocks; b++)
        fake_block(fake);
    gen_params(g);
    // One value of each shape that a parameter can have.
    const uint32_t shapes[3] = {fake_vreg(fake, REG_INT, 8), fake_vreg(fake, REG_FLOAT, 8),
                                fake_vreg(fake, REG_FLOAT, 16)};
    for (uint32_t i = 0; i < 3; i++) {
        fake_inst(fake, 0, "start", 0, MFLAGS_NONE);
        fake_def(fake, shapes[i], POS_LATE, CONSTRAINT_REG, 0);
        VEC_PUSH(&fake->arena, &g->defs[0], shapes[i]);
    }
    const uint32_t insts = 1 + rng_below(&g->rng, rng_percent(&g->rng, 30) ? 40 : 8);
    for (uint32_t i = 0; i < g->num_blocks; i++)
        gen_block(g, g->order[i], rng_below(&g->rng, insts + 1));
    fake_finish(fake);
}

static inline void gen_function(Gen *g, Fake *fake, uint64_t seed)
{
    gen_function_by(g, fake, (Rng){.state = seed});
}

#endif
