"""Runs the plan: rounds are interleaved, each broker starts anew for each run, and a run that
fails is told and left out."""

import subprocess
import sys

from reporting.brokers import Running
from reporting.figures import Results, bench
from reporting.plan import BALLAST, GROWTH_ROWS, PLOTS, ROWS


def rotated(names, turn):
    first = turn % len(names)
    return names[first:] + names[:first]


class Measuring:
    def __init__(self, program, brokers, rounds, seconds):
        self.program = program
        self.brokers = brokers  # name -> command
        self.rounds = rounds
        self.pace = f" --seconds {seconds}"

    def one(self, results, key, broker, arguments):
        try:
            figures = bench(self.program, broker, arguments)
            results.add(key, figures)
            told = figures.get("broker_cpu_us", "")
        except (RuntimeError, OSError, ValueError, subprocess.TimeoutExpired) as error:
            results.fail(key, str(error))
            told = error
        print(*key, told, file=sys.stderr, flush=True)

    def afresh(self, results, key, arguments, latency=False, durable=False):
        try:
            with Running(self.brokers[key[-1]], latency, durable) as broker:
                self.one(results, key, broker, arguments)
        except (RuntimeError, OSError) as error:
            results.fail(key, str(error))

    def table(self):
        results = Results()
        for row in ROWS:
            for _ in range(self.rounds):
                for name in self.brokers:
                    self.afresh(results, (row.name, name),
                                row.arguments + (self.pace if row.timed else ""),
                                row.arguments.startswith("latency"), row.durable)
        return results

    def plots(self, quick):
        results = Results()
        for plot in PLOTS:
            points = (plot.points[::2] if quick else plot.points)
            for _ in range(self.rounds):
                for x in points:
                    for name in self.brokers:
                        arguments = plot.arguments.format(x=x, half=x // 2) + self.pace
                        self.afresh(results, (plot.name, x, name), arguments, plot.latency)
        return results

    def growth(self, command):
        """The same rows beside each ballast; all brokers run at the same time, mostly idle, and
        none is always the first of a round or comes always behind the same one."""
        results, running, holders = Results(), {}, []
        try:
            for what, arguments in ((None, None), *BALLAST):
                running[what] = Running(command)
                if arguments:
                    holders.append(self.lay_down(running[what], arguments))
                    print("there:", what, file=sys.stderr, flush=True)
            for broker in running.values():
                broker.wait_until_quiet()
            for row in GROWTH_ROWS:
                for turn in range(self.rounds):
                    for what in rotated(list(running), turn):
                        self.one(results, (row.name, what), running[what],
                                 row.arguments + self.pace)
        finally:
            for holder in holders:
                holder.stdin.close()
                holder.wait()
            for broker in running.values():
                broker.stop()
        return results

    def lay_down(self, broker, arguments):
        """The process that did it. One that holds lives until its standard input is closed."""
        holder = subprocess.Popen(
            [self.program, "bench", *arguments.split(), "-p", str(broker.port), "--json"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if not holder.stdout.readline():
            raise RuntimeError(f"{arguments}: ended with {holder.wait()}")
        return holder
