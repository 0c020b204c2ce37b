// Microsoft Graph: a notification may hold many changes, and says of each only what has changed.
#include <junctor/declared_hooks.hpp>

namespace {

using jnc::Json;
using jnc::Text;

// "#Microsoft.Graph.chatMessage" -> "chatMessage"; else the collection of the path:
// "users/7/messages/8" -> "messages".
Text kindOf(const Json& change) {
  const Text type = change["resourceData"]["@odata.type"].text();
  if (const size_t dot = type.rfind('.'); dot != Text::npos) return type.substr(dot + 1);
  // "users/7/messages/8" and "teams('7')/messages('8')"
  Text path = change["resource"].text();
  const size_t last = path.rfind('/');
  const Text end = last == Text::npos ? path : path.substr(last + 1);
  if (const size_t open = end.find('('); open != Text::npos) return end.substr(0, open);
  if (last == Text::npos) return path;
  path = path.substr(0, last);
  return path.substr(path.rfind('/') + 1);
}

Text lowered(const jnc::Call& call, Text text) {
  char* out = call.allocate(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const bool upper = text[i] >= 'A' && text[i] <= 'Z';
    out[i] = upper ? static_cast<char>(text[i] + 32) : text[i];
  }
  return {out, text.size()};
}

// Some resources send no id of the change: then what it says of itself is one.
Text changeId(const jnc::Call& call, const Json& change) {
  const Text subscription = change["subscriptionId"].text();
  if (!change["id"].text().empty()) return call.join({subscription, ":", change["id"].text()});
  return call.join({subscription, ":", call.sha256Hex(change.dump())});
}

void emitChange(const jnc::Call& call, const Json& change, jnc::Events& events) {
  const Text lifecycle = change["lifecycleEvent"].text();
  const Text what = change["changeType"].text();
  if (lifecycle.empty() && what.empty()) throw jnc::invalid("a change has no changeType");
  jnc::Event event;
  event.payload = change.dump();
  event.id = changeId(call, change);
  if (!lifecycle.empty()) {
    event.type = call.join({"lifecycle.", lifecycle});
    event.resource_type = "subscription";
    event.resource_id = change["subscriptionId"].text();
  } else {
    const Text kind = lowered(call, kindOf(change));
    event.type = kind.empty() ? what : call.join({kind, ".", what});
    event.resource_type = kind;
    event.resource_id = change["resourceData"]["id"].text();
    if (event.resource_id.empty()) event.resource_id = change["resource"].text();
  }
  if (event.resource_type.empty() || event.resource_id.empty()) {
    event.resource_type = event.resource_id = {};
  }
  event.metadata = call.object([&](jnc::Writer& out) {
    out.put("resource", change["resource"]).put("tenant", change["tenantId"]);
    out.put("subscription", change["subscriptionId"]);
    out.put("expires_at", change["subscriptionExpirationDateTime"]);
  });
  events.emit(event);
}

class Msgraph final : public jnc::Connector, public jnc::DeclaredApi, public jnc::RenewedHooks {
 public:
  Msgraph(const jnc::Call& call, const Json& settings)
      : DeclaredApi(call, settings), RenewedHooks(call, settings) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const Json changes = request.json(call)["value"];
    if (!changes.isArray()) throw jnc::invalid("the body has no list 'value'");
    for (const auto& change : changes) emitChange(call, change.value, events);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Msgraph)
