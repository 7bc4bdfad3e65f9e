// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rules about declarations, blocks, operands and references, one test each.

#include "validate/tests/validate_cases.h"

// ---- Declarations ----

static void test_global_values(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %vmctx(i64) {\n"
          "    gv0 = vmctx ; error: undeclared vmctx\n"
          "}\n"
          "function %cycle(i64 vmctx) {\n"
          "    gv0 = iadd_imm.i64 gv1, 8\n ; error: cycle: gv0 -> gv1 -> gv2 -> gv1\n"
          "    gv1 = iadd_imm.i64 gv2, 8\n"
          "    gv2 = load.i64 notrap aligned gv1\n"
          "    gv3 = iadd_imm.i64 gv3, 1\n"
          "    gv4 = vmctx\n"
          "    gv5 = iadd_imm.i64 gv4, 1\n"
          "}\n"
          "function %add(i64 vmctx) {\n"
          "    gv0 = vmctx\n"
          "    gv1 = iadd_imm.f64 gv0, 8 ; error: non-integer type f64\n"
          "    gv2 = load.i32 notrap aligned gv0\n"
          "    gv3 = iadd_imm.i64 gv2, 8 ; error: iadd_imm type i64 differs from operand type i32\n"
          "    gv4 = iadd_imm.i32 gv0, 8\n"
          "}\n"
          "function %gaps(i64 vmctx) {\n"
          "    gv3 = vmctx\n"
          "    gv9 = dyn_scale_target_const.i32x4\n"
          "    gv5 = iadd_imm.i32 gv9, 1\n"
          "}\n"
          "function %region(i64 vmctx) {\n"
          "    gv0 = vmctx\n"
          "    gv1 = load.i32 notrap aligned region3 gv0 ; error: undefined alias region region3\n"
          "}\n");
    CHECK("x86_64", NULL,
          "function %pointers(i64 vmctx) {\n"
          "    gv0 = vmctx\n"
          "    gv1 = iadd_imm.i32 gv0, 8 ; error: iadd_imm type i32 differs from operand type i64\n"
          "    gv2 = load.i64 notrap aligned gv1 ; error: which is not the pointer type i64\n"
          "    gv3 = symbol %s\n"
          "    gv4 = load.i8 notrap aligned gv3\n"
          "}\n");
}

static void test_regions(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %twice() {\n"
          "    region0 = 5 \"a\"\n"
          "    region1 = 6 \"b\"\n"
          "    region2 = 5 \"c\" ; error: duplicate alias region user_id 5\n"
          "block0 cold:\n" // what follows is not looked at
          "    return\n"
          "}\n");
}

static void test_entry_block(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %count(i32, i32) {\n"
          "block0(v0: i32): ; error: entry block parameters (1) must match function signature (2)\n"
          "    return v0\n"
          "}\n"
          "function %types(i32, f32, i8) -> i32 {\n"
          "block0(v0: i64, v1: f32, v2: i16):\n"
          "    ; error: entry block parameter 0 expected to have type i32, got i64\n"
          "    ; error: entry block parameter 2 expected to have type i8, got i16\n"
          "    return\n"
          "}\n"
          "function %cold(f32 sext) {\n"
          "block0(v0: f32) cold: ; error: entry block cannot be marked as cold\n"
          "    return\n"
          "}\n"
          "function %nothing(i32) {\n"
          "}\n");
}

static void test_signatures(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %ext(i8 uext, i16x8 uext, f64 sext) -> i32 sext, f32 uext {\n"
          "    ; error: Parameter at position 1 has invalid extension Uext\n"
          "    ; error: Parameter at position 2 has invalid extension Sext\n"
          "    ; error: Return value at position 1 has invalid extension Uext\n"
          "}\n"
          "function %sarg(i64 sarg(8)) -> i64 sarg(8) {\n"
          "    ; error: Return value at position 0 cannot have the purpose sarg\n"
          "}\n"
          "function %own() -> i32 preserve_all { ; error: `preserve_all`\n"
          "}\n"
          "function %callees() {\n"
          "    sig0 = () -> i32\n"
          "    sig1 = () -> i32 preserve_all\n"
          "    fn0 = %f sig0\n"
          "    fn1 = %g sig1 ; error: `preserve_all`\n"
          "}\n"
          "function %sigs() {\n"
          "    sig0 = () preserve_all\n"
          "    sig1 = () -> i32 preserve_all ; error: `preserve_all`\n"
          "}\n");
}

