"""What a host's controllers hold, in a JSON file, and what can be done to them. Knows no tool's words but states.

The file: {"grammar": "storcli"|"perccli"|"storcli2"|"perccli2", "controllers": [...], "faults": [...], "calls": [...]}.
new_host(), new_controller() and new_drive() say what belongs in it.
"""
import fcntl
import json
import math
import os

SECTOR = 512
TO_COERCE = 2048 * 500  # sectors that the controller keeps to itself


def new_drive(enclosure=252, slot=0, **more):
    """`state` in the words of the older tools; `group` a number, "-", or "F" of a foreign one."""
    number = (enclosure or 0) * 100 + slot
    return {"enclosure": enclosure, "slot": slot, "did": 10 + slot, "serial": f"FAKE{number:08d}",
            "wwn": f"5000F00D{number:08X}", "vendor": "FAKE", "model": "FAKEDISK-1", "media": "HDD", "interface": "SAS",
            "sectors": 1953525168, "sectorSize": SECTOR, "state": "UGood", "group": "-", "spun": "U", "spareOf": [],
            "locate": False, "rebuild": None, **more}


def new_controller(**more):
    """`naas`: NAA ids that its volumes get, the first that is free; beyond them they are drawn."""
    return {"model": "FakeRAID 9000-8i", "serial": "FK00000001", "firmware": "50.1.0-0001", "driver": "megaraid_sas",
            "personality": "RAID", "levels": [0, 1, 5, 6, 10, 50, 60], "strips": [64, 1024], "ids": "down", "jbod": False,
            "preserved": [], "foreignIncomplete": False, "attention": False, "bootdrive": None, "drives": [],
            "volumes": [], "naas": [], **more}


def new_host(grammar="storcli", drives=4, controllers=None):
    if controllers is None:
        controllers = [new_controller(drives=[new_drive(slot=slot) for slot in range(drives)])]
    return {"grammar": grammar, "controllers": controllers, "faults": [], "calls": []}


class Refused(Exception):
    """A command that fails: the description, and the rows of its detailed status."""

    def __init__(self, description, code=0, text="-", **target):
        super().__init__(description)
        self.description, self.code, self.text, self.target = description, code, text, target


class Host:
    """The file, locked while one command is at work on it."""

    def __init__(self, path):
        self.path = path
        self.file = open(path, "r+", encoding="utf-8")
        fcntl.flock(self.file, fcntl.LOCK_EX)
        self.state = json.load(self.file)
        self.controllers = self.state["controllers"]

    def save(self):
        text = json.dumps(self.state, indent=1)
        self.file.seek(0)
        self.file.write(text)
        self.file.truncate()
        self.file.flush()

    def close(self):
        self.file.close()


def drive_at(controller, place):
    """The drive at (enclosure or None, slot); None when the slot is empty."""
    for drive in controller["drives"]:
        if (drive["enclosure"], drive["slot"]) == place and drive["state"] != "Msng":
            return drive
    return None


def volume_with(controller, number):
    return next((v for v in controller["volumes"] if v["id"] == number), None)


