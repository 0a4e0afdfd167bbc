#!/usr/bin/env python3
"""Holds every .hpp and .cpp against .clang-format.

usage: format.py ROOT [--fix]     exit status 1 and clang-format's own words where a file differs"""
import os
import shutil
import subprocess
import sys

import tree


def main(arguments):
    root = arguments[0]
    paths = [source.path for source in tree.cxx(tree.files(root))]
    program = shutil.which("clang-format-19")
    if not program:
        print("clang-format-19 is missing: run tools/install-packages", file=sys.stderr)
        return 1
    mode = ["-i"] if "--fix" in arguments else ["--dry-run", "-Werror"]
    share = max(1, -(-len(paths) // (os.cpu_count() or 1)))
    running = [subprocess.Popen([program, *mode, *paths[at:at + share]], cwd=root) for at in range(0, len(paths), share)]
    failed = sum(process.wait() != 0 for process in running)
    print(f"{len(paths)} files" + (": run tools/dev fmt" if failed else " are formatted"))
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1:]))
