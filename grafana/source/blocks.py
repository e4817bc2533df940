"""What the dashboards are made of: queries, panels, rows, variables and annotations as Grafana's classic JSON has them."""

import re

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
DOCS = "https://github.example/usage_exporter/blob/main/docs"
# What a selector is narrowed to: J is a series of an exporter, F one of a feature too.
NARROW = {"J": 'job=~"$job",instance=~"$instance"',
          "F": 'job=~"$job",instance=~"$instance",feature=~"$feature"'}
NEUTRAL = [("text", None)]
PLAIN = [("blue", None)]
GOOD_ABOVE_ZERO = [("red", None), ("text", 0), ("green", 0.000001)]

# What people call each feature; one of them where exporters disagree. As a column of a table it is the label "title".
TITLES = "topk by (feature) (1, max by (feature, title) (usage_feature_info{F}))"


def promql(text):
    """An expression with its shorthand spelled out, on one line: {J} and {F,window="7d"}."""
    text = re.sub(r"\{([JF])\b", lambda match: "{" + NARROW[match[1]], text)
    return " ".join(text.split())


def query(expression, legend=""):
    return {"expr": promql(expression), "legend": legend}


def _anchor(name):
    if re.match("usage_(source|backfill|recount)_", name):
        return "how-the-reading-goes"
    return "the-exporter-itself" if re.match("usage_exporter_|process_", name) else "the-table"


def _described(about, queries):
    """The text, and a link to what each of its series means."""
    text = " ".join(re.sub(r'"[^"]*"', "", one["expr"]) for one in queries)
    names = sorted(set(re.findall(r"(?<![\w:])(?:usage|process)_\w+(?![\w:])", text)))
    names = [re.sub("(_seconds|_bytes)_(bucket|sum|count)$", r"\1", name) for name in names]
    linked = [f"[{name}]({DOCS}/METRICS.md#{_anchor(name)})" for name in dict.fromkeys(names)]
    made = sorted(set(re.findall(r"\b[a-z]+:\w+:\w+", text)))
    linked += [f"[{name}]({DOCS}/runbook.md)" for name in made]
    if not linked:
        linked = [f"[Runbook]({DOCS}/runbook.md)"]
    return f"{about}\n\nDefined in: {', '.join(linked)}"


def thresholds(steps):
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in steps]}


def override(name, **properties):
    """For the field of that name, or for all that a /regular expression/ matches; `custom__width=80` is the
    property custom.width."""
    return {"matcher": {"id": "byRegexp" if name.startswith("/") else "byName", "options": name},
            "properties": [{"id": key.replace("__", "."), "value": value}
                           for key, value in properties.items()]}


# The text of an empty panel would stand in every empty cell, too.
EMPTY_CELLS = override("/.*/", noValue="–")


def value_texts(texts):
    """Mapping from number to (text, color)."""
    return [{"type": "value", "options": {
        str(number): {"text": text, "color": color, "index": index}
        for index, (number, (text, color)) in enumerate(texts.items())}}]


def _panel(kind, title, about, queries, width, none, defaults, options, overrides=(), **more):
    table, instant = more.pop("rows", kind == "table"), kind != "timeseries"
    targets = []
    for letter, one in zip("ABCDEFGHIJKLMNOP", queries):
        target = {"refId": letter, "datasource": DATASOURCE, "editorMode": "code", "expr": one["expr"],
                  "instant": instant, "range": not instant, "format": "table" if table else "time_series"}
        if not table:
            target["legendFormat"] = one["legend"]
        targets.append(target)
    return {"type": kind, "title": title, "description": _described(about, queries),
            "datasource": DATASOURCE, "width": width, "targets": targets,
            "fieldConfig": {"defaults": {"noValue": none, **defaults}, "overrides": list(overrides)},
            "options": options, **more}


def _reduced(**more):
    return {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "orientation": "auto", **more}


def sentences(title, about, queries, width, none):
    """The legend of each series on a line of its own, which is broken where the screen is narrow: no other panel breaks
    what a query says."""
    return _panel("table", title, about, queries, width, none,
                  {"unit": "none", "color": {"mode": "thresholds"}, "thresholds": thresholds(NEUTRAL),
                   # Before Grafana 12.2 wrapText is one of the cell's options.
                   "custom": {"align": "left", "wrapText": True, "cellOptions": {"type": "auto", "wrapText": True}}},
                  {"showHeader": False, "cellHeight": "sm", "sortBy": []}, rows=False, transformations=[
                      {"id": "reduce", "options": {"mode": "seriesToRows", "reducers": ["lastNotNull"]}},
                      {"id": "organize", "options": {"excludeByName": {"Last *": True}, "indexByName": {},
                                                     "renameByName": {"Field": "Sentence"}}}])


