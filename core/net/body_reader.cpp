#include "net/body_reader.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/limits.h"
#include "net/request_syntax.h"

namespace junctor::net {
namespace {

constexpr size_t kChunkLineBytesMax = 256;  // a size and a short extension; nobody sends more

// Framing and routing fields in a trailer could only mislead whoever merges them into the header.
bool isForbiddenTrailer(std::string_view name) {
  for (const std::string_view forbidden :
       {"content-length", "transfer-encoding", "host", "trailer", "connection"}) {
    if (equalsIgnoreCase(name, forbidden)) return true;
  }
  return false;
}

}  // namespace

BodyReader BodyReader::fixed(uint64_t length) {
  BodyReader reader;
  reader.remaining_ = length;
  return reader;
}

BodyReader BodyReader::chunked(size_t bytes_max) {
  BodyReader reader;
  reader.step_ = Step::ChunkLine;
  reader.bytes_max_ = bytes_max;
  return reader;
}

BodyReader::State BodyReader::read(std::string_view bytes, size_t& used, std::string& body) {
  for (;;) {
    State state = State::NeedMore;
    if (step_ == Step::Fixed || step_ == Step::ChunkData) {
      state = readData(bytes, used, body);
      if (state != State::Done || step_ == Step::Fixed) return state;
      step_ = Step::ChunkEnd;
      continue;
    }
    state = readLine(bytes, used);
    if (state != State::Done) return state;
    if (step_ == Step::Trailer && line_.empty()) return State::Done;
    state = step_ == Step::Trailer ? onTrailer() : onChunkLine(body.size());
    if (state != State::Done) return state;
    line_.clear();
  }
}

BodyReader::State BodyReader::readData(std::string_view bytes, size_t& used, std::string& body) {
  const size_t take = static_cast<size_t>(
      std::min<uint64_t>(remaining_, static_cast<uint64_t>(bytes.size() - used)));
  body.append(bytes.data() + used, take);
  used += take;
  remaining_ -= take;
  return remaining_ == 0 ? State::Done : State::NeedMore;
}

BodyReader::State BodyReader::readLine(std::string_view bytes, size_t& used) {
  const size_t feed = bytes.find('\n', used);
  const std::string_view part =
      bytes.substr(used, feed == bytes.npos ? bytes.npos : feed + 1 - used);
  used += part.size();
  line_.append(part);
  if (step_ == Step::ChunkEnd && line_ != std::string_view("\r\n").substr(0, line_.size())) {
    return refuse(400, "chunk data does not end where its size says");
  }
  const size_t limit = step_ == Step::Trailer ? limits::kHeaderBytesMax : kChunkLineBytesMax;
  if (line_.size() > limit) return refuse(400, "chunk line or trailer too long");
  if (feed == bytes.npos) return State::NeedMore;
  if (!line_.ends_with("\r\n")) return refuse(400, "bare LF in chunked body");
  line_.resize(line_.size() - 2);
  if (!isFieldValue(line_)) return refuse(400, "control byte in chunked body");
  return State::Done;
}

BodyReader::State BodyReader::onChunkLine(size_t body_bytes) {
  if (step_ == Step::ChunkEnd) {
    step_ = Step::ChunkLine;
    return State::Done;
  }
  const auto size = parseChunkLine(line_);
  if (!size) return refuse(400, "malformed chunk size");
  extra_bytes_ += line_.find(';') == line_.npos ? 0 : line_.size();
  if (extra_bytes_ > limits::kHeaderBytesMax) return refuse(400, "too many chunk extensions");
  if (*size > bytes_max_ - body_bytes) return refuse(413, "body over its limit");
  remaining_ = *size;
  step_ = *size == 0 ? Step::Trailer : Step::ChunkData;
  return State::Done;
}

BodyReader::State BodyReader::onTrailer() {
  extra_bytes_ += line_.size();
  if (++trailers_ > limits::kHeaderFieldsMax || extra_bytes_ > limits::kHeaderBytesMax) {
    return refuse(431, "too many trailers");
  }
  const std::string_view line = line_;
  const size_t colon = line.find(':');
  if (colon == line.npos || !isToken(line.substr(0, colon))) {
    return refuse(400, "malformed trailer");
  }
  if (isForbiddenTrailer(line.substr(0, colon))) return refuse(400, "field not allowed in trailer");
  return State::Done;
}

BodyReader::State BodyReader::refuse(int status, std::string_view why) {
  refusal_ = {status, why};
  return State::Refused;
}

}  // namespace junctor::net
