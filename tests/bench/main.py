#!/usr/bin/env python3
"""Behind ./bench: runs the named benches and prints a row for each measure, with its bar and verdict.

usage: main.py BUILD [NAME...] [--json FILE] [--runs N] [--list]"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import api
import benches
import building
import network
import order
import security
import storage
import user_data
from programs import Bench
from rows import Row, table

# name: (function, whether it wants a network namespace and mounts of its own, targets to build first)
BENCHES = {
    "start": (benches.start, True, ["metalwrightd", "bare_beast"]),
    "memory": (benches.memory, True, ["metalwrightd", "bare_beast"]),
    "noop": (benches.noop, True, ["metalwrightd"]),
    "journal": (benches.journal, False, ["journal_bench"]),
    "net": (network.net, True, ["metalwrightd", "net_bench", "net_floor"]),
    "build": (building.building, False, []),
    "order": (order.order, False, ["all"]),
    "raid": (storage.raid, False, ["all"]),
    "api": (api.api, True, ["metalwrightd", "bare_beast", "api_bench"]),
    "security": (security.security, False, ["metalwright-link"]),
    "userdata": (user_data.user_data, True, ["all"]),
}
INSIDE = "METALWRIGHT_BENCH_INSIDE"


def measure(name, build, runs):
    """The rows of one bench; in namespaces of its own where it asks for them, so that nothing reaches this machine's network."""
    function, isolated, _ = BENCHES[name]
    if isolated and INSIDE not in os.environ:
        with tempfile.NamedTemporaryFile(suffix=".json") as answer:
            command = ["unshare", "--net", "--mount", "--propagation", "private", sys.executable, __file__, build, name,
                       "--runs", str(runs), "--json", answer.name]
            done = subprocess.run(command, env={**os.environ, INSIDE: "1"})
            if done.returncode:
                raise RuntimeError(f"failed, see above (exit status {done.returncode})")
            return [Row(**fields) for fields in json.load(answer)]
    if isolated:
        subprocess.run(["mount", "-t", "sysfs", "bench", "/sys"], check=True)  # a /sys that shows this network namespace
    with Bench(build, runs) as bench:
        return function(bench)


def main(arguments):
    parser = argparse.ArgumentParser(prog="bench", description="Medians, each beside its floor and its peer, measured in turns.")
    parser.add_argument("build", help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHES)}; all of them when none is named")
    parser.add_argument("--json", metavar="FILE", help="write the rows there")
    parser.add_argument("--runs", type=int, default=7, help="runs of each measure, at least 5")
    parser.add_argument("--targets", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    names = options.names or list(BENCHES)
    if unknown := [name for name in names if name not in BENCHES]:
        parser.error(f"no bench is named {unknown[0]}; there are {', '.join(BENCHES)}")
    if options.runs < 5:
        parser.error("a median needs at least 5 runs")
    if options.targets:
        print(" ".join(sorted({target for name in names for target in BENCHES[name][2]})))
        return 0

    rows, failed = [], []
    for name in names:
        try:
            rows += measure(name, options.build, options.runs)
        except Exception as error:  # one bench that cannot be measured hides no other
            failed.append(name)
            print(f"bench {name}: {error}", file=sys.stderr)
    if INSIDE in os.environ:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump([vars(row) for row in rows], out)
        return 1 if failed else 0
    print(table(rows))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump([row.as_json() for row in rows], out, indent=2)
            out.write("\n")
    missed = [row.name for row in rows if row.met is False]
    if missed or failed:
        print("bench: " + "; ".join(filter(None, (missed and f"missed: {', '.join(missed)}", failed and f"not measured: {', '.join(failed)}"))))
    return 1 if missed or failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
