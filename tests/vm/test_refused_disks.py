"""A disk that is not provably blank is refused by name, and is byte for byte what it was."""
import json
import os
import unittest

from lab import agent
from lab.case import LabTest

HOST = "host-1"
# What somebody may have left on a disk: how it gets there, and what the refusal must call it.
LEFTOVERS = {
    "ext4": ("mkfs.ext4 -q -F {disk}", "ext4"),
    "lvm": ("pvcreate -q {disk}", "LVM2_member"),
    "md": ("mdadm --create /dev/md/old --run --homehost=any --metadata=1.2 --level=1 --raid-devices=1 --force {disk} "
           "&& mdadm --stop /dev/md/old", "linux_raid_member"),
    "swap": ("mkswap -q {disk}", "swap"),
    "gpt": ("sgdisk -n 1:0:0 {disk} >/dev/null && udevadm settle", "gpt"),
    # The header alone, as cryptsetup writes it: magic, then version 1.
    "luks": ("printf 'LUKS\\272\\276\\000\\001' | dd of={disk} conv=notrunc status=none", "crypto_LUKS"),
    # One uberblock in the first label.
    "zfs": ("printf '\\014\\261\\272\\000\\000\\000\\000\\000' | dd of={disk} bs=1 seek=$((128*1024)) conv=notrunc status=none", "zfs_member"),
}
DISK = "/dev/disk/by-id/virtio-DATA2"
DIGEST = "sync; for d in 0 1 2 3; do sha256sum /dev/disk/by-id/virtio-DATA$d; done"


def order(generation, **more):
    """Every data disk, by serial, in one array."""
    return {"apiVersion": "metalwright/v1", "host": {"id": HOST}, "instance": {"id": "i-refused"},
            "storage": {"arrays": [{"name": "data", "level": "raid5",
                                    "members": {"ids": [f"DATA{n}" for n in range(4)]},
                                    "filesystem": {"type": "ext4", "mountPoint": "/data"}}]},
            **more}


class RefusedDisksTest(LabTest):
    # Every byte of them is read twice for each leftover.
    machine = {"disks": [(f"DATA{n}", "64M") for n in range(4)]}

    @classmethod
    def prepare(cls):
        agent.without_watchdog(cls.vm)
        agent.install(cls.vm, os.environ["METALWRIGHT_STAGE"], cls.plane, HOST)

    def provision(self, document, generation=1):
        self.plane.put_spec(HOST, json.dumps(document).encode(), generation)
        return agent.settled(self.vm, generation, timeout=600)

    def test_each_leftover_is_refused_by_name_and_untouched(self):
        for name, (make, word) in LEFTOVERS.items():
            with self.subTest(name):
                self.start_over()
                self.vm.sh(make.format(disk=DISK), timeout=120)
                before = self.vm.sh(DIGEST, timeout=600)
                status = self.provision(order(1))
                items = {item["item"]: item for item in status["items"]}
                self.assertEqual(status["state"], "failed", status)
                self.assertEqual(items["raid/data"]["outcome"], "failed", items)
                self.assertEqual(items["raid/data"]["error"]["code"], "refused")
                for told in ("DATA2", word):
                    self.assertIn(told, items["raid/data"]["error"]["message"])
                self.assertEqual(self.vm.sh(DIGEST, timeout=600), before)

    def test_a_mounted_disk_is_refused_even_with_consent(self):
        self.vm.sh(f"mkfs.ext4 -q -F {DISK}; mkdir -p /mnt/tenant; mount {DISK} /mnt/tenant; echo mine >/mnt/tenant/file; sync")
        status = self.provision(order(1, operation={"wipeConsent": [{"disk": "DATA2", "found": ["ext4"]}]}))
        self.assertEqual(status["items"][0]["error"]["code"], "refused", status)
        self.assertIn("/mnt/tenant", status["items"][0]["error"]["message"])
        self.assertEqual(self.vm.sh("cat /mnt/tenant/file"), "mine\n")

    def test_consent_of_one_operation_wipes_the_disk_that_it_names(self):
        self.vm.sh(f"mkfs.ext4 -q -F {DISK}; udevadm settle")
        wrong = self.provision(order(1, operation={"wipeConsent": [{"disk": "DATA2", "found": ["xfs"]}]}))
        self.assertEqual(wrong["items"][0]["error"]["code"], "refused", wrong)
        right = self.provision(order(2, operation={"wipeConsent": [{"disk": "DATA2", "found": ["ext4"]}]}), 2)
        self.assertEqual(right["state"], "running", right)
        self.assertEqual(self.vm.sh("findmnt -no FSTYPE /data").strip(), "ext4")


if __name__ == "__main__":
    unittest.main()
