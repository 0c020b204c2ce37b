#include "app/cli_integration.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "app/cli_client.h"
#include "app/cli_keys.h"
#include "app/cli_output.h"
#include "base/bytes.h"
#include "base/files.h"
#include "base/json_value.h"
#include "base/limits.h"

namespace junctor::app {
namespace {

Result<std::string> pathOf(AdminClient& client, const std::string& id) {
  JUNCTOR_TRY(const std::string base, client.owner("integrations", id));
  return base + "/integrations/" + percentEncode(id);
}

// JSON as it stands, or of a file named after '@'.
Result<Json> jsonOf(const std::string& text, const char* what) {
  std::string content = text;
  if (text.starts_with("@")) {
    JUNCTOR_TRY(content, readFile(text.substr(1), limits::kConnectorBodyBytesMax));
  }
  auto json = parseJson(content);
  if (!json) return invalidArgument(std::string(what) + ": " + json.error().message);
  if (!json->is_object()) return invalidArgument(std::string(what) + " must be a JSON object");
  return json;
}

// "title=Printer on fire", "labels:=[\"bug\"]"
Result<void> addParam(const std::string& text, Json& params) {
  const size_t equals = text.find('=');
  if (equals == text.npos || equals == 0) {
    return invalidArgument("'" + text + "' must be name=text or name:=json");
  }
  const bool json = text[equals - 1] == ':';
  const std::string name = text.substr(0, equals - (json ? 1 : 0));
  const std::string value = text.substr(equals + 1);
  if (!json) {
    params[name] = value;
    return {};
  }
  auto parsed = parseJson(value);
  if (!parsed) return invalidArgument(name + ": " + parsed.error().message);
  params[name] = std::move(*parsed);
  return {};
}

Result<Json> bodyOf(const IntegrationOptions& options) {
  Json body = {{"params", Json::object()}, {"dry_run", options.dry_run}};
  if (!options.params.empty()) {
    JUNCTOR_TRY(body["params"], jsonOf(options.params, "--params"));
  }
  for (const std::string& each : options.set) JUNCTOR_CHECK(addParam(each, body["params"]));
  if (!options.canonical.empty()) {
    JUNCTOR_TRY(body["object"], jsonOf(options.canonical, "--object"));
  }
  return body;
}

Result<int> showActions(const CliContext& context, AdminClient& client, const std::string& path) {
  JUNCTOR_TRY(const Json answer, client.get(path + "/actions"));
  if (context.json) {
    printJson(answer);
    return kExitOk;
  }
  Table table({"ACTION", "PARAMETERS", "DOES"});
  for (const Json& action : answer.at("data")) {
    std::string names;
    const Json input = action.value("input", Json::object());
    const Json required = input.value("required", Json::array());
    const Json properties = input.value("properties", Json::object());
    for (const auto& property : properties.items()) {
      const bool must =
          std::find(required.begin(), required.end(), property.key()) != required.end();
      names += (names.empty() ? "" : " ") + property.key() + (must ? "" : "?");
    }
    table.row({cell(action, "name"), clipped(names, 60), cell(action, "title")});
  }
  table.print();
  if (table.size() == 0) talk("its connector has no actions");
  return kExitOk;
}

}  // namespace

Result<int> integrationList(const CliContext& context) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const auto tenants, client.tenants());
  Json all = Json::array();
  Table table({"INTEGRATION", "TENANT", "CONNECTOR", "STATE", "WEBHOOK"});
  for (const std::string& tenant : tenants) {
    JUNCTOR_TRY(const Json answer,
                client.get("/v1/tenants/" + percentEncode(tenant) + "/integrations"));
    for (const Json& item : answer.at("data")) {
      const std::string problem = cell(item, "problem");
      const std::string ok = item.value("enabled", true) ? "ok" : "disabled";
      table.row({cell(item, "id"), tenant, cell(item, "connector"),
                 problem.empty() ? ok : clipped(problem, 50), cell(item, "webhook_url")},
                problem.empty() ? Paint::Plain : Paint::Red);
      all.push_back(item);
    }
  }
  if (context.json) {
    printJson({{"items", all}});
  } else {
    table.print();
    if (table.size() == 0) talk("no integrations");
  }
  return kExitOk;
}

Result<int> integrationAct(const CliContext& context, const IntegrationOptions& options) {
  JUNCTOR_TRY(const Json body, bodyOf(options));
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string path, pathOf(client, options.id));
  if (options.action.empty()) return showActions(context, client, path);
  Headers headers;
  if (!options.key.empty()) headers.emplace_back("Idempotency-Key", options.key);
  JUNCTOR_TRY(const Json answer,
              client.post(path + "/actions/" + percentEncode(options.action), body, headers));
  printJson(context.json ? answer : answer.at(options.dry_run ? "request" : "data"));
  return kExitOk;
}

Result<int> integrationCreate(const CliContext& context, const IntegrationOptions& options) {
  Json settings = Json::object();
  for (const std::string& each : options.set) JUNCTOR_CHECK(addParam(each, settings));
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string tenant, client.tenant());
  const Json body = {{"id", options.id},
                     {"connector", options.connector},
                     {"webhook_secrets", {"vault:webhook"}},
                     {"settings", settings}};
  const auto made = client.post("/v1/tenants/" + percentEncode(tenant) + "/integrations", body);
  for (const std::string& problem : client.problems()) talk(problem);
  if (!made) return made.error();
  if (context.json) {
    printJson(*made);
  } else {
    print(options.id + " is there; its webhook URL: " + cell(*made, "webhook_url"));
    talk("next: junctor secret put " + options.id + " webhook, and junctor integration connect " +
         options.id);
  }
  return kExitOk;
}

