#!/usr/bin/python3
"""How long until a change of presence is visible: from CONNACK (and from DISCONNECT) to the answer
of a look-up that says so, and to the message at a watcher. Prints medians and the slowest, in ms.

  MUSTER=build/release/muster bench/presence_visible.py [DEVICES] [--cluster]
"""

import json
import os
import statistics
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "e2e"))

from clients import Client  # noqa: E402  pylint: disable=wrong-import-position
from cluster import Cluster  # noqa: E402  pylint: disable=wrong-import-position
from muster import Muster  # noqa: E402  pylint: disable=wrong-import-position


class Asker:
    """Asks about one device again and again until it has the wanted status."""

    def __init__(self, port):
        self.client = Client(port, "asker")

    def until(self, device, status):
        while True:
            self.client.client.publish("$query", json.dumps({"devices": [device]}), 0)
            rows = json.loads(self.client.next().payload)["rows"]
            if rows and rows[0]["status"] == status:
                return time.monotonic()


class Watcher:
    """Notes when each (device, status) was seen."""

    def __init__(self, port):
        self.seen = {}
        self.changed = threading.Condition()
        self.client = Client(port, "watcher")
        self.client.client.on_message = self._message
        self.client.subscribe("$user/+/presence")

    def _message(self, _client, _user, message):
        row = json.loads(message.payload)
        with self.changed:
            self.seen.setdefault((row["device"], row["status"]), time.monotonic())
            self.changed.notify_all()

    def when(self, device, status):
        with self.changed:
            self.changed.wait_for(lambda: (device, status) in self.seen, 60)
            return self.seen[device, status]


def measure(here, there, count):
    asker, watcher = Asker(there), Watcher(there)
    times = {name: [] for name in ("online, look-up", "online, watcher", "offline, look-up",
                                   "offline, watcher")}
    for number in range(count):
        name = f"device-{number}"
        device = Client(here, name)
        began = time.monotonic()
        times["online, look-up"].append(asker.until(name, "online") - began)
        times["online, watcher"].append(max(0, watcher.when(name, "online") - began))
        began = time.monotonic()
        device.client.disconnect()
        times["offline, look-up"].append(asker.until(name, "offline") - began)
        times["offline, watcher"].append(watcher.when(name, "offline") - began)
        device.client.loop_stop()
    for name, values in times.items():
        values.sort()
        print(f"| {name} | {statistics.median(values) * 1e3:.2f} | "
              f"{values[int(len(values) * 0.99)] * 1e3:.2f} | {values[-1] * 1e3:.2f} |")


def main():
    arguments = [one for one in sys.argv[1:] if one != "--cluster"]
    count = int(arguments[0]) if arguments else 300
    print("| change | median ms | p99 ms | slowest ms |\n|---|---|---|---|")
    if "--cluster" in sys.argv:
        with Cluster() as cluster:
            measure(*cluster.ports(), count)
    else:
        with Muster() as muster:
            measure(muster.port, muster.port, count)


if __name__ == "__main__":
    main()
