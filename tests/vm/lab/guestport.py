"""The host's end of the virtio-serial port over which labd in the guest takes commands."""
import base64
import dataclasses
import json
import os
import socket
import time

from .errors import LabError

PIECE = 256 * 1024


@dataclasses.dataclass(frozen=True)
class Result:
    """What a command in the guest left behind."""
    status: int
    out: str
    err: str
    timed_out: bool = False

    @property
    def ok(self):
        return self.status == 0 and not self.timed_out


class GuestPort:
    """One connection; to be used by one thread at a time. `alive` is called while waiting and raises when hope is gone."""

    def __init__(self, path, alive=lambda: None):
        self.path = path
        self.alive = alive
        self.socket = None
        self.boot = None
        self._pieces = []
        self._next = int.from_bytes(os.urandom(4), "big")
        self._answers = {}
        self._abandoned = set()

    def connect(self, timeout):
        self.close()
        deadline = time.monotonic() + timeout
        while True:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(self.path)
                self.socket = connection
                return
            except OSError:
                connection.close()
                self.alive()
                if time.monotonic() > deadline:
                    raise LabError(f"QEMU did not open {self.path} within {timeout} s") from None
                time.sleep(0.02)

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None
        self.forget()

    def forget(self):
        """Drops what was read or awaited: the guest on the other side is not the same any more."""
        self._pieces = []
        self._answers.clear()
        self._abandoned.clear()

    def submit(self, op, **fields):
        """Sends a request and returns its id, to be given to answer()."""
        self._next += 1
        line = json.dumps({"id": self._next, "op": op, **fields}) + "\n"
        self.socket.settimeout(300)
        self.socket.sendall(line.encode())
        return self._next

    def answer(self, identity, timeout):
        """Waits for one answer; those to other requests are kept. A guest that starts anew meanwhile is an error."""
        deadline = time.monotonic() + timeout
        boot = self.boot
        while identity not in self._answers:
            if not self._read(deadline):
                self._abandoned.add(identity)
                raise LabError(f"the guest gave no answer within {timeout:.0f} s")
            if self.boot != boot and boot is not None:
                raise LabError("the guest restarted while a command ran in it")
        reply = self._answers.pop(identity)
        if "error" in reply:
            raise LabError(f"in the guest: {reply['error']}")
        return reply

    def wait_boot(self, other_than, timeout):
        """Waits until labd says that it has started, in another boot than the given one."""
        deadline = time.monotonic() + timeout
        while self.boot in (None, other_than):
            if not self._read(deadline):
                raise LabError(f"the guest did not come up within {timeout:.0f} s")

    def run(self, command, timeout):
        return self.finish(self.start(command, timeout), timeout)

    def start(self, command, timeout):
        return self.submit("run", command=command, timeout=timeout)

    def finish(self, identity, timeout):
        # The guest's own clock ends the command; the margin is for a host that has no time for the guest.
        reply = self.answer(identity, timeout + 60)
        return Result(reply["status"], reply["out"], reply["err"], reply["timedOut"])

    def put(self, path, data, mode):
        for offset in range(0, max(len(data), 1), PIECE):
            piece = base64.b64encode(data[offset:offset + PIECE]).decode()
            self.answer(self.submit("put", path=path, data=piece, mode=mode, append=offset > 0), 120)

    def get(self, path):
        pieces = []
        while True:
            offset = sum(map(len, pieces))
            reply = self.answer(self.submit("get", path=path, offset=offset, size=PIECE), 120)
            pieces.append(base64.b64decode(reply["data"]))
            if len(pieces[-1]) < PIECE:
                return b"".join(pieces)

    def wake(self, timeout):
        """After a snapshot was loaded: tells the guest the time and gives it fresh randomness, trying until it answers."""
        deadline = time.monotonic() + timeout
        while True:
            seed = base64.b64encode(os.urandom(64)).decode()
            try:
                return self.answer(self.submit("wake", time=time.time(), seed=seed), 3)
            except LabError:
                self.alive()
                if time.monotonic() > deadline:
                    raise

    def _read(self, deadline):
        """Takes in what has come, waiting at most until the deadline; False when that has passed."""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.socket.settimeout(min(left, 1.0))
            try:
                data = self.socket.recv(1 << 20)
            except TimeoutError:
                self.alive()
                continue
            if not data:
                self.alive()
                raise LabError("QEMU closed the port to the guest")
            *ended, rest = data.split(b"\n")
            for piece in ended:
                self._pieces.append(piece)
                self._take(b"".join(self._pieces))
                self._pieces = []
            if rest:
                self._pieces.append(rest)
            if ended:
                return True

    def _take(self, line):
        try:
            message = json.loads(line)
        except ValueError:
            return  # cut off by a reset of the guest
        if "boot" in message:
            self.boot = message["boot"]
        elif message.get("id") in self._abandoned:
            self._abandoned.discard(message["id"])
        elif "id" in message:
            self._answers[message["id"]] = message
