#include "base/clock.h"
#include "base/json_doc.h"
#include "base/json_writer.h"
#include "base/limits.h"
#include "script/event_fields.h"
#include "script/flow.h"
#include "script/glob.h"

namespace junctor::script {
namespace {

using mapping::Value;

bool sameText(const std::optional<std::string>& wanted, const std::string& text) {
  if (!wanted) return true;
  if (!Glob::hasWildcard(*wanted)) return *wanted == text;
  const auto glob = Glob::parse(*wanted);
  return glob && glob->matches(text);
}

bool isScalar(const Value& value) {
  return value.type() == Value::Type::Text || value.type() == Value::Type::Number ||
         value.type() == Value::Type::Bool;
}

std::string scalarText(const Value& value) {
  if (value.type() == Value::Type::Bool) return value.asBool() ? "true" : "false";
  return value.asText();
}

}  // namespace

Result<WaitPattern> WaitPattern::parse(const std::string& json) {
  JUNCTOR_TRY(const Value value, mapping::parseValue(json));
  if (!value.isObject()) return invalidArgument("a pattern is a table");
  WaitPattern pattern;
  for (const mapping::Member& member : value.members()) {
    if (member.key == "where") {
      if (!member.value.isObject()) return invalidArgument("'where' is a table of path = value");
      for (const mapping::Member& field : member.value.members()) {
        if (!parsePath(field.key)) return invalidArgument("'" + field.key + "' is no path");
        if (!isScalar(field.value))
          return invalidArgument("where." + field.key + " is no plain value");
        pattern.equal_.emplace_back(field.key, scalarText(field.value));
      }
      continue;
    }
    auto* place = member.key == "type"          ? &pattern.type_
                  : member.key == "source"      ? &pattern.source_
                  : member.key == "integration" ? &pattern.integration_
                                                : nullptr;
    if (!place) return invalidArgument("unknown key '" + member.key.substr(0, 60) + "'");
    if (member.value.type() != Value::Type::Text || !Glob::parse(member.value.asText())) {
      return invalidArgument("'" + member.key + "' is no pattern");
    }
    *place = member.value.asText();
  }
  if (!pattern.type_) return invalidArgument("'type' is missing");
  return pattern;
}

bool WaitPattern::matches(const EventEnvelope& envelope) const {
  const Event& event = envelope.event;
  if (!sameText(type_, event.type) || !sameText(source_, event.source) ||
      !sameText(integration_, event.integration)) {
    return false;
  }
  if (equal_.empty()) return true;
  JsonDoc document;
  JsonView payload;
  if (auto parsed = document.parse(envelope.payload())) payload = *parsed;
  EventFields fields;
  fields.reset(event, payload);
  for (const auto& [path, text] : equal_) {
    const Field field = fields.find(*parsePath(path));
    if (field.absent() || field.scalarText() != text) return false;
  }
  return true;
}

std::string waitAnswer(const EventEnvelope& envelope) {
  const Event& event = envelope.event;
  const auto write = [&](bool payload) {
    JsonWriter out;
    out.beginObject().key("id").string(event.id.text()).key("type").string(event.type);
    out.key("source").string(event.source).key("integration").string(event.integration);
    out.key("received_at").string(formatRfc3339(event.received_at_ms));
    out.key("resource").beginObject();
    if (!event.resource.type.empty()) out.key("type").string(event.resource.type);
    if (!event.resource.id.empty()) out.key("id").string(event.resource.id);
    out.endObject();
    if (!event.actor_json.empty()) out.key("actor").raw(event.actor_json);
    if (!event.data_json.empty()) out.key("data").raw(event.data_json);
    if (payload) out.key("payload").raw(envelope.payload());
    out.endObject();
    return std::move(out).take();
  };
  std::string whole = write(true);
  return whole.size() <= limits::kFlowResultBytesMax ? whole : write(false);
}

}  // namespace junctor::script
