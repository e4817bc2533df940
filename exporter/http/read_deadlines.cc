#include "exporter/http/read_deadlines.h"

#include <algorithm>

#include "exporter/http/listen_socket.h"

namespace usage {

ReadDeadlines::ReadDeadlines() : thread_([this] { run(); }) {}

ReadDeadlines::~ReadDeadlines() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ReadDeadlines::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto now = Steady::now();
    auto next = Steady::time_point::max();
    for (Entry& entry : entries_) {
      if (!entry.over && entry.deadline <= now) {
        // Under the lock: as long as the entry stands, its descriptor is open and its own.
        entry.over = true;
        stop_client(entry.port, entry.peer_port);
      }
      next = entry.over ? next : std::min(next, entry.deadline);
    }
    if (next == Steady::time_point::max()) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, next);
    }
  }
}

ReadDeadlines::Watch::Watch(ReadDeadlines& owner, int port, int peer_port,
                            Steady::duration patience)
    : owner_(owner) {
  const auto deadline = Steady::now() + patience;
  bool first = false;
  {
    const std::scoped_lock lock(owner_.mutex_);
    // Waking the thread for each would cost more than the reading.
    first = std::all_of(owner_.entries_.begin(), owner_.entries_.end(), [&](const Entry& entry) {
      return entry.over || deadline < entry.deadline;
    });
    entry_ = owner_.entries_.insert(owner_.entries_.end(), {port, peer_port, deadline});
  }
  if (first) {
    owner_.changed_.notify_all();
  }
}

ReadDeadlines::Watch::~Watch() {
  const std::scoped_lock lock(owner_.mutex_);
  owner_.entries_.erase(entry_);
}

}  // namespace usage
