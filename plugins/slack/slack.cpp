// Slack: the Events API sends JSON; interactivity and slash commands send forms.
#include <junctor/declared.hpp>

namespace {

using jnc::Json;
using jnc::Text;

// "1719209506.817929" -> Unix milliseconds; 0 if it is no such text.
int64_t timestampMs(Text ts) {
  int64_t ms = 0;
  int decimals = -1;
  for (const char c : ts) {
    if (c == '.' && decimals < 0) {
      decimals = 0;
    } else if (c >= '0' && c <= '9' && ms < 1'000'000'000'000'000) {
      if (decimals >= 3) break;
      ms = ms * 10 + (c - '0');
      if (decimals >= 0) ++decimals;
    } else {
      return 0;
    }
  }
  for (int i = decimals < 0 ? 0 : decimals; i < 3; ++i) ms *= 10;
  return ms;
}

// Users and channels come as an id, or as an object that has one.
Text idOf(const Json& value) {
  return value.isObject() ? value["id"].text() : value.text();
}

Text actor(const jnc::Call& call, const Json& user, const Json& bot) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", idOf(user)).put("bot_id", bot);
    if (user.isObject())
      out.put("name", user["username"].present() ? user["username"] : user["name"]);
  });
}

// A message is named by its channel and time.
void messageResource(const jnc::Call& call, Text channel, Text ts, jnc::Event& event) {
  if (channel.empty()) return;
  event.resource_type = ts.empty() ? "channel" : "message";
  event.resource_id = ts.empty() ? channel : call.join({channel, ":", ts});
}

Text message(const jnc::Call& call, const Json& message, Text channel) {
  return call.object([&](jnc::Writer& out) {
    out.put("id", message["ts"]).put("text", message["text"]).put("channel", channel);
    out.put("thread", message["thread_ts"]);
    const Text author = idOf(message["user"]);
    if (!author.empty()) out.key("author").object().put("id", author).close();
  });
}

class Slack final : public jnc::Connector, public jnc::DeclaredApi {
 public:
  Slack(const jnc::Call& call, const Json& settings) : DeclaredApi(call, settings) {}

  void handle(const jnc::Call& call, const jnc::Request& request, jnc::Events& events) override {
    jnc::Event event;
    if (!request.isForm()) {
      fromJson(call, request.json(call), event);
    } else {
      const jnc::Form form = call.form(request.body());
      const Text payload = form["payload"];
      if (payload.empty()) {
        slashCommand(call, form, event);
      } else {
        interaction(call, payload, event);
      }
    }
    events.emit(event);
  }

 private:
  static void fromJson(const jnc::Call& call, const Json& body, jnc::Event& event) {
    if (!body.isObject()) throw jnc::invalid("the body is not a JSON object");
    event.type = body["type"].text();
    if (event.type.empty()) throw jnc::invalid("the body has no type");
    event.metadata = call.object(
        [&](jnc::Writer& out) { out.put("team", body["team_id"]).put("app", body["api_app_id"]); });
    if (event.type == "event_callback") {
      eventCallback(call, body, event);
    } else if (event.type == "app_rate_limited") {
      const Json minute = body["minute_rate_limited"];
      event.id = call.join({body["team_id"].text(), ":", minute.text()});
      event.resource_type = "team";
      event.resource_id = body["team_id"].text();
      event.occurred_ms = minute.integer().value_or(0) * 1000;
    }
  }

  static void eventCallback(const jnc::Call& call, const Json& body, jnc::Event& event) {
    const Json inner = body["event"];
    const Text type = inner["type"].text(), subtype = inner["subtype"].text();
    if (type.empty()) throw jnc::invalid("the inner event has no type");
    event.type = subtype.empty() ? type : call.join({type, ".", subtype});
    event.id = body["event_id"].text();
    event.occurred_ms = timestampMs(inner["event_ts"].text());
    if (event.occurred_ms == 0) event.occurred_ms = body["event_time"].integer().value_or(0) * 1000;
    // An edited message stands inside its event; a reaction points to what it is about.
    const Json edited = inner["message"];
    const Json about = edited.isObject()          ? edited
                       : inner["item"].isObject() ? inner["item"]
                                                  : inner;
    const Text own_channel = idOf(inner["channel"]);
    const Text channel = own_channel.empty() ? idOf(about["channel"]) : own_channel;
    const bool is_message = type == "message" || type == "app_mention";
    const bool has_ts = is_message || inner["item"].isObject();
    messageResource(call, channel, has_ts ? about["ts"].text() : Text(), event);
    event.actor = actor(call, about["user"].present() && is_message ? about["user"] : inner["user"],
                        inner["bot_id"]);
    if (is_message) event.data = message(call, about, channel);
  }

  static void interaction(const jnc::Call& call, Text payload, jnc::Event& event) {
    const Json body = call.parse(payload);
    event.type = body["type"].text();
    if (event.type.empty()) throw jnc::invalid("the interaction has no type");
    event.payload = payload;
    event.id = body["trigger_id"].text();
    event.actor = actor(call, body["user"], {});
    const Json view = body["view"];
    if (view.isObject()) {
      event.resource_type = "view";
      event.resource_id = view["id"].text();
    } else {
      messageResource(call, idOf(body["channel"]), body["message"]["ts"].text(), event);
    }
    event.occurred_ms = timestampMs(body["action_ts"].text());
    if (event.occurred_ms == 0) {
      event.occurred_ms = timestampMs(body["actions"].at(size_t{0})["action_ts"].text());
    }
    event.metadata = call.object([&](jnc::Writer& out) {
      out.put("team", body["team"]["id"]).put("app", body["api_app_id"]);
      out.put("callback", body["callback_id"]);
    });
  }

  static void slashCommand(const jnc::Call& call, const jnc::Form& form, jnc::Event& event) {
    if (form["command"].empty()) throw jnc::invalid("the form is no slash command or interaction");
    event.type = "slash_command";
    event.payload = call.formAsJson(form);
    const Json fields = call.parse(event.payload);  // clean text, whatever bytes the form held
    event.id = fields["trigger_id"].text();
    messageResource(call, fields["channel_id"].text(), {}, event);
    event.actor = call.object(
        [&](jnc::Writer& out) { out.put("id", form["user_id"]).put("name", form["user_name"]); });
    event.metadata = call.object([&](jnc::Writer& out) {
      out.put("team", form["team_id"]).put("app", form["api_app_id"]);
      out.put("command", form["command"]);
    });
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Slack)
