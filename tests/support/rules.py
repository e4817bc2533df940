"""The rule files of grafana/rules: reading them, checking them, and making them fast.

A rule that waits an hour cannot be watched in a test. shorten() divides every duration of a rule file
by one factor, so that what a test runs is made from the shipped files and never a second copy of them:

- `for`, `keep_firing_for` and a group's `interval`;
- in expressions: ranges, offsets and subquery steps, and `N * 86400`, which is how the rules write a
  number of days among seconds.

Ratios, counts and thresholds stay, and what comes from the exporter (stale_after, due dates) is the
test's own to choose. Nothing gets shorter than `least`: Prometheus needs some scrapes within a range.
"""

import re
import subprocess
from pathlib import Path

import yaml

from exporter import SOURCE_DIR
from promql import COMPARISONS, text_of, tokens

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
    """(exit code, everything it said)."""
    done = subprocess.run(["promtool", *map(str, arguments)], cwd=cwd, text=True, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


RUNBOOK = SOURCE_DIR / "docs/runbook.md"
RUNBOOK_URL = "https://github.example/usage_exporter/blob/main/docs/runbook.md#"
SEVERITIES = {"critical", "warning", "info"}
LONGEST_RANGE = 7 * DAY


def runbook_sections():
    """{anchor as GitHub makes it: heading} of the runbook's second level."""
    headings = re.findall(r"^## (.+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-"): heading
            for heading in headings}


def scrape_interval():
    """Of the shipped example for Prometheus, in seconds."""
    return seconds_of(load(SOURCE_DIR / "config/prometheus.yml")["global"]["scrape_interval"])


def _alert_complaints(rule):
    labels, annotations = rule.get("labels", {}), rule.get("annotations", {})
    found = tokens(rule["expr"])
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]{1,39}", rule["alert"]):
        yield "name is not CamelCase of at most 40 characters"
    taken_over = re.findall(r"group_left \(([^()]*)\)", rule["expr"])
    if not (labels.get("severity") in SEVERITIES or
            ("severity" not in labels and any("severity" in one.split(", ") for one in taken_over))):
        yield "severity is none of critical, warning, info, nor taken over from the config"
    if any("$value" in str(text) for text in labels.values()):
        yield "$value in a label makes a new alert at every change"
    if not re.fullmatch(r"[A-Z][^{}]*\.", annotations.get("summary", "")):
        yield "summary is not a plain sentence"
    if "{{" not in annotations.get("description", ""):
        yield "description names nothing of the alert"
    if annotations.get("runbook_url") != RUNBOOK_URL + rule["alert"].lower():
        yield "runbook_url is not that of the alert's section"
    elif rule["alert"].lower() not in runbook_sections():
        yield "the runbook has no section on it"
    if not re.match(r"/d/usage-[a-z]+(\?|$)", annotations.get("dashboard_url", "")):
        yield "dashboard_url is no dashboard of ours"
    if not any(kind == "operator" and text in COMPARISONS for kind, text in found):
        yield "compares nothing"
    if seconds_of(rule.get("for", "0s")) < 2 * scrape_interval():
        yield "for is shorter than two scrapes"
    if "keep_firing_for" not in rule:
        yield "keep_firing_for is missing"


def complaints(document):
    """What is against the house's rules in a rule file's document, as texts."""
    result = []
    for group in document["groups"]:
        if len(group["rules"]) > 20:
            result.append(f"{group['name']}: more than 20 rules")
        if not 0 < seconds_of(group.get("interval", "0s")) <= 300:
            result.append(f"{group['name']}: interval is not within five minutes")
        for rule in group["rules"]:
            said = list(_alert_complaints(rule)) if "alert" in rule else []
            if "record" in rule and not re.fullmatch(r"[a-z]+:[a-z0-9_]+:[a-z0-9_]+", rule["record"]):
                said.append("name is not level:metric:operations")
            if any(kind == "duration" and seconds_of(text) > LONGEST_RANGE
                   for kind, text in tokens(rule["expr"])):
                said.append("looks back for more than 7 days at a time")
            result += [f"{name_of(rule)}: {text}" for text in said]
    return result
