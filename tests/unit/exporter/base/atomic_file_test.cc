#include "exporter/base/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "exporter/base/error.h"
#include "tests/support/temporary_folder.h"

namespace usage {
namespace {

namespace fs = std::filesystem;

class AtomicFileTest : public ::testing::Test {
 protected:
  std::string content() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool part_is_there() const { return fs::exists(path_ + ".part"); }

  testing::TemporaryFolder folder_;
  const std::string path_ = folder_.file("out");
};

TEST_F(AtomicFileTest, AppearsWhenItIsWhole) {
  testing::write_file(path_, "old");
  {
    AtomicFile file(path_);
    file.write("new ");
    file.write("text");
    EXPECT_EQ(content(), "old");
    file.finish();
    EXPECT_EQ(content(), "new text");
  }
  EXPECT_EQ(content(), "new text");
  EXPECT_FALSE(part_is_there());
}

TEST_F(AtomicFileTest, IsGoneIfItIsNotFinished) {
  testing::write_file(path_, "old");
  {
    AtomicFile file(path_);
    file.write("new");
    EXPECT_TRUE(part_is_there());
  }
  EXPECT_EQ(content(), "old");
  EXPECT_FALSE(part_is_there());
}

TEST_F(AtomicFileTest, LeavesNothingBesideAFolderOfItsName) {
  fs::create_directory(path_);
  {
    AtomicFile file(path_);
    file.write("text");
    try {
      file.finish();
      ADD_FAILURE() << "a folder was replaced";
    } catch (const Error& error) {
      EXPECT_EQ(error.reason(), Reason::io);
      EXPECT_THAT(error.what(),
                  ::testing::HasSubstr(path_ + ": " + std::generic_category().message(EISDIR)));
    }
  }
  EXPECT_TRUE(fs::is_directory(path_));
  EXPECT_FALSE(part_is_there());
}

TEST_F(AtomicFileTest, NamesThePathThatCannotBeWritten) {
  EXPECT_THROW(AtomicFile(folder_.file("none/out")), Error);
}

}  // namespace
}  // namespace usage
