#!/usr/bin/env python3
"""The whole daemon gets, renews and loses its certificate, over real TLS: from a blank state directory on.

usage: test_enrolment.py BUILD     re-runs itself in namespaces of its own; needs root"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

from host import Host, in_own_namespaces, ip

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "fakes"))
from control_plane import ControlPlane  # noqa: E402

BUILD = pathlib.Path()
PATIENCE_S = 60


def document(generation):
    # Of everything that could be managed, nothing.
    return {"apiVersion": "metalwright/v1", "host": {"id": "h"}, "instance": {"id": "i-1"}, "generation": generation}


def fail_points():
    """The table that is compiled in: a new line is a new test."""
    source = (HERE.parents[1] / "agent/link/enrolment.hpp").read_text()
    return re.findall(r'"(enrol\.[a-z-]+)"', re.search(r"enrolment_fail_points\{(.*?)\};", source, re.S).group(1))


class EnrolmentTest(unittest.TestCase):
    def setUp(self):
        ip("link", "set", "lo", "up")
        self.plane = ControlPlane()
        self.addCleanup(self.plane.close)
        self.enrolments = self.plane.enrolments
        self.folder = pathlib.Path(self.plane.directory)
        self.token_file = self.folder / "enrolment"
        self.host = self.new_host(f'[link.https]\nurls = ["{self.plane.url}"]\nca_file = "{self.plane.authority.certificate}"\n'
                                  f'enrolment_file = "{self.token_file}"\nwait_seconds = 20\n')
        self.addCleanup(self.host.close)

    def new_host(self, configuration):
        host = Host(BUILD, configuration)
        self.identity = host.folder / "state/link/identity.pem"
        return host

    def put(self, text):
        """Into the enrolment file, whole or not at all."""
        new = self.folder / "enrolment.new"
        new.write_text(text + "\n")
        new.chmod(0o600)
        new.rename(self.token_file)

    def enrol(self, generation=1):
        token = self.enrolments.draw_token("h")
        self.put(token)
        self.accepts(generation)
        return token

    def accepts(self, generation):
        """A document of that generation comes in, and the report of it goes out."""
        self.plane.put_spec("h", document(generation), generation)
        self.assertTrue(self.plane.wait_for(
            lambda plane: [r for r in plane.reports("h") if r["kind"] == "accepted" and r.get("generation") == generation],
            PATIENCE_S), self.host.log()[-2000:])

    def logs(self, words):
        deadline = time.monotonic() + PATIENCE_S
        while words not in self.host.log():
            self.assertLess(time.monotonic(), deadline, f"{words!r} is not in\n{self.host.log()[-2000:]}")
            time.sleep(0.01)

    def restart(self):
        self.host.daemon.stop()
        self.host.start()

    def killed_at(self, point):
        """The daemon of the fail points, until it is dead."""
        command = [BUILD / "agent/metalwrightd-fail-points", "--config", self.host.folder / "m.toml", "--state-dir",
                   self.host.folder / "state", "--socket", self.host.folder / "a.sock"]
        with open(self.host.folder / "log", "ab") as log:
            done = subprocess.run(command, stdout=log, stderr=log, timeout=PATIENCE_S,
                                  env=os.environ | {"METALWRIGHT_FAIL_POINT": point})
        self.assertEqual(done.returncode, -signal.SIGKILL, self.host.log()[-2000:])

    def requests(self, kind):
        return [request for request in self.plane.requests if request["kind"] == kind]

    def test_a_blank_host_enrols_and_takes_orders_and_a_restart_keeps_it(self):
        self.logs("cannot read the secret: No such file or directory: put it there, mode 0600")
        self.assertEqual(self.plane.requests, [])
        token = self.enrol()
        serial, = self.enrolments.serials("h")
        self.assertEqual({request["certificate"] for request in self.requests("spec") if request["status"] == 200}, {serial})
        self.assertEqual(self.identity.stat().st_mode & 0o7777, 0o600)
        self.assertEqual(self.identity.parent.stat().st_mode & 0o7777, 0o700)
        before = self.identity.read_bytes()
        self.restart()
        self.accepts(2)
        self.token_file.unlink()
        self.restart()
        self.accepts(3)
        self.assertEqual(self.identity.read_bytes(), before)
        self.assertEqual(self.enrolments.serials("h"), [serial])
        with_token = [heard for heard in self.plane.heard if token.encode() in heard]
        self.assertEqual([heard.split(b" ")[1] for heard in with_token], [b"/v1/hosts/h/certificate"])

    def test_it_is_renewed_while_orders_come_in(self):
        self.enrolments.lifetime = 6
        self.enrol()
        self.enrolments.lifetime = 3600
        pid = self.host.daemon.process.pid
        renewals = self.plane.wait_for(lambda _: [r for r in self.requests("certificate") if r["shown"]], PATIENCE_S)
        first, second = self.enrolments.serials("h")
        self.assertEqual([(request["shown"], request["status"]) for request in renewals], [(first, 201)])
        self.logs(f"serial {second}")
        self.accepts(2)  # what waited on the old connection ends with it
        self.accepts(3)
        self.assertEqual([request["certificate"] for request in self.requests("spec") if request["status"] == 200],
                         [first, first, second])
        self.assertEqual(self.host.daemon.process.pid, pid)
        self.assertIsNone(self.host.daemon.process.poll())

    def test_a_revoked_host_takes_no_order_until_it_is_enrolled_anew(self):
        self.enrol()
        key = self.identity.read_text().split("-----END PRIVATE KEY-----")[0]
        self.enrolments.revoke("h")
        self.plane.put_spec("h", document(2), 2)
        self.logs("the control plane has revoked this host's certificate (serial")
        told = self.host.log().count("has revoked this host's certificate")
        asked = len(self.requests("spec"))
        self.put(self.enrolments.draw_token("other"))  # not this host's: refused, and told
        self.assertTrue(self.plane.wait_for(lambda plane: plane.requests[-1].get("status") == 401, PATIENCE_S))
        self.assertEqual(len(self.requests("spec")), asked)
        self.assertEqual(self.host.log().count("has revoked this host's certificate"), told)
        self.assertNotIn(2, [report.get("generation") for report in self.plane.reports("h")])
        status = self.host.daemon.ask("GET", "/v1/status")[1]
        self.assertEqual(status["state"], "running")
        self.assertIs(status["links"][0]["certificate"]["revoked"], True)
        self.assertEqual(status["links"][0]["documents"]["code"], "refused")
        self.enrol(2)
        self.assertEqual(len(self.enrolments.serials("h")), 2)
        self.assertNotIn(key, self.identity.read_text())

    def test_a_token_is_good_for_one_host_and_one_key(self):
        token = self.enrol()
        self.host.daemon.stop()
        shutil.rmtree(self.host.folder / "state")
        configuration = self.host.folder / "m.toml"
        configuration.write_text(configuration.read_text().replace('id = "h"', 'id = "h2"'))
        self.host.start()
        self.logs("the control plane refuses the one-time token (401)")
        configuration.write_text(configuration.read_text().replace('id = "h2"', 'id = "h"'))
        self.host.daemon.stop()
        shutil.rmtree(self.host.folder / "state")
        self.host.start()
        self.assertTrue(self.plane.wait_for(lambda plane: [request["host"] for request in plane.requests
                                                           if request["status"] == 401] == ["h2", "h"], PATIENCE_S))
        self.assertEqual(self.enrolments.serials("h2"), [])
        self.assertEqual(len(self.enrolments.serials("h")), 1)
        self.assertNotIn(token, self.host.log())

    def test_key_and_token_are_nowhere_but_where_they_belong(self):
        self.enrolments.lifetime = 6
        token = self.enrol()
        keys = [self.identity.read_text().splitlines()[1:3]]
        self.enrolments.lifetime = 3600
        self.assertTrue(self.plane.wait_for(lambda plane: len(plane.enrolments.serials("h")) == 2, PATIENCE_S))
        self.logs(f"serial {self.enrolments.serials('h')[1]}")
        keys.append(self.identity.read_text().splitlines()[1:3])
        self.assertNotEqual(*keys)
        process = pathlib.Path(f"/proc/{self.host.daemon.process.pid}")
        said = self.host.log() + (process / "cmdline").read_text() + (process / "environ").read_text()
        said += json.dumps(self.plane.reports("h"))
        heard = b"".join(self.plane.heard).decode()
        self.assertNotIn(token, said)
        for line in (line for key in keys for line in key):
            # A request holds the public half, which begins in the middle of the key's second line.
            self.assertNotIn(line[20:60], said)
            if line is not keys[0][1] and line is not keys[1][1]:
                self.assertNotIn(line[36:], heard)
        self.assertNotIn("PRIVATE KEY", heard + said)
        self.host.daemon.stop()
        state = self.host.folder / "state"
        holds = sorted(str(file.relative_to(state)) for file in state.rglob("*")
                       if file.is_file() and keys[1][0][36:].encode() in file.read_bytes())
        self.assertEqual(holds, ["link/identity.pem"])
        self.assertFalse([file for file in state.rglob("*") if file.is_file() and token.encode() in file.read_bytes()])

    def test_killed_anywhere_it_ends_with_one_certificate(self):
        self.assertGreaterEqual(len(fail_points()), 4)
        self.host.daemon.stop()
        for point in fail_points():
            with self.subTest(point):
                shutil.rmtree(self.host.folder / "state")
                self.plane.forget()
                before = len(self.enrolments.serials("h"))
                self.put(self.enrolments.draw_token("h"))
                self.killed_at(point)
                self.host.start()
                self.accepts(1)
                self.assertEqual(len(self.enrolments.serials("h")), before + 1)
                self.assertFalse((self.identity.parent / "pending.pem").exists())
                self.host.daemon.stop()

    def test_killed_anywhere_in_a_renewal_it_has_the_next_one(self):
        for point in fail_points():
            with self.subTest(point):
                self.host.daemon.stop()
                shutil.rmtree(self.host.folder / "state")
                self.plane.forget()
                self.host.start()
                self.enrol()
                self.host.daemon.stop()
                # Its time has come: the clock of a certificate is its own dates, so it gets others.
                self.age()
                before = self.enrolments.serials("h")
                self.killed_at(point)
                self.host.start()
                self.accepts(2)  # with the old one, it may be
                self.assertTrue(self.plane.wait_for(lambda _, known=before: [r for r in self.requests("spec")
                                                                             if r["certificate"] not in (None, "", *known)], PATIENCE_S))
                after = self.enrolments.serials("h")
                self.assertEqual(len(after), len(before) + 1)
                self.assertEqual(self.serial_in_force(), after[-1])

    def age(self):
        """The same key, and a certificate that is past two thirds of its life."""
        request = self.folder / "aged.csr"
        subprocess.run(["openssl", "req", "-new", "-key", self.identity, "-subj", "/CN=h", "-out", request], check=True)
        key = self.identity.read_text().split("-----BEGIN CERTIFICATE-----")[0]
        self.identity.write_text(key + self.enrolments.aged("h", request.read_text(), 7200, 600))

    def serial_in_force(self):
        return self.plane.authority.serial(self.identity)

    def test_approval_is_waited_for(self):
        self.enrolments.approved = False
        self.put(self.enrolments.draw_token("h"))
        self.logs("somebody has to approve it there")
        self.assertEqual(self.enrolments.serials("h"), [])
        self.enrolments.approved = True
        self.accepts(1)
        self.assertEqual(len(self.enrolments.serials("h")), 1)

    def identity_by_the_doctor(self):
        configuration = self.host.folder / "doctor.toml"
        configuration.write_text((self.host.folder / "m.toml").read_text() + f'[state]\ndir = "{self.host.folder}/state"\n')
        done = subprocess.run([BUILD / "agent/metalwright", "doctor", "--config", configuration, "--socket",
                               self.host.folder / "a.sock", "-o", "json"], capture_output=True, text=True)
        return [(one["level"], one["message"]) for one in json.loads(done.stdout)["findings"] if one["check"] == "identity"]

    def test_the_doctor_knows_it_all(self):
        (level, message), = self.identity_by_the_doctor()
        self.assertEqual(level, "problem")
        self.assertIn("has no certificate yet, and no token is in", message)
        self.enrol()
        serial, = self.enrolments.serials("h")
        (level, message), (other, used) = self.identity_by_the_doctor()
        self.assertEqual((level, other), ("ok", "ok"))
        self.assertRegex(message, rf"^CN = h, serial {serial}, is valid until \d{{4}}-\d\d-\d\d, and is renewed from \d{{4}}")
        self.assertIn("the file can be deleted", used)
        self.enrolments.revoke("h")
        self.plane.put_spec("h", document(2), 2)
        self.logs("has revoked this host's certificate")
        self.assertIn(("problem", f"the control plane has revoked the certificate CN = h, serial {serial}, and no document is taken"),
                      self.identity_by_the_doctor())

    def test_a_bootstrap_file_is_all_that_a_host_needs(self):
        self.host.daemon.stop()
        configuration = self.host.folder / "m.toml"
        configuration.write_text(re.sub(r"(?m)^(urls|ca_file) = .*\n", "", configuration.read_text()))
        self.put(json.dumps({"token": self.enrolments.draw_token("h"), "urls": [self.plane.url],
                             "ca": pathlib.Path(self.plane.authority.certificate).read_text()}))
        self.host.start()
        self.accepts(1)
        self.token_file.unlink()
        self.restart()
        self.accepts(2)

    def test_a_control_plane_whose_certificate_is_revoked_is_told_nothing(self):
        self.host.daemon.stop()
        self.plane.authority.revoke(self.plane.authority.server()[0])
        configuration = self.host.folder / "m.toml"
        configuration.write_text(configuration.read_text().replace(
            "enrolment_file", f'crl_file = "{self.plane.authority.revocations()}"\nenrolment_file'))
        self.put(self.enrolments.draw_token("h"))
        self.host.start()
        self.logs("has been revoked by its authority")
        self.assertEqual(self.plane.heard, [])


if __name__ == "__main__":
    in_own_namespaces(__file__)
    signal.alarm(280)
    BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
