"""Starting what is measured, and talking HTTP to it over a Unix socket."""
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE_S = 30


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE_S)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def witness(method, target, status, kind, text):
    """Sees every answer to ask(); the tests hold them against the API's description."""


def ask(path, method, target, document=None):
    """(status, body as JSON) of one request on a connection of its own."""
    connection = Connection(path)
    with contextlib.closing(connection):
        body = None if document is None else json.dumps(document)
        connection.request(method, target, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        text = answer.read()
    witness(method, target, answer.status, answer.headers.get("Content-Type"), text)
    return answer.status, json.loads(text) if text else None


class Program:
    """A server in a process of its own. It has begun when it answers `target`, which it is asked for until then, or, without one,
    when it says so by systemd's protocol; `seconds` is from its exec until then."""

    def __init__(self, command, path, target, log):
        pathlib.Path(path).unlink(missing_ok=True)
        self.path = path
        self._log = log
        if target is None:
            self._start_and_listen(command)
        else:
            self._start_and_ask(command, target)

    def _start(self, command, **environment):
        with open(self._log, "ab") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                            env=os.environ | environment)

    def _start_and_listen(self, command):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as words:
            words.bind("")  # the kernel gives it an abstract name
            words.settimeout(PATIENCE_S)
            begin = time.perf_counter()
            self._start(command, NOTIFY_SOCKET="@" + words.getsockname()[1:].decode())
            while b"READY=1" not in words.recv(4096).splitlines():
                pass
            self.seconds = time.perf_counter() - begin

    def _start_and_ask(self, command, target):
        begin = time.perf_counter()
        self._start(command)
        while True:
            try:
                status, _ = ask(self.path, "GET", target)
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if self.process.poll() is not None or time.perf_counter() - begin > PATIENCE_S:
                    tail = pathlib.Path(self._log).read_text(errors="replace")[-2000:]
                    self.stop()
                    raise RuntimeError(f"{command[0]} does not answer on {self.path}:\n{tail}") from None
                time.sleep(0.0001)  # short against what is measured, long enough to leave it the processor
        self.seconds = time.perf_counter() - begin
        if status != 200:
            self.stop()
            raise RuntimeError(f"{command[0]} answered {target} with {status}")

    def ask(self, method, target, document=None):
        return ask(self.path, method, target, document)

    def apply(self, document):
        """(ms, the operation) of one document, from its POST until the operation has ended."""
        begin = time.perf_counter()
        status, answer = self.ask("POST", "/v1/apply", document)
        if status not in (200, 202):
            raise RuntimeError(f"POST /v1/apply: {status} {answer}")
        after, finished = 0, False
        while not finished:
            status, events = self.ask("GET", f"/v1/operations/{answer['operation']}/events?after={after}&wait=30")
            if status != 200:
                raise RuntimeError(f"events: {status} {events}")
            after, finished = events["next"], events["finished"]
        took = (time.perf_counter() - begin) * 1000
        _, operation = self.ask("GET", f"/v1/operations/{answer['operation']}")
        return took, operation

    def family(self):
        """The process and its descendants."""
        found, queue = [], [self.process.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            with contextlib.suppress(FileNotFoundError):
                for task in os.listdir(f"/proc/{pid}/task"):
                    queue += map(int, pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split())
        return found

    def cpu_ticks(self):
        return sum(sum(map(int, pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
                   for pid in self.family())

    def settle_script(self):
        """Waits until user data has ended and its operation with it."""
        deadline = time.monotonic() + PATIENCE_S
        while self.ask("GET", "/v1/status?wait=10")[1]["state"] == "applying":
            if time.monotonic() > deadline:
                raise RuntimeError("user data does not end")

    def settle(self):
        """Waits until a second has gone by without any work."""
        before = None
        for _ in range(PATIENCE_S):
            now = self.cpu_ticks()
            if now == before:
                return
            before = now
            time.sleep(1)

    def memory(self, field):
        """KiB of a field of smaps_rollup (Pss, Rss), over all its processes."""
        total = 0
        for pid in self.family():
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith(field + ":"):
                    total += int(line.split()[1])
        return total

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise RuntimeError(f"{self.process.args[0]} did not end on SIGTERM") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Bench:
    """A folder for one bench, the programs of one build, and how to start them."""

    def __init__(self, build, runs):
        self.build = pathlib.Path(build)
        self.runs = runs
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=self.build))
        self.config = self.folder / "metalwright.toml"
        self.config.write_text('[host]\nid = "bench"\n[network]\npersist = "none"\n[log]\ntarget = "stderr"\nlevel = "error"\n')

    def daemon(self, state="state", configuration="", target="/v1/health"):
        """metalwrightd on a state of its own; `configuration` is TOML that is added to what all benches have, `target` as
        Program has it."""
        config = self.config
        if configuration:
            config = self.folder / f"{state}.toml"
            config.write_text(self.config.read_text() + configuration)
        socket_path = self.folder / "admin.sock"
        return Program([self.build / "agent/metalwrightd", "--config", config, "--state-dir", self.folder / state,
                        "--socket", socket_path], socket_path, target, self.folder / "daemon.log")

    def bare(self):
        socket_path = self.folder / "bare.sock"
        return Program([self.build / "tests/bench/bare_beast", socket_path], socket_path, "/", self.folder / "bare.log")

    def werkzeug(self, answer):
        socket_path = self.folder / "werkzeug.sock"
        return Program([sys.executable, HERE / "werkzeug_status.py", socket_path, answer], socket_path, "/v1/status",
                       self.folder / "werkzeug.log")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)
