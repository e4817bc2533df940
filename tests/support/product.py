"""A product on a PostgreSQL of its own, a config that reads it again at every refresh, and what
tests ask of both."""

import contextlib
import datetime
import random
import tempfile
import unittest

from exporter import Exporter, wait_until
from servers import Postgres

DAYS = 60
# Everything is read again at every refresh, and a refresh may take no more than 0.4 s.
CONFIG = """
sources: {app: {dsn: "${USAGE_DSN}", timeout: 800ms}}
refresh: 1s
privacy: {k_anonymity: 1}
windows: [1d, 7d, 28d, last_week]
recount:
  - {younger_than: 2h, every: 1s}
  - {every: 1s}
features:
  export:
    table: exports
    time: created_at
    user: user_id
    outcome: {column: status, success: [ok], failure: [bad]}
    reason: {column: why, allow: [timeout]}
    duration: {column: ms, unit: ms, buckets: [0.25, 1.5, 4.5]}
    dimensions: {format: {allow: [csv, png]}}
population:
  activity: [{table: visits, time: seen_at, user: user_id}]
"""
SCHEMA = """
CREATE TABLE export_logs (id bigserial PRIMARY KEY, created_at timestamptz, status text, why text,
                          ms integer, format text, user_id integer);
CREATE INDEX ON export_logs (created_at);
CREATE TABLE visits (seen_at timestamptz, user_id integer);
CREATE INDEX ON visits (seen_at);
CREATE VIEW exports AS SELECT * FROM export_logs;
"""
# The same rows, but every query takes its time: backfills last, and kills hit them.
SLOW = ("CREATE OR REPLACE VIEW exports AS SELECT * FROM export_logs"
        " WHERE (SELECT pg_sleep(0.1)) IS NOT NULL")
QUICK = "CREATE OR REPLACE VIEW exports AS SELECT * FROM export_logs"
INSERT = "INSERT INTO export_logs (created_at, status, why, ms, format, user_id) VALUES "


def is_counter(name):
    return (name.startswith("usage_") and not name.startswith("usage_exporter_")
            and name.endswith(("_total", "_bucket", "_count", "_sum")))


def facts_of(page):
    """What is said of the tables, without how the reading goes."""
    others = ("usage_exporter_", "process_", "usage_source_", "usage_backfill_", "usage_recount_")
    return {key: value for key, value in page.items() if not key[0].startswith(others)}


class Product:
    """Tables on a server of their own, and a dice for what happens in them."""

    def __init__(self, stack, seed):
        self.server = stack.enter_context(Postgres())
        self.server.psql(SCHEMA)
        self.session = stack.enter_context(self.server.session())
        self.dice = random.Random(seed)

    def moment(self, oldest, newest=0.01):
        age = self.dice.uniform(newest, oldest) * 86400
        now = datetime.datetime.now(datetime.timezone.utc)
        return (now - datetime.timedelta(seconds=age)).strftime("'%Y-%m-%d %H:%M:%S.%f+00'")

    def row(self, moment, status=None):
        dice = self.dice
        status = status or dice.choice(["ok", "ok", "ok", "bad", "begun"])
        why = dice.choice(["'timeout'", "'odd'"]) if status == "bad" else "NULL"
        # Durations that add up without rounding, so that sums can be compared.
        return (f"({moment}, '{status}', {why}, {dice.randrange(40) * 250},"
                f" '{dice.choice(['csv', 'csv', 'png', 'pdf'])}', {dice.choice(['NULL', *range(1, 60)])})")

    def add(self, session, count, oldest, newest=0.01):
        session.run(INSERT + ", ".join(self.row(self.moment(oldest, newest)) for _ in range(count)))
        session.run("INSERT INTO visits VALUES "
                    + ", ".join(f"({self.moment(oldest, newest)}, {self.dice.randrange(1, 90)})"
                                for _ in range(count)))

    def number(self, sql):
        return float(self.session.run(sql)[0])

    def count(self, where="true", what="count(*)"):
        return self.number(f"SELECT {what} FROM export_logs WHERE {where}")


