#pragma once

#include <map>
#include <optional>
#include <string>

#include "collectors/measures/context/evaluation_context.h"

namespace usage {

// Finds when targets were first met: evaluates them at every local midnight since their start, at
// their due date and at the instant itself. Remembers the results until the next local day. For one
// thread.
class TargetHistory {
 public:
  struct Past {
    std::optional<Instant> first_met;
    std::optional<bool> met_when_due;  // after the due date, if it was known then
  };
  // By the target's id. If live, evaluates the past again each day, because late rows change it.
  std::map<std::string, Past> as_of(EvaluationContext& context);

 private:
  void scan_at(EvaluationContext& context, Instant at);
  void look_when_due(EvaluationContext& context, const Target& target);

  std::optional<Instant> looked_to_;  // the midnight after the last evaluation
  std::map<std::string, Past> past_;
};

}  // namespace usage
