#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exporter/base/clock.h"
#include "exporter/config/schedule.h"

namespace usage {

// A function to run on a schedule. The functions do not throw.
struct Task {
  std::string name;  // spreads the jitter
  std::string lane;  // tasks of one lane never run at the same time
  Schedule schedule;
  std::function<void()> run;              // on the lane's thread
  std::function<void()> skipped;          // due again while still waiting or running
  std::function<void(Instant)> next_run;  // told whenever the next due time is known
  std::function<bool()> again = {};       // called after a run: true runs it again at once
  // Called once, after start(): the next run of a schedule that goes on, instead of run_at_start.
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
  // thread left; then none is running.
  void prepare();
  // After prepare(), which it calls if need be; then it does not throw.
  void start();
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Delay of the task `name`, below `jitter`: spread evenly over names, the same at every start.
Duration jitter_of(const std::string& name, Duration jitter);

}  // namespace usage
