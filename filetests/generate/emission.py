# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What emission and the calling convention decide: frames, stack arguments, tables, edges."""

from clif import BOTH, File, wrap

SOURCE = "Python integers."
MIXED = ("i64", "i32", "i16", "i8")


def frames_file():
    file = File("runtests/frames", "Stack slots from a few bytes to hundreds of kilobytes, used at "
                "both ends while a neighbour holds other values.", SOURCE)
    for size in (16, 100, 256, 4080, 4096, 5000, 32760, 40000, 70000, 300000):
        last = size - 8
        func = file.func(f"slot_{size}", ["i64", "i64"], ["i64"], [
            "v2 = stack_addr.i64 ss0", "v3 = stack_addr.i64 ss1", "v4 = stack_addr.i64 ss2",
            "store v0, v2", f"store v1, v2+{last}", "store v1, v3", "store v0, v4",
            "v5 = load.i64 v2", f"v6 = load.i64 v2+{last}", "v7 = load.i64 v3",
            "v8 = load.i64 v4", "v9 = isub v5, v6", "v10 = imul v9, v7", "v11 = bxor v10, v8",
            "return v11"], decls=[f"ss0 = explicit_slot {size}, align = 8",
                                  "ss1 = explicit_slot 8, align = 8",
                                  f"ss2 = explicit_slot {size}, align = 8"])
        for x, y in ((5, 3), (1 << 63, 7), (wrap(-2, 64), 1 << 40)):
            func.run([[x], [y]], [[wrap((x - y) * y, 64) ^ x]])
    far_spills(file)
    yield file


def far_spills(file):
    """Spill slots beyond a large slot: their offsets are past what one instruction reaches."""
    callee = file.func("same", ["i64"], ["i64"], ["return v0"])
    callee.run([[1]], [[1]])
    for size in (40000, 300000):
        body, count = ["v1 = stack_addr.i64 ss0", f"store v0, v1+{size - 8}"], 40
        n = 2
        values = []
        for i in range(count):
            body += [f"v{n} = iconst.i64 {i + 1}", f"v{n + 1} = imul v0, v{n}"]
            values.append(n + 1)
            n += 2
        body.append(f"v{n} = call fn0(v0)")
        total, n = n, n + 1
        for i, v in enumerate(values):
            body += [f"v{n} = {'isub' if i % 2 else 'iadd'} v{total}, v{v}",
                     f"v{n + 1} = rotl v{n}, v{v}"]
            total, n = n + 1, n + 2
        body += [f"v{n} = load.i64 v1+{size - 8}", f"v{n + 1} = bxor v{total}, v{n}",
                 f"return v{n + 1}"]
        func = file.func(f"spills_{size}", ["i64"], ["i64"], body,
                         decls=[f"ss0 = explicit_slot {size}, align = 8",
                                "fn0 = %same(i64) -> i64"])
        for x in (0, 1, 12345, wrap(-7, 64)):
            total = x
            for i in range(count):
                value = wrap(x * (i + 1), 64)
                total = wrap(total - value if i % 2 else total + value, 64)
                turn = value % 64
                total = wrap(total << turn | total >> (64 - turn), 64)
            func.run([[x]], [[total ^ x]])


def weigh(body, n, params):
    """Appends the sum of each parameter times its number + 3; returns the value and the next."""
    total = None
    for i, (value, t) in enumerate(params):
        if t != "i64":
            body.append(f"v{n} = uextend.i64 {value}")
            value, n = f"v{n}", n + 1
        body += [f"v{n} = iconst.i64 {i + 3}", f"v{n + 1} = imul {value}, v{n}"]
        value, n = f"v{n + 1}", n + 2
        if total:
            body.append(f"v{n} = iadd {total}, {value}")
            value, n = f"v{n}", n + 1
        total = value
    return total, n


