#include "exporter/http/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "exporter/base/error.h"
#include "exporter/http/http_server.h"

namespace usage {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

HttpOptions on(const std::string& address) {
  HttpOptions options;
  options.listen_addresses = {address};
  return options;
}

std::vector<HttpRoute> routes() {
  return {{"/page",
           {"GET"},
           [](const HttpRequest& request) {
             return text_response(request.query == "a=1" ? 200 : 418, std::string(100'000, 'x'));
           }},
          {"/slow", {"GET"}, [](const HttpRequest&) {
             std::this_thread::sleep_for(milliseconds(300));
             return text_response(200, "late\n");
           }}};
}

Deadline soon() { return steady_clock::now() + std::chrono::seconds(10); }

std::pair<Reason, std::string> failure_of(const std::string& url, Deadline deadline = soon()) {
  try {
    http_get(url, deadline);
  } catch (const Error& error) {
    return {error.reason(), error.what()};
  }
  return {};
}

TEST(HttpClient, SaysWhatTheServerAnswered) {
  for (const char* address : {"127.0.0.1:0", "[::1]:0"}) {
    const HttpServer server(on(address), routes());
    const std::string base = "http://" + server.addresses().front();
    EXPECT_EQ(http_get(base + "/page?a=1", soon()).line, "HTTP/1.1 200 OK");
    EXPECT_EQ(http_get(base + "/page", soon()).code, 418);
    EXPECT_EQ(http_get(base, soon()).code, 404);
  }
}

TEST(HttpClient, WaitsNoLongerThanTheDeadline) {
  const HttpServer server(on("127.0.0.1:0"), routes());
  const std::string url = "http://" + server.addresses().front() + "/slow";
  const auto [reason, text] = failure_of(url, steady_clock::now() + milliseconds(50));
  EXPECT_EQ(reason, Reason::unavailable);
  EXPECT_THAT(text, HasSubstr("no answer: " + std::generic_category().message(ETIMEDOUT)));
  EXPECT_EQ(http_get(url, soon()).code, 200);
}

TEST(HttpClient, NamesWhereNobodyListens) {
  std::string address;
  {
    const HttpServer server(on("127.0.0.1:0"), routes());
    address = server.addresses().front();
  }
  const auto [reason, text] = failure_of("http://" + address + "/");
  EXPECT_EQ(reason, Reason::unavailable);
  EXPECT_EQ(text,
            "cannot connect to " + address + ": " + std::generic_category().message(ECONNREFUSED));
}

TEST(HttpClient, RefusesWhatIsNoUrl) {
  for (const char* url : {"", "http://", "https://localhost/", "localhost:80",
                          "http://localhost/a b", "http://localhost/\r\nX: y"}) {
    EXPECT_EQ(failure_of(url).first, Reason::config) << url;
  }
}

}  // namespace
}  // namespace usage
