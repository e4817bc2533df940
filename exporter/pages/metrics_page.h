#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "exporter/base/clock.h"
#include "exporter/exposition/publisher.h"
#include "exporter/http/http_server.h"

namespace usage {

// The format and coding that a scraper asked for, negotiated as Prometheus does: by q-value; text
// 0.0.4 for anything that is not understood (RFC 9110 §12.5; OpenMetrics 1.0.0 §4.2).
Format negotiate_format(std::string_view accept);
bool accepts_gzip(std::string_view accept_encoding);

// GET /metrics: the current snapshot, then the exporter's own series. The own series are rendered
// and compressed at most once a second, however many scrape. Thread-safe.
class MetricsPage {
 public:
  // Both outlive the page. `self` is called at most once a second, by one thread at a time.
  MetricsPage(const Publisher& publisher, std::function<Metrics()> self, const Clock& clock);
  ~MetricsPage();

  HttpResponse get(const HttpRequest& request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace usage
