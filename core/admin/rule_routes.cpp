// Rules as versions: draft, shadow, live, retired; tests, dry runs and comparisons before a change.
#include <algorithm>

#include "admin/answers.h"
#include "admin/handlers.h"
#include "admin/query.h"
#include "admin/render.h"
#include "base/json_value.h"
#include "base/limits.h"
#include "crypto/hash.h"
#include "flow/rule_history.h"
#include "flow/tenant_check.h"

namespace junctor::admin {
namespace {

flow::RuleHistory historyOf(Call& call) {
  return {call.services.store(), call.services.clock()};
}

Tenant tenantOf(Call& call) {
  return *call.services.catalog()->findTenant(call.tenant());
}

const std::string& ruleNameOf(const Call& call) {
  return call.path.at("r");
}

void writeVersion(JsonWriter& out, const flow::RuleVersion& version, bool source) {
  out.key("name").string(version.script.name);
  out.key("version").string(version.script.version);
  out.key("state").string(flow::toString(version.state));
  out.key("note").string(version.note);
  writeTime(out, "created_at", version.created_at_ms);
  writeTime(out, "live_at", version.live_at_ms);
  writeTime(out, "retired_at", version.retired_at_ms);
  if (source) out.key("source").string(version.script.source);
}

std::string versionJson(const flow::RuleVersion& version, bool source) {
  JsonWriter out;
  out.beginObject();
  writeVersion(out, version, source);
  out.endObject();
  return std::move(out).take();
}

void put(std::vector<RuleScript>& scripts, const RuleScript& script) {
  std::erase_if(scripts, [&](const RuleScript& one) { return one.name == script.name; });
  scripts.push_back(script);
  std::sort(scripts.begin(), scripts.end(),
            [](const RuleScript& a, const RuleScript& b) { return a.name < b.name; });
}

bool take(std::vector<RuleScript>& scripts, const std::string& name) {
  return std::erase_if(scripts, [&](const RuleScript& one) { return one.name == name; }) > 0;
}

Answered edited(Call& call, const TenantChange& change) {
  JUNCTOR_TRY(const ApplyReport report, call.services.edit(call.tenant(), change, false));
  if (!report.problems.empty()) return unprocessable("rules-refused", report.problems);
  JsonWriter out;
  out.beginObject().key("changes").beginArray();
  for (const std::string& line : report.changes) out.string(line);
  out.endArray().endObject();
  return net::jsonResponse(200, std::move(out).take());
}

Answered madeLive(Call& call, const RuleScript& script) {
  return edited(call, [&](Tenant& tenant) -> Result<void> {
    put(tenant.rules, script);
    const auto same = [&](const RuleScript& one) {
      return one.name == script.name && one.version == script.version;
    };
    std::erase_if(tenant.shadows, same);
    return {};
  });
}

// The tenant's rules with one version in place; "" = as they are live.
Result<script::RulesetPtr> rulesWith(Call& call, const std::string& version) {
  const Tenant tenant = tenantOf(call);
  std::vector<RuleScript> scripts = tenant.rules;
  if (!version.empty()) {
    JUNCTOR_TRY(const auto found, historyOf(call).find(tenant, ruleNameOf(call), version));
    put(scripts, found.script);
  }
  std::vector<std::string> problems;
  return call.services.ruleChecks().compile(
      scripts, flow::surroundingsOf(tenant, call.services.shippedMappings(), problems));
}

void writeComparison(JsonWriter& out, const flow::Comparison& comparison) {
  out.key("events").integer(comparison.events).key("changed").integer(comparison.changed);
  out.key("errors_before").integer(comparison.errors_before);
  out.key("errors_after").integer(comparison.errors_after);
  out.key("fuel_before").integer(comparison.fuel_before);
  out.key("fuel_after").integer(comparison.fuel_after);
  out.key("paths").beginArray();
  for (const auto& [path, change] : comparison.paths) {
    out.beginObject().key("path").string(path).key("events").integer(change.events);
    out.key("examples").beginArray();
    for (const std::string& example : change.examples) out.string(example);
    out.endArray();
    out.key("before").string(change.before).key("after").string(change.after).endObject();
  }
  out.endArray();
}

void writeTests(JsonWriter& out, const script::TestReport& report) {
  out.key("tests").beginArray();
  for (const script::TestResult& test : report.results) {
    out.beginObject().key("script").string(test.script).key("name").string(test.name);
    out.key("passed").boolean(test.passed).key("message").string(test.message);
    out.key("fuel").integer(test.fuel).endObject();
  }
  out.endArray().key("coverage").beginArray();
  for (const auto& [label, one] : report.coverage) {
    out.beginObject().key("script").string(label).key("lines").unsignedInteger(one.lines.size());
    out.key("covered").unsignedInteger(one.covered()).key("uncovered").beginArray();
    for (const int line : one.lines) {
      if (!one.hits.contains(line)) out.integer(line);
    }
    out.endArray().endObject();
  }
  out.endArray();
}

void writeTargets(JsonWriter& out, const script::Routed& routed) {
  out.key("targets").beginArray();
  for (const script::RouteTarget& target : routed.targets) {
    out.beginObject().key("destination").string(target.destination);
    out.key("route").string(target.route).key("rule_version").string(target.rule_version);
    out.key("order_key").string(target.order_key).key("mapping").string(target.mapping);
    writeJsonOr(out, "body", target.body_json);
    out.key("problem").string(target.problem).endObject();
  }
  out.endArray();
  out.key("dropped").boolean(routed.dropped).key("reason").string(routed.reason);
}

void writeTrace(JsonWriter& out, const script::Trace& trace) {
  out.key("fuel").integer(trace.fuel).key("trace").beginArray();
  for (const std::string& line : trace.lines) out.string(line);
  out.endArray().key("reads").beginArray();
  for (const auto& read : trace.reads) {
    out.beginObject().key("path").string(read.path).key("value").string(read.value);
    out.key("absent").boolean(read.value.empty()).key("times").integer(read.times).endObject();
  }
  out.endArray().key("clauses").beginArray();
  for (const auto& clause : trace.clauses) {
    out.beginObject().key("route").string(clause.route).key("path").string(clause.path);
    out.key("value").string(clause.value).key("matched").boolean(clause.matched).endObject();
  }
  out.endArray().key("lines").beginArray();
  for (const auto& [script, lines] : trace.hits) {
    for (const auto& [line, times] : lines) {
      out.beginObject().key("script").string(script).key("line").integer(line);
      out.key("times").integer(times).endObject();
    }
  }
  out.endArray();
}

Result<RuleScript> scriptOf(Call& call, const Json& body) {
  JUNCTOR_TRY(std::string source, textOf(body, "source"));
  if (source.empty()) return invalidArgument("the body has no \"source\"");
  if (source.size() > limits::kRuleSourceBytesMax)
    return invalidArgument("the script is too large");
  const std::string version = crypto::sha256Hex(source).substr(0, 12);
  return RuleScript{call.tenant(), ruleNameOf(call), std::move(source), version};
}

}  // namespace

Answered ruleVersions(Call& call) {
  JUNCTOR_TRY(const auto found, historyOf(call).versions(tenantOf(call), ruleNameOf(call)));
  std::vector<std::string> items;
  for (const auto& version : found) items.push_back(versionJson(version, false));
  return page(items);
}

Answered ruleVersion(Call& call) {
  JUNCTOR_TRY(const auto found,
              historyOf(call).find(tenantOf(call), ruleNameOf(call), call.path.at("v")));
  return net::jsonResponse(200, versionJson(found, true));
}

// A draft may be wrong: what is wrong with it is told, and keeps it from going live.
Answered draftRule(Call& call) {
  JUNCTOR_TRY(const Json body, bodyOf(call, {"source", "note"}));
  JUNCTOR_TRY(const RuleScript script, scriptOf(call, body));
  JUNCTOR_TRY(const std::string note, textOf(body, "note"));
  JUNCTOR_CHECK(historyOf(call).draft(call.tenant(), script, note));
  Tenant tenant = tenantOf(call);
  put(tenant.rules, script);
  const auto check =
      flow::checkTenant(tenant, call.services.shippedMappings(), false, call.services.ruleChecks());
  JsonWriter out;
  out.beginObject().key("name").string(script.name).key("version").string(script.version);
  out.key("problems").beginArray();
  for (const std::string& problem : check.told()) out.string(problem);
  out.endArray().endObject();
  return net::jsonResponse(201, std::move(out).take());
}

Answered publishRule(Call& call) {
  JUNCTOR_TRY(const Json body, bodyOf(call, {"version", "as"}));
  JUNCTOR_TRY(const std::string version, textOf(body, "version"));
  JUNCTOR_TRY(const std::string as, textOf(body, "as"));
  if (!as.empty() && as != "live" && as != "shadow") {
    return invalidArgument("\"as\" is live or shadow");
  }
  JUNCTOR_TRY(const auto found, historyOf(call).find(tenantOf(call), ruleNameOf(call), version));
  if (as != "shadow") return madeLive(call, found.script);
  if (found.state == flow::RuleState::Live) return invalidArgument("that version is live");
  return edited(call, [&](Tenant& tenant) -> Result<void> {
    put(tenant.shadows, found.script);
    return {};
  });
}

Answered rollbackRule(Call& call) {
  JUNCTOR_CHECK(emptyBody(call));
  JUNCTOR_TRY(const auto found, historyOf(call).previous(tenantOf(call), ruleNameOf(call)));
  return madeLive(call, found.script);
}

Answered retireRule(Call& call) {
  return edited(call, [&](Tenant& tenant) -> Result<void> {
    if (!take(tenant.rules, ruleNameOf(call))) return notFound("no version of that rule is live");
    return {};
  });
}

Answered endShadow(Call& call) {
  return edited(call, [&](Tenant& tenant) -> Result<void> {
    if (!take(tenant.shadows, ruleNameOf(call)))
      return notFound("no version of that rule is a shadow");
    return {};
  });
}

Answered shadowReport(Call& call) {
  const flow::ShadowReport report = call.services.shadowReport(call.tenant());
  JsonWriter out;
  out.beginObject().key("rules").string(report.rules);
  writeTime(out, "since", report.since_ms);
  writeComparison(out, report.comparison);
  out.endObject();
  return net::jsonResponse(200, std::move(out).take());
}

Answered testRule(Call& call) {
  JUNCTOR_TRY(const Json body, bodyOf(call, {"version"}));
  JUNCTOR_TRY(const std::string version, textOf(body, "version"));
  Tenant tenant = tenantOf(call);
  if (!version.empty()) {
    JUNCTOR_TRY(const auto found, historyOf(call).find(tenant, ruleNameOf(call), version));
    put(tenant.rules, found.script);
  }
  const auto check =
      flow::checkTenant(tenant, call.services.shippedMappings(), true, call.services.ruleChecks());
  JsonWriter out;
  out.beginObject().key("ok").boolean(check.fit()).key("problems").beginArray();
  for (const auto& problem : check.problems) out.string(problem.message);
  for (const std::string& problem : check.tests.problems) out.string(problem);
  out.endArray();
  writeTests(out, check.tests);
  out.endObject();
  return net::jsonResponse(200, std::move(out).take());
}

Answered dryRun(Call& call) {
  JUNCTOR_TRY(const Json body, bodyOf(call, {"event", "version"}));
  JUNCTOR_TRY(const std::string id, textOf(body, "event"));
  JUNCTOR_TRY(const std::string version, textOf(body, "version"));
  const auto event_id = EventId::parse(id);
  if (!event_id) return invalidArgument("\"event\" is an event's id, evt_…");
  JUNCTOR_TRY(const EventPtr envelope, call.services.store().loadEvent(call.tenant(), *event_id));
  JUNCTOR_TRY(const auto rules, rulesWith(call, version));
  JsonDoc document;
  const auto payload = document.parse(envelope->payload());
  const JsonView root = payload ? *payload : JsonView();
  Event event = envelope->event;
  script::Trace trace;
  trace.details = true;
  const auto runner = call.services.ruleChecks().makeRunner();
  const auto normalized = runner->normalize(*rules, event, root, &trace);
  script::Ran<script::Routed> routed;
  routed.error = normalized.error;
  if (!normalized.error) routed = runner->route(*rules, event, root, &trace);
  JsonWriter out;
  out.beginObject().key("type").string(event.type).key("normalized").boolean(normalized.value);
  writeJsonOr(out, "data", event.data_json);
  writeTargets(out, routed.value);
  out.key("error");
  if (routed.error) {
    out.beginObject().key("rule").string(routed.error->rule);
    out.key("text").string(routed.error->message).endObject();
  } else {
    out.null();
  }
  writeTrace(out, trace);
  out.endObject();
  return net::jsonResponse(200, std::move(out).take());
}

Answered releaseRules(Call& call) {
  JUNCTOR_CHECK(emptyBody(call));
  JUNCTOR_CHECK(call.services.releaseRules(call.tenant()));
  return net::jsonResponse(200, R"({"status":"released"})");
}

// One page of stored events through two versions; the caller asks again with the cursor.
Answered compareRule(Call& call) {
  JUNCTOR_TRY(const Json body, bodyOf(call, {"version", "against", "since", "cursor"}));
  JUNCTOR_TRY(const std::string version, textOf(body, "version"));
  JUNCTOR_TRY(const std::string against, textOf(body, "against"));
  JUNCTOR_TRY(const std::string since, textOf(body, "since"));
  if (version.empty()) return invalidArgument("the body has no \"version\"");
  store::EventQuery query;
  query.tenant = call.tenant();
  query.limit = limits::kPageMax;
  JUNCTOR_TRY(query.cursor, textOf(body, "cursor"));
  if (!since.empty()) {
    JUNCTOR_TRY(query.since_ms, parseTime(since));
  }
  JUNCTOR_TRY(const auto before, rulesWith(call, against));
  JUNCTOR_TRY(const auto after, rulesWith(call, version));
  JUNCTOR_TRY(const auto compared, flow::comparePage(call.services.store(), query, *before, *after,
                                                     call.services.ruleChecks()));
  JsonWriter out;
  out.beginObject();
  writeComparison(out, compared.comparison);
  writeTime(out, "oldest", compared.oldest_ms);
  out.key("next_cursor").string(compared.next_cursor);
  out.endObject();
  return net::jsonResponse(200, std::move(out).take());
}

}  // namespace junctor::admin
