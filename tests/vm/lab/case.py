"""A unittest case with a machine: booted once for the class, and put back to what prepare() left before each test."""
import sys
import unittest

from control_plane import ControlPlane

from .errors import LabError
from .vm import VM


class LabTest(unittest.TestCase):
    """Subclasses say what the machine is (VM's arguments) and what is done to it once, before the state is saved."""

    machine = {"disks": [("DATA0", "256M"), ("DATA1", "256M"), ("DATA2", "256M"), ("DATA3", "256M")]}
    control = {}

    @classmethod
    def prepare(cls):
        """Installs what every test of the class needs; cls.vm and cls.plane are there."""

    @classmethod
    def setUpClass(cls):
        cls.plane = ControlPlane(**cls.control)
        cls.addClassCleanup(cls.plane.close)
        cls.vm = VM(cls.__name__, control_port=cls.plane.port, **cls.machine)
        cls.addClassCleanup(cls.vm.close)
        cls.vm.start()
        cls.prepare()
        cls.vm.save()

    def setUp(self):
        self.start_over()

    def start_over(self):
        """As prepare() left it: neither does the machine hear of what was ordered since, nor the control plane of what it did."""
        self.vm.restore(meanwhile=self.plane.forget)

    def run(self, result=None):
        before = result and len(result.failures) + len(result.errors)
        super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            self.explain()
        return result

    def explain(self):
        """What a person wants to see of the guest when a test has failed."""
        try:
            said = self.vm.sh("journalctl --boot --no-pager --output=short-monotonic | tail -n 80; "
                              "systemctl list-units --failed --no-legend; cat /proc/mdstat; ip -brief address", check=False)
        except (LabError, OSError) as error:
            said = f"(the guest does not answer: {error})"
        print(f"\n--- the guest after {self.id()}\n{said}\n--- its console\n{self.vm.console()[-2000:]}\n---", file=sys.stderr)
