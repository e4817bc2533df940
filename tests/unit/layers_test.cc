// The house rules that the compiler does not check: a folder includes what the table allows, and a
// third-party library is used by one folder, so that it can be replaced in one place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/source_path.h"

namespace usage {
namespace {

using Tree = std::map<std::string, std::string>;  // path from the root of the repository → text

// What the files of a folder may include beside their own folder and exporter/base. The folders
// stand so that arrows go up the page only; scripts/layers prints what is.
const std::map<std::string_view, std::set<std::string_view>>& table() {
  static const std::map<std::string_view, std::set<std::string_view>> kTable{
      {"exporter/base", {}},
      {"exporter/exposition", {}},
      {"exporter/http", {}},
      {"collectors/facts", {}},
      {"exporter/config", {"exporter/exposition"}},
      {"collectors/measures/context", {"collectors/facts"}},
      {"collectors/api", {"exporter/config", "exporter/exposition"}},
      {"collectors/measures/families", {"collectors/measures/context", "exporter/exposition"}},
      {"collectors/measures/business",
       {"collectors/measures/context", "collectors/measures/families"}},
      {"exporter/demo", {"collectors/api"}},
      {"collectors/sources/sqlite", {"collectors/api", "exporter/config"}},
      {"collectors/sql", {"collectors/api", "exporter/config", "exporter/exposition"}},
      {"collectors/measures/targets",
       {"collectors/measures/business", "collectors/measures/context",
        "collectors/measures/families"}},
      {"collectors/events", {"collectors/sources/sqlite"}},
      {"collectors/sources/postgres", {"collectors/api", "exporter/config"}},
      {"collectors/state", {"collectors/facts", "collectors/sources/sqlite"}},
      {"collectors/measures",
       {"collectors/measures/business", "collectors/measures/context",
        "collectors/measures/families", "collectors/measures/targets", "exporter/exposition"}},
      {"collectors/events/logs", {"collectors/events", "exporter/config", "exporter/exposition"}},
      {"collectors/sources",
       {"collectors/api", "collectors/sources/postgres", "collectors/sources/sqlite",
        "exporter/config"}},
      {"collectors/usage/config",
       {"collectors/facts", "collectors/measures", "collectors/measures/context",
        "collectors/measures/targets", "exporter/config"}},
      {"collectors/events/ingest", {"collectors/events", "collectors/events/logs"}},
      {"collectors/report",
       {"collectors/measures", "collectors/measures/business", "collectors/measures/context",
        "collectors/measures/targets", "collectors/usage/config"}},
      {"collectors/usage/reading",
       {"collectors/api", "collectors/facts", "collectors/sources", "collectors/sources/sqlite",
        "collectors/usage/config", "exporter/config"}},
      {"exporter/ingest",
       {"collectors/events", "collectors/events/ingest", "exporter/config", "exporter/exposition",
        "exporter/http"}},
      {"collectors/usage/explain",
       {"collectors/facts", "collectors/measures", "collectors/measures/context",
        "collectors/measures/targets", "collectors/usage/config", "collectors/usage/reading",
        "exporter/config"}},
      {"collectors/usage",
       {"collectors/api", "collectors/events", "collectors/events/logs", "collectors/measures",
        "collectors/measures/context", "collectors/measures/targets", "collectors/state",
        "collectors/usage/config", "collectors/usage/reading"}},
      {"collectors",
       {"collectors/api", "collectors/sources", "collectors/sql", "collectors/usage",
        "exporter/config", "exporter/exposition"}},
      {"exporter/scheduling",
       {"collectors", "collectors/api", "collectors/sources", "collectors/usage", "exporter/config",
        "exporter/exposition", "exporter/ingest"}},
      {"exporter/report",
       {"collectors/measures/context", "collectors/report", "collectors/usage", "exporter/http",
        "exporter/scheduling"}},
      {"exporter/pages",
       {"collectors/measures", "collectors/measures/targets", "exporter/exposition",
        "exporter/http", "exporter/report", "exporter/scheduling"}},
      {"exporter/app",
       {"collectors/usage", "collectors/usage/config", "exporter/config", "exporter/exposition",
        "exporter/http", "exporter/ingest", "exporter/pages", "exporter/report",
        "exporter/scheduling"}},
      {"exporter/cli/verbs",
       {"collectors/api", "collectors/events", "collectors/measures", "collectors/measures/targets",
        "collectors/report", "collectors/sources", "collectors/state", "collectors/usage",
        "collectors/usage/explain", "exporter/app", "exporter/demo", "exporter/exposition",
        "exporter/http", "exporter/ingest", "exporter/pages", "exporter/report",
        "exporter/scheduling"}},
      {"exporter/cli", {"exporter/cli/verbs"}},
      {"exporter", {"exporter/cli"}},
  };
  return kTable;
}

// Neither of the standard library (those have no '.' and no '/') nor third-party.
bool is_system_header(std::string_view header) {
  static const std::set<std::string_view> plain{"dirent.h", "fcntl.h",   "fnmatch.h", "glob.h",
                                                "malloc.h", "netdb.h",   "poll.h",    "pthread.h",
                                                "signal.h", "strings.h", "time.h",    "unistd.h"};
  return plain.contains(header) || header.starts_with("sys/") || header.starts_with("netinet/") ||
         header.starts_with("arpa/");
}

struct Include {
  std::string name;
  bool angled = false;
};

std::vector<Include> includes_of(const std::string& text) {
  std::vector<Include> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("#include ")) continue;
    const auto open = line.find_first_of("<\"");
    const auto close = line.find_first_of(">\"", open + 1);
    if (open == std::string::npos || close == std::string::npos) continue;
    found.push_back({line.substr(open + 1, close - open - 1), line[open] == '<'});
  }
  return found;
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::vector<std::string> layer_violations(const Tree& tree) {
  std::vector<std::string> found;
  for (const auto& [path, text] : tree) {
    const std::string folder = folder_of(path);
    const auto row = table().find(folder);
    if (row == table().end()) {
      found.push_back(path + ": its folder is not in the table of tests/unit/layers_test.cc");
      continue;
    }
    for (const Include& include : includes_of(text)) {
      const std::string to = folder_of(include.name);
      if (!include.angled && to != folder && to != "exporter/base" && !row->second.contains(to)) {
        found.push_back(path + " includes " + include.name + ", which its folder may not");
      }
    }
  }
  return found;
}

// The folders of a circle of allowed arrows; empty if there is none.
std::vector<std::string_view> circle() {
  std::set<std::string_view> done;
  std::vector<std::string_view> path;
  const std::function<bool(std::string_view)> closes = [&](std::string_view folder) {
    if (done.contains(folder)) return false;
    if (std::ranges::find(path, folder) != path.end()) return true;
    path.push_back(folder);
    if (std::ranges::any_of(table().at(folder), closes)) return true;
    path.pop_back();
    done.insert(folder);
    return false;
  };
  for (const auto& [folder, _] : table()) {
    if (closes(folder)) break;
  }
  return path;
}

// <prometheus/gauge.h> and <prometheus/counter.h> are one library.
std::string library_of(const std::string& header) { return header.substr(0, header.find('/')); }

std::vector<std::string> third_party_violations(const Tree& tree) {
  std::map<std::string, std::set<std::string>> users;
  for (const auto& [path, text] : tree) {
    for (const Include& include : includes_of(text)) {
      const bool standard = include.name.find_first_of("./") == std::string::npos;
      if (include.angled && !standard && !is_system_header(include.name)) {
        users[library_of(include.name)].insert(folder_of(path));
      }
    }
  }
  std::vector<std::string> found;
  for (const auto& [library, folders] : users) {
    if (folders.size() == 1) continue;
    std::string all;
    for (const std::string& folder : folders) all += " " + folder;
    found.push_back(library + " is included from more than one folder:" + all);
  }
  return found;
}

Tree read_tree() {
  namespace fs = std::filesystem;
  const fs::path root = source_path("");
  Tree tree;
  for (const char* folder : {"exporter", "collectors"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const auto extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc") continue;
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      tree[fs::relative(entry.path(), root).generic_string()] = text.str();
    }
  }
  return tree;
}

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Layers, TheTreeIncludesWhatTheTableAllows) {
  EXPECT_THAT(layer_violations(read_tree()), IsEmpty());
}

