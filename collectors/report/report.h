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

// A number of a week and of those before. Nothing where it is not known, which is never 0: weeks
// before a feature was there, ratios of nothing, what k-anonymity hides.
struct Figure {
  std::optional<double> value, week_before;
  std::optional<double> four_weeks_mean;  // of the four weeks before; known if all of them are
  std::optional<double> change() const;   // in the unit of the value
  std::optional<double> change_from_mean() const;
};

struct NamedFigure {
  std::string key;    // "adoption"; of tickets the category
  std::string words;  // "Active people who used it"
  Unit unit = Unit::count;
  Figure figure;
};

// Uses by one dimension, or accesses by kind of viewer.
struct Breakdown {
  std::string name;
  std::vector<std::pair<std::string, Figure>> values;  // most first, equal ones by name; then other
  // Of those that are shown by themselves; nothing if there was no use.
  std::optional<std::string> most_used() const;
};

// A feature or a combination.
struct ReportSubject {
  std::string name, title;
  std::vector<NamedFigure> figures;
  std::vector<Breakdown> breakdowns;
  std::optional<Breakdown> accesses;               // by kind of viewer
  std::vector<std::optional<double>> weekly_uses;  // parallel to Report::weeks; of features
  const NamedFigure* find(std::string_view key) const;
};

struct TargetReport {
  Target target;  // its measure is that of target_measures()
  Figure figure;
  std::optional<bool> met;
  std::string_view verdict;  // verdict_words()
  std::uint64_t population = 0;
};

struct Report {
  IsoWeek week;
  std::string timezone;
  Interval window;             // what the numbers of the week are of
  std::vector<IsoWeek> weeks;  // the last eight, the newest last
  std::vector<NamedFigure> product;
  std::vector<ReportSubject> features, combinations;  // in the order of the config
  std::vector<NamedFigure> tickets;                   // by category
  std::vector<TargetReport> targets;
  std::vector<ReportGroup> groups;  // of the config
  // nullptr when there is no such feature or combination.
  const ReportSubject* subject(const std::string& name) const;
};

// The instants as of which a report of the week looks at the facts: the ends of its weeks.
Interval report_instants(const IsoWeek& week, const UsageConfig& usage);

Report make_report(const Facts& facts, const UsageConfig& usage, const IsoWeek& week);

class ReportWeeks;

// The same in steps, each about as long as a refresh's own evaluation: whoever holds the lock of
// the facts can let others in between. Rows that come in between are in the later weeks alone.
class ReportDraft {
 public:
  // The config outlives the draft.
  ReportDraft(const UsageConfig& usage, const IsoWeek& week);
  ~ReportDraft();

  // Evaluates one of the weeks that the report looks at; false: that was the last one.
  bool add_week(const Facts& facts);
  Report finish(const Facts& facts) const;  // after the last one

 private:
  const UsageConfig& usage_;
  const IsoWeek week_;
  std::unique_ptr<ReportWeeks> weeks_;
};

}  // namespace usage
