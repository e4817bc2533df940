"""A real Prometheus for tests, and a proxy that fixes the format it negotiates."""

import http.client
import json
import urllib.parse

import yaml

from exporter import SOURCE_DIR
from server_process import Handler, HttpServer, Listener

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


class Prometheus(HttpServer):
    """Prometheus on a free loopback port with the shipped config, which is rewritten by for_test: it
    has the scrape jobs {name: "host:port"}, and as rules and Alertmanager's address what is given.

        with Prometheus({"usage": "127.0.0.1:9108"}) as prometheus: prometheus.query("up")

    `data` is a folder of blocks that were made before.
    """
    NAME = "prometheus"

    def __init__(self, jobs, interval="1s", data=None, rule_files=(), alertmanager=None):
        super().__init__()
        document = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
        config = self.folder / "prometheus.yml"
        config.write_text(yaml.safe_dump(for_test(document, jobs, interval, rule_files, alertmanager)),
                          encoding="utf-8")
        self.launch(["prometheus", f"--config.file={config}",
                     f"--storage.tsdb.path={data or self.folder / 'data'}",
                     "--storage.tsdb.retention.time=10y",
                     f"--web.listen-address={self.host}:{self.port}"])

    def api(self, path, **parameters):
        response = self.get(f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
        answer = json.loads(response.body)
        if response.status != 200:
            raise AssertionError(f"{path} {parameters}: {response.status} {answer}")
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


class FormatProxy(Listener):
    """Passes scrapes on to a port and keeps the content types that came back. With `accept`, the
    scraper's own Accept header is replaced: Prometheus before 3 cannot be told which format to ask
    for, and always prefers OpenMetrics."""

    def __init__(self, port, accept=None):
        self.content_types, self.accepts = set(), set()
        proxy = self

        class Pass(Handler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                headers = dict(self.headers.items())
                proxy.accepts.add(headers.get("Accept", ""))
                if accept:
                    headers["Accept"] = accept
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                try:
                    connection.request("GET", self.path, headers=headers)
                    answer = connection.getresponse()
                    body = answer.read()
                finally:
                    connection.close()
                proxy.content_types.add(answer.headers["Content-Type"])
                self.answer(answer.status, body, [
                    (name, answer.headers[name]) for name in ("Content-Type", "Content-Encoding")
                    if answer.headers[name]])

        super().__init__(Pass)
