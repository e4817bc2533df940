#include "exporter/http/http_server.h"

#include <civetweb.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <exception>
#include <optional>

#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/strings.h"
#include "exporter/http/listen_socket.h"
#include "exporter/http/read_deadlines.h"
#include "exporter/http/response_head.h"
#include "exporter/http/response_writer.h"

namespace usage {

namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kCached = 4 * 1024;    // from here on, copying a body is what a scrape costs
constexpr int kHeaderTimeoutMs = 10'000;     // for a whole request header, and for a stalled reader
constexpr std::size_t kDrain = 1024 * 1024;  // of a body nobody takes
constexpr milliseconds kDrainTime(2'000), kCrowdedDrainTime(100);
constexpr std::size_t kRead = 64 * 1024;  // of a body, at most at a time
// Where ReadDeadlines cannot find the connection: each byte may take the header's timeout.
constexpr std::size_t kCautiousRead = 16;

std::string_view header(const mg_connection* connection, const char* name) {
  const char* const value = mg_get_header(connection, name);
  return value == nullptr ? std::string_view{} : value;
}

std::string_view view(const char* text) { return text == nullptr ? std::string_view{} : text; }

// True if civetweb will keep the connection; the same rule as its own.
bool client_keeps_alive(const mg_connection* connection, const mg_request_info& info) {
  const std::string_view wish = header(connection, "Connection");
  if (!wish.empty()) {
    return iequals(wish, "keep-alive");
  }
  return view(info.http_version) == "1.1";
}

enum class BodyEnd { whole, too_long, too_slow, cut };

}  // namespace

struct HttpServer::Impl {
  HttpOptions options;
  std::vector<HttpRoute> routes;
  std::vector<ListenSocket> sockets;  // civetweb has them too, under its own descriptors
  std::vector<std::string> urls;
  std::atomic<int> connections{0};
  mutable std::atomic<int> bodies{0};   // being read
  mutable std::atomic<int> limited{0};  // requests of such routes being answered
  mutable ReadDeadlines deadlines;
  mutable WholeResponse cache;
  mg_context* context = nullptr;
  bool listening = false;  // written before the first connection

  void start();
  bool hand_over_sockets(const mg_context* starting) const;
  const HttpRoute* route(std::string_view path) const;
  HttpResponse answer(mg_connection* connection, HttpRequest& request, const HttpRoute* found,
                      bool& body_is_read) const;
  HttpResponse take_body(mg_connection* connection, HttpRequest& request, const HttpRoute& found,
                         bool& body_is_read) const;
  BodyEnd read_body(mg_connection* connection, std::size_t most, milliseconds patience,
                    std::string* body) const;
  int serve(mg_connection* connection) const;
  void respond(mg_connection* connection, const HttpResponse& response, bool keep_alive) const;

  static Impl& of(const mg_connection* connection) {
    return *static_cast<Impl*>(mg_get_user_data(mg_get_context(connection)));
  }
};

namespace {

bool allows(const HttpRoute& route, std::string_view method) {
  return std::any_of(route.methods.begin(), route.methods.end(), [&](const std::string& allowed) {
    return allowed == method || (allowed == "GET" && method == "HEAD");
  });
}

HttpResponse not_allowed(const HttpRoute& route) {
  std::string allow;
  for (const std::string& method : route.methods) {
    allow += (allow.empty() ? "" : ", ") + method + (method == "GET" ? ", HEAD" : "");
  }
  HttpResponse response = text_response(405, "method not allowed; use " + allow + "\n");
  response.headers = {{"Allow", allow}};
  return response;
}

bool has_body(const mg_connection* connection, const mg_request_info& info) {
  return info.content_length > 0 || !header(connection, "Transfer-Encoding").empty();
}

HttpResponse busy(std::string text) {
  HttpResponse response = text_response(503, std::move(text));
  response.headers = {{"Retry-After", "1"}};
  return response;
}

// One of a limited number of places, as long as it lives.
class Place {
 public:
  Place(std::atomic<int>& taken, int limit) : taken_(taken), there_is_one_(++taken <= limit) {}
  ~Place() { --taken_; }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  explicit operator bool() const { return there_is_one_; }

