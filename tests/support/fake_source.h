#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "collectors/api/source.h"
#include "exporter/base/error.h"

namespace usage {

// A database whose results a test writes down: one result per scan, in order; the last one stays.
class FakeSource : public Source {
 public:
  using Row = std::vector<Value>;
  struct Result {
    std::vector<Column> columns;
    std::vector<Row> rows;
  };

  explicit FakeSource(std::deque<Result> results) : results_(std::move(results)) {}

  void scan(const Query& query, Deadline, const RowSink& sink) override {
    queries.push_back(query);
    if (failure) {
      throw Error(*failure, "the fake database failed");
    }
    const Result& result = results_.front();
    sink.columns(result.columns);
    for (const Row& row : result.rows) {
      sink.rows(RowBatch(row, 1));
    }
    if (results_.size() > 1) {
      results_.pop_front();
    }
  }

  std::vector<Column> describe(const Query& query, Deadline) override {
    queries.push_back(query);
    return results_.front().columns;
  }

  void interrupt() noexcept override {}

  std::optional<Reason> failure;
  std::vector<Query> queries;  // what was asked

 private:
  std::deque<Result> results_;
};

inline std::vector<Column> columns_named(const std::vector<std::string>& names) {
  std::vector<Column> columns;
  for (const std::string& name : names) {
    columns.push_back({name, ColumnType::mixed, ""});
  }
  return columns;
}

}  // namespace usage
