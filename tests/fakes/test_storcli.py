#!/usr/bin/env python3
"""The emulator of the storcli family keeps its state, refuses as the tools do, and misbehaves as it is told."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from storcli_family import hardware

TOOL = pathlib.Path(__file__).resolve().parent / "storcli"


class Emulator(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "state.json"

    def host(self, grammar="storcli", faults=(), **controller):
        drives = [hardware.new_drive(slot=slot) for slot in range(6)]
        state = hardware.new_host(grammar, controllers=[hardware.new_controller(**{"drives": drives, **controller})])
        state["faults"] = list(faults)
        self.path.write_text(json.dumps(state))

    def run_tool(self, line):
        return subprocess.run([TOOL, *line.split()], capture_output=True, env=self.environment())

    def environment(self):
        return {"METALWRIGHT_STORCLI_STATE": str(self.path)}

    def part(self, line):
        """The first part of the answer to a command, and the exit status."""
        done = self.run_tool(line + " J")
        return json.loads(done.stdout)["Controllers"][0], done.returncode

    def state(self):
        return json.loads(self.path.read_text())

    def refused(self, line, *words):
        before = self.state()["controllers"]
        part, exit_status = self.part(line)
        self.assertEqual(part["Command Status"]["Status"], "Failure", part)
        for word in words:
            self.assertIn(word, json.dumps(part))
        self.assertEqual(self.state()["controllers"], before)
        return exit_status


class Volumes(Emulator):
    def test_every_level_is_made_and_goes_again(self):
        each = (1953525168 - hardware.TO_COERCE) * 512
        for level, drives, more, factor in ((0, "252:0-1", "", 2), (1, "252:0-1", "", 1), (5, "252:0-2", "", 2),
                                            (6, "252:0-3", "", 2), (10, "252:0-3", "pdperarray=2", 2),
                                            (50, "252:0-5", "pdperarray=3", 4), (60, "252:0-5", "pdperarray=3", 2)):
            self.host()
            part, exit_status = self.part(f"/c0 add vd r{level} drives={drives} {more}")
            self.assertEqual((part["Command Status"]["Description"], exit_status), ("Add VD Succeeded.", 0), level)
            volume = self.state()["controllers"][0]["volumes"][0]
            self.assertEqual(volume["blocks"] * 512, factor * each, level)
            self.assertEqual(volume["id"], 239)
            self.part("/c0/v239 del")
            self.assertEqual({d["state"] for d in self.state()["controllers"][0]["drives"]}, {"UGood"})

    def test_the_newer_tools_say_which_volume_they_made(self):
        self.host("storcli2", ids="up")
        part, _ = self.part("/c0 add vd r1 drives=252:0,1 wt nora")
        self.assertEqual(part["Response Data"]["VD Information"][0]["VDID"], 1)
        self.assertEqual(self.run_tool("show J").returncode, 6)

    def test_what_may_not_be_used_is_refused(self):
        self.host()
        self.part("/c0 add vd r0 drives=252:0")
        self.refused("/c0 add vd r0 drives=252:0", "resources already in use")
        state = self.state()
        state["controllers"][0]["drives"][1]["group"] = "F"
        state["controllers"][0]["drives"][2]["spun"] = "D"
        self.path.write_text(json.dumps(state))
        self.refused("/c0 add vd r0 drives=252:1", "resources already in use")
        self.refused("/c0 add vd r0 drives=252:2", "appropriate attributes")
        self.refused("/c0 add vd r5 drives=252:3,4", "143")
        self.refused("/c0/v238 del", "Invalid VD number")
        self.host(preserved=[7])
        self.assertEqual(self.refused("/c0 add vd r0 drives=252:0", "84"), 84)
        self.part("/c0/v7 delete preservedcache")
        self.assertEqual(self.part("/c0 add vd r0 drives=252:0")[1], 0)

    def test_a_file_system_is_deleted_only_by_force(self):
        self.host()
        self.part("/c0 add vd r0 drives=252:0")
        state = self.state()
        state["controllers"][0]["volumes"][0]["holds"] = True
        self.path.write_text(json.dumps(state))
        self.refused("/c0/v239 del", "use 'force' option")
        self.assertEqual(self.part("/c0/v239 del force")[1], 0)

    def test_a_lost_drive_is_in_the_topology_alone(self):
        self.host()
        self.part("/c0 add vd r1 drives=252:0-1")
        state = self.state()
        hardware.lose_drive(state["controllers"][0], (252, 1))
        self.path.write_text(json.dumps(state))
        data = self.part("/c0 show all")[0]["Response Data"]
        self.assertEqual([row["State"] for row in data["TOPOLOGY"]], ["Dgrd", "Dgrd", "Onln", "Msng"])
        self.assertNotIn("252:1", json.dumps(data["PD LIST"]))


    def test_a_spare_steps_in_for_a_drive_that_is_taken_out_of_use(self):
        self.host()
        self.part("/c0 add vd r1 drives=252:0-1")
        self.part("/c0/e252/s1 set offline")
        self.assertEqual(self.state()["controllers"][0]["volumes"][0]["state"], "Dgrd")
        self.part("/c0/e252/s3 add hotsparedrive DGs=0")
        drives = self.part("/c0/e252/sall show")[0]["Response Data"]["Drive Information"]
        self.assertEqual([(d["State"], d["DG"]) for d in drives[:4]],
                         [("Onln", 0), ("UBad", "-"), ("UGood", "-"), ("Rbld", 0)])
        row = self.part("/c0/e252/s3 show rebuild")[0]["Response Data"][0]
        self.assertEqual((row["Progress%"], row["Status"]), (0, "In progress"))
        state = self.state()
        hardware.finish_rebuild(state["controllers"][0])
        self.assertEqual(state["controllers"][0]["volumes"][0]["state"], "Optl")


class Misbehaviour(Emulator):
    def test_a_hang_ends_with_its_whole_group(self):
        self.host(faults=[{"match": "show", "do": "hang"}])
        process = subprocess.Popen([TOOL, "show", "J"], stdout=subprocess.PIPE, env=self.environment(), start_new_session=True)
        with self.assertRaises(subprocess.TimeoutExpired):
            process.communicate(timeout=1)
        os.killpg(process.pid, signal.SIGKILL)
        self.assertEqual(process.communicate(timeout=10)[0], b"")

    def test_broken_answers(self):
        for fault in ("garbage", "truncate", "text"):
            self.host(faults=[{"match": "show", "do": fault}])
            with self.assertRaises(ValueError, msg=fault):
                json.loads(self.run_tool("/c0 show all J").stdout)
        self.host(faults=[{"match": "show", "do": "control-bytes"}])
        self.assertIn(b"\x12\x02", self.run_tool("/c0 show all J").stdout)
        self.host(faults=[{"match": "show", "do": "no-key", "value": "Controller"}])
        self.assertNotIn("Controller", self.part("/c0 show all")[0]["Command Status"])

    def test_an_exit_status_that_lies(self):
        self.host(faults=[{"match": "show", "do": "exit", "value": 46}])
        part, exit_status = self.part("/c0 show all")
        self.assertEqual((part["Command Status"]["Status"], exit_status), ("Success", 46))

    def test_a_success_that_did_nothing_and_a_death_that_did_it(self):
        self.host(faults=[{"match": "add vd", "do": "nothing", "times": 1}, {"match": "add vd", "do": "half"}])
        self.assertEqual(self.part("/c0 add vd r0 drives=252:0")[1], 0)
        self.assertEqual(self.state()["controllers"][0]["volumes"], [])
        self.assertEqual(self.run_tool("/c0 add vd r0 drives=252:0 J").stdout, b"")
        self.assertEqual(len(self.state()["controllers"][0]["volumes"]), 1)

    def test_every_call_is_written_down(self):
        self.host()
        self.run_tool("show J nolog")
        self.run_tool("/c0/vall show all J")
        self.assertEqual(self.state()["calls"], ["show J nolog", "/c0/vall show all J"])


if __name__ == "__main__":
    unittest.main()
