#include <unistd.h>

#include "base/files.h"
#include "base/limits.h"
#include "config/load.h"

namespace junctor::config {

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
  } else {
    return invalidArgument("a secret reference is env:NAME or file:/path");
  }
  if (secret.empty()) return notFound(ref.text + " is empty");
  return secret;
}

}  // namespace junctor::config
