"""The APIs on the admin socket: how much they add to what HTTP, the disk and the kernel ask for."""
import base64
import importlib.util
import json
import os
import statistics
import subprocess

from rows import Row, interleaved

ALIAS_IPS = "/v1/regions/r/aliasIps"
REQUESTS, ALIASES, PARALLEL = 20000, 40, 200


def api(bench):
    client = bench.build / "tests/bench/api_bench"
    for words in ("link add bench0 type veth peer name bench1", "link set bench0 up", "link set bench1 up", "link set lo up"):
        subprocess.run(["ip", *words.split()], check=True)

    def run(*words, text=None):
        done = subprocess.run([client, *map(str, words)], input=text, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return list(map(float, done.stdout.split()))

    # Server and client on one processor: else most of what is measured is how long this machine takes to wake another one, which
    # is a hypervisor's work in a guest, and the same for every server.
    processors = os.sched_getaffinity(0)

    def status(make, target):
        os.sched_setaffinity(0, {max(processors)})
        try:
            with make() as program:
                before = program.cpu_ticks()
                rate, p99 = run("get", program.path, target, REQUESTS)
                return rate, p99, (program.cpu_ticks() - before) * 10_000 / (REQUESTS * 1.1)
        finally:
            os.sched_setaffinity(0, processors)

    # The same bytes from the server that other agents are made with, where it is installed.
    answer = bench.folder / "status.json"
    with bench.daemon() as program:
        answer.write_text(json.dumps(program.ask("GET", "/v1/status")[1]))
    sides = {"ours": lambda: status(bench.daemon, "/v1/status"), "bare": lambda: status(bench.bare, "/")}
    if importlib.util.find_spec("cheroot") and importlib.util.find_spec("werkzeug"):
        sides["werkzeug"] = lambda: status(lambda: bench.werkzeug(answer), "/v1/status")
    samples = {side: [] for side in sides}
    for _ in range(bench.runs):
        for side, measure in sides.items():
            samples[side].append(measure())
    medians = {side: [statistics.median(column) for column in zip(*taken)] for side, taken in samples.items()}
    ours, bare, werkzeug = medians["ours"], medians["bare"], medians.get("werkzeug")
    rows = [Row("api.status", ours[0], "requests/s", peer=bare[0], bar=("peer", ">=", 0.7), note="peer: bare Beast server; both on one processor"),
            Row("api.status.p99", ours[1], "us", peer=bare[1], bar=("peer", "<=", 3.0)),
            Row("api.status.cpu", ours[2], "us", floor=bare[2], peer=werkzeug and werkzeug[2], bar=("peer", "<=", 1 / 10),
                note="processor time of a request; floor: bare Beast server; peer: " +
                     ("werkzeug on cheroot, the same bytes" if werkzeug else "python3-werkzeug and python3-cheroot are not installed"))]

    # Aliases: each run adds addresses that are there no longer afterwards.
    configuration = '[network]\nnic_name = "bench0"\nalias_limit = 100000\n'
    text = bench.config.read_text().replace("[network]\n", configuration)
    bench.config.write_text(text)
    instance = {"apiVersion": "metalwright/v1", "host": {"id": "bench"}, "instance": {"id": "i-1"},
                "network": {"primary": {"address": "10.200.0.10/16"}}}
    number = 0

    def requests(count):
        nonlocal number
        lines = []
        for _ in range(count):
            number += 1
            body = {"clientToken": f"t-{number}", "aliasIpSpec": {"instanceId": "i-1", "aliasIps": [
                {"id": "s", "cidr": f"10.{201 + number // 65000}.{number // 250 % 250}.{number % 250 + 1}/32"}]}}
            lines.append(f"{ALIAS_IPS} {json.dumps(body)}")
        return "\n".join(lines) + "\n"

    folder = bench.folder / "floor"
    folder.mkdir()
    singles, floors, speedups = [], [], []
    for turn in range(bench.runs):
        with bench.daemon(f"alias-{turn}") as daemon:
            daemon.apply(instance)
            seconds, median = run("put", daemon.path, ALIASES, 1, text=requests(ALIASES))
            singles.append(median)
            one_at_a_time = ALIASES / seconds
        with bench.daemon(f"parallel-{turn}") as daemon:
            daemon.apply(instance)
            seconds, _ = run("put", daemon.path, PARALLEL, PARALLEL, text=requests(PARALLEL))
            speedups.append((PARALLEL / seconds, one_at_a_time))
        floors += run("floor", folder, 200)
        subprocess.run(["ip", "address", "flush", "dev", "bench0"], check=True)
        subprocess.run(["ip", "address", "flush", "dev", "lo", "to", "10.9.0.0/16"], check=True)
    rows += [Row("api.alias", statistics.median(singles), "ms", floor=statistics.median(floors), bar=("floor", "<=", 2.0),
                 note="one address, from the request until the kernel has it; floor: one SQLite FULL commit, one netlink round trip"),
             Row("api.parallel", statistics.median(fast for fast, _ in speedups), "calls/s",
                 peer=statistics.median(slow for _, slow in speedups), bar=("peer", ">=", 5.0),
                 note=f"{PARALLEL} at once; peer: one at a time")]

    catalogue = bench.folder / "catalogue.json"
    catalogue.write_text(json.dumps({"raidTypes": {"s": {"volume": "system", "level": "none"}, "d": {"volume": "data", "level": "none"}}}))
    bench.config.write_text(bench.config.read_text().replace('id = "bench"', f'id = "bench"\ncatalogue = "{catalogue.resolve()}"'))

    def order(script):
        spec = {"az": "a", "deviceType": "t", "imageType": "standard", "osTypeId": "o", "sysRaidTypeId": "s", "dataRaidTypeId": "d",
                "networkType": "vpc", "name": "node", "count": 1, "charge": {"chargeMode": "postpaid_by_duration"}}
        if script:
            spec["userData"] = base64.b64encode(b"#!/bin/true\n" + b"#" * (16 * 1024 - 12)).decode()
        return json.dumps({"clientToken": f"o-{script}", "instanceSpec": spec})

    turn = 0

    def ordered(script):
        nonlocal turn
        turn += 1
        with bench.daemon(f"order-{turn}") as daemon:
            return run("put", daemon.path, 1, 1, text=f"/v1/regions/r/instances {order(script)}\n")[1]

    took = interleaved(max(bench.runs, 9), value=lambda: ordered(True), peer=lambda: ordered(False))
    rows.append(Row("api.userdata", **took, unit="ms", bar=("peer", "<=", 2.0),
                    note="createInstances with 21 KB of user data until it is accepted; peer: without any"))
    return rows
