"""kill -9 at any instant loses no row and counts none twice."""

import contextlib
import random
import threading
import time
import unittest

from exporter import wait_until
from product import CONFIG, DAYS, QUICK, SLOW, ProductTest, facts_of

KILLS = 200


class NothingLostTest(ProductTest):
    def kill_again_and_again(self, folder):
        """How many kills met the backfill, and how many came after it."""
        product, dice = self.product, random.Random(6)
        typical, progress, met = 0.4, 0, {"backfill": 0, "later": 0}
        for kill in range(KILLS):
            if kill == KILLS // 2:
                product.session.run(QUICK)
                progress = self.finish_the_backfill(folder)
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

    def finish_the_backfill(self, folder):
        """So that on a busy machine, too, kills come after it."""
        exporter = self.start(folder)
        self.wait_for(exporter, 1, "usage_backfill_progress_ratio", source="app")
        exporter.kill9()
        exporter.close()
        return 1

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
                   "the pages of both to be equal")
        self.windows_equal_sql(exporter)
        self.counters_equal_sql(exporter.metrics())
        self.assertEqual(self.fallen, [])
        self.assertGreater(len(self.counters), 10)
        self.assertEqual(sum(met.values()), KILLS)


if __name__ == "__main__":
    unittest.main(verbosity=2)
