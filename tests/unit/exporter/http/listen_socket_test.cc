#include "exporter/http/listen_socket.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace usage {
namespace {

// No new descriptor for this process while it lives.
class NoDescriptorLeft {
 public:
  NoDescriptorLeft() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptorLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptorLeft(const NoDescriptorLeft&) = delete;
  NoDescriptorLeft& operator=(const NoDescriptorLeft&) = delete;

 private:
  rlimit before_{};
};

TEST(ListenSocket, StopsWithoutADescriptorLeft) {
  const std::vector<ListenSocket> sockets = listen_on("127.0.0.1:0", "--flag");
  const NoDescriptorLeft none;
  EXPECT_NO_THROW(sockets.front().stop());
  EXPECT_FALSE(sockets.front().replace_listener(1));
}

}  // namespace
}  // namespace usage
