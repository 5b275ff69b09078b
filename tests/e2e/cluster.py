"""A cluster of real processes: control, global, query servers and brokers over loopback tcp."""

import os
import shutil
import tempfile

from muster import PROGRAM, Process, free_port, run


class Cluster:
    """Six processes by default, each with its own file; any may be killed and started again."""

    def __init__(self, brokers=2, queries=2, settings="", broker_program=PROGRAM):
        self.folder = tempfile.mkdtemp(prefix="muster-cluster-")
        self.processes = {}
        self.mqtt = {}
        self.settings = settings
        self.broker_program = broker_program
        status, _, err = run("keys", self.path("cluster.key"))
        assert status == 0, err
        self.control_port = free_port(2)  # a node binds its port and the next
        self.names = (["control", "global"] + [f"query-{i + 1}" for i in range(queries)]
                      + [f"broker-{i + 1}" for i in range(brokers)])
        for name in self.names:
            self.write(name)
        for name in self.names:
            self.start(name)
        self.wait_ready()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name):
        role = name.split("-")[0]
        port = self.control_port if role == "control" else free_port(2)
        text = f'[node]\nname = "{name}"\n'
        if role == "global":
            text += f'data = "{self.path("data")}"\n'
        if role == "broker":
            self.mqtt[name] = free_port()
            text += f'[listen]\nmqtt = ["127.0.0.1:{self.mqtt[name]}"]\n'
        text += (f'[cluster]\nendpoint = "tcp://127.0.0.1:{port}"\n'
                 f'control = "tcp://127.0.0.1:{self.control_port}"\n'
                 f'key = "{self.path("cluster.key")}"\n{self.settings}\n')
        with open(self.path(name + ".toml"), "w", encoding="utf-8") as file:
            file.write(text)

    def start(self, name):
        role = name.split("-")[0]
        program = self.broker_program if role == "broker" else PROGRAM
        self.processes[name] = Process(role, "--config", self.path(name + ".toml"),
                                       program=program)

    def wait_ready(self, *names):
        for name in names or self.names:
            self.processes[name].wait_ready()

    def kill(self, name):
        self.processes[name].kill()

    def restart(self, name):
        self.kill(name)
        self.start(name)
        self.wait_ready(name)

    def ports(self):
        return [self.mqtt[name] for name in sorted(self.mqtt)]

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for name, process in self.processes.items():
            process.kill()
            if kind is not None and process.stderr():
                print(f"--- {name}\n{process.stderr()[-2000:]}")
        shutil.rmtree(self.folder, ignore_errors=True)
