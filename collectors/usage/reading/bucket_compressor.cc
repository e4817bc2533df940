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
  while (left_.size() >= kMostLeft) {
    changed_.wait(lock);
  }
  left_.push_back({start, std::move(bucket)});
  changed_.notify_all();
}

std::optional<Bucket> BucketCompressor::take_back(Instant start) {
  MutexLock lock(mutex_);
  wait(lock);
  const auto packed = packed_.extract(start);
  return packed ? std::optional(packed.mapped().packed.unpacked(shape_)) : std::nullopt;
}

std::map<Instant, FreshBucket> BucketCompressor::finish() {
  MutexLock lock(mutex_);
  wait(lock);
  return std::exchange(packed_, {});
}

void BucketCompressor::wait(MutexLock& lock) {
  while (!left_.empty() || packing_) {
    changed_.wait(lock);
  }
}

void BucketCompressor::work(const std::stop_token& stop) {
  make_batch_thread();
  MutexLock lock(mutex_);
  while (changed_.wait(lock, stop, [&]() REQUIRES(mutex_) { return !left_.empty(); }) &&
         !stop.stop_requested()) {
    Left next = std::move(left_.front());
    left_.pop_front();
    packing_ = true;
    lock.unlock();
    FreshBucket packed(std::move(next.bucket), shape_);
    lock.lock();
    packed_.try_emplace(next.start, std::move(packed));
    packing_ = false;
    changed_.notify_all();
  }
}

}  // namespace usage
