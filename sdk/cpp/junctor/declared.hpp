// Declared actions in the C++ SDK: actions, lists of fields and the connection test that the
// manifest describes ("api", "actions", "fields", "test"; sdk/README.md has the format). A
// connector takes them over by deriving from jnc::DeclaredApi; its manifest names junctor.actions/1
// and junctor.fields/1. Code is for what data cannot say: override execute() and fall back to it.
#ifndef JUNCTOR_DECLARED_HPP
#define JUNCTOR_DECLARED_HPP

#include <junctor/connector.hpp>
#include <junctor/template.hpp>

// The manifest as it stands in the library's note (junctor_add_connector puts it there).
extern "C" {
extern const char junctor_manifest[] __attribute__((visibility("hidden")));
extern const char junctor_manifest_end[] __attribute__((visibility("hidden")));
}

namespace jnc {

// One request, ready to go.
struct Prepared {
  std::string method, url, body, credential;
  std::vector<std::pair<std::string, std::string>> headers;
  bool sends_key = false;
};

namespace detail {

// "rate" -> JN_E_RATE_LIMITED. JN_OK: no such word.
inline jn_status classNamed(Text word) {
  constexpr std::pair<Text, jn_status> kClasses[] = {
      {"auth", JN_E_AUTH},         {"forbidden", JN_E_FORBIDDEN}, {"not_found", JN_E_NOT_FOUND},
      {"conflict", JN_E_CONFLICT}, {"rate", JN_E_RATE_LIMITED},   {"retry", JN_E_UNAVAILABLE},
      {"invalid", JN_E_INVALID}};
  for (const auto& [name, status] : kClasses) {
    if (name == word) return status;
  }
  return JN_OK;
}

// A text, or the first text of a list of pointers that leads to one.
inline Text firstText(const Json& body, const Json& pointers) {
  if (pointers.isString()) return body.at(pointers.text()).text();
  for (const auto& pointer : pointers) {
    const Text found = body.at(pointer.value.text()).text();
    if (!found.empty()) return found;
  }
  return {};
}

inline bool sameScalar(const Json& a, const Json& b) {
  return a.present() && a.type() == b.type() && a.text() == b.text();
}

inline Json declaredManifest(const Call& call) {
  return call.parse(
      {junctor_manifest, static_cast<size_t>(junctor_manifest_end - junctor_manifest)});
}

}  // namespace detail

// Sends what the manifest declares, and reads what comes back.
class DeclaredRequests {
 public:
  DeclaredRequests(const Call& call, Json manifest) : call_(call), api_(manifest["api"]) {}

  Prepared prepare(const Json& request, const Values& values, bool key_in_header) const {
    const Template fill(call_, values);
    Prepared out;
    out.method = fill.text(request["method"].text()).value_or("");
    if (out.method.empty()) out.method = request["graphql"].present() ? "POST" : "GET";
    out.url = urlOf(request, fill);
    const Text credential = (request["credential"].present() ? request : api_)["credential"].text();
    out.credential = credential;
    out.sends_key = key_in_header;
    for (const Json& headers : {api_["headers"], request["headers"]}) {
      for (const auto& header : headers) {
        if (header.key == "...") {
          for (const auto& given : fill.valueAt(header.value)) {
            out.headers.emplace_back(given.key, given.value.text());
          }
        } else if (auto value = fill.text(header.value.text())) {
          out.headers.emplace_back(header.key, std::move(*value));
        }
      }
    }
    addBody(request, fill, out);
    return out;
  }

  // The answer, which is a success; anything else is thrown as a Failure of its class.
  HttpAnswer send(const Prepared& request, Text key, bool repeatable, const char* what) const {
    HttpRequest out;
    out.method = request.method;
    out.url = request.url;
    for (const auto& [name, value] : request.headers) out.headers.emplace_back(name, value);
    out.body = request.body;
    out.credential = request.credential;
    if (request.sends_key) out.idempotency_key = key;
    out.idempotent = repeatable;
    const HttpAnswer answer = call_.http(out);
    check(answer, what);
    return answer;
  }

