"""Real processes for end-to-end tests: starts the program named by MUSTER, waits for `ready`."""

import fcntl
import os
import queue
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

PROGRAM = os.environ.get("MUSTER", "")
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PATIENCE_S = 60  # how long a test waits for an event before it gives up; never asserted on


def free_port(count=1):
    """The first of `count` neighbouring ports that nobody else gets: tests that run at the same
    time take them from one counter, and none is of the range that outgoing connections use."""
    lowest, highest = 10_000, 32_000
    path = os.path.join(tempfile.gettempdir(), f"muster-e2e-ports-{os.getuid()}")
    with open(path, "a+", encoding="ascii") as counter:
        fcntl.flock(counter, fcntl.LOCK_EX)
        counter.seek(0)
        port = int(counter.read() or lowest)
        while True:
            port = port if port + count <= highest else lowest
            if all(is_free(port + i) for i in range(count)):
                break
            port += 1
        counter.truncate(0)
        counter.write(str(port + count))
        return port


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def run(*arguments, cwd=None):
    """One command to its end: (exit status, stdout, stderr)."""
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, cwd=cwd,
                          timeout=PATIENCE_S, check=False)
    return done.returncode, done.stdout, done.stderr


class Process:
    """A serving process. stdout is read line by line, stderr is kept in a file."""

    def __init__(self, *arguments, cwd=None, program=PROGRAM):
        self.stderr_file = tempfile.NamedTemporaryFile(prefix="muster-e2e-", suffix=".log")
        self.process = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, text=True,
                                        stderr=self.stderr_file, stdin=subprocess.DEVNULL, cwd=cwd)
        self.lines = []
        self.arrived = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            self.arrived.put(line.rstrip("\n"))
        self.arrived.put(None)

    def wait_ready(self):
        line = self.arrived.get(timeout=PATIENCE_S)
        if not line or line.split(" ")[0] != "ready":  # several addresses follow it
            self.kill()
            raise AssertionError(f"not ready but {line!r}: {self.stderr()}")
        return self

    def stderr(self):
        with open(self.stderr_file.name, encoding="utf-8", errors="replace") as file:
            return file.read()

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        status = self.process.wait(timeout=PATIENCE_S)
        self.reader.join(PATIENCE_S)
        self.process.stdout.close()
        return status

    def stop(self):
        """SIGTERM; the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self):
        """kill -9."""
        if self.process.poll() is None:
            self.process.kill()
        self.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.stderr_file.close()


class Muster(Process):
    """`muster up` on a free port and a folder of its own, ready."""

    def __init__(self, *arguments, port=None, data=None):
        self.port = port or free_port()
        self.own_data = None if data else tempfile.mkdtemp(prefix="muster-e2e-")
        self.data = data or self.own_data
        super().__init__("up", "--listen", f"127.0.0.1:{self.port}", "--data", self.data,
                         "--quiet", *arguments)
        self.wait_ready()

    def __exit__(self, *_):
        super().__exit__()
        if self.own_data:
            shutil.rmtree(self.own_data, ignore_errors=True)
