#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/events/journal.h"

namespace usage {

// A file descriptor; closed at its end.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

inline constexpr std::size_t kFingerprintBytes = 1024;

// A file that a glob leads to, as it is at the moment.
struct FoundFile {
  std::string path;
  std::shared_ptr<Descriptor> descriptor;
  std::uint64_t device = 0, inode = 0;
  std::uint64_t size = 0;  // on the disk
  Instant modified;
  bool compressed = false;
  bool rotated = false;  // its name is another's with something added: nobody writes to it
  std::string head;      // the first bytes of its text, kFingerprintBytes at most
  // What a gzip file says of the length of its text, modulo 2^32.
  std::uint32_t text_size = 0;
};

// What the globs lead to, without folders, devices and empty files, those last written to at the
// end; each file once. Compressed files of which the beginning is not there yet are left out.
std::vector<FoundFile> find_log_files(const std::vector<std::string>& globs);

// What the globs lead to, whatever it is, in an order that no locale changes.
std::vector<std::string> log_paths(const std::vector<std::string>& globs);

// The first bytes of an open file, kFingerprintBytes at most.
std::string head_of(const Descriptor& descriptor);

// Whether the file begins as the known one did.
bool begins_as(std::string_view head, const LogFile& known);

// Which known file each found one is, so that reading it goes on where it ended.
struct Match {
  enum class What {
    known,  // the file itself, renamed or not; or, when that is gone, its copy or compressed form
    fresh,  // never seen
    copy,   // of a file that is there itself, perhaps not finished yet: not to be read
  };
  What what = What::fresh;
  std::size_t known = 0;  // index
};
std::vector<Match> match_files(const std::vector<LogFile>& known,
                               const std::vector<FoundFile>& found);

}  // namespace usage
