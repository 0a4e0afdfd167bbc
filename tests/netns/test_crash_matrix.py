#!/usr/bin/env python3
"""At every durable boundary of an order the daemon is killed or told to end, or its store fails: after a restart all ends as without
that.

usage: test_crash_matrix.py BUILD           needs root, runs itself in namespaces of its own"""
import pathlib
import re
import signal
import sys
import unittest

from faults import HOST, NOT_HERE, TOKEN, FaultsTest, in_own_namespaces, until

TABLE = pathlib.Path(__file__).resolve().parents[2] / "core/fail_point.hpp"
# What only disks, and a way to the network that is changed, come by: tests/vm/test_fail_points.py, test_hardware_raid.py.
ELSEWHERE = ("raid.", "engine.after-identities", "group.")
FAULTS = ("kill", "abort", "term", "enospc", "eio")


def points():
    """The table that is compiled in, read from where it is written: a new line is a new case."""
    table = re.search(r"fail_points\{(.*?)\};", TABLE.read_text(), re.S).group(1)
    return [point for point in re.findall(r'"([a-z.-]+)"', table) if not point.startswith(ELSEWHERE)]


class CrashMatrixTest(FaultsTest):
    def test_every_point_and_every_fault(self):
        undisturbed = self.walk(None, None)
        self.assertEqual(undisturbed["runs"], 1)
        self.assertEqual(undisturbed["state"], "running")
        for point in points():
            for fault in FAULTS:
                with self.subTest(point=point, fault=fault):
                    self.assertIn(self.walk(point, fault), self.expected(undisturbed, point, fault))

    @staticmethod
    def expected(undisturbed, point, fault):
        # Told as started, and nobody knows whether it was: never run again.
        interrupted = undisturbed | {"runs": 0, "state": "failed", "script": "interrupted"}
        if fault not in ("kill", "abort"):
            return [undisturbed]
        if point == "userdata.after-started":
            return [interrupted]
        # The link sends while the engine works: this may be that very moment.
        return [undisturbed, interrupted] if point == "link.after-reports" else [undisturbed]

    def walk(self, point, fault):
        """An order from the control plane, with the fault in the middle; what has become of it in the end."""
        self.new_host()
        self.plane.put_spec(HOST, self.document(), 1)
        if point:
            self.start(f"{point}:{fault}", ready=False)
            until(lambda: f"at {point}:{fault}" in self.log.read_text(), self.words)
            if fault in ("kill", "abort"):
                self.assertEqual(-self.daemon.process.wait(60), signal.SIGKILL if fault == "kill" else signal.SIGABRT)
            elif fault == "term":  # as `systemctl restart` ends it
                self.assertEqual(self.daemon.process.wait(60), 0, self.words())
            else:
                self.fails_well(fault)
                self.daemon.kill()
        self.start()
        final = self.finished()[-1]
        self.check_reports()
        kinds = [report["kind"] for report in self.plane.reports(HOST)]
        status, again = self.ask("POST", "/v1/apply", self.document())
        self.assertEqual((status, again["repeated"], again["operation"]), (200, True, final["operation"]))
        _, leases = self.ask("GET", "/v1/leases")
        self.daemon.kill()
        return {"state": final["state"], "script": final["userData"]["state"], "runs": self.runs(),
                "items": {i["item"]: i["outcome"] for i in final["items"] if i["item"] != NOT_HERE},
                "addresses": self.addresses(), "leases": sorted(one["address"] for one in leases["leases"]),
                "ends": kinds.count("finished"), "accepted": kinds.count("accepted"), "token": TOKEN}

    def fails_well(self, fault):
        """While the store cannot be written what is there can be read, and whoever orders is told."""
        refused = 507 if fault == "enospc" else 500
        until(lambda: self.ask("GET", "/v1/health")[0] == 200, self.words)
        self.assertEqual(self.ask("GET", "/v1/status")[0], 200, self.words())
        self.assertEqual(self.ask("GET", "/v1/operations")[0], 200, self.words())
        status, problem = self.ask("POST", "/v1/apply", self.document(aliases=range(7), generation=2))
        self.assertEqual(status, refused, problem)
        self.assertIn("the store cannot be", problem["detail"])
        self.assertIsNone(self.daemon.process.poll(), "it goes on")


if __name__ == "__main__":
    in_own_namespaces(__file__)
    FaultsTest.build = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
