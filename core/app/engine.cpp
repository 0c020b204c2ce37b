#include "app/engine.h"

#include <charconv>
#include <future>

#include "app/paths.h"
#include "app/version.h"
#include "base/files.h"
#include "base/limits.h"
#include "base/log.h"

namespace junctor::app {
namespace {

constexpr int64_t kHooksRoundMs = 10'000;
constexpr int64_t kKeepUsesMs = 60'000;
constexpr const char* kSecretUses = "webhook-secret-use";
constexpr const char* kUsageKind = "usage";
constexpr const char* kStoreDown = "the store answers no writes";

// Waits on the calling thread for a write's completion.
template <class T, class Start>
Result<T> waitFor(const Start& start) {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  start([promise](Result<T> result) { promise->set_value(std::move(result)); });
  return future.get();
}

admin::Check storeCheck(store::Health health) {
  switch (health) {
    case store::Health::Ok:
      return {"store", true, ""};
    case store::Health::LowSpace:
      return {"store", false, "disk space is low: webhooks answer 503 until there is room"};
    case store::Health::Failing:
      return {"store", false, kStoreDown};
  }
  return {"store", false, kStoreDown};
}

// What is named; else the service manager's credential, if it gave one; else a file beside the
// store, which is made if nothing needs another one.
vault::KeyPlace keyPlace(const config::ServerConfig& config,
                         const config::Environment& environment) {
  if (!config.vault_key_file.empty()) return {.path = config.vault_key_file};
  const auto folder = environment.find("CREDENTIALS_DIRECTORY");
  if (folder != environment.end()) {
    const std::string credential = folder->second + "/junctor-vault-key";
    if (fileExists(credential)) return {.path = credential, .credential = true};
  }
  return {.path = config.data_dir + "/vault.key", .may_create = true};
}

}  // namespace

Engine::Engine(const config::ServerConfig& config, config::Environment environment,
               const Clock& clock)
    : clock_(clock),
      environment_(std::move(environment)),
      secrets_(environment_, [this](const config::SecretOwner& owner,
                                    const std::string& field) { return secretOf(owner, field); }),
      ids_(clock) {
  system_.version = kVersion;
  system_.data_dir = config.data_dir;
  system_.store = store::withoutPassword(config.store);
  system_.started_at_ms = clock.unixMs();
}

Engine::~Engine() {
  stop(0);
}

Result<std::unique_ptr<Engine>> Engine::open(const config::ServerConfig& config,
                                             config::Environment environment, const Clock& clock) {
  std::unique_ptr<Engine> engine(new Engine(config, std::move(environment), clock));
  store::StoreOptions options;
  options.data_dir = config.data_dir;
  options.low_space_bytes = config.low_space_bytes;
  options.dedupe_window_ms = config.dedupe_window_hours * 3'600'000;
  JUNCTOR_TRY(engine->store_, store::open(config.store, options, clock));
  engine->ids_.useLane(engine->store_->lane());
  engine->ids_.raiseFloor(engine->store_->highestOrderKey());
  JUNCTOR_TRY(
      engine->vault_,
      vault::Vault::open(*engine->store_, {.key = keyPlace(config, engine->environment_)}, clock));
  engine->client_ = net::startHttpClient(clock);
  engine->ports_ = std::make_unique<ConnectorPorts>(*engine->client_, *engine->store_,
                                                    *engine->vault_, engine->metrics_, clock);
  JUNCTOR_TRY(engine->rules_, RuleHome::open(config, *engine->store_, clock));
  JUNCTOR_TRY(engine->home_,
              ConnectorHome::open(config, *engine->store_, clock, engine->ports_->ports()));
  engine->build(config);
  engine->buildDesk(config);
  engine->buildSteps();
  engine->restoreSecretUses();
  JUNCTOR_CHECK(engine->keeper_->load());
  return engine;
}

// Connectors act for whoever asks, with the host's credentials.
void Engine::buildDesk(const config::ServerConfig& config) {
  public_url_ = config.public_url;
  const Simulators simulators = simulatorsOf(config.connector_simulators);
  tokens_ = std::make_unique<oauth::Keeper>(oauth::KeeperDeps{
      *vault_, *store_, home_->registry(), [this] { return catalog(); },
      [this] { return public_url_ + "/v1/oauth/callback"; },
      [this, simulators](const Integration& of, net::OutboundRequest request) {
        simulate(simulators, of.connector, request);
        return waitFor<net::OutboundResponse>(
            [&](auto done) { client_->send(std::move(request), std::move(done)); });
      },
      clock_, [this](const oauth::CredentialTrouble& trouble) { notices_->tell(trouble); }});
  credentials_ = std::make_unique<Credentials>(*vault_, home_->registry(), *tokens_,
                                               [this] { return catalog(); });
  ports_->use(credentials_.get(), simulators,
              [this](const plugin::PortCall& call) { return termsOf(call); });
  front_ = std::make_unique<PublicFront>(*receiver_, *tokens_);
  desk_ = std::make_unique<action::Desk>(action::DeskDeps{
      *store_, home_->registry(), [this] { return catalog(); },
      [this](const std::string& tenant, const std::string& connector, const std::string& object) {
        return mappingOf(tenant, connector, object);
      },
      clock_, metrics_,
      [this](const Integration& of, bool taken, const std::string& why) {
        tokens_->judge(of, taken, why);
      }});
  hooks_ = std::make_unique<action::Hooks>(
      action::HookDeps{*store_, *vault_, home_->registry(), [this] { return catalog(); },
                       [this](const Integration& of) { return webhookUrl(of); },
                       [this] { secretsChanged(); }, clock_});
}

// The tenant's own over the shipped one.
Result<mapping::Mapping> Engine::mappingOf(const std::string& tenant, const std::string& connector,
                                           const std::string& object) const {
  const CatalogPtr now = catalog();
  const Tenant* owner = now->findTenant(tenant);
  std::vector<std::string> problems;  // told when they were applied
  const mapping::BookPtr book = owner && !owner->mappings.empty()
                                    ? mapping::Book::over(shipped_, owner->mappings, problems)
                                    : shipped_;
  const mapping::EntryPtr entry = book->find(connector + "/" + object);
  if (!entry) return notFound("there is no mapping of " + object + " for " + connector);
  return entry->mapping;
}

std::string Engine::webhookUrl(const Integration& integration) const {
  const std::string& base = integration.public_url.empty() ? public_url_ : integration.public_url;
  return base + "/v1/webhooks/incoming/" + integration.id;
}

void Engine::buildSteps() {
  steps::PerformerDeps performer{*store_,
                                 *client_,
                                 *desk_,
                                 ids_,
                                 clock_,
                                 [this](const std::string& tenant, const std::string& destination) {
                                   return dispatcher_->beginCall(tenant, destination);
                                 },
                                 [this](const std::string& tenant, const std::string& destination,
                                        queue::GateSign sign, std::optional<int64_t> wait_ms) {
                                   dispatcher_->endCall(tenant, destination, sign, wait_ms);
                                 },
                                 [this](const RawRequestPtr& request) { flow_->offer(request); }};
  steps_ = std::make_unique<steps::FlowHost>(steps::FlowHostDeps{
      std::move(performer), shipped_, [this] { dispatcher_->wake(); }, metrics_, rules_->live()});
  dispatcher_->setFlowRunner([this](delivery::FlowLease lease) { steps_->run(std::move(lease)); });
}

// The life of an event, as wiring: receiver -> flow -> dispatcher.
void Engine::build(const config::ServerConfig& config) {
  chores_ = std::make_unique<Chores>(clock_);
  quotas_ = std::make_unique<quota::Keeper>(
      clock_, [this](const quota::Told& told) { notices_->tell(told); });
  loadUsage();
  chores_->repeat(limits::kUsageSaveMs, [this] { saveUsage(); });
  chores_->repeat(kKeepUsesMs, [this] { keepSecretUses(); });
  chores_->repeat(kHooksRoundMs, [this] { hooks_->renewDue(); });
  ledger_ = std::make_unique<LedgerWatch>(*store_, clock_, metrics_);
  chores_->repeat(limits::kLedgerCheckMs, [this] { ledger_->check(); });
  notices_ = std::make_unique<Notices>(
      NoticesDeps{*store_, ids_, clock_, *chores_,
                  [this](const RawRequestPtr& request) { flow_->offer(request); },
                  [this]() -> flow::Replayer& { return *replayer_; }});
  dispatcher_ = std::make_unique<delivery::Dispatcher>(delivery::DispatcherDeps{
      *store_, *client_, clock_, metrics_,
      [this](const Event& event) { return flow_->stale(event); },
      [this](const delivery::Trouble& trouble) { notices_->tell(trouble); }, quotas_.get()});
  flow_ = std::make_unique<flow::FlowEngine>(
      flow::FlowDeps{*store_, home_->registry(), ids_, clock_, metrics_,
                     [this](const flow::IntegrationTrouble& trouble) { notices_->tell(trouble); },
                     quotas_.get(), rules_->live()},
      config.flow_workers,
      [this](const Delivery& delivery, const EventPtr& event) {
        dispatcher_->offer(delivery, event);
      },
      [this](const Event& event, const RawRequestPtr& request) {
        steps_->onStored(event, request);
      });
  receiver_ = std::make_unique<ingest::Receiver>(
      *store_, ids_, clock_, metrics_, *quotas_, config.body_bytes_max,
      [this](const RawRequestPtr& request) { flow_->offer(request); });
  std::vector<std::string> problems;
  shipped_ = mapping::Book::shipped(mappingsFolder(), problems);
  for (const std::string& problem : problems) log::error("app", {}, "{}", problem);
  keeper_ = std::make_unique<CatalogKeeper>(*store_, home_->registry(), secrets_, shipped_,
                                            rules_->checks(),
                                            [this](const CatalogPtr& catalog) { adopt(catalog); });
  replays_planner_ = flow_->makePlanner();
  replayer_ = std::make_unique<flow::Replayer>(
      flow::ReplayerDeps{*store_, clock_, ids_, metrics_,
                         [this](const EventPtr& event, store::Document note, store::Done done) {
                           flow::FlowEngine::Again again;
                           again.note = std::move(note);
                           again.bulk = true;
                           again.planner = replays_planner_.get();
                           flow_->replay(event, again, [done = std::move(done)](const auto& made) {
                             done(made ? Result<void>() : Result<void>(made.error()));
                           });
                         },
                         [this](const Delivery& dead, store::Done done) {
                           runAgain(dead, replays_planner_.get(), std::move(done));
                         }});
  addGauges();
}

Result<std::string> Engine::secretOf(const config::SecretOwner& owner, const std::string& field) {
  std::string secret;
  const bool destination = !owner.destination.empty();
  const vault::SecretName name{
      owner.tenant, destination ? vault::destinationOwner(owner.destination) : owner.integration,
      field};
  JUNCTOR_CHECK(vault_->withSecret(name, [&](std::string_view value) -> Result<void> {
    secret = value;
    return {};
  }));
  return secret;
}

// A setting that is no rate was refused when it was applied.
NetworkPort::Terms Engine::termsOf(const plugin::PortCall& call) const {
  const CatalogPtr now = catalog();
  const Integration* integration = now->findIntegration(std::string(call.integration));
  const auto connector = home_->registry().find(std::string(call.connector));
  if (!integration || !connector) return {};
  const RateLimit stated =
      action::paceOf(connector->manifest(), *integration).value_or(RateLimit{});
  return {action::shareOf(stated, store_->nodes()), integration->allow_private};
}

void Engine::loadUsage() {
  const auto stored = store_->documents(kUsageKind);
  if (!stored) return log::error("app", {}, "usage: {}", stored.error().message);
  for (const auto& [tenant, json] : *stored) quotas_->restore(tenant, json);
}

void Engine::saveUsage() {
  for (const auto& [tenant, json] : quotas_->changed()) {
    const auto saved = store_->putDocument(kUsageKind, tenant, json);
    if (!saved) log::error("app", {{"tenant", tenant}}, "usage: {}", saved.error().message);
  }
}

void Engine::adopt(const CatalogPtr& catalog) {
  quotas_->adopt(catalog);
  for (const auto& [id, tenant] : catalog->tenants) ledger_->addGauges(id);
  const auto targets = delivery::buildTargets(catalog, secrets_);
  rules_->expect(catalog->tenants.size());
  const auto book = flow::buildRulebook(catalog, shipped_, rules_->live());
  dispatcher_->adopt(targets);
  steps_->adopt(book, targets);
  flow_->adopt(book);
  receiver_->adopt(
      ingest::buildEndpoints(catalog, home_->registry(), secrets_, metrics_, secret_uses_));
}

void Engine::addGauges() {
  metrics_.gauge("junctor_queue_depth", "Work held in memory", {{"queue", "flow"}},
                 [this] { return static_cast<double>(flow_->held()); });
  metrics_.gauge("junctor_queue_depth", "Work held in memory", {{"queue", "delivery"}},
                 [this] { return static_cast<double>(dispatcher_->held()); });
  metrics_.gauge("junctor_queue_depth", "Work held in memory", {{"queue", "store"}},
                 [this] { return static_cast<double>(store_->queuedWrites()); });
  metrics_.gauge("junctor_destinations_in_error", "Destinations whose deliveries wait", {},
                 [this] { return static_cast<double>(dispatcher_->lanesInError()); });
  metrics_.gauge("junctor_store_size_bytes", "Bytes of the store on disk", {},
                 [this] { return static_cast<double>(store_->sizeBytes()); });
  metrics_.gauge("junctor_build_info", "Constant 1", {{"version", kVersion}}, [] { return 1.0; });
}

// What the other nodes of a cluster do.
void Engine::watchOthers() {
  store::Store::Watcher watcher;
  watcher.work = [this] {
    flow_->wake();
    dispatcher_->wake();
  };
  watcher.lost = [this] {
    flow_->forget();
    dispatcher_->forget();
    ids_.useLane(store_->lane());
  };
  watcher.kinds = {"tenant", "tenant-key",         "secret-owner",
                   "secret", "destination-paused", "destination-disabled"};
  watcher.documents = [this](const std::string& kind) {
    Result<void> followed;
    if (kind == "tenant") followed = keeper_->follow();
    if (kind == "tenant-key" || kind == "secret-owner") followed = vault_->follow();
    if (kind == "secret") keeper_->announce();
    if (kind.starts_with("destination-")) dispatcher_->follow();
    if (!followed) log::error("app", {{"kind", kind}}, "{}", describe(followed.error()));
  };
  store_->watch(std::move(watcher));
}

void Engine::start() {
  chores_->start();
  notices_->restore(flow_->failing());
  steps_->start();
  watchOthers();
  dispatcher_->start();
  flow_->start();
  if (const auto started = replayer_->start(); !started) {
    log::error("app", {}, "replays do not go on: {}", started.error().message);
  }
}

// Not per event: what happened since the last round is one write for each secret.
void Engine::keepSecretUses() {
  for (const auto& [name, at_ms] : secret_uses_.takeChanged()) {
    const auto kept =
        store_->putDocument(kSecretUses, name.first + " " + name.second, std::to_string(at_ms));
    if (!kept) log::warn("app", {}, "a secret's last use was not kept: {}", kept.error().message);
  }
}

void Engine::restoreSecretUses() {
  const auto documents = store_->documents(kSecretUses);
  if (!documents) return;
  for (const auto& [key, document] : *documents) {
    const size_t space = key.find(' ');
    int64_t at_ms = 0;
    std::from_chars(document.data(), document.data() + document.size(), at_ms);
    if (space != key.npos) {
      secret_uses_.restore({key.substr(0, space), key.substr(space + 1)}, at_ms);
    }
  }
}

void Engine::stop(int64_t deadline_ms) {
  if (store_) store_->watch({});
  front_.reset();
  if (hooks_) hooks_->stop();
  if (chores_) chores_->stop();
  if (store_) keepSecretUses();
  if (replayer_) replayer_->stop();
  if (flow_) flow_->stop();
  if (steps_) steps_->stop();
  if (dispatcher_) dispatcher_->stop(deadline_ms);
  if (steps_) steps_->finish();
  client_.reset();
  if (store_) store_->flush();
  if (quotas_) saveUsage();
}

void Engine::setAddresses(std::string public_address, std::string admin_address) {
  if (public_url_.empty()) {
    public_url_ =
        public_address.starts_with("https://") ? public_address : "http://" + public_address;
  }
  system_.public_address = std::move(public_address);
  system_.admin_address = std::move(admin_address);
}

std::vector<admin::Check> Engine::readiness() const {
  std::vector<admin::Check> checks = {storeCheck(store_->health())};
  checks.push_back({"connectors", true, home_->remarks()});
  checks.push_back({"rules", true, rules_->remarks()});
  // An alarm, but no reason to take nothing more.
  const std::string imbalance = ledger_->state("").problem;
  checks.push_back({"ledger", true, imbalance.empty() ? "" : "does not balance: " + imbalance});
  return checks;
}

std::vector<std::string> Engine::reloadConnectors() {
  auto changes = home_->registry().rescan();
  for (const std::string& change : changes) log::info("app", {}, "connector {}", change);
  if (!changes.empty()) keeper_->announce();  // endpoints verify as the new manifests say
  return changes;
}

Result<void> Engine::releaseConnector(const std::string& id) {
  return home_->release(id);
}

Result<admin::ApplyReport> Engine::apply(std::vector<Tenant> tenants, bool dry_run) {
  return keeper_->apply(std::move(tenants), dry_run);
}

admin::DestinationHealth Engine::destinationHealth(const std::string& tenant,
                                                   const std::string& name) const {
  delivery::LaneHealth health = dispatcher_->healthOf(tenant, name);
  return {std::move(health.problem), std::string(queue::toString(health.state)), health.in_flight,
          health.concurrency};
}

Result<admin::ApplyReport> Engine::edit(const std::string& tenant,
                                        const admin::TenantChange& change, bool dry_run) {
  return keeper_->edit(tenant, change, dry_run);
}

script::RulesetPtr Engine::rulesOf(const std::string& tenant) const {
  const flow::RulebookPtr book = flow_->book();
  const auto found = book->rules.find(tenant);
  return found == book->rules.end() ? nullptr : found->second;
}

Result<std::vector<DeliveryId>> Engine::replayEvent(const std::string& tenant, EventId id) {
  JUNCTOR_TRY(const EventPtr event, store_->loadEvent(tenant, id));
  return waitFor<std::vector<DeliveryId>>(
      [&](auto done) { flow_->replay(event, {}, std::move(done)); });
}

Result<void> Engine::retryDelivery(const std::string& tenant, DeliveryId id) {
  JUNCTOR_TRY(const Delivery dead, store_->loadDelivery(tenant, id));
  if (dead.state != DeliveryState::Dead) {
    return invalidArgument("only dead deliveries can be retried; this one is " +
                           std::string(toString(dead.state)));
  }
  return waitFor<void>([&](auto done) { runAgain(dead, nullptr, std::move(done)); });
}

// A dead letter of the flow: connector or rules had failed, so they run again. If a mapping had,
// its destination alone is tried again: the others have theirs.
void Engine::runAgain(const Delivery& dead, flow::Planner* planner, store::Done done) {
  const bool unmapped = !dead.mapping.empty() && dead.body_json.empty();
  if (!dead.destination.empty() && !unmapped) {
    return store_->setDeliveryState(dead.id, DeliveryState::Pending, clock_.unixMs(), "",
                                    [this, done = std::move(done)](const Result<void>& redriven) {
                                      if (redriven) dispatcher_->wake();
                                      done(redriven);
                                    });
  }
  const auto event = store_->loadEvent(dead.tenant, dead.event_id);
  if (!event) return done(event.error());
  const auto name = [](const Delivery& one) {
    return one.mapping.substr(0, one.mapping.find('@'));
  };
  flow::FlowEngine::Again again;
  again.settles = dead.id;
  again.planner = planner;
  again.bulk = planner != nullptr;
  if (!dead.destination.empty()) {
    again.keep = [&](const Delivery& planned) {
      return planned.destination == dead.destination && name(planned) == name(dead);
    };
  }
  flow_->replay(*event, again, [done = std::move(done)](const auto& made) {
    done(made ? Result<void>() : Result<void>(made.error()));
  });
}

Result<void> Engine::discardDelivery(const std::string& tenant, DeliveryId id,
                                     const std::string& reason) {
  JUNCTOR_CHECK(store_->loadDelivery(tenant, id));
  if (!dispatcher_->claim(id)) {
    return makeError(ErrorCode::AlreadyExists, "the delivery is being sent right now; try again");
  }
  const auto discarded = setState(id, DeliveryState::Discarded, reason);
  dispatcher_->unclaim(id);
  return discarded;
}

Result<void> Engine::setState(DeliveryId id, DeliveryState state, std::string reason) {
  return waitFor<void>([&](auto done) {
    store_->setDeliveryState(id, state, clock_.unixMs(), std::move(reason), std::move(done));
  });
}

}  // namespace junctor::app
