#pragma once

#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "collectors/api/source.h"
#include "tests/support/fake_clock.h"

namespace usage::testing {

// A database whose every scan takes a while by the clock.
class SlowSource : public Source {
 public:
  SlowSource(std::unique_ptr<Source> source, FakeClock& clock)
      : source_(std::move(source)), clock_(clock) {}
  void scan(const Query& query, Deadline deadline, const RowSink& sink) override {
    threads.insert(std::this_thread::get_id());
    clock_.advance(takes);
    source_->scan(query, deadline, sink);
  }
  std::vector<Column> describe(const Query& query, Deadline deadline) override {
    return source_->describe(query, deadline);
  }
  void interrupt() noexcept override { source_->interrupt(); }

  Duration takes{};
  std::set<std::thread::id> threads;  // that scanned

 private:
  std::unique_ptr<Source> source_;
  FakeClock& clock_;
};

}  // namespace usage::testing
