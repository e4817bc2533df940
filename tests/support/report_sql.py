"""What the weekly report must say of the demo's tables, in SQL (report.sql, business.sql)."""
import datetime

from demo_sql import statements

WEEK = datetime.timedelta(days=7)
# Figures of features → the metric in business.sql, further labels, and by what it is multiplied.
BUSINESS = {
    "time_saved_hours": ("usage_time_saved_seconds", {}, 1 / 3600),
    "artifacts": ("usage_artifacts", {}, 1),
    "external_viewers": ("usage_artifact_viewers", {"viewer": "external"}, 1),
    "external_viewers_change": ("usage_collaboration_change_ratio", {}, 1),
    "access_ratio": ("usage_artifact_access_ratio", {}, 1),
    "ttl_hours": ("usage_artifact_ttl_seconds_mean", {}, 1 / 3600),
    "without_expiry": ("usage_artifacts_without_expiry", {}, 1),
    "rating": ("usage_rating_score", {}, 1),
    "ratings": ("usage_ratings", {}, 1),
    "accesses": ("usage_artifact_accesses", {}, 1),
}
WITHOUT_WINDOW = ("rating", "ratings")


def iso(day):
    year, week, _ = day.isocalendar()
    return f"{year:04}-W{week:02}"


def figures_of(report):
    """{(part, name, figure): {"value": …}} of a report in JSON."""
    found = {("product", "", figure): numbers for figure, numbers in report["product"].items()}
    found |= {("tickets", name, ""): numbers for name, numbers in report["tickets"].items()}
    for part in ("features", "combinations"):
        for name, figures in report[part].items():
            found |= {(part, name, figure): numbers for figure, numbers in figures.items()
                      if isinstance(numbers, dict) and "value" in numbers}
    return found


class ReportSql:
    """Asks the tables of a DemoSql."""

    def __init__(self, demo):
        self.demo = demo
        self.statements = statements("report.sql")
        demo.database.executescript(self.statements.pop("prepare"))
        first = "SELECT strftime('%Y-%m-%d %H:00:00', min(t)) FROM "
        self.begins = {
            name: datetime.datetime.fromisoformat(demo.one(first + table))
            for name, table in (("activity", "seen"), ("tickets", "(SELECT created_at AS t FROM support_tickets)"))}

    def wanted(self, monday):
        """What the tables say of the week that begins on `monday`, by the keys of figures_of()."""
        self.demo.ask_as_of(monday + WEEK)
        numbers = {}

        def add(part, figure, found, label):
            for labels, value in found.items():
                labels = dict(labels)
                if labels.get("window", "last_week") == "last_week":
                    numbers[part, labels.get(label, ""), figure] = value
        for figure in ("active_users", "time_saved_hours"):
            add("product", figure, self.demo.ask(self.statements[figure]), "")
        if monday + WEEK - 8 * WEEK > self.begins["activity"] - WEEK:  # else the period before is not in the tables
            add("product", "account_retention", self.demo.wanted("usage_account_retention_ratio"), "")
        if monday + WEEK > self.demo.begin:
            add("product", "payback", self.demo.wanted("usage_payback_ratio"), "")
        for figure in ("uses", "users", "adoption", "failure_ratio"):
            add("features", figure, self.demo.ask(self.statements[figure]), "feature")
        for figure, (metric, wanted, scale) in BUSINESS.items():
            for labels, value in self.demo.wanted(metric).items():
                labels = dict(labels)
                if wanted.items() <= labels.items() and (figure in WITHOUT_WINDOW or labels["window"] == "last_week"):
                    key = "features", labels["feature"], figure
                    numbers[key] = numbers.get(key, 0) + value * scale
        users = self.demo.ask(self.statements["combination_users"])
        add("combinations", "users", users, "combination")
        active = numbers["product", "", "active_users"]
        add("combinations", "adoption", {labels: value / active for labels, value in users.items()} if active else {},
            "combination")
        add("combinations", "rating", self.demo.ask(self.statements["combination_rating"]), "combination")
        add("tickets", "", self.demo.wanted("usage_tickets"), "category")
        for labels, value in self.demo.wanted("usage_ticket_reduction_ratio").items():
            numbers["tickets", dict(labels)["category"] + "_reduction", ""] = value
        return numbers

    def compare(self, test, report, monday):
        """Fails where a number of the report is not that of the tables; the keys of those that had weeks to be compared
        with, and of those that had none."""
        history = {ago: self.wanted(monday - ago * WEEK) for ago in range(5)}
        seen = {}
        for key, figure in figures_of(report).items():
            begin = self.begins.get("activity" if key[2] in ("active_users", "account_retention") else key[0],
                                    self.demo.begin)
            value = history[0].get(key) if monday + WEEK > begin else None
            before = [history[ago].get(key) if monday - ago * WEEK >= begin else None for ago in (1, 2, 3, 4)]
            mean = None if None in before else sum(before) / 4
            with test.subTest(week=report["week"], key=key):
                _close(test, figure["value"], value, "value")
                _close(test, figure["week_before"], before[0], "week before")
                _close(test, figure["four_weeks_mean"], mean, "mean")
                for change, other in (("change", before[0]), ("change_from_mean", mean)):
                    known = None not in (value, other)
                    test.assertEqual(figure[change] is not None, known)
                    if known:
                        test.assertAlmostEqual(figure[change], value - other, places=6)
            seen[key] = mean is not None
        test.assertEqual({key for key in history[0] if key not in seen}, set())
        return seen


def _close(test, found, wanted, message):
    if wanted is None or found is None:
        test.assertEqual(found, wanted, message)
    else:
        test.assertAlmostEqual(found / (wanted or 1), wanted / (wanted or 1), places=9, msg=message)
