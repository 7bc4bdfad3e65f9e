# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""f16 and f128, floats of every width side by side: passed, returned, kept, moved; bits only."""

from clif import BOTH, File, wrap
from values import Floats, Random

SOURCE = "Python integers, on the bits."
KINDS = ("f16", "f32", "f64", "f128", "i64")
WIDTH = {"f16": 16, "f32": 32, "f64": 64, "f128": 128, "i64": 64}


def value(kind, seed):
    return [Random(seed).bits(WIDTH[kind])]


def passing_file():
    """Signatures longer than the registers of either class."""
    file = File("runtests/float-formats-calls", "Floats of every width beside each other as "
                "arguments and results, in registers and beyond them.", SOURCE, BOTH)
    for count in (3, 9, 14, 24):
        kinds = [KINDS[(i * i + i // 3) % 5] for i in range(count)]
        for shift in (0, 1, count - 1):
            order = [(i + shift) % count for i in range(count)]
            results = [kinds[i] for i in order]
            name = f"turn_{count}_{shift}"
            func = file.func(name, kinds, results,
                             ["return " + ", ".join(f"v{i}" for i in order)])
            args = [value(k, 31 * i + count) for i, k in enumerate(kinds)]
            func.run(args, [args[i] for i in order])
            back = ", ".join(f"v{count + (i - shift) % count}" for i in range(count))
            call = ", ".join(f"v{count + i}" for i in range(count))
            caller = file.func(f"call_{name}", kinds, kinds, [
                f"{call} = call fn0({', '.join(f'v{i}' for i in range(count))})", f"return {back}"],
                decls=[f"fn0 = %{name}({', '.join(kinds)}) -> {', '.join(results)}"])
            caller.run(args, args)
    return file


def loop_file():
    """Parameters of a block that change places."""
    file = File("runtests/float-formats-loop", "Floats as parameters of a loop that rotate, more "
                "of them than registers.", SOURCE, BOTH)
    for kind in ("f16", "f128"):
        for count in (3, 20, 36):
            own = 6
            t = kind
            first = [f"v{i % own}" for i in range(count)]
            names = [f"v{100 + i}" for i in range(count)]
            body = [f"block0({', '.join(f'v{i}: {t}' for i in range(own))}, v{own}: i64):",
                    f"jump block1(v{own}, {', '.join(first)})",
                    f"block1(v99: i64, {', '.join(f'{n}: {t}' for n in names)}):",
                    "v200 = iconst.i64 1", "v201 = isub v99, v200",
                    f"brif v99, block1(v201, {', '.join(names[1:] + names[:1])}), block2",
                    "block2:", f"return {names[0]}, {names[-1]}"]
            func = file.func(f"rotate_{t}_{count}", [t] * own + ["i64"], [t, t], body)
            args = [value(t, 7 + i) for i in range(own)]
            for turns in (0, 1, count // 2, count + 3):
                at = turns % count
                func.run([*args, [turns]], [args[at % own], args[(at - 1) % count % own]])
    return file


def pressure_file():
    """Values of mixed widths, all alive at once and across a call."""
    file = File("runtests/float-formats-pressure", "More floats of every width alive than there "
                "are registers, with and without a call between.", SOURCE, BOTH)
    same = file.func("same", ["f64"], ["f64"], ["return v0"])
    same.run([[Floats(64).one]], [[Floats(64).one]])
    for call in (False, True):
        for count in (12, 40):
            kinds = [("f16", "f128", "f64", "f32", "f128")[i % 5] for i in range(count)]
            body, n = [], 10
            base = {"f16": "v0", "f32": "v1", "f64": "v2", "f128": "v3"}
            number = {"f16": 0, "f32": 1, "f64": 2, "f128": 3}
            previous = dict(base)
            made = []
            for kind in kinds:  # alternately the complement and the sum of bits of the last two
                body.append(f"v{n} = bnot {previous[kind]}")
                body.append(f"v{n + 1} = bxor v{n}, {base[kind]}" if len(made) % 3 else
                            f"v{n + 1} = fneg v{n}")
                previous[kind] = f"v{n + 1}"
                made.append((kind, f"v{n + 1}"))
                n += 2
            if call:
                body += [f"v{n} = call fn0({base['f64']})"]
                n += 1
            totals = dict(base)
            for kind, name in reversed(made):
                body.append(f"v{n} = bxor {totals[kind]}, {name}")
                totals[kind] = f"v{n}"
                n += 1
            order = ("f16", "f32", "f64", "f128")
            body.append("return " + ", ".join(totals[k] for k in order))
            func = file.func(f"mixed_{count}" + ("_call" if call else ""), order, order, body,
                             decls=["fn0 = %same(f64) -> f64"] if call else ())
            for seed in (1, 2, 3):
                args = [value(k, 100 * seed + i) for i, k in enumerate(order)]
                now = [a[0] for a in args]
                total = [a[0] for a in args]
                for i, kind in enumerate(kinds):
                    k, bits = number[kind], WIDTH[kind]
                    now[k] = wrap(~now[k], bits)
                    now[k] ^= args[k][0] if i % 3 else 1 << (bits - 1)
                    total[k] ^= now[k]
                func.run(args, [[x] for x in total])
    return file


def memory_file():
    """Both byte orders, and what lies beside the value."""
    file = File("runtests/float-formats-memory", "f16 and f128 in memory, in both byte orders.",
                SOURCE, BOTH)
    for kind in ("f16", "f128"):
        size = WIDTH[kind] // 8
        slot = [f"ss0 = explicit_slot {3 * size}, align = 16"]
        word = "i16" if kind == "f16" else "i64"
        for order in ("little", "big"):
            func = file.func(f"store_{order}_{kind}", [kind], ["i64", "i64", kind], [
                "v1 = stack_addr.i64 ss0", "v2 = iconst.i64 -1",
                *[f"istore8 v2, v1+{at}" for at in range(3 * size)],
                f"store {order} v0, v1+{size}",
                f"v3 = uload8.i64 v1+{size - 1}", f"v4 = uload8.i64 v1+{2 * size}",
                f"v5 = load.{kind} {order} v1+{size}", "return v3, v4, v5"], decls=slot)
            parts = file.func(f"bytes_{order}_{kind}", [kind], [word] * max(1, size // 8), [
                "v1 = stack_addr.i64 ss0", f"store {order} v0, v1",
                f"v2 = load.{word} v1", *([f"v3 = load.{word} v1+8"] if kind == "f128" else []),
                "return v2, v3" if kind == "f128" else "return v2"], decls=slot)
            for seed in range(4):
                x = value(kind, seed + 50)
                func.run([x], [[255], [255], x])
                stored = x[0].to_bytes(size, order)
                step = min(size, 8)
                parts.run([x], [[int.from_bytes(stored[at:at + step], "little")]
                                for at in range(0, size, step)])
    return file


def files(_oracle):
    yield passing_file()
    yield loop_file()
    yield pressure_file()
    yield memory_file()
