"""What the storage room adds to the tools that it runs: arrays with their file systems in the virtual machine, against the same
commands typed by hand; and the inventory of a controller with 24 drives against the tool's own run time."""
import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

from order import seconds_between
from rows import Row, interleaved

ROOT = pathlib.Path(__file__).resolve().parents[2]
DISKS = [(f"DATA{number}", "64M") for number in range(8)] + [(f"{side}{number}", "64M") for side in ("OURS", "HAND") for number in (0, 1)]
ALLOWED_S = 0.3  # of overhead, or a tenth, whichever is more

# By hand: each array and its file system, one after the other, as a script would. Arguments: name, serials' name, how many.
BY_HAND = r"""
for n in $(seq 0 $(($3 - 1))); do
    name=$1$n
    id=$(cat /proc/sys/kernel/random/uuid)
    mdadm --create /dev/md/$name --run --metadata=1.2 --level=1 --raid-devices=2 --bitmap=internal --homehost=any --name=$name \
        /dev/disk/by-id/virtio-$2$((2 * n)) /dev/disk/by-id/virtio-$2$((2 * n + 1)) </dev/null >/dev/null 2>&1 || exit 1
    udevadm settle --timeout=30 --exit-if-exists=/dev/md/$name
    mkfs.ext4 -q -U $id -L $name -E lazy_itable_init=1,lazy_journal_init=1,nodiscard /dev/md/$name || exit 1
    udevadm settle --timeout=30 --exit-if-exists=/dev/disk/by-uuid/$id
done
"""
# Both sides do what they do once before it is timed, on disks of its own: the emulator translates code when it first runs.
WARM = "metalwright apply /run/warm.json --wait --timeout 600s >/dev/null && bash /run/by-hand hand HAND 1"
TIMED = "begin=${EPOCHREALTIME/./}; %s >/run/said 2>&1 || { cat /run/said >&2; exit 1; }; echo $((${EPOCHREALTIME/./} - begin))"


def array(name, serials, number):
    return {"name": f"{name}{number}", "level": "raid1", "filesystem": {"type": "ext4"},
            "members": {"ids": [f"{serials}{2 * number}", f"{serials}{2 * number + 1}"]}}


def document(arrays):
    """With the one that warms up; it is there already when this is ordered."""
    return {"apiVersion": "metalwright/v1", "host": {"id": "host-1"}, "instance": {"id": "i-bench"},
            "storage": {"arrays": [array("ours", "OURS", 0)] + [array("data", "DATA", number) for number in range(arrays)]}}


def arrays(bench):
    sys.path[:0] = [str(ROOT / "tests/vm"), str(ROOT / "tests/fakes")]
    from control_plane import ControlPlane
    from lab import VM, agent

    rows = []
    # Two processors: that arrays are made side by side does not show on one.
    with ControlPlane() as plane, contextlib.closing(VM("bench", disks=DISKS, control_port=plane.port, processors=2)) as vm:
        vm.start()
        # No control plane: it would take a restored guest's reports for wrong ones, and its processor time is not the room's.
        agent.without_watchdog(vm)
        agent.install(vm, str(bench.build / "stage"), plane, urls=())
        vm.put("/run/warm.json", json.dumps(document(0)))
        for number in (1, 4):
            vm.put(f"/run/order{number}.json", json.dumps(document(number)))
        vm.put("/run/by-hand", BY_HAND)
        vm.sh("modprobe raid1")
        vm.save()
        whole = []

        def timed(command):
            vm.restore()
            vm.sh(WARM, timeout=600)
            return int(vm.sh(TIMED % command, timeout=660).split()[-1]) / 1e6

        def ours(number):
            """The operation, from its acceptance to its end; the command line, which waits for it, is no part of the room."""
            whole.append(timed(f"metalwright apply /run/order{number}.json --wait --timeout 600s"))
            return seconds_between(agent.ask(vm, "operations 2")[0])

        for number in (1, 4):
            whole.clear()
            took = interleaved(bench.runs, peer=lambda number=number: timed(f"bash /run/by-hand data DATA {number}"),
                               value=lambda number=number: ours(number))
            allowed = max(1.1, 1 + ALLOWED_S / took["peer"])
            rows.append(Row(f"raid.arrays-{number}", **took, unit="s", bar=("peer", "<=", allowed),
                            note="inside the VM, which has two processors, with ext4; peer: mdadm, mkfs and udevadm settle by hand, one after the other; with the "
                            f"command line's own time {statistics.median(whole):.3g} s"))
    return rows


def inventory(bench):
    """From the emulator; the tool is called for the same questions beside it."""
    folder = bench.folder / "storcli"
    folder.mkdir()
    state, tool = folder / "state.json", folder / "storcli64"
    tool.write_text(f"#!/bin/sh\nMETALWRIGHT_STORCLI_STATE={state} exec {ROOT}/tests/fakes/storcli \"$@\"\n")
    tool.chmod(0o755)
    subprocess.run([tool, "make", "--drives", "24"], check=True)
    subprocess.run([tool, *"/c0 add vd r10 drives=252:0-3 PDperArray=2 J nolog".split()], check=True, stdout=subprocess.DEVNULL)
    made = len(json.loads(state.read_text())["calls"])
    command = [bench.build / "agent/metalwright", "inventory", "--local", "--raid-tool", tool, "-o", "json"]

    def seconds(run):
        begin = time.perf_counter()
        run()
        return time.perf_counter() - begin

    seen = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    if len(seen["controllers"][0]["drives"]) != 24:
        raise RuntimeError(f"not 24 drives: {seen['controllers']}")
    calls = json.loads(state.read_text())["calls"][made:]
    questions = [call.split() for call in calls]

    def by_hand():
        for question in questions:
            subprocess.run([tool, *question], check=True, stdout=subprocess.DEVNULL)

    took = interleaved(bench.runs, value=lambda: seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)),
                       peer=lambda: seconds(by_hand))
    return [Row("raid.inventory-24", **took, unit="s", bar=("peer", "<=", 1.2), note="peer: the tool's own time for the same questions"),
            Row("raid.inventory-24.calls", len(calls), "calls", bar=("value", "<=", len({tuple(q) for q in questions})),
                note="each question once: " + "; ".join(" ".join(q) for q in questions))]


def raid(bench):
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    return inventory(bench) + arrays(bench)
