"""The neighbour on the tenant's network: plays the gateway, pings the guest, and keeps every frame the guest sends."""
import collections
import os
import socket
import struct
import threading
import time

from . import frames

GATEWAY = "10.0.1.1"
GATEWAY_MAC = "52:54:00:4d:57:fe"
LINK_LOCAL = "fe80::4d57:fe"


class Peer:
    """The other end of QEMU's `-netdev dgram`: one thread that reads frames and answers those that are for it."""

    def __init__(self, directory, gateways=(GATEWAY,), mac=GATEWAY_MAC, keep=20000):
        self.mac = mac
        self.gateways = set(gateways)
        self.local = os.path.join(directory, "peer.sock")
        self.remote = os.path.join(directory, "nic.sock")
        self._frames = collections.deque(maxlen=keep)
        self._arrived = threading.Condition()
        self._sequence = 0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.local)
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="peer", daemon=True)
        self._thread.start()

    def netdev(self, name):
        """QEMU's argument for the NIC on the other end."""
        return (f"dgram,id={name},local.type=unix,local.path={self.remote},"
                f"remote.type=unix,remote.path={self.local}")

    def close(self):
        self._closed = True
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._socket.close()

    def frames(self, match=lambda frame: True, since=0.0):
        """The frames seen since a time (time.monotonic()) that match, oldest first."""
        with self._arrived:
            return [frame for frame in self._frames if frame.time >= since and match(frame)]

    def wait_frame(self, match, timeout=30, since=0.0):
        """The first frame that matches, waiting for it; None when the time is up."""
        deadline = time.monotonic() + timeout
        with self._arrived:
            while True:
                for frame in self._frames:
                    if frame.time >= since and match(frame):
                        return frame
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                self._arrived.wait(left)

    def announced(self, address, since=0.0):
        """Whether the guest told everybody that it has an IPv4 address."""
        return bool(self.frames(lambda frame: frame.gratuitous and frame.source == address, since))

    def who_has(self, address, timeout=10, source=GATEWAY):
        """The MAC that claims an address (ARP, or neighbour discovery), or None when nobody does."""
        if ":" in address:
            ask = frames.solicitation(self.mac, LINK_LOCAL, address)

            def match(frame):
                return (frame.kind == "icmpv6" and frame.type == frames.ICMPV6_ADVERTISE
                        and frame.payload[4:20] == socket.inet_pton(socket.AF_INET6, address))
        else:
            ask = frames.arp(frames.ARP_REQUEST, self.mac, source, "00:00:00:00:00:00", address)

            def match(frame):
                return frame.kind == "arp" and frame.type == frames.ARP_REPLY and frame.source == address
        found = self._ask(ask, match, timeout)
        return found and (found.sender_mac or found.source_mac)

    def ping(self, address, timeout=10, source=GATEWAY):
        """The MAC of the machine that claims an address and answers an echo request sent to it, or None."""
        started = time.monotonic()
        mac = self.who_has(address, timeout, source)
        if mac is None:
            return None
        self._sequence += 1
        payload = struct.pack("!HH", os.getpid() & 0xFFFF, self._sequence & 0xFFFF) + b"metalwright lab "
        if ":" in address:
            ask = frames.icmpv6(frames.ICMPV6_ECHO, self.mac, LINK_LOCAL, mac, address, payload)
            kind, answer = "icmpv6", frames.ICMPV6_ECHO_REPLY
        else:
            ask = frames.icmp_echo(frames.ICMP_ECHO, self.mac, source, mac, address, payload)
            kind, answer = "icmp", frames.ICMP_ECHO_REPLY
        found = self._ask(ask, lambda frame: frame.kind == kind and frame.type == answer
                          and frame.source == address and frame.payload == payload,
                          max(1.0, timeout - (time.monotonic() - started)))
        return found and found.source_mac

    def _ask(self, ask, match, timeout):
        """Sends a frame, again every second, until an answer to it is seen."""
        since = time.monotonic()
        deadline = since + timeout
        while True:
            self._send(ask)
            left = deadline - time.monotonic()
            found = self.wait_frame(match, min(1.0, max(left, 0.05)), since)
            if found or left <= 0:
                return found

    def _send(self, data):
        try:
            self._socket.sendto(data, self.remote)
        except OSError:
            pass  # no guest on the wire just now: what a cable would do

    def _serve(self):
        while not self._closed:
            try:
                data = self._socket.recv(1 << 16)
            except OSError:
                return
            if len(data) < 14:
                continue
            frame = frames.read(data, time.monotonic())
            with self._arrived:
                self._frames.append(frame)
                self._arrived.notify_all()
            self._reply(frame)

    def _reply(self, frame):
        if frame.kind == "arp" and frame.type == frames.ARP_REQUEST and frame.target in self.gateways:
            self._send(frames.arp(frames.ARP_REPLY, self.mac, frame.target, frame.sender_mac, frame.source, frame.source_mac))
        elif frame.kind == "icmp" and frame.type == frames.ICMP_ECHO and frame.target in self.gateways:
            self._send(frames.icmp_echo(frames.ICMP_ECHO_REPLY, self.mac, frame.target, frame.source_mac, frame.source,
                                        frame.payload))
        elif (frame.kind == "icmpv6" and frame.type == frames.ICMPV6_SOLICIT
              and frame.payload[4:20] == socket.inet_pton(socket.AF_INET6, LINK_LOCAL)):
            # Solicited, override; the guest asks who we are before it answers our echo.
            rest = b"\x60\0\0\0" + frame.payload[4:20] + b"\x02\x01" + frames.mac_bytes(self.mac)
            self._send(frames.icmpv6(frames.ICMPV6_ADVERTISE, self.mac, LINK_LOCAL, frame.source_mac, frame.source, rest,
                                     hops=255))
