#include "exporter/ingest/ingest.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "collectors/events/ingest/ingest_key.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/gzip.h"
#include "exporter/base/json_writer.h"

namespace usage {

namespace {

constexpr std::size_t kReaders = 2;
constexpr auto kWarnEvery = std::chrono::minutes(1);

HttpResponse json_response(int status, std::string_view message = "") {
  JsonDocument body{{"success", message.empty()}};
  if (!message.empty()) {
    body["message"] = message;
  }
  HttpResponse response = text_response(status, json_line(body) + "\n");
  response.content_type = "application/json";
  return response;
}

HttpResponse again_later(std::string_view message, const char* seconds) {
  HttpResponse response = json_response(503, message);
  response.headers = {{"Retry-After", seconds}};
  return response;
}

// Why a request is turned away; it must not be sent again as it is.
struct Refusal : std::exception {
  Refusal(int code, std::string text) : status(code), message(std::move(text)) {}
  const char* what() const noexcept override { return message.c_str(); }
  int status;
  std::string message;
};

constexpr const char* kNoKey =
    "no valid key: send the write key by Authorization, or as writeKey or api_key in the body";

// By its first bytes, because RudderStack's client says nothing and proxies unpack silently.
bool is_gzip(std::string_view body) { return body.starts_with("\x1f\x8b"); }

}  // namespace

Ingest::Ingest(std::vector<Source> sources, const Services& services)
    : sources_(std::move(sources)), services_(services) {
  for (const Source& source : sources_) {
    max_batch_bytes_ = std::max(max_batch_bytes_, source.config.max_batch_bytes);
    services_.metrics.add_source(source.name);
  }
  for (std::size_t i = 0; i < kReaders; ++i) {
    readers_.push_back(std::make_unique<IngestReader>(max_batch_bytes_));
  }
}

// Compares with every key, whichever fits.
const Ingest::Source* Ingest::source_of(std::string_view key) const {
  const Source* found = nullptr;
  for (const Source& source : sources_) {
    for (const IngestConfig::Key& known : source.config.keys) {
      found = same_key(key, known.key.reveal()) ? &source : found;
    }
  }
  return found;
}

bool Ingest::allows_origin(std::string_view origin, const Source* source) const {
  return std::any_of(sources_.begin(), sources_.end(), [&](const Source& each) {
    const auto& allowed = each.config.allow_origins;
    return (source == nullptr || source == &each) &&
           std::any_of(allowed.begin(), allowed.end(),
                       [&](const std::string& one) { return one == "*" || one == origin; });
  });
}

std::variant<std::size_t, HttpResponse> Ingest::admit(const HttpRequest& request) const {
  if (request.method == "OPTIONS") {
    HttpResponse response;
    response.status = 204;
    return response;
  }
  const std::string_view authorization = request.header("Authorization");
  if (authorization.empty()) {
    return max_batch_bytes_;  // the key must be in the body
  }
  const Source* const source = source_of(key_in_authorization(authorization));
  if (source == nullptr) {
    return json_response(401, kNoKey);
  }
  return source->config.max_batch_bytes;
}

Ingest::Taken Ingest::read(const HttpRequest& request, std::string_view type) {
  const std::string_view authorization = request.header("Authorization");
  const Source* source =
      authorization.empty() ? nullptr : source_of(key_in_authorization(authorization));
  const std::size_t longest = source == nullptr ? max_batch_bytes_ : source->config.max_batch_bytes;
  std::unique_ptr<IngestReader> reader;
  {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [&] { return !readers_.empty(); });
    reader = std::move(readers_.back());
    readers_.pop_back();
  }
  struct Return {
    ~Return() {
      {
        const std::scoped_lock lock(ingest.mutex_);
        ingest.readers_.push_back(std::move(reader));
      }
      ingest.returned_.notify_one();
    }
    Ingest& ingest;
    std::unique_ptr<IngestReader>& reader;
  };
  const Return giving_back{*this, reader};
  std::size_t size = request.body.size();
  try {
    if (is_gzip(request.body)) {
      const std::string text = gunzip(request.body, longest);
      size = text.size();
      reader->parse(text);
    } else {
      reader->parse(request.body);
    }
  } catch (const Error& error) {
    throw error.reason() == Reason::limit
        ? Refusal(413, error.what())
        : Refusal(400, fmt::format("the body cannot be read: {}", error.what()));
  }
  source = source == nullptr ? source_of(reader->key()) : source;
  if (source == nullptr) {
    throw Refusal(401, kNoKey);
  }
  if (size > source->config.max_batch_bytes) {
    throw Refusal(413,
                  fmt::format("the body is longer than {} bytes", source->config.max_batch_bytes));
  }
  return {source,
          reader->items(source->kept, type, services_.clock.now(), source->config.max_event_bytes)};
}

