#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "collectors/events/ingest/ingest_request.h"
#include "exporter/exposition/metric.h"

namespace usage {

// Counts the requests and events that ingest sources accepted and refused (docs/METRICS.md lists
// the series). Counters survive reloads. Thread-safe.
class IngestMetrics {
 public:
  explicit IngestMetrics(Instant started) : started_(started) {}

  // Adds the series of this source, at 0. No effect if they exist.
  void add_source(const std::string& source);

  void answered(int status_code);
  void took(double seconds);  // time to read a body's events and to store them
  // Counts the items of one request after they were stored: `fresh` new events and `duplicates`.
  void stored(const std::string& source, const IngestItems& items, std::uint64_t fresh,
              std::uint64_t duplicates);

  Metrics metrics() const;  // none without a source

  // Every family that metrics() can have. Ignore their samples.
  static Metrics describe();

 private:
  struct Source {
    std::uint64_t stored = 0, duplicates = 0, other = 0;
    std::array<std::uint64_t, kIngestRefusals.size()> refused{};
    std::array<std::uint64_t, kIngestUsers.size()> users{};
    std::array<std::uint64_t, kIngestTimes.size()> times{};
  };

  const Instant started_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<int, std::uint64_t> requests_;
  std::map<std::string, Source> sources_;
  std::vector<std::uint64_t> took_;  // requests by bucket, the last without bound
  double took_sum_ = 0;
};

}  // namespace usage
