"""The house's rules for dashboards, the same for every type of panel, without exceptions."""

import json
import re
from itertools import combinations

from dashboards import BUILTIN, panels_of, variables_in
from promql import tokens
from rules import DAY, seconds_of

KINDS = {"stat", "bargauge", "timeseries", "table", "row"}
UNITS = {"none", "short", "percentunit", "s", "bytes"}
OWN_UNIT = re.compile(r"(suffix:\S.*|time:[YMDHhms :-]+)")
REDUCERS = {"lastNotNull"}
TRANSFORMATIONS = {"merge", "organize", "reduce", "sortBy"}
COLORS = {"text", "transparent", "green", "red", "orange", "yellow", "blue", "purple"}
PROPERTIES = {"unit", "decimals", "min", "max", "color", "thresholds", "mappings", "links", "noValue"}
CUSTOM = {"table": {"cellOptions", "width"}, "timeseries": {"lineStyle", "lineWidth", "fillOpacity", "stacking"},
          "stat": set(), "bargauge": set()}
EVENTS = {"Launches": "usage_launch_timestamp_seconds", "Milestones": "usage_target_due_timestamp_seconds",
          "Releases": "usage_release_timestamp_seconds"}
# What a legend's label can be, so that an override may name one of its values.
VALUES = {"segment": {"power", "core", "casual", "never"},
          "state": {"new", "retained", "resurrected", "dormant"}}
SELECTED = ('job=~"$job"', 'instance=~"$instance"')
COUNTED = re.compile(r"(usage|process)_\w+_(total|bucket)$")
LONGEST = 7 * DAY
DOCS = "https://github.example/usage_exporter/blob/main/docs/"


def _expand(expression):
    """Tokens without blanks. A macro of Grafana is one of its own kind, so that promql.py reads the rest."""
    text = expression.replace("$__rate_interval", "4242s")
    return [("macro", "$__rate_interval") if token == ("duration", "4242s") else token
            for token in tokens(text) if token[0] != "space"]


def _closing(found, start):
    depth = 0
    for index in range(start, len(found)):
        depth += (found[index][1] in "([{") - (found[index][1] in ")]}")
        if depth == 0:
            return index
    return len(found) - 1


def _guarded(found, index):
    """Whether what stands from here on, after a division, cannot be zero."""
    while found[index][1] in ("on", "ignoring", "group_left", "group_right"):
        index = _closing(found, index + 1) + 1
    kind, text = found[index]
    if kind == "number":
        return float(text) != 0
    if text != "(":
        return False
    end = _closing(found, index)
    return [token[1] for token in found[end - 2:end]] == [">", "0"]


def query_complaints(expression):
    """What is against the rules in one expression."""
    try:
        found = _expand(expression)
    except ValueError as error:
        yield str(error)
        return
    inside = 0
    for index, (kind, text) in enumerate(found):
        inside += (text == "{") - (text == "}")
        after = found[index + 1][1] if index + 1 < len(found) else ""
        if kind == "word" and not inside and (re.match(r"(usage|process)_|up$|ALERTS$", text) or ":" in text):
            end = _closing(found, index + 1) if after == "{" else index
            selector = "".join(token[1] for token in found[index + 1:end + 1])
            for wanted in SELECTED:
                if wanted not in selector:
                    yield f"{text} is not narrowed to {wanted}"
            if COUNTED.match(text):
                function = found[index - 2][1] if index > 1 and found[index - 1][1] == "(" else ""
                if function not in ("rate", "increase"):
                    yield f"{text} does not stand directly inside rate or increase"
        if kind == "word" and text in ("rate", "irate"):
            window = [token for token in found[index:_closing(found, index + 1)] if token[0] in ("duration", "macro")]
            if [token[0] for token in window] != ["macro"]:
                yield f"{text} has a window of its own and not $__rate_interval"
        if kind == "duration" and seconds_of(text) > LONGEST:
            yield f"looks back for more than 7 days: {text}"
        if text == "/" and not inside and not _guarded(found, index + 1):
            yield "divides by what may be zero"


def _names(panel):
    """What fields an override may name: fixed legends, known values of a label, columns."""
    names = set()
    for target in panel["targets"]:
        legend = target.get("legendFormat", "")
        label = re.fullmatch(r"{{(\w+)}}", legend)
        names |= VALUES.get(label[1], set()) if label else {legend}
    for transformation in panel.get("transformations", []):
        names |= set(transformation["options"].get("renameByName", {}).values())
    return names


def _unit_complaints(panel, unit, steps, low, high):
    """Whether the unit, the thresholds and the ends suit what the queries ask for."""
    if unit not in UNITS and not OWN_UNIT.fullmatch(unit or ""):
        yield f"unit {unit!r} is none of ours"
    numbers = [step["value"] for step in steps]
    if not numbers or numbers[0] is not None or None in numbers[1:] or numbers[1:] != sorted(set(numbers[1:])):
        yield "thresholds do not begin with the base and rise"
    if {step["color"] for step in steps} - COLORS:
        yield "a threshold's color is none of ours"
    ends = [number for number in (*numbers[1:], low, high) if number is not None]
    if unit == "percentunit" and any(abs(number) > 5 for number in ends):
        yield "a share of more than 500 %: thresholds, min and max of percentunit are 1 for all"


