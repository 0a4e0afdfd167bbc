#!/usr/bin/env python3
"""A thousand clients at once on the admin socket, and some that say nothing or half of what they have to say.

usage: test_many.py BUILD     re-runs itself in namespaces of its own; needs root"""
import http.client
import json
import pathlib
import resource
import signal
import socket
import sys
import unittest

from host import Host, in_own_namespaces

BUILD = pathlib.Path()
CLIENTS = 1000
REQUEST = b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"


class ManyTest(unittest.TestCase):
    def setUp(self):
        self.host = Host(BUILD)
        self.addCleanup(self.host.close)
        self.open = []
        self.addCleanup(lambda: [client.close() for client in self.open])

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(60)
        client.connect(str(self.host.folder / "a.sock"))
        self.open.append(client)
        return client

    def answer(self, client):
        answer = http.client.HTTPResponse(client)
        answer.begin()
        body = answer.read()
        self.assertEqual(answer.status, 200, body)
        return json.loads(body)

    def resident(self):
        text = pathlib.Path(f"/proc/{self.host.daemon.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0])

    def descriptors(self):
        return len(list(pathlib.Path(f"/proc/{self.host.daemon.process.pid}/fd").iterdir()))

    def round(self):
        """All of them connected and asked at once, then each is answered twice on its connection."""
        clients = [self.connect() for _ in range(CLIENTS)]
        for _ in range(2):
            for client in clients:
                client.sendall(REQUEST)
            for client in clients:
                self.assertEqual(self.answer(client)["host"], "h")
        held = self.resident()
        for client in clients:
            client.close()
        self.open.clear()
        return held

    def test_each_of_a_thousand_is_answered_and_nothing_is_left_of_them(self):
        before = self.resident()
        most = self.round()
        self.host.settled()
        descriptors = min(self.descriptors() for _ in range(100) if self.host.daemon.ask("GET", "/v1/health"))
        self.assertLess(most - before, 48 * 1024, "KiB for a thousand connections")
        first = self.resident()
        for _ in range(3):
            self.round()
        self.assertLess(self.resident() - first, 4 * 1024, "it grows with each round")
        for _ in range(100):  # the daemon hears of the last ends with the next request
            if self.descriptors() == descriptors:
                break
            self.host.daemon.ask("GET", "/v1/health")
        self.assertEqual(self.descriptors(), descriptors)

    def test_those_that_are_slow_or_silent_cost_the_others_nothing(self):
        for number in range(300):
            client = self.connect()
            client.sendall(REQUEST[:number % len(REQUEST)])
        for _ in range(50):
            self.assertEqual(self.host.daemon.ask("GET", "/v1/status")[0], 200)
        late = self.open[200 % len(REQUEST)]
        late.sendall(REQUEST[200 % len(REQUEST) % len(REQUEST):])
        self.assertEqual(self.answer(late)["host"], "h")


if __name__ == "__main__":
    in_own_namespaces(__file__)
    signal.alarm(280)
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
