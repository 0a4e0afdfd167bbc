"""The VM lab: real machines (QEMU) that boot Debian 12 in seconds, with blank disks, a peer network and a control plane."""
from .errors import CommandFailed, LabError
from .guestport import Result
from .machine import CONTROL_ADDRESS, CONTROL_PORT, LAN_MAC, MGMT_MAC
from .peer import GATEWAY, GATEWAY_MAC, Peer
from .vm import VM, images

CONTROL_URL = f"https://{CONTROL_ADDRESS}:{CONTROL_PORT}"
__all__ = ["VM", "Peer", "Result", "LabError", "CommandFailed", "images", "CONTROL_URL", "CONTROL_ADDRESS", "CONTROL_PORT",
           "LAN_MAC", "MGMT_MAC", "GATEWAY", "GATEWAY_MAC"]
