#!/usr/bin/env python3
"""What a network and a control plane do to a host's link, with the whole daemon: it comes back by itself, nothing is lost, nothing is
taken twice, and the log says what happened.

usage: test_link_faults.py BUILD     needs root, runs itself in namespaces of its own"""
import ctypes
import os
import pathlib
import subprocess
import sys
import time
import unittest

from faults import HOST, PATIENCE_S, ControlPlane, FaultsTest, in_own_namespaces, ip, until

CLONE_NEWNET = 0x40000000
FAR, NEAR = "10.0.2.100", "10.0.2.1"  # the former is in the certificate


def enter(namespace):
    with open(namespace) as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


class LinkFaultsTest(FaultsTest):
    program = "metalwrightd"

    def new_host(self, url=None, wait=20):
        super().new_host()
        text = (self.folder / "m.toml").read_text()
        text = text.replace("wait_seconds = 20", f"wait_seconds = {wait}\nbackoff_min_ms = 50\nbackoff_max_ms = 400")
        (self.folder / "m.toml").write_text(text.replace(self.plane.url, url or self.plane.url))

    def order(self, generation, count=5):
        return self.document(aliases=range(count), script=False, generation=generation)

    def offer(self, generation, count=5, plane=None):
        (plane or self.plane).put_spec(HOST, self.order(generation, count), generation)

    def settled(self, generation, plane=None):
        """Once that generation is carried out, told, and nothing waits."""
        def told():
            return [r for r in (plane or self.plane).reports(HOST) if r["kind"] == "finished" and r["generation"] == generation]
        found = until(told, self.words)
        until(lambda: (self.ask("GET", "/v1/status")[1] or {}).get("reportsWaiting") == 0, self.words)
        self.assertEqual(len(found), 1)
        self.assertEqual(found[0]["state"], "running")

    def says(self, words):
        until(lambda: words in self.log.read_text(), self.words)

    def accepted(self):
        return [r["generation"] for r in self.plane.reports(HOST) if r["kind"] == "accepted"]

    def test_an_outage_keeps_every_report_for_later_over_a_crash_too(self):
        self.new_host()
        self.offer(1)
        self.start()
        self.settled(1)
        self.plane.fail("refuse")
        self.says("no documents pass for now: ")
        tokens = []
        for number in range(20):
            document = self.document(aliases=range(number % 7), script=False, generation=2 + number)
            tokens.append(document["operation"]["token"])
            self.assertEqual(self.ask("POST", "/v1/apply", document)[0], 202, "the admin socket needs no control plane")
            if number == 10:
                self.daemon.kill()
                self.start()
        until(lambda: self.ask("GET", "/v1/status")[1]["state"] == "running", self.words)
        waiting = self.ask("GET", "/v1/status")[1]["reportsWaiting"]
        self.assertGreaterEqual(waiting, 40, "acceptance and end of each order")
        self.says("no reports pass for now: ")
        requests = len(self.plane.requests)
        self.plane.fail()
        self.settled(21)
        self.assertGreater(len(self.plane.requests), requests)
        self.says("documents pass again")
        self.check_reports()
        self.assertEqual(sorted(self.accepted()), list(range(1, 22)), "each order once")
        self.offer(22, 3)
        self.settled(22)

    def test_a_link_that_flaps_takes_the_last_document_and_none_twice(self):
        self.new_host()
        self.start()
        for generation in range(1, 31):
            self.offer(generation, generation % 9)
            self.plane.fail(("refuse", "cut", "garbage", "5xx", "nonsense")[generation % 5])
            time.sleep(0.03)  # the fault lasts so long, and then the good time
            self.plane.fail()
            time.sleep(0.03)
        self.settled(30)
        self.check_reports()
        accepted = self.accepted()
        self.assertEqual(accepted, sorted(set(accepted)), "taken twice, or out of order")
        self.assertEqual({a for a in self.addresses() if a.startswith("10.77.1.")}, {f"10.77.1.{n}/32" for n in range(30 % 9)})

    def test_a_half_open_connection_is_left_when_the_answer_is_overdue(self):
        far = subprocess.Popen(["unshare", "--net", "sleep", "300"])  # pylint: disable=consider-using-with
        self.addCleanup(far.wait)
        self.addCleanup(far.kill)
        here, there = "/proc/self/ns/net", f"/proc/{far.pid}/ns/net"
        until(lambda: os.readlink(there) != os.readlink(here), "a namespace")
        ip("link", "add", "near", "type", "veth", "peer", "name", "far", "netns", str(far.pid))
        self.addCleanup(ip, "link", "del", "near")
        ip("address", "add", f"{NEAR}/24", "dev", "near")
        ip("link", "set", "near", "up")
        home = os.open(here, os.O_RDONLY)
        enter(there)
        try:
            ip("link", "set", "lo", "up")
            ip("address", "add", f"{FAR}/24", "dev", "far")
            ip("link", "set", "far", "up")
            plane = ControlPlane(self.plane.directory + "/far", address=FAR)
        finally:
            enter(f"/proc/self/fd/{home}")
            os.close(home)
        self.addCleanup(plane.close)
        self.new_host(f"https://{FAR}:{plane.port}", wait=1)
        (self.folder / "token").write_text(plane.token)
        text = (self.folder / "m.toml").read_text()
        (self.folder / "m.toml").write_text(text.replace(self.plane.authority.certificate, plane.authority.certificate))
        self.offer(1, plane=plane)
        self.start()
        self.settled(1, plane)
        # A question is under way: whoever has one to ask would hear at once that nobody knows the connection.
        until(lambda: any(request["status"] == 304 for request in plane.requests), self.words)
        time.sleep(0.3)
        # The cable is out while the control plane forgets its connections: no FIN and no RST comes through.
        ip("link", "set", "near", "down")
        plane.fail("refuse")
        until(lambda: not plane.connections(), "they are gone")
        for state in ("down", "up"):  # with what waits there for the other's address
            subprocess.run(["nsenter", f"--net={there}", "ip", "link", "set", "far", state], check=True)
        plane.fail()
        self.offer(2, 7, plane)
        began = time.monotonic()
        ip("link", "set", "near", "up")
        self.settled(2, plane)
        self.assertGreater(time.monotonic() - began, 10, "somebody told it that the connection was gone")
        self.says("no whole answer within 31000 ms")
        self.assertIn("10.77.1.6/32", self.addresses())
        self.assertEqual(plane.conflicts, [])

    def test_a_name_that_moves_is_followed_and_one_that_is_gone_is_told(self):
        def point_at(address):
            pathlib.Path("/etc/hosts.new").write_text(f"{address} localhost\n" if address else "# nobody\n")
            os.rename("/etc/hosts.new", "/etc/hosts")
        before = pathlib.Path("/etc/hosts").read_text()
        self.addCleanup(pathlib.Path("/etc/hosts").write_text, before)
        pathlib.Path("/etc/nsswitch.conf").write_text("hosts: files\n")
        point_at("127.0.0.1")
        self.new_host(f"https://localhost:{self.plane.port}")
        ip("address", "add", "10.99.0.1/24", "dev", "vb")  # a host has an IPv4 address: AI_ADDRCONFIG
        self.offer(1)
        self.start()
        self.settled(1)
        # The control plane moves: the same certificates, token and reports at another address.
        numbers = [report["seq"] for report in self.plane.reports(HOST)]
        other = ControlPlane(self.plane.directory, token=self.plane.token, port=self.plane.port, address="127.0.0.2")
        self.addCleanup(other.close)
        self.offer(2, 7, other)
        point_at("127.0.0.2")
        self.plane.fail("refuse")
        self.settled(2, other)
        self.assertEqual([r["seq"] for r in other.reports(HOST)][:len(numbers)], numbers, "the next ones are added to the former")
        self.assertEqual(other.conflicts, [])
        point_at(None)
        other.fail("refuse")
        self.says("the name cannot be resolved")
        self.says("check /etc/resolv.conf and the network, or name an address")
        other.fail()
        self.offer(3, 2, other)
        point_at("127.0.0.2")
        self.settled(3, other)

    def test_an_older_generation_is_refused_and_the_same_with_other_content_a_conflict_that_is_reported(self):
        def refused(generation):
            return [e for r in self.plane.reports(HOST) if r["kind"] == "refused" and r["generation"] == generation for e in r["errors"]]
        self.new_host()
        self.offer(5)
        self.start()
        self.settled(5)
        there = self.addresses()
        self.offer(3, 9)
        older = until(lambda: refused(3), self.words)
        self.assertEqual(older[0]["code"], "conflict", older)
        self.assertIn("older than 5", older[0]["message"])
        self.says("generation 3 is refused")
        # The link has generation 5 already and does not fetch it again; a daemon that has just started does.
        self.plane.put_spec(HOST, self.order(5, 8), 5)
        self.daemon.stop()
        self.start()
        same = until(lambda: refused(5), self.words)
        self.assertEqual(same[0]["code"], "conflict", same)
        self.says("generation 5 is refused")
        self.assertEqual(self.addresses(), there)
        self.offer(6, 2)
        self.settled(6)
        self.check_reports()

    def test_what_is_refused_comes_through_once_it_is_put_right(self):
        self.new_host()
        self.plane.put_spec(HOST, self.order(1) | {"nonsense": 1}, 1)
        self.start()
        until(lambda: [r for r in self.plane.reports(HOST) if r["kind"] == "refused"], self.words, PATIENCE_S)
        self.offer(2)
        self.settled(2)


if __name__ == "__main__":
    in_own_namespaces(__file__)
    FaultsTest.build = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
