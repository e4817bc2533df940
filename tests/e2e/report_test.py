#!/usr/bin/python3
"""The weekly report of the demo: every number of several weeks equals SQL over the tables, and the
three formats say the same."""
import base64
import datetime
import functools
import hashlib
import html.parser
import json
import os
import re
import tempfile
import unittest
from pathlib import Path

import demo_sql
from exporter import Exporter, parse_metrics, run, wait_until
from report_sql import WEEK, ReportSql, iso

GUIDE_KEYS = {
    "export_metrics": ["total_exports", "unique_users", "most_popular_format", "most_exported_report"],
    "share_metrics": ["total_shares", "unique_sharers", "average_ttl", "total_accesses"],
    "business_impact": ["estimated_time_saved_hours", "collaboration_score", "user_satisfaction"],
}


class Tables(html.parser.HTMLParser):
    """The texts of a page's cells, by row; what one leaves open, or closes too often."""
    VOID = {"meta", "link", "rect", "line", "wbr"}

    def __init__(self, page):
        super().__init__()
        self.rows, self.open, self.tags, self.charts = [], [], [], []
        self.feed(page)
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag == "small":
            self.rows[-1][-1] += " "

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data
        if self.open[-1:] == ["title"] and "svg" in self.open:
            self.charts.append(data)


def this_monday():
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    return datetime.datetime.combine(now.date() - now.weekday() * datetime.timedelta(days=1), datetime.time())


def within_a_week(test):
    """Gives the test the Monday of this week, and repeats it when the week ended meanwhile."""
    @functools.wraps(test)
    def repeated(self):
        monday = this_monday()
        try:
            test(self, monday)
        except AssertionError:
            if this_monday() == monday:
                raise
            test(self, this_monday())
    return repeated


class DemoReport(unittest.TestCase):
    """A demo and its reports."""
    LAUNCH = demo_sql.LAUNCH

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        # Everything is shown: what privacy hides is tested elsewhere.
        cls.config = demo_sql.write_config(folder.name, "\nprivacy: {k_anonymity: 1}\n")
        cls.demo = demo_sql.DemoSql(folder.name, cls.LAUNCH)
        cls.addClassCleanup(cls.demo.close)
        begin = cls.demo.begin
        cls.launch_week = begin - begin.weekday() * datetime.timedelta(days=1)

    def call(self, *flags, config=None):
        return run("report", f"--config.file={config or self.config}", *flags,
                   env={**os.environ, "USAGE_DSN": self.demo.dsn, "USAGE_DEMO_LAUNCH": self.demo.launch})

    def report(self, monday, form="json"):
        made = self.call(f"--week={iso(monday)}", f"--format={form}")
        self.assertEqual((made.returncode, made.stderr), (0, ""))
        return json.loads(made.stdout) if form == "json" else made.stdout


