#include <charconv>

#include "collectors/measures/business.h"

namespace usage {

namespace {

bool is_rated(const Moment& moment, const std::string& feature) {
  return moment.rules().business.ratings &&
         moment.facts().records.contains(record::ratings(feature));
}

// The last rating of everybody, from the newest bucket back: whoever was met has been heard.
Score latest_of(Moment& moment, const std::string& feature) {
  const FeatureFacts& facts = moment.feature(record::ratings(feature));
  const Interval window = moment.last(moment.rules().business.ratings->within);
  const Directory& values = facts.names().dimensions.front();
  Score score;
  UserSet heard = moment.not_counted(window.to);
  for (auto at = facts.buckets().lower_bound(window.to); at != facts.buckets().begin();) {
    --at;
    if (at->first < window.from) break;
    const Bucket bucket = at->second.unpacked(facts.shape());
    UserSet here;
    for (const auto& [value, tally] : bucket.dimensions.front()) {
      if (value == FeatureNames::kOverflow) continue;
      const std::string_view text = values.text(value);
      double points = 0;
      if (std::from_chars(text.data(), text.data() + text.size(), points).ec != std::errc())
        continue;
      const UserSet people = tally.users() - heard;
      score.ratings += people.size();
      score.sum += points * static_cast<double>(people.size());
      here |= people;
    }
    heard |= here;
  }
  return score;
}

const Score& latest(Moment& moment, const std::string& feature) {
  return moment.once("ratings of " + feature, [&] { return latest_of(moment, feature); });
}

void for_each_rated(Moment& moment, const std::function<void(const std::string&)>& visit) {
  for (const auto& [feature, facts] : moment.facts().features) {
    if (is_rated(moment, feature)) visit(feature);
  }
}

}  // namespace

std::optional<Score> rating_score(Moment& moment, const std::string& subject) {
  if (!moment.rules().business.ratings) return std::nullopt;
  const Combination* both = moment.combination(subject);
  Score score;
  for (const std::string& feature :
       both != nullptr ? both->features : std::vector<std::string>{subject}) {
    if (!is_rated(moment, feature)) continue;
    score.sum += latest(moment, feature).sum;
    score.ratings += latest(moment, feature).ratings;
  }
  const std::uint64_t least =
      std::max<std::uint64_t>(1, moment.rules().business.ratings->min_count);
  return score.ratings < least ? std::nullopt : std::optional(score);
}

void rating_scores(Moment& moment, const std::string&, MetricFamily& family) {
  for_each_rated(moment, [&](const std::string& feature) {
    const auto score = rating_score(moment, feature);
    if (score) add_sample(family, {feature}, score->sum / static_cast<double>(score->ratings));
  });
}

void ratings(Moment& moment, const std::string&, MetricFamily& family) {
  for_each_rated(moment, [&](const std::string& feature) {
    add_sample(family, {feature}, static_cast<double>(latest(moment, feature).ratings));
  });
}

void ratings_total(Moment& moment, const std::string&, MetricFamily& family) {
  for_each_rated(moment, [&](const std::string& feature) {
    set_created(moment, record::ratings(feature), family);
    const FeatureCounters counters = counters_of(moment, record::ratings(feature));
    add_sample(family, {feature}, static_cast<double>(counters.uses));
  });
}

}  // namespace usage
