#!/usr/bin/env python3
"""The whole daemon, a control plane that signs with the openssl command, and the shell of docs/control-plane.md word for word.

usage: test_signed_documents.py BUILD     re-runs itself in namespaces of its own; needs root"""
import json
import pathlib
import re
import signal
import subprocess
import sys
import unittest

from host import Host, in_own_namespaces, ip

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "fakes"))
from control_plane import ControlPlane  # noqa: E402
from document_signer import DocumentSigner  # noqa: E402

BUILD = pathlib.Path()
# Of everything that could be managed, nothing.
DOCUMENT = b'{ "apiVersion": "metalwright/v1", "host": {"id": "h"},\n  "instance": {"id": "i-1"} }\n'


def shell_of_the_guide():
    guide = (HERE.parents[1] / "docs/control-plane.md").read_text().split("## Signed documents")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"^    (.*)$", guide[guide.index("    # once"):], re.M))


class SignedDocumentsTest(unittest.TestCase):
    def setUp(self):
        ip("link", "set", "lo", "up")
        self.plane = ControlPlane(tls=False)
        self.addCleanup(self.plane.close)
        self.folder = pathlib.Path(self.plane.directory)
        self.signer = DocumentSigner(self.folder)
        self.keys = self.folder / "trusted-keys.json"
        self.trust(self.signer.public_key())
        (self.folder / "token").write_text(self.plane.token)
        (self.folder / "token").chmod(0o600)
        (self.folder / "inbox").mkdir(mode=0o700)
        self.host = Host(BUILD, f'[link]\ntrusted_keys_file = "{self.keys}"\nrequire_signature = true\n'
                                f'[link.https]\nurls = ["{self.plane.url}"]\ntoken_file = "{self.folder}/token"\n'
                                f'[link.file]\ndirectory = "{self.folder}/inbox"\n')
        self.addCleanup(self.host.close)

    def trust(self, *keys):
        self.keys.write_text(json.dumps({"keys": keys}))
        self.keys.chmod(0o644)

    def told(self, kind, generation):
        """The report of that kind on that generation, once it is there."""
        return self.plane.wait_for(lambda plane: [report for report in plane.reports("h") if report["kind"] == kind
                                                  and report.get("generation") == generation], 60)

    def where(self, generation):
        report, = self.told("refused", generation)
        return report["errors"][0]["where"]

    def test_only_what_is_signed_for_this_host_is_an_order(self):
        self.plane.put_spec("h", DOCUMENT, 1)
        self.assertEqual(self.where(1), "signature")
        self.plane.put_spec("h", DOCUMENT, 2, self.signer.sign(DOCUMENT, "other", 2))
        self.assertEqual(self.where(2), "signature/host")
        self.plane.put_spec("h", DOCUMENT + b" ", 3, self.signer.sign(DOCUMENT, "h", 3))
        self.assertEqual(self.where(3), "signature")
        self.assertEqual(self.host.daemon.ask("GET", "/v1/status")[1]["state"], "idle")
        self.plane.put_spec("h", DOCUMENT, 4, self.signer)
        self.assertTrue(self.told("accepted", 4))

    def test_keys_are_exchanged(self):
        new = DocumentSigner(self.folder, "2026-b")
        self.plane.put_spec("h", DOCUMENT, 1, new)
        self.assertEqual(self.where(1), "signature/kid")
        self.trust(self.signer.public_key(), new.public_key())
        self.plane.put_spec("h", DOCUMENT, 2, new)
        self.assertTrue(self.told("accepted", 2))
        self.trust(new.public_key())
        self.plane.put_spec("h", DOCUMENT, 3, self.signer)
        self.assertEqual(self.where(3), "signature/kid")

    def test_the_shell_of_the_guide_signs_what_the_host_takes(self):
        shell = self.folder / "shell"
        shell.mkdir()
        (shell / "order.json").write_bytes(DOCUMENT)
        subprocess.run(["sh", "-euc", shell_of_the_guide().replace("rack1-host7", "h")], cwd=shell, check=True)
        self.trust(*json.loads((shell / "trusted-keys.json").read_text())["keys"])
        self.plane.put_spec("h", DOCUMENT, 17, (shell / "order.json.jws").read_text().strip())
        self.assertTrue(self.told("accepted", 17))

    def test_so_does_a_directory(self):
        inbox = self.folder / "inbox"
        (inbox / "order.json.jws").write_text(self.signer.sign(DOCUMENT, "h", 5) + "\n")
        (inbox / ".new").write_bytes(DOCUMENT)
        (inbox / ".new").rename(inbox / "order.json")
        self.assertTrue(self.told("accepted", 5))

    def test_the_check_of_the_configuration_reads_the_keys(self):
        check = [BUILD / "agent/metalwrightd", "--check-config", "--config", self.host.folder / "m.toml"]
        self.assertEqual(subprocess.run(check, capture_output=True).returncode, 0)
        self.trust()
        done = subprocess.run(check, capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("holds no key", done.stderr)


if __name__ == "__main__":
    in_own_namespaces(__file__)
    signal.alarm(280)
    BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
