#include "config/tenant_reader.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/files.h"
#include "base/json_doc.h"
#include "base/json_value.h"
#include "base/limits.h"
#include "base/network.h"
#include "config/reader.h"
#include "config/suggest.h"
#include "crypto/hash.h"

namespace junctor::config {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds kRetryWaitMax = 7 * 24h;
constexpr milliseconds kTimeoutMin = 100ms;
constexpr milliseconds kTimeoutMax = 120s;
constexpr int64_t kBodyBytesMin = 1024;
constexpr int64_t kBodyBytesMax = 64LL * 1024 * 1024;

std::string readChoice(MapReader& map, std::string_view key, const std::string& fallback,
                       const std::vector<std::string>& choices) {
  if (!map.has(key)) {
    map.find(key);
    return fallback;
  }
  std::string all;
  for (const std::string& choice : choices) all += (all.empty() ? "" : " or ") + choice;
  return map.text(key, [&](std::string_view text) -> Result<void> {
    if (std::find(choices.begin(), choices.end(), text) != choices.end()) return {};
    return invalidArgument("must be " + all + didYouMean(text, choices));
  });
}

// design.md §4c, the schedule of Svix: about 28 hours over eight attempts.
std::vector<milliseconds> defaultSchedule() {
  return {0s, 5s, 5min, 30min, 2h, 5h, 10h, 10h};
}

// Relative file: references start at the tenant's folder.
std::string anchored(std::string text, const ReadContext& context) {
  if (context.folder.empty() || !text.starts_with("file:") || text.starts_with("file:/")) {
    return text;
  }
  return "file:" + absolutePath(context.folder + "/" + text.substr(5));
}

std::vector<SecretRef> readSecrets(MapReader& map, std::string_view key, const ReadContext& context,
                                   Problems& problems) {
  std::vector<SecretRef> secrets;
  map.list(key, [&](const Node& item, const Place& place) {
    std::string text = anchored(scalarText(item, place, problems, checkSecretRef), context);
    const auto same = [&](const SecretRef& ref) { return ref.text == text; };
    if (std::any_of(secrets.begin(), secrets.end(), same)) {
      problems.push_back({place.file, item.line, place.path, "is listed twice"});
    }
    secrets.push_back({std::move(text)});
  });
  if (secrets.size() > limits::kLiveSecretsMax) {
    map.problem(key,
                "may hold at most " + std::to_string(limits::kLiveSecretsMax) + " live secrets");
  }
  return secrets;
}

std::string readSettings(MapReader& map, Problems& problems) {
  const Node* node = map.find("settings");
  if (!node || node->kind == Node::Kind::Null) return "{}";
  if (node->kind != Node::Kind::Map) {
    map.problem("settings", "must be a map of keys");
    return "{}";
  }
  return dumpJson(nodeToJson(*node, map.at("settings"), problems));
}

// Closed by default: something must say who may send, or say aloud that anybody may.
void checkTrust(MapReader& map, const Integration& integration) {
  if (integration.unsigned_ok && !integration.webhook_secrets.empty()) {
    map.problem("unsigned", "contradicts webhook_secrets: with secrets, every request is verified");
  }
  if (integration.unsigned_ok || !integration.webhook_secrets.empty()) return;
  const Node* secrets = map.find("webhook_secrets");
  if (!secrets) {
    map.problem("webhook_secrets",
                "is missing: without it nothing can be verified, so nothing would be accepted "
                "(a sender that cannot sign needs `unsigned: true`)");
  } else if (secrets->kind == Node::Kind::List || secrets->kind == Node::Kind::Null) {
    map.problem("webhook_secrets", "must name at least one secret");
  }
}

Result<void> checkNetwork(std::string_view text) {
  const auto network = Network::parse(text);
  return network ? Result<void>() : network.error();
}

Result<void> checkConnector(std::string_view text, const std::vector<std::string>& known) {
  JUNCTOR_CHECK(checkName(text));
  if (known.empty() || std::find(known.begin(), known.end(), text) != known.end()) return {};
  return invalidArgument("there is no connector '" + std::string(text) + "'" +
                         didYouMean(text, known));
}

Integration readIntegration(const Node& node, const Place& place, const ReadContext& context,
                            Problems& problems) {
  MapReader map(node, place, problems);
  Integration integration;
  integration.id = map.required("id", checkName);
  integration.connector = map.required(
      "connector", [&](std::string_view text) { return checkConnector(text, context.connectors); });
  integration.webhook_secrets = readSecrets(map, "webhook_secrets", context, problems);
  integration.settings_json = readSettings(map, problems);
  integration.unsigned_ok = map.boolean("unsigned", false);
  integration.public_url = map.text("public_url", checkHttpUrl);
  integration.enabled = map.boolean("enabled", true);
  integration.body_bytes_max =
      static_cast<size_t>(map.integer("body_bytes_max", 0, kBodyBytesMin, kBodyBytesMax));
  map.list("allow_from", [&](const Node& item, const Place& at) {
    integration.allow_from.push_back(scalarText(item, at, problems, checkNetwork));
  });
  if (integration.allow_from.size() > limits::kAllowedNetworksMax) {
    map.problem("allow_from", "may hold at most " + std::to_string(limits::kAllowedNetworksMax));
  }
  integration.allow_private = map.boolean("allow_private", false);
  readRate(map, "rate_limit", integration.rate);
  if (node.kind == Node::Kind::Map) checkTrust(map, integration);
  map.finish();
  return integration;
}

RetryPolicy readRetry(MapReader& destination, Problems& problems) {
  RetryPolicy retry{defaultSchedule()};
  const Node* node = destination.find("retry");
  if (!node || node->kind == Node::Kind::Null) return retry;
  MapReader map(*node, destination.at("retry"), problems);
  if (map.has("schedule")) {
    retry.schedule.clear();
    map.list("schedule", [&](const Node& item, const Place& place) {
      const std::string text = scalarText(item, place, problems);
      const auto wait = parseDuration(text, kRetryWaitMax);
      if (!wait && item.kind == Node::Kind::Scalar) {
        problems.push_back({place.file, item.line, place.path, wait.error().message});
      }
      retry.schedule.push_back(wait ? *wait : 0ms);
    });
    if (retry.schedule.empty()) map.problem("schedule", "must have at least one entry");
    if (retry.schedule.size() > limits::kRetriesMax) {
      map.problem("schedule",
                  "may have at most " + std::to_string(limits::kRetriesMax) + " entries");
    }
  } else {
    map.list("schedule", [](const Node&, const Place&) {});
  }
  map.finish();
  return retry;
}

std::vector<std::pair<std::string, std::string>> readHeaders(MapReader& destination,
                                                             const ReadContext& context,
                                                             Problems& problems) {
  std::vector<std::pair<std::string, std::string>> headers;
  const Node* node = destination.find("headers");
  if (!node || node->kind == Node::Kind::Null) return headers;
  const Place place = destination.at("headers");
  if (node->kind != Node::Kind::Map) {
    destination.problem("headers", "must be a map of header names to values");
    return headers;
  }
  for (const auto& member : node->members) {
    std::string value = scalarText(member.value, place.key(member.key), problems);
    if (const auto checked = checkHeader(member.key, value); !checked) {
      problems.push_back(
          {place.file, member.line, place.key(member.key).path, checked.error().message});
    }
    headers.emplace_back(member.key, anchored(std::move(value), context));
  }
  return headers;
}

Destination readDestination(const Node& node, const Place& place, const ReadContext& context,
                            Problems& problems) {
  MapReader map(node, place, problems);
  Destination destination;
  destination.name = map.required("name", checkName);
  destination.type = readChoice(map, "type", "http", {"http", "log"});
  if (destination.type == "http") {
    destination.url = map.required("url", checkHttpUrl);
  } else if (map.find("url") && destination.type == "log") {
    map.problem("url", "has no meaning for a destination of type log");
  }
  destination.signing_secrets = readSecrets(map, "signing_secrets", context, problems);
  destination.allow_private = map.boolean("allow_private", false);
  destination.retry = readRetry(map, problems);
  destination.headers = readHeaders(map, context, problems);
  destination.timeout = map.duration("timeout", kTimeoutMax);
  if (map.has("timeout") && destination.timeout < kTimeoutMin && destination.timeout > 0ms) {
    map.problem("timeout", "must be at least " + formatDuration(kTimeoutMin));
  }
  destination.concurrency =
      static_cast<size_t>(map.integer("concurrency", 0, 1, limits::kConcurrencyMax));
  readRate(map, "rate_limit", destination.rate);
  destination.binary_mode =
      readChoice(map, "mode", "structured", {"structured", "binary"}) == "binary";
  map.finish();
  return destination;
}

// Reads a list of maps into `target`, each under its name; a name used twice is a problem.
template <class T, class Read, class NameOf>
void readNamed(const Node& list, const Place& place, Problems& problems,
               std::map<std::string, T>& target, const char* key, Read read, NameOf nameOf) {
  if (list.kind == Node::Kind::Null) return;
  if (list.kind != Node::Kind::List) {
    problems.push_back({place.file, list.line, place.path, "must be a list"});
    return;
  }
  for (size_t i = 0; i < list.items.size(); ++i) {
    const Place here = place.index(i);
    T item = read(list.items[i], here);
    const std::string name = nameOf(item);
    if (!target.emplace(name, std::move(item)).second && !name.empty()) {
      problems.push_back({place.file, list.items[i].line, here.key(key).path,
                          "'" + name + "' is defined twice in this list"});
    }
  }
}

// "events_per_hour: 1000" is a hard cap; { soft: 800, hard: 1000 } tells before.
Cap readCap(MapReader& limits, std::string_view key, Problems& problems) {
  Cap cap;
  const Node* node = limits.find(key);
  if (!node || node->kind == Node::Kind::Null) return cap;
  if (node->kind != Node::Kind::Map) {
    cap.hard = limits.integer(key, 0, 1, limits::kQuotaMax);
    return cap;
  }
  MapReader map(*node, limits.at(key), problems);
  cap.soft = map.integer("soft", 0, 1, limits::kQuotaMax);
  cap.hard = map.integer("hard", 0, 1, limits::kQuotaMax);
  if (cap.hard > 0 && cap.soft > cap.hard) map.problem("soft", "must not be above hard");
  map.finish();
  return cap;
}

// An amount of money, in whatever currency.
int64_t readMicros(MapReader& map, std::string_view key) {
  int64_t micros = 0;
  if (!map.has(key)) {
    map.find(key);
    return micros;
  }
  map.text(key, [&](std::string_view text) -> Result<void> {
    JUNCTOR_TRY(micros, parseMicros(text, limits::kLlmMoneyMicrosMax));
    return {};
  });
  return micros;
}

void readLlm(MapReader& limits, Quotas& quotas, Problems& problems) {
  const Node* node = limits.find("llm");
  if (!node || node->kind == Node::Kind::Null) return;
  MapReader llm(*node, limits.at("llm"), problems);
  quotas.llm.tokens_per_day = llm.integer("tokens_per_day", 0, 1, limits::kLlmTokensMax);
  quotas.llm.money_micros_per_day = readMicros(llm, "money_per_day");
  const Node* prices = llm.find("prices");
  if (prices && prices->kind == Node::Kind::Map) {
    for (const Node::Member& member : prices->members) {
      MapReader price(member.value, llm.at("prices").key(member.key), problems);
      quotas.llm_prices[member.key] = {readMicros(price, "input"), readMicros(price, "output")};
      price.finish();
    }
  } else if (prices && prices->kind != Node::Kind::Null) {
    llm.problem("prices", "must be a map of models");
  }
  if (quotas.llm_prices.size() > limits::kLlmPricesMax) llm.problem("prices", "has too many");
  if (quotas.llm.money_micros_per_day > 0 && quotas.llm_prices.empty()) {
    llm.problem("money_per_day", "needs prices: { MODEL: { input, output } } of a million tokens");
  }
  llm.finish();
}

Json llmToJson(const Quotas& quotas) {
  Json json = Json::object();
  if (quotas.llm.tokens_per_day > 0) json["tokens_per_day"] = quotas.llm.tokens_per_day;
  if (quotas.llm.money_micros_per_day > 0) {
    json["money_per_day"] = formatMicros(quotas.llm.money_micros_per_day);
  }
  for (const auto& [model, price] : quotas.llm_prices) {
    json["prices"][model] = {{"input", formatMicros(price.input_micros)},
                             {"output", formatMicros(price.output_micros)}};
  }
  return json;
}

Json capToJson(const Cap& cap) {
  Json json = Json::object();
  if (cap.soft > 0) json["soft"] = cap.soft;
  if (cap.hard > 0) json["hard"] = cap.hard;
  return json;
}

}  // namespace

