#include "collectors/sources/sqlite/sqlite_dialect.h"

#include "collectors/sources/sqlite/sqlite_text.h"
#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"

namespace usage {

namespace {

class SqliteDialect : public Dialect {
 public:
  std::string quoted_name(std::string_view name) const override { return in_quotes(name, '"'); }

  std::string json_field(std::string_view expression, std::string_view key) const override {
    return fmt::format("json_extract({}, '$.\"{}\"')", expression, key);
  }

  bool has_booleans() const override { return false; }

  // The bound of a text is as short as the edge allows, so that it sorts right whatever follows it
  // in the rows: seconds, fractions, a zone.
  Parameter time_bound(Instant edge, TimeFormat stored) const override {
    if (stored == TimeFormat::unix || stored == TimeFormat::unix_ms) {
      return std::visit([](const auto& held) -> Parameter { return held; },
                        sqlite_instant(edge, stored));
    }
    constexpr std::size_t kDay = 10;  // "2026-11-25"
    constexpr std::size_t kMinute = 16;
    const bool midnight = edge.time_since_epoch() % std::chrono::hours(24) == Duration{};
    std::string text = format_rfc3339(edge);
    text.resize(midnight ? kDay : kMinute);
    if (!midnight && stored == TimeFormat::text) {
      text[kDay] = ' ';
    }
    return text;
  }

  std::string time_literal(Instant instant) const override {
    return "'" + std::get<std::string>(sqlite_instant(instant, TimeFormat::text)) + "'";
  }
};

}  // namespace

const Dialect& sqlite_dialect() {
  static const SqliteDialect kDialect;
  return kDialect;
}

}  // namespace usage
