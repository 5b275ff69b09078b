"""Who is there, seen by real clients: coming and going, takeovers, and the death of a broker."""

import json
import unittest

from clients import Client, MosquittoSub
from cluster import Cluster
from muster import PATIENCE_S, Muster, run


def who(port, *arguments):
    """The rows of `muster who --json`, by device."""
    status, out, err = run("who", "-p", str(port), "--json", *arguments)
    assert status == 0, err
    rows = [row for line in out.splitlines() for row in json.loads(line)["rows"]]
    return {row["device"]: row for row in rows}


class Watcher:
    """Sees every presence message; waits until one says what is wanted."""

    def __init__(self, port, name="watcher"):
        self.client = Client(port, name)
        self.seen = []
        self.client.subscribe("$user/+/presence")

    def until(self, device, status):
        while True:
            row = json.loads(self.client.next().payload)
            self.seen.append(row)
            if (row["device"], row["status"]) == (device, status):
                return row

    def all_are(self, devices, status):
        """Order is kept for each device, not among them."""
        missing = set(devices)
        while missing:
            row = json.loads(self.client.next().payload)
            self.seen.append(row)
            if row["status"] == status:
                missing.discard(row["device"])

    def statuses(self, device):
        return [row["status"] for row in self.seen if row["device"] == device]


class OneBroker(unittest.TestCase):
    def test_a_client_comes_and_goes(self):
        with Muster() as muster, MosquittoSub(muster.port, "311", "-v", "-i", "looker", "-t",
                                              "$user/+/presence") as sub:
            def row_of(device):
                while True:
                    topic, payload = sub.next().split(" ", 1)
                    row = json.loads(payload)
                    if row["device"] == device:
                        self.assertEqual(topic, f"$user/{device}/presence")
                        return row
            self.assertEqual(row_of("looker")["status"], "online")
            with Client(muster.port, "tv-1"):
                self.assertEqual(row_of("tv-1")["status"], "online")
                self.assertEqual(who(muster.port, "tv-1")["tv-1"]["status"], "online")
            gone = row_of("tv-1")
            self.assertEqual((gone["status"], gone["why"]), ("offline", "disconnected"))
            self.assertEqual(who(muster.port, "tv-1")["tv-1"]["status"], "offline")

    def test_state_is_a_plain_word(self):
        with Muster() as muster, Client(muster.port, "s") as watcher:
            watcher.subscribe("$user/tv-1/presence/state")
            with Client(muster.port, "tv-1"):
                self.assertEqual(watcher.next().payload, b"online")
            self.assertEqual(watcher.next().payload, b"offline")

    def test_attributes_are_returned_and_usable_in_filters(self):
        with Muster() as muster, Client(muster.port, "tv-1") as tv, Client(muster.port, "tv-2"):
            tv.publish("$user/me/info", json.dumps({"room": "kitchen", "floor": 2}), 1)
            rows = {}
            for _ in range(1000):  # replicas follow within milliseconds
                rows = who(muster.port, "attr.room=kitchen")
                if rows:
                    break
            self.assertEqual(list(rows), ["tv-1"])
            self.assertEqual(rows["tv-1"]["attributes"], {"room": "kitchen", "floor": "2"})

    def test_who_in_words(self):
        with Muster() as muster, Client(muster.port, "tv-1"):
            status, out, _ = run("who", "-p", str(muster.port), "status=online", "device=tv-*")
            self.assertEqual(status, 0)
            heading, row = out.splitlines()
            self.assertEqual(heading.split()[:3], ["DEVICE", "USER", "STATUS"])
            self.assertEqual(row.split()[:3], ["tv-1", "tv-1", "online"])
            self.assertEqual(run("who", "-p", str(muster.port), "--count", "device=tv-*")[1], "1\n")
            self.assertEqual(run("who", "-p", str(muster.port), "colour=red")[0], 1)


class TwoBrokers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(settings="[presence]\ndead_after = \"2s\"\n")
        cls.here, cls.there = cls.cluster.ports()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.__exit__(None)

    def test_a_takeover_onto_another_broker_is_never_seen_as_offline(self):
        watcher = Watcher(self.here)
        device = Client(self.here, "roamer")
        watcher.until("roamer", "online")
        for port in (self.there, self.here) * 4:
            following = Client(port, "roamer")
            device.expect("disconnected")
            device.client.loop_stop()
            device = following
        with Client(self.here, "last"):
            watcher.until("last", "online")
        self.assertNotIn("offline", watcher.statuses("roamer"))
        self.assertNotIn("unknown", watcher.statuses("roamer"))
        device.close()
        watcher.until("roamer", "offline")
        watcher.client.close()

    def test_devices_of_a_killed_broker_are_unknown_then_offline(self):
        watcher = Watcher(self.here, "mourner")
        wills = Client(self.here, "executor")
        wills.subscribe("wills/+", 1)
        for i in range(20):
            Client(self.there, f"lost-{i}", will=(f"wills/{i}", str(i), 1, False))
        devices = [f"lost-{i}" for i in range(20)]
        watcher.all_are(devices, "online")
        self.cluster.kill("broker-2")
        watcher.all_are(devices, "offline")
        for device in devices:
            self.assertEqual(watcher.statuses(device), ["online", "unknown", "offline"])
        self.assertEqual(sorted(int(wills.next().payload) for _ in range(20)), list(range(20)))
        # Nothing comes twice: what is published now is the next message.
        with Client(self.here, "late") as late:
            late.publish("wills/end", "end", 1)
            self.assertEqual(wills.next(PATIENCE_S).payload, b"end")
        self.cluster.start("broker-2")
        self.cluster.wait_ready("broker-2")
        wills.close()
        watcher.client.close()


if __name__ == "__main__":
    unittest.main()
