#include "exporter/app/app.h"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <exception>
#include <iterator>
#include <new>
#include <set>
#include <utility>

#include "collectors/usage/config/usage_config.h"
#include "collectors/usage/usage_state.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/version.h"
#include "exporter/pages/config.h"
#include "exporter/pages/definitions.h"
#include "exporter/pages/landing.h"
#include "exporter/pages/targets.h"
#include "exporter/scheduling/own_providers.h"

namespace usage {

namespace {

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&set, signal);
  }
  return set;
}

// The address as a browser on this machine can open it.
std::string url_of(const std::string& address) {
  for (const std::string_view any : {"[::]:", "0.0.0.0:"}) {
    if (address.starts_with(any)) {
      return fmt::format("http://localhost:{}", address.substr(any.size()));
    }
  }
  return "http://" + address;
}

// The name of the collector of everything about features.
constexpr std::string_view kUsageCollector = "usage";

bool has_features(const Config& config) { return config.usage.is_mapping(); }

}  // namespace

App::App(ServeOptions options, std::function<Plan()> load, std::shared_ptr<UsageState> usage,
         const Clock& clock, Log& log)
    : options_(std::move(options)),
      load_(std::move(load)),
      clock_(clock),
      log_(log),
      self_(clock.now()),
      ingest_([state = usage]() -> Journal& { return state->journal(); }, clock, log),
      own_(own_providers(&self_, &ingest_.metrics())),
      metrics_page_(
          publisher_, [this] { return collect(own_); }, clock),
      usage_(std::move(usage)),
      reports_(usage_, {options_.report_folder, options_.report_forms}, self_, log) {
  const sigset_t signals = handled_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

std::shared_ptr<Engine> App::engine() const {
  const std::scoped_lock lock(mutex_);
  return engine_;
}

void App::replace_engine(const std::shared_ptr<Engine>& fresh) {
  const std::shared_ptr<Engine> earlier = engine();
  earlier->stop();
  try {
    fresh->adopt(*earlier);
  } catch (const std::exception& error) {
    // The earlier engine is past help, and the fresh one can run without its state.
    log_.warn("collectors begin anew after the reload", {{"err", error.what()}});
  }
  {
    const std::scoped_lock lock(mutex_);
    engine_ = fresh;
  }
  fresh->start();
}

void App::serve_ingest(const Config& config) {
  Problems problems;  // none: the plan was made of the same config
  const UsageConfig usage = read_usage_config(config, problems);
  ingest_.replace(config,
                  [&](const SourceConfig& source) { return event_filter(usage, source.name); });
}

bool App::reload() {
  const std::scoped_lock lock(reload_mutex_);
  if (stopping_) {
    return false;
  }
  try {
    // Everything that may fail comes before the old engine is stopped.
    const auto fresh = std::make_shared<Engine>(load_(), services());
    fresh->prepare();
    serve_ingest(fresh->config());
    replace_engine(fresh);
    self_.reloaded(true, clock_.now());
    log_.info("config reloaded");
    return true;
  } catch (const std::bad_alloc&) {
    refuse_reload("out of memory");
  } catch (const std::exception& error) {
    refuse_reload(error.what());
  }
  return false;
}

void App::refuse_reload(const std::string& why) {
  self_.reloaded(false, clock_.now());
  log_.error("reload refused; the old config goes on", {{"err", why}});
}

HttpResponse App::answer_reload() {
  if (!options_.enable_lifecycle) {
    return text_response(403, "Lifecycle API is not enabled; start with --web.enable-lifecycle.\n");
  }
  return reload() ? text_response(200, "reloaded\n")
                  : text_response(500, "reload refused, the old config goes on; see the log\n");
}

HttpResponse App::answer_report(const HttpRequest& request) {
  if (!has_features(engine()->config())) {
    return text_response(404, "There is no report: the config has no \"features\".\n");
  }
  return reports_.get(request, clock_.now());
}

PageLinks App::links_of(const Engine& engine) const {
  return {options_.telemetry_path, has_features(engine.config())};
}

HttpResponse App::answer_targets() const {
  const auto engine = this->engine();
  if (!has_features(engine->config())) {
    return text_response(404, "There are no targets: the config has no \"features\".\n");
  }
  std::vector<JobStatus> jobs = engine->statuses();
  std::erase_if(jobs, [](const JobStatus& job) { return job.collector != kUsageCollector; });
  return targets_page(usage_->board().get(), jobs, clock_.now(), links_of(*engine));
}

HttpResponse App::answer_definitions() const {
  const auto engine = this->engine();
  const auto page = publisher_.snapshot();
  std::set<std::string> own;  // families that have series now
  for (const MetricFamily& family : collect(own_)) {
    own.insert(family.name);
  }
  Registry everything = registry_of(engine->plan());
  everything.insert(everything.end(), own_.begin(), own_.end());
  std::vector<DefinitionGroup> groups;
  for (const MetricProvider& provider : everything) {
    DefinitionGroup group{provider.id, provider.title, provider.about, provider.describe(), {}};
    for (const MetricFamily& family : group.families) {
      if (!page->has(family.name) && !own.contains(family.name)) {
        group.absent.insert(family.name);
      }
    }
    groups.push_back(std::move(group));
  }
  return definitions_page(groups, links_of(*engine));
}

HttpRoute App::page(std::string path,
                    std::function<HttpResponse(const HttpRequest&)> answer) const {
  return {
      .path = std::move(path), .methods = {"GET"}, .handler = std::move(answer), .limited = true};
}

std::vector<HttpRoute> App::routes() {
  const std::vector<std::string> get{"GET"};
  std::vector<HttpRoute> routes{
      {options_.telemetry_path, get,
       [this](const HttpRequest& request) {
         HttpResponse response = metrics_page_.get(request);
         self_.scraped(response.status);
         return response;
       }},
      page("/",
           [this](const HttpRequest&) {
             const auto engine = this->engine();
             return landing_page(engine->statuses(), clock_.now(), links_of(*engine));
           }),
      page("/targets", [this](const HttpRequest&) { return answer_targets(); }),
      page("/definitions", [this](const HttpRequest&) { return answer_definitions(); }),
      page("/config",
           [this](const HttpRequest&) {
             const auto engine = this->engine();
             return config_page(engine->config().path, engine->config().shown, links_of(*engine));
           }),
      page("/report", [this](const HttpRequest& request) { return answer_report(request); }),
      page("/report/*", [this](const HttpRequest& request) { return answer_report(request); }),
      {"/-/healthy", get,
       [](const HttpRequest&) { return text_response(200, "usage_exporter is healthy.\n"); }},
      {"/-/ready", get,
       [this](const HttpRequest&) {
         return engine()->ready() ? text_response(200, "usage_exporter is ready.\n")
                                  : text_response(503, "first collections are still running\n");
       }},
      {"/-/reload", {"POST", "PUT"}, [this](const HttpRequest&) { return answer_reload(); }},
  };
  std::ranges::move(ingest_.routes(), std::back_inserter(routes));
  return routes;
}

Task App::report_task() {
  Schedule schedule;
  schedule.interval = std::chrono::seconds(1);
  return {.name = "reports",
          .lane = "reports",
          .schedule = schedule,
          .run =
              [this] {
                if (has_features(engine()->config())) {
                  reports_.tick(clock_.now());
                }
              },
          .skipped = [] {},
          .next_run = [](Instant) {}};
}

void App::start() {
  engine_ = std::make_shared<Engine>(load_(), services());
  HttpOptions http;
  http.listen_addresses = options_.listen_addresses;
  log_.info("starting usage_exporter", {{"version", kVersion}, {"revision", kRevision}});
  // First: an address that is taken must not cost the databases a query.
  server_ = std::make_unique<HttpServer>(http, routes());
  {
    // Requests may ask for a reload from now on; it waits until the engine has started.
    const std::scoped_lock lock(reload_mutex_);
    serve_ingest(engine_->config());
    engine_->start();
    self_.reloaded(true, clock_.now());
  }
  report_scheduler_ = std::make_unique<Scheduler>(std::vector<Task>{report_task()}, clock_);
  report_scheduler_->start();
  for (const std::string& address : addresses()) {
    log_.info("listening",
              {{"address", address}, {"url", url_of(address) + options_.telemetry_path}});
  }
}

void App::wait_for_signals() {
  const sigset_t signals = handled_signals();
  const timespec tick{1, 0};
  while (true) {
    const int signal = sigtimedwait(&signals, nullptr, &tick);
    if (signal == SIGHUP) {
      reload();
    } else if (signal == SIGTERM || signal == SIGINT) {
      log_.info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
      return;
    }
    const std::scoped_lock lock(reload_mutex_);  // not while a reload is between two engines
    engine()->expire();
  }
}

void App::stop() {
  {
    const std::scoped_lock lock(reload_mutex_);
    stopping_ = true;
    reports_.stop();
    engine()->stop();
  }
  report_scheduler_.reset();
  server_.reset();
}

void App::run() {
  start();
  wait_for_signals();
  stop();
}

}  // namespace usage
