#include <algorithm>
#include <array>

#include "exporter/format.h"
#include "exporter/html.h"
#include "exporter/pages_frame.h"
#include "exporter/render_report_text.h"

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

struct StandWords {
  Stand stand;
  std::string_view kind, words;  // kind: a class of the style sheet
};

// In the order of Stand.
constexpr std::array kStands{StandWords{Stand::missed, "missed", "missed"},
                             StandWords{Stand::behind_pace, "behind_pace", "behind pace"},
                             StandWords{Stand::untold, "untold", "no value"},
                             StandWords{Stand::under_way, "under_way", "on the way"},
                             StandWords{Stand::met, "met", "met"}};

const StandWords& words_of(Stand stand) { return kStands.at(static_cast<std::size_t>(stand)); }

std::string small(const std::string& html) { return "<small>" + html + "</small>"; }

std::string date_element(Instant at) {
  return time_element(at, format_rfc3339(at).substr(0, std::string_view("2026-11-22").size()));
}

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

std::string value_cell(const Standing& standing) {
  if (!standing.measured) {
    return std::string(kNothing);
  }
  const Measured& measured = *standing.measured;
  return target_number(standing.target, measured.value) +
         (measured.denominator
              ? small(fmt::format("{} of {}", *measured.numerator, *measured.denominator))
              : "");
}

std::string due_cell(const Target& target, Instant now) {
  return date_element(target.due) +
         small(target.due > now ? until(target.due, now) : ago(target.due, now));
}

std::string pace_cell(const Standing& standing, Instant now) {
  if (standing.target.due <= now) {
    return std::string(kNothing);
  }
  return target_number(standing.target, standing.expected) +
         small(fmt::format("{:.0f} % of the time gone", 100 * standing.elapsed));
}

std::string people_cell(const Standing& standing) {
  std::string html = std::to_string(standing.population);
  if (standing.population < standing.target.min_population) {
    html += small(fmt::format("too few: no alert below {}", standing.target.min_population));
  } else if (standing.lower_bound) {
    html += small(fmt::format("surely {}", target_number(standing.target, *standing.lower_bound)));
  }
  return html;
}

void add_target(PageTable& table, const Standing& standing, Instant now) {
  const Target& target = standing.target;
  const StandWords& words = words_of(standing.stand);
  table.row(target_cell(target), "target-" + target.id);
  table.cell(state_element(words.kind, words.words) +
             (standing.first_met ? small("first met " + date_element(*standing.first_met)) : ""));
  table.cell(value_cell(standing));
  table.cell(escape_html(threshold_text(target)) +
             (target.stretch ? small("stretch " + target_number(target, *target.stretch)) : ""));
  table.cell(due_cell(target, now));
  table.cell(pace_cell(standing, now));
  table.cell(standing.heading_for ? target_number(target, *standing.heading_for)
                                  : std::string(kNothing));
  table.cell(people_cell(standing));
}

std::string counts(const std::vector<Standing>& standings) {
  std::string html = "<p class=\"counts\">";
  for (const StandWords& words : kStands) {
    const auto count = std::ranges::count(standings, words.stand, &Standing::stand);
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
  if (board.standings.empty()) {
    return "<p>No targets are configured: the section <code>targets</code> of the config names "
           "them.</p>\n";
  }
  std::vector<const Standing*> ordered;
  for (const Standing& standing : board.standings) {
    ordered.push_back(&standing);
  }
  std::ranges::stable_sort(ordered, [](const Standing* a, const Standing* b) {
    return std::pair(a->stand, a->target.due) < std::pair(b->stand, b->target.due);
  });
  PageTable table("Targets", kTargetColumns);
  for (const Standing* standing : ordered) {
    add_target(table, *standing, now);
  }
  return counts(board.standings) + std::move(table).html() +
         "<p>On pace is what a straight line from the baseline to the threshold asks for by now; "
         "whoever has come less than four fifths of that way is behind. Heading for is where the "
         "trend of three days ends on the due date. Surely is the lower end of the 95 % Wilson "
         "interval: what so few people can tell.</p>\n";
}

}  // namespace

HttpResponse targets_page(const TargetBoard* board, const std::vector<JobStatus>& jobs, Instant now,
                          const PageLinks& links) {
  const std::string body =
      board == nullptr
          ? "<p class=\"notice\">No verdict yet: the tables have not been read as a "
            "whole.</p>\n"
          : fmt::format("<p>As of {}.</p>\n{}", ago(board->as_of, now), board_html(*board, now));
  return framed_page("/targets", "Targets", "<p>What was promised, and where it stands.</p>\n",
                     notices(jobs) + body, links);
}

}  // namespace usage
