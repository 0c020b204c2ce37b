#include "conformance/recorded_calls.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/files.h"
#include "base/json_value.h"

namespace junctor::conformance {
namespace {

std::string textAt(const Json& json, const char* key) {
  return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : "";
}

Result<HttpTold> readResponse(const Json& json) {
  HttpTold out;
  if (!json.is_object()) return invalidArgument("an answer is an object");
  out.http_status = json.value("status", 200U);
  for (const Json& header : json.value("headers", Json::array())) {
    if (!header.is_array() || header.size() != 2) {
      return invalidArgument("a header is a pair of texts");
    }
    out.headers.emplace_back(header[0].get<std::string>(), header[1].get<std::string>());
  }
  // As a recording has it, a text; by hand, also the JSON it stands for.
  const Json body = json.value("body", Json());
  if (!body.is_null()) out.body = body.is_string() ? body.get<std::string>() : dumpJson(body);
  if (json.contains("body_base64")) {
    const auto decoded = fromBase64(textAt(json, "body_base64"));
    if (!decoded) return invalidArgument("a body_base64 is none");
    out.body = *decoded;
  }
  return out;
}

// The responses of a recording.
Result<std::vector<HttpTold>> readRecording(const std::string& folder, const std::string& name) {
  if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos) {
    return invalidArgument("a recording is named by its plain file name");
  }
  JUNCTOR_TRY(const std::string text, readFile(folder + "/" + name));
  JUNCTOR_TRY(const Json json, parseJson(text));
  const bool sound = json.is_object() && json.contains("junctor_recording") &&
                     json.contains("exchanges") && json["exchanges"].is_array();
  if (!sound) return invalidArgument("is no recording");
  std::vector<HttpTold> out;
  for (const Json& exchange : json["exchanges"]) {
    if (!exchange.is_object() || !exchange.contains("response") ||
        !exchange["response"].is_object()) {
      return invalidArgument("an exchange is a request and a response");
    }
    JUNCTOR_TRY(HttpTold told, readResponse(exchange["response"]));
    out.push_back(std::move(told));
  }
  return out;
}

void keep(Acted& acted, std::string result) {
  acted.text += result + "\n";
  acted.results.push_back(std::move(result));
}

jn_status takeResult(const jn_action_sink* sink, const jn_action_result* result) {
  Acted& acted = *static_cast<Acted*>(sink->ctx);
  const auto given = structFrom(result, sizeof(jn_action_result), "a jn_action_result");
  if (!given) return JN_E_INTERNAL;
  if (!acted.results.empty()) return JN_E_CONFLICT;
  keep(acted, textFrom(given->data_json, "a result"));
  acted.text += textFrom(given->external_id, "an external id") + textFrom(given->url, "a url");
  return JN_OK;
}
jn_status takeField(const jn_field_sink* sink, const jn_field* field) {
  const auto given = structFrom(field, sizeof(jn_field), "a jn_field");
  if (!given) return JN_E_INTERNAL;
  keep(*static_cast<Acted*>(sink->ctx), textFrom(given->name, "a field's name"));
  return JN_OK;
}
jn_status takeHook(const jn_hook_sink* sink, const jn_hook* hook) {
  const auto given = structFrom(hook, sizeof(jn_hook), "a jn_hook");
  if (!given) return JN_E_INTERNAL;
  keep(*static_cast<Acted*>(sink->ctx), textFrom(given->id, "a hook's id"));
  return JN_OK;
}

jn_str view(GuardedPool& pool, std::string_view text, const char* label) {
  return {pool.putText(text, label), text.size()};
}

// Calls the function that `call` names; none if the connector lacks it.
std::optional<jn_status> invoke(Subject& subject, jn_instance* instance, const RecordedCall& call,
                                const ActHow& how, ProbeCall& running, Acted& acted) {
  GuardedPool& pool = running.pool();
  const jn_call* raw = running.raw();
  if (call.call == "execute") {
    const auto* table = subject.interface<jn_actions>(JN_ACTIONS_ID);
    if (!table) return std::nullopt;
    jn_action action{};
    action.struct_size = sizeof action;
    action.name = view(pool, call.action, "the action's name");
    action.params_json = view(pool, call.params, "the action's parameters");
    action.idempotency_key = view(pool, kIdempotencyKey, "the idempotency key");
    const auto* guarded = pool.putObject(action, "jn_action");
    const jn_action_sink sink{sizeof sink, 0, &acted, takeResult};
    const auto* to = pool.putObject(sink, "the action sink");
    return guardThrow("execute", [&] { return table->execute(raw, instance, guarded, to); });
  }
  if (call.call == "test") {
    if (!subject.connector()->test) return std::nullopt;
    const auto* params = pool.putObject(view(pool, call.params, "the parameters"), "a view");
    return guardThrow("test", [&] { return subject.connector()->test(raw, instance, params); });
  }
  if (call.call == "fields") {
    const auto* table = subject.interface<jn_fields>(JN_FIELDS_ID);
    if (!table) return std::nullopt;
    const auto* object = pool.putObject(view(pool, call.object, "the object's name"), "a view");
    const jn_field_sink sink{sizeof sink, 0, &acted, takeField};
    const auto* to = pool.putObject(sink, "the field sink");
    return guardThrow("fields.list", [&] { return table->list(raw, instance, object, to); });
  }
  const auto* hooks = subject.interface<jn_hooks>(JN_HOOKS_ID);
  if (call.call == "subscribe") {
    if (!hooks) return std::nullopt;
    jn_hook_request request{};
    request.struct_size = sizeof request;
    request.url = view(pool, "https://hooks.example/v1/webhooks/incoming/acme-1", "the url");
    request.events_json = view(pool, R"(["*"])", "the events");
    request.signing_secret = view(pool, kCanary, "the signing secret");
    const auto* guarded = pool.putObject(request, "jn_hook_request");
    const jn_hook_sink sink{sizeof sink, 0, &acted, takeHook};
    const auto* to = pool.putObject(sink, "the hook sink");
    return guardThrow("subscribe", [&] { return hooks->subscribe(raw, instance, guarded, to); });
  }
  if (call.call == "unsubscribe") {
    if (!hooks) return std::nullopt;
    const auto* id = pool.putObject(view(pool, how.hook, "the hook's id"), "a view");
    return guardThrow("unsubscribe", [&] { return hooks->unsubscribe(raw, instance, id); });
  }
  const auto* table = subject.interface<jn_poll>(JN_POLL_ID);
  if (!table) return std::nullopt;
  EventSink events;
  jn_poll_request request{};
  request.struct_size = sizeof request;
  request.limit = 100;
  request.stream = view(pool, call.object, "the stream");
  request.cursor = view(pool, how.cursor, "the cursor");
  const auto* guarded = pool.putObject(request, "jn_poll_request");
  const jn_status status =
      guardThrow("poll", [&] { return table->poll(raw, instance, guarded, events.poll()); });
  acted.nexts = events.nexts();
  acted.cursor = events.cursor();
  acted.text += asText(events.events());
  for (const SeenEvent& event : events.events()) acted.results.push_back(event.id);
  return status;
}

}  // namespace

