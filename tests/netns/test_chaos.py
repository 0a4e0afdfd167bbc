#!/usr/bin/env python3
"""An order of 10,000 aliases, and somebody who takes things away, flaps links and kills the daemon: then all is as ordered.

usage: test_chaos.py BUILD [SECONDS]   a fixed number of acts, or new ones for so long; needs root, runs itself in a namespace
       METALWRIGHT_SEED=N              the acts of that seed again, each told"""
import collections
import contextlib
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from test_upkeep import Program, Wire, ip

BUILD = pathlib.Path()
SECONDS = 0
SEED = int(os.environ.get("METALWRIGHT_SEED") or random.SystemRandom().randrange(1 << 32))
ROUNDS = 2
PATIENCE_S = 30
SANITIZED = "METALWRIGHT_SANITIZED" in os.environ  # the daemon is many times slower
SO_RCVBUFFORCE = 33  # the module socket does not know it
# An item that was put back often waits for a minute at most (docs/network.md), then it is looked at again.
LONGEST_PAUSE_S = 90

ALIASES = 1_000 if SANITIZED else 10_000
POOL = [f"10.{100 + n // 62500}.{n // 250 % 250}.{n % 250 + 1}" for n in range(2 * ALIASES)]
PRIMARY = "10.77.0.10/24"
ADDRESSES = [PRIMARY, "10.77.0.20/24", "10.77.1.5/32", "10.77.6.1/24", "fd77::5/128", "fd77:6::1/64"]
RANGES = ["10.77.2.0/28", "2001:db8:7::/64"]
NOT_HERE = "persist"  # skipped by configuration
ROUTES = {"default": "10.77.0.1", "172.16.0.0/12": "10.77.0.254", "fd78::/64": None}


def attempt(*words):
    """A command that may come too late: what it was to take away may be gone, or come back while it looks."""
    subprocess.run(words, capture_output=True)


def ip_json(*words):
    return json.loads(ip("-j", *words) or "[]")


def local_routes():
    """Ours in table local. Read as text: as JSON ten thousand of them take several times as long."""
    found = [line.split()[1] for line in ip("-4", "route", "show", "table", "local", "proto", "77").splitlines()]
    return set(found) | {route["dst"] for route in ip_json("-6", "route", "show", "table", "local", "proto", "77")}


def main_routes():
    """Ours in table main, and by which next hop they go."""
    return {route["dst"]: route.get("gateway")
            for family in ("-4", "-6") for route in ip_json(family, "route", "show", "proto", "77")}


def addresses(nic):
    return {f"{a['local']}/{a['prefixlen']}" for link in ip_json("address", "show", "dev", nic)
            for a in link["addr_info"] if a["scope"] != "link"}


class Story:
    """What was done so far, to be told when it went wrong."""

    def __init__(self):
        self.begin = time.monotonic()
        self.counts = collections.Counter()
        self.lines = []

    def tell(self, act, detail=""):
        self.counts[act] += 1
        self.lines.append(f"{time.monotonic() - self.begin:8.3f} {act} {detail}".rstrip())
        if os.environ.get("METALWRIGHT_SEED"):
            print(self.lines[-1], flush=True)

    def acts(self):
        return sum(self.counts.values())


