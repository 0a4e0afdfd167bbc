"""How storcli (CLI 007) and perccli tell of a controller: flat keys that name what they are about."""
from . import hardware
from .hardware import human, in_sectors, sector_text
from .vocabulary import HBA, OLDER, filled

VERSION = "007.1616.0000.0000 Dec 24, 2020"
HEXES = "46 41 4b 45 20 "


def is_hba(controller):
    return controller["driver"].startswith("mpt")


def eid_slot(drive):
    return f"{' ' if drive['enclosure'] is None else drive['enclosure']}:{drive['slot']}"


def selector(number, drive):
    enclosure = "" if drive["enclosure"] is None else f"/e{drive['enclosure']}"
    return f"/c{number}{enclosure}/s{drive['slot']}"


def present(controller):
    return [drive for drive in controller["drives"] if drive["state"] != "Msng"]


def pd_row(controller, drive):
    plain = is_hba(controller)
    row = {"EID:Slt": eid_slot(drive), "DID": drive["did"], "State": drive["state"], "DG": drive["group"],
           "Size": human(hardware.coerced(drive) * drive["sectorSize"]), "Intf": drive["interface"], "Med": drive["media"],
           "SED": "-" if plain else "N", "PI": "-" if plain else "N", "SeSz": sector_text(drive),
           "Model": drive["model"].ljust(16), "Sp": "-" if plain else drive["spun"]}
    return row if plain else {**row, "Type": "-"}


def level_text(volume):
    return f"RAID{volume['level']}"


def cache_text(volume):
    cache = volume["cache"]
    return cache["read"] + cache["write"] + cache["io"]


def vd_row(volume):
    return {"DG/VD": f"{volume['group']}/{volume['id']}", "TYPE": level_text(volume), "State": volume["state"],
            "Access": "RW", "Consist": "No" if volume["init"] is None and volume["level"] in (5, 6, 50, 60) else "Yes",
            "Cache": cache_text(volume), "Cac": "-", "sCC": "ON", "Size": human(volume["blocks"] * volume["blockSize"]),
            "Name": volume["name"]}


def operation_text(volume):
    names = {"INIT": "Initialization", "BGI": "Background Initialization", "CC": "Consistency Check"}
    task = volume["task"]
    return f"{names[task['operation']]} ({task['percent']}%)" if task else "None"


def members(controller, volume):
    """The volume's drives in order; one that was lost is None."""
    return [hardware.drive_at(controller, tuple(place)) for place in volume["drives"]]


def topology(controller):
    rows = []
    for volume in controller["volumes"]:
        size = human(volume["blocks"] * volume["blockSize"])
        common = {"BT": "N", "PDC": "dflt", "PI": "N", "SED": "N", "DS3": "dflt", "FSpace": "N", "TR": "N"}

        def row(span, number, place, did, kind, state, size, volume=volume, common=common):
            head = {"DG": volume["group"], "Arr": span, "Row": number, "EID:Slot": place, "DID": did, "Type": kind,
                    "State": state, "BT": "N", "Size": size}
            return {**head, **common}

        rows.append(row("-", "-", "-", "-", level_text(volume), volume["state"], size))
        drives = members(controller, volume)
        for span in range(volume["spans"]):
            rows.append(row(span, "-", "-", "-", f"RAID{volume['level'] % 10 if volume['level'] != 10 else 1}",
                            volume["state"], size))
            for number in range(volume["perSpan"]):
                drive = drives[span * volume["perSpan"] + number]
                if drive is None:
                    rows.append({**row(span, number, "-", "-", "DRIVE", "Msng", size), "FSpace": "-"})
                else:
                    rows.append({**row(span, number, eid_slot(drive), drive["did"], "DRIVE", drive["state"],
                                       pd_row(controller, drive)["Size"]), "FSpace": "-"})
    return rows


def enclosures(controller):
    rows = []
    for number in sorted({d["enclosure"] for d in controller["drives"] if d["enclosure"] is not None}):
        row = {"EID": number, "State": "OK", "Slots": 24,
               "PD": sum(d["enclosure"] == number for d in present(controller)), "PS": 0, "Fans": 0, "TSs": 0, "Alms": 0,
               "SIM": 1, "Port#": "-", "ProdID": "FAKESES", "VendorSpecific": " "}
        if is_hba(controller):
            del row["Port#"]
        rows.append(row)
    return rows


def levels(controller):
    more = {1: "(2 or more drives)", 10: "(2 or more drives per span)"}
    return ", ".join(f"RAID{level}{more.get(level, '')}" for level in controller["levels"])


def strip_text(kib):
    return f"{kib} KB" if kib < 1024 else f"{kib / 1024:.3f} MB"


