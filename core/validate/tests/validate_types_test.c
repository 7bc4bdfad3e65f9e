// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rules about types, calls, returns and immediates, one test each.

#include "validate/tests/validate_cases.h"

// Where the controlling type gives a result, the parser refuses a wrong one already.
static void test_controlling_types(void **state)
{
    (void)state;
    CHECK(NULL, "enable_pinned_reg",
          "function %f(i32, f32, i8x16, f32x4) {\n"
          "block0(v0: i32, v1: f32, v2: i8x16, v3: f32x4):\n"
          "    trapz v3, user1 ; error: has an invalid controlling type f32x4\n"
          "    v4 = vany_true v0 ; error: has an invalid controlling type i32\n"
          "    v5 = icmp eq v1, v1 ; error: has an invalid controlling type f32\n"
          "    set_pinned_reg v1 ; error: has an invalid controlling type f32\n"
          "    brif v1, block1, block1 ; error: has an invalid controlling type f32\n"
          "block1:\n"
          "    return\n"
          "}\n");
}

static void test_result_types(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %f(i32, i64, i64x2) {\n"
          "block0(v0: i32, v1: i64, v2: i64x2):\n"
          "    v3 = iadd.i32 v1, v1 ; error: expected result 0 (v3) to have type i64, found i32\n"
          "    v4, v5 = uadd_overflow.i32 v1, v1 ; error: expected result 0 (v4) to have type i64, "
          "found i32\n"
          "    store.i32 v1, v1\n"
          "    v8 = icmp.i8 eq v0, v0\n"
          "    return\n"
          "}\n");
}

static void test_dynamic_vectors(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %f(i32) -> i32x4 {\n"
          "    gv0 = dyn_scale_target_const.i32x4\n"
          "    dt0 = i32x4*gv0\n"
          "    dss0 = explicit_dynamic_slot dt0\n"
          "block0(v0: i32):\n"
          "    v1 = splat.dt0 v0\n"
          "    v2 = iadd v1, v1\n"
          "    v3 = dynamic_stack_addr.i64 dss0\n"
          "    store v2, v3\n"
          "    v4 = extract_vector v2, 0\n"
          "    v5 = iadd v4, v2 ; error: arg 1 (v2) has type i32x4xN, expected i32x4\n"
          "    v6 = extract_vector v4, 0 ; error: has an invalid controlling type i32x4\n"
          "    return v4\n"
          "}\n");
}

static void test_operand_types(void **state)
{
    (void)state;
    CHECK(
        NULL, NULL,
        "function %f(i32, i64, i8x16, f32, f64, i8) {\n"
        "block0(v0: i32, v1: i64, v2: i8x16, v3: f32, v4: f64, v5: i8):\n"
        "    v6 = iadd v0, v1 ; error: arg 1 (v1) has type i64, expected i32\n"
        "    v7 = select v3, v0, v0 ; error: arg 0 (v3) with type f32 failed to satisfy type set\n"
        "    v8 = select v5, v0, v1 ; error: arg 2 (v1) has type i64, expected i32\n"
        "    v9 = ishl v2, v3 ; error: arg 1 (v3) with type f32 failed to satisfy type set\n"
        "    v10 = insertlane v2, v0, 3 ; error: arg 1 (v0) has type i32, expected i8\n"
        "    v11 = swizzle v2, v0 ; error: arg 1 (v0) has type i32, expected i8x16\n"
        "    v12, v13 = uadd_overflow_cin v0, v0, v0 ; error: arg 2 (v0) has type i32, expected "
        "i8\n"
        "    v14 = sextend.i32 v0 ; error: arg 0 (v0) with type i32 failed to satisfy type set\n"
        "    v15 = ireduce.i32 v3 ; error: arg 0 (v3) with type f32 failed to satisfy type set\n"
        "    v16 = fpromote.f64 v3\n"
        "    v17 = fdemote.f64 v3 ; error: arg 0 (v3) with type f32 failed to satisfy type set\n"
        "    v18 = fcvt_to_sint.i32 v1 ; error: arg 0 (v1) with type i64 failed to satisfy type "
        "set\n"
        "    v19 = load.i32 v5 ; error: arg 0 (v5) with type i8 failed to satisfy type set\n"
        "    v20 = scalar_to_vector.i32x4 v1 ; error: arg 0 (v1) has type i64, expected i32\n"
        "    v21 = fvpromote_low v2 ; error: arg 0 (v2) has type i8x16, expected f32x4\n"
        "    br_table v1, block1, [] ; error: arg 0 (v1) has type i64, expected i32\n"
        "block1:\n"
        "    istore32 v0, v1 ; error: has an invalid controlling type i32\n"
        "    ; error: arg 0 (v0) has type i32, expected i64\n"
        "    return\n"
        "}\n");
}

