# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random integer programs with their results, which Python computes while it runs the same program.

A program is a few functions, each calling earlier ones: straight lines, diamonds, tables, loops of
few turns whose parameters change places, stack slots of every width of access, traps. Every
instruction is a line of text beside a closure over the environment, so that what is written and
what is computed cannot drift apart. The same seed gives the same program on every machine. One
program in four has operations too that a target may not lower, which leaves it unsupported there;
one in three has i128 among its types.
"""

from clif import BOTH, File, Trap, signed, wrap
from ints import BINARY, CONDITIONS, DIVISION, SHIFTS, UNARY
from values import Random, int_edges

BITS = (8, 16, 32, 64)
SLOT = 64  # bytes of a stack slot
RARE = ("bitrev", "cls", "popcnt")
STEPS = 20000  # a call may take so many instructions before the program is given up


class Trapped(Exception):
    pass


class TooLong(Exception):
    pass


class Env:
    """Values and slots of one activation."""

    def __init__(self, func, args, budget):
        self.values = {}
        self.slots = [bytearray(SLOT) for _ in range(func.slots)]
        self.budget = budget
        self.bind(func.blocks[0], args)

    def bind(self, block, args):
        self.values.update(zip((v for v, _ in block.params), args, strict=True))

    def __getitem__(self, value):
        return self.values[value]


class Block:
    def __init__(self, number, params):
        self.number = number
        self.params = params  # (value, bits)
        self.lines = []
        self.steps = []
        self.end = None  # closure: (block, arguments), or (None, results)

    def head(self):
        params = ", ".join(f"v{v}: i{b}" for v, b in self.params)
        return f"block{self.number}({params}):" if params else f"block{self.number}:"


class Function:
    """Writes one function; `earlier` are those that it may call."""

    def __init__(self, name, random, earlier, plain, widths):
        self.name, self.random, self.earlier = name, random, earlier
        self.plain = plain  # without the operations that a target may lack
        self.widths = widths
        self.count = self.slots = 0
        self.blocks = []
        self.params = [self.width() for _ in range(1 + self.below(12 if self.chance(20) else 5))]
        self.results = [self.width() for _ in range(1 + self.below(2))]
        self.block = self.new_block(self.params)
        self.scope = list(self.block.params)
        self.slots = self.below(3)
        for i in range(self.slots):  # the contents of a slot are undefined before
            self.clear_slot(i)
        self.statements(3)
        results = [self.pick(bits) for bits in self.results]
        self.finish("return " + self.names(results),
                    lambda env: (None, [env[v] for v in results]))

    # ---- Choices ----

    def below(self, n):
        return self.random.bits(32) % n

    def chance(self, percent):
        return self.below(100) < percent

    def choose(self, items):
        items = list(items)
        return items[self.below(len(items))]

    def width(self):
        return self.choose(self.widths)

    def number(self, bits):
        """A constant that may be near an edge, small, or anything."""
        kind = self.below(4)
        if kind == 0:
            return self.choose(int_edges(bits))
        if kind == 1:
            return wrap(self.below(257) - 128, bits)
        if kind == 2:
            return 1 << self.below(bits)
        return self.random.bits(bits)

    def pick(self, bits):
        """A value in scope of this width, of the later ones by preference, or a constant."""
        fitting = [v for v, b in self.scope if b == bits]
        if not fitting or self.chance(15):
            return self.constant(self.number(bits), bits)
        if self.chance(50):
            return self.choose(fitting[-4:])
        return self.choose(fitting)

    # ---- Writing ----

    @staticmethod
    def names(values):
        return ", ".join(f"v{v}" for v in values)

    def fresh(self):
        self.count += 1
        return self.count - 1

    def new_block(self, widths):
        block = Block(len(self.blocks), [(self.fresh(), b) for b in widths])
        self.blocks.append(block)
        return block

    def effect(self, text, step):
        self.block.lines.append(text)
        self.block.steps.append(step)

    def define(self, bits, text, value):
        """A new value of this width; `value(env)` is what it is."""
        result = self.fresh()
        self.effect(f"v{result} = {text}", lambda env: env.values.update({result: value(env)}))
        self.scope.append((result, bits))
        return result

    def constant(self, number, bits):
        if bits == 128:
            low, high = self.constant(wrap(number, 64), 64), self.constant(number >> 64, 64)
            return self.define(bits, f"iconcat v{low}, v{high}", lambda env: number)
        return self.define(bits, f"iconst.i{bits} {signed(number, bits)}", lambda env: number)

    def finish(self, text, end):
        self.block.lines.append(text)
        self.block.end = end

    def call_of(self, block, args):
        return f"block{block.number}" + (f"({self.names(args)})" if args else "")

    def jump(self, block, args):
        self.finish("jump " + self.call_of(block, args),
                    lambda env: (block, [env[v] for v in args]))

    def start(self, block, scope):
        self.block = block
        self.scope = scope + block.params

    # ---- Statements ----

    def statements(self, depth):
        for _ in range(2 + self.below(7)):
            kind = self.below(14) if depth else 12
            if kind == 0:
                self.diamond(depth - 1)
            elif kind == 1:
                self.loop(depth - 1)
            elif kind == 2:
                self.table(depth - 1)
            elif kind == 3 and self.earlier:
                self.call()
            elif kind == 4:
                self.trap()
            else:
                for _ in range(1 + self.below(4)):
                    self.choose((self.unary, self.binary, self.binary, self.shift, self.compare,
                                 self.select, self.convert, self.division, self.memory,
                                 self.memory, self.overflow))()

    def unary(self):
        op, bits = self.choose(op for op in UNARY if not self.plain or op not in RARE), self.width()
        if op == "bswap":
            bits = self.choose(self.widths[1:])
        x, meaning = self.pick(bits), UNARY[op][0]
        self.define(bits, f"{op} v{x}", lambda env: meaning(env[x], bits))

    def binary(self):
        op = self.choose(op for op, (_, shapes) in BINARY.items() if shapes == "all")
        bits = self.width()
        x, y, meaning = self.pick(bits), self.pick(bits), BINARY[op][0]
        self.define(bits, f"{op} v{x}, v{y}", lambda env: meaning(env[x], env[y], bits))

    def shift(self):
        op, bits, amount_bits = self.choose(SHIFTS), self.width(), self.width()
        x, n, meaning = self.pick(bits), self.pick(amount_bits), SHIFTS[op]
        self.define(bits, f"{op} v{x}, v{n}", lambda env: meaning(env[x], env[n] % bits, bits))

    def compare(self):
        cc, bits = self.choose(CONDITIONS), self.width()
        x, y, meaning = self.pick(bits), self.pick(bits), CONDITIONS[cc]
        return self.define(8, f"icmp {cc} v{x}, v{y}",
                           lambda env: int(meaning(env[x], env[y], bits)))

    def condition(self):
        return self.compare() if self.chance(70) else self.pick(self.width())

    def select(self):
        bits, c = self.width(), self.condition()
        x, y = self.pick(bits), self.pick(bits)
        op = "select" if self.chance(80) else "select_spectre_guard"
        self.define(bits, f"{op} v{c}, v{x}, v{y}", lambda env: env[x] if env[c] else env[y])

    def convert(self):
        a, b = self.width(), self.width()
        x = self.pick(a)
        if self.chance(20) and not self.plain:
            self.define(b, f"bmask.i{b} v{x}", lambda env: wrap(-1, b) if env[x] else 0)
        elif a > b:
            self.define(b, f"ireduce.i{b} v{x}", lambda env: wrap(env[x], b))
        elif a < b and self.chance(50):
            self.define(b, f"sextend.i{b} v{x}", lambda env: wrap(signed(env[x], a), b))
        elif a < b:
            self.define(b, f"uextend.i{b} v{x}", lambda env: env[x])

    def division(self):
        op, bits = self.choose(DIVISION), self.width()
        x, y = self.pick(bits), self.pick(bits)
        if self.chance(85):  # made harmless: odd and not negative
            most = wrap(-1, bits - 1)
            mask, one = self.constant(most, bits), self.constant(1, bits)
            odd = self.define(bits, f"bor v{y}, v{one}", lambda env, d=y: env[d] | 1)
            y = self.define(bits, f"band v{odd}, v{mask}", lambda env: env[odd] & most)
        meaning = DIVISION[op]

        def divide(env):
            if env[y] == 0:
                raise Trapped("int_divz")
            if op == "sdiv" and env[x] == 1 << (bits - 1) and env[y] == wrap(-1, bits):
                raise Trapped("int_ovf")
            return meaning(env[x], env[y], bits)

        self.define(bits, f"{op} v{x}, v{y}", divide)

    def overflow(self):
        """Two results: the wrapped one, and whether it is not the true one."""
        if self.plain:
            return
        bits = self.width()
        op = self.choose(("add", "sub", "mul")[:2 if bits == 128 else 3])
        is_signed = self.chance(50)
        x, y = self.pick(bits), self.pick(bits)
        arithmetic = {"add": int.__add__, "sub": int.__sub__, "mul": int.__mul__}[op]
        read = (lambda v: signed(v, bits)) if is_signed else (lambda v: v)
        result, flag = self.fresh(), self.fresh()

        def step(env):
            true = arithmetic(read(env[x]), read(env[y]))
            value = wrap(true, bits)
            env.values[result], env.values[flag] = value, int(read(value) != true)

        name = f"{'s' if is_signed else 'u'}{op}_overflow"
        self.effect(f"v{result}, v{flag} = {name} v{x}, v{y}", step)
        self.scope += [(result, bits), (flag, 8)]

    def trap(self):
        op, c = self.choose(("trapz", "trapnz")), self.condition()
        code = self.choose(("user1", "user7", "heap_oob", "int_ovf"))
        if self.chance(60):  # one that seldom fires: against a value that is seldom so
            bits = 64
            x, y = self.pick(bits), self.constant(self.random.bits(bits), bits)
            c = self.define(8, f"icmp eq v{x}, v{y}", lambda env: int(env[x] == env[y]))
            op = "trapnz"

        def step(env):
            if (env[c] == 0) == (op == "trapz"):
                raise Trapped(code)

        self.effect(f"{op} v{c}, {code}", step)

    # ---- Memory ----

    def clear_slot(self, slot):
        value = self.constant(self.random.bits(64), 64)
        address = self.define_address(f"stack_addr.i64 ss{slot}")
        for offset in range(0, SLOT, 8):
            self.effect(f"store v{value}, v{address}+{offset}",
                        lambda env, o=offset: self.write(env, slot, o, env[value], 64))

    def define_address(self, text):
        """A value that the model does not know: never in scope."""
        result = self.fresh()
        self.effect(f"v{result} = {text}", lambda env: None)
        return result

    @staticmethod
    def write(env, slot, offset, value, bits):
        env.slots[slot][offset:offset + bits // 8] = wrap(value, bits).to_bytes(bits // 8, "little")

    @staticmethod
    def read(env, slot, offset, bits):
        return int.from_bytes(env.slots[slot][offset:offset + bits // 8], "little")

    def memory(self):
        if not self.slots:
            return
        slot, bits = self.below(self.slots), self.width()
        size = bits // 8
        address = self.define_address(f"stack_addr.i64 ss{slot}")
        offset = self.below(SLOT // 2)
        where = lambda env: offset
        if self.chance(40) and bits < 128:  # plus an index below 8, scaled by the size of the access
            offset = self.below(SLOT - 8 * size + 1)
            index, mask = self.pick(64), self.constant(7, 64)
            low = self.define(64, f"band v{index}, v{mask}", lambda env: env[index] & 7)
            shift = self.constant(size.bit_length() - 1, 8)
            scaled = self.define(64, f"ishl v{low}, v{shift}", lambda env: env[low] * size)
            address = self.define_address(f"iadd v{address}, v{scaled}")
            where = lambda env: offset + env[scaled]
        at = f"v{address}+{offset}" if offset else f"v{address}"
        kind = self.below(4)
        if kind == 0:
            self.define(bits, f"load.i{bits} {at}",
                        lambda env: self.read(env, slot, where(env), bits))
        elif kind == 1:
            x = self.pick(bits)
            self.effect(f"store v{x}, {at}",
                        lambda env: self.write(env, slot, where(env), env[x], bits))
        elif kind == 2 and bits < 64:
            to = self.choose(b for b in BITS if b > bits)
            if self.chance(50):
                self.define(to, f"uload{bits}.i{to} {at}",
                            lambda env: self.read(env, slot, where(env), bits))
            else:
                self.define(to, f"sload{bits}.i{to} {at}", lambda env: wrap(
                    signed(self.read(env, slot, where(env), bits), bits), to))
        elif kind == 3 and bits < 64:
            x = self.pick(self.choose(b for b in BITS if b > bits))
            self.effect(f"istore{bits} v{x}, {at}",
                        lambda env: self.write(env, slot, where(env), env[x], bits))

    # ---- Control flow ----

    def call(self):
        callee = self.choose(self.earlier)
        args = [self.pick(bits) for bits in callee.params]
        results = [self.fresh() for _ in callee.results]

        def step(env):
            env.values.update(zip(results, callee.evaluate([env[a] for a in args], env.budget)))

        self.effect(f"{self.names(results)} = call fn{self.earlier.index(callee)}"
                    f"({self.names(args)})", step)
        self.scope += zip(results, callee.results)

    def diamond(self, depth):
        c = self.condition()
        widths = [self.width() for _ in range(self.below(4))]
        yes, join = self.new_block([]), self.new_block(widths)
        no = self.new_block([]) if self.chance(60) else None
        other, args = no or join, [] if no else [self.pick(b) for b in widths]
        outer = list(self.scope)
        self.finish(f"brif v{c}, {self.call_of(yes, [])}, {self.call_of(other, args)}",
                    lambda env: (yes, []) if env[c] else (other, [env[v] for v in args]))
        for arm in (yes, no):
            if arm is not None:
                self.start(arm, list(outer))
                self.statements(depth)
                self.jump(join, [self.pick(b) for b in widths])
        self.start(join, outer)

    def table(self, depth):
        index = self.pick(32)
        if self.chance(80):
            mask = self.constant(7, 32)
            masked = index
            index = self.define(32, f"band v{masked}, v{mask}", lambda env: env[masked] & 7)
        widths = [self.width() for _ in range(self.below(3))]
        join = self.new_block(widths)
        arms = [self.new_block([]) for _ in range(self.below(4))]
        targets = []
        for _ in range(1 + self.below(8)):
            target = self.choose(arms + [join])
            targets.append((target, [self.pick(b) for b in widths] if target is join else []))
        outer = list(self.scope)
        texts = [self.call_of(*t) for t in targets]

        def end(env):
            target, args = targets[env[index] + 1 if env[index] + 1 < len(targets) else 0]
            return target, [env[v] for v in args]

        self.finish(f"br_table v{index}, {texts[0]}, [{', '.join(texts[1:])}]", end)
        for arm in arms:
            self.start(arm, list(outer))
            self.statements(depth)
            self.jump(join, [self.pick(b) for b in widths])
        self.start(join, outer)

    def loop(self, depth):
        """Counts down; some of its parameters only change places from turn to turn."""
        widths = [self.width()] * (2 + self.below(3)) + [self.width() for _ in range(self.below(3))]
        turns = self.constant(1 + self.below(6), 32)
        entry = [turns] + [self.pick(b) for b in widths]
        outer = list(self.scope)
        head = self.new_block([32] + widths)
        self.jump(head, entry)
        self.start(head, outer)
        params = [v for v, _ in head.params]
        self.statements(depth)
        one = self.constant(1, 32)
        left = self.define(32, f"isub v{params[0]}, v{one}",
                           lambda env: wrap(env[params[0]] - 1, 32))
        same = [v for v, b in head.params[1:] if b == widths[0]]
        turned = dict(zip(same, same[1:] + same[:1]))
        back = [left] + [turned[v] if v in turned and self.chance(70) else self.pick(b)
                         for v, b in head.params[1:]]
        done = [self.pick(b) for b in widths[:2]]
        scope = list(self.scope)
        after = self.new_block(widths[:2])
        self.finish(f"brif v{left}, {self.call_of(head, back)}, {self.call_of(after, done)}",
                    lambda env: (head, [env[v] for v in back]) if env[left]
                    else (after, [env[v] for v in done]))
        self.start(after, scope)

    # ---- Results ----

    def evaluate(self, args, budget):
        env, block = Env(self, args, budget), self.blocks[0]
        while True:
            budget[0] -= len(block.steps) + 1
            if budget[0] < 0:
                raise TooLong
            for step in block.steps:
                step(env)
            target, values = block.end(env)
            if target is None:
                return values
            env.bind(target, values)
            block = target

    def decls(self):
        yield from (f"ss{i} = explicit_slot {SLOT}, align = 8" for i in range(self.slots))
        for i, callee in enumerate(self.earlier):
            params = ", ".join(f"i{b}" for b in callee.params)
            results = ", ".join(f"i{b}" for b in callee.results)
            yield f"fn{i} = %{callee.name}({params}) -> {results}"

    def body(self):
        for block in self.blocks:
            yield block.head()
            yield from block.lines


def program(seed, calls=4):
    """A file of three functions from `seed`, each with `calls` run lines."""
    random = Random(seed)
    file = File(f"program-{seed}", f"Random program of seed {seed}.", "Python integers.", BOTH)
    earlier = []
    for i in range(3):
        widths = BITS + (128, 128) if seed % 3 == 1 else BITS
        function = Function(f"f{i}", random, list(earlier), seed % 4 != 0, widths)
        earlier.append(function)
        func = file.func(function.name, [f"i{b}" for b in function.params],
                         [f"i{b}" for b in function.results], list(function.body()),
                         decls=list(function.decls()))
        for _ in range(calls):
            args = [function.number(b) for b in function.params]
            try:
                results = function.evaluate(args, [STEPS])
                func.run([[a] for a in args], [[r] for r in results])
            except Trapped as trap:
                func.run([[a] for a in args], Trap(trap.args[0]))
            except TooLong:
                pass
        if not func.runs:
            file.funcs.remove(func)
            earlier.remove(function)
    return file
