#include "action/exchange.h"

namespace junctor::action {
namespace {

using mapping::Value;

Result<Value> objectOf(const std::string& json, const char* what) {
  auto value = mapping::parseValue(json);
  if (!value) return invalidArgument(std::string(what) + ": " + value.error().message);
  if (!value->isObject()) return invalidArgument(std::string(what) + " must be an object");
  return value;
}

}  // namespace

Result<std::string> mergedParams(const mapping::Mapping& mapping, const plugin::DeclaredAction& act,
                                 const std::string& params_json, const std::string& object_json) {
  JUNCTOR_TRY(Value params, objectOf(params_json, "params"));
  JUNCTOR_TRY(const Value canonical, objectOf(object_json, "object"));
  JUNCTOR_TRY(mapping::Converted converted, mapping::toExternal(mapping, canonical));
  const Value* object = mapping.envelope.write.read(converted.output);
  if (!object) object = &converted.output;
  if (!act.into.empty()) {
    const Value* given = params.find(act.into);
    Value merged = *object;
    if (given && given->isObject()) {
      for (const auto& member : given->members()) merged.set(member.key, member.value);
    }
    params.set(act.into, std::move(merged));
    return mapping::toJson(params);
  }
  for (const auto& member : object->members()) {
    if (!params.find(member.key)) params.set(member.key, member.value);
  }
  return mapping::toJson(params);
}

std::string canonicalOf(const mapping::Mapping& mapping, const std::string& data_json) {
  const auto data = mapping::parseValue(data_json);
  if (!data || !data->isObject()) return {};
  const auto converted = mapping::fromExternal(mapping, *data);
  if (!converted || converted->output.members().empty()) return {};
  return mapping::toJson(converted->output);
}

}  // namespace junctor::action
