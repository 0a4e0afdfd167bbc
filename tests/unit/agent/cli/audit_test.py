#!/usr/bin/env python3
"""audit_test.py METALWRIGHT METALWRIGHTD RUNNER: who asked for what, as `metalwright audit` tells it.

The real programs, with a daemon in a folder and a network of its own; root is needed.
"""
import base64
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM, DAEMON, RUNNER = (pathlib.Path(sys.argv.pop(1)).resolve() for _ in range(3))
SECRETS = {"password": "Tr0ub4dor&3-of-the-audit", "user data": "echo marker-of-the-audit"}
NOBODY = 65534


class Audit(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.folder.chmod(0o755)
        self.state, self.inbox, self.socket = self.folder / "state", self.folder / "inbox", self.folder / "admin.sock"
        self.inbox.mkdir(mode=0o700)
        self.config = self.folder / "m.toml"
        self.config.write_text(f'[admin]\nsocket = "{self.socket}"\n[state]\ndir = "{self.state}"\n[raid]\nstorcli = []\n'
                               f'[user_data]\nrunner = "{RUNNER}"\n[host]\nid = "h-1"\n[link.file]\ndirectory = "{self.inbox}"\n')

    @contextlib.contextmanager
    def daemon(self):
        process = subprocess.Popen(["unshare", "--net", DAEMON, "--config", self.config], stderr=subprocess.PIPE)
        try:
            for _ in range(200):
                if self.socket.exists() or process.poll() is not None:
                    break
                time.sleep(0.05)
            self.assertIsNone(process.poll(), process.stderr.read() if process.poll() is not None else b"")
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=20)

    def command(self, *words, **more):
        return subprocess.run([PROGRAM, "--socket", self.socket, *words], capture_output=True, text=True, **more)

    def audit(self, *words):
        return self.command("audit", "--config", self.config, *words)

    def lines(self, *words):
        done = self.audit("-o", "json", *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return json.loads(done.stdout)["lines"]

    def checked(self):
        done = self.audit("-o", "json", "--verify")
        told = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0 if told["whole"] else 1)
        return told

    def order(self, name):
        """One that is refused as a whole, with secrets in it: nothing is done to this machine."""
        file = self.folder / name
        file.write_text(json.dumps({
            "apiVersion": "metalwright/v1", "host": {"id": "another"}, "instance": {"id": "i-1"},
            "firstBoot": {"password": SECRETS["password"], "userData": base64.b64encode(SECRETS["user data"].encode()).decode()}}))
        return file

    def test_who_asked_for_what_and_how_it_ended(self):
        with self.daemon() as daemon:
            root = subprocess.Popen([PROGRAM, "--socket", self.socket, "apply", self.order("order.json")],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            root.communicate()
            self.assertNotEqual(root.returncode, 0)
            self.assertEqual(self.command("hold", "network", "--for", "1s").returncode, 0)
            self.command("status")
            self.socket.chmod(0o666)
            stranger = self.command("arm", user=NOBODY, group=NOBODY, extra_groups=[])
            self.assertIn("only root may change this host", stranger.stderr)
            os.rename(self.order("other"), self.inbox / "other.json")
            for _ in range(200):
                if (self.inbox / "other.json.result").exists():
                    break
                time.sleep(0.05)
            applied, held, refused, document = self.lines()
            self.assertEqual(applied["who"], {"door": "admin", "uid": 0, "gid": 0, "pid": root.pid})
            self.assertEqual((applied["did"], applied["status"]), ("POST /v1/apply", 409), applied)
            self.assertRegex(applied["at"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ$")
            self.assertEqual((held["did"], held["status"]), ("POST /v1/hold", 200))
            self.assertEqual((refused["did"], refused["status"], refused["code"]), ("POST /v1/arm", 403, "refused"))
            self.assertEqual((refused["who"]["uid"], refused["who"]["gid"]), (NOBODY, NOBODY))
            self.assertEqual((document["who"], document["did"], document["code"]), ({"door": "file"}, "document", "refused"))

            table = self.audit().stdout
            self.assertRegex(table.splitlines()[0], r"^AT +WHO +DID +OUTCOME$")
            self.assertRegex(table, rf"(?m)UTC +uid 0, pid {root.pid} +POST /v1/apply +409 refused$")
            self.assertEqual(len(self.lines("--limit", "2")), 2)
            self.assertEqual(len(self.lines("--since", "1h")), 4)
            self.assertEqual(self.lines("--since", "2099-01-01"), [])
            self.assertEqual(self.audit("--since", "yesterday").returncode, 64)
            self.assertIsNone(daemon.poll())
        before = self.checked()
        self.assertEqual((before["whole"], before["lines"]), (True, 4))
        (self.inbox / "other.json").unlink()  # else it would be taken at the next start too
        with self.daemon():
            self.command("hold", "network", "--end")
        self.assertEqual(self.checked()["to"], 5, "a start goes on from there")
        kept = (self.state / "audit.jsonl").read_text()
        for name, secret in SECRETS.items():
            for form in (secret, base64.b64encode(secret.encode()).decode()):
                self.assertNotIn(form, kept, name)
        self.assertEqual((self.state / "audit.jsonl").stat().st_mode & 0o7777, 0o600)

    def test_what_was_changed_is_named(self):
        with self.daemon():
            for _ in range(3):
                self.command("hold", "network", "--end")
        file = self.state / "audit.jsonl"
        lines = file.read_text().splitlines(keepends=True)
        file.write_text(lines[0] + re.sub('"uid":0', '"uid":1', lines[1]) + lines[2])
        told = self.checked()
        self.assertEqual((told["misfit"]["file"], told["misfit"]["line"]), ("audit.jsonl", 2))
        self.assertIn("audit.jsonl, line 2: ", self.audit("--verify").stdout)
        file.write_text(lines[0] + lines[2])
        self.assertEqual(self.checked()["misfit"]["line"], 2)
        file.write_text("".join(lines))
        self.assertRegex(self.audit("--verify").stdout, r"^Whole: 3 lines, number 1 to 3\.\nchain [0-9a-f]{64}\n$")

    def test_it_is_roots_alone(self):
        with self.daemon():
            self.command("hold", "network", "--end")
        self.state.chmod(0o755)
        done = subprocess.run([PROGRAM, "audit", "--config", self.config], user=NOBODY, group=NOBODY, extra_groups=[],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("only root may read who asked for what", done.stderr)


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("root is needed")
        sys.exit(77)
    unittest.main()
