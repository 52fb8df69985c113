#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""depmod-config.py COUNT SEED MODULES: random configurations of depmod.d(5), and trees with several
files of a module, in the current directory. MODULES has the modules 1.ko to 16.ko, each with a node
of its own. What depmod lists in any order of readdir(3) must be what generate lists. Prints how many
configurations depend on the order, and how many were compared; exit status 1 if one differs."""

import os
import random
import shutil
import subprocess
import sys

VERSION = "6.1.0"
TREE = "root/lib/modules/" + VERSION
HERE = os.getcwd()

DIRECTORIES = ["kernel", "kernel/fs", "updates", "updates/dkms", "extra", "extra/deep", "weak-updates",
               "built-in", "external", "a", "ab", "a/b", ""]
EXTERNALS = ["/ext1", "/ext2", "/ext1/sub", "/root/lib/modules/6.1.0/extra",
             "/root/lib/modules/6.1.0/a", "/none"]
NAMES = [["fuse.ko"], ["snd-seq.ko", "snd_seq.ko"], ["q.ko", "q.x.ko", "q.ko.y.ko"]]
ORDERS = ["up", "down", "1", "2", "3"]


def random_statement(rng):
    """One line; externals are directories of the host, as depmod takes them."""
    directory = rng.choice(DIRECTORIES) or "kernel"
    external = HERE + rng.choice(EXTERNALS)
    kernel = rng.choice(["*", "*", "^6", "6.1", r"^5\.", "6.[12].0$", "("])
    module = rng.choice(["fuse", "snd-seq", "snd_seq", "q", "q.x"])
    kind = rng.random()
    if kind < 0.4:
        words = ["built-in", "external", "updates", "extra", "weak-updates", "a", "ab", "kernel/",
                 external, directory, "fuse"]
        return "search " + " ".join(rng.choice(words) for _ in range(rng.randint(1, 4)))
    if kind < 0.65:
        return f"override {module} {kernel} {directory}"
    if kind < 0.9:
        return f"external {kernel} {external}" + rng.choice(["", "", "/"])
    if kind < 0.95:
        return "exclude " + rng.choice(["extra", "fuse.ko", "deep", "q.x.ko", "none"])
    return rng.choice(["# search a", "rubbish", "search", "override fuse", "external *"])


def with_backslash(rng, line):
    """Sometimes one anywhere, also behind a backslash or the end, where it joins the next line."""
    at = rng.randint(0, len(line))
    return line[:at] + "\\" + line[at:] if rng.random() < 0.1 else line


def make_case(rng, modules):
    """A tree, external directories and the files of a configuration."""
    for name in ("root", "ext1", "ext2", "conf"):
        shutil.rmtree(name, ignore_errors=True)
    os.makedirs(TREE)
    os.mkdir("conf")
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        open(f"{TREE}/{name}", "w").close()
    minor = 0
    for names in rng.sample(NAMES, rng.randint(1, 3)):
        for _ in range(rng.randint(1, 4)):
            if rng.random() < 0.35:
                directory = HERE + rng.choice(EXTERNALS[:4])
            else:
                directory = f"{TREE}/{rng.choice(DIRECTORIES)}"
            path = os.path.join(directory, rng.choice(names))
            minor += 1
            os.makedirs(directory, exist_ok=True)
            if not os.path.exists(path):
                shutil.copy(f"{modules}/{minor}.ko", path)
    for i in range(rng.randint(0, 3)):
        lines = [with_backslash(rng, random_statement(rng)) for _ in range(rng.randint(1, 4))]
        with open(f"conf/{i}.conf", "w") as file:
            file.write("\n".join(lines) + "\n")


def nodes(text):
    return sorted(line for line in text.splitlines() if not line.startswith("#"))


def depmod_nodes(order):
    environment = dict(os.environ, LD_PRELOAD=HERE + "/shuffle-readdir.so", READDIR_ORDER=order)
    subprocess.run([os.environ["DEPMOD"], "-b", HERE + "/root", "-C", "conf", VERSION],
                   env=environment, stderr=subprocess.DEVNULL, check=True)
    with open(TREE + "/modules.devname") as file:
        return nodes(file.read())


def our_nodes():
    # the host's root directory, in which the external ones of depmod are
    run = subprocess.run(["kmod-devname", "generate", "-n", "-m", HERE + "/root/lib/modules",
                          "-C", "conf", VERSION], capture_output=True, text=True, check=True)
    return nodes(run.stdout)


def main():
    count, seed, modules = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    depends = differ = 0
    for i in range(count):
        rng = random.Random(f"{seed} {i}")
        make_case(rng, modules)
        wanted = [depmod_nodes(order) for order in ORDERS]
        if any(other != wanted[0] for other in wanted):
            depends += 1
            continue
        got = our_nodes()
        if got != wanted[0]:
            differ += 1
            print(f"configuration {i} of seed {seed}: {got} instead of {wanted[0]}", file=sys.stderr)
            subprocess.run(["sh", "-c", "cat conf/*; find root/lib ext1 ext2 -name '*.ko'"],
                           stdout=sys.stderr, stderr=sys.stderr, check=False)
    print(depends, count - depends)
    sys.exit(differ > 0)


main()
