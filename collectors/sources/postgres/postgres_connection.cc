#include "collectors/sources/postgres/postgres_connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "exporter/base/error.h"
#include "exporter/base/format.h"

namespace usage::postgres {

namespace {

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ClearResult>;

constexpr unsigned kRowsBetweenChecks = 64;

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using ParsedDsn = std::unique_ptr<PQconninfoOption, FreeOptions>;

// Shows no message of libpq: some repeat the whole DSN.
ParsedDsn parse(const Secret& dsn) {
  const std::string& text = dsn.reveal();
  const std::size_t authority = text.find("://");
  const std::size_t path = authority == std::string::npos ? 0 : text.find('/', authority + 3);
  const std::size_t last_at = text.substr(0, text.find('?')).rfind('@');
  const bool ambiguous =
      last_at != std::string::npos &&
      (text.find('@') != last_at || (path != std::string::npos && path < last_at));
  ParsedDsn parsed(ambiguous ? nullptr : PQconninfoParse(text.c_str(), nullptr));
  if (!parsed) {
    throw Error(Reason::config,
                "the dsn is no URL of PostgreSQL; write postgresql://user@host:5432/database, with "
                "special characters of a password as %40 (@), %2F (/), %3A (:)");
  }
  return parsed;
}

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

// Expects verbose errors: "…: FATAL:  28P01: password authentication failed…".
Failure connect_failure(const PGconn* connection) {
  const std::string_view text = PQerrorMessage(connection);
  for (const std::string_view severity : {"FATAL:  ", "ERROR:  "}) {
    const std::size_t found = text.find(severity);
    const std::size_t state = found + severity.size();
    if (found != std::string_view::npos && text.size() > state + 7 && text[state + 5] == ':') {
      return {Failure::Kind::server, std::string(text.substr(state, 5)),
              first_line(text.substr(state + 7))};
    }
  }
  constexpr std::string_view kFailed = " failed: ";
  const std::size_t failed = text.find(kFailed);
  return {
      Failure::Kind::lost, "",
      first_line(failed == std::string_view::npos ? text : text.substr(failed + kFailed.size()))};
}

Failure result_failure(const PGresult* result, PGconn* connection) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (state == nullptr || PQstatus(connection) == CONNECTION_BAD) {
    return {Failure::Kind::lost, state == nullptr ? "" : state,
            primary == nullptr ? "the connection was lost" : primary};
  }
  return {Failure::Kind::server, state, primary == nullptr ? "" : primary};
}

void check(const WaitLimits& limits) {
  if (limits.clock.steady_now() >= limits.deadline) {
    throw Failure{Failure::Kind::deadline, "", "no answer in time"};
  }
  if (limits.cancel_token.raised()) {
    throw Failure{Failure::Kind::interrupted, "", "interrupted"};
  }
}

void wait_for(int socket, short events, const WaitLimits& limits) {
  for (;;) {
    check(limits);
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(limits.deadline - limits.clock.steady_now());
    std::array<pollfd, 2> wanted{pollfd{socket, events, 0},
                                 pollfd{limits.cancel_token.descriptor(), POLLIN, 0}};
    const int longest = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
    if (::poll(wanted.data(), wanted.size(), longest) > 0 && !limits.cancel_token.raised()) {
      return;
    }
  }
}

// PQcancel blocks while the network is silent, and libpq 15 cannot bound it: each request has a
// thread of its own, which owns all it uses. The end of the process waits for those under way, so
// that none runs beside the destructors of the libraries; after a second it leaves them to the
// kernel, as PQcancel makes system calls alone then.
class CancelRequests {
 public:
  static CancelRequests& instance() {
    static CancelRequests requests;
    return requests;
  }

  // Becomes true when the server has taken the request or cannot be asked.
  std::shared_ptr<std::atomic<bool>> send(std::shared_ptr<PGcancel> canceller) {
    auto asked = std::make_shared<std::atomic<bool>>(false);
    const std::scoped_lock lock(under_way_->mutex);
    std::thread([canceller = std::move(canceller), asked, under_way = under_way_]() mutable {
      std::array<char, 256> message{};
      PQcancel(canceller.get(), message.data(), static_cast<int>(message.size()));
      canceller.reset();
      *asked = true;
      const std::scoped_lock ended(under_way->mutex);
      --under_way->count;
      under_way->changed.notify_all();
    }).detach();
    ++under_way_->count;
    return asked;
  }

  ~CancelRequests() {
    std::unique_lock lock(under_way_->mutex);
    under_way_->changed.wait_for(lock, std::chrono::seconds(1),
                                 [&] { return under_way_->count == 0; });
  }

 private:
  CancelRequests() = default;

  struct UnderWay {
    std::mutex mutex;  // guards what follows
    std::condition_variable changed;
    int count = 0;
  };
  const std::shared_ptr<UnderWay> under_way_ = std::make_shared<UnderWay>();
};

}  // namespace

