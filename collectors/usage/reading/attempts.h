#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collectors/api/source.h"
#include "collectors/facts/feature_facts.h"
#include "collectors/usage/config/usage_config.h"

namespace usage {

// What a row says of its attempt. The last one cannot tell: its place among others does.
enum class Stage { start, success, failure, start_or_failure };

struct AttemptRow {
  Instant time;
  std::optional<std::string_view> key;  // shared by rows that may be of one attempt; none: alone
  bool exact = false;                   // and only by the rows of one
  Stage stage = Stage::success;
  std::span<const Value> cells;
};

enum class Ending { success, failure, abandoned };

struct Attempt {
  Instant at;  // of its last row; when abandoned, `timeout` after its start
  Ending ending = Ending::success;
  // Of the last row, and where that is NULL of its start.
  std::span<const Value> cells;
};

// Pairs rows to attempts. Rows of one key are paired in the order of their starts, and what did not
// end for `timeout` is abandoned. Where starts look like failures (`ambiguous`), such a row begins
// an attempt, the next one of its key ends it, and one within `echo` of a success is none at all. A
// key that is exact has one attempt: its first end counts.
//
// What is told of an interval depends on the rows alone, wherever the reading of them begins:
// a key comes to rest when it is silent for `timeout` and, where ambiguous, by a success. One that
// did not for 3 timeouts loses its open attempts at the next multiple of these. So of a key that
// never rests single attempts are inexact; their ends are counted all the same. One thread.
class Attempts {
 public:
  using Emit = std::function<void(const Attempt&)>;

  // Emits the attempts that ended in `wanted`. The spans live until it returns.
  Attempts(const AttemptsConfig& config, bool ambiguous, const Interval& wanted, Emit emit);

  // Where rows must begin for attempts that end from `from` on.
  static Instant read_from(const AttemptsConfig& config, Instant from);

  void add(const AttemptRow& row);  // in the order of time
  void finish(Instant now);         // there are no more rows until `now`

 private:
  struct Start {
    Instant at;
    std::vector<Value> cells;
    std::deque<std::string> texts;  // that cells point into
  };
  struct Key {
    std::deque<Start> open;
    Instant last, rest;
    std::optional<Instant> success;
    bool ended = false;  // an exact one
  };

  void pass(Instant time);
  void expire(Key& key, Instant time);
  void open(Key& key, const AttemptRow& row);
  void end(Key& key, const AttemptRow& row, Ending ending);
  void tell(Instant at, Ending ending, std::span<const Value> cells) const;

  const AttemptsConfig config_;
  const bool ambiguous_;
  const Interval wanted_;
  const Emit emit_;
  Instant edge_;  // the next one
  std::unordered_map<std::string, Key> keys_;
  std::vector<Value> merged_;
};

}  // namespace usage
