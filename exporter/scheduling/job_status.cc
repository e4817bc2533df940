#include "exporter/scheduling/job_status.h"

namespace usage {

std::string_view to_string(JobState state) {
  switch (state) {
    case JobState::starting:
      return "starting";
    case JobState::healthy:
      return "healthy";
    case JobState::failing:
      return "failing";
    case JobState::stale:
      return "stale";
  }
  return "unknown";
}

}  // namespace usage
