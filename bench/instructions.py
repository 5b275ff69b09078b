#!/usr/bin/python3
"""Instructions that a shard, or two, spend on one delivered message, counted by callgrind: the same
figure on every machine with the same compiler, however busy it is. Fails if one is over its limit.

  cmake --build --preset release --target bench_shard_path && bench/instructions.py [SCENE...]
"""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("SHARD_PATH", os.path.join(ROOT, "build/release/bench_shard_path"))
LIMITS = {"qos0": 400, "qos1": 1200, "qos2": 3200, "wild": 350, "fanout": 100,
          "far-qos0": 400, "far-qos1": 1200, "far-qos2": 3600, "far-wild": 400, "far-fanout": 100}


def count(scene, rounds):
    """(instructions, messages delivered) of the whole program."""
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                           PROGRAM, scene, str(rounds)],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{scene}: {done.stdout}{done.stderr}")
    return int(re.search(r"Collected : (\d+)", done.stderr)[1]), int(done.stdout)


def main():
    over = 0
    for scene in sys.argv[1:] or LIMITS:
        few, many = count(scene, 10), count(scene, 30)
        each = (many[0] - few[0]) / (many[1] - few[1])
        over += each > LIMITS[scene]
        print(f"{scene:10} {each:7.0f} of at most {LIMITS[scene]}", flush=True)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
