#include "exporter/http/http_client.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string_view>
#include <system_error>

#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/strings.h"

namespace usage {

namespace {

constexpr std::size_t kLongestLine = 1024;

struct Url {
  std::string authority, host, port, path;
};

Url parse_url(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  const std::string_view rest = std::string_view(url).substr(std::min(url.size(), kScheme.size()));
  const std::string_view authority = rest.substr(0, rest.find('/'));
  const std::string_view path = rest.substr(authority.size());
  const std::size_t colon = authority.rfind(':');
  const bool has_port = colon != std::string_view::npos &&  // not one of [::1]
                        authority.find(']', colon) == std::string_view::npos;
  std::string_view host = authority.substr(0, has_port ? colon : authority.size());
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  // Nothing that could end the request's line or begin another header.
  const bool plain =
      std::ranges::none_of(url, [](unsigned char c) { return c <= ' ' || c == 127; });
  if (!url.starts_with(kScheme) || host.empty() || !plain) {
    throw Error(Reason::config, fmt::format("\"{}\" is not an http:// URL", url));
  }
  return {std::string(authority), std::string(host),
          has_port ? std::string(authority.substr(colon + 1)) : "80",
          path.empty() ? "/" : std::string(path)};
}

std::string message_of(int error) { return std::generic_category().message(error); }

// A connection that waits no longer than the deadline.
class Socket {
 public:
  Socket(const addrinfo& address, Deadline deadline)
      : fd_(::socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                     address.ai_protocol)),
        deadline_(deadline) {
    error_ = fd_ < 0 || (::connect(fd_, address.ai_addr, address.ai_addrlen) != 0 &&
                         errno != EINPROGRESS)
                 ? errno
                 : 0;
    if (error_ == 0 && (error_ = wait_for(POLLOUT)) == 0) {
      socklen_t size = sizeof error_;
      ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error_, &size);
    }
  }
  ~Socket() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int error() const { return error_; }  // errno of what failed first; 0: nothing did

  void send(std::string_view text) {
    while (error_ == 0 && !text.empty()) {
      const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        text.remove_prefix(static_cast<std::size_t>(sent));
      } else {
        error_ = errno == EAGAIN ? wait_for(POLLOUT) : errno;
      }
    }
  }

  // Up to the first line feed; what came so far at the end of the stream or after a failure.
  std::string receive_line() {
    std::string line;
    std::array<char, kLongestLine> buffer{};
    while (error_ == 0 && line.find('\n') == std::string::npos && line.size() < kLongestLine) {
      const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
      if (got == 0) {
        break;
      }
      if (got > 0) {
        line.append(buffer.data(), static_cast<std::size_t>(got));
      } else {
        error_ = errno == EAGAIN ? wait_for(POLLIN) : errno;
      }
    }
    return std::string(trim(line.substr(0, line.find('\n'))));
  }

 private:
  int wait_for(short events) const {
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(
          deadline_ - std::chrono::steady_clock::now());
      if (left.count() <= 0) {
        return ETIMEDOUT;
      }
      pollfd wanted{fd_, events, 0};
      const int ready = ::poll(
          &wanted, 1, static_cast<int>(std::min<std::int64_t>(left.count(), std::int64_t{60'000})));
      if (ready > 0) {
        return 0;
      }
      if (ready < 0 && errno != EINTR) {
        return errno;
      }
    }
  }

  const int fd_;
  const Deadline deadline_;
  int error_ = 0;
};

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Addresses addresses_of(const Url& url) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &found);
  if (failed != 0) {
    throw Error(Reason::unavailable, fmt::format("{}: {}", url.host, gai_strerror(failed)));
  }
  return {found, freeaddrinfo};
}

// "HTTP/1.1 200 OK" → 200; nullopt for anything else.
std::optional<int> code_in(std::string_view line) {
  constexpr std::string_view kStart = "HTTP/1.1 ";
  return line.starts_with("HTTP/1.") && line.size() >= kStart.size() + 3
             ? parse_number<int>(line.substr(kStart.size(), 3))
             : std::nullopt;
}

}  // namespace

HttpStatus http_get(const std::string& url, Deadline deadline) {
  const Url parsed = parse_url(url);
  const Addresses addresses = addresses_of(parsed);
  int error = 0;
  for (const addrinfo* at = addresses.get(); at != nullptr; at = at->ai_next) {
    Socket socket(*at, deadline);
    if ((error = socket.error()) != 0) {
      continue;
    }
    socket.send(fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", parsed.path,
                            parsed.authority));
    HttpStatus status{0, socket.receive_line()};
    const auto code = code_in(status.line);
    if (!code) {
      throw Error(Reason::unavailable,
                  fmt::format("{}:{}: {}", parsed.host, parsed.port,
                              socket.error() == 0 ? "the answer is not HTTP"
                                                  : "no answer: " + message_of(socket.error())));
    }
    status.code = *code;
    return status;
  }
  throw Error(Reason::unavailable, fmt::format("cannot connect to {}:{}: {}", parsed.host,
                                               parsed.port, message_of(error)));
}

}  // namespace usage
