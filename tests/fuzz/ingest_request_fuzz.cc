// Any bytes are a request's body: they are refused, or they are events that the journal can keep.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/events/ingest/ingest_request.h"
#include "exporter/base/error.h"
#include "exporter/base/utf8.h"

namespace {

constexpr std::size_t kMaxEvent = 2048;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static usage::IngestReader reader(std::size_t{1} << 16U);
  static const usage::EventFilter kept{{"Export Used", {"properties.format", "context.page.path"}},
                                       {"e", {"a.b.c"}}};
  const usage::Instant received{std::chrono::hours(490'000)};
  try {
    reader.parse({reinterpret_cast<const char*>(data), size});
  } catch (const usage::Error& error) {
    require(error.reason() == usage::Reason::data);
    return 0;
  }
  require(usage::valid_utf8(reader.key()));
  for (const char* type : {"", "track", "page"}) {
    const usage::IngestItems items = reader.items(kept, type, received, kMaxEvent);
    std::uint64_t users = 0;
    std::uint64_t times = 0;
    for (const std::uint64_t count : items.users) {
      users += count;
    }
    for (const std::uint64_t count : items.times) {
      times += count;
    }
    require(users == items.events.size() && times == users);
    for (const usage::JournalEvent& event : items.events) {
      require(kept.contains(event.event));
      require(event.time <= received + usage::IngestReader::kMaxFuture);
      require(event.fields.size() <= kMaxEvent && usage::valid_utf8(event.fields));
      require(!event.user || (!event.user->empty() && usage::valid_utf8(*event.user)));
      require(!event.message || usage::valid_utf8(*event.message));
    }
  }
  return 0;
}
