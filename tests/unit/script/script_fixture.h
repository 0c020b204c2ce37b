#pragma once
// What the script tests share: one event, rules given as text, and the two calls.
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "script/rules.h"

namespace junctor::script {

struct Stage {
  JsonDoc document;
  Event event;
  JsonView payload;

  explicit Stage(const std::string& payload_json = "{}", const std::string& data_json = "") {
    event.id = EventId{{0x0190000000007000ULL, 0x8000000000000001ULL}};
    event.tenant = "demo";
    event.integration = "helpdesk";
    event.source = "generic";
    event.type = "ticket.opened";
    event.received_at_ms = 1'790'000'000'000;  // 2026-09-21T14:13:20Z
    event.data_json = data_json;
    auto parsed = document.parse(payload_json);
    REQUIRE(parsed);
    payload = *parsed;
  }
};

inline RuleScript scriptOf(const std::string& source, const std::string& name = "rule") {
  return {"demo", name, source, "v1"};
}

inline RulesetPtr mustCompile(const std::string& source, const std::string& name = "rule") {
  auto rules = compileRules({scriptOf(source, name)});
  if (!rules) FAIL(rules.error().message);
  return *rules;
}

// The error of a script that must not compile.
inline std::string refusal(const std::string& source) {
  const auto rules = compileRules({scriptOf(source)});
  return rules ? "compiled" : rules.error().message;
}

// A normalizer for everything around a handler's body.
inline std::string normalizerOf(const std::string& body) {
  return "return jn.normalize { accepts = {}, event = function(ev, ctx)\n" + body + "\nend }";
}

// The data that a handler's body makes, or "error: …".
inline std::string dataOf(const std::string& body, const std::string& payload_json = "{}") {
  const auto rules = mustCompile(normalizerOf(body));
  Stage stage(payload_json);
  const auto ran = makeRuleRunner()->normalize(*rules, stage.event, stage.payload);
  if (ran.error) return "error: " + ran.error->rule + ": " + ran.error->message;
  return stage.event.data_json;
}

}  // namespace junctor::script
