// Salesforce outbound messages: SOAP with up to 100 notifications, each with the latest state of
// one record. They are not signed; the secret stands in the URL.
#include <algorithm>
#include <junctor/declared.hpp>

#include "soap.h"

namespace {

using jnc::Json;
using jnc::Text;
using salesforce::Element;

std::string lowerCase(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

void writeValue(jnc::Writer& out, const Element& element) {
  if (element.children.empty()) {
    out.value(Text(element.text));
    return;
  }
  out.object();
  for (const Element& child : element.children) {
    out.key(child.name);
    writeValue(out, child);
  }
  out.close();
}

// Fields of the record as an object; a field that comes twice (sf:Id) stands once.
Text recordOf(const jnc::Call& call, const Element& record) {
  std::vector<Text> seen;
  return call.object([&](jnc::Writer& out) {
    out.put("object", Text(record.type));
    out.key("fields").object();
    for (const Element& field : record.children) {
      if (field.nil || std::find(seen.begin(), seen.end(), field.name) != seen.end()) continue;
      seen.push_back(field.name);
      out.key(field.name);
      writeValue(out, field);
    }
    out.close();
  });
}

Text contact(const jnc::Call& call, const Element& record) {
  const auto text = [&](Text name) { return Text(record[name].text); };
  const Text first = text("FirstName"), last = text("LastName");
  return call.object([&](jnc::Writer& out) {
    out.put("id", text("Id")).put("email", text("Email")).put("phone", text("Phone"));
    out.put("name", call.join({first, first.empty() || last.empty() ? "" : " ", last}));
  });
}

Text ticket(const jnc::Call& call, const Element& record) {
  const auto text = [&](Text name) { return Text(record[name].text); };
  return call.object([&](jnc::Writer& out) {
    out.put("id", text("Id")).put("subject", text("Subject"));
    out.put("description", text("Description")).put("status", text("Status"));
    out.put("priority", text("Priority"));
  });
}

Text deal(const jnc::Call& call, const Element& record) {
  const auto text = [&](Text name) { return Text(record[name].text); };
  return call.object([&](jnc::Writer& out) {
    out.put("id", text("Id")).put("name", text("Name")).put("amount", text("Amount"));
    out.put("stage", text("StageName")).put("closes_at", text("CloseDate"));
  });
}

Text canonical(const jnc::Call& call, const Element& record) {
  if (record.type == "Contact" || record.type == "Lead") return contact(call, record);
  if (record.type == "Case") return ticket(call, record);
  if (record.type == "Opportunity") return deal(call, record);
  return {};
}

class Salesforce final : public jnc::Connector, public jnc::DeclaredApi {
 public:
  Salesforce(const jnc::Call& call, const Json& settings)
      : DeclaredApi(call, settings), organization_(settings["organization_id"].text()) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const Element envelope = salesforce::parseXml(request.body());
    const Element& message = envelope["Body"]["notifications"];
    if (envelope.name != "Envelope" || message.name.empty()) {
      throw jnc::invalid("the body is no outbound message");
    }
    // 15 characters of it are the id, three more a checksum.
    const std::string& from = message["OrganizationId"].text;
    if (!organization_.empty() && from.substr(0, 15) != organization_.substr(0, 15)) {
      throw jnc::invalid("the message comes from another organization");
    }
    for (const Element& notification : message.children) {
      if (notification.name == "Notification") emit(call, message, notification, events);
    }
  }

 private:
  static void emit(const jnc::Call& call, const Element& message, const Element& notification,
                   jnc::Events& events) {
    const Element& record = notification["sObject"];
    const std::string kind = lowerCase(record.type);
    jnc::Event event;
    event.type = call.join({kind.empty() ? Text("record") : Text(kind), ".notified"});
    event.id = notification["Id"].text;
    event.resource_id = record["Id"].text;
    if (!event.resource_id.empty()) event.resource_type = kind;
    event.occurred_ms = call.time(record["SystemModstamp"].text);
    event.data = canonical(call, record);
    event.payload = recordOf(call, record);
    event.metadata = call.object([&](jnc::Writer& out) {  // never the SessionId
      out.put("organization", Text(message["OrganizationId"].text));
      out.put("action", Text(message["ActionId"].text));
    });
    events.emit(event);
  }

  const std::string organization_;
};

}  // namespace

JUNCTOR_CONNECTOR(Salesforce)
