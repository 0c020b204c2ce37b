#include "crypto/signed_template.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/hash.h"

namespace junctor::crypto {
namespace {

using Field = std::pair<std::string, std::string>;

// Unauthenticated: it is no form.
Result<std::vector<Field>> formFields(std::string_view body) {
  std::vector<Field> fields;
  while (!body.empty()) {
    const std::string_view pair = body.substr(0, body.find('&'));
    body.remove_prefix(std::min(pair.size() + 1, body.size()));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    auto name = percentDecode(pair.substr(0, equals), true);
    auto value = percentDecode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value || fields.size() == limits::kConnectorFormFieldsMax) {
      return makeError(ErrorCode::Unauthenticated, "the body is not a form");
    }
    fields.emplace_back(std::move(*name), std::move(*value));
  }
  return fields;
}

// A value that comes twice counts once (Twilio).
Result<std::string> formSorted(const SignatureInput& input) {
  constexpr std::string_view kForm = "application/x-www-form-urlencoded";
  const std::string* type = findHeader(input.headers, "Content-Type");
  if (type && equalsIgnoreCase(std::string_view(*type).substr(0, kForm.size()), kForm)) {
    JUNCTOR_TRY(std::vector<Field> fields, formFields(input.body));
    std::sort(fields.begin(), fields.end());
    fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
    std::string out;
    for (size_t i = 0; i < fields.size(); ++i) {
      const bool again = i > 0 && fields[i].first == fields[i - 1].first;
      out += (again ? "" : fields[i].first) + fields[i].second;
    }
    return out;
  }
  const std::string hash = sha256Hex(input.body);
  const bool named = input.query.find("bodySHA256=" + hash) != std::string_view::npos;
  if (input.body.empty() || named) return std::string();
  return makeError(ErrorCode::Unauthenticated, "the URL does not name the hash of the body");
}

}  // namespace

std::string SignedParts::joined() const {
  std::string out;
  for (const std::string_view part : span()) out.append(part);
  return out;
}

Result<std::string_view> singleHeader(const Headers& headers, std::string_view name) {
  const std::string* found = nullptr;
  for (const Header& header : headers) {
    if (!equalsIgnoreCase(header.first, name)) continue;
    if (found != nullptr) {
      return makeError(ErrorCode::Unauthenticated, fmt::format("header {} comes twice", name));
    }
    found = &header.second;
  }
  if (found == nullptr) {
    return makeError(ErrorCode::Unauthenticated, fmt::format("header {} is missing", name));
  }
  if (found->size() > limits::kSignatureHeaderBytesMax) {
    return makeError(ErrorCode::Unauthenticated, fmt::format("header {} is too long", name));
  }
  return trim(*found);
}

bool validHeaderName(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  const auto token = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  };
  return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), token);
}

Result<SignedTemplate::Piece> SignedTemplate::parsePlaceholder(std::string_view name) {
  constexpr std::pair<std::string_view, Source> kNames[] = {
      {"body", Source::Body},          {"form_sorted", Source::FormSorted},
      {"method", Source::Method},      {"url", Source::Url},
      {"path", Source::Path},          {"query", Source::Query},
      {"timestamp", Source::Timestamp}};
  for (const auto& [known, source] : kNames) {
    if (name == known) return Piece{source, {}};
  }
  constexpr std::string_view kHeader = "header:";
  if (name.starts_with(kHeader) && validHeaderName(name.substr(kHeader.size()))) {
    return Piece{Source::Header, std::string(name.substr(kHeader.size()))};
  }
  return invalidArgument(fmt::format("unknown placeholder '{{{}}}'", name));
}

Result<SignedTemplate> SignedTemplate::parse(std::string_view text) {
  SignedTemplate out;
  while (!text.empty()) {
    const size_t open = text.find_first_of("{}");
    if (open != 0) {
      out.pieces_.push_back({Source::Text, std::string(text.substr(0, open))});
      text.remove_prefix(std::min(open, text.size()));
      continue;
    }
    const size_t close = text.find('}');
    if (text[0] == '}' || close == std::string_view::npos) {
      return invalidArgument("a brace stands alone");
    }
    JUNCTOR_TRY(Piece piece, parsePlaceholder(text.substr(1, close - 1)));
    out.pieces_.push_back(std::move(piece));
    text.remove_prefix(close + 1);
  }
  if (out.pieces_.size() > SignedParts::kMax) {
    return invalidArgument(fmt::format("more than {} parts", SignedParts::kMax));
  }
  return out;
}

bool SignedTemplate::uses(Source source) const {
  return std::any_of(pieces_.begin(), pieces_.end(),
                     [source](const Piece& piece) { return piece.source == source; });
}

Result<SignedParts> SignedTemplate::expand(const SignatureInput& input,
                                           std::string_view timestamp) const {
  SignedParts parts;
  for (const Piece& piece : pieces_) {
    std::string_view& out = parts.items[parts.count++];
    switch (piece.source) {
      case Source::Text:
        out = piece.text;
        break;
      case Source::Body:
        out = input.body;
        break;
      case Source::FormSorted: {
        JUNCTOR_TRY(std::string sorted, formSorted(input));
        parts.made = std::make_unique<std::string>(std::move(sorted));
        out = *parts.made;
        break;
      }
      case Source::Method:
        out = input.method;
        break;
      case Source::Url:
        out = input.url;
        break;
      case Source::Path:
        out = input.path;
        break;
      case Source::Query:
        out = input.query;
        break;
      case Source::Timestamp:
        out = timestamp;
        break;
      case Source::Header: {
        JUNCTOR_TRY(out, singleHeader(input.headers, piece.text));
        break;
      }
    }
  }
  return parts;
}

}  // namespace junctor::crypto