// ---- Blocks ----

static void test_blocks(void **state)
{
    (void)state;
    CHECK(
        NULL, NULL,
        "function %empty() {\n"
        "block0: ; error: block0 cannot be empty\n"
        "block1:\n"
        "    return\n"
        "}\n"
        "function %early() {\n"
        "block0:\n"
        "    trap user1 ; error: terminator instruction was encountered before the end of block0\n"
        "    return\n"
        "}\n"
        "function %open(i32) {\n"
        "block0(v0: i32): ; error: block0 does not end in a terminator instruction\n"
        "    v1 = iadd v0, v0\n"
        "}\n"
        "function %after_branch() {\n"
        "block0:\n"
        "    jump block1 ; error: terminator instruction was encountered before the end\n"
        "    nop\n"
        "block1:\n"
        "    return\n"
        "}\n");
}

static void test_targets(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %entry() {\n"
          "block0:\n"
          "    jump block1\n"
          "block1:\n"
          "    jump block0 ; error: invalid reference to entry block block0\n"
          "}\n"
          "function %missing(i32) {\n"
          "block0(v0: i32):\n"
          "    br_table v0, block1, [block1, block9] ; error: invalid block reference block9\n"
          "block1:\n"
          "    return\n"
          "}\n");
}

// ---- Operands ----

static void test_dominance(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %same_block(i32) {\n"
          "block0(v0: i32):\n"
          "    v1 = iadd v0, v2 ; error: uses value v2 from non-dominating inst1\n"
          "    v2 = iadd v0, v0\n"
          "    return\n"
          "}\n"
          "function %itself(i32) {\n"
          "block0(v0: i32):\n"
          "    v1 = iadd v0, v1 ; error: uses value v1 from itself\n"
          "    return\n"
          "}\n"
          "function %branch_arg(i32) -> i32 {\n"
          "block0(v0: i32):\n"
          "    brif v0, block1, block2(v0)\n"
          "block1:\n"
          "    v1 = iconst.i32 1\n"
          "    jump block2(v1)\n"
          "block2(v2: i32):\n"
          "    jump block3(v1) ; error: uses value v1 from non-dominating inst1\n"
          "block3(v3: i32):\n"
          "    return v2\n"
          "}\n"
          "function %loop(i32) -> i32 {\n"
          "block0(v0: i32):\n"
          "    jump block1(v0)\n"
          "block1(v1: i32):\n"
          "    v2 = iadd v1, v0\n"
          "    brif v2, block1(v2), block2\n"
          "block2:\n"
          "    return v2\n"
          "}\n"
          "function %param(i32) -> i32 {\n"
          "block0(v0: i32):\n"
          "    brif v0, block1(v0), block2\n"
          "block1(v1: i32):\n"
          "    return v1\n"
          "block2:\n"
          "    return v1 ; error: uses value arg from non-dominating block1\n"
          "}\n"
          "function %unreachable(i32) -> i32 {\n"
          "block0(v0: i32):\n"
          "    return v0\n"
          "block1:\n"
          "    v1 = iadd.i32 v0, v2\n"
          "    v2 = iadd.i32 v0, v1\n"
          "    return v3\n"
          "block2(v3: i32):\n"
          "    return v1\n"
          "}\n"
          "function %from_unreachable(i32) -> i32 {\n"
          "block0(v0: i32):\n"
          "    return v1 ; error: uses value v1 from non-dominating inst1\n"
          "block1:\n"
          "    v1 = iadd.i32 v0, v0\n"
          "    return v1\n"
          "}\n"
          "function %alias(i32) -> i32 {\n"
          "block0(v0: i32):\n"
          "    brif v0, block1, block2\n"
          "block1:\n"
          "    v1 = iadd.i32 v0, v0\n"
          "    v2 -> v1\n"
          "    v3 -> v2\n"
          "    return v3\n"
          "block2:\n"
          "    return v3 ; error: uses value v3 from non-dominating inst1\n"
          "}\n");
}

