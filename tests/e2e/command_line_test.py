"""Commands that serve nobody: statuses, one-line errors, keys and configuration files."""

import glob
import os
import stat
import tempfile
import unittest

from muster import SOURCE, run


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name, text=None):
        path = os.path.join(self.folder.name, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return path

    def test_version_and_help_are_answers(self):
        self.assertRegex(run("--version")[1], r"^muster \d+\.\d+\.\d+\n$")
        status, out, err = run("--help")
        self.assertEqual((status, err), (0, ""))
        self.assertIn("check-config", out)

    def test_wrong_usage_is_one_line_and_status_2(self):
        for arguments in ((), ("fly",), ("up", "--wings"), ("broker",), ("keys",)):
            status, out, err = run(*arguments)
            self.assertEqual((status, out, err.count("\n")), (2, "", 1), arguments)

    def test_a_configuration_error_has_file_line_and_column(self):
        path = self.path("m.toml", "[broker]\n\n  shrads = 4\n")
        wanted = (f'{path}:3:3: unknown key "broker.shrads", did you mean "broker.shards"?\n')
        self.assertEqual(run("check-config", path), (2, "", wanted))
        self.assertEqual(run("up", "--config", path), (2, "", wanted))
        self.assertEqual(run("broker", "--config", path), (2, "", wanted))

    def test_a_correct_file_is_said_to_be_so(self):
        path = self.path("m.toml", "[broker]\nshards = 4\n")
        self.assertEqual(run("check-config", path), (0, f"{path}: correct\n", ""))

    def test_flags_are_checked_like_files(self):
        self.assertEqual(run("up", "--set", "broker.shards=many"), (
            2, "", '--set: broker.shards: expected a whole number, not "many"\n'))
        self.assertEqual(run("up", "--listen", "1883"), (
            2, "", '--listen: listen.mqtt: expected HOST:PORT, not "1883"\n'))

    def test_keys_are_made_once_and_for_their_owner(self):
        path = self.path("cluster.key")
        self.assertEqual(run("keys", path), (0, "", ""))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(run("keys", path), (1, "", f"muster: {path}: File exists\n"))

    def test_a_key_that_others_may_read_is_refused(self):
        key = self.path("cluster.key", "")
        os.chmod(key, 0o644)
        path = self.path("m.toml", f'[cluster]\nkey = "{key}"\n')
        self.assertEqual(run("check-config", path), (
            2, "", f"muster: {key}: others than its owner may read the cluster's key\n"))

    def test_the_files_of_the_example_cluster_are_correct(self):
        self.assertEqual(run("keys", self.path("cluster.key"))[0], 0)
        files = glob.glob(os.path.join(SOURCE, "docs", "cluster", "*.toml"))
        self.assertEqual(len(files), 6)
        for path in files:
            self.assertEqual(run("check-config", path, cwd=self.folder.name),
                             (0, f"{path}: correct\n", ""))


if __name__ == "__main__":
    unittest.main()
