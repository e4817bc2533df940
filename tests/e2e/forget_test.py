"""Erasure of a person from the state of an exporter."""

import contextlib
import os
import sqlite3
import tempfile
import time
import unittest
import zlib
from pathlib import Path

from exporter import Exporter, run, wait_until

CONFIG = """
sources: {app: {dsn: "${USAGE_DSN}"}}
windows: [7d]
refresh: 1s
recount: [{younger_than: 2h, every: 1s}, {every: 1s}]
population: {activity: [{table: activity, user: user_id, time: at}]}
features:
  export: {table: exports, time: at, user: user_id, dimensions: {format: {allow: [csv]}}}
"""
USER = "ada@example.org"


def traces(folder, text):
    """Where `text` is in a file of the folder, as it stands or inside of something compressed."""
    found = []
    for path in sorted(Path(folder).rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if text.encode() in data:
            found.append((path.name, "plain"))
        at = data.find(b"\x1f\x8b\x08")
        while at >= 0:
            with contextlib.suppress(zlib.error):
                if text.encode() in zlib.decompressobj(31).decompress(data[at:]):
                    found.append((path.name, at))
            at = data.find(b"\x1f\x8b\x08", at + 1)
    return found


class ForgetTest(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="usage_exporter_")))
        self.data = self.folder / "data"
        self.database = self.folder / "app.db"
        now = time.time()
        hours = [time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now - 7200 - hour * 3600)) for hour in range(100)]
        people = [USER, *(f"person-{i}@example.org" for i in range(6))]
        with contextlib.closing(sqlite3.connect(self.database)) as app, app:
            app.executescript("CREATE TABLE exports (at TEXT, user_id TEXT, format TEXT);"
                              "CREATE TABLE activity (at TEXT, user_id TEXT)")
            for i, at in enumerate(hours):
                app.execute("INSERT INTO exports VALUES (?, ?, 'csv')", (at, people[i % 7]))
                app.execute("INSERT INTO activity VALUES (?, ?)", (at, people[i % 5]))

    def serve(self):
        exporter = Exporter(CONFIG, folder=self.folder, env={"USAGE_DSN": f"sqlite:{self.database}"})
        self.addCleanup(exporter.close)
        wait_until(lambda: exporter.value("usage_uses_total", feature="export") == 100, "the first backfill")
        return exporter

    def erase_rows(self):
        with contextlib.closing(sqlite3.connect(self.database)) as app, app:
            for table in ("exports", "activity"):
                app.execute(f"UPDATE {table} SET user_id = NULL WHERE user_id = ?", (USER,))

    def forget(self, *flags, user=USER, folder=None, **options):
        return run("forget", f"--user={user}", f"--storage.path={folder or self.data}", *flags, **options)

    def test_nothing_of_the_id_is_left(self):
        exporter = self.serve()
        self.assertEqual(exporter.value("usage_feature_users", feature="export", window="7d"), 7)
        exporter.kill9()  # what was committed lies in the WAL
        self.assertTrue(traces(self.data, USER), "the test cannot find an id")
        self.erase_rows()
        done = self.forget(user="-", input=USER + "\n")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("Forgotten", done.stdout)
        self.assertNotIn(USER, done.stdout)
        self.assertEqual(traces(self.data, USER), [])
        self.assertTrue(traces(self.data, "person-3@example.org"), "others are forgotten too")
        exporter = self.serve()
        wait_until(lambda: exporter.value("usage_source_up", source="app") == 1, "a refresh")
        self.assertEqual(exporter.value("usage_feature_users", feature="export", window="7d"), 6)
        self.assertEqual(exporter.value("usage_uses", feature="export", window="7d"), 100)
        self.assertEqual(exporter.value("usage_uses_total", feature="export"), 100)
        exporter.stop()
        self.assertEqual(traces(self.data, USER), [], "the user came back")

    def test_rows_that_are_still_there_make_the_user_known_anew(self):
        self.serve().stop()
        self.assertEqual(self.forget().returncode, 0)
        self.assertEqual(traces(self.data, USER), [])
        exporter = self.serve()
        wait_until(lambda: exporter.value("usage_feature_users", feature="export", window="7d") == 7,
                   "the recount")
        self.assertEqual(exporter.value("usage_uses_total", feature="export"), 100)

    def test_not_while_the_exporter_runs(self):
        exporter = self.serve()
        done = self.forget()
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("is in use by another process; stop that one", done.stderr)
        self.assertNotIn(USER, done.stderr)
        exporter.stop()
        self.assertEqual(self.forget().returncode, 0)

    def test_what_cannot_be_done_is_said(self):
        self.serve().stop()
        unknown = self.forget(user="no-such-person")
        self.assertEqual((unknown.returncode, unknown.stdout), (1, ""))
        self.assertIn("knows no user with that id", unknown.stderr)
        self.assertNotIn("no-such-person", unknown.stderr)
        elsewhere = self.forget(folder=self.folder / "elsewhere")
        self.assertEqual(elsewhere.returncode, 1)
        self.assertIn("there is no usage.db in", elsewhere.stderr)
        self.assertFalse((self.folder / "elsewhere").exists())
        self.assertIn("no user's id came on stdin", self.forget(user="-", input="").stderr)
        self.assertEqual(run("forget", f"--storage.path={self.data}").returncode, 2)
        self.assertEqual(run("forget", "--user=1", env={**os.environ}).returncode, 2)


if __name__ == "__main__":
    unittest.main()
