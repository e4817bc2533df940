#include "collectors/usage/reading/read_ahead.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/support/fake_source.h"

namespace usage {
namespace {

using testing::ElementsAre;

const Deadline kSoon = std::chrono::steady_clock::now() + std::chrono::minutes(10);

Query numbered(std::int64_t number) { return {.sql = "SELECT", .parameters = {number}}; }

struct TakenRows {
  std::vector<std::string> columns;
  std::vector<std::vector<Value>> rows;
  std::vector<std::string> texts;  // of all rows
};

RowSink into(TakenRows& taken) {
  return {.columns =
              [&](std::span<const Column> columns) {
                for (const Column& column : columns) {
                  taken.columns.push_back(column.name);
                }
              },
          .rows = row_by_row([&](std::span<const Value> row) {
            for (const Value& value : row) {
              if (const auto* text = std::get_if<std::string_view>(&value)) {
                taken.texts.emplace_back(*text);
              }
            }
            taken.rows.emplace_back(row.begin(), row.end());
          })};
}

// Scans call `rows` with the number of the query and what takes a row.
class CallingSource : public Source {
 public:
  using Put = std::function<void(std::int64_t)>;
  using Scan = std::function<void(std::int64_t query, const Put& put)>;
  explicit CallingSource(Scan scan) : scan_(std::move(scan)) {}

  void scan(const Query& query, Deadline, const RowSink& sink) override {
    sink.columns(columns_named({"number"}));
    scan_(std::get<std::int64_t>(query.parameters.front()), [&](std::int64_t number) {
      const Value row[] = {number};
      sink.rows(RowBatch(row, 1));
    });
  }
  std::vector<Column> describe(const Query&, Deadline) override { return {}; }
  void interrupt() noexcept override {}

