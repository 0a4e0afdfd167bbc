#!/usr/bin/env python3
"""Ten thousand orders in a row, a thousand addresses each: what the daemon holds in memory and on disk does not grow with them.

usage: test_load.py BUILD [OPERATIONS [ITEMS]]     needs root, runs itself in namespaces of its own"""
import http.server
import json
import pathlib
import sys
import threading
import unittest

from faults import HOST, FaultsTest, in_own_namespaces, programs

OPERATIONS, ITEMS = 1500, 50
GROWTH = 1.05
SETTLED = 1000  # operations: the store has begun to forget, and the log of the database has been written over


class Sink(http.server.ThreadingHTTPServer):
    """A control plane that has no document and keeps no report."""
    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, status, body):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            self.answer(404, b"")

        def do_POST(self):
            reports = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["reports"]
            self.answer(200, json.dumps({"safe": reports[-1]["seq"]}).encode())

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class LoadTest(FaultsTest):
    program = "metalwrightd"

    def resident(self):
        text = pathlib.Path(f"/proc/{self.daemon.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0])

    def on_disk(self):
        return sum(file.stat().st_size for file in (self.folder / "state").iterdir()) // 1024

    def order(self, number):
        """The addresses of even orders are none of those of odd ones: each brings and takes away all of them."""
        base = number % 2 * 100
        aliases = [{"cidr": f"10.{base + n // 250}.{n % 250 + 1}.1/32"} for n in range(ITEMS)]
        return {"apiVersion": "metalwright/v1", "host": {"id": HOST}, "instance": {"id": "i-1"}, "generation": number,
                "network": {"primary": {"address": "10.77.0.10/24"}, "aliases": aliases}}

    def test_nothing_grows(self):
        sink = Sink()
        self.addCleanup(sink.server_close)
        self.addCleanup(sink.shutdown)
        self.new_host()
        configuration = self.folder / "m.toml"
        text = configuration.read_text().replace(self.plane.url, f"http://127.0.0.1:{sink.server_address[1]}")
        configuration.write_text(text.replace("[network]\n", "[network]\nalias_limit = 100000\n") + 'level = "warn"\n')
        self.start()
        witness, programs.witness = programs.witness, lambda *_: None  # a thousand items are not validated ten thousand times
        self.addCleanup(setattr, programs, "witness", witness)
        early = None
        for number in range(1, OPERATIONS + 1):
            status, answer = self.ask("POST", "/v1/apply", self.order(number))
            self.assertEqual(status, 202, answer)
            self.assertEqual(self.ask("GET", f"/v1/status?operation={answer['operation']}&wait=60")[1]["state"], "running")
            if number == SETTLED:
                early = self.resident(), self.on_disk()
        late = self.resident(), self.on_disk()
        print(f"{OPERATIONS} operations of {ITEMS} items: RSS {early[0]} KiB early, {late[0]} KiB at the end; "
              f"store {early[1]} KiB, {late[1]} KiB", flush=True)
        _, now = self.ask("GET", f"/v1/events?after={1 << 62}")
        _, told = self.ask("GET", f"/v1/events?after={max(0, now['next'] - 1000)}")
        self.assertEqual([event for event in told["events"] if event["kind"] == "drift"], [], "nobody has taken anything away")
        self.assertLessEqual(late[0], early[0] * GROWTH, "KiB of memory")
        self.assertLessEqual(late[1], early[1] * GROWTH, "KiB on disk")


if __name__ == "__main__":
    in_own_namespaces(__file__)
    FaultsTest.build = pathlib.Path(sys.argv.pop(1)).resolve()
    if len(sys.argv) > 1:
        OPERATIONS = int(sys.argv.pop(1))
    if len(sys.argv) > 1:
        ITEMS = int(sys.argv.pop(1))
    unittest.main(verbosity=2)
