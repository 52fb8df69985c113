#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""udev-rules.py make COUNT SEED FIRST DIR: writes the files nFIRST.rules and so on to DIR, each with
random rules for the node of its name.
udev-rules.py judge EXPECTED GOT MESSAGES: compares lines "NODE MODE UID GID" of udevd and of the
library. A node may have less than udevd gives it only if it has nothing, mode 0600 and root, and
there is a message about its file. Prints how many are the same, how many of these udevd has changed,
and how many have nothing; exit status 1 if one is wrong."""

import random
import sys

OWNERS = ["root", "alice", "daemon", "0", "1", "7", "999", "1001", "1234", "nosuch", "a b", "", "$x",
          "[a/b]c", "%k", "4294967294", "01"]
GROUPS = ["root", "disk", "kvm", "audio", "0", "6", "104", "998", "5000", "nosuch", "", "%k", "x:y"]
MODES = ["0666", "666", "0640", "0604", "0600", " 0660", "0", "0$x", "rw", "10666", "0668", ""]
CONDITIONS = ['KERNEL=="x"', 'KERNEL!="x|y"', 'SUBSYSTEM=="misc"', 'ACTION=="add"', 'ENV{a}=="b"',
              'ATTR{a}=="b"', 'ATTRS{a}!="b"', 'TEST=="/x"', 'TEST{0444}=="/x"', 'PROGRAM=="/x"',
              'RESULT=="y"', 'CONST{arch}=="x"', 'CONST{cvm}=="x"', 'KERNEL==i"X"', 'TAGS=="t"',
              'IMPORT{builtin}="path_id"', 'IMPORT{builtin}="nosuch"', 'IMPORT{builtin}="tpm2_id"',
              'IMPORT{program}="/x"', 'KERNEL=e"x"', 'KERNEL==e"\\x41"', 'KERNEL==e"\\q"', 'NOKEY=="x"']
ASSIGNMENTS = ['RUN+="/x"', 'RUN{builtin}+="kmod load x"', 'RUN{builtin}+="net_driver"', 'NAME="x"',
               'SYMLINK+="x"', 'SYMLINK-="x"', 'ENV{a}="b"', 'ENV{DEVNAME}="b"', 'ENV{DEVMODE}="b"',
               'TAG+="uaccess"', 'TAG-="x"', 'ATTR{a}="b"', 'SECLABEL{x}="y"', 'GOTO="end"',
               'LABEL="end"', 'OPTIONS+="watch"', 'OPTIONS+="link_priority=3"', 'OPTIONS+="nonsense"',
               'OPTIONS+="log_level=debug"', 'OPTIONS+="link_priority=0x3"', 'OPTIONS-="watch"', "junk"]


def random_rule(rng, node):
    """One rule with a line feed, or one of the other ends of lines, behind it."""
    name = rng.choice([node] * 12 + ["./" + node, "//" + node, node + "x", "%k" + node])
    tokens = [f'OPTIONS+="static_node={name}"'] if rng.random() < 0.95 else []
    operator = rng.choice(["=", "=", "=", ":=", "+=", "-=", "=="] if rng.random() < 0.2 else ["="])
    if rng.random() < 0.7:
        tokens.append(f'MODE{operator}"{rng.choice(MODES[:6] if rng.random() < 0.7 else MODES)}"')
    if rng.random() < 0.3:
        tokens.append(f'OWNER{operator}"{rng.choice(OWNERS[:8] if rng.random() < 0.6 else OWNERS)}"')
    if rng.random() < 0.4:
        tokens.append(f'GROUP{operator}"{rng.choice(GROUPS[:7] if rng.random() < 0.6 else GROUPS)}"')
    if rng.random() < 0.3:
        tokens.append(rng.choice(CONDITIONS))
    if rng.random() < 0.3:
        tokens.append(rng.choice(ASSIGNMENTS))
    rng.shuffle(tokens)
    text = rng.choice([", ", ",", " ", ", \\\n  ", ", \\\r\n", ", \\\n# comment\n"]).join(tokens)
    end = rng.choice(["\n"] * 12 + ["\r\n", "\r", "\0", "\r\r\n", "\n\r", " \\\n\n", "\\\\\n\n", " # x\n"])
    return rng.choice(["", "", "  ", "\t", ",", "# "] if rng.random() < 0.3 else [""]) + text + end


def make(count, seed, first, directory):
    for i in range(first, first + count):
        rng = random.Random(f"{seed} {i}")
        text = "".join(random_rule(rng, f"n{i}") for _ in range(rng.randint(1, 4)))
        with open(f"{directory}/n{i}.rules", "w", newline="") as file:
            file.write(text)


def judge(expected, got, messages):
    with open(messages) as file:
        said = file.read()
    same = changed = nothing = wrong = 0
    with open(expected) as udevd, open(got) as library:
        of_udevd, of_library = udevd.readlines(), library.readlines()
    if len(of_udevd) != len(of_library):
        sys.exit(f"{len(of_udevd)} nodes of udevd, and {len(of_library)} of the library")
    for theirs, our in zip(of_udevd, of_library):
        node = theirs.split()[0]
        if theirs == our:
            same += 1
            changed += " 600 0 0" not in theirs
        elif our == f"{node} 600 0 0\n" and f"/{node}.rules:" in said:
            nothing += 1
        else:
            wrong += 1
            print(f"udevd: {theirs.strip()}, and not {our.strip()}", file=sys.stderr)
    print(same, changed, nothing)
    return wrong > 0


if sys.argv[1] == "make":
    make(int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
else:
    sys.exit(judge(*sys.argv[2:]))
