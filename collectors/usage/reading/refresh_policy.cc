#include "collectors/usage/reading/refresh_policy.h"

#include <algorithm>
#include <charconv>

#include "exporter/base/error.h"
#include "exporter/base/format.h"

namespace usage {

namespace {

using std::chrono::days;

// The first tier that the bucket which ended at `end` is young enough for.
std::size_t rung_of(Instant end, Instant now, const std::vector<RefreshTier>& tiers) {
  const auto found = std::find_if(tiers.begin(), tiers.end(), [&](const RefreshTier& tier) {
    return !tier.younger_than || now - end < *tier.younger_than;
  });
  return static_cast<std::size_t>(std::min(found, tiers.end() - 1) - tiers.begin());
}

// Which of the turns that come `every` so long `instant` falls into. Neighbours of the same unit
// have their turns at very different times (Fibonacci hashing).
std::int64_t turn(Instant instant, Instant bucket, Duration every) {
  const Duration unit = every >= days(1) ? Duration(days(1)) : Duration(1);
  const auto place = static_cast<std::uint64_t>(bucket.time_since_epoch() / unit);
  const double share =
      static_cast<double>((place * 0x9E3779B97F4A7C15U) >> 11U) / static_cast<double>(1ULL << 53U);
  const auto phase =
      Duration(static_cast<std::int64_t>(static_cast<double>(every.count()) * share));
  const Duration since = instant.time_since_epoch() - phase;
  return since / every - (since % every < Duration{} ? 1 : 0);
}

std::optional<ReadReason> why_due(Instant bucket, Instant end, Instant now,
                                  const std::vector<RefreshTier>& tiers, const ReadLog& log) {
  const std::optional<Instant> last = log.last_read(bucket);
  const std::size_t tier = rung_of(end, now, tiers);
  const Duration every = tiers[tier].every;
  const bool again =
      !last || every == Duration{} || turn(now, bucket, every) > turn(*last, bucket, every);
  if (tier == 0 && tiers[0].younger_than) {
    return again ? std::optional(ReadReason::young) : std::nullopt;
  }
  if (!last) {
    return ReadReason::missing;
  }
  const bool unsettled = tiers[0].younger_than && *last < end + *tiers[0].younger_than;
  return again || unsettled ? std::optional(ReadReason::recount) : std::nullopt;
}

std::int64_t number(std::string_view& text) {
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc()) {
    throw Error(Reason::data, "the log of what was read cannot be understood");
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  text.remove_prefix(text.empty() ? 0 : 1);
  return value;
}

}  // namespace

Instant floor_to(Instant instant, Duration bucket) {
  const Duration over = instant.time_since_epoch() % bucket;
  return instant - over - (over < Duration{} ? bucket : Duration{});
}

void ReadLog::read(const Interval& interval, Duration bucket, Instant at) {
  for (Instant start = interval.from; start < interval.to; start += bucket) {
    read_.insert_or_assign(start, at);
  }
}

std::optional<Instant> ReadLog::last_read(Instant bucket_start) const {
  const auto found = read_.find(bucket_start);
  return found == read_.end() ? std::nullopt : std::optional(found->second);
}

void ReadLog::forget(const Interval& interval) {
  read_.erase(read_.lower_bound(interval.from), read_.lower_bound(interval.to));
}

void ReadLog::keep(const Interval& interval) {
  std::erase_if(read_, [&](const auto& entry) {
    return entry.first < interval.from || entry.first >= interval.to;
  });
}

std::string ReadLog::serialize(Duration bucket) const {
  std::string text;
  for (auto it = read_.begin(); it != read_.end();) {
    const auto [start, at] = *it;
    std::int64_t count = 0;
    for (; it != read_.end() && it->first == start + bucket * count && it->second == at; ++it) {
      ++count;
    }
    text += fmt::format("{} {} {}\n", start.time_since_epoch().count(), count,
                        at.time_since_epoch().count());
  }
  return text;
}

ReadLog ReadLog::parse(std::string_view text, Duration bucket) {
  ReadLog log;
  while (!text.empty()) {
    const Instant start{Duration(number(text))};
    const std::int64_t count = number(text);
    const Instant at{Duration(number(text))};
    if (count < 0 || count > 10'000'000) {
      throw Error(Reason::data, "the log of what was read cannot be understood");
    }
    log.read({start, start + bucket * count}, bucket, at);
  }
  return log;
}

std::vector<PlannedRead> plan_reads(Instant now, const Interval& kept,
                                    const std::vector<RefreshTier>& tiers, Duration bucket,
                                    const ReadLog& log) {
  std::vector<PlannedRead> readings;
  for (Instant end = kept.to; end > kept.from; end -= bucket) {
    const Instant start = end - bucket;
    const auto why = why_due(start, end, now, tiers, log);
    if (!why) {
      continue;
    }
    PlannedRead* last = readings.empty() ? nullptr : &readings.back();
    const bool joins = last != nullptr && last->reason == *why && last->interval.from == end &&
                       (*why == ReadReason::young ||
                        floor_to(start, days(1)) == floor_to(last->interval.from, days(1)));
    if (joins) {
      last->interval.from = start;
    } else {
      readings.push_back({{start, end}, *why});
    }
  }
  std::stable_sort(readings.begin(), readings.end(),
                   [](const PlannedRead& a, const PlannedRead& b) { return a.reason < b.reason; });
  return readings;
}

Interval sliced(Instant now, const Interval& kept, const std::vector<RefreshTier>& tiers,
                Duration bucket) {
  const Duration first = tiers.front().younger_than.value_or(bucket);
  if (first >= bucket) {
    return {kept.to, kept.to};
  }
  const Duration age = std::min(kSlicedAge, tiers[1].younger_than.value_or(first));
  return {std::clamp(floor_to(now - age, bucket), kept.from, kept.to), kept.to};
}

double progress(const Interval& kept, Duration bucket, const ReadLog& log) {
  std::int64_t all = 0;
  std::int64_t read = 0;
  for (Instant start = kept.from; start < kept.to; start += bucket) {
    ++all;
    read += log.last_read(start) ? 1 : 0;
  }
  return all == 0 ? 1 : static_cast<double>(read) / static_cast<double>(all);
}

bool covers(const ReadLog& log, const Interval& interval, const Interval& kept, Duration bucket) {
  for (Instant start = std::max(interval.from, kept.from); start < std::min(interval.to, kept.to);
       start += bucket) {
    if (!log.last_read(start)) {
      return false;
    }
  }
  return true;
}

}  // namespace usage
