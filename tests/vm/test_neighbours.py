"""Who else configures the same NIC - systemd-networkd, NetworkManager, somebody with `ip` - takes nothing of ours for long,
nothing at all where it is told what is ours, and loses nothing of its own."""
import collections
import json
import os
import re
import unittest

from lab import LAN_MAC, agent
from lab.case import LabTest

ADDRESS, GATEWAY = "10.0.1.10/24", "10.0.1.1"  # the neighbour's own, on the NIC that is ours too
ALIASES = ("10.0.1.52/32", "fd00:1::52/128", "10.0.3.0/28")
# Each of our items by a question to the kernel that succeeds while it is there.
KERNEL = {
    "primary": "ip -o -4 address show dev lan0 | grep -qF ' 10.0.1.20/24 '",
    "route/10.8.0.0/16": "ip route show 10.8.0.0/16 | grep -qF 'via 10.0.1.254 dev lan0 proto 77'",
    "alias/10.0.1.52/32": "ip -o -4 address show dev lan0 | grep -qF ' 10.0.1.52/32 '",
    "alias/fd00:1::52/128": "ip -o -6 address show dev lan0 | grep -qF ' fd00:1::52/128 '",
    "alias/10.0.3.0/28": "ip route show table local proto 77 | grep -qF 'local 10.0.3.0/28 dev lan0'",
}
# What `ip monitor` says when the kernel deletes it.
DELETIONS = {
    "primary": r"^Deleted .*10\.0\.1\.20/24",
    "route/10.8.0.0/16": r"^Deleted .*10\.8\.0\.0/16",
    "alias/10.0.1.52/32": r"^Deleted .*10\.0\.1\.52",
    "alias/fd00:1::52/128": r"^Deleted .*fd00:1::52",
    "alias/10.0.3.0/28": r"^Deleted .*10\.0\.3\.0/28",
}
DELETED = "|".join(f"({one})" for one in DELETIONS.values())
THEIRS = f"ip -o -4 address show dev lan0 | grep -qF ' {ADDRESS} ' && ip route show default | grep -qF 'via {GATEWAY} dev lan0'"
ANOTHERS = "ip route show 10.99.0.0/16 | grep -qF 'via 10.0.1.253 dev lan0'"  # set with `ip`, by nobody's file
DROP_INS = ("/etc/systemd/networkd.conf.d/50-metalwright.conf", "/etc/systemd/network/20-tenant.network.d/50-metalwright.conf")
NM_FILE = "/etc/NetworkManager/conf.d/50-metalwright.conf"


class NeighbourTest(LabTest):
    """A host with a neighbour that has set up lan0, and an order of ours on the same NIC."""

    machine = {"disks": []}
    network = ""  # lines for [network] of our configuration
    order = {"aliases": [{"cidr": cidr} for cidr in ALIASES]}
    items = tuple(f"alias/{cidr}" for cidr in ALIASES)

    @classmethod
    def set_up_neighbour(cls):
        """The neighbour has the NIC and its own address on it."""

    @classmethod
    def prepare(cls):
        cls.set_up_neighbour()
        cls.vm.wait_for(THEIRS)
        agent.without_watchdog(cls.vm)
        agent.install(cls.vm, os.environ["METALWRIGHT_STAGE"], cls.plane, network=cls.network)
        cls.apply(cls.order)

    @classmethod
    def apply(cls, network):
        document = {"apiVersion": "metalwright/v1", "host": {"id": "host-1"}, "instance": {"id": "i-1"}, "network": network}
        cls.vm.put("/root/order.json", json.dumps(document))
        cls.vm.sh("metalwright apply /root/order.json --wait --timeout 200s", timeout=300)

    def configure(self, network):
        """Restarts the daemon with other lines in [network], and waits until it has done what they ask for."""
        agent.configure(self.vm, self.plane, network=network)
        self.vm.sh("systemctl restart metalwright.service", timeout=200)
        self.assertEqual(agent.status(self.vm, wait=200)["state"], "running")

    def drift(self):
        """The items that were put back, once for each time."""
        return [event.get("item") for event in agent.events(self.vm) if event["kind"] == "drift" and event.get("outcome") == "changed"]

    def whole(self, others=""):
        """Everything of ours and of the neighbour is there, soon."""
        self.vm.wait_for(" && ".join([*(KERNEL[item] for item in self.items), THEIRS, *([others] if others else [])]))

    def listen(self):
        """From now on what the kernel deletes is written down."""
        self.vm.sh("ip -o monitor address route >/run/monitor 2>&1 & echo $! >/run/monitor.pid")
        self.vm.wait_for("grep -q \" $(cat /run/monitor.pid) \" /proc/net/netlink")

    def nothing_of_ours_was_deleted(self):
        self.assertEqual(self.vm.sh(f"grep -E '{DELETED}' /run/monitor", check=False), "")

    def cable(self, plugged):
        self.assertEqual(self.vm.hmp(f"set_link lan {'on' if plugged else 'off'}"), "")
        self.vm.wait_for(f"test $(cat /sys/class/net/lan0/carrier) = {int(plugged)}")


