"""What goes wrong in production, done to the real program and a real PostgreSQL."""

import re
import socket
import sqlite3
import tempfile
import threading
import time
import unittest

from exporter import SANITIZED, Exporter, parse_metrics, wait_until
from servers import Postgres

CONFIG = """\
sources:
  app: {{dsn: "{dsn}", timeout: {timeout}, connect_timeout: 2s}}
  local: {{dsn: "sqlite:{sqlite}"}}
collectors:
  exports:
    source: app
    interval: {interval}
    stale_after: {stale_after}
    {settings}
    query: {query}
    metrics:
      app_exports: {{help: Exports., labels: [format], value: total}}
  local:
    source: local
    interval: 1s
    query: SELECT 42 AS answer
    metrics:
      local_answer: {{help: From the other source., value: answer}}
"""

HANGING = "SELECT 'a' AS format, 1 AS total FROM pg_sleep(3600)"
STALLED = 10  # seconds until a reader that takes nothing is given up
QUERY = "SELECT format, count(*) AS total FROM export_logs GROUP BY format"


def memory_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) * 1024


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres()
        cls.postgres.start()

    @classmethod
    def tearDownClass(cls):
        cls.postgres.close()

    def setUp(self):
        self.postgres.psql("""
            DROP TABLE IF EXISTS export_logs;
            CREATE TABLE export_logs(id serial, format text, user_id int);
            INSERT INTO export_logs(format, user_id) VALUES ('csv', 1), ('csv', 2), ('png', 1);""")

    def exporter(self, query=QUERY, settings="", stale_after="5m", timeout="5s", dsn=None,
                 interval="1s", **options):
        database = f"{self.enterContext(tempfile.TemporaryDirectory())}/local.db"
        sqlite3.connect(database).close()
        config = CONFIG.format(dsn=dsn or self.postgres.dsn(), sqlite=database, query=query,
                               settings=settings, stale_after=stale_after, timeout=timeout,
                               interval=interval)
        return self.enterContext(Exporter(config, **options))

    def up(self, exporter, source="app", collector="exports"):
        return exporter.value("usage_exporter_collector_up", collector=collector, source=source)

    def errors(self, exporter, reason):
        return exporter.value("usage_exporter_collector_errors_total", collector="exports",
                              source="app", reason=reason)

    def assert_local_goes_on(self, exporter):
        name = "usage_exporter_collector_last_success_timestamp_seconds"
        before = exporter.value(name, collector="local") or 0
        wait_until(lambda: (exporter.value(name, collector="local") or 0) > before,
                   "a new success of the other source")

    def assert_fails_with(self, exporter, reason, *words):
        """The run fails with the reason, the page stays up, and log and landing page say why."""
        wait_until(lambda: self.errors(exporter, reason) >= 1, f"an error of reason {reason}")
        self.assertEqual(self.up(exporter), 0)
        landing = exporter.get("/")
        self.assertEqual(landing.status, 200)
        line = next(line for line in exporter.logs().splitlines() if "collector failed" in line)
        for word in (*words, f"reason={reason}"):
            self.assertIn(word, line)
        self.assertNotIn(self.postgres.dsn(), exporter.logs())
        self.assert_local_goes_on(exporter)
        return line

    def test_server_stopped_and_started_again(self):
        exporter = self.exporter(stale_after="10s")
        self.assertEqual(exporter.value("app_exports", format="csv"), 2)
        self.postgres.stop()
        try:
            wait_until(lambda: self.up(exporter) == 0, "up to be 0")
            # The last good result stays, then vanishes; the page is there all the time.
            self.assertEqual(exporter.value("app_exports", format="csv"), 2)
            self.assertEqual(exporter.value("usage_exporter_collector_stale", source="app"), 0)
            wait_until(lambda: exporter.value("usage_exporter_collector_stale", source="app") == 1,
                       "the series to be stale")
            self.assertIsNone(exporter.value("app_exports", format="csv"))
            self.assertEqual(exporter.get("/metrics").status, 200)
            self.assertIn("stale", exporter.get("/").text)
            self.assert_local_goes_on(exporter)
        finally:
            self.postgres.start()
        self.postgres.psql("INSERT INTO export_logs(format, user_id) VALUES ('csv', 3)")
        wait_until(lambda: self.up(exporter) == 1, "recovery")
        self.assertEqual(exporter.value("app_exports", format="csv"), 3)
        self.assertIn("collector recovered", exporter.logs())

    def test_server_killed_in_the_middle_of_a_query(self):
        exporter = self.exporter(query="SELECT 'a' AS format, 1 AS total FROM pg_sleep(2)", wait=False)
        wait_until(lambda: self.running_queries() == 1, "the query to run")
        self.postgres.kill()
        try:
            self.assert_fails_with(exporter, "unavailable")
        finally:
            self.postgres.start()
        wait_until(lambda: self.up(exporter) == 1, "recovery")

    def running_queries(self):
        return int(self.postgres.psql(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'usage_exporter' "
            "AND state = 'active'"))

    def test_a_hanging_query_holds_up_no_other_source(self):
        exporter = self.exporter(query=HANGING, timeout="5m", wait=False)
        wait_until(lambda: self.running_queries() == 1, "the query to run")
        self.assert_local_goes_on(exporter)
        self.assertEqual(self.running_queries(), 1)
        self.assertEqual(self.errors(exporter, "timeout"), 0)

    def test_hanging_query_is_cancelled_on_the_server(self):
        exporter = self.exporter(query=HANGING, timeout="2s", wait=False)
        wait_until(lambda: self.running_queries() == 1, "the query to run")
        self.assert_fails_with(exporter, "timeout", "2s")
        # Gone between two runs: at no time is there more than one.
        wait_until(lambda: self.running_queries() == 0, "the query to be gone", every=0.01)
        self.assertGreaterEqual(
            exporter.value("usage_exporter_collector_skipped_runs_total", collector="exports"), 1)

    def test_wrong_password(self):
        self.postgres.psql("DROP ROLE IF EXISTS reader")
        self.postgres.psql("CREATE ROLE reader LOGIN PASSWORD 'right'")
        self.postgres.psql("GRANT SELECT ON export_logs TO reader")
        dsn = self.postgres.dsn(user="reader", password="wr0ng-secret")
        exporter = self.exporter(dsn=dsn)
        self.assert_fails_with(exporter, "unavailable", "password")
        for text in (exporter.logs(), exporter.page(), exporter.get("/").text):
            self.assertNotIn("wr0ng-secret", text)
        self.postgres.psql("DROP OWNED BY reader; DROP ROLE reader")

    def test_table_dropped(self):
        exporter = self.exporter()
        self.postgres.psql("DROP TABLE export_logs")
        self.assert_fails_with(exporter, "query", "export_logs", "42P01")
        self.assertEqual(exporter.value("app_exports", format="csv"), 2)  # the last good result

    def test_column_renamed(self):
        exporter = self.exporter()
        self.postgres.psql("ALTER TABLE export_logs RENAME COLUMN format TO kind")
        self.assert_fails_with(exporter, "query", "format", "42703")
        self.postgres.psql("ALTER TABLE export_logs RENAME COLUMN kind TO format")
        wait_until(lambda: self.up(exporter) == 1, "recovery")

    def test_result_column_renamed(self):
        exporter = self.exporter(query=QUERY.replace("AS total", "AS totals"))
        self.assert_fails_with(exporter, "query", 'wants column \\"total\\"', 'did you mean \\"totals\\"')

    def test_duplicate_rows(self):
        exporter = self.exporter(query="SELECT format, 1 AS total FROM export_logs")
        self.assert_fails_with(exporter, "duplicate", "app_exports", "on_duplicate")
        self.assertEqual(exporter.get("/metrics").status, 200)
        summed = self.exporter(query="SELECT format, 1 AS total FROM export_logs",
                               settings="on_duplicate: sum")
        self.assertEqual(summed.value("app_exports", format="csv"), 2)
        self.assertGreaterEqual(summed.value("usage_exporter_collector_merged_rows_total", collector="exports"), 1)

    def test_null_labels_and_values(self):
        self.postgres.psql("INSERT INTO export_logs(format, user_id) VALUES (NULL, 4)")
        exporter = self.exporter()
        self.assertEqual(exporter.value("app_exports", format=""), 1)
        skipping = self.exporter(query="SELECT format, max(CASE WHEN format = 'csv' THEN user_id END) "
                                       "AS total FROM export_logs GROUP BY format")
        self.assertEqual(skipping.value("app_exports"), 2)
        self.assertGreaterEqual(
            skipping.value("usage_exporter_collector_skipped_rows_total", collector="exports"), 2)

    def test_a_million_rows_where_ten_thousand_are_allowed(self):
        exporter = self.exporter(query="SELECT 'small' AS format, 1 AS total")
        settled = memory_bytes(exporter.process.pid)
        flooded = self.exporter(
            query="SELECT repeat(i::text, 10) AS format, 1 AS total FROM generate_series(1, 1000000) AS i",
            settings="max_rows: 10000")
        line = self.assert_fails_with(flooded, "limit", "max_rows = 10000")
        self.assertIn("group", line)
        growth = memory_bytes(flooded.process.pid) - settled
        print(f"peak memory with a million rows offered: {growth / 1e6:+.1f} MB")
        if not SANITIZED:
            self.assertLess(growth, 16e6)

    def test_a_client_that_reads_a_byte_a_second(self):
        exporter = self.exporter(
            query="SELECT repeat('x', 900) || i AS format, i AS total FROM generate_series(1, 5000) AS i")
        slow = []
        for _ in range(20):
            client = socket.create_connection((exporter.host, exporter.port))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            slow.append(client)
        for _ in range(3):
            for client in slow:
                self.assertEqual(len(client.recv(1)), 1)
            started = time.monotonic()
            self.assertEqual(exporter.get("/metrics").status, 200)
            # It did not wait until the slow ones are given up.
            self.assertLess(time.monotonic() - started, STALLED / 2)
            time.sleep(1)
        for client in slow:
            client.close()

    def test_two_hundred_scrapers_cost_the_database_nothing(self):
        exporter = self.exporter(interval="1h")
        before = self.last_activity()
        failures = []

        def scrape():
            for _ in range(5):
                page = exporter.get("/metrics")
                series = ("app_exports", (("format", "csv"),))
                if page.status != 200 or series not in parse_metrics(page.text):
                    failures.append(page.status)

        threads = [threading.Thread(target=scrape) for _ in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertEqual(self.last_activity(), before)

    def last_activity(self):
        """When the exporter's one session last began or ended anything."""
        def sessions():
            return self.postgres.psql("SELECT pid, state_change FROM pg_stat_activity "
                                      "WHERE application_name = 'usage_exporter'").splitlines()
        # Those of the tests before may still be closing.
        wait_until(lambda: len(sessions()) == 1, "one session")
        return sessions()


if __name__ == "__main__":
    unittest.main(verbosity=2)
