#include <utility>
#include <vector>

#include "exporter/base/format.h"
#include "exporter/base/json_text.h"
#include "exporter/base/timestamps.h"
#include "exporter/report/render_report.h"
#include "exporter/report/render_text.h"

namespace usage {

namespace {

using Members = std::vector<std::pair<std::string, std::string>>;  // keys and values as JSON

std::string indented(std::string text) {
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 3) {
    text.insert(at + 1, "  ");
  }
  return text;
}

std::string on_one_line(const Members& members) {
  std::string text;
  for (const auto& [key, value] : members) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", json_string(key), value);
  }
  return "{" + text + "}";
}

std::string object(const Members& members) {
  std::string text;
  for (const auto& [key, value] : members) {
    text += fmt::format("{}\n  {}: {}", text.empty() ? "" : ",", json_string(key), indented(value));
  }
  return text.empty() ? "{}" : "{" + text + "\n}";
}

std::string list(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) {
    text += fmt::format("{}\n  {}", text.empty() ? "" : ",", indented(item));
  }
  return text.empty() ? "[]" : "[" + text + "\n]";
}

std::string number(std::optional<double> value) {
  return value ? fmt::format("{}", *value) : "null";
}

std::string text_or_null(const std::optional<std::string>& text) {
  return text ? json_string(*text) : "null";
}

std::string figure(const Figure& figure) {
  return on_one_line({{"value", number(figure.value)},
                      {"week_before", number(figure.week_before)},
                      {"change", number(figure.change())},
                      {"four_weeks_mean", number(figure.four_weeks_mean)},
                      {"change_from_mean", number(figure.change_from_mean())}});
}

Members figures(const std::vector<NamedFigure>& named) {
  Members members;
  for (const NamedFigure& one : named) {
    members.emplace_back(one.key, figure(one.figure));
  }
  return members;
}

std::string breakdown(const Breakdown& breakdown) {
  Members members;
  for (const auto& [value, uses] : breakdown.values) {
    members.emplace_back(value, figure(uses));
  }
  return object(members);
}

std::string feature(const ReportSubject& feature, const std::vector<IsoWeek>& weeks) {
  Members members{{"title", json_string(feature.title)}};
  for (auto& member : figures(feature.figures)) {
    members.push_back(std::move(member));
  }
  Members most_used, dimensions, weekly;
  for (const Breakdown& one : feature.breakdowns) {
    most_used.emplace_back(one.name, text_or_null(one.most_used()));
    dimensions.emplace_back(one.name, breakdown(one));
  }
  for (std::size_t i = 0; i < weeks.size(); ++i) {
    weekly.emplace_back(format_iso_week(weeks[i]), number(feature.weekly_uses[i]));
  }
  members.emplace_back("most_used", object(most_used));
  members.emplace_back("dimensions", object(dimensions));
  if (feature.accesses) {
    members.emplace_back("accesses_by_viewer", breakdown(*feature.accesses));
  }
  members.emplace_back("weekly_uses", object(weekly));
  return object(members);
}

std::string target(const TargetReport& report) {
  const Target& target = report.target;
  return object({{"target", json_string(target.id)},
                 {"feature", json_string(target.subject)},
                 {"measure", json_string(target.measure->name)},
                 {"window", target.window ? json_string(target.window->label) : "null"},
                 {target.comparison == Comparison::min ? "min" : "max", number(target.threshold)},
                 {"strict", target.strict ? "true" : "false"},
                 {"due", json_string(format_rfc3339(target.due))},
                 {"met", !report.met   ? "null"
                         : *report.met ? "true"
                                       : "false"},
                 {"verdict", json_string(report.verdict)},
                 {"population", std::to_string(report.population)},
                 {"min_population", std::to_string(target.min_population)},
                 {"measured", figure(report.figure)}});
}

std::string named(const Report& report, const ReportKey& key) {
  const auto& product = report.product;
  const ReportSubject* subject = key.subject.empty() ? nullptr : report.subject(key.subject);
  const auto& of = subject != nullptr ? subject->figures : product;
  for (const NamedFigure& one : of) {
    if (one.key == key.figure) {
      return number(one.figure.value);
    }
  }
  if (subject != nullptr) {
    for (const Breakdown& one : subject->breakdowns) {
      if (one.name == key.most_used) {
        return text_or_null(one.most_used());
      }
    }
  }
  return "null";
}

}  // namespace

std::string render_report_json(const Report& report) {
  Members members{{"week", json_string(format_iso_week(report.week))},
                  {"week_ending", json_string(last_day_of(report))},
                  {"timezone", json_string(report.timezone)},
                  {"from", json_string(format_rfc3339(report.window.from))},
                  {"to", json_string(format_rfc3339(report.window.to))}};
  for (const ReportGroup& group : report.groups) {
    Members keys;
    for (const ReportKey& key : group.keys) {
      keys.emplace_back(key.key, named(report, key));
    }
    members.emplace_back(group.name, object(keys));
  }
  members.emplace_back("product", object(figures(report.product)));
  Members features, combinations;
  for (const ReportSubject& one : report.features) {
    features.emplace_back(one.name, feature(one, report.weeks));
  }
  for (const ReportSubject& one : report.combinations) {
    combinations.emplace_back(one.name, object(figures(one.figures)));
  }
  members.emplace_back("features", object(features));
  members.emplace_back("combinations", object(combinations));
  members.emplace_back("tickets", object(figures(report.tickets)));
  std::vector<std::string> targets;
  for (const TargetReport& one : report.targets) {
    targets.push_back(target(one));
  }
  members.emplace_back("targets", list(targets));
  return object(members) + "\n";
}

}  // namespace usage
