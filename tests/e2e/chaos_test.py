"""kill -9 of a random process at a random moment, while 4 publishers feed 20 persistent sessions.

Every PUBACKed message arrives at whichever broker its device returns to; first arrivals of one
publisher on one topic keep its order; what comes twice carries DUP or was sent twice.
MUSTER_CHAOS_ROUNDS and MUSTER_CHAOS_SEED choose another run.
"""

import os
import random
import threading
import unittest

import paho.mqtt.client as paho

from cluster import Cluster
from muster import PATIENCE_S

ROUNDS = int(os.environ.get("MUSTER_CHAOS_ROUNDS", "50"))
SEED = int(os.environ.get("MUSTER_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1 << 32)
SESSIONS, PUBLISHERS, MESSAGES = 20, 4, 300


class Roamer:
    """One client on a thread of its own that comes back, at any broker, until it is told to end."""

    def __init__(self, ports, client_id, seed, clean):
        self.ports = ports
        self.random = random.Random(seed)
        self.ending = threading.Event()
        self.lock = threading.Condition()
        self.client = paho.Client(client_id, clean_session=clean, protocol=paho.MQTTv311)
        self.client.max_inflight_messages_set(0)
        self.client.on_connect = self._connected
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self.ending.is_set():
            try:
                self.client.connect("127.0.0.1", self.random.choice(self.ports), 30)
                while not self.ending.is_set() and self.client.loop(0.05) == paho.MQTT_ERR_SUCCESS:
                    self.turn()
            except OSError:
                self.ending.wait(0.05)
        self.client.disconnect()

    def _connected(self, _client, _user, flags, code):
        if code == 0:
            self.connected(flags["session present"])

    def turn(self):
        """Between two looks at the socket."""

    def connected(self, session_present):
        """CONNACK has come."""

    def end(self):
        self.ending.set()
        self.thread.join(PATIENCE_S)


class Session(Roamer):
    """A device with a persistent session; notes every arrival."""

    def __init__(self, ports, number, seed):
        super().__init__(ports, f"session-{number}", seed, clean=False)
        self.number = number
        self.arrivals = []  # (publisher, sequence, dup)
        self.bound = threading.Event()
        self.client.on_subscribe = lambda *_: self.bound.set()
        self.client.on_message = self._message
        self.thread.start()

    def connected(self, session_present):
        if not self.bound.is_set():
            self.client.subscribe(f"chaos/{self.number}/#", 1)

    def _message(self, _client, _user, message):
        publisher, sequence = message.payload.split(b":")
        with self.lock:
            self.arrivals.append((int(publisher), int(sequence), message.dup))
            self.lock.notify_all()


class Publisher(Roamer):
    """Publishes in order; what is not acknowledged when a connection ends is sent again first."""

    def __init__(self, ports, number, seed):
        super().__init__(ports, f"publisher-{number}", seed, clean=True)
        self.number = number
        self.wanted = 0       # how many messages are to be sent in all
        self.sent = 0
        self.unacked = {}     # sequence -> times sent
        self.mids = {}
        self.resent = set()
        self.acked = set()
        self.ready = False
        self.client.on_publish = self._published
        self.client.on_disconnect = lambda *_: setattr(self, "ready", False)
        self.thread.start()

    def _send(self, sequence):
        topic = f"chaos/{sequence % SESSIONS}/{self.number}"
        info = self.client.publish(topic, f"{self.number}:{sequence}", 1)
        self.mids[info.mid] = sequence

    def connected(self, session_present):
        self.client._out_messages.clear()  # ours is the only list; pylint: disable=protected-access
        self.mids.clear()
        self.ready = True
        for sequence in sorted(self.unacked):
            self.resent.add(sequence)
            self._send(sequence)

    def turn(self):
        for _ in range(10):
            if not self.ready or self.sent >= self.wanted or len(self.unacked) > 100:
                return
            self.unacked[self.sent] = 1
            self._send(self.sent)
            self.sent += 1

    def _published(self, _client, _user, mid):
        sequence = self.mids.pop(mid, None)
        if sequence is None:
            return
        with self.lock:
            self.unacked.pop(sequence, None)
            self.acked.add(sequence)
            self.lock.notify_all()

    def wait_acked(self):
        with self.lock:
            done = self.lock.wait_for(lambda: len(self.acked) >= self.wanted, PATIENCE_S)
            assert done, f"publisher {self.number}: {len(self.acked)} of {self.wanted} acknowledged"


class Chaos(unittest.TestCase):
    def test_nothing_acknowledged_is_lost(self):
        print(f"MUSTER_CHAOS_SEED={SEED}", flush=True)
        chance = random.Random(SEED)
        with Cluster() as cluster:
            sessions = [Session(cluster.ports(), i, chance.random()) for i in range(SESSIONS)]
            for session in sessions:
                self.assertTrue(session.bound.wait(PATIENCE_S), "not subscribed")
            publishers = [Publisher(cluster.ports(), i, chance.random())
                          for i in range(PUBLISHERS)]
            try:
                for number in range(ROUNDS):
                    self.round(number, cluster, sessions, publishers, chance)
            finally:
                for roamer in publishers + sessions:
                    roamer.end()

    def round(self, number, cluster, sessions, publishers, chance):
        victim = chance.choice(cluster.names)
        share = chance.random()
        for publisher in publishers:
            publisher.wanted += MESSAGES
        # The moment: when so many of this round's messages are acknowledged.
        first = publishers[0]
        moment = first.wanted - MESSAGES + int(share * MESSAGES * 0.8)
        with first.lock:
            self.assertTrue(first.lock.wait_for(lambda: len(first.acked) >= moment, PATIENCE_S))
        cluster.restart(victim)
        for publisher in publishers:
            publisher.wait_acked()
        for session in sessions:
            self.check(number, victim, session, publishers)

    def check(self, number, victim, session, publishers):
        where = f"round {number}, {victim} killed, session {session.number}"
        owed = {(p.number, s) for p in publishers for s in p.acked
                if s % SESSIONS == session.number}
        with session.lock:
            complete = session.lock.wait_for(
                lambda: owed <= {(p, s) for p, s, _ in session.arrivals}, PATIENCE_S)
            arrivals = list(session.arrivals)
        missing = sorted(owed - {(p, s) for p, s, _ in arrivals})
        self.assertTrue(complete, f"{where}: {len(missing)} missing: {missing[:10]}")
        seen, last = set(), {}
        for publisher, sequence, dup in arrivals:
            if (publisher, sequence) in seen:
                self.assertTrue(dup or sequence in publishers[publisher].resent,
                                f"{where}: {publisher}:{sequence} came twice without DUP")
                continue
            seen.add((publisher, sequence))
            self.assertGreater(sequence, last.get(publisher, -1),
                               f"{where}: {publisher}:{sequence} after {last.get(publisher)}")
            last[publisher] = sequence


if __name__ == "__main__":
    unittest.main()
