"""Real MQTT clients for tests: Mosquitto's programs and python3-paho-mqtt, waiting for events."""

import queue
import subprocess
import threading

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from muster import PATIENCE_S, PROGRAM

VERSIONS = {"31": paho.MQTTv31, "311": paho.MQTTv311, "5": paho.MQTTv5}


def publish(port, version, topic, text, *more, program="mosquitto_pub"):
    """mosquitto_pub (or `muster pub`) to its end."""
    command = [program] if program != "muster" else [PROGRAM, "pub"]
    subprocess.run([*command, "-h", "127.0.0.1", "-p", str(port), "-V", version, "-t", topic,
                    "-m", text, *more], check=True, timeout=PATIENCE_S)


class MosquittoSub:
    """mosquitto_sub, subscribed: its debug output says when."""

    def __init__(self, port, version, *arguments):
        self.process = subprocess.Popen(
            ["stdbuf", "-oL", "mosquitto_sub", "-d", "-h", "127.0.0.1", "-p", str(port),
             "-V", version, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines = queue.Queue()
        self.subscribed = threading.Event()
        self.granted = None
        threading.Thread(target=self._read, daemon=True).start()
        assert self.subscribed.wait(PATIENCE_S), "mosquitto_sub was not subscribed"

    def _read(self):
        for line in self.process.stdout:
            line = line.rstrip("\n")
            if line.startswith("Subscribed (mid"):
                self.granted = line.rsplit(": ", 1)[1]
                self.subscribed.set()
            elif not line.startswith(("Client ", "Subscribed")):
                self.lines.put(line)

    def next(self):
        return self.lines.get(timeout=PATIENCE_S)

    def close(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Client:
    """A paho client whose events are queues."""

    def __init__(self, port, client_id="", version="5", clean=True, expiry=0, will=None,
                 receive_maximum=None, keepalive=60):
        v5 = version == "5"
        more = {} if v5 else {"clean_session": clean}
        self.client = paho.Client(client_id, protocol=VERSIONS[version], **more)
        self.version = version
        self.messages = queue.Queue()
        self.events = queue.Queue()
        self.client.on_message = lambda _c, _u, message: self.messages.put(message)
        self.client.on_connect = lambda _c, _u, flags, code, *_p: self.events.put(
            ("connected", flags, code))
        self.client.on_disconnect = lambda _c, _u, code, *_p: self.events.put(
            ("disconnected", code))
        self.client.on_subscribe = lambda _c, _u, mid, codes, *_p: self.events.put(
            ("subscribed", mid, codes))
        self.client.on_publish = lambda _c, _u, mid: self.events.put(("published", mid))
        if will:
            self.client.will_set(*will)
        properties = None
        if v5:
            properties = Properties(PacketTypes.CONNECT)
            if expiry:
                properties.SessionExpiryInterval = expiry
            if receive_maximum:
                properties.ReceiveMaximum = receive_maximum
        start = {"clean_start": clean, "properties": properties} if v5 else {}
        self.client.connect("127.0.0.1", port, keepalive, **start)
        self.client.loop_start()
        self.session_present = bool(self.expect("connected")[1]["session present"])

    def expect(self, kind):
        while True:
            event = self.events.get(timeout=PATIENCE_S)
            if event[0] == kind:
                return event

    def subscribe(self, topic, qos=0):
        self.client.subscribe(topic, qos)
        return self.expect("subscribed")[2]

    def publish(self, topic, payload, qos=0, properties=None):
        info = self.client.publish(topic, payload, qos, properties=properties)
        if qos:
            while self.expect("published")[1] != info.mid:
                pass

    def next(self, timeout=PATIENCE_S):
        return self.messages.get(timeout=timeout)

    def drop(self):
        """The connection ends without DISCONNECT."""
        self.client.loop_stop()
        self.client._sock_close()  # pylint: disable=protected-access

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