class ReportTest(DemoReport):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sql = ReportSql(cls.demo)

    def weeks(self):
        """Mondays: before the launch, the week of the launch, the first full one, later ones."""
        return [self.launch_week + weeks * WEEK for weeks in (-2, 0, 1, 5, 7, 10)]

    def test_every_number_equals_sql(self):
        seen = {}
        for monday in self.weeks():
            for key, compared in self.sql.compare(self, self.report(monday), monday).items():
                seen[key] = seen.get(key, False) or compared
        # Each number was met with all that it is compared with, but for what a feature does not have.
        never = {key for key, met in seen.items() if not met}
        self.assertEqual(never, {("features", "export", figure) for figure in (
            "artifacts", "accesses", "external_viewers", "external_viewers_change", "access_ratio", "ttl_hours",
            "without_expiry")} | {("features", "share", "failure_ratio")})

    def test_breakdowns_and_weekly_uses_equal_sql(self):
        for monday in self.weeks()[1:]:
            report = self.report(monday)
            export = report["features"]["export"]
            self.demo.ask_as_of(monday + WEEK)
            for dimension, statement in (("format", "formats"), ("report_type", "report_types")):
                wanted = {labels[0][1]: uses for labels, uses in self.demo.ask(self.sql.statements[statement]).items()}
                found = {value: numbers["value"] for value, numbers in export["dimensions"][dimension].items()}
                self.assertEqual({value: uses for value, uses in found.items() if uses}, wanted)
                first = sorted((-uses, value) for value, uses in wanted.items())
                self.assertEqual(export["most_used"][dimension], first[0][1] if first else None)
            by_viewer = {dict(labels)["viewer"]: count
                         for labels, count in self.demo.wanted("usage_artifact_accesses").items()
                         if dict(labels)["window"] == "last_week"}
            shown = report["features"]["share"]["accesses_by_viewer"]
            self.assertEqual({viewer: numbers["value"] for viewer, numbers in shown.items()}, by_viewer)
            for ago in range(8):
                begin = monday - ago * WEEK
                self.demo.ask_as_of(begin + WEEK)
                uses = {dict(labels)["feature"]: value for labels, value in self.demo.ask(self.sql.statements["uses"]).items()}
                for feature in ("export", "share"):
                    known = begin + WEEK > self.demo.begin
                    self.assertEqual(report["features"][feature]["weekly_uses"][iso(begin)],
                                     uses[feature] if known else None)

    def test_the_keys_of_the_guide(self):
        for monday in self.weeks():
            report = self.report(monday)
            self.assertEqual({group: list(report[group]) for group in GUIDE_KEYS}, GUIDE_KEYS)
            self.assertEqual(report["week_ending"], f"{monday + 6 * datetime.timedelta(days=1):%Y-%m-%d}")
            export, share = report["features"]["export"], report["features"]["share"]
            self.assertEqual(list(report["export_metrics"].values()), [
                export["uses"]["value"], export["users"]["value"],
                export["most_used"]["format"], export["most_used"]["report_type"]])
            self.assertEqual(list(report["share_metrics"].values()), [
                share[figure]["value"] for figure in ("uses", "users", "ttl_hours", "accesses")])
            self.assertEqual(list(report["business_impact"].values()), [
                report["product"]["time_saved_hours"]["value"], share["external_viewers_change"]["value"],
                report["combinations"]["export_or_share"]["rating"]["value"]])

    def test_targets_are_as_on_the_page(self):
        verdicts = set()
        for monday in self.weeks():
            end = monday + WEEK
            once = run("once", f"--config.file={self.config}", "--collector=usage", f"--at={end:%Y-%m-%dT%H:%M:%SZ}",
                       env={**os.environ, "USAGE_DSN": self.demo.dsn, "USAGE_DEMO_LAUNCH": self.demo.launch})
            page = {(name, dict(labels)["target"]): value for (name, labels), value in
                    parse_metrics(once.stdout).items() if name.startswith("usage_target_")}
            targets = self.report(monday)["targets"]
            self.assertEqual(len(targets), 15)
            for target in targets:
                name = target["target"]
                self.assertEqual(target["measured"]["value"], page.get(("usage_target_value", name)), name)
                met = page.get(("usage_target_met", name))
                self.assertEqual(target["met"], None if met is None else bool(met), name)
                due = datetime.datetime.fromisoformat(target["due"].replace("Z", ""))
                self.assertEqual(target["verdict"], "cannot be told" if met is None else "met" if met else
                                 "missed" if end >= due else "not met yet", name)
                verdicts.add(target["verdict"])
        self.assertEqual(verdicts, {"met", "missed", "not met yet", "cannot be told"})

    def test_the_formats_say_the_same(self):
        for monday in self.weeks():
            report, text, page = (self.report(monday, form) for form in ("json", "md", "html"))
            tables = Tables(page)
            cells = [row for row in tables.rows if row]
            rows = [[re.sub(r"\\(.)", r"\1", cell.strip()) for cell in line.strip("|").split(" | ")]
                    for line in text.splitlines() if line.startswith("| ")]
            shown = {row[0].strip(): row[1:] for row in rows}
            for feature in report["features"].values():
                chart = " ".join(tables.charts)
                for week, uses in feature["weekly_uses"].items():
                    self.assertIn(f"{week}: {'not known' if uses is None else uses}", chart)
                self.assertEqual([cell.strip(" |") for cell in shown[feature["title"]]],
                                 ["–" if uses is None else str(uses) for uses in feature["weekly_uses"].values()])
                for figure, words in (("uses", "Uses"), ("users", "People"), ("adoption", "Active people who used it")):
                    numbers, name = feature[figure], f"{feature['title']} ({words})"
                    if numbers["value"] is None:
                        self.assertNotIn(name, shown)
                        continue
                    value = f"{100 * numbers['value']:.1f} %" if figure == "adoption" else f"{numbers['value']:.0f}"
                    self.assertEqual(shown[name][0], value)
                    self.assertTrue(any(row[0] == f"{feature['title']} {words}" and row[1] == value for row in cells), name)
            # Cell by cell, the page has what the Markdown has.
            flat = [" ".join(cell.replace("(", "").replace(")", "").split()) for row in rows
                    for cell in row[:4] if len(row) in (4, 5)]
            on_page = [" ".join(cell.replace("(", "").replace(")", "").split()) for row in cells for cell in row]
            verdicts = [target["verdict"] for target in report["targets"]]
            for cell in flat:
                self.assertTrue(cell in on_page or any(f"{cell} {verdict}" in found for verdict in verdicts
                                                       for found in on_page), cell)
            self.assertEqual(text.split("\n")[4].replace("\\", ""),
                             re.search(r'class="headline">(.*?)</p>', page)[1])

    def test_the_page_is_well_made(self):
        page = self.report(self.launch_week + 10 * WEEK, "html")
        tables = Tables(page)
        tags = [tag for tag, _ in tables.tags]
        for landmark in ("header", "main", "footer", "h1", "title"):
            self.assertIn(landmark, tags)
        self.assertEqual(dict(tables.tags)["html"], {"lang": "en"})
        self.assertTrue(all(attributes.get("scope") in ("row", "col") for tag, attributes in tables.tags if tag == "th"))
        identities = [attributes["id"] for _, attributes in tables.tags if "id" in attributes]
        self.assertEqual(len(identities), len(set(identities)))
        for _, attributes in tables.tags:
            self.assertIn(attributes.get("aria-labelledby", identities[0]), identities)
        self.assertEqual(len([1 for tag, attributes in tables.tags if tag == "svg" and attributes["role"] == "img"]), 2)
        for outside in ("script", "iframe", "img"):
            self.assertNotIn(outside, tags)
        self.assertNotRegex(page, r"https?:|url\(|@import| on\w+=| style=")

    def test_before_the_launch_nothing_is_zero(self):
        report = self.report(self.launch_week - 2 * WEEK)
        for name, feature in report["features"].items():
            for figure, numbers in feature.items():
                if isinstance(numbers, dict) and "value" in numbers:
                    self.assertEqual(set(numbers.values()), {None}, (name, figure))
        self.assertIn("No feature had been launched", self.report(self.launch_week - 2 * WEEK, "md"))

    def test_what_is_no_week(self):
        for text in ("2026-W54", "2025-W53", "47", "last"):
            wrong = self.call(f"--week={text}")
            self.assertEqual((wrong.returncode, wrong.stdout), (2, ""))
            self.assertIn(f'--week: "{text}" is no week of ISO 8601 such as 2026-W47\n', wrong.stderr)
        self.assertEqual(self.call("--format=pdf").returncode, 2)

    def test_the_week_is_of_the_configs_zone(self):
        text = self.config.read_text(encoding="utf-8")
        for zone, offset in (("Asia/Kolkata", 5.5), ("America/Phoenix", -7)):
            config = self.config.with_name("zone.yml")
            config.write_text(text.replace("timezone: UTC", f"timezone: {zone}"), encoding="utf-8")
            monday = self.launch_week + 3 * WEEK
            report = json.loads(self.call(f"--week={iso(monday)}", "--format=json", config=config).stdout)
            ends = [monday - datetime.timedelta(hours=offset) + at for at in (0 * WEEK, WEEK)]
            bucket = datetime.timedelta(minutes=15 if offset % 1 else 60)
            for key, end in zip(("from", "to"), ends):
                self.assertEqual(report[key], f"{end:%Y-%m-%dT%H:%M:%SZ}", (zone, bucket))
            uses = self.demo.one("SELECT count(*) FROM counted_uses WHERE feature = 'export' AND "
                                 f"t >= '{ends[0]}' AND t < '{ends[1]}'")
            self.assertEqual(report["features"]["export"]["uses"]["value"], uses)

    def test_files_that_cannot_be(self):
        wrong = run("serve", f"--config.file={self.config}", "--report.format=pdf")
        self.assertEqual((wrong.returncode, wrong.stdout), (2, ""))
        self.assertIn("--report.format", wrong.stderr)
        refused = run("serve", f"--config.file={self.config}", "--report.folder=/dev/null/x",
                      env={**os.environ, "USAGE_DSN": self.demo.dsn, "USAGE_DEMO_LAUNCH": self.demo.launch})
        self.assertEqual((refused.returncode, refused.stdout), (1, ""))
        self.assertEqual(refused.stderr, "cannot write reports into --report.folder=/dev/null/x: Not a directory\n")

    def test_without_features_there_is_none(self):
        with Exporter("sources: {app: {dsn: 'sqlite::memory:'}}\ncollectors: {one: {source: app, query: SELECT 1 AS n, "
                      "metrics: {app_n: {help: One., value: n}}}}") as exporter:
            self.assertEqual(exporter.get("/report").status, 404)
            self.assertNotIn("/report", exporter.get("/").text)

    def test_a_source_that_fails_gives_no_report(self):
        failed = run("report", f"--config.file={self.config}",
                     env={**os.environ, "USAGE_DSN": "sqlite:/nonexistent/x.db", "USAGE_DEMO_LAUNCH": self.demo.launch})
        self.assertEqual((failed.returncode, failed.stdout), (1, ""))
        self.assertIn("/nonexistent/x.db", failed.stderr)


