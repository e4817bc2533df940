#pragma once

#include <cstddef>
#include <string_view>
#include <tuple>

#include "collectors/facts/bucket.h"
#include "collectors/usage/config/table_config.h"
#include "exporter/config/config.h"

// The fields of every struct that a reader reads with. Each list names all fields of its struct: a
// field that is missing does not compile.
namespace usage {

template <typename Struct, typename Member>
struct Field {
  static constexpr bool kIsRead = true;
  std::string_view name;  // as people know it from the config; empty: the fields of a struct inside
  Member Struct::* member;
};

// The facts are the same whatever its value.
template <typename Struct, typename Member>
struct NotRead {
  static constexpr bool kIsRead = false;
  std::string_view name;
  Member Struct::* member;
};

struct AnyField {
  template <typename Member>
  operator Member() const;  // NOLINT: implicit, never defined
};

// The number of fields of an aggregate.
template <typename Struct, typename... Before>
consteval std::size_t field_count() {
  if constexpr (requires { Struct{Before{}..., AnyField{}}; }) {
    return field_count<Struct, Before..., AnyField>();
  } else {
    return sizeof...(Before);
  }
}

template <typename Struct, typename... Some>
consteval auto all_fields(Some... fields) {
  static_assert(sizeof...(fields) == field_count<Struct>(), "a field of the struct is missing");
  return std::tuple(fields...);
}

template <typename Struct>
struct Fields;  // specialized below; `list` is a tuple of Field

template <typename Struct>
concept HasFields = requires { Fields<Struct>::list; };

template <>
struct Fields<TableConfig> {
  using T = TableConfig;
  static constexpr auto list = all_fields<T>(
      Field{"source", &T::source}, Field{"table", &T::table}, Field{"time", &T::time},
      Field{"user", &T::user}, Field{"event", &T::events}, Field{"time_format", &T::time_format},
      Field{"where", &T::where}, NotRead{"secret", &T::secret});
};

template <>
struct Fields<OutcomeConfig> {
  using T = OutcomeConfig;
  static constexpr auto list = all_fields<T>(
      Field{"column", &T::column}, Field{"event", &T::by_event}, Field{"success", &T::success},
      Field{"failure", &T::failure}, Field{"start", &T::start});
};

template <>
struct Fields<AttemptsConfig> {
  using T = AttemptsConfig;
  static constexpr auto list =
      all_fields<T>(Field{"id", &T::id}, Field{"key", &T::key}, Field{"timeout", &T::timeout},
                    Field{"echo", &T::echo});
};

template <>
struct Fields<NumberConfig> {
  using T = NumberConfig;
  static constexpr auto list = all_fields<T>(Field{"column", &T::column}, Field{"unit", &T::scale});
};

template <>
struct Fields<ScaleConfig> {
  using T = ScaleConfig;
  static constexpr auto list = all_fields<T>(Field{"min", &T::min}, Field{"max", &T::max},
                                             Field{"max_column", &T::max_column});
};

template <>
struct Fields<DimensionConfig> {
  using T = DimensionConfig;
  static constexpr auto list =
      all_fields<T>(Field{"column", &T::column}, Field{"buckets", &T::buckets},
                    Field{"null_as", &T::null_as}, Field{"scale", &T::scale});
};

template <>
struct Fields<FeatureShape> {
  using T = FeatureShape;
  static constexpr auto list = all_fields<T>(
      NotRead{"name", &T::name},  // of the table that the key belongs to
      Field{"reason.allow", &T::reasons}, Field{"dimensions.names", &T::dimensions},
      Field{"has_users", &T::has_users}, Field{"has_outcome", &T::has_outcome},
      Field{"has_scope", &T::has_scope}, Field{"of_artifacts", &T::of_artifacts},
      Field{"duration.buckets", &T::duration_bounds}, Field{"size.buckets", &T::size_bounds});
};

template <>
struct Fields<FeatureConfig> {
  using T = FeatureConfig;
  static constexpr auto list = all_fields<T>(
      Field{"", &T::uses}, Field{"outcome", &T::outcome}, Field{"reason", &T::reason},
      Field{"scope", &T::scope}, Field{"duration", &T::duration}, Field{"size", &T::size},
      Field{"dimensions", &T::dimensions}, Field{"revoked_at", &T::revoked_at},
      Field{"creator", &T::creator}, Field{"latest", &T::latest}, Field{"attempts", &T::attempts},
      Field{"abandoned", &T::abandoned}, Field{"", &T::shape});
};

template <>
struct Fields<UsersConfig::Condition> {
  using T = UsersConfig::Condition;
  static constexpr auto list =
      all_fields<T>(Field{"column", &T::column}, Field{"equals", &T::values});
};

// As far as rows are judged by who made them; all else is judged when a page is made.
template <>
struct Fields<UsersConfig> {
  using T = UsersConfig;
  static constexpr auto list =
      all_fields<T>(Field{"source", &T::source}, Field{"table", &T::table}, Field{"id", &T::id},
                    NotRead{"created_at", &T::created_at}, NotRead{"deleted_at", &T::deleted_at},
                    NotRead{"team", &T::team}, NotRead{"account", &T::account},
                    NotRead{"time_format", &T::time_format}, Field{"exclude", &T::exclude},
                    NotRead{"eligible", &T::eligible});
};

// How a log or a client's events come into the journal is not read again with the facts; how long
// is waited, and as whom is connected, changes no row.
template <>
struct Fields<SourceConfig> {
  using T = SourceConfig;
  static constexpr auto list = all_fields<T>(
      NotRead{"name", &T::name},  // is TableConfig::source
      NotRead{"", &T::input},     // the key has the driver and database_identity() of it
      NotRead{"journal", &T::journal}, NotRead{"labels", &T::labels},
      NotRead{"timeout", &T::timeout}, NotRead{"connect_timeout", &T::connect_timeout},
      NotRead{"lock_timeout", &T::lock_timeout}, NotRead{"max_gap", &T::max_gap},
      Field{"naive_time_zone", &T::naive_time_zone}, Field{"time_format", &T::time_format},
      NotRead{"position", &T::position});
};

}  // namespace usage
