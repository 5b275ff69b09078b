"""MQTT.js (package node-mqtt) uses every feature that it has: see mqttjs_talk.js."""

import os
import subprocess
import unittest

from muster import PATIENCE_S, Muster

TALK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mqttjs_talk.js")


class MqttJs(unittest.TestCase):
    def test_every_feature(self):
        environment = dict(os.environ, NODE_PATH="/usr/share/nodejs")
        with Muster() as muster:
            done = subprocess.run(["node", TALK, str(muster.port)], env=environment,
                                  capture_output=True, text=True, timeout=3 * PATIENCE_S,
                                  check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(len(done.stdout.split("\n")) - 1, 9, done.stdout)


if __name__ == "__main__":
    unittest.main()
