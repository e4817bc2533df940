#include "collectors/sources/postgres/postgres.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <set>

#include "collectors/sources/postgres/postgres_connection.h"
#include "collectors/sources/postgres/postgres_copy.h"
#include "collectors/sources/postgres/postgres_decode.h"
#include "collectors/sources/postgres/postgres_dialect.h"
#include "collectors/sources/postgres/postgres_error.h"
#include "exporter/base/backoff.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/sql_tokenizer.h"

namespace usage {

namespace {

using postgres::Attempt;
using postgres::Bound;
using postgres::CancelToken;
using postgres::Connection;
using postgres::Failure;
using postgres::Field;
using postgres::Redaction;
using postgres::WaitLimits;

std::int64_t milliseconds(Duration duration) {
  return std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

class PostgresSource : public Source {
 public:
  PostgresSource(const SourceConfig& config, const Clock& clock)
      : config_(config),
        clock_(clock),
        backoff_(clock),
        database_(*config.database()),
        attempt_{config_, postgres::host_of(database_.dsn)},
        zone_(config.naive_time_zone) {}

  void scan(const Query& query, Deadline deadline, const RowSink& sink) override {
    const WaitLimits limits{clock_, deadline, cancel_token_};
    redaction_ = query.secret ? Redaction::secret : Redaction::nothing;
    in_transaction(limits, [&] {
      const std::vector<Bound> parameters = postgres::bound(query.parameters);
      const std::vector<Field> fields = prepare(query.sql, parameters, limits);
      redaction_ = query.secret ? Redaction::secret : Redaction::rows;
      postgres::RowDecoder decoder(fields, zone_);
      sink.columns(postgres::columns_of(fields, type_names_));
      const auto row = [&](std::span<const postgres::Cell> cells) {
        sink.rows(RowBatch(decode(decoder, cells), 1));
      };
      if (!query.bulk || !decoder.binary() || !copied(query.sql, parameters, limits, row)) {
        connection_->stream(parameters, decoder.binary(), limits, row);
      }
    });
  }

  std::vector<Column> describe(const Query& query, Deadline deadline) override {
    const WaitLimits limits{clock_, deadline, cancel_token_};
    std::vector<Column> columns;
    redaction_ = query.secret ? Redaction::secret : Redaction::nothing;
    in_transaction(limits, [&] {
      columns = postgres::columns_of(prepare(query.sql, postgres::bound(query.parameters), limits),
                                     type_names_);
    });
    return columns;
  }

  void interrupt() noexcept override { cancel_token_.raise(); }

 private:
  // Leaves a connection without a transaction, or none, whatever goes wrong.
  template <typename Work>
  void in_transaction(const WaitLimits& limits, const Work& work) {
    try {
      begin(limits);
      work();
      connection_->run("COMMIT", limits);
    } catch (const Failure& failure) {
      recover(failure.kind == Failure::Kind::server);
      throw postgres::query_error(failure, attempt_, redaction_);
    } catch (...) {
      recover(false);
      throw;
    }
  }

  void begin(const WaitLimits& limits) {
    if (cancel_token_.raised()) {
      throw Failure{Failure::Kind::interrupted, "", ""};
    }
    // The first statement finds a connection that died since the last scan: then make a new one.
    if (connection_) {
      try {
        connection_->run(opening(limits), limits);
        return;
      } catch (const Failure& failure) {
        const bool dead =
            failure.kind == Failure::Kind::lost || failure.sqlstate.starts_with("57P");
        if (!dead) {
          throw;
        }
        connection_.reset();
      }
    }
    backoff_.check();
    connect(limits);
    connection_->run(opening(limits), limits);
  }

  // Reads by COPY. Returns false if that cannot be done, as with some servers that speak
  // PostgreSQL's protocol: then nothing was read, and the statement is prepared as before.
  template <typename Row>
  bool copied(const std::string& sql, const std::vector<Bound>& parameters,
              const WaitLimits& limits, const Row& row) {
    const auto copy = copies_ ? postgres::copy_of(sql, parameters) : std::nullopt;
    if (!copy) {
      return false;
    }
    postgres::CopyReader reader;
    bool begun = false;
    try {
      // Reads the table page by page in the server's own process. An index would give many rows one
      // by one, workers hand them over one by one, and compiling code for a day of rows costs more
      // than it saves.
      connection_->run(
          "SET LOCAL enable_indexscan = off; SET LOCAL max_parallel_workers_per_gather = 0; "
          "SET LOCAL jit = off",
          limits);
      connection_->copy_out(*copy, limits, [&](std::string_view message) {
        const auto cells = reader.row(message);
        begun = true;
        if (!cells.empty()) {
          row(cells);
        }
      });
      return true;
    } catch (const Failure& failure) {
      constexpr std::array<std::string_view, 3> kNotSupported{"0A000", "42601", "42704"};
      const bool unknown = std::ranges::count(kNotSupported, failure.sqlstate) > 0;
      if (failure.kind != Failure::Kind::server || !unknown || begun) {
        throw;
      }
    }
    copies_ = false;
    connection_->run("ROLLBACK", limits);
    connection_->run(opening(limits), limits);
    prepare(sql, parameters, limits);
    return false;
  }

  // Sets everything per transaction, so that it may run on any server connection of a PgBouncer.
  std::string opening(const WaitLimits& limits) const {
    // The server's own limit is for when the client is gone. It comes later than the client's
    // cancellation, which would otherwise race with it and hit the next statement.
    constexpr Duration kLater = std::chrono::milliseconds(500);
    const auto left = std::chrono::ceil<Duration>(limits.deadline - clock_.steady_now()) + kLater;
    return fmt::format(
        "BEGIN READ ONLY; SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = {}; "
        "SET LOCAL TimeZone = '{}'; SET LOCAL DateStyle = 'ISO'; SET LOCAL extra_float_digits = 1",
        milliseconds(left), milliseconds(config_.lock_timeout), config_.naive_time_zone);
  }

  void connect(const WaitLimits& limits) {
    const Deadline limit =
        std::min(limits.deadline, std::chrono::time_point_cast<SteadyInstant::duration>(
                                      clock_.steady_now() + config_.connect_timeout));
    try {
      connection_ =
          std::make_unique<Connection>(options(), WaitLimits{clock_, limit, limits.cancel_token});
      backoff_.succeeded();
    } catch (const Failure& failure) {
      if (failure.kind == Failure::Kind::interrupted) {
        throw;
      }
      backoff_.fail(postgres::connect_message(failure, attempt_));
    }
  }

  postgres::ConnectOptions options() {
    postgres::ConnectOptions options;
    options.dsn = database_.dsn;
    options.defaults = {{"application_name", "usage_exporter"},
                        {"keepalives_idle", "30"},
                        {"keepalives_interval", "10"},
                        {"keepalives_count", "3"},
                        {"tcp_user_timeout", "30000"}};
    if (!database_.password_file.empty()) {
      options.password = read_password();
    }
    if (!database_.pgbouncer) {
      options.settings = {{"default_transaction_read_only", "on"},
                          {"statement_timeout", std::to_string(milliseconds(config_.timeout))},
                          {"lock_timeout", std::to_string(milliseconds(config_.lock_timeout))},
                          {"idle_in_transaction_session_timeout", "60000"},
                          {"TimeZone", config_.naive_time_zone}};
    }
    return options;
  }

  Secret read_password() {
    std::ifstream file(database_.password_file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file) {
      backoff_.fail(
          fmt::format("source \"{}\": cannot read its password_file {}; check the path and "
                      "its permissions",
                      config_.name, database_.password_file));
    }
    while (text.ends_with('\n') || text.ends_with('\r')) {
      text.pop_back();
    }
    return Secret(std::move(text));
  }

  // PostgreSQL would ignore a parameter that the query does not name.
  void check_parameters(const std::string& sql, std::size_t given) const {
    std::set<std::size_t> named;
    for (const SqlToken& token : sql_tokens(sql, postgres_syntax())) {
      named.insert(parameter_number(token.text));
    }
    for (std::size_t number = 1; number <= given; ++number) {
      if (!named.contains(number)) {
        throw Error(
            Reason::query,
            fmt::format("source \"{}\" ({}): {} parameters are given and the query has no ${}",
                        config_.name, attempt_.host, given, number));
      }
    }
  }

  std::vector<Field> prepare(const std::string& sql, const std::vector<Bound>& parameters,
                             const WaitLimits& limits) {
    check_parameters(sql, parameters.size());
    std::vector<Field> fields = connection_->prepare(sql, parameters, limits);
    if (fields.empty()) {
      throw Error(Reason::query,
                  fmt::format("source \"{}\" ({}): the query gives no columns; write a "
                              "SELECT",
                              config_.name, attempt_.host));
    }
    if (learn_type_names(fields, limits)) {
      // A simple query takes the unnamed statement's place.
      fields = connection_->prepare(sql, parameters, limits);
    }
    return fields;
  }

  bool learn_type_names(const std::vector<Field>& fields, const WaitLimits& limits) {
    std::set<unsigned> unknown;
    for (const Field& field : fields) {
      if (postgres::type_name(field.type).empty() && !type_names_.contains(field.type)) {
        unknown.insert(field.type);
      }
    }
    for (const unsigned type : unknown) {
      const auto answer =
          connection_->run(fmt::format("SELECT pg_catalog.format_type({}, NULL)", type), limits);
      type_names_[type] = answer.at(0).at(0);
    }
    return !unknown.empty();
  }

  std::span<const Value> decode(postgres::RowDecoder& decoder,
                                std::span<const postgres::Cell> cells) const {
    try {
      return decoder.decode(cells);
    } catch (const Error& error) {
      throw Error(error.reason(),
                  fmt::format("source \"{}\" ({}): {}", config_.name, attempt_.host, error.what()));
    }
  }

  // After a failed statement the server waits for ROLLBACK; otherwise it may still be working.
  void recover(bool statement_ended) noexcept {
    if (!connection_) {
      return;
    }
    try {
      // Not cancel_token_, which is raised at the end of the process: the server must hear of it.
      const CancelToken none;
      const WaitLimits limits{clock_, clock_.steady_now() + kRecovery, none};
      if (statement_ended || connection_->cancel(limits)) {
        connection_->run("ROLLBACK", limits);
        return;
      }
    } catch (...) {  // the connection is given up, which rolls back as well
    }
    connection_.reset();
  }

  static constexpr std::chrono::seconds kRecovery{1};

  const SourceConfig config_;
  const Clock& clock_;
  Backoff backoff_;
  const DatabaseConfig database_;
  Attempt attempt_;
  TimeZone zone_;
  CancelToken cancel_token_;
  Redaction redaction_ = Redaction::nothing;  // of the scan under way
  bool copies_ = true;
  std::map<unsigned, std::string> type_names_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace

std::unique_ptr<Source> open_postgres(const SourceConfig& config, const Clock& clock) {
  return std::make_unique<PostgresSource>(config, clock);
}

}  // namespace usage
