#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace usage {

// What the verb does once its flags are read; it owns them. Gives the exit code and throws Error.
using VerbRun = std::function<int()>;

struct Verb {
  std::string_view name, summary;
  VerbRun (*add)(CLI::App& app);  // declares the verb's flags and arguments
};

// In the order of the help; the first is the default.
std::span<const Verb> verbs();

}  // namespace usage
