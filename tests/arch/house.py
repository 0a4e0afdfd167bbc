#!/usr/bin/env python3
"""All rules of the house in one run, and the two that look at whole files: their size and their words.

usage: house.py ROOT [RULE...]     exit status 1 and one line a breach when a rule is broken"""
import re
import sys

import rooms
import traps
import tree

LONGEST = 500
LONGEST_TEST = 600
WRITTEN = (".cpp", ".hpp", ".py", ".sh")

# Spelt in pieces, so that this file does not find itself.
PROMISES = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
# A path that exists on one developer's machine only; /home/NAME in a guest or an example is not meant.
SOMEBODYS_PATH = re.compile(r"(?<![\w.~$}-])/(?:wo" + r"rk/|Use" + r"rs/|home/[a-z]+/(?:src|work|code|git|projects)/|ro" +
                            r"ot/[a-z]+/src/)")


def check_length(sources):
    """One concept a file: 300 lines is a lot, at 500 it is split."""
    breaches = []
    for source in sources:
        bound = LONGEST_TEST if source.path.startswith("tests/") else LONGEST
        lines = source.text.count("\n")
        is_script = "." not in source.path.rpartition("/")[2] and source.text.startswith("#!")
        if (source.path.endswith(WRITTEN) or is_script) and lines > bound:
            breaches.append(tree.Breach(source.path, lines, f"{lines} lines, {bound} is the end: split it by concept"))
    return breaches


def check_pragma_once(sources):
    return [tree.Breach(source.path, 1, "a header opens with #pragma once") for source in tree.cxx(sources)
            if source.path.endswith(".hpp") and not source.text.startswith("#pragma once\n")]


def check_words(sources):
    """Nothing is promised in a comment, nothing points into one developer's machine."""
    breaches = []
    for source in sources:
        breaches += [source.breach(match.start(), f"{match.group()}: do it, or open an issue")
                     for match in PROMISES.finditer(source.text)]
        breaches += [source.breach(match.start(), f"{match.group()}... is a path of one machine")
                     for match in SOMEBODYS_PATH.finditer(source.text)]
    return breaches


# Spelt in pieces, as above. A kernel feature that the build machine may lack, asked of that machine itself.
KERNEL_NEEDS = re.compile(r"(?:shell|system|popen|run|check_call|check_output)\([^;]*?"
                          r"(?:type (?:bo" + r"nd|vl" + r"an|du" + r"mmy)\b|mod" + r"probe|/sbin/md" + r"adm|/dev/md\d)", re.S)


def check_kernel_needs(sources):
    """md, bonds and VLANs are tested in the virtual machine: no other test may want them of the machine that builds."""
    return [source.breach(match.start(), "asks this machine's kernel for what it may lack: test it in tests/vm")
            for source in sources
            if source.path.startswith("tests/") and not source.path.startswith(("tests/vm/", "tests/arch/"))
            for match in KERNEL_NEEDS.finditer(source.text)]


def run(rules, arguments):
    """Runs the named rules, or all of them, over the tree at arguments[0]; prints each breach."""
    if not arguments or arguments[0].startswith("-"):
        print(f"usage: {sys.argv[0]} ROOT [{' '.join(rules)}]", file=sys.stderr)
        return 2
    sources = tree.files(arguments[0])
    names = arguments[1:] or list(rules)
    if unknown := [name for name in names if name not in rules]:
        print(f"no such rule: {' '.join(unknown)}; there are {' '.join(rules)}", file=sys.stderr)
        return 2
    breaches = [(name, breach) for name in names for breach in rules[name](sources)]
    for name, breach in breaches:
        print(f"{breach} [{name}]")
    if not breaches:
        print(f"{len(sources)} files keep {', '.join(names)}")
    return 1 if breaches else 0


RULES = {
    **rooms.RULES,
    **traps.RULES,
    "kernel_needs": check_kernel_needs,
    "length": check_length,
    "pragma_once": check_pragma_once,
    "words": check_words,
}

if __name__ == "__main__":
    sys.exit(run(RULES, sys.argv[1:]))
