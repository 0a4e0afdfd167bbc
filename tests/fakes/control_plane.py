#!/usr/bin/python3
"""The control plane of the tests: hands out host specs, keeps the reports it gets, and fails when it is told to.

GET  /v1/hosts/{id}/spec?wait=S   200 with the document, ETag: "GENERATION" and, where it is signed, Metalwright-Signature; 304 when If-None-Match still names it
                                  after S seconds; 404 when there is none
POST /v1/hosts/{id}/reports       {"reports": [{"seq": N, ...}, ...]} -> {"safe": N}, all up to N are stored
POST /v1/hosts/{id}/certificate   a signing request, with a one-time token or over the certificate in force -> 201 with the chain;
                                  202 while nobody has approved it; 401 for a token that is used or not this host's; 403 where revoked
"""
import argparse
import json
import os
import secrets
import signal
import ssl
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from authority import Authority  # noqa: E402
from control_plane_http import Server  # noqa: E402
from enrolments import Enrolments  # noqa: E402


class Failure:
    """What to do instead of answering, to how many requests (None: until told otherwise), of which kind (None: all)."""
    MODES = ("5xx", "hang", "cut", "garbage", "nonsense", "refuse")

    def __init__(self, mode, status=503, retry_after=None, count=None, only=None):
        if mode not in self.MODES:
            raise ValueError(f"mode {mode!r} is none of {', '.join(self.MODES)}")
        self.mode, self.status, self.retry_after, self.count, self.only = mode, status, retry_after, count, only


class ControlPlane:
    """A running server; close() it. What it stores lies in `directory`, and a second one started there goes on from it."""

    def __init__(self, directory=None, token=None, tls=True, client_certificates=False, port=0, address="127.0.0.1"):
        self._temporary = None if directory else tempfile.TemporaryDirectory(prefix="metalwright-control-")
        self.directory = directory or self._temporary.name
        os.makedirs(self.directory, exist_ok=True)
        self.token = token or secrets.token_hex(16)
        self.changed = threading.Condition()
        self.requests = []     # dicts: time, host, kind, status, generation or seqs
        self.duplicates = 0    # reports that came again with the same content
        self.conflicts = []    # reports that came again with another content: always a fault of the sender
        self.heard = []        # all that came in, as bytes: head and body of each request
        self.closed = False
        self._specs = {}
        self._reports = {}
        self._failure = None
        self._journal = os.path.join(self.directory, "reports.jsonl")
        self._load()
        context = None
        self.authority = None
        if tls:
            self.authority = Authority(self.directory)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.authority.server())
            # Asked for, so that hosts may show what they were enrolled with.
            context.verify_mode = ssl.CERT_REQUIRED if client_certificates else ssl.CERT_OPTIONAL
            context.load_verify_locations(self.authority.certificate)
        self.enrolments = Enrolments(self.authority)
        self._server = Server((address, port), self, context)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="control plane", daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        self._server.shutdown()
        self._server.drop_connections()
        self._server.server_close()
        self._thread.join(10)
        if self._temporary:
            self._temporary.cleanup()

    # --- for the test

    def put_spec(self, host, document, generation, signature=None):
        """Offers a document to a host: bytes go out as they are, anything else as JSON; None takes the offer back. A signature is
        text that goes out with it, or what makes one (document_signer.DocumentSigner)."""
        if document is not None and not isinstance(document, bytes):
            document = document.encode() if isinstance(document, str) else json.dumps(document).encode()
        if hasattr(signature, "sign"):
            signature = signature.sign(document, host, generation)
        with self.changed:
            if document is None:
                self._specs.pop(host, None)
            else:
                self._specs[host] = (document, str(generation), signature)
            self.changed.notify_all()

    def reports(self, host):
        """The reports of a host that are stored, each once, in the order of their numbers."""
        with self.changed:
            return [self._reports[host][seq] for seq in sorted(self._reports.get(host, {}))]

    def wait_for(self, predicate, timeout=300):
        """Waits until predicate(self) is true, looking whenever something arrives; its value, or None when time is up."""
        deadline = time.monotonic() + timeout
        with self.changed:
            while True:
                value = predicate(self)
                left = deadline - time.monotonic()
                if value or left <= 0:
                    return value or None
                self.changed.wait(min(left, 1.0))

    def fail(self, mode=None, **details):
        """Fails from now on, in a way (see Failure); fail() alone makes it well again."""
        with self.changed:
            self._failure = Failure(mode, **details) if mode else None
            self.changed.notify_all()
        if mode == "refuse":
            # Dead is dead: also to those who were connected.
            self._server.drop_connections()

    def forget(self):
        """As if it had just been started for the first time: the same address, token and certificates, nothing stored."""
        with self.changed:
            self._specs.clear()
            self._reports.clear()
            self._failure = None
            self.requests.clear()
            self.duplicates = 0
            self.conflicts.clear()
            if os.path.exists(self._journal):
                os.unlink(self._journal)
            self.changed.notify_all()

    # --- for the server's threads

    def connections(self):
        """How many are open."""
        return self._server.connections()

    def refusing(self):
        with self.changed:
            return self._failure is not None and self._failure.mode == "refuse"

    def failing(self):
        with self.changed:
            return self._failure is not None

    def take_failure(self, kind):
        """The failure that this request meets, if any; one that was ordered by number is used up by it."""
        with self.changed:
            failure = self._failure
            if failure is None or failure.only not in (None, kind):
                return None
            if failure.count is not None:
                failure.count -= 1
                if failure.count <= 0:
                    self._failure = None
            return failure

    def wait_well(self):
        """Blocks for as long as the control plane hangs."""
        with self.changed:
            while not self.closed and self._failure is not None and self._failure.mode == "hang":
                self.changed.wait(1.0)

    def spec(self, host, known, wait):
        """(document, generation, signature), waiting while it is the known one; None when there is none for the host."""
        deadline = time.monotonic() + wait
        with self.changed:
            while True:
                offer = self._specs.get(host)
                left = deadline - time.monotonic()
                if self.closed or left <= 0 or (offer is not None and offer[1] != known) or (offer is None and known is None):
                    return offer
                self.changed.wait(min(left, 1.0))

    def store(self, host, reports):
        """Keeps new reports, on disk before the answer, and returns the number up to which none is missing."""
        with self.changed:
            kept = self._reports.setdefault(host, {})
            with open(self._journal, "a") as journal:
                for report in reports:
                    if report["seq"] not in kept:
                        kept[report["seq"]] = report
                        journal.write(json.dumps({"host": host, "report": report}) + "\n")
                    elif kept[report["seq"]] == report:
                        self.duplicates += 1
                    else:
                        self.conflicts.append((host, kept[report["seq"]], report))
            safe = 0
            while safe + 1 in kept:
                safe += 1
            self.changed.notify_all()
            return safe

    def hear(self, request):
        with self.changed:
            self.heard.append(request)

    def note(self, **request):
        with self.changed:
            self.requests.append({"time": time.monotonic(), **request})
            self.changed.notify_all()

    def _load(self):
        if os.path.exists(self._journal):
            with open(self._journal) as journal:
                for line in journal:
                    entry = json.loads(line)
                    self._reports.setdefault(entry["host"], {})[entry["report"]["seq"]] = entry["report"]


