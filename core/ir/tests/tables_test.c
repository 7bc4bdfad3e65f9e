// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tables: each name is that of its row alone, the rows agree with each other, and the
// conditions obey the laws of comparison.

#include "base/tests/child.h"
#include "ir/ir.h"

static void opcodes_by_name(void **state)
{
    (void)state;
    for (uint32_t op = 0; op < OP_COUNT; op++)
        assert_int_equal(op_parse(str_from(ir_ops[op].name)), op);
    assert_int_equal(op_parse(STR("")), OP_COUNT);
    assert_int_equal(op_parse(STR("iaddx")), OP_COUNT);
    assert_int_equal(op_parse(STR("IADD")), OP_COUNT);
    assert_int_equal(op_parse(STR("iadd")), OP_IADD);
    assert_int_equal(op_parse(STR("return")), OP_RETURN);
}

static uint32_t fixed_operands(const OpInfo *op)
{
    uint32_t n = 0;
    while (n < 3 && op->args[n] != TC_NO)
        n++;
    for (uint32_t i = n; i < 3; i++)
        assert_int_equal(op->args[i], TC_NO); // no gaps
    return n;
}

static bool uses_ctrl(TypeConstraint c)
{
    return c >= TC_SAME && c <= TC_WIDER;
}

static void opcode_rows_fit_their_formats(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < OP_COUNT; i++) {
        const OpInfo *const op = &ir_ops[i];
        const FormatInfo *const format = &ir_formats[op->format];
        const uint32_t n = fixed_operands(op);
        assert_true(format->list ? n <= 1 : n == format->values);
        assert_int_equal((op->flags & OPF_BRANCH) != 0, format->calls != CALLS_NO);
        if (op->flags & (OPF_BRANCH | OPF_RETURN))
            assert_true(op->flags & OPF_TERMINATOR);
        bool used = false;
        for (uint32_t k = 0; k < 3; k++)
            used |= uses_ctrl((TypeConstraint)op->args[k]);
        for (uint32_t k = 0; k < 2; k++)
            used |= uses_ctrl((TypeConstraint)op->results[k]) && op->results[k] != TC_SIGNATURE;
        // A type that is read off an operand may serve no other end (istore32).
        assert_true(op->ctrl == CTRL_OPERAND || used == (op->ctrl == CTRL_SUFFIX));
        assert_int_equal(op->types == TS_NONE, op->ctrl == CTRL_NONE);
        if (op->ctrl == CTRL_OPERAND) {
            assert_true(format->ctrl < n);
            for (uint32_t t = 1; t < 0x200; t++)
                if (typeset_has((TypeSet)op->types, (Type)t))
                    assert_true(op_constraint_allows((TypeConstraint)op->args[format->ctrl],
                                                     (Type)t, (Type)t));
        }
        if (op->results[0] == TC_NO)
            assert_int_equal(op->results[1], TC_NO);
        assert_true(strlen(op->meaning) != 0);
        assert_string_not_equal(format->name, "");
    }
}

static void results_have_types(void **state)
{
    (void)state;
    // Under each controlling type allowed, each result has one type: the table needs no more.
    for (uint32_t i = 0; i < OP_COUNT; i++)
        for (uint32_t code = 1; code < 10; code++)
            for (uint32_t log2 = 0; log2 <= 8; log2++) {
                const Type ctrl = TYPE_VECTOR(code, log2);
                if (ir_ops[i].ctrl != CTRL_NONE && !typeset_has((TypeSet)ir_ops[i].types, ctrl))
                    continue;
                for (uint32_t r = 0; r < op_fixed_results((Opcode)i); r++)
                    assert_int_not_equal(
                        op_constraint_type((TypeConstraint)ir_ops[i].results[r], ctrl),
                        TYPE_INVALID);
            }
}

static void fixed_results(void **state)
{
    (void)state;
    assert_int_equal(op_fixed_results(OP_STORE), 0);
    assert_int_equal(op_fixed_results(OP_CALL), 0);
    assert_int_equal(op_fixed_results(OP_IADD), 1);
    assert_int_equal(op_fixed_results(OP_ISPLIT), 2);
    assert_int_equal(op_fixed_results(OP_UADD_OVERFLOW), 2);
}

static void narrow_accesses(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < OP_COUNT; i++) {
        const MemOp *const m = &ir_memops[i];
        if (m->lane_bits == 0)
            continue;
        const bool load = (ir_ops[i].flags & OPF_LOAD) != 0;
        assert_int_equal(load, m->extend != EXT_NONE);
        assert_int_equal(!load, (ir_ops[i].flags & OPF_STORE) != 0);
        if (m->lanes == 1)
            continue;
        const Type result = op_constraint_type((TypeConstraint)ir_ops[i].results[0], TYPE_I64);
        assert_int_equal(type_lanes(result), m->lanes);
        assert_int_equal(type_lane_bits(result), 2 * m->lane_bits);
    }
}

