#include "collectors/usage/config/money_config.h"

#include <algorithm>
#include <cmath>

#include "collectors/measures/context/usage_rules.h"
#include "collectors/usage/config/business_config.h"
#include "collectors/usage/config/common_keys.h"
#include "exporter/base/format.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

namespace {

using std::chrono::days;
using std::chrono::weeks;

std::optional<double> read_amount(yaml::Mapping& mapping, std::string_view key) {
  const auto amount = mapping.number(key);
  if (amount && !(*amount >= 0 && std::isfinite(*amount))) {
    mapping.problem(key, fmt::format("\"{}\" in {} must be 0 or more", key, mapping.what()));
  }
  return amount;
}

struct Reader {
  UsageConfig& usage;
  yaml::Mapping& business;
  const Config& config;
  Problems& problems;
};

void read_investment(const Reader& reader) {
  const yaml::Node* node = reader.business.find("investment");
  if (node == nullptr) {
    return;
  }
  yaml::Mapping mapping(*node, "\"investment\" of \"business\"", reader.problems);
  Investment investment;
  mapping.require("amount");
  investment.amount = read_amount(mapping, "amount").value_or(0);
  investment.per_month = read_amount(mapping, "running_per_month").value_or(0);
  mapping.require("booked_at");
  investment.booked_at = read_time(mapping, "booked_at").value_or(Instant());
  mapping.finish();
  reader.usage.rules.business.investment = investment;
}

ScaleConfig read_scale(yaml::Mapping& mapping) {
  ScaleConfig scale;
  scale.min = mapping.number("min").value_or(0);
  scale.max_column = read_name(mapping, "max_column");
  if (mapping.has("max") == mapping.has("max_column")) {
    mapping.problem("max", fmt::format("{} needs either \"max\", where the scale ends, or "
                                       "\"max_column\", which says so for each row",
                                       mapping.what()));
  }
  const auto max = mapping.number("max");
  scale.max = max.value_or(10);
  if (max && !(scale.max > scale.min)) {
    mapping.problem("max", fmt::format("the scale of {} ends before it begins", mapping.what()));
  }
  return scale;
}

// Makes one auxiliary table per feature; the column "feature" tells whose a row is.
void read_ratings(const Reader& reader) {
  const yaml::Node* node = reader.business.find("ratings");
  if (node == nullptr) {
    return;
  }
  yaml::Mapping mapping(*node, "\"ratings\" of \"business\"", reader.problems);
  FeatureConfig all = read_record(mapping, *node, "", reader.config, reader.problems);
  std::string feature_column;
  if (node->is_mapping()) {
    mapping.require("user");
    feature_column = mapping.require_string("feature");
  }
  if (const yaml::Node* score = mapping.require("score")) {
    yaml::Mapping inner(*score, "\"score\" of \"ratings\"", reader.problems);
    const std::string column = score->is_mapping() ? inner.require_string("column") : "";
    all.dimensions.push_back(
        {column, {}, "", score->is_mapping() ? read_scale(inner) : ScaleConfig()});
    all.shape.dimensions.emplace_back("score");
    inner.finish();
  }
  RatingRules rules;
  rules.min_count =
      static_cast<std::uint64_t>(mapping.integer("min_count", 1, 1'000'000).value_or(20));
  rules.within = mapping.duration("within", days(1), days(3660)).value_or(rules.within);
  mapping.finish();
  all.latest = true;
  for (const FeatureConfig& feature : reader.usage.features) {
    FeatureConfig record = all;
    record.shape.name = auxiliary::ratings(feature.shape.name);
    record.uses.where.emplace_back(feature_column, std::vector{feature.shape.name});
    reader.usage.auxiliary_tables.push_back(std::move(record));
  }
  reader.usage.rules.business.ratings = rules;
}

void read_tickets(const Reader& reader) {
  const yaml::Node* node = reader.business.find("tickets");
  if (node == nullptr) {
    return;
  }
  yaml::Mapping mapping(*node, "\"tickets\" of \"business\"", reader.problems);
  FeatureConfig record =
      read_record(mapping, *node, auxiliary::kTickets, reader.config, reader.problems);
  TicketRules rules;
  if (node->is_mapping()) {
    record.dimensions.push_back({mapping.require_string("category"), {}, "", {}});
    record.shape.dimensions.emplace_back("category");
    mapping.require("watch");
  }
  rules.watch = read_values(mapping, "watch", reader.problems);
  if (std::find(rules.watch.begin(), rules.watch.end(), kOther) != rules.watch.end()) {
    mapping.problem("watch",
                    fmt::format("\"{}\" in \"watch\" of {} is what all other categories are "
                                "called together; leave it out",
                                kOther, mapping.what()));
  }
  rules.baseline = mapping.duration("baseline", weeks(1), weeks(104)).value_or(rules.baseline);
  rules.compare = mapping.duration("compare", weeks(1), weeks(52)).value_or(rules.compare);
  for (const auto& [key, length] :
       {std::pair("baseline", rules.baseline), {"compare", rules.compare}}) {
    if (length % Duration(weeks(1)) != Duration::zero()) {
      mapping.problem(
          key, fmt::format("\"{}\" in {} must be whole weeks, such as 4w", key, mapping.what()));
    }
  }
  rules.per_active_user = mapping.boolean("per_active_user").value_or(false);
  rules.cost = read_amount(mapping, "cost");
  mapping.finish();
  reader.usage.auxiliary_tables.push_back(std::move(record));
  reader.usage.rules.business.tickets = std::move(rules);
}

void read_feedback(const Reader& reader) {
  const yaml::Node* node = reader.business.find("feedback");
  if (node == nullptr) {
    return;
  }
  yaml::Mapping mapping(*node, "\"feedback\" of \"business\"", reader.problems);
  FeatureConfig record =
      read_record(mapping, *node, auxiliary::kFeedback, reader.config, reader.problems);
  std::vector<std::string> themes;
  if (const yaml::Node* theme = mapping.require("theme")) {
    yaml::Mapping inner(*theme, "\"theme\" of \"feedback\"", reader.problems);
    const std::string column = theme->is_mapping() ? inner.require_string("column") : "";
    inner.require("allow");
    themes = read_values(inner, "allow", reader.problems);
    inner.finish();
    record.dimensions.push_back({column, {}, "", {}});
    record.shape.dimensions.emplace_back("theme");
  }
  mapping.finish();
  reader.usage.auxiliary_tables.push_back(std::move(record));
  reader.usage.rules.business.feedback_themes = std::move(themes);
}

void read_retention(const Reader& reader) {
  const yaml::Node* node = reader.business.find("retention");
  if (node == nullptr) {
    return;
  }
  yaml::Mapping mapping(*node, "\"retention\" of \"business\"", reader.problems);
  AccountRetentionRules rules;
  if (node->is_mapping() && (!reader.usage.users || reader.usage.users->account.empty())) {
    mapping.problem("",
                    fmt::format("{} is about accounts, and nothing says who belongs to which; add "
                                "\"account\" to \"users\" of \"population\"",
                                mapping.what()));
  }
  if (mapping.string("period").value_or("month") != "month") {
    rules.period = mapping.duration("period", days(1), days(366));
  }
  rules.baseline_periods = static_cast<int>(mapping.integer("baseline_periods", 1, 36).value_or(3));
  if (rules.period && *rules.period % Duration(days(1)) != Duration::zero()) {
    mapping.problem("period",
                    fmt::format("\"period\" in {} must be \"month\" or whole days, such as 28d",
                                mapping.what()));
  }
  mapping.finish();
  reader.usage.rules.business.retention = rules;
}

}  // namespace

void read_business(UsageConfig& usage, yaml::Mapping& outer, const Config& config,
                   Problems& problems) {
  const yaml::Node* node = outer.find("business");
  if (node == nullptr) {
    return;
  }
  yaml::Mapping mapping(*node, "\"business\"", problems);
  Business& business = usage.rules.business;
  if (mapping.has("currency")) {
    business.currency = mapping.require_string("currency");
  }
  business.launched_at = read_time(mapping, "launched_at");
  business.hourly_rate = read_amount(mapping, "hourly_rate");
  const Reader reader{usage, mapping, config, problems};
  read_investment(reader);
  read_ratings(reader);
  read_tickets(reader);
  read_feedback(reader);
  read_retention(reader);
  mapping.finish();
}

}  // namespace usage
