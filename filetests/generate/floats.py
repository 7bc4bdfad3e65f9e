# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Float arithmetic, rounding and comparison, with MPFR as the oracle; signs and bits with Python.

The payload and sign of a NaN that arithmetic makes are a machine's own, so such a result is checked
by `fcmp uno` in a function of its own.
"""

import itertools

from clif import A64, BOTH, FLOAT_BITS, INTERPRET, File, Trap, Type
from oracle import NAN, SOURCE
from values import Floats, chunked

BITS_SOURCE = "Python integers, on the bits."
FULL = ("f32x4", "f64x2")
HALF = ("f32x2",)
OTHER = ("f16x8", "f16x4", "f16x2", "f32x8", "f64x4", "f128x2")
# Scalar widths by file: what machines are asked for, and what they are not.
SCALARS = (("", BOTH, (32, 64)), ("-f16", INTERPRET, (16,)), ("-f128", INTERPRET, (128,)))
FUSED = (*BOTH, "x86_64 has_fma")  # x86-64 calls a library function without the feature
VECTORS = (("-simd", BOTH, FULL), ("-simd-64bit", A64, HALF),
           ("-simd-interpret", INTERPRET, ("f16x8", "f16x4", "f16x2")))

CONDITIONS = {  # the outcomes that make each condition true
    "ord": ("eq", "lt", "gt"), "uno": ("un",), "eq": ("eq",), "ne": ("un", "lt", "gt"),
    "one": ("lt", "gt"), "ueq": ("un", "eq"), "lt": ("lt",), "ult": ("un", "lt"),
    "le": ("lt", "eq"), "ule": ("un", "lt", "eq"), "gt": ("gt",), "ugt": ("un", "gt"),
    "ge": ("gt", "eq"), "uge": ("un", "gt", "eq"),
}


# ---- Operands ----


def general_pairs(f):
    """Pairs for every binary operation: special values, then ordinary ones."""
    special = [0, f.neg(0), f.one, f.neg(f.one), f.inf, f.neg(f.inf), f.min_sub, f.max]
    pairs = list(itertools.product(special, repeat=2))
    some = f.some(12)
    return pairs + list(zip(some[:6], some[6:]))


def rounding_pairs(op, f):
    """Pairs whose exact results lie at and beside ties, overflow and the subnormals."""
    one, ulp, half_ulp = f.one, f.power(-f.fraction_bits), f.power(-f.fraction_bits - 1)
    above_half = half_ulp + 1
    if op in ("add", "sub"):
        turn = f.neg if op == "sub" else (lambda v: v)
        pairs = [(one, half_ulp), (f.next_one, half_ulp), (one, above_half), (one, ulp),
                 (one, f.neg(half_ulp)), (one, f.neg(f.power(-f.fraction_bits - 2))),
                 (f.max, f.power(f.bias - f.fraction_bits - 1)),
                 (f.max, f.power(f.bias - f.fraction_bits - 1) - 1),
                 (f.min_normal, f.neg(f.min_sub)), (f.max_sub, f.min_sub), (f.max_sub, f.max_sub),
                 (f.next_one, f.neg(one)), (f.min_sub, f.neg(f.min_sub)), (one, f.min_sub)]
        return [(x, turn(y)) for x, y in pairs]
    if op == "mul":
        return [(f.next_one, f.next_one), (f.min_normal, f.power(-1)), (f.min_sub, f.power(-1)),
                (f.min_sub, f.power(-1) + 1), (f.min_sub + 2, f.power(-1)), (f.max_sub, f.power(1)),
                (f.max, f.next_one), (f.max, f.power(-1)), (f.min_normal + 1, f.power(-1)),
                (f.min_normal, f.min_normal), (f.power(f.bias), f.power(0)),
                (f.power(f.bias - 1), f.power(1)), (f.power(f.bias), f.power(1)),
                (f.one - 1, f.one - 1), (f.max_sub, f.next_one),
                (f.min_sub + 2, f.neg(f.power(-1)))]
    three, ten = f.rational(3), f.rational(10)
    return [(f.one, three), (f.neg(f.one), three), (f.rational(2), three), (f.one, ten),
            (f.rational(7), ten), (f.min_normal, f.power(1)), (f.min_sub, f.power(1)),
            (f.min_sub + 2, f.power(1)), (f.max_sub, f.max), (f.max, f.power(-1)),
            (f.max, f.one - 1), (f.next_one, f.one - 1), (f.one, f.max), (f.min_normal, f.max_sub),
            (f.one, f.min_normal), (f.one, f.min_sub)]


def with_nans(f, arity):
    for nan in f.nans()[:4]:
        for place in range(arity):
            args = [f.rational(3)] * arity
            args[place] = nan
            yield tuple(args)


def sqrt_values(f):
    squares = [f.rational(n * n) for n in (2, 3, 5, 11)] + [f.rational(9, 4)]
    near = [v + d for v in (f.one, f.rational(4)) for d in (-1, 1)]
    return f.edges() + squares + near + [f.rational(2), f.rational(3), f.rational(10)] + [
        v & ~f.sign for v in f.some(6)] + [f.min_sub + 2, f.power(-1), f.neg(f.rational(4))]


def fma_triples(f):
    one, two = f.one, f.rational(2)
    tiny = f.power(-f.fraction_bits)
    special = [0, f.neg(0), one, f.neg(one), f.inf, f.neg(f.inf)]
    some = f.some(12, 5)
    return list(itertools.product(special, special[:2] + special[4:5], special)) + [
        (f.next_one, f.next_one, f.neg(one)),  # exact only without an intermediate rounding
        (f.next_one, f.next_one, f.neg(f.next_one + 1)),
        (f.next_one, f.one - 1, f.neg(one)),
        (f.max, two, f.neg(f.max)), (f.max, f.max, f.neg(f.inf)), (f.max, two, f.neg(f.inf)),
        (f.min_sub, f.min_sub, f.min_sub), (f.min_sub, f.min_sub, one),
        (f.min_sub, f.neg(f.min_sub), one), (f.min_normal, f.power(-1), f.min_sub),
        (f.min_sub, f.power(-1), f.min_sub), (f.min_sub, f.power(-1), f.neg(f.min_sub)),
        (tiny, f.power(-1), one), (tiny, f.power(-1), f.next_one), (tiny, f.power(-1) + 1, one),
        (f.rational(3), f.rational(5), f.neg(f.rational(15))),
    ] + list(zip(some[:4], some[4:8], some[8:]))


def integral_values(f):
    halves = [f.rational(2 * n + 1, 1) for n in range(4)]
    quarters = [f.rational(n, 2) for n in (1, 3, 5, 7)]
    last = f.fraction_bits  # from 2^last on all numbers are integral
    edge = [f.power(last), f.power(last) - 1, f.power(last) + 1, f.power(last - 1) + 1,
            f.power(last - 1) + 3, f.power(last - 2) + 1, f.power(last - 2) + 3, f.power(-1) - 1,
            f.power(-1) + 1, f.one - 1, f.next_one]
    positive = halves + quarters + edge + [0, f.min_sub, f.max_sub, f.min_normal, f.one,
                                           f.rational(2), f.max, f.inf]
    positive += [v & ~f.sign for v in f.some(4, 9)]
    return [v for value in positive for v in (value, f.neg(value))]


# ---- Arithmetic ----


def arithmetic_functions(file, op, type_, tuples, evaluate):
    """`op` on `type_` over all operand tuples; NaN results go to a second function."""
    t = Type(str(type_))
    arity = len(tuples[0])
    args = ", ".join(f"v{i}" for i in range(arity))
    numbers = [(x, evaluate(*x)) for x in tuples]
    plain = [(*x, r) for x, r in numbers if r != NAN]
    made = [x for x, r in numbers if r == NAN]
    func = file.func(f"{op}_{t}", [t] * arity, [t], [f"v{arity} = {op} {args}",
                                                      f"return v{arity}"])
    for row in chunked(plain, t.lanes):
        func.run(list(row[:-1]), [row[-1]])
    if not made:
        return
    func = file.func(f"{op}_{t}_is_nan", [t] * arity, [t.truthy()], [
        f"v{arity} = {op} {args}", f"v{arity + 1} = fcmp uno v{arity}, v{arity}",
        f"return v{arity + 1}"])
    true = 1 if t.lanes == 1 else (1 << t.bits) - 1
    # Each vector has NaNs beside numbers, so that lanes are told apart.
    mixed = [(*x, true) for x in made]
    if t.lanes > 1:
        mixed = [y for x, r in zip(mixed, itertools.cycle(plain)) for y in (x, (*r[:-1], 0))]
    for row in chunked(mixed, t.lanes):
        func.run(list(row[:-1]), [row[-1]])


def arithmetic_operands(op, f):
    if op == "sqrt":
        return [(v,) for v in sqrt_values(f)] + list(with_nans(f, 1))
    if op == "fma":
        return fma_triples(f) + list(with_nans(f, 3))
    return general_pairs(f) + rounding_pairs(op[1:], f) + list(with_nans(f, 2))


def arithmetic_files(oracle):
    for op, asked in (("fadd", "add"), ("fsub", "sub"), ("fmul", "mul"), ("fdiv", "div"),
                      ("sqrt", "sqrt"), ("fma", "fma")):
        for suffix, targets, widths in SCALARS:
            if op == "fma" and targets is BOTH:
                targets = FUSED
            file = File(f"runtests/{op}{suffix}", f"{op}, rounded to nearest, ties to even: zeros, "
                        "infinities, subnormals, ties, overflow.", SOURCE, targets)
            for bits in widths:
                arithmetic_functions(file, op, f"f{bits}", arithmetic_operands(op, Floats(bits)),
                                     lambda *x, b=bits: oracle.arithmetic(asked, b, *x))
            yield file
        for suffix, targets, types in VECTORS:
            file = File(f"runtests/{op}{suffix}", f"{op} lane by lane.", SOURCE, targets)
            for type_ in types:
                bits = Type(type_).bits
                operands = arithmetic_operands(op, Floats(bits))[::3 if op == "fma" else 1]
                arithmetic_functions(file, op, type_, operands,
                                     lambda *x, b=bits: oracle.arithmetic(asked, b, *x))
            yield file


def integral_files(oracle):
    for op in ("ceil", "floor", "trunc", "nearest"):
        for suffix, targets, types in (("", BOTH, ("f32", "f64")),
                                       ("-interpret", INTERPRET, ("f16", "f128", "f16x8", "f16x4")),
                                       ("-simd", BOTH, FULL), ("-simd-64bit", A64, HALF)):
            file = File(f"runtests/{op}{suffix}", f"{op} to an integral number: halves, the last "
                        "fractions before all numbers are integral, signed zeros.", SOURCE, targets)
            for type_ in types:
                bits = Type(type_).bits
                f = Floats(bits)
                operands = [(v,) for v in integral_values(f)] + list(with_nans(f, 1))
                arithmetic_functions(file, op, type_, operands,
                                     lambda x, b=bits: oracle.arithmetic(op, b, x))
            yield file


def canonical_file():
    """With the setting every NaN that arithmetic makes is the positive quiet one."""
    file = File("runtests/nan-canonicalization", "enable_nan_canonicalization: the NaN of every "
                "arithmetic operation is the positive quiet one without payload.",
                "by hand, the canonical NaN.", BOTH, sets=("enable_nan_canonicalization",))
    unary, binary = ("sqrt", "ceil", "floor", "trunc", "nearest"), ("fadd", "fsub", "fmul", "fdiv",
                                                                    "fmin", "fmax")
    for t in map(Type, ("f32", "f64", "f32x4", "f64x2")):
        f = Floats(t.bits)
        canonical = [[f.nan] * t.lanes]
        for op in unary:
            func = file.func(f"{op}_{t}", [t], [t], [f"v1 = {op} v0", "return v1"])
            for nan in f.nans():
                func.run([[nan] * t.lanes], canonical)
            if op == "sqrt":
                func.run([[f.neg(f.one)] * t.lanes], canonical)
        for op in binary:
            func = file.func(f"{op}_{t}", [t, t], [t], [f"v2 = {op} v0, v1", "return v2"])
            for nan in f.nans()[1:4]:
                func.run([[nan] * t.lanes, [f.one] * t.lanes], canonical)
                func.run([[f.one] * t.lanes, [nan] * t.lanes], canonical)
        func = file.func(f"fma_{t}", [t, t, t], [t], ["v3 = fma v0, v1, v2", "return v3"])
        func.run([[f.one] * t.lanes, [f.inf] * t.lanes, [f.neg(f.inf)] * t.lanes], canonical)
        func.run([[f.one] * t.lanes, [f.one] * t.lanes, [f.neg(f.snan)] * t.lanes], canonical)
        for op, x, y in (("fsub", f.inf, f.inf), ("fmul", 0, f.inf), ("fdiv", 0, f.neg(0))):
            func = file.func(f"invalid_{op}_{t}", [t, t], [t], [f"v2 = {op} v0, v1", "return v2"])
            func.run([[x] * t.lanes, [y] * t.lanes], canonical)
    yield file


# ---- Minimum, maximum ----


def minmax(oracle, op, f, x, y):
    order = oracle.compare(f.bits, x, y)
    if order == "un":
        return NAN
    if order == "eq":  # equal numbers differ only as zeros do, in their sign
        return x | y if op == "fmin" else x & y
    return x if (order == "lt") == (op == "fmin") else y


def minmax_files(oracle):
    for op in ("fmin", "fmax"):
        for suffix, targets, types in (("", BOTH, ("f32", "f64")),
                                       ("-interpret", INTERPRET, ("f16", "f128", "f16x8")),
                                       ("-simd", BOTH, FULL), ("-simd-64bit", A64, HALF)):
            file = File(f"runtests/{op}{suffix}", f"{op}: -0 is below +0, any NaN gives a NaN.",
                        SOURCE, targets)
            for type_ in types:
                f = Floats(Type(type_).bits)
                pairs = general_pairs(f) + [(f.max_sub, f.min_normal), (f.one, f.next_one)]
                pairs += list(with_nans(f, 2))
                pairs += [(f.nan, f.snan), (f.nan, f.inf), (f.neg(0), f.nan)]
                arithmetic_functions(file, op, type_, pairs,
                                     lambda x, y, f=f: minmax(oracle, op, f, x, y))
            yield file


# ---- Signs ----


def sign_files():
    operations = {
        "fneg": lambda f, x: f.neg(x),
        "fabs": lambda f, x: x & ~f.sign,
        "fcopysign": lambda f, x, y: x & ~f.sign | y & f.sign,
    }
    for op, meaning in operations.items():
        for suffix, targets, types in (("", BOTH, ("f16", "f32", "f64", "f128")),
                                       ("-simd", BOTH, FULL), ("-simd-64bit", A64, HALF),
                                       ("-interpret", INTERPRET, ("f16x8", "f16x4"))):
            file = File(f"runtests/{op}{suffix}", f"{op} changes the sign bit and nothing else, of "
                        "NaNs too.", BITS_SOURCE, targets)
            for t in map(Type, types):
                f = Floats(t.bits)
                values = f.edges() + f.nans() + [f.snan_payload] + f.some(2)
                if op == "fcopysign":
                    signs = [0, f.neg(0), f.nan, f.neg(f.nan), f.inf, f.neg(f.snan)]
                    tuples = [(x, s) for i, x in enumerate(values) for s in
                              (signs[2 * i % 6], signs[(2 * i + 1) % 6])]
                    args = "v0, v1"
                else:
                    tuples = [(x,) for x in values]
                    args = "v0"
                n = len(tuples[0])
                func = file.func(f"{op}_{t}", [t] * n, [t], [f"v{n} = {op} {args}", f"return v{n}"])
                for row in chunked(tuples, t.lanes):
                    func.run(list(row), [[meaning(f, *lanes) for lanes in zip(*row)]])
            yield file


# ---- Comparison ----


def compare_pairs(f):
    ordered = [f.neg(f.inf), f.neg(f.one), f.neg(0), 0, f.one, f.inf]
    pairs = [(a, b) for i, a in enumerate(ordered) for b in (ordered[i], ordered[i - 1])]
    pairs += [(b, a) for a, b in pairs if a != b] + [(0, f.min_sub)]
    pairs += [(f.nan, f.one), (f.one, f.nan), (f.nan, f.nan), (f.snan, 0), (f.neg(f.nan), f.inf)]
    return pairs + [(f.max, f.inf), (f.one, f.next_one), (f.neg(f.one), f.neg(f.next_one))]


def fcmp_files(oracle):
    for type_, targets in (("f16", INTERPRET), ("f32", BOTH), ("f64", BOTH), ("f128", INTERPRET),
                           ("f32x4", BOTH), ("f64x2", BOTH), ("f32x2", A64), ("f16x8", INTERPRET)):
        t = Type(type_)
        f = Floats(t.bits)
        file = File(f"runtests/fcmp-{t}", f"fcmp of {t}: each condition on NaNs, zeros, numbers "
                    "and infinities.", SOURCE, targets)
        pairs = compare_pairs(f)
        true = 1 if t.lanes == 1 else (1 << t.bits) - 1
        for cc, outcomes in CONDITIONS.items():
            func = file.func(f"fcmp_{cc}_{t}", [t, t], [t.truthy()],
                             [f"v2 = fcmp {cc} v0, v1", "return v2"])
            for x, y in chunked(pairs, t.lanes):
                func.run([x, y], [[true if oracle.compare(t.bits, a, b) in outcomes else 0
                                   for a, b in zip(x, y)]])
        yield file


def fcmp_use_files(oracle):
    """Conditions that feed a branch, a selection or a trap, which are compiled together."""
    for bits in (32, 64):
        f = Floats(bits)
        t = f"f{bits}"
        pairs = [(f.one, f.rational(2)), (f.rational(2), f.one), (0, f.neg(0)), (f.nan, f.one),
                 (f.one, f.nan), (f.nan, f.nan), (f.inf, f.inf), (f.neg(f.inf), f.inf)]
        for use in ("brif", "select"):
            file = File(f"runtests/fcmp-{use}-{t}", f"fcmp of {t} whose result feeds a {use}.",
                        SOURCE)
            for cc, outcomes in CONDITIONS.items():
                body = {
                    "brif": [f"v2 = fcmp {cc} v0, v1", "brif v2, block1, block2", "block1:",
                             "v3 = iconst.i32 10", "return v3", "block2:", "v4 = iconst.i32 20",
                             "return v4"],
                    "select": [f"v2 = fcmp {cc} v0, v1", "v3 = iconst.i32 10", "v4 = iconst.i32 20",
                               "v5 = select v2, v3, v4", "return v5"],
                }[use]
                func = file.func(f"{use}_{cc}_{t}", [t, t], ["i32"], body)
                for x, y in pairs:
                    true = oracle.compare(bits, x, y) in outcomes
                    func.run([[x], [y]], [[10 if true else 20]])
            yield file


# ---- What one instruction may do ----


def fused_functions(file, t, f, oracle):
    """Negations in products and fused sums; a comparison with zero, or extended."""
    triples = fma_triples(f)[::7] + fma_triples(f)[-8:]
    for name, places in (("x", (0,)), ("y", (1,)), ("z", (2,)), ("x_z", (0, 2)), ("y_z", (1, 2)),
                         ("x_y", (0, 1))):
        body = [f"v{3 + i} = fneg v{place}" for i, place in enumerate(places)]
        args = [f"v{3 + places.index(i)}" if i in places else f"v{i}" for i in range(3)]
        last = 3 + len(places)
        func = file.func(f"fma_neg_{name}_{t}", [t] * 3, [t],
                         body + [f"v{last} = fma " + ", ".join(args), f"return v{last}"])
        for x in triples:
            result = oracle.arithmetic("fma", t.bits, *(f.neg(v) if i in places else v
                                                        for i, v in enumerate(x)))
            if result != NAN:
                func.run([[v] for v in x], [[result]])
    products = file.func(f"neg_fmul_{t}", [t] * 2, [t],
                         ["v2 = fmul v0, v1", "v3 = fneg v2", "return v3"])
    sums = file.func(f"neg_fma_{t}", [t] * 3, [t],
                     ["v3 = fma v0, v1, v2", "v4 = fneg v3", "return v4"])
    for x in triples:
        product = oracle.arithmetic("mul", t.bits, *x[:2])
        total = oracle.arithmetic("fma", t.bits, *x)
        if product != NAN:
            products.run([[x[0]], [x[1]]], [[f.neg(product)]])
        if total != NAN:
            sums.run([[v] for v in x], [[f.neg(total)]])
    values = [0, f.neg(0), f.min_sub, f.neg(f.min_sub), f.inf, f.neg(f.inf), f.nan, f.neg(f.snan)]
    for zero, literal in ((0, "0.0"), (f.neg(0), "-0.0")):
        for cc, outcomes in CONDITIONS.items():
            name = f"fcmp_{cc}_{'minus_zero' if zero else 'zero'}_{t}"
            func = file.func(name, [t], ["i64"], [
                f"v1 = {t}const {literal}", f"v2 = fcmp {cc} v0, v1", "v3 = uextend.i64 v2",
                "return v3"])
            for x in values:
                func.run([[x]], [[int(oracle.compare(t.bits, x, zero) in outcomes)]])


def fused_bits_functions(file, t, f):
    """Bits of floats: and-not, both byte orders, zeros stored, casts to the same type."""
    i = f"i{t.bits}"
    ones = (1 << t.bits) - 1
    pairs = [(f.nan_payload, f.one), (f.rational(3), f.neg(f.max)), (0, ones), (ones, f.min_sub)]
    for name, args in (("right", "v0, v2"), ("left", "v2, v0")):
        func = file.func(f"band_bnot_{name}_{t}", [t, t], [t],
                         ["v2 = bnot v1", f"v3 = band {args}", "return v3"])
        for x, y in pairs:
            func.run([[x], [y]], [[x & ~y & ones]])
    slot, swapped = ("ss0 = explicit_slot 8",), lambda v: int.from_bytes(
        v.to_bytes(t.bits // 8, "little"), "big")
    store = file.func(f"store_big_{t}", [t], [i], [
        "v1 = stack_addr.i64 ss0", "store big v0, v1", f"v2 = load.{i} v1", "return v2"],
                      decls=slot)
    load = file.func(f"load_big_{t}", [i], [t], [
        "v1 = stack_addr.i64 ss0", "store v0, v1", f"v2 = load.{t} big v1", "return v2"],
                     decls=slot)
    zero = file.func(f"store_zero_{t}", [i], [i], [
        "v1 = stack_addr.i64 ss0", "store v0, v1", f"v2 = {t}const 0.0", "store v2, v1",
        f"v3 = load.{i} v1", "return v3"], decls=slot)
    cast = file.func(f"bitcast_same_{t}", [t], [t], [f"v1 = bitcast.{t} v0", "return v1"])
    whole = file.func(f"bitcast_same_{i}", [i], [i], [f"v1 = bitcast.{i} v0", "return v1"])
    for x, _ in pairs + [(f.snan_payload, 0), (f.neg(f.rational(7, 3)), 0)]:
        store.run([[x]], [[swapped(x)]])
        load.run([[x]], [[swapped(x)]])
        zero.run([[x]], [[0]])
        cast.run([[x]], [[x]])
        whole.run([[x]], [[x]])


def fused_trap_functions(file, t, f, oracle):
    for cc, outcomes in CONDITIONS.items():
        for op in ("trapnz", "trapz"):
            func = file.func(f"{op}_{cc}_{t}", [t, t], [], [
                f"v2 = fcmp {cc} v0, v1", f"{op} v2, user1", "return"])
            for x, y in ((f.one, f.next_one), (f.next_one, f.one), (0, f.neg(0)), (f.nan, f.one)):
                true = oracle.compare(t.bits, x, y) in outcomes
                func.run([[x], [y]], Trap("user1") if true == (op == "trapnz") else [])


def fused_files(oracle):
    for type_ in ("f32", "f64"):
        t = Type(type_)
        f = Floats(t.bits)
        file = File(f"runtests/fused-{t}", f"Operations of {t} that one instruction may do "
                    "together.", SOURCE, FUSED)
        fused_functions(file, t, f, oracle)
        fused_bits_functions(file, t, f)
        yield file
        file = File(f"runtests/fcmp-trap-{t}", f"fcmp of {t} whose result feeds a trap.", SOURCE)
        fused_trap_functions(file, t, f, oracle)
        yield file


def files(oracle):
    yield from arithmetic_files(oracle)
    yield from integral_files(oracle)
    yield from canonical_file()
    yield from minmax_files(oracle)
    yield from sign_files()
    yield from fcmp_files(oracle)
    yield from fcmp_use_files(oracle)
    yield from fused_files(oracle)