// ---- Names of the small enumerations ----

#define NAMES_BOTH_WAYS(Name, prefix, COUNT)                                   \
    for (uint32_t i = 0; i < (uint32_t)(COUNT); i++)                           \
        assert_int_equal(prefix##_parse(str_from(prefix##_name((Name)i))), i); \
    assert_int_equal(prefix##_parse(STR("nonesuch")), (COUNT));                \
    assert_int_equal(prefix##_parse(STR("")), (COUNT));

static void names_both_ways(void **state)
{
    (void)state;
    NAMES_BOTH_WAYS(IntCC, intcc, INTCC_COUNT)
    NAMES_BOTH_WAYS(FloatCC, floatcc, FLOATCC_COUNT)
    NAMES_BOTH_WAYS(AtomicOp, atomicop, ATOMIC_COUNT)
    NAMES_BOTH_WAYS(CallConv, callconv, CC_COUNT)
    NAMES_BOTH_WAYS(Purpose, purpose, PURPOSE_COUNT)
    NAMES_BOTH_WAYS(Libcall, libcall, LIBCALL_COUNT)
    NAMES_BOTH_WAYS(KnownSymbol, knownsymbol, KNOWN_COUNT)
    assert_string_equal(libcall_symbol(LIBCALL_NEAREST_F64), "nearbyint");
    assert_true(callconv_has_exceptions(CC_TAIL));
    assert_int_equal(callconv_payloads(CC_TAIL), 2);
    assert_false(callconv_has_exceptions(CC_FAST));
    assert_int_equal(callconv_payloads(CC_WINCH), 0);
}

static void trap_codes(void **state)
{
    (void)state;
    Arena arena = {0};
    for (uint32_t code = 1; code <= 255; code++) {
        StrBuf buf = {.arena = &arena};
        trapcode_print((TrapCode)code, &buf);
        assert_int_equal(trapcode_parse(buf_view(&buf)), code);
    }
    assert_int_equal(trapcode_parse(STR("int_divz")), TRAP_INT_DIVZ);
    assert_int_equal(trapcode_parse(STR("user1")), 1);
    assert_int_equal(trapcode_parse(STR("user250")), 250);
    static const char *const none[] = {"",        "user",     "user0",  "user251", "user256",
                                       "user999", "user1000", "user01", "user1x",  "int_div"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_int_equal(trapcode_parse(str_from(none[i])), TRAP_NONE);
    arena_free(&arena);
}

// ---- Conditions ----

// What the names mean.
static bool int_holds(IntCC cc, int8_t x, int8_t y)
{
    const uint8_t ux = (uint8_t)x, uy = (uint8_t)y;
    switch (cc) {
    case INTCC_EQ: return x == y;
    case INTCC_NE: return x != y;
    case INTCC_SLT: return x < y;
    case INTCC_SGE: return x >= y;
    case INTCC_SGT: return x > y;
    case INTCC_SLE: return x <= y;
    case INTCC_ULT: return ux < uy;
    case INTCC_UGE: return ux >= uy;
    case INTCC_UGT: return ux > uy;
    case INTCC_ULE: return ux <= uy;
    case INTCC_COUNT: break;
    }
    fail();
    return false;
}

static void integer_conditions(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < INTCC_COUNT; i++) {
        const IntCC cc = (IntCC)i;
        assert_int_equal(intcc_complement(intcc_complement(cc)), cc);
        assert_int_equal(intcc_swap(intcc_swap(cc)), cc);
        for (int x = -128; x < 128; x += 5)
            for (int y = -128; y < 128; y += 5) {
                const bool holds = int_holds(cc, (int8_t)x, (int8_t)y);
                assert_int_equal(int_holds(intcc_complement(cc), (int8_t)x, (int8_t)y), !holds);
                assert_int_equal(int_holds(intcc_swap(cc), (int8_t)y, (int8_t)x), holds);
            }
    }
}

// Conditions by name: an optional `u` for "or unordered", then what C would say; `one` and `ueq`
// are "ordered and not equal", "unordered or equal".
static uint32_t outcomes_by_name(const char *name)
{
    static const struct {
        const char *name;
        uint32_t outcomes;
    } plain[] = {{"ord", FCMP_EQ | FCMP_LT | FCMP_GT},
                 {"uno", FCMP_UN},
                 {"eq", FCMP_EQ},
                 {"ne", FCMP_UN | FCMP_LT | FCMP_GT},
                 {"one", FCMP_LT | FCMP_GT},
                 {"lt", FCMP_LT},
                 {"le", FCMP_LT | FCMP_EQ},
                 {"gt", FCMP_GT},
                 {"ge", FCMP_GT | FCMP_EQ}};
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        if (strcmp(plain[i].name, name) == 0)
            return plain[i].outcomes;
    assert_int_equal(name[0], 'u');
    return FCMP_UN | outcomes_by_name(name + 1);
}

static void float_conditions(void **state)
{
    (void)state;
    uint32_t seen = 0; // bit set of outcome sets
    for (uint32_t i = 0; i < FLOATCC_COUNT; i++) {
        const uint32_t outcomes = floatcc_outcomes((FloatCC)i);
        assert_int_equal(outcomes, outcomes_by_name(floatcc_name((FloatCC)i)));
        assert_int_equal(seen & 1u << outcomes, 0);
        seen |= 1u << outcomes;
    }
    // All sets of outcomes but "never" and "always": so each condition has its complement, and its
    // mirror image under exchange of the operands.
    assert_int_equal(seen, 0xffff & ~(1u << 0) & ~(1u << 15));
}

// ---- Printing of entities, names and signatures ----

static void printing(void **state)
{
    (void)state;
    Arena arena = {0};
    static const struct {
        EntityRef entity;
        const char *text;
    } rows[] = {
        {{ENTITY_FUNC, 0}, "function"},
        {{ENTITY_BLOCK, 12}, "block12"},
        {{ENTITY_INST, 3}, "inst3"},
        {{ENTITY_VALUE, 0}, "v0"},
        {{ENTITY_STACK_SLOT, 1}, "ss1"},
        {{ENTITY_DYN_SLOT, 2}, "dss2"},
        {{ENTITY_DYN_TYPE, 3}, "dt3"},
        {{ENTITY_GLOBAL_VALUE, 4}, "gv4"},
        {{ENTITY_SIG, 5}, "sig5"},
        {{ENTITY_FUNC_REF, 6}, "fn6"},
        {{ENTITY_CONSTANT, 7}, "const7"},
        {{ENTITY_REGION, 8}, "region8"},
        {{ENTITY_STACK_LIMIT, 0}, "stack_limit"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        StrBuf buf = {.arena = &arena};
        entity_print(rows[i].entity, &buf);
        assert_true(str_eq_c(buf_view(&buf), rows[i].text));
    }
    AbiParam params[] = {{TYPE_I32, EXT_UEXT, PURPOSE_NORMAL, 0},
                         {TYPE_I64, EXT_NONE, PURPOSE_SARG, 24},
                         {TYPE_I64, EXT_NONE, PURPOSE_VMCTX, 0}};
    AbiParam returns[] = {{TYPE_F32, EXT_NONE, PURPOSE_NORMAL, 0}};
    Signature sig = {params, returns, 3, 1, CC_SYSTEM_V};
    StrBuf buf = {.arena = &arena};
    signature_print(&sig, &buf);
    assert_true(str_eq_c(buf_view(&buf), "(i32 uext, i64 sarg(24), i64 vmctx) -> f32 system_v"));
    const Signature none = {NULL, NULL, 0, 0, CC_FAST};
    StrBuf short_ = {.arena = &arena};
    signature_print(&none, &short_);
    assert_true(str_eq_c(buf_view(&short_), "() fast"));
    Signature other = sig;
    assert_true(signature_eq(&sig, &other));
    other.callconv = CC_TAIL;
    assert_false(signature_eq(&sig, &other));
    assert_false(signature_eq(&sig, &none));
    arena_free(&arena);
}

static void names_of_functions(void **state)
{
    (void)state;
    Arena arena = {0};
    const ExtName names[] = {{.kind = NAME_TESTCASE, .text = STR("f")},
                             {.kind = NAME_USER, .space = 1, .index = 2},
                             {.kind = NAME_USER_REF, .index = 2},
                             {.kind = NAME_LIBCALL, .index = LIBCALL_CEIL_F32},
                             {.kind = NAME_KNOWN_SYMBOL, .index = KNOWN_COFF_TLS_INDEX},
                             {.kind = NAME_TESTCASE, .text = STR("g")}};
    static const char *const texts[] = {"%f",       "u1:2",          "userextname2",
                                        "%CeilF32", "%CoffTlsIndex", "%g"};
    for (size_t i = 0; i < 6; i++) {
        StrBuf buf = {.arena = &arena};
        extname_print(&names[i], &buf);
        assert_true(str_eq_c(buf_view(&buf), texts[i]));
        for (size_t j = 0; j < 6; j++)
            assert_int_equal(extname_eq(&names[i], &names[j]), i == j);
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opcodes_by_name),    cmocka_unit_test(opcode_rows_fit_their_formats),
        cmocka_unit_test(results_have_types), cmocka_unit_test(fixed_results),
        cmocka_unit_test(narrow_accesses),    cmocka_unit_test(names_both_ways),
        cmocka_unit_test(trap_codes),         cmocka_unit_test(integer_conditions),
        cmocka_unit_test(float_conditions),   cmocka_unit_test(printing),
        cmocka_unit_test(names_of_functions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
