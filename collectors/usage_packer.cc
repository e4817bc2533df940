#include "collectors/usage_packer.h"

namespace usage {

namespace {

constexpr std::size_t kMostLeft = 3;

}  // namespace

Packer::Packer(bool threaded) {
  if (threaded) {
    thread_.emplace([this](const std::stop_token& stop) { work(stop); });
  }
}

Packer::~Packer() = default;

void Packer::pack(Bucket& bucket) {
  if (!thread_) {
    bucket.pack_users();
    return;
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return left_.size() < kMostLeft; });
  left_.push_back(&bucket);
  changed_.notify_all();
}

void Packer::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return left_.empty(); });
}

void Packer::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [&] { return !left_.empty(); }) && !stop.stop_requested()) {
    Bucket& bucket = *left_.front();
    lock.unlock();
    bucket.pack_users();
    lock.lock();
    left_.pop_front();
    changed_.notify_all();
  }
}

}  // namespace usage