namespace {

Result<int> waitForConsent(AdminClient& client, const std::string& path, const std::string& id) {
  constexpr int kTries = 600;  // a state lives ten minutes
  for (int i = 0; i < kTries; ++i) {
    JUNCTOR_TRY(const Json answer, client.get(path));
    const std::string state =
        answer.value("credential", Json::object()).value("state", std::string());
    if (state == "active") {
      print(id + " is connected");
      return kExitOk;
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  return unavailable("nobody has authorized it");
}

}  // namespace

namespace {

Result<int> switchTo(const CliContext& context, const IntegrationOptions& options,
                     const std::string& verb, const char* then) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string path, pathOf(client, options.id));
  JUNCTOR_TRY(const Json answer, client.post(path + "/" + verb, Json::object()));
  if (context.json) {
    printJson(answer);
  } else {
    print(options.id + " is " + verb + "d: " + then);
  }
  return kExitOk;
}

}  // namespace

Result<int> integrationConnect(const CliContext& context, const IntegrationOptions& options) {
  if (!options.connector.empty()) JUNCTOR_CHECK(integrationCreate(context, options));
  if (!options.field.empty()) {
    JUNCTOR_TRY(const int put, secretPut(context, {options.id, options.field, "", false}));
    return put == kExitOk ? integrationTest(context, options) : put;
  }
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string path, pathOf(client, options.id));
  JUNCTOR_TRY(const Json answer, client.post(path + "/authorize", Json::object()));
  print(cell(answer, "url"));
  if (!options.wait) return kExitOk;
  talk("Open this URL and consent; waiting …");
  return waitForConsent(client, path, options.id);
}

Result<int> integrationRegister(const CliContext& context, const IntegrationOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string path, pathOf(client, options.id));
  JUNCTOR_TRY(const Json answer,
              client.post(path + "/register-webhook", {{"events", options.set}}));
  if (context.json) {
    printJson(answer);
    return kExitOk;
  }
  print(options.id + ": registered as " + cell(answer, "id") + " for " + cell(answer, "url"));
  if (const std::string end = cell(answer, "expires_at"); !end.empty()) {
    talk("until " + end + "; it is renewed before");
  }
  return kExitOk;
}

Result<int> integrationUnregister(const CliContext& context, const IntegrationOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string path, pathOf(client, options.id));
  JUNCTOR_CHECK(client.post(path + "/unregister-webhook", Json::object()));
  print(options.id + ": its webhook is no longer registered");
  return kExitOk;
}

Result<int> integrationShow(const CliContext& context, const IntegrationOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string path, pathOf(client, options.id));
  JUNCTOR_TRY(const Json found, client.get(path));
  if (context.json) {
    printJson(found);
    return kExitOk;
  }
  Table table({"WHAT", "NOW"});
  const Json credential = found.value("credential", Json::object());
  table.row({"connector", cell(found, "connector")});
  table.row({"status", cell(found, "status") + " " + cell(found, "problem")});
  table.row({"credential", cell(credential, "state") + " " + cell(credential, "reason")});
  table.row({"webhook", cell(found, "webhook_url")});
  table.row({"parked", cell(found, "parked")});
  const Json registered = found.value("registered_webhook", Json());
  if (registered.is_object()) {
    table.row({"registered as", cell(registered, "id") + " " + cell(registered, "problem")});
    table.row({"until", cell(registered, "expires_at")});
  }
  for (const Json& use : found.value("webhook_secret_uses", Json::array())) {
    const std::string at = cell(use, "last_used_at");
    table.row({cell(use, "secret"), at.empty() ? "has verified nothing yet" : "last used " + at});
  }
  table.print();
  return kExitOk;
}

Result<int> integrationRevoke(const CliContext& context, const IntegrationOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string path, pathOf(client, options.id));
  JUNCTOR_CHECK(client.post(path + "/revoke", Json::object()));
  print(options.id + " is revoked");
  return kExitOk;
}

Result<int> integrationDisable(const CliContext& context, const IntegrationOptions& options) {
  return switchTo(context, options, "disable", "its webhooks are taken and parked");
}

Result<int> integrationEnable(const CliContext& context, const IntegrationOptions& options) {
  return switchTo(context, options, "enable", "what was parked goes on");
}

Result<int> integrationFields(const CliContext& context, const IntegrationOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string path, pathOf(client, options.id));
  JUNCTOR_TRY(const Json answer, client.get(path + "/fields/" + percentEncode(options.object)));
  if (context.json) {
    printJson({{"items", answer.at("data")}});
    return kExitOk;
  }
  Table table({"FIELD", "TYPE", "REQUIRED", "CUSTOM", "LABEL"});
  for (const Json& field : answer.at("data")) {
    table.row({cell(field, "name"), cell(field, "type"), cell(field, "required"),
               cell(field, "custom"), cell(field, "label")});
  }
  table.print();
  return kExitOk;
}

Result<int> integrationTest(const CliContext& context, const IntegrationOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string path, pathOf(client, options.id));
  JUNCTOR_TRY(const Json answer, client.post(path + "/test", Json::object()));
  if (context.json) {
    printJson(answer);
  } else {
    print(options.id + ": the provider accepts the credential");
  }
  return kExitOk;
}

}  // namespace junctor::app
