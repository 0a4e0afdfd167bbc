"""User data in a real unit of a real systemd: what it survives, how it ends, what it puts out, and who gets to read what."""
import base64
import json
import os
import unittest

from lab import agent
from lab.case import LabTest

HOST = "host-1"
LOG = "/root/launch-script.log"


def order(script, instance="i-1", **how):
    text = script if isinstance(script, bytes) else script.encode()
    return {"apiVersion": "metalwright/v1", "host": {"id": HOST}, "instance": {"id": instance},
            "userData": {"base64": base64.b64encode(text).decode(), **how}}


class UserDataTest(LabTest):
    machine = {"disks": []}

    @classmethod
    def prepare(cls):
        agent.without_watchdog(cls.vm)
        agent.install(cls.vm, os.environ["METALWRIGHT_STAGE"], cls.plane, HOST)

    # --- what is done over and over

    def begin(self, document):
        self.vm.put("/run/order.json", json.dumps(document))
        answer, status = agent.ask(self.vm, "apply /run/order.json")
        self.assertEqual(status, 0, answer)

    def ended(self, timeout=200):
        return agent.status(self.vm, wait=timeout)["userData"]

    def run_script(self, script, **how):
        self.begin(order(script, **how))
        return self.ended()

    def report(self, instance="i-1"):
        """Of the run's end, as the control plane has received it."""
        def told(plane):
            return [r for r in plane.reports(HOST) if r["kind"] == "userData" and r["userData"]["state"] not in ("pending", "started")]
        self.assertTrue(self.plane.wait_for(told), "no report of the run's end")
        return [r for r in told(self.plane) if r["instance"] == instance][-1]["userData"]

    def log(self):
        return self.vm.sh(f"cat {LOG}")

    # --- it ends as it ends

    def test_the_agent_is_restarted_and_killed_while_it_runs_and_still_tells_its_exit_code(self):
        self.begin(order("#!/bin/bash\ntouch /run/up\nwhile [ ! -e /run/go ]; do sleep 0.2; done\necho done\nexit 7\n"))
        self.vm.wait_for("test -e /run/up")
        self.vm.sh("systemctl restart metalwright.service", timeout=200)
        self.vm.sh("systemctl kill -s KILL metalwright.service", timeout=200)
        self.vm.wait_for("metalwright status", timeout=120)
        self.vm.sh("touch /run/go")
        self.assertEqual(self.ended(), {"state": "exited", "exitCode": 7})
        report = self.report()
        self.assertEqual((report["exitCode"], report["output"], report["attempts"]), (7, "done\n", 1))

    def test_a_machine_that_dies_in_the_middle_leaves_it_interrupted_and_it_never_runs_again(self):
        self.begin(order("#!/bin/bash\necho once >>/root/times\nsync\ntouch /run/up\nsleep 1000\n"))
        self.vm.wait_for("test -e /run/up")
        self.vm.power_cut()
        self.assertEqual(self.ended()["state"], "interrupted")
        self.assertEqual(self.vm.sh("cat /root/times"), "once\n")

    def test_where_the_order_says_so_it_is_begun_again(self):
        self.begin(order("#!/bin/bash\necho time >>/root/times\nsync\n[ $(wc -l </root/times) = 2 ] && exit 0\ntouch /run/up\nsleep 1000\n",
                         onInterrupted="rerun"))
        self.vm.wait_for("test -e /run/up")
        self.vm.power_cut()
        self.assertEqual(self.ended(), {"state": "exited", "exitCode": 0})
        self.assertEqual(self.vm.sh("cat /root/times"), "time\ntime\n")

    def test_a_script_that_reboots_is_killed_by_that_and_not_run_again(self):
        with self.vm.restarting():
            self.begin(order("#!/bin/bash\necho once >>/root/times\nsystemctl reboot\nsleep 1000\n", onInterrupted="rerun"))
        self.assertEqual(self.ended(), {"state": "killed", "exitCode": None, "signal": 15})
        self.assertEqual(self.vm.sh("cat /root/times"), "once\n")

    def test_a_timeout_takes_all_it_has_started_along(self):
        run = self.run_script("#!/bin/bash\nsetsid bash -c '(trap \"\" TERM; echo $BASHPID >/run/child; exec sleep 1000) & wait' &\nsleep 1000\n",
                              timeoutSeconds=3)
        self.assertEqual(run["state"], "timed-out")
        self.assertNotEqual(self.vm.run("kill -0 $(cat /run/child)").status, 0, "a child of the script still runs")

    def test_starting_a_unit_in_it_does_not_hang(self):
        run = self.run_script("#!/bin/bash\nsystemctl start systemd-tmpfiles-clean.service && echo started\n", timeoutSeconds=100)
        self.assertEqual(run, {"state": "exited", "exitCode": 0})
        self.assertEqual(self.log(), "started\n")

    def test_a_tmp_without_exec_does_not_stop_it(self):
        self.vm.sh("mount -t tmpfs -o noexec tmpfs /tmp; mount -t tmpfs -o noexec tmpfs /root")
        self.assertEqual(self.run_script("#!/usr/bin/env python\nprint('ran')\n"), {"state": "exited", "exitCode": 0})
        self.assertEqual(self.log(), "ran\n")

    # --- its bounds

    def test_its_unit_has_the_bounds_of_the_configuration(self):
        self.vm.sh("printf '[user_data]\\nmemory_bytes = 100000000\\ntasks = 50\\ncpu_percent = 80\\n' >>/etc/metalwright/metalwright.toml; "
                   "systemctl restart metalwright.service", timeout=200)
        run = self.run_script("#!/bin/bash\nunit=metalwright-userdata-i-1.service\n"
                              "systemctl show -p MemoryMax -p TasksMax -p CPUQuotaPerSecUSec $unit\n"
                              "python3 -c 'x = bytearray(300_000_000)'\necho python: $?\n")
        self.assertEqual(run["state"], "exited")
        said = self.log().split()
        self.assertEqual(set(said[:3]), {"MemoryMax=100000000", "TasksMax=50", "CPUQuotaPerSecUSec=800ms"})
        self.assertIn("137", said[-1], "more memory was given than the bound")

    def test_it_is_tried_again_as_often_as_ordered(self):
        run = self.run_script("#!/bin/bash\necho try >>/root/times\n[ $(wc -l </root/times) = 3 ]\n", retries=4, backoffSeconds=1)
        self.assertEqual(run, {"state": "exited", "exitCode": 0})
        self.assertEqual(self.report()["attempts"], 3)

    # --- what it puts out

    def test_fifty_megabytes_of_output_are_in_the_log_and_their_end_is_told(self):
        run = self.run_script("#!/bin/bash\nhead -c 50000000 /dev/zero | tr '\\0' x\necho; echo the end\n", timeoutSeconds=600)
        self.assertEqual(run, {"state": "exited", "exitCode": 0})
        self.assertEqual(self.vm.sh(f"stat -c %s {LOG}").strip(), "50000009")
        output = self.report()["output"]
        self.assertEqual(len(output), 16384)
        self.assertTrue(output.endswith("x\nthe end\n"))

    def test_a_script_that_removes_its_log_still_tells_its_end(self):
        run = self.run_script(f"#!/bin/bash\necho before\nrm {LOG}\necho after\nexit 4\n")
        self.assertEqual(run, {"state": "exited", "exitCode": 4})
        self.assertEqual(self.report()["output"], "before\nafter\n")
        self.assertIn("after", self.vm.sh("journalctl --no-pager -t metalwright-userdata -o cat"))

    def test_a_full_disk_does_not_lose_how_it_ended(self):
        self.vm.sh("mount -t tmpfs -o size=1M tmpfs /root")
        run = self.run_script("#!/bin/bash\nhead -c 5000000 /dev/zero | tr '\\0' x\nexit 9\n")
        self.assertEqual(run, {"state": "exited", "exitCode": 9})

    def test_the_log_is_followed_while_it_runs(self):
        self.begin(order("#!/bin/bash\necho one\nwhile [ ! -e /run/go ]; do sleep 0.2; done\necho two\n", stream=True))
        follower = self.vm.spawn("metalwright userdata log --follow")
        self.vm.wait_for("metalwright userdata log | grep -q one")
        self.assertTrue(self.plane.wait_for(lambda p: [r for r in p.reports(HOST) if r["kind"] == "userDataOutput"]))
        self.vm.sh("touch /run/go")
        self.assertEqual(self.vm.finish(follower, 120).out, "one\ntwo\n")
        self.report()
        pieces = [r["text"] for r in self.plane.reports(HOST) if r["kind"] == "userDataOutput"]
        self.assertEqual("".join(pieces), "one\ntwo\n")

    def test_what_is_secret_is_nowhere_but_in_the_script(self):
        secret, password = "s3cr3t-t0ken-77", "Zu9-pass-phrase-K"
        document = order(f"#!/bin/bash\necho token $METALWRIGHT_SECRET_TOKEN\necho password {password}\necho $METALWRIGHT_META_ZONE\n",
                         secrets={"TOKEN": secret}, metadata={"ZONE": "cn-north"})
        document["password"] = password
        self.begin(document)
        self.assertEqual(self.ended(), {"state": "exited", "exitCode": 0})
        self.assertEqual(self.log(), "token ***\npassword ***\ncn-north\n")
        self.assertEqual(self.report()["output"], "token ***\npassword ***\ncn-north\n")
        journal = self.vm.sh("journalctl --no-pager -o export")
        reports = json.dumps(self.plane.reports(HOST))
        for word in (secret, password):
            self.assertNotIn(word, journal)
            self.assertNotIn(word, reports)
            self.assertNotIn(word, self.vm.sh("metalwright status -o json; metalwright operations 1 -o json; metalwright analyze"))

    # --- its parts

    def test_the_parts_of_a_message_are_run_in_order_and_the_failed_one_is_named(self):
        part = "--b\nContent-Type: text/x-shellscript\n\n{}\n"
        run = self.run_script("Content-Type: multipart/mixed; boundary=b\n\n" + part.format("#!/bin/sh\necho one\n")
                              + part.format("#!/usr/bin/env python\nprint('two'); raise SystemExit(3)\n")
                              + part.format("#!/bin/bash\necho three\n") + "--b--\n")
        self.assertEqual(run, {"state": "exited", "exitCode": 3})
        self.assertEqual(self.log(), "one\ntwo\nthree\n")
        self.assertEqual(self.report()["failedPart"], "script.2")

    def test_what_this_host_cannot_run_is_refused_before_anything_is_done(self):
        for script, words in (("#!/usr/bin/ruby\n", "/usr/bin/ruby, is not on this host"), ("#cloud-config\n", "cloud-init is not on this host")):
            self.vm.put("/run/order.json", json.dumps(order(script)))
            answer = self.vm.run("metalwright apply /run/order.json")
            self.assertEqual(answer.status, 2, answer)
            self.assertIn(words, answer.err)
            self.assertIn("/userData/base64", answer.err)


if __name__ == "__main__":
    unittest.main()