def stat(title, about, queries, width, unit, none, steps=NEUTRAL, names=True, mappings=(), overrides=(), **defaults):
    """Big numbers. With names=True each has its legend beside it; "only" shows the legend alone."""
    mode = {True: "value_and_name", False: "value", "only": "name"}[names]
    options = _reduced(colorMode="value", graphMode="none", justifyMode="auto", textMode=mode,
                       wideLayout=False, showPercentChange=False, text={})
    return _panel("stat", title, about, queries, width, none,
                  {"unit": unit, "color": {"mode": "thresholds"}, "thresholds": thresholds(steps),
                   "mappings": list(mappings), **defaults}, options, overrides)


def bars(title, about, queries, width, unit, none, steps=PLAIN, names="left", **defaults):
    """A horizontal bar for each series, from zero. Names of more than some twenty letters stand on "top"."""
    options = _reduced(displayMode="basic", valueMode="text", namePlacement=names, showUnfilled=True,
                       text={"titleSize": 14, "valueSize": 18}, sizing="manual", minVizHeight=16, maxVizHeight=44,
                       minVizWidth=8)
    return _panel("bargauge", title, about, queries, width, none,
                  {"unit": unit, "min": 0, "color": {"mode": "thresholds"},
                   "thresholds": thresholds(steps), **defaults}, options | {"orientation": "horizontal"})


def columns(title, about, expression, label, width, unit, none):
    """A vertical bar of people for each value of a label, in the order of the label."""
    one = query(expression)
    options = _reduced(displayMode="basic", valueMode="text", namePlacement="auto", showUnfilled=False)
    options |= {"orientation": "vertical",
                "reduceOptions": {"calcs": [], "fields": "", "values": True, "limit": 40}}
    return _panel("bargauge", title, about, [one], width, none,
                  {"unit": unit, "min": 0, "color": {"mode": "thresholds"}, "thresholds": thresholds(PLAIN)},
                  options, rows=True, transformations=[
                      {"id": "sortBy", "options": {"sort": [{"field": label, "desc": False}]}}])


def lines(title, about, queries, width, unit, none, interval="1h", steps=None, overrides=(), stacked=False,
          columns_of_time=False, table=False, **defaults):
    """Series over time. columns_of_time draws bars that end at their time, as windows do."""
    custom = {"drawStyle": "bars" if columns_of_time else "line", "lineWidth": 1 if columns_of_time else 2,
              "fillOpacity": 70 if columns_of_time else (25 if stacked else 0), "showPoints": "never",
              "spanNulls": 86400000, "barAlignment": -1 if columns_of_time else 0,
              "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
              "thresholdsStyle": {"mode": "dashed" if steps else "off"}}
    if columns_of_time or stacked:
        defaults = {"min": 0, **defaults}
    legend = {"displayMode": "table" if table else "list", "placement": "right" if table else "bottom",
              "calcs": ["lastNotNull"] if table else [], "showLegend": True}
    return _panel("timeseries", title, about, queries, width, none,
                  {"unit": unit, "color": {"mode": "palette-classic"}, "custom": custom,
                   "thresholds": thresholds(steps or [("transparent", None)]), **defaults},
                  {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}, overrides,
                  interval=interval)


def table(title, about, named, width, none, labels, sort=None, descending=False, overrides=(), hidden=(),
          first=None, unit="none", **defaults):
    """Rows that share their labels. `named` is {column: expression}, `labels` {label: column}, in the
    order of the columns. An expression named as a label is asked for that label alone: its number is
    hidden."""
    queries = [query(expression) for expression in named.values()]
    values = {f"Value #{letter}" if len(named) > 1 else "Value": name
              for letter, name in zip("ABCDEFGHIJKLMNOP", named)}
    shown = {**labels, **{value: name for value, name in values.items() if name not in labels}}
    hide = dict.fromkeys(["Time", *(value for value in values if value not in shown), *hidden], True)
    index = {field: place for place, field in enumerate(sorted(shown, key=lambda field: shown[field] != first))}
    transformations = [{"id": "merge", "options": {}}] if len(named) > 1 else []
    transformations.append({"id": "organize", "options": {
        "excludeByName": hide, "indexByName": index, "renameByName": shown}})
    return _panel("table", title, about, queries, width, none,
                  {"unit": unit, "color": {"mode": "thresholds"}, "thresholds": thresholds(NEUTRAL), **defaults,
                   "custom": {"align": "auto", "cellOptions": {"type": "auto"}}},
                  {"showHeader": True, "cellHeight": "sm",
                   "sortBy": [{"displayName": sort, "desc": descending}] if sort else []},
                  [EMPTY_CELLS, *overrides], transformations=transformations)


