"""The snippets of docs/EVENTS.md and of the guide are run, and what they log and send is counted by
config/events.yml as it happened."""

import base64
import contextlib
import datetime
import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

from exporter import SOURCE_DIR, Exporter, wait_until

PAGE = (SOURCE_DIR / "docs/EVENTS.md").read_text(encoding="utf-8")
GUIDE = (SOURCE_DIR / "tests/support/guide.txt").read_text(encoding="utf-8")
KEYS = {"web_events": "key-of-the-page", "old_events": "key-of-the-guide"}

BACK_END = """
import asyncio
import sys

LOG_FILE = sys.argv[1]


class router:
    @staticmethod
    def get(path):
        return lambda function: function


def render_csv(report_type, channel_id):
    if channel_id == "slow":
        raise TimeoutError("the secret of user-3")
    if channel_id == "broken":
        raise ValueError("the secret of user-3")
    return "a,b"


{snippet}

for i in range(12):
    asyncio.run(export_csv("sales", "general", f"user-{{i % 4}}"))
for channel in ("slow", "slow", "broken"):
    try:
        asyncio.run(export_csv("sales", channel, "user-9"))
    except (TimeoutError, ValueError):
        pass
log_event("export_requested", request_id="never ended", user_id="user-9", format="csv", report_type="sales")
"""

# Nine exports, of which the page fails to take two; four that fail.
FRONT_END = """
const sent = [];
let session = 0;
const analytics = {{track: (event, properties) => sent.push({{event, properties, at: Date.now()}})}};
const crypto = require('node:crypto').webcrypto;
const reportType = 'sales';
const getSessionId = () => `s${{session}}`, getCurrentUserId = () => 'user-1';
const setLoading = () => {{}}, setError = () => {{}};
const onExportComplete = () => {{ if (session < 2) throw new Error('the page is gone'); }};
const exportReport = async () => {{
  await new Promise((done) => setTimeout(done, 2));
  if (session >= 9) throw new Error('render failed');
  return 'report.csv';
}};
{{
{snippet}
(async () => {{
  for (session = 0; session < 13; ++session) await handleExport('csv').catch(() => {{}});
  console.log(JSON.stringify(sent));
}})();
}}
"""


def block(text, language, part):
    """The block of code that holds `part`."""
    found = [code for code in re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S) if part in code]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} blocks of {language} hold {part}")
    return found[0]


def node(snippet):
    script = FRONT_END.format(snippet=snippet)
    return json.loads(subprocess.run(["node", "-e", script], check=True, capture_output=True, timeout=60).stdout)


class EventsTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="usage_events_")))
        now = datetime.datetime.now(datetime.timezone.utc)
        self.hour = now.replace(minute=0, second=0, microsecond=0) - datetime.timedelta(hours=2)

    def write_log(self):
        """What the back end logs, moved to a full hour, so that all of it is settled."""
        log, script = self.folder / "exports.json", self.folder / "back_end.py"
        script.write_text(BACK_END.format(snippet=block(PAGE, "python", "log_event")))
        subprocess.run(["/usr/bin/python3", script, log], check=True, timeout=60)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        times = [datetime.datetime.fromisoformat(line["timestamp"]) for line in lines]
        for line, time in zip(lines, times):
            line["timestamp"] = (self.hour + (time - times[0])).isoformat()
        log.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return log

    def config(self, log):
        config = yaml.safe_load((SOURCE_DIR / "config/events.yml").read_text())
        config["sources"]["backend_log"]["log"]["paths"] = [str(log)]
        config["sources"]["old_events"] = {"ingest": {"keys": [{"name": "old", "key": KEYS["old_events"]}]}}
        config["features"]["clicked"] = {"source": "old_events", "event": "Export Used",
                                         **yaml.safe_load(block(PAGE, "yaml", "properties.success"))}
        return yaml.safe_dump({**config, "refresh": "1s", "windows": ["1d"], "privacy": {"k_anonymity": 1}})

    def send(self, exporter, source, events):
        batch = [{"type": "track", "event": event["event"], "userId": "user-1", "messageId": f"{source} {i}",
                  "properties": event["properties"],
                  "timestamp": (self.hour + datetime.timedelta(milliseconds=event["at"] - events[0]["at"]))
                  .isoformat()} for i, event in enumerate(events)]
        key = base64.b64encode(f"{KEYS[source]}:".encode()).decode()
        answer = exporter.request("POST", "/v1/batch", {"Authorization": f"Basic {key}"},
                                  body=json.dumps({"batch": batch}).encode())
        self.assertEqual(answer.status, 200, answer.text)

    def test_the_snippets_are_counted_as_they_ran(self):
        guide = block(GUIDE, "javascript", "trackExportUsage = ") + block(
            GUIDE, "javascript", "handleExport").replace(
                "// ... existing export logic ...", "const filename = await exportReport(reportType, format);")
        corrected, old = node(block(PAGE, "javascript", "attempt_id")), node(guide)
        naive = sum(event["properties"]["success"] for event in old) / len(old)
        self.assertLess(naive, 0.5)
        with Exporter(self.config(self.write_log()), env={"USAGE_WRITE_KEY": KEYS["web_events"]}) as exporter:
            self.send(exporter, "web_events", corrected)
            self.send(exporter, "old_events", old)
            expected = {
                ("usage_uses", "export"): 12, ("usage_failures", "export"): 3,
                ("usage_abandoned_attempts", "export"): 1, ("usage_feature_users", "export"): 4,
                ("usage_uses", "clicked"): 9, ("usage_failures", "clicked"): 4,
                ("usage_abandoned_attempts", "clicked"): 0,
                # Nine of the twelve, whatever the page did with them.
                ("usage_tracked_uses", "export"): 9, ("usage_tracking_coverage_ratio", "export"): 0.75,
            }

            def counted():
                return {(name, feature): exporter.value(
                    name, feature=feature, **({} if "track" in name else {"window": "1d"}))
                        for name, feature in expected}

            with contextlib.suppress(AssertionError):  # what differs is said below
                wait_until(lambda: counted() == expected, "what the snippets did")
            self.assertEqual(counted(), expected)
            self.assertEqual(exporter.value("usage_failures_total", feature="export", reason="timeout"), 2)
            self.assertEqual(exporter.value("usage_scopes", feature="export", window="1d"), 1)
            self.assertEqual(exporter.value("usage_dimension_uses", feature="export", value="csv", window="1d"), 12)
            self.assertEqual(exporter.value("usage_operation_duration_seconds_count", feature="export"), 12)
            self.assertEqual(exporter.value("usage_payload_bytes_sum", feature="export"), 36)
            everything = exporter.page() + (self.folder / "exports.json").read_text()
        self.assertNotIn("the secret", everything)


if __name__ == "__main__":
    unittest.main(verbosity=2)
