# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The MPFR oracle: compiles mpfr_oracle.c and asks it, one line a question."""

import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
NAN = "nan"
SOURCE = "MPFR (filetests/generate/mpfr_oracle.c)."


class Oracle:
    def __init__(self, folder):
        program = pathlib.Path(folder) / "mpfr_oracle"
        command = ["gcc", "-std=c17", "-O1", "-ffp-contract=off", str(HERE / "mpfr_oracle.c")]
        subprocess.run(command + ["-o", str(program), "-lmpfr", "-lgmp", "-lm"], check=True)
        self.process = subprocess.Popen([str(program)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)
        self.known = {}

    def ask(self, *words):
        question = " ".join(map(str, words))
        if question not in self.known:
            self.process.stdin.write(question + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline().strip()
            if not answer:
                raise SystemExit(f"mpfr_oracle has no answer to: {question}")
            self.known[question] = answer
        return self.known[question]

    def arithmetic(self, op, bits, *args):
        """Bits of the result, or NAN. `op` also: ceil floor trunc nearest."""
        answer = self.ask(op, bits, *(f"{a:x}" for a in args))
        return NAN if answer == NAN else int(answer, 16)

    def convert(self, bits, value, to_bits):
        answer = self.ask("convert", bits, f"{value:x}", to_bits)
        return NAN if answer == NAN else int(answer, 16)

    def to_int(self, bits, value):
        """An int, NAN, "inf" or "-inf"."""
        answer = self.ask("toint", bits, f"{value:x}")
        return answer if answer in (NAN, "inf", "-inf") else int(answer, 16)

    def from_int(self, bits, number):
        return int(self.ask("fromint", bits, number), 16)

    def compare(self, bits, left, right):
        """lt, eq, gt or un."""
        return self.ask("compare", bits, f"{left:x}", f"{right:x}")

    def close(self):
        self.process.stdin.close()
        self.process.wait()
