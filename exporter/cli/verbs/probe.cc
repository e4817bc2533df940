#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/cli/verbs/verbs.h"

namespace usage {

namespace {

constexpr timeval kTimeout{.tv_sec = 5, .tv_usec = 0};

struct Url {
  std::string host, port, path;
};

Url parse_url(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  std::string_view rest = url;
  if (!rest.starts_with(kScheme)) {
    throw Error(Reason::config, fmt::format("\"{}\" is not an http:// URL", url));
  }
  rest.remove_prefix(kScheme.size());
  const std::string_view authority = rest.substr(0, rest.find('/'));
  const std::string_view path = rest.substr(authority.size());
  const std::size_t colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
  std::string_view host = authority.substr(0, has_port ? colon : authority.size());
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  return {std::string(host), has_port ? std::string(authority.substr(colon + 1)) : "80",
          path.empty() ? "/" : std::string(path)};
}

class Socket {
 public:
  explicit Socket(const Url& url) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int failed = getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &found);
    if (failed != 0) {
      throw Error(Reason::unavailable, fmt::format("{}: {}", url.host, gai_strerror(failed)));
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
      fd_ = ::socket(at->ai_family, at->ai_socktype, at->ai_protocol);
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &kTimeout, sizeof kTimeout);
      ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &kTimeout, sizeof kTimeout);
      if (::connect(fd_, at->ai_addr, at->ai_addrlen) == 0) {
        return;
      }
      const int error = errno;
      ::close(fd_);
      if (at->ai_next == nullptr) {
        throw Error(Reason::unavailable, fmt::format("cannot connect to {}:{}: {}", url.host,
                                                     url.port, strerror(error)));
      }
    }
  }
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  std::string exchange(const std::string& request) const {
    if (::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
      throw Error(Reason::unavailable, fmt::format("cannot send the request: {}", strerror(errno)));
    }
    std::string answer(512, '\0');
    const ssize_t size = ::recv(fd_, answer.data(), answer.size(), 0);
    if (size <= 0) {
      throw Error(Reason::unavailable, "no answer within 5 seconds");
    }
    answer.resize(static_cast<std::size_t>(size));
    return answer;
  }

 private:
  int fd_ = -1;
};

}  // namespace

int run_probe(const Flags& flags) {
  const Url url = parse_url(flags.url);
  const std::string answer = Socket(url).exchange(
      fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", url.path, url.host));
  const std::string status = answer.substr(0, answer.find("\r\n"));
  std::puts(status.c_str());
  return status.starts_with("HTTP/1.1 200") ? 0 : 1;
}

}  // namespace usage
