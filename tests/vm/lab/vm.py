"""A virtual machine of the lab: start it, run commands in it, save and restore it, reboot it, cut its power."""
import contextlib
import os
import shlex
import shutil
import subprocess
import tempfile
import time

from . import machine, transfer
from .errors import CommandFailed, LabError
from .guestport import GuestPort
from .peer import Peer
from .qmp import Qmp

HERE = os.path.dirname(os.path.abspath(__file__))
# Generous: a machine that also compiles is three times slower than an idle one.
BOOT_TIMEOUT = 300
# What an image served by nbdkit may grow to, snapshots included: it is told its size once. A hole in a file until then.
SERVED_SIZE = 8 << 30


def images(tell=None):
    """The directory with the guest's kernel and disks, built first if need be; `tell` gets the lines about that."""
    build = subprocess.Popen([os.path.join(HERE, "build")], stdout=subprocess.PIPE, text=True,
                             stderr=subprocess.PIPE if tell else None)
    said = []
    for line in build.stderr or ():
        said.append(line)
        if line.startswith("lab:"):
            tell(line.rstrip())
    built = build.communicate()[0]
    if build.returncode != 0:
        raise LabError(f"the lab's images could not be built (tests/vm/lab/build):\n{''.join(said[-20:])}")
    return built.strip()


