"""Holds the lab to what the other VM tests take for granted."""
import subprocess
import os
import unittest

from lab import CONTROL_URL, LAN_MAC, CommandFailed, LabError
from lab.case import LabTest

FETCH = f"""
import ssl, sys, urllib.request
request = urllib.request.Request("{CONTROL_URL}/v1/hosts/h/spec", headers={{"Authorization": "Bearer " + sys.argv[1]}})
print(urllib.request.urlopen(request, context=ssl.create_default_context(cafile="/root/ca.pem"), timeout=60).read().decode())
"""
MEMBERS = " ".join(f"/dev/disk/by-id/virtio-DATA{number}" for number in range(4))
MAKE_ARRAY = ("mdadm --create /dev/md/data --run --homehost=any --name=data --metadata=1.2 --bitmap=internal "
              f"--level=10 --raid-devices=4 {MEMBERS} </dev/null 2>&1")


class MachineTest(LabTest):
    @classmethod
    def prepare(cls):
        with open(cls.plane.authority.certificate) as file:
            cls.vm.put("/root/ca.pem", file.read())
        cls.vm.put("/root/fetch.py", FETCH)

    def make_file_system_on_array(self):
        self.vm.sh(MAKE_ARRAY)
        self.vm.sh("mkfs.ext4 -q /dev/md/data && mkdir /data && mount /dev/md/data /data && echo kept >/data/file && sync")

    def test_looks_like_a_provisioned_server(self):
        self.assertEqual(self.vm.sh("hostname").strip(), "blank")
        self.assertEqual(self.vm.sh("systemctl is-system-running").strip(), "running")
        self.assertEqual(self.vm.sh("systemctl is-active systemd-networkd").strip(), "active")
        self.assertEqual(self.vm.run("command -v python").status, 1)
        self.assertIn("MD_LEVEL=raid1", self.vm.sh("mdadm --detail --export $(findmnt -no SOURCE /)"))
        self.assertIn("MAILADDR", self.vm.sh("cat /etc/mdadm/mdadm.conf"))
        self.assertNotIn("inet", self.vm.sh("ip address show lan0"))

    def test_control_plane_is_all_that_can_be_reached(self):
        self.plane.put_spec("h", b'"hello"', 1)
        self.assertEqual(self.vm.sh(f"python3 /root/fetch.py {self.plane.token}").strip(), '"hello"')
        self.assertEqual(self.vm.sh("ip route show default"), "")
        for port in (80, 443, self.plane.port):
            self.assertNotEqual(self.vm.run(f"timeout 5 bash -c ': </dev/tcp/10.0.2.2/{port}'").status, 0)

    def test_array_outlives_reboot_and_power_cut(self):
        self.make_file_system_on_array()
        for restart in (self.vm.reboot, self.vm.power_cut):
            restart()
            self.assertEqual(self.vm.sh("mount /dev/md/data /data && cat /data/file").strip(), "kept")
        self.vm.restore()
        self.assertEqual(self.vm.run("ls /data").status, 2)
        self.assertEqual(self.vm.sh("wipefs --noheadings /dev/disk/by-id/virtio-DATA0"), "")

    def test_snapshots_wake_with_the_right_time_and_their_own_randomness(self):
        drawn = set()
        for _ in range(2):
            self.vm.restore()
            drawn.add(self.vm.sh("cat /proc/sys/kernel/random/uuid"))
            here = subprocess.run(["date", "+%s"], capture_output=True, check=True)
            self.assertLess(abs(int(self.vm.sh("date +%s")) - int(here.stdout)), 5)
        self.assertEqual(len(drawn), 2)

    def test_pulled_disk_degrades_an_array_and_comes_back(self):
        self.vm.sh(MAKE_ARRAY)
        self.vm.remove_disk("DATA2")
        self.vm.wait_for("grep -q '\\[UU_U\\]' /proc/mdstat")
        self.vm.add_disk("DATA2")
        self.assertIn("data", self.vm.sh("mdadm --examine --export /dev/disk/by-id/virtio-DATA2"))
        self.vm.restore()
        self.assertIn("virtio-DATA2", self.vm.sh("ls /dev/disk/by-id"))

    def test_writes_are_counted(self):
        before = self.vm.blockstats()
        self.vm.sh("dd if=/dev/urandom of=/dev/disk/by-id/virtio-DATA1 bs=64k count=1 oflag=direct status=none")
        after = self.vm.blockstats()
        self.assertEqual(after["DATA1"]["written_bytes"] - before["DATA1"]["written_bytes"], 65536)
        self.assertEqual(after["DATA0"], before["DATA0"])

    def test_peer_sees_what_the_guest_claims(self):
        self.assertIsNone(self.vm.peer.ping("10.0.1.10", timeout=1))
        self.vm.sh("ip link set lan0 up && ip address add 10.0.1.10/24 dev lan0 && ip address add fd00::5/64 dev lan0 nodad && "
                   "ip route add local 10.0.1.128/28 dev lan0")
        for address in ("10.0.1.10", "10.0.1.128", "10.0.1.143", "fd00::5"):
            self.assertEqual(self.vm.peer.ping(address), LAN_MAC, address)
        self.assertIsNone(self.vm.peer.ping("10.0.1.144", timeout=1))
        self.vm.sh("ping -c1 -W30 10.0.1.1 && arping -q -c1 -U -I lan0 10.0.1.10")
        self.assertTrue(self.vm.peer.announced("10.0.1.10"))

    def test_tree_arrives_through_links(self):
        source = os.path.join(self.vm.directory, "tree")
        os.makedirs(os.path.join(source, "lib/lab"), exist_ok=True)
        content = os.urandom(3 << 20)
        with open(os.path.join(source, "lib/lab/file"), "wb") as file:
            file.write(content)
        self.vm.push_tree(source)
        self.assertEqual(self.vm.get("/usr/lib/lab/file"), content)
        self.assertEqual(self.vm.sh("readlink /lib").strip(), "usr/lib")

    def test_commands_tell_how_they_ended(self):
        with self.assertRaisesRegex(CommandFailed, "status 3\nsome\nwords"):
            self.vm.sh("echo some; echo words >&2; exit 3")
        self.assertTrue(self.vm.run("sleep 100", timeout=0.5).timed_out)
        slow = self.vm.spawn("until [ -e /tmp/go ]; do sleep 0.05; done; echo slow")
        self.assertEqual(self.vm.sh("touch /tmp/go; echo quick"), "quick\n")
        self.assertEqual(self.vm.finish(slow).out, "slow\n")

    def test_unknown_requests_are_errors(self):
        with self.assertRaisesRegex(LabError, "FileNotFoundError"):
            self.vm.get("/no/such/file")


if __name__ == "__main__":
    unittest.main()
