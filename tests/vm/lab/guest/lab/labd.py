"""Runs in the guest: answers the test's requests, JSON lines over a virtio-serial port, each in a thread of its own.

Requests: run (a bash command), put and get (a piece of a file), wake (set the clock and the random pool after a
snapshot was loaded). Every answer carries the request's id; the first line sent after a start has none.
"""
import base64
import fcntl
import glob
import json
import os
import signal
import subprocess
import threading
import time

RNDRESEEDCRNG = 0x5207
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "SYSTEMD_PAGER": "",
    "SYSTEMD_COLORS": "0",
}


def open_port(name):
    # Found through sysfs: udev may not have made the link under /dev/virtio-ports yet.
    while True:
        for path in glob.glob("/sys/class/virtio-ports/*/name"):
            with open(path) as file:
                if file.read().strip() == name:
                    return os.open("/dev/" + path.split("/")[4], os.O_RDWR)
        time.sleep(0.02)


class Port:
    def __init__(self):
        self.fd = open_port("lab.0")
        self.lock = threading.Lock()

    def send(self, message):
        data = (json.dumps(message) + "\n").encode()
        with self.lock:
            while data:
                data = data[os.write(self.fd, data):]

    def lines(self):
        pieces = []
        while True:
            data = os.read(self.fd, 1 << 16)
            if not data:
                # Nobody is connected on the host's side; the port offers no event that tells when somebody is.
                time.sleep(0.05)
                continue
            *ended, rest = data.split(b"\n")
            for line in ended:
                pieces.append(line)
                yield b"".join(pieces)
                pieces = []
            if rest:
                pieces.append(rest)


def run(request):
    process = subprocess.Popen(
        ["/bin/bash", "-c", request["command"]], env=ENVIRONMENT, cwd="/root", start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    timed_out = False
    try:
        out, err = process.communicate(timeout=request["timeout"])
    except subprocess.TimeoutExpired:
        timed_out = True
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
    return {"status": process.returncode, "timedOut": timed_out,
            "out": out.decode("utf-8", "replace"), "err": err.decode("utf-8", "replace")}


def put(request):
    with open(request["path"], "ab" if request["append"] else "wb") as file:
        file.write(base64.b64decode(request["data"]))
    os.chmod(request["path"], request["mode"])
    return {}


def get(request):
    with open(request["path"], "rb") as file:
        file.seek(request["offset"])
        return {"data": base64.b64encode(file.read(request["size"])).decode()}


def wake(request):
    # Every VM that loads a snapshot starts with the same random pool; without this two runs draw the same UUIDs.
    with open("/dev/urandom", "wb", buffering=0) as pool:
        pool.write(base64.b64decode(request["seed"]))
        fcntl.ioctl(pool, RNDRESEEDCRNG)
    time.clock_settime(time.CLOCK_REALTIME, request["time"])
    return {}


def serve(port, request):
    try:
        answer = {"run": run, "put": put, "get": get, "wake": wake}[request["op"]](request)
    except Exception as error:  # whatever it is, the test has to hear of it
        answer = {"error": f"{type(error).__name__}: {error}"}
    answer["id"] = request["id"]
    port.send(answer)


def main():
    port = Port()
    with open("/proc/sys/kernel/random/boot_id") as file:
        port.send({"boot": file.read().strip()})
    for line in port.lines():
        try:
            request = json.loads(line)
        except ValueError:
            continue  # the tail of something that was on its way when the guest was reset
        threading.Thread(target=serve, args=(port, request), daemon=True).start()


main()
