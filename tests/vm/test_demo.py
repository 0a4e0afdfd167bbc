"""./demo's own program, as a script would run it: plain lines, the final status in a file, and an exit status to trust."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = ["raid-sys-raid1", "raid-data-noraid"] + [f"raid-data-raid{level}" for level in (0, 1, 5, 6, 10)]


class DemoTest(unittest.TestCase):
    def demo(self, *words):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "status.json")
            ran = subprocess.run([sys.executable, os.path.join(HERE, "demo.py"), "--stage", os.environ["METALWRIGHT_STAGE"],
                                  "--json", path, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1200)
            with open(path) as file:
                return ran, json.load(file)

    def test_a_blank_server_becomes_the_instance(self):
        ran, status = self.demo()
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertEqual(status["state"], "running", status)
        self.assertEqual(status["userData"], {"state": "exited", "exitCode": 0})
        self.assertEqual({item["outcome"] for item in status["items"]}, {"changed", "unchanged"}, status)
        self.assertNotIn("\r", ran.stdout, "a live bar where there is no terminal")
        self.assertNotIn("\x1b", ran.stdout)

    def test_an_order_that_cannot_be_met_ends_with_an_error_and_a_status(self):
        with open(os.path.join(HERE, "orders", "create-instance.json")) as file:
            order = json.load(file)
        order["request"]["instanceSpec"].update(dataRaidTypeId="raid-data-unheard-of")
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(order, file)
            file.flush()
            ran, status = self.demo("--spec", file.name)
        self.assertNotEqual(ran.returncode, 0)
        self.assertNotEqual(status["state"], "running", status)
        self.assertIn("raid-data-unheard-of", ran.stdout + ran.stderr)

    def test_the_catalogue_knows_every_type(self):
        with open(os.path.join(HERE, "orders", "catalogue.json")) as file:
            self.assertLessEqual(set(TYPES), set(json.load(file)["raidTypes"]))


if __name__ == "__main__":
    unittest.main()
