#include "action/hooks.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json_value.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "crypto/hash.h"
#include "crypto/secret_bytes.h"

namespace junctor::action {
namespace {

constexpr const char* kKind = "webhook-registration";
constexpr const char* kField = "webhook";
constexpr const char* kRef = "vault:webhook";
constexpr int64_t kRetryMs = 60'000;
constexpr size_t kSecretBytes = 32;

std::optional<Registration> readRegistration(const std::string& integration,
                                             const std::string& document) {
  const auto json = parseJson(document);
  if (!json || !json->is_object()) return std::nullopt;
  Registration out;
  out.integration = integration;
  out.tenant = json->value("tenant", std::string());
  out.id = json->value("id", std::string());
  out.url = json->value("url", std::string());
  out.events_json = json->value("events", std::string("[]"));
  out.renewed_at_ms = json->value("renewed_at_ms", int64_t{0});
  out.expires_at_ms = json->value("expires_at_ms", int64_t{0});
  out.retry_at_ms = json->value("retry_at_ms", int64_t{0});
  out.problem = json->value("problem", std::string());
  return out;
}

std::string documentOf(const Registration& registration) {
  return dumpJson({{"tenant", registration.tenant},
                   {"id", registration.id},
                   {"url", registration.url},
                   {"events", registration.events_json},
                   {"renewed_at_ms", registration.renewed_at_ms},
                   {"expires_at_ms", registration.expires_at_ms},
                   {"retry_at_ms", registration.retry_at_ms},
                   {"problem", registration.problem}});
}

// "" if there is none.
std::string secretOf(vault::Vault& vault, const vault::SecretName& name) {
  std::string out;
  const auto found = vault.withSecret(name, [&out](std::string_view value) -> Result<void> {
    out = value;
    return {};
  });
  return found ? out : std::string();
}

// Letters and digits alone: every provider takes them.
std::string newSecret() {
  return toHex(crypto::randomBytes(kSecretBytes));
}

Answer refused(const Error& error) {
  if (error.code == ErrorCode::NotFound) return problem(404, "not-found", error.message);
  if (error.code == ErrorCode::InvalidArgument) {
    return problem(422, "not-registrable", error.message);
  }
  return problem(classOf(error, {}), error, {});
}

}  // namespace

int64_t renewalDueMs(const Registration& registration) {
  if (registration.expires_at_ms == 0) return 0;
  const int64_t lifetime_ms = registration.expires_at_ms - registration.renewed_at_ms;
  const int64_t due_ms = registration.renewed_at_ms + std::max<int64_t>(0, lifetime_ms / 3 * 2);
  // Whatever a provider says of the time, it is asked once a minute at most.
  return std::max({due_ms, registration.retry_at_ms, registration.renewed_at_ms + kRetryMs});
}

std::string registrationJson(const Registration& registration) {
  JsonWriter out;
  out.beginObject().key("id").string(registration.id).key("url").string(registration.url);
  out.key("events").raw(registration.events_json).key("expires_at");
  if (registration.expires_at_ms == 0) {
    out.null();
  } else {
    out.string(formatRfc3339(registration.expires_at_ms));
  }
  out.key("problem").string(registration.problem).endObject();
  return std::move(out).take();
}

plugin::CallOptions Hooks::options(plugin::CallRecord* record) const {
  plugin::CallOptions out;
  out.cancelled = &stopping_;
  out.record = record;
  return out;
}

Result<Place> Hooks::placeOf(const std::string& tenant, const std::string& integration) const {
  JUNCTOR_TRY(Place place, action::placeOf(deps_.catalog(), deps_.registry, tenant, integration));
  if (!place.connector->manifest().offers("junctor.hooks/1")) {
    return invalidArgument("connector '" + place.integration->connector +
                           "' cannot register webhooks: its README says where to do it by hand");
  }
  const auto& secrets = place.integration->webhook_secrets;
  const bool named = std::any_of(secrets.begin(), secrets.end(),
                                 [](const SecretRef& ref) { return ref.text == kRef; });
  if (!named) {
    return invalidArgument("webhook_secrets of '" + integration + "' must name " + kRef +
                           ": that is where the secret of a registered webhook is kept");
  }
  return place;
}

// The secret is at hand before the provider may sign with it, where it is ours to choose.
Result<plugin::Hook> Hooks::ask(const Place& place, const std::string& events_json,
                                plugin::CallRecord& record) {
  const Integration& of = *place.integration;
  const vault::SecretName name{of.tenant, of.id, kField};
  JUNCTOR_TRY(const auto instance, place.connector->create(of));
  plugin::HookRequest request{deps_.webhook_url(of), events_json};
  std::string before;
  const crypto::WipeAtEnd wiped_before(before);
  if (place.connector->manifest().declared.hook_secret_by_host) {
    before = secretOf(deps_.vault, name);
    request.signing_secret = newSecret();
    JUNCTOR_CHECK(setSecret(name, request.signing_secret));
  }
  const crypto::WipeAtEnd wiped_request(request.signing_secret);
  auto hook = instance->subscribe(request, options(&record));
  if (!hook) {  // what was registered before goes on signing with its own
    if (!before.empty()) JUNCTOR_CHECK(setSecret(name, before));
    return hook.error();
  }
  const crypto::WipeAtEnd wiped(hook->signing_secret);
  if (!hook->signing_secret.empty()) JUNCTOR_CHECK(setSecret(name, hook->signing_secret));
  return hook;
}

Result<void> Hooks::setSecret(const vault::SecretName& name, const std::string& secret) {
  JUNCTOR_CHECK(deps_.vault.put(name, secret));
  deps_.secrets_changed();
  return {};
}

Result<void> Hooks::keep(const Registration& registration) {
  return deps_.store.putDocument(kKind, registration.integration, documentOf(registration));
}

std::optional<Registration> Hooks::find(const std::string& integration) const {
  const auto documents = deps_.store.documents(kKind);
  if (!documents) return std::nullopt;
  for (const auto& [key, document] : *documents) {
    if (key == integration) return readRegistration(key, document);
  }
  return std::nullopt;
}

Answer Hooks::subscribe(const std::string& tenant, const std::string& integration,
                        const std::vector<std::string>& events) {
  std::lock_guard lock(one_at_a_time_);
  const auto place = placeOf(tenant, integration);
  if (!place) return refused(place.error());
  plugin::CallRecord record;
  auto hook = ask(*place, dumpJson(Json(events)), record);
  if (!hook) return problem(classOf(hook.error(), record), hook.error(), record);
  Registration made;
  made.tenant = tenant;
  made.integration = integration;
  made.id = hook->id;
  made.url = hook->url;
  made.events_json = hook->events_json;
  made.renewed_at_ms = deps_.clock.unixMs();
  made.expires_at_ms = hook->expires_at_ms;
  if (const auto kept = keep(made); !kept) return refused(kept.error());
  return {201, registrationJson(made)};
}

Answer Hooks::unsubscribe(const std::string& tenant, const std::string& integration) {
  std::lock_guard lock(one_at_a_time_);
  const auto place = placeOf(tenant, integration);
  if (!place) return refused(place.error());
  const auto known = find(integration);
  if (!known) return problem(404, "not-found", "no webhook of '" + integration + "' is registered");
  plugin::CallRecord record;
  const auto instance = place->connector->create(*place->integration);
  if (!instance) return refused(instance.error());
  const auto gone = (*instance)->unsubscribe(known->id, options(&record));
  if (!gone) return problem(classOf(gone.error(), record), gone.error(), record);
  if (const auto removed = deps_.store.removeDocument(kKind, integration); !removed) {
    return refused(removed.error());
  }
  return {204, ""};
}

void Hooks::failed(Registration registration, const Error& error) {
  registration.problem = error.message;
  registration.retry_at_ms = deps_.clock.unixMs() + kRetryMs;
  log::error("action", {{"tenant", registration.tenant}, {"integration", registration.integration}},
             "its webhook could not be renewed: {}", error.message);
  if (const auto kept = keep(registration); !kept) {
    log::error("action", {}, "a webhook's state was not kept: {}", kept.error().message);
  }
}

void Hooks::renew(Registration registration) {
  const auto place = placeOf(registration.tenant, registration.integration);
  if (!place) return failed(std::move(registration), place.error());
  if (!place->integration->enabled) return;
  plugin::CallRecord record;
  auto instance = place->connector->create(*place->integration);
  if (!instance) return failed(std::move(registration), instance.error());
  plugin::Hook hook;
  hook.id = registration.id;
  hook.url = registration.url;
  hook.events_json = registration.events_json;
  hook.expires_at_ms = registration.expires_at_ms;
  auto renewed = (*instance)->renew(hook, options(&record));
  if (!renewed && renewed.error().code == ErrorCode::NotFound) {
    renewed = ask(*place, registration.events_json, record);
  }
  if (!renewed) return failed(std::move(registration), renewed.error());
  registration.id = renewed->id;
  registration.renewed_at_ms = deps_.clock.unixMs();
  registration.expires_at_ms = renewed->expires_at_ms;
  registration.retry_at_ms = 0;
  registration.problem.clear();
  const auto kept = keep(registration);
  if (!kept) return failed(std::move(registration), kept.error());
  log::info("action", {{"tenant", registration.tenant}, {"integration", registration.integration}},
            "its webhook is renewed until {}", formatRfc3339(registration.expires_at_ms));
}

void Hooks::renewDue() {
  const auto documents = deps_.store.documents(kKind);
  if (!documents) return;
  for (const auto& [key, document] : *documents) {
    auto registration = readRegistration(key, document);
    if (!registration || stopping_) continue;
    const int64_t due_ms = renewalDueMs(*registration);
    if (due_ms == 0 || due_ms > deps_.clock.unixMs()) continue;
    std::lock_guard lock(one_at_a_time_);
    renew(std::move(*registration));
  }
}

}  // namespace junctor::action
