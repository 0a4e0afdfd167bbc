"""The machine loses its power at random moments of a whole provisioning, with what its disks had in their caches: it ends as it would
have ended, nothing that was said to be kept is lost, and a disk that is not part of the order is byte for byte what it was.
Three moments, thirty in ./check full (METALWRIGHT_CUTS); METALWRIGHT_SEED repeats them."""
import base64
import json
import os
import random
import threading
import time
import unittest

from lab import agent
from lab.case import LabTest

HOST = "host-1"
BY_ID = "/dev/disk/by-id/virtio-"
CANARY = f"sha256sum {BY_ID}DATA3"
SCRIPT = b"#!/bin/sh\necho run >>/root/runs\nsync\n"
POOL = "10.0.9.0/28"
ORDER = {"apiVersion": "metalwright/v1", "host": {"id": HOST}, "instance": {"id": "i-cut"}, "hostname": "cut",
         "operation": {"token": "cut", "wipeConsent": [{"disk": "DATA0", "found": ["ext4"]}, {"disk": "DATA1", "found": ["LVM2_member"]}]},
         "storage": {"arrays": [{"name": "data", "level": "raid5", "members": {"ids": ["DATA0", "DATA1", "DATA2"]},
                                 "filesystem": {"type": "ext4", "mountPoint": "/data"}}]},
         "network": {"primary": {"address": "10.0.1.10/24"}, "secondaryCount": {"ipv4": 2},
                     "aliases": [{"cidr": f"10.0.1.{n}/32"} for n in (51, 52)]},
         "userData": {"base64": base64.b64encode(SCRIPT).decode()}}
CHECK = "python3 -c \"import sqlite3; print(sqlite3.connect('/var/lib/metalwright/state.db').execute('PRAGMA integrity_check').fetchone()[0])\""


class PowerCutsTest(LabTest):
    machine = {"disks": [(f"DATA{n}", "64M") for n in range(4)], "volatile": True}

    @classmethod
    def prepare(cls):
        agent.without_watchdog(cls.vm)
        agent.install(cls.vm, os.environ["METALWRIGHT_STAGE"], cls.plane, HOST, network=f'pools = ["{POOL}"]')
        cls.vm.sh(f"mkfs.ext4 -q -F {BY_ID}DATA0; pvcreate -q {BY_ID}DATA1; head -c 64M /dev/zero | tr '\\0' 'c' >{BY_ID}DATA3; sync; "
                  "udevadm settle", timeout=300)

    def order(self):
        self.start_over()
        self.plane.put_spec(HOST, json.dumps(ORDER).encode(), generation=1)

    def leases(self):
        told = json.loads(self.vm.sh("metalwright ip list -o json"))
        return sorted(row["address"] for row in told["addresses"] if row["kind"] == "secondary")

    def ends_as_ordered(self):
        """But for user data that the power took away between its start and its first line: that is told, and not run again."""
        status = agent.settled(self.vm, generation=1, timeout=900)
        runs = self.vm.sh("cat /root/runs 2>/dev/null || true").count("run")
        script = status["userData"]["state"]
        self.assertIn((status["state"], script), (("running", "exited"), ("failed", "interrupted"), ("degraded", "interrupted")), status)
        self.assertEqual(runs, 1) if script == "exited" else self.assertLessEqual(runs, 1)
        self.assertEqual([i for i in status["items"] if i["outcome"] == "failed"], [])
        self.assertEqual(self.vm.sh("findmnt -no FSTYPE /data").strip(), "ext4")
        self.assertIn("MD_LEVEL=raid5", self.vm.sh("mdadm --detail --export /dev/md/data"))
        self.vm.sh("echo mine >/data/file; sync")
        held = self.vm.sh("ip -br -4 address")
        for address in ["10.0.1.10/24", "10.0.1.51/32", "10.0.1.52/32", *self.leases()]:
            self.assertIn(address, held)
        self.assertEqual(len(self.leases()), 2)
        self.assertEqual(self.vm.sh(CHECK).strip(), "ok")
        ends = self.plane.wait_for(lambda plane: [r for r in plane.reports(HOST) if r["kind"] == "finished" and r["operationKind"] == "apply"], 60)
        self.assertEqual(len(ends), 1)
        numbers = [report["seq"] for report in self.plane.reports(HOST)]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        self.assertEqual(self.plane.conflicts, [])

    def test_a_cut_takes_what_a_disk_had_in_its_cache_and_nothing_that_was_flushed(self):
        """Else the other test would show little."""
        write = f"tr '\\0' {{letter}} </dev/zero | dd of={BY_ID}DATA3 bs=4096 count=1 iflag=fullblock oflag=direct {{flush}} 2>&1"
        read = f"dd if={BY_ID}DATA3 bs=4096 count=1 iflag=direct 2>/dev/null | head -c 1"
        self.vm.sh(write.format(letter="f", flush="conv=fsync"))
        self.vm.sh(write.format(letter="u", flush=""))
        self.assertEqual(self.vm.sh(read), "u")
        self.vm.power_cut()
        self.assertEqual(self.vm.sh(read), "f")

    def test_at_random_moments(self):
        canary = self.vm.sh(CANARY, timeout=300)
        began = time.monotonic()
        self.order()
        self.ends_as_ordered()
        whole = time.monotonic() - began
        seed = int(os.environ.get("METALWRIGHT_SEED") or random.SystemRandom().randrange(1 << 32))
        moments = random.Random(seed)
        cuts = int(os.environ.get("METALWRIGHT_CUTS") or (30 if os.environ.get("METALWRIGHT_FULL") else 3))
        print(f"{cuts} power cuts within {whole:.0f} s, METALWRIGHT_SEED={seed}")
        for cut in range(cuts):
            delay = moments.uniform(0, whole)
            with self.subTest(seed=seed, cut=cut, after=f"{delay:.2f} s"):
                self.order()
                threading.Event().wait(delay)
                self.vm.power_cut()
                self.ends_as_ordered()
                self.assertEqual(self.vm.sh(CANARY, timeout=300), canary)


if __name__ == "__main__":
    unittest.main()
