# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lanes, selection, constants and changes of integer shape; Python's integers are the oracle."""

from clif import (A64, BOTH, FLOAT_BITS, FLOATS, INT_BITS, INTERPRET, INTS, File, Type,
                  float_literal, int_literal, signed, vector_hex, wrap)
from ints import FULL, HALF, SMALL, SOURCE, clamp_signed, clamp_unsigned, lanewise, wide_func
from values import Floats, Random, int_edges, int_pairs, int_values

FULL_ANY = FULL + ("f32x4", "f64x2")
HALF_ANY = HALF + ("f32x2",)
OTHER_ANY = SMALL + ("f16x8", "f16x4", "f16x2")


def ramp(type_, seed=0):
    """Distinct lanes; float lanes hold arbitrary bits, NaNs included."""
    random = Random(type_.size + seed)
    return [random.bits(type_.bits) for _ in range(type_.lanes)]


def by_targets(path, about, types=(FULL_ANY, HALF_ANY, OTHER_ANY)):
    """The usual three files of an operation on vectors, with their types."""
    for suffix, targets, list_ in (("", BOTH, types[0]), ("-64bit", A64, types[1]),
                                   ("-interpret", INTERPRET, types[2])):
        yield File(f"runtests/{path}{suffix}", about, SOURCE, targets), list(map(Type, list_))


# ---- Splat, insert, extract ----


def splat_files():
    for file, types in by_targets("splat", "splat: every lane is the scalar."):
        for t in types:
            func = file.func(f"splat_{t}", [t.lane], [t], [f"v1 = splat.{t} v0", "return v1"])
            for x in ramp(t) [:2] + [0, 1, 1 << (t.bits - 1)]:
                func.run([[x]], [[x] * t.lanes])
        yield file


def extract_insert_files():
    for file, types in by_targets("extractlane", "extractlane: every lane of every shape."):
        for t in types:
            for i in range(t.lanes):
                func = file.func(f"extractlane_{t}_{i}", [t], [t.lane],
                                 [f"v1 = extractlane v0, {i}", "return v1"])
                x = ramp(t, i)
                func.run([x], [[x[i]]])
        yield file
    for file, types in by_targets("insertlane", "insertlane: every lane of every shape."):
        for t in types:
            for i in range(t.lanes):
                func = file.func(f"insertlane_{t}_{i}", [t, t.lane], [t],
                                 [f"v2 = insertlane v0, v1, {i}", "return v2"])
                x, y = ramp(t, i), ramp(t, i + 100)[0]
                func.run([x, [y]], [x[:i] + [y] + x[i + 1:]])
        yield file
    for file, types in by_targets("scalar_to_vector", "scalar_to_vector: the other lanes are 0."):
        for t in types:
            func = file.func(f"scalar_to_vector_{t}", [t.lane], [t],
                             [f"v1 = scalar_to_vector.{t} v0", "return v1"])
            for x in [1 << (t.bits - 1), 1, wrap(-1, t.bits)] + ramp(t)[:2]:
                func.run([[x]], [[x] + [0] * (t.lanes - 1)])
        yield file


def lane_moves_file():
    """Chains of lane operations, which shuffles and moves are made from."""
    file = File("runtests/lane-moves", "extractlane into insertlane: lanes moved within and "
                "between vectors.", SOURCE)
    for t in map(Type, FULL_ANY):
        last = t.lanes - 1
        func = file.func(f"swap_ends_{t}", [t], [t], [
            "v1 = extractlane v0, 0", f"v2 = extractlane v0, {last}", "v3 = insertlane v0, v2, 0",
            f"v4 = insertlane v3, v1, {last}", "return v4"])
        x, y = ramp(t), ramp(t, 1)
        func.run([x], [[x[-1]] + x[1:-1] + [x[0]]])
        func = file.func(f"last_to_first_{t}", [t, t], [t], [
            f"v2 = extractlane v1, {last}", "v3 = insertlane v0, v2, 0", "return v3"])
        func.run([x, y], [[y[-1]] + x[1:]])
        func = file.func(f"splat_of_lane_{t}", [t], [t], [
            f"v1 = extractlane v0, {last}", f"v2 = splat.{t} v1", "return v2"])
        func.run([x], [[x[-1]] * t.lanes])
    yield file


