"""The example programs of the Paho C client (package paho.mqtt.c-examples): each of their options
that a broker can tell."""

import queue
import subprocess
import threading
import unittest

from clients import Client
from muster import PATIENCE_S, Muster

VERSIONS = ("31", "311", "5")
PUBLISHERS, SUBSCRIBERS = ("paho_c_pub", "paho_cs_pub"), ("paho_c_sub", "paho_cs_sub")


class Subscriber:
    """paho_c_sub or paho_cs_sub, heard for sure: a first message has come to it."""

    def __init__(self, port, program, version, topic, qos, *more, prober=None):
        self.process = subprocess.Popen(
            ["stdbuf", "-oL", program, "-h", "127.0.0.1", "-p", str(port), "-V", version,
             "-t", topic, "-q", str(qos), "-i", f"{program}-{version}", *more],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        if prober:
            self._probe(prober, topic)

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def _probe(self, prober, topic):
        """Messages until one is heard."""
        answered = queue.Queue()
        prober.client.on_publish = lambda _c, _u, mid: answered.put(mid)
        while True:
            prober.client.publish(topic, "are you there", 1)
            answered.get(timeout=PATIENCE_S)
            try:
                while "are you there" not in self.lines.get(timeout=0.2):
                    pass
                break
            except queue.Empty:
                pass

    def next(self):
        """The next line that is no repeated probe."""
        while True:
            line = self.lines.get(timeout=PATIENCE_S)
            if "are you there" not in line:
                return line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class PahoC(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.muster = Muster()
        cls.addClassCleanup(cls.muster.__exit__, None, None, None)

    def publish(self, program, version, topic, text, qos, *more):
        done = subprocess.run(
            [program, "-h", "127.0.0.1", "-p", str(self.muster.port), "-V", version, "-t", topic,
             "-m", text, "-q", str(qos), "-i", f"pub-{version}", *more],
            capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def subscriber(self, program, version, topic, qos, *more, prober=True):
        client = None
        if prober:
            client = Client(self.muster.port, f"prober-{topic}")
            self.addCleanup(client.close)
        made = Subscriber(self.muster.port, program, version, topic, qos, *more, prober=client)
        self.addCleanup(made.__exit__)
        return made

    def test_every_version_and_qos(self):
        for number, subscriber in enumerate(SUBSCRIBERS):
            for version in VERSIONS:
                topic = f"c/{number}/{version}"
                reader = self.subscriber(subscriber, version, topic, 2, "--verbose")
                for publisher in PUBLISHERS:
                    for speaks in VERSIONS:
                        for qos in (0, 1, 2):
                            self.publish(publisher, speaks, topic, f"{speaks} {qos}", qos)
                            self.assertIn(f"{topic}\t{speaks} {qos}", reader.next())
                reader.__exit__()

    def test_properties(self):
        reader = self.subscriber("paho_cs_sub", "5", "c/properties", 2, "--verbose")
        self.publish("paho_cs_pub", "5", "c/properties", "x", 2, "--user-property", "a", "b",
                     "--message-expiry", "60")
        self.assertEqual(reader.next(), "c/properties\tx")
        self.assertRegex(reader.next(), "MESSAGE_EXPIRY_INTERVAL value (60|59)")
        self.assertIn("USER_PROPERTY key a value b", reader.next())

    def test_retained(self):
        for number, program in enumerate(PUBLISHERS):
            for version in VERSIONS:
                topic = f"c/retained/{number}/{version}"
                self.publish(program, version, topic, "kept", 1, "-r")
                reader = self.subscriber("paho_cs_sub", version, topic, 1, "--verbose",
                                         prober=False)
                self.assertIn(f"{topic}\tkept", self.after_hello(reader))
                reader.__exit__()

    def after_hello(self, reader):
        """The first line with a message; a client tells before how it connects."""
        line = reader.next()
        while "\t" not in line:
            line = reader.next()
        return line

    def test_wills(self):
        for version in VERSIONS:
            with Client(self.muster.port, f"watcher-{version}") as watcher:
                watcher.subscribe(f"c/will/{version}", 2)
                mortal = self.subscriber(
                    "paho_c_sub", version, f"c/mortal/{version}", 0, "--verbose",
                    "--will-topic", f"c/will/{version}", "--will-payload", "gone",
                    "--will-qos", "2")
                mortal.__exit__()  # killed
                message = watcher.next()
                self.assertEqual((message.payload, message.qos), (b"gone", 2))


if __name__ == "__main__":
    unittest.main()
