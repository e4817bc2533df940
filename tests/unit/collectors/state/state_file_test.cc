#include "collectors/state/state_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "exporter/base/error.h"
#include "tests/support/sanitizers.h"
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
TEST_F(StateFileTest, GivesBackWhatWasCommitted) {
  const Facts facts = write(30);
  now_ += days(1);
  StateFile file = open();
  EXPECT_EQ(file.opened(), StateFile::Opened::existing);
  EXPECT_EQ(file.created_at(), kStart);
  Facts loaded = new_facts();
  const Tables kept = file.load(loaded, tables());
  expect_same(loaded, facts);
  ASSERT_THAT(kept, SizeIs(3));
  EXPECT_EQ(kept.at("share").progress, "29");
  EXPECT_EQ(kept.at(StateFile::kActivity).fingerprint, "activity v1");
  EXPECT_THAT(logged(), IsEmpty());
}

TEST_F(StateFileTest, ANewFileIsEmptyAndPrivate) {
  StateFile file = open();
  EXPECT_EQ(file.opened(), StateFile::Opened::created);
  Facts loaded = new_facts();
  EXPECT_THAT(file.load(loaded, tables()), IsEmpty());
  StateFile::Changes changes(file);
  refresh(loaded, 1, &changes);
  changes.commit();
  for (const char* name : {"usage.db", "usage.db-wal", "usage.lock"}) {
    struct stat status{};
    ASSERT_EQ(::stat(folder_.file(name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << name;
  }
}

TEST_F(StateFileTest, OddTextsSurvive) {
  Facts facts = new_facts();
  const std::vector<std::string> texts{"", std::string("a\0b", 3), "\xff\xfe", "ü", "7"};
  {
    StateFile file = open();
    for (const std::string& text : texts) facts.users.id_of(text);
    for (int i = 0; i < 10'000; ++i) facts.users.id_of("user " + std::to_string(i));
    StateFile::Changes changes(file);
    changes.put_users(facts);
    changes.commit();
    facts.users.id_of("later");
    StateFile::Changes more(file);
    more.put_users(facts);
    more.commit();
  }
  StateFile file = open();
  Facts loaded = new_facts();
  file.load(loaded, {});
  expect_same(loaded.users, facts.users);
  for (const std::string& text : texts) EXPECT_EQ(loaded.users.find(text), facts.users.find(text));
}

TEST_F(StateFileTest, ChangesThatAreNotCommittedNeverWere) {
  const Facts facts = write(5);
  {
    StateFile file = open();
    Facts further = new_facts();
    file.load(further, tables());
    {
      StateFile::Changes changes(file);
      refresh(further, 100, &changes);
    }
    Facts loaded = new_facts();
    file.load(loaded, tables());
    expect_same(loaded, facts);
    StateFile::Changes changes(file);  // the same once more, all of it
    refresh(further, 100, &changes);
    changes.commit();
    Facts now = new_facts();
    file.load(now, tables());
    expect_same(now.users, further.users);
  }
}

TEST_F(StateFileTest, ADayThatBecameEmptyIsGone) {
  Facts facts = write(10);
  {
    StateFile file = open();
    file.load(facts = new_facts(), tables());
    facts.features.at("export").replace(kAll, std::map<Instant, Bucket>{});
    StateFile::Changes changes(file);
    changes.put_feature("export", facts.features.at("export"), kAll);
    changes.commit();
  }
  StateFile file = open();
  Facts loaded = new_facts();
  file.load(loaded, tables());
  EXPECT_THAT(loaded.features.at("export").buckets(), IsEmpty());
  EXPECT_GT(loaded.features.at("export").counters().uses, 0);
  expect_same(loaded, facts);
}

// A child writes as fast as it can and is killed at any instant; the file is always some commit's,
// never an older one than was known to be committed.
TEST_F(StateFileTest, KillAtAnyInstantLeavesTheLastCommit) {
  constexpr int kKills = kSanitized ? 20 : 200;
  Dice dice(42);
  Facts expected = new_facts();
  int done = -1;  // the last refresh in `expected`
  for (int kill_number = 0; kill_number < kKills; ++kill_number) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      StateFile file = open();
      Facts facts = new_facts();
      const Tables kept = file.load(facts, tables());
      int number = kept.empty() ? -1 : std::stoi(kept.at("export").progress);
      while (true) {
        StateFile::Changes changes(file);
        refresh(facts, ++number, &changes);
        changes.commit();
        if (::write(pipe_ends[1], &number, sizeof number) != sizeof number) ::_exit(1);
      }
    }
    ::close(pipe_ends[1]);
    int committed = -1;
    if (dice.chance(80)) {  // else during opening and loading
      ASSERT_EQ(::read(pipe_ends[0], &committed, sizeof committed), sizeof committed);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(dice.below(15'000)));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
    for (int next = 0; ::read(pipe_ends[0], &next, sizeof next) == sizeof next;) committed = next;
    ::close(pipe_ends[0]);

    StateFile file = open();
    ASSERT_NE(file.opened(), StateFile::Opened::damaged);
    Facts loaded = new_facts();
    const Tables kept = file.load(loaded, tables());
    ASSERT_NE(file.opened(), StateFile::Opened::damaged);
    const int reached = kept.empty() ? -1 : std::stoi(kept.at("export").progress);
    ASSERT_GE(reached, committed);
    ASSERT_GE(reached, done);
    while (done < reached) refresh(expected, ++done, nullptr);
    ASSERT_NO_FATAL_FAILURE(expect_same(loaded, expected)) << "after kill " << kill_number;
  }
  EXPECT_GT(done, kSanitized ? 0 : kKills);
  EXPECT_THAT(logged(), IsEmpty());
}

TEST_F(StateFileTest, AFeatureReadOtherwiseIsDroppedAlone) {
  const Facts facts = write(10);
  {
    StateFile file = open();
    Facts loaded = new_facts();
    Tables wanted = tables();
    wanted.at("export").fingerprint = "export v2";
    const Tables kept = file.load(loaded, wanted);
    EXPECT_FALSE(kept.contains("export"));
    EXPECT_THAT(loaded.features.at("export").buckets(), IsEmpty());
    EXPECT_EQ(loaded.features.at("export").counters(), FeatureCounters(full_shape()));
    EXPECT_EQ(loaded.features.at("export").names().scopes.size(), 0);
    EXPECT_EQ(loaded.features.at("share").buckets(), facts.features.at("share").buckets());
    EXPECT_EQ(loaded.activity.buckets(), facts.activity.buckets());
    EXPECT_EQ(loaded.users.size(), facts.users.size());
  }
  StateFile file = open();  // it is gone from the file, whoever asks for it
  Facts loaded = new_facts();
  EXPECT_FALSE(file.load(loaded, tables()).contains("export"));
  EXPECT_EQ(file.opened(), StateFile::Opened::existing);
}

TEST_F(StateFileTest, AnotherShapeIsAnotherFeature) {
  write(10);
  StateFile file = open();
  Facts loaded = new_facts();
  FeatureShape shape = full_shape();
  shape.reasons.pop_back();
  loaded.features.at("export") = FeatureFacts(shape, hours(1));
  EXPECT_THAT(file.load(loaded, tables()), SizeIs(2));
}

TEST_F(StateFileTest, ATableThatIsNotWantedIsDropped) {
  write(10);
  Tables wanted = tables();
  wanted.erase("share");
  wanted.erase(StateFile::kActivity);
  {
    StateFile file = open();
    Facts loaded = new_facts();
    EXPECT_THAT(file.load(loaded, wanted), SizeIs(1));
    EXPECT_GT(loaded.users.size(), 0);
    EXPECT_THAT(loaded.activity.buckets(), IsEmpty());
  }
  StateFile file = open();
  Facts loaded = new_facts();
  EXPECT_THAT(file.load(loaded, tables()), SizeIs(1));
  EXPECT_GT(loaded.users.size(), 0);
}

TEST_F(StateFileTest, DropsAndBeginsAnew) {
  write(10);
  Facts facts = new_facts();
  {
    StateFile file = open();
    file.load(facts, tables());
    facts.features.at("export") = FeatureFacts(full_shape(), hours(1));
    StateFile::Changes changes(file);
    changes.drop("export");
    refresh(facts, 77, &changes);
    changes.commit();
  }
  StateFile file = open();
  Facts loaded = new_facts();
  EXPECT_THAT(file.load(loaded, tables()), SizeIs(3));
  expect_same(loaded, facts);
}

TEST_F(StateFileTest, AFolderIsOfOneProcess) {
  std::optional<StateFile> file(std::in_place, folder_.file(""), now_, log_);
  try {
    open();
    FAIL() << "opened twice";
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), Reason::io);
    EXPECT_THAT(error.what(), HasSubstr(folder_.file("")));
    EXPECT_THAT(error.what(), HasSubstr("in use by another process; stop that one"));
  }
  file.reset();
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    try {
      const StateFile held = open();
      if (::write(pipe_ends[1], "x", 1) == 1) ::pause();
    } catch (...) {
    }
    ::_exit(1);
  }
  ::close(pipe_ends[1]);
  char opened = 0;
  ASSERT_EQ(::read(pipe_ends[0], &opened, 1), 1);
  ::close(pipe_ends[0]);
  const auto is_held = [&] {
    try {
      open();
    } catch (const Error&) {
      return true;
    }
    return false;
  };
  EXPECT_TRUE(is_held());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_FALSE(is_held()) << "kill -9 releases it";
}

TEST_F(StateFileTest, AFolderThatCannotBeUsedIsNamed) {
  testing::write_file(folder_.file("plain"), "");
  try {
    StateFile(folder_.file("plain"), now_, log_);
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), Reason::io);
    EXPECT_THAT(error.what(), HasSubstr(folder_.file("plain")));
    EXPECT_THAT(error.what(), HasSubstr("may be written"));
  }
}

