"""Runs the conformance scripts against `muster up` and against two brokers of a cluster.

    run.py [--only WORD,...] [--one] [--two] [--verbose]

WORD: a part of a script's name, or a statement it keeps. MUSTER names the program.
"""

import argparse
import concurrent.futures
import os
import sys
import time
import traceback

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [FOLDER, os.path.join(os.path.dirname(FOLDER), "e2e")]

import scripts  # noqa: E402
from cluster import Cluster  # noqa: E402
from conversation import Talk, capabilities  # noqa: E402
from muster import Muster  # noqa: E402

AT_ONCE, AT_ONCE_WITH_TWO = 32, 8  # scripts that run side by side
FORGIVEN = 3  # conversations with two brokers that may fail once in a run, see run_with_two


def words():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--one", action="store_true", help="one broker only")
    parser.add_argument("--two", action="store_true", help="two brokers only")
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args()


def chosen(only):
    wanted = [word for word in only.split(",") if word]
    return [script for script in scripts.load()
            if not wanted or any(word in script.name or word in script.statements
                                 for word in wanted)]


def perform(script, version, ports, known, place):
    """One run of one script: None, or what went wrong."""
    talk = Talk(f"{script.name}-{version}-{place}", version, ports, known)
    began = time.monotonic()
    try:
        script.function(talk)
        trouble = None
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame for frame in frames
                 if os.path.basename(frame.filename) == f"{script.module}.py"]
        where = f"{script.module}.py:{lines[-1].lineno}: {lines[-1].line}" if lines else ""
        trouble = f"{where}\n    {type(error).__name__}: {error}"
    finally:
        talk.close()
    return script, version, place, trouble, time.monotonic() - began


def run_all(jobs, at_once=AT_ONCE):
    """Jobs: (script, version, ports, capabilities, place). Returns the results."""
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        return [done.result() for done in
                [pool.submit(perform, *job) for job in jobs]]


def run_with_two(jobs):
    """The results, and what failed but not again when it was tried once more, alone: a SUBACK waits
    for the other broker's word that it knows the route, but only for 100 ms (Options::route_wait).
    Where machines stall for longer, a message that is published right then is missed, as it may be.
    That happens to a few at most: more of them are a fault that comes and goes."""
    results, unsteady = run_all(jobs, AT_ONCE_WITH_TWO), []
    for place, job in enumerate(jobs):
        first = results[place]
        if first[3]:
            results[place] = perform(*job[:4], "two-again")
            if not results[place][3]:
                unsteady.append(first)
    return results, unsteady


def report(selected, results, unsteady, verbose):
    """Prints what went wrong; returns the exit status."""
    failed = [result for result in results if result[3]]
    for word, shown in (("UNSTEADY", unsteady), ("FAILED", failed)):
        for script, version, place, trouble, took in shown:
            print(f"{word} {script.name} v{version} {place} {took:.2f} s {trouble}")
    for script, version, place, trouble, took in results if verbose else ():
        if not trouble:
            print(f"ok {script.name} v{version} {place} {took:.2f} s")
    print(f"{len(results)} conversations of {len(selected)} scripts, {len(failed)} failed, "
          f"{len(unsteady)} failed at first and not alone (at most {FORGIVEN} may)")
    return 1 if failed or not results or len(unsteady) > FORGIVEN else 0


def jobs_of(selected, ports, place):
    known = capabilities(ports[0])
    return [(script, version, ports, known, place)
            for script in selected for version in script.versions]


def main():
    arguments = words()
    selected = chosen(arguments.only)
    results, unsteady = [], []
    if not arguments.two:
        for name, settings in scripts.SETTINGS.items():
            mine = [script for script in selected if script.settings == name]
            if not mine:
                continue
            more = [word for setting in settings for word in ("--set", setting)]
            with Muster(*more) as muster:
                results += run_all(jobs_of(mine, [muster.port], name))
                if muster.process.poll() is not None:
                    print(f"the broker ended: {muster.stderr()[-2000:]}")
                    return 1
    if not arguments.one:
        mine = [script for script in selected if script.two]
        if mine:
            with Cluster() as cluster:
                more, unsteady = run_with_two(jobs_of(mine, cluster.ports(), "two"))
                results += more
    return report(selected, results, unsteady, arguments.verbose)


if __name__ == "__main__":
    sys.exit(main())
