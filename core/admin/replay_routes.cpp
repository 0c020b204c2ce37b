#include "admin/answers.h"
#include "admin/handlers.h"
#include "admin/query.h"
#include "admin/render.h"
#include "base/json_value.h"
#include "base/limits.h"
#include "flow/replay.h"

namespace junctor::admin {
namespace {

using flow::Replay;

void writeFilter(JsonWriter& out, const Replay& replay) {
  out.key("filter").beginObject();
  for (const auto& [name, text] :
       {std::pair{"type", &replay.type}, std::pair{"source", &replay.source},
        std::pair{"rules", &replay.rules}, std::pair{"integration", &replay.integration},
        std::pair{"destination", &replay.destination},
        std::pair{"rule_version", &replay.rule_version}, std::pair{"reason", &replay.reason}}) {
    if (!text->empty()) out.key(name).string(*text);
  }
  if (replay.cause != 0) out.key("fingerprint").string(flow::causeText(replay.cause));
  writeTime(out, "since", replay.since_ms);
  writeTime(out, "until", replay.until_ms);
  out.endObject();
}

std::string replayJson(const Replay& replay) {
  JsonWriter out;
  out.beginObject();
  out.key("id").string(replay.id);
  out.key("of").string(replay.dead_letters ? "dead_letters" : "events");
  out.key("state").string(flow::toString(replay.state));
  out.key("total").integer(replay.total);
  out.key("done").integer(replay.done);
  out.key("failed").integer(replay.failed);
  out.key("rate").integer(replay.rate);
  out.key("problem").string(replay.problem);
  out.key("created_by").string(replay.created_by);
  writeTime(out, "created_at", replay.created_at_ms);
  writeTime(out, "ended_at", replay.ended_at_ms);
  writeFilter(out, replay);
  out.endObject();
  return std::move(out).take();
}

Result<int64_t> timeIn(const Json& body, const char* key) {
  const auto found = body.find(key);
  if (found == body.end() || found->is_null()) return 0;
  if (found->is_number_integer()) return found->get<int64_t>();
  if (!found->is_string()) return invalidArgument(std::string(key) + " must be a time");
  auto time = parseTime(found->get<std::string>());
  if (!time) return invalidArgument(std::string(key) + " " + time.error().message);
  return time;
}

Result<int64_t> rateIn(const Json& body) {
  const auto found = body.find("rate");
  if (found == body.end() || found->is_null()) return 0;
  const int64_t rate = found->is_number_integer() ? found->get<int64_t>() : -1;
  if (rate >= 0 && rate <= limits::kReplayRateMax) return rate;
  return invalidArgument("rate is a whole number a second, at most " +
                         std::to_string(limits::kReplayRateMax));
}

// A filter of the other kind would be left out without a word: more would run than was asked for.
Result<void> refuseOthers(const Json& body, bool dead_letters) {
  const std::vector<const char*> of_events = {"type", "source", "rules"};
  const std::vector<const char*> of_dead = {"destination", "rule_version", "fingerprint"};
  for (const char* name : dead_letters ? of_events : of_dead) {
    if (!body.contains(name)) continue;
    return invalidArgument(std::string(name) + " is no filter of " +
                           (dead_letters ? "dead letters" : "events"));
  }
  return {};
}

Result<Replay> replayIn(const Call& call, const Json& body) {
  Replay replay;
  replay.tenant = call.tenant();
  replay.created_by = call.caller.token_id;
  JUNCTOR_TRY(const std::string of, textOf(body, "of"));
  if (of != "events" && of != "dead_letters") {
    return invalidArgument("of must be \"events\" or \"dead_letters\"");
  }
  replay.dead_letters = of == "dead_letters";
  JUNCTOR_CHECK(refuseOthers(body, replay.dead_letters));
  JUNCTOR_TRY(replay.type, textOf(body, "type"));
  JUNCTOR_TRY(replay.source, textOf(body, "source"));
  JUNCTOR_TRY(replay.rules, textOf(body, "rules"));
  JUNCTOR_TRY(replay.integration, textOf(body, "integration"));
  JUNCTOR_TRY(replay.destination, textOf(body, "destination"));
  JUNCTOR_TRY(replay.rule_version, textOf(body, "rule_version"));
  JUNCTOR_TRY(const std::string fingerprint, textOf(body, "fingerprint"));
  if (!fingerprint.empty()) {
    JUNCTOR_TRY(replay.cause, flow::parseCause(fingerprint));
  }
  JUNCTOR_TRY(replay.since_ms, timeIn(body, "since"));
  JUNCTOR_TRY(replay.until_ms, timeIn(body, "until"));
  JUNCTOR_TRY(replay.rate, rateIn(body));
  return replay;
}

}  // namespace

Answered replays(Call& call) {
  std::vector<std::string> items;
  for (const Replay& replay : call.services.replays().list(call.tenant())) {
    items.push_back(replayJson(replay));
  }
  return page(items);
}

Answered createReplay(Call& call) {
  JUNCTOR_TRY(const Json body,
              bodyOf(call, {"of", "type", "source", "rules", "integration", "destination",
                            "rule_version", "fingerprint", "since", "until", "rate", "preview"}));
  JUNCTOR_TRY(const Replay wanted, replayIn(call, body));
  const auto preview = body.find("preview");
  if (preview != body.end() && !preview->is_boolean()) {
    return invalidArgument("preview must be true or false");
  }
  if (preview != body.end() && preview->get<bool>()) {
    JUNCTOR_TRY(const int64_t count, call.services.replays().count(wanted));
    JsonWriter out;
    out.beginObject().key("preview").boolean(true).key("total").integer(count).endObject();
    return net::jsonResponse(200, std::move(out).take());
  }
  JUNCTOR_TRY(const Replay made, call.services.replays().create(wanted));
  return net::jsonResponse(202, replayJson(made));
}

Answered replayStatus(Call& call) {
  JUNCTOR_TRY(const Replay found, call.services.replays().find(call.tenant(), call.path.at("p")));
  return net::jsonResponse(200, replayJson(found));
}

Answered cancelReplay(Call& call) {
  JUNCTOR_CHECK(emptyBody(call));
  auto cancelled = call.services.replays().cancel(call.tenant(), call.path.at("p"));
  if (!cancelled && cancelled.error().code == ErrorCode::InvalidArgument) {
    return makeError(ErrorCode::AlreadyExists, cancelled.error().message);
  }
  if (!cancelled) return cancelled.error();
  return net::jsonResponse(200, replayJson(*cancelled));
}

// Groups of dead letters that one repair would mend.
Answered deadLetterCauses(Call& call) {
  JUNCTOR_TRY(const auto causes,
              call.services.store().deadCauses(call.tenant(), limits::kCausesShown));
  std::vector<std::string> items;
  for (const store::DeadCause& cause : causes) {
    JsonWriter out;
    out.beginObject();
    out.key("fingerprint").string(flow::causeText(cause.cause));
    out.key("count").integer(cause.count);
    out.key("destination").string(cause.newest.destination);
    out.key("integration").string(cause.newest.integration);
    out.key("reason").string(cause.newest.reason);
    out.key("newest").string(cause.newest.id.text());
    writeTime(out, "newest_at", cause.newest.created_at_ms);
    writeTime(out, "oldest_at", cause.oldest_at_ms);
    out.endObject();
    items.push_back(std::move(out).take());
  }
  return page(items);
}

}  // namespace junctor::admin
