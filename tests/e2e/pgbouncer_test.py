"""A real PgBouncer in transaction pooling, as many companies put before their databases."""

import os
import unittest

from exporter import Exporter, wait_until
from server_process import Server
from servers import Postgres

CONFIG = """\
sources:
  pooled: {{dsn: "postgresql://postgres@127.0.0.1:{port}/postgres", pgbouncer: true, timeout: 2s}}
collectors:
  exports:
    source: pooled
    interval: 1s
    query: SELECT format, count(*) AS n FROM export_logs WHERE id < $1 GROUP BY format
    parameters: [1000]
    metrics:
      app_exports: {{help: Exports., labels: [format], value: n}}
  slow:
    source: pooled
    interval: 1h
    query: SELECT 1 AS n FROM pg_sleep(3600)
    metrics:
      app_slow: {{help: Never., value: n}}
  writing:
    source: pooled
    interval: 1h
    query: SELECT setval('export_logs_id_seq', 100) AS n
    metrics:
      app_written: {{help: Never., value: n}}
"""


class PgBouncer(Server):
    """In the database server's folder, run as its owner, since it refuses to run as root."""
    NAME = "pgbouncer"

    def __init__(self, postgres):
        super().__init__(folder=postgres.folder)
        settings = postgres.folder / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\n* = host=127.0.0.1 port={postgres.port} user=postgres\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\nauth_type = any\n"
            "pool_mode = transaction\ndefault_pool_size = 2\nunix_socket_dir =\n", encoding="utf-8")
        settings.chmod(0o644)
        as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.launch([*(as_owner if os.geteuid() == 0 else []), "/usr/sbin/pgbouncer", settings])


class TransactionPooling(unittest.TestCase):
    def test_collects_reads_only_and_cancels(self):
        postgres = self.enterContext(Postgres())
        postgres.psql("CREATE TABLE export_logs(id serial, format text);"
                      "INSERT INTO export_logs(format) VALUES ('csv'), ('csv'), ('png')")
        pool = self.enterContext(PgBouncer(postgres))
        exporter = self.enterContext(Exporter(CONFIG.format(port=pool.port)))

        def up(collector):
            return exporter.value("usage_exporter_collector_up", collector=collector)

        def errors(collector, reason):
            return exporter.value("usage_exporter_collector_errors_total", collector=collector,
                                  reason=reason)

        wait_until(lambda: up("exports") == 1, "a success")
        self.assertEqual(exporter.value("app_exports", format="csv"), 2)
        self.assertEqual(errors("slow", "timeout"), 1)
        self.assertEqual(errors("writing", "query"), 1)
        self.assertEqual(postgres.psql("SELECT last_value FROM export_logs_id_seq").strip(), "3")
        wait_until(lambda: postgres.psql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE "
                                         "'%pg_sleep(3600)%' AND state = 'active' AND pid <> "
                                         "pg_backend_pid()").strip() == "0", "the slow query to be gone")
        # Nothing sticks to the pooled sessions that others will use.
        self.assertEqual(postgres.psql("SHOW default_transaction_read_only").strip(), "off")
        total = "usage_exporter_collector_run_duration_seconds_count"
        before = exporter.value(total, collector="exports")
        wait_until(lambda: exporter.value(total, collector="exports") >= before + 3, "three more runs")
        self.assertEqual(errors("exports", "query"), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
