#include "collectors/measures/business/baseline.h"

#include <algorithm>

#include "collectors/measures/context/window.h"

namespace usage {

std::optional<Instant> business_launch(const EvaluationContext& context) {
  std::optional<Instant> first = context.rules().business.launched_at;
  if (!first) {
    for (const auto& [name, rules] : context.rules().features) {
      if (rules.launched_at)
        first = std::min(first.value_or(*rules.launched_at), *rules.launched_at);
    }
  }
  return first ? std::optional(edge_at_or_after(*first, context.facts().bucket_width))
               : std::nullopt;
}

bool reaches_back(std::optional<Instant> first_bucket, Instant from) {
  return first_bucket && *first_bucket <= from + std::chrono::weeks(1);
}

}  // namespace usage
