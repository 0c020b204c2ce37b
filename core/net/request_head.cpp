#include "net/request_head.h"

#include <array>
#include <cstring>

#include <boost/beast/http/basic_parser.hpp>

#include "base/bytes.h"
#include "base/limits.h"
#include "net/request_syntax.h"

namespace junctor::net {
namespace {

namespace beast = boost::beast;

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

constexpr std::array<bool, 256> makeControls() {
  std::array<bool, 256> controls{};
  for (size_t c = 0; c < 0x20; ++c) controls[c] = c != '\t';
  controls[0x7f] = true;
  return controls;
}
constexpr std::array<bool, 256> kControls = makeControls();

// Eight bytes at a time: no byte below 0x20, none 0x7f. A tab falls through to the slow look.
bool hasControl(std::string_view text) {
  constexpr uint64_t kOnes = 0x0101010101010101, kHigh = 0x8080808080808080;
  size_t at = 0;
  for (uint64_t word = 0; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    const uint64_t rubout = word ^ (kOnes * 0x7f);
    const uint64_t low = (word - kOnes * 0x20) & ~word;
    if (((low | ((rubout - kOnes) & ~rubout)) & kHigh) != 0) break;
  }
  for (; at < text.size(); ++at) {
    if (kControls[static_cast<unsigned char>(text[at])]) return true;
  }
  return false;
}

// Methods somebody here may want. Others are 501, as RFC 9110 §9.1 says; CONNECT and TRACE are for
// proxies and debugging and stay out.
bool isKnownMethod(std::string_view method) {
  for (const std::string_view known :
       {"POST", "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    if (method == known) return true;
  }
  return false;
}

// Beast reads the lines; this class decides. It stops Beast at the header's end (skip(true)): the
// body's framing is ours.
class PolicyParser final : public beast::http::basic_parser<true> {
 public:
  explicit PolicyParser(RequestHead& out) : out_(out) {
    header_limit(limits::kHeaderBytesMax + 1);
    skip(true);
    eager(true);
  }

  std::optional<Refusal> run(std::string_view head) {
    out_.request.headers.reserve(12);
    beast::error_code error;
    put(boost::asio::const_buffer(head.data(), head.size()), error);
    if (refusal_) return refusal_;
    if (error == beast::http::error::bad_version) return wrongVersion(head);
    if (error) return Refusal{400, "malformed request head"};
    if (!is_header_done()) return Refusal{400, "incomplete request head"};
    return finish();
  }

 private:
  using Verb = beast::http::verb;
  using Field = beast::http::field;
  using Text = beast::string_view;
  using BeastError = beast::error_code;

  void on_request_impl(Verb, Text method, Text target, int version, BeastError& error) override {
    out_.http_1_0 = version == 10;
    if (!isKnownMethod(view(method))) return refuse(501, "method not implemented", error);
    if (target.size() > limits::kUriBytesMax) return refuse(414, "request target too long", error);
    const auto parts = parseTarget(view(target));
    if (!parts) return refuse(400, "malformed request target", error);
    if (parts->target == "*" && method != "OPTIONS") {
      return refuse(400, "'*' is for OPTIONS alone", error);
    }
    HttpRequest& request = out_.request;
    request.method = view(method);
    request.target = parts->target;
    const size_t question = parts->target.find('?');
    request.path = parts->target.substr(0, question);
    if (question != std::string_view::npos) request.query = parts->target.substr(question + 1);
    authority_ = parts->authority;
  }

  void on_field_impl(Field field, Text name, Text value, BeastError& error) override {
    if (!isToken(view(name))) return refuse(400, "malformed field name", error);
    switch (field) {
      case Field::host:
        onHost(view(value), error);
        break;
      case Field::content_length:
        onContentLength(view(value), error);
        break;
      case Field::transfer_encoding:
        onTransferEncoding(view(value), error);
        break;
      case Field::expect:
        onExpect(view(value), error);
        break;
      default:
        break;
    }
    out_.request.headers.emplace_back(view(name), view(value));
  }

  void onHost(std::string_view value, BeastError& error) {
    if (host_seen_) return refuse(400, "more than one Host", error);
    host_seen_ = true;
    if (!isAuthority(value)) return refuse(400, "malformed Host", error);
    out_.request.host = value;
  }

  void onContentLength(std::string_view value, BeastError& error) {
    if (length_seen_) return refuse(400, "more than one Content-Length", error);
    length_seen_ = true;
    const auto length = parseContentLength(value);
    if (!length) return refuse(400, "malformed Content-Length", error);
    out_.content_length = *length;
  }

  void onTransferEncoding(std::string_view value, BeastError& error) {
    if (coding_seen_) return refuse(400, "more than one Transfer-Encoding", error);
    coding_seen_ = true;
    if (equalsIgnoreCase(value, "chunked")) {
      out_.chunked = true;
      return;
    }
    // RFC 9112 §6.1: a coding we do not know is 501, but only if chunked ends it exactly once;
    // otherwise nobody can tell where the body ends, which is 400 (§6.3).
    const size_t comma = value.rfind(',');
    const bool framed = comma != value.npos &&
                        equalsIgnoreCase(trim(value.substr(comma + 1)), "chunked") &&
                        lowerAscii(value.substr(0, comma)).find("chunked") == value.npos;
    refuse(framed ? 501 : 400, "unsupported Transfer-Encoding", error);
  }

  void onExpect(std::string_view value, BeastError& error) {
    if (!equalsIgnoreCase(value, "100-continue")) {
      return refuse(417, "unknown expectation", error);
    }
    out_.expects_continue = !out_.http_1_0;
  }

  std::optional<Refusal> finish() {
    if (out_.chunked && length_seen_) {
      return Refusal{400, "both Content-Length and Transfer-Encoding"};
    }
    if (out_.chunked && out_.http_1_0) return Refusal{400, "Transfer-Encoding in HTTP/1.0"};
    if (!host_seen_ && !out_.http_1_0) return Refusal{400, "no Host"};
    // RFC 9112 §3.2.2: the authority of an absolute-form target wins over Host.
    if (!authority_.empty()) out_.request.host = authority_;
    out_.keep_alive = keep_alive();
    return std::nullopt;
  }

  // "HTTP/2.0" is a version we do not speak, "HTTP/x" is no version.
  static Refusal wrongVersion(std::string_view head) {
    const std::string_view line = head.substr(0, head.find('\r'));
    const size_t target = line.find(' ') + 1;
    const size_t space = line.find(' ', target);
    const std::string_view version = space == line.npos ? "" : line.substr(space + 1);
    const bool formed = version.size() == 8 && version.starts_with("HTTP/") &&
                        isDigit(version[5]) && version[6] == '.' && isDigit(version[7]);
    if (formed) return {505, "HTTP version not supported"};
    return {400, "malformed request line"};
  }

  void refuse(int status, std::string_view why, BeastError& error) {
    if (!refusal_) refusal_ = Refusal{status, why};
    error = beast::http::error::bad_field;
  }

  void on_header_impl(BeastError&) override {}
  void on_finish_impl(BeastError&) override {}
  // Never reached: requests only, and Beast never sees a body.
  void on_response_impl(int, Text, int, BeastError&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, BeastError&) override {}
  std::size_t on_body_impl(Text text, BeastError&) override { return text.size(); }
  void on_chunk_header_impl(std::uint64_t, Text, BeastError&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text text, BeastError&) override {
    return text.size();
  }

  RequestHead& out_;
  std::string_view authority_;
  std::optional<Refusal> refusal_;
  bool host_seen_ = false;
  bool length_seen_ = false;
  bool coding_seen_ = false;
};

constexpr size_t kRequestLineExtra = 32;  // the longest method, two spaces, the version

}  // namespace

HeadScanner::State HeadScanner::scan(std::string_view bytes) {
  while (position_ < bytes.size()) {
    const void* found = std::memchr(bytes.data() + position_, '\n', bytes.size() - position_);
    if (!found) break;
    const size_t line_feed = static_cast<size_t>(static_cast<const char*>(found) - bytes.data());
    const State state = scanLine(bytes, line_feed);
    if (state != State::NeedMore) return state;
  }
  // The start of a line still to come: a CR may only be its end.
  const bool ends_in_cr = bytes.size() > position_ && bytes.back() == '\r';
  const size_t checked = bytes.size() - (ends_in_cr ? 1 : 0);
  if (hasControl(bytes.substr(position_, checked - position_))) {
    return refuse(400, "control byte in the head");
  }
  position_ = checked;
  if (tooLong(checked)) return State::Refused;
  return State::NeedMore;
}

HeadScanner::State HeadScanner::scanLine(std::string_view bytes, size_t line_feed) {
  if (line_feed == line_start_ || bytes[line_feed - 1] != '\r') return refuse(400, "bare LF");
  const size_t text_end = line_feed - 1;
  if (position_ < text_end && hasControl(bytes.substr(position_, text_end - position_))) {
    return refuse(400, "control byte in the head");
  }
  position_ = line_feed + 1;
  if (text_end == line_start_) {
    if (lines_ > 0) return end_ = position_, State::Complete;
    if (start_ > 0) return refuse(400, "empty lines before the request");
    start_ = line_start_ = position_;
    return State::NeedMore;
  }
  if (bytes[line_start_] == ' ' || bytes[line_start_] == '\t') {
    return refuse(400, "line starts with a blank");
  }
  if (tooLong(text_end)) return State::Refused;
  if (++lines_ > limits::kHeaderFieldsMax + 1) return refuse(431, "too many header fields");
  line_start_ = position_;
  return State::NeedMore;
}

bool HeadScanner::tooLong(size_t line_end) {
  if (lines_ == 0 && line_end - line_start_ > limits::kUriBytesMax + kRequestLineExtra) {
    refuse(414, "request target too long");
    return true;
  }
  if (line_end - start_ > limits::kHeaderBytesMax) {
    refuse(431, "header too large");
    return true;
  }
  return false;
}

HeadScanner::State HeadScanner::refuse(int status, std::string_view why) {
  refusal_ = {status, why};
  return State::Refused;
}

std::optional<Refusal> parseHead(std::string_view head, RequestHead& out) {
  return PolicyParser(out).run(head);
}

}  // namespace junctor::net
