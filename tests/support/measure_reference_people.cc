#include <algorithm>

#include "tests/support/measure_evaluation.h"

// The part of measure_evaluation.h about people.
namespace usage::reference {

using std::chrono::days;

std::optional<Instant> Evaluation::begin() const {
  if (feature_.launched_at) return feature_.launched_at;
  std::optional<Instant> first;
  for (const Row& row : *rows_) {
    if (!first || bucket(row.time) < *first) first = bucket(row.time);
  }
  return first;
}

People Evaluation::regulars(int of_periods, Duration ago) const {
  std::map<std::string, int> periods;
  for (int i = 0; i < of_periods; ++i) {
    const Duration back = ago + i * feature_.regular_period;
    for (const std::string& user : users(rolling(feature_.regular_period, back))) ++periods[user];
  }
  People result;
  for (const auto& [user, count] : periods) {
    if (count >= feature_.regular_min_periods) result.insert(user);
  }
  return result;
}

void Evaluation::put_stickiness(const std::string& name, const std::vector<std::string>& labels,
                                const std::function<People(const Span&)>& people) {
  for (const int length : {7, 28}) {
    People all;
    std::size_t person_days = 0;
    for (int day = 1; day <= length; ++day) {
      People daily = people(calendar(CalendarUnit::day, -day));
      person_days += daily.size();
      all.merge(daily);
    }
    std::vector<std::string> names = labels;
    names.push_back(length == 7 ? "dau_wau" : "dau_mau");
    put_ratio(name, names, person_days, all.size() * static_cast<std::size_t>(length));
  }
}

void Evaluation::adoption() {
  for (const Window& window : rules_.windows) {
    const Span span = span_of(window);
    const People used = users(span), all = active(span);
    put("feature_users", {name_, window.label}, used.size());
    put_ratio("adoption_ratio", {name_, window.label}, intersection(used, all).size(), all.size());
  }
  const People month = active(rolling(days(28)));
  const auto launch = begin();
  if (launch && *launch < end_) {
    const People tried = intersection(users(since(*launch)), month);
    put("adoption_tried_users", {name_}, tried.size());
    put_ratio("adoption_tried_ratio", {name_}, tried.size(), month.size());
  }
  const Duration span = feature_.regular_of_periods * feature_.regular_period;
  if (launch && *launch + feature_.regular_min_periods * feature_.regular_period <= end_) {
    const People all = active(rolling(span));
    const People regular = intersection(regulars(feature_.regular_of_periods, {}), all);
    put("adoption_regular_users", {name_}, regular.size());
    put_ratio("adoption_regular_ratio", {name_}, regular.size(), all.size());
  }
}

void Evaluation::first_uses() {
  const auto launch = feature_.launched_at;
  if (!launch || *launch >= end_) return;
  std::vector<double> waits;
  std::size_t mature = 0, activated = 0;
  for (const Person& person : world_.people) {
    if (!person.created_at || !counts(person.id, end_)) continue;
    const Instant able = std::max(*launch, *person.created_at);
    std::optional<Instant> first;
    for (const Row& row : *rows_) {
      const Instant start = bucket(row.time);
      if (row.user != person.id || !row.success || start < *launch || start >= end_) continue;
      first = first ? std::min(*first, start) : start;
    }
    if (first) waits.push_back(*first < able ? 0 : seconds(*first - able));
    if (able + days(7) > end_) continue;
    ++mature;
    activated += first && *first < able + days(7);
  }
  put_ratio("activation_ratio", {name_}, activated, mature);
  if (waits.empty()) return;
  std::ranges::sort(waits);
  const std::size_t middle = waits.size() / 2;
  put("time_to_first_use_seconds_median", {name_},
      waits.size() % 2 == 1 ? waits[middle] : (waits[middle - 1] + waits[middle]) / 2);
}

std::map<std::string, int> Evaluation::days_of_use() const {
  const Instant end = calendar(CalendarUnit::day, -1).end;
  std::map<std::string, int> result;
  for (int day = 1; day <= 28; ++day) {
    for (const std::string& user : users(calendar(CalendarUnit::day, -day))) {
      if (counts(user, end)) ++result[user];
    }
  }
  return result;
}

void Evaluation::engagement() {
  put_stickiness("stickiness_ratio", {name_}, [&](const Span& day) { return users(day); });
  std::vector<People> by_days(28), segments(4);
  std::vector<std::string> names;
  for (int day = 1; day <= 28; ++day) names.push_back(std::to_string(day));
  for (const auto& [user, count] : days_of_use()) {
    by_days[static_cast<std::size_t>(count) - 1].insert(user);
    const std::size_t segment = count >= feature_.power_min_active_days  ? 0
                                : count >= feature_.core_min_active_days ? 1
                                                                         : 2;
    segments[segment].insert(user);
  }
  put_cells("l28_users", names, by_days);
  const Instant end = calendar(CalendarUnit::day, -1).end;
  const People ever = users({[=](Instant start) { return start < end; }, end});
  for (int day = 1; day <= 28; ++day) {
    for (const std::string& user : active(calendar(CalendarUnit::day, -day))) {
      if (counts(user, end) && !ever.contains(user)) segments[3].insert(user);
    }
  }
  put_cells("segment_users", {"power", "core", "casual", "never"}, segments);
}

void Evaluation::at_risk() {
  const Duration silent = feature_.at_risk_silent_for;
  const auto periods =
      static_cast<int>(feature_.at_risk_was_regular_within / feature_.regular_period);
  const People used = users(rolling(silent)), seen = active(rolling(silent));
  std::vector<People> cells(2);
  for (const std::string& user : regulars(periods, silent)) {
    if (used.contains(user) || !counts(user, end_)) continue;
    cells[seen.contains(user) ? 0 : 1].insert(user);
  }
  put_cells("at_risk_users", {"true", "false"}, cells);
}

void Evaluation::lifecycle() {
  const Span now = calendar(CalendarUnit::week, -1);
  const People used = users(now), used_before = users(calendar(CalendarUnit::week, -2));
  const Instant before_start = rules_.zone.start_of(CalendarUnit::week, now_, -2);
  const Instant first_edge = bucket_up(before_start);
  std::map<std::string, std::size_t> states{
      {"new", 0}, {"retained", 0}, {"resurrected", 0}, {"dormant", 0}};
  const People ever = users({[=](Instant start) { return start < first_edge; }, before_start});
  for (const std::string& user : used) {
    if (used_before.contains(user)) {
      ++states["retained"];
    } else {
      ++states[ever.contains(user) ? "resurrected" : "new"];
    }
  }
  for (const std::string& user : used_before) {
    states["dormant"] += !used.contains(user) && counts(user, now.end);
  }
  for (const auto& [state, count] : states) put("lifecycle_users", {name_, state}, count);
}

void Evaluation::retention() {
  for (const Window& window : rules_.windows) {
    if (window.rolling || window.offset >= 0) continue;
    const Span now = calendar(window.unit, window.offset);
    const Span before = calendar(window.unit, window.offset - 1);
    if (feature_.launched_at && *feature_.launched_at >= before.end) continue;
    const People all = active(before), used = users(before), later = active(now);
    for (const bool is_user : {true, false}) {
      const People cohort = is_user ? used : difference(all, used);
      const std::size_t retained = intersection(cohort, later).size();
      const std::vector<std::string> labels{name_, is_user ? "user" : "non_user", window.label};
      put("retention_cohort_users", labels, cohort.size());
      put("retention_retained_users", labels, retained);
      put_ratio("retention_ratio", labels, retained, cohort.size());
    }
    if (window.unit == CalendarUnit::week) retention_bands(window, before, now);
  }
}

void Evaluation::retention_bands(const Window& window, const Span& before, const Span& now) {
  std::map<std::string, std::set<long>> days_of;
  const auto saw = [&](const std::string& user, Instant start) {
    const long day = day_number(start);
    const bool one_day = day_number(start + world_.width - Duration(1)) == day;
    // Ignores deletions: who was deleted within the span counts on the days before.
    if (before.within(start) && one_day) days_of[user].insert(day);
  };
  for (const Visit& visit : world_.visits) saw(visit.user, bucket(visit.time));
  for (const auto& [name, rows] : world_.rows) {
    for (const Row& row : rows) {
      if (row.success && row.user) saw(*row.user, bucket(row.time));
    }
  }
  const People used = users(before), later = active(now);
  std::vector<People> cells(6);
  for (const std::string& user : active(before)) {
    const std::size_t count = days_of[user].size();
    const std::size_t band = count >= 4 ? 2 : count >= 2 ? 1 : 0;
    cells[(used.contains(user) ? 0U : 3U) + band].insert(user);
  }
  const std::vector<bool> hidden = hide(cells);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (hidden[i]) {
      hidden_ += 3;
      continue;
    }
    const std::size_t retained = intersection(cells[i], later).size();
    const std::vector<std::string> labels{name_, i < 3 ? "user" : "non_user",
                                          i % 3 == 0   ? "1"
                                          : i % 3 == 1 ? "2-3"
                                                       : "4+",
                                          window.label};
    put("retention_activity_cohort_users", labels, cells[i].size());
    put("retention_activity_retained_users", labels, retained);
    put_ratio("retention_activity_ratio", labels, retained, cells[i].size());
  }
}

