"""Server Keep Alive: the broker says a shorter time than the client asked for, and both keep to it,
at whichever broker the client is."""

import os
import sys
import unittest

from brokers import OneBroker, TwoBrokers
from clients import Client, MosquittoSub, publish
from muster import SOURCE
from muster_sub import READY, Sub

sys.path.append(os.path.join(SOURCE, "tests", "conformance"))

import packets as p  # noqa: E402
from conversation import Connection, capabilities  # noqa: E402

TOLD = (p.SERVER_KEEP_ALIVE, 3)


class KeepAlive:
    """The tests; the two classes below say over which brokers."""

    settings = (("broker.max_keep_alive", "3s"),)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        publish(cls.here, "5", READY, "ready", "-q", "2", "-r", program="muster")
        cls.known = capabilities(cls.here)

    def connect(self, port, client_id, told=(TOLD,), present=False, **more):
        """A client that says no more than CONNECT."""
        made = Connection(port, 5, client_id)
        self.addCleanup(made.drop)
        made.send(p.connect(5, client_id, **more))
        made.expect(p.connack(5, present, 0, [*self.known, *told]))
        return made

    def test_what_is_told(self):
        for port in (self.here, self.there):
            for asked, told in ((0, [TOLD]), (1, []), (3, []), (4, [TOLD]), (65535, [TOLD])):
                self.connect(port, "k-told", told, keep_alive=asked).disconnect()

    def test_the_silent_are_ended_and_their_session_goes_on(self):
        kept = {"keep_alive": 65535, "clean": False, "properties": [(p.SESSION_EXPIRY, 600)]}
        with Client(self.here, "k-watcher", keepalive=1) as watcher:
            watcher.subscribe("k/will", 1)
            silent = self.connect(self.there, "k-silent", will=p.Will("k/will", "gone", 1), **kept)
            silent.subscribe("k/waits")
            silent.expect_end(0x8D)
            self.assertEqual(watcher.next().payload, b"gone")
        self.connect(self.here, "k-silent", present=True, **kept)

    def test_clients_keep_to_it(self):
        """Mosquitto's and ours. The clock is a silent client, twice: a deaf one ends sooner."""
        kept = ("-i", "k-kept", "-c", "-x", "600")
        with Sub(self.here, "5", *kept, "-t", "k/heard", "-C", "1") as first:
            self.assertEqual(first.ended(), 0)
        long, none = (("-k", asked, "-t", "k/heard") for asked in ("200", "0"))
        readers = [Sub(self.there, "5", *long), Sub(self.there, "5", *none),
                   Sub(self.there, "5", *long, *kept), MosquittoSub(self.there, "5", *long)]
        for reader in readers:
            self.addCleanup(reader.close)
        for _ in range(2):
            self.connect(self.there, "k-clock", keep_alive=200).expect_end(0x8D)
        publish(self.here, "5", "k/heard", "here", "-q", "1")
        for reader in readers:
            self.assertEqual(reader.next(), "here")


class AtOneBroker(KeepAlive, OneBroker, unittest.TestCase):
    pass


class AtTwoBrokers(KeepAlive, TwoBrokers, unittest.TestCase):
    pass


if __name__ == "__main__":
    unittest.main()
