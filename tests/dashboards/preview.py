"""What the dashboards show, on good, failing and empty data. Run by scripts/preview, which prepares what it needs.

Every panel's state and text is looked at here; whether it is pleasant to read, only a person can say: see the pictures.
"""

import copy
import json
import math
import os
import subprocess
import tempfile
import time
import unittest
import urllib.parse
from pathlib import Path

import yaml

import dashboards
from exporter import wait_until
from prometheus import Prometheus
from whole_picture import DEMO, WholePicture

PREVIEW = Path(os.environ["PREVIEW"])
DIST, PICTURES = PREVIEW / "dist", PREVIEW / "pictures"
DAY = 86400
# Of the light theme.
GREEN, RED, TEXT = "#56A64B", "#E02F44", "#24292e"
# Panels that are right to show nothing on good data.
SILENT = {"usage-targets": {"Alerts about targets"}, "usage-health": {"Alerts about the exporter", "Failed runs"},
          "usage-capacity": {"Alerts about capacity and features"},
          "usage-feature": {"Links opened", "Who opens them"}}


def with_second_source():
    """The demo's config with one thing more that a dashboard shows: a second source, which sees the exports of two
    formats alone and is what the exports are checked against."""
    config = yaml.safe_load(DEMO.read_text(encoding="utf-8"))

    def of_app(part):
        if isinstance(part, dict) and "table" in part:
            part["source"] = "app"
        for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            of_app(inner)
    of_app(config)
    export = config["features"]["export"]
    config["sources"]["web"] = config["sources"]["app"]
    export["cross_check"] = [{"source": "web", "where": {"format": ["csv", "png"]},
                              **{key: export[key] for key in ("table", "time", "outcome")}}]
    return yaml.safe_dump(config, sort_keys=False)


def rounded(number, decimals=0):
    """As Grafana's toFixed() and PromQL's round() do: what comes of multiplying in binary is rounded, a half up."""
    factor = 10 ** decimals
    return f"{math.floor(number * factor + 0.5) / factor:.{decimals}f}"


def render(jobs):
    """The reports of jobs {name: (dashboard, parameters)}; the pictures go to PICTURES."""
    asked = []
    for name, (dashboard, parameters) in jobs.items():
        (DIST / f"{name}.json").write_text(json.dumps(dashboard), encoding="utf-8")
        asked.append({"out": str(PICTURES / name),
                      "query": urllib.parse.urlencode({"dashboard": f"/{name}.json", **parameters})})
    path = PREVIEW / "jobs.json"
    path.write_text(json.dumps(asked), encoding="utf-8")
    subprocess.run(["node", PREVIEW / "render.mjs", DIST, path], check=True, timeout=3600)
    return {name: json.loads((PICTURES / f"{name}.json").read_text(encoding="utf-8")) for name in jobs}


def shown(report, title):
    """The one panel of that title."""
    panel, = (panel for panel in report["panels"] if panel["title"] == title and panel["type"] != "row")
    return panel


def texts(report, title):
    """{name: text} of a panel."""
    return {value["title"]: value["text"] for value in shown(report, title)["values"]}


def complaints(report, silent=()):
    """What is wrong with a report whatever the numbers are."""
    said = [f"{key}: {report[key]}" for key in ("fatal", "console", "missing", "offsite") if report.get(key)]
    for panel in report.get("panels", []):
        wanted = "no data" if panel["title"] in silent else "ok"
        if panel["type"] != "row" and panel["state"] != wanted:
            said.append(f"{panel['title']}: {panel['state']}, not {wanted} {panel.get('error', '')}")
        said += [f"{panel['title']}: {problem}" for problem in panel.get("problems", []) + panel["illegible"]]
    return said


class PreviewTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        PICTURES.mkdir(exist_ok=True)
        cls.shipped = {path.stem: dashboards.load(path) for path in dashboards.dashboard_files()}
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="preview_"))
        cls.picture = cls.enterClassContext(WholePicture(
            Path(folder), age=75, steps=[(80, "3h"), (9, "1h")], config=with_second_source()))
        cls.prometheus = cls.picture.prometheus
        for rule in ("target:usage_target_value:projected", "target:usage_target_trusted:bool"):
            wait_until(lambda: cls.prometheus.query(rule), rule, 200)
        # A chart's last point is at the last full minute, and before it must lie scrapes enough for a rate.
        cls.now = math.ceil((time.time() + 60) / 60) * 60
        wait_until(lambda: time.time() >= cls.now, "the minute to end")
        # What has no past is only there for some minutes.
        days = {"usage-health": 1 / 96}
        jobs = {f"{uid}-{look}": (dashboard, cls.parameters(theme=theme, width=width, days=days.get(uid, 90)))
                for look, theme, width in (("light", "light", 1600), ("dark", "dark", 1200), ("phone", "light", 390))
                for uid, dashboard in cls.shipped.items()}
        jobs["usage-feature-share"] = (cls.shipped["usage-feature"],
                                       cls.parameters(theme="light", **{"var-feature": "share",
                                                                        "var-dimension": "ttl_hours"}))
        cls.reports = render(jobs)

    @classmethod
    def parameters(cls, prometheus=None, days=90, **more):
        prometheus = prometheus or cls.prometheus
        return {"prom": f"http://127.0.0.1:{prometheus.port}", "from": round(cls.now - days * DAY) * 1000,
                "to": cls.now * 1000, "scrape": "5s"} | more

    def of(self, uid):
        return self.reports[f"{uid}-light"]

    def value(self, expression, at=None):
        [(_, value)] = self.prometheus.query(expression, time=at or self.now)
        return value

    def test_1_every_panel_shows_something_and_nothing_is_passed_over(self):
        for uid in self.shipped:
            for look in ("light", "dark", "phone"):
                self.assertEqual(complaints(self.reports[f"{uid}-{look}"], SILENT.get(uid, ())), [], (uid, look))
        self.assertEqual(complaints(self.reports["usage-feature-share"], {
            "Failures by reason", "Failed attempts", "Duration"}), [])

    def test_1_launches_milestones_and_releases_are_marked(self):
        for uid in self.shipped.keys() - {"usage-health"}:
            marked = {event["title"]: event["time"] / 1000 for event in self.of(uid)["events"]}
            launch = self.value('usage_launch_timestamp_seconds{feature="export"}')
            self.assertEqual(marked["Launch of export"], launch, uid)
            self.assertEqual(marked["Release 1.0"], launch, uid)
            self.assertEqual(marked["Due: adoption_30d"], launch + 30 * DAY, uid)
            self.assertNotIn("Due: break_even", marked, uid)

    def test_1_weekly_adoption(self):
        report = self.of("usage-adoption")
        sentences = [row["Sentence"] for row in shown(report, "Last 7 days, in a sentence each")["values"]]
        active = self.value('usage_active_users{window="7d"}')
        rows = {row["Feature"]: row for row in shown(report, "Now and seven days earlier")["values"]}
        for feature, title in (("export", "Report export"), ("share", "Shared report links")):
            pick = f'{{feature="{feature}",window="7d"}}'
            now = self.value(f"usage_adoption_ratio{pick}")
            before = self.value(f"last_over_time(usage_adoption_ratio{pick}[1h])", self.now - 7 * DAY)
            users = self.value(f"usage_feature_users{pick}")
            self.assertIn(f"{rounded(100 * now)} % of the people active in the product used {title}: {users:.0f} of "
                          f"{active:.0f}; {rounded(100 * before)} % the week before", sentences)
            self.assertEqual(texts(report, "Adoption")[feature], f"{rounded(100 * now, 1)}%")
            self.assertEqual(rows[feature]["What it is"], title)
            self.assertEqual(rows[feature]["Users"], f"{users:.0f}")
            self.assertEqual(rows[feature]["a week earlier"], f"{rounded(100 * before, 1)}%")
            self.assertAlmostEqual(float(rows[feature]["Points"]), 100 * (now - before), delta=0.06)
            self.assertEqual(rows[feature]["Points color"], GREEN if now > before else RED if now < before else TEXT)
            hours = self.value(f"usage_time_saved_seconds{pick}") / 3600
            self.assertEqual(texts(report, "Time saved")[feature], f"{rounded(hours, 1)} h")
            score = self.value(f'usage_rating_score{{feature="{feature}"}}')
            self.assertEqual(texts(report, "Satisfaction")[feature], f"{rounded(score, 1)} of 10")
        both = self.value('usage_combination_users{combination="export_and_share",window="7d"}')
        self.assertIn(f" % used export_and_share: {both:.0f} people", sentences[2])
        self.assertEqual(texts(report, "Support tickets")["data_access"],
                         f"{self.value('usage_tickets{category=%r,window=%r}' % ('data_access', '7d')):.0f}")

    def test_1_targets(self):
        report = self.of("usage-targets")
        rows = {row["Target"]: row for row in shown(report, "Every target")["values"]}
        met = {labels["target"]: value for labels, value in self.prometheus.query("usage_target_met", time=self.now)}
        due = {labels["target"]: value for labels, value in self.prometheus.query(
            "usage_target_due_timestamp_seconds", time=self.now)}
        self.assertEqual(rows.keys(), met.keys())
        for target, row in rows.items():
            if met[target]:
                wanted = {"met"}
            else:
                wanted = {"missed"} if due[target] <= self.now else {"on the way", "behind pace"}
            self.assertIn(row["Verdict"], wanted, target)
            self.assertEqual(row["Verdict color"] == GREEN, row["Verdict"] == "met", target)
            self.assertEqual(row["Verdict color"] == RED, row["Verdict"] == "missed", target)
        for title, verdict in (("Met", "met"), ("On the way", "on the way"), ("Behind pace", "behind pace"),
                               ("Missed", "missed"), ("No value", "no value")):
            count = sum(row["Verdict"] == verdict for row in rows.values())
            self.assertEqual(shown(report, title)["values"][0]["text"], str(count), title)
        self.assertEqual(rows["adoption_30d"]["Promised"], "> 50 %")
        self.assertEqual(rows["exports_60d"]["Promised"], "> 100")
        tried = self.value('usage_target_value{target="adoption_30d"}')
        self.assertAlmostEqual(float(rows["adoption_30d"]["Value"].removesuffix(" %")), 100 * tried, delta=0.051)
        self.assertEqual(rows["adoption_30d"]["Heading for"], "–")
        self.assertNotEqual(rows["break_even"]["Heading for"], "–")
        self.assertEqual([row["Now"] for row in shown(report, "Phases")["values"] if row["Phase"] == "month_3"],
                         ["now", "now"])

    def test_1_feature(self):
        report = self.of("usage-feature")
        self.assertEqual(shown(report, "Users")["values"][0]["text"],
                         f"{self.value('usage_feature_users{feature=%r,window=%r}' % ('export', '7d')):.0f}")
        days = {int(value["title"]): int(value["text"]) for value in shown(report, "Days of use within 28")["values"]}
        self.assertEqual(list(days), sorted(days))
        self.assertEqual(days, {int(labels["days"]): value for labels, value in self.prometheus.query(
            'usage_l28_users{feature="export"} > 0', time=self.now)})

    def test_1_value_and_capacity(self):
        report = self.of("usage-value")
        paid = self.value("usage_payback_ratio")
        value, = shown(report, "Paid back")["values"]
        self.assertEqual((value["text"], value["color"]), (f"{rounded(100 * paid)}%", TEXT if paid < 1 else GREEN))
        breaks_even = time.strftime("%Y-%m-%d", time.gmtime(self.value("usage_break_even_timestamp_seconds")))
        self.assertEqual(shown(report, "Break-even")["values"][0]["text"], breaks_even)
        rows = {row["Resource"]: row for row in shown(self.of("usage-capacity"), "Resources")["values"]}
        full = self.value('usage_capacity_used{resource="exports_per_hour"} / usage_capacity_limit > 0')
        self.assertEqual(rows["exports_per_hour"]["Full"], f"{rounded(100 * full, 1)}%")
        self.assertEqual(rows["exports_per_hour"]["Full color"], GREEN)
        self.assertEqual((rows["exports_per_hour"]["Unit"], rows["export_storage"]["Unit"]), ("uses per hour", "bytes"))

    def test_1_health(self):
        report = self.of("usage-health")
        self.assertEqual([(value["text"], value["color"]) for value in shown(report, "Exporters")["values"]],
                         [("up", GREEN)])
        for title in ("Sources down", "Collectors failing"):
            self.assertEqual([(value["text"], value["color"]) for value in shown(report, title)["values"]],
                             [("0", GREEN)])
        covered = self.value("usage_tracking_coverage_ratio")
        self.assertTrue(0.1 < covered < 0.9, covered)
        self.assertEqual([(value["title"], value["text"], value["color"])
                          for value in shown(report, "Uses seen elsewhere")["values"]],
                         [("export: web", f"{rounded(100 * covered)}%", TEXT)])

    def test_2_every_fault_shows(self):
        good = self.shipped["usage-adoption"]
        jobs = {"fault-none": (good, self.parameters(theme="light"))}
        for faults, width in ((FAULTS, 1600), (FAULTS_ON_A_PHONE, 390)):
            for name, plant in faults.items():
                dashboard = copy.deepcopy(good)
                plant(dashboard)
                jobs[f"fault-{name}"] = (dashboard, self.parameters(theme="light", width=width))
        for name, report in render(jobs).items():
            with self.subTest(name):
                noticed = complaints(report) or (name.removeprefix("fault-") not in FAULTS_ON_A_PHONE
                                                 and self.readings(report) != self.readings(self.of("usage-adoption")))
                self.assertEqual(bool(noticed), name != "fault-none")

    @staticmethod
    def readings(report):
        return {panel["id"]: panel["values"] for panel in report["panels"]}

    def test_3_empty(self):
        with Prometheus({}) as nothing:
            reports = render({f"{uid}-empty": (dashboard, self.parameters(nothing, theme="light"))
                              for uid, dashboard in self.shipped.items()})
        for uid, dashboard in self.shipped.items():
            report = reports[f"{uid}-empty"]
            panels = {panel["id"]: panel for panel in dashboards.panels_of(dashboard)}
            self.assertEqual(complaints(report, {panel["title"] for panel in report["panels"]}), [], uid)
            for panel in report["panels"]:
                if panel["type"] != "row":
                    self.assertEqual(panel["values"], [{"text": panels[panel["id"]]["fieldConfig"]["defaults"]["noValue"]}])
            self.assertEqual(report["events"], [])

    def test_4_failing(self):
        self.picture.postgres.stop("immediate")
        wait_until(lambda: self.prometheus.query("sum(usage_exporter_collector_up) == 0"), "every collector to fail")
        wait_until(lambda: self.prometheus.query("usage_source_up == 0 and on () "
                                                 "sum(rate(usage_exporter_collector_errors_total[1m])) > 0"),
                   "the source to fail")
        # A chart's last point is at the last full minute.
        type(self).now = math.ceil(time.time() / 60) * 60
        wait_until(lambda: time.time() >= self.now, "the minute to end")
        days = {"usage-health": 1 / 96}
        reports = render({f"{uid}-failing": (dashboard, self.parameters(theme="light", days=days.get(uid, 90)))
                          for uid, dashboard in self.shipped.items()})
        # What is known of the past stays until it is stale; only what the exporter says of itself has changed.
        silent = SILENT | {"usage-health": {"Alerts about the exporter"}}
        for uid in self.shipped:
            self.assertEqual(complaints(reports[f"{uid}-failing"], silent.get(uid, ())), [], uid)
        for title in ("Met", "Missed"):
            self.assertEqual(shown(reports["usage-targets-failing"], title)["values"],
                             shown(self.of("usage-targets"), title)["values"], title)
        report = reports["usage-health-failing"]
        collectors = shown(report, "Collectors")["values"]
        self.assertEqual({(row["State"], row["State color"]) for row in collectors}, {("down", RED)})
        for title, count in (("Sources down", 2), ("Collectors failing", len(collectors))):
            self.assertEqual([(value["text"], value["color"]) for value in shown(report, title)["values"]],
                             [(str(count), RED)])
        self.assertEqual([(row["State"], row["State color"]) for row in shown(report, "Sources")["values"]],
                         [("down", RED)] * 2)


