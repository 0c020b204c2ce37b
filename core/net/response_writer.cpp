#include "net/response_writer.h"

#include <fmt/core.h>

#include <charconv>
#include <ctime>

#include "base/bytes.h"
#include "net/request_syntax.h"

namespace junctor::net {
namespace {

bool isServersBusiness(std::string_view name) {
  for (const std::string_view own :
       {"content-length", "date", "connection", "transfer-encoding", "keep-alive"}) {
    if (equalsIgnoreCase(name, own)) return true;
  }
  return false;
}

bool isSafe(const HttpResponse& response) {
  if (response.status < 200 || response.status > 599) return false;
  for (const auto& [name, value] : response.headers) {
    if (!isToken(name) || !isFieldValue(value)) return false;
  }
  return true;
}

void appendNumber(std::string& out, size_t number) {
  char text[20];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  out.append(text, static_cast<size_t>(end - text));
}

}  // namespace

std::optional<std::string> writeResponse(const HttpResponse& response,
                                         const ResponseFraming& framing, std::string_view date) {
  if (!isSafe(response)) return std::nullopt;
  std::string out;
  size_t header_bytes = 160;
  for (const auto& [name, value] : response.headers) header_bytes += name.size() + value.size() + 4;
  out.reserve(header_bytes + (framing.head_only ? 0 : response.body.size()));
  out += "HTTP/1.1 ";
  appendNumber(out, static_cast<size_t>(response.status));
  out += ' ';
  out += reasonPhrase(response.status);
  out += "\r\nDate: ";
  out += date;
  for (const auto& [name, value] : response.headers) {
    if (isServersBusiness(name)) continue;
    out += "\r\n";
    out += name;
    out += ": ";
    out += value;
  }
  // RFC 9110 §8.6: none with 204; with 304 it would have to be that of the 200.
  const bool bodiless = response.status == 204 || response.status == 304;
  if (!bodiless) {
    out += "\r\nContent-Length: ";
    appendNumber(out, response.body.size());
  }
  if (framing.close) out += "\r\nConnection: close";
  if (!framing.close && framing.http_1_0) out += "\r\nConnection: keep-alive";
  out += "\r\n\r\n";
  if (!bodiless && !framing.head_only) out += response.body;
  return out;
}

const std::string& DateText::at(int64_t unix_ms) {
  const int64_t second = unix_ms / 1000;
  if (second == second_) return text_;
  second_ = second;
  const std::time_t time = static_cast<std::time_t>(second);
  std::tm utc{};
  gmtime_r(&time, &utc);
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  text_ = fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[utc.tm_wday], utc.tm_mday,
                      kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  return text_;
}

}  // namespace junctor::net
