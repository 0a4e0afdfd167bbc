#!/usr/bin/env python3
"""The bill of materials names what the shipped programs are made of, and is the same each time.

usage: bill.py BUILD     exit status 1 and one line a fault"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "packaging"))
import bill_of_materials  # noqa: E402

INSIDE = {"libsqlite3-dev", "libnl-3-dev", "libmd-dev", "libspdlog-dev", "libboost1.81-dev", "nlohmann-json3-dev", "libtomlplusplus-dev"}
BESIDE = {"libc6", "libssl3", "libblkid1", "zlib1g", "libcrypt1"}
REQUIRED = {"SPDXID", "name", "versionInfo", "downloadLocation", "licenseConcluded", "licenseDeclared", "copyrightText"}


def faults(build):
    with tempfile.TemporaryDirectory() as folder:
        outs = [pathlib.Path(folder, name) for name in ("first", "second")]
        for out in outs:
            bill_of_materials.main(build, "1.2.3", out)
        first, second = (out.read_bytes() for out in outs)
    if first != second:
        yield "two bills of one build differ"
    bill = json.loads(first)
    packages = {one["name"]: one for one in bill["packages"]}
    by_id = {one["SPDXID"]: one["name"] for one in bill["packages"]}
    linked = {kind: {by_id[r["relatedSpdxElement"]] for r in bill["relationships"] if r["relationshipType"] == kind}
              for kind in ("STATIC_LINK", "DYNAMIC_LINK")}
    for name in sorted(INSIDE - linked["STATIC_LINK"]):
        yield f"{name} is in the programs and not in the bill"
    for name in sorted(BESIDE - linked["DYNAMIC_LINK"]):
        yield f"{name} is loaded by the programs and not in the bill"
    for name in sorted(set(packages) & {"libgtest-dev", "libgmock-dev"}):
        yield f"{name} is of the tests alone"
    for name, package in packages.items():
        if missing := REQUIRED - set(package):
            yield f"{name} lacks {', '.join(sorted(missing))}"
        if not re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", package["SPDXID"]):
            yield f"{name}: {package['SPDXID']} is no SPDX identifier"
        version = subprocess.run(["dpkg-query", "--show", "--showformat", "${Version}\n", name], capture_output=True, text=True).stdout
        if name != "metalwright" and package["versionInfo"] not in version.split():
            yield f"{name}: {package['versionInfo']}, and {version.strip()} is installed"


def main(build):
    found = list(faults(build))
    print("\n".join(found) or "the bill of materials is whole")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
