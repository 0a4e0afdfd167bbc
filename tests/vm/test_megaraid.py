"""A RAID controller that the kernel has a driver for, and whose tool is not installed: QEMU's megasas."""
import os
import subprocess
import tempfile
import unittest

from lab import agent
from lab.case import LabTest


class MegaraidTest(LabTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="metalwright-megasas-")
        cls.addClassCleanup(folder.cleanup)
        image = f"{folder.name}/volume.qcow2"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image, "64M"], check=True)
        cls.machine = {"disks": [], "extra": (
            "-device", "megasas-gen2,id=mega", "-blockdev", f"driver=qcow2,node-name=vd,file.driver=file,file.filename={image}",
            "-device", "scsi-hd,drive=vd,bus=mega.0,scsi-id=0,serial=VOLUME0,wwn=0x5000f00dcafe0003")}
        super().setUpClass()

    @classmethod
    def prepare(cls):
        agent.without_watchdog(cls.vm)
        cls.vm.sh("modprobe megaraid_sas; modprobe sd_mod; udevadm settle", timeout=300)
        agent.install(cls.vm, os.environ["METALWRIGHT_STAGE"], cls.plane)

    def test_it_is_listed_with_what_to_install_and_its_volume_is_a_disk(self):
        pci = self.vm.sh("ls /sys/bus/pci/drivers/megaraid_sas | grep :").strip()
        for words in ("inventory", "inventory --local"):
            found, status = agent.ask(self.vm, words, timeout=120)
            self.assertEqual(status, 0, words)
            self.assertEqual([(c["id"], c["pci"], c["mode"], c["tool"]) for c in found["controllers"]], [(pci, pci, "unknown", "")])
            self.assertIn("install storcli", found["controllers"][0]["errors"][0]["message"])
            disk = {d["serial"]: d for d in found["disks"]}["VOLUME0"]
            self.assertEqual((disk["wwn"], disk["blank"]), ("0x5000f00dcafe0003", True))
        self.assertIn("install storcli", self.vm.sh("metalwright raid list"))
        self.vm.wait_for("metalwright status | grep -q 'no RAID tool shows'")


del LabTest


if __name__ == "__main__":
    unittest.main()
