"""Builds and reads the few kinds of Ethernet frame that the lab's peer speaks: ARP, ICMP echo, neighbour discovery."""
import dataclasses
import ipaddress
import socket
import struct

BROADCAST = "ff:ff:ff:ff:ff:ff"
ETHERTYPE_IPV4, ETHERTYPE_ARP, ETHERTYPE_IPV6 = 0x0800, 0x0806, 0x86DD
ARP_REQUEST, ARP_REPLY = 1, 2
ICMP_ECHO_REPLY, ICMP_ECHO = 0, 8
ICMPV6_ECHO, ICMPV6_ECHO_REPLY, ICMPV6_SOLICIT, ICMPV6_ADVERTISE = 128, 129, 135, 136


@dataclasses.dataclass(frozen=True)
class Frame:
    """A frame as the peer saw it; fields that do not apply are None. kind: arp, icmp, icmpv6, ipv4, ipv6 or other."""
    time: float
    kind: str
    source_mac: str
    target_mac: str
    source: str | None = None
    target: str | None = None
    type: int | None = None
    sender_mac: str | None = None
    payload: bytes = b""

    @property
    def gratuitous(self):
        """An ARP announcement: it tells everybody who has an address, asked or not."""
        return self.kind == "arp" and self.source == self.target


def mac_bytes(mac):
    return bytes.fromhex(mac.replace(":", ""))


def mac_text(data):
    return data.hex(":")


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(target_mac, source_mac, ethertype, payload):
    frame = mac_bytes(target_mac) + mac_bytes(source_mac) + struct.pack("!H", ethertype) + payload
    return frame.ljust(60, b"\0")


def arp(operation, sender_mac, sender, target_mac, target, to=BROADCAST):
    body = struct.pack("!HHBBH", 1, ETHERTYPE_IPV4, 6, 4, operation)
    body += mac_bytes(sender_mac) + socket.inet_aton(sender) + mac_bytes(target_mac) + socket.inet_aton(target)
    return ethernet(to, sender_mac, ETHERTYPE_ARP, body)


def icmp_echo(kind, source_mac, source, target_mac, target, payload):
    """`payload` starts with identifier and sequence number, as it does in what is received."""
    body = struct.pack("!BBH", kind, 0, 0) + payload
    body = struct.pack("!BBH", kind, 0, checksum(body)) + payload
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 64, 1, 0,
                       socket.inet_aton(source), socket.inet_aton(target))
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return ethernet(target_mac, source_mac, ETHERTYPE_IPV4, head + body)


def icmpv6(kind, source_mac, source, target_mac, target, rest, hops=64):
    ends = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, target)
    body = struct.pack("!BBH", kind, 0, 0) + rest
    body = struct.pack("!BBH", kind, 0, checksum(ends + struct.pack("!II", len(body), 58) + body)) + rest
    head = struct.pack("!IHBB", 0x60000000, len(body), 58, hops) + ends
    return ethernet(target_mac, source_mac, ETHERTYPE_IPV6, head + body)


def solicitation(source_mac, source, target):
    """Asks on the wire which MAC has an IPv6 address."""
    wanted = socket.inet_pton(socket.AF_INET6, target)
    group = "ff02::1:ff" + wanted[13:14].hex() + ":" + wanted[14:].hex()
    group_mac = "33:33:ff:" + mac_text(wanted[13:])
    rest = b"\0\0\0\0" + wanted + b"\x01\x01" + mac_bytes(source_mac)
    return icmpv6(ICMPV6_SOLICIT, source_mac, source, group_mac, group, rest, hops=255)


def read(data, time):
    """What a frame says, as far as the lab understands it."""
    target_mac, source_mac = mac_text(data[:6]), mac_text(data[6:12])
    ethertype, body = struct.unpack("!H", data[12:14])[0], data[14:]
    try:
        if ethertype == ETHERTYPE_ARP:
            return Frame(time, "arp", source_mac, target_mac, socket.inet_ntoa(body[14:18]), socket.inet_ntoa(body[24:28]),
                         struct.unpack("!H", body[6:8])[0], mac_text(body[8:14]))
        if ethertype == ETHERTYPE_IPV4:
            length = (body[0] & 15) * 4
            inner = body[length:struct.unpack("!H", body[2:4])[0]]
            kind = "icmp" if body[9] == 1 else "ipv4"
            return Frame(time, kind, source_mac, target_mac, socket.inet_ntoa(body[12:16]), socket.inet_ntoa(body[16:20]),
                         inner[0] if kind == "icmp" else body[9], payload=inner[4:] if kind == "icmp" else inner)
        if ethertype == ETHERTYPE_IPV6:
            inner = body[40:40 + struct.unpack("!H", body[4:6])[0]]
            kind = "icmpv6" if body[6] == 58 else "ipv6"
            return Frame(time, kind, source_mac, target_mac, str(ipaddress.IPv6Address(body[8:24])),
                         str(ipaddress.IPv6Address(body[24:40])), inner[0] if kind == "icmpv6" else body[6],
                         payload=inner[4:] if kind == "icmpv6" else inner)
    except (IndexError, struct.error, ValueError, OSError):
        pass  # cut short or malformed: still recorded, as something else
    return Frame(time, "other", source_mac, target_mac, type=ethertype, payload=body)
