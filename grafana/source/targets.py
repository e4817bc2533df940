"""Targets and timeline: is what was promised kept, and when is the next due date?"""

from blocks import choice, dashboard, lines, override, query, row, stat, table, to_feature, value_texts

EACH = "feature, target"
PAIR = "on (job, instance, feature, target)"
MET, UNMET = "usage_target_met{F} == 1", "usage_target_met{F} == 0"
DUE = "usage_target_due_timestamp_seconds{F}"
BEHIND = "target:usage_target_progress:ratio{F} < 0.8 * target:usage_target_elapsed:ratio{F}"
VERDICTS = {1: ("met", "green"), 2: ("on the way", "blue"), 3: ("behind pace", "orange"),
            4: ("missed", "red"), 5: ("no value", "text")}
VERDICT = f"""max by ({EACH}) (
    ({MET})
    or {PAIR} ({UNMET} and {PAIR} ({DUE} <= time())) * 0 + 4
    or {PAIR} ({UNMET} and {PAIR} ({BEHIND})) * 0 + 3
    or {PAIR} ({UNMET}) + 2
    or {PAIR} (usage_target_info{{F}} * 0 + 5))"""


def each(series):
    return f"max by ({EACH}) ({series})"


def how_many(verdict):
    return f"sum(({VERDICT}) == bool {verdict})"


def text_of(series, name):
    """The number as a label: a share in percent, anything else to one decimal."""
    share = 'usage_target_info{F,unit="ratio"}'
    return f"""label_replace(count_values by ({EACH}) ("{name}",
                 {each(f"round(100 * {series}, 0.1) and {PAIR} {share}")}), "{name}", "$1 %", "{name}", "(.+)")
               or count_values by ({EACH}) ("{name}", {each(f"round({series}, 0.01) unless {PAIR} {share}")})"""


def promise():
    """Threshold and comparison as one label, such as "> 50 %"."""
    return f"""label_join(
        max by (feature, target, comparison, phase, measure) (usage_target_info{{F}})
        * on ({EACH}) group_left (threshold) ({text_of("usage_target_threshold{F}", "threshold")}),
        "promise", " ", "comparison", "threshold")"""


def pace(target):
    """Where a straight line from the baseline to the threshold is, of any time in the past: the rule that
    records it has none before it was loaded."""
    start, due, low, high = (f"usage_target_{name}{{{target}}}" for name in (
        "start_timestamp_seconds", "due_timestamp_seconds", "baseline_value", "threshold"))
    return f"{low} + ({high} - {low}) * clamp((time() - {start}) / ({due} - {start} > 0), 0, 1)"


