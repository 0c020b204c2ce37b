// GitHub webhooks: the event name stands in a header, the action in the body.
#include <junctor/declared_hooks.hpp>

namespace {

using jnc::Json;
using jnc::Text;

// Which member of the payload an event is about. Events not listed are about the member that has
// their own name, if there is one, and else about the repository.
struct Subject {
  Text event;
  Text member;
  Text resource;
};
constexpr Subject kSubjects[] = {
    {"issues", "issue", "issue"},
    {"issue_comment", "issue", "issue"},
    {"sub_issues", "sub_issue", "issue"},
    {"pull_request_review", "pull_request", "pull_request"},
    {"pull_request_review_comment", "pull_request", "pull_request"},
    {"pull_request_review_thread", "pull_request", "pull_request"},
    {"discussion_comment", "discussion", "discussion"},
    {"deployment_status", "deployment", "deployment"},
    {"installation_repositories", "installation", "installation"},
    {"fork", "forkee", "repository"},
    {"ping", "hook", "hook"},
};
constexpr Text kTimes[] = {"updated_at",   "completed_at", "published_at",
                           "submitted_at", "starred_at",   "created_at"};

Subject subjectOf(Text event) {
  for (const Subject& subject : kSubjects) {
    if (subject.event == event) return subject;
  }
  return {event, event, event};
}

int64_t timeOf(const jnc::Call& call, const Json& object) {
  for (const Text name : kTimes) {
    const Json value = object[name];
    if (value.isString()) return call.time(value.text());
  }
  return 0;
}

// What happened last is told by the newest part of the payload.
int64_t occurredAt(const jnc::Call& call, const Json& body, const Json& object) {
  for (const Text part : {"comment", "review"}) {
    if (const int64_t ms = timeOf(call, body[part])) return ms;
  }
  if (const int64_t ms = timeOf(call, object)) return ms;
  if (const auto pushed = body["repository"]["pushed_at"].integer();
      pushed && body["ref"].present()) {
    return *pushed * 1000;
  }
  return timeOf(call, body);
}

void resourceOf(const jnc::Call& call, const Json& body, const Subject& subject, const Json& object,
                jnc::Event& event) {
  const Text repository = body["repository"]["full_name"].text();
  if (object.isObject()) {
    const Text number = object["number"].text();
    event.resource_type = subject.resource;
    event.resource_id = number.empty() || repository.empty() ? object["id"].text()
                                                             : call.join({repository, "#", number});
  } else if (body["ref"].isString() && !repository.empty()) {
    event.resource_type = "ref";
    event.resource_id = call.join({repository, "@", body["ref"].text()});
  } else {
    const bool has_repository = !repository.empty();
    event.resource_type = has_repository ? "repository" : "organization";
    event.resource_id = has_repository ? repository : body["organization"]["login"].text();
  }
  if (event.resource_id.empty()) event.resource_type = {};
}

void putPerson(jnc::Writer& out, Text name, const Json& user) {
  if (!user.isObject()) return;
  out.key(name).object();
  out.put("id", user["id"].text()).put("name", user["login"]).put("email", user["email"]);
  out.close();
}

Text ticket(const jnc::Call& call, const Json& issue, Text id) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", id).put("subject", issue["title"]).put("description", issue["body"]);
    out.put("status", issue["state"]);
    putPerson(out, "requester", issue["user"]);
    putPerson(out, "assignee", issue["assignee"]);
    out.key("tags").array();
    for (const auto& label : issue["labels"]) out.value(label.value["name"]);
    out.close();
    out.put("url", issue["html_url"]);
    out.put("created_at", issue["created_at"]).put("updated_at", issue["updated_at"]);
  });
}

Text message(const jnc::Call& call, const Json& comment, Text thread) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", comment["id"].text()).put("text", comment["body"]).put("thread", thread);
    putPerson(out, "author", comment["user"]);
    out.put("url", comment["html_url"]).put("created_at", comment["created_at"]);
  });
}

Text canonical(const jnc::Call& call, Text name, const Json& body, const jnc::Event& event) {
  if (name == "issues") return ticket(call, body["issue"], event.resource_id);
  if (body["comment"].isObject()) return message(call, body["comment"], event.resource_id);
  return {};
}

Text actor(const jnc::Call& call, const Json& sender) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", sender["id"].text()).put("login", sender["login"]).put("type", sender["type"]);
  });
}

class Github final : public jnc::Connector, public jnc::DeclaredApi, public jnc::DeclaredHooks {
 public:
  Github(const jnc::Call& call, const Json& settings)
      : DeclaredApi(call, settings), DeclaredHooks(call, settings) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const Text name = request.header("X-GitHub-Event");
    if (name.empty()) throw jnc::invalid("the header X-GitHub-Event is missing");
    jnc::Event event;
    const Json body = payload(call, request, event);
    if (!body.isObject()) throw jnc::invalid("the payload is not a JSON object");

    const Text action = body["action"].text();
    event.type = action.empty() ? name : call.join({name, ".", action});
    event.id = request.header("X-GitHub-Delivery");
    const Subject subject = subjectOf(name);
    const Json object = body[subject.member];
    resourceOf(call, body, subject, object, event);
    event.occurred_ms = occurredAt(call, body, object);
    event.actor = actor(call, body["sender"]);
    event.data = canonical(call, name, body, event);
    event.metadata = call.object([&](jnc::Writer& out) {
      out.put("repository", body["repository"]["full_name"]);
      out.put("installation", body["installation"]["id"].text());
    });
    events.emit(event);
  }

 private:
  // Hooks made with content type "form" send the JSON in the field `payload`.
  static Json payload(const jnc::Call& call, const jnc::Request& request, jnc::Event& event) {
    if (!request.isForm()) return request.json(call);
    event.payload = call.form(request.body())["payload"];
    if (event.payload.empty()) throw jnc::invalid("the form has no field payload");
    return call.parse(event.payload);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Github)
