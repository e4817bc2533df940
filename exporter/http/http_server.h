#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace usage {

struct HttpRequest {
  std::string_view method;
  std::string_view path;
  std::string_view query;
  std::string_view accept;
  std::string_view accept_encoding;
  // The value of any other header, by its name in any case; empty when it is not there.
  std::function<std::string_view(const char*)> header = [](const char*) { return ""; };
  std::string_view body{};  // of routes that take one
};

// Bodies are shared: a response copies pointers, not text. HEAD sends the headers alone.
struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string content_encoding;  // empty or "gzip"
  std::vector<std::shared_ptr<const std::string>> body;
  std::vector<std::pair<std::string, std::string>> headers;  // further ones
};

HttpResponse text_response(int status, std::string text);

// A path and its handler. Handlers run on the server's threads, several at a time, and do not
// throw. `methods` lists the allowed methods ("GET" includes HEAD); others get 405 with Allow.
struct HttpRoute {
  std::string path;  // exact, or a prefix when it ends in '*'
  std::vector<std::string> methods;
  std::function<HttpResponse(const HttpRequest&)> handler;
  // For routes that take a body; without it no body is read. Called before anything of the body is
  // read: returns the most bytes to accept, or the response to send instead.
  std::function<std::variant<std::size_t, HttpResponse>(const HttpRequest&)> admit{};
  // If set, called with every response of the route, the server's own too, before it is sent.
  std::function<void(const HttpRequest&, HttpResponse&)> finish{};
  // Limited routes share a quarter of the workers, from handler to last byte; further requests get
  // 503 with Retry-After. For pages that people read, so that they do not delay a scrape.
  bool limited = false;
};

struct HttpOptions {
  std::vector<std::string> listen_addresses;             // ":9108", "127.0.0.1:0", "[::1]:9108"
  std::string address_setting = "--web.listen-address";  // what chooses them, for messages
  int max_connections = 128;                             // served at a time; more wait
  int idle_timeout_ms = 5'000;                           // of a kept-alive connection
  int send_timeout_ms = 30'000;                          // one response, however slow the client
  int body_timeout_ms = 20'000;                          // one body, likewise
};

// civetweb behind a table of routes. Starts in the constructor; the destructor stops it. Throws
// Error(io) naming the address when it cannot listen.
class HttpServer {
 public:
  HttpServer(HttpOptions options, std::vector<HttpRoute> routes);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Where it listens, as URLs' host:port; port 0 was replaced by the one the system chose.
  std::vector<std::string> addresses() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace usage
