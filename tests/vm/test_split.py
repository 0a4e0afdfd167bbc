"""What faces the network is nobody, under a real systemd: what it is, what it can reach, and that orders come true through it all the same."""
import json
import os
import shlex
import unittest

from lab import agent
from lab.case import LabTest

HOST, LINK, DAEMON = "host-1", "metalwright-link.service", "metalwright.service"
GATE, ADMIN = "/run/metalwright-link/link.sock", "/run/metalwright/admin.sock"
CONNECT = "import socket, sys; socket.socket(socket.AF_UNIX, int(sys.argv[2])).connect(sys.argv[1])"


NAME = "through-the-gate"
ORDER = json.dumps({"apiVersion": "metalwright/v1", "host": {"id": HOST}, "instance": {"id": "i-1"}, "hostname": NAME}).encode()


class SplitTest(LabTest):
    machine = {"disks": []}

    @classmethod
    def prepare(cls):
        agent.without_watchdog(cls.vm)
        agent.install(cls.vm, os.environ["METALWRIGHT_STAGE"], cls.plane, HOST)

    def of(self, unit, what):
        return self.vm.sh(f"systemctl show -P {what} {unit}").strip()

    def comes_true(self, generation):
        self.plane.put_spec(HOST, ORDER, generation=generation)
        status = agent.settled(self.vm, generation=generation)
        self.assertEqual(status["state"], "running", status)
        self.assertEqual(self.vm.sh("hostname").strip(), NAME)
        self.assertTrue(self.plane.wait_for(
            lambda p: any(r["kind"] == "finished" and r.get("generation") == generation for r in p.reports(HOST)), 120))

    def connects(self, user, path, kind):
        """Whether this user can connect to a socket of the host."""
        words = f"setpriv --reuid={user} --regid=$(id -g {user}) --clear-groups python3 -c {shlex.quote(CONNECT)} {path} {kind}"
        return self.vm.run(words).status == 0

    def test_it_is_nobody_and_sees_nothing(self):
        self.comes_true(1)
        pid = self.of(LINK, "MainPID")
        state = dict(line.split(":\t", 1) for line in self.vm.sh(f"cat /proc/{pid}/status").splitlines() if ":\t" in line)
        uid, gid = self.vm.sh("id -u metalwright-link; id -g metalwright-link").split()
        self.assertEqual(state["Uid"].split(), [uid] * 4)
        self.assertNotEqual(uid, "0")
        self.assertEqual((state["Gid"].split(), state["Groups"].split()), ([gid] * 4, [gid]))
        for field in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(state[field], 16), 0, field)
        self.assertEqual((state["NoNewPrivs"], state["Seccomp"]), ("1", "2"))
        # Its file system, as it is for it.
        root = f"/proc/{pid}/root"
        self.assertEqual(self.vm.sh(f"ls {root}/var/lib").split(), ["metalwright-link"])
        self.assertEqual(self.vm.sh(f"ls {root}/run/metalwright-link").split(), ["link.sock"])
        for hidden in ("/root/.", "/home/.", "/var/log", "/usr/bin", "/run/metalwright", "/data"):
            self.assertEqual(self.vm.sh(f"ls {root}{hidden} 2>/dev/null || true").strip(), "", hidden)
        for secret in ("/etc/metalwright/token", "/etc/shadow", "/var/lib/metalwright/state.db"):
            inside = self.vm.run(f"cat {root}{secret}")
            self.assertEqual(inside.out, "", secret)
            outside = self.vm.run(f"setpriv --reuid={uid} --regid={gid} --clear-groups cat {secret}")
            self.assertIn("Permission denied", outside.err, secret)
        # The network is its own alone.
        connected = self.vm.sh("ss -Htnp state established")
        self.assertIn(f"pid={pid},", connected)
        self.assertNotIn(f"pid={self.of(DAEMON, 'MainPID')},", connected)

    def test_who_may_connect_to_what(self):
        self.assertFalse(self.connects("metalwright-link", ADMIN, 1), "it may ask the admin API")
        self.assertFalse(self.connects("nobody", GATE, 5), "a tenant's process may come to the gate")
        self.assertFalse(self.connects("nobody", ADMIN, 1))
        self.assertTrue(self.connects("metalwright-link", GATE, 5), "the test itself is wrong")
        self.assertEqual(self.vm.sh(f"stat -c '%U %G %a' {GATE} /run/metalwright-link").splitlines(),
                         ["root metalwright-link 660", "root root 755"])
        self.assertEqual(self.vm.sh("stat -c '%U %a' /var/lib/metalwright-link").strip(), "metalwright-link 700")

    def test_either_may_be_restarted_and_both_stop_together(self):
        self.comes_true(1)
        link, daemon = self.of(LINK, "MainPID"), self.of(DAEMON, "MainPID")
        self.vm.sh(f"systemctl restart {DAEMON}", timeout=200)
        self.assertEqual(self.of(LINK, "MainPID"), link, "it is restarted with the daemon")
        self.assertNotEqual(self.of(DAEMON, "MainPID"), daemon)
        self.comes_true(2)
        daemon = self.of(DAEMON, "MainPID")
        self.vm.sh(f"kill -9 {link}")
        self.comes_true(3)
        self.assertNotEqual(self.of(LINK, "MainPID"), link)
        self.assertEqual(self.of(DAEMON, "MainPID"), daemon)
        self.vm.sh(f"kill -9 {daemon}")
        self.comes_true(4)
        self.vm.sh(f"systemctl stop {DAEMON}", timeout=200)
        # Whoever had connected again meanwhile would have started it.
        self.vm.sh("sleep 3")
        self.assertEqual([self.of(unit, "ActiveState") for unit in (DAEMON, LINK)], ["inactive", "inactive"])
        self.vm.sh(f"systemctl start {DAEMON}", timeout=200)
        self.comes_true(5)
        numbers = [report["seq"] for report in self.plane.reports(HOST)]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))), "a report was lost")


if __name__ == "__main__":
    unittest.main()
