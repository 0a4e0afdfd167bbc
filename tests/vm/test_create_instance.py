"""A createInstances request, from the control plane to a configured host and back, with metalwright as its own service."""
import os
import unittest

from demo_order import Order
from lab import LAN_MAC, agent
from lab.case import LabTest

ORDER = Order.read(os.path.join(os.path.dirname(__file__), "orders", "create-instance.json"))


class CreateInstanceTest(LabTest):
    @classmethod
    def prepare(cls):
        agent.install(cls.vm, os.environ["METALWRIGHT_STAGE"], cls.plane, ORDER.host)

    def test_order_is_there_and_stays_over_a_reboot(self):
        self.plane.put_spec(ORDER.host, ORDER.data, generation=1)
        first = agent.settled(self.vm, generation=1, timeout=900)
        self.assertEqual(first["state"], "running", first)
        self.assertEqual(first["userData"], {"state": "exited", "exitCode": 0})
        written = self.vm.sh("stat -c %Y /root/first-boot.txt")
        self.vm.reboot()
        again = agent.settled(self.vm, generation=1, timeout=900)
        self.assertEqual(again["state"], "running", again)
        self.assertEqual(self.vm.sh("stat -c %Y /root/first-boot.txt"), written)
        self.assertEqual(self.vm.sh("hostname; findmnt -no FSTYPE /data").split(), ["web-1", "ext4"])
        self.assertIn("MD_LEVEL=raid10", self.vm.sh("mdadm --detail --export $(findmnt -no SOURCE /data)"))
        for address in ORDER.addresses():
            self.assertEqual(self.vm.peer.ping(address), LAN_MAC, address)


if __name__ == "__main__":
    unittest.main()
