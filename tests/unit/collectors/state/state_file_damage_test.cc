// The state file when it is damaged, old or too new.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/state/state_file.h"
#include "exporter/base/error.h"
#include "tests/support/state_file_fixture.h"

namespace usage {
namespace {

namespace fs = std::filesystem;
using namespace testing;  // NOLINT: the fixture
using std::chrono::days;
using std::chrono::hours;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Tables = std::map<std::string, StateFile::Table>;

class StateFileDamageTest : public StateFileTest {};

TEST_F(StateFileDamageTest, WhatIsNoDatabaseIsMovedAside) {
  testing::write_file(database(), std::string(5000, 'x'));
  StateFile file = open();
  expect_moved_aside(file);
  EXPECT_EQ(content(folder_.file("usage.db.corrupt-20231115T000000Z")), std::string(5000, 'x'));
}

TEST_F(StateFileDamageTest, AnEmptyFileIsANewOne) {
  testing::write_file(database(), "");
  StateFile file = open();
  EXPECT_EQ(file.opened(), StateFile::Opened::created);
}

TEST_F(StateFileDamageTest, ATruncatedFileIsMovedAside) {
  write(20);
  checkpoint();
  fs::resize_file(database(), fs::file_size(database()) / 2);
  StateFile file = open();
  Facts loaded = new_facts();
  EXPECT_THAT(file.load(loaded, tables()), IsEmpty());
  expect_moved_aside(file);
}

// Whatever byte is wrong: either the file gives back exactly what was written (the byte means
// nothing), or it is moved aside and the facts are empty.
TEST_F(StateFileDamageTest, AFlippedByteNeverGoesUnseen) {
  const Facts facts = write(20);
  checkpoint();
  const std::string good = content(database());
  Dice dice(3);
  int seen = 0;
  for (int round = 0; round < 150; ++round) {
    std::string bad = good;
    for (std::uint64_t i = dice.below(4) + 1; i > 0; --i) {
      char& byte = bad[dice.below(bad.size())];
      byte = static_cast<char>(byte ^ static_cast<char>(1U << dice.below(8)));
    }
    fs::remove(folder_.file("usage.db-wal"));
    fs::remove(folder_.file("usage.db-shm"));
    testing::write_file(database(), bad);
    Facts loaded = new_facts();
    std::optional<StateFile> file;
    try {
      file.emplace(folder_.file(""), now_, log_);
    } catch (const Error& error) {
      ASSERT_EQ(error.reason(), Reason::config) << "only as the format of a newer program";
      continue;
    }
    const Tables kept = file->load(loaded, tables());
    if (file->opened() == StateFile::Opened::damaged) {
      ++seen;
      ASSERT_THAT(kept, IsEmpty());
      ASSERT_NO_FATAL_FAILURE(expect_same(loaded, new_facts()));
    } else if (file->opened() == StateFile::Opened::existing && kept.size() == 3) {
      ASSERT_NO_FATAL_FAILURE(expect_same(loaded, facts)) << round;
    } else {
      ADD_FAILURE() << "round " << round << ": a table vanished silently";
    }
  }
  EXPECT_GT(seen, 60);
}

TEST_F(StateFileDamageTest, ANewerFormatIsLeftAlone) {
  write(3);
  sql("PRAGMA user_version = 3");
  checkpoint();
  const std::string before = content(database());
  try {
    open();
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), Reason::config);
    EXPECT_THAT(error.what(), HasSubstr("format 3"));
    EXPECT_THAT(error.what(), HasSubstr("use the newer program"));
  }
  EXPECT_EQ(content(database()), before);
}

std::string blob(const std::string& bytes) {
  std::string text = "x'";
  for (const char c : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text + "'";
}

TEST_F(StateFileDamageTest, Format1IsUpgraded) {
  Facts facts = new_facts();
  FeatureFacts& feature = facts.features.at("export");
  for (int number = 0; number < 20; ++number) refresh(facts, number, nullptr);
  facts.users.add_forgotten();
  facts.users.id_of("after");
  // What the first version wrote: every bucket by itself, and names one by one.
  std::string made =
      "BEGIN; PRAGMA user_version = 1;"
      "CREATE TABLE meta(created_at INTEGER);"
      "CREATE TABLE users(id INTEGER PRIMARY KEY, text TEXT);"
      "CREATE TABLE tables(name TEXT PRIMARY KEY, fingerprint TEXT, progress TEXT, feature BLOB);"
      "CREATE TABLE names(name TEXT, kind TEXT, id INTEGER, text TEXT);"
      "CREATE TABLE buckets(name TEXT, start INTEGER, facts BLOB, PRIMARY KEY(name, start));"
      "INSERT INTO meta VALUES(1600000000000000);";
  const auto add_names = [&](const std::string& kind, const IdMap& texts) {
    for (std::uint32_t id = 0; id < texts.size(); ++id) {
      made += "INSERT INTO names VALUES('export', '" + kind + "', " + std::to_string(id) + ", '" +
              std::string(texts.text(id)) + "');";
    }
  };
  for (std::uint32_t id = 0; id < facts.users.size(); ++id) {
    made += "INSERT INTO users VALUES(" + std::to_string(id) + ", " +
            (facts.users.forgotten(id) ? "NULL" : "'" + std::string(facts.users.text(id)) + "'") +
            ");";
  }
  add_names("scopes", feature.names().scopes);
  add_names("values 0", feature.names().dimensions[0]);
  add_names("values 1", feature.names().dimensions[1]);
  const std::string shape_of_full =  // as the first version wrote it
      std::string(
          "\x02\x07timeout\x05quota\x02\x06"
          "format\x04type\x03",
          29) +
      std::string("\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\x14\x40\0\0\0\0\0\0\x24\x40", 24) +
      std::string("\x01\0\0\0\0\0\x40\x8f\x40\x07", 10);
  made += "INSERT INTO tables VALUES('export', 'export v1', 'p', " +
          blob(std::string(1, static_cast<char>(shape_of_full.size())) + shape_of_full +
               feature.counters().serialize()) +
          ");INSERT INTO tables VALUES('', 'activity v1', 'q', NULL);";
  const auto add_bucket = [&](const std::string& name, Instant start, const std::string& bytes) {
    made += "INSERT INTO buckets VALUES('" + name + "', " +
            std::to_string(start.time_since_epoch().count()) + ", " + blob(bytes) + ");";
  };
  for (const auto& [start, bucket] : feature.buckets()) {
    add_bucket("export", start, bucket.unpacked(feature.shape()).serialize());
  }
  for (const auto& [start, users] : facts.activity.buckets()) {
    add_bucket("", start, users.serialize());
  }
  sql(made + "COMMIT");
  for (int time = 0; time < 2; ++time) {
    StateFile file = open();
    EXPECT_EQ(file.opened(), StateFile::Opened::existing);
    EXPECT_EQ(file.created_at(), Instant(std::chrono::seconds(1'600'000'000)));
    Facts loaded = new_facts();
    const Tables kept = file.load(loaded, tables());
    ASSERT_THAT(kept, SizeIs(2));
    EXPECT_EQ(kept.at("export").progress, "p");
    loaded.features.at("share") = facts.features.at("share");  // the fixture has none
    expect_same(loaded, facts);
  }
  EXPECT_THAT(logged(), IsEmpty());
}

}  // namespace
}  // namespace usage