static void test_block_arguments(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %f(i32, i64, i32) {\n"
          "block0(v0: i32, v1: i64, v2: i32):\n"
          "    brif v0, block1(v1, v0), block1(v0) ; error: arg v1 has type i64, expected i32\n"
          "    ; error: arg v0 has type i32, expected i64\n"
          "    ; error: mismatched argument count for `brif v0, block1(v1, v0), block1(v0)`: got "
          "1, expected 2\n"
          "block1(v3: i32, v4: i64):\n"
          "    br_table v3, block2(v4), [block2(v4), block2(v3), block2] ; error: arg v3 has type "
          "i32, expected i64\n"
          "    ; error: got 0, expected 1\n"
          "block2(v5: i64):\n"
          "    return\n"
          "}\n");
}

static void test_calls(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %f(i32, i64) {\n"
          "    sig0 = (i64) -> i8\n"
          "    fn0 = %g(i32, i64) -> f32, f64\n"
          "block0(v0: i32, v1: i64):\n"
          "    v2, v3 = call fn0(v0, v1)\n"
          "    v4, v5 = call fn0(v1, v1) ; error: arg 0 (v1) has type i64, expected i32\n"
          "    v6, v7 = call fn0(v0) ; error: mismatched argument count for `v6, v7 = call "
          "fn0(v0)`: got 1, "
          "expected 2\n"
          "    v8 = call_indirect sig0, v1(v1)\n"
          "    v9 = call_indirect sig0, v1(v0) ; error: arg 0 (v0) has type i32, expected i64\n"
          "    v10 = call_indirect sig0, v1() ; error: mismatched argument count for "
          "`v10 = call_indirect sig0, v1()`: got 0, expected 1\n"
          "    v11 = call_indirect sig0, v8(v1) ; error: has an invalid controlling type i8\n"
          "    v12 = fadd v2, v2\n"
          "    return\n"
          "}\n");
}

static void test_returns(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %count(i32) -> i32, i64 {\n"
          "block0(v0: i32):\n"
          "    return v0 ; error: arguments of return must match function signature\n"
          "}\n"
          "function %types(i32, i64) -> i32, i64 {\n"
          "block0(v0: i32, v1: i64):\n"
          "    return v1, v0\n"
          "    ; error: result 0 has type i64, must match function signature of i32\n"
          "    ; error: result 1 has type i32, must match function signature of i64\n"
          "}\n");
}

static void test_tail_calls(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %good(i64) -> i32 tail {\n"
          "    sig0 = () -> i32 tail\n"
          "block0(v0: i64):\n"
          "    return_call_indirect sig0, v0()\n"
          "}\n"
          "function %conventions(i64) -> i32 tail {\n"
          "    sig0 = () -> i32 system_v\n"
          "block0(v0: i64):\n"
          "    return_call_indirect sig0, v0()\n"
          "    ; error: calling convention `system_v` does not support tail calls\n"
          "    ; error: callee's calling convention must match caller\n"
          "}\n"
          "function %caller() system_v {\n"
          "    fn0 = %g() tail\n"
          "block0:\n"
          "    return_call fn0() ; error: callee's calling convention must match caller\n"
          "}\n"
          "function %count() -> i32 tail {\n"
          "    fn0 = %g() -> i32, i32 tail\n"
          "block0:\n"
          "    return_call fn0() ; error: results of callee must match caller\n"
          "}\n"
          "function %types(i8) -> i32, i8 tail {\n"
          "    fn0 = %g(i32) -> i64, i8 tail\n"
          "block0(v0: i8):\n"
          "    return_call fn0(v0) ; error: arg 0 (v0) has type i8, expected i32\n"
          "    ; error: result 0 has type i64, must match function signature of i32\n"
          "}\n");
}

