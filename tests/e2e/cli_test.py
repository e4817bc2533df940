"""The program as its users run it: verbs, flags, exit codes, logs, signals, HTTP."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

from exporter import PROGRAM, SOURCE_DIR, Exporter, free_port, parse_metrics, run, wait_until

VERBS = ("serve", "check", "once", "explain", "backfill", "report", "forget", "demo", "probe", "version")
IDLE_TIMEOUT = 5  # seconds of a kept-alive connection
SECRET = "hunter2-do-not-print"

CONFIG = """\
sources:
  app: {dsn: "sqlite:%(database)s"}
collectors:
  exports:
    source: app
    interval: 1h
    query: SELECT format, count(*) AS total FROM export_logs GROUP BY format
    metrics:
      app_exports:
        help: Exports by format.
        labels: [format]
        value: total
  users:
    source: app
    interval: 1h
    query: SELECT count(DISTINCT user_id) AS users FROM export_logs
    metrics:
      app_export_users:
        help: People who exported.
        value: users
"""


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.database = self.folder / "app.db"
        with sqlite3.connect(self.database) as db:
            db.execute("CREATE TABLE export_logs (format TEXT, user_id INTEGER)")
            db.executemany("INSERT INTO export_logs VALUES (?, ?)",
                           [("pdf", 1), ("pdf", 2), ("csv", 1)])
        db.close()
        self.config = CONFIG % {"database": self.database}

    def write(self, text, name="config.yml"):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def exporter(self, *flags, config=None, **options):
        return self.enterContext(Exporter(config or self.config, *flags, **options))


class Help(CommandLine):
    def test_help_names_every_verb_and_the_exit_codes(self):
        for arguments in (["--help"], ["help"]):
            result = run(*arguments)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            for word in (*VERBS, "Exit codes", "--config.file", "--web.listen-address"):
                self.assertIn(word, result.stdout)

    def test_every_verb_has_help_of_its_own(self):
        texts = {verb: run(verb, "--help") for verb in VERBS}
        for verb, result in texts.items():
            self.assertEqual((result.returncode, result.stderr), (0, ""), verb)
            self.assertIn(verb, result.stdout)
        self.assertIn("--connect", texts["check"].stdout)
        self.assertIn("--at", texts["once"].stdout)
        self.assertIn("--into", texts["demo"].stdout)
        self.assertNotIn("--into", texts["serve"].stdout)

    def test_lines_fit_a_terminal(self):
        for verb in ("", *VERBS):
            for line in run(*([verb] if verb else []), "--help").stdout.splitlines():
                self.assertLessEqual(len(line), 120, line)

    def test_version(self):
        for arguments in (["version"], ["--version"]):
            result = run(*arguments)
            self.assertEqual(result.returncode, 0)
            self.assertRegex(result.stdout, r"^usage_exporter \d+\.\d+\.\d+ .*[0-9a-f]{7,}|unknown")


class WrongUsage(CommandLine):
    def assert_wrong(self, arguments, *words):
        result = run(*arguments)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertEqual(result.stdout, "")
        for word in words:
            self.assertIn(word, result.stderr)

    def test_a_misspelt_verb(self):
        self.assert_wrong(["chek"], "chek", 'did you mean "check"?')

    def test_a_misspelt_flag(self):
        self.assert_wrong(["serve", "--config.fil", "x"], "--config.fil", "did you mean",
                          "--config.file")
        self.assert_wrong(["--web.listen-adress=:1"], "--web.listen-adress", "did you mean")

    def test_a_flag_of_another_verb(self):
        self.assert_wrong(["version", "--connect"], "--connect")

    def test_bad_values(self):
        self.assert_wrong(["serve", "--log.level", "loud"], "loud", "--log.level")
        self.assert_wrong(["once", "--at", "yesterday"], "yesterday", "--at")
        self.assert_wrong(["probe"], "URL")


class Check(CommandLine):
    def test_a_good_config(self):
        result = run("check", "--config.file", self.write(self.config))
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_connect_reports_columns(self):
        result = run("check", "--connect", "--config.file", self.write(self.config))
        self.assertEqual(result.returncode, 0, result.stderr)
        for word in ("exports", "users", "format", "total"):
            self.assertIn(word, result.stdout)

    def test_connect_finds_what_the_file_alone_cannot_show(self):
        path = self.write(self.config.replace("FROM export_logs GROUP", "FROM exprt_logs GROUP"))
        self.assertEqual(run("check", "--config.file", path).returncode, 0)
        result = run("check", "--connect", "--config.file", path)
        self.assertEqual(result.returncode, 1)
        self.assertIn("exprt_logs", result.stdout + result.stderr)

    def test_every_mistake_at_once_with_its_place(self):
        path = self.write(self.config.replace("interval: 1h", "intervall: 1h"))
        result = run("check", "--config.file", path)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"config\.yml:6:5: ")
        self.assertRegex(result.stderr, r"config\.yml:15:5: ")
        self.assertIn('did you mean', result.stderr)
        self.assertIn("^", result.stderr)

    def test_a_missing_file(self):
        result = run("check", "--config.file", self.folder / "none.yml")
        self.assertEqual(result.returncode, 1)
        self.assertIn("none.yml", result.stderr)


class Documents(CommandLine):
    def test_the_config_in_the_readme_is_good(self):
        readme = (SOURCE_DIR / "README.md").read_text(encoding="utf-8")
        config = re.search(r"```yaml\n(.*?)```", readme, re.S)[1]
        result = run("check", "--config.file", self.write(config))
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_the_readme_names_every_verb(self):
        readme = (SOURCE_DIR / "README.md").read_text(encoding="utf-8")
        self.assertEqual(re.findall(r"^\| `([a-z]+)` \|", readme, re.M), list(VERBS))

    def test_every_metric_of_the_exporter_is_documented(self):
        reports = self.folder / "reports"
        reports.mkdir()
        with Exporter(None, f"--report.folder={reports}", verb="demo") as exporter:
            wait_until(lambda: "usage_exporter_report_last_success" in exporter.page(),
                       "a weekly report to be written")
            page = exporter.page()
        served = set(re.findall(r"^# TYPE ((?:usage_exporter|process)_\w+)", page, re.M))
        text = (SOURCE_DIR / "docs/METRICS.md").read_text(encoding="utf-8")
        documented = set(re.findall(r"^\| `((?:usage_exporter|process)_\w+)` \|", text, re.M))
        self.assertEqual(documented, served)


class Once(CommandLine):
    def test_prints_what_a_scrape_would_get(self):
        result = run("once", "--config.file", self.write(self.config))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(parse_metrics(result.stdout), {
            ("app_exports", (("format", "csv"),)): 1.0,
            ("app_exports", (("format", "pdf"),)): 2.0,
            ("app_export_users", ()): 2.0,
        })

    def test_one_collector(self):
        path = self.write(self.config)
        result = run("once", "--config.file", path, "--collector", "users")
        self.assertEqual(parse_metrics(result.stdout), {("app_export_users", ()): 2.0})
        result = run("once", "--config.file", path, "--collector", "user")
        self.assertEqual(result.returncode, 1)
        self.assertIn('did you mean "users"', result.stderr)

    def test_a_failing_collector_loses_only_itself(self):
        path = self.write(self.config.replace("FROM export_logs GROUP", "FROM gone GROUP"))
        result = run("once", "--config.file", path)
        self.assertEqual(result.returncode, 1)
        self.assertIn("gone", result.stderr)
        self.assertEqual(parse_metrics(result.stdout), {("app_export_users", ()): 2.0})

    def test_the_past_is_a_flag_away(self):
        path = self.write("""\
