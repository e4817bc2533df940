#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "collectors/sources/postgres_connection.h"
#include "exporter/error.h"

namespace usage::postgres {

Alarm::Alarm() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) {
    throw Error(Reason::io, "no file descriptor left for a source; raise the limit (ulimit -n)");
  }
}

Alarm::~Alarm() { ::close(descriptor_); }

void Alarm::raise() noexcept { ::eventfd_write(descriptor_, 1); }

bool Alarm::raised() const {
  pollfd wanted{descriptor_, POLLIN, 0};
  return ::poll(&wanted, 1, 0) > 0;
}

}  // namespace usage::postgres
