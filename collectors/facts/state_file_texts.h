#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "collectors/facts/bucket.h"
#include "collectors/facts/directory.h"
#include "collectors/facts/state_file_pieces.h"
#include "exporter/clock.h"

// How the state file divides facts into pieces; nobody else includes this.
namespace usage::state {

// Directories grow at their end, so they lie in pieces of 4,096 texts, of which a commit writes the
// last ones. `stored` texts are there already.
void put_texts(Pieces& pieces, std::string_view kind, std::string_view name, const Directory& texts,
               std::uint32_t stored);
void read_texts(Pieces& pieces, std::string_view kind, std::string_view name, Directory& texts);

std::string text_of(const FeatureShape& shape);
std::string dimension_kind(std::size_t dimension);  // of the texts of its values

// A day is a piece: its buckets, each with its place in the day.
std::int64_t day_number(Instant day);
Instant day_at(std::int64_t number);
void put_bucket(std::string& day, Instant start, std::string_view bytes);
// Takes from the front; `bytes` lives as long as what `day` shows.
Instant take_bucket(std::string_view& day, Instant start_of_day, std::string_view& bytes);

}  // namespace usage::state
