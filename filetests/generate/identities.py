# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The mid-end's identities: for each rule of isle-rules/opt functions that have its left side, at the
widths at which it can match, with run lines; and with constants and conditions for which a guard of the
rule does not hold, so that a guard that always holds shows. What they return is calculated from the left side as
written, by Python's integers, so a right side that is not equal shows at opt_level=speed.

Constants and conditions that a rule leaves open are drawn until its guards hold.
"""

import itertools
import pathlib
import re

from clif import File, signed, wrap
from ints import BINARY, CONDITIONS, SHIFTS, UNARY
from values import Random, int_values

RULES = pathlib.Path(__file__).resolve().parents[2] / "isle-rules" / "opt"
SOURCE = "Python integers."
INTS = ("i8", "i16", "i32", "i64", "i128")
TRIES = 4000
ORDER = {"eq": ("=", ""), "ne": ("<>", ""),
         "slt": ("<", "s"), "sge": ("=>", "s"), "sgt": (">", "s"), "sle": ("<=", "s"),
         "ult": ("<", "u"), "uge": ("=>", "u"), "ugt": (">", "u"), "ule": ("<=", "u")}


class Mismatch(Exception):
    """These types, constants or conditions do not make the rule match."""


# ---- Reading ----


def read(text):
    """S-expressions: lists and strings."""
    stack = [[]]
    for token in re.findall(r"\(|\)|[^\s()]+", re.sub(r";.*", "", text)):
        if token == "(":
            stack.append([])
        elif token == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token)
    return stack[0]


class Rule:
    def __init__(self, form):
        self.name = form[1]
        rest = form[2:]
        if not isinstance(rest[0], list):
            rest = rest[1:]
        self.root = rest[0][0]
        self.pattern = pair_at(rest[0][1:])[0]
        self.guards = [c[1:] for c in rest[1:] if isinstance(c, list) and c[0] == "if-let"]


def pair_at(items):
    """x @ P as one pattern ("@", x, P), in all of a list."""
    out = []
    for item in items:
        if len(out) >= 2 and out[-1] == "@":
            out[-2:] = [("@", out[-2], item if not isinstance(item, list) else pair_at(item))]
        else:
            out.append(pair_at(item) if isinstance(item, list) else item)
    return out


def rules():
    for path in sorted(RULES.glob("*.isle")):
        for form in read(path.read_text(encoding="utf-8")):
            if form[0] == "rule":
                yield path.stem, Rule(form)


# ---- Types of operations ----

TYPED_CONST = {"iconst_u", "iconst_s", "ones", "smin_of", "smax_of"}


def bits_of(type_):
    return int(type_[1:])


def number(text):
    try:
        return int(text, 0)
    except ValueError:
        return None


class Node:
    """A value of the function: an operation on others, a constant, or a parameter."""

    def __init__(self, op, type_, args=(), extra=None):
        self.op, self.type, self.args, self.extra = op, type_, args, extra


class Match:
    """One attempt to build a rule's left side."""

    def __init__(self, random, types, like):
        self.random = random
        self.types = types  # for what the rule leaves open, in turn
        self.like = like  # pattern to put where a guard asks for something like zero
        self.env = {}  # variables: Node, type, number or condition
        self.params = []

    def draw(self, choices):
        return choices[self.random.bits(32) % len(choices)]

    def bind(self, name, value):
        if name == "_":
            return value
        if name.startswith("$"):
            return self.same(name[1:].lower(), value)
        old = self.env.setdefault(name, value)
        return self.same(old, value)

    def same(self, old, value):
        if old != value:
            raise Mismatch
        return value

    # Types.

    def type_slot(self, pattern, wanted):
        """The type that a pattern in a type's place stands for."""
        if isinstance(pattern, list):
            if pattern[0] == "ty_float":
                raise Mismatch
            type_ = self.type_slot(pattern[1], wanted)
            if pattern[0] == "fits_in_64" and bits_of(type_) > 64:
                raise Mismatch
            return type_
        if pattern.startswith("$"):
            type_ = pattern[1:].lower()
        elif pattern in self.env:
            type_ = self.env[pattern]
        else:
            type_ = wanted or self.draw(self.types)
        if wanted and type_ != wanted:
            raise Mismatch
        return self.bind(pattern, type_)

    # Values.

    def param(self, type_):
        node = Node("param", type_, extra=len(self.params))
        self.params.append(node)
        return node

    def constant(self, type_, value):
        return Node("const", type_, extra=wrap(value, bits_of(type_)))

    def some_constant(self, type_):
        bits = bits_of(type_)
        close = [1, 2, 3, 5, 7, bits - 1, bits, bits + 3, bits // 2, bits // 2 - 1]
        masks = [(1 << k) - 1 for k in (1, 3, 5, 6, 7, 8, 16, 32, 64)]
        known = [n.extra for n in self.env.values()
                 if isinstance(n, Node) and n.op == "const" and n.type == type_]
        known += [wrap(f, bits) for k in known for f in (~k, -k)]
        return self.draw(close + masks + known + known + [self.random.bits(bits), wrap(-3, bits)])

    def build(self, pattern, wanted):
        """The node of a pattern, of type `wanted` or, for None, any."""
        if isinstance(pattern, tuple):
            node = self.build(pattern[2], wanted)
            return self.bind(pattern[1], node)
        if isinstance(pattern, str):
            if pattern == "_":
                return self.param(wanted or self.draw(self.types))
            if pattern in self.env:
                node = self.env[pattern]
                return self.same(node, node) if wanted in (None, node.type) else self.fail()
            if self.like and pattern == self.like[0]:
                inner = self.like[1]
                self.like = None
                return self.bind(pattern, self.build(inner, wanted))
            return self.bind(pattern, self.param(wanted or self.draw(self.types)))
        return self.operation(pattern, wanted)

    def fail(self):
        raise Mismatch

    def operation(self, pattern, wanted):
        op, rest = pattern[0], pattern[1:]
        if op == "value_type":
            return self.param(self.type_slot(rest[0], wanted))
        if op == "constant":
            type_ = wanted or self.draw(self.types)
            return self.constant(type_, self.some_constant(type_))
        if op == "power_of_two":
            type_ = wanted or self.draw(self.types)
            k = self.random.bits(32) % bits_of(type_)
            self.bind(rest[0], k)
            return self.constant(type_, 1 << k)
        if op in TYPED_CONST:
            return self.typed_constant(op, rest, wanted)
        if op == "icmp":
            return self.comparison(rest, wanted)
        return self.plain(op, rest, wanted)

    def typed_constant(self, op, rest, wanted):
        type_ = self.type_slot(rest[0], wanted)
        bits = bits_of(type_)
        if op == "ones":
            return self.constant(type_, -1)
        if op in ("smin_of", "smax_of"):
            return self.constant(type_, (1 << (bits - 1)) - (op == "smax_of"))
        value = number(rest[1])
        if value is None:
            value = self.env.get(rest[1])
            if value is None:
                value = wrap(self.some_constant(type_), min(bits, 64))
                self.bind(rest[1], value)
        if not -(1 << (bits - 1)) <= value < 1 << bits:
            raise Mismatch
        return self.constant(type_, value)

    def comparison(self, rest, wanted):
        self.same(wanted or "i8", "i8")
        type_ = self.type_slot(rest[0], None)
        cc = rest[1]
        if isinstance(cc, tuple):
            cc = self.bind(cc[1], self.draw(["eq", "ne"]))
        elif cc.startswith("$"):
            cc = cc[1:].lower()
        else:
            cc = self.bind(cc, self.env.get(cc) or self.draw(sorted(CONDITIONS)))
        return Node("icmp", "i8", [self.build(x, type_) for x in rest[2:]], cc)

    def plain(self, op, rest, wanted):
        if op == "iconcat":
            if wanted == "i8":
                raise Mismatch
            half = self.type_slot(rest[0], f"i{bits_of(wanted) // 2}" if wanted else None)
            if half == "i128" or (wanted and bits_of(wanted) != 2 * bits_of(half)):
                raise Mismatch
            return Node(op, f"i{2 * bits_of(half)}", [self.build(x, half) for x in rest[1:]])
        type_ = self.type_slot(rest[0], wanted)
        if op in ("uextend", "sextend", "ireduce", "bmask"):
            x = self.build(rest[1], None)
            narrower = bits_of(x.type) < bits_of(type_)
            if op != "bmask" and (x.type == type_ or narrower == (op == "ireduce")):
                raise Mismatch
            return Node(op, type_, [x])
        if op == "select":
            c = self.build(rest[1], None)
            return Node(op, type_, [c] + [self.build(x, type_) for x in rest[2:]])
        if op in SHIFTS:
            return Node(op, type_, [self.build(rest[1], type_), self.build(rest[2], None)])
        if op not in UNARY and op not in BINARY:
            raise Mismatch  # floats
        if op == "bswap" and type_ == "i8":
            raise Mismatch
        return Node(op, type_, [self.build(x, type_) for x in rest[1:]])

    # Guards.

    def guard(self, pattern, form):
        if form[0] == "zero_like" or form[0] == "one_like":
            return
        value = self.term(form)
        if pattern in ("true", "false"):
            self.same(value, pattern == "true")
        else:
            self.bind(pattern, value)

    def term(self, form):
        if isinstance(form, str):
            known = number(form)
            if known is not None:
                return known
            return form[1:].lower() if form.startswith("$") else self.env[form]
        return GUARDS[form[0]](*[self.term(x) for x in form[1:]])


def has_ones(constant, mask):
    return constant.extra & mask == mask


def find_condition(orders, sign):
    for cc, (have, kind) in ORDER.items():
        if set(have) == orders and kind in ("", sign):
            return cc
    raise Mismatch


def common_sign(a, b):
    signs = {ORDER[a][1], ORDER[b][1]} - {""}
    if len(signs) > 1:
        raise Mismatch
    return signs.pop() if signs else "s"


def combined(a, b, how):
    sign = common_sign(a, b)
    return find_condition(how(set(ORDER[a][0]), set(ORDER[b][0])), sign)


def excluded(a, b):
    common_sign(a, b)
    return not set(ORDER[a][0]) & set(ORDER[b][0])


def exhaustive(a, b):
    common_sign(a, b)
    return set(ORDER[a][0]) | set(ORDER[b][0]) == set("<=>")


def difference(a, b):
    sign = common_sign(a, b)
    return find_condition(set(ORDER[a][0]) ^ set(ORDER[b][0]), sign)


def three_way(a, b, *numbers):
    sign = common_sign(a, b)
    first, second, third = numbers
    chosen = {o: first if o in ORDER[a][0] else second if o in ORDER[b][0] else third for o in "<=>"}
    if chosen == {"<": -1, "=": 0, ">": 1}:
        return find_condition({">"}, sign)
    if chosen == {"<": 1, "=": 0, ">": -1}:
        return find_condition({"<"}, sign)
    raise Mismatch


def three_way_is(a, b, cc, k):
    one, other = set(ORDER[a][0]), set(ORDER[b][0])
    if common_sign(a, b) != (ORDER[a][1] or "s") or ORDER[cc][1] == "u":
        raise Mismatch
    if sorted([one, other], key=str) != sorted([{"<"}, {">"}], key=str):
        raise Mismatch
    holds = {o for o, n in (("<", -1 if other == {"<"} else 1), ("=", 0),
                            (">", 1 if one == {">"} else -1))
             if ("<" if n < k else "=" if n == k else ">") in ORDER[cc][0]}
    return find_condition(holds, ORDER[a][1])


def of_halves(high, low):
    strict = [set(ORDER[cc][0]) - {"="} for cc in (high, low)]
    if ORDER[high][1] == "" or ORDER[low][1] != "u" or strict[0] != strict[1]:
        raise Mismatch
    return find_condition(set(ORDER[low][0]), ORDER[high][1])


def is_negative(constant):
    number = signed(constant.extra, bits_of(constant.type))
    if number == -1:
        raise Mismatch  # comparisons with the greatest unsigned number are something else
    return number < 0


def greatest(node):
    """What a number can be at most, by its operation alone; the files *-by-hand have the rest."""
    return node.extra if node.op == "const" else (1 << bits_of(node.type)) - 1


def type_less(type_, k):
    if 0 < k < bits_of(type_) and f"i{bits_of(type_) - k}" in INTS:
        return f"i{bits_of(type_) - k}"
    raise Mismatch


GUARDS = {
    "u64_lt": lambda a, b: a < b,
    "u64_eq": lambda a, b: a == b,
    "u64_add": lambda a, b: wrap(a + b, 64),
    "u64_sub": lambda a, b: wrap(a - b, 64),
    "ty_bits": bits_of,
    "top_bit": lambda t: bits_of(t) - 1,
    "ty_wider": lambda a, b: bits_of(a) > bits_of(b),
    "shift_mod": lambda t, k: k % bits_of(t),
    "has_low_ones": lambda c, t: has_ones(c, (1 << bits_of(t)) - 1),
    "is_low_ones": lambda c, t: c.extra == (1 << bits_of(t)) - 1,
    "covers_amount": lambda c, t: has_ones(c, bits_of(t) - 1),
    "are_complements": lambda a, b: a.extra ^ b.extra == (1 << bits_of(a.type)) - 1,
    "are_negatives": lambda a, b: wrap(a.extra + b.extra, bits_of(a.type)) == 0,
    "is_odd": lambda c: c.extra % 2 == 1,
    "is_odd_factor": lambda c, x: c.extra % 2 == 1,
    "type_less": type_less,
    "intcc_is_strict": lambda cc: ORDER[cc][0] in ("<", ">"),
    "intcc_of_halves": of_halves,
    "intcc_and": lambda a, b: combined(a, b, set.intersection),
    "intcc_or": lambda a, b: combined(a, b, set.union),
    "intcc_xor": difference,
    "intcc_complement": lambda cc: find_condition(set("<=>") - set(ORDER[cc][0]), ORDER[cc][1] or "s"),
    "three_way": three_way,
    "three_way_is": three_way_is,
    "sum_fits": lambda x, c: greatest(x) + c.extra < 1 << bits_of(x.type),
    "shift_fits": lambda x, k: k < bits_of(x.type) and greatest(x) << k < 1 << bits_of(x.type),
    "is_constant": lambda node: node.op == "const",
    "is_negative": is_negative,
    "is_not_negative": lambda constant: not is_negative(constant),
    "fits_signed": lambda t, k: -(1 << (bits_of(t) - 1)) <= k < 1 << (bits_of(t) - 1),
    "fits_unsigned": lambda t, k: k < 1 << bits_of(t),
    "are_different": lambda a, b: a.extra != b.extra,
    "intcc_disjoint": excluded,
    "intcc_complementary": exhaustive,
}


# ---- Writing and calculating ----


class Writer:
    def __init__(self, params):
        self.lines = []
        self.names = {id(p): f"v{i}" for i, p in enumerate(params)}
        self.next = len(params)

    def fresh(self, text):
        name = f"v{self.next}"
        self.next += 1
        self.lines.append(f"{name} = {text}")
        return name

    def constant(self, node):
        bits = bits_of(node.type)
        if bits <= 64:
            return self.fresh(f"iconst.{node.type} {signed(node.extra, bits)}")
        low = self.fresh(f"iconst.i64 {signed(wrap(node.extra, 64), 64)}")
        high = self.fresh(f"iconst.i64 {signed(node.extra >> 64, 64)}")
        return self.fresh(f"iconcat {low}, {high}")

    def value(self, node):
        if id(node) not in self.names:
            self.names[id(node)] = self.write(node)
        return self.names[id(node)]

    def write(self, node):
        if node.op == "const":
            return self.constant(node)
        args = ", ".join([self.value(a) for a in node.args])
        if node.op == "icmp":
            return self.fresh(f"icmp.{node.args[0].type} {node.extra} {args}")
        type_ = node.args[0].type if node.op == "iconcat" else node.type
        return self.fresh(f"{node.op}.{type_} {args}")


def calculate(node, values):
    bits = bits_of(node.type)
    if node.op == "param":
        return values[node.extra]
    if node.op == "const":
        return node.extra
    args = [calculate(a, values) for a in node.args]
    from_ = bits_of(node.args[0].type)
    if node.op in UNARY:
        return UNARY[node.op][0](args[0], bits)
    if node.op in BINARY:
        return BINARY[node.op][0](*args, bits)
    if node.op in SHIFTS:
        return SHIFTS[node.op](args[0], args[1] % bits, bits)
    if node.op == "icmp":
        return int(CONDITIONS[node.extra](*args, from_))
    if node.op == "select":
        return args[1] if args[0] else args[2]
    if node.op == "iconcat":
        return args[0] | args[1] << from_
    if node.op == "bmask":
        return wrap(-1, bits) if args[0] else 0
    if node.op == "sextend":
        return wrap(signed(args[0], from_), bits)
    return wrap(args[0], bits)  # uextend, ireduce


def guards_hold(match, rule):
    try:
        for guard in rule.guards:
            match.guard(*guard)
    except Mismatch:
        return False
    return True


def attempt(rule, type_, random, like, fires=True):
    """A match of the rule at the type, None if none is found: the type of its value, or of what it
    compares. One that its guards keep from firing, if that is asked for."""
    compares = rule.pattern[0] == "icmp" and isinstance(rule.pattern[1], (str, list))
    for _ in range(TRIES):
        match = Match(random, INTS, like)
        try:
            if compares:
                match.type_slot(rule.pattern[1], type_)
            node = match.build(rule.pattern, "i8" if compares else type_)
        except Mismatch:
            continue
        if match.params and guards_hold(match, rule) == fires:
            return match, node
    return None


def inputs(match, random):
    """Values of the parameters: alike, then edges and others in turn."""
    columns = [int_values(bits_of(p.type)) for p in match.params]
    for i in range(6):
        yield [column[(i * (1 + k) + k * k) % len(column)] for k, column in enumerate(columns)]
    for _ in range(1):
        yield [random.bits(bits_of(p.type)) for p in match.params]


def add_functions(file, rule, like, label, fires=True):
    for type_ in INTS:
        random = Random(sum(map(ord, rule.name + label)) * 131 + bits_of(type_))
        found = attempt(rule, type_, random, like, fires)
        if not found:
            continue
        match, node = found
        writer = Writer(match.params)
        result = writer.value(node)
        name = f"{rule.name}{label}_{type_}"
        func = file.func(name, [p.type for p in match.params], [node.type],
                         writer.lines + [f"return {result}"])
        for values in inputs(match, random):
            func.run([[v] for v in values], [[calculate(node, values)]])


def files(_oracle):
    every = list(rules())
    likes = [r for _, r in every if r.root == "zero_like"]
    for stem, group in itertools.groupby(every, key=lambda pair: pair[0]):
        file = File(f"opt/{stem}", f"The identities of isle-rules/opt/{stem}.isle, each at the "
                    "widths at which it can match; those with guards also where these do not hold.", SOURCE, sets=("opt_level=speed",))
        for _, rule in group:
            if rule.root != "simplify":
                continue
            asks = [g[1] for g in rule.guards if g[1][0] == "zero_like"]
            if asks:
                for like in likes:
                    if all(g[1][0] != "is_odd_factor" for g in like.guards):
                        add_functions(file, rule, (asks[0][1], like.pattern),
                                      "_" + like.name.removeprefix("zero_like_"))
            else:
                add_functions(file, rule, None, "")
                if rule.guards:
                    add_functions(file, rule, None, "_not", fires=False)
        if file.funcs:
            yield file
