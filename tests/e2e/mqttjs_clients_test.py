"""MQTT.js (package node-mqtt) uses every feature that it has: see mqttjs_talk.js."""

import os
import subprocess
import unittest

from brokers import OneBroker, TwoBrokers
from muster import PATIENCE_S

TALK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mqttjs_talk.js")


class MqttJs:
    settings = (("broker.response_information", "answers/"), ("broker.max_keep_alive", "100s"))

    def test_every_feature(self):
        environment = dict(os.environ, NODE_PATH="/usr/share/nodejs")
        done = subprocess.run(["node", TALK, str(self.here), str(self.there)], env=environment,
                              capture_output=True, text=True, timeout=3 * PATIENCE_S, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(len(done.stdout.split("\n")) - 1, 12, done.stdout)


class AtOneBroker(MqttJs, OneBroker, unittest.TestCase):
    pass


class AtTwoBrokers(MqttJs, TwoBrokers, unittest.TestCase):
    pass


if __name__ == "__main__":
    unittest.main()
