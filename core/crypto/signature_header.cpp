#include "crypto/signature_header.h"

#include <fmt/core.h>

#include "base/bytes.h"

namespace junctor::crypto {
namespace {

Error refused(const SignatureScheme& scheme, std::string_view why) {
  return makeError(ErrorCode::Unauthenticated, fmt::format("header {} {}", scheme.header, why));
}

Result<void> offer(const SignatureScheme& scheme, std::string_view text, OfferedSignatures& out) {
  if (!text.starts_with(scheme.prefix)) return {};
  if (out.count == out.items.size()) return refused(scheme, "has too many signatures");
  out.items[out.count++] = text.substr(scheme.prefix.size());
  return {};
}

Result<void> readPair(const SignatureScheme& scheme, std::string_view part,
                      OfferedSignatures& out) {
  const size_t equals = part.find('=');
  if (equals == std::string_view::npos) return refused(scheme, "is no list of pairs");
  const std::string_view name = part.substr(0, equals);
  const std::string_view value = part.substr(equals + 1);
  if (name == scheme.pair_signature) return offer(scheme, value, out);
  if (name != scheme.pair_time || name.empty()) return {};
  if (!out.time.empty()) return refused(scheme, "names two times");
  out.time = value;
  return {};
}

Result<void> readPart(const SignatureScheme& scheme, std::string_view part,
                      OfferedSignatures& out) {
  if (!scheme.pair_signature.empty()) return readPair(scheme, part, out);
  return offer(scheme, part, out);
}

}  // namespace

Result<OfferedSignatures> readSignatureHeader(const SignatureScheme& scheme,
                                              std::string_view value) {
  OfferedSignatures out;
  while (!value.empty()) {
    const size_t end =
        scheme.separator.empty() ? std::string_view::npos : value.find(scheme.separator);
    JUNCTOR_CHECK(readPart(scheme, trim(value.substr(0, end)), out));
    if (end == std::string_view::npos) break;
    value.remove_prefix(end + scheme.separator.size());
  }
  if (out.count == 0) return refused(scheme, "holds no signature of the expected version");
  return out;
}

}  // namespace junctor::crypto
