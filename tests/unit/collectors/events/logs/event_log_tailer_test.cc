#include "collectors/events/logs/event_log_tailer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/gzip.h"
#include "tests/support/journal_rows.h"
#include "tests/support/temporary_folder.h"

namespace usage {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::TemporaryFolder;

std::string line(int number) {
  return fmt::format(R"({{"event":"export","time":{},"n":{}}})", 1764057600 + number, number);
}

std::string gzipped(const std::string& text) { return gzip(text); }

void append(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::app) << text;
}

std::string content_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class LogTailTest : public ::testing::Test {
 protected:
  LogTailTest() {
    config_.name = "app";
    config_.input = LogConfig{.paths = {folder_.file("app.json*")},
                              .event = {"event"},
                              .time = {"time"},
                              .user = {"user_id"},
                              .max_line_bytes = 4096,
                              .rotate_wait = seconds(0)};
    start();
  }

  void start() {
    tail_.reset();
    journal_.reset();  // one at a time, as in two processes after each other
    journal_ = std::make_unique<Journal>(folder_.file("events.db"), false);
    tail_ = std::make_unique<EventLogTailer>(config_, EventFilter{{"export", {"n"}}}, *journal_,
                                             clock_);
  }

  bool read(Deadline until = Deadline::max()) {
    now_ += seconds(10);
    return tail_->read(now_, until, log_);
  }
  void read_all() {
    while (!read()) {
    }
  }

  // The numbers of the lines in the journal, in order.
  std::vector<int> numbers() const {
    std::vector<int> found;
    for (const std::string& row : testing::rows_of(
             folder_.file("events.db"), "SELECT json_extract(fields, '$.n') FROM events")) {
      found.push_back(std::stoi(row));
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  double value(const std::string& family, const std::string& result = "") const {
    for (const MetricFamily& each : tail_->metrics()) {
      for (const Sample& sample : each.samples) {
        if (each.name == family && (result.empty() || sample.labels.back() == result)) {
          return sample.value;
        }
      }
    }
    return -1;
  }
  double lines(const std::string& result) const { return value("usage_log_lines_total", result); }

  TemporaryFolder folder_;
  const std::string path_ = folder_.file("app.json");
  const SystemClock clock_;
  Log log_{stderr, LogLevel::error, LogFormat::logfmt, clock_};
  // Every file has been quiet for long.
  Instant now_ = clock_.now() + hours(24);
  SourceConfig config_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<EventLogTailer> tail_;
};

std::vector<int> up_to(int end) {
  std::vector<int> all(static_cast<std::size_t>(end));
  for (int i = 0; i < end; ++i) {
    all[static_cast<std::size_t>(i)] = i;
  }
  return all;
}

TEST_F(LogTailTest, ReadsWhatIsAddedAndOnlyWholeLines) {
  append(path_, line(0) + "\r\n" + line(1).substr(0, 20));
  read_all();
  EXPECT_THAT(numbers(), ElementsAre(0));
  EXPECT_EQ(value("usage_log_lag_bytes"), 20);
  append(path_, line(1).substr(20) + "\n");
  read_all();
  EXPECT_THAT(numbers(), ElementsAre(0, 1));
  EXPECT_EQ(value("usage_log_lag_bytes"), 0);
  EXPECT_EQ(value("usage_log_read_bytes_total"), static_cast<double>(fs::file_size(path_)));
}

TEST_F(LogTailTest, EveryLineIsCountedByWhatItIs) {
  append(path_, "\xef\xbb\xbf" + line(0) + "\n" + std::string(100, '\0') + line(1) + "\n" +
                    "no json\n{\"event\":\"other\"}\n{\"event\":\"export\"}\n" +
                    std::string(5000, 'x') + "\n" + line(2) + "\n");
  read_all();
  EXPECT_EQ(numbers(), up_to(3));
  for (int restarts = 0; restarts < 2; ++restarts) {
    EXPECT_EQ(lines("event"), 3);
    EXPECT_EQ(lines("other"), 1);
    EXPECT_EQ(lines("no_time"), 1);
    EXPECT_EQ(lines("invalid"), 1);
    EXPECT_EQ(lines("too_long"), 1);
    EXPECT_DOUBLE_EQ(value("usage_log_last_line_timestamp_seconds"),
                     unix_seconds(std::chrono::floor<std::chrono::milliseconds>(now_)));
    const Instant before = now_;
    start();
    read_all();
    now_ = before;
  }
}

TEST_F(LogTailTest, AFileThatIsRenamedIsReadToItsEnd) {
  append(path_, line(0) + "\n");
  read_all();
  append(path_, line(1) + "\n" + line(2));  // the last line lacks its end
  fs::rename(path_, path_ + ".1");
  append(path_, line(3) + "\n");
  read_all();
  EXPECT_EQ(numbers(), up_to(4));
}

TEST_F(LogTailTest, AFileThatIsRenamedOutOfTheGlobIsReadToItsEnd) {
  append(path_, line(0) + "\n");
  read_all();
  append(path_, line(1) + "\n" + line(2) + "\n");
  fs::rename(path_, folder_.file("elsewhere"));
  read_all();
  EXPECT_EQ(numbers(), up_to(3));
  EXPECT_EQ(value("usage_log_lost_bytes_total"), 0);
}

TEST_F(LogTailTest, AFileThatIsDeletedIsReadToItsEnd) {
  append(path_, line(0) + "\n");
  read_all();
  append(path_, line(1) + "\n" + line(2));
  fs::remove(path_);
  read_all();
  read_all();
  EXPECT_EQ(numbers(), up_to(3));
}

TEST_F(LogTailTest, TheRestOfATruncatedFileIsReadFromItsCopy) {
  append(path_, line(0) + "\n" + line(1) + "\n");
  read_all();
  append(path_, line(2) + "\n");
  fs::copy_file(path_, path_ + ".1");
  read_all();  // between the copy and the truncation
  EXPECT_EQ(numbers(), up_to(3));
  append(path_, line(3) + "\n");
  fs::copy_file(path_, path_ + ".1", fs::copy_options::overwrite_existing);
  fs::resize_file(path_, 0);
  append(path_, line(4) + "\n" + line(5) + "\n" + line(6) + "\n" + line(7) + "\n" + line(8) + "\n");
  read_all();
  EXPECT_EQ(numbers(), up_to(9)) << "though the file is longer than it was";
  EXPECT_EQ(value("usage_log_truncations_total"), 1);
  EXPECT_EQ(value("usage_log_lost_bytes_total"), 0);
}

TEST_F(LogTailTest, AnEmptiedFileIsReadFromItsBeginning) {
  append(path_, line(0) + "\n");
  read_all();
  fs::resize_file(path_, 0);
  read_all();
  EXPECT_EQ(value("usage_log_truncations_total"), 1);
  append(path_, line(1) + "\n");
  read_all();
  EXPECT_EQ(numbers(), up_to(2));
  EXPECT_EQ(value("usage_log_truncations_total"), 1);
}

TEST_F(LogTailTest, WhatWasSeenAndIsGoneIsLost) {
  append(path_, line(0) + "\n");
  read_all();
  append(path_, line(1) + "\n");
  EXPECT_FALSE(read(Deadline::min()));  // finds it and reads nothing of it
  fs::resize_file(path_, 0);
  append(path_, line(2) + "\n");
  read_all();
  EXPECT_THAT(numbers(), ElementsAre(0, 2));
  EXPECT_EQ(value("usage_log_lost_bytes_total"), static_cast<double>(line(1).size() + 1));
}

TEST_F(LogTailTest, CompressedFilesAreReadFromWhereTheirTextWasRead) {
  append(path_, line(0) + "\n");
  read_all();
  append(path_, line(1) + "\n" + line(2));
  const std::string text = content_of(path_);
  append(path_ + ".1.gz", gzipped(text));
  fs::remove(path_);
  append(path_, line(3) + "\n");
  start();
  read_all();
  EXPECT_EQ(numbers(), up_to(4));
  start();
  read_all();
  EXPECT_EQ(numbers(), up_to(4));
  // A second member, as `cat a.gz b.gz` makes.
  append(path_ + ".2.gz", gzipped(line(4) + "\n") + gzipped(line(5) + "\n"));
  read_all();
  start();
  read_all();
  EXPECT_EQ(numbers(), up_to(6));
}

TEST_F(LogTailTest, ACompressedFileIsNotReadBesideItsOriginal) {
  for (int i = 0; i < 200; ++i) {
    append(path_ + ".1", line(i) + "\n");
  }
  read_all();
  const std::string body = gzipped(content_of(path_ + ".1"));
  for (const std::size_t part : {std::size_t{1}, std::size_t{10}, std::size_t{300}, body.size()}) {
    std::ofstream(path_ + ".1.gz", std::ios::binary) << body.substr(0, part);
    read_all();
    EXPECT_EQ(numbers(), up_to(200)) << part;
  }
  fs::remove(path_ + ".1");
  read_all();
  EXPECT_EQ(numbers(), up_to(200));
}

TEST_F(LogTailTest, ADamagedCompressedFileGivesWhatComesBeforeTheDamage) {
  std::string text;
  for (int i = 0; i < 20000; ++i) {
    text += line(i) + "\n";
  }
  std::string body = gzipped(text);
  body[body.size() / 2] = static_cast<char>(~body[body.size() / 2]);
  append(path_ + ".1.gz", body);
  append(path_, line(20000) + "\n");
  read_all();
  EXPECT_THAT(numbers(), SizeIs(::testing::Gt(1000U)));
  EXPECT_EQ(numbers().back(), 20000);
  const auto before = numbers();
  read_all();
  EXPECT_EQ(numbers(), before);
}

TEST_F(LogTailTest, AReusedInodeIsANewFile) {
  append(path_, line(0) + "\n" + line(1) + "\n");
  read_all();
  fs::remove(path_);
  append(path_, line(2) + "\n" + line(3) + "\n" + line(4) + "\n");  // often of the same inode
  read_all();
  EXPECT_EQ(numbers(), up_to(5));
}

TEST_F(LogTailTest, StartsAtTheEndIfItShould) {
  append(path_, line(0) + "\n" + line(1) + "\n");
  append(path_ + ".1.gz", gzipped(line(7) + "\n"));
  std::get<LogConfig>(config_.input).from_beginning = false;
  start();
  read_all();
  EXPECT_THAT(numbers(), IsEmpty());
  append(path_, line(2) + "\n");
  append(path_ + ".2", line(3) + "\n");
  start();
  read_all();
  EXPECT_THAT(numbers(), ElementsAre(2, 3));
}

TEST_F(LogTailTest, ALineOfAGigabyteTakesNoMemory) {
  append(path_, line(0) + "\n");
  {
    std::ofstream file(path_, std::ios::binary | std::ios::app);
    const std::string megabyte(1 << 20, 'x');
    for (int i = 0; i < 64; ++i) {
      file << megabyte;
    }
  }
  // PlannedRead it in many parts is as good as at once.
  int parts = 0;
  while (!read(clock_.steady_now() + std::chrono::microseconds(200))) {
    ++parts;
  }
  append(path_, "\n" + line(1) + "\n");
  // A hole of a gigabyte is as much, and no part of the line after it.
  fs::resize_file(path_, fs::file_size(path_) + (1 << 30));
  append(path_, line(2) + "\n");
  read_all();
  EXPECT_EQ(numbers(), up_to(3));
  EXPECT_EQ(lines("too_long"), 1);
  EXPECT_GT(parts, 2);
}

TEST_F(LogTailTest, FoldersAndPipesAreNoLogs) {
  fs::create_directory(path_ + ".d");
  ASSERT_EQ(::mkfifo((path_ + ".fifo").c_str(), 0600), 0);
  append(path_, line(0) + "\n");
  read_all();
  EXPECT_THAT(numbers(), ElementsAre(0));
}

// What is read must not be of the text that came after a truncation under the reader's hands.
TEST_F(LogTailTest, NothingIsLostOrDoubledWhileFilesAreTruncated) {
  std::atomic<int> written = 0;
  std::thread writer([&] {
    for (int rotation = 1; rotation <= 400; ++rotation) {
      std::string text;
      for (int lines_left = 1 + rotation * 7 % 60; lines_left > 0; --lines_left) {
        text += line(written++) + "\n";
      }
      append(path_, text);
      fs::copy_file(path_, fmt::format("{}.{}", path_, rotation));
      fs::resize_file(path_, 0);
    }
    written += 1'000'000;
  });
  while (written < 1'000'000) {
    read();
  }
  writer.join();
  read_all();
  EXPECT_EQ(numbers(), up_to(written - 1'000'000));
  EXPECT_EQ(lines("invalid"), 0);
}

// Whatever a writer, a rotator and restarts do, every line is in the journal once.
TEST_F(LogTailTest, NothingIsLostOrDoubled) {
  std::mt19937 random(std::random_device{}());
  const auto seed = random();
  random.seed(seed);
  SCOPED_TRACE(fmt::format("seed {}", seed));
  const auto chance = [&](unsigned long of) { return random() % of == 0; };
  int written = 0;
  std::string open;  // of a line, written but for its end
  const auto finish_line = [&] {
    if (!open.empty()) {
      append(path_, open + "\n");
      open.clear();
    }
  };
  const auto shift = [&] {  // app.json.1 → app.json.2 …
    for (int i = 30; i > 0; --i) {
      for (const char* suffix : {"", ".gz"}) {
        const std::string from = fmt::format("{}.{}{}", path_, i, suffix);
        if (fs::exists(from)) {
          fs::rename(from, fmt::format("{}.{}{}", path_, i + 1, suffix));
        }
      }
    }
  };
  for (int step = 0; step < 1500; ++step) {
    switch (random() % 9) {
      case 0:  // rename
        finish_line();
        if (fs::exists(path_)) {
          shift();
          fs::rename(path_, path_ + ".1");
        }
        break;
      case 1:  // copytruncate
        finish_line();
        if (fs::exists(path_)) {
          shift();
          fs::copy_file(path_, path_ + ".1");
          if (chance(2)) {
            read(chance(2) ? Deadline::max() : Deadline::min());
          }
          fs::resize_file(path_, 0);
        }
        break;
      case 2: {  // compress
        const std::string plain = fmt::format("{}.{}", path_, 1 + random() % 4);
        if (fs::exists(plain)) {
          append(plain + ".gz", gzipped(content_of(plain)));
          if (chance(2)) {
            read();
          }
          fs::remove(plain);
        }
        break;
      }
      case 3:
        start();
        break;
      case 4:
      case 5:
        read(chance(3) ? Deadline::min() : Deadline::max());
        break;
      default: {
        std::string text;
        for (auto lines_left = random() % 60; lines_left > 0; --lines_left) {
          finish_line();
          text += line(written++) + "\n";
        }
        append(path_, text);
        if (open.empty() && chance(2)) {
          const std::string next = line(written++);
          append(path_, next.substr(0, 15));
          open = next.substr(15);
        }
      }
    }
    if (chance(100)) {
      read_all();
      std::vector<int> expected = up_to(written - (open.empty() ? 0 : 1));
      ASSERT_EQ(numbers(), expected) << "at step " << step;
    }
  }
  finish_line();
  read_all();
  EXPECT_EQ(numbers(), up_to(written));
  EXPECT_EQ(lines("event"), written);
  EXPECT_EQ(lines("invalid"), 0);
  EXPECT_EQ(value("usage_log_lost_bytes_total"), 0);
}

}  // namespace
}  // namespace usage
