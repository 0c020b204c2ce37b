// Jira: the event's name is "jira:issue_created" or "comment_created"; here issue.created and
// comment.created.
#include <junctor/declared_hooks.hpp>

namespace {

using jnc::Json;
using jnc::Text;

Text typeOf(const jnc::Call& call, Text name) {
  constexpr Text kPrefix = "jira:";
  if (name.substr(0, kPrefix.size()) == kPrefix) name.remove_prefix(kPrefix.size());
  const size_t mark = name.find('_');
  if (mark == Text::npos) return name;
  return call.join({name.substr(0, mark), ".", name.substr(mark + 1)});
}

Text nameOf(const Json& user) {
  return user["displayName"].text().empty() ? user["name"].text() : user["displayName"].text();
}
// Cloud knows accountId; servers know a key or name.
Text idOf(const Json& user) {
  for (const Text name : {"accountId", "key", "name"}) {
    if (!user[name].text().empty()) return user[name].text();
  }
  return {};
}

void putPerson(jnc::Writer& out, Text name, const Json& user) {
  if (idOf(user).empty()) return;
  out.key(name).object().put("id", idOf(user)).put("name", nameOf(user));
  out.put("email", user["emailAddress"]).close();
}

Text ticket(const jnc::Call& call, const Json& issue) {
  const Json fields = issue["fields"];
  return call.object([&](jnc::Writer& out) {
    out.put("id", issue["key"]).put("subject", fields["summary"]);
    if (fields["description"].isString()) out.put("description", fields["description"]);
    out.put("status", fields["status"]["name"]).put("priority", fields["priority"]["name"]);
    putPerson(out, "requester", fields["reporter"]);
    putPerson(out, "assignee", fields["assignee"]);
    out.put("tags", fields["labels"]).put("url", issue["self"]);
    out.put("created_at", fields["created"]).put("updated_at", fields["updated"]);
  });
}

Text message(const jnc::Call& call, const Json& comment, Text issue) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", comment["id"].text());
    if (comment["body"].isString()) out.put("text", comment["body"]);
    out.put("thread", issue);
    putPerson(out, "author", comment["author"]);
    out.put("url", comment["self"]).put("created_at", comment["created"]);
  });
}

class Jira final : public jnc::Connector, public jnc::DeclaredApi, public jnc::DeclaredHooks {
 public:
  Jira(const jnc::Call& call, const Json& settings)
      : DeclaredApi(call, settings), DeclaredHooks(call, settings) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const Json body = request.json(call);
    const Text name = body["webhookEvent"].text();
    if (name.empty()) throw jnc::invalid("the body has no webhookEvent");
    const Json issue = body["issue"], comment = body["comment"];
    jnc::Event event;
    event.type = typeOf(call, name);
    event.id = request.header("X-Atlassian-Webhook-Identifier");
    if (issue.isObject()) {
      event.resource_type = "issue";
      event.resource_id = issue["key"].text().empty() ? issue["id"].text() : issue["key"].text();
    }
    event.occurred_ms = body["timestamp"].integer().value_or(0);
    const Json user = body["user"].isObject() ? body["user"] : comment["author"];
    event.actor = call.object([&](jnc::Writer& out) {
      out.put("id", idOf(user)).put("name", nameOf(user)).put("email", user["emailAddress"]);
    });
    const bool said = event.type.substr(0, 8) == "comment.";
    event.data = said               ? message(call, comment, event.resource_id)
                 : issue.isObject() ? ticket(call, issue)
                                    : Text();
    event.metadata = call.object([&](jnc::Writer& out) {
      out.put("kind", body["issue_event_type_name"]);
      out.put("project", issue["fields"]["project"]["key"]);
      out.put("flow", request.header("X-Atlassian-Webhook-Flow"));
    });
    events.emit(event);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Jira)
