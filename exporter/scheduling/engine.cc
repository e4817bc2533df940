#include "exporter/scheduling/engine.h"

#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>

#include "collectors/sources/drivers.h"
#include "collectors/usage/usage_state.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/scheduling/own_providers.h"

namespace usage {

namespace {

Plan plan_of(Config config, Problems& problems, std::shared_ptr<UsageState> usage) {
  if (!usage) {
    usage = std::make_shared<UsageState>(UsageOptions{.storage_path = "", .complete = true});
  }
  for (SourceConfig& source : config.sources) {
    if (source.database() == nullptr) {
      source.journal = usage->journal_path();
    }
  }
  Plan plan{std::move(config), {}};
  // Also when the common part has problems, so that everything is reported at once.
  plan.collectors = plan_collectors(plan.config, problems, std::move(usage));
  Registry everything = own_providers();
  std::ranges::move(registry_of(plan), std::back_inserter(everything));
  check_clashes(everything, problems);
  problems.throw_if_any();
  return plan;
}

}  // namespace

Registry registry_of(const Plan& plan) {
  Registry registry;
  for (const CollectorPlan& collector : plan.collectors) {
    registry.push_back(provider_of(collector, plan.config));
  }
  return registry;
}

Plan load_plan(const std::string& path, std::shared_ptr<UsageState> usage) {
  Problems problems;
  return plan_of(load_config(path, problems), problems, std::move(usage));
}

Plan load_plan_text(const std::string& name, const std::string& text,
                    std::shared_ptr<UsageState> usage) {
  Problems problems;
  return plan_of(load_config_text(name, text, problems), problems, std::move(usage));
}

Engine::Engine(Plan plan, const Services& services) : plan_(std::move(plan)), services_(services) {
  for (const SourceConfig& source : plan_.config.sources) {
    sources_[source.name] = open_source(source, services.clock);
  }
  for (const CollectorPlan& collector : plan_.collectors) {
    for (const std::string& name : collector.config.sources) {
      const SourceConfig& source = plan_.config.source(name);
      jobs_.push_back(std::make_unique<Job>(collector.config, source,
                                            collector.make(source, *sources_[name]), services));
    }
  }
}

Engine::~Engine() { stop(); }

void Engine::prepare() {
  std::vector<Task> tasks;
  for (const std::unique_ptr<Job>& owned : jobs_) {
    Job* job = owned.get();
    tasks.push_back({.name = job->key().collector + "/" + job->key().source,
                     .lane = job->key().source,
                     .schedule = job->schedule(),
                     .run = [job] { job->run(); },
                     .skipped = [job] { job->skipped(); },
                     .next_run = [job](Instant at) { job->set_next_run(at); },
                     .again = [job] { return job->wants_more(); },
                     .first_due = [job] { return job->inherited_next_run(); }});
  }
  auto scheduler = std::make_unique<Scheduler>(std::move(tasks), services_.clock);
  try {
    scheduler->prepare();
  } catch (const std::system_error& error) {
    throw Error(Reason::io, fmt::format("cannot start a thread for each source: {}; raise the "
                                        "limit of processes",
                                        error.what()));
  }
  scheduler_ = std::move(scheduler);
}

void Engine::start() {
  if (!scheduler_) {
    prepare();
  }
  scheduler_->start();
}

void Engine::stop() {
  if (!scheduler_) {
    return;
  }
  for (const std::unique_ptr<Job>& job : jobs_) {
    job->stopping();
  }
  for (const auto& [name, source] : sources_) {
    source->interrupt();
  }
  scheduler_->stop();
  scheduler_.reset();
}

void Engine::adopt(const Engine& earlier) {
  for (const std::unique_ptr<Job>& old : earlier.jobs_) {
    const auto same = std::find_if(jobs_.begin(), jobs_.end(), [&](const auto& job) {
      return job->key() == old->key() && job->meaning() == old->meaning();
    });
    if (same != jobs_.end()) {
      (*same)->adopt(*old);
    } else {
      old->drop();
    }
  }
}

void Engine::expire() {
  for (const std::unique_ptr<Job>& job : jobs_) {
    job->expire();
  }
}

std::vector<JobStatus> Engine::statuses() const {
  std::vector<JobStatus> statuses;
  for (const std::unique_ptr<Job>& job : jobs_) {
    statuses.push_back(job->status());
  }
  return statuses;
}

bool Engine::ready() const {
  return std::all_of(jobs_.begin(), jobs_.end(), [](const std::unique_ptr<Job>& job) {
    return !job->schedule().run_at_start || job->status().last_duration.has_value();
  });
}

}  // namespace usage
