"""The benches that need no machine but this one: start, memory, noop, journal."""
import os
import pathlib
import statistics
import subprocess
import sys
import time

from rows import Row, interleaved


def start(bench):
    """Cold start: exec of metalwrightd until its first answer, with the state of an earlier start there, as after a boot."""
    def begin(make):
        with make() as program:
            return program.seconds * 1000

    def spawn():
        begin = time.perf_counter()
        os.waitpid(os.posix_spawn("/bin/true", ["true"], os.environ), 0)
        return (time.perf_counter() - begin) * 1000

    took = interleaved(max(bench.runs, 15), value=lambda: begin(bench.daemon), peer=lambda: begin(bench.bare), floor=spawn)
    return [Row("start", **took, unit="ms", bar=("peer", "<=", 2.2), note="peer: bare Beast server; floor: /bin/true")]


def memory(bench):
    """Memory at rest: PSS of all our processes, against the RSS of a bare server; and with an https link that polls, where
    OpenSSL, its certificates and a connection come on top."""
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fakes"))
    from control_plane import ControlPlane

    def rest(make, field):
        with make() as program:
            program.settle()
            return program.memory(field)

    def sleeper():
        process = subprocess.Popen(["sleep", "60"])
        time.sleep(0.2)
        pages = int(open(f"/proc/{process.pid}/statm").read().split()[1])
        process.kill()
        process.wait()
        return pages * os.sysconf("SC_PAGE_SIZE") // 1024

    def linked():
        program = bench.daemon("linked", f'[link.https]\nurls = ["{plane.url}"]\nca_file = "{plane.authority.certificate}"\n'
                                         f'token_file = "{token}"\n')
        with plane.changed:
            if not plane.changed.wait_for(lambda: any(request["kind"] == "spec" for request in plane.requests), 30):
                program.stop()
                raise RuntimeError("the https link asks for no document")
        plane.requests.clear()
        return program

    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with ControlPlane() as plane:
        token = bench.folder.resolve() / "token"
        token.write_text(plane.token)
        token.chmod(0o600)
        used = interleaved(bench.runs, value=lambda: rest(bench.daemon, "Pss"), peer=lambda: rest(bench.bare, "Rss"), floor=sleeper,
                           https=lambda: rest(linked, "Pss"))
    https = used.pop("https")
    return [Row("memory", **used, unit="KiB", bar=("peer", "<=", 2.0), note="peer: RSS of a bare Beast server; floor: sleep(1)"),
            Row("memory.https", **(used | {"value": https}), unit="KiB", note="the same with an https link that polls")]


ALIASES = 50
NIC, PEER = "bench0", "bench1"


def document(generation):
    return {"apiVersion": "metalwright/v1", "host": {"id": "bench"}, "instance": {"id": "i-bench"}, "generation": generation,
            "network": {"nic": {"name": NIC}, "primary": {"address": "10.200.0.10/16", "gateway": "10.200.0.1"},
                        "aliases": [{"cidr": f"10.201.0.{n}"} for n in range(1, ALIASES + 1)]}}


def noop(bench):
    """One apply that changes nothing, from the POST until the operation has ended, over 50 alias addresses."""
    ip = ["ip", "-batch", "-"]

    def netlink(lines):
        subprocess.run(ip, input=lines, text=True, check=True, stdout=subprocess.DEVNULL)

    netlink(f"link add {NIC} type veth peer name {PEER}\nlink set {NIC} up\nlink set {PEER} up\nlink set lo up\n")
    replace = "addr replace 10.200.0.10/16 dev {0}\n".format(NIC) + "".join(
        f"addr replace 10.201.0.{n}/32 dev {NIC}\n" for n in range(1, ALIASES + 1))
    generation = 0

    with bench.daemon("noop") as daemon:
        def apply():
            nonlocal generation
            generation += 1
            return daemon.apply(document(generation))

        def timed(call):
            begin = time.perf_counter()
            call()
            return (time.perf_counter() - begin) * 1000

        def unchanged():
            took, operation = apply()
            # "skipped": nothing persists addresses in a bare namespace.
            other = [item for item in operation["items"] if item["outcome"] not in ("unchanged", "skipped")]
            if other or operation["netlinkMutations"]:
                raise RuntimeError(f"not a no-change apply: {operation['netlinkMutations']} netlink mutations, {other[:1]}")
            return took

        _, first = apply()
        if bad := [item for item in first["items"] if item["outcome"] == "failed"]:
            raise RuntimeError(f"the first apply failed: {bad[0]}")
        took = interleaved(max(bench.runs, 9), value=unchanged, peer=lambda: timed(lambda: netlink(replace)),
                           floor=lambda: timed(lambda: daemon.ask("GET", "/v1/health")))
    return [Row("noop", **took, unit="ms", note=f"{ALIASES + 1} addresses; peer: ip -batch of replace; floor: one request")]


def journal(bench):
    """Durable journal commits a second, on the file system of the build folder."""
    answer = subprocess.run([bench.build / "tests/bench/journal_bench", bench.folder / "journal", str(max(bench.runs, 9)), "1000"],
                            check=True, capture_output=True, text=True)
    ours, peer, floor = zip(*(map(float, line.split()) for line in answer.stdout.splitlines()))
    return [Row("journal", statistics.median(ours), "commits/s", statistics.median(floor), statistics.median(peer),
                ("peer", ">=", 0.9), "peer: SQLite WAL+FULL insert; floor: preallocated pwrite+fdatasync")]
