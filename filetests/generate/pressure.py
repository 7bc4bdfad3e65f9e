# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions with more live values than registers; sums with Python's integers."""

from clif import BOTH, File, Type, wrap
from values import Floats

SOURCE = "Python integers; the floats are small whole numbers, so that they are exact."


def alternating(values, x):
    """What chain() computes: consumed from the last to the first, so that all live long."""
    total = values[-1] + x
    for i in range(len(values) - 2, -1, -1):
        total += -values[i] if i % 2 else values[i]
    return total


def chain(name, file, t, count, one, add, sub):
    """x + 1, x + 2, ... all made before the last is used, then added and subtracted in reverse."""
    body = [one, f"v2 = {add} v0, v1"]
    body += [f"v{i + 2} = {add} v{i + 1}, v1" for i in range(1, count)]
    last = count + 2
    body.append(f"v{last} = {add} v{count + 1}, v0")
    for i in range(count - 2, -1, -1):
        body.append(f"v{last + 1} = {sub if i % 2 else add} v{last}, v{i + 2}")
        last += 1
    return file.func(f"{name}_{count}", [t], [t], body + [f"return v{last}"])


def chain_file():
    file = File("runtests/pressure", "More values alive at once than there are registers.", SOURCE,
                BOTH)
    for count in (20, 48):
        func = chain("ints", file, "i64", count, "v1 = iconst.i64 1", "iadd", "isub")
        for x in (0, 1, 1000):
            value = alternating([x + i + 1 for i in range(count)], x)
            func.run([[x]], [[wrap(value, 64)]])
    f = Floats(64)
    for count in (24, 48):
        func = chain("floats", file, "f64", count, "v1 = f64const 0x1.0", "fadd", "fsub")
        for x in (0, 1, 1000):
            value = alternating([x + i + 1 for i in range(count)], x)
            func.run([[f.rational(x)]], [[f.rational(value)]])
    count = 40
    func = chain("vectors", file, "i32x4", count, "v1 = vconst.i32x4 [1 2 3 4]", "iadd", "isub")
    for x in ([0] * 4, [1, 10, 100, 1000]):
        out = [alternating([x[k] + (i + 1) * (k + 1) for i in range(count)], x[k])
               for k in range(4)]
        func.run([x], [[wrap(v, 32) for v in out]])
    across_calls(file)
    yield file


def across_calls(file):
    identity = file.func("identity", ["i64", "f64"], ["i64", "f64"], ["return v0, v1"])
    f = Floats(64)
    identity.run([[3], [f.one]], [[3], [f.one]])
    body, n = [], 2
    ints, floats = ["v0"], ["v1"]
    for _ in range(12):
        body += [f"v{n}, v{n + 1} = call fn0({ints[-1]}, {floats[-1]})",
                 f"v{n + 2} = iadd v{n}, v0", f"v{n + 3} = fadd v{n + 1}, v1"]
        ints.append(f"v{n + 2}")
        floats.append(f"v{n + 3}")
        n += 4
    total, float_total = ints[0], floats[0]
    for a, b in zip(ints[1:], floats[1:]):
        body += [f"v{n} = iadd {total}, {a}", f"v{n + 1} = fadd {float_total}, {b}"]
        total, float_total = f"v{n}", f"v{n + 1}"
        n += 2
    func = file.func("across_calls", ["i64", "f64"], ["i64", "f64"],
                     body + [f"return {total}, {float_total}"],
                     decls=["fn0 = %identity(i64, f64) -> i64, f64"])
    for x, y in ((1, 1), (-10, 2)):  # 1 + 2 + ... + 13 = 91
        func.run([[wrap(x, 64)], [f.rational(y)]], [[wrap(91 * x, 64)], [f.rational(91 * y)]])


def rotation_file():
    """All parameters of a loop change places, so that no value may keep its register."""
    file = File("runtests/pressure-loop", "A loop whose twenty parameters rotate.", SOURCE, BOTH)
    for text in ("i64", "i32x4"):
        t = Type(text)
        count = 20
        lanes = t.lanes
        body, n, start = [], 2, []
        for i in range(count):
            form = f"vconst.{t} [{' '.join([str(i)] * lanes)}]" if lanes > 1 else f"iconst.{t} {i}"
            body += [f"v{n} = {form}", f"v{n + 1} = iadd v1, v{n}"]
            start.append(f"v{n + 1}")
            n += 2
        body.append(f"jump block1(v0, {', '.join(start)})")
        counter, params = n, [n + 1 + i for i in range(count)]
        n += count + 1
        turned = params[1:] + params[:1]
        body += [f"block1(v{counter}: i32, " + ", ".join(f"v{p}: {t}" for p in params) + "):",
                 f"v{n} = iconst.i32 -1", f"v{n + 1} = iadd v{counter}, v{n}",
                 f"brif v{counter}, block1(v{n + 1}, " + ", ".join(f"v{p}" for p in turned)
                 + "), block2", "block2:"]
        n += 2
        total = params[0]
        for p in params[1:]:
            body += [f"v{n} = iadd.{t} v{total}, v{total}", f"v{n + 1} = isub.{t} v{n}, v{p}"]
            total, n = n + 1, n + 2
        func = file.func(f"rotation_{t}", ["i32", t], [t], body + [f"return v{total}"])
        for rounds, x in ((0, 0), (1, 0), (20, 0), (33, 5)):
            values = [x + i for i in range(count)]
            turn = rounds % count
            values = values[turn:] + values[:turn]
            value = values[0]
            for v in values[1:]:
                value = 2 * value - v
            func.run([[rounds], [x] * lanes], [[wrap(value, t.bits)] * lanes])
    yield file


def files(_oracle):
    yield from chain_file()
    yield from rotation_file()
