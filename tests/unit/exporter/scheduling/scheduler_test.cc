#include "exporter/scheduling/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include "exporter/base/timestamps.h"

namespace usage {
namespace {

using namespace std::chrono_literals;
using testing::Each;
using testing::EndsWith;

Task every(Duration interval, std::string name, std::string lane, std::function<void()> run) {
  Schedule schedule;
  schedule.interval = interval;
  return {.name = std::move(name),
          .lane = std::move(lane),
          .schedule = schedule,
          .run = std::move(run),
          .skipped = [] {},
          .next_run = [](Instant) {}};
}

bool eventually(const std::function<bool()>& condition) {
  const auto limit = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) {
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

TEST(Scheduler, RunsAtStartAndThenEveryInterval) {
  const SystemClock clock;
  std::atomic<int> runs = 0;
  Scheduler scheduler({every(20ms, "a", "lane", [&] { ++runs; })}, clock);
  EXPECT_EQ(runs, 0);
  scheduler.start();
  EXPECT_TRUE(eventually([&] { return runs >= 3; }));
  scheduler.stop();
  const int stopped_at = runs;
  std::this_thread::sleep_for(60ms);
  EXPECT_EQ(runs, stopped_at);
}

TEST(Scheduler, WaitsForTheFirstIntervalIfAsked) {
  const SystemClock clock;
  std::atomic<int> runs = 0;
  Task task = every(1h, "a", "lane", [&] { ++runs; });
  task.schedule.run_at_start = false;
  std::promise<Instant> told;
  task.next_run = [&](Instant at) { told.set_value(at); };
  const Instant before = clock.now();
  Scheduler scheduler({task}, clock);
  scheduler.start();
  const Instant first = told.get_future().get();
  EXPECT_GE(first - before, 1h);
  EXPECT_LE(first - clock.now(), 1h);
  scheduler.stop();
  EXPECT_EQ(runs, 0);
}

TEST(Scheduler, RunsAtOnceAgainWhatAsksForIt) {
  const SystemClock clock;
  std::mutex mutex;
  std::string order;
  const auto runs = [&](char name) {
    return [&, name] {
      const std::scoped_lock lock(mutex);
      order += name;
    };
  };
  Task asks = every(1h, "asks", "lane", runs('a'));
  int left = 2;
  asks.again = [&] { return left-- > 0; };
  Scheduler scheduler({asks, every(1h, "other", "lane", runs('b'))}, clock);
  scheduler.start();
  EXPECT_TRUE(eventually([&] {
    const std::scoped_lock lock(mutex);
    return order.size() >= 4;
  }));
  scheduler.stop();
  EXPECT_EQ(order, "abaa") << "what else is due has its turn between";
}

TEST(Scheduler, ARunThatWasAskedForIsWorthOneThatIsDue) {
  const SystemClock clock;
  std::atomic<int> runs = 0;
  std::atomic<int> skipped = 0;
  Task task = every(20ms, "a", "lane", [&] {
    if (++runs > 1) std::this_thread::sleep_for(50ms);
  });
  task.again = [&] { return true; };
  task.skipped = [&] { ++skipped; };
  Scheduler scheduler({task}, clock);
  scheduler.start();
  EXPECT_TRUE(eventually([&] { return runs >= 5; }));
  scheduler.stop();
  EXPECT_EQ(skipped, 0);
}

TEST(Scheduler, SkipsWhatIsStillRunningAndDisturbsNoOtherLane) {
  const SystemClock clock;
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  std::atomic<int> slow_runs = 0;
  std::atomic<int> skipped = 0;
  std::atomic<int> other_runs = 0;
  Task slow = every(10ms, "slow", "one", [&] {
    ++slow_runs;
    released.wait();
  });
  slow.skipped = [&] { ++skipped; };
  Scheduler scheduler({slow, every(10ms, "quick", "two", [&] { ++other_runs; })}, clock);
  scheduler.start();
  EXPECT_TRUE(eventually([&] { return skipped >= 3 && other_runs >= 3; }));
  EXPECT_EQ(slow_runs, 1);
  release.set_value();
  EXPECT_TRUE(eventually([&] { return slow_runs >= 2; }));
}

TEST(Scheduler, TasksOfOneLaneNeverOverlap) {
  const SystemClock clock;
  std::atomic<int> inside = 0;
  std::atomic<int> runs = 0;
  std::atomic<bool> overlapped = false;
  const auto work = [&] {
    overlapped = overlapped || ++inside > 1;
    std::this_thread::sleep_for(2ms);
    --inside;
    ++runs;
  };
  Scheduler scheduler(
      {every(3ms, "a", "lane", work), every(3ms, "b", "lane", work), every(3ms, "c", "lane", work)},
      clock);
  scheduler.start();
  EXPECT_TRUE(eventually([&] { return runs >= 20; }));
  EXPECT_FALSE(overlapped);
}

TEST(Scheduler, CronFollowsTheWallClock) {
  // An hour passes in a second, so the hourly task falls due soon.
  const ScaledClock clock(parse_rfc3339("2026-11-25T08:59:00Z").value(), 3600);
  std::atomic<int> runs = 0;
  Task task = every(1h, "a", "lane", [&] { ++runs; });
  task.schedule.interval.reset();
  task.schedule.cron = Cron("0 * * * *");
  task.schedule.run_at_start = false;
  std::mutex mutex;
  std::set<std::string> announced;
  task.next_run = [&](Instant at) {
    const std::scoped_lock lock(mutex);
    announced.insert(format_rfc3339(at));
  };
  Scheduler scheduler({task}, clock);
  scheduler.start();
  EXPECT_TRUE(eventually([&] { return runs >= 1; }));
  scheduler.stop();
  EXPECT_THAT(announced, Each(EndsWith(":00:00Z")));
}

// A wall clock that a test sets; the steady clock is real.
class SettableClock : public Clock {
 public:
  explicit SettableClock(Instant now) : now_(now) {}
  void set(Instant now) { now_ = now; }
  Instant now() const override { return now_; }
  SteadyInstant steady_now() const override { return std::chrono::steady_clock::now(); }

 private:
  std::atomic<Instant> now_;
};

TEST(Scheduler, CronIsPlannedAnewWhenTheWallClockGoesBack) {
  SettableClock clock(parse_rfc3339("2026-11-25T08:59:00Z").value());
  std::atomic<int> runs = 0;
  Task task = every(1h, "a", "lane", [&] { ++runs; });
  task.schedule.interval.reset();
  task.schedule.cron = Cron("0 * * * *");
  task.schedule.run_at_start = false;
  std::atomic<int> plans = 0;
  task.next_run = [&](Instant) { ++plans; };
  Scheduler scheduler({task}, clock);
  scheduler.start();
  EXPECT_TRUE(eventually([&] { return plans >= 1; }));
  clock.set(parse_rfc3339("2026-11-24T08:59:00Z").value());
  EXPECT_TRUE(eventually([&] { return plans >= 2; }));
  clock.set(parse_rfc3339("2026-11-24T09:00:00Z").value());
  EXPECT_TRUE(eventually([&] { return runs >= 1; }));
}

TEST(Scheduler, AJitterLongerThanThePeriodLosesNoRun) {
  SettableClock clock(parse_rfc3339("2026-11-25T08:59:00Z").value());
  Task task = every(1h, "a", "lane", [] {});
  task.schedule.interval.reset();
  task.schedule.cron = Cron("*/5 * * * *");
  task.schedule.jitter = 10min;
  task.schedule.run_at_start = false;
  std::atomic<Instant> next{};
  task.next_run = [&](Instant at) { next = at; };
  Scheduler scheduler({task}, clock);
  scheduler.start();
  EXPECT_TRUE(eventually([&] { return next.load() != Instant(); }));
  EXPECT_LE(next.load() - clock.now(), 5min);
}

TEST(Scheduler, GoesOnWithAnEarlierSchedule) {
  const SystemClock clock;
  std::atomic<Instant> ran{};
  Task task = every(1h, "a", "lane", [&] { ran = clock.now(); });
  const Instant due = clock.now() + 50ms;
  task.first_due = [due] { return due; };
  Scheduler scheduler({task}, clock);
  scheduler.start();
  EXPECT_TRUE(eventually([&] { return ran.load() != Instant(); }));
  EXPECT_GE(ran.load(), due - 1ms);
}

TEST(Jitter, IsFixedByTheNameAndBelowTheBound) {
  std::set<Duration> distinct;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "collector" + std::to_string(i);
    const Duration jitter = jitter_of(name, 10s);
    EXPECT_EQ(jitter, jitter_of(name, 10s));
    EXPECT_GE(jitter, 0s);
    EXPECT_LT(jitter, 10s);
    distinct.insert(std::chrono::floor<std::chrono::seconds>(jitter));
  }
  EXPECT_EQ(distinct.size(), 10U);  // spread over every second
  EXPECT_EQ(jitter_of("a", 0s), 0s);
}

}  // namespace
}  // namespace usage
