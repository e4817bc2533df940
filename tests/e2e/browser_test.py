#!/usr/bin/python3
"""The exporter's own pages and its report in a real browser: what they show, that every link works, that a keyboard reaches
it, that nothing is blocked, fetched from elsewhere or inaccessible (axe-core), and that no secret and nobody's id is on them.
PICTURES=FOLDER also keeps a picture of every view."""
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import unittest
from pathlib import Path
from urllib.parse import unquote, urldefrag

from demo_sql import DemoSql, patient_config
from exporter import SOURCE_DIR, Exporter, wait_until
from server_process import Handler, Listener

TOOLS = SOURCE_DIR / "build/browser"  # by scripts/setup --tests
PAGES = ["/", "/targets", "/definitions", "/config", "/report"]
PLANTED = {
    "a password": "planted_password",
    "a user of a database": "planted_role",
    "the environment": "planted_environment",
    "somebody's id in the tables": "planted_person",
    "somebody's id in the config": "planted_colleague",
    "somebody's address in SQL": "planted_address@example.com",
    "a link's token": "planted_token",
}
# Beside the demo: a source that is down, one that was read and then went away, and one that has not answered yet.
MORE = """
  down: {dsn: "postgresql://planted_role:planted_password@127.0.0.1:1/x", connect_timeout: 500ms}
  gone: {dsn: "sqlite:GONE"}
  slow: {dsn: "postgresql://127.0.0.1:SLOW/x", connect_timeout: 300s, timeout: 600s}
"""
COLLECTORS = """
  failing:
    source: down
    interval: 1s
    query: SELECT count(*) AS n FROM t WHERE token <> '${PLANTED}'
    metrics: {test_failing: {help: Never there., value: n}}
  stale:
    source: gone
    interval: 1s
    stale_after: 1s
    query: SELECT count(*) AS n FROM t WHERE who <> 'planted_address@example.com'
    metrics: {test_stale: {help: There for a while., value: n}}
  starting:
    source: slow
    interval: 1s
    query: SELECT 1 AS n
    metrics: {test_starting: {help: Not there yet., value: n}}
"""
# Pages with what must be noticed: without a language, an image's text and a heading, wider than any window, a link that no
# key reaches, a style sheet that is forbidden; and a resource of somebody else.
FAULTY = {
    "/blocked": b'<!DOCTYPE html><html><head><title>x</title><style>p{color:red}</style></head><body>'
                b'<img width="3000" height="9"><a href="/x" tabindex="-1">x</a></body></html>',
    "/offsite": b'<!DOCTYPE html><html lang="en"><head><title>x</title></head><body><img alt="x" src="http://127.0.0.2:1/x.png">'
                b'</body></html>',
}


class Faulty(Handler):
    def do_GET(self):
        policy = [("Content-Security-Policy", "default-src 'none'; img-src data:")] if self.path == "/blocked" else []
        self.answer(200 if self.path in FAULTY else 404, FAULTY.get(self.path, b""), [("Content-Type", "text/html"), *policy])


def judged(page):
    """What a page of metrics says of targets."""
    return {key: value for key, value in page.items() if key[0] in ("usage_target_value", "usage_target_met")}


class BrowserTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="browser_")))
        demo = DemoSql(cls.folder, launch=None)  # the pages show the present
        cls.addClassCleanup(demo.close)
        with demo.database:
            demo.database.execute("INSERT INTO export_logs SELECT 1000000, created_at, ingested_at, 'planted_person', format,"
                                  " report_type, channel_id, 'completed', NULL, 1, 1 FROM export_logs ORDER BY id DESC LIMIT 1")
            demo.database.execute("INSERT INTO shared_reports SELECT 1000000, created_at, 'planted_person', 'planted_token',"
                                  " report_type, channel_id, ttl_hours, NULL, 0 FROM shared_reports ORDER BY id DESC LIMIT 1")
        gone = cls.folder / "gone.db"
        database = sqlite3.connect(gone)
        database.execute("CREATE TABLE t (who TEXT)")
        database.close()
        silent = cls.enterClassContext(socket.create_server(("127.0.0.1", 0)))  # takes connections and says nothing
        config = re.sub(r"^( *)table: ", r"\1source: app\n\1table: ", patient_config().replace("{table: ", "{source: app, table: "),
                        flags=re.MULTILINE)
        config = config.replace("\nwindows:", MORE.replace("GONE", str(gone)).replace("SLOW", str(silent.getsockname()[1]))
                                + "\nwindows:", 1) + COLLECTORS
        config = config.replace("{column: is_internal, equals: true}", "{column: is_internal, in: ['1', planted_colleague]}")
        cls.exporter = cls.enterClassContext(Exporter(config, wait=False, env={
            "USAGE_DSN": demo.dsn, "USAGE_DEMO_LAUNCH": demo.launch, "PLANTED": "planted_environment"}))
        wait_until(lambda: "healthy</span>" in cls.page("/") and "\ntest_stale " in cls.page("/metrics"), "the first runs")
        gone.unlink()
        wait_until(lambda: "stale</span>" in cls.page("/") and cls.exporter.get("/report").status == 200, "the states")
        for _ in range(2):  # again when the hour ended meanwhile, with which the windows move
            before = cls.exporter.metrics()
            cls.seen, cls.metrics = cls.look(), cls.exporter.metrics()
            if judged(before) == judged(cls.metrics):
                break
        cls.views = cls.seen["views"]

    @classmethod
    def page(cls, path):
        try:
            return cls.exporter.get(path).text
        except OSError:
            return ""

    @classmethod
    def look(cls, pages=None, base=None, **job):
        """What look.mjs says of the pages."""
        out, told = cls.folder / "seen.json", cls.folder / "job.json"
        pictures = os.environ.get("PICTURES")
        told.write_text(json.dumps({"base": base or cls.exporter.url, "pages": pages or PAGES, "widths": [390, 1200],
                                    "out": str(out), "pictures": pictures, "pdf": "/report", **job}), encoding="utf-8")
        shutil.copy(SOURCE_DIR / "tests/browser/look.mjs", TOOLS)  # beside what it imports
        ran = subprocess.run(["node", TOOLS / "look.mjs", told], capture_output=True, text=True, timeout=600)
        assert ran.returncode == 0, ran.stderr
        return json.loads(out.read_text(encoding="utf-8"))

    def nothing(self, what):
        self.assertEqual({(view["path"], view["width"], view["scheme"], str(view[what])) for view in self.views if view[what]},
                         set())

    def view(self, path, width=1200):
        return next(view for view in self.views if view["path"] == path and view["width"] == width)

    def test_every_page_answers_and_says_nothing_on_the_console(self):
        self.assertEqual(len(self.views), 4 * len(PAGES))
        self.assertEqual({view["status"] for view in self.views}, {200})
        for what in ("said", "blocked", "offsite"):
            self.nothing(what)

    def test_axe_finds_no_violation(self):
        self.nothing("violations")

    def test_no_page_is_wider_than_the_window(self):
        self.nothing("overflow")

    def test_every_link_works(self):
        links = {(view["path"], link) for view in self.views for link in view["links"]}
        ids = {view["path"]: set(view["ids"]) for view in self.views}
        for path, link in sorted(links):
            target, anchor = urldefrag(link)
            with self.subTest(page=path, link=link):
                if target:
                    self.assertIn(self.exporter.get(target).status, (503,) if target == "/-/ready" else (200,))
                if anchor:
                    self.assertIn(unquote(anchor), ids[target or path])
        linked = {urldefrag(link)[0] for _, link in links}
        self.assertLessEqual({*PAGES, "/metrics", "/-/healthy", "/-/ready"}, linked)

    def test_a_keyboard_reaches_every_link(self):
        for path in PAGES:
            view = self.view(path, 390)
            self.assertEqual(view["reached"], view["links"][:40], path)

    def test_every_page_says_which_one_it_is(self):
        for path in PAGES[:-1]:
            current = re.findall(r'<a href="([^"]+)" aria-current="page">', self.view(path)["html"])
            self.assertEqual(current, [path])

    def test_the_states_of_the_collectors(self):
        for width in (390, 1200):
            text = self.view("/", width)["text"]
            for collector, state in (("exports", "healthy"), ("usage", "healthy"), ("failing", "failing"), ("stale", "stale"),
                                     ("starting", "starting")):
                self.assertRegex(text, rf"(?s)\b{collector}\n.{{0,60}}?\b{state}\b", (collector, width))
            self.assertIn("unavailable:", text)
            self.assertRegex(text, r"\d+ of 10 collectors are healthy")

    def test_targets_are_as_in_the_metrics(self):
        page = self.metrics
        text = self.view("/targets")["text"]
        met = [dict(labels)["target"] for (name, labels), value in page.items() if name == "usage_target_met" and value == 1]
        self.assertGreater(len(met), 3)
        self.assertIn(f"{len(met)} met", text)
        rows = re.findall(r"(?s)<tbody id=\"target-(\w+)\">(.*?)</tbody>", self.view("/targets")["html"])
        self.assertEqual(len(rows), 15)
        for target, row in rows:
            self.assertEqual(">met</span>" in row, target in met, target)
            value = next((value for (name, labels), value in page.items()
                          if name == "usage_target_value" and dict(labels)["target"] == target), None)
            unit = next(dict(labels)["unit"] for name, labels in page
                        if name == "usage_target_info" and dict(labels)["target"] == target)
            shown = re.search(r'data-label="Value"[^>]*><span>(?:([−\d.]+)( %)?|–)<', row)
            if value is None:
                self.assertIsNone(shown[1], target)
            else:
                self.assertAlmostEqual(float(shown[1].replace("−", "-")), value * (100 if unit == "ratio" else 1), delta=0.051)

    def test_every_series_of_the_page_is_defined(self):
        ids = set(self.view("/definitions")["ids"])
        families = set(re.findall(r"^# TYPE (\S+) ", self.exporter.page(), re.MULTILINE))
        self.assertEqual({name for name in families if name not in ids and not name.startswith("process_")}, set())
        self.assertIn("test_starting", ids)  # also what has no series yet

    def test_no_secret_and_nobody(self):
        texts = {path: self.exporter.get(path).text for path in [*PAGES, "/metrics", "/report?format=json", "/report?format=md"]}
        texts["log"] = self.exporter.logs()
        found = {(what, where) for what, planted in PLANTED.items() for where, text in texts.items() if planted in text}
        self.assertEqual(found, set())
        config = texts["/config"]
        for shown in ("planted", "sqlite:", "postgresql:"):
            self.assertNotIn(shown, config)
        self.assertIn("SELECT count(*) AS n FROM t WHERE who &lt;&gt; &#39;…&#39;", config)

    def test_faults_are_noticed(self):
        with Listener(Faulty) as server:
            views = self.look(list(FAULTY), f"http://127.0.0.1:{server.port}", pictures=None, pdf=None)["views"]
        for view in views[:4]:
            self.assertEqual([what.split(":")[0] for what in view["blocked"]], ["style-src-elem"])
            self.assertGreater(view["overflow"], 1000)
            self.assertEqual(view["reached"], [])
            self.assertLessEqual({"html-has-lang", "image-alt", "page-has-heading-one"},
                                 {violation.split(":")[0] for violation in view["violations"]})
        for view in views[4:]:
            self.assertEqual(view["offsite"], ["http://127.0.0.2:1/x.png"])
            self.assertNotEqual(view["said"], [])

    def test_the_report_on_paper(self):
        self.assertIn(self.seen["pdf_pages"], (6, 7))


if __name__ == "__main__":
    unittest.main()
