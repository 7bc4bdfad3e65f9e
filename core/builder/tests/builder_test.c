// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The builder: SSA form of small programs, counted by hand; what is reported and what is asserted;
// and functions of a size that recursion would not survive.

#include "assay/builder.h"
#include "base/tests/child.h"

typedef struct Fixture {
    Arena arena;
    Module module;
    Diag diag;
    Builder *b;
} Fixture;

static void start(Fixture *x)
{
    *x = (Fixture){.module.arena = &x->arena, .diag.arena = &x->arena};
    x->b = builder_create(&x->module);
}

static void stop(Fixture *x)
{
    builder_destroy(x->b);
    arena_free(&x->arena);
}

// A function (i32, i32) -> i32.
static void begin(Fixture *x)
{
    AbiParam params[] = {{.type = TYPE_I32}, {.type = TYPE_I32}};
    const Signature sig = {params, params, 2, 1, CC_FAST};
    builder_begin(x->b, builder_name(STR("f")), sig);
}

static Func *finish(Fixture *x)
{
    Func *f = NULL;
    const Status status = builder_finish(x->b, NULL, &f, &x->diag);
    if (status != STATUS_OK)
        fail_msg("%.*s", STR_ARG(x->diag.messages.data[0].text));
    assert_int_equal(x->diag.messages.len, 0);
    assert_ptr_equal(x->module.funcs.data[x->module.funcs.len - 1], f);
    assert_ptr_equal(f->arena, &x->arena);
    return f;
}

// The parameters of all blocks but the entry.
static uint32_t count_params(const Func *f)
{
    uint32_t n = 0;
    IR_FOR_BLOCKS (f, block)
        n += block.i == f->first_block.i ? 0 : block_params(f, block).len;
    return n;
}

static Value constant(Fixture *x, int64_t n)
{
    return ins_iconst(x->b, TYPE_I32, n);
}

// ---- SSA form ----

static void straight_line(void **state)
{
    (void)state;
    Fixture x;
    start(&x);
    begin(&x);
    const Var var = builder_var(x.b, TYPE_I32);
    builder_def(x.b, var, builder_param(x.b, 1));
    assert_int_equal(builder_use(x.b, var).i, builder_param(x.b, 1).i);
    const Value sum = ins_iadd(x.b, builder_use(x.b, var), builder_param(x.b, 0));
    builder_def(x.b, var, sum);
    assert_int_equal(builder_use(x.b, var).i, sum.i);
    ins_return(x.b, VALUES(builder_use(x.b, var)));
    assert_true(builder_is_terminated(x.b));
    Func *const f = finish(&x);
    assert_int_equal(f->insts.len, 2);
    assert_int_equal(inst_args(f, (Inst){0}).data[0], 1);
    assert_int_equal(inst_args(f, (Inst){0}).data[1], 0);
    assert_int_equal(inst_args(f, (Inst){1}).data[0], sum.i);
    stop(&x);
}

typedef struct Diamond {
    Block yes, no, join;
} Diamond;

// entry -> yes, no -> join, sealed as soon as can be; the join is current.
static Diamond diamond(Fixture *x, Var var, bool set_yes, bool set_no)
{
    const Diamond d = {builder_block(x->b), builder_block(x->b), builder_block(x->b)};
    ins_brif(x->b, builder_param(x->b, 0), GOTO(d.yes), GOTO(d.no));
    builder_seal(x->b, d.yes);
    builder_seal(x->b, d.no);
    builder_switch(x->b, d.yes);
    if (set_yes)
        builder_def(x->b, var, constant(x, 1));
    ins_jump(x->b, GOTO(d.join));
    builder_switch(x->b, d.no);
    if (set_no)
        builder_def(x->b, var, constant(x, 2));
    ins_jump(x->b, GOTO(d.join));
    builder_seal(x->b, d.join);
    builder_switch(x->b, d.join);
    return d;
}

