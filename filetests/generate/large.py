# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions too large to keep: branches past the reach of every short form, tables of thousands.

AArch64: tbz and tbnz reach 32 KiB, conditional branches and cbz 1 MiB. x86-64: short jumps reach
127 bytes, so that bodies of every size near that are tried.
"""

from clif import BOTH, File, signed, wrap
from emission import SOURCE, table_function
from values import MASK64, Random

# A turn of filler() takes five instructions on AArch64, 20 bytes; on x86-64 13 bytes.
TURN = 20


def filler(body, n, value, turns, random):
    """Appends `turns` exclusive-ors with wide constants; returns the value and their sum."""
    total = 0
    for _ in range(turns):
        number = random.bits(64) | 1 | 1 << 20 | 1 << 40 | 1 << 62
        total ^= number
        body += [f"v{n} = iconst.i64 {signed(number, 64)}", f"v{n + 1} = bxor {value}, v{n}"]
        value, n = f"v{n + 1}", n + 2
    return value, n, total


CONDITIONS = {  # which instruction branches: its condition v3 of v0, and what it means
    "bit": (["v1 = iconst.i64 4", "v3 = band v0, v1"], lambda x: x & 4 != 0),
    "zero": (["v3 = iadd v0, v0"], lambda x: wrap(2 * x, 64) != 0),
    "less": (["v1 = iconst.i64 10", "v3 = icmp ult v0, v1"], lambda x: x < 10),
    "sign": (["v1 = iconst.i64 0", "v3 = icmp slt v0, v1"], lambda x: x >> 63 != 0),
}
ARGS = (0, 1, 4, 9, 10, 1 << 63, MASK64)


def forward(file, name, turns, condition, random):
    """A large arm to branch over."""
    lines, holds = CONDITIONS[condition]
    body = ["block0(v0: i64):", *lines, "brif v3, block2, block1", "block1:"]
    no, n, no_sum = filler(body, 10, "v0", turns, random)
    body += [f"jump block3({no})", "block2:"]
    yes, n, yes_sum = filler(body, n, "v0", 1, random)
    body += [f"jump block3({yes})", f"block3(v{n}: i64):", f"return v{n}"]
    func = file.func(f"forward_{condition}_{name}", ["i64"], ["i64"], body)
    for x in ARGS:
        func.run([[x]], [[x ^ (yes_sum if holds(x) else no_sum)]])


def backward(file, name, turns, random):
    """A loop whose back edge is far, and a far way out of its middle."""
    body = ["block0(v0: i64):", "v1 = iconst.i64 3", "jump block1(v0, v1)",
            "block1(v2: i64, v3: i64):", "v4 = iconst.i64 1", "v5 = isub v3, v4",
            "v6 = band v2, v4", "brif v6, block2, block4(v2)", "block2:"]
    value, n, total = filler(body, 10, "v2", turns, random)
    body += [f"v{n} = iconst.i64 -2", f"v{n + 1} = band {value}, v{n}",
             f"v{n + 2} = bor v{n + 1}, v6",
             f"brif v5, block1(v{n + 2}, v5), block3", "block3:",
             f"jump block4(v{n + 2})", f"block4(v{n + 3}: i64):", f"return v{n + 3}"]
    func = file.func(f"backward_{name}", ["i64"], ["i64"], body)
    for x in (0, 2, 1, 0x1234567):
        value = x
        for _ in range(3):
            if value & 1:
                value = ((value ^ total) & MASK64 - 1) | 1
        func.run([[x]], [[value]])


def far_file(name, reach, conditions):
    random = Random(reach)
    file = File(f"far-{name}", f"Branches over about {reach} bytes.", SOURCE, BOTH)
    for condition in conditions:
        forward(file, name, reach // TURN, condition, random)
    backward(file, name, reach // TURN, random)
    return file


def borders_file():
    """Bodies of growing size, in steps below those of any instruction's."""
    file = File("borders", "Branches at the borders of the short forms of x86-64.", SOURCE, BOTH)
    random = Random(127)
    for turns in range(3, 16):
        for extra in range(6):
            body = ["block0(v0: i64):", "v1 = iconst.i64 3", "v3 = icmp eq v0, v1",
                    "brif v3, block2, block1", "block1:"]
            value, n, total = filler(body, 10, "v0", turns, random)
            for i in range(extra):
                body.append(f"v{n} = bnot {value}")
                value, n = f"v{n}", n + 1
            body += [f"jump block3({value})", "block2:", "jump block3(v0)",
                     f"block3(v{n}: i64):", f"return v{n}"]
            func = file.func(f"skip_{turns}_{extra}", ["i64"], ["i64"], body)
            for x in (3, 4):
                out = wrap(~(x ^ total), 64) if extra % 2 else x ^ total
                func.run([[x]], [[x if x == 3 else out]])
    return file


def table_file():
    file = File("table", "A table of five thousand entries.", SOURCE, BOTH)
    table_function(file, 5000)
    return file


def files():
    yield borders_file()
    yield table_file()
    yield far_file("tbz", 36000, CONDITIONS)
    yield far_file("cond", (1 << 20) + 4000, ("zero", "less"))
