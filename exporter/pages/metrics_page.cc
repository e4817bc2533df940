#include "exporter/pages/metrics_page.h"

#include <array>
#include <optional>
#include <utility>

#include "exporter/base/strings.h"
#include "exporter/exposition/text_format.h"

namespace usage {

namespace {

constexpr auto kOwnSeriesAge = std::chrono::seconds(1);
constexpr std::size_t kJoined =
    256 * 1024;  // smaller bodies are one piece: one packet less to send

// Cuts the part before the separator off `text` and returns it.
std::string_view next_part(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const std::string_view part = trim(text.substr(0, end));
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return part;
}

// One element of an Accept or Accept-Encoding header.
struct Choice {
  std::string_view name;
  std::string_view version;  // of a media type; empty when not given
  double quality = 1;        // 0: refused
};

Choice parse_choice(std::string_view text) {
  Choice choice;
  choice.name = next_part(text, ';');
  while (!text.empty()) {
    std::string_view value = next_part(text, ';');
    const std::string_view key = next_part(value, '=');
    value = trim(value);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    if (iequals(key, "version")) {
      choice.version = value;
    } else if (iequals(key, "q")) {
      const double quality = parse_number<double>(value).value_or(0);
      choice.quality = quality >= 0 && quality <= 1 ? quality : 0;
    }
  }
  return choice;
}

std::optional<Format> format_of(const Choice& choice) {
  if (iequals(choice.name, "application/openmetrics-text") &&
      (choice.version.empty() || choice.version == "1.0.0")) {
    return Format::openmetrics;
  }
  if ((iequals(choice.name, "text/plain") &&
       (choice.version.empty() || choice.version == "0.0.4")) ||
      iequals(choice.name, "text/*") || choice.name == "*/*") {
    return Format::text;
  }
  return std::nullopt;
}

// The snapshot with the exporter's own series behind it, in each form it is asked for.
struct Page {
  Page(std::shared_ptr<const Snapshot> current, std::shared_ptr<const Metrics> own)
      : snapshot(std::move(current)), self(std::move(own)) {}

  const SharedBuffers& body(Format format, bool compressed) {
    Form& form = forms.at((format == Format::openmetrics ? 2U : 0U) + (compressed ? 1U : 0U));
    std::call_once(form.made, [&] {
      std::string tail = render(*self, format);
      if (compressed) {
        const GzipStart& start = snapshot->compressed(format);
        form.body = {std::shared_ptr<const std::string>(snapshot, &start.bytes)};
        tail = gzip_finish(start, tail);
      } else {
        form.body = snapshot->text(format);
      }
      if (form.body.size() == 1 && form.body.front()->size() < kJoined) {
        tail.insert(0, *form.body.front());
        form.body.clear();
      }
      form.body.push_back(std::make_shared<const std::string>(std::move(tail)));
    });
    return form.body;
  }

  struct Form {
    std::once_flag made;
    SharedBuffers body;
  };

  const std::shared_ptr<const Snapshot> snapshot;
  const std::shared_ptr<const Metrics> self;
  std::array<Form, 4> forms;
};

}  // namespace

Format negotiate_format(std::string_view accept) {
  Format best = Format::text;
  double quality = 0;
  while (!accept.empty()) {
    const Choice choice = parse_choice(next_part(accept, ','));
    const std::optional<Format> format = format_of(choice);
    if (format && choice.quality > quality) {
      best = *format;
      quality = choice.quality;
    }
  }
  return best;
}

bool accepts_gzip(std::string_view accept_encoding) {
  bool any = false;
  while (!accept_encoding.empty()) {
    const Choice choice = parse_choice(next_part(accept_encoding, ','));
    if (iequals(choice.name, "gzip") || iequals(choice.name, "x-gzip")) {
      return choice.quality > 0;
    }
    if (choice.name == "*") {
      any = choice.quality > 0;
    }
  }
  return any;
}

struct MetricsPage::Impl {
  Impl(const Publisher& source, std::function<Metrics()> own, const Clock& time)
      : publisher(source), self(std::move(own)), clock(time) {}

  std::shared_ptr<Page> current() {
    const std::scoped_lock lock(mutex);
    const SteadyInstant now = clock.steady_now();
    if (!page || now - self_read >= kOwnSeriesAge) {
      page = std::make_shared<Page>(publisher.snapshot(), std::make_shared<const Metrics>(self()));
      self_read = now;
    } else if (auto snapshot = publisher.snapshot(); page->snapshot != snapshot) {
      page = std::make_shared<Page>(std::move(snapshot), page->self);
    }
    return page;
  }

  const Publisher& publisher;
  const std::function<Metrics()> self;
  const Clock& clock;
  std::mutex mutex;
  std::shared_ptr<Page> page;  // the latest; remade when something in it is old
  SteadyInstant self_read;
};

MetricsPage::MetricsPage(const Publisher& publisher, std::function<Metrics()> self,
                         const Clock& clock)
    : impl_(std::make_unique<Impl>(publisher, std::move(self), clock)) {}

MetricsPage::~MetricsPage() = default;

HttpResponse MetricsPage::get(const HttpRequest& request) {
  const Format format = negotiate_format(request.accept);
  const bool compressed = accepts_gzip(request.accept_encoding);
  HttpResponse response;
  response.content_type = content_type(format);
  response.content_encoding = compressed ? "gzip" : "";
  response.headers = {{"Vary", "Accept, Accept-Encoding"}};
  response.body = impl_->current()->body(format, compressed);
  return response;
}

}  // namespace usage
