#!/usr/bin/env python3
"""Every path of the native API, asked rightly and wrongly as schema/admin.openapi.yaml describes it: what is answered is what is
described there, and the daemon lives on.

usage: test_contract.py BUILD    needs root, runs itself in namespaces of its own
       METALWRIGHT_SEED=N        the questions of that seed again"""
import contextlib
import json
import os
import pathlib
import random
import sys
import unittest
from urllib.parse import quote

import host as hosts
import programs

BUILD = pathlib.Path()
SEED = int(os.environ.get("METALWRIGHT_SEED") or random.SystemRandom().randrange(1 << 32))
ROUNDS = 60  # questions of each method of each path
SPEC = {"apiVersion": "metalwright/v1", "host": {"id": "h"}, "instance": {"id": "i-1"},
        "network": {"primary": {"address": "10.0.1.10/24"}, "aliases": [{"cidr": "10.0.1.51/32"}], "secondaryCount": {"ipv4": 1}}}
# What would end the test, not the daemon: nothing else is too bad to be asked.
HARMLESS = {"/v1/hold": {"seconds": 0}}
ODD = [None, True, -1, 0, 1, 2**63, 1.5, "", "x", "\u0000", "\u202e", "10.0.1.7", "/dev/null", "*", [], [[]], {}, {"": None}, "a" * 70_000]


