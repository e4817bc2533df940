#include "collectors/events/logs/log_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "exporter/base/error.h"
#include "exporter/base/gzip.h"
#include "exporter/base/strings.h"

namespace usage {

namespace {

constexpr char kGzip = '\x1f';  // no JSON begins so

// As many of the bytes at this place as there are and fit.
std::size_t read_at(const Descriptor& descriptor, std::uint64_t offset, char* to,
                    std::size_t size) {
  std::size_t total = 0;
  while (total < size) {
    const ssize_t got =
        ::pread(descriptor.number(), to + total, size - total, static_cast<off_t>(offset + total));
    if (got <= 0) {
      break;
    }
    total += static_cast<std::size_t>(got);
  }
  return total;
}

// The beginning of what is compressed; empty when less than that is there so far, or it is damaged.
std::string inflated_head(const Descriptor& descriptor) {
  std::array<char, 4096> body{};
  const std::size_t size = read_at(descriptor, 0, body.data(), body.size());
  std::string head(kFingerprintBytes, '\0');
  try {
    Gunzip gunzip;
    const Gunzip::Step step = gunzip.step({body.data(), size}, {head.data(), head.size()});
    head.resize(gunzip.ended() || step.made == head.size() ? step.made : 0);
  } catch (const Error&) {
    head.clear();
  }
  return head;
}

std::uint32_t trailing_size(const Descriptor& descriptor, std::uint64_t size) {
  std::array<char, 4> bytes{};
  std::uint32_t value = 0;
  if (size >= bytes.size() &&
      read_at(descriptor, size - bytes.size(), bytes.data(), bytes.size()) == bytes.size()) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    }
  }
  return value;
}

// logrotate adds ".1", ".2.gz" or "-20261125" to a name.
bool is_rotated(const std::string& path, const std::vector<std::string>& paths) {
  return std::any_of(paths.begin(), paths.end(), [&](const std::string& other) {
    return path.size() > other.size() && path.starts_with(other) &&
           std::string_view(".-_~").find(path[other.size()]) != std::string_view::npos;
  });
}

std::optional<FoundFile> open_file(const std::string& path) {
  const int number = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (number < 0) {
    return std::nullopt;
  }
  FoundFile file;
  file.path = path;
  file.descriptor = std::make_shared<Descriptor>(number);
  struct stat status{};
  if (::fstat(number, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) {
    return std::nullopt;
  }
  file.device = status.st_dev;
  file.inode = status.st_ino;
  file.size = static_cast<std::uint64_t>(status.st_size);
  file.modified = Instant(
      std::chrono::seconds(status.st_mtim.tv_sec) +
      std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(status.st_mtim.tv_nsec)));
  file.head = head_of(*file.descriptor);
  file.compressed = file.head.starts_with(kGzip);
  if (file.compressed) {
    file.head = inflated_head(*file.descriptor);
    file.text_size = trailing_size(*file.descriptor, file.size);
  }
  return file.head.empty() ? std::nullopt : std::optional(std::move(file));
}

}  // namespace

Descriptor::~Descriptor() { ::close(number_); }

std::vector<std::string> log_paths(const std::vector<std::string>& globs) {
  std::set<std::string> paths;
  for (const std::string& pattern : globs) {
    const std::vector<std::string> matches = glob_paths(pattern);
    paths.insert(matches.begin(), matches.end());
  }
  return {paths.begin(), paths.end()};
}

std::string head_of(const Descriptor& descriptor) {
  std::string head(kFingerprintBytes, '\0');
  head.resize(read_at(descriptor, 0, head.data(), head.size()));
  return head;
}

bool begins_as(std::string_view head, const LogFile& known) {
  return known.fingerprint_bytes != 0 && head.size() >= known.fingerprint_bytes &&
         fnv1a(head.substr(0, known.fingerprint_bytes)) == known.fingerprint;
}

std::vector<FoundFile> find_log_files(const std::vector<std::string>& globs) {
  const std::vector<std::string> paths = log_paths(globs);
  std::vector<FoundFile> found;
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
  for (const std::string& path : paths) {
    auto file = open_file(path);
    if (file && seen.emplace(file->device, file->inode).second) {
      file->rotated = is_rotated(path, paths);
      found.push_back(*std::move(file));
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const FoundFile& a, const FoundFile& b) { return a.modified < b.modified; });
  return found;
}

std::vector<Match> match_files(const std::vector<LogFile>& known,
                               const std::vector<FoundFile>& found) {
  std::vector<Match> matches(found.size());
  std::vector<bool> taken(known.size());
  std::vector<std::size_t> open;  // indices into found
  const auto give = [&](std::size_t file, std::size_t to) {
    matches[file] = {Match::What::known, to};
    taken[to] = true;
  };
  for (std::size_t i = 0; i < found.size(); ++i) {
    std::size_t same = 0;
    while (same < known.size() &&
           (taken[same] || known[same].device != found[i].device ||
            known[same].inode != found[i].inode || !begins_as(found[i].head, known[same]))) {
      ++same;
    }
    if (same < known.size()) {
      give(i, same);
    } else {
      open.push_back(i);
    }
  }
  // A file and its compressed form stand beside each other for a while: the file is taken.
  std::stable_partition(open.begin(), open.end(),
                        [&](std::size_t i) { return !found[i].compressed; });
  std::vector<std::size_t> rank(found.size());  // known ones have the first
  for (std::size_t place = 0; place < open.size(); ++place) {
    rank[open[place]] = place + 1;
  }
  for (const std::size_t i : open) {
    std::optional<std::size_t> longest;
    for (std::size_t k = 0; k < known.size(); ++k) {
      if (begins_as(found[i].head, known[k]) &&
          (!longest || known[k].fingerprint_bytes > known[*longest].fingerprint_bytes)) {
        longest = k;
      }
    }
    if (longest && !taken[*longest]) {
      give(i, *longest);
      continue;
    }
    // The later one of two that begin in the same way is a copy too, and so is what is only the
    // beginning of another: that one is being copied.
    const auto original = [&](std::size_t other) {
      return other != i && matches[other].what != Match::What::copy &&
             found[other].head.starts_with(found[i].head) &&
             (found[other].head.size() > found[i].head.size() || rank[other] < rank[i]);
    };
    bool copied = longest.has_value();
    for (std::size_t other = 0; other < found.size(); ++other) {
      copied = copied || original(other);
    }
    if (copied) {
      matches[i].what = Match::What::copy;
    }
  }
  return matches;
}

}  // namespace usage
