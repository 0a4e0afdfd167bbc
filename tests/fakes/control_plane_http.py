"""The HTTP side of the tests' control plane: sockets, TLS, routes, and the ways in which an answer can go wrong."""
import http.server
import json
import re
import socket
import ssl
import struct
import threading
import urllib.parse

ROUTES = re.compile(r"/v1/hosts/(?P<host>[^/]+)/(?P<kind>spec|reports|certificate)")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address, plane, context):
        self.plane = plane
        self.context = context
        self._open = set()
        self._lock = threading.Lock()
        super().__init__(address, Handler)

    def process_request(self, request, client_address):
        if self.plane.refusing():
            reset(request)
            return
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def finish_request(self, request, client_address):
        try:
            if self.context:
                # In the connection's own thread: a client that is slow to greet holds up nobody else.
                request.settimeout(60)
                secured = self.context.wrap_socket(request, server_side=True)
                with self._lock:
                    self._open.discard(request)
                    self._open.add(secured)
                try:
                    super().finish_request(secured, client_address)
                finally:
                    with self._lock:
                        self._open.discard(secured)
                    secured.close()
            else:
                super().finish_request(request, client_address)
        except (OSError, ssl.SSLError):
            pass  # the client went away, or is not one we trust
        finally:
            with self._lock:
                self._open.discard(request)

    def connections(self):
        with self._lock:
            return len(self._open)

    def drop_connections(self):
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            reset(connection, close=False)


def reset(connection, close=True):
    """Ends a connection as a machine does that has died and come back."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if close:
            connection.close()
        else:
            # Its thread still holds it; this wakes that thread up, and its close sends the reset.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 600

    def do_GET(self):
        self._serve("spec")

    def do_POST(self):
        self._serve("certificate" if self.path.endswith("/certificate") else "reports")

    def log_message(self, *_):
        pass

    def _serve(self, expected):
        plane = self.server.plane
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        plane.hear(f"{self.requestline}\n{self.headers}\n".encode() + body)
        url = urllib.parse.urlsplit(self.path)
        route = ROUTES.fullmatch(url.path)
        if not route or route["kind"] != expected:
            return self._answer(404, {"error": f"{self.command} {url.path} is nothing here"})
        host = urllib.parse.unquote(route["host"])
        failure = plane.take_failure(expected)
        if failure:
            plane.note(host=host, kind=expected, status=failure.mode)
            if not self._fail(failure):
                return None
        if expected == "certificate":
            return self._certificate(host, body)
        shown = self._shown()
        if shown and plane.enrolments.issued_to(shown) == host:
            if plane.enrolments.is_revoked(shown):
                plane.note(host=host, kind=expected, status=403, certificate=shown)
                return self._answer(403, {"code": "revoked", "detail": "this certificate is revoked"})
        elif self.headers.get("Authorization") != f"Bearer {plane.token}":
            plane.note(host=host, kind=expected, status=401)
            return self._answer(401, {"error": "this is not the token"}, {"WWW-Authenticate": "Bearer"})
        if expected == "spec":
            return self._spec(host, urllib.parse.parse_qs(url.query))
        return self._reports(host, body)

    def _spec(self, host, query):
        plane = self.server.plane
        known = (self.headers.get("If-None-Match") or "").strip().removeprefix("W/").strip('"') or None
        wait = min(float(query.get("wait", ["0"])[0]), 300)
        offer = plane.spec(host, known, wait)
        if offer is None:
            plane.note(host=host, kind="spec", status=404)
            return self._answer(404, {"error": f"there is no spec for {host}"})
        if plane.enrolments.is_revoked(self._shown()):  # while it waited
            plane.note(host=host, kind="spec", status=403, certificate=self._shown())
            return self._answer(403, {"code": "revoked", "detail": "this certificate is revoked"})
        document, generation, signature = offer
        status = 304 if generation == known else 200
        plane.note(host=host, kind="spec", status=status, generation=generation, certificate=self._shown())
        if status == 304:
            return self._answer(304, None, {"ETag": f'"{generation}"'})
        signed = {} if signature is None else {"Metalwright-Signature": signature}
        return self._answer(200, document, {"ETag": f'"{generation}"', **signed})

    def _shown(self):
        """The serial number of the certificate that the client has shown, if any."""
        shown = self.connection.getpeercert() if hasattr(self.connection, "getpeercert") else None
        return shown["serialNumber"] if shown else None

    def _certificate(self, host, body):
        plane = self.server.plane
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        status, answer = plane.enrolments.ask(host, body.decode("ascii", "replace"), token, self._shown())
        plane.note(host=host, kind="certificate", status=status, shown=self._shown())
        more = {"Cache-Control": "no-store"} | ({"Retry-After": "1"} if status == 202 else {})
        if status == 201:
            more["Content-Type"] = "application/pem-certificate-chain"
            answer = answer.encode()
        return self._answer(status, answer, more)

    def _reports(self, host, body):
        plane = self.server.plane
        try:
            reports = json.loads(body)["reports"]
            numbers = [report["seq"] for report in reports]
            if not all(isinstance(number, int) and number > 0 for number in numbers):
                raise ValueError("seq is a whole number from 1 up")
        except (ValueError, KeyError, TypeError) as error:
            plane.note(host=host, kind="reports", status=400)
            return self._answer(400, {"error": f"no batch of numbered reports: {error!r}"})
        safe = plane.store(host, reports)
        plane.note(host=host, kind="reports", status=200, seqs=numbers)
        return self._answer(200, {"safe": safe})

    def _fail(self, failure):
        """Does what was ordered; true when the request should be served after all."""
        if failure.mode == "hang":
            self.server.plane.wait_well()
            return not self.server.plane.closed
        if failure.mode == "5xx":
            after = {} if failure.retry_after is None else {"Retry-After": str(failure.retry_after)}
            self._answer(failure.status, {"error": "told to fail"}, after)
        elif failure.mode == "nonsense":
            self._answer(200, b'{"neither": "a spec", "nor": ["an answer"', {"ETag": '"not-a-number"'})
        else:
            if failure.mode == "cut":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"apiVer")
            elif failure.mode == "garbage":
                self.wfile.write(bytes(range(256)) * 4)
            self.wfile.flush()
            self.close_connection = True
        return False

    def _answer(self, status, body, headers=()):
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        if status != 304:
            if "Content-Type" not in dict(headers):
                self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
