"""How storcli2 (CLI 008) and perccli2 tell of a controller: lists of objects, State and Status apart, other units."""
from . import hardware, older
from .hardware import human, in_sectors, sector_text
from .vocabulary import NEWER, filled

VERSION = "008.0005.0000.0010 Feb 22, 2023"

# The older tools' State: State and Status.
STATES = {"UGood": ("UConf", "Good"), "Onln": ("Conf", "Online"), "Offln": ("Conf", "Offline"), "JBOD": ("JBOD", "Online"),
          "GHS": ("GHS", "Good"), "DHS": ("DHS", "Good"), "Failed": ("Conf", "Failed"), "Rbld": ("Conf", "Rebuild"),
          "UBad": ("Unusbl", "Bad"), "Msng": ("Conf", "Missing")}


def pd_row(drive):
    state, status = STATES[drive["state"]]
    return {"EID:Slt": older.eid_slot(drive), "PID": drive["did"], "State": state, "Status": status, "DG": drive["group"],
            "Size": human(hardware.coerced(drive) * drive["sectorSize"], True), "Intf": drive["interface"],
            "Med": drive["media"], "SED_Type": "-", "SeSz": sector_text(drive, True), "Model": drive["model"].ljust(16),
            "Sp": drive["spun"], "LU/NS Count": 1, "Alt-EID": "-"}


def unit_row(drive):
    return {"PID": drive["did"], "LUN/NSID": "0/-", "Status": STATES[drive["state"]][1],
            "Size": human(hardware.coerced(drive) * drive["sectorSize"], True)}


def cache_text(volume):
    return f"{volume['cache']['read']},{volume['cache']['write']}"


def vd_row(volume):
    return {"DG/VD": f"{volume['group']}/{volume['id']}", "TYPE": older.level_text(volume), "State": volume["state"],
            "Access": "RW", "CurrentCache": cache_text(volume), "DefaultCache": cache_text(volume),
            "Size": human(volume["blocks"] * volume["blockSize"], True), "Name": volume["name"]}


def topology(controller):
    rows = []
    for row in older.topology(controller):
        is_drive = row["Type"] == "DRIVE"
        state, status = STATES[row["State"]] if is_drive else ("-", "-")
        rows.append({"DG": row["DG"], "Span": row["Arr"], "Row": row["Row"], "EID:Slot": row["EID:Slot"], "PID": row["DID"],
                     "Type": row["Type"], "State": state, "Status": status, "BT": "N",
                     "Size": row["Size"].replace("B", "iB"), "PDC": "dflt", "Secured": "N", "FSpace": row["FSpace"]})
    return rows


def enclosures(controller):
    return [{"EID": row["EID"], "State": "OK", "DeviceType": "Logical Enclosure", "Slots": row["Slots"], "PD": row["PD"],
             "Partner-EID": "-", "Multipath": "No", "PS": 0, "Fans": 0, "TSs": 0, "Alms": 0, "SIM": 0,
             "ProdID": "FAKESES".ljust(16)} for row in older.enclosures(controller)]


def lists(controller):
    drives = older.present(controller)
    data = {}
    if controller["volumes"]:
        data |= {"Drive Groups": len({v["group"] for v in controller["volumes"]}), "TOPOLOGY": topology(controller),
                 "Virtual Drives": len(controller["volumes"]), "VD LIST": [vd_row(v) for v in controller["volumes"]]}
    rows = enclosures(controller)
    return data | {"Physical Drives": len(drives), "PD LIST": [pd_row(d) for d in drives],
                   "LU/NS LIST": [unit_row(d) for d in drives], "Enclosures": len(rows), "Enclosure List": rows,
                   "Energy Pack Info": [{"Type": "Supercap", "SubType": "FAKE", "Voltage(mV)": 9000, "Temperature(C)": 30,
                                         "Status": "Optimal"}]}


def known(number, controller):
    failed = sum(d["state"] == "Failed" for d in controller["drives"])
    return {
        "Basics": {"Product Name": controller["model"], "Board Name": controller["model"].ljust(32),
                   "SAS Address": "0x500f00d000000000", "Serial Number": controller["serial"].ljust(32),
                   "Custom Serial Number": " " * 32},
        "Version": {"Package Version": controller["firmware"], "Firmware Version": controller["firmware"],
                    "Driver Name": "mpi3mr", "Driver Version": "8.0"},
        "HostInterface": {"PCI Address": f"00:{number + 3:02x}:00:0"},
        "Status": {"Controller Status": "Needs Attention" if controller["attention"] else "Optimal",
                   "VD Count": len(controller["volumes"]),
                   "VD Degraded Count": sum(v["state"] in ("Dgrd", "Pdgd") for v in controller["volumes"]),
                   "VD Offline Count": sum(v["state"] == "OfLn" for v in controller["volumes"]),
                   "PD Count": len(controller["drives"]), "PD Drive Count": len(controller["drives"]),
                   "Failed PD Drive Count": failed, "Preserved Cache Present": "Yes" if controller["preserved"] else "No",
                   "Controller Personality": controller["personality"]},
        "Capabilities": {"Supported Drive Interfaces": "SAS, SATA, NVMe",
                         "Supported RAID Levels": ", ".join(f"RAID{level}" for level in controller["levels"])},
        "Max. Supported Config": {"Max Number of VDs": 240, "Max PD Per Array": 32, "Max Spans Per VD": 8},
    }


def show_all(number, controller):
    facts = known(number, controller)
    return {section: filled(words, **facts.get(section, {})) for section, words in NEWER.items()} | lists(controller)


