# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Calls between functions of random signatures in every calling convention, and tail calls between
functions whose stack arguments grow, shrink and change places; Python's integers say the results.

A callee mixes its arguments, each at a position that counts, into one number. A caller makes
arguments from its own one, keeps other values alive over the call and mixes these and the results.
"""

from clif import A64, BOTH, X64, File, Func, wrap

SOURCE = "Python's integers."
FACTOR = 0x9e3779b97f4a7c15
MASK = (1 << 64) - 1
CONVENTIONS = {  # targets, whether it passes an i128, whether it has results
    "fast": (BOTH, True, True),
    "system_v": (BOTH, True, True),
    "tail": (BOTH, True, True),
    "windows_fastcall": (BOTH, False, True),
    "apple_aarch64": (A64, True, True),
    "winch": (BOTH, False, True),
    "preserve_all": (BOTH, True, False),
}
PAIRS = 14  # callers and callees in a file


class Random:
    """splitmix64, so that files stay the same under every version of Python."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + FACTOR) & MASK
        x = self.state
        x = ((x ^ x >> 30) * 0xbf58476d1ce4e5b9) & MASK
        x = ((x ^ x >> 27) * 0x94d049bb133111eb) & MASK
        return x ^ x >> 31

    def below(self, n):
        return self.next() % n

    def pick(self, items):
        return items[self.below(len(items))]


class Body:
    """Instructions with numbered values; the first values are the parameters."""

    def __init__(self, num_params):
        self.lines = []
        self.num = num_params

    def put(self, text):
        """`text` is made before the value is numbered, so it may contain other calls."""
        self.lines.append(f"v{self.num} = {text}")
        self.num += 1
        return f"v{self.num - 1}"

    def const(self, value):
        return self.put(f"iconst.i64 0x{value & MASK:x}")


class Signature:
    """Types and attributes of parameters, types of results."""

    def __init__(self, params, results, conv):
        self.params = params  # of (type, attribute)
        self.results = results
        self.conv = conv

    def __str__(self):
        params = ", ".join((t + " " + a).strip() for t, a in self.params)
        rets = " -> " + ", ".join(self.results) if self.results else ""
        return f"({params}){rets} {self.conv}"

    def function(self, name, body, decls=()):
        return SignatureFunc(name, self, body, decls)


class SignatureFunc(Func):
    """A function whose parameters have attributes, and that may have no run lines."""

    def __init__(self, name, signature, body, decls):
        super().__init__(name, [t for t, _ in signature.params], signature.results, body, decls)
        self.signature = signature

    def text(self):
        lines = [f"function %{self.name}{self.signature} {{"]
        lines += [f"    {decl}" for decl in self.decls]
        if not self.body[0].startswith("block"):
            params = ", ".join(f"v{i}: {t}" for i, t in enumerate(self.params))
            lines.append(f"block0({params}):" if params else "block0:")
        lines += [line if line.startswith("block") else f"    {line}" for line in self.body]
        return "\n".join(lines + ["}"] + self.runs) + "\n"


def random_params(random, count, has_i128, floats=True):
    types = ["i8", "i16", "i32", "i32", "i64", "i64", "i64"]
    types += ["f32", "f64", "f64"] if floats else []
    types += ["i128"] if has_i128 else []
    params = []
    for _ in range(count):
        type_ = random.pick(types)
        narrow = type_ in ("i8", "i16", "i32")
        params.append((type_, random.pick(["", "uext", "sext"]) if narrow else ""))
    return params


def bits_of(type_):
    return int(type_[1:])


# ---- Mixing: the same in instructions and in Python ----


def words_of(body, type_, value):
    """The 64-bit words of a value."""
    if type_ == "i64":
        return [value]
    if type_ == "i128":
        body.lines.append(f"v{body.num}, v{body.num + 1} = isplit {value}")
        body.num += 2
        return [f"v{body.num - 2}", f"v{body.num - 1}"]
    if type_ == "f64":
        return [body.put(f"bitcast.i64 {value}")]
    if type_ == "f32":
        value = body.put(f"bitcast.i32 {value}")
    return [body.put(f"uextend.i64 {value}")]


