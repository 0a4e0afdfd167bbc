#!/usr/bin/env python3
"""Where a secret may be and where never: a host is given each kind of them, and then all that is left is looked through: the state
directory, what the control plane got, the log, arguments and environments, and the daemon's whole memory.

usage: test_secrets.py BUILD     needs root, runs itself in namespaces of its own"""
import base64
import http.client
import json
import os
import pathlib
import re
import resource
import signal
import ssl
import subprocess
import sys
import unittest

from faults import HOST, FaultsTest, Started, in_own_namespaces, until

import programs  # isort: skip
import signers  # isort: skip

PASSWORD, RESET, SECRET = "Pl4in#of-the-order", "Pl4in#of-the-reset", "masked-value-of-the-user-data"
IN_THE_SCRIPT = "what-stands-in-the-script-alone"
VENDOR_KEY = {"vendor": "jdcloud", "id": "jd-of-this-host", "secret": "jdcloud-secret-of-this-host-alone"}


def forms(secret):
    """The bytes that tell it: as it is, and in Base64 wherever it begins."""
    plain = secret if isinstance(secret, bytes) else secret.encode()
    found = {plain}
    for before in range(3):
        text = base64.b64encode(b"x" * before + plain)
        found.add(text[(0, 2, 3)[before]:-4])
    return found


