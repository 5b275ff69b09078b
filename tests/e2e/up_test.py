"""`muster up` from start to end: what it prints, how it reloads, what it finds, how it stops."""

import glob
import os
import shutil
import signal
import socket
import tempfile
import time
import unittest

import paho.mqtt.client as paho

from clients import Client, publish
from muster import PATIENCE_S, Muster, Process, free_port

SERVER_SHUTTING_DOWN = 0x8B


def wait_for(what, condition):
    """Until the condition holds; a test that waits in vain fails after its patience."""
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.02)


def command_lines(text):
    return [line for line in text.splitlines() if " muster " in line]


class Up(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="muster-e2e-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name, text=None):
        path = os.path.join(self.folder, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return path

    def test_quiet_prints_ready_and_nothing_else(self):
        with Muster() as muster:
            publish(muster.port, "311", "a", "b")
            self.assertEqual(muster.stop(), 0)
            self.assertEqual(muster.lines, ["ready"])

    def test_without_flags_three_commands_follow_ready(self):
        port = free_port()
        os.environ["MUSTER_LISTEN_MQTT"] = f"127.0.0.1:{port}"
        self.addCleanup(os.environ.pop, "MUSTER_LISTEN_MQTT")
        with Process("up", cwd=self.folder) as process:
            process.wait_ready()
            for _ in range(3):
                self.assertIn(f" -p {port}", process.arrived.get(timeout=PATIENCE_S))
            self.assertTrue(os.path.isdir(self.path("muster-data")))
            self.assertEqual(process.stop(), 0)
            self.assertEqual(len(process.lines), 4)

    def test_with_flags_stdout_is_for_programs(self):
        with Process("up", "--listen", "127.0.0.1:0", "--data", self.path("data")) as process:
            process.wait_ready()
            wait_for("commands", lambda: len(command_lines(process.stderr())) == 3)
            self.assertEqual(process.stop(), 0)
            self.assertEqual(process.lines, ["ready"])

    def test_port_0_takes_a_free_one(self):
        with Process("up", "--listen", "127.0.0.1:0", "--data", self.path("data")) as process:
            process.wait_ready()
            wait_for("commands", lambda: len(command_lines(process.stderr())) == 3)
            port = int(command_lines(process.stderr())[0].split(" -p ")[1].split()[0])
            publish(port, "5", "a", "b")

    def test_several_addresses_are_named(self):
        listen = ["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0=memory", "--listen",
                  "127.0.0.2:0"]
        with Process("up", *listen, "--data", self.path("data")) as process:
            process.wait_ready()
            wait_for("commands", lambda: len(command_lines(process.stderr())) == 3)
            word, *addresses = process.lines[0].split()
            self.assertEqual(word, "ready")
            ports = [int(address.rsplit(":", 1)[1]) for address in addresses]
            self.assertEqual(addresses, [f"127.0.0.1:{ports[0]}", f"127.0.0.1:{ports[1]}",
                                         f"127.0.0.2:{ports[2]}"])
            self.assertEqual(len(set(ports)), 3)
            self.assertEqual(process.stderr().splitlines()[:3], [
                f"at:   {addresses[0]}", f"      {addresses[1]}=memory", f"      {addresses[2]}"])
            for command in command_lines(process.stderr()):
                self.assertIn(f" -p {ports[0]}", command)
            with Client(ports[0], "listener") as listener:
                listener.subscribe("a", 1)
                for port in ports[:2]:
                    publish(port, "5", "a", str(port))
                    self.assertEqual(listener.next().payload.decode(), str(port))
            socket.create_connection(("127.0.0.2", ports[2])).close()
            self.assertEqual(process.stop(), 0)
            self.assertEqual(len(process.lines), 1)

    def test_sigterm_tells_the_clients(self):
        connect = bytes.fromhex("10 13 0004 4d515454 05 02 003c 00 0006 646576696365")
        with Muster() as muster, socket.create_connection(("127.0.0.1", muster.port)) as client:
            client.settimeout(PATIENCE_S)
            client.sendall(connect)
            self.assertEqual(client.recv(1), b"\x20")  # CONNACK
            self.assertEqual(muster.stop(), 0)
            rest = b"".join(iter(lambda: client.recv(4096), b""))
        disconnect, _, reason = rest[-3:] if rest[-2] == 1 else rest[-4:-1]
        self.assertEqual((disconnect, reason), (0xE0, SERVER_SHUTTING_DOWN), rest.hex())

    def test_sighup_reads_the_file_again(self):
        config = self.path("muster.toml", '[log]\nlevel = "warning"\n')
        with Muster("--config", config) as muster:
            self.path("muster.toml", '[log]\nlevel = "info"\n[broker]\nshards = 7\n')
            muster.signal(signal.SIGHUP)
            restart = "broker.shards has changed, which takes effect after a restart"
            wait_for("the reload", lambda: restart in muster.stderr())
            self.path("muster.toml", "[log]\nlevle = 1\n")
            muster.signal(signal.SIGHUP)
            wait_for("the refusal", lambda: f"not reloaded: {config}:2:1: " in muster.stderr())
            publish(muster.port, "5", "a", "b")

    def test_a_flipped_byte_in_the_store_is_told_and_survived(self):
        with Muster(data=self.folder) as muster:
            for number in range(200):
                publish_persistent(muster.port, f"device-{number}")
            self.assertEqual(muster.stop(), 0)
        flip_a_byte(os.path.join(self.folder, "store"))
        with Muster(data=self.folder) as muster:
            self.assertIn("damaged", muster.stderr())
            publish(muster.port, "5", "a", "b")
        self.assertTrue(glob.glob(os.path.join(self.folder, "store.damaged-*")))


def publish_persistent(port, name):
    """Leaves a persistent session behind: records in the store."""
    client = paho.Client(name, clean_session=False)
    client.connect("127.0.0.1", port)
    client.loop_start()
    wait_for("CONNACK", client.is_connected)
    client.disconnect()
    client.loop_stop()


def flip_a_byte(store):
    files = glob.glob(os.path.join(store, "*.log")) + glob.glob(os.path.join(store, "*.ldb"))
    path = max(files, key=os.path.getsize)
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 0x40]))


if __name__ == "__main__":
    unittest.main()
