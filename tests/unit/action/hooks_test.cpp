// Registered webhooks over a real store and vault; the provider is scripted.
#include "action/hooks.h"

#include <catch2/catch.hpp>

#include "support/manual_clock.h"
#include "support/temp_folder.h"

namespace junctor::testing {
namespace {

// What the provider says next, and what it was asked.
struct Provider {
  Result<plugin::Hook> next = notFound("nothing is scripted");
  Result<plugin::Hook> next_renewal = notFound("nothing is scripted");
  std::vector<std::string> asked;
  std::string secret;  // given by the last subscribe()
};

class ScriptedInstance final : public plugin::Instance {
 public:
  explicit ScriptedInstance(Provider& provider) : provider_(provider) {}
  Result<plugin::HandleResult> handle(const RawRequest&, JsonView) override {
    return plugin::HandleResult();
  }
  Result<plugin::HandleResult> answer(const RawRequest&, JsonView) override {
    return plugin::HandleResult();
  }
  Result<plugin::Hook> subscribe(const plugin::HookRequest& request,
                                 const plugin::CallOptions&) override {
    provider_.asked.push_back("subscribe " + request.url + " " + request.events_json);
    provider_.secret = request.signing_secret;
    return provider_.next;
  }
  Result<void> unsubscribe(const std::string& id, const plugin::CallOptions&) override {
    provider_.asked.push_back("unsubscribe " + id);
    return {};
  }
  Result<plugin::Hook> renew(const plugin::Hook& hook, const plugin::CallOptions&) override {
    provider_.asked.push_back("renew " + hook.id);
    return provider_.next_renewal;
  }

 private:
  Provider& provider_;
};

class ScriptedConnector final : public plugin::Connector {
 public:
  explicit ScriptedConnector(Provider& provider) : provider_(provider) {
    manifest_.id = "graph";
    manifest_.interfaces = {"junctor.hooks/1"};
  }
  const plugin::Manifest& manifest() const override { return manifest_; }
  const std::string& path() const override { return manifest_.id; }
  Result<std::unique_ptr<plugin::Instance>> create(const Integration&) override {
    return std::unique_ptr<plugin::Instance>(std::make_unique<ScriptedInstance>(provider_));
  }
  plugin::Manifest manifest_;

 private:
  Provider& provider_;
};

class OneConnector final : public plugin::Registry {
 public:
  explicit OneConnector(std::shared_ptr<plugin::Connector> only) : only_(std::move(only)) {}
  std::shared_ptr<plugin::Connector> find(const std::string& id) const override {
    return id == only_->manifest().id ? only_ : nullptr;
  }
  std::vector<std::shared_ptr<plugin::Connector>> all() const override { return {only_}; }
  std::vector<std::pair<std::string, std::string>> refused() const override { return {}; }

 private:
  const std::shared_ptr<plugin::Connector> only_;
};

struct House {
  TempFolder folder;
  ManualClock clock;
  Provider provider;
  std::shared_ptr<ScriptedConnector> connector = std::make_shared<ScriptedConnector>(provider);
  OneConnector registry{connector};
  std::shared_ptr<Catalog> catalog = std::make_shared<Catalog>();
  std::unique_ptr<store::Store> store;
  std::unique_ptr<vault::Vault> vault;
  int secrets_changed = 0;
  std::unique_ptr<action::Hooks> hooks;