  // null where the answer has no body. `any`: what is no JSON is a text.
  Json read(const HttpAnswer& answer, bool any = false) const {
    if (answer.body().empty()) return call_.parse("null");
    try {
      return answer.json();
    } catch (const Failure&) {
      if (any && isUtf8(answer.body())) {
        Writer out(call_.raw());
        return call_.parse(out.value(answer.body()).end());
      }
      throw Failure(JN_E_UNAVAILABLE, "the provider's answer is not JSON").http(answer.status());
    }
  }

 private:
  std::string urlOf(const Json& request, const Template& fill) const {
    const Text path = request["url"].text();
    const std::string base = path.substr(0, 1) == "/" ? baseUrl(fill) : "";
    auto url = fill.text(path, true);
    if (!url) throw invalid("a parameter or setting is missing: " + std::string(path));
    url->insert(0, base);
    char separator = url->find('?') == std::string::npos ? '?' : '&';
    const auto add = [&](Text name, Text value) {
      *url += separator + percentEncoded(name) + "=" + percentEncoded(value);
      separator = '&';
    };
    for (const auto& field : request["query"]) {
      if (field.key == "...") {
        for (const auto& given : fill.valueAt(field.value)) add(given.key, given.value.text());
      } else if (const auto value = fill.text(field.value.text())) {
        add(field.key, *value);
      }
    }
    return *url;
  }

  // api.url; of a list the first whose settings are there.
  std::string baseUrl(const Template& fill) const {
    const Json urls = api_["url"];
    if (urls.isString()) {
      if (auto url = fill.text(urls.text(), true)) return *url;
    }
    for (const auto& each : urls) {
      if (auto url = fill.text(each.value.text(), true)) return *url;
    }
    throw invalid("a setting of the API's address is missing");
  }

  void addBody(const Json& request, const Template& fill, Prepared& out) const {
    const bool form = request["form"].present();
    const Json source = request[form ? "form" : "json"];
    const Json graphql = request["graphql"];
    if (!source.present() && !graphql.present()) return;
    Writer writer(call_.raw());
    if (graphql.present()) {
      // Its braces are its own; the places are in the variables.
      writer.object().key("query").value(graphql);
      if (source.present()) fill.write(writer.key("variables"), source);
      writer.close();
    } else {
      fill.write(writer, source);
    }
    const Text json = writer.end();
    if (form) {
      appendForm(out.body, "", call_.parse(json), api_["lists"].text() == "repeated");
    } else {
      out.body = json;
    }
    out.headers.emplace_back("Content-Type",
                             form ? "application/x-www-form-urlencoded" : "application/json");
  }

  // Providers that count down in headers say 403 or 429 when nothing is left, and when it is over.
  uint64_t waitUntilReset(const HttpAnswer& answer) const {
    const Json rate = api_["rate"];
    const bool none_left = rate.present() && answer.header(rate["remaining"].text()) == "0";
    if (!none_left) return 0;
    const Text reset = answer.header(rate["reset"].text());
    int64_t at_s = 0;
    std::from_chars(reset.data(), reset.data() + reset.size(), at_s);
    const int64_t now_s = call_.nowMs() / 1000;
    const int64_t wait_s = rate["reset_is"].text() == "seconds" ? at_s : at_s - now_s;
    return static_cast<uint64_t>(wait_s > 0 ? wait_s : 1) * 1000;
  }

  bool refused(const HttpAnswer& answer) const {
    const Json when = api_["errors"]["when"];
    if (!answer.ok()) return true;
    if (!when.present() || answer.body().empty()) return false;
    const Json told = read(answer).at(when["pointer"].text());
    return when["equals"].present() ? detail::sameScalar(told, when["equals"]) : told.present();
  }

