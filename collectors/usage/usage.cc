#include "collectors/usage/usage.h"

#include <algorithm>
#include <future>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "collectors/measures/context/window.h"
#include "collectors/measures/evaluate.h"
#include "collectors/measures/measures.h"
#include "collectors/measures/targets/target_status.h"
#include "collectors/usage/usage_events.h"
#include "collectors/usage/usage_tables.h"
#include "exporter/base/error.h"

namespace usage {

namespace {

using std::chrono::minutes;

constexpr std::string_view kSourceUp = "usage_source_up";
constexpr std::string_view kLastSuccess = "usage_source_last_success_timestamp_seconds";
constexpr std::string_view kNewestRow = "usage_source_newest_row_timestamp_seconds";
constexpr std::string_view kStaleAfter = "usage_source_stale_after_seconds";
constexpr std::string_view kMaxGap = "usage_source_max_gap_seconds";
constexpr std::string_view kBackfillProgress = "usage_backfill_progress_ratio";
constexpr std::string_view kChangedRows = "usage_recount_changed_rows_total";

MetricFamily family_of(std::string_view name, std::string help, std::string unit, MetricType type,
                       std::string label) {
  MetricFamily family;
  family.name = name;
  family.help = std::move(help);
  family.unit = std::move(unit);
  family.type = type;
  family.label_names = {std::move(label)};
  return family;
}

// How the reading of a source's tables goes.
Metrics describe_table_reading() {
  return {
      family_of(kSourceUp, "1 if the last refresh from this source succeeded, else 0.", "", kGauge,
                "source"),
      family_of(kLastSuccess, "When the last refresh from this source succeeded.", "seconds",
                kGauge, "source"),
      family_of(kNewestRow, "Time of the newest row that was seen in the tables of this source.",
                "seconds", kGauge, "source"),
      family_of(kStaleAfter,
                "So long after its last success the series of this source leave the page.",
                "seconds", kGauge, "source"),
      family_of(kMaxGap,
                "Longest time without a new row that is normal for this source, as configured.",
                "seconds", kGauge, "source"),
      family_of(kBackfillProgress,
                "Buckets of the kept history that were read, of all there are: below 1 the first "
                "start goes on.",
                "ratio", kGauge, "source"),
      family_of(kChangedRows,
                "Rows that appeared or vanished when older buckets were read again: late rows, "
                "updates, deletions.",
                "", MetricType::counter, "feature")};
}

Metrics describe_all(const UsageConfig& config) {
  std::vector<FeatureShape> shapes;
  for (const FeatureConfig& feature : config.features) {
    shapes.push_back(feature.shape);
  }
  Metrics families = describe_measures(shapes, true);
  for (MetricFamily& family : describe_reading()) {
    families.push_back(std::move(family));
  }
  return families;
}

bool has_label(const MetricFamily& family, std::string_view label) {
  return std::find(family.label_names.begin(), family.label_names.end(), label) !=
         family.label_names.end();
}

class UsageCollector : public Collector {
 public:
  UsageCollector(const std::shared_ptr<const UsageConfig>& config,
                 const std::shared_ptr<UsageState>& state, const SourceConfig& source,
                 Source& database, Duration stale_after)
      : config_(config),
        state_(state),
        source_(source.name),
        stale_after_(stale_after),
        max_gap_(source.max_gap),
        tables_(config, state, source, database) {
    if (source.database() == nullptr) {
      events_.emplace(*config, source, *state);
    }
  }

  Metrics describe() const override { return describe_all(*config_); }

  Collection collect(const RunContext& run) override {
    up_ = false;
    state_->adopt(config_, run.now, run.log);
    Collection collection;
    const bool all_events = !events_ || events_->read(run, tables_);
    try {
      collection.rows = tables_.refresh(run);
    } catch (const Error&) {
      state_->commit(state_->lock());  // what was read before the failure need not be read again
      throw;
    }
    keep_and_evaluate(run, collection);
    if (events_) {
      events_->acknowledge();
    }
    collection.more = tables_.more() || !all_events;
    up_ = true;
    last_success_ = run.now;
    return collection;
  }

  std::vector<ColumnCheck> check(const RunContext& run) override {
    std::vector<ColumnCheck> checks;
    if (events_) {
      checks = events_->check();
    }
    for (ColumnCheck& table : tables_.check(run)) {
      checks.push_back(std::move(table));
    }
    return checks;
  }

  Metrics health() const override {
    Metrics families = describe_table_reading();
    const auto add = [&](std::string_view name, std::optional<double> value) {
      if (value) {
        family_named(families, name).samples.push_back({{source_}, *value});
      }
    };
    const auto at = [](std::optional<Instant> instant) {
      return instant ? std::optional(unix_seconds(*instant)) : std::nullopt;
    };
    add(kSourceUp, up_ ? 1 : 0);
    add(kLastSuccess, at(last_success_));
    add(kNewestRow, at(tables_.newest_row()));
    add(kStaleAfter, seconds(stale_after_));
    add(kMaxGap, max_gap_ ? std::optional(seconds(*max_gap_)) : std::nullopt);
    add(kBackfillProgress, tables_.backfilled());
    for (const auto& [feature, rows] : tables_.changed_rows()) {
      family_named(families, kChangedRows)
          .samples.push_back({{feature}, static_cast<double>(rows)});
    }
    if (events_) {
      std::ranges::move(events_->metrics(), std::back_inserter(families));
    }
    return families;
  }

