#!/usr/bin/python3
"""Holds the tests' control plane to its own protocol; run by ctest as fakes.control_plane."""
import http.client
import json
import os
import ssl
import subprocess
import sys
import threading
import time
import unittest

import yaml

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from control_plane import ControlPlane  # noqa: E402
from document_signer import DocumentSigner  # noqa: E402

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../schema/control-plane.openapi.yaml")) as written:
    OPENAPI = yaml.safe_load(written)
DOCUMENT = b'{ "any": "bytes",  "as": null }\n'


def foreseen(method, kind, response):
    """The response, if schema/control-plane.openapi.yaml foresees it: its status, its headers and what it is."""
    known = OPENAPI["paths"][f"/v1/hosts/{{host}}/{kind}"][method]["responses"]
    if str(response.status) not in known:
        raise AssertionError(f"{method} {kind} answers {response.status}, which the OpenAPI does not know")
    said = known[str(response.status)]
    if "$ref" in said:
        said = OPENAPI["components"]["responses"][said["$ref"].split("/")[-1]]
    for name, header in said.get("headers", {}).items():
        if header.get("required") and response.headers[name] is None:
            raise AssertionError(f"{method} {kind} {response.status} lacks {name}")
    if "content" in said and response.headers["Content-Type"] not in said["content"]:
        raise AssertionError(f"{method} {kind} {response.status} is {response.headers['Content-Type']}")
    return response


