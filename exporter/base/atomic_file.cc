#include "exporter/base/atomic_file.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "exporter/base/error.h"
#include "exporter/base/format.h"

namespace usage {

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
  if (!path_.empty()) {
    file_ = std::fopen(temporary_path().c_str(), "w");
    if (file_ == nullptr) {
      fail();
    }
  }
}

AtomicFile::~AtomicFile() {
  if (!path_.empty() && file_ != nullptr) {
    std::fclose(file_);
    std::remove(temporary_path().c_str());
  }
}

void AtomicFile::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) {
    fail();
  }
}

void AtomicFile::finish() {
  if (std::fflush(file_) != 0) {
    fail();
  }
  if (path_.empty()) {
    return;
  }
  // Or a power cut could leave an empty file under the name.
  const bool kept = ::fsync(::fileno(file_)) == 0;
  const int closed = std::fclose(std::exchange(file_, nullptr));
  if (!kept || closed != 0 || std::rename(temporary_path().c_str(), path_.c_str()) != 0) {
    fail();
  }
}

void AtomicFile::fail() const {
  throw Error(Reason::io, fmt::format("cannot write {}: {}", path_.empty() ? "to stdout" : path_,
                                      std::generic_category().message(errno)));
}

}  // namespace usage
