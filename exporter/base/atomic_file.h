#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace usage {

// Writes a file so that its name leads to the old content or to the whole new one, never to a part:
// the text goes to PATH.part, which finish() puts in the place of PATH. After finish() returns, the
// file and its name survive a loss of power. If finish() is never called, or throws, PATH.part is
// removed and what PATH was before stays. An empty path is stdout. Everything throws Error(io) that
// names the path.
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
  [[noreturn]] void fail(int error) const;

  std::string path_;
  std::FILE* file_ = stdout;   // nullptr: closed
  bool is_temporary_ = false;  // PATH.part is there and has to go
};

}  // namespace usage
