"""What restarts of the exporter look like to a real Prometheus."""

import contextlib
import tempfile
import unittest
from pathlib import Path

from exporter import Exporter, free_port, wait_until
from product import CONFIG, DAYS, Product, is_counter
from prometheus import Prometheus

USES = 'usage_uses_total{feature="export"}'
OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}


class RestartTest(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.product = Product(self.stack, 9)
        self.port = free_port()
        self.folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="usage_exporter_"))

    def start(self):
        return self.stack.enter_context(
            Exporter(CONFIG, folder=self.folder, port=self.port,
                     env={"USAGE_DSN": self.product.server.dsn()}))

    def created(self, exporter):
        """By family, what OpenMetrics says of when the counters began."""
        lines = exporter.get("/metrics", OPENMETRICS).text.splitlines()
        return {line.split("{")[0]: float(line.split(" ")[-1]) for line in lines
                if "_created" in line and not line.startswith(("#", "usage_exporter_", "process_"))}

    def test_resets(self):
        product = self.product
        product.add(product.session, 1000, DAYS)
        used = first = product.count("status = 'ok'")
        exporter = self.start()
        prometheus = self.stack.enter_context(
            Prometheus({"usage": f"127.0.0.1:{self.port}"}, interval="250ms"))

        def number(expression):
            found = prometheus.query(expression)
            return found[0][1] if found else None

        def arrives(wanted):
            wait_until(lambda: number(USES) == wanted, f"{wanted} uses in Prometheus, not {number(USES)}")
        arrives(used)
        created = self.created(exporter)
        self.assertIn("usage_operation_duration_seconds_created", created)
        self.assertIn("usage_unattributed_events_created", created)

        def grow(count):
            nonlocal used
            before = product.count("status = 'ok'")
            product.add(product.session, count, 3)
            used += product.count("status = 'ok'") - before
        for end, kept in ((Exporter.stop, 40), (Exporter.kill9, 20)):
            grow(60)
            arrives(used)
            end(exporter)
            # While nobody looks, the oldest rows are purged and new ones come.
            product.session.run(f"DELETE FROM export_logs WHERE created_at < now() - interval '{kept} days'")
            grow(40)
            exporter = self.start()
            arrives(used)
            self.assertEqual(self.created(exporter), created)
        self.assertEqual(number(f"resets({USES}[10m])"), 0)
        counters = {name for name, _ in prometheus.series("usage") if is_counter(name)}
        self.assertGreater(len(counters), 8)
        for name in counters:
            self.assertEqual(number(f"sum(resets({name}[10m]))"), 0, name)
        samples = prometheus.api("query", query=f"{USES}[10m]")["result"][0]["values"]
        values = [float(value) for _, value in samples]
        self.assertEqual((values, values[0], values[-1]), (sorted(values), first, used))
        # increase() stretches what it saw by up to a scrape's interval at both ends: more when few arrive.
        self.assertAlmostEqual(number(f"increase({USES}[10m])"), used - first, delta=0.2 * (used - first))

        # A lost state file is the one case where counters begin anew, with what the table still has.
        exporter.stop()
        for path in (Path(self.folder) / "data").glob("usage.db*"):
            path.unlink()
        rest = product.count("status = 'ok'")
        self.assertLess(rest, used)
        exporter = self.start()
        arrives(rest)
        self.assertEqual(number(f"resets({USES}[10m])"), 1)
        for name, instant in self.created(exporter).items():
            self.assertGreater(instant, created[name])


if __name__ == "__main__":
    unittest.main(verbosity=2)