sources: {app: {dsn: "sqlite:%s", time_format: unix}}
collectors:
  clock:
    source: app
    query: SELECT $1 AS instant
    parameters: [today]
    metrics: {app_today_timestamp_seconds: {help: Start of the day., value: instant}}
""" % self.database)
        result = run("once", "--config.file", path, "--at", "2026-03-01T12:30:00Z")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(list(parse_metrics(result.stdout).values()), [1772323200.0])


class Logs(CommandLine):
    def test_logfmt(self):
        lines = self.exporter().logs().splitlines()
        self.assertGreater(len(lines), 1)
        for line in lines:
            self.assertRegex(line, r'^\w+=("(\\.|[^"\\])*"|\S+)( \w+=("(\\.|[^"\\])*"|\S*))*$')

    def test_json(self):
        events = [json.loads(line)
                  for line in self.exporter("--log.format=json").logs().splitlines()]
        self.assertGreater(len(events), 1)
        self.assertTrue(all("level" in event for event in events))

    def test_the_level_filters(self):
        self.assertEqual(self.exporter("--log.level=error").logs(), "")

    def test_secrets_are_never_printed(self):
        port = free_port()  # nothing listens there
        config = self.config.replace(
            f'"sqlite:{self.database}"', f'"postgresql://app:${{APP_PASSWORD}}@127.0.0.1:{port}/x"')
        environment = {**os.environ, "APP_PASSWORD": SECRET}
        path = self.write(config)
        outputs = []
        for arguments in (["check"], ["check", "--connect"], ["once"]):
            result = run(*arguments, "--config.file", path, env=environment)
            outputs += [result.stdout, result.stderr]
        self.assertIn("unavailable", "".join(outputs))
        path = self.write(config.replace("source: app", "source: apple"), "wrong.yml")
        outputs.append(run("check", "--config.file", path, env=environment).stderr)
        path = self.write(config.replace("postgresql://", "postgrsql://"), "scheme.yml")
        outputs.append(run("check", "--config.file", path, env=environment).stderr)
        self.assertIn("must be a URL such as sqlite:", outputs[-1])
        exporter = self.exporter("--log.level=debug", config=config, env=environment)
        wait_until(lambda: "unavailable" in exporter.logs(), "a failed run in the log")
        outputs += [exporter.logs(), exporter.page(), exporter.get("/").text]
        in_query = self.config.replace("FROM export_logs GROUP", "FROM ${APP_PASSWORD} GROUP")
        path = self.write(in_query, "query.yml")
        for arguments in (["check", "--connect"], ["once"]):
            result = run(*arguments, "--config.file", path, env={**environment, "APP_PASSWORD": "hunter2secret"})
            self.assertEqual(result.returncode, 1)
            self.assertNotIn("hunter2secret", result.stdout + result.stderr)
        for output in outputs:
            self.assertNotIn(SECRET, output)
            self.assertNotIn("://app", output)


class Process(CommandLine):
    def seconds_to_end(self, ending, keep_alive):
        exporter = self.exporter()
        if keep_alive:
            idle = self.enterContext(socket.create_connection(("127.0.0.1", exporter.port)))
            idle.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            idle.recv(1)
        started = time.monotonic()
        exporter.process.send_signal(ending)
        self.assertEqual(exporter.process.wait(60), 0)
        return time.monotonic() - started

    def test_a_kept_alive_connection_does_not_hold_up_the_end(self):
        for ending in (signal.SIGTERM, signal.SIGINT):
            alone, beside = (self.seconds_to_end(ending, keep_alive) for keep_alive in (False, True))
            self.assertLess(beside - alone, 0.8 * IDLE_TIMEOUT, ending.name)

    def test_a_port_in_use_is_named(self):
        exporter = self.exporter()
        result = run("serve", f"--config.file={exporter.config_path}",
                     f"--web.listen-address=127.0.0.1:{exporter.port}")
        self.assertEqual(result.returncode, 1)
        self.assertIn(str(exporter.port), result.stderr)

    def test_port_zero_takes_a_free_one_and_says_which(self):
        process = subprocess.Popen(
            [PROGRAM, f"--config.file={self.write(self.config)}",
             "--web.listen-address=127.0.0.1:0"], stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        try:
            port = next(int(found[1]) for found in
                        (re.search(r"127\.0\.0\.1:(\d+)", line) for line in process.stderr) if found)
            self.assertGreater(port, 0)
            wait_until(lambda: run("probe", f"http://127.0.0.1:{port}/-/healthy").returncode == 0,
                       "the announced port to answer")
        finally:
            process.terminate()
            process.communicate(timeout=10)

    def test_ipv6(self):
        exporter = self.exporter(host="::1")
        self.assertEqual(exporter.get("/-/healthy").status, 200)

    def test_several_addresses(self):
        second = free_port()
        exporter = self.exporter(f"--web.listen-address=127.0.0.1:{second}")
        self.assertEqual(run("probe", f"{exporter.url}/metrics").returncode, 0)
        self.assertEqual(run("probe", f"http://127.0.0.1:{second}/metrics").returncode, 0)

    def test_probe(self):
        exporter = self.exporter()
        self.assertEqual(run("probe", f"{exporter.url}/-/healthy").returncode, 0)
        self.assertEqual(run("probe", f"{exporter.url}/none").returncode, 1)
        self.assertEqual(run("probe", f"http://127.0.0.1:{free_port()}/").returncode, 1)

    def test_reload_keeps_the_old_config_on_error(self):
        exporter = self.exporter()
        exporter.config_path.write_text(self.config.replace("interval", "intervall"))
        exporter.reload()
        wait_until(lambda: "reload refused" in exporter.logs(), "the refusal in the log")
        self.assertEqual(exporter.value("app_exports", format="pdf"), 2.0)
        exporter.config_path.write_text(self.config.replace("app_exports", "app_new"))
        exporter.reload()
        wait_until(lambda: exporter.value("app_new", format="pdf") == 2.0, "the new metric")
        self.assertIsNone(exporter.value("app_exports", format="pdf"))

    def test_reload_by_http_must_be_allowed(self):
        self.assertEqual(self.exporter().request("POST", "/-/reload").status, 403)
        exporter = self.exporter("--web.enable-lifecycle")
        self.assertEqual(exporter.request("POST", "/-/reload").status, 200)
        self.assertEqual(exporter.get("/-/reload").status, 405)


class Http(CommandLine):
    def test_head_is_get_without_the_body(self):
        exporter = self.exporter()
        for path in ("/metrics", "/", "/-/healthy"):
            head, get = exporter.request("HEAD", path), exporter.get(path)
            self.assertEqual((head.status, head.body), (200, b""), path)
            self.assertEqual(head.headers["Content-Type"], get.headers["Content-Type"])
            self.assertGreater(int(head.headers["Content-Length"]), 0)

    def test_unknown_paths_and_methods(self):
        exporter = self.exporter()
        self.assertEqual(exporter.get("/none").status, 404)
        self.assertEqual(exporter.get("/metrics/").status, 404)
        for method in ("POST", "DELETE", "PUT"):
            answer = exporter.request(method, "/metrics")
            self.assertEqual(answer.status, 405, method)
            self.assertEqual(set(answer.headers["Allow"].split(", ")), {"GET", "HEAD"})

    def test_the_landing_page_names_every_collector(self):
        page = self.exporter().get("/").text
        for word in ("exports", "users", "/metrics"):
            self.assertIn(word, page)

    def test_another_telemetry_path(self):
        exporter = self.exporter("--web.telemetry-path=/usage")
        self.assertIn("app_exports", exporter.get("/usage").text)
        self.assertEqual(exporter.get("/metrics").status, 404)

    def test_two_hundred_scrapers_cause_no_database_work(self):
        exporter = self.exporter()
        runs = exporter.value("usage_exporter_collector_run_duration_seconds_count",
                              collector="exports")
        self.database.unlink()  # whoever asks the database now fails
        failures = []

        def scrape():
            try:
                for _ in range(5):
                    if 'app_exports{format="pdf"} 2\n' not in exporter.page():
                        failures.append("a page without the series")
            except Exception as error:  # pylint: disable=broad-except
                failures.append(repr(error))

        threads = [threading.Thread(target=scrape) for _ in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertIsNotNone(runs)
        self.assertEqual(exporter.value("usage_exporter_collector_run_duration_seconds_count",
                                        collector="exports"), runs)


if __name__ == "__main__":
    unittest.main(verbosity=2)