def _suiting(expression):
    """The unit that an expression calls for, None where it computes."""
    found = [text for kind, text in _expand(expression) if kind == "word" and re.match(r"usage_|process_", text)]
    if re.search(r"[*/] |\brate\b|- 1$", re.sub(r'"[^"]*"', "", expression)) or len(set(found)) != 1:
        return None
    name = re.sub("_(bucket|sum|total)$", "", found[0])
    for ending, unit in (("_ratio", "percentunit"), ("_change", "percentunit"), ("_bytes", "bytes"), ("_timestamp_seconds", None),
                         ("_seconds_median", "s"), ("_seconds", "s")):
        if name.endswith(ending):
            return unit if "count_values" not in expression else None
    return "count"


def _field_complaints(panel):
    defaults, kind = panel["fieldConfig"]["defaults"], panel["type"]
    unit, custom = defaults.get("unit"), defaults.get("custom", {})
    yield from _unit_complaints(panel, unit, defaults.get("thresholds", {}).get("steps", []),
                                defaults.get("min"), defaults.get("max"))
    if kind == "timeseries" and custom.get("drawStyle") == "bars" and defaults.get("min") != 0:
        yield "bars over time do not start at 0"
    if kind == "bargauge" and defaults.get("min") != 0:
        yield "bars do not start at 0"
    if kind != "table":
        for target in panel["targets"]:
            wanted = _suiting(target["expr"])
            if wanted == "count" and unit not in ("none", "short") and not unit.startswith("suffix") or \
                    wanted in ("percentunit", "bytes", "s") and unit != wanted:
                yield f"{target['refId']} calls for the unit {wanted}, not {unit}"
    names = _names(panel)
    for override in panel["fieldConfig"]["overrides"]:
        matcher = override["matcher"]
        wanted = matcher["options"]
        if not {"byName": wanted in names, "byFrameRefID": wanted in (target["refId"] for target in panel["targets"]),
                "byRegexp": any(re.search(wanted.strip("/"), name) for name in names)}.get(matcher["id"], False):
            yield f"an override matches nothing: {matcher['id']} {matcher['options']}"
        changed = {one["id"]: one["value"] for one in override["properties"]}
        for name in changed:
            if name not in PROPERTIES and name.removeprefix("custom.") not in CUSTOM[kind]:
                yield f"unknown property of an override: {name}"
        yield from _unit_complaints(panel, changed.get("unit", unit),
                                    changed.get("thresholds", defaults["thresholds"])["steps"],
                                    changed.get("min"), changed.get("max"))
        color = changed.get("color", {}).get("fixedColor", "text")
        if color not in COLORS:
            yield f"unknown color {color}"


def _column_complaints(panel):
    """Of the transformations of a panel: known, and about columns that there are."""
    letters = [target["refId"] for target in panel["targets"]]
    values = {f"Value #{letter}" for letter in letters} if len(letters) > 1 else {"Value"}
    asked = " ".join(target["expr"] for target in panel["targets"])
    # Labels that are kept, and those that count_values, label_join and label_replace make.
    labels = set(re.findall(r"\w+", " ".join(re.findall(r"(?:by|group_left) \(([^()]*)\)", asked))))
    labels |= set(re.findall(r'"(\w+)"', asked))
    series = {target["format"] for target in panel["targets"]} == {"time_series"}
    if series and panel["type"] == "table":
        # Of which each is a row once they are reduced.
        reduced = [one["options"] for one in panel["transformations"] if one["id"] == "reduce"]
        if [one["mode"] for one in reduced] != ["seriesToRows"]:
            yield "series in a table that are not made rows of"
        if any(set(one["reducers"]) - REDUCERS for one in reduced):
            yield "unknown reducer"
        values, labels = {"Last *"}, {"Field"}
    for transformation in panel.get("transformations", []):
        options = transformation["options"]
        if transformation["id"] not in TRANSFORMATIONS:
            yield f"unknown transformation {transformation['id']}"
        named = set(options.get("renameByName", {})) | set(options.get("excludeByName", {}))
        named |= {one["field"] for one in options.get("sort", [])}
        if named - values - labels - {"Time"}:
            yield f"no such column: {sorted(named - values - labels - {'Time'})}"
        if transformation["id"] == "organize" and panel["type"] == "table" and values - named:
            yield f"a column without a name: {sorted(values - named)}"
    titles = {name for transformation in panel.get("transformations", [])
              for name in transformation["options"].get("renameByName", {}).values()}
    for one in panel["options"].get("sortBy", []):
        if one["displayName"] not in titles:
            yield f"sorted by a column that is not there: {one['displayName']}"


