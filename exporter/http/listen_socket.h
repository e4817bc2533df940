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

  // Whatever listens on this port of 127.0.0.1 in this process listens on this socket instead, by
  // the same descriptor. False: there is nothing, or no descriptor is left.
  bool replace_listener(int port) const;

  // Refuses new connections from now on, wakes whoever waits for one, and lets no client of the
  // port send anything more: who waits for a kept-alive one's next request stops waiting. Responses
  // under way go on.
  void stop() const;

  const std::string& url() const { return url_; }  // host:port, as in a URL

 private:
  int fd_;
  std::string url_;
};

// Lets the client with this port send nothing more on its connection to a port of ours; responses
// go on. Two clients on different machines may have the same port: then both are stopped, and all
// of our port's are when none has it.
void stop_client(int port, int peer_port);

// The sockets of one --web.listen-address: "host:port", "[::1]:9108", or ":9108" for every
// interface, which is one for IPv4 and, where the machine has it, one for IPv6. With port 0 the
// system chooses one, the same for all. Throws Error(config) when the text is no address, Error(io)
// when the machine cannot listen there; it names `setting` as where to choose another.
std::vector<ListenSocket> listen_on(const std::string& address, std::string_view setting);

}  // namespace usage
