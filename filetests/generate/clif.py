# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writing file tests: types, literals, functions with run lines, files.

A value is a list of lanes, each the lane's bits as a non-negative int; a scalar has one lane. All
texts are deterministic: no clock, no hash order, no library randomness.
"""

import re

INT_BITS = (8, 16, 32, 64, 128)
FLOAT_BITS = (16, 32, 64, 128)
INTS = tuple(f"i{b}" for b in INT_BITS)
FLOATS = tuple(f"f{b}" for b in FLOAT_BITS)
LINE = 100

# Width of the exponent field and of the stored significand.
FLOAT_FORMAT = {16: (5, 10), 32: (8, 23), 64: (11, 52), 128: (15, 112)}


class Type:
    """A scalar or fixed vector type by its text."""

    def __init__(self, text):
        match = re.fullmatch(r"([if])(\d+)(?:x(\d+))?", text)
        assert match, text
        self.text = text
        self.kind = match[1]
        self.bits = int(match[2])  # of a lane
        self.lanes = int(match[3] or 1)
        self.size = self.bits * self.lanes  # of the whole, in bits

    @property
    def lane(self):
        return Type(f"{self.kind}{self.bits}")

    def __str__(self):
        return self.text

    def shaped(self, kind, bits, lanes):
        return Type(f"{kind}{bits}" + (f"x{lanes}" if lanes > 1 else ""))

    def truthy(self):
        return Type("i8") if self.lanes == 1 else self.shaped("i", self.bits, self.lanes)


def T(text):
    return text if isinstance(text, Type) else Type(text)


def wrap(value, bits):
    return value & ((1 << bits) - 1)


def signed(value, bits):
    return value - (1 << bits) if value >> (bits - 1) else value


# ---- Literals ----


def int_literal(value, bits):
    number = signed(value, bits)
    return str(number) if -10000 < number < 10000 else f"0x{value:x}"


def float_literal(value, bits):
    exponent_bits, fraction_bits = FLOAT_FORMAT[bits]
    sign = "-" if value >> (bits - 1) else ""
    exponent = (value >> fraction_bits) & ((1 << exponent_bits) - 1)
    fraction = value & ((1 << fraction_bits) - 1)
    bias = (1 << (exponent_bits - 1)) - 1
    if exponent == (1 << exponent_bits) - 1:
        sign = sign or "+"
        if fraction == 0:
            return sign + "Inf"
        quiet = 1 << (fraction_bits - 1)
        if fraction & quiet:
            payload = fraction - quiet
            return f"{sign}NaN" + (f":0x{payload:x}" if payload else "")
        return f"{sign}sNaN:0x{fraction:x}"
    if exponent == 0 and fraction == 0:
        return sign + "0.0"
    digits = -(-fraction_bits // 4)
    text = f"{fraction << (digits * 4 - fraction_bits):0{digits}x}".rstrip("0") or "0"
    if exponent == 0:
        return f"{sign}0x0.{text}p{1 - bias}"
    return f"{sign}0x1.{text}p{exponent - bias}"


def literal(value, type_):
    """What a run line writes for `value`."""
    form = float_literal if type_.kind == "f" else int_literal
    if type_.lanes == 1:
        return form(value[0], type_.bits)
    assert type_.size <= 128, "run lines hold at most 16 bytes"
    return "[" + " ".join(form(lane, type_.bits) for lane in value) + "]"


def vector_hex(value, type_):
    """The hexadecimal form: one big-endian number, lane 0 at its end."""
    number = 0
    for lane in reversed(value):
        number = number << type_.bits | lane
    return f"0x{number:0{type_.size // 4}x}"


# ---- Functions and files ----


class Trap:
    """Expected outcome of a run line: a trap with this code."""

    def __init__(self, code):
        self.code = code


class Func:
    """One function: its text and its run lines."""

    def __init__(self, name, params, results, body, decls=(), conv="", heap=0):
        self.name = name
        self.params = [T(p) for p in params]
        self.results = [T(r) for r in results]
        self.body = body  # instructions of the only block, or whole blocks beginning with "block"
        self.decls = decls
        self.conv = conv
        self.heap = heap
        self.runs = []

    def run(self, args, expected):
        """`args` as values, `expected` as a list of values or a Trap."""
        args = ", ".join(literal(a, t) for a, t in zip(args, self.params, strict=True))
        if isinstance(expected, Trap):
            outcome = "trap " + expected.code
        else:
            texts = [literal(e, t) for e, t in zip(expected, self.results, strict=True)]
            outcome = texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"
        line = f"; run: %{self.name}({args}) == {outcome}"
        if line not in self.runs:
            self.runs.append(line)

    def text(self):
        rets = " -> " + ", ".join(map(str, self.results)) if self.results else ""
        conv = f" {self.conv}" if self.conv else ""
        lines = [f"function %{self.name}({', '.join(map(str, self.params))}){rets}{conv} {{"]
        lines += [f"    {decl}" for decl in self.decls]
        if self.body and not self.body[0].startswith("block"):
            params = ", ".join(f"v{i}: {t}" for i, t in enumerate(self.params))
            lines.append(f"block0({params}):" if params else "block0:")
        lines += [line if line.startswith("block") else f"    {line}" for line in self.body]
        lines.append("}")
        if self.heap:
            lines.append(f"; heap: {self.heap}")
        assert self.runs, self.name
        return "\n".join(lines + self.runs) + "\n"


BOTH = ("x86_64", "aarch64")
X64 = ("x86_64",)
A64 = ("aarch64",)
INTERPRET = ()


class File:
    """A file test of `test interpret`, and of `test run` on the targets given."""

    def __init__(self, path, about, source, targets=BOTH, sets=()):
        self.path = path
        self.about = about
        self.source = source
        self.targets = targets
        self.sets = sets
        self.funcs = []

    def func(self, *args, **kwargs):
        func = Func(*args, **kwargs)
        self.funcs.append(func)
        return func

    def settings(self):
        """What machine code needs to pass these signatures at all."""
        types = [t for f in self.funcs for t in f.params + f.results]
        if any(t.text in ("i128", "f16", "f128") or (t.lanes > 1 and t.size < 128) for t in types):
            yield "enable_llvm_abi_extensions"
        if any(len(f.results) > 1 for f in self.funcs):
            yield "enable_multi_ret_implicit_sret"

    def text(self, generator):
        lines = ["; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception", ";"]
        lines += ["; " + line for line in fold(self.about)]
        lines += ["; " + line for line in fold("Expected values: " + self.source)]
        lines += [f"; Written by {generator}; do not edit.", "", "test interpret"]
        if self.targets:
            lines.append("test run")
        lines += ["set " + setting for setting in self.sets]
        if self.targets:
            lines += ["set " + setting for setting in self.settings()]
            lines += ["target " + target for target in self.targets]
        return "\n".join(lines) + "\n\n" + "\n".join(f.text() for f in self.funcs)


def fold(text):
    line = ""
    for word in text.split():
        if line and len(line) + len(word) + 3 > LINE:
            yield line
            line = ""
        line = f"{line} {word}".strip()
    yield line
