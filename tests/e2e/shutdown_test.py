"""The end of a server and its next start on the same folder. SIGTERM: clients are told, what was
queued is stored, status 0. kill -9: everything that was acknowledged is there."""

import json
import os
import shutil
import signal
import socket
import tempfile
import threading
import unittest

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from clients import Client
from muster import PATIENCE_S, Muster
from raw import CONNACK, DISCONNECT, connect, packet, string, until_closed

PUBLISHED_BEFORE_THE_END = 500


class Feeder:
    """Publishes QoS 1, numbered, as fast as it goes until its connection ends; notes what was
    acknowledged."""

    WINDOW = 150

    def __init__(self, port):
        self.sent = 0
        self.acked = set()
        self.changed = threading.Condition()
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.sock.sendall(connect(4, "feeder"))
        assert self.sock.recv(4, socket.MSG_WAITALL) == bytes.fromhex("20020000")
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        received = b""
        try:
            while True:
                while self.sent - len(self.acked) < self.WINDOW:
                    self.sock.sendall(packet(0x32, string("queue/all")
                                             + (self.sent % 65535 + 1).to_bytes(2, "big")
                                             + str(self.sent).encode()))
                    self.sent += 1
                part = self.sock.recv(4096)
                if not part:
                    return
                received += part
                while len(received) >= 4:
                    assert received[:2] == b"\x40\x02"
                    self._acked(int.from_bytes(received[2:4], "big"))
                    received = received[4:]
        except OSError:  # killed: a reset
            pass

    def _acked(self, packet_id):
        with self.changed:
            assert packet_id == len(self.acked) % 65535 + 1  # in the order of the PUBLISHes
            self.acked.add(len(self.acked))
            self.changed.notify_all()

    def wait_acked(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.acked) >= count, PATIENCE_S)

    def end(self):
        self.thread.join(PATIENCE_S)
        self.sock.close()


class Lives(unittest.TestCase):
    """A folder that servers follow one another on."""

    def setUp(self):
        self.data = tempfile.mkdtemp(prefix="muster-lives-")
        self.addCleanup(shutil.rmtree, self.data, ignore_errors=True)

    def life(self, *arguments):
        muster = Muster(*arguments, data=self.data)
        self.addCleanup(muster.__exit__, None, None, None)
        return muster

    def end(self, muster, how):
        """SIGTERM with status 0 and nothing but `ready` said, or kill -9."""
        if how == signal.SIGKILL:
            muster.kill()
            return
        self.assertEqual(muster.stop(), 0)
        self.assertEqual(muster.lines, ["ready"])
        self.assertNotIn("error", muster.stderr())

    def device(self, muster, name="device", **more):
        return Client(muster.port, name, clean=False, expiry=3600, **more)


class Told(Lives):
    def test_clients_are_told(self):
        muster = self.life()
        told, silent = [], []
        for version, goes_to in ((5, told), (4, silent), (3, silent)):
            for number in range(20):
                sock = socket.create_connection(("127.0.0.1", muster.port), timeout=PATIENCE_S)
                sock.sendall(connect(version, f"v{version}-{number}"))
                self.assertEqual(sock.recv(2)[0] >> 4, CONNACK)
                goes_to.append(sock)
        persistent = socket.create_connection(("127.0.0.1", muster.port), timeout=PATIENCE_S)
        persistent.sendall(connect(5, "persistent", clean=False, expiry=60))
        self.assertEqual(persistent.recv(2)[0] >> 4, CONNACK)
        told.append(persistent)
        for start in (b"", b"\x10", connect(5, "half")[:-3]):  # no CONNECT yet
            silent.append(socket.create_connection(("127.0.0.1", muster.port), timeout=PATIENCE_S))
            silent[-1].sendall(start)
        muster.signal(signal.SIGTERM)
        for sock in told:
            with sock:
                self.assertEqual(until_closed(sock)[-3:], bytes([DISCONNECT << 4, 1, 0x8B]))
        for sock in silent:
            with sock:
                rest = until_closed(sock)  # at most what is left of CONNACK
                self.assertIn(rest, (b"", b"\0\0"))
        self.assertEqual(muster.wait(), 0)
        self.assertEqual((muster.lines, muster.stderr()), (["ready"], ""))
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", muster.port), timeout=PATIENCE_S)

    def test_clients_that_do_not_read_do_not_hold_it_up(self):
        muster = self.life()
        deaf = socket.create_connection(("127.0.0.1", muster.port), timeout=PATIENCE_S)
        self.addCleanup(deaf.close)
        deaf.sendall(connect(5, "deaf") + packet(0x82, b"\0\1\0" + string("t") + b"\0"))
        self.assertEqual(deaf.recv(2)[0] >> 4, CONNACK)
        with Client(muster.port, "loud") as loud:
            for _ in range(40):  # far more than the kernel keeps
                loud.publish("t", bytes(1 << 20), 1)
        self.assertEqual(muster.stop(), 0)


