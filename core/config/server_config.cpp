#include <algorithm>
#include <charconv>
#include <functional>

#include "base/bytes.h"
#include "base/limits.h"
#include "config/load.h"
#include "config/reader.h"
#include "config/suggest.h"

namespace junctor::config {
namespace {

using Set = std::function<Result<void>(ServerConfig&, const std::string&)>;

// One setting of the server: its key path in the file; JUNCTOR_<PATH> is its variable, unless it
// has a short one too. A list is a YAML list, or a text with ':' between the items.
struct Setting {
  std::string path;
  std::string short_variable;
  Set set;
  std::vector<std::string> ServerConfig::* list = nullptr;  // where the items go, if it is one
};

Set text(std::string ServerConfig::* field, TextCheck check = {}) {
  return [field, check = std::move(check)](ServerConfig& config,
                                           const std::string& value) -> Result<void> {
    if (value.empty()) return invalidArgument("must not be empty");
    if (check) JUNCTOR_CHECK(check(value));
    config.*field = value;
    return {};
  };
}

template <class T>
Set integer(T ServerConfig::* field, int64_t min, int64_t max) {
  return [=](ServerConfig& config, const std::string& value) -> Result<void> {
    JUNCTOR_TRY(const int64_t number, parseInteger(value, min, max));
    config.*field = static_cast<T>(number);
    return {};
  };
}

TextCheck oneOf(std::vector<std::string> choices) {
  return [choices = std::move(choices)](std::string_view value) -> Result<void> {
    if (std::find(choices.begin(), choices.end(), value) != choices.end()) return {};
    std::string all;
    for (const std::string& choice : choices) all += (all.empty() ? "" : ", ") + choice;
    return invalidArgument("must be one of " + all + didYouMean(value, choices));
  };
}

Set item(std::vector<std::string> ServerConfig::* list, TextCheck check = {}) {
  return [list, check = std::move(check)](ServerConfig& config,
                                          const std::string& value) -> Result<void> {
    if (value.empty()) return invalidArgument("must not be empty");
    if (check) JUNCTOR_CHECK(check(value));
    (config.*list).push_back(value);
    return {};
  };
}

Set boolean(bool ServerConfig::* field) {
  return [field](ServerConfig& config, const std::string& value) -> Result<void> {
    JUNCTOR_TRY(config.*field, parseBoolean(value));
    return {};
  };
}

// As trust::parsePublicKey reads it.
Result<void> checkRoot(std::string_view text) {
  constexpr std::string_view kPrefix = "ed25519.";
  const auto bytes = text.starts_with(kPrefix) ? fromBase64(text.substr(kPrefix.size()))
                                               : std::optional<std::string>();
  if (bytes && bytes->size() == 32) return {};
  return invalidArgument("must be a public key as ed25519.BASE64 (junctor connector key new)");
}

// "github=9100": a connector and a port of this machine.
Result<void> checkSimulator(std::string_view text) {
  const size_t equals = text.find('=');
  const std::string_view port = equals == text.npos ? "" : text.substr(equals + 1);
  int number = 0;
  const auto read = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool whole = !port.empty() && read.ptr == port.data() + port.size();
  if (equals != 0 && whole && number > 0 && number < 65'536) return {};
  return invalidArgument("must be CONNECTOR=PORT, where `junctor connector sim` listens");
}

Result<void> checkPublicUrl(std::string_view text) {
  const bool http = text.starts_with("https://") || text.starts_with("http://");
  if (http && !text.ends_with('/') && text.find_first_of("?# ") == text.npos) return {};
  return invalidArgument("must be http(s)://host, without a slash at the end");
}

const std::vector<Setting>& settings() {
  using C = ServerConfig;
  constexpr int64_t kMiB = 1024 * 1024;
  static const std::vector<Setting> kSettings = {
      {"data_dir", "", text(&C::data_dir)},
      {"listeners.public.address", "JUNCTOR_PUBLIC", text(&C::public_address, checkAddress)},
      {"listeners.public.url", "", text(&C::public_url, checkPublicUrl)},
      {"listeners.public.tls.certificate", "", text(&C::tls_certificate)},
      {"listeners.public.tls.key", "", text(&C::tls_key)},
      {"listeners.admin.address", "JUNCTOR_ADMIN", text(&C::admin_address, checkAddress)},
      {"store", "", text(&C::store, checkStore)},
      {"connectors.dirs", "", item(&C::connector_dirs), &C::connector_dirs},
      {"connectors.roots", "", item(&C::connector_roots, checkRoot), &C::connector_roots},
      {"connectors.run", "", text(&C::connectors_run, oneOf({"auto", "isolated", "in-process"}))},
      {"connectors.per_tenant", "", boolean(&C::connectors_per_tenant)},
      {"connectors.sandbox", "", text(&C::connectors_sandbox, oneOf({"required", "best-effort"}))},
      {"connectors.dev", "", boolean(&C::connectors_dev)},
      {"connectors.simulators", "", item(&C::connector_simulators, checkSimulator),
       &C::connector_simulators},
      {"log.format", "", text(&C::log_format, oneOf({"text", "json"}))},
      {"log.level", "", text(&C::log_level, oneOf({"debug", "info", "warn", "error"}))},
      {"workers.flow", "", integer(&C::flow_workers, 1, 64)},
      {"rules.isolation", "", text(&C::rules_isolation, oneOf({"auto", "process", "in-process"}))},
      {"limits.body_bytes", "", integer(&C::body_bytes_max, 1024, 64 * kMiB)},
      {"limits.low_space_bytes", "", integer(&C::low_space_bytes, kMiB, 1024LL * 1024 * kMiB)},
      {"limits.dedupe_window_hours", "", integer(&C::dedupe_window_hours, 1, 720)},
      {"vault.key_file", "", text(&C::vault_key_file)},
      {"process.core_dumps", "", boolean(&C::core_dumps)},
  };
  return kSettings;
}

std::string variableOf(const std::string& path) {
  std::string name = "JUNCTOR_" + path;
  for (char& c : name) {
    if (c == '.') c = '_';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

const Setting* findSetting(std::string_view path) {
  for (const Setting& setting : settings()) {
    if (setting.path == path) return &setting;
  }
  return nullptr;
}

bool isSection(const std::string& path) {
  const auto below = [&](const Setting& setting) { return setting.path.starts_with(path + "."); };
  return std::any_of(settings().begin(), settings().end(), below);
}

// The keys that may stand directly below `section` ("" = top level).
std::vector<std::string> keysBelow(const std::string& section) {
  std::vector<std::string> keys;
  const std::string prefix = section.empty() ? "" : section + ".";
  for (const Setting& setting : settings()) {
    if (!setting.path.starts_with(prefix)) continue;
    const std::string rest = setting.path.substr(prefix.size());
    keys.push_back(rest.substr(0, rest.find('.')));
  }
  return keys;
}

class Loader {
 public:
  explicit Loader(Problems& problems) : problems_(problems) {}

  void file(const std::string& name) {
    if (name.empty()) return;
    Node root;
    readYaml(name, root, problems_);
    section(root, {name, ""});
  }

  void environment(const Environment& variables) {
    for (const Setting& setting : settings()) {
      const std::string name = variableOf(setting.path);
      for (const std::string& variable : {name, setting.short_variable}) {
        const auto found = variables.find(variable);
        if (found != variables.end()) fromText(setting, found->second, variable);
      }
    }
    refuseMisspelt(variables);
  }

  void flags(const std::vector<std::pair<std::string, std::string>>& flags) {
    for (const auto& [path, value] : flags) {
      if (const Setting* setting = findSetting(path)) {
        fromText(*setting, value, path + " (command line)");
      } else {
        problems_.push_back({"", 0, path, "unknown setting" + didYouMean(path, allPaths())});
      }
    }
  }

  ServerConfig finish() {
    if (config_.tls_certificate.empty() != config_.tls_key.empty()) {
      problems_.push_back({"", 0, "listeners.public.tls", "needs both certificate and key"});
    }
    if (config_.public_address == config_.admin_address && !config_.admin_address.ends_with(":0")) {
      problems_.push_back({"", 0, "listeners.admin.address",
                           "is the same as listeners.public.address: they are two listeners"});
    }
    if (config_.data_dir.empty()) config_.data_dir = "./.junctor";
    return std::move(config_);
  }

 private:
  static std::vector<std::string> allPaths() {
    std::vector<std::string> paths;
    for (const Setting& setting : settings()) paths.push_back(setting.path);
    return paths;
  }

  void section(const Node& node, const Place& place) {
    if (node.kind == Node::Kind::Null) return;
    if (node.kind != Node::Kind::Map) {
      problems_.push_back({place.file, node.line, place.path, "must be a map of keys"});
      return;
    }
    for (const auto& member : node.members) {
      const Place here = place.key(member.key);
      if (const Setting* setting = findSetting(here.path)) {
        fromNode(*setting, member, here);
      } else if (isSection(here.path)) {
        section(member.value, here);
      } else {
        problems_.push_back({place.file, member.line, here.path,
                             "unknown key" + didYouMean(member.key, keysBelow(place.path))});
      }
    }
  }

  void fromNode(const Setting& setting, const Node::Member& member, const Place& place) {
    const Node& node = member.value;
    if (node.kind == Node::Kind::Null) {
      problems_.push_back({place.file, member.line, place.path, "has no value"});
    } else if (!setting.list) {
      const std::string value = scalarText(node, place, problems_);
      if (node.kind == Node::Kind::Scalar) apply(setting, value, place, member.line);
    } else if (node.kind != Node::Kind::List) {
      problems_.push_back({place.file, member.line, place.path, "must be a list"});
    } else {
      (config_.*setting.list).clear();
      for (size_t i = 0; i < node.items.size(); ++i) {
        const std::string value = scalarText(node.items[i], place.index(i), problems_);
        if (node.items[i].kind != Node::Kind::Scalar) continue;
        apply(setting, value, place.index(i), node.items[i].line);
      }
    }
  }

  void fromText(const Setting& setting, const std::string& value, const std::string& source) {
    const Place place{"", source};
    if (!setting.list) {
      apply(setting, value, place, 0);
      return;
    }
    (config_.*setting.list).clear();
    for (size_t start = 0; start <= value.size();) {
      const size_t end = std::min(value.find(':', start), value.size());
      apply(setting, value.substr(start, end - start), place, 0);
      start = end + 1;
    }
  }

  void apply(const Setting& setting, const std::string& value, const Place& place, int line) {
    const auto done = setting.set(config_, value);
    if (!done) problems_.push_back({place.file, line, place.path, done.error().message});
  }

  // Secrets and other programs have JUNCTOR_ variables too, so only what is one slip away from a
  // setting's name is taken for that setting.
  void refuseMisspelt(const Environment& variables) {
    std::vector<std::string> names = {"JUNCTOR_CONFIG"};
    for (const Setting& setting : settings()) {
      names.push_back(variableOf(setting.path));
      if (!setting.short_variable.empty()) names.push_back(setting.short_variable);
    }
    for (const auto& [name, value] : variables) {
      if (!name.starts_with("JUNCTOR_")) continue;
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      for (const std::string& known : names) {
        if (editDistance(name, known) != 1) continue;
        problems_.push_back({"", 0, name, "unknown variable; did you mean '" + known + "'?"});
      }
    }
  }

  Problems& problems_;
  ServerConfig config_;
};

}  // namespace

std::string format(const Problem& problem) {
  std::string text = problem.file;
  if (problem.line > 0) text += ":" + std::to_string(problem.line);
  for (const std::string& part : {problem.path, problem.text}) {
    if (part.empty()) continue;
    text += (text.empty() ? "" : ": ") + part;
  }
  return text;
}

ServerConfig loadServerConfig(const std::string& file, const Environment& environment,
                              const std::vector<std::pair<std::string, std::string>>& flags,
                              Problems& problems) {
  Loader loader(problems);
  loader.file(file);
  loader.environment(environment);
  loader.flags(flags);
  return loader.finish();
}

}  // namespace junctor::config
