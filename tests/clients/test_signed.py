#!/usr/bin/env python3
"""What a signature lets in and what it does not, with signers of our own: the schemes that no SDK of the registry has among them,
and Zenlayer's elastic addresses from the stock to the NIC and back.

usage: test_signed.py BUILD     re-runs itself in namespaces of its own; needs root"""
import concurrent.futures
import http.client
import json
import pathlib
import signal
import ssl
import subprocess
import sys
import time
import unittest

import signers
from host import KEYS, Host, in_own_namespaces

BUILD = pathlib.Path()
KEY = {key["vendor"]: key for key in KEYS["keys"]}
REGION = "/v1/regions/cn-east-tz1"


class SignedTest(unittest.TestCase):
    more = ""
    tls = None

    def setUp(self):
        self.host = Host(BUILD, self.more)
        self.addCleanup(self.host.close)

    @property
    def name(self):
        return f"127.0.0.1:{self.host.port}"

    def send(self, method, target, headers, body=b""):
        return self.host.send(method, target, headers, body, self.tls)

    def jd(self, method, path, body=None, query=(), **more):
        data = signers.as_json(body)
        headers, target = signers.jdcloud(KEY["jdcloud"], method, self.name, REGION + path, query, data, **more)
        return self.send(method, target, headers, data)

    def zen(self, action, body, **more):
        data = signers.as_json(body)
        return self.send("POST", "/api/v2/bmc", signers.zenlayer(KEY["zenlayer"], action, self.name, data, **more), data)

    def zenlayer(self, action, **body):
        status, answer = self.zen(action, body)
        self.assertEqual(status, 200, answer)
        self.assertEqual(answer["response"]["requestId"], answer["requestId"])
        return answer["response"]

    def instance(self):
        status, made = self.jd("PUT", "/instances", self.host.order())
        self.assertEqual(status, 200, made)
        self.assertEqual(self.host.settled()["state"], "running")
        return made["result"]["instanceIds"][0]

    def test_both_schemes_of_jdcloud(self):
        instance = self.instance()
        for version, octet in ((2, 21), (3, 22)):
            body = {"aliasIpSpec": {"instanceId": instance, "aliasIps": [{"id": "subnet-a", "cidr": f"10.0.1.{octet}/32"}]}}
            status, made = self.jd("PUT", "/aliasIps", body, version=version)
            self.assertEqual((status, len(made["result"]["successList"])), (200, 1), made)
            status, listed = self.jd("GET", "/aliasIps", query=[("cidr", f"10.0.1.{octet}"), ("pageSize", "20")], version=version)
            self.assertEqual([one["cidr"] for one in listed["result"]["aliasIps"]], [f"10.0.1.{octet}/32"])
        self.assertLessEqual({"10.0.1.21/32", "10.0.1.22/32"}, self.host.addresses())

    def test_whoever_is_not_the_signer_changes_nothing(self):
        instance = self.instance()
        before = self.host.addresses()
        body = signers.as_json({"aliasIpSpec": {"instanceId": instance, "aliasIps": [{"id": "subnet-a", "cidr": "10.0.1.9/32"}]}})
        path = REGION + "/aliasIps"
        good, target = signers.jdcloud(KEY["jdcloud"], "PUT", self.name, path, body=body, version=2)
        wrong = {"none": ({}, target, body),
                 "another body": (good, target, body.replace(b".9/", b".8/")),
                 "another path": (good, target.replace("cn-east", "cn-west"), body),
                 "another query": (good, target + "?x=y", body),
                 "another host": ({**good, "host": "example.org"}, target, body),
                 "a key that is not ours": ({**good, "authorization": good["authorization"].replace("jdcloud-of", "x-of")}, target, body),
                 "half of it": ({**good, "authorization": good["authorization"][:-8]}, target, body),
                 "another scheme": ({**good, "authorization": "Bearer abc"}, target, body),
                 "too old": (signers.jdcloud(KEY["jdcloud"], "PUT", self.name, path, body=body, at=time.time() - 1000)[0], target, body),
                 "too new": (signers.jdcloud(KEY["jdcloud"], "PUT", self.name, path, body=body, at=time.time() + 1000)[0], target, body)}
        for what, (headers, where, bytes_) in wrong.items():
            status, answer = self.send("PUT", where, {"content-type": "application/json", **headers}, bytes_)
            self.assertEqual((status, answer["error"]["status"]), (401, "ACCESS_ERROR"), what)
        self.assertEqual(self.send("PUT", target, good, body)[0], 200)
        again = self.send("PUT", target, good, body)
        self.assertEqual((again[0], again[1]["error"]["message"]), (401, "this request was seen before"))
        self.host.daemon.process.kill()  # nor does the agent forget it that is started anew
        self.host.daemon.process.wait()
        self.host.start()
        again = self.send("PUT", target, good, body)
        self.assertEqual((again[0], again[1]["error"]["message"]), (401, "this request was seen before"))
        fresh, _ = signers.jdcloud(KEY["jdcloud"], "PUT", self.name, path, body=body, version=2)
        self.assertEqual(self.send("PUT", target, fresh, body)[0], 200)
        self.assertEqual(self.host.addresses(), before | {"10.0.1.9/32"})
        secret = KEY["jdcloud"]["secret"]
        self.assertNotIn(secret, self.host.log())

    def test_nothing_else_is_reached_over_tcp(self):
        for method, target in (("GET", "/v1/status"), ("POST", "/v1/apply"), ("GET", "/"), ("GET", "/v1/health")):
            self.assertEqual(self.send(method, target, {})[0], 404, target)

    def test_baidu_is_held_to_the_digest_of_a_body_where_there_is_one(self):
        instance = self.instance()
        body = signers.as_json({"instanceId": instance, "privateIps": ["10.0.1.24"]})
        import base64
        import hashlib
        digest = base64.b64encode(hashlib.md5(body).digest()).decode()
        query = [("clientToken", "a-b")]
        headers, target = signers.baidu(KEY["baidu"], "PUT", self.name, "/v1/instance/batchAddIp", query, body_digest=digest)
        status, answer = self.send("PUT", target, headers, body.replace(b".24", b".25"))
        self.assertEqual((status, answer["code"]), (400, "SignatureDoesNotMatch"))
        status, answer = self.send("PUT", target, headers, body)
        self.assertEqual((status, answer["privateIps"]), (200, ["10.0.1.24"]))
        old, target = signers.baidu(KEY["baidu"], "PUT", self.name, "/v1/instance/batchAddIp", query, at=time.time() - 4000)
        self.assertEqual(self.send("PUT", target, old, body)[1]["code"], "RequestExpired")

    def eip(self, eip):
        found = self.zenlayer("DescribeEipAddresses", eipIds=[eip])["dataSet"]
        return found[0] if found else None

    def until(self, eip, state):
        """It moves on with the operations of the host, of which each ends in a change that can be waited for."""
        begin = time.monotonic()
        while (now := self.eip(eip)) and now["eipStatus"] != state:
            self.assertLess(time.monotonic() - begin, 30, now)
            self.host.settled()
        return now

    def test_an_elastic_address_from_the_stock_to_the_nic_and_back(self):
        instance = self.instance()
        stock = self.zenlayer("DescribeEipAvailableResources", eipChargeType="POSTPAID")["eipResources"]
        self.assertEqual(stock, [{"zoneId": "SEL-A", "status": "SELL_SHORTAGE", "netmask": 32}])
        made = self.zenlayer("AllocateEipAddresses", zoneId="SEL-A", eipChargeType="POSTPAID", amount=3, tags={
            "tags": [{"key": "team", "value": "red"}]})
        self.assertEqual((len(made["eipIdSet"]), made["orderNumber"]), (3, ""))
        first, second, third = made["eipIdSet"]
        address = self.until(first, "AVAILABLE")["ipAddress"]
        self.assertEqual(self.zenlayer("DescribeEipAddresses", tagKeys=["team"], pageSize=2)["totalCount"], 3)
        for body, status, code in [
                ({"zoneId": "SEL-A", "eipChargeType": "POSTPAID", "amount": 2}, 403, "RESOURCE_INSUFFICIENT_PRODUCT_SOLD_OUT"),
                ({"zoneId": "SEL-B", "eipChargeType": "POSTPAID"}, 404, "INVALID_ZONE_NOT_FOUND"),
                ({"zoneId": "SEL-A", "eipChargeType": "PREPAID", "eipChargePrepaid": {"period": 1}}, 403,
                 "INVALID_EIP_TYPE_ZONE_NO_SELL"),
                ({"zoneId": "SEL-A", "eipChargeType": "PREPAID"}, 400, "MISSING_PARAMETER"),
                ({"zoneId": "SEL-A"}, 400, "MISSING_PARAMETER"),
                ({"zoneId": "SEL-A", "eipChargeType": "POSTPAID", "amount": 101}, 400, "INVALID_PARAMETER")]:
            answer = self.zen("AllocateEipAddresses", body)
            self.assertEqual((answer[0], answer[1]["code"]), (status, code), body)

        self.zenlayer("AssociateEipAddress", eipId=first, instanceId=instance)
        bound = self.until(first, "ASSOCIATED")
        self.assertEqual((bound["instanceId"], bound["instanceName"]), (instance, "node"))
        self.assertIn(address + "/32", self.host.addresses())
        for action, body, code in [
                ("AssociateEipAddress", {"eipId": first, "instanceId": instance}, "OPERATION_DENIED_EIP_STATUS_NOT_AVAILABLE"),
                ("AssociateEipAddress", {"eipId": second, "instanceId": "i-other"}, "INVALID_INSTANCE_NOT_FOUND"),
                ("AssociateEipAddress", {"eipId": "eip-none", "instanceId": instance}, "INVALID_EIP_NOT_FOUND"),
                ("UnAssociateEipAddress", {"eipId": second}, "OPERATION_DENIED_EIP_STATUS_NOT_SUPPORT"),
                ("ReleaseEipAddresses", {"eipIds": [first]}, "OPERATION_DENIED_EIP_NOT_RECYCLED")]:
            self.assertEqual(self.zen(action, body)[1]["code"], code, action)
        self.host.daemon.stop()  # what is on its way and what has arrived outlives the daemon
        self.host.start()
        self.assertEqual(self.eip(first)["eipStatus"], "ASSOCIATED")
        self.zenlayer("UnAssociateEipAddress", eipId=first)
        self.assertEqual(self.until(first, "AVAILABLE")["instanceId"], "")
        self.assertNotIn(address + "/32", self.host.addresses())

        self.zenlayer("AssociateEipAddress", eipId=second, instanceId=instance)
        self.until(second, "ASSOCIATED")
        self.zenlayer("TerminateEipAddress", eipId=second)
        self.until(second, "RECYCLE")
        self.zenlayer("TerminateEipAddress", eipId=third)
        self.assertEqual(self.zen("AssociateEipAddress", {"eipId": third, "instanceId": instance})[1]["code"],
                         "OPERATION_DENIED_EIP_RECYCLED")
        self.zenlayer("ReleaseEipAddresses", eipIds=[second, third])
        self.assertIsNone(self.eip(second))
        self.assertEqual(self.host.addresses(), {"10.0.1.10/24", "10.0.1.51/32"})
        self.zenlayer("AllocateEipAddresses", zoneId="SEL-A", eipChargeType="POSTPAID", amount=3)

    def test_an_instance_that_goes_gives_its_elastic_addresses_back(self):
        instance = self.instance()
        eip = self.zenlayer("AllocateEipAddresses", zoneId="SEL-A", eipChargeType="POSTPAID")["eipIdSet"][0]
        self.until(eip, "AVAILABLE")
        self.zenlayer("AssociateEipAddress", eipId=eip, instanceId=instance)
        self.until(eip, "ASSOCIATED")
        release = {"apiVersion": "metalwright/v1", "host": {"id": "h"}, "release": {"instanceId": instance}}
        self.assertIn(self.host.daemon.ask("POST", "/v1/apply", release)[0], (200, 202))
        self.assertEqual(self.until(eip, "AVAILABLE")["instanceId"], "")

    def test_many_at_once_are_told_each_its_own(self):
        instance = self.instance()

        def one(octet):
            body = {"clientToken": f"t-{octet}", "aliasIpSpec": {"instanceId": instance, "aliasIps": [
                {"id": "subnet-a", "cidr": f"10.0.1.{octet}/32"}]}}
            return self.jd("PUT", "/aliasIps", body)
        octets = [*range(100, 140), 100, 51]  # one token twice, one address that is there
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            answers = list(pool.map(one, octets))
        self.assertEqual({status for status, _ in answers}, {200})
        self.assertEqual([len(answer["result"]["successList"]) for _, answer in answers], [1] * 41 + [0])
        self.assertEqual(answers[0][1]["result"], answers[40][1]["result"])
        self.assertEqual(self.host.addresses(), {"10.0.1.10/24", "10.0.1.51/32"} | {f"10.0.1.{o}/32" for o in range(100, 140)})


class TlsTest(SignedTest):
    """The same over TLS."""

    def setUp(self):
        files = pathlib.Path("/root")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=h",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", files / "key.pem", "-out", files / "cert.pem"],
                       check=True, capture_output=True)
        (files / "key.pem").chmod(0o600)
        self.more = f'cert_file = "{files}/cert.pem"\nkey_file = "{files}/key.pem"'
        self.tls = ssl.create_default_context(cafile=files / "cert.pem")
        super().setUp()

    def test_plain_text_gets_nothing(self):
        self.tls = None
        with self.assertRaises((http.client.HTTPException, OSError)):
            self.send("GET", REGION + "/instances", {})


if __name__ == "__main__":
    in_own_namespaces(__file__)
    signal.alarm(280)
    BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
