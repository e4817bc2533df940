#pragma once

#include <string>

#include "exporter/app/app.h"
#include "exporter/cli/verbs/flags.h"

namespace usage {

// Of the verbs that serve.
struct WebFlags {
  ServeOptions serve;
  std::string storage_path;
};
void add_web_flags(CLI::App& app, WebFlags& flags);

}  // namespace usage
