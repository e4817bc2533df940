// The serving process as a whole, without its signals: what it says of its series, and reloads that
// fail in every way.
#include "exporter/app/app.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <functional>
#include <new>
#include <set>
#include <sstream>
#include <system_error>
#include <thread>

#include "collectors/api/writer.h"
#include "collectors/sources/drivers.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"
#include "tests/support/http_client.h"
#include "tests/support/temporary_folder.h"

namespace {

// How many more threads this thread may start; below 0: any number.
thread_local int threads_left = -1;

}  // namespace

// Stands before the one of the system, so that a test can run out of threads.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*entry)(void*), void* argument) noexcept {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto kNext = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  if (threads_left == 0) {
    return EAGAIN;
  }
  threads_left -= threads_left > 0 ? 1 : 0;
  return kNext(thread, attributes, entry, argument);
}

namespace usage {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using usage::testing::TemporaryFolder;
using usage::testing::write_file;

constexpr char kEverything[] = R"(
sources:
  app: {{dsn: "sqlite:{0}/app.db"}}
  nginx: {{log: {{paths: ["{0}/*.log"]}}}}
  web: {{ingest: {{keys: [{{name: k, key: "secret123456789012345"}}]}}}}
privacy: {{k_anonymity: 1}}
refresh: 1s
features:
  export: {{source: app, table: ex, time: at, user: who}}
  opened: {{source: nginx, event: opened}}
  clicks: {{source: web, event: Clicked}}
collectors:
  mine:
    source: app
    interval: 1s
    query: "SELECT count(*) AS n FROM ex"
    metrics:
      my_rows: {{help: Rows., value: n}}
)";

constexpr char kSmall[] = R"(
sources: {{app: {{dsn: "sqlite:{0}/app.db"}}}}
collectors:
  mine:
    source: app
    interval: 1s
    query: "SELECT count(*) AS n FROM ex"
    metrics:
      my_rows: {{help: Rows., value: n}}
)";

class AppTest : public ::testing::Test {
 protected:
  AppTest() {
    pthread_sigmask(SIG_SETMASK, nullptr, &signals_);
    run_sql("CREATE TABLE ex (at TEXT, who INTEGER);");
    add_row();
    write_file(folder_.file("a.log"),
               fmt::format("{{\"event\":\"opened\",\"time\":\"{}\",\"user\":\"u1\"}}\n",
                           format_rfc3339(clock_.now())));
  }
  ~AppTest() override {
    app_.reset();
    pthread_sigmask(SIG_SETMASK, &signals_, nullptr);  // the app blocks some
  }

  void run_sql(const std::string& sql) {
    open_writer(Secret("sqlite:" + folder_.file("app.db")))->execute(sql);
  }
  void add_row() { run_sql("INSERT INTO ex VALUES (strftime('%Y-%m-%d %H:%M:%S', 'now'), 1);"); }

  void start(const char* config) {
    config_ = fmt::format(fmt::runtime(config), folder_.file(""));
    ServeOptions options;
    options.listen_addresses = {"127.0.0.1:0"};
    options.enable_lifecycle = true;
    app_ = std::make_unique<App>(
        options,
        [this] {
          before_load_();
          Plan plan = load_plan_text("<test>", config_, usage_);
          after_load_();
          return plan;
        },
        usage_, clock_, log_);
    app_->start();
    eventually("ready", [this] { return get("/-/ready").starts_with("HTTP/1.1 200 "); });
  }

  std::string ask(const std::string& text) const {
    Client client(app_->addresses().front());
    client.send(text);
    return client.read_one();
  }
  std::string get(const std::string& path) const { return ask(request("GET", path)); }
  std::string reload() const { return ask(request("POST", "/-/reload", "Content-Length: 0\r\n")); }

  std::string value(const std::string& series) const {
    const std::string page = get("/metrics");
    const auto at = page.find("\n" + series + " ");
    return at == std::string::npos ? ""
                                   : page.substr(at + series.size() + 2,
                                                 page.find('\n', at + 1) - at - series.size() - 2);
  }

  // The old engine still reads: a new row is counted.
  void expect_that_it_reads() {
    const std::string before = value("my_rows");
    add_row();
    eventually("the new row", [&] { return value("my_rows") != before; });
  }

