// Every measure against plain SQL over the tables of a real PostgreSQL.
#include "tests/support/measure_sql_comparison.h"

namespace usage::reference {
namespace {

TEST(MeasuresPostgres, EqualPlainSql) {
  compare_with_sql({"postgresql", testing::postgres_dsn()}, 30'000, 250);
}

}  // namespace
}  // namespace usage::reference
