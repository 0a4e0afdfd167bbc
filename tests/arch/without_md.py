#!/usr/bin/env python3
"""Runs test programs where mdadm, modprobe and the kernel's md are not to be had, whatever this machine has of them.

usage: without_md.py PROGRAM...     exit status 1 when one of them fails; needs root"""
import os
import subprocess
import sys
import tempfile

HIDDEN = ["/sbin/mdadm", "/usr/sbin/mdadm", "/sbin/modprobe", "/usr/sbin/modprobe", "/proc/mdstat", "/sys/module/md_mod"]


def hide():
    """In a mount namespace of its own: each program becomes one that fails, each list an empty one."""
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    with tempfile.TemporaryDirectory() as empty:
        nothing = os.path.join(empty, "nothing")
        open(nothing, "w", encoding="utf-8").close()
        for path in HIDDEN:
            if os.path.exists(path):
                cover = empty if os.path.isdir(path) else "/bin/false" if "bin/" in path else nothing
                subprocess.run(["mount", "--bind", cover, path], check=True)
        return [program for program in sys.argv[1:] if subprocess.run([program, "--gtest_brief=1"]).returncode]


if __name__ == "__main__":
    if "METALWRIGHT_HIDDEN" not in os.environ:
        os.environ["METALWRIGHT_HIDDEN"] = "1"
        os.execvp("unshare", ["unshare", "--mount", sys.executable, __file__, *sys.argv[1:]])
    failed = hide()
    print(f"failed without md: {failed}" if failed else "all pass without md")
    sys.exit(1 if failed else 0)
