#include "collectors/measures/business/artifacts.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "collectors/measures/context/privacy.h"
#include "collectors/measures/context/window.h"
#include "collectors/measures/families/counters.h"

namespace usage {

namespace {

constexpr char kUnknown[] = "unknown";
constexpr char kExternal[] = "external";

const ArtifactRules& rules_of(const EvaluationContext& context, const std::string& feature) {
  return *context.feature_rules(feature).artifact;
}

void for_each_maker(EvaluationContext& context, bool ArtifactRules::* has,
                    const std::function<void(const std::string&)>& visit) {
  for (const auto& [feature, facts] : context.facts().features) {
    const auto& rules = context.feature_rules(feature).artifact;
    const bool read = context.facts().auxiliary_tables.contains(auxiliary::artifacts(feature));
    if (rules && read && (has == nullptr || (*rules).*has)) visit(feature);
  }
}

// Adds a sample for each feature with artifacts and each window for which `value` returns a number.
void add_per_maker(EvaluationContext& context, MetricFamily& family, bool ArtifactRules::* has,
                   const std::function<std::optional<double>(const std::string& feature,
                                                             const Interval& window)>& value) {
  for_each_maker(context, has, [&](const std::string& feature) {
    add_per_window(context, feature, family,
                   [&](const Interval& window) { return value(feature, window); });
  });
}

std::optional<std::size_t> dimension(const FeatureFacts& facts, const char* name) {
  const auto& names = facts.shape().dimensions;
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? std::nullopt : std::optional<std::size_t>(found - names.begin());
}

std::string_view text_of(const FeatureFacts& facts, std::size_t dimension, std::uint32_t value) {
  return value == FeatureNames::kOverflow ? std::string_view()
                                          : facts.names().dimensions[dimension].text(value);
}

// How long artifacts with this value of kTtl live. Nothing if for ever or unknown.
std::optional<Duration> lifetime(std::string_view text, double unit) {
  double units = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), units);
  const double length = units * unit;
  constexpr double kLongest = 1e9;  // seconds, some thirty years
  if (failed != std::errc() || !(length > 0) || length > kLongest) return std::nullopt;
  return std::chrono::round<Duration>(std::chrono::duration<double>(length));
}

std::string kind_of(const ArtifactRules& rules, std::string_view value) {
  if (rules.kinds.empty()) return kUnknown;
  for (const auto& [kind, values] : rules.kinds) {
    if (std::ranges::count(values, value) > 0) return kind;
  }
  return kOther;
}

bool counts(const ArtifactRules& rules, const std::string& kind) {
  return rules.kinds.empty() || std::ranges::count(rules.counted, kind) > 0;
}

struct Artifact {
  Instant matures;
  std::uint64_t accesses = 0, external = 0;  // those that count, before it matured
  bool accessed = false;                     // by the running total in its row
};

// The artifacts that can mature in a window. An artifact matures ArtifactRules::mature_after (or
// its lifetime, if shorter) after the end of the bucket that it was made in, rounded up to an edge.
class Artifacts {
 public:
  Artifacts(EvaluationContext& context, const std::string& feature)
      : facts_(context.feature(auxiliary::artifacts(feature))),
        rules_(rules_of(context, feature)),
        now_(context.at()),
        places_(context.facts().artifacts.size(), kNone) {
    from_ = context.end();
    for (const Window& window : context.rules().windows) {
      from_ = std::min(from_, context.bounds(window).from);
    }
    from_ -= rules_.mature_after + 2 * facts_.bucket_width();
    for (auto at = facts_.buckets().lower_bound(from_);
         at != facts_.buckets().end() && at->first < context.end(); ++at) {
      add_made(at->first, at->second.unpacked(facts_.shape()));
    }
    if (!rules_.has_accesses) return;
    const FeatureFacts& accesses = context.feature(auxiliary::accesses(feature));
    for (auto at = accesses.buckets().lower_bound(from_);
         at != accesses.buckets().end() && at->first < context.end(); ++at) {
      add_accesses(at->first, at->second.unpacked(accesses.shape()), accesses);
    }
  }

