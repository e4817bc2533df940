#include "collectors/sources/postgres/postgres_error.h"

#include <gmock/gmock.h>

namespace usage::postgres {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PostgresErrorTest : public ::testing::Test {
 protected:
  Error of(const std::string& sqlstate, const std::string& message = "ada@example.org",
           Redaction quotes = Redaction::nothing) {
    return query_error({Failure::Kind::server, sqlstate, message}, {config_, "db.example:5432"},
                       quotes);
  }

  SourceConfig config_ = [] {
    SourceConfig config;
    config.name = "app";
    return config;
  }();
};

TEST_F(PostgresErrorTest, TellsReasonsApart) {
  EXPECT_EQ(of("42P01").reason(), Reason::query);
  EXPECT_EQ(of("25006").reason(), Reason::query);
  EXPECT_EQ(of("22012").reason(), Reason::data);
  EXPECT_EQ(of("21000").reason(), Reason::data);
  EXPECT_EQ(of("P0001").reason(), Reason::data);
  EXPECT_EQ(of("57014").reason(), Reason::timeout);
  EXPECT_EQ(of("55P03").reason(), Reason::timeout);
  EXPECT_EQ(of("57P01").reason(), Reason::unavailable);
  EXPECT_EQ(of("08006").reason(), Reason::unavailable);
  EXPECT_EQ(of("08P01").reason(), Reason::query);
  EXPECT_EQ(of("53300").reason(), Reason::unavailable);
  EXPECT_EQ(of("40001").reason(), Reason::unavailable);
}

TEST_F(PostgresErrorTest, ShowsTheServersWordsOnlyWhereTheyHoldNoRow) {
  for (const std::string state : {"42P01", "0A000", "25006", "53300", "57P01"}) {
    EXPECT_THAT(of(state, "its words").what(), HasSubstr("its words")) << state;
    EXPECT_THAT(of(state).what(), HasSubstr(state));
  }
  for (const std::string state : {"22P02", "23505", "P0001", "XX000", "99999", ""}) {
    EXPECT_THAT(of(state).what(), Not(HasSubstr("ada"))) << state;
    EXPECT_THAT(of(state).what(), HasSubstr(state));
  }
  EXPECT_THAT(of("22012").what(), HasSubstr("division_by_zero"));
  EXPECT_THAT(of("22999").what(), HasSubstr("data exception"));
}

TEST_F(PostgresErrorTest, QuotesNoStatementOnceRowsAreComputed) {
  for (const std::string state : {"42704", "42P01", "42501", "42999", "0A000", "3D000", "28000"}) {
    const std::string text = of(state, "ada@example.org", Redaction::rows).what();
    EXPECT_THAT(text, Not(HasSubstr("ada"))) << state;
    EXPECT_THAT(text, HasSubstr("(SQLSTATE " + state + ")"));
    EXPECT_THAT(text, Not(HasSubstr("an error"))) << state << " has a name";
  }
  for (const std::string state : {"25006", "53200", "55000", "57P01", "08P01"}) {
    EXPECT_THAT(of(state, "its words", Redaction::rows).what(), HasSubstr("its words")) << state;
  }
  EXPECT_THAT(of("42704", "", Redaction::rows).what(), HasSubstr("undefined_object"));
}

TEST_F(PostgresErrorTest, QuotesNothingOfAStatementWithASecret) {
  for (const std::string state :
       {"42P01", "42601", "0A000", "3D000", "25006", "53200", "55000", "57000", "08P01"}) {
    const std::string text = of(state, "hunter2", Redaction::secret).what();
    EXPECT_THAT(text, Not(HasSubstr("hunter2"))) << state;
    EXPECT_THAT(text, HasSubstr("(SQLSTATE " + state + ")"));
    EXPECT_THAT(text, Not(HasSubstr("an error"))) << state << " has a name";
  }
}

TEST_F(PostgresErrorTest, NamesSourceHostAndMend) {
  EXPECT_THAT(
      of("42501", "permission denied for table users").what(),
      HasSubstr("source \"app\" (db.example:5432): PostgreSQL rejected the query: permission "
                "denied for table users (SQLSTATE 42501); GRANT SELECT"));
  EXPECT_THAT(connect_message({Failure::Kind::server, "28P01", "password authentication failed"},
                              {config_, "db.example:5432"}),
              HasSubstr("check the user and the password or password_file of source \"app\""));
  EXPECT_THAT(connect_message({Failure::Kind::lost, "", "Connection refused"},
                              {config_, "db.example:5432"}),
              HasSubstr("db.example:5432: Connection refused; check that the server runs"));
}

}  // namespace
}  // namespace usage::postgres
