#!/usr/bin/env python3
"""Shows that a bench tells the truth about what it was given: medians, turns, ratios, verdicts."""
import contextlib
import io
import json
import pathlib
import tempfile
import unittest
from unittest import mock

import main
import security
from rows import Row, interleaved, table


class Rows(unittest.TestCase):
    def test_a_row_has_exactly_the_promised_members(self):
        row = Row("start", 9.0, "ms", floor=0.5, peer=4.5, bar=("peer", "<=", 2.2)).as_json()
        self.assertEqual(row, {"name": "start", "value": 9.0, "unit": "ms", "floor": 0.5, "peer": 4.5,
                               "ratioToFloor": 18.0, "ratioToPeer": 2.0})

    def test_what_was_not_measured_is_null_not_zero(self):
        row = Row("noop", 9.0, "ms").as_json()
        self.assertIsNone(row["peer"])
        self.assertIsNone(row["ratioToPeer"])

    def test_a_bar_is_met_or_missed(self):
        self.assertTrue(Row("a", 2.2, "ms", peer=1.0, bar=("peer", "<=", 2.2)).met)
        self.assertFalse(Row("a", 2.3, "ms", peer=1.0, bar=("peer", "<=", 2.2)).met)
        self.assertTrue(Row("a", 0.9, "/s", peer=1.0, bar=("peer", ">=", 0.9)).met)
        self.assertFalse(Row("a", 0.8, "/s", peer=1.0, bar=("peer", ">=", 0.9)).met)
        self.assertTrue(Row("a", 1.1, "s", floor=1.0, bar=("floor", "<=", 1.2)).met)
        self.assertTrue(Row("a", 15.9, "MiB", bar=("value", "<=", 16)).met)
        self.assertFalse(Row("a", 16.1, "MiB", bar=("value", "<=", 16)).met)
        self.assertIsNone(Row("a", 1.0, "s").met)

    def test_a_bar_without_its_peer_is_missed(self):
        self.assertFalse(Row("a", 1.0, "ms", bar=("peer", "<=", 2.0)).met)

    def test_the_table_says_the_verdict(self):
        text = table([Row("start", 9.0, "ms", peer=1.0, bar=("peer", "<=", 2.2)), Row("noop", 1.0, "ms")])
        self.assertIn("MISSED (bar <= 2.2 x peer)", text)
        self.assertEqual(len(text.splitlines()), 3)


class Exposure(unittest.TestCase):
    def test_a_door_that_is_opened_is_counted(self):
        with tempfile.TemporaryDirectory() as folder:
            unit = pathlib.Path(folder) / "x.service"
            unit.write_text("[Service]\nExecStart=/bin/true\nPrivateNetwork=yes\nNoNewPrivileges=yes\n")
            shut = security.exposure(unit)
            unit.write_text("[Service]\nExecStart=/bin/true\nNoNewPrivileges=yes\n")
            opened = security.exposure(unit)
            self.assertAlmostEqual(opened[0] - shut[0], 0.5, delta=0.2)
            self.assertEqual(opened[1] - shut[1], 1)


class Turns(unittest.TestCase):
    def test_measures_take_turns_and_the_first_turn_does_not_count(self):
        order, values = [], iter([1000, 1, 5, 2, 4, 3])

        def value():
            order.append("value")
            return next(values)

        def peer():
            order.append("peer")
            return 7

        self.assertEqual(interleaved(5, value=value, peer=peer), {"value": 3, "peer": 7})
        self.assertEqual(order, ["value", "peer"] * 6)

    def test_fewer_than_five_runs_are_no_median(self):
        with self.assertRaises(ValueError):
            interleaved(4, value=lambda: 1)


class CommandLine(unittest.TestCase):
    def run_main(self, bench, *arguments):
        out, folder = io.StringIO(), tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name, "rows.json")
        with mock.patch.dict(main.BENCHES, {"fake": (bench, False, ["target"])}, clear=True), \
                contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            return main.main([folder.name, *arguments, "--json", str(self.file)]), out.getvalue()

    def test_rows_reach_the_file(self):
        status, _ = self.run_main(lambda bench: [Row("fake", 1.0, "ms", peer=1.0, bar=("peer", "<=", 2.0))])
        self.assertEqual(status, 0)
        self.assertEqual([row["name"] for row in json.loads(self.file.read_text())], ["fake"])

    def test_a_missed_bar_is_an_exit_status(self):
        status, text = self.run_main(lambda bench: [Row("fake", 3.0, "ms", peer=1.0, bar=("peer", "<=", 2.0))])
        self.assertEqual(status, 1)
        self.assertIn("missed: fake", text)

    def test_a_bench_that_fails_is_told_and_the_others_go_on(self):
        def fails(bench):
            raise RuntimeError("no daemon")

        status, text = self.run_main(fails)
        self.assertEqual(status, 1)
        self.assertIn("bench fake: no daemon", text)
        self.assertIn("not measured: fake", text)

    def test_a_name_that_is_no_bench(self):
        with self.assertRaises(SystemExit):
            self.run_main(lambda bench: [], "nonsense")


if __name__ == "__main__":
    unittest.main()