def wide_lanes_file():
    """Wide vectors built from scalars and reduced to a scalar: h = rotl(h, 1) ^ lane."""
    file = File("runtests/wide-lanes", "splat, insertlane and extractlane on vectors of 256 to "
                "2048 bits: built from scalars, reduced to a scalar by h = rotl(h, 1) xor lane.",
                SOURCE, INTERPRET)
    for text in ("i8x32", "i16x16", "i32x8", "i64x4", "i128x2", "i8x64", "i8x256", "i128x4"):
        t = Type(text)
        body, n, vector = [f"v1 = splat.{t} v0"], 2, 1
        marks = sorted({0, 1, t.lanes // 2, t.lanes - 1})
        for mark in marks:
            body += [f"v{n} = ishl v0, v0", f"v{n + 1} = bxor v{n}, v0",
                     f"v{n + 2} = iadd v{n + 1}, v0"] if mark == 0 else [
                     f"v{n + 2} = iadd v{n - 2}, v0"]
            body.append(f"v{n + 3} = insertlane v{vector}, v{n + 2}, {mark}")
            vector, n = n + 3, n + 4
        body += [f"v{n} = extractlane v{vector}, 0", f"v{n + 1} = iconst.i32 1"]
        one, n = n + 1, n + 2
        value = one - 1
        picked = picked_lanes(t)
        for i in picked[1:]:
            body += [f"v{n} = extractlane v{vector}, {i}", f"v{n + 1} = rotl v{value}, v{one}",
                     f"v{n + 2} = bxor v{n + 1}, v{n}"]
            value, n = n + 2, n + 3
        func = file.func(f"wide_{t}", [t.lane], [t.lane], body + [f"return v{value}"])
        for x in (1, 5, Random(t.size).bits(t.bits)):
            func.run([[x]], [[fold_wide(x, t, marks)]])
    yield file


def picked_lanes(t):
    """All lanes of a short vector, the ends and the middle of a long one."""
    middle = t.lanes // 2
    return [i for i in range(t.lanes)
            if t.lanes <= 16 or abs(i - middle) < 3 or i % (t.lanes - 1) < 2]


def fold_wide(x, t, marks):
    lanes = [x] * t.lanes
    mark_value = wrap((wrap(x << (x % t.bits), t.bits) ^ x) + x, t.bits)
    for mark in marks:
        lanes[mark] = mark_value
        mark_value = wrap(mark_value + x, t.bits)
    h = lanes[0]
    for i in picked_lanes(t)[1:]:
        h = wrap(h << 1 | h >> (t.bits - 1), t.bits) ^ lanes[i]
    return h


# ---- Shuffles of bytes ----


def shuffle_files():
    byte = Type("i8x16")
    masks = {
        "identity": list(range(16)), "second": list(range(16, 32)),
        "reverse": list(range(15, -1, -1)),
        "broadcast_0": [0] * 16, "broadcast_31": [31] * 16,
        "interleave_low": [i // 2 + 16 * (i % 2) for i in range(16)],
        "interleave_high": [8 + i // 2 + 16 * (i % 2) for i in range(16)],
        "even": list(range(0, 32, 2)), "odd": list(range(1, 32, 2)),
        "align_3": list(range(3, 19)), "align_15": list(range(15, 31)),
        "swap_halves": [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7],
        "words_3210": [12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3],
        "bytes_in_words": [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12],
        "broadcast_word_1": [4, 5, 6, 7] * 4,
        "blend_halves": [0, 1, 2, 3, 20, 21, 22, 23, 8, 9, 10, 11, 28, 29, 30, 31],
        "unpack_words": [0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23],
        "low_quads": [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23],
        "mixed": [31, 0, 17, 5, 5, 30, 2, 16, 9, 9, 24, 1, 15, 12, 20, 7],
    }
    file = File("runtests/shuffle", "shuffle: masks that machines have instructions for, and one "
                "that they have none for.", SOURCE)
    for name, mask in masks.items():
        x, y = ramp(byte, 1), ramp(byte, 2)
        func = file.func(f"shuffle_{name}", [byte, byte], [byte], [
            f"v2 = shuffle v0, v1, [{' '.join(map(str, mask))}]", "return v2"])
        func.run([x, y], [[(x + y)[m] for m in mask]])
        func = file.func(f"shuffle_{name}_same", [byte], [byte], [
            f"v1 = shuffle v0, v0, [{' '.join(map(str, mask))}]", "return v1"])
        func.run([y], [[(y + y)[m] for m in mask]])
    yield file
    indices = [list(range(16)), [15 - i for i in range(16)], [16] * 16, [15, 16, 17, 31] * 4,
               [0x80, 0x8F, 0xFF, 0x7F] * 4, [0, 128, 1, 64, 2, 32, 3, 16] * 2, ramp(byte, 9)]
    for op, targets, meaning in (
            ("swizzle", BOTH, lambda x, i: x[i] if i < 16 else 0),
            ("x86_pshufb", ("x86_64 ssse3",), lambda x, i: 0 if i & 128 else x[i & 15])):
        file = File(f"runtests/{op}", f"{op}: indices in and out of range.", SOURCE, targets)
        func = file.func(op, [byte, byte], [byte], [f"v2 = {op} v0, v1", "return v2"])
        for i, index in enumerate(indices):
            x = ramp(byte, i)
            func.run([x, index], [[meaning(x, k) for k in index]])
        for i, index in enumerate(indices):
            func = file.func(f"{op}_const_{i}", [byte], [byte], [
                f"v1 = vconst.i8x16 [{' '.join(str(signed(k, 8)) for k in index)}]",
                f"v2 = {op} v0, v1", "return v2"])
            x = ramp(byte, i + 20)
            func.run([x], [[meaning(x, k) for k in index]])
        yield file


# ---- Selection ----


def select_files():
    for op in ("select", "select_spectre_guard"):
        for suffix, targets, types in (
                ("", BOTH, INTS + FLOATS + FULL_ANY),
                ("-interpret", INTERPRET, HALF_ANY + OTHER_ANY)):
            file = File(f"runtests/{op}{suffix}", f"{op}: the condition of any width counts with "
                        "all its bits; values keep theirs, NaNs included.", SOURCE, targets)
            for t in map(Type, types):
                cond = f"i{t.bits}" if t.bits in INT_BITS else "i8"
                func = file.func(f"{op}_{t}", [cond, t, t], [t],
                                 [f"v3 = {op} v0, v1, v2", "return v3"])
                x, y = ramp(t), ramp(t, 1)
                for c in (0, 1, 1 << (t.bits - 1), 2):
                    func.run([[c], x, y], [x if c else y])
            yield file
    file = File("runtests/select-conditions", "select of i32 and of floats on conditions of each "
                "width.", SOURCE)
    for t in map(Type, ("i32", *FLOATS)):
        for op, name in (("select", "select"), ("select_spectre_guard", "guard")):
            for bits in INT_BITS:
                func = file.func(f"{name}_{t}_if_i{bits}", [f"i{bits}", t, t], [t],
                                 [f"v3 = {op} v0, v1, v2", "return v3"])
                x, y = ramp(t), ramp(t, 1)
                for c in int_edges(bits) + [1 << (bits // 2)]:
                    func.run([[c], x, y], [x if c else y])
    yield file


def bits_files():
    """bitselect and the bitwise operations on floats."""
    about = "bitselect: bit by bit, on any type."
    for suffix, targets, types in (
            ("", BOTH, INTS + FLOATS + FULL_ANY), ("-64bit", A64, HALF_ANY),
            ("-interpret", INTERPRET, OTHER_ANY)):
        file = File(f"runtests/bitselect{suffix}", about, SOURCE, targets)
        for t in map(Type, types):
            func = file.func(f"bitselect_{t}", [t, t, t], [t],
                             ["v3 = bitselect v0, v1, v2", "return v3"])
            ones = [wrap(-1, t.bits)] * t.lanes
            for c in ([0] * t.lanes, ones, ramp(t, 5), ramp(t, 6)):
                x, y = ramp(t, 7), ramp(t, 8)
                func.run([c, x, y], [[k & a | ~k & b for k, a, b in zip(c, x, y)]])
        yield file
    meanings = {"band": lambda x, y: x & y, "bor": lambda x, y: x | y, "bxor": lambda x, y: x ^ y}
    for suffix, targets, types in (("", BOTH, (*FLOATS, "f32x4", "f64x2")),
                                   ("-interpret", INTERPRET, ("f16x8", "f32x2"))):
        file = File(f"runtests/bitwise-float{suffix}", "band, bor, bxor and bnot on the bits of "
                    "floats.", SOURCE, targets)
        for t in map(Type, types):
            values = [ramp(t), ramp(t, 1), [0] * t.lanes, [1 << (t.bits - 1)] * t.lanes]
            for op, meaning in meanings.items():
                func = file.func(f"{op}_{t}", [t, t], [t], [f"v2 = {op} v0, v1", "return v2"])
                for x, y in zip(values, values[1:] + values[:1]):
                    func.run([x, y], [[meaning(a, b) for a, b in zip(x, y)]])
            func = file.func(f"bnot_{t}", [t], [t], ["v1 = bnot v0", "return v1"])
            for x in values:
                func.run([x], [[wrap(~a, t.bits) for a in x]])
        yield file


def blendv_files():
    for suffix, targets, types in (
            ("", ("x86_64 sse41",), ("i8x16", "f32x4", "f64x2")),
            ("-scalar", BOTH, INTS + FLOATS),
            ("-interpret", INTERPRET,
             ("i16x8", "i32x4", "i64x2", "i32x2", "f32x2"))):
        file = File(f"runtests/blendv{suffix}", "blendv: the top bit of each lane decides.", SOURCE,
                    targets)
        for t in map(Type, types):
            func = file.func(f"blendv_{t}", [t, t, t], [t],
                             ["v3 = blendv v0, v1, v2", "return v3"])
            top = 1 << (t.bits - 1)
            for c in ([0] * t.lanes, [top] * t.lanes, [top - 1] * t.lanes,
                      [top if i % 2 else 1 for i in range(t.lanes)], ramp(t, 3)):
                x, y = ramp(t, 4), ramp(t, 5)
                func.run([c, x, y], [[a if k & top else b for k, a, b in zip(c, x, y)]])
        yield file


# ---- Lane predicates ----


def predicate_files():
    for file, types in by_targets("vany_true", "vany_true and vall_true: lanes count as bits, so "
                                  "that -0.0 is true."):
        for t in types:
            zeros, ones = [0] * t.lanes, [wrap(-1, t.bits)] * t.lanes
            low = [1] * t.lanes
            top = [1 << (t.bits - 1)] * t.lanes
            first = [1] + zeros[1:]
            last = zeros[1:] + [1 << (t.bits - 1)]
            gap = ones[1:] + [0]
            for op, meaning in (("vany_true", any), ("vall_true", all)):
                func = file.func(f"{op}_{t}", [t], ["i8"], [f"v1 = {op} v0", "return v1"])
                for x in (zeros, ones, low, top, first, last, gap, [0] + ones[1:]):
                    func.run([x], [[int(meaning(x))]])
        yield file
    for file, types in by_targets("vhigh_bits", "vhigh_bits: the top bit of each lane, also "
                                  "into integers that do not hold them all."):
        for t in types:
            results = ("i32",) if t.lanes > 16 else INTS[:4]
            for result in map(Type, results):
                if result.bits < t.lanes:
                    continue
                func = file.func(f"vhigh_bits_{t}_{result}", [t], [result],
                                 [f"v1 = vhigh_bits.{result} v0", "return v1"])
                top = 1 << (t.bits - 1)
                for x in ([0] * t.lanes, [top] * t.lanes, [top - 1] * t.lanes,
                          [top] + [0] * (t.lanes - 1), [1] * (t.lanes - 1) + [top], ramp(t)):
                    func.run([x], [[sum((a >> (t.bits - 1)) << i for i, a in enumerate(x))]])
        yield file


# ---- Constants ----


def constant_files():
    file = File("runtests/iconst", "iconst: each width, spelled signed, unsigned and in hex.",
                SOURCE)
    for bits in INT_BITS[:4]:
        top = 1 << (bits - 1)
        spellings = ["0", "1", "-1", str(top - 1), str(-top), str(2 * top - 1), f"0x{top:x}",
                     f"0x{2 * top - 1:x}", f"0x{top - 1:x}", "-0x1", f"-0x{top:x}"]
        for i, spelling in enumerate(spellings):
            func = file.func(f"iconst_i{bits}_{i}", [], [f"i{bits}"],
                             [f"v0 = iconst.i{bits} {spelling}", "return v0"])
            func.run([], [[wrap(int(spelling, 0), bits)]])
    yield file
    for bits in FLOAT_BITS:
        file = File(f"runtests/f{bits}const", f"f{bits}const: bit for bit.", SOURCE)
        f = Floats(bits)
        for i, value in enumerate(f.edges() + f.nans() + f.some(3)):
            func = file.func(f"f{bits}const_{i}", [], [f"i{bits}", f"f{bits}"],
                             [f"v0 = f{bits}const {float_literal(value, bits)}",
                              f"v1 = bitcast.i{bits} v0", "return v1, v0"])
            func.run([], [[value], [value]])
        yield file
    for file, types in by_targets("vconst", "vconst: as a list of lanes, as one number, from the "
                                  "constant pool."):
        for t in types:
            x = ramp(t)
            form = float_literal if t.kind == "f" else int_literal
            listed = "[" + " ".join(form(a, t.bits) for a in x) + "]"
            number = vector_hex(x, t)
            func = file.func(f"vconst_list_{t}", [], [t],
                             [f"v0 = vconst.{t} {listed}", "return v0"])
            func.run([], [x])
            func = file.func(f"vconst_hex_{t}", [], [t], [f"v0 = vconst.{t} {number}", "return v0"])
            func.run([], [x])
            func = file.func(f"vconst_pool_{t}", [], [t], [f"v0 = vconst.{t} const0", "return v0"],
                             decls=[f"const0 = {number}"])
            func.run([], [x])
            func = file.func(f"vconst_short_{t}", [], [t], [f"v0 = vconst.{t} 0x01", "return v0"])
            func.run([], [[1] + [0] * (t.lanes - 1)])
        yield file


# ---- Integer width and shape ----


def scalar_width_files():
    for op, meaning in (("uextend", lambda x, b, to: x),
                        ("sextend", lambda x, b, to: wrap(signed(x, b), to)),
                        ("ireduce", lambda x, b, to: wrap(x, to)),
                        ("bmask", lambda x, b, to: wrap(-1, to) if x else 0)):
        file = File(f"runtests/{op}", f"{op} between all widths.", SOURCE)
        for bits in INT_BITS:
            for to in INT_BITS:
                if op != "bmask" and (bits == to or (op == "ireduce") != (to < bits)):
                    continue
                func = file.func(f"{op}_i{bits}_i{to}", [f"i{bits}"], [f"i{to}"],
                                 [f"v1 = {op}.i{to} v0", "return v1"])
                for x in int_values(bits):
                    func.run([[x]], [[meaning(x, bits, to)]])
        yield file
    file = File("runtests/extend-of-reduce", "Extensions of reduced values: what was cut off must "
                "not come back.", SOURCE)
    for bits in INT_BITS[1:]:
        for small in INT_BITS[:INT_BITS.index(bits)]:
            for op in ("uextend", "sextend"):
                func = file.func(f"{op}_i{bits}_i{small}", [f"i{bits}"], [f"i{bits}"], [
                    f"v1 = ireduce.i{small} v0", f"v2 = {op}.i{bits} v1", "return v2"])
                for x in (wrap(-1, bits), 1 << (small - 1), 1 << small, Random(bits).bits(bits)):
                    low = wrap(x, small)
                    func.run([[x]], [[low if op == "uextend" else wrap(signed(low, small), bits)]])
    yield file


def split_concat_files():
    for op in ("isplit", "iconcat"):
        for suffix, targets in (("", BOTH), ("-interpret", INTERPRET)):
            file = File(f"runtests/{op}{suffix}", f"{op}: low half first.", SOURCE, targets)
            for bits in (128,) if targets else (16, 32, 64):
                whole, half = f"i{bits}", f"i{bits // 2}"
                if op == "isplit":
                    func = file.func(f"isplit_{whole}", [whole], [half, half],
                                     ["v1, v2 = isplit v0", "return v1, v2"])
                    for x in int_values(bits):
                        func.run([[x]], [[wrap(x, bits // 2)], [x >> (bits // 2)]])
                else:
                    func = file.func(f"iconcat_{whole}", [half, half], [whole],
                                     ["v2 = iconcat v0, v1", "return v2"])
                    for x, y in int_pairs(bits // 2, 2)[::2]:
                        func.run([[x], [y]], [[x | y << (bits // 2)]])
            yield file


def interesting_for(bits):
    """Numbers around the ranges of half the width, for narrowing."""
    half = bits // 2
    marks = [0, 1 << (half - 1), 1 << half, 1 << (bits - 1)]
    return [wrap(s * m + d, bits) for m in marks for s in (1, -1) for d in (-1, 0, 1)]


def narrow_files():
    meanings = {
        "snarrow": lambda x, b: clamp_signed(signed(x, b), b // 2),
        "unarrow": lambda x, b: clamp_unsigned(signed(x, b), b // 2),
        "uunarrow": lambda x, b: clamp_unsigned(x, b // 2),
    }
    for op, meaning in meanings.items():
        for suffix, targets, types in (("", BOTH, ("i16x8", "i32x4", "i64x2")),
                                       ("-64bit", A64, ("i16x4", "i32x2")),
                                       ("-interpret", INTERPRET, ("i16x2", "i32x8", "i64x4"))):
            file = File(f"runtests/{op}{suffix}", f"{op}: each lane clamped to half the width, the "
                        "lanes of the first operand below.", SOURCE, targets)
            for t in map(Type, types):
                result = t.shaped("i", t.bits // 2, t.lanes * 2)
                if t.size > 128:
                    run = wide_func(file, op, f"{op}_{t}", t, 2, result)
                else:
                    func = file.func(f"{op}_{t}", [t, t], [result],
                                     [f"v2 = {op} v0, v1", "return v2"])

                    def run(args, expected, func=func):
                        func.run(args, [expected])
                numbers = interesting_for(t.bits)
                for start in range(0, len(numbers), 2 * t.lanes):
                    both = [numbers[(start + i) % len(numbers)] for i in range(2 * t.lanes)]
                    run([both[:t.lanes], both[t.lanes:]], [meaning(x, t.bits) for x in both])
            yield file


def widen_files():
    for op in ("swiden_low", "swiden_high", "uwiden_low", "uwiden_high"):
        for suffix, targets, types in (("", BOTH, ("i8x16", "i16x8", "i32x4")),
                                       ("-64bit", A64, ("i8x8", "i16x4")),
                                       ("-interpret", INTERPRET, ("i8x4", "i16x16", "i32x8"))):
            file = File(f"runtests/{op}{suffix}", f"{op}: half of the lanes at twice the width.",
                        SOURCE, targets)
            for t in map(Type, types):
                result = t.shaped("i", t.bits * 2, t.lanes // 2)
                if t.size > 128:
                    run = wide_func(file, op, f"{op}_{t}", t, 1, result)
                else:
                    func = file.func(f"{op}_{t}", [t], [result], [f"v1 = {op} v0", "return v1"])

                    def run(args, expected, func=func):
                        func.run(args, [expected])
                values = int_values(t.bits, 7)
                for start in range(4):
                    x = [values[(start * 5 + i) % len(values)] for i in range(t.lanes)]
                    kept = x[t.lanes // 2:] if op.endswith("high") else x[:t.lanes // 2]
                    run([x], [wrap(signed(a, t.bits), 2 * t.bits) if op[0] == "s" else a
                              for a in kept])
            yield file


def pairwise_files():
    for suffix, targets, types in (("", BOTH, ("i8x16", "i16x8", "i32x4")),
                                   ("-64bit", A64, ("i8x8", "i16x4", "i32x2")),
                                   ("-interpret", INTERPRET, ("i8x4", "i16x16", "i32x8"))):
        file = File(f"runtests/iadd_pairwise{suffix}", "iadd_pairwise: sums of neighbours, those "
                    "of the first operand below.", SOURCE, targets)
        for t in map(Type, types):
            if t.size > 128:
                run = wide_func(file, "iadd_pairwise", f"iadd_pairwise_{t}", t, 2)
            else:
                func = file.func(f"iadd_pairwise_{t}", [t, t], [t],
                                 ["v2 = iadd_pairwise v0, v1", "return v2"])

                def run(args, expected, func=func):
                    func.run(args, [expected])
            edges = int_edges(t.bits)
            for x, y in ((ramp(t), ramp(t, 1)),
                         ([edges[i % 5] for i in range(t.lanes)], [1] * t.lanes),
                         ([edges[-1 - i % 5] for i in range(t.lanes)], ramp(t, 2))):
                both = x + y
                run([x, y], [wrap(both[i] + both[i + 1], t.bits) for i in range(0, len(both), 2)])
        yield file
    file = File("runtests/x86_pmaddubsw", "x86_pmaddubsw: sums of two products, signed by "
                "unsigned, saturated.", SOURCE, ("x86_64 ssse3",))
    byte, word = Type("i8x16"), Type("i16x8")
    func = file.func("x86_pmaddubsw", [byte, byte], [word],
                     ["v2 = x86_pmaddubsw v0, v1", "return v2"])
    for x, y in ((ramp(byte), ramp(byte, 1)), ([127] * 16, [255] * 16), ([128] * 16, [255] * 16),
                 ([127, 128] * 8, [255] * 16), ([255, 1] * 8, [128, 127] * 8),
                 ([0] * 16, ramp(byte))):
        sums = [signed(a, 8) * b for a, b in zip(x, y)]
        func.run([x, y], [[clamp_signed(sums[i] + sums[i + 1], 16) for i in range(0, 16, 2)]])
    yield file


def files(_oracle):
    for part in (splat_files, extract_insert_files, lane_moves_file, wide_lanes_file, shuffle_files,
                 select_files, bits_files, blendv_files, predicate_files, constant_files,
                 scalar_width_files, split_concat_files, narrow_files, widen_files,
                 pairwise_files):
        yield from part()
