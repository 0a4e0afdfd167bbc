#!/usr/bin/env python3
"""The agent in two processes: what faces the network has a user of its own, and what is root hears of the network through it alone.

usage: test_split.py BUILD     re-runs itself in namespaces of its own; needs root"""
import json
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import unittest

import signers
from host import KEYS, in_own_namespaces, ip
from programs import Program
from split_host import UID, SplitHost

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "fakes"))
from authority import Authority  # noqa: E402
from control_plane import ControlPlane  # noqa: E402
from document_signer import DocumentSigner  # noqa: E402

BUILD = pathlib.Path()
KEY = {key["vendor"]: key for key in KEYS["keys"]}
# Of everything that could be managed, nothing. The spaces are a part of what is signed.
DOCUMENT = b'{ "apiVersion": "metalwright/v1", "host": {"id": "h"},\n  "instance": {"id": "i-1"} }\n'


class SplitTest(unittest.TestCase):
    def setUp(self):
        ip("link", "set", "lo", "up")
        self.plane = ControlPlane(tls=True, client_certificates=True)
        self.addCleanup(self.plane.close)
        self.folder = pathlib.Path(self.plane.directory)
        self.secrets = pathlib.Path("/root")
        self.give_token(self.plane.token)
        self.give_certificate(*self.plane.authority.client())
        shutil.copy(self.plane.authority.certificate, self.secrets / "ca.pem")
        self.signer = DocumentSigner(self.folder)
        (self.secrets / "trusted.json").write_text(json.dumps({"keys": [self.signer.public_key()]}))
        for path, name in zip(self.plane.authority.server(name="listener"), ("tcp.pem", "tcp.key")):
            shutil.copy(path, self.secrets / name)
            (self.secrets / name).chmod(0o600)
        self.host = SplitHost(BUILD, f"""cert_file = "{self.secrets}/tcp.pem"
key_file = "{self.secrets}/tcp.key"
[link]
trusted_keys_file = "{self.secrets}/trusted.json"
require_signature = true
[link.https]
urls = ["{self.plane.url}"]
token_file = "{self.secrets}/token"
ca_file = "{self.secrets}/ca.pem"
cert_file = "{self.secrets}/client.pem"
key_file = "{self.secrets}/client.key"
backoff_min_ms = 10
backoff_max_ms = 100
""")
        self.addCleanup(self.host.close)

    def give_token(self, token):
        (self.secrets / "token").write_text(token)
        (self.secrets / "token").chmod(0o600)

    def give_certificate(self, certificate, key):
        for path, name in ((key, "client.key"), (certificate, "client.pem")):
            shutil.copy(path, self.secrets / (name + ".new"))
            (self.secrets / (name + ".new")).chmod(0o600)
            (self.secrets / (name + ".new")).rename(self.secrets / name)

    def order(self, generation):
        self.plane.put_spec("h", DOCUMENT, generation, self.signer)

    def accepted(self, generation, within=30):
        """Whether it is told that this generation was taken, or is in force already."""
        return self.plane.wait_for(lambda plane: any(report.get("generation") == generation and report["kind"] in ("accepted", "finished")
                                                     for report in plane.reports("h")), within)

    def numbers(self):
        return [report["seq"] for report in self.plane.reports("h")]

    def send(self, method, target, headers, body=b""):
        context = ssl.create_default_context(cafile=self.plane.authority.certificate)
        return self.host.send(method, target, headers, body, context)

    def peers_of(self, process):
        """The lines of ss(8) about this process's TCP sockets that are connected."""
        told = subprocess.run(["ss", "-Htnp", "state", "established"], check=True, capture_output=True, text=True).stdout
        return [line for line in told.splitlines() if f"pid={process.pid}," in line]

    def test_an_order_comes_in_and_its_reports_go_out_through_the_other_process(self):
        self.order(1)
        self.assertTrue(self.accepted(1), self.host.link_log() + self.host.log())
        self.assertEqual(self.peers_of(self.host.daemon.process), [], "the process that is root has a connection of its own")
        self.assertTrue(self.peers_of(self.host.link))
        self.assertIn("metalwright-link faces the network", self.host.log())
        self.plane.put_spec("h", DOCUMENT + b" ", 2, self.signer.sign(DOCUMENT, "h", 2))
        refused = self.plane.wait_for(lambda plane: [r for r in plane.reports("h") if r["kind"] == "refused"], 30)
        self.assertEqual((refused[0]["generation"], refused[0]["errors"][0]["where"]), (2, "signature"))
        audit = subprocess.run([BUILD / "agent/metalwrightd", "--audit", "--config", self.host.folder / "m.toml", "--state-dir",
                                self.host.folder / "state"], capture_output=True, text=True, check=True).stdout
        self.assertIn('"link"', audit)

    def test_nothing_is_lost_when_the_daemon_or_the_link_dies(self):
        self.order(1)
        self.assertTrue(self.accepted(1))
        self.host.daemon.process.kill()
        self.host.daemon.process.wait()
        self.order(2)
        self.host.start()
        self.assertTrue(self.accepted(2), self.host.link_log())
        self.host.end_link("kill")
        self.order(3)
        self.host.start_link()
        self.assertTrue(self.accepted(3), self.host.link_log())
        self.host.daemon.stop()
        self.host.start()
        self.order(4)
        self.assertTrue(self.accepted(4), self.host.link_log())
        self.assertEqual(self.numbers(), list(range(1, len(self.numbers()) + 1)))
        self.assertEqual(self.plane.conflicts, [])

    def test_a_vendors_signed_call_passes_and_nobody_elses(self):
        body = signers.as_json(self.host.order())
        headers, target = signers.jdcloud(KEY["jdcloud"], "PUT", f"127.0.0.1:{self.host.port}", "/v1/regions/cn-east-tz1/instances",
                                          (), body, version=2)
        wrong = self.send("PUT", target, {**headers, "authorization": headers["authorization"][:-4] + "beef"}, body)
        self.assertEqual((wrong[0], wrong[1]["error"]["status"]), (401, "ACCESS_ERROR"))
        status, made = self.send("PUT", target, headers, body)
        self.assertEqual(status, 200, made)
        self.assertEqual(self.host.settled()["state"], "running")
        again = self.send("PUT", target, headers, body)
        self.assertEqual((again[0], again[1]["error"]["message"]), (401, "this request was seen before"))
        self.assertEqual(self.send("GET", "/v1/status", {})[0], 404)
        # Nor can a stranger have the two processes fall out: what would be no frame is answered where it comes in.
        self.assertEqual(self.send("GET", "http://h/v1/x", {})[0], 400)
        self.assertEqual(self.send("GET", "/v1/x", {f"x{n}": "" for n in range(90)})[0], 404)
        self.assertNotIn("is disconnected", self.host.log())

    def test_token_and_certificate_are_exchanged_in_place(self):
        self.order(1)
        self.assertTrue(self.accepted(1))
        # First the file: whoever had the old token in its memory would be refused, and wait for a minute.
        self.give_token("another-token")
        self.plane.token = "another-token"
        self.order(2)
        self.assertTrue(self.accepted(2), self.host.link_log())
        strangers = self.folder / "strangers"
        strangers.mkdir()
        self.give_certificate(*Authority(str(strangers)).client())
        self.host.end_link()
        self.host.start_link()
        self.order(3)
        self.assertFalse(self.accepted(3, within=3))
        self.assertIn("client certificate", self.host.link_log())
        self.give_certificate(*self.plane.authority.client("renewed"))
        self.assertTrue(self.accepted(3), self.host.link_log())
        for secret in ("another-token", "BEGIN"):
            self.assertNotIn(secret, self.host.link_log() + self.host.log())

    def test_whoever_faces_the_network_may_do_nothing_else(self):
        self.order(1)
        self.assertTrue(self.accepted(1))
        status = pathlib.Path(f"/proc/{self.host.link.pid}/status").read_text()
        self.assertIn(f"Uid:\t{UID}\t{UID}\t{UID}\t{UID}", status)
        script = (f"import os, socket\nos.setgroups([]); os.setgid({UID}); os.setuid({UID})\n"
                  f"s = socket.socket(socket.AF_UNIX)\n"
                  f"for path in {[str(self.host.folder / 'keys.json'), str(self.secrets / 'token'), str(self.secrets / 'tcp.key')]!r}:\n"
                  f"    try:\n        open(path)\n        print('read', path)\n"
                  f"    except OSError: pass\n"
                  f"try:\n    s.connect({str(self.host.folder / 'a.sock')!r}); print('connected')\nexcept OSError: pass\n")
        self.host.folder.chmod(0o755)
        told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        self.assertEqual(told.stdout, "")
        self.assertEqual(self.host.end_link(), 0)

    def test_without_a_socket_named_link_the_network_is_faced_inside(self):
        self.host.end_link()
        self.host.daemon.stop()
        inside = Program([BUILD / "agent/metalwrightd", "--config", self.host.folder / "m.toml", "--state-dir",
                          self.host.folder / "state", "--socket", self.host.folder / "a.sock"],
                         self.host.folder / "a.sock", "/v1/health", self.host.folder / "inside")
        self.addCleanup(inside.stop)
        self.order(1)
        self.assertTrue(self.accepted(1))
        self.assertTrue(self.peers_of(inside.process))
        self.assertIn("the network is faced in this process, which is root", (self.host.folder / "inside").read_text())


