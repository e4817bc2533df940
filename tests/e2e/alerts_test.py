#!/usr/bin/python3
"""An alert from the product's tables to somebody's inbox: the demo on PostgreSQL, the exporter, real
Prometheus with the shipped rules, real Alertmanager with the shipped config, and a webhook."""

import re
import time
import unittest

import rules
import rules_lint
from alertmanager import Alertmanager
from demo_sql import patient_config
from exporter import Exporter, run, wait_until
from prometheus import Prometheus
from servers import Postgres

# An hour lasts eight seconds.
FACTOR = 450
FOR = 3600 / FACTOR

ARRIVE = """
INSERT INTO users (id, created_at, is_internal, team_id, account_id)
SELECT {first} + n, now() - interval '1 hour', false, (SELECT min(id) FROM teams), (SELECT min(id) FROM accounts)
FROM generate_series(1, {count}) n;
INSERT INTO user_activity (id, user_id, occurred_at)
SELECT (SELECT max(id) FROM user_activity) + n, {first} + n, now() - interval '1 minute'
FROM generate_series(1, {count}) n;
"""
SHARE = """
INSERT INTO shared_reports (id, created_at, created_by, share_token, report_type, channel_id)
SELECT (SELECT max(id) FROM shared_reports) + n, now() - interval '1 minute', {first} + n, 'new' || n, 'weekly', 1
FROM generate_series(1, {count}) n;
"""
EXPORT = """
INSERT INTO export_logs (id, created_at, ingested_at, user_id, format, report_type, channel_id, status, duration_ms)
SELECT (SELECT max(id) FROM export_logs) + n, now() - interval '1 minute', now(), {first} + n, 'csv', 'weekly', 1,
       'completed', 300
FROM generate_series(1, {count}) n;
"""


def config_of_the_demo():
    """As shipped, but everything is read every second and soon stale, and the target has an owner."""
    text = re.sub(r"\b(refresh|interval): [0-9]+s", r"\1: 1s", patient_config()) + "\nstale_after: 5s\n"
    return text.replace("adoption_30d: {", "adoption_30d: {owner: growth, ")


