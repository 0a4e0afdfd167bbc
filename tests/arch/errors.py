#!/usr/bin/env python3
"""Keeps docs/errors.md true: its table of codes is made by error_table, and each message in it is in the source.

usage: errors.py ERROR_TABLE          puts the table of codes into docs/errors.md
       errors.py ERROR_TABLE --check  exit 1 when the table is out of date or a message is in no source file"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/errors.md"
SOURCES = ("agent", "core", "sys", "raid", "netcfg", "cloudinit")
BEGIN = "<!-- begin of codes: made by tests/arch/errors.py from core/error.hpp -->\n"
END = "<!-- end of codes -->\n"
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
CELL = re.compile(r"^\|(.*)\|$", re.M)
QUOTED = re.compile(r"`` (.+?) ``|`([^`]+)`")  # as Markdown has it: two where the text holds one itself
LEAST = 4  # letters; less than that is everywhere


def literals(text):
    """String literals of C++ as the compiler joins them, in their order; what stands between two by a newline for each."""
    text = re.sub(r"^[ \t]*(?://|#include)[^\n]*", "", text, flags=re.M)
    pieces, end = [], None
    for match in LITERAL.finditer(text):
        between = text[end:match.start()] if end is not None else "x"
        if between.strip():
            pieces.append("\n")
        pieces.append(match.group(1).replace('\\"', '"').replace("\\'", "'"))
        end = match.end()
    return "".join(pieces)


def messages(page):
    """The quotations in the first cells of the tables below the codes."""
    found = []
    for row in CELL.findall(page.partition(END)[2]):
        cell = row.split(" | ")[0].strip()
        if cell == "message" or set(cell) <= set("-|"):
            continue
        found += [match.group(1) or match.group(2) for match in QUOTED.finditer(cell)] or [cell]
    return found


def fragments(message):
    return [piece.strip() for piece in message.split("…") if len(piece.strip()) >= LEAST]


def judge(page, table, sources):
    """What is wrong with the page, a line each. `sources`: {path: literals}."""
    wrong = []
    if table not in page or page.partition(BEGIN)[2].partition(END)[0] != table:
        wrong.append("docs/errors.md: its table of codes is out of date: run tests/arch/errors.py with the built error_table")
    told = messages(page)
    if not told:
        wrong.append("docs/errors.md: it tells of no message")
    for message in told:
        pieces = fragments(message)
        if not pieces:
            wrong.append(f"docs/errors.md: nothing of {message!r} can be looked for")
        elif not any(all(piece in text for piece in pieces) for text in sources.values()):
            wrong.append(f"docs/errors.md: no source file says {message!r}")
    return wrong


def read_sources(root):
    return {path: literals(path.read_text()) for folder in SOURCES for path in sorted((root / folder).rglob("*"))
            if path.suffix in (".cpp", ".hpp")}


def main(arguments):
    check = "--check" in arguments
    program = [word for word in arguments if not word.startswith("-")]
    if len(program) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    table = subprocess.run(program, check=True, capture_output=True, text=True).stdout
    page = PAGE.read_text()
    if not check:
        before, _, rest = page.partition(BEGIN)
        page = before + BEGIN + table + END + rest.partition(END)[2]
        PAGE.write_text(page)
    wrong = judge(page, table, read_sources(ROOT))
    print("\n".join(wrong) or f"{table.count(chr(10)) - 2} codes and {len(messages(page))} messages are as the source has them")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
