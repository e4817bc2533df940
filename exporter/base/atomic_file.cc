#include "exporter/base/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "exporter/base/error.h"
#include "exporter/base/format.h"

namespace usage {

namespace {

// Puts the folder's entries on the disk: without this, a loss of power may undo a rename. 0, or the
// errno. A file system that cannot do it (EINVAL) has no more to give.
int sync_folder_of(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const int descriptor =
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) {
    return errno == EACCES ? 0 : errno;  // one may write into a folder without reading it
  }
  const int error = ::fsync(descriptor) == 0 || errno == EINVAL ? 0 : errno;
  ::close(descriptor);
  return error;
}

}  // namespace

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
  if (!path_.empty()) {
    file_ = std::fopen(temporary_path().c_str(), "w");
    if (file_ == nullptr) {
      fail(errno);
    }
    is_temporary_ = true;
  }
}

AtomicFile::~AtomicFile() {
  if (!path_.empty() && file_ != nullptr) {
    std::fclose(file_);
  }
  if (is_temporary_) {
    std::remove(temporary_path().c_str());
  }
}

void AtomicFile::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) {
    fail(errno);
  }
}

void AtomicFile::finish() {
  if (std::fflush(file_) != 0) {
    fail(errno);
  }
  if (path_.empty()) {
    return;
  }
  if (::fsync(::fileno(file_)) != 0) {  // or the name could lead to an empty file
    fail(errno);
  }
  if (std::fclose(std::exchange(file_, nullptr)) != 0 ||
      std::rename(temporary_path().c_str(), path_.c_str()) != 0) {
    fail(errno);
  }
  is_temporary_ = false;
  if (const int error = sync_folder_of(path_); error != 0) {
    fail(error);
  }
}

void AtomicFile::fail(int error) const {
  throw Error(Reason::io, fmt::format("cannot write {}: {}", path_.empty() ? "to stdout" : path_,
                                      std::generic_category().message(error)));
}

}  // namespace usage
