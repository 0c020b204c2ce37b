#include "steps/answers.h"

#include "base/bytes.h"
#include "base/json_writer.h"
#include "base/limits.h"
#include "mapping/value.h"

namespace junctor::steps {
namespace {

using mapping::Value;
using End = StepResult::End;

constexpr int kMayBeDone = 502;  // action::Class::Unknown

std::string textOf(const Value& object, std::string_view name) {
  const Value* found = object.find(name);
  return found && found->isText() ? found->asText() : "";
}

// Where nothing was done, and later the same may go through. A conflict that names a pause is the
// same act under way.
bool mayGoThrough(const action::Answer& answer) {
  return answer.status == 429 || answer.status == 503 || answer.status == 424 ||
         answer.status == 500 || (answer.status == 409 && answer.retry_after);
}

Value message(const char* role, const Value& content) {
  return Value::object({{"role", Value::text(role)}, {"content", content}});
}

// choices[1].message.content
const Value* contentOf(const Value& data) {
  const Value* choices = data.find("choices");
  if (!choices || choices->items().empty()) return nullptr;
  const Value* said = choices->items().front().find("message");
  return said ? said->find("content") : nullptr;
}

}  // namespace

StepResult StepResult::done(std::string json) {
  if (json.size() > limits::kFlowResultBytesMax) {
    return failed(End::Never, "the answer is longer than a flow keeps (256 KiB)");
  }
  StepResult result;
  result.json = std::move(json);
  return result;
}

StepResult StepResult::failed(End end, std::string error) {
  StepResult result;
  result.end = end;
  result.error = std::move(error);
  return result;
}

StepResult StepResult::putOff(std::string why, int64_t wait_ms, bool in_trouble) {
  StepResult result = failed(End::Again, std::move(why));
  result.retry_after = std::chrono::milliseconds(wait_ms);
  result.put_off = true;
  result.in_trouble = in_trouble;
  return result;
}

std::string bodyAnswer(const std::string& body) {
  if (body.empty()) return "";
  if (auto value = mapping::parseValue(body)) return mapping::toJson(*value);
  std::string text;
  appendJsonString(text, body);
  return text;
}

StepResult actResult(const action::Answer& answer) {
  const auto body = mapping::parseValue(answer.json);
  if (!body || !body->isObject()) return StepResult::failed(End::Never, "the answer is no object");
  if (answer.status >= 300) {
    const std::string detail = textOf(*body, "detail");
    StepResult result = StepResult::failed(mayGoThrough(answer) ? End::Again : End::Never,
                                           detail.empty() ? textOf(*body, "title") : detail);
    result.retry_after = answer.retry_after;
    result.outcome = AttemptOutcome::HttpError;
    result.status = answer.status;
    return result;
  }
  Value told = Value::object();
  for (const auto& [from, to] : {std::pair{"data", "data"}, std::pair{"external_id", "id"},
                                 std::pair{"url", "url"}, std::pair{"object", "object"}}) {
    if (const Value* found = body->find(from)) told.set(to, *found);
  }
  return StepResult::done(mapping::toJson(told));
}

StepResult chatResult(StepResult acted) {
  if (acted.status == kMayBeDone) acted.end = End::Again;
  if (acted.end != End::Done) return acted;
  const auto told = mapping::parseValue(acted.json);
  const Value* data = told ? told->find("data") : nullptr;
  const Value* content = data && data->isObject() ? contentOf(*data) : nullptr;
  if (!content || !content->isText()) {
    return StepResult::failed(End::Never, "the model's answer holds no text");
  }
  Value answer = Value::object({{"text", *content}});
  if (auto json = mapping::parseValue(content->asText());
      json && (json->isObject() || json->isArray())) {
    answer.set("json", std::move(*json));
  }
  if (const Value* usage = data->find("usage")) answer.set("usage", *usage);
  return StepResult::done(mapping::toJson(answer));
}

Result<std::string> chatParams(const std::string& request_json) {
  JUNCTOR_TRY(const Value request, mapping::parseValue(request_json));
  if (!request.isObject()) return invalidArgument("a request is a table { model, prompt, … }");
  Value params = Value::object();
  Value messages = Value::array();
  if (const Value* system = request.find("system")) {
    messages.items().push_back(message("system", *system));
  }
  if (const Value* prompt = request.find("prompt")) {
    messages.items().push_back(message("user", *prompt));
  }
  for (const mapping::Member& member : request.members()) {
    const std::string& name = member.key;
    if (name == "system" || name == "prompt") continue;
    if (name == "json") {
      if (!member.value.isBool() || !member.value.asBool()) continue;
      params.set("response_format", Value::object({{"type", Value::text("json_object")}}));
      continue;
    }
    params.set(name, member.value);
  }
  if (!messages.items().empty()) params.set("messages", std::move(messages));
  return mapping::toJson(params);
}

}  // namespace junctor::steps