def known(number, controller):
    """Section by section, what is not the same everywhere."""
    status = {"Controller Status": "Needs Attention" if controller["attention"] else "OK" if is_hba(controller) else "Optimal",
              "Any Offline VD Cache Preserved": "Yes" if controller["preserved"] else "No"}
    return {
        "Basics": {"Controller": number, "Model": controller["model"], "Serial Number": controller["serial"],
                   "SAS Address": "500f00d000000000", "PCI Address": f"00:{number + 3:02x}:00:00"},
        "Version": {"Firmware Package Build": controller["firmware"], "Firmware Version": controller["firmware"],
                    "Driver Name": controller["driver"], "Driver Version": "07.0"},
        "Pending Images in Flash": {"Image name": "No pending images"},
        "Status": status,
        "Defaults": {"Strip Size": strip_text(controller["strips"][0]), "Write Policy": "WB", "Read Policy": "RA"},
        "Capabilities": {"Supported Drives": "SAS, SATA, NVMe", "RAID Level Supported": levels(controller),
                         "Enable JBOD": "Yes" if controller["jbod"] else "No", "Max Arms Per VD": 32, "Max Spans Per VD": 8,
                         "Max Number of VDs": 240, "Min Strip Size": strip_text(controller["strips"][0]),
                         "Max Strip Size": strip_text(controller["strips"][1])},
    }


def show_all(number, controller):
    facts = known(number, controller)
    words = HBA if is_hba(controller) else OLDER
    data = {}
    for section, listed in words.items():
        data[section] = filled(listed, **{k: v for k, v in facts.get(section, {}).items()
                                          if k in listed.replace("#", "").split("|")})
    data["Policies"] = {"Policies Table": [{"Policy": "Rebuild Rate", "Current": "30 %", "Default": "30%"}],
                        **data.get("Policies", {})}
    if is_hba(controller):
        data["Scheduled Tasks"] = "NA"
        data["Enclosure Information"] = enclosures(controller)
        data["Physical Device Information"] = drives_in_detail(number, controller, present(controller))
        return data
    data["Status"]["Current Personality"] = f"{controller['personality']}-Mode "
    return {**data, **lists(controller)}


def lists(controller):
    drives = present(controller)
    data = {}
    if controller["volumes"]:
        data["Drive Groups"] = len({v["group"] for v in controller["volumes"]})
        data["TOPOLOGY"] = topology(controller)
        data["Virtual Drives"] = len(controller["volumes"])
        data["VD LIST"] = [vd_row(volume) for volume in controller["volumes"]]
    data["Physical Drives"] = len(drives)
    data["PD LIST"] = [pd_row(controller, drive) for drive in drives]
    if rows := enclosures(controller):
        data["Enclosures"] = len(rows)
        data["Enclosure LIST"] = rows
    return data


def show(number, controller):
    """Without `all`: the facts flat, the lists as they are."""
    data = {"Product Name": controller["model"], "Serial Number": controller["serial"],
            "SAS Address": " 500f00d000000000", "PCI Address": f"00:{number + 3:02x}:00:00",
            "System Time": "01/02/2026 03:04:05", "FW Package Build": controller["firmware"], "BIOS Version": "1",
            "FW Version": controller["firmware"], "Driver Name": controller["driver"], "Driver Version": "07.0",
            "Vendor Id": 4096, "Device Id": 93, "SubVendor Id": 4096, "SubDevice Id": 1, "Bus Number": number + 3,
            "Device Number": 0, "Function Number": 0}
    if is_hba(controller):
        return {**data, "Physical Drives": len(present(controller)),
                "PD LIST": [pd_row(controller, drive) for drive in present(controller)], "Requested Boot Drive": "Not Set"}
    return {**data, "Current Personality": f"{controller['personality']}-Mode ", **lists(controller)}


