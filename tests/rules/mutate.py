#!/usr/bin/python3
"""Breaks every rule of grafana/rules in every small way, and asks the promtool tests to notice.

    PYTHONPATH=tests/support tests/rules/mutate.py [RULE…]

prints, for every rule and every kind of fault, how many mutants failed a test, of how many; ends with 1
where one survived. A mutant runs with the recording rules it reads and nothing else, against the tests
of its own rule: tests/rules/<name>*.test.yml for an alert, <level>_records.test.yml for a recording rule.
"""

import collections
import concurrent.futures
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import yaml

import rules
from promql import COMPARISONS, in_selector, text_of, tokens, without_each_clause

TESTS = Path(__file__).resolve().parent
FLIPPED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
MATCHERS = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}
OTHER_ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*"}
KINDS = ("comparison", "matcher", "clause", "factor", "duration", "arithmetic", "label", "for",
         "keep_firing_for")


def with_token(found, index, text):
    return text_of(found[:index] + [("", text)] + found[index + 1:])


def joins_info(found, solid):
    """Whether an operator takes over labels from a series of ones, where * and / are the same."""
    return found[solid[1]][1] == "on" and "group_left" in text_of(found[solid[1]:])


def of_tokens(expression):
    """(kind, what, expression) for all faults of a single token."""
    found = tokens(expression)
    braces = in_selector(found)
    solid = [index for index, token in enumerate(found) if token[0] != "space"]
    for place, index in enumerate(solid):
        kind, text = found[index]
        before = found[solid[place - 1]][1] if place else ""
        if braces[index] and text in MATCHERS:
            yield "matcher", f"{before}{text} flipped", with_token(found, index, MATCHERS[text])
        elif text in COMPARISONS and not braces[index]:
            yield "comparison", f"{text} flipped", with_token(found, index, FLIPPED[text])
        elif text in OTHER_ARITHMETIC and not joins_info(found, solid[place:]):
            yield "arithmetic", f"{text} swapped", with_token(found, index, OTHER_ARITHMETIC[text])
        elif kind == "number" and float(text) == 0 and before in (">", "!="):
            guard = text_of(found[:solid[place - 1]] + found[index + 1:])
            yield "clause", f"{before} 0 dropped", guard
        elif kind == "number" and float(text) == 0:
            yield "factor", "0 -> 1", with_token(found, index, "1")
        elif kind == "number" and text != str(rules.DAY):
            for factor in (1.25, 0.8):
                changed = f"{float(text) * factor:g}"
                yield "factor", f"{text} -> {changed}", with_token(found, index, changed)
        elif kind == "duration":
            for factor in (0.5, 2):
                changed = f"{round(rules.seconds_of(text) / factor)}s"
                yield "duration", f"{text} -> {changed}", with_token(found, index, changed)
            if before == "offset":
                dropped = text_of(found[:solid[place - 1]] + found[index + 1:])
                yield "duration", f"offset {text} dropped", dropped


def mutants(rule):
    """(kind, what, mutated rule) for all faults."""
    for kind, what, expression in of_tokens(rule["expr"]):
        yield kind, what, dict(rule, expr=expression)
    for what, expression in without_each_clause(rule["expr"]):
        yield "clause", what, dict(rule, expr=expression)
    for labels in re.findall(r"group_left \(([^()]+)\)", rule["expr"]):
        for label in labels.split(", "):
            kept = ", ".join(one for one in labels.split(", ") if one != label)
            yield "label", f"{label} not taken over", dict(
                rule, expr=rule["expr"].replace(f"group_left ({labels})", f"group_left ({kept})"))
    for key in ("labels", "for", "keep_firing_for"):
        if key in rule:
            yield key.removesuffix("s"), f"{key} removed", {k: v for k, v in rule.items() if k != key}


def read_by(rule, records):
    """The recording rules that a rule needs, in the order of the shipped files."""
    needed, wanted = set(), [rule]
    while wanted:
        for name in {text for _, text in tokens(wanted.pop()["expr"])} & set(records):
            if name not in needed and name != rules.name_of(rule):
                needed.add(name)
                wanted.append(records[name])
    return [record for name, record in records.items() if name in needed]


def tests_of(rule):
    if "record" in rule:
        found = [TESTS / f"{rule['record'].split(':')[0]}_records.test.yml"]
    else:
        words = re.findall("[A-Z][a-z0-9]*", rule["alert"].removeprefix("Usage"))
        found = sorted(TESTS.glob("_".join(words).lower() + "*.test.yml"))
    if not found or not all(path.exists() for path in found):
        raise SystemExit(f"{rules.name_of(rule)} has no tests in {TESTS}")
    return found


