"""The rule files of grafana/rules: valid, tested, every fault in them noticed; what belongs to them."""

import concurrent.futures
import copy
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import rules
import rules_lint
from alertmanager import SHIPPED, Alertmanager
from exporter import SOURCE_DIR, run, wait_until
from promql import COMPARISONS, in_selector, tokens, without_each_clause

TESTS = SOURCE_DIR / "tests/rules"
sys.path.insert(0, str(TESTS))
import mutate  # noqa: E402  (its folder is not on the path before)

HOUR = 3600


def shipped():
    return [rule for path in rules.rule_files() for rule in rules.rules_of(rules.load(path))]


class PromtoolTest(unittest.TestCase):
    def test_the_shipped_files_are_valid(self):
        code, said = rules.promtool("check", "rules", *rules.rule_files())
        self.assertEqual(code, 0, said)
        self.assertEqual(len(rules.rule_files()), 4)

    def test_the_tests_pass(self):
        files = sorted(TESTS.glob("*.test.yml"))
        self.assertGreater(len(files), 15)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = pool.map(lambda path: rules.promtool("test", "rules", path), files)
        self.assertEqual([said for code, said in results if code != 0], [])

    def test_every_alert_is_seen_with_all_that_it_says(self):
        said = "".join(path.read_text(encoding="utf-8") for path in TESTS.glob("*.test.yml"))
        for rule in shipped():
            if "alert" in rule:
                self.assertIn(f"        alertname: {rule['alert']}\n        exp_alerts:\n", said)


class MutantsTest(unittest.TestCase):
    """What the mutation run makes, so that its zero survivors mean something."""

    def test_of_one_expression(self):
        rule = {"alert": "A", "for": "1h", "labels": {"severity": "info"},
                "expr": 'a{x="1"} > 2 * b and on (i) c or d offset 2d == 0'}
        made = {(kind, mutant["expr"]) for kind, _, mutant in mutate.mutants(rule)
                if mutant["expr"] != rule["expr"]}
        self.assertEqual(made, {
            ("comparison", 'a{x="1"} <= 2 * b and on (i) c or d offset 2d == 0'),
            ("comparison", 'a{x="1"} > 2 * b and on (i) c or d offset 2d != 0'),
            ("matcher", 'a{x!="1"} > 2 * b and on (i) c or d offset 2d == 0'),
            ("factor", 'a{x="1"} > 2.5 * b and on (i) c or d offset 2d == 0'),
            ("factor", 'a{x="1"} > 1.6 * b and on (i) c or d offset 2d == 0'),
            ("factor", 'a{x="1"} > 2 * b and on (i) c or d offset 2d == 1'),
            ("arithmetic", 'a{x="1"} > 2 / b and on (i) c or d offset 2d == 0'),
            ("duration", 'a{x="1"} > 2 * b and on (i) c or d offset 345600s == 0'),
            ("duration", 'a{x="1"} > 2 * b and on (i) c or d offset 86400s == 0'),
            ("duration", 'a{x="1"} > 2 * b and on (i) c or d  == 0'),
            ("clause", 'a{x="1"} > 2 * b or d offset 2d == 0'),
            ("clause", " c or d offset 2d == 0"),
            ("clause", 'a{x="1"} > 2 * b and on (i) c '),
            ("clause", " d offset 2d == 0")})
        self.assertEqual({kind for kind, _, mutant in mutate.mutants(rule)
                          if mutant["expr"] == rule["expr"]}, {"for", "label"})

    def test_a_clause_ends_with_its_bracket(self):
        dropped = [text for text, _ in without_each_clause("(a and (b or c) unless d) * e")]
        self.assertEqual(dropped, ["and (b or c)", "a and", "or c", "b or", "unless d"])

    def test_what_is_left_stays_apart(self):
        left = [text for _, text in without_each_clause("a or\nb and\nc")]
        self.assertEqual(left, ["a ", "\nb and\nc", "a or\nb ", "a or\nc"])

    def test_a_survivor_is_reported(self):
        with tempfile.TemporaryDirectory() as folder:
            rule = {"record": "target:untested:ratio", "expr": "up > 0"}
            path = Path(folder) / "target_records.test.yml"
            path.write_text("rule_files: []\ntests:\n- promql_expr_test:\n  - "
                            "{expr: 'target:untested:ratio', eval_time: 1m, exp_samples: []}\n",
                            encoding="utf-8")
            folder_of_tests, mutate.TESTS = mutate.TESTS, Path(folder)
            try:
                bench = mutate.Bench(rule, {}, folder)
                self.assertIsNone(bench.try_shipped())
                self.assertFalse(bench.catches(dict(rule, expr="up <= 0")))
                self.assertTrue(bench.catches(dict(rule, expr="vector(1)")))
            finally:
                mutate.TESTS = folder_of_tests

    def test_every_operator_and_clause_has_its_mutant(self):
        for rule in shipped():
            found = tokens(rule["expr"])
            comparisons = sum(text in COMPARISONS and not braces
                              for (_, text), braces in zip(found, in_selector(found)))
            clauses = sum(text in ("and", "or", "unless") for _, text in found)
            made = [kind for kind, _, _ in mutate.mutants(rule)]
            self.assertEqual(made.count("comparison"), comparisons, rules.name_of(rule))
            self.assertGreaterEqual(made.count("clause"), clauses, rules.name_of(rule))
            self.assertEqual(made.count("for"), "alert" in rule, rules.name_of(rule))
            self.assertEqual(made.count("keep_firing_for"), "alert" in rule, rules.name_of(rule))


