#pragma once
// SignedTemplate: "v0:{timestamp}:{body}" compiled. Private to the room.
#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/signature.h"

namespace junctor::crypto {

// The bytes a signature covers, as views into the request: nothing is copied.
struct SignedParts {
  static constexpr size_t kMax = 16;
  std::array<std::string_view, kMax> items;
  size_t count = 0;
  std::unique_ptr<std::string> made;  // what is no part of the request as it stands

  std::span<const std::string_view> span() const { return {items.data(), count}; }
  std::string joined() const;
};

class SignedTemplate {
 public:
  // InvalidArgument names the placeholder that is unknown.
  static Result<SignedTemplate> parse(std::string_view text);

  bool usesBody() const { return uses(Source::Body) || uses(Source::FormSorted); }
  bool usesTimestamp() const { return uses(Source::Timestamp); }
  // Unauthenticated if a header it needs is missing or comes twice.
  Result<SignedParts> expand(const SignatureInput& input, std::string_view timestamp) const;

 private:
  enum class Source { Text, Body, FormSorted, Method, Url, Path, Query, Timestamp, Header };
  struct Piece {
    Source source;
    std::string text;  // the literal, or the header's name
  };
  static Result<Piece> parsePlaceholder(std::string_view name);
  bool uses(Source source) const;

  std::vector<Piece> pieces_;
};

// The one header of that name. Unauthenticated if it is missing, comes twice or is over-long.
Result<std::string_view> singleHeader(const Headers& headers, std::string_view name);
// RFC 9110 token, of sensible length.
bool validHeaderName(std::string_view name);

}  // namespace junctor::crypto
