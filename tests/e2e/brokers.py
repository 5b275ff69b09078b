"""Where a test's clients connect: `here` those who speak, `there` those who hear. A test says what
holds in a class without a broker; one class more each makes it hold at one broker and at two."""

import functools
import unittest

from cluster import Cluster
from muster import Muster


@functools.cache
def shared(kind):
    """One for all classes of a file."""
    made = kind()
    unittest.addModuleCleanup(made.__exit__, None, None, None)
    return made


class OneBroker:
    @classmethod
    def setUpClass(cls):
        cls.here = cls.there = shared(Muster).port


class TwoBrokers:
    @classmethod
    def setUpClass(cls):
        cls.here, cls.there = shared(Cluster).ports()
