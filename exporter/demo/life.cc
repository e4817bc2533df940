#include <algorithm>
#include <array>
#include <cmath>

#include "exporter/base/format.h"
#include "exporter/demo/plan.h"

namespace usage::demo {
namespace {

using std::chrono::seconds;

constexpr std::array<std::string_view, 8> kReportTypes{
    "sales", "usage", "revenue", "retention", "inventory", "funnel", "support", "audit"};
constexpr std::array kReportWeights{30.0, 22.0, 15.0, 11.0, 8.0, 6.0, 5.0, 3.0};
constexpr std::array<std::string_view, 3> kErrors{"timeout", "too_large", "render_error"};
constexpr std::array kErrorWeights{50.0, 20.0, 30.0};

struct Format {
  std::string_view name;
  double weight;
  double median_ms, median_bytes;
};
constexpr std::array kFormats{Format{"csv", 52, 900, 220'000}, Format{"png", 28, 2'400, 480'000},
                              Format{"xlsx", 11, 1'900, 350'000}, Format{"pdf", 9, 3'300, 900'000}};

constexpr double kFailures = 0.03;
constexpr double kFailuresOnBadDay = 0.35;
constexpr double kLate = 0.01;
constexpr double kAsked = 0.09;  // for a rating, after a use
constexpr double kCommented = 0.035;
constexpr double kSecondChannel = 0.03;  // the same link, given to one more channel
constexpr std::int64_t kChannels = 30;

// Curiosity: a new feature is used more often in its first days.
double keenness(const Habit& habit, int day) { return day < habit.first_day + 10 ? 1.1 : 1.0; }

int uses_on(Random& random, const Habit& habit, int day, bool is_first) {
  if (day < habit.first_day || day >= habit.end_day) return 0;
  const int uses = random.poisson(std::min(habit.per_active_day, 4.0) * keenness(habit, day));
  return is_first ? std::max(uses, 1) : uses;
}

Export make_export(const Plan& plan, Random& random, const Person& person, int day) {
  std::array<double, kFormats.size()> weights{};
  std::transform(kFormats.begin(), kFormats.end(), weights.begin(),
                 [](const Format& format) { return format.weight; });
  const Format& format = kFormats[random.pick(weights)];
  const bool bad = day == plan.bad_day;
  const double failures = bad && format.name == "png" ? kFailuresOnBadDay : kFailures;

  Export row{};
  row.created_at = plan.moment(random, day, person.utc_offset);
  const auto slow = random.chance(kLate) ? random.between(3'600, 9 * 3'600) : random.between(0, 3);
  row.ingested_at = row.created_at + seconds(slow);
  row.format = format.name;
  row.report_type = kReportTypes[random.pick(kReportWeights)];
  row.channel_id = random.between(1, kChannels);
  const double duration = random.log_normal(format.median_ms, 0.6) * (bad ? 4 : 1);
  row.duration_ms = static_cast<std::int64_t>(duration);
  const auto size = static_cast<std::int64_t>(random.log_normal(format.median_bytes, 0.9));
  const auto error = kErrors[random.pick(kErrorWeights)];
  if (random.chance(failures)) {
    row.error_code = error;
  } else {
    row.file_size_bytes = size;
  }
  return row;
}

SharedReport make_share(const Plan& plan, Random& random, const Person& person, int day) {
  constexpr std::array<std::int64_t, 4> kTtls{24, 72, 168, 720};
  const auto ttl = random.pick(std::array{0.08, 0.22, 0.40, 0.15, 0.15});
  SharedReport row{};
  row.created_at = plan.moment(random, day, person.utc_offset);
  row.share_token = fmt::format("{:016x}", random.bits());
  row.report_type = kReportTypes[random.pick(kReportWeights)];
  row.channel_id = random.between(1, kChannels);
  if (ttl < kTtls.size()) row.ttl_hours = kTtls[ttl];
  return row;
}

void respond(Random& random, std::int64_t user, std::string_view feature, Instant used,
             Product& product) {
  constexpr std::array<std::string_view, 5> kThemes{"time_saved", "workflow", "more_formats",
                                                    "advanced_sharing", "bug"};
  if (random.chance(kAsked)) {
    const std::int64_t scale = random.chance(0.3) ? 5 : 10;
    const double felt = scale == 5 ? random.normal(4.2, 0.8) : random.normal(8.3, 1.4);
    const auto score = std::clamp<std::int64_t>(std::lround(felt), 1, scale);
    const auto at = used + seconds(random.between(5, 300));
    product.ratings.push_back({0, at, user, feature, score, scale});
  }
  if (random.chance(kCommented)) {
    const bool exporting = feature == "export";
    const auto theme =
        random.pick(std::array{35.0, 25.0, exporting ? 22.0 : 2.0, exporting ? 3.0 : 25.0, 10.0});
    product.feedback.push_back(
        {0, used + seconds(random.between(20, 1'800)), user, kThemes[theme]});
  }
}

}  // namespace

void live(const Plan& plan, const Person& person, Product& product) {
  const std::int64_t user = product.users[person.user].id;
  const Random own = plan.root.fork(10'000 + person.user);
  const int end = std::min(person.end_day, plan.end_day);
  bool exported = false;
  bool shared = false;
  for (int day = std::max(person.first_day + 1, plan.first_day); day < end; ++day) {
    Random random = own.fork(static_cast<std::uint64_t>(day) + 10'000);
    if (!random.chance(std::min(person.activity * plan.level(day), 0.97))) continue;
    const int visits = 1 + random.poisson(0.8);
    for (int i = 0; i < visits; ++i) {
      product.activity.push_back({0, user, plan.moment(random, day, person.utc_offset)});
    }
    const int exports = uses_on(random, person.exporting, day, !exported);
    for (int i = 0; i < exports; ++i) {
      Export row = make_export(plan, random, person, day);
      row.user_id = user;
      if (row.error_code.empty()) respond(random, user, "export", row.created_at, product);
      product.exports.push_back(row);
    }
    exported = exported || exports > 0;
    const int shares = uses_on(random, person.sharing, day, !shared);
    for (int i = 0; i < shares; ++i) {
      SharedReport row = make_share(plan, random, person, day);
      row.created_by = user;
      respond(random, user, "share", row.created_at, product);
      product.shares.push_back(row);
      open_link(random, product.shares.size() - 1, product);
      if (!random.chance(kSecondChannel)) continue;
      row.created_at += seconds(random.between(30, 600));
      row.channel_id = row.channel_id % kChannels + 1;
      product.shares.push_back(row);
      open_link(random, product.shares.size() - 1, product);
    }
    shared = shared || shares > 0;
  }
}

}  // namespace usage::demo