  // The artifacts that matured in (from, to]. The end is included, because accesses count up to the
  // instant of maturing. One that matures at the end of the open bucket can still be opened.
  std::vector<const Artifact*> matured(const Interval& window) const {
    std::vector<const Artifact*> found;
    for (const Artifact& artifact : all_) {
      if (artifact.matures > window.from && artifact.matures <= std::min(window.to, now_)) {
        found.push_back(&artifact);
      }
    }
    return found;
  }

 private:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  void add_made(Instant start, const Bucket& bucket) {
    const Instant end = start + facts_.bucket_width();
    const auto add = [&](const IdSet& ids, Duration age) {
      ids.for_each([&](UserId id) {
        if (places_[id] != kNone) return;
        places_[id] = static_cast<std::uint32_t>(all_.size());
        all_.push_back({edge_at_or_after(end + age, facts_.bucket_width())});
      });
    };
    if (const auto ttl = dimension(facts_, auxiliary::kTtl)) {
      for (const auto& [value, made] : bucket.dimensions[*ttl]) {
        const auto life = lifetime(text_of(facts_, *ttl, value), rules_.ttl_seconds);
        add(made.users(), std::min(rules_.mature_after, life.value_or(rules_.mature_after)));
      }
    } else {
      add(bucket.uses.users(), rules_.mature_after);
    }
    const auto accessed = dimension(facts_, auxiliary::kAccessed);
    if (!accessed) return;
    for (const auto& [value, made] : bucket.dimensions[*accessed]) {
      if (!text_of(facts_, *accessed, value).starts_with('>')) continue;
      made.users().for_each([&](UserId id) { all_[places_[id]].accessed = true; });
    }
  }

  void add_accesses(Instant start, const Bucket& bucket, const FeatureFacts& accesses) {
    for (const auto& entry : bucket.dimensions.front()) {
      const PerUserCounts& tally = entry.second;
      const std::string kind = kind_of(rules_, text_of(accesses, 0, entry.first));
      if (!counts(rules_, kind)) continue;
      tally.users().for_each([&](UserId id) {
        const std::uint32_t place = places_[id];
        if (place == kNone || start >= all_[place].matures) return;
        all_[place].accesses += tally.times(id);
        if (kind == kExternal) all_[place].external += tally.times(id);
      });
    }
  }

  const FeatureFacts& facts_;
  const ArtifactRules& rules_;
  Instant from_, now_;
  std::vector<Artifact> all_;
  std::vector<std::uint32_t> places_;  // by id
};

constexpr Memo<Artifacts> kArtifacts;

std::vector<const Artifact*> matured(EvaluationContext& context, const std::string& feature,
                                     const Interval& window) {
  return context.once(kArtifacts, feature, [&] { return Artifacts(context, feature); })
      .matured(window);
}

Share share_of(const std::vector<const Artifact*>& matured,
               const std::function<bool(const Artifact&)>& is) {
  return {static_cast<std::uint64_t>(
              std::ranges::count_if(matured, [&](const Artifact* one) { return is(*one); })),
          matured.size()};
}

std::vector<double> accesses_of(const std::vector<const Artifact*>& matured) {
  std::vector<double> accesses;
  for (const Artifact* one : matured) accesses.push_back(static_cast<double>(one->accesses));
  return accesses;
}

// The people behind each kind of viewer in an interval, without excluded users.
std::map<std::string, IdSet> viewers_of(EvaluationContext& context, const std::string& feature,
                                        const Interval& interval) {
  const FeatureFacts& facts = context.feature(auxiliary::viewers(feature));
  std::map<std::string, IdSet> people;
  for (const auto& [kind, values] : rules_of(context, feature).kinds) people[kind];
  for (const auto& [value, summary] :
       context.summary(auxiliary::viewers(feature), interval).dimensions[0]) {
    people[kind_of(rules_of(context, feature), text_of(facts, 0, value))] |=
        summary.users - context.excluded();
  }
  return people;
}

