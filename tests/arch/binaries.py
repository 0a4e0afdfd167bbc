#!/usr/bin/env python3
"""What is shipped is hardened: every program and module, as `cmake --install --strip` lays it down.
Not asked for is the note of CET (IBT, SHSTK): Debian 12's crt1.o has none, so no program that is linked there can.

usage: binaries.py BUILD     exit status 1 and one line a breach"""
import os
import pathlib
import subprocess
import sys
import tempfile

PREFIX = "/usr"


def elf_files(folder):
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with open(path, "rb") as file:
                if file.read(4) == b"\x7fELF":
                    yield path


def readelf(option, path):
    return subprocess.run(["readelf", "--wide", option, path], check=True, capture_output=True, text=True).stdout


def breaches(path):
    """What the file lacks, a clause each."""
    header, segments, dynamic, symbols = (readelf(option, path) for option in ("-h", "-l", "-d", "--dyn-syms"))
    is_program = "INTERP" in segments
    rules = [
        ("DYN" in header, "is not position-independent"),
        (not is_program or "PIE" in dynamic, "is no position-independent program (PIE)"),
        ("GNU_RELRO" in segments, "keeps its relocations writable (RELRO)"),
        ("BIND_NOW" in dynamic, "binds when it is first called (-z now)"),
        (not any(line.split()[:1] == ["LOAD"] and "RWE" in line for line in segments.splitlines()), "has memory to write and to run"),
        ("TEXTREL" not in dynamic, "has relocations in its code"),
        (any("GNU_STACK" in line and "RW " in line for line in segments.splitlines()), "has an executable stack"),
        ("__stack_chk_fail" in symbols, "has no stack protector"),
        (any("_chk@" in line for line in symbols.splitlines()), "was made without _FORTIFY_SOURCE"),
    ]
    found = [why for holds, why in rules if not holds]
    # A library is looked for in the system's folders and in our own: never where somebody else may write.
    for line in dynamic.splitlines():
        if "RPATH" in line or "RUNPATH" in line:
            for folder in line.split("[", 1)[1].rstrip("]").split(":"):
                if not folder.startswith(f"{PREFIX}/lib"):
                    found.append(f"looks for libraries in {folder or 'the current folder'}")
    return found


def main(build):
    with tempfile.TemporaryDirectory() as stage:
        subprocess.run(["cmake", "--install", build, "--prefix", PREFIX, "--strip"], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "DESTDIR": stage})
        files = list(elf_files(pathlib.Path(stage)))
        all_breaches = [f"/{path.relative_to(stage)}: {why}" for path in files for why in breaches(path)]
        print("\n".join(all_breaches) if all_breaches else f"{len(files)} files are hardened")
        return 1 if all_breaches or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
