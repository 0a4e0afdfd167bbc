#!/usr/bin/python3
"""The demonstration behind ./demo: a blank server in a virtual machine becomes the instance that an order describes."""
import argparse
import contextlib
import json
import os
import re
import signal
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "fakes")]
from control_plane import ControlPlane  # noqa: E402
from demo_order import Order  # noqa: E402
from demo_view import Screen  # noqa: E402
from lab import LabError, VM, agent, images  # noqa: E402

DISKS = [(f"DATA{number}", "512M") for number in range(4)]
CATALOGUE = os.path.join(HERE, "orders", "catalogue.json")
EVENTS = "/run/demo-events"
# For the bar only: how long the guest took to boot where this was written.
USUAL_BOOT = 13.0
# An order that takes longer than this is stuck; the user's own script may run for minutes.
PATIENCE = 1800
# How an outcome is marked; what is not here is good.
GOOD = {"failed": False, "skipped": None, "killed": False, "timed-out": False, "interrupted": False, "unknown": False}


class Failed(Exception):
    """The demonstration cannot go on; the text says why and what to do."""


class Demo:
    def __init__(self, options, screen):
        self.options = options
        self.screen = screen
        self.order = None
        self.status = None

    def run(self):
        """The exit status: 0 when the instance runs and everything that was promised is there."""
        try:
            try:
                self.order = Order.read(self.options.spec)
            except (OSError, ValueError) as error:
                raise Failed(f"{self.options.spec}: {error}") from None
            self.screen.head("A blank server")
            with self.screen.step("kernel, root file system and disks of the virtual machine"):
                images(self.screen.say)
            with ControlPlane() as plane, contextlib.closing(VM("demo", disks=DISKS, control_port=plane.port)) as vm:
                good = self.provision(plane, vm)
                self.keep(vm, good)
                return 0 if good else 1
        except (Failed, LabError) as error:
            self.screen.say(f"demo: {error}")
            self.status = self.status or {"state": "failed"}
            self.status["error"] = str(error)
            return 1
        finally:
            self.write_json()

    def provision(self, plane, vm):
        with open(CATALOGUE) as file:
            vm.peer.gateways |= self.order.gateways(json.load(file))
        blank = f"{len(DISKS)} blank disks ({', '.join(serial for serial, _ in DISKS)}), 2 NICs"
        with self.screen.step(f"booted: {blank}", lambda elapsed: min(0.99, elapsed / USUAL_BOOT)):
            vm.start()
        with self.screen.step("metalwright installed and its service started") as title:
            agent.install(vm, self.options.stage, plane, self.order.host)
            title[0] += f" ({vm.sh('metalwright --version').strip()})"
        self.screen.head(f"The order: {os.path.basename(self.options.spec)}")
        started = time.monotonic()
        plane.put_spec(self.order.host, self.order.data, self.order.generation)
        self.follow(plane, vm, started)
        self.screen.head("The report")
        self.report()
        return self.check(plane, vm, time.monotonic() - started) and self.status["state"] == "running"

    # --- while it runs

    def follow(self, plane, vm, started):
        """Tells each step as the agent reports it, with the arrays' resync as a bar, until nothing is under way."""
        self.wait_accepted(plane, vm, started)
        follower = f"metalwright operations --follow -o json >{EVENTS} 2>{EVENTS}.errors; echo $? >{EVENTS}.end"
        vm.sh(f"rm -f {EVENTS}*; touch {EVENTS}; setsid bash -c '{follower}' >/dev/null 2>&1 </dev/null & true")
        steps = Steps(self.screen)
        offset, rest = 1, ""
        while True:
            # The end is looked for first: what was written before it is then read for certain.
            out = vm.sh(f"cat {EVENTS}.end 2>/dev/null || echo; cat /proc/mdstat; echo --; tail -c +{offset} {EVENTS}")
            head, _, news = out.partition("--\n")
            end, _, mdstat = head.partition("\n")
            offset += len(news.encode())
            *lines, rest = (rest + news).split("\n")
            for line in lines:
                steps.event(line)
            steps.draw(resync(mdstat), started)
            if end:
                break
            if time.monotonic() - started > PATIENCE:
                raise Failed(f"the order is still under way after {PATIENCE} s; the agent said:\n{journal(vm)}")
            time.sleep(0.3)
        self.status = agent.status(vm, wait=120)

    def wait_accepted(self, plane, vm, started):
        with self.screen.step("fetched by the agent and accepted"):
            while True:
                self.status = agent.status(vm)
                if self.status.get("operation"):
                    return
                refused = [report for report in plane.reports(self.order.host) if report.get("kind") == "refused"]
                if refused:
                    raise Failed("the agent refuses the order:\n" + "\n".join(
                        f"    {error.get('where') or '/'}: {error.get('message')}" for error in refused[-1].get("errors", [])))
                if time.monotonic() - started > 120:
                    raise Failed("the agent accepts no order; does it reach its control plane? It said:\n" + journal(vm))
                time.sleep(0.3)

    # --- when it is done

    def report(self):
        rows = []
        for item in self.status.get("items", []):
            error = item.get("error") or {}
            took = item.get("tookMs")
            rows.append((GOOD.get(item["outcome"], True), item["item"], item["outcome"], "" if took is None else f"{took / 1000:.2f} s",
                         error.get("message") or item.get("note") or ""))
        script = self.status.get("userData") or {}
        if script.get("state", "none") != "none":
            code = script.get("exitCode")
            rows.append((code == 0, "userData", script["state"], "", "" if code is None else f"exit code {code}"))
        self.screen.table(("ITEM", "OUTCOME", "TOOK", "NOTE"), rows)
        self.screen.say()

    def check(self, plane, vm, took):
        """Looks from outside: the wire, and what the control plane was told."""
        good = True
        addresses = self.order.addresses()
        if addresses:
            silent = [address for address in addresses if not vm.peer.ping(address, timeout=5)]
            good = not silent
            self.screen.say(f"{len(addresses) - len(silent)} of {len(addresses)} addresses answer on the tenant's network"
                            + (f"; not {', '.join(silent[:4])}" if silent else ""), good)
        if self.order.has_script:
            told = plane.wait_for(lambda p: script_exit_codes(p.reports(self.order.host)), 60)
            good = good and bool(told) and told[-1] == 0
            self.screen.say(f"the control plane was told the script's exit code: {told[-1]}" if told
                            else "the control plane was told no exit code of the script", bool(told) and told[-1] == 0)
        self.screen.say(f"{len(plane.reports(self.order.host))} reports received, none lost or repeated with other content",
                        not plane.conflicts)
        self.screen.say(f"the instance is {self.status['state']}", self.status["state"] == "running", took)
        return good

    def write_json(self):
        if not self.options.json:
            return
        empty = {"host": self.order.host if self.order else None, "generation": None, "state": "failed", "operation": None,
                 "items": [], "userData": None}
        with open(self.options.json, "w") as file:
            json.dump({**empty, **(self.status or {})}, file, indent=2)
            file.write("\n")

    def keep(self, vm, good):
        if not self.options.keep:
            return
        with open(os.path.join(vm.directory, "keeper.pid"), "w") as file:
            file.write(str(os.getpid()))
        self.write_json()
        shell = os.path.relpath(os.path.join(HERE, "lab", "shell.py"))
        self.screen.head("The machine stays up")
        self.screen.say(f"  a shell in it        {shell} {vm.directory}")
        self.screen.say(f"  one command in it    {shell} {vm.directory} metalwright status")
        self.screen.say(f"  switch it off        {shell} {vm.directory} --stop")
        vm.release_port()
        self.options.release(0 if good else 1)
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        while not stop.wait(1.0) and vm.running:
            pass


