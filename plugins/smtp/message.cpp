#include "message.h"

#include <algorithm>

namespace smtp {
namespace {

using jnc::Text;

std::string base64(const jnc::Call& call, Text bytes) {
  const jn_str source = jnc::detail::view(bytes);
  jn_str out{};
  jnc::detail::check(jnc::detail::host().codec->encode(call.raw(), JN_CODEC_BASE64, &source, &out),
                     "base64");
  return std::string(jnc::detail::text(out));
}

bool ascii(Text text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
}

void checkLine(Text name, Text value) {
  for (const char c : value) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      throw jnc::invalid("the header " + std::string(name) + " holds a control character");
    }
  }
}

// RFC 2047, in words of whole characters that fit a line.
std::string encodedWords(const jnc::Call& call, Text text) {
  constexpr size_t kBytes = 42;
  if (ascii(text)) return std::string(text);
  std::string out;
  while (!text.empty()) {
    size_t end = std::min(kBytes, text.size());
    while (end < text.size() && end > 0 && (text[end] & 0xC0) == 0x80) --end;
    if (end == 0) end = std::min(kBytes, text.size());
    if (!out.empty()) out += "\r\n ";
    out += "=?utf-8?B?" + base64(call, text.substr(0, end)) + "?=";
    text.remove_prefix(end);
  }
  return out;
}

// "Žofie <z@example.com>": the name alone is encoded.
std::string mailbox(const jnc::Call& call, const std::string& text) {
  const size_t open = text.rfind('<');
  if (open == std::string::npos || ascii(text)) return text;
  std::string name = text.substr(0, open);
  while (!name.empty() && name.back() == ' ') name.pop_back();
  return encodedWords(call, name) + " " + text.substr(open);
}

std::string mailboxes(const jnc::Call& call, const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& each : list) out += (out.empty() ? "" : ",\r\n ") + mailbox(call, each);
  return out;
}

// "Sat, 21 Nov 2026 18:00:00 +0000"
std::string dateText(int64_t unix_ms) {
  constexpr const char* kDays[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::string iso = jnc::timeText(unix_ms);  // 2026-11-21T18:00:00Z
  const auto month = static_cast<size_t>((iso[5] - '0') * 10 + (iso[6] - '0') - 1);
  return std::string(kDays[unix_ms / 86'400'000 % 7]) + ", " + iso.substr(8, 2) + " " +
         kMonths[month] + " " + iso.substr(0, 4) + " " + iso.substr(11, 8) + " +0000";
}

std::string part(const jnc::Call& call, const char* type, Text text) {
  constexpr size_t kColumns = 76;
  std::string out = "Content-Type: " + std::string(type) +
                    "; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  const std::string encoded = base64(call, text);
  for (size_t at = 0; at < encoded.size(); at += kColumns) {
    out += encoded.substr(at, kColumns) + "\r\n";
  }
  return out;
}

}  // namespace

std::string addressIn(const std::string& text) {
  const size_t open = text.rfind('<'), close = text.rfind('>');
  if (open == std::string::npos || close == std::string::npos || close < open) return text;
  return text.substr(open + 1, close - open - 1);
}

std::string compose(const jnc::Call& call, const Letter& letter) {
  std::string out;
  const auto header = [&](const char* name, const std::string& value) {
    if (!value.empty()) out += std::string(name) + ": " + value + "\r\n";
  };
  for (const std::string* each : {&letter.from, &letter.reply_to, &letter.in_reply_to}) {
    checkLine("of an address", *each);
  }
  checkLine("Subject", letter.subject);
  for (const auto* list : {&letter.to, &letter.cc}) {
    for (const std::string& each : *list) checkLine("of an address", each);
  }
  header("From", mailbox(call, letter.from));
  header("To", mailboxes(call, letter.to));
  header("Cc", mailboxes(call, letter.cc));
  header("Reply-To", mailbox(call, letter.reply_to));
  header("Subject", encodedWords(call, letter.subject));
  header("Date", dateText(call.nowMs()));
  header("Message-ID", "<" + letter.id + ">");
  header("In-Reply-To", letter.in_reply_to);
  header("References", letter.in_reply_to);
  header("MIME-Version", "1.0");
  if (letter.html.empty()) return out + part(call, "text/plain", letter.text);
  const std::string boundary = "=_" + letter.id.substr(0, 32);
  header("Content-Type", "multipart/alternative; boundary=\"" + boundary + "\"");
  return out + "\r\n--" + boundary + "\r\n" + part(call, "text/plain", letter.text) + "--" +
         boundary + "\r\n" + part(call, "text/html", letter.html) + "--" + boundary + "--\r\n";
}

}  // namespace smtp
