# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operand values at the edges, and a fixed pseudo-random sequence for the middle."""

import itertools

from clif import FLOAT_FORMAT, wrap

MASK64 = (1 << 64) - 1


class Random:
    """SplitMix64: the same numbers everywhere and always."""

    def __init__(self, seed):
        self.state = seed

    def bits(self, count):
        value = 0
        for _ in range(0, count, 64):
            self.state = (self.state + 0x9E3779B97F4A7C15) & MASK64
            z = self.state
            z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK64
            value = value << 64 | (z ^ (z >> 31))
        return wrap(value, count)


def int_edges(bits):
    """0, 1, -1, MIN, MAX."""
    return [0, 1, wrap(-1, bits), 1 << (bits - 1), (1 << (bits - 1)) - 1]


def int_values(bits, extra=3):
    random = Random(bits)
    halves = wrap(0x0F << (bits // 2 - 4), bits)
    return int_edges(bits) + [halves] + [random.bits(bits) for _ in range(extra)]


def int_pairs(bits, extra=4):
    """Every pair of edges, then a few ordinary pairs: two near each other, others anywhere."""
    random = Random(bits + 1)
    pairs = list(itertools.product(int_edges(bits), repeat=2))
    near = random.bits(bits)
    pairs.append((near, wrap(near + 1, bits)))
    return pairs + [(random.bits(bits), random.bits(bits)) for _ in range(extra - 1)]


def chunked(tuples, lanes):
    """Packs tuples of lane values into tuples of vectors; the last is filled from the start."""
    tuples = list(tuples)
    for start in range(0, len(tuples), lanes):
        rows = [tuples[(start + i) % len(tuples)] for i in range(lanes)]
        yield tuple(list(column) for column in zip(*rows))


# ---- Floats, as bits ----


class Floats:
    """The named values of a binary format of so many bits."""

    def __init__(self, bits):
        exponent_bits, self.fraction_bits = FLOAT_FORMAT[bits]
        self.bits = bits
        self.bias = (1 << (exponent_bits - 1)) - 1
        self.sign = 1 << (bits - 1)
        self.zero = 0
        self.inf = ((1 << exponent_bits) - 1) << self.fraction_bits
        self.quiet = 1 << (self.fraction_bits - 1)
        self.nan = self.inf | self.quiet
        self.nan_payload = self.nan | 0x15
        self.snan = self.inf | 1
        self.snan_payload = self.inf | 0x2A
        self.min_sub = 1
        self.max_sub = (1 << self.fraction_bits) - 1
        self.min_normal = 1 << self.fraction_bits
        self.max = self.inf - 1
        self.one = self.power(0)
        self.next_one = self.one + 1

    def power(self, exponent, fraction=0):
        """2^exponent * 1.fraction, of a normal exponent."""
        biased = exponent + self.bias
        assert 0 < biased <= 2 * self.bias
        return biased << self.fraction_bits | fraction

    def neg(self, value):
        return value ^ self.sign

    def is_nan(self, value):
        return value & ~self.sign > self.inf

    def half(self, whole):
        """whole + 1/2 for a small natural number."""
        return self.rational(2 * whole + 1, 1)

    def rational(self, numerator, log2_denominator=0):
        """numerator / 2^log2_denominator, exactly."""
        if numerator == 0:
            return 0
        if numerator < 0:
            return self.neg(self.rational(-numerator, log2_denominator))
        top = numerator.bit_length() - 1
        shift = self.fraction_bits - top
        assert shift >= 0 or numerator % (1 << -shift) == 0
        scaled = numerator << shift if shift >= 0 else numerator >> -shift
        return self.power(top - log2_denominator, scaled - (1 << self.fraction_bits))

    def edges(self):
        finite = [self.zero, self.min_sub, self.max_sub, self.min_normal, self.one, self.next_one,
                  self.max, self.inf]
        return [v for value in finite for v in (value, self.neg(value))]

    def nans(self):
        return [self.nan, self.neg(self.nan), self.nan_payload, self.snan, self.neg(self.snan)]

    def some(self, count, seed=0):
        """Ordinary numbers of moderate size."""
        random = Random(self.bits * 977 + seed)
        spread = min(self.bias // 2, 40)
        out = []
        for _ in range(count):
            exponent = random.bits(32) % (2 * spread + 1) - spread
            value = self.power(exponent, random.bits(self.fraction_bits))
            out.append(value | self.sign if random.bits(1) else value)
        return out
