#!/usr/bin/env python3
"""completion_test.py METALWRIGHT DOCS: the completion and the man page know what --help knows.

Runs the real program and completes in a real bash; offers an option exactly where --help lists it.
"""
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM, DOCS = Path(sys.argv.pop(1)).resolve(), Path(sys.argv.pop(1)).resolve()


def help_of(*command):
    return subprocess.run([PROGRAM, *command, "--help"], check=True, capture_output=True, text=True).stdout


def options_in(text):
    """Every -x and --word that begins an entry of a help text."""
    found = set()
    for line in text.splitlines():
        entry = re.match(r"  (-\S+)", line)
        if entry:
            found.update(entry.group(1).split(","))
    return found


def commands_in(text):
    _, _, listed = text.partition("Subcommands:")
    return re.findall(r"^  ([a-z-]+) ", listed.split("Examples:")[0], re.M)


def all_commands(*outer):
    """Every command as a tuple of words: ("ip", "plan", "add") too."""
    found = []
    for name in commands_in(help_of(*outer)):
        found += [(*outer, name), *all_commands(*outer, name)]
    return found


def complete(*words, directory=None):
    """What bash offers for the last of the words."""
    script = (
        'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _metalwright; '
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script, DOCS / "completion/metalwright.bash", PROGRAM, *words],
        check=True, capture_output=True, text=True, cwd=directory)
    assert done.stderr == "", done.stderr
    return set(done.stdout.split())


GLOBAL = options_in(help_of())
COMMANDS = commands_in(help_of())
ALL = all_commands()


class Completion(unittest.TestCase):
    def test_commands(self):
        self.assertEqual(len(COMMANDS), 18, COMMANDS)
        self.assertEqual(complete(""), set(COMMANDS))
        self.assertEqual(complete("val"), {"validate"})
        self.assertEqual(complete("-o", "json", "stat"), {"status"})

    def test_commands_within_commands(self):
        self.assertIn(("ip", "plan", "add"), ALL)
        for outer in (("ip",), ("ip", "plan"), ("raid",)):
            inner = {words[-1] for words in ALL if words[:-1] == outer}
            self.assertEqual(complete(*outer, ""), inner)
        self.assertEqual(complete("hold", ""), {"network", "storage", "all"})
        self.assertEqual(complete("hold", "--for", "1h", "n"), {"network"})

    def test_options_before_the_command(self):
        offered = complete("--") | complete("-o") | complete("-h")
        self.assertEqual(offered, GLOBAL)

    def test_options_of_each_command(self):
        for command in ALL:
            with self.subTest(command=command):
                offered = complete(*command, "--") | complete(*command, "-o") | complete(*command, "-h")
                # --version is for the program alone; the other global ones may follow a command.
                wanted = options_in(help_of(*command)) | (GLOBAL - {"--version"})
                self.assertEqual(offered, wanted)

    def test_values(self):
        self.assertEqual(complete("status", "-o", ""), {"table", "json"})
        self.assertEqual(complete("status", "--output", "j"), {"json"})

    def test_files_where_a_document_goes(self):
        with tempfile.TemporaryDirectory() as directory:
            (Path(directory) / "order.json").touch()
            for command in ("validate", "plan", "apply"):
                self.assertEqual(complete(command, "ord", directory=directory), {"order.json"})
            self.assertEqual(complete("status", "ord", directory=directory), set())

    def test_sourcing_it_defines_nothing_foreign(self):
        names = subprocess.run(
            ["bash", "--norc", "-c", 'source "$0"; compgen -A function', DOCS / "completion/metalwright.bash"],
            check=True, capture_output=True, text=True).stdout.split()
        self.assertTrue(names and all(name.startswith("_metalwright") for name in names), names)


class ManPage(unittest.TestCase):
    page = (DOCS / "man/metalwright.1").read_text().replace("\\-", "-")

    def test_every_command_and_option_is_in_it(self):
        for words in ALL:
            command = " ".join(words)
            self.assertRegex(self.page, rf"(?m)^\.BI?R? {command}\b")
            for option in options_in(help_of(*words)) | GLOBAL:
                self.assertRegex(self.page, rf"(?m)^\.B.*{option}\b", f"{command} {option}")

    def test_pages_are_without_errors(self):
        if not shutil.which("groff"):
            self.skipTest("groff is not installed")
        for page in sorted((DOCS / "man").iterdir()):
            done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", page], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""), page.name)


if __name__ == "__main__":
    unittest.main()
