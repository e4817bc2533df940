"""Capacity and bottlenecks: what is full soon, what is slow, what fails."""

from blocks import (GOOD_ABOVE_ZERO, bars, choice, dashboard, lines, override, query, row, table,
                    thresholds, to_feature, week)

FULL = [("green", None), ("orange", 0.5), ("red", 0.8)]
USED = "max by (resource) (usage_capacity_used{J})"
LIMIT = "max by (resource) (usage_capacity_limit{J})"
RATIO = f"{USED} / ({LIMIT} > 0)"
PROJECTED = "max by (resource) (resource:usage_capacity_used:projected30d{J})"


def quantile(share, window="rate", of="$__rate_interval"):
    return f"""histogram_quantile({share}, sum by (feature, le) (
               {window}(usage_operation_duration_seconds_bucket{{F}}[{of}])))"""


def build():
    share = {"unit": "percentunit", "decimals": 1}
    used = {**share, "thresholds": thresholds(FULL), "custom__cellOptions": {"type": "color-text"}}
    return dashboard(
        "usage-capacity", "Usage / Capacity and bottlenecks",
        "How full each resource is and will be, where the load comes from, what is slow and what fails.",
        [choice("feature", "Feature", "usage_uses{J}", "feature"), week()],
        [
            row("How full", 8,
                bars("Used of each limit", "What is used of each resource over its configured limit.",
                     [query(f"sort_desc({RATIO})", "{{resource}}")], 10, "percentunit", "No capacity is configured.",
                     steps=FULL, decimals=1, max=1),
                lines("Used of each limit over time", "The same at each time; the red line is the limit.",
                      [query(RATIO, "{{resource}}")], 14, "percentunit", "No capacity is configured.",
                      steps=[("transparent", None), ("red", 1)], min=0, decimals=0)),
            row("", 5, table(
                "Resources", "Numbers are in the resource's own unit. In thirty days is where the "
                "line through the last seven days leads; absent where there is no such line.",
                {"unit": "max by (resource, unit) (usage_capacity_info{J})", "Used": USED, "Limit": LIMIT, "Full": RATIO, "In thirty days": PROJECTED,
                 "Full in thirty days": f"{PROJECTED} / ({LIMIT} > 0)"},
                24, "No capacity is configured.", {"resource": "Resource", "unit": "Unit"}, sort="Full", descending=True,
                first="Full", unit="short", decimals=1, overrides=[override("/^Full/", **used)])),
            row("Where the load comes from", 9,
                lines("Busiest hour", "Most successful uses within one hour of the window that ended at each time.",
                      [query('max by (feature) (usage_peak_hourly_uses{F,window="$window"})', "{{feature}}")], 8,
                      "none", "No uses in this time range.", min=0, decimals=0),
                lines("Growth", "Uses in the window against as long before it.",
                      [query('max by (feature) (usage_growth_ratio{F,window="$window"})', "{{feature}}")], 8,
                      "percentunit", "Known with two windows of data.", min=-1, max=2, decimals=0),
                lines("Bytes per day", "Size of what successful uses produced, per day.",
                      [query("sum by (feature) (increase(usage_payload_bytes_sum{F}[$__rate_interval]))",
                             "{{feature}}")], 8, "bytes", "No size is configured.", interval="1d",
                      columns_of_time=True, stacked=True)),
            row("Bottlenecks", 6, table(
                "Slow or failing", "Durations of the last seven days; failures in the window. Longer than the last bucket of the "
                "histogram cannot be told.",
                {"Uses": 'max by (feature) (usage_uses{F,window="$window"})',
                 "Growth": 'max by (feature) (usage_growth_ratio{F,window="$window"})',
                 "Failed": 'max by (feature) (usage_failure_ratio{F,window="$window"})',
                 "Median": quantile(0.5, "increase", "7d"), "95th percentile": quantile(0.95, "increase", "7d"),
                 "Mean size": """sum by (feature) (increase(usage_payload_bytes_sum{F}[7d]))
                                 / (sum by (feature) (increase(usage_payload_bytes_count{F}[7d])) > 0)"""},
                24, "No uses in this window.", {"feature": "Feature"}, sort="95th percentile", descending=True,
                overrides=[to_feature(), override("Growth", **share, thresholds=thresholds(GOOD_ABOVE_ZERO),
                                                  custom__cellOptions={"type": "color-text"}),
                           override("Failed", **share), override("Median", unit="s", decimals=2),
                           override("95th percentile", unit="s", decimals=2), override("Mean size", unit="bytes")])),
            row("", 9,
                lines("95th percentile of the duration", "One in twenty successful uses takes longer.",
                      [query(quantile(0.95), "{{feature}}")], 8, "s", "No duration is configured.", interval="1d",
                      min=0),
                lines("Failures by reason", "Failures per day, by feature and listed reason.",
                      [query("sum by (feature, reason) (increase(usage_failures_total{F}[$__rate_interval]))",
                             "{{feature}}: {{reason}}")], 8, "none", "No failure was counted in this time range.",
                      interval="1d", columns_of_time=True, stacked=True, decimals=0),
                table("Alerts about capacity and features", "What fires now. The runbook says what each means and what "
                      "to do.",
                      {"Firing": """max by (alertname, severity, feature, resource, category) (
                           ALERTS{J,alertname=~"UsageCapacity.+|UsageFeature.+|UsageTickets.+",alertstate="firing"})"""},
                      8, "No alert about capacity or a feature fires.",
                      {"alertname": "Alert", "severity": "Severity", "feature": "Feature", "resource": "Resource",
                       "category": "Category"}, hidden=("Value",))),
        ])