class NetworkdTest(NeighbourTest):
    """systemd-networkd sets the NIC up by somebody else's file; our address, routes and aliases come on top of it."""

    network = 'persist = "none"'
    order = {**NeighbourTest.order,
             "primary": {"address": "10.0.1.20/24", "routes": [{"to": "10.8.0.0/16", "via": "10.0.1.254"}]}}
    items = tuple(KERNEL)

    @classmethod
    def set_up_neighbour(cls):
        cls.vm.put("/etc/systemd/network/20-tenant.network",
                   f"[Match]\nMACAddress={LAN_MAC}\n[Network]\nAddress={ADDRESS}\nGateway={GATEWAY}\nIPv6AcceptRA=no\n")
        cls.vm.sh("networkctl reload")

    def networkd(self, command):
        """Has networkd do something, and waits until it is done with the NIC."""
        self.vm.sh(command, timeout=200)
        self.vm.wait_for("networkctl status lan0 | grep -qE 'State: .*\\(configured\\)'")

    def test_what_networkd_takes_away_comes_back_and_is_told_once(self):
        self.vm.sh("ip route add 10.99.0.0/16 via 10.0.1.253 dev lan0")
        self.networkd("networkctl reload")
        self.whole(ANOTHERS)
        self.assertEqual(self.drift(), [])
        self.listen()
        for times, command in enumerate(("networkctl reconfigure lan0", "systemctl restart systemd-networkd"), 1):
            with self.subTest(command):
                self.networkd(command)
                self.whole()
                told = collections.Counter(self.drift())
                for item in self.items:
                    self.assertGreaterEqual(told[item], times, item)
                    # networkd may take a thing away twice while it starts; then it is put back, and told, twice. The
                    # kernel tells of each address, but not of the routes that go with a NIC's last one.
                    if item != "route/10.8.0.0/16" and item != "alias/10.0.3.0/28":
                        deleted = int(self.vm.sh(f"grep -cE '{DELETIONS[item]}' /run/monitor", check=False))
                        self.assertLessEqual(told[item], deleted, item)

    def test_a_link_that_was_down_has_everything_again(self):
        self.networkd("ip link set lan0 down; ip link set lan0 up")
        self.whole()
        self.cable(False)
        self.vm.wait_for(f"! {{ {THEIRS}; }}")  # networkd takes its own away
        self.cable(True)
        self.whole()

    def test_told_what_is_ours_networkd_takes_nothing(self):
        self.configure('persist = "none"\nneighbour_files = ["systemd-networkd"]')
        self.vm.sh("ip route add 10.99.0.0/16 via 10.0.1.253 dev lan0")
        before = len(self.drift())
        self.listen()
        for command in ("networkctl reconfigure lan0", "networkctl reload", "systemctl restart systemd-networkd",
                        "networkctl reconfigure lan0"):
            self.networkd(command)
            self.whole(ANOTHERS)
            self.nothing_of_ours_was_deleted()
        self.assertEqual(self.drift()[before:], [])
        self.configure('persist = "none"')
        for path in DROP_INS:
            self.vm.sh(f"test ! -e {path}")
        self.vm.sh("test -f /etc/systemd/network/20-tenant.network")
        self.whole(ANOTHERS)


