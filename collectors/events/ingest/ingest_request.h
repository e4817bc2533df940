#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/events/event_filter.h"
#include "collectors/events/journal.h"
#include "exporter/base/clock.h"
#include "exporter/base/json.h"

namespace usage {

// What became of each item of a request's body, beside those that are kept.
enum class IngestRefusal {
  no_object,     // the item is no JSON object
  no_name,       // a track call without an event's name
  unknown_type,  // neither track nor another call of the clients
  too_long,      // more would be kept of it than is allowed
};
inline constexpr std::array<const char*, 4> kIngestRefusals{"no_object", "no_name", "unknown_type",
                                                            "too_long"};

// Whose an event is, in the order in which it is looked for.
enum class IngestUser { user_id, distinct_id, property, anonymous_id, unknown };
inline constexpr std::array<const char*, 5> kIngestUsers{"user_id", "distinct_id", "property",
                                                         "anonymous_id", "unknown"};

// When an event was.
enum class IngestTime {
  corrected,  // as the client's clock says, less by how much that is wrong
  sent,       // as the client's clock says: how wrong that is cannot be told
  absent,     // when it came: it says nothing that can be read
  future,     // when it came: it says that it has yet to happen
};
inline constexpr std::array<const char*, 4> kIngestTimes{"corrected", "sent", "absent", "future"};

struct IngestItems {
  std::vector<JournalEvent> events;  // those that are kept
  std::uint64_t other = 0;           // calls that are not track, and events that nobody reads
  std::array<std::uint64_t, kIngestRefusals.size()> refused{};
  std::array<std::uint64_t, kIngestUsers.size()> users{};  // of `events`, and the next
  std::array<std::uint64_t, kIngestTimes.size()> times{};
};

// Reads bodies that the clients of Segment, RudderStack and PostHog send: one call, an array of
// calls or a batch. One thread; what it gives of a body is valid until the next.
class IngestReader {
 public:
  static constexpr std::size_t kMaxDepth = 32;
  static constexpr auto kMaxFuture = std::chrono::minutes(5);

  explicit IngestReader(std::size_t max_bytes)
      : max_bytes_(max_bytes), parser_(max_bytes, kMaxDepth) {}

  // Error(data) with a reason that holds nothing of the text.
  void parse(std::string_view body);

  // The key that the body holds, where the clients put one; empty without.
  std::string_view key() const;

  // `type` is what a call without its own is, by its path: "track", "page" …, or empty. No event of
  // which more than `max_event_bytes` would be kept, and of all together no more than a body may
  // have: the context of a batch is kept with each of its items.
  IngestItems items(const EventFilter& kept, std::string_view type, Instant received,
                    std::size_t max_event_bytes);

 private:
  void add(const json::Value& item, const EventFilter& kept, std::string_view type,
           std::size_t max_event_bytes, IngestItems& items);
  IngestTime time_of(const json::Value& item, Instant& time) const;

  const std::size_t max_bytes_;
  json::Parser parser_;
  std::optional<json::Value> root_;
  bool batch_ = false;
  Instant received_;
  std::size_t kept_bytes_ = 0;  // of the body's events so far
};

}  // namespace usage
