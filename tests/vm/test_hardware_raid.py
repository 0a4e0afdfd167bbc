"""Volumes of a hardware RAID controller, from `add vd` to a mounted file system. The tool is the emulator; the disks by which the
kernel shows its volumes are real SCSI disks, which come and go some time after the tool has answered, as a driver's do."""
import json
import os
import shlex
import subprocess
import tempfile
import unittest

from lab import agent
from lab.case import LabTest

HOST = "host-1"
TOOL = "/opt/MegaRAID/storcli/storcli64"
STATE = "/var/lib/metalwright/controller.json"
FAKES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../fakes")
NAAS = ["5000f00dcafe0001", "5000f00dcafe0002"]  # of QEMU's disks: LUN 0, LUN 1

# The driver is told of what is made and deleted, not of each question.
TOLD = "/var/lib/metalwright/told-the-driver"
WRAPPER = f"""#!/bin/sh
METALWRIGHT_STORCLI_STATE={STATE} /opt/emulator/storcli "$@"
ended=$?
case " $* " in *" add "* | *" del "*) echo "$*" >>{TOLD} ;; esac
# As a controller's own initialization does it: whatever was written to the volume by then is lost.
case " $* " in *" show init "* | *" start init "*)
    if flock -s {STATE} grep -q '"INIT"' {STATE}; then
        for disk in /dev/disk/by-id/wwn-0x*; do dd if=/dev/zero of="$disk" bs=1M count=64 conv=fsync 2>>/dev/null; done
    fi ;;
esac
exit $ended
"""
# The driver's part: shows the disks of the volumes that there are, and takes those of the others away.
DRIVER = f"""import fcntl, glob, json, os, time
naas = {NAAS!r}
host = os.path.basename(glob.glob("/sys/bus/virtio/drivers/virtio_scsi/virtio*/host*")[0])
seen = None
while True:
    told = os.path.getsize("{TOLD}")
    if told == seen:
        time.sleep(0.3)
        continue
    with open("{STATE}") as state:
        fcntl.flock(state, fcntl.LOCK_SH)  # the tool writes it in place
        there = {{v["naa"] for c in json.load(state)["controllers"] for v in c["volumes"]}}
    for lun, naa in enumerate(naas):
        shown = [d for d in glob.glob("/sys/class/scsi_device/*:0:0:%d/device" % lun) if open(d + "/wwid").read().strip() == "naa." + naa]
        if naa in there and not shown:
            open("/sys/class/scsi_host/%s/scan" % host, "w").write("0 0 %d" % lun)
        for device in shown if naa not in there else []:
            open(device + "/delete", "w").write("1")
    seen = told
"""
DRIVER_UNIT = "[Service]\nExecStart=/usr/bin/python3 /opt/driver.py\n[Install]\nWantedBy=multi-user.target\n"


RELEASE = {"apiVersion": "metalwright/v1", "host": {"id": HOST}, "release": {"instanceId": "i-1", "arrays": "remove"}}


def order(generation, instance="i-1", **more):
    volume = {"name": "data", "level": "raid10", "drives": {"count": 4}, "stripKiB": 64, "cache": {"write": "through"},
              "filesystem": {"type": "ext4", "mountPoint": "/srv/data"}, **more}
    return {"apiVersion": "metalwright/v1", "host": {"id": HOST}, "instance": {"id": instance},
            "operation": {"token": f"volume-{generation}"}, "storage": {"volumes": [volume]}}


