"""bench net: netcfg against the raw kernel, ip -batch, and the daemons that hosts have instead of us.

`cpu-ms` is the processor time of whoever did it, the kernel's work for it included; wall-clock medians of the same turns stand in
the note. Rows against a daemon are wall-clock: its work is spread over several processes."""
import contextlib
import json
import time

from net_tools import Lacking, NetworkManager, Networkd, Resident, both_clocks, ip_batch
from rows import Row, interleaved

NIC, PEER = "bench0", "bench1"


def address(v6, index):
    """As net_floor counts: 10.201.0.1 on, fd00:201::1 on."""
    number = index + 1
    return f"fd00:201::{number >> 16:x}:{number & 0xffff:x}" if v6 else f"10.201.{number >> 8}.{number & 0xff}"


def document(aliases, generation=1):
    return {"apiVersion": "metalwright/v1", "host": {"id": "bench"}, "instance": {"id": "i-bench"}, "generation": generation,
            "network": {"nic": {"name": NIC}, "aliases": aliases}}


def singles(count, v6=False, **more):
    return [{"cidr": address(v6, index), **more} for index in range(count)]


def batch(words, count, v6=False):
    """The lines of an `ip -batch` over the addresses of a bench."""
    return "".join(f"{words.format(address(v6, index) + ('/128' if v6 else '/32'))} dev {NIC}\n" for index in range(count))


class Lab:
    """The NIC, net_bench with the spec it was last given, and net_floor."""

    def __init__(self, bench):
        self.bench = bench
        self.stack = contextlib.ExitStack()
        ip_batch(f"link add {NIC} type veth peer name {PEER}\nlink set {NIC} up\nlink set {PEER} up\nlink set lo up\n")
        self.floor = self.stack.enter_context(Resident(bench.build / "tests/bench/net_floor", NIC))
        self.netcfg = self.start()

    def start(self):
        return self.stack.enter_context(Resident(self.bench.build / "tests/bench/net_bench"))

    def read(self, aliases, netcfg=None):
        """Gives net_bench a spec; parsing it is not what is measured."""
        path = self.bench.folder / "spec.json"
        path.write_text(json.dumps(document(aliases)))
        (netcfg or self.netcfg)(f"read {path}")

    def apply(self, changed, netcfg=None):
        """(wall, CPU) of one apply that changes exactly so many items, with a message for each."""
        wall, cpu, (_, did, messages) = (netcfg or self.netcfg)("apply")
        if did != changed or messages != changed:
            raise RuntimeError(f"{did} items changed with {messages} messages, not {changed}")
        return wall, cpu

    def raw(self, words):
        wall, cpu, _ = self.floor(words)
        return wall, cpu

    def clear(self, what, count):
        """The NIC is empty again, and nobody knows what was on it."""
        self.floor(f"del {what} {count}")
        self.netcfg("forget")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()


def walls(wall):
    return "wall ms " + ", ".join(f"{name} {value:.4g}" for name, value in wall.items())


def against(name, took, wall, bars, note):
    """A row for each bar over one measurement: {suffix: bar}."""
    return [Row(name + suffix, took["value"], "cpu-ms", took.get("floor"), took.get("peer"), bar, f"{note}; {walls(wall)}")
            for suffix, bar in bars.items()]


def add_addresses(lab, count=1000):
    lab.read(singles(count))

    def cleared(measure):
        took = measure()
        lab.clear("address 4", count)
        return took

    took, wall = both_clocks(max(lab.bench.runs, 9), value=lambda: cleared(lambda: lab.apply(count)),
                             floor=lambda: cleared(lambda: lab.raw(f"add address 4 {count}")),
                             peer=lambda: cleared(lambda: ip_batch(batch("addr add {}", count))))
    return against("net.add-1000", took, wall, {"": ("floor", "<=", 1.2), "/ip": ("peer", "<=", 1.0)},
                   "1000 IPv4 /32, parsed spec to kernel and read back; floor: raw batches; peer: ip -batch")


def add_range(lab):
    lab.read([{"cidr": "10.64.0.0/20"}])

    def ours():
        took = lab.apply(1)
        ip_batch(f"route del local 10.64.0.0/20 dev {NIC} table local\n")
        return took

    took, wall = both_clocks(max(lab.bench.runs, 15), value=ours)
    return [Row("net.range-4096", wall["value"], "ms", bar=("value", "<=", 1.0),
                note=f"an alias range /20, one kernel object and one message; cpu ms {took['value']:.4g}")]