std::map<std::string, std::uint64_t> by_kind(
    const ArtifactRules& rules, const FeatureFacts& facts,
    const std::map<std::uint32_t, std::uint64_t>& by_value) {
  std::map<std::string, std::uint64_t> sums;
  for (const auto& [kind, values] : rules.kinds) sums[kind] = 0;
  if (rules.kinds.empty()) sums[kUnknown] = 0;
  for (const auto& [value, count] : by_value)
    sums[kind_of(rules, text_of(facts, 0, value))] += count;
  return sums;
}

// Lifetimes of the artifacts made in a window.
struct Lifetimes {
  double seconds = 0;
  std::uint64_t limited = 0, unlimited = 0;
};

std::optional<Lifetimes> lifetimes(EvaluationContext& context, const std::string& feature,
                                   const Interval& window) {
  const FeatureFacts& facts = context.feature(auxiliary::artifacts(feature));
  const auto ttl = dimension(facts, auxiliary::kTtl);
  if (!ttl) return std::nullopt;
  Lifetimes sum;
  const auto all = facts.summary(window, {});
  for (const auto& [value, summary] : all->dimensions[*ttl]) {
    const auto life = lifetime(text_of(facts, *ttl, value), rules_of(context, feature).ttl_seconds);
    (life ? sum.limited : sum.unlimited) += summary.uses;
    if (life) sum.seconds += seconds(*life) * static_cast<double>(summary.uses);
  }
  return sum;
}

void artifacts(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_maker(context, family, nullptr, [&](const auto& feature, const Interval& window) {
    const FeatureFacts& facts = context.feature(auxiliary::artifacts(feature));
    return static_cast<double>(facts.summary(window, {})->scopes.size());
  });
}

void mature_artifacts(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_maker(context, family, nullptr, [&](const auto& feature, const Interval& window) {
    return static_cast<double>(matured(context, feature, window).size());
  });
}

void opened_artifacts(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_maker(context, family, &ArtifactRules::has_accesses,
                [&](const auto& feature, const Interval& window) {
                  return static_cast<double>(access_share(context, feature, window)->numerator);
                });
}

void access_ratio(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_maker(context, family, &ArtifactRules::has_accesses,
                [&](const auto& feature, const Interval& window) {
                  return ratio_of(*access_share(context, feature, window));
                });
}

void external_access_ratio(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_maker(context, family, &ArtifactRules::has_accesses,
                [&](const auto& feature, const Interval& window) -> std::optional<double> {
                  if (!rules_of(context, feature).kinds.contains(kExternal)) return std::nullopt;
                  return ratio_of(share_of(matured(context, feature, window),
                                           [](const auto& one) { return one.external > 0; }));
                });
}

void access_mean(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_maker(context, family, &ArtifactRules::has_accesses,
                [&](const auto& feature, const Interval& window) -> std::optional<double> {
                  const auto counts = accesses_of(matured(context, feature, window));
                  if (counts.empty()) return std::nullopt;
                  double sum = 0;
                  for (const double count : counts) sum += count;
                  return sum / static_cast<double>(counts.size());
                });
}

void access_median(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_maker(context, family, &ArtifactRules::has_accesses,
                [&](const auto& feature, const Interval& window) {
                  return median_of(accesses_of(matured(context, feature, window)));
                });
}

void accesses_total(EvaluationContext& context, const std::string&, MetricFamily& family) {
  for_each_maker(context, &ArtifactRules::has_accesses, [&](const std::string& feature) {
    const std::string name = auxiliary::accesses(feature);
    set_created(context, name, family);
    const FeatureCounters counters = counters_of(context, name);
    for (const auto& [kind, count] :
         by_kind(rules_of(context, feature), context.feature(name), counters.dimensions.front())) {
      add_sample(family, {feature, kind}, static_cast<double>(count));
    }
  });
}

