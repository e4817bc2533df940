#include "exporter/scheduling/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>

#include "exporter/base/strings.h"

namespace usage {

namespace {

struct ProcessStat {
  double threads = 0, virtual_bytes = 0, resident_pages = 0;
};

// proc(5): fields are numbered from 1, and the second is a name that may hold anything.
std::optional<ProcessStat> read_stat() {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) {
    return std::nullopt;
  }
  const auto field = [rest = std::string_view(text).substr(name_end + 1)](int wanted) {
    std::string_view left = rest;
    for (int number = 2; number < wanted; ++number) {
      left.remove_prefix(std::min(left.find(' ') + 1, left.size()));
    }
    return parse_number<double>(left.substr(0, left.find(' '))).value_or(0);
  };
  return ProcessStat{field(20), field(23), field(24)};
}

std::optional<double> count_descriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator open("/proc/self/fd", error);
  if (error) {
    return std::nullopt;
  }
  // The one that reads the folder is among them.
  return static_cast<double>(std::distance(begin(open), end(open))) - 1;
}

MetricFamily family(std::string name, std::string help, double value,
                    MetricType type = MetricType::gauge) {
  MetricFamily result;
  result.name = std::move(name);
  result.help = std::move(help);
  result.type = type;
  result.samples = {{{}, value}};
  return result;
}

}  // namespace

Metrics process_metrics(Instant started) {
  Metrics metrics;
  timespec cpu{};
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) == 0) {
    metrics.push_back(family(
        "process_cpu_seconds_total", "User and system CPU time spent by the exporter, in seconds.",
        static_cast<double>(cpu.tv_sec) + static_cast<double>(cpu.tv_nsec) / 1e9,
        MetricType::counter));
    metrics.back().unit = "seconds";
    metrics.back().created = started;
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    metrics.push_back(family("process_max_fds", "Most file descriptors the exporter may open.",
                             static_cast<double>(limit.rlim_cur)));
  }
  if (const auto descriptors = count_descriptors()) {
    metrics.push_back(
        family("process_open_fds", "File descriptors the exporter has open.", *descriptors));
  }
  const auto stat = read_stat();
  if (stat) {
    metrics.push_back(family("process_resident_memory_bytes",
                             "Memory of the exporter that is in RAM, in bytes.",
                             stat->resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE))));
    metrics.back().unit = "bytes";
  }
  metrics.push_back(family("process_start_time_seconds",
                           "When the exporter started, in seconds since the Unix epoch.",
                           unix_seconds(started)));
  metrics.back().unit = "seconds";
  if (stat) {
    metrics.push_back(family("process_threads", "Threads of the exporter.", stat->threads));
    metrics.push_back(family("process_virtual_memory_bytes",
                             "Address space of the exporter, in bytes; most of it is never used.",
                             stat->virtual_bytes));
    metrics.back().unit = "bytes";
  }
  return metrics;
}

}  // namespace usage
