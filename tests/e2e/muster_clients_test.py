"""`muster pub` and `muster sub`, on the Paho C++ client, use every feature that they have."""

import itertools
import queue
import subprocess
import unittest

from brokers import OneBroker, TwoBrokers
from clients import Client, publish
from muster import PATIENCE_S, PROGRAM
from muster_sub import READY, Sub

VERSIONS = ("31", "311", "5")


class MusterClients:
    """The tests; the two classes below say over which brokers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # QoS 2: the client hands a message with QoS 2 on at its PUBREL, so others overtake it.
        publish(cls.here, "5", READY, "ready", "-q", "2", "-r", program="muster")

    def pub(self, version, topic, text, *more):
        publish(self.here, version, topic, text, *more, program="muster")

    def sub(self, version, *arguments, **how):
        made = Sub(self.there, version, *arguments, **how)
        self.addCleanup(made.close)
        return made

    def muster(self, *arguments, text=None):
        done = subprocess.run([PROGRAM, *arguments], input=text, capture_output=True, text=True,
                              timeout=PATIENCE_S, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_every_version_and_qos(self):
        readers = [self.sub(hears, "-t", "x/all/+", "-q", "2", "-F", "%t %p %q %r")
                   for hears in VERSIONS]
        for says, qos in itertools.product(VERSIONS, "012"):
            self.pub(says, f"x/all/{says}", qos, "-q", qos)
            for reader in readers:
                self.assertEqual(reader.next(), f"x/all/{says} {qos} {qos} 0")

    def test_the_qos_granted_is_the_highest(self):
        for qos in "01":
            with self.sub("5", "-t", f"x/less/{qos}", "-q", qos, "-F", "%p %q") as reader:
                self.pub("5", f"x/less/{qos}", "2", "-q", "2")
                self.assertEqual(reader.next(), f"2 {qos}")

    def test_retained(self):
        for version in VERSIONS:
            topic = f"x/kept/{version}"
            read = ("-t", topic, "-q", "2", "-F", "%p %q %r")
            self.pub(version, topic, "kept", "-q", "2", "-r")
            with self.sub(version, *read) as reader:
                self.assertEqual(reader.early, ["kept 2 1"])
            self.muster("pub", "-p", str(self.here), "-V", version, "-t", topic, "-n", "-r", "-q",
                        "1")
            with self.sub(version, *read) as reader:
                self.assertEqual(reader.early, [])

    def test_not_what_was_retained(self):
        for version in VERSIONS:
            topic = f"x/stale/{version}"
            self.pub(version, topic, "stale", "-q", "1", "-r")
            with self.sub(version, "-t", topic, "-q", "1", "-R", "-F", "%p", ready=False) as reader:
                while reader.lines.empty():
                    self.pub(version, topic, "live", "-q", "1")
                self.assertEqual(reader.next(), "live")

    def test_wills(self):
        for version in VERSIONS:
            topic = f"x/will/{version}"
            will = ("--will-topic", topic, "--will-payload", "gone", "--will-qos", "2")
            with self.sub(version, "-t", topic, "-q", "2", "-F", "%p %q %r") as watcher:
                with Sub(self.here, version, "-C", "1", *will) as polite:
                    self.assertEqual(polite.ended(), 0)
                with Sub(self.here, version, *will, "--will-retain"):
                    pass  # killed
                self.assertEqual(watcher.next(), "gone 2 0")
                self.pub(version, topic, "fence", "-q", "2")
                self.assertEqual(watcher.next(), "fence 2 0")
            with self.sub(version, "-t", topic, "-q", "2", "-F", "%p %q %r") as late:
                self.assertEqual(late.early, ["gone 2 1"])

    def test_a_will_with_properties(self):
        said = []
        for name, *value in (("will-delay-interval", "1"), ("content-type", "text"),
                             ("message-expiry-interval", "600"), ("response-topic", "back"),
                             ("correlation-data", "abc"), ("payload-format-indicator", "1"),
                             ("user-property", "k", "v")):
            said += ["-D", "will", name, *value]
        with Client(self.there, "cpp-watcher") as watcher:
            watcher.subscribe("x/will/properties", 1)
            with Sub(self.here, "5", "-c", "-x", "600", "-i", "cpp-mortal", "--will-topic",
                     "x/will/properties", "--will-payload", "gone", "--will-qos", "1", *said):
                pass
            came = watcher.next().properties
        self.assertEqual((came.ContentType, came.ResponseTopic, came.CorrelationData,
                          came.PayloadFormatIndicator, came.UserProperty),
                         ("text", "back", b"abc", 1, [("k", "v")]))
        self.assertIn(came.MessageExpiryInterval, range(500, 601))

    def test_sessions(self):
        for version in ("31", "311", "5"):
            kept = ("-i", f"cpp-kept-{version}", "-c", "-q", "2", "-t", f"x/session/{version}",
                    "-F", "%p %q", *(("-x", "600") if version == "5" else ()))
            self.assertEqual(self.sub(version, *kept, "-C", "1").ended(), 0)
            for qos in "12":
                self.pub(version, f"x/session/{version}", qos, "-q", qos)
            # It comes back where the others speak.
            with Sub(self.here, version, *kept) as again:
                self.assertEqual(sorted(again.early), ["1 1", "2 2"])

    def test_a_session_that_is_not_kept(self):
        for ends in ((), ("-c",), ("-c", "-x", "0")):
            short = ("-i", "cpp-short", "-q", "1", "-t", "x/short", "-F", "%p", *ends)
            self.assertEqual(self.sub("5", *short, "-C", "1").ended(), 0)
            self.pub("5", "x/short", "missed", "-q", "1")
            with self.sub("5", *short, "-c") as again:
                self.assertEqual(again.early, [])

    def test_unsubscribe(self):
        for version in ("311", "5"):
            kept = ("-i", f"cpp-leaves-{version}", "-c", "-q", "1", "-F", "%p",
                    *(("-x", "600") if version == "5" else ()))
            first = self.sub(version, *kept, "-t", f"x/{version}/a", "-t", f"x/{version}/b", "-C",
                             "1")
            self.assertEqual(first.ended(), 0)
            with self.sub(version, *kept, "-U", f"x/{version}/a") as again:
                self.pub(version, f"x/{version}/a", "left", "-q", "1")
                self.pub(version, f"x/{version}/b", "stayed", "-q", "1")
                self.assertEqual(again.next(), "stayed")

    def test_shared_subscriptions(self):
        share = ("-t", "$share/cpp/x/share", "-q", "1")
        with self.sub("5", *share) as one, self.sub("311", *share) as two, \
                Sub(self.here, "5", *share) as three:
            said = {str(number) for number in range(12)}
            self.muster("pub", "-p", str(self.here), "-t", "x/share", "-q", "1", "-l",
                        text="\n".join(said) + "\n")
            found = []
            while len(found) < len(said):
                for member in (one, two, three):
                    try:
                        found.append(member.lines.get(timeout=0.05))
                    except queue.Empty:
                        pass
        self.assertEqual(sorted(found), sorted(said))

    def test_properties(self):
        connect = []
        for name, value in (("receive-maximum", "1"), ("maximum-packet-size", "500"),
                            ("topic-alias-maximum", "5"), ("request-problem-information", "0"),
                            ("request-response-information", "1"),
                            ("session-expiry-interval", "30")):
            connect += ["-D", "connect", name, value]
        publishes = []
        for name, *value in (("content-type", "text"), ("correlation-data", "abc"),
                             ("message-expiry-interval", "600"), ("response-topic", "back"),
                             ("payload-format-indicator", "1"), ("topic-alias", "2"),
                             ("user-property", "k", "v"), ("user-property", "j", "w")):
            publishes += ["-D", "publish", name, *value]
        with self.sub("5", "-t", "x/properties", "-q", "2", "-F", "%p|%C|%D|%E|%R|%P", *connect,
                      "-D", "connect", "user-property", "who", "me", "-D", "subscribe",
                      "subscription-identifier", "77", "-D", "subscribe", "user-property", "a",
                      "b") as reader:
            self.pub("5", "x/properties", "large" * 100, "-q", "1")
            for qos in "012":
                self.pub("5", "x/properties", "x", "-q", qos, "--repeat", "3", *publishes)
                for _ in range(3):
                    line = reader.next().replace("|599|", "|600|")
                    self.assertEqual(line, "x|text|abc|600|back|k:v j:w")

    def test_an_unknown_authentication_method(self):
        done = subprocess.run(
            [PROGRAM, "pub", "-p", str(self.here), "-t", "x", "-m", "x", "-D", "connect",
             "authentication-method", "nobody's"], capture_output=True, text=True,
            timeout=PATIENCE_S, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot connect", done.stderr)

    def test_ways_to_say_it(self):
        with self.sub("5", "-t", "x/ways/#", "-T", "x/ways/not", "-q", "1", "-v") as reader:
            port = str(self.here)
            self.muster("pub", "-p", port, "-t", "x/ways/l", "-l", "-q", "1", text="one\ntwo\n")
            self.muster("pub", "-p", port, "-t", "x/ways/not", "-m", "unheard", "-q", "1")
            self.muster("pub", "-p", port, "-t", "x/ways/s", "-s", "-q", "1", text="three")
            self.muster("pub", "-L", f"mqtt://alice@127.0.0.1:{port}/x/ways/u", "-m", "four", "-q",
                        "1", "-k", "5", "-I", "cpp-")
            self.assertEqual([reader.next() for _ in range(4)],
                             ["x/ways/l one", "x/ways/l two", "x/ways/s three", "x/ways/u four"])


class AtOneBroker(MusterClients, OneBroker, unittest.TestCase):
    pass


class AtTwoBrokers(MusterClients, TwoBrokers, unittest.TestCase):
    pass


if __name__ == "__main__":
    unittest.main()