  void check(const HttpAnswer& answer, const char* what) const {
    if (!refused(answer)) return;
    Json body;
    try {
      if (!answer.body().empty()) body = answer.json();
    } catch (const Failure&) {
      body = Json();  // a proxy's page, say
    }
    const Json errors = api_["errors"];
    const std::string code(detail::firstText(body, errors["code"]).substr(0, 100));
    std::string message = std::string(what) + ": HTTP " + std::to_string(answer.status());
    for (const Text part :
         {Text(code), detail::firstText(body, errors["message"]).substr(0, 300)}) {
      if (!part.empty()) message += ": " + std::string(part);
    }
    jn_status status = HttpAnswer::classOf(answer.status());
    if (const jn_status named = detail::classNamed(errors["codes"][code].text())) status = named;
    uint64_t wait = answer.retryAfterMs();
    if (const uint64_t reset = waitUntilReset(answer);
        reset > 0 && (answer.status() == 403 || answer.status() == 429)) {
      status = JN_E_RATE_LIMITED;
      if (wait == 0) wait = reset;
    }
    throw Failure(status, oneLine(message)).http(answer.status()).code(code).retryAfter(wait);
  }

  static std::string oneLine(std::string text) {
    for (char& c : text) {
      if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    }
    return text;
  }

  const Call& call_;
  const Json api_;
};

// What the manifest declares as actions, and the test of the connection.
class DeclaredActions : public Actions, public TestsConnection {
 public:
  DeclaredActions(const Call&, const Json& settings)
      : settings_(settings.isObject() ? settings.dump() : Text("{}")) {}

  void execute(const Call& call, const Action& action, ActionSink& out) override {
    const Json manifest = declared(call);
    const Json declared_action = manifest["actions"][action.name];
    if (!declared_action.isObject()) {
      throw invalid("there is no action '" + std::string(action.name) + "'");
    }
    checkParams(action.params, declared_action["input"]);
    const Values values{action.params, declared_action["input"], settings(call),
                        action.idempotency_key};
    run(call, manifest, std::string(action.name), declared_action, values, out);
  }

  void testConnection(const Call& call, Json) override {
    const Json manifest = declared(call);
    if (!manifest["test"].present()) throw Failure(JN_E_UNSUPPORTED, "there is no test");
    const DeclaredRequests requests(call, manifest);
    const Values values{call.parse("{}"), {}, settings(call), {}};
    requests.send(requests.prepare(manifest["test"], values, false), {}, true, "test");
  }

 protected:
  static Json declared(const Call& call) { return detail::declaredManifest(call); }
  Json settings(const Call& call) const { return call.parse(settings_); }

  // Required ones are there, unknown ones are not, and each has its type.
  static void checkParams(const Json& params, const Json& schema) {
    if (!params.isObject()) throw invalid("the parameters must be an object");
    for (const auto& name : schema["required"]) {
      if (Values::known(params[name.value.text()]).present()) continue;
      throw invalid("the parameter '" + std::string(name.value.text()) + "' is missing");
    }
    for (const auto& param : params) {
      const Json property = schema["properties"][param.key];
      if (!property.present()) {
        throw invalid("there is no parameter '" + std::string(param.key) + "'");
      }
      if (param.value.type() == JN_JSON_NULL || fits(param.value, property["type"].text()))
        continue;
      throw invalid("the parameter '" + std::string(param.key) + "' must be of type " +
                    std::string(property["type"].text()));
    }
  }

  void run(const Call& call, const Json& manifest, const std::string& name, const Json& action,
           const Values& values, ActionSink& out) {
    const bool keyed = action["idempotent"].boolean().value_or(false);
    const bool in_body = action["idempotency_in_body"].boolean().value_or(false);
    const DeclaredRequests requests(call, manifest);
    const Prepared request = requests.prepare(action["request"], values, keyed && !in_body);
    if (call.dryRun()) return wouldSend(call, request, values, out);
    const bool repeatable = in_body && !values.idempotency_key.empty();
    if (action["pages"].present()) {
      return runPages(call, requests, request, values, name, action, out);
    }
    const Json result = action["result"];
    const Json answer =
        requests.read(requests.send(request, values.idempotency_key, repeatable, name.c_str()),
                      result["any"].boolean().value_or(false));
    const Json data = result["data"].present() ? answer.at(result["data"].text()) : answer;
    ActionResult given;
    given.data = data.present() ? data.dump() : Text("null");
    if (result["id"].present()) given.external_id = answer.at(result["id"].text()).text();
    if (result["url"].present()) given.url = answer.at(result["url"].text()).text();
    out.result(given);
  }

