#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "collectors/events/group_commit.h"
#include "collectors/events/ingest/ingest_request.h"
#include "exporter/base/clock.h"
#include "exporter/base/log.h"
#include "exporter/config/config.h"
#include "exporter/http/http_server.h"
#include "exporter/ingest/ingest_metrics.h"

namespace usage {

// Receives the events that clients send to one address. Thread-safe.
class Ingest {
 public:
  struct Source {
    std::string name;
    IngestConfig config;
    EventFilter kept;
  };
  // All of them outlive this.
  struct Services {
    GroupCommit& commit;
    IngestMetrics& metrics;
    const Clock& clock;
    Log& log;
  };

  // At least one source.
  Ingest(std::vector<Source> sources, const Services& services);

  // The functions of an HttpRoute. `type` is that of calls that do not give one.
  std::variant<std::size_t, HttpResponse> admit(const HttpRequest& request) const;
  HttpResponse answer(const HttpRequest& request, std::string_view type);
  void finish(const HttpRequest& request, HttpResponse& response) const;

 private:
  struct Taken {
    const Source* source;
    IngestItems items;
  };

  const Source* source_of(std::string_view key) const;
  bool allows_origin(std::string_view origin, const Source* source) const;
  Taken read(const HttpRequest& request, std::string_view type);
  void note_failure(const char* why);

  const std::vector<Source> sources_;
  const Services services_;
  std::size_t max_batch_bytes_ = 0;

  // Kept for reuse: each holds several times the longest batch.
  std::mutex mutex_;  // guards what follows
  std::condition_variable returned_;
  std::vector<std::unique_ptr<IngestReader>> readers_;
  Instant warned_{};
};

// The paths that clients send to, for one address. `current` is called for every request; it
// returns the Ingest of the config in use, or nullptr.
std::vector<HttpRoute> ingest_routes(const std::function<std::shared_ptr<Ingest>()>& current);

}  // namespace usage
