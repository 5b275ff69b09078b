"""Excess queries are answered by the other server: one query server with one worker is held by
unindexed scans over 1,000,000 rows while 10,000 low and 100 urgent look-ups arrive at it."""

import json
import os
import subprocess
import threading
import unittest

from clients import Client
from cluster import Cluster
from muster import PATIENCE_S

ROWS, LOW, URGENT, SCANS = 1_000_000, 10_000, 100, 4


class Asker:
    """A client that asks $query and collects the answers by id."""

    def __init__(self, port, name):
        self.client = Client(port, name)
        self.answers = {}
        self.changed = threading.Condition()
        self.client.client.on_message = self._message
        self.client.client.max_queued_messages_set(0)

    def _message(self, _client, _user, message):
        answer = json.loads(message.payload)
        with self.changed:
            self.answers.setdefault(answer["id"], []).append(answer)
            self.changed.notify_all()

    def ask(self, number, **request):
        self.client.client.publish("$query", json.dumps({"id": number, **request}), 0)

    def wait(self, count):
        with self.changed:
            done = self.changed.wait_for(lambda: len(self.answers) >= count, 2 * PATIENCE_S)
            assert done, f"{len(self.answers)} of {count} answers"


class Redirect(unittest.TestCase):
    def test_the_excess_is_answered_elsewhere(self):
        settings = "[query]\nworkers = 1\nthreshold = 200\n"
        with Cluster(brokers=1, settings=settings) as cluster:
            filler = subprocess.Popen(
                [os.environ["FILLER"], str(cluster.control_port), cluster.path("cluster.key"),
                 str(ROWS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            try:
                self.assertEqual(filler.stdout.readline(), "filled\n")
                self.ask_all(cluster.ports()[0])
            finally:
                filler.stdin.close()
                filler.wait(PATIENCE_S)

    def wait_rows(self, asker):
        """Until both replicas have followed: global has taken the rows before they have."""
        behind = {"query-1", "query-2"}
        for number in range(-1, -100_000, -1):
            asker.ask(number, kind="count", where=["status=online"], timeout_ms=60_000,
                      server=min(behind))
            asker.wait(-number)
            answer = asker.answers[number][0]
            if answer["count"] >= ROWS:
                behind.discard(answer["server"])
            if not behind:
                break
        asker.answers.clear()

    def ask_all(self, port):
        scans, low, urgent = (Asker(port, name) for name in ("scans", "low", "urgent"))
        self.wait_rows(scans)
        # An unindexed field: every row is looked at, in slices.
        for number in range(1, SCANS + 1):
            scans.ask(number, kind="count", where=["address=203.0.113.*"], timeout_ms=60_000,
                      server="query-1", priority="normal")
        for number in range(LOW):
            low.ask(number, devices=[f"filled-{number * 97 % ROWS:07}"], priority="low",
                    server="query-1", timeout_ms=60_000)
        for number in range(URGENT):
            urgent.ask(number, devices=[f"filled-{number:07}"], priority="urgent",
                       server="query-1", timeout_ms=60_000)
        urgent.wait(URGENT)
        low.wait(LOW)
        # There may have been no room elsewhere while the burst lasted: then more are asked.
        asked = LOW
        while asked < 6 * LOW and not any(a[0]["redirected"] and a[0]["outcome"] == "ok"
                                          for a in low.answers.values()):
            for number in range(asked, asked + 1000):
                low.ask(number, devices=[f"filled-{number * 97 % ROWS:07}"], priority="low",
                        server="query-1", timeout_ms=60_000)
            asked += 1000
            low.wait(asked)
        scans.wait(SCANS)
        self.check(scans, low, urgent)

    def check(self, scans, low, urgent):
        for asker in (scans, low, urgent):
            for number, answers in asker.answers.items():
                self.assertEqual(len(answers), 1, number)
        redirected = busy = 0
        for answer in (answers[0] for answers in low.answers.values()):
            self.assertIn(answer["outcome"], ("ok", "busy"))
            if answer["outcome"] == "busy":
                self.assertGreater(answer["retry_after_ms"], 0)
                busy += 1
                continue
            self.assertEqual(answer["rows"][0]["status"], "online")
            if answer["redirected"]:
                self.assertEqual(answer["server"], "query-2")
                redirected += 1
        at_home = len(low.answers) - redirected - busy
        print(f"low: {redirected} redirected, {busy} busy, {at_home} at home")
        self.assertGreater(redirected, 0)
        for answer in (answers[0] for answers in urgent.answers.values()):
            self.assertEqual(answer["outcome"], "ok")
        # They hold the worker; those over the threshold may find no room elsewhere either.
        outcomes = {answers[0]["outcome"] for answers in scans.answers.values()}
        self.assertIn("ok", outcomes)
        self.assertLessEqual(outcomes, {"ok", "busy"})


if __name__ == "__main__":
    unittest.main()
