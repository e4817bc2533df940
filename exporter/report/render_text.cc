#include "exporter/report/render_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"

namespace usage {

namespace {

// A section over all features and combinations, with these of their figures.
struct Theme {
  std::string_view title;
  std::array<std::string_view, 9> figures;  // the rest is empty
  std::array<std::string_view, 4> product;
};

constexpr std::array kThemes{
    Theme{"Adoption", {"adoption"}, {"active_users"}},
    Theme{"Volume", {"uses", "failure_ratio"}, {}},
    Theme{"Unique users", {"users"}, {}},
    Theme{"Shared items",
          {"artifacts", "accesses", "access_ratio", "external_viewers", "ttl_hours",
           "without_expiry"},
          {}},
    Theme{"Time saved and value",
          {"time_saved_hours"},
          {"time_saved_hours", "payback", "account_retention"}},
    Theme{"Satisfaction", {"rating", "ratings"}, {}},
};

std::string plain(double number) {
  return number == std::floor(number) ? fmt::format("{:.0f}", number)
                                      : fmt::format("{:.1f}", number);
}

// With its sign; "±0" for what would be shown as nothing.
std::string signed_text(double number, int decimals, std::string_view unit) {
  const std::string digits = fmt::format("{:.{}f}", std::abs(number), decimals);
  const bool nothing = digits.find_first_not_of("0.") == std::string::npos;
  return fmt::format("{}{}{}",
                     nothing      ? "±"
                     : number < 0 ? "−"
                                  : "+",
                     nothing ? "0" : digits, unit);
}

ReportRow::Change change(Unit unit, std::optional<double> value, std::optional<double> from) {
  if (!value || !from) {
    return {kNotKnown, from ? number_text(unit, *from) : ""};
  }
  const double by = *value - *from;
  std::string text;
  if (unit == Unit::ratio) {
    text = signed_text(100 * by, 1, " points");
  } else if (unit == Unit::points) {
    text = signed_text(by, 1, "");
  } else if (*from != 0) {
    text = signed_text(100 * by / std::abs(*from), 0, " %");
  } else {
    text = signed_text(by, by == std::floor(by) ? 0 : 1, unit == Unit::hours ? " h" : "");
  }
  return {text, number_text(unit, *from)};
}

ReportRow row(std::string name, std::string note, Unit unit, const Figure& figure) {
  return {std::move(name),
          std::move(note),
          figure.value ? number_text(unit, *figure.value) : kNotKnown,
          change(unit, figure.value, figure.week_before),
          change(unit, figure.value, figure.four_weeks_mean),
          ""};
}

bool known(const Figure& figure) {
  return figure.value || figure.week_before || figure.four_weeks_mean;
}

void add_figure(ReportSection& section, const std::string& name, const NamedFigure* figure) {
  if (figure != nullptr && known(figure->figure)) {
    section.rows.push_back(row(name, figure->words, figure->unit, figure->figure));
  }
}

ReportSection themed(const Theme& theme, const Report& report) {
  ReportSection section{std::string(theme.title), "Feature", {}};
  for (const std::string_view key : theme.product) {
    const auto found = std::ranges::find(report.product, key, &NamedFigure::key);
    add_figure(section, "All", found == report.product.end() ? nullptr : &*found);
  }
  for (const auto* subjects : {&report.features, &report.combinations}) {
    for (const ReportSubject& subject : *subjects) {
      for (const std::string_view key : theme.figures) {
        add_figure(section, subject.title, subject.find(key));
      }
    }
  }
  return section;
}

ReportSection most_used(const Report& report) {
  constexpr std::size_t kMost = 5;
  ReportSection section{"Most used", "Uses by", {}};
  for (const ReportSubject& feature : report.features) {
    for (const Breakdown& breakdown : feature.breakdowns) {
      for (std::size_t i = 0; i < std::min(kMost, breakdown.values.size()); ++i) {
        const auto& [value, figure] = breakdown.values[i];
        if (*figure.value == 0) {
          continue;
        }
        section.rows.push_back(
            row(value, fmt::format("{}, {}", feature.title, breakdown.name), Unit::count, figure));
      }
    }
  }
  return section;
}

void add_accesses(ReportSection& section, const Report& report) {
  for (const ReportSubject& feature : report.features) {
    if (feature.accesses) {
      for (const auto& [viewer, figure] : feature.accesses->values) {
        section.rows.push_back(row(feature.title, "Accesses: " + viewer, Unit::count, figure));
      }
    }
  }
}

Unit unit_of(const TargetMeasure& measure) {
  return measure.unit == "ratio"                               ? Unit::ratio
         : measure.unit == "points" || measure.unit == "times" ? Unit::points
                                                               : Unit::count;
}

std::string promise(const Target& target) {
  return fmt::format("{}{}{} of {} {}, due {}", target.measure->name, target.window ? "/" : "",
                     target.window ? target.window->label : "", target.subject,
                     threshold_text(target), format_date(target.due));
}

ReportSection targets(const Report& report) {
  ReportSection section{"Targets", "Target", {}};
  for (const TargetReport& one : report.targets) {
    ReportRow target =
        row(one.target.id, promise(one.target), unit_of(*one.target.measure), one.figure);
    target.verdict = one.verdict;
    if (one.met && one.population < one.target.min_population) {
      target.verdict += ", of too few people";
    }
    section.rows.push_back(std::move(target));
  }
  return section;
}

// "50.0 % used Report export (+3.7 points on the week before); …", of what is known of one figure.
std::string clauses(const Report& report, std::string_view key, std::string_view verb) {
  std::string text;
  for (const ReportSubject& feature : report.features) {
    const NamedFigure* found = feature.find(key);
    if (found == nullptr || !found->figure.value) {
      continue;
    }
    const Figure& figure = found->figure;
    const auto before = change(found->unit, figure.value, figure.week_before);
    text += fmt::format("{}{} {} {}{}", text.empty() ? "" : "; ",
                        number_text(found->unit, *figure.value), verb, feature.title,
                        figure.week_before ? " (" + before.by + " on the week before)" : "");
  }
  return text;
}

}  // namespace

std::string number_text(Unit unit, double number) {
  if (number < 0) {
    return "−" + number_text(unit, -number);
  }
  switch (unit) {
    case Unit::count:
      return plain(number);
    case Unit::ratio:
      return fmt::format("{:.1f} %", 100 * number);
    case Unit::hours:
      return plain(number) + " h";
    case Unit::points:
      return fmt::format("{:.1f}", number);
  }
  return {};
}

std::string target_number(const Target& target, double number) {
  return number_text(unit_of(*target.measure), number);
}

std::string threshold_text(const Target& target) {
  const bool least = target.comparison == Comparison::min;
  return fmt::format("{} {}", least ? (target.strict ? ">" : "≥") : (target.strict ? "<" : "≤"),
                     target_number(target, target.threshold));
}

std::string last_day_of(const Report& report) {
  return format_date(monday_of(report.week) + std::chrono::days(6));
}

std::string report_title(const Report& report) {
  return fmt::format("Week {} of {}", report.week.number, report.week.year);
}

std::string report_days(const Report& report) {
  return fmt::format("{} to {}, {}", format_date(monday_of(report.week)), last_day_of(report),
                     report.timezone);
}

std::string headline(const Report& report) {
  const std::string adoption = clauses(report, "adoption", "used");
  const std::string uses = clauses(report, "uses", "uses of");
  if (adoption.empty() && uses.empty()) {
    return "No feature had been launched by the end of the week.";
  }
  const auto active = std::ranges::find(report.product, "active_users", &NamedFigure::key);
  std::string text = uses + ".";
  if (!adoption.empty()) {
    text =
        fmt::format("Of {} active people, {}.", plain(active->figure.value.value_or(0)), adoption);
  }
  if (!report.targets.empty()) {
    const auto met = std::ranges::count(report.targets, std::optional(true), &TargetReport::met);
    text += fmt::format(" {} of {} targets {} met.", met, report.targets.size(),
                        report.targets.size() == 1 ? "is" : "are");
  }
  return text;
}

std::vector<ReportSection> sections(const Report& report) {
  std::vector<ReportSection> all;
  for (const Theme& theme : kThemes) {
    all.push_back(themed(theme, report));
    if (theme.title == "Unique users") {
      all.push_back(most_used(report));
    }
    if (theme.title == "Shared items") {
      add_accesses(all.back(), report);
    }
  }
  ReportSection tickets{"Support tickets", "Tickets", {}};
  for (const NamedFigure& figure : report.tickets) {
    if (known(figure.figure)) {
      tickets.rows.push_back(row(figure.words, "", figure.unit, figure.figure));
    }
  }
  all.push_back(std::move(tickets));
  all.push_back(targets(report));
  std::erase_if(all, [](const ReportSection& section) { return section.rows.empty(); });
  return all;
}

}  // namespace usage
