"""Enhanced authentication over real sockets, where one broker has begun what another goes on with.

The program has no method of its own: MUSTER_TWICE names one that has the tests' method (a word, and
then the word twice). Of the real clients only MQTT.js has AUTH; the rest is said in bytes."""

import os
import subprocess
import sys
import tempfile
import unittest

from clients import Client
from cluster import Cluster
from muster import PATIENCE_S, SOURCE, Process, free_port, run

sys.path.append(os.path.join(SOURCE, "tests", "conformance"))

import packets as p  # noqa: E402
from conversation import Connection, capabilities  # noqa: E402

PROGRAM = os.environ.get("MUSTER_TWICE", "")
METHOD = (p.AUTH_METHOD, "TWICE")
WELCOME = (METHOD, (p.AUTH_DATA, "welcome"))
TALK = """
const client = require('mqtt').connect({ host: '127.0.0.1', port: Number(process.argv[1]),
  protocolVersion: 5, clientId: 'a-js', reconnectPeriod: 0,
  properties: { authenticationMethod: 'TWICE', authenticationData: Buffer.from('word') } })
client.handleAuth = (packet, answer) => answer(null, { cmd: 'auth', reasonCode: 0x18,
  properties: { authenticationMethod: 'TWICE', authenticationData: Buffer.from(process.argv[2]) } })
client.on('error', error => { console.log(error.code); process.exit(0) })
client.on('connect', () => client.subscribe('a/js', { qos: 1 }, () => console.log('subscribed')))
client.on('message', (topic, payload) => { console.log(`${payload}`); process.exit(0) })
"""


def auth(reason, word):
    return p.auth(reason, [METHOD, (p.AUTH_DATA, word)])


class Authenticate:
    """The tests; the two classes below say over which brokers."""

    def begin(self, port, client_id, *, expiry=None, **more):
        """A client that has been asked to say it twice."""
        made = Connection(port, 5, client_id)
        self.addCleanup(made.drop)
        pairs = [METHOD, (p.AUTH_DATA, "word")]
        pairs += [(p.SESSION_EXPIRY, expiry)] if expiry else []
        made.send(p.connect(5, client_id, properties=pairs, **more))
        made.expect(auth(0x18, "twice"))
        return made

    def connect(self, port, client_id, present=False, **more):
        made = self.begin(port, client_id, **more)
        made.send(auth(0x18, "wordword"))
        made.expect(p.connack(5, present, 0, [*self.known, *WELCOME]))
        return made

    def watcher(self, client_id):
        """Who hears here of each change of the client's state."""
        made = Client(self.here, f"watches-{client_id}")
        self.addCleanup(made.close)
        made.subscribe(f"$user/{client_id}/presence/state")
        return made

    def await_state(self, watcher, state):
        while watcher.next().payload != state:
            pass

    def test_a_session_is_taken_up_after_the_exchange(self):
        first = self.connect(self.here, "a-kept", clean=False, expiry=600)
        first.subscribe(("a/kept", 1))
        watcher = self.watcher("a-kept")
        self.await_state(watcher, b"online")
        first.disconnect()
        self.await_state(watcher, b"offline")
        with Client(self.here, "a-writer") as writer:
            writer.publish("a/kept", "waited", 1)
            again = self.connect(self.there, "a-kept", True, clean=False, expiry=600)
            again.take("a/kept", "waited", 1)
            writer.publish("a/kept", "live", 1)
            again.take("a/kept", "live", 1)

    def test_only_who_is_accepted_evicts(self):
        older = self.connect(self.here, "a-same")
        watcher = self.watcher("a-same")
        self.await_state(watcher, b"online")
        refused = self.begin(self.there, "a-same")
        refused.send(auth(0x18, "another"))
        refused.expect(p.connack(5, False, 0x87))
        refused.expect_close()
        begun = self.begin(self.there, "a-same")
        older.quiet()
        begun.send(auth(0x18, "wordword"))
        begun.expect(p.connack(5, False, 0, [*self.known, *WELCOME]))
        older.expect_end(0x8E)
        begun.quiet()

    def test_who_is_refused_was_never_there(self):
        """A later one is known already, and one log tells of both."""
        watcher = self.watcher("a-later")
        refused = self.begin(self.there, "a-bad")
        refused.send(auth(0x18, "bad"))
        refused.expect(p.connack(5, False, 0x86))
        refused.expect_close()
        self.connect(self.there, "a-later")
        self.await_state(watcher, b"online")
        asked = ("who", "-p", str(self.here), "--count")
        self.assertEqual([run(*asked, f"device={name}")[1] for name in ("a-bad", "a-later")],
                         ["0\n", "1\n"])

    def test_authenticating_again_while_messages_come(self):
        client = self.connect(self.there, "a-again")
        client.subscribe(("a/again", 1))
        with Client(self.here, "a-writer") as writer:
            client.send(auth(0x19, "more"))
            client.expect(auth(0x18, "twice"))
            writer.publish("a/again", "meanwhile", 1)
            client.take("a/again", "meanwhile", 1)
            client.send(auth(0x18, "moremore"))
            client.expect(p.auth(0, WELCOME))
            writer.publish("a/again", "after", 1)
            client.take("a/again", "after", 1)
        client.send(auth(0x19, "again"))
        client.expect_end(0x87)

    def test_mqtt_js(self):
        command = ["node", "-e", TALK, str(self.there)]
        environment = dict(os.environ, NODE_PATH="/usr/share/nodejs")
        done = subprocess.run([*command, "bad"], env=environment, capture_output=True, text=True,
                              timeout=PATIENCE_S, check=False)
        self.assertEqual(done.stdout, f"{0x86}\n", done.stderr)
        with subprocess.Popen([*command, "wordword"], env=environment, stdout=subprocess.PIPE,
                              text=True) as reader, Client(self.here, "a-writer") as writer:
            self.assertEqual(reader.stdout.readline(), "subscribed\n")
            writer.publish("a/js", "heard", 1)
            self.assertEqual(reader.stdout.readline(), "heard\n")


class AtOneBroker(Authenticate, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="muster-e2e-")
        cls.addClassCleanup(folder.cleanup)
        cls.here = cls.there = free_port()
        path = os.path.join(folder.name, "muster.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'[node]\ndata = "{folder.name}/data"\n'
                       f'[listen]\nmqtt = ["127.0.0.1:{cls.here}"]\n')
        process = Process("up", "--config", path, program=PROGRAM).wait_ready()
        cls.addClassCleanup(process.__exit__)
        cls.known = capabilities(cls.here)


class AtTwoBrokers(Authenticate, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cluster = Cluster(broker_program=PROGRAM)
        cls.addClassCleanup(cluster.__exit__, None)
        cls.here, cls.there = cluster.ports()
        cls.known = capabilities(cls.here)


if __name__ == "__main__":
    unittest.main()
