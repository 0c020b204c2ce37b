#include "admin_server.h"

#include <catch2/catch.hpp>
#include <future>

#include "base/log.h"
#include "plugin/connector.h"
#include "store/store.h"

namespace junctor::testing {
namespace {

class Promised final : public net::Responder {
 public:
  explicit Promised(std::function<void(net::HttpResponse)> done) : done_(std::move(done)) {}
  void reply(net::HttpResponse response) override { done_(std::move(response)); }

 private:
  std::function<void(net::HttpResponse)> done_;
};

const char* const kRoute = "return jn.route { rules = {}, otherwise = 'agent' }";

CatalogPtr twoTenants() {
  auto catalog = std::make_shared<Catalog>();
  for (const std::string id : {"acme", "globex"}) {
    Tenant tenant;
    tenant.id = tenant.name = id;
    Integration integration;
    integration.id = id + "-gh";
    integration.tenant = id;
    integration.connector = "github";
    integration.webhook_secrets = {{"env:" + id}};
    tenant.integrations[integration.id] = integration;
    Destination destination;
    destination.name = "agent";
    destination.tenant = id;
    destination.url = "https://agent.example/" + id;
    tenant.destinations["agent"] = destination;
    tenant.rules.push_back({id, "route", kRoute, "0123456789ab"});
    catalog->tenants[id] = tenant;
  }
  return catalog;
}

}  // namespace

ScriptedServices::ScriptedServices() : catalog_(twoTenants()) {
  store::StoreOptions options;
  options.data_dir = folder.path();
  options.low_space_bytes = 1;
  auto opened = store::open("sqlite", options, clock_);
  REQUIRE(opened.has_value());
  store_ = std::move(*opened);
  auto vault = vault::Vault::open(
      *store_, {.key = {.path = folder.path() + "/vault.key", .may_create = true}}, clock_);
  REQUIRE(vault.has_value());
  vault_ = std::move(*vault);
  registry_ = plugin::loadConnectors({}, clock_);
  tokens_ = std::make_unique<oauth::Keeper>(oauth::KeeperDeps{
      *vault_, *store_, *registry_, [this] { return catalog_; },
      [] { return "https://hooks.example/v1/oauth/callback"; },
      [](const Integration&, const net::OutboundRequest&) -> Result<net::OutboundResponse> {
        return unavailable("there is no network");
      },
      clock_});
  desk_ = std::make_unique<action::Desk>(action::DeskDeps{
      *store_, *registry_, [this] { return catalog_; },
      [](const std::string&, const std::string&, const std::string&) -> Result<mapping::Mapping> {
        return notFound("there is no mapping");
      },
      clock_, metrics_});
  hooks_ = std::make_unique<action::Hooks>(action::HookDeps{
      *store_, *vault_, *registry_, [this] { return catalog_; },
      [](const Integration& of) { return "https://hooks.example/v1/webhooks/incoming/" + of.id; },
      [] {}, clock_});
  replay_ids_ = std::make_unique<IdSource>(clock_);
  replays_ = std::make_unique<flow::Replayer>(flow::ReplayerDeps{
      *store_, clock_, *replay_ids_, metrics_,
      [](const EventPtr&, const store::Document&, const store::Done& ran) { ran({}); },
      [](const Delivery&, const store::Done& ran) { ran({}); }});
}

admin::SystemInfo ScriptedServices::system() const {
  return {"1.2.3", public_address, "127.0.0.1:8081", folder.path(), "sqlite", clock_.unixMs()};
}

void ScriptedServices::note(const std::string& what) {
  std::lock_guard lock(mutex_);
  done.push_back(what);
}

Result<admin::ApplyReport> ScriptedServices::apply(std::vector<Tenant> tenants, bool dry_run) {
  for (const Tenant& tenant : tenants) note((dry_run ? "dry " : "apply ") + tenant.id);
  applied = std::move(tenants);
  return report;
}

Result<admin::ApplyReport> ScriptedServices::edit(const std::string& tenant,
                                                  const admin::TenantChange& change, bool dry_run) {
  Tenant changed = *catalog_->findTenant(tenant);
  JUNCTOR_CHECK(change(changed));
  return apply({changed}, dry_run);
}

Result<std::vector<DeliveryId>> ScriptedServices::replayEvent(const std::string& tenant,
                                                              EventId id) {
  {
    std::unique_lock lock(mutex_);
    ++waiting_;
    gate_.wait(lock, [this] { return !shut_; });
    --waiting_;
  }
  JUNCTOR_TRY(const EventPtr event, store_->loadEvent(tenant, id));
  note("replay " + event->event.id.text());
  return std::vector<DeliveryId>{DeliveryId{id.uuid}};
}

Result<void> ScriptedServices::retryDelivery(const std::string& tenant, DeliveryId id) {
  JUNCTOR_TRY(const Delivery found, store_->loadDelivery(tenant, id));
  if (found.state != DeliveryState::Dead) return invalidArgument("only dead deliveries");
  note("retry " + id.text());
  return {};
}

Result<void> ScriptedServices::discardDelivery(const std::string& tenant, DeliveryId id,
                                               const std::string& reason) {
  JUNCTOR_CHECK(store_->loadDelivery(tenant, id));
  note("discard " + id.text() + ": " + reason);
  return {};
}

void ScriptedServices::shut() {
  std::lock_guard lock(mutex_);
  shut_ = true;
}

void ScriptedServices::open() {
  std::lock_guard lock(mutex_);
  shut_ = false;
  gate_.notify_all();
}

size_t ScriptedServices::waiting() {
  std::lock_guard lock(mutex_);
  return waiting_;
}

AdminServer::AdminServer() : ids_(services.clock_) {
  log::configure(log::Level::Error, log::Format::Text);
  auto made = admin::makeAdminApi(services);
  REQUIRE(made.has_value());
  api_ = std::move(*made);
}

RawRequestPtr AdminServer::receive(const std::string& tenant) {
  auto raw = std::make_shared<RawRequest>();
  raw->id = ids_.nextEvent();
  raw->tenant = tenant;
  raw->integration = tenant + "-gh";
  raw->connector = "github";
  raw->received_at_ms = services.clock_.unixMs();
  raw->method = "POST";
  raw->body = R"({"n":9007199254740993})";
  raw->remote_ip = "192.0.2.1";
  services.store().append(raw, [](Result<store::Appended> done) { (void)done; });
  services.store().flush();
  return raw;
}

std::vector<EventId> AdminServer::store(const std::string& tenant, int count, DeliveryState state,
                                        const std::string& type) {
  std::vector<EventId> made;
  for (int i = 0; i < count; ++i) {
    services.clock_.pass(std::chrono::milliseconds(10));
    const RawRequestPtr raw = receive(tenant);
    made.push_back(raw->id);
    store::FlowOutcome outcome;
    outcome.request_id = raw->id;
    Event event;
    event.id = event.request_id = raw->id;
    event.tenant = tenant;
    event.integration = raw->integration;
    event.source = "github";
    event.type = type;
    event.received_at_ms = raw->received_at_ms;
    outcome.events.push_back(event);
    Delivery delivery;
    delivery.id = ids_.nextDelivery();
    delivery.event_id = event.id;
    delivery.tenant = tenant;
    delivery.integration = raw->integration;
    delivery.destination = "agent";
    delivery.route = "all";
    delivery.state = state;
    delivery.created_at_ms = services.clock_.unixMs();
    delivery.next_at_ms = delivery.created_at_ms;
    delivery.reason = state == DeliveryState::Dead ? "attempts-exhausted" : "";
    if (state == DeliveryState::Dead) delivery.cause = causeOf(delivery, delivery.reason);
    outcome.deliveries.push_back(delivery);
    services.store().finish(std::move(outcome), [](Result<store::FlowStored> done) { (void)done; });
  }
  services.store().flush();
  return made;
}

std::string AdminServer::token(admin::Role role, const std::string& tenant) {
  const auto answer = post("/v1/tokens", R"({"role":")" + std::string(toString(role)) +
                                             R"(","tenant":")" + tenant + R"("})");
  REQUIRE(answer.status == 201);
  return parsed(answer)["token"].get<std::string>();
}

