#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "exporter/base/clock.h"
#include "exporter/base/log.h"
#include "exporter/exposition/publisher.h"
#include "exporter/exposition/registry.h"
#include "exporter/http/http_server.h"
#include "exporter/ingest/ingest_servers.h"
#include "exporter/pages/metrics_page.h"
#include "exporter/pages/page_links.h"
#include "exporter/report/report_service.h"
#include "exporter/scheduling/engine.h"
#include "exporter/scheduling/scheduler.h"
#include "exporter/scheduling/self_metrics.h"

namespace usage {

struct ServeOptions {
  std::vector<std::string> listen_addresses{":9108"};
  std::string telemetry_path = "/metrics";
  bool enable_lifecycle = false;  // POST or PUT /-/reload
  std::string report_folder;      // empty: no files
  std::vector<const ReportForm*> report_forms{&usage::report_forms().front()};
};

// The serving process: builds everything from a plan, connects it, reloads it, ends it.
class App {
 public:
  // `load` is called at start and at every reload; what it throws at start passes through, at a
  // reload it leaves everything as it was. The clock and the log outlive the app. Construct before
  // any other thread exists: this blocks the signals that run() waits for, in every later thread.
  // `usage` is what load() gives its plans.
  App(ServeOptions options, std::function<Plan()> load, std::shared_ptr<UsageState> usage,
      const Clock& clock, Log& log);

  // Serves until SIGTERM or SIGINT; SIGHUP reloads. Throws Error when it cannot start.
  void run();

  // The parts of run(). After start(), the destructor and stop() end everything that runs.
  void start();
  void stop();
  // Reads the config and goes on with it. False: refused for whatever reason, which the log has
  // said; the old config goes on. Any thread.
  bool reload();
  // As HttpServer::addresses(), after start().
  std::vector<std::string> addresses() const { return server_->addresses(); }

 private:
  Services services() { return {clock_, log_, publisher_, self_}; }
  void replace_engine(const std::shared_ptr<Engine>& fresh);
  void serve_ingest(const Config& config);
  void refuse_reload(const std::string& why);
  void wait_for_signals();
  std::shared_ptr<Engine> engine() const;
  std::vector<HttpRoute> routes();
  Task report_task();
  HttpResponse answer_reload();
  HttpResponse answer_report(const HttpRequest& request);
  HttpResponse answer_targets() const;
  HttpResponse answer_definitions() const;
  PageLinks links_of(const Engine& engine) const;
  HttpRoute page(std::string path, std::function<HttpResponse(const HttpRequest&)> answer) const;

  const ServeOptions options_;
  const std::function<Plan()> load_;
  const Clock& clock_;
  Log& log_;
  SelfMetrics self_;
  Publisher publisher_;
  IngestServers ingest_;
  const Registry own_;  // what is published beside the collectors' series
  MetricsPage metrics_page_;
  const std::shared_ptr<UsageState> usage_;
  Reports reports_;

  std::mutex reload_mutex_;  // one reload at a time, and none at the beginning and the end
  bool stopping_ = false;    // guarded by reload_mutex_
  mutable std::mutex mutex_;
  std::shared_ptr<Engine> engine_;  // guarded by mutex_

  // Last, because their threads use the others.
  std::unique_ptr<Scheduler> report_scheduler_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace usage
