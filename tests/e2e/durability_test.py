"""What a publisher asks for with the user property `durability`, and what the configuration says of
a topic, decides what survives kill -9."""

import shutil
import tempfile
import unittest

from clients import Client, PacketTypes, Properties
from muster import Muster


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


if __name__ == "__main__":
    unittest.main()