net::HttpRequest AdminServer::request(const std::string& method, const std::string& target,
                                      const std::string& token, const std::string& body,
                                      Headers headers) {
  net::HttpRequest request;
  request.method = method;
  request.target = target;
  request.path = target.substr(0, target.find('?'));
  if (const size_t mark = target.find('?'); mark != std::string::npos) {
    request.query = target.substr(mark + 1);
  }
  request.headers = std::move(headers);
  if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
  request.body = body;
  request.remote_ip = "127.0.0.1";
  return request;
}

net::HttpResponse AdminServer::call(const std::string& method, const std::string& target,
                                    const std::string& token, const std::string& body,
                                    Headers headers) {
  net::HttpRequest whole = request(method, target, token, body, std::move(headers));
  net::HttpRequest head = whole;
  head.body.clear();
  auto admission = api_->admit(head);
  if (admission.refuse) return *admission.refuse;
  if (body.size() > admission.body_bytes_max) return net::problem(413, "too-large", "");
  auto promise = std::make_shared<std::promise<net::HttpResponse>>();
  auto future = promise->get_future();
  api_->handle(std::move(whole), std::make_shared<Promised>([promise](net::HttpResponse response) {
                 promise->set_value(std::move(response));
               }));
  return future.get();
}

void AdminServer::start(const std::string& method, const std::string& target) {
  api_->handle(request(method, target, local(), "", {}),
               std::make_shared<Promised>([this](const net::HttpResponse& response) {
                 std::lock_guard lock(mutex_);
                 answered_.push_back(response.status);
               }));
}

std::vector<int> AdminServer::answered() {
  std::lock_guard lock(mutex_);
  return answered_;
}

std::vector<std::string> AdminServer::deliveries(const std::string& tenant) {
  std::vector<std::string> ids;
  const Json page = parsed(get("/v1/tenants/" + tenant + "/deliveries?limit=250"));
  for (const Json& item : page["data"]) {
    ids.push_back(item["id"].get<std::string>());
  }
  return ids;
}

Json parsed(const net::HttpResponse& response) {
  INFO(response.body);
  auto json = parseJson(response.body);
  REQUIRE(json.has_value());
  return std::move(*json);
}

std::string header(const net::HttpResponse& response, const std::string& name) {
  const std::string* value = findHeader(response.headers, name);
  return value ? *value : "";
}

}  // namespace junctor::testing
