# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Conversions: between floats, between floats and integers, and of bits.

MPFR rounds and truncates; ranges and bits are Python's.
"""

from clif import (A64, BOTH, FLOAT_BITS, INT_BITS, INTERPRET, File, Trap, Type, signed, wrap)
from lanes import ramp
from oracle import NAN, SOURCE
from values import Floats, Random, chunked, int_edges

BITS_SOURCE = "Python integers, on the bits."
MACHINE_FLOATS = (32, 64)
MACHINE_INTS = INT_BITS


def in_hand(bits, to):
    """Whether back ends are asked for a conversion between this float and this integer."""
    return bits in MACHINE_FLOATS and to in MACHINE_INTS


# ---- Float to integer ----


def numbers_near_ranges(f, to):
    """Floats at the ends of the signed and unsigned ranges of `to` bits, where they exist."""
    out = [0, f.neg(0), f.min_sub, f.neg(f.min_sub), f.half(0), f.neg(f.half(0)), f.one - 1,
           f.neg(f.one - 1), f.one, f.neg(f.one), f.rational(3, 1), f.neg(f.rational(3, 1)),
           f.rational(113, 2), f.neg(f.rational(113, 2)), f.max, f.inf, f.neg(f.inf)]
    for exponent in (to - 1, to):
        if exponent > f.bias:
            continue
        edge = f.power(exponent)
        out += [edge, edge - 1, edge + 1, f.neg(edge), f.neg(edge) - 1, f.neg(edge) + 1]
        if exponent + 1 < f.fraction_bits:  # MIN - 1/2 is in range, MIN - 1 is not
            whole = 1 << exponent
            for number in (2 * whole - 1, 2 * whole + 1, 2 * whole + 2):
                value = f.rational(number, 1)
                out += [value, f.neg(value)]
    return list(dict.fromkeys(out))


def to_int(oracle, f, value, to, is_signed):
    """(the exact integer or NAN or an infinity, whether it is in range)"""
    exact = oracle.to_int(f.bits, value)
    if isinstance(exact, str):
        return exact, False
    low, high = (-(1 << (to - 1)), 1 << (to - 1)) if is_signed else (0, 1 << to)
    return exact, low <= exact < high


def trapping(oracle, f, value, to, is_signed):
    exact, fits = to_int(oracle, f, value, to, is_signed)
    if fits:
        return [[wrap(exact, to)]]
    return Trap("bad_toint" if exact == NAN else "int_ovf")


def saturated(oracle, f, value, to, is_signed):
    exact, fits = to_int(oracle, f, value, to, is_signed)
    if exact == NAN:
        return 0
    if fits:
        return wrap(exact, to)
    negative = bool(value & f.sign)
    if is_signed:
        return 1 << (to - 1) if negative else (1 << (to - 1)) - 1
    return 0 if negative else (1 << to) - 1


def indefinite(oracle, f, value, to):
    """The x86 rule: what does not fit is MIN."""
    exact, fits = to_int(oracle, f, value, to, True)
    return wrap(exact, to) if fits else 1 << (to - 1)


def to_int_files(oracle):
    for sign in "us":
        for op in (f"fcvt_to_{sign}int", f"fcvt_to_{sign}int_sat"):
            for suffix, targets in (("", BOTH), ("-interpret", INTERPRET)):
                for bits in FLOAT_BITS:
                    file = File(f"runtests/{op}-f{bits}{suffix}", f"{op} from f{bits}: both ends "
                                "of each range, NaNs, infinities.", SOURCE, targets)
                    for to in INT_BITS:
                        if in_hand(bits, to) == (targets == BOTH):
                            to_int_function(oracle, file, op, bits, to, sign == "s")
                    if file.funcs:
                        yield file


def to_int_function(oracle, file, op, bits, to, is_signed):
    f = Floats(bits)
    func = file.func(f"{op}_f{bits}_i{to}", [f"f{bits}"], [f"i{to}"],
                     [f"v1 = {op}.i{to} v0", "return v1"])
    for value in numbers_near_ranges(f, to) + [f.nan, f.neg(f.nan_payload), f.snan]:
        if op.endswith("sat"):
            func.run([[value]], [[saturated(oracle, f, value, to, is_signed)]])
        else:
            func.run([[value]], trapping(oracle, f, value, to, is_signed))


VECTORS = (("-simd", BOTH, (("f32x4", "i32x4"), ("f64x2", "i64x2"))),
           ("-simd-64bit", A64, (("f32x2", "i32x2"),)),
           ("-simd-interpret", INTERPRET, (("f16x8", "i16x8"), ("f16x4", "i16x4"))))


def to_int_vector_files(oracle):
    for sign in "us":
        op = f"fcvt_to_{sign}int_sat"
        for suffix, targets, shapes in VECTORS:
            file = File(f"runtests/{op}{suffix}", f"{op} lane by lane.", SOURCE, targets)
            for from_, to in shapes:
                t, r = Type(from_), Type(to)
                f = Floats(t.bits)
                func = file.func(f"{op}_{t}", [t], [r], [f"v1 = {op}.{r} v0", "return v1"])
                values = numbers_near_ranges(f, r.bits) + [f.nan, f.neg(f.nan), f.snan]
                for (x,) in chunked([(v,) for v in values], t.lanes):
                    func.run([x], [[saturated(oracle, f, v, r.bits, sign == "s") for v in x]])
            yield file
    for suffix, targets, shapes in (
            ("", ("x86_64",), (("f32x4", "i32x4"),)),
            ("-interpret", INTERPRET, (("f64x2", "i64x2"), ("f32", "i32"), ("f64", "i64"),
                                       ("f16", "i16"), ("f128", "i128")))):
        file = File(f"runtests/x86_cvtt2dq{suffix}", "x86_cvtt2dq: what does not fit is MIN.",
                    SOURCE, targets)
        for from_, to in shapes:
            t, r = Type(from_), Type(to)
            f = Floats(t.bits)
            func = file.func(f"x86_cvtt2dq_{t}", [t], [r],
                             [f"v1 = x86_cvtt2dq.{r} v0", "return v1"])
            values = numbers_near_ranges(f, r.bits) + [f.nan, f.neg(f.nan)]
            for (x,) in chunked([(v,) for v in values], t.lanes):
                func.run([x], [[indefinite(oracle, f, v, r.bits) for v in x]])
        yield file


# ---- Integer to float ----


def integers_to_round(bits, f):
    """Integers at the edges, and those that lie at and beside a tie of the float's precision."""
    out = int_edges(bits) + [2, wrap(-2, bits), (1 << (bits - 1)) + 1, Random(bits + 3).bits(bits)]
    precision = f.fraction_bits + 1
    for top in sorted({min(bits - 2, precision + 1), bits - 2, bits - 1}):
        drop = top + 1 - precision  # low bits that do not fit
        if drop < 1:
            continue
        base, half = 1 << top, 1 << (drop - 1)
        for number in (base + half, base + half - 1, base + half + 1, base + 3 * half,
                       2 * base - half, 2 * base - half - 1):
            out += [wrap(number, bits), wrap(-number, bits)]
    if f.bits == 16 and bits > 16:  # the last numbers before infinity
        last = (65504, 65519, 65520, 65521, 65535, 65536)
        out += [wrap(s * n, bits) for n in last for s in (1, -1)]
    return list(dict.fromkeys(out))


