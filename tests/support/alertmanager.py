"""A real Alertmanager for tests, and the webhook receiver that its notifications arrive at."""

import contextlib
import http.client
import http.server
import json
import subprocess
import tempfile
import threading
from pathlib import Path

import yaml

from exporter import SOURCE_DIR, free_port, wait_until

SHIPPED = SOURCE_DIR / "config/alertmanager.yml"


class Receiver:
    """Takes webhook notifications on a free loopback port. `notifications` holds them as they came:
    dicts of Alertmanager's webhook format, with the request's path as "path"."""

    def __init__(self):
        self.notifications = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.notifications.append(dict(body, path=self.path))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def alerts(self, **labels):
        """The last word on every alert whose labels include `labels`: dicts with "status", "labels",
        "annotations", "startsAt"."""
        latest = {}
        for notification in list(self.notifications):
            for alert in notification["alerts"]:
                latest[alert["fingerprint"]] = alert
        return [alert for alert in latest.values() if labels.items() <= alert["labels"].items()]

    def firing(self):
        """Sorted names of the alerts that fire by the last word on them."""
        return sorted(alert["labels"]["alertname"] for alert in self.alerts()
                      if alert["status"] == "firing")

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


def for_test(config, port, wait, repeat):
    """A config whose webhooks all go to the port, that waits for nothing longer than `wait`, and
    that says again what still fires after `repeat` (as the config says if None)."""
    def rewrite(node):
        if isinstance(node, list):
            return [rewrite(one) for one in node]
        if not isinstance(node, dict):
            return node
        result = {key: rewrite(value) for key, value in node.items()}
        if "webhook_configs" in result:
            for webhook in result["webhook_configs"]:
                webhook["url"] = f"http://127.0.0.1:{port}/{result['name']}"
        for key in ("group_wait", "group_interval"):
            if key in result:
                result[key] = wait
        if repeat and "repeat_interval" in result:
            result["repeat_interval"] = repeat
        return result
    return rewrite(config)


class Alertmanager:
    """Alertmanager on a free loopback port with a config file (the shipped one unless said otherwise),
    which is rewritten by for_test, and with a Receiver.

        with Alertmanager() as alertmanager:
            alertmanager.post([{"labels": {"alertname": "UsageSourceStale"}}])
            wait_until(alertmanager.receiver.firing, "a notification")

    `address` is what Prometheus wants as an alertmanager's target.
    """

    def __init__(self, config=SHIPPED, wait="1s", repeat=None):
        self._temporary = tempfile.TemporaryDirectory(prefix="alertmanager_")
        self.folder, self.port = Path(self._temporary.name), free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.receiver = Receiver()
        document = yaml.safe_load(Path(config).read_text(encoding="utf-8"))
        (self.folder / "alertmanager.yml").write_text(
            yaml.safe_dump(for_test(document, self.receiver.port, wait, repeat)), encoding="utf-8")
        self._log = open(self.folder / "alertmanager.log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            ["prometheus-alertmanager", f"--config.file={self.folder / 'alertmanager.yml'}",
             f"--storage.path={self.folder / 'data'}", f"--web.listen-address={self.address}",
             "--cluster.listen-address="],
            stdout=self._log, stderr=self._log, cwd=self.folder)
        try:
            wait_until(self._ready, "Alertmanager to be ready", 60)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def _ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"Alertmanager ended:\n{self.logs()}")
        with contextlib.suppress(OSError):
            return self._request("GET", "/-/ready")[0] == 200
        return False

    def post(self, alerts):
        """Raises alerts as Prometheus would: dicts with "labels", and "annotations" if any."""
        status, body = self._request("POST", "/api/v2/alerts", json.dumps(alerts))
        if status != 200:
            raise AssertionError(f"Alertmanager refused {alerts}: {status} {body!r}")

    def states(self):
        """[(labels, state)] of all alerts it knows; the state is active, suppressed or unprocessed."""
        status, body = self._request("GET", "/api/v2/alerts")
        if status != 200:
            raise AssertionError(f"Alertmanager answered {status} {body!r}")
        return [(alert["labels"], alert["status"]["state"]) for alert in json.loads(body)]

    def logs(self):
        return (self.folder / "alertmanager.log").read_text(encoding="utf-8")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self._log.close()
        self.receiver.close()
        self._temporary.cleanup()