class ControlPlaneTest(unittest.TestCase):
    options = {"tls": False}

    def setUp(self):
        self.plane = ControlPlane(**self.options)
        self.addCleanup(self.plane.close)

    def connection(self, timeout=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.plane.port, timeout=timeout)
        self.addCleanup(connection.close)
        return connection

    def get(self, connection=None, known=None, wait=0, token=None):
        connection = connection or self.connection()
        headers = {"Authorization": f"Bearer {token or self.plane.token}"}
        if known is not None:
            headers["If-None-Match"] = f'"{known}"'
        connection.request("GET", f"/v1/hosts/h1/spec?wait={wait}", headers=headers)
        response = connection.getresponse()
        if response.status < 500 and not self.plane.failing():
            foreseen("get", "spec", response)
        return response.status, response.read(), response.headers

    def post(self, *numbers, text=None, connection=None):
        connection = connection or self.connection()
        body = text if text is not None else json.dumps({"reports": [{"seq": n, "what": f"report {n}"} for n in numbers]})
        connection.request("POST", "/v1/hosts/h1/reports", body, {"Authorization": f"Bearer {self.plane.token}"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    def test_document_goes_out_byte_for_byte(self):
        self.assertEqual(self.get()[0], 404)
        self.plane.put_spec("h1", DOCUMENT, 7)
        status, body, headers = self.get()
        self.assertEqual((status, body, headers["ETag"]), (200, DOCUMENT, '"7"'))

    def test_a_signature_goes_out_with_its_document(self):
        signer = DocumentSigner(self.plane.directory)
        self.plane.put_spec("h1", DOCUMENT, 7, signer)
        signature = self.get()[2]["Metalwright-Signature"]
        self.assertEqual(signature, signer.sign(DOCUMENT, "h1", 7))
        self.assertNotEqual(signature, signer.sign(DOCUMENT, "h2", 7))
        self.assertRegex(signature, r"^[\w-]+\.\.[\w-]{86}$")
        self.assertEqual(len(signer.public_key()["x"]), 43)
        self.plane.put_spec("h1", DOCUMENT, 8, "text")
        self.assertEqual(self.get()[2]["Metalwright-Signature"], "text")
        self.plane.put_spec("h1", DOCUMENT, 9)
        self.assertIsNone(self.get()[2]["Metalwright-Signature"])

    def test_long_poll_ends_with_the_next_generation(self):
        self.plane.put_spec("h1", DOCUMENT, 1)
        timer = threading.Timer(0.2, self.plane.put_spec, ("h1", b"{}", 2))
        timer.start()
        self.addCleanup(timer.join)
        self.assertEqual(self.get(known=1, wait=20)[:2], (200, b"{}"))

    def test_long_poll_ends_unchanged(self):
        self.plane.put_spec("h1", DOCUMENT, 1)
        started = time.monotonic()
        self.assertEqual(self.get(known=1, wait=0.3)[:2], (304, b""))
        self.assertGreaterEqual(time.monotonic() - started, 0.3)

    def test_a_connection_serves_many_requests(self):
        self.plane.put_spec("h1", DOCUMENT, 1)
        connection = self.connection()
        for _ in range(3):
            self.assertEqual(self.get(connection)[0], 200)
            self.assertEqual(self.get(connection, known=1)[0], 304)
            self.assertEqual(self.post(1, connection=connection)[0], 200)

    def test_wrong_token(self):
        self.assertEqual(self.get(token="wrong")[0], 401)

    def test_reports_are_safe_up_to_the_first_gap(self):
        self.assertEqual(self.post(1, 2), (200, {"safe": 2}))
        self.assertEqual(self.post(4, 5), (200, {"safe": 2}))
        self.assertEqual(self.post(3), (200, {"safe": 5}))
        self.assertEqual([report["seq"] for report in self.plane.reports("h1")], [1, 2, 3, 4, 5])

    def test_repeats_are_counted_and_contradictions_kept(self):
        self.post(1)
        self.post(1)
        self.post(text='{"reports": [{"seq": 1, "what": "another"}]}')
        self.assertEqual((len(self.plane.reports("h1")), self.plane.duplicates, len(self.plane.conflicts)), (1, 1, 1))

    def test_what_is_no_batch_is_refused(self):
        for text in ("", "[]", '{"reports": [{}]}', '{"reports": [{"seq": "1"}]}'):
            self.assertEqual(self.post(text=text)[0], 400, text)

    def test_wait_for_sees_a_report_arrive(self):
        timer = threading.Timer(0.1, self.post, (1,))
        timer.start()
        self.addCleanup(timer.join)
        self.assertTrue(self.plane.wait_for(lambda plane: plane.reports("h1"), 20))
        self.assertIsNone(self.plane.wait_for(lambda plane: len(plane.reports("h1")) > 1, 0.05))

    def test_reports_outlive_the_server(self):
        self.post(1, 2)
        with ControlPlane(self.plane.directory, tls=False) as second:
            self.assertEqual(len(second.reports("h1")), 2)

    def test_forgetting(self):
        self.plane.put_spec("h1", DOCUMENT, 1)
        self.post(1)
        self.plane.fail("5xx")
        self.plane.forget()
        self.assertEqual((self.get()[0], self.plane.reports("h1")), (404, []))
        self.assertEqual(self.post(1), (200, {"safe": 1}))

    def test_failing_with_a_status_a_number_of_times(self):
        self.plane.put_spec("h1", DOCUMENT, 1)
        self.plane.fail("5xx", status=502, retry_after=7, count=2)
        for _ in range(2):
            status, _, headers = self.get()
            self.assertEqual((status, headers["Retry-After"]), (502, "7"))
        self.assertEqual(self.get()[0], 200)

    def test_failing_for_one_kind_only(self):
        self.plane.put_spec("h1", DOCUMENT, 1)
        self.plane.fail("5xx", only="reports")
        self.assertEqual((self.get()[0], self.post(1)[0]), (200, 503))

    def test_hanging_until_well_again(self):
        self.plane.put_spec("h1", DOCUMENT, 1)
        self.plane.fail("hang")
        with self.assertRaises(TimeoutError):
            self.get(self.connection(timeout=0.3))
        timer = threading.Timer(0.2, self.plane.fail)
        timer.start()
        self.addCleanup(timer.join)
        self.assertEqual(self.get()[0], 200)

    def test_cut_garbage_and_nonsense(self):
        self.plane.fail("cut")
        with self.assertRaises(http.client.IncompleteRead):
            self.get()
        self.plane.fail("garbage")
        with self.assertRaises(http.client.HTTPException):
            self.get()
        self.plane.fail("nonsense")
        with self.assertRaises(ValueError):
            json.loads(self.get()[1])

    def test_refusing_ends_open_connections_too(self):
        self.plane.put_spec("h1", DOCUMENT, 1)
        connection = self.connection()
        self.assertEqual(self.get(connection)[0], 200)
        self.plane.fail("refuse")
        connection.auto_open = False
        with self.assertRaises((OSError, http.client.HTTPException)):
            self.get(connection)
        with self.assertRaises((OSError, http.client.HTTPException)):
            self.get()
        self.plane.fail()
        self.assertEqual(self.get()[0], 200)


class TlsTest(ControlPlaneTest):
    options = {}

    def connection(self, timeout=30, client=None):
        context = ssl.create_default_context(cafile=self.plane.authority.certificate)
        if client:
            context.load_cert_chain(*client)
        connection = http.client.HTTPSConnection("127.0.0.1", self.plane.port, timeout=timeout, context=context)
        self.addCleanup(connection.close)
        return connection

    def test_reports_outlive_the_server(self):
        self.skipTest("the same without TLS")


class EnrolmentTest(unittest.TestCase):
    def setUp(self):
        self.plane = ControlPlane()
        self.addCleanup(self.plane.close)
        self.enrolments = self.plane.enrolments

    def request(self, host="h1", key="k"):
        """(key, request) as a host makes them."""
        key, request = (os.path.join(self.plane.directory, key + end) for end in (".host-key", ".host-csr"))
        if not os.path.exists(key):
            subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                            "-subj", f"/CN={host}", "-keyout", key, "-out", request], check=True, capture_output=True)
        with open(request) as file:
            return key, file.read()

    def talk(self, method, kind, host="h1", body=None, headers={}, client=None):
        context = ssl.create_default_context(cafile=self.plane.authority.certificate)
        if client:
            context.load_cert_chain(*client)
        connection = http.client.HTTPSConnection("127.0.0.1", self.plane.port, timeout=30, context=context)
        self.addCleanup(connection.close)
        connection.request(method, f"/v1/hosts/{host}/{kind}", body, headers)
        response = foreseen(method.lower(), kind, connection.getresponse())
        return response.status, response.read().decode()

    def ask(self, token=None, host="h1", key="k", client=None, owner=None):
        headers = {"Content-Type": "application/pkcs10"} | ({"Authorization": f"Bearer {token}"} if token else {})
        return self.talk("POST", "certificate", host, self.request(owner or host, key)[1], headers, client)

    def client(self, chain, key="k"):
        path = os.path.join(self.plane.directory, "client-" + key + ".crt")
        with open(path, "w") as file:
            file.write(chain)
        return path, self.request(key=key)[0]

    def test_a_token_is_good_for_one_request_however_often_it_comes(self):
        token = self.enrolments.draw_token("h1")
        status, chain = self.ask(token)
        self.assertEqual(status, 201)
        self.assertEqual(self.ask(token), (201, chain))
        self.assertEqual(self.ask(token, key="other")[0], 401)
        self.assertEqual(self.ask("unknown")[0], 401)
        self.assertEqual(self.ask()[0], 401)
        self.assertEqual(self.ask(self.enrolments.draw_token("h2"))[0], 401)

    def test_a_request_of_another_host_is_refused_and_uses_no_token_up(self):
        token = self.enrolments.draw_token("h1")
        self.assertEqual(self.ask(token, key="wrong", owner="h2")[0], 400)
        self.assertEqual(self.ask(token)[0], 201)

    def test_the_certificate_lets_in_and_is_exchanged_for_the_next(self):
        client = self.client(self.ask(self.enrolments.draw_token("h1"))[1])
        self.assertEqual(self.talk("GET", "spec", client=client)[0], 404)
        self.assertEqual(self.talk("GET", "spec", host="h2", client=client)[0], 401)
        self.enrolments.lifetime = 5
        status, chain = self.ask(key="next", client=client)
        self.assertEqual(status, 201)
        self.assertEqual(self.ask(key="next", client=client), (201, chain))
        self.assertEqual(self.ask(host="h2", key="more", client=client)[0], 403)
        self.assertEqual(len(self.enrolments.serials("h1")), 2)

    def test_what_is_revoked_is_let_in_nowhere(self):
        client = self.client(self.ask(self.enrolments.draw_token("h1"))[1])
        self.enrolments.revoke("h1")
        for method, kind in (("GET", "spec"), ("POST", "reports")):
            status, problem = self.talk(method, kind, client=client)
            self.assertEqual((status, json.loads(problem)["code"]), (403, "revoked"))
        self.assertEqual(json.loads(self.ask(client=client)[1])["code"], "revoked")
        with open(self.plane.authority.revocations()) as file:
            self.assertIn("BEGIN X509 CRL", file.read())
        again = self.client(self.ask(self.enrolments.draw_token("h1"), key="again")[1], "again")
        self.assertEqual(self.talk("GET", "spec", client=again)[0], 404)

    def test_approval_is_waited_for_and_uses_no_token_up(self):
        token = self.enrolments.draw_token("h1")
        self.enrolments.approved = False
        self.assertEqual(self.ask(token)[0], 202)
        self.enrolments.approved = True
        self.assertEqual(self.ask(token)[0], 201)

    def test_all_that_came_in_was_heard(self):
        token = self.enrolments.draw_token("h1")
        self.ask(token)
        heard = b"".join(self.plane.heard).decode()
        self.assertIn(self.request()[1], heard)
        self.assertIn(token, heard)


class ClientCertificateTest(TlsTest):
    options = {"client_certificates": True}

    def connection(self, timeout=30, client=None):
        return super().connection(timeout, client or self.plane.authority.client())

    def test_without_certificate(self):
        with self.assertRaises(OSError):
            self.get(super().connection())


if __name__ == "__main__":
    unittest.main()