 private:
  // Whether the first backfill of everything that the job's measures speak of is over.
  bool finished(const LockedFacts& facts) {
    std::vector<std::string> names(tables_.features().begin(), tables_.features().end());
    if (config_->global_source == source_) {
      names.clear();
      for (const FeatureConfig* table : config_->tables()) {
        names.push_back(table->shape.name);
      }
    }
    if (!config_->activity.empty()) {
      names.emplace_back(UsageState::kActivity);
    }
    return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
      return state_->table(facts, name).finished;
    });
  }

  // The windows that everything was read for, and as long before.
  std::vector<Window> windows_read(const LockedFacts& facts, Instant now) {
    std::vector<Window> windows;
    for (const Window& window : config_->rules.windows) {
      const Interval bounds =
          window_bounds(window, now, state_->options().live, config_->bucket, config_->rules.zone);
      const Interval wanted{bounds.from - (bounds.to - bounds.from), bounds.to};
      bool read = true;
      for (const FeatureConfig* table : config_->tables()) {
        read = read && is_read(facts, table->shape.name, wanted);
      }
      if (read && (config_->activity.empty() || is_read(facts, UsageState::kActivity, wanted))) {
        windows.push_back(window);
      }
    }
    return windows;
  }

  bool is_read(const LockedFacts& facts, const std::string& name, const Interval& interval) {
    const TableProgress& table = state_->table(facts, name);
    return table.finished ||
           (table.oldest &&
            covers(table.log, interval, {*table.oldest, interval.to}, config_->bucket));
  }

  // At once: after a backfill each of them takes a while, in which the database has nothing to do.
  void keep_and_evaluate(const RunContext& run, Collection& collection) {
    std::shared_ptr<const TargetBoard> board;
    {
      const LockedFacts facts = state_->lock();
      auto kept = std::async(std::launch::async, [&] { state_->commit(facts); });
      board = evaluate_all(facts, run, collection);
      kept.get();
    }
    if (board) {
      state_->show(std::move(board));
    }
  }

  // The board where everything was read.
  std::shared_ptr<const TargetBoard> evaluate_all(const LockedFacts& facts, const RunContext& run,
                                                  Collection& collection) {
    const bool all = finished(facts);
    UsageRules rules = config_->rules;
    if (!all) {
      rules.windows = windows_read(facts, run.now);
      rules.targets.clear();  // nor may the history remember what was not read yet
    }
    Evaluation evaluation =
        evaluate(*facts, rules, run.now, state_->options().live, tables_.features(),
                 config_->global_source == source_, &target_history_);
    if (!all) {
      std::erase_if(evaluation.metrics, [](const MetricFamily& family) {
        return family.type != MetricType::gauge || !has_label(family, "window");
      });
    }
    collection.metrics = std::move(evaluation.metrics);
    collection.dropped_series = evaluation.dropped_series;
    if (!all || config_->global_source != source_) {
      return nullptr;
    }
    return std::make_shared<const TargetBoard>(
        board_of(evaluation.evaluations, target_trend_.before(*facts, rules, run.now), run.now));
  }

  const std::shared_ptr<const UsageConfig> config_;
  const std::shared_ptr<UsageState> state_;
  const std::string source_;
  const Duration stale_after_;
  const std::optional<Duration> max_gap_;
  UsageTables tables_;
  std::optional<UsageEvents> events_;
  TargetHistory target_history_;
  TargetTrend target_trend_;
  bool up_ = false;
  std::optional<Instant> last_success_;
};

CollectorConfig schedule_of(const UsageConfig& config) {
  CollectorConfig collector;
  collector.name = "usage";
  collector.kind = "usage";
  collector.sources = config.sources;
  collector.schedule.interval = config.refresh;
  collector.stale_after = config.stale_after;
  return collector;
}

}  // namespace

Metrics describe_reading() {
  Metrics families = describe_table_reading();
  for (MetricFamily& family : describe_log_reading()) {
    families.push_back(std::move(family));
  }
  return families;
}

Metrics describe_everything() {
  FeatureShape shape;
  shape.has_outcome = shape.has_users = shape.has_scope = true;
  shape.duration_bounds = shape.size_bounds = {1};
  shape.dimensions = {"report_type"};
  Metrics families = describe_measures({shape}, true);
  for (MetricFamily& family : describe_reading()) {
    families.push_back(std::move(family));
  }
  return families;
}

CollectorPlan plan_usage(const std::shared_ptr<const UsageConfig>& config,
                         const std::shared_ptr<UsageState>& state) {
  const CollectorConfig collector = schedule_of(*config);
  return {.config = collector,
          .publishes = "the metrics of \"features\"",
          .describe = [config](const SourceConfig&) { return describe_all(*config); },
          .make =
              [config, state, stale_after = collector.stale_after](const SourceConfig& source,
                                                                   Source& database) {
                return std::make_unique<UsageCollector>(config, state, source, database,
                                                        stale_after);
              }};
}

}  // namespace usage
