#!/usr/bin/env python3
"""controllers_test.py METALWRIGHT STORCLI: what the real program shows of controllers, which the emulator of their tools has.

Without a daemon: `metalwright inventory --local --raid-tool TOOL` and `raid list`.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM, STORCLI = pathlib.Path(sys.argv.pop(1)).resolve(), pathlib.Path(sys.argv.pop(1)).resolve()
sys.path.insert(0, str(STORCLI.parent))
from storcli_family import hardware  # noqa: E402


class Controllers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def tool(self, state, name="storcli64"):
        """A program as the configuration names one: the emulator over this state."""
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(state))
        program = self.folder / name
        program.write_text(f"#!/bin/sh\nMETALWRIGHT_STORCLI_STATE={path} exec {STORCLI} \"$@\"\n")
        program.chmod(0o755)
        return program

    def calls(self, name="storcli64"):
        return json.loads((self.folder / f"{name}.json").read_text())["calls"]

    def run_program(self, *words):
        done = subprocess.run([PROGRAM, *words], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def inventory(self, *tools):
        words = [word for tool in tools for word in ("--raid-tool", tool)]
        return json.loads(self.run_program("inventory", "--local", *words, "-o", "json"))

    def filled(self, grammar="storcli", **more):
        """24 drives, one of them without an enclosure; two volumes, a spare, a foreign drive, a JBOD, a bad one."""
        drives = [hardware.new_drive(slot=slot) for slot in range(23)] + [hardware.new_drive(enclosure=None, slot=30)]
        controller = hardware.new_controller(**{"drives": drives, **more})
        hardware.add_volume(controller, 5, [(252, 0), (252, 1), (252, 2)], name="data", strip=64)
        hardware.add_volume(controller, 10, [(252, slot) for slot in range(3, 7)], per_span=2)
        drives[7]["state"], drives[8]["group"], drives[9]["state"], drives[10]["state"] = "GHS", "F", "JBOD", "UBad"
        return hardware.new_host(grammar, controllers=[controller])

    def test_all_that_a_controller_holds(self):
        for grammar, name in (("storcli", "storcli64"), ("perccli", "perccli64"), ("storcli2", "storcli2")):
            with self.subTest(grammar):
                found = self.inventory(self.tool(self.filled(grammar), name))
                self.assertEqual(found["controllerErrors"], [])
                one, = found["controllers"]
                self.assertEqual({key: one[key] for key in ("id", "model", "serial", "firmware", "mode", "flags", "errors")},
                                 {"id": f"{name}/c0", "model": "FakeRAID 9000-8i", "serial": "FK00000001",
                                  "firmware": "50.1.0-0001", "mode": "raid", "flags": ["foreign-config"], "errors": []})
                self.assertEqual(one["levels"], [f"raid{level}" for level in (0, 1, 5, 6, 10, 50, 60)])
                states = {drive["selector"]: drive["state"] for drive in one["drives"]}
                self.assertEqual(len(states), 24)
                self.assertEqual([states[f"/c0/e252/s{slot}"] for slot in (0, 6, 7, 8, 9, 10, 11)],
                                 ["member", "member", "hot-spare", "foreign", "jbod", "bad", "free"])
                self.assertEqual(states["/c0/s30"], "free")
                first = one["drives"][0]
                self.assertEqual(
                    {key: first[key] for key in ("enclosure", "slot", "serial", "wwn", "media", "sizeBytes")},
                    {"enclosure": 252, "slot": 0, "serial": "FAKE00025200", "wwn": "5000f00d00006270", "media": "hdd",
                     "sizeBytes": (1953525168 - hardware.TO_COERCE) * 512})
                five, = (volume for volume in one["volumes"] if volume["level"] == "raid5")
                self.assertEqual(
                    {key: five[key] for key in ("state", "name", "stripKiB", "drives", "sizeBytes")},
                    {"state": "optimal", "name": "data", "stripKiB": 64,
                     "drives": [f"/c0/e252/s{slot}" for slot in range(3)],
                     "sizeBytes": 2 * (1953525168 - hardware.TO_COERCE) * 512})
                self.assertRegex(five["wwn"], "^6[0-9a-f]{31}$")
                self.assertEqual(first["volumes"], [five["id"]])

    def test_no_question_is_asked_twice(self):
        tool = self.tool(self.filled())
        self.inventory(tool, tool)
        self.assertEqual(self.calls(), [f"{question} show all J nolog" for question in
                                        ("/call", "/call/vall", "/call/eall/sall", "/call/sall", "/call/fall")])

    def test_no_controller_is_an_empty_list(self):
        for grammar in ("storcli", "storcli2"):
            found = self.inventory(self.tool(hardware.new_host(grammar, controllers=[])))
            self.assertEqual((found["controllers"], found["controllerErrors"]), ([], []))
            self.assertEqual(len(self.calls()), 1)

    def test_an_hba_shows_what_the_kernel_has(self):
        drives = [hardware.new_drive(slot=0, state="JBOD"), hardware.new_drive(slot=1)]
        one, = self.inventory(self.tool(hardware.new_host(controllers=[
            hardware.new_controller(driver="mpt3sas", drives=drives)])))["controllers"]
        self.assertEqual((one["mode"], one["levels"], one["volumes"], one["errors"]), ("hba", [], [], []))
        self.assertEqual([drive["state"] for drive in one["drives"]], ["jbod", "jbod"])
        self.assertEqual([drive["serial"] for drive in one["drives"]], [drive["serial"] for drive in drives])

    def test_flags(self):
        one, = self.inventory(self.tool(self.filled(preserved=[], foreignIncomplete=True)))["controllers"]
        self.assertEqual((one["flags"], one["errors"]), (["foreign-config", "foreign-incomplete"], []))
        self.assertEqual(len(one["drives"]), 24)
        controller = hardware.new_controller(preserved=[3], attention=True, drives=[])
        one, = self.inventory(self.tool(hardware.new_host("storcli2", controllers=[controller])))["controllers"]
        self.assertEqual(one["flags"], ["needs-attention", "preserved-cache"])

    def test_one_failing_controller_among_good_ones(self):
        state = hardware.new_host(controllers=[hardware.new_controller(serial=f"S{n}", drives=[hardware.new_drive()])
                                               for n in range(3)])
        state["faults"] = [{"match": "^/call show all", "do": "fail-controller", "value": 1}]
        found = self.inventory(self.tool(state))["controllers"]
        self.assertEqual([len(one["errors"]) for one in found], [0, 1, 0])
        self.assertIn("unsupported hardware (code 61)", found[1]["errors"][0]["message"])
        self.assertEqual([len(one["drives"]) for one in found], [1, 1, 1])

    def test_one_failing_drive_hides_no_other(self):
        state = self.filled()
        state["faults"] = [{"match": "eall/sall", "do": "fail-drive", "value": "/c0/e252/s3"}]
        one, = self.inventory(self.tool(state))["controllers"]
        self.assertEqual([error["toolCode"] for error in one["errors"]], [46])
        self.assertEqual(len([drive for drive in one["drives"] if drive["serial"]]), 24)

    def test_broken_answers_are_survived_and_said(self):
        for fault, words in (("garbage", ""), ("truncate", "its JSON is broken"), ("text", "text where JSON was asked for"),
                             ("half", "nothing at all (exit status 1)")):
            with self.subTest(fault):
                state = self.filled()
                state["faults"] = [{"match": "show", "do": fault}]
                found = self.inventory(self.tool(state))
                self.assertEqual(found["controllers"], [])
                error, = found["controllerErrors"]
                self.assertIn(words, error["message"])
                self.assertEqual(error["where"], str(self.folder / "storcli64"))

    def test_odd_answers_are_read_all_the_same(self):
        for fault in ({"do": "control-bytes"}, {"do": "preamble"}, {"do": "exit", "value": 46},
                      {"do": "no-key", "value": "CLI Version"}, {"do": "no-key", "value": "Model"}):
            with self.subTest(fault):
                state = self.filled()
                state["faults"] = [{"match": "show", **fault}]
                one, = self.inventory(self.tool(state))["controllers"]
                self.assertEqual((len(one["drives"]), len(one["volumes"]), one["errors"]), (24, 2, []))

    def test_absent_keys_are_said_where_nothing_can_be_made_of_the_rest(self):
        state = self.filled()
        state["faults"] = [{"match": "vall", "do": "no-key", "value": "Controller"}]
        found = self.inventory(self.tool(state))
        self.assertEqual(len(found["controllers"][0]["volumes"]), 2)
        self.assertIn("does not name", found["controllerErrors"][0]["message"])

    def test_as_tables(self):
        state = self.filled()
        state["faults"] = [{"match": "eall/sall", "do": "fail-drive", "value": "/c0/e252/s3"}]
        text = self.run_program("raid", "list", "--local", "--raid-tool", self.tool(state))
        self.assertRegex(text, r"(?m)^CONTROLLER +MODEL +SERIAL +FIRMWARE +MODE +LEVELS +FLAGS$")
        self.assertRegex(text, r"(?m)^storcli64/c0 +FakeRAID 9000-8i +FK00000001 +50.1.0-0001 +raid +raid0, .* foreign-config$")
        self.assertRegex(text, r"(?m)^/c0/e252/s8 +storcli64/c0 +1.00 TB +hdd +FAKE00025208 +FAKEDISK-1 +foreign$")
        self.assertRegex(text, r"(?m)^ +239 +storcli64/c0 +data +raid5 +2.00 TB +64 KiB +optimal +/c0/e252/s0, ")
        self.assertIn("not read: storcli64/c0: /call/eall/sall show all: Show Drive Information Failed: /c0/e252/s3", text)
        self.assertNotIn("NIC", text)
        self.assertIn("NIC", self.run_program("inventory", "--local", "--raid-tool", self.folder / "storcli64"))

    def test_raid_list_as_json_is_the_inventory_without_nics(self):
        found = json.loads(self.run_program("raid", "list", "--local", "--raid-tool", self.tool(self.filled()), "-o", "json"))
        self.assertEqual(list(found), ["disks", "arrays", "controllers", "controllerErrors"])


if __name__ == "__main__":
    os.environ.pop("METALWRIGHT_SOCKET", None)
    unittest.main()
