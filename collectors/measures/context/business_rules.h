#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "exporter/base/clock.h"

// Part of usage_rules.h: how facts become numbers about the business.
namespace usage {

// Names of Facts::auxiliary_tables.
namespace auxiliary {
inline std::string artifacts(const std::string& feature) { return feature + "/artifacts"; }
inline std::string accesses(const std::string& feature) { return feature + "/accesses"; }
inline std::string viewers(const std::string& feature) { return feature + "/viewers"; }
inline std::string ratings(const std::string& feature) { return feature + "/ratings"; }
inline std::string abandoned(const std::string& feature) { return feature + "/abandoned"; }
// Starts and failures together, if rows do not tell one from the other.
inline std::string unsuccessful(const std::string& feature) { return feature + "/unsuccessful"; }
inline std::string cross_check(const std::string& feature, const std::string& source) {
  return feature + "/cross_check/" + source;
}
inline constexpr char kBusiness[] = "business/";
inline constexpr char kTickets[] = "business/tickets";
inline constexpr char kFeedback[] = "business/feedback";
// Dimensions of artifacts.
inline constexpr char kTtl[] = "ttl";
inline constexpr char kAccessed[] = "accessed";  // ">0" if a running total is, else another value
}  // namespace auxiliary

// A use of the feature makes an artifact for others to open later, such as a link.
struct ArtifactRules {
  Duration mature_after = std::chrono::days(7);  // or when it expires, whichever is first
  double ttl_seconds = 0;                        // seconds of one unit of kTtl
  bool has_accesses = false, has_viewers = false, has_access_count = false;
  // Kinds of viewer and the values that mean each. Empty if viewers are unknown.
  std::map<std::string, std::vector<std::string>> kinds;
  std::vector<std::string> counted{"member", "external"};  // kinds whose accesses count
};

// The time that a use saves somebody who would have done the work by hand.
struct ValueStream {
  std::string name;
  double seconds_per_use = 0;
  std::string dimension;  // only uses with one of these values; empty: all
  std::vector<std::string> values;
};

struct RatingRules {
  std::uint64_t min_count = 20;
  Duration within = std::chrono::days(90);
};

struct TicketRules {
  std::vector<std::string> watch;  // categories
  Duration baseline = std::chrono::weeks(8), compare = std::chrono::weeks(4);
  bool per_active_user = false;
  std::optional<double> cost;  // of one ticket
};

struct AccountRetentionRules {
  std::optional<Duration> period;  // nullopt: the calendar month
  int baseline_periods = 3;
};

struct Investment {
  double amount = 0, per_month = 0;
  Instant booked_at;
};

struct Business {
  std::string currency = "USD";
  std::optional<Instant> launched_at;  // instead of the first launch of a feature
  std::optional<double> hourly_rate;
  std::optional<Investment> investment;
  std::optional<RatingRules> ratings;
  std::optional<TicketRules> tickets;
  std::optional<AccountRetentionRules> retention;
  std::optional<std::vector<std::string>> feedback_themes;
};

enum class CapacityMeasure { peak_hourly_uses, uses_per_day, stored_bytes };

struct Capacity {
  std::string resource, feature;
  CapacityMeasure measure = CapacityMeasure::peak_hourly_uses;
  double limit = 0;
};

struct Release {
  std::string name;
  Instant at;
};

}  // namespace usage