def memory(pid):
    """All that the process can write to, piece by piece: (name, bytes)."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as image:
        for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, flags, *rest = line.split(maxsplit=5)
            begin, end = (int(number, 16) for number in span.split("-"))
            if flags[:2] != "rw" or (len(rest) > 3 and rest[3].startswith("[v")):
                continue
            image.seek(begin)
            data = b""
            while len(data) < end - begin and (more := image.read(end - begin - len(data))):
                data += more
            yield rest[3] if len(rest) > 3 else span, data


class SecretsTest(FaultsTest):
    program = "metalwrightd"

    def new_host(self):
        super().new_host()
        self.certificate, self.key = self.plane.authority.server("listener")
        self.client, self.client_key = self.plane.authority.client()
        (self.folder / "keys.json").write_text(json.dumps({"keys": [VENDOR_KEY]}))
        for file in (self.folder / "keys.json", self.key, self.client_key):
            pathlib.Path(file).chmod(0o600)
        text = (self.folder / "m.toml").read_text()
        text = text.replace("wait_seconds = 20", f'wait_seconds = 20\ncert_file = "{self.client}"\nkey_file = "{self.client_key}"')
        (self.folder / "m.toml").write_text(
            text + f'[api.tcp]\naddress = "127.0.0.1"\nport = 0\nkeys_file = "{self.folder}/keys.json"\n'
            f'cert_file = "{self.certificate}"\nkey_file = "{self.key}"\n')

    def order(self):
        script = (f"#!/bin/sh\n# {IN_THE_SCRIPT}\necho run >> {self.folder}/runs\necho said $METALWRIGHT_SECRET_door\n"
                  f"touch {self.folder}/begun\nwhile [ ! -e {self.folder}/go ]; do sleep 0.02; done\n")
        document = self.document()
        document["password"] = PASSWORD
        document["userData"] = {"base64": base64.b64encode(script.encode()).decode(), "secrets": {"door": SECRET}}
        return document

    def over_tcp(self):
        """A call that is signed with the vendor's key."""
        port = int(re.findall(r"port=(\d+)", self.log.read_text())[-1])
        trust = ssl.create_default_context(cafile=self.plane.authority.certificate)
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=trust)
        self.addCleanup(connection.close)
        headers, target = signers.jdcloud(VENDOR_KEY, "GET", f"127.0.0.1:{port}", "/v1/regions/r/aliasIps")
        connection.request("GET", target, headers=headers)
        self.assertEqual(connection.getresponse().status, 200)

    def private_numbers(self, file):
        """What a private key is made of: its number, and the text of the file."""
        told = subprocess.run(["openssl", "pkey", "-in", file, "-noout", "-text"], check=True, capture_output=True, text=True).stdout
        number = re.search(r"priv:\n((?:\s+[0-9a-f:]+\n)+)", told).group(1)
        raw = bytes.fromhex(re.sub(r"[\s:]", "", number))[-32:]
        return {raw, raw[::-1], *pathlib.Path(file).read_bytes().splitlines()[1:-1]}

    def found_in_memory(self, needles):
        return sorted({(name, where, data[max(at - 48, 0):at + 48]) for where, data in memory(self.daemon.process.pid)
                       for name, texts in needles.items() for text in texts if (at := data.find(text)) >= 0})

    def setUp(self):
        self.new_host()
        self.plane.put_spec(HOST, self.order(), 1)
        self.start()
        until((self.folder / "begun").exists, self.words)
        self.during = []
        for pid in self.daemon.family():
            self.during.append(pathlib.Path(f"/proc/{pid}/cmdline").read_bytes())
        self.during.append(pathlib.Path(f"/proc/{self.daemon.process.pid}/environ").read_bytes())
        self.over_tcp()
        (self.folder / "go").touch()
        self.finished()
        reset = {"apiVersion": "metalwright/v1", "host": {"id": HOST}, "operation": {"token": "reset-1"},
                 "resetPassword": {"instanceId": "i-1", "password": RESET}}
        # On a connection that stays: what it has read must not.
        self.kept = programs.Connection(self.folder / "a.sock")
        self.addCleanup(self.kept.close)
        self.kept.request("POST", "/v1/apply", json.dumps(reset))
        self.assertEqual(self.kept.getresponse().status, 202)
        until(lambda: self.ask("GET", "/v1/status")[1]["state"] == "running", self.words)
        until(lambda: self.ask("GET", "/v1/status")[1]["reportsWaiting"] == 0, self.words)
        self.never = {"password": forms(PASSWORD), "password that was set anew": forms(RESET), "secret of user data": forms(SECRET)}
        self.user_data = {"script": forms(IN_THE_SCRIPT)}
        self.keys = {"vendor's key": forms(VENDOR_KEY["secret"]), "token of the link": forms(self.plane.token),
                     "key of the listener": self.private_numbers(self.key), "key of the link": self.private_numbers(self.client_key)}

    def test_none_is_left_in_files_reports_log_arguments_or_environments(self):
        places = {"reports": json.dumps(self.plane.reports(HOST)).encode(), "log": self.log.read_bytes(),
                  "arguments and environment": b"\n".join(self.during)}
        state = self.folder / "state"
        for file in state.rglob("*"):
            if file.is_file():
                places[str(file.relative_to(state))] = file.read_bytes()
        self.assertLessEqual({"state.db", "state.db-wal", "audit.jsonl"}, places.keys())

        def found(needles):
            return [(name, place) for place, text in places.items() for name, texts in needles.items() if any(t in text for t in texts)]
        self.assertEqual(found(self.never | self.keys), [])
        # The tenant's own: it is where the tenant looks for it, until a release.
        self.assertEqual(found(self.user_data), [("script", "userdata/i-1/script")])
        self.assertIn("said ***", json.dumps(self.plane.reports(HOST)))

    def test_the_memory_of_the_daemon_holds_none_that_is_not_in_use(self):
        self.assertEqual(self.found_in_memory(self.never | self.user_data | {"vendor's key": self.keys["vendor's key"]}), [])
        # What is in use is there, and the search finds it: the token while the link asks.
        in_use = {"token of the link", "key of the link", "key of the listener"}
        until(lambda: {name for name, _, _ in self.found_in_memory(self.keys)} == in_use, "none of them is found")

    def died_with_core(self, **environment):
        """A daemon that may write a core and is told to abort."""
        self.daemon.stop()
        self.daemon = Started(self.daemon.process.args, self.folder / "a.sock", self.log, environment)
        until(lambda: self.ask("GET", "/v1/health")[0] == 200, self.words)
        pid = self.daemon.process.pid
        resource.prlimit(pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.daemon.process.send_signal(signal.SIGABRT)
        _, status = os.waitpid(pid, 0)
        self.daemon.process.returncode = -os.WTERMSIG(status)
        return os.WCOREDUMP(status)

    def test_no_core_is_written(self):
        os.chdir(self.folder)  # where one would be, with the kernel's own pattern
        self.addCleanup(os.chdir, "/")
        self.assertFalse(self.died_with_core())
        if not self.died_with_core(METALWRIGHT_DUMPABLE="1"):
            self.skipTest("this machine writes no cores at all")


if __name__ == "__main__":
    in_own_namespaces(__file__)
    FaultsTest.build = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
