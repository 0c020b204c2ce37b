#include "admin/answers.h"
#include "admin/handlers.h"
#include "admin/render.h"

namespace junctor::admin {

Answered health(Call&) {
  return net::jsonResponse(200, R"({"status":"ok"})");
}

Answered readiness(Call& call) {
  bool ready = true;
  JsonWriter out;
  out.beginObject().key("checks").beginArray();
  for (const Check& check : call.services.readiness()) {
    ready = ready && check.ok;
    out.beginObject().key("name").string(check.name).key("ok").boolean(check.ok);
    out.key("detail").string(check.detail).endObject();
  }
  out.endArray();
  out.key("status").string(ready ? "ready" : "not ready").endObject();
  return net::jsonResponse(ready ? 200 : 503, std::move(out).take());
}

Answered metrics(Call& call) {
  return net::HttpResponse{200,
                           {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
                           call.services.metrics().render()};
}

Answered description(Call& call) {
  return net::jsonResponse(200, openApi(call.services.system().version));
}

Answered system(Call& call) {
  const SystemInfo info = call.services.system();
  JsonWriter out;
  out.beginObject();
  out.key("version").string(info.version);
  out.key("public_address").string(info.public_address);
  out.key("admin_address").string(info.admin_address);
  writeTime(out, "started_at", info.started_at_ms);
  if (call.caller.tenant.empty()) {  // where it lives is the operator's business
    out.key("data_dir").string(info.data_dir);
    out.key("store").string(info.store);
    out.key("store_bytes").unsignedInteger(call.services.store().sizeBytes());
  }
  out.endObject();
  return net::jsonResponse(200, std::move(out).take());
}

Answered connectors(Call& call) {
  std::vector<std::string> items;
  for (const auto& connector : call.services.connectors().all()) {
    // Where it runs and how it fared tells about other tenants' traffic, too.
    const std::string runs_in = call.caller.tenant.empty() ? connector->runsIn() : "";
    items.push_back(connectorJson(connector->manifest(), runs_in));
  }
  net::HttpResponse response = page(items);
  if (!call.caller.tenant.empty()) return response;
  JsonWriter refused;
  refused.beginArray();
  for (const auto& [path, reason] : call.services.connectors().refused()) {
    refused.beginObject().key("path").string(path).key("reason").string(reason).endObject();
  }
  refused.endArray();
  response.body.pop_back();
  response.body += ",\"refused\":" + refused.text() + "}";
  return response;
}

Answered connector(Call& call) {
  const auto found = call.services.connectors().find(call.path.at("c"));
  if (!found) return notFound("no connector '" + call.path.at("c") + "' is loaded");
  return net::jsonResponse(200, found->manifest().json);
}

Answered reloadConnectors(Call& call) {
  JsonWriter out;
  out.beginObject().key("changes").beginArray();
  for (const std::string& change : call.services.reloadConnectors()) out.string(change);
  out.endArray().key("refused").beginArray();
  for (const auto& [path, reason] : call.services.connectors().refused()) {
    out.beginObject().key("path").string(path).key("reason").string(reason).endObject();
  }
  out.endArray().endObject();
  return net::jsonResponse(200, std::move(out).take());
}

Answered releaseConnector(Call& call) {
  JUNCTOR_CHECK(call.services.releaseConnector(call.path.at("c")));
  return net::jsonResponse(200, R"({"status":"released"})");
}

}  // namespace junctor::admin
