#include "collectors/report/report.h"

#include <algorithm>
#include <span>

#include "collectors/measures/business/accounts.h"
#include "collectors/measures/context/combined_begin.h"
#include "collectors/measures/context/window.h"
#include "collectors/report/report_weeks.h"

namespace usage {

namespace {

Labels labels_of(const FigureRow& row, Labels subject) {
  if (row.has_window) subject.emplace_back("window", "last_week");
  if (!row.label.empty()) subject.emplace_back(row.label, row.label_value);
  return subject;
}

using Begin = std::optional<Instant>;

Begin earlier(Begin a, Begin b) { return !a ? b : !b ? a : std::min(*a, *b); }

// The first day of a feature: its launch or its first bucket, whichever is earlier, because some
// use features before the launch.
Begin begin_of(const Facts& facts, const UsageRules& rules, const std::string& feature) {
  return earlier(rules.features.at(feature).launched_at, facts.features.at(feature).first_bucket());
}

// The same of the earliest feature.
Begin begin_of_features(const Facts& facts, const UsageRules& rules) {
  Begin begin;
  for (const auto& [name, feature] : facts.features) {
    begin = earlier(begin, begin_of(facts, rules, name));
  }
  return begin;
}

std::vector<NamedFigure> figures_of(std::span<const FigureRow> rows, const Labels& subject,
                                    const std::string& name, const ReportWeeks& weeks,
                                    Begin begin) {
  std::vector<NamedFigure> figures;
  for (const FigureRow& row : rows) {
    const auto read = [&](const ReportWeek& week) -> std::optional<double> {
      if (row.key == kRatingFigure) return week.rating(name);
      const auto sum = week.sum(row.metric, labels_of(row, subject));
      return sum ? std::optional(*sum * row.scale) : std::nullopt;
    };
    figures.push_back(
        {std::string(row.key), std::string(row.words), row.unit, weeks.figure(begin, read)});
  }
  return figures;
}

Breakdown breakdown_of(std::string name, std::string_view label, std::string_view metric,
                       Labels labels, const ReportWeeks& weeks, Begin begin) {
  labels.emplace_back("window", "last_week");
  Breakdown breakdown{std::move(name), {}};
  for (const auto& [value, count] : weeks.last().by(label, metric, labels)) {
    Labels of_value = labels;
    of_value.emplace_back(label, value);
    const Figure figure =
        weeks.figure(begin, [&](const ReportWeek& week) { return week.sum(metric, of_value); });
    if (figure.value) breakdown.values.emplace_back(value, figure);
  }
  std::ranges::stable_sort(breakdown.values, [](const auto& a, const auto& b) {
    if ((a.first == kOther) != (b.first == kOther)) return b.first == kOther;
    return *a.second.value > *b.second.value;
  });
  return breakdown;
}

ReportSubject feature_report(const Facts& facts, const UsageRules& rules,
                             const FeatureConfig& config, const ReportWeeks& weeks) {
  const std::string& name = config.shape.name;
  const Begin begin = begin_of(facts, rules, name);
  const std::string& title = rules.features.at(name).title;
  const Labels labels{{"feature", name}};
  ReportSubject feature{name,
                        title.empty() ? name : title,
                        figures_of(feature_figures(), labels, name, weeks, begin),
                        {},
                        {},
                        {}};
  for (const std::string& dimension : config.shape.dimensions) {
    Labels of_dimension = labels;
    of_dimension.emplace_back("dimension", dimension);
    feature.breakdowns.push_back(
        breakdown_of(dimension, "value", "usage_dimension_uses", of_dimension, weeks, begin));
  }
  Breakdown accesses =
      breakdown_of("viewer", "viewer", "usage_artifact_accesses", labels, weeks, begin);
  if (!accesses.values.empty()) feature.accesses = std::move(accesses);
  for (const ReportWeek& week : weeks.all()) {
    const bool known = begin && *begin < week.window().to;
    feature.weekly_uses.push_back(
        known ? week.sum("usage_uses", {{"feature", name}, {"window", "last_week"}})
              : std::nullopt);
  }
  return feature;
}

std::string title_of(const Combination& combination, const UsageRules& rules) {
  std::string title;
  for (const std::string& member : combination.features) {
    const std::string& of_member = rules.features.at(member).title;
    title += title.empty() ? "" : combination.all ? " and " : " or ";
    title += of_member.empty() ? member : of_member;
  }
  return title;
}

std::vector<NamedFigure> ticket_figures(const Facts& facts, const ReportWeeks& weeks) {
  std::vector<NamedFigure> figures;
  const auto table = facts.auxiliary_tables.find(auxiliary::kTickets);
  if (table == facts.auxiliary_tables.end()) return figures;
  const Begin begin = table->second.first_bucket();
  const auto add = [&](const std::string& category, std::string words, Unit unit,
                       std::string_view metric, const Labels& labels) {
    figures.push_back(
        {category, std::move(words), unit,
         weeks.figure(begin, [&](const ReportWeek& week) { return week.sum(metric, labels); })});
  };
  const Labels window{{"window", "last_week"}};
  for (const auto& [category, count] : weeks.last().by("category", "usage_tickets", window)) {
    add(category, "Tickets: " + category, Unit::count, "usage_tickets",
        {window.front(), {"category", category}});
  }
  for (const auto& [category, ratio] :
       weeks.last().by("category", "usage_ticket_reduction_ratio", {})) {
    add(category + "_reduction", "Fewer tickets than before the launch: " + category, Unit::ratio,
        "usage_ticket_reduction_ratio", {{"category", category}});
  }
  return figures;
}

std::vector<TargetReport> target_reports(const ReportWeeks& weeks, Instant at) {
  std::vector<TargetReport> targets;
  const auto& evaluations = weeks.last().evaluations();
  for (std::size_t i = 0; i < evaluations.size(); ++i) {
    const TargetEvaluation& verdict = evaluations[i];
    const Figure figure =
        weeks.figure(verdict.target->start, [&](const ReportWeek& week) -> std::optional<double> {
          const auto& measured = week.evaluations()[i].measured;
          return measured ? std::optional(measured->value) : std::nullopt;
        });
    targets.push_back(
        {*verdict.target, figure, verdict.met, verdict_words(verdict, at), verdict.population});
  }
  return targets;
}

}  // namespace

std::optional<double> Figure::change() const {
  return value && week_before ? std::optional(*value - *week_before) : std::nullopt;
}

std::optional<double> Figure::change_from_mean() const {
  return value && four_weeks_mean ? std::optional(*value - *four_weeks_mean) : std::nullopt;
}

std::optional<std::string> Breakdown::most_used() const {
  if (values.empty()) return std::nullopt;
  const auto& [value, figure] = values.front();
  return value != kOther && *figure.value > 0 ? std::optional(value) : std::nullopt;
}

const NamedFigure* ReportSubject::find(std::string_view key) const {
  const auto found = std::ranges::find(figures, key, &NamedFigure::key);
  return found == figures.end() ? nullptr : &*found;
}

const ReportSubject* Report::subject(const std::string& name) const {
  for (const auto* subjects : {&features, &combinations}) {
    const auto found = std::ranges::find(*subjects, name, &ReportSubject::name);
    if (found != subjects->end()) return &*found;
  }
  return nullptr;
}

Interval report_instants(const IsoWeek& week, const UsageConfig& usage) {
  const auto end = [&](int later) {
    return edge_at_or_after(start_of(week, usage.rules.zone, later), usage.bucket);
  };
  return {end(2 - ReportWeeks::kShown), end(1)};
}

ReportDraft::ReportDraft(const UsageConfig& usage, const IsoWeek& week)
    : usage_(usage), week_(week), weeks_(std::make_unique<ReportWeeks>(usage.rules, week)) {}
ReportDraft::~ReportDraft() = default;

bool ReportDraft::add_week(const Facts& facts) { return weeks_->add(facts); }

Report make_report(const Facts& facts, const UsageConfig& usage, const IsoWeek& week) {
  ReportDraft draft(usage, week);
  while (draft.add_week(facts)) {
  }
  return draft.finish(facts);
}

Report ReportDraft::finish(const Facts& facts) const {
  const UsageRules& rules = usage_.rules;
  const ReportWeeks& weeks = *weeks_;
  const IsoWeek& week = week_;
  Report report;
  report.week = week;
  report.timezone = rules.zone.name();
  report.window = weeks.last().window();
  for (int ago = ReportWeeks::kShown - 1; ago >= 0; --ago) {
    report.weeks.push_back(iso_week_of(monday_of(week) - std::chrono::weeks(ago)));
  }
  report.product = figures_of(activity_figures(), {}, "", weeks, first_activity(facts));
  for (NamedFigure& figure :
       figures_of(value_figures(), {}, "", weeks, begin_of_features(facts, rules))) {
    report.product.push_back(std::move(figure));
  }
  for (const FeatureConfig& feature : usage_.features) {
    report.features.push_back(feature_report(facts, rules, feature, weeks));
  }
  for (const Combination& combination : rules.combinations) {
    report.combinations.push_back(
        {combination.name,
         title_of(combination, rules),
         figures_of(combination_figures(), {{"combination", combination.name}}, combination.name,
                    weeks,
                    combined_begin(
                        combination,
                        [&](const std::string& member) { return begin_of(facts, rules, member); })),
         {},
         {},
         {}});
  }
  report.tickets = ticket_figures(facts, weeks);
  report.targets = target_reports(weeks, report_instants(week, usage_).to);
  report.groups = usage_.report;
  return report;
}

}  // namespace usage
