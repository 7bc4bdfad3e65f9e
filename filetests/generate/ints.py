# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Integer operations, scalar and lane by lane, with Python's integers as the oracle."""

from clif import A64, BOTH, INT_BITS, INTERPRET, File, Trap, Type, signed, wrap
from values import Random, chunked, int_edges, int_pairs, int_values

SOURCE = "Python integers."
FULL = ("i8x16", "i16x8", "i32x4", "i64x2")
HALF = ("i8x8", "i16x4", "i32x2")
SMALL = ("i8x4", "i8x2", "i16x2")
WIDE = ("i8x32", "i16x16", "i32x8", "i64x4", "i128x2")


# ---- Meanings on one lane: bits in, bits out ----


def clamp(value, low, high):
    return max(low, min(high, value))


def clamp_signed(value, bits):
    return wrap(clamp(value, -(1 << (bits - 1)), (1 << (bits - 1)) - 1), bits)


def clamp_unsigned(value, bits):
    return clamp(value, 0, (1 << bits) - 1)


def leading_zeros(x, bits):
    return bits - x.bit_length()


def leading_signs(x, bits):
    return leading_zeros(x ^ wrap(-1, bits) if x >> (bits - 1) else x, bits) - 1


def trailing_zeros(x, bits):
    return (x & -x).bit_length() - 1 if x else bits


def reversed_bits(x, bits):
    return int(f"{x:0{bits}b}"[::-1], 2)