class LintTest(unittest.TestCase):
    def test_the_shipped_files_follow_the_house(self):
        for path in rules.rule_files():
            self.assertEqual(rules_lint.complaints(rules.load(path)), [], path.name)

    def test_names_come_once(self):
        names = [rules.name_of(rule) for rule in shipped()]
        self.assertEqual(len(names), len(set(names)))

    def test_every_fault_has_its_complaint(self):
        good = rules.load(rules.RULES_DIR / "targets.rules.yml")
        place = next(index for index, rule in enumerate(good["groups"][1]["rules"])
                     if rule["alert"] == "UsageTargetNoData")
        annotations = good["groups"][1]["rules"][place]["annotations"]
        for fault in (
                {"alert": "usage_target"}, {"alert": "A" * 41}, {"alert": "UsageUnknown"},
                {"labels": {"severity": "page"}}, {"labels": {}},
                {"labels": {"severity": "info", "now": "{{ $value }}"}},
                {"annotations": {**annotations, "summary": "Target {{ $labels.target }} is gone."}},
                {"annotations": {**annotations, "summary": "no capital."}},
                {"annotations": {**annotations, "summary": "No full stop"}},
                {"annotations": {**annotations, "description": "Something is gone."}},
                {"annotations": {**annotations, "runbook_url": rules_lint.RUNBOOK_URL + "other"}},
                {"annotations": {**annotations, "dashboard_url": "/d/other"}},
                {"for": "15s"}, {"for": "0s"}, {"keep_firing_for": None}, {"expr": "usage_target_info"},
                {"expr": "max_over_time(usage_target_value[8d]) > 1"}):
            document = copy.deepcopy(good)
            rule = document["groups"][1]["rules"][place]
            rule.update(fault)
            for key in [key for key, value in fault.items() if value is None]:
                del rule[key]
            self.assertNotEqual(rules_lint.complaints(document), [], fault)
        for fault in ({"interval": "6m"}, {"interval": "0s"}, {"rules": good["groups"][1]["rules"] * 6}):
            document = copy.deepcopy(good)
            document["groups"][1].update(fault)
            self.assertNotEqual(rules_lint.complaints(document), [], str(fault)[:40])
        document = copy.deepcopy(good)
        document["groups"][0]["rules"][0]["record"] = "usage:target_fresh"
        self.assertEqual(len(rules_lint.complaints(document)), 1)


class RunbookTest(unittest.TestCase):
    def test_every_link_has_its_section_and_every_section_its_alert(self):
        links = {rule["annotations"]["runbook_url"].partition("#")[2]
                 for rule in shipped() if "alert" in rule}
        self.assertEqual(links, set(rules_lint.runbook_sections()))
        self.assertEqual(set(rules_lint.runbook_sections().values()),
                         {rule["alert"] for rule in shipped() if "alert" in rule})

    def test_links_within_it_lead_somewhere(self):
        text = rules_lint.RUNBOOK.read_text(encoding="utf-8")
        self.assertEqual(set(re.findall(r"\]\(#([^)]*)\)", text)) - set(rules_lint.runbook_sections()),
                         set())

    def test_its_queries_are_promql_about_series_that_exist(self):
        text = rules_lint.RUNBOOK.read_text(encoding="utf-8")
        blocks = re.findall(r"```promql\n(.*?)```", text, re.DOTALL)
        queries = [line for block in blocks for line in block.splitlines()]
        self.assertEqual(len(blocks), len(rules_lint.runbook_sections()))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "queries.yml"
            rules.dump({"groups": [{"name": "runbook", "rules": [
                {"record": f"runbook:{number}", "expr": query}
                for number, query in enumerate(queries)]}]}, path)
            code, said = rules.promtool("check", "rules", path)
            self.assertEqual(code, 0, said)
            for shipped_file in rules.rule_files():
                shutil.copy(shipped_file, folder)
            checked = run("check", f"--config.file={SOURCE_DIR / 'config/demo.yml'}", f"--rules={folder}/*.yml",
                          env=os.environ | {"USAGE_DSN": "sqlite:none.db", "USAGE_DEMO_LAUNCH": "2026-09-11"})
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))