 private:
  Scan scan_;
};

TEST(ReadAhead, EveryRowComesAsTheSourceGaveIt) {
  const std::string long_text(300'000, 'x');
  FakeSource::Result first{columns_named({"a", "b"}), {}}, second{columns_named({"c"}), {}};
  std::vector<std::string> numbers;
  for (std::int64_t i = 0; i < 100'000; ++i) {
    numbers.push_back(std::to_string(i));
  }
  for (std::int64_t i = 0; i < 100'000; ++i) {
    first.rows.push_back({i, std::string_view(numbers[static_cast<std::size_t>(i)])});
  }
  second.rows = {{std::monostate()},     {std::string_view(long_text)}, {true}, {1.5},
                 {std::string_view("")}, {Instant(Duration(7))}};
  FakeSource source({first, second, {columns_named({"d"}), {}}});
  ReadAhead ahead(source);
  ahead.ask(numbered(1), kSoon);
  ahead.ask(numbered(2), kSoon);
  EXPECT_TRUE(ahead.asked());
  TakenRows one, two, three;
  ahead.scan(numbered(1), kSoon, into(one));
  ahead.scan(numbered(2), kSoon, into(two));
  EXPECT_FALSE(ahead.asked());
  ahead.scan(numbered(3), kSoon, into(three));

  EXPECT_THAT(one.columns, ElementsAre("a", "b"));
  ASSERT_EQ(one.rows.size(), 100'000U);
  EXPECT_EQ(one.texts, numbers);
  EXPECT_EQ(std::get<std::int64_t>(one.rows.back()[0]), 99'999);
  EXPECT_THAT(two.texts, ElementsAre(long_text, ""));
  ASSERT_EQ(two.rows.size(), 6U);
  EXPECT_EQ(two.rows[0], second.rows[0]);
  EXPECT_EQ(two.rows[2], second.rows[2]);
  EXPECT_EQ(two.rows[5], second.rows[5]);
  EXPECT_THAT(three.columns, ElementsAre("d"));
  EXPECT_EQ(source.queries.size(), 3U);
}

TEST(ReadAhead, TheNextScanGoesOnWhileRowsAreTaken) {
  std::promise<void> second_began;
  CallingSource source([&](std::int64_t query, const CallingSource::Put& put) {
    if (query == 2) {
      second_began.set_value();
    }
    put(query);
  });
  ReadAhead ahead(source);
  ahead.ask(numbered(1), kSoon);
  ahead.ask(numbered(2), kSoon);
  auto began = second_began.get_future();
  const RowSink waits{.columns = [](std::span<const Column>) {},
                      .rows = row_by_row([&](std::span<const Value>) {
                        EXPECT_EQ(began.wait_for(std::chrono::seconds(60)),
                                  std::future_status::ready);
                      })};
  ahead.scan(numbered(1), kSoon, waits);
  TakenRows two;
  ahead.scan(numbered(2), kSoon, into(two));
  EXPECT_EQ(two.rows.size(), 1U);
}

TEST(ReadAhead, ItsThreadIsABatchThreadAndTheCallersIsNot) {
  const int own = sched_getscheduler(0);
  int policy = -1;
  CallingSource source(
      [&](std::int64_t, const CallingSource::Put&) { policy = sched_getscheduler(0); });
  ReadAhead ahead(source);
  ahead.ask(numbered(1), kSoon);
  TakenRows none;
  ahead.scan(numbered(1), kSoon, into(none));
  EXPECT_EQ(policy, SCHED_BATCH);
  EXPECT_EQ(sched_getscheduler(0), own);
}

TEST(ReadAhead, AFailureComesAfterTheRowsBeforeItAndEndsAllThatWasAsked) {
  CallingSource source([](std::int64_t query, const CallingSource::Put& put) {
    put(query);
    if (query == 1) {
      throw Error(Reason::timeout, "too slow");
    }
  });
  ReadAhead ahead(source);
  ahead.ask(numbered(1), kSoon);
  ahead.ask(numbered(2), kSoon);
  TakenRows one, again;
  try {
    ahead.scan(numbered(1), kSoon, into(one));
    FAIL() << "the failure was lost";
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), Reason::timeout);
  }
  EXPECT_EQ(one.rows.size(), 1U);
  EXPECT_FALSE(ahead.asked());
  ahead.scan(numbered(3), kSoon, into(again));
  EXPECT_EQ(again.rows.size(), 1U);
}

TEST(ReadAhead, WhoThrowsWhileTakingEndsTheScan) {
  std::atomic<bool> ended = false;
  CallingSource source([&](std::int64_t, const CallingSource::Put& put) {
    try {
      for (std::int64_t row = 0;; ++row) {
        put(row);
      }
    } catch (...) {
      ended = true;
      throw;
    }
  });
  ReadAhead ahead(source);
  ahead.ask(numbered(1), kSoon);
  const RowSink throws{
      .columns = [](std::span<const Column>) {},
      .rows = row_by_row([](std::span<const Value>) { throw std::invalid_argument("a bad row"); })};
  EXPECT_THROW(ahead.scan(numbered(1), kSoon, throws), std::invalid_argument);
  EXPECT_TRUE(ended);
}

TEST(ReadAhead, HoldsSoManyRowsAndCanBeGivenUp) {
  std::atomic<std::int64_t> rows = 0;
  CallingSource source([&](std::int64_t, const CallingSource::Put& put) {
    for (;; ++rows) {
      put(1);
    }
  });
  {
    ReadAhead ahead(source);
    ahead.ask(numbered(1), kSoon);
    std::int64_t before = -1;
    while (rows == 0 || rows != before) {  // until it waits for somebody to take them
      before = rows;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_LT(rows, 100'000);
  }
  EXPECT_LT(rows, 100'000);
}

TEST(ReadAhead, AnotherQueryThanAskedForIsAMistake) {
  FakeSource source({{columns_named({"a"}), {}}});
  ReadAhead ahead(source);
  ahead.ask(numbered(1), kSoon);
  TakenRows none;
  EXPECT_THROW(ahead.scan(numbered(2), kSoon, into(none)), std::logic_error);
}

}  // namespace
}  // namespace usage
