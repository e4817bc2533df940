#include "collectors/sources/postgres/postgres_dialect.h"

#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"
#include "exporter/config/drivers.h"

namespace usage {

namespace {

class PostgresDialect : public Dialect {
 public:
  std::string quoted_name(std::string_view name) const override { return in_quotes(name, '"'); }

  std::string json_field(std::string_view expression, std::string_view key) const override {
    return fmt::format("(CAST({} AS jsonb) ->> '{}')", expression, key);
  }

  bool has_booleans() const override { return true; }

  Parameter time_bound(Instant edge, TimeFormat /*stored*/) const override { return edge; }

  std::string time_literal(Instant instant) const override {
    return "'" + format_rfc3339(instant) + "'";
  }
};

}  // namespace

const Dialect& postgres_dialect() {
  static const PostgresDialect kDialect;
  return kDialect;
}

const SqlSyntax& postgres_syntax() { return find_driver("postgresql")->syntaxes.front(); }

}  // namespace usage