def about(rule, test):
    """What of a test document is about a rule, so that a recording rule is asked alone."""
    if "alert" in rule:
        return test
    groups = []
    for group in test["tests"]:
        asked = [one for one in group["promql_expr_test"] if rule["record"] in one["expr"]]
        if asked:
            groups.append(dict(group, promql_expr_test=asked))
    return dict(test, tests=groups)


class Bench:
    """Tries variants of one rule. Each group of its tests is a file of its own, the quickest first,
    because most mutants fail in any of them."""

    def __init__(self, rule, records, folder):
        self.rule, self.folder = rule, folder
        self.needed = read_by(rule, records)
        self.tests = []
        for path in tests_of(rule):
            test = about(rule, yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader))
            test |= {"rule_files": ["mutant.yml"], "group_eval_order": ["needed", "asked"]}
            self.tests += [json.dumps(test | {"tests": [group]}) for group in test["tests"]]

    def _fails(self, test, place):
        (place / "test.yml").write_text(test)
        code, said = rules.promtool("test", "rules", "test.yml", cwd=place)
        return said if code else None

    def _prepare(self, rule, place):
        groups = [{"name": "needed", "rules": self.needed}] if self.needed else []
        groups.append({"name": "asked", "rules": [rule]})
        (place / "mutant.yml").write_text(json.dumps({"groups": groups}))

    def try_shipped(self):
        """What promtool says where a test of the rule as it is fails, else None."""
        seconds = {}
        with tempfile.TemporaryDirectory(dir=self.folder) as place:
            self._prepare(self.rule, Path(place))
            for test in self.tests:
                begin = time.monotonic()
                said = self._fails(test, Path(place))
                seconds[test] = time.monotonic() - begin
                if said:
                    return said
        self.tests.sort(key=seconds.get)
        return None

    def catches(self, mutant):
        with tempfile.TemporaryDirectory(dir=self.folder) as place:
            self._prepare(mutant, Path(place))
            return any(self._fails(test, Path(place)) for test in self.tests)


def check_all(variants, folder):
    """A mutant that is no rule at all would be caught by anything."""
    path = Path(folder) / "all.yml"
    path.write_text(json.dumps({"groups": [
        {"name": f"mutant {number}", "rules": [rule]} for number, rule in enumerate(variants)]}))
    code, said = rules.promtool("check", "rules", "--lint=none", path)
    if code != 0:
        raise SystemExit(f"a mutant is no rule:\n{said}")


def run(names=()):
    """Runs all mutants, prints the table, returns the survivors as (rule, kind, what)."""
    shipped = [rule for path in rules.rule_files() for rule in rules.rules_of(rules.load(path))]
    records = {rule["record"]: rule for rule in shipped if "record" in rule}
    chosen = [rule for rule in shipped if not names or rules.name_of(rule) in names]
    with (tempfile.TemporaryDirectory(prefix="mutants_") as folder,
          concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool):
        benches = [Bench(rule, records, folder) for rule in chosen]
        for bench, said in zip(benches, pool.map(Bench.try_shipped, benches)):
            if said:
                raise SystemExit(f"{rules.name_of(bench.rule)} fails its tests as it is:\n{said}")
        work = [(bench, *mutant) for bench in benches for mutant in mutants(bench.rule)]
        check_all([mutant for *_, mutant in work], folder)
        caught = list(pool.map(lambda one: one[0].catches(one[3]), work))
    table, survivors = collections.Counter(), []
    for (bench, kind, what, _), is_caught in zip(work, caught):
        name = rules.name_of(bench.rule)
        table[name, kind, "all"] += 1
        table[name, kind, "caught"] += is_caught
        if not is_caught:
            survivors.append((name, kind, what))
    show(chosen, table, survivors)
    return survivors


def show(chosen, table, survivors):
    width = max(len(rules.name_of(rule)) for rule in chosen)
    print(" " * width, *(f"{kind:>10.10}" for kind in KINDS))
    for rule in chosen:
        name = rules.name_of(rule)
        cells = [f"{table[name, kind, 'caught']}/{table[name, kind, 'all']}"
                 if table[name, kind, "all"] else "" for kind in KINDS]
        print(f"{name:{width}}", *(f"{cell:>10}" for cell in cells))
    total = sum(count for key, count in table.items() if key[2] == "all")
    print(f"{total} mutants, {total - len(survivors)} caught, {len(survivors)} survived")
    for name, kind, what in survivors:
        print(f"survived: {name}: {kind}: {what}")


if __name__ == "__main__":
    sys.exit(1 if run(sys.argv[1:]) else 0)
