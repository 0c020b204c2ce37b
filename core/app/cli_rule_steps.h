#pragma once
// Flows on the command line: their steps are answered by a file instead of being carried out.
#include <optional>
#include <string>
#include <vector>

#include "base/json_value.h"
#include "script/rules.h"

namespace junctor::app {

// A step that a flow asked for, and what the file says to it.
struct ToldStep {
  std::string flow;
  script::FlowStep step;
  bool answered = false;    // false: it waits; the flow goes no further
  std::string result_json;  // "" = none
  std::string error;
};
struct ToldFlow {
  std::string name;
  bool finished = false;
  std::string result_json;
  std::string dead;  // why it would be a dead letter
  std::optional<script::RuleError> error;
};

// Answers of steps, by the first of these that the file has: the step's key ("2"), its kind and
// target ("call crm"), its kind ("llm"). {"error": "why"} or false: it fails. Steps that reach
// nothing outside (sleep, wait, emit, get, set) need none.
class StepAnswers {
 public:
  // InvalidArgument: no object.
  static Result<StepAnswers> read(const std::string& file);

  // Runs a flow as far as the answers go.
  ToldFlow run(script::RuleRunner& runner, const script::Ruleset& rules,
               const script::FlowInfo& flow, const Event& event, JsonView payload,
               script::Trace& trace, std::vector<ToldStep>& steps) const;

 private:
  const Json* find(const script::FlowStep& step) const;
  // False: there is no answer.
  bool answer(const script::FlowStep& step, ToldStep& told) const;

  Json answers_ = Json::object();
};

void printFlows(const std::vector<ToldFlow>& flows, const std::vector<ToldStep>& steps);
// As "steps" and "flows".
void writeFlows(Json& out, const std::vector<ToldFlow>& flows, const std::vector<ToldStep>& steps);

}  // namespace junctor::app