def mix(body, acc, factor, type_, value):
    for word in words_of(body, type_, value):
        product = body.put(f"imul {acc}, {factor}")
        acc = body.put(f"iadd {product}, {word}")
    return acc


def mixed(acc, type_, value):
    words = [value & MASK, value >> 64] if type_ == "i128" else [value]
    for word in words:
        acc = (acc * FACTOR + word) & MASK
    return acc


def result(body, acc, index, type_, params):
    """Result `index` from the mixed arguments; a float is one of the parameters."""
    if type_[0] == "f":
        return f"v{[t for t, _ in params].index(type_)}"
    salt = body.const(index * 0x1234567 + 1)
    x = body.put(f"bxor {acc}, {salt}")
    if type_ == "i64":
        return x
    if type_ == "i128":
        return body.put(f"iconcat {x}, {acc}")
    return body.put(f"ireduce.{type_} {x}")


def result_value(acc, index, type_, params, args):
    if type_[0] == "f":
        return args[[t for t, _ in params].index(type_)]
    x = acc ^ (index * 0x1234567 + 1)
    return x | acc << 64 if type_ == "i128" else wrap(x, bits_of(type_))


def argument(body, index, type_, seed, floats):
    """An argument made from the caller's parameters: v0 is i64, v1 f32, v2 f64."""
    if type_[0] == "f":
        return floats[type_]
    salt = body.const((index + 3) * FACTOR)
    x = body.put(f"imul {seed}, {salt}")
    x = body.put(f"iadd {x}, {salt}")
    if type_ == "i64":
        return x
    if type_ == "i128":
        return body.put(f"iconcat {x}, {salt}")
    high = body.put(f"ushr {x}, {body.const(17)}")
    return body.put(f"ireduce.{type_} {high}")


def argument_value(index, type_, seed, f32, f64):
    if type_[0] == "f":
        return f32 if type_ == "f32" else f64
    salt = (index + 3) * FACTOR & MASK
    x = (seed * salt + salt) & MASK
    if type_ == "i64":
        return x
    if type_ == "i128":
        return x | salt << 64
    return wrap(x >> 17, bits_of(type_))


# ---- Calls ----

HELPER = Signature([("i64", "")], ["i64"], "system_v")


def helper():
    return HELPER.function("helper", ["v1 = iconst.i64 5", "v2 = imul v0, v1", "return v2"])


def callee(name, signature, through_memory, calls):
    """through_memory: the first parameter is where to store the number, in place of results."""
    params = signature.params
    body = Body(len(params))
    factor = body.const(FACTOR)
    acc = body.const(7)
    if calls:
        acc = body.put(f"call fn0({acc})")
    for i, (type_, _) in enumerate(params):
        if i != 0 or not through_memory:
            acc = mix(body, acc, factor, type_, f"v{i}")
    if through_memory:
        body.lines.append(f"store {acc}, v0")
        results = []
    else:
        results = [result(body, acc, i, t, params) for i, t in enumerate(signature.results)]
    body.lines.append("return " + ", ".join(results) if results else "return")
    return signature.function(name, body.lines, [f"fn0 = %helper{HELPER}"] if calls else [])


def callee_results(signature, args, through_memory, calls):
    acc = 35 if calls else 7
    for i, ((type_, _), arg) in enumerate(zip(signature.params, args, strict=True)):
        if i != 0 or not through_memory:
            acc = mixed(acc, type_, arg)
    if through_memory:
        return [acc]
    return [result_value(acc, i, t, signature.params, args)
            for i, t in enumerate(signature.results)]


LIVE = 7  # values of each class that live over the call


