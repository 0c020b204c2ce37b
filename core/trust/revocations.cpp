#include "trust/revocations.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/json_value.h"
#include "base/limits.h"
#include "base/strict_object.h"
#include "trust/sealed.h"

namespace junctor::trust {
namespace {

constexpr const char* kType = "junctor-revocations";

bool isHex(std::string_view text, size_t size) {
  return text.size() == size && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

Result<void> Revocations::add(const std::string& what, std::string reason) {
  const bool key = what.starts_with("key_") && isHex(std::string_view(what).substr(4), 32);
  if (!key && !isHex(what, 64)) {
    return invalidArgument(fmt::format(
        "\"{}\" is neither a bundle's digest (64 hex digits) nor a key's id (key_…)", what));
  }
  if (reason.size() > 512) return invalidArgument("the reason is longer than 512 bytes");
  if (entries_.size() >= limits::kRevocationsMax) {
    return invalidArgument(fmt::format("more than {} revocations", limits::kRevocationsMax));
  }
  entries_[what] = std::move(reason);
  return {};
}

void Revocations::merge(const Revocations& other) {
  for (const auto& [what, reason] : other.entries_) entries_.emplace(what, reason);
}

std::optional<std::string> Revocations::reasonAgainst(const std::string& what) const {
  const auto found = entries_.find(what);
  if (found == entries_.end()) return std::nullopt;
  return found->second.empty() ? "no reason given" : found->second;
}

Result<Revocations> Revocations::read(const Json& json) {
  if (!json.is_object()) return invalidArgument("revocations: must be an object");
  Revocations out;
  for (const auto& [what, reason] : json.items()) {
    if (!reason.is_string()) return invalidArgument("revocations: reasons must be strings");
    JUNCTOR_CHECK(out.add(what, reason.get<std::string>()));
  }
  return out;
}

Json Revocations::toJson() const {
  Json json = Json::object();
  for (const auto& [what, reason] : entries_) json[what] = reason;
  return json;
}

Json sealRevocations(const SignedRevocations& list, const crypto::SigningKey& root) {
  const Json text = {{"type", kType}, {"serial", list.serial}, {"revoked", list.list.toJson()}};
  return seal(kRevocationDomain, dumpJson(text), root);
}

Result<SignedRevocations> openRevocations(const Json& sealed,
                                          const std::vector<std::string>& roots) {
  JUNCTOR_TRY(const Sealed raw, readSealed(sealed));
  const bool known = std::any_of(roots.begin(), roots.end(), [&raw](const std::string& root) {
    return verifyFor(kRevocationDomain, raw.text, raw.signature, root);
  });
  if (!known) {
    return makeError(ErrorCode::PermissionDenied,
                     "the revocation list was not signed by a root that this installation trusts");
  }
  JUNCTOR_TRY(const Json json, parseJson(raw.text));
  JUNCTOR_TRY(const auto in, StrictObject::open(json, "", {"type", "serial", "revoked"}));
  if (in.text("type").value_or("") != kType) return in.error("type", "is no revocation list");
  SignedRevocations out;
  JUNCTOR_TRY(out.serial, in.integer("serial", 0, 1, INT64_MAX));
  if (!in.has("revoked")) return in.error("revoked", "is required");
  JUNCTOR_TRY(out.list, Revocations::read(in.at("revoked")));
  return out;
}

}  // namespace junctor::trust
