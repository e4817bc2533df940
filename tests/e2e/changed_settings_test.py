"""A setting that rows are read with changes between two starts with one state: the second says what a
start with a fresh state says, and one line of its log names the setting."""

import contextlib
import datetime
import re
import sqlite3
import tempfile
import time
import unittest
from pathlib import Path

from exporter import Exporter, wait_until
from servers import Postgres

USES = """
windows: [1d, 7d, 28d]
sources:
  app: {SOURCE}
features:
  export: {source: app, table: ex, time: at, user: who}
"""
SHARES = """
windows: [28d]
privacy: {k_anonymity: 1}
sources:
  app: {dsn: "sqlite:art.db"}
population:
  users: {table: users, id: id, exclude: {column: COLUMN, equals: "1"}}
features:
  share: {source: app, table: shares, time: at, user: who, artifact: {id: id}}
"""
NOW = int(time.time())


def uses(path, per_day):
    """Sixty days of rows in milliseconds."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE ex(at INTEGER, who INTEGER)")
        database.executemany("INSERT INTO ex VALUES (?, ?)", [
            ((NOW - day * 86400 - 3600 - i) * 1000, i) for day in range(60) for i in range(per_day)])
        database.commit()


def shares(path):
    """Shares of thirty people, of whom five are internal and one is a bot."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE users(id INTEGER, internal INTEGER, bot INTEGER)")
        database.execute("CREATE TABLE shares(id INTEGER, at TEXT, who INTEGER)")
        database.executemany("INSERT INTO users VALUES (?, ?, ?)",
                             [(i, int(i < 5), int(i == 9)) for i in range(30)])
        database.executemany("INSERT INTO shares VALUES (?, ?, ?)", [
            (day * 100 + i, time.strftime("%F %T", time.gmtime(NOW - day * 86400 - 7200)), i)
            for day in range(27) for i in range(18)])
        database.commit()


class ChangedSettingsTest(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)

    def folder(self):
        return Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="usage_exporter_")))

    def series(self, config, folder):
        """What a start says of the features once all is read, and the lines that say why it was."""
        began = datetime.datetime.now(datetime.timezone.utc)
        with Exporter(config, folder=folder) as exporter:
            wait_until(lambda: exporter.value("usage_backfill_progress_ratio", source="app") == 1,
                       "all was read", 20)
            found = {key: value for key, value in exporter.metrics().items()
                     if re.match(r"usage_(uses|artifacts|users|adoption)", key[0])}
            # The folder's log has the lines of earlier starts, too.
            lines = [line for line in exporter.logs().splitlines() if "read anew, because" in line
                     and datetime.datetime.fromisoformat(line.split()[0].removeprefix("ts=")) >= began]
            self.assertEqual(exporter.stop(), 0)
        return found, lines

    def check(self, make, before, after, setting, series, wanted):
        """`make` puts the tables into a folder. `wanted` is what `series` is then, `before` not yet; None: anything
        else than before."""
        used, fresh = self.folder(), self.folder()
        for folder in (used, fresh):
            make(folder)
        old, lines = self.series(before, used)
        self.assertEqual(lines, [], "nothing changed yet")
        _, lines = self.series(before, used)
        self.assertEqual(lines, [], "nor by a restart")
        found, lines = self.series(after, used)
        self.assertEqual(found, self.series(after, fresh)[0])
        self.assertNotEqual(old.get(series), found[series])
        if wanted is not None:
            self.assertEqual(found[series], wanted)
        self.assertEqual(len(lines), 1, lines)
        self.assertIn(f"read anew, because {setting} changed", lines[0])
        self.assertEqual(self.series(after, used)[1], [], "once")

    UNITS = ("usage_uses", (("feature", "export"), ("window", "28d")))

    def test_time_format(self):
        self.check(lambda folder: uses(folder / "tf.db", 10),
                   USES.replace("SOURCE", 'dsn: "sqlite:tf.db", time_format: unix'),
                   USES.replace("SOURCE", 'dsn: "sqlite:tf.db", time_format: unix_ms'),
                   "time_format of source app",
                   self.UNITS, 280)

    def test_another_database(self):
        def make(folder):
            uses(folder / "tf.db", 10)
            uses(folder / "tfb.db", 1)
        self.check(make, USES.replace("SOURCE", 'dsn: "sqlite:tf.db", time_format: unix_ms'),
                   USES.replace("SOURCE", 'dsn: "sqlite:tfb.db", time_format: unix_ms'),
                   "dsn of source app", self.UNITS, 28)

    def test_another_exclusion(self):
        # 27 days of 18 shares, of which those of one bot are left out, not those of five others.
        self.check(lambda folder: shares(folder / "art.db"), SHARES.replace("COLUMN", "internal"),
                   SHARES.replace("COLUMN", "bot"), "users.exclude.column",
                   ("usage_artifacts", (("feature", "share"), ("window", "28d"))), 27 * 17)

    def test_the_zone_of_times_without_one(self):
        server = self.stack.enter_context(Postgres())
        # By New York's wall clock: in UTC, the newest seem hours old, but all of a day.
        server.psql("CREATE TABLE ex(at timestamp, who integer);"
                    "INSERT INTO ex SELECT (now() AT TIME ZONE 'America/New_York') - i * interval '1 hour', i"
                    " FROM generate_series(1, 240) i")
        dsn = f'dsn: "{server.dsn()}", naive_time_zone: '
        self.check(lambda folder: None, USES.replace("SOURCE", dsn + "UTC"),
                   USES.replace("SOURCE", dsn + "America/New_York"),
                   "naive_time_zone of source app",
                   ("usage_uses", (("feature", "export"), ("window", "1d"))), None)

    def test_another_password_changes_nothing(self):
        server = self.stack.enter_context(Postgres())
        server.psql("CREATE ROLE reader LOGIN PASSWORD 'one';"
                    "CREATE TABLE ex(at timestamptz, who integer); GRANT SELECT ON ex TO reader;"
                    "INSERT INTO ex SELECT now() - i * interval '1 hour', i FROM generate_series(1, 24) i")
        folder = self.folder()
        config = USES.replace("SOURCE", f'dsn: "{server.dsn("reader", "one")}"')
        before, _ = self.series(config, folder)
        server.psql("ALTER ROLE reader PASSWORD 'two'; DELETE FROM ex WHERE who > 12")
        after, lines = self.series(config.replace(":one@", ":two@"), folder)
        total = ("usage_uses_total", (("feature", "export"),))
        self.assertEqual((lines, before[total], after[total]), ([], 24, 24))
        self.assertNotIn(b"two", (folder / "data" / "usage.db").read_bytes())


if __name__ == "__main__":
    unittest.main()
