"""A flipped byte in the store is noticed: the damaged store is set aside as it was, the server
starts on what could be saved, says so in one line, and serves."""

import glob
import os
import shutil
import tempfile
import unittest

from clients import Client
from muster import Muster

# Where the messages lie: LevelDB's tables, its log, and the segments in front of it.
IN_TABLE, IN_LOG, IN_SEGMENT = 40, 10, 10
ALL = IN_TABLE + IN_LOG + IN_SEGMENT


class Damage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="muster-damage-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.sound = os.path.join(cls.folder, "sound")
        cls.queue(0, IN_TABLE)
        cls.restart()  # what was in the segment is in LevelDB's log now
        cls.restart()  # and now in a table
        cls.queue(IN_TABLE, IN_LOG)
        cls.restart()
        cls.queue(IN_TABLE + IN_LOG, IN_SEGMENT)

    @classmethod
    def restart(cls):
        with Muster(data=cls.sound) as muster:
            assert muster.stop() == 0

    @classmethod
    def queue(cls, first, count):
        """Messages for a device that is away; another one is there each time."""
        with Muster(data=cls.sound) as muster:
            for name in ("device", "regular") if first == 0 else ("regular",):
                with cls.attach(muster, name):
                    pass
            with Client(muster.port, "publisher") as publisher:
                for number in range(first, first + count):
                    publisher.publish("queue/all", str(number), 1)
            assert muster.stop() == 0

    @staticmethod
    def attach(muster, name):
        client = Client(muster.port, name, clean=False, expiry=3600)
        if not client.session_present:
            client.subscribe("queue/#", 1)
        return client

    def damaged_copy(self, pattern, part):
        """A copy of the store with one byte flipped; `part` of the way into the file."""
        copy = os.path.join(self.folder, "copy")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.sound, copy)
        name = max(glob.glob(os.path.join(copy, pattern)), key=os.path.getsize)
        with open(name, "r+b") as file:
            data = bytearray(file.read())
            data[int(part * (len(data) - 1))] ^= 0x10
            file.seek(0)
            file.write(data)
        return copy, os.path.basename(name), bytes(data)

    def arrived(self, muster, name="device"):
        """The numbers that it finds, up to one that is sent last: it is subscribed, or was told
        that it is not."""
        with self.attach(muster, name) as device:
            with Client(muster.port, "publisher") as publisher:
                publisher.publish("queue/all", "end", 1)
            numbers = []
            while (payload := device.next().payload) != b"end":
                numbers.append(int(payload))
        return numbers

    def check(self, pattern, part, most_lost):
        copy, name, data = self.damaged_copy(pattern, part)
        kind = "log" if pattern.startswith("store.log") else "store"
        store = os.path.join(copy, pattern.split("/", maxsplit=1)[0])
        with Muster(data=copy) as muster:
            numbers = self.arrived(muster)
            self.arrived(muster, "regular")
            self.assertEqual(muster.stop(), 0)
            said = [line for line in muster.stderr().splitlines() if " was damaged " in line]
        self.assertEqual(len(said), 1, said)
        self.assertIn(f"{kind} {store} was damaged (", said[0])
        self.assertIn(f"it is set aside as {store}.damaged-1", said[0])
        with open(os.path.join(store + ".damaged-1", name), "rb") as file:
            self.assertEqual(file.read(), data)  # as it was
        # Nothing wrong, nothing twice, in order; what is lost lies together.
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertGreaterEqual(len(numbers), ALL - most_lost)
        with Muster(data=copy) as muster:  # mended once
            self.assertEqual(muster.stop(), 0)
            self.assertNotIn("damaged", muster.stderr())

    def test_a_flipped_byte_in_a_segment(self):
        for part in (0, 0.3, 0.6, 1):
            with self.subTest(part):
                self.check("store.log/*", part, IN_SEGMENT)

    def test_a_flipped_byte_in_the_log(self):
        for part in (0, 0.3, 0.6, 1):
            with self.subTest(part):
                self.check("store/*.log", part, IN_LOG + IN_SEGMENT)

    def test_a_flipped_byte_in_a_table(self):
        for part in (0, 0.4, 1):
            with self.subTest(part):
                self.check("store/*.ldb", part, ALL)

    def test_a_flipped_byte_in_what_names_the_tables(self):
        for pattern in ("store/MANIFEST-*", "store/CURRENT"):
            for part in (0, 0.5, 1):
                with self.subTest(pattern, part=part):
                    self.check(pattern, part, 0)

    def test_a_store_of_which_nothing_is_left(self):
        copy = os.path.join(self.folder, "nothing")
        shutil.copytree(self.sound, copy)
        shutil.rmtree(os.path.join(copy, "store.log"))
        for name in os.listdir(os.path.join(copy, "store")):
            with open(os.path.join(copy, "store", name), "wb") as file:
                file.write(b"\xa5" * 4096)
        with Muster(data=copy) as muster:
            self.assertEqual(self.arrived(muster), [])
            said = [line for line in muster.stderr().splitlines() if " error " in line]
        self.assertEqual(len(said), 1, said)
        self.assertIn(" was damaged (", said[0])
        self.assertIn("; 0 records are left", said[0])


if __name__ == "__main__":
    unittest.main()