def caller(name, target, signature, through_memory, conv):
    body = Body(3)
    floats = {"f32": "v1", "f64": "v2"}
    live = [body.put(f"iadd v0, {body.const(i + 1)}") for i in range(LIVE)]
    live_floats = [body.put("fneg v2") for _ in range(LIVE)]
    args = [argument(body, i, t, "v0", floats) for i, (t, _) in enumerate(signature.params)]
    if through_memory:
        args[0] = body.put("stack_addr.i64 ss0")
    call = f"call fn0({', '.join(args)})"
    types = signature.results
    if through_memory:
        body.lines.append(call)
        results = [body.put(f"load.i64 {args[0]}")]
        types = ["i64"]
    else:
        results = [f"v{body.num + i}" for i in range(len(types))]
        body.lines.append(", ".join(results) + " = " + call)
        body.num += len(results)
    factor = body.const(FACTOR)
    acc = body.const(11)
    for type_, value in list(zip(types, results)) + [("i64", x) for x in live]:
        acc = mix(body, acc, factor, type_, value)
    for value in live_floats:
        acc = mix(body, acc, factor, "f64", value)
    body.lines.append(f"return {acc}")
    decls = [f"fn0 = %{target}{signature}"] + (["ss0 = explicit_slot 8"] if through_memory else [])
    own = Signature([("i64", ""), ("f32", ""), ("f64", "")], ["i64"], conv)
    return own.function(name, body.lines, decls)


def caller_value(signature, seed, f32, f64, through_memory, calls):
    args = [argument_value(i, t, seed, f32, f64) for i, (t, _) in enumerate(signature.params)]
    results = callee_results(signature, args, through_memory, calls)
    types = ["i64"] if through_memory else signature.results
    acc = 11
    for type_, value in zip(types, results, strict=True):
        acc = mixed(acc, type_, value)
    for i in range(LIVE):
        acc = mixed(acc, "i64", (seed + i + 1) & MASK)
    for _ in range(LIVE):
        acc = mixed(acc, "f64", f64 ^ 1 << 63)
    return acc


SEEDS = ((1, 0x3f800000, 0x4000000000000000), (MASK - 5, 0xc0490fdb, 0x3ff5555555555555))


def random_results(random, params, index, has_i128):
    types = ["i8", "i16", "i32", "i64", "i64"] + (["i128"] if has_i128 else [])
    types += [t for t, _ in params if t[0] == "f"]
    return [random.pick(types) for _ in range(1 + (random.below(14) if index % 3 == 2 else 0))]


def convention_files():
    for number, (conv, (targets, has_i128, has_results)) in enumerate(CONVENTIONS.items()):
        random = Random(number + 1)
        file = File(f"runtests/signatures-{conv}", f"Calls in convention {conv}: arguments and "
                    "results of random types in registers and memory, values that live over the "
                    "call.", SOURCE, targets)
        file.funcs.append(helper())
        helper_run = file.funcs[0]
        helper_run.run([[7]], [[35]])
        for i in range(PAIRS):
            params = random_params(random, 1 + random.below(9 + i), has_i128)
            if not has_results:
                params.insert(0, ("i64", ""))
            results = random_results(random, params, i, has_i128) if has_results else []
            signature = Signature(params, results, conv)
            calls = i % 2 == 1
            inner = callee(f"callee{i}", signature, not has_results, calls)
            own = conv if has_results and i % 4 == 0 else "system_v"
            outer = caller(f"caller{i}", inner.name, signature, not has_results, own)
            for seed, f32, f64 in SEEDS:
                value = caller_value(signature, seed, f32, f64, not has_results, calls)
                outer.run([[seed], [f32], [f64]], [[value]])
                if has_results:
                    args = [argument_value(k, t, seed, f32, f64)
                            for k, (t, _) in enumerate(params)]
                    inner.run([[a] for a in args],
                              [[r] for r in callee_results(signature, args, False, calls)])
            file.funcs += [inner, outer]
        yield file


# ---- Tail calls ----

CHAINS = 6
LINKS = 5


def link_args(random, params, target):
    """What each argument of `target` behind the first two is: an own parameter or a constant."""
    plan = []
    for type_, _ in target[2:]:
        own = [i for i, (t, _) in enumerate(params) if t == type_ and i >= 2]
        if own and random.below(5) != 0:
            plan.append(random.pick(own))
        else:
            plan.append(("const", random.next() & 0x7f7f))
    return plan


