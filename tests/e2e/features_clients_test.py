"""Mosquitto's programs and python3-paho-mqtt use every feature of 3.1, 3.1.1 and 5.0 they have,
at one broker and from one to another."""

import queue
import subprocess
import unittest

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from brokers import OneBroker, TwoBrokers
from clients import Client, MosquittoSub, publish
from muster import PATIENCE_S

VERSIONS = ("31", "311", "5")


def properties_of(command, *pairs):
    """The arguments for Mosquitto's programs."""
    return [word for name, *value in pairs for word in ("-D", command, name, *value)]


class Mosquitto:
    def sub(self, version, *arguments):
        made = MosquittoSub(self.there, version, *arguments)
        self.addCleanup(made.close)
        return made

    def mqtt(self, program, *arguments, status=0):
        """One program to its end; subscribers hear over there."""
        port = self.there if program == "mosquitto_sub" else self.here
        done = subprocess.run([program, "-h", "127.0.0.1", "-p", str(port), *arguments],
                              capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def test_every_version_and_qos(self):
        for hears in VERSIONS:
            with self.sub(hears, "-t", f"m/{hears}", "-q", "2", "-F", "%p %q %r") as reader:
                for says in VERSIONS:
                    for qos in "012":
                        publish(self.here, f"{says}" if says != "31" else "mqttv31",
                                f"m/{hears}", f"{says}-{qos}", "-q", qos)
                        self.assertEqual(reader.next(), f"{says}-{qos} {qos} 0")

    def test_retained(self):
        for version in VERSIONS:
            spoken = "mqttv31" if version == "31" else version
            publish(self.here, spoken, f"m/kept/{version}", "kept", "-q", "2", "-r")
            read = ("-t", f"m/kept/{version}", "-q", "2", "-C", "1", "-F", "%p %q %r")
            self.assertEqual(self.mqtt("mosquitto_sub", "-V", spoken, *read), "kept 2 1\n")
            self.mqtt("mosquitto_pub", "-V", spoken, "-t", f"m/kept/{version}", "-n", "-r", "-q",
                      "1")
            with self.sub(version, "-t", f"m/kept/{version}") as late:
                publish(self.here, spoken, f"m/kept/{version}", "fence")
                self.assertEqual(late.next(), "fence")

    def test_retained_as_published_only_stale_and_removed(self):
        publish(self.here, "5", "m/rap", "old", "-r", "-q", "1")
        with self.sub("5", "-t", "m/rap", "--retain-as-published", "-F", "%p %r") as reader:
            self.assertEqual(reader.next(), "old 1")
            publish(self.here, "5", "m/rap", "new", "-r", "-q", "1")
            self.assertEqual(reader.next(), "new 1")
        # It goes on until its time is over: status 27.
        self.mqtt("mosquitto_sub", "-V", "5", "-t", "m/rap", "--remove-retained", "-W", "1",
                  status=27)
        with self.sub("5", "-t", "m/rap", "-R", "-F", "%p %r") as reader:
            publish(self.here, "5", "m/rap", "live", "-q", "1")
            self.assertEqual(reader.next(), "live 0")

    def test_wills(self):
        for version in VERSIONS:
            with self.sub(version, "-t", f"m/will/{version}", "-q", "2", "-F", "%p %q") as watcher:
                with self.sub(version, "-t", "m/nothing", "--will-topic", f"m/will/{version}",
                              "--will-payload", "gone", "--will-qos", "2", "--will-retain"):
                    pass  # killed
                self.assertEqual(watcher.next(), "gone 2")
            read = ("-t", f"m/will/{version}", "-C", "1", "-F", "%p %r")
            self.assertEqual(self.mqtt("mosquitto_sub", *read), "gone 1\n")

    def test_a_will_with_properties(self):
        will = properties_of(
            "will", ("will-delay-interval", "1"), ("content-type", "text"),
            ("correlation-data", "abc"), ("message-expiry-interval", "600"),
            ("payload-format-indicator", "1"), ("response-topic", "back"),
            ("user-property", "k", "v"))
        with self.sub("5", "-t", "m/will", "-q", "1", "-F", "%p|%C|%D|%E|%F|%R|%P") as watcher:
            with MosquittoSub(self.here, "5", "-i", "m-mortal", "-x", "600", "-t", "m/nothing",
                              "--will-topic", "m/will", "--will-payload", "gone", "--will-qos",
                              "1", *will):
                pass  # killed
            line = watcher.next().replace("|599|", "|600|")
            self.assertEqual(line, "gone|text|abc|600|1|back|k:v")

    def test_disconnect_ends_the_session(self):
        kept = ("-V", "5", "-i", "m-short", "-c", "-x", "600", "-q", "1", "-t", "m/short", "-E")
        ending = properties_of("disconnect", ("session-expiry-interval", "0"),
                               ("reason-string", "enough"), ("user-property", "a", "b"))
        for arguments, present in (((), True), (ending, False)):
            self.mqtt("mosquitto_sub", *kept, *arguments)
            with Client(self.here, "m-short", clean=False, expiry=600) as again:
                self.assertEqual(again.session_present, present)

    def test_only_retained(self):
        publish(self.here, "5", "m/only/1", "kept", "-r", "-q", "1")
        with self.sub("5", "-t", "m/only/+", "--retained-only", "-F", "%p %r") as reader:
            self.assertEqual(reader.next(), "kept 1")
            publish(self.here, "5", "m/only/2", "live", "-q", "1")
            self.assertEqual(reader.process.wait(PATIENCE_S), 0)
            self.assertTrue(reader.lines.empty())

    def test_what_a_subscriber_can_take(self):
        limits = properties_of("connect", ("receive-maximum", "1"), ("maximum-packet-size", "200"),
                               ("request-problem-information", "0"))
        with self.sub("5", "-t", "m/limits", "-q", "2", *limits) as reader:
            publish(self.here, "5", "m/limits", "large" * 100, "-q", "1")
            for qos in "21":
                self.mqtt("mosquitto_pub", "-V", "5", "-t", "m/limits", "-m", qos, "-q", qos,
                          "--repeat", "5", *properties_of("connect", ("topic-alias-maximum", "9")))
            self.assertEqual([reader.next() for _ in range(10)], ["2"] * 5 + ["1"] * 5)

    def test_an_unknown_authentication_method(self):
        done = subprocess.run(
            ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.here), "-V", "5", "-t", "m/x",
             "-n", *properties_of("connect", ("authentication-method", "nobody's"))],
            capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("Bad authentication method", done.stdout + done.stderr)

    def test_sessions(self):
        for version in ("311", "5"):
            kept = ("-i", f"m-kept-{version}", "-c", "-q", "2", "-t", f"m/session/{version}")
            self.mqtt("mosquitto_sub", "-V", version, *kept, "-E")
            for qos in "12":
                publish(self.here, version, f"m/session/{version}", qos, "-q", qos)
            heard = self.mqtt("mosquitto_sub", "-V", version, *kept, "-C", "2", "-F",
                              "%p %q")
            self.assertEqual(heard, "1 1\n2 2\n")

    def test_properties(self):
        form = "%p|%C|%D|%E|%F|%R|%S|%P"
        connect = []
        for name, value in (("receive-maximum", "3"), ("maximum-packet-size", "5000"),
                            ("request-problem-information", "1"),
                            ("request-response-information", "1"),
                            ("session-expiry-interval", "30")):
            connect += ["-D", "connect", name, value]
        with self.sub("5", "-t", "m/properties", "-q", "2", "-F", form, *connect, "-D", "connect",
                      "user-property", "who", "me", "-D", "subscribe", "subscription-identifier",
                      "77", "-D", "subscribe", "user-property", "a", "b") as reader:
            for qos in "012":
                publish(self.here, "5", "m/properties", "x", "-q", qos, "-D", "publish",
                        "content-type", "text", "-D", "publish", "correlation-data", "abc", "-D",
                        "publish", "message-expiry-interval", "600", "-D", "publish",
                        "payload-format-indicator", "1", "-D", "publish", "response-topic", "back",
                        "-D", "publish", "user-property", "k", "v", "-D", "publish",
                        "user-property", "j", "w")
                line = reader.next().replace("|599|", "|600|")
                self.assertEqual(line, "x|text|abc|600|1|back|77|k:v j:w")

    def test_topic_alias(self):
        """Of a publisher: it says the topic once, and the alias is its affair alone."""
        with self.sub("5", "-t", "m/alias/+", "-q", "2", "-F", "%t %p %q %A") as reader:
            for alias, qos in (("1", "0"), ("2", "1"), ("10", "2")):
                said = self.mqtt("mosquitto_pub", "-V", "5", "-d", "-t", f"m/alias/{qos}", "-m",
                                 "x", "--repeat", "3", "-q", qos,
                                 *properties_of("publish", ("topic-alias", alias)))
                self.assertEqual(said.count("'(null)'"), 2, said)
                self.assertEqual([reader.next() for _ in range(3)],
                                 [f"m/alias/{qos} x {qos} "] * 3)

    def test_topic_alias_over_the_maximum(self):
        done = subprocess.run(
            ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.here), "-V", "5", "-t", "m/x", "-q",
             "1", "-n", *properties_of("publish", ("topic-alias", "11"))],
            capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        self.assertNotEqual(done.returncode, 0)

    def test_topic_aliases_to_a_subscriber(self):
        """Each topic comes once: libmosquitto 2.0.11 takes it for an error when it is left out, so
        mosquitto_sub can be given an alias, but not be sent one alone."""
        maximum = properties_of("connect", ("topic-alias-maximum", "2"))
        with self.sub("5", "-t", "m/to/+", "-q", "2", "-F", "%t %p %A", *maximum) as reader:
            for number, alias in (("1", "1"), ("2", "2"), ("3", "")):
                publish(self.here, "5", f"m/to/{number}", "x", "-q", "1")
                self.assertEqual(reader.next(), f"m/to/{number} x {alias}")

    def test_shared_subscriptions(self):
        with self.sub("5", "-t", "$share/g/m/share", "-q", "1") as one, \
                self.sub("311", "-t", "$share/g/m/share", "-q", "1") as two, \
                self.sub("5", "-t", "m/share", "-q", "1") as alone:
            for number in range(10):
                publish(self.here, "5", "m/share", str(number), "-q", "1")
            self.assertEqual([alone.next() for _ in range(10)], [str(n) for n in range(10)])
            # Both are asked until every message is found; none comes twice.
            found = []
            while len(found) < 10:
                for reader in (one, two):
                    try:
                        found.append(reader.lines.get(timeout=0.1))
                    except queue.Empty:
                        pass
            self.assertEqual(sorted(found), [str(n) for n in range(10)])

    def test_unsubscribe_and_request(self):
        self.mqtt("mosquitto_sub", "-V", "5", "-t", "m/u", "-t", "m/v", "-U", "m/u", "-E",
                  *properties_of("unsubscribe", ("user-property", "a", "b")))
        with self.sub("5", "-t", "m/ask") as answerer:
            asker = subprocess.Popen(
                ["mosquitto_rr", "-h", "127.0.0.1", "-p", str(self.here), "-V", "5", "-q", "2",
                 "-t", "m/ask", "-e", "m/answer", "-m", "question"], stdout=subprocess.PIPE,
                text=True)
            self.assertEqual(answerer.next(), "question")
            publish(self.here, "5", "m/answer", "answer", "-q", "2")
            self.assertEqual(asker.communicate(timeout=PATIENCE_S)[0], "answer\n")


