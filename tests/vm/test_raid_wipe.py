"""What stands on disks that are given up is taken down, the topmost first; what is not given up stays as it is to the byte."""
import json
import os
import unittest

from lab import agent
from lab.case import LabTest

HOST = "host-1"
BY_ID = "/dev/disk/by-id/virtio-"
TWO = f"{BY_ID}DATA0 {BY_ID}DATA1"
# How something comes to stand on DATA0 and DATA1, and what the inventory then says of each.
STACKS = {
    "md": (f"mdadm --create /dev/md/old --run --homehost=any --metadata=1.2 --level=1 --raid-devices=2 {TWO} </dev/null"
           " && mkfs.ext4 -q /dev/md/old", ["linux_raid_member"]),
    "lvm on md": (f"mdadm --create /dev/md/old --run --homehost=any --metadata=1.2 --level=1 --raid-devices=2 {TWO} </dev/null"
                  " && pvcreate -q /dev/md/old && vgcreate -q vg /dev/md/old && lvcreate -q -y -n lv -l 100%FREE vg"
                  " && mkfs.ext4 -q /dev/vg/lv", ["linux_raid_member"]),
    "lvm over both": (f"pvcreate -q {TWO} && vgcreate -q vg {TWO} && lvcreate -q -y -n lv -l 100%FREE vg", ["LVM2_member"]),
    "md on partitions": ("for n in 0 1; do sgdisk -n 1:0:0 " + BY_ID + "DATA$n >/dev/null; done; udevadm settle; "
                         f"mdadm --create /dev/md/old --run --homehost=any --metadata=1.2 --level=1 --raid-devices=2 {BY_ID}DATA0-part1 "
                         f"{BY_ID}DATA1-part1 </dev/null", ["gpt", "linux_raid_member"]),
    "zfs labels at the end": ("for n in 0 1; do printf '\\014\\261\\272\\000\\000\\000\\000\\000' | dd of=" + BY_ID +
                              "DATA$n bs=1 seek=$((64*1024*1024 - 128*1024)) conv=notrunc status=none; done", ["zfs_member"]),
}

# Each takes minutes: the gate walks those that need most, `./check full` all of them.
IN_THE_GATE = ("lvm on md", "zfs labels at the end")


def order(generation, consent=(), disks=("DATA0", "DATA1")):
    return {"apiVersion": "metalwright/v1", "host": {"id": HOST}, "instance": {"id": "i-wipe"},
            "operation": {"token": f"wipe-{generation}", "wipeConsent": list(consent)},
            "storage": {"arrays": [{"name": "data", "level": "raid1", "members": {"ids": list(disks)},
                                    "filesystem": {"type": "ext4", "mountPoint": "/data"}}]}}


class RaidWipeTest(LabTest):
    machine = {"disks": [(f"DATA{n}", "64M") for n in range(4)]}

    @classmethod
    def prepare(cls):
        agent.without_watchdog(cls.vm)
        agent.install(cls.vm, os.environ["METALWRIGHT_STAGE"], cls.plane, HOST)
        # The canary: no signature, and a pattern all over.
        cls.vm.sh(f"head -c 64M /dev/zero | tr '\\0' 'c' >{BY_ID}DATA3; sync", timeout=300)

    def provision(self, document, generation):
        self.plane.put_spec(HOST, json.dumps(document).encode(), generation)
        return agent.settled(self.vm, generation, timeout=600)

    def test_each_stack_is_refused_without_consent_and_taken_down_with_it(self):
        canary = self.vm.sh(f"sha256sum {BY_ID}DATA3", timeout=300)
        for name, (make, found) in STACKS.items():
            if name not in IN_THE_GATE and not os.environ.get("METALWRIGHT_FULL"):
                continue
            with self.subTest(name):
                self.start_over()
                self.vm.sh(make + "; udevadm settle", timeout=300)
                self.vm.wait_for("! grep -qE 'resync|recovery' /proc/mdstat", timeout=300)
                digest = f"sync; echo 3 >/proc/sys/vm/drop_caches; sha256sum {TWO}"
                before = self.vm.sh(digest, timeout=300)
                refused = self.provision(order(1), 1)
                self.assertEqual(refused["items"][0]["error"]["code"], "refused", refused)
                half = self.provision(order(2, [{"disk": "DATA0", "found": found}]), 2)
                self.assertEqual(half["items"][0]["error"]["code"], "refused", half)
                self.assertEqual(self.vm.sh(digest, timeout=300), before)
                consent = [{"disk": disk, "found": found} for disk in ("DATA0", "DATA1")]
                done = self.provision(order(3, consent), 3)
                self.assertEqual(done["state"], "running", done)
                self.assertEqual(self.vm.sh("findmnt -no FSTYPE /data").strip(), "ext4")
                self.assertEqual(self.vm.sh("vgs --noheadings 2>/dev/null || true").strip(), "")
                self.assertEqual(self.vm.sh(f"sha256sum {BY_ID}DATA3", timeout=300), canary)

    def test_a_stack_in_use_is_refused_whatever_consent_there_is(self):
        make, found = STACKS["lvm on md"]
        self.vm.sh(make + " && mkdir -p /mnt/tenant && mount /dev/vg/lv /mnt/tenant && echo mine >/mnt/tenant/file", timeout=300)
        consent = [{"disk": disk, "found": found} for disk in ("DATA0", "DATA1")]
        refused = self.provision(order(1, consent), 1)
        self.assertEqual(refused["items"][0]["error"]["code"], "refused", refused)
        self.assertIn("/mnt/tenant", refused["items"][0]["error"]["message"])
        self.assertEqual(self.vm.sh("cat /mnt/tenant/file"), "mine\n")


if __name__ == "__main__":
    unittest.main()
