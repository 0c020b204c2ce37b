#include "net/response_reader.h"

#include <fmt/core.h>

#include "base/bytes.h"
#include "net/request_syntax.h"

namespace junctor::net {
namespace {

// Where the head ends (behind its empty line), or npos. Bare LF ends a line too (RFC 9112 §2.2).
size_t headEnd(std::string_view text, size_t from) {
  for (size_t at = text.find('\n', from); at != text.npos; at = text.find('\n', at + 1)) {
    const std::string_view rest = text.substr(at + 1, 2);
    if (rest.starts_with('\n')) return at + 2;
    if (rest == "\r\n") return at + 3;
  }
  return std::string_view::npos;
}

std::string_view takeLine(std::string_view& text) {
  const size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool listHolds(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    if (equalsIgnoreCase(trim(list.substr(0, comma)), token)) return true;
    if (comma == list.npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace

void ResponseReader::reset(bool head_request, size_t body_bytes_max) {
  head_request_ = head_request;
  body_bytes_max_ = body_bytes_max;
  begun_ = head_done_ = keep_alive_ = false;
  head_bytes_ = 0;
  head_.clear();
  response_ = {};
}

ResponseReader::State ResponseReader::fail(ErrorCode code, std::string_view why) {
  error_ = makeError(code, std::string(why));
  return State::Failed;
}

ResponseReader::State ResponseReader::read(std::string_view bytes) {
  begun_ = begun_ || !bytes.empty();
  while (!head_done_) {
    const State state = readHead(bytes);
    if (state != State::Done) return state;
  }
  return readBody(bytes);
}

// Done: one head was taken off `bytes`; head_done_ tells whether it was the final one.
ResponseReader::State ResponseReader::readHead(std::string_view& bytes) {
  const size_t before = head_.size();
  std::string_view text = bytes;
  if (before > 0) text = head_.append(bytes);
  const size_t end = headEnd(text, before > 3 ? before - 3 : 0);
  const size_t size = end == std::string_view::npos ? text.size() : end;
  if (head_bytes_ + size > limits::kResponseHeaderBytesMax) {
    return fail(ErrorCode::ResourceExhausted, "the head of the answer is too large");
  }
  if (end == std::string_view::npos) {
    if (before == 0) head_.assign(bytes);
    // What cannot become a status line is refused at once, not awaited.
    constexpr std::string_view kBegin = "HTTP/1.";
    const std::string_view seen = std::string_view(head_).substr(0, kBegin.size());
    if (!kBegin.starts_with(seen)) return broken("the answer is not HTTP/1.1");
    return State::NeedMore;
  }
  head_bytes_ += end;
  if (parseHead(text.substr(0, end)) == State::Failed) return State::Failed;
  bytes.remove_prefix(end - before);
  head_.clear();
  return State::Done;
}

ResponseReader::State ResponseReader::parseHead(std::string_view head) {
  response_.headers.clear();
  if (!parseStatusLine(takeLine(head))) return broken("the answer is not HTTP/1.1");
  response_.headers.reserve(8);
  for (std::string_view line = takeLine(head); !line.empty(); line = takeLine(head)) {
    if (!parseField(line)) return broken("the answer has a malformed header");
  }
  if (response_.status / 100 == 1 && response_.status != 101) return State::Done;  // interim
  head_done_ = true;
  return chooseFraming();
}

// "HTTP/1.1 200 OK"; the reason may be missing, with or without the space before it.
bool ResponseReader::parseStatusLine(std::string_view line) {
  if (line.size() < 12 || !line.starts_with("HTTP/1.") || line[8] != ' ') return false;
  if ((line[7] != '1' && line[7] != '0') || (line.size() > 12 && line[12] != ' ')) return false;
  if (line[9] < '1' || !isDigit(line[9]) || !isDigit(line[10]) || !isDigit(line[11])) return false;
  response_.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  keep_alive_ = line[7] == '1';
  return true;
}

bool ResponseReader::parseField(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == line.npos || !isToken(line.substr(0, colon))) return false;
  const std::string_view value = trim(line.substr(colon + 1));
  if (!isFieldValue(value)) return false;
  response_.headers.emplace_back(line.substr(0, colon), value);
  return true;
}

// RFC 9112 §6.3, but that two framings in one answer are an error.
ResponseReader::State ResponseReader::chooseFraming() {
  std::optional<uint64_t> length;
  bool chunked = false;
  for (const auto& [name, value] : response_.headers) {
    if (equalsIgnoreCase(name, "content-length")) {
      const auto parsed = parseContentLength(value);
      if (!parsed || (length && *length != *parsed))
        return broken("the answer's length is unclear");
      length = parsed;
    } else if (equalsIgnoreCase(name, "transfer-encoding")) {
      if (chunked || !equalsIgnoreCase(value, "chunked")) return broken("unknown transfer coding");
      chunked = true;
    } else if (equalsIgnoreCase(name, "connection") && listHolds(value, "close")) {
      keep_alive_ = false;
    }
  }
  const int status = response_.status;
  if (status == 101) keep_alive_ = false;
  if (head_request_ || status == 101 || status == 204 || status == 304) {
    body_ = Body::None;
    return State::Done;
  }
  if (length && chunked) return broken("the answer's length is unclear");
  if (length && *length > body_bytes_max_) {
    return fail(ErrorCode::ResourceExhausted,
                fmt::format("the answer is larger than {} bytes", body_bytes_max_));
  }
  body_ = length || chunked ? Body::Framed : Body::UntilClose;
  if (length) body_reader_ = BodyReader::fixed(*length);
  if (chunked) body_reader_ = BodyReader::chunked(body_bytes_max_);
  keep_alive_ = keep_alive_ && body_ == Body::Framed;
  return State::Done;
}

ResponseReader::State ResponseReader::readBody(std::string_view bytes) {
  size_t used = 0;
  State state = State::Done;
  if (body_ == Body::UntilClose) {
    if (response_.body.size() + bytes.size() > body_bytes_max_) {
      return fail(ErrorCode::ResourceExhausted,
                  fmt::format("the answer is larger than {} bytes", body_bytes_max_));
    }
    response_.body.append(bytes);
    return State::NeedMore;
  }
  if (body_ == Body::Framed) {
    const auto body_state = body_reader_.read(bytes, used, response_.body);
    if (body_state == BodyReader::State::Refused) {
      if (body_reader_.refusal().status != 413 && body_reader_.refusal().status != 431) {
        return broken("the answer has broken chunks");
      }
      return fail(ErrorCode::ResourceExhausted,
                  fmt::format("the answer is larger than {} bytes", body_bytes_max_));
    }
    if (body_state == BodyReader::State::NeedMore) state = State::NeedMore;
  }
  // Bytes nobody asked for: they are not the next answer.
  if (state == State::Done && used < bytes.size()) keep_alive_ = false;
  return state;
}

ResponseReader::State ResponseReader::end() {
  keep_alive_ = false;
  if (head_done_ && body_ == Body::UntilClose) return State::Done;
  return cutOff();
}

ResponseReader::State ResponseReader::cutOff() {
  keep_alive_ = false;
  if (!head_done_) return fail(ErrorCode::Unavailable, "connection closed before an answer");
  return broken("the answer is cut short");
}

}  // namespace junctor::net
