#include "collectors/usage_packer.h"

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

TEST(Packer, WhatIsPackedIsWhatWasThereAndCanGrow) {
  const FeatureShape shape;
  for (const bool threaded : {false, true}) {
    Packer packer(shape, threaded);
    for (int number = 0; number < 50; ++number) {
      packer.pack(hour(number), bucket_of(1'000, 20'000));
    }
    EXPECT_EQ(packer.take_back(hour(50)), std::nullopt);
    auto grows = packer.take_back(hour(49));
    ASSERT_EQ(grows, bucket_of(1'000, 20'000));
    grows->uses.add(5'000);  // a row that came out of order
    packer.pack(hour(49), *std::move(grows));

    const auto packed = packer.finish();
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

TEST(Packer, CanEndWithWorkLeft) {
  const FeatureShape shape;
  Packer packer(shape, true);
  for (int number = 0; number < 3; ++number) {
    packer.pack(hour(number), bucket_of(10'000, 100'000));
  }
}

}  // namespace
}  // namespace usage
