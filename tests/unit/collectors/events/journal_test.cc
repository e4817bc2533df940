#include "collectors/events/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "tests/support/journal_rows.h"
#include "tests/support/temporary_folder.h"

namespace usage {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using testing::rows_of;
using testing::TemporaryFolder;
using ::testing::UnorderedElementsAre;

const Instant kNoon = Instant(hours(24 * 20000 + 12));

JournalEvent event(std::string name, Instant time, std::optional<std::string> user = {},
                   std::optional<std::string> message = {}, std::string fields = "{}") {
  return {std::move(name), time, std::move(user), std::move(message), std::move(fields)};
}

std::uint64_t append(Journal& journal, JournalBatch batch) {
  return journal.append(std::span(&batch, 1), Journal::Durability::commit).front();
}

std::string content_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class JournalTest : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  const std::string path_ = folder_.file("events.db");
};

TEST_F(JournalTest, EventsAreReadAsATable) {
  Journal journal(path_, false);
  EXPECT_EQ(append(journal, {.source = "app",
                             .events = {event("export", kNoon, "u1", {}, R"({"a.b":"x"})"),
                                        event("share", kNoon + seconds(1))}}),
            2U);
  EXPECT_THAT(rows_of(path_,
                      "SELECT source, event, time, user, message, "
                      "json_extract(fields, '$.\"a.b\"') FROM events ORDER BY id"),
              ElementsAre("app|export|1728043200000|u1|-|x", "app|share|1728043201000|-|-|-"));
}

TEST_F(JournalTest, AMessageOfASourceIsStoredOnceAlsoAfterARestart) {
  JournalBatch batch{.source = "web", .events = {event("a", kNoon, {}, "m1")}};
  {
    Journal journal(path_, false);
    batch.events.push_back(batch.events.front());
    EXPECT_EQ(append(journal, batch), 1U);
  }
  Journal journal(path_, false);
  EXPECT_EQ(append(journal, batch), 0U);
  batch.source = "app";
  EXPECT_EQ(append(journal, batch), 1U);
}

TEST_F(JournalTest, OffsetsAndCountersAreCommittedWithTheEvents) {
  LogFile file{.path = "/log",
               .device = 1,
               .inode = 2,
               .fingerprint = ~0ULL,
               .fingerprint_bytes = 9,
               .offset = 10,
               .size = 11,
               .seen = kNoon};
  {
    Journal journal(path_, false);
    append(journal, {.source = "app", .files = {&file}, .counted = {{"lines", 3}}});
    EXPECT_NE(file.id, 0);
    file.offset = 20;
    append(journal, {.source = "app", .files = {&file}, .counted = {{"lines", 4}}});
  }
  Journal journal(path_, false);
  EXPECT_THAT(journal.files("app"), ElementsAre(file));
  EXPECT_THAT(journal.files("other"), IsEmpty());
  EXPECT_THAT(journal.counters("app"), ElementsAre(Pair("lines", 7)));
  append(journal, {.source = "app", .gone = {file.id}});
  EXPECT_THAT(journal.files("app"), IsEmpty());
}

TEST_F(JournalTest, AFailedAppendChangesNothing) {
  Journal journal(path_, false);
  LogFile file{.path = "/log"};
  LogFile unknown{.id = 0, .path = "/log2"};
  JournalBatch batch{.source = "app",
                     .events = {event("a", kNoon)},
                     .files = {&file, &unknown},
                     .counted = {{"lines", 1}}};
  // A trigger stands for a disk that is full in the middle of a transaction.
  const auto writer = open_writer(Secret("sqlite:" + path_));
  writer->execute(
      "CREATE TRIGGER full BEFORE INSERT ON counters BEGIN SELECT raise(ABORT, 'full'); END");
  EXPECT_THROW(append(journal, batch), Error);
  EXPECT_EQ(file.id, 0);
  EXPECT_THAT(rows_of(path_, "SELECT id FROM events"), IsEmpty());
  EXPECT_THAT(journal.files("app"), IsEmpty());
  writer->execute("DROP TRIGGER full");
  EXPECT_EQ(append(journal, batch), 1U);
}

TEST_F(JournalTest, TouchedIntervalsStayUntilTheyWereTaken) {
  Journal journal(path_, false);
  append(journal, {.source = "app", .events = {event("a", kNoon), event("a", kNoon + hours(2))}});
  const Journal::Touched first = journal.touched("app");
  EXPECT_THAT(first, ElementsAre(Pair(kNoon, 1), Pair(kNoon + hours(2), 2)));
  append(journal, {.source = "app", .events = {event("a", kNoon + seconds(299))}});
  journal.acknowledge("app", first);
  EXPECT_THAT(journal.touched("app"), ElementsAre(Pair(kNoon, 3)));
  EXPECT_THAT(journal.touched("web"), IsEmpty());
}

TEST_F(JournalTest, PruneDeletesWhatIsOlder) {
  Journal journal(path_, false);
  append(journal, {.source = "app", .events = {event("old", kNoon - hours(1)), event("a", kNoon)}});
  append(journal, {.source = "web", .events = {event("web", kNoon - hours(1))}});
  journal.prune("app", kNoon);
  EXPECT_THAT(rows_of(path_, "SELECT event FROM events"), UnorderedElementsAre("a", "web"));
}

TEST_F(JournalTest, ForgetLeavesNothingOfAUserInTheFile) {
  {
    Journal journal(path_, false);
    for (int i = 0; i < 500; ++i) {
      append(journal,
             {.source = "app",
              .events = {event("a", kNoon, i % 2 == 0 ? "person@example.org" : "u2", {},
                               R"({"by":"person@example.org","format":"csv","ok":true})")}});
    }
    EXPECT_FALSE(journal.forget("person"));
    EXPECT_TRUE(journal.forget("person@example.org"));
    EXPECT_FALSE(journal.forget("person@example.org"));
    EXPECT_THAT(rows_of(path_, "SELECT DISTINCT user, fields FROM events ORDER BY user"),
                ElementsAre(R"(-|{"format":"csv","ok":true})", R"(u2|{"format":"csv","ok":true})"));
  }
  EXPECT_THAT(content_of(path_), ::testing::Not(HasSubstr("person@example.org")));
  EXPECT_THAT(content_of(path_ + "-wal"), ::testing::Not(HasSubstr("person@example.org")));
}

TEST_F(JournalTest, OnlyItsOwnerReadsIt) {
  const Journal journal(path_, false);
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(JournalTest, ATemporaryOneIsRemoved) {
  const std::string path = Journal::path_in("");
  EXPECT_NE(path, Journal::path_in(""));
  {
    Journal journal(path, true);
    EXPECT_EQ(append(journal, {.source = "app", .events = {event("a", kNoon)}}), 1U);
  }
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(path).parent_path()));
}

TEST_F(JournalTest, SaysWhatIsWrongWithTheFile) {
  testing::write_file(path_, std::string(5000, 'x'));
  try {
    const Journal journal(path_, false);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), Reason::io);
    EXPECT_THAT(error.what(), HasSubstr(path_));
    EXPECT_THAT(error.what(), HasSubstr("move it away"));
  }
}

TEST_F(JournalTest, ThreadsMayAppendTogether) {
  Journal journal(path_, false);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&journal, t] {
      for (int i = 0; i < 50; ++i) {
        append(journal, {.source = fmt::format("s{}", t), .events = {event("a", kNoon)}});
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_THAT(rows_of(path_, "SELECT count(*) FROM events"), ElementsAre("200"));
}

}  // namespace
}  // namespace usage