  static void eventually(const char* what, const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!holds()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << what;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  void expect_refusal() {
    EXPECT_THAT(value("usage_exporter_config_last_reload_successful"), "1");
    EXPECT_THAT(reload(), ::testing::AllOf(StartsWith("HTTP/1.1 500 "),
                                           HasSubstr("reload refused, the old config goes on")));
    // The exporter's own series are read at most once a second.
    eventually("the failure on the page",
               [&] { return value("usage_exporter_config_last_reload_successful") == "0"; });
    expect_that_it_reads();
  }

  const SystemClock clock_;
  Log log_{stderr, LogLevel::error, LogFormat::logfmt, clock_};
  TemporaryFolder folder_;
  sigset_t signals_{};
  std::string config_;
  std::function<void()> before_load_ = [] {};
  std::function<void()> after_load_ = [] {};
  std::shared_ptr<UsageState> usage_ = std::make_shared<UsageState>(UsageOptions{});
  std::unique_ptr<App> app_;
};

std::set<std::string> families_of(const std::string& page) {
  std::set<std::string> names;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    constexpr std::string_view kType = "# TYPE ";
    if (line.starts_with(kType)) {
      names.insert(line.substr(kType.size(), line.rfind(' ') - kType.size()));
    }
  }
  return names;
}

TEST_F(AppTest, EveryFamilyOfThePageIsInTheDefinitions) {
  start(kEverything);
  const std::string body =
      R"({"batch":[{"type":"track","event":"Clicked","userId":"u","messageId":"m"}]})";
  EXPECT_THAT(ask(request("POST", "/v1/batch",
                          fmt::format("Authorization: Bearer secret123456789012345\r\n"
                                      "Content-Type: application/json\r\nContent-Length: {}\r\n",
                                      body.size())) +
                  body),
              StartsWith("HTTP/1.1 200 "));
  // Of each kind of publisher one, so that the comparison is not one of nothing.
  std::set<std::string> page;
  for (const char* family :
       {"my_rows", "usage_uses", "usage_log_lines_total", "usage_source_up",
        "usage_ingest_events_total", "usage_exporter_build_info", "process_threads"}) {
    eventually(family, [&] {
      page = families_of(get("/metrics"));
      return page.contains(family);
    });
  }
  const std::string definitions = get("/definitions");
  for (const std::string& family : page) {
    const auto anchor = definitions.find(fmt::format("<tbody id=\"{}\">", family));
    ASSERT_NE(anchor, std::string::npos) << family;
    const std::string row =
        definitions.substr(anchor, definitions.find("</tbody>", anchor) - anchor);
    EXPECT_THAT(row, ::testing::Not(HasSubstr("No series now"))) << family;
  }
}

TEST_F(AppTest, AReloadTakesTheNewConfig) {
  start(kSmall);
  config_.replace(config_.find("my_rows"), 7, "my_cows");
  EXPECT_THAT(reload(), StartsWith("HTTP/1.1 200 "));
  eventually("the new series", [&] { return !value("my_cows").empty(); });
  EXPECT_EQ(value("my_rows"), "");
}

TEST_F(AppTest, ABadConfigLeavesTheOldEngineRunning) {
  start(kSmall);
  config_ = "sources: {}\n";
  expect_refusal();
}

TEST_F(AppTest, AnExceptionOfAnyKindLeavesTheOldEngineRunning) {
  start(kSmall);
  before_load_ = [] { throw std::bad_alloc(); };
  expect_refusal();
  before_load_ = [] { throw std::system_error(EMFILE, std::generic_category()); };
  EXPECT_THAT(reload(), StartsWith("HTTP/1.1 500 "));
  expect_that_it_reads();
  before_load_ = [] {};
  EXPECT_THAT(reload(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(AppTest, AStartWithoutThreadsLeavesTheOldEngineRunning) {
  for (const int left : {0, 1}) {
    start(kSmall);
    config_.replace(config_.find("my_rows"), 7, "my_cows");
    after_load_ = [left] { threads_left = left; };  // on the server's thread that reloads
    EXPECT_THAT(reload(), StartsWith("HTTP/1.1 500 "));
    after_load_ = [] {};
    eventually("the failure on the page",
               [&] { return value("usage_exporter_config_last_reload_successful") == "0"; });
    expect_that_it_reads();
    EXPECT_EQ(value("my_cows"), "");
    app_.reset();
  }
}

TEST_F(AppTest, ReloadIsRefusedAfterTheStop) {
  start(kSmall);
  app_->stop();
  EXPECT_FALSE(app_->reload());
}

}  // namespace
}  // namespace usage
