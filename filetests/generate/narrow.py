# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Narrow values in wide registers: what produces garbage above a value's width, fed to what must
not see it. The upper bits of i8, i16 and i32 are undefined, so that each producer leaves others.
"""

from clif import BOTH, File, signed, wrap
from ints import (CONDITIONS, DIVISION, SHIFTS, SOURCE, leading_signs, leading_zeros, reversed_bits,
                  reversed_bytes, rotate_left, trailing_zeros)
from values import Floats, Random

WIDTHS = (8, 16, 32)


def producers(bits):
    """name: (parameter width, instructions that make v9 from v0, meaning)"""
    t = f"i{bits}"
    half = bits // 2
    out = {
        "parameter": (bits, ["v9 = bor v0, v0"], lambda x: x),
        "negation": (bits, ["v9 = ineg v0"], lambda x: wrap(-x, bits)),
        "sum": (bits, ["v9 = iadd v0, v0"], lambda x: wrap(2 * x, bits)),
        "square": (bits, ["v9 = imul v0, v0"], lambda x: wrap(x * x, bits)),
        "complement": (bits, ["v9 = bnot v0"], lambda x: wrap(~x, bits)),
        "shift": (bits, ["v1 = iconst.i8 3", "v9 = ishl v0, v1"], lambda x: wrap(x << 3, bits)),
        "reduction": (64, [f"v9 = ireduce.{t} v0"], lambda x: wrap(x, bits)),
        "load": (64, ["v1 = stack_addr.i64 ss0", "store v0, v1", f"v9 = load.{t} v1+1"],
                 lambda x: wrap(x >> 8, bits)),
        "atomic": (bits, ["v1 = stack_addr.i64 ss0", "store v0, v1",
                          f"v9 = atomic_rmw.{t} xchg v1, v0"], lambda x: x),
    }
    if bits > 8:
        out["extension"] = (half, [f"v9 = sextend.{t} v0"], lambda x: wrap(signed(x, half), bits))
        out["sload"] = (64, ["v1 = stack_addr.i64 ss0", "store v0, v1", f"v9 = sload8.{t} v1"],
                        lambda x: wrap(signed(wrap(x, 8), 8), bits))
    if bits > 16:
        out["sload16"] = (64, ["v1 = stack_addr.i64 ss0", "store v0, v1", f"v9 = sload16.{t} v1+2"],
                          lambda x: wrap(signed(wrap(x >> 16, 16), 16), bits))
    return out


def consumers(bits):
    """name: (result type, instructions that make v20 from v9, meaning)"""
    t = f"i{bits}"
    top = 1 << (bits - 1)
    f = Floats(64)
    three = f"v10 = iconst.{t} 3"
    same = {
        "udiv": lambda x: DIVISION["udiv"](x, 3, bits),
        "urem": lambda x: DIVISION["urem"](x, 3, bits),
        "sdiv": lambda x: DIVISION["sdiv"](x, 3, bits),
        "srem": lambda x: DIVISION["srem"](x, 3, bits),
        "ushr": lambda x: SHIFTS["ushr"](x, 3, bits), "sshr": lambda x: SHIFTS["sshr"](x, 3, bits),
        "rotl": lambda x: rotate_left(x, 3, bits), "rotr": lambda x: rotate_left(x, bits - 3, bits),
        "umulhi": lambda x: x * 3 >> bits, "umin": lambda x: min(x, 3),
        "smax": lambda x: wrap(max(signed(x, bits), 3), bits),
    }
    alone = {
        "clz": lambda x: leading_zeros(x, bits), "ctz": lambda x: trailing_zeros(x, bits),
        "cls": lambda x: leading_signs(x, bits), "popcnt": lambda x: x.bit_count(),
        "bitrev": lambda x: reversed_bits(x, bits),
        "iabs": lambda x: wrap(abs(signed(x, bits)), bits),
    }
    if bits > 8:
        alone["bswap"] = lambda x: reversed_bytes(x, bits)
    out = {name: (t, [three, f"v20 = {name} v9, v10"], meaning) for name, meaning in same.items()}
    out.update({name: (t, [f"v20 = {name} v9"], meaning) for name, meaning in alone.items()})
    out["uextend"] = ("i64", ["v20 = uextend.i64 v9"], lambda x: x)
    out["sextend"] = ("i64", ["v20 = sextend.i64 v9"], lambda x: wrap(signed(x, bits), 64))
    out["fcvt_from_uint"] = ("f64", ["v20 = fcvt_from_uint.f64 v9"], f.rational)
    out["fcvt_from_sint"] = ("f64", ["v20 = fcvt_from_sint.f64 v9"],
                             lambda x: f.rational(signed(x, bits)))
    out["bmask"] = ("i64", ["v20 = bmask.i64 v9"], lambda x: wrap(-1, 64) if x else 0)
    out["select"] = ("i32", ["v10 = iconst.i32 1", "v11 = iconst.i32 2",
                             "v20 = select v9, v10, v11"], lambda x: 1 if x else 2)
    for cc in ("eq", "ult", "sgt"):
        out[f"icmp_{cc}"] = ("i8", [f"v10 = iconst.{t} {signed(top, bits) + 5}",
                                    f"v20 = icmp {cc} v9, v10"],
                             lambda x, cc=cc: int(CONDITIONS[cc](x, top + 5, bits)))
    return out


def numbers(bits):
    random = Random(bits + 31)
    return [1, 1 << (bits - 1), wrap(-1, bits), random.bits(bits)]


def files(_oracle):
    for bits in WIDTHS:
        for name, (width, make, value) in producers(bits).items():
            file = File(f"runtests/narrow-i{bits}-{name}", f"An i{bits} from a {name}, whose "
                        "register may hold anything above its width, fed to what must not see "
                        "that.", SOURCE, BOTH)
            decls = ["ss0 = explicit_slot 16"] if any("ss0" in line for line in make) else []
            for consumer, (result, use, meaning) in consumers(bits).items():
                func = file.func(f"{name}_{consumer}_i{bits}", [f"i{width}"], [result],
                                 make + use + ["return v20"], decls=decls)
                for x in numbers(width):
                    func.run([[x]], [[meaning(value(x))]])
            yield file