static void join_of_two_values(void **state)
{
    (void)state;
    for (int mask = 0; mask < 4; mask++) {
        Fixture x;
        start(&x);
        begin(&x);
        const Var var = builder_var(x.b, TYPE_I32);
        builder_def(x.b, var, builder_param(x.b, 1));
        const Diamond d = diamond(&x, var, mask & 1, mask & 2);
        ins_return(x.b, VALUES(builder_use(x.b, var)));
        const Func *const f = finish(&x);
        // A parameter where the two sides differ, and only there.
        assert_int_equal(count_params(f), mask != 0);
        const Inst ret = f->blocks.data[d.join.i].last;
        const Span params = block_params(f, d.join);
        assert_int_equal(inst_args(f, ret).data[0], mask != 0 ? params.data[0] : 1);
        if (mask == 0) {
            stop(&x);
            continue;
        }
        const Block sides[] = {d.yes, d.no};
        for (uint32_t s = 0; s < 2; s++) {
            const Inst jump = f->blocks.data[sides[s].i].last;
            const Span args = call_args(f, inst_calls(f, jump).data[0]);
            const Inst def = f->blocks.data[sides[s].i].first;
            assert_int_equal(args.len, 1);
            assert_int_equal(blockarg_index((BlockArg){args.data[0]}),
                             (mask >> s & 1) != 0 ? inst_result(f, def).i : 1);
        }
        stop(&x);
    }
}

// One branch with both targets the same block: two edges, each with its argument.
static void both_ways_to_one_block(void **state)
{
    (void)state;
    Fixture x;
    start(&x);
    begin(&x);
    const Block next = builder_block(x.b);
    const Value given = builder_append_param(x.b, next, TYPE_I32);
    const Var var = builder_var(x.b, TYPE_I32);
    builder_def(x.b, var, builder_param(x.b, 1));
    ins_brif(x.b, builder_param(x.b, 0), GOTO_WITH(next, builder_param(x.b, 0)),
             GOTO_WITH(next, builder_param(x.b, 1)));
    builder_switch(x.b, next);
    const Value early = builder_use(x.b, var); // while unsealed: a parameter for now
    const Value sum = ins_iadd(x.b, early, given);
    builder_seal(x.b, next);
    assert_int_equal(builder_use(x.b, var).i, builder_param(x.b, 1).i);
    ins_return(x.b, VALUES(sum));
    const Func *const f = finish(&x);
    assert_int_equal(count_params(f), 1);
    assert_int_equal(inst_args(f, f->blocks.data[next.i].first).data[0], 1);
    assert_int_equal(value_kind(f, early), VALUE_NONE);
    stop(&x);
}

// for (i = 0; i != n; i++) with an accumulator and something that does not change.
static void loop(void **state)
{
    (void)state;
    Fixture x;
    start(&x);
    begin(&x);
    const Var i = builder_var(x.b, TYPE_I32), sum = builder_var(x.b, TYPE_I32);
    const Var fixed = builder_var(x.b, TYPE_I32);
    builder_def(x.b, i, constant(&x, 0));
    builder_def(x.b, sum, constant(&x, 0));
    builder_def(x.b, fixed, builder_param(x.b, 1));
    const Block head = builder_block(x.b), body = builder_block(x.b), done = builder_block(x.b);
    ins_jump(x.b, GOTO(head));
    builder_switch(x.b, head);
    const Value more = ins_icmp(x.b, INTCC_NE, builder_use(x.b, i), builder_param(x.b, 0));
    ins_brif(x.b, more, GOTO(body), GOTO(done));
    builder_seal(x.b, body);
    builder_seal(x.b, done);
    builder_switch(x.b, body);
    builder_def(x.b, sum, ins_iadd(x.b, builder_use(x.b, sum), builder_use(x.b, fixed)));
    builder_def(x.b, i, ins_iadd(x.b, builder_use(x.b, i), constant(&x, 1)));
    ins_jump(x.b, GOTO(head));
    builder_seal(x.b, head);
    builder_switch(x.b, done);
    ins_return(x.b, VALUES(builder_use(x.b, sum)));
    const Func *const f = finish(&x);
    assert_int_equal(block_params(f, head).len, 2); // i and sum, not fixed
    assert_int_equal(count_params(f), 2);
    // The addition of `fixed` names the function's parameter itself.
    const Inst add = f->blocks.data[body.i].first;
    assert_int_equal(inst_args(f, add).data[1], 1);
    stop(&x);
}

