#!/usr/bin/python3
"""A shell in a machine that ./demo --keep left running: on its console, or one command at a time.

    shell.py DIRECTORY                 a login on the console; Ctrl-] leaves it
    shell.py DIRECTORY COMMAND...      runs the command as root and ends with its status
    shell.py DIRECTORY --stop          switches the machine off
"""
import os
import select
import signal
import socket
import sys
import termios
import tty

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from lab.errors import LabError  # noqa: E402
from lab.guestport import GuestPort  # noqa: E402

LEAVE = b"\x1d"


def run(directory, command, timeout=3600):
    port = GuestPort(os.path.join(directory, "lab"))
    port.connect(5)
    try:
        return port.run(command, timeout)
    finally:
        port.close()


def console(directory):
    # The guest's boot leaves terminals out of what it tells udev about, and a getty waits for its device.
    result = run(directory, "udevadm trigger --action=add /dev/ttyS0 && systemctl start serial-getty@ttyS0.service", 60)
    if result.status != 0:
        raise LabError(f"no login on its console: {result.err.strip() or 'systemd did not start one within a minute'}")
    line = socket.socket(socket.AF_UNIX)
    line.connect(os.path.join(directory, "console"))
    print("You are on the machine's console; Ctrl-] leaves it. Press Enter for the prompt.")
    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        while True:
            ready, _, _ = select.select([0, line], [], [])
            if 0 in ready:
                typed = os.read(0, 1024)
                if not typed or LEAVE in typed:
                    return
                line.sendall(typed)
            if line in ready:
                shown = line.recv(4096)
                if not shown:
                    return
                os.write(1, shown)
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
        print()


def main():
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if len(sys.argv) > 1 else 2
    directory, words = sys.argv[1], sys.argv[2:]
    try:
        if words == ["--stop"]:
            with open(os.path.join(directory, "keeper.pid")) as file:
                os.kill(int(file.read()), signal.SIGTERM)
        elif words:
            result = run(directory, " ".join(words))
            sys.stdout.write(result.out)
            sys.stderr.write(result.err)
            return result.status if result.status >= 0 else 128 - result.status
        elif os.isatty(0):
            console(directory)
        else:
            print("shell.py: standard input is no terminal; give a command after the directory", file=sys.stderr)
            return 2
    except (LabError, OSError) as error:
        print(f"shell.py: no machine answers in {directory}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
