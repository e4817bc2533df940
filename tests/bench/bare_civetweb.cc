// The upper bound of `scripts/bench scrape`: civetweb with the exporter's options, writing one
// finished response. Arguments: port, page, the same page gzipped.
#include <civetweb.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

namespace {

struct Responses {
  std::string plain, gzip;
};

std::string response(const char* path, const std::string& headers) {
  std::ifstream file(path, std::ios::binary);
  const std::string body{std::istreambuf_iterator<char>(file), {}};
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: keep-alive\r\n\r\n" +
         body;
}

int serve(mg_connection* connection) {
  const auto& responses =
      *static_cast<const Responses*>(mg_get_user_data(mg_get_context(connection)));
  const char* const encoding = mg_get_header(connection, "Accept-Encoding");
  const bool gzip = encoding != nullptr && std::strstr(encoding, "gzip") != nullptr;
  const std::string& text = gzip ? responses.gzip : responses.plain;
  mg_write(connection, text.data(), text.size());
  return 200;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: bench_bare_civetweb PORT PAGE PAGE.gz\n", stderr);
    return 2;
  }
  Responses responses{response(argv[2], ""), response(argv[3], "Content-Encoding: gzip\r\n")};
  const std::string address = std::string("127.0.0.1:") + argv[1];
  const std::array<const char*, 11> options{
      "listening_ports",   address.c_str(), "num_threads", "128", "tcp_nodelay", "1",
      "enable_keep_alive", "yes",           "decode_url",  "no",  nullptr};
  mg_init_library(MG_FEATURES_FILES);
  mg_callbacks callbacks{};
  callbacks.begin_request = serve;
  if (mg_start(&callbacks, &responses, const_cast<const char**>(options.data())) == nullptr) {
    std::fputs("cannot listen\n", stderr);
    return 1;
  }
  pause();
}
