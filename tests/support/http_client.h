#pragma once

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "exporter/http/http_server.h"

namespace usage {

// A client that shows every byte.
class Client {
 public:
  // `receive_buffer`: 0 for the system's default.
  explicit Client(const std::string& address, int receive_buffer = 0) {
    const auto colon = address.rfind(':');
    std::string host = address.substr(0, colon);
    if (host.starts_with('[')) {
      host = host.substr(1, host.size() - 2);
    }
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* info = nullptr;
    if (getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &info) != 0) {
      throw std::runtime_error("no such host");
    }
    fd_ = socket(info->ai_family, SOCK_STREAM, 0);
    if (receive_buffer > 0) {
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    }
    const timeval patience{60, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    const int result = connect(fd_, info->ai_addr, info->ai_addrlen);
    freeaddrinfo(info);
    if (result != 0) {
      throw std::runtime_error("cannot connect");
    }
  }
  ~Client() { close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(const std::string& text) const { ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }

  void end() const { shutdown(fd_, SHUT_WR); }

  // What comes until the server closes.
  std::string read_all() {
    while (receive(65536)) {
    }
    return std::exchange(received_, {});
  }

  // One response, by its Content-Length; the connection stays open.
  std::string read_one(bool has_body = true) {
    std::size_t head = std::string::npos;
    while ((head = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive(65536)) {
        return std::exchange(received_, {});
      }
    }
    std::size_t size = head + 4;
    if (has_body) {
      size += std::stoul(received_.substr(received_.find("Content-Length: ") + 16));
    }
    while (received_.size() < size && receive(65536)) {
    }
    const std::string response = received_.substr(0, size);
    received_.erase(0, size);
    return response;
  }

  // False at the end, or when nothing came for long.
  bool receive(std::size_t most) {
    std::string buffer(most, ' ');
    const auto count = recv(fd_, buffer.data(), buffer.size(), 0);
    if (count <= 0) {
      return false;
    }
    received_.append(buffer, 0, static_cast<std::size_t>(count));
    return true;
  }

 private:
  int fd_ = -1;
  std::string received_;
};

inline std::string request(std::string_view method, std::string_view path,
                           std::string_view headers = "") {
  return std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n" +
         std::string(headers) + "\r\n";
}

inline HttpOptions loopback() {
  HttpOptions options;
  options.listen_addresses = {"127.0.0.1:0"};
  return options;
}

inline std::string ask(const HttpServer& server, const std::string& text) {
  Client client(server.addresses().front());
  client.send(text);
  return client.read_one(!text.starts_with("HEAD"));
}

}  // namespace usage
