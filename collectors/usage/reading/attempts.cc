#include "collectors/usage/reading/attempts.h"

#include <iterator>
#include <utility>

#include "collectors/usage/reading/refresh_policy.h"

namespace usage {

namespace {

Duration restless(const AttemptsConfig& config) { return 3 * config.timeout; }

}  // namespace

Attempts::Attempts(const AttemptsConfig& config, bool ambiguous, const Interval& wanted, Emit emit)
    : config_(config),
      ambiguous_(ambiguous),
      wanted_(wanted),
      emit_(std::move(emit)),
      edge_(floor_to(read_from(config, wanted.from), restless(config)) + restless(config)) {}

// At the last edge before `from` a key has rested lately or loses what is open: either is known
// from so many rows before the edge, and from the silence before them.
Instant Attempts::read_from(const AttemptsConfig& config, Instant from) {
  return floor_to(from, restless(config)) - restless(config) - config.timeout;
}

void Attempts::add(const AttemptRow& row) {
  if (!row.key) {
    if (row.stage == Stage::success || row.stage == Stage::failure) {
      tell(row.time, row.stage == Stage::success ? Ending::success : Ending::failure, row.cells);
    }
    return;
  }
  pass(row.time);
  const auto [place, fresh] = keys_.try_emplace(std::string(*row.key));
  Key& key = place->second;
  expire(key, row.time);
  if (fresh || row.time - key.last >= config_.timeout) {
    key.rest = row.time;
    key.ended = false;
  }
  key.last = row.time;
  if (key.ended) {
    return;
  }
  switch (row.stage) {
    case Stage::start:
      if (key.open.empty() || !(row.exact || ambiguous_)) {
        open(key, row);
      }
      return;
    case Stage::start_or_failure:
      if (key.success && row.time - *key.success <= config_.echo) {
        return;
      }
      if (key.open.empty()) {
        open(key, row);
      } else {
        end(key, row, Ending::failure);
      }
      return;
    case Stage::failure:
      end(key, row, Ending::failure);
      return;
    case Stage::success:
      end(key, row, Ending::success);
      if (ambiguous_ && !row.exact) {
        key.rest = row.time;
      }
      return;
  }
}

void Attempts::finish(Instant now) {
  pass(now);
  for (auto& [name, key] : keys_) {
    expire(key, now);
  }
}

void Attempts::pass(Instant time) {
  while (edge_ <= time) {
    if (keys_.empty()) {
      edge_ = floor_to(time, restless(config_)) + restless(config_);
      return;
    }
    for (auto at = keys_.begin(); at != keys_.end();) {
      Key& key = at->second;
      expire(key, edge_);
      if (key.rest < edge_ - restless(config_)) {
        key.open.clear();
        key.ended = false;
      }
      at = key.last + config_.timeout <= edge_ ? keys_.erase(at) : std::next(at);
    }
    edge_ += restless(config_);
  }
}

void Attempts::expire(Key& key, Instant time) {
  while (!key.open.empty() && key.open.front().at + config_.timeout <= time) {
    const Start start = std::move(key.open.front());
    key.open.pop_front();
    tell(start.at + config_.timeout, Ending::abandoned, start.cells);
  }
}

void Attempts::open(Key& key, const AttemptRow& row) {
  Start& start = key.open.emplace_back();
  start.at = row.time;
  start.cells.assign(row.cells.begin(), row.cells.end());
  for (Value& cell : start.cells) {
    if (const auto* const text = std::get_if<std::string_view>(&cell)) {
      cell = std::string_view(start.texts.emplace_back(*text));
    }
  }
}

void Attempts::end(Key& key, const AttemptRow& row, Ending ending) {
  merged_.assign(row.cells.begin(), row.cells.end());
  if (!key.open.empty()) {
    const std::vector<Value>& start = key.open.front().cells;
    for (std::size_t i = 0; i < merged_.size(); ++i) {
      if (std::holds_alternative<std::monostate>(merged_[i])) {
        merged_[i] = start[i];
      }
    }
  }
  tell(row.time, ending, merged_);
  if (ambiguous_) {
    key.open.clear();
  } else if (!key.open.empty()) {
    key.open.pop_front();
  }
  key.ended = row.exact;
  if (ending == Ending::success) {
    key.success = row.time;
  }
}

void Attempts::tell(Instant at, Ending ending, std::span<const Value> cells) const {
  if (at >= wanted_.from && at < wanted_.to) {
    emit_({at, ending, cells});
  }
}

}  // namespace usage
