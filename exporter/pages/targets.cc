#include "exporter/pages/targets.h"

#include <algorithm>
#include <array>

#include "exporter/base/format.h"
#include "exporter/base/html.h"
#include "exporter/base/timestamps.h"
#include "exporter/pages/frame.h"
#include "exporter/report/render_text.h"

namespace usage {

namespace {

constexpr std::array kTargetColumns{PageColumn{"Target"},
                                    PageColumn{"Verdict"},
                                    PageColumn{"Value", "number"},
                                    PageColumn{"Promised", "number"},
                                    PageColumn{"Due"},
                                    PageColumn{"On pace", "number"},
                                    PageColumn{"Heading for", "number"},
                                    PageColumn{"Of how many people", "number"}};

struct StateWords {
  TargetState state;
  std::string_view kind, words;  // kind: a class of the style sheet
};

// In the order of TargetState.
constexpr std::array kStates{StateWords{TargetState::missed, "missed", "missed"},
                             StateWords{TargetState::behind_pace, "behind_pace", "behind pace"},
                             StateWords{TargetState::unknown, "unknown", "no value"},
                             StateWords{TargetState::on_track, "on_track", "on the way"},
                             StateWords{TargetState::met, "met", "met"}};

const StateWords& words_of(TargetState state) {
  return kStates.at(static_cast<std::size_t>(state));
}

std::string small(const std::string& html) { return "<small>" + html + "</small>"; }

std::string date_element(Instant at) { return time_element(at, format_date(at)); }

std::string target_cell(const Target& target) {
  std::string about = target.subject + (target.phase.empty() ? "" : ", " + target.phase);
  std::string measure(target.measure->name);
  if (target.window) {
    measure += "/" + target.window->label;
  }
  return fmt::format(
      "{}{}", breakable_html(target.id),
      small(fmt::format("<a href=\"/definitions#{}\">{}</a> of {}{}", target.measure->metric,
                        breakable_html(measure), breakable_html(about),
                        target.owner.empty() ? "" : ", owner " + escape_html(target.owner))));
}

std::string value_cell(const TargetStatus& status) {
  if (!status.measured) {
    return std::string(kNothing);
  }
  const Measured& measured = *status.measured;
  return target_number(status.target, measured.value) +
         (measured.denominator
              ? small(fmt::format("{} of {}", *measured.numerator, *measured.denominator))
              : "");
}

std::string due_cell(const Target& target, Instant now) {
  return date_element(target.due) +
         small(target.due > now ? until(target.due, now) : relative_time(target.due, now));
}

std::string pace_cell(const TargetStatus& status, Instant now) {
  if (status.target.due <= now) {
    return std::string(kNothing);
  }
  return target_number(status.target, status.expected) +
         small(fmt::format("{:.0f} % of the time gone", 100 * status.elapsed));
}

std::string people_cell(const TargetStatus& status) {
  std::string html = std::to_string(status.population);
  if (status.population < status.target.min_population) {
    html += small(fmt::format("too few: no alert below {}", status.target.min_population));
  } else if (status.lower_bound) {
    html += small(fmt::format("surely {}", target_number(status.target, *status.lower_bound)));
  }
  return html;
}

void add_target(PageTable& table, const TargetStatus& status, Instant now) {
  const Target& target = status.target;
  const StateWords& words = words_of(status.state);
  table.row(target_cell(target), "target-" + target.id);
  table.cell(state_element(words.kind, words.words) +
             (status.first_met ? small("first met " + date_element(*status.first_met)) : ""));
  table.cell(value_cell(status));
  table.cell(escape_html(threshold_text(target)) +
             (target.stretch ? small("stretch " + target_number(target, *target.stretch)) : ""));
  table.cell(due_cell(target, now));
  table.cell(pace_cell(status, now));
  table.cell(status.heading_for ? target_number(target, *status.heading_for)
                                : std::string(kNothing));
  table.cell(people_cell(status));
}

std::string counts(const std::vector<TargetStatus>& statuses) {
  std::string html = "<p class=\"counts\">";
  for (const StateWords& words : kStates) {
    const auto count = std::ranges::count(statuses, words.state, &TargetStatus::state);
    if (count > 0) {
      html +=
          fmt::format("{}\n", state_element(words.kind, fmt::format("{} {}", count, words.words)));
    }
  }
  return html + "</p>\n";
}

// Says when the numbers must not be trusted: what they come from is not read as it should be.
std::string notices(const std::vector<JobStatus>& jobs) {
  std::string html;
  for (const JobStatus& job : jobs) {
    if (job.state != JobState::healthy) {
      html += fmt::format(
          "<p class=\"notice\">The source {} is {}: {} <a href=\"/\">Why</a></p>\n",
          breakable_html(job.source), state_element(to_string(job.state), to_string(job.state)),
          job.state == JobState::stale
              ? "its numbers are too old, and are no longer on the page of the metrics."
          : job.state == JobState::failing ? "its numbers below are those of the last success."
                                           : "it has not been read yet.");
    }
  }
  return html;
}

std::string board_html(const TargetBoard& board, Instant now) {
  if (board.statuses.empty()) {
    return "<p>No targets are configured: the section <code>targets</code> of the config names "
           "them.</p>\n";
  }
  std::vector<const TargetStatus*> ordered;
  for (const TargetStatus& status : board.statuses) {
    ordered.push_back(&status);
  }
  std::ranges::stable_sort(ordered, [](const TargetStatus* a, const TargetStatus* b) {
    return std::pair(a->state, a->target.due) < std::pair(b->state, b->target.due);
  });
  PageTable table("Targets", kTargetColumns);
  for (const TargetStatus* status : ordered) {
    add_target(table, *status, now);
  }
  return counts(board.statuses) + std::move(table).html() +
         "<p>On pace is what a straight line from the baseline to the threshold asks for by now; "
         "whoever has come less than four fifths of that way is behind. Heading for is where the "
         "trend of three days ends on the due date. Surely is the lower end of the 95 % Wilson "
         "interval: what so few people can tell.</p>\n";
}

}  // namespace

HttpResponse targets_page(const TargetBoard* board, const std::vector<JobStatus>& jobs, Instant now,
                          const PageLinks& links) {
  const std::string body =
      board == nullptr ? "<p class=\"notice\">No verdict yet: the tables have not been read as a "
                         "whole.</p>\n"
                       : fmt::format("<p>As of {}.</p>\n{}", relative_time(board->as_of, now),
                                     board_html(*board, now));
  return framed_page("/targets", "Targets", "<p>What was promised, and where it stands.</p>\n",
                     notices(jobs) + body, links);
}

}  // namespace usage