class ContractTest(unittest.TestCase):
    def setUp(self):
        self.contract = hosts.CONTRACT
        self.host = hosts.Host(BUILD)
        self.addCleanup(self.host.close)

    def say(self, method, target, body=None, headers=()):
        """(status, headers, body); the answer is held against the description."""
        connection = programs.Connection(self.host.daemon.path)
        with contextlib.closing(connection):
            connection.request(method, target, body, dict(headers))
            answer = connection.getresponse()
            text = answer.read()
        self.contract.check(method, target, answer.status, answer.headers.get("Content-Type"), text)
        return answer.status, answer.headers, text

    def test_a_document_is_read_replaced_and_cancelled_as_described(self):
        text = json.dumps(SPEC)
        self.assertEqual(self.say("GET", "/v1/spec")[0], 404)
        status, headers, _ = self.say("PUT", "/v1/spec", text, {"If-None-Match": "*"})
        self.assertEqual((status, headers["ETag"]), (202, '"1"'))
        self.assertEqual(self.host.settled()["state"], "running")
        self.assertIn("10.0.1.51/32", self.host.addresses())
        status, headers, found = self.say("GET", "/v1/spec")
        self.assertEqual((status, headers["ETag"]), (200, '"1"'))
        self.assertEqual(self.say("GET", "/v1/spec", headers={"If-None-Match": headers["ETag"]})[0], 304)
        # Read, changed, sent back: what a person does with it.
        mine = json.loads(found)
        mine["network"]["aliases"].append({"cidr": "10.0.1.52/32"})
        self.assertEqual(self.say("PUT", "/v1/spec", json.dumps(mine), {"If-Match": '"1"'})[0], 202)
        self.assertEqual(self.host.settled()["state"], "running")
        self.assertIn("10.0.1.52/32", self.host.addresses())
        self.assertEqual(self.say("PUT", "/v1/spec", text, {"If-Match": '"1"'})[0], 412)
        self.assertEqual(self.say("POST", "/v1/operations/1/cancel")[0], 409)
        leases = json.loads(self.say("GET", "/v1/leases")[2])["leases"]
        self.assertEqual([(one["address"], one["kind"]) for one in leases], [("10.0.1.65", "secondary")])
        self.assertIn(b"metalwright_reports_waiting", self.say("GET", "/metrics")[2])
        self.assertEqual([self.say("HEAD", path)[0] for path in ("/healthz", "/readyz", "/v1/status")], [200] * 3)

    def test_events_are_streamed_as_they_happen(self):
        self.say("PUT", "/v1/spec", json.dumps(SPEC))
        status, headers, text = self.say("GET", "/v1/operations/1/events", headers={"Accept": "text/event-stream"})
        self.assertEqual((status, headers["Content-Type"]), (200, "text/event-stream"))
        events = [dict(line.split(": ", 1) for line in block.splitlines()) for block in text.decode().split("\n\n")
                  if block and not block.startswith(":")]
        self.assertEqual(events[-1]["event"], "end")
        self.assertEqual([json.loads(one["data"])["seq"] for one in events[:-1]], [int(one["id"]) for one in events[:-1]])
        self.assertIn("done", [json.loads(one["data"]).get("state") for one in events[:-1]])

    def value(self, schema, random):
        """Something that fits, at times something that does not."""
        schema = self.contract.resolved(schema)
        if random.random() < 0.3:
            return random.choice(ODD)
        if "const" in schema or "enum" in schema:
            return schema.get("const") or random.choice(schema["enum"])
        if "examples" in schema:
            return random.choice(schema["examples"])
        kind = schema.get("type", "object")
        kind = random.choice(kind) if isinstance(kind, list) else kind
        if kind == "integer":
            return random.choice([schema.get("minimum", 0), schema.get("maximum", 5), schema.get("maximum", 5) + 1, -1])
        if kind == "boolean":
            return random.random() < 0.5
        if kind == "array":
            return [self.value(schema.get("items", {}), random) for _ in range(random.randrange(3))]
        if kind == "string":
            return random.choice(["x", "10.0.1.9", "10.0.1.66/32", "data", "é"])
        return {name: self.value(one, random) for name, one in schema.get("properties", {}).items() if random.random() < 0.7}

    def body(self, path, operation, random):
        if "requestBody" not in operation:
            return random.choice([None, None, "", "{}"])
        if random.random() < 0.2:
            return random.choice(["", "{", "null", "[]", "\xff", '{"a":1,"a":2}', "[" * 5000, json.dumps(SPEC)[:-7]])
        asked = self.contract.resolved(operation["requestBody"])["content"]["application/json"]["schema"]
        if path in HARMLESS:
            return json.dumps({**HARMLESS[path], "scope": random.choice(ODD)})
        if "properties" not in self.contract.resolved(asked):  # a document
            document = json.loads(json.dumps(SPEC))
            where = document
            for _ in range(random.randrange(3)):
                where = where.get(random.choice(sorted(where)), {}) if isinstance(where, dict) and where else {}
            if isinstance(where, dict):
                where[random.choice([*where, "more"] or ["more"])] = random.choice(ODD)
            return json.dumps(document)
        return json.dumps(self.value(asked, random))

    def test_whatever_is_asked_is_answered_as_described(self):
        chance = random.Random(SEED)
        asked = 0
        for path, method, operation in self.contract.operations():
            for _ in range(ROUNDS):
                target, headers, query = path, {}, {}
                for parameter in operation["parameters"]:
                    value = str(self.value(parameter["schema"], chance))[:8000]
                    if parameter["name"] == "wait":
                        value = chance.choice(["0", "-1", "301", "x"])
                    if parameter["in"] == "path":
                        target = target.replace("{" + parameter["name"] + "}", quote(value, safe=""))
                    elif parameter["in"] == "query" and chance.random() < 0.7:
                        query[parameter["name"]] = value
                    elif parameter["in"] == "header" and value.isascii() and value.isprintable() and chance.random() < 0.7:
                        headers[parameter["name"]] = value
                if query:
                    target += "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
                said = method if chance.random() < 0.9 else chance.choice(["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "BREW"])
                body = self.body(path, operation, chance)
                with self.subTest(seed=SEED, method=said, target=target[:200], body=(body or "")[:200]):
                    self.say(said, target, body.encode("utf-8", "surrogatepass") if body is not None else None, headers)
                asked += 1
        self.assertGreater(asked, 1000)
        self.assertEqual(self.say("GET", "/readyz")[0], 200)
        self.assertIsNone(self.host.daemon.process.poll(), self.host.log()[-2000:])


if __name__ == "__main__":
    hosts.in_own_namespaces(__file__)
    BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
    print(f"seed {SEED}", file=sys.stderr)
    unittest.main(verbosity=2)
