"""The packet gallery over real connections: each malformed packet gets the reason code that the
standard names and ends its own connection, while a witness's messages flow beside it, at the same
broker and to another one."""

import socket
import threading
import unittest

from brokers import OneBroker, TwoBrokers, shared
from clients import Client
from cluster import Cluster
from muster import PATIENCE_S, Muster
from raw import (CONNACK, DISCONNECT, DISCONNECT_BYTES, PINGREQ_BYTES, PINGRESP, connect,
                 conversations, gallery, packets, until_closed)

CONNECT, PINGREQ = 1, 12
# 3.1.1, 3.2.2.3; for other reasons the server closes without CONNACK.
OLD_CONNECT_CODES = {0x84: 1, 0x85: 2}


def type_of(row):
    return row["bytes"][0] >> 4


class Witness:
    """A publisher and a subscriber that talk all the while."""

    def __init__(self, here, there):
        self.ending = threading.Event()
        self.sent = 0
        self.subscriber = Client(there, "witness")
        self.subscriber.subscribe("witness/#", 1)
        self.publisher = Client(here, "witness-publisher", version="311")
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.ending.is_set():
            self.publisher.publish("witness/all", str(self.sent), 1)
            self.sent += 1

    def end(self):
        """The payloads that came, in order, and whether both connections held."""
        self.ending.set()
        self.thread.join(PATIENCE_S)
        arrived = [int(self.subscriber.next().payload) for _ in range(self.sent)]
        events = list(self.subscriber.events.queue) + list(self.publisher.events.queue)
        self.subscriber.close()
        self.publisher.close()
        return arrived, not any(event[0] == "disconnected" for event in events)


