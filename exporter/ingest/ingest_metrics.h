#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "collectors/events/ingest/ingest_request.h"
#include "exporter/exposition/metric.h"

namespace usage {

// What the ingest sources of the process took in and turned away (docs/METRICS.md lists the
// series). Counts over reloads. Thread-safe.
class IngestMetrics {
 public:
  explicit IngestMetrics(Instant started) : started_(started) {}

  // From then on there are series of this source, with 0 where nothing was counted yet.
  void add_source(const std::string& source);

  void answered(int status_code);
  void took(double seconds);  // to read the body's events and to store them
  // What one request's body held, once it is stored: so many new events, and others' duplicates.
  void stored(const std::string& source, const IngestItems& items, std::uint64_t fresh,
              std::uint64_t duplicates);

  Metrics metrics() const;  // none without a source

  // Every family that metrics() can have; their samples mean nothing.
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
