#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <map>
#include <optional>
#include <thread>

#include "collectors/facts/feature_facts.h"
#include "exporter/base/mutex.h"

namespace usage {

// Packs buckets whose rows seem complete, in a thread of its own, while the next rows come. Belongs
// to one thread.
class BucketCompressor {
 public:
  // The shape outlives the compressor. Without `threaded`, pack() does it at once: a thread is not
  // worth a few rows.
  BucketCompressor(const FeatureShape& shape, bool threaded);
  ~BucketCompressor();  // gives up what is not packed yet
  BucketCompressor(const BucketCompressor&) = delete;
  BucketCompressor& operator=(const BucketCompressor&) = delete;

  // Waits when several are left to do, because they take more memory than packed ones.
  void pack(Instant start, Bucket bucket);
  // What was given to pack(), which is then the caller's again; nullopt: nothing was.
  std::optional<Bucket> take_back(Instant start);
  // All that was packed.
  std::map<Instant, FreshBucket> finish();

 private:
  struct Left {
    Instant start;
    Bucket bucket;
  };
  // Waits until at most so many are left; rethrows what ended the thread.
  void wait(MutexLock& lock, std::size_t most_left) REQUIRES(mutex_);
  void pack_all(const std::stop_token& stop);
  void work(const std::stop_token& stop);

  const FeatureShape& shape_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Left> left_ GUARDED_BY(mutex_);
  bool packing_ GUARDED_BY(mutex_) = false;
  std::map<Instant, FreshBucket> packed_ GUARDED_BY(mutex_);
  std::exception_ptr failure_ GUARDED_BY(mutex_);  // ended the thread
  std::optional<std::jthread> thread_;
};

}  // namespace usage
