#!/usr/bin/env python3
"""support_bundle_test.py METALWRIGHT METALWRIGHTD RUNNER: what `metalwright support-bundle` packs, and what it must not.

The real programs, with a daemon in namespaces of its own; root is needed.
"""
import base64
import json
import os
import pathlib
import socket
import stat
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

if os.environ.get("METALWRIGHT_INSIDE") != "1":
    os.environ["METALWRIGHT_INSIDE"] = "1"
    os.execvp("unshare", ["unshare", "--net", "--uts", "--mount", "--propagation", "private", sys.executable, __file__, *sys.argv[1:]])
PROGRAM, DAEMON, RUNNER = (pathlib.Path(sys.argv.pop(1)).resolve() for _ in range(3))
SECRETS = {"password": "Tr0ub4dor&3-of-the-bundle", "user data": "marker-in-the-user-data", "output": "marker-in-the-output",
           "token": "bearer-token-of-this-host", "vendor key": "secret-of-the-vendors-key", "proxy": "password-of-the-proxy", "old token": "token-of-last-year",
           "operation token": "token-of-the-operation", "one-time token": "one-time-token-for-enrolment"}
HASH = "$6$salt$h4shh4shh4shh4shh4shh4shh4sh"


def in_every_form(secret):
    """As it is, and each way in which it may stand inside longer Base64."""
    yield secret.encode()
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + secret.encode())
        yield whole[(before * 8 + 5) // 6:(before + len(secret)) * 8 // 6]


class SupportBundle(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        above = self.folder / "above"
        above.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "none", above], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", above])
        for name in ("etc", "root"):
            (above / name / "upper").mkdir(parents=True)
            (above / name / "work").mkdir()
            subprocess.run(["mount", "-t", "overlay", "none", "-o", f"lowerdir=/{name},upperdir={above}/{name}/upper,"
                            f"workdir={above}/{name}/work", f"/{name}"], check=True)
            self.addCleanup(subprocess.run, ["umount", "-l", f"/{name}"])
        socket.sethostname("blank")
        self.socket, self.config, self.bundle = self.folder / "a.sock", self.folder / "m.toml", self.folder / "b.tar.gz"
        self.secret_file("token", SECRETS["token"] + "\n")
        self.secret_file("keys.json", json.dumps({"keys": [{"vendor": "baidu", "id": "key-1", "secret": SECRETS["vendor key"]}]}))
        self.secret_file("bootstrap.json", json.dumps({"token": SECRETS["one-time token"], "urls": ["http://127.0.0.1:9"]}))
        self.config.write_text(
            f'[host]\nid = "h-1"\n[admin]\nsocket = "{self.socket}"\n[state]\ndir = "{self.folder}/state"\n[raid]\nstorcli = []\n'
            f'[network]\nnic_name = "va"\npersist = "none"\n[user_data]\nrunner = "{RUNNER}"\n'
            f'[api.tcp]\naddress = "127.0.0.1"\nport = 0\nkeys_file = "{self.folder}/keys.json"\n'
            f'[link.https]\nurls = ["http://127.0.0.1:9"]\ntoken_file = "{self.folder}/token"\n'
            f'enrolment_file = "{self.folder}/bootstrap.json"\n'
            f'# proxy = "http://me:{SECRETS["proxy"]}@127.0.0.1:3128"\n# token = "{SECRETS["old token"]}"\n')
        for words in ("link add va type veth peer name vb", "link set va up", "link set lo up"):
            subprocess.run(["ip", *words.split()], check=True)
        self.addCleanup(subprocess.run, ["ip", "link", "del", "va"])

    def secret_file(self, name, text):
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o600)

    def command(self, *words):
        return subprocess.run([PROGRAM, "--socket", self.socket, *words], capture_output=True, text=True)

    def start(self):
        process = subprocess.Popen([DAEMON, "--config", self.config], stderr=subprocess.PIPE)

        def stop():
            process.terminate()
            process.communicate(timeout=20)
        self.addCleanup(stop)
        for _ in range(200):
            if self.socket.exists() or process.poll() is not None:
                break
            time.sleep(0.05)
        self.assertIsNone(process.poll(), process.poll() is not None and process.stderr.read())

    def order(self):
        script = f"#!/bin/sh\n# {SECRETS['user data']}\necho {SECRETS['output']}\n"
        file = self.folder / "order.json"
        file.write_text(json.dumps({
            "apiVersion": "metalwright/v1", "host": {"id": "h-1"}, "instance": {"id": "i-1"},
            "operation": {"token": SECRETS["operation token"]}, "password": SECRETS["password"],
            "network": {"primary": {"address": "10.77.0.10/24"}}, "userData": {"base64": base64.b64encode(script.encode()).decode()}}))
        return file

    def packed(self):
        with tarfile.open(self.bundle) as archive:
            return {member.name: archive.extractfile(member).read() for member in archive.getmembers() if member.isfile()}

    def test_it_tells_how_the_host_stands_and_holds_no_secret(self):
        self.start()
        done = self.command("apply", "--wait", self.order())
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        # Where nobody looks for them: in what the kernel tells of its NICs.
        planted = {"va": SECRETS["token"], "vb": base64.b64encode(f"Bearer: {SECRETS['vendor key']}!".encode()).decode(), "lo": f"{HASH} {SECRETS['one-time token']}"}
        for nic, words in planted.items():
            subprocess.run(["ip", "link", "set", nic, "alias", words], check=True)
            self.addCleanup(subprocess.run, ["ip", "link", "set", nic, "alias", ""], stderr=subprocess.DEVNULL)
        done = self.command("support-bundle", "--config", self.config, "-o", "json", self.bundle)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertEqual(stat.S_IMODE(self.bundle.stat().st_mode), 0o600)
        files = self.packed()
        told = {"metalwright/" + one["name"]: one["bytes"] for one in json.loads(done.stdout)["contents"]}
        self.assertEqual({name: len(content) for name, content in files.items()}, told)
        everything = {name: json.loads(files[f"metalwright/api/{name}.json"]) for name in ("status", "operations", "operation-1", "inventory")}
        self.assertEqual(everything["status"]["state"], "running")
        self.assertIn("primary", [item["item"] for item in everything["operation-1"]["items"]])
        self.assertIn(b"nic_name", files["metalwright/configuration.toml"])
        self.assertIn(b"10.77.0.10", files["metalwright/system/ip-address.json"])
        self.assertIn("findings", json.loads(files["metalwright/doctor.json"]))
        self.assertTrue(json.loads(files["metalwright/audit-whole.json"])["whole"])
        shadow = pathlib.Path("/etc/shadow").read_text().splitlines()
        hashes = [line.split(":")[1] for line in shadow if line.split(":")[1].startswith("$")]
        self.assertTrue(hashes)
        self.assertEqual(files["metalwright/system/ip-link.json"].count(b"[redacted]"), len(planted) + 1)  # lo bears two
        for what, secret in [*SECRETS.items(), *(("hash", one[3:]) for one in [*hashes, HASH])]:
            for form in in_every_form(secret):
                for name, content in files.items():
                    self.assertNotIn(form, content, f"{what} is in {name}")

    def test_without_a_daemon_it_says_what_it_could_not_have(self):
        done = self.command("support-bundle", "--config", self.config, self.bundle)
        self.assertEqual(done.returncode, 0, done.stderr)
        files = self.packed()
        self.assertIn(b"api/status.json: ", files["metalwright/errors.txt"])
        self.assertIn("findings", json.loads(files["metalwright/doctor.json"]))
        self.assertIn("Secrets are taken out of it", done.stdout)

    def test_a_file_that_is_there_is_replaced_only_when_that_is_meant(self):
        self.bundle.write_text("mine")
        done = self.command("support-bundle", "--config", self.config, self.bundle)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--force", done.stderr)
        self.assertEqual(self.bundle.read_text(), "mine")
        self.assertEqual(self.command("support-bundle", "--config", self.config, "--force", self.bundle).returncode, 0)
        self.assertTrue(tarfile.is_tarfile(self.bundle))
        self.assertEqual([path.name for path in self.folder.iterdir() if path.name.startswith(".metalwright")], [])


if __name__ == "__main__":
    unittest.main()
