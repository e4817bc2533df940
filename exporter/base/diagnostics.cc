#include "exporter/base/diagnostics.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/strings.h"
#include "exporter/base/utf8.h"

namespace usage {

namespace {

constexpr std::size_t kShownWidth = 100;   // code points of a line that are shown
constexpr std::size_t kShownBefore = 60;   // of these at most so many before the caret
constexpr std::size_t kListedNames = 40;   // names in "known: a, b, c"
constexpr std::size_t kComparedSize = 80;  // a longer word is near to nothing

std::string_view path_of(const Position& position) {
  return position.file ? std::string_view(position.file->path) : std::string_view();
}

bool continues_code_point(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// The lines of one file, found once however many problems it has.
class Lines {
 public:
  std::string_view at(const Position& position) {
    if (file_ != position.file) {
      file_ = position.file;
      begins_ = {0};
      for (std::size_t i = 0; i < file_->text.size(); ++i) {
        if (file_->text[i] == '\n') {
          begins_.push_back(i + 1);
        }
      }
    }
    if (position.line > begins_.size()) {
      return {};
    }
    std::string_view line = std::string_view(file_->text).substr(begins_[position.line - 1]);
    line = line.substr(0, line.find('\n'));
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
  }

 private:
  std::shared_ptr<const SourceText> file_;
  std::vector<std::size_t> begins_;
};

// One string a code point. Tabs and everything else that would move the terminal's cursor become a
// space; bytes that are no UTF-8 become question marks.
std::vector<std::string> code_points(std::string_view line) {
  std::vector<std::string> points;
  if (line.starts_with("\xEF\xBB\xBF")) {
    line.remove_prefix(3);  // a byte order mark is no character
  }
  for (std::size_t i = 0; i < line.size();) {
    const auto lead = static_cast<unsigned char>(line[i]);
    const std::size_t size = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                                           : 4;
    std::size_t found = 1;
    while (found < size && i + found < line.size() && continues_code_point(line[i + found])) {
      ++found;
    }
    const std::string_view point = line.substr(i, found);
    const bool control =
        lead < 0x20 || lead == 0x7F ||
        (lead == 0xC2 && found == 2 && static_cast<unsigned char>(point[1]) < 0xA0);
    points.emplace_back(control ? " " : valid_utf8(point) ? point : "?");
    i += found;
  }
  return points;
}

// Position::column counts bytes; people and editors count characters.
std::size_t shown_column(const Position& position, std::string_view line) {
  const std::string_view before = line.substr(0, std::min(position.column - 1, line.size()));
  return code_points(before).size() + 1;
}

// A last line of defence behind hide_line: a YAML syntax error is found before anybody knows which
// lines hold a DSN, and a mistyped key may hold a password.
bool looks_secret(std::string_view line) {
  const std::string text = lower(line);
  if (text.find("://") != std::string::npos) {
    return true;
  }
  for (std::size_t at = text.find("dsn"); at != std::string::npos; at = text.find("dsn", at + 3)) {
    const std::size_t next = text.find_first_not_of("\"' ", at + 3);
    if (next != std::string::npos && text[next] == ':') {
      return true;
    }
  }
  const std::string key = text.substr(0, text.find(':'));
  if (key.size() == text.size() || key.find("_file") != std::string::npos) {
    return false;
  }
  constexpr std::array<std::string_view, 4> kWords{"pas", "pwd", "secret", "token"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return key.find(word) != std::string::npos; });
}

std::string excerpt(std::size_t number, std::string_view line, std::size_t column) {
  std::vector<std::string> points = code_points(line);
  std::size_t caret = std::min(column - 1, points.size());
  std::string cut_left;
  std::string cut_right;
  if (points.size() > kShownWidth) {
    const std::size_t begin =
        caret > kShownBefore ? std::min(caret - kShownBefore, points.size() - kShownWidth) : 0;
    const std::size_t end = begin + kShownWidth;
    cut_right = end < points.size() ? "…" : "";
    cut_left = begin > 0 ? "…" : "";
    points = {points.begin() + static_cast<std::ptrdiff_t>(begin),
              points.begin() + static_cast<std::ptrdiff_t>(end)};
    caret = caret - begin + (begin > 0 ? 1 : 0);
  }
  std::string shown;
  for (const std::string& point : points) {
    shown += point;
  }
  return fmt::format("\n{:>5} | {}{}{}\n      | {}^", number, cut_left, shown, cut_right,
                     std::string(caret, ' '));
}

// A message may repeat what the file says; a terminal must not obey it.
std::string without_controls(std::string_view message) {
  std::string text;
  while (true) {
    const std::size_t end = message.find('\n');
    for (const std::string& point : code_points(message.substr(0, end))) {
      text += point;
    }
    if (end == std::string_view::npos) {
      return text;
    }
    text += '\n';
    message.remove_prefix(end + 1);
  }
}

std::size_t distance(std::string_view a, std::string_view b) {
  // Optimal string alignment: swapped neighbours count once, as typing errors do.
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    last[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] =
          std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

void Problems::add(const Position& position, std::string message) {
  problems_.push_back({position, std::move(message)});
}

void Problems::hide_line(const Position& position) { hidden_.push_back(position); }

std::string Problems::render() const {
  std::vector<Problem> sorted = problems_;
  const auto place = [](const Problem& problem) {
    return std::make_tuple(path_of(problem.position), problem.position.line,
                           problem.position.column);
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Problem& a, const Problem& b) { return place(a) < place(b); });
  const auto same = [&](const Problem& a, const Problem& b) {
    return place(a) == place(b) && a.message == b.message;
  };
  // An alias brings the same place several times.
  sorted.erase(std::unique(sorted.begin(), sorted.end(), same), sorted.end());

  std::string text;
  Lines lines;
  for (const Problem& problem : sorted) {
    const Position& position = problem.position;
    const std::string message = without_controls(problem.message);
    text += text.empty() ? "" : "\n";
    if (!position.file || position.line == 0) {
      const std::string_view path = path_of(position);
      text += path.empty() ? message : fmt::format("{}: {}", path, message);
      continue;
    }
    const std::string_view line = lines.at(position);
    const std::size_t column = position.column == 0 ? 1 : shown_column(position, line);
    text += fmt::format("{}:{}:{}: {}", position.file->path, position.line, column, message);
    const bool hidden = looks_secret(line) ||
                        std::any_of(hidden_.begin(), hidden_.end(), [&](const Position& other) {
                          return path_of(other) == path_of(position) && other.line == position.line;
                        });
    text += hidden ? fmt::format("\n{:>5} | (line not shown: it may hold a secret)", position.line)
                   : excerpt(position.line, line, column);
  }
  return text;
}

void Problems::throw_if_any() const {
  if (!empty()) {
    throw Error(Reason::config, render());
  }
}

std::string closest(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.size() > kComparedSize) {
    return {};
  }
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kComparedSize) {
      continue;
    }
    const std::size_t found = distance(word, candidate);
    // A word that has nothing in common with the candidate is not near it, however short both are.
    if (found < best_distance && found < std::max(word.size(), candidate.size())) {
      best_distance = found;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  if (const std::string near = closest(word, candidates); !near.empty()) {
    return fmt::format("; did you mean \"{}\"?", near);
  }
  if (candidates.empty()) {
    return {};
  }
  std::string text = "; known: ";
  const std::size_t listed = std::min(candidates.size(), kListedNames);
  for (std::size_t i = 0; i < listed; ++i) {
    text += (i == 0 ? "" : ", ") + candidates[i];
  }
  return candidates.size() > listed
             ? fmt::format("{} and {} more", text, candidates.size() - listed)
             : text;
}

}  // namespace usage
