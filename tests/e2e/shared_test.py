"""Shared subscriptions with real clients, at one broker of several shards and at two brokers."""

import queue
import threading
import unittest

from clients import Client, MosquittoSub
from cluster import Cluster
from muster import PATIENCE_S, Muster

GROUP = "$share/workers/jobs/+"
COUNT = 300


def drain(clients, count):
    """`count` messages of all clients together, and what else was there: payloads by client."""
    got = {client: [] for client in clients}
    arrived = queue.Queue()
    for client in clients:
        threading.Thread(target=pump, args=(client, arrived), daemon=True).start()
    for _ in range(count):
        client, payload = arrived.get(timeout=PATIENCE_S)
        got[client].append(payload)
    for client in clients:
        client.subscribe("probe")  # a round trip behind whatever is under way
        client.messages.put(None)
    for _ in clients:
        while (more := arrived.get(timeout=PATIENCE_S)) is not None:
            got[more[0]].append(more[1])
    return got


def pump(client, arrived):
    for message in iter(client.next, None):
        arrived.put((client, message.payload))
    arrived.put(None)


def member(port, name, persistent=False, silent=False, **more):
    client = Client(port, name, clean=not persistent, expiry=3600 if persistent else 0, **more)
    if silent:  # acknowledges nothing
        client.client._send_puback = lambda *_: 0  # pylint: disable=protected-access
    client.subscribe(GROUP, 1)
    return client


def feed(port, count, first=0):
    with Client(port, "feeder") as feeder:
        for number in range(first, first + count):
            feeder.publish(f"jobs/{number % 3}", str(number), 1)


class Shared:
    """The tests; the classes below say over which brokers."""

    def check_once(self, got, count, members):
        everything = [payload for some in got.values() for payload in some]
        self.assertEqual(sorted(everything, key=int), [b"%d" % n for n in range(count)])
        for payloads in list(got.values())[:members]:
            self.assertTrue(payloads)

    def test_each_message_goes_to_one_clean_member(self):
        members = [member(self.here, "c1"), member(self.there, "c2"), member(self.there, "c3"),
                   member(self.here, "c4", version="311")]
        feed(self.here, COUNT)
        self.check_once(drain(members, COUNT), COUNT, 4)
        for client in members:
            client.close()

    def test_mosquitto_sub_is_a_member(self):
        with MosquittoSub(self.there, "311", "-t", "$share/m/m/#", "-q", "1", "-i", "m1") as one, \
                MosquittoSub(self.here, "5", "-t", "$share/m/m/#", "-q", "1", "-i", "m2") as two:
            self.assertEqual((one.granted, two.granted), ("1", "1"))
            with Client(self.here, "feeder") as feeder:
                for number in range(100):
                    feeder.publish("m/x", str(number), 1)
            got = []
            while len(got) < 100:
                for sub in (one, two):
                    while not sub.lines.empty():
                        got.append(sub.next())
            self.assertEqual(sorted(map(int, got)), list(range(100)))

    def test_each_message_goes_to_one_persistent_member(self):
        members = [member(self.here, "p1", True), member(self.there, "p2", True)]
        feed(self.there, COUNT)
        self.check_once(drain(members, COUNT), COUNT, 2)
        members[0].close()
        feed(self.here, 50)  # the connected one has them all
        got = drain(members[1:], 50)
        self.assertEqual(len(got[members[1]]), 50)
        members[1].close()
        feed(self.here, 50)  # nobody is there: they wait
        again = [Client(self.there, name, clean=False, expiry=3600) for name in ("p1", "p2")]
        self.check_once(drain(again, 50), 50, 0)
        for client in again:
            client.client.unsubscribe(GROUP)
            client.close()

    def test_clean_and_persistent_members_in_one_group(self):
        members = [member(self.here, "x1", True), member(self.there, "x2"),
                   member(self.here, "x3"), member(self.there, "x4", True)]
        feed(self.here, COUNT)
        self.check_once(drain(members, COUNT), COUNT, 4)
        for client in members:
            client.client.unsubscribe(GROUP)
            client.close()

    def test_what_a_clean_member_leaves_goes_to_another(self):
        silent = member(self.there, "s1", silent=True, receive_maximum=20)
        feed(self.here, 50)
        other = member(self.here, "s2")
        silent.drop()
        got = drain([other], 50)
        self.assertEqual(sorted(got[other], key=int), [b"%d" % n for n in range(50)])
        other.close()

    def test_what_an_ended_session_leaves_goes_to_another(self):
        silent = member(self.there, "e1", True, silent=True, receive_maximum=20)
        feed(self.here, 50)
        other = member(self.here, "e2", True)
        silent.drop()
        Client(self.here, "e1", clean=True).close()  # a new session: the former one is over
        got = drain([other], 50)
        self.assertEqual(sorted(got[other], key=int), [b"%d" % n for n in range(50)])
        Client(self.here, "e2", clean=True).close()
        other.client.loop_stop()

    def test_what_an_ended_session_leaves_goes_to_a_clean_member(self):
        silent = member(self.there, "f1", True, silent=True)
        feed(self.here, 20)
        other = member(self.here, "f2")
        silent.drop()
        Client(self.there, "f1", clean=True).close()
        got = drain([other], 20)
        self.assertEqual(sorted(got[other], key=int), [b"%d" % n for n in range(20)])
        other.close()


class OneBroker(Shared, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.muster = Muster("--set", "broker.shards=3")
        cls.here = cls.there = cls.muster.port

    @classmethod
    def tearDownClass(cls):
        cls.muster.__exit__()


class TwoBrokers(Shared, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.here, cls.there = cls.cluster.ports()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.__exit__(None)


if __name__ == "__main__":
    unittest.main()
