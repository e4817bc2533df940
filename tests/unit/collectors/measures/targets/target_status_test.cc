#include "collectors/measures/targets/target_status.h"

#include <gtest/gtest.h>

#include "exporter/base/timestamps.h"

namespace usage {
namespace {

using std::chrono::days;

const Instant kStart = parse_rfc3339("2026-10-01").value();

const TargetMeasure* measure(std::string_view name) {
  for (const TargetMeasure& known : target_measures()) {
    if (known.name == name) return &known;
  }
  return nullptr;
}

Target target(double baseline, double threshold, Comparison comparison = Comparison::min) {
  Target made;
  made.id = "t";
  made.measure = measure(comparison == Comparison::min ? "adoption_tried" : "failures");
  made.comparison = comparison;
  made.baseline = baseline;
  made.threshold = threshold;
  made.start = kStart;
  made.due = kStart + days(20);
  return made;
}

TargetStatus status(const Target& of, std::optional<double> value, std::optional<bool> met,
                    Instant at, const std::map<std::string, double>& before = {}) {
  TargetEvaluation verdict;
  verdict.target = &of;
  if (value) verdict.measured = Measured{*value, {}, {}};
  verdict.met = met;
  return board_of({verdict}, before, at).statuses.at(0);
}

TEST(TargetStatus, TheWordsAreThoseOfTheDashboard) {
  const Target half = target(0, 0.5);
  const Instant middle = kStart + days(10), late = half.due;
  EXPECT_EQ(status(half, 0.5, true, middle).state, TargetState::met);
  EXPECT_EQ(status(half, 0.2, false, middle).state, TargetState::on_track);  // four fifths of 0.25
  EXPECT_EQ(status(half, 0.19, false, middle).state, TargetState::behind_pace);
  EXPECT_EQ(status(half, 0.49, false, late).state, TargetState::missed);
  EXPECT_EQ(status(half, 0.6, true, late).state, TargetState::met);
  EXPECT_EQ(status(half, std::nullopt, std::nullopt, middle).state, TargetState::unknown);
  EXPECT_EQ(status(half, std::nullopt, false, middle).state, TargetState::on_track);
}

TEST(TargetStatus, PaceIsAStraightLineFromTheBaseline) {
  const Target fewer = target(0.4, 0.2, Comparison::max);
  const TargetStatus middle = status(fewer, 0.3, false, kStart + days(5));
  EXPECT_DOUBLE_EQ(middle.elapsed, 0.25);
  EXPECT_DOUBLE_EQ(middle.expected, 0.35);
  EXPECT_EQ(middle.state, TargetState::on_track);
  EXPECT_EQ(status(fewer, 0.39, false, kStart + days(5)).state, TargetState::behind_pace);
  EXPECT_DOUBLE_EQ(status(fewer, 0.3, false, kStart - days(5)).elapsed, 0);
  EXPECT_DOUBLE_EQ(status(fewer, 0.3, false, kStart + days(50)).elapsed, 1);
  // Where there is no way to go, nobody is behind on it.
  EXPECT_EQ(status(target(0.2, 0.2), 0.1, false, kStart + days(19)).state, TargetState::on_track);
}

TEST(TargetStatus, HeadingForTheTrendOfThreeDays) {
  const Target half = target(0, 0.5);
  const auto heads = [&](double value, double before, Instant at) {
    return status(half, value, false, at, {{"t", before}}).heading_for;
  };
  EXPECT_DOUBLE_EQ(heads(0.25, 0.22, kStart + days(10)).value(), 0.35);
  EXPECT_DOUBLE_EQ(heads(0.25, 0.28, kStart + days(17)).value(), 0.22);
  EXPECT_DOUBLE_EQ(heads(0.45, 0.15, kStart + days(10)).value(), 1);  // no share exceeds one
  EXPECT_FALSE(heads(0.25, 0.22, half.due));
  EXPECT_FALSE(status(half, 0.25, false, kStart + days(10)).heading_for);
  EXPECT_FALSE(status(half, std::nullopt, {}, kStart + days(10), {{"t", 0.1}}).heading_for);
}

}  // namespace
}  // namespace usage
