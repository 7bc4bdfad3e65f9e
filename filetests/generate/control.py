# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Conditions and what they control, which back ends compile as one; Python's integers decide."""

from clif import BOTH, INT_BITS, File, Trap, Type, wrap
from ints import CONDITIONS, SOURCE
from lanes import ramp
from values import int_edges

USES = {  # instructions from the condition v2 on; the function gives 10 if it holds, 20 if not
    "brif": ["brif v2, block1, block2", "block1:", "v3 = iconst.i32 10", "return v3", "block2:",
             "v4 = iconst.i32 20", "return v4"],
    "select": ["v3 = iconst.i32 10", "v4 = iconst.i32 20", "v5 = select v2, v3, v4", "return v5"],
}


def pairs(bits):
    top = 1 << (bits - 1)
    return [(1, 2), (2, 1), (5, 5), (wrap(-1, bits), 1), (1, wrap(-1, bits)), (top, top - 1),
            (top - 1, top), (0, 0)]


def icmp_use_files():
    for use, rest in USES.items():
        for bits in INT_BITS:
            t = f"i{bits}"
            file = File(f"runtests/icmp-{use}-{t}", f"icmp of {t} whose result feeds a {use}.",
                        SOURCE, BOTH)
            for cc, meaning in CONDITIONS.items():
                func = file.func(f"{use}_{cc}_{t}", [t, t], ["i32"],
                                 [f"v2 = icmp {cc} v0, v1"] + rest)
                for x, y in pairs(bits):
                    func.run([[x], [y]], [[10 if meaning(x, y, bits) else 20]])
            yield file


def combined_file():
    """Conditions made of conditions."""
    file = File("runtests/conditions-combined", "band, bor, bxor and negation of conditions that "
                "feed a branch or a selection.", SOURCE)
    combine = {"band": lambda a, b: a & b, "bor": lambda a, b: a | b, "bxor": lambda a, b: a ^ b}
    for op, join in combine.items():
        for use, rest in USES.items():
            body = ["v10 = icmp slt v0, v1", "v11 = icmp ult v0, v1", f"v2 = {op} v10, v11"]
            func = file.func(f"{use}_{op}", ["i32", "i32"], ["i32"], body + rest)
            for x, y in pairs(32):
                a, b = CONDITIONS["slt"](x, y, 32), CONDITIONS["ult"](x, y, 32)
                func.run([[x], [y]], [[10 if join(a, b) else 20]])
    for use, rest in USES.items():
        body = ["v10 = icmp slt v0, v1", "v11 = iconst.i8 0", "v2 = icmp eq v10, v11"]
        func = file.func(f"{use}_not", ["i32", "i32"], ["i32"], body + rest)
        for x, y in pairs(32):
            func.run([[x], [y]], [[20 if CONDITIONS["slt"](x, y, 32) else 10]])
        body = ["v10 = icmp eq v0, v1", "v11 = sextend.i64 v10", "v2 = bnot v11"]
        func = file.func(f"{use}_not_of_wide", ["i32", "i32"], ["i32"], body + rest)
        for x, y in pairs(32):  # ~1 and ~0 are both true
            func.run([[x], [y]], [[10]])
    yield file


def masked_file():
    """Tests of bits, for which machines have test instructions."""
    file = File("runtests/bit-tests", "Branches on masked bits: one bit by constant and by number, "
                "several bits, against zero and not.", SOURCE)
    for bits in INT_BITS[:4]:
        t = f"i{bits}"
        top = 1 << (bits - 1)
        for mask in (1, 6, top):
            number = mask - (1 << bits) if mask == top else mask
            for cc in ("eq", "ne"):
                body = [f"v10 = iconst.{t} {number}", "v11 = band v0, v10", f"v12 = iconst.{t} 0",
                        f"v2 = icmp {cc} v11, v12"]
                func = file.func(f"{cc}_mask_{mask:x}_{t}", [t], ["i32"], body + USES["brif"])
                for x in int_edges(bits) + [2, 4]:
                    func.run([[x]], [[10 if (x & mask == 0) == (cc == "eq") else 20]])
        body = [f"v10 = iconst.{t} 1", "v11 = ishl v10, v1", "v2 = band v0, v11"]
        func = file.func(f"bit_number_{t}", [t, t], ["i32"], body + USES["brif"])
        for n in (0, 1, bits - 1, bits, bits + 1):
            for x in (1, top, wrap(-2, bits)):
                func.run([[x], [n]], [[10 if x >> (n % bits) & 1 else 20]])
    yield file


def trap_files():
    for op in ("trapz", "trapnz"):
        file = File(f"runtests/{op}", f"{op} on every integer width, with each code, and on the "
                    "result of a comparison.", SOURCE)
        for bits, code in zip(INT_BITS, ("heap_oob", "int_ovf", "user1", "user250", "bad_toint")):
            func = file.func(f"{op}_i{bits}", [f"i{bits}"], [f"i{bits}"], [f"{op} v0, {code}",
                                                                         "return v0"])
            for x in int_edges(bits) + [1 << (bits // 2)]:
                traps = (x == 0) == (op == "trapz")
                func.run([[x]], Trap(code) if traps else [[x]])
        for cc, meaning in CONDITIONS.items():
            func = file.func(f"{op}_{cc}", ["i64", "i64"], ["i64"], [
                f"v2 = icmp {cc} v0, v1", f"{op} v2, user9", "return v0"])
            for x, y in pairs(64):
                traps = meaning(x, y, 64) == (op == "trapnz")
                func.run([[x], [y]], Trap("user9") if traps else [[x]])
        yield file


def vector_condition_file():
    file = File("runtests/vector-conditions", "Vector comparisons reduced to a condition that "
                "feeds a branch.", SOURCE)
    for text in ("i8x16", "i16x8", "i32x4", "i64x2"):
        t = Type(text)
        for op, holds in (("vany_true", any), ("vall_true", all)):
            func = file.func(f"{op}_{t}", [t, t], ["i32"], [
                "v10 = icmp ult v0, v1", f"v2 = {op} v10"] + USES["brif"])
            x = ramp(t)
            for y in (x, ramp(t, 1), [0] * t.lanes, [wrap(v + 1, t.bits) for v in x],
                      [wrap(x[0] + 1, t.bits)] + x[1:]):
                func.run([x, y], [[10 if holds(a < b for a, b in zip(x, y)) else 20]])
    yield file


def files(_oracle):
    for part in (icmp_use_files, combined_file, masked_file, trap_files, vector_condition_file):
        yield from part()