class AlertsTest(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Postgres())
        filled = run("demo", f"--into={self.server.dsn()}", check=True)
        launch = filled.stdout.strip().rpartition("=")[2]
        self.exporter = self.enterContext(Exporter(
            config_of_the_demo(), env={"USAGE_DSN": self.server.dsn(), "USAGE_DEMO_LAUNCH": launch}))
        self.alertmanager = self.enterContext(Alertmanager(repeat="2s"))
        self.receiver = self.alertmanager.receiver
        self.prometheus = self.enterContext(Prometheus(
            {"usage": f"127.0.0.1:{self.exporter.port}"}, alertmanager=self.alertmanager.address,
            rule_files=rules.write_shortened(self.exporter.folder, FACTOR)))

    def newcomers(self, count, statement=ARRIVE, first=None):
        """`count` people behind the user `first`, who is the last one unless given; his id."""
        first = first or int(self.server.psql("SELECT max(id) FROM users"))
        self.server.psql(statement.format(first=first, count=count))
        return first

    def target(self, name, of="value"):
        return self.exporter.value(f"usage_target_{of}", target=name)

    def people(self, target):
        """Those who adopted the target's feature, of how many."""
        population = self.target(target, "population")
        return round(self.target(target) * population), population

    def missed(self, target, status="firing"):
        """The last word on the alert that the target was missed, if it has this status."""
        return [alert for alert in self.receiver.alerts(alertname="UsageTargetMissed", target=target)
                if alert["status"] == status]

    def stale(self, status="firing"):
        return [alert for alert in self.receiver.alerts(alertname="UsageSourceStale")
                if alert["status"] == status]

    def alerts_in(self, begin, end=None):
        """What the notifications from the begin-th on were about, as fingerprint: name."""
        return {alert["fingerprint"]: alert["labels"]["alertname"]
                for notification in self.receiver.notifications[begin:end]
                for alert in notification["alerts"]}

    def alerts_in_prometheus(self, target):
        return [labels["alertstate"] for labels, _ in self.prometheus.query(
            f'ALERTS{{alertname="UsageTargetMissed",target="{target}"}}')]

    def judged(self):
        return self.prometheus.query('target:usage_target_trusted:bool{target="adoption_30d"} == 1')

    def check_what_arrived(self):
        alert, = self.missed("adoption_30d")
        self.assertEqual(alert["labels"], {
            "alertname": "UsageTargetMissed", "job": "usage", "feature": "export",
            "instance": f"127.0.0.1:{self.exporter.port}", "target": "adoption_30d",
            "phase": "month_1", "severity": "warning", "owner": "growth", "source": "app"})
        said = alert["annotations"]
        self.assertEqual(said["runbook_url"], rules_lint.RUNBOOK_URL + "usagetargetmissed")
        self.assertIn("usagetargetmissed", rules_lint.runbook_sections())
        self.assertEqual(said["dashboard_url"], "/d/usage-targets?var-feature=export")
        self.assertEqual(said["summary"], "A target was missed.")
        stands_at = re.fullmatch(r"export/adoption_30d is past its due date and stands at ([0-9.]+)% "
                                 r"of its target\.", said["description"])[1]
        self.assertAlmostEqual(float(stands_at) / 100, self.target("adoption_30d", "attainment_ratio"),
                               delta=0.01)
        paths = {notification["path"] for notification in self.receiver.notifications
                 if "adoption_30d" in str(notification)}
        self.assertEqual(paths, {"/product_team"})

    def test_from_the_tables_to_the_inbox(self):
        wait_until(self.judged, "Prometheus to judge the target")
        self.assertEqual(self.target("adoption_30d", "met"), 1)
        self.assertEqual(self.alerts_in_prometheus("adoption_30d"), [])

        # Newcomers share, and do not export.
        exporting, population = self.people("adoption_30d")
        first_wave = round(exporting / 0.4 - population)
        first = self.newcomers(first_wave, ARRIVE + SHARE)
        wait_until(lambda: self.missed("adoption_30d"), "the alert on adoption")
        self.check_what_arrived()
        begin = len(self.receiver.notifications)
        wait_until(lambda: "UsageTargetMissed" in self.alerts_in(begin).values(), "it to be said again")

        # More newcomers, who do nothing: sharing is about to miss its target when the source goes.
        sharing, population = self.people("share_m1")
        self.assertEqual(self.target("share_m1", "met"), 1)
        second_wave = round(sharing / 0.2 - population)
        self.newcomers(second_wave)
        wait_until(lambda: self.alerts_in_prometheus("share_m1") == ["pending"], "sharing to be judged")
        before = self.alerts_in(0)
        stopped = len(self.receiver.notifications)
        self.server.stop()
        wait_until(self.stale, "the alert on the source")
        arrived = len(self.receiver.notifications)
        self.assertEqual(set(self.alerts_in(stopped).items()) - set(before.items()),
                         {(alert["fingerprint"], "UsageSourceStale") for alert in self.stale()})
        self.assertEqual({alert["labels"]["source"] for alert in self.stale()}, {"app"})
        wait_until(lambda: self.target("share_m1", "met") is None, "the numbers to leave the page")
        time.sleep(1.5 * FOR)  # in vain: whatever was pending has had its time
        self.assertEqual(set(self.alerts_in(arrived).values()), {"UsageSourceStale"})
        self.assertEqual(self.alerts_in_prometheus("share_m1"), [])
        self.assertEqual(len(self.missed("adoption_30d")), 1, "nobody knows that it is over")

        # Readable again: what was true before still is, and now it is said.
        self.server.start()
        wait_until(lambda: self.stale("resolved"), "the source's recovery")
        wait_until(lambda: self.missed("share_m1"), "the alert on sharing")
        self.assertEqual(len(self.missed("adoption_30d")), 1)

        # The newcomers find both features.
        self.newcomers(first_wave + second_wave, SHARE + EXPORT, first)
        for target in ("adoption_30d", "share_m1"):
            wait_until(lambda target=target: self.missed(target, "resolved"), f"{target} to be over")
            self.assertEqual(self.target(target, "met"), 1)
        self.assertEqual(self.stale(), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
