"""Rows that come late, change or vanish: windows follow the table, counters never fall."""

import unittest

from product import CONFIG, DAYS, INSERT, ProductTest

# Older rows have their turn later.
LADDER = CONFIG.replace("  - {every: 1s}\n", "  - {younger_than: 3d, every: 2s}\n  - {every: 4s}\n")


class LateRowsTest(ProductTest):
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
