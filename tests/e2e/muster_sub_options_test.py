"""`muster sub`: MQTT 5's subscription options, and the properties of UNSUBSCRIBE and DISCONNECT.
Who publishes is here, who hears is there, and a session comes back where the others speak."""

import unittest

from brokers import OneBroker, TwoBrokers
from clients import Client, publish
from muster import run
from muster_sub import READY, Sub


def kept(client_id):
    return ("-i", client_id, "-c", "-x", "600", "-q", "2")


def next_of(reader):
    """A session that was left before its READY was acknowledged gets that again, first."""
    while (line := reader.next()) == "ready":
        pass
    return line


class SubOptions:
    """The tests; the two classes below say over which brokers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        publish(cls.here, "5", READY, "ready", "-q", "2", "-r", program="muster")

    def pub(self, topic, text, *more):
        publish(self.here, "5", topic, text, "-q", "1", *more, program="muster")

    def test_no_local(self):
        """What a client publishes while it is not there is its will."""
        for flags, heard in ((("--no-local",), ["fence"]), ((), ["gone", "fence"])):
            topic, session = f"o/own/{len(flags)}", kept(f"o-own-{len(flags)}")
            will = ("--will-topic", topic, "--will-payload", "gone", "--will-qos", "1")
            with Client(self.here, "o-watcher") as watcher:
                watcher.subscribe(topic, 1)
                with Sub(self.there, "5", *session, *will, "-t", topic, *flags):
                    pass  # killed
                self.assertEqual(watcher.next().payload, b"gone")
            self.pub(topic, "fence")
            with Sub(self.here, "5", *session, "-t", READY, ready=False) as again:
                self.assertEqual([next_of(again) for _ in heard], heard)

    def test_retain_as_published(self):
        for flags, shown in ((("--retain-as-published",), "1"), ((), "0")):
            topic = f"o/rap/{shown}"
            session = (*kept(f"o-rap-{shown}"), "-F", "%p %r")
            self.pub(topic, "old", "-r")
            with Sub(self.there, "5", "-t", topic, "-q", "1", "-F", "%p %r", *flags) as reader, \
                    Sub(self.there, "5", *session, "-t", topic, "-R", *flags, ready=False) as first:
                self.assertEqual(reader.early, ["old 1"])
                while first.lines.empty():  # -R: nothing that is retained says that it stands
                    self.pub(topic, "live")
                    self.assertEqual(reader.next(), "live 0")
                self.assertEqual(first.next(), "live 0")
                self.pub(topic, "new", "-r")
                self.assertEqual(reader.next(), f"new {shown}")
                while (line := first.next()) == "live 0":
                    pass
                self.assertEqual(line, f"new {shown}")
            self.pub(topic, "waited", "-r")
            with Sub(self.here, "5", *session) as again:
                # What was new may come again: it was not acknowledged for sure.
                self.assertEqual(again.early[-1], f"waited {shown}")

    def retained_heard(self, port, handling, turn):
        """What of a retained message a session hears until its next subscription stands, too."""
        later = f"o/later/{handling}/{turn}"
        heard = []
        with Sub(port, "5", *kept(f"o-rh-{handling}"), "--retain-handling", handling, "-t",
                 f"o/rh/{handling}", "-t", later, ready=False) as reader:
            while later not in heard:
                self.pub(later, later)
                while not reader.lines.empty():
                    heard.append(reader.next())
        return heard.count("kept")

    def test_retain_handling(self):
        for handling, at_first, again in (("0", 1, 1), ("1", 1, 0), ("2", 0, 0)):
            self.pub(f"o/rh/{handling}", "kept", "-r")
            for turn, (port, wanted) in enumerate(((self.there, at_first), (self.here, again))):
                self.assertEqual(self.retained_heard(port, handling, turn), wanted,
                                 (handling, turn))

    def test_options_that_cannot_be(self):
        port = ("-p", str(self.here), "-t", "o/x")
        for flag in (("--no-local",), ("--retain-as-published",), ("--retain-handling", "1")):
            status, _, error = run("sub", *port, "-V", "311", *flag)
            self.assertEqual((status, error.count("\n")), (1, 1))
            self.assertIn("want MQTT 5", error)
        self.assertEqual(run("sub", *port, "--retain-handling", "3")[0], 2)
        self.assertEqual(run("sub", *port, "--retain-handling", "0", "-R")[0], 2)
        # [MQTT-3.8.3-4]
        there = ("-p", str(self.there))
        self.assertEqual(run("sub", *there, "-t", "$share/o/o/x", "--no-local")[0], 1)

    def test_disconnect_ends_the_session(self):
        for ending, present in (((), True), (("session-expiry-interval", "0"), False)):
            said = [("reason-string", "enough"), ("user-property", "a", "b"), ending]
            words = [word for one in said if one for word in ("-D", "disconnect", *one)]
            with Sub(self.there, "5", *kept("o-ends"), *words, "-C", "1") as first:
                self.assertEqual(first.ended(), 0)
            with Client(self.here, "o-ends", clean=False, expiry=600) as again:
                self.assertEqual(again.session_present, present)

    def test_unsubscribe(self):
        session = kept("o-leaves")
        with Sub(self.there, "5", *session, "-t", "o/a", "-t", "o/b", "-C", "1") as first:
            self.assertEqual(first.ended(), 0)
        words = ("-U", "o/a", "-D", "unsubscribe")
        with Sub(self.there, "5", *session, *words, "user-property", "a", "b") as again:
            self.pub("o/a", "left")
            self.pub("o/b", "stayed")
            self.assertEqual(next_of(again), "stayed")
        # One that UNSUBSCRIBE may not have shows that they are sent.
        self.assertEqual(run("sub", "-p", str(self.there), *words, "content-type", "x")[0], 1)

    def test_the_broker_ends_it(self):
        with Sub(self.there, "5", "-i", "o-same") as older:
            with Client(self.there, "o-presence") as watcher:
                watcher.subscribe("$user/o-same/presence/state")
                while watcher.next().payload != b"online":
                    pass  # else the younger may be known first
            with Client(self.here, "o-same"):
                self.assertEqual(older.ended(), 1)
                self.assertEqual(older.next(), "muster sub: the broker ended the connection: "
                                               "Session taken over")


class AtOneBroker(SubOptions, OneBroker, unittest.TestCase):
    pass


class AtTwoBrokers(SubOptions, TwoBrokers, unittest.TestCase):
    pass


if __name__ == "__main__":
    unittest.main()
