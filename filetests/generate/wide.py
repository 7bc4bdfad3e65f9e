# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What back ends do to i128 beyond one instruction at a time: numbers extended before they are
multiplied, operands in memory, comparisons with zero, conditions of 128 bits, loops."""

from clif import BOTH, INT_BITS, File, Trap, signed, wrap
from control import USES
from ints import BINARY, CONDITIONS, SOURCE, overflowed
from memory import run_at_heap
from values import Random, int_edges, int_pairs, int_values

BITS = 128
HIGH_ONLY = 1 << 64  # its lower half is zero
NUMBERS = [0, 1, HIGH_ONLY, 1 << 127, wrap(-1, BITS), wrap(-HIGH_ONLY, BITS), (1 << 64) - 1]


# ---- Products of extended numbers ----


def extended(op, value, bits):
    return value if op == "uextend" else wrap(signed(value, bits), BITS)


def product_file():
    file = File("runtests/imul-i128-extended", "Products of numbers extended to i128, and their "
                "upper halves.", SOURCE, BOTH)
    for left, right in (("uextend", "uextend"), ("sextend", "sextend"), ("uextend", "sextend")):
        for a, b in ((64, 64), (32, 32), (8, 64), (64, 16)):
            body = [f"v2 = {left}.i128 v0", f"v3 = {right}.i128 v1", "v4 = imul v2, v3"]
            func = file.func(f"{left}_i{a}_{right}_i{b}", [f"i{a}", f"i{b}"], ["i128"],
                             body + ["return v4"])
            for x, y in zip(int_values(a, 4) * 2, int_values(b, 4) + int_values(b, 4)[::-1]):
                exact = extended(left, x, a) * extended(right, y, b)
                func.run([[x], [y]], [[wrap(exact, BITS)]])
    for op in ("uextend", "sextend"):
        body = [f"v2 = {op}.i128 v0", f"v3 = {op}.i128 v1", "v4 = imul v2, v3"]
        for name, rest in (("isplit", ["v5, v6 = isplit v4", "return v6"]),
                           ("ushr", ["v5 = iconst.i8 64", "v6 = ushr v4, v5",
                                     "v7 = ireduce.i64 v6", "return v7"])):
            func = file.func(f"{op}_high_by_{name}", ["i64", "i64"], ["i64"], body + rest)
            for x, y in int_pairs(64):
                exact = wrap(extended(op, x, 64) * extended(op, y, 64), BITS)
                func.run([[x], [y]], [[exact >> 64]])
    yield file


# ---- Operands in memory ----


FAR = 2**31 - 4  # the second half's offset fits no displacement


def place(far):
    """Instructions that store v2 where v0 points, and the address and offset of a load."""
    if not far:
        return ["store v2, v0+8"], "v0+8"
    return [f"v20 = iconst.i64 {FAR}", "v21 = isub v0, v20", f"store v2, v21+{FAR}"], f"v21+{FAR}"


def memory_file():
    file = File("runtests/i128-memory-operands", "Operations with one i128 that has just been "
                "loaded, on either side, from near and far.", SOURCE, BOTH)
    ops = {op: BINARY[op][0] for op in ("iadd", "isub", "imul", "band", "bor", "bxor", "smin",
                                        "umax", "umulhi")}
    for far in (False, True):
        store, address = place(far)
        load = store + [f"v3 = load.i128 {address}"]
        where = "far" if far else "near"
        for op, meaning in ops.items():
            for side, operands in (("right", "v1, v3"), ("left", "v3, v1")):
                func = file.func(f"{op}_{side}_{where}", ["i64", "i128", "i128"], ["i128"],
                                 load + [f"v4 = {op} {operands}", "return v4"], heap=64)
                for x, y in int_pairs(BITS, 2)[1::5]:
                    a, b = (x, y) if side == "right" else (y, x)
                    run_at_heap(func, "heap", [[x], [y]], [[meaning(a, b, BITS)]])
        for cc, meaning in CONDITIONS.items():
            func = file.func(f"icmp_{cc}_{where}", ["i64", "i128", "i128"], ["i8"],
                             load + [f"v4 = icmp {cc} v1, v3", "return v4"], heap=64)
            for x, y in int_pairs(BITS, 2)[::4]:
                run_at_heap(func, "heap", [[x], [y]], [[int(meaning(x, y, BITS))]])
    for op in ("add", "sub"):
        for sign in "us":
            store, address = place(False)
            name = f"{sign}{op}_overflow"
            func = file.func(f"{name}_near", ["i64", "i128", "i128"], ["i128", "i8"],
                             store + [f"v3 = load.i128 {address}", f"v4, v5 = {name} v1, v3",
                                      "return v4, v5"], heap=64)
            for x, y in int_pairs(BITS, 2)[::3]:
                run_at_heap(func, "heap", [[x], [y]],
                            overflowed(op, sign == "u", x, y, 0, BITS))
    for flag in ("little", "big"):
        store, address = place(True)
        func = file.func(f"far_{flag}", ["i64", "i128", "i128"], ["i128"],
                         [s.replace("store", f"store {flag}") for s in store]
                         + [f"v3 = load.i128 {flag} {address}", "return v3"], heap=64)
        x = Random(5).bits(BITS)
        run_at_heap(func, "heap", [[0], [x]], [[x]])
    yield file


# ---- Constants ----


CONSTANTS = {  # name: (instructions that make v1, its value)
    "uextend_i8": (["v10 = iconst.i8 -1", "v1 = uextend.i128 v10"], 0xff),
    "uextend_i32": (["v10 = iconst.i32 -1", "v1 = uextend.i128 v10"], 0xffffffff),
    "uextend_i64": (["v10 = iconst.i64 -1", "v1 = uextend.i128 v10"], (1 << 64) - 1),
    "sextend_i8": (["v10 = iconst.i8 -128", "v1 = sextend.i128 v10"], wrap(-128, BITS)),
    "sextend_i64": (["v10 = iconst.i64 -2147483648", "v1 = sextend.i128 v10"],
                    wrap(-(1 << 31), BITS)),
    "below_i32": (["v10 = iconst.i64 -2147483649", "v1 = sextend.i128 v10"],
                  wrap(-(1 << 31) - 1, BITS)),
    "iconcat": (["v10 = iconst.i64 -1", "v11 = iconst.i64 2147483647", "v1 = iconcat v10, v11"],
                (1 << 95) - 1),
    "iconcat_high": (["v10 = iconst.i64 7", "v11 = iconst.i64 2147483648",
                      "v1 = iconcat v10, v11"], 1 << 95 | 7),
}


def constant_file():
    file = File("runtests/i128-constants", "Sums, differences and comparisons with constants, some "
                "of whose halves are immediates.", SOURCE, BOTH)
    for name, (steps, y) in CONSTANTS.items():
        near = [wrap(y + n, BITS) for n in (-1, 0, 1)]
        values = int_values(BITS, 1) + near + [wrap(-x, BITS) for x in near]
        for op, operands in (("iadd", "v0, v1"), ("iadd", "v1, v0"), ("isub", "v0, v1"),
                             ("isub", "v1, v0")):
            left = operands.startswith("v1")
            func = file.func(f"{op}_{'left_' if left else ''}{name}", ["i128"], ["i128"],
                             steps + [f"v2 = {op} {operands}", "return v2"])
            for x in values:
                a, b = (y, x) if left else (x, y)
                func.run([[x]], [[BINARY[op][0](a, b, BITS)]])
        for cc, meaning in CONDITIONS.items():
            func = file.func(f"{cc}_{name}", ["i128"], ["i8"],
                             steps + [f"v2 = icmp {cc} v0, v1", "return v2"])
            for x in values:
                func.run([[x]], [[int(meaning(x, y, BITS))]])
    yield file


# ---- Comparisons with zero ----


ZEROS = {
    "uextend": ["v10 = iconst.i64 0", "v1 = uextend.i128 v10"],
    "sextend": ["v10 = iconst.i8 0", "v1 = sextend.i128 v10"],
    "iconcat": ["v10 = iconst.i64 0", "v1 = iconcat v10, v10"],
    "not_zero": ["v10 = iconst.i64 0", "v11 = iconst.i64 1", "v1 = iconcat v10, v11"],
}


def zero_file():
    file = File("runtests/icmp-i128-zero", "i128 compared with zeros, and with what is zero in one "
                "half only.", SOURCE, BOTH)
    for name, zero in ZEROS.items():
        y = HIGH_ONLY if name == "not_zero" else 0
        for cc, meaning in CONDITIONS.items():
            func = file.func(f"{cc}_{name}", ["i128"], ["i8"],
                             zero + [f"v2 = icmp {cc} v0, v1", "return v2"])
            for x in NUMBERS:
                func.run([[x]], [[int(meaning(x, y, BITS))]])
    for use, rest in USES.items():
        for cc, meaning in CONDITIONS.items():
            func = file.func(f"{use}_{cc}", ["i128"], ["i32"],
                             ZEROS["uextend"] + [f"v2 = icmp {cc} v0, v1"] + rest)
            for x in NUMBERS:
                func.run([[x]], [[10 if meaning(x, 0, BITS) else 20]])
    yield file


# ---- Conditions ----


def condition_file():
    file = File("runtests/i128-conditions", "i128 as conditions, and comparisons of i128 negated or "
                "widened before they are one.", SOURCE, BOTH)
    for use, rest in USES.items():
        func = file.func(f"{use}_value", ["i128", "i8"], ["i32"],
                         ["v2 = iadd v0, v0"] + rest)
        for x in NUMBERS:
            func.run([[x], [0]], [[10 if wrap(2 * x, BITS) else 20]])
        shapes = {
            "widened": (["v2 = uextend.i32 v9"], False),
            "widened_128": (["v2 = uextend.i128 v9"], False),
            "negated": (["v8 = iconst.i8 0", "v2 = icmp eq v9, v8"], True),
            "widened_negated": (["v7 = uextend.i32 v9", "v8 = iconst.i32 0",
                                 "v2 = icmp eq v7, v8"], True),
        }
        for shape, (steps, negated) in shapes.items():
            for cc in ("eq", "slt", "ugt"):
                func = file.func(f"{use}_{shape}_{cc}", ["i128", "i128"], ["i32"],
                                 [f"v9 = icmp {cc} v0, v1"] + steps + rest)
                for x, y in int_pairs(BITS, 2)[::3]:
                    holds = CONDITIONS[cc](x, y, BITS) != negated
                    func.run([[x], [y]], [[10 if holds else 20]])
    for op in ("trapz", "trapnz"):
        for cc in ("ne", "sle", "uge"):
            func = file.func(f"{op}_{cc}", ["i128", "i128"], ["i128"], [
                f"v2 = icmp {cc} v0, v1", f"{op} v2, user5", "return v0"])
            for x, y in int_pairs(BITS, 2)[::3]:
                traps = CONDITIONS[cc](x, y, BITS) == (op == "trapnz")
                func.run([[x], [y]], Trap("user5") if traps else [[x]])
    yield file


def selection_file():
    file = File("runtests/select-i128", "Selection by an i128, and of i128 by other conditions; "
                "bmask from and to i128.", SOURCE, BOTH)
    types = [f"i{b}" for b in INT_BITS]
    for op in ("select", "select_spectre_guard"):
        for of, by in [(t, "i128") for t in types] + [("i128", t) for t in types[:-1]]:
            func = file.func(f"{op}_{of}_by_{by}", [by, of, of], [of],
                             [f"v3 = {op} v0, v1, v2", "return v3"])
            x, y = (Random(int(of[1:]) + i).bits(int(of[1:])) for i in (0, 1))
            for c in NUMBERS if by == "i128" else int_edges(int(by[1:])):
                func.run([[c], [x], [y]], [[x if c else y]])
    for of in ("f32", "f64"):
        func = file.func(f"select_{of}_by_i128", ["i128", of, of], [of],
                         ["v3 = select v0, v1, v2", "return v3"])
        for c in NUMBERS:
            func.run([[c], [0], [1 << (int(of[1:]) - 1)]], [[0 if c else 1 << (int(of[1:]) - 1)]])
    for of, by in [(t, "i128") for t in types] + [("i128", t) for t in types[:-1]]:
        func = file.func(f"bmask_{of}_by_{by}", [by], [of], [f"v1 = bmask.{of} v0", "return v1"])
        for c in NUMBERS if by == "i128" else int_edges(int(by[1:])):
            func.run([[c]], [[wrap(-(c != 0), int(of[1:]))]])
    func = file.func("bitcast_to_itself", ["i128"], ["i128"], ["v1 = bitcast.i128 v0", "return v1"])
    for x in NUMBERS:
        func.run([[x]], [[x]])
    yield file


# ---- Atomic operations ----


def atomic_bounds_file():
    file = File("runtests/atomic-bounds-i128", "Atomic operations of 16 bytes at the heap's end and "
                "beyond: the code is that of the access.", SOURCE,
                ("x86_64 has_cmpxchg16b", "aarch64"))
    size = 4096
    x = Random(9).bits(BITS)
    for name, code, body in (
            ("rmw", "heap_oob", "v2 = atomic_rmw.i128 add v0, v1"),
            ("rmw_big", "user4", "v2 = atomic_rmw.i128 user4 big smax v0, v1"),
            ("cas", "user2", "v2 = atomic_cas user2 v0, v1, v1"),
            ("load", "heap_oob", "v2 = atomic_load.i128 v0")):
        func = file.func(name, ["i64", "i128"], ["i128"], [body, "return v2"], heap=size)
        run_at_heap(func, f"heap+{size - 16}", [[x]], [[0]])
        run_at_heap(func, f"heap+{size}", [[x]], Trap(code))
    func = file.func("store", ["i64", "i128"], ["i128"], [
        "atomic_store user3 v1, v0", "v2 = load.i128 v0", "return v2"], heap=size)
    run_at_heap(func, f"heap+{size - 16}", [[x]], [[x]])
    run_at_heap(func, f"heap+{size}", [[x]], Trap("user3"))
    yield file


# ---- Loops ----


def power(x, n):
    return pow(x, n, 1 << BITS)


def loop_file():
    file = File("runtests/i128-loops", "Loops whose variables are i128, and more of them than "
                "there are registers.", SOURCE, BOTH)
    func = file.func("power", ["i128", "i128"], ["i128"], [
        "block0(v0: i128, v1: i128):", "v2 = iconst.i64 1", "v3 = uextend.i128 v2",
        "jump block1(v0, v1, v3)", "block1(v4: i128, v5: i128, v6: i128):",
        "brif v5, block2, block3", "block2:", "v7 = imul v6, v4", "v8 = band v5, v3",
        "v9 = select v8, v7, v6", "v10 = imul v4, v4", "v11 = iconst.i8 1", "v12 = ushr v5, v11",
        "jump block1(v10, v12, v9)", "block3:", "return v6"])
    for x, n in ((3, 0), (3, 80), (3, 81), (7, 1 << 100), (wrap(-5, BITS), (1 << 128) - 1)):
        func.run([[x], [n]], [[power(x, n)]])
    func = file.func("greatest_common_divisor", ["i128", "i128"], ["i128"], [
        "block0(v0: i128, v1: i128):", "jump block1(v0, v1)", "block1(v2: i128, v3: i128):",
        "v4 = icmp ult v2, v3", "v5 = select v4, v3, v2", "v6 = select v4, v2, v3",
        "brif v6, block2, block3", "block2:", "v7 = isub v5, v6", "jump block1(v6, v7)",
        "block3:", "return v5"])
    for x, y, n in ((12 << 70, 18 << 70, 6 << 70), (1 << 127, 3 << 120, 1 << 120), (0, 5, 5)):
        func.run([[x], [y]], [[n]])
    count = 12
    body = [f"v{2 + i} = iadd v{i}, v{i + 1}" for i in range(count)]
    body += [f"v{2 + count + i} = bxor v{i}, v{1 + count - i}" for i in range(count)]
    body += [f"v{2 + 2 * count + i} = imul v{2 + count + i}, v{1 + 2 * count - i}"
             for i in range(count // 2)]
    total = 2 + 2 * count + count // 2
    body += [f"v{total} = iadd v{2 + 2 * count}, v{3 + 2 * count}"]
    body += [f"v{total + i - 1} = iadd v{total + i - 2}, v{2 + 2 * count + i}"
             for i in range(2, count // 2)]
    last = total + count // 2 - 2
    func = file.func("many_values", ["i128", "i128"], ["i128"], body + [f"return v{last}"])
    for x, y in int_pairs(BITS)[::3]:
        func.run([[x], [y]], [[many_values(x, y, count)]])
    yield file


def many_values(x, y, count):
    v = [x, y]
    for i in range(count):
        v.append(wrap(v[i] + v[i + 1], BITS))
    mixed = [v[i] ^ v[1 + count - i] for i in range(count)]
    products = [mixed[i] * mixed[count - 1 - i] for i in range(count // 2)]
    return wrap(sum(products), BITS)


def files(_oracle):
    for part in (product_file, memory_file, constant_file, zero_file, condition_file, selection_file,
                 atomic_bounds_file, loop_file):
        yield from part()