TEST_F(StateFileTest, AForgottenUserIsInNoByteOfTheFolder) {
  write(30);
  Facts facts = new_facts();
  std::vector<std::string> traces;
  {
    StateFile file = open();
    file.load(facts, tables());
    // The id lies in a compressed piece: any part of it must be gone.
    sqlite::Database raw(database(), sqlite::Mode::read);
    std::string_view query = "SELECT body FROM pieces WHERE kind = 'users'";
    auto row = *raw.prepare(query);
    ASSERT_TRUE(row.step());
    const std::string body(row.blob(0));
    for (std::size_t at = 16; at + 16 < body.size(); at += 16)
      traces.push_back(body.substr(at, 16));
  }
  testing::write_file(folder_.file("usage.db.corrupt-1"), "user-7");
  const auto found = [&] {
    int count = 0;
    for (const char* name : {"usage.db", "usage.db-wal"}) {
      const std::string bytes = content(folder_.file(name));
      for (const std::string& trace : traces) count += bytes.find(trace) != std::string::npos;
    }
    return count;
  };
  ASSERT_GT(traces.size(), 5);
  ASSERT_GT(found(), 5);
  const UserId id = *facts.users.find("user-7");
  const Bucket before = facts.features.at("export").sum(kAll);
  ASSERT_GT(before.uses.times(id), 0);
  {
    StateFile file = open();
    facts = new_facts();
    file.load(facts, tables());
    EXPECT_FALSE(file.forget(facts, "nobody"));
    EXPECT_TRUE(file.forget(facts, "user-7"));
    EXPECT_FALSE(file.forget(facts, "user-7"));
    EXPECT_EQ(found(), 0) << "while the file is still open";
  }
  EXPECT_EQ(found(), 0);
  EXPECT_FALSE(fs::exists(folder_.file("usage.db.corrupt-1")));
  StateFile file = open();
  Facts loaded = new_facts();
  EXPECT_THAT(file.load(loaded, tables()), SizeIs(3));
  expect_same(loaded, facts);
  EXPECT_EQ(loaded.users.find("user-7"), std::nullopt);
  EXPECT_FALSE(loaded.activity.users(kAll).contains(id));
  const Bucket after = loaded.features.at("export").sum(kAll);
  EXPECT_FALSE(after.uses.users().contains(id));
  EXPECT_EQ(after.rows(), before.rows());
}

