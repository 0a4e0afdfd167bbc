"""Every level is made, is there after a reboot, tells of a member that fails and of its repair, and goes with a release."""
import json
import os
import unittest

from lab import agent
from lab.case import LabTest

HOST = "host-1"
# What is ordered, over how many disks, and what `mdadm --detail` must say of it.
LEVELS = {
    "raid0": ({"chunkKiB": 64}, 2, "Chunk Size : 64K"),
    "raid1": ({"metadata": "1.0"}, 2, "Version : 1.0"),
    "raid5": ({"layout": "right-symmetric", "consistency": "ppl"}, 3, "Consistency Policy : ppl"),
    "raid6": ({"consistency": "resync"}, 4, "Consistency Policy : resync"),
    "raid10": ({"layout": "f2", "memberBytes": 32 << 20}, 4, "Layout : far=2"),
}
BY_ID = "/dev/disk/by-id/virtio-"


def order(level, disks, spares=0, **more):
    return {"apiVersion": "metalwright/v1", "host": {"id": HOST}, "instance": {"id": "i-levels"},
            "storage": {"arrays": [{"name": "data", "level": level, "spares": spares,
                                    "members": {"ids": [f"DATA{n}" for n in range(disks)]},
                                    "filesystem": {"type": "ext4", "mountPoint": "/data"}, **more}]}}


RELEASE = {"apiVersion": "metalwright/v1", "host": {"id": HOST}, "release": {"instanceId": "i-levels", "arrays": "remove"}}


class ArraysTest(LabTest):
    @classmethod
    def prepare(cls):
        agent.without_watchdog(cls.vm)
        agent.install(cls.vm, os.environ["METALWRIGHT_STAGE"], cls.plane, HOST)

    def until(self, health, array="data", timeout=300):
        self.vm.wait_for("metalwright status -o json | python3 -c \"import json, sys; "
                         f"sys.exit([a['health'] for a in json.load(sys.stdin)['arrays'] if a['name'] == '{array}'] != ['{health}'])\"",
                         timeout, interval=0.5)

    def provision(self, document, generation):
        self.plane.put_spec(HOST, json.dumps(document).encode(), generation)
        return agent.settled(self.vm, generation, timeout=600)


class EveryLevelTest(ArraysTest):
    machine = {"disks": [(f"DATA{n}", "64M") for n in range(15)]}

    def test_every_level_is_made_survives_a_reboot_and_is_the_same_when_ordered_again(self):
        document, first = order("raid1", 2), 0
        document["storage"]["arrays"] = []
        for level, (more, disks, _) in LEVELS.items():
            document["storage"]["arrays"].append(
                {"name": level, "level": level, "members": {"ids": [f"DATA{n}" for n in range(first, first + disks)]},
                 "filesystem": {"type": "ext4", "mountPoint": f"/data/{level}"}, **more})
            first += disks
        status = self.provision(document, 1)
        self.assertEqual(status["state"], "running", status)
        for level, (_, _, told) in LEVELS.items():
            with self.subTest(level):
                self.assertIn(told, self.vm.sh(f"mdadm --detail /dev/md/{level}"))
                self.vm.sh(f"cd /data/{level}; head -c 4M /dev/urandom >file; sha256sum file >sum; sync")
        self.vm.reboot()
        status = agent.settled(self.vm, 1, timeout=600)
        self.assertEqual({i["outcome"] for i in status["items"]}, {"unchanged"}, status)
        for level in LEVELS:
            with self.subTest(level):
                self.vm.sh(f"cd /data/{level}; sha256sum --check sum")
        # Each that can lose a member loses its last one, tells it, and is whole again with it.
        last = -1
        for level, (_, disks, _) in LEVELS.items():
            last += disks
            if level == "raid0":
                continue
            with self.subTest(level):
                self.until("optimal", level)
                self.vm.sh(f"mdadm --fail /dev/md/{level} {BY_ID}DATA{last}")
                self.until("degraded", level)
                self.vm.wait_for(f"mdadm --remove /dev/md/{level} {BY_ID}DATA{last}")
                self.vm.sh(f"mdadm --zero-superblock {BY_ID}DATA{last}; mdadm --add /dev/md/{level} {BY_ID}DATA{last}")
                self.until("optimal", level)
                self.vm.sh(f"cd /data/{level}; sha256sum --check sum")
        document["operation"] = {"token": "again"}
        again = self.provision(document, 2)
        self.assertEqual({i["outcome"] for i in again["items"]}, {"unchanged"}, again)
        self.assertEqual(again["state"], "running", again)
        self.vm.put("/root/release.json", json.dumps(RELEASE))
        done = self.vm.run("metalwright apply /root/release.json --wait --timeout 300s", timeout=400)
        self.assertEqual(done.status, 0, done)
        self.assertEqual(self.vm.sh(f"for n in $(seq 0 14); do wipefs -n {BY_ID}DATA$n; done").strip(), "")
        self.assertEqual(self.vm.sh("findmnt -rno TARGET | grep ^/data || true; ls /dev/md/ | grep -v system || true").strip(), "")


