#include "app/cli_rule_steps.h"

#include <fmt/core.h>

#include "app/cli_output.h"
#include "base/bytes.h"
#include "base/files.h"
#include "base/json_value.h"
#include "base/limits.h"

namespace junctor::app {

Result<StepAnswers> StepAnswers::read(const std::string& file) {
  StepAnswers answers;
  if (file.empty()) return answers;
  JUNCTOR_TRY(const std::string text, readFile(file));
  JUNCTOR_TRY(answers.answers_, parseJson(text));
  if (!answers.answers_.is_object()) {
    return invalidArgument(file + R"(: answers are an object: {"call crm": …, "llm": …})");
  }
  return answers;
}

const Json* StepAnswers::find(const script::FlowStep& step) const {
  for (const std::string& name : {step.key, step.kind + " " + step.target, step.kind}) {
    const auto found = answers_.find(name);
    if (found != answers_.end()) return &*found;
  }
  return nullptr;
}

bool StepAnswers::answer(const script::FlowStep& step, ToldStep& told) const {
  const Json* found = find(step);
  if (!found) {
    const bool outside = step.kind == "call" || step.kind == "act" || step.kind == "llm";
    if (step.kind == "emit") told.result_json = "\"evt_example\"";
    return !outside;
  }
  if (found->is_boolean() && !found->get<bool>()) {
    told.error = "the answers say that it fails";
  } else if (found->is_object() && found->size() == 1 && found->contains("error")) {
    told.error = found->at("error").is_string() ? found->at("error").get<std::string>()
                                                : dumpJson(found->at("error"));
  } else if (!found->is_null()) {
    told.result_json = dumpJson(*found);
  }
  return true;
}

ToldFlow StepAnswers::run(script::RuleRunner& runner, const script::Ruleset& rules,
                          const script::FlowInfo& flow, const Event& event, JsonView payload,
                          script::Trace& trace, std::vector<ToldStep>& steps) const {
  ToldFlow told;
  told.name = flow.name;
  script::FlowMemory memory;
  for (;;) {
    auto ran = runner.flow(rules, flow, event, payload, memory, &trace);
    told.error = std::move(ran.error);
    told.finished = ran.value.finished;
    told.result_json = ran.value.result_json;
    if (told.error || told.finished) return told;
    bool goes_on = true;
    for (script::FlowStep& step : ran.value.wanted) {
      ToldStep one;
      one.flow = flow.name;
      one.answered = answer(step, one);
      goes_on = goes_on && one.answered;
      const bool failed = !one.error.empty();
      if (failed && !step.optional && told.dead.empty()) {
        told.dead = fmt::format("step {} ({} {}): {}", step.key, step.kind, step.target, one.error);
      }
      Step done;
      done.key = step.key;
      done.kind = step.kind;
      done.target = step.target;
      done.digest = step.digest;
      done.state = failed ? StepState::Failed : StepState::Done;
      done.result_json = one.result_json;
      done.error = one.error;
      if (one.answered) memory[step.key] = std::move(done);
      one.step = std::move(step);
      steps.push_back(std::move(one));
    }
    if (!goes_on || !told.dead.empty()) return told;
  }
}

void printFlows(const std::vector<ToldFlow>& flows, const std::vector<ToldStep>& steps) {
  for (const ToldStep& told : steps) {
    const script::FlowStep& step = told.step;
    print(fmt::format("{:<12} {} {}: {} {} {}", "step", told.flow, step.key, step.kind,
                      visible(step.target), visible(clipped(step.args_json, 200))));
    if (!told.answered) {
      print(fmt::format("{:<12} none: give \"{} {}\" with --answers FILE", "answer", step.kind,
                        visible(step.target)));
    } else if (!told.error.empty()) {
      print(fmt::format("{:<12} {}", "fails", visible(told.error)));
    } else if (!told.result_json.empty()) {
      print(fmt::format("{:<12} {}", "answer", visible(clipped(told.result_json, 200))));
    }
  }
  for (const ToldFlow& flow : flows) {
    if (flow.finished) {
      print(fmt::format("{:<12} {} {}", "finished", flow.name,
                        visible(clipped(flow.result_json, 200))));
    }
    if (!flow.dead.empty()) {
      print(fmt::format("{:<12} {}: {}", "dead letter", flow.name, visible(flow.dead)));
    }
  }
}

void writeFlows(Json& out, const std::vector<ToldFlow>& flows, const std::vector<ToldStep>& steps) {
  out["steps"] = Json::array();
  const auto parsed = [](const std::string& text) {
    auto json = parseJson(text);
    return json ? std::move(*json) : Json();
  };
  for (const ToldStep& told : steps) {
    out["steps"].push_back({{"flow", told.flow},
                            {"key", told.step.key},
                            {"kind", told.step.kind},
                            {"target", told.step.target},
                            {"body", parsed(told.step.args_json)},
                            {"where", told.step.where},
                            {"answered", told.answered},
                            {"result", parsed(told.result_json)},
                            {"error", told.error}});
  }
  out["flows"] = Json::array();
  for (const ToldFlow& flow : flows) {
    out["flows"].push_back({{"flow", flow.name},
                            {"finished", flow.finished},
                            {"result", parsed(flow.result_json)},
                            {"dead", flow.dead}});
  }
}

}  // namespace junctor::app
