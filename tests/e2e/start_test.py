"""What keeps a server from starting: one clear line on stderr and the right exit status. What does
not: another server beside it, foreign files in its folder."""

import contextlib
import os
import resource
import socket
import tempfile
import unittest

from clients import Client
from muster import PATIENCE_S, Muster, free_port, run
from raw import connect


class Start(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name, text=None):
        path = os.path.join(self.folder, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return path

    def refused(self, line, *arguments, status=1):
        self.assertEqual(run(*arguments), (status, "", line + "\n"))

    def up(self, data, listen="127.0.0.1:0"):
        return ("up", "--listen", listen, "--data", data, "--quiet")

    def occupied(self):
        """The address of a port that somebody listens on."""
        holder = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(holder.close)
        return f"127.0.0.1:{holder.getsockname()[1]}"

    def test_a_port_in_use(self):
        address = self.occupied()
        self.refused(f"muster: {address}: address already in use",
                     *self.up(self.path("d"), address))

    def test_a_port_that_another_muster_uses(self):
        with Muster() as first:
            address = f"127.0.0.1:{first.port}"
            self.refused(f"muster: {address}: address already in use",
                         *self.up(self.path("d"), address))

    def test_an_address_that_is_not_ours(self):
        self.refused("muster: 192.0.2.1:1883: cannot assign requested address",
                     *self.up(self.path("d"), "192.0.2.1:1883"))

    def test_a_port_of_the_cluster_in_use(self):
        address = self.occupied()
        port = int(address.rpartition(":")[2])
        config = self.path("m.toml", f'[cluster]\nendpoint = "tcp://127.0.0.1:{port - 1}"\n'
                                     'control = "tcp://127.0.0.1:1"\n')
        status, out, err = run("query", "--config", config)
        self.assertEqual((status, out, err.count("\n")), (1, "", 1))
        self.assertRegex(
            err, rf"^muster: tcp://127.0.0.1:({port}|{port - 1}): address already in use")

    def test_a_data_folder_in_use(self):
        with Muster() as first:
            self.refused(f"muster: {first.data}: the data folder is in use by another muster",
                         *self.up(first.data))

    def test_a_data_folder_that_cannot_be_made(self):
        file = self.path("file", "")
        self.refused(f"muster: {file}: cannot make the data folder: Not a directory",
                     *self.up(file))
        below = os.path.join(file, "data")
        self.refused(f"muster: {below}: cannot make the data folder: Not a directory",
                     *self.up(below))

    def test_a_data_folder_that_is_not_writable(self):
        # Permission bits do not bind root; what stands in the place of our lock does.
        os.makedirs(self.path("data/muster.lock"))
        data = self.path("data")
        self.refused(f"muster: {data}: the data folder is not writable: Is a directory",
                     *self.up(data))

    def test_a_store_that_is_not_writable(self):
        os.makedirs(self.path("data"))
        data = self.path("data")
        store = self.path("data/store", "not a folder")
        self.refused(f"muster: cannot use {store} as store: Not a directory", *self.up(data))
        with open(store, encoding="utf-8") as file:
            self.assertEqual(file.read(), "not a folder")

    def test_no_address_or_nine(self):
        self.refused("--listen: listen.mqtt: expected 1 to 8 addresses, not 0",
                     *self.up(self.path("d"), ""), status=2)
        self.refused("--listen: listen.mqtt: expected 1 to 8 addresses, not 9",
                     *self.up(self.path("d")), *["--listen", "127.0.0.1:0"] * 8, status=2)

    def test_one_address_twice(self):
        port = free_port()
        self.refused(f"--listen: listen.mqtt: 127.0.0.1:{port} is there twice",
                     *self.up(self.path("d"), f"127.0.0.1:{port}"), "--listen",
                     f"127.0.0.1:{port}=power", status=2)
        self.refused(f"muster: localhost:{port}: address already in use",
                     *self.up(self.path("d"), f"127.0.0.1:{port}"), "--listen",
                     f"localhost:{port}")

    def test_a_level_that_is_none(self):
        self.refused("--listen: listen.mqtt: expected HOST:PORT=memory, HOST:PORT=process or "
                     'HOST:PORT=power, not "127.0.0.1:0=ram"',
                     *self.up(self.path("d"), "127.0.0.1:0=ram"), status=2)

    def test_no_data_folder(self):
        self.refused('--data: node.data: expected a path, not ""', *self.up(""), status=2)

    def test_a_configuration_error_has_file_line_and_column(self):
        cases = (
            ("[broker]\nshards = \n", "2:10", ""),                     # not TOML
            ("[broker\n", "1:8", ""),
            ("[broker]\nshards = 4\nshards = 5\n", "3:10", ""),
            ("[broker]\n\n  shrads = 4\n", "3:3",
             'unknown key "broker.shrads", did you mean "broker.shards"?'),
            ("[brokre]\n", "1:2", 'unknown section "brokre", did you mean "broker"?'),
            ("[broker]\nshards = 65\n", "2:10", "broker.shards: 65 is outside 0 to 64"),
            ("[broker]\nshards = true\n", "2:10", "broker.shards: expected a whole number"),
            ('[listen]\nmqtt = [""]\n', "2:8", 'listen.mqtt: expected 1 to 8 addresses, not 0'),
            ('[cluster]\ncontrol = "tcp://10.0.0.1:7000"\n', "2:11",
             "cluster.control: tcp://10.0.0.1:7000 is not loopback and needs cluster.key "
             "(see `muster keys`)"),
        )
        for text, place, sentence in cases:
            with self.subTest(text):
                path = self.path("m.toml", text)
                told = [run("up", "--config", path), run("check-config", path)]
                self.assertEqual(told[0], told[1])
                status, out, err = told[0]
                self.assertEqual((status, out, err.count("\n")), (2, "", 1))
                self.assertTrue(err.startswith(f"{path}:{place}: "), err)
                self.assertIn(sentence, err)

    def test_a_configuration_that_cannot_be_read(self):
        path = self.path("nowhere.toml")
        self.refused(f"{path}: cannot be read: No such file or directory",
                     "up", "--config", path, status=2)
        self.refused(f"{self.folder}: cannot be read: Is a directory",
                     "up", "--config", self.folder, status=2)

    def test_two_serve_side_by_side(self):
        with Muster() as first, Muster() as second:
            for muster, other in ((first, second), (second, first)):
                with Client(muster.port, "device") as device:
                    device.subscribe("t", 1)
                    with Client(other.port, "device") as stranger:
                        stranger.publish("t", "of the other", 1)
                    with Client(muster.port, "publisher") as publisher:
                        publisher.publish("t", "ours", 1)
                    self.assertEqual(device.next().payload, b"ours")
            self.assertEqual([first.stop(), second.stop()], [0, 0])
            self.assertEqual([first.lines, second.lines], [["ready"], ["ready"]])
            self.assertEqual([first.stderr(), second.stderr()], ["", ""])

    def test_it_takes_the_open_files_it_may_have(self):
        wanted = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, wanted))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (wanted, wanted))
        with Muster() as muster:
            with open(f"/proc/{muster.process.pid}/limits", encoding="utf-8") as file:
                limits = [line.split() for line in file if line.startswith("Max open files")]
        self.assertEqual(limits[0][3:5], [str(wanted), str(wanted)])

    def open_files(self, muster, most):
        """What the process may open from now on; None: as many as before."""
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.prlimit(muster.process.pid, resource.RLIMIT_NOFILE,
                         (hard if most is None else most, hard))

    def files(self, muster, kind=""):
        """The numbers of its open files whose names begin with `kind`."""
        folder = f"/proc/{muster.process.pid}/fd"
        numbers = []
        for name in os.listdir(folder):
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                if os.readlink(os.path.join(folder, name)).startswith(kind):
                    numbers.append(int(name))
        return numbers

    def crowd(self, muster, size):
        """Connections on which CONNECT was sent."""
        sockets = []
        for number in range(size):
            sock = socket.create_connection(("127.0.0.1", muster.port), PATIENCE_S)
            self.addCleanup(sock.close)
            sockets.append(sock)
            try:
                sock.sendall(connect(4, f"crowd-{number}"))
            except ConnectionError:
                pass  # turned away
        return sockets

    def served(self, sockets):
        """How many got CONNACK; the others were turned away."""
        count = 0
        for sock in sockets:
            try:
                count += len(sock.recv(4)) == 4
            except ConnectionError:
                pass
        return count

    def test_no_file_left_turns_clients_away_and_serves_on(self):
        for shards in ("0", "2"):
            with self.subTest(shards=shards):
                self.turns_clients_away(shards)

    def turns_clients_away(self, shards):
        with Muster("--set", f"broker.shards={shards}") as muster, \
                Client(muster.port, "first") as first:
            first.subscribe("t", 1)
            self.open_files(muster, max(self.files(muster)) + 40)
            sockets = self.crowd(muster, 100)
            served = self.served(sockets)
            self.assertGreater(served, 0)
            self.assertLess(served, 100)
            first.publish("t", "still here", 1)
            self.assertEqual(first.next().payload, b"still here")
            for sock in sockets:
                sock.close()
            self.open_files(muster, None)
            with Client(muster.port, "last"):
                pass
            self.assertEqual(muster.stop(), 0)
            self.assertIn("no file is free: 1 connections turned away so far", muster.stderr())
            self.assertNotIn("cannot accept", muster.stderr())

    def test_who_cannot_even_be_turned_away_waits(self):
        # One shard: when it has served `first`, it has seen who connected before.
        with Muster("--set", "broker.shards=1") as muster, Client(muster.port, "first") as first:
            first.subscribe("t", 1)
            # The listening socket is older than the descriptor in reserve: with none allowed from
            # there on, giving up the reserve does not help.
            self.open_files(muster, min(self.files(muster, "socket:")))
            sockets = self.crowd(muster, 20)
            first.publish("t", "still here", 1)
            self.assertEqual(first.next().payload, b"still here")
            self.open_files(muster, None)
            self.assertEqual(self.served(sockets), 20)
            for sock in sockets:
                sock.close()
            self.assertEqual(muster.stop(), 0)
            self.assertIn("shard 0: cannot accept, new clients wait: Too many open files",
                          muster.stderr())

    def test_a_folder_may_hold_foreign_files(self):
        os.makedirs(self.path("deep/data"))
        data = self.path("deep/data")
        self.path("deep/data/notes.txt", "mine")
        for _ in range(2):
            with Muster(data=data) as muster:
                self.assertEqual(muster.stop(), 0)
        with open(self.path("deep/data/notes.txt"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "mine")

    def test_a_missing_folder_is_made(self):
        data = self.path("a/b/c")
        with Muster(data=data):
            self.assertTrue(os.path.isdir(data))


if __name__ == "__main__":
    unittest.main()
