"""The dashboards of grafana/dashboards: current, by the house's rules, about series that exist; every fault in
them noticed. How they look is what tests/dashboards shows."""

import copy
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import dashboards
import dashboards_lint
import rules
import rules_lint
from exporter import SOURCE_DIR, run

DEMO = SOURCE_DIR / "config/demo.yml"
ENV = os.environ | {"USAGE_DSN": "sqlite:none.db", "USAGE_DEMO_LAUNCH": "2026-09-11"}
UIDS = {"usage-adoption", "usage-targets", "usage-feature", "usage-value", "usage-capacity", "usage-health"}


def parse(expressions):
    """What promtool says about them: (exit code, text)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "queries.yml"
        rules.dump({"groups": [{"name": "dashboards", "rules": [
            {"record": f"dashboard:query:{number}", "expr": dashboards.filled(expression)}
            for number, expression in enumerate(expressions)]}]}, path)
        return rules.promtool("check", "rules", path)


def published(folder):
    """What the program says to the dashboards in a folder, together with the shipped rules."""
    return run("check", f"--config.file={DEMO}", f"--rules={folder}/*.json",
               f"--rules={rules.RULES_DIR}/*.rules.yml", env=ENV)


def faults(dashboard):
    """Everything that any check says about one dashboard."""
    said = dashboards_lint.complaints(dashboard)
    code, text = parse([expression for _, expression in dashboards.queries_of(dashboard)])
    if code != 0:
        return [*said, text]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "one.json").write_text(json.dumps(dashboard), encoding="utf-8")
        checked = published(folder)
        return [*said, *([checked.stderr] if checked.returncode else [])]


class DashboardsTest(unittest.TestCase):
    def test_they_are_what_their_sources_make(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, SOURCE_DIR / "grafana/source/generate.py", folder], check=True, timeout=60)
            made = {path.name: path.read_text(encoding="utf-8") for path in Path(folder).iterdir()}
        shipped = {path.name: path.read_text(encoding="utf-8") for path in dashboards.dashboard_files()}
        self.assertEqual(made.keys(), shipped.keys())
        for name, text in made.items():
            self.assertTrue(text == shipped[name], f"{name} is old: run grafana/source/generate.py")

    def test_they_follow_the_house(self):
        self.assertEqual({dashboards.load(path)["uid"] for path in dashboards.dashboard_files()}, UIDS)
        for path in dashboards.dashboard_files():
            self.assertEqual(dashboards_lint.complaints(dashboards.load(path)), [], path.name)
            self.assertEqual(path.stem, dashboards.load(path)["uid"])

    def test_every_query_is_promql_about_series_that_exist(self):
        queries = [expression for path in dashboards.dashboard_files()
                   for _, expression in dashboards.queries_of(dashboards.load(path))]
        self.assertGreater(len(queries), 100)
        self.assertEqual(parse(queries)[0], 0, parse(queries)[1])
        checked = published(dashboards.DASHBOARDS_DIR)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))

    def test_variables_ask_for_series_that_exist(self):
        asked = {one["definition"] for path in dashboards.dashboard_files()
                 for one in dashboards.load(path)["templating"]["list"] if one["type"] == "query"}
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "variables.json").write_text(json.dumps([
                {"expr": re.fullmatch(r"label_values\((.+), \w+\)", text)[1]} for text in asked]), encoding="utf-8")
            checked = published(folder)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))

    def test_no_query_names_a_feature(self):
        for path in dashboards.dashboard_files():
            for where, expression in dashboards.queries_of(dashboards.load(path)):
                chosen = re.findall(r'\b(?:feature|combination|target|dimension|value|category|resource)[=!~]+"([^"]*)"',
                                    expression)
                self.assertEqual([value for value in chosen if not value.startswith("$")], [], where)

    def test_alerts_link_to_dashboards_and_variables_that_exist(self):
        shipped = {path.stem: {one["name"] for one in dashboards.load(path)["templating"]["list"]}
                   for path in dashboards.dashboard_files()}
        for path in rules.rule_files():
            for rule in rules.rules_of(rules.load(path)):
                if "alert" in rule:
                    uid, _, query = rule["annotations"]["dashboard_url"].removeprefix("/d/").partition("?")
                    self.assertIn(uid, shipped, rule["alert"])
                    self.assertEqual(set(re.findall(r"var-(\w+)=", query)) - shipped[uid], set(), rule["alert"])

    def test_the_alerts_that_link_to_the_health_dashboard_are_listed_there(self):
        health = dashboards.load(dashboards.DASHBOARDS_DIR / "usage-health.json")
        listed = [re.search(r'ALERTS\{[^}]*alertname=~"([^"]+)"', expression)
                  for _, expression in dashboards.queries_of(health) if "ALERTS{" in expression]
        self.assertEqual(len(listed), 1)
        linked = {rule["alert"]: rule["annotations"]["dashboard_url"].partition("?")[0] == "/d/usage-health"
                  for path in rules.rule_files() for rule in rules.rules_of(rules.load(path)) if "alert" in rule}
        self.assertEqual({name: re.fullmatch(listed[0][1], name) is not None for name in linked}, linked)

    def test_links_lead_to_headings_that_exist(self):
        text = (SOURCE_DIR / "docs/METRICS.md").read_text(encoding="utf-8")
        headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^## (.+)$", text, re.MULTILINE)}
        for path in dashboards.dashboard_files():
            linked = set(re.findall(r"docs/(\w+\.md)#?([\w-]*)", path.read_text(encoding="utf-8")))
            for page, anchor in linked:
                self.assertTrue((SOURCE_DIR / "docs" / page).exists(), page)
                known = headings if page == "METRICS.md" else set(rules_lint.runbook_sections())
                self.assertIn(anchor, known | {""}, path.name)


def of(dashboard, title):
    return next(panel for panel in dashboard["panels"] if panel["title"] == title)


def change(title, edit):
    def planted(dashboard):
        edit(of(dashboard, title))
    return planted


def query(old, new, title="Adoption over time"):
    def edit(panel):
        target = panel["targets"][0]
        assert old in target["expr"], target["expr"]
        target["expr"] = target["expr"].replace(old, new)
    return change(title, edit)


def default(title, **changed):
    return change(title, lambda panel: panel["fieldConfig"]["defaults"].update(changed))


WEEKS, SENTENCES = "Now and seven days earlier", "${window:text}, in a sentence each"
STEPS = {"mode": "absolute", "steps": [{"color": "red", "value": None}, {"color": "green", "value": 50}]}
FAULTS = {
    "wrong unit": default("Adoption over time", unit="s"),
    "unknown unit": default("Adoption", unit="percentt"),
    "wrong unit of a column": change(WEEKS, lambda panel: panel["fieldConfig"]["overrides"][2]["properties"][0].update(
        value="percant")),
    "threshold in percent": default("Fewer tickets since launch", thresholds=STEPS),
    "thresholds fall": default("Adoption", thresholds={"mode": "absolute", "steps": [
        {"color": "red", "value": None}, {"color": "blue", "value": 0.5}, {"color": "green", "value": 0.2}]}),
    "unknown color": default("Adoption", thresholds={"mode": "absolute", "steps": [{"color": "gren", "value": None}]}),
    "unknown reducer": change("Time saved", lambda panel: panel["options"]["reduceOptions"].update(calcs=["lastt"])),
    "unknown transformation": change(WEEKS, lambda panel: panel["transformations"][0].update(id="mergee")),
    "unknown reducer of rows": change(SENTENCES, lambda panel: panel["transformations"][0]["options"].update(
        reducers=["lastt"])),
    "series that are not made rows of": change(SENTENCES, lambda panel: panel["transformations"].pop(0)),
    "a sentence's number beside it": change(SENTENCES, lambda panel: panel["transformations"][1]["options"].update(
        excludeByName={})),
    "a column that is not there": change(WEEKS, lambda panel: panel["transformations"][1]["options"][
        "renameByName"].update({"Value #Z": "Nothing"})),
    "a column without a name": change(WEEKS, lambda panel: panel["transformations"][1]["options"][
        "renameByName"].pop("Value #B")),
    "sorted by nothing": change(WEEKS, lambda panel: panel["options"]["sortBy"][0].update(displayName="Usess")),
    "override that matches nothing": change("People", lambda panel: panel["fieldConfig"]["overrides"][0][
        "matcher"].update(options="active in the produkt")),
    "unknown property": change("People", lambda panel: panel["fieldConfig"]["overrides"][0]["properties"][1].update(
        id="custom.lineStile")),
    "misspelt metric": query("usage_adoption_ratio", "usage_adoptoin_ratio"),
    "misspelt rule": lambda dashboard: dashboard["annotations"]["list"][0]["target"].update(
        expr="max(usage_launch_timestamp_seconds{job=~\"$job\",instance=~\"$instance\"} * target:nothing:ratio"
             "{job=~\"$job\",instance=~\"$instance\"}) * 1000"),
    "unknown variable": query("$window", "$windw"),
    "PromQL": query("max by", "max bye"),
    "bracket": query("max by (feature) (", "max by (feature) (("),
    "any job": query('job=~"$job",', ""),
    "no selector": query('{job=~"$job",instance=~"$instance",feature=~"$feature",window="$window"}', ""),
    "counter as it is": query("usage_adoption_ratio{", "usage_uses_total{"),
    "window of its own": query('usage_adoption_ratio{job=~"$job",instance=~"$instance",feature=~"$feature",'
                               'window="$window"}',
                               'rate(usage_uses_total{job=~"$job",instance=~"$instance"}[5m])'),
    "long window": change("Uses per day", lambda panel: panel["targets"][0].update(
        expr='max by (feature) (max_over_time(usage_uses{job=~"$job",instance=~"$instance"}[30d]))')),
    "division by zero": query("max by (feature) (", "1 / max by (feature) ("),
    "overlap": change("Adoption over time", lambda panel: panel["gridPos"].update(x=5)),
    "out of the grid": change("Adoption over time", lambda panel: panel["gridPos"].update(w=16)),
    "unknown panel": change("Adoption", lambda panel: panel.update(type="graph")),
    "no description": change("Adoption", lambda panel: panel.update(description="Adoption.")),
    "no title": change("Adoption", lambda panel: panel.update(title="")),
    "no text without data": default("Adoption", noValue="No data"),
    "no target": change("Adoption", lambda panel: panel.update(targets=[])),
    "bars that do not start at zero": change("Uses per day", lambda panel: panel["fieldConfig"]["defaults"].pop("min")),
    "a data source of its own": change("Adoption", lambda panel: panel.update(
        datasource={"type": "prometheus", "uid": "abc"})),
    "instant over time": change("Adoption over time", lambda panel: panel["targets"][0].update(instant=True)),
    "same id": change("Adoption", lambda panel: panel.update(id=200)),
    "identity of a database": lambda dashboard: dashboard.update(id=7),
    "old schema": lambda dashboard: dashboard.update(schemaVersion=39),
    "editable": lambda dashboard: dashboard.update(editable=True),
    "new format": lambda dashboard: dashboard.update(elements={}),
    "no launches": lambda dashboard: dashboard["annotations"]["list"].pop(0),
    "launch in seconds": lambda dashboard: dashboard["annotations"]["list"][0]["target"].update(
        expr='max by (feature) (usage_launch_timestamp_seconds{job=~"$job",instance=~"$instance"})'),
    "no links": lambda dashboard: dashboard["links"].pop(0),
    "unused variable": lambda dashboard: dashboard["templating"]["list"].append(
        {"type": "custom", "name": "spare", "query": "1"}),
    "one job": lambda dashboard: dashboard["templating"]["list"][1].update(multi=False),
    "variables that stay": lambda dashboard: dashboard["templating"]["list"][3].update(refresh=0),
}


class FaultsTest(unittest.TestCase):
    def test_every_fault_is_noticed(self):
        good = dashboards.load(dashboards.DASHBOARDS_DIR / "usage-adoption.json")
        self.assertEqual(faults(good), [])
        for name, plant in FAULTS.items():
            dashboard = copy.deepcopy(good)
            plant(dashboard)
            self.assertNotEqual(dashboard, good, name)
            with self.subTest(name):
                self.assertNotEqual(faults(dashboard), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