class SplitEnrolmentTest(unittest.TestCase):
    def test_the_key_is_made_and_kept_where_the_network_is_faced(self):
        ip("link", "set", "lo", "up")
        plane = ControlPlane()
        self.addCleanup(plane.close)
        token_file = pathlib.Path("/root/enrolment")
        shutil.copy(plane.authority.certificate, "/root/ca.pem")
        authority = pathlib.Path(plane.authority.certificate).read_text()
        host = SplitHost(BUILD, f'[link.https]\nenrolment_file = "{token_file}"\nbackoff_min_ms = 10\nbackoff_max_ms = 100\n')
        self.addCleanup(host.close)
        token = plane.enrolments.draw_token("h")
        token_file.write_text(json.dumps({"token": token, "ca": authority, "urls": [plane.url]}))
        token_file.chmod(0o600)
        for generation in (1, 2):
            plane.put_spec("h", DOCUMENT, generation)
            self.assertTrue(plane.wait_for(lambda p, g=generation: [r for r in p.reports("h") if r.get("generation") == g], 60),
                            host.link_log() + host.log())
            serial, = plane.enrolments.serials("h")
            host.end_link()
            token_file.unlink(missing_ok=True)  # it is spent
            host.start_link()
        identity = host.own / "identity/identity.pem"
        self.assertEqual((identity.stat().st_uid, identity.stat().st_mode & 0o7777), (UID, 0o600))
        self.assertFalse((host.folder / "state/link").exists(), "the daemon keeps an identity too")
        shown = {request["certificate"] for request in plane.requests if request["kind"] == "spec" and request["status"] == 200}
        self.assertEqual(shown, {serial})
        for secret in (token, "PRIVATE KEY"):
            self.assertNotIn(secret, host.link_log() + host.log())


if __name__ == "__main__":
    in_own_namespaces(__file__)
    signal.alarm(280)
    BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
