// Any bytes are a config: reading them ends, and says what is wrong in text that a terminal shows
// as it is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "exporter/base/utf8.h"
#include "exporter/config/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  usage::Problems problems;
  // The name begins with '<', so that no other file is read.
  const usage::Config config = usage::load_config_text("<fuzz>", text, problems);
  const std::string rendered = problems.render();
  if (problems.empty() != rendered.empty() || !usage::valid_utf8(rendered)) {
    std::abort();
  }
  for (const char c : rendered) {
    if (c != '\n' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)) {
      std::abort();
    }
  }
  if (problems.empty()) {
    for (const usage::CollectorConfig& collector : config.collectors) {
      for (const std::string& source : collector.sources) {
        config.source(source);
      }
      if (collector.sources.empty() ||
          collector.schedule.interval.has_value() == collector.schedule.cron.has_value()) {
        std::abort();
      }
    }
  }
  return 0;
}
