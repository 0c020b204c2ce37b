#include "trust/capabilities.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/json_value.h"
#include "base/strict_object.h"
#include "trust/host_pattern.h"

namespace junctor::trust {
namespace {

bool cleanName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

Result<std::vector<std::string>> checkHosts(std::vector<std::string> hosts,
                                            const std::string& path) {
  if (hosts.size() > limits::kCapabilityHostsMax) {
    return invalidArgument(
        fmt::format("{}: more than {} hosts", path, limits::kCapabilityHostsMax));
  }
  for (size_t i = 0; i < hosts.size(); ++i) {
    const auto pattern = HostPattern::parse(hosts[i]);
    if (!pattern) return invalidArgument(path + ": " + pattern.error().message);
    if (std::find(hosts.begin(), hosts.begin() + static_cast<long>(i), hosts[i]) !=
        hosts.begin() + static_cast<long>(i)) {
      return invalidArgument(fmt::format("{}: \"{}\" is there twice", path, hosts[i]));
    }
  }
  return hosts;
}

// All patterns were checked when they were read.
bool covered(const std::vector<std::string>& by, const std::string& host) {
  const auto wanted = HostPattern::parse(host);
  return wanted && std::any_of(by.begin(), by.end(), [&](const std::string& text) {
           const auto pattern = HostPattern::parse(text);
           return pattern && pattern->covers(*wanted);
         });
}

Result<void> readCredentials(const StrictObject& in, Capabilities& out) {
  if (!in.has("credentials")) return {};
  const Json& json = in.at("credentials");
  if (!json.is_object()) return in.error("credentials", "must map names to lists of hosts");
  if (json.size() > limits::kCapabilityNamesMax) return in.error("credentials", "are too many");
  for (const auto& [name, hosts] : json.items()) {
    const std::string path = in.pathOf("credentials") + "." + name;
    if (!cleanName(name)) {
      return invalidArgument(path + ": must be lower-case letters, digits, '_' and '-'");
    }
    std::vector<std::string> list;
    for (const Json& host : hosts) {
      if (!host.is_string()) return invalidArgument(path + ": must be a list of hosts");
      list.push_back(host.get<std::string>());
    }
    if (!hosts.is_array() || list.empty()) {
      return invalidArgument(path + ": must name the hosts it may go to");
    }
    JUNCTOR_TRY(list, checkHosts(std::move(list), path));
    for (const std::string& host : list) {
      if (covered(out.hosts, host)) continue;
      return invalidArgument(fmt::format("{}: \"{}\" is not among the hosts", path, host));
    }
    out.credentials.emplace(name, std::move(list));
  }
  return {};
}

Result<void> readProtocols(const StrictObject& in, Capabilities& out) {
  JUNCTOR_TRY(out.protocols, in.texts("protocols"));
  for (const std::string& name : out.protocols) {
    const bool known = std::any_of(std::begin(kProtocols), std::end(kProtocols),
                                   [&](const Protocol& each) { return each.name == name; });
    if (!known) return in.error("protocols", "must be of nats, postgres, redis and smtp");
  }
  return {};
}

Result<void> readSecrets(const StrictObject& in, Capabilities& out) {
  JUNCTOR_TRY(out.secrets, in.texts("secrets"));
  if (out.secrets.size() > limits::kCapabilityNamesMax) return in.error("secrets", "are too many");
  for (const std::string& name : out.secrets) {
    if (!cleanName(name)) {
      return in.error("secrets", "names are lower-case letters, digits, '_' and '-'");
    }
    if (std::count(out.secrets.begin(), out.secrets.end(), name) > 1) {
      return in.error("secrets", fmt::format("\"{}\" is there twice", name));
    }
  }
  return {};
}

Result<void> readKv(const StrictObject& in, Capabilities& out) {
  if (!in.has("kv")) return {};
  JUNCTOR_TRY(const auto kv, StrictObject::open(in.at("kv"), in.pathOf("kv"), {"bytes"}));
  JUNCTOR_TRY(out.kv_bytes, kv.integer("bytes", 0, 0, limits::kConnectorKvBytesMax));
  return {};
}

Result<void> readBudget(const StrictObject& in, Budget& out) {
  if (!in.has("budget")) return {};
  JUNCTOR_TRY(const auto budget,
              StrictObject::open(in.at("budget"), in.pathOf("budget"),
                                 {"memory_mib", "handle_ms", "action_ms", "requests"}));
  JUNCTOR_TRY(out.memory_mib,
              budget.integer("memory_mib", out.memory_mib, 16, limits::kConnectorMemoryMibMax));
  JUNCTOR_TRY(out.handle_ms, budget.integer("handle_ms", out.handle_ms, 1, 10'000));
  JUNCTOR_TRY(out.action_ms, budget.integer("action_ms", out.action_ms, 1, 120'000));
  JUNCTOR_TRY(out.requests, budget.integer("requests", out.requests, 1, 1'000));
  return {};
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

void widerBudget(const Budget& before, const Budget& after, std::vector<std::string>& out) {
  const auto compare = [&out](const char* what, int64_t was, int64_t is, const char* unit) {
    if (is > was) out.push_back(fmt::format("{}: up to {}{} (was {})", what, is, unit, was));
  };
  compare("memory", before.memory_mib, after.memory_mib, " MiB");
  compare("time of a webhook call", before.handle_ms, after.handle_ms, " ms");
  compare("time of an action", before.action_ms, after.action_ms, " ms");
  compare("HTTP requests in one call", before.requests, after.requests, "");
}

}  // namespace

Result<Capabilities> readCapabilities(const Json& json, const std::string& path) {
  JUNCTOR_TRY(const auto in,
              StrictObject::open(json, path,
                                 {"hosts", "protocols", "credentials", "kv", "secrets", "budget"}));
  Capabilities out;
  JUNCTOR_TRY(out.hosts, in.texts("hosts"));
  JUNCTOR_TRY(out.hosts, checkHosts(std::move(out.hosts), in.pathOf("hosts")));
  JUNCTOR_CHECK(readProtocols(in, out));
  JUNCTOR_CHECK(readCredentials(in, out));
  JUNCTOR_CHECK(readSecrets(in, out));
  JUNCTOR_CHECK(readKv(in, out));
  JUNCTOR_CHECK(readBudget(in, out.budget));
  return out;
}

Json toJson(const Capabilities& capabilities) {
  const Budget& budget = capabilities.budget;
  Json credentials = Json::object();
  for (const auto& [name, hosts] : capabilities.credentials) credentials[name] = hosts;
  return {{"hosts", capabilities.hosts},
          {"protocols", capabilities.protocols},
          {"credentials", std::move(credentials)},
          {"kv", {{"bytes", capabilities.kv_bytes}}},
          {"secrets", capabilities.secrets},
          {"budget",
           {{"memory_mib", budget.memory_mib},
            {"handle_ms", budget.handle_ms},
            {"action_ms", budget.action_ms},
            {"requests", budget.requests}}}};
}

std::vector<std::string> describe(const Capabilities& capabilities) {
  return widenings(Capabilities{}, capabilities);
}

std::vector<std::string> widenings(const Capabilities& before, const Capabilities& after) {
  std::vector<std::string> out;
  for (const std::string& host : after.hosts) {
    if (!covered(before.hosts, host)) out.push_back("network: " + host);
  }
  for (const std::string& name : after.protocols) {
    const auto& known = before.protocols;
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      out.push_back("protocol: " + name);
    }
  }
  for (const auto& [name, hosts] : after.credentials) {
    const auto known = before.credentials.find(name);
    std::vector<std::string> fresh;
    for (const std::string& host : hosts) {
      if (known == before.credentials.end() || !covered(known->second, host)) fresh.push_back(host);
    }
    if (!fresh.empty())
      out.push_back(fmt::format("credential {}: sent to {}", name, joined(fresh)));
  }
  for (const std::string& name : after.secrets) {
    if (std::find(before.secrets.begin(), before.secrets.end(), name) == before.secrets.end()) {
      out.push_back("secret: reads " + name + " itself");
    }
  }
  if (after.kv_bytes > before.kv_bytes) {
    out.push_back(fmt::format("storage: up to {} bytes", after.kv_bytes));
  }
  widerBudget(before.budget, after.budget, out);
  return out;
}

}  // namespace junctor::trust
