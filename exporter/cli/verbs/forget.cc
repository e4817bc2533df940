#include "exporter/cli/verbs/forget.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>

#include "collectors/events/journal.h"
#include "collectors/state/state_file.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/cli/verbs/flags.h"

namespace usage {

namespace {

struct ForgetFlags {
  std::string user;  // "-": read it from stdin
  std::string storage_path;
  LogFlags log;
};

std::string read_user() {
  if (::isatty(STDIN_FILENO) == 1) {
    std::fputs("The user's id, then Enter: ", stderr);
  }
  std::string line;
  std::getline(std::cin, line);
  if (line.ends_with('\r')) {
    line.pop_back();
  }
  if (line.empty()) {
    throw Error(Reason::config, "no user's id came on stdin");
  }
  return line;
}

int run_forget(const ForgetFlags& flags) {
  if (!std::filesystem::exists(std::filesystem::path(flags.storage_path) / StateFile::kFile)) {
    throw Error(Reason::config,
                fmt::format("there is no {} in {}; give the folder that the exporter has as "
                            "--storage.path",
                            StateFile::kFile, flags.storage_path));
  }
  const SystemClock clock;
  Log log(stderr, flags.log.level, flags.log.format, clock);
  StateFile file(flags.storage_path, clock.now(), log);
  const std::string user = flags.user == "-" ? read_user() : flags.user;
  bool found = file.forget(user);
  const std::string journal = Journal::path_in(flags.storage_path);
  if (std::filesystem::exists(journal)) {
    found = Journal(journal, false).forget(user) || found;
  }
  if (!found) {
    throw Error(Reason::config,
                "the state file knows no user with that id, written as the database writes it; "
                "nothing was changed");
  }
  std::fputs(
      file.opened() == StateFile::Opened::damaged
          ? "The state file was damaged: it is removed as a whole, and all is read anew.\n"
          : "Forgotten: the id is in no file of the folder any more. Uses and counters stay, "
            "as uses by nobody.\n",
      stdout);
  std::fputs(
      "Rows that the database still has are read again and make the user known anew: erase them "
      "there too.\n",
      stdout);
  return 0;
}

}  // namespace

VerbRun add_forget(CLI::App& app) {
  const auto owned = std::make_shared<ForgetFlags>();
  ForgetFlags& flags = *owned;
  app.add_option("--user", flags.user,
                 "The user's id as the database writes it; - reads it from stdin, so that it stays "
                 "out of the shell's history.")
      ->type_name("ID")
      ->required();
  app.add_option("--storage.path", flags.storage_path,
                 "The folder of the state. Its exporter must not be running.")
      ->type_name("PATH")
      ->required();
  add_log_flags(app, flags.log);
  return [owned] { return run_forget(*owned); };
}

}  // namespace usage
