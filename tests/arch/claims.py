#!/usr/bin/env python3
"""Makes docs/claims.md of tests/claims.cmake and of the labels that ctest knows.

usage: claims.py BUILD          writes docs/claims.md
       claims.py BUILD --check  exit 1 when the file is out of date, when a claim names a test that does not exist, or
                                when one without a test is not listed as pending, or when a page says that something
                                is shown by a test that does not exist; 77 (skipped) when not all is built"""
import dataclasses
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77

SECTIONS = {
    "1": "The house",
    "2": "Two commands",
    "3": "The daemon and its command",
    "4": "The spec",
    "5": "What is applied",
    "6": "Links",
    "7": "Shown by tests",
    "8": "The network, live",
    "9": "RAID controllers",
    "10": "Nothing lost",
}
PAGES = ("docs/reliability.md", "docs/threat-model.md")  # the last column of their tables names tests
KINDS = ("unit", "netns", "vm", "arch", "samples", "campaign")  # labels that people choose tests by: `ctest -L` matches anywhere
CLAIM = re.compile(r'^claim\(\s*(\S+)\s+"([^"]*)"([^)]*)\)', re.M)
PENDING = re.compile(r"^pending\(([^)]*)\)", re.M)


@dataclasses.dataclass
class Claim:
    id: str
    sentence: str
    wanted: list  # the tests that tests/claims.cmake names


def read_claims(text):
    """(claims in their order, the set of pending ids) from the text of tests/claims.cmake."""
    text = re.sub(r"^\s*#.*$", "", text, flags=re.M)
    claims = [Claim(match[1], match[2], match[3].split()) for match in CLAIM.finditer(text)]
    return claims, {word for match in PENDING.finditer(text) for word in match[1].split()}


def ctest(build):
    """ctest's own account of the tests of a build folder.

    Asked from a folder beside it: ctest overwrites the log of the run it is part of."""
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "CTestTestfile.cmake").write_text(f'subdirs("{pathlib.Path(build).resolve()}")\n')
        answer = subprocess.run(["ctest", "--show-only=json-v1"], cwd=folder, check=True, capture_output=True, text=True)
    return json.loads(answer.stdout)


def labels(account):
    """{test: set of labels}"""
    found = {}
    for test in account["tests"]:
        properties = {entry["name"]: entry["value"] for entry in test.get("properties", [])}
        found[test["name"]] = set(properties.get("LABELS", []))
    return found


def judge(claims, pending, tests):
    """What is wrong with the claims, a line each."""
    wrong, seen = [], set()
    for claim in claims:
        if claim.id in seen:
            wrong.append(f"{claim.id}: claimed twice")
        seen.add(claim.id)
        if claim.id.split(".")[0] not in SECTIONS:
            wrong.append(f"{claim.id}: its section is none of {', '.join(SECTIONS)}")
        if kinds := [kind for kind in KINDS if kind in claim.id]:
            wrong.append(f"{claim.id}: `ctest -L {kinds[0]}` would choose its tests too; find another id")
        if "|" in claim.sentence:
            wrong.append(f"{claim.id}: no '|' in a sentence, it becomes a table's cell")
        for name in claim.wanted:
            if name not in tests:
                wrong.append(f"{claim.id}: no test is named {name}")
            elif f"claim:{claim.id}" not in tests[name]:
                wrong.append(f"{claim.id}: {name} exists but ctest does not label it; is it added after tests/arch/labels?")
        if not claim.wanted and claim.id not in pending:
            wrong.append(f"{claim.id}: no test shows it; name one in tests/claims.cmake or list it as pending")
        if claim.wanted and claim.id in pending:
            wrong.append(f"{claim.id}: is shown, so it is pending no more")
    wrong += [f"{id}: is pending but not claimed" for id in sorted(pending - seen)]
    return wrong


def judge_page(text, tests):
    """The tests and groups of tests that a page's tables name and that do not exist, a line each."""
    named, inside = set(), False
    for line in text.splitlines():
        cell = line.strip().rstrip("|").rpartition("|")[2].strip()
        inside = line.startswith("|") and (inside or cell == "shown by")
        if inside:
            named |= set(re.findall(r"`([^`]+)`", re.sub(r"\([^)]*\)", "", cell)))
    return [f"no test is named {name}, or begins with that" for name in sorted(named)
            if not any(test == name or test.startswith(name + ".") for test in tests)]


def render(claims, tests):
    """docs/claims.md as text."""
    shown = sum(bool(claim.wanted) for claim in claims)
    lines = ["# Claims", "",
             "What metalwright claims, and the tests that show it. Made by `tests/arch/claims.py` from `tests/claims.cmake` and",
             "from ctest's labels: change it there. One claim's tests run with `ctest --test-dir build/release -L claim:ID`.",
             "", f"{shown} of {len(claims)} claims are shown by a test."]
    for number, title in SECTIONS.items():
        rows = [claim for claim in claims if claim.id.split(".")[0] == number]
        if not rows:
            continue
        lines += ["", f"## {number}. {title}", "", "| claim | | shown by |", "|---|---|---|"]
        for claim in rows:
            names = sorted(name for name, marks in tests.items() if f"claim:{claim.id}" in marks)
            lines.append(f"| `{claim.id}` | {claim.sentence} | {'<br>'.join(f'`{name}`' for name in names) or '**not shown**'} |")
    return "\n".join(lines) + "\n"


def main(arguments):
    check = "--check" in arguments
    build = [word for word in arguments if not word.startswith("-")]
    if len(build) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    tests = labels(ctest(build[0]))
    if missing := sorted(name for name in tests if name.endswith("_NOT_BUILT")):
        print(f"not everything is built ({', '.join(missing)}): the claims cannot be held against the tests")
        return SKIPPED if check else 1
    claims, pending = read_claims((ROOT / "tests/claims.cmake").read_text())
    table = ROOT / "docs/claims.md"
    text = render(claims, tests)
    if not check:
        table.write_text(text)
    wrong = judge(claims, pending, tests)
    if not table.exists() or table.read_text() != text:
        wrong.append(f"docs/claims.md is out of date: run tests/arch/claims.py {build[0]}")
    wrong += [f"{page}: {fault}" for page in PAGES for fault in judge_page((ROOT / page).read_text(), tests)]
    print("\n".join(wrong) or f"{len(claims)} claims, {len(pending)} pending, docs/claims.md is current")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
