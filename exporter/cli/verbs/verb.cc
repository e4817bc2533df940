#include "exporter/cli/verbs/verb.h"

#include <array>

#include "exporter/cli/verbs/backfill.h"
#include "exporter/cli/verbs/check.h"
#include "exporter/cli/verbs/demo.h"
#include "exporter/cli/verbs/explain.h"
#include "exporter/cli/verbs/forget.h"
#include "exporter/cli/verbs/once.h"
#include "exporter/cli/verbs/probe.h"
#include "exporter/cli/verbs/report.h"
#include "exporter/cli/verbs/serve.h"
#include "exporter/cli/verbs/version.h"

namespace usage {

namespace {

constexpr std::array kVerbs{
    Verb{"serve", "Collect on schedule and serve /metrics. The default.", add_serve},
    Verb{"check", "Read the config and report every mistake in it.", add_check},
    Verb{"once", "Collect once and print the metrics.", add_once},
    Verb{"explain", "Say what a usage metric, or \"target NAME\", means and how it came about.",
         add_explain},
    Verb{"backfill", "Write the numbers of the past as OpenMetrics with timestamps, for promtool.",
         add_backfill},
    Verb{"report", "Write the numbers of one week, each with its change.", add_report},
    Verb{"forget", "Remove a user's id from the state for good.", add_forget},
    Verb{"demo", "Make a demo database and serve it, or fill one with --into.", add_demo},
    Verb{"probe", "Fetch a URL of a running exporter; for health checks.", add_probe},
    Verb{"version", "Print the version.", add_version},
};

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

}  // namespace usage