def link_body(signature, following, plan, indirect):
    """v0 counts the calls that are still to come, v1 is the number so far."""
    params = signature.params
    declared = ", ".join(f"v{i}: {t}" for i, (t, _) in enumerate(params))
    body = Body(len(params))
    factor = body.const(FACTOR)
    acc = "v1"
    for i, (type_, _) in enumerate(params[2:]):
        acc = mix(body, acc, factor, type_, f"v{i + 2}")
    body.lines.append("brif v0, block1, block2")
    body.lines.append("block1:")
    args = [body.put(f"iadd v0, {body.const(MASK)}"), acc]
    for (type_, _), source in zip(following.params[2:], plan, strict=True):
        if not isinstance(source, tuple):
            args.append(f"v{source}")
        elif type_ == "i128":
            part = body.const(source[1])
            args.append(body.put(f"iconcat {part}, {body.const(0)}"))
        elif type_[0] == "f":
            part = body.put(f"iconst.i{type_[1:]} {source[1]}")
            args.append(body.put(f"bitcast.{type_} {part}"))
        else:
            args.append(body.put(f"iconst.{type_} {wrap(source[1], bits_of(type_))}"))
    args = ", ".join(args)
    if indirect:
        address = body.put("func_addr.i64 fn0")
        body.lines.append(f"return_call_indirect sig0, {address}({args})")
    else:
        body.lines.append(f"return_call fn0({args})")
    body.lines.append("block2:")
    results = [result(body, acc, i, t, params) for i, t in enumerate(signature.results)]
    body.lines.append("return " + ", ".join(results))
    return [f"block0({declared}):"] + body.lines


def chain_value(signatures, plans, count, args):
    """The results of a chain that starts at its first function."""
    at, acc = 0, args[1]
    while True:
        params = signatures[at].params
        for (type_, _), arg in zip(params[2:], args[2:], strict=True):
            acc = mixed(acc, type_, arg)
        if count == 0:
            return [result_value(acc, i, t, params, args)
                    for i, t in enumerate(signatures[at].results)]
        count -= 1
        following = signatures[(at + 1) % LINKS].params
        later = []
        for (type_, _), source in zip(following[2:], plans[at], strict=True):
            later.append(wrap(source[1], bits_of(type_)) if isinstance(source, tuple)
                         else args[source])
        args = [count, acc] + later
        at = (at + 1) % LINKS


def chain_file():
    file = File("runtests/tail-calls-shuffled", "Chains of tail calls whose arguments change "
                "places, number and size: stack areas that grow and shrink under results in "
                "registers and memory.", SOURCE)
    random = Random(99)
    for chain in range(CHAINS):
        results = [random.pick(["i8", "i32", "i64", "i128"])
                   for _ in range(1 if chain % 2 == 0 else 5 + 3 * chain)]
        signatures, plans = [], []
        for _ in range(LINKS):
            params = [("i64", ""), ("i64", "")]
            params += random_params(random, random.below(26), True, chain % 3 != 0)
            signatures.append(Signature(params, results, "tail"))
        for i, signature in enumerate(signatures):
            following = signatures[(i + 1) % LINKS]
            plans.append(link_args(random, signature.params, following.params))
        for i, signature in enumerate(signatures):
            following = signatures[(i + 1) % LINKS]
            indirect = (i + chain) % 3 == 0
            lines = link_body(signature, following, plans[i], indirect)
            decls = ([f"sig0 = {following}"] if indirect else [])
            decls += [f"fn0 = %chain{chain}_{(i + 1) % LINKS}{following}"]
            file.funcs.append(signature.function(f"chain{chain}_{i}", lines, decls))
        first = file.funcs[-LINKS]
        for count in (0, 1, 2, 3, 4, 5, 6, 101, 3001):
            args = [argument_value(i, t, 77, 0x3f800000, 0x4000000000000000)
                    for i, (t, _) in enumerate(signatures[0].params)]
            args[0] = count
            first.run([[a] for a in args],
                      [[r] for r in chain_value(signatures, plans, count, args)])
    yield file


def files(_source):
    yield from convention_files()
    yield from chain_file()