def add_routes(lab, add_10000_ms, count=10000):
    lab.read(singles(count, **{"as": "route"}))

    def cleared(measure):
        took = measure()
        lab.clear("route 4", count)
        return took

    took, wall = both_clocks(lab.bench.runs, value=lambda: cleared(lambda: lab.apply(count)),
                             floor=lambda: cleared(lambda: lab.raw(f"add route 4 {count}")),
                             peer=lambda: cleared(lambda: ip_batch(batch("route add local {} table local proto 77", count))))
    rows = against("net.routes-10000", took, wall, {"": ("floor", "<=", 1.5), "/ip": ("peer", "<=", 1 / 1.5)},
                   "10000 single IPv4 aliases as local routes; floor: raw batches; peer: ip -batch")
    return rows + [Row("net.routes-10000/addresses", took["value"], "cpu-ms", peer=add_10000_ms, bar=("peer", "<=", 1 / 30),
                       note="peer: the quickest of 2 raw runs that add 10000 addresses instead")]


def same_subnet(lab, add_10000_ms, count=10000):
    """The middle way: addresses with the length of one subnet, which share an entry of the kernel's."""
    lab.read([{"cidr": f"{address(False, index)}/16"} for index in range(count)])
    took = []
    for _ in range(2):
        took.append(lab.apply(count)[1])
        ip_batch(f"addr flush dev {NIC}\n")
        lab.netcfg("forget")
    return [Row("net.subnet-10000", min(took), "cpu-ms", peer=add_10000_ms, note="10000 IPv4 aliases with the length of one subnet, the "
                "quicker of 2; peer: the quickest of 2 raw runs that add them as /32")]


def apply_again(lab, v6, peer_runs, count=10000):
    """Fills the NIC through netcfg, then nothing is left to do; the peer comes last: `replace` takes our mark off the addresses."""
    family = 6 if v6 else 4
    lab.read(singles(count, v6))
    lab.netcfg("forget")
    lab.apply(count)

    def missing():
        wall, cpu, (lacking,) = lab.floor(f"missing {family} {count}")
        if lacking:
            raise RuntimeError(f"{lacking} of {count} addresses are not there")
        return wall, cpu

    took, wall = both_clocks(max(lab.bench.runs, 15), value=lambda: lab.apply(0), floor=missing)
    lines = batch("addr replace {}" + (" nodad" if v6 else ""), count, v6)
    took["peer"], wall["peer"] = min(ip_batch(lines)[::-1] for _ in range(peer_runs))
    bars = {"/ip": ("peer", "<=", 1 / 300)} if v6 else {"": ("floor", "<=", 2.0), "/ip": ("peer", "<=", 1 / 30)}
    return against(f"net.again-10000-v{family}", took, wall, bars, f"{count} IPv{family} addresses, nothing changed; floor: raw dump "
                   f"and diff; peer: ip -batch of replace, the quickest of {peer_runs}")


def put_back(lab, count=1000):
    lab.read(singles(count))

    def added():
        lab.clear("address 4", count)
        return lab.apply(count)

    def flushed():
        ip_batch(f"addr flush dev {NIC}\n")
        return lab.apply(count)

    lab.apply(count)
    took, wall = both_clocks(max(lab.bench.runs, 9), value=flushed, floor=added)
    lab.clear("address 4", count)
    return against("net.flushed-1000", took, wall, {"": ("floor", "<=", 2.0)}, "all back after `ip addr flush`, by netcfg's own plan "
                   "and apply; the daemon's drift monitor is not measured here; floor: adding them")


def memory(lab, count=10000):
    """The peak of a process that reads a spec, plans, applies and reads back, above what it was before it got the spec."""
    netcfg = lab.start()
    idle = netcfg("memory")[2][0]
    lab.read(singles(count, **{"as": "route"}), netcfg)
    parsed = netcfg("memory")[2][1]
    lab.apply(count, netcfg)
    lab.apply(0, netcfg)
    peak = netcfg("memory")[2][1]
    lab.clear("route 4", count)
    return [Row("net.memory-10000", (peak - idle) / 1024, "MiB", bar=("value", "<=", 16), note=f"peak above {idle / 1024:.3g} MiB idle, "
                f"10000 IPv4 aliases as local routes; {(parsed - idle) / 1024:.3g} MiB of it for reading the document")]


