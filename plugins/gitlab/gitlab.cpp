// GitLab: what happened stands in object_kind, and what exactly in the object's action or state.
#include <junctor/declared_hooks.hpp>

namespace {

using jnc::Json;
using jnc::Text;

// What an event of a kind is about, where that is not the object itself.
struct About {
  Text noteable;  // as GitLab names it
  Text member;    // of the body
};
constexpr About kNotes[] = {{"Issue", "issue"},
                            {"MergeRequest", "merge_request"},
                            {"Commit", "commit"},
                            {"Snippet", "snippet"}};

Text noteMember(const Json& object) {
  for (const About& about : kNotes) {
    if (about.noteable == object["noteable_type"].text()) return about.member;
  }
  return {};
}

// "2015-05-17 17:06:40 UTC" is GitLab's own way.
int64_t timeOf(const jnc::Call& call, Text text) {
  constexpr Text kUtc = " UTC";
  if (text.size() > kUtc.size() && text.substr(text.size() - kUtc.size()) == kUtc) {
    text = call.join({text.substr(0, text.size() - kUtc.size()), "Z"});
  }
  return call.time(text);
}

int64_t occurredAt(const jnc::Call& call, const Json& body, const Json& object) {
  for (const Json& holder : {object, body}) {
    for (const Text name : {"updated_at", "finished_at", "created_at", "status_changed_at",
                            "build_finished_at", "released_at", "build_created_at"}) {
      const Text text = holder[name].text();
      if (!text.empty()) return timeOf(call, text);
    }
  }
  return 0;
}

// A word of the body that tells what became of the object: "open", "success", "create".
Text verbOf(const Json& body, const Json& object) {
  for (const Json& word :
       {object["action"], object["status"], body["action"], body["status"], body["build_status"]}) {
    if (word.isString() && !word.text().empty()) return word.text();
  }
  return {};
}

Text typeOf(const jnc::Call& call, const Json& body, const Json& object) {
  const Text kind =
      body["object_kind"].isString() ? body["object_kind"].text() : body["event_name"].text();
  if (kind.empty()) throw jnc::invalid("the body has neither object_kind nor event_name");
  const Text verb = verbOf(body, object);
  return verb.empty() ? kind : call.join({kind, ".", verb});
}

Text idOf(const Json& object) {
  return object["iid"].present() ? object["iid"].text() : object["id"].text();
}

void resourceOf(const jnc::Call& call, const Json& body, const Json& object, jnc::Event& event) {
  const Text project = body["project"]["path_with_namespace"].text();
  const Text noted = noteMember(object);
  Text id = noted.empty() ? idOf(object) : idOf(body[noted]);
  event.resource_type = noted.empty() ? body["object_kind"].text() : noted;
  for (const Text name : {"deployment_id", "build_id", "tag", "id"}) {
    if (id.empty() && body[name].type() != JN_JSON_BOOL) id = body[name].text();
  }
  if (body["ref"].isString() && event.resource_type == "push") {
    event.resource_type = "ref";
    id = body["ref"].text();
  }
  if (id.empty()) {
    event.resource_type = project.empty() ? Text() : Text("project");
    event.resource_id = project;
  } else {
    event.resource_id = project.empty() ? id : call.join({project, "#", id});
  }
  if (event.resource_type.empty()) event.resource_id = {};
}

void putPerson(jnc::Writer& out, Text name, const Json& user) {
  if (!user.isObject()) return;
  out.key(name).object().put("id", user["id"].text()).put("name", user["username"]);
  out.put("email", user["email"]).close();
}

Text ticket(const jnc::Call& call, const Json& body, const Json& issue, Text id) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", id).put("subject", issue["title"]).put("description", issue["description"]);
    out.put("status", issue["state"]);
    putPerson(out, "requester", body["user"]);
    putPerson(out, "assignee", body["assignees"].at(size_t{0}));
    out.key("tags").array();
    for (const auto& label : body["labels"]) out.value(label.value["title"]);
    out.close();
    out.put("url", issue["url"]);
    out.put("created_at", issue["created_at"]).put("updated_at", issue["updated_at"]);
  });
}

Text message(const jnc::Call& call, const Json& body, const Json& note, Text thread) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", note["id"].text()).put("text", note["note"]).put("thread", thread);
    putPerson(out, "author", body["user"]);
    out.put("url", note["url"]).put("created_at", note["created_at"]);
  });
}

Text actor(const jnc::Call& call, const Json& body) {
  const Json user = body["user"];
  return call.object([&](jnc::Writer& out) {
    out.put("id", user["id"].present() ? user["id"].text() : body["user_id"].text());
    out.put("login", user["username"].present() ? user["username"] : body["user_username"]);
  });
}

class Gitlab final : public jnc::Connector, public jnc::DeclaredApi, public jnc::DeclaredHooks {
 public:
  Gitlab(const jnc::Call& call, const Json& settings)
      : DeclaredApi(call, settings), DeclaredHooks(call, settings) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const Json body = request.json(call);
    if (!body.isObject()) throw jnc::invalid("the body is not a JSON object");
    const Json object = body["object_attributes"];
    jnc::Event event;
    event.type = typeOf(call, body, object);
    event.id = request.header("Idempotency-Key");
    if (event.id.empty()) event.id = request.header("webhook-id");
    resourceOf(call, body, object, event);
    event.occurred_ms = occurredAt(call, body, object);
    event.actor = actor(call, body);
    const Text kind = body["object_kind"].text();
    if (kind == "issue") event.data = ticket(call, body, object, event.resource_id);
    if (kind == "note") event.data = message(call, body, object, event.resource_id);
    event.metadata = call.object([&](jnc::Writer& out) {
      out.put("project", body["project"]["path_with_namespace"]);
      out.put("event", request.header("X-Gitlab-Event"));
      out.put("instance", request.header("X-Gitlab-Instance"));
    });
    events.emit(event);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Gitlab)