class OneArrayTest(ArraysTest):
    machine = {"disks": [(f"DATA{n}", "64M") for n in range(6)]}

    def health(self):
        return {array["name"]: array for array in agent.status(self.vm)["arrays"]}["data"]

    def reported(self, **wanted):
        """Waits for a report of the kind array in which all of `wanted` stands."""
        def has(plane):
            return [r for r in plane.reports(HOST) if r["kind"] == "array" and wanted.items() <= r.items()]
        self.assertTrue(self.plane.wait_for(has), (wanted, [r for r in self.plane.reports(HOST) if r["kind"] == "array"]))

    def test_a_member_that_fails_is_told_by_itself_and_so_is_its_repair(self):
        status = self.provision(order("raid5", 3), 1)
        self.assertEqual(status["state"], "running", status)
        self.until("optimal")
        self.vm.sh(f"head -c 8M /dev/urandom >/data/file; sha256sum /data/file >/data/sum; mdadm --fail /dev/md/data {BY_ID}DATA1")
        self.until("degraded")
        self.reported(**{"is": "degraded", "was": "optimal", "failed": ["DATA1"]})
        self.assertIn("DATA1 is faulty", self.health()["note"])
        # Ordered again it is reported and left alone.
        document = order("raid5", 3)
        document["operation"] = {"token": "again"}
        again = self.provision(document, 2)
        items = {i["item"]: i for i in again["items"]}
        self.assertEqual(items["raid/data"]["error"]["code"], "refused", again)
        self.vm.sh(f"mdadm --remove /dev/md/data {BY_ID}DATA1; mdadm --add /dev/md/data {BY_ID}DATA3")
        self.until("optimal")
        self.reported(**{"is": "optimal"})
        self.vm.sh("sha256sum --check /data/sum")

    def test_a_disk_is_replaced_by_one_command_while_it_works_and_when_it_is_gone(self):
        self.assertEqual(self.provision(order("raid5", 3), 1)["state"], "running")
        self.until("optimal")
        self.vm.sh("head -c 8M /dev/urandom >/data/file; sha256sum /data/file >/data/sum; sync")
        done = self.vm.run("metalwright raid replace DATA1 --wait --timeout 300s", timeout=400)
        self.assertEqual(done.status, 0, done)
        self.until("optimal")
        self.assertIn("vd", self.vm.sh(f"mdadm --detail /dev/md/data | grep $(readlink -f {BY_ID}DATA3)"))
        self.assertEqual(self.vm.sh(f"wipefs -n {BY_ID}DATA1").strip(), "")
        # The order names DATA1 still, and is content.
        self.vm.sh("systemctl restart metalwright.service", timeout=200)
        self.vm.wait_for("metalwright status -o json | grep -q running", 300)
        self.vm.remove_disk("DATA3")
        self.until("degraded")
        done = self.vm.run("metalwright raid replace DATA3 --with DATA4 --wait --timeout 300s", timeout=400)
        self.assertEqual(done.status, 0, done)
        self.until("optimal")
        self.vm.sh("sha256sum --check /data/sum")

    def test_a_resync_is_told_with_percent_and_eta_while_the_host_is_usable(self):
        self.vm.sh("echo 50 | tee /proc/sys/dev/raid/speed_limit_min >/proc/sys/dev/raid/speed_limit_max")
        status = self.provision(order("raid1", 2), 1)
        self.assertEqual(status["state"], "running", status)
        note = {i["item"]: i.get("note", "") for i in status["items"]}["raid/data"]
        self.assertRegex(note, r"resync \d+ %, done in .*usable meanwhile")
        self.vm.sh("touch /data/usable")
        self.until("resyncing")
        self.assertIsNotNone(self.health()["sync"]["etaSeconds"])
        self.vm.sh("echo 200000 >/proc/sys/dev/raid/speed_limit_max")
        self.until("optimal")

    def test_a_release_that_asks_for_it_leaves_blank_disks(self):
        cases = (("raid1", 3, 1), ("raid6", 4, 0))
        for level, disks, spares in cases if os.environ.get("METALWRIGHT_FULL") else cases[:1]:
            with self.subTest(level):
                self.start_over()
                self.assertEqual(self.provision(order(level, disks, spares=spares), 1)["state"], "running")
                self.vm.put("/root/release.json", json.dumps(RELEASE))
                done = self.vm.run("metalwright apply /root/release.json --wait --timeout 300s", timeout=400)
                self.assertEqual(done.status, 0, done)
                self.assertEqual(self.vm.sh(f"for n in 0 1 2 3; do wipefs -n {BY_ID}DATA$n; done").strip(), "")
                self.assertEqual(self.vm.sh("findmnt /data || true; ls /dev/md/ | grep -v system || true").strip(), "")
                self.assertNotIn("/dev/md/data", self.vm.sh("cat /etc/mdadm/mdadm.conf"))
                # The next instance gets a new array of that name.
                fresh = order(level, disks, spares=spares)
                fresh["instance"]["id"] = "i-next"
                self.assertEqual(self.provision(fresh, 2)["state"], "running")

    def test_a_release_that_does_not_ask_keeps_the_data(self):
        self.assertEqual(self.provision(order("raid1", 2), 1)["state"], "running")
        self.vm.sh("echo mine >/data/file; sync")
        release = {**RELEASE, "release": {"instanceId": "i-levels"}}
        self.vm.put("/root/release.json", json.dumps(release))
        self.assertEqual(self.vm.run("metalwright apply /root/release.json --wait --timeout 300s", timeout=400).status, 0)
        self.assertEqual(self.vm.sh("cat /data/file"), "mine\n")

    def test_partitions_are_used_by_partuuid_and_nothing_else_on_their_disks_is_touched(self):
        self.vm.sh("for n in 0 1; do sgdisk -n 1:0:+24M -n 2:0:0 " + BY_ID + "DATA$n >/dev/null; done; udevadm settle; "
                   f"mkfs.ext4 -q -F {BY_ID}DATA0-part1; udevadm settle")
        before = self.vm.sh(f"sha256sum {BY_ID}DATA0-part1; sgdisk --print {BY_ID}DATA0; sgdisk --print {BY_ID}DATA1")
        inventory, _ = agent.ask(self.vm, "inventory")
        parts = {p["name"]: p for d in inventory["disks"] if d["serial"] in ("DATA0", "DATA1") for p in d["parts"]}
        second = sorted(p["id"] for p in parts.values() if p["name"].endswith("2"))
        self.assertTrue(all(one.startswith("PARTUUID=") for one in second), parts)
        document = order("raid1", 2)
        document["storage"]["arrays"][0]["members"]["ids"] = second
        status = self.provision(document, 1)
        self.assertEqual(status["state"], "running", status)
        self.assertEqual(self.vm.sh(f"sha256sum {BY_ID}DATA0-part1; sgdisk --print {BY_ID}DATA0; sgdisk --print {BY_ID}DATA1"), before)
        self.vm.reboot()
        self.assertEqual(agent.settled(self.vm, 1, timeout=600)["state"], "running")
        self.assertEqual(self.vm.sh("findmnt -no FSTYPE /data").strip(), "ext4")


if __name__ == "__main__":
    unittest.main()
