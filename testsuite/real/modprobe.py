#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""modprobe.py SEED N: random configurations of modprobe.d, in the root directory "root".

Each is answered by modprobe, which runs in that root as the kernel runs it, before fake-kernel.c,
and by explain, both as another system's and as the running one's; check must agree with explain.
To be run in a mount namespace of its own; see modprobe.sh, which makes the root.
"""

import json
import os
import random
import shutil
import subprocess
import sys

VERSION = os.uname().release
MODULES = f"root/usr/lib/modules/{VERSION}"
DIRECTORIES = ["etc", "run", "usr/local/lib", "usr/lib"]
NAMES = ["a.conf", "b.conf", "m.conf", "modules.softdeq.conf", "z.conf"]
ODD_NAMES = ["x.alias", "c.conf~", ".hidden.conf", "noconf"]
CHROOT = ["chroot", "root", "/opt/ld.so", "--library-path", "/opt/lib"]


def read_modules():
    """Module -> path and names of what it needs, as modules.dep has them."""
    modules = {}
    with open(f"{MODULES}/modules.dep", encoding="ascii") as file:
        for line in file:
            path, needed = line.rstrip("\n").split(":")
            name = name_of(path)
            modules[name] = (path, [name_of(word) for word in needed.split()])
    return modules


def name_of(path):
    return os.path.basename(path).split(".")[0].replace("-", "_")


class Configuration:
    """What modprobe and explain shall agree on."""

    def __init__(self, rng, modules):
        self.rng = rng
        self.modules = modules
        self.commands = 0
        self.files = {}
        for _ in range(rng.randint(1, 5)):
            self.add_file()
        self.loaded = self.pick_loaded() if rng.random() < 0.4 else []
        self.missing = [m for m in modules if rng.random() < 0.04]
        self.cmdline = self.make_cmdline()
        self.number = self.make_number()

    def name(self):
        name = self.rng.choice(list(self.modules) + ["no_such"])
        return name.replace("_", self.rng.choice("-_"))

    def pattern(self):
        name = self.name()
        kind = self.rng.random()
        if kind < 0.8:
            return name
        if kind < 0.9:
            return name[:-1] + self.rng.choice(["*", "?"])
        return f"[{name[0]}]{name[1:]}"

    def alias(self):
        kind = self.rng.random()
        if kind < 0.5:
            return self.rng.choice(["char-major-10-229", "char-major-10-203", "char-major-10-*",
                                    "char-major-116-1", "char-major-240-5", "char-major-240",
                                    "char-major-10-2[0-2]?", "block-major-7-0"])
        return self.name()

    def softdep(self):
        words = []
        for word in self.rng.sample(["pre:", "post:"], self.rng.randint(1, 2)):
            words += [word] + [self.name() for _ in range(self.rng.randint(1, 3))]
        return self.rng.choice(["", "", "", " ", "  "]) + " ".join(words)

    def statement(self):
        self.commands += 1
        rng = self.rng
        return rng.choice([
            lambda: f"alias {self.alias()} {rng.choice([self.name(), self.name(), 'off'])}",
            lambda: f"blacklist {self.name()}",
            lambda: f"blacklist {self.name()}",
            lambda: f"install {self.pattern()} run-{self.commands}",
            lambda: f"install {self.alias()} run-{self.commands}",
            lambda: f"remove {self.pattern()} undo-{self.commands}",
            lambda: f"softdep {self.pattern()} {self.softdep()}",
            lambda: f"softdep {self.name()} {self.softdep()}",
            lambda: f"softdep {self.name()} \\\n{rng.choice(['', ' ', chr(9)])}{self.softdep()}",
            lambda: f"options {self.name()} a=b",
            lambda: f"weakdep {self.name()} {self.name()}",
            lambda: rng.choice(["# blacklist fuse", "frob fuse", "blacklist", "", "alias [ fuse",
                                " \tblacklist \t tun  # no comment", "blacklist fuse\r"]),
        ])()

    def line(self):
        """A statement, sometimes with a backslash, also behind another one or the end."""
        text = self.statement()
        at = self.rng.randint(0, len(text))
        return text[:at] + "\\" + text[at:] if self.rng.random() < 0.08 else text

    def add_file(self):
        rng = self.rng
        name = rng.choice(NAMES) if rng.random() < 0.85 else rng.choice(ODD_NAMES)
        path = f"root/{rng.choice(DIRECTORIES)}/modprobe.d/{name}"
        if rng.random() < 0.1:
            self.files[path] = None
        else:
            lines = [self.line() for _ in range(rng.randint(1, 4))]
            text = "\n".join(lines)
            # kmod 30 takes the end of a file for the byte behind a backslash
            end = "\n" if text.endswith("\\") else rng.choice(["\n", "\n", ""])
            self.files[path] = text + end

    def pick_loaded(self):
        """Modules, each with all that it needs."""
        loaded = set()
        for module in self.rng.sample(list(self.modules), self.rng.randint(1, 4)):
            loaded.update([module] + self.modules[module][1])
        return sorted(loaded)

    def make_cmdline(self):
        names = ",".join(self.name() for _ in range(self.rng.randint(1, 3)))
        return self.rng.choice(["quiet", "quiet", "quiet", f"quiet modprobe.blacklist={names}",
                                f'modprobe.blacklist="{names}" ro',
                                f'"modprobe.blacklist={names}" ro']) + "\n"

    def make_number(self):
        return self.rng.choice(["c10:229", "c10:203", "c10:200", "c116:1", "c116:7", "c240:5",
                                "c10:77", "b7:0", "c10:90", "c10:91", "c4:64"])

    def write(self):
        for directory in DIRECTORIES:
            shutil.rmtree(f"root/{directory}/modprobe.d", ignore_errors=True)
            os.makedirs(f"root/{directory}/modprobe.d")
        for path, text in self.files.items():
            if text is None:
                os.symlink("/dev/null", path)
            else:
                with open(path, "w", encoding="ascii", newline="") as file:
                    file.write(text)
        for module, (path, _) in self.modules.items():
            file, away = f"{MODULES}/{path}", f"{MODULES}/{path}.away"
            if module in self.missing and os.path.exists(file):
                os.rename(file, away)
            elif module not in self.missing and os.path.exists(away):
                os.rename(away, file)
        with open("cmdline", "w", encoding="ascii") as file:
            file.write(self.cmdline)

    def set_loaded(self, loaded):
        shutil.rmtree("root/sys/module", ignore_errors=True)
        os.makedirs("root/sys/module")
        for module in loaded:
            os.mkdir(f"root/sys/module/{module}")
            with open(f"root/sys/module/{module}/initstate", "w", encoding="ascii") as file:
                file.write("live\n")

    def describe(self):
        for path, text in sorted(self.files.items()):
            print(f"--- {path}\n{'-> /dev/null' if text is None else text}", file=sys.stderr)
        print(f"--- {self.number}, loaded {self.loaded}, missing {self.missing}, {self.cmdline}",
              file=sys.stderr)


def run_modprobe(aliases):
    """What happens, and how each modprobe ends: one for each alias that the kernel asks for."""
    log = "root/tmp/log"
    ends = []
    with open(log, "w", encoding="ascii"):
        pass
    for alias in aliases:
        command = CHROOT + ["--preload", "/opt/lib/fake-kernel.so", "/opt/modprobe", "-q", "--"]
        environment = {"FAKE_KERNEL_LOG": "/tmp/log", "FAKE_KERNEL_NEEDS": "/tmp/needs",
                       "PATH": os.environ["PATH"]}
        done = subprocess.run(command + [alias], env=environment, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"modprobe ends with {done.returncode}")
        ends.append(done.returncode)
    with open(log, encoding="ascii") as file:
        return [line.rstrip("\n") for line in file], ends


def run_ours(kind, verb, *operands):
    """Of the running system in its root, of another one from outside."""
    if kind == "running":
        command = CHROOT + ["/opt/kmod-devname", verb]
    else:
        command = ["kmod-devname", verb, "-b", "root"]
    done = subprocess.run(command + list(operands) + [VERSION], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, encoding="utf-8", check=False)
    if done.returncode > 1:
        raise RuntimeError(f"{verb} ends with {done.returncode}: {done.stderr}")
    return done.stdout


def told(modules):
    """In the words of the fake kernel."""
    happens = []
    for module in modules:
        if module["result"] == "loads":
            happens.append(f"insmod {module['name']}")
        elif module["command"] is not None:
            happens.append(f"command {module['command']}")
    return happens


def first_of_each(lines):
    return list(dict.fromkeys(lines))


def count_outcome(counts, happened, ends):
    """A comparison in which modprobe never does a thing shows nothing about it."""
    counts["loaded"] += any(line.startswith("insmod ") for line in happened)
    counts["ran a command"] += any(line.startswith("command ") for line in happened)
    counts["failed"] += ends[-1:] == [1]
    counts["did nothing"] += not happened


def contradiction(modules, verdict, happened, ends):
    """What modprobe's log and exit status have against the verdict, or None.

    modprobe ends as the last module of an alias does; the commands of the fake kernel fail."""
    results = [module["result"] for module in modules if module["role"] == "alias"]
    good = [result in ("loads", "loaded", "built-in") for result in results]
    says_good = verdict["opens"] or ", and not " in verdict["text"]
    if verdict["result"] == "loads" and not any(line.startswith("insmod ") for line in happened):
        return "modprobe loads nothing"
    if any(good) and not says_good:
        return "a module of the alias is there"
    if good and all(good) and ends[-1:] == [1]:
        return "modprobe fails"
    if ends[-1:] == [0] and not any(good) and "blacklisted" not in results:
        return "modprobe does not fail"
    return None


def compare(configuration, kind, counts):
    """The number of differences."""
    loaded = configuration.loaded if kind == "running" else []
    configuration.set_loaded(loaded)
    answer = json.loads(run_ours(kind, "explain", "--json", configuration.number))
    verdict, modules = answer["verdict"], answer["modules"]
    differences = compare_check(configuration, kind, verdict)
    happened, ends = run_modprobe(answer["kernel"]["aliases"])
    count_outcome(counts, happened, ends)
    says, happened = first_of_each(told(modules)), first_of_each(happened)
    problem = contradiction(modules, verdict, happened, ends)
    # the kernel asks again after a failure
    if says == happened and 0 not in ends[:-1] and not problem:
        return differences
    print(f"{kind}: explain {says}, modprobe {happened} {ends}: {verdict['text']}: {problem}",
          file=sys.stderr)
    configuration.describe()
    return differences + 1


def compare_check(configuration, kind, verdict):
    """check says that a node does not load its module exactly where explain does.

    It asks for nodes that modules declare, and reads these: one without its file declares none."""
    with open(f"{MODULES}/modules.devname", encoding="ascii") as file:
        nodes = [line.split() for line in file if not line.startswith("#")]
    nodes = [node for node in nodes
             if node[2] == configuration.number and node[0] not in configuration.missing]
    if not nodes:
        return 0
    out = run_ours(kind, "check", "-v")
    says = f"opening '{nodes[0][1]}' ({configuration.number}) does not load module" in out
    if says != verdict["opens"]:
        return 0
    print(f"{kind}: check differs from explain: {verdict['text']}\n{out}", file=sys.stderr)
    configuration.describe()
    return 1


def main():
    seed, n = int(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(seed)
    modules = read_modules()
    differences = 0
    counts = dict.fromkeys(["loaded", "ran a command", "failed", "did nothing"], 0)
    with open("root/tmp/needs", "w", encoding="ascii") as file:
        for module, (_, needed) in modules.items():
            file.write(f"{module}: {' '.join(needed)}\n")
    for _ in range(n):
        configuration = Configuration(rng, modules)
        configuration.write()
        differences += compare(configuration, "running", counts)
        configuration.cmdline = "quiet\n"
        configuration.write()
        differences += compare(configuration, "image", counts)
    print(f"{n} configurations, seed {seed}: {differences} differences; modprobe " +
          ", ".join(f"{word} {count} times" for word, count in counts.items()))
    return int(differences > 0 or 0 in counts.values())


if __name__ == "__main__":
    sys.exit(main())
