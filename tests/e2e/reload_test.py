"""Reload: everything new or everything as it was."""

import sqlite3
import tempfile
import time
import unittest
from pathlib import Path

from exporter import Exporter, wait_until

CONFIG = """\
sources:
  app: {{dsn: "sqlite:{database}"}}
collectors:
  kept:
    source: app
    interval: 1h
    query: SELECT count(*) AS n FROM export_logs
    metrics:
      app_exports: {{help: Exports., value: n}}
"""

SECOND = """\
  second:
    source: app
    interval: 1h
    query: SELECT 7 AS n
    metrics:
      app_second: {help: Second., value: n}
"""


class Reload(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.database = Path(folder) / "app.db"
        with sqlite3.connect(self.database) as db:
            db.execute("CREATE TABLE export_logs(id INTEGER)")
            db.execute("INSERT INTO export_logs VALUES (1), (2)")
        db.close()
        self.config = CONFIG.format(database=self.database)

    def exporter(self, config, *flags, **options):
        return self.enterContext(Exporter(config, *flags, **options))

    def reloads(self, exporter):
        return exporter.value("usage_exporter_config_last_reload_success_timestamp_seconds")

    def reload(self, exporter, config):
        before = wait_until(lambda: self.reloads(exporter), "the time of the last reload")
        exporter.config_path.write_text(config, encoding="utf-8")
        exporter.reload()
        wait_until(lambda: self.reloads(exporter) > before, "a reload that succeeds")

    def test_collectors_come_and_go(self):
        exporter = self.exporter(self.config)
        self.reload(exporter, self.config + SECOND)
        wait_until(lambda: exporter.value("app_second") == 7, "the new collector's series")
        self.assertEqual(exporter.value("app_exports"), 2)
        self.reload(exporter, self.config)
        wait_until(lambda: exporter.value("app_second") is None, "its series to vanish")
        self.assertIsNone(exporter.value("usage_exporter_collector_up", collector="second"))

    def test_a_broken_config_changes_nothing(self):
        exporter = self.exporter(self.config)
        exporter.config_path.write_text(self.config.replace("interval", "intervall"), encoding="utf-8")
        exporter.reload()
        wait_until(lambda: exporter.value("usage_exporter_config_last_reload_successful") == 0,
                   "the refusal on the page")
        self.assertEqual(exporter.value("app_exports"), 2)
        self.assertIn('did you mean \\"interval\\"?', exporter.logs())
        self.reload(exporter, self.config)
        self.assertEqual(exporter.value("usage_exporter_config_last_reload_successful"), 1)

    def test_what_stays_keeps_its_series_and_counts(self):
        self.config = self.config.replace("interval: 1h", "interval: 2s")
        exporter = self.exporter(self.config)
        with sqlite3.connect(self.database) as db:
            db.execute("DROP TABLE export_logs")
        db.close()
        self.reload(exporter, self.config)
        wait_until(lambda: exporter.value("usage_exporter_collector_errors_total",
                                          collector="kept", reason="query") >= 1, "the failed run")
        before = exporter.value("usage_exporter_collector_errors_total", collector="kept",
                                reason="query")
        self.assertEqual(exporter.value("app_exports"), 2)  # the last good result
        self.reload(exporter, self.config)
        wait_until(lambda: exporter.value("usage_exporter_collector_errors_total",
                                          collector="kept", reason="query") > before,
                   "the count to go on where it was")

    def test_a_changed_metric_leaves_nothing_behind(self):
        exporter = self.exporter(self.config)
        self.reload(exporter, self.config.replace("app_exports", "app_files"))
        wait_until(lambda: exporter.value("app_files") == 2, "the new name")
        self.assertIsNone(exporter.value("app_exports"))

    def test_a_changed_label_value_leaves_nothing_behind(self):
        labelled = self.config.replace('db"}', 'db", labels: {region: eu}}')
        exporter = self.exporter(labelled)
        self.assertEqual(exporter.value("app_exports", region="eu"), 2)
        self.reload(exporter, labelled.replace("eu", "us"))
        wait_until(lambda: exporter.value("app_exports", region="us") == 2, "the new value")
        self.assertIsNone(exporter.value("app_exports", region="eu"))

    def test_the_schedule_goes_on(self):
        config = self.config.replace("interval: 1h", "interval: 4s")
        exporter = self.exporter(config)
        runs = "usage_exporter_collector_run_duration_seconds_count"
        before, started = exporter.value(runs), time.monotonic()
        while time.monotonic() < started + 6:
            self.reload(exporter, config)
        wait_until(lambda: exporter.value(runs) > before, "a run")
        ran = exporter.value(runs) - before
        self.assertLessEqual(ran, (time.monotonic() - started) / 4 + 1)
        self.assertEqual(exporter.get("/-/ready").status, 200)

    def test_a_run_that_a_reload_interrupts_is_no_failure(self):
        slow = ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                "SELECT max(i) AS n FROM n")
        config = self.config.replace("SELECT count(*) AS n FROM export_logs", slow)
        exporter = self.exporter(config.replace("interval: 1h", "interval: 1h\n    timeout: 30s"),
                                 wait=False)
        wait_until(lambda: self.alive(exporter), "the exporter")
        self.reload(exporter, self.config)
        wait_until(lambda: exporter.value("app_exports") == 2, "the new query")
        self.assertEqual(exporter.value("usage_exporter_collector_errors_total",
                                        reason="unavailable"), 0)
        self.assertNotIn("collector failed", exporter.logs())

    def alive(self, exporter):
        try:
            return exporter.get("/-/healthy").status == 200
        except OSError:
            return False

    def test_over_http_only_if_asked_for(self):
        exporter = self.exporter(self.config)
        self.assertEqual(exporter.request("POST", "/-/reload").status, 403)
        self.assertEqual(exporter.request("GET", "/-/reload").status, 405)
        allowed = self.exporter(self.config, "--web.enable-lifecycle")
        self.assertEqual(allowed.request("POST", "/-/reload").status, 200)
        allowed.config_path.write_text("sources: 3\n", encoding="utf-8")
        self.assertEqual(allowed.request("POST", "/-/reload").status, 500)
        self.assertEqual(allowed.value("app_exports"), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
