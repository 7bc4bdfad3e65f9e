# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operations that ISA features have instructions for, with and without them."""

from clif import BOTH, File, signed, wrap
from values import Random, int_values

SOURCE = "Python integers."
BMI = (*BOTH, "x86_64 has_bmi1", "x86_64 has_bmi2", "x86_64 has_bmi1 has_bmi2 has_lzcnt has_popcnt")

# name: the body from v0 and v1, and its meaning at a width.
PAIRS = {
    "andn": (["v2 = bnot v1", "v3 = band v0, v2"], lambda x, y, n: x & ~y),
    "andn_left": (["v2 = bnot v0", "v3 = band v2, v1"], lambda x, y, n: ~x & y),
    "andn_of_itself": (["v2 = bnot v0", "v3 = band v2, v0"], lambda x, y, n: 0),
    "shl": (["v3 = ishl v0, v1"], lambda x, y, n: x << y % n),
    "shr": (["v3 = ushr v0, v1"], lambda x, y, n: x >> y % n),
    "sar": (["v3 = sshr v0, v1"], lambda x, y, n: signed(x, n) >> y % n),
    # One amount for three: in one register as well as in any.
    "shift_all": (["v4 = ishl v0, v1", "v5 = ushr v0, v1", "v6 = sshr v1, v1", "v7 = bxor v4, v5",
                   "v3 = isub v7, v6"],
                  lambda x, y, n: ((wrap(x << y % n, n)) ^ (x >> y % n)) - (signed(y, n) >> y % n)),
}
SINGLES = {
    "blsr": (["v2 = iadd_const -1", "v3 = band v0, v2"], lambda x, n: x & x - 1),
    "blsr_left": (["v2 = isub_const 1", "v3 = band v2, v0"], lambda x, n: x & x - 1),
    "blsmsk": (["v2 = isub_const 1", "v3 = bxor v0, v2"], lambda x, n: x ^ x - 1),
    "blsmsk_left": (["v2 = iadd_const -1", "v3 = bxor v2, v0"], lambda x, n: x ^ x - 1),
    "blsi": (["v2 = ineg v0", "v3 = band v0, v2"], lambda x, n: x & -x),
    "blsi_left": (["v2 = ineg v0", "v3 = band v2, v0"], lambda x, n: x & -x),
    "clz": (["v3 = clz v0"], lambda x, n: n - x.bit_length()),
    "ctz": (["v3 = ctz v0"], lambda x, n: (x & -x).bit_length() - 1 if x else n),
    "popcnt": (["v3 = popcnt v0"], lambda x, n: bin(x).count("1")),
    # Not what those instructions do.
    "add_one": (["v2 = iadd_const 1", "v3 = band v0, v2"], lambda x, n: x & x + 1),
    "sub_minus_one": (["v2 = isub_const -1", "v3 = bxor v0, v2"], lambda x, n: x ^ x + 1),
}


def constant_steps(lines, type_):
    """`iadd_const N` of v0 spelled out."""
    for line in lines:
        name, rest = line.split(" = ")
        if "_const " not in rest:
            yield line
            continue
        op, number = rest.split("_const ")
        yield f"v9 = iconst.{type_} {number}"
        yield f"{name} = {op} v0, v9"


def amounts(bits):
    return [0, 1, 3, bits - 1, bits, bits + 1, wrap(-1, bits), wrap(0x5a, bits)]


def bit_file():
    file = File("runtests/features-bits", "Bit operations and shifts that BMI1 and BMI2 have "
                "instructions for.", SOURCE, BMI)
    for bits in (8, 16, 32, 64):
        t = f"i{bits}"
        values = int_values(bits, 2)
        for name, (body, meaning) in PAIRS.items():
            func = file.func(f"{name}_{t}", [t, t], [t], body + ["return v3"])
            for i, x in enumerate(values):
                for y in (amounts(bits)[i % 8], amounts(bits)[(3 * i + 2) % 8]):
                    func.run([[x], [y]], [[wrap(meaning(x, y, bits), bits)]])
        for name, (body, meaning) in SINGLES.items():
            func = file.func(f"{name}_{t}", [t], [t], [*constant_steps(body, t), "return v3"])
            for x in values:
                func.run([[x]], [[wrap(meaning(x, bits), bits)]])
    return file


def rotate_file():
    file = File("runtests/features-rotates", "Rotations by constants, for which BMI2 has an "
                "instruction; the source lives on.", SOURCE, BMI)
    for bits in (8, 16, 32, 64):
        t = f"i{bits}"
        for op in ("rotl", "rotr"):
            for k in (0, 1, bits // 2, bits - 1, bits, bits + 3):
                func = file.func(f"{op}_{k}_{t}", [t], [t, t], [
                    f"v1 = iconst.{t} {k}", f"v2 = {op} v0, v1", "return v2, v0"])
                for x in int_values(bits, 2):
                    left = (k if op == "rotl" else -k) % bits
                    func.run([[x]], [[wrap(x << left | x >> bits - left, bits)], [x]])
    return file


def memory_file():
    """A shifted or masked value straight from memory."""
    file = File("runtests/features-memory", "BMI1 and BMI2 on what was just loaded.", SOURCE, BMI)
    slot = ("ss0 = explicit_slot 8",)
    for bits in (32, 64):
        t = f"i{bits}"
        random = Random(bits)
        for name, (body, meaning) in (*PAIRS.items(), *SINGLES.items()):
            lines = ["v20 = stack_addr.i64 ss0", "store v10, v20", f"v0 = load.{t} v20",
                     *constant_steps(body, t), "return v3"]
            arity = 2 if name in PAIRS else 1
            if arity == 2:
                lines = ["block0(v10: {0}, v1: {0}):".format(t)] + lines
            else:
                lines = ["block0(v10: {0}):".format(t)] + lines
            func = file.func(f"{name}_{t}", [t] * arity, [t], lines, decls=slot)
            for x in (0, 1 << bits - 1, random.bits(bits), wrap(-1, bits) & ~7):
                args = (x, random.bits(bits))[:arity]
                func.run([[v] for v in args], [[wrap(meaning(*args, bits), bits)]])
    return file


def files(_oracle):
    yield bit_file()
    yield rotate_file()
    yield memory_file()
