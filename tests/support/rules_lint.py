"""The house's rules for rule files: what an alert must say, how names look, how far back one may look."""

import re

from exporter import SOURCE_DIR
from promql import COMPARISONS, tokens
from rules import DAY, load, name_of, seconds_of

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