// Loops in loops that pass a variable through unchanged need no parameter for it, in whatever order
// the blocks are sealed.
static void nest_of_loops(void **state)
{
    (void)state;
    enum { DEPTH = 50 };
    for (int order = 0; order < 3; order++) {
        Fixture x;
        start(&x);
        begin(&x);
        const Var var = builder_var(x.b, TYPE_I32);
        builder_def(x.b, var, builder_param(x.b, 1));
        Block heads[DEPTH], exits[DEPTH];
        for (int d = 0; d < DEPTH; d++) {
            heads[d] = builder_block(x.b);
            exits[d] = builder_block(x.b);
            ins_jump(x.b, GOTO(heads[d]));
            builder_switch(x.b, heads[d]);
            (void)ins_ineg(x.b, builder_use(x.b, var));
        }
        for (int d = DEPTH; d-- > 0;) {
            ins_brif(x.b, builder_use(x.b, var), GOTO(heads[d]), GOTO(exits[d]));
            if (order == 0)
                builder_seal(x.b, heads[d]);
            builder_switch(x.b, exits[d]);
        }
        ins_return(x.b, VALUES(builder_use(x.b, var)));
        for (int d = 0; d < DEPTH && order == 1; d++)
            builder_seal(x.b, heads[d]);
        builder_seal_all(x.b);
        const Func *const f = finish(&x);
        assert_int_equal(count_params(f), 0);
        stop(&x);
    }
}

// Each type's zero: where no definition reaches.
static void variables_never_set(void **state)
{
    (void)state;
    static const char *const types[] = {"i8",   "i64",   "i128",  "f16",     "f32",     "f64",
                                        "f128", "i8x16", "f64x2", "i32x4xN", "i128x2xN"};
    Fixture x;
    start(&x);
    begin(&x);
    const Value keep = constant(&x, 7);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        const Type type = type_parse(str_from(types[i]));
        const Var var = builder_var(x.b, type);
        const Value zero = builder_use(x.b, var);
        assert_int_equal(value_type(builder_func(x.b), zero), type);
        assert_int_equal(builder_use(x.b, var).i, zero.i); // made once
        // Before the first instruction, so that it is there for all blocks.
        const Func *const f = builder_func(x.b);
        assert_int_not_equal(f->blocks.data[0].first.i, value_def(f, keep));
    }
    ins_return(x.b, VALUES(keep));
    const Func *const f = finish(&x);
    IR_FOR_INSTS (f, f->first_block, inst) {
        const Opcode op = inst_op(f, inst);
        if (op == OP_ICONST && inst_result(f, inst).i != keep.i)
            assert_int_equal(inst_imm(f, inst), 0);
        if (op == OP_VCONST || op == OP_F128CONST) {
            const ConstantData *const c = &f->constants.data[func_inst(f, inst)->w[0]];
            for (uint32_t i = 0; i < c->size; i++)
                assert_int_equal(c->bytes[i], 0);
        }
    }
    assert_int_equal(f->constants.len, 1); // 16 zero bytes serve all three
    stop(&x);
}