static void test_access_regions(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %f(i64) {\n"
          "    region0 = 1 \"a\"\n"
          "block0(v0: i64):\n"
          "    v1 = load.i32 region0 v0\n"
          "    store region1 v1, v0 ; error: undefined alias region region1\n"
          "    v2 = atomic_rmw.i32 region2 add v0, v1 ; error: undefined alias region region2\n"
          "    return\n"
          "}\n");
}

// ---- References ----

static void test_exception_tables(void **state)
{
    (void)state;
    CHECK(
        "x86_64", NULL,
        "function %good(i64) -> i32 {\n"
        "    sig0 = (i64) -> i32, f64 tail\n"
        "    fn0 = %g sig0\n"
        "block0(v0: i64):\n"
        "    try_call fn0(v0), sig0, block1(ret0, v0), [ context v0, tag1: block2(exn1, exn0), "
        "default: block3 ]\n"
        "block1(v1: i32, v2: i64):\n"
        "    return v1\n"
        "block2(v3: i64, v4: i64):\n"
        "    v5 = ireduce.i32 v3\n"
        "    return v5\n"
        "block3:\n"
        "    v6 = ireduce.i32 v0\n"
        "    return v6\n"
        "}\n"
        "function %indirect(i64, f64) {\n"
        "    sig0 = (f64) -> f64 system_v\n"
        "block0(v0: i64, v1: f64):\n"
        "    try_call_indirect v0(v1), sig0, block1(ret0), [ default: block1(v1) ]\n"
        "block1(v2: f64):\n"
        "    return\n"
        "}\n"
        "function %ret_type(i64) {\n"
        "    sig0 = (i64) -> i32, f64 tail\n"
        "    fn0 = %g sig0\n"
        "block0(v0: i64):\n"
        "    try_call fn0(v0), sig0, block1(ret1, ret0), []\n"
        "    ; error: arg ret1 has type f64, expected i32\n"
        "    ; error: arg ret0 has type i32, expected i64\n"
        "block1(v1: i32, v2: i64):\n"
        "    return\n"
        "}\n"
        "function %ret_range(i64) {\n"
        "    sig0 = (i64) -> i32 tail\n"
        "    fn0 = %g sig0\n"
        "block0(v0: i64):\n"
        "    try_call fn0(v0), sig0, block1(ret1), [] ; error: out-of-bounds `retN` block "
        "argument\n"
        "block1(v1: i32):\n"
        "    return\n"
        "}\n"
        "function %ret_place() {\n"
        "    sig0 = () -> i32 tail\n"
        "    fn0 = %g sig0\n"
        "block0:\n"
        "    try_call fn0(), sig0, block1(ret0), [ tag0: block1(ret0) ] ; error: `retN` block "
        "argument used\n"
        "block1(v1: i32):\n"
        "    return\n"
        "}\n"
        "function %exn_place() {\n"
        "    sig0 = () tail\n"
        "    fn0 = %g sig0\n"
        "block0:\n"
        "    try_call fn0(), sig0, block1(exn0), [] ; error: `exnN` block argument used\n"
        "block1(v1: i64):\n"
        "    return\n"
        "}\n"
        "function %exn_range() {\n"
        "    sig0 = () winch\n"
        "    fn0 = %g sig0\n"
        "block0:\n"
        "    try_call fn0(), sig0, block1, [ default: block2(exn0) ] ; error: out-of-bounds "
        "`exnN`\n"
        "block1:\n"
        "    return\n"
        "block2(v1: i64):\n"
        "    return\n"
        "}\n"
        "function %exn_type() {\n"
        "    sig0 = () tail\n"
        "    fn0 = %g sig0\n"
        "block0:\n"
        "    try_call fn0(), sig0, block1, [ tag0: block2(exn0), default: block3(exn1) ]\n"
        "    ; error: arg exn0 has type i64, expected i32\n"
        "block1:\n"
        "    return\n"
        "block2(v1: i32):\n"
        "    return\n"
        "block3(v2: i64):\n"
        "    return\n"
        "}\n"
        "function %table_sig(i32) {\n"
        "    sig0 = (i32) tail\n"
        "    sig1 = (i32) -> i8 tail\n"
        "    fn0 = %g sig1\n"
        "block0(v0: i32):\n"
        "    try_call fn0(v0), sig0, block1, []\n"
        "    ; error: exception table signature sig0 did not match function fn0's signature sig1\n"
        "block1:\n"
        "    return\n"
        "}\n"
        "function %args(i64) {\n"
        "    sig0 = (i32, i8) tail\n"
        "    fn0 = %g sig0\n"
        "block0(v0: i64):\n"
        "    try_call fn0(v0), sig0, block1(v0), []\n"
        "    ; error: arg 0 (v0) has type i64, expected i32\n"
        "    ; error: mismatched argument count for `try_call fn0(v0), sig0, block1(v0), []`: got "
        "1, expected 2\n"
        "    ; error: mismatched argument count for `try_call fn0(v0), sig0, block1(v0), []`: got "
        "1, expected 0\n"
        "block1:\n"
        "    return\n"
        "}\n"
        "function %convention() {\n"
        "    sig0 = () fast\n"
        "    fn0 = %g sig0\n"
        "block0:\n"
        "    try_call fn0(), sig0, block1, []\n"
        "    ; error: calling convention `fast` of callee does not support exceptions\n"
        "block1:\n"
        "    return\n"
        "}\n"
        "function %context_use(i32) {\n"
        "    sig0 = () tail\n"
        "    fn0 = %g sig0\n"
        "block0(v0: i32):\n"
        "    try_call fn0(), sig0, block1, [ context v1 ] ; error: uses value v1 from "
        "non-dominating\n"
        "block1:\n"
        "    v1 = iadd.i32 v0, v0\n"
        "    return\n"
        "}\n");
    CHECK(NULL, NULL,
          "function %any_pointer() {\n"
          "    sig0 = () tail\n"
          "    fn0 = %g sig0\n"
          "block0:\n"
          "    try_call fn0(), sig0, block1, [ tag0: block2(exn0), default: block3(exn1) ]\n"
          "    ; error: arg exn0 has the type of a pointer, expected f32\n"
          "block1:\n"
          "    return\n"
          "block2(v1: f32):\n"
          "    return\n"
          "block3(v2: i32):\n"
          "    return\n"
          "}\n");
}

