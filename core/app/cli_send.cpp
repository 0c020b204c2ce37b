#include "app/cli_client.h"
#include "app/cli_commands.h"
#include "app/cli_output.h"
#include "app/connector_store.h"
#include "app/paths.h"
#include "base/bytes.h"
#include "base/files.h"
#include "base/json_value.h"
#include "base/log.h"
#include "config/suggest.h"
#include "crypto/hash.h"
#include "ingest/endpoints.h"
#include "plugin/connector.h"

namespace junctor::app {
namespace {

// What is posted, where, and how it is signed.
struct Sending {
  plugin::Manifest manifest;
  plugin::Sample sample;
  std::string body;
  Integration integration;  // of the server, or made up of --url and --secret
  std::string url;
  std::unique_ptr<crypto::Verifier> signer;  // null: the integration is unsigned
  // Puts a token or a time where the scheme wants it in the body.
  std::function<std::string(std::string)> make_body = [](std::string as_it_is) { return as_it_is; };
};

config::ServerConfig configOf(const CliContext& context) {
  config::Problems ignored;
  auto config =
      config::loadServerConfig(context.config_file, context.environment, context.settings, ignored);
  config.connectors_dev = true;  // looked at, not run: whether it runs is the server's matter
  return config;
}

Result<plugin::Manifest> manifestOf(const CliContext& context, const std::string& id) {
  const auto config = configOf(context);
  const auto registry =
      plugin::loadConnectors(connectorFolders(config), plugin::openNothing(),
                             installedConnectors(config, systemClock()), plugin::openNothing());
  std::vector<std::string> known;
  for (const auto& connector : registry->all()) known.push_back(connector->manifest().id);
  const auto found = registry->find(id);
  if (found) return found->manifest();
  return invalidArgument("there is no connector '" + id + "'" + config::didYouMean(id, known));
}

Result<plugin::Sample> sampleOf(const plugin::Manifest& manifest, const std::string& event) {
  std::vector<std::string> known;
  for (const plugin::Sample& sample : manifest.samples) {
    if (sample.event == event) return sample;
    known.push_back(sample.event);
  }
  return invalidArgument("connector " + manifest.id + " has no sample '" + event + "'" +
                         config::didYouMean(event, known) + " (junctor connector show " +
                         manifest.id + " lists them)");
}

// "http://0.0.0.0:8080" is where the server listens, not where it can be reached.
std::string reachable(std::string url) {
  for (const auto& [any, local] :
       {std::pair<std::string, std::string>{"//0.0.0.0:", "//127.0.0.1:"},
        {"//[::]:", "//[::1]:"}}) {
    if (const size_t at = url.find(any); at != std::string::npos) {
      url.replace(at, any.size(), local);
    }
  }
  return url;
}

Integration integrationFrom(const Json& json) {
  Integration integration;
  integration.id = cell(json, "id");
  integration.connector = cell(json, "connector");
  integration.unsigned_ok = json.value("unsigned", false);
  integration.public_url = cell(json, "public_url");
  integration.settings_json = dumpJson(json.value("settings", Json::object()));
  for (const Json& secret : json.value("webhook_secrets", Json::array())) {
    integration.webhook_secrets.push_back({secret.get<std::string>()});
  }
  return integration;
}

// The integration asked for, or the first of that connector.
Result<Json> findIntegration(AdminClient& client, const SendOptions& options) {
  JUNCTOR_TRY(const auto tenants, client.tenants());
  for (const std::string& tenant : tenants) {
    JUNCTOR_TRY(const Json answer,
                client.get("/v1/tenants/" + percentEncode(tenant) + "/integrations"));
    for (const Json& integration : answer.at("data")) {
      const bool wanted = options.integration.empty()
                              ? cell(integration, "connector") == options.connector
                              : cell(integration, "id") == options.integration;
      if (wanted) return integration;
    }
  }
  return notFound(options.integration.empty()
                      ? "no tenant has an integration of connector " + options.connector
                      : "there is no integration '" + options.integration + "'");
}

Result<void> locate(const CliContext& context, const SendOptions& options, Sending& sending) {
  const bool alone = !options.url.empty() && !options.secret.empty();
  if (alone) {  // no server needs to be asked
    sending.integration.id = options.integration;
    sending.url = options.url;
  } else {
    JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
    JUNCTOR_TRY(const Json found, findIntegration(client, options));
    sending.integration = integrationFrom(found);
    const std::string path = "/v1/webhooks/incoming/" + percentEncode(sending.integration.id);
    sending.url =
        client.publicUrl().empty() ? cell(found, "webhook_url") : client.publicUrl() + path;
    if (!options.url.empty()) sending.url = options.url;
  }
  if (!options.secret.empty()) sending.integration.webhook_secrets = {{options.secret}};
  sending.url = reachable(sending.url);
  return {};
}

Result<void> prepareSigner(const CliContext& context, Sending& sending) {
  if (sending.integration.unsigned_ok && sending.integration.webhook_secrets.empty()) return {};
  std::vector<std::string> secrets;
  for (const SecretRef& ref : sending.integration.webhook_secrets) {
    auto secret = config::resolveSecret(ref, context.environment);
    if (!secret) {
      return makeError(secret.error().code,
                       secret.error().message + " here; --secret names one that is");
    }
    secrets.push_back(std::move(*secret));
  }
  JUNCTOR_TRY(const auto scheme, ingest::schemeFor(sending.manifest, sending.integration));
  if (!scheme.query.empty() && !secrets.empty()) {  // the token stands in the URL
    const char separator = sending.url.find('?') == std::string::npos ? '?' : '&';
    sending.url += separator + scheme.query + "=" + percentEncode(secrets[0]);
  }
  sending.make_body = [scheme,
                       first = secrets.empty() ? std::string() : secrets[0]](std::string body) {
    return crypto::bodyToSign(scheme, std::move(body), first, systemClock().unixMs());
  };
  JUNCTOR_TRY(sending.signer, crypto::makeVerifier(scheme, secrets));
  return {};
}

// In the package's folder of samples, or in the bundle that was installed.
Result<std::string> sampleBody(const CliContext& context, const SendOptions& options,
                               const plugin::Sample& sample) {
  const std::string file = samplesFolder(options.connector) + "/" + sample.file;
  if (fileExists(file)) return readFile(file);
  auto body = openConnectorStore(configOf(context), systemClock())
                  .readFile(options.connector, "fixtures/" + sample.file);
  if (!body) return notFound(file + " is not there; " + body.error().message);
  return body;
}

Result<Sending> prepare(const CliContext& context, const SendOptions& options) {
  Sending sending;
  JUNCTOR_TRY(sending.manifest, manifestOf(context, options.connector));
  JUNCTOR_TRY(sending.sample, sampleOf(sending.manifest, options.event));
  JUNCTOR_TRY(sending.body, options.payload_file.empty()
                                ? sampleBody(context, options, sending.sample)
                                : readFile(options.payload_file));
  JUNCTOR_CHECK(locate(context, options, sending));
  JUNCTOR_CHECK(prepareSigner(context, sending));
  return sending;
}

Headers headersOf(const plugin::Sample& sample, const std::string& uuid) {
  Headers headers;
  for (auto [name, value] : sample.headers) {
    if (const size_t at = value.find("{uuid}"); at != std::string::npos) {
      value.replace(at, 6, uuid);
    }
    headers.emplace_back(std::move(name), std::move(value));
  }
  if (!findHeader(headers, "Content-Type")) {
    headers.emplace_back("Content-Type", "application/json");
  }
  return headers;
}

// A payload of the user's own need not have the sample's ids: it is sent as it is then.
std::string bodyOf(const Sending& sending, const std::string& unique, bool own_payload) {
  auto fresh = plugin::freshBody(sending.sample, sending.body, unique);
  if (fresh) return std::move(*fresh);
  if (!own_payload) talk("sent as it is: " + fresh.error().message);
  return sending.body;
}

Result<Json> sendOne(net::HttpClient& client, const Sending& sending, bool own_payload) {
  const std::string bytes = crypto::randomBytes(16);
  const std::string hex = toHex(bytes);
  const std::string uuid = hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-4" + hex.substr(13, 3) +
                           "-a" + hex.substr(17, 3) + "-" + hex.substr(20);
  net::OutboundRequest request;
  request.url = sending.url;
  request.headers = headersOf(sending.sample, uuid);
  request.body =
      std::make_shared<const std::string>(sending.make_body(bodyOf(sending, hex, own_payload)));
  request.pool = "send";
  request.allow_private = true;
  if (sending.signer) {
    const size_t authority = sending.url.find("//") + 2;
    const std::string path =
        sending.url.substr(std::min(sending.url.find('/', authority), sending.url.size()));
    const crypto::SignatureInput input{"POST", sending.url,   path,
                                       "",     *request.body, request.headers};
    JUNCTOR_TRY(const Headers signature, sending.signer->sign(input, systemClock().unixMs()));
    request.headers.insert(request.headers.end(), signature.begin(), signature.end());
  }
  JUNCTOR_TRY(const auto response, fetch(client, std::move(request)));
  Json out = {{"status", response.status}, {"event_id", ""}, {"answer", response.body}};
  if (const auto answer = parseJson(response.body); answer && answer->is_object()) {
    out["event_id"] = cell(*answer, "event_id");
    out["answer"] = answer->contains("detail") ? cell(*answer, "detail") : cell(*answer, "status");
  }
  // Providers that want an empty answer (Slack) have the id in a header.
  if (const std::string* id = findHeader(response.headers, "Junctor-Event-Id")) {
    out["event_id"] = *id;
  }
  out["integration"] = sending.integration.id;
  out["latency_us"] = response.latency_us;
  return out;
}

}  // namespace

Result<Json> sendSample(const CliContext& context, const SendOptions& options) {
  log::configure(log::Level::Error, log::Format::Text);
  JUNCTOR_TRY(const Sending sending, prepare(context, options));
  const auto client = net::startHttpClient(systemClock());
  return sendOne(*client, sending, !options.payload_file.empty());
}

Result<int> send(const CliContext& context, const SendOptions& options) {
  log::configure(log::Level::Error, log::Format::Text);
  if (options.count < 1) return invalidArgument("--count must be at least 1");
  JUNCTOR_TRY(const Sending sending, prepare(context, options));
  const auto client = net::startHttpClient(systemClock());
  bool good = true;
  for (int i = 0; i < options.count; ++i) {
    JUNCTOR_TRY(const Json sent, sendOne(*client, sending, !options.payload_file.empty()));
    const int status = sent.value("status", 0);
    good = good && status >= 200 && status < 300;
    if (!context.json) {
      print(visible(fmt::format("{} {} {}", status, cell(sent, "answer"), cell(sent, "event_id"))));
    } else if (options.count == 1) {
      printJson(sent);
    } else {
      printJsonLine(sent);
    }
  }
  if (!context.json) talk("sent to " + sending.url);
  return good ? kExitOk : kExitFinding;
}

}  // namespace junctor::app
