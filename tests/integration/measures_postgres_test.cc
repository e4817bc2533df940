// Every measure against plain SQL over the tables of a real PostgreSQL.
#include "tests/support/measure_sql_reading.h"

namespace usage::reference {
namespace {

TEST(MeasuresPostgres, EqualPlainSql) {
  compare_with_sql({"postgresql", testing::postgres_dsn()}, 30'000, 250);
}

TEST(MeasuresPostgres, EqualPlainSqlWhenTheCollectorReads) {
  compare_reading_with_sql({"postgresql", testing::postgres_dsn()}, 50'000, 60);
}

}  // namespace
}  // namespace usage::reference
