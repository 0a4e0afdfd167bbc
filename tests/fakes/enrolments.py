"""The part of the tests' control plane that gives hosts their certificates: tokens that are good for one exchange, approval,
lifetimes as short as a test needs, and what is revoked."""
import os
import secrets
import threading


class Enrolments:
    """The methods down to revoke() are the test's; the others the server's threads'."""

    def __init__(self, authority):
        self.authority = authority
        self.lifetime = 90 * 24 * 3600  # seconds, of what is signed from now on
        self.approved = True            # False: each request waits until somebody sets it to True
        self._lock = threading.Lock()
        self._tokens = {}   # token -> [host, the request that it was exchanged for]
        self._answers = {}  # (host, request) -> chain: the same request has the same answer
        self._issued = {}   # serial number -> [host, path, revoked]

    def draw_token(self, host):
        """A token for one exchange by that host."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._tokens[token] = [host, None]
        return token

    def serials(self, host):
        """The serial numbers of what was signed for a host, in their order."""
        with self._lock:
            return [serial for serial, (owner, _, _) in self._issued.items() if owner == host]

    def aged(self, host, request, past, left):
        """A chain for that request that has been valid for `past` seconds, and is for `left` more."""
        with self._lock:
            return self._sign(host, request, left, past)

    def revoke(self, host):
        """All that a host has by now."""
        with self._lock:
            for entry in self._issued.values():
                if entry[0] == host and not entry[2]:
                    self.authority.revoke(entry[1])
                    entry[2] = True

    def issued_to(self, serial):
        with self._lock:
            return self._issued[serial][0] if serial in self._issued else None

    def is_revoked(self, serial):
        with self._lock:
            return serial in self._issued and self._issued[serial][2]

    def ask(self, host, request, token, shown):
        """(status, the chain or a problem): for a token, or for the certificate that was shown."""
        with self._lock:
            if shown in self._issued:
                owner, _, revoked = self._issued[shown]
                if revoked or owner != host:
                    return 403, {"code": "revoked" if revoked else "refused", "detail": "not with this certificate"}
            else:
                owner, used_for = self._tokens.get(token, (None, None))
                if owner != host or used_for not in (None, request):
                    return 401, {"code": "unauthorized", "detail": "this token is used, or not this host's"}
            if not self.approved:
                return 202, {"detail": "somebody has to approve it"}
            if (host, request) not in self._answers:
                try:
                    self._answers[host, request] = self._sign(host, request)
                except ValueError as error:
                    return 400, {"code": "invalid", "detail": str(error)}
            if shown not in self._issued:
                self._tokens[token][1] = request
            return 201, self._answers[host, request]

    def _sign(self, host, request, seconds=None, past=0):
        name = f"issued-{len(self._issued)}"
        chain = self.authority.sign(request, host, self.lifetime if seconds is None else seconds, name, past)
        path = os.path.join(self.authority.directory, name + ".pem")
        self._issued[self.authority.serial(path)] = [host, path, False]
        return chain
