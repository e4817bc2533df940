#include "collectors/sql/parameters.h"

#include "exporter/base/format.h"
#include "exporter/base/strings.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

namespace {

constexpr Duration kDay = std::chrono::hours(24);

std::optional<Bind> read_bind(const yaml::Node& node, Problems& problems) {
  if (node.is_mapping()) {
    yaml::Mapping mapping(node, "parameter", problems);
    const auto text = mapping.string("text");
    if (!text) {
      mapping.problem("text", "a parameter that is a mapping needs \"text\": {text: some text}");
    }
    mapping.finish();
    return text;
  }
  if (node.kind == yaml::Node::Kind::scalar && node.plain) {
    if (const auto integer = parse_number<std::int64_t>(node.text)) {
      return *integer;
    }
    if (const auto real = parse_number<double>(node.text)) {
      return *real;
    }
  }
  if (node.kind == yaml::Node::Kind::scalar) {
    if (const auto instant = InstantExpression::parse(node.text)) {
      return *instant;
    }
  }
  problems.add(node.position,
               "a parameter is a number, an instant such as \"today - 30d\" (anchors: now, today, "
               "this_week, this_month), or {text: some text}");
  return std::nullopt;
}

}  // namespace

std::optional<InstantExpression> InstantExpression::parse(std::string_view text) {
  InstantExpression expression;
  text = trim(text);
  const std::string_view anchor = trim(text.substr(0, text.find_first_of("+-")));
  if (anchor == "now") {
    expression.anchor_ = Anchor::now;
  } else if (anchor == "today") {
    expression.anchor_ = Anchor::today;
  } else if (anchor == "this_week") {
    expression.anchor_ = Anchor::this_week;
  } else if (anchor == "this_month") {
    expression.anchor_ = Anchor::this_month;
  } else {
    return std::nullopt;
  }
  std::size_t sign = text.find_first_of("+-");
  while (sign != std::string_view::npos) {
    const std::size_t next = text.find_first_of("+-", sign + 1);
    const auto offset = parse_duration(
        trim(text.substr(sign + 1, next == std::string_view::npos ? next : next - sign - 1)));
    if (!offset) {
      return std::nullopt;
    }
    expression.offsets_.push_back(text[sign] == '-' ? -*offset : *offset);
    sign = next;
  }
  return expression;
}

Instant InstantExpression::at(Instant now, const TimeZone& zone) const {
  Instant instant = now;
  switch (anchor_) {
    case Anchor::now:
      break;
    case Anchor::today:
      instant = zone.start_of(CalendarUnit::day, now);
      break;
    case Anchor::this_week:
      instant = zone.start_of(CalendarUnit::week, now);
      break;
    case Anchor::this_month:
      instant = zone.start_of(CalendarUnit::month, now);
      break;
  }
  for (const Duration offset : offsets_) {
    if (anchor_ != Anchor::now && offset % kDay == Duration{}) {
      if (instant == zone.start_of(CalendarUnit::day, instant)) {
        // Also where that start is 01:00, because the clock skips midnight.
        instant = zone.start_of(CalendarUnit::day, instant, static_cast<int>(offset / kDay));
        continue;
      }
      LocalTime local = zone.local(instant);
      const Instant day =
          zone.start_of(CalendarUnit::day, instant, static_cast<int>(offset / kDay));
      const LocalTime moved = zone.local(day);
      local.year = moved.year;
      local.month = moved.month;
      local.day = moved.day;
      instant = zone.instant(local);
    } else {
      instant += offset;
    }
  }
  return instant;
}

std::vector<Bind> read_binds(const yaml::Node& list, Problems& problems) {
  std::vector<Bind> binds;
  if (list.kind != yaml::Node::Kind::sequence) {
    problems.add(list.position, "\"parameters\" must be a list, for example [today - 30d, now]");
    return binds;
  }
  for (const yaml::Node& item : list.items) {
    if (auto bind = read_bind(item, problems)) {
      binds.push_back(*std::move(bind));
    }
  }
  return binds;
}

std::vector<Parameter> bind(const std::vector<Bind>& binds, Instant now, const TimeZone& zone) {
  std::vector<Parameter> parameters;
  for (const Bind& bind : binds) {
    parameters.push_back(std::visit(
        [&](const auto& value) -> Parameter {
          if constexpr (std::is_same_v<std::decay_t<decltype(value)>, InstantExpression>) {
            return value.at(now, zone);
          } else {
            return value;
          }
        },
        bind));
  }
  return parameters;
}

}  // namespace usage
