#include "exporter/cli/command_line.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "exporter/base/diagnostics.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/cli/verbs/flags.h"
#include "exporter/cli/verbs/verb.h"
#include "exporter/cli/verbs/version.h"

namespace usage {

namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

constexpr char kAbout[] =
    R"(usage_exporter tells Prometheus whether people use what you shipped: it reads usage tables on a
schedule and serves the result on /metrics. A scrape never touches a database.
)";

constexpr char kExitCodes[] =
    "Exit codes: 0 done; 1 failed (bad config, a collection that failed, cannot listen);\n"
    "2 wrong usage.";

// A flag's explanation goes below its name, in lines that fit: CLI11's own help does not wrap.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    label("OPTIONS", "FLAGS");
    label("SUBCOMMAND", "VERB");
    label("Positionals", "Arguments");
    column_width(12);  // of the verbs
  }

  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    const bool takes_value = option->get_items_expected() != 0 && !option->get_type_name().empty();
    const std::string fallback = option->get_default_str();
    return fmt::format("  {}{}\n", option->get_name(is_positional, !is_positional),
                       takes_value ? " " + option->get_type_name() : "") +
           wrap(
               option->get_description() +
                   (takes_value && !fallback.empty() ? fmt::format(" Default: {}.", fallback) : ""),
               6);
  }
};

int wrong_usage(const std::string& message, const CLI::App* verb) {
  std::fputs(fmt::format("usage_exporter: {}\nTry: usage_exporter {}--help\n", message,
                         verb != nullptr ? verb->get_name() + " " : "")
                 .c_str(),
             stderr);
  return kWrongUsage;
}

// What to say about the first argument that nothing takes, an unknown flag before others.
std::string unexpected_argument(const CLI::App& app, const CLI::App* verb) {
  std::vector<std::string> known;
  if (verb == nullptr) {
    for (const Verb& each : verbs()) {
      known.emplace_back(each.name);
    }
    const std::string name = app.remaining().front();
    return fmt::format("there is no verb \"{}\"{}", name, did_you_mean(name, known));
  }
  for (const CLI::Option* option : verb->get_options()) {
    known.push_back(option->get_name());
  }
  const std::vector<std::string> arguments = app.remaining(true);
  const auto flag = std::ranges::find_if(
      arguments, [](const std::string& argument) { return argument.starts_with('-'); });
  if (flag == arguments.end()) {
    return fmt::format("\"{}\" is not expected here", arguments.front());
  }
  const std::string name = flag->substr(0, flag->find('='));
  return fmt::format("unknown flag {}{}", name, did_you_mean(name, known));
}

// The program with its verbs, and what each of them does.
class CommandLine {
 public:
  CommandLine() {
    const auto formatter = std::make_shared<HelpFormatter>();
    app_.formatter(formatter);  // this and the next are inherited by the verbs
    app_.option_defaults()->group("Flags");
    app_.set_help_flag("-h,--help", "Print this help.");
    app_.footer(kExitCodes);
    app_.require_subcommand(0, 1);
    for (const Verb& verb : verbs()) {
      CLI::App* app = app_.add_subcommand(std::string(verb.name), std::string(verb.summary));
      app->group("Verbs");
      app->set_help_flag("-h,--help", "Print this help.");  // anew: into the group of its flags
      runs_[app] = verb.add(*app);
    }
    app_.set_version_flag("--version", version_text(), "Print the version.");
    const CLI::App* serve = app_.get_subcommand(std::string(verbs().front().name));
    app_.footer(formatter->make_group("Flags of serve", false, serve->get_options()).substr(1) +
                "\n" + kExitCodes);
  }

  int run(std::vector<std::string> arguments) {
    add_default_verb(arguments);
    try {
      std::ranges::reverse(arguments);  // CLI11 takes them from the back
      app_.parse(arguments);
    } catch (const CLI::CallForHelp&) {
      std::fputs(app_.help().c_str(), stdout);
      return 0;
    } catch (const CLI::CallForVersion& version) {
      std::puts(version.what());
      return 0;
    } catch (const CLI::ExtrasError&) {
      return wrong_usage(unexpected_argument(app_, verb()), verb());
    } catch (const CLI::ParseError& error) {
      return wrong_usage(error.what(), verb());
    }
    return runs_.at(verb())();
  }

 private:
  // Flags without a verb are those of the default one.
  static void add_default_verb(std::vector<std::string>& arguments) {
    const std::string first = arguments.empty() ? "" : arguments.front();
    if (first == "help") {
      arguments.front() = "--help";
    } else if (first.empty() || (first.starts_with('-') && first != "--help" && first != "-h" &&
                                 first != "--version")) {
      arguments.emplace(arguments.begin(), verbs().front().name);
    }
  }

  const CLI::App* verb() const {
    const auto parsed = app_.get_subcommands();
    return parsed.empty() ? nullptr : parsed.front();
  }

  CLI::App app_{kAbout, "usage_exporter"};
  std::map<const CLI::App*, VerbRun> runs_;
};

}  // namespace

int run_command(int argc, char** argv) {
  try {
    return CommandLine().run({argv + 1, argv + argc});
  } catch (const Error& error) {
    std::string message = error.what();
    message.erase(message.find_last_not_of('\n') + 1);
    std::fputs(fmt::format("{}\n", message).c_str(), stderr);
    return kFailed;
  } catch (const std::exception& error) {
    std::fputs(fmt::format("usage_exporter: unexpected: {}\n", error.what()).c_str(), stderr);
    return kFailed;
  }
}

}  // namespace usage