 private:
  static bool fits(const Json& value, Text type) {
    switch (value.type()) {
      case JN_JSON_STRING:
        return type == "string" || type.empty();
      case JN_JSON_BOOL:
        return type == "boolean" || type.empty();
      case JN_JSON_ARRAY:
        return type == "array" || type.empty();
      case JN_JSON_OBJECT:
        return type == "object" || type.empty();
      default:
        return type == "number" || type.empty() || (type == "integer" && value.integer());
    }
  }

  static void wouldSend(const Call& call, const Prepared& request, const Values& values,
                        ActionSink& out) {
    Writer writer(call.raw());
    writer.object().key("method").value(Text(request.method)).key("url").value(Text(request.url));
    writer.key("headers").object();
    for (const auto& [name, value] : request.headers) writer.key(name).value(Text(value));
    if (request.sends_key && !values.idempotency_key.empty()) {
      writer.key("Idempotency-Key").value(values.idempotency_key);
    }
    writer.close();
    writer.put("credential", Text(request.credential)).put("body", Text(request.body));
    ActionResult result;
    result.data = writer.close().end();
    out.result(result);
  }

  // All pages up to pages.max (5), as {"items": […], "more": …}.
  void runPages(const Call& call, const DeclaredRequests& requests, Prepared request,
                const Values& values, const std::string& name, const Json& action,
                ActionSink& out) {
    const Json pages = action["pages"];
    const std::string first = request.url;
    const int64_t most = pages["max"].integer().value_or(5);
    Writer writer(call.raw());
    writer.object().key("items").array();
    bool more = true;
    for (int64_t page = 0; more && page < most && !call.cancelled(); ++page) {
      const HttpAnswer answer = requests.send(request, {}, false, name.c_str());
      const Json body = requests.read(answer);
      const Json items = body.at(pages["items"].text());
      Json last;
      for (const auto& item : items) {
        writer.value(item.value);
        last = item.value;
      }
      if (pages["in_body"].boolean().value_or(false)) {
        Values next = values;
        next.cursor = cursorOf(pages, body, last);
        more = !next.cursor.empty();
        if (more) request = requests.prepare(action["request"], next, false);
      } else {
        request.url = nextUrl(pages, first, answer, body, last, page + 1);
        more = !request.url.empty();
      }
    }
    ActionResult result;
    result.data = writer.close().key("more").value(more).close().end();
    out.result(result);
  }

  static bool moreOf(const Json& pages, const Json& body) {
    return body.at(pages["more"].text()).boolean().value_or(false);
  }

  static Text cursorOf(const Json& pages, const Json& body, const Json& last) {
    if (pages["more"].present() && !moreOf(pages, body)) return {};
    if (pages["cursor"].present()) return body.at(pages["cursor"].text()).text();
    return pages["last"].present() ? last.at(pages["last"].text()).text() : Text();
  }

  // "" = that was the last page.
  static std::string nextUrl(const Json& pages, const std::string& first, const HttpAnswer& answer,
                             const Json& body, const Json& last, int64_t page) {
    if (pages["next"].text() == "link") return linkNext(answer.header("Link"));
    if (pages["next_url"].present()) return std::string(body.at(pages["next_url"].text()).text());
    std::string cursor(cursorOf(pages, body, last));
    const int64_t step = pages["step"].integer().value_or(0);
    if (step > 0 && moreOf(pages, body)) cursor = std::to_string(page * step);
    if (cursor.empty()) return {};
    const char separator = first.find('?') == std::string::npos ? '?' : '&';
    return first + separator + percentEncoded(pages["query"].text()) + "=" + percentEncoded(cursor);
  }

  // RFC 8288: <https://…>; rel="next", …
  static std::string linkNext(Text header) {
    for (size_t at = 0; at < header.size();) {
      const size_t open = header.find('<', at), close = header.find('>', at);
      if (open == Text::npos || close == Text::npos || close < open) return {};
      const size_t end = std::min(header.find('<', close), header.size());
      const Text rest = header.substr(close, end - close);
      if (rest.find("rel=\"next\"") != Text::npos || rest.find("rel=next") != Text::npos) {
        return std::string(header.substr(open + 1, close - open - 1));
      }
      at = end;
    }
    return {};
  }

