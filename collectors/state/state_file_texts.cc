#include "collectors/state/state_file_texts.h"

#include <algorithm>
#include <chrono>

#include "collectors/facts/codec.h"
#include "collectors/facts/day_cache.h"
#include "exporter/base/format.h"

namespace usage::state {

namespace {

constexpr std::uint32_t kTextsAPiece = 4096;

}  // namespace

void put_texts(BlobStore& blobs, std::string_view kind, std::string_view name, const IdMap& texts,
               std::uint32_t stored) {
  for (std::uint32_t id = stored - stored % kTextsAPiece; id < texts.size(); id += kTextsAPiece) {
    std::string body;
    for (std::uint32_t i = id; i < std::min(id + kTextsAPiece, texts.size()); ++i) {
      codec::put_number(body, texts.forgotten(i) ? 0 : 1);
      codec::put_text(body, texts.text(i));
    }
    blobs.put(kind, name, id / kTextsAPiece, body);
  }
}

void read_texts(BlobStore& blobs, std::string_view kind, std::string_view name, IdMap& texts) {
  blobs.each(kind, name, [&](std::int64_t number, const std::string& body) {
    if (number * kTextsAPiece != texts.size()) {
      throw Damaged{"a part of the names is missing"};
    }
    std::string_view rest = body;
    while (!rest.empty()) {
      const bool known = codec::take_number(rest) != 0;
      const std::string_view text = codec::take_text(rest);
      const std::uint32_t id = texts.size();
      if ((known ? texts.id_of(text) : texts.add_forgotten()) != id) {
        throw Damaged{"a name is there twice"};
      }
    }
  });
}

std::string text_of(const FeatureShape& shape) {
  std::string text;
  const auto put_all = [&](const std::vector<std::string>& texts) {
    codec::put_number(text, texts.size());
    for (const std::string& one : texts) {
      codec::put_text(text, one);
    }
  };
  const auto put_bounds = [&](const std::vector<double>& bounds) {
    codec::put_number(text, bounds.size());
    for (const double bound : bounds) {
      codec::put_double(text, bound);
    }
  };
  put_all(shape.reasons);
  put_all(shape.dimensions);
  put_bounds(shape.duration_bounds);
  put_bounds(shape.size_bounds);
  codec::put_number(text, (shape.has_users ? 1U : 0U) + (shape.has_outcome ? 2U : 0U) +
                              (shape.has_scope ? 4U : 0U) + (shape.of_artifacts ? 8U : 0U));
  return text;
}

FeatureShape shape_of(std::string_view text) {
  constexpr std::uint64_t kMost = 100'000;
  FeatureShape shape;
  const auto take_all = [&](auto& all, auto&& take) {
    const std::uint64_t count = codec::take_number(text);
    if (count > kMost) {
      codec::damaged();
    }
    for (std::uint64_t i = 0; i < count; ++i) {
      all.emplace_back(take(text));
    }
  };
  take_all(shape.reasons, codec::take_text);
  take_all(shape.dimensions, codec::take_text);
  take_all(shape.duration_bounds, codec::take_double);
  take_all(shape.size_bounds, codec::take_double);
  const std::uint64_t has = codec::take_number(text);
  shape.has_users = (has & 1U) != 0;
  shape.has_outcome = (has & 2U) != 0;
  shape.has_scope = (has & 4U) != 0;
  shape.of_artifacts = (has & 8U) != 0;
  if (!text.empty()) {
    codec::damaged();
  }
  return shape;
}

std::string dimension_kind(std::size_t dimension) { return fmt::format("values {}", dimension); }

std::int64_t day_number(Instant day) {
  return std::chrono::floor<std::chrono::days>(day).time_since_epoch().count();
}

std::string text_of(const std::vector<StoredBucket>& day) {
  std::string text;
  codec::put_number(text, day.size());
  for (const StoredBucket& bucket : day) {
    const auto place =
        std::chrono::duration_cast<std::chrono::seconds>(bucket.start - day_of(bucket.start));
    codec::put_number(text, static_cast<std::uint64_t>(place.count()));
    codec::put_text(text, bucket.who);
  }
  for (const StoredBucket& bucket : day) {
    codec::put_text(text, bucket.rest);
  }
  return text;
}

std::vector<StoredBucket> buckets_of(std::int64_t day_number, std::string_view text) {
  constexpr std::uint64_t kSecondsADay = 86'400;
  const Instant day{std::chrono::days(day_number)};
  const std::uint64_t count = codec::take_number(text);
  std::vector<StoredBucket> buckets;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t place = codec::take_number(text);
    if (place >= kSecondsADay) {
      codec::damaged();
    }
    buckets.push_back({day + std::chrono::seconds(place), std::string(codec::take_text(text)), ""});
  }
  for (StoredBucket& bucket : buckets) {
    bucket.rest = codec::take_text(text);
  }
  if (!text.empty()) {
    codec::damaged();
  }
  return buckets;
}

}  // namespace usage::state
