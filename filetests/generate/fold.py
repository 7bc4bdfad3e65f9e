# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small trees of operations that a machine may do in one instruction: an operand that is shifted,
extended, inverted or multiplied on the way, constants that fit and constants just beyond,
conditions that are comparisons, indexed addresses.
"""

from clif import BOTH, File, signed, wrap
from ints import BINARY, CONDITIONS, SHIFTS, SOURCE, UNARY
from values import Random

WIDTHS = (8, 16, 32, 64)
LOGIC = ("band", "bor", "bxor")
SUMS = ("iadd", "isub")
# The limits of 12-bit immediates, plain and shifted, and of their negations.
LIMITS = (1, 0xFFF, 0x1000, 0x1001, 0xFFF000, 0xFFF001, -1, -0xFFF, -0x1000, -0x1001, -0xFFF000)
MASKS = (0x01, 0x0F, 0x3C, 0x55, 0x7F, 0x80, 0xF0, 0xFE, 0xFF00, 0x8001, 0x00FF00FF, 0x12345678)


# ---- Trees ----
# A node is (bits, line, operands, meaning): line(names) is the instruction's text, meaning(values)
# what it computes. A parameter is (bits, number).


def param(number, bits):
    return (bits, number)


def const(value, bits):
    value = wrap(value, bits)
    return (bits, lambda _: f"iconst.i{bits} {signed(value, bits)}", (), lambda _: value)


def unary(op, x):
    bits = x[0]
    return (bits, lambda n: f"{op} {n[0]}", (x,), lambda v: UNARY[op][0](v[0], bits))


def binary(op, x, y):
    bits = x[0]
    return (bits, lambda n: f"{op} {n[0]}, {n[1]}", (x, y), lambda v: BINARY[op][0](*v, bits))


def shift(op, x, amount):
    bits = x[0]
    return (bits, lambda n: f"{op} {n[0]}, {n[1]}", (x, const(amount, 8)),
            lambda v: SHIFTS[op](v[0], amount % bits, bits))


def extend(op, x, bits):
    if op == "uextend":
        return (bits, lambda n: f"uextend.i{bits} {n[0]}", (x,), lambda v: v[0])
    return (bits, lambda n: f"sextend.i{bits} {n[0]}", (x,),
            lambda v: wrap(signed(v[0], x[0]), bits))


def icmp(cc, x, y):
    return (8, lambda n: f"icmp {cc} {n[0]}, {n[1]}", (x, y),
            lambda v: int(CONDITIONS[cc](*v, x[0])))


def select(c, x, y):
    return (x[0], lambda n: f"select {n[0]}, {n[1]}, {n[2]}", (c, x, y),
            lambda v: v[1] if v[0] else v[2])


def write(tree, lines):
    """Appends the tree's instructions; the name of its value."""
    if len(tree) == 2:
        return f"v{tree[1]}"
    names = [write(operand, lines) for operand in tree[2]]
    name = f"v{10 + len(lines)}"
    lines.append(f"{name} = {tree[1](names)}")
    return name


def value(tree, args):
    if len(tree) == 2:
        return args[tree[1]]
    return tree[3]([value(operand, args) for operand in tree[2]])


def samples(widths, seed):
    """Arguments: all zero, all ones, the smallest numbers, and others."""
    random = Random(seed)
    yield [0 for _ in widths]
    yield [wrap(-1, b) for b in widths]
    yield [1 << (b - 1) for b in widths]
    for _ in range(2):
        yield [random.bits(b) for b in widths]


def add(file, name, widths, tree, more=()):
    """A function that returns the tree's value."""
    lines = []
    result = write(tree, lines)
    func = file.func(name, [f"i{b}" for b in widths], [f"i{tree[0]}"], lines + [f"return {result}"])
    for args in [*samples(widths, len(file.funcs)), *more]:
        func.run([[a] for a in args], [[value(tree, args)]])


# ---- Operands that change on the way ----


