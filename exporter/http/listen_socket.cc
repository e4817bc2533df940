#include "exporter/http/listen_socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>

#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/strings.h"

namespace usage {

namespace {

constexpr int kBacklog = 1024;

struct HostPort {
  std::string host;  // empty: every interface
  std::uint16_t port = 0;
};

HostPort parse(const std::string& address) {
  const auto colon = address.rfind(':');
  HostPort result;
  bool valid = colon != std::string::npos;
  if (valid) {
    const auto port = parse_number<std::uint16_t>(std::string_view(address).substr(colon + 1));
    valid = port.has_value();
    result.port = port.value_or(0);
    result.host = address.substr(0, colon);
    if (result.host.size() > 2 && result.host.front() == '[' && result.host.back() == ']') {
      result.host = result.host.substr(1, result.host.size() - 2);
    } else {
      valid = valid && result.host.find_first_of(":[] ") == std::string::npos;
    }
  }
  if (!valid) {
    throw Error(
        Reason::config,
        fmt::format("cannot listen on \"{}\": not an address; write host:port, [IPv6]:port, or "
                    ":port for every interface",
                    address));
  }
  return result;
}

[[noreturn]] void fail(const std::string& address, std::string_view setting,
                       const std::string& why) {
  throw Error(Reason::io, fmt::format("cannot listen on \"{}\": {}; choose another address with {}",
                                      address, why, setting));
}

std::uint16_t port_of(int fd) {
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size);
  // The port stands at the same place in both families.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
}

std::string numeric_host(const addrinfo& info) {
  std::array<char, NI_MAXHOST> host{};
  getnameinfo(info.ai_addr, info.ai_addrlen, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST);
  const std::string text = host.data();
  return info.ai_family == AF_INET6 ? "[" + text + "]" : text;
}

// -1 and errno when the machine refuses.
int open_socket(const addrinfo& info, std::uint16_t port) {
  const int fd = socket(info.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    return -1;
  }
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (info.ai_family == AF_INET6) {
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  }
  reinterpret_cast<sockaddr_in*>(info.ai_addr)->sin_port = htons(port);
  if (bind(fd, info.ai_addr, info.ai_addrlen) != 0 || listen(fd, kBacklog) != 0) {
    const int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  return fd;
}

// Every descriptor of this process. Not every number up to the limit: that may be a billion.
std::vector<int> descriptors() {
  std::vector<int> found;
  std::error_code failed;  // when no descriptor is left to list them with, for example
  for (std::filesystem::directory_iterator at("/proc/self/fd", failed), end; !failed && at != end;
       at.increment(failed)) {
    const std::string name = at->path().filename().string();
    found.push_back(parse_number<int>(name).value_or(-1));
  }
  return found;
}

bool listens(int fd) {
  int yes = 0;
  socklen_t size = sizeof(yes);
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &size) == 0 && yes != 0;
}

// 0 when it is not connected.
std::uint16_t peer_port_of(int fd) {
  sockaddr_storage peer{};
  socklen_t size = sizeof(peer);
  return getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0
             ? ntohs(reinterpret_cast<const sockaddr_in*>(&peer)->sin_port)
             : 0;
}

// The descriptor that listens on this port of 127.0.0.1, or -1.
int descriptor_of(int port) {
  for (const int fd : descriptors()) {
    sockaddr_in bound{};
    socklen_t size = sizeof(bound);
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) == 0 &&
        bound.sin_family == AF_INET && ntohs(bound.sin_port) == port && listens(fd)) {
      return fd;
    }
  }
  return -1;
}

constexpr int kAny = 0;

// False when there is none.
bool stop_clients(int port, int peer_port) {
  bool found = false;
  for (const int fd : descriptors()) {
    const int peer = port_of(fd) == port ? peer_port_of(fd) : 0;
    if (peer != 0 && (peer_port == kAny || peer == peer_port)) {
      shutdown(fd, SHUT_RD);
      found = true;
    }
  }
  return found;
}

}  // namespace

ListenSocket::~ListenSocket() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

bool ListenSocket::replace_listener(int port) const {
  const int placeholder = descriptor_of(port);
  return placeholder >= 0 && dup3(fd_, placeholder, O_CLOEXEC) >= 0;
}

void ListenSocket::stop() const {
  shutdown(fd_, SHUT_RDWR);
  stop_clients(port_of(fd_), kAny);
}

void stop_client(int port, int peer_port) {
  if (!stop_clients(port, peer_port)) {
    stop_clients(port, kAny);
  }
}

std::vector<ListenSocket> listen_on(const std::string& address, std::string_view setting) {
  const HostPort wanted = parse(address);
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const char* const host = wanted.host.empty() ? nullptr : wanted.host.c_str();
  if (const int error = getaddrinfo(host, "0", &hints, &list); error != 0) {
    fail(address, setting, gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, &freeaddrinfo);

  std::vector<ListenSocket> sockets;
  std::uint16_t port = wanted.port;
  int refused = 0;
  // IPv4 first, for it is what a port chosen by the system must be free in.
  for (const int family : {AF_INET, AF_INET6}) {
    for (const addrinfo* info = list; info != nullptr; info = info->ai_next) {
      if (info->ai_family != family) {
        continue;
      }
      const int fd = open_socket(*info, port);
      if (fd >= 0) {
        port = port_of(fd);
        const std::string name = wanted.host.empty() ? "localhost" : numeric_host(*info);
        sockets.emplace_back(fd, fmt::format("{}:{}", name, port));
      } else if (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL) {
        fail(address, setting, strerrordesc_np(errno));
      } else {
        refused = errno;
      }
    }
  }
  if (sockets.empty()) {
    fail(address, setting, strerrordesc_np(refused));
  }
  return sockets;
}

}  // namespace usage
