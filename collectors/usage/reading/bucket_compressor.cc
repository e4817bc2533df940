#include "collectors/usage/reading/bucket_compressor.h"

#include <utility>

#include "exporter/base/thread_priority.h"

namespace usage {

namespace {

constexpr std::size_t kMostLeft = 3;

}  // namespace

BucketCompressor::BucketCompressor(const FeatureShape& shape, bool threaded) : shape_(shape) {
  if (threaded) {
    thread_.emplace([this](const std::stop_token& stop) { work(stop); });
  }
}

BucketCompressor::~BucketCompressor() = default;

void BucketCompressor::pack(Instant start, Bucket bucket) {
  MutexLock lock(mutex_);
  if (!thread_) {
    packed_.try_emplace(start, std::move(bucket), shape_);
    return;
  }
  wait(lock, kMostLeft);
  left_.push_back({start, std::move(bucket)});
  changed_.notify_all();
}

std::optional<Bucket> BucketCompressor::take_back(Instant start) {
  MutexLock lock(mutex_);
  wait(lock, 0);
  const auto packed = packed_.extract(start);
  return packed ? std::optional(packed.mapped().packed.unpacked(shape_)) : std::nullopt;
}

std::map<Instant, FreshBucket> BucketCompressor::finish() {
  MutexLock lock(mutex_);
  wait(lock, 0);
  return std::exchange(packed_, {});
}

void BucketCompressor::wait(MutexLock& lock, std::size_t most_left) {
  while (!failure_ && left_.size() + (packing_ ? 1 : 0) > most_left) {
    changed_.wait(lock);
  }
  if (failure_) {
    std::rethrow_exception(failure_);
  }
}

void BucketCompressor::work(const std::stop_token& stop) {
  make_batch_thread();
  try {
    pack_all(stop);
  } catch (...) {
    const MutexLock lock(mutex_);
    failure_ = std::current_exception();
    changed_.notify_all();
  }
}

void BucketCompressor::pack_all(const std::stop_token& stop) {
  MutexLock lock(mutex_);
  while (changed_.wait(lock, stop, [&]() REQUIRES(mutex_) { return !left_.empty(); }) &&
         !stop.stop_requested()) {
    Left next = std::move(left_.front());
    left_.pop_front();
    packing_ = true;
    lock.unlock();
    // NOLINTNEXTLINE(misc-const-correctness): it is moved from.
    FreshBucket packed(std::move(next.bucket), shape_);
    lock.lock();
    packed_.try_emplace(next.start, std::move(packed));
    packing_ = false;
    changed_.notify_all();
  }
}

}  // namespace usage
