#include "collectors/sources/postgres/postgres_writer.h"

#include "collectors/sources/postgres/postgres_connection.h"
#include "collectors/sources/postgres/postgres_dialect.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"

namespace usage {

namespace {

using postgres::Connection;
using postgres::Failure;
using postgres::WaitLimits;

void append_escaped(std::string& line, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\\':
        line += "\\\\";
        break;
      case '\n':
        line += "\\n";
        break;
      case '\r':
        line += "\\r";
        break;
      case '\t':
        line += "\\t";
        break;
      default:
        line += c;
    }
  }
}

void append_value(std::string& line, const Value& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    append_escaped(line, *text);
  } else if (const auto* boolean = std::get_if<bool>(&value)) {
    line += *boolean ? 't' : 'f';
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    line += std::to_string(*integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    line += fmt::format("{}", *real);
  } else if (const auto* instant = std::get_if<Instant>(&value)) {
    line += format_rfc3339(*instant);
  } else {
    line += "\\N";
  }
}

class PostgresWriter : public Writer {
 public:
  explicit PostgresWriter(const Secret& dsn) : host_(postgres::host_of(dsn)) {
    attempt("connect to", [&] {
      postgres::ConnectOptions options;
      options.dsn = dsn;
      options.defaults = {{"application_name", "usage_exporter demo"}};
      connection_ = std::make_unique<Connection>(options, limits(kConnect));
    });
  }

  void execute(const std::string& sql) override {
    attempt("run a statement on", [&] { connection_->run(sql, limits(kStatement)); });
  }

  void insert(const std::string& table, const std::vector<std::string>& columns,
              const std::function<std::span<const Value>()>& next) override {
    std::string names;
    for (const std::string& column : columns) {
      names += (names.empty() ? "" : ", ") + dialect().quoted_name(column);
    }
    const std::string sql =
        fmt::format("COPY {} ({}) FROM STDIN", dialect().quoted_name(table), names);
    attempt("write rows to", [&] {
      connection_->copy_in(sql, limits(kStatement), [&](std::string& buffer) {
        const std::span<const Value> row = next();
        for (std::size_t i = 0; i < row.size(); ++i) {
          append_value(buffer, row[i]);
          buffer += i + 1 == row.size() ? '\n' : '\t';
        }
        return !row.empty();
      });
    });
  }

  void begin() override { execute("BEGIN"); }
  void commit() override { execute("COMMIT"); }
  std::string driver() const override { return "postgresql"; }
  const Dialect& dialect() const override { return postgres_dialect(); }

 private:
  static constexpr std::chrono::seconds kConnect{10};
  static constexpr std::chrono::hours kStatement{1};

  WaitLimits limits(SteadyInstant::duration longest) const {
    return {clock_, clock_.steady_now() + longest, never_};
  }

  template <typename Work>
  void attempt(std::string_view what, const Work& work) const {
    try {
      work();
    } catch (const Failure& failure) {
      // The rows are generated, so the server's message holds nobody's data.
      throw Error(
          failure.kind == Failure::Kind::server && !failure.sqlstate.starts_with("28") &&
                  !failure.sqlstate.starts_with("3D")
              ? Reason::query
              : Reason::unavailable,
          fmt::format(
              "cannot {} {}: {}{}", what, host_, failure.message,
              failure.sqlstate.empty() ? "" : fmt::format(" (SQLSTATE {})", failure.sqlstate)));
    }
  }

  std::string host_;
  SystemClock clock_;
  postgres::CancelToken never_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace

std::unique_ptr<Writer> open_postgres_writer(const Secret& dsn) {
  return std::make_unique<PostgresWriter>(dsn);
}

}  // namespace usage