TEST(Layers, TheTableHasNoCircle) { EXPECT_THAT(circle(), IsEmpty()); }

TEST(Layers, EveryRowIsAFolder) {
  std::set<std::string> folders;
  for (const auto& [path, _] : read_tree()) folders.insert(folder_of(path));
  for (const auto& [folder, may_include] : table()) {
    EXPECT_TRUE(folders.contains(std::string(folder))) << folder;
    for (const std::string_view other : may_include) {
      EXPECT_TRUE(table().contains(other)) << folder << " → " << other;
    }
  }
}

TEST(Layers, TheTreeIncludesEachLibraryInOneFolder) {
  EXPECT_THAT(third_party_violations(read_tree()), IsEmpty());
}

TEST(Layers, TheTreeIsSeen) {
  const Tree tree = read_tree();
  EXPECT_TRUE(tree.contains("exporter/exposition/metric.h"));
  EXPECT_TRUE(tree.contains("collectors/api/source.h"));
  EXPECT_THAT(includes_of(tree.at("exporter/exposition/metric.h")), testing::Not(IsEmpty()));
}

TEST(Layers, AnIncludeThatTheTableDoesNotAllowIsFound) {
  EXPECT_THAT(
      layer_violations({{"collectors/facts/bucket.cc",
                         "#include <string>\n#include \"collectors/api/source.h\"\n"},
                        {"exporter/base/clock.h", "#include \"exporter/base/error.h\"\n"},
                        {"exporter/config/x.cc", "#include \"exporter/http/http_server.h\"\n"},
                        {"exporter/http/x.cc", "#include \"exporter/base/error.h\"\n"}}),
      ElementsAre("collectors/facts/bucket.cc includes collectors/api/source.h, which its folder "
                  "may not",
                  "exporter/config/x.cc includes exporter/http/http_server.h, which its folder "
                  "may not"));
}

TEST(Layers, AFolderThatTheTableLacksIsFound) {
  EXPECT_THAT(layer_violations({{"exporter/novelty/x.cc", ""}}),
              ElementsAre(HasSubstr("exporter/novelty/x.cc: its folder is not in the table")));
}

TEST(Layers, ALibraryInTwoFoldersIsFound) {
  const Tree tree{{"exporter/a/x.cc", "#include <prometheus/gauge.h>\n#include <unistd.h>\n"},
                  {"exporter/b/x.cc", "#include <prometheus/counter.h>\n#include <unistd.h>\n"},
                  {"exporter/c/x.cc", "#include <vector>\n#include <zlib.h>\n"},
                  {"exporter/c/y.cc", "#include <vector>\n#include <zlib.h>\n"}};
  EXPECT_THAT(third_party_violations(tree),
              ElementsAre("prometheus is included from more than one folder: exporter/a "
                          "exporter/b"));
}

}  // namespace
}  // namespace usage
