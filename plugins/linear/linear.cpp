// Linear: the object's type and what was done to it stand in the body.
#include <junctor/declared_hooks.hpp>

namespace {

using jnc::Json;
using jnc::Text;

// "IssueLabel" -> "issue_label"
Text snake(const jnc::Call& call, Text name) {
  char* out = call.allocate(2 * name.size());
  size_t size = 0;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool upper = name[i] >= 'A' && name[i] <= 'Z';
    if (upper && i > 0) out[size++] = '_';
    out[size++] = upper ? static_cast<char>(name[i] + 32) : name[i];
  }
  return {out, size};
}

void putPerson(jnc::Writer& out, Text name, const Json& person, const Json& id) {
  const Text known = person["id"].present() ? person["id"].text() : id.text();
  if (known.empty()) return;
  out.key(name).object().put("id", known).put("name", person["name"]);
  out.put("email", person["email"]).close();
}

Text ticket(const jnc::Call& call, const Json& body) {
  const Json issue = body["data"];
  return call.object([&](jnc::Writer& out) {
    out.put("id", issue["id"]).put("subject", issue["title"]);
    out.put("description", issue["description"]).put("status", issue["state"]["name"]);
    out.put("priority", issue["priorityLabel"]);
    putPerson(out, "requester", issue["creator"], issue["creatorId"]);
    putPerson(out, "assignee", issue["assignee"], issue["assigneeId"]);
    out.key("tags").array();
    for (const auto& label : issue["labels"]) out.value(label.value["name"]);
    out.close();
    out.put("url", body["url"]);
    out.put("created_at", issue["createdAt"]).put("updated_at", issue["updatedAt"]);
  });
}

Text message(const jnc::Call& call, const Json& body) {
  const Json comment = body["data"];
  return call.object([&](jnc::Writer& out) {
    out.put("id", comment["id"]).put("text", comment["body"]).put("thread", comment["issueId"]);
    putPerson(out, "author", comment["user"], comment["userId"]);
    out.put("url", body["url"]).put("created_at", comment["createdAt"]);
  });
}

class Linear final : public jnc::Connector, public jnc::DeclaredApi, public jnc::DeclaredHooks {
 public:
  Linear(const jnc::Call& call, const Json& settings)
      : DeclaredApi(call, settings), DeclaredHooks(call, settings) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const Json body = request.json(call);
    const Text type = body["type"].text(), action = body["action"].text();
    if (type.empty() || action.empty()) throw jnc::invalid("the body has no type or no action");
    const Json data = body["data"];
    const Text kind = snake(call, type);
    jnc::Event event;
    event.type = call.join({kind, ".", action});
    event.id = request.header("Linear-Delivery");
    const bool comment = kind == "comment" && data["issueId"].isString();
    event.resource_type = comment ? Text("issue") : kind;
    event.resource_id = data[comment ? "issueId" : "id"].text();
    if (event.resource_id.empty()) event.resource_type = {};
    event.occurred_ms = call.time(body["createdAt"].text());
    const Json who = body["actor"].isObject() ? body["actor"] : data["user"];
    event.actor = call.object([&](jnc::Writer& out) {
      out.put("id", who["id"]).put("name", who["name"]).put("email", who["email"]);
      out.put("type", who["type"]);
    });
    if (kind == "issue") event.data = ticket(call, body);
    if (kind == "comment") event.data = message(call, body);
    event.metadata = call.object([&](jnc::Writer& out) {
      out.put("organization", body["organizationId"]).put("team", data["team"]["key"]);
      out.put("changed", body["updatedFrom"]);
    });
    events.emit(event);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Linear)
