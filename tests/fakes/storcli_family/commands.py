"""A command line of the family: what it is about, what it does to the hardware, and the answer with its exit status."""
import json
import re

from . import hardware, newer, older
from .hardware import Refused

OPERATING_SYSTEM = "Linux 6.1.0"
TARGET = re.compile(r"/c(?P<c>\d+|all)(?:/e(?P<e>\d+|all))?(?:/s(?P<s>\d+(?:[-,]\d+)*|all)|/v(?P<v>\d+|all)|/f(?P<f>\d+|all))?$")


class Syntax(Exception):
    """Told as text, whether or not JSON was asked for."""


class Asked:
    """`where` holds c, e, s, v, f as in the target, each a text or None; none of it for the host."""

    def __init__(self, where, words, json):
        self.where, self.words, self.json = where, words, json


def understand(arguments):
    words = [word.lower() if not word.startswith(("name=", "drives=")) else word for word in arguments]
    is_json = "j" in words
    words = [word for word in words if word not in ("j", "nolog")]
    path = ""
    while words and words[0].startswith("/"):
        path += words.pop(0)
    if not path:
        return Asked({}, words, is_json)
    match = TARGET.match(path)
    if not match:
        raise Syntax("syntax error, unexpected TOKEN_UNKNOWN")
    return Asked(match.groupdict(), words, is_json)