class Kept(Lives):
    def feed_until(self, how):
        """What was acknowledged before the end, all sent, and what the session then finds."""
        muster = self.life()
        with self.device(muster) as device:
            device.subscribe("queue/#", 1)
        feeder = Feeder(muster.port)
        feeder.wait_acked(PUBLISHED_BEFORE_THE_END)
        self.end(muster, how)
        feeder.end()
        muster = self.life()
        with self.device(muster) as device:
            self.assertTrue(device.session_present)
            with Client(muster.port, "last") as last:
                last.publish("queue/all", "end", 1)
            found = []
            while (message := device.next()).payload != b"end":
                found.append(int(message.payload))
                self.assertFalse(message.dup)
        self.assertEqual(found, sorted(set(found)))
        self.assertFalse(feeder.acked - set(found), "acknowledged, and not there")
        self.assertLessEqual(set(found), set(range(feeder.sent)))
        with self.device(muster) as device:
            with Client(muster.port, "last") as last:
                last.publish("queue/all", "nothing else", 1)
            while (message := device.next()).payload != b"nothing else":
                self.assertTrue(message.dup)  # its PUBACK was not read before this connection
        self.end(muster, signal.SIGTERM)

    def test_what_was_acknowledged_is_there_after_sigterm(self):
        self.feed_until(signal.SIGTERM)

    def test_what_was_acknowledged_is_there_after_kill_9(self):
        for _ in range(3):
            with self.subTest():
                shutil.rmtree(self.data)
                os.mkdir(self.data)
                self.feed_until(signal.SIGKILL)

    def test_what_was_streamed_and_not_acknowledged_comes_again(self):
        for how in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(how):
                muster = self.life()
                sock = socket.create_connection(("127.0.0.1", muster.port), timeout=PATIENCE_S)
                sock.sendall(connect(5, "hand", clean=False, expiry=3600)
                             + packet(0x82, b"\0\1\0" + string("t") + b"\1"))
                self.read_until(sock, 9)
                with Client(muster.port, "publisher") as publisher:
                    publisher.publish("t", how.name, 1)
                first = self.read_until(sock, 3)
                self.end(muster, how)
                sock.close()
                muster = self.life()
                with socket.create_connection(("127.0.0.1", muster.port), PATIENCE_S) as sock:
                    sock.sendall(connect(5, "hand", clean=False, expiry=3600))
                    again = self.read_until(sock, 3)
                    self.assertEqual(again[0] & 0xF7, first[0] & 0xF7)
                    self.assertTrue(again[0] & 8, "without DUP")
                    self.assertEqual(again[1:], first[1:])  # the same packet identifier too
                    sock.sendall(b"\x40\x02" + again[5:7] + b"\xe0\x00")
                    until_closed(sock)
                self.end(muster, signal.SIGTERM)

    @staticmethod
    def read_until(sock, kind):
        """The bytes of the first packet of this kind; packets are short here."""
        while True:
            head = sock.recv(2, socket.MSG_WAITALL)
            whole = head + sock.recv(head[1], socket.MSG_WAITALL)
            if whole[0] >> 4 == kind:
                return whole


class Known(Lives):
    """Presence and wills over the end of a server."""

    @staticmethod
    def row(muster, device, status):
        """Its presence, once it is this."""
        with Client(muster.port, "asker") as asker:
            asker.subscribe(f"$user/{device}/presence")
            while (row := json.loads(asker.next().payload))["status"] != status:
                pass
        return row

    def test_presence_is_there(self):
        for how, why in ((signal.SIGTERM, "server_shutdown"), (signal.SIGKILL, "broker_lost")):
            with self.subTest(how):
                muster = self.life()
                with Client(muster.port, "left"):
                    self.row(muster, "left", "online")
                left = self.row(muster, "left", "offline")
                there = Client(muster.port, "there")
                there.publish("$user/me/info", json.dumps({"room": how.name}), 1)
                self.row(muster, "there", "online")
                self.end(muster, how)
                there.drop()
                muster = self.life()
                self.assertEqual(self.row(muster, "left", "offline")["since"], left["since"])
                self.assertEqual(left["why"], "disconnected")
                row = self.row(muster, "there", "offline")
                self.assertEqual((row["why"], row["attributes"]), (why, {"room": how.name}))
                with Client(muster.port, "there"):
                    self.row(muster, "there", "online")
                self.end(muster, signal.SIGTERM)

    def heard(self, muster, last):
        """What the executor finds, up to what is published now."""
        with self.device(muster, "executor") as executor:
            with Client(muster.port, "last") as client:
                client.publish("will/last", last, 1)
            found = []
            while (message := executor.next()).payload.decode() != last:
                if not message.dup:  # else its PUBACK was not read in time
                    found.append(message.payload)
        return found

    def test_wills_come_exactly_once(self):
        for how in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(how):
                muster = self.life()
                with self.device(muster, "executor") as executor:
                    executor.subscribe("will/#", 1)
                dropped = [Client(muster.port, f"v{version}", version=version,
                                  will=("will/v", version, 1)) for version in ("311", "5")]
                with Client(muster.port, "polite", will=("will/polite", "never", 1)):
                    pass
                delayed = [self.device(muster, name, will=("will/delayed", name, 1, False, delay))
                           for name, delay in (("returns", will_delay(3600)),
                                               ("stays away", will_delay(1)))]
                self.end(muster, how)
                for client in dropped + delayed:
                    client.drop()
                muster = self.life()
                with self.device(muster, "returns"):
                    pass
                with self.device(muster, "executor") as executor:
                    found = sorted(executor.next().payload for _ in range(3))
                self.assertEqual(found, [b"311", b"5", b"stays away"])
                self.end(muster, how)
                muster = self.life()
                self.assertEqual(self.heard(muster, how.name), [])
                self.end(muster, signal.SIGTERM)


def will_delay(seconds):
    properties = Properties(PacketTypes.WILLMESSAGE)
    properties.WillDelayInterval = seconds
    return properties


if __name__ == "__main__":
    unittest.main()
