// Acting at providers. Bodies are read number by number as written: ids beyond 2^53 pass exactly.
#include <algorithm>

#include "admin/answers.h"
#include "admin/conditions.h"
#include "admin/handlers.h"
#include "admin/query.h"
#include "admin/render.h"
#include "base/json_value.h"
#include "mapping/value.h"

namespace junctor::admin {
namespace {

using mapping::Value;

struct FoundIntegration {
  CatalogPtr catalog;
  const Integration* integration = nullptr;
  std::shared_ptr<plugin::Connector> connector;  // null: not loaded
};
Result<FoundIntegration> find(const Call& call) {
  FoundIntegration found{call.services.catalog(), nullptr, nullptr};
  const Tenant& tenant = *found.catalog->findTenant(call.tenant());
  const auto at = tenant.integrations.find(call.path.at("i"));
  if (at == tenant.integrations.end()) {
    return notFound("there is no integration '" + call.path.at("i") + "'");
  }
  found.integration = &at->second;
  found.connector = call.services.connectors().find(at->second.connector);
  return found;
}

Result<action::Order> orderOf(const Call& call) {
  JUNCTOR_TRY(const Value body, mapping::parseValue(call.http.body));
  if (!body.isObject()) return invalidArgument("the body must be an object");
  action::Order order{call.tenant(), call.path.at("i"), call.path.at("a")};
  for (const auto& [key, value] : body.members()) {
    if (key == "dry_run" && value.isBool()) {
      order.dry_run = value.asBool();
    } else if (key == "params" && value.isObject()) {
      order.params_json = mapping::toJson(value);
    } else if (key == "object" && value.isObject()) {
      order.object_json = mapping::toJson(value);
    } else {
      return invalidArgument("'" + key + "': params and object are objects, dry_run is a boolean");
    }
  }
  JUNCTOR_TRY(order.key, idempotencyKeyOf(call.http));
  return order;
}

net::HttpResponse responseOf(action::Answer answer) {
  net::HttpResponse response = net::jsonResponse(answer.status, std::move(answer.json));
  if (answer.status >= 400) {
    response.headers = {{"Content-Type", "application/problem+json"}};
  }
  if (answer.replayed) response.headers.emplace_back("Idempotency-Replayed", "true");
  if (answer.retry_after) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(*answer.retry_after).count();
    response.headers.emplace_back("Retry-After", std::to_string(std::max<int64_t>(1, wait)));
  }
  return response;
}

std::string actionJson(const plugin::DeclaredAction& action) {
  JsonWriter out;
  out.beginObject().key("name").string(action.name).key("title").string(action.title);
  out.key("changes").boolean(action.changes).key("idempotent").boolean(action.idempotent);
  if (!action.object.empty()) out.key("object").string(action.object);
  out.key("input").raw(action.input_json).endObject();
  return std::move(out).take();
}

}  // namespace

Answered actions(Call& call) {
  JUNCTOR_TRY(const FoundIntegration found, find(call));
  std::vector<std::string> items;
  if (found.connector) {
    for (const auto& each : found.connector->manifest().declared.actions) {
      items.push_back(actionJson(each));
    }
  }
  return page(items);
}

Answered act(Call& call) {
  JUNCTOR_TRY(const action::Order order, orderOf(call));
  return responseOf(call.services.desk().act(order));
}

Answered fieldsOf(Call& call) {
  return responseOf(
      call.services.desk().fields(call.tenant(), call.path.at("i"), call.path.at("o")));
}

Answered authorizeIntegration(Call& call) {
  JUNCTOR_CHECK(emptyBody(call));
  JUNCTOR_TRY(const std::string url,
              call.services.tokens().begin(call.tenant(), call.path.at("i")));
  JsonWriter out;
  out.beginObject().key("url").string(url).endObject();
  return net::jsonResponse(200, std::move(out).take());
}

Answered revokeIntegration(Call& call) {
  JUNCTOR_CHECK(emptyBody(call));
  JUNCTOR_CHECK(call.services.tokens().revoke(call.tenant(), call.path.at("i")));
  return net::HttpResponse{204, {}, ""};
}

Answered registerWebhook(Call& call) {
  std::vector<std::string> events;
  if (!call.http.body.empty()) {
    JUNCTOR_TRY(const Json body, bodyOf(call, {"events"}));
    for (const Json& event : body.value("events", Json::array())) {
      if (!event.is_string()) return invalidArgument("events must be a list of texts");
      events.push_back(event.get<std::string>());
    }
  }
  return responseOf(call.services.hooks().subscribe(call.tenant(), call.path.at("i"), events));
}

Answered unregisterWebhook(Call& call) {
  JUNCTOR_CHECK(emptyBody(call));
  auto answer = call.services.hooks().unsubscribe(call.tenant(), call.path.at("i"));
  if (answer.status == 204) return net::HttpResponse{204, {}, ""};
  return responseOf(std::move(answer));
}

Answered testIntegration(Call& call) {
  return responseOf(call.services.desk().test(call.tenant(), call.path.at("i")));
}

}  // namespace junctor::admin
