#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# judge-opens.py USER EXCEPTIONS < OPENED: compares what explain said of nodes with what came of
# opening them. OPENED has the lines of open-nodes, which ran "kmod-devname explain --json". Prints
# how many nodes agree; each difference first, and then the exit status is 1. EXCEPTIONS is a file
# like system-exceptions.

import fnmatch
import json
import re
import sys

LINE = re.compile(r"(\S+) status=(\d+) read=(\S+) write=(\S+) modules=(\S*) said=(.*)")
DENIED = ("Permission_denied", "Operation_not_permitted")


def differences(status, read, write, modules, answer):
    """Yields what explain has got wrong."""
    opens = "ok" in (read, write)
    # a plain file opens, and no driver is reached
    opens = opens and answer["node"]["state"] != "no-device"
    if status != (0 if opens else 1):
        yield f"exit status {status}"
    if answer["verdict"]["opens"] != opens:
        yield f"opens is {answer['verdict']['opens']}"
    error = answer["verdict"]["text"].partition("opening it fails: ")[2].replace(" ", "_")
    if error and error not in (read, write):
        yield f"the error is {error}"
    # mode and owner may allow what the mount does not
    is_nodev = any(obstacle["kind"] == "nodev" for obstacle in answer["obstacles"])
    for right, result in (("may_read", read), ("may_write", write)):
        may = answer["node"][right]
        if may is False and result == "ok" or may and result in DENIED and not is_nodev:
            yield f"{right} is {may}"
    loads = {module["name"] for module in answer["modules"] if module["result"] == "loads"}
    expected = loads if any(result not in DENIED for result in (read, write)) else set()
    if expected != modules:
        yield f"modules {','.join(sorted(expected)) or 'none'}"


def judge(line):
    """Returns the path, the results of opening it, and what explain has got wrong, or None."""
    match = LINE.fullmatch(line.rstrip("\n"))
    if not match:
        sys.exit(f"judge-opens.py: no line of open-nodes: {line}")
    path, status, read, write, modules, said = match.groups()
    try:
        answer = json.loads(said)
        loaded = {name for name in modules.split(",") if name}
        wrong = "; ".join(differences(int(status), read, write, loaded, answer))
        verdict = answer["verdict"]["text"]
    except (ValueError, KeyError, TypeError) as error:
        wrong, verdict = repr(error), "no answer"
    opened = f"reading: {read}, writing: {write}, loaded: {modules or 'none'}"
    return path, read, write, wrong and f"{path}: {verdict}: {wrong}, but {opened}"


def read_exceptions(name, user):
    with open(name, encoding="ascii") as file:
        rows = [line.split(None, 4) for line in file if line.strip() and not line.startswith("#")]
    return [row for row in rows if row[0] in (user, "all")]


def main(user, exceptions):
    rows = read_exceptions(exceptions, user)
    used, agreed, excepted, failed = set(), 0, 0, False
    for line in sys.stdin:
        path, read, write, wrong = judge(line)
        key = next((i for i, (_, glob, *results, _) in enumerate(rows)
                    if fnmatch.fnmatch(path, glob) and results == [read, write]), None)
        if not wrong:
            agreed += 1
        elif key is None:
            failed = True
            print(wrong)
        else:
            excepted += 1
            used.add(key)
    for i, row in enumerate(rows):
        if i not in used and row[0] != "all":
            failed = True
            print("this exception is none:", " ".join(row))
    print(f"{user}: {agreed} nodes open as explain says, {excepted} by exception")
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
