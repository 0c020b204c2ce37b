#pragma once
// The providers' schemes as manifests write them (facts: providers.md of the design).
#include <string>

#include "base/json_value.h"
#include "crypto/signature.h"

namespace junctor::crypto::testing {

inline constexpr const char* kGithub =
    R"({"algorithm":"hmac-sha256","header":"X-Hub-Signature-256","prefix":"sha256="})";
inline constexpr const char* kSlack =
    R"({"algorithm":"hmac-sha256","header":"X-Slack-Signature","prefix":"v0=",
        "signed":"v0:{timestamp}:{body}",
        "timestamp":{"header":"X-Slack-Request-Timestamp","unit":"s","tolerance_s":300}})";
inline constexpr const char* kStripe =
    R"({"algorithm":"hmac-sha256","header":"Stripe-Signature",
        "pairs":{"time":"t","signature":"v1"},"signed":"{timestamp}.{body}",
        "timestamp":{"unit":"s","tolerance_s":300,"future_ok":true}})";
inline constexpr const char* kStandardWebhooks =
    R"({"algorithm":"hmac-sha256","header":"webhook-signature","separator":" ","version":"v1,",
        "encoding":"base64","key":"base64-after-prefix",
        "signed":"{header:webhook-id}.{timestamp}.{body}",
        "timestamp":{"header":"webhook-timestamp","unit":"s","tolerance_s":300}})";
inline constexpr const char* kGenericHex =
    R"({"algorithm":"hmac-sha256","header":"X-Webhook-Signature","encoding":"hex"})";
inline constexpr const char* kGenericBase64 =
    R"({"algorithm":"hmac-sha512","header":"X-Acme-Mac","encoding":"base64",
        "signed":"{timestamp}.{body}",
        "timestamp":{"header":"X-Acme-Time","unit":"ms","tolerance_s":60}})";
inline constexpr const char* kHubspot =
    R"({"algorithm":"hmac-sha256","header":"X-HubSpot-Signature-v3","encoding":"base64",
        "signed":"{method}{url}{body}{timestamp}",
        "timestamp":{"header":"X-HubSpot-Request-Timestamp","unit":"ms","tolerance_s":300}})";
inline constexpr const char* kPagerduty =
    R"({"algorithm":"hmac-sha256","header":"X-PagerDuty-Signature","separator":",",
        "prefix":"v1="})";
inline constexpr const char* kIntercom =
    R"({"algorithm":"hmac-sha1","header":"X-Hub-Signature","prefix":"sha1="})";
inline constexpr const char* kTeams =
    R"({"algorithm":"hmac-sha256","header":"Authorization","prefix":"HMAC ","encoding":"base64",
        "key":"base64"})";
inline constexpr const char* kGitlabToken =
    R"({"algorithm":"plain-token","header":"X-Gitlab-Token"})";
inline constexpr const char* kDiscord =
    R"({"algorithm":"ed25519","header":"X-Signature-Ed25519","signed":"{timestamp}{body}",
        "timestamp":{"header":"X-Signature-Timestamp","unit":"s","tolerance_s":300}})";

inline Result<SignatureScheme> schemeOf(const std::string& json) {
  JUNCTOR_TRY(const Json parsed, parseJson(json));
  return SignatureScheme::fromJson(parsed);
}

inline std::unique_ptr<Verifier> verifierOf(const std::string& json,
                                            const std::vector<std::string>& secrets) {
  return makeVerifier(schemeOf(json).value(), secrets).value();
}

}  // namespace junctor::crypto::testing