class NetworkManagerTest(NeighbourTest):
    """NetworkManager has its own connection on the NIC; our aliases come on top of it."""

    CONNECTED = "nmcli -t -f DEVICE,STATE,CONNECTION device | grep -qx lan0:connected:tenant"

    @classmethod
    def set_up_neighbour(cls):
        cls.vm.put("/etc/NetworkManager/conf.d/10-lab.conf",
                   "[main]\nno-auto-default=*\n[keyfile]\nunmanaged-devices=interface-name:mgmt0\n")
        cls.vm.put("/etc/NetworkManager/system-connections/tenant.nmconnection",
                   "[connection]\nid=tenant\ntype=ethernet\ninterface-name=lan0\n"
                   f"[ipv4]\nmethod=manual\naddress1={ADDRESS},{GATEWAY}\n[ipv6]\nmethod=link-local\n", mode=0o600)
        cls.vm.sh("systemctl start NetworkManager.service", timeout=200)

    def connected(self):
        """NetworkManager has its own connection on the NIC, and everything is there."""
        self.vm.wait_for(self.CONNECTED)
        self.whole()

    def test_what_network_manager_takes_away_comes_back_and_is_told_once(self):
        self.vm.sh("ip route add 10.99.0.0/16 via 10.0.1.253 dev lan0")
        self.vm.sh("systemctl restart NetworkManager.service", timeout=200)
        self.connected()
        self.vm.sh(ANOTHERS)
        self.assertEqual(self.drift(), [])
        self.listen()
        self.vm.sh("nmcli device reapply lan0")
        self.connected()
        self.assertRegex(self.vm.sh("cat /run/monitor"), re.compile(DELETED, re.M), "nothing was taken away: this shows nothing")
        told = self.drift()
        self.assertIn("alias/10.0.1.52/32", told)
        self.assertEqual(len(told), len(set(told)), told)

    def test_a_link_that_goes_down_and_up_has_everything_again(self):
        self.vm.sh("ip link set lan0 down; ip link set lan0 up")
        self.connected()

    def test_network_manager_gets_its_nic_back_when_the_cable_returns(self):
        # Found an address of ours on the NIC, it would take that for somebody's and never connect again.
        for _ in range(2):
            self.cable(False)
            self.vm.wait_for("nmcli -t -f DEVICE,STATE device | grep -qx lan0:unavailable")
            self.cable(True)
            self.connected()

    def test_told_that_the_nic_is_shared_it_keeps_it_through_a_pulled_cable(self):
        self.configure('neighbour_files = ["NetworkManager"]')
        self.listen()
        self.cable(False)
        # For longer than NetworkManager waits (5 s), by the guest's own clock, which is the one it waits by.
        self.vm.sh("end=$((SECONDS + 9)); while [ $SECONDS -lt $end ]; do "
                   f"{self.CONNECTED} && {' && '.join(KERNEL[item] for item in self.items)} || exit 1; done", timeout=120)
        self.cable(True)
        self.connected()
        self.nothing_of_ours_was_deleted()

    def test_a_nic_that_we_set_up_is_let_alone_from_its_next_start_on(self):
        self.configure('neighbour_files = ["NetworkManager"]')
        self.apply({**self.order, "primary": {"address": "10.0.1.20/24", "gateway": GATEWAY}})
        self.vm.sh(f"grep -q ^unmanaged-devices {NM_FILE}")
        self.vm.sh("systemctl restart NetworkManager.service", timeout=200)
        self.vm.wait_for("nmcli -t -f DEVICE,STATE device | grep -qx lan0:unmanaged")
        self.vm.wait_for(" && ".join(KERNEL[item] for item in ("primary", *self.items)))
        self.configure("")
        self.vm.sh(f"test ! -e {NM_FILE}")


del NeighbourTest, LabTest  # what they have in common is no test by itself


if __name__ == "__main__":
    unittest.main()
