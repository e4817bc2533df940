#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/facts/bucket.h"
#include "collectors/facts/id_map.h"
#include "collectors/state/blob_store.h"
#include "exporter/base/clock.h"

// How the state file divides facts into blobs; nobody else includes this.
namespace usage::state {

// Directories grow at their end, so they lie in blobs of 4,096 texts, of which a commit writes the
// last ones. `stored` texts are there already.
void put_texts(BlobStore& blobs, std::string_view kind, std::string_view name, const IdMap& texts,
               std::uint32_t stored);
void read_texts(BlobStore& blobs, std::string_view kind, std::string_view name, IdMap& texts);

std::string text_of(const FeatureShape& shape);
FeatureShape shape_of(std::string_view text);       // without a name; Error(data)
std::string dimension_kind(std::size_t dimension);  // of the texts of its values

// A day is a piece: its buckets, each with its place in the day. A bucket has two halves, who and
// all the rest; those of a day lie together, because like beside like compresses better.
struct StoredBucket {
  Instant start;
  std::string who, rest;
};
std::int64_t day_number(Instant day);
std::string text_of(const std::vector<StoredBucket>& day);
std::vector<StoredBucket> buckets_of(std::int64_t day_number, std::string_view text);

}  // namespace usage::state
