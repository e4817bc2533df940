#include "collectors/usage/reading/bucket_compressor.h"

#include <gtest/gtest.h>

namespace usage {
namespace {

Bucket bucket_of(unsigned users, unsigned rows) {
  Bucket bucket;
  for (unsigned row = 0; row < rows; ++row) {
    bucket.uses.add(row * 7919 % users);
  }
  return bucket;
}

Instant hour(int number) { return Instant(std::chrono::hours(number)); }

TEST(BucketCompressor, WhatIsPackedIsWhatWasThereAndCanGrow) {
  const FeatureShape shape;
  for (const bool threaded : {false, true}) {
    BucketCompressor compressor(shape, threaded);
    for (int number = 0; number < 50; ++number) {
      compressor.pack(hour(number), bucket_of(1'000, 20'000));
    }
    EXPECT_EQ(compressor.take_back(hour(50)), std::nullopt);
    auto grows = compressor.take_back(hour(49));
    ASSERT_EQ(grows, bucket_of(1'000, 20'000));
    grows->uses.add(5'000);  // a row that came out of order
    compressor.pack(hour(49), *std::move(grows));

    const auto packed = compressor.finish();
    ASSERT_EQ(packed.size(), 50U);
    const FreshBucket expected(bucket_of(1'000, 20'000), shape);
    for (int number = 0; number < 49; ++number) {
      EXPECT_EQ(packed.at(hour(number)).packed, expected.packed);
      EXPECT_EQ(packed.at(hour(number)).counted.uses, 20'000U);
    }
    EXPECT_EQ(packed.at(hour(49)).counted.uses, 20'001U);
    EXPECT_EQ(packed.at(hour(49)).packed.uses.times(5'000), 1U);
  }
}

TEST(BucketCompressor, CanEndWithWorkLeft) {
  const FeatureShape shape;
  BucketCompressor compressor(shape, true);
  for (int number = 0; number < 3; ++number) {
    compressor.pack(hour(number), bucket_of(10'000, 100'000));
  }
}

}  // namespace
}  // namespace usage
