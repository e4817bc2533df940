#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "exporter/base/gzip.h"
#include "exporter/exposition/metric.h"
#include "exporter/exposition/text_format.h"

namespace usage {

// The page at one moment, without the exporter's own series. Immutable, and shared by all scrapes
// of that moment. The first request for a form of the text makes it. Thread-safe.
class Snapshot {
 public:
  // One job's share of a family, in both formats. Immutable.
  struct Block {
    std::string text_header, openmetrics_header;
    std::string samples;                             // of both formats,
    std::optional<std::string> openmetrics_samples;  // unless they differ
  };
  // By the family's name; jobs that share one in the order of their keys.
  using Families = std::map<std::string, std::vector<std::shared_ptr<const Block>>>;

  explicit Snapshot(Families families) : families_(std::move(families)) {}

  // The page without "# EOF". Large blocks are shared with the jobs' results, not copied.
  const SharedBuffers& text(Format format) const;
  const GzipStart& compressed(Format format) const;

  // True if the family has any series.
  bool has(const std::string& family) const { return families_.contains(family); }

 private:
  struct Rendering {
    std::once_flag assembled, compressed;
    SharedBuffers text;
    GzipStart gzip;
  };

  Families families_;
  mutable std::array<Rendering, 2> renderings_;
};

// Merges what the jobs found into snapshots. Thread-safe.
class Publisher {
 public:
  struct Key {
    std::string collector;
    std::string source;
    auto operator<=>(const Key&) const = default;
  };

  Publisher();

  // Replaces the whole set of one job: what it no longer has is gone. Renders in the caller's
  // thread, outside the lock. Families of the same name from several keys are merged into one; they
  // agree in everything but samples (checked at load).
  void replace(const Key& key, const Metrics& metrics);

  // Takes a job's set off the page. Unknown keys are ignored.
  void drop(const Key& key);

  // Never null; the empty page at first. A mutex and a pointer copy.
  std::shared_ptr<const Snapshot> snapshot() const;

 private:
  void publish();

  mutable std::mutex mutex_;
  std::map<Key, Snapshot::Families> jobs_;
  std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace usage