void accesses(EvaluationContext& context, const std::string&, MetricFamily& family) {
  for_each_maker(context, &ArtifactRules::has_accesses, [&](const std::string& feature) {
    const FeatureFacts& facts = context.feature(auxiliary::accesses(feature));
    for (const Window& window : context.rules().windows) {
      std::map<std::uint32_t, std::uint64_t> by_value;
      const auto all = facts.summary(context.bounds(window), {});
      for (const auto& [value, summary] : all->dimensions.front()) {
        by_value[value] = summary.uses;
      }
      for (const auto& [kind, count] : by_kind(rules_of(context, feature), facts, by_value)) {
        add_sample(family, {feature, kind, window.label}, static_cast<double>(count));
      }
    }
  });
}

void viewers(EvaluationContext& context, const std::string&, MetricFamily& family) {
  for_each_maker(context, &ArtifactRules::has_viewers, [&](const std::string& feature) {
    for (const Window& window : context.rules().windows) {
      const auto people = viewers_of(context, feature, context.bounds(window));
      std::vector<IdSet> cells;
      for (const auto& [kind, some] : people) cells.push_back(some);
      const std::vector<bool> hidden = hidden_cells(cells, context.rules().k_anonymity);
      std::size_t cell = 0;
      for (const auto& [kind, some] : people) {
        if (!hidden[cell++]) {
          add_sample(family, {feature, kind, window.label}, static_cast<double>(some.size()));
        }
      }
      context.count_suppressed(feature, static_cast<std::size_t>(std::ranges::count(hidden, true)));
    }
  });
}

void collaboration_change(EvaluationContext& context, const std::string&, MetricFamily& family) {
  for_each_maker(context, &ArtifactRules::has_viewers, [&](const std::string& feature) {
    for (const Window& window : context.rules().windows) {
      const auto before = context.before(window);
      if (!before || !rules_of(context, feature).kinds.contains(kExternal)) continue;
      const auto was = viewers_of(context, feature, *before)[kExternal].size();
      const auto is = viewers_of(context, feature, context.bounds(window))[kExternal].size();
      if (const auto ratio = ratio_of(is, was))
        add_sample(family, {feature, window.label}, *ratio - 1);
    }
  });
}

void ttl_mean(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_maker(context, family, nullptr,
                [&](const auto& feature, const Interval& window) -> std::optional<double> {
                  const auto sum = lifetimes(context, feature, window);
                  if (!sum || sum->limited == 0) return std::nullopt;
                  return sum->seconds / static_cast<double>(sum->limited);
                });
}

void without_expiry(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_maker(context, family, nullptr,
                [&](const auto& feature, const Interval& window) -> std::optional<double> {
                  const auto sum = lifetimes(context, feature, window);
                  return sum ? std::optional(static_cast<double>(sum->unlimited)) : std::nullopt;
                });
}

void approximate_access_ratio(EvaluationContext& context, const std::string&,
                              MetricFamily& family) {
  add_per_maker(context, family, &ArtifactRules::has_access_count,
                [&](const auto& feature, const Interval& window) {
                  return ratio_of(share_of(matured(context, feature, window),
                                           [](const auto& one) { return one.accessed; }));
                });
}

void approximate_accesses_total(EvaluationContext& context, const std::string&,
                                MetricFamily& family) {
  for_each_maker(context, &ArtifactRules::has_access_count, [&](const std::string& feature) {
    const std::string name = auxiliary::artifacts(feature);
    set_created(context, name, family);
    add_sample(family, {feature}, counters_of(context, name).size.sum);
  });
}