class VM:
    """Use it as a context manager, or close() it: all it makes lies in `directory`, which goes with it.

    disks:        [(serial, size)], blank; they can be pulled and others plugged in while the guest runs
    layout:       "raid1" (the system on an array over two partitioned disks) or "plain" (one file system on one disk)
    control_port: the control plane's port on this host's loopback, seen by the guest as 10.0.2.100:8443
    lan:          whether there is a tenant network, with the `peer` on it
    processors:   how many; each takes one of the host's
    volatile:     whether a power cut takes what the guest has written and not flushed, as a disk's own cache does
    The thread that starts it must live as long as it does (QEMU dies with that thread).
    """

    def __init__(self, name="vm", disks=(), layout="raid1", memory=1024, control_port=None, lan=True, mgmt=True,
                 spare_ports=2, append="", extra=(), processors=1, volatile=False):
        self.directory = tempfile.mkdtemp(prefix=f"metalwright-{name}-")
        self.peer = Peer(self.directory) if lan else None
        self.boot_seconds = None
        self._options = dict(name=name, layout=layout, memory=memory, control_port=control_port, mgmt=mgmt, append=append,
                             extra=extra, processors=processors, ports=len(disks) + spare_ports, lan=self.peer and self.peer.netdev("lan"))
        self._process = self._qmp = None
        self._volatile = volatile
        self._servers = []
        self._snapshots = {}
        self._disks = {}
        self._port = GuestPort(os.path.join(self.directory, "lab"), self._check_alive)
        self._images = images()
        for serial, base in machine.system_disks(layout):
            self._image(serial, backing=f"{self._images}/{base}.qcow2")
        transfer.create(os.path.join(self.directory, "transfer"))
        for serial, size in disks:
            self._disks[serial] = machine.Disk(serial, self._image(serial, size), self._free_port())

    # --- life

    def __enter__(self):
        if not self._process:
            try:
                self.start()
            except BaseException:
                self.close()
                raise
        return self

    def __exit__(self, *_):
        self.close()

    def start(self, timeout=BOOT_TIMEOUT, settle=True):
        """Switches the machine on and waits for the guest; `settle` also for all that systemd starts at boot."""
        started = time.monotonic()
        self._launch()
        self._await(None, timeout, settle)
        self.boot_seconds = time.monotonic() - started
        return self

    def close(self):
        """Switches the machine off without ceremony and removes all that belongs to it. May be called twice."""
        self._kill()
        if self.peer:
            self.peer.close()
            self.peer = None
        shutil.rmtree(self.directory, ignore_errors=True)

    def reboot(self, hard=False, timeout=BOOT_TIMEOUT, settle=True):
        """Restarts the guest in good order, or (hard) by the reset button; ready again when this returns."""
        boot = self._port.boot
        if hard:
            self.qmp("system_reset")
        else:
            self._port.start("systemctl reboot", 60)
        self._await(boot, timeout, settle)

    @contextlib.contextmanager
    def restarting(self, timeout=BOOT_TIMEOUT, settle=True):
        """Around what makes the guest restart by itself; ready again at the end."""
        boot = self._port.boot
        yield
        self._await(boot, timeout, settle)

    def power_cut(self, then_start=True, timeout=BOOT_TIMEOUT, settle=True):
        """Kills QEMU, and what caches for its disks, in mid-flight and (unless told otherwise) starts it again on the same disks."""
        self._kill()
        if then_start:
            self.start(timeout, settle)

    # --- in the guest

    def run(self, command, timeout=120):
        """Runs a bash command as root in the guest; its Result has status, out and err."""
        return self._port.run(command, timeout)

    def sh(self, command, check=True, timeout=120):
        """Runs a bash command in the guest and returns its standard output; another status than 0 is an error."""
        result = self.run(command, timeout)
        if check and not result.ok:
            raise CommandFailed(command, result)
        return result.out

    def spawn(self, command, timeout=600):
        """Starts a command and returns at once; give what this returns to finish()."""
        return self._port.start(command, timeout)

    def finish(self, token, timeout=600):
        return self._port.finish(token, timeout)

    def wait_for(self, command, timeout=120, interval=0.2):
        """Repeats a command in the guest until it succeeds; returns its output."""
        deadline = time.monotonic() + timeout
        while True:
            result = self.run(command)
            if result.ok:
                return result.out
            if time.monotonic() > deadline:
                raise CommandFailed(f"{command} (repeated for {timeout} s)", result)
            time.sleep(interval)

    def put(self, path, data, mode=0o644):
        """Writes a small file in the guest, making the directories above it."""
        self.sh(f"mkdir -p {shlex.quote(os.path.dirname(path))}")
        self._port.put(path, data if isinstance(data, bytes) else data.encode(), mode)

    def get(self, path):
        return self._port.get(path)

    def push_tree(self, source, target="/"):
        """Unpacks a directory of the host over a directory of the guest: modes and links are kept, all is root's."""
        self.sh(transfer.load(source, os.path.join(self.directory, "transfer"), target), timeout=300)

    # --- snapshots

    def save(self, tag="clean"):
        """Keeps memory and disks as they are now under a name, inside the disk images."""
        self.sh("udevadm settle; sync; echo 3 > /proc/sys/vm/drop_caches")
        failure = self.hmp(f"savevm {tag}")
        if failure:
            raise LabError(f"savevm: {failure}")
        self._snapshots[tag] = (dict(self._disks), self._port.boot)

    def restore(self, tag="clean", meanwhile=lambda: None):
        """Goes back to a saved state, with its disks; the guest's clock is set and its randomness is fresh. `meanwhile` is
        called when the guest has stopped and does not run again yet."""
        disks, boot = self._snapshots[tag]
        if self.running and disks == self._disks:
            self.qmp("stop")
            meanwhile()
            failure = self.hmp(f"loadvm {tag}")
            if failure:
                raise LabError(f"loadvm: {failure}")
            self.qmp("cont")
            self._port.forget()
        else:
            # Other devices than at the time: QEMU can only load into the same machine.
            self._kill()
            meanwhile()
            self._disks = dict(disks)
            self._launch(load=tag)
        self._port.boot = boot
        self._port.wake(BOOT_TIMEOUT)

    # --- disks

    def add_disk(self, serial, size="256M"):
        """Plugs in a blank disk, or one that was pulled before (it keeps its contents), and waits until udev has it."""
        path = os.path.join(self.directory, f"{serial}.qcow2")
        disk = machine.Disk(serial, path if os.path.exists(path) else self._image(serial, size), self._free_port())
        self.qmp("blockdev-add", **machine.blockdev(f"disk-{serial}", disk.path))
        self.qmp("device_add", **machine.device(disk))
        self._disks[serial] = disk
        self.sh(f"udevadm wait --timeout=60 /dev/disk/by-id/virtio-{serial}")

    def remove_disk(self, serial):
        """Pulls a disk out of the running guest."""
        self.qmp("device_del", id=f"dev-{serial}")
        self._qmp.wait_event("DEVICE_DELETED", device=f"dev-{serial}")
        self.qmp("blockdev-del", node_name=f"disk-{serial}")
        del self._disks[serial]

    def blockstats(self):
        """What the guest has done to its disks since QEMU started: {serial: {"writes", "written_bytes", "flushes", "reads"}}."""
        found = {}
        for entry in self.qmp("query-blockstats"):
            name = entry.get("qdev", "").removesuffix("/virtio-backend").rpartition("/dev-")[2]
            if name in self._disks or name in ("LABROOT", "SYS0", "SYS1"):
                stats = entry["stats"]
                found[name] = {"writes": stats["wr_operations"], "written_bytes": stats["wr_bytes"],
                               "flushes": stats["flush_operations"], "reads": stats["rd_operations"]}
        return found

    # --- the machine

    @property
    def running(self):
        """Whether QEMU lives."""
        return self._process is not None and self._process.poll() is None

    def qmp(self, command, **arguments):
        return self._qmp.command(command, **arguments)

    def hmp(self, line):
        return self._qmp.human(line)

    def console(self):
        """What the guest has printed on its serial console."""
        return self._read("serial.log")

    def cpu_seconds(self):
        """The processor time QEMU has used since it was started."""
        with open(f"/proc/{self._process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def release_port(self):
        """Lets go of the command port, so that shell.py can take it."""
        self._port.close()

    # --- inside

    def _image(self, serial, size=None, backing=None):
        path = os.path.join(self.directory, f"{serial}.qcow2")
        base = ["-b", backing, "-F", "qcow2"] if backing else []
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *base, path, *([size] if size else [])], check=True)
        if self._volatile:
            os.truncate(path, SERVED_SIZE)
        return path

    def _serve(self):
        """An nbdkit for each disk, which keeps in memory of its own what was not flushed; their sockets by serial."""
        sockets = {}
        for serial in [serial for serial, _ in machine.system_disks(self._options["layout"])] + list(self._disks):
            sockets[serial] = os.path.join(self.directory, f"{serial}.nbd")
            with contextlib.suppress(FileNotFoundError):
                os.unlink(sockets[serial])
            with open(os.path.join(self.directory, "nbdkit.log"), "ab") as log:
                self._servers.append(subprocess.Popen(
                    ["setpriv", "--pdeathsig", "KILL", "nbdkit", "--foreground", "--unix", sockets[serial], "--filter=cache", "file",
                     os.path.join(self.directory, f"{serial}.qcow2"), "cache=writeback"], stdin=subprocess.DEVNULL, stdout=log,
                    stderr=log, env=os.environ | {"TMPDIR": self.directory}, start_new_session=True))
        deadline = time.monotonic() + 30
        for path in sockets.values():
            while not os.path.exists(path):
                if time.monotonic() > deadline or any(server.poll() is not None for server in self._servers):
                    raise LabError(f"nbdkit does not serve {path}:\n{self._read('nbdkit.log')[-2000:]}")
                time.sleep(0.01)
        return sockets

    def _free_port(self):
        taken = {disk.port for disk in self._disks.values()}
        for port in range(self._options["ports"]):
            if port not in taken:
                return port
        raise LabError("no free PCI port for another disk: give VM() more spare_ports")

    def _launch(self, load=None):
        argv = machine.command_line(directory=self.directory, images=self._images, disks=self._disks.values(), load=load,
                                    servers=self._serve() if self._volatile else None, **self._options)
        for path in ("qmp", "lab", "console", "nic.sock"):
            # Left by a QEMU that was killed; it would make the next one fail, or us connect to nobody.
            if os.path.exists(os.path.join(self.directory, path)):
                os.unlink(os.path.join(self.directory, path))
        with open(os.path.join(self.directory, "qemu.log"), "ab") as log:
            # In a session of its own: a Ctrl-C or a closed terminal is for the test to answer, not for the machine.
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self._port.boot = None
        self._port.connect(60)
        self._qmp = Qmp(os.path.join(self.directory, "qmp"), self._check_alive)

    def _await(self, previous_boot, timeout, settle):
        try:
            self._port.wait_boot(previous_boot, timeout)
        except LabError as error:
            raise LabError(f"{error}; the console ends with:\n{self.console()[-2000:]}") from None
        if settle:
            # "degraded" is as settled as "running": whether a unit failed is for the test to say.
            self.run("systemctl is-system-running --wait", timeout)

    def _check_alive(self):
        if not self.running:
            raise LabError(f"QEMU has ended (status {self._process and self._process.poll()}):\n{self._read('qemu.log')[-2000:]}")
        tail = self.console()[-4000:]
        if "Kernel panic" in tail or "LAB: " in tail:
            raise LabError(f"the guest's kernel or initrd gave up; the console ends with:\n{tail[-2000:]}")

    def _kill(self):
        self._port.close()
        if self._qmp:
            self._qmp.close()
            self._qmp = None
        if self.running:
            self._process.kill()
        for server in self._servers:
            server.kill()
        if self._process:
            self._process.wait()
        while self._servers:
            self._servers.pop().wait()

    def _read(self, name):
        try:
            with open(os.path.join(self.directory, name), errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""
