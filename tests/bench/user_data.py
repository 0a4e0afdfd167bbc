"""From `metalwright apply` of a spec that holds only a script to the script's own first timestamp: against a running daemon, with
and without systemd, and cold, beside cloud-init with the same script in a NoCloud seed."""
import base64
import contextlib
import json
import os
import pathlib
import select
import shutil
import sqlite3
import subprocess
import sys
import time

from rows import Row, interleaved

ROOT = pathlib.Path(__file__).resolve().parents[2]
STAMP = pathlib.Path("/root/stamp")
SCRIPT = f"#!/bin/bash\necho $EPOCHREALTIME >{STAMP}\n"  # a pipe: whoever waits for it takes no turn of a processor
# What a script needs to be run at most once: the order and the start in the store, then the script, its copy, the mark that it was
# started and the runner's claim, each whole on disk before the next.
COMMITS, FILES = 2, 4


def document(number):
    return {"apiVersion": "metalwright/v1", "host": {"id": "bench"}, "instance": {"id": f"i-{number}"},
            "userData": {"base64": base64.b64encode(SCRIPT.encode()).decode()}}


def stamped(begin, start):
    """ms from `begin` to the script's own time, once `start()` has been called."""
    STAMP.unlink(missing_ok=True)
    os.mkfifo(STAMP)
    with open(STAMP, "r+b", buffering=0) as pipe:
        start()
        if not select.select([pipe], [], [], 60)[0]:
            raise RuntimeError("the script has left no time")
        return (float(pipe.readline()) - begin) * 1000


class Alone:
    """The daemon where no systemd runs; each turn is another instance."""

    def __init__(self, bench):
        self.bench, self.number = bench, 0
        self.order = bench.folder / "order.json"
        self.command = [bench.build / "agent/metalwright", "--socket", bench.folder / "admin.sock", "apply", self.order]

    def next_order(self):
        self.number += 1
        self.order.write_text(json.dumps(document(self.number)))

    def apply(self):
        subprocess.run(self.command, check=True, stdout=subprocess.DEVNULL)

    def release(self, program):
        program.settle_script()
        _, operation = program.apply({"apiVersion": "metalwright/v1", "host": {"id": "bench"},
                                      "release": {"instanceId": f"i-{self.number}"}})
        if operation["state"] != "done":
            raise RuntimeError(f"the release ended {operation['state']}")

    def warm(self, program):
        self.next_order()
        took = stamped(time.time(), self.apply)
        self.release(program)
        return took

    def cold(self):
        """Daemon start included, by its own word that it is ready."""
        self.next_order()
        program = None

        def start():
            nonlocal program
            program = self.bench.daemon("cold", self.configuration, target=None)
            self.apply()

        try:
            took = stamped(time.time(), start)
            self.release(program)
            return took
        finally:
            if program:
                program.stop()

    @property
    def configuration(self):
        return f'[user_data]\nrunner = "{self.bench.build.resolve()}/agent/runner/metalwright-run"\n'