def from_int_files(oracle):
    for sign in "us":
        op = f"fcvt_from_{sign}int"
        for bits in FLOAT_BITS:
            f = Floats(bits)
            for suffix, targets in (("", BOTH), ("-interpret", INTERPRET)):
                file = File(f"runtests/{op}-f{bits}{suffix}", f"{op} to f{bits}: ties of the last "
                            "place at every integer width.", SOURCE, targets)
                for width in INT_BITS:
                    if in_hand(bits, width) != (targets == BOTH):
                        continue
                    func = file.func(f"{op}_i{width}_f{bits}", [f"i{width}"], [f"f{bits}"],
                                     [f"v1 = {op}.f{bits} v0", "return v1"])
                    for x in integers_to_round(width, f):
                        number = signed(x, width) if sign == "s" else x
                        func.run([[x]], [[oracle.from_int(bits, number)]])
                if file.funcs:
                    yield file
        for suffix, targets, shapes in VECTORS:
            file = File(f"runtests/{op}{suffix}", f"{op} lane by lane.", SOURCE, targets)
            for result, from_ in shapes:
                t, r = Type(from_), Type(result)
                func = file.func(f"{op}_{t}", [t], [r], [f"v1 = {op}.{r} v0", "return v1"])
                values = [(x,) for x in integers_to_round(t.bits, Floats(r.bits))]
                for (x,) in chunked(values, t.lanes):
                    func.run([x], [[oracle.from_int(r.bits, signed(v, t.bits) if sign == "s" else v)
                                    for v in x]])
            yield file


# ---- Float to float ----


def values_to_demote(f, g):
    """Numbers of the format f at and beside what g rounds, overflows and underflows at."""
    drop = f.fraction_bits - g.fraction_bits
    half = 1 << (drop - 1)
    out = f.edges()
    for exponent in (0, g.bias, 1 - g.bias):
        base = f.power(exponent)
        out += [base + half, base + half - 1, base + half + 1, base + 3 * half, base + (1 << drop)]
    top = f.power(g.bias, ((1 << g.fraction_bits) - 1) << drop)  # the largest number of g
    out += [top, top + half - 1, top + half, top + half + 1, f.neg(top + half)]
    smallest = 1 - g.bias - g.fraction_bits  # exponent of g's smallest subnormal
    for exponent in (smallest, smallest - 1, smallest + 3):
        if exponent > -f.bias:
            base = f.power(exponent)
            out += [base, base - 1, base + 1, base | 1 << (f.fraction_bits - 1), f.neg(base)]
            out += [f.power(exponent, (1 << f.fraction_bits) - 1)]
    return list(dict.fromkeys(out + f.some(6, 3)))