static void test_patchable_calls(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %good() {\n"
          "    fn0 = colocated patchable %g()\n"
          "block0:\n"
          "    call fn0()\n"
          "    return\n"
          "}\n"
          "function %tail() tail {\n"
          "    fn0 = colocated patchable %g() tail\n"
          "block0:\n"
          "    return_call fn0() ; error: patchable function fn0 cannot be tail called\n"
          "}\n"
          "function %far() {\n"
          "    fn0 = patchable %g()\n"
          "block0:\n"
          "    call fn0() ; error: patchable function fn0 must be colocated\n"
          "    return\n"
          "}\n"
          "function %returns() {\n"
          "    fn0 = colocated patchable %g() -> i32\n"
          "block0:\n"
          "    v0 = call fn0() ; error: patchable function fn0 cannot have return values\n"
          "    return\n"
          "}\n");
}

static void test_settings(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %get() {\n"
          "block0:\n"
          "    v0 = get_pinned_reg.i64 ; error: `get_pinned_reg` cannot be used without enabling "
          "`enable_pinned_reg`\n"
          "    set_pinned_reg v0\n"
          "    return\n"
          "}\n"
          "function %frame() {\n"
          "block0:\n"
          "    v0 = get_stack_pointer.i64\n"
          "    v1 = get_frame_pointer.i64 ; error: `get_frame_pointer` cannot be used without "
          "enabling `preserve_frame_pointers`\n"
          "    v2 = get_return_address.i64\n"
          "    return\n"
          "}\n");
    CHECK("aarch64", "enable_pinned_reg preserve_frame_pointers",
          "function %get() {\n"
          "block0:\n"
          "    v0 = get_pinned_reg.i64 \n"
          "    set_pinned_reg v0\n"
          "    return\n"
          "}\n"
          "function %frame() {\n"
          "block0:\n"
          "    v0 = get_stack_pointer.i64\n"
          "    v1 = get_frame_pointer.i64 \n"
          "    v2 = get_return_address.i64\n"
          "    return\n"
          "}\n");
}