def durable(folder):
    """ms of the commits and files that a run needs, and of starting the script by hand."""
    with contextlib.closing(sqlite3.connect(folder / "floor.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, body TEXT)")
        script = folder / "script"
        begin = time.time()

        def start():
            for _ in range(COMMITS):
                database.execute("INSERT INTO t (body) VALUES (?)", ("x" * 600,))
            for number in range(FILES):
                path = script if number == 0 else folder / f"mark{number}"
                with open(f"{path}.new", "w", encoding="utf-8") as file:
                    file.write(SCRIPT)
                    file.flush()
                    os.fchmod(file.fileno(), 0o700)
                    os.fsync(file.fileno())
                os.rename(f"{path}.new", path)
                directory = os.open(folder, os.O_RDONLY)
                os.fsync(directory)
                os.close(directory)
            os.waitpid(os.posix_spawn("/bin/bash", ["bash", str(script)], os.environ), 0)

        return stamped(begin, start)


def python_start():
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import json"], check=True)
    return (time.perf_counter() - begin) * 1000


SEED = pathlib.Path("/var/lib/cloud/seed/nocloud")
# The modules that run the script, and no others.
CLOUD_CONFIG = """datasource_list: [ NoCloud ]
network: {config: disabled}
cloud_init_modules: []
cloud_config_modules: []
cloud_final_modules: [ scripts-user ]
users: []
disable_root: false
ssh_deletekeys: false
ssh_genkeytypes: []
"""


def cloud_init(number=[0]):  # noqa: B006 - counts the instances
    number[0] += 1
    for folder in ("/var/lib/cloud", "/run/cloud-init"):
        shutil.rmtree(folder, ignore_errors=True)
    SEED.mkdir(parents=True)
    (SEED / "user-data").write_text(SCRIPT)
    (SEED / "meta-data").write_text(f"instance-id: i-{number[0]}\n")

    def start():
        for stage in (["init", "--local"], ["init"], ["modules", "--mode=final"]):
            subprocess.run(["cloud-init", *stage], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    return stamped(time.time(), start)


def hide_the_host():
    """What is written to the host's own folders stays in this mount namespace, and no systemd is seen."""
    for folder in ("/root", "/run", "/var/lib"):
        subprocess.run(["mount", "-t", "tmpfs", "bench", folder], check=True)
    for name in ("upper", "work"):
        os.makedirs(f"/run/etc/{name}")
    subprocess.run(["mount", "-t", "overlay", "bench", "-o", "lowerdir=/etc,upperdir=/run/etc/upper,workdir=/run/etc/work", "/etc"],
                   check=True)


def user_data(bench):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    rows = with_systemd(bench)  # while the guest's images can be seen
    hide_the_host()
    alone = Alone(bench)
    with bench.daemon("state", alone.configuration) as program:
        took = interleaved(max(bench.runs, 9), value=lambda: alone.warm(program), floor=lambda: durable(bench.folder))
    rows += [Row("userdata.warm", **took, unit="ms", bar=("floor", "<=", 3.0),
                 note=f"a running daemon without systemd; floor: {COMMITS} durable commits, {FILES} durable files and the script by hand")]
    measures = {"value": alone.cold, "floor": python_start}
    note = "daemon start included, without systemd; "
    if shutil.which("cloud-init"):
        pathlib.Path("/etc/cloud/cloud.cfg").write_text(CLOUD_CONFIG)
        shutil.rmtree("/etc/cloud/cloud.cfg.d", ignore_errors=True)
        measures["peer"] = cloud_init
        version = subprocess.run(["cloud-init", "--version"], capture_output=True, text=True, check=True)
        note += f"peer: {(version.stdout + version.stderr).strip()}, its stages init-local, init and final, from a NoCloud seed"
    else:
        note += "peer: cloud-init is not installed (apt-get install cloud-init)"
    took = interleaved(max(bench.runs, 7), **measures)
    floor = took.pop("floor")
    return rows + [Row("userdata.cold", took["value"], "ms", peer=took.get("peer"), bar=("peer", "<=", 1 / 50), note=note),
                   Row("userdata.cold/python", took["value"], "ms", floor=floor, bar=("floor", "<=", 1.0),
                       note="floor: `python3 -c 'import json'`")]


def with_systemd(bench):
    """In the virtual machine; each turn goes back to one snapshot."""
    sys.path[:0] = [str(ROOT / "tests/vm"), str(ROOT / "tests/fakes")]
    from control_plane import ControlPlane
    from lab import VM, agent

    with ControlPlane() as plane, contextlib.closing(VM("bench", control_port=plane.port)) as vm:
        vm.start()
        agent.without_watchdog(vm)
        agent.install(vm, str(bench.build / "stage"), plane, host="bench", urls=())
        for number in (1, 2):
            vm.put(f"/run/order{number}.json", json.dumps(document(number)))
        vm.put("/run/script", SCRIPT, mode=0o700)
        vm.save()
        # It waits without a turn of the guest's one processor: whoever writes the stamp wakes it.
        stamp = "read -r end <&9"

        def timed(command, end):
            vm.restore()
            # Once before it is timed, so that neither side is the first to load or translate its code.
            vm.sh(f"mkfifo {STAMP}; exec 9<>{STAMP}; metalwright apply /run/order1.json --wait >/dev/null; systemd-run --quiet --wait /run/script; "
                  f"echo '{json.dumps({'apiVersion': 'metalwright/v1', 'host': {'id': 'bench'}, 'release': {'instanceId': 'i-1'}})}' | "
                  "metalwright apply - --wait >/dev/null", timeout=300)
            said = vm.sh(f"rm {STAMP}; mkfifo {STAMP}; exec 9<>{STAMP}; begin=$EPOCHREALTIME; {command} >/dev/null; {end}; echo $((${{end/./}} - ${{begin/./}}))", timeout=300)
            return int(said.split()[-1]) / 1000

        took = interleaved(bench.runs, value=lambda: timed("metalwright apply /run/order2.json", stamp),
                           peer=lambda: timed("systemd-run --quiet --wait true", "end=$EPOCHREALTIME"))
    return [Row("userdata.systemd", **took, unit="ms", bar=("peer", "<=", 1.2),
                note="inside the VM, a running daemon with systemd; peer: `systemd-run --wait true`")]