def width_files(oracle):
    for op in ("fpromote", "fdemote"):
        for suffix, targets in (("", BOTH), ("-interpret", INTERPRET)):
            file = File(f"runtests/{op}{suffix}", f"{op} between the formats"
                        + (", which is exact." if op == "fpromote" else ": ties, overflow, "
                           "results that are subnormal."), SOURCE, targets)
            for bits in FLOAT_BITS:
                for to in FLOAT_BITS:
                    machine = bits in MACHINE_FLOATS and to in MACHINE_FLOATS
                    if (to > bits) == (op == "fpromote") and to != bits and (
                            machine == (targets == BOTH)):
                        width_function(oracle, file, op, bits, to)
            yield file


def width_function(oracle, file, op, bits, to):
    f, g = Floats(bits), Floats(to)
    values = f.edges() + f.some(8) + [f.min_sub + 4] if op == "fpromote" else values_to_demote(f, g)
    func = file.func(f"{op}_f{bits}_f{to}", [f"f{bits}"], [f"f{to}"],
                     [f"v1 = {op}.f{to} v0", "return v1"])
    for value in values:
        func.run([[value]], [[oracle.convert(bits, value, to)]])
    func = file.func(f"{op}_f{bits}_f{to}_is_nan", [f"f{bits}"], ["i8"],
                     [f"v1 = {op}.f{to} v0", "v2 = fcmp uno v1, v1", "return v2"])
    for value in f.nans() + [f.inf, f.neg(f.inf), f.one]:
        func.run([[value]], [[int(f.is_nan(value))]])


def vector_width_files(oracle):
    double, single = Floats(64), Floats(32)
    file = File("runtests/fvdemote", "fvdemote: two lanes, and two of +0.", SOURCE)
    func = file.func("fvdemote", ["f64x2"], ["f32x4"], ["v1 = fvdemote v0", "return v1"])
    for (x,) in chunked([(v,) for v in values_to_demote(double, single)], 2):
        func.run([x], [[oracle.convert(64, v, 32) for v in x] + [0, 0]])
    yield file
    file = File("runtests/fvpromote_low", "fvpromote_low: the low two lanes.", SOURCE)
    func = file.func("fvpromote_low", ["f32x4"], ["f64x2"], ["v1 = fvpromote_low v0", "return v1"])
    for (x,) in chunked([(v,) for v in single.edges() + single.some(8)], 4):
        func.run([x], [[oracle.convert(32, v, 64) for v in x[:2]]])
    yield file


# ---- Bits ----


def as_bytes(value, t, order="little"):
    return b"".join(lane.to_bytes(t.bits // 8, order) for lane in value)


def from_bytes(data, t, order="little"):
    size = t.bits // 8
    return [int.from_bytes(data[i:i + size], order) for i in range(0, len(data), size)]


def bitcast_files():
    machine = {16: ("i16", "f16"), 32: ("i32", "f32"), 64: ("i64", "f64"),
               128: ("i128", "f128", "i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2")}
    small = {16: ("i16", "f16", "i8x2"), 32: ("i32", "f32", "i8x4", "i16x2", "f16x2"),
             64: ("i64", "f64", "i8x8", "i16x4", "i32x2", "f16x4", "f32x2"),
             128: ("i8x16", "f16x8")}
    for suffix, targets, groups in (("", BOTH, machine), ("-interpret", INTERPRET, small)):
        for size, types in groups.items():
            file = File(f"runtests/bitcast-{size}{suffix}", f"bitcast between types of {size} "
                        "bits; NaNs keep theirs.", BITS_SOURCE, targets)
            for a in map(Type, types):
                for b in map(Type, types):
                    if a.text != b.text:
                        bitcast_function(file, a, b)
            yield file


    groups = {64: ("i64", "f64", "i8x8", "i16x4", "i32x2", "f32x2"),
              128: ("i128", "i8x16", "i16x8", "i32x4", "i64x2", "f64x2")}
    file = File("runtests/bitcast-big", "bitcast in big-endian order: as if stored as the one type "
                "and loaded as the other, lane 0 first, each lane's bytes from the highest.",
                BITS_SOURCE, INTERPRET)
    for types in groups.values():
        for a in map(Type, types):
            for b in map(Type, types):
                if a.text != b.text:
                    bitcast_function(file, a, b, "big")
    yield file


def bitcast_function(file, a, b, order="little"):
    flag = "" if a.lanes == b.lanes and order == "little" else " " + order
    func = file.func(f"bitcast_{a}_{b}", [a], [b], [f"v1 = bitcast.{b}{flag} v0", "return v1"])
    values = [ramp(a), ramp(a, 1)]
    if a.lanes == 1 and a.kind == "f":
        f = Floats(a.bits)
        values += [[f.neg(0)], [f.snan], [f.neg(f.nan_payload)], [f.min_sub]]
    for x in values:
        func.run([x], [from_bytes(as_bytes(x, a, order), b, order)])


def files(oracle):
    yield from to_int_files(oracle)
    yield from to_int_vector_files(oracle)
    yield from from_int_files(oracle)
    yield from width_files(oracle)
    yield from vector_width_files(oracle)
    yield from bitcast_files()
