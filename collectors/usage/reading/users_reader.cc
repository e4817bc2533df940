#include "collectors/usage/reading/users_reader.h"

#include <utility>

#include "collectors/sources/drivers.h"

namespace usage {

UsersReader::UsersReader(const UsersConfig& config, const SourceConfig& source)
    : config_(config),
      time_format_(time_format_of(source, config.time_format)),
      select_(config.table, "\"users\"", dialect_of(source)) {
  id_ = *select_.add(config.id);
  created_at_ = select_.add(config.created_at);
  deleted_at_ = select_.add(config.deleted_at);
  team_ = select_.add(config.team);
  account_ = select_.add(config.account);
  exclude_ = select_.add(config.exclude.column);
  eligible_ = select_.add(config.eligible.column);
}

UserAttributes UsersReader::attributes_of(std::span<const Value> row,
                                          Population& population) const {
  UserAttributes user;
  std::string buffer;
  const auto matches = [&](std::size_t place, const UsersConfig::Condition& condition) {
    const auto text = text_of(row[place], buffer);
    return text && is_one_of(*text, condition.values);
  };
  const auto number = [&](std::size_t place, IdMap& names) {
    const auto text = text_of(row[place], buffer);
    return text ? std::optional(names.id_of(*text)) : std::nullopt;
  };
  user.known = true;
  user.excluded = exclude_ && matches(*exclude_, config_.exclude);
  user.eligible = !eligible_ || matches(*eligible_, config_.eligible);
  if (created_at_) {
    user.created_at = instant_of(row[*created_at_], config_.created_at, time_format_);
  }
  if (deleted_at_) {
    user.deleted_at = instant_of(row[*deleted_at_], config_.deleted_at, time_format_);
  }
  if (team_) {
    user.team = number(*team_, population.teams);
  }
  if (account_) {
    user.account = number(*account_, population.accounts);
  }
  return user;
}

std::uint64_t UsersReader::read(Source& source, Deadline deadline, SharedFacts& shared) const {
  Population population;
  population.has_users_table = true;
  std::uint64_t rows = 0;
  std::string buffer;
  const RowSink sink{.columns = [](std::span<const Column>) {},
                     .rows = row_by_row([&](std::span<const Value> row) {
                       ++rows;
                       const auto id = text_of(row[id_], buffer);
                       if (!id) {
                         return;
                       }
                       const UserAttributes user = attributes_of(row, population);
                       const UserId number = LockedFacts(shared)->users.id_of(*id);
                       if (population.attributes.size() <= number) {
                         population.attributes.resize(number + 1);
                       }
                       population.attributes[number] = user;
                     })};
  source.scan({select_.sql(), {}}, deadline, sink);
  LockedFacts(shared)->population = std::move(population);
  return rows;
}

ColumnCheck UsersReader::check(Source& source, Deadline deadline) const {
  return check_columns(source, select_, "users", select_.query(select_.sql(), {}), deadline);
}

}  // namespace usage
