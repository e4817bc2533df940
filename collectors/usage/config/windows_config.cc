#include "collectors/usage/config/windows_config.h"

#include <algorithm>
#include <array>

#include "exporter/base/format.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

struct Period {
  std::string_view name;
  CalendarUnit unit;
  int offset;
};

constexpr std::array kPeriods{
    Period{"today", CalendarUnit::day, 0},        Period{"yesterday", CalendarUnit::day, -1},
    Period{"this_week", CalendarUnit::week, 0},   Period{"last_week", CalendarUnit::week, -1},
    Period{"this_month", CalendarUnit::month, 0}, Period{"last_month", CalendarUnit::month, -1}};

constexpr std::string_view kWanted =
    "a duration with its unit such as 7d, or today, yesterday, this_week, last_week, this_month "
    "or last_month";

std::optional<Window> read_window(const yaml::Node& node, Duration bucket, Problems& problems) {
  const auto text = yaml::as_string(node, "an item of \"windows\"", problems);
  if (!text) {
    return std::nullopt;
  }
  if (auto window = window_of(*text, bucket)) {
    return window;
  }
  if (parse_duration(*text)) {
    problems.add(node.position,
                 fmt::format("the window {} must be made of whole buckets of {}, and at "
                             "most 3660d long",
                             yaml::quoted(node), format_duration(bucket)));
    return std::nullopt;
  }
  std::vector<std::string> names;
  for (const Period& period : kPeriods) {
    names.emplace_back(period.name);
  }
  const std::string near = node.secret ? "" : closest(*text, names);
  const bool bare = text->find_first_not_of("0123456789") == std::string::npos && !node.secret;
  problems.add(node.position,
               fmt::format("{} is no window; write {}{}", yaml::quoted(node), kWanted,
                           bare           ? fmt::format("; for days write {}d", *text)
                           : near.empty() ? ""
                                          : fmt::format("; did you mean \"{}\"?", near)));
  return std::nullopt;
}

std::vector<Window> default_windows() {
  return {{"1d", days(1), CalendarUnit::week, 0},
          {"7d", days(7), CalendarUnit::week, 0},
          {"28d", days(28), CalendarUnit::week, 0},
          {"last_week", std::nullopt, CalendarUnit::week, -1}};
}

}  // namespace

std::optional<Window> window_of(const std::string& text, Duration bucket) {
  for (const Period& period : kPeriods) {
    if (period.name == text) {
      return Window{text, std::nullopt, period.unit, period.offset};
    }
  }
  const auto length = parse_duration(text);
  if (!length || *length < bucket || *length % bucket != Duration{} || *length > days(3660)) {
    return std::nullopt;
  }
  return Window{text, *length, CalendarUnit::week, 0};
}

std::vector<Window> read_windows(yaml::Mapping& mapping, Duration bucket, Problems& problems) {
  const yaml::Node* node = mapping.find("windows");
  if (node == nullptr) {
    return default_windows();
  }
  std::vector<Window> windows;
  if (node->kind != yaml::Node::Kind::sequence || node->items.empty()) {
    mapping.problem("windows", fmt::format("\"windows\" must be a list, each item {}", kWanted));
    return windows;
  }
  for (const yaml::Node& item : node->items) {
    const auto window = read_window(item, bucket, problems);
    if (!window) {
      continue;
    }
    const auto same = std::find_if(windows.begin(), windows.end(), [&](const Window& other) {
      return window->rolling ? other.rolling == window->rolling
                             : !other.rolling && other.label == window->label;
    });
    if (same != windows.end()) {
      problems.add(item.position, fmt::format("the windows \"{}\" and {} are the same; keep one",
                                              same->label, yaml::quoted(item)));
      continue;
    }
    windows.push_back(*window);
  }
  return windows;
}

std::vector<RefreshTier> read_recount(yaml::Mapping& mapping, Problems& problems) {
  const yaml::Node* node = mapping.find("recount");
  if (node == nullptr) {
    return {
        {minutes(10), {}}, {hours(2), minutes(10)}, {days(3), hours(1)}, {std::nullopt, days(1)}};
  }
  std::vector<RefreshTier> tiers;
  if (node->kind != yaml::Node::Kind::sequence || node->items.empty()) {
    mapping.problem("recount",
                    "\"recount\" must be a list such as [{younger_than: 2h, every: 1m}, {every: "
                    "1d}]");
    return tiers;
  }
  for (const yaml::Node& item : node->items) {
    yaml::Mapping tier(item, "an item of \"recount\"", problems);
    RefreshTier read;
    const bool last = &item == &node->items.back();
    read.younger_than = tier.duration("younger_than", kSlice, days(3660));
    if (item.is_mapping()) {
      tier.require("every");
      if (last == tier.has("younger_than")) {
        tier.problem("younger_than",
                     last ? "the last item of \"recount\" is for everything older and has no "
                            "\"younger_than\""
                          : "only the last item of \"recount\" may lack \"younger_than\"");
      }
    }
    read.every = tier.duration("every", std::chrono::seconds(1), days(366)).value_or(Duration{});
    if (!tiers.empty() && read.younger_than && tiers.back().younger_than &&
        *read.younger_than <= *tiers.back().younger_than) {
      tier.problem("younger_than", "the ages in \"recount\" must rise");
    }
    tier.finish();
    tiers.push_back(read);
  }
  return tiers;
}

}  // namespace usage