class ShortenTest(unittest.TestCase):
    def test_every_duration_is_divided(self):
        document = {"groups": [{"name": "g", "interval": "1m", "rules": [
            {"alert": "A", "for": "1h", "keep_firing_for": "1d12h",
             "expr": 'rate(a{x="5m"}[1h:10m] offset 2d) > 7 * 86400 * b + 60'}]}]}
        short = rules.shorten(document, 60, least=0)["groups"][0]
        self.assertEqual(short["interval"], "1000ms")
        self.assertEqual(short["rules"], [
            {"alert": "A", "for": "60000ms", "keep_firing_for": "2160000ms",
             "expr": 'rate(a{x="5m"}[60000ms:10000ms] offset 2880000ms) > '
                     "7 * 1440.000000 * b + 60"}])
        self.assertEqual(document["groups"][0]["rules"][0]["for"], "1h")

    def test_nothing_gets_shorter_than_the_least(self):
        expression = "a[1h] > b[1m]"
        self.assertEqual(rules.shorten_expression(expression, 3600, 5), "a[5000ms] > b[5000ms]")
        self.assertEqual(rules.shorten_expression("a[2s]", 10, 5), "a[2000ms]")

    def test_a_day_that_is_no_duration_is_refused(self):
        with self.assertRaises(ValueError):
            rules.shorten_expression("a > 86400", 60, 1)

    def test_the_shipped_files_stay_valid_and_are_short(self):
        with tempfile.TemporaryDirectory() as folder:
            paths = rules.write_shortened(folder, 720)
            code, said = rules.promtool("check", "rules", *paths)
            self.assertEqual(code, 0, said)
            for path, original in zip(paths, rules.rule_files()):
                document = rules.load(path)
                self.assertEqual(rules.load(original)["groups"][0]["name"],
                                 document["groups"][0]["name"])
                for rule in rules.rules_of(document):
                    for kind, text in tokens(rule["expr"]):
                        if kind == "duration":
                            self.assertLessEqual(rules.seconds_of(text), 7 * 24 * HOUR / 720)
                    for key in ("for", "keep_firing_for"):
                        self.assertLessEqual(rules.seconds_of(rule.get(key, "0s")), 120)


class AlertmanagerTest(unittest.TestCase):
    def test_the_shipped_example_is_valid(self):
        check = subprocess.run(["amtool", "check-config", str(SHIPPED)], text=True,
                               capture_output=True, timeout=60)
        self.assertEqual(check.returncode, 0, check.stdout + check.stderr)

    def test_its_inhibit_rules_name_alerts_that_exist(self):
        names = {rule["alert"] for rule in shipped() if "alert" in rule}
        for inhibition in rules.load(SHIPPED)["inhibit_rules"]:
            for matcher in inhibition["source_matchers"] + inhibition["target_matchers"]:
                pattern = re.fullmatch(r'alertname(?:=~|!=|=)"(.*)"', matcher)[1]
                for part in pattern.split("|"):
                    self.assertTrue(any(re.fullmatch(part, name) for name in names), matcher)

    def test_a_stale_source_silences_its_targets_alone(self):
        def alert(name, **labels):
            return {"labels": {"job": "usage", "instance": "a", "alertname": name, **labels}}

        with Alertmanager() as alertmanager:
            alertmanager.post([
                alert("UsageSourceStale", source="app"),
                alert("UsageTargetMissed", source="app", feature="export", target="adoption"),
                alert("UsageTargetBehindPace", source="app", feature="share", target="links"),
                alert("UsageTargetMissed", source="other", feature="search", target="uses")])
            wait_until(lambda: len(alertmanager.receiver.alerts()) >= 2, "two notifications")
            states = {(labels["alertname"], labels["source"]): state
                      for labels, state in alertmanager.states()}
            self.assertEqual(states, {
                ("UsageSourceStale", "app"): "active", ("UsageTargetMissed", "other"): "active",
                ("UsageTargetMissed", "app"): "suppressed",
                ("UsageTargetBehindPace", "app"): "suppressed"})
            self.assertEqual(alertmanager.receiver.firing(), ["UsageSourceStale", "UsageTargetMissed"])
            self.assertEqual(alertmanager.receiver.alerts(alertname="UsageTargetMissed")[0]["labels"]
                             ["source"], "other")


if __name__ == "__main__":
    unittest.main(verbosity=2)
