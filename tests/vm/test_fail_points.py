"""The daemon is killed at each boundary of the journal, or its store fails there; after a restart it ends where it would have
ended, once."""
import base64
import json
import os
import re
import unittest

from demo_order import Order
from lab import LAN_MAC, agent
from lab.case import LabTest

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, "..", "..", "core", "fail_point.hpp")
SCRIPT = b"#!/bin/bash\necho run >> /root/runs\n"
IN_A_GROUP = "group.half-done"
OF_A_VOLUME = "raid.after-init"  # test_hardware_raid.py
# Of the points that only disks come by. Those of all the others: tests/netns/test_crash_matrix.py.
FAULTS = ("abort", "enospc", "eio")
IN_THE_GATE = ("raid.after-create:enospc",)


def fail_points():
    """The table that is compiled in, read from where it is written: a new line is a new test."""
    with open(SOURCE) as file:
        table = re.search(r"fail_points\{(.*?)\};", file.read(), re.S).group(1)
    return re.findall(r'"([a-z.-]+)"', table)


def way(address):
    """A document that says the way to the network and nothing else."""
    return json.dumps({"apiVersion": "metalwright/v1", "host": {"id": "host-1"}, "instance": {"id": "i-way"},
                       "network": {"nic": {"mac": LAN_MAC}, "primary": {"address": address, "gateway": "10.0.1.1"}}}).encode()


def order():
    document = json.loads(Order.read(os.path.join(HERE, "orders", "create-instance.json")).data)
    spec = document["request"]["instanceSpec"]
    spec["dataRaidTypeId"] = "raid-data-raid1"
    spec["userData"] = base64.b64encode(SCRIPT).decode()
    return json.dumps(document).encode()


class FailPointsTest(LabTest):
    machine = {"disks": [(f"DATA{n}", "64M") for n in range(4)]}

    @classmethod
    def prepare(cls):
        agent.install(cls.vm, os.environ["METALWRIGHT_STAGE"], cls.plane, "host-1", start=False)
        agent.install_fail_points(cls.vm)

    def test_every_kill_ends_in_the_same_state(self):
        points = fail_points()
        self.assertGreaterEqual(len(points), 10)
        points.remove(IN_A_GROUP)  # no first order has one: see below
        points.remove(OF_A_VOLUME)
        for point in points:
            with self.subTest(point):
                self.start_over()
                self.killed_at(point)

    def test_a_store_that_fails_while_disks_are_written_ends_in_the_same_state(self):
        cases = [f"{point}:{fault}" for point in fail_points() if point.startswith(("raid.", "engine.after-id")) for fault in FAULTS
                 if point != OF_A_VOLUME]
        for case in cases if os.environ.get("METALWRIGHT_FULL") else IN_THE_GATE:
            with self.subTest(case):
                self.assertIn(case, cases)
                self.start_over()
                self.killed_at(case)

    def test_a_change_of_the_way_that_is_cut_off_is_taken_back_and_done_anew(self):
        vm = self.vm
        self.start_over()
        vm.sh("systemctl enable --now metalwright.socket metalwright.service", timeout=300)
        self.plane.put_spec("host-1", way("10.0.1.10/24"), generation=1)
        self.assertEqual(agent.settled(vm, generation=1, timeout=300)["state"], "running")
        self.kill_at(IN_A_GROUP, way("10.0.1.11/24"), generation=2)
        self.assertEqual(self.addresses(), {"10.0.1.10/24", "10.0.1.11/24"})  # half of it
        agent.start_again(vm)
        status = agent.settled(vm, generation=2, timeout=300)
        self.assertEqual(status["state"], "running", status)
        self.assertEqual(self.addresses(), {"10.0.1.11/24"})
        self.assertEqual(vm.peer.ping("10.0.1.11"), LAN_MAC)
        self.assertIn("a group of changes was cut off; it is taken back", vm.sh("journalctl -u metalwright.service"))

    def addresses(self):
        return set(self.vm.sh("ip -4 -br address show lan0 | cut -d' ' -f3-").split()) - {"UP"}

    def kill_at(self, point, document, generation):
        agent.kill_at(self.vm, point, lambda: self.plane.put_spec("host-1", document, generation=generation))

    def killed_at(self, point):
        vm = self.vm
        self.kill_at(point, order(), generation=1)
        agent.start_again(vm)
        status = agent.settled(vm, generation=1, timeout=600)
        items = {item["item"]: item["outcome"] for item in status["items"]}
        self.assertIn(items.get("raid/data"), ("changed", "unchanged"), status)
        self.assertIn(items.get("filesystem/data"), ("changed", "unchanged"), status)
        self.assertEqual(vm.sh("findmnt -no FSTYPE /data; hostname").split(), ["ext4", "web-1"])
        self.assertIn("MD_LEVEL=raid1", vm.sh("mdadm --detail --export $(findmnt -no SOURCE /data)"))
        self.assertEqual(vm.peer.ping("10.0.1.52"), LAN_MAC)
        runs = int(vm.sh("cat /root/runs 2>/dev/null | wc -l"))
        if point == "userdata.after-started":
            # Durable `started`, no evidence of a run: told so, and never run by itself.
            self.assertEqual((status["userData"]["state"], runs), ("interrupted", 0), status)
            self.assertEqual(status["state"], "failed", status)
        else:
            self.assertEqual((status["userData"]["state"], status["userData"]["exitCode"], runs), ("exited", 0, 1), status)
            self.assertEqual(status["state"], "running", status)
        finished = [r for r in self.plane.reports("host-1") if r["kind"] == "finished"]
        self.assertTrue(self.plane.wait_for(
            lambda p: [r for r in p.reports("host-1") if r["kind"] == "finished"], 60), finished)


if __name__ == "__main__":
    unittest.main()