def show(number, controller):
    facts = known(number, controller)
    flat = facts["Basics"] | facts["Version"] | {"Controller Personality": controller["personality"]}
    del flat["Custom Serial Number"]
    return flat | {"PCI Slot Number": 3} | lists(controller)


def detail(drive):
    raw = in_sectors(drive, drive["sectors"], True)
    usable = in_sectors(drive, hardware.coerced(drive), True)
    sizes = {"Logical Sector Size": sector_text(drive, True), "Physical Sector Size": "4 KiB", "Raw size": raw,
             "Coerced size": usable}
    data = {"Shield Counter": 0, "Temperature(C)": 30, "Serial Number": drive["serial"], "Vendor": drive["vendor"].ljust(8),
            "Model": drive["model"].ljust(16), "WWN": drive["wwn"], "Firmware Revision Level": "F1", **sizes,
            "Capable Speed": "12.0Gb/s", "Capable Link Width": "x1", "Negotiated Link Width": "x1", "Sequence Number": 2,
            "Commissioned Spare": "No", "Emergency Spare": "No",
            "Successful Shield Diagnostics completed on(Localtime yyyy/mm/dd hh:mm:sec)": "NA", "SED Capable": "No",
            "ISE Capable": "No", "T10 Power Mode": "No", "Needs EKM Attention": "No", "Secured By EKM": "No",
            "Certified": "Yes", "Supported Data Format": "None", "Device port count": 1}
    if drive["group"] not in ("-", "F"):
        data["Drive position"] = f"DriveGroup:{drive['group']}, Span:0, Row:0"
    data["Path Information"] = [{"SASAddress": "0x" + drive["wwn"].lower(), "DevicePID": drive["did"], "Path": "Primary",
                                 "Negotiated Speed": "12.0Gb/s", "Num Phys/Lanes used": 1}]
    data["LU/NS Properties"] = {"Media Error Count": 0, "Other Error Count": 0, "Predictive Failure Count": 0,
                                "Last Predictive Failure Event Sequence Number": 0, **sizes,
                                "FW managed drive security": "No", "Secured": "No", "Locked": "No", "PI Formatted": "No",
                                "PI type": "No PI", "Number of bytes of user data in LBA": "512B",
                                "Current Write Cache": "Off", "Default Write Cache": "On", "Write Cache Changeable": "Yes"}
    data["Inquiry Data"] = older.HEXES
    return data


def drives_in_detail(_number, _controller, drives):
    return {"Drives List": [{"Drive Information": pd_row(d), "LU/NS Information": [unit_row(d)],
                             "Drive Detailed Information": detail(d)} for d in drives]}


def drives_in_rows(_number, _controller, drives):
    return {"Drives List": [{"Drive Information": pd_row(d), "LU/NS Information": [unit_row(d)]} for d in drives]}


def volumes_in_rows(_controller, volumes):
    return {"Virtual Drives": [{"VD Info": vd_row(v)} for v in volumes]}


def volumes_in_detail(_number, controller, volumes):
    found = []
    for volume in volumes:
        properties = {"Strip Size": f"{volume['strip']} KiB", "Block Size": volume["blockSize"],
                      "Number of Blocks": volume["blocks"], "VD has Emulated PD": "Yes", "Span Depth": volume["spans"],
                      "Number of Drives": len(volume["drives"]),
                      "Drive Write Cache Policy": {"Default": "Default", "On": "Enabled", "Off": "Disabled"}[volume["pdcache"]],
                      "Default Power Save Policy": "Default", "Current Power Save Policy": "Default",
                      "Access Policy Status": "VD has desired access", "Auto BGI": "On", "Secured": "No",
                      "Init State": "Full Init" if volume["task"] else "No Init", "Consistent": "Yes", "Morphing": "No", "Cache Preserved": "No",
                      "Bad Block Exists": "No", "VD Ready for OS Requests": "Yes",
                      "Reached LD BBM failure threshold": "No", "Supported Erase Types": "Simple, Normal, Thorough",
                      "Exposed to OS": "Yes", "Creation Time(LocalTime yyyy/mm/dd hh:mm:sec)": "2026/01/02 03:04:05",
                      "Default Cachebypass Mode": "Cachebypass Not Performed For Any IOs",
                      "Current Cachebypass Mode": "Cachebypass Not Performed For Any IOs", "SCSI NAA Id": volume["naa"],
                      "LU/NS Count used per PD": 1, "Data Format for I/O": "None", "Serial Number": volume["naa"][::-1]}
        if volume["device"]:
            properties["OS Drive Name"] = volume["device"]
        found.append({"VD Info": vd_row(volume), "PDs": [pd_row(d) for d in older.members(controller, volume) if d],
                      "VD Properties": properties})
    return {"Virtual Drives": found}


def overview(controllers):
    data = {"Number of Controllers": len(controllers), "Host Name": "host", "Operating System ": "Linux6.1.0",
            "SL8 Library Version": "08.0000"}
    rows = [{"Ctrl": number, "Product Name": one["model"], "SASAddress": "0X500F00D000000000",
             "Personality": one["personality"], "Status": "Optimal", "PD(s)": len(older.present(one)),
             "VD(s)": len(one["volumes"]), "VNOpt": sum(v["state"] != "Optl" for v in one["volumes"]), "EPack": "Optimal",
             "SerialNumber": one["serial"].ljust(32)} for number, one in enumerate(controllers)]
    return data | ({"System Overview": rows} if rows else {})
