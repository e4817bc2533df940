#include "collectors/sql/sql.h"

#include <map>
#include <utility>

#include "collectors/sql/samples.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"

namespace usage {

namespace {

std::string_view type_name(ColumnType type) {
  switch (type) {
    case ColumnType::integer:
      return "integer";
    case ColumnType::real:
      return "real";
    case ColumnType::boolean:
      return "boolean";
    case ColumnType::timestamp:
      return "timestamp";
    case ColumnType::text:
      return "text";
    case ColumnType::mixed:
      return "known per row";
  }
  return "unknown";
}

Metrics families_of(const SqlConfig& config, const std::map<std::string, std::string>& labels) {
  Metrics families;
  for (const SqlMetric& metric : config.metrics) {
    families.push_back(SampleBuilder::family(metric, labels));
  }
  return families;
}

class SqlCollector : public Collector {
 public:
  SqlCollector(std::shared_ptr<const SqlConfig> config, const SourceConfig& source,
               const TimeZone& zone, Source& database)
      : config_(std::move(config)), labels_(source.labels), zone_(zone), database_(database) {}

  Metrics describe() const override { return families_of(*config_, labels_); }

  Collection collect(const RunContext& run) override {
    Collection collection;
    std::map<std::size_t, MetricFamily> by_metric;  // keeps the order of the config
    for (std::size_t i = 0; i < config_->queries.size(); ++i) {
      run_query(i, run, collection, by_metric);
    }
    std::vector<std::size_t> column_labels;
    const bool remember = config_->on_empty == OnEmpty::keep;
    for (auto& [index, family] : by_metric) {
      column_labels.push_back(config_->metrics[index].labels.size());
      collection.metrics.push_back(remember ? family : std::move(family));
    }
    apply_limit(collection, column_labels);
    if (remember) {
      keep(collection, by_metric);
    }
    return collection;
  }

  std::vector<ColumnCheck> check(const RunContext& run) override {
    std::vector<ColumnCheck> checks;
    for (std::size_t i = 0; i < config_->queries.size(); ++i) {
      const std::vector<Column> columns = database_.describe(query(i, run.now), run.deadline);
      find_columns(i, columns);
      ColumnCheck check{config_->queries[i].name, {}};
      for (const Column& column : columns) {
        check.columns.push_back(column.database_type.empty()
                                    ? fmt::format("{} {}", column.name, type_name(column.type))
                                    : fmt::format("{} {} ({})", column.name, type_name(column.type),
                                                  column.database_type));
      }
      checks.push_back(std::move(check));
    }
    return checks;
  }

 private:
  // Finds the columns of every metric of the query; Error(query) names all that are missing.
  void find_columns(std::size_t query, const std::vector<Column>& columns) const {
    std::string missing;
    for (SampleBuilder& builder : builders(query)) {
      try {
        builder.columns(columns);
      } catch (const Error& error) {
        missing += (missing.empty() ? "" : "\n") + std::string(error.what());
      }
    }
    if (!missing.empty()) {
      throw Error(Reason::query, missing);
    }
  }

  Query query(std::size_t index, Instant now) const {
    const SqlQuery& query = config_->queries[index];
    return {query.sql, bind(query.parameters, now, zone_), query.secret};
  }

  std::vector<SampleBuilder> builders(std::size_t query) const {
    std::vector<SampleBuilder> builders;
    for (const SqlMetric& metric : config_->metrics) {
      if (metric.query == query) {
        builders.emplace_back(metric, *config_, labels_);
      }
    }
    return builders;
  }

  void run_query(std::size_t index, const RunContext& run, Collection& collection,
                 std::map<std::size_t, MetricFamily>& by_metric) {
    std::vector<SampleBuilder> builders = this->builders(index);
    std::uint64_t rows = 0;
    const RowSink sink{
        .columns =
            [&](std::span<const Column> columns) {
              for (SampleBuilder& builder : builders) {
                builder.columns(columns);
              }
            },
        .rows = row_by_row([&](std::span<const Value> row) {
          if (++rows > config_->max_rows) {
            throw Error(Reason::limit,
                        fmt::format("query \"{}\" returned more than max_rows = {} rows; group "
                                    "them in the query or raise max_rows",
                                    config_->queries[index].name, config_->max_rows));
          }
          for (SampleBuilder& builder : builders) {
            builder.row(row);
          }
        })};
    database_.scan(query(index, run.now), run.deadline, sink);
    collection.rows += rows;
    finish_query(index, rows == 0, builders, collection, by_metric);
  }

  void finish_query(std::size_t index, bool empty, std::vector<SampleBuilder>& builders,
                    Collection& collection, std::map<std::size_t, MetricFamily>& by_metric) {
    auto builder = builders.begin();
    for (std::size_t m = 0; m < config_->metrics.size(); ++m) {
      if (config_->metrics[m].query != index) {
        continue;
      }
      collection.skipped_rows += builder->skipped_rows();
      collection.merged_rows += builder->merged_rows();
      MetricFamily family = builder->finish(empty);
      const auto kept = kept_.find(m);
      if (empty && kept != kept_.end()) {
        family = kept->second;
      }
      by_metric.emplace(m, std::move(family));
      ++builder;
    }
  }

  // Remembers the valid families that are about to be published. Right after a restart there are
  // none for an empty result to keep: then the published series stay.
  void keep(Collection& collection, const std::map<std::size_t, MetricFamily>& by_metric) {
    validate(collection.metrics);
    collection.keep_published = collection.rows == 0 && kept_.empty();
    if (!collection.keep_published) {
      kept_ = by_metric;
    }
  }

  void apply_limit(Collection& collection, const std::vector<std::size_t>& column_labels) const {
    if (config_->on_limit == OnLimit::top) {
      validate(collection.metrics);  // folding would hide duplicates
      collection.dropped_series =
          fold_to_limit(collection.metrics, column_labels, config_->max_series);
    }
    const std::size_t series = series_count(collection.metrics);
    if (series > config_->max_series) {
      throw Error(Reason::limit,
                  fmt::format("{} series where max_series is {}; use fewer labels or "
                              "raise max_series",
                              series, config_->max_series));
    }
  }

  std::shared_ptr<const SqlConfig> config_;
  std::map<std::string, std::string> labels_;
  TimeZone zone_;
  Source& database_;
  std::map<std::size_t, MetricFamily> kept_;  // last families, under on_empty: keep
};

}  // namespace

Metrics describe_sql(const SqlConfig& config, const SourceConfig& source) {
  return families_of(config, source.labels);
}

std::unique_ptr<Collector> make_sql_collector(std::shared_ptr<const SqlConfig> config,
                                              const SourceConfig& source, const TimeZone& zone,
                                              Source& database) {
  return std::make_unique<SqlCollector>(std::move(config), source, zone, database);
}

}  // namespace usage
