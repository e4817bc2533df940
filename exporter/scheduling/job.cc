#include "exporter/scheduling/job.h"

#include <exception>
#include <set>

#include "exporter/base/error.h"
#include "exporter/base/format.h"

namespace usage {

namespace {

std::string describe_schedule(const Schedule& schedule, const yaml::Node& body) {
  if (schedule.interval) {
    return fmt::format("every {}", format_duration(*schedule.interval));
  }
  for (const auto& [key, value] : body.entries) {
    if (key.text == "cron") {
      return fmt::format("cron {} ({})", value.text, schedule.zone.name());
    }
  }
  return "cron";
}

// Appends a config node without its position as text.
void append_meaning(const yaml::Node& node, std::string& text) {
  text += fmt::format("{}:{}:{}", static_cast<int>(node.kind), node.text.size(), node.text);
  for (const yaml::Node& item : node.items) {
    append_meaning(item, text);
  }
  for (const auto& [key, value] : node.entries) {
    append_meaning(key, text);
    append_meaning(value, text);
  }
  text += ';';
}

std::string meaning_of(const CollectorConfig& config, const SourceConfig& source) {
  static const std::set<std::string> schedule_only{
      "interval", "cron", "timezone", "jitter", "timeout", "run_at_start", "stale_after"};
  std::string text;
  for (const auto& [key, value] : config.body.entries) {
    if (!schedule_only.contains(key.text)) {
      append_meaning(key, text);
      append_meaning(value, text);
    }
  }
  for (const auto& [name, value] : source.labels) {
    text += fmt::format("{}={}:{};", name, value.size(), value);
  }
  return text;
}

}  // namespace

Job::Job(const CollectorConfig& config, const SourceConfig& source,
         std::unique_ptr<Collector> collector, const Services& services)
    : config_(config),
      timeout_(config.timeout > Duration{} ? config.timeout : source.timeout),
      key_{config.name, source.name},
      meaning_(meaning_of(config, source)),
      health_key_{config.name + "/health", source.name},
      collector_(std::move(collector)),
      services_(services),
      self_(services.self.add_job(config.name, source.name, config.stale_after)) {
  status_.collector = config.name;
  status_.kind = config.kind;
  status_.source = source.name;
  status_.schedule = describe_schedule(config.schedule, config.body);
}

Deadline Job::deadline() const { return services_.clock.steady_now() + timeout_; }

bool Job::run() noexcept {
  const bool good = collect();
  try {
    const Metrics health = collector_->health();
    if (!health.empty()) {
      validate(health);
      services_.publisher.replace(health_key_, health);
    }
  } catch (const std::exception& error) {
    services_.log.error(
        "cannot say how a collector is",
        {{"collector", key_.collector}, {"source", key_.source}, {"err", error.what()}});
  }
  return good;
}

bool Job::collect() noexcept {
  const Instant now = services_.clock.now();
  const SteadyInstant start = services_.clock.steady_now();
  const auto took = [&] {
    return std::chrono::duration_cast<Duration>(services_.clock.steady_now() - start);
  };
  {
    const std::scoped_lock lock(mutex_);
    status_.running = true;
    status_.last_attempt = now;
  }
  self_->started(now);
  wants_more_ = false;
  try {
    const Collection collection =
        collector_->collect({now, start + timeout_, services_.log, services_.clock});
    validate(collection.metrics);
    const std::size_t series =
        collection.keep_published ? status().series : series_count(collection.metrics);
    {
      // Before publishing, so that expire() cannot take the new series off in between.
      const std::scoped_lock lock(mutex_);
      expires_ = services_.clock.steady_now() + config_.stale_after;
    }
    if (!collection.keep_published) {
      services_.publisher.replace(key_, collection.metrics);
    }
    succeed(collection, series, took());
    wants_more_ = collection.more;
    return true;
  } catch (const Error& error) {
    const bool timeout = error.reason() == Reason::timeout;
    fail(error.reason(),
         timeout ? fmt::format("{} (timeout: {})", error.what(), format_duration(timeout_))
                 : std::string(error.what()),
         took());
  } catch (const std::bad_alloc&) {
    fail(Reason::limit, "out of memory; lower max_rows", took());
  } catch (const std::exception& error) {
    fail(Reason::data, error.what(), took());
  }
  return false;
}

void Job::succeed(const Collection& collection, std::size_t series, Duration took) {
  const Instant now = services_.clock.now();
  self_->succeeded(now, took,
                   {.rows = collection.rows,
                    .series = series,
                    .skipped_rows = collection.skipped_rows,
                    .merged_rows = collection.merged_rows,
                    .dropped_series = collection.dropped_series});
  self_->stale(false);
  bool recovered = false;
  {
    const std::scoped_lock lock(mutex_);
    recovered = status_.error_reason.has_value();
    skipped_since_run_ = false;
    status_.running = false;
    status_.state = JobState::healthy;
    status_.last_success = now;
    status_.last_duration = took;
    status_.rows = collection.rows;
    status_.series = series;
    status_.error_reason.reset();
    status_.error.clear();
  }
  if (recovered) {
    services_.log.info("collector recovered",
                       {{"collector", key_.collector}, {"source", key_.source}});
  }
  services_.log.debug("collected", {{"collector", key_.collector},
                                    {"source", key_.source},
                                    {"rows", std::to_string(collection.rows)},
                                    {"series", std::to_string(series)},
                                    {"duration", format_duration(took)}});
}

void Job::fail(Reason reason, const std::string& message, Duration took) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) {
      status_.running = false;
      interrupted_ = true;
      return;
    }
  }
  self_->failed(took, reason);
  bool news = false;
  {
    const std::scoped_lock lock(mutex_);
    news = status_.error_reason != reason;
    status_.running = false;
    status_.state = status_.state == JobState::stale ? JobState::stale : JobState::failing;
    status_.last_duration = took;
    status_.error_reason = reason;
    status_.error = message;
  }
  if (news) {
    services_.log.warn("collector failed", {{"collector", key_.collector},
                                            {"source", key_.source},
                                            {"reason", std::string(to_string(reason))},
                                            {"err", message}});
  }
}

