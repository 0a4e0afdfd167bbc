#!/usr/bin/env python3
"""The project's shell scripts, as shellcheck reads them.

usage: shell.py SOURCE     exit status 1 and shellcheck's words"""
import pathlib
import subprocess
import sys


def scripts(root):
    """Tracked files that a shell runs, each with what shellcheck is to take it for."""
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z"], check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        path = pathlib.Path(root, name)
        if path.is_file() and not path.is_symlink():
            with open(path, "rb") as file:
                first = file.readline(80)
            if first.startswith(b"#!") and first.split()[-1].rpartition(b"/")[2] in (b"sh", b"bash", b"dash"):
                yield str(path), ["--shell=dash"] if b"busybox" in first else []


def main(root):
    found = sorted(scripts(root))
    failed = [path for path, dialect in found
              if subprocess.run(["shellcheck", "--severity=warning", *dialect, path]).returncode != 0]
    print(f"{len(found)} scripts read, {len(failed)} with faults")
    return 1 if failed or not found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
