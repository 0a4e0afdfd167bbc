"""QEMU's command line for a lab machine: what it is made of, and nothing of what is done with it."""
import dataclasses
import os

from . import tsc

LAN_MAC = "52:54:00:4d:57:01"
MGMT_MAC = "52:54:00:4d:57:02"
# Where the guest finds the test's control plane: the one address that its management network leads to.
CONTROL_ADDRESS, CONTROL_PORT = "10.0.2.100", 8443

# Each of these saves boot time under emulation; panic=0 leaves a dead guest standing, with its last words on the console.
KERNEL_ARGUMENTS = (
    "console=ttyS0 panic=0 quiet systemd.show_status=0 no5lvl nokaslr nopti mitigations=off audit=0 apparmor=0 selinux=0 "
    "tsc=reliable no_timer_check cryptomgr.notests 8250.nr_uarts=1 nowatchdog random.trust_cpu=on")


@dataclasses.dataclass
class Disk:
    """A disk of the guest: its serial, its image, and the PCI port it is plugged into."""
    serial: str
    path: str
    port: int


def system_disks(layout):
    """(serial, base image) of the disks that the guest boots from."""
    return [("LABROOT", "plain")] if layout == "plain" else [("SYS0", "sys0"), ("SYS1", "sys1")]


def blockdev(node, path, server=None):
    """The image at `path`; or, where `server` is the socket of an nbdkit that has it, through that: then a flush of the guest's
    is what makes something outlive both of them."""
    # no-flush: the host's page cache outlives a killed QEMU, which is all the power cut that SIGKILL can play.
    file = {"driver": "nbd", "server": {"type": "unix", "path": server}} if server else {"driver": "file", "filename": path}
    return {"driver": "qcow2", "node-name": node, "discard": "unmap", "detect-zeroes": "unmap", "file": file,
            "cache": {"direct": False, "no-flush": server is None}}


def flat(options, prefix=""):
    """A blockdev description in the a.b=c form of the command line."""
    items = []
    for key, value in options.items():
        if isinstance(value, dict):
            items += flat(value, f"{prefix}{key}.")
        else:
            items.append(f"{prefix}{key}={('on' if value else 'off') if isinstance(value, bool) else value}")
    return items


def device(disk):
    return {"driver": "virtio-blk-pci", "drive": f"disk-{disk.serial}", "id": f"dev-{disk.serial}",
            "serial": disk.serial, "bus": f"port{disk.port}"}


def clock(accelerator):
    """The kernel argument that spares the guest measuring its clock: under emulation it ticks as the host's does."""
    frequency = tsc.kilohertz() if accelerator == "tcg" else None
    return f"tsc_early_khz={frequency}" if frequency else ""


def command_line(*, directory, images, name, layout, memory, ports, disks, lan=None, mgmt=True, control_port=None,
                 append="", extra=(), processors=1, load=None, servers=None):
    """The argument vector. `lan` is the peer's -netdev text; `control_port` the control plane's port on the host; `servers` the
    sockets of the disks' nbdkits, by serial."""
    servers = servers or {}
    accelerator = os.environ.get("METALWRIGHT_ACCEL") or "tcg"
    argv = [
        # The guest must not outlive the test, however that ends.
        "setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-name", name, "-M", "q35", "-accel", accelerator,
        "-cpu", "host" if accelerator == "kvm" else "qemu64", "-smp", str(processors), "-m", str(memory),
        "-display", "none", "-nodefaults", "-no-user-config",
        "-kernel", f"{images}/vmlinux", "-initrd", f"{images}/initrd",
        "-append", f"{KERNEL_ARGUMENTS} {clock(accelerator)} lab.root={layout} {append}".strip(),
        "-qmp", f"unix:{directory}/qmp,server=on,wait=off",
        "-chardev", f"socket,id=console,path={directory}/console,server=on,wait=off,logfile={directory}/serial.log,logappend=on",
        "-serial", "chardev:console",
        "-device", "virtio-serial-pci", "-chardev", f"socket,id=lab,path={directory}/lab,server=on,wait=off",
        "-device", "virtserialport,chardev=lab,name=lab.0",
        "-device", "virtio-rng-pci",
        "-drive", f"file={directory}/transfer,format=raw,if=none,id=transfer,readonly=on,file.locking=off",
        "-device", "virtio-blk-pci,drive=transfer,serial=LABXFER",
    ]
    for serial, _ in system_disks(layout):
        argv += ["-blockdev", ",".join(flat(blockdev(f"disk-{serial}", f"{directory}/{serial}.qcow2", servers.get(serial)))),
                 "-device", f"virtio-blk-pci,drive=disk-{serial},id=dev-{serial},serial={serial}"]
    for port in range(ports):
        argv += ["-device", f"pcie-root-port,id=port{port},chassis={port + 1},bus=pcie.0,"
                            f"addr={0x10 + port // 8:#x}.{port % 8},multifunction=on"]
    for disk in disks:
        argv += ["-blockdev", ",".join(flat(blockdev(f"disk-{disk.serial}", disk.path, servers.get(disk.serial)))),
                 "-device", ",".join(flat(device(disk)))]
    if lan:
        argv += ["-netdev", lan, "-device", f"virtio-net-pci,netdev=lan,mac={LAN_MAC},romfile="]
    if mgmt:
        user = "user,id=mgmt,restrict=on,ipv6=off"
        if control_port:
            # One socat a connection: slirp's own forwarding would know only one connection in a lifetime.
            # It logs nowhere, because slirp would hand its words to the guest as data.
            user += f",guestfwd=tcp:{CONTROL_ADDRESS}:{CONTROL_PORT}-cmd:socat -lf /dev/null STDIO TCP\\:127.0.0.1\\:{control_port}"
        argv += ["-netdev", user, "-device", f"virtio-net-pci,netdev=mgmt,mac={MGMT_MAC},romfile="]
    if load:
        argv += ["-loadvm", load]
    return argv + list(extra)
