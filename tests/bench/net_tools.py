"""What bench net drives: our two resident programs, ip -batch, and the two daemons that hosts have instead of us."""
import contextlib
import os
import pathlib
import shutil
import statistics
import subprocess
import time

from rows import interleaved

PATIENCE_S = 60


class Resident:
    """net_bench or net_floor in a process of its own: a line of words in, (wall ms, CPU ms, the other words) out."""

    def __init__(self, *command):
        self.command = command
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def __call__(self, words):
        self.process.stdin.write(words + "\n")
        line = self.process.stdout.readline().split()
        if len(line) < 2:
            raise RuntimeError(f"{pathlib.Path(self.command[0]).name} ended at '{words}', see above")
        return float(line[0]), float(line[1]), list(map(int, line[2:]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(PATIENCE_S)


def ip_batch(lines):
    """(wall ms, CPU ms) of one `ip -batch`, its start included: nobody has it running."""
    begin = time.perf_counter()
    process = subprocess.Popen(["ip", "-batch", "-"], stdin=subprocess.PIPE, text=True)
    process.stdin.write(lines)
    process.stdin.close()
    _, status, used = os.wait4(process.pid, 0)
    wall = (time.perf_counter() - begin) * 1000
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"ip -batch failed with {process.returncode}")
    return wall, (used.ru_utime + used.ru_stime) * 1000


def both_clocks(runs, **measures):
    """({name: median CPU ms}, {name: median wall ms}) of measures that answer (wall, CPU), taken in turns."""
    walls = {name: [] for name in measures}

    def sampled(name):
        wall, cpu = measures[name]()
        walls[name].append(wall)
        return cpu

    cpu = interleaved(runs, **{name: lambda name=name: sampled(name) for name in measures})
    return cpu, {name: statistics.median(samples[1:]) for name, samples in walls.items()}


class Lacking(Exception):
    """A peer that is not installed here."""


def need(program, package):
    path = shutil.which(program, path="/usr/sbin:/usr/bin:/lib/systemd")
    if path is None:
        raise Lacking(f"not measured: {package} is not installed (apt-get install --no-install-recommends {package})")
    return path


def run(*command, check=True):
    done = subprocess.run(command, capture_output=True, text=True)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done


def private_run():
    """A /run of this mount namespace's own, and a /sys that is read-only: so both daemons know that no udev is there to wait for."""
    if not os.path.exists("/run/bench"):
        run("mount", "-t", "tmpfs", "-o", "mode=0755", "bench", "/run")
        run("mount", "-o", "remount,ro,bind", "/sys")
        os.mkdir("/run/bench")


class Daemon:
    """A daemon on a system bus of its own, answering before the block begins; its NIC is `nic`."""
    nic = ""

    def __init__(self, log):
        self.log = log
        self.stack = contextlib.ExitStack()

    def start(self, *command):
        with open(self.log, "ab") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.stack.callback(process.wait, PATIENCE_S)
        self.stack.callback(process.terminate)

    def answers(self, *question):
        give_up = time.monotonic() + PATIENCE_S
        while run(*question, check=False).returncode:
            if time.monotonic() > give_up:
                raise RuntimeError(f"no answer to {' '.join(question)}: {pathlib.Path(self.log).read_text(errors='replace')[-500:]}")
            time.sleep(0.1)

    def __enter__(self):
        with contextlib.ExitStack() as undo:
            undo.push(self.stack)
            bus = need("dbus-daemon", "dbus")
            self.find()
            private_run()
            os.makedirs("/run/dbus", exist_ok=True)
            pathlib.Path("/run/dbus/pid").unlink(missing_ok=True)
            ip_batch(f"link add {self.nic} type veth peer name {self.nic}p\nlink set {self.nic}p up\n")
            self.stack.callback(ip_batch, f"link del {self.nic}\n")
            self.start(bus, "--system", "--nofork", "--nopidfile")
            self.begin()
            undo.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()


class Networkd(Daemon):
    nic = "nd0"
    words = "systemd-networkd, `networkctl reload`"

    def find(self):
        self.program, self.client = need("systemd-networkd", "systemd"), need("networkctl", "systemd")

    def begin(self):
        for folder in ("netif", "netif/links", "netif/leases", "netif/lldp"):
            os.makedirs(f"/run/systemd/{folder}", exist_ok=True)
            shutil.chown(f"/run/systemd/{folder}", "systemd-network", "systemd-network")
        os.makedirs("/run/systemd/network", exist_ok=True)
        self.write([])
        self.start(self.program)
        self.answers(self.client, "reload")

    def write(self, addresses):
        lines = "".join(f"Address={address}/32\n" for address in addresses)
        pathlib.Path("/run/systemd/network/10-bench.network").write_text(
            f"[Match]\nName={self.nic}\n[Network]\nLinkLocalAddressing=no\nIPv6AcceptRA=no\nConfigureWithoutCarrier=yes\n{lines}")

    def go(self):
        run(self.client, "reload")

    def clear(self):
        self.write([])
        run(self.client, "reload")


class NetworkManager(Daemon):
    nic = "nm0"
    words = "NetworkManager, `nmcli connection up`"
    package = "network-manager"

    def find(self):
        self.program, self.client = need("NetworkManager", self.package), need("nmcli", self.package)

    def begin(self):
        # Nothing of it may reach this machine: its state, resolv.conf, the host's name.
        run("mount", "-t", "tmpfs", "bench", "/var/lib/NetworkManager")
        self.stack.callback(run, "umount", "-l", "/var/lib/NetworkManager")
        self.folder = pathlib.Path("/run/NetworkManager/system-connections")
        self.folder.mkdir(parents=True, exist_ok=True)
        config = pathlib.Path("/run/bench/nm.conf")
        config.write_text("[main]\nplugins=keyfile\ndns=none\nrc-manager=unmanaged\nhostname-mode=none\nno-auto-default=*\n"
                          f"auth-polkit=false\n[keyfile]\nunmanaged-devices=except:interface-name:{self.nic}\n"
                          f"[device]\nmatch-device=interface-name:{self.nic}\nmanaged=1\n")
        self.start(self.program, "--no-daemon", "--config", str(config))
        self.answers(self.client, "general", "status")

    def write(self, addresses):
        path = self.folder / "bench.nmconnection"
        lines = "".join(f"address{number}={address}/32\n" for number, address in enumerate(addresses, 1))
        path.write_text(f"[connection]\nid=bench\ntype=ethernet\ninterface-name={self.nic}\nautoconnect=false\n[ipv6]\n"
                        f"method=disabled\n[ipv4]\nmethod=manual\nnever-default=true\nmay-fail=false\n{lines}")
        path.chmod(0o600)
        run(self.client, "connection", "load", str(path))

    def go(self):
        run(self.client, "connection", "up", "bench")

    def clear(self):
        run(self.client, "connection", "down", "bench")
