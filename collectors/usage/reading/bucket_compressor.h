#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "collectors/facts/feature_facts.h"

namespace usage {

// Packs buckets whose rows seem complete, in a thread of its own, while the next rows come. Belongs
// to one thread. Whatever the packing throws, such as std::bad_alloc, is thrown by the next call.
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
  void wait(std::size_t most_left);
  void pack_all(const std::stop_token& stop);
  void work(const std::stop_token& stop);

  const FeatureShape& shape_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Left> left_;
  bool packing_ = false;
  std::map<Instant, FreshBucket> packed_;
  std::exception_ptr failure_;  // of the thread, which has ended then
  std::optional<std::jthread> thread_;
};

}  // namespace usage
