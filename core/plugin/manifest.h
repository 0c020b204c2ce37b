#pragma once
// The manifest of a connector, from the JSON of its ELF note. Keys:
//   id, name, version, license, summary, abi {major, min_minor}, interfaces [..], runtime,
//   webhook {signature, delivery_key [place], delivery_key_from "settings",
//            handshake {kind, when, equals, echo, answer, status, query, method, content_type,
//            token_query, token_setting},
//            body "json|form|xml|any", success {status, body, content_type}, events [glob],
//            samples [{event, file, headers {}, fresh [pointer]}]}
//   api {url, credential, headers, errors, rate}, actions {name: …}, fields {object: …}, test {…},
//   hooks {…}, credentials {name: [way]}, oauth2 {…}: see plugin/declared.h
// `signature` is a scheme as in crypto/signature.h, or {"from":"settings","default":<scheme>}.
#include <string>

#include "base/result.h"
#include "plugin/connector.h"

namespace junctor::plugin {

// InvalidArgument names the key path: "webhook.handshake.kid: unknown key".
Result<Manifest> parseManifest(std::string json);

}  // namespace junctor::plugin
