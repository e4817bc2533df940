#pragma once

#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "collectors/api/source.h"

namespace usage::testing {

// A database that takes its time.
class SlowSource : public Source {
 public:
  SlowSource(std::unique_ptr<Source> source) : source_(std::move(source)) {}
  void scan(const Query& query, Deadline deadline, const RowSink& sink) override {
    threads.insert(std::this_thread::get_id());
    std::this_thread::sleep_for(pause);
    source_->scan(query, deadline, sink);
  }
  std::vector<Column> describe(const Query& query, Deadline deadline) override {
    return source_->describe(query, deadline);
  }
  void interrupt() noexcept override { source_->interrupt(); }

  Duration pause{};
  std::set<std::thread::id> threads;  // that scanned

 private:
  std::unique_ptr<Source> source_;
};

}  // namespace usage::testing
