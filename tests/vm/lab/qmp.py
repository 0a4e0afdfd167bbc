"""A client for QEMU's control socket (QMP): commands with their answers, and the events that come in between."""
import json
import socket
import time

from .errors import LabError


class Qmp:
    """One connection to a QEMU; events are kept until somebody waits for them."""

    def __init__(self, path, alive=lambda: None, timeout=300):
        self.alive = alive
        self.events = []
        self._rest = b""
        deadline = time.monotonic() + timeout
        while True:
            self.socket = socket.socket(socket.AF_UNIX)
            try:
                self.socket.connect(path)
                break
            except OSError:
                self.socket.close()
                alive()
                if time.monotonic() > deadline:
                    raise LabError(f"QEMU did not open {path} within {timeout} s") from None
                time.sleep(0.02)
        self._receive(deadline)  # the greeting
        self.command("qmp_capabilities")

    def close(self):
        self.socket.close()

    def command(self, name, timeout=300, **arguments):
        """Runs one command (underscores in argument names stand for hyphens) and returns what it answers."""
        message = {"execute": name, "arguments": {key.replace("_", "-"): value for key, value in arguments.items()}}
        self.socket.settimeout(300)
        self.socket.sendall(json.dumps(message).encode() + b"\n")
        deadline = time.monotonic() + timeout
        while True:
            reply = self._receive(deadline)
            if "event" in reply:
                self.events.append(reply)
            elif "error" in reply:
                raise LabError(f"QEMU refused {name}: {reply['error']['desc']}")
            else:
                return reply["return"]

    def human(self, line, timeout=300):
        """Runs a line of QEMU's human monitor and returns what it prints."""
        return self.command("human-monitor-command", timeout, command_line=line).strip()

    def wait_event(self, name, timeout=300, **data):
        """Waits for an event with these data, also one that has come already, and takes it out of the list."""
        deadline = time.monotonic() + timeout
        while True:
            for event in self.events:
                if event["event"] == name and all(event.get("data", {}).get(k) == v for k, v in data.items()):
                    self.events.remove(event)
                    return event
            message = self._receive(deadline)
            if "event" in message:
                self.events.append(message)

    def _receive(self, deadline):
        while b"\n" not in self._rest:
            left = deadline - time.monotonic()
            if left <= 0:
                raise LabError("QEMU's control socket is silent")
            self.socket.settimeout(min(left, 1.0))
            try:
                data = self.socket.recv(1 << 16)
            except TimeoutError:
                self.alive()
                continue
            if not data:
                self.alive()
                raise LabError("QEMU closed its control socket")
            self._rest += data
        line, self._rest = self._rest.split(b"\n", 1)
        return json.loads(line)
