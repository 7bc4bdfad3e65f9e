# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the style checks share: the files of the tree, LAYERS, and the way to report."""

import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Inputs of programs and tests, not sources of ours: the style does not bind them.
DATA = ("examples/kernels/", "filetests/cases/", "fuzz-targets/corpus/")


def files(*endings):
    """Tracked and new files, but ignored ones, whose names end so; sorted, from the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted({f for f in listed if f and f.endswith(endings) and not f.startswith(DATA)
                   and os.path.isfile(os.path.join(ROOT, f))})


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
        return file.read()


class Layer:
    """A line of LAYERS: a folder, the prefixes of its symbols, what it may do beyond others."""

    def __init__(self, rank, folder, words):
        self.rank = rank
        self.folder = folder
        self.prefixes = [w for w in words if not w.startswith("+")]
        self.grants = {w[1:] for w in words if w.startswith("+")}


def layers():
    found = {}
    for line in read("LAYERS").splitlines():
        words = line.split("#")[0].split()
        if words:
            found[words[0]] = Layer(len(found), words[0], words[1:])
    return found


def layer_folder(path):
    """The folder that stands in LAYERS for a source: unit tests belong to what they test."""
    folder = os.path.dirname(path)
    return folder[:-len("/tests")] if folder.endswith("/tests") else folder


def owner_of_generated(name, layered):
    """The folder that a file of build/dev/generated belongs to, by the prefix of its name; None
    when there is no such file."""
    if not os.path.exists(os.path.join(ROOT, "build/dev/generated", name)):
        return None
    prefix = re.split(r"[_.]", name)[0]
    return next((layer for layer in layered.values() if prefix in layer.prefixes), None)


def is_test(path):
    return "/tests/" in path


def without_comments(text):
    """C text with comments and the insides of strings blanked out, line numbers kept."""
    def blank(match):
        token = match.group(0)
        if token[0] == "/":
            return re.sub(r"[^\n]", " ", token)
        return token[0] + " " * (len(token) - 2) + token[-1]
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text,
                  flags=re.S)


def objects():
    """Source (from the root) -> object file, for the C files of the dev build."""
    path = os.path.join(ROOT, "build/dev/compile_commands.json")
    if not os.path.exists(path):
        sys.exit("no build/dev/compile_commands.json: build preset dev first")
    with open(path, encoding="utf-8") as file:
        commands = json.load(file)
    found = {}
    for command in commands:
        source = os.path.relpath(command["file"], ROOT)
        output = re.search(r" -o (\S+) ", command["command"])
        obj = output and os.path.join(command["directory"], output.group(1))
        if obj and os.path.exists(obj):
            found[source] = obj
    return found


def finish(problems, fine):
    """Prints the problems, or what was found fine, and ends the program."""
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(1)
    print(fine)
    sys.exit(0)
