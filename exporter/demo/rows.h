#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "exporter/base/clock.h"

namespace usage::demo {

// The rows of the demo's tables, each named as its column. Times are whole seconds.
struct Team {
  std::int64_t id;
  std::string name;
  Instant created_at;
};
struct Account {
  std::int64_t id;
  std::string name;
  std::string_view plan;
  Instant created_at;
};
struct User {
  std::int64_t id;
  Instant created_at;
  std::optional<Instant> deleted_at;
  bool is_internal;
  std::int64_t team_id;
  std::int64_t account_id;
};
struct Activity {
  std::int64_t id;
  std::int64_t user_id;
  Instant occurred_at;
};
struct Export {
  std::int64_t id;
  Instant created_at;
  Instant ingested_at;  // the row appears then, hours late for one in a hundred
  std::int64_t user_id;
  std::string_view format;
  std::string_view report_type;
  std::int64_t channel_id;
  std::string_view error_code;  // empty: completed
  std::int64_t duration_ms;
  std::int64_t file_size_bytes;  // 0 when failed: NULL in the table
};
struct SharedReport {
  std::int64_t id;
  Instant created_at;
  std::int64_t created_by;
  std::string share_token;
  std::string_view report_type;
  std::int64_t channel_id;
  std::optional<std::int64_t> ttl_hours;  // nullopt: never expires
  std::optional<Instant> revoked_at;
};
struct ShareAccess {
  std::int64_t id;
  std::int64_t share_id;
  Instant accessed_at;
  std::optional<std::int64_t> viewer_id;  // a user, or an outsider's number above 1,000,000
  std::string_view viewer_kind;           // creator, member, external, bot
};
struct Rating {
  std::int64_t id;
  Instant created_at;
  std::int64_t user_id;
  std::string_view feature;  // export, share
  std::int64_t score;
  std::int64_t scale_max;  // 5 or 10; every scale begins at 1
};
struct Ticket {
  std::int64_t id;
  Instant created_at;
  std::string_view category;
};
struct Feedback {
  std::int64_t id;
  Instant created_at;
  std::int64_t user_id;
  std::string_view theme;
};

// When a row appears in its table.
inline Instant appears(const Team& row) { return row.created_at; }
inline Instant appears(const Account& row) { return row.created_at; }
inline Instant appears(const User& row) { return row.created_at; }
inline Instant appears(const Activity& row) { return row.occurred_at; }
inline Instant appears(const Export& row) { return row.ingested_at; }
inline Instant appears(const SharedReport& row) { return row.created_at; }
inline Instant appears(const ShareAccess& row) { return row.accessed_at; }
inline Instant appears(const Rating& row) { return row.created_at; }
inline Instant appears(const Ticket& row) { return row.created_at; }
inline Instant appears(const Feedback& row) { return row.created_at; }

}  // namespace usage::demo
