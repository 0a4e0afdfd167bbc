"""A host whose daemon is killed, or whose disk fails, in the middle of what it does: the ground of the tests of faults."""
import base64
import contextlib
import json
import pathlib
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("bench", "clients", "fakes")]
import host  # noqa: E402
import programs  # noqa: E402
from control_plane import ControlPlane  # noqa: E402
from host import ip  # noqa: E402
from programs import Program  # noqa: E402

PATIENCE_S = 60
HOST = "h"
POOL = "10.77.9.0/29"
TOKEN = "the-order"
NOT_HERE = "persist"  # skipped by configuration


def in_own_namespaces(script):
    """As host.py has it, with a loopback that leads to the control plane."""
    host.in_own_namespaces(script)
    ip("link", "set", "lo", "up")


def until(good, what, patience=PATIENCE_S):
    """Looks again and again until good() is true; its value."""
    end = time.monotonic() + patience
    while True:
        found = good()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what() if callable(what) else what}: not within {patience} s")
        select.select([], [], [], 0.005)


class FaultsTest(unittest.TestCase):
    build = pathlib.Path()
    program = "metalwrightd-fail-points"
    prefix = ()  # what the daemon is started by

    @classmethod
    def setUpClass(cls):
        cls.plane = ControlPlane()
        cls.addClassCleanup(cls.plane.close)

    def new_host(self):
        """A NIC, a state directory and a control plane that nobody has used."""
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.stack = stack
        self.folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.plane.forget()
        subprocess.run(["ip", "link", "del", "va"], capture_output=True)
        ip("link", "add", "va", "address", "02:00:00:00:00:0a", "type", "veth", "peer", "name", "vb")
        for nic in ("va", "vb"):
            ip("link", "set", nic, "up")
        socket.sethostname("blank")
        pathlib.Path("/etc/hostname").write_text("blank\n")
        (self.folder / "token").write_text(self.plane.token + "\n")
        (self.folder / "token").chmod(0o600)
        (self.folder / "m.toml").write_text(
            f'[host]\nid = "{HOST}"\n[network]\npersist = "none"\nnic_name = "va"\npools = ["{POOL}"]\n'
            f'[user_data]\nrunner = "{self.build}/agent/runner/metalwright-run"\n'
            f'[link.https]\nurls = ["{self.plane.url}"]\ntoken_file = "{self.folder}/token"\n'
            f'ca_file = "{self.plane.authority.certificate}"\nwait_seconds = 20\n[log]\ntarget = "stderr"\n')
        self.log = self.folder / "log"

    def start(self, fail_point=None, ready=True):
        """The daemon; where it may be dead before it answers, `ready` is False."""
        command = [*self.prefix, self.build / "agent" / self.program, "--config", self.folder / "m.toml", "--state-dir", self.folder / "state",
                   "--socket", self.folder / "a.sock"]
        environment = {"METALWRIGHT_FAIL_POINT": fail_point} if fail_point else {}
        self.daemon = Started(command, self.folder / "a.sock", self.log, environment)
        daemon = self.daemon
        self.stack.callback(lambda: daemon.process.poll() is None and daemon.kill())
        if ready:
            until(lambda: self.ask("GET", "/v1/health")[0] == 200, self.words)
        return self.daemon

    def ask(self, method, target, document=None):
        try:
            return programs.ask(self.folder / "a.sock", method, target, document)
        except (FileNotFoundError, ConnectionError):
            return 0, None

    def words(self):
        """The daemon's last ones."""
        return self.log.read_text(errors="replace")[-3000:]

    def document(self, aliases=range(5), script=True, generation=1):
        document = {
            "apiVersion": "metalwright/v1", "host": {"id": HOST}, "instance": {"id": "i-1"}, "hostname": "once",
            "generation": generation, "operation": {"token": f"{TOKEN}-{generation}"},
            "network": {"primary": {"address": "10.77.0.10/24"}, "secondaryCount": {"ipv4": 2},
                        "aliases": [{"cidr": f"10.77.1.{n}/32"} for n in aliases] + [{"cidr": "10.77.2.0/28"}]}}
        if script:
            run = f"#!/bin/sh\necho run >> {self.folder}/runs\n"
            document["userData"] = {"base64": base64.b64encode(run.encode()).decode()}
        return document

    # --- what is there

    def addresses(self):
        links = json.loads(ip("-j", "address", "show", "dev", "va"))
        found = {f"{a['local']}/{a['prefixlen']}" for link in links for a in link["addr_info"] if a["scope"] != "link"}
        return found | {route["dst"] for route in json.loads(ip("-j", "route", "show", "table", "local", "proto", "77") or "[]")}

    def runs(self):
        file = self.folder / "runs"
        return file.read_text().count("run") if file.exists() else 0

    def finished(self, count=1):
        """The final reports of orders at the control plane, once there are so many and it has whatever else was told."""
        def ends():
            return [r for r in self.plane.reports(HOST) if r["kind"] == "finished" and r["operationKind"] == "apply"]
        until(lambda: len(ends()) >= count and (self.ask("GET", "/v1/status")[1] or {}).get("reportsWaiting") == 0, self.words)
        return ends()

    def check_reports(self):
        """None is lost, none came with two contents."""
        self.assertEqual(self.plane.conflicts, [])
        numbers = [report["seq"] for report in self.plane.reports(HOST)]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))


class Started(Program):
    """A daemon that may die at any time."""

    def __init__(self, command, path, log, environment):  # pylint: disable=super-init-not-called
        self.path, self._log = path, log
        self._start(command, **environment)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE_S)