class Tool:
    def __init__(self, host):
        self.host = host
        self.grammar = host.state["grammar"]
        self.is_newer = self.grammar.endswith("2")
        self.speech = newer if self.is_newer else older

    # ---- the frame of an answer

    def status(self, controller, success, description="None", rows=()):
        status = {"CLI Version": self.speech.VERSION, "Operating system": OPERATING_SYSTEM}
        if controller is None:
            status["Status Code"] = 0
        else:
            status["Controller"] = str(controller) if self.is_newer else controller
        status |= {"Status": "Success" if success else "Failure", "Description": description}
        if rows:
            status["Detailed Status"] = list(rows)
        return status

    def part(self, controller, data=None, description="None", rows=(), success=True):
        part = {"Command Status": self.status(controller, success, description, rows)}
        return part if data is None else {**part, "Response Data": data}

    def failure(self, controller, refused):
        if not refused.code:
            return self.part(controller, None, refused.description, success=False), 255
        row = {**refused.target, "Status": "Failed"}
        if self.is_newer:
            row["ErrType"] = "CLI"
        row |= {"ErrCd": refused.code, "ErrMsg": refused.text}
        return self.part(controller, None, refused.description, [row], success=False), min(refused.code, 255)

    # ---- one command

    def run(self, asked):
        """The answer as a list of parts, and the exit status."""
        if not asked.where:
            return self.of_the_host(asked.words)
        wanted = asked.where["c"]
        if wanted == "all":
            numbers = range(len(self.host.controllers))
            if not numbers:
                return [{"Command Status": {"CLI Version": self.speech.VERSION, "Operating system": OPERATING_SYSTEM,
                                            "Status": "Success" if self.is_newer else "Failure",
                                            "Description": "No Controller found"}}], 0 if self.is_newer else 255
        else:
            numbers = [int(wanted)]
        parts, worst = [], 0
        for number in numbers:
            if number >= len(self.host.controllers):
                parts.append(self.part(number, None, f"Controller {number} not found", success=False))
                worst = 0 if self.is_newer else 255
                continue
            try:
                part, exit_status = self.of_a_controller(number, asked)
            except Refused as refused:
                part, exit_status = self.failure(number, refused)
            parts.append(part)
            worst = max(worst, exit_status)
        return parts, worst

    def of_the_host(self, words):
        if words[:1] != ["show"]:
            raise Syntax("syntax error, unexpected TOKEN_UNKNOWN")
        data = self.speech.overview(self.host.controllers)
        # storcli2 exits 6 after a success.
        return [self.part(None, data)], 6 if self.is_newer and self.host.controllers else 0

    def of_a_controller(self, number, asked):
        controller = self.host.controllers[number]
        where, words = asked.where, asked.words
        if where["v"] is not None or where["f"] is not None or words[:2] == ["add", "vd"]:
            if older.is_hba(controller):
                return self.part(number, None, "Un-supported command", success=False), 255
        if where["s"] is not None:
            return self.of_drives(number, controller, where, words)
        if where["v"] is not None:
            return self.of_volumes(number, controller, where["v"], words)
        if where["f"] is not None:
            return self.of_foreign(number, controller, words)
        if where["e"] is not None:
            return self.part(number, {"Properties": older.enclosures(controller)}), 0
        return self.of_itself(number, controller, words)

    # ---- the controller itself

    def of_itself(self, number, controller, words):
        if words[:2] == ["add", "vd"]:
            return self.add(number, controller, words[2:])
        if words == ["show", "personality"] and not self.is_newer:
            rows = [{"Ctrl_Prop": "Current Personality", "Value": controller["personality"] + " "},
                    {"Ctrl_Prop": "Behavior mode", "Value": "NONE"}]
            return self.part(number, {"Controller Properties": rows}), 0
        if words == ["show", "bootdrive"] and not self.is_newer:
            value = "No Boot Drive" if controller["bootdrive"] is None else f"VD:{controller['bootdrive']}"
            return self.part(number, {"Controller Properties": [{"Ctrl_Prop": "BootDrive", "Value": value}]}), 0
        if words[:1] == ["show"] and words[1:] in ([], ["all"]):
            data = (self.speech.show_all if words[1:] else self.speech.show)(number, controller)
            if controller["foreignIncomplete"]:
                row = {"Ctrl": number, "Status": "Failed", "ErrCd": 59, "ErrMsg": "Incomplete foreign configuration"}
                return self.part(number, data, rows=[row], success=False), 59
            return self.part(number, data), 0
        if words[:1] == ["set"] and len(words) > 1 and not self.is_newer:
            key, _, value = words[1].partition("=")
            if key == "personality" and value in ("raid", "hba", "jbod"):
                controller["personality"] = value.upper()
                return self.part(number, {"Controller Properties": [{"Ctrl_Prop": "Personality", "Value": value.upper()}]}), 0
            if key == "jbod" and value in ("on", "off"):
                controller["jbod"] = value == "on"
                return self.part(number, {"Controller Properties": [{"Ctrl_Prop": "JBOD", "Value": value.upper()}]}), 0
        raise Syntax("syntax error, unexpected TOKEN_UNKNOWN")

    def add(self, number, controller, words):
        options = wishes(words, self.is_newer)
        volume = hardware.add_volume(controller, **options)
        if self.is_newer:
            row = {"VDID": volume["id"], "VDSize": hardware.human(volume["blocks"] * volume["blockSize"], True),
                   "Status": "Success", "ErrType": "-", "ErrCd": "-", "Msg": "-"}
            return self.part(number, {"VD Information": [row]}, "Add VD succeeded."), 0
        return self.part(number, None, "Add VD Succeeded."), 0

    # ---- drives

    def of_drives(self, number, controller, where, words):
        drives = self.chosen(number, controller, where)
        if words[:1] == ["show"]:
            return self.show_drives(number, controller, drives, words[1:])
        act = " ".join(words)
        for drive in drives:
            self.change_drive(controller, drive, act)
        names = {"start locate": "Start PD Locate" if self.is_newer else "Start Drive Locate",
                 "stop locate": "Stop PD Locate" if self.is_newer else "Stop Drive Locate"}
        return self.part(number, None, f"{names.get(act, act.title())} Succeeded."), 0

    def chosen(self, number, controller, where):
        enclosure, slots = where["e"], where["s"]
        drives = [d for d in older.present(controller)
                  if (d["enclosure"] is None if enclosure is None else
                      d["enclosure"] is not None if enclosure == "all" else d["enclosure"] == int(enclosure))]
        if slots != "all":
            drives = [d for d in drives if d["slot"] in slots_in(slots)]
        if not drives:
            raise Refused("None", 255, "Drives not found", Drive=f"/c{number}{'/e' + enclosure if enclosure else ''}/s{slots}")
        return drives

    def show_drives(self, number, controller, drives, words):
        if words in ([], ["all"]):
            show = self.speech.drives_in_detail if words else self.speech.drives_in_rows
            return self.part(number, show(number, controller, drives), "Show Drive Information Succeeded."), 0
        if words[0] in ("rebuild", "initialization", "erase", "copyback") and not (self.is_newer and words[0] == "initialization"):
            rows = [self.progress(number, drive, words[0]) for drive in drives]
            return self.part(number, rows, f"Show Drive {words[0].title()} Status Succeeded."), 0
        raise Syntax("syntax error, unexpected TOKEN_UNKNOWN, expecting $end")

    def progress(self, number, drive, what):
        percent = drive["rebuild"] if what == "rebuild" and drive["rebuild"] is not None else "-"
        name = ({"EID:Slt": older.eid_slot(drive), "PID": drive["did"]} if self.is_newer
                else {"Drive-ID": older.selector(number, drive)})
        return {**name, "Progress%": percent, "Status": "Not in progress" if percent == "-" else "In progress",
                "Estimated Time Left": "-"}

    def change_drive(self, controller, drive, act):
        free = drive["state"] == "UGood" and drive["group"] == "-"
        good = "set uconf" if self.is_newer else "set good"
        if act.startswith((good, "del jbod", "delete jbod")) and drive["state"] in ("JBOD", "UBad"):
            if drive.get("holds") and not act.endswith("force"):
                raise Refused(act.title() + " Failed.", 255, "Drive has OS/FS, use 'force' option", Drive=older.eid_slot(drive))
            drive["state"] = "UGood"
        elif act == "set jbod" and free:
            drive["state"] = "JBOD"
        elif act.endswith(" locate"):
            drive["locate"] = act == "start locate"
        elif act.startswith("add hotsparedrive") and free:
            groups = re.search(r"dgs=([\d,]+)", act)
            drive["state"] = "DHS" if groups else "GHS"
            drive["spareOf"] = [int(group) for group in groups.group(1).split(",")] if groups else []
            hardware.spares_step_in(controller)
        elif act == "delete hotsparedrive" and drive["state"] in ("GHS", "DHS"):
            drive["state"], drive["spareOf"] = "UGood", []
        elif act == "set offline" and drive["state"] == "Onln":
            drive["state"] = "Offln"
            for volume in controller["volumes"]:
                if [drive["enclosure"], drive["slot"]] in volume["drives"]:
                    volume["state"] = "OfLn" if volume["level"] == 0 else "Dgrd"
            hardware.spares_step_in(controller)
        elif act == "set online" and drive["state"] == "Offln":
            drive["state"] = "Onln"
        else:
            raise Refused(act.title() + " Failed.", 50, "device state doesn't support requested command",
                          Drive=older.eid_slot(drive))

    # ---- volumes

    def of_volumes(self, number, controller, which, words):
        if which == "all":
            volumes = list(controller["volumes"])
        else:
            volume = hardware.volume_with(controller, int(which))
            if words[:2] == ["delete", "preservedcache"] and int(which) in controller["preserved"]:
                controller["preserved"].remove(int(which))
                return self.part(number, None, "Virtual Drive preserved Cache Data Cleared."), 0
            if volume is None:
                refused = Refused("Delete VD failed" if words[0].startswith("del") else "None", 255, "Invalid VD number",
                                  VD=int(which))
                part, exit_status = self.failure(number, refused)
                if self.is_newer and words[0] == "show":
                    part["Response Data"] = {"Virtual Drives": []}
                return part, 0 if self.is_newer else exit_status
            volumes = [volume]
        if not volumes:
            return self.part(number, None, "No VDs have been configured"), 0
        if words[:1] == ["show"] and words[1:] in ([], ["all"]):
            data = (self.speech.volumes_in_detail(number, controller, volumes) if words[1:]
                    else self.speech.volumes_in_rows(controller, volumes))
            return self.part(number, data), 0
        if words[0] == "show" and words[1:] in (["init"], ["bgi"], ["cc"]):
            return self.show_operation(number, controller, volumes, words[1].upper())
        if words[0] in ("del", "delete"):
            for volume in volumes:
                hardware.delete_volume(controller, volume, "force" in words)
            return self.part(number, None, "Delete VD succeeded"), 0
        if words[:2] == ["start", "init"]:
            return self.start_init(number, volumes, words)
        if words[:1] == ["set"]:
            return self.set_volumes(number, controller, volumes, words[1:])
        raise Syntax("syntax error, unexpected TOKEN_UNKNOWN, expecting $end")

    def start_init(self, number, volumes, words):
        for volume in volumes:
            if volume["holds"] and "force" not in words:
                raise Refused("None", 255, "VD has OS/FS, use 'force' option", VD=volume["id"], Operation="INIT")
            volume["holds"], volume["init"] = False, "full" if "full" in words else "fast"
            volume["task"] = {"operation": "INIT", "percent": 0}
        return self.part(number, None, "Start INIT Operation Success"), 0

    def show_operation(self, number, controller, volumes, what):
        """How far it is; it comes on by `taskStep` percent with each time that somebody asks."""
        rows = []
        for volume in volumes:
            task = volume["task"] if volume["task"] and volume["task"]["operation"] == what else None
            rows.append({"VD": volume["id"], "Operation": what, "Progress%": task["percent"] if task else "-",
                         "Status": "In progress" if task else "Not in progress",
                         "Estimated Time Left": f"{100 - task['percent']} Seconds" if task else "-"})
            if task:
                task["percent"] += controller.get("taskStep", 50)
                volume["task"] = task if task["percent"] < 100 else None
        return self.part(number, {"VD Operation Status": rows}), 0

    def set_volumes(self, number, controller, volumes, settings):
        if self.is_newer and len(settings) != 1:
            raise Syntax("syntax error, unexpected TOKEN_WRITE_CACHE, expecting $end")
        rows = []
        for volume in volumes:
            for setting in settings:
                key, _, value = setting.partition("=")
                if key == "rdcache" and value in ("ra", "nora"):
                    volume["cache"]["read"] = "R" if value == "ra" else "NR"
                elif key == "wrcache" and value in ("wt", "wb", "awb"):
                    volume["cache"]["write"] = value.upper()
                elif key == "iopolicy" and value in ("direct", "cached") and not self.is_newer:
                    volume["cache"]["io"] = value[0].upper()
                elif key == "pdcache" and value in ("on", "off", "default"):
                    volume["pdcache"] = value.title()
                elif key == "name":
                    volume["name"] = value[:15]
                elif key == "bootdrive" and value in ("on", "off") and not self.is_newer:
                    controller["bootdrive"] = volume["id"] if value == "on" else None
                else:
                    raise Syntax("syntax error, unexpected TOKEN_UNKNOWN, expecting $end")
                rows.append({"VD": volume["id"], "Property": key, "Value": value, "Status": "Success", "ErrCd": 0, "ErrMsg": "-"})
        return self.part(number, None, rows=rows), 0

    # ---- foreign configurations

    def of_foreign(self, number, controller, words):
        foreign = [d for d in controller["drives"] if d["group"] == "F"]
        act = words[0] if words else ""
        if act == "show":
            totals = {"Total Foreign PDs": len(foreign), "Total Locked Foreign PDs": 0}
            if controller["foreignIncomplete"]:
                return self.part(number, totals, "Incomplete foreign configuration", success=False), 59
            if not foreign:
                return self.part(number, {"Total Foreign PDs": 0}, "Couldn't find any foreign Configuration"), 0
            rows = [{"DG": 0, "EID:Slot": "-", "Type": "Nytro1", "State": "Frgn", "Size": "0 KB", "NoVDs": 1}]
            return self.part(number, {"FOREIGN CONFIGURATION": rows, **totals}, "Operation on foreign configuration Succeeded"), 0
        if not foreign:
            return self.part(number, {"Total Foreign PDs": 0}, "Couldn't find any foreign Configuration"), 0
        if act in ("del", "delete"):
            hardware.delete_foreign(controller)
            return self.part(number, None, "Successfully deleted foreign configuration"), 0
        raise Syntax("syntax error, unexpected TOKEN_UNKNOWN, expecting $end")


