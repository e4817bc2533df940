#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "collectors/facts/bucket.h"

namespace usage {

// Packs the users of buckets whose rows seem complete, in a thread of its own, while the next rows
// come. Belongs to one thread.
class Packer {
 public:
  // Without `threaded`, pack() does it at once: a thread is not worth a few rows.
  explicit Packer(bool threaded);
  ~Packer();  // gives up what is not packed yet
  Packer(const Packer&) = delete;
  Packer& operator=(const Packer&) = delete;

  // Until wait(), nobody else touches the bucket. Waits itself when several are left to do, because
  // they take more memory than packed ones.
  void pack(Bucket& bucket);
  // Until all are packed.
  void wait();

 private:
  void work(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Bucket*> left_;  // the first is being packed
  std::optional<std::jthread> thread_;
};

}  // namespace usage