 private:
  std::atomic<int>& taken_;
  const bool there_is_one_;
};

}  // namespace

const HttpRoute* HttpServer::Impl::route(std::string_view path) const {
  const auto found = std::find_if(routes.begin(), routes.end(), [&](const HttpRoute& candidate) {
    const std::string_view pattern = candidate.path;
    return pattern.ends_with('*') ? path.starts_with(pattern.substr(0, pattern.size() - 1))
                                  : path == pattern;
  });
  return found == routes.end() ? nullptr : &*found;
}

// Reads the body to its end, but at most `most` bytes. Discards it if `body` is null.
BodyEnd HttpServer::Impl::read_body(mg_connection* connection, std::size_t most,
                                    milliseconds patience, std::string* body) const {
  const mg_request_info& info = *mg_get_request_info(connection);
  const bool in_chunks = !header(connection, "Transfer-Encoding").empty();
  const auto announced = static_cast<std::size_t>(std::max(info.content_length, 0LL));
  if (body != nullptr && !in_chunks && announced > most) {
    return BodyEnd::too_long;
  }
  const auto deadline = Steady::now() + patience;
  // This civetweb loses the address and the port of a client by IPv6.
  const bool known = !view(info.remote_addr).empty();
  std::optional<ReadDeadlines::Watch> watch;
  if (known) {
    watch.emplace(deadlines, info.server_port, info.remote_port, patience);
  }
  const std::size_t step = known ? kRead : kCautiousRead;
  std::string thrown_away;
  std::string& text = body == nullptr ? thrown_away : *body;
  for (std::size_t size = 0; size <= most;) {
    const std::size_t start = body == nullptr ? 0 : size;
    text.resize(start + std::min(step, most - size + 1));
    const int count = mg_read(connection, text.data() + start, text.size() - start);
    const auto more = static_cast<std::size_t>(std::max(count, 0));
    size += more;
    text.resize(start + more);
    if (Steady::now() >= deadline) {
      return BodyEnd::too_slow;
    }
    if (in_chunks ? count == 0 : size == announced) {
      return BodyEnd::whole;
    }
    if (count <= 0) {
      return BodyEnd::cut;
    }
  }
  return BodyEnd::too_long;
}

HttpResponse HttpServer::Impl::take_body(mg_connection* connection, HttpRequest& request,
                                         const HttpRoute& found, bool& body_is_read) const {
  auto admitted = found.admit(request);
  if (auto* const refusal = std::get_if<HttpResponse>(&admitted)) {
    return std::move(*refusal);
  }
  // The other half of the workers stays free for requests without a body.
  const Place place(bodies, std::max(1, options.max_connections / 2));
  if (!place) {
    return busy("too many requests are being read; try again soon\n");
  }
  const std::string_view expected = request.header("Expect");
  if (!expected.empty() && iequals(expected, "100-continue")) {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    mg_write(connection, kContinue.data(), kContinue.size());
  }
  std::string body;
  const std::size_t most = std::get<std::size_t>(admitted);
  switch (body_is_read
              ? BodyEnd::whole
              : read_body(connection, most, milliseconds(options.body_timeout_ms), &body)) {
    case BodyEnd::whole:
      break;
    case BodyEnd::too_long:
      return text_response(413, fmt::format("the body is longer than {} bytes\n", most));
    case BodyEnd::too_slow:
      return text_response(408, "the body did not come in time\n");
    case BodyEnd::cut:
      return text_response(400, "the body is shorter than announced\n");
  }
  body_is_read = true;
  request.body = body;
  HttpResponse response = found.handler(request);
  request.body = {};
  return response;
}

HttpResponse HttpServer::Impl::answer(mg_connection* connection, HttpRequest& request,
                                      const HttpRoute* found, bool& body_is_read) const {
  if (found == nullptr) {
    return text_response(404, "not found; / lists what there is\n");
  }
  try {
    HttpResponse response = !allows(*found, request.method) ? not_allowed(*found)
                            : found->admit ? take_body(connection, request, *found, body_is_read)
                                           : found->handler(request);
    if (found->finish) {
      found->finish(request, response);
    }
    return response;
  } catch (const std::exception&) {
    return text_response(500, "internal error\n");
  }
}

int HttpServer::Impl::serve(mg_connection* connection) const {
  const mg_request_info& info = *mg_get_request_info(connection);
  HttpRequest request{view(info.request_method), view(info.local_uri), view(info.query_string),
                      header(connection, "Accept"), header(connection, "Accept-Encoding")};
  request.header = [connection](const char* name) { return header(connection, name); };
  bool body_is_read = !has_body(connection, info);
  const HttpRoute* const found = route(request.path);
  std::optional<Place> place;
  if (found != nullptr && found->limited) {
    place.emplace(limited, std::max(1, options.max_connections / 4));
  }
  const HttpResponse response =
      place && !*place ? busy("too many reports and pages are being read; try again soon\n")
                       : answer(connection, request, found, body_is_read);
  // At most half of the workers wait on kept-alive connections; the others stay free.
  const bool crowded = connections.load(std::memory_order_relaxed) > options.max_connections / 2;
  const bool keep_alive = client_keeps_alive(connection, info) && body_is_read && !crowded;
  if (!keep_alive) {
    mg_disable_connection_keep_alive(connection);
  }
  respond(connection, response, keep_alive);
  if (!body_is_read) {
    // A closed connection with unread data in it is reset, and the client may lose the response.
    read_body(connection, kDrain, crowded ? kCrowdedDrainTime : kDrainTime, nullptr);
  }
  return response.status;
}

void HttpServer::Impl::respond(mg_connection* connection, const HttpResponse& response,
                               bool keep_alive) const {
  std::size_t size = 0;
  for (const auto& piece : response.body) {
    size += piece->size();
  }
  const mg_request_info* const info = mg_get_request_info(connection);
  const bool head_only = info != nullptr && view(info->request_method) == "HEAD";
  std::string head = response_head(response, mg_get_response_code_text(connection, response.status),
                                   size, keep_alive);
  const auto deadline = Steady::now() + milliseconds(options.send_timeout_ms);
  const auto write = [connection](std::string_view text) {
    return mg_write(connection, text.data(), text.size()) == static_cast<int>(text.size());
  };
  bool sent = false;
  if (!head_only && size >= kCached && size <= kLargestWrite) {
    const auto whole = cache.join(head, response.body, size);
    sent = ResponseWriter(write, {}, deadline).send(*whole);
  } else {
    ResponseWriter sender(write, std::move(head), deadline);
    sent = (head_only || std::all_of(response.body.begin(), response.body.end(),
                                     [&](const auto& piece) { return sender.send(*piece); })) &&
           sender.flush();
  }
  if (!sent) {
    mg_disable_connection_keep_alive(connection);
  }
}

// Debian builds civetweb without IPv6. So civetweb listens on placeholders, and before it first
// polls them each is replaced, under the same descriptor, by a socket of ours. It then writes an
// IPv6 client's address over the fields of the local and the remote IPv4 address. Neither is used,
// and IPv4 clients connect to a socket of their own.
bool HttpServer::Impl::hand_over_sockets(const mg_context* starting) const {
  std::vector<mg_server_port> placeholders(sockets.size());
  const int count =
      mg_get_server_ports(starting, static_cast<int>(sockets.size()), placeholders.data());
  if (count != static_cast<int>(sockets.size())) {
    return false;
  }
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    if (!sockets[i].replace_listener(placeholders[i].port)) {
      return false;
    }
  }
  return true;
}

