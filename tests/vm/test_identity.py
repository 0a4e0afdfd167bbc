"""Who a host is and who may enter it: names, keys, passwords, in a real system with a real sshd, from an order to the next tenant."""
import base64
import json
import os
import subprocess
import tempfile
import unittest

from lab import agent
from lab.case import LabTest

HOST = "host-1"
SECRETS = {"password": "Zu9-pass-phrase-K", "token": "s3cr3t-t0ken-77", "script": "only-the-tenant-knows-this-word"}
RELEASE = {"apiVersion": "metalwright/v1", "host": {"id": HOST}, "release": {"instanceId": "i-1"}}
SERVED = "ssh-keyscan -t ed25519 127.0.0.1 2>/dev/null | cut -d' ' -f2-3"


def order(instance="i-1", **more):
    return {"apiVersion": "metalwright/v1", "host": {"id": HOST}, "instance": {"id": instance}, **more}


def script(text, **how):
    return {"base64": base64.b64encode(text.encode()).decode(), **how}


class Key:
    """A control plane's, to which passwords are encrypted."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="metalwright-key-")
        self.file = f"{self.folder.name}/key.pem"
        self.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.file)
        self.public = self.openssl("pkey", "-in", self.file, "-pubout").decode()

    def decrypt(self, text):
        return self.openssl("pkeyutl", "-decrypt", "-inkey", self.file, "-pkeyopt", "rsa_padding_mode:oaep",
                            "-pkeyopt", "rsa_oaep_md:sha256", stdin=base64.b64decode(text)).decode()

    @staticmethod
    def openssl(*words, stdin=None):
        return subprocess.run(["openssl", *words], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout


class IdentityTest(LabTest):
    machine = {"disks": []}

    @classmethod
    def prepare(cls):
        agent.without_watchdog(cls.vm)
        agent.install(cls.vm, os.environ["METALWRIGHT_STAGE"], cls.plane, HOST)
        cls.vm.sh("systemctl unmask ssh.service && systemctl start ssh.service", timeout=200)

    def apply(self, document, status=0):
        self.vm.put("/run/order.json", json.dumps(document))
        done = self.vm.run("metalwright apply /run/order.json --wait --timeout 300s", timeout=400)
        self.assertEqual(done.status, status, done)
        return agent.status(self.vm)

    def outcome(self, status, item):
        return {one["item"]: one["outcome"] for one in status["items"]}.get(item)

    def lets_in(self, password):
        """Whether this is root's password, as PAM would find it."""
        return self.vm.run("python3 -c 'import crypt, sys, spwd; h = spwd.getspnam(\"root\").sp_pwdp; "
                           f"sys.exit(crypt.crypt(sys.argv[1], h) != h)' '{password}'").status == 0

    def accepted(self):
        self.assertTrue(self.plane.wait_for(lambda p: [r for r in p.reports(HOST) if "password" in r]), "no password was told")
        return [r["password"] for r in self.plane.reports(HOST) if "password" in r]

    def test_a_copy_of_an_image_gets_its_own_identity_once_and_keeps_it(self):
        old_id, old_key = self.vm.sh("cat /etc/machine-id"), self.vm.sh(SERVED)
        self.assertTrue(old_key)
        wish = order(renew=["machineId", "hostKeys"], hostname="node-a")
        first = self.apply(wish)
        self.assertEqual({self.outcome(first, item) for item in ("machineId", "hostKeys", "hostname")}, {"changed"}, first)
        new_id, new_key = self.vm.sh("systemd-id128 machine-id"), self.vm.sh(SERVED)
        self.assertNotEqual(new_id, old_id)
        self.assertNotEqual(new_key, old_key)
        self.assertEqual(new_key, self.vm.sh("cut -d' ' -f1-2 /etc/ssh/ssh_host_ed25519_key.pub"), "sshd shows another key than is there")
        self.assertEqual(self.vm.sh("stat -c '%a %U' /etc/ssh/ssh_host_*_key | sort -u"), "600 root\n")
        self.assertEqual(self.vm.sh("hostnamectl --static; hostnamectl --transient; hostname; getent hosts node-a").split(),
                         ["node-a", "node-a", "node-a", "127.0.1.1", "node-a"])
        self.assertEqual(self.outcome(self.apply(order(renew=["machineId", "hostKeys"], hostname="node-a", authorizedKeys=[])),
                                      "machineId"), "unchanged")
        self.vm.reboot()
        self.assertEqual(agent.status(self.vm, wait=300)["state"], "running")
        self.vm.sh("systemctl start ssh.service", timeout=200)
        self.assertEqual((self.vm.sh("systemd-id128 machine-id"), self.vm.sh(SERVED), self.vm.sh("hostname")), (new_id, new_key, "node-a\n"))

    def test_a_drawn_password_lets_in_and_is_told_once_and_a_reset_replaces_it(self):
        key = Key()
        self.vm.sh("passwd -l root; chage -d 0 root; chage -I 0 root")  # locked, and expired
        wish = order(generatePassword={"publicKey": key.public})
        self.assertEqual(self.outcome(self.apply(wish), "password"), "changed")
        first = key.decrypt(self.accepted()[0]["encrypted"])
        self.assertTrue(self.lets_in(first))
        self.assertNotIn("!", self.vm.sh("getent shadow root | cut -d: -f2"))
        self.assertNotIn("must be changed", self.vm.sh("chage -l root").splitlines()[0])
        self.assertEqual(self.outcome(self.apply(wish), "password"), "unchanged")

        reset = {"apiVersion": "metalwright/v1", "host": {"id": HOST}, "operation": {"token": "anew"},
                 "resetPassword": {"instanceId": "i-1", "generatePassword": {"publicKey": key.public}}}
        status = self.apply(reset)
        self.assertEqual((status["state"], self.outcome(status, "password")), ("running", "changed"))
        self.assertTrue(self.plane.wait_for(lambda p: len([r for r in p.reports(HOST) if "password" in r]) == 2))
        second = key.decrypt(self.accepted()[1]["encrypted"])
        self.assertTrue(self.lets_in(second))
        self.assertFalse(self.lets_in(first))
        self.vm.sh("echo root:of-the-tenant | chpasswd")
        self.vm.reboot()
        self.assertEqual(agent.status(self.vm, wait=300)["state"], "running")
        self.apply(wish)
        self.apply(reset)  # the token again: the first answer again
        self.assertTrue(self.lets_in("of-the-tenant"), "what was done once was done again")

    def test_after_a_release_nothing_of_the_tenant_is_anywhere(self):
        self.vm.sh("mkdir -p /var/crash; echo /var/crash/core.%e.%p >/proc/sys/kernel/core_pattern; ulimit -c unlimited")
        text = (f"#!/bin/bash\n# {SECRETS['script']}\necho $METALWRIGHT_SECRET_TOKEN {SECRETS['password']}\n"
                "sleep 1000 &\ntouch /run/up\nwait\n")
        self.vm.put("/run/order.json", json.dumps(order(
            password=SECRETS["password"], authorizedKeys=[self.vm.sh("cat /etc/ssh/ssh_host_ed25519_key.pub").strip()],
            userData=script(text, secrets={"TOKEN": SECRETS["token"]}))))
        self.vm.sh("metalwright apply /run/order.json; rm /run/order.json")
        self.vm.wait_for("test -e /run/up")
        self.assertTrue(self.lets_in(SECRETS["password"]))
        self.vm.sh("systemctl kill -s SEGV metalwright.service")
        self.vm.wait_for("metalwright status", timeout=120)
        self.vm.put("/run/release.json", json.dumps(RELEASE))
        self.vm.sh("metalwright apply /run/release.json --wait --timeout 300s", timeout=400)
        self.assertEqual(agent.status(self.vm)["state"], "idle")
        self.assertNotEqual(self.vm.run("pgrep -f 'sleep 1000'").status, 0, "the tenant's script still runs")
        self.assertEqual(self.vm.sh("getent shadow root | cut -d: -f2"), "*\n")
        self.assertEqual(self.vm.sh("grep -c metalwright /root/.ssh/authorized_keys || true"), "0\n")

        self.vm.sh("journalctl --no-pager -o export >/run/journal.export")
        places = "/var/lib/metalwright /var/crash /var/log /run /root /etc /tmp /var/tmp"
        reports = json.dumps(self.plane.reports(HOST))
        for name, word in SECRETS.items():
            # The command line that looks for it holds the word; it is looked for in files.
            found = self.vm.sh(f"grep -rslaF --exclude-dir=systemd --devices=skip -- '{word}' {places} || true")
            self.assertEqual(found, "", name)
            self.assertNotIn(word, reports)
        self.assertEqual(self.vm.sh("ls /var/crash"), "", "the daemon left a core")

    def test_a_reinstall_does_once_more_what_is_done_once(self):
        wish = order(hostname="node-a", userData=script("#!/bin/bash\necho time >>/root/times\n"), operation={"token": "t-1"})
        self.apply(wish)
        self.vm.sh("hostnamectl set-hostname of-the-tenant")
        again = {**wish, "operation": {"token": "t-2", "reinstall": True}}
        status = self.apply(again)
        self.assertEqual((status["userData"]["state"], self.outcome(status, "hostname")), ("exited", "changed"), status)
        self.assertEqual(self.vm.sh("cat /root/times; hostname"), "time\ntime\nnode-a\n")
        self.apply(again)
        self.vm.reboot()
        agent.status(self.vm, wait=300)
        self.apply({**wish, "operation": {"token": "t-3"}})
        self.assertEqual(self.vm.sh("cat /root/times"), "time\ntime\n", "a re-apply ran it")

    def test_a_cleaned_host_wakes_up_as_another_one(self):
        self.apply(order(hostname="node-a", password=SECRETS["password"], userData=script("#!/bin/bash\ntrue\n"),
                         network={"aliases": [{"cidr": "10.77.1.5/32"}]}))
        old_id, old_key = self.vm.sh("cat /etc/machine-id"), self.vm.sh(SERVED)
        refused = self.vm.run("metalwright clean --yes")
        self.assertEqual(refused.status, 1)
        self.assertIn("systemctl stop metalwright", refused.err)
        self.assertEqual(self.vm.run("metalwright clean").status, 64)
        self.vm.sh("systemctl stop metalwright.service metalwright.socket", timeout=200)
        would = json.loads(self.vm.sh("metalwright clean --dry-run -o json"))
        self.assertEqual(self.vm.sh("cat /etc/machine-id"), old_id)
        told = json.loads(self.vm.sh("metalwright clean --yes -o json"))
        self.assertEqual(told["cleaned"], would["cleaned"])
        paths = {one["path"] for one in told["cleaned"]}
        self.assertLessEqual({"/etc/machine-id", "/etc/shadow", "/etc/ssh/ssh_host_ed25519_key", "/root/launch-script"}, paths)
        self.assertEqual(self.vm.sh("ls -A /var/lib/metalwright; ls /etc/systemd/network | grep metalwright || true"), "")
        self.vm.reboot()
        self.assertEqual(agent.status(self.vm, wait=300)["state"], "idle")
        self.vm.sh("systemctl start ssh.service", timeout=200)
        self.assertNotEqual(self.vm.sh("systemd-id128 machine-id"), old_id)
        new_key = self.vm.sh(SERVED)
        self.assertTrue(new_key)
        self.assertNotEqual(new_key, old_key)
        self.assertFalse(self.lets_in(SECRETS["password"]))
        self.assertEqual(self.apply(order("i-2", hostname="node-b"))["state"], "running")


if __name__ == "__main__":
    unittest.main()
