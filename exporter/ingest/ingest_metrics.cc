#include "exporter/ingest/ingest_metrics.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace usage {

namespace {

const std::vector<double> kSeconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                   0.25,  0.5,    1,     2.5,  5,     10};

MetricFamily counter(std::string name, std::string help, std::vector<std::string> labels,
                     Instant started) {
  MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = MetricType::counter;
  family.label_names = std::move(labels);
  family.created = started;
  return family;
}

template <typename Names, typename Counts>
void add_samples(MetricFamily& family, const std::string& source, const Names& names,
                 const Counts& counts) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    family.samples.push_back({{source, names.at(i)}, static_cast<double>(counts.at(i))});
  }
}

template <typename Counts>
void add(Counts& sums, const Counts& more) {
  std::transform(sums.begin(), sums.end(), more.begin(), sums.begin(), std::plus<>());
}

}  // namespace

void IngestMetrics::add_source(const std::string& source) {
  const std::scoped_lock lock(mutex_);
  sources_.try_emplace(source);
  took_.resize(kSeconds.size() + 1);
}

void IngestMetrics::answered(int status_code) {
  const std::scoped_lock lock(mutex_);
  ++requests_[status_code];
}

void IngestMetrics::took(double seconds) {
  const auto bucket = std::lower_bound(kSeconds.begin(), kSeconds.end(), seconds);
  const std::scoped_lock lock(mutex_);
  ++took_.at(static_cast<std::size_t>(bucket - kSeconds.begin()));
  took_sum_ += seconds;
}

void IngestMetrics::stored(const std::string& source, const IngestItems& items, std::uint64_t fresh,
                           std::uint64_t duplicates) {
  const std::scoped_lock lock(mutex_);
  Source& sums = sources_[source];
  sums.stored += fresh;
  sums.duplicates += duplicates;
  sums.other += items.other;
  add(sums.refused, items.refused);
  add(sums.users, items.users);
  add(sums.times, items.times);
}

Metrics IngestMetrics::metrics() const {
  const std::scoped_lock lock(mutex_);
  if (sources_.empty()) {
    return {};
  }
  MetricFamily requests = counter("usage_ingest_requests_total",
                                  "Requests that clients sent events with, by the status they were "
                                  "answered.",
                                  {"code"}, started_);
  for (const auto& [code, count] : requests_) {
    requests.samples.push_back({{std::to_string(code)}, static_cast<double>(count)});
  }
  MetricFamily events = counter(
      "usage_ingest_events_total",
      "Calls that clients sent, by what became of them: stored; duplicate, with the id of a stored "
      "one; or other, which no feature reads.",
      {"source", "result"}, started_);
  MetricFamily refused =
      counter("usage_ingest_rejected_events_total",
              "Calls in accepted requests that could not be used, by what is wrong with them.",
              {"source", "reason"}, started_);
  MetricFamily users =
      counter("usage_ingest_event_users_total",
              "Events that a feature reads, duplicates too, by what told the user.",
              {"source", "user"}, started_);
  MetricFamily times = counter(
      "usage_ingest_event_times_total",
      "Events that a feature reads, duplicates too, by where their time is from: the client's "
      "clock, corrected or as sent; or when they came, because the time is absent or in the "
      "future.",
      {"source", "time"}, started_);
  constexpr std::array<const char*, 3> kResults{"duplicate", "other", "stored"};
  for (const auto& [source, sums] : sources_) {
    add_samples(events, source, kResults,
                std::array<std::uint64_t, 3>{sums.duplicates, sums.other, sums.stored});
    add_samples(refused, source, kIngestRefusals, sums.refused);
    add_samples(users, source, kIngestUsers, sums.users);
    add_samples(times, source, kIngestTimes, sums.times);
  }
  MetricFamily took;
  took.name = "usage_ingest_request_duration_seconds";
  took.help = "How long it took to read and to store what a request held, in seconds.";
  took.unit = "seconds";
  took.type = MetricType::histogram;
  took.bounds = kSeconds;
  took.created = started_;
  HistogramSample sample{{}, took_, took_sum_};
  std::partial_sum(took_.begin(), took_.end(), sample.bucket_counts.begin());
  took.histograms.push_back(std::move(sample));
  return {std::move(times),   std::move(users), std::move(events),
          std::move(refused), std::move(took),  std::move(requests)};
}

Metrics IngestMetrics::describe() {
  IngestMetrics metrics{Instant()};
  metrics.add_source("");
  metrics.answered(200);
  return metrics.metrics();
}

}  // namespace usage
