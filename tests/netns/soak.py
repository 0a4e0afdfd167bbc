#!/usr/bin/env python3
"""A host that is never left in peace: orders, calls, looks, addresses that are taken away, a cable that is pulled, a control plane
that comes and goes. Each minute says what the daemon holds once all has been reported; at the end it holds no more than at half-time.

usage: soak.py BUILD MINUTES [PREFIX...]        PREFIX is put before the daemon's command: heaptrack -o FILE
needs root, runs itself in namespaces of its own; METALWRIGHT_SEED=N does the same deeds again (tools/soak is the way to it)"""
import contextlib
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import time
import unittest

from faults import FaultsTest, in_own_namespaces, ip, until

GROWTH = 1.05
MOST_ON_DISK = 64 << 10  # KiB: the audit's files up to their bound, and the outbox's
SEED = int(os.environ.get("METALWRIGHT_SEED") or random.SystemRandom().randrange(1 << 32))
OUTAGES = ("refuse", "hang", "5xx", "cut", "garbage", "nonsense", None, None, None)  # None: it is well


class SoakTest(FaultsTest):
    program = "metalwrightd"
    minutes = 30.0

    def process(self):
        """The daemon's pid, whatever stands before its command."""
        return next(pid for pid in self.daemon.family() if pathlib.Path(f"/proc/{pid}/exe").resolve().name == self.program)

    def held(self):
        pid = self.process()
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        folder = self.folder / "state"
        return {"RSS KiB": int(status.split("VmRSS:")[1].split()[0]), "threads": int(status.split("Threads:")[1].split()[0]),
                "files": len(os.listdir(f"/proc/{pid}/fd")), "store KiB": self.in_use(folder / "state.db"),
                "disk KiB": sum(file.stat().st_size for file in folder.iterdir() if file.is_file()) // 1024}

    @staticmethod
    def in_use(database):
        """Of its pages those that hold something: the file is as long as the longest outage has made it."""
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as store:
            one = lambda name: store.execute(f"PRAGMA {name}").fetchone()[0]
            return (one("page_count") - one("freelist_count")) * one("page_size") // 1024

    # --- what is done to it

    def order(self):
        self.generation += 1
        wanted = self.random.sample(range(200), 50)
        document = self.document(aliases=sorted(wanted), script=False, generation=self.generation)
        status, answer = self.ask("POST", "/v1/apply", document)
        self.assertEqual(status, 202, answer)
        state = self.ask("GET", f"/v1/status?operation={answer['operation']}&wait=60")[1]["state"]
        self.assertIn(state, ("running", "degraded"), self.words())  # somebody pulled the cable meanwhile

    def edit(self):
        cidr = f"10.77.3.{self.random.randrange(1, 250)}/32"
        deed = self.random.choice(({"add": [{"cidr": cidr}]}, {"remove": [cidr]}))
        status, answer = self.ask("POST", "/v1/addresses", deed)
        self.assertIn(status, (200, 202, 404, 409), answer)

    def look(self):
        for target in ("/v1/status", "/v1/operations", "/v1/addresses", "/v1/inventory", "/v1/events?after=0"):
            self.assertEqual(self.ask("GET", target)[0], 200, target)

    def take_away(self):
        # It ends with an error where what it takes away is put back at once, and is taken away all the same.
        subprocess.run(["ip", "address", "flush", "dev", "va", "to", "10.77.1.0/24"], check=False, capture_output=True)

    def pull_cable(self):
        for way in ("down", "up"):
            ip("link", "set", "vb", way)

    def outage(self):
        self.plane.fail(self.random.choice(OUTAGES))

    def all_is_told(self):
        """What waits in the outbox meanwhile is meant to be held."""
        self.plane.fail()
        until(lambda: self.ask("GET", "/v1/status")[1]["reportsWaiting"] == 0, self.words, 120)

    def test_nothing_grows(self):
        self.random = random.Random(SEED)
        self.generation = 0
        print(f"seed {SEED}: METALWRIGHT_SEED={SEED} does the same again", flush=True)
        self.new_host()
        self.start()
        deeds = [self.order] * 6 + [self.edit] * 6 + [self.look] * 4 + [self.take_away, self.pull_cable, self.outage]
        begin = time.monotonic()
        done, samples, next_sample = 0, [], 1
        while (minute := (time.monotonic() - begin) / 60) < self.minutes:
            self.random.choice(deeds)()
            done += 1
            self.assertIsNone(self.daemon.process.poll(), self.words())
            if minute >= next_sample * min(1.0, self.minutes / 8):
                next_sample += 1
                self.all_is_told()
                samples.append(self.held() | {"deeds": done})
                print(f"{minute:6.1f} min  " + "  ".join(f"{name} {value:>7}" for name, value in samples[-1].items()), flush=True)
        self.order()
        self.all_is_told()
        self.check_reports()
        if self.prefix:
            return  # what holds memory then is whoever watches it
        early, late = samples[len(samples) // 2], samples[-1]
        self.assertLessEqual(late["disk KiB"], MOST_ON_DISK, samples)
        for name in ("RSS KiB", "store KiB", "threads", "files"):
            self.assertLessEqual(late[name], early[name] * GROWTH + (2 if name in ("threads", "files") else 0), f"{name}: {samples}")


if __name__ == "__main__":
    in_own_namespaces(__file__)
    FaultsTest.build = pathlib.Path(sys.argv.pop(1)).resolve()
    SoakTest.minutes = float(sys.argv.pop(1))
    SoakTest.prefix = tuple(sys.argv[1:])
    del sys.argv[1:]
    unittest.main(verbosity=2)
