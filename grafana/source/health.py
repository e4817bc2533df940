"""Exporter health: can the numbers be believed?"""

from blocks import choice, dashboard, lines, override, query, row, stat, table, thresholds, value_texts

UP = value_texts({0: ("down", "red"), 1: ("up", "green")})
COLLECTOR = "collector, source"
TEXT = {"type": "color-text"}
BAD_ABOVE_ZERO = [("green", None), ("red", 1)]
FEW = [("green", None), ("orange", 1)]


def age(series, by):
    return f"time() - max by ({by}) ({series})"


def count(title, about, expression, none, width=4, steps=None):
    return stat(title, about, [query(expression, title)], width, "none", none,
                steps=BAD_ABOVE_ZERO if steps is None else steps, names=False, decimals=0)


def build():
    seconds = {"unit": "s", "decimals": 0}
    return dashboard(
        "usage-health", "Usage / Exporter health",
        "Whether every source is read and every collector runs, how fresh the numbers are, and what the exporter costs.",
        [choice("feature", "Feature", "usage_uses_total{J}", "feature")],
        [
            row("", 4,
                stat("Exporters", "Whether Prometheus can scrape each exporter.",
                     [query("min by (instance) (up{J} and on (job, instance) "
                            "max_over_time(usage_exporter_build_info{J}[1d]))", "{{instance}}")], 5, "none",
                     "No exporter was scraped within a day.", mappings=UP),
                count("Sources down", "Sources whose last refresh failed.", "sum(1 - min by (source) (usage_source_up{J}))",
                      "No source is configured."),
                count("Collectors failing", "Collectors whose last run failed or that have not run yet.",
                      f"sum(1 - min by ({COLLECTOR}) (usage_exporter_collector_up{{J}}))", "No collector is configured."),
                stat("Oldest numbers", "Time since the last success of the collector that waits longest for one.",
                     [query("time() - min(usage_exporter_collector_last_success_timestamp_seconds{J})", "age")], 4,
                     "s", "No collector has succeeded yet.", names=False, decimals=0),
                stat("Configuration", "Whether the last reload was accepted; if not, the configuration before is in "
                     "use.", [query("min(usage_exporter_config_last_reload_successful{J})", "reload")], 4, "none",
                     "No exporter was scraped.", names=False, mappings=value_texts(
                         {0: ("refused", "red"), 1: ("in use", "green")})),
                stat("Version", "The program that runs.",
                     [query("count by (version) (usage_exporter_build_info{J})", "{{version}}")], 3, "none",
                     "No exporter was scraped.", names="only")),
            row("Sources and collectors", 6,
                table("Sources", "Last read is the time since the last success; beyond stale after, the series leave the page. Newest row "
                      "is compared with the longest silence that is normal.",
                      {"State": "min by (source) (usage_source_up{J})",
                       "Last read": age("usage_source_last_success_timestamp_seconds{J}", "source"),
                       "Stale after": "max by (source) (usage_source_stale_after_seconds{J})",
                       "Newest row": age("usage_source_newest_row_timestamp_seconds{J}", "source"),
                       "Normal silence": "max by (source) (usage_source_max_gap_seconds{J})",
                       "First reading": "min by (source) (usage_backfill_progress_ratio{J})"},
                      24, "No source is configured.", {"source": "Source"}, sort="Last read", descending=True,
                      overrides=[override("State", mappings=UP, custom__cellOptions=TEXT),
                                 *(override(name, **seconds) for name in (
                                     "Last read", "Stale after", "Newest row", "Normal silence")),
                                 override("First reading", unit="percentunit", decimals=0)])),
            row("", 9, table(
                "Collectors", "Errors, skipped runs and dropped series are of the last day, the mean run is of the last hour.",
                {"State": f"min by ({COLLECTOR}) (usage_exporter_collector_up{{J}})",
                 "Last success": age("usage_exporter_collector_last_success_timestamp_seconds{J}", COLLECTOR),
                 "Stale after": f"max by ({COLLECTOR}) (usage_exporter_collector_stale_after_seconds{{J}})",
                 "Mean run": f"""sum by ({COLLECTOR}) (increase(usage_exporter_collector_run_duration_seconds_sum{{J}}[1h]))
                     / (sum by ({COLLECTOR}) (increase(usage_exporter_collector_run_duration_seconds_count{{J}}[1h])) > 0)""",
                 "Rows": f"max by ({COLLECTOR}) (usage_exporter_collector_rows{{J}})",
                 "Series": f"max by ({COLLECTOR}) (usage_exporter_collector_series{{J}})",
                 "Errors": f"sum by ({COLLECTOR}) (increase(usage_exporter_collector_errors_total{{J}}[1d]))",
                 "Skipped runs": f"sum by ({COLLECTOR}) (increase(usage_exporter_collector_skipped_runs_total{{J}}[1d]))",
                 "Dropped series": f"sum by ({COLLECTOR}) (increase(usage_exporter_collector_dropped_series_total{{J}}[1d]))"},
                24, "No collector is configured.", {"collector": "Collector", "source": "Source"},
                sort="State", overrides=[
                    override("State", mappings=UP, custom__cellOptions=TEXT, custom__width=80),
                    *(override(name, custom__width=80) for name in ("Rows", "Series", "Errors")),
                    *(override(name, custom__width=120) for name in ("Source", "Skipped runs", "Dropped series")),
                    *(override(name, **seconds, custom__width=110) for name in ("Last success", "Stale after")),
                    override("Mean run", unit="s", decimals=1, custom__width=100),
                    *(override(name, decimals=0, thresholds=thresholds(FEW), custom__cellOptions=TEXT)
                      for name in ("Errors", "Skipped runs", "Dropped series"))])),
            row("How it goes", 8,
                lines("Mean run of each collector", "How long a run takes, failed ones too.",
                      [query(f"""sum by ({COLLECTOR}) (rate(usage_exporter_collector_run_duration_seconds_sum{{J}}[$__rate_interval]))
                        / (sum by ({COLLECTOR}) (rate(usage_exporter_collector_run_duration_seconds_count{{J}}[$__rate_interval])) > 0)""",
                             "{{collector}} ({{source}})")],
                      8, "s", "No run was counted in this time range.", interval="1m", min=0),
                lines("Failed runs", "Failed runs per minute, by what went wrong.",
                      [query("""60 * sum by (collector, reason) (
                             rate(usage_exporter_collector_errors_total{J}[$__rate_interval])) > 0""",
                             "{{collector}}: {{reason}}")],
                      8, "none", "No run has failed in this time range.", interval="1m", columns_of_time=True, stacked=True, decimals=1),
                lines("Scrapes", "Requests for the metrics per minute, by the status they were answered.",
                      [query("60 * sum by (code) (rate(usage_exporter_scrapes_total{J}[$__rate_interval]))", "{{code}}")],
                      8, "none", "No scrape was counted in this time range.", interval="1m", min=0, decimals=1)),
            row("What it costs", 8,
                lines("Memory", "Memory of the exporter that is in RAM.",
                      [query("max by (instance) (process_resident_memory_bytes{J})", "{{instance}}")], 8, "bytes",
                      "No exporter was scraped in this time range.", interval="1m", min=0),
                lines("Processor", "Share of one processor core that the exporter uses.",
                      [query("sum by (instance) (rate(process_cpu_seconds_total{J}[$__rate_interval]))", "{{instance}}")],
                      8, "percentunit", "No exporter was scraped in this time range.", interval="1m", min=0),
                lines("Files and threads", "Open file descriptors, and threads.",
                      [query("max by (instance) (process_open_fds{J})", "{{instance}}: files"),
                       query("max by (instance) (process_threads{J})", "{{instance}}: threads")], 8, "none",
                      "No exporter was scraped in this time range.", interval="1m", min=0, decimals=0)),
            row("Whether the data is good", 8,
                stat("Hidden series", "Series of breakdowns that are hidden because they are about too few people.",
                     [query("max by (feature) (usage_suppressed_series{F})", "{{feature}}")], 4, "none",
                     "No feature is configured.", decimals=0),
                stat("Uses of nobody", "Uses and failures without a user within seven days, over the uses in them.",
                     [query("""sum by (feature) (increase(usage_unattributed_events_total{F}[7d]))
                            / (sum by (feature) (increase(usage_uses_total{F}[7d])) > 0)""", "{{feature}}")], 4,
                     "percentunit", "No use was counted within seven days.", decimals=1),
                stat("Uses seen elsewhere", "Share of a feature's uses within seven days that another source saw.",
                     [query("min by (feature, source) (usage_tracking_coverage_ratio{F})", "{{feature}}: {{source}}")], 5,
                     "percentunit", "No feature is checked against another source.", decimals=0),
                stat("Rows that changed late", "Rows that appeared or vanished within a day when older hours were read again.",
                     [query("sum by (feature) (increase(usage_recount_changed_rows_total{F}[1d]))", "{{feature}}")], 5,
                     "none", "No feature is configured.", decimals=0),
                table("Alerts about the exporter", "What fires now. The runbook says what each means and what to do.",
                      {"Firing": """max by (alertname, severity, source, collector) (ALERTS{J,
                           alertname=~"Usage(Source|Exporter|Collect|Log|Reload|Report|Series|Tracking).+",alertstate="firing"})"""},
                      6, "No alert about the exporter fires.",
                      {"alertname": "Alert", "severity": "Severity", "source": "Source", "collector": "Collector"},
                      hidden=("Value",))),
        ], since="now-24h")
