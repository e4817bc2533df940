#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "exporter/base/clock.h"
#include "exporter/base/format.h"
#include "exporter/base/log.h"

// Flags that several verbs have. The variables outlive the parsing.
namespace usage {

// A flag whose text `parse` reads; `type` says what it takes, in help and in errors.
template <typename Result>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, const std::string& help,
                        std::optional<Result> (*parse)(std::string_view),
                        const std::function<void(Result)>& set, const std::string& type,
                        const std::string& fallback) {
  return app
      .add_option_function<std::string>(
          name,
          [=](const std::string& text) {
            const auto value = parse(text);
            if (!value) {
              throw CLI::ValidationError(name, fmt::format("\"{}\" is not {}", text, type));
            }
            set(*value);
          },
          help)
      ->type_name(type)
      ->default_str(fallback);
}

// A point in time, as RFC 3339.
CLI::Option* add_instant(CLI::App& app, const std::string& name, const std::string& help,
                         std::optional<Instant>& instant, const std::string& fallback);

inline constexpr char kDefaultConfigFile[] = "usage_exporter.yml";
void add_config_flag(CLI::App& app, std::string& config_file);

struct LogFlags {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::logfmt;
};
void add_log_flags(CLI::App& app, LogFlags& flags);

}  // namespace usage
