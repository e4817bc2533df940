"""Value and ROI: was it worth the money, and which feature brings it back?"""

from blocks import (GOOD_ABOVE_ZERO, TITLES, bars, choice, dashboard, lines, override, query, row, stat, table,
                    to_feature, value_texts, week)

PER_STREAM = "feature, stream, currency"
ADOPTION = 'max by (feature) (usage_adoption_ratio{F,window="28d"})'
OFTEN = """max by (feature) (usage_uses{F,window="28d"})
           / (max by (feature) (usage_feature_users{F,window="28d"}) > 0)"""
PLACES = {0: ("few, seldom: question it", "text"), 1: ("few, often: a niche", "blue"),
          2: ("many, seldom: now and then", "purple"), 3: ("many, often: the core", "green")}


def one(title, about, expression, unit, none, width=4, legend="", **more):
    return stat(title, about, [query(expression, legend or title)], width, unit, none, names=bool(legend), **more)


def build():
    # The exporter's series of the whole product have no feature.
    value = f"max by ({PER_STREAM}) (usage_value{{J}})"
    mine = f"max by ({PER_STREAM}) (usage_value{{F}})"
    return dashboard(
        "usage-value", "Usage / Value and ROI",
        "What the features are worth, against what they cost, and when the money is back.",
        [choice("feature", "Feature", "usage_uses{J}", "feature"), week()],
        [
            row("", 5,
                one("Value so far", "What the uses since the launch are worth, over all streams and features: an estimate.",
                    f"sum by (currency) ({value})", "short", "No value is configured.", legend="{{currency}}",
                    decimals=1),
                one("Invested", "What was invested, with the cost of running it until now.",
                    "max by (currency) (usage_investment{J})", "short", "No investment is configured.",
                    legend="{{currency}}", decimals=1),
                one("Paid back", "Value over investment: at 100 % the money is back.", "max(usage_payback_ratio{J})",
                    "percentunit", "No investment is configured.", steps=[("text", None), ("green", 1)], decimals=0),
                one("Return (ROI)", "Return on investment: value less investment, over investment: negative until the money is "
                    "back.", "max(usage_roi_ratio{J})", "percentunit", "No investment is configured.",
                    steps=[("text", None), ("green", 0)], decimals=0),
                one("Break-even", "When the value reaches the investment at the rate of the last 28 days; in the past if it "
                    "has. Absent while value does not grow faster than cost.",
                    "min(usage_break_even_timestamp_seconds{J}) * 1000", "time:YYYY-MM-DD",
                    "Not in sight: value does not grow faster than cost."),
                one("Time saved", "Hours that the uses of the chosen week saved, at the minutes per use in the config: an "
                    "estimate.", 'sum(max by (feature) (usage_time_saved_seconds{F,window="$window"})) / 3600',
                    "suffix:h", "No value is configured.", decimals=0)),
            row("How the money comes back", 9,
                lines("Value against investment", "Value since the launch by stream, one above the other; the dashed line is the "
                      "investment.",
                      [query(f"sum by (stream, currency) ({value})", "{{stream}} ({{currency}})"),
                       query("max by (currency) (usage_investment{J})", "invested ({{currency}})")],
                      14, "short", "No value is configured.", stacked=True,
                      overrides=[{"matcher": {"id": "byFrameRefID", "options": "B"}, "properties": [
                          {"id": "custom.stacking", "value": {"mode": "none", "group": "B"}},
                          {"id": "custom.fillOpacity", "value": 0},
                          {"id": "color", "value": {"mode": "fixed", "fixedColor": "orange"}},
                          {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 8]}}]}]),
                bars("Value by feature and stream", "Value since the launch of each feature, by where it comes from. A stream "
                     "without a feature is of the whole product.",
                     [query(f"sort_desc({mine} > 0)", "{{feature}} {{stream}} ({{currency}})")], 10, "short",
                     "No value is configured for these features.", names="top", decimals=1)),
            row("Which features carry the product", 7,
                table("Engagement matrix", "Reach is adoption in 28 days, frequency the uses per user in them. Many is half of the "
                      "people active or more, often is once a week or more.",
                      {"title": TITLES, "Place": f"(({ADOPTION}) >= bool 0.5) * 2 + ({OFTEN} >= bool 4)",
                       "Reach": ADOPTION, "Uses per user": OFTEN,
                       "Monthly stickiness": 'max by (feature) (usage_stickiness_ratio{F,ratio="dau_mau"})',
                       "Value": f"sum by (feature) ({mine})",
                       "Saved per user": "max by (feature) (usage_time_saved_per_user_seconds_median{F})"},
                      24, "It needs a population and a window of 28 days.", {"feature": "Feature", "title": "What it is"}, sort="Reach",
                      descending=True, overrides=[
                          to_feature(),
                          override("Place", mappings=value_texts(PLACES), custom__cellOptions={"type": "color-text"},
                                   custom__width=230),
                          override("Reach", unit="percentunit", decimals=0, custom__width=80),
                          override("Uses per user", decimals=1, custom__width=120),
                          override("Monthly stickiness", unit="percentunit", decimals=0, custom__width=150),
                          override("Value", unit="short", decimals=1, custom__width=90),
                          override("Saved per user", unit="s", custom__width=120)])),
            row("Where the hours come from", 8,
                lines("Hours saved in seven days", "Hours that the uses of the seven days before each time saved, by feature: an "
                      "estimate.",
                      [query('max by (feature) (usage_time_saved_seconds{F,window="7d"}) / 3600', "{{feature}}")],
                      12, "suffix:h", "No value is configured for these features.", stacked=True, decimals=0),
                bars("Uses that are worth something", "Successful uses of the chosen week by stream of value; a stream may have "
                     "no price.",
                     [query("""sort_desc(max by (feature, stream) (
                            usage_value_stream_uses{F,window="$window"}))""", "{{feature}}: {{stream}}")], 12, "none",
                     "No value is configured for these features.", decimals=0)),
            row("What people say, and who stays", 8,
                bars("Feedback in seven days", "Messages counted within seven days, by theme; themes that are not listed are "
                     "“other”.",
                     [query("sort_desc(max by (theme) (increase(usage_feedback_total{J}[7d])))", "{{theme}}")], 12,
                     "none", "No feedback was counted within seven days.", decimals=0),
                one("Accounts kept", "Accounts active in the last complete period and in the one before, over those in the one "
                    "before.", "max(usage_account_retention_ratio{J})", "percentunit", "No accounts are configured.",
                    decimals=1),
                one("Kept before", "The same in the periods that ended before the launch.",
                    "max(usage_account_retention_baseline_ratio{J})", "percentunit",
                    "The tables begin too late to tell.", decimals=1),
                one("Change in points", "Percentage points between the two.",
                    "100 * max(usage_account_retention_change{J})", "none", "The tables begin too late to tell.",
                    steps=GOOD_ABOVE_ZERO, decimals=1)),
        ])
