#include <map>

#include "admin/route.h"
#include "base/bytes.h"
#include "base/json_value.h"

namespace junctor::admin {
namespace {

const std::map<std::string_view, const char*> kParameters = {
    {"t", "Tenant id"},
    {"e", "Event id, evt_…"},
    {"d", "Delivery id, dlv_…"},
    {"c", "Connector id"},
    {"k", "Token id, tok_…"},
    {"p", "Replay id, rpl_…"},
    {"i", "Integration id"},
    {"a", "Action of the connector"},
    {"o", "Object of the provider, as the connector names it"},
    {"n", "Destination name"},
    {"s", "Field of the secret"},
    {"r", "Name of a rule script"},
    {"v", "Version of a rule script, 4 to 12 digits"},
    {"o", "Canonical object: contact, ticket, company, deal, message"},
    {"limit", "Items on a page, 1 to 250"},
    {"cursor", "next_cursor of the page before"},
    {"type", "Event type, '*' as wildcard"},
    {"integration", "Integration id"},
    {"source", "Connector id"},
    {"since", "Received at or after: RFC 3339 or Unix milliseconds"},
    {"until", "Received at or before: RFC 3339 or Unix milliseconds"},
    {"state", "pending, waiting, delivered, filtered, dead or discarded"},
    {"event", "Event id"},
    {"destination", "Destination name"},
    {"rule_version", "Script and version that decided, name@hash"},
    {"fingerprint", "Cause of a dead letter, 16 hex digits"},
    {"dry_run", "true: say what would change, change nothing"},
};

// Members by name and type; shown in the order written. "+" = list of texts.
using Shape = std::vector<std::pair<const char*, const char*>>;

Json schemaOf(const Shape& shape) {
  Json properties = Json::object();
  for (const auto& [name, type] : shape) {
    if (std::string_view(type) == "+") {
      properties[name] = {{"type", "array"}, {"items", {{"type", "string"}}}};
    } else if (std::string_view(type) == "list") {
      properties[name] = {{"type", "array"}, {"items", Json::object()}};
    } else if (std::string_view(type) == "any") {
      properties[name] = Json::object();
    } else if (std::string_view(type) == "time") {
      properties[name] = {{"type", {"string", "null"}}, {"format", "date-time"}};
    } else {
      properties[name] = {{"type", type}};
    }
  }
  return {{"type", "object"}, {"properties", std::move(properties)}};
}

Json replaySchema() {
  return schemaOf({{"id", "string"},
                   {"of", "string"},
                   {"state", "string"},
                   {"total", "integer"},
                   {"done", "integer"},
                   {"failed", "integer"},
                   {"rate", "integer"},
                   {"problem", "string"},
                   {"created_by", "string"},
                   {"created_at", "time"},
                   {"ended_at", "time"},
                   {"filter", "object"}});
}

Json schemas() {
  const Shape event = {
      {"id", "string"},          {"type", "string"},      {"tenant", "string"},
      {"integration", "string"}, {"source", "string"},    {"source_event_id", "string"},
      {"occurred_at", "time"},   {"received_at", "time"}, {"actor", "any"},
      {"resource", "object"},    {"sequence", "any"},     {"data", "any"},
      {"metadata", "any"},       {"payload", "any"},      {"request", "object"},
      {"rules", "string"},       {"deliveries", "list"}};
  const Shape delivery = {
      {"id", "string"},           {"event_id", "string"},    {"tenant", "string"},
      {"integration", "string"},  {"destination", "string"}, {"route", "string"},
      {"rule_version", "string"}, {"state", "string"},       {"attempts", "integer"},
      {"next_at", "time"},        {"created_at", "time"},    {"reason", "string"},
      {"order_key", "string"},    {"mapping", "string"},     {"body", "any"},
      {"priority", "string"},     {"fingerprint", "string"}, {"attempt_log", "list"},
      {"steps", "list"}};
  const Shape ledger = {{"requests", "integer"}, {"inbox", "integer"},     {"events", "integer"},
                        {"accepted", "integer"}, {"pending", "integer"},   {"running", "integer"},
                        {"waiting", "integer"},  {"delivered", "integer"}, {"filtered", "integer"},
                        {"dead", "integer"},     {"discarded", "integer"}, {"balanced", "boolean"},
                        {"problem", "string"},   {"checked_at", "time"}};
  return {{"Object", {{"type", "object"}}},
          {"Problem", schemaOf({{"type", "string"},
                                {"title", "string"},
                                {"status", "integer"},
                                {"detail", "string"},
                                {"errors", "list"}})},
          {"Page", schemaOf({{"data", "list"}, {"next_cursor", "any"}, {"has_more", "boolean"}})},
          {"Event", schemaOf(event)},
          {"Delivery", schemaOf(delivery)},
          {"Ledger", schemaOf(ledger)},
          {"ActResult", schemaOf({{"integration", "string"},
                                  {"action", "string"},
                                  {"dry_run", "boolean"},
                                  {"data", "any"},
                                  {"request", "object"},
                                  {"object", "object"},
                                  {"external_id", "string"},
                                  {"url", "string"}})},
          {"Destination", schemaOf({{"name", "string"},
                                    {"type", "string"},
                                    {"url", "string"},
                                    {"state", "string"},
                                    {"problem", "string"},
                                    {"in_flight", "integer"},
                                    {"concurrency_now", "integer"},
                                    {"concurrency_max", "integer"},
                                    {"rate_limit", "string"},
                                    {"timeout_ms", "integer"},
                                    {"mode", "string"}})},
          {"Replay", replaySchema()},
          {"ApplyReport", schemaOf({{"dry_run", "boolean"}, {"changes", "+"}})},
          {"RetryReport",
           schemaOf({{"replayed", "integer"}, {"failed", "list"}, {"has_more", "boolean"}})},
          {"Token", schemaOf({{"id", "string"},
                              {"role", "string"},
                              {"tenant", "string"},
                              {"created_at", "time"},
                              {"expires_at", "time"},
                              {"token", "string"}})}};
}

Json parameterJson(std::string_view name, const char* in) {
  const auto known = kParameters.find(name);
  Json out = {{"name", name}, {"in", in}, {"schema", {{"type", "string"}}}};
  if (known != kParameters.end()) out["description"] = known->second;
  if (in == std::string_view("path")) out["required"] = true;
  return out;
}

Json parametersOf(const Route& route) {
  Json list = Json::array();
  for (size_t at = route.pattern.find('{'); at != std::string_view::npos;
       at = route.pattern.find('{', at + 1)) {
    const size_t end = route.pattern.find('}', at);
    list.push_back(parameterJson(route.pattern.substr(at + 1, end - at - 1), "path"));
  }
  for (const std::string_view name : route.query) list.push_back(parameterJson(name, "query"));
  return list;
}

Json reference(std::string_view schema) {
  return {{"schema", {{"$ref", "#/components/schemas/" + std::string(schema)}}}};
}

Json operationOf(const Route& route) {
  Json operation = {{"summary", route.summary}};
  Json success = {{"description", "Success"}};
  if (route.answer == "Text") {
    success["content"]["text/plain"] = {{"schema", {{"type", "string"}}}};
  } else if (route.answer != "Nothing") {
    success["content"]["application/json"] = reference(route.answer);
  }
  Json failure = {{"description", "What went wrong"}};
  failure["content"]["application/problem+json"] = reference("Problem");
  operation["responses"][std::to_string(route.status)] = std::move(success);
  operation["responses"]["default"] = std::move(failure);
  operation["x-permission"] = toString(route.permission);
  if (Json parameters = parametersOf(route); !parameters.empty()) {
    operation["parameters"] = std::move(parameters);
  }
  if (route.body != Body::None) {
    operation["requestBody"]["required"] = route.body == Body::Required;
    operation["requestBody"]["content"]["application/json"] = reference("Object");
  }
  if (route.permission == Permission::None) operation["security"] = Json::array();
  return operation;
}

}  // namespace

std::string openApi(const std::string& version) {
  Json out = {{"openapi", "3.1.0"},
              {"info", {{"title", "Junctor admin API"}, {"version", version}}}};
  out["security"] = Json::array({{{"bearer", Json::array()}}});
  for (const Route& route : routes()) {
    const std::string method = lowerAscii(route.method);
    out["paths"][std::string(route.pattern)][method] = operationOf(route);
  }
  out["components"]["securitySchemes"]["bearer"] = {{"type", "http"}, {"scheme", "bearer"}};
  out["components"]["schemas"] = schemas();
  return dumpJson(out);
}

}  // namespace junctor::admin