// Set on one side only; and in blocks that nothing reaches, a ring among them.
static void half_set_and_unreachable(void **state)
{
    (void)state;
    Fixture x;
    start(&x);
    begin(&x);
    const Var var = builder_var(x.b, TYPE_I32);
    (void)diamond(&x, var, true, false);
    ins_return(x.b, VALUES(builder_use(x.b, var)));
    const Block alone = builder_block(x.b);
    builder_seal(x.b, alone);
    builder_switch(x.b, alone);
    ins_return(x.b, VALUES(builder_use(x.b, var)));
    const Block a = builder_block(x.b), c = builder_block(x.b);
    builder_switch(x.b, a);
    ins_jump(x.b, GOTO(c));
    builder_seal(x.b, c);
    builder_switch(x.b, c);
    (void)ins_ineg(x.b, builder_use(x.b, var)); // a is not sealed yet
    ins_jump(x.b, GOTO(a));
    builder_seal(x.b, a);
    const Var other = builder_var(x.b, TYPE_I32);
    const Block d = builder_block(x.b), e = builder_block(x.b);
    builder_switch(x.b, d);
    ins_jump(x.b, GOTO(e));
    builder_seal(x.b, e);
    builder_switch(x.b, e);
    ins_brif(x.b, builder_param(x.b, 0), GOTO(d), GOTO(d));
    builder_seal(x.b, d);
    const Block after = builder_block(x.b);
    (void)after; // no trace of it
    const Block last = builder_block(x.b);
    builder_seal(x.b, last);
    builder_switch(x.b, last);
    ins_return(x.b, VALUES(builder_use(x.b, other)));
    const Func *const f = finish(&x);
    assert_int_equal(count_params(f), 1); // of the diamond
    assert_false(f->blocks.data[after.i].inserted);
    stop(&x);
}

// In a ring that nothing outside jumps into, a variable counted up is no operand of its own sum.
static void counting_in_a_ring(void **state)
{
    (void)state;
    Fixture x;
    start(&x);
    begin(&x);
    const Var var = builder_var(x.b, TYPE_I32);
    builder_def(x.b, var, builder_param(x.b, 1));
    ins_return(x.b, VALUES(builder_use(x.b, var)));
    const Block ring = builder_block(x.b);
    builder_switch(x.b, ring);
    const Value before = builder_use(x.b, var);
    builder_def(x.b, var, ins_iadd(x.b, before, before));
    const Inst sum = builder_last(x.b);
    ins_jump(x.b, GOTO(ring));
    builder_seal(x.b, ring);
    const Func *const f = finish(&x);
    const Span args = inst_args(f, sum);
    assert_int_equal(args.len, 2);
    assert_int_not_equal(args.data[0], inst_result(f, sum).i);
    assert_int_equal(args.data[0], args.data[1]);
    stop(&x);
}

// ---- Size ----

static void long_chain(void **state)
{
    (void)state;
    enum { N = 100000 };
    for (int how = 0; how < 3; how++) { // plain chain, chain of diamonds, sealed only at the end
        Fixture x;
        start(&x);
        begin(&x);
        const Var var = builder_var(x.b, TYPE_I32), other = builder_var(x.b, TYPE_I32);
        builder_def(x.b, var, builder_param(x.b, 1));
        builder_def(x.b, other, builder_param(x.b, 0));
        for (int i = 0; i < N; i++) {
            const Block next = builder_block(x.b);
            if (how == 0)
                ins_jump(x.b, GOTO(next));
            else
                ins_brif(x.b, builder_param(x.b, 0), GOTO(next), GOTO(next));
            if (how != 2)
                builder_seal(x.b, next);
            builder_switch(x.b, next);
            if (i % 1000 == 0)
                builder_def(x.b, other, ins_iadd(x.b, builder_use(x.b, other), constant(&x, 1)));
        }
        ins_return(x.b, VALUES(ins_iadd(x.b, builder_use(x.b, var), builder_use(x.b, other))));
        builder_seal_all(x.b);
        const Func *const f = finish(&x);
        assert_int_equal(f->blocks.len, N + 1);
        assert_int_equal(count_params(f), 0);
        const Inst ret = f->blocks.data[f->last_block.i].last;
        const Inst sum = {value_def(f, (Value){inst_args(f, ret).data[0]})};
        assert_int_equal(inst_args(f, sum).data[0], 1);
        stop(&x);
    }
}

