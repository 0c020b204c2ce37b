#include <unistd.h>

#include "base/files.h"
#include "base/limits.h"
#include "config/load.h"

namespace junctor::config {
namespace {

constexpr std::string_view kVaultPrefix = "vault:";

}  // namespace

Environment processEnvironment() {
  Environment result;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    result.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

Result<std::string> resolveSecret(const SecretRef& ref, const Environment& environment) {
  std::string secret;
  if (ref.text.starts_with("env:")) {
    const auto found = environment.find(ref.text.substr(4));
    if (found == environment.end()) return notFound(ref.text + " is not set");
    secret = found->second;
  } else if (ref.text.starts_with("file:")) {
    auto content = readFile(ref.text.substr(5), limits::kSecretBytesMax);
    if (!content) {
      // The message would repeat the path; the reference names it already.
      return makeError(
          content.error().code == ErrorCode::NotFound ? ErrorCode::NotFound : content.error().code,
          ref.text + " cannot be read");
    }
    secret = std::move(*content);
    if (secret.ends_with('\n')) secret.pop_back();
    if (secret.ends_with('\r')) secret.pop_back();
  } else if (isVaultReference(ref.text)) {
    return unavailable(ref.text + " is in the server's vault, which alone can read it");
  } else {
    return invalidArgument("a secret reference is env:NAME, file:/path or vault:FIELD");
  }
  if (secret.empty()) return notFound(ref.text + " is empty");
  return secret;
}

bool isVaultReference(std::string_view text) {
  return text.starts_with(kVaultPrefix);
}

bool isSecretReference(std::string_view text) {
  return text.starts_with("env:") || text.starts_with("file:") || isVaultReference(text);
}

Result<std::string> SecretSource::resolve(const SecretRef& ref, const SecretOwner& owner) const {
  if (!vault_ || !isVaultReference(ref.text)) return resolveSecret(ref, environment_);
  auto secret = vault_(owner, ref.text.substr(kVaultPrefix.size()));
  if (secret) return secret;
  return makeError(secret.error().code, ref.text + ": " + secret.error().message);
}

bool SecretSource::awaits(const SecretRef& ref, const SecretOwner& owner) const {
  if (!vault_ || !isVaultReference(ref.text)) return false;
  const auto secret = resolve(ref, owner);
  return !secret && secret.error().code == ErrorCode::NotFound;
}

}  // namespace junctor::config