static void test_pointer_width(void **state)
{
    (void)state;
    CHECK(
        "pulley32", NULL,
        "function %f(i64, i32) {\n"
        "    region0 = 1 \"a\"\n"
        "block0(v0: i64, v1: i32):\n"
        "    v2 = load.i16 v1\n"
        "    v3 = uload8.i32 v0 ; error: invalid pointer width (got 64, expected 32) encountered "
        "v0\n"
        "    istore8 v1, v0 ; error: invalid pointer width (got 64, expected 32) encountered v0\n"
        "    v4 = sload32 v0 ; error: invalid pointer width (got 64, expected 32) encountered v0\n"
        "    v5 = atomic_load.i8 v0 ; error: encountered v0\n"
        "    atomic_store v1, v0 ; error: encountered v0\n"
        "    v6 = atomic_cas v0, v1, v1 ; error: encountered v0\n"
        "    v7 = atomic_rmw.i32 add v0, v1 ; error: encountered v0\n"
        "    v8 = bitcast.f64 v0\n"
        "    return\n"
        "}\n");
    CHECK(NULL, NULL,
          "function %f(i64, i32) {\n"
          "block0(v0: i64, v1: i32):\n"
          "    v2 = load.i16 v1\n"
          "    v3 = load.i16 v0\n"
          "    return\n"
          "}\n");
}

static void test_bitcast(void **state)
{
    (void)state;
    CHECK(
        NULL, NULL,
        "function %good(i64, i8x16) {\n"
        "block0(v0: i64, v1: i8x16):\n"
        "    v2 = bitcast.f64 v0\n"
        "    v3 = bitcast.i32x4 little v1\n"
        "    v4 = bitcast.i64x2 big v3\n"
        "    return\n"
        "}\n"
        "function %size(i64) {\n"
        "block0(v0: i64):\n"
        "    v1 = bitcast.f32 v0 ; error: has a type of 64 bits, which doesn't match an expected "
        "type of 32 bits\n"
        "    return\n"
        "}\n"
        "function %flags(i64) {\n"
        "block0(v0: i64):\n"
        "    v1 = bitcast.f64 aligned little v0 ; error: only accepts the `big` or `little` memory "
        "flags\n"
        "    return\n"
        "}\n"
        "function %notrap(i64) {\n"
        "block0(v0: i64):\n"
        "    v1 = bitcast.f64 notrap v0 ; error: only accepts the `big` or `little` memory flags\n"
        "    return\n"
        "}\n"
        "function %order(i8x16) {\n"
        "block0(v0: i8x16):\n"
        "    v1 = bitcast.i32x4 v0 ; error: Byte order specifier required\n"
        "    return\n"
        "}\n");
}

