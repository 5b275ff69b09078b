#!/usr/bin/python3
"""Much of one thing over two brokers, while another client's messages flow there: 1,000,000
retained topics read by `#`, a session with 100,000 subscriptions, a group of 10,000 members.
Checks that everything arrives once, and prints how long it took, the slowest round trip of the
other client meanwhile and the most memory that each process has had; exit status 1 if a broker had
more than twice the payload + 64 MiB.

  MUSTER=build/release/muster bench/many.py [retained|subscriptions|group]... [--part N]

--part: an Nth of each number, to try it.
"""

import argparse
import contextlib
import os
import select
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "e2e"))

from clients import Client  # noqa: E402  pylint: disable=wrong-import-position
from cluster import Cluster  # noqa: E402  pylint: disable=wrong-import-position

HEADROOM = 64 << 20
PAYLOAD = b"x" * 256


def text(value):
    return len(value).to_bytes(2, "big") + value


def packet(kind, body):
    length, head = len(body), bytearray([kind])
    while True:
        head.append(length % 128 | (0x80 if length > 127 else 0))
        length //= 128
        if not length:
            return bytes(head) + body


class Link:
    """A 3.1.1 connection as a socket: Python's clients are too slow for millions."""

    def __init__(self, port, name, clean=True):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = text(b"MQTT") + bytes([4, 2 if clean else 0, 0, 0]) + text(name)
        self.socket.sendall(packet(0x10, body))
        self.rest = bytearray()
        self.present = self.next()[1][0] == 1

    def send(self, kind, body):
        self.socket.sendall(packet(kind, body))

    def read(self):
        got = self.socket.recv(1 << 18)
        assert got, "closed by the broker"
        self.rest += got

    def take(self):
        """The whole packets that have come: (type and flags, body)."""
        rest, at, found = self.rest, 0, []
        while len(rest) - at >= 2:
            begin, length, shift = at + 1, 0, 0
            while begin < len(rest):
                length |= (rest[begin] & 127) << shift
                shift += 7
                begin += 1
                if rest[begin - 1] < 128:
                    break
            else:
                break
            if len(rest) - begin < length:
                break
            found.append((rest[at], bytes(rest[begin:begin + length])))
            at = begin + length
        del rest[:at]
        return found

    def next(self):
        while not (found := self.take()):
            self.read()
        assert len(found) == 1, found
        return found[0]

    def close(self):
        self.send(0xE0, b"")
        self.socket.close()


def in_windows(link, kind, bodies, window=1000):
    """Sends all, at most `window` of them unanswered, and waits for every answer."""
    under_way = 0

    def answered():
        link.read()
        answers = link.take()
        assert not any(0x80 in body[2:] for _, body in answers), "refused"
        return len(answers)

    for body in bodies:
        link.send(kind, body)
        under_way += 1
        while under_way >= window:
            under_way -= answered()
    while under_way:
        under_way -= answered()


def numbered(prefix, number, payload):
    """A QoS 1 PUBLISH without its fixed header."""
    return text(prefix % number) + (number % 65535 + 1).to_bytes(2, "big") + payload


class Other:
    """Another client: sends itself messages all the time, and notes the slowest round trip."""

    def __init__(self, port):
        self.client = Client(port, "other")  # first of all: it cannot use high file numbers
        self.client.subscribe("talk")
        self.slowest = 0.0
        self.over = False
        self.thread = threading.Thread(target=self.talk)
        self.thread.start()

    def talk(self):
        while not self.over:
            sent = time.monotonic()
            self.client.publish("talk", "x")
            self.client.next(timeout=120)
            self.slowest = max(self.slowest, time.monotonic() - sent)

    def stop(self):
        self.over = True
        self.thread.join()
        self.client.close()

    @contextlib.contextmanager
    def timed(self, what):
        self.slowest = 0.0
        began = time.monotonic()
        yield
        print(f"  {what}: {time.monotonic() - began:.1f} s, slowest round trip of another client "
              f"{self.slowest * 1000:.0f} ms", flush=True)


def retained(cluster, other, count):
    here, there = cluster.ports()
    writer, reader = Link(here, b"writer"), Link(there, b"reader")
    with other.timed(f"{count} retained topics stored"):
        in_windows(writer, 0x33, (numbered(b"many/%d/topic", n, PAYLOAD) for n in range(count)))
    with other.timed(f"{count} read by many/#"):
        reader.send(0x82, b"\x00\x01" + text(b"many/#") + b"\x00")
        assert reader.next()[0] == 0x90
        seen = set()
        while len(seen) < count:
            reader.read()
            for kind, body in reader.take():
                assert kind == 0x31 and body.endswith(PAYLOAD)
                seen.add(int(body[7:body.index(b"/", 7)]))
        assert seen == set(range(count))
    return count * (len(PAYLOAD) + len(b"many/500000/topic"))


