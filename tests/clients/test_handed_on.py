#!/usr/bin/env python3
"""A connection of root's to the admin socket that another process writes to: a request is its sender's.

usage: test_handed_on.py BUILD     re-runs itself in namespaces of its own; needs root"""
import http.client
import json
import os
import pathlib
import signal
import socket
import sys
import unittest

from host import Host, in_own_namespaces

BUILD = pathlib.Path()
NOBODY = 65534
HOLD = json.dumps({"scope": "network", "seconds": 1})


def request(method, target, body=""):
    return f"{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def in_child(work, uid=0):
    """Does it in a child of ours, as that user without any groups."""
    child = os.fork()
    if child == 0:
        if uid:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        work()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


class HandedOnTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host(BUILD)
        cls.addClassCleanup(cls.host.close)

    def setUp(self):
        self.client = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.client.close)
        self.client.settimeout(60)
        self.client.connect(str(self.host.folder / "a.sock"))

    def answer(self):
        answer = http.client.HTTPResponse(self.client)
        answer.begin()
        return answer.status, json.loads(answer.read())

    def audit(self):
        return [json.loads(line) for line in (self.host.folder / "state/audit.jsonl").read_text().splitlines()]

    def test_a_child_without_privileges_is_not_root_though_root_has_connected(self):
        for method, target, body in (("GET", "/v1/status", ""), ("GET", "/v1/spec", ""), ("POST", "/v1/hold", HOLD)):
            in_child(lambda sent=request(method, target, body): self.client.sendall(sent), NOBODY)
            status, problem = self.answer()
            self.assertEqual(status, 403, (target, problem))
        self.assertEqual([line["who"]["uid"] for line in self.audit()[-2:]], [NOBODY, NOBODY])
        # Whoever has connected still is who it was.
        self.client.sendall(request("GET", "/v1/status"))
        self.assertEqual(self.answer()[0], 200)

    def test_root_does_not_lend_its_name_to_a_connection_of_somebody_else(self):
        def connect_and_wait(end):
            theirs = socket.socket(socket.AF_UNIX)
            theirs.connect(str(self.host.folder / "a.sock"))
            socket.send_fds(end, [b"x"], [theirs.fileno()])
        for path in (self.host.folder, self.host.folder / "a.sock"):
            path.chmod(0o777)
        ours, end = socket.socketpair()
        self.addCleanup(ours.close)
        self.addCleanup(end.close)
        in_child(lambda: connect_and_wait(end), NOBODY)
        self.client = socket.socket(fileno=socket.recv_fds(ours, 1, 1)[1][0])
        self.addCleanup(self.client.close)
        self.client.settimeout(60)
        self.client.sendall(request("POST", "/v1/hold", HOLD))  # as root's standard output would be
        status, problem = self.answer()
        self.assertEqual(status, 403)
        self.assertIn("another user than the one who connected", problem["detail"])

    def test_a_request_of_two_senders_is_refused_written_down_and_ends_the_connection(self):
        begin, end = (whole := request("POST", "/v1/hold", HOLD))[:-5], whole[-5:]
        in_child(lambda: self.client.sendall(begin), NOBODY)
        self.client.sendall(end)
        status, problem = self.answer()
        self.assertEqual(status, 403)
        self.assertIn("several processes", problem["detail"])
        self.assertEqual(self.client.recv(1), b"", "what comes next may be torn as well")
        line = self.audit()[-1]
        self.assertEqual((line["did"], line["status"], line["code"]), ("POST /v1/hold", 403, "refused"))


if __name__ == "__main__":
    in_own_namespaces(__file__)
    signal.alarm(280)
    BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
