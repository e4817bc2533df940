"""The guide's two queries: `once` prints what `sqlite3` and `psql` print for the same statements."""

import math
import os
import re
import sqlite3
import subprocess
import tempfile
import unittest
from pathlib import Path

from demo_sql import fill
from exporter import SOURCE_DIR, parse_metrics, run
from servers import Postgres

# How each column appears on the page: metric name and labels beside the date.
COLUMNS = {
    "guide_exports": [("guide_exports", ("format", "all")), ("guide_exports", ("format", "csv")),
                      ("guide_exports", ("format", "png")), ("guide_export_users", None)],
    "guide_shares": [("guide_links", None), ("guide_unique_links", None),
                     ("guide_link_accesses_mean", None), ("guide_channels_shared", None)],
}


def queries(config):
    """Collector → statement, cut out of the file: nothing that the exporter itself reads with."""
    text = (SOURCE_DIR / "config" / "guide_sql" / config).read_text()
    found = re.findall(r"^  (guide_\w+):\n(?:    .*\n)*?    query: \|\n((?:      .*\n)+)", text, re.M)
    return dict(found)


def bound(sql, at, days=30):
    """The statement with its parameters written out, by the database tool's own arithmetic."""
    with sqlite3.connect(":memory:") as clock:
        start, end = clock.execute("SELECT DATETIME(?, ?), DATETIME(?)", (at, f"-{days} days", at)).fetchone()
    return sql.replace("$1", f"'{start}'").replace("$2", f"'{end}'")


def expected(rows):
    """What the page must hold, from the tool's rows 'date|value|value|…' of each collector."""
    samples = {}
    for collector, lines in rows.items():
        for line in lines:
            date, *values = line.split("|")
            for (name, label), value in zip(COLUMNS[collector], values, strict=True):
                labels = [("date", date)] + ([label] if label else [])
                samples[name, tuple(sorted(labels))] = float(value)
    return samples


class GuideQueries(unittest.TestCase):
    def compare(self, dsn, config, tool):
        fill(dsn)
        newest = tool("SELECT MAX(created_at) FROM export_logs")[0]
        for at in (newest[:10] + "T00:00:00Z", newest[:10] + "T13:37:11Z"):
            with self.subTest(at=at):
                rows = {name: tool(bound(sql, at)) for name, sql in queries(config).items()}
                self.assertEqual(set(rows), set(COLUMNS))
                self.assertGreaterEqual(min(map(len, rows.values())), 20, "too few days to compare")
                once = run("once", "--config.file", SOURCE_DIR / "config" / "guide_sql" / config, "--at", at,
                           env={**os.environ, "USAGE_DSN": dsn})
                self.assertEqual(once.returncode, 0, once.stderr)
                page = {key: value for key, value in parse_metrics(once.stdout).items()
                        if key[0].startswith("guide_")}
                wanted = expected(rows)
                self.assertEqual(set(page), set(wanted))
                for key, value in wanted.items():
                    # The tools print a mean with 15 or 16 digits; every count must be exact.
                    same = math.isclose(page[key], value, rel_tol=1e-14) if "mean" in key[0] else page[key] == value
                    self.assertTrue(same, f"{key}: the page says {page[key]}, the tool {value}")

    def test_sqlite(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "demo.db"

            def tool(sql):
                printed = subprocess.run(["sqlite3", "-batch", path, sql], check=True, capture_output=True, text=True)
                return printed.stdout.splitlines()

            self.compare(f"sqlite:{path}", "sqlite.yml", tool)

    def test_postgresql(self):
        with Postgres() as server:
            self.compare(server.dsn(), "postgresql.yml",
                         lambda sql: server.psql("SET timezone = 'UTC';\n" + sql).splitlines())


if __name__ == "__main__":
    unittest.main()
