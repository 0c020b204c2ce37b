#pragma once
// Desk: acts at providers through connectors. An order is checked, mapped, written down under its
// idempotency key, carried out and answered; the same key gets the same answer, after a restart
// too.
//
// Thread-safe; every function blocks, up to limits::kConnectorActionMs.
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "action/exchange.h"
#include "action/journal.h"
#include "action/place.h"
#include "action/verdict.h"
#include "model/catalog.h"
#include "observe/metrics.h"
#include "plugin/connector.h"

namespace junctor::action {

struct Order {
  std::string tenant, integration, action;
  std::string params_json = "{}";
  std::string object_json{};  // canonical object; "" = none
  std::string key{};          // idempotency key; "" = none: it is not written down
  bool dry_run = false;       // the answer shows the request, without its credential
};

struct DeskDeps {
  store::Store& store;
  const plugin::Registry& registry;
  std::function<CatalogPtr()> catalog;
  Mappings mappings;
  const Clock& clock;
  observe::Metrics& metrics;
  // Whether the provider took the credential. Any thread; must not throw.
  std::function<void(const Integration&, bool taken, const std::string& why)> on_credential{};
};

class Desk {
 public:
  explicit Desk(DeskDeps deps) : deps_(std::move(deps)), journal_(deps_.store, deps_.clock) {}

  Answer act(const Order& order);
  // Acts under way end soon, others are not begun any more.
  void stop() { stopping_.store(true); }
  // The fields of an object of the provider, custom ones too.
  Answer fields(const std::string& tenant, const std::string& integration,
                const std::string& object);
  // Tries the credential.
  Answer test(const std::string& tenant, const std::string& integration);

 private:
  Result<Place> find(const std::string& tenant, const std::string& integration) const;
  Result<std::string> paramsOf(const Order& order, const Place& place,
                               const plugin::DeclaredAction& declared) const;
  Answer actOnce(const Order& order, const Place& place, const plugin::DeclaredAction& declared,
                 const std::string& params);
  Answer journaled(const Order& order, const Place& place, const plugin::DeclaredAction& declared,
                   const std::string& params);
  Answer carryOut(const Order& order, const Place& place, const plugin::DeclaredAction& declared,
                  const std::string& params, plugin::CallRecord& record);
  std::string resultJson(const Order& order, const Place& place,
                         const plugin::DeclaredAction& declared,
                         const plugin::ActionResult& result) const;

  // A provider that named a pause is left alone until it is over.
  std::optional<Answer> paused(const Place& place);
  Answer failed(const Place& place, const Error& error, const plugin::CallRecord& record);
  void count(const Place& place, std::string_view outcome);
  void judge(const Place& place, bool taken, const std::string& why) const {
    if (deps_.on_credential) deps_.on_credential(*place.integration, taken, why);
  }

  const DeskDeps deps_;
  std::atomic<bool> stopping_{false};
  Journal journal_;
  std::mutex mutex_;
  std::map<std::string, int64_t> paused_until_ms_;  // by integration; guarded by mutex_
};

}  // namespace junctor::action