static void test_constants(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %sizes() {\n"
          "    const0 = 0x0102030405060708\n"
          "    const1 = 0x00112233445566778899aabbccddeeff\n"
          "block0:\n"
          "    v0 = vconst.i32x2 const0\n"
          "    v1 = vconst.i32x4 const0 ; error: The instruction expects const0 to have a size of "
          "16 bytes but it has 8\n"
          "    v2 = f128const const1\n"
          "    v3 = f128const const0 ; error: The instruction expects const0 to have a size of 16 "
          "bytes but it has 8\n"
          "    v4 = vconst.i8x16 const1\n"
          "    return\n"
          "}\n");
}

static void test_handler_addresses(void **state)
{
    (void)state;
    CHECK(
        NULL, NULL,
        "function %good() -> i64, i64 {\n"
        "    sig0 = () tail\n"
        "    fn0 = %g sig0\n"
        "block0:\n"
        "    v0 = get_exception_handler_address.i64 block1, 0\n"
        "    v1 = get_exception_handler_address.i64 block1, 1\n"
        "    jump block1\n"
        "block1:\n"
        "    try_call fn0(), sig0, block2, [ tag1: block2, context v0, default: block3 ]\n"
        "block2:\n"
        "    return v0, v1\n"
        "block3:\n"
        "    return v1, v0\n"
        "}\n"
        "function %range() {\n"
        "    sig0 = () tail\n"
        "    fn0 = %g sig0\n"
        "block0:\n"
        "    v0 = get_exception_handler_address.i64 block1, 1 ; error: exception handler index 1 "
        "is out-of-range\n"
        "    jump block1\n"
        "block1:\n"
        "    try_call fn0(), sig0, block2, [ tag1: block2, context v0 ]\n"
        "block2:\n"
        "    return\n"
        "}\n"
        "function %negative() {\n"
        "    sig0 = () tail\n"
        "    fn0 = %g sig0\n"
        "block0:\n"
        "    v0 = get_exception_handler_address.i64 block1, -5 ; error: exception handler index -5 "
        "cannot be negative\n"
        "    jump block1\n"
        "block1:\n"
        "    try_call fn0(), sig0, block2, [ tag1: block2 ]\n"
        "block2:\n"
        "    return\n"
        "}\n"
        "function %no_try() {\n"
        "block0:\n"
        "    v0 = get_exception_handler_address.i64 block1, 0 ; error: referenced block block1 "
        "does not end in a try_call\n"
        "    jump block1\n"
        "block1:\n"
        "    return\n"
        "}\n"
        "function %no_block() {\n"
        "block0:\n"
        "    v0 = get_exception_handler_address.i64 block7, 0 ; error: invalid block reference "
        "block7\n"
        "    return\n"
        "}\n");
}

static void test_stack_maps_and_tags(void **state)
{
    (void)state;
    CHECK(NULL, NULL,
          "function %good(i64) {\n"
          "    ss0 = explicit_slot 8\n"
          "    fn0 = %g()\n"
          "block0(v0: i64):\n"
          "    call fn0(), stack_map=[i64 @ ss0+0]\n"
          "    <ss0, 1> call fn0()\n"
          "    <2> sequence_point\n"
          "    return\n"
          "}\n"
          "function %tags(i64) {\n"
          "block0(v0: i64):\n"
          "    <1> v1 = iadd v0, v0 ; error: debug tags are only allowed on calls and "
          "`sequence_point`\n"
          "    return\n"
          "}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_global_values),
        cmocka_unit_test(test_regions),
        cmocka_unit_test(test_entry_block),
        cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_dominance),
        cmocka_unit_test(test_access_regions),
        cmocka_unit_test(test_exception_tables),
        cmocka_unit_test(test_patchable_calls),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_pointer_width),
        cmocka_unit_test(test_bitcast),
        cmocka_unit_test(test_constants),
        cmocka_unit_test(test_handler_addresses),
        cmocka_unit_test(test_stack_maps_and_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
