// The crypto room on a pipe: one JSON question a line on stdin, one JSON answer a line on stdout.
//   {"op":"verify","scheme":{…},"secrets":[…],"body":base64,"headers":[[k,v]…],"now_ms":n}
//   {"op":"sign","scheme":{…},"secrets":[…],"body":base64,"headers":[[k,v]…],"now_ms":n}
//   {"op":"send","secrets":[…],"id":"…","body":base64,"now_ms":n}      (Standard Webhooks)
// Answers: {"ok":true} or {"headers":[[k,v]…]} or {"ok":false,"error":"…"}.
#include <cstdio>
#include <iostream>

#include "base/bytes.h"
#include "base/json_value.h"
#include "crypto/signature.h"

namespace {

using junctor::Headers;
using junctor::Json;
using junctor::Result;

Headers headersOf(const Json& question) {
  Headers out;
  if (!question.contains("headers")) return out;
  for (const Json& pair : question["headers"]) out.emplace_back(pair[0], pair[1]);
  return out;
}

Json toJson(const Headers& headers) {
  Json pairs = Json::array();
  for (const auto& [name, value] : headers) pairs.push_back(Json::array({name, value}));
  return Json{{"headers", pairs}};
}

Result<Json> answer(const Json& question) {
  const std::vector<std::string> secrets = question["secrets"];
  const std::string body = junctor::fromBase64(question["body"].get<std::string>()).value();
  const int64_t now_ms = question["now_ms"];
  if (question["op"] == "send") {
    JUNCTOR_TRY(const auto signer, junctor::crypto::makeWebhookSigner(secrets));
    return toJson(signer->sign(question["id"].get<std::string>(), now_ms / 1000, body));
  }
  JUNCTOR_TRY(const auto scheme, junctor::crypto::SignatureScheme::fromJson(question["scheme"]));
  JUNCTOR_TRY(const auto verifier, junctor::crypto::makeVerifier(scheme, secrets));
  const Headers headers = headersOf(question);
  const junctor::crypto::SignatureInput input{"POST", "", "/", "", body, headers};
  if (question["op"] == "sign") {
    JUNCTOR_TRY(const Headers made, verifier->sign(input, now_ms));
    return toJson(made);
  }
  JUNCTOR_CHECK(verifier->verify(input, now_ms));
  return Json{{"ok", true}};
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const auto question = junctor::parseJson(line);
    if (!question) return 2;
    const Result<Json> result = answer(*question);
    const Json out = result ? *result : Json{{"ok", false}, {"error", result.error().message}};
    std::cout << junctor::dumpJson(out) << std::endl;
  }
  return 0;
}
