"""The brokers of a comparison: how each is started, and stopped by its process id."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PATIENCE_S = 30
QUIET_PATIENCE_S = 180
CONNECT = b"\x10\x12\x00\x04MQTT\x04\x02\x00\x3c\x00\x06report"

# Nothing that could drop a message is on, and 20 in flight (the default) would throttle it.
MOSQUITTO = """listener {port} 127.0.0.1
user root
allow_anonymous true
set_tcp_nodelay {no_delay}
max_queued_messages 0
max_queued_bytes 0
max_inflight_messages 1000
persistence {durable}
persistence_location {folder}/
log_type error
log_dest stderr
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def muster(program, shards):
    return (f"{shlex.quote(program)} up --listen 127.0.0.1:{{port}} --data {{dir}} --quiet "
            f"--set broker.shards={shards}")


class Running:
    """A broker in a folder of its own, answering. `latency`: each message leaves at once where
    that has to be asked for. `durable`: what is kept is kept on disk."""

    def __init__(self, command, latency=False, durable=False):
        self.port = free_port()
        self.folder = tempfile.mkdtemp(prefix="muster-report-")
        self.log = os.path.join(self.folder, "log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.arguments(command, latency, durable), stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder)
        until = time.monotonic() + PATIENCE_S
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError(f"{command}: does not answer")
            time.sleep(0.05)

    def arguments(self, command, latency, durable):
        if command.startswith("@mosquitto:"):
            path = os.path.join(self.folder, "mosquitto.conf")
            with open(path, "w", encoding="utf-8") as file:
                file.write(MOSQUITTO.format(port=self.port, folder=self.folder,
                                            no_delay=str(latency).lower(),
                                            durable=str(durable).lower()))
            return [command.split(":", 1)[1], "-c", path]
        return shlex.split(command.replace("{port}", str(self.port))
                           .replace("{dir}", os.path.join(self.folder, "data")))

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 0.5) as probe:
                probe.settimeout(2)
                probe.sendall(CONNECT)
                answered = probe.recv(4) == b"\x20\x02\x00\x00"
                probe.sendall(b"\xe0\x00")
                return answered
        except OSError:
            return False

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
            user, system = file.read().rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def wait_until_quiet(self):
        """What was laid down is put away behind its acknowledgement: until that is over, at less
        than 2 % of a core, others pay for it."""
        until = time.monotonic() + QUIET_PATIENCE_S
        before = None
        while before is None or self.cpu_s() - before > 0.02:
            if time.monotonic() > until:
                raise RuntimeError(f"still busy after {QUIET_PATIENCE_S} s")
            before = self.cpu_s()
            time.sleep(1)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