def to_feature(name="Feature"):
    """Makes the column a link to the feature's own dashboard."""
    return override(name, links=[{
        "title": "Explore ${__value.text}", "targetBlank": False,
        "url": "/d/usage-feature?var-feature=${__value.raw}&${datasource:queryparam}&${job:queryparam}"
               "&${instance:queryparam}&${__url_time_range}"}])


def row(title, height, *panels):
    return {"title": title, "height": height, "panels": panels}


def choice(name, label, series, of, several=True, current=None, regex="", every=".+"):
    """A variable with the values that a label has."""
    every = {"text": ["All"], "value": ["$__all"]} if several else (
        {"text": current, "value": current} if current else {})
    made = {"type": "query", "name": name, "label": label, "datasource": DATASOURCE,
            "query": {"query": promql(f"label_values({series}, {of})"), "refId": name},
            "definition": promql(f"label_values({series}, {of})"), "refresh": 2, "sort": 1, "regex": regex,
            "multi": several, "includeAll": several, "current": every, "hide": 0}
    return made | ({"allValue": ".+"} if several else {})


def week():
    options = {"Last 7 days": "7d", "Last whole week": "last_week"}
    return {"type": "custom", "name": "window", "label": "Week", "multi": False, "includeAll": False, "hide": 0,
            "query": ",".join(f"{text} : {value}" for text, value in options.items()),
            "options": [{"text": text, "value": value, "selected": value == "7d"}
                        for text, value in options.items()],
            "current": {"text": "Last 7 days", "value": "7d"}}


def _event(name, color, expression, title, tags):
    return {"name": name, "datasource": DATASOURCE, "enable": True, "hide": False, "iconColor": color,
            "target": {"refId": "Anno", "expr": promql(expression), "interval": "1d"},
            "titleFormat": title, "textFormat": "", "tagKeys": tags, "useValueForTime": True}


EVENTS = [
    _event("Launches", "blue", "max by (feature) (usage_launch_timestamp_seconds{F}) * 1000",
           "Launch of {{feature}}", "feature"),
    _event("Milestones", "orange", """max by (feature, target) (
           usage_target_due_timestamp_seconds{J} < time()) * 1000""",
           "Due: {{target}}", "feature,target"),
    _event("Releases", "purple", "max by (release) (usage_release_timestamp_seconds{J}) * 1000",
           "Release {{release}}", "release")]


def _link(title, url):
    return {"type": "link", "title": title, "url": url, "icon": "doc", "tooltip": "", "tags": [],
            "asDropdown": False, "keepTime": False, "includeVars": False, "targetBlank": True}


def dashboard(uid, title, about, variables, rows, since="now-90d"):
    """The whole JSON: places the panels of each row side by side, and the rows one below the other."""
    panels, y = [], 0
    for number, one in enumerate(rows):
        if one["title"]:
            panels.append({"id": 100 * (number + 1), "type": "row", "title": one["title"], "collapsed": False,
                           "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}, "panels": []})
            y += 1
        x = 0
        for place, panel in enumerate(one["panels"]):
            width = panel.pop("width")
            panels.append({"id": 100 * (number + 1) + place + 1, **panel,
                           "gridPos": {"x": x, "y": y, "w": width, "h": one["height"]}})
            x += width
        y += one["height"]
    source = {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus",
              "current": {}, "hide": 0, "regex": "", "refresh": 1, "includeAll": False, "multi": False}
    return {
        "uid": uid, "title": title, "description": about, "tags": ["usage"], "schemaVersion": 42, "version": 1,
        "editable": False, "timezone": "", "refresh": "5m", "graphTooltip": 1, "fiscalYearStartMonth": 0,
        "time": {"from": since, "to": "now"},
        "links": [{"type": "dashboards", "title": "Usage", "tags": ["usage"], "asDropdown": True,
                   "keepTime": True, "includeVars": True, "targetBlank": False, "icon": "external link",
                   "tooltip": "", "url": ""},
                  _link("Runbook", f"{DOCS}/runbook.md"), _link("What the numbers mean", f"{DOCS}/METRICS.md")],
        "annotations": {"list": EVENTS},
        "templating": {"list": [
            source, choice("job", "Job", "usage_exporter_build_info", "job"),
            choice("instance", "Instance", 'usage_exporter_build_info{job=~"$job"}', "instance"), *variables]},
        "panels": panels}