def through_daemon(lab, count=1000):
    """(ms) -> a measure of one order through metalwrightd, from the POST until the operation has ended; then an empty one."""
    bench = lab.bench
    bench.config.write_text(bench.config.read_text().replace("[network]\n", f"[network]\nalias_limit = {count}\n"))
    generation = 0

    def order(daemon, aliases):
        nonlocal generation
        generation += 1
        took, operation = daemon.apply(document(aliases, generation))
        if bad := [item for item in operation["items"] if item["outcome"] == "failed"]:
            raise RuntimeError(f"an order of {len(aliases)} aliases failed: {bad[0]}")
        return took

    def measure():
        # Only while it is measured: what net_bench sets meanwhile is nothing that its documents ask for.
        with bench.daemon("net") as daemon:
            daemon.settle()
            took = order(daemon, singles(count))
            order(daemon, [])
        return took

    return measure


def kept(lab, count=1000):
    """The same by the daemon that keeps them: from the last deletion that the kernel tells of to the last address."""
    bench = lab.bench
    lab.read(singles(count))

    def order(daemon, aliases, generation):
        took, operation = daemon.apply(document(aliases, generation))
        if any(item["outcome"] == "failed" for item in operation["items"]):
            raise RuntimeError(f"an order of {len(aliases)} aliases failed after {took} ms")

    samples = []
    for number in range(max(bench.runs, 7)):
        # A daemon of its own for each: who flushes again and again is somebody who insists, and waits longer each time.
        with bench.daemon(f"kept{number}") as daemon:
            daemon.settle()
            order(daemon, singles(count), 1)
            samples.append(lab.floor(f"flushed 4 {count}")[2][0] / 1000)
            order(daemon, [], 2)
    samples.sort()

    def added():
        wall, _ = lab.apply(count)
        lab.clear("address 4", count)
        return wall

    adding = interleaved(max(bench.runs, 7), floor=added)["floor"]
    return [Row("net.flushed-1000.daemon", samples[len(samples) // 2], "ms", floor=adding, bar=("floor", "<=", 2.0),
                note="wall clock, from the last deletion of `ip addr flush` to the last address that metalwrightd has put back, the "
                f"slowest {samples[-1]:.4g} ms; floor: adding them, parsed spec to kernel")]


def beside(lab, kind, bar, daemon_path, count=1000):
    """Rows against one running daemon: netcfg with its bar, the full path through metalwrightd without one."""
    name = kind.__name__.lower()
    addresses = [address(False, index) for index in range(count)]
    lab.read(singles(count))

    def ours():
        wall, _ = lab.apply(count)
        lab.clear("address 4", count)
        return wall

    try:
        with kind(lab.bench.folder / f"{name}.log") as daemon, Resident(lab.bench.build / "tests/bench/net_floor", daemon.nic) as watch:
            def theirs():
                daemon.write(addresses)
                begin = time.perf_counter()
                daemon.go()
                watch(f"until 4 {count}")
                took = (time.perf_counter() - begin) * 1000
                daemon.clear()
                watch("until 4 0")
                return took

            took = interleaved(lab.bench.runs, value=ours, peer=theirs, whole=daemon_path)
    except Lacking as lacking:
        return [Row(f"net.add-1000/{name}", interleaved(lab.bench.runs, value=ours)["value"], "ms", bar=bar, note=str(lacking))]
    note = f"wall clock; peer: {kind.words}, already running, until all addresses are there"
    return [Row(f"net.add-1000/{name}", took["value"], "ms", peer=took["peer"], bar=bar, note=note),
            Row(f"net.add-1000/{name}.daemon", took["whole"], "ms", peer=took["peer"], note="the full path through metalwrightd, from POST "
                "to the end of the operation; " + note)]


def net(bench):
    with Lab(bench) as lab:
        rows = add_addresses(lab) + add_range(lab) + put_back(lab)
        # Quadratic in the kernel, seconds each: few runs.
        slow = []
        for _ in range(2):
            slow.append(lab.raw("add address 4 10000")[1])
            lab.clear("address 4", 10000)
        rows += add_routes(lab, min(slow)) + same_subnet(lab, min(slow)) + memory(lab)
        rows += apply_again(lab, v6=False, peer_runs=3)
        lab.clear("address 4", 10000)
        whole = through_daemon(lab)
        rows += kept(lab)
        rows += beside(lab, Networkd, ("peer", "<=", 1 / 1.5), whole) + beside(lab, NetworkManager, ("peer", "<=", 1 / 4), whole)
        # Half a minute to fill and as long to replace: last, and the namespace takes the addresses with it.
        return rows + apply_again(lab, v6=True, peer_runs=1)