Result<std::vector<RecordedCall>> readCalls(const Session& session) {
  auto text = readFile(session.fixtures().folder + "/calls.json");
  if (session.fixtures().folder.empty() || !text)
    return notFound("the fixtures hold no calls.json");
  JUNCTOR_TRY(const Json json, parseJson(*text));
  if (!json.is_array()) return invalidArgument("calls.json: must be a list");
  constexpr std::string_view kKinds[] = {"execute", "test",      "fields",
                                         "poll",    "subscribe", "unsubscribe"};
  std::vector<RecordedCall> out;
  for (const Json& item : json) {
    if (!item.is_object()) return invalidArgument("calls.json: a call is an object");
    RecordedCall call;
    call.call = textAt(item, "call");
    if (std::find(std::begin(kKinds), std::end(kKinds), call.call) == std::end(kKinds)) {
      return invalidArgument("calls.json: there is no call '" + call.call + "'");
    }
    call.action = textAt(item, "action");
    call.object = textAt(item, "object");
    call.idempotent = item.value("idempotent", Json()) == true;
    if (item.contains("params")) call.params = dumpJson(item["params"]);
    if (item.contains("output")) call.output = item["output"];
    for (const Json& answer : item.value("http", Json::array())) {
      auto told = readResponse(answer);
      if (!told) return invalidArgument("calls.json: " + told.error().message);
      call.http.push_back(std::move(*told));
    }
    if (const std::string name = textAt(item, "recording"); !name.empty()) {
      auto recorded = readRecording(session.fixtures().folder, name);
      if (!recorded)
        return invalidArgument("calls.json: " + name + ": " + recorded.error().message);
      call.http = std::move(*recorded);
    }
    out.push_back(std::move(call));
  }
  return out;
}

std::optional<Acted> act(Subject& subject, jn_instance* instance, const RecordedCall& call,
                         const ActHow& how) {
  World world;
  size_t asked = 0;
  world.http = [&](const HttpAsked&) {
    if (how.instead) return *how.instead;
    if (call.http.empty()) return HttpTold{.status = JN_E_UNAVAILABLE};
    return call.http[std::min(asked++, call.http.size() - 1)];
  };
  for (const std::string& name : subject.session().manifest()->capabilities.secrets) {
    world.secrets[name] = kCanary;
  }
  CallSetup setup;
  setup.flags = how.flags;
  setup.world = &world;
  ProbeCall running(setup);
  Acted out;
  const auto status = invoke(subject, instance, call, how, running, out);
  if (!status) return std::nullopt;
  out.status = *status;
  out.failed = running.failed();
  out.asked = std::move(world.asked);
  return out;
}

}  // namespace junctor::conformance
