#include "exporter/exposition/openmetrics_history.h"

#include <stdexcept>
#include <utility>

#include "exporter/base/format.h"
#include "exporter/base/varint.h"
#include "exporter/exposition/text_format.h"

namespace usage {

// Reads a line's values from the first instant to the last.
class HistoryText::Cursor {
 public:
  explicit Cursor(const Line& line) : line_(line), rest_(line.runs) { next(); }

  // Instants rise; empty: the series was not there.
  std::string_view at(std::size_t instant) {
    while (instant >= first_ + count_ && !ended_) {
      next();
    }
    return instant >= first_ && instant < first_ + count_ ? value_ : std::string_view();
  }

 private:
  void next() {
    if (rest_.empty()) {
      ended_ = true;
      first_ = line_.first;
      count_ = line_.count;
      value_ = line_.value;
      return;
    }
    first_ = codec::take_number(rest_);
    count_ = codec::take_number(rest_);
    value_ = codec::take_text(rest_);
  }

  const Line& line_;
  std::string_view rest_, value_;
  std::size_t first_ = 0, count_ = 0;
  bool ended_ = false;
};

HistoryText::HistoryText(const Metrics& families, const std::vector<FixedLabel>& labels) {
  for (const auto& [name, value] : labels) {
    fixed_.push_back(value);
  }
  for (const MetricFamily& family : families) {
    places_.emplace(family.name, families_.size());
    families_.push_back({family, {}, {}});
    for (const auto& [name, value] : labels) {
      families_.back().head.label_names.push_back(name);
    }
  }
}

void HistoryText::add(Instant at, Metrics page) {
  if (!instants_.empty() && at <= instants_.back()) {
    throw std::logic_error("the instants of a history do not rise");
  }
  instants_.push_back(at);
  for (MetricFamily& found : page) {
    Family& family = families_.at(places_.at(found.name));
    MetricFamily& head = family.head;
    head.bounds = std::move(found.bounds);
    for (Sample& sample : found.samples) {
      head.samples.push_back(std::move(sample));
      take(family, head.samples.front().labels);
      head.samples.clear();
    }
    for (HistogramSample& sample : found.histograms) {
      head.histograms.push_back(std::move(sample));
      take(family, head.histograms.front().labels);
      head.histograms.clear();
    }
  }
}

// The one sample that stands in the head.
void HistoryText::take(Family& family, std::vector<std::string>& labels) {
  labels.insert(labels.end(), fixed_.begin(), fixed_.end());
  const auto [place, is_new] =
      family.places.try_emplace(label_identity(labels), family.metrics.size());
  if (is_new) {
    family.metrics.emplace_back();
  }
  Metric& metric = family.metrics[place->second];
  rendered_.clear();
  render_samples(family.head, Format::openmetrics, rendered_);
  std::string_view rest = rendered_;
  for (std::size_t i = 0; !rest.empty(); ++i) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    const std::size_t value = line.rfind(' ') + 1;
    if (i == metric.size()) {
      metric.push_back({std::string(line.substr(0, value)), {}, instants_.size() - 1, 0, {}});
    }
    extend(metric[i], instants_.size() - 1, line.substr(value));
    ++samples_;
  }
}

void HistoryText::extend(Line& line, std::size_t instant, std::string_view value) {
  if (line.count > 0 && (line.value != value || line.first + line.count != instant)) {
    codec::put_number(line.runs, line.first);
    codec::put_number(line.runs, line.count);
    codec::put_text(line.runs, line.value);
    line.count = 0;
  }
  if (line.count == 0) {
    line.first = instant;
    line.value = value;
  }
  ++line.count;
}

void HistoryText::write(const std::function<void(std::string_view)>& sink) const {
  constexpr std::size_t kPiece = 1 << 16;
  std::vector<std::string> times;
  for (const Instant at : instants_) {
    times.push_back(fmt::format(
        " {}\n", std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count()));
  }
  std::string text;
  for (const Family& family : families_) {
    if (family.metrics.empty()) {
      continue;
    }
    render_header(family.head, Format::openmetrics, text);
    for (const Metric& metric : family.metrics) {
      std::vector<Cursor> cursors(metric.begin(), metric.end());
      for (std::size_t i = 0; i < times.size(); ++i) {
        for (std::size_t line = 0; line < metric.size(); ++line) {
          if (const std::string_view value = cursors[line].at(i); !value.empty()) {
            text.append(metric[line].start).append(value).append(times[i]);
          }
        }
        if (text.size() > kPiece) {
          sink(text);
          text.clear();
        }
      }
    }
  }
  text += "# EOF\n";
  sink(text);
}

std::size_t HistoryText::series() const {
  std::size_t count = 0;
  for (const Family& family : families_) {
    for (const Metric& metric : family.metrics) {
      count += metric.size();
    }
  }
  return count;
}

}  // namespace usage
