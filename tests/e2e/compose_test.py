"""compose.yaml and what Grafana is given: in agreement with the files they mount, and what compose starts, started
here without containers."""

import os
import tempfile
import unittest
from pathlib import Path, PurePosixPath

import yaml

import dashboards
from exporter import SOURCE_DIR, wait_until
from rules import load, rule_files
from whole_picture import COMPOSE, WholePicture, services

PROVISIONING = SOURCE_DIR / "grafana/provisioning"
PROMETHEUS = SOURCE_DIR / "config/prometheus.yml"


def mounts(service):
    """{path in the container: path in the repository}."""
    parts = [volume.split(":") for volume in services()[service].get("volumes", [])]
    return {there: SOURCE_DIR / here for here, there, *_ in parts if here.startswith("./")}


def in_repository(service, path):
    """The file that a path in the container is."""
    for there, here in mounts(service).items():
        if PurePosixPath(path).is_relative_to(there):
            return here / PurePosixPath(path).relative_to(there)
    raise AssertionError(f"{service} has no {path}")


class ProvisioningTest(unittest.TestCase):
    def test_the_data_source(self):
        document = load(PROVISIONING / "datasources/prometheus.yml")
        source, = document["datasources"]
        self.assertEqual(document["apiVersion"], 1)
        self.assertEqual((source["type"], source["access"], source["isDefault"], source["editable"]),
                         ("prometheus", "proxy", True, False))
        self.assertEqual(source["jsonData"]["timeInterval"], load(PROMETHEUS)["global"]["scrape_interval"])
        self.assertEqual(source["url"], "http://localhost:9090")

    def test_the_dashboards(self):
        document = load(PROVISIONING / "dashboards/usage.yml")
        provider, = document["providers"]
        self.assertEqual((document["apiVersion"], provider["type"], provider["allowUiUpdates"]), (1, "file", False))
        self.assertEqual(in_repository("grafana", provider["options"]["path"]), dashboards.DASHBOARDS_DIR)


class ComposeTest(unittest.TestCase):
    def test_what_is_mounted_is_there(self):
        for name in services():
            for there, here in mounts(name).items():
                self.assertTrue(here.exists(), f"{name}: {there}")
        home = services()["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
        self.assertTrue(in_repository("grafana", home).exists())
        self.assertEqual(in_repository("grafana", "/etc/grafana/provisioning"), PROVISIONING)

    def test_prometheus_finds_its_rules(self):
        config, = (word.partition("=")[2] for word in services()["prometheus"]["command"] if "config.file" in word)
        self.assertEqual(in_repository("prometheus", config), PROMETHEUS)
        for pattern in load(PROMETHEUS)["rule_files"]:
            folder = os.path.normpath(PurePosixPath(config).parent / PurePosixPath(pattern).parent)
            self.assertEqual(in_repository("prometheus", folder), SOURCE_DIR / "grafana/rules")

    def test_the_past_joins_the_present(self):
        job, = load(PROMETHEUS)["scrape_configs"]
        target, = job["static_configs"][0]["targets"]
        labels = {word for word in services()["history"]["command"] if word.startswith("--label=")}
        self.assertEqual(labels, {f"--label=job={job['job_name']}", f"--label=instance={target}"})

    def test_only_this_machine_reaches_it(self):
        document = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
        for name, service in document["services"].items():
            for port in service.get("ports", []):
                self.assertRegex(port, r"^127\.0\.0\.1:(\d+):\1$", name)
            self.assertEqual("ports" in service, name == "database")
            self.assertEqual(service.get("network_mode", "service:database"), "service:database")
            for needed in service.get("depends_on", []):
                self.assertIn(needed, document["services"], name)
            self.assertRegex(service["image"], r"^(usage_exporter|docker\.io/.+:\S*\d)$")
        self.assertEqual({volume.split(":")[0] for service in document["services"].values()
                          for volume in service.get("volumes", []) if not volume.startswith("./")},
                         set(document["volumes"]))

    def test_the_whole_picture(self):
        with tempfile.TemporaryDirectory() as folder, WholePicture(
                Path(folder), age=20, steps=[(20, "6h"), (2, "1h")], scrape="1s") as picture:
            prometheus = picture.prometheus
            wait_until(lambda: prometheus.query('up{job="usage"} == 1'), "a scrape")
            [(_, at_day_10)] = prometheus.query('usage_uses_total{feature="export"}', time=f"{picture.days_ago(10)}T00:00:00Z")
            [(_, now)] = prometheus.query('usage_uses_total{feature="export"}')
            self.assertLess(0, at_day_10)
            self.assertLess(at_day_10, now)
            series = prometheus.query('count by (instance) (count_over_time(usage_active_users{window="7d"}[20d]))')
            self.assertEqual([(labels["instance"], count) for labels, count in series],
                             [(f"127.0.0.1:{picture.port}", 1)])
            loaded = {group["name"] for group in prometheus.api("rules")["groups"]}
            self.assertEqual(loaded, {group["name"] for path in rule_files() for group in load(path)["groups"]})


if __name__ == "__main__":
    unittest.main(verbosity=2)
