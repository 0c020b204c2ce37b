#include "admin/render.h"

#include "base/clock.h"
#include "base/json_doc.h"
#include "base/limits.h"
#include "flow/replay.h"

namespace junctor::admin {
namespace {

void writeSecrets(JsonWriter& out, const char* key, const std::vector<SecretRef>& list) {
  out.key(key).beginArray();
  for (const SecretRef& secret : list) out.string(secret.text);
  out.endArray();
}

// A header whose value is a reference keeps it; one that is a literal shows it: config refuses
// literal credentials.
void headers(JsonWriter& out, const Headers& list) {
  out.key("headers").beginArray();
  for (const auto& [name, value] : list) {
    out.beginObject().key("name").string(name).key("value").string(value).endObject();
  }
  out.endArray();
}

}  // namespace

void writeTime(JsonWriter& out, const char* key, int64_t unix_ms) {
  out.key(key);
  if (unix_ms == 0) {
    out.null();
  } else {
    out.string(formatRfc3339(unix_ms));
  }
}

void writeJsonOr(JsonWriter& out, const char* key, std::string_view json) {
  out.key(key);
  if (json.empty()) {
    out.null();
  } else if (checkJson(json)) {
    out.raw(json);
  } else {
    out.string(json);  // not JSON after all: as text
  }
}

void writeEvent(JsonWriter& out, const Event& event) {
  out.key("id").string(event.id.text());
  out.key("type").string(event.type);
  out.key("tenant").string(event.tenant);
  out.key("integration").string(event.integration);
  out.key("source").string(event.source);
  out.key("source_event_id").string(event.source_event_id);
  writeTime(out, "occurred_at", event.occurred_at_ms);
  writeTime(out, "received_at", event.received_at_ms);
  writeJsonOr(out, "actor", event.actor_json);
  out.key("resource").beginObject();
  out.key("type").string(event.resource.type).key("id").string(event.resource.id).endObject();
  out.key("sequence");
  if (event.sequence) {
    out.integer(*event.sequence);
  } else {
    out.null();
  }
  out.key("correlation_id").string(event.correlation_id);
  out.key("hops").integer(event.hops);
  out.key("stale").boolean(event.stale);
  out.key("request_id").string(event.request_id.text());
  out.key("rules").string(event.rules);
}

void writeDelivery(JsonWriter& out, const Delivery& delivery) {
  out.key("id").string(delivery.id.text());
  out.key("event_id").string(delivery.event_id.text());
  out.key("tenant").string(delivery.tenant);
  out.key("integration").string(delivery.integration);
  out.key("destination").string(delivery.destination);
  out.key("route").string(delivery.route);
  out.key("rule_version").string(delivery.rule_version);
  out.key("state").string(toString(delivery.state));
  out.key("attempts").integer(delivery.attempts);
  const bool behind = delivery.next_at_ms == kBehindAnother;
  writeTime(out, "next_at",
            delivery.state == DeliveryState::Pending && !behind ? delivery.next_at_ms : 0);
  writeTime(out, "created_at", delivery.created_at_ms);
  out.key("reason").string(delivery.reason);
  out.key("order_key").string(delivery.order_key);
  out.key("mapping").string(delivery.mapping);
  out.key("priority").string(toString(delivery.priority));
  out.key("fingerprint").string(delivery.cause == 0 ? "" : flow::causeText(delivery.cause));
}

void writeAttempts(JsonWriter& out, const std::vector<Attempt>& attempts) {
  out.key("attempt_log").beginArray();
  for (const Attempt& attempt : attempts) {
    out.beginObject();
    out.key("number").integer(attempt.number);
    writeTime(out, "started_at", attempt.started_at_ms);
    out.key("latency_us").integer(attempt.latency_us);
    out.key("outcome").string(toString(attempt.outcome));
    out.key("status").integer(attempt.status);
    out.key("error").string(attempt.error);
    out.key("request_head").string(attempt.request_head);
    out.key("response_head").string(attempt.response_head);
    out.endObject();
  }
  out.endArray();
}

Result<std::vector<Step>> stepsOf(store::Store& store, const Delivery& delivery) {
  if (!isFlow(delivery.destination)) return std::vector<Step>();
  return store.listSteps(delivery.id);
}

void writeSteps(JsonWriter& out, const std::vector<Step>& steps) {
  out.key("steps").beginArray();
  for (const Step& step : steps) {
    out.beginObject();
    out.key("key").string(step.key);
    out.key("kind").string(step.kind);
    out.key("target").string(step.target);
    out.key("state").string(toString(step.state));
    out.key("tries").integer(step.tries);
    writeTime(out, "started_at", step.started_at_ms);
    writeTime(out, "due_at", isFinished(step.state) ? 0 : step.due_at_ms);
    if (step.ended_at_ms != 0) out.key("ms").integer(step.ended_at_ms - step.started_at_ms);
    out.key("result").string(
        std::string_view(step.result_json).substr(0, limits::kRuleErrorBytesMax));
    out.key("error").string(step.error);
    out.endObject();
  }
  out.endArray();
}

void writeRequest(JsonWriter& out, const RawRequest& request) {
  out.key("request").beginObject();
  out.key("id").string(request.id.text());
  out.key("method").string(request.method);
  out.key("url").string(request.url);
  out.key("remote_ip").string(request.remote_ip);
  out.key("dedupe_key").string(request.dedupe_key);
  out.key("body_bytes").unsignedInteger(request.body.size());
  headers(out, request.headers);
  out.endObject();
}

void writeToken(JsonWriter& out, const store::Token& token) {
  out.key("id").string(token.id);
  out.key("role").string(token.role);
  out.key("tenant").string(token.tenant);
  writeTime(out, "created_at", token.created_at_ms);
  writeTime(out, "expires_at", token.expires_at_ms);
}

// Every accepted event × handler is in exactly one of these states. A running delivery is still
// pending in the store.
void writeLedger(JsonWriter& out, const store::Ledger& ledger) {
  out.key("requests").integer(ledger.requests);
  out.key("inbox").integer(ledger.inbox);
  out.key("events").integer(ledger.events);
  out.key("accepted").integer(ledger.accepted);
  for (int state = 0; state < 7; ++state) {
    out.key(toString(static_cast<DeliveryState>(state))).integer(ledger.deliveries[state]);
  }
}

std::string eventJson(const Event& event) {
  JsonWriter out;
  out.beginObject();
  writeEvent(out, event);
  out.endObject();
  return std::move(out).take();
}

std::string deliveryJson(const Delivery& delivery) {
  JsonWriter out;
  out.beginObject();
  writeDelivery(out, delivery);
  out.endObject();
  return std::move(out).take();
}

namespace {

std::string_view statusOf(const Integration& integration, const std::string& problem,
                          const oauth::Status& credential) {
  if (!integration.enabled) return "paused";
  if (!problem.empty()) return "error";
  return credential.state == oauth::State::None ? "active" : oauth::toString(credential.state);
}

}  // namespace

std::string integrationJson(const Integration& integration, const std::string& public_url,
                            const std::string& problem, const oauth::Status& credential) {
  const std::string& base = integration.public_url.empty() ? public_url : integration.public_url;
  JsonWriter out;
  out.beginObject();
  out.key("id").string(integration.id);
  out.key("connector").string(integration.connector);
  out.key("status").string(statusOf(integration, problem, credential));
  const bool refused = credential.state == oauth::State::Error;
  out.key("problem").string(problem.empty() && refused ? credential.reason : problem);
  out.key("enabled").boolean(integration.enabled);
  out.key("unsigned").boolean(integration.unsigned_ok);
  out.key("webhook_url").string(base + "/v1/webhooks/incoming/" + integration.id);
  writeSecrets(out, "webhook_secrets", integration.webhook_secrets);
  writeJsonOr(out, "settings", integration.settings_json);
  out.key("public_url").string(integration.public_url);
  out.key("body_bytes_max").unsignedInteger(integration.body_bytes_max);
  out.key("allow_from").beginArray();
  for (const std::string& network : integration.allow_from) out.string(network);
  out.endArray().key("allow_private").boolean(integration.allow_private);
  out.endObject();
  return std::move(out).take();
}

std::string destinationJson(const Destination& destination, const DestinationHealth& health) {
  JsonWriter out;
  out.beginObject();
  out.key("name").string(destination.name);
  out.key("problem").string(health.problem);
  out.key("state").string(health.state);
  out.key("in_flight").unsignedInteger(health.in_flight);
  out.key("concurrency_now").unsignedInteger(health.concurrency);
  out.key("concurrency_max")
      .unsignedInteger(destination.concurrency > 0 ? destination.concurrency
                                                   : limits::kInFlightPerDestination);
  out.key("rate_limit").string(destination.rate.text());
  out.key("type").string(destination.type);
  out.key("url").string(destination.url);
  out.key("allow_private").boolean(destination.allow_private);
  writeSecrets(out, "signing_secrets", destination.signing_secrets);
  out.key("retry").beginObject().key("schedule_ms").beginArray();
  for (const auto wait : destination.retry.schedule) out.integer(wait.count());
  out.endArray().endObject();
  headers(out, destination.headers);
  out.key("timeout_ms").integer(destination.timeout.count());
  out.key("mode").string(destination.binary_mode ? "binary" : "structured");
  out.endObject();
  return std::move(out).take();
}

std::string ruleJson(const RuleScript& rule) {
  JsonWriter out;
  out.beginObject();
  out.key("name").string(rule.name).key("version").string(rule.version);
  out.key("source").string(rule.source).endObject();
  return std::move(out).take();
}

std::string connectorJson(const plugin::Manifest& manifest, const std::string& runs_in) {
  JsonWriter out;
  out.beginObject();
  out.key("id").string(manifest.id).key("name").string(manifest.name);
  out.key("version").string(manifest.version).key("license").string(manifest.license);
  out.key("summary").string(manifest.summary);
  if (!runs_in.empty()) out.key("runs_in").string(runs_in);
  out.key("events").beginArray();
  for (const std::string& event : manifest.events) out.string(event);
  out.endArray();
  out.key("samples").beginArray();
  for (const plugin::Sample& sample : manifest.samples) {
    out.beginObject().key("event").string(sample.event).key("file").string(sample.file).endObject();
  }
  out.endArray().endObject();
  return std::move(out).take();
}

}  // namespace junctor::admin
