"""No row is lost or counted twice, whatever happens to the exporter or to the rows."""

import contextlib
import random
import tempfile
import threading
import time
import unittest

from exporter import Exporter, wait_until
from product import CONFIG, DAYS, INSERT, QUICK, SLOW, Product, facts_of, is_counter

KILLS = 200
# Older rows have their turn later.
LADDER = CONFIG.replace("  - {every: 1s}\n", "  - {younger_than: 3d, every: 2s}\n  - {every: 4s}\n")


class NothingLostTest(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.product = Product(self.stack, 5)
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
        wait_until(lambda: self.scrape(exporter).get(key) == wanted, f"{key} to be {wanted}", 20)

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
            wait_until(equal, "windows as in SQL", 15)
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

    def kill_again_and_again(self, folder):
        """How many kills met the backfill, and how many came after it."""
        product, dice = self.product, random.Random(6)
        typical, progress, met = 0.4, 0, {"backfill": 0, "later": 0}
        for kill in range(KILLS):
            if kill == KILLS // 2:
                product.session.run(QUICK)
            exporter = self.start(folder, wait=False)
            begun, ready = time.monotonic(), None
            instant = begun + dice.uniform(0, 1.6 * typical)
            while time.monotonic() < instant:
                with contextlib.suppress(OSError):
                    page = self.scrape(exporter)
                    now = page.get(("usage_backfill_progress_ratio", (("source", "app"),)))
                    if now is not None:
                        ready = ready or time.monotonic() - begun
                        self.assertGreaterEqual(now, progress, "the backfill began anew")
                        progress = now
                time.sleep(0.01)
            self.assertIsNone(exporter.process.poll(), exporter.logs())
            exporter.kill9()
            exporter.close()
            typical = typical if ready is None else 0.8 * typical + 0.2 * ready
            met["backfill" if progress < 1 else "later"] += 1
        return met

    def test_killed_at_random_instants(self):
        product, folder = self.product, self.folder()
        product.add(product.session, 3000, DAYS)
        product.session.run(SLOW)
        stop = threading.Event()

        def go_on():
            with product.server.session() as session:
                while not stop.wait(0.05):
                    product.add(session, 5, 3 if product.dice.random() < 0.8 else DAYS - 1, 0)
        inserting = threading.Thread(target=go_on)
        inserting.start()
        try:
            met = self.kill_again_and_again(folder)
        finally:
            stop.set()
            inserting.join()
        self.assertGreater(met["backfill"], 20, met)
        self.assertGreater(met["later"], 60, met)

        exporter = self.start(folder)
        self.wait_for(exporter, product.count("status = 'ok'"), "usage_uses_total", feature="export")
        undisturbed = self.start(self.folder(), CONFIG.replace("800ms", "20s"))
        wait_until(lambda: facts_of(self.scrape(exporter)) == facts_of(undisturbed.metrics()),
                   "the pages of both to be equal", 20)
        self.windows_equal_sql(exporter)
        self.counters_equal_sql(exporter.metrics())
        self.assertEqual(self.fallen, [])
        self.assertGreater(len(self.counters), 10)
        self.assertEqual(sum(met.values()), KILLS)

    def restart(self, exporter, **options):
        exporter.kill9()
        exporter.close()
        return self.start(exporter.folder, **options)

    def test_a_transaction_that_commits_late(self):
        product, other = self.product, self.stack.enter_context(self.product.server.session())
        product.add(product.session, 500, DAYS)
        exporter = self.start(self.folder(), LADDER)
        used = product.count("status = 'ok'")
        self.wait_for(exporter, used, "usage_uses_total", feature="export")
        # One row for each rung: they take their ids now.
        late = [product.row(product.moment(age, age), "ok") for age in (1 / 24, 1, 20)]
        other.run("BEGIN")
        other.run(INSERT + ", ".join(late))
        product.session.run(INSERT + product.row(product.moment(0.01, 0.005), "ok"))
        self.wait_for(exporter, used + 1, "usage_uses_total", feature="export")
        newest = product.count(what="max(id)")
        exporter = self.restart(exporter, config=LADDER)
        self.wait_for(exporter, used + 1, "usage_uses_total", feature="export")
        other.run("COMMIT")
        self.assertEqual(newest, product.count(what="max(id)"), "the late ids are not older")
        self.wait_for(exporter, used + 4, "usage_uses_total", feature="export")
        self.windows_equal_sql(exporter)
        self.counters_equal_sql(exporter.metrics())
        self.assertEqual(self.fallen, [])

    def test_purges_and_updates(self):
        product = self.product
        product.add(product.session, 2000, DAYS)
        exporter = self.start(self.folder(), LADDER)
        self.wait_for(exporter, product.count("status = 'ok'"), "usage_uses_total", feature="export")
        self.windows_equal_sql(exporter)
        before, window = dict(self.counters), ("usage_uses", (("feature", "export"), ("window", "28d")))
        uses = exporter.metrics()[window]

        product.session.run("DELETE FROM export_logs WHERE id % 10 = 0")
        exporter = self.restart(exporter, config=LADDER)
        self.windows_equal_sql(exporter)
        self.assertLess(exporter.metrics()[window], uses)

        def rises():
            self.scrape(exporter)
            return {key: value - before[key] for key, value in self.counters.items()
                    if value != before[key] and "recount" not in key[0]}
        self.assertEqual(rises(), {}, "a purge moved counters")

        product.session.run(INSERT + ", ".join(
            f"({product.moment(20)}, 'ok', NULL, 250, 'csv', 7)" for _ in range(20)))
        total = before[("usage_uses_total", (("feature", "export"),))]
        self.wait_for(exporter, total + 20, "usage_uses_total", feature="export")
        product.session.run("UPDATE export_logs SET status = 'bad', why = 'timeout' WHERE id IN"
                            " (SELECT id FROM export_logs WHERE status = 'ok' ORDER BY id LIMIT 15)")
        failures = before[("usage_failures_total", (("feature", "export"), ("reason", "timeout")))]
        self.wait_for(exporter, failures + 15, "usage_failures_total", feature="export", reason="timeout")
        self.windows_equal_sql(exporter)
        self.assertEqual(rises()[("usage_uses_total", (("feature", "export"),))], 20)
        self.assertEqual(self.fallen, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
