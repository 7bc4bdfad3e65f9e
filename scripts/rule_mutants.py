# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Wrong rules that the verifier must reject: `scripts/mutate rules`.

`assay verify --mutants` makes and verifies them. Of those that survive, the ones listed in
scripts/equivalent-mutants compute the same; any other is a hole in a meaning or in the verifier.
With --differential all survivors, listed ones too, are put into a copy of the tree together, one of
a rule at a time. The compiler that comes out must pass the file tests, random inputs of the fuzz
targets, and the functions of fuzz-targets/rules on so many inputs that each changed rule takes part
in --runs of them: what computes the same is not found by them either. That is the evidence which
the list has of each mutant; --write writes it there.
"""

import collections
import json
import os
import re
import subprocess
import sys

import compiler_faults

ROOT = compiler_faults.ROOT
EQUIVALENT = os.path.join(ROOT, "scripts", "equivalent-mutants")
# The fuzz target that runs what the rules make, and the engines of the file tests.
TARGETS = {"opt": "opt", "x64": "native", "aarch64": "differential"}
ENGINES = {"opt": "interp,unicorn-x64", "x64": "interp,unicorn-x64", "aarch64": "interp,unicorn-aarch64"}


def add_arguments(parser):
    parser.add_argument("--target", choices=sorted(TARGETS), action="append",
                        help="only rules of this target (all)")
    parser.add_argument("--count", type=int, default=300, help="mutants of each target (300)")
    parser.add_argument("--seed", type=int, default=1, help="of their choice (1)")
    parser.add_argument("--filter", help="only rules whose name has this in it")
    parser.add_argument("--budget", type=int, help="of the solver, for a question")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("-v", "--verbose", action="store_true", help="list those that are killed, too")
    parser.add_argument("--differential", type=int, metavar="INPUTS",
                        help="run survivors on this many random inputs, and their functions")
    parser.add_argument("--runs", type=int, default=1000000,
                        help="runs of functions that each rule takes part in (1,000,000)")
    parser.add_argument("--results", metavar="FILE",
                        help="what `assay verify --mutants --json` said before, instead of asking it")
    parser.add_argument("--write", action="store_true", help="write the evidence into the list")


def verify(args, target, *more):
    line = [os.path.join(ROOT, "scripts", "assay"), "verify", f"--target={target}", f"-j{args.jobs}", *more]
    line += [f"--filter={args.filter}"] if args.filter else []
    line += [f"--budget={args.budget}"] if args.budget else []
    return line


def fill_cache(args, target):
    """Proves the rules as they are, so that none of the time of a mutant goes into that."""
    print(f"proving the rules of {target} as they are", file=sys.stderr)
    subprocess.run(verify(args, target), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def command(args, target, *more):
    return verify(args, target, f"--mutants={args.count}", f"--seed={args.seed}", f"--equivalent={EQUIVALENT}", *more)


# ---- Survivors at work ----

def rounds(survivors):
    """Groups of mutants that change different rules."""
    groups = []
    for mutant in survivors:
        rule = (mutant["path"], mutant["from"])
        for group in groups:
            if rule not in group:
                group[rule] = mutant
                break
        else:
            groups.append({rule: mutant})
    return [list(group.values()) for group in groups]


def put_in(mutants):
    """Changes the copy; gives what its files were."""
    by_path, before = collections.defaultdict(list), {}
    for mutant in mutants:
        by_path[mutant["path"]].append(mutant)
    for path, changes in by_path.items():
        copy = os.path.join(compiler_faults.COPY, path)
        with open(copy, "rb") as source:
            text = before[copy] = source.read()
        for change in sorted(changes, key=lambda m: m["from"], reverse=True):
            text = text[:change["from"]] + change["text"].encode() + text[change["to"]:]
        with open(copy, "wb") as source:
            source.write(text)
    return before


def run_functions(target, group, args):
    """Whether all agree, and by rule how many runs it took part in; all runs as those of the rule ''."""
    program = os.path.join(compiler_faults.BUILD, "fuzz-targets", "fuzz_" + TARGETS[target])
    rules = sorted({mutant["mutant"].split(":")[0] for mutant in group})
    done = subprocess.run([program, os.path.join(ROOT, "fuzz-targets", "rules", target + ".clif")],
                          env={**os.environ, "FUZZ_RULES": ",".join(rules), "FUZZ_STATS": "1000000",
                               "FUZZ_RULE_RUNS": str(args.runs)},
                          cwd=os.path.dirname(compiler_faults.BUILD), capture_output=True, text=True,
                          check=False)
    runs = collections.Counter()
    for line in done.stderr.splitlines():
        if line.startswith('{"rule"') or line.startswith('{"group"'):
            said = json.loads(line)
            runs[said.get("rule", "")] += said["runs"]
    return done, runs


def say_functions(target, group, runs, args):
    """Reports each mutant, and gives the evidence by its name."""
    evidence = {}
    for mutant in group:
        fired = runs[mutant["mutant"].split(":")[0]]
        said = f"runs {runs['']} fired {fired}"
        enough = fired >= args.runs
        print(f"{'agree' if enough else 'seldom':10} {target} {mutant['mutant']}: {said}", flush=True)
        if enough:
            evidence[f"{target} {mutant['mutant']}"] = said
    return evidence


def run_round(target, group, args):
    """Whether all agree, and the evidence of each mutant that is run often enough."""
    build = subprocess.run(["cmake", "--build", compiler_faults.BUILD, "-j2", "--target", "assay",
                            "fuzz_" + TARGETS[target]], capture_output=True, text=True, check=False)
    if build.returncode != 0:
        print("\n".join(build.stdout.splitlines()[-12:]))
        return False, {}
    tool = os.path.join(compiler_faults.BUILD, "assay", "assay")
    tests = subprocess.run([tool, "test", f"--engine={ENGINES[target]}",
                            os.path.join(ROOT, "filetests", "cases", "runtests")],
                           capture_output=True, text=True, check=False)
    fuzz = subprocess.run([os.path.join(compiler_faults.BUILD, "fuzz-targets", "fuzz_" + TARGETS[target]),
                           f"--random={args.differential}", f"--seed={args.seed}"],
                          cwd=os.path.dirname(compiler_faults.BUILD), capture_output=True, text=True,
                          check=False)
    functions, runs = run_functions(target, group, args)
    good = tests.returncode == 0 and fuzz.returncode == 0 and functions.returncode == 0
    print(f"{'agree' if good else 'DIFFER'}: {target}, {len(group)} mutants together: file tests "
          f"{'pass' if tests.returncode == 0 else 'fail'}, {args.differential} random inputs "
          f"{'pass' if fuzz.returncode == 0 else 'fail'}, functions "
          f"{'pass' if functions.returncode == 0 else 'fail'}", flush=True)
    if not good:
        print("\n".join((tests.stdout + fuzz.stdout + fuzz.stderr + functions.stderr).splitlines()[-30:]))
        print("\n".join("  " + mutant["mutant"] for mutant in group))
        return False, {}
    evidence = say_functions(target, group, runs, args)
    return len(evidence) == len(group), evidence


def write_evidence(evidence):
    """Into the second column of the list, of those that are in it."""
    with open(EQUIVALENT, encoding="utf-8") as source:
        lines = source.read().splitlines()
    for i, line in enumerate(lines):
        columns = [column.strip() for column in re.split(r" \| ", line)]
        if not line.startswith("#") and columns[0] in evidence:
            lines[i] = " | ".join([columns[0], evidence[columns[0]], columns[-1]])
    with open(EQUIVALENT, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")


def results(target, args):
    if not args.results:
        fill_cache(args, target)
        return subprocess.run(command(args, target, "--json"), capture_output=True, text=True,
                              check=False).stdout
    with open(args.results, encoding="utf-8") as said:
        return said.read()


def differential(target, args):
    said = [json.loads(line) for line in results(target, args).splitlines()]
    mutants = [m for m in said if "mutant" in m]
    survivors = [m for m in mutants if m["fate"] in ("survived", "equivalent") and m["target"] == target and
                 (args.filter or "") in m["mutant"]]
    compiler_faults.set_up([TARGETS[target]])
    good, evidence = True, {}
    for group in rounds(survivors):
        before = put_in(group)
        try:
            agree, more = run_round(target, group, args)
            good = agree and good
            evidence.update(more)
        finally:
            for path, text in before.items():
                with open(path, "wb") as source:
                    source.write(text)
    if args.write:
        write_evidence(evidence)
    return good


def main(args):
    good = True
    for target in args.target or sorted(TARGETS):
        if args.differential:
            good = differential(target, args) and good
            continue
        sys.stdout.flush()
        fill_cache(args, target)
        done = subprocess.run(command(args, target, *(["-v"] if args.verbose else [])), check=False)
        good = done.returncode == 0 and good
    return 0 if good else 1
