"""A real Prometheus for tests, and a proxy that fixes the format it negotiates."""

import http.client
import http.server
import json
import subprocess
import tempfile
import threading
import urllib.parse
from pathlib import Path

import yaml

from exporter import SOURCE_DIR, free_port, wait_until

SHIPPED = SOURCE_DIR / "config/prometheus.yml"


def for_test(config, jobs, interval, rule_files, alertmanager):
    """The config with these addresses and files in the place of its own."""
    job, = config["scrape_configs"]
    manager, = config["alerting"]["alertmanagers"]
    return config | {
        "global": {"scrape_interval": interval, "scrape_timeout": interval},
        "rule_files": [str(path) for path in rule_files],
        "alerting": {"alertmanagers": [manager | _static(alertmanager)] if alertmanager else []},
        "scrape_configs": [job | {"job_name": name} | _static(target)
                           for name, target in jobs.items()]}


def _static(target):
    return {"static_configs": [{"targets": [target]}]}


class Prometheus:
    """Prometheus on a free loopback port with the shipped config, which is rewritten by for_test: it
    has the scrape jobs {name: "host:port"}, and as rules and Alertmanager's address what is given.

        with Prometheus({"usage": "127.0.0.1:9108"}) as prometheus: prometheus.query("up")

    `data` is a folder of blocks that were made before.
    """

    def __init__(self, jobs, interval="1s", data=None, rule_files=(), alertmanager=None):
        self._temporary = tempfile.TemporaryDirectory(prefix="prometheus_")
        self.folder, self.port = Path(self._temporary.name), free_port()
        document = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
        (self.folder / "prometheus.yml").write_text(
            yaml.safe_dump(for_test(document, jobs, interval, rule_files, alertmanager)),
            encoding="utf-8")
        self._log = open(self.folder / "prometheus.log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={self.folder / 'prometheus.yml'}",
             f"--storage.tsdb.path={data or self.folder / 'data'}",
             "--storage.tsdb.retention.time=10y",
             f"--web.listen-address=127.0.0.1:{self.port}"],
            stdout=self._log, stderr=self._log, cwd=self.folder)
        try:
            wait_until(self._ready, "Prometheus to be ready", 60)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def _ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"Prometheus ended:\n{self.logs()}")
        try:
            return self._get("/-/ready")[0] == 200
        except OSError:
            return False

    def api(self, path, **parameters):
        status, body = self._get(f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
        answer = json.loads(body)
        if status != 200:
            raise AssertionError(f"{path} {parameters}: {status} {answer}")
        return answer["data"]

    def query(self, expression, **parameters):
        """An instant vector as [(labels, value)]; `time` may be one of the parameters."""
        result = self.api("query", query=expression, **parameters)["result"]
        return [(sample["metric"], float(sample["value"][1])) for sample in result]

    def series(self, job):
        """The series of a job as {(name, labels without job and instance)}."""
        return {(one["__name__"], tuple(sorted((name, value) for name, value in one.items()
                                               if name not in ("__name__", "job", "instance"))))
                for one in self.api("series", **{"match[]": f'{{job="{job}"}}'})}

    def firing(self):
        """Names of the alerts that fire now, as Prometheus has it."""
        return sorted({labels["alertname"]
                       for labels, _ in self.query('ALERTS{alertstate="firing"}')})

    def targets(self):
        """{job: the active target as the API shows it}."""
        return {one["labels"]["job"]: one
                for one in self.api("targets", state="active")["activeTargets"]}

    def logs(self):
        return (self.folder / "prometheus.log").read_text(encoding="utf-8")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self._log.close()
        self._temporary.cleanup()


class FormatProxy:
    """Passes scrapes on to a port and keeps the content types that came back. With `accept`, the
    scraper's own Accept header is replaced: Prometheus before 3 cannot be told which format to ask
    for, and always prefers OpenMetrics."""

    def __init__(self, port, accept=None):
        self.content_types, self.accepts = set(), set()
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                headers = dict(self.headers.items())
                proxy.accepts.add(headers.get("Accept", ""))
                if accept:
                    headers["Accept"] = accept
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
                try:
                    connection.request("GET", self.path, headers=headers)
                    answer = connection.getresponse()
                    body = answer.read()
                finally:
                    connection.close()
                proxy.content_types.add(answer.headers["Content-Type"])
                self.send_response(answer.status)
                for name in ("Content-Type", "Content-Encoding"):
                    if answer.headers[name]:
                        self.send_header(name, answer.headers[name])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
