"""Real clients talk through Muster, in 3.1.1 and 5.0, over one broker and over two."""

import subprocess
import unittest

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from clients import Client, MosquittoSub, publish
from cluster import Cluster
from muster import PATIENCE_S, PROGRAM, Muster


class Interop:
    """The tests; the two classes below say over which brokers."""

    versions = ("311", "5")

    def test_mosquitto_clients(self):
        for version in self.versions:
            for qos in ("0", "1", "2"):
                with MosquittoSub(self.there, version, "-t", "m/+/x", "-q", qos) as sub:
                    self.assertEqual(sub.granted, qos)
                    publish(self.here, version, "m/1/x", f"hello {version}", "-q", qos)
                    self.assertEqual(sub.next(), f"hello {version}")

    def test_muster_pub_and_sub_on_paho_cpp(self):
        for version in self.versions:
            sub = subprocess.Popen(
                [PROGRAM, "sub", "-p", str(self.there), "-V", version, "-t", "cpp/#", "-q", "1",
                 "-v", "-C", "2", "-W", str(PATIENCE_S)], stdout=subprocess.PIPE, text=True)
            ready = Client(self.there, "probe")  # publishes until the subscriber is there
            with ready:
                while sub.poll() is None:
                    publish(self.here, version, "cpp/1", "one", "-q", "1", program="muster")
            self.assertEqual(sub.stdout.read(), "cpp/1 one\n" * 2)
            self.assertEqual(sub.wait(), 0)

    def test_paho_python_with_properties(self):
        for version in self.versions:
            with Client(self.there, "s", version) as sub, Client(self.here, "p", version) as pub:
                sub.subscribe("t/#", 1)
                properties = None
                if version == "5":
                    properties = Properties(PacketTypes.PUBLISH)
                    properties.ResponseTopic = "answers"
                    properties.CorrelationData = b"c"
                    properties.ContentType = "text/plain"
                    properties.UserProperty = [("a", "1"), ("b", "2")]
                    properties.MessageExpiryInterval = 100
                pub.publish("t/1", "payload", 1, properties)
                message = sub.next()
                self.assertEqual((message.topic, message.payload, message.qos),
                                 ("t/1", b"payload", 1))
                if version == "5":
                    self.assertEqual(message.properties.ResponseTopic, "answers")
                    self.assertEqual(message.properties.CorrelationData, b"c")
                    self.assertEqual(message.properties.ContentType, "text/plain")
                    self.assertEqual(message.properties.UserProperty, [("a", "1"), ("b", "2")])

    def test_a_large_message(self):
        with Client(self.there, "s") as sub, Client(self.here, "p") as pub:
            sub.subscribe("large", 1)
            payload = bytes(range(256)) * 4 * 1024 * 3  # 3 MiB: in pieces between brokers
            pub.publish("large", payload, 1)
            self.assertEqual(sub.next().payload, payload)

    def test_mosquitto_rr_never_misses_its_answer(self):
        with Client(self.there, "answerer") as answerer:
            def answer(_client, _user, message):
                properties = Properties(PacketTypes.PUBLISH)
                if hasattr(message.properties, "CorrelationData"):
                    properties.CorrelationData = message.properties.CorrelationData
                answerer.client.publish(message.properties.ResponseTopic,
                                        b"re: " + message.payload, 1, properties=properties)
            answerer.client.on_message = answer
            answerer.subscribe("ask/#", 1)
            for number in range(self.requests):
                got = subprocess.run(
                    ["mosquitto_rr", "-h", "127.0.0.1", "-p", str(self.here), "-V", "5", "-q", "1",
                     "-t", "ask/me", "-e", f"answers/{number}", "-m", str(number), "-W",
                     str(PATIENCE_S)], capture_output=True, text=True, check=False)
                self.assertEqual((got.returncode, got.stdout), (0, f"re: {number}\n"), got.stderr)

    def test_persistent_sessions_wait_for_their_device(self):
        for version in self.versions:
            client_id = "keeper-" + version
            first = Client(self.there, client_id, version, clean=False, expiry=3600)
            self.assertFalse(first.session_present)
            first.subscribe("kept/" + version, 1)
            first.close()
            with Client(self.here, "p", version) as pub:
                for number in range(100):
                    pub.publish("kept/" + version, str(number), 1)
            with Client(self.here, client_id, version, clean=False, expiry=3600) as again:
                self.assertTrue(again.session_present)
                got = [int(again.next().payload) for _ in range(100)]
                self.assertEqual(got, list(range(100)))

    def test_a_session_is_taken_over(self):
        first = Client(self.there, "same")
        with Client(self.here, "same"):
            self.assertEqual(first.expect("disconnected")[0], "disconnected")
            first.client.loop_stop()

    def test_a_will_is_published_when_the_connection_breaks(self):
        with Client(self.there, "watcher") as watcher:
            watcher.subscribe("wills/#", 1)
            victim = Client(self.here, "victim", will=("wills/victim", "gone", 1, False))
            victim.drop()
            self.assertEqual(watcher.next().payload, b"gone")
            polite = Client(self.here, "polite", will=("wills/polite", "gone", 1, False))
            polite.close()
            last = Client(self.here, "last", will=("wills/last", "gone", 1, False))
            last.drop()
            self.assertEqual(watcher.next().topic, "wills/last")


class OneBroker(Interop, unittest.TestCase):
    requests = 50

    @classmethod
    def setUpClass(cls):
        cls.muster = Muster()
        cls.here = cls.there = cls.muster.port

    @classmethod
    def tearDownClass(cls):
        cls.muster.__exit__()


class TwoBrokers(Interop, unittest.TestCase):
    requests = 1000

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.here, cls.there = cls.cluster.ports()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.__exit__(None)


if __name__ == "__main__":
    unittest.main()
