#!/usr/bin/env python3
"""The vendors' own SDKs against the daemon: over TCP on loopback, signed, in a network namespace where the result is then read
from the kernel.

usage: test_sdks.py BUILD NODE_MODULES     re-runs itself in namespaces of its own; needs root"""
import base64
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import unittest

from host import Host, in_own_namespaces

HERE = pathlib.Path(__file__).resolve().parent
BUILD = MODULES = pathlib.Path()
SCRIPT = "#!/bin/sh\necho run >>{}\n"


class Sdks(contextlib.AbstractContextManager):
    """The node process in which the SDKs live."""

    def __init__(self, port, keys):
        self.process = subprocess.Popen(["node", HERE / "sdk.js", str(port), keys], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env={**os.environ, "NODE_PATH": str(MODULES)})
        self.number = 0

    def send(self, sdk, call, args, **more):
        self.number += 1
        self.process.stdin.write(json.dumps({"id": self.number, "sdk": sdk, "call": call, "args": args, **more}) + "\n")
        self.process.stdin.flush()
        return self.number

    def answers(self, count):
        return {answer["id"]: answer for answer in (json.loads(self.process.stdout.readline()) for _ in range(count))}

    def call(self, sdk, call, args, **more):
        number = self.send(sdk, call, args, **more)
        return self.answers(1)[number]

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class SdkTest(unittest.TestCase):
    def setUp(self):
        self.host = Host(BUILD)
        self.addCleanup(self.host.close)
        self.begin()

    def begin(self):
        self.daemon = self.host.daemon
        self.sdks = self.host.enter_context(Sdks(self.host.port, self.host.keys))

    def addresses(self):
        return self.host.addresses()

    def good(self, answer):
        self.assertIn("ok", answer, answer)
        return answer["ok"]

    def jd(self, call, args=None, **more):
        return self.sdks.call("jdcloud", call, args or {}, **more)

    def order(self):
        script = base64.b64encode(SCRIPT.format(self.host.folder / "runs").encode()).decode()
        return self.host.order(userData=script)

    def instance(self):
        made = self.good(self.jd("createInstances", self.order()))["result"]["instanceIds"]
        told = self.host.settled()
        self.assertEqual(told["state"], "running", told)
        return made[0]

    def test_jdcloud_from_the_order_to_the_last_alias(self):
        instance = self.instance()
        again = self.good(self.jd("createInstances", {**self.order(), "instanceSpec": {"name": "something else"}}))
        self.assertEqual(again["result"]["instanceIds"], [instance], "the first result, whatever the body holds")
        self.assertEqual((self.host.folder / "runs").read_text(), "run\n")
        seen = self.good(self.jd("describeInstance", {"instanceId": instance}))["result"]["instance"]
        self.assertEqual((seen["status"], seen["privateIp"], seen["osName"]), ("Running", "10.0.1.10", "Debian 12"))
        self.assertEqual(self.good(self.jd("describeInstances"))["result"]["totalCount"], 1)

        more = {"clientToken": "alias-1", "aliasIpSpec": {"instanceId": instance, "aliasIps": [
            {"id": "subnet-a", "cidr": "10.0.1.96/28"}, {"id": "subnet-a", "cidr": "10.0.1.51/32"},
            {"id": "subnet-a", "cidr": "10.0.9.1/32"}, {"id": "subnet-a", "cidr": "10.0.1.97/24"}]}}
        made = self.good(self.jd("createAliasIp", more))["result"]
        self.assertEqual([one["cidr"] for one in made["successList"]], ["10.0.1.96/28", "10.0.1.97/24"])
        self.assertEqual({one["cidr"]: one["message"].split(" ", 1)[1] for one in made["errorList"]}, {
            "10.0.1.51/32": "exists already", "10.0.9.1/32": "is not in 'subnet-a', which is 10.0.1.0/24"})
        there = {"10.0.1.10/24", "10.0.1.51/32", "10.0.1.96/28", "10.0.1.97/24"}
        self.assertEqual(self.addresses(), there)
        self.assertEqual(self.good(self.jd("createAliasIp", more))["result"], made, "the same answer, and nothing done")
        self.daemon.stop()  # the answer outlives the daemon
        self.host.start()
        self.begin()
        self.assertEqual(self.good(self.jd("createAliasIp", {**more, "aliasIpSpec": {
            "instanceId": instance, "aliasIps": [{"id": "subnet-a", "cidr": "10.0.1.98/32"}]}}))["result"], made)

        listed = self.good(self.jd("describeAliasIps", {"instanceId": instance}))["result"]["aliasIps"]
        self.assertEqual({one["cidr"] for one in listed}, there - {"10.0.1.10/24"})
        self.assertLess({one["aliasIpId"] for one in made["successList"]}, {one["aliasIpId"] for one in listed})
        for one in listed:
            self.assertIs(self.good(self.jd("deleteAliasIp", {"aliasIpId": one["aliasIpId"]}))["result"]["success"], True)
        self.assertEqual(self.addresses(), {"10.0.1.10/24"})
        gone = self.jd("deleteAliasIp", {"aliasIpId": listed[0]["aliasIpId"]})["error"]["error"]
        self.assertEqual((gone["code"], gone["status"]), (404, "NOT_FOUND"))

    def test_jdcloud_secondary_cidrs_and_what_there_is_to_order(self):
        instance = self.instance()
        spec = {"secondaryCidrSpec": {"subnetId": "subnet-a", "cidr": "10.0.9.0/24", "name": "more"}}
        made = self.good(self.jd("createSecondaryCidr", spec))["result"]["secondaryCidrId"]
        self.assertEqual(self.jd("createSecondaryCidr", spec)["error"]["error"]["status"], "FAILED_PRECONDITION")
        alias = {"aliasIpSpec": {"instanceId": instance, "aliasIps": [{"id": made, "cidr": "10.0.9.4/32"}]}}
        alias_id = self.good(self.jd("createAliasIp", alias))["result"]["successList"][0]["aliasIpId"]
        known = self.good(self.jd("describeSecondaryCidrs", {"subnetId": "subnet-a"}))["result"]["secondaryCidrs"]
        self.assertEqual([(one["secondaryCidrId"], one["cidr"], one["availableIpCount"]) for one in known],
                         [(made, "10.0.9.0/24", 255)])
        self.assertEqual(self.jd("deleteSecondaryCidr", {"secondaryCidrId": made})["error"]["error"]["code"], 400)
        self.good(self.jd("deleteAliasIp", {"aliasIpId": alias_id}))
        self.good(self.jd("deleteSecondaryCidr", {"secondaryCidrId": made}))
        raids = self.good(self.jd("describeDeviceRaids", {"deviceType": "edcps.c.normal1", "volumeType": "data"}))["result"]["raids"]
        self.assertEqual([(one["raidTypeId"], one["raidType"]) for one in raids], [("raid-data-none", "NORAID")])
        self.assertEqual(self.good(self.jd("describeOS", {"deviceType": "x"}))["result"]["oss"][0]["osTypeId"], "os-12")
        self.assertEqual(self.good(self.jd("describeDeviceTypes"))["result"]["deviceTypes"][0]["name"], "Standard")

    def test_what_is_wrong_is_told_as_the_vendor_tells_it(self):
        for args, code, word in [({"instanceSpec": {"name": "x"}}, 400, "instanceSpec.name"),
                                 ({**self.order(), "clientToken": "x" * 37}, 400, "clientToken")]:
            error = self.jd("createInstances", args)["error"]
            self.assertEqual((error["error"]["code"], error["error"]["status"]), (code, "INVALID_ARGUMENT"))
            self.assertIn(word, error["error"]["message"])
            self.assertTrue(error["requestId"])
        instance = self.instance()
        nobody = self.jd("createAliasIp", {"aliasIpSpec": {"instanceId": "edcps-other",
                                                           "aliasIps": [{"id": "subnet-a", "cidr": "10.0.1.9/32"}]}})["error"]
        self.assertEqual((nobody["error"]["code"], nobody["error"]["status"]), (404, "NOT_FOUND"))
        stranger = self.jd("describeInstances", secret="not the secret of this host")["error"]["error"]
        self.assertEqual((stranger["code"], stranger["status"]), (401, "ACCESS_ERROR"))
        stranger = self.sdks.call("bce-sdk-js", "/v2/instance/batchAddIp", {"body": json.dumps({"instanceId": instance})},
                                  secret="not the secret of this host")["error"]
        self.assertEqual((stranger["status_code"], stranger["code"]), (400, "SignatureDoesNotMatch"))

    def test_baidu_adds_and_takes_away_secondary_addresses_live(self):
        instance = self.instance()

        def batch(sdk, what, token=None, **body):
            # A query of theirs has '-' as %2d, and they close each connection: a token as they draw it.
            args = {"body": json.dumps({"instanceId": instance, **body}), **({"params": {"clientToken": token}} if token else {})}
            return self.sdks.call(sdk, f"/v2/instance/{what}", args)

        for sdk, first in (("@baiducloud/sdk", "10.0.1.24"), ("bce-sdk-js", "10.0.1.25")):
            token = f"bb8a7145-3a10-{sdk[-2:]}"
            added = self.good(batch(sdk, "batchAddIp", token, privateIps=[first]))["body"]
            self.assertEqual(added, {"privateIps": [first], "eniPrivateIps": None})
            self.assertIn(first + "/32", self.addresses())
            self.assertEqual(self.good(batch(sdk, "batchAddIp", token, privateIps=[first]))["body"], added)
            other = batch(sdk, "batchAddIp", token, privateIps=["10.0.1.33"])["error"]
            self.assertEqual((other["status_code"], other["code"]), (403, "IdempotentParameterMismatch"))
            counted = self.good(batch(sdk, "batchAddIp", token + "-n", secondaryPrivateIpAddressCount=2))["body"]["privateIps"]
            self.assertEqual(len(counted), 2)
            self.assertEqual(self.good(batch(sdk, "batchAddIp", token + "-n", secondaryPrivateIpAddressCount=2))["body"]["privateIps"],
                             counted)
            self.assertLess({one + "/32" for one in counted}, self.addresses())
        before = self.addresses()
        for body, code in [({"privateIps": ["10.0.1.40", "10.0.1.24"]}, "PrivateIpInUseException"),
                           ({"secondaryPrivateIpAddressCount": 30}, "SubnetHasNoMoreIpException"),
                           ({"secondaryPrivateIpAddressCount": 39}, "ExceedLimitException"),
                           ({"privateIps": ["10.0.1.41"], "secondaryPrivateIpAddressCount": 1}, "InappropriateJSON"),
                           ({"privateIps": "10.0.1.41"}, "InappropriateJSON")]:
            refused = batch("bce-sdk-js", "batchAddIp", **body)["error"]
            self.assertEqual((refused["code"], bool(refused["request_id"])), (code, True), body)
        self.assertEqual(self.addresses(), before, "none of what was refused has come")
        self.good(batch("bce-sdk-js", "batchDelIp", privateIps=["10.0.1.24", counted[0]]))
        self.assertEqual(before - self.addresses(), {"10.0.1.24/32", counted[0] + "/32"})
        self.assertEqual(batch("bce-sdk-js", "batchDelIp", privateIps=["10.0.1.24"])["error"]["code"], "PrivateIPNotExistException")

    def test_one_token_in_many_calls_at_once_is_done_once(self):
        instance = self.instance()
        asked = [self.sdks.send("bce-sdk-js", "/v2/instance/batchAddIp", {
            "params": {"clientToken": "once"}, "body": json.dumps({"instanceId": instance, "secondaryPrivateIpAddressCount": 1})})
            for _ in range(12)]
        answers = self.sdks.answers(len(asked))
        given = {tuple(self.good(answers[number])["body"]["privateIps"]) for number in asked}
        self.assertEqual(len(given), 1, given)
        self.assertEqual(len(self.addresses() - {"10.0.1.10/24", "10.0.1.51/32"}), 1)

    def test_a_password_is_reset_once_for_each_token(self):
        instance = self.instance()
        gone = self.jd("resetPassword", {"instanceId": "i-other", "password": "Kv7#mQ2!tZ9p"})["error"]["error"]
        self.assertEqual((gone["code"], gone["status"]), (404, "NOT_FOUND"))
        weak = self.jd("resetPassword", {"instanceId": instance, "password": "abc"})["error"]["error"]
        self.assertEqual(weak["status"], "INVALID_ARGUMENT", weak)

        def shadow():
            self.host.settled()
            return pathlib.Path("/etc/shadow").read_text().split("\n", 1)[0].split(":")[1]
        before = shadow()
        for _ in range(2):
            self.good(self.jd("resetPassword", {"instanceId": instance, "password": "Kv7#mQ2!tZ9p", "clientToken": "r-1"}))
        first = shadow()
        self.assertTrue(first != before and first.startswith("$y$"), first)
        self.good(self.jd("resetPassword", {"instanceId": instance, "password": "another Kv7#mQ2!", "clientToken": "r-1"}))
        self.assertEqual(shadow(), first, "the token came before: nothing is done")
        self.good(self.jd("resetPassword", {"instanceId": instance, "password": "another Kv7#mQ2!", "clientToken": "r-2"}))
        self.assertNotEqual(shadow(), first)

    @staticmethod
    def as_ordered(order):
        return {"keepData": "yes", "password": "Kv7#mQ2!tZ9p"} | {
            name: order[name] for name in ("az", "imageType", "osTypeId", "sysRaidTypeId", "dataRaidTypeId")}

    def test_a_reinstall_is_for_whoever_has_ordered(self):
        order = self.order()["instanceSpec"]
        _, operation = self.daemon.apply({"dialect": "jdcloud.createInstances", "instanceId": "i-9", "request": {"instanceSpec": order}})
        self.host.settled()
        refused = self.jd("reinstallInstance", {"instanceId": "i-9", "instanceSpec": self.as_ordered(order)})["error"]["error"]
        self.assertEqual(refused["status"], "FAILED_PRECONDITION", operation)
        self.assertIn("operation.reinstall", refused["message"])
        self.assertEqual((self.host.folder / "runs").read_text(), "run\n")

    def test_a_reinstall_runs_the_script_once_more_for_each_token(self):
        instance = self.instance()
        runs = self.host.folder / "runs"
        order = self.order()["instanceSpec"]
        spec = self.as_ordered(order) | {"hostname": "once-more", "userData": order["userData"]}

        def reinstall(token, **other):
            return self.jd("reinstallInstance", {"instanceId": instance, "clientToken": token, "instanceSpec": spec | other})
        for token, times in (("s-1", 2), ("s-1", 2), ("s-2", 3)):
            self.assertIs(self.good(reinstall(token))["result"]["success"], True)
            self.host.settled()
            self.assertEqual(runs.read_text(), "run\n" * times, token)
        self.assertEqual(pathlib.Path("/etc/hostname").read_text().strip(), "once-more")
        for other in ({"osTypeId": "another"}, {"keepData": "no"}):
            self.assertEqual(reinstall("s-3", **other)["error"]["error"]["status"], "FAILED_PRECONDITION", other)
        self.daemon.stop()
        self.host.start()
        self.host.settled()
        self.assertEqual(runs.read_text(), "run\n" * 3, "a start is no reinstall")


if __name__ == "__main__":
    in_own_namespaces(__file__)
    signal.alarm(280)
    MODULES, BUILD = pathlib.Path(sys.argv.pop(2)).resolve(), pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
