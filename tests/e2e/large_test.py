"""The largest PUBLISH there is, through two brokers: nobody else waits, memory stays bounded."""

import socket
import threading
import unittest

from clients import Client
from cluster import Cluster
from muster import PATIENCE_S
from raw import connect, packet, string

LARGEST = 268_435_455, b"\xff\xff\xff\x7f"  # Remaining Length (2.1.4)
SLOW = 8_388_607, b"\xff\xff\xff\x03"  # where each byte takes long
CHUNK = bytes(1 << 20)
HEADROOM = 64 << 20


def peak_bytes(process):
    """The most memory that the process has had (VmHWM)."""
    with open(f"/proc/{process.process.pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    raise AssertionError("no VmHWM")


def sanitized(process):
    """Shadow memory is not the broker's."""
    with open(f"/proc/{process.process.pid}/maps", encoding="ascii", errors="replace") as file:
        maps = file.read()
    return "libasan" in maps or "libtsan" in maps


def dial(port, client_id):
    sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    sock.sendall(connect(4, client_id))
    assert take(sock, 4) == bytes.fromhex("20020000")
    return sock


def take(sock, count):
    received = bytearray()
    while len(received) < count:
        part = sock.recv(min(count - len(received), 1 << 20))
        assert part, f"closed after {len(received)} of {count} bytes"
        received += part
    return bytes(received)


def skip(sock, count):
    """Reads and forgets; the number of bytes that were not 0."""
    other = 0
    while count > 0:
        part = sock.recv(min(count, 1 << 20))
        assert part, f"closed, {count} bytes missing"
        count -= len(part)
        other += len(part) - part.count(0)
    return other


class Large(unittest.TestCase):
    def test_the_largest_publish_over_two_brokers(self):
        with Cluster(brokers=2) as cluster:
            there, here = cluster.ports()
            brokers = [cluster.processes[name] for name in ("broker-1", "broker-2")]
            slow = sanitized(brokers[0])
            for qos in (0, 1):
                self.send_one(there, here, qos, *(SLOW if slow else LARGEST))
            for process in () if slow else brokers:
                self.assertLess(peak_bytes(process), 2 * LARGEST[0] + HEADROOM)

    def send_one(self, there, here, qos, remaining, length):
        head = string("large") + (b"\x00\x07" if qos else b"")
        fixed = bytes([0x30 | qos << 1]) + length
        with dial(there, "reader") as reader, dial(here, "writer") as writer:
            reader.sendall(packet(0x82, b"\x00\x01" + string("large") + bytes([qos])))
            self.assertEqual(take(reader, 5), b"\x90\x03\x00\x01" + bytes([qos]))
            others = threading.Thread(target=self.others, args=(there, here))
            others.start()

            def write():
                writer.sendall(fixed + head)
                left = remaining - len(head)
                while left > 0:
                    writer.sendall(CHUNK[:left])
                    left -= len(CHUNK)
            writing = threading.Thread(target=write)
            writing.start()
            got = take(reader, len(fixed) + len(head))
            self.assertEqual(got[:len(fixed) + 7], fixed + string("large"))
            self.assertEqual(skip(reader, remaining - len(head)), 0)
            writing.join(PATIENCE_S)
            if qos:
                reader.sendall(b"\x40\x02" + got[-2:])
                self.assertEqual(take(writer, 4), b"\x40\x02\x00\x07")
            others.join(PATIENCE_S)
            self.assertTrue(self.heard)

    heard = False

    def others(self, there, here):
        """Other clients of both brokers, all the while."""
        self.heard = False
        with Client(there, "other-sub") as sub, Client(here, "other-pub") as pub:
            sub.subscribe("other", 1)
            for i in range(200):
                pub.publish("other", str(i), 1)
                assert sub.next().payload == str(i).encode()
        self.heard = True


if __name__ == "__main__":
    unittest.main()