class ProductTest(unittest.TestCase):
    """Notes every counter that falls between two scrapes."""
    SEED = 5

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.product = Product(self.stack, self.SEED)
        self.counters, self.fallen = {}, []

    def folder(self):
        return self.stack.enter_context(tempfile.TemporaryDirectory(prefix="usage_exporter_"))

    def start(self, folder, config=CONFIG, **options):
        env = {"USAGE_DSN": self.product.server.dsn()}
        return self.stack.enter_context(Exporter(config, folder=folder, env=env, **options))

    def scrape(self, exporter):
        """The page, after a look at its counters."""
        page = exporter.metrics()
        for key, value in page.items():
            if is_counter(key[0]):
                if value < self.counters.get(key, 0):
                    self.fallen.append((key, self.counters[key], value))
                self.counters[key] = value
        return page

    def wait_for(self, exporter, wanted, name, **labels):
        key = (name, tuple(sorted(labels.items())))
        wait_until(lambda: self.scrape(exporter).get(key) == wanted, f"{key} to be {wanted}")

    def check(self, page, wanted, name, **labels):
        self.assertEqual(page.get((name, tuple(sorted(labels.items())))), wanted, f"{name} {labels}")

    def windows_equal_sql(self, exporter):
        """Sooner or later: until every rung had its turn."""
        def equal():
            try:
                self.compare_windows(self.scrape(exporter))
                return True
            except AssertionError as error:
                self.last = error
                return False
        try:
            wait_until(equal, "windows as in SQL")
        except AssertionError:
            raise self.last from None

    def compare_windows(self, page):
        product = self.product
        for window in ("1d", "7d", "28d", "last_week"):
            bounds = [page[(f"usage_window_{end}_timestamp_seconds", (("window", window),))]
                      for end in ("start", "end")]
            within = "created_at >= to_timestamp({}) AND created_at < to_timestamp({})".format(*bounds)
            used, labels = f"status = 'ok' AND {within}", {"feature": "export", "window": window}
            self.check(page, product.count(used), "usage_uses", **labels)
            self.check(page, product.count(f"status = 'bad' AND {within}"), "usage_failures", **labels)
            self.check(page, product.count(used, "count(DISTINCT user_id)"), "usage_feature_users", **labels)
            active = product.number(
                "SELECT count(DISTINCT user_id) FROM (SELECT user_id, created_at FROM export_logs"
                f" WHERE status = 'ok' UNION ALL SELECT user_id, seen_at FROM visits) a WHERE {within}")
            self.check(page, active, "usage_active_users", window=window)
            for format_, value in (("csv", "csv"), ("png", "png"), ("pdf", "other")):
                self.check(page, product.count(f"{used} AND format = '{format_}'"), "usage_dimension_uses",
                           dimension="format", value=value, **labels)

    def counters_equal_sql(self, page):
        """Where no row was changed or deleted."""
        product, ok, ended = self.product, "status = 'ok'", "status IN ('ok', 'bad')"

        def check(wanted, name, **labels):
            self.check(page, wanted, name, feature="export", **labels)
        check(product.count(ok), "usage_uses_total")
        check(product.count(ended), "usage_attempts_total")
        check(product.count(f"{ended} AND user_id IS NULL"), "usage_unattributed_events_total")
        for why, reason in (("timeout", "timeout"), ("odd", "other")):
            check(product.count(f"status = 'bad' AND why = '{why}'"), "usage_failures_total", reason=reason)
        check(product.count(f"{ok} AND format = 'csv'"), "usage_dimension_uses_total",
              dimension="format", value="csv")
        check(product.count(ok, "sum(ms) / 1000.0"), "usage_operation_duration_seconds_sum")
        for bound in ("0.25", "1.5", "4.5"):
            check(product.count(f"{ok} AND ms <= {bound} * 1000"),
                  "usage_operation_duration_seconds_bucket", le=bound)

    def restart(self, exporter, **options):
        exporter.kill9()
        exporter.close()
        return self.start(exporter.folder, **options)
