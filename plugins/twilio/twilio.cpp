// Twilio: SMS and WhatsApp as forms: messages that came in, and what became of those sent.
#include <junctor/declared.hpp>

namespace {

using jnc::Text;

Text typeOf(const jnc::Call& call, const jnc::Form& form) {
  const Text status = form["MessageStatus"].empty() ? form["SmsStatus"] : form["MessageStatus"];
  if (!form["MessageSid"].empty() || !form["SmsSid"].empty()) {
    return call.join({"message.", status.empty() ? Text("received") : status});
  }
  if (!form["CallSid"].empty()) return call.join({"call.", form["CallStatus"]});
  return "notified";
}

Text message(const jnc::Call& call, const jnc::Form& form, Text id) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", id).put("text", form["Body"]).put("thread", form["From"]);
    out.key("author").object().put("id", form["From"]).put("name", form["ProfileName"]).close();
  });
}

class Twilio final : public jnc::Connector, public jnc::DeclaredApi {
 public:
  Twilio(const jnc::Call& call, const jnc::Json& settings) : DeclaredApi(call, settings) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    if (!request.isForm()) throw jnc::invalid("the body is no form");
    const jnc::Form form = call.form(request.body());
    for (const jn_kv& field : form) {
      if (!jnc::isUtf8(jnc::detail::text(field.val))) throw jnc::invalid("a field is not UTF-8");
    }
    const Text sid = form["MessageSid"].empty() ? form["SmsSid"] : form["MessageSid"];
    jnc::Event event;
    event.type = typeOf(call, form);
    event.id = request.header("I-Twilio-Idempotency-Token");
    if (event.id.empty() && !sid.empty()) event.id = call.join({sid, ":", event.type});
    event.resource_id = sid.empty() ? form["CallSid"] : sid;
    if (!event.resource_id.empty()) event.resource_type = sid.empty() ? "call" : "message";
    event.actor = call.object(
        [&](jnc::Writer& out) { out.put("id", form["From"]).put("name", form["ProfileName"]); });
    if (!form["Body"].empty()) event.data = message(call, form, sid);
    constexpr Text kWhatsapp = "whatsapp:";
    const bool whatsapp = form["From"].substr(0, kWhatsapp.size()) == kWhatsapp;
    event.metadata = call.object([&](jnc::Writer& out) {
      out.put("channel", whatsapp ? "whatsapp" : "sms").put("account", form["AccountSid"]);
      out.put("to", form["To"]).put("error", form["ErrorCode"]);
    });
    event.payload = call.formAsJson(form);
    events.emit(event);
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Twilio)
