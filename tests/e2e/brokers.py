"""Where a test's clients connect: `here` those who speak, `there` those who hear. A test says what
holds in a class without a broker; one class more each makes it hold at one broker and at two."""

import functools
import unittest

from cluster import Cluster
from muster import Muster


def as_toml(settings):
    sections = {}
    for name, value in settings:
        section, key = name.split(".")
        sections.setdefault(section, [f"[{section}]"]).append(f'{key} = "{value}"')
    return "\n".join(line for lines in sections.values() for line in lines)


@functools.cache
def shared(kind, settings=()):
    """One for all classes of a file."""
    if kind is Muster:
        made = Muster(*[word for name, value in settings for word in ("--set", f"{name}={value}")])
    else:
        made = Cluster(settings=as_toml(settings))
    unittest.addModuleCleanup(made.__exit__, None, None, None)
    return made


class OneBroker:
    settings = ()  # pairs: the name with its section, and the value

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.here = cls.there = shared(Muster, cls.settings).port


class TwoBrokers:
    settings = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.here, cls.there = shared(Cluster, cls.settings).ports()