void Job::skipped() {
  self_->skipped();
  const std::scoped_lock lock(mutex_);
  skipped_since_run_ = true;
}

void Job::stopping() {
  const std::scoped_lock lock(mutex_);
  stopping_ = true;
}

void Job::set_next_run(Instant at) {
  self_->next_run(at);
  const std::scoped_lock lock(mutex_);
  status_.next_run = at;
}

void Job::expire() {
  {
    const std::scoped_lock lock(mutex_);
    // A collector that runs once a week is not stale in between.
    const bool behind = status_.error_reason || skipped_since_run_;
    if (!behind || !expires_ || services_.clock.steady_now() < *expires_) {
      return;
    }
    services_.publisher.drop(key_);
    expires_.reset();
    status_.state = JobState::stale;
    status_.series = 0;
  }
  self_->stale(true);
  services_.log.warn("series are stale and were taken off the page",
                     {{"collector", key_.collector},
                      {"source", key_.source},
                      {"stale_after", format_duration(config_.stale_after)}});
}

void Job::drop() {
  services_.publisher.drop(key_);
  services_.publisher.drop(health_key_);
}

JobStatus Job::status() const {
  const std::scoped_lock lock(mutex_);
  return status_;
}

void Job::adopt(const Job& earlier) {
  const std::scoped_lock lock(mutex_, earlier.mutex_);
  const std::string schedule = status_.schedule;
  const bool has_run = earlier.status_.last_duration || !config_.schedule.run_at_start;
  if (earlier.status_.schedule == schedule && has_run && !earlier.interrupted_) {
    inherited_next_run_ = earlier.status_.next_run;
  }
  status_ = earlier.status_;
  status_.schedule = schedule;
  status_.running = false;
  status_.next_run.reset();
  expires_ = earlier.expires_;
  skipped_since_run_ = earlier.skipped_since_run_;
}

}  // namespace usage
