"""Retained messages with real clients: one broker and two, 3.1.1 and 5.0, over restarts."""

import shutil
import subprocess
import tempfile
import unittest

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from clients import Client, publish
from cluster import Cluster
from muster import PATIENCE_S, Muster


def retained(port, topic, count, *more):
    """What mosquitto_sub gets of it at once: `count` lines."""
    done = subprocess.run(
        ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-t", topic, "-F", "%t %p %r",
         "-C", str(count), "-W", str(PATIENCE_S), *more],
        capture_output=True, text=True, check=True, timeout=2 * PATIENCE_S)
    return sorted(done.stdout.splitlines())


def clear(port, version, topic):
    subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), "-V", version, "-t", topic,
                    "-n", "-r", "-q", "1"], check=True, timeout=PATIENCE_S)


def nothing_retained(client, topic, marker):
    """A subscription to topic and to a topic that has something: only that comes."""
    client.client.subscribe([(topic, 0), (marker, 0)])
    return client.next().topic == marker and client.messages.empty()


class Retained:
    """The tests; the two classes below say over which brokers."""

    def test_mosquitto_clients(self):
        for version in ("311", "5"):
            base = f"m{version}"
            publish(self.here, version, f"{base}/1", "old", "-r", "-q", "1")
            publish(self.here, version, f"{base}/1", "new", "-r", "-q", "1")
            publish(self.here, version, f"{base}/2", "two", "-r", "-q", "1")
            self.assertEqual(retained(self.there, f"{base}/#", 2, "-V", version),
                             [f"{base}/1 new 1", f"{base}/2 two 1"])
            clear(self.here, version, f"{base}/1")
            publish(self.here, version, f"{base}/marker", "x", "-r", "-q", "1")
            with Client(self.there, "n") as client:
                self.assertTrue(nothing_retained(client, f"{base}/1", f"{base}/marker"))

    def test_after_puback_it_is_seen(self):
        with Client(self.here, "p") as publisher, Client(self.there, "s") as subscriber:
            for number in range(50):
                topic = f"seen/{number}"
                for payload in ("old", "new"):
                    publisher.client.publish(topic, payload, 1, retain=True).wait_for_publish()
                subscriber.subscribe(topic)
                self.assertEqual(subscriber.next().payload, b"new")

    def test_properties_and_expiry(self):
        properties = Properties(PacketTypes.PUBLISH)
        properties.ContentType = "text/plain"
        properties.UserProperty = [("a", "1")]
        properties.MessageExpiryInterval = 1000
        with Client(self.here, "p") as publisher, Client(self.there, "s") as subscriber:
            publisher.client.publish("prop", "x", 1, True, properties).wait_for_publish()
            subscriber.subscribe("prop", 1)
            message = subscriber.next()
            self.assertEqual((message.payload, message.qos, message.retain), (b"x", 1, True))
            self.assertEqual(message.properties.ContentType, "text/plain")
            self.assertEqual(message.properties.UserProperty, [("a", "1")])
            self.assertLessEqual(message.properties.MessageExpiryInterval, 1000)

    def test_subscription_options(self):
        publish(self.here, "5", "opt/marker", "m", "-r", "-q", "1")
        publish(self.here, "5", "opt/x", "x", "-r", "-q", "1")
        with Client(self.there, "s") as client:
            never = SubscribeOptions(retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
            if_new = SubscribeOptions(retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
            always = SubscribeOptions(retainHandling=SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE,
                                      retainAsPublished=True)
            for options in (never, if_new):
                client.client.subscribe([("opt/x", options)])
                client.client.subscribe([("opt/marker", always)])
                self.assertEqual(client.next().topic, "opt/marker")
            client.client.subscribe([("opt/x", always)])
            self.assertEqual(client.next().topic, "opt/x")
            publish(self.here, "5", "opt/x", "live", "-r")
            message = client.next()
            self.assertEqual((message.payload, message.retain), (b"live", True))

    def test_a_will_is_retained(self):
        device = Client(self.here, "w", will=("will/retained", "bye", 1, True))
        with Client(self.there, "s") as live:
            live.subscribe("will/retained")
            device.drop()
            self.assertEqual(live.next().payload, b"bye")
        self.assertEqual(retained(self.there, "will/retained", 1), ["will/retained bye 1"])

    def test_persistent_sessions(self):
        publish(self.here, "5", "per/1", "one", "-r", "-q", "1")
        publish(self.here, "5", "per/0", "zero", "-r", "-q", "0")
        with Client(self.here, "probe") as probe:  # QoS 0 has no answer: wait until it is there
            probe.subscribe("per/0")
            probe.next()
        with Client(self.there, "dev", clean=False, expiry=100) as device:
            device.subscribe("per/+", 1)
            got = {(m.topic, m.payload, m.qos, m.retain) for m in (device.next(), device.next())}
        self.assertEqual(got, {("per/1", b"one", 1, True), ("per/0", b"zero", 0, True)})

    def test_many_while_others_talk(self):
        count = 5000
        with Client(self.here, "p") as publisher:
            for number in range(count):
                info = publisher.client.publish(f"many/{number}", "x" * 50, 1, retain=True)
            info.wait_for_publish()
        with Client(self.there, "talk") as talker, Client(self.there, "all") as reader:
            talker.subscribe("talk")
            reader.client.subscribe("many/#", 0)
            for number in range(20):
                talker.publish("talk", str(number))
                self.assertEqual(talker.next().payload, str(number).encode())
            topics = {reader.next().topic for _ in range(count)}
            self.assertEqual(len(topics), count)


class OneBroker(Retained, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.muster = Muster()
        cls.here = cls.there = cls.muster.port

    @classmethod
    def tearDownClass(cls):
        cls.muster.__exit__()


class TwoBrokers(Retained, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.here, cls.there = cls.cluster.ports()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.__exit__(None)


class Restarts(unittest.TestCase):
    def test_kill_9_of_everything(self):
        folder = tempfile.mkdtemp(prefix="muster-retained-")
        try:
            with Muster(data=folder) as muster:
                for number in range(100):
                    publish(muster.port, "5", f"kept/{number}", str(number), "-r", "-q", "1")
                clear(muster.port, "5", "kept/0")
                muster.kill()
            with Muster(data=folder) as muster:
                lines = retained(muster.port, "kept/#", 99)
                self.assertEqual(lines, sorted(f"kept/{n} {n} 1" for n in range(1, 100)))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def test_kill_9_of_roles(self):
        with Cluster() as cluster:
            here, there = cluster.ports()
            publish(here, "5", "r/1", "one", "-r", "-q", "1")
            cluster.restart("broker-2")
            self.assertEqual(retained(there, "r/#", 1), ["r/1 one 1"])
            cluster.restart("global")
            publish(there, "5", "r/2", "two", "-r", "-q", "1")
            publish(here, "5", "fence", "", "-r", "-q", "1")  # PUBACK: it has found global again
            for port in (here, there):
                self.assertEqual(retained(port, "r/#", 2), ["r/1 one 1", "r/2 two 1"])
            cluster.kill("broker-1")
            self.assertEqual(retained(there, "r/#", 2), ["r/1 one 1", "r/2 two 1"])

    def test_own_value_while_global_is_away(self):
        with Cluster() as cluster:
            here, there = cluster.ports()
            cluster.kill("global")
            with Client(here, "p") as publisher:
                waiting = publisher.client.publish("away", "x", 1, retain=True)
                self.assertEqual(retained(here, "away", 1), ["away x 1"])
                self.assertFalse(waiting.is_published())
                cluster.start("global")
                cluster.wait_ready("global")
                waiting.wait_for_publish()
            # The other broker shows what it has until it has found global again.
            with Client(there, "s") as subscriber:
                heard = None
                while heard != "away":
                    subscriber.subscribe("away")
                    subscriber.subscribe("fence")
                    publish(there, "5", "fence", "")
                    heard = subscriber.next().topic


if __name__ == "__main__":
    unittest.main()
