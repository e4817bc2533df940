// Whatever texts and numbers a family holds, both formats carry it unchanged: families are made
// from the input, rendered, read back by a small reader, and compared; and the published,
// compressed page is the rendered one.
#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "exporter/base/error.h"
#include "exporter/exposition/publisher.h"
#include "exporter/exposition/text_format.h"

namespace usage {
namespace {

void require(bool truth, const char* what) {
  if (!truth) {
    std::fprintf(stderr, "labels_fuzz: %s\n", what);
    std::abort();
  }
}

class Bytes {
 public:
  explicit Bytes(std::string_view data) : data_(data) {}
  bool empty() const { return data_.empty(); }
  std::uint8_t byte() {
    const std::uint8_t value = empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(data_.front());
    data_.remove_prefix(empty() ? 0 : 1);
    return value;
  }
  std::string text() {
    const std::size_t size = std::min<std::size_t>(byte(), data_.size());
    const std::string text(data_.substr(0, size));
    data_.remove_prefix(size);
    return text;
  }
  double number() {
    std::uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) {
      bits = bits << 8 | byte();
    }
    double value = 0;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
  }

 private:
  std::string_view data_;
};

MetricFamily family_of(Bytes& bytes) {
  MetricFamily family;
  family.type = static_cast<MetricType>(bytes.byte() % 5);
  family.name = family.type == MetricType::counter ? "app_x_total"
                : family.type == MetricType::info  ? "app_x_info"
                                                   : "app_x";
  family.help = bytes.text();
  const std::size_t labels = bytes.byte() % 4;
  for (std::size_t i = 0; i < labels; ++i) {
    family.label_names.push_back("l" + std::to_string(i));
  }
  if (bytes.byte() % 2 == 1) {
    family.created = Instant(std::chrono::microseconds(1'700'000'000'000'000 + bytes.byte()));
  }
  family.bounds = {-1, 0.25, 3};
  while (!bytes.empty()) {
    std::vector<std::string> values;
    for (std::size_t i = 0; i < labels; ++i) {
      values.push_back(bytes.text());
    }
    if (family.type == MetricType::histogram) {
      HistogramSample sample{values, {}, bytes.number()};
      std::uint64_t count = 0;
      for (std::size_t i = 0; i <= family.bounds.size(); ++i) {
        sample.bucket_counts.push_back(count += bytes.byte());
      }
      family.histograms.push_back(std::move(sample));
    } else {
      family.samples.push_back({std::move(values), bytes.number()});
    }
  }
  return family;
}

struct Line {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

struct Page {
  std::string help;
  std::string type;
  bool ended = false;  // by "# EOF"
  std::vector<Line> lines;
};

// Reads up to an unescaped `end`; `text` then begins behind it.
std::string unescape(std::string_view& text, char end) {
  std::string out;
  while (true) {
    require(!text.empty(), "a text does not end");
    const char c = text.front();
    text.remove_prefix(1);
    if (c == end) {
      return out;
    }
    if (c != '\\') {
      require(c != '\n', "a raw line feed");
      out += c;
      continue;
    }
    require(!text.empty(), "nothing is escaped");
    const char escaped = text.front();
    text.remove_prefix(1);
    require(escaped == 'n' || escaped == '\\' || escaped == '"', "an unknown escape");
    out += escaped == 'n' ? '\n' : escaped;
  }
}

std::string until(std::string_view& text, std::string_view ends) {
  const auto end = text.find_first_of(ends);
  require(end != std::string_view::npos, "a token does not end");
  const std::string token(text.substr(0, end));
  text.remove_prefix(end);
  return token;
}

bool skip(std::string_view& text, std::string_view expected) {
  const bool there = text.starts_with(expected);
  text.remove_prefix(there ? expected.size() : 0);
  return there;
}

double number(const std::string& text) {
  if (text == "NaN") {
    return std::nan("");
  }
  if (text == "+Inf" || text == "-Inf") {
    return text == "+Inf" ? HUGE_VAL : -HUGE_VAL;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  require(error == std::errc{} && end == text.data() + text.size(), "not a number");
  return value;
}

Line parse_line(std::string_view& text) {
  Line line;
  line.name = until(text, "{ ");
  if (skip(text, "{")) {
    do {
      std::string label = until(text, "=");
      require(skip(text, "=\""), "a label without a value");
      line.labels.emplace_back(std::move(label), unescape(text, '"'));
    } while (skip(text, ","));
    require(skip(text, "}"), "labels do not end");
  }
  require(skip(text, " "), "no space before the value");
  line.value = number(until(text, "\n"));
  skip(text, "\n");
  return line;
}

Page parse(std::string_view text, const std::string& name) {
  Page page;
  while (!text.empty()) {
    require(!page.ended, "something after the end");
    if (skip(text, "# HELP " + name + " ")) {
      page.help = unescape(text, '\n');
    } else if (skip(text, "# TYPE " + name + " ")) {
      page.type = until(text, "\n");
      skip(text, "\n");
    } else if (skip(text, "# EOF\n")) {
      page.ended = true;
    } else {
      page.lines.push_back(parse_line(text));
    }
  }
  return page;
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

class Expected {
 public:
  Expected(const MetricFamily& family, const Page& page) : family_(family), page_(page) {}

  void line(const std::string& suffix, const std::vector<std::string>& labels, double value,
            const std::string& le = "") {
    require(next_ < page_.lines.size(), "a line is missing");
    const Line& found = page_.lines[next_++];
    require(found.name == std::string(base_name(family_)) + suffix, "another name");
    require(found.labels.size() == labels.size() + (le.empty() ? 0 : 1), "another label count");
    for (std::size_t i = 0; i < labels.size(); ++i) {
      require(found.labels[i].first == family_.label_names[i], "another label");
      require(found.labels[i].second == labels[i], "another label value");
    }
    require(le.empty() || found.labels.back() == std::pair<std::string, std::string>("le", le),
            "another bound");
    require(same(found.value, value), "another value");
  }
  void end() const { require(next_ == page_.lines.size(), "a line too many"); }

 private:
  const MetricFamily& family_;
  const Page& page_;
  std::size_t next_ = 0;
};

void check_lines(const MetricFamily& family, const Page& page, bool created) {
  Expected expected(family, page);
  const std::string suffix = family.type == MetricType::counter ? "_total"
                             : family.type == MetricType::info  ? "_info"
                                                                : "";
  for (const Sample& sample : family.samples) {
    expected.line(suffix, sample.labels, sample.value);
    if (created && family.type == MetricType::counter) {
      expected.line("_created", sample.labels, unix_seconds(*family.created));
    }
  }
  const std::vector<std::string> bounds{"-1.0", "0.25", "3.0", "+Inf"};
  for (const HistogramSample& sample : family.histograms) {
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      expected.line("_bucket", sample.labels, static_cast<double>(sample.bucket_counts[i]),
                    bounds[i]);
    }
    expected.line("_sum", sample.labels, sample.sum);
    expected.line("_count", sample.labels, static_cast<double>(sample.bucket_counts.back()));
    if (created) {
      expected.line("_created", sample.labels, unix_seconds(*family.created));
    }
  }
  expected.end();
}

std::string inflated(const std::string& compressed, std::size_t size) {
  std::string text(size + 1, ' ');
  z_stream stream{};
  inflateInit2(&stream, MAX_WBITS + 16);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  const int state = inflate(&stream, Z_FINISH);
  text.resize(stream.total_out);
  require(state == Z_STREAM_END && stream.avail_in == 0, "not one gzip member");
  inflateEnd(&stream);
  return text;
}

void round_trip(const MetricFamily& family, const Publisher& publisher, Format format) {
  const std::string text = render({family}, format);
  const bool openmetrics = format == Format::openmetrics;
  const Page page = parse(text, openmetrics ? std::string(base_name(family)) : family.name);
  require(page.ended == openmetrics, "\"# EOF\" belongs to OpenMetrics");
  require(page.help == family.help, "another help");
  const bool gauge =
      !openmetrics && (family.type == MetricType::info || family.type == MetricType::stateset);
  require(page.type == to_string(gauge ? MetricType::gauge : family.type), "another type");
  check_lines(family, page, openmetrics && family.created.has_value());

  const std::string end = openmetrics ? "# EOF\n" : "";
  const GzipStart& start = publisher.snapshot()->compressed(format);
  // A family without samples leaves no trace on the page.
  const bool traceless = family.samples.empty() && family.histograms.empty();
  require(inflated(start.bytes + gzip_finish(start, end), text.size()) == (traceless ? end : text),
          "the compressed page is another");
}

}  // namespace
}  // namespace usage

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace usage;
  Bytes bytes(std::string_view(reinterpret_cast<const char*>(data), size));
  const MetricFamily family = family_of(bytes);
  try {
    validate({family});
  } catch (const Error&) {
    return 0;  // never reaches the page
  }
  Publisher publisher;
  publisher.replace({"fuzz", "fuzz"}, {family});
  round_trip(family, publisher, Format::text);
  round_trip(family, publisher, Format::openmetrics);
  return 0;
}
