#include "exporter/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/diagnostics.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"
#include "exporter/cli/verbs/flag_values.h"
#include "exporter/cli/verbs/verbs.h"

namespace usage {

namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

constexpr std::string_view kHelp =
    R"(usage_exporter tells Prometheus whether people use what you shipped: it reads usage tables on a
schedule and serves the result on /metrics. A scrape never touches a database.

Usage: usage_exporter [VERB] [FLAGS]      usage_exporter VERB --help

)";

constexpr std::string_view kExitCodes =
    "\nExit codes: 0 done; 1 failed (bad config, a collection that failed, cannot listen);\n"
    "2 wrong usage.\n";

template <typename Result>
void add_parsed(CLI::App& app, const std::string& name, const std::string& help,
                std::optional<Result> (*parse)(std::string_view), std::function<void(Result)> set,
                const std::string& type, const std::string& fallback) {
  app.add_option_function<std::string>(
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

void add_log_flags(CLI::App& app, Flags& flags) {
  add_parsed<LogLevel>(
      app, "--log.level", "Least severe events to log.", parse_log_level,
      [&flags](LogLevel level) { flags.log_level = level; }, "debug|info|warn|error", "info");
  add_parsed<LogFormat>(
      app, "--log.format", "Format of the log lines.", parse_log_format,
      [&flags](LogFormat format) { flags.log_format = format; }, "logfmt|json", "logfmt");
}

void add_config_flag(CLI::App& app, Flags& flags) {
  app.add_option("--config.file", flags.config_file, "The config file.")
      ->type_name("PATH")
      ->capture_default_str();
}

void add_web_flags(CLI::App& app, Flags& flags) {
  app.add_option("--web.listen-address", flags.serve.listen_addresses,
                 "Address to listen on; repeatable. :9108 is every address of the machine, IPv4 "
                 "and IPv6; port 0 takes a free one.")
      ->type_name("HOST:PORT")
      ->default_str(flags.serve.listen_addresses.front())
      ->take_all();
  app.add_option("--web.telemetry-path", flags.serve.telemetry_path, "Path of the metrics.")
      ->type_name("PATH")
      ->check(CLI::Validator(check_telemetry_path, ""))
      ->capture_default_str();
  app.add_flag("--web.enable-lifecycle", flags.serve.enable_lifecycle,
               "Allow reloading by POST /-/reload (SIGHUP always works).");
  app.add_option("--storage.path", flags.storage_path,
                 "Folder for state that outlives the process.")
      ->type_name("PATH");
  app.add_option("--report.folder", flags.serve.report_folder,
                 "Also write the report of every week that ends into this folder, once.")
      ->type_name("PATH");
  app.add_option_function<std::vector<std::string>>(
         "--report.format",
         [&flags](const std::vector<std::string>& names) {
           flags.serve.report_forms.clear();
           for (const std::string& name : names) {
             const ReportForm* form = find_report_form(name);
             if (form == nullptr) {
               throw CLI::ValidationError("--report.format",
                                          fmt::format("\"{}\" is not html|md|json", name));
             }
             flags.serve.report_forms.push_back(form);
           }
         },
         "The format of these reports; repeatable.")
      ->type_name("html|md|json")
      ->default_str("html");
}

void serve_flags(CLI::App& app, Flags& flags) {
  add_config_flag(app, flags);
  add_web_flags(app, flags);
  add_log_flags(app, flags);
}

void check_flags(CLI::App& app, Flags& flags) {
  add_config_flag(app, flags);
  app.add_flag("--connect", flags.connect,
               "Also connect to every source and prepare every query: reports columns and types.");
  app.add_option("--rules", flags.rules,
                 "Also prove that each metric in these rule files and dashboards is published; a "
                 "glob in quotes, repeatable.")
      ->type_name("GLOB");
}

void once_flags(CLI::App& app, Flags& flags) {
  add_config_flag(app, flags);
  add_parsed<Instant>(
      app, "--at",
      "Bind this time instead of now: queries bounded by parameters answer for the past.",
      parse_rfc3339, [&flags](Instant at) { flags.at = at; }, "RFC3339", "now");
  app.add_option("--collector", flags.collector, "Run this collector alone.")->type_name("NAME");
  add_parsed<Format>(
      app, "--format", "Exposition format.", parse_format,
      [&flags](Format format) { flags.format = format; }, "text|openmetrics", "text");
  add_log_flags(app, flags);
}

void explain_flags(CLI::App& app, Flags& flags) {
  app.add_option(
         "measure", flags.measure,
         "The name of a usage metric, for example usage_adoption_ratio; or the word target.")
      ->required();
  app.add_option("target", flags.target, "After the word target: the target's name.");
  app.callback([&flags] {
    if (flags.measure == "target" && flags.target.empty()) {
      throw CLI::ValidationError("which target? Write: explain target NAME");
    }
    if (flags.measure != "target" && !flags.target.empty()) {
      throw CLI::ValidationError(
          "\"" + flags.target + "\" is not expected here; for a target write: explain target NAME");
    }
  });
  add_config_flag(app, flags);
  app.add_option("--feature", flags.feature, "For this feature alone.")->type_name("NAME");
  app.add_option("--window", flags.window,
                 "For this window, whether the config has it or not: 7d, last_week …")
      ->type_name("WINDOW");
  add_parsed<Instant>(
      app, "--at", "As of this time.", parse_rfc3339, [&flags](Instant at) { flags.at = at; },
      "RFC3339", "now");
  add_log_flags(app, flags);
}

void backfill_flags(CLI::App& app, Flags& flags) {
  add_config_flag(app, flags);
  add_parsed<Instant>(
      app, "--from", "The first instant: every number as of then, as `once --at` gives it.",
      parse_rfc3339, [&flags](Instant at) { flags.from = at; }, "RFC3339", "");
  app.get_option("--from")->required();
  add_parsed<Instant>(
      app, "--to", "The last instant.", parse_rfc3339, [&flags](Instant at) { flags.to = at; },
      "RFC3339", "the last full hour");
  add_parsed<Duration>(
      app, "--step", "From one instant to the next. Numbers change at the ends of buckets (1h).",
      parse_step, [&flags](Duration step) { flags.step = step; }, "DURATION", "1h");
  app.add_option("--label", flags.labels,
                 "A label for every series; repeatable. A scrape adds job and instance: give the "
                 "same here, and the past joins the present.")
      ->type_name("NAME=VALUE");
  app.add_option("--output", flags.output, "Write to this file, which appears when it is whole.")
      ->type_name("FILE")
      ->default_str("stdout");
  add_log_flags(app, flags);
}

void report_flags(CLI::App& app, Flags& flags) {
  add_config_flag(app, flags);
  app.add_option_function<std::string>(
         "--week",
         [&flags](const std::string& text) {
           flags.week = parse_iso_week(text);
           if (!flags.week) {
             throw CLI::ValidationError(
                 "--week", fmt::format("\"{}\" is no week of ISO 8601 such as 2026-W47", text));
           }
         },
         "The week, such as 2026-W47, in the config's time zone. It must be over.")
      ->type_name("WEEK")
      ->default_str("the last complete one");
  add_parsed<const ReportForm*>(
      app, "--format", "What to write: a page, Markdown or numbers.", parse_report_form,
      [&flags](const ReportForm* form) { flags.report_form = form; }, "html|md|json", "html");
  add_log_flags(app, flags);
}

void forget_flags(CLI::App& app, Flags& flags) {
  app.add_option("--user", flags.user,
                 "The user's id as the database writes it; - reads it from stdin, so that it stays "
                 "out of the shell's history.")
      ->type_name("ID")
      ->required();
  app.add_option("--storage.path", flags.storage_path,
                 "The folder of the state. Its exporter must not be running.")
      ->type_name("PATH")
      ->required();
  add_log_flags(app, flags);
}

void demo_flags(CLI::App& app, Flags& flags) {
  app.add_option("--into", flags.into,
                 "Only fill this database (sqlite:PATH or postgresql://…) and end.")
      ->type_name("DSN");
  add_parsed<Instant>(
      app, "--demo.launch",
      "The day on which the demo's features were launched, such as 2026-09-11: the same day makes "
      "the same rows.",
      parse_day, [&flags](Instant at) { flags.demo_launch = at; }, "DAY", "75 days ago");
  app.add_option(
         "--demo.speed", flags.demo_speed,
         "How much faster than real time the demo's days pass, from 0.001 to 100000; 1440 is "
         "a day a minute.")
      ->type_name("N")
      ->check(CLI::Range(0.001, 100'000.0).description(""))
      ->capture_default_str();
  add_web_flags(app, flags);
  add_log_flags(app, flags);
}

void probe_flags(CLI::App& app, Flags& flags) {
  app.add_option("URL", flags.url, "What to fetch, for example http://127.0.0.1:9108/-/healthy")
      ->type_name("")
      ->required();
}

void no_flags(CLI::App&, Flags&) {}

struct Verb {
  std::string_view name;
  std::string_view argument;
  std::string_view summary;
  void (*add_flags)(CLI::App&, Flags&);
  int (*run)(const Flags&);
};

constexpr std::array kVerbs{
    Verb{"serve", "", "Collect on schedule and serve /metrics. The default.", serve_flags,
         run_serve},
    Verb{"check", "", "Read the config and report every mistake in it.", check_flags, run_check},
    Verb{"once", "", "Collect once and print the metrics.", once_flags, run_once},
    Verb{"explain", " MEASURE",
         "Say what a usage metric, or \"target NAME\", means and how it came about.", explain_flags,
         run_explain},
    Verb{"backfill", "",
         "Write the numbers of the past as OpenMetrics with timestamps, for promtool.",
         backfill_flags, run_backfill},
    Verb{"report", "", "Write the numbers of one week, each with its change.", report_flags,
         run_report},
    Verb{"forget", "", "Remove a user's id from the state for good.", forget_flags, run_forget},
    Verb{"demo", "", "Make a demo database and serve it, or fill one with --into.", demo_flags,
         run_demo},
    Verb{"probe", " URL", "Fetch a URL of a running exporter; for health checks.", probe_flags,
         run_probe},
    Verb{"version", "", "Print the version.", no_flags, run_version},
};

// CLI11's own help does not wrap.
std::string flags_help(const CLI::App& app) {
  std::string text;
  for (const CLI::Option* option : app.get_options()) {
    const bool flag = option->get_items_expected() == 0;
    const std::string name = option->get_positional() ? option->get_name(true) : option->get_name();
    text += fmt::format("  {}{}\n", option->get_name() == "--help" ? "-h, --help" : name,
                        flag ? "" : " " + option->get_type_name());
    const std::string fallback = option->get_default_str();
    text += wrap(option->get_description() +
                     (flag || fallback.empty() ? "" : fmt::format(" Default: {}.", fallback)),
                 6);
  }
  return text;
}

void print_help() {
  std::string text(kHelp);
  text += "Verbs:\n";
  for (const Verb& verb : kVerbs) {
    text += fmt::format("  {:<10}{}\n", verb.name, verb.summary);
  }
  text += "\nFlags of serve:\n";
  Flags flags;
  CLI::App app;
  serve_flags(app, flags);
  app.set_help_flag("-h,--help", "Print this help.");
  text += flags_help(app);
  text += kExitCodes;
  std::fputs(text.c_str(), stdout);
}

int wrong_usage(const std::string& message, std::string_view verb = "") {
  std::fputs(fmt::format("usage_exporter: {}\nTry: usage_exporter {}{}--help\n", message, verb,
                         verb.empty() ? "" : " ")
                 .c_str(),
             stderr);
  return kWrongUsage;
}

const Verb* find_verb(std::string_view name) {
  const auto* const found = std::find_if(kVerbs.begin(), kVerbs.end(),
                                         [&](const Verb& verb) { return verb.name == name; });
  return found == kVerbs.end() ? nullptr : found;
}

std::string unexpected_argument(const CLI::App& app) {
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) {
    known.push_back(option->get_name());
  }
  for (const std::string& argument : app.remaining(true)) {
    if (argument.starts_with('-')) {
      const std::string name = argument.substr(0, argument.find('='));
      return fmt::format("unknown flag {}{}", name, did_you_mean(name, known));
    }
  }
  return fmt::format("\"{}\" is not expected here", app.remaining(true).front());
}

int run_verb(const Verb& verb, std::vector<std::string> arguments) {
  Flags flags;
  CLI::App app{std::string(verb.summary), fmt::format("usage_exporter {}", verb.name)};
  app.set_help_flag("-h,--help", "Print this help.");
  verb.add_flags(app, flags);
  try {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    app.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    std::fputs(fmt::format("{}\n\nUsage: usage_exporter {}{} [FLAGS]\n\n{}{}", verb.summary,
                           verb.name, verb.argument, flags_help(app), kExitCodes)
                   .c_str(),
               stdout);
    return 0;
  } catch (const CLI::ExtrasError& error) {
    return wrong_usage(unexpected_argument(app), verb.name);
  } catch (const CLI::ParseError& error) {
    return wrong_usage(error.what(), verb.name);
  }
  return verb.run(flags);
}

}  // namespace

int run_command(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const Verb* verb = &kVerbs.front();
  try {
    if (!arguments.empty() && !arguments.front().starts_with('-')) {
      verb = find_verb(arguments.front());
      if (!verb && arguments.front() != "help") {
        std::vector<std::string> names;
        for (const Verb& known : kVerbs) {
          names.emplace_back(known.name);
        }
        return wrong_usage(fmt::format("there is no verb \"{}\"{}", arguments.front(),
                                       did_you_mean(arguments.front(), names)));
      }
      arguments.erase(arguments.begin());
    } else if (!arguments.empty() && (arguments.front() == "--help" || arguments.front() == "-h")) {
      verb = nullptr;
    } else if (!arguments.empty() && arguments.front() == "--version") {
      verb = find_verb("version");
      arguments.clear();
    }
    if (!verb) {
      print_help();
      return 0;
    }
    return run_verb(*verb, std::move(arguments));
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
