"""The dashboards of grafana/dashboards: reading them, and what they ask for as promtool takes it."""

import json
import re

from exporter import SOURCE_DIR

DASHBOARDS_DIR = SOURCE_DIR / "grafana/dashboards"
BUILTIN = {"__rate_interval": "5m", "__interval": "1m", "__range": "1h"}
VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$([A-Za-z_]\w*)")


def dashboard_files():
    return sorted(DASHBOARDS_DIR.glob("*.json"))


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def panels_of(dashboard):
    """Those with data: the titles of rows are none."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries_of(dashboard):
    """[(where, expression)] of all panels and annotations."""
    found = [(f"{panel['title']} {target['refId']}", target["expr"])
             for panel in panels_of(dashboard) for target in panel["targets"]]
    return found + [(event["name"], event["target"]["expr"]) for event in dashboard["annotations"]["list"]]


def variables_in(text):
    """Names of the variables, $__… of Grafana's own among them. $1 is a group of a regular expression."""
    return {match[1] or match[2] for match in VARIABLE.finditer(text)}


def filled(expression):
    """The expression as Prometheus gets it, with every variable at "All"."""
    return VARIABLE.sub(lambda match: BUILTIN.get(match[1] or match[2], ".+"), expression)