def stack_arguments_file():
    file = File("runtests/stack-arguments", "Forty parameters and twenty results of every width, "
                "passed on in reverse, and recursion with them.", SOURCE)
    count = 40
    types = [MIXED[i % 4] for i in range(count)]
    bits = [int(t[1:]) for t in types]
    body = []
    total, _ = weigh(body, count, [(f"v{i}", t) for i, t in enumerate(types)])
    func = file.func("weigh", types, ["i64"], body + [f"return {total}"])

    def weighed(values):
        return wrap(sum((i + 3) * wrap(v, b) for i, (v, b) in enumerate(zip(values, bits))), 64)

    for start in (0, 100, -50):
        values = [start + 7 * i for i in range(count)]
        func.run([[wrap(v, b)] for v, b in zip(values, bits)], [[weighed(values)]])

    # Arguments from parameters in other places, of the same width.
    order = [(i + 4 * (1 + i % 3)) % count for i in range(count)]
    signature = f"({', '.join(types)}) -> i64"
    func = file.func("pass_on", types, ["i64"], [
        "v40 = call fn0(" + ", ".join(f"v{i}" for i in order) + ")",
        "v41 = call fn0(" + ", ".join(f"v{i}" for i in range(count)) + ")",
        "v42 = imul v40, v41", "return v42"], decls=[f"fn0 = %weigh{signature}"])
    for start in (1, -9):
        values = [start + 13 * i for i in range(count)]
        func.run([[wrap(v, b)] for v, b in zip(values, bits)],
                 [[wrap(weighed([values[i] for i in order]) * weighed(values), 64)]])
    recursion(file)
    for results in (2, 3, 8, 20):
        many_results(file, results)
    yield file


def recursion(file):
    """f(n, a0..a11) = n ? f(n - 1, a1..a11, a0) * 3 + a11 : a0 - a5"""
    count = 12
    params = ", ".join(f"v{i}: i64" for i in range(1, count + 1))
    turned = ", ".join(f"v{i}" for i in [*range(2, count + 1), 1])
    func = file.func("turn", ["i32"] + ["i64"] * count, ["i64"], [
        f"block0(v0: i32, {params}):", "brif v0, block1, block2", "block1:", "v20 = iconst.i32 1",
        "v21 = isub v0, v20", f"v22 = call fn0(v21, {turned})", "v23 = iconst.i64 3",
        "v24 = imul v22, v23", f"v25 = iadd v24, v{count}", "return v25", "block2:",
        "v26 = isub v1, v6", "return v26"],
        decls=[f"fn0 = %turn(i32{', i64' * count}) -> i64"])

    def turn(n, a):
        return turn(n - 1, a[1:] + a[:1]) * 3 + a[-1] if n else a[0] - a[5]

    for n in (0, 1, 2, 11, 100):
        values = [100 + i * i for i in range(count)]
        func.run([[n]] + [[v] for v in values], [[wrap(turn(n, values), 64)]])


def many_results(file, count):
    types = [MIXED[(i + 1) % 4] for i in range(count)]
    body, n, out = [], 1, []
    for i, t in enumerate(types):
        body += [f"v{n} = iconst.i64 {7 * i + 1}", f"v{n + 1} = imul v0, v{n}"]
        n += 2
        if t != "i64":
            body.append(f"v{n} = ireduce.{t} v{n - 1}")
            n += 1
        out.append(f"v{n - 1}")
    func = file.func(f"results_{count}", ["i64"], types, body + ["return " + ", ".join(out)])

    def results(x):
        return [wrap(x * (7 * i + 1), int(t[1:])) for i, t in enumerate(types)]

    for x in (1, 1000003, wrap(-1, 64)):
        func.run([[x]], [[r] for r in results(x)])
    body = ["v1 = iconst.i64 5", "v2 = iadd v0, v1"]
    first, second = range(3, 3 + count), range(3 + count, 3 + 2 * count)
    for values, arg in ((first, "v0"), (second, "v2")):
        body.append(", ".join(f"v{v}" for v in values) + f" = call fn0({arg})")
    total, _ = weigh(body, 3 + 2 * count,
                     [(f"v{v}", t) for vs in (second, first) for v, t in zip(vs, types)])
    func = file.func(f"call_results_{count}", ["i64"], ["i64"], body + [f"return {total}"],
                     decls=[f"fn0 = %results_{count}(i64) -> {', '.join(types)}"])
    for x in (0, 77, wrap(-100, 64)):
        values = results(wrap(x + 5, 64)) + results(x)
        func.run([[x]], [[wrap(sum((i + 3) * v for i, v in enumerate(values)), 64)]])


