"""The editors' schema against the program that reads the same files."""

import copy
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "config/usage_exporter.schema.json").read_text())
BROKEN = sorted((ROOT / "tests/golden/config_errors").glob("*.yml"))
UNKNOWN = "zzzzzzzz"


class Loader(yaml.SafeLoader):
    """YAML 1.2's core schema, as editors read it: `yes` and `1_000` are texts."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("bool", r"^(?:true|false)$", "tf"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("null", r"^(?:~|null|)$", ["~", "n", ""]),
]:
    Loader.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(pattern), list(first))
# PyYAML's constructor takes a leading zero for octal.
Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))


def load(text):
    return with_text_keys(yaml.load(text, Loader))


def with_text_keys(value):
    """JSON's keys are texts; a bucket's bound is a number in YAML."""
    if isinstance(value, dict):
        return {str(key): with_text_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_text_keys(item) for item in value]
    return value


def complaints(config):
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [f"{list(error.absolute_path)}: {error.message}"
            for error in validator.iter_errors(config)]


METRIC = {"help": "h"}
CONFIG = {
    "sources": {"app": {"dsn": "sqlite:/nowhere.db", "labels": {"region": "eu"}},
                "logged": {"log": {"paths": ["/nowhere.json*"], "event": "e"}},
                "sent": {"ingest": {"keys": [{"name": "web", "key": "01234567"}]}}},
    "collectors": {
        "one": {
            "source": "app",
            "queries": {"q": {"sql": "SELECT 1 AS n", "parameters": [{"text": "x"}, "now"]}},
            "metrics": {
                "a_gauge": {**METRIC, "value": "n", "labels": {"l": {"column": "l"}}},
                "a_total": {**METRIC, "type": "counter", "value": "n"},
                "a_rows": {**METRIC, "type": "histogram", "value": "n", "buckets": [1, 2]},
                "a_columns": {**METRIC, "type": "histogram", "bucket_columns": {"1": "b"},
                              "sum": "s", "count": "c"},
                "an_info": {**METRIC, "type": "info", "labels": ["l"]},
                "a_state": {**METRIC, "type": "stateset", "state": "s", "states": ["x", "y"]},
            },
        },
    },
    "features": {
        "export": {
            "source": "app", "table": "e", "time": "t", "user": "u",
            "outcome": {"column": "o", "success": ["ok"]},
            "reason": {"column": "r", "allow": ["timeout"]},
            "duration": {"column": "d", "unit": "ms"},
            "size": {"column": "s", "unit": "bytes"},
            "dimensions": {"format": {"allow": ["csv"]}},
            "regular": {"min_periods": 2},
            "power": {"min_active_days": 8},
            "at_risk": {"silent_for": "14d"},
            "value": [{"stream": "time_saved", "minutes": 15, "where": {"format": ["csv"]}}],
            "artifact": {
                "id": "i", "ttl": {"column": "l", "unit": "h"}, "mature_after": "3d",
                "accesses": {"source": "app", "table": "a", "time": "t", "artifact": "i", "viewer": "v",
                             "kind": {"column": "k", "member": ["m"], "bot": "b"}},
                "counts_as_access": ["member", "bot"],
            },
        },
        "share": {"source": "app", "table": "s", "time": "t", "user": "u"},
        "click": {"source": "sent", "event": {"start": "b", "success": ["s"], "failure": "f"},
                  "attempts": {"id": "i", "key": ["user"], "timeout": "1m"},
                  "power": {"min_active_days": 8},
                  "cross_check": [{"source": "app", "table": "c", "time": "t", "user": "u"},
                                  {"source": "logged", "event": ["s"]}]},
    },
    "combinations": {"both": {"all_of": ["export", "share"]}},
    "phases": {"first": {"until": "30d"}},
    "targets": {"half": {"feature": "both", "measure": "adoption/7d", "min": 0.5,
                         "start": "2026-09-11", "due": "2026-10-11", "phase": "first"}},
    "business": {
        "investment": {"amount": 35000, "booked_at": "2026-09-11"},
        "ratings": {"source": "app", "table": "r", "time": "t", "user": "u", "feature": "f",
                    "score": {"column": "s", "max": 10}},
        "tickets": {"source": "app", "table": "t", "time": "t", "category": "c", "watch": ["data"]},
        "feedback": {"source": "app", "table": "f", "time": "t", "theme": {"column": "h", "allow": ["speed"]}},
        "retention": {"period": "28d"},
    },
    "capacity": {"disk": {"feature": "export", "measure": "stored_bytes", "limit": 1000}},
    "releases": {"1.0": "2026-09-11"},
    "report": {"numbers": {"exports": {"feature": "export", "figure": "uses"}}},
    "windows": ["1d", "7d", "last_week"],
    "population": {
        "users": {"source": "app", "table": "p", "id": "i", "account": "a",
                  "exclude": {"column": "x", "equals": True}},
        "activity": [{"source": "app", "table": "a", "user": "u", "time": "t"}],
    },
    "privacy": {"k_anonymity": 5},
    "recount": [{"younger_than": "2h", "every": "1m"}, {"every": "1d"}],
}
METRICS = ("collectors", "one", "metrics")
# Each mapping of the grammar: its definition in the schema, and where CONFIG has one.
PLACES = {
    None: (),
    "source": ("sources", "app"),
    "log": ("sources", "logged", "log"),
    "ingest": ("sources", "sent", "ingest"),
    "ingest_key": ("sources", "sent", "ingest", "keys", 0),
    "sql_collector": ("collectors", "one"),
    "query": ("collectors", "one", "queries", "q"),
    "parameter": ("collectors", "one", "queries", "q", "parameters", 0),
    "label": METRICS + ("a_gauge", "labels", "l"),
    "number_metric": METRICS + ("a_gauge",),
    "histogram_of_rows": METRICS + ("a_rows",),
    "histogram_of_columns": METRICS + ("a_columns",),
    "info": METRICS + ("an_info",),
    "stateset": METRICS + ("a_state",),
    "feature": ("features", "export"),
    "outcome": ("features", "export", "outcome"),
    "event_outcome": ("features", "click", "event"),
    "attempts": ("features", "click", "attempts"),
    "cross_check": ("features", "click", "cross_check", 0),
    "reason": ("features", "export", "reason"),
    "operation_duration": ("features", "export", "duration"),
    "payload_size": ("features", "export", "size"),
    "dimension": ("features", "export", "dimensions", "format"),
    "regular": ("features", "export", "regular"),
    "active_days": ("features", "export", "power"),
    "at_risk": ("features", "export", "at_risk"),
    "value_stream": ("features", "export", "value", 0),
    "artifact": ("features", "export", "artifact"),
    "artifact_ttl": ("features", "export", "artifact", "ttl"),
    "accesses": ("features", "export", "artifact", "accesses"),
    "viewer_kind": ("features", "export", "artifact", "accesses", "kind"),
    "business": ("business",),
    "investment": ("business", "investment"),
    "ratings": ("business", "ratings"),
    "rating_score": ("business", "ratings", "score"),
    "tickets": ("business", "tickets"),
    "feedback": ("business", "feedback"),
    "feedback_theme": ("business", "feedback", "theme"),
    "account_retention": ("business", "retention"),
    "capacity": ("capacity", "disk"),
    "combination": ("combinations", "both"),
    "phase": ("phases", "first"),
    "target": ("targets", "half"),
    "population": ("population",),
    "users": ("population", "users"),
    "condition": ("population", "users", "exclude"),
    "activity": ("population", "activity", 0),
    "privacy": ("privacy",),
    "rung": ("recount", 0),
    "report_key": ("report", "numbers", "exports"),
}


def with_unknown_key(path):
    config = copy.deepcopy(CONFIG)
    place = config
    for step in path:
        place = place[step]
    place[UNKNOWN] = "1"
    return config


class SchemaTest(unittest.TestCase):
    def test_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_every_definition_with_keys_is_compared(self):
        closed = {name for name, definition in SCHEMA["$defs"].items()
                  if "properties" in definition and definition.get("additionalProperties") is False}
        self.assertEqual(closed, set(PLACES) - {None})

    def test_accepts_the_configs_of_this_project(self):
        configs = [path for path in sorted(ROOT.glob("config/**/*.yml"))
                   if path.name not in ("prometheus.yml", "alertmanager.yml", "web.yml")]
        checked = 0
        for path in configs:
            config = load(path.read_text())
            if not isinstance(config, dict) or not {"sources", "collectors"} & set(config):
                continue
            with self.subTest(path.relative_to(ROOT)):
                if not {"sources", "collectors"} <= set(config):
                    config = {**{"sources": {}, "collectors": CONFIG["collectors"]}, **config}
                self.assertEqual(complaints(config), [])
                checked += 1
        self.assertGreater(checked, 0)

    def test_accepts_the_configs_of_the_documents(self):
        checked = 0
        for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
            if not path.exists():
                continue
            for block in re.findall(r"^```ya?ml\n(.*?)^```", path.read_text(), re.M | re.S):
                config = load(block)
                if isinstance(config, dict) and {"sources", "collectors"} <= set(config):
                    with self.subTest(path.name):
                        self.assertEqual(complaints(config), [])
                        checked += 1
        self.assertGreater(checked, 0)

    def test_rejects_broken_configs(self):
        rejected = 0
        for path in BROKEN:
            text = path.read_text()
            if text.startswith("# schema: rejects\n"):
                with self.subTest(path.name):
                    self.assertNotEqual(complaints(load(text)), [])
                    rejected += 1
        self.assertGreaterEqual(rejected, 30)

    def test_rejects_an_unknown_key_everywhere(self):
        self.assertEqual(complaints(CONFIG), [])
        for name, path in PLACES.items():
            with self.subTest(name or "top level"):
                self.assertNotEqual(complaints(with_unknown_key(path)), [])

    def test_knows_the_keys_that_the_program_knows(self):
        for name, path in PLACES.items():
            with self.subTest(name or "top level"):
                definition = SCHEMA["$defs"][name] if name else SCHEMA
                self.assertEqual(self.known_keys(with_unknown_key(path)),
                                 set(definition["properties"]))

    def test_knows_the_measures_of_targets_that_the_program_knows(self):
        config = copy.deepcopy(CONFIG)
        config["targets"]["half"]["measure"] = UNKNOWN
        windowed, whole, _ = SCHEMA["$defs"]["target"]["properties"]["measure"]["anyOf"]
        names = re.fullmatch(r"\^\((.*)\)/.*", windowed["pattern"]).group(1).split("|")
        self.assertEqual(self.listed(config, f'"{UNKNOWN}" is no measure of targets; known:'),
                         {*names, *whole["enum"]})

    def known_keys(self, config):
        """What `check` lists in its complaint about the unknown key."""
        return self.listed(config, f'unknown key "{UNKNOWN}" in .*; known:')

    def listed(self, config, complaint):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "config.yml"
            path.write_text(yaml.safe_dump(config))
            result = subprocess.run([os.environ["USAGE_EXPORTER"], "check", f"--config.file={path}"],
                                    capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(result.returncode, 1, result.stderr)
        match = re.search(rf"{complaint} (.*)$", result.stderr, re.M)
        self.assertIsNotNone(match, result.stderr)
        return set(match.group(1).split(", "))


if __name__ == "__main__":
    unittest.main()
