"""Presence: how soon a change is visible, questions a second, and the time to be right again after
a broker was killed."""

import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests",
                                "e2e"))

CHANGES = (("online", "CONNACK"), ("offline", "DISCONNECT"))
QUESTIONS = (("lookup", "look-up of one device"), ("lookup_100", "look-up of 100 devices"),
             ("count", "count of all that are online"), ("count_prefix", "count by a prefix"),
             ("list_100", "list of 100 rows"))


class Devices:
    """So many devices at a broker, played by one process, until they are told to leave."""

    def __init__(self, program, port, count):
        self.process = subprocess.Popen(
            [program, "bench", "idle", "-p", str(port), "-i", "dev", "--connections", str(count),
             "--seconds", "0.1", "--json", "--hold"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.figures = json.loads(self.process.stdout.readline())

    def leave(self):
        self.process.stdin.close()
        self.process.wait()


class Counter:
    """Asks how many of them have a status, again and again."""

    def __init__(self, client):
        self.client = client

    def until(self, status, wanted):
        """The seconds until the answer is `wanted`."""
        began = time.monotonic()
        while self.count(status) != wanted:
            if time.monotonic() - began > 60:
                raise RuntimeError(f"not {wanted} {status} after a minute")
            time.sleep(0.002)
        return time.monotonic() - began

    def count(self, status):
        question = {"kind": "count", "where": [f"status={status}", "device=dev-*"]}
        self.client.client.publish("$query", json.dumps(question), 0)
        return json.loads(self.client.next().payload).get("count")


def recovery(program, devices, rounds):
    """Milliseconds, a list for each of two moments, by default settings: none of the devices of a
    killed broker reads online; all of them are online again at the other one."""
    os.environ["MUSTER"] = program
    from clients import Client  # pylint: disable=import-outside-toplevel
    from cluster import Cluster  # pylint: disable=import-outside-toplevel
    unknown, back = [], []
    for _ in range(rounds):
        with Cluster() as cluster:
            here, there = cluster.ports()
            counter = Counter(Client(there, "counter"))
            first = Devices(program, here, devices)
            counter.until("online", devices)
            cluster.kill("broker-1")
            unknown.append(counter.until("online", 0) * 1e3)
            began = time.monotonic()
            second = Devices(program, there, devices)
            counter.until("online", devices)
            back.append((time.monotonic() - began) * 1e3)
            first.leave()
            second.leave()
            counter.client.close()
    return unknown, back
