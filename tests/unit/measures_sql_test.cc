// Every measure against plain SQL over the tables.
#include <gtest/gtest.h>

#include "tests/support/measure_sql_comparison.h"

namespace usage::reference {
namespace {

TEST(MeasuresSql, EqualPlainSqlOverSqlite) {
  const testing::TemporaryFolder folder;
  compare_with_sql({"sqlite", "sqlite:" + folder.file("usage.db")}, 20'000, kSanitized ? 60 : 750);
}

}  // namespace
}  // namespace usage::reference
