#!/usr/bin/env python3
"""A disk that is full, a store that is damaged, and a daemon that is killed again and again.

usage: test_store_faults.py BUILD [CRASHES]     needs root, runs itself in namespaces of its own
       METALWRIGHT_SEED=N                       the crashes of that seed again"""
import contextlib
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import unittest

from faults import HOST, NOT_HERE, FaultsTest, in_own_namespaces, until

CRASHES = 25
SEED = int(os.environ.get("METALWRIGHT_SEED") or random.SystemRandom().randrange(1 << 32))
SIZE = 4 << 20


class StoreFaultsTest(FaultsTest):
    program = "metalwrightd"

    def settled(self, generation):
        """The final report of that generation's order, once the outbox is empty."""
        reports = self.finished()
        return until(lambda: next((r for r in reversed(self.finished()) if r["generation"] == generation), None),
                     lambda: f"{reports[-1]}\n{self.words()}")

    # --- full

    def on_a_small_disk(self):
        self.new_host()
        state = self.folder / "state"
        state.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", state], check=True)
        self.stack.callback(subprocess.run, ["umount", "-l", state], check=True)
        self.ballast = state / "ballast"

    def fill(self):
        with open(self.ballast, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass

    def test_on_a_full_disk_nothing_is_taken_and_all_goes_on_once_there_is_room(self):
        self.on_a_small_disk()
        self.start()
        self.assertEqual(self.ask("POST", "/v1/apply", self.document())[0], 202)
        self.settled(1)
        before = self.addresses()
        self.fill()
        status, problem = self.ask("POST", "/v1/apply", self.document(aliases=range(7), generation=2))
        while status == 202:  # there was room left in its log
            status, problem = self.ask("POST", "/v1/apply", self.document(aliases=range(7), generation=2 + problem["generation"]))
        self.assertEqual(status, 507, problem)
        self.assertEqual(problem["title"], "Insufficient Storage")
        self.assertIn("make room there", problem["detail"])
        self.assertEqual(problem["errors"][0]["code"], "no_space")
        self.assertEqual(self.ask("GET", "/v1/status")[1]["instance"], "i-1")
        self.assertLessEqual(before, self.addresses())
        # What the control plane offers meanwhile is taken once there is room, without a restart.
        self.plane.put_spec(HOST, self.document(aliases=range(9), generation=900), 900)
        until(lambda: "full" in self.log.read_text(), self.words)
        self.ballast.unlink()
        self.assertEqual(self.settled(900)["state"], "running")
        self.assertIn("10.77.1.8/32", self.addresses())
        self.assertEqual(self.runs(), 1)
        self.check_reports()

    def starts_on_a_full_disk(self):
        """Reads are answered, what would have to be kept is not, and all goes on once there is room."""
        before = self.addresses()
        self.fill()
        self.start()
        _, status = self.ask("GET", "/v1/status")
        self.assertEqual((status["instance"], status["state"]), ("i-1", "running"))
        self.assertEqual(self.ask("GET", "/v1/operations")[1]["operations"][0]["state"], "done")
        self.assertEqual(self.ask("GET", "/v1/spec?source=admin")[0], 200)
        self.assertLessEqual(before, self.addresses())
        for _ in range(3):
            status, problem = self.ask("POST", "/v1/apply", self.document(aliases=range(7), generation=700))
            self.assertEqual((status, problem["errors"][0]["code"]), (507, "no_space"), self.words())
        pid = self.daemon.process.pid
        self.ballast.unlink()
        self.assertEqual(self.ask("POST", "/v1/apply", self.document(aliases=range(7), generation=701))[0], 202)
        self.assertEqual(self.settled(701)["state"], "running")
        self.assertIn("10.77.1.6/32", self.addresses())
        self.assertEqual(self.daemon.process.pid, pid)
        self.assertIsNone(self.daemon.process.poll())
        self.assertEqual(self.runs(), 1)
        self.check_reports()
        self.daemon.stop()
        self.start()  # as on any other day: it looks whether all is there, and ends that
        until(lambda: self.ask("GET", "/v1/status")[1]["state"] == "running", self.words)

    def test_a_start_on_a_full_disk_after_a_clean_end(self):
        self.on_a_small_disk()
        self.start()
        self.assertEqual(self.ask("POST", "/v1/apply", self.document())[0], 202)
        self.settled(1)
        self.daemon.stop()
        self.starts_on_a_full_disk()

    def test_a_start_on_a_full_disk_after_a_crash(self):
        self.on_a_small_disk()
        self.start()
        self.assertEqual(self.ask("POST", "/v1/apply", self.document())[0], 202)
        self.settled(1)
        self.daemon.kill()
        self.starts_on_a_full_disk()

    def test_what_a_crash_cut_off_is_finished_once_a_start_on_a_full_disk_has_room(self):
        self.program = "metalwrightd-fail-points"
        self.on_a_small_disk()
        self.start(fail_point="journal.after-intent")
        self.assertIn(self.ask("POST", "/v1/apply", self.document())[0], (0, 202), "it may die before it answers")
        self.daemon.process.wait(30)
        self.fill()
        self.start()
        _, status = self.ask("GET", "/v1/status")
        self.assertEqual((status["instance"], status["state"]), ("i-1", "applying"), status)
        self.ballast.unlink()
        self.assertEqual(self.settled(1)["state"], "running")
        self.assertEqual(self.runs(), 1)
        self.assertIn("10.77.1.4/32", self.addresses())
        self.check_reports()

    def test_without_a_store_a_start_on_a_full_disk_says_what_to_do(self):
        self.on_a_small_disk()
        self.fill()
        daemon = self.start(ready=False)
        self.assertEqual(daemon.process.wait(30), 1)
        self.assertIn("its file system is full; make room there", self.log.read_text())
        self.ballast.unlink()
        self.start()
        self.assertEqual(self.ask("GET", "/v1/status")[1]["state"], "idle")

    # --- damaged

    def damage(self):
        """What a disk does that forgets: pages of the database become something else."""
        store = self.folder / "state/state.db"
        with open(store, "r+b") as file:
            for page in range(1, store.stat().st_size // 4096):
                file.seek(page * 4096)
                file.write(os.urandom(4096))

    def test_a_damaged_store_is_set_aside_and_rebuilt_from_the_control_plane(self):
        self.new_host()
        self.plane.put_spec(HOST, self.document(), 1)
        self.start()
        first = self.settled(1)
        self.assertEqual((first["state"], self.runs()), ("running", 1))
        before = self.addresses()
        self.daemon.stop()
        self.damage()
        self.plane.forget()  # a store that is made anew counts its reports from 1
        self.plane.put_spec(HOST, self.document(), 1)
        self.start()
        again = self.settled(1)
        self.assertEqual(self.runs(), 1, "user data ran a second time")
        self.assertEqual(self.addresses(), before)
        self.assertEqual({i["item"] for i in again["items"] if i["outcome"] == "failed"}, {"userData"})
        _, status = self.ask("GET", "/v1/status")
        self.assertIn("the store was damaged", status["locked"]["reason"])
        kept = [path for path in (self.folder / "state").iterdir() if path.name.startswith("state.db.damaged-")]
        self.assertTrue(kept)
        self.assertIn(str(kept[0]).removesuffix("-wal").removesuffix("-shm"), status["locked"]["reason"])
        told = [report for report in self.plane.reports(HOST) if report["kind"] == "locked"]
        self.assertEqual(len(told), 1)
        self.assertIn("the store was damaged", self.log.read_text())

    def test_damage_that_is_found_at_work_ends_the_daemon_and_the_next_one_sets_it_aside(self):
        self.new_host()
        self.start()
        orders = 80  # more than SQLite keeps in memory
        for generation in range(1, orders + 1):
            document = self.document(aliases=range(generation % 2, 60, 2), script=False, generation=generation)
            self.assertEqual(self.ask("POST", "/v1/apply", document)[0], 202)
        self.finished(orders)
        self.daemon.stop()  # all of it is in the database now, none in its log
        self.start()
        self.damage()
        for operation in range(1, orders + 1):
            if self.ask("GET", f"/v1/operations/{operation}/events")[0] != 200:
                break
        self.assertEqual(self.daemon.process.wait(30), 1, self.words())
        self.assertIn("the next start sets it aside", self.log.read_text())
        self.plane.forget()
        self.start()
        self.assertIn("the store was damaged", self.ask("GET", "/v1/status")[1]["locked"]["reason"])

    # --- killed

    def test_after_any_number_of_crashes_all_is_as_ordered(self):
        print(f"seed {SEED}, {CRASHES} crashes", flush=True)
        dice = random.Random(SEED)
        self.new_host()
        generation = 0
        for crash in range(CRASHES):
            if dice.random() < 0.5:
                generation += 1
                aliases = dice.sample(range(200), 40)
                self.plane.put_spec(HOST, self.document(aliases=aliases, generation=generation), generation)
            self.start(ready=dice.random() < 0.3)
            after = dice.expovariate(1 / 0.03)
            try:
                self.daemon.process.wait(after)
                self.fail(f"seed {SEED}, crash {crash}: it has ended\n{self.words()}")
            except subprocess.TimeoutExpired:
                self.daemon.kill()
            if crash % 25 == 24 and generation:
                self.check_settled(generation, aliases)
                self.daemon.kill()
        generation += 1
        self.plane.put_spec(HOST, self.document(aliases=range(3), generation=generation), generation)
        self.check_settled(generation, range(3))
        self.daemon.kill()
        with contextlib.closing(sqlite3.connect(self.folder / "state/state.db")) as store:
            self.assertEqual(store.execute("PRAGMA integrity_check").fetchall(), [("ok",)])

    def check_settled(self, generation, aliases):
        self.start()
        final = self.settled(generation)
        wrong = [i for i in final["items"] if i["outcome"] in ("failed", "skipped") and i["item"] not in (NOT_HERE, "userData")]
        self.assertEqual(wrong, [], f"seed {SEED}")
        self.assertLessEqual(self.runs(), 1, f"seed {SEED}")
        _, leases = self.ask("GET", "/v1/leases")
        leased = {one["address"].split("/")[0] for one in leases["leases"]}
        self.assertEqual(len(leased), 2)
        wanted = {"10.77.0.10/24", "10.77.2.0/28"} | {f"10.77.1.{n}/32" for n in aliases}
        self.assertEqual({a for a in self.addresses() if a.split("/")[0] not in leased}, wanted, f"seed {SEED}")
        self.check_reports()


if __name__ == "__main__":
    in_own_namespaces(__file__)
    FaultsTest.build = pathlib.Path(sys.argv.pop(1)).resolve()
    if len(sys.argv) > 1 and sys.argv[1].isdigit():
        CRASHES = int(sys.argv.pop(1))
    unittest.main(verbosity=2)