class PahoPython:
    def client(self, name, port=None, **more):
        made = Client(port or self.here, name, **more)
        self.addCleanup(made.close)
        return made

    @staticmethod
    def properties(kind, **values):
        made = Properties(kind)
        for name, value in values.items():
            setattr(made, name, value)
        return made

    def test_qos_2_between_versions(self):
        for hears in VERSIONS:
            reader = self.client(f"reader-{hears}", self.there, version=hears)
            self.assertEqual([int(code.value if hears == "5" else code)
                              for code in reader.subscribe(f"p/{hears}", 2)], [2])
            for says in VERSIONS:
                writer = self.client(f"writer-{hears}-{says}", version=says)
                for qos in (0, 1, 2):
                    writer.publish(f"p/{hears}", f"{says} {qos}", qos)
                    message = reader.next()
                    self.assertEqual((message.payload.decode(), message.qos),
                                     (f"{says} {qos}", qos))

    def test_options_and_properties(self):
        both, other = self.client("both", self.there), self.client("other")
        options = SubscribeOptions(2, noLocal=True, retainAsPublished=True, retainHandling=1)
        said = self.properties(PacketTypes.SUBSCRIBE, SubscriptionIdentifier=5)
        both.client.subscribe("p/options", options=options, properties=said)
        both.expect("subscribed")
        both.publish("p/options", "mine", 2)
        sent = self.properties(PacketTypes.PUBLISH, PayloadFormatIndicator=1, ContentType="text",
                               ResponseTopic="back", CorrelationData=b"abc",
                               MessageExpiryInterval=600, UserProperty=[("a", "1"), ("a", "2")])
        other.client.publish("p/options", "other's", 2, retain=True, properties=sent)
        message = both.next()
        self.assertEqual((message.payload, message.retain, message.qos), (b"other's", True, 2))
        came = message.properties
        self.assertEqual((came.ContentType, came.ResponseTopic, came.CorrelationData,
                          came.PayloadFormatIndicator, came.SubscriptionIdentifier,
                          came.UserProperty),
                         ("text", "back", b"abc", 1, [5], [("a", "1"), ("a", "2")]))
        both.client.unsubscribe("p/options")

    def test_a_will_with_a_delay(self):
        watcher = self.client("watcher", self.there)
        watcher.subscribe("p/will", 2)
        mortal = paho.Client("mortal", protocol=paho.MQTTv5)
        mortal.will_set("p/will", "gone", 2, properties=self.properties(
            PacketTypes.WILLMESSAGE, WillDelayInterval=1, ContentType="text",
            MessageExpiryInterval=600, PayloadFormatIndicator=1, ResponseTopic="back",
            CorrelationData=b"abc", UserProperty=[("a", "1"), ("a", "2")]))
        connected = queue.Queue()
        mortal.on_connect = lambda *_: connected.put(True)
        mortal.connect("127.0.0.1", self.here, properties=self.properties(
            PacketTypes.CONNECT, SessionExpiryInterval=60, ReceiveMaximum=10,
            MaximumPacketSize=1000, TopicAliasMaximum=5))
        mortal.loop_start()
        connected.get(timeout=PATIENCE_S)
        mortal.loop_stop()
        mortal._sock_close()  # pylint: disable=protected-access
        message = watcher.next()
        came = message.properties
        self.assertEqual((message.payload, message.qos, came.ContentType, came.ResponseTopic,
                          came.CorrelationData, came.PayloadFormatIndicator, came.UserProperty),
                         (b"gone", 2, "text", "back", b"abc", 1, [("a", "1"), ("a", "2")]))
        self.assertIn(came.MessageExpiryInterval, range(500, 601))

    def test_sessions_and_shares(self):
        for version in VERSIONS:
            kept = {"version": version, "clean": False, "expiry": 600}
            first = Client(self.there, f"p-kept-{version}", **kept)
            first.subscribe(f"p/session/{version}", 2)
            first.subscribe(f"$share/{version}/p/shared/{version}", 1)
            first.close()
            writer = self.client("p-writer", version=version)
            writer.publish(f"p/session/{version}", "waited", 2)
            writer.publish(f"p/shared/{version}", "shared", 1)
            again = self.client(f"p-kept-{version}", **kept)
            found = {}  # QoS 1 may come again
            while len(found) < 2:
                message = again.next()
                found[message.payload] = message.qos
            self.assertEqual(found, {b"waited": 2, b"shared": 1})


class MosquittoAtOneBroker(Mosquitto, OneBroker, unittest.TestCase):
    pass


class MosquittoAtTwoBrokers(Mosquitto, TwoBrokers, unittest.TestCase):
    pass


class PahoPythonAtOneBroker(PahoPython, OneBroker, unittest.TestCase):
    pass


class PahoPythonAtTwoBrokers(PahoPython, TwoBrokers, unittest.TestCase):
    pass


if __name__ == "__main__":
    unittest.main()
