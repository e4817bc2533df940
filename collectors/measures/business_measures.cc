#include "collectors/measures/business_measures.h"

#include "collectors/measures/families/business.h"

namespace usage {

namespace {

Measure row(std::string_view name, MetricType type, std::string_view unit,
            std::vector<std::string_view> labels, Evaluate* evaluate, std::string_view help) {
  return {name, type, unit, help, std::move(labels), false, nullptr, evaluate};
}

}  // namespace

std::vector<Measure> business_measures() {
  return {
      row("usage_artifacts", kGauge, "", {"feature", "window"}, artifacts,
          "Distinct artifacts made in the window: by their token, if there is one. Without "
          "revoked ones and those of excluded users."),
      row("usage_artifacts_mature", kGauge, "", {"feature", "window"}, mature_artifacts,
          "Artifacts that matured in the window: 7 days (unless configured) after the bucket "
          "in which they were made, or when they expired, whichever came first. Without "
          "revoked ones and those of excluded users."),
      row("usage_artifacts_opened", kGauge, "", {"feature", "window"}, opened_artifacts,
          "Artifacts of usage_artifacts_mature that were opened before they matured, by a "
          "viewer who counts: not by their creator, nor by a bot, unless configured."),
      row("usage_artifact_access_ratio", kGauge, "ratio", {"feature", "window"}, access_ratio,
          "Artifacts that matured in the window and were opened before, by a viewer who "
          "counts / artifacts that matured in the window."),
      row("usage_artifact_external_access_ratio", kGauge, "ratio", {"feature", "window"},
          external_access_ratio,
          "Artifacts that matured in the window and were opened before from outside / "
          "artifacts that matured in the window."),
      row("usage_artifact_accesses_mean", kGauge, "", {"feature", "window"}, access_mean,
          "Accesses that count before an artifact matured / artifacts that matured in the "
          "window."),
      row("usage_artifact_accesses_median", kGauge, "", {"feature", "window"}, access_median,
          "Median accesses that count before an artifact matured, over those that matured in "
          "the window."),
      row("usage_artifact_accesses_total", kCounter, "", {"feature", "viewer"}, accesses_total,
          "Accesses to artifacts counted since the exporter knows them, by kind of viewer. "
          "Deleted rows stay counted."),
      row("usage_artifact_accesses", kGauge, "", {"feature", "viewer", "window"}, accesses,
          "Accesses to artifacts in the window, by kind of viewer."),
      row("usage_artifact_viewers", kGauge, "", {"feature", "viewer", "window"}, viewers,
          "Distinct viewers of artifacts in the window, by kind; somebody who is not signed "
          "in is a browser, not a person. Absent where it is about fewer than k, or could be "
          "computed."),
      row("usage_collaboration_change_ratio", kGauge, "ratio", {"feature", "window"},
          collaboration_change,
          "Distinct external viewers in the window / those in as long before it, less 1; "
          "windows that have ended only. Absent where there was none before."),
      row("usage_artifact_ttl_seconds_mean", kGauge, "", {"feature", "window"}, ttl_mean,
          "Mean lifetime of the artifacts made in the window that expire."),
      row("usage_artifacts_without_expiry", kGauge, "", {"feature", "window"}, without_expiry,
          "Artifacts made in the window that never expire."),
      row("usage_artifact_approximate_access_ratio", kGauge, "ratio", {"feature", "window"},
          approximate_access_ratio,
          "Artifacts that matured in the window and whose running total of accesses is above "
          "0 / artifacts that matured in the window. Approximate: a total tells neither who "
          "nor when, so creators, bots and late accesses count."),
      row("usage_artifact_approximate_accesses_total", kCounter, "", {"feature"},
          approximate_accesses_total,
          "What the running totals of accesses rose by since the exporter knows the "
          "artifacts, of those made in one bucket together. Approximate: whoever it was."),
      row("usage_rating_score", kGauge, "", {"feature"}, rating_scores,
          "Mean of everybody's latest rating in the last 90 days (unless configured), on a "
          "scale from 0 to 10. Absent where fewer people rated than configured (20)."),
      row("usage_ratings", kGauge, "", {"feature"}, ratings,
          "People with a rating in the last 90 days (unless configured): what "
          "usage_rating_score is a mean of."),
      row("usage_ratings_total", kCounter, "", {"feature"}, ratings_total,
          "Ratings counted since the exporter knows the table; several by one person within a "
          "bucket of time are one."),
      row("usage_tickets", kGauge, "", {"category", "window"}, tickets,
          "Support tickets opened in the window; categories that are not watched are "
          "\"other\"."),
      row("usage_tickets_baseline_per_week", kGauge, "", {"category"}, ticket_baselines,
          "Support tickets opened in the 8 weeks (unless configured) before the launch / "
          "these weeks. Absent if there was none, or the table begins later."),
      row("usage_ticket_reduction_ratio", kGauge, "ratio", {"category"}, ticket_reductions,
          "1 less the tickets per week of the last 4 weeks / those of the 8 weeks before the "
          "launch (unless configured); if configured, tickets per active user and week. "
          "Absent until all of the last weeks lie after the launch."),
      row("usage_feedback_total", kCounter, "", {"theme"}, feedback_total,
          "Messages of feedback counted since the exporter knows the table; themes that are "
          "not listed are \"other\"."),
      row("usage_account_retention_cohort_accounts", kGauge, "", {}, account_retention_cohort,
          "Accounts with an active user in the period before the last one; a period is a "
          "calendar month unless configured."),
      row("usage_account_retention_retained_accounts", kGauge, "", {}, account_retention_retained,
          "Accounts of usage_account_retention_cohort_accounts with an active user in the "
          "last period too."),
      row("usage_account_retention_ratio", kGauge, "ratio", {}, account_retention_ratio,
          "Accounts active in the last complete period and in the one before / accounts "
          "active in the one before."),
      row("usage_account_retention_baseline_ratio", kGauge, "ratio", {},
          account_retention_baseline_ratio,
          "Accounts active in a period and in the next / accounts active in the first of them: "
          "the mean over the last periods (3 unless configured) that ended before the launch. "
          "Absent if the tables begin later."),
      row("usage_account_retention_change", kGauge, "", {}, account_retention_change,
          "usage_account_retention_ratio less usage_account_retention_baseline_ratio: 0.02 "
          "are two percentage points."),
      row("usage_value_seconds_per_use", kGauge, "", {"feature", "stream"}, seconds_per_use,
          "Time that one use saves, as configured: an estimate."),
      row("usage_value_stream_uses", kGauge, "", {"feature", "stream", "window"}, stream_uses,
          "Successful uses in the window that are worth something, by stream of value, "
          "without those of excluded users."),
      row("usage_time_saved_seconds", kGauge, "seconds", {"feature", "window"}, time_saved,
          "Time saved by the uses in the window: usage_value_stream_uses * "
          "usage_value_seconds_per_use, over all streams. An estimate."),
      row("usage_time_saved_per_user_seconds_median", kGauge, "", {"feature"}, time_saved_per_user,
          "Median time saved in the last complete week, over the users of the feature in that "
          "week. An estimate. Absent for fewer than k people."),
      row("usage_value", kGauge, "", {"feature", "stream", "currency"}, value_amounts,
          "What the uses since the launch are worth, by stream: time saved at the hourly "
          "rate; tickets that would have been opened at the baseline's rate and were not, at "
          "their cost. An estimate: another rate revalues the past."),
      row("usage_investment", kGauge, "", {"currency"}, investment,
          "What was invested, with the cost of running it until now."),
      row("usage_payback_ratio", kGauge, "ratio", {}, payback_ratio,
          "usage_value of all streams / usage_investment. An estimate."),
      row("usage_roi_ratio", kGauge, "ratio", {}, roi_ratio,
          "(usage_value of all streams - usage_investment) / usage_investment. An estimate."),
      row("usage_break_even_timestamp_seconds", kGauge, "seconds", {}, break_even,
          "When usage_value reaches usage_investment at the rate of the last 28 days; in the "
          "past if it has. Absent where value does not grow faster than cost. An estimate."),
      row("usage_capacity_info", kInfo, "", {"resource", "feature", "measure", "unit"},
          capacity_infos,
          "What a resource is used by, and the unit of usage_capacity_used and "
          "usage_capacity_limit."),
      row("usage_capacity_used", kGauge, "", {"resource"}, capacity_used,
          "What is used of a resource: the most uses in one hour, or the mean uses per day, "
          "of the last 7 days; or the bytes that all uses produced. Of excluded users too."),
      row("usage_capacity_limit", kGauge, "", {"resource"}, capacity_limit,
          "How much of the resource there is, as configured."),
      row("usage_release_timestamp_seconds", kGauge, "seconds", {"release"}, releases,
          "When a version was released, as configured."),
  };
}

}  // namespace usage