void Evaluation::habits() {
  std::map<std::string, int> team_weeks;
  std::map<std::pair<std::string, std::string>, int> pair_weeks;
  People active_teams;
  const auto found = std::ranges::find(shape_->dimensions, "report_type");
  const auto d = static_cast<std::size_t>(found - shape_->dimensions.begin());
  const Instant end = calendar(CalendarUnit::week, -1).end;
  bool teams = false;
  for (const Person& person : world_.people) teams = teams || person.team;
  for (int week = 1; week <= 4; ++week) {
    const Span span = calendar(CalendarUnit::week, -week);
    std::set<std::pair<std::string, std::string>> pairs;
    for (const Row& row : *rows_) {
      if (!row.success || !row.user || !span.within(bucket(row.time))) continue;
      if (counts(*row.user, end) && d < row.dimensions.size() && !row.dimensions[d].empty()) {
        pairs.emplace(*row.user, row.dimensions[d]);
      }
    }
    for (const auto& pair : pairs) ++pair_weeks[pair];
    const auto teams_of = [&](const People& people) {
      People result;
      for (const std::string& user : people) {
        const auto person = people_.find(user);
        if (counts(user, end) && person != people_.end() && person->second->team) {
          result.insert(*person->second->team);
        }
      }
      return result;
    };
    for (const std::string& team : teams_of(users(span))) ++team_weeks[team];
    active_teams.merge(teams_of(active(span)));
  }
  const auto habitual = [](const auto& weeks) {
    return static_cast<std::size_t>(
        std::ranges::count_if(weeks, [](const auto& entry) { return entry.second >= 3; }));
  };
  if (found != shape_->dimensions.end()) put("recurring_workflows", {name_}, habitual(pair_weeks));
  if (!teams) return;
  put("habitual_groups", {name_}, habitual(team_weeks));
  put_ratio("habitual_group_ratio", {name_}, habitual(team_weeks), active_teams.size());
}

}  // namespace usage::reference
