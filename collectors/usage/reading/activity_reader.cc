#include "collectors/usage/reading/activity_reader.h"

#include <algorithm>

#include "collectors/sources/drivers.h"
#include "exporter/base/format.h"

namespace usage {

ActivityReader::ActivityReader(const std::vector<TableConfig>& tables, const SourceConfig& source)
    : tables_(tables), source_(source) {
  for (const TableConfig& table : tables_) {
    Select select(table.table, "\"activity\"", dialect_of(source));
    select.add(table.time);
    select.add(table.user);
    select.restrict_to(table, source);
    selects_.push_back(std::move(select));
  }
}

std::vector<std::string> ActivityReader::sql() const {
  std::vector<std::string> statements;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    statements.push_back(selects_[i].sql_between(tables_[i].time));
  }
  return statements;
}

std::vector<Query> ActivityReader::queries(const Interval& interval, bool bulk) const {
  std::vector<Query> queries;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    const TableConfig& table = tables_[i];
    queries.push_back(selects_[i].query(selects_[i].sql_between(table.time),
                                        bounds(interval, source_, table.time_format)));
    queries.back().bulk = bulk;
  }
  return queries;
}

Found<IdSet> ActivityReader::read(Source& source, const Interval& interval, Duration width,
                                  bool bulk, Deadline deadline, SharedFacts& shared) const {
  Found<IdSet> found;
  auto& sets = LockedFacts(shared)->bucket_width == width ? found.buckets : found.slices;
  const std::vector<Query> all = queries(interval, bulk);
  std::string buffer;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    const TableConfig& table = tables_[i];
    const auto user_place = selects_[i].columns() - 1;  // time and user may be one column
    const RowSink sink{.columns = [](std::span<const Column>) {},
                       .rows = row_by_row([&](std::span<const Value> row) {
                         ++found.rows;
                         const auto time = instant_of(row[0], table.time,
                                                      time_format_of(source_, table.time_format));
                         const auto user = text_of(row[user_place], buffer);
                         if (!time || !user) {
                           return;
                         }
                         found.newest = std::max(found.newest.value_or(*time), *time);
                         IdSet& users = sets[bucket_of(*time, interval, width, table)];
                         users.add(LockedFacts(shared)->users.id_of(*user));
                       })};
    source.scan(all[i], deadline, sink);
  }
  return found;
}

std::optional<Instant> ActivityReader::oldest(Source& source, Instant from,
                                              Deadline deadline) const {
  std::optional<Instant> oldest;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    const auto found = oldest_row(source, source_, selects_[i], tables_[i], from, deadline);
    if (found) {
      oldest = std::min(oldest.value_or(*found), *found);
    }
  }
  return oldest;
}

std::vector<ColumnCheck> ActivityReader::check(Source& source, Instant now,
                                               Deadline deadline) const {
  std::vector<ColumnCheck> checks;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    const TableConfig& table = tables_[i];
    checks.push_back(
        check_columns(source, selects_[i], fmt::format("activity {}", table.table),
                      selects_[i].query(selects_[i].sql_between(table.time),
                                        bounds({now, now}, source_, table.time_format)),
                      deadline));
  }
  return checks;
}

}  // namespace usage