def changed(bits):
    """name: what v1 becomes before it is used; its width."""
    y = param(1, bits)
    for op in ("ishl", "ushr", "sshr", "rotr"):
        for amount in (0, 3, bits - 1, bits + 2):
            yield f"{op}_{amount}", shift(op, y, amount), bits
    yield "bnot", unary("bnot", y), bits
    yield "ineg", unary("ineg", y), bits
    yield "imul", binary("imul", y, param(2, bits)), bits
    for narrow in (b for b in WIDTHS if b < bits):
        for op in ("uextend", "sextend"):
            yield f"{op}_{narrow}", extend(op, param(1, narrow), bits), narrow


def operand_files():
    for bits in WIDTHS:
        for op in SUMS + LOGIC:
            file = File(f"runtests/fold-{op}-i{bits}", f"{op} on i{bits}, one operand shifted, "
                        "extended, inverted or multiplied before.", SOURCE, BOTH)
            x = param(0, bits)
            for name, y, width in changed(bits):
                widths = [bits, width, bits]
                add(file, f"{op}_{name}_i{bits}", widths, binary(op, x, y))
                add(file, f"{op}_left_{name}_i{bits}", widths, binary(op, y, x))
            add(file, f"bnot_{op}_i{bits}", [bits, bits],
                unary("bnot", binary(op, x, param(1, bits))))
            yield file


