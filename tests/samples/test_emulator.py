#!/usr/bin/env python3
"""test_emulator.py SAMPLES READ_STORCLI: the emulator says what the tools say, in the same words and types.

For each command: every word of the emulator's answer stands in some real answer to it, with that type, and every word
that all real answers have stands in the emulator's.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import index

FOLDER = pathlib.Path(sys.argv.pop(1))
sys.argv.pop(1)
FAKES = pathlib.Path(__file__).resolve().parent.parent / "fakes"
sys.path.insert(0, str(FAKES))
from storcli_family import hardware  # noqa: E402

SAMPLES = index.read(FOLDER)


def shape(value, path=(), into=None):
    """{path of words: types}; numbers in words count as one, so "/c0/v1" and "/c0/v239" are the same."""
    into = {} if into is None else into
    if isinstance(value, dict):
        for key, inner in value.items():
            shape(inner, (*path, re.sub(r"/e#(?=/s#)", "", re.sub(r"\d+", "#", key))), into)
    elif isinstance(value, list):
        for inner in value:
            shape(inner, (*path, "[]"), into)
    into.setdefault(path, set()).add({dict: "object", list: "list", int: "number", float: "number"}.get(type(value), "text"))
    return into


def real(newer, *questions, but=()):
    """Shapes of the captured answers that succeeded, by controller."""
    found = []
    for sample in SAMPLES:
        if sample.is_newer != newer or sample.question not in questions or not sample.is_json or not sample.is_captured:
            continue
        if any(word in sample.path.name for word in but):
            continue
        for part in json.loads(sample.path.read_text())["Controllers"]:
            if "Response Data" in part or "show" not in sample.question:
                found.append(shape(part))
    return found


def named(*names, newer=False):
    """Shapes of these samples, whatever they are."""
    return [shape(part) for sample in SAMPLES if sample.path.name in names and sample.is_newer == newer
            for part in json.loads(sample.path.read_text())["Controllers"]]


# Words that come only with what few hosts have: free drives and enclosures in `show`, spares.
FREE = "c0_show.fail-errcd59.json"
SPARES = ("c0_e4_s14_show_all.ghs.json", "c0_e4_s14_show_all.dhs.json")


class Emulator(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.state = pathlib.Path(self.folder.name) / "state.json"

    def host(self, grammar, **controller):
        drives = [hardware.new_drive(slot=slot) for slot in range(8)] + [hardware.new_drive(enclosure=None, slot=30)]
        drives[7]["state"] = "GHS"
        one = hardware.new_controller(**{"drives": drives, **controller})
        self.state.write_text(json.dumps(hardware.new_host(grammar, controllers=[one])))
        if one["driver"] == "megaraid_sas":
            self.ask("/c0", "add", "vd", "r5", "drives=252:0-2", "name=Data", "J")
            self.ask("/c0", "add", "vd", "r10", "drives=252:3-6", "PDperArray=2", "J")
            state = json.loads(self.state.read_text())
            state["controllers"][0]["volumes"][0]["device"] = "/dev/sdb"
            self.state.write_text(json.dumps(state))

    def ask(self, *words):
        return subprocess.run([FAKES / "storcli", *words], capture_output=True, text=True,
                              env={"METALWRIGHT_STORCLI_STATE": str(self.state)}).stdout

    def same(self, said, captured, also=(), may_lack=()):
        """`also`: further real answers, that need not have all their words here."""
        self.assertTrue(captured)
        parts = json.loads(said)["Controllers"]
        allowed = {}
        for one in [*captured, *also]:
            for path, types in one.items():
                allowed.setdefault(path, set()).update(types)
        common = set.intersection(*(set(one) for one in captured))
        ours = {}
        for part in parts:
            for path, types in shape(part).items():
                ours.setdefault(path, set()).update(types)
        unknown = sorted(path for path in ours if path not in allowed)
        self.assertEqual(unknown, [], "words that no tool says")
        wrong = sorted(path for path, types in ours.items() if not types <= allowed[path])
        self.assertEqual(wrong, [], "types that no tool gives")
        lacking = sorted(path for path in common - set(ours) if not any(word in path for word in may_lack))
        self.assertEqual(lacking, [], "words that every tool says")

    def test_show_all_of_the_older_tools(self):
        for grammar in ("storcli", "perccli"):
            self.host(grammar)
            self.same(self.ask("/c0", "show", "all", "J"), real(False, "/c show all", but=("hba",)), named(FREE))

    def test_show_of_the_older_tools(self):
        self.host("storcli")
        captured = named("call_show.3-controllers.json")[:2]
        self.same(self.ask("/c0", "show", "J"), captured, named(FREE),
                  may_lack=("Cachevault_Info", "Mfg. Date", "Controller Time", "Host Interface", "Device Interface"))

    def test_drives_of_the_older_tools(self):
        self.host("storcli")
        captured = real(False, "/c/e/s show all")
        self.same(self.ask("/c0/eall/sall", "show", "all", "J"), captured, named(*SPARES))
        self.same(self.ask("/c0/sall", "show", "all", "J"), captured, named(*SPARES))
        self.same(self.ask("/c0/eall/sall", "show", "J"), real(False, "/c/e/s show"))

    def test_volumes_of_the_older_tools(self):
        self.host("storcli")
        self.same(self.ask("/c0/vall", "show", "all", "J"), real(False, "/c/v show all"))
        self.same(self.ask("/c0/vall", "show", "J"), real(False, "/c/v show"))

    def test_an_hba(self):
        self.host("storcli", driver="mpt3sas", personality="HBA", drives=[hardware.new_drive(slot=0, state="JBOD")])
        captured = named(*(s.path.name for s in SAMPLES if "hba" in s.path.name and s.question == "/c show all"))
        self.same(self.ask("/c0", "show", "all", "J"), captured)

    def test_the_newer_tools(self):
        self.host("storcli2", ids="up", model="FakeRAID 9600")
        self.same(self.ask("/c0", "show", "all", "J"), real(True, "/c show all"))
        self.same(self.ask("/c0/vall", "show", "all", "J"), real(True, "/c/v show all"))
        self.same(self.ask("/c0/eall/sall", "show", "all", "J"), real(True, "/c/e/s show all"),
                  may_lack=("Firmware Release Number",))

    def test_hosts(self):
        for grammar, newer in (("storcli", False), ("storcli2", True)):
            self.host(grammar)
            captured = real(newer, "show", "show all", but=("hba", "fail"))
            self.same(self.ask("show", "J"), captured, may_lack=("StoreLib IT Version", "StoreLib IR3 Version"))
            self.state.write_text(json.dumps(hardware.new_host(grammar, controllers=[])))
            self.same(self.ask("show", "J"), captured)

    def test_changes(self):
        self.host("storcli")
        self.same(self.ask("/c0/v239", "del", "J"), real(False, "/c/v del", "/c/v delete"))
        self.same(self.ask("/c0", "add", "vd", "r0", "drives=252:0", "J"),
                  [s for q in {s.question for s in SAMPLES if s.question.startswith("/c add vd r0")} for s in real(False, q)])
        self.same(self.ask("/c0/v999", "show", "all", "J"), named("c0_v999_show_all.fail-invalid-vd.json"),
                  real(False, "/c/v show all"))
        self.same(self.ask("/c0/v238", "set", "rdcache=ra", "wrcache=wt", "J"),
                  real(False, "/c/v set rdcache=RA wrcache=WT iopolicy=Direct"))
        self.host("storcli2")
        self.same(self.ask("/c0", "add", "vd", "r0", "drives=252:30", "J"), real(True, "/c/v delete") +
                  real(True, "/c add vd r0 drives=E:S wt nora"))

    def test_the_old_words_for_a_syntax_error_are_text(self):
        self.host("storcli2")
        said = self.ask("/c0/v239", "set", "rdcache=ra", "wrcache=wt", "J")
        self.assertRegex(said, r"(?m)^Status = Failure$")
        self.assertIn("syntax error, unexpected TOKEN_", said)


if __name__ == "__main__":
    unittest.main()
