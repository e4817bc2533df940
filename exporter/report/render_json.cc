#include "exporter/report/render_json.h"

#include <utility>

#include "exporter/base/json_writer.h"
#include "exporter/base/timestamps.h"
#include "exporter/report/render_text.h"

namespace usage {

namespace {

JsonDocument text_or_null(const std::optional<std::string>& text) {
  return text ? JsonDocument(*text) : JsonDocument();
}

JsonDocument figure(const Figure& figure) {
  return {{"value", json_number(figure.value)},
          {"week_before", json_number(figure.week_before)},
          {"change", json_number(figure.change())},
          {"four_weeks_mean", json_number(figure.four_weeks_mean)},
          {"change_from_mean", json_number(figure.change_from_mean())}};
}

bool is_figure(const JsonDocument& object) { return object.contains("four_weeks_mean"); }

void add_figures(JsonDocument& object, const std::vector<NamedFigure>& named) {
  for (const NamedFigure& one : named) {
    object[one.key] = figure(one.figure);
  }
}

JsonDocument figures(const std::vector<NamedFigure>& named) {
  JsonDocument object = JsonDocument::object();
  add_figures(object, named);
  return object;
}

JsonDocument breakdown(const Breakdown& breakdown) {
  JsonDocument object = JsonDocument::object();
  for (const auto& [value, uses] : breakdown.values) {
    object[value] = figure(uses);
  }
  return object;
}

JsonDocument feature(const ReportSubject& feature, const std::vector<IsoWeek>& weeks) {
  JsonDocument object = JsonDocument::object();
  object["title"] = feature.title;
  add_figures(object, feature.figures);
  JsonDocument& most_used = object["most_used"] = JsonDocument::object();
  for (const Breakdown& one : feature.breakdowns) {
    most_used[one.name] = text_or_null(one.most_used());
  }
  JsonDocument& dimensions = object["dimensions"] = JsonDocument::object();
  for (const Breakdown& one : feature.breakdowns) {
    dimensions[one.name] = breakdown(one);
  }
  if (feature.accesses) {
    object["accesses_by_viewer"] = breakdown(*feature.accesses);
  }
  JsonDocument& weekly = object["weekly_uses"] = JsonDocument::object();
  for (std::size_t i = 0; i < weeks.size(); ++i) {
    weekly[format_iso_week(weeks[i])] = json_number(feature.weekly_uses[i]);
  }
  return object;
}

JsonDocument target(const TargetReport& report) {
  const Target& target = report.target;
  return {{"target", target.id},
          {"feature", target.subject},
          {"measure", target.measure->name},
          {"window", target.window ? JsonDocument(target.window->label) : JsonDocument()},
          {target.comparison == Comparison::min ? "min" : "max", json_number(target.threshold)},
          {"strict", target.strict},
          {"due", format_rfc3339(target.due)},
          {"met", report.met ? JsonDocument(*report.met) : JsonDocument()},
          {"verdict", report.verdict},
          {"population", report.population},
          {"min_population", target.min_population},
          {"measured", figure(report.figure)}};
}

JsonDocument named(const Report& report, const ReportKey& key) {
  const ReportSubject* subject = key.subject.empty() ? nullptr : report.subject(key.subject);
  const auto& of = subject != nullptr ? subject->figures : report.product;
  for (const NamedFigure& one : of) {
    if (one.key == key.figure) {
      return json_number(one.figure.value);
    }
  }
  if (subject != nullptr) {
    for (const Breakdown& one : subject->breakdowns) {
      if (one.name == key.most_used) {
        return text_or_null(one.most_used());
      }
    }
  }
  return nullptr;
}

}  // namespace

std::string render_report_json(const Report& report) {
  JsonDocument document{{"week", format_iso_week(report.week)},
                        {"week_ending", last_day_of(report)},
                        {"timezone", report.timezone},
                        {"from", format_rfc3339(report.window.from)},
                        {"to", format_rfc3339(report.window.to)}};
  for (const ReportGroup& group : report.groups) {
    JsonDocument keys = JsonDocument::object();
    for (const ReportKey& key : group.keys) {
      keys[key.key] = named(report, key);
    }
    document[group.name] = std::move(keys);
  }
  document["product"] = figures(report.product);
  JsonDocument& features = document["features"] = JsonDocument::object();
  for (const ReportSubject& one : report.features) {
    features[one.name] = feature(one, report.weeks);
  }
  JsonDocument& combinations = document["combinations"] = JsonDocument::object();
  for (const ReportSubject& one : report.combinations) {
    combinations[one.name] = figures(one.figures);
  }
  document["tickets"] = figures(report.tickets);
  JsonDocument& targets = document["targets"] = JsonDocument::array();
  for (const TargetReport& one : report.targets) {
    targets.push_back(target(one));
  }
  return json_lines(document, is_figure) + "\n";
}

}  // namespace usage