def reversed_bytes(x, bits):
    return int.from_bytes(x.to_bytes(bits // 8, "little"), "big")


UNARY = {  # op: (meaning, shapes)
    "ineg": (lambda x, b: wrap(-x, b), "all"),
    "iabs": (lambda x, b: wrap(abs(signed(x, b)), b), "all"),
    "bnot": (lambda x, b: wrap(~x, b), "all"),
    "popcnt": (lambda x, b: x.bit_count(), "all"),
    "bitrev": (reversed_bits, "scalar"),
    "clz": (leading_zeros, "scalar"),
    "cls": (leading_signs, "scalar"),
    "ctz": (trailing_zeros, "scalar"),
    "bswap": (reversed_bytes, "scalar"),
}

BINARY = {
    "iadd": (lambda x, y, b: wrap(x + y, b), "all"),
    "isub": (lambda x, y, b: wrap(x - y, b), "all"),
    "imul": (lambda x, y, b: wrap(x * y, b), "all"),
    "umulhi": (lambda x, y, b: x * y >> b, "all"),
    "smulhi": (lambda x, y, b: wrap(signed(x, b) * signed(y, b) >> b, b), "all"),
    "band": (lambda x, y, b: x & y, "all"),
    "bor": (lambda x, y, b: x | y, "all"),
    "bxor": (lambda x, y, b: x ^ y, "all"),
    "smin": (lambda x, y, b: wrap(min(signed(x, b), signed(y, b)), b), "all"),
    "umin": (lambda x, y, b: min(x, y), "all"),
    "smax": (lambda x, y, b: wrap(max(signed(x, b), signed(y, b)), b), "all"),
    "umax": (lambda x, y, b: max(x, y), "all"),
    "avg_round": (lambda x, y, b: (x + y + 1) >> 1, "vector"),
    "uadd_sat": (lambda x, y, b: clamp_unsigned(x + y, b), "vector"),
    "sadd_sat": (lambda x, y, b: clamp_signed(signed(x, b) + signed(y, b), b), "vector"),
    "usub_sat": (lambda x, y, b: clamp_unsigned(x - y, b), "vector"),
    "ssub_sat": (lambda x, y, b: clamp_signed(signed(x, b) - signed(y, b), b), "vector"),
}

# Operations whose i128 has a file of its own.
ONLY_TO_64 = {"umulhi", "smulhi", "smin", "umin", "smax", "umax"}


def quotient(x, y):
    """C's: truncated toward zero."""
    return abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)


DIVISION = {
    "udiv": lambda x, y, b: x // y,
    "urem": lambda x, y, b: x % y,
    "sdiv": lambda x, y, b: wrap(quotient(signed(x, b), signed(y, b)), b),
    "srem": lambda x, y, b: wrap(
        signed(x, b) - signed(y, b) * quotient(signed(x, b), signed(y, b)), b),
}


def rotate_left(x, n, bits):
    return wrap(x << n | x >> (bits - n), bits)


SHIFTS = {
    "ishl": lambda x, n, b: wrap(x << n, b),
    "ushr": lambda x, n, b: x >> n,
    "sshr": lambda x, n, b: wrap(signed(x, b) >> n, b),
    "rotl": rotate_left,
    "rotr": lambda x, n, b: rotate_left(x, (b - n) % b, b),
}

CONDITIONS = {
    "eq": lambda x, y, b: x == y,
    "ne": lambda x, y, b: x != y,
    "slt": lambda x, y, b: signed(x, b) < signed(y, b),
    "sge": lambda x, y, b: signed(x, b) >= signed(y, b),
    "sgt": lambda x, y, b: signed(x, b) > signed(y, b),
    "sle": lambda x, y, b: signed(x, b) <= signed(y, b),
    "ult": lambda x, y, b: x < y,
    "uge": lambda x, y, b: x >= y,
    "ugt": lambda x, y, b: x > y,
    "ule": lambda x, y, b: x <= y,
}


# ---- Shapes ----


def part_offset(index):
    return f"+{16 * index}" if index else ""


def wide_func(file, op, name, type_, arity, result=None):
    """A function over vectors wider than run data: they come and go in parts of 16 bytes.

    The parts of each operand are stored to a slot one after the other and loaded as the whole.
    Returns the function and a way to run it with whole values.
    """
    type_ = Type(str(type_))
    result = result or type_
    part = type_.shaped(type_.kind, type_.bits, 128 // type_.bits)
    result_part = result.shaped(result.kind, result.bits, 128 // result.bits)
    parts, result_parts = type_.size // 128, result.size // 128
    size = max(type_.size, result.size) // 8
    body, operands, count = [], [], arity * parts

    def fresh():
        nonlocal count
        count += 1
        return f"v{count - 1}"

    address = fresh()
    body.append(f"{address} = stack_addr.i64 ss0")
    for operand in range(arity):
        for i in range(parts):
            body.append(f"store v{operand * parts + i}, {address}{part_offset(i)}")
        operands.append(fresh())
        body.append(f"{operands[-1]} = load.{type_} {address}")
    value = fresh()
    body.append(f"{value} = {op} {', '.join(operands)}")
    body.append(f"store {value}, {address}")
    returned = []
    for i in range(result_parts):
        returned.append(fresh())
        body.append(f"{returned[-1]} = load.{result_part} {address}{part_offset(i)}")
    body.append("return " + ", ".join(returned))
    func = file.func(name, [part] * (arity * parts), [result_part] * result_parts, body,
                     decls=[f"ss0 = explicit_slot {size}, align = 16"])

    def run(args, expected):
        func.run([a[i * part.lanes:(i + 1) * part.lanes] for a in args for i in range(parts)],
                 [expected[i * result_part.lanes:(i + 1) * result_part.lanes]
                  for i in range(result_parts)])

    return run


def lanewise(file, op, type_, meaning, tuples, result=None, spelled=None):
    """One function for `op` on `type_`, and run lines that take all `tuples` through its lanes.

    `meaning(*lanes, bits)` gives a lane of the result; `spelled` is the instruction where it is
    more than the opcode.
    """
    type_ = Type(str(type_))
    tuples = list(tuples)
    arity = len(tuples[0])
    name = f"{op}_{type_}".replace(" ", "_")
    spelled = spelled or op
    if type_.size > 128:
        run = wide_func(file, spelled, name, type_, arity, result)
    else:
        args = ", ".join(f"v{i}" for i in range(arity))
        func = file.func(name, [type_] * arity, [result or type_],
                         [f"v{arity} = {spelled} {args}", f"return v{arity}"])

        def run(args, expected):
            func.run(args, [expected])
    for args in chunked(tuples, type_.lanes):
        run(args, [meaning(*lanes, type_.bits) for lanes in zip(*args)])


def shapes_of(op, kind, lists=(FULL, HALF, SMALL + WIDE)):
    """(file suffix, targets, types) of the files of an operation."""
    out = []
    if kind in ("all", "scalar"):
        narrow = INT_BITS[1:] if op == "bswap" else INT_BITS
        if op in ONLY_TO_64:
            out.append(("", BOTH, [f"i{b}" for b in narrow if b < 128]))
            out.append(("-i128", BOTH, ["i128"]))
        else:
            out.append(("", BOTH, [f"i{b}" for b in narrow]))
    if kind in ("all", "vector"):
        full, half, rest = lists
        out.append(("-simd", BOTH, full))
        out.append(("-simd-64bit", A64, half))
        out.append(("-simd-small-wide", INTERPRET, rest))
    return out


ABOUT = {
    "": "on scalars, at the edges of each width.",
    "-i128": "on i128.",
    "-simd": "lane by lane on 128-bit vectors.",
    "-simd-64bit": "lane by lane on 64-bit vectors.",
    "-simd-small-wide": "lane by lane on vectors of less than 64 and more than 128 bits. "
                        "What is wider than a run line's 16 bytes goes through a stack slot.",
}


# ---- Files ----


def unary_files():
    for op, (meaning, kind) in UNARY.items():
        for suffix, targets, types in shapes_of(op, kind):
            file = File(f"runtests/{op}{suffix}", f"{op} {ABOUT[suffix]}", SOURCE, targets)
            for type_ in map(Type, types):
                values = int_values(type_.bits, 4)
                values += [1 << i for i in (1, type_.bits // 2, type_.bits - 2)]
                lanewise(file, op, type_, meaning, [(v,) for v in values])
            yield file


def binary_files():
    for op, (meaning, kind) in BINARY.items():
        for suffix, targets, types in shapes_of(op, kind):
            file = File(f"runtests/{op}{suffix}", f"{op} {ABOUT[suffix]}", SOURCE, targets)
            for type_ in map(Type, types):
                lanewise(file, op, type_, meaning, int_pairs(type_.bits))
            yield file


def fraction_product(x, y, bits):
    return (signed(x, bits) * signed(y, bits) + (1 << (bits - 2))) >> (bits - 1)


def fixed_point_files():
    for op, targets, last, full, rest in (
            ("sqmul_round_sat", BOTH, clamp_signed, ["i16x8", "i32x4"], ["i16x4", "i32x8"]),
            ("x86_pmulhrsw", ("x86_64 ssse3",), wrap, ["i16x8"], ["i16x4", "i32x4", "i32x8"])):
        def meaning(x, y, b, last=last):
            return last(fraction_product(x, y, b), b)
        file = File(f"runtests/{op}", f"{op}, the rounded product of fractions, on 128-bit "
                    "vectors.", SOURCE, targets)
        for type_ in full:
            lanewise(file, op, type_, meaning, int_pairs(Type(type_).bits))
        yield file
        file = File(f"runtests/{op}-interpret", f"{op} on the shapes that no machine has.",
                    SOURCE, INTERPRET)
        for type_ in rest:
            lanewise(file, op, type_, meaning, int_pairs(Type(type_).bits))
        yield file


def division_outcome(op, x, y, bits):
    if y == 0:
        return Trap("int_divz")
    if op == "sdiv" and x == 1 << (bits - 1) and y == wrap(-1, bits):
        return Trap("int_ovf")
    return [[DIVISION[op](x, y, bits)]]


def division_pairs(bits):
    random = Random(bits + 7)
    pairs = int_pairs(bits, 3)
    big, small = random.bits(bits - 1), random.bits(bits // 4) + 2
    for x, y in ((big, small), (7, 2), (1 << (bits - 1), 2), ((1 << (bits - 1)) + 1, small)):
        minus_x, minus_y = wrap(-x, bits), wrap(-y, bits)
        pairs += [(x, y), (minus_x, y), (x, minus_y), (minus_x, minus_y)]
    return pairs


def division_by_constants(file, op, bits):
    """Divisions that a compiler replaces by multiplications and shifts."""
    type_ = f"i{bits}"
    top = 1 << (bits - 1)
    negative = [wrap(-n, bits) for n in (1, 2, 7)]
    even = [7 << (bits // 2), 3 << (bits - 3)]  # unsigned, the second is above the middle
    for divisor in [1, 2, 3, 7, 10, 15, 28, 60, 64] + even + negative + [top, top - 1, top + 1]:
        func = file.func(f"{op}_{type_}_by_{divisor}", [type_], [type_],
                         [f"v1 = iconst.{type_} {signed(divisor, bits)}",
                          f"v2 = {op} v0, v1", "return v2"])
        near = wrap(divisor * 5, bits)
        for x in int_edges(bits) + [near, wrap(near - 1, bits), wrap(near + 1, bits),
                                    Random(divisor).bits(bits)]:
            func.run([[x]], division_outcome(op, x, divisor, bits))


def division_files():
    for op in DIVISION:
        for suffix, targets, widths in (("", BOTH, INT_BITS[:4]), ("-i128", BOTH, (128,))):
            file = File(f"runtests/{op}{suffix}", f"{op} {ABOUT[suffix]} Division by zero traps; "
                        "MIN / -1 traps, MIN % -1 is 0.", SOURCE, targets)
            for bits in widths:
                func = file.func(f"{op}_i{bits}", [f"i{bits}"] * 2, [f"i{bits}"],
                                 [f"v2 = {op} v0, v1", "return v2"])
                for x, y in division_pairs(bits):
                    func.run([[x], [y]], division_outcome(op, x, y, bits))
            yield file
        for bits in (32, 64):
            file = File(f"runtests/{op}-const-i{bits}", f"{op} of i{bits} by constants.", SOURCE)
            division_by_constants(file, op, bits)
            yield file
        file = File(f"runtests/{op}-const-small", f"{op} of i8 and i16 by constants.", SOURCE)
        division_by_constants(file, op, 8)
        division_by_constants(file, op, 16)
        yield file


def amounts(value_bits, amount_bits):
    """Shift amounts around the width, as far as the amount's type holds them."""
    numbers = [0, 1, value_bits - 1, value_bits, value_bits + 1, 2 * value_bits,
               (1 << amount_bits) - 1]
    return [n for n in numbers if n >> amount_bits == 0]


def shift_scalars(op):
    for bits in INT_BITS:
        file = File(f"runtests/{op}-i{bits}", f"{op} of i{bits} by amounts of every integer type, "
                    "also those at and beyond the width.", SOURCE)
        random = Random(bits + 11)
        for amount_bits in INT_BITS:
            func = file.func(f"{op}_i{bits}_i{amount_bits}", [f"i{bits}", f"i{amount_bits}"],
                             [f"i{bits}"], [f"v2 = {op} v0, v1", "return v2"])
            for n in amounts(bits, amount_bits) + [random.bits(amount_bits)]:
                for x in (1 << (bits - 1) | 1, random.bits(bits)):
                    func.run([[x], [n]], [[SHIFTS[op](x, n % bits, bits)]])
        yield file


def shift_constants(op):
    file = File(f"runtests/{op}-const", f"{op} by constants, in and out of range.", SOURCE)
    for bits in INT_BITS:
        random = Random(bits + 13)
        for n in (0, 1, bits // 2 - 1, bits - 1, bits, bits + 1):
            func = file.func(f"{op}_i{bits}_by_{n}", [f"i{bits}"], [f"i{bits}"],
                             [f"v1 = iconst.i32 {n}", f"v2 = {op} v0, v1", "return v2"])
            for x in (1, wrap(-1, bits), 1 << (bits - 1), random.bits(bits)):
                func.run([[x]], [[SHIFTS[op](x, n % bits, bits)]])
    yield file


def shift_vectors(op):
    for suffix, targets, types in shapes_of(op, "vector", (FULL, HALF, SMALL)):
        file = File(f"runtests/{op}{suffix}", f"{op} of vectors by one scalar amount.", SOURCE,
                    targets)
        for type_ in map(Type, types):
            random = Random(type_.bits + 17)
            for amount_bits in INT_BITS if suffix == "-simd" else (32,):
                func = file.func(f"{op}_{type_}_i{amount_bits}", [type_, f"i{amount_bits}"],
                                 [type_], [f"v2 = {op} v0, v1", "return v2"])
                for n in amounts(type_.bits, amount_bits):
                    x = [random.bits(type_.bits) for _ in range(type_.lanes)]
                    x[0] |= 1 << (type_.bits - 1) | 1
                    func.run([x, [n]], [[SHIFTS[op](v, n % type_.bits, type_.bits) for v in x]])
        yield file


def shift_files():
    for op in SHIFTS:
        yield from shift_scalars(op)
        yield from shift_constants(op)
        yield from shift_vectors(op)


def icmp_files():
    for bits in INT_BITS:
        file = File(f"runtests/icmp-i{bits}", f"icmp of i{bits}: each condition on every pair of "
                    "edges.", SOURCE)
        for cc, meaning in CONDITIONS.items():
            lanewise(file, f"icmp {cc}", f"i{bits}", lambda x, y, b, m=meaning: int(m(x, y, b)),
                     int_pairs(bits, 2), Type("i8"))
        yield file
    for suffix, targets, types in shapes_of("icmp", "vector"):
        for type_ in map(Type, types):
            file = File(f"runtests/icmp-{type_}", f"icmp of {type_}. True is a lane of ones.",
                        SOURCE, targets)
            pairs = int_pairs(type_.bits, 3)
            if type_.lanes < 4:
                pairs = pairs[::3]
            for cc, meaning in CONDITIONS.items():
                lanewise(file, f"icmp {cc}", type_,
                         lambda x, y, b, m=meaning: wrap(-int(m(x, y, b)), b), pairs)
            yield file


def icmp_constants_file():
    """Comparisons against constants, which have forms of their own on every machine."""
    for bits in (8, 16, 32, 64, 128):
        file = File(f"runtests/icmp-const-i{bits}", f"icmp of i{bits} with a constant on the "
                    "right.", SOURCE)
        for number in (0, 1, -1):
            for cc, meaning in CONDITIONS.items():
                value = wrap(number, bits)
                name = f"icmp_{cc}_i{bits}_{'m1' if number == -1 else number}"
                const = [f"v1 = iconst.i{bits} {number}"] if bits <= 64 else [
                    f"v3 = iconst.i64 {number}", "v1 = sextend.i128 v3"]
                func = file.func(name, [f"i{bits}"], ["i8"],
                                 const + [f"v2 = icmp {cc} v0, v1", "return v2"])
                for x in (0, 1, 2, wrap(-1, bits), 1 << (bits - 1)):
                    func.run([[x]], [[int(meaning(x, value, bits))]])
        yield file


OVERFLOW = {  # exact result of unsigned or signed operands, and of the carry
    "add": lambda x, y, c: x + y + c,
    "sub": lambda x, y, c: x - y - c,
    "mul": lambda x, y, c: x * y,
}


def overflowed(op, unsigned, x, y, carry, bits):
    read = (lambda v: v) if unsigned else (lambda v: signed(v, bits))
    exact = OVERFLOW[op](read(x), read(y), carry)
    low, high = (0, 1 << bits) if unsigned else (-(1 << (bits - 1)), 1 << (bits - 1))
    return [[wrap(exact, bits)], [int(not low <= exact < high)]]


def overflow_files():
    for sign in "us":
        for op in OVERFLOW:
            name = f"{sign}{op}_overflow"
            file = File(f"runtests/{name}", f"{name}: the wrapped result and the flag.", SOURCE)
            for bits in INT_BITS[:4] if op == "mul" else INT_BITS:
                func = file.func(f"{name}_i{bits}", [f"i{bits}"] * 2, [f"i{bits}", "i8"],
                                 [f"v2, v3 = {name} v0, v1", "return v2, v3"])
                half = 1 << (bits // 2)
                for x, y in int_pairs(bits) + [(half, half), (half, half - 1), (half, half // 2)]:
                    func.run([[x], [y]], overflowed(op, sign == "u", x, y, 0, bits))
            yield file
    for sign in "us":
        for op, carry_name in (("add", "cin"), ("sub", "bin")):
            name = f"{sign}{op}_overflow_{carry_name}"
            file = File(f"runtests/{name}", f"{name}: a carry in of any non-zero value is one.",
                        SOURCE)
            for bits in INT_BITS:
                func = file.func(f"{name}_i{bits}", [f"i{bits}"] * 2 + ["i8"], [f"i{bits}", "i8"],
                                 [f"v3, v4 = {name} v0, v1, v2", "return v3, v4"])
                for i, (x, y) in enumerate(int_pairs(bits, 1)):
                    for carry in (0, 1) if i % 7 else (0, 1, 0x80, 0xFE):
                        func.run([[x], [y], [carry]],
                                 overflowed(op, sign == "u", x, y, int(carry != 0), bits))
            yield file


def overflow_trap_file():
    file = File("runtests/uadd_overflow_trap", "uadd_overflow_trap: the sum, or the trap named.",
                SOURCE)
    for bits, code in ((32, "heap_oob"), (64, "user7"), (32, "user250"), (64, "int_ovf")):
        func = file.func(f"uadd_overflow_trap_i{bits}_{code}", [f"i{bits}"] * 2, [f"i{bits}"],
                         [f"v2 = uadd_overflow_trap v0, v1, {code}", "return v2"])
        for x, y in int_pairs(bits):
            fits = x + y < 1 << bits
            func.run([[x], [y]], [[x + y]] if fits else Trap(code))
    yield file


def files(_oracle):
    yield from unary_files()
    yield from binary_files()
    yield from fixed_point_files()
    yield from division_files()
    yield from shift_files()
    yield from icmp_files()
    yield from icmp_constants_file()
    yield from overflow_files()
    yield from overflow_trap_file()
