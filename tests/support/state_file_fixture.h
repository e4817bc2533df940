#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "collectors/sources/sqlite/sqlite_database.h"
#include "collectors/state/state_file.h"
#include "tests/support/refreshes.h"
#include "tests/support/temporary_folder.h"

namespace usage::testing {

inline std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class StateFileTest : public ::testing::Test {
 protected:
  ~StateFileTest() override { std::fclose(log_file_); }

  StateFile open() { return StateFile(folder_.file(""), now_, log_); }
  std::string database() const { return folder_.file("usage.db"); }
  std::string logged() {
    std::fflush(log_file_);
    return content(folder_.file("log"));
  }
  Facts write(int refreshes) {
    StateFile file = open();
    Facts facts = new_facts();
    for (int number = 0; number < refreshes; ++number) {
      StateFile::Changes changes(file);
      refresh(facts, number, &changes);
      changes.commit();
    }
    return facts;
  }
  void sql(const std::string& statements) {
    sqlite::Database(database(), sqlite::Mode::write).run(statements);
  }
  // Everything lies in the database itself, so that damage to it is damage.
  void checkpoint() { sql("PRAGMA wal_checkpoint(TRUNCATE)"); }
  void expect_moved_aside(StateFile& file) {
    EXPECT_EQ(file.opened(), StateFile::Opened::damaged);
    EXPECT_TRUE(std::filesystem::exists(folder_.file("usage.db.corrupt-20231115T000000Z")));
    EXPECT_THAT(logged(), ::testing::HasSubstr("level=error"));
    EXPECT_THAT(logged(), ::testing::HasSubstr("usage.db.corrupt-20231115T000000Z"));
    Facts facts = new_facts();
    refresh(facts, 1, nullptr);
    StateFile::Changes changes(file);
    refresh(facts, 2, &changes);
    changes.commit();
  }

  TemporaryFolder folder_;
  Instant now_ = kStart;
  FixedClock clock_{kStart};
  std::FILE* log_file_ = std::fopen(folder_.file("log").c_str(), "w");
  Log log_{log_file_, LogLevel::debug, LogFormat::logfmt, clock_};
};

}  // namespace usage::testing
