#!/usr/bin/python3
"""docs/GUIDE.md against the guide, the demo's page, its targets and the rules."""

import os
import re
import tempfile
import unittest
from pathlib import Path

import rules
from demo_sql import LAUNCH, fill, write_config
from exporter import SOURCE_DIR, parse_labels, parse_metrics, run

GUIDE = SOURCE_DIR / "tests/support/guide.txt"
TABLE = SOURCE_DIR / "docs/GUIDE.md"
CONFIG = SOURCE_DIR / "config/demo.yml"
DAY_75 = "2025-11-26T00:00:00Z"
NONE = "–"
ITEMS = [re.compile(pattern) for pattern in (
    r"- (?P<text>.+)",                       # a benefit, a number of the dashboard, an expectation
    r".* as (?P<key>[a-z_]+),?",             # a column of a query
    r"WHERE .*(?P<text>INTERVAL .*)\)",
    r"analytics\.track\('(?P<text>.+)', \{",
    r"(?://|#) (?P<text>(?:Track|Log) export .+)",
    r'"?(?P<key>[a-z_]+)"?: [^{]+,?',        # a property of an event, of a log line, of the report
)]


def items():
    """{what: whether it is a key} of the guide's lines that ask for something."""
    found = {}
    for line in GUIDE.read_text(encoding="utf-8").splitlines():
        for pattern in ITEMS:
            match = pattern.fullmatch(line.strip())
            if match:
                is_key = "key" in pattern.groupindex
                found[match["key"] if is_key else match["text"].replace("**", "")] = is_key
                break
    return found


def rows(text):
    """The cells of every row of the tables but their heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines
            if not line.startswith(("|---", "| the guide |"))]


def codes(cell):
    return re.findall(r"`([^`]+)`", cell)


def uncovered(items_, cells):
    """Items that no first cell names, and what first cells name that is no item."""
    keys = {code for cell in cells for code in codes(cell)}
    quotes = {quote for cell in cells for quote in re.findall(r'"([^"]+)"', cell)}
    missing = {item for item, is_key in items_.items()
               if (item not in keys if is_key else not any(quote in item for quote in quotes))}
    foreign = (keys - set(items_)) | {
        quote for quote in quotes if not any(quote in item for item in items_)}
    return missing, foreign


def of_name(selector):
    """(name, labels) of a metric with or without labels in braces."""
    name, _, labels = selector.removesuffix("}").partition("{")
    return name, set(parse_labels(labels))


class GuideTableTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = rows(TABLE.read_text(encoding="utf-8"))
        cls.selectors = {code for _, series, _, _ in cls.rows for code in codes(series)}

    def test_every_line_of_the_guide_has_its_row_and_no_row_is_about_another(self):
        self.assertEqual(uncovered(items(), [row[0] for row in self.rows]), (set(), set()))

    def test_what_the_guide_asks_for_is_found(self):
        found = items()
        self.assertGreater(len(found), 60)
        for text in ("Export Used", "Track export start", "Log export failure"):
            self.assertIs(found[text], False)
        for key in ("total_exports", "channels_shared", "session_id", "error", "week_ending",
                    "collaboration_score"):
            self.assertIs(found[key], True)

    def test_a_missing_row_is_noticed(self):
        asked = {"total_exports": True, "80+ exports per week": False}
        self.assertEqual(uncovered(asked, ["`total_exports`", '"80+ exports"']), (set(), set()))
        self.assertEqual(uncovered(asked, ["`total_exports`, `exports`"]),
                         ({"80+ exports per week"}, {"exports"}))

    def test_a_row_without_a_series_says_why(self):
        for row in self.rows:
            self.assertEqual(len(row), 4, row)
            line, series, _, note = row
            self.assertTrue(codes(series) or (series == NONE and len(note) > 20), line)

    def test_the_exporter_describes_every_series(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "guide.yml"
            rules.dump({"groups": [{"name": "guide", "rules": [
                {"record": f"guide:{number}", "expr": selector}
                for number, selector in enumerate(sorted(self.selectors))]}]}, path)
            code, said = rules.promtool("check", "rules", path)
            self.assertEqual(code, 0, said)
            checked = run("check", f"--config.file={CONFIG}", f"--rules={path}",
                          env=os.environ | {"USAGE_DSN": "sqlite:none.db", "USAGE_DEMO_LAUNCH": LAUNCH})
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))

    def test_the_demo_has_every_series(self):
        with tempfile.TemporaryDirectory() as folder:
            dsn = f"sqlite:{folder}/demo.db"
            fill(dsn)
            once = run("once", f"--config.file={write_config(folder)}", "--collector=usage", f"--at={DAY_75}", check=True,
                       env=os.environ | {"USAGE_DSN": dsn, "USAGE_DEMO_LAUNCH": LAUNCH})
        page = {(re.sub("_(bucket|sum|count)$", "", name), labels)
                for name, labels in parse_metrics(once.stdout)}
        for selector in sorted(self.selectors):
            name, wanted = of_name(selector)
            with self.subTest(selector):
                self.assertTrue(any(name == sample and wanted <= set(labels) for sample, labels in page))

    def test_targets_and_alerts_exist_and_no_target_is_left_out(self):
        alerts = {rule["alert"] for path in rules.rule_files()
                  for rule in rules.rules_of(rules.load(path)) if "alert" in rule}
        targets = set(rules.load(CONFIG)["targets"])
        named = {code for _, _, judged, _ in self.rows for code in codes(judged)}
        self.assertEqual(named - alerts - targets, set())
        self.assertEqual(targets - named, set())
        for _, _, judged, _ in self.rows:
            self.assertTrue(judged == NONE or codes(judged), judged)


if __name__ == "__main__":
    unittest.main(verbosity=2)
