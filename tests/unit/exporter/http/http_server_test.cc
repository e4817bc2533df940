#include "exporter/http/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "exporter/base/error.h"
#include "tests/support/http_client.h"
#include "tests/support/sanitizers.h"

namespace usage {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

std::vector<HttpRoute> routes() {
  return {
      {"/metrics", {"GET"}, [](const HttpRequest&) { return text_response(200, "a 1\n"); }},
      {"/echo",
       {"GET"},
       [](const HttpRequest& request) {
         std::string text;
         for (const std::string_view part : {request.method, request.path, request.query,
                                             request.accept, request.accept_encoding}) {
           text += std::string(part) + "|";
         }
         return text_response(200, text);
       }},
      {"/parts",
       {"GET"},
       [](const HttpRequest&) {
         HttpResponse response = text_response(200, std::string(100'000, 'a'));
         response.body.push_back(std::make_shared<const std::string>("b"));
         response.body.push_back(std::make_shared<const std::string>(200'000, 'c'));
         return response;
       }},
      {"/pieces",
       {"GET"},
       [](const HttpRequest&) {
         HttpResponse response = text_response(200, "a");
         response.body.push_back(std::make_shared<const std::string>("b"));
         return response;
       }},
      {"/large",
       {"GET"},
       [](const HttpRequest&) { return text_response(200, std::string(64'000'000, 'x')); }},
      {"/throws",
       {"GET"},
       [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("secret"); }},
      {"/-/reload",
       {"POST", "PUT"},
       [](const HttpRequest&) { return text_response(202, "reloaded\n"); }},
      {"/files/*", {"GET"}, [](const HttpRequest&) { return text_response(200, "file\n"); }},
  };
}

class HttpServerTest : public testing::Test {
 protected:
  std::string ask(const std::string& text) const { return usage::ask(server, text); }

  const HttpServer server{loopback(), routes()};
};

TEST_F(HttpServerTest, GetHasEveryHeaderOnce) {
  EXPECT_THAT(ask(request("GET", "/metrics")),
              MatchesRegex("HTTP/1.1 200 OK\r\n"
                           "Date: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT\r\n"
                           "Content-Type: text/plain; charset=utf-8\r\n"
                           "X-Content-Type-Options: nosniff\r\n"
                           "Content-Length: 4\r\n"
                           "Connection: keep-alive\r\n\r\na 1\n"));
}

TEST_F(HttpServerTest, HeadIsGetWithoutItsBody) {
  Client client(server.addresses().front());
  client.send(request("HEAD", "/metrics"));
  EXPECT_THAT(client.read_one(false), HasSubstr("Content-Length: 4\r\n"));
  client.send(request("GET", "/metrics"));
  EXPECT_THAT(client.read_one(), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(HttpServerTest, HandlersSeeTheRequest) {
  EXPECT_THAT(ask(request("GET", "/echo?a=%20b&c",
                          "Accept: text/plain;q=0.5\r\nAccept-Encoding: gzip\r\n")),
              HasSubstr("\r\n\r\nGET|/echo|a=%20b&c|text/plain;q=0.5|gzip|"));
  EXPECT_THAT(ask(request("GET", "/echo")), HasSubstr("\r\n\r\nGET|/echo||||"));
}

TEST_F(HttpServerTest, UnknownPathsAreNotFoundInPlainText) {
  for (const char* path : {"/", "/metric", "/metrics/", "/metrics/x", "/../etc/passwd", "/files"}) {
    const std::string response = ask(request("GET", path));
    EXPECT_THAT(response, StartsWith("HTTP/1.1 404 Not Found\r\n")) << path;
    EXPECT_THAT(response, HasSubstr("Content-Type: text/plain; charset=utf-8\r\n")) << path;
  }
  EXPECT_THAT(ask(request("GET", "/files/a/b")), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(HttpServerTest, OtherMethodsAreRefusedWithAllow) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    const std::string response = ask(request(method, "/metrics"));
    EXPECT_THAT(response, StartsWith("HTTP/1.1 405 Method Not Allowed\r\n")) << method;
    EXPECT_THAT(response, HasSubstr("\r\nAllow: GET, HEAD\r\n")) << method;
  }
  const std::string response = ask(request("GET", "/-/reload"));
  EXPECT_THAT(response, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(response, HasSubstr("\r\nAllow: POST, PUT\r\n"));
  EXPECT_THAT(ask(request("POST", "/-/reload")), StartsWith("HTTP/1.1 202 Accepted\r\n"));
}

TEST_F(HttpServerTest, BodiesAreReadAndTheConnectionClosed) {
  for (const std::size_t size : {3U, 10'000U}) {
    Client client(server.addresses().front());
    client.send(request("POST", "/metrics", "Content-Length: " + std::to_string(size) + "\r\n") +
                std::string(size, 'x'));
    const std::string response = client.read_all();
    EXPECT_THAT(response, StartsWith("HTTP/1.1 405 "));
    EXPECT_THAT(response, HasSubstr("Connection: close\r\n"));
  }
}

TEST_F(HttpServerTest, ABodyThatNeverComesHoldsNothingForLong) {
  const auto start = std::chrono::steady_clock::now();
  Client client(server.addresses().front());
  client.send(request("POST", "/-/reload", "Content-Length: 1000000000000\r\n") + "x");
  EXPECT_THAT(client.read_one(), StartsWith("HTTP/1.1 202 "));
  EXPECT_THAT(usage::ask(server, request("GET", "/metrics")), StartsWith("HTTP/1.1 200 "));
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(loopback().body_timeout_ms / 2));
}

TEST_F(HttpServerTest, WhatIsNotHttpIsABadRequest) {
  for (const char* text : {"nonsense\r\n\r\n", "GET\r\n\r\n", "GET /metrics\r\n\r\n",
                           "G\x01T / HTTP/1.1\r\n\r\n", "\x16\x03\x01 / \r\n\r\n"}) {
    Client client(server.addresses().front());
    client.send(text);
    const std::string response = client.read_all();
    EXPECT_THAT(response, StartsWith("HTTP/1.1 400 Bad Request\r\n")) << text;
    EXPECT_THAT(response, Not(HasSubstr("ivetweb"))) << text;
    EXPECT_THAT(response, HasSubstr("Content-Type: text/plain")) << text;
  }
}

TEST_F(HttpServerTest, HeadersThatAreTooLargeAreRefused) {
  Client client(server.addresses().front());
  client.send(request("GET", "/metrics", "X: " + std::string(20'000, 'x') + "\r\n"));
  EXPECT_THAT(client.read_one(),
              MatchesRegex("HTTP/1.1 4(00|31) (.|[\r\n])*Connection: close(.|[\r\n])*"));
  EXPECT_THAT(ask(request("GET", "/metrics")), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, ManyRequestsOnOneConnection) {
  Client client(server.addresses().front());
  for (int i = 0; i < 100; ++i) {
    client.send(request("GET", i % 2 == 0 ? "/metrics" : "/nothing"));
    EXPECT_THAT(client.read_one(), HasSubstr("Connection: keep-alive\r\n"));
  }
  client.send(request("GET", "/metrics", "Connection: close\r\n"));
  EXPECT_THAT(client.read_all(), HasSubstr("Connection: close\r\n"));
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  Client client(server.addresses().front());
  client.send(request("GET", "/metrics") + request("GET", "/nothing") + request("GET", "/metrics"));
  EXPECT_THAT(client.read_one(), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(client.read_one(), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(client.read_one(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, Http10ClosesUnlessAskedOtherwise) {
  Client client(server.addresses().front());
  client.send("GET /metrics HTTP/1.0\r\n\r\n");
  EXPECT_THAT(client.read_all(), HasSubstr("Connection: close\r\n"));
}

TEST_F(HttpServerTest, AnsweringIsNotDelayed) {
  Client client(server.addresses().front());
  auto quickest = std::chrono::steady_clock::duration::max();
  for (int i = 0; i < 50; ++i) {
    const auto start = std::chrono::steady_clock::now();
    client.send(request("GET", "/pieces"));
    EXPECT_EQ(client.read_one().substr(0, 12), "HTTP/1.1 200");
    // Acknowledgements are delayed only when a connection is some segments old.
    if (i >= 25) quickest = std::min(quickest, std::chrono::steady_clock::now() - start);
  }
  // Nagle's algorithm against delayed acknowledgements would cost 40 ms each. On a busy machine
  // some take as long, but not all.
  EXPECT_LT(quickest, milliseconds(30));
}

TEST_F(HttpServerTest, PiecesBecomeOneBody) {
  const std::string response = ask(request("GET", "/parts"));
  EXPECT_EQ(response.substr(response.find("\r\n\r\n") + 4),
            std::string(100'000, 'a') + "b" + std::string(200'000, 'c'));
}

TEST_F(HttpServerTest, AHandlerThatThrowsIsAnErrorWithoutDetails) {
  const std::string response = ask(request("GET", "/throws"));
  EXPECT_THAT(response, StartsWith("HTTP/1.1 500 Internal Server Error\r\n"));
  EXPECT_THAT(response, Not(HasSubstr("secret")));
  EXPECT_THAT(ask(request("GET", "/metrics")), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, AClientThatLeavesHarmsNobody) {
  for (int i = 0; i < (kSanitized ? 5 : 20); ++i) {
    Client client(server.addresses().front());
    client.send(request("GET", "/large"));
    client.receive(100);
  }
  EXPECT_THAT(ask(request("GET", "/metrics")), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServer, EveryInterfaceByBothProtocols) {
  HttpOptions options;
  options.listen_addresses = {":0"};
  const HttpServer server(options, routes());
  ASSERT_EQ(server.addresses().size(), 1U);
  const std::string address = server.addresses().front();
  EXPECT_THAT(address, StartsWith("localhost:"));
  const std::string port = address.substr(address.rfind(':'));
  for (const std::string& host : {std::string("127.0.0.1"), std::string("[::1]")}) {
    Client client(host + port);
    client.send(request("GET", "/metrics"));
    EXPECT_THAT(client.read_one(), StartsWith("HTTP/1.1 200 ")) << host;
  }
}

TEST(HttpServer, SeveralAddresses) {
  HttpOptions options;
  options.listen_addresses = {"127.0.0.1:0", "[::1]:0", "127.0.0.2:0"};
  const HttpServer server(options, routes());
  ASSERT_EQ(server.addresses().size(), 3U);
  EXPECT_THAT(server.addresses()[1], StartsWith("[::1]:"));
  for (const std::string& address : server.addresses()) {
    Client client(address);
    client.send(request("GET", "/metrics"));
    EXPECT_THAT(client.read_one(), StartsWith("HTTP/1.1 200 ")) << address;
  }
}

TEST(HttpServer, TwoServersInOneProcess) {
  const HttpServer first(loopback(), routes());
  {
    const HttpServer second(loopback(), {});
    EXPECT_THAT(ask(second, request("GET", "/metrics")), StartsWith("HTTP/1.1 404 "));
  }
  EXPECT_THAT(ask(first, request("GET", "/metrics")), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServer, AnAddressInUseIsNamed) {
  const HttpServer first(loopback(), routes());
  HttpOptions options;
  options.listen_addresses = {"127.0.0.1:0", first.addresses().front()};
  try {
    const HttpServer second(options, routes());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), Reason::io);
    EXPECT_EQ(std::string(error.what()), "cannot listen on \"" + first.addresses().front() +
                                             "\": Address already in use; choose another address "
                                             "with --web.listen-address");
  }
  EXPECT_THAT(ask(first, request("GET", "/metrics")), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServer, WhatIsNoAddressIsSaidSo) {
  for (const char* address : {"", "9108", "localhost", "localhost:", ":99999", ":12x", "::1:9108",
                              "[::1", "a b:1", "host:-1"}) {
    HttpOptions options;
    options.listen_addresses = {address};
    try {
      const HttpServer server(options, {});
      ADD_FAILURE() << address;
    } catch (const Error& error) {
      EXPECT_EQ(error.reason(), Reason::config) << address;
      EXPECT_THAT(error.what(), HasSubstr("write host:port")) << address;
    }
  }
}

TEST(HttpServer, ASlowReaderIsGivenUpAndDisturbsNobody) {
  HttpOptions options = loopback();
  options.max_connections = 4;
  options.send_timeout_ms = 1'000;
  const HttpServer server(options, routes());
  const std::string address = server.addresses().front();
  Client slow(address, 4096);
  slow.send(request("GET", "/large"));
  std::size_t polite = 0;
  std::jthread others([&](const std::stop_token& stop) {
    for (; !stop.stop_requested(); ++polite) {
      EXPECT_THAT(ask(server, request("GET", "/metrics")), StartsWith("HTTP/1.1 200 "));
    }
  });
  for (int i = 0; i < 40 && slow.receive(1); ++i) {
    std::this_thread::sleep_for(milliseconds(100));
  }
  // The server has given up by now: the rest of what was under way, and the end.
  EXPECT_LT(slow.read_all().size(), 32'000'000U);
  others.request_stop();
  others.join();
  EXPECT_GT(polite, 10U);
}

// civetweb itself gives up on who takes nothing for a while; this one always takes something.
TEST(HttpServer, AReaderThatIsSlowAndSteadyIsGivenUpByBothProtocols) {
  for (const char* address : {"127.0.0.1:0", "[::1]:0"}) {
    HttpOptions options;
    options.listen_addresses = {address};
    options.send_timeout_ms = 1'000;
    const HttpServer server(options, routes());
    Client slow(server.addresses().front(), 65'536);
    slow.send(request("GET", "/large"));
    const auto start = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - start < milliseconds(1'750) &&
           slow.receive(100'000)) {
      std::this_thread::sleep_for(milliseconds(20));
    }
    EXPECT_LT(slow.read_all().size(), 32'000'000U) << address;
  }
}

TEST(HttpServer, AHeaderThatNeverEndsIsGivenUp) {
  HttpOptions options = loopback();
  options.send_timeout_ms = 1'000;
  const HttpServer server(options, routes());
  const auto start = std::chrono::steady_clock::now();
  Client client(server.addresses().front());
  client.send("GET /metrics HTTP/1.1\r\nHost:");
  EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 400 "));
  // Without being told it would wait for ten.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(9));
}

TEST(HttpServer, TwoHundredScrapersKeptAliveAreAllServed) {
  // Who had to wait for another's idle connection would wait longer than the client.
  HttpOptions options = loopback();
  options.idle_timeout_ms = 600'000;
  const HttpServer server(options, routes());
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(std::make_unique<Client>(server.addresses().front()));
  }
  for (const auto& client : clients) {
    client->send(request("GET", "/metrics"));
  }
  for (const auto& client : clients) {
    EXPECT_THAT(client->read_one(), StartsWith("HTTP/1.1 200 "));
  }
}

}  // namespace
}  // namespace usage