def subscriptions(cluster, other, count):
    here, there = cluster.ports()
    each = 100  # filters in a SUBSCRIBE
    link = Link(here, b"many", clean=False)

    def asked(suffix):
        for n in range(0, count, each):
            yield (n // each + 1).to_bytes(2, "big") + b"".join(
                text(b"deep/%d/+" % (n + i)) + suffix for i in range(each))

    with other.timed(f"{count} subscriptions of one session"):
        in_windows(link, 0x82, asked(b"\x01"), 20)
    link.close()
    with other.timed("the session taken up at the other broker"):
        link = Link(there, b"many", clean=False)
        assert link.present
    writer = Link(here, b"writer")
    messages = min(count, 2000)
    with other.timed(f"{messages} messages to it"):
        seen, step = set(), count // messages
        for n in range(0, count, step):
            writer.send(0x32, numbered(b"deep/%d/x", n, b"m"))
        while len(seen) < messages:
            link.read()
            for kind, body in link.take():
                assert kind & 0xF0 == 0x30
                topic = 2 + int.from_bytes(body[:2], "big")
                link.send(0x40, body[topic:topic + 2])
                seen.add(bytes(body[2:topic]))
    with other.timed("half of them given up again"):
        half = (body for n, body in enumerate(asked(b"")) if n % 2)
        in_windows(link, 0xA2, half, 20)
    link.close()
    return count * len(b"deep/500000/+")


def group(cluster, other, count):
    ports = cluster.ports()
    members = []
    with other.timed(f"{count} members of one group"):
        members = [Link(ports[n % 2], b"member-%d" % n) for n in range(count)]
        for member in members:
            member.send(0x82, b"\x00\x01" + text(b"$share/g/job/+") + b"\x01")
        for member in members:
            assert member.next() == (0x90, b"\x00\x01\x01")
    messages = 2 * count
    with other.timed(f"{messages} messages to it"):
        writer = Link(ports[0], b"writer")
        poll, by_file = select.epoll(), {}
        for member in members:
            by_file[member.socket.fileno()] = member
            poll.register(member.socket.fileno(), select.EPOLLIN)
        sending = threading.Thread(target=in_windows, args=(
            writer, 0x32, (numbered(b"job/x%d", n, b"job") for n in range(messages)), 200))
        sending.start()
        seen, busy = [], {}
        while len(seen) < messages:
            for file, _ in poll.poll():
                member = by_file[file]
                member.read()
                for kind, body in member.take():
                    assert kind & 0xF0 == 0x30
                    topic = 2 + int.from_bytes(body[:2], "big")
                    member.send(0x40, body[topic:topic + 2])
                    seen.append(bytes(body[2:topic]))
                    busy[file] = busy.get(file, 0) + 1
        sending.join()
        assert len(set(seen)) == messages, "a message went to two members"
    print(f"  {len(busy)} members got some, at most {max(busy.values())} each")
    with other.timed("all but two leave"):
        for member in members[2:]:
            member.send(0xA2, b"\x00\x02" + text(b"$share/g/job/+"))
        for member in members[2:]:
            assert member.next()[0] == 0xB0
    for member in members:
        member.close()
    return messages * len(b"job")


def peak(process):
    with open(f"/proc/{process.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) << 10


SCENES = {"retained": (retained, 1_000_000), "subscriptions": (subscriptions, 100_000),
          "group": (group, 10_000)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", nargs="*", default=[], choices=[[], *SCENES], metavar="SCENE")
    parser.add_argument("--part", type=int, default=1)
    options = parser.parse_args()
    failed = False
    for name in options.scenes or SCENES:
        scene, count = SCENES[name]
        print(name)
        with Cluster() as cluster:
            other = Other(cluster.ports()[1])
            try:
                limit = 2 * scene(cluster, other, count // options.part) + HEADROOM
            finally:
                other.stop()
            for process_name, process in cluster.processes.items():
                most = peak(process)
                over = process_name.startswith("broker") and most > limit
                failed |= over
                print(f"  {process_name}: {most >> 20} MiB{' OVER THE LIMIT' if over else ''}")
            print(f"  limit of a broker, twice the payload + 64 MiB: {limit >> 20} MiB", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
