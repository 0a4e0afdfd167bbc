"""What the compiler costs: CPU seconds of a clean build of what is shipped, and of touching one file in each room."""
import os
import pathlib
import re
import resource
import shutil
import statistics
import subprocess

from rows import Row

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOUCHES = 5


def cpu_seconds(command):
    """User and system time of a command and all it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "CCACHE_DISABLE": "1"})
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def rooms():
    """{room: its longest .cpp}, the file whose touching costs most often."""
    names = re.findall(r"^room\((\S+?)[\s)]", (ROOT / "CMakeLists.txt").read_text(), re.M)
    longest = {}
    for name in names:
        files = [path for path in (ROOT / name).glob("*.cpp") if not path.name.startswith("main")]
        if files:
            longest[name] = max(files, key=lambda path: path.stat().st_size)
    return longest


def building(bench):
    """One clean release build without tests and without ccache, then five touches in each room; floor: nothing to do."""
    folder = bench.folder / "tree"
    subprocess.run(["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DMETALWRIGHT_TESTS=OFF"],
                   check=True, stdout=subprocess.DEVNULL)
    ninja = ["ninja", "-C", folder]
    clean = cpu_seconds(ninja)
    rows = []
    for room, file in rooms().items():
        cost, idle = [], []
        for _ in range(TOUCHES):
            # A touch of the tree that is worked in: only the time stamp moves, and it is put back afterwards.
            stamp = file.stat()
            file.touch()
            try:
                cost.append(cpu_seconds(ninja))
            finally:
                os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
            idle.append(cpu_seconds(ninja))
        rows.append(Row(f"build.touch.{room}", statistics.median(cost), "cpu-s", statistics.median(idle),
                        note=f"{file.relative_to(ROOT)} and what links it"))
    shutil.rmtree(folder)
    floor = statistics.median(row.floor for row in rows)
    return [Row("build.clean", clean, "cpu-s", floor, note="release, without tests and ccache, one run; floor: nothing to do"), *rows]