def main():
    parser = argparse.ArgumentParser(
        description="The control plane of the tests, by itself: serves one document and prints the reports as they come.",
        epilog="example: control_plane.py --http --host host-1 --spec order.json --generation 1")
    parser.add_argument("--host", default="host-1", help="the id of the host that the document is for (host-1)")
    parser.add_argument("--spec", metavar="FILE", help="the document; SIGHUP reads it again as the next generation")
    parser.add_argument("--generation", type=int, default=1, help="the number of the document (1)")
    parser.add_argument("--port", type=int, default=0, help="where to listen on 127.0.0.1 (a free port)")
    parser.add_argument("--token", help="the bearer token to demand (drawn at random)")
    parser.add_argument("--http", action="store_true", help="no TLS")
    parser.add_argument("--directory", help="where reports and certificates are kept (a temporary directory)")
    options = parser.parse_args()
    with ControlPlane(options.directory, options.token, tls=not options.http, port=options.port) as plane:
        def offer(*_):
            with open(options.spec, "rb") as file:
                plane.put_spec(options.host, file.read(), options.generation)
            options.generation += 1
        if options.spec:
            offer()
            signal.signal(signal.SIGHUP, offer)
        print(json.dumps({"url": plane.url, "token": plane.token, "ca": plane.authority and plane.authority.certificate}),
              flush=True)
        seen = 0
        try:
            while True:
                plane.wait_for(lambda p: len(p.reports(options.host)) > seen, 60)
                for report in plane.reports(options.host)[seen:]:
                    print(json.dumps(report), flush=True)
                    seen += 1
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
