"""Results of `muster bench`, gathered over rounds: medians, the least and the most, changes."""

import json
import shlex
import statistics
import subprocess

FAULTS = ("lost", "duplicated", "reordered", "corrupt", "closed", "stalls", "failed", "refused")
LIMIT_S = 300


def bench(program, broker, arguments):
    """One run against a running broker: its figures."""
    done = subprocess.run(
        [program, "bench", *shlex.split(arguments), "-p", str(broker.port), "--json",
         "--broker-pid", str(broker.process.pid)],
        capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if done.returncode:
        raise RuntimeError(f"{arguments}: {done.stderr.strip()}")
    return json.loads(done.stdout)


class Results:
    """Figures by a key (a row, a broker, a point of a plot), one dictionary for each round."""

    def __init__(self):
        self.rounds = {}
        self.failures = []

    def add(self, key, figures):
        self.rounds.setdefault(key, []).append(figures)

    def fail(self, key, why):
        self.failures.append((key, why))

    def values(self, key, figure):
        return [one[figure] for one in self.rounds.get(key, []) if figure in one]

    def median(self, key, figure):
        values = self.values(key, figure)
        return statistics.median(values) if values else None

    def faults(self):
        """What went wrong: (key, what, how often), of those who had any."""
        return [(key, fault, sum(self.values(key, fault)))
                for key in self.rounds for fault in FAULTS if sum(self.values(key, fault))]

    def others(self):
        """How many cores other work used, in the median run; nothing if that was not told."""
        cores = [one["other_cores"] for each in self.rounds.values() for one in each
                 if "other_cores" in one]
        return statistics.median(cores) if cores else None

    def cell(self, key, figure):
        """`median (least - most)`, as text for a table."""
        values = self.values(key, figure)
        if not values:
            return "-"
        middle = number(statistics.median(values))
        if len(values) == 1:
            return middle
        return f"{middle} ({number(min(values))} - {number(max(values))})"


def number(value):
    """With three digits that mean something."""
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 1 or size == 0 else f"{value:.3f}"


def change(before, after):
    """In percent, as text."""
    if not before or after is None:
        return "-"
    return f"{(after / before - 1) * 100:+.1f} %"
