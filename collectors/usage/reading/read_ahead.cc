#include "collectors/usage/reading/read_ahead.h"

#include <stdexcept>
#include <utility>

#include "exporter/base/thread_priority.h"

namespace usage {

namespace {

constexpr std::size_t kRows = 512, kTextBytes = 1 << 14;  // of a batch
constexpr std::size_t kMostBatches = 24;

std::size_t text_bytes(std::span<const Value> row) {
  std::size_t bytes = 0;
  for (const Value& value : row) {
    const auto* const text = std::get_if<std::string_view>(&value);
    bytes += text == nullptr ? 0 : text->size();
  }
  return bytes;
}

}  // namespace

void ReadAhead::Batch::clear() {
  columns.clear();
  cells.clear();
  rows = 0;
  texts.clear();
  last = false;
}

ReadAhead::~ReadAhead() { stop(); }

void ReadAhead::ask(Query query, Deadline deadline) {
  expected_.push_back(query);
  {
    const MutexLock lock(mutex_);
    asked_.push_back({std::move(query), deadline});
  }
  changed_.notify_all();
  if (!thread_) {
    thread_.emplace([this] { work(); });
  }
}

void ReadAhead::scan(const Query& query, Deadline deadline, const RowSink& sink) {
  if (expected_.empty()) {
    source_.scan(query, deadline, sink);
    return;
  }
  if (expected_.front().sql != query.sql || expected_.front().parameters != query.parameters) {
    throw std::logic_error("another query was asked for");
  }
  expected_.pop_front();
  try {
    take(sink);
  } catch (...) {
    stop();
    throw;
  }
}

std::vector<Column> ReadAhead::describe(const Query& query, Deadline deadline) {
  stop();
  return source_.describe(query, deadline);
}

void ReadAhead::take(const RowSink& sink) {
  for (bool more = true; more;) {
    Batch batch = next();
    if (!batch.columns.empty()) {
      sink.columns(batch.columns);
    }
    if (batch.rows > 0) {
      sink.rows(RowBatch(batch.cells, batch.rows));
    }
    if (batch.failure) {
      std::rethrow_exception(batch.failure);
    }
    more = !batch.last;
    const MutexLock lock(mutex_);
    used_.push_back(std::move(batch));
  }
}

ReadAhead::Batch ReadAhead::next() {
  MutexLock lock(mutex_);
  while (batches_.empty()) {
    lock.wait(changed_);
  }
  Batch batch = std::move(batches_.front());
  batches_.pop_front();
  changed_.notify_all();
  return batch;
}

void ReadAhead::stop() {
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.reset();
  expected_.clear();
  const MutexLock lock(mutex_);
  stopped_ = false;
  asked_.clear();
  batches_.clear();
}

void ReadAhead::work() {
  make_batch_thread();
  MutexLock lock(mutex_);
  while (true) {
    while (!stopped_ && asked_.empty()) {
      lock.wait(changed_);
    }
    if (stopped_) {
      return;
    }
    const Asked asked = std::move(asked_.front());
    asked_.pop_front();
    lock.unlock();
    read(asked);
    lock.lock();
  }
}

void ReadAhead::read(const Asked& asked) {
  Batch batch;
  const auto flush = [&] {
    put(std::exchange(batch, {}));
    const MutexLock lock(mutex_);
    if (!used_.empty()) {
      batch = std::move(used_.front());
      used_.pop_front();
      batch.clear();
    }
  };
  const auto add = [&](std::span<const Value> row) {
    const std::size_t bytes = text_bytes(row);
    const bool full = batch.rows == kRows ||
                      batch.texts.size() + bytes > std::max(kTextBytes, batch.texts.capacity());
    if (full && batch.rows > 0) {
      flush();
    }
    if (batch.texts.capacity() < std::max(kTextBytes, bytes)) {
      batch.texts.reserve(std::max(kTextBytes, bytes));  // cells point into it: it never moves
      batch.cells.reserve(kRows * row.size());
    }
    for (const Value& value : row) {
      if (const auto* const text = std::get_if<std::string_view>(&value)) {
        const std::size_t start = batch.texts.size();
        batch.texts += *text;
        batch.cells.emplace_back(std::string_view(batch.texts).substr(start));
      } else {
        std::visit([&](const auto& held) { batch.cells.emplace_back(held); }, value);
      }
    }
    ++batch.rows;
  };
  const RowSink sink{.columns =
                         [&](std::span<const Column> columns) {
                           batch.columns.assign(columns.begin(), columns.end());
                         },
                     .rows = row_by_row(add)};
  try {
    source_.scan(asked.query, asked.deadline, sink);
  } catch (const Stopped&) {
    return;
  } catch (...) {
    batch.failure = std::current_exception();
  }
  batch.last = true;
  try {
    put(std::move(batch));
  } catch (const Stopped&) {  // expected: nobody wants to know
  }
}

void ReadAhead::put(Batch batch) {
  MutexLock lock(mutex_);
  while (!stopped_ && batches_.size() >= kMostBatches) {
    lock.wait(changed_);
  }
  if (stopped_) {
    throw Stopped{};
  }
  batches_.push_back(std::move(batch));
  changed_.notify_all();
}

}  // namespace usage
