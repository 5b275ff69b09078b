"""The example programs of the Paho C client (package paho.mqtt.c-examples): each of their options
that a broker can tell, at one broker and from one to another.

All four have versions, QoS, a user name, keep alive, a connection string and a will without
properties; publishers a payload from the command line, a file, standard input or none, and the
retain flag; subscribers -R. Of MQTT 5 publishers have Message Expiry Interval and a user property;
subscribers print the properties of what comes. None of them can say a subscription option, a
topic alias, a session's expiry, other properties or AUTH. They do not heed Server Keep Alive."""

import itertools
import queue
import subprocess
import tempfile
import threading
import unittest

from brokers import OneBroker, TwoBrokers
from clients import Client
from muster import PATIENCE_S

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


class PahoC:
    """The tests; the two classes below say over which brokers."""

    def publish(self, program, version, topic, text, qos, *more):
        self.run_to_its_end(program, version, topic, "-m", text, *more, qos=qos)

    def run_to_its_end(self, program, version, topic, *more, qos=1):
        done = subprocess.run(
            [program, "-h", "127.0.0.1", "-p", str(self.here), "-V", version, "-t", topic,
             "-q", str(qos), "-i", f"pub-{version}", *more], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def subscriber(self, program, version, topic, qos, *more, prober=True):
        client = None
        if prober:
            client = Client(self.here, f"prober-{topic}")
            self.addCleanup(client.close)
        made = Subscriber(self.there, program, version, topic, qos, *more, prober=client)
        self.addCleanup(made.__exit__)
        return made

    def test_every_version_and_qos(self):
        readers = [self.subscriber(program, version, "c/all", 2, "--verbose")
                   for program in SUBSCRIBERS for version in VERSIONS]
        for program, speaks, qos in itertools.product(PUBLISHERS, VERSIONS, (0, 1, 2)):
            self.publish(program, speaks, "c/all", f"{speaks} {qos}", qos)
            for reader in readers:
                self.assertIn(f"c/all\t{speaks} {qos}", reader.next())

    def test_properties(self):
        readers = [self.subscriber(program, "5", "c/properties", 2, "--verbose")
                   for program in SUBSCRIBERS]
        with Client(self.there, "c-properties") as whole:
            whole.subscribe("c/properties", 2)
            for program, qos in itertools.product(PUBLISHERS, (0, 1, 2)):
                self.publish(program, "5", "c/properties", f"{program} {qos}", qos,
                             "--user-property", "a", "b", "--message-expiry", "600")
                came = whole.next().properties
                self.assertEqual(came.UserProperty, [("a", "b")])
                self.assertIn(came.MessageExpiryInterval, range(500, 601))
                for reader in readers:
                    self.assertIn(f"c/properties\t{program} {qos}", reader.next())
                    self.assertRegex(reader.next(), "MESSAGE_EXPIRY_INTERVAL value [56]")
                    self.assertIn("USER_PROPERTY key a value b", reader.next())

    def test_payloads_and_logins(self):
        with tempfile.NamedTemporaryFile("w") as file, Client(self.there, "c-said") as reader:
            file.write("from a file")
            file.flush()
            reader.subscribe("c/said", 2)
            login = ("-u", "c-user", "-P", "word", "-k", "5")
            for program, version in itertools.product(PUBLISHERS, VERSIONS):
                url = f"tcp://127.0.0.1:{self.here}"
                for text, *more in (("", "-n"), ("from a file", "-f", file.name),
                                    ("by url", "-m", "by url", "-c", url),
                                    ("with login", "-m", "with login", *login)):
                    self.run_to_its_end(program, version, "c/said", *more)
                    self.assertEqual(reader.next().payload, text.encode())
        for program, version in itertools.product(SUBSCRIBERS, VERSIONS):
            topic = f"c/login/{program}/{version}"
            self.publish("paho_c_pub", version, topic, "kept", 1, "-r")
            reader = self.subscriber(program, version, topic, 1, "--verbose", *login, prober=False)
            self.assertIn(f"{topic}\tkept", self.after_hello(reader))
            reader.__exit__()

    def test_no_payload_clears_what_was_retained(self):
        for program, version in itertools.product(PUBLISHERS, VERSIONS):
            self.publish(program, version, "c/cleared", "kept", 1, "-r")
            self.run_to_its_end(program, version, "c/cleared", "-n", "-r")
            with Client(self.there, "c-late") as late, Client(self.here, "c-fence") as writer:
                late.subscribe("c/cleared", 1)
                writer.publish("c/cleared", "fence", 1)
                self.assertEqual(late.next().payload, b"fence")

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
            with Client(self.here, f"watcher-{version}") as watcher:
                watcher.subscribe(f"c/will/{version}", 2)
                mortal = self.subscriber(
                    "paho_c_sub", version, f"c/mortal/{version}", 0, "--verbose",
                    "--will-topic", f"c/will/{version}", "--will-payload", "gone",
                    "--will-qos", "2", "--will-retain", "1")  # which swallows a word
                mortal.__exit__()  # killed
                message = watcher.next()
                self.assertEqual((message.payload, message.qos), (b"gone", 2))
            with Client(self.there, f"late-{version}") as late:
                late.subscribe(f"c/will/{version}", 2)
                message = late.next()
                self.assertEqual((message.payload, message.retain), (b"gone", True))

    def test_the_will_of_a_publisher(self):
        for program in PUBLISHERS:
            for version in VERSIONS:
                topic = f"c/last/{program}/{version}"
                with Client(self.there, "watcher") as watcher:
                    watcher.subscribe(topic + "/#", 1)
                    # It publishes what it reads; killed while it waits for more.
                    mortal = subprocess.Popen(
                        [program, "-h", "127.0.0.1", "-p", str(self.here), "-V", version, "-t",
                         topic + "/said", "-q", "1", "-i", "c-mortal", "--will-topic", topic,
                         "--will-payload", "gone", "--will-qos", "1"], stdin=subprocess.PIPE,
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                    mortal.stdin.write(b"here\n")
                    mortal.stdin.flush()
                    self.assertIn(b"here", watcher.next().payload)
                    mortal.kill()
                    mortal.communicate()
                    self.assertEqual(watcher.next().payload, b"gone")

    def test_not_what_was_retained(self):
        for program in SUBSCRIBERS:
            topic = f"c/stale/{program}"
            self.publish("paho_c_pub", "311", topic, "stale", 1, "-r")
            reader = self.subscriber(program, "5", topic, 1, "--verbose", "-R")
            self.publish("paho_c_pub", "311", topic, "live", 1)
            self.assertIn(f"{topic}\tlive", self.after_hello(reader))

    def test_shared_subscriptions(self):
        members = [self.subscriber(program, version, "$share/c/c/share", 1, "--verbose",
                                   prober=False)
                   for program in SUBSCRIBERS for version in ("311", "5")]
        said = [str(number) for number in range(12)]
        with Client(self.there, "alone") as alone, Client(self.here, "writer") as writer:
            alone.subscribe("c/share", 1)
            heard = queue.Queue()
            for member in members:
                self.forward(member, heard)
            # Until each member was heard they are not all there.
            while len({name for name, _ in list(heard.queue)}) < len(members):
                writer.publish("c/share", "early", 1)
                self.assertEqual(alone.next().payload, b"early")
            for text in said:
                writer.publish("c/share", text, 1)
            found = []
            while len(found) < len(said):
                text = heard.get(timeout=PATIENCE_S)[1]
                if text != "early":
                    found.append(text)
        self.assertEqual(sorted(found), sorted(said))

    @staticmethod
    def forward(member, heard):
        """What comes to the member goes to `heard`, with the member."""
        def run():
            while True:
                line = member.lines.get()
                if "\t" in line:
                    heard.put((member, line.split("\t")[1]))
        threading.Thread(target=run, daemon=True).start()


class AtOneBroker(PahoC, OneBroker, unittest.TestCase):
    pass


class AtTwoBrokers(PahoC, TwoBrokers, unittest.TestCase):
    pass


if __name__ == "__main__":
    unittest.main()