TEST_F(StateFileTest, ForgettingNeedsNoConfig) {
  const Facts before = write(30);
  const UserId id = *before.users.find("user-7");
  EXPECT_FALSE(open().forget("nobody"));
  EXPECT_TRUE(open().forget("user-7"));
  EXPECT_FALSE(open().forget("user-7"));
  StateFile file = open();
  Facts loaded = new_facts();
  EXPECT_THAT(file.load(loaded, tables()), SizeIs(3));
  EXPECT_TRUE(loaded.users.forgotten(id));
  EXPECT_EQ(loaded.users.size(), before.users.size());
  EXPECT_FALSE(loaded.activity.users(kAll).contains(id));
  for (const auto& [name, facts] : before.features) {
    const FeatureFacts& now = loaded.features.at(name);
    EXPECT_EQ(now.counters(), facts.counters()) << name;
    EXPECT_EQ(now.sum(kAll).rows(), facts.sum(kAll).rows()) << name;
    IdSet others = facts.users(kAll);
    others.remove(id);
    EXPECT_EQ(now.users(kAll), others) << name;
  }
}

TEST_F(StateFileTest, ForgettingRemovesADamagedFile) {
  write(3);
  testing::write_file(database(), "no database, but user-7");
  EXPECT_TRUE(open().forget("user-7"));
  for (const auto& entry : fs::directory_iterator(folder_.file(""))) {
    if (entry.is_regular_file()) {
      EXPECT_EQ(content(entry.path()).find("user-7"), std::string::npos) << entry.path();
    }
  }
  Facts facts = new_facts();
  EXPECT_THAT(open().load(facts, tables()), IsEmpty());
}

}  // namespace
}  // namespace usage