def panel_complaints(panel):
    """What is against the rules in one panel with data."""
    if panel["type"] not in KINDS:
        yield f"unknown type {panel['type']}"
        return
    about, targets = panel.get("description", ""), panel.get("targets", [])
    if not panel.get("title"):
        yield "no title"
    if not re.match(r"[A-Z]", about) or f"]({DOCS}" not in about:
        yield "no description that links the definition"
    if not targets:
        yield "no target"
    if re.fullmatch(r"(No data|N/A|-)?\.?", panel["fieldConfig"]["defaults"].get("noValue", "")):
        yield "no text for when there is no data"
    if len({target["refId"] for target in targets}) != len(targets):
        yield "a refId comes twice"
    for one in (panel, *targets):
        if one.get("datasource") != {"type": "prometheus", "uid": "${datasource}"}:
            yield "a data source of its own"
    over_time = panel["type"] == "timeseries"
    for target in targets:
        if (target["range"], target["instant"]) != (over_time, not over_time):
            yield f"{target['refId']} asks for {'an instant' if over_time else 'a range'}"
        if target["format"] == "time_series" and not target.get("legendFormat"):
            yield f"{target['refId']} has no legend"
        yield from (f"{target['refId']}: {text}" for text in query_complaints(target["expr"]))
    reduce = panel["options"].get("reduceOptions", {})
    if set(reduce.get("calcs", [])) - REDUCERS or set(panel["options"].get("legend", {}).get("calcs", [])) - REDUCERS:
        yield "unknown reducer"
    yield from _field_complaints(panel)
    yield from _column_complaints(panel)


def _placement_complaints(panels):
    for panel in panels:
        place = panel["gridPos"]
        if place["x"] < 0 or place["w"] < 1 or place["h"] < 1 or place["x"] + place["w"] > 24:
            yield f"{panel['title']}: not within 24 columns"
    for one, other in combinations(panels, 2):
        a, b = one["gridPos"], other["gridPos"]
        if a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"] and \
                b["y"] < a["y"] + a["h"]:
            yield f"{one['title']} and {other['title']} overlap"


def _variable_complaints(dashboard):
    made = {one["name"]: one for one in dashboard["templating"]["list"]}
    for name in ("datasource", "job", "instance", "feature"):
        if name not in made:
            yield f"no variable {name}"
    if made.get("datasource", {}).get("label") != "Data source":
        yield "the data source's variable is not called so"
    for name, one in made.items():
        if one["type"] == "query" and not (
                one["refresh"] == 2 and one["definition"] == one["query"]["query"]
                and re.fullmatch(r"label_values\((usage_\w+)(\{.*\})?, (\w+)\)", one["definition"])
                and one["datasource"]["uid"] == "${datasource}"):
            yield f"variable {name} is no label_values that is asked anew when the time changes"
        if name in ("job", "instance") and not (one["multi"] and one["allValue"] == ".+"):
            yield f"variable {name} does not take several or all"
    used = variables_in(json.dumps(dashboard))
    for name in used - made.keys() - BUILTIN.keys():
        if name not in ("__value", "__url_time_range", "__all"):
            yield f"unknown variable {name}"
    for name in made.keys() - used:
        yield f"variable {name} is used by nothing"


def complaints(dashboard):
    """What is against the rules in a dashboard, as texts."""
    said = []
    for key, wanted in (("schemaVersion", 42), ("editable", False), ("tags", ["usage"])):
        if dashboard.get(key) != wanted:
            said.append(f"{key} is not {wanted}")
    said += [f"{key} must not be there" for key in ("id", "elements", "__inputs") if key in dashboard]
    if not re.fullmatch(r"usage-[a-z]+", dashboard.get("uid", "")):
        said.append("no uid of ours")
    if not dashboard.get("title", "").startswith("Usage / ") or not dashboard.get("description", "").endswith("."):
        said.append("no title and description")
    by_tag = [link for link in dashboard["links"] if link["type"] == "dashboards"]
    if not any(link["tags"] == ["usage"] and link["keepTime"] and link["includeVars"] for link in by_tag):
        said.append("no links to the others by tag that keep time and variables")
    if not any(link.get("url") == DOCS + "runbook.md" for link in dashboard["links"]):
        said.append("no link into the runbook")
    events = {one["name"]: one for one in dashboard["annotations"]["list"]}
    for name, series in EVENTS.items():
        one = events.get(name)
        if not one or series not in one["target"]["expr"] or not one["useValueForTime"] or \
                not one["target"]["expr"].endswith(" * 1000") or one["datasource"]["uid"] != "${datasource}":
            said.append(f"{name} are not marked")
        else:
            said += [f"{name}: {text}" for text in query_complaints(one["target"]["expr"])]
    identities = [panel["id"] for panel in dashboard["panels"]]
    if len(set(identities)) != len(identities):
        said.append("an id comes twice")
    said += _placement_complaints(dashboard["panels"])
    said += _variable_complaints(dashboard)
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            if not panel["title"] or panel["collapsed"] or panel["panels"]:
                said.append("a row without a title, or that hides panels")
    for panel in panels_of(dashboard):
        said += [f"{panel['title']}: {text}" for text in panel_complaints(panel)]
    return said
