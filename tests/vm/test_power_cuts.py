"""The machine loses its power at random moments while disks are wiped, an array is created and its file system made: it ends as it
would have ended, and a disk that is not part of the order is byte for byte what it was. A campaign of ten moments (METALWRIGHT_CUTS);
METALWRIGHT_SEED repeats one."""
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
ORDER = {"apiVersion": "metalwright/v1", "host": {"id": HOST}, "instance": {"id": "i-cut"},
         "operation": {"wipeConsent": [{"disk": "DATA0", "found": ["ext4"]}, {"disk": "DATA1", "found": ["LVM2_member"]}]},
         "storage": {"arrays": [{"name": "data", "level": "raid5", "members": {"ids": ["DATA0", "DATA1", "DATA2"]},
                                 "filesystem": {"type": "ext4", "mountPoint": "/data"}}]}}


class PowerCutsTest(LabTest):
    machine = {"disks": [(f"DATA{n}", "64M") for n in range(4)]}

    @classmethod
    def prepare(cls):
        agent.without_watchdog(cls.vm)
        agent.install(cls.vm, os.environ["METALWRIGHT_STAGE"], cls.plane, HOST)
        cls.vm.sh(f"mkfs.ext4 -q -F {BY_ID}DATA0; pvcreate -q {BY_ID}DATA1; head -c 64M /dev/zero | tr '\\0' 'c' >{BY_ID}DATA3; sync; "
                  "udevadm settle", timeout=300)

    def order(self):
        self.start_over()
        self.plane.put_spec(HOST, json.dumps(ORDER).encode(), generation=1)

    def ends_as_ordered(self):
        status = agent.settled(self.vm, generation=1, timeout=900)
        self.assertEqual(status["state"], "running", status)
        self.assertEqual(self.vm.sh("findmnt -no FSTYPE /data").strip(), "ext4")
        self.assertIn("MD_LEVEL=raid5", self.vm.sh("mdadm --detail --export /dev/md/data"))
        self.vm.sh("echo mine >/data/file; sync")

    def test_at_random_moments(self):
        canary = self.vm.sh(CANARY, timeout=300)
        began = time.monotonic()
        self.order()
        self.ends_as_ordered()
        whole = time.monotonic() - began
        seed = int(os.environ.get("METALWRIGHT_SEED") or random.SystemRandom().randrange(1 << 32))
        moments = random.Random(seed)
        cuts = int(os.environ.get("METALWRIGHT_CUTS") or 10)
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
