#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/measures/report_figures.h"
#include "collectors/measures/targets/targets.h"
#include "collectors/usage/config/usage_config.h"
#include "exporter/base/iso_week.h"

// The weekly report as numbers: pure, and each of them a series that `once --at` shows as of the
// week's end. exporter/report/render_*.h write it down.
namespace usage {

// A number of a week and of the weeks before. Unknown values are absent, never 0: weeks before the
// feature existed, ratios with a zero denominator, and what k-anonymity hides.
struct Figure {
  std::optional<double> value, week_before;
  std::optional<double> four_weeks_mean;  // of the four before; absent unless all are known
  std::optional<double> change() const;   // in the unit of the value
  std::optional<double> change_from_mean() const;
};

struct NamedFigure {
  std::string key;    // such as "adoption"; for tickets the category
  std::string words;  // such as "Active people who used it"
  Unit unit = Unit::count;
  Figure figure;
};

// Uses by one dimension, or accesses by kind of viewer.
struct Breakdown {
  std::string name;
  std::vector<std::pair<std::string, Figure>> values;  // most first, ties by name; kOther last
  // The most used value, unless that is kOther or nothing was used.
  std::optional<std::string> most_used() const;
};

// A feature or a combination.
struct ReportSubject {
  std::string name, title;
  std::vector<NamedFigure> figures;
  std::vector<Breakdown> breakdowns;
  std::optional<Breakdown> accesses;               // by kind of viewer
  std::vector<std::optional<double>> weekly_uses;  // parallel to Report::weeks; features only
  const NamedFigure* find(std::string_view key) const;
};

struct TargetReport {
  Target target;  // `measure` points into target_measures()
  Figure figure;
  std::optional<bool> met;
  std::string_view verdict;  // verdict_words()
  std::uint64_t population = 0;
};

struct Report {
  IsoWeek week;
  std::string timezone;
  Interval window;             // the interval that the numbers of the week cover
  std::vector<IsoWeek> weeks;  // the last eight, the newest last
  std::vector<NamedFigure> product;
  std::vector<ReportSubject> features, combinations;  // in the order of the config
  std::vector<NamedFigure> tickets;                   // by category
  std::vector<TargetReport> targets;
  std::vector<ReportGroup> groups;  // of the config
  // Nullptr if there is no such feature or combination.
  const ReportSubject* subject(const std::string& name) const;
};

// The ends of the report's first and last week: the instants that it evaluates lie between them.
Interval report_instants(const IsoWeek& week, const UsageConfig& usage);

Report make_report(const Facts& facts, const UsageConfig& usage, const IsoWeek& week);

class ReportWeeks;

// Makes a report in steps, each about as long as a refresh's own evaluation, so that the caller can
// release the lock of the facts between them. Rows read in between are in the later weeks only.
class ReportDraft {
 public:
  // The config must outlive the draft.
  ReportDraft(const UsageConfig& usage, const IsoWeek& week);
  ~ReportDraft();

  // Evaluates the next week, the oldest first. Returns false if it was the last.
  bool add_week(const Facts& facts);
  Report finish(const Facts& facts) const;  // call it after the last week

 private:
  const UsageConfig& usage_;
  const IsoWeek week_;
  std::unique_ptr<ReportWeeks> weeks_;
};

}  // namespace usage
