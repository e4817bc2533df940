#include <malloc.h>

#include "exporter/cli/command_line.h"

int main(int argc, char** argv) {
  // Pages are large and live for one interval. By default glibc stops giving such blocks back after
  // the first one is freed, and every thread that makes one keeps an arena of its own.
  mallopt(M_MMAP_THRESHOLD, 256 * 1024);
  mallopt(M_ARENA_MAX, 2);
  return usage::run_command(argc, argv);
}
