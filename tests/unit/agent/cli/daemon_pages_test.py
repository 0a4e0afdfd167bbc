#!/usr/bin/env python3
"""daemon_pages_test.py METALWRIGHTD DOCS: metalwrightd(8) and metalwright.toml(5) say what the program knows.

Every key of the page is accepted by `metalwrightd --check-config`; every key the daemon reads is on the page.
"""
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM, DOCS = Path(sys.argv.pop(1)).resolve(), Path(sys.argv.pop(1)).resolve()
CONFIG_SOURCE = DOCS.parent / "agent/daemon/config.cpp"


def check(toml):
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(toml)
        file.flush()
        done = subprocess.run([PROGRAM, "--check-config", "--config", file.name], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def keys_on_page():
    page = (DOCS / "man/metalwright.toml.5").read_text()
    keys = []
    for section in page.split(".SH KEYS")[1].split(".SH EXAMPLE")[0].split("\n.SS [")[1:]:
        name = section.split("]")[0]
        keys += [f"{name}.{key}" for key in re.findall(r"^\.TP\n\.B (\w+)$", section, re.M)]
    return keys


def as_toml(key, value):
    section, name = key.rsplit(".", 1)
    return f"[{section}]\n{name} = {value}\n"


class ConfigurationPage(unittest.TestCase):
    def test_the_daemon_knows_every_key_of_the_page(self):
        keys = keys_on_page()
        self.assertGreater(len(keys), 20, keys)
        for key in keys:
            # A date is right for no key: one that is known is told what it must be.
            code, said = check(as_toml(key, "1979-05-27"))
            self.assertEqual(code, 2, key)
            self.assertRegex(said, rf"{re.escape(key)} must be", key)

    def test_the_page_has_every_key_that_the_daemon_reads(self):
        read = re.findall(r'r\.(?:text|paths?|number|flag|strings|endpoints|networks|neighbours)\("([\w.]+)"', CONFIG_SOURCE.read_text())
        self.assertEqual(sorted(read), sorted(keys_on_page()))

    def test_a_key_that_is_not_on_the_page_is_an_error(self):
        code, said = check(as_toml("host.name", '"h-1"'))
        self.assertEqual(code, 2)
        self.assertIn("host.name is not a key", said)

    def test_the_example_of_the_page_is_right(self):
        page = (DOCS / "man/metalwright.toml.5").read_text()
        example = page.split(".SH EXAMPLE")[1].split(".nf\n")[1].split("\n.fi")[0].replace("\\-", "-")
        code, said = check(example)
        self.assertEqual(code, 0, said)


class DaemonPage(unittest.TestCase):
    def test_every_option_is_in_it_and_no_other(self):
        text = subprocess.run([PROGRAM, "--help"], check=True, capture_output=True, text=True).stdout
        known = {word for line in text.splitlines() for word in re.findall(r"^  (?:-\w,)?(--[a-z-]+)", line)}
        page = (DOCS / "man/metalwrightd.8").read_text().replace("\\-", "-")
        told = set(re.findall(r"--[a-z-]+", page.split(".SH OPTIONS")[1].split(".SH SIGNALS")[0]))
        self.assertEqual(told, known)


if __name__ == "__main__":
    unittest.main()
