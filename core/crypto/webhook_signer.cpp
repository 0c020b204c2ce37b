#include <fmt/core.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/mac.h"
#include "crypto/signature.h"
#include "crypto/signature_key.h"

namespace junctor::crypto {
namespace {

// Standard Webhooks 1.0.0, "Signature scheme": 192 to 512 bits.
constexpr size_t kKeyBytesMin = 24;
constexpr size_t kKeyBytesMax = 64;

class StandardSigner final : public WebhookSigner {
 public:
  explicit StandardSigner(std::vector<Mac> keys) : keys_(std::move(keys)) {}

  Headers sign(std::string_view id, int64_t now_unix_s, std::string_view body) const override {
    std::string timestamp = std::to_string(now_unix_s);
    const std::string_view parts[] = {id, ".", timestamp, ".", body};
    std::string value;
    for (const Mac& key : keys_) {
      value.append(value.empty() ? "v1," : " v1,");
      value.append(toBase64(key.compute(parts).view()));
    }
    Headers out;
    out.reserve(3);
    out.emplace_back("webhook-id", std::string(id));
    out.emplace_back("webhook-timestamp", std::move(timestamp));
    out.emplace_back("webhook-signature", std::move(value));
    return out;
  }

 private:
  const std::vector<Mac> keys_;
};

}  // namespace

Result<std::unique_ptr<WebhookSigner>> makeWebhookSigner(const std::vector<std::string>& secrets) {
  if (secrets.empty()) return invalidArgument("no signing secret is configured");
  if (secrets.size() > limits::kLiveSecretsMax) {
    return invalidArgument(fmt::format("more than {} live secrets", limits::kLiveSecretsMax));
  }
  std::vector<Mac> keys;
  for (const std::string& secret : secrets) {
    if (!secret.starts_with("whsec_")) {
      return invalidArgument("a signing secret begins with whsec_");
    }
    JUNCTOR_TRY(const std::string key, decodeSecret(KeyForm::Base64AfterPrefix, secret));
    if (key.size() < kKeyBytesMin || key.size() > kKeyBytesMax) {
      return invalidArgument(
          fmt::format("a signing secret has {} to {} bytes", kKeyBytesMin, kKeyBytesMax));
    }
    keys.emplace_back(MacHash::Sha256, key);
  }
  return std::unique_ptr<WebhookSigner>(std::make_unique<StandardSigner>(std::move(keys)));
}

}  // namespace junctor::crypto
