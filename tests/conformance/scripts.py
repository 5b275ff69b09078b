"""The register of conformance scripts. `@keeps("3.1.2-1", ...)` names the statements that a
script keeps ([MQTT-3.1.2-1]; differences of 3.1.1 as `311/...`, see statements.txt)."""

import importlib
import os
from dataclasses import dataclass

FOLDER = os.path.dirname(os.path.abspath(__file__))

# Brokers with other settings than the preset ones, by name.
SETTINGS = {
    "preset": [],
    "narrow": ["broker.max_packet=1KiB", "broker.receive_maximum=4",
               "broker.max_session_expiry=2s"],
    "unaliased": ["broker.topic_alias_maximum=0"],
    "wakeful": ["broker.max_keep_alive=2s"],
}


@dataclass
class Script:
    function: object
    statements: tuple
    versions: tuple
    settings: str
    two: bool  # also runs with two brokers

    @property
    def name(self):
        return self.function.__name__

    @property
    def module(self):
        return self.function.__module__


REGISTER = []


def keeps(*statements, versions=(5,), settings="preset", two=True):
    def register(function):
        REGISTER.append(Script(function, statements, versions, settings,
                               two and settings == "preset"))
        return function
    return register


def load():
    """Every script of every scripts_*.py."""
    if not REGISTER:
        for name in sorted(os.listdir(FOLDER)):
            if name.startswith("scripts_") and name.endswith(".py"):
                importlib.import_module(name[:-3])
        names = [script.name for script in REGISTER]
        assert len(names) == len(set(names)), "two scripts have one name"
    return REGISTER