class BadInput:
    """What is said `here`, and how it is answered; the classes below say over which brokers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.all_rows = gallery()
        cls.rows = [row for row in cls.all_rows if row["sender"] == "client"]
        cls.bad = [row for row in cls.rows if row["reason"] is not None]
        cls.cuts = [row for row in gallery("cuts")  # bodies that end where they may not
                    if row["sender"] == "client" and row["reason"] is not None]
        assert len(cls.bad) > 1500

    def setUp(self):
        self.witness = Witness(self.here, self.there)
        self.addCleanup(self.check_witness)

    def check_witness(self):
        arrived, held = self.witness.end()
        self.assertGreater(len(arrived), 0)
        self.assertEqual(arrived, list(range(self.witness.sent)))
        self.assertTrue(held, "the witness was disconnected")
        for process in self.processes():
            self.assertIsNone(process.process.poll())

    def talk(self, inputs, **how):
        return conversations(self.here, inputs, **how)

    def check(self, rows, answers, wanted):
        wrong = [f"{row['name']}: {answer}, not {want}"
                 for row, answer, want in zip(rows, answers, wanted) if answer != want]
        self.assertEqual(len(rows), len(answers))
        self.assertFalse(wrong, f"{len(wrong)} of {len(rows)}:\n" + "\n".join(wrong[:40]))

    def after_connect(self, rows, rest=b"", **how):
        """The answers to each row behind a good CONNECT, whose CONNACK is judged here."""
        inputs = [connect(row["version"], f"bad-{number}") + row["bytes"] + rest
                  for number, row in enumerate(rows)]
        answers = self.talk(inputs, **how)
        for row, answer in zip(rows, answers):
            self.assertTrue(answer, row["name"])
            kind, body = answer.pop(0)
            self.assertEqual((kind, body[:2]), (CONNACK, b"\0\0"), row["name"])
        return answers

    def reasons(self, rows, answers):
        """The reason of the DISCONNECT that ends each 5.0 answer; older versions know none."""
        for row, answer in zip(rows, answers):
            if row["version"] == 5 and answer and answer[-1][0] == DISCONNECT:
                answer[-1] = (DISCONNECT, answer[-1][1][0])
        return answers

    def said(self, row, reason):
        return [(DISCONNECT, reason)] if row["version"] == 5 else []

    def check_reasons(self, rows):
        answers = self.reasons(rows, self.after_connect(rows))
        self.check(rows, answers, [self.said(row, row["reason"]) for row in rows])

    def check_refusals(self, rows):
        wanted = []
        for row in rows:
            body = row["bytes"][2:]
            # Who cannot be heard to speak 5.0 is answered as 3.1.1 would.
            if body[:6] == b"\0\4MQTT" and 5 <= body[6:7].ljust(1, b"\0")[0] < 0x80:
                wanted.append([(CONNACK, bytes([0, row["reason"], 0]))])
            elif row["reason"] in OLD_CONNECT_CODES:
                wanted.append([(CONNACK, bytes([0, OLD_CONNECT_CODES[row["reason"]]]))])
            else:
                wanted.append([])
        self.check(rows, self.talk([row["bytes"] for row in rows]), wanted)

    def test_a_malformed_packet_gets_its_reason(self):
        rows = [row for row in self.bad if type_of(row) != CONNECT]
        self.assertGreater(len(rows), 1000)
        self.check_reasons(rows)

    def test_a_malformed_connect_is_refused_with_its_reason(self):
        rows = [row for row in self.bad if type_of(row) == CONNECT]
        self.assertGreater(len(rows), 300)
        self.check_refusals(rows)

    def test_a_packet_that_ends_early_gets_its_reason(self):
        rows = [row for row in self.cuts if type_of(row) != CONNECT]
        self.assertGreater(len(rows), 1200)
        self.check_reasons(rows)

    def test_a_connect_that_ends_early_is_refused(self):
        rows = [row for row in self.cuts if type_of(row) == CONNECT]
        self.assertGreater(len(rows), 1000)
        self.check_refusals(rows)

    def test_a_connection_that_ends_within_a_packet_is_not_answered(self):
        good = [row for row in self.rows if row["reason"] is None]
        rows = [dict(row, bytes=row["bytes"][:size]) for row in good
                for size in sorted({1, len(row["bytes"]) // 2, len(row["bytes"]) - 1})]
        self.assertGreater(len(rows), 500)
        self.check(rows, self.after_connect(rows, ending=True), [[] for _ in rows])

    def test_before_connect_nothing_is_answered(self):
        rows = [row for row in self.rows if type_of(row) != CONNECT]
        self.assertGreater(len(rows), 1000)
        self.check(rows, self.talk([row["bytes"] for row in rows]), [[] for _ in rows])

    def test_bytes_that_come_one_by_one(self):
        with socket.create_connection(("127.0.0.1", self.here), PATIENCE_S) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in connect(5, "slow") + PINGREQ_BYTES + b"\x30\x80\x80\x80\x80\x01":
                sock.sendall(bytes([byte]))
            answer = packets(until_closed(sock))
        self.assertEqual([kind for kind, _ in answer], [CONNACK, PINGRESP, DISCONNECT])
        self.assertEqual(answer[-1][1], b"\x81")

    def test_a_second_connect_is_a_protocol_error(self):
        rows = [row for row in self.rows if type_of(row) == CONNECT]
        answers = self.reasons(rows, self.after_connect(rows))
        self.check(rows, answers, [self.said(row, 0x82) for row in rows])

    def test_what_only_servers_say_is_a_protocol_error(self):
        only_servers = {2, 9, 11, 13}
        rows = [dict(row, version=version) for row in self.all_rows
                if row["sender"] == "server" and row["reason"] is None
                and type_of(row) in only_servers for version in (3, 4, 5)]
        self.assertGreater(len(rows), 100)
        answers = self.reasons(rows, self.after_connect(rows))
        self.check(rows, answers, [self.said(row, 0x82) for row in rows])

    def taken(self, row):
        """What a good packet after CONNECT leads to, before the PINGRESP: None, nothing that ends
        the connection; else the reason that it ends with."""
        kind, first = type_of(row), row["bytes"][0]
        if kind == 3 and row["name"] == "publish by alias":
            return 0x82  # one that was never set
        if kind == 3 and row["name"] == "publish setting an alias":
            return 0x94  # over the Topic Alias Maximum
        if kind == 15:
            return 0x82  # AUTH without a method in CONNECT
        return None

    def test_a_good_packet_is_taken_or_not_available(self):
        rows = [row for row in self.rows
                if row["reason"] is None and type_of(row) not in (CONNECT, DISCONNECT)]
        self.assertGreater(len(rows), 100)
        answers = self.reasons(rows, self.after_connect(rows, PINGREQ_BYTES + DISCONNECT_BYTES))
        wanted = []
        for row, answer in zip(rows, answers):
            reason = self.taken(row)
            wanted.append([(PINGRESP, b"")] if reason is None else self.said(row, reason))
            answer[:] = [one for one in answer if one[0] in (PINGRESP, DISCONNECT)]
            if type_of(row) == PINGREQ:
                self.assertEqual(answer.pop(0)[0], PINGRESP)  # its own
        self.check(rows, answers, wanted)

    def test_a_good_connect_is_taken_or_not_available(self):
        rows = [row for row in self.rows if row["reason"] is None and type_of(row) == CONNECT]
        self.assertGreater(len(rows), 30)
        # One after the other: most have the same client identifier.
        answers = self.talk([row["bytes"] + DISCONNECT_BYTES for row in rows], at_once=1)
        for row, answer in zip(rows, answers):
            with self.subTest(row["name"]):
                self.good_connect(row, answer)

    def good_connect(self, row, answer):
        if "maximum packet size" in row["name"]:  # of 1: nothing fits (3.1.2-24)
            return self.assertEqual(answer, [])
        reason = 0
        if "authentication" in row["name"]:
            reason = 0x8C
        elif b"\0\2me" in row["bytes"]:
            reason = 0x86 if row["version"] == 5 else 4  # a name that `$user/me` needs
        self.assertEqual([(kind, body[1]) for kind, body in answer], [(CONNACK, reason)])
        return None


class AtOneBroker(BadInput, OneBroker, unittest.TestCase):
    def processes(self):
        return [shared(Muster)]

    def test_other_protocols_are_answered_with_nothing(self):
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(506)  # of TLS
        rows = [{"name": name} for name in ("HTTP", "TLS", "SSH", "zeros", "text")]
        inputs = [b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", hello, b"SSH-2.0-x\r\n",
                  bytes(100), b"hello, broker\n"]
        self.check(rows, self.talk(inputs), [[] for _ in rows])

    def test_a_packet_over_the_limit_is_too_large(self):
        with Muster("--set", "broker.max_packet=1KiB") as muster:
            large = bytes.fromhex("30 8008 0001 74 00") + bytes(1020)  # 1,027 bytes
            fits = bytes.fromhex("30 fd07 0001 74 00") + bytes(1017)   # 1,024 bytes
            inputs = [connect(5, "large") + large[:5], connect(5, "fits") + fits + DISCONNECT_BYTES,
                      connect(4, "old") + large[:5]]
            answers = conversations(muster.port, inputs)
        self.assertIn(bytes.fromhex("2700000400"), answers[0][0][1])
        self.assertEqual([[body[:1] for _, body in answer[1:]] for answer in answers],
                         [[b"\x95"], [], []])


class AtTwoBrokers(BadInput, TwoBrokers, unittest.TestCase):
    def processes(self):
        return shared(Cluster).processes.values()


if __name__ == "__main__":
    unittest.main()
