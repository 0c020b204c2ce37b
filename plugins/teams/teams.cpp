// Microsoft Teams: an outgoing webhook is told when somebody mentions it, and answers in the same
// breath.
#include <junctor/declared.hpp>

namespace {

using jnc::Json;
using jnc::Text;

// "<at>Agent</at> hello" -> "hello"
Text withoutMention(Text text) {
  constexpr Text kEnd = "</at>";
  if (text.substr(0, 3) != "<at") return text;
  const size_t end = text.find(kEnd);
  if (end == Text::npos) return text;
  text.remove_prefix(end + kEnd.size());
  const size_t word = text.find_first_not_of(" \n\r\t");
  return word == Text::npos ? Text() : text.substr(word);
}

// "19:abc@thread.tacv2;messageid=1" names a channel and the message that the thread began with.
Text messageId(Text conversation) {
  constexpr Text kName = ";messageid=";
  const size_t at = conversation.find(kName);
  return at == Text::npos ? Text() : conversation.substr(at + kName.size());
}

class Teams final : public jnc::Connector, public jnc::DeclaredApi {
 public:
  Teams(const jnc::Call& call, const Json& settings)
      : DeclaredApi(call, settings), reply_(settings["reply"].text()) {
    if (reply_.empty()) reply_ = "Received.";
  }

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    const Json body = request.json(call);
    jnc::Event event;
    event.type = body["type"].text();
    if (event.type.empty()) throw jnc::invalid("the body has no type");
    event.id = body["id"].text();
    const Text conversation = body["conversation"]["id"].text();
    if (!conversation.empty()) {
      event.resource_type = "conversation";
      event.resource_id = conversation;
    }
    event.occurred_ms = call.time(body["timestamp"].text());
    const Json from = body["from"];
    event.actor = call.object([&](jnc::Writer& out) {
      out.put("id", from["aadObjectId"].present() ? from["aadObjectId"] : from["id"]);
      out.put("name", from["name"]);
    });
    if (event.type == "message") event.data = message(call, body, conversation);
    event.metadata = call.object([&](jnc::Writer& out) {
      const Json channel = body["channelData"];
      out.put("tenant", channel["tenant"]["id"].present() ? channel["tenant"]["id"]
                                                          : body["conversation"]["tenantId"]);
      out.put("team", channel["team"]["id"]).put("channel", channel["channel"]["id"]);
    });
    events.emit(event);
    jnc::Writer out(call.raw());
    out.object().key("type").value("message").key("text").value(Text(reply_)).close();
    events.reply(200, out.end(), "application/json");
  }

 private:
  static Text message(const jnc::Call& call, const Json& body, Text conversation) {
    return call.object([&](jnc::Writer& out) {
      out.put("id", body["id"]).put("text", withoutMention(body["text"].text()));
      out.put("channel", conversation.substr(0, conversation.find(';')));
      out.put("thread", messageId(conversation));
      const Json from = body["from"];
      if (!from["id"].text().empty()) {
        out.key("author").object().put("id", from["id"]).put("name", from["name"]).close();
      }
      out.put("created_at", body["timestamp"]);
    });
  }

  std::string reply_;
};

}  // namespace

JUNCTOR_CONNECTOR(Teams)