def constant_files():
    for bits in WIDTHS:
        file = File(f"runtests/fold-constant-i{bits}", f"Sums of an i{bits} and a constant near "
                    "the limits of immediates, logic with masks, fields.", SOURCE, BOTH)
        x = param(0, bits)
        numbers = dict.fromkeys(signed(wrap(c, bits), bits) for c in LIMITS)
        for op in SUMS:
            for i, c in enumerate(numbers):
                add(file, f"{op}_{i}_i{bits}", [bits], binary(op, x, const(c, bits)))
                add(file, f"{op}_left_{i}_i{bits}", [bits], binary(op, const(c, bits), x))
        add(file, f"isub_from_zero_i{bits}", [bits], binary("isub", const(0, bits), x))
        for op in LOGIC:
            for i, c in enumerate(dict.fromkeys(wrap(c, bits) for c in MASKS)):
                add(file, f"{op}_{i}_i{bits}", [bits], binary(op, x, const(c, bits)))
                add(file, f"{op}_left_{i}_i{bits}", [bits], binary(op, const(c, bits), x))
        for low in (0, 1, bits // 2, bits - 1):
            for count in (1, 3, bits // 2, bits):
                add(file, f"field_{low}_{count}_i{bits}", [bits],
                    binary("band", shift("ushr", x, low), const((1 << count) - 1, bits)))
        for a, b in ((1, bits - 1), (bits // 2, bits // 2), (bits - 3, 3), (0, bits), (2, 5)):
            parts = shift("ishl", x, a), shift("ushr", param(1, bits), b)
            add(file, f"across_{a}_{b}_i{bits}", [bits, bits], binary("bor", *parts))
            add(file, f"across_left_{a}_{b}_i{bits}", [bits, bits], binary("bor", *parts[::-1]))
        yield file


def product_file():
    file = File("runtests/fold-product", "Full products of extended i32, extended values shifted.",
                SOURCE, BOTH)
    for op in ("uextend", "sextend"):
        for width in (8, 16, 32):
            x, y = (extend(op, param(i, width), 64) for i in (0, 1))
            add(file, f"product_{op}_{width}", [width, width], binary("imul", x, y))
            for amount in (0, 1, 3, 31, 32, 63):
                add(file, f"shifted_{op}_{width}_{amount}", [width], shift("ishl", x, amount))
    for name, make in (("sum", binary("iadd", param(0, 32), param(1, 32))),
                       ("difference", binary("isub", param(0, 32), param(1, 32))),
                       ("both", binary("band", param(0, 32), param(1, 32))),
                       ("either", binary("bxor", param(0, 32), param(1, 32))),
                       ("right", shift("ushr", param(0, 32), 5)),
                       ("signed_right", shift("sshr", param(0, 32), 5)),
                       ("comparison", icmp("ult", param(0, 32), param(1, 32)))):
        add(file, f"extended_{name}", [32, 32], extend("uextend", make, 64))
    yield file


# ---- Conditions ----


def conditions(bits):
    """name: a truth, of two parameters of that width."""
    x, y = param(0, bits), param(1, bits)
    zero = const(0, bits)
    for cc in CONDITIONS:
        yield f"{cc}", icmp(cc, x, y)
        yield f"{cc}_zero", icmp(cc, x, zero)
        yield f"zero_{cc}", icmp(cc, zero, x)
    for cc in ("ne", "uge", "sgt"):
        yield f"{cc}_shifted", icmp(cc, x, shift("ishl", y, 2))
        yield f"{cc}_right", icmp(cc, x, shift("ushr", y, 2))
        yield f"{cc}_signed_right", icmp(cc, x, shift("sshr", y, 2))
    for cc in ("eq", "ne"):
        yield f"bit_{cc}", icmp(cc, binary("band", x, const(1 << (bits - 2), bits)), zero)
        yield f"common_bits_{cc}", icmp(cc, binary("band", x, y), zero)
    yield "bit", binary("band", x, const(8, bits))
    yield "bits", binary("band", x, const(0x3C, bits))
    yield "scattered_bits", binary("band", x, const(0x45, bits))
    yield "common_bits", binary("band", x, y)
    for cc in CONDITIONS:
        yield f"and_{cc}", binary("band", icmp("ult", x, y), icmp(cc, x, const(5, bits)))
        yield f"or_{cc}", binary("bor", icmp("sgt", x, y), icmp(cc, y, x))
    yield "extended", extend("uextend", icmp("slt", x, y), 64)
    yield "sign_extended", extend("sextend", icmp("slt", x, y), 32)


def branch(file, name, widths, tree, more):
    """brif on the tree, and trapz behind it, which must agree."""
    lines = []
    result = write(tree, lines)
    params = ", ".join(f"v{i}: i{b}" for i, b in enumerate(widths))
    body = [f"block0({params}):", *lines, f"brif {result}, block1, block2",
            "block1:", f"trapz {result}, user1", "v90 = iconst.i32 1", "return v90",
            "block2:", f"trapnz {result}, user2", "v91 = iconst.i32 0", "return v91"]
    func = file.func(name, [f"i{b}" for b in widths], ["i32"], body)
    for args in [*samples(widths, len(file.funcs)), *more]:
        func.run([[a] for a in args], [[int(value(tree, args) != 0)]])


def condition_files():
    for bits in WIDTHS:
        jumps = File(f"runtests/fold-branch-i{bits}",
                     f"Conditions on i{bits} in branches and traps.", SOURCE, BOTH)
        picks = File(f"runtests/fold-select-i{bits}", f"Conditions on i{bits} in selections.",
                     SOURCE, BOTH)
        more = [(5, 5), (4, 5), (8, 7)]
        for name, tree in conditions(bits):
            branch(jumps, f"branch_{name}_i{bits}", [bits, bits], tree, more)
            add(picks, f"select_{name}_i{bits}", [bits, bits],
                select(tree, param(0, bits), param(1, bits)), more)
        x, y = param(0, bits), param(1, bits)
        test = icmp("ult", x, y)
        one, zero, ones = const(1, bits), const(0, bits), const(-1, bits)
        for name, a, b in (("bool", one, zero), ("mask", ones, zero), ("not", zero, one),
                           ("increment", x, binary("iadd", y, one)),
                           ("invert", x, unary("bnot", y)), ("negate", x, unary("ineg", y))):
            add(picks, f"pick_{name}_i{bits}", [bits, bits], select(test, a, b), more)
            add(picks, f"pick_{name}_left_i{bits}", [bits, bits], select(test, b, a), more)
        yield jumps
        yield picks


def compare_file():
    file = File("runtests/fold-compare",
                "Comparisons with constants near the limits of immediates.", SOURCE, BOTH)
    for bits in (16, 32, 64):
        for i, c in enumerate(dict.fromkeys(wrap(c, bits) for c in LIMITS)):
            for cc in CONDITIONS:
                near = [[wrap(c + d, bits)] for d in (-1, 0, 1)]
                add(file, f"compare_{cc}_{i}_i{bits}", [bits], icmp(cc, param(0, bits),
                                                                   const(c, bits)), near)
    yield file


# ---- Addresses ----

OPS = ((1, "uload8", False), (2, "uload16", False), (4, "uload32", False), (8, "load.i64", False),
       (1, "sload8", True), (2, "sload16", True), (4, "sload32", True))


def address_file():
    file = File("runtests/fold-address", "Loads and stores of every size at a base and an index: "
                "extended, scaled by the size or otherwise, with an offset; zeros stored.", SOURCE,
                BOTH)
    pattern = [wrap(i * 37 + 129, 8) for i in range(64)]
    fill = []
    for i in range(8):
        word = int.from_bytes(bytes(pattern[8 * i:8 * i + 8]), "little")
        fill += [f"v{50 + 2 * i} = iconst.i64 0x{word:x}",
                 f"v{51 + 2 * i} = stack_addr.i64 ss0+{8 * i}",
                 f"store v{50 + 2 * i}, v{51 + 2 * i}"]
    for size, op, sign in OPS:
        text = op if "." in op or op.endswith("32") else f"{op}.i64"
        for extension in ("", "uextend", "sextend"):
            for scale in dict.fromkeys((0, 1, size.bit_length() - 1)):
                for left in (False, True):
                    indexed(file, fill, pattern, (size, text, sign), (extension, scale, left))
    for size, store in ((1, "istore8"), (2, "istore16"), (4, "istore32"), (8, "store")):
        func = file.func(f"zero_{size}", ["i64"], ["i64"], [
            "v1 = stack_addr.i64 ss0", "v2 = iconst.i64 0", "store v0, v1", f"{store} v2, v1",
            "v3 = load.i64 v1", "return v3"], decls=["ss0 = explicit_slot 8"])
        for x in (wrap(-1, 64), 0x0123456789ABCDEF):
            func.run([[x]], [[x >> 8 * size << 8 * size]])
    for op, bits in (("uload8", 8), ("uload16", 16), ("load", 32)):
        func = file.func(f"extended_{op}", ["i64"], ["i64"], [
            "v1 = stack_addr.i64 ss0", "v2 = iconst.i64 8", "store v0, v1", "v3 = iadd v2, v1",
            f"v4 = {op}.i32 v3-7", "v5 = uextend.i64 v4", "return v5"],
            decls=["ss0 = explicit_slot 16"])
        for x in (wrap(-1, 64), 0xFEDCBA9876543210):
            func.run([[x]], [[wrap(x >> 8, bits)]])
    yield file


def indexed(file, fill, pattern, access, form):
    size, text, sign = access
    extension, scale, left = form
    width = 32 if extension else 64
    lines = ["v1 = stack_addr.i64 ss0+24", *fill]
    lines += [f"v2 = {extension}.i64 v0"] if extension else ["v2 = bor v0, v0"]
    lines += [f"v3 = iconst.i64 {scale}", "v4 = ishl v2, v3"] if scale else ["v4 = bor v2, v2"]
    if not scale and extension:
        lines[-1:] = []
    index = "v4" if scale or not extension else "v2"
    lines.append(f"v5 = iadd {index}, v1" if left else f"v5 = iadd v1, {index}")
    lines += [f"v6 = {text} v5", "v7 = iconst.i64 8", "v8 = iadd v5, v7", f"v9 = {text} v8+4",
              "return v6, v9"]
    name = f"{text.split('.')[0]}_{extension or 'plain'}_{scale}" + ("_left" if left else "")
    func = file.func(name, [f"i{width}"], ["i64", "i64"], lines, decls=["ss0 = explicit_slot 64"])
    for index in (0, 1, 3, -1, -3):
        at = 24 + (index << scale)
        if at < 0 or at + 12 + size > 64 or (index < 0 and extension == "uextend"):
            continue
        loaded = [int.from_bytes(bytes(pattern[p:p + size]), "little") for p in (at, at + 12)]
        if sign:
            loaded = [wrap(signed(x, 8 * size), 64) for x in loaded]
        func.run([[wrap(index, width)]], [[x] for x in loaded])


def files(_oracle):
    yield from operand_files()
    yield from constant_files()
    yield from product_file()
    yield from condition_files()
    yield from compare_file()
    yield from address_file()
