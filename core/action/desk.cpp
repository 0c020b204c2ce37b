#include "action/desk.h"

#include "base/json_value.h"
#include "base/json_writer.h"
#include "base/limits.h"
#include "crypto/hash.h"

namespace junctor::action {
namespace {

Answer problemOf(const Error& error) {
  const bool missing = error.code == ErrorCode::NotFound;
  return problem(missing ? 404 : 400, missing ? "not-found" : "invalid-argument", error.message);
}

// Without a store nothing is promised.
Answer noJournal(const Error& error) {
  Answer answer = problem(503, "unavailable", "the journal cannot be written: " + error.message);
  answer.retry_after = std::chrono::seconds(1);
  return answer;
}

const char* const kFieldTypes[] = {"",     "text", "integer", "number",    "boolean",
                                   "date", "time", "choice",  "reference", "json"};

void writeField(JsonWriter& out, const plugin::Field& field) {
  out.beginObject().key("name").string(field.name).key("label");
  out.string(field.label.empty() ? field.name : field.label);
  out.key("type").string(kFieldTypes[static_cast<size_t>(field.type)]);
  out.key("required").boolean(field.required).key("read_only").boolean(field.read_only);
  out.key("custom").boolean(field.custom).key("multiple").boolean(field.multiple);
  if (!field.help.empty()) out.key("help").string(field.help);
  if (!field.refers_to.empty()) out.key("refers_to").string(field.refers_to);
  if (!field.options.empty()) {
    out.key("options").beginArray();
    for (const auto& [value, label] : field.options) {
      out.beginObject().key("value").string(value).key("label").string(label).endObject();
    }
    out.endArray();
  }
  out.endObject();
}

}  // namespace

Result<Place> Desk::find(const std::string& tenant, const std::string& integration) const {
  return placeOf(deps_.catalog(), deps_.registry, tenant, integration);
}

std::optional<Answer> Desk::paused(const Place& place) {
  std::lock_guard lock(mutex_);
  const auto found = paused_until_ms_.find(place.integration->id);
  if (found == paused_until_ms_.end()) return std::nullopt;
  const int64_t left_ms = found->second - deps_.clock.unixMs();
  if (left_ms <= 0) {
    paused_until_ms_.erase(found);
    return std::nullopt;
  }
  Error error = makeError(ErrorCode::ResourceExhausted,
                          "the provider asked for a pause, which is not over; nothing was sent");
  error.retry_after = std::chrono::milliseconds(left_ms);
  return problem(Class::Rate, error, {});
}

Answer Desk::failed(const Place& place, const Error& error, const plugin::CallRecord& record) {
  const Class of = classOf(error, record);
  if (of == Class::Rate && error.retry_after) {
    std::lock_guard lock(mutex_);
    paused_until_ms_[place.integration->id] = deps_.clock.unixMs() + error.retry_after->count();
  }
  count(place, toString(of));
  if (error.code == ErrorCode::Unauthenticated) judge(place, false, error.message);
  return problem(of, error, record);
}

void Desk::count(const Place& place, std::string_view outcome) {
  deps_.metrics
      .counter("junctor_actions_total", "Acts at providers",
               {{"connector", place.integration->connector}, {"outcome", std::string(outcome)}})
      .add();
}

Result<std::string> Desk::paramsOf(const Order& order, const Place& place,
                                   const plugin::DeclaredAction& declared) const {
  if (order.object_json.empty()) return order.params_json;
  if (declared.object.empty()) {
    return invalidArgument("action '" + order.action + "' takes no canonical object");
  }
  JUNCTOR_TRY(const auto mapping,
              deps_.mappings(order.tenant, place.integration->connector, declared.object));
  return mergedParams(mapping, declared, order.params_json, order.object_json);
}

Answer Desk::act(const Order& order) {
  const auto place = find(order.tenant, order.integration);
  if (!place) return problemOf(place.error());
  if (!place->integration->enabled) {
    return problem(409, "integration-disabled", "the integration is switched off");
  }
  const auto* declared = place->connector->manifest().declared.action(order.action);
  if (!declared) {
    return problem(
        404, "not-found",
        "connector '" + place->integration->connector + "' has no action '" + order.action + "'");
  }
  const auto params = paramsOf(order, *place, *declared);
  if (!params) return problemOf(params.error());
  const bool written = !order.key.empty() && !order.dry_run;
  return written ? journaled(order, *place, *declared, *params)
                 : actOnce(order, *place, *declared, *params);
}

Answer Desk::actOnce(const Order& order, const Place& place, const plugin::DeclaredAction& declared,
                     const std::string& params) {
  if (!order.dry_run) {
    if (auto pause = paused(place)) return *pause;
  }
  plugin::CallRecord record;
  return carryOut(order, place, declared, params, record);
}

// What is written down before the act tells a later process that it may have been done.
Answer Desk::journaled(const Order& order, const Place& place,
                       const plugin::DeclaredAction& declared, const std::string& params) {
  const Journal::Key key{order.tenant, order.integration, order.key,
                         crypto::sha256Hex(order.action + '\n' + params)};
  const auto begun = journal_.begin(key);
  if (!begun) return noJournal(begun.error());
  if (const auto* before = std::get_if<Answer>(&*begun)) return *before;
  const bool lost = std::get<Journal::Go>(*begun) == Journal::Go::Interrupted;
  if (lost && declared.changes && !declared.idempotent) {
    const Answer unknown =
        problem(Class::Unknown,
                unavailable("the server ended in the middle of this act: look at the provider "
                            "before you try again with another key"),
                {});
    const auto kept = journal_.end(key, unknown);
    return kept ? unknown : noJournal(kept.error());
  }
  plugin::CallRecord record;
  auto pause = paused(place);
  const Answer answer = pause ? *pause : carryOut(order, place, declared, params, record);
  // Done, or nobody can tell: that is the answer for good. All else was not done.
  const bool final = answer.status < 300 || answer.status == 502;
  const auto kept = final ? journal_.end(key, answer) : journal_.forget(key);
  return kept || !final ? answer : noJournal(kept.error());
}

Answer Desk::carryOut(const Order& order, const Place& place,
                      const plugin::DeclaredAction& declared, const std::string& params,
                      plugin::CallRecord& record) {
  auto instance = place.connector->create(*place.integration);
  if (!instance) return failed(place, instance.error(), record);
  plugin::CallOptions options;
  options.dry_run = order.dry_run;
  options.cancelled = &stopping_;
  options.record = &record;
  // Where the provider knows no keys, none is sent: a repetition would not be recognised.
  const std::string key = declared.idempotent ? order.key : "";
  const auto result = (*instance)->execute({order.action, params, key}, options);
  if (!result) return failed(place, result.error(), record);
  if (!order.dry_run) count(place, "done");
  return {200, resultJson(order, place, declared, *result)};
}

std::string Desk::resultJson(const Order& order, const Place& place,
                             const plugin::DeclaredAction& declared,
                             const plugin::ActionResult& result) const {
  JsonWriter out;
  out.beginObject().key("integration").string(order.integration);
  out.key("action").string(order.action).key("dry_run").boolean(order.dry_run);
  out.key(order.dry_run ? "request" : "data").raw(result.data_json);
  if (!result.external_id.empty()) out.key("external_id").string(result.external_id);
  if (!result.url.empty()) out.key("url").string(result.url);
  if (!declared.object.empty() && !order.dry_run) {
    const auto mapping =
        deps_.mappings(order.tenant, place.integration->connector, declared.object);
    const std::string object = mapping ? canonicalOf(*mapping, result.data_json) : "";
    if (!object.empty()) out.key("object").raw(object);
  }
  out.endObject();
  return std::move(out).take();
}

Answer Desk::fields(const std::string& tenant, const std::string& integration,
                    const std::string& object) {
  const auto place = find(tenant, integration);
  if (!place) return problemOf(place.error());
  auto instance = place->connector->create(*place->integration);
  plugin::CallRecord record;
  if (!instance) return failed(*place, instance.error(), record);
  plugin::CallOptions options;
  options.cancelled = &stopping_;
  options.record = &record;
  const auto listed = (*instance)->listFields(object, options);
  if (!listed) return failed(*place, listed.error(), record);
  JsonWriter out;
  out.beginObject().key("data").beginArray();
  for (const plugin::Field& field : *listed) writeField(out, field);
  out.endArray().key("next_cursor").null().key("has_more").boolean(false).endObject();
  return {200, std::move(out).take()};
}

Answer Desk::test(const std::string& tenant, const std::string& integration) {
  const auto place = find(tenant, integration);
  if (!place) return problemOf(place.error());
  auto instance = place->connector->create(*place->integration);
  plugin::CallRecord record;
  if (!instance) return failed(*place, instance.error(), record);
  plugin::CallOptions options;
  options.test = true;
  options.cancelled = &stopping_;
  options.record = &record;
  const auto tried = (*instance)->test("{}", options);
  if (!tried) return failed(*place, tried.error(), record);
  judge(*place, true, "");
  return {200, R"({"ok":true})"};
}

}  // namespace junctor::action