def build():
    share = {"unit": "percentunit", "decimals": 0}
    counted = [stat(title, about, [query(how_many(verdict), title)], width, "none", "No targets are configured.",
                    steps=[("text", None), (color, 1)], names=False, decimals=0)
               for verdict, title, about, color, width in (
                   (1, "Met", "Targets that are met: milestones once and for all, the others now.", "green", 5),
                   (2, "On the way", "Not met, not yet due, and at least four fifths of the way that the time gone "
                    "asks for.", "blue", 5),
                   (3, "Behind pace", "Not met, not yet due, and less than four fifths of the way that the time gone "
                    "asks for.", "orange", 5),
                   (4, "Missed", "Past the due date and not met.", "red", 5),
                   (5, "No value", "Targets that cannot be told: not begun, or without data.", "yellow", 4))]
    one = 'F,target="$target"'
    return dashboard(
        "usage-targets", "Usage / Targets and timeline",
        "Every target with its value, threshold, due date, pace, projection and verdict; and the phases.",
        [choice("feature", "Feature", "usage_target_info{J}", "feature"),
         choice("target", "Target", "usage_target_info{F}", "target", several=False)],
        [
            row("", 4, *counted),
            row("", 17, table(
                "Every target",
                "Value and promise are shares in percent or plain numbers, as the measure has it. Way done is the part of "
                "the way from the baseline to the threshold, time gone the part of the time until the due date. "
                "Heading for is where the trend of three days ends on the due date; absent once that is past. "
                "The verdict is what the alerts go by, except that they wait and ask for enough people.",
                {"Verdict": VERDICT, "value": text_of("usage_target_value{F}", "value"), "promise": promise(),
                 "Reached": each("usage_target_attainment_ratio{F}"),
                 "Due": f"{each(DUE)} * 1000",
                 "Way done": f"clamp(({each('target:usage_target_progress:ratio{F}')}), 0, 1)",
                 "Time gone": each("target:usage_target_elapsed:ratio{F}"),
                 "heading": text_of(f"(target:usage_target_value:projected{{F}} and {PAIR} ({DUE} > time()))", "heading"),
                 "People": each("usage_target_population{F}")},
                24, "No targets are configured.",
                {"target": "Target", "feature": "Feature", "phase": "Phase", "measure": "Measure", "value": "Value",
                 "promise": "Promised", "heading": "Heading for"},
                sort="Due", hidden=("comparison", "threshold"), first="Verdict",
                overrides=[
                    to_feature(),
                    *(override(name, custom__width=width) for name, width in (
                        ("Target", 170), ("Phase", 90), ("Measure", 140), ("Value", 80), ("Promised", 90),
                        ("Heading for", 100))),
                    override("Verdict", mappings=value_texts(VERDICTS), custom__cellOptions={"type": "color-text"},
                             custom__width=110),
                    override("Due", unit="time:YYYY-MM-DD", custom__width=110),
                    override("Reached", **share, custom__width=90),
                    override("Way done", **share, min=0, max=1, color={"mode": "fixed", "fixedColor": "blue"},
                             custom__cellOptions={"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}),
                    override("Time gone", **share, min=0, max=1, color={"mode": "fixed", "fixedColor": "text"},
                             custom__cellOptions={"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}),
                    override("People", decimals=0, custom__width=80)])),
            row("On the way", 10,
                lines("Not yet met: how much is reached",
                      "Value over threshold, or threshold over value where less is better, of each target that is not met now: the "
                      "dashed line at 100 % is the target. Due dates are marked.",
                      [query(each(f"clamp_min(usage_target_attainment_ratio{{F}}, 0) and {PAIR} (usage_target_met{{F}} @ end() == 0)"), "{{target}}")],
                      14, "percentunit", "Every target is met, or none has a value.",
                      steps=[("transparent", None), ("green", 1)], min=0, max=1.2, decimals=0, table=True),
                lines("$target", "The chosen target's value, what a straight line from the baseline to the threshold asks "
                      "for, the threshold, the stretch, and the lower end of what so few people can tell.",
                      [query(each(f"usage_target_value{{{one}}}"), "value"),
                       query(each(pace(one)), "on pace"),
                       query(each(f"usage_target_threshold{{{one}}}"), "threshold"),
                       query(each(f"usage_target_stretch{{{one}}}"), "stretch"),
                       query(each(f"usage_target_value_lower_bound{{{one}}}"), "lower bound")],
                      10, "short", "This target has no value in this time range.", overrides=[
                          override("value", custom__lineWidth=3, color={"mode": "fixed", "fixedColor": "blue"}),
                          override("on pace", custom__lineStyle={"fill": "dash", "dash": [8, 8]},
                                   color={"mode": "fixed", "fixedColor": "text"}),
                          override("threshold", color={"mode": "fixed", "fixedColor": "green"})])),
            row("Phases, and what fires", 9,
                table("Phases", "The phases of each feature's life, and which one it is in.",
                      {"Now": "max by (feature, phase) (usage_phase_active{F})",
                       "Begins": "max by (feature, phase) (usage_phase_start_timestamp_seconds{F}) * 1000",
                       "Ends": "max by (feature, phase) (usage_phase_end_timestamp_seconds{F}) * 1000"},
                      12, "No phases are configured.", {"feature": "Feature", "phase": "Phase"}, sort="Begins",
                      overrides=[to_feature(), override("Phase", custom__width=120),
                                 *(override(name, unit="time:YYYY-MM-DD", custom__width=110)
                                   for name in ("Begins", "Ends")),
                                 override("Now", mappings=value_texts({0: ("–", "text"), 1: ("now", "green")}),
                                          custom__cellOptions={"type": "color-text"}, custom__width=70)]),
                table("Alerts about targets", "What fires now. The runbook says what each means and what to do.",
                      {"Firing": """max by (alertname, severity, feature, target, phase, owner) (
                           ALERTS{F,alertname=~"UsageTarget.+",alertstate="firing"})"""},
                      12, "No alert about a target fires.",
                      {"alertname": "Alert", "severity": "Severity", "feature": "Feature", "target": "Target",
                       "phase": "Phase", "owner": "Owner"}, hidden=("Value",),
                      overrides=[to_feature()])),
        ])
