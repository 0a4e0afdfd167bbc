#!/usr/bin/env python3
"""test_captures.py FOLDER BUILD VERIFY_CAPTURE: requests as the vendors' SDKs have sent them, byte for byte. Each verifies with the
keys of the folder's README and with no other, and each is answered by the host as its SDK expects."""
import calendar
import http.client
import json
import pathlib
import re
import socket
import subprocess
import sys
import time
import unittest

from host import CATALOGUE, Host, in_own_namespaces

SCHEMES = {"JDCLOUD2": "jdcloud", "bce-auth-v1": "baidu", "ZC2": "zenlayer"}


def keys(folder):
    """{vendor: (id, secret)} from the table of the README."""
    rows = re.findall(r"^\| (\S+) \| (\S+) \| (\S+) \|$", (folder / "README.md").read_text(), re.M)
    return {vendor: (key, secret) for scheme, key, secret in rows for word, vendor in SCHEMES.items() if scheme.startswith(word)}


def when(text):
    """Seconds since 1970 of the request's own date."""
    if found := re.search(r"(?i)^x-zc-timestamp: (\d+)", text, re.M):
        return int(found[1])
    found = re.search(r"(?i)^x-(?:jdcloud|bce)-date: (\S+)\r?$", text, re.M)[1]
    return calendar.timegm(time.strptime(re.sub(r"[-:]", "", found.strip()), "%Y%m%dT%H%M%SZ"))


class CapturesTest(unittest.TestCase):
    def setUp(self):
        self.files = sorted(FOLDER.glob("*.http"))
        self.assertGreaterEqual(len(self.files), 7)

    def verify(self, request, vendor, key, secret, at):
        done = subprocess.run([VERIFY, vendor, key, secret, str(at * 1000)], input=request, capture_output=True)
        return done.returncode == 0, done.stdout.decode().strip()

    def test_each_is_signed_by_its_key_and_by_no_other(self):
        known = keys(FOLDER)
        self.assertEqual(len(known), 3)
        for file in self.files:
            request = file.read_bytes()
            text = request.decode()
            vendor = next(vendor for word, vendor in SCHEMES.items() if word in text.split("\r\n\r\n")[0])
            key, secret = known[vendor]
            at = when(text)
            self.assertEqual(self.verify(request, vendor, key, secret, at), (True, "signed"), file.name)
            self.assertFalse(self.verify(request, vendor, key, secret[:-1] + "X", at)[0], file.name)
            self.assertFalse(self.verify(request, vendor, key, secret, at + 86400)[0], file.name)
            if vendor != "baidu" or b"content-md5" in request.lower():
                self.assertFalse(self.verify(request[:-2] + b" }", vendor, key, secret, at)[0], file.name)

    def test_each_is_answered_as_its_sdk_expects(self):
        for file in self.files:
            head, body = file.read_bytes().split(b"\r\n\r\n", 1)
            document = json.loads(body)
            instance = document.get("instanceId") or document.get("aliasIpSpec", {}).get("instanceId")
            with Host(BUILD) as host:
                catalogue = {**CATALOGUE, "raidTypes": {"raid-sys-raid1": {"volume": "system", "level": "none"},
                                                        "raid-data-noraid": {"volume": "data", "level": "none"}}}
                (host.folder / "catalogue.json").write_text(json.dumps(catalogue))
                if instance:
                    status, answer = host.daemon.ask("POST", "/v1/apply", {
                        "apiVersion": "metalwright/v1", "host": {"id": "h"}, "instance": {"id": instance},
                        "network": {"primary": {"address": "10.0.1.10/24"}}})
                    self.assertEqual(status, 202, answer)
                    host.settled()
                with socket.socket(socket.AF_UNIX) as admin:
                    admin.connect(str(host.folder / "a.sock"))
                    admin.sendall(head + b"\r\n\r\n" + body)
                    answer = http.client.HTTPResponse(admin)
                    answer.begin()
                    told = json.loads(answer.read())
                self.assertEqual(answer.status, 200, (file.name, told))
                host.settled()
                self.answered(file.name, document, told, host.addresses())

    def answered(self, name, asked, told, addresses):
        if name.startswith("createInstances"):
            self.assertRegex(told["result"]["instanceIds"][0], "^i-")
            self.assertLessEqual({"10.0.1.10/24", asked["instanceSpec"]["aliasIps"][0]["cidr"]}, addresses)
        elif name.startswith("createAliasIp"):
            wanted = {one["cidr"] for one in asked["aliasIpSpec"]["aliasIps"]}
            self.assertEqual(({one["cidr"] for one in told["result"]["successList"]}, told["result"]["errorList"]), (wanted, []))
            self.assertLessEqual(wanted, addresses)
        elif name.startswith("batchAddIp"):
            self.assertEqual(told, {"privateIps": asked["privateIps"], "eniPrivateIps": None})
            self.assertLessEqual({address + "/32" for address in asked["privateIps"]}, addresses)
        else:
            self.assertEqual(len(told["response"]["eipIdSet"]), asked["amount"])


if __name__ == "__main__":
    in_own_namespaces(__file__)
    VERIFY, BUILD, FOLDER = sys.argv.pop(3), pathlib.Path(sys.argv.pop(2)), pathlib.Path(sys.argv.pop(1))
    unittest.main(verbosity=2)
