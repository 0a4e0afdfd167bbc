#!/usr/bin/env python3
"""Shows that the check of the claims bites, with a real ctest over a project without code."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

import claims

PROJECT = """cmake_minimum_required(VERSION 3.25)
project(tiny NONE)
enable_testing()
add_test(NAME room.works COMMAND true)
set_tests_properties(room.works PROPERTIES LABELS unit)
add_subdirectory(labels)
"""
LABELS = "set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${CMAKE_SOURCE_DIR}/claims.cmake)\n"
FUNCTIONS = (claims.ROOT / "tests/claims.cmake").read_text().partition("# --- 1.")[0]


class Claims(unittest.TestCase):
    def look(self, text):
        """What claims.py finds wrong with this claims file, and the table it makes."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "labels").mkdir()
            (root / "CMakeLists.txt").write_text(PROJECT)
            (root / "labels/CMakeLists.txt").write_text(LABELS)
            (root / "claims.cmake").write_text(FUNCTIONS + text)
            subprocess.run(["cmake", "-S", root, "-B", root / "build"], check=True, stdout=subprocess.DEVNULL)
            tests = claims.labels(claims.ctest(root / "build"))
            found, pending = claims.read_claims(FUNCTIONS + text)
            return claims.judge(found, pending, tests), claims.render(found, tests), tests

    def test_a_claim_with_its_test(self):
        wrong, table, tests = self.look('claim(1.a "It works."\n  room.works)\n')
        self.assertEqual(wrong, [])
        self.assertIn("| `1.a` | It works. | `room.works` |", table)
        self.assertEqual(tests["room.works"], {"unit", "claim:1.a"}, "the labels it had are kept")

    def test_a_test_that_does_not_exist(self):
        wrong, _, _ = self.look('claim(1.a "It works." room.wrks)\n')
        self.assertEqual(wrong, ["1.a: no test is named room.wrks"])

    def test_a_claim_without_a_test(self):
        wrong, table, _ = self.look('claim(1.a "It works.")\n')
        self.assertEqual(len(wrong), 1)
        self.assertIn("no test shows it", wrong[0])
        self.assertIn("**not shown**", table)

    def test_a_pending_claim_is_allowed_and_shown_as_such(self):
        wrong, table, _ = self.look('claim(1.a "It works.")\npending(\n  1.a)\n')
        self.assertEqual(wrong, [])
        self.assertIn("**not shown**", table)
        self.assertIn("0 of 1 claims", table)

    def test_pending_does_not_outlive_its_reason(self):
        wrong, _, _ = self.look('claim(1.a "It works." room.works)\npending(1.a 1.b)\n')
        self.assertEqual(wrong, ["1.a: is shown, so it is pending no more", "1.b: is pending but not claimed"])

    def test_the_same_claim_twice(self):
        wrong, _, _ = self.look('claim(1.a "It works." room.works)\nclaim(1.a "It does." room.works)\n')
        self.assertEqual(wrong, ["1.a: claimed twice"])

    def test_a_claim_of_no_section(self):
        wrong, _, _ = self.look('claim(99.a "It works." room.works)\n')
        self.assertEqual(len(wrong), 1)

    def test_an_id_that_would_choose_tests_of_another_kind(self):
        wrong, _, _ = self.look('claim(1.units "It works." room.works)\n')
        self.assertEqual(len(wrong), 1)
        self.assertIn("ctest -L unit", wrong[0])

    def test_a_page_that_names_a_test_that_does_not_exist(self):
        page = "| promise | shown by |\n|---|---|\n| `text` | `room`, `room.works` (`a.point`), `room.work`, `other` |\n"
        self.assertEqual(claims.judge_page(page, {"room.works": set()}),
                         ["no test is named other, or begins with that", "no test is named room.work, or begins with that"])

    def test_the_command_writes_and_checks_the_table(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name in ("labels", "tests/arch", "docs"):
                (root / name).mkdir(parents=True)
            (root / "CMakeLists.txt").write_text(PROJECT)
            (root / "labels/CMakeLists.txt").write_text(LABELS.replace("/claims.cmake", "/tests/claims.cmake"))
            (root / "tests/claims.cmake").write_text(FUNCTIONS + 'claim(1.a "It works." room.works)\n')
            for page in claims.PAGES:
                (root / page).write_text("")
            (root / "tests/arch/claims.py").write_text(pathlib.Path(claims.__file__).read_text())
            subprocess.run(["cmake", "-S", root, "-B", root / "build"], check=True, stdout=subprocess.DEVNULL)

            def command(*options):
                return subprocess.run([sys.executable, root / "tests/arch/claims.py", root / "build", *options],
                                      capture_output=True, text=True)

            self.assertEqual(command("--check").returncode, 1)
            self.assertEqual(command().returncode, 0)
            self.assertEqual(command("--check").returncode, 0)
            table = root / "docs/claims.md"
            table.write_text(table.read_text().replace("works.", "worked."))
            stale = command("--check")
            self.assertEqual(stale.returncode, 1)
            self.assertIn("out of date", stale.stdout)


if __name__ == "__main__":
    unittest.main()
