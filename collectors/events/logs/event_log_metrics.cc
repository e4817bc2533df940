// The part of event_log_tailer.h that tells how the reading goes.
#include <algorithm>
#include <string_view>
#include <utility>

#include "collectors/events/logs/tailed_file.h"

namespace usage {

namespace {

constexpr std::string_view kLines = "usage_log_lines_total";
constexpr std::string_view kReadBytesTotal = "usage_log_read_bytes_total";
constexpr std::string_view kLostBytesTotal = "usage_log_lost_bytes_total";
constexpr std::string_view kTruncationsTotal = "usage_log_truncations_total";
constexpr std::string_view kLagBytes = "usage_log_lag_bytes";
constexpr std::string_view kLastLineTime = "usage_log_last_line_timestamp_seconds";
constexpr std::string_view kStartTime = "usage_log_start_timestamp_seconds";

MetricFamily family_of(std::string_view name, std::string help, std::string unit, MetricType type,
                       std::vector<std::string> labels = {"source"}) {
  MetricFamily family;
  family.name = name;
  family.help = std::move(help);
  family.unit = std::move(unit);
  family.type = type;
  family.label_names = std::move(labels);
  return family;
}

}  // namespace

Metrics describe_log_reading() {
  constexpr auto kCounter = MetricType::counter;
  constexpr auto kGauge = MetricType::gauge;
  return {
      family_of(kLines,
                "Lines read from the logs of this source, by what they are: an event that a "
                "feature reads, other, an event without a time that is understood (no_time), no "
                "JSON object (invalid), or too_long.",
                "", kCounter, {"source", "result"}),
      family_of(kReadBytesTotal,
                "Bytes of log text that were read, each once; of compressed files inflated.",
                "bytes", kCounter),
      family_of(kLostBytesTotal,
                "Bytes that were seen in a log and vanished before they were read.", "bytes",
                kCounter),
      family_of(kTruncationsTotal,
                "Times a log file was found emptied, cut or written anew in place.", "", kCounter),
      family_of(kLagBytes, "Bytes on the disk that are not read yet, as of the last refresh.",
                "bytes", kGauge),
      family_of(kLastLineTime, "When a line was last read from the logs of this source.", "seconds",
                kGauge),
      family_of(kStartTime,
                "When the logs of this source were first read: the counters count since then.",
                "seconds", kGauge)};
}

Metrics EventLogTailer::metrics() const {
  Metrics families = describe_log_reading();
  const auto counter = [&](const std::string& name) {
    const auto found = counters_.find(name);
    return found == counters_.end() ? 0.0 : static_cast<double>(found->second);
  };
  const auto add = [&](std::string_view name, double value) {
    family_named(families, name).samples.push_back({{source_.name}, value});
  };
  if (!counters_.contains(kStarted)) {
    return families;  // not read yet: nothing is known, not even that it is nothing
  }
  for (const char* outcome : kOutcomes) {
    family_named(families, kLines)
        .samples.push_back({{source_.name, outcome}, counter(counter_of(outcome))});
  }
  add(kReadBytesTotal, counter(kReadBytes));
  add(kLostBytesTotal, counter(kLostBytes));
  add(kTruncationsTotal, counter(kTruncations));
  std::uint64_t lag = 0;
  for (const auto& tracked : files_) {
    if (tracked->compressed) {
      const bool unread = tracked->there && !tracked->done && tracked->descriptor;
      lag += unread ? tracked->disk_size - (tracked->inflating ? tracked->inflating->taken : 0) : 0;
    } else {
      lag += tracked->file.size - std::min(tracked->file.size, tracked->file.offset);
    }
  }
  add(kLagBytes, static_cast<double>(lag));
  constexpr double kMs = 1e-3;
  if (counters_.contains(kLastLine)) {
    add(kLastLineTime, counter(kLastLine) * kMs);
  }
  add(kStartTime, counter(kStarted) * kMs);
  return families;
}

}  // namespace usage
