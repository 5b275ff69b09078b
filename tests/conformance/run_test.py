"""What run.py makes of conversations that fail once, often or always; no broker is needed."""

import sys
import unittest

sys.dont_write_bytecode = True

import run  # noqa: E402


class Script:
    """Fails so many times, then holds."""

    module, statements, versions = __name__, (), (5,)

    def __init__(self, failures):
        self.name, self.failures = f"fails_{failures}_times", failures

    def function(self, _talk):
        self.failures -= 1
        assert self.failures < 0, "it failed"


def outcome(*failures):
    """(exit status, failures that did not come again) of a run with two brokers."""
    scripts = [Script(count) for count in failures]
    results, unsteady = run.run_with_two([(script, 5, [1], [], "two") for script in scripts])
    return run.report(scripts, results, unsteady, False), len(unsteady)


class RunWithTwo(unittest.TestCase):
    def test_what_holds_is_good(self):
        self.assertEqual(outcome(0, 0), (0, 0))

    def test_a_failure_that_comes_again_fails_the_run(self):
        self.assertEqual(outcome(0, 2), (1, 0))

    def test_a_few_that_do_not_come_again_are_counted(self):
        self.assertEqual(outcome(0, *[1] * run.FORGIVEN), (0, run.FORGIVEN))

    def test_more_of_them_fail_the_run(self):
        self.assertEqual(outcome(0, *[1] * (run.FORGIVEN + 1)), (1, run.FORGIVEN + 1))

    def test_nothing_at_all_fails(self):
        self.assertEqual(outcome(), (1, 0))


if __name__ == "__main__":
    unittest.main()
