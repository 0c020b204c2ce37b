// Secrets are written and never read here: answers hold names, times and fingerprints.
#include "admin/answers.h"
#include "admin/handlers.h"
#include "admin/query.h"
#include "admin/render.h"
#include "base/bytes.h"
#include "base/json_value.h"
#include "base/log.h"
#include "crypto/secret_bytes.h"

namespace junctor::admin {
namespace {

// The integration or destination that the path names, as the vault names it.
Result<std::string> ownerOf(const Call& call) {
  const Tenant& tenant = *call.services.catalog()->findTenant(call.tenant());
  if (const auto id = call.path.find("i"); id != call.path.end()) {
    if (tenant.integrations.contains(id->second)) return id->second;
    return notFound("there is no integration '" + id->second + "'");
  }
  const std::string& name = call.path.at("n");
  if (tenant.destinations.contains(name)) return vault::destinationOwner(name);
  return notFound("there is no destination '" + name + "'");
}

std::string secretJson(const vault::SecretInfo& info) {
  constexpr std::string_view kDestination = "destination/";
  JsonWriter out;
  out.beginObject();
  if (info.name.owner.starts_with(kDestination)) {
    out.key("destination").string(info.name.owner.substr(kDestination.size()));
  } else {
    out.key("integration").string(info.name.owner);
  }
  out.key("field").string(info.name.field).key("fingerprint").string(info.fingerprint);
  out.key("key").string(info.key_id);
  writeTime(out, "created_at", info.created_at_ms);
  writeTime(out, "updated_at", info.updated_at_ms);
  out.endObject();
  return std::move(out).take();
}

Answered pageOf(Call& call, const std::string& owner) {
  JUNCTOR_TRY(const auto all, call.services.vault().list(call.tenant(), owner));
  std::vector<std::string> items;
  for (const vault::SecretInfo& info : all) {
    if (!info.name.owner.starts_with(vault::loginOwner(""))) items.push_back(secretJson(info));
  }
  return page(items);
}

// A parser's message would quote what stands near the error, which may be the secret.
Result<Json> secretBody(const Call& call) {
  auto body = bodyOf(call, {"field", "value", "value_base64"});
  if (body) return body;
  return invalidArgument(
      "the body must be a JSON object with field and either value or value_base64");
}

Result<std::string> valueOf(Json& body) {
  JUNCTOR_TRY(std::string text, textOf(body, "value"));
  JUNCTOR_TRY(std::string encoded, textOf(body, "value_base64"));
  const crypto::WipeAtEnd wiped(encoded);
  if (text.empty() == encoded.empty()) {
    return invalidArgument("give the secret as either value or value_base64");
  }
  if (encoded.empty()) return text;
  auto bytes = fromBase64(encoded);
  if (!bytes) return invalidArgument("value_base64 is not base64");
  return std::move(*bytes);
}

void wipeTexts(Json& body) {
  for (Json& member : body) {
    if (member.is_string()) crypto::wipe(member.get_ref<std::string&>());
  }
}

void audit(const Call& call, const vault::SecretName& name, std::string_view what,
           std::string_view fingerprint) {
  log::info("admin",
            {{"token", call.caller.token_id},
             {"from", call.http.remote_ip},
             {"tenant", name.tenant},
             {"owner", name.owner},
             {"field", name.field},
             {"fingerprint", fingerprint}},
            "secret {}", what);
}

std::string rotationJson(const vault::Rotation& done) {
  JsonWriter out;
  out.beginObject().key("key").string(done.key_id).key("resumed").boolean(done.resumed);
  out.key("changed").unsignedInteger(done.changed).key("retired").unsignedInteger(done.retired);
  out.endObject();
  return std::move(out).take();
}

void writeFileKeys(JsonWriter& out, const vault::KeyStatus& status) {
  out.key("file_keys").beginArray();
  for (const auto& key : status.file_keys) {
    out.beginObject().key("id").string(key.id).key("current").boolean(key.current);
    out.key("tenant_keys").unsignedInteger(key.tenant_keys).endObject();
  }
  out.endArray();
}

void writeTenantKeys(JsonWriter& out, const vault::KeyStatus& status) {
  out.key("tenant_keys").beginArray();
  for (const auto& key : status.tenant_keys) {
    out.beginObject().key("tenant").string(key.tenant).key("id").string(key.id);
    out.key("file_key").string(key.file_key).key("current").boolean(key.current);
    out.key("seals").unsignedInteger(key.seals);
    writeTime(out, "created_at", key.created_at_ms);
    out.endObject();
  }
  out.endArray();
}

}  // namespace

Answered tenantSecrets(Call& call) {
  return pageOf(call, "");
}

Answered secrets(Call& call) {
  JUNCTOR_TRY(const std::string owner, ownerOf(call));
  return pageOf(call, owner);
}

Answered putSecret(Call& call) {
  vault::SecretName name{call.tenant(), "", ""};
  JUNCTOR_TRY(name.owner, ownerOf(call));
  JUNCTOR_TRY(Json body, secretBody(call));
  auto value = valueOf(body);
  auto field = textOf(body, "field");
  wipeTexts(body);
  if (!value) return value.error();
  const crypto::WipeAtEnd wiped(*value);
  JUNCTOR_TRY(name.field, std::move(field));
  JUNCTOR_TRY(const vault::SecretInfo info, call.services.vault().put(name, *value));
  audit(call, name, "put", info.fingerprint);
  call.services.secretsChanged();
  return net::jsonResponse(201, secretJson(info));
}

Answered removeSecret(Call& call) {
  vault::SecretName name{call.tenant(), "", call.path.at("s")};
  JUNCTOR_TRY(name.owner, ownerOf(call));
  JUNCTOR_CHECK(call.services.vault().remove(name));
  audit(call, name, "removed", "");
  call.services.secretsChanged();
  return net::HttpResponse{204, {}, ""};
}

Answered shredSecrets(Call& call) {
  JUNCTOR_CHECK(call.services.vault().forgetTenant(call.tenant()));
  audit(call, {call.tenant(), "", ""}, "shredded, all of the tenant", "");
  call.services.secretsChanged();
  return net::HttpResponse{204, {}, ""};
}

Answered rotateTenantKey(Call& call) {
  JUNCTOR_CHECK(emptyBody(call));
  JUNCTOR_TRY(const auto done, call.services.vault().rotateTenantKey(call.tenant()));
  return net::jsonResponse(200, rotationJson(done));
}

Answered keys(Call& call) {
  JUNCTOR_TRY(const vault::KeyStatus status, call.services.vault().status());
  JsonWriter out;
  out.beginObject().key("path").string(status.path);
  out.key("credential").boolean(status.credential).key("unfinished").boolean(status.unfinished);
  writeFileKeys(out, status);
  writeTenantKeys(out, status);
  out.endObject();
  return net::jsonResponse(200, std::move(out).take());
}

Answered rotateFileKey(Call& call) {
  JUNCTOR_TRY(const Json body, bodyOf(call, {"retire"}));
  const auto retire = body.find("retire");
  if (retire != body.end() && !retire->is_boolean()) {
    return invalidArgument("retire must be true or false");
  }
  JUNCTOR_TRY(const auto done,
              call.services.vault().rotateFileKey(retire != body.end() && retire->get<bool>()));
  return net::jsonResponse(200, rotationJson(done));
}

}  // namespace junctor::admin
