#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exporter/base/clock.h"
#include "exporter/config/schedule.h"

namespace usage {

// Something to run on a schedule. The functions do not throw.
struct Task {
  std::string name;  // spreads the jitter
  std::string lane;  // tasks of one lane never run at the same time
  Schedule schedule;
  std::function<void()> run;              // on the lane's thread
  std::function<void()> skipped;          // due again while still waiting or running
  std::function<void(Instant)> next_run;  // told whenever the next due time is known
  std::function<bool()> again = {};       // asked after a run: whether another should not wait
  // Asked once, after start(): when a schedule that goes on is due next, instead of run_at_start.
  std::function<std::optional<Instant>()> first_due = {};
};

// One thread keeps time, one thread a lane runs its tasks in the order they fell due. A task that
// is due while its last run has not ended is skipped, never queued twice.
// Intervals follow the steady clock, cron expressions the wall clock.
class Scheduler {
 public:
  // The clock outlives the scheduler. Nothing runs before start().
  Scheduler(std::vector<Task> tasks, const Clock& clock);
  // Stops: running tasks end by themselves first, waiting ones are forgotten.
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Makes the threads; they wait for start(). Throws std::system_error when the system has no
  // thread left; then there is none of them.
  void prepare();
  // After prepare(), which it calls if need be; then it does not throw.
  void start();
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The share of `jitter` by which `name` is delayed: the same at every start, spread evenly.
Duration jitter_of(const std::string& name, Duration jitter);

}  // namespace usage
