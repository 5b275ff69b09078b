"""What MQTT 5's properties do, seen by real clients: aliases, limits, expiry, sessions, $SYS."""

import queue
import unittest

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from clients import Client, MosquittoSub, publish
from cluster import Cluster
from muster import Muster

SETTINGS = {"broker.response_information": "answers/", "broker.max_keep_alive": "100s",
            "sys.interval": "200ms"}


def properties(kind, **values):
    made = Properties(kind)
    for name, value in values.items():
        setattr(made, name, value)
    return made


def message(**values):
    return properties(PacketTypes.PUBLISH, **values)


class Raw:
    """A paho 5.0 client with any CONNECT properties and will; events by name."""

    def __init__(self, port, client_id="", clean=True, will=None, keep_alive=60, **connect):
        self.client = Client.__new__(Client)
        inner = paho.Client(client_id, protocol=paho.MQTTv5)
        self.client.client, self.client.version = inner, "5"
        self.connack = None
        self.client.messages, self.client.events = queue.Queue(), queue.Queue()
        events = self.client.events
        inner.on_message = lambda _c, _u, got: self.client.messages.put(got)
        inner.on_connect = lambda _c, _u, flags, code, props: events.put(
            ("connected", flags, code, props))
        inner.on_disconnect = lambda _c, _u, code, props=None: events.put(
            ("disconnected", code, props))
        inner.on_subscribe = lambda _c, _u, mid, codes, *_p: events.put(("subscribed", mid, codes))
        inner.on_publish = lambda _c, _u, mid: events.put(("published", mid))
        if will:
            topic, delay = will
            inner.will_set(topic, "gone", 1, False,
                           properties(PacketTypes.WILLMESSAGE, WillDelayInterval=delay))
        inner.connect("127.0.0.1", port, keep_alive, clean_start=clean,
                      properties=properties(PacketTypes.CONNECT, **connect))
        inner.loop_start()
        _, flags, code, self.connack = self.client.expect("connected")
        self.code, self.session_present = code.value, bool(flags["session present"])

    def __getattr__(self, name):
        return getattr(self.client, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()


class WithProperties:
    """The tests; the two classes below say over which brokers."""

    def test_topic_aliases_of_a_publisher(self):
        with Client(self.there, "s") as sub, Client(self.here, "p") as pub:
            sub.subscribe("alias/#", 1)
            pub.publish("alias/1", "set", 1, message(TopicAlias=3))
            pub.publish("", "used", 1, message(TopicAlias=3))
            for payload in (b"set", b"used"):
                got = sub.next()
                self.assertEqual((got.topic, got.payload), ("alias/1", payload))
                self.assertFalse(hasattr(got.properties, "TopicAlias"))

    def test_topic_aliases_to_a_subscriber(self):
        with Raw(self.there, "s", TopicAliasMaximum=1) as sub, Client(self.here, "p") as pub:
            sub.subscribe("alias/#", 1)
            for topic in ("alias/1", "alias/1", "alias/2"):
                pub.publish(topic, topic, 1)
            first, second, third = sub.next(), sub.next(), sub.next()
            self.assertEqual((first.topic, first.properties.TopicAlias), ("alias/1", 1))
            self.assertEqual((second.topic, second.properties.TopicAlias), ("", 1))
            self.assertEqual(third.topic, "alias/2")
            self.assertFalse(hasattr(third.properties, "TopicAlias"))

    def test_an_alias_over_the_maximum(self):
        with Client(self.there, "witness") as witness:
            bad = Raw(self.here, "bad")
            self.assertEqual(bad.connack.TopicAliasMaximum, 10)
            bad.client.client.publish("t", "x", properties=message(TopicAlias=11))
            _, code, reason = bad.expect("disconnected")
            bad.client.client.loop_stop()
            self.assertEqual(getattr(code, "value", code), 0x94)
            self.assertIn("alias", reason.ReasonString)
            self.assertEqual(witness.subscribe("still/there", 1)[0].value, 1)

    def test_what_is_too_large_for_a_subscriber_does_not_reach_it(self):
        with Raw(self.there, "s", MaximumPacketSize=200) as sub, Client(self.here, "p") as pub:
            sub.subscribe("size", 1)
            pub.publish("size", b"x" * 300, 1)
            pub.publish("size", "fits", 1)
            self.assertEqual(sub.next().payload, b"fits")

    def test_messages_expire_while_their_session_waits(self):
        """The will of another client, delayed by two seconds, is the clock."""
        first = Raw(self.there, "sleeper", SessionExpiryInterval=1000)
        first.subscribe("night/#", 1)
        first.close()
        with Client(self.there, "watcher") as watcher, Client(self.here, "p") as pub:
            watcher.subscribe("clock", 1)
            clock = Raw(self.here, "clock", will=("clock", 2), SessionExpiryInterval=1000)
            pub.publish("night/1", "soon", 1, message(MessageExpiryInterval=1))
            pub.publish("night/1", "late", 1, message(MessageExpiryInterval=1000))
            clock.drop()
            self.assertEqual(watcher.next().payload, b"gone")
        with Raw(self.here, "sleeper", clean=False, SessionExpiryInterval=0) as again:
            self.assertTrue(again.session_present)
            got = again.next()
            self.assertEqual(got.payload, b"late")
            self.assertLess(got.properties.MessageExpiryInterval, 999)

    def test_a_session_ends_when_disconnect_says_so(self):
        first = Raw(self.here, "short", SessionExpiryInterval=1000)
        first.client.client.disconnect(
            properties=properties(PacketTypes.DISCONNECT, SessionExpiryInterval=0))
        first.expect("disconnected")
        first.client.client.loop_stop()
        with Raw(self.there, "short", clean=False) as again:
            self.assertFalse(again.session_present)

    def test_a_delayed_will_is_cancelled_by_coming_back(self):
        with Client(self.there, "watcher") as watcher:
            watcher.subscribe("wills/#", 1)
            away = Raw(self.here, "away", will=("wills/away", 1000), SessionExpiryInterval=1000)
            away.drop()
            clock = Raw(self.here, "clock", will=("wills/clock", 1), SessionExpiryInterval=1000)
            with Raw(self.there, "away", clean=False, SessionExpiryInterval=0):
                clock.drop()
                self.assertEqual(watcher.next().topic, "wills/clock")

    def test_response_information_is_given_to_who_asks(self):
        with Raw(self.here, "r", RequestResponseInformation=1) as client:
            self.assertEqual(client.connack.ResponseInformation, "answers/")
        with Raw(self.here, "r") as client:
            self.assertFalse(hasattr(client.connack, "ResponseInformation"))

    def test_the_client_is_told_its_name_and_its_keep_alive(self):
        with Raw(self.here, keep_alive=200) as first, Raw(self.there, keep_alive=100) as second:
            self.assertEqual(first.connack.ServerKeepAlive, 100)
            self.assertFalse(hasattr(second.connack, "ServerKeepAlive"))
            names = {one.connack.AssignedClientIdentifier for one in (first, second)}
            self.assertEqual(len(names - {""}), 2)
            for name in names:
                Raw(self.here, name).close()  # it may be used
        with Raw(self.here, "named") as named:
            self.assertFalse(hasattr(named.connack, "AssignedClientIdentifier"))

    def test_an_unknown_authentication_method(self):
        client = Raw(self.here, "a", AuthenticationMethod="nobody's")
        client.client.client.loop_stop()
        self.assertEqual(client.code, 0x8C)
        self.assertEqual(client.connack.ReasonString, "no such authentication method")

    def test_mqtt_3_1(self):
        for qos in ("0", "1", "2"):
            with MosquittoSub(self.there, "31", "-t", "old/#", "-q", qos) as sub:
                self.assertEqual(sub.granted, qos)
                publish(self.here, "31", "old/1", "hello", "-q", qos)
                self.assertEqual(sub.next(), "hello")

    def test_sys_is_shown_to_who_asks_and_kept_up_to_date(self):
        with MosquittoSub(self.there, "5", "-t", "$SYS/broker/version", "-F", "%r %p") as sub:
            self.assertTrue(sub.next().startswith("1 muster version "))
        with Client(self.there, "looker") as looker:
            looker.subscribe("$SYS/broker/clients/connected")
            while not looker.next().retain:
                pass  # a change that came between SUBSCRIBE and SUBACK
            with Client(self.there, "one"), Client(self.there, "two"):
                now = looker.next()
                while int(now.payload) != 3:
                    now = looker.next()
                self.assertFalse(now.retain)

    def test_sys_is_not_matched_by_hash(self):
        with Client(self.there, "looker") as looker, Client(self.here, "p") as pub:
            looker.subscribe("#", 1)
            pub.publish("a/fence", "x", 1)
            self.assertEqual(looker.next().topic, "a/fence")


class OneBroker(WithProperties, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.muster = Muster(*[word for name, value in SETTINGS.items()
                              for word in ("--set", f"{name}={value}")])
        cls.here = cls.there = cls.muster.port

    @classmethod
    def tearDownClass(cls):
        cls.muster.__exit__()

    def test_sys_has_the_names_that_mosquitto_gives(self):
        names = ["version", "uptime", "bytes/received", "bytes/sent", "heap/current",
                 "heap/maximum", "retained messages/count", "messages/inflight", "messages/stored",
                 "subscriptions/count", "shared_subscriptions/count", "store/messages/bytes",
                 "store/messages/count", "messages/received", "messages/sent"]
        names += [f"clients/{kind}" for kind in (
            "active", "connected", "disconnected", "expired", "inactive", "maximum", "total")]
        names += [f"publish/messages/{kind}" for kind in ("received", "sent", "dropped")]
        names += [f"load/{kind}/{span}min" for span in (1, 5, 15) for kind in (
            "messages/received", "messages/sent", "publish/received", "publish/sent",
            "publish/dropped", "bytes/received", "bytes/sent", "sockets", "connections")]
        with Client(self.there, "looker") as looker:
            looker.subscribe("$SYS/#")
            missing = {"$SYS/broker/" + name for name in names}
            while missing:
                missing.discard(looker.next().topic)


class TwoBrokers(WithProperties, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        lines = ["[broker]", 'response_information = "answers/"', 'max_keep_alive = "100s"',
                 "[sys]", 'interval = "200ms"']
        cls.cluster = Cluster(settings="\n".join(lines))
        cls.here, cls.there = cls.cluster.ports()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.__exit__(None)

    def test_sys_is_each_brokers_own(self):
        with Client(self.here, "a"), Client(self.there, "looker") as looker:
            looker.subscribe("$SYS/broker/clients/connected")
            while int(looker.next().payload) != 1:  # not the one at the other broker
                pass


if __name__ == "__main__":
    unittest.main()
