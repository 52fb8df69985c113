#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# coverage.py BUILD-DIRECTORY: what the tests that ran in a build with --coverage have reached of
# the library, by gcov: lines and branches of each file, and in all. Fails if that is less than
# promised: every branch of what judges untrusted input and of what writes the file and the formats,
# but for those in coverage-unreachable; nine of ten lines and branches of the library.
#
# What is not reached is listed in BUILD-DIRECTORY/uncovered. What a process did that was killed,
# or ended by _exit(2), does not count.

import glob
import json
import os
import subprocess
import sys

COMPLETE = (
    "module/modinfo.c", "node/alias.c", "node/compare.c", "node/syntax.c", "node/table.c",
    "text/devname.c", "text/print-json.c", "text/print.c", "text/replace.c",
)
PERCENT = 90


class Line:
    def __init__(self, text):
        self.text = text
        self.count = 0
        self.branches = []

    def add(self, record):
        # an inline function is in several objects
        counts = [branch["count"] for branch in record["branches"] if not branch["throw"]]
        self.count += record["count"]
        self.branches = [
            a + b for a, b in zip(self.branches or [0] * len(counts), counts, strict=True)
        ]

    def missed(self):
        return self.branches.count(0)


def read_objects(build, library):
    """The lines of each file: {name: {number: Line}}."""
    files = {}
    for notes in sorted(glob.glob(os.path.join(build, "libkmod-devname/*/.libs/*.gcno"))):
        output = subprocess.run(
            ["gcov", "--json-format", "--stdout", "--branch-probabilities", os.path.abspath(notes)],
            cwd=build, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
        for source in json.loads(output)["files"]:
            path = os.path.realpath(os.path.join(build, source["file"]))
            if os.path.dirname(os.path.dirname(path)) == library:
                name = os.path.relpath(path, library)
                add_file(files.setdefault(name, {}), path, source["lines"])
    if not files:
        sys.exit(f"coverage.py: {build}: nothing was built with --coverage")
    return files


def add_file(lines, path, records):
    with open(path, encoding="utf-8") as stream:
        texts = stream.read().splitlines()
    for record in records:
        number = record["line_number"]
        lines.setdefault(number, Line(texts[number - 1].strip())).add(record)


def sums(lines):
    """Lines reached, lines, branches taken, branches."""
    branches = sum(len(line.branches) for line in lines)
    return (sum(line.count > 0 for line in lines), len(lines),
            branches - sum(line.missed() for line in lines), branches)


def percent(part, whole):
    """Rounded down, so that 100 means all."""
    return (1000 * part // whole) / 10 if whole else 100.0


def print_file(name, lines):
    reached, n, taken, branches = sums(lines)
    print(f"{name:28} lines {reached:5}/{n:5} {percent(reached, n):6.1f} %"
          f"   branches {taken:5}/{branches:5} {percent(taken, branches):6.1f} %")


def write_uncovered(files, path):
    with open(path, "w", encoding="utf-8") as stream:
        for name, lines in sorted(files.items()):
            for number, line in sorted(lines.items()):
                if line.count == 0 or line.missed():
                    print(f"{name}:{number}: {line.count}, branches {line.branches}: {line.text}",
                          file=stream)


def read_unreachable(path):
    """{(file, text): branches} of "FILE BRANCHES TEXT"; what is indented below is the reason."""
    listed, unexplained = {}, None
    with open(path, encoding="utf-8") as stream:
        for row in stream:
            if row.startswith("#") or not row.strip():
                continue
            if row[0].isspace():
                unexplained = None
                continue
            name, n, text = row.strip().split(" ", 2)
            if unexplained or (name, text) in listed:
                break
            listed[name, text] = int(n)
            unexplained = row
    if unexplained:
        sys.exit(f"coverage.py: {path}: no reason, or what follows is there twice: {unexplained}")
    return listed


def check_complete(files, listed):
    """Prints the branches that are missed and not listed, and what is listed in vain."""
    missed = {}
    for name in COMPLETE:
        for line in files[name].values():
            if line.missed():
                missed[name, line.text] = missed.get((name, line.text), 0) + line.missed()
    wrong = {key for key in missed.keys() | listed.keys() if missed.get(key, 0) != listed.get(key, 0)}
    for name, text in sorted(wrong):
        print(f"not ok: {name}: {missed.get((name, text), 0)} branches missed, "
              f"{listed.get((name, text), 0)} listed: {text}")
    return not wrong


def main():
    build = os.path.realpath(sys.argv[1])
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
    files = read_objects(build, os.path.join(top, "libkmod-devname"))
    listed = read_unreachable(os.path.join(top, "testsuite/unit/coverage-unreachable"))
    for name, lines in sorted(files.items()):
        print_file(name, list(lines.values()))
    every = [line for lines in files.values() for line in lines.values()]
    print_file("all", every)
    write_uncovered(files, os.path.join(build, "uncovered"))

    reached, n, taken, branches = sums(every)
    print(f"# count: lines {percent(reached, n)} %, branches {percent(taken, branches)} %"
          " of the library")
    good = check_complete(files, listed)
    if good:
        print(f"# count: every branch of {', '.join(COMPLETE)}, but for {sum(listed.values())}"
              " in coverage-unreachable")
    if percent(reached, n) < PERCENT or percent(taken, branches) < PERCENT:
        print(f"not ok: less than {PERCENT} % of the lines or branches of the library")
        good = False
    return 0 if good else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: coverage.py BUILD-DIRECTORY")
    sys.exit(main())
