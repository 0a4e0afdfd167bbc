"""Two NICs as one and a VLAN on it, against a switch that speaks LACP: real NICs, the kernel's own bonding on both sides."""
import json
import os
import unittest

from lab import agent
from lab.case import LabTest

PORTS = ("52:54:00:4d:57:11", "52:54:00:4d:57:12")
SWITCH = ("52:54:00:4d:57:21", "52:54:00:4d:57:22")  # the other ends of their cables, in the same guest


def cables():
    """QEMU's arguments: each port and its end on the switch share a hub."""
    extra = []
    for at, macs in enumerate(zip(PORTS, SWITCH)):
        for side, mac in zip("ps", macs):
            extra += ["-netdev", f"hubport,id={side}{at},hubid={at}",
                      # LACP aggregates only ports that know their speed.
                      "-device", f"virtio-net-pci,netdev={side}{at},mac={mac},speed=1000,duplex=full,romfile="]
    return tuple(extra)


class BondTest(LabTest):
    machine = {"disks": [], "extra": cables()}

    @classmethod
    def prepare(cls):
        agent.without_watchdog(cls.vm)
        for at, mac in enumerate(SWITCH):
            cls.vm.put(f"/etc/systemd/network/10-switch{at}.link", f"[Match]\nMACAddress={mac}\n[Link]\nName=s{at}\n")
        for at, mac in enumerate(PORTS):
            cls.vm.put(f"/etc/systemd/network/10-port{at}.link", f"[Match]\nPermanentMACAddress={mac}\n[Link]\nName=p{at}\n")
        cls.vm.reboot()
        agent.install(cls.vm, os.environ["METALWRIGHT_STAGE"], cls.plane)
        cls.vm.sh("ip netns add switch; ip link set s0 netns switch; ip link set s1 netns switch")

    def switch(self, *commands):
        self.vm.sh(" && ".join(f"ip -n switch {command}" for command in commands))

    def switch_speaks_lacp(self):
        self.switch("link add trunk type bond mode 802.3ad miimon 100 lacp_rate fast",
                    *(step for port in ("s0", "s1") for step in (f"address flush dev {port}", f"link set {port} down",
                                                                 f"link set {port} master trunk")),
                    "link set trunk up", "address add 10.9.1.1/24 dev trunk",
                    "link add link trunk name trunk.100 type vlan id 100", "link set trunk.100 up",
                    "address add 10.9.0.1/24 dev trunk.100", "route replace 10.9.3.0/28 dev trunk.100")

    def switch_is_plain(self):
        self.vm.sh("ip -n switch link del trunk 2>/dev/null; true")
        self.switch("link set s0 up", "address replace 10.9.1.1/24 dev s0")

    def answers(self, *addresses):
        for address in addresses:
            self.vm.wait_for(f"ip netns exec switch ping -c 1 -W 1 {address}")

    def apply(self, network):
        document = {"apiVersion": "metalwright/v1", "host": {"id": "host-1"}, "instance": {"id": "i-1"}, "network": network}
        self.vm.put("/root/order.json", json.dumps(document))
        result = self.vm.run("metalwright apply /root/order.json --wait --timeout 200s", timeout=300)
        found = agent.status(self.vm, wait=200)
        return result.status, {item["item"]: item for item in found["items"]}

    def aggregated(self):
        """Both ports of ours are in one aggregator, with the switch as their partner."""
        self.vm.wait_for("grep -q '802.3ad' /proc/net/bonding/bond0 && grep -q 'Number of ports: 2' /proc/net/bonding/bond0 && "
                         "! grep -q 'Partner Mac Address: 00:00:00:00:00:00' /proc/net/bonding/bond0")

    TAGGED = {"bond": {"ports": [{"mac": mac} for mac in PORTS]}, "vlan": 100,
              "primary": {"address": "10.9.0.10/24", "gateway": "10.9.0.1"},
              "aliases": [{"cidr": "10.9.0.51"}, {"cidr": "10.9.3.0/28"}]}

    def test_a_vlan_on_a_bond_carries_the_instance_and_is_there_at_boot(self):
        self.switch_speaks_lacp()
        status, items = self.apply(self.TAGGED)
        self.assertEqual(status, 0, items)
        for item in ("bond", "vlan", "primary", "route/default", "alias/10.9.0.51/32", "alias/10.9.3.0/28", "persist"):
            self.assertEqual(items[item]["outcome"], "changed", items[item])
        self.aggregated()
        self.assertIn("vlan protocol 802.1Q id 100", self.vm.sh("ip -d link show bond0.100"))
        self.answers("10.9.0.10", "10.9.0.51", "10.9.3.7")

        status, items = self.apply({**self.TAGGED, "primary": {**self.TAGGED["primary"], "routes": []}})
        self.assertEqual({item["outcome"] for item in items.values()}, {"unchanged"}, items)

        for mtu in (2000, 1500):  # the kernel gives a VLAN no more than the bond under it has
            status, items = self.apply({**self.TAGGED, "primary": {**self.TAGGED["primary"], "mtu": mtu}})
            self.assertEqual((status, items["mtu"]["outcome"]), (0, "changed"), items)
            self.assertIn(f" mtu {mtu} ", self.vm.sh("ip link show bond0.100"))
            self.assertIn(" mtu 2000 ", self.vm.sh("ip link show bond0"))
        self.answers("10.9.0.10", "10.9.0.51", "10.9.3.7")

        for port in ("p0", "p1"):  # either cable alone is enough
            self.assertEqual(self.vm.hmp(f"set_link {port} off"), "")
            self.answers("10.9.0.10", "10.9.3.7")
            self.assertEqual(self.vm.hmp(f"set_link {port} on"), "")
            self.aggregated()

        for command in ("networkctl reload", "systemctl restart systemd-networkd"):
            self.vm.sh(command, timeout=200)
            self.vm.wait_for("networkctl status bond0.100 | grep -qE 'State: .*\\(configured\\)'")
            self.aggregated()
            self.answers("10.9.0.10", "10.9.0.51", "10.9.3.7")

        self.vm.sh("ip link del bond0")  # somebody with `ip`
        self.answers("10.9.0.10", "10.9.0.51", "10.9.3.7")
        self.aggregated()

        # The next boot has it all without the agent, which then finds nothing to do.
        self.vm.sh("systemctl mask --now metalwright.service metalwright.socket")
        self.vm.reboot()
        self.vm.sh("ip netns add switch; ip link set s0 netns switch; ip link set s1 netns switch")
        self.switch_speaks_lacp()
        self.aggregated()
        self.answers("10.9.0.10", "10.9.0.51", "10.9.3.7")
        self.vm.sh("systemctl unmask metalwright.service metalwright.socket; systemctl start metalwright.socket metalwright.service",
                   timeout=200)
        found = agent.status(self.vm, wait=200)
        self.assertEqual((found["state"], found["netlinkMutations"]), ("running", 0), found)
        self.answers("10.9.0.10", "10.9.0.51", "10.9.3.7")

    def test_a_running_host_moves_onto_a_bond_or_stays_where_it_was(self):
        self.switch_is_plain()
        plain = {"nic": {"mac": PORTS[0]}, "primary": {"address": "10.9.1.10/24", "gateway": "10.9.1.1"},
                 "aliases": [{"cidr": "10.9.1.51"}]}
        self.assertEqual(self.apply(plain)[0], 0)
        self.answers("10.9.1.10", "10.9.1.51")
        bonded = {"bond": {"ports": [{"mac": mac} for mac in PORTS]}, "primary": plain["primary"], "aliases": plain["aliases"]}

        # A gateway that nobody is: all is as it was.
        status, items = self.apply({**bonded, "primary": {**plain["primary"], "gateway": "10.9.1.254"}})
        self.assertEqual(status, 1, items)
        self.assertIn("all of the change was taken back", items["primary"]["error"]["message"])
        self.vm.sh("! test -e /sys/class/net/bond0")
        self.answers("10.9.1.10", "10.9.1.51")
        self.assertIn("via 10.9.1.1 dev p0 proto 77", self.vm.sh("ip route show default"))

        self.switch_speaks_lacp()
        status, items = self.apply(bonded)
        self.assertEqual(status, 0, items)
        self.aggregated()
        self.answers("10.9.1.10", "10.9.1.51")
        self.assertEqual(self.vm.sh("ip -o -4 address show dev p0; ip -o -4 address show dev p1"), "")
        self.assertIn("via 10.9.1.1 dev bond0 proto 77", self.vm.sh("ip route show default"))

        self.switch_is_plain()
        status, items = self.apply({**plain, "bond": {"ports": []}})
        self.assertEqual(status, 0, items)
        self.vm.sh("! test -e /sys/class/net/bond0")
        self.answers("10.9.1.10", "10.9.1.51")

    def test_a_killed_daemon_takes_a_half_made_bond_back(self):
        self.switch_is_plain()
        plain = {"nic": {"mac": PORTS[0]}, "primary": {"address": "10.9.1.10/24", "gateway": "10.9.1.1"}}
        self.assertEqual(self.apply(plain)[0], 0)
        # It asks a gateway that never answers for as long as the guard waits, and is killed while it does.
        self.vm.put("/root/order.json", json.dumps({
            "apiVersion": "metalwright/v1", "host": {"id": "host-1"}, "instance": {"id": "i-1"},
            "network": {"bond": {"ports": [{"mac": mac} for mac in PORTS]},
                        "primary": {"address": "10.9.1.10/24", "gateway": "10.9.1.254"}}}))
        # The guest watches for it itself: the guard's window is shorter than a question from outside may take on a loaded machine.
        # Not for the default route: systemd-networkd, which knows only the former files yet, may have put its own back.
        self.vm.sh("metalwright apply /root/order.json; for i in $(seq 2000); do "
                   "if [ -e /sys/class/net/bond0/lower_p1 ]; then systemctl kill --signal=KILL metalwright.service; exit; fi; "
                   "sleep 0.02; done; echo 'there was no bond0 of both ports to kill the daemon at' >&2; exit 1", timeout=300)
        self.assertIn("killed", self.vm.wait_for("journalctl -b -u metalwright.service | grep 'Main process exited'"))
        self.vm.wait_for("! test -e /sys/class/net/bond0 && ip route show default | grep -q 'dev p0'")
        self.answers("10.9.1.10")


del LabTest


if __name__ == "__main__":
    unittest.main()
