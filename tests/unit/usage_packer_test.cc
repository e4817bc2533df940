#include "collectors/usage_packer.h"

#include <gtest/gtest.h>

#include <vector>

namespace usage {
namespace {

Bucket bucket_of(unsigned users, unsigned rows) {
  Bucket bucket;
  for (unsigned row = 0; row < rows; ++row) {
    bucket.uses.add(row * 7919 % users);
  }
  return bucket;
}

TEST(Packer, WhatIsPackedIsWhatWasThereAndCanGrow) {
  for (const bool threaded : {false, true}) {
    std::vector<Bucket> buckets(50, bucket_of(1'000, 20'000));
    Packer packer(threaded);
    for (Bucket& bucket : buckets) {
      packer.pack(bucket);
    }
    packer.wait();
    for (Bucket& bucket : buckets) {
      bucket.uses.add(5'000);  // a row that came out of order
      packer.pack(bucket);
    }
    packer.wait();
    Bucket expected = bucket_of(1'000, 20'000);
    expected.uses.add(5'000);
    expected.pack_users();
    for (const Bucket& bucket : buckets) {
      EXPECT_EQ(bucket, expected);
      EXPECT_EQ(bucket.memory_bytes(), expected.memory_bytes());
    }
  }
}

TEST(Packer, CanEndWithWorkLeft) {
  std::vector<Bucket> buckets(3, bucket_of(10'000, 100'000));
  Packer packer(true);
  for (Bucket& bucket : buckets) {
    packer.pack(bucket);
  }
}

}  // namespace
}  // namespace usage
