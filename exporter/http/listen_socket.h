#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace usage {

// A bound TCP socket with a backlog; owns the descriptor.
class ListenSocket {
 public:
  ListenSocket(int fd, std::string url) : fd_(fd), url_(std::move(url)) {}
  ~ListenSocket();
  ListenSocket(ListenSocket&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), url_(std::move(other.url_)) {}
  ListenSocket& operator=(ListenSocket&&) = delete;

  // Replaces the socket of this process that listens on this port of 127.0.0.1, keeping its
  // descriptor. False if there is none, or no descriptor is left.
  bool replace_listener(int port) const;

  // Stops accepting, wakes threads blocked in accept(), and shuts down the read side of open
  // connections, so that idle keep-alive connections end. Responses in progress complete.
  void stop() const;

  const std::string& url() const { return url_; }  // host:port, as in a URL

 private:
  int fd_;
  std::string url_;
};

// Shuts down the read side of the connection from this client port to our port; responses go on.
// Stops all clients with that port if machines share it, and all clients of our port if none has
// it.
void stop_client(int port, int peer_port);

// The sockets of one --web.listen-address: "host:port", "[::1]:9108", or ":9108" for every
// interface: one for IPv4 and, where the machine has it, one for IPv6. With port 0 the system
// chooses one port for all. Throws Error(config) when the text is not an address, and Error(io),
// which names `setting`, when the machine cannot listen there.
std::vector<ListenSocket> listen_on(const std::string& address, std::string_view setting);

}  // namespace usage
