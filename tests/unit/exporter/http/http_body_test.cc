// What the server does with bodies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "tests/support/http_client.h"

namespace usage {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

std::vector<HttpRoute> routes() {
  return {
      {"/metrics", {"GET"}, [](const HttpRequest&) { return text_response(200, "a 1\n"); }},
      {"/take",
       {"POST"},
       [](const HttpRequest& request) {
         return text_response(200, std::string(request.header("X-Name")) + "=" +
                                       std::string(request.body.substr(0, 100)) + "/" +
                                       std::to_string(request.body.size()) + "\n");
       },
       [](const HttpRequest& request) -> std::variant<std::size_t, HttpResponse> {
         if (request.header("x-refuse").empty()) {
           return std::size_t{200'000};
         }
         return text_response(401, "refused\n");
       }},
  };
}

class HttpBodyTest : public testing::Test {
 protected:
  std::string ask(const std::string& text) const { return usage::ask(server, text); }

  HttpServer server{loopback(), routes()};
};

std::string post(std::string_view body, std::string_view headers = "") {
  return request("POST", "/take",
                 std::string(headers) + "Content-Length: " + std::to_string(body.size()) + "\r\n") +
         std::string(body);
}

TEST_F(HttpBodyTest, ARouteMayTakeABody) {
  Client client(server.addresses().front());
  client.send(post("abc", "X-Name: it\r\n"));
  EXPECT_THAT(client.read_one(), HasSubstr("Connection: keep-alive\r\n"));
  for (const std::size_t size : {0U, 1U, 16'000U, 20'000U, 200'000U}) {
    client.send(post(std::string(size, 'x'), "X-Name: it\r\n"));
    EXPECT_THAT(client.read_one(),
                HasSubstr("\r\n\r\nit=" + std::string(std::min(size, 100UL), 'x') + "/" +
                          std::to_string(size) + "\n"))
        << size;
  }
}

TEST(HttpBody, ARouteTakesABodyByIpv6) {
  HttpOptions options;
  options.listen_addresses = {"[::1]:0"};
  const HttpServer server(options, routes());
  EXPECT_THAT(ask(server, post(std::string(100'000, 'x'))), HasSubstr("x/100000\n"));
}

TEST_F(HttpBodyTest, ABodyMayComeInChunks) {
  Client client(server.addresses().front());
  client.send(request("POST", "/take", "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n");
  client.send("2\r\nde\r\n0\r\n\r\n");
  EXPECT_THAT(client.read_one(), HasSubstr("\r\n\r\n=abcde/5\n"));
  Client endless(server.addresses().front());
  endless.send(request("POST", "/take", "Transfer-Encoding: chunked\r\n"));
  for (int i = 0; i < 10; ++i) {
    endless.send("8000\r\n" + std::string(0x8000, 'x') + "\r\n");
  }
  EXPECT_THAT(endless.read_one(), StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpBodyTest, AClientThatAsksFirstIsToldToGoOn) {
  Client client(server.addresses().front());
  client.send(request("POST", "/take", "Content-Length: 3\r\nExpect: 100-continue\r\n"));
  EXPECT_EQ(client.read_one(false), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  EXPECT_THAT(client.read_one(), HasSubstr("\r\n\r\n=abc/3\n"));
}

TEST_F(HttpBodyTest, ABodyThatIsTooLongOrRefusedIsStillAnswered) {
  EXPECT_THAT(ask(post(std::string(200'001, 'x'))),
              testing::AllOf(StartsWith("HTTP/1.1 413 "), HasSubstr("longer than 200000 bytes")));
  EXPECT_THAT(ask(post(std::string(900'000, 'x'), "X-Refuse: 1\r\n")),
              testing::AllOf(StartsWith("HTTP/1.1 401 "), HasSubstr("Connection: close\r\n")));
  EXPECT_THAT(ask(request("POST", "/take", "Content-Length: 1000000000000\r\n")),
              StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpBodyTest, ABodyThatEndsTooSoonIsABadRequest) {
  Client client(server.addresses().front());
  client.send(request("POST", "/take", "Content-Length: 10\r\n") + "abc");
  client.end();
  EXPECT_THAT(client.read_one(), StartsWith("HTTP/1.1 400 "));
}

// They come one byte at a time, so that no pause is ever long. By IPv6 a pause has to end them.
TEST(HttpBody, SlowBodiesAreGivenUpAndDisturbNobody) {
  for (const char* address : {"127.0.0.1:0", "[::1]:0"}) {
    HttpOptions options;
    options.listen_addresses = {address};
    options.max_connections = 8;
    options.body_timeout_ms = 1'000;
    const bool pause_ends_them = std::string_view(address).starts_with("[");
    options.send_timeout_ms = pause_ends_them ? 1'000 : 60'000;
    const HttpServer server(options, routes());
    std::vector<std::unique_ptr<Client>> slow;
    for (int i = 0; i < 5; ++i) {
      slow.push_back(std::make_unique<Client>(server.addresses().front()));
      slow.back()->send(request("POST", "/take", "Content-Length: 100000\r\n"));
    }
    std::size_t busy = 0;
    for (int i = 0; i < 25; ++i) {
      for (const auto& client : slow) {
        client->send("x");
      }
      EXPECT_THAT(ask(server, request("GET", "/metrics")), StartsWith("HTTP/1.1 200 "));
      busy += ask(server, post("abc")).starts_with("HTTP/1.1 503 ") ? 1 : 0;
      std::this_thread::sleep_for(milliseconds(60));
    }
    EXPECT_GT(busy, 0U) << address;
    std::size_t too_slow = 0, turned_away = 0;
    const auto last_sent = std::chrono::steady_clock::now();
    for (const auto& client : slow) {
      const std::string response = client->read_one();
      too_slow += response.starts_with("HTTP/1.1 408 ") ? 1 : 0;
      turned_away += response.starts_with("HTTP/1.1 503 ") ? 1 : 0;
    }
    // Long given up: nobody waited for the pause of ten seconds that ends them too.
    if (!pause_ends_them) {
      EXPECT_LT(std::chrono::steady_clock::now() - last_sent, std::chrono::seconds(5));
    }
    EXPECT_EQ(too_slow, 4U) << address;
    EXPECT_EQ(turned_away, 1U) << address;
    EXPECT_THAT(ask(server, post("abc")), HasSubstr("abc/3"));
  }
}

}  // namespace
}  // namespace usage
