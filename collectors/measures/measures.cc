#include "collectors/measures/measures.h"

#include <algorithm>
#include <vector>

#include "collectors/measures/business/accounts.h"
#include "collectors/measures/business/artifacts.h"
#include "collectors/measures/business/capacity.h"
#include "collectors/measures/business/ratings.h"
#include "collectors/measures/business/releases.h"
#include "collectors/measures/business/tickets.h"
#include "collectors/measures/business/value.h"
#include "collectors/measures/families/adoption.h"
#include "collectors/measures/families/counters.h"
#include "collectors/measures/families/dimensions.h"
#include "collectors/measures/families/engagement.h"
#include "collectors/measures/families/habits.h"
#include "collectors/measures/families/info_measures.h"
#include "collectors/measures/families/retention.h"
#include "collectors/measures/families/suppressed.h"
#include "collectors/measures/families/tracking.h"
#include "collectors/measures/families/volume.h"
#include "collectors/measures/targets/target_series.h"

namespace usage {

namespace {

using Family = std::span<const Measure>();

// The order of the page.
constexpr Family* kFamilies[] = {info_measures,      counter_measures,  volume_measures,
                                 dimension_measures, adoption_measures, engagement_measures,
                                 retention_measures, habit_measures,    target_series_measures};
constexpr Family* kAuxiliaryFamilies[] = {artifact_measures, rating_measures,  ticket_measures,
                                          account_measures,  value_measures,   capacity_measures,
                                          release_measures,  tracking_measures};

std::vector<Measure> all_measures() {
  std::vector<Measure> all;
  const auto append = [&](std::span<const Measure> rows) {
    all.insert(all.end(), rows.begin(), rows.end());
  };
  for (Family* family : kFamilies) append(family());
  for (Family* family : kAuxiliaryFamilies) append(family());
  append(suppression_measures());  // last: they count what the others hid
  return all;
}

}  // namespace

std::span<const Measure> measures() {
  static const std::vector<Measure> kAll = all_measures();
  return kAll;
}

bool needs_auxiliary_tables(std::string_view measure) {
  return std::ranges::any_of(kAuxiliaryFamilies, [&](Family* family) {
    return std::ranges::count(family(), measure, &Measure::name) > 0;
  });
}

}  // namespace usage
