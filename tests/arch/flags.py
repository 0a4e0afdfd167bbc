#!/usr/bin/env python3
"""Every translation unit of a build is compiled with the flags that g++ 12 needs, with warnings as errors, and what is
released with what checks buffers.

usage: flags.py BUILD     exit status 1 and one line for each flag that a command of compile_commands.json lacks"""
import json
import pathlib
import shlex
import sys

# -fno-tree-slp-vectorize: g++ 12.2 -O2 miscompiles coroutine frames without it.
# In what is released besides: what checks the sizes of buffers. Debian 12's g++ has level 3.
RELEASED = {"-D_FORTIFY_SOURCE=3", "-fstack-protector-strong"}
NEEDED = {"-std=c++23", "-fno-tree-slp-vectorize", "-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-Wshadow"}


def lacking(commands):
    """(file, flag) for each needed flag that a compile command does not end up with."""
    missing = []
    for command in commands:
        words = set(command.get("arguments") or shlex.split(command["command"]))
        if "-ftree-slp-vectorize" in words:
            words.discard("-fno-tree-slp-vectorize")
        released = "-DNDEBUG" in words and not any(word.startswith("-fsanitize") for word in words)
        missing += [(command["file"], flag) for flag in sorted((NEEDED | RELEASED if released else NEEDED) - words)]
    return missing


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    commands = json.loads(pathlib.Path(arguments[0], "compile_commands.json").read_text())
    missing = lacking(commands)
    for file, flag in missing:
        print(f"{file}: compiled without {flag}; link the target to `house`")
    print(f"{len(commands)} compile commands")
    return 1 if missing or not commands else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