void readRate(MapReader& map, std::string_view key, RateLimit& rate) {
  if (!map.has(key)) {
    map.find(key);
    return;
  }
  map.text(key, [&](std::string_view text) -> Result<void> {
    JUNCTOR_TRY(rate, parseRate(text));
    return {};
  });
}

void readQuotas(MapReader& map, Tenant& tenant, Problems& problems) {
  tenant.weight = static_cast<int>(map.integer("weight", 1, 1, limits::kTenantWeightMax));
  const Node* node = map.find("limits");
  if (!node || node->kind == Node::Kind::Null) return;
  MapReader limits(*node, map.at("limits"), problems);
  Quotas& quotas = tenant.quotas;
  readRate(limits, "ingest", quotas.ingest);
  quotas.events_per_hour = readCap(limits, "events_per_hour", problems);
  quotas.deliveries_per_hour = readCap(limits, "deliveries_per_hour", problems);
  const std::string at = readChoice(limits, "at_cap", "reject", {"reject", "park", "drop_bulk"});
  for (const AtCap one : {AtCap::Park, AtCap::DropBulk}) {
    if (at == toString(one)) quotas.at_cap = one;
  }
  readLlm(limits, quotas, problems);
  quotas.spike_ratio = static_cast<double>(limits.integer("spike_alert", 0, 2, 1'000));
  limits.finish();
}

Json quotasToJson(const Quotas& quotas) {
  Json json = Json::object();
  if (quotas.ingest.count > 0) json["ingest"] = quotas.ingest.text();
  for (const auto& [key, cap] : {std::pair{"events_per_hour", quotas.events_per_hour},
                                 std::pair{"deliveries_per_hour", quotas.deliveries_per_hour}}) {
    if (cap.soft > 0 || cap.hard > 0) json[key] = capToJson(cap);
  }
  if (quotas.at_cap != AtCap::Reject) json["at_cap"] = std::string(toString(quotas.at_cap));
  if (const Json llm = llmToJson(quotas); !llm.empty()) json["llm"] = llm;
  if (quotas.spike_ratio > 0) json["spike_alert"] = static_cast<int64_t>(quotas.spike_ratio);
  return json;
}

void readIntegrations(const Node& list, const Place& place, const ReadContext& context,
                      Tenant& tenant, Problems& problems) {
  readNamed(
      list, place, problems, tenant.integrations, "id",
      [&](const Node& node, const Place& here) {
        Integration integration = readIntegration(node, here, context, problems);
        integration.tenant = tenant.id;
        return integration;
      },
      [](const Integration& integration) { return integration.id; });
}

void readDestinations(const Node& list, const Place& place, const ReadContext& context,
                      Tenant& tenant, Problems& problems) {
  readNamed(
      list, place, problems, tenant.destinations, "name",
      [&](const Node& node, const Place& here) {
        Destination destination = readDestination(node, here, context, problems);
        destination.tenant = tenant.id;
        return destination;
      },
      [](const Destination& destination) { return destination.name; });
}

std::string ruleVersion(const std::string& source) {
  return crypto::sha256Hex(source).substr(0, 12);
}

void addScript(const std::string& name, std::string source, const Place& place,
               const std::string& tenant, std::vector<RuleScript>& scripts, Problems& problems) {
  const auto problem = [&](std::string text) {
    problems.push_back({place.file, 0, place.path, std::move(text)});
  };
  if (const auto checked = checkName(name); !checked) {
    problem("the script's name " + checked.error().message);
  }
  if (source.size() > limits::kRuleSourceBytesMax) {
    problem("a script may have at most " + std::to_string(limits::kRuleSourceBytesMax) + " bytes");
  }
  if (!validUtf8(source) || source.find('\0') != std::string::npos) {
    problem("must be UTF-8 text, not bytecode");
  }
  RuleScript script{tenant, name, std::move(source), ""};
  script.version = ruleVersion(script.source);
  scripts.push_back(std::move(script));
}

void addMapping(MappingText mapping, const Place& place, Tenant& tenant, Problems& problems) {
  const auto problem = [&](std::string text) {
    problems.push_back({place.file, 0, place.path, std::move(text)});
  };
  for (const std::string* name : {&mapping.connector, &mapping.object}) {
    if (const auto checked = checkName(*name); !checked) {
      problem("the mapping's name '" + *name + "' " + checked.error().message);
    }
  }
  if (mapping.json.size() > limits::kMappingBytesMax) {
    problem("a mapping may have at most " + std::to_string(limits::kMappingBytesMax) + " bytes");
  }
  if (tenant.mappings.size() >= limits::kMappingsPerTenantMax) return problem("too many mappings");
  tenant.mappings.push_back(std::move(mapping));
}

void addTable(LookupTable table, const Place& place, Tenant& tenant, Problems& problems) {
  const auto problem = [&](std::string text) {
    problems.push_back({place.file, 0, place.path, std::move(text)});
  };
  if (const auto checked = checkName(table.name); !checked) {
    problem("the table's name " + checked.error().message);
  }
  if (table.json.size() > limits::kLookupTableBytesMax) {
    problem("a table may have at most " + std::to_string(limits::kLookupTableBytesMax) + " bytes");
  }
  JsonDoc document;
  const auto parsed = document.parse(table.json);
  if (!parsed || !parsed->isObject()) problem("must be one JSON object");
  if (tenant.tables.size() >= limits::kLookupTablesMax) return problem("too many tables");
  tenant.tables.push_back(std::move(table));
}

}  // namespace junctor::config