def slots_in(text):
    slots = set()
    for piece in text.split(","):
        first, _, last = piece.partition("-")
        slots |= set(range(int(first), int(last or first) + 1))
    return slots


def places_in(text):
    """drives=252:0,3-5 or 252:0,252:1 or 24,25: (enclosure or None, slot), in order."""
    places, enclosure = [], None
    for piece in text.split(","):
        if ":" in piece:
            before, _, piece = piece.rpartition(":")
            enclosure = int(before)
        places += [(enclosure, slot) for slot in sorted(slots_in(piece))]
    return places


def bytes_in(text):
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kmgt]?)i?b", text)
    if not match:
        raise Syntax("syntax error, unexpected size")
    return int(float(match.group(1)) * 1024 ** ("kmgt".find(match.group(2) or "k") + 1))


def wishes(words, is_newer):
    """The arguments of hardware.add_volume() that follow `add vd`."""
    options = {"cache": {}, "places": []}
    for word in words:
        key, has_value, value = word.partition("=")
        key = key.lower()
        level = re.fullmatch(r"r(?:aid)?(\d+)", value if key == "type" and not is_newer else key if not has_value else "")
        if level:
            options["level"] = int(level.group(1))
        elif key == "drives":
            options["places"] = places_in(value)
        elif key == "pdperarray":
            options["per_span"] = int(value)
        elif key == "size" and value not in ("all", "remaining"):
            options["size"] = bytes_in(value)
        elif key == "size":
            pass
        elif key == "name":
            options["name"] = value
        elif key == "strip":
            options["strip"] = int(value)
        elif key == "pdcache" and value in ("on", "off", "default"):
            options["pdcache"] = value.title()
        elif key in ("wt", "wb", "awb"):
            options["cache"]["write"] = key.upper()
        elif key in ("ra", "nora"):
            options["cache"]["read"] = "R" if key == "ra" else "NR"
        elif key in ("direct", "cached") and not is_newer:
            options["cache"]["io"] = key[0].upper()
        elif key != "force":
            raise Syntax("syntax error, unexpected TOKEN_UNKNOWN")
    if "level" not in options or not options["places"]:
        raise Syntax("syntax error, unexpected $end")
    return options


def as_text(speech, parts):
    """The head of a text answer; its tables are left out."""
    lines = []
    for part in parts:
        status = part["Command Status"]
        lines += [f"CLI Version = {speech.VERSION}", f"Operating system = {OPERATING_SYSTEM}"]
        lines += [f"{key} = {status[key]}" for key in ("Controller", "Status", "Description") if key in status]
        rows = status.get("Detailed Status", [])
        if rows:
            lines += ["", "Detailed Status :", "===============", "", " ".join(rows[0])]
            lines += [" ".join(str(value) for value in row.values()) for row in rows]
        lines.append("")
    return "\n".join(lines) + "\n"


def as_json(parts):
    return json.dumps({"Controllers": parts}, indent=1) + "\n"