def coerced(drive):
    return max(drive["sectors"] - TO_COERCE * SECTOR // drive["sectorSize"], 0)


def capacity(level, count, spans, each):
    """Bytes of a volume of `count` drives that give `each` bytes."""
    per_span = count // spans
    data = {0: per_span, 1: 1, 5: per_span - 1, 6: per_span - 2, 10: per_span // 2, 50: per_span - 1, 60: per_span - 2}
    return data[level] * each * spans


FEWEST = {0: 1, 1: 2, 5: 3, 6: 3, 10: 2, 50: 3, 60: 3}  # in each span


def free_id(controller):
    taken = {v["id"] for v in controller["volumes"]} | set(controller["preserved"])
    order = range(239, -1, -1) if controller["ids"] == "down" else range(1, 241)
    return next(number for number in order if number not in taken)


def free_naa(controller):
    taken = {v["naa"] for v in controller["volumes"]}
    free = [naa for naa in controller.get("naas", []) if naa not in taken]
    return free[0] if free else "6" + os.urandom(16).hex()[:31]


def free_group(controller):
    taken = {v["group"] for v in controller["volumes"]}
    return next(number for number in range(240) if number not in taken)


def add_volume(controller, level, places, per_span=None, size=None, name="", strip=None, cache=None, pdcache="Default"):
    """Makes a volume over drives; refuses as the firmware does. Returns it."""
    if controller["preserved"]:
        raise Refused("Add VD Failed", 84, "controller has data in cache for offline or missing virtual disks", VD="0 KB")
    if level not in controller["levels"]:
        raise Refused("Add VD Failed", 255, "raid level not supported", VD="0 KB")
    drives = []
    for place in places:
        drive = drive_at(controller, place)
        if drive is None:
            raise Refused("device does not exist")
        if drive["group"] == "F" or drive["state"] != "UGood" or drive["group"] != "-":
            raise Refused("resources already in use")
        if drive["spun"] != "U":
            raise Refused("physical disk does not have appropriate attributes")
        drives.append(drive)
    if level >= 10 and not per_span:
        raise Refused("syntax error, PDperArray is needed")
    per_span = per_span if level >= 10 else len(drives)
    spans = len(drives) // per_span if per_span else 0
    if not spans or spans * per_span != len(drives) or per_span < FEWEST[level] or (level == 10 and per_span % 2):
        raise Refused("Add VD Failed", 143, "drive count is invalid for the raid level", VD="0 KB")
    strip = strip or max(controller["strips"][0], min(256, controller["strips"][1]))
    if strip & (strip - 1) or not controller["strips"][0] <= strip <= controller["strips"][1]:
        raise Refused("Add VD Failed", 255, "invalid strip size", VD="0 KB")
    each = min(coerced(drive) * drive["sectorSize"] for drive in drives)
    bytes_ = capacity(level, len(drives), spans, each)
    if size:
        if size > bytes_:
            raise Refused("Add VD Failed", 255, "no space", VD="0 KB")
        bytes_ = size
    group = free_group(controller)
    sector = drives[0]["sectorSize"]
    volume = {"id": free_id(controller), "group": group, "level": level, "state": "Optl", "name": name[:15],
              "blocks": bytes_ // sector, "blockSize": sector, "strip": strip, "spans": spans, "perSpan": per_span,
              "cache": {"read": "R", "write": "WB", "io": "D", **(cache or {})}, "pdcache": pdcache,
              "naa": free_naa(controller), "device": None, "drives": [list(place) for place in places],
              "holds": False, "init": None, "task": None}
    for drive in drives:
        drive["state"], drive["group"] = "Onln", group
    controller["volumes"].append(volume)
    return volume


def delete_volume(controller, volume, force=False):
    if volume["holds"] and not force:
        raise Refused("Delete VD failed", 255, "VD has OS/FS, use 'force' option", VD=volume["id"])
    for place in volume["drives"]:
        drive = drive_at(controller, tuple(place))
        if drive is not None and drive["state"] in ("Onln", "Rbld", "Offln"):
            drive["state"], drive["group"] = "UGood", "-"
    controller["drives"] = [d for d in controller["drives"] if d["state"] != "Msng" or d["group"] != volume["group"]]
    controller["volumes"].remove(volume)


def spares_step_in(controller):
    """As the firmware does it by itself: a spare takes the place of a drive that a volume lacks, and is rebuilt."""
    for volume in controller["volumes"]:
        for at, place in enumerate(volume["drives"]):
            old = drive_at(controller, tuple(place))
            if volume["level"] == 0 or (old is not None and old["state"] not in ("Offln", "Failed")):
                continue
            spare = next((d for d in controller["drives"] if d["state"] == "GHS" or
                          (d["state"] == "DHS" and volume["group"] in d["spareOf"])), None)
            if spare is None:
                continue
            if old is not None:
                old["state"], old["group"] = "UBad", "-"
            controller["drives"] = [d for d in controller["drives"]
                                    if d["state"] != "Msng" or (d["enclosure"], d["slot"]) != tuple(place)]
            spare |= {"state": "Rbld", "group": volume["group"], "spareOf": [], "rebuild": 0}
            volume["drives"][at] = [spare["enclosure"], spare["slot"]]


def finish_rebuild(controller):
    for drive in controller["drives"]:
        if drive["state"] == "Rbld":
            drive |= {"state": "Onln", "rebuild": None}
    for volume in controller["volumes"]:
        if all((drive := drive_at(controller, tuple(place))) and drive["state"] == "Onln" for place in volume["drives"]):
            volume["state"] = "Optl"


def lose_drive(controller, place):
    """A drive of a volume is pulled: its slot is empty, its volume is no longer whole."""
    drive = drive_at(controller, place)
    drive["state"] = "Msng"
    for volume in controller["volumes"]:
        if list(place) in volume["drives"]:
            volume["state"] = "OfLn" if volume["level"] == 0 else "Dgrd"
    spares_step_in(controller)


def delete_foreign(controller):
    for drive in controller["drives"]:
        if drive["group"] == "F":
            drive["group"] = "-"
    controller["foreignIncomplete"] = False


def human(amount, binary=False):
    """931.000 GB, 16.370 TB; 9.094 TiB in the words of the newer tools."""
    if amount <= 0:
        return "0 KiB" if binary else "0 KB"
    step = min(max(int(math.log(amount, 1024)), 1), 4)
    return f"{amount / 1024 ** step:.3f} {'KMGT'[step - 1]}{'iB' if binary else 'B'}"


def in_sectors(drive, sectors, binary=False):
    return f"{human(sectors * drive['sectorSize'], binary)} [{sectors:#x} Sectors]"


def sector_text(drive, binary=False):
    return "512B" if drive["sectorSize"] == SECTOR else "4 KiB" if binary else "4 KB"
