#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace usage {

// A file that appears under its name when it is whole, and is on the disk then; what had that name
// before stays until then. Written as PATH.part, which goes away if finish() is never called. An
// empty path is stdout. Everything throws Error(io) that names the path.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view text);
  void finish();

 private:
  std::string temporary_path() const { return path_ + ".part"; }
  [[noreturn]] void fail() const;

  std::string path_;
  std::FILE* file_ = stdout;
};

}  // namespace usage