static void test_global_uses(void **state)
{
    (void)state;
    CHECK("aarch64", NULL,
          "function %f(i64 vmctx) {\n"
          "    gv0 = vmctx\n"
          "    gv1 = load.i8 notrap aligned gv0\n"
          "    gv2 = symbol tls %s\n"
          "block0(v0: i64):\n"
          "    v1 = symbol_value.i64 gv0\n"
          "    v2 = symbol_value.i8 gv1\n"
          "    v3 = symbol_value.i32 gv1 ; error: global_value instruction with type i32 "
          "references global value with type i8\n"
          "    v4 = tls_value.i32 gv2 ; error: global_value instruction with type i32 references "
          "global value with type i64\n"
          "    return\n"
          "}\n");
    CHECK(NULL, NULL,
          "function %f(i64 vmctx) {\n"
          "    gv0 = vmctx\n"
          "    gv1 = load.i8 notrap aligned gv0\n"
          "    gv2 = symbol tls %s\n"
          "block0(v0: i64):\n"
          "    v1 = symbol_value.i64 gv0\n"
          "    v2 = symbol_value.i8 gv1\n"
          "    v3 = symbol_value.i32 gv1 \n"
          "    v4 = tls_value.i32 gv2 \n"
          "    return\n"
          "}\n");
}

static void test_immediates(void **state)
{
    (void)state;
    CHECK(
        NULL, NULL,
        "function %readonly(i32, i64) {\n"
        "block0(v0: i32, v1: i64):\n"
        "    v2 = load.i32 readonly v1\n"
        "    store readonly v0, v1 ; error: A store instruction cannot have the `readonly` "
        "MemFlag\n"
        "    return\n"
        "}\n"
        "function %lane(i16x8) {\n"
        "block0(v0: i16x8):\n"
        "    v1 = extractlane v0, 7\n"
        "    v2 = extractlane v0, 8 ; error: The lane 8 does not index into the type i16x8\n"
        "    return\n"
        "}\n"
        "function %insert(f64x2, f64) {\n"
        "block0(v0: f64x2, v1: f64):\n"
        "    v2 = insertlane v0, v1, 255 ; error: The lane 255 does not index into the type f64x2\n"
        "    return\n"
        "}\n"
        "function %shuffle(i8x16) {\n"
        "block0(v0: i8x16):\n"
        "    v1 = shuffle v0, v0, [31 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0]\n"
        "    v2 = shuffle v0, v0, [0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 200] ; error: shuffle immediate "
        "index 200 is larger than the maximum 31\n"
        "    return\n"
        "}\n"
        "function %iconst() {\n"
        "block0:\n"
        "    v0 = iconst.i8 255\n"
        "    v1 = iconst.i8 -128\n"
        "    v2 = iconst.i32 0xffff_ffff\n"
        "    v3 = iconst.i64 -1\n"
        "    return\n"
        "}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_controlling_types), cmocka_unit_test(test_result_types),
        cmocka_unit_test(test_dynamic_vectors),   cmocka_unit_test(test_operand_types),
        cmocka_unit_test(test_block_arguments),   cmocka_unit_test(test_calls),
        cmocka_unit_test(test_returns),           cmocka_unit_test(test_tail_calls),
        cmocka_unit_test(test_global_uses),       cmocka_unit_test(test_immediates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
