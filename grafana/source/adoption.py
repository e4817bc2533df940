"""Weekly adoption: what a product manager reads on Monday."""

from blocks import (GOOD_ABOVE_ZERO, TITLES, bars, choice, dashboard, lines, override, query, row, sentences, stat, table,
                    to_feature, week)

ONCE = 'window="$window"'


def before(series):
    """The series a week earlier, be it from a scrape or from an hourly backfill."""
    return f"last_over_time({series}[1h] offset 7d)"


ADOPTION = f"usage_adoption_ratio{{F,{ONCE}}}"
NOW = {"percent": f"round(100 * max by (feature) ({ADOPTION}))",
       "users": f"max by (feature) (usage_feature_users{{F,{ONCE}}})",
       "active": f"""max by (feature) (usage_feature_users{{F,{ONCE}}} * 0
                     + on (job, instance) group_left () usage_active_users{{J,{ONCE}}})"""}
EARLIER = {"earlier": f"round(100 * max by (feature) ({before(ADOPTION)}))"}
TOGETHER = {"percent": f"round(100 * max by (combination) (usage_combination_adoption_ratio{{J,{ONCE}}}))",
            "users": f"max by (combination) (usage_combination_users{{J,{ONCE}}})"}
SENTENCE = "{{percent}} % of the people active in the product used {{title}}: {{users}} of {{active}}"


def sentence(labels, values):
    expression = f'count_values by ({labels}) ("percent", {values["percent"]})'
    for name, value in list(values.items())[1:]:
        expression += (f' * on ({labels}) group_left ({name}) '
                       f'count_values by ({labels}) ("{name}", {value})')
    return expression


def with_title(expression):
    return f"{expression} * on (feature) group_left (title) {TITLES}"


def now_and_before(series, by="feature"):
    return f"max by ({by}) ({series})", f"max by ({by}) ({before(series)})"


