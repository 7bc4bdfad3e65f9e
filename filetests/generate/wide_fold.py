# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""i128 with operands of special shape: extended numbers, constants, complements; shifts by
constants; addresses of several forms."""

from clif import BOTH, File, signed, wrap
from ints import DIVISION, SOURCE, division_outcome
from memory import run_at_heap
from values import Random, int_edges, int_values
from wide import NUMBERS, extended

BITS = 128


# ---- Sums ----


SMALL = [0, 1, 4095, 4096, 0xfff000, 0xfff001, -1, -4096, 127, -128, 1 << 40]


def sum_file():
    file = File("runtests/i128-sums", "i128 plus and less numbers that are extended, and constants.",
                SOURCE, BOTH)
    values = NUMBERS + [Random(41).bits(BITS)]
    for extension in ("uextend", "sextend"):
        for bits in (8, 16, 32, 64):
            for op, operands in (("iadd", "v0, v2"), ("iadd", "v2, v0"), ("isub", "v0, v2"),
                                 ("isub", "v2, v0")):
                side = "right" if operands == "v0, v2" else "left"
                func = file.func(f"{op}_{extension}_i{bits}_{side}", ["i128", f"i{bits}"], ["i128"],
                                 [f"v2 = {extension}.i128 v1", f"v3 = {op} {operands}", "return v3"])
                for i, x in enumerate(values):
                    y = int_edges(bits)[i % 5]
                    func.run([[x], [y]], [[summed(op, side, x, extended(extension, y, bits))]])
            for number in SMALL:
                if wrap(number, bits) in (number, wrap(-1, bits), wrap(-128, bits)):
                    constant_sums(file, extension, bits, number, values)
    yield file


def constant_sums(file, extension, bits, number, values):
    y = extended(extension, wrap(number, bits), bits)
    for op, operands in (("iadd", "v0, v2"), ("iadd", "v2, v0"), ("isub", "v0, v2")):
        side = "right" if operands == "v0, v2" else "left"
        name = str(number).replace("-", "minus_")
        func = file.func(f"{op}_{extension}_i{bits}_{name}_{side}", ["i128"], ["i128"],
                         [f"v1 = iconst.i{bits} {signed(wrap(number, bits), bits)}",
                          f"v2 = {extension}.i128 v1", f"v3 = {op} {operands}", "return v3"])
        for x in values[number % 3::3]:
            func.run([[x]], [[summed(op, side, x, y)]])


def summed(op, side, x, y):
    if op == "iadd":
        return wrap(x + y, BITS)
    return wrap(x - y if side == "right" else y - x, BITS)


# ---- Quotients ----


def division_file():
    file = File("runtests/i128-division", "i128 divided by numbers that are extended, and by constants.",
                SOURCE, BOTH)
    values = NUMBERS + int_values(BITS)[5:]
    for op in DIVISION:
        for extension in ("uextend", "sextend"):
            for bits in (8, 32, 64):
                func = file.func(f"{op}_{extension}_i{bits}", ["i128", f"i{bits}"], ["i128"],
                                 [f"v2 = {extension}.i128 v1", f"v3 = {op} v0, v2", "return v3"])
                for i, x in enumerate(values):
                    for y in (int_edges(bits)[i % 5], Random(i).bits(bits)):
                        divisor = extended(extension, y, bits)
                        func.run([[x], [y]], division_outcome(op, x, divisor, BITS))
            for number in (1, 2, 3, 10, -1, 1 << 32, 1 << 62, 1 << 63, -(1 << 63)):
                y = wrap(number, 64)
                func = file.func(f"{op}_{extension}_const_{y:x}", ["i128"], ["i128"],
                                 [f"v1 = iconst.i64 0x{y:x}", f"v2 = {extension}.i128 v1",
                                  f"v3 = {op} v0, v2", "return v3"])
                for x in values:
                    divisor = extended(extension, y, 64)
                    func.run([[x]], division_outcome(op, x, divisor, BITS))
    yield file


# ---- Logic ----


LOGIC = {
    "clear": (["v2 = bnot v1", "v3 = band v0, v2"], lambda x, y: x & ~y),
    "clear_left": (["v2 = bnot v1", "v3 = band v2, v0"], lambda x, y: x & ~y),
    "or_not": (["v2 = bnot v1", "v3 = bor v0, v2"], lambda x, y: x | ~y),
    "xor_not": (["v2 = bnot v1", "v3 = bxor v2, v0"], lambda x, y: x ^ ~y),
    "not_xor": (["v2 = bxor v0, v1", "v3 = bnot v2"], lambda x, y: ~(x ^ y)),
    "nand": (["v2 = band v0, v1", "v3 = bnot v2"], lambda x, y: ~(x & y)),
    "negated_difference": (["v2 = isub v0, v1", "v3 = ineg v2"], lambda x, y: y - x),
}


def logic_file():
    file = File("runtests/i128-logic", "Logic of i128 with complements.", SOURCE, BOTH)
    for name, (body, meaning) in LOGIC.items():
        func = file.func(name, ["i128", "i128"], ["i128"], body + ["return v3"])
        values = int_values(BITS)
        for i, x in enumerate(values):
            for y in (values[(i + 3) % len(values)], values[(2 * i + 1) % len(values)]):
                func.run([[x], [y]], [[wrap(meaning(x, y), BITS)]])
    yield file


# ---- Shifts by constants ----


def rotated(x, k):
    return wrap(x << k % BITS | x >> -k % BITS, BITS) if k % BITS else x


SHIFTS = {
    "ishl": lambda x, k: wrap(x << k % BITS, BITS),
    "ushr": lambda x, k: x >> k % BITS,
    "sshr": lambda x, k: wrap(signed(x, BITS) >> k % BITS, BITS),
    "rotl": rotated,
    "rotr": lambda x, k: rotated(x, -k % BITS),
}
AMOUNTS = [0, 1, 8, 31, 32, 63, 64, 65, 96, 127, 128, 129, 192, 255]


def shift_file():
    file = File("runtests/i128-shift-const", "i128 shifted and rotated by constants of several "
                "types, below and above the width.", SOURCE, BOTH)
    values = [1, 1 << 63, 1 << 64, 1 << 127, wrap(-2, BITS), Random(5).bits(BITS)]
    for op, meaning in SHIFTS.items():
        for i, k in enumerate(AMOUNTS):
            bits = (8, 16, 32, 64)[i % 4]
            func = file.func(f"{op}_{k}_i{bits}", ["i128"], ["i128"],
                             [f"v1 = iconst.i{bits} {signed(k, bits)}", f"v2 = {op} v0, v1",
                              "return v2"])
            for x in values:
                func.run([[x]], [[meaning(x, k)]])
    yield file


# ---- Addresses ----


SIZE = 1 << 16
OFFSETS = [0, 8, 16, 4, 504, 505, 512, 520, 4096, 32760, 40000]


def address_file():
    file = File("runtests/i128-addresses", "i128 in memory at constant offsets, at sums of registers "
                "and in stack slots far and near.", SOURCE, BOTH)
    for order in ("little", "big"):
        for offset in OFFSETS:
            where = {
                "plain": ([], f"v0+{offset}"),
                "sum": ([f"v20 = iconst.i64 {offset}", "v21 = iadd v0, v20"], "v21"),
                "sum_left": ([f"v20 = iconst.i64 {offset}", "v21 = iadd v20, v0"], "v21"),
            }
            for name, (steps, address) in where.items():
                func = file.func(f"{name}_{order}_{offset}",
                                 ["i64", "i128"], ["i128", "i64"],
                                 steps + [f"store {order} v1, {address}",
                                          f"v2 = load.i128 {order} {address}",
                                          f"v3 = load.i64 {order} {address}", "return v2, v3"],
                                 heap=SIZE)
                x = Random(offset).bits(BITS)
                first = x >> 64 if order == "big" else wrap(x, 64)
                run_at_heap(func, "heap", [[x]], [[x], [first]])
        for offset in (8, 256, 512, 520, 4096):
            func = file.func(f"before_{order}_{offset}", ["i64", "i128"], ["i128"],
                             [f"v20 = iconst.i64 {offset}", "v21 = iadd v0, v20",
                              f"v22 = iconst.i64 {-offset}", "v23 = iadd v21, v22",
                              f"store {order} v1, v0", f"v2 = load.i128 {order} v21-{offset}",
                              f"v3 = load.i128 {order} v23", "v4 = bxor v2, v3", "v5 = bor v4, v2",
                              "return v5"], heap=SIZE)
            x = Random(offset + 1).bits(BITS)
            run_at_heap(func, "heap", [[x]], [[x]])
        indexed = file.func(f"indexed_{order}", ["i64", "i128", "i64"], ["i128", "i64"],
                            ["v3 = iadd v0, v2", f"store {order} v1, v3+8",
                             f"v4 = load.i128 {order} v3+8", f"v5 = load.i64 {order} v3+16",
                             "return v4, v5"], heap=SIZE)
        x = Random(7).bits(BITS)
        for index in (0, 1, 24):
            last = wrap(x, 64) if order == "big" else x >> 64
            run_at_heap(indexed, "heap", [[x], [index]], [[x], [last]])
        for offset in (0, 8, 500, 512, 40000):
            func = file.func(f"slot_{order}_{offset}", ["i128"], ["i128", "i64"],
                             [f"v1 = stack_addr.i64 ss1", f"store {order} v0, v1+{offset}",
                              f"v2 = load.i128 {order} v1+{offset}",
                              f"v3 = load.i64 {order} v1+{offset + 8}", "return v2, v3"],
                             decls=("ss0 = explicit_slot 1000", "ss1 = explicit_slot 40016"))
            last = wrap(x, 64) if order == "big" else x >> 64
            func.run([[x]], [[x], [last]])
    yield file


def files(_oracle):
    for part in (sum_file, division_file, logic_file, shift_file, address_file):
        yield from part()
