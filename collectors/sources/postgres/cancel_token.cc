#include "collectors/sources/postgres/cancel_token.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "exporter/base/error.h"

namespace usage::postgres {

CancelToken::CancelToken() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) {
    throw Error(Reason::io, "no file descriptor left for a source; raise the limit (ulimit -n)");
  }
}

CancelToken::~CancelToken() { ::close(descriptor_); }

void CancelToken::raise() noexcept { ::eventfd_write(descriptor_, 1); }

bool CancelToken::raised() const {
  pollfd wanted{descriptor_, POLLIN, 0};
  return ::poll(&wanted, 1, 0) > 0;
}

}  // namespace usage::postgres