std::string host_of(const Secret& dsn) {
  const ParsedDsn parsed = parse(dsn);
  std::string host;
  std::string port = "5432";
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    const std::string_view keyword = option->keyword;
    if (option->val == nullptr || *option->val == '\0') {
      continue;
    }
    if (keyword == "host" || (keyword == "hostaddr" && host.empty())) {
      host = option->val;
    } else if (keyword == "port") {
      port = option->val;
    }
  }
  return host.empty()                          ? "the local socket"
         : host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                               : fmt::format("[{}]:{}", host, port);
}

std::string database_of(const Secret& dsn) {
  const ParsedDsn parsed = parse(dsn);
  std::map<std::string_view, std::string> given{{"port", "5432"}};
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr && *option->val != '\0') {
      given[option->keyword] = option->val;
    }
  }
  // libpq's own default for a missing name is the user's.
  const std::string& database = given.contains("dbname") ? given["dbname"] : given["user"];
  return fmt::format("{}\n{}\n{}\n{}\n{}", given["service"], given["host"], given["hostaddr"],
                     given["port"], database);
}

struct Connection::Handle {
  PGconn* connection = nullptr;
  std::shared_ptr<PGcancel> canceller;

  ~Handle() { PQfinish(connection); }

  void flush(const WaitLimits& limits) const {
    for (int left = PQflush(connection); left != 0; left = PQflush(connection)) {
      if (left < 0) {
        throw Failure{Failure::Kind::lost, "", "the connection was lost"};
      }
      // Read as well: a server that is blocked in writing to us reads nothing.
      wait_for(PQsocket(connection), POLLOUT | POLLIN, limits);
      PQconsumeInput(connection);
    }
  }

  Result next(const WaitLimits& limits) const {
    while (PQisBusy(connection) != 0) {
      wait_for(PQsocket(connection), POLLIN, limits);
      PQconsumeInput(connection);  // a lost connection shows as the next result
    }
    return Result(PQgetResult(connection));
  }

  void sent(int ok, const WaitLimits& limits) const {
    if (ok == 0) {
      throw Failure{Failure::Kind::lost, "", "the connection was lost"};
    }
    flush(limits);
  }

  // Calls `piece` for what is left of a COPY … TO STDOUT; the result after it tells how it ended.
  void copy_out(const WaitLimits& limits, const std::function<void(std::string_view)>& piece) {
    bool lost = false;
    for (unsigned count = 0;; ++count) {
      if (count % kRowsBetweenChecks == 0) {
        check(limits);
      }
      char* bytes = nullptr;
      const int size = PQgetCopyData(connection, &bytes, 1);
      const std::unique_ptr<char, decltype(&PQfreemem)> held(bytes, PQfreemem);
      if (size < 0) {
        return;
      }
      if (size > 0) {
        piece({bytes, static_cast<std::size_t>(size)});
      } else if (lost) {
        throw Failure{Failure::Kind::lost, "", "the connection was lost"};
      } else {
        wait_for(PQsocket(connection), POLLIN, limits);
        lost = PQconsumeInput(connection) == 0;
      }
    }
  }

  // Reads the results up to the end of the command, also after a failure, which it throws last.
  std::vector<Result> finish(const WaitLimits& limits) const {
    std::vector<Result> results;
    std::optional<Failure> failure;
    for (Result result = next(limits); result; result = next(limits)) {
      const ExecStatusType status = PQresultStatus(result.get());
      if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
        if (!failure) {
          failure = result_failure(result.get(), connection);
        }
        if (PQstatus(connection) == CONNECTION_BAD) {
          break;
        }
      } else if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
        results.push_back(std::move(result));
        break;
      }
      results.push_back(std::move(result));
    }
    if (failure) {
      throw *failure;
    }
    return results;
  }
};

Connection::Connection(const ConnectOptions& options, const WaitLimits& limits)
    : handle_(std::make_unique<Handle>()) {
  const ParsedDsn parsed = parse(options.dsn);
  std::map<std::string, std::string> keywords = options.defaults;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) {
      keywords[option->keyword] = option->val;
    }
  }
  if (options.password) {
    keywords["password"] = options.password->reveal();
  }
  keywords["client_encoding"] = "UTF8";
  for (const auto& [name, setting] : options.settings) {
    keywords["options"] += fmt::format(" -c {}={}", name, setting);
  }
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : keywords) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  PGconn* connection = handle_->connection = PQconnectStartParams(names.data(), values.data(), 0);
  if (connection == nullptr) {
    throw std::bad_alloc();
  }
  PQsetNoticeProcessor(connection, [](void*, const char*) {}, nullptr);
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  if (PQstatus(connection) == CONNECTION_BAD) {
    throw connect_failure(connection);
  }
  for (auto state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;
       state = PQconnectPoll(connection)) {
    if (state == PGRES_POLLING_FAILED) {
      throw connect_failure(connection);
    }
    wait_for(PQsocket(connection), state == PGRES_POLLING_READING ? POLLIN : POLLOUT, limits);
  }
  PQsetnonblocking(connection, 1);
  handle_->canceller = std::shared_ptr<PGcancel>(PQgetCancel(connection), PQfreeCancel);
}

Connection::~Connection() = default;