class ChaosTest(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.folder = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        ip("link", "add", "va", "address", "02:00:00:00:00:0a", "type", "veth", "peer", "name", "vb")
        ip("link", "add", "wa", "address", "02:00:00:00:00:1a", "type", "veth", "peer", "name", "wb")
        ip("link", "set", "wa", "addrgenmode", "none")  # else it gets a link-local address some time later
        for nic in ("lo", "va", "vb", "wa", "wb"):
            ip("link", "set", nic, "up")
        self.wire = self.stack.enter_context(Wire())
        # Room for what an apply and a flush tell, so that a moment can be chosen by what was heard.
        self.wire.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 128 << 20)
        self.set_foreign()
        # Nobody takes the reports here, and each apply tells ten thousand items: the outbox must not fill up.
        (self.folder / "m.toml").write_text('[host]\nid = "h"\n[state]\noutbox_max_bytes = 68719476736\n'
                                            '[network]\npersist = "none"\nalias_limit = 20000\n'
                                            '[log]\ntarget = "stderr"\nlevel = "warn"\n')
        self.dice = random.Random(SEED)
        self.story = Story()
        self.window = self.generation = 0
        self.foreign_on_nic = set()
        self.daemon = self.start()

    # --- What is ordered, and what belongs to somebody else

    def set_foreign(self):
        """Of somebody else and away from all that is done here: this must be the same to the letter in the end."""
        ip("address", "add", "198.18.0.1/24", "dev", "wa")
        ip("address", "add", "2001:db8:99::1/64", "dev", "wa", "nodad")
        ip("address", "add", "198.18.9.9/32", "dev", "lo")
        ip("route", "add", "198.19.0.0/16", "via", "198.18.0.254", "proto", "static")
        ip("route", "add", "local", "198.18.7.0/24", "dev", "wa", "table", "local", "proto", "99")
        ip("route", "add", "203.0.113.0/24", "dev", "wa", "table", "100")
        ip("rule", "add", "from", "198.18.0.0/24", "lookup", "100", "priority", "1000")
        links = ("lo", "wa")
        self.foreign = lambda: ([addresses(nic) for nic in links], ip("rule"), ip("-6", "rule"),
                                [ip(family, "route", "show", "table", "all", "dev", nic)
                                 for family in ("-4", "-6") for nic in links])
        self.foreign_before = self.foreign()

    def singles(self):
        return POOL[self.window:self.window + ALIASES]

    def document(self):
        return {
            "apiVersion": "metalwright/v1", "host": {"id": "h"}, "instance": {"id": "i"}, "network": {
                "nic": {"name": "va"},
                "primary": {"address": PRIMARY, "gateway": ROUTES["default"],
                            "routes": [{"to": to, **({"via": via} if via else {})}
                                       for to, via in ROUTES.items() if to != "default"]},
                "aliases": [{"cidr": a} for a in ADDRESSES[1:]]
                + [{"cidr": r, **({"routed": True} if ":" in r else {})} for r in RANGES]
                + [{"cidr": a, "as": "route"} for a in self.singles()]}}

    def order(self, numbered=True):
        """The window's aliases, with a new number or, as the same order again, with none."""
        document = self.document()
        if numbered:
            self.generation += 1
            document["generation"] = self.generation
        status, answer = self.daemon.ask("POST", "/v1/apply", document)
        self.assertIn(status, (200, 202), answer)
        return answer["operation"]

    def finish(self, operation):
        """Until it has ended, as the daemon tells it; its items then."""
        status, _ = self.daemon.ask("GET", f"/v1/status?operation={operation}&wait={PATIENCE_S - 5}")
        self.assertEqual(status, 200)
        _, after = self.daemon.ask("GET", f"/v1/operations/{operation}")
        self.assertIn(after["state"], ("done", "degraded", "failed"), f"operation {operation} does not end")
        return after

    def missing(self):
        """What is not as ordered, in words; nothing when all is, with nothing of ours beyond it."""
        wrong = {}
        for what, found, wanted in (
                ("addresses", addresses("va"), set(ADDRESSES) | self.foreign_on_nic),
                ("local routes", local_routes(), set(self.singles()) | set(RANGES)),
                ("routes", set(main_routes().items()), set(ROUTES.items()))):
            for word, those in ("lacking", wanted - found), ("too many", found - wanted):
                if those:
                    wrong[f"{what} {word}"] = (len(those), sorted(map(str, those))[:5])
        return wrong

    # --- The daemon

    def command(self, door="a.sock"):
        return [BUILD / "agent/metalwrightd", "--config", self.folder / "m.toml", "--state-dir", self.folder / "state",
                "--socket", self.folder / door]

    def start(self):
        daemon = Program(self.command(), self.folder / "a.sock", "/v1/health", self.folder / "log")
        self.stack.callback(lambda: daemon.process.poll() is None and daemon.stop())
        return daemon

    def kill(self):
        self.daemon.process.send_signal(signal.SIGKILL)
        self.daemon.process.wait(PATIENCE_S)

    def hear(self, routes, operation):
        """Until the kernel has told of so many of our routes, or the operation is over."""
        heard, finished = 0, False
        while heard < routes and not finished:
            count = self.wire.hear(most=routes - heard)
            heard += count
            if not count:
                finished = self.daemon.ask("GET", f"/v1/operations/{operation}/events?after={1 << 62}")[1]["finished"]
        return heard

    # --- The acts. Each draws from the dice before it looks at the world, so that a seed means the same acts.

    def act_flush_addresses(self):
        attempt("ip", "address", "flush", "dev", "va")
        self.foreign_on_nic.clear()  # it is no respecter of persons

    def act_flush_local_routes(self):
        family = self.dice.choice(["-4", "-4", "-6"])
        attempt("ip", family, "route", "flush", "table", "local", "proto", "77")
        return family

    def act_flush_routes(self):
        attempt("ip", "route", "flush", "proto", "77")

    def act_link_down(self):
        ip("link", "set", "va", "down")

    def act_link_flap(self):
        times = self.dice.randrange(1, 6)
        for _ in range(times):
            ip("link", "set", "va", "down")
            ip("link", "set", "va", "up")
        return times

    def act_carrier_flap(self):
        times = self.dice.randrange(1, 6)
        for _ in range(times):
            ip("link", "set", "vb", "down")
            ip("link", "set", "vb", "up")
        return times

    def act_carrier(self):
        way = self.dice.choice(["down", "up"])
        ip("link", "set", "vb", way)
        return way

    def act_delete_one(self):
        thing = self.dice.choice(ADDRESSES + RANGES + self.singles()[:20] + list(ROUTES))
        if thing in ADDRESSES:
            attempt("ip", "address", "del", thing, "dev", "va")
        elif thing in ROUTES:
            attempt("ip", *(["-6"] if ":" in thing else []), "route", "del", thing, "proto", "77")
        else:
            attempt("ip", "route", "del", "local", thing, "dev", "va", "table", "local")
        return thing

    def act_set_one_again(self):
        """By hand: it is then as wanted, whoever has set it."""
        thing = self.dice.choice(ADDRESSES)
        attempt("ip", "address", "del", thing, "dev", "va")
        attempt("ip", "address", "add", thing, "dev", "va")
        return thing

    def act_add_foreign(self):
        mine = f"10.99.{self.dice.randrange(250)}.{self.dice.randrange(1, 250)}/32"
        if mine not in self.foreign_on_nic:
            ip("address", "add", mine, "dev", "va")
            self.foreign_on_nic.add(mine)
        return mine

    def act_other_order(self):
        self.window, waits = self.dice.randrange(ALIASES), self.dice.random() < 0.5
        operation = self.order()
        if waits:
            self.finish(operation)
        return f"operation {operation}, aliases from {self.window}{', to its end' if waits else ''}"

    def act_wait_for_news(self):
        """What the daemon does next, or a second of silence."""
        _, now = self.daemon.ask("GET", f"/v1/events?after={1 << 62}")
        self.daemon.ask("GET", f"/v1/events?after={now['next']}&wait=1")

    def act_kill_in_apply(self):
        before, self.window = self.window, self.dice.randrange(ALIASES)
        moment = self.dice.choice(["accepted", "intended", "in the kernel", "in the kernel", "in the kernel"])
        share, again = self.dice.random(), self.dice.random() < 0.3
        self.wire.hear(0)
        operation = self.order()
        if moment == "intended":
            self.daemon.ask("GET", f"/v1/operations/{operation}/events?after=0&wait={PATIENCE_S - 5}")
        elif moment == "in the kernel":
            moment += f", {self.hear(int(share * 2 * abs(self.window - before)), operation)} messages heard"
        self.kill()
        self.daemon = self.start()
        if again:  # while it takes up what it was killed in
            self.kill()
            self.daemon = self.start()
        return f"operation {operation}, aliases from {self.window}, {moment}{', twice' if again else ''}"

    def disturb_apply(self, share, disturb):
        before, self.window = self.window, self.dice.randrange(ALIASES)
        self.wire.hear(0)
        operation = self.order()
        heard = self.hear(int(share * 2 * abs(self.window - before)), operation)
        disturb()
        return f"operation {operation}, aliases from {self.window}, {heard} messages heard, {disturb.__name__}"

    def flush_in_apply(self):
        """When about half of what is to change has changed; with the last address the kernel drops all IPv4 routes at once."""
        return self.disturb_apply(0.5, self.act_flush_addresses)

    def act_disturb_apply(self):
        """As it is killed in one, but for the killing."""
        share = self.dice.random()
        disturb = self.dice.choice([self.act_flush_addresses, self.act_flush_local_routes, self.act_flush_routes,
                                    self.act_link_down, self.act_link_flap, self.act_carrier_flap])
        return self.disturb_apply(share, disturb)

    def act_second_daemon(self):
        """On the same state, whether its socket is the same or another."""
        door = self.dice.choice(["a.sock", "b.sock"])
        done = subprocess.run(self.command(door), capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("cannot start", done.stderr)
        self.assertIn("another daemon", done.stderr)
        return door

    def acts(self):
        """Each of them once a round, in a new order, and those that hit an apply in hand once more."""
        names = sorted(name for name in dir(self) if name.startswith("act_"))
        names += ["act_kill_in_apply", "act_flush_addresses", "act_flush_local_routes", "act_other_order", "act_wait_for_news"]
        end = time.monotonic() + SECONDS
        rounds = 0
        while time.monotonic() < end if SECONDS else rounds < ROUNDS:
            self.dice.shuffle(names)
            yield from names
            rounds += 1

    def test_after_all_of_it_the_host_is_as_ordered(self):
        print(f"seed {SEED}", flush=True)
        try:
            self.chaos()
        except BaseException:
            print(*self.story.lines, f"seed {SEED}; the daemon's last words:",
                  (self.folder / "log").read_text(errors="replace")[-4000:], sep="\n", flush=True)
            raise
        finally:
            print(f"seed {SEED}: {self.story.acts()} acts,", ", ".join(f"{n} {a}" for a, n in sorted(self.story.counts.items())),
                  flush=True)

    def chaos(self):
        self.assertEqual(self.finish(self.order())["state"], "done")
        self.assertEqual(self.missing(), {})
        for name in self.acts():
            detail = getattr(self, name)()
            self.story.tell(name.removeprefix("act_").replace("_", " "), detail or "")
            self.assertIsNone(self.daemon.process.poll(), f"the daemon has ended after {name}")
        calm = time.monotonic()
        ip("link", "set", "vb", "up")
        self.settle()
        print(f"all as ordered {time.monotonic() - calm:.1f} s after the last act", flush=True)
        # Once more from rest, when nothing else makes the daemon look again.
        self.story.tell("flush in apply", self.flush_in_apply())
        self.settle()
        self.assertEqual(self.foreign(), self.foreign_before, "what belongs to somebody else was touched")
        again = self.finish(self.order(numbered=False))
        self.assertEqual(again["state"], "done")
        self.assertEqual(again["netlinkMutations"], 0)
        self.assertEqual([i for i in again["items"] if i["outcome"] != "unchanged" and i["item"] != NOT_HERE], [])
        self.assertEqual(self.missing(), {})
        self.assertEqual(self.daemon.ask("GET", "/v1/status")[1]["state"], "running")
        self.assertEqual(self.foreign(), self.foreign_before, "what belongs to somebody else was touched")

    def settle(self):
        """The host becomes whole without help; but for what the kernel refused in the last operation, since it was disturbed
        in it: that is the next document's (docs/network.md)."""
        self.daemon.ask("GET", f"/v1/status?wait={PATIENCE_S - 5}")
        _, known = self.daemon.ask("GET", "/v1/operations?limit=1000")
        operations = known["operations"]
        last = self.finish(operations[0]["id"])
        print("operations:", dict(collections.Counter(o["state"] for o in operations)), flush=True)
        # "internal": it was done, and taken away before it was read back.
        refused = {i["item"] for i in last["items"] if i["outcome"] in ("failed", "skipped")
                   and (i.get("error") or {}).get("code") != "internal"} - {NOT_HERE}
        print(f"the last operation is {last['state']}, {len(refused)} items of it were refused", flush=True)
        if refused:
            self.wire.until(lambda: self.undone() <= refused, "all but what was refused", LONGEST_PAUSE_S)
            self.assertEqual(self.finish(self.order(numbered=False))["state"], "done")
        self.wire.until(lambda: not self.missing(), lambda: f"as ordered, and not {self.missing()}", LONGEST_PAUSE_S)

    def undone(self):
        """The items that the daemon itself finds to be done."""
        _, plan = self.daemon.ask("POST", "/v1/plan", self.document())
        return {item["item"] for item in plan["items"] if item["steps"]}


if __name__ == "__main__":
    if "METALWRIGHT_INSIDE" not in os.environ:
        os.environ["METALWRIGHT_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, __file__, *sys.argv[1:]])
    BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
    if len(sys.argv) > 1:
        SECONDS = int(sys.argv.pop(1))
    unittest.main(verbosity=2)