void HttpServer::Impl::start() {
  for (const std::string& address : options.listen_addresses) {
    for (ListenSocket& socket : listen_on(address, options.address_setting)) {
      if (urls.empty() || urls.back() != socket.url()) {
        urls.push_back(socket.url());
      }
      sockets.push_back(std::move(socket));
    }
  }
  if (sockets.empty()) {
    throw Error(Reason::config, "cannot listen: no address is given");
  }
  std::string placeholders;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    placeholders += placeholders.empty() ? "127.0.0.1:0" : ",127.0.0.1:0";
  }
  mg_callbacks callbacks{};
  callbacks.begin_request = [](mg_connection* connection) {
    return of(connection).serve(connection);
  };
  callbacks.http_error = [](mg_connection* connection, int status, const char* text) {
    // civetweb's 413 is about the header, for which there is a status of its own.
    const int code = status == 413 ? 431 : status;
    mg_disable_connection_keep_alive(connection);
    of(connection).respond(connection, text_response(code, std::string(text) + "\n"), false);
    return 0;
  };
  callbacks.log_message = [](const mg_connection*, const char*) { return 1; };
  callbacks.init_context = [](const mg_context* starting) {
    Impl& impl = *static_cast<Impl*>(mg_get_user_data(starting));
    impl.listening = impl.hand_over_sockets(starting);
  };
  callbacks.init_connection = [](const mg_connection* connection, void**) {
    of(connection).connections.fetch_add(1, std::memory_order_relaxed);
    return 0;
  };
  callbacks.connection_closed = [](const mg_connection* connection) {
    of(connection).connections.fetch_sub(1, std::memory_order_relaxed);
  };
  const std::string threads = std::to_string(options.max_connections);
  const std::string idle = std::to_string(options.idle_timeout_ms);
  const std::string stalled = std::to_string(std::min(kHeaderTimeoutMs, options.send_timeout_ms));
  const std::array<const char*, 27> settings{"listening_ports",
                                             placeholders.c_str(),
                                             "num_threads",
                                             threads.c_str(),
                                             "connection_queue",
                                             "512",
                                             "listen_backlog",
                                             "1024",
                                             "tcp_nodelay",
                                             "1",
                                             "enable_keep_alive",
                                             "yes",
                                             "keep_alive_timeout_ms",
                                             idle.c_str(),
                                             "request_timeout_ms",
                                             stalled.c_str(),
                                             "max_request_size",
                                             "16384",
                                             "decode_url",
                                             "no",
                                             "enable_directory_listing",
                                             "no",
                                             "enable_auth_domain_check",
                                             "no",
                                             "allow_sendfile_call",
                                             "no",
                                             nullptr};
  context = mg_start(&callbacks, this, const_cast<const char**>(settings.data()));
  if (context == nullptr || !listening) {
    mg_stop(context);
    throw Error(Reason::io,
                "cannot start the HTTP server: no thread or no socket is left; raise "
                "the limits of processes and open files");
  }
}

