"""Features of a config as series on /metrics, against SQL that was written independently."""

import contextlib
import datetime
import math
import os
import pty
import random
import re
import select
import sqlite3
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from demo_sql import fill, write_config
from exporter import PROGRAM, SOURCE_DIR, Exporter, free_port, parse_metrics, run, wait_until
from servers import Postgres

GUIDE = (SOURCE_DIR / "config" / "guide.yml").read_text()
# The config as it stands, but impatient: every change is seen within two seconds.
IMPATIENT = GUIDE + """
refresh: 1s
privacy: {k_anonymity: 1}
recount:
  - {younger_than: 2h, every: 1s}
  - {every: 1s}
"""
TABLES = """
CREATE TABLE export_logs (created_at {time}, format TEXT, user_id INTEGER);
CREATE TABLE shared_reports (created_at {time}, share_token TEXT, access_count INTEGER, channel_id INTEGER);
"""
WINDOWS = {"1d": 1, "7d": 7, "28d": 28, "30d": 30}


def rows_of(seed, count, days):
    """Exports and links of the last so many days, none in the future."""
    dice = random.Random(seed)
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)

    def moment():
        return (now - datetime.timedelta(seconds=60 + dice.random() * 86400 * days)).strftime("%Y-%m-%d %H:%M:%S")
    exports = [(moment(), dice.choice(["csv", "csv", "png", "pdf", None]),
                dice.choice([None, *range(1, 40)])) for _ in range(count)]
    links = [(moment(), f"t{i}", dice.randrange(9), dice.randrange(12)) for i in range(count // 3)]
    return exports, links


class Sqlite:
    """The guide's tables in a file; sql() gives rows."""

    def __init__(self, stack):
        self.path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "app.db"
        self.dsn = f"sqlite:{self.path}"
        self.execute(TABLES.format(time="TEXT"))

    def execute(self, script):
        with contextlib.closing(sqlite3.connect(self.path, timeout=60)) as database:
            database.executescript(script)

    def fill(self, exports, links):
        with contextlib.closing(sqlite3.connect(self.path, timeout=60)) as database, database:
            database.executemany("INSERT INTO export_logs VALUES (?, ?, ?)", exports)
            database.executemany("INSERT INTO shared_reports VALUES (?, ?, ?, ?)", links)

    def numbers(self, query):
        with contextlib.closing(sqlite3.connect(self.path, timeout=60)) as database:
            return database.execute(query).fetchone()


class Postgresql:
    """The same on a server of its own."""

    def __init__(self, stack):
        self.server = stack.enter_context(Postgres())
        self.dsn = self.server.dsn()
        self.execute(TABLES.format(time="timestamptz"))

    def execute(self, script):
        self.server.psql("SET timezone = 'UTC';\n" + script)

    def fill(self, exports, links):
        def text(value):
            return "\\N" if value is None else str(value)
        lines = ["COPY export_logs FROM STDIN;", *("\t".join(map(text, row)) for row in exports), "\\.",
                 "COPY shared_reports FROM STDIN;", *("\t".join(map(text, row)) for row in links), "\\."]
        self.execute("\n".join(lines) + "\n")

    def numbers(self, query):
        line = self.server.psql("SET timezone = 'UTC';\n" + query + ";").strip()
        return tuple(float(value) if value else None for value in line.split("|"))


def instant(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


class UsageTest(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)

    def folder(self):
        return self.stack.enter_context(tempfile.TemporaryDirectory(prefix="usage_exporter_"))

    def start(self, database, config=IMPATIENT, folder=None, **options):
        return self.stack.enter_context(
            Exporter(config, folder=folder, env={"USAGE_DSN": database.dsn}, **options))

    def wait_for(self, exporter, wanted, name, **labels):
        wait_until(lambda: exporter.value(name, **labels) == wanted,
                   f"{name} {labels} to be {wanted}, not {exporter.value(name, **labels)}")

    def wait_for_uses(self, exporter, database, window, format_=None):
        """Until the uses of a window equal the table's rows since its start, which moves at every full hour."""
        name, labels, where = "usage_uses", (("feature", "export"), ("window", window)), ""
        if format_:
            name, where = "usage_dimension_uses", f" AND format = '{format_}'"
            labels = tuple(sorted([*labels, ("dimension", "format"), ("value", format_)]))

        def equal():
            page = exporter.metrics()
            since = instant(page["usage_window_start_timestamp_seconds", (("window", window),)])
            rows, = database.numbers(f"SELECT count(*) FROM export_logs WHERE created_at >= '{since}'{where}")
            return page.get((name, labels)) == rows
        wait_until(equal, f"{name}{labels} to be as in SQL")

    def compare(self, exporter, database):
        """Every series of the guide's config that a plain query can give."""
        page = exporter.metrics()

        def value(name, **labels):
            return page.get((name, tuple(sorted(labels.items()))))
        for window, days in WINDOWS.items():
            start = value("usage_window_start_timestamp_seconds", window=window)
            # Whole hours, never longer than the window.
            self.assertEqual(start % 3600, 0)
            age = time.time() - start
            self.assertTrue(days * 86400 - 3600 <= age <= days * 86400 + 60, f"{window} begins {age} s ago")
            since = f"created_at >= '{instant(start)}'"
            uses, users, csv, png, other, csv_users = database.numbers(
                "SELECT count(*), count(DISTINCT user_id),"
                " count(CASE WHEN format = 'csv' THEN 1 END), count(CASE WHEN format = 'png' THEN 1 END),"
                " count(CASE WHEN coalesce(format, '') NOT IN ('csv', 'png') THEN 1 END),"
                " count(DISTINCT CASE WHEN format = 'csv' THEN user_id END)"
                f" FROM export_logs WHERE {since}")
            links, channels = database.numbers(
                f"SELECT count(*), count(DISTINCT channel_id) FROM shared_reports WHERE {since}")
            tokens, = database.numbers(f"SELECT count(DISTINCT share_token) FROM shared_reports WHERE {since}")
            # A link is judged seven days after the end of its hour; `start` is the next full hour, `days` earlier.
            week, hour = 7 * 86400, start + days * 86400 - 3600
            mature, opened = database.numbers(
                "SELECT count(*), count(CASE WHEN access_count > 0 THEN 1 END) FROM shared_reports"
                f" WHERE created_at >= '{instant(start - week)}' AND created_at < '{instant(hour - week)}'")
            wanted = {
                ("usage_artifacts", "share", None): tokens, ("usage_artifacts_mature", "share", None): mature,
                ("usage_artifact_approximate_access_ratio", "share", None): opened / mature if mature else None,
                ("usage_uses", "export", None): uses, ("usage_uses", "share", None): links,
                ("usage_feature_users", "export", None): users, ("usage_scopes", "share", None): channels,
                ("usage_dimension_uses", "export", "csv"): csv, ("usage_dimension_uses", "export", "png"): png,
                ("usage_dimension_uses", "export", "other"): other,
                ("usage_dimension_users", "export", "csv"): csv_users,
            }
            for (name, feature, format_), number in wanted.items():
                labels = {"feature": feature, "window": window}
                if format_:
                    labels |= {"dimension": "format", "value": format_}
                self.assertEqual(value(name, **labels), number, f"{name} {labels}")
            # Nobody is known but those who export.
            self.assertEqual(value("usage_active_users", window=window), users)
        everything, unattributed = database.numbers(
            "SELECT count(*), count(CASE WHEN user_id IS NULL THEN 1 END) FROM export_logs")
        self.assertEqual(value("usage_uses_total", feature="export"), everything)
        self.assertEqual(value("usage_unattributed_events_total", feature="export"), unattributed)
        self.assertEqual(value("usage_source_up", source="app"), 1)

    def life(self, database):
        """From the first start to late, changed and deleted rows."""
        database.fill(*rows_of(1, 3000, 60))
        exporter = self.start(database)
        self.wait_for(exporter, 1, "usage_backfill_progress_ratio", source="app")
        self.compare(exporter, database)
        total = exporter.value("usage_uses_total", feature="export")

        # Ten rows two days late: windows and counter rise.
        late = instant(time.time() - 2 * 86400)
        database.fill([(late, "csv", 7)] * 10, [])
        self.wait_for(exporter, total + 10, "usage_uses_total", feature="export")
        self.compare(exporter, database)

        # They change, and the numbers of their dimension follow.
        database.execute(f"UPDATE export_logs SET format = 'png' WHERE created_at = '{late}'")
        self.wait_for_uses(exporter, database, "30d", "png")

        # They vanish: windows fall, the counter does not.
        database.execute(f"DELETE FROM export_logs WHERE created_at = '{late}'")
        self.wait_for_uses(exporter, database, "7d")
        self.assertEqual(exporter.value("usage_uses_total", feature="export"), total + 10)
        self.assertGreaterEqual(exporter.value("usage_recount_changed_rows_total", feature="export"), 20)

    def test_sqlite(self):
        self.life(Sqlite(self.stack))

    def test_postgresql(self):
        self.life(Postgresql(self.stack))

    def test_a_restart_continues(self):
        database, folder = Sqlite(self.stack), self.folder()
        database.fill(*rows_of(2, 2000, 40))
        exporter = self.start(database, folder=folder)
        self.wait_for(exporter, 2000, "usage_uses_total", feature="export")
        exporter.kill9()
        # While it is down, old rows are purged and new ones come.
        purge = instant(time.time() - 20 * 86400)
        database.execute(f"DELETE FROM export_logs WHERE created_at < '{purge}'")
        database.fill([(instant(time.time() - 60), "csv", 3)] * 5, [])
        exporter = self.start(database, folder=folder)
        self.wait_for(exporter, 2005, "usage_uses_total", feature="export")
        self.wait_for_uses(exporter, database, "30d")
        self.assertEqual(exporter.value("usage_uses_total", feature="export"), 2005)
        self.assertNotIn("backfill goes on", exporter.logs().split("listening")[-1])

    def test_a_lost_state_file_is_rebuilt(self):
        database, folder = Sqlite(self.stack), self.folder()
        database.fill(*rows_of(3, 2000, 40))
        exporter = self.start(database, folder=folder)
        self.wait_for(exporter, 2000, "usage_uses_total", feature="export")
        exporter.stop()
        for path in (Path(folder) / "data").glob("usage.db*"):
            path.unlink()
        database.execute("DELETE FROM export_logs WHERE format = 'pdf'")
        exporter = self.start(database, folder=folder)
        self.wait_for(exporter, 1, "usage_backfill_progress_ratio", source="app")
        self.compare(exporter, database)

    def test_killed_in_the_middle_of_the_backfill(self):
        database, folder = Sqlite(self.stack), self.folder()
        database.fill(*rows_of(4, 120_000, 300))
        database.execute("CREATE INDEX e ON export_logs (created_at); CREATE INDEX s ON shared_reports (created_at)")
        slow = IMPATIENT.replace("{app: {", "{app: {timeout: 300ms, ")
        seen = []
        for _ in range(200):
            exporter = self.start(database, slow, folder=folder)
            # On a busy machine a whole run may be too slow; the next one tells.
            progress = wait_until(lambda: exporter.value("usage_backfill_progress_ratio", source="app"),
                                  "some progress")
            seen.append(progress)
            exporter.kill9()
            if progress == 1:
                break
        self.assertTrue(any(0 < p < 1 for p in seen), f"never killed midway: {seen}")
        self.assertEqual(seen, sorted(seen), "it began anew")
        exporter = self.start(database, folder=folder)
        self.wait_for(exporter, 1, "usage_backfill_progress_ratio", source="app")
        self.compare(exporter, database)

    def test_on_a_terminal_a_bar_says_how_far_the_first_reading_is(self):
        database, folder = Sqlite(self.stack), Path(self.folder())
        database.fill(*rows_of(8, 20_000, 300))
        (folder / "config.yml").write_text(GUIDE)
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        with subprocess.Popen([PROGRAM, f"--config.file={folder / 'config.yml'}",
                               f"--web.listen-address=127.0.0.1:{free_port()}"],
                              stdout=slave, stderr=slave, env={**os.environ, "USAGE_DSN": database.dsn}) as program:
            os.close(slave)
            seen = b""
            while b"backfill finished" not in seen and select.select([master], [], [], 60)[0]:
                seen += os.read(master, 65536)
            program.terminate()
            self.assertEqual(program.wait(20), 0)
        bar = re.search(rb"reading the history of app \[=* *\] +\d+%", seen)
        self.assertTrue(bar, seen)
        # It makes room for the next event.
        self.assertRegex(seen[bar.end():], rb"\r *\r(reading|ts=)")

    def test_a_reload_keeps_what_is_still_read_the_same(self):
        database = Sqlite(self.stack)
        database.fill(*rows_of(5, 1000, 20))
        exporter = self.start(database)
        self.wait_for(exporter, 1000, "usage_uses_total", feature="export")
        database.execute("DELETE FROM export_logs WHERE format = 'pdf'")
        config = IMPATIENT.replace("windows: [1d, 7d, 28d, 30d]", "windows: [2d]")
        exporter.config_path.write_text(config)
        exporter.reload()
        wait_until(lambda: exporter.value("usage_uses", feature="export", window="2d") is not None,
                   "the new window")
        self.assertEqual(exporter.value("usage_uses_total", feature="export"), 1000)
        self.assertIsNone(exporter.value("usage_uses", feature="export", window="7d"))

    def test_a_source_that_is_gone_is_down(self):
        database = Sqlite(self.stack)
        database.fill(*rows_of(6, 100, 5))
        exporter = self.start(database)
        self.wait_for(exporter, 1, "usage_source_up", source="app")
        uses = exporter.value("usage_uses", feature="export", window="7d")
        database.execute("ALTER TABLE export_logs RENAME TO elsewhere")
        self.wait_for(exporter, 0, "usage_source_up", source="app")
        self.assertEqual(exporter.value("usage_uses", feature="export", window="7d"), uses)
        database.execute("ALTER TABLE elsewhere RENAME TO export_logs")
        self.wait_for(exporter, 1, "usage_source_up", source="app")

    def test_once_knows_the_product_of_two_sources(self):
        product, people = Sqlite(self.stack), Sqlite(self.stack)
        hour_ago = instant(time.time() - 7200)
        product.fill([(hour_ago, "csv", 1), (hour_ago, "csv", 3)], [])
        people.execute(f"CREATE TABLE seen (at TEXT, who INTEGER); INSERT INTO seen VALUES ('{hour_ago}', 1),"
                       f" ('{hour_ago}', 2)")
        for first in ("a", "z"):  # read before the features' source, or after it
            with self.subTest(first):
                path = Path(self.folder()) / "config.yml"
                path.write_text(f"""
sources: {{{first}: {{dsn: "{people.dsn}"}}, m: {{dsn: "{product.dsn}"}}}}
windows: [7d]
population: {{activity: [{{source: {first}, table: seen, user: who, time: at}}]}}
features: {{export: {{source: m, table: export_logs, user: user_id, time: created_at}}}}
""")
                once = run("once", f"--config.file={path}")
                self.assertEqual((once.returncode, once.stderr), (0, ""))
                page = parse_metrics(once.stdout)
                self.assertEqual(page[("usage_active_users", (("window", "7d"),))], 3)
                self.assertEqual(
                    page[("usage_adoption_ratio", (("feature", "export"), ("window", "7d")))], 2 / 3)

    def test_explain(self):
        database = Sqlite(self.stack)
        database.fill(*rows_of(7, 500, 20))
        path = Path(self.folder()) / "config.yml"
        path.write_text(IMPATIENT)
        env = {**os.environ, "USAGE_DSN": database.dsn}
        told = run("explain", "usage_adoption_ratio", "--feature=export", "--window=3d", "--config.file", path, env=env)
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        since = re.search(r"window 3d: from (\S+) to before", told.stdout)[1].replace("T", " ")[:-1]
        users = database.numbers(f"SELECT count(DISTINCT user_id) FROM export_logs WHERE created_at >= '{since}'")[0]
        for line in ('usage_adoption_ratio{feature="export",window="3d"} 1\n',
                     f'= usage_feature_users{{feature="export",window="3d"}} {users}\n',
                     f'/ usage_active_users{{window="3d"}} {users}\n',
                     'FROM "export_logs" t WHERE t."created_at" >= $1 AND t."created_at" < $2\n'):
            self.assertIn(line, told.stdout)
        before = run("explain", "usage_uses", "--at=2026-01-01T00:00:00Z", "--config.file", path, env=env)
        self.assertIn('usage_uses{feature="export",window="7d"} 0\n', before.stdout)
        wrong = run("explain", "usage_adoptoin_ratio", "--config.file", path, env=env)
        self.assertEqual(wrong.returncode, 1)
        self.assertIn('did you mean "usage_adoption_ratio"?', wrong.stderr)

    def test_check_names_a_missing_column(self):
        for kind in (Sqlite, Postgresql):
            with self.subTest(kind.__name__):
                database = kind(self.stack)
                path = Path(self.folder()) / "config.yml"
                env = {**os.environ, "USAGE_DSN": database.dsn}
                path.write_text(GUIDE)
                good = run("check", "--connect", "--config.file", path, env=env)
                self.assertEqual((good.returncode, good.stderr), (0, ""))
                path.write_text(GUIDE.replace("user: user_id", "user: userid"))
                bad = run("check", "--connect", "--config.file", path, env=env)
                self.assertEqual(bad.returncode, 1)
                self.assertIn('feature "export": the table "export_logs" has no column "userid"; '
                              'did you mean "user_id"?', bad.stdout)


class DemoTest(unittest.TestCase):
    """The demo's features as of an instant, against SQL on the demo's tables."""

    DAYS = (14, 30, 60, 75)
    USES = """
        SELECT e.created_at AS at, e.user_id AS user, 'export' AS feature FROM export_logs e
        WHERE e.status = 'completed'
        UNION ALL SELECT s.created_at, s.created_by, 'share' FROM shared_reports s"""
    COUNTS = """
        SELECT id FROM users WHERE NOT is_internal AND (deleted_at IS NULL OR deleted_at >= :end)"""

    def active(self, days):
        return (f"SELECT user FROM (SELECT at, user FROM ({self.USES}) UNION ALL"
                " SELECT occurred_at, user_id FROM user_activity)"
                f" WHERE at >= datetime(:end, '-{days} days') AND at < :end AND user IN ({self.COUNTS})")

    def users(self, feature, days):
        return (f"SELECT user FROM ({self.USES}) WHERE feature = '{feature}' AND"
                f" at >= datetime(:end, '-{days} days') AND at < :end AND user IN ({self.COUNTS})")

    def count(self, database, end, sql):
        return database.execute(f"SELECT count(DISTINCT user) FROM ({sql})", {"end": end}).fetchone()[0]

    def test_adoption_at_four_days(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "demo.db"
            day_of_launch = fill(f"sqlite:{path}")
            env = {**os.environ, "USAGE_DSN": f"sqlite:{path}", "USAGE_DEMO_LAUNCH": day_of_launch}
            launch = datetime.datetime.fromisoformat(day_of_launch.replace("Z", ""))
            with contextlib.closing(sqlite3.connect(path)) as database:
                for day in self.DAYS:
                    with self.subTest(day=day):
                        at = launch + datetime.timedelta(days=day)
                        once = run("once", f"--config.file={write_config(folder)}",
                                   "--collector=usage", f"--at={at.strftime('%Y-%m-%dT%H:%M:%SZ')}", env=env)
                        self.assertEqual(once.returncode, 0, once.stderr)
                        self.compare(database, at.strftime("%Y-%m-%d %H:%M:%S"), day, parse_metrics(once.stdout))

    def test_the_three_adoptions_of_the_readme(self):
        section = (SOURCE_DIR / "README.md").read_text().split("## One data set, three adoptions")[1].split("\n## ")[0]
        commands = re.search(r"```sh\n(.*?)```", section, re.S)[1].splitlines()
        numbers = [[(float(ratio), int(some), int(all_)) for ratio, some, all_ in
                    re.findall(r"\| ([0-9.]+) \((\d+) of (\d+)\)", line)]
                   for line in section.splitlines() if line.startswith("| `usage_")]
        self.assertEqual([len(line) for line in numbers], [2, 2, 2])
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "config").mkdir()
            write_config(Path(folder, "config"))
            env, pages = dict(os.environ), []
            for command in commands:
                words = command.split()
                if words[0] == "export":
                    env |= dict(word.split("=", 1) for word in words[1:])
                    continue
                self.assertEqual(words[0], "usage_exporter")
                done = run(*words[1:], env=env, cwd=folder)
                self.assertEqual(done.returncode, 0, done.stderr)
                if words[1] == "once":
                    pages.append(parse_metrics(done.stdout))
        self.assertEqual(len(pages), 2)
        for i, page in enumerate(pages):
            def value(name, **labels):
                return page[(name, tuple(sorted(labels.items())))]
            export = {"feature": "export"}
            found = [
                (value("usage_adoption_ratio", **export, window="7d"),
                 value("usage_feature_users", **export, window="7d"), value("usage_active_users", window="7d")),
                (value("usage_adoption_regular_ratio", **export), value("usage_adoption_regular_users", **export),
                 value("usage_active_users", window="28d")),
                (value("usage_adoption_tried_ratio", **export), value("usage_adoption_tried_users", **export),
                 value("usage_active_users", window="28d"))]
            for line, (ratio, some, all_) in zip(numbers, found):
                self.assertEqual(line[i], (round(ratio, 3), some, all_))
                self.assertTrue(math.isclose(ratio, some / all_))

    def compare(self, database, end, day, page):
        def value(name, **labels):
            return page.get((name, tuple(sorted(labels.items()))))

        def same(found, numerator, denominator):
            self.assertTrue(math.isclose(found, numerator / denominator, rel_tol=1e-12),
                            f"{found} is not {numerator}/{denominator}")
        for days in (7, 28):
            window = f"{days}d"
            active = self.count(database, end, self.active(days))
            self.assertEqual(value("usage_active_users", window=window), active)
            for feature in ("export", "share"):
                users = self.count(database, end, self.users(feature, days))
                # What somebody did before they were deleted stays done.
                uses = database.execute(
                    f"SELECT count(*) FROM ({self.USES}) WHERE feature = '{feature}' AND at < :end"
                    f" AND at >= datetime(:end, '-{days} days')"
                    " AND user NOT IN (SELECT id FROM users WHERE is_internal)", {"end": end}).fetchone()[0]
                self.assertEqual(value("usage_feature_users", feature=feature, window=window), users)
                self.assertEqual(value("usage_uses", feature=feature, window=window), uses)
                same(value("usage_adoption_ratio", feature=feature, window=window), users, active)
            both = self.count(database, end, f"{self.users('export', days)} AND user IN"
                                             f" ({self.users('share', days)})")
            self.assertEqual(value("usage_combination_users", combination="export_and_share", window=window), both)
            same(value("usage_combination_adoption_ratio", combination="export_and_share", window=window),
                 both, active)
        active = self.count(database, end, self.active(28))
        tried = self.count(database, end, f"{self.active(28)} AND user IN ({self.users('export', day + 1)})")
        same(value("usage_adoption_tried_ratio", feature="export"), tried, active)
        regular = database.execute(
            f"""SELECT count(*) FROM (SELECT user FROM ({self.USES}) WHERE feature = 'export'
                AND at >= datetime(:end, '-28 days') AND at < :end AND user IN ({self.COUNTS})
                GROUP BY user
                HAVING count(DISTINCT CAST((julianday(:end) - julianday(at) - 0.000001) / 7 AS INTEGER)) >= 2)""",
            {"end": end}).fetchone()[0]
        same(value("usage_adoption_regular_ratio", feature="export"), regular, active)


if __name__ == "__main__":
    unittest.main()