def build():
    adoption, adoption_before = now_and_before(ADOPTION)
    users, users_before = now_and_before(f"usage_feature_users{{F,{ONCE}}}")
    uses, uses_before = now_and_before(f"usage_uses{{F,{ONCE}}}")
    percent = {"unit": "percentunit", "decimals": 1}
    return dashboard(
        "usage-adoption", "Usage / Weekly adoption",
        "Who used what this week, against the week before, and what it was worth.",
        [choice("feature", "Feature", "usage_uses{J}", "feature"), week()],
        [
            row("", 7, sentences(
                "${window:text}, in a sentence each",
                "Adoption is the share of the people active in the window who used the feature in the same window. "
                "A combination counts people who used all, or any, of its features.",
                [query(with_title(sentence("feature", NOW | EARLIER)),
                       SENTENCE + "; {{earlier}} % the week before"),
                 query(f"{with_title(sentence('feature', NOW))} unless on (feature) {adoption_before}", SENTENCE),
                 query(sentence("combination", TOGETHER),
                       "{{percent}} % used {{combination}}: {{users}} people")],
                24, "Nobody was active in this window yet, or the exporter has no such window.")),
            row("How many use it", 9,
                bars("Adoption", "Of the people active in the window, the share that used the feature in it. "
                     "Above 100 % is impossible.",
                     [query(adoption, "{{feature}}"),
                      query(f"max by (combination) (usage_combination_adoption_ratio{{J,{ONCE}}})",
                            "{{combination}}")],
                     9, "percentunit", "No adoption: it needs a population in the config.", decimals=1, max=1),
                lines("Adoption over time", "Adoption at each time, of the window that ended then. Launches, milestones "
                      "and releases are marked.",
                      [query(adoption, "{{feature}}"),
                       query(f"max by (combination) (usage_combination_adoption_ratio{{J,{ONCE}}})",
                             "{{combination}}")],
                      15, "percentunit", "No adoption in this time range.", min=0, decimals=0)),
            row("This week against the week before", 6, table(
                "Now and seven days earlier",
                "Each number now and seven days earlier. Changes of adoption are in percentage points; changes of uses "
                "are relative. People are counted once in a window, so weeks cannot be added up.",
                {"title": TITLES, "Adoption": adoption, "a week earlier": adoption_before,
                 "Points": f"100 * ({adoption} - {adoption_before})",
                 "Users": users, "Users before": users_before,
                 "Uses": uses, "Uses before": uses_before,
                 "Growth": f"{uses} / ({uses_before} > 0) - 1",
                 "Failed": f"max by (feature) (usage_failure_ratio{{F,{ONCE}}})"},
                24, "Nothing to compare yet.", {"feature": "Feature", "title": "What it is"}, sort="Uses", descending=True,
                overrides=[to_feature(), override("Adoption", **percent), override("a week earlier", **percent),
                           override("Points", unit="none", decimals=1,
                                    thresholds={"mode": "absolute", "steps": [
                                        {"color": color, "value": value} for color, value in GOOD_ABOVE_ZERO]},
                                    custom__cellOptions={"type": "color-text"}),
                           override("Growth", **percent,
                                    thresholds={"mode": "absolute", "steps": [
                                        {"color": color, "value": value} for color, value in GOOD_ABOVE_ZERO]},
                                    custom__cellOptions={"type": "color-text"}),
                           override("Failed", **percent),
                           override("/earlier|before|Adoption/", custom__width=110),
                           override("/^(Points|Users|Uses|Growth|Failed)$/", custom__width=85)])),
            row("How much, and how many people", 9,
                lines("Uses per day", "Successful uses within 24 hours; each bar covers the day that ends where the bar "
                      "ends.", [query('max by (feature) (usage_uses{F,window="1d"})', "{{feature}}")],
                      12, "none", "No uses in this time range.", interval="1d", columns_of_time=True,
                      stacked=True, decimals=0),
                lines("People", "Distinct people active in the product, and distinct users of each feature, in the "
                      "window that ended at each time.",
                      [query(users, "{{feature}}"),
                       query(f"max(usage_active_users{{J,{ONCE}}})", "active in the product")], 12, "none", "Nobody was active in this time range.",
                      min=0, decimals=0,
                      overrides=[override("active in the product", color={"mode": "fixed", "fixedColor": "text"},
                                          custom__lineStyle={"fill": "dash", "dash": [8, 8]})])),
            row("What it is worth, and what people say", 6,
                stat("Time saved", "Hours that the uses of the window saved, at the minutes per use in the config: "
                     "an estimate.", [query(f"max by (feature) (usage_time_saved_seconds{{F,{ONCE}}}) / 3600",
                                            "{{feature}}")],
                     6, "suffix:h", "No value is configured for these features.", decimals=1),
                stat("Satisfaction", "Mean of everybody's latest rating, on a scale from 0 to 10.",
                     [query("max by (feature) (usage_rating_score{F})", "{{feature}}")], 6, "suffix:of 10",
                     "Too few ratings.", decimals=1, min=0, max=10),
                stat("Support tickets", "Tickets opened in the window, by watched category.",
                     [query(f"max by (category) (usage_tickets{{J,{ONCE}}})", "{{category}}")], 6, "none",
                     "No tickets table is configured.", decimals=0),
                stat("Fewer tickets since launch",
                     "How much lower the weekly tickets of the last four weeks are than before the launch; negative "
                     "is more.", [query("max by (category) (usage_ticket_reduction_ratio{J})", "{{category}}")],
                     6, "percentunit", "Known four weeks after the launch.", steps=GOOD_ABOVE_ZERO, decimals=0)),
            row("", 8,
                lines("Satisfaction over time", "Mean of everybody's latest rating at each time.",
                      [query("max by (feature) (usage_rating_score{F})", "{{feature}}")], 12, "none",
                      "Too few ratings in this time range.", min=0, max=10, decimals=1),
                lines("Support tickets in seven days", "Tickets opened in the seven days before each time; the dashed "
                      "line is a mean week before the launch.",
                      [query('max by (category) (usage_tickets{J,window="7d"})', "{{category}}"),
                       query("max by (category) (usage_tickets_baseline_per_week{J})", "{{category}} before the launch")],
                      12, "none", "No tickets in this time range.", min=0, decimals=0,
                      overrides=[{"matcher": {"id": "byFrameRefID", "options": "B"}, "properties": [
                          {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 8]}}]}])),
        ])
