#!/usr/bin/python3
"""The demo's targets: what `explain target` says against SQL on the demo's tables."""
import datetime
import os
import re
import sqlite3
import subprocess
import tempfile
import unittest
from pathlib import Path

from demo_sql import fill, write_config

EXPORTER = os.environ["USAGE_EXPORTER"]
CONFIG = Path(__file__).resolve().parents[2] / "config" / "demo.yml"

WORLD = """
CREATE TEMP TABLE uses AS
  SELECT created_at AS at, user_id AS user, 'export' AS feature FROM export_logs WHERE status = 'completed'
  UNION ALL SELECT created_at, created_by, 'share' FROM shared_reports;
CREATE TEMP TABLE activity AS SELECT at, user FROM uses UNION ALL SELECT occurred_at, user_id FROM user_activity;
CREATE TEMP VIEW counted AS
  SELECT id FROM users WHERE NOT is_internal AND (deleted_at IS NULL OR deleted_at >= (SELECT at FROM now));
CREATE TEMP VIEW active28 AS
  SELECT DISTINCT user FROM activity, now
  WHERE activity.at >= datetime(now.at, '-28 days') AND activity.at < now.at AND user IN (SELECT id FROM counted);
"""
TRIED = """
SELECT count(DISTINCT uses.user), (SELECT count(*) FROM active28) FROM uses, now
WHERE feature IN ({features}) AND uses.at >= :launch AND uses.at < now.at AND uses.user IN (SELECT user FROM active28)"""
ADOPTION = """
SELECT count(DISTINCT uses.user), (SELECT count(*) FROM active28) FROM uses, now
WHERE feature IN ({features}) AND uses.at >= datetime(now.at, '-28 days') AND uses.at < now.at
  AND uses.user IN (SELECT id FROM counted)"""
USES = """
SELECT count(*), NULL FROM uses, now
WHERE feature IN ({features}) AND uses.at >= datetime(now.at, '-7 days') AND uses.at < now.at
  AND uses.user NOT IN (SELECT id FROM users WHERE is_internal)"""
EITHER = "'export', 'share'"
# target, statement, its features, divisor, verdict by value
TARGETS = [
    ("tried_wk2", TRIED, EITHER, 1),
    ("adoption_30d", TRIED, "'export'", 1),
    ("share_m1", ADOPTION, "'share'", 1),
    ("must_have_m3", ADOPTION, EITHER, 1),
    ("exports_60d", USES, "'export'", 1),
    ("exports_per_day_wk2", USES, "'export'", 7),
]
THRESHOLDS = {  # the guide's own words
    "tried_wk2": (14, lambda value: value >= 0.20),
    "adoption_30d": (30, lambda value: value > 0.50),
    "share_m1": (30, lambda value: value >= 0.30),
    "must_have_m3": (90, lambda value: value >= 0.90),
    "exports_60d": (60, lambda value: value > 100),
    "exports_per_day_wk2": (14, lambda value: value >= 5),
}
BY_DUE = {"tried_wk2", "exports_per_day_wk2"}


class TargetsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path, self.config = Path(folder.name) / "demo.db", write_config(folder.name)
        launch = fill(f"sqlite:{self.path}")
        self.env = {**os.environ, "USAGE_DSN": f"sqlite:{self.path}", "USAGE_DEMO_LAUNCH": launch}
        self.launch = datetime.datetime.fromisoformat(launch.replace("Z", ""))
        self.database = sqlite3.connect(self.path)
        self.addCleanup(self.database.close)
        self.database.executescript("CREATE TEMP TABLE now (at TEXT);" + WORLD)

    def measure(self, day, statement, features):
        at = self.launch + datetime.timedelta(days=day)
        self.database.execute("DELETE FROM now")
        self.database.execute("INSERT INTO now VALUES (?)", (str(at),))
        return self.database.execute(statement.format(features=features), {"launch": str(self.launch)}).fetchone()

    def explain(self, day, target):
        at = (self.launch + datetime.timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%SZ")
        answer = subprocess.run([EXPORTER, "explain", "target", target, f"--at={at}",
                                 f"--config.file={self.config}"],
                                env=self.env, capture_output=True, text=True)
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        return answer.stdout

    def verdict(self, day, target, statement, features, divisor):
        due, reached = THRESHOLDS[target]

        def reached_on(when):
            numerator, denominator = self.measure(when, statement, features)
            return reached(numerator / (denominator or divisor))
        if target in BY_DUE and day > due:
            return "met" if any(reached_on(when) for when in range(1, due + 1)) else "missed"
        if reached_on(day):
            return "met"
        return "not met yet" if day < due else "missed"

    def test_numbers_and_verdicts_equal_sql(self):
        seen = set()
        for day in (7, 14, 30, 60, 75):
            for target, statement, features, divisor in TARGETS:
                with self.subTest(day=day, target=target):
                    text = self.explain(day, target)
                    numerator, denominator = self.measure(day, statement, features)
                    value = re.search(r"^  value +([0-9.e-]+)(?: = ([0-9]+) / ([0-9]+))?$", text, re.MULTILINE)
                    if denominator:
                        self.assertEqual(value.groups()[1:], (str(numerator), str(denominator)))
                    self.assertAlmostEqual(float(value[1]), numerator / (denominator or divisor), places=12)
                    verdict = re.search(r"^verdict: (.*)$", text, re.MULTILINE)[1]
                    self.assertEqual(verdict, self.verdict(day, target, statement, features, divisor))
                    seen.add(verdict)
                    due = self.launch + datetime.timedelta(days=THRESHOLDS[target][0])
                    self.assertIn(f" to {due.isoformat()}Z, {min(100, 100 * day / THRESHOLDS[target][0]):.0f} % of it over",
                                  text)
        self.assertEqual(seen, {"met", "not met yet", "missed"})

    def test_pace_and_projection(self):
        day = 40
        now, before = (self.measure(when, USES, "'export'")[0] for when in (day, day - 3))
        text = self.explain(day, "exports_60d")
        expected = float(re.search(r"pace +([0-9.e-]+) expected by now", text)[1])
        self.assertAlmostEqual(expected, 100 * day / 60)
        projection = float(re.search(r"projection +(-?[0-9.e-]+) when due", text)[1])
        self.assertAlmostEqual(projection, now + (now - before) / 3 * (60 - day))

    def test_rules_ask_for_published_metrics_alone(self):
        rules = CONFIG.parents[1] / "grafana" / "rules" / "*.yml"
        checked = subprocess.run([EXPORTER, "check", f"--config.file={CONFIG}", f"--rules={rules}"],
                                 env=self.env, capture_output=True, text=True)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))
        self.assertRegex(checked.stdout, r"[0-9]{2} expressions of rules and dashboards ask for nothing else")

    def test_says_what_is_wrong(self):
        def explain(*words):
            return subprocess.run([EXPORTER, "explain", *words, f"--config.file={CONFIG}"], env=self.env,
                                  capture_output=True, text=True)
        wrong = explain("target", "adaption_30d")
        self.assertEqual(wrong.returncode, 1)
        self.assertIn('there is no target "adaption_30d"; did you mean "adoption_30d"?', wrong.stderr)
        for words, message in ((("target",), "which target?"), (("usage_uses", "x"), '"x" is not expected here')):
            answer = explain(*words)
            self.assertEqual(answer.returncode, 2)
            self.assertIn(message, answer.stderr)


if __name__ == "__main__":
    unittest.main()
