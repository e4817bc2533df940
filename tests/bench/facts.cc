// What the facts cost: rows of a product with daily and weekly habits, skewed over its users.
//   bench_facts [ROWS] [USERS] [DAYS] [SKEW]
#include <malloc.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "collectors/state/state_file.h"

namespace {

using std::chrono::days;
using std::chrono::hours;
using usage::Bucket;
using usage::Instant;
using usage::Interval;

class Random {
 public:
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_ = 1;
};

double since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double resident_megabytes() {
  std::ifstream statm("/proc/self/statm");
  double pages = 0;
  double resident = 0;
  statm >> pages >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int index, std::uint64_t otherwise) {
    return argc > index ? std::strtoull(argv[index], nullptr, 10) : otherwise;
  };
  const std::uint64_t rows = argument(1, 5'000'000);
  const std::uint64_t people = argument(2, 50'000);
  const auto length = static_cast<int>(argument(3, 90));
  // Skew 1 is every user alike; the larger, the more is done by few.
  const double skew = argc > 4 ? std::strtod(argv[4], nullptr) : 1.0;

  usage::FeatureShape shape;
  shape.name = "export";
  shape.dimensions = {"format", "report_type"};
  shape.has_users = true;
  const std::vector<std::string> formats{"csv", "png"};
  const std::vector<std::string> types{"sales", "churn", "funnel", "cohort", "usage", "billing"};
  const Instant start = usage::day_of(Instant(std::chrono::seconds(1'700'000'000)));
  const Instant end = start + days(length);

  usage::Facts facts;
  usage::FeatureFacts feature(shape, hours(1));
  Random random;
  double add_seconds = 0;
  double replace_seconds = 0;
  std::vector<std::string> names(people);
  for (std::uint64_t i = 0; i < people; ++i) {
    names[i] = std::to_string(1'000'000 + i);
  }
  const double before = resident_megabytes();
  const std::uint64_t a_day = rows / static_cast<std::uint64_t>(length);
  struct Row {
    std::uint32_t user, hour, format, type;
  };
  std::vector<Row> day_rows(a_day);
  std::string bytes;
  std::uint64_t stored = 0;
  for (int day = 0; day < length; ++day) {
    for (Row& row : day_rows) {
      row.user =
          static_cast<std::uint32_t>(std::pow(random.unit(), skew) * static_cast<double>(people));
      row.hour = static_cast<std::uint32_t>(random.next() % 24);
      row.format = static_cast<std::uint32_t>(random.next() % 4 == 0);
      row.type = static_cast<std::uint32_t>(random.next() % 6);
    }
    const auto adding = std::chrono::steady_clock::now();
    std::vector<Bucket> buckets(24, Bucket(shape));
    for (const Row& row : day_rows) {
      const std::string_view dimensions[] = {formats[row.format], types[row.type]};
      usage::Fact fact;
      fact.user = names[row.user];
      fact.dimensions = dimensions;
      buckets[row.hour].add(fact, shape, facts.users, feature.names());
    }
    add_seconds += since(adding);
    const auto replacing = std::chrono::steady_clock::now();
    std::map<Instant, Bucket> fresh;
    for (int hour = 0; hour < 24; ++hour) {
      fresh.emplace(start + days(day) + hours(hour),
                    std::move(buckets[static_cast<std::size_t>(hour)]));
    }
    feature.replace({start + days(day), start + days(day + 1)}, std::move(fresh));
    replace_seconds += since(replacing);
  }
  day_rows = {};
  malloc_trim(0);
  std::printf("add        %6.2f M rows/s, with replace %.2f\n",
              static_cast<double>(rows) / add_seconds / 1e6,
              static_cast<double>(rows) / (add_seconds + replace_seconds) / 1e6);
  std::printf("memory     facts %.1f MB, directory %.1f MB, resident %.1f MB more than before\n",
              static_cast<double>(feature.memory_bytes()) / 1e6,
              static_cast<double>(facts.users.memory_bytes()) / 1e6, resident_megabytes() - before);

  for (const auto& [hour, bucket] : feature.buckets()) {
    stored += bucket.unpacked(shape).serialize().size();
  }
  std::printf("serialized %.2f MB before compression\n", static_cast<double>(stored) / 1e6);

  const Interval month{end - days(30), end};
  const Interval shifted{end - days(30) - hours(7), end - hours(7)};
  auto timing = std::chrono::steady_clock::now();
  feature.sum({start, end});
  std::printf("sum        all days, cold: %.1f ms\n", since(timing) * 1e3);
  constexpr int kTimes = 100;
  std::uint64_t check = 0;
  for (const Interval& window : {month, shifted}) {
    timing = std::chrono::steady_clock::now();
    for (int i = 0; i < kTimes; ++i) {
      check += feature.sum(window).uses.total();
    }
    std::printf("sum        30 days, warm: %.3f ms\n", since(timing) * 1e3 / kTimes);
  }
  usage::IdSet excluded;
  for (usage::UserId id = 0; id < 500; ++id) {
    excluded.add(id * 7);
  }
  const Bucket total = feature.sum(month);
  timing = std::chrono::steady_clock::now();
  for (int i = 0; i < kTimes; ++i) {
    check += total.uses.total_without(excluded);
  }
  std::printf("without    500 users of a month: %.3f ms\n", since(timing) * 1e3 / kTimes);
  feature.users(month);
  timing = std::chrono::steady_clock::now();
  for (int i = 0; i < kTimes; ++i) {
    check += feature.users(month).size();
  }
  std::printf("users      30 days, warm: %.3f ms\n", since(timing) * 1e3 / kTimes);
  {
    const usage::FixedClock clock(end);
    usage::Log log(stderr, usage::LogLevel::info, usage::LogFormat::logfmt, clock);
    std::string folder = std::filesystem::temp_directory_path() / "usage-bench-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) {
      return 1;
    }
    const auto write = [&](usage::StateFile& file, const Interval& interval) {
      usage::StateFile::Changes changes(file);
      changes.put_table("export", {"", ""});
      changes.put_feature("export", feature, interval);
      changes.put_users(facts);
      changes.commit();
    };
    {
      usage::StateFile file(folder, end, log);
      timing = std::chrono::steady_clock::now();
      write(file, {start, end});
      std::printf("state file %.2f MB, written in %.0f ms, ",
                  static_cast<double>(std::filesystem::file_size(folder + "/usage.db-wal")) / 1e6,
                  since(timing) * 1e3);
      timing = std::chrono::steady_clock::now();
      write(file, {end - hours(2), end});
      std::printf("a refresh in %.1f ms, ", since(timing) * 1e3);
    }
    timing = std::chrono::steady_clock::now();
    usage::StateFile file(folder, end, log);
    usage::Facts loaded;
    loaded.features.emplace("export", usage::FeatureFacts(shape, hours(1)));
    file.load(loaded, {{"export", {"", ""}}});
    std::printf("loaded in %.0f ms, at rest %.2f MB\n", since(timing) * 1e3,
                static_cast<double>(std::filesystem::file_size(folder + "/usage.db")) / 1e6);
    check += loaded.features.at("export").counters().uses;
    std::filesystem::remove_all(folder);
  }
  malloc_trim(0);
  std::printf("memory     with all days remembered: facts %.1f MB, resident %.1f MB\n",
              static_cast<double>(feature.memory_bytes()) / 1e6, resident_megabytes());
  return check == 0 ? 1 : 0;
}
