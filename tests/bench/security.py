"""How exposed each of the two units is, by systemd's own count: 0 is shut off from everything, 10 is the whole machine."""
import os
import pathlib
import subprocess
import tempfile

from rows import Row

# What is left to the one that faces the network is the network. What is left to the other is its work: shown, not promised.
UNITS = {"metalwright-link": ("value", "<=", 1.5), "metalwright": None}


def exposure(unit):
    """(of 10, how many of systemd's tests are not passed) of the unit in this file."""
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)], capture_output=True, text=True,
                          env={**os.environ, "SYSTEMD_UNIT_PATH": f"{unit.parent}:", "SYSTEMD_COLORS": "0", "LC_ALL": "C.UTF-8"})
    level = done.stdout.rpartition("Overall exposure level for ")[2]
    if not level.startswith(unit.name):
        raise RuntimeError(f"systemd-analyze says nothing of {unit.name}: {done.stderr.strip()}")
    return float(level.split(": ")[1].split()[0]), done.stdout.count("\n✗ ")


def security(bench):
    """The units as they are installed."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in UNITS:
            (pathlib.Path(folder) / f"{name}.service").write_text((bench.build / "systemd" / f"{name}.service").read_text())
        for name, bar in UNITS.items():
            value, open_doors = exposure(pathlib.Path(folder) / f"{name}.service")
            rows.append(Row(f"exposure of {name}", value, "of 10", bar=bar, note=f"{open_doors} of systemd's tests not passed"))
    return rows
