"""A product on a PostgreSQL of its own, and a config that reads it again at every refresh."""

import datetime
import random

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
