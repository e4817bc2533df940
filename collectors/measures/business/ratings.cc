#include "collectors/measures/business/ratings.h"

#include <charconv>

#include "collectors/measures/families/counters.h"

namespace usage {

namespace {

bool is_rated(const EvaluationContext& context, const std::string& feature) {
  return context.rules().business.ratings &&
         context.facts().auxiliary_tables.contains(auxiliary::ratings(feature));
}

// The latest rating of each person. Goes back from the newest bucket; `heard` are those found.
Score latest_of(EvaluationContext& context, const std::string& feature) {
  const FeatureFacts& facts = context.feature(auxiliary::ratings(feature));
  const Interval window = context.last(context.rules().business.ratings->within);
  const IdMap& values = facts.names().dimensions.front();
  Score score;
  IdSet heard = context.not_counted(window.to);
  for (auto at = facts.buckets().lower_bound(window.to); at != facts.buckets().begin();) {
    --at;
    if (at->first < window.from) break;
    const Bucket bucket = at->second.unpacked(facts.shape());
    IdSet here;
    for (const auto& [value, tally] : bucket.dimensions.front()) {
      if (value == FeatureNames::kOverflow) continue;
      const std::string_view text = values.text(value);
      double points = 0;
      if (std::from_chars(text.data(), text.data() + text.size(), points).ec != std::errc())
        continue;
      const IdSet people = tally.users() - heard;
      score.ratings += people.size();
      score.sum += points * static_cast<double>(people.size());
      here |= people;
    }
    heard |= here;
  }
  return score;
}

constexpr Memo<Score> kLatest;

const Score& latest(EvaluationContext& context, const std::string& feature) {
  return context.once(kLatest, feature, [&] { return latest_of(context, feature); });
}

void for_each_rated(EvaluationContext& context,
                    const std::function<void(const std::string&)>& visit) {
  for (const auto& [feature, facts] : context.facts().features) {
    if (is_rated(context, feature)) visit(feature);
  }
}

void rating_scores(EvaluationContext& context, const std::string&, MetricFamily& family) {
  for_each_rated(context, [&](const std::string& feature) {
    const auto score = rating_score(context, feature);
    if (score) add_sample(family, {feature}, score->sum / static_cast<double>(score->ratings));
  });
}

void ratings(EvaluationContext& context, const std::string&, MetricFamily& family) {
  for_each_rated(context, [&](const std::string& feature) {
    add_sample(family, {feature}, static_cast<double>(latest(context, feature).ratings));
  });
}

void ratings_total(EvaluationContext& context, const std::string&, MetricFamily& family) {
  for_each_rated(context, [&](const std::string& feature) {
    set_created(context, auxiliary::ratings(feature), family);
    const FeatureCounters counters = counters_of(context, auxiliary::ratings(feature));
    add_sample(family, {feature}, static_cast<double>(counters.uses));
  });
}

constexpr Measure kRatingMeasures[] = {
    row("usage_rating_score", kGauge, "", {"feature"}, kOnce, rating_scores,
        "Mean of everybody's latest rating in the last 90 days (unless configured), on a scale "
        "from 0 to 10. Absent where fewer people rated than configured (20)."),
    row("usage_ratings", kGauge, "", {"feature"}, kOnce, ratings,
        "People with a rating in the last 90 days (unless configured): what usage_rating_score is "
        "a mean of."),
    row("usage_ratings_total", kCounter, "", {"feature"}, kOnce, ratings_total,
        "Ratings counted since the exporter knows the table; several by one person within a bucket "
        "of time are one."),
};

}  // namespace

std::span<const Measure> rating_measures() { return kRatingMeasures; }

std::optional<Score> rating_score(EvaluationContext& context, const std::string& subject) {
  if (!context.rules().business.ratings) return std::nullopt;
  const Combination* both = context.combination(subject);
  Score score;
  for (const std::string& feature :
       both != nullptr ? both->features : std::vector<std::string>{subject}) {
    if (!is_rated(context, feature)) continue;
    score.sum += latest(context, feature).sum;
    score.ratings += latest(context, feature).ratings;
  }
  const std::uint64_t least =
      std::max<std::uint64_t>(1, context.rules().business.ratings->min_count);
  return score.ratings < least ? std::nullopt : std::optional(score);
}

}  // namespace usage
