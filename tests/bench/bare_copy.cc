// What reading rows from PostgreSQL costs at least: COPY … BINARY through libpq, every field
// touched, nothing kept. Arguments: DSN, SELECT. Prints rows, seconds, CPU seconds, and those of
// the server's process, which runs on this machine.
#include <libpq-fe.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace {

std::uint32_t big_endian(const char* bytes, int count) {
  std::uint32_t number = 0;
  for (int i = 0; i < count; ++i) {
    number = number << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return number;
}

// The bytes of a row's fields; 0 for what is no row, as the end is none.
std::uint64_t bytes_of(const char* row, int size) {
  constexpr std::uint32_t kNoRow = 0xffff, kNull = 0xffffffff;
  std::uint64_t bytes = 0;
  const std::uint32_t fields = big_endian(row, 2);
  const char* at = row + 2;
  for (std::uint32_t i = 0; fields != kNoRow && i < fields && at + 4 <= row + size; ++i) {
    const std::uint32_t length = big_endian(at, 4);
    at += 4;
    if (length != kNull) {
      bytes += length;
      at += length;
    }
  }
  return bytes;
}

double cpu_seconds_of(int process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) {
    fields >> skipped;
  }
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: bench_bare_copy DSN SELECT\n", stderr);
    return 2;
  }
  PGconn* const connection = PQconnectdb(argv[1]);
  const auto start = std::chrono::steady_clock::now();
  const std::string sql = "COPY (" + std::string(argv[2]) + ") TO STDOUT (FORMAT binary)";
  PGresult* const copying = PQexec(connection, sql.c_str());
  if (PQresultStatus(copying) != PGRES_COPY_OUT) {
    std::fputs(PQerrorMessage(connection), stderr);
    return 1;
  }
  PQclear(copying);
  constexpr int kHeader = 19;  // of the stream, before the first row
  std::uint64_t rows = 0, bytes = 0;
  char* row = nullptr;
  int skip = kHeader;
  for (int size = PQgetCopyData(connection, &row, 0); size > 0;
       size = PQgetCopyData(connection, &row, 0)) {
    const std::uint64_t read = size - skip >= 2 ? bytes_of(row + skip, size - skip) : 0;
    bytes += read;
    rows += read > 0 ? 1 : 0;
    skip = 0;
    PQfreemem(row);
  }
  PGresult* const end = PQgetResult(connection);
  const bool complete = PQresultStatus(end) == PGRES_COMMAND_OK;
  PQclear(end);
  const double server = cpu_seconds_of(PQbackendPID(connection));
  PQfinish(connection);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  std::printf("%llu %.3f %.3f %.3f\n", static_cast<unsigned long long>(rows), elapsed.count(),
              static_cast<double>(std::clock()) / CLOCKS_PER_SEC, server);
  return complete && bytes > 0 ? 0 : 1;
}
