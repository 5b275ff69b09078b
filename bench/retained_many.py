#!/usr/bin/python3
"""Many retained topics read by `#` at one broker of two, while other clients' messages flow there.
Prints how long storing and reading took, the slowest round trip of the others meanwhile, and what
memory each process holds.

  MUSTER=build/release/muster bench/retained_many.py [TOPICS] [PAYLOAD]
"""

import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "e2e"))

from clients import Client  # noqa: E402  pylint: disable=wrong-import-position
from cluster import Cluster  # noqa: E402  pylint: disable=wrong-import-position


def packet(kind, body):
    length, head = len(body), bytearray([kind])
    while True:
        head.append(length % 128 | (0x80 if length > 127 else 0))
        length //= 128
        if not length:
            return bytes(head) + body


def text(value):
    return len(value).to_bytes(2, "big") + value


def connect(port, name):
    """A 3.1.1 connection as a socket: Python's clients are too slow for a million messages."""
    link = socket.create_connection(("127.0.0.1", port))
    link.sendall(packet(0x10, text(b"MQTT") + b"\x04\x02\x00\x00" + text(name)))
    assert link.recv(4) == b"\x20\x02\x00\x00"
    return link


def store(port, topics, payload):
    """All with QoS 1; ends when the last is acknowledged."""
    link = connect(port, b"store")
    acknowledged = threading.Semaphore(1000)
    done = threading.Event()

    def read():
        count = 0
        while count < topics:
            got = link.recv(65536)
            assert got
            read.rest += len(got)
            for _ in range(read.rest // 4):
                acknowledged.release()
            count += read.rest // 4
            read.rest %= 4
        done.set()

    read.rest = 0
    threading.Thread(target=read, daemon=True).start()
    for number in range(topics):
        acknowledged.acquire()
        body = text(b"many/%d/topic" % number) + (number % 65535 + 1).to_bytes(2, "big") + payload
        link.sendall(packet(0x33, body))
    done.wait()
    link.close()


def read_all(port, topics, payload):
    """SUBSCRIBE `many/#`; the bytes that came until all were there."""
    link = connect(port, b"reader")
    link.sendall(packet(0x82, b"\x00\x01" + text(b"many/#") + b"\x00"))
    expected = 5 + sum(len(packet(0x31, text(b"many/%d/topic" % n) + payload))
                       for n in range(topics))
    count = 0
    while count < expected:
        got = link.recv(1 << 20)
        assert got
        count += len(got)
    link.close()
    return count


def resident(process):
    with open(f"/proc/{process.process.pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    return 0


def main():
    topics = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    payload = b"x" * (int(sys.argv[2]) if len(sys.argv) > 2 else 64)
    with Cluster() as cluster:
        here, there = cluster.ports()
        before = {name: resident(process) for name, process in cluster.processes.items()}
        start = time.monotonic()
        store(here, topics, payload)
        print(f"stored {topics} in {time.monotonic() - start:.1f} s")
        slowest, stop = [0.0], threading.Event()

        def talk():
            with Client(there, "talker") as talker:
                talker.subscribe("talk")
                while not stop.is_set():
                    sent = time.monotonic()
                    talker.client.publish("talk", "x")
                    talker.next()
                    slowest[0] = max(slowest[0], time.monotonic() - sent)

        others = threading.Thread(target=talk)
        others.start()
        start = time.monotonic()
        read_all(there, topics, payload)
        print(f"read in {time.monotonic() - start:.1f} s; slowest round trip of another client "
              f"meanwhile: {slowest[0] * 1000:.1f} ms")
        stop.set()
        others.join()
        data = topics * (len(payload) + len(b"many/500000/topic")) / 2**20
        print(f"topics and payloads: {data:.0f} MiB")
        for name, process in cluster.processes.items():
            print(f"{name}: {before[name]:.0f} -> {resident(process):.0f} MiB")


if __name__ == "__main__":
    main()
