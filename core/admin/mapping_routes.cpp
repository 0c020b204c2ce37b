// A tenant's mappings as data: what rules see, what is the tenant's own, and how to change it.
#include <algorithm>

#include "admin/answers.h"
#include "admin/handlers.h"
#include "admin/query.h"
#include "admin/render.h"
#include "base/limits.h"
#include "mapping/check.h"
#include "mapping/convert.h"

namespace junctor::admin {
namespace {

using mapping::Value;

std::string mappingNameOf(const Call& call) {
  return call.path.at("c") + "/" + call.path.at("o");
}

const MappingText* ownText(const Tenant& tenant, const Call& call) {
  for (const MappingText& text : tenant.mappings) {
    if (text.connector == call.path.at("c") && text.object == call.path.at("o")) return &text;
  }
  return nullptr;
}

void writeEntry(JsonWriter& out, const mapping::Entry& entry) {
  out.key("name").string(entry.name());
  out.key("connector").string(entry.mapping.connector);
  out.key("object").string(entry.mapping.object);
  out.key("external").string(entry.mapping.external);
  out.key("version").integer(entry.mapping.version);
  out.key("hash").string(entry.version);
  out.key("from").string(mapping::nameOf(entry.from));
  out.key("fields").unsignedInteger(entry.mapping.fields.size());
}

void writeFindings(JsonWriter& out, const mapping::Mapping& mapping) {
  out.key("findings").beginArray();
  for (const mapping::Finding& finding : mapping::checkMapping(mapping)) {
    out.beginObject().key("level").string(finding.error ? "error" : "warning");
    out.key("path").string(finding.path).key("message").string(finding.message).endObject();
  }
  out.endArray();
}

Result<mapping::EntryPtr> entryOf(Call& call) {
  const auto rules = call.services.rulesOf(call.tenant());
  const auto shipped = call.services.shippedMappings();
  auto entry = rules ? rules->mapping(mappingNameOf(call)) : nullptr;
  if (!entry && !rules && shipped) entry = shipped->find(mappingNameOf(call));
  if (!entry) return notFound("there is no mapping " + mappingNameOf(call));
  return entry;
}

Answered shown(Call& call) {
  JUNCTOR_TRY(const auto entry, entryOf(call));
  const CatalogPtr catalog = call.services.catalog();
  const MappingText* own = ownText(*catalog->findTenant(call.tenant()), call);
  JsonWriter out;
  out.beginObject();
  writeEntry(out, *entry);
  out.key("mapping").raw(mapping::toJson(mapping::writeMapping(entry->mapping)));
  writeJsonOr(out, "overrides", own ? std::string_view(own->json) : std::string_view());
  writeFindings(out, entry->mapping);
  out.endObject();
  return net::jsonResponse(200, std::move(out).take());
}

// The name in the path decides; checks of the content are those of apply.
Answered changed(Call& call, const TenantChange& change) {
  JUNCTOR_TRY(const bool dry_run, flagOf(call, "dry_run"));
  JUNCTOR_TRY(const ApplyReport report, call.services.edit(call.tenant(), change, dry_run));
  if (!report.problems.empty()) return unprocessable("bad-configuration", report.problems);
  JsonWriter out;
  out.beginObject().key("dry_run").boolean(dry_run).key("changes").beginArray();
  for (const std::string& line : report.changes) out.string(line);
  out.endArray().endObject();
  return net::jsonResponse(200, std::move(out).take());
}

bool sameName(const MappingText& text, const std::string& connector, const std::string& object) {
  return text.connector == connector && text.object == object;
}

void writeConverted(JsonWriter& out, const mapping::Converted& converted) {
  out.key("output").raw(mapping::toJson(converted.output));
  out.key("issues").beginArray();
  for (const mapping::Issue& issue : converted.issues) {
    out.beginObject().key("kind").string(mapping::nameOf(issue.kind));
    out.key("field").string(issue.field).key("path").string(issue.path);
    out.key("detail").string(issue.detail).endObject();
  }
  out.endArray().key("provenance").beginArray();
  for (const mapping::Origin& origin : converted.origins) {
    out.beginObject().key("output").string(origin.output).key("sources").beginArray();
    for (const std::string& source : origin.sources) out.string(source);
    out.endArray().key("field").string(origin.field).key("transforms").beginArray();
    for (const std::string& transform : origin.transforms) out.string(transform);
    out.endArray().endObject();
  }
  out.endArray();
}

}  // namespace

Answered mappings(Call& call) {
  std::vector<std::string> items;
  const auto rules = call.services.rulesOf(call.tenant());
  const auto shipped = call.services.shippedMappings();
  const auto entries = rules     ? rules->mappings()
                       : shipped ? shipped->all()
                                 : std::vector<mapping::EntryPtr>();
  for (const auto& entry : entries) {
    JsonWriter out;
    out.beginObject();
    writeEntry(out, *entry);
    out.endObject();
    items.push_back(std::move(out).take());
  }
  return page(items);
}

Answered showMapping(Call& call) {
  return shown(call);
}

Answered putMapping(Call& call) {
  const std::string& connector = call.path.at("c");
  const std::string& object = call.path.at("o");
  JUNCTOR_CHECK(mapping::parseValue(call.http.body));
  return changed(call, [&](Tenant& tenant) -> Result<void> {
    for (MappingText& text : tenant.mappings) {
      if (!sameName(text, connector, object)) continue;
      text.json = call.http.body;
      return {};
    }
    if (tenant.mappings.size() >= limits::kMappingsPerTenantMax) {
      return invalidArgument("the tenant has too many mappings");
    }
    tenant.mappings.push_back({connector, object, call.http.body});
    return {};
  });
}

Answered removeMapping(Call& call) {
  return changed(call, [&](Tenant& tenant) -> Result<void> {
    const size_t removed = std::erase_if(tenant.mappings, [&](const MappingText& text) {
      return sameName(text, call.path.at("c"), call.path.at("o"));
    });
    if (removed == 0) return notFound("the tenant has no mapping of its own of that name");
    return {};
  });
}

Answered runMapping(Call& call) {
  JUNCTOR_TRY(const Value body, mapping::parseValue(call.http.body));
  const Value* direction = body.find("direction");
  const Value* object = body.find("object");
  const std::string word = direction ? direction->asText() : "";
  if (!object || (word != "to_external" && word != "from_external")) {
    return invalidArgument(
        R"(the body is {"direction": "to_external" or "from_external", "object"})");
  }
  JUNCTOR_CHECK(entryOf(call));
  const auto rules = call.services.rulesOf(call.tenant());
  if (!rules) return invalidArgument("the tenant's rules do not compile");
  const auto way =
      word == "to_external" ? mapping::Direction::ToExternal : mapping::Direction::FromExternal;
  const auto ran =
      call.services.ruleChecks().makeRunner()->convert(*rules, mappingNameOf(call), way, *object);
  if (ran.error) return unprocessable("mapping-failed", {ran.error->message});
  JsonWriter out;
  out.beginObject();
  writeConverted(out, ran.value);
  out.endObject();
  return net::jsonResponse(200, std::move(out).take());
}

}  // namespace junctor::admin
