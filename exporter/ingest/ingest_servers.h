#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "collectors/events/group_commit.h"
#include "exporter/config/config.h"
#include "exporter/http/http_server.h"
#include "exporter/ingest/ingest.h"
#include "exporter/ingest/ingest_metrics.h"

namespace usage {

// Serves the ingest sources of the config in use, each at the address that it names or at the
// exporter's own.
class IngestServers {
 public:
  // `journal` opens the journal at its first use and throws when it cannot. All outlive this.
  IngestServers(std::function<Journal&()> journal, const Clock& clock, Log& log);

  // Routes for the exporter's own addresses; 404 while no source is served there.
  std::vector<HttpRoute> routes();

  // Serves the sources of `config` instead of those before; `kept` gives the filter of a source's
  // events. Throws Error when an address is taken or the journal cannot be opened; then everything
  // stays as it was. One thread at a time.
  void replace(const Config& config, const std::function<EventFilter(const SourceConfig&)>& kept);

  const IngestMetrics& metrics() const { return metrics_; }

 private:
  // What is served at one address; a reload may swap it while requests come in.
  using Place = std::atomic<std::shared_ptr<Ingest>>;
  struct Served {
    std::shared_ptr<Place> place;
    std::unique_ptr<HttpServer> server;
  };

  std::map<std::string, std::shared_ptr<Ingest>> ingests(
      const Config& config, const std::function<EventFilter(const SourceConfig&)>& kept);

  const std::function<Journal&()> journal_;
  const Clock& clock_;
  Log& log_;
  IngestMetrics metrics_;
  GroupCommit commit_;
  const std::shared_ptr<Place> own_ = std::make_shared<Place>();
  std::map<std::string, Served> served_;  // by address
};

}  // namespace usage
