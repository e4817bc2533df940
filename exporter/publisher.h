#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "exporter/metric.h"
#include "exporter/render_text.h"

namespace usage {

// The page as it was at one moment: immutable, shared by every scrape that got it. Text and its
// compressed form are made on first demand, once, whoever asks first; thread-safe.
class Snapshot;

// Merges what the jobs found into snapshots. Thread-safe.
class Publisher {
 public:
  struct Key {
    std::string collector;
    std::string source;
    auto operator<=>(const Key&) const = default;
  };

  Publisher();
  ~Publisher();

  // Replaces the whole set of one job: what it no longer has is gone. Renders in the caller's
  // thread, outside the lock. Families of the same name from several keys are merged into one; they
  // agree in everything but samples (checked at load).
  void replace(const Key& key, const Metrics& metrics);

  // Takes a job's set off the page. Unknown keys are ignored.
  void drop(const Key& key);

  // Never null; the empty page at first. A mutex and a pointer copy.
  std::shared_ptr<const Snapshot> snapshot() const;

 private:
  struct Block;  // one job's rendered families
  void swap_in(const Key& key, std::shared_ptr<const Block> block);

  mutable std::mutex mutex_;
  std::map<Key, std::shared_ptr<const Block>> blocks_;
  std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace usage
