#include "flow/replay.h"

#include <fmt/core.h>

#include <array>
#include <charconv>

#include "base/json_value.h"
#include "base/limits.h"

namespace junctor::flow {
namespace {

constexpr std::array<std::string_view, 4> kStates = {"running", "done", "cancelled", "failed"};

// Every member that is a text, or a number, by its name.
template <class R, class Text, class Number>
void eachMember(R& replay, Text text, Number number) {
  text("id", replay.id);
  text("tenant", replay.tenant);
  text("type", replay.type);
  text("source", replay.source);
  text("rules", replay.rules);
  text("integration", replay.integration);
  text("destination", replay.destination);
  text("rule_version", replay.rule_version);
  text("reason", replay.reason);
  text("created_by", replay.created_by);
  text("problem", replay.problem);
  text("cursor", replay.cursor);
  number("since", replay.since_ms);
  number("until", replay.until_ms);
  number("rate", replay.rate);
  number("created_at", replay.created_at_ms);
  number("ended_at", replay.ended_at_ms);
  number("total", replay.total);
  number("done", replay.done);
  number("failed", replay.failed);
}

// What both kinds of replays ask for.
template <class Query>
Query queryOf(const Replay& replay) {
  Query query;
  query.tenant = replay.tenant;
  query.integration = replay.integration;
  query.since_ms = replay.since_ms;
  query.until_ms = replay.until_ms;
  query.oldest_first = true;
  query.limit = limits::kPageMax;
  query.cursor = replay.cursor;
  return query;
}

}  // namespace

std::string_view toString(ReplayState state) {
  return kStates[static_cast<size_t>(state)];
}

store::EventQuery Replay::events() const {
  auto query = queryOf<store::EventQuery>(*this);
  query.type = type;
  query.source = source;
  query.rules = rules;
  return query;
}

store::DeliveryQuery Replay::deliveries() const {
  auto query = queryOf<store::DeliveryQuery>(*this);
  query.state = DeliveryState::Dead;
  query.destination = destination;
  query.rule_version = rule_version;
  query.cause = cause;
  return query;
}

std::string replayToJson(const Replay& replay) {
  Json json = Json::object();
  eachMember(
      replay, [&](const char* name, const std::string& text) { json[name] = text; },
      [&](const char* name, int64_t number) { json[name] = number; });
  json["dead_letters"] = replay.dead_letters;
  json["lane"] = replay.lane;
  json["cause"] = causeText(replay.cause);
  json["state"] = std::string(toString(replay.state));
  return dumpJson(json);
}

Result<Replay> replayFromJson(const std::string& text) {
  JUNCTOR_TRY(const Json json, parseJson(text));
  Replay replay;
  if (!json.is_object()) return invalidArgument("a stored replay is no object");
  try {
    eachMember(
        replay, [&](const char* name, std::string& into) { into = json.at(name); },
        [&](const char* name, int64_t& into) { into = json.at(name); });
    replay.dead_letters = json.at("dead_letters");
    replay.lane = json.at("lane");
    JUNCTOR_TRY(replay.cause, parseCause(json.at("cause").get<std::string>()));
    for (size_t i = 0; i < kStates.size(); ++i) {
      if (kStates[i] == json.at("state")) replay.state = static_cast<ReplayState>(i);
    }
  } catch (const Json::exception& e) {
    return invalidArgument(std::string("a stored replay is damaged: ") + e.what());
  }
  return replay;
}

std::string causeText(uint64_t cause) {
  return fmt::format("{:016x}", cause);
}

Result<uint64_t> parseCause(std::string_view text) {
  uint64_t cause = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, cause, 16);
  if (text.size() == 16 && read.ec == std::errc() && read.ptr == end) return cause;
  return invalidArgument("a fingerprint has 16 hex digits, as dead letter lists show it");
}

}  // namespace junctor::flow