  const std::string settings_;
};

// And its lists of fields.
class DeclaredApi : public DeclaredActions, public Fields {
 public:
  using DeclaredActions::DeclaredActions;

  void listFields(const Call& call, Text object, FieldSink& out) override {
    const Json manifest = declared(call);
    const Json fields = manifest["fields"][object];
    if (!fields.present()) {
      throw Failure(JN_E_NOT_FOUND, "there are no fields of '" + std::string(object) + "'");
    }
    if (fields.isArray()) return declaredFields(fields, out);
    const DeclaredRequests requests(call, manifest);
    const Values values{call.parse("{}"), {}, settings(call), {}};
    const Prepared request = requests.prepare(fields["request"], values, false);
    const Json answer = requests.read(requests.send(request, {}, true, "list fields"));
    for (const auto& item : answer.at(fields["items"].text())) addField(fields, item, out);
  }

 private:
  static uint32_t fieldType(Text word) {
    constexpr std::pair<Text, uint32_t> kTypes[] = {
        {"text", JN_FIELD_TEXT},     {"integer", JN_FIELD_INTEGER},
        {"number", JN_FIELD_NUMBER}, {"boolean", JN_FIELD_BOOLEAN},
        {"date", JN_FIELD_DATE},     {"time", JN_FIELD_TIME},
        {"choice", JN_FIELD_CHOICE}, {"reference", JN_FIELD_REFERENCE},
        {"json", JN_FIELD_JSON}};
    for (const auto& [name, type] : kTypes) {
      if (name == word) return type;
    }
    return JN_FIELD_TEXT;
  }

  static void declaredFields(const Json& list, FieldSink& out) {
    for (const auto& item : list) {
      Field field;
      field.name = item.value["name"].text();
      field.label = item.value["label"].text();
      field.help = item.value["help"].text();
      field.type = fieldType(item.value["type"].text());
      field.flags = item.value["required"].boolean().value_or(false) ? JN_FIELD_REQUIRED : 0;
      if (item.value["read_only"].boolean().value_or(false)) field.flags |= JN_FIELD_READ_ONLY;
      if (item.value["multiple"].boolean().value_or(false)) field.flags |= JN_FIELD_MULTIPLE;
      for (const auto& each : item.value["options"]) {
        field.options.push_back(option(each.value.text(), each.value.text()));
      }
      out.field(field);
    }
  }

  // A pointer to a boolean; "!/removable" is its opposite.
  static bool flag(const Json& item, Text pointer) {
    const bool negated = pointer.substr(0, 1) == "!";
    if (pointer.empty()) return false;
    return item.at(pointer.substr(negated ? 1 : 0)).boolean().value_or(negated) != negated;
  }

  // `member` of the list of fields: its name in an object of fields (Salesforce has a list).
  static void addField(const Json& how, const Json::Member& member, FieldSink& out) {
    const Json& item = member.value;
    Field field;
    field.name = how["name"].present() ? item.at(how["name"].text()).text() : member.key;
    field.label = item.at(how["label"].text()).text();
    const Text type = item.at(how["type"].text()).text();
    field.type = fieldType(how["types"][type].text());
    if (flag(item, how["required"].text())) field.flags |= JN_FIELD_REQUIRED;
    if (flag(item, how["read_only"].text())) field.flags |= JN_FIELD_READ_ONLY;
    if (flag(item, how["custom"].text())) field.flags |= JN_FIELD_CUSTOM;
    for (const auto& each : item.at(how["options"].text())) {
      if (!how["options"].present()) break;
      field.options.push_back(option(each.value.at(how["option_value"].text()).text(),
                                     each.value.at(how["option_label"].text()).text()));
    }
    if (field.type == JN_FIELD_CHOICE && field.options.empty()) field.type = JN_FIELD_TEXT;
    out.field(field);
  }
};

}  // namespace jnc

#endif
