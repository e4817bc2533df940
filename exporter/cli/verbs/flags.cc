#include "exporter/cli/verbs/flags.h"

#include "exporter/base/timestamps.h"

namespace usage {

CLI::Option* add_instant(CLI::App& app, const std::string& name, const std::string& help,
                         std::optional<Instant>& instant, const std::string& fallback) {
  return add_parsed<Instant>(
      app, name, help, parse_rfc3339, [&instant](Instant at) { instant = at; }, "RFC3339",
      fallback);
}

void add_config_flag(CLI::App& app, std::string& config_file) {
  app.add_option("--config.file", config_file, "The config file.")
      ->type_name("PATH")
      ->capture_default_str();
}

void add_log_flags(CLI::App& app, LogFlags& flags) {
  add_parsed<LogLevel>(
      app, "--log.level", "Least severe events to log.", parse_log_level,
      [&flags](LogLevel level) { flags.level = level; }, "debug|info|warn|error", "info");
  add_parsed<LogFormat>(
      app, "--log.format", "Format of the log lines.", parse_log_format,
      [&flags](LogFormat format) { flags.format = format; }, "logfmt|json", "logfmt");
}

}  // namespace usage
