#!/usr/bin/env python3
"""The daemon in a network namespace: what somebody takes away comes back, is told, and can be held.

usage: test_upkeep.py BUILD     re-runs itself with `unshare --net`; needs root"""
import contextlib
import errno
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("bench", "clients")]
import contract  # noqa: E402
import programs  # noqa: E402
from programs import Program  # noqa: E402

contract.watch(programs)

BUILD = pathlib.Path()
PATIENCE_S = 30
ALIASES = ["10.77.1.5/32", "10.77.2.0/28", "fd77::5/128"]
ETH_P_ARP = 0x0806


def ip(*words):
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


def tc(*words):
    return subprocess.run(["tc", *words], check=True, capture_output=True, text=True).stdout


class Wire(contextlib.AbstractContextManager):
    """Wakes at whatever happens on our NICs, as the kernel tells it: to wait for a state without sleeping."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        # Links, addresses and routes of both families, qdiscs and filters.
        self.socket.bind((0, 0x1 | 0x10 | 0x40 | 0x100 | 0x400 | 0x8))
        self.socket.setblocking(False)

    def hear(self, patience=0.2, most=float("inf")):
        """Waits for a change; how many were told, of which `most` are taken."""
        heard = 0
        select.select([self.socket], [], [], patience)
        with contextlib.suppress(BlockingIOError):
            while heard < most:
                with contextlib.suppress(InterruptedError):
                    try:
                        self.socket.recv(65536)
                        heard += 1
                    except OSError as error:
                        if error.errno != errno.ENOBUFS:
                            raise
        return heard

    def until(self, good, what, patience=PATIENCE_S):
        """Waits for a change until `good()`; the time it took, in seconds."""
        begin = time.monotonic()
        while not good():
            left = begin + patience - time.monotonic()
            if left <= 0:
                raise AssertionError(f"{what() if callable(what) else what}: not within {patience} s")
            self.hear(min(left, 0.2))
        return time.monotonic() - begin

    def __exit__(self, *_):
        self.socket.close()


class UpkeepTest(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.folder = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        ip("link", "add", "va", "address", "02:00:00:00:00:0a", "type", "veth", "peer", "name", "vb")
        self.stack.callback(ip, "link", "del", "va")
        for nic in ("lo", "va", "vb"):
            ip("link", "set", nic, "up")
        self.wire = self.stack.enter_context(Wire())
        (self.folder / "m.toml").write_text('[host]\nid = "h"\n[network]\npersist = "none"\nalias_limit = 20000\n'
                                            'shape_ingress = true\n'
                                            '[log]\ntarget = "stderr"\nlevel = "info"\n')
        self.daemon = self.start()
        self.generation = 0

    def start(self):
        command = [BUILD / "agent/metalwrightd", "--config", self.folder / "m.toml", "--state-dir", self.folder / "state",
                   "--socket", self.folder / "a.sock"]
        daemon = Program(command, self.folder / "a.sock", "/v1/health", self.folder / "log")
        self.stack.callback(lambda: daemon.process.poll() is None and daemon.stop())
        return daemon

    def apply(self, aliases, gateway=True, primary=True, **more):
        self.generation += 1
        network = {"nic": {"name": "va"}, "primary": {"address": "10.77.0.10/24"}, "aliases": [{"cidr": a} for a in aliases],
                   **more}
        if not primary:
            del network["primary"]
        elif gateway:
            network["primary"]["gateway"] = "10.77.0.1"
        status, answer = self.daemon.ask("POST", "/v1/apply", {
            "apiVersion": "metalwright/v1", "host": {"id": "h"}, "instance": {"id": "i"}, "generation": self.generation,
            "network": network})
        self.assertIn(status, (200, 202), answer)
        status, after = self.daemon.ask("GET", f"/v1/status?operation={answer['operation']}&wait=60")
        self.assertEqual(after["state"], "running", after)
        return answer

    def cli(self, *words, status=0, stderr=False):
        done = subprocess.run([BUILD / "agent/metalwright", "--socket", self.folder / "a.sock", *words],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stderr if stderr else done.stdout

    def addresses(self):
        found = set()
        for link in json.loads(ip("-j", "address", "show", "dev", "va")):
            found |= {f"{a['local']}/{a['prefixlen']}" for a in link["addr_info"] if a["scope"] != "link"}
        for route in json.loads(ip("-j", "route", "show", "table", "local", "proto", "77") or "[]"):
            found.add(route["dst"])
        return found

    def whole(self):
        default = ip("route", "show", "default")
        return self.addresses() == {"10.77.0.10/24", *ALIASES} and "via 10.77.0.1" in default

    def drift_events(self):
        return [e for e in self.daemon.ask("GET", "/v1/events")[1]["events"] if e["kind"] == "drift"]

    def test_each_thing_that_is_taken_away_comes_back_and_is_told_once(self):
        self.apply(ALIASES)
        self.assertTrue(self.whole(), self.addresses())
        for thing, words in {
            "alias/10.77.1.5/32": ("address", "del", "10.77.1.5/32", "dev", "va"),
            "alias/10.77.2.0/28": ("route", "del", "local", "10.77.2.0/28", "dev", "va", "table", "local"),
            "alias/fd77::5/128": ("address", "del", "fd77::5/128", "dev", "va"),
            "route/default": ("route", "del", "default"),
            "primary": ("address", "del", "10.77.0.10/24", "dev", "va"),
        }.items():
            with self.subTest(thing):
                before = len(self.drift_events())
                ip(*words)
                self.wire.until(self.whole, f"{thing} comes back")
                told = lambda: [e["item"] for e in self.drift_events()[before:]]
                self.wire.until(told, "it is told")
                self.assertEqual(told().count(thing), 1, told())
        self.assertGreaterEqual(self.daemon.ask("GET", "/v1/status")[1]["restored"], 5)

    def test_the_bandwidth_is_kept_changed_and_taken_back(self):
        shaped = lambda nic: [q for q in json.loads(tc("-j", "qdisc", "show", "dev", nic, "root"))
                              if q["kind"] == "tbf" and q["handle"] == "4d57:"]
        nics = lambda: {link["ifname"] for link in json.loads(ip("-j", "link", "show"))}
        redirected = lambda: "mw-ifb0" in tc("filter", "show", "dev", "va", "ingress")
        self.apply(ALIASES, bandwidthMbps=100, extraUplinkMbps=20)
        self.assertEqual(shaped("va")[0]["options"]["rate"], 120 * 125000)
        self.assertEqual(shaped("mw-ifb0")[0]["options"]["rate"], 100 * 125000)
        whole = lambda: "mw-ifb0" in nics() and shaped("va") and shaped("mw-ifb0") and redirected()
        for item, take_away in {
            "bandwidth": lambda: tc("qdisc", "del", "dev", "va", "root"),
            "bandwidth/ingress": lambda: ip("link", "del", "mw-ifb0"),
        }.items():
            with self.subTest(item):
                take_away()
                self.wire.until(whole, f"{item} comes back")
                self.wire.until(lambda: item in [e["item"] for e in self.drift_events()], "it is told")
        for take_away in (lambda: tc("qdisc", "del", "dev", "va", "ingress"),
                          lambda: tc("qdisc", "change", "dev", "va", "root", "handle", "4d57:", "tbf", "rate", "1gbit",
                                     "burst", "1mb", "latency", "25ms")):
            take_away()
            self.wire.until(lambda: whole() and shaped("va")[0]["options"]["rate"] == 120 * 125000, "as ordered again")
        self.apply(ALIASES, bandwidthMbps=50)
        self.assertEqual(shaped("va")[0]["options"]["rate"], 50 * 125000)
        self.apply(ALIASES)  # absent: left as it is
        self.assertTrue(whole())
        self.apply(ALIASES, bandwidthMbps=0)
        self.assertFalse(shaped("va") or redirected() or "mw-ifb0" in nics())
        self.assertTrue(self.whole(), self.addresses())

    def test_a_nic_that_goes_down_and_up_gets_its_routes_again(self):
        self.apply(ALIASES)
        ip("link", "set", "va", "down")
        self.wire.until(self.whole, "all of it comes back")
        self.assertIn("UP", ip("link", "show", "va").split("<")[1].split(">")[0].split(","))

    def test_what_is_foreign_is_let_alone(self):
        ip("address", "add", "10.77.9.9/32", "dev", "va")
        self.apply([])
        ip("address", "del", "10.77.9.9/32", "dev", "va")
        ip("address", "add", "10.77.9.8/32", "dev", "va")
        ip("address", "del", "10.77.0.10/24", "dev", "va")
        self.wire.until(lambda: "10.77.0.10/24" in self.addresses(), "the primary comes back")
        self.assertEqual(self.addresses(), {"10.77.0.10/24", "10.77.9.8/32"})

    def test_aliases_alone_wait_until_the_owner_of_the_nic_is_back(self):
        owner = ("address", "add", "10.77.0.10/24", "dev", "va")
        ip(*owner)
        self.apply(ALIASES, primary=False)
        ip("link", "set", "vb", "down")
        told = subprocess.Popen(["ip", "-o", "monitor", "address"], stdout=subprocess.PIPE, bufsize=0)
        self.stack.callback(told.wait)
        self.stack.callback(told.stdout.close)
        self.stack.callback(told.kill)
        self.wire.until(lambda: f" {told.pid} " in pathlib.Path("/proc/net/netlink").read_text(), "it listens")
        ip("address", "flush", "dev", "va", "scope", "global")  # what NetworkManager does when the cable is out
        ip("link", "set", "vb", "up")
        # Half a second is ten times what it takes to put an address back.
        while select.select([told.stdout], [], [], 0.5)[0]:
            line = told.stdout.readline()
            self.assertTrue(line.startswith(b"Deleted") or b"scope link" in line, line)
        ip(*owner)
        self.wire.until(lambda: self.addresses() == {"10.77.0.10/24", *ALIASES}, "they come back with the owner")

    def test_aliases_alone_do_not_wait_for_ever(self):
        ip("address", "add", "10.77.0.10/24", "dev", "va")
        self.apply(ALIASES, primary=False)
        ip("address", "flush", "dev", "va", "scope", "global")
        self.assertGreater(self.wire.until(lambda: self.addresses() == set(ALIASES), "they come back by themselves"), 5)

    def test_a_thousand_flushed_addresses_are_all_back(self):
        many = [f"10.78.{n // 250}.{n % 250 + 1}/32" for n in range(1000)]
        self.apply(many)
        wanted = {"10.77.0.10/24", *many}
        ip("address", "flush", "dev", "va", "scope", "global")
        self.wire.until(lambda: self.addresses() == wanted, "all thousand")

    def test_who_insists_is_answered_at_longer_intervals_and_named(self):
        self.apply(ALIASES)
        removed, end = 0, time.monotonic() + 4
        while time.monotonic() < end:  # somebody's cron job gone mad, bounded
            if subprocess.run(["ip", "address", "del", "10.77.1.5/32", "dev", "va"], capture_output=True).returncode == 0:
                removed += 1
        self.assertLessEqual(removed, 9)  # 3 at once, then 0.2, 0.4, 0.8, 1.6 s apart
        self.wire.until(self.whole, "it comes back when they let go")
        contested = [e for e in self.daemon.ask("GET", "/v1/events")[1]["events"] if e["kind"] == "contested"]
        self.assertEqual([e["item"] for e in contested], ["alias/10.77.1.5/32"])

    def test_a_hold_freezes_it_and_ends(self):
        self.apply(ALIASES)
        self.cli("hold", "network", "--for", "1h")
        self.assertIsNotNone(self.daemon.ask("GET", "/v1/status")[1]["hold"]["network"])
        self.assertIn("held", self.cli("status"))
        ip("address", "del", "10.77.1.5/32", "dev", "va")
        ip("address", "add", "10.77.1.5/31", "dev", "lo")  # a later change of the kernel's: it has been listened to
        self.daemon.ask("GET", "/v1/inventory")
        self.assertNotIn("10.77.1.5/32", self.addresses())
        ip("address", "del", "10.77.1.5/31", "dev", "lo")
        self.cli("hold", "--end")
        self.wire.until(self.whole, "it comes back when the hold ends")

    def test_a_hold_ends_by_itself(self):
        self.apply(ALIASES)
        self.cli("hold", "--for", "5s")
        ip("address", "del", "10.77.1.5/32", "dev", "va")
        self.assertGreater(self.wire.until(self.whole, "it comes back when the hold has ended"), 1)
        self.assertNotIn("held", self.cli("status"))

    def test_addresses_are_added_listed_and_removed_one_by_one(self):
        listed = lambda: {a["address"]: (a["source"], a["state"]) for a in json.loads(self.cli("ip", "list", "-o", "json"))["addresses"]}
        self.assertIn("apply an order first", self.cli("ip", "add", "10.77.3.7", status=2, stderr=True))
        self.apply(ALIASES)
        self.assertIn("add alias 10.77.3.7/32 on va", self.cli("ip", "plan", "add", "10.77.3.7"))
        self.assertNotIn("10.77.3.7/32", self.addresses())
        self.cli("ip", "add", "10.77.3.7", "10.77.4.0/28", "--wait")
        self.assertLessEqual({"10.77.3.7/32", "10.77.4.0/28", *ALIASES}, self.addresses())
        self.assertEqual(listed(), {"10.77.0.10/24": ("admin", "present"), **{a: ("admin", "present") for a in ALIASES},
                                    "10.77.3.7/32": ("ip", "present"), "10.77.4.0/28": ("ip", "present")})
        self.assertIn("unchanged: 10.77.3.7/32", self.cli("ip", "add", "10.77.3.7/32"))
        self.assertIn("admin (generation 1)", self.cli("ip", "del", "10.77.1.5", status=2, stderr=True))
        self.assertIn("nobody", self.cli("ip", "del", "10.77.9.9", status=1, stderr=True))
        self.apply([*ALIASES, "10.77.1.6/32"])  # the next order lets them alone
        self.assertLessEqual({"10.77.3.7/32", "10.77.4.0/28", "10.77.1.6/32"}, self.addresses())
        ip("address", "del", "10.77.3.7/32", "dev", "va")
        self.wire.until(lambda: "10.77.3.7/32" in self.addresses(), "it comes back like every other")
        self.cli("ip", "del", "10.77.3.7", "--wait")
        self.assertNotIn("10.77.3.7/32", self.addresses())
        self.assertLessEqual({"10.77.4.0/28", *ALIASES}, self.addresses())
        self.cli("ip", "del", "10.77.4.0/28", "--wait")
        self.assertEqual(self.addresses(), {"10.77.0.10/24", "10.77.1.6/32", *ALIASES})

    def test_what_is_put_back_is_watched_until_ctrl_c(self):
        self.apply(ALIASES)
        watch = subprocess.Popen([BUILD / "agent/metalwright", "--socket", self.folder / "a.sock", "ip", "watch", "-o", "json"],
                                 stdout=subprocess.PIPE, text=True)
        self.stack.callback(watch.stdout.close)
        self.stack.callback(watch.kill)
        heard = []
        while not heard:  # it may have been too early for the first of them
            ip("address", "del", "10.77.1.5/32", "dev", "va")
            self.wire.until(self.whole, "it comes back")
            if select.select([watch.stdout], [], [], 1)[0]:
                heard.append(json.loads(watch.stdout.readline()))
        self.assertEqual((heard[0]["kind"], heard[0]["item"]), ("drift", "alias/10.77.1.5/32"))
        watch.send_signal(signal.SIGINT)
        self.assertEqual(watch.wait(PATIENCE_S), 0)

    def test_a_killed_daemon_puts_back_at_its_next_start(self):
        self.apply(ALIASES)
        self.daemon.process.send_signal(signal.SIGKILL)
        self.daemon.process.wait()
        ip("address", "del", "10.77.1.5/32", "dev", "va")
        self.daemon = self.start()
        self.wire.until(self.whole, "it comes back")

    def test_a_second_daemon_on_the_same_socket_is_refused(self):
        command = [BUILD / "agent/metalwrightd", "--config", self.folder / "m.toml", "--state-dir", self.folder / "state",
                   "--socket", self.folder / "a.sock"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("cannot start", done.stderr)

    def test_new_addresses_are_announced_and_removed_ones_are_not(self):
        ear = self.stack.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ARP)))
        ear.bind(("vb", ETH_P_ARP))
        ear.settimeout(PATIENCE_S)
        self.apply(["10.77.1.5/32", "10.77.1.6/32"], gateway=False)
        heard = {}
        while min(heard.get("10.77.1.5", 0), heard.get("10.77.1.6", 0)) < 2:
            arp = ear.recv(64)
            if arp[14:18] == arp[24:28]:  # sender and target are one: an announcement
                heard[socket.inet_ntoa(arp[14:18])] = heard.get(socket.inet_ntoa(arp[14:18]), 0) + 1
        self.apply(["10.77.1.6/32"], gateway=False)
        ear.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while ear.recv(64):
                pass
        ear.settimeout(PATIENCE_S)
        last = []
        while len(last) < 2:  # two more rounds of the other one
            arp = ear.recv(64)
            if arp[14:18] == arp[24:28]:
                last.append(socket.inet_ntoa(arp[14:18]))
        self.assertNotIn("10.77.1.5", last)


if __name__ == "__main__":
    if "METALWRIGHT_INSIDE" not in os.environ:
        os.environ["METALWRIGHT_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, __file__, *sys.argv[1:]])
    BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
