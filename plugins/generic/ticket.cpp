#include "ticket.h"

namespace generic {
namespace {

struct Word {
  Text from;
  Text to;
};
constexpr Word kStatuses[] = {
    {"new", "open"},         {"open", "open"},        {"opened", "open"},
    {"reopened", "open"},    {"todo", "open"},        {"to do", "open"},
    {"backlog", "open"},     {"in progress", "open"}, {"in_progress", "open"},
    {"active", "open"},      {"pending", "waiting"},  {"on hold", "waiting"},
    {"on_hold", "waiting"},  {"hold", "waiting"},     {"waiting", "waiting"},
    {"resolved", "solved"},  {"solved", "solved"},    {"done", "solved"},
    {"fixed", "solved"},     {"completed", "solved"}, {"closed", "closed"},
    {"cancelled", "closed"}, {"canceled", "closed"},
};
constexpr Word kPriorities[] = {
    {"p1", "urgent"},      {"critical", "urgent"}, {"urgent", "urgent"}, {"blocker", "urgent"},
    {"highest", "urgent"}, {"p2", "high"},         {"high", "high"},     {"major", "high"},
    {"p3", "normal"},      {"normal", "normal"},   {"medium", "normal"}, {"moderate", "normal"},
    {"p4", "low"},         {"p5", "low"},          {"low", "low"},       {"lowest", "low"},
    {"minor", "low"},      {"trivial", "low"},
};
constexpr Word kVerbs[] = {
    {"create", "created"},  {"new", "created"},       {"update", "updated"},
    {"edit", "updated"},    {"edited", "updated"},    {"changed", "updated"},
    {"change", "updated"},  {"delete", "deleted"},    {"remove", "deleted"},
    {"close", "closed"},    {"reopen", "reopened"},   {"resolve", "resolved"},
    {"assign", "assigned"}, {"comment", "commented"},
};

Text lowered(const jnc::Call& call, Text text) {
  char* bytes = call.allocate(text.size());
  for (size_t i = 0; i < text.size(); ++i) bytes[i] = jnc::detail::lower(text[i]);
  return {bytes, text.size()};
}

// The canonical word, or the word itself in lower case: nothing is guessed.
template <size_t N>
Text canonicalWord(const jnc::Call& call, const Word (&words)[N], Text word) {
  for (const Word& known : words) {
    if (jnc::equalsIgnoreCase(known.from, word)) return known.to;
  }
  return lowered(call, word);
}

Text statusWord(const jnc::Call& call, Text status) {
  constexpr Text kWaiting = "waiting";  // "Waiting on Customer", "Waiting for vendor"
  if (jnc::equalsIgnoreCase(status.substr(0, kWaiting.size()), kWaiting)) return kWaiting;
  return canonicalWord(call, kStatuses, status);
}

bool isLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool looksLikeTicket(const Json& object) {
  const bool named = !firstText(object, {"subject", "title", "summary"}).empty();
  const bool tracked = !firstText(object, {"status", "status.name", "state", "state.name",
                                           "priority", "priority.name", "severity"})
                            .empty();
  return named && tracked;
}

}  // namespace

std::optional<Ticket> Ticket::find(const Source& source) {
  const Json& root = source.root;
  const Json scopes[] = {root,          source.inner,  root["data"], root["payload"],
                         root["event"], root["object"]};
  for (const Json& scope : scopes) {
    for (const Text name : {"ticket", "issue", "case", "incident"}) {
      if (const Json found = scope[name]; found.isObject())
        return Ticket(found, scope, false, false);
    }
  }
  bool is_root = true;
  for (const Json& scope : scopes) {
    if (!firstText(scope, {"ticket_id", "ticket_subject"}).empty()) {
      return Ticket(scope, {}, true, false);
    }
    if (looksLikeTicket(scope)) return Ticket(scope, {}, false, is_root);
    is_root = false;
  }
  return std::nullopt;
}

Json Ticket::field(const jnc::Call& call, std::initializer_list<Text> names) const {
  for (const Text name : names) {
    if (prefixed_) {
      if (const Json found = at(fields_, call.join({"ticket_", name})); found.present())
        return found;
    }
    for (const Json& scope : {fields_, fields_["fields"]}) {
      const Json found = at(scope, name);
      if (found.present() && found.type() != JN_JSON_NULL) return found;
    }
  }
  return {};
}

Text Ticket::text(const jnc::Call& call, std::initializer_list<Text> names) const {
  for (const Text name : names) {
    if (const Text found = field(call, {name}).text(); !found.empty()) return found;
  }
  return {};
}

Text Ticket::id(const jnc::Call& call) const {
  return text(call, {"id", "key", "number", "uuid", "case_number"});
}

int64_t Ticket::changedMs(const jnc::Call& call) const {
  for (const Text name :
       {"updated_at", "updatedAt", "updated", "created_at", "createdAt", "created"}) {
    if (const int64_t ms = timeOf(call, field(call, {name}))) return ms;
  }
  return 0;
}

void Ticket::putRequester(const jnc::Call& call, jnc::Writer& out) const {
  constexpr Text kPeople[] = {"requester", "reporter", "customer", "contact", "submitter", "from"};
  Text email = text(call, {"requester_email", "customer_email", "reporter_email", "email"});
  Text name = text(call, {"requester_name", "customer_name", "reporter_name"});
  Text id = text(call, {"requester_id", "customer_id"});
  for (const Text who : kPeople) {
    for (const Json& scope : {fields_, fields_["fields"], around_}) {
      const Json found = scope[who];
      if (!found.isObject()) {
        const Text plain = found.text();
        if (name.empty() && email.empty()) (plain.find('@') == Text::npos ? name : email) = plain;
        continue;
      }
      if (email.empty()) email = firstText(found, {"email", "emailAddress", "email_address"});
      if (name.empty())
        name = firstText(found, {"name", "displayName", "display_name", "full_name"});
      if (id.empty()) id = firstText(found, {"id", "accountId", "account_id"});
    }
  }
  if (email.empty() && name.empty() && id.empty()) return;
  out.key("requester").object();
  out.put("id", id).put("name", name).put("email", email).close();
}

void Ticket::putTags(const jnc::Call& call, jnc::Writer& out) const {
  const Json tags = field(call, {"tags", "labels"});
  if (!tags.isArray() && tags.text().empty()) return;
  out.key("tags").array();
  for (const auto& tag : tags) {
    const Text name =
        tag.value.isObject() ? firstText(tag.value, {"name", "title"}) : tag.value.text();
    if (!name.empty()) out.value(lowered(call, name));
  }
  Text rest = tags.isArray() ? Text() : tags.text();  // "vip, billing" or "vip billing"
  while (!rest.empty()) {
    const Text word = rest.substr(0, rest.find_first_of(", "));
    rest.remove_prefix(word.size() < rest.size() ? word.size() + 1 : rest.size());
    if (!word.empty()) out.value(lowered(call, word));
  }
  out.close();
}

Text Ticket::canonical(const jnc::Call& call) const {
  return call.object([&](jnc::Writer& out) {
    out.put("id", id(call));
    out.put("subject", text(call, {"subject", "title", "summary", "short_description"}));
    out.put("description", text(call, {"description", "body", "text", "content"}));
    const Text status = text(call, {"status.name", "status", "state.name", "state"});
    if (!status.empty()) out.put("status", statusWord(call, status));
    const Text priority =
        text(call, {"priority.name", "priority", "severity.name", "severity", "urgency"});
    if (!priority.empty()) out.put("priority", canonicalWord(call, kPriorities, priority));
    putRequester(call, out);
    const Json assignee = field(call, {"assignee", "agent", "owner", "assigned_to"});
    if (assignee.isObject() || !assignee.text().empty()) {
      out.key("assignee").object();
      putPerson(out, assignee);
      out.close();
    }
    putTags(call, out);
    out.put("url", text(call, {"html_url", "web_url", "url", "link", "self"}));
    out.put("created_at", text(call, {"created_at", "createdAt", "created"}));
    out.put("updated_at", text(call, {"updated_at", "updatedAt", "updated"}));
  });
}

Text verbOf(const jnc::Call& call, Text event_name) {
  while (!event_name.empty() && !isLetter(event_name.back()) &&
         !(event_name.back() >= '0' && event_name.back() <= '9')) {
    event_name.remove_suffix(1);
  }
  size_t start = event_name.size();
  while (start > 0 && isLetter(event_name[start - 1])) --start;
  Text word = event_name.substr(start);
  for (size_t i = word.size(); i-- > 1;) {
    const bool hump = word[i] <= 'Z' && word[i - 1] >= 'a';  // the C of TicketCreated
    if (hump) {
      word = word.substr(i);
      break;
    }
  }
  return word.empty() ? Text("updated") : canonicalWord(call, kVerbs, word);
}

}  // namespace generic