class Steps:
    """The agent's events as lines: intent opens a step, outcome ends it."""

    def __init__(self, screen):
        self.screen = screen
        self.doing = {}
        self.progress = {}

    def event(self, line):
        try:
            event = json.loads(line)
        except ValueError:
            return
        kind, item = event.get("kind"), event.get("item") or event.get("kind")
        if kind == "intent":
            self.doing[item] = event.get("why") or ""
        elif kind == "progress":
            self.doing.setdefault(item, event.get("note") or "")
            self.progress[item] = event.get("percent")
        elif kind == "userData" and event.get("state") == "started":
            self.doing[item] = "runs the script"
        elif event.get("outcome") or kind == "userData":
            why = self.doing.pop(item, "")
            self.progress.pop(item, None)
            error = event.get("error") or {}
            what = error.get("message") or why or event.get("note") or ""
            if event.get("exitCode") is not None:
                what = f"exit code {event['exitCode']}"
            outcome = event.get("outcome") or event.get("state") or ""
            took = event.get("tookMs")
            self.screen.say(f"{item:<26} {outcome:<10} {what}", GOOD.get(outcome, True), None if took is None else took / 1000)

    def draw(self, resyncing, started):
        if resyncing:
            self.screen.draw(f"resync of {resyncing[0]}", resyncing[1])
        elif self.doing:
            item, why = list(self.doing.items())[-1]
            percent = self.progress.get(item)
            self.screen.draw(f"{item}  {why}", None if percent is None else percent / 100, started)


