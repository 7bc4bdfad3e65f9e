#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a large rule set of the shape of a real back end, to measure islec.

About 3,500 rules: a lowering term over 120 opcodes with priorities, a multi-valued simplifier with
nested patterns, and helper terms. The argument is a seed.
"""
import random
import sys

OPCODES = [f"Op{i}" for i in range(120)]
TYPES = ["I8", "I16", "I32", "I64", "F32", "F64"]


def prelude():
    print("(type Op (enum %s))" % " ".join(OPCODES))
    print("(type Ty (enum %s))" % " ".join(TYPES))
    print("(type Value (primitive uint32_t))\n(type Reg (primitive uint32_t))")
    print("(decl data (Op Ty Value Value) Value)\n(extern extractor data data)")
    print("(decl multi node (Op Ty Value Value) Value)\n(extern extractor node node)")
    print("(extern constructor node make_node)")
    print("(decl iconst (u64) Value)\n(extern extractor iconst iconst)")
    print("(decl pure put (Value) Reg)\n(extern constructor put put)\n(convert Value Reg put)")
    print("(decl pure partial imm (u64) u64)\n(extern constructor imm imm)")
    print("(decl emit (u64 Ty Reg Reg) Reg)\n(extern constructor emit emit)")
    print("(decl pure partial fits (Ty) Ty)\n(extern constructor fits fits)")
    print("(decl small (Ty) Ty)\n(extern extractor small small)")
    for op in OPCODES:
        print(f"(decl m{op} (Ty Value Value) Value)")
        print(f"(extractor (m{op} t x y) (data (Op.{op}) t x y))")


def lower(rng):
    print("(decl lower (Value) Reg)")
    for n, op in enumerate(OPCODES):
        prio = 0
        outers = rng.sample(OPCODES, 12)
        for i in range(12):
            outer = outers[i]
            forms = [
                f"(m{op} (Ty.{TYPES[i // 2]}) x (iconst {i}))",
                f"(m{op} (small t) x (iconst {'k' if i == 1 else i}))",
                f"(m{op} t x (m{outer} t2 a b))",
                f"(m{op} t x (m{outer} t2 a (iconst k)))",
                f"(m{op} t (m{outer} t a x) y)",
            ]
            form = forms[i % len(forms)]
            cond = ""
            if "iconst k" in form:
                cond = " (if-let z (imm k))"
            elif i % 4 == 3 and " t " in form:
                cond = " (if-let u (fits t))"
            y = "a" if " a " in form else "x"
            prio += 1
            print(f"(rule r{n}_{i} {prio} (lower {form}){cond} (emit {n * 16 + i} (Ty.I64) x {y}))")
        print(f"(rule r{n}_base (lower (m{op} t x y)) (emit {n} t x y))")


def simplify(rng):
    print("(decl multi simplify (Value) Value)")
    for i in range(1400):
        a, b, c = (rng.choice(OPCODES) for _ in range(3))
        forms = [
            f"(node (Op.{a}) t x (node (Op.{b}) t x y))",
            f"(node (Op.{a}) t (node (Op.{b}) t x y) (node (Op.{c}) t x y))",
            f"(node (Op.{a}) t x x)",
            f"(node (Op.{a}) t (iconst {i % 7}) x)",
            f"(node (Op.{a}) t (node (Op.{b}) t x (iconst k)) (iconst k))",
        ]
        form = forms[i % len(forms)]
        print(f"(rule (simplify {form}) (node (Op.{c}) (Ty.I32) x x))")


def helpers(rng):
    for h in range(60):
        print(f"(decl helper{h} (Op Ty u64) u64)")
        for i in range(9):
            print(f"(rule {i} (helper{h} (Op.{OPCODES[(h * 7 + i * 13) % 120]}) "
                  f"(Ty.{rng.choice(TYPES)}) {rng.randrange(1000)}) {h * 10 + i})")
        print(f"(rule -1 (helper{h} _ _ k) k)")


def main():
    rng = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    prelude()
    lower(rng)
    simplify(rng)
    helpers(rng)


main()