HttpResponse Ingest::answer(const HttpRequest& request, std::string_view type) {
  const SteadyInstant start = services_.clock.steady_now();
  try {
    Taken taken = read(request, type);
    const std::string_view origin = request.header("Origin");
    if (!origin.empty() && !allows_origin(origin, taken.source)) {
      throw Refusal(403, "pages of this origin may not send events: see allow_origins");
    }
    const std::size_t kept = taken.items.events.size();
    const std::uint64_t fresh =
        kept == 0 ? 0
                  : services_.commit.commit(
                        {.source = taken.source->name, .events = std::move(taken.items.events)});
    services_.metrics.stored(taken.source->name, taken.items, fresh, kept - fresh);
    services_.metrics.took(
        std::chrono::duration<double>(services_.clock.steady_now() - start).count());
    return json_response(200);
  } catch (const Refusal& refusal) {
    return json_response(refusal.status, refusal.message);
  } catch (const Error& error) {
    if (error.reason() == Reason::limit) {
      return again_later("too many events wait for the disk", "1");
    }
    note_failure(error.what());
    return again_later("the events cannot be stored now", "10");
  }
}

// The cause is the machine's, and the same for every request until somebody mends it.
void Ingest::note_failure(const char* why) {
  {
    const std::scoped_lock lock(mutex_);
    const Instant now = services_.clock.now();
    if (warned_ != Instant() && now < warned_ + kWarnEvery && now >= warned_) {
      return;
    }
    warned_ = now;
  }
  services_.log.warn("events are turned away; clients are asked to send them again",
                     {{"err", why}});
}

void Ingest::finish(const HttpRequest& request, HttpResponse& response) const {
  services_.metrics.answered(response.status);
  const std::string_view origin = request.header("Origin");
  if (origin.empty()) {
    return;
  }
  response.headers.emplace_back("Vary", "Origin");
  if (!allows_origin(origin, nullptr)) {
    return;
  }
  response.headers.emplace_back("Access-Control-Allow-Origin", std::string(origin));
  response.headers.emplace_back("Access-Control-Expose-Headers", "Retry-After");
  if (request.method == "OPTIONS") {
    response.headers.emplace_back("Access-Control-Allow-Methods", "POST");
    response.headers.emplace_back("Access-Control-Allow-Headers",
                                  "authorization, content-type, content-encoding, x-retry-count, "
                                  "anonymousid");
    response.headers.emplace_back("Access-Control-Max-Age", "7200");
  }
}

std::vector<HttpRoute> ingest_routes(const std::function<std::shared_ptr<Ingest>()>& current) {
  struct Path {
    const char* path;
    const char* type;
  };
  // Of Segment and RudderStack, in both lengths, then of PostHog.
  constexpr std::array<Path, 20> kPaths{
      {{"/v1/track", "track"},   {"/v1/t", "track"},     {"/v1/identify", "identify"},
       {"/v1/i", "identify"},    {"/v1/page", "page"},   {"/v1/p", "page"},
       {"/v1/screen", "screen"}, {"/v1/s", "screen"},    {"/v1/group", "group"},
       {"/v1/g", "group"},       {"/v1/alias", "alias"}, {"/v1/a", "alias"},
       {"/v1/batch", ""},        {"/v1/b", ""},          {"/v1/import", ""},
       {"/batch/", ""},          {"/batch", ""},         {"/capture/", "track"},
       {"/capture", "track"},    {"/i/v0/e/", "track"}}};
  const HttpResponse absent = text_response(404, "not found; / lists what there is\n");
  std::vector<HttpRoute> routes;
  for (const Path& path : kPaths) {
    HttpRoute route{path.path, {"POST", "OPTIONS"}, {}};
    route.admit = [current,
                   absent](const HttpRequest& request) -> std::variant<std::size_t, HttpResponse> {
      const auto ingest = current();
      return ingest ? ingest->admit(request) : absent;
    };
    route.handler = [current, absent, type = path.type](const HttpRequest& request) {
      const auto ingest = current();
      return ingest ? ingest->answer(request, type) : absent;
    };
    route.finish = [current, absent](const HttpRequest& request, HttpResponse& response) {
      if (const auto ingest = current()) {
        ingest->finish(request, response);
      } else {
        response = absent;
      }
    };
    routes.push_back(std::move(route));
  }
  return routes;
}

}  // namespace usage
