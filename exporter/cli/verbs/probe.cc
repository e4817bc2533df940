#include "exporter/cli/verbs/probe.h"

#include <cstdio>
#include <memory>
#include <string>

#include "exporter/cli/verbs/flags.h"
#include "exporter/http/http_client.h"

namespace usage {

namespace {

constexpr auto kTimeout = std::chrono::seconds(5);

int run_probe(const std::string& url) {
  const HttpStatus status = http_get(url, std::chrono::steady_clock::now() + kTimeout);
  std::puts(status.line.c_str());
  return status.code == 200 ? 0 : 1;
}

}  // namespace

VerbRun add_probe(CLI::App& app) {
  const auto url = std::make_shared<std::string>();
  app.add_option("URL", *url, "What to fetch, for example http://127.0.0.1:9108/-/healthy")
      ->type_name("")
      ->required();
  return [url] { return run_probe(*url); };
}

}  // namespace usage
