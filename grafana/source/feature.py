"""Feature explorer: one feature of any product, from every side."""

from blocks import (GOOD_ABOVE_ZERO, bars, choice, columns, dashboard, lines, override, query, row, stat)

IN = 'F,window="$window"'
OF = 'F,dimension="$dimension",window="$window"'
STATES = {"new": "green", "retained": "blue", "resurrected": "purple", "dormant": "orange"}
SEGMENTS = {"power": "green", "core": "blue", "casual": "yellow", "never": "red"}


def most(series, by="feature"):
    return f"max by ({by}) ({series})"


def fixed(name, color):
    return override(name, color={"mode": "fixed", "fixedColor": color})


def one(title, about, expression, unit, none, width=4, steps=None, **more):
    return stat(title, about, [query(expression, title)], width, unit, none, names=False,
                **({"steps": steps} if steps else {}), **more)


def quantile(share, of):
    return f"""histogram_quantile({share}, sum by (le) (
               rate({of}_bucket{{F}}[$__rate_interval])))"""


def build():
    return dashboard(
        "usage-feature", "Usage / Feature explorer",
        "One feature: who uses it and how often, what for, who stays, what fails and how long it takes.",
        [choice("feature", "Feature", "usage_uses{J}", "feature", several=False),
         choice("window", "Window", "usage_uses{F}", "window", several=False, current="7d"),
         choice("dimension", "Dimension", "usage_dimension_uses{F}", "dimension", several=False)],
        [
            row("", 4,
                one("Users", "Distinct people with a success in the window.", most(f"usage_feature_users{{{IN}}}"),
                    "none", "Nobody used it in this window.", decimals=0),
                one("Adoption", "Users of the feature over the people active in the window.",
                    most(f"usage_adoption_ratio{{{IN}}}"), "percentunit", "It needs a population in the config.",
                    decimals=1),
                one("Ever tried", "Of the people active in the last 28 days, the share with a success since the "
                    "launch.", most("usage_adoption_tried_ratio{F}"), "percentunit",
                    "It needs a population and a launch.", decimals=1),
                one("Use it regularly", "Of the people active in the last periods, the share with a success in enough of them: "
                    "two of four weeks unless configured.", most("usage_adoption_regular_ratio{F}"), "percentunit",
                    "Known four weeks after the launch.", decimals=1),
                one("Uses", "Successful uses in the window.", most(f"usage_uses{{{IN}}}"), "none",
                    "No uses in this window.", decimals=0),
                one("Growth", "Uses in the window against as long before it; windows that have ended only.",
                    most(f"usage_growth_ratio{{{IN}}}"), "percentunit", "Only for windows with a week before them.",
                    steps=GOOD_ABOVE_ZERO, decimals=1)),
            row("What it is used for: $dimension", 9,
                bars("Uses by $dimension", "Successful uses in the window by the chosen dimension. Values that are not "
                     "listed are “other”; what is about too few people is hidden.",
                     [query(f"sort_desc({most(f'usage_dimension_uses{{{OF}}}', 'value')} > 0)", "{{value}}")],
                     8, "none", "This feature has no dimensions.", decimals=0),
                lines("Users by $dimension over time", "Distinct users of each value in the window. One person may use several, so "
                      "they do not add up.", [query(most(f"usage_dimension_users{{{OF}}}", "value"), "{{value}}")],
                      12, "none", "This feature has no dimensions.", min=0, decimals=0),
                one("Unlisted values", "The share of the uses whose value is not shown by itself: demand that nobody listed.",
                    most(f"usage_dimension_other_ratio{{{OF}}}"), "percentunit", "This feature has no dimensions.",
                    decimals=1)),
            row("How often, and for how long", 9,
                columns("Days of use within 28", "How many people used it on exactly so many of the last 28 complete days. "
                        "A bar to the right is a habit.",
                        """sum by (day) (label_replace(label_replace(max by (days) (usage_l28_users{F} > 0),
                           "day", "$1", "days", "(..)"), "day", "0$1", "days", "(.)"))""", "day", 10, "none",
                        "Nobody used it in the last 28 days, or too few people did."),
                lines("Segments", "People by days of use within 28 complete days: power, core and casual users, and those who are "
                      "active and never used it. Where the lines are set is in the config.",
                      [query(most("usage_segment_users{F}", "segment"), "{{segment}}")], 8, "none",
                      "Known with 28 days of data.", min=0, decimals=0,
                      overrides=[fixed(name, color) for name, color in SEGMENTS.items()]),
                lines("Stickiness", "Mean daily users over weekly and over monthly ones: 1 would be everybody, every day.",
                      [query(most("usage_stickiness_ratio{F}", "ratio"), "{{ratio}}")], 6, "percentunit",
                      "Known with a week of data.", min=0, decimals=0)),
            row("Who comes, who stays, who leaves", 9,
                lines("Lifecycle", "Users of the last complete week against the week before: new, retained, resurrected, and dormant "
                      "ones who stayed away.",
                      [query(most("usage_lifecycle_users{F}", "state"), "{{state}}")], 8, "none",
                      "Known with two whole weeks of data.", min=0, decimals=0,
                      overrides=[fixed(name, color) for name, color in STATES.items()]),
                lines("Retention: users and non-users", "Of the people active in the period before, the share active in the closed period too, "
                      "by whether they used this feature. A comparison, not a cause: active people use features and "
                      "stay.", [query(most("usage_retention_ratio{F}", "segment, window"), "{{segment}}, {{window}}")],
                      8, "percentunit", "Known with two closed periods of data.", min=0, max=1, decimals=0),
                lines("At risk", "People who were regular and have been silent, by whether they are still active in the "
                      "product.", [query(most("usage_at_risk_users{F}", "product_active"), "active: {{product_active}}")],
                      8, "none", "Known with six weeks of data.", min=0, decimals=0)),
            row("", 4,
                one("First use within a week", "Of the people who could for seven days, the share who used it within them.",
                    most("usage_activation_ratio{F}"), "percentunit", "It needs a launch and a population.", width=6, decimals=1),
                one("Time to first use", "Median, over those who used it, since they could.",
                    most("usage_time_to_first_use_seconds_median{F}"), "s", "Nobody has used it yet.", width=6,
                    decimals=1),
                one("Teams with the habit", "Of the active teams, the share with a success in at least three of four "
                    "complete weeks.", most("usage_habitual_group_ratio{F}"), "percentunit",
                    "It needs teams and four weeks.", width=6, decimals=0),
                one("Recurring workflows", "Pairs of a person and a kind of report with a success in at least three of four complete "
                    "weeks.", most("usage_recurring_workflows{F}"), "none", "It needs four weeks of data.", width=6,
                    decimals=0)),
            row("What fails, and how long it takes", 9,
                lines("Failures by reason", "Failures per day, by listed reason.",
                      [query("sum by (reason) (increase(usage_failures_total{F}[$__rate_interval]))", "{{reason}}")],
                      8, "none", "No failure was counted in this time range.", interval="1d",
                      columns_of_time=True, stacked=True, decimals=0),
                lines("Failed attempts", "Failures over uses and failures in the window.",
                      [query(most(f"usage_failure_ratio{{{IN}}}"), "failed")], 6, "percentunit",
                      "No outcome is configured.", min=0, decimals=1),
                lines("Duration", "Of successful uses: half take no longer than the median, one in twenty takes longer than the "
                      "95th percentile.",
                      [query(quantile(0.5, "usage_operation_duration_seconds"), "median"),
                       query(quantile(0.95, "usage_operation_duration_seconds"), "95th percentile")], 10, "s",
                      "No duration is configured.", interval="1d", min=0)),
            row("What it makes: links, files, projects", 9,
                lines("Links opened", "Of the links old enough to tell, the share opened by somebody other than their creator and bots; "
                      "and by somebody outside.",
                      [query(most(f"usage_artifact_access_ratio{{{IN}}}"), "opened"),
                       query(most(f"usage_artifact_external_access_ratio{{{IN}}}"), "opened from outside")],
                      8, "percentunit", "This feature makes no links.", min=0, max=1, decimals=0),
                lines("Who opens them", "Distinct viewers in the window by kind. Who is not signed in is a browser, not a "
                      "person.", [query(most(f"usage_artifact_viewers{{{IN}}}", "viewer"), "{{viewer}}")], 8, "none",
                      "This feature makes no links.", min=0, decimals=0),
                lines("Projects", "Distinct scopes, such as channels or projects, with a use in the window.",
                      [query(most(f"usage_scopes{{{IN}}}"), "scopes")], 8, "none", "No scope is configured.",
                      min=0, decimals=0)),
        ])
