#pragma once
// What steps ask of providers and models, and how their answers look to a flow. Pure.
#include <chrono>
#include <optional>
#include <string>

#include "action/verdict.h"
#include "base/result.h"
#include "model/delivery.h"
#include "net/http_message.h"

namespace junctor::steps {

// How one try of a step ended.
struct StepResult {
  enum class End { Done, Again, Never };  // Never: trying again changes nothing
  End end = End::Done;
  std::string json;  // Done: the answer; "" = none
  std::string error;
  std::optional<std::chrono::milliseconds> retry_after;
  AttemptOutcome outcome = AttemptOutcome::Internal;  // of a failure
  int status = 0;
  bool cancelled = false;  // the host stops: as if it had not been tried
  // Not tried: its destination or budget does not let it, until retry_after. An optional step of
  // one that is in trouble fails at once.
  bool put_off = false, in_trouble = false;

  static StepResult done(std::string json);
  static StepResult failed(End end, std::string error);
  static StepResult putOff(std::string why, int64_t wait_ms, bool in_trouble);
};

// A receiver's body: JSON as it is, anything else as a text.
std::string bodyAnswer(const std::string& body);
// { data, id, url, object } of what the desk answered, or why it did not.
StepResult actResult(const action::Answer& answer);
// { text, json, usage } of a chat's result. One that may have been given may be asked for again.
StepResult chatResult(StepResult acted);
// { model, prompt, system, json, … } as the parameters of a chat: prompt and system become
// messages, json = true a response format.
Result<std::string> chatParams(const std::string& request_json);

}  // namespace junctor::steps