class HardwareRaidTest(LabTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="metalwright-scsi-")
        cls.addClassCleanup(folder.cleanup)
        extra = ["-device", "virtio-scsi-pci,id=scsi0"]
        for lun, naa in enumerate(NAAS):
            image = f"{folder.name}/vd{lun}.qcow2"
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image, "512M"], check=True)
            extra += ["-blockdev", f"driver=qcow2,node-name=vd{lun},file.driver=file,file.filename={image}",
                      "-device", f"scsi-hd,drive=vd{lun},bus=scsi0.0,lun={lun},wwn=0x{naa}"]
        cls.machine = {"disks": [], "extra": tuple(extra)}
        super().setUpClass()

    @classmethod
    def prepare(cls):
        agent.without_watchdog(cls.vm)
        with tempfile.TemporaryDirectory() as tree:
            emulator = f"{tree}/opt/emulator"
            os.makedirs(emulator)
            subprocess.run(["cp", "-r", f"{FAKES}/storcli", f"{FAKES}/storcli_family", emulator], check=True)
            cls.vm.push_tree(tree)
        cls.vm.sh("python3 -m compileall -q /opt/emulator/storcli_family", timeout=300)  # else each call compiles it
        cls.vm.put(TOOL, WRAPPER, mode=0o755)
        cls.vm.put("/opt/driver.py", DRIVER)
        cls.vm.put("/etc/systemd/system/lab-driver.service", DRIVER_UNIT)
        agent.install(cls.vm, os.environ["METALWRIGHT_STAGE"], cls.plane, HOST, start=False, more="[raid]\nwatch_seconds = 2\n")
        cls.vm.sh(f"mkdir -p /var/lib/metalwright; touch {TOLD}; {TOOL} make --drives 6")
        cls.change(f"controller['naas'] = {NAAS!r}")
        cls.vm.sh("modprobe sd_mod; systemctl daemon-reload; systemctl enable --now lab-driver.service", timeout=300)
        cls.vm.wait_for("! test -e /sys/block/sda")
        cls.vm.sh(f"systemctl enable --now metalwright.socket {agent.DAEMON}", timeout=300)

    def provision(self, document, generation):
        self.plane.put_spec(HOST, json.dumps(document).encode(), generation)
        return agent.settled(self.vm, generation, timeout=600)

    def items(self, status):
        return {item["item"]: item["outcome"] for item in status["items"]}

    def hardware(self):
        return json.loads(self.vm.sh(f"flock {STATE} cat {STATE}"))

    def volumes(self):
        return self.hardware()["controllers"][0]["volumes"]

    def drives(self):
        return {drive["serial"]: drive for drive in self.hardware()["controllers"][0]["drives"]}

    @classmethod
    def change(cls, statement):
        """Does something to the hardware, alone: the daemon's watch calls the tool all the time, which keeps its state there."""
        script = ("from storcli_family import hardware\n"
                  f"host = hardware.Host({STATE!r})\ncontroller = host.controllers[0]\n{statement}\nhost.save()\nhost.close()")
        cls.vm.sh(f"cd /opt/emulator && python3 -B -c {shlex.quote(script)}")

    def fault(self, fault):
        self.change(f"host.state['faults'].append({fault!r})")

    def asked(self):
        return [call for call in self.hardware()["calls"] if " add " in call or " del" in call]

    def told(self, **wanted):
        """Waits for a report on the controller."""
        def is_there(plane):
            return any(r["kind"] == "controller" and wanted.items() <= r.items() for r in plane.reports(HOST))
        self.assertTrue(self.plane.wait_for(is_there), (wanted, [r for r in self.plane.reports(HOST) if r["kind"] == "controller"]))

    def test_from_add_vd_to_a_mounted_file_system_and_over_a_reboot(self):
        done = self.provision(order(1), 1)
        self.assertEqual(done["state"], "running", done)
        self.assertEqual(self.items(done), {"volume/data": "changed", "filesystem/data": "changed", "mount/data": "changed"})
        self.assertEqual([(v["name"], v["level"], v["naa"]) for v in self.volumes()], [("data", 10, NAAS[0])])
        source = self.vm.sh("findmnt -no SOURCE /srv/data").strip()
        self.assertEqual(self.vm.sh(f"cat /sys/block/{os.path.basename(source)}/device/wwid").strip(), "naa." + NAAS[0])
        self.vm.sh("echo mine >/srv/data/file; sync")

        again = self.provision(order(2), 2)
        self.assertEqual(set(self.items(again).values()), {"unchanged"}, again)
        self.vm.reboot()
        self.assertEqual(self.vm.wait_for("cat /srv/data/file"), "mine\n")
        self.assertEqual(agent.status(self.vm, wait=300)["state"], "running")
        self.assertEqual(len(self.asked()), 1, self.asked())

    def test_a_release_deletes_it_and_what_comes_back_with_the_next_one_is_not_the_last_tenants(self):
        self.assertEqual(self.provision(order(1), 1)["state"], "running")
        self.vm.sh("echo secret >/srv/data/file; sync")
        self.vm.put("/root/release.json", json.dumps(RELEASE))
        done = self.vm.run("metalwright apply /root/release.json --wait --timeout 300s", timeout=400)
        self.assertEqual(done.status, 0, done)
        self.assertEqual(self.volumes(), [])
        self.assertEqual(self.vm.sh("findmnt -no SOURCE /srv/data || true"), "")
        self.vm.wait_for("! test -e /sys/block/sda")

        done = self.provision(order(2, "i-2"), 2)
        self.assertEqual(done["state"], "running", done)
        self.assertEqual(self.vm.sh("ls -A /srv/data").split(), ["lost+found"])
        # This tenant has put a volume group of its own there, which goes with it.
        disk = self.vm.sh("findmnt -no SOURCE /srv/data").strip()
        self.vm.sh(f"systemctl stop srv-data.mount && wipefs -qa {disk} && pvcreate -qffy {disk} && vgcreate -q vg {disk} && "
                   "lvcreate -q -y -n lv -l 100%FREE vg", timeout=300)
        self.vm.put("/root/release.json", json.dumps({**RELEASE, "release": {"instanceId": "i-2", "arrays": "remove"}}))
        done = self.vm.run("metalwright apply /root/release.json --wait --timeout 300s", timeout=400)
        self.assertEqual((done.status, self.volumes()), (0, []), done)
        self.assertNotIn("vg-lv", self.vm.sh("dmsetup ls"))

    def test_a_file_system_waits_for_the_volume_to_be_initialized_and_is_whole_then(self):
        self.change("controller['taskStep'] = 15")  # percent, whoever asks: the wait and the watch both do
        storage = order(1, init="full", boot=True)
        storage["storage"]["globalSpares"] = [{"drives": {"count": 1}}]
        done = self.provision(storage, 1)
        self.assertEqual(done["state"], "running", done)
        self.assertEqual(self.items(done)["spares"], "changed")
        self.assertEqual(self.vm.sh("findmnt -no FSTYPE /srv/data").strip(), "ext4")
        controller = self.hardware()["controllers"][0]
        volume = controller["volumes"][0]
        self.assertEqual((volume["init"], volume["task"], controller["bootdrive"]), ("full", None, volume["id"]))
        self.assertEqual(sum(drive["state"] == "GHS" for drive in controller["drives"]), 1)
        told = [event for event in agent.events(self.vm, done["operation"])
                if event.get("item") == "volume/data" and "initialization" in event.get("note", "")]
        self.assertTrue(any(0 < event["percent"] < 100 and "Seconds left, not usable until it is done" in event["note"]
                            for event in told), told)
        self.vm.sh("umount /srv/data && fsck.ext4 -fn $(blkid -L data)")
        self.vm.sh("systemctl start srv-data.mount")

        self.vm.put("/root/release.json", json.dumps(RELEASE))
        self.vm.sh("metalwright apply /root/release.json --wait --timeout 300s", timeout=400)
        drives = self.hardware()["controllers"][0]["drives"]
        self.assertEqual({drive["state"] for drive in drives}, {"UGood"}, "the spare is nobody's any more")

    def test_one_that_a_crash_has_left_half_made_is_finished_or_goes_with_its_instance(self):
        agent.install_fail_points(self.vm)
        self.change("controller['taskStep'] = 15")
        storage = order(1, init="full", boot=True, spares=1)
        agent.kill_at(self.vm, "raid.after-create", lambda: self.plane.put_spec(HOST, json.dumps(storage).encode(), 1))
        self.assertEqual([v["init"] for v in self.volumes()], [None])
        # What else was to be done to it, in two goes: the second crash is behind `start init`.
        agent.kill_at(self.vm, "raid.after-init", lambda: None)
        agent.start_again(self.vm)
        done = agent.settled(self.vm, 1, timeout=600)
        self.assertEqual(done["state"], "running", done)
        self.assertEqual(self.items(done), {"volume/data": "changed", "filesystem/data": "changed", "mount/data": "changed"})
        controller = self.hardware()["controllers"][0]
        volume = controller["volumes"][0]
        self.assertEqual((volume["init"], volume["task"], controller["bootdrive"]), ("full", None, volume["id"]))
        self.assertEqual(sum(drive["state"] == "DHS" for drive in controller["drives"]), 1)
        self.assertEqual(sum("start init" in call for call in self.hardware()["calls"]), 1)
        self.vm.sh("umount /srv/data && fsck.ext4 -fn $(blkid -L data) && systemctl start srv-data.mount")

        self.start_over()
        agent.install_fail_points(self.vm)
        agent.kill_at(self.vm, "raid.after-create", lambda: self.plane.put_spec(HOST, json.dumps(order(1)).encode(), 1))
        self.fault({"match": "show all", "do": "garbage"})  # it cannot go on
        agent.start_again(self.vm)
        agent.settled(self.vm, 1, timeout=600)
        self.assertEqual(len(self.volumes()), 1)
        self.change("host.state['faults'].clear()")
        self.vm.put("/root/release.json", json.dumps(RELEASE))
        self.vm.sh("metalwright apply /root/release.json --wait --timeout 300s", timeout=400)
        self.assertEqual(self.volumes(), [])

    def test_a_stop_while_the_tool_hangs_is_short_and_what_it_was_for_is_taken_up_after_it(self):
        self.fault({"match": "add vd", "do": "hang", "times": 1})
        self.plane.put_spec(HOST, json.dumps(order(1)).encode(), 1)
        self.vm.wait_for(f"flock {STATE} grep -q 'add vd r' {STATE}")
        # The tool itself would be given two minutes; systemd kills after ninety seconds, and would say so.
        self.vm.sh(f"systemctl stop {agent.DAEMON}", timeout=300)
        ended = self.vm.sh(f"systemctl show -P Result -P ExecMainStatus {agent.DAEMON}").split()
        self.assertEqual(ended, ["success", "0"], self.vm.sh(f"journalctl --no-pager -b -u {agent.DAEMON} | tail -n 20"))
        self.assertEqual(self.vm.run("pgrep -f 'opt/emulator/storcli|sleep 600'").out, "", "none of it is left behind")
        self.vm.sh(f"echo add >>{TOLD}")  # a driver hears of it from its controller, not from the tool
        self.vm.sh(f"systemctl start {agent.DAEMON}", timeout=300)
        done = agent.settled(self.vm, 1, timeout=600)
        self.assertEqual(done["state"], "running", done)
        self.assertEqual(self.items(done), {"volume/data": "changed", "filesystem/data": "changed", "mount/data": "changed"})
        self.assertEqual(len(self.volumes()), 1)

    def test_a_drive_is_replaced_with_one_command_and_what_becomes_of_it_is_told(self):
        self.assertEqual(self.provision(order(1), 1)["state"], "running")
        volume = self.volumes()[0]
        old, new = "FAKE00025201", "FAKE00025204"
        self.vm.sh("echo mine >/srv/data/file; sync")
        replaced = self.vm.run(f"metalwright raid replace {old} --wait --timeout 300s", timeout=400)
        self.assertEqual(replaced.status, 0, replaced)
        drives = self.drives()
        self.assertEqual((drives[old]["state"], drives[old]["locate"], drives[new]["state"]), ("UBad", True, "Rbld"))
        self.told(item="volume/data", was="optimal", **{"is": "degraded"})
        self.told(item=f"drive/{new}", **{"is": "rebuilding"})
        found = agent.status(self.vm)["controllers"][0]
        self.assertEqual(found["volumes"], [{"name": "data", "level": "raid10", "state": "degraded",
                                             "note": "rebuilding 0 %, usable meanwhile", "task": None}])
        self.assertEqual(self.vm.sh("cat /srv/data/file"), "mine\n")

        self.change("hardware.finish_rebuild(controller)")
        self.told(item="volume/data", was="degraded", **{"is": "optimal"})
        self.vm.sh(f"metalwright raid locate {old} --off")
        self.assertFalse(self.drives()[old]["locate"])
        again = self.provision(order(2), 2)
        self.assertEqual(set(self.items(again).values()), {"unchanged"}, again)
        self.assertEqual(self.volumes()[0]["id"], volume["id"])

    def test_a_volume_that_was_deleted_behind_our_back_is_told_and_not_made_anew(self):
        self.assertEqual(self.provision(order(1), 1)["state"], "running")
        self.vm.sh("systemctl stop srv-data.mount")
        self.vm.sh(f"{TOOL} /c0/v{self.volumes()[0]['id']} del force J nolog")
        refused = self.provision(order(2), 2)
        self.assertEqual(refused["state"], "degraded")
        error = {item["item"]: item["error"] for item in refused["items"]}["volume/data"]
        self.assertEqual(error["code"], "refused")
        self.assertIn("once existed and is absent now", error["message"])
        self.assertEqual(self.volumes(), [])


if __name__ == "__main__":
    unittest.main()
