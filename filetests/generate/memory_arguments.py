# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Arguments that are copies of memory (sarg), and results in memory of the caller (sret); Python's
integers say the results."""

from clif import BOTH, File
from signatures import FACTOR, MASK, SOURCE, Body, Signature

SIZES = (0, 1, 3, 7, 8, 13, 24, 64, 65, 200)


def content(seed, size):
    return [(seed * 7 + i * 37 + 11) & 0xff for i in range(size)]


def sum_bytes(body, address, size, acc):
    """acc * 31 + byte, over all bytes."""
    factor = body.const(31)
    for at in range(size):
        byte = body.put(f"uload8.i64 {address}+{at}")
        acc = body.put(f"iadd {body.put(f'imul {acc}, {factor}')}, {byte}")
    return acc


def summed(values, acc):
    for value in values:
        acc = (acc * 31 + value) & MASK
    return acc


def sarg_file():
    """The callee gets two copies and overwrites them; the caller's memory must not change."""
    file = File("runtests/sarg", "Arguments that are copies of memory, of sizes that are copied in "
                "line and by a library function, between arguments in registers and on the stack.",
                SOURCE, BOTH)
    for size in SIZES:
        other = (size * 3 + 5) % 29
        params = [("i64", "")] * 3 + [("i64", f"sarg({size})"), ("i8", "")]
        params += [("i64", "")] * 5 + [("i64", f"sarg({other})"), ("i32", "sext")]
        signature = Signature(params, ["i64"], "system_v")
        body = Body(len(params))
        acc = body.put("iadd v0, v9")
        acc = sum_bytes(body, "v3", size, acc)
        acc = sum_bytes(body, "v10", other, acc)
        for narrow in ("v4", "v11"):
            acc = body.put(f"iadd {acc}, {body.put(f'uextend.i64 {narrow}')}")
        zero = body.put("iconst.i8 0")
        for address, bytes_ in (("v3", size), ("v10", other)):
            body.lines += [f"store {zero}, {address}+{at}" for at in range(bytes_)]
        body.lines.append(f"return {acc}")
        callee = signature.function(f"callee{size}", body.lines)

        body = Body(1)
        slots = [body.put(f"stack_addr.i64 ss{i}") for i in range(2)]
        for address, seed, bytes_ in zip(slots, (1, 2), (size, other)):
            for at, value in enumerate(content(seed, bytes_)):
                byte = body.put(f"iconst.i8 {value if value < 128 else value - 256}")
                body.lines.append(f"store {byte}, {address}+{at}")
        i8, i32 = body.put("iconst.i8 77"), body.put("iconst.i32 -2")
        ints = ", ".join(["v0"] * 5)
        acc = body.put(f"call fn0(v0, v0, v0, {slots[0]}, {i8}, {ints}, {slots[1]}, {i32})")
        acc = sum_bytes(body, slots[0], size, acc)
        acc = sum_bytes(body, slots[1], other, acc)
        body.lines.append(f"return {acc}")
        caller = Signature([("i64", "")], ["i64"], "system_v").function(
            f"caller{size}", body.lines,
            [f"ss0 = explicit_slot {size + 1}", f"ss1 = explicit_slot {other + 1}",
             f"fn0 = %callee{size}{signature}"])
        for x in (0, 123456789):
            acc = summed(content(1, size), 2 * x)
            acc = summed(content(2, other), acc) + 77 + 0xfffffffe
            acc = summed(content(2, other), summed(content(1, size), acc & MASK))
            caller.run([[x]], [[acc]])
        file.funcs += [callee, caller]
    yield file


def sret_file():
    """The address of the result is an argument, in the register that the convention says."""
    file = File("runtests/sret", "Results in memory of the caller: the address among arguments of "
                "all kinds, alone and beside other results.", SOURCE, BOTH)
    for number, (conv, before, after, results) in enumerate((
            ("system_v", 0, 2, []), ("system_v", 0, 9, []), ("system_v", 3, 6, []),
            ("system_v", 8, 2, []), ("system_v", 0, 1, ["i64"]), ("system_v", 1, 1, ["i32", "i64"]),
            ("tail", 0, 9, []), ("tail", 7, 2, ["i64"]), ("windows_fastcall", 0, 5, []),
            ("winch", 0, 7, []), ("fast", 2, 2, []))):
        params = [("i64", "")] * before + [("i64", "sret")] + [("i64", "")] * after
        signature = Signature(params, results, conv)
        body = Body(len(params))
        factor, acc = body.const(FACTOR), body.const(5)
        for i in range(len(params)):
            if i != before:
                acc = body.put(f"iadd {body.put(f'imul {acc}, {factor}')}, v{i}")
        body.lines.append(f"store {acc}, v{before}")
        low = body.put(f"ireduce.i32 {acc}")
        body.lines.append(f"store {low}, v{before}+8")
        returned = [low if t == "i32" else acc for t in results]
        body.lines.append("return " + ", ".join(returned) if returned else "return")
        callee = signature.function(f"callee{number}", body.lines)

        body = Body(1)
        slot = body.put("stack_addr.i64 ss0")
        args = [body.put(f"iadd v0, {body.const(i)}") for i in range(len(params))]
        args[before] = slot
        names = [f"v{body.num + i}" for i in range(len(results))]
        call = f"call fn0({', '.join(args)})"
        body.lines.append(f"{', '.join(names)} = {call}" if names else call)
        body.num += len(names)
        acc = body.put(f"load.i64 {slot}")
        acc = body.put(f"iadd {acc}, {body.put(f'uload32.i64 {slot}+8')}")
        for name, type_ in zip(names, results):
            wide = name if type_ == "i64" else body.put(f"uextend.i64 {name}")
            acc = body.put(f"iadd {acc}, {wide}")
        body.lines.append(f"return {acc}")
        caller = Signature([("i64", "")], ["i64"], "system_v").function(
            f"caller{number}", body.lines,
            ["ss0 = explicit_slot 16", f"fn0 = %callee{number}{signature}"])
        for x in (0, 3, 0x123456789abcdef):
            acc = 5
            for i in range(len(params)):
                if i != before:
                    acc = (acc * FACTOR + x + i) & MASK
            low = acc & 0xffffffff
            total = acc + low + sum(low if t == "i32" else acc for t in results)
            caller.run([[x]], [[total & MASK]])
        file.funcs += [callee, caller]
    yield file


def files(_source):
    yield from sarg_file()
    yield from sret_file()
