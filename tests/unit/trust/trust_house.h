#pragma once
// Publishers, roots and bundles for tests: real keys, real signatures.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/json_value.h"
#include "trust/install_store.h"

namespace junctor::testing {

inline const std::string kFarDay = "2099-12-31";

inline std::string errorOf(const Error& error) {
  return error.message;
}
template <class T>
std::string messageOf(const Result<T>& result) {
  return result ? "" : result.error().message;
}
// The value, or a failed test that says why there is none.
template <class T>
T must(Result<T> result) {
  INFO(messageOf(result));
  REQUIRE(result);
  return std::move(*result);
}
inline void must(Result<void> result) {
  INFO(messageOf(result));
  REQUIRE(result);
}

// A root or a publisher with a key.
struct Signer {
  crypto::SigningKey key = crypto::SigningKey::generate();

  trust::Certificate certificate(const std::string& prefix, trust::Level level,
                                 const std::string& expires = kFarDay) const {
    return {"Acme Inc", prefix, level, expires, key.publicKey()};
  }
  Json own(const std::string& prefix, const std::string& expires = kFarDay) const {
    return must(sealCertificate(certificate(prefix, trust::Level::Private, expires), key));
  }
  Json by(const Signer& root, const std::string& prefix, trust::Level level,
          const std::string& expires = kFarDay) const {
    return must(sealCertificate(certificate(prefix, level, expires), root.key));
  }
  std::string id() const { return trust::keyId(key.publicKey()); }
};

inline std::string manifest(const std::string& id, const std::string& version,
                            const std::string& capabilities = "{}") {
  return R"({"id": ")" + id + R"(", "version": ")" + version + R"(", "capabilities": )" +
         capabilities + "}";
}

inline trust::Bundle bundle(const std::string& id = "com.acme.shop",
                            const std::string& version = "1.0.0",
                            const std::string& capabilities = "{}",
                            const std::string& code = "code") {
  return must(trust::makeBundle({{"connector.so", code + " of " + version},
                                 {"manifest.json", manifest(id, version, capabilities)},
                                 {"README.md", "# Shop\n"},
                                 {"fixtures/order.paid.json", "{}"}}));
}

inline std::string signedBytes(trust::Bundle content, const Signer& signer,
                               const Json& certificate) {
  must(trust::signBundle(content, signer.key, certificate));
  return trust::writeBundle(content);
}

}  // namespace junctor::testing
