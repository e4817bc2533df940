#include "exporter/scheduling/scheduler.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "exporter/base/strings.h"

namespace usage {

namespace {

// A wall clock may jump, so cron tasks read it again this often.
constexpr auto kCronPoll = std::chrono::milliseconds(500);

// A wall clock that went back further than this was set, not adjusted: cron tasks are planned anew.
constexpr auto kClockWentBack = std::chrono::minutes(1);

struct Entry {
  Task task;
  bool goes_on = false;                // first_due gave an instant
  std::optional<SteadyInstant> due;    // interval tasks, and a cron task's run at start
  std::optional<Instant> due_by_wall;  // cron tasks
  Instant planned_at{};                // when due_by_wall was found
  bool pending = false;                // waiting in its lane, or running
  bool extra = false;                  // pending because its last run asked for another
};

}  // namespace

struct Scheduler::Impl {
  const Clock& clock;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Entry> entries;                       // fixed after construction
  std::map<std::string, std::deque<Entry*>> lanes;  // keys fixed after construction
  std::vector<std::thread> threads;
  bool started = false;
  bool stopping = false;

  explicit Impl(const Clock& used_clock) : clock(used_clock) {}

  // Plans the first time of the expression whose delayed run is still to come. So a delay longer
  // than the time between two runs skips none of them.
  void plan_cron(Entry& entry) {
    const Duration delay = jitter_of(entry.task.name, entry.task.schedule.jitter);
    entry.planned_at = clock.now();
    entry.due_by_wall =
        entry.task.schedule.cron->next(entry.planned_at - delay, entry.task.schedule.zone);
    if (entry.due_by_wall) {
      *entry.due_by_wall += delay;
      entry.task.next_run(*entry.due_by_wall);
    }
  }

  void plan_first(Entry& entry) {
    const Schedule& schedule = entry.task.schedule;
    const SteadyInstant now = clock.steady_now();
    if (schedule.cron) {
      plan_cron(entry);
    }
    const std::optional<Instant> first_due =
        entry.task.first_due ? entry.task.first_due() : std::nullopt;
    entry.goes_on = first_due.has_value();
    if (first_due) {
      if (schedule.interval) {
        entry.due =
            now + std::clamp<Duration>(*first_due - clock.now(), Duration{}, *schedule.interval);
      }
    } else if (schedule.run_at_start) {
      entry.due = now;
    } else if (schedule.interval) {
      entry.due = now + *schedule.interval + jitter_of(entry.task.name, schedule.jitter);
    }
    if (entry.due) {
      tell_next(entry);
    }
  }

  void tell_next(const Entry& entry) {
    entry.task.next_run(clock.now() +
                        std::chrono::duration_cast<Duration>(*entry.due - clock.steady_now()));
  }

  // Moves an interval task's due time past now, keeping its phase: runs that were missed while the
  // machine slept are not made up for.
  void plan_next(Entry& entry, bool first) {
    const Schedule& schedule = entry.task.schedule;
    if (!schedule.interval) {
      entry.due.reset();
      if (entry.due_by_wall) {
        entry.task.next_run(*entry.due_by_wall);
      }
      return;
    }
    if (first) {
      *entry.due += jitter_of(entry.task.name, schedule.jitter);
    }
    const SteadyInstant now = clock.steady_now();
    const auto late = now - *entry.due;
    const auto periods = std::max<std::int64_t>(0, late / *schedule.interval) + 1;
    *entry.due += periods * *schedule.interval;
    tell_next(entry);
  }

  void hand_over(Entry& entry) {
    if (entry.pending) {
      if (!entry.extra) {
        entry.task.skipped();
      }
      return;
    }
    queue(entry);
  }

  void queue(Entry& entry) {
    entry.pending = true;
    lanes[entry.task.lane].push_back(&entry);
    changed.notify_all();
  }

  void keep_time() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return started || stopping; });
    if (stopping) {
      return;
    }
    for (Entry& entry : entries) {
      plan_first(entry);
    }
    std::vector<bool> has_run(entries.size(), false);
    while (!stopping) {
      SteadyInstant wake = clock.steady_now() + std::chrono::hours(1);
      for (std::size_t i = 0; i < entries.size(); ++i) {
        Entry& entry = entries[i];
        if (entry.due && *entry.due <= clock.steady_now()) {
          hand_over(entry);
          plan_next(entry, !has_run[i] && entry.task.schedule.run_at_start && !entry.goes_on);
          has_run[i] = true;
        }
        if (entry.due_by_wall && clock.now() + kClockWentBack < entry.planned_at) {
          plan_cron(entry);
        }
        if (entry.due_by_wall && *entry.due_by_wall <= clock.now()) {
          hand_over(entry);
          plan_cron(entry);
        }
        if (entry.due) {
          wake = std::min(wake, *entry.due);
        }
        if (entry.due_by_wall) {
          wake = std::min<SteadyInstant>(wake, clock.steady_now() + kCronPoll);
        }
      }
      changed.wait_until(lock, wake);
    }
  }

  void serve_lane(std::deque<Entry*>& lane) {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [&] { return stopping || !lane.empty(); });
      if (stopping) {
        return;
      }
      Entry* entry = lane.front();
      lane.pop_front();
      lock.unlock();
      entry->task.run();
      const bool again = entry->task.again && entry->task.again();
      lock.lock();
      entry->pending = false;
      entry->extra = again;
      if (again) {
        queue(*entry);  // behind what else is due in the lane
      }
    }
  }
};

Scheduler::Scheduler(std::vector<Task> tasks, const Clock& clock)
    : impl_(std::make_unique<Impl>(clock)) {
  for (Task& task : tasks) {
    impl_->lanes[task.lane];
    impl_->entries.push_back({.task = std::move(task), .due = {}, .due_by_wall = {}});
  }
}

Scheduler::~Scheduler() { stop(); }

void Scheduler::prepare() {
  try {
    impl_->threads.emplace_back([this] { impl_->keep_time(); });
    for (auto& [name, lane] : impl_->lanes) {
      impl_->threads.emplace_back([this, &lane = lane] { impl_->serve_lane(lane); });
    }
  } catch (...) {
    stop();
    throw;
  }
}

void Scheduler::start() {
  if (impl_->threads.empty()) {
    prepare();
  }
  {
    const std::scoped_lock lock(impl_->mutex);
    impl_->started = true;
  }
  impl_->changed.notify_all();
}

void Scheduler::stop() {
  {
    const std::scoped_lock lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->changed.notify_all();
  for (std::thread& thread : impl_->threads) {
    thread.join();
  }
  impl_->threads.clear();
}

Duration jitter_of(const std::string& name, Duration jitter) {
  std::uint64_t hash = fnv1a(name);
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33;
  return jitter.count() == 0 ? jitter
                             : Duration(static_cast<std::int64_t>(
                                   hash % static_cast<std::uint64_t>(jitter.count())));
}

}  // namespace usage
