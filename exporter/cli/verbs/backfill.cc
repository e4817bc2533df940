#include "exporter/cli/verbs/backfill.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>
#include <string>

#include "collectors/measures/evaluate.h"
#include "collectors/measures/targets/targets.h"
#include "collectors/usage/usage_state.h"
#include "exporter/app/history_run.h"
#include "exporter/base/atomic_file.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"
#include "exporter/base/utf8.h"
#include "exporter/cli/verbs/flags.h"
#include "exporter/exposition/openmetrics_history.h"

namespace usage {

namespace {

struct BackfillFlags {
  std::string config_file = kDefaultConfigFile;
  std::optional<Instant> from, to;
  Duration step = std::chrono::hours(1);
  std::vector<std::string> labels;  // NAME=VALUE
  std::string output;               // a path; empty: stdout
  LogFlags log;
};

struct Span {
  Instant from, to;  // both are written
  Duration step;
  std::int64_t instants() const { return (to - from) / step + 1; }
};

Span span_of(const BackfillFlags& flags, const UsageConfig& usage, Instant now) {
  constexpr std::int64_t kMost = 1'000'000;
  const Instant last = floor_to(now, usage.bucket);
  Span span{*flags.from, flags.to.value_or(last), flags.step};
  if (span.to > now) {
    throw Error(Reason::config, fmt::format("--to={} lies in the future", format_rfc3339(span.to)));
  }
  if (span.from > span.to) {
    throw Error(Reason::config, fmt::format("--from={} lies after {}, where the history ends",
                                            format_rfc3339(span.from), format_rfc3339(span.to)));
  }
  if (span.instants() > kMost) {
    throw Error(Reason::config,
                fmt::format("--step={} makes {} instants; at most {} go into one file: "
                            "take a longer step or less time",
                            format_duration(span.step), span.instants(), kMost));
  }
  return span;
}

// The labels of the flags, which no family may have already.
std::vector<HistoryText::FixedLabel> labels_of(const BackfillFlags& flags,
                                               const Metrics& families) {
  std::set<std::string> taken{"le"};
  for (const MetricFamily& family : families) {
    taken.insert(family.label_names.begin(), family.label_names.end());
  }
  std::vector<HistoryText::FixedLabel> labels;
  for (const std::string& text : flags.labels) {
    const std::size_t end = text.find('=');
    const std::string name = text.substr(0, end);
    if (end == std::string::npos || !valid_label_name(name) || !valid_utf8(text)) {
      throw Error(Reason::config, "--label needs a name and a value, such as job=usage");
    }
    if (!taken.insert(name).second) {
      throw Error(Reason::config,
                  fmt::format("--label={}=…: series have a label of this name already", name));
    }
    labels.emplace_back(name, text.substr(end + 1));
  }
  return labels;
}

Metrics families_of(const UsageConfig& usage) {
  std::vector<FeatureShape> shapes;
  for (const FeatureConfig& feature : usage.features) {
    shapes.push_back(feature.shape);
  }
  return describe_measures(shapes, true);
}

void evaluate_all(HistoryText& text, const Facts& facts, const UsageConfig& usage, const Span& span,
                  Log& log) {
  std::set<std::string> names;
  for (const FeatureConfig& feature : usage.features) {
    names.insert(feature.shape.name);
  }
  std::uint64_t dropped = 0;
  std::optional<Instant> evaluated;
  Metrics page;
  TargetHistory targets;  // or each instant would look through all those before it
  for (Instant at = span.from; at <= span.to; at += span.step) {
    // Between two edges of buckets nothing changes.
    const Instant edge = floor_to(at, usage.bucket);
    if (edge != evaluated) {
      Evaluation evaluation = evaluate(facts, usage.rules, edge, false, names, true, &targets);
      page = std::move(evaluation.metrics);
      dropped = std::max(dropped, evaluation.dropped_series);
      evaluated = edge;
    }
    text.add(at, page);
    log.progress("computing every instant", static_cast<double>((at - span.from) / span.step) /
                                                static_cast<double>(span.instants()));
  }
  log.progress("", 1);
  if (dropped > 0) {
    log.warn("series beyond max_series of \"privacy\" were left out",
             {{"dropped", std::to_string(dropped)}});
  }
}

// Whole seconds, at least one.
std::optional<Duration> parse_step(std::string_view text) {
  const auto step = parse_duration(text);
  const bool whole = step && *step % std::chrono::seconds(1) == Duration{};
  return whole && *step > Duration{} ? step : std::nullopt;
}

int run_backfill(const BackfillFlags& flags) {
  const SystemClock system;
  Log log(stderr, flags.log.level, flags.log.format, system);
  const UsageConfig usage = read_features_of(flags.config_file);
  const Span span = span_of(flags, usage, system.now());
  const Metrics families = families_of(usage);
  HistoryText text(families, labels_of(flags, families));
  AtomicFile output(flags.output);  // before the work: a path of no use is found at once
  const auto state = read_past(flags.config_file, {span.from, span.to}, log);
  if (!state) {
    return 1;
  }
  const LockedFacts facts = state->lock();
  evaluate_all(text, *facts, usage, span, log);
  text.write([&](std::string_view piece) { output.write(piece); });
  output.finish();
  if (!flags.output.empty()) {
    std::fputs(
        fmt::format("{}: {} instants from {} to {}, {} series, {} samples\n"
                    "Next: promtool tsdb create-blocks-from --max-block-duration=768h openmetrics "
                    "{} PROMETHEUS_DATA\n",
                    flags.output, span.instants(), format_rfc3339(span.from),
                    format_rfc3339(span.from + (span.instants() - 1) * span.step), text.series(),
                    text.samples(), flags.output)
            .c_str(),
        stdout);
  }
  return 0;
}

}  // namespace

VerbRun add_backfill(CLI::App& app) {
  const auto owned = std::make_shared<BackfillFlags>();
  BackfillFlags& flags = *owned;
  add_config_flag(app, flags.config_file);
  add_instant(app, "--from", "The first instant: every number as of then, as `once --at` gives it.",
              flags.from, "");
  app.get_option("--from")->required();
  add_instant(app, "--to", "The last instant.", flags.to, "the last full hour");
  add_parsed<Duration>(
      app, "--step", "From one instant to the next. Numbers change at the ends of buckets (1h).",
      parse_step, [&flags](Duration step) { flags.step = step; }, "DURATION", "1h");
  app.add_option("--label", flags.labels,
                 "A label for every series; repeatable. A scrape adds job and instance: give the "
                 "same here, and the past joins the present.")
      ->type_name("NAME=VALUE");
  app.add_option("--output", flags.output, "Write to this file, which appears when it is whole.")
      ->type_name("FILE")
      ->default_str("stdout");
  add_log_flags(app, flags.log);
  return [owned] { return run_backfill(*owned); };
}

}  // namespace usage
