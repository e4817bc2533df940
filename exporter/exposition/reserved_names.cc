#include "exporter/exposition/reserved_names.h"

#include <algorithm>
#include <array>

namespace usage {

namespace {

constexpr std::array<std::string_view, 9> kPrometheusSeries{"up",
                                                            "ALERTS",
                                                            "ALERTS_FOR_STATE",
                                                            "scrape_duration_seconds",
                                                            "scrape_samples_scraped",
                                                            "scrape_samples_post_metric_relabeling",
                                                            "scrape_series_added",
                                                            "scrape_timeout_seconds",
                                                            "scrape_sample_limit"};

struct Reserved {
  std::string_view name;
  bool is_prefix;
  std::string_view why;
};

constexpr std::string_view kOwn =
    "names that begin with usage_exporter_ or process_ are the exporter's own";
constexpr std::string_view kPrometheus =
    "up, ALERTS, ALERTS_FOR_STATE and names that begin with scrape_ are Prometheus's own";

constexpr std::array<Reserved, 6> kReserved{{{"usage_exporter_", true, kOwn},
                                             {"process_", true, kOwn},
                                             {"up", false, kPrometheus},
                                             {"ALERTS", false, kPrometheus},
                                             {"ALERTS_FOR_STATE", false, kPrometheus},
                                             {"scrape_", true, kPrometheus}}};

}  // namespace

std::span<const std::string_view> prometheus_series() { return kPrometheusSeries; }

std::string_view why_reserved(const MetricFamily& family) {
  std::vector<std::string> names = series_names(family);
  names.push_back(family.name);
  for (const std::string& name : names) {
    const auto found =
        std::find_if(kReserved.begin(), kReserved.end(), [&](const Reserved& reserved) {
          return reserved.is_prefix ? name.starts_with(reserved.name) : name == reserved.name;
        });
    if (found != kReserved.end()) {
      return found->why;
    }
  }
  return {};
}

}  // namespace usage
