#!/usr/bin/python3
"""Business measures of the demo: every one equals an SQL statement over its tables, as of several
instants, from SQLite and from PostgreSQL."""
import datetime
import os
import re
import sqlite3
import tempfile
import unittest
from pathlib import Path

from demo_sql import DemoSql, fill, write_config
from exporter import SOURCE_DIR, Exporter, parse_metrics, run, wait_until
from servers import Postgres

ROWS = sorted((SOURCE_DIR / "collectors/measures/business").glob("*.cc"))
# Never a series with the demo's config: its links have rows of accesses.
NOT_IN_THE_DEMO = {"usage_artifact_approximate_access_ratio", "usage_artifact_approximate_accesses_total"}


class BusinessTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        # Everything is shown: what privacy hides is tested elsewhere.
        cls.config = write_config(cls.folder, "\nprivacy: {k_anonymity: 1}\n")
        cls.demo = DemoSql(cls.folder)
        cls.addClassCleanup(cls.demo.close)

    def page(self, dsn, at):
        once = run("once", f"--config.file={self.config}", "--collector=usage", f"--at={at:%Y-%m-%dT%H:%M:%SZ}",
                   env={**os.environ, "USAGE_DSN": dsn, "USAGE_DEMO_LAUNCH": self.demo.launch})
        self.assertEqual((once.returncode, once.stderr), (0, ""))
        series = {}
        for (name, labels), value in parse_metrics(once.stdout).items():
            series.setdefault(name, {})[labels] = value
        return series

    def test_every_measure_equals_sql(self):
        seen = set()
        for days, hours in ((3, 0), (14, 0), (30, 9), (47, 17), (75, 0)):
            at = self.demo.begin + datetime.timedelta(days=days, hours=hours)
            page = self.page(self.demo.dsn, at)
            self.demo.ask_as_of(at)
            for metric in self.demo.statements:
                with self.subTest(days=days, metric=metric):
                    found, wanted = page.get(metric, {}), self.demo.wanted(metric)
                    self.assertEqual(sorted(found), sorted(wanted))
                    for labels, value in wanted.items():
                        self.assertAlmostEqual(found[labels] / (value or 1), value / (value or 1), places=9, msg=labels)
                        seen.add(metric)
        self.assertEqual(seen, set(self.demo.statements))

    def test_targets_are_about_these_measures(self):
        at = self.demo.begin + datetime.timedelta(days=75)
        page = self.page(self.demo.dsn, at)
        self.demo.ask_as_of(at)
        pooled = self.demo.database.execute("SELECT avg(score) FROM rated WHERE back = 1").fetchone()[0]

        def value(metric, **labels):
            return page[metric][tuple(sorted(labels.items()))]
        for target, feature, expected in (
                ("link_access", "share", value("usage_artifact_access_ratio", feature="share", window="28d")),
                ("satisfaction_m1", "export_or_share", pooled),
                ("ticket_reduction", "export_or_share", value("usage_ticket_reduction_ratio", category="data_access")),
                ("retention_m3", "export_or_share", value("usage_account_retention_change")),
                ("break_even", "export_or_share", value("usage_payback_ratio"))):
            with self.subTest(target=target):
                self.assertAlmostEqual(value("usage_target_value", feature=feature, target=target), expected)

    def test_there_is_a_statement_for_every_measure(self):
        rows = {name for file in ROWS for name in re.findall(r'row\("(usage_\w+)"', file.read_text(encoding="utf-8"))}
        self.assertTrue(rows)
        self.assertEqual(rows - set(self.demo.statements), NOT_IN_THE_DEMO)

    def test_postgresql_gives_the_same(self):
        with Postgres() as postgres:
            self.assertEqual(fill(postgres.dsn()), self.demo.launch)
            for days in (30, 75):
                at = self.demo.begin + datetime.timedelta(days=days)
                here, there = self.page(self.demo.dsn, at), self.page(postgres.dsn(), at)
                for metric in self.demo.statements:
                    self.assertEqual(there.get(metric), here.get(metric), metric)


class TwoSourcesTest(unittest.TestCase):
    """Links in one database, and who made them in another."""

    CONFIG = """
windows: [28d]
population: {users: {source: people, table: users, id: id, exclude: {column: staff, equals: true}}}
features: {share: {source: app, table: links, time: at, user: who, artifact: {id: id}}}
"""
    SOURCES = ("app: {dsn: 'sqlite:app.db'}", "people: {dsn: 'sqlite:people.db'}")
    MATURE = ("usage_artifacts_mature", (("feature", "share"), ("window", "28d")))

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for name, script in (
                ("app", "CREATE TABLE links (id INTEGER, at TEXT, who INTEGER);"
                        + "".join(f"INSERT INTO links VALUES ({i}, datetime('now', '-9 days'), {i});" for i in range(6))),
                ("people", "CREATE TABLE users (id INTEGER, staff INTEGER);"
                           + "".join(f"INSERT INTO users VALUES ({i}, {int(i < 2)});" for i in range(6)))):
            database = sqlite3.connect(self.folder / f"{name}.db")
            self.addCleanup(database.close)
            database.executescript(script)

    def config(self, sources):
        return f"sources: {{{', '.join(sources)}}}{self.CONFIG}"

    def test_links_of_excluded_people_are_none_whichever_is_read_first(self):
        for sources in (self.SOURCES, self.SOURCES[::-1]):
            with self.subTest(sources[0]):
                path = self.folder / "config.yml"
                path.write_text(self.config(sources), encoding="utf-8")
                once = run("once", f"--config.file={path}")
                self.assertEqual((once.returncode, once.stderr), (0, ""))
                self.assertEqual(parse_metrics(once.stdout).get(self.MATURE), 4)

    def test_links_wait_until_people_are_known(self):
        with Exporter("refresh: 1s\n" + self.config(self.SOURCES), folder=self.folder) as exporter:
            wait_until(lambda: self.MATURE in exporter.metrics(), "artifacts")
            self.assertEqual(exporter.metrics()[self.MATURE], 4)


if __name__ == "__main__":
    unittest.main()
