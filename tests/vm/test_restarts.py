"""`systemctl restart metalwright` in the middle of every step: it ends where it would have ended, and user data runs once.
In the gate at the boundaries that only disks and units come by (tests/netns/test_crash_matrix.py has the daemon end at all the
others); all of them with METALWRIGHT_FULL, or those that METALWRIGHT_POINTS names."""
import os
import unittest

from lab import LAN_MAC, agent
from lab.case import LabTest
from test_fail_points import IN_A_GROUP, OF_A_VOLUME, fail_points, order

MARK = "/run/metalwright/restarted"
IN_THE_GATE = ("engine.after-identities", "raid.", "cloudinit.", "userdata.")


class RestartsTest(LabTest):
    machine = {"disks": [(f"DATA{n}", "64M") for n in range(4)]}

    @classmethod
    def prepare(cls):
        agent.install(cls.vm, os.environ["METALWRIGHT_STAGE"], cls.plane, "host-1", start=False)
        agent.install_fail_points(cls.vm)

    def test_a_restart_at_every_boundary_ends_in_the_same_state(self):
        points = fail_points()
        self.assertGreaterEqual(len(points), 10)
        points.remove(IN_A_GROUP)  # what only another order comes by
        points.remove(OF_A_VOLUME)
        if not os.environ.get("METALWRIGHT_FULL"):
            points = [point for point in points if point.startswith(IN_THE_GATE)]
            self.assertGreaterEqual(len(points), 6)
        for point in os.environ.get("METALWRIGHT_POINTS", "").split() or points:
            print(f"at {point}", flush=True)
            with self.subTest(point):
                self.start_over()
                self.restarted_at(point)

    def restarted_at(self, point):
        vm = self.vm
        # The daemon asks systemd for it there, once, and goes on until it is told to end.
        vm.put(agent.OVERRIDE, f"[Service]\nEnvironment=METALWRIGHT_FAIL_POINT={point}:restart\n")
        vm.sh(f"systemctl daemon-reload; systemctl enable metalwright.socket {agent.DAEMON}; systemctl restart {agent.DAEMON}", timeout=300)
        before = vm.sh(f"systemctl show -P MainPID {agent.DAEMON}").strip()
        self.plane.put_spec("host-1", order(), generation=1)
        vm.wait_for(f"test -e {MARK}", timeout=600)
        status = agent.settled(vm, generation=1, timeout=600)
        self.assertNotEqual(vm.sh(f"systemctl show -P MainPID {agent.DAEMON}").strip(), before, "it was not restarted")
        said = vm.sh("journalctl --no-pager -u metalwright.service")
        self.assertIn(f"at {point}:restart", said)
        self.assertNotIn("Main process exited", said)  # as systemd says of what did not end by itself with 0
        self.assertEqual(status["state"], "running", status)
        items = {item["item"]: item["outcome"] for item in status["items"]}
        for item in ("raid/data", "filesystem/data"):
            self.assertIn(items.get(item), ("changed", "unchanged"), status)
        self.assertEqual([item for item, outcome in items.items() if outcome == "failed"], [], status)
        self.assertEqual(vm.sh("findmnt -no FSTYPE /data; hostname").split(), ["ext4", "web-1"])
        self.assertIn("MD_LEVEL=raid1", vm.sh("mdadm --detail --export $(findmnt -no SOURCE /data)"))
        self.assertEqual(vm.peer.ping("10.0.1.52"), LAN_MAC)
        runs = int(vm.sh("cat /root/runs 2>/dev/null | wc -l"))
        self.assertEqual((status["userData"]["state"], status["userData"]["exitCode"], runs), ("exited", 0, 1), status)
        finished = self.plane.wait_for(lambda p: [r for r in p.reports("host-1") if r["kind"] == "finished"], 60)
        self.assertEqual(len(finished), 1, finished)
        self.assertEqual(self.plane.conflicts, [])


if __name__ == "__main__":
    unittest.main()
