#include "exporter/http/response_head.h"

#include <array>
#include <charconv>
#include <ctime>

#include "exporter/base/format.h"

namespace usage {

namespace {

// IMF-fixdate in English whatever the locale; written anew once a second and thread.
std::string_view http_date() {
  thread_local std::time_t written = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != written) {
    constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm utc{};
    gmtime_r(&now, &utc);
    text = fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                       kDays.at(static_cast<std::size_t>(utc.tm_wday)), utc.tm_mday,
                       kMonths.at(static_cast<std::size_t>(utc.tm_mon)), utc.tm_year + 1900,
                       utc.tm_hour, utc.tm_min, utc.tm_sec);
    written = now;
  }
  return text;
}

}  // namespace

std::string response_head(const HttpResponse& response, std::string_view reason, std::size_t size,
                          bool keep_alive) {
  std::string head;
  head.reserve(384);
  const auto add = [&head](auto... parts) { ((head += parts), ...); };
  std::array<char, 24> number;
  const auto digits = [&number](std::size_t value) {
    const auto end = std::to_chars(number.data(), number.data() + number.size(), value).ptr;
    return std::string_view(number.data(), static_cast<std::size_t>(end - number.data()));
  };
  add("HTTP/1.1 ", digits(static_cast<std::size_t>(response.status)), " ", reason,
      "\r\nDate: ", http_date());
  add("\r\nContent-Type: ", std::string_view(response.content_type));
  if (!response.content_encoding.empty()) {
    add("\r\nContent-Encoding: ", std::string_view(response.content_encoding));
  }
  for (const auto& [name, value] : response.headers) {
    add("\r\n", std::string_view(name), ": ", std::string_view(value));
  }
  add("\r\nX-Content-Type-Options: nosniff\r\nContent-Length: ", digits(size));
  add("\r\nConnection: ", keep_alive ? "keep-alive" : "close", "\r\n\r\n");
  return head;
}

}  // namespace usage