def resync(mdstat):
    """(array, fraction) of the array that is being brought in step, or None."""
    array = None
    for line in mdstat.splitlines():
        if line.startswith("md"):
            array = line.split()[0]
        found = re.search(r"(?:resync|recovery|reshape) *= *([0-9.]+)%", line)
        if found and array:
            return array, float(found[1]) / 100
    return None


def script_exit_codes(reports):
    """Every exit code of the script that the reports tell, oldest first."""
    scripts = [report.get("userData") for report in reports]
    return [script["exitCode"] for script in scripts if isinstance(script, dict) and script.get("exitCode") is not None]


def journal(vm):
    return vm.sh(f"journalctl --no-pager -b -u {agent.DAEMON} -o cat | tail -n 30", check=False)


def release_after(read_end):
    """The front process of --keep: waits for the verdict of the one that holds the machine, and passes it on."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the other one is told too, and tidies up
    verdict = os.read(read_end, 1)
    if verdict:
        return verdict[0]
    _, status = os.wait()
    return os.waitstatus_to_exitcode(status) or 1


def main():
    parser = argparse.ArgumentParser(
        prog="./demo", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Watches a blank server (a virtual machine with four blank disks) become the instance that an order describes.",
        epilog="examples:\n"
               "  ./demo                               the order in tests/vm/orders/create-instance.json\n"
               "  ./demo --json report.json            and the final `metalwright status -o json` in a file\n"
               "  ./demo --spec my-order.json --keep   another order; the machine stays up, with a shell\n\n"
               "It ends with 0 only if the instance is running, its addresses answer, and its script's exit code 0 was reported.")
    parser.add_argument("--spec", metavar="FILE", default=os.path.join(HERE, "orders", "create-instance.json"),
                        help="the order: a vendor's request in its envelope, or a native host spec")
    parser.add_argument("--json", metavar="FILE", help="write the final status there, whatever the outcome")
    parser.add_argument("--keep", action="store_true", help="leave the machine up and say how to get a shell in it")
    parser.add_argument("--stage", metavar="DIR", default=os.path.join(HERE, "../../build/release/stage"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if options.keep:
        # QEMU dies with the thread that started it, so the one who holds it must stay; the prompt goes to the other.
        read_end, write_end = os.pipe()
        if os.fork():
            os.close(write_end)
            return release_after(read_end)
        os.close(read_end)

        def release(verdict):
            os.setsid()  # the terminal may go now
            os.write(write_end, bytes([verdict]))
            sys.stdout.flush()
            nowhere = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(nowhere, number)
        options.release = release
    try:
        return Demo(options, Screen()).run()
    except KeyboardInterrupt:
        print("\ndemo: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
