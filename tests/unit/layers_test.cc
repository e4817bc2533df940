// The house rules that the compiler does not check: includes go downwards through the layers only,
// and a third-party header is included by one file, so that a library can be replaced in one place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace usage {
namespace {

using Tree = std::map<std::string, std::string>;  // path from the root of the repository → text

struct Layer {
  std::string_view name;
  // Paths without ".h" and ".cc"; "exporter/config" is exporter/config_sources.cc too, and a folder
  // ends in '/'.
  std::vector<std::string_view> files;
};

// From the bottom up. A file is in the first layer that names it or a folder around it.
const std::vector<Layer>& layers() {
  static const std::vector<Layer> all{
      {"ground",
       {"exporter/batch_thread", "exporter/calendar", "exporter/clock", "exporter/error",
        "exporter/format", "exporter/gzip", "exporter/html", "exporter/iso_week",
        "exporter/json_text", "exporter/log", "exporter/problems", "exporter/secret",
        "exporter/utf8", "exporter/version", "exporter/whole_file"}},
      // Below metrics and sources: facts and measures know no source, facts know no metric.
      {"facts",
       {"collectors/facts/bucket", "collectors/facts/codec", "collectors/facts/day_cache",
        "collectors/facts/directory", "collectors/facts/done", "collectors/facts/facts",
        "collectors/facts/feature_counters", "collectors/facts/feature_facts",
        "collectors/facts/tally", "collectors/facts/user_set"}},
      {"values",
       {"exporter/config", "exporter/metric", "exporter/promql", "exporter/rules_check",
        "exporter/schedule", "exporter/yaml"}},
      {"measures", {"collectors/measures/"}},
      {"sources", {"collectors/sources/"}},
      {"state file", {"collectors/facts/state_file"}},
      {"inputs", {"collectors/inputs/"}},
      {"collectors", {"collectors/"}},
      {"views",
       {"exporter/http_server", "exporter/ingest", "exporter/read_deadlines",
        "exporter/response_head", "exporter/response_writer", "exporter/listen_socket",
        "exporter/job_status", "exporter/metrics_page", "exporter/page_response", "exporter/pages",
        "exporter/process_metrics", "exporter/publisher", "exporter/render_history",
        "exporter/render_report", "exporter/render_text", "exporter/reports",
        "exporter/self_metrics"}},
      {"wiring",
       {"exporter/app", "exporter/backfill_verb", "exporter/commands", "exporter/demo/",
        "exporter/engine", "exporter/job", "exporter/demo_verb", "exporter/explain_verb",
        "exporter/flag_values", "exporter/forget_verb", "exporter/main", "exporter/past",
        "exporter/probe", "exporter/report_verb", "exporter/scheduler", "exporter/verbs"}},
  };
  return all;
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

std::string without_extension(const std::string& path) { return path.substr(0, path.rfind('.')); }

// The index in layers(); -1 when no layer names the file.
int layer_of(const std::string& path) {
  const std::string stem = without_extension(path);
  for (std::size_t i = 0; i < layers().size(); ++i) {
    for (const std::string_view entry : layers()[i].files) {
      const bool inside = stem.starts_with(entry);
      if (inside &&
          (entry.ends_with('/') || stem.size() == entry.size() || stem[entry.size()] == '_')) {
        return static_cast<int>(i);
      }
    }
  }
  return -1;
}

std::string_view layer_name(int layer) { return layers()[static_cast<std::size_t>(layer)].name; }

std::vector<std::string> layer_violations(const Tree& tree) {
  std::vector<std::string> found;
  for (const auto& [path, text] : tree) {
    const int layer = layer_of(path);
    if (layer < 0) {
      found.push_back(path + " is in no layer: name it in tests/unit/layers_test.cc");
      continue;
    }
    for (const Include& include : includes_of(text)) {
      if (include.angled) continue;
      const int below = layer_of(include.name);
      if (below < 0) {
        found.push_back(path + " includes " + include.name + ", which is in no layer");
      } else if (below > layer) {
        found.push_back(path + " (" + std::string(layer_name(layer)) + ") includes " +
                        include.name + " (" + std::string(layer_name(below)) + ")");
      }
    }
  }
  return found;
}

// "prometheus/gauge.h" and "prometheus/counter.h" are one library.
std::string library_of(const std::string& header) { return header.substr(0, header.find('/')); }

std::vector<std::string> third_party_violations(const Tree& tree) {
  std::map<std::string, std::set<std::string>> users;
  for (const auto& [path, text] : tree) {
    for (const Include& include : includes_of(text)) {
      const bool standard = include.name.find_first_of("./") == std::string::npos;
      if (include.angled && !standard && !is_system_header(include.name)) {
        users[library_of(include.name)].insert(path);
      }
    }
  }
  std::vector<std::string> found;
  for (const auto& [library, paths] : users) {
    if (paths.size() == 1) continue;
    std::string all;
    for (const std::string& path : paths) all += " " + path;
    found.push_back(library + " is included by more than one file:" + all);
  }
  return found;
}

Tree read_tree() {
  namespace fs = std::filesystem;
  const fs::path root = SOURCE_DIR;
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

TEST(Layers, TheTreeIncludesDownwardsOnly) {
  EXPECT_THAT(layer_violations(read_tree()), IsEmpty());
}

TEST(Layers, TheTreeIncludesEachLibraryInOneFile) {
  EXPECT_THAT(third_party_violations(read_tree()), IsEmpty());
}

TEST(Layers, TheTreeIsSeen) {
  const Tree tree = read_tree();
  EXPECT_TRUE(tree.contains("exporter/metric.h"));
  EXPECT_TRUE(tree.contains("collectors/sources/source.h"));
  EXPECT_THAT(includes_of(tree.at("exporter/metric.h")), testing::Not(IsEmpty()));
}

TEST(Layers, AnIncludeUpwardsIsFound) {
  EXPECT_THAT(layer_violations({{"collectors/sql.cc", "#include \"exporter/publisher.h\"\n"}}),
              ElementsAre("collectors/sql.cc (collectors) includes exporter/publisher.h (views)"));
  EXPECT_THAT(layer_violations({{"collectors/sources/postgres.cc",
                                 "#include <string>\n#include \"collectors/collector.h\"\n"}}),
              ElementsAre(HasSubstr("(sources) includes collectors/collector.h (collectors)")));
  EXPECT_THAT(layer_violations(
                  {{"collectors/facts/bucket.cc", "#include \"collectors/sources/source.h\"\n"},
                   {"collectors/measures/x.cc", "#include \"collectors/facts/state_file.h\"\n"}}),
              ElementsAre(HasSubstr("(facts) includes collectors/sources/source.h (sources)"),
                          HasSubstr("(measures) includes collectors/facts/state_file.h")));
  EXPECT_THAT(layer_violations({{"exporter/publisher.cc", "#include \"exporter/metric.h\"\n"}}),
              IsEmpty());
}

TEST(Layers, AFileThatNoLayerNamesIsFound) {
  EXPECT_THAT(layer_violations({{"exporter/novelty.cc", ""}}),
              ElementsAre(HasSubstr("exporter/novelty.cc is in no layer")));
  EXPECT_THAT(layer_violations({{"exporter/app.cc", "#include \"vendor/x.h\"\n"}}),
              ElementsAre(HasSubstr("vendor/x.h, which is in no layer")));
}

TEST(Layers, ALibraryInTwoFilesIsFound) {
  const Tree tree{{"exporter/a.cc", "#include <prometheus/gauge.h>\n#include <unistd.h>\n"},
                  {"exporter/b.cc", "#include <prometheus/counter.h>\n#include <unistd.h>\n"},
                  {"exporter/c.cc", "#include <vector>\n#include <zlib.h>\n"},
                  {"exporter/d.cc", "#include <vector>\n"}};
  EXPECT_THAT(third_party_violations(tree),
              ElementsAre("prometheus is included by more than one file: exporter/a.cc "
                          "exporter/b.cc"));
}

}  // namespace
}  // namespace usage
