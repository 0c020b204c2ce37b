// Mail: composed here, carried by the host.
#include <junctor/declared.hpp>

#include "message.h"

namespace {

using jnc::Json;
using jnc::Text;

std::vector<std::string> textsOf(const Json& list) {
  std::vector<std::string> out;
  for (const auto& item : list) {
    if (!item.value.isString()) throw jnc::invalid("an address must be a text");
    out.emplace_back(item.value.text());
  }
  return out;
}

class Smtp final : public jnc::DeclaredActions {
 public:
  Smtp(const jnc::Call& call, const Json& settings) : DeclaredActions(call, settings) {}

  void execute(const jnc::Call& call, const jnc::Action& action, jnc::ActionSink& out) override {
    if (action.name != "send_mail") return DeclaredActions::execute(call, action, out);
    const Json manifest = declared(call), own = settings(call);
    const Json send = manifest["actions"]["send_mail"];
    checkParams(action.params, send["input"]);
    const smtp::Letter letter = letterOf(call, action, own);
    jnc::Writer params(call.raw());
    params.object().put("from", Text(smtp::addressIn(letter.from))).key("to").array();
    for (const auto* list : {&letter.to, &letter.cc}) {
      for (const std::string& each : *list) params.value(Text(smtp::addressIn(each)));
    }
    const std::string message = smtp::compose(call, letter);
    params.close().put("message", Text(message));
    const Json given = call.parse(params.close().end());
    run(call, manifest, "send_mail", send, {given, {}, own, action.idempotency_key}, out);
  }

 private:
  static smtp::Letter letterOf(const jnc::Call& call, const jnc::Action& action, const Json& own) {
    const Json& params = action.params;
    smtp::Letter letter;
    const Json from = params["from"].isString() ? params["from"] : own["from"];
    letter.from = from.text();
    if (letter.from.empty()) throw jnc::invalid("there is neither a from nor settings.from");
    letter.to = textsOf(params["to"]);
    letter.cc = textsOf(params["cc"]);
    if (letter.to.empty()) throw jnc::invalid("there is nobody to send it to");
    letter.reply_to = params["reply_to"].text();
    letter.in_reply_to = params["in_reply_to"].text();
    letter.subject = params["subject"].text();
    letter.text = params["text"].text();
    letter.html = params["html"].text();
    // The same key gives the same id, by which mail programs know a repetition.
    const Text unique = action.idempotency_key.empty()
                            ? call.join({params.dump(), call.number(call.nowMs())})
                            : action.idempotency_key;
    const std::string address = smtp::addressIn(letter.from);
    const size_t at = address.find('@');
    letter.id = std::string(call.sha256Hex(unique).substr(0, 40)) +
                (at == std::string::npos ? "@junctor" : address.substr(at));
    return letter;
  }
};

}  // namespace

JUNCTOR_CONNECTOR(Smtp)
