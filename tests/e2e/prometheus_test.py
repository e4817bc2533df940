"""The demo as a real Prometheus sees it, in both exposition formats.

Prometheus 2.42 always asks for OpenMetrics first, so the text job scrapes through a proxy that
replaces the Accept header by one for text 0.0.4 and keeps the content types that came back; the
OpenMetrics job goes through the same proxy unchanged, the direct one through none.
"""

import subprocess
import unittest

import rules
from exporter import Exporter, parse_metrics, wait_until
from prometheus import SHIPPED, FormatProxy, Prometheus

TEXT = "text/plain; version=0.0.4"
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
JOBS = ("direct", "openmetrics", "text")


def media_type(content_type):
    return "; ".join(part.strip() for part in content_type.split(";")[:2])


class PrometheusTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        enter = cls.enterClassContext
        cls.exporter = enter(Exporter(verb="demo"))
        cls.openmetrics = enter(FormatProxy(cls.exporter.port))
        cls.text = enter(FormatProxy(cls.exporter.port, accept="text/plain;version=0.0.4"))
        ports = {"direct": cls.exporter.port, "openmetrics": cls.openmetrics.port,
                 "text": cls.text.port}
        cls.prometheus = enter(
            Prometheus({job: f"127.0.0.1:{port}" for job, port in ports.items()}))
        wait_until(
            lambda: all(count >= 3 for _, count in cls.prometheus.query("count_over_time(up[5m])"))
            and len(cls.prometheus.query("up")) == len(JOBS),
            "three scrapes of every job", 60)

    def by_job(self, expression):
        return {labels["job"]: value for labels, value in self.prometheus.query(expression)}

    def test_every_job_is_up_and_brings_the_same_samples(self):
        self.assertEqual(self.by_job("min_over_time(up[5m])"), dict.fromkeys(JOBS, 1.0))
        samples = self.by_job("scrape_samples_scraped")
        self.assertEqual(set(samples), set(JOBS))
        self.assertGreater(samples["text"], 50)
        self.assertEqual(samples["openmetrics"], samples["direct"])

    def test_both_formats_were_negotiated(self):
        self.assertEqual({media_type(one) for one in self.openmetrics.content_types}, {OPENMETRICS})
        self.assertEqual({media_type(one) for one in self.text.content_types}, {TEXT})
        self.assertIn("application/openmetrics-text", "".join(self.openmetrics.accepts))

    def test_the_demo_series_are_in_prometheus(self):
        page = self.exporter.metrics()
        demo = {name for name, _ in page if not name.startswith(("usage_exporter_", "process_"))}
        self.assertGreater(len(demo), 5)
        for job in JOBS:
            stored = {name for name, _ in self.prometheus.series(job)}
            self.assertEqual(demo - stored, set(), f"job {job}")

    def test_a_series_is_the_same_in_both_formats(self):
        text, openmetrics = self.prometheus.series("text"), self.prometheus.series("openmetrics")
        self.assertEqual(text - openmetrics, set())
        self.assertEqual({name for name, _ in openmetrics - text if not name.endswith("_created")},
                         set())

    def test_values_arrive_as_they_are_on_the_page(self):
        build = [(dict(labels), value) for (name, labels), value in self.exporter.metrics().items()
                 if name == "usage_exporter_build_info"]
        self.assertEqual(len(build), 1)
        for labels, value in self.prometheus.query("usage_exporter_build_info"):
            self.assertEqual(labels["version"], build[0][0]["version"])
            self.assertEqual(value, build[0][1])

    def test_prometheus_has_nothing_to_complain_about(self):
        for job, target in self.prometheus.targets().items():
            self.assertEqual((target["health"], target["lastError"]), ("up", ""), job)
        complaints = [line for line in self.prometheus.logs().splitlines()
                      if "level=error" in line or ("level=warn" in line and "scrape" in line)
                      or "uplicate" in line or "out of order" in line or "out-of-order" in line]
        self.assertEqual(complaints, [])

    def test_promtool_check_metrics_is_clean(self):
        page = self.exporter.page()
        self.assertGreater(len(parse_metrics(page)), 50)
        lint = subprocess.run(["promtool", "check", "metrics"], input=page, text=True,
                              capture_output=True, timeout=60)
        self.assertEqual((lint.returncode, lint.stdout + lint.stderr), (0, ""))

    def test_promtool_accepts_the_shipped_config_and_finds_the_rules(self):
        code, said = rules.promtool("check", "config", SHIPPED)
        self.assertEqual(code, 0, said)
        for path in rules.rule_files():
            self.assertIn(f"/{path.name}\n  SUCCESS", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