// A loop around a long chain: the read at its end goes all the way up to the unsealed head.
static void long_loop(void **state)
{
    (void)state;
    enum { N = 50000 };
    Fixture x;
    start(&x);
    begin(&x);
    const Var var = builder_var(x.b, TYPE_I32);
    builder_def(x.b, var, builder_param(x.b, 1));
    const Block head = builder_block(x.b), out = builder_block(x.b);
    ins_jump(x.b, GOTO(head));
    builder_switch(x.b, head);
    for (int i = 0; i < N; i++) {
        const Block a = builder_block(x.b), c = builder_block(x.b);
        ins_brif(x.b, builder_param(x.b, 0), GOTO(a), GOTO(c));
        builder_seal(x.b, a);
        builder_switch(x.b, a);
        ins_jump(x.b, GOTO(c));
        builder_seal(x.b, c);
        builder_switch(x.b, c);
    }
    builder_def(x.b, var, ins_iadd(x.b, builder_use(x.b, var), constant(&x, 1)));
    ins_brif(x.b, builder_param(x.b, 0), GOTO(head), GOTO(out));
    builder_seal(x.b, head);
    builder_seal(x.b, out);
    builder_switch(x.b, out);
    ins_return(x.b, VALUES(builder_use(x.b, var)));
    const Func *const f = finish(&x);
    assert_int_equal(count_params(f), 1);
    assert_int_equal(block_params(f, head).len, 1);
    stop(&x);
}

// Many variables through one join: the lists are written once, not grown.
static void wide_join(void **state)
{
    (void)state;
    enum { N = 20000 };
    Fixture x;
    start(&x);
    begin(&x);
    for (int i = 0; i < N; i++)
        (void)builder_var(x.b, TYPE_I32);
    const Diamond d = diamond(&x, (Var){0}, true, true);
    builder_abandon(x.b);
    begin(&x);
    const Block yes = builder_block(x.b), no = builder_block(x.b), join = builder_block(x.b);
    assert_int_equal(join.i, d.join.i);
    ins_brif(x.b, builder_param(x.b, 0), GOTO(yes), GOTO(no));
    builder_switch(x.b, yes);
    for (uint32_t i = 0; i < N; i++)
        builder_def(x.b, builder_var(x.b, TYPE_I32), constant(&x, i));
    ins_jump(x.b, GOTO(join));
    builder_switch(x.b, no);
    for (uint32_t i = 0; i < N; i++)
        builder_def(x.b, (Var){i}, constant(&x, -(int64_t)i));
    ins_jump(x.b, GOTO(join));
    builder_seal_all(x.b);
    builder_switch(x.b, join);
    Value sum = builder_param(x.b, 0);
    for (uint32_t i = 0; i < N; i++)
        sum = ins_iadd(x.b, sum, builder_use(x.b, (Var){i}));
    ins_return(x.b, VALUES(sum));
    const Func *const f = finish(&x);
    assert_int_equal(block_params(f, join).len, N);
    const Span args = call_args(f, inst_calls(f, f->blocks.data[no.i].last).data[0]);
    assert_int_equal(args.len, N);
    for (uint32_t i = 0; i < N; i++) {
        const Inst def = {value_def(f, (Value){blockarg_index((BlockArg){args.data[i]})})};
        assert_int_equal(inst_imm(f, def), -(uint64_t)i);
    }
    stop(&x);
}

// ---- What is reported ----

// Ends the function, which must be refused with exactly these messages.
static void assert_refused(Fixture *x, Status status, const char *const *texts, uint32_t n)
{
    Func *out = NULL;
    assert_int_equal(builder_finish(x->b, NULL, &out, &x->diag), status);
    assert_null(out);
    assert_int_equal(x->module.funcs.len, 0);
    for (uint32_t i = 0; i < n; i++) {
        assert_true(i < x->diag.messages.len);
        const Str text = x->diag.messages.data[i].text;
        if (!str_eq_c(text, texts[i]))
            fail_msg("message %u was: %.*s", i, STR_ARG(text));
    }
    assert_int_equal(x->diag.messages.len, n);
    x->diag = (Diag){.arena = &x->arena};
}

