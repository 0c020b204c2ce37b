#include "plugin/manifest.h"

#include <algorithm>
#include <cctype>

#include "base/json_value.h"
#include "plugin/elf_note.h"
#include "plugin/strict_object.h"

namespace junctor::plugin {
namespace {

bool cleanId(std::string_view id) {
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), legal);
}

// A sample names a file in the connector's own folder.
bool cleanFileName(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string_view::npos;
}

Result<void> readAbi(const StrictObject& in, Manifest& out) {
  if (!in.has("abi")) return in.error("abi", "is required");
  JUNCTOR_TRY(const auto abi,
              StrictObject::open(in.at("abi"), in.pathOf("abi"), {"major", "min_minor"}));
  if (!abi.has("major")) return abi.error("major", "is required");
  JUNCTOR_TRY(const int64_t major, abi.integer("major", 0, 1, 1'000));
  JUNCTOR_TRY(const int64_t minor, abi.integer("min_minor", 0, 0, 1'000));
  out.abi_major = static_cast<uint32_t>(major);
  out.abi_min_minor = static_cast<uint32_t>(minor);
  return {};
}

Result<crypto::SignatureScheme> readScheme(const Json& json, const std::string& path) {
  auto scheme = crypto::SignatureScheme::fromJson(json);
  if (!scheme) return invalidArgument(path + ": " + scheme.error().message);
  return scheme;
}

Result<void> readSignature(const StrictObject& in, Manifest& out) {
  if (!in.has("signature")) return in.error("signature", "is required");
  const Json& json = in.at("signature");
  const std::string path = in.pathOf("signature");
  if (json.is_object() && json.value("algorithm", Json()) == "custom") {
    JUNCTOR_TRY(const auto custom, StrictObject::open(json, path, {"algorithm", "headers"}));
    JUNCTOR_TRY(out.signature_headers, custom.texts("headers"));
    out.signature_custom = true;
    return {};
  }
  if (!json.is_object() || !json.contains("from")) {
    JUNCTOR_TRY(out.signature, readScheme(json, path));
    return {};
  }
  JUNCTOR_TRY(const auto settings, StrictObject::open(json, path, {"from", "default"}));
  JUNCTOR_TRY(const std::string from, settings.text("from"));
  if (from != "settings") return settings.error("from", "must be \"settings\"");
  out.signature_from_settings = true;
  if (settings.has("default")) {
    JUNCTOR_TRY(out.signature, readScheme(settings.at("default"), settings.pathOf("default")));
  }
  return {};
}

Result<void> readReplyFrom(const StrictObject& in, Manifest& out) {
  JUNCTOR_TRY(const std::string from, in.text("reply_from"));
  if (!from.empty() && from != "connector") {
    return in.error("reply_from", "must be \"connector\"");
  }
  out.replies = !from.empty();
  return {};
}

Result<void> readDeliveryKey(const StrictObject& in, Manifest& out) {
  JUNCTOR_TRY(const auto places, in.texts("delivery_key"));
  for (const std::string& place : places) {
    auto parsed = parsePlace(place);
    if (!parsed) return in.error("delivery_key", parsed.error().message);
    out.delivery_key.push_back(std::move(*parsed));
  }
  JUNCTOR_TRY(const std::string from, in.text("delivery_key_from"));
  if (!from.empty() && from != "settings") {
    return in.error("delivery_key_from", "must be \"settings\"");
  }
  out.delivery_key_from_settings = !from.empty();
  return {};
}

Result<void> readHandshake(const StrictObject& in, Manifest& out) {
  if (!in.has("handshake")) return {};
  JUNCTOR_TRY(const auto json,
              StrictObject::open(in.at("handshake"), in.pathOf("handshake"),
                                 {"kind", "when", "equals", "echo", "answer", "status", "query",
                                  "method", "content_type", "token_query", "token_setting"}));
  JUNCTOR_TRY(const std::string kind, json.requiredText("kind"));
  JUNCTOR_TRY(out.handshake.content_type, json.text("content_type", out.handshake.content_type));
  if (kind == "json-echo") {
    out.handshake.kind = HandshakeKind::JsonEcho;
    JUNCTOR_TRY(out.handshake.when_json, json.requiredText("when"));
    JUNCTOR_TRY(out.handshake.equals, json.requiredText("equals"));
    JUNCTOR_TRY(out.handshake.echo_json, json.text("echo"));
    JUNCTOR_TRY(out.handshake.answer, json.text("answer", out.handshake.answer));
    if (out.handshake.echo_json.empty() && !json.has("answer")) out.handshake.answer.clear();
    JUNCTOR_TRY(const int64_t status, json.integer("status", 200, 200, 299));
    out.handshake.status = static_cast<int>(status);
    for (const char* key : {"query", "method"}) {
      if (json.has(key)) return json.error(key, "belongs to query-echo");
    }
    return {};
  }
  if (kind != "query-echo") return json.error("kind", "must be json-echo or query-echo");
  out.handshake.kind = HandshakeKind::QueryEcho;
  JUNCTOR_TRY(out.handshake.query, json.requiredText("query"));
  JUNCTOR_TRY(out.handshake.method, json.text("method", out.handshake.method));
  if (out.handshake.method != "GET" && out.handshake.method != "POST") {
    return json.error("method", "must be GET or POST");
  }
  JUNCTOR_TRY(out.handshake.token_query, json.text("token_query"));
  JUNCTOR_TRY(out.handshake.token_setting, json.text("token_setting"));
  if (out.handshake.token_query.empty() != out.handshake.token_setting.empty()) {
    return json.error("token_query", "goes with token_setting");
  }
  for (const char* key : {"when", "equals", "echo", "answer", "status"}) {
    if (json.has(key)) return json.error(key, "belongs to json-echo");
  }
  return {};
}

Result<void> readBody(const StrictObject& in, Manifest& out) {
  constexpr std::pair<std::string_view, BodyKind> kKinds[] = {{"json", BodyKind::Json},
                                                              {"form", BodyKind::Form},
                                                              {"xml", BodyKind::Xml},
                                                              {"any", BodyKind::Any}};
  if (!in.has("body")) return {};
  JUNCTOR_TRY(const std::string body, in.text("body"));
  for (const auto& [name, kind] : kKinds) {
    if (body != name) continue;
    out.body = kind;
    return {};
  }
  return in.error("body", "must be json, form, xml or any");
}

Result<void> readSuccess(const StrictObject& in, Manifest& out) {
  if (!in.has("success")) return {};
  JUNCTOR_TRY(const auto json, StrictObject::open(in.at("success"), in.pathOf("success"),
                                                  {"status", "body", "content_type"}));
  JUNCTOR_TRY(const int64_t status, json.integer("status", 202, 200, 299));
  out.success_status = static_cast<int>(status);
  JUNCTOR_TRY(out.success_body, json.text("body"));
  JUNCTOR_TRY(out.success_content_type, json.text("content_type"));
  if (!out.success_body.empty() && out.success_content_type.empty()) {
    return json.error("content_type", "is required with body");
  }
  return {};
}

Result<Sample> readSample(const Json& item, const std::string& path) {
  JUNCTOR_TRY(const auto json,
              StrictObject::open(item, path, {"event", "file", "headers", "fresh"}));
  Sample sample;
  JUNCTOR_TRY(sample.event, json.requiredText("event"));
  JUNCTOR_TRY(sample.file, json.requiredText("file"));
  if (!cleanFileName(sample.file)) return json.error("file", "must be a plain file name");
  JUNCTOR_TRY(sample.fresh, json.texts("fresh"));
  if (!json.has("headers")) return sample;
  if (!json.at("headers").is_object()) return json.error("headers", "must be an object");
  for (const auto& header : json.at("headers").items()) {
    if (!header.value().is_string()) return json.error("headers", "values must be strings");
    sample.headers.emplace_back(header.key(), header.value().get<std::string>());
  }
  return sample;
}

Result<void> readSamples(const StrictObject& in, Manifest& out) {
  if (!in.has("samples")) return {};
  if (!in.at("samples").is_array()) return in.error("samples", "must be a list");
  size_t index = 0;
  for (const Json& item : in.at("samples")) {
    const std::string path = in.pathOf("samples") + "[" + std::to_string(index++) + "]";
    JUNCTOR_TRY(Sample sample, readSample(item, path));
    out.samples.push_back(std::move(sample));
  }
  return {};
}

Result<void> readWebhook(const StrictObject& in, Manifest& out) {
  if (in.has("webhook") != out.offers("junctor.webhook/1")) {
    return in.error("webhook", "is there if, and only if, interfaces names junctor.webhook/1");
  }
  if (!in.has("webhook")) return {};
  JUNCTOR_TRY(
      const auto webhook,
      StrictObject::open(in.at("webhook"), in.pathOf("webhook"),
                         {"signature", "delivery_key", "delivery_key_from", "handshake", "body",
                          "success", "reply_from", "events", "schemas", "samples"}));
  JUNCTOR_CHECK(readSignature(webhook, out));
  JUNCTOR_CHECK(readDeliveryKey(webhook, out));
  JUNCTOR_CHECK(readHandshake(webhook, out));
  JUNCTOR_CHECK(readBody(webhook, out));
  JUNCTOR_CHECK(readSuccess(webhook, out));
  JUNCTOR_CHECK(readReplyFrom(webhook, out));
  JUNCTOR_TRY(out.events, webhook.texts("events"));
  if (out.events.empty()) return webhook.error("events", "must name at least one type");
  if (webhook.has("schemas") && !webhook.at("schemas").is_object()) {
    return webhook.error("schemas", "must be an object of JSON Schemas by event type");
  }
  return readSamples(webhook, out);
}

Result<Manifest> fromJson(const Json& json) {
  JUNCTOR_TRY(const auto in,
              StrictObject::open(json, "",
                                 {"id", "name", "version", "license", "summary", "abi",
                                  "interfaces", "runtime", "webhook", "capabilities", "api",
                                  "actions", "fields", "test", "credentials", "oauth2", "hooks"}));
  Manifest out;
  JUNCTOR_TRY(out.id, in.requiredText("id"));
  // The host's own verdicts begin like that (plugin/verdict.h), a connector's words with its id.
  if (out.id.starts_with("connector-")) return in.error("id", "must not begin with connector-");
  if (!cleanId(out.id)) return in.error("id", "must be lower-case letters, digits, '-' and '.'");
  JUNCTOR_TRY(out.name, in.requiredText("name"));
  JUNCTOR_TRY(out.version, in.requiredText("version"));
  JUNCTOR_TRY(out.license, in.requiredText("license"));
  JUNCTOR_TRY(out.summary, in.requiredText("summary"));
  JUNCTOR_TRY(out.runtime, in.requiredText("runtime"));
  JUNCTOR_CHECK(readAbi(in, out));
  JUNCTOR_TRY(out.interfaces, in.texts("interfaces"));
  if (in.has("capabilities")) {
    JUNCTOR_TRY(out.capabilities, trust::readCapabilities(in.at("capabilities"), "capabilities"));
  }
  JUNCTOR_CHECK(readWebhook(in, out));
  JUNCTOR_TRY(out.declared, readDeclared(json));
  return out;
}

}  // namespace

Result<Manifest> parseManifest(std::string json) {
  JUNCTOR_TRY(const Json parsed, parseJson(json));
  JUNCTOR_TRY(Manifest manifest, fromJson(parsed));
  manifest.json = std::move(json);
  return manifest;
}

Result<Manifest> readManifest(const std::string& path) {
  JUNCTOR_TRY(std::string json, readManifestNote(path));
  auto manifest = parseManifest(std::move(json));
  if (!manifest) return invalidArgument("manifest: " + manifest.error().message);
  return manifest;
}

}  // namespace junctor::plugin
