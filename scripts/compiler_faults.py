# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Faults of the compiler that the fuzz targets must find: `scripts/mutate compiler`.

Each fault of scripts/faults is put into a copy of the tree below build/mutants, the targets that are
to find it are built, and each runs random inputs until it stops or its CPU time is used up. A fault
that none of its targets finds is a hole in generator or judge.

With --campaign it is all done as a user would: a campaign is run with the fault, and what it leaves
in findings/ must fail with the fault, but for what shows in memory alone, and pass without it.
"""

import collections
import filecmp
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TABLE = os.path.join(ROOT, "scripts", "faults")
COPY = os.path.join(ROOT, "build", "mutants", "tree")
BUILD = os.path.join(ROOT, "build", "mutants", "build")
TOOL = os.path.join(BUILD, "assay", "assay")

CLASSES = ("regalloc", "moves", "emission", "lowering", "abi", "frame", "interpreter", "islec", "mid-end")
NEEDS = ("spills", "veneers", "stack-args", "critical-edges", "rare")

Fault = collections.namedtuple("Fault", "line kind needs path old new targets")


def add_arguments(parser):
    parser.add_argument("--check", action="store_true", help="only look whether the table fits the tree")
    parser.add_argument("--list", action="store_true", help="list the faults, and how many of each class")
    parser.add_argument("--filter", default="", help="only faults whose line matches this expression")
    parser.add_argument("--seconds", type=int, default=60, help="CPU time for each target (60)")
    parser.add_argument("--seed", type=int, default=1, help="of the random inputs (1)")
    parser.add_argument("--size", type=int, default=1024, help="bytes of an input at most (1024)")
    parser.add_argument("--first", action="store_true", help="a fault's other targets only if one misses")
    parser.add_argument("--campaign", action="store_true",
                        help="by campaigns of --seconds, whose file tests are run with the fault and without")


# ---- The table ----

def parse_line(number, line):
    parts = [p.replace("\\|", "|").replace("\\n", "\n") for p in re.split(r" (?<!\\)\| ", line)]
    if len(parts) != 5:
        sys.exit(f"scripts/faults:{number}: five fields are wanted")
    kind, _, needs = parts[0].partition(" ")
    path, old, new, targets = parts[1:]
    if kind not in CLASSES or (needs and needs not in NEEDS):
        sys.exit(f"scripts/faults:{number}: there is no class '{parts[0]}'")
    with open(os.path.join(ROOT, path), encoding="utf-8") as source:
        count = source.read().count(old)
    if count != 1 or old == new:
        print(f"scripts/faults:{number}: the text stands {count} times in {path}")
        return None
    return Fault(number, kind, needs, path, old, new, targets.split())


def read_faults():
    """The faults of the table, and whether all fit the tree."""
    with open(TABLE, encoding="utf-8") as table:
        lines = list(enumerate((line.rstrip("\n") for line in table), 1))
    faults = [parse_line(n, line) for n, line in lines if line and not line.startswith("#")]
    return [f for f in faults if f], None not in faults


def describe(fault):
    label = f"{fault.kind} {fault.needs}".strip()
    return f"scripts/faults:{fault.line} ({label}) {fault.path}: {fault.new.strip()}"


def count_classes(faults):
    for name in CLASSES:
        print(f"{sum(f.kind == name for f in faults):4} {name}")
    for name in NEEDS:
        print(f"{sum(f.needs == name for f in faults):4} that need {name}")
    print(f"{len(faults):4} faults")


# ---- Building and running ----

def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, **more)


def set_up(targets):
    files = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT)
    for path in filter(None, files.stdout.split("\0")):
        source, copy = os.path.join(ROOT, path), os.path.join(COPY, path)
        # What has not changed keeps its time, so that it is not built again.
        if os.path.isfile(source) and not (os.path.isfile(copy) and filecmp.cmp(source, copy, False)):
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            shutil.copyfile(source, copy)
    linker = ["-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld"] if shutil.which("ld.lld") else []
    # Building counts for more than running: a fault is one file and one program.
    done = run(["cmake", "-S", COPY, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None",
                "-DCMAKE_C_FLAGS=-O1", "-DASSAY_WERROR=OFF"] + linker)
    if done.returncode == 0:
        done = build(targets)
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)


def build(targets, more=()):
    return run(["cmake", "--build", BUILD, "-j2", "--target"] + ["fuzz_" + t for t in targets] + list(more))


def run_target(name, args, seconds=None):
    """Whether the target stopped by itself or hung, and the CPU time that it took."""
    seconds = seconds or args.seconds
    limit = 2 * seconds + 10
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run([os.path.join(BUILD, "fuzz-targets", "fuzz_" + name), f"--seconds={seconds}",
                f"--seed={args.seed}", f"--size={args.size}"], cwd=os.path.dirname(BUILD),
               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (limit, limit)))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return done.returncode != 0, used


def write(fault, text):
    with open(os.path.join(COPY, fault.path), "w", encoding="utf-8") as source:
        source.write(text)


def not_built(built):
    """Of a build that fails: found, if a program of ours that it runs stops at an assertion."""
    for line in built.stdout.splitlines():
        if "internal error:" in line:
            return "found", "by the build: " + line.strip()
    return "not built", "\n".join(built.stdout.splitlines()[-12:])


def judge_by_targets(fault, _text, args):
    times, found_by_any = [], False
    for name in fault.targets:
        if args.first and found_by_any:
            break
        built = build([name])
        if built.returncode != 0:
            verdict, detail = not_built(built)
            return ("found" if found_by_any else verdict), ", ".join(times + [detail])
        found, seconds = run_target(name, args)
        found_by_any |= found
        times.append(f"{name} {seconds:.1f} s" if found else f"{name} missed it")
    return ("found" if found_by_any else "missed"), ", ".join(times)


def judge_by_campaign(fault, text, args):
    with tempfile.TemporaryDirectory(prefix="assay-campaign-") as state:
        built = build(fault.targets, ["assay"])
        if built.returncode != 0:
            return not_built(built)
        done = run([TOOL, "fuzz", f"--time={args.seconds}", f"--seed={args.seed}", f"--size={args.size}",
                    "--programs", os.path.join(BUILD, "fuzz-targets"), "--state", state] + fault.targets)
        folder = os.path.join(state, "findings")
        files = sorted(os.path.join(folder, name) for name in os.listdir(folder))
        if done.returncode == 0 or not files:
            return "missed", "the campaign leaves no file test"
        silent = [f for f in files if run([TOOL, "test", f]).returncode == 0]
        write(fault, text)
        built = build([], ["assay"])
        if built.returncode != 0:
            return not_built(built)
        wrong = [f for f in files if run([TOOL, "test", f]).returncode != 0]
        for name in wrong:
            with open(name, encoding="utf-8") as source:
                print(f"fails without the fault:\n{source.read()}")
        # A difference of memory alone does not show in results.
        detail = f"{len(files)} file tests, of which {len(silent)} show nothing"
        return ("missed" if wrong or len(silent) == len(files) else "found"), detail


def judge(fault, args):
    """What became of one fault: found, missed, or not built; and what to say of it."""
    with open(os.path.join(COPY, fault.path), encoding="utf-8") as source:
        text = source.read()
    try:
        write(fault, text.replace(fault.old, fault.new))
        return (judge_by_campaign if args.campaign else judge_by_targets)(fault, text, args)
    finally:
        write(fault, text)


def main(args):
    faults, fit = read_faults()
    if args.check or args.list:
        for fault in faults if args.list else []:
            print(describe(fault))
        count_classes(faults)
        return 0 if fit else 1
    with open(TABLE, encoding="utf-8") as table:
        lines = table.read().split("\n")
    faults = [f for f in faults if re.search(args.filter, lines[f.line - 1])]
    set_up(sorted({name for f in faults for name in f.targets}))
    for name in sorted({name for f in faults for name in f.targets}):
        if run_target(name, args, 5)[0]:
            sys.exit(f"{name} finds something in the compiler as it is")
    counts = {"found": 0, "missed": 0, "not built": 0}
    for fault in faults:
        verdict, detail = judge(fault, args)
        counts[verdict] += 1
        print(f"{verdict:9} {describe(fault)} ({detail})", flush=True)
    print(", ".join(f"{n} {what}" for what, n in counts.items()) +
          f"; {args.seconds} s for each target, seed {args.seed}")
    return 0 if counts["found"] == len(faults) else 1
