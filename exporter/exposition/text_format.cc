#include "exporter/exposition/text_format.h"

#include <array>
#include <charconv>
#include <cmath>

namespace usage {

namespace {

// Roughly a number, a newline and the braces; a bad guess costs one reallocation.
constexpr std::size_t kLineOverhead = 24;

void append_escaped(std::string_view text, bool quotes, std::string& out) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

void append_count(std::uint64_t count, std::string& out) {
  std::array<char, 24> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), count).ptr;
  out.append(buffer.data(), end);
}

// Names and label pairs of one family's lines, with its name written once per kind of line.
class Lines {
 public:
  Lines(const MetricFamily& family, std::string& out) : family_(family), out_(out) {}

  // `le` is the bound of a bucket, empty for other lines.
  void start(std::string_view suffix, const std::vector<std::string>& labels,
             std::string_view le = {}) {
    out_ += base_;
    out_ += suffix;
    if (!labels.empty() || !le.empty()) {
      out_ += '{';
      for (std::size_t i = 0; i < labels.size(); ++i) {
        out_ += family_.label_names[i];
        out_ += "=\"";
        append_escaped(labels[i], true, out_);
        out_ += "\",";
      }
      if (le.empty()) {
        out_.back() = '}';
      } else {
        out_ += "le=\"";
        out_ += le;
        out_ += "\"}";
      }
    }
    out_ += ' ';
  }

  void value(double value) {
    append_number(value, out_);
    out_ += '\n';
  }
  void count(std::uint64_t count) {
    append_count(count, out_);
    out_ += '\n';
  }

 private:
  const MetricFamily& family_;
  std::string_view base_ = base_name(family_);
  std::string& out_;
};

std::string bound_text(double bound) {
  std::string text;
  append_number(bound, text);
  if (text.find_first_not_of("-0123456789") == std::string::npos) {
    text += ".0";
  }
  return text;
}

std::string_view suffix_of(MetricType type) {
  return type == MetricType::counter ? "_total" : type == MetricType::info ? "_info" : "";
}

std::size_t expected_size(const MetricFamily& family) {
  std::size_t names = family.name.size() + kLineOverhead;
  for (const std::string& name : family.label_names) {
    names += name.size() + 4;
  }
  std::size_t size = 0;
  for (const Sample& sample : family.samples) {
    size += names;
    for (const std::string& label : sample.labels) {
      size += label.size();
    }
  }
  for (const HistogramSample& sample : family.histograms) {
    std::size_t labels = names + 16;
    for (const std::string& label : sample.labels) {
      labels += label.size();
    }
    size += labels * (family.bounds.size() + 4);
  }
  return size;
}

void render_histograms(const MetricFamily& family, std::optional<double> created,
                       std::string& out) {
  std::vector<std::string> bounds;
  for (const double bound : family.bounds) {
    bounds.push_back(bound_text(bound));
  }
  bounds.emplace_back("+Inf");
  Lines lines(family, out);
  for (const HistogramSample& sample : family.histograms) {
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      lines.start("_bucket", sample.labels, bounds[i]);
      lines.count(sample.bucket_counts[i]);
    }
    lines.start("_sum", sample.labels);
    lines.value(sample.sum);
    lines.start("_count", sample.labels);
    lines.count(sample.bucket_counts.back());
    if (created) {
      lines.start("_created", sample.labels);
      lines.value(*created);
    }
  }
}

}  // namespace

std::string_view content_type(Format format) {
  return format == Format::text ? "text/plain; version=0.0.4; charset=utf-8"
                                : "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

void render_header(const MetricFamily& family, Format format, std::string& out) {
  const bool openmetrics = format == Format::openmetrics;
  const bool whole_name = !openmetrics || family.unknown_in_openmetrics;
  const std::string_view name = whole_name ? std::string_view(family.name) : base_name(family);
  if (!family.help.empty()) {
    out += "# HELP ";
    out += name;
    out += ' ';
    append_escaped(family.help, openmetrics, out);
    out += '\n';
  }
  const bool only_openmetrics =
      family.type == MetricType::info || family.type == MetricType::stateset;
  out += "# TYPE ";
  out += name;
  out += ' ';
  out += openmetrics && family.unknown_in_openmetrics
             ? "unknown"
             : to_string(only_openmetrics && !openmetrics ? MetricType::gauge : family.type);
  out += '\n';
  if (openmetrics && !family.unit.empty()) {
    out += "# UNIT ";
    out += name;
    out += ' ';
    out += family.unit;
    out += '\n';
  }
}

void render_samples(const MetricFamily& family, Format format, std::string& out) {
  std::optional<double> created;
  if (family.created && format == Format::openmetrics && !family.unknown_in_openmetrics) {
    created = unix_seconds(*family.created);
  }
  out.reserve(out.size() + expected_size(family));
  if (family.type == MetricType::histogram) {
    render_histograms(family, created, out);
    return;
  }
  const std::string_view suffix = suffix_of(family.type);
  Lines lines(family, out);
  for (const Sample& sample : family.samples) {
    lines.start(suffix, sample.labels);
    lines.value(sample.value);
    if (created && family.type == MetricType::counter) {
      lines.start("_created", sample.labels);
      lines.value(*created);
    }
  }
}

std::string render(const Metrics& metrics, Format format) {
  std::string page;
  for (const MetricFamily& family : metrics) {
    render_header(family, format, page);
    render_samples(family, format, page);
  }
  if (format == Format::openmetrics) {
    page += "# EOF\n";
  }
  return page;
}

void append_number(double value, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    std::array<char, 32> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    out.append(buffer.data(), end);
  }
}

}  // namespace usage
