#include "vault/key_ring.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/aead.h"

namespace junctor::vault {
namespace {

constexpr size_t kRootBytes = 32;
constexpr size_t kIdBytes = 8;

crypto::SecretBytes derive(const crypto::SecretBytes& root, std::string_view purpose, size_t size) {
  return crypto::hkdfSha256(root.view(), "", purpose, size).value();  // sizes are constants
}

Error badLine(size_t number) {
  return invalidArgument("line " + std::to_string(number) +
                         " is not base64 of 32 bytes (openssl rand -base64 32)");
}

std::string_view takeLine(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return trim(line);
}

}  // namespace

Kek Kek::fromRoot(crypto::SecretBytes root) {
  Kek key;
  key.id = toHex(derive(root, "junctor vault key id 1", kIdBytes).view());
  key.wrapping = derive(root, "junctor vault wrap 1", crypto::kAeadKeyBytes);
  key.root = std::move(root);
  return key;
}

KeyRing KeyRing::generate() {
  KeyRing ring;
  ring.renew();
  return ring;
}

Result<KeyRing> KeyRing::parse(std::string_view text) {
  KeyRing ring;
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = takeLine(text);
    if (line.empty() || line.starts_with('#')) continue;
    std::optional<std::string> root = fromBase64(line);
    if (!root || root->size() != kRootBytes) return badLine(number);
    Kek key = Kek::fromRoot(crypto::SecretBytes(*root));
    crypto::wipe(*root);
    if (ring.find(key.id)) {
      return invalidArgument("line " + std::to_string(number) + " repeats a key");
    }
    ring.keys_.push_back(std::move(key));
  }
  if (ring.keys_.empty()) return invalidArgument("holds no key");
  if (ring.keys_.size() > limits::kKeysPerFileMax) {
    return invalidArgument("holds more than " + std::to_string(limits::kKeysPerFileMax) + " keys");
  }
  return ring;
}

std::string KeyRing::text() const {
  std::string text;
  text.reserve(128 + keys_.size() * 64);  // no reallocation leaves a copy behind
  text += "# Keys of Junctor's vault, the current one first. Without them no secret can be read.\n";
  for (const Kek& key : keys_) {
    std::string line = toBase64(key.root.view());
    text += line;
    text += '\n';
    crypto::wipe(line);
  }
  return text;
}

const Kek* KeyRing::find(std::string_view id) const {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [&](const Kek& key) { return key.id == id; });
  return found == keys_.end() ? nullptr : &*found;
}

void KeyRing::renew() {
  keys_.insert(keys_.begin(), Kek::fromRoot(crypto::SecretBytes::random(kRootBytes)));
}

bool KeyRing::drop(std::string_view id) {
  const auto found =
      std::find_if(keys_.begin() + 1, keys_.end(), [&](const Kek& key) { return key.id == id; });
  if (found == keys_.end()) return false;
  keys_.erase(found);
  return true;
}

}  // namespace junctor::vault
