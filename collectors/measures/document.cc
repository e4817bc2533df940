#include "collectors/measures/document.h"

#include <array>

#include "collectors/measures/measures.h"
#include "exporter/base/format.h"

namespace usage {

namespace {

constexpr std::string_view kIntroduction = R"(# Every usage number and what it means

This page is written by the program from its table of measures; a test fails when it is not current.

## What holds for all of them
)";

constexpr std::array<std::string_view, 9> kConventions{
    R"(**A use** is a row with a success. Attempts are uses and failures. Without an outcome column every row is a success.)",
    R"(**Windows** are the label values under `windows:` in the config. A window is half-open and made of whole buckets of an
  hour (or what `bucket` says); it is never longer than its name says. As of now the open bucket counts; as of any other
  instant a rolling window ends at the bucket edge at or before it. A calendar window is the buckets that lie wholly in the
  local day, week (from Monday) or month. `usage_window_start_timestamp_seconds` and `…_end_…` say what was used. Never sum
  over `window`.)",
    R"(**Who counts**: people who are not excluded, are eligible, were not deleted before the window's end and, where there is a
  users table, are in it. Uses and failures leave out excluded people only; counters leave out nobody.)",
    R"(**Active** is whoever has an activity row or a successful use of any feature in the window, so that no adoption exceeds 1.)",
    R"(**A ratio** with nothing below the line is absent, never 0. What cannot be known at an instant is absent too.)",
    R"(**Distinct counts are never added up**: seven days' users are not the week's users. Ask for the window that you mean.)",
    R"(**Only complete days and weeks are judged**: stickiness, active days and segments look at the last 28 complete local days,
  lifecycle, habits and retention at complete local weeks, days or months.)",
    R"(**Privacy**: a breakdown (by dimension, segment, active days, risk, activity) shows nothing about 1 to k−1 people
  (`privacy.k_anonymity`), and hides further values, the smallest first, until at least two are hidden and these hold k
  people, because the total would give a single one back. Zero is shown. `usage_suppressed_series` counts what is hidden.
  Totals of a feature and of the product are never hidden, and neither are counters: whoever must not see the growth of a
  counter must not list its value. Two scrapes in a row still tell how many people came in between.)",
    R"(**Counters** count what the exporter has seen. A deleted row lowers a window, never a counter.)"};

template <typename Names>
std::string labels_of(const Names& names) {
  std::string text;
  for (const std::string_view label : names) {
    text += fmt::format("{}`{}`", text.empty() ? "" : ", ", label);
  }
  return text.empty() ? "–" : text;
}

constexpr std::string_view kHead = "| series | type | labels | meaning |\n|---|---|---|---|\n";

std::string line(std::string_view name, MetricType type, const std::string& labels,
                 std::string_view meaning) {
  return fmt::format("| `{}` | {} | {} | {} |\n", name, to_string(type), labels, meaning);
}

void add_section(std::string& page, std::string_view title, const Metrics& families) {
  page += fmt::format("\n## {}\n\n{}", title, kHead);
  for (const MetricFamily& family : families) {
    page += line(family.name, family.type, labels_of(family.label_names), family.help);
  }
}

}  // namespace

std::span<const std::string_view> conventions() { return kConventions; }

std::string metrics_document(const Metrics& reading, const Registry& own) {
  std::string page(kIntroduction);
  for (const std::string_view convention : conventions()) {
    page += fmt::format("- {}\n", convention);
  }
  page += fmt::format("\n## The table\n\n{}", kHead);
  for (const Measure& measure : measures()) {
    page += line(measure.name, measure.type, labels_of(measure.labels), measure.help);
  }
  add_section(page, "How the reading goes", reading);
  for (const MetricProvider& provider : own) {
    add_section(page, provider.title, provider.describe());
  }
  return page;
}

}  // namespace usage
