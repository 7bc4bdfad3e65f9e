# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Loads, stores and atomic operations; Python's integers and bytes are the oracle."""

from clif import (A64, BOTH, FLOATS, INT_BITS, INTERPRET, INTS, File, Trap, Type, literal, signed,
                  wrap)
from convert import as_bytes, from_bytes
from ints import FULL, HALF, SMALL
from lanes import ramp
from values import Random, int_pairs, int_values

SOURCE = "Python integers and bytes."
ORDERS = {"": "little", "little": "little", "big": "big"}


def slot(size, align=8):
    return [f"ss0 = explicit_slot {size}, align = {align}"]


def with_flag(opcode, flag):
    return f"{opcode} {flag}" if flag else opcode


def plus(offset):
    return f"+{offset}" if offset > 0 else str(offset) if offset else ""


# ---- Plain loads and stores ----


def round_trip_files():
    """Every type through a slot and through the heap, bit for bit."""
    for suffix, targets, types in (
            ("", BOTH, INTS + FLOATS + FULL + ("f32x4", "f64x2")),
            ("-64bit", A64, HALF + ("f32x2",)),
            ("-interpret", INTERPRET, SMALL + ("f16x8", "f16x4", "f16x2"))):
        file = File(f"runtests/load-store{suffix}", "store and load of each type, in a stack slot "
                    "and at odd addresses of the heap.", SOURCE, targets)
        for t in map(Type, types):
            func = file.func(f"slot_{t}", [t], [t], [
                "v1 = stack_addr.i64 ss0", "store notrap aligned v0, v1+16",
                f"v2 = load.{t} notrap aligned v1+16", "return v2"], decls=slot(32, 16))
            values = [ramp(t), ramp(t, 1), [1 << (t.bits - 1)] * t.lanes]
            for x in values:
                func.run([x], [x])
            func = file.func(f"heap_{t}", ["i64", t], [t], [
                "store v1, v0+3", f"v2 = load.{t} v0+3", "return v2"], heap=64)
            for x in values:
                run_at_heap(func, "heap", [x], [x])
        yield file
    file = File("runtests/load-store-wide", "store and load of vectors of 256 bits: the parts lie "
                "one after the other.", SOURCE, INTERPRET)
    for t in map(Type, ("i8x32", "i16x16", "i32x8", "i64x4", "f32x8", "f64x4")):
        part = t.shaped(t.kind, t.bits, t.lanes // 2)
        func = file.func(f"upper_half_{t}", [part, part], [part], [
            "v2 = stack_addr.i64 ss0", "store v0, v2", "store v1, v2+16", f"v3 = load.{t} v2",
            "store v3, v2+32", f"v4 = load.{part} v2+48", "return v4"], decls=slot(64, 16))
        x, y = ramp(part), ramp(part, 1)
        func.run([x, y], [y])
    yield file


def run_at_heap(func, address, args, expected):
    """A run line whose first argument is an address of the heap."""
    texts = [address] + [literal(a, t) for a, t in zip(args, func.params[1:], strict=True)]
    if isinstance(expected, Trap):
        outcome = "trap " + expected.code
    else:
        outs = [literal(e, t) for e, t in zip(expected, func.results, strict=True)]
        outcome = outs[0] if len(outs) == 1 else "[" + ", ".join(outs) + "]"
    func.runs.append(f"; run: %{func.name}({', '.join(texts)}) == {outcome}")


def part_files():
    """What another width or byte order sees of a stored value."""
    for wide in (16, 32, 64, 128):
        x = Random(wide).bits(wide) | 0x80
        for store_flag in ("", "big"):
            file = File(f"runtests/memory-parts-of-{store_flag}i{wide}", f"A stored i{wide} read "
                        "in parts of both byte orders.", SOURCE)
            data = x.to_bytes(wide // 8, ORDERS[store_flag])
            for narrow in INT_BITS[:INT_BITS.index(wide)] + (wide,):
                for load_flag in ("", "big") if wide > 32 else ("", "little", "big"):
                    read_part(file, wide, narrow, store_flag, load_flag, x, data)
            yield file
        file = File(f"runtests/memory-parts-into-i{wide}", f"Parts written into an i{wide}, in "
                    "both byte orders.", SOURCE)
        for narrow in INT_BITS[:INT_BITS.index(wide)]:
            write_part(file, wide, narrow, x)
        yield file


def read_part(file, wide, narrow, store_flag, load_flag, x, data):
    step = narrow // 8
    for offset in sorted({0, 1 if step < wide // 8 else 0, wide // 8 - step}):
        name = f"i{wide}{store_flag}_as_i{narrow}{load_flag}_at_{offset}"
        func = file.func(name, [f"i{wide}"], [f"i{narrow}"], [
            "v1 = stack_addr.i64 ss0", with_flag("store", store_flag) + " v0, v1+8",
            with_flag(f"v2 = load.i{narrow}", load_flag) + f" v1+{8 + offset}", "return v2"],
            decls=slot(32))
        part = data[offset:offset + step]
        func.run([[x]], [[int.from_bytes(part, ORDERS[load_flag])]])


def write_part(file, wide, narrow, x):
    step = narrow // 8
    y = Random(narrow + 1).bits(narrow)
    for offset in sorted({0, 1, wide // 8 - step}):
        for flag in ("", "big"):
            name = f"i{narrow}{flag}_into_i{wide}_at_{offset}"
            func = file.func(name, [f"i{wide}", f"i{narrow}"], [f"i{wide}"], [
                "v2 = stack_addr.i64 ss0", "store v0, v2",
                with_flag("store", flag) + f" v1, v2{plus(offset)}", f"v3 = load.i{wide} v2",
                "return v3"], decls=slot(32))
            data = bytearray(x.to_bytes(wide // 8, "little"))
            data[offset:offset + step] = y.to_bytes(step, ORDERS[flag])
            func.run([[x], [y]], [[int.from_bytes(data, "little")]])


# ---- Narrow and widening ----


def narrow_memory_files():
    for width in (8, 16, 32):
        results = [b for b in INT_BITS if width < b <= 64]
        file = File(f"runtests/narrow-memory-{width}", f"uload{width}, sload{width} and "
                    f"istore{width}, in each byte order.", SOURCE)
        flags = ("", "big") if width > 8 else ("",)
        for bits in results:
            for flag in flags:
                for op in ("uload", "sload"):
                    suffix = "" if width == 32 else f".i{bits}"
                    func = file.func(f"{op}{width}_i{bits}{flag}", ["i64"], [f"i{bits}"], [
                        "v1 = stack_addr.i64 ss0", "store v0, v1",
                        with_flag(f"v2 = {op}{width}{suffix}", flag) + " v1+1", "return v2"],
                        decls=slot(8))
                    for x in int_values(64, 2):
                        part = x.to_bytes(8, "little")[1:1 + width // 8]
                        value = int.from_bytes(part, ORDERS[flag])
                        if op == "sload":
                            value = wrap(signed(value, width), bits)
                        func.run([[x]], [[value]])
                func = file.func(f"istore{width}_i{bits}{flag}", [f"i{bits}", "i64"], ["i64"], [
                    "v2 = stack_addr.i64 ss0", "store v1, v2",
                    with_flag(f"istore{width}", flag) + " v0, v2+2", "v3 = load.i64 v2",
                    "return v3"], decls=slot(8))
                for x in int_values(bits, 2):
                    data = bytearray(wrap(~x * 0x0101, 64).to_bytes(8, "little"))
                    before = int.from_bytes(data, "little")
                    data[2:2 + width // 8] = wrap(x, width).to_bytes(width // 8, ORDERS[flag])
                    func.run([[x], [before]], [[int.from_bytes(data, "little")]])
        yield file


def vector_load_file():
    file = File("runtests/widening-vector-loads", "uloadAxB and sloadAxB: eight bytes as lanes of "
                "twice the width.", SOURCE)
    for width, lanes in ((8, 8), (16, 4), (32, 2)):
        result = Type(f"i{2 * width}x{lanes}")
        for op in ("uload", "sload"):
            func = file.func(f"{op}{width}x{lanes}", ["i64"], [result], [
                "v1 = stack_addr.i64 ss0", "store v0, v1+5", f"v2 = {op}{width}x{lanes} v1+5",
                "return v2"], decls=slot(16))
            for x in int_values(64, 4):
                lanes_in = from_bytes(x.to_bytes(8, "little"), Type(f"i{width}"))
                func.run([[x]], [[wrap(signed(v, width), 2 * width) if op == "sload" else v
                                  for v in lanes_in]])
    yield file


def vector_part_file():
    file = File("runtests/memory-parts-vector", "Vectors and scalars that see each other's bytes.",
                SOURCE)
    types = [Type(t) for t in FULL + ("f32x4", "f64x2")]
    for t in types:
        for lane in (0, t.lanes - 1):
            func = file.func(f"lane_{lane}_of_{t}", [t], [t.lane], [
                "v1 = stack_addr.i64 ss0", "store v0, v1", f"v2 = load.{t.lane} v1"
                + plus(lane * t.bits // 8), "return v2"], decls=slot(16, 16))
            x = ramp(t, lane)
            func.run([x], [[x[lane]]])
            func = file.func(f"replace_lane_{lane}_of_{t}", [t, t.lane], [t], [
                "v2 = stack_addr.i64 ss0", "store v0, v2",
                f"store v1, v2{plus(lane * t.bits // 8)}", f"v3 = load.{t} v2", "return v3"],
                decls=slot(16, 16))
            y = ramp(t, lane + 9)[0]
            func.run([x, [y]], [x[:lane] + [y] + x[lane + 1:]])
    for a, b in zip(types, types[1:] + types[:1]):
        func = file.func(f"{a}_as_{b}", [a], [b], [
            "v1 = stack_addr.i64 ss0", "store v0, v1", f"v2 = load.{b} v1", "return v2"],
            decls=slot(16, 16))
        x = ramp(a, 3)
        func.run([x], [from_bytes(as_bytes(x, a), b)])
    yield file


# ---- Addresses and bounds ----


def bounds_files():
    """Accesses at both ends of a heap of whole pages, so that an engine that can only protect
    pages sees the same bounds."""
    size = 4096
    file = File("runtests/heap-bounds", "The last bytes of the heap and the first beyond: the trap "
                "code is heap_oob, or the one that the access names.", SOURCE)
    for text in ("i8", "i16", "i32", "i64", "i128", "f32", "f64", "i8x16"):
        t = Type(text)
        n = t.size // 8
        x = ramp(t)
        for flag, code in (("", "heap_oob"), ("user7", "user7")):
            load = file.func(f"load_{t}{flag}", ["i64"], [t],
                             [with_flag(f"v1 = load.{t}", flag) + " v0", "return v1"], heap=size)
            store = file.func(f"store_{t}{flag}", ["i64", t], [t], [
                with_flag("store", flag) + " v1, v0", f"v2 = load.{t} v0", "return v2"], heap=size)
            for offset in (0, size - n, size, size + 1) + ((size - n + 1,) if n > 1 else ()):
                bad = Trap(code) if offset + n > size else None
                run_at_heap(load, f"heap+{offset}", [], bad or [[0] * t.lanes])
                run_at_heap(store, f"heap+{offset}", [x], bad or [x])
    for offset, bad in ((-1, True), (-8, True), (size - 8, False), (size - 7, True), (size, True)):
        name = f"load_offset_{'minus_' if offset < 0 else ''}{abs(offset)}"
        func = file.func(name, ["i64"], ["i64"], [f"v1 = load.i64 v0{plus(offset)}", "return v1"],
                         heap=size)
        run_at_heap(func, "heap", [], Trap("heap_oob") if bad else [[0]])
    for op, n in (("uload8.i32", 1), ("sload16.i32", 2), ("uload32", 4), ("sload8x8", 8)):
        result = {"uload32": "i64", "sload8x8": "i16x8"}.get(op, "i32")
        func = file.func(op.replace(".", "_") + "_end", ["i64"], [result],
                         [f"v1 = {op} v0", "return v1"], heap=size)
        run_at_heap(func, f"heap+{size - n}", [], [[0] * Type(result).lanes])
        run_at_heap(func, f"heap+{size - n + 1}", [], Trap("heap_oob"))
    yield file


def address_file():
    """Address arithmetic that back ends fold into the access."""
    file = File("runtests/addressing", "Loads whose address is a sum, a scaled index, an extended "
                "index or a constant offset.", SOURCE)
    table = [0x1111111111111111 * i for i in range(8)]
    fill = []
    n = 10
    for i, value in enumerate(table):
        fill += [f"v{n} = iconst.i64 0x{value:x}", f"store v{n}, v0{plus(8 * i)}"]
        n += 1

    def add(name, type_, body, rows):
        func = file.func(name, ["i64", type_], ["i64"], fill + body + ["return v9"], heap=64)
        for index, place in rows:
            run_at_heap(func, "heap", [[wrap(index, Type(type_).bits)]], [[table[place]]])

    add("base_plus_index", "i64", ["v2 = iadd v0, v1", "v9 = load.i64 v2"],
        [(0, 0), (8, 1), (56, 7)])
    add("index_plus_base", "i64", ["v2 = iadd v1, v0", "v9 = load.i64 v2+8"], [(0, 1), (-8, 0)])
    for shift in (1, 2, 3):
        add(f"scaled_by_{1 << shift}", "i64", [
            f"v2 = iconst.i64 {shift}", "v3 = ishl v1, v2", "v4 = iadd v0, v3", "v9 = load.i64 v4"],
            [(0, 0), (8 >> shift, 1), (56 >> shift, 7)])
    add("scaled_plus_offset", "i64", ["v2 = iconst.i64 3", "v3 = ishl v1, v2", "v4 = iadd v0, v3",
                                      "v9 = load.i64 v4+16"], [(0, 2), (-2, 0), (5, 7)])
    for op, rows in (("uextend", [(0, 0), (8, 1), (56, 7)]),
                     ("sextend", [(0, 4), (-32, 0), (24, 7)])):
        bias = [] if op == "uextend" else ["v4 = iconst.i64 32", "v5 = iadd v3, v4"]
        base = "v5" if bias else "v3"
        add(f"{op}_index", "i32", [f"v2 = {op}.i64 v1", "v3 = iadd v0, v2"] + bias
            + [f"v9 = load.i64 {base}"], rows)
        add(f"{op}_index_scaled", "i32", [
            "v2 = iconst.i64 3", f"v3 = {op}.i64 v1", "v4 = ishl v3, v2", "v5 = iadd v0, v4",
            f"v9 = load.i64 v5{plus(32 if bias else 0)}"],
            [(i // 8, p) for i, p in rows])
    add("minus_index", "i64", ["v2 = isub v0, v1", "v9 = load.i64 v2+56"], [(0, 7), (56, 0)])
    add("two_constants", "i64", ["v2 = iconst.i64 16", "v3 = iadd v0, v2", "v4 = iadd v3, v1",
                                 "v5 = iadd v4, v2", "v9 = load.i64 v5+8"], [(0, 5), (16, 7)])
    add("negative_offset", "i64", ["v2 = iadd v0, v1", "v9 = load.i64 v2-8"], [(8, 0), (64, 7)])
    add("constant_on_left", "i64", ["v2 = iconst.i64 -8", "v3 = iadd v2, v0", "v4 = iadd v3, v1",
                                    "v9 = load.i64 v4"], [(8, 0), (64, 7)])
    yield file


# ---- Atomics ----


RMW = {
    "add": lambda x, y, b: wrap(x + y, b), "sub": lambda x, y, b: wrap(x - y, b),
    "and": lambda x, y, b: x & y, "nand": lambda x, y, b: wrap(~(x & y), b),
    "or": lambda x, y, b: x | y, "xor": lambda x, y, b: x ^ y, "xchg": lambda x, y, b: y,
    "umin": lambda x, y, b: min(x, y), "umax": lambda x, y, b: max(x, y),
    "smin": lambda x, y, b: wrap(min(signed(x, b), signed(y, b)), b),
    "smax": lambda x, y, b: wrap(max(signed(x, b), signed(y, b)), b),
}
LSE = (*BOTH, "aarch64 has_lse")
WIDE = ("x86_64 has_cmpxchg16b", "aarch64", "aarch64 has_lse")
ATOMIC_WIDTHS = (("", LSE, (8, 16, 32, 64)),
                 ("-i128", WIDE, (128,)))


def atomic_files():
    for suffix, targets, widths in ATOMIC_WIDTHS:
        for ops in (("add", "sub"), ("and", "nand"), ("or", "xor"), ("xchg",), ("umin", "umax"),
                    ("smin", "smax")):
            file = File(f"runtests/atomic_rmw-{'-'.join(ops)}{suffix}", "atomic_rmw: the old value "
                        "is returned, the new one and nothing beside it is written.", SOURCE,
                        targets)
            for op in ops:
                for bits in widths:
                    rmw_function(file, op, bits)
            yield file
        file = File(f"runtests/atomic_cas{suffix}", "atomic_cas: writes only on a match, returns "
                    "the old value.", SOURCE, targets)
        for bits in widths:
            cas_function(file, bits)
        yield file
        file = File(f"runtests/atomic-load-store{suffix}", "atomic_load, atomic_store and fence.",
                    SOURCE, targets)
        for bits in widths:
            load_store_function(file, bits)
        yield file
    for suffix, targets, widths in ATOMIC_WIDTHS:
        file = File(f"runtests/atomic-big{suffix}", "Atomic operations in big-endian order.", SOURCE,
                    targets)
        for bits in widths:
            big_functions(file, bits)
        yield file


def big_functions(file, bits):
    for op in RMW:
        rmw_big_function(file, op, bits)
    cas_big_function(file, bits)
    t = f"i{bits}"
    for name, to, of in (("load", "little", "big"), ("store", "big", "little")):
        func = file.func(f"{name}_big_{t}", [t], [t], [
            "v1 = stack_addr.i64 ss0", f"atomic_store {to} v0, v1",
            f"v2 = atomic_load.{t} {of} v1", "return v2"], decls=big_slot(bits))
        for x in int_values(bits):
            func.run([[x]], [[swapped(x, bits)]])


def big_slot(bits):
    return slot(16, 16) if bits == 128 else slot(8)


def swapped(x, bits):
    return int.from_bytes(x.to_bytes(bits // 8, "little"), "big")


def rmw_big_function(file, op, bits):
    t = f"i{bits}"
    func = file.func(f"{op}_big_{t}", [t, t], [t, t], [
        "v2 = stack_addr.i64 ss0", "store big v0, v2", f"v3 = atomic_rmw.{t} big {op} v2, v1",
        f"v4 = load.{t} v2", "return v3, v4"], decls=big_slot(bits))
    for x, y in int_pairs(bits, 3)[::3]:
        func.run([[x], [y]], [[x], [swapped(RMW[op](x, y, bits), bits)]])


def cas_big_function(file, bits):
    t = f"i{bits}"
    func = file.func(f"cas_big_{t}", [t, t, t], [t, t], [
        "v3 = stack_addr.i64 ss0", "store big v0, v3", "v4 = atomic_cas big v3, v1, v2",
        f"v5 = load.{t} v3", "return v4, v5"], decls=big_slot(bits))
    random = Random(bits + 29)
    for x in int_values(bits):
        new = random.bits(bits)
        func.run([[x], [x], [new]], [[x], [swapped(new, bits)]])
        wrong = wrap(x + 1, bits)
        func.run([[x], [wrong], [new]], [[x], [swapped(x, bits)]])


def neighbours(bits):
    """Instructions that check the bytes beside the cell: stored before, loaded and mixed after."""
    t = f"i{bits}"
    step = bits // 8
    before = ["v10 = stack_addr.i64 ss0", f"v11 = iconst.i64 {step}", "v12 = iadd v10, v11",
              "store v9, v10", f"store v9, v10+{2 * step}", "store v0, v12"]
    after = [f"v20 = load.{t} v10", f"v21 = load.{t} v10+{2 * step}", "v22 = icmp eq v20, v9",
             "v23 = icmp eq v21, v9", "v24 = band v22, v23"]
    guard = f"v9 = iconst.{t} {signed(Random(bits).bits(min(bits, 64)), min(bits, 64))}"
    if bits == 128:
        guard = guard.replace("v9 = iconst.i128", "v8 = iconst.i64")
        return [guard, "v9 = uextend.i128 v8"] + before, after
    return [guard] + before, after


def rmw_function(file, op, bits):
    t = f"i{bits}"
    before, after = neighbours(bits)
    func = file.func(f"{op}_{t}", [t, t], [t, t, "i8"], before + [
        f"v2 = atomic_rmw.{t} {op} v12, v1", f"v3 = load.{t} v12"] + after + ["return v2, v3, v24"],
        decls=slot(bits // 2, 16))
    for x, y in int_pairs(bits, 3)[::2]:
        func.run([[x], [y]], [[x], [RMW[op](x, y, bits)], [1]])
    func = file.func(f"{op}_{t}_unused", [t, t], [t], [
        "v2 = stack_addr.i64 ss0", "store v0, v2", f"v3 = atomic_rmw.{t} {op} v2, v1",
        f"v4 = load.{t} v2", "return v4"], decls=slot(16, 16))
    for x, y in int_pairs(bits, 3)[1::6]:
        func.run([[x], [y]], [[RMW[op](x, y, bits)]])


def cas_function(file, bits):
    t = f"i{bits}"
    before, after = neighbours(bits)
    func = file.func(f"cas_{t}", [t, t, t], [t, t, "i8"], before + [
        f"v3 = atomic_cas.{t} v12, v1, v2", f"v4 = load.{t} v12"] + after + ["return v3, v4, v24"],
        decls=slot(bits // 2, 16))
    random = Random(bits + 23)
    for x in int_values(bits):
        new = random.bits(bits)
        func.run([[x], [x], [new]], [[x], [new], [1]])
        for wrong in (wrap(x + 1, bits), x ^ 1 << (bits - 1)):
            func.run([[x], [wrong], [new]], [[x], [x], [1]])


def load_store_function(file, bits):
    t = f"i{bits}"
    func = file.func(f"store_load_{t}", [t], [t, t], [
        "v1 = stack_addr.i64 ss0", "atomic_store v0, v1", f"v2 = load.{t} v1", "fence",
        f"v3 = atomic_load.{t} v1", "return v2, v3"], decls=slot(16, 16))
    for x in int_values(bits):
        func.run([[x]], [[x], [x]])


def atomic_bounds_file():
    file = File("runtests/atomic-bounds", "Atomic operations beyond the heap trap.", SOURCE, LSE)
    size = 4096
    for name, body in (("rmw", "v2 = atomic_rmw.i64 add v0, v1"),
                       ("cas", "v2 = atomic_cas v0, v1, v1"),
                       ("load", "v2 = atomic_load.i64 v0")):
        func = file.func(name, ["i64", "i64"], ["i64"], [body, "return v2"], heap=size)
        run_at_heap(func, f"heap+{size - 8}", [[0]], [[0]])
        run_at_heap(func, f"heap+{size}", [[0]], Trap("heap_oob"))
    func = file.func("store", ["i64", "i64"], ["i64"], ["atomic_store user3 v1, v0", "return v1"],
                     heap=size)
    run_at_heap(func, f"heap+{size - 8}", [[5]], [[5]])
    run_at_heap(func, f"heap+{size}", [[5]], Trap("user3"))
    yield file


def update_file():
    """An operation on what the same address held, which x86-64 has one instruction for."""
    file = File("runtests/memory-update", "Loads, operations and stores of the result to the same "
                "address.", SOURCE)
    meanings = {"iadd": lambda x, y: x + y, "isub": lambda x, y: x - y, "band": lambda x, y: x & y,
                "bor": lambda x, y: x | y, "bxor": lambda x, y: x ^ y}
    constant = -37
    for bits in (32, 64):
        t = f"i{bits}"
        for op, meaning in meanings.items():
            for form, operands in (("right", "v4, v1"), ("left", "v1, v4"), ("constant", "v4, v5"),
                                   ("constant_left", "v5, v4")):
                func = file.func(f"{op}_{form}_{t}", [t, t], [t, t], [
                    "v2 = stack_addr.i64 ss0", "store v0, v2+8", f"v5 = iconst.{t} {constant}",
                    f"v4 = load.{t} v2+8", f"v6 = {op} {operands}", "store v6, v2+8",
                    f"v7 = load.{t} v2+8", f"v8 = {op} {operands.replace('v4', 'v7')}",
                    "return v7, v8"], decls=slot(16))
                for x, y in int_pairs(bits, 3)[::4]:
                    other = wrap(constant, bits) if "constant" in form else y
                    left = "left" in form

                    def step(v, other=other, left=left, meaning=meaning, bits=bits):
                        return wrap(meaning(other, v) if left else meaning(v, other), bits)
                    func.run([[x], [y]], [[step(x)], [step(step(x))]])
    yield file


def files(_oracle):
    for part in (round_trip_files, part_files, narrow_memory_files, vector_load_file,
                 vector_part_file, bounds_files, address_file, update_file, atomic_files,
                 atomic_bounds_file):
        yield from part()
