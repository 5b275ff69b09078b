"""`muster sub` as a process: its lines are a queue, and it says when it is subscribed."""

import queue
import subprocess
import threading

from muster import PATIENCE_S, PROGRAM

READY = "ready/cpp"  # retained; a subscriber's last filter: when it comes, all others stand


class Sub:
    """`muster sub`, subscribed."""

    def __init__(self, port, version, *arguments, ready=True):
        last = ("-t", READY) if ready else ()
        self.process = subprocess.Popen(
            [PROGRAM, "sub", "-p", str(port), "-V", version, *arguments, *last],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.early = []  # what was retained
        while ready and "ready" not in (line := self.next()):
            self.early.append(line)

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def next(self):
        return self.lines.get(timeout=PATIENCE_S)

    def ended(self):
        return self.process.wait(PATIENCE_S)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