def of(dashboard, title):
    return next(panel for panel in dashboard["panels"] if panel["title"] == title)


def default(title, **changed):
    return lambda dashboard: of(dashboard, title)["fieldConfig"]["defaults"].update(changed)


def expression(title, old, new):
    def plant(dashboard):
        target = of(dashboard, title)["targets"][0]
        assert old in target["expr"], target["expr"]
        target["expr"] = target["expr"].replace(old, new)
    return plant


FEWER, WEEKS = "Fewer tickets since launch", "Now and seven days earlier"
SENTENCES = "${window:text}, in a sentence each"
FAULTS = {
    "promql": expression("Adoption", "max by", "max bye"),
    "metric": expression("Adoption", "usage_adoption_ratio", "usage_adoption_ration"),
    "variable": expression("Adoption", "$window", "$windw"),
    "window": expression("Adoption", '"$window"', '"1d"'),
    "unit": default("Time saved", unit="s"),
    "unknown-unit": default("Time saved", unit="hourss"),
    "threshold": default(FEWER, thresholds={"mode": "absolute", "steps": [
        {"color": "red", "value": None}, {"color": "green", "value": 25}]}),
    "reducer": lambda dashboard: of(dashboard, FEWER)["options"]["reduceOptions"].update(calcs=["lastt"]),
    "transformation": lambda dashboard: of(dashboard, WEEKS)["transformations"][0].update(id="mergee"),
    "override": lambda dashboard: of(dashboard, "People")["fieldConfig"]["overrides"][0]["matcher"].update(
        options="nobody"),
    "property": lambda dashboard: of(dashboard, "People")["fieldConfig"]["overrides"][0]["properties"][1].update(
        id="custom.lineStile"),
    "panel": lambda dashboard: of(dashboard, "Adoption").update(type="graph"),
    "legend": lambda dashboard: of(dashboard, "Adoption")["targets"][0].update(legendFormat="{{featur}}"),
    "column": lambda dashboard: of(dashboard, WEEKS)["transformations"][1]["options"]["renameByName"].pop("Value #C"),
}

def as_big_numbers(dashboard):
    """The sentences as the names of a stat panel, which lie on one another where they need two lines."""
    panel = of(dashboard, SENTENCES)
    panel.update(type="stat", transformations=[], options={
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "orientation": "horizontal",
        "textMode": "name", "colorMode": "value", "graphMode": "none", "text": {"titleSize": 22, "valueSize": 22}})
    panel["fieldConfig"]["defaults"].pop("custom")


def in_one_line(dashboard):
    for one in (custom := of(dashboard, SENTENCES)["fieldConfig"]["defaults"]["custom"]), custom["cellOptions"]:
        one.pop("wrapText")


# Good on a desk, where they are no faults.
FAULTS_ON_A_PHONE = {"big-numbers": as_big_numbers, "one-line": in_one_line}

if __name__ == "__main__":
    unittest.main(verbosity=2)
