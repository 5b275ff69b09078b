"""`muster bench`: each scenario for a moment, nothing goes wrong; and what a relay takes away,
doubles, swaps or spoils is seen. Speed is asserted nowhere."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

from muster import PATIENCE_S, PROGRAM, SOURCE, Muster, free_port, run

sys.path.insert(0, os.path.join(SOURCE, "bench"))

from reporting import figures, page, plot  # noqa: E402  pylint: disable=wrong-import-position

FAULTS = ("lost", "duplicated", "reordered", "corrupt", "closed", "stalls")
SHORT = ("--seconds", "0.3", "--warmup", "0")


def bench(port, *arguments):
    status, out, err = run("bench", *arguments, "-p", str(port), "--json")
    assert status == 0, err
    return json.loads(out)


def packets(buffer):
    """Takes the whole packets out of a bytearray."""
    found = []
    while len(buffer) >= 2:
        length, at = 0, 1
        while at < len(buffer):
            length |= (buffer[at] & 127) << 7 * (at - 1)
            at += 1
            if buffer[at - 1] < 128:
                break
        else:
            break
        if len(buffer) < at + length:
            break
        found.append(bytes(buffer[:at + length]))
        del buffer[:at + length]
    return found


class Relay:
    """Between clients and a broker. `spoil(n, packet)` says what becomes of the nth PUBLISH that
    the broker sends: a list of packets."""

    def __init__(self, port, spoil):
        self.broker_port = port
        self.spoil = spoil
        self.count = 0
        self.lock = threading.Lock()
        self.port = free_port()
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            broker = socket.create_connection(("127.0.0.1", self.broker_port))
            self.sockets += [client, broker]
            threading.Thread(target=self.pump, args=(client, broker, bytes), daemon=True).start()
            threading.Thread(target=self.pump, args=(broker, client, self.changed()),
                             daemon=True).start()

    def changed(self):
        buffer = bytearray()

        def change(got):
            buffer.extend(got)
            out = b""
            for packet in packets(buffer):
                if packet[0] >> 4 == 3:
                    with self.lock:
                        self.count += 1
                        out += b"".join(self.spoil(self.count, packet))
                else:
                    out += packet
            return out

        return change

    @staticmethod
    def pump(source, target, change):
        try:
            while got := source.recv(1 << 16):
                target.sendall(change(got))
        except OSError:
            pass  # either side has gone: so does the other
        for side in (source, target):
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it was gone already

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in (self.listener, *self.sockets):
            each.close()


class Scenarios(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.muster = Muster("--set", "broker.shards=2")

    @classmethod
    def tearDownClass(cls):
        cls.muster.__exit__(None, None, None)

    def right(self, *arguments):
        got = bench(self.muster.port, *arguments, "--broker-pid", str(self.muster.process.pid))
        self.assertEqual({fault: got.get(fault, 0) for fault in FAULTS}, dict.fromkeys(FAULTS, 0))
        self.assertGreater(got["measured"], 0)
        return got

    def test_a_steady_flow(self):
        for version in ("311", "5"):
            for scenario in ("fan-out", "fan-in", "pairs", "wildcards"):
                with self.subTest(scenario=scenario, version=version):
                    self.right(scenario, "-V", version, *SHORT)

    def test_each_quality_of_service(self):
        for more in (("-q", "1"), ("-q", "2"), ("-q", "1", "--persistent"),
                     ("-q", "1", "--payload", "70000", "--inflight", "2"), ("--batch", "1"),
                     ("--topics", "500")):
            with self.subTest(more=more):
                self.right("pairs", "--publishers", "5", *more, *SHORT)

    def test_latency(self):
        got = self.right("latency", "--rate", "500", *SHORT)
        self.assertGreater(got["p50_us"], 0)
        self.assertGreaterEqual(got["max_us"], got["p99_us"])
        self.assertIn("lag_p99_us", got)

    def test_connections(self):
        self.assertEqual(self.right("connect", "--connections", "5", *SHORT)["failed"], 0)
        kept = self.right("connect", "--messages", "30", "--persistent", "--filters", "2", *SHORT)
        self.assertEqual(kept["measured"], 30)
        self.assertEqual(self.right("idle", "--connections", "20", "--filters", "700",
                                    *SHORT)["measured"], 20)

    def test_what_is_kept(self):
        got = self.right("retained", "--messages", "500", "--rounds", "2")
        self.assertEqual(got["received"], 1000)
        got = self.right("offline", "--subscribers", "5", "--messages", "100", "-V", "5")
        self.assertEqual((got["received"], got["sessions_present"]), (500, 5))

    def test_presence(self):
        got = bench(self.muster.port, "presence", "--connections", "120", "--messages", "3",
                    "--seconds", "0.1")
        self.assertEqual(got["refused"], 0)
        for figure in ("online_query_p50_us", "offline_watcher_p50_us", "lookup_per_s",
                       "list_100_per_s"):
            self.assertIn(figure, got)

    def test_it_holds_until_its_input_ends(self):
        holder = subprocess.Popen(
            [PROGRAM, "bench", "idle", "-p", str(self.muster.port), "--connections", "3",
             "--json", "--hold", *SHORT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.assertEqual(json.loads(holder.stdout.readline())["measured"], 3)
        self.assertIsNone(holder.poll())
        holder.stdin.close()
        self.assertEqual(holder.wait(PATIENCE_S), 0)
        holder.stdout.close()

    def test_nobody_there_is_one_line(self):
        status, _, err = run("bench", "pairs", "-p", str(free_port()))
        self.assertEqual(status, 1)
        self.assertEqual(err.count("\n"), 1)
        self.assertEqual(run("bench", "nothing")[0], 2)


class Planted(unittest.TestCase):
    def spoiled(self, spoil, *more):
        with Muster() as muster, Relay(muster.port, spoil) as relay:
            got = bench(relay.port, "pairs", "--publishers", "2", "--window", "8", *more, *SHORT)
            self.assertGreater(got["received"], 20)
            return {fault: got[fault] for fault in FAULTS if got[fault]}

    def test_nothing(self):
        self.assertEqual(self.spoiled(lambda _, packet: [packet]), {})

    def test_a_loss(self):
        seen = self.spoiled(lambda n, packet: [] if n == 10 else [packet])
        self.assertEqual(seen, {"lost": 1})

    def test_a_duplicate(self):
        seen = self.spoiled(lambda n, packet: [packet] * (2 if n == 10 else 1), "-V", "5")
        self.assertEqual(seen, {"duplicated": 1})

    def test_a_spoiled_byte(self):
        seen = self.spoiled(lambda n, packet: [packet[:-6] + b"!" + packet[-5:] if n == 10
                                               else packet])
        self.assertEqual(seen, {"lost": 1, "corrupt": 1})

    def test_a_swap(self):
        kept = []

        def swap(n, packet):
            if n < 10 or len(kept) > 1:
                return [packet]
            if not kept:
                kept.append(packet)
                return []
            if packet[:16] != kept[0][:16]:  # of the other pair
                return [packet]
            kept.append(packet)
            return [packet, kept[0]]

        self.assertEqual(self.spoiled(swap), {"reordered": 1})


class Page(unittest.TestCase):
    """What bench/report makes of figures."""

    def test_cells(self):
        results = figures.Results()
        for cost in (0.5, 0.1234, 0.25):
            results.add("a", {"broker_cpu_us": cost, "lost": 1})
        self.assertEqual(results.cell("a", "broker_cpu_us"), "0.250 (0.123 - 0.500)")
        self.assertEqual(results.cell("b", "broker_cpu_us"), "-")
        self.assertEqual(results.faults(), [("a", "lost", 3)])
        self.assertEqual(figures.change(2, 2.1), "+5.0 %")
        self.assertEqual([figures.number(value) for value in (0, 0.0123, 1.5, 12.34, 12345.6)],
                         ["0.00", "0.012", "1.50", "12.3", "12,346"])

    def test_sections_that_are_not_measured_stay(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "page.md")
        with open(path, "w", encoding="utf-8") as file:
            file.write("# Title\n\nprose\n")
        page.replace(path, {"costs": "first\n", "growth": "second\n"}, "note")
        page.replace(path, {"growth": "third\n"}, "other")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertTrue(text.startswith("# Title\n\nprose\n"))
        self.assertIn("first\n\nnote", text)
        self.assertIn("third\n\nother", text)
        self.assertNotIn("second", text)

    def test_a_plot_has_its_points(self):
        picture = plot.svg("T", "x", "us <", [("a", [(1, 0.5), (10, 5), (100, 20)], "red", False)])
        self.assertEqual(picture.count("<circle"), 3)
        self.assertIn("us &lt;", picture)
        self.assertTrue(picture.endswith("</svg>\n"))


if __name__ == "__main__":
    unittest.main()