std::vector<std::vector<std::string>> Connection::run(const std::string& sql,
                                                      const WaitLimits& limits) {
  handle_->sent(PQsendQuery(handle_->connection, sql.c_str()), limits);
  std::vector<std::vector<std::string>> rows;
  for (const Result& result : handle_->finish(limits)) {
    for (int row = 0; row < PQntuples(result.get()); ++row) {
      std::vector<std::string>& cells = rows.emplace_back();
      for (int column = 0; column < PQnfields(result.get()); ++column) {
        cells.emplace_back(PQgetvalue(result.get(), row, column));
      }
    }
  }
  return rows;
}

std::vector<Field> Connection::prepare(const std::string& sql, const std::vector<Bound>& parameters,
                                       const WaitLimits& limits) {
  std::vector<Oid> types;
  for (const Bound& parameter : parameters) {
    types.push_back(parameter.type);
  }
  PGconn* connection = handle_->connection;
  handle_->sent(
      PQsendPrepare(connection, "", sql.c_str(), static_cast<int>(types.size()), types.data()),
      limits);
  handle_->finish(limits);
  handle_->sent(PQsendDescribePrepared(connection, ""), limits);
  std::vector<Field> fields;
  for (const Result& result : handle_->finish(limits)) {
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      fields.push_back({PQfname(result.get(), column), PQftype(result.get(), column)});
    }
  }
  return fields;
}

void Connection::stream(const std::vector<Bound>& parameters, bool binary, const WaitLimits& limits,
                        const std::function<void(std::span<const Cell>)>& row) {
  std::vector<const char*> values;
  for (const Bound& parameter : parameters) {
    values.push_back(parameter.text.c_str());
  }
  PGconn* connection = handle_->connection;
  handle_->sent(PQsendQueryPrepared(connection, "", static_cast<int>(values.size()), values.data(),
                                    nullptr, nullptr, binary ? 1 : 0),
                limits);
  PQsetSingleRowMode(connection);
  std::vector<Cell> cells;
  for (unsigned count = 0;; ++count) {
    if (count % kRowsBetweenChecks == 0) {
      check(limits);
    }
    const Result result = handle_->next(limits);
    if (!result) {
      return;
    }
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_SINGLE_TUPLE) {
      cells.resize(static_cast<std::size_t>(PQnfields(result.get())));
      for (int column = 0; column < static_cast<int>(cells.size()); ++column) {
        const auto size = static_cast<std::size_t>(PQgetlength(result.get(), 0, column));
        const char* data = PQgetvalue(result.get(), 0, column);
        const bool null = size == 0 && PQgetisnull(result.get(), 0, column) != 0;
        cells[static_cast<std::size_t>(column)] = null ? Cell{} : Cell{data, size};
      }
      row(cells);
    } else if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
      const Failure failure = result_failure(result.get(), connection);
      try {
        handle_->finish(limits);
      } catch (const Failure&) {  // the first says more: why the server ends the connection
      }
      throw failure;
    }
  }
}

void Connection::copy_out(const std::string& sql, const WaitLimits& limits,
                          const std::function<void(std::string_view)>& piece) {
  handle_->sent(PQsendQuery(handle_->connection, sql.c_str()), limits);
  handle_->finish(limits);  // up to where the rows begin
  handle_->copy_out(limits, piece);
  handle_->finish(limits);
}

bool Connection::cancel(const WaitLimits& limits) {
  const auto asked = CancelRequests::instance().send(handle_->canceller);
  try {
    while (const Result result = handle_->next(limits)) {
      if (PQresultStatus(result.get()) == PGRES_COPY_OUT) {
        handle_->copy_out(limits, [](std::string_view) {});
      }
    }
    // A request still on its way would hit the next statement.
    while (!*asked && limits.clock.steady_now() < limits.deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return *asked && PQstatus(handle_->connection) == CONNECTION_OK;
  } catch (const Failure&) {
    return false;
  }
}

void Connection::copy_in(const std::string& sql, const WaitLimits& limits,
                         const std::function<bool(std::string& buffer)>& more) {
  PGconn* connection = handle_->connection;
  handle_->sent(PQsendQuery(connection, sql.c_str()), limits);
  handle_->finish(limits);
  constexpr std::size_t kChunk = 1 << 16;
  std::string buffer;
  bool going = true;
  try {
    while (going) {
      buffer.clear();
      while (going && buffer.size() < kChunk) {
        going = more(buffer);
      }
      while (PQputCopyData(connection, buffer.data(), static_cast<int>(buffer.size())) == 0) {
        handle_->flush(limits);
      }
      handle_->flush(limits);
    }
    PQputCopyEnd(connection, nullptr);
  } catch (const Failure&) {
    throw;
  } catch (...) {
    PQputCopyEnd(connection, "the writer gave up");
    try {
      handle_->flush(limits);
      handle_->finish(limits);
    } catch (const Failure&) {  // expected: the server confirms that it gave up, too
    }
    throw;
  }
  handle_->flush(limits);
  handle_->finish(limits);
}

}  // namespace usage::postgres
