#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace usage {

struct HttpRequest {
  std::string_view method;  // GET or HEAD: the server answers the rest itself
  std::string_view path;
  std::string_view query;
  std::string_view accept;
  std::string_view accept_encoding;
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

// A path and who answers it. Handlers run on the server's threads, several at a time, and do not
// throw; `methods` lists what is allowed ("GET" includes HEAD), everything else is 405 with Allow.
struct HttpRoute {
  std::string path;  // exact, or a prefix when it ends in '*'
  std::vector<std::string> methods;
  std::function<HttpResponse(const HttpRequest&)> handler;
};

struct HttpOptions {
  std::vector<std::string> listen_addresses;  // ":9108", "127.0.0.1:0", "[::1]:9108"
  int max_connections = 128;                  // served at a time; more wait
  int idle_timeout_ms = 5'000;                // of a kept-alive connection
  int send_timeout_ms = 30'000;               // one response, however slow the client
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
