#include "collectors/facts/bucket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "exporter/base/error.h"
#include "tests/support/facts_fixture.h"

namespace usage {
namespace {

using testing::Dice;
using ::testing::ElementsAre;
using testing::full_shape;
using testing::random_row;
using testing::Row;

class BucketTest : public ::testing::Test {
 protected:
  void add(Bucket& bucket, const Row& row) { testing::add(bucket, row, shape_, users_, names_); }
  Bucket random_bucket(std::uint64_t seed, std::uint64_t rows = 500) {
    Dice dice(seed);
    Bucket bucket(shape_);
    for (; rows > 0; --rows) add(bucket, random_row(dice, Instant(), 60));
    return bucket;
  }

  FeatureShape shape_ = full_shape();
  IdMap users_;
  FeatureNames names_{shape_};
};

TEST_F(BucketTest, KeepsWhatTheRowsSay) {
  Bucket bucket(shape_);
  add(bucket, {.user = "ann", .dimensions = {"csv", "x"}, .scope = "c1", .duration = 1, .size = 5});
  add(bucket, {.user = "ann", .dimensions = {"png", "x"}, .scope = "c2", .duration = 1.5});
  add(bucket, {.user = {}, .dimensions = {"csv", ""}, .scope = "c1", .duration = 11});
  add(bucket, {.user = "bob", .success = false, .reason = "quota", .dimensions = {"csv", "x"}});
  add(bucket, {.user = "bob", .success = false, .reason = "novel", .dimensions = {"csv", "x"}});
  add(bucket, {.success = false, .dimensions = {"pdf", "x"}, .scope = "c3", .duration = 2});

  EXPECT_EQ(bucket.rows(), 6);
  EXPECT_EQ(bucket.uses.total(), 3);
  EXPECT_EQ(bucket.uses.unattributed(), 1);
  EXPECT_THAT(bucket.uses.users().ids(), ElementsAre(*users_.find("ann")));
  EXPECT_EQ(bucket.failures.total(), 3);
  EXPECT_EQ(bucket.failures.times(*users_.find("bob")), 2);
  EXPECT_THAT(bucket.failures_by_reason, ElementsAre(0, 1, 2));
  EXPECT_EQ(bucket.dimensions[0].at(*names_.dimensions[0].find("csv")).total(), 2);
  EXPECT_EQ(bucket.dimensions[0].at(*names_.dimensions[0].find("png")).total(), 1);
  EXPECT_EQ(bucket.dimensions[1].at(*names_.dimensions[1].find("")).unattributed(), 1);
  EXPECT_EQ(names_.dimensions[0].find("pdf"), std::nullopt) << "failures have no dimensions";
  EXPECT_EQ(bucket.scopes.size(), 2);
  EXPECT_THAT(bucket.duration.counts, ElementsAre(1, 1, 0, 1));
  EXPECT_EQ(bucket.duration.sum, 13.5);
  EXPECT_THAT(bucket.size.counts, ElementsAre(1, 0));
}

TEST_F(BucketTest, ValuesBeyondTheLimitAreOneValue) {
  Bucket bucket(shape_);
  for (std::uint32_t i = 0; i < FeatureNames::kMaxValues + 5; ++i) {
    add(bucket, {.user = "ann", .dimensions = {"csv", std::to_string(i)}});
  }
  add(bucket, {.user = "ann", .dimensions = {"csv", "3"}});
  EXPECT_EQ(names_.dimensions[1].size(), FeatureNames::kMaxValues);
  EXPECT_EQ(bucket.dimensions[1].at(FeatureNames::kOverflow).total(), 5);
  EXPECT_EQ(bucket.dimensions[1].at(3).total(), 2);
  EXPECT_EQ(Bucket::parse(bucket.serialize(), shape_), bucket);
}

TEST_F(BucketTest, WhatIsNoFiniteNumberIsNoObservation) {
  Bucket bucket(shape_);
  add(bucket, {.dimensions = {"", ""}, .duration = std::numeric_limits<double>::quiet_NaN()});
  add(bucket, {.dimensions = {"", ""}, .duration = std::numeric_limits<double>::infinity()});
  EXPECT_EQ(bucket.duration.count(), 0);
  EXPECT_EQ(bucket.duration.sum, 0);
  EXPECT_EQ(bucket.rows(), 2);
}

TEST_F(BucketTest, MergedBucketsAreTheBucketOfAllRows) {
  Dice dice(5);
  for (int round = 0; round < 20; ++round) {
    Bucket all(shape_);
    std::vector<Bucket> parts(5, Bucket(shape_));
    for (int i = 0; i < 400; ++i) {
      const Row row = random_row(dice, Instant(), 60);
      add(all, row);
      add(parts[dice.below(parts.size())], row);
    }
    Bucket merged(shape_);
    for (Bucket& part : parts) {
      if (dice.chance(50)) part.compact();
      merged.merge(part);
    }
    EXPECT_EQ(merged, all);
    all.compact();
    EXPECT_EQ(merged, all);
    Bucket of_nothing;
    of_nothing.merge(all);
    EXPECT_EQ(of_nothing, all) << "a bucket without a shape takes that of the other";
  }
}

TEST_F(BucketTest, SurvivesWriting) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Bucket bucket = random_bucket(seed, seed * 50);
    const Bucket read = Bucket::parse(bucket.serialize(), shape_);
    EXPECT_EQ(read, bucket);
    EXPECT_EQ(read.serialize(), bucket.serialize());
    EXPECT_EQ(Bucket::parse_rest(bucket.uses, bucket.serialize_rest(), shape_), bucket);
  }
}

TEST_F(BucketTest, DamagedBytesAreRefused) {
  const std::string bytes = random_bucket(9).serialize();
  Dice dice(10);
  int refused = 0;
  const auto read = [&](std::string_view damaged) {
    try {
      Bucket::parse(damaged, shape_);
    } catch (const Error& error) {
      EXPECT_EQ(error.reason(), Reason::data);
      ++refused;
    }
  };
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    read(std::string_view(bytes).substr(0, size));
  }
  EXPECT_EQ(refused, bytes.size());
  read(bytes + "x");
  EXPECT_EQ(refused, bytes.size() + 1);
  for (int round = 0; round < 2000; ++round) {
    std::string damaged = bytes;
    for (int i = 0; i < 3; ++i) {
      damaged[dice.below(damaged.size())] = static_cast<char>(dice.below(256));
    }
    read(damaged);
  }
  EXPECT_GT(refused, bytes.size() + 500);
}

TEST_F(BucketTest, ForgetsAUserAndKeepsTheirRows) {
  Bucket bucket = random_bucket(11);
  const Bucket before = bucket;
  const UserId user = *users_.find("user-3");
  ASSERT_GT(before.uses.times(user), 0);
  bucket.forget(user);
  EXPECT_EQ(bucket.rows(), before.rows());
  EXPECT_EQ(bucket.uses.unattributed(), before.uses.unattributed() + before.uses.times(user));
  EXPECT_FALSE(bucket.uses.users().contains(user));
  EXPECT_FALSE(bucket.failures.users().contains(user));
  for (const auto& values : bucket.dimensions) {
    for (const auto& [value, tally] : values) EXPECT_FALSE(tally.users().contains(user));
  }
  EXPECT_NE(bucket, before);
}

}  // namespace
}  // namespace usage