#define REFUSED(x, ...)                                                     \
    assert_refused((x), STATUS_INVALID, (const char *const[]){__VA_ARGS__}, \
                   sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void wrong_types(void **state)
{
    (void)state;
    Fixture x;
    start(&x);
    begin(&x);
    const Value i = builder_param(x.b, 0), f = ins_f32const(x.b, 1.5f);
    (void)ins_iadd(x.b, i, f);
    (void)ins_fadd(x.b, i, i);
    (void)ins_uextend(x.b, TYPE_I16, i);
    (void)ins_ireduce(x.b, TYPE_I64, i);
    (void)ins_load(x.b, TYPE_I32, MEM_DEFAULT, f, 0);
    (void)ins_iconst(x.b, TYPE_I8, 256);
    (void)ins_iconst(x.b, TYPE_I128, 0);
    (void)builder_unary(x.b, OP_INEG, TYPE_INVALID, f);
    (void)ins_select(x.b, f, i, i);
    builder_def(x.b, builder_var(x.b, TYPE_F64), i);
    ins_return(x.b, VALUES(f));
    REFUSED(&x, "function %f: iadd: operand 1, v2, is of type f32; wanted: i32",
            "function %f: fadd does not exist for i32",
            "function %f: uextend: operand 0, v0, is of type i32; wanted: a type narrower than i16",
            "function %f: ireduce: operand 0, v0, is of type i32; wanted: a type wider than i64",
            "function %f: load: operand 0, v2, is of type f32; wanted: a type of another kind",
            "function %f: iconst: 256 does not fit i8",
            "function %f: iconst does not exist for i128",
            "function %f: ineg does not exist for f32",
            "function %f: select: operand 0, v2, is of type f32; wanted: a type of another kind",
            "function %f: a variable of type f64 is set to v0 of type i32",
            "function %f: return: value 0, v2, is of type f32; wanted: i32");
    stop(&x);
}

static void wrong_calls(void **state)
{
    (void)state;
    Fixture x;
    start(&x);
    begin(&x);
    const Value i = builder_param(x.b, 0);
    AbiParam params[] = {{.type = TYPE_I32}, {.type = TYPE_F32}};
    const SigRef sig = builder_signature(x.b, (Signature){params, NULL, 2, 0, CC_FAST});
    const FuncRef g = builder_import(x.b, builder_name(STR("g")), sig, false);
    (void)ins_call(x.b, g, VALUES(i));
    (void)ins_call(x.b, g, VALUES(i, i));
    (void)ins_call_indirect(x.b, sig, i, VALUES(i, ins_f32const(x.b, 0.0f)));
    const Block next = builder_block(x.b);
    (void)builder_append_param(x.b, next, TYPE_I64);
    ins_brif(x.b, i, GOTO(next), GOTO_WITH(next, i));
    builder_seal(x.b, next);
    builder_switch(x.b, next);
    (void)ins_return_call(x.b, g, VALUES(i, ins_f32const(x.b, 0.0f)));
    REFUSED(&x, "function %f: call: 1 values are given where 2 are wanted",
            "function %f: call: value 1, v0, is of type i32; wanted: f32",
            "function %f: return_call: the callee returns other types than the function",
            "function %f: branch in block0 to block1 has 0 arguments; wanted: 1",
            "function %f: branch in block0 to block1: argument 0 is of type i32; wanted: i64");
    stop(&x);
}

static void wrong_flow(void **state)
{
    (void)state;
    Fixture x;
    start(&x);
    begin(&x);
    const Value i = builder_param(x.b, 0);
    const Block a = builder_block(x.b), unsealed = builder_block(x.b), empty = builder_block(x.b);
    builder_seal(x.b, a);
    ins_brif(x.b, i, GOTO(a), GOTO(empty));
    builder_seal(x.b, empty);
    (void)ins_ineg(x.b, i);
    builder_def(x.b, builder_var(x.b, TYPE_I32), i);
    builder_switch(x.b, a);
    ins_jump(x.b, GOTO(builder_entry(x.b)));
    builder_switch(x.b, unsealed);
    REFUSED(&x, "function %f: branch to block1, which is sealed",
            "function %f: ineg stands behind the terminator of block0",
            "function %f: a variable is set behind the terminator of block0",
            "function %f: branch to the entry block", "function %f: block2 has no terminator",
            "function %f: block2 was never sealed",
            "function %f: block3 is branched to, but has no instructions");
    // The builder is as good as new.
    begin(&x);
    ins_return(x.b, VALUES(builder_param(x.b, 0)));
    (void)finish(&x);
    stop(&x);
}

static void messages_have_places(void **state)
{
    (void)state;
    Fixture x;
    start(&x);
    begin(&x);
    Source source = {.path = STR("prog"), .text = STR("one\ntwo three\n")};
    builder_set_pos(x.b, 8);
    (void)ins_fneg(x.b, builder_param(x.b, 0));
    builder_set_pos(x.b, 0);
    ins_return(x.b, VALUES(builder_param(x.b, 0)));
    assert_int_equal(builder_finish(x.b, &source, NULL, &x.diag), STATUS_INVALID);
    assert_int_equal(x.diag.messages.len, 1);
    assert_int_equal(x.diag.messages.data[0].where.line, 2);
    assert_int_equal(x.diag.messages.data[0].where.col, 5);
    stop(&x);
}

static void too_many_parameters(void **state)
{
    (void)state;
    Fixture x;
    start(&x);
    begin(&x);
    const Block head = builder_block(x.b);
    ins_jump(x.b, GOTO(head));
    builder_switch(x.b, head);
    const Value i = builder_param(x.b, 0);
    for (uint32_t k = 0; k < 65536; k++) {
        const Var var = builder_var(x.b, TYPE_I32);
        builder_def(x.b, var, ins_iadd(x.b, builder_use(x.b, var), i));
    }
    ins_jump(x.b, GOTO(head));
    builder_seal(x.b, head);
    assert_refused(
        &x, STATUS_LIMIT,
        (const char *const[]){"function %f: block1 has 65536 parameters; at most 65535 can be"}, 1);
    stop(&x);
}

// ---- What is asserted ----

static void emit_outside(void *context)
{
    Fixture *const x = context;
    (void)ins_iconst(x->b, TYPE_I32, 1);
}

static void begin_twice(void *context)
{
    begin(context);
    begin(context);
}

static void foreign_value(void *context)
{
    Fixture *const x = context;
    begin(x);
    (void)ins_ineg(x->b, (Value){1000});
}

static void wrong_family(void *context)
{
    Fixture *const x = context;
    begin(x);
    (void)builder_unary(x->b, OP_IADD, TYPE_INVALID, builder_param(x->b, 0));
}

static void misuse_is_asserted(void **state)
{
    (void)state;
    Fixture x;
    start(&x);
    assert_aborts(emit_outside, &x, "assertion failed");
    assert_aborts(begin_twice, &x, "!b->func");
    assert_aborts(foreign_value, &x, "values.len");
    assert_aborts(wrong_family, &x, "op_format(op) == format");
    stop(&x);
}

// ---- Ownership ----

static void inputs_are_copied(void **state)
{
    (void)state;
    Fixture x;
    start(&x);
    char name[] = "callee";
    AbiParam params[] = {{.type = TYPE_I32}};
    uint8_t bytes[16] = {1, 2, 3};
    builder_begin(x.b, builder_name(str_from(name)), (Signature){params, params, 1, 1, CC_FAST});
    const SigRef sig = builder_signature(x.b, (Signature){params, params, 1, 1, CC_TAIL});
    const FuncRef g = builder_import(x.b, builder_name(str_from(name)), sig, true);
    const Constant c = builder_constant(x.b, bytes, 16);
    assert_int_equal(builder_constant(x.b, bytes, 16).i, c.i);
    assert_int_not_equal(builder_constant(x.b, bytes, 8).i, c.i);
    const Value v = ins_vconst(x.b, TYPE_I8X16, c);
    const Value w = ins_shuffle(x.b, v, v, bytes);
    (void)w;
    builder_set_srcloc(x.b, 42);
    ins_return(x.b, VALUES(ins_call(x.b, g, VALUES(builder_param(x.b, 0)))));
    const Func *const f = finish(&x);
    memset(name, '?', sizeof(name) - 1);
    memset(bytes, 0xff, sizeof(bytes));
    params[0].type = TYPE_F64;
    builder_destroy(x.b);
    assert_true(str_eq_c(f->name.text, "callee"));
    assert_true(str_eq_c(f->funcs.data[g.i].name.text, "callee"));
    assert_int_equal(f->sig.params[0].type, TYPE_I32);
    assert_int_equal(f->sigs.data[0].sig.returns[0].type, TYPE_I32);
    assert_int_equal(f->constants.data[c.i].bytes[1], 2);
    assert_int_equal(f->masks.data[0][2], 3);
    assert_int_equal(f->srclocs.len, f->insts.len);
    assert_int_equal(f->srclocs.data[0], NO_INDEX);
    assert_int_equal(f->srclocs.data[f->insts.len - 1], 42);
    arena_free(&x.arena);
}

static void constants_have_one_form(void **state)
{
    (void)state;
    Fixture x;
    start(&x);
    begin(&x);
    static const struct {
        Type type;
        int64_t given;
        uint64_t is;
    } rows[] = {{TYPE_I8, 255, UINT64_MAX},
                {TYPE_I8, -128, (uint64_t)-128},
                {TYPE_I8, 127, 127},
                {TYPE_I16, 0x8000, (uint64_t)-32768},
                {TYPE_I32, 0xffffffff, UINT64_MAX},
                {TYPE_I32, INT32_MIN, (uint64_t)INT32_MIN},
                {TYPE_I64, INT64_MIN, (uint64_t)INT64_MIN},
                {TYPE_I64, -1, UINT64_MAX}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void)ins_iconst(x.b, rows[i].type, rows[i].given);
        assert_int_equal(inst_imm(builder_func(x.b), builder_last(x.b)), rows[i].is);
    }
    (void)ins_f64const(x.b, -0.0);
    assert_int_equal(inst_imm(builder_func(x.b), builder_last(x.b)), 0x8000000000000000);
    (void)ins_f32const(x.b, 1.0f);
    assert_int_equal(inst_imm(builder_func(x.b), builder_last(x.b)), 0x3f800000);
    (void)ins_isplit(x.b, ins_uextend(x.b, TYPE_I128, builder_param(x.b, 0)));
    assert_int_equal(builder_result(x.b, 1).i, builder_result(x.b, 0).i + 1);
    ins_return(x.b, VALUES(builder_param(x.b, 0)));
    (void)finish(&x);
    stop(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(straight_line),
        cmocka_unit_test(join_of_two_values),
        cmocka_unit_test(both_ways_to_one_block),
        cmocka_unit_test(loop),
        cmocka_unit_test(nest_of_loops),
        cmocka_unit_test(variables_never_set),
        cmocka_unit_test(half_set_and_unreachable),
        cmocka_unit_test(counting_in_a_ring),
        cmocka_unit_test(long_chain),
        cmocka_unit_test(long_loop),
        cmocka_unit_test(wide_join),
        cmocka_unit_test(wrong_types),
        cmocka_unit_test(wrong_calls),
        cmocka_unit_test(wrong_flow),
        cmocka_unit_test(messages_have_places),
        cmocka_unit_test(too_many_parameters),
        cmocka_unit_test(misuse_is_asserted),
        cmocka_unit_test(inputs_are_copied),
        cmocka_unit_test(constants_have_one_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
