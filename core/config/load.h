#pragma once
// Configuration: files and environment -> typed values, with every error at once. Each problem
// names file, line and key path; a duplicate or unknown key is an error.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "model/catalog.h"

namespace junctor::config {

struct Problem {
  std::string file;  // "" = command line or environment
  int line = 0;      // 1-based, 0 = unknown
  std::string path;  // "integrations[2].connector"
  std::string text;  // "unknown key; did you mean 'connector'?"
};
using Problems = std::vector<Problem>;
std::string format(const Problem& problem);  // "integrations.yaml:7: integrations[2].connector: …"

// config/junctor.yaml, then JUNCTOR_* variables, then flags: later wins.
struct ServerConfig {
  std::string data_dir;                           // data_dir
  std::string public_address = "0.0.0.0:8080";    // listeners.public.address
  std::string admin_address = "127.0.0.1:8081";   // listeners.admin.address
  std::string tls_certificate, tls_key;           // listeners.public.tls.{certificate,key}
  std::string public_url;                         // listeners.public.url: as the world sees it
  std::string store = "sqlite";                   // store
  std::vector<std::string> connector_dirs;        // connectors.dirs
  std::vector<std::string> connector_roots;       // connectors.roots: "ed25519.BASE64"
  std::string connectors_run = "auto";            // connectors.run: auto | isolated | in-process
  bool connectors_per_tenant = false;             // connectors.per_tenant
  std::string connectors_sandbox = "required";    // connectors.sandbox: required | best-effort
  bool connectors_dev = false;                    // connectors.dev, serve --dev
  std::vector<std::string> connector_simulators;  // connectors.simulators: "github=9100" (a port)
  std::string rules_isolation = "auto";           // rules.isolation: auto | process | in-process
  std::string log_format = "text";                // log.format: text | json
  std::string log_level = "info";                 // log.level
  int flow_workers = 1;                           // workers.flow: 1..64
  size_t body_bytes_max = 0;                      // limits.body_bytes
  uint64_t low_space_bytes = 0;                   // limits.low_space_bytes
  int64_t dedupe_window_hours = 72;               // limits.dedupe_window_hours: 1..720
  std::string vault_key_file;                     // vault.key_file
  bool core_dumps = false;                        // process.core_dumps
};

using Environment = std::map<std::string, std::string>;
Environment processEnvironment();  // the only place that reads the environment

// `file` "" = defaults. `flags` are (key path, text) pairs given on the command line.
// All problems are appended to `problems`; the config is usable only if none was.
ServerConfig loadServerConfig(const std::string& file, const Environment& environment,
                              const std::vector<std::pair<std::string, std::string>>& flags,
                              Problems& problems);

// A tenant folder: tenant.yaml (without it the folder's name is the id), integrations.yaml,
// destinations.yaml, rules/*.lua, tests/*.lua (and rules/*_test.lua), tables/*.json,
// mappings/<connector>/<object>.json. Relative file: references become absolute. Rules are not
// compiled and mappings not read here. `connectors` are the ids that exist; empty = not checked.
Tenant loadTenantFolder(const std::string& folder, Problems& problems,
                        const std::vector<std::string>& connectors = {});
// DIR may be a tenant folder or a folder of tenant folders.
std::vector<Tenant> loadTenants(const std::string& dir, Problems& problems,
                                const std::vector<std::string>& connectors = {});

// Tenants travel to the server and rest in the store as JSON.
Json tenantToJson(const Tenant& tenant);
Result<Tenant> tenantFromJson(const Json& json);

// "env:NAME" or "file:/path" (a trailing newline is cut). NotFound names the reference;
// Unavailable: it is in the server's vault.
Result<std::string> resolveSecret(const SecretRef& ref, const Environment& environment);
bool isVaultReference(std::string_view text);   // vault:FIELD
bool isSecretReference(std::string_view text);  // of any kind

// Whose secrets "vault:FIELD" means: an integration's or a destination's.
struct SecretOwner {
  std::string tenant, integration, destination;

  static SecretOwner of(const Integration& integration) {
    return {integration.tenant, integration.id, ""};
  }
  static SecretOwner of(const Destination& destination) {
    return {destination.tenant, "", destination.name};
  }
};

// Where the server looks references up. The vault is above this room, so it comes as a function;
// without one, vault: references do not resolve.
class SecretSource {
 public:
  using Vault = std::function<Result<std::string>(const SecretOwner&, const std::string& field)>;
  SecretSource(Environment environment, Vault vault = {})  // NOLINT: an environment will do
      : environment_(std::move(environment)), vault_(std::move(vault)) {}

  Result<std::string> resolve(const SecretRef& ref, const SecretOwner& owner) const;
  // A vault: reference whose secret has not been put yet: configuration may name it beforehand.
  bool awaits(const SecretRef& ref, const SecretOwner& owner) const;

 private:
  Environment environment_;
  Vault vault_;
};

}  // namespace junctor::config
