#include "exporter/http/page_response.h"

#include "exporter/base/format.h"

namespace usage {

HttpResponse page_response(std::string html, std::string_view style_hash) {
  HttpResponse response = text_response(200, std::move(html));
  response.content_type = "text/html; charset=utf-8";
  response.headers = {
      {"Content-Security-Policy",
       fmt::format("default-src 'none'; style-src '{}'; img-src data:; base-uri 'none'; "
                   "form-action 'none'; frame-ancestors 'none'",
                   style_hash)},
      {"Referrer-Policy", "no-referrer"},
      {"Cache-Control", "no-store"}};
  return response;
}

}  // namespace usage
