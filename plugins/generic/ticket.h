// The helpdesk payload of many field names: every helpdesk sends a ticket, issue or case, and each
// names its fields differently. This finds the ticket and writes the canonical one.
#pragma once
#include <optional>

#include "fields.h"

namespace generic {

class Ticket {
 public:
  // The ticket in an event, if there is one: a member ticket, issue, case or incident; fields named
  // ticket_…; or an object that itself has a subject and a status or priority.
  static std::optional<Ticket> find(const Source& source);

  // The body itself is the ticket, so that its `type` is the ticket's and not the event's.
  bool isRoot() const { return is_root_; }
  Text id(const jnc::Call& call) const;
  // Newest of the ticket's own times; 0 if it has none.
  int64_t changedMs(const jnc::Call& call) const;
  // {id, subject, description, status, priority, requester, assignee, tags, url, created_at,
  // updated_at}; what is unknown is left out.
  Text canonical(const jnc::Call& call) const;

 private:
  Ticket(const Json& fields, const Json& around, bool prefixed, bool is_root)
      : fields_(fields), around_(around), prefixed_(prefixed), is_root_(is_root) {}

  // The first of the names in the ticket (as name, ticket_name or fields.name).
  Json field(const jnc::Call& call, std::initializer_list<Text> names) const;
  Text text(const jnc::Call& call, std::initializer_list<Text> names) const;
  void putRequester(const jnc::Call& call, jnc::Writer& out) const;
  void putTags(const jnc::Call& call, jnc::Writer& out) const;

  Json fields_;
  Json around_;  // what surrounds the ticket: may name the requester
  bool prefixed_;
  bool is_root_;
};

// "jira:issue_created", "TicketCreated", "create" -> "created"; "updated" if there is no such word.
Text verbOf(const jnc::Call& call, Text event_name);

}  // namespace generic
