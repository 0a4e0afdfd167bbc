"""A host in two processes, as systemd starts it: the daemon with a socket named `link`, and metalwright-link as a user of its own."""
import os
import pathlib
import socket
import subprocess
import sys
import tempfile

import host
from programs import Program

# Whoever looks for leaks at the end needs ptrace(2), which a process that writes no core does not allow.
SANITIZER = {"ASAN_OPTIONS": os.environ["ASAN_OPTIONS"] + ":detect_leaks=0"} if "ASAN_OPTIONS" in os.environ else {}
USER, UID = "metalwright-link", 970
HAND_OVER = ("import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', "
             "LISTEN_FDNAMES='link'); os.execv(sys.argv[2], sys.argv[2:])")


def add_user():
    """In /etc of this test's own namespace."""
    for file, line in (("/etc/passwd", f"{USER}:x:{UID}:{UID}::/nonexistent:/usr/sbin/nologin\n"), ("/etc/group", f"{USER}:x:{UID}:\n")):
        with open(file, "r+") as text:
            if USER not in text.read():
                text.write(line)


class Handed(Program):
    """A daemon that is handed this socket."""
    socket = None

    def _start(self, command, **environment):
        command = [sys.executable, "-c", HAND_OVER, str(self.socket.fileno()), *map(str, command)]
        with open(self._log, "ab") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                            pass_fds=[self.socket.fileno()], env=os.environ | environment)


class SplitHost(host.Host):
    def __init__(self, build, more=""):
        add_user()
        self.place = pathlib.Path(tempfile.mkdtemp())
        self.place.chmod(0o755)
        self.gate = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.gate.bind(str(self.place / "link.sock"))
        os.chown(self.place / "link.sock", 0, UID)
        os.chmod(self.place / "link.sock", 0o660)
        self.gate.listen(8)
        self.own = self.place / "own"  # its StateDirectory=
        self.own.mkdir(mode=0o700)
        os.chown(self.own, UID, UID)
        Handed.socket = self.gate
        host.Program = Handed
        self.link = None
        super().__init__(build, more)
        self.callback(self.gate.close)
        self.callback(self.end_link)
        self.start_link()

    def start_link(self):
        with open(self.place / "log", "ab") as log:
            self.link = subprocess.Popen([self.build / "agent/metalwright-link", self.place / "link.sock"], user=UID, group=UID,
                                         extra_groups=[], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                                         env={"STATE_DIRECTORY": str(self.own)} | SANITIZER)

    def end_link(self, how="terminate"):
        getattr(self.link, how)()
        return self.link.wait(20)

    def log(self):
        return super().log() + self.link_log()

    def link_log(self):
        return (self.place / "log").read_text()