  House() {
    Integration& integration = catalog->tenants["acme"].integrations["g"];
    catalog->tenants["acme"].id = "acme";
    integration.id = "g";
    integration.tenant = "acme";
    integration.connector = "graph";
    integration.webhook_secrets = {{"vault:webhook"}};
    store::StoreOptions options;
    options.data_dir = folder.path();
    auto opened = store::open("sqlite", options, clock);
    REQUIRE(opened);
    store = std::move(*opened);
    auto locked = vault::Vault::open(
        *store, {.key = {.path = folder.path() + "/vault.key", .may_create = true}}, clock);
    REQUIRE(locked);
    vault = std::move(*locked);
    hooks = std::make_unique<action::Hooks>(
        action::HookDeps{*store, *vault, registry, [this]() -> CatalogPtr { return catalog; },
                         [](const Integration& of) { return "https://hooks.example/" + of.id; },
                         [this] { ++secrets_changed; }, clock});
  }
  plugin::Hook hook(const std::string& id, int64_t lifetime_ms) const {
    plugin::Hook out;
    out.id = id;
    out.url = "https://hooks.example/g";
    out.events_json = "[]";
    out.expires_at_ms = lifetime_ms == 0 ? 0 : clock.unixMs() + lifetime_ms;
    return out;
  }
  std::string secret() {
    std::string out;
    CHECK(vault->withSecret({"acme", "g", "webhook"}, [&](std::string_view value) -> Result<void> {
      out = value;
      return {};
    }));
    return out;
  }
};

constexpr int64_t kHourMs = 3'600'000;

}  // namespace

TEST_CASE("the secret is in the vault before the provider may sign with it") {
  House house;
  house.provider.next = house.hook("7", 0);
  CHECK(house.hooks->subscribe("acme", "g", {"a", "b"}).status == 201);
  CHECK(house.provider.asked ==
        std::vector<std::string>{R"(subscribe https://hooks.example/g ["a","b"])"});
  CHECK(house.provider.secret.size() == 64);
  CHECK(house.secret() == house.provider.secret);
  CHECK(house.secrets_changed == 1);
  REQUIRE(house.hooks->find("g"));
  CHECK(house.hooks->find("g")->id == "7");
}

TEST_CASE("what the provider refuses leaves the secret that was there") {
  House house;
  house.provider.next = house.hook("7", 0);
  house.hooks->subscribe("acme", "g", {});
  const std::string before = house.secret();
  house.provider.next = unavailable("it is down");
  CHECK(house.hooks->subscribe("acme", "g", {}).status == 503);
  CHECK(house.secret() == before);
}

TEST_CASE("an unknown integration, another tenant's, and one without a place for the secret") {
  House house;
  CHECK(house.hooks->subscribe("acme", "x", {}).status == 404);
  CHECK(house.hooks->subscribe("globex", "g", {}).status == 404);
  house.catalog->tenants["acme"].integrations["g"].webhook_secrets = {{"env:X"}};
  CHECK(house.hooks->subscribe("acme", "g", {}).status == 422);
  house.connector->manifest_.interfaces.clear();
  CHECK(house.hooks->subscribe("acme", "g", {}).status == 422);
  CHECK(house.provider.asked.empty());
}

TEST_CASE("a hook that ends is renewed when two thirds of its time are over, and not before") {
  House house;
  house.provider.next = house.hook("7", kHourMs);
  house.hooks->subscribe("acme", "g", {});
  house.provider.asked.clear();
  house.clock.pass(std::chrono::minutes(39));
  house.hooks->renewDue();
  CHECK(house.provider.asked.empty());
  house.clock.pass(std::chrono::minutes(2));
  house.provider.next_renewal = house.hook("7", kHourMs);
  house.hooks->renewDue();
  house.hooks->renewDue();
  CHECK(house.provider.asked == std::vector<std::string>{"renew 7"});
  CHECK(house.hooks->find("g")->expires_at_ms == house.clock.unixMs() + kHourMs);
}

TEST_CASE("a renewal that fails is told and tried again a minute later, until it succeeds") {
  House house;
  house.provider.next = house.hook("7", kHourMs);
  house.hooks->subscribe("acme", "g", {});
  house.clock.pass(std::chrono::minutes(41));
  house.provider.next_renewal = unavailable("it is down");
  house.hooks->renewDue();
  house.hooks->renewDue();
  CHECK(house.hooks->find("g")->problem == "it is down");
  house.clock.pass(std::chrono::seconds(61));
  house.provider.next_renewal = house.hook("7", kHourMs);
  house.hooks->renewDue();
  CHECK(house.provider.asked.size() == 3);
  CHECK(house.hooks->find("g")->problem.empty());
}

TEST_CASE("of a hook that the provider has lost another is made, with another secret") {
  House house;
  house.provider.next = house.hook("7", kHourMs);
  house.hooks->subscribe("acme", "g", {"a"});
  const std::string before = house.secret();
  house.clock.pass(std::chrono::minutes(41));
  house.provider.next_renewal = notFound("gone");
  house.provider.next = house.hook("8", kHourMs);
  house.hooks->renewDue();
  CHECK(house.hooks->find("g")->id == "8");
  CHECK(house.secret() != before);
}

TEST_CASE("hooks that never end, and those of integrations that are switched off, are left alone") {
  House house;
  house.provider.next = house.hook("7", 0);
  house.hooks->subscribe("acme", "g", {});
  house.clock.pass(std::chrono::hours(24 * 365));
  house.hooks->renewDue();
  CHECK(house.provider.asked.size() == 1);
  house.provider.next = house.hook("7", kHourMs);
  house.hooks->subscribe("acme", "g", {});
  house.catalog->tenants["acme"].integrations["g"].enabled = false;
  house.clock.pass(std::chrono::hours(2));
  house.hooks->renewDue();
  CHECK(house.provider.asked.size() == 2);
}

TEST_CASE("taken away, it is forgotten") {
  House house;
  CHECK(house.hooks->unsubscribe("acme", "g").status == 404);
  house.provider.next = house.hook("7", 0);
  house.hooks->subscribe("acme", "g", {});
  CHECK(house.hooks->unsubscribe("acme", "g").status == 204);
  CHECK(house.provider.asked.back() == "unsubscribe 7");
  CHECK_FALSE(house.hooks->find("g"));
}

}  // namespace junctor::testing
