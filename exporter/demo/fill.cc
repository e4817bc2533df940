#include "exporter/demo/fill.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"
#include "exporter/demo/embedded.h"

namespace usage::demo {
namespace {

using Cells = std::vector<Value>;

// In the order in which they can be made: what a table refers to comes before it.
constexpr std::array<std::string_view, 11> kTables{
    "usage_exporter_demo", "teams",           "accounts",       "users",
    "user_activity",       "export_logs",     "shared_reports", "share_accesses",
    "feature_ratings",     "support_tickets", "feedback"};

struct Interval {
  Instant from, until;
  bool holds(Instant at) const { return from <= at && at < until; }
  bool holds(const std::optional<Instant>& at) const { return at && holds(*at); }
};

template <typename T>
Value nullable(const std::optional<T>& value) {
  return value ? Value(*value) : Value();
}

Value known_by(const std::optional<Instant>& at, Instant until) {
  return at && *at < until ? Value(*at) : Value();
}

template <typename Row>
std::span<const Row> appearing(const std::vector<Row>& rows, const Interval& interval) {
  const auto before = [](const Row& row, Instant at) { return appears(row) < at; };
  const auto first = std::lower_bound(rows.begin(), rows.end(), interval.from, before);
  const auto last = std::lower_bound(first, rows.end(), interval.until, before);
  return {first, last};
}

template <typename Row, typename Put>
void insert(Writer& writer, const std::string& table, const std::vector<std::string>& columns,
            std::span<const Row> rows, Put put) {
  if (rows.empty()) return;
  Cells cells;
  auto next = rows.begin();
  writer.insert(table, columns, [&]() -> std::span<const Value> {
    if (next == rows.end()) return {};
    cells = put(*next++);
    return cells;
  });
}

void insert_people(Writer& writer, const Product& product, const Interval& interval) {
  insert(writer, "teams", {"id", "name", "created_at"}, appearing(product.teams, interval),
         [](const Team& row) { return Cells{row.id, row.name, row.created_at}; });
  insert(writer, "accounts", {"id", "name", "plan", "created_at"},
         appearing(product.accounts, interval),
         [](const Account& row) { return Cells{row.id, row.name, row.plan, row.created_at}; });
  std::vector<User> users;
  std::copy_if(product.users.begin(), product.users.end(), std::back_inserter(users),
               [&interval](const User& row) { return interval.holds(row.created_at); });
  insert(writer, "users",
         {"id", "created_at", "deleted_at", "is_internal", "team_id", "account_id"},
         std::span<const User>(users), [&interval](const User& row) {
           return Cells{row.id,          row.created_at, known_by(row.deleted_at, interval.until),
                        row.is_internal, row.team_id,    row.account_id};
         });
  insert(writer, "user_activity", {"id", "user_id", "occurred_at"},
         appearing(product.activity, interval),
         [](const Activity& row) { return Cells{row.id, row.user_id, row.occurred_at}; });
}

void insert_exports(Writer& writer, const Product& product, const Interval& interval) {
  insert(writer, "export_logs",
         {"id", "created_at", "ingested_at", "user_id", "format", "report_type", "channel_id",
          "status", "error_code", "duration_ms", "file_size_bytes"},
         appearing(product.exports, interval), [](const Export& row) {
           const bool failed = !row.error_code.empty();
           return Cells{row.id,
                        row.created_at,
                        row.ingested_at,
                        row.user_id,
                        row.format,
                        row.report_type,
                        row.channel_id,
                        std::string_view(failed ? "failed" : "completed"),
                        failed ? Value(row.error_code) : Value(),
                        row.duration_ms,
                        failed ? Value() : Value(row.file_size_bytes)};
         });
}

// Accesses of each share within the interval.
std::map<std::int64_t, std::int64_t> count_accesses(const Product& product,
                                                    const Interval& interval) {
  std::map<std::int64_t, std::int64_t> counts;
  for (const auto& access : appearing(product.accesses, interval)) ++counts[access.share_id];
  return counts;
}

void insert_shares(Writer& writer, const Product& product, const Interval& interval) {
  const auto counts = count_accesses(product, interval);
  insert(writer, "shared_reports",
         {"id", "created_at", "created_by", "share_token", "report_type", "channel_id", "ttl_hours",
          "revoked_at", "access_count"},
         appearing(product.shares, interval), [&](const SharedReport& row) {
           const auto count = counts.find(row.id);
           return Cells{row.id,
                        row.created_at,
                        row.created_by,
                        row.share_token,
                        row.report_type,
                        row.channel_id,
                        nullable(row.ttl_hours),
                        known_by(row.revoked_at, interval.until),
                        count == counts.end() ? std::int64_t{0} : count->second};
         });
  insert(writer, "share_accesses", {"id", "share_id", "accessed_at", "viewer_id", "viewer_kind"},
         appearing(product.accesses, interval), [](const ShareAccess& row) {
           return Cells{row.id, row.share_id, row.accessed_at, nullable(row.viewer_id),
                        row.viewer_kind};
         });
}

void insert_opinions(Writer& writer, const Product& product, const Interval& interval) {
  insert(writer, "feature_ratings",
         {"id", "created_at", "user_id", "feature", "score", "scale_max"},
         appearing(product.ratings, interval), [](const Rating& row) {
           return Cells{row.id, row.created_at, row.user_id, row.feature, row.score, row.scale_max};
         });
  insert(writer, "support_tickets", {"id", "created_at", "category"},
         appearing(product.tickets, interval),
         [](const Ticket& row) { return Cells{row.id, row.created_at, row.category}; });
  insert(writer, "feedback", {"id", "created_at", "user_id", "theme"},
         appearing(product.feedback, interval),
         [](const Feedback& row) { return Cells{row.id, row.created_at, row.user_id, row.theme}; });
}

void insert_all(Writer& writer, const Product& product, const Interval& interval) {
  insert_people(writer, product, interval);
  insert_exports(writer, product, interval);
  insert_shares(writer, product, interval);
  insert_opinions(writer, product, interval);
}

// The statements that bring rows older than the interval up to its end.
std::string updates(const Writer& writer, const Product& product, const Interval& interval) {
  std::string sql;
  for (const auto& [share, count] : count_accesses(product, interval)) {
    const auto& row = product.shares[static_cast<std::size_t>(share - 1)];
    if (row.created_at >= interval.from) continue;
    sql +=
        fmt::format("UPDATE shared_reports SET access_count = access_count + {} WHERE id = {};\n",
                    count, share);
  }
  for (const auto& row : product.shares) {
    if (row.created_at >= interval.from) break;
    if (!interval.holds(row.revoked_at)) continue;
    sql += fmt::format("UPDATE shared_reports SET revoked_at = {} WHERE id = {};\n",
                       writer.dialect().time_literal(*row.revoked_at), row.id);
  }
  for (const auto& row : product.users) {
    if (row.created_at >= interval.from || !interval.holds(row.deleted_at)) continue;
    sql += fmt::format("UPDATE users SET deleted_at = {} WHERE id = {};\n",
                       writer.dialect().time_literal(*row.deleted_at), row.id);
  }
  return sql;
}

bool anything_appears(const Product& product, const Interval& interval) {
  const auto some = [&interval](const auto&... tables) {
    return (... || !appearing(tables, interval).empty());
  };
  return some(product.activity, product.exports, product.shares, product.accesses, product.ratings,
              product.tickets, product.feedback) ||
         std::any_of(product.users.begin(), product.users.end(),
                     [&interval](const User& user) { return interval.holds(user.created_at); });
}

template <typename Work>
void in_transaction(Writer& writer, Work work) {
  writer.begin();
  try {
    work();
    writer.commit();
  } catch (...) {
    try {
      writer.execute("ROLLBACK");
    } catch (const Error&) {
      // A lost connection has rolled back by itself; the first error is the one to report.
    }
    throw;
  }
}

// Writers cannot read; an update that changes nothing fails where the table is missing.
bool made_by_demo(Writer& writer) {
  try {
    writer.execute("UPDATE usage_exporter_demo SET seed = seed");
    return true;
  } catch (const Error& error) {
    if (error.reason() != Reason::query) throw;
    return false;
  }
}

void make_tables(Writer& writer, bool replace) {
  if (replace) {
    for (auto table = kTables.rbegin(); table != kTables.rend(); ++table) {
      writer.execute(fmt::format("DROP TABLE IF EXISTS {}", *table));
    }
  }
  try {
    writer.execute(writer.driver() == "sqlite" ? kSqliteSchema : kPostgresqlSchema);
  } catch (const Error& error) {
    if (error.reason() != Reason::query) throw;
    throw Error(
        Reason::query,
        fmt::format("cannot make the demo's tables: {}; tables that the demo did not make are "
                    "left alone: give it an empty database",
                    error.what()));
  }
}

}  // namespace

void fill(Writer& writer, const Product& product, Instant until) {
  const bool replace = made_by_demo(writer);
  in_transaction(writer, [&] {
    make_tables(writer, replace);
    bool first = true;
    const Cells marker{static_cast<std::int64_t>(product.seed), product.launch};
    writer.insert("usage_exporter_demo", {"seed", "launch"}, [&]() -> std::span<const Value> {
      if (!std::exchange(first, false)) return {};
      return marker;
    });
    insert_all(writer, product, {Instant::min(), until});
  });
}

void advance(Writer& writer, const Product& product, Instant from, Instant until) {
  const Interval interval{from, until};
  const std::string changes = updates(writer, product, interval);
  if (changes.empty() && !anything_appears(product, interval)) return;
  in_transaction(writer, [&] {
    insert_all(writer, product, interval);
    if (!changes.empty()) writer.execute(changes);
  });
}

}  // namespace usage::demo
