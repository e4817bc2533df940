"""The rule files of grafana/rules: reading them, checking them, and making them fast.

A rule that waits an hour cannot be watched in a test. shorten() divides every duration of a rule file
by one factor, so that what a test runs is made from the shipped files and never a second copy of them.
docs/INTERNALS.md ("Alerts in a hurry") says what is divided and what is not.
"""

import os
import re
import subprocess
from pathlib import Path

import yaml

from exporter import SOURCE_DIR
from promql import text_of, tokens

RULES_DIR = SOURCE_DIR / "grafana/rules"
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
DAY = 86400


def rule_files():
    return sorted(RULES_DIR.glob("*.rules.yml"))


def load(path):
    return yaml.safe_load(Path(path).read_text(encoding="utf-8"))


def dump(document, path):
    Path(path).write_text(yaml.safe_dump(document, sort_keys=False, width=1000), encoding="utf-8")


def rules_of(document):
    return [rule for group in document["groups"] for rule in group["rules"]]


def name_of(rule):
    return rule.get("alert") or rule["record"]


def seconds_of(duration):
    parts = re.findall(r"([0-9]+)(ms|[smhdwy])", duration)
    if not parts or "".join(map("".join, parts)) != duration:
        raise ValueError(f"not a duration: {duration!r}")
    return sum(int(number) * UNITS[unit] for number, unit in parts)


def _shorter(seconds, factor, least):
    return max(seconds / factor, min(least, seconds))


def _duration(seconds):
    return f"{max(1, round(seconds * 1000))}ms"


def shorten_expression(expression, factor, least):
    found = tokens(expression)
    solid = [index for index, token in enumerate(found) if token[0] != "space"]
    result = list(found)
    for place, index in enumerate(solid):
        kind, text = found[index]
        if kind == "duration":
            result[index] = (kind, _duration(_shorter(seconds_of(text), factor, least)))
        elif kind == "number" and text == str(DAY):
            if place < 2 or found[solid[place - 1]][1] != "*" or found[solid[place - 2]][0] != "number":
                raise ValueError(f"{DAY} without a number of days before it: {expression}")
            result[index] = (kind, f"{DAY / factor:.6f}")
    return text_of(result)


def shorten(document, factor, least=1.0):
    """A copy of a rule file's document, every duration divided by `factor`, but none below `least`
    seconds unless it was."""
    groups = []
    for group in document["groups"]:
        shorter = dict(group, rules=[])
        if "interval" in group:
            shorter["interval"] = _duration(_shorter(seconds_of(group["interval"]), factor, least))
        for rule in group["rules"]:
            rule = dict(rule, expr=shorten_expression(rule["expr"], factor, least))
            for key in ("for", "keep_firing_for"):
                if key in rule:
                    rule[key] = _duration(_shorter(seconds_of(rule[key]), factor, least))
            shorter["rules"].append(rule)
        groups.append(shorter)
    return {**document, "groups": groups}


def write_shortened(folder, factor, least=1.0):
    """Shortened copies of all shipped rule files in a folder; their paths."""
    paths = []
    for path in rule_files():
        dump(shorten(load(path), factor, least), Path(folder) / path.name)
        paths.append(Path(folder) / path.name)
    return paths


def promtool(*arguments, cwd=None):
    """(exit code, everything it said). On one core and with memory enough: collecting its garbage on
    all cores would take a quarter of the time, of which others here have use."""
    frugal = os.environ | {"GOMAXPROCS": "1", "GOGC": "400"}
    done = subprocess.run(["promtool", *map(str, arguments)], cwd=cwd, env=frugal, text=True, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout
