#include "exporter/cli/verbs/demo.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "collectors/api/writer.h"
#include "collectors/sources/drivers.h"
#include "collectors/usage/usage_state.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"
#include "exporter/cli/verbs/flags.h"
#include "exporter/cli/verbs/web_flags.h"
#include "exporter/demo/embedded.h"
#include "exporter/demo/fill.h"
#include "exporter/demo/product.h"
#include "exporter/scheduling/engine.h"
#include "exporter/scheduling/scheduler.h"

namespace usage {

namespace {

struct DemoFlags {
  std::string into;  // a DSN; empty: serve
  double speed = 1;
  std::optional<Instant> launch;
  WebFlags web;
  LogFlags log;
};

namespace fs = std::filesystem;

// Where the demo database lives: in the storage folder, or in a folder that ends with the process.
class DemoFolder {
 public:
  explicit DemoFolder(const std::string& storage_path) {
    std::error_code failed;
    if (!storage_path.empty()) {
      path_ = storage_path;
      fs::create_directories(path_, failed);
    } else {
      std::string pattern =
          (fs::temp_directory_path(failed) / "usage_exporter-demo-XXXXXX").string();
      if (failed || mkdtemp(pattern.data()) == nullptr) {
        throw Error(Reason::io,
                    fmt::format("cannot make a folder {}; give one with --storage.path", pattern));
      }
      path_ = pattern;
      temporary_ = true;
    }
    if (failed) {
      throw Error(Reason::io,
                  fmt::format("cannot make the folder {}: {}", path_.string(), failed.message()));
    }
  }
  ~DemoFolder() {
    if (temporary_) {
      std::error_code ignored;
      fs::remove_all(path_, ignored);
    }
  }
  DemoFolder(const DemoFolder&) = delete;
  DemoFolder& operator=(const DemoFolder&) = delete;

  std::string database() const { return fs::absolute(path_ / "demo.db").string(); }

 private:
  fs::path path_;
  bool temporary_ = false;
};

// Lets the product live on: rows appear in the database as the demo's clock passes them.
class Life {
 public:
  Life(Writer& writer, const demo::Product& product, Instant filled_until, const Clock& clock,
       Log& log)
      : writer_(writer),
        product_(product),
        until_(filled_until),
        clock_(clock),
        log_(log),
        scheduler_({task()}, clock) {
    scheduler_.start();
  }

 private:
  Task task() {
    Schedule schedule;
    schedule.interval = std::chrono::seconds(1);
    return {.name = "demo",
            .lane = "demo",
            .schedule = schedule,
            .run = [this] { advance(); },
            .skipped = [] {},
            .next_run = [](Instant) {}};
  }

  void advance() {
    try {
      const Instant now = clock_.now();
      demo::advance(writer_, product_, until_, now);
      until_ = now;
    } catch (const Error& error) {
      log_.warn("the demo stands still", {{"err", error.what()}});
    }
  }

  Writer& writer_;
  const demo::Product& product_;
  Instant until_;
  const Clock& clock_;
  Log& log_;
  Scheduler scheduler_;  // last: its thread uses the others
};

demo::Product product_of(const DemoFlags& flags, Instant now) {
  if (flags.launch && *flags.launch > now) {
    throw Error(Reason::config,
                fmt::format("--demo.launch={} lies in the future", format_rfc3339(*flags.launch)));
  }
  return demo::make_product(demo::kDefaultSeed, flags.launch.value_or(demo::default_launch(now)));
}

int fill_only(const DemoFlags& flags) {
  const Instant now = SystemClock().now();
  const demo::Product product = product_of(flags, now);
  demo::fill(*open_writer(Secret(flags.into)), product, now);
  std::puts(
      fmt::format("demo tables filled; config/demo.yml reads them with USAGE_DSN as this DSN and "
                  "USAGE_DEMO_LAUNCH={}",
                  format_rfc3339(product.launch))
          .c_str());
  return 0;
}

// Midnight UTC.
std::optional<Instant> parse_day(std::string_view text) {
  const auto at = parse_rfc3339(text);
  const bool day = at && at->time_since_epoch() % std::chrono::days(1) == Duration{};
  return day ? at : std::nullopt;
}

int run_demo(const DemoFlags& flags) {
  if (!flags.into.empty()) {
    return fill_only(flags);
  }
  const SystemClock system;
  std::optional<ScaledClock> scaled;
  if (flags.speed != 1) {
    scaled.emplace(system.now(), flags.speed);
  }
  const Clock& clock = scaled ? static_cast<const Clock&>(*scaled) : system;
  Log log(stderr, flags.log.level, flags.log.format, system);
  const DemoFolder folder(flags.web.storage_path);
  const std::string dsn = "sqlite:" + folder.database();
  const Instant now = clock.now();
  const demo::Product product = product_of(flags, now);
  ::setenv("USAGE_DSN", dsn.c_str(), 1);
  ::setenv("USAGE_DEMO_LAUNCH", format_rfc3339(product.launch).c_str(), 1);
  // In memory alone: the demo's tables are made anew at every start.
  const auto usage = std::make_shared<UsageState>(UsageOptions{});
  App app(
      flags.web.serve,
      [&usage] { return load_plan_text("demo.yml (built in)", demo::kDemoConfig, usage); }, usage,
      clock, log);

  const std::unique_ptr<Writer> writer = open_writer(Secret(dsn));
  demo::fill(*writer, product, now);
  log.info("demo database filled",
           {{"path", folder.database()}, {"launched_at", format_rfc3339(product.launch)}});
  const Life life(*writer, product, now, clock, log);
  app.run();
  return 0;
}

}  // namespace

VerbRun add_demo(CLI::App& app) {
  const auto owned = std::make_shared<DemoFlags>();
  DemoFlags& flags = *owned;
  app.add_option("--into", flags.into,
                 "Only fill this database (sqlite:PATH or postgresql://…) and end.")
      ->type_name("DSN");
  add_parsed<Instant>(
      app, "--demo.launch",
      "The day on which the demo's features were launched, such as 2026-09-11: the same day makes "
      "the same rows.",
      parse_day, [&flags](Instant at) { flags.launch = at; }, "DAY", "75 days ago");
  app.add_option(
         "--demo.speed", flags.speed,
         "How much faster than real time the demo's days pass, from 0.001 to 100000; 1440 is "
         "a day a minute.")
      ->type_name("N")
      ->check(CLI::Range(0.001, 100'000.0).description(""))
      ->capture_default_str();
  add_web_flags(app, flags.web);
  add_log_flags(app, flags.log);
  return [owned] { return run_demo(*owned); };
}

}  // namespace usage
