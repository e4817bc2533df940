#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "collectors/api/source.h"
#include "collectors/collectors.h"
#include "exporter/config/config.h"
#include "exporter/scheduling/job.h"
#include "exporter/scheduling/scheduler.h"

namespace usage {

// A config that was read and found good.
struct Plan {
  Config config;
  std::vector<CollectorPlan> collectors;
};

// The plan's collectors as rows of the registry. The plan outlives it.
Registry registry_of(const Plan& plan);

// Reads `path`. Error(config) with every problem there is; Error(io) when it cannot be read. For
// `usage` see plan_collectors().
Plan load_plan(const std::string& path, std::shared_ptr<UsageState> usage = nullptr);
Plan load_plan_text(const std::string& name, const std::string& text,
                    std::shared_ptr<UsageState> usage = nullptr);

// Runs one plan: its sources, its jobs and their schedule. Connects to nothing until
// start() or a job's run(). Jobs of one source share its lane.
class Engine {
 public:
  Engine(Plan plan, const Services& services);
  ~Engine();  // stops
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Makes the threads, which wait for start(). Throws Error(io) when there is none left.
  void prepare();

  // After prepare(), which it calls if need be; then it does not throw.
  void start();

  // Cancels what runs and waits for it. The series stay on the page.
  void stop();

  // Between prepare() and start(), after the earlier one's stop(): jobs whose series mean the same
  // in both configs keep them, their state and their place in the schedule; everything else of the
  // earlier engine is taken off the page.
  void adopt(const Engine& earlier);

  void expire();  // any thread
  std::vector<JobStatus> statuses() const;

  // Every job that runs at start has run, well or badly. Any thread.
  bool ready() const;

  // For `once` and `check`, instead of start(): the caller's thread is every lane.
  std::vector<std::unique_ptr<Job>>& jobs() { return jobs_; }
  const Config& config() const { return plan_.config; }
  const Plan& plan() const { return plan_; }

 private:
  const Plan plan_;
  const Services services_;
  std::map<std::string, std::unique_ptr<Source>> sources_;
  std::vector<std::unique_ptr<Job>> jobs_;
  std::unique_ptr<Scheduler> scheduler_;
};

}  // namespace usage
