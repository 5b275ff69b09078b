"""What a publisher asks for with the user property `durability`, and what the configuration says of
a topic and of the address that a publisher came in by, decides what survives kill -9."""

import shutil
import tempfile
import unittest

from clients import Client, PacketTypes, Properties
from muster import Muster, free_port


def wish(level):
    properties = Properties(PacketTypes.PUBLISH)
    properties.UserProperty = ("durability", level)
    return properties


class Durability(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="muster-durability-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def muster(self):
        return Muster("--set", "store.topics=careless/#=memory", data=self.folder)

    def test_what_survives_a_kill(self):
        with self.muster() as muster:
            with Client(muster.port, "device", clean=False, expiry=3600) as device:
                device.subscribe("#", 1)
            with Client(muster.port, "publisher") as publisher:
                for level in ("memory", "process", "power"):
                    publisher.publish("topic", level, 1, wish(level))
                publisher.publish("topic", "nothing said", 1)
                publisher.publish("careless/x", "by its topic", 1)
                publisher.publish("careless/x", "careless process", 1, wish("process"))
            muster.kill()
        with self.muster() as muster:
            with Client(muster.port, "publisher") as publisher:
                publisher.publish("topic", "end", 1)
            with Client(muster.port, "device", clean=False, expiry=3600) as device:
                self.assertTrue(device.session_present)
                got = []
                while not got or got[-1] != "end":
                    got.append(device.next().payload.decode())
        self.assertEqual(got, ["process", "power", "nothing said", "careless process", "end"])


class Listeners(unittest.TestCase):
    """Two listeners, the first with listen.durability and the other with a level of its own. Two
    shards: about half of the clients move to another one after they have come in."""

    PUBLISHERS = 8  # by each listener

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="muster-durability-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.other = free_port()

    def muster(self, first, other):
        return Muster("--listen", f"127.0.0.1:{self.other}={other}", "--set",
                      f"listen.durability={first}", "--set", "store.topics=alarm/#=process",
                      "--set", "broker.shards=2", data=self.folder)

    def publish_by(self, port, level):
        for i in range(self.PUBLISHERS):
            with Client(port, f"{level}-{i}") as publisher:
                publisher.publish("topic", f"{level} {i}", 1)
                publisher.client.publish("now/" + level, level, 1, retain=True)
                publisher.expect("published")
                publisher.publish("alarm/x", f"alarm {level} {i}", 1)
                publisher.publish("topic", f"{level} asks {i}", 1, wish("process"))

    def kept(self, port):
        with Client(port, "last") as publisher:
            publisher.publish("topic", "end", 1)
        got = []
        with Client(port, "device", clean=False, expiry=3600) as device:
            self.assertTrue(device.session_present)
            while not got or got[-1] != "end":
                got.append(device.next().payload.decode())
        with Client(port, "reader") as reader:
            reader.subscribe("now/memory", 1)  # read one after the other
            reader.subscribe("now/process", 1)
            retained = reader.next().payload.decode()
        return got[:-1], retained

    def survives(self, first, other):
        with self.muster(first, other) as muster:
            with Client(muster.port, "device", clean=False, expiry=3600) as device:
                device.subscribe("topic", 1)
                device.subscribe("alarm/#", 1)
            self.publish_by(muster.port, first)
            self.publish_by(self.other, other)
            muster.kill()
        # What has come back does not depend on what the listeners say now.
        with self.muster(other, first) as muster:
            got, retained = self.kept(muster.port)
        self.assertEqual(retained, "process")
        expected = []
        for level in (first, other):
            for i in range(self.PUBLISHERS):
                expected += [f"process {i}"] if level == "process" else []
                expected += [f"alarm {level} {i}", f"{level} asks {i}"]
        self.assertEqual(got, expected)

    def test_what_came_in_by_the_one_that_says_process_is_kept(self):
        self.survives("memory", "process")

    def test_and_the_other_way_round(self):
        self.survives("process", "memory")


if __name__ == "__main__":
    unittest.main()
