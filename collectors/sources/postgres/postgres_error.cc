#include "collectors/sources/postgres/postgres_error.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "exporter/base/format.h"

namespace usage::postgres {

namespace {

using Pair = std::pair<std::string_view, std::string_view>;

// Classes whose messages are about the server and never quote values.
constexpr std::array<std::string_view, 5> kServerClasses{"08", "25", "53", "55", "57"};
// Classes whose messages are about the statement. Once rows are computed they may quote values: a
// function may take a name from a row.
constexpr std::array<std::string_view, 4> kStatementClasses{"0A", "28", "3D", "42"};

// Condition names of PostgreSQL's Appendix A that a query may meet.
constexpr std::array kConditions{
    Pair{"21000", "cardinality_violation"},
    Pair{"22001", "string_data_right_truncation"},
    Pair{"22003", "numeric_value_out_of_range"},
    Pair{"22004", "null_value_not_allowed"},
    Pair{"22007", "invalid_datetime_format"},
    Pair{"22008", "datetime_field_overflow"},
    Pair{"22009", "invalid_time_zone_displacement_value"},
    Pair{"22011", "substring_error"},
    Pair{"22012", "division_by_zero"},
    Pair{"22015", "interval_field_overflow"},
    Pair{"2201E", "invalid_argument_for_logarithm"},
    Pair{"2201F", "invalid_argument_for_power_function"},
    Pair{"2201B", "invalid_regular_expression"},
    Pair{"2201W", "invalid_row_count_in_limit_clause"},
    Pair{"2201X", "invalid_row_count_in_result_offset_clause"},
    Pair{"22021", "character_not_in_repertoire"},
    Pair{"22023", "invalid_parameter_value"},
    Pair{"2202E", "array_subscript_error"},
    Pair{"22030", "duplicate_json_object_key_value"},
    Pair{"22032", "invalid_json_text"},
    Pair{"22033", "invalid_sql_json_subscript"},
    Pair{"22P02", "invalid_text_representation"},
    Pair{"22P03", "invalid_binary_representation"},
    Pair{"22P05", "untranslatable_character"},
    Pair{"23502", "not_null_violation"},
    Pair{"23503", "foreign_key_violation"},
    Pair{"23505", "unique_violation"},
    Pair{"23514", "check_violation"},
    Pair{"40001", "serialization_failure"},
    Pair{"42501", "insufficient_privilege"},
    Pair{"42601", "syntax_error"},
    Pair{"42703", "undefined_column"},
    Pair{"42704", "undefined_object"},
    Pair{"42883", "undefined_function"},
    Pair{"42P01", "undefined_table"},
    Pair{"40P01", "deadlock_detected"},
    Pair{"54001", "statement_too_complex"},
    Pair{"58030", "io_error"},
    Pair{"P0001", "raise_exception"},
    Pair{"P0002", "no_data_found"},
    Pair{"P0003", "too_many_rows"},
    Pair{"XX001", "data_corrupted"},
    Pair{"XX002", "index_corrupted"},
};

constexpr std::array kClasses{
    Pair{"08", "connection exception"},
    Pair{"0A", "feature not supported"},
    Pair{"21", "cardinality violation"},
    Pair{"22", "data exception"},
    Pair{"23", "integrity constraint violation"},
    Pair{"25", "invalid transaction state"},
    Pair{"28", "invalid authorization specification"},
    Pair{"3D", "invalid catalog name"},
    Pair{"40", "transaction rollback"},
    Pair{"42", "error in the statement"},
    Pair{"53", "insufficient resources"},
    Pair{"54", "program limit exceeded"},
    Pair{"55", "object not in prerequisite state"},
    Pair{"57", "operator intervention"},
    Pair{"58", "system error"},
    Pair{"P0", "error in a PL/pgSQL function"},
    Pair{"XX", "internal error"},
};

std::string_view look_up(std::span<const Pair> table, std::string_view key,
                         std::string_view otherwise) {
  const auto found = std::ranges::find(table, key, &Pair::first);
  return found == table.end() ? otherwise : found->second;
}

std::string_view class_of(const Failure& failure) {
  return std::string_view(failure.sqlstate).substr(0, 2);
}

bool contains(std::span<const std::string_view> classes, std::string_view category) {
  return std::ranges::find(classes, category) != classes.end();
}

std::string described(const Failure& failure, Redaction redaction = Redaction::nothing) {
  const std::string_view category = class_of(failure);
  if (failure.kind != Failure::Kind::server && failure.sqlstate.empty()) {
    return failure.message;
  }
  const bool shown = (redaction != Redaction::secret && contains(kServerClasses, category)) ||
                     (redaction == Redaction::nothing && contains(kStatementClasses, category));
  if (shown) {
    return fmt::format("{} (SQLSTATE {})", failure.message, failure.sqlstate);
  }
  return fmt::format(
      "{} (SQLSTATE {})",
      look_up(kConditions, failure.sqlstate, look_up(kClasses, category, "an error")),
      failure.sqlstate);
}

std::string query_mend(const Failure& failure) {
  constexpr std::array kMends{
      Pair{"42501", "; GRANT SELECT on it to the source's role"},
      Pair{"25006", "; sources only read: write a SELECT"},
      Pair{"42P01", "; check the name, its schema and the database of the dsn"},
      Pair{"42703", "; check the column's name"},
      Pair{"42P02", "; list one of `parameters` for each of $1, $2 …"},
      Pair{"08P01", "; list one of `parameters` for each of $1, $2 …"},
      Pair{"42P18", "; cast it, for example $1::text"},
      Pair{"22012", "; guard the divisor with nullif(…, 0)"},
  };
  if (failure.sqlstate == "42601" &&
      failure.message.find("multiple commands") != std::string::npos) {
    return "; write one statement per query";
  }
  return std::string(look_up(kMends, failure.sqlstate, ""));
}

bool lost(const Failure& failure) {
  const std::string_view category = class_of(failure);
  return failure.kind == Failure::Kind::lost || failure.sqlstate.starts_with("57P") ||
         failure.sqlstate == "25P03" || (category == "08" && failure.sqlstate != "08P01");
}

Reason reason_of(const Failure& failure) {
  const std::string_view category = class_of(failure);
  if (category == "53" || category == "40" || category == "58") {
    return Reason::unavailable;
  }
  const bool data = category == "21" || category == "22" || category == "23" || category == "P0";
  return data ? Reason::data : Reason::query;
}

}  // namespace

std::string connect_message(const Failure& failure, const Attempt& attempt) {
  const std::string& name = attempt.source.name;
  const std::string subject =
      fmt::format("source \"{}\": cannot connect to {}: ", name, attempt.host);
  if (failure.kind == Failure::Kind::deadline) {
    return subject + fmt::format(
                         "no answer within {}; check host, port and firewall, or raise "
                         "connect_timeout",
                         format_duration(attempt.source.connect_timeout));
  }
  if (class_of(failure) == "28") {
    return subject + described(failure) +
           fmt::format("; check the user and the password or password_file of source \"{}\"", name);
  }
  if (class_of(failure) == "3D") {
    return subject + described(failure) + "; check the database of its dsn";
  }
  if (failure.kind == Failure::Kind::lost) {
    return subject + described(failure) +
           "; check that the server runs, and host and port of its dsn";
  }
  return subject + described(failure);
}

Error query_error(const Failure& failure, const Attempt& attempt, Redaction redaction) {
  const std::string subject =
      fmt::format("source \"{}\" ({}): ", attempt.source.name, attempt.host);
  if (failure.kind == Failure::Kind::interrupted) {
    return Error(Reason::unavailable, subject + "interrupted");
  }
  if (failure.kind == Failure::Kind::deadline || failure.sqlstate == "57014") {
    return Error(Reason::timeout, subject +
                                      "the query was cancelled at its deadline; raise the "
                                      "timeout or make the query cheaper");
  }
  if (failure.sqlstate == "55P03") {
    return Error(
        Reason::timeout,
        subject + fmt::format("a table stayed locked for {}; raise lock_timeout or find who "
                              "holds the lock (SQLSTATE 55P03)",
                              format_duration(attempt.source.lock_timeout)));
  }
  if (lost(failure)) {
    return Error(Reason::unavailable, subject + "the connection was lost: " + described(failure) +
                                          "; it is made anew at the next run");
  }
  const Reason reason = reason_of(failure);
  return Error(reason, subject +
                           (reason == Reason::query  ? "PostgreSQL rejected the query: "
                            : reason == Reason::data ? "PostgreSQL could not compute the query: "
                                                     : "PostgreSQL could not run the query: ") +
                           described(failure, redaction) + query_mend(failure));
}

}  // namespace usage::postgres