def table_function(file, size):
    """index -> 1000 + index through a table whose entries pass different constants and blocks."""
    body = ["block0(v0: i32):"]
    entries = []
    constants = min(size, 5)
    for i in range(constants + 1):
        body.append(f"v{i + 1} = iconst.i32 {100 * i + 7}")
    for i in range(size):
        entries.append(f"block{1 + i % 3}(v{1 + i % constants})")
    body.append(f"br_table v0, block4(v{constants + 1}), [{', '.join(entries)}]")
    n = 20
    for block in range(1, 5):
        body += [f"block{block}(v{n}: i32):", f"v{n + 1} = iconst.i32 {block}",
                 f"v{n + 2} = isub v{n}, v{n + 1}", f"v{n + 3} = imul v{n + 2}, v{n + 1}",
                 f"return v{n + 3}"]
        n += 4
    func = file.func(f"table_{size}", ["i32"], ["i32"], body)
    edges = {0, 1, 2, 3, size // 2, size - 2, size - 1, size, size + 1, 2 * size, 1 << 31,
             (1 << 32) - 1, (1 << 30), (1 << 30) + 1, 0x7fffffff}
    for index in sorted(wrap(e, 32) for e in edges):
        inside = index < size
        block = 1 + index % 3 if inside else 4
        value = 100 * (index % constants if inside else constants) + 7
        func.run([[index]], [[wrap((value - block) * block, 32)]])


def tables_file():
    file = File("runtests/jump-tables", "Tables of many sizes, with indices at and past the end.",
                SOURCE)
    for size in (1, 2, 3, 4, 5, 8, 31, 64, 100, 300):
        table_function(file, size)
    func = file.func("table_0", ["i32"], ["i32"], [
        "block0(v0: i32):", "br_table v0, block1(v0), []", "block1(v1: i32):", "return v1"])
    for x in (0, 1, (1 << 32) - 1):
        func.run([[x]], [[x]])
    yield file


def edges_file():
    file = File("runtests/edge-moves", "Critical edges whose arguments change places: swaps, "
                "cycles of three and seven, copies of one value, blocks that jump to themselves.", SOURCE)
    for name, count, source in (("swap", 2, [1, 0]), ("cycle_3", 3, [1, 2, 0]),
                                ("cycle_7", 7, [6, 0, 1, 2, 3, 4, 5]),
                                ("two_cycles", 5, [1, 0, 3, 4, 2]),
                                ("copies", 4, [1, 1, 3, 3]), ("chain", 5, [1, 2, 3, 4, 4]),
                                ("fan", 6, [5, 0, 0, 2, 2, 5])):
        for t, bits in (("i64", 64), ("i8", 8)):
            edge_function(file, f"{name}_{t}", t, bits, source, count)
    yield file


def edge_function(file, name, t, bits, source, count):
    """A block that turns its parameters v0 times, on the critical edge to itself."""
    params = list(range(1, count + 1))
    inner = list(range(21, 21 + count))
    body = ["block0(v0: i32, " + ", ".join(f"v{p}: {t}" for p in params) + "):",
            "v50 = iconst.i32 1",
            "brif v0, block1(v0, " + ", ".join(f"v{p}" for p in params) + "), block2("
            + ", ".join(f"v{p}" for p in params) + ")",
            "block1(v20: i32, " + ", ".join(f"v{p}: {t}" for p in inner) + "):",
            "v51 = isub v20, v50",
            "brif v51, block1(v51, " + ", ".join(f"v{inner[s]}" for s in source) + "), block2("
            + ", ".join(f"v{inner[s]}" for s in reversed(source)) + ")",
            "block2(" + ", ".join(f"v{60 + i}: {t}" for i in range(count)) + "):"]
    total, n = "v60", 80
    for i in range(1, count):
        body += [f"v{n} = iconst.{t} 3", f"v{n + 1} = imul {total}, v{n}",
                 f"v{n + 2} = iadd v{n + 1}, v{60 + i}"]
        total, n = f"v{n + 2}", n + 3
    func = file.func(name, ["i32"] + [t] * count, [t], body + [f"return {total}"])
    for turns in (0, 1, 2, 3, 8):
        start = values = [10 + 11 * i for i in range(count)]
        for k in range(turns):
            order = source if k < turns - 1 else source[::-1]
            values = [values[s] for s in order]
        total = values[0]
        for v in values[1:]:
            total = wrap(total * 3 + v, bits)
        func.run([[turns]] + [[v] for v in start], [[total]])


def files(_oracle):
    for part in (frames_file, stack_arguments_file, tables_file, edges_file):
        yield from part()
