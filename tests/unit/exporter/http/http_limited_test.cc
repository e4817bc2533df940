// Routes that share a quarter of the workers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <semaphore>
#include <thread>
#include <vector>

#include "tests/support/http_client.h"

namespace usage {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::size_t kLarge = 64 * 1024 * 1024;  // more than sockets hold

class HttpLimitedTest : public testing::Test {
 protected:
  HttpLimitedTest() {
    HttpOptions options = loopback();
    options.max_connections = 8;  // so that two answer limited routes
    server_ = std::make_unique<HttpServer>(options, routes());
  }
  ~HttpLimitedTest() override {
    if (!released_) {
      end_.set_value();
    }
  }

  std::vector<HttpRoute> routes() {
    return {
        {"/metrics", {"GET"}, [](const HttpRequest&) { return text_response(200, "a 1\n"); }},
        {.path = "/report",
         .methods = {"GET"},
         .handler =
             [this](const HttpRequest&) {
               began_.release();
               until_.wait();
               return text_response(200, "report\n");
             },
         .limited = true},
        {.path = "/large",
         .methods = {"GET"},
         .handler = [](const HttpRequest&) { return text_response(200, std::string(kLarge, 'x')); },
         .limited = true}};
  }

  std::unique_ptr<Client> reader(const char* path) const {
    auto client = std::make_unique<Client>(server_->addresses().front(), 4096);
    client->send(request("GET", path));
    return client;
  }

  void release() {
    end_.set_value();
    released_ = true;
  }

  std::counting_semaphore<> began_{0};  // handlers that wait
  std::promise<void> end_;
  std::shared_future<void> until_ = end_.get_future().share();
  bool released_ = false;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpLimitedTest, ReadersThatWaitLeaveWorkersForScrapes) {
  std::vector<std::unique_ptr<Client>> waiting;
  for (int i = 0; i < 2; ++i) {
    waiting.push_back(reader("/report"));
    began_.acquire();
  }
  for (int i = 0; i < 10; ++i) {  // more than there are workers
    EXPECT_THAT(reader("/report")->read_one(),
                AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Retry-After: 1\r\n")));
  }
  EXPECT_THAT(ask(*server_, request("GET", "/metrics")), StartsWith("HTTP/1.1 200 "));
  release();
  for (const auto& client : waiting) {
    EXPECT_THAT(client->read_one(), HasSubstr("\r\n\r\nreport\n"));
  }
}

TEST_F(HttpLimitedTest, APlaceIsFreeAgainAfterTheResponse) {
  release();
  for (int i = 0; i < 10; ++i) {
    // The place is given back after the last byte was sent, so the next client may come too early.
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::string response;
    do {
      response = ask(*server_, request("GET", "/report"));
    } while (response.starts_with("HTTP/1.1 503 ") && std::chrono::steady_clock::now() < end);
    EXPECT_THAT(response, StartsWith("HTTP/1.1 200 "));
  }
}

TEST_F(HttpLimitedTest, ReadersThatAreSlowKeepTheirPlaces) {
  const auto one = reader("/large");
  const auto other = reader("/large");
  EXPECT_TRUE(one->receive(1));
  EXPECT_TRUE(other->receive(1));
  EXPECT_THAT(ask(*server_, request("GET", "/report")), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(ask(*server_, request("GET", "/metrics")), StartsWith("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace usage