HttpResponse text_response(int status, std::string text) {
  HttpResponse response;
  response.status = status;
  response.body = {std::make_shared<const std::string>(std::move(text))};
  return response;
}

HttpServer::HttpServer(HttpOptions options, std::vector<HttpRoute> routes)
    : impl_(std::make_unique<Impl>()) {
  std::signal(SIGPIPE, SIG_IGN);
  impl_->options = std::move(options);
  impl_->routes = std::move(routes);
  // It answers 0 when it cannot start; a server started nevertheless would crash later.
  if (mg_init_library(MG_FEATURES_FILES | MG_FEATURES_CACHE | MG_FEATURES_WEBSOCKET) == 0) {
    throw Error(Reason::io,
                "cannot start the HTTP server: the civetweb library does not "
                "initialize; reinstall libcivetweb1");
  }
  try {
    impl_->start();
  } catch (...) {
    mg_exit_library();
    throw;
  }
}

HttpServer::~HttpServer() {
  // Wakes civetweb's threads, which otherwise look only every two seconds whether they are to stop.
  for (const ListenSocket& socket : impl_->sockets) {
    socket.stop();
  }
  mg_stop(impl_->context);
  mg_exit_library();
}

std::vector<std::string> HttpServer::addresses() const { return impl_->urls; }

}  // namespace usage
