// Every measure against plain SQL over the tables.
#include <gtest/gtest.h>

#include "tests/support/measure_sql_reading.h"

namespace usage::reference {
namespace {

TEST(MeasuresSql, EqualPlainSqlOverSqlite) {
  const testing::TemporaryFolder folder;
  compare_with_sql({"sqlite", "sqlite:" + folder.file("usage.db")}, 20'000, kSanitized ? 60 : 750);
}

TEST(MeasuresSql, EqualPlainSqlWhenTheCollectorReadsSqlite) {
  const testing::TemporaryFolder folder;
  compare_reading_with_sql({"sqlite", "sqlite:" + folder.file("usage.db")}, 40'000,
                           kSanitized ? 15 : 90);
}

}  // namespace
}  // namespace usage::reference