class ReportOfNowTest(DemoReport):
    """What depends on the present, with a demo that was launched 75 days ago."""
    LAUNCH = None

    @within_a_week
    def test_weeks_that_are_not_over(self, this_week):
        last = this_week - WEEK
        self.assertEqual(json.loads(self.call("--format=json").stdout)["week"], iso(last))
        for monday in (this_week, this_week + 60 * WEEK):
            refused = self.call(f"--week={iso(monday)}")
            self.assertEqual((refused.returncode, refused.stdout), (1, ""))
            self.assertEqual(refused.stderr,
                             f"cannot report on --week={iso(monday)}: it ends on {monday + WEEK:%Y-%m-%dT%H:%M:%SZ}, "
                             f"midnight in UTC; the last complete week is {iso(last)}\n")

    @within_a_week
    def test_the_server_has_the_same_report(self, this_week):
        env = {"USAGE_DSN": self.demo.dsn, "USAGE_DEMO_LAUNCH": self.demo.launch}
        last, early = this_week - WEEK, self.launch_week + 2 * WEEK
        written = Path(self.enterContext(tempfile.TemporaryDirectory())) / "reports"
        flags = f"--report.folder={written}", "--report.format=md", "--report.format=json"
        with Exporter(self.config.read_text(encoding="utf-8"), *flags, env=env) as exporter:
            wait_until(lambda: exporter.get("/report").status == 200, "the tables to be read")
            forms = {f"report-{iso(last)}.{form}": form for form in ("md", "json")}
            wait_until(lambda: {path.name for path in written.glob("*")} == forms.keys(), "the files")
            self.assertEqual({path.name: path.read_text(encoding="utf-8") for path in written.iterdir()},
                             {name: self.call(f"--format={form}").stdout for name, form in forms.items()})
            self.assertIn('href="/report"', exporter.get("/").text)
            self.assertEqual(exporter.get("/report").text, self.report(last, "html"))
            for form in ("html", "md", "json"):
                page = exporter.get(f"/report/{iso(early)}?format={form}")
                self.assertEqual((page.status, page.text), (200, self.call(f"--week={iso(early)}", f"--format={form}").stdout))
            page = exporter.get("/report")
            style = re.search(r"<style>(.*?)</style>", page.text, re.DOTALL)[1]
            sha256 = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
            self.assertIn(f"default-src 'none'; style-src 'sha256-{sha256}';", page.headers["Content-Security-Policy"])
            for path in (f"/report/{iso(this_week)}", "/report/2019-W01", "/report/x", "/report/", "/report?format=pdf"):
                self.assertEqual(exporter.get(path).status, 404, path)
            self.assertIn(f"the last complete week is {iso(last)}", exporter.get(f"/report/{iso(this_week)}").text)


if __name__ == "__main__":
    unittest.main()
