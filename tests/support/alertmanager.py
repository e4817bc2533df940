"""A real Alertmanager for tests, and the webhook receiver that its notifications arrive at."""

import json
from pathlib import Path

import yaml

from exporter import SOURCE_DIR
from server_process import Handler, HttpServer, Listener

SHIPPED = SOURCE_DIR / "config/alertmanager.yml"


class Receiver(Listener):
    """Takes webhook notifications on a free loopback port. `notifications` holds them as they came:
    dicts of Alertmanager's webhook format, with the request's path as "path"."""

    def __init__(self):
        self.notifications = []
        receiver = self

        class Webhook(Handler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.notifications.append(dict(body, path=self.path))
                self.answer(200)

        super().__init__(Webhook)

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


class Alertmanager(HttpServer):
    """Alertmanager on a free loopback port with a config file (the shipped one unless said otherwise),
    which is rewritten by for_test, and with a Receiver.

        with Alertmanager() as alertmanager:
            alertmanager.post([{"labels": {"alertname": "UsageSourceStale"}}])
            wait_until(alertmanager.receiver.firing, "a notification")

    `address` is what Prometheus wants as an alertmanager's target.
    """
    NAME = "alertmanager"

    def __init__(self, config=SHIPPED, wait="1s", repeat=None):
        super().__init__()
        self.address = f"{self.host}:{self.port}"
        self.receiver = Receiver()
        document = yaml.safe_load(Path(config).read_text(encoding="utf-8"))
        rewritten = self.folder / "alertmanager.yml"
        rewritten.write_text(yaml.safe_dump(for_test(document, self.receiver.port, wait, repeat)),
                             encoding="utf-8")
        self.launch(["prometheus-alertmanager", f"--config.file={rewritten}",
                     f"--storage.path={self.folder / 'data'}",
                     f"--web.listen-address={self.address}", "--cluster.listen-address="])

    def _api(self, method, body=None):
        response = self.request(method, "/api/v2/alerts", {"Content-Type": "application/json"}, body=body)
        if response.status != 200:
            raise AssertionError(f"Alertmanager answered {response.status} {response.text} to {body}")
        return response

    def post(self, alerts):
        """Raises alerts as Prometheus would: dicts with "labels", and "annotations" if any."""
        self._api("POST", json.dumps(alerts))

    def states(self):
        """[(labels, state)] of all alerts it knows; the state is active, suppressed or unprocessed."""
        return [(alert["labels"], alert["status"]["state"]) for alert in json.loads(self._api("GET").body)]

    def close(self):
        super().close()
        self.receiver.close()