def detail(number, controller, drive):
    name = f"Drive {selector(number, drive)}"
    plain = is_hba(controller)
    size = in_sectors(drive, drive["sectors"])
    usable = in_sectors(drive, drive["sectors"] if plain else hardware.coerced(drive))
    count = "N/A" if plain else 0
    state = {"Shield Counter": count, "Media Error Count": count, "Other Error Count": count,
             "Predictive Failure Count": count, "S.M.A.R.T alert flagged by drive": "N/A" if plain else "No"}
    attributes = {"SN": drive["serial"].rjust(20), "Manufacturer Id": drive["vendor"].ljust(8), "Model Number": drive["model"],
                  "NAND Vendor": "NA", "WWN": drive["wwn"], "Firmware Revision": "F1".ljust(8), "Raw size": size,
                  "Coerced size": usable, "Non Coerced size": size, "Device Speed": "12.0Gb/s", "Link Speed": "12.0Gb/s"}
    settings = {"Enclosure position": "1", "Connected Port Number": "0(path0) ", "Sequence Number": 2,
                "Commissioned Spare": "No", "Emergency Spare": "No",
                "Last Predictive Failure Event Sequence Number": count, "Successful diagnostics completion on": "N/A",
                "SED Capable": "No", "SED Enabled": "No", "Secured": "No", "Needs EKM Attention": "No", "PI Eligible": "No",
                "Certified": "No", "Wide Port Capable": "No"}
    ports = {"Port Information": [{"Port": 0, "Status": "Active", "Linkspeed": "12.0Gb/s",
                                   "SAS address": "0x" + drive["wwn"].lower()}]}
    if plain:
        attributes |= {"NCQ setting": "N/A", "Sector Size": sector_text(drive), "Config ID": "NA",
                       "Number of Blocks": drive["sectors"], "Connector Name": "C0"}
        settings |= {"Multipath": "No"}
    else:
        state["Drive Temperature"] = " 30C (86.00 F)"
        attributes |= {"Logical Sector Size": sector_text(drive), "Physical Sector Size": "4 KB", "Connector Name": "C0 "}
        settings |= {"Locked": "No"}
        if drive["group"] != "-" and drive["state"] in ("Onln", "Rbld", "Offln", "Failed"):
            settings["Drive position"] = f"DriveGroup:{drive['group']}, Span:0, Row:0"
    data = {f"{name} - Detailed Information": {f"{name} State": state, f"{name} Device attributes": attributes,
                                               f"{name} Policies/Settings": settings | ports, "Inquiry Data": HEXES}}
    if drive["state"] in ("GHS", "DHS"):
        dedicated = drive["state"] == "DHS"
        spare = {"Type": "Dedicated Hot Spare" if dedicated else "Global Hot Spare", "Enclosure Affinity": "No",
                 "Revertible": "Yes"}
        if dedicated:
            spare["Dedicated Array(s)"] = ", ".join(map(str, drive["spareOf"]))
        data[f"{name} Hot Spare Information"] = spare
    return data


def drives_in_detail(number, controller, drives):
    data = {}
    for drive in drives:
        data[f"Drive {selector(number, drive)}"] = [pd_row(controller, drive)]
        data |= detail(number, controller, drive)
    return data


def drives_in_rows(_number, controller, drives):
    return {"Drive Information": [pd_row(controller, drive) for drive in drives]}


def volumes_in_rows(_controller, volumes):
    return {"Virtual Drives": [vd_row(volume) for volume in volumes]}


def volumes_in_detail(number, controller, volumes):
    data = {}
    for volume in volumes:
        properties = {"Strip Size": strip_text(volume["strip"]), "Number of Blocks": volume["blocks"],
                      "VD has Emulated PD": "Yes", "Span Depth": volume["spans"],
                      "Number of Drives Per Span": volume["perSpan"],
                      "Write Cache(initial setting)": "WriteBack" if volume["cache"]["write"] != "WT" else "WriteThrough",
                      "Disk Cache Policy": {"Default": "Disk's Default", "On": "Enabled", "Off": "Disabled"}[volume["pdcache"]],
                      "Encryption": "None", "Data Protection": "None", "Active Operations": operation_text(volume), "Exposed to OS": "Yes",
                      "Creation Date": "01-02-2026", "Creation Time": "03:04:05 AM", "Emulation type": "default",
                      "Cachebypass size": "Cachebypass-64k", "Cachebypass Mode": "Cachebypass Intelligent",
                      "Is LD Ready for OS Requests": "Yes", "SCSI NAA Id": volume["naa"]}
        if volume["device"]:
            properties["OS Drive Name"] = volume["device"]
        data[f"/c{number}/v{volume['id']}"] = [vd_row(volume)]
        data[f"PDs for VD {volume['id']}"] = [pd_row(controller, d) for d in members(controller, volume) if d]
        data[f"VD{volume['id']} Properties"] = properties
    return data


def overview(controllers):
    """The host: RAID controllers in one list, HBAs in another, neither where there is none."""
    raid, hba = [], []
    for number, one in enumerate(controllers):
        if is_hba(one):
            hba.append({"Ctl": number, "Model": one["model"], "AdapterType": "  FAKE3416(B0)", "VendId": 4096, "DevId": 172,
                        "SubVendId": 4096, "SubDevId": 1, "PCI Address": f"00:{number + 3:02x}:00:00"})
            continue
        raid.append({"Ctl": number, "Model": one["model"].replace(" ", ""), "Ports": 8, "PDs": len(present(one)),
                     "DGs": len({v["group"] for v in one["volumes"]}), "DNOpt": 0, "VDs": len(one["volumes"]),
                     "VNOpt": sum(v["state"] != "Optl" for v in one["volumes"]), "BBU": "Opt", "sPR": "On", "DS": "1&2",
                     "EHS": "Y", "ASOs": 3, "Hlth": "Opt"})
    data = {"Number of Controllers": len(controllers), "Host Name": "host", "Operating System ": "Linux 6.1.0"}
    return data | ({"System Overview": raid} if raid else {}) | ({"IT System Overview": hba} if hba else {})