constexpr Measure kArtifactMeasures[] = {
    row("usage_artifacts", kGauge, "", {"feature", "window"}, kOnce, artifacts,
        "Distinct artifacts made in the window: by their token, if there is one. Without revoked "
        "ones and those of excluded users."),
    row("usage_artifacts_mature", kGauge, "", {"feature", "window"}, kOnce, mature_artifacts,
        "Artifacts that matured in the window: 7 days (unless configured) after the bucket in "
        "which they were made, or when they expired, whichever came first. Without revoked ones "
        "and those of excluded users."),
    row("usage_artifacts_opened", kGauge, "", {"feature", "window"}, kOnce, opened_artifacts,
        "Artifacts of usage_artifacts_mature that were opened before they matured, by a viewer who "
        "counts: not by their creator, nor by a bot, unless configured."),
    row("usage_artifact_access_ratio", kGauge, "ratio", {"feature", "window"}, kOnce, access_ratio,
        "Artifacts that matured in the window and were opened before, by a viewer who counts / "
        "artifacts that matured in the window.",
        {"usage_artifacts_opened", "usage_artifacts_mature"}),
    row("usage_artifact_external_access_ratio", kGauge, "ratio", {"feature", "window"}, kOnce,
        external_access_ratio,
        "Artifacts that matured in the window and were opened before from outside / artifacts that "
        "matured in the window."),
    row("usage_artifact_accesses_mean", kGauge, "", {"feature", "window"}, kOnce, access_mean,
        "Accesses that count before an artifact matured / artifacts that matured in the window."),
    row("usage_artifact_accesses_median", kGauge, "", {"feature", "window"}, kOnce, access_median,
        "Median accesses that count before an artifact matured, over those that matured in the "
        "window."),
    row("usage_artifact_accesses_total", kCounter, "", {"feature", "viewer"}, kOnce, accesses_total,
        "Accesses to artifacts counted since the exporter knows them, by kind of viewer. Deleted "
        "rows stay counted."),
    row("usage_artifact_accesses", kGauge, "", {"feature", "viewer", "window"}, kOnce, accesses,
        "Accesses to artifacts in the window, by kind of viewer."),
    row("usage_artifact_viewers", kGauge, "", {"feature", "viewer", "window"}, kOnce, viewers,
        "Distinct viewers of artifacts in the window, by kind; somebody who is not signed in is a "
        "browser, not a person. Absent where it is about fewer than k, or could be computed."),
    row("usage_collaboration_change_ratio", kGauge, "ratio", {"feature", "window"}, kOnce,
        collaboration_change,
        "Distinct external viewers in the window / those in as long before it, less 1; windows "
        "that have ended only. Absent where there was none before."),
    row("usage_artifact_ttl_seconds_mean", kGauge, "", {"feature", "window"}, kOnce, ttl_mean,
        "Mean lifetime of the artifacts made in the window that expire."),
    row("usage_artifacts_without_expiry", kGauge, "", {"feature", "window"}, kOnce, without_expiry,
        "Artifacts made in the window that never expire."),
    row("usage_artifact_approximate_access_ratio", kGauge, "ratio", {"feature", "window"}, kOnce,
        approximate_access_ratio,
        "Artifacts that matured in the window and whose running total of accesses is above 0 / "
        "artifacts that matured in the window. Approximate: a total tells neither who nor when, so "
        "creators, bots and late accesses count."),
    row("usage_artifact_approximate_accesses_total", kCounter, "", {"feature"}, kOnce,
        approximate_accesses_total,
        "What the running totals of accesses rose by since the exporter knows the artifacts, of "
        "those made in one bucket together. Approximate: whoever it was."),
};

}  // namespace

std::span<const Measure> artifact_measures() { return kArtifactMeasures; }

std::optional<Share> access_share(EvaluationContext& context, const std::string& feature,
                                  const Interval& window) {
  const auto& rules = context.feature_rules(feature).artifact;
  if (!rules || !rules->has_accesses) return std::nullopt;
  return share_of(matured(context, feature, window),
                  [](const Artifact& one) { return one.accesses > 0; });
}

}  // namespace usage
