// Every broken config of tests/golden/config_errors with the exact text its user gets to read.
// USAGE_UPDATE_GOLDEN=1 writes the texts anew; read the difference before you commit it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "exporter/base/error.h"
#include "exporter/scheduling/engine.h"
#include "tests/support/source_path.h"

namespace usage {
namespace {

constexpr std::string_view kSecret = "hunter2";

// What `usage_exporter check` would print for this text; empty when nothing is wrong.
std::string check_text(const std::string& name, const std::string& text) {
  try {
    load_plan_text(name, text);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

std::vector<std::filesystem::path> cases() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator(source_path("tests/golden/config_errors"))) {
    if (entry.path().extension() == ".yml") {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string content(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

TEST(ConfigErrors, AreReportedExactlySo) {
  ::setenv("USAGE_TEST_SECRET", std::string(kSecret).c_str(), 1);
  ::unsetenv("USAGE_TEST_UNSET");
  const bool update = std::getenv("USAGE_UPDATE_GOLDEN") != nullptr;
  const std::vector<std::filesystem::path> paths = cases();
  ASSERT_GE(paths.size(), 30U);
  for (const std::filesystem::path& path : paths) {
    SCOPED_TRACE(path.filename().string());
    const std::string found = check_text("config.yml", content(path)) + "\n";
    EXPECT_NE(found, "\n") << "nothing was reported";
    EXPECT_EQ(found.find(kSecret), std::string::npos) << "a secret was printed";
    std::filesystem::path golden = path;
    golden.replace_extension(".txt");
    if (update) {
      std::ofstream(golden, std::ios::binary) << found;
    }
    EXPECT_EQ(found, content(golden));
  }
}

TEST(ConfigErrors, EveryTextBelongsToACase) {
  for (const auto& entry :
       std::filesystem::directory_iterator(source_path("tests/golden/config_errors"))) {
    std::filesystem::path path = entry.path();
    EXPECT_TRUE(std::filesystem::exists(path.replace_extension(".yml"))) << entry.path();
  }
}

}  // namespace
}  // namespace usage
