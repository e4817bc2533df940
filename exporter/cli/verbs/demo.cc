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
#include "exporter/cli/verbs/verbs.h"
#include "exporter/demo/embedded.h"
#include "exporter/demo/fill.h"
#include "exporter/demo/product.h"
#include "exporter/scheduling/engine.h"
#include "exporter/scheduling/scheduler.h"

namespace usage {

namespace {

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

demo::Product product_of(const Flags& flags, Instant now) {
  if (flags.demo_launch && *flags.demo_launch > now) {
    throw Error(Reason::config, fmt::format("--demo.launch={} lies in the future",
                                            format_rfc3339(*flags.demo_launch)));
  }
  return demo::make_product(demo::kDefaultSeed,
                            flags.demo_launch.value_or(demo::default_launch(now)));
}

int fill_only(const Flags& flags) {
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

}  // namespace

int run_demo(const Flags& flags) {
  if (!flags.into.empty()) {
    return fill_only(flags);
  }
  const SystemClock system;
  std::optional<ScaledClock> scaled;
  if (flags.demo_speed != 1) {
    scaled.emplace(system.now(), flags.demo_speed);
  }
  const Clock& clock = scaled ? static_cast<const Clock&>(*scaled) : system;
  Log log(stderr, flags.log_level, flags.log_format, system);
  const DemoFolder folder(flags.storage_path);
  const std::string dsn = "sqlite:" + folder.database();
  const Instant now = clock.now();
  const demo::Product product = product_of(flags, now);
  ::setenv("USAGE_DSN", dsn.c_str(), 1);
  ::setenv("USAGE_DEMO_LAUNCH", format_rfc3339(product.launch).c_str(), 1);
  // In memory alone: the demo's tables are made anew at every start.
  const auto usage = std::make_shared<UsageState>(UsageOptions{});
  App app(
      flags.serve,
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

}  // namespace usage
