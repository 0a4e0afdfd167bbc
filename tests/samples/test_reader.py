#!/usr/bin/env python3
"""test_reader.py SAMPLES READ_STORCLI: every real output is read as its index says, none crashes the reader."""
import json
import pathlib
import subprocess
import sys
import unittest

import index

FOLDER, READER = pathlib.Path(sys.argv.pop(1)), sys.argv.pop(1)
SAMPLES = index.read(FOLDER)
EVERY_FILE = sorted(path for path in FOLDER.rglob("*") if path.is_file())


def told():
    paths = [sample.path for sample in SAMPLES]
    lines = subprocess.run([READER, *paths], check=True, capture_output=True, text=True).stdout.splitlines()
    return {sample.path: json.loads(line) for sample, line in zip(SAMPLES, lines, strict=True)}


def rows(value, key):
    """Every object below `value` that has this key."""
    if isinstance(value, dict):
        if key in value:
            yield value
        for inner in value.values():
            yield from rows(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from rows(inner, key)


TOLD = told()


class Samples(unittest.TestCase):
    def each(self, chosen):
        found = [(sample, TOLD[sample.path]) for sample in SAMPLES if chosen(sample)]
        self.assertTrue(found)
        return found

    def test_the_index_is_understood(self):
        self.assertGreater(len(SAMPLES), 100)
        self.assertGreater(len(EVERY_FILE), 500)

    def test_what_is_an_answer_is_read_as_one(self):
        for sample, said in self.each(lambda s: s.statuses):
            with self.subTest(said["file"]):
                self.assertIsNone(said["error"])
                self.assertEqual(all(part["text"] for part in said["parts"]), not sample.is_json)
                succeeded = {part["success"] for part in said["parts"]}
                self.assertEqual(succeeded, {status == "Success" for status in sample.statuses})

    def test_what_is_none_is_said_to_be_none(self):
        for _, said in self.each(lambda s: not s.statuses and "DERIVED" not in s.path.name):
            with self.subTest(said["file"]):
                self.assertTrue(said["error"])

    def test_what_was_made_of_real_answers_is_read_all_the_same(self):
        for _, said in self.each(lambda s: "DERIVED" in s.path.name):
            with self.subTest(said["file"]):
                self.assertIsNone(said["error"])

    def test_as_many_controllers_as_the_index_counts(self):
        for sample, said in self.each(lambda s: s.is_json and " ctl" in s.content and s.statuses):
            with self.subTest(said["file"]):
                self.assertEqual(len(said["parts"]), int(sample.content.split(";")[1].split()[0]))

    def test_no_controller_in_any_shape_is_an_empty_list_without_errors(self):
        chosen = ("no-controllers", "controller-not-found", "no-controller-found")
        for _, said in self.each(lambda s: any(word in s.path.name for word in chosen)):
            with self.subTest(said["file"]):
                self.assertEqual(said["inventory"]["controllers"], [])
                self.assertEqual(said["inventory"]["controllerErrors"], [])

    def test_every_drive_and_volume_is_there_once(self):
        for sample, said in self.each(lambda s: s.is_json and s.statuses and "fall" not in s.path.name):
            with self.subTest(said["file"]):
                for part in json.loads(sample.path.read_text())["Controllers"]:
                    data = part.get("Response Data")
                    number = part["Command Status"].get("Controller")
                    drives = {row["EID:Slt"].replace(" ", "") for row in rows(data, "EID:Slt") if "State" in row}
                    volumes = {int(row["DG/VD"].split("/")[1]) for row in rows(data, "DG/VD")}
                    found = [c for c in said["inventory"]["controllers"] if c["id"] == f"tool/c{number}"]
                    if not drives and not volumes:
                        continue
                    read = [d for d in found[0]["drives"] if d["state"] != "missing"]
                    self.assertEqual(sorted(f"{'' if d['enclosure'] is None else d['enclosure']}:{d['slot']}" for d in read),
                                     sorted(drives))
                    self.assertEqual({v["id"] for v in found[0]["volumes"]}, volumes)
                    self.assertTrue(all(d["sizeBytes"] > 0 for d in read))
                    self.assertTrue(all(v["sizeBytes"] > 0 and v["level"].startswith("raid") for v in found[0]["volumes"]))

    def test_sizes_agree_with_the_words_beside_them(self):
        for sample, said in self.each(lambda s: s.is_json and s.is_captured and s.question.endswith("show all")):
            with self.subTest(said["file"]):
                for part in json.loads(sample.path.read_text())["Controllers"]:
                    for row in rows(part.get("Response Data"), "Size"):
                        amount, _, unit = row["Size"].partition(" ")
                        bytes_ = float(amount) * 1024 ** "BKMGT".index(unit[0])
                        for controller in said["inventory"]["controllers"]:
                            items = [v for v in controller["volumes"] if row.get("DG/VD", "/").endswith(f"/{v['id']}")]
                            for item in items:
                                self.assertLess(abs(item["sizeBytes"] - bytes_) / bytes_, 0.01, row)

    def test_serial_numbers_and_details_are_found(self):
        chosen = [s for s in SAMPLES if s.is_json and s.is_captured and s.question in ("/c/e/s show all",)]
        self.assertGreater(len(chosen), 5)
        for sample in chosen:
            for controller in TOLD[sample.path]["inventory"]["controllers"]:
                for drive in controller["drives"]:
                    self.assertTrue(drive["serial"] or "redacted" in sample.path.name, (sample.path.name, drive))
                    self.assertIn(drive["media"], ("hdd", "ssd", "nvme"))

    def test_the_states_that_the_index_names(self):
        def states(name):
            path = next(s.path for s in SAMPLES if s.path.name == name)
            return {d["state"] for c in TOLD[path]["inventory"]["controllers"] for d in c["drives"]}

        self.assertEqual(states("c0_e35_s12_show.offln.json"), {"offline"})
        self.assertEqual(states("c0_e4_s3_show.fail-errcd45-failed-drive.json"), {"bad"})
        self.assertEqual(states("c0_e4_s14_show_all.ghs.json"), {"hot-spare"})
        self.assertEqual(states("c0_e320_s11_show_all.uconf-good.json"), {"free"})
        self.assertEqual(states("c0_e306_s0_show_all.conf-online.json"), {"member"})
        self.assertIn("foreign", states("c0_eall_sall_show.mixed-onln-jbod-foreign.cloudpods.json"))
        self.assertNotIn("free", states("call_show_all.mpt3sas-hba.netdata.json"))

    def test_controllers_are_known(self):
        chosen = [s for s in SAMPLES if s.is_json and s.is_captured and s.question in ("/c show all", "/c show")]
        self.assertGreater(len(chosen), 8)
        for sample in chosen:
            for controller in TOLD[sample.path]["inventory"]["controllers"]:
                name = sample.path.name
                self.assertTrue(controller["model"] and controller["serial"] and controller["firmware"], name)
                self.assertNotEqual(controller["mode"], "unknown", name)
                if "show_all" in name and controller["mode"] == "raid":
                    self.assertIn("raid1", controller["levels"], name)
        incomplete = next(s.path for s in SAMPLES if s.path.name == "c0_show.fail-errcd59.json")
        self.assertIn("foreign-incomplete", TOLD[incomplete]["inventory"]["controllers"][0]["flags"])

    def test_no_file_of_the_folder_crashes_it(self):
        subprocess.run([READER, *EVERY_FILE], check=True, capture_output=True)
        subprocess.run([READER, "--mutate", "20", *EVERY_FILE], check=True, capture_output=True)


if __name__ == "__main__":
    unittest.main()
