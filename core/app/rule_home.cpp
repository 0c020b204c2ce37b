#include "app/rule_home.h"

#include "app/paths.h"
#include "base/json_value.h"
#include "base/log.h"

namespace junctor::app {
namespace {

constexpr const char* kRuleQuarantineKind = "rule-quarantine";

Result<std::map<std::string, std::string>> loadRuleQuarantine(store::Store& store) {
  JUNCTOR_TRY(const auto documents, store.documents(kRuleQuarantineKind));
  std::map<std::string, std::string> out;
  for (const auto& [key, text] : documents) {
    const auto json = parseJson(text);
    out[key] = json && json->is_object() ? json->value("cause", "crashed too often") : text;
  }
  return out;
}

void saveRuleQuarantine(store::Store& store, const Clock& clock, const std::string& key,
                        const std::string& cause) {
  const Json record = {{"cause", cause}, {"at", formatRfc3339(clock.unixMs())}};
  const auto saved = cause.empty() ? store.removeDocument(kRuleQuarantineKind, key)
                                   : store.putDocument(kRuleQuarantineKind, key, dumpJson(record));
  if (!saved && saved.error().code != ErrorCode::NotFound) {
    log::error("app", {{"rules", key}}, "quarantine not saved: {}", saved.error().message);
  }
}

}  // namespace

Result<std::unique_ptr<RuleHome>> RuleHome::open(const config::ServerConfig& config,
                                                 store::Store& store, const Clock& clock) {
  std::unique_ptr<RuleHome> home(new RuleHome);
  if (config.rules_isolation == "in-process") return home;
  isolation::RuleWorkersOptions options;
  options.runner = binaryFolder() + "/junctor-runner";
  options.landlock_min = config.connectors_sandbox == "required" ? 1 : 0;
  JUNCTOR_TRY(options.quarantined, loadRuleQuarantine(store));
  options.save_quarantine = [&store, &clock](const std::string& key, const std::string& cause) {
    saveRuleQuarantine(store, clock, key, cause);
  };
  home->workers_ = std::make_unique<isolation::RuleWorkers>(std::move(options), clock);
  home->live_.workers = home->workers_.get();
  home->always_ = config.rules_isolation == "process";
  return home;
}

Result<void> RuleHome::release(const std::string& tenant) {
  if (workers_) return workers_->release(tenant);
  return notFound("rules run in the server's own process: none are quarantined");
}

std::string RuleHome::remarks() const {
  if (!workers_) return "in this process (rules.isolation: in-process)";
  if (!live_.batches()) return "in this process: one tenant (checks: " + workers_->describe() + ")";
  return workers_->describe();
}

}  // namespace junctor::app
