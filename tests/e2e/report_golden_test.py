#!/usr/bin/python3
"""Whole reports of weeks that differ, in the three formats as they are in tests/golden/report: a full week, one with a holiday,
one before the launch, one with an outage. Every number in them equals SQL. USAGE_UPDATE_GOLDEN=1 writes them anew; read the
difference before you commit it."""
import datetime
import json
import os
import tempfile
import unittest

from demo_sql import DemoSql, write_config
from exporter import SOURCE_DIR, run
from report_sql import ReportSql, iso

GOLDEN = SOURCE_DIR / "tests/golden/report"
WEEKS = {
    "before_launch": datetime.datetime(2025, 8, 25),
    "full": datetime.datetime(2025, 12, 8),
    "holiday": datetime.datetime(2025, 10, 27),
    "outage": datetime.datetime(2025, 11, 17),
}
# For two days nobody could do anything.
OUTAGE = ("2025-11-18 00:00:00", "2025-11-20 00:00:00")
TABLES = {"export_logs": "created_at", "shared_reports": "created_at", "share_accesses": "accessed_at",
          "user_activity": "occurred_at"}


class ReportGoldenTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.config = write_config(folder, "\nprivacy: {k_anonymity: 1}\n")
        cls.demo = DemoSql(folder)
        cls.addClassCleanup(cls.demo.close)
        with cls.demo.database:
            for table, time in TABLES.items():
                cls.demo.database.execute(f"DELETE FROM {table} WHERE {time} >= ? AND {time} < ?", OUTAGE)
        cls.sql = ReportSql(cls.demo)

    def report(self, monday, form):
        made = run("report", f"--config.file={self.config}", f"--week={iso(monday)}", f"--format={form}",
                   env={**os.environ, "USAGE_DSN": self.demo.dsn, "USAGE_DEMO_LAUNCH": self.demo.launch})
        self.assertEqual((made.returncode, made.stderr), (0, ""))
        return made.stdout

    def test_reports_are_as_they_were(self):
        for name, monday in WEEKS.items():
            for form in ("html", "md", "json"):
                with self.subTest(report=name, format=form):
                    path, text = GOLDEN / f"{name}.{form}", self.report(monday, form)
                    if "USAGE_UPDATE_GOLDEN" in os.environ:
                        path.write_text(text, encoding="utf-8")
                    self.assertEqual(text, path.read_text(encoding="utf-8"))

    def test_every_number_in_them_equals_sql(self):
        for name, monday in WEEKS.items():
            self.sql.compare(self, json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8")), monday)

    def test_the_weeks_are_what_they_are_called(self):
        reports = {name: json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8")) for name in WEEKS}
        uses = {name: report["features"]["export"]["uses"] for name, report in reports.items()}
        self.assertIsNone(uses["before_launch"]["value"])
        self.assertLess(uses["holiday"]["value"], 0.7 * uses["holiday"]["week_before"])
        self.assertGreater(uses["full"]["value"], 80)
        self.assertLess(uses["outage"]["value"], 0.8 * uses["outage"]["four_weeks_mean"])
        self.assertLess(reports["outage"]["product"]["active_users"]["value"],
                        reports["outage"]["product"]["active_users"]["week_before"])


if __name__ == "__main__":
    unittest.main()
