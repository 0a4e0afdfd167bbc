"""The whole order inside the virtual machine: accepted to all applied, against the tools' own times."""
import contextlib
import datetime
import json
import pathlib
import sys

from rows import Row, interleaved

ROOT = pathlib.Path(__file__).resolve().parents[2]
DISKS = [(f"DATA{number}", "512M") for number in range(4)]

# What somebody would type who knew it all beforehand: the same tools with the same arguments, each timed by itself.
TOOLS = r"""
total=0
tool() {
    local begin=${EPOCHREALTIME/./}
    "$@" >/dev/null || { echo "failed: $*" >&2; exit 1; }
    total=$((total + ${EPOCHREALTIME/./} - begin))
}
id=00000000-0000-4000-8000-000000000001
disks=(/dev/disk/by-id/virtio-DATA{0..3})
tool mdadm --create /dev/md/data --run --metadata=1.2 --level=10 --raid-devices=4 --bitmap=internal --homehost=any \
    --name=data --uuid=00000000:00000000:00000000:00000001 "${disks[@]}"
tool udevadm settle --timeout=30 --exit-if-exists=/dev/md/data
tool mkfs.ext4 -q -U $id -L data -E lazy_itable_init=1,lazy_journal_init=1,nodiscard /dev/md/data
tool udevadm settle --timeout=30 --exit-if-exists=/dev/disk/by-uuid/$id
mkdir -p /data
printf '[Mount]\nWhat=/dev/disk/by-uuid/%s\nWhere=/data\nType=ext4\nOptions=defaults,nofail\n[Install]\nWantedBy=local-fs.target\n' $id \
    >/etc/systemd/system/data.mount
tool systemctl daemon-reload
tool systemctl enable --now data.mount
printf 'link set lan0 up\naddr add 10.0.1.10/24 dev lan0\nroute replace default via 10.0.1.1 dev lan0\naddr add 10.0.1.52/32 dev lan0\n%s\n' \
    'route add local 10.0.1.128/28 dev lan0' >/run/bench.ip
tool ip -batch /run/bench.ip
printf '[Match]\nName=lan0\n[Network]\nAddress=10.0.1.10/24\nAddress=10.0.1.52/32\nGateway=10.0.1.1\nDNS=10.0.1.1\n' \
    >/etc/systemd/network/20-bench.network
tool networkctl reload
tool hostname web-1
echo 'root:Blank#2Metal!7' >/run/bench.password
tool chpasswd -c YESCRYPT </run/bench.password
echo $total
"""


def seconds_between(operation):
    begin, end = (datetime.datetime.fromisoformat(operation[key].replace("Z", "+00:00")) for key in ("acceptedAt", "finishedAt"))
    return (end - begin).total_seconds()


def order(bench):
    """The order of ./demo without its script; before each turn the machine goes back to one snapshot."""
    sys.path[:0] = [str(ROOT / "tests/vm"), str(ROOT / "tests/fakes")]
    from control_plane import ControlPlane
    from lab import VM, agent

    document = json.loads((ROOT / "tests/vm/orders/create-instance.json").read_text())
    del document["request"]["instanceSpec"]["userData"]
    with ControlPlane() as plane, contextlib.closing(VM("bench", disks=DISKS, control_port=plane.port)) as vm:
        vm.peer.gateways |= {"10.0.1.1"}
        vm.start()
        agent.install(vm, str(bench.build / "stage"), plane)
        vm.put("/run/order.json", json.dumps(document))
        vm.put("/run/tools", TOOLS)
        vm.save()

        def ours():
            vm.restore()
            done = vm.run("metalwright apply /run/order.json --wait --timeout 600s -o json", timeout=660)
            operation = json.loads(done.out)
            if bad := [item for item in operation["items"] if item["outcome"] not in ("changed", "unchanged", "skipped")]:
                raise RuntimeError(f"the order failed: {bad[0]}")
            return seconds_between(operation)

        def tools():
            vm.restore()
            return int(vm.sh("bash /run/tools", timeout=660)) / 1e6

        took = interleaved(bench.runs, value=ours, peer=tools)
    return [Row("order", **took, unit="s", bar=("peer", "<=", 1.2), note="inside the VM; peer: the tools' own times, summed")]
