// The databases themselves say what a text is: whatever text comes back of a statement, nothing of
// it is in what people see of the statement.
#include "exporter/config/redact_sql.h"

#include <gmock/gmock.h>

#include <random>
#include <string>
#include <vector>

#include "exporter/config/drivers.h"
#include "tests/support/source_fixture.h"

namespace usage::testing {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

class StatementMaker {
 public:
  explicit StatementMaker(bool sqlite) : sqlite_(sqlite) {}

  // A SELECT of texts that hold "planted", with names and comments that may confuse a reader.
  std::string select() {
    std::string sql = "SELECT ";
    for (int columns = 1 + pick(3); columns > 0; --columns) {
      sql += gap() + text() + gap() + (pick(2) == 0 ? " AS " + name() : "") + gap();
      sql += columns > 1 ? "," : "";
    }
    return sql + gap();
  }

 private:
  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

  std::string junk() {
    constexpr std::string_view kAlphabet = "'\"`[]$\\-/*#E& \nx";
    std::string made;
    for (int size = pick(6); size > 0; --size) {
      made += kAlphabet[static_cast<std::size_t>(pick(static_cast<int>(kAlphabet.size())))];
    }
    return made;
  }

  // `escaped` is put before each of `special`.
  static std::string with(const std::string& text, std::string_view special, char escape = 0) {
    std::string made;
    for (const char c : text) {
      const bool is_special = special.find(c) != std::string_view::npos;
      made += is_special ? std::string(1, escape == 0 ? c : escape) : "";
      made += c;
    }
    return made;
  }

  static std::string without(std::string text, std::string_view special) {
    std::erase_if(text, [&](char c) { return special.find(c) != std::string_view::npos; });
    return text;
  }

  std::string text() {
    const std::string held = junk() + "planted" + junk();
    if (sqlite_) {
      return pick(2) == 0 ? "'" + with(held, "'") + "'" : "\"" + with(held, "\"") + "\"";
    }
    switch (pick(4)) {
      case 0:
        return "'" + with(held, "'") + "'";
      case 1:
        return " E'" + with(held, "'\\", '\\') + "'";
      case 2:
        return " U&'" + with(held, "'\\") + "'";
      default:
        return "$x$" + without(held, "$") + "$x$";
    }
  }

  std::string name() {
    const std::string held = "n" + junk();
    switch (sqlite_ ? pick(3) : 0) {
      case 0:
        return "\"" + with(held, "\"") + "\"";
      case 1:
        return "[" + without(held, "]") + "]";
      default:
        return "`" + with(held, "`") + "`";
    }
  }

  std::string gap() {
    switch (pick(4)) {
      case 0:
        return " --" + without(junk(), "\n") + "\n";
      case 1:
        return " /*" + without(junk(), "*/") + "*/ ";
      default:
        return " ";
    }
  }

  bool sqlite_;
  std::minstd_rand random_{7};
};

class RedactSql : public ::testing::TestWithParam<std::string> {};

TEST_P(RedactSql, HidesWhatTheDatabaseTakesForAText) {
  const TemporaryFolder folder;
  const bool sqlite = GetParam() == "sqlite";
  const Place place{GetParam(), sqlite ? "sqlite:" + folder.file("empty.db") : postgres_dsn()};
  place.writer();
  const SystemClock clock;
  const auto source = open_source(place.config(), clock);
  StatementMaker maker(sqlite);
  for (int i = 0; i < 1000; ++i) {
    const std::string sql = maker.select();
    const Table table = read(*source, {sql, {}}, within(seconds(60)));
    for (const Kept& cell : table.rows.at(0)) {
      ASSERT_THAT(std::get<std::string>(cell), HasSubstr("planted")) << sql;
    }
    ASSERT_THAT(without_texts(sql, find_driver(GetParam())->syntaxes), Not(HasSubstr("planted")))
        << sql;
  }
}

INSTANTIATE_TEST_SUITE_P(Drivers, RedactSql, ::testing::Values("sqlite", "postgresql"));

}  // namespace
}  // namespace usage::testing
