#!/usr/bin/env python3
"""doctor_test.py METALWRIGHT METALWRIGHTD RUNNER: what `metalwright doctor` says of a host that is not well.

The real programs, over a configuration, a store, certificates and a daemon in a folder of their own; root is needed.
"""
import contextlib
import json
import os
import pathlib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM, DAEMON, RUNNER = (pathlib.Path(sys.argv.pop(1)).resolve() for _ in range(3))
OURS, VERSION = 0x4D574C54, 3


class Doctor(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.state = self.folder / "state"
        self.socket = self.folder / "admin.sock"
        self.configure("")

    def configure(self, more):
        self.config = self.folder / "m.toml"
        self.config.write_text(f'[admin]\nsocket = "{self.socket}"\n[state]\ndir = "{self.state}"\n[raid]\nstorcli = []\n'
                               f'[user_data]\nrunner = "{RUNNER}"\n' + more)

    def run_doctor(self, *words, program=PROGRAM):
        environment = {name: value for name, value in os.environ.items() if name != "METALWRIGHT_SOCKET"}
        return subprocess.run([program, "doctor", "--config", self.config, *words], capture_output=True, text=True, env=environment)

    def findings(self, *words):
        """(exit status, findings) as a program reads them."""
        done = self.run_doctor("-o", "json", *words)
        self.assertEqual(done.stderr, "")
        document = json.loads(done.stdout)
        for level in ("problem", "warning"):
            self.assertEqual(document[f"{level}s"], sum(one["level"] == level for one in document["findings"]))
        self.assertEqual(done.returncode, 1 if document["problems"] else 0, done.stdout)
        return done.returncode, document["findings"]

    def problems(self, check, *words):
        """What is wrong with it: "where: message", each with what to do."""
        _, findings = self.findings(*words)
        found = [one for one in findings if one["check"] == check and one["level"] == "problem"]
        self.assertTrue(all(one["advice"] for one in found), found)
        return [f'{one["where"]}: {one["message"]}' for one in found]

    def everything(self):
        return {str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() and not path.is_socket() else b"")
                for path in sorted(self.folder.rglob("*")) if not path.is_socket()}

    def store(self, rows=200):
        """A database with our mark, some pages long."""
        self.state.mkdir(mode=0o700)
        file = self.state / "state.db"
        with contextlib.closing(sqlite3.connect(file)) as db:
            db.executescript(f"PRAGMA application_id={OURS}; PRAGMA user_version={VERSION};"
                             "CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;"
                             "CREATE TABLE operation (id INTEGER PRIMARY KEY);"
                             "CREATE TABLE outbox (seq INTEGER PRIMARY KEY, at_ms INTEGER, body TEXT);")
            db.executemany("INSERT INTO outbox (body) VALUES (?)", [("r" * 500,)] * rows)
            db.commit()
        file.chmod(0o600)
        return file

    @contextlib.contextmanager
    def daemon(self):
        """The real one, without a network that it could change."""
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

    def test_without_a_daemon_the_rest_is_looked_at_and_the_next_step_is_told(self):
        code, findings = self.findings()
        self.assertEqual(code, 1)
        self.assertEqual([one["message"] for one in findings if one["level"] == "problem"],
                         ["the daemon does not run: no order is taken, nothing is put back"])
        checks = {one["check"] for one in findings}
        self.assertEqual(checks, {"configuration", "store", "link", "clock", "tools", "network", "raid", "permissions", "daemon"})

    def test_a_table_has_a_line_for_each_finding_with_what_to_do(self):
        done = self.run_doctor()
        lines = done.stdout.splitlines()
        self.assertRegex(lines[0], r"^LEVEL +CHECK +FINDING$")
        column = lines[0].index("FINDING")
        self.assertTrue(all(line[column - 2:column] == "  " for line in lines[:-2]), done.stdout)
        self.assertRegex(done.stdout, r"(?m)^problem +daemon .* -> start it: systemctl enable --now")
        self.assertRegex(lines[-1], r"^1 problem, \d+ warnings?\.$")

    def test_a_broken_configuration_is_told_with_every_place(self):
        self.configure('[log]\nlevle = "debug"\nlevel = "loud"\n')
        self.assertEqual(sorted(self.problems("configuration")),
                         [f"{self.config}:10: log.levle is not a key of metalwright.toml(5)",
                          f"{self.config}:11: log.level must be one of trace, debug, info, warn, error"])

    def test_a_configuration_that_is_no_toml_is_told_with_its_line(self):
        self.config.write_text("[log\n")
        [problem] = self.problems("configuration")
        self.assertIn(f"{self.config}:1: ", problem)

    def test_a_corrupt_store_is_found_and_left_as_it_is(self):
        file = self.store()
        self.assertEqual(self.problems("store"), [])
        with open(file, "r+b") as opened:
            opened.seek(file.stat().st_size // 2 // 4096 * 4096)
            opened.write(b"\xff" * 4096)
        before = self.everything()
        [problem] = self.problems("store")
        self.assertRegex(problem, rf"^{file}: the store is damaged \(")
        self.assertEqual(self.everything(), before)

    def test_a_newer_store_is_a_problem(self):
        file = self.store()
        with contextlib.closing(sqlite3.connect(file)) as db:
            db.execute(f"PRAGMA user_version={VERSION + 1}")
        self.assertRegex(self.problems("store")[0], "written by a newer metalwright")

    def test_an_expired_certificate_is_told_with_its_day(self):
        def issued(name, days):
            key, request, certificate = (self.folder / f"{name}.{what}" for what in ("key", "csr", "pem"))
            for words in (["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=h",
                           "-keyout", key, "-out", request],
                          ["x509", "-req", "-in", request, "-signkey", key, "-days", str(days), "-out", certificate]):
                subprocess.run(["openssl", *words], check=True, capture_output=True)
            (self.folder / f"{name}.key").chmod(0o600)
            self.configure(f'[link.https]\nurls = ["https://localhost"]\ncert_file = "{self.folder}/{name}.pem"\n'
                           f'key_file = "{self.folder}/{name}.key"\n')

        issued("new", 200)
        self.assertEqual(self.problems("link"), [])
        issued("soon", 20)
        _, findings = self.findings()
        self.assertTrue(any("the certificate expires on" in one["message"] and one["level"] == "warning" for one in findings))
        issued("old", -1)
        self.assertRegex(self.problems("link")[0], rf"^{self.folder}/old.pem: the certificate has expired on \d{{4}}-\d\d-\d\d$")

    def test_a_secret_that_others_may_read_is_a_problem(self):
        token = self.folder / "token"
        token.write_text("s3cret\n")
        token.chmod(0o644)
        self.configure(f'[link.https]\nurls = ["https://localhost"]\ntoken_file = "{token}"\n')
        done = self.run_doctor("-o", "json")
        self.assertNotIn("s3cret", done.stdout)
        self.assertIn("everybody on this host can read", self.problems("configuration")[0])

    def test_a_daemon_at_work_is_asked_and_not_disturbed(self):
        with self.daemon():
            _, findings = self.findings()
            said = {one["message"]: one["level"] for one in findings if one["check"] == "daemon"}
            self.assertEqual([level for message, level in said.items() if message.endswith("is idle")], ["ok"], said)
            self.assertIn("warning", [level for message, level in said.items() if "unless told otherwise" in message])
            self.assertEqual([one for one in findings if one["level"] == "problem"], [])
            self.assertEqual(self.findings("--socket", self.socket)[0], 0)
            [store] = [one for one in findings if one["message"] == "the store is sound"]
            self.assertEqual(store["level"], "ok")

    def test_a_socket_that_starts_a_daemon_is_not_asked(self):
        with socket.socket(socket.AF_UNIX) as listening:  # as systemd listens: nobody is at work yet
            listening.bind(str(self.socket))
            listening.listen()
            listening.settimeout(0.2)
            self.assertEqual(len(self.problems("daemon")), 1)
            self.assertRaises(TimeoutError, listening.accept)

    def test_without_the_daemons_program_that_is_what_is_told(self):
        program = self.folder / "metalwright"
        program.write_bytes(PROGRAM.read_bytes())
        program.chmod(0o755)
        if pathlib.Path("/usr/sbin/metalwrightd").exists():
            self.skipTest("metalwright is installed here")
        done = self.run_doctor("-o", "json", program=program)
        problems = [one for one in json.loads(done.stdout)["findings"] if one["level"] == "problem"]
        self.assertEqual(done.returncode, 1)
        self.assertIn("installation", [one["check"] for one in problems])

    def test_who_is_not_root_is_told_what_was_not_looked_at(self):
        self.store()
        self.folder.chmod(0o755)
        self.config.chmod(0o600)
        with tempfile.TemporaryDirectory() as shelf:  # the build's folder may be root's alone
            for program in (PROGRAM, DAEMON):
                (pathlib.Path(shelf) / program.name).write_bytes(program.read_bytes())
                (pathlib.Path(shelf) / program.name).chmod(0o755)
            pathlib.Path(shelf).chmod(0o755)
            done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                                   pathlib.Path(shelf) / PROGRAM.name, "doctor", "--config", self.config, "-o", "json"],
                                  capture_output=True, text=True)
        findings = json.loads(done.stdout)["findings"]
        unchecked = {one["check"] for one in findings if one["unchecked"]}
        self.assertIn("configuration", unchecked)
        [permissions] = [one for one in findings if one["check"] == "permissions"]
        self.assertEqual(permissions["level"], "warning")
        for check in unchecked - {"daemon", "clock"}:
            self.assertIn(check, permissions["message"])


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("root is needed: the daemon is")
        sys.exit(77)
    unittest.main()
