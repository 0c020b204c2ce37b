#include "steps/performer.h"

#include "base/limits.h"
#include "base/log.h"
#include "crypto/hash.h"
#include "delivery/cloud_event.h"
#include "delivery/outcome.h"
#include "flow/planner.h"

namespace junctor::steps {
namespace {

using End = StepResult::End;
using script::FlowStep;

StepResult callResult(const Result<net::OutboundResponse>& answer, int64_t now_ms) {
  const delivery::Verdict verdict = delivery::judge(answer, now_ms);
  if (verdict.outcome == AttemptOutcome::Delivered) {
    return StepResult::done(bodyAnswer(answer->body));
  }
  StepResult result =
      StepResult::failed(verdict.try_again ? End::Again : End::Never, verdict.error);
  result.cancelled = !answer && answer.error().code == ErrorCode::Cancelled;
  result.retry_after = verdict.retry_after;
  result.outcome = verdict.outcome;
  result.status = verdict.status;
  return result;
}

StepResult ofStore(const Error& error) {
  return StepResult::failed(End::Again, "the store: " + error.message);
}

}  // namespace

Performer::Performer(PerformerDeps deps)
    : deps_(std::move(deps)),
      keepsakes_(deps_.store, deps_.clock),
      llm_(deps_.store, deps_.clock),
      targets_(std::make_shared<const delivery::TargetTable>()),
      turns_("jn-steps", limits::kFlowActThreads) {}

void Performer::adopt(delivery::TargetTablePtr targets, CatalogPtr catalog) {
  llm_.adopt(std::move(catalog));
  std::lock_guard lock(mutex_);
  targets_ = std::move(targets);
}

// What repetitions are recognised by, within the length that providers take.
std::string Performer::Order::key() const {
  std::string text = delivery.id.text() + "." + step.key;
  return text.size() <= limits::kIdempotencyKeyBytesMax ? text : crypto::sha256Hex(text);
}

void Performer::perform(const Delivery& delivery, const EventPtr& event,
                        const script::FlowInfo& flow, const FlowStep& step, Done done) {
  const auto order = std::make_shared<const Order>(
      Order{delivery, event, step, std::move(done), flow.name, flow.llm});
  if (step.kind == "call" && step.cache_ms == 0) return call(order);
  if (!turns_.run(delivery.tenant, [this, order] { work(order); })) {
    StepResult refused = StepResult::failed(End::Again, "the server stops");
    refused.cancelled = true;
    order->done(std::move(refused));
  }
}

void Performer::work(const OrderPtr& order) {
  const std::string& kind = order->step.kind;
  if (kind == "emit") return emit(order);
  if (kind == "get" || kind == "set") return order->done(keep(*order));
  if (answerFromCache(*order)) return;
  if (kind == "call") return call(order);
  finish(order, kind == "llm" ? chat(*order) : act(*order));
}

bool Performer::answerFromCache(const Order& order) {
  if (order.step.cache_ms == 0) return false;
  const auto known =
      keepsakes_.answer(order.delivery.tenant, order.step.digest, order.step.cache_ms);
  if (!known || !*known) return false;
  order.done(StepResult::done(**known));
  return true;
}

// Answers that others may use are kept before the flow goes on.
void Performer::finish(const OrderPtr& order, StepResult result) {
  if (order->step.cache_ms > 0 && result.end == End::Done) {
    const auto kept = keepsakes_.keepAnswer(order->delivery.tenant, order->step.digest, result.json,
                                            order->step.cache_ms);
    if (!kept) log::warn("steps", {}, "an answer is not kept: {}", kept.error().message);
  }
  order->done(std::move(result));
}

void Performer::call(const OrderPtr& order) {
  delivery::TargetTablePtr table;
  {
    std::lock_guard lock(mutex_);
    table = targets_;
  }
  const FlowStep& step = order->step;
  const delivery::Target* target = table->find(order->delivery.tenant, step.name);
  if (!target) {
    return order->done(
        StepResult::failed(End::Again, "there is no destination '" + step.name + "'"));
  }
  if (!target->unavailable.empty()) {
    return order->done(StepResult::failed(End::Again, target->unavailable));
  }
  const Destination& destination = *target->destination;
  if (destination.type == "log") {
    log::info("steps", {{"tenant", order->delivery.tenant}, {"destination", step.name}}, "called");
    return order->done(StepResult::done(""));
  }
  const std::string& tenant = order->delivery.tenant;
  if (deps_.begin_call) {
    if (const auto wait = deps_.begin_call(tenant, step.name)) {
      return order->done(StepResult::putOff(wait->why, wait->wait_ms, wait->in_trouble));
    }
  }
  const int64_t now = deps_.clock.unixMs();
  net::OutboundRequest request;
  request.url = destination.url;
  request.pool = target->pool;
  request.allow_private = destination.allow_private;
  request.response_bytes_max = limits::kFlowResultBytesMax;
  if (destination.timeout.count() > 0) request.timeout_ms = destination.timeout.count();
  if (step.timeout_ms > 0) request.timeout_ms = step.timeout_ms;
  request.timeout_ms = std::min(request.timeout_ms, limits::kFlowCallMsMax);
  auto body = std::make_shared<const std::string>(step.args_json.empty() ? "null" : step.args_json);
  const std::string id = order->key();
  const Event& event = order->event->event;
  request.headers = {{"Content-Type", "application/json"},
                     {"User-Agent", "Junctor/1"},
                     {"Junctor-Hops", std::to_string(event.hops + 1)},
                     {"traceparent", delivery::traceParent(event, order->delivery.id.uuid.lo)}};
  if (target->signer) {
    for (Header& header : target->signer->sign(id, now / 1000, *body)) {
      request.headers.push_back(std::move(header));
    }
  } else {
    request.headers.emplace_back("webhook-id", id);
  }
  for (const Header& header : target->headers) request.headers.push_back(header);
  request.body = std::move(body);
  deps_.client.send(std::move(request), [this, order](const Result<net::OutboundResponse>& answer) {
    StepResult result = callResult(answer, deps_.clock.unixMs());
    if (deps_.end_call) {
      const delivery::Verdict verdict = delivery::judge(answer, deps_.clock.unixMs());
      const auto wait = verdict.retry_after ? std::optional(verdict.retry_after->count())
                                            : std::optional<int64_t>();
      deps_.end_call(order->delivery.tenant, order->step.name, verdict.sign(), wait);
    }
    const bool keeps = order->step.cache_ms > 0 && result.end == End::Done;
    if (keeps &&
        turns_.run(order->delivery.tenant, [this, order, result] { finish(order, result); })) {
      return;
    }
    order->done(std::move(result));
  });
}

StepResult Performer::act(const Order& order) {
  action::Order asked;
  asked.tenant = order.delivery.tenant;
  asked.integration = order.step.name;
  asked.action = order.step.action;
  asked.params_json = order.step.args_json;
  asked.key = order.key();
  return actResult(deps_.desk.act(asked));
}

// Without a key: asking a model twice changes nothing but the bill.
StepResult Performer::chat(const Order& order) {
  const std::string& tenant = order.delivery.tenant;
  const auto request = mapping::parseValue(order.step.args_json);
  auto params = chatParams(order.step.args_json);
  if (!params) return StepResult::failed(End::Never, params.error().message);
  const mapping::Value* named = request && request->isObject() ? request->find("model") : nullptr;
  const std::string model = named ? named->asText() : "";
  const auto refused = llm_.refuse(tenant, order.flow, order.llm, model);
  if (!refused) return ofStore(refused.error());
  if (*refused && (*refused)->final) return StepResult::failed(End::Never, (*refused)->why);
  if (*refused) return StepResult::putOff((*refused)->why, (*refused)->wait_ms, true);
  action::Order asked;
  asked.tenant = tenant;
  asked.integration = order.step.name;
  asked.action = order.step.action;
  asked.params_json = *params;
  StepResult result = chatResult(actResult(deps_.desk.act(asked)));
  if (result.end != End::Done) return result;
  const auto answer = mapping::parseValue(result.json);
  const auto counted = llm_.add(tenant, order.flow, model, answer ? answer->find("usage") : nullptr,
                                params->size(), result.json.size());
  if (!counted) {
    log::error("steps", {{"tenant", tenant}}, "what a model cost is not counted: {}",
               counted.error().message);
  }
  return result;
}

// A request like any other: durable before the step is, and the same one if it comes again.
void Performer::emit(const OrderPtr& order) {
  const Event& cause = order->event->event;
  auto request = std::make_shared<RawRequest>();
  request->id = deps_.ids.nextEvent();
  request->tenant = order->delivery.tenant;
  request->integration = order->delivery.integration;
  request->connector = flow::Planner::kEmitted;
  request->received_at_ms = deps_.clock.unixMs();
  request->method = "EMIT";
  request->headers = {{"Junctor-Hops", std::to_string(cause.hops + 1)},
                      {"traceparent", delivery::traceParent(cause, order->delivery.id.uuid.lo)}};
  request->body = order->step.args_json;
  request->dedupe_key = "flow:" + order->key();
  deps_.store.append(request, [this, order, request](const Result<store::Appended>& appended) {
    if (!appended) return order->done(ofStore(appended.error()));
    request->claim = appended->claim;
    if (!appended->duplicate) deps_.on_emitted(request);
    order->done(StepResult::done("\"" + appended->id.text() + "\""));
  });
}

StepResult Performer::keep(const Order& order) {
  const std::string& tenant = order.delivery.tenant;
  if (order.step.kind == "get") {
    auto value = keepsakes_.value(tenant, order.step.name);
    return value ? StepResult::done(*std::move(value)) : ofStore(value.error());
  }
  const auto kept = keepsakes_.setValue(tenant, order.step.name, order.step.args_json);
  if (kept) return StepResult::done("");
  const bool full = kept.error().code == ErrorCode::ResourceExhausted;
  return full ? StepResult::failed(End::Never, kept.error().message) : ofStore(kept.error());
}

}  // namespace junctor::steps
