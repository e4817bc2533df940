#include <algorithm>
#include <array>

#include "collectors/measures/targets/target_status.h"
#include "collectors/usage/explain/explain.h"
#include "collectors/usage/explain/explain_parts.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"

namespace usage {

namespace {

const Target& target_of(const std::string& id, const UsageRules& rules) {
  std::vector<std::string> ids;
  for (const Target& target : rules.targets) {
    if (target.id == id) {
      return target;
    }
    ids.push_back(target.id);
  }
  throw Error(Reason::config, ids.empty()
                                  ? "there are no \"targets\" in the config"
                                  : fmt::format("there is no target \"{}\"{}; there are {}", id,
                                                did_you_mean(id, ids), fmt::join(ids, ", ")));
}

std::string sign(const Target& target) {
  const bool least = target.comparison == Comparison::min;
  return fmt::format("{} {}", least ? (target.strict ? ">" : ">=") : (target.strict ? "<" : "<="),
                     format_shortest(target.threshold));
}

std::string line(std::string_view name, const std::string& text) {
  return fmt::format("  {:<11} {}\n", name, text);
}

std::string value_line(const TargetEvaluation& verdict) {
  if (!verdict.measured) {
    return line("value", "none: it has not begun, or cannot be told at this instant");
  }
  const Measured& measured = *verdict.measured;
  std::string text = format_shortest(measured.value);
  if (measured.denominator) {
    text += fmt::format(" = {} / {}", *measured.numerator, *measured.denominator);
  }
  std::string lines = line("value", text);
  if (verdict.lower_bound) {
    lines +=
        line("lower bound", fmt::format("{}  (of the 95 % Wilson interval: what is safe to say)",
                                        format_shortest(*verdict.lower_bound)));
  }
  return lines;
}

std::string pace_lines(const TargetEvaluation& verdict, const Facts& facts, const UsageRules& rules,
                       Instant at) {
  const Target& target = *verdict.target;
  const double gone = elapsed_of(target, at);
  std::string lines =
      line("period", fmt::format("{} to {}, {:.0f} % of it over", format_rfc3339(target.start),
                                 format_rfc3339(target.due), 100 * gone));
  lines += line("pace",
                fmt::format("{} expected by now, on a straight line from {} to {}",
                            format_shortest(expected_at(target, at)),
                            format_shortest(target.baseline), format_shortest(target.threshold)));
  if (gone >= 1 || !verdict.measured) {
    return lines;
  }
  TargetTrend trend;
  const auto& before = trend.before(facts, rules, at);
  const auto earlier = before.find(target.id);
  if (earlier != before.end()) {
    lines +=
        line("projection", fmt::format("{} when due, if it goes on as in the last 3 days",
                                       format_shortest(heading_for(target, verdict.measured->value,
                                                                   earlier->second, at))));
  }
  return lines;
}

std::string verdict_line(const TargetEvaluation& verdict, Instant at) {
  const Target& target = *verdict.target;
  const bool enough = verdict.population >= target.min_population;
  return fmt::format("\nverdict: {}{}\n", verdict_words(verdict, at),
                     enough ? "" : " (too few active users: no alert speaks of it)");
}

}  // namespace

std::string explain_target(const std::string& id, const Config& config, const UsageConfig& usage,
                           const Facts& facts, Instant at, bool live) {
  UsageRules rules = usage.rules;
  rules.targets = {target_of(id, rules)};
  const Target& target = rules.targets.front();
  EvaluationContext context(facts, rules, at, live);
  TargetHistory history;
  const TargetEvaluation verdict = evaluate_targets(context, history).front();
  constexpr std::array kModes{"now", "at any local midnight until the due date", "at the due date"};

  std::string text = fmt::format(
      "target {}: {}{}{} of {} {}\n", target.id, target.measure->name, target.window ? "/" : "",
      target.window ? target.window->label : "", target.subject, sign(target));
  text += fmt::format("  met means: {}; severity {}{}{}\n\nas of {}{}, in {}:\n",
                      kModes[static_cast<std::size_t>(target.mode)], target.severity,
                      target.phase.empty() ? "" : ", phase " + target.phase,
                      target.owner.empty() ? "" : ", owner " + target.owner, format_rfc3339(at),
                      live ? " (the bucket under way counts)" : "", rules.zone.name());
  if (target.window) {
    const Interval bounds = context.bounds(*target.window);
    text += line("window", fmt::format("{} to before {}", format_rfc3339(bounds.from),
                                       format_rfc3339(bounds.to)));
  }
  text += value_line(verdict);
  text += line("population", fmt::format("{} active users, at least {} wanted", verdict.population,
                                         target.min_population));
  if (verdict.attainment) {
    text += line(
        "attainment",
        fmt::format("{} of the threshold{}", format_shortest(*verdict.attainment),
                    target.stretch ? "; the stretch is " + format_shortest(*target.stretch) : ""));
  }
  text += pace_lines(verdict, facts, rules, at);
  text += line("first met", verdict.past.first_met ? format_rfc3339(*verdict.past.first_met)
                                                   : std::string("never so far"));
  text += verdict_line(verdict, at);
  const Combination* combination = context.combination(target.subject);
  std::set<std::string> features{target.subject};
  if (combination != nullptr) {
    features = {combination->features.begin(), combination->features.end()};
  }
  return text + "\nread by (a bucket at a time, $1 and $2 its bounds):\n" +
         statements(features, !target.measure->lacks({}, target.subject).empty(), config, usage);
}

}  // namespace usage
