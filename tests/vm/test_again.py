"""The same order again changes nothing; a control plane that is away loses no report; a restart of networkd takes nothing."""
import json
import os
import time
import unittest

from demo_order import Order
from lab import LAN_MAC, agent
from lab.case import LabTest

ORDER = Order.read(os.path.join(os.path.dirname(__file__), "orders", "create-instance.json"))
DATA = ("DATA0", "DATA1", "DATA2", "DATA3")


class AgainTest(LabTest):
    """Every test begins with a host that has been provisioned."""

    @classmethod
    def prepare(cls):
        agent.without_watchdog(cls.vm)
        agent.install(cls.vm, os.environ["METALWRIGHT_STAGE"], cls.plane, ORDER.host)
        cls.plane.put_spec(ORDER.host, ORDER.data, generation=1)
        status = agent.settled(cls.vm, generation=1, timeout=900)
        assert status["state"] == "running", status
        cls.vm.wait_for("! grep -qE 'resync|recovery' /proc/mdstat", timeout=300)
        cls.plane.wait_for(lambda p: any(r["kind"] == "finished" for r in p.reports(ORDER.host)))

    def writes(self):
        return {serial: self.vm.blockstats()[serial]["writes"] for serial in DATA}

    def quiet(self):
        """Until ext4 (its lazy initialization) and md (its bitmap, in passes of 5 s) have nothing left to write by themselves."""
        self.vm.sh("mount -o remount,ro /data; sync")
        since, last = time.monotonic(), self.writes()
        while time.monotonic() - since < 25:
            now = self.writes()
            if now != last:
                since, last = time.monotonic(), now
            self.vm.sh("sleep 1")

    def again(self):
        """Hands the order over once more, under another token, and returns the operation as it ended."""
        document = json.loads(ORDER.data)
        document["request"]["clientToken"] = "another-token"
        self.vm.put("/root/again.json", json.dumps(document))
        answer = self.vm.run("metalwright apply /root/again.json --wait --timeout 300s", timeout=400)
        self.assertEqual(answer.status, 0, answer)
        listed, _ = agent.ask(self.vm, "operations")
        operation, _ = agent.ask(self.vm, f"operations {listed['operations'][0]['id']}")
        return operation

    def test_the_same_order_again_writes_to_no_disk_and_asks_the_kernel_for_nothing(self):
        runs = self.vm.sh("stat -c %Y /root/first-boot.txt")
        self.quiet()
        before = self.writes()
        operation = self.again()
        self.assertEqual(self.writes(), before, "the data disks were written to")
        self.assertEqual(operation["netlinkMutations"], 0, operation)
        self.assertEqual({item["outcome"] for item in operation["items"]}, {"unchanged"}, operation)
        self.assertEqual(self.vm.sh("stat -c %Y /root/first-boot.txt"), runs)

    def test_the_first_token_answers_the_first_result(self):
        self.vm.put("/root/first.json", ORDER.data.decode())
        first, _ = agent.ask(self.vm, "operations 1")
        for _ in range(2):
            answer, status = agent.ask(self.vm, "apply /root/first.json")
            self.assertEqual((status, answer["operation"], answer["repeated"]), (0, first["id"], True), answer)
            self.vm.sh("systemctl restart metalwright.service", timeout=200)

    def test_a_minute_without_control_plane_loses_no_report(self):
        self.plane.fail("refuse")
        before = len(self.plane.reports(ORDER.host))  # those of the order itself were forgotten
        operation = self.again()
        # The outage is a minute of the guest's life, by its own clock.
        self.vm.sh("sleep 60", timeout=200)
        self.assertEqual(len(self.plane.reports(ORDER.host)), before)
        self.plane.fail(None)
        self.assertTrue(self.plane.wait_for(
            lambda p: any(r["kind"] == "finished" and r["operation"] == operation["id"] for r in p.reports(ORDER.host)), 180))
        numbers = [report["seq"] for report in self.plane.reports(ORDER.host)]
        self.assertGreaterEqual(len(numbers), 2)
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))), "a report was lost or reordered")

    def test_addresses_outlive_a_restart_of_networkd(self):
        self.vm.sh("systemctl restart systemd-networkd; networkctl reload", timeout=200)
        self.vm.wait_for("networkctl status lan0 | grep -qE 'State: .*(configured|routable)'", timeout=120)
        for address in ORDER.addresses():
            self.assertEqual(self.vm.peer.ping(address), LAN_MAC, address)

    def test_a_tenants_own_changes_stay(self):
        self.vm.sh("hostnamectl set-hostname mine 2>/dev/null || { echo mine >/etc/hostname; hostname mine; }")
        self.again()
        self.assertEqual(self.vm.sh("hostname; cat /etc/hostname").split(), ["mine", "mine"])

    def test_what_was_removed_comes_back_while_the_daemon_runs(self):
        self.vm.sh("ip address del 10.0.1.52/32 dev lan0; ip route del local 10.0.1.128/28 table local")
        self.vm.wait_for("ip address show dev lan0 | grep -qF 10.0.1.52 && ip route show table local | grep -qF 10.0.1.128/28", timeout=60)
        for address in ORDER.addresses():
            self.assertEqual(self.vm.peer.ping(address), LAN_MAC, address)
        self.assertTrue(self.plane.wait_for(
            lambda p: {item["item"] for r in p.reports(ORDER.host) if r["kind"] == "drift" for item in r["items"]}
            >= {"alias/10.0.1.52/32", "alias/10.0.1.128/28"}, 60))

    def test_an_alias_that_was_removed_is_put_back_by_a_start(self):
        self.vm.sh("systemctl stop metalwright.service", timeout=200)
        self.vm.sh("ip address del 10.0.1.52/32 dev lan0; ip route del local 10.0.1.128/28 table local")
        left = self.vm.sh("ip address show dev lan0; ip route show table local")
        self.assertNotIn("10.0.1.52", left)
        self.assertNotIn("10.0.1.128/28", left)
        self.vm.sh("systemctl start metalwright.service", timeout=200)
        agent.status(self.vm, wait=200)
        for address in ORDER.addresses():
            self.assertEqual(self.vm.peer.ping(address), LAN_MAC, address)

    def test_stopping_takes_at_most_five_seconds_of_its_own(self):
        self.vm.sh("systemctl stop metalwright.service", timeout=200)
        self.assertEqual(self.vm.sh("systemctl show -P Result -P ExecMainStatus metalwright.service").split(), ["success", "0"])

    def test_a_daemon_that_hangs_is_restarted(self):
        self.vm.put("/etc/systemd/system/metalwright.service.d/lab.conf", "[Service]\nWatchdogSec=6\n")
        self.vm.sh("systemctl daemon-reload; systemctl restart metalwright.service", timeout=300)
        pid = self.vm.sh("systemctl show -P MainPID metalwright.service").strip()
        # Alive it is fed, for longer than the watchdog waits ...
        self.vm.sh("sleep 15", timeout=120)
        self.assertEqual(self.vm.sh("systemctl show -P MainPID metalwright.service").strip(), pid)
        # ... and stopped in its tracks it is not.
        self.vm.sh(f"kill -STOP {pid}")
        self.vm.wait_for(f"p=$(systemctl show -P MainPID metalwright.service); test $p != 0 && test $p != {pid} && metalwright status",
                         timeout=200)

    def test_the_journal_has_the_operation_as_a_field(self):
        lines = self.vm.sh("journalctl --no-pager -o json -u metalwright.service OPERATION=1 ITEM=raid/data")
        self.assertTrue(any("create raid10" in json.loads(line)["MESSAGE"] for line in lines.splitlines()), lines)

    def test_the_service_is_sandboxed(self):
        pid = self.vm.sh("systemctl show -P MainPID metalwright.service").strip()
        state = self.vm.sh(f"cat /proc/{pid}/status")
        self.assertIn("NoNewPrivs:\t1", state)
        self.assertIn("Seccomp:\t2", state)
        refused = self.vm.run(f"nsenter -t {pid} -m touch /usr/written")
        self.assertNotEqual(refused.status, 0)


if __name__ == "__main__":
    unittest.main()
