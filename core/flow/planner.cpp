#include "flow/planner.h"

#include <fmt/core.h>

#include <charconv>

#include "base/bytes.h"
#include "base/json_writer.h"
#include "base/limits.h"
#include "base/log.h"
#include "model/trail.h"
#include "plugin/verdict.h"

namespace junctor::flow {
namespace {

constexpr const char* kStaleReason = "stale: a newer event of its resource was seen";
constexpr std::string_view kNoRules = "no rules";

int hopsOf(const Headers& headers) {
  const std::string* value = findHeader(headers, "Junctor-Hops");
  if (!value) return 0;
  int hops = 0;
  const auto [end, code] = std::from_chars(value->data(), value->data() + value->size(), hops);
  const bool whole = code == std::errc() && end == value->data() + value->size();
  return whole && hops >= 0 ? hops : limits::kHopsMax;  // a forged counter ends the chain
}

// W3C trace context: the trace id of a valid traceparent, or one made of the event's own id.
std::string correlationOf(const RawRequest& request) {
  const std::string* parent = findHeader(request.headers, "traceparent");
  if (parent && parent->size() == 55 && parent->starts_with("00-") && (*parent)[35] == '-') {
    const std::string trace = parent->substr(3, 32);
    if (fromHex(trace) && trace.find_first_not_of('0') != std::string::npos)
      return lowerAscii(trace);
  }
  return fmt::format("{:016x}{:016x}", request.id.uuid.hi, request.id.uuid.lo);
}

std::string ruleErrorReason(const script::RuleError& error) {
  return (error.crashed ? "rule-crash: " : "rule-error: ") + error.rule + ": " + error.message;
}

std::string connectorReason(const Error& error) {
  return plugin::isFinalVerdict(error) ? error.message : "connector-error: " + describe(error);
}

void logRuleError(const Event& event, const script::RuleError& error) {
  log::error("flow", {{"tenant", event.tenant}, {"event", event.id.text()}, {"rule", error.rule}},
             "{}", error.message);
}

}  // namespace

Planner::Planner(const plugin::Registry& registry, IdSource& ids, const Clock& clock,
                 Freshness* freshness, ShadowBoard* shadows, script::RuleHost& rules)
    : registry_(registry),
      ids_(ids),
      clock_(clock),
      freshness_(freshness),
      shadows_(shadows),
      rules_(rules),
      runner_(rules.makeRunner()) {}

void Planner::adopt(const RulebookPtr& book) {
  const uint64_t connectors = registry_.generation();
  if (book == book_ && connectors == connectors_) return;
  connectors_ = connectors;
  instances_.clear();
  if (book == book_) return;
  book_ = book;
  runner_ = rules_.makeRunner();
}

void Planner::begin(const RulebookPtr& book, const RawRequest& request) {
  adopt(book);
  if (request.connector == kEmitted) return;
  if (const auto of = instance(request)) (*of)->begin(request);  // else plan() says why not
}

Error Planner::putOff(const RawRequest& request) {
  if (request.connector == kEmitted) return plugin::busyError(request.connector);
  if (const auto of = instance(request)) (*of)->putOff(request);
  return plugin::busyError(request.connector);
}

Result<store::FlowOutcome> Planner::plan(const RulebookPtr& book, const RawRequestPtr& request) {
  JUNCTOR_TRY(Draft made, draft(book, request));
  return planOne(std::move(made));
}

Result<store::FlowOutcome> Planner::replan(const RulebookPtr& book, const EventEnvelope& envelope) {
  adopt(book);
  Draft draft;
  draft.request = envelope.request;
  draft.again = true;
  draft.outcome.request_id = envelope.event.request_id;
  draft.outcome.again = true;
  JsonView body;
  if (envelope.event.payload_json.empty()) {
    draft.documents.push_back(document());
    if (auto parsed = draft.documents.back()->parse(envelope.request->body)) body = *parsed;
  }
  addEvent(draft, envelope.event, body);
  return planOne(std::move(draft));
}

Result<store::FlowOutcome> Planner::planOne(Draft draft) {
  judge({&draft, 1});
  return finish(draft);
}

std::unique_ptr<JsonDoc> Planner::document() {
  if (documents_.empty()) return std::make_unique<JsonDoc>();
  auto one = std::move(documents_.back());
  documents_.pop_back();
  return one;
}

Result<Planner::Draft> Planner::draft(const RulebookPtr& book, const RawRequestPtr& request) {
  adopt(book);
  Draft draft;
  draft.request = request;
  draft.outcome.request_id = request->id;
  JsonView body;
  draft.documents.push_back(document());
  if (auto parsed = draft.documents.back()->parse(request->body)) body = *parsed;
  if (request->connector == kEmitted) {
    Event event = emitted(body);
    complete(event, *request, true);
    addEvent(draft, std::move(event), body);
    return draft;
  }
  auto handled = handle(*request, body);
  if (!handled && (plugin::isRestarting(handled.error()) || plugin::isBusy(handled.error()))) {
    return std::move(handled).error();
  }
  if (handled && handled->events.empty()) {
    handled = internalError("connector made no event of the request");
  }
  if (!handled) {
    Event event;
    event.type = request->connector + kUnprocessed;
    complete(event, *request, true);
    completePayload(event, *request, body);
    log::error("flow", {{"tenant", request->tenant}, {"event", request->id.text()}},
               "connector {} failed: {}", request->connector, handled.error().message);
    draft.outcome.deliveries.push_back(
        newDelivery(event, DeliveryState::Dead, connectorReason(handled.error())));
    Delivery& dead = draft.outcome.deliveries.back();
    dead.cause = causeOf(dead, dead.reason);
    draft.outcome.events.push_back(std::move(event));
    return draft;
  }
  draft.events.reserve(handled->events.size());
  bool first = true;
  for (Event& event : handled->events) {
    complete(event, *request, first);
    completePayload(event, *request, body);
    first = false;
    addEvent(draft, std::move(event), body);
  }
  return draft;
}

// What a flow emitted is an event already.
Event Planner::emitted(JsonView body) {
  Event event;
  event.type = body.find("type").asString();
  const auto part = [&](const char* name) {
    const JsonView found = body.find(name);
    return found.valid() ? found.dump() : std::string();
  };
  event.data_json = part("data");
  event.metadata_json = part("metadata");
  event.payload_json = part("payload");
  if (event.payload_json.empty()) event.payload_json = "{}";
  const JsonView resource = body.find("resource");
  event.resource = {resource.find("type").scalarText(), resource.find("id").scalarText()};
  return event;
}

Result<plugin::Instance*> Planner::instance(const RawRequest& request) {
  const auto found = instances_.find(request.integration);
  if (found != instances_.end()) return found->second.get();
  const Integration* integration = book_->catalog->findIntegration(request.integration);
  if (!integration) return notFound("integration " + request.integration + " no longer exists");
  const auto connector = registry_.find(integration->connector);
  if (!connector) return notFound("connector " + integration->connector + " is not installed");
  JUNCTOR_TRY(auto made, connector->createUnasked(*integration));
  return instances_.emplace(request.integration, std::move(made)).first->second.get();
}

Result<plugin::HandleResult> Planner::handle(const RawRequest& request, JsonView body) {
  JUNCTOR_TRY(plugin::Instance * of, instance(request));
  return of->handle(request, body);
}

// Later stages rely on it: without a payload of its own, the event's payload is a JSON body.
void Planner::completePayload(Event& event, const RawRequest& request, JsonView body) {
  if (!event.payload_json.empty() || body.valid()) return;
  appendJsonString(event.payload_json, request.body);
}

void Planner::complete(Event& event, const RawRequest& request, bool first) {
  event.id = first ? request.id : ids_.nextEvent();
  event.request_id = request.id;
  event.tenant = request.tenant;
  event.integration = request.integration;
  event.source = request.connector;
  event.received_at_ms = request.received_at_ms;
  event.correlation_id = correlationOf(request);
  event.hops = hopsOf(request.headers);
}

void Planner::addEvent(Draft& draft, Event event, JsonView body) {
  JsonView payload = body;
  if (!event.payload_json.empty()) {
    draft.documents.push_back(document());
    auto parsed = draft.documents.back()->parse(event.payload_json);
    payload = parsed ? *parsed : JsonView();
  }
  const script::Ruleset* rules = book_->find(event.tenant);
  if (rules) event.rules = rules->versionText();
  const bool runs = rules && event.hops < limits::kHopsMax;
  draft.events.push_back(std::move(event));
  draft.tasks.push_back({runs ? rules : nullptr, nullptr, payload});
  addShadow(draft, draft.events.size() - 1);
}

// The live rules run once more for it: only tenants that try a candidate pay.
void Planner::addShadow(Draft& draft, size_t index) {
  if (shadows_ == nullptr || book_->shadows.empty()) return;
  const Event& event = draft.events[index];
  const auto candidate = book_->shadows.find(event.tenant);
  const script::Ruleset* live = book_->find(event.tenant);
  if (candidate == book_->shadows.end() || !live) return;
  Draft::Shadow shadow;
  shadow.event = index;
  shadow.candidate = candidate->second.get();
  shadow.today.event = shadow.shadow.event = event;
  shadow.today_task = {live, nullptr, draft.tasks[index].payload};
  shadow.shadow_task = {shadow.candidate, nullptr, draft.tasks[index].payload};
  draft.shadows.push_back(std::move(shadow));
}

// Shadows run first, so that they see events as they came.
void Planner::judge(std::span<Draft> drafts) {
  std::vector<script::RuleTask> tasks;
  for (Draft& draft : drafts) {
    for (Draft::Shadow& shadow : draft.shadows) {
      shadow.today_task.event = &shadow.today.event;
      shadow.shadow_task.event = &shadow.shadow.event;
      tasks.push_back(shadow.today_task);
      tasks.push_back(shadow.shadow_task);
    }
    for (size_t i = 0; i < draft.events.size(); ++i) {
      draft.tasks[i].event = &draft.events[i];
      if (draft.tasks[i].rules) tasks.push_back(draft.tasks[i]);
    }
  }
  runner_->run(tasks);
  size_t next = 0;
  for (Draft& draft : drafts) {
    for (Draft::Shadow& shadow : draft.shadows) {
      shadow.today_task = std::move(tasks[next++]);
      shadow.shadow_task = std::move(tasks[next++]);
    }
    for (script::RuleTask& task : draft.tasks) {
      if (task.rules) task = std::move(tasks[next++]);
    }
  }
}

Result<store::FlowOutcome> Planner::finish(Draft& draft) {
  for (const script::RuleTask& task : draft.tasks) {
    const auto& error = task.error();
    if (error && error->retry_ms > 0) {
      return plugin::restartingError(std::chrono::milliseconds(error->retry_ms),
                                     error->rule + ": " + error->message);
    }
  }
  for (size_t i = 0; i < draft.shadows.size(); ++i) noteShadow(draft, i);
  for (size_t i = 0; i < draft.events.size(); ++i) {
    for (Delivery& delivery : deliveriesOf(draft, i)) {
      if (delivery.state == DeliveryState::Dead) {
        delivery.cause = causeOf(delivery, delivery.reason);
      }
      draft.outcome.deliveries.push_back(std::move(delivery));
    }
    draft.outcome.events.push_back(std::move(draft.events[i]));
  }
  for (auto& document : draft.documents) documents_.push_back(std::move(document));
  return std::move(draft.outcome);
}

void Planner::noteShadow(const Draft& draft, size_t index) {
  const Draft::Shadow& shadow = draft.shadows[index];
  const auto outcome = [](const RuleOutcome& made, const script::RuleTask& task) {
    return RuleOutcome{made.event, task.routed.value, task.error(), task.fuel};
  };
  shadows_->note(draft.events[shadow.event].tenant, shadow.candidate->versionText(),
                 clock_.unixMs(), outcome(shadow.today, shadow.today_task),
                 outcome(shadow.shadow, shadow.shadow_task));
}

std::vector<Delivery> Planner::deliveriesOf(Draft& draft, size_t index) {
  Event& event = draft.events[index];
  const script::RuleTask& task = draft.tasks[index];
  if (event.hops >= limits::kHopsMax) {
    const std::string came = rulesIn(draft.request->headers);
    return {
        newDelivery(event, DeliveryState::Dead,
                    fmt::format("loop: {} hops{}{}", event.hops, came.empty() ? "" : ": ", came))};
  }
  if (!task.rules) {
    return {
        newDelivery(event, DeliveryState::Dead, "rule-error: the tenant's rules do not compile")};
  }
  if (task.normalized.error) {
    logRuleError(event, *task.normalized.error);
    return {newDelivery(event, DeliveryState::Dead, ruleErrorReason(*task.normalized.error))};
  }
  // What runs again was seen before: is it the newest still?
  if (freshness_) event.stale = draft.again ? freshness_->stale(event) : freshness_->see(event);
  if (task.rules->routeCount() + task.rules->flowCount() == 0) {
    return {newDelivery(event, DeliveryState::Filtered, std::string(kNoRules))};
  }
  return routed(event, *draft.request, task.routed);
}

std::vector<Delivery> Planner::routed(const Event& event, const RawRequest& request,
                                      const script::Ran<script::Routed>& ran) {
  std::vector<Delivery> deliveries;
  if (ran.error) {
    logRuleError(event, *ran.error);
    deliveries.push_back(newDelivery(event, DeliveryState::Dead, ruleErrorReason(*ran.error)));
    return deliveries;
  }
  for (const script::RouteTarget& target : ran.value.targets) {
    if (deliveries.size() >= limits::kDeliveriesPerEventMax) {
      deliveries.push_back(newDelivery(event, DeliveryState::Dead, "too-many-deliveries"));
      break;
    }
    deliveries.push_back(planned(event, request, target));
  }
  if (deliveries.empty()) {
    deliveries.push_back(newDelivery(event, DeliveryState::Filtered, ran.value.reason));
    deliveries.back().route = ran.value.route;
    deliveries.back().rule_version = ran.value.rule_version;
  }
  return deliveries;
}

Delivery Planner::newDelivery(const Event& event, DeliveryState state, std::string reason) {
  Delivery delivery;
  delivery.id = ids_.nextDelivery();
  delivery.event_id = event.id;
  delivery.tenant = event.tenant;
  delivery.integration = event.integration;
  delivery.state = state;
  delivery.reason = std::move(reason);
  delivery.created_at_ms = clock_.unixMs();
  delivery.next_at_ms = delivery.created_at_ms;
  return delivery;
}

Delivery Planner::planned(const Event& event, const RawRequest& request,
                          const script::RouteTarget& target) {
  const Destination* known = book_->catalog->findDestination(event.tenant, target.destination);
  const bool runs = known || isFlow(target.destination);
  Delivery delivery = newDelivery(event, runs ? DeliveryState::Pending : DeliveryState::Dead,
                                  runs ? "" : "unknown-destination: " + target.destination);
  if (known && !known->retry.schedule.empty()) {
    delivery.next_at_ms += known->retry.schedule.front().count();
  }
  delivery.destination = target.destination;
  delivery.route = target.route;
  delivery.rule_version = target.rule_version;
  delivery.order_key = target.order_key;
  delivery.mapping = target.mapping;
  delivery.body_json = target.body_json;
  delivery.priority = target.priority;
  delivery.latest_only = target.latest_only;
  if (known && !target.problem.empty()) {
    delivery.state = DeliveryState::Dead;
    delivery.reason = "mapping-error: " + target.problem;
  }
  if (delivery.state != DeliveryState::Pending) return delivery;
  const auto loop = loopIn(request.headers, hopOf(event.tenant, target.route, target.destination));
  if (loop) {
    delivery.state = DeliveryState::Dead;
    delivery.reason = "loop: " + *loop + ", and again " + target.route + " > " + target.destination;
  } else if (target.latest_only && event.stale) {
    delivery.state = DeliveryState::Filtered;
    delivery.reason = kStaleReason;
  }
  return delivery;
}

}  // namespace junctor::flow
