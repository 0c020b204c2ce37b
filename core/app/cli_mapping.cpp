#include "app/cli_mapping.h"

#include <fmt/ranges.h>

#include "app/cli_output.h"
#include "app/paths.h"
#include "base/files.h"
#include "base/json_value.h"
#include "base/limits.h"
#include "mapping/check.h"

namespace junctor::app {
namespace {

namespace map = mapping;
using map::Value;

Value text(std::string_view content) {
  return Value::text(std::string(content));
}

Value texts(const std::vector<std::string>& list) {
  Value json = Value::array();
  for (const std::string& item : list) json.items().push_back(text(item));
  return json;
}

// Json would round long numbers, so a Value prints itself.
void printValue(const Value& value) {
  print(map::toJson(value, 2));
}

Error about(const std::string& path, const Error& error) {
  return {error.code, path + ": " + error.message, {}};
}

Result<Value> readJson(const std::string& path) {
  auto content = readFile(path, limits::kMappingBytesMax);
  if (!content) return about(path, content.error());
  auto json = map::parseValue(*content);
  if (!json) return about(path, json.error());
  return json;
}

// "salesforce/contact" is a shipped one, anything else a file.
std::string pathOf(const std::string& name) {
  if (fileExists(name)) return name;
  const std::string shipped = mappingsFolder() + "/" + name + ".json";
  return fileExists(shipped) ? shipped : name;
}

// *.json below the folder, sorted.
Result<void> collect(const std::string& path, std::vector<std::string>& files) {
  if (!isFolder(path)) {
    files.push_back(pathOf(path));
    return {};
  }
  JUNCTOR_TRY(const auto names, listFolder(path));
  for (const std::string& name : names) {
    const std::string whole = path + "/" + name;
    if (isFolder(whole)) {
      JUNCTOR_CHECK(collect(whole, files));
    } else if (name.ends_with(".json")) {
      files.push_back(whole);
    }
  }
  return {};
}

Result<map::Mapping> readMappingFile(const std::string& path) {
  JUNCTOR_TRY(const Value json, readJson(path));
  auto mapping = map::readMapping(json);
  if (!mapping) return about(path, mapping.error());
  return mapping;
}

std::vector<map::Finding> findingsOf(const std::string& path) {
  auto json = readJson(path);
  if (!json) return {{true, "", json.error().message}};
  return map::checkDocument(*json);
}

Value findingsJson(const std::vector<map::Finding>& findings) {
  Value list = Value::array();
  for (const map::Finding& finding : findings) {
    list.items().push_back(Value::object({{"level", text(finding.error ? "error" : "warning")},
                                          {"path", text(finding.path)},
                                          {"message", text(finding.message)}}));
  }
  return list;
}

Value convertedJson(const map::Converted& converted) {
  Value issues = Value::array();
  for (const map::Issue& issue : converted.issues) {
    issues.items().push_back(Value::object({{"kind", text(map::nameOf(issue.kind))},
                                            {"field", text(issue.field)},
                                            {"path", text(issue.path)},
                                            {"detail", text(issue.detail)}}));
  }
  Value origins = Value::array();
  for (const map::Origin& origin : converted.origins) {
    origins.items().push_back(
        Value::object({{"output", text(origin.output)},
                       {"sources", texts(origin.sources)},
                       {"field", text(origin.field)},
                       {"index", Value::integer(static_cast<int64_t>(origin.index))},
                       {"transforms", texts(origin.transforms)}}));
  }
  return Value::object({{"output", converted.output},
                        {"issues", std::move(issues)},
                        {"provenance", std::move(origins)}});
}

std::string placesOf(const std::vector<map::Path>& paths) {
  std::vector<std::string> names;
  for (const map::Path& path : paths) names.push_back(path.text());
  return fmt::format("{}", fmt::join(names, " + "));
}

std::string arrowOf(map::Way way) {
  if (way == map::Way::Both) return "<->";
  return way == map::Way::ToExternal ? "->" : "<-";
}

std::string notesOf(const map::Mapping& mapping, const map::Field& field) {
  std::vector<std::string> notes;
  if (field.key) notes.push_back("key");
  if (field.required) notes.push_back("required");
  if (field.max) notes.push_back(fmt::format("max {}", *field.max));
  if (field.default_value) notes.push_back("default " + map::shown(*field.default_value));
  if (mapping.ownerOf(field) == map::Owner::External) notes.push_back("theirs wins");
  return fmt::format("{}", fmt::join(notes, ", "));
}

void printFields(const map::Mapping& mapping) {
  Table table({"OURS", "", "THEIRS", "TRANSFORM", "NOTES"});
  for (const map::Field& field : mapping.fields) {
    std::vector<std::string_view> names;
    for (const map::Transform& t : field.transforms) names.push_back(map::nameOf(t));
    table.row({field.constant ? map::shown(*field.constant) : placesOf(field.canonical),
               arrowOf(field.way), placesOf(field.external),
               fmt::format("{}", fmt::join(names, ", ")), notesOf(mapping, field)});
  }
  table.print();
}

Result<map::Mapping> readForRun(const MappingRunOptions& options) {
  const std::string path = pathOf(options.mapping);
  if (options.overrides.empty()) return readMappingFile(path);
  JUNCTOR_TRY(const Value defaults, readJson(path));
  JUNCTOR_TRY(const Value overrides, readJson(options.overrides));
  auto merged = map::mergeMapping(defaults, overrides);
  if (!merged) return about(options.overrides, merged.error());
  return map::readMapping(*merged);
}

Paint colourOf(const std::vector<map::Finding>& findings) {
  if (map::hasErrors(findings)) return Paint::Red;
  return findings.empty() ? Paint::Green : Paint::Yellow;
}

}  // namespace

Result<int> mappingCheck(const CliContext& context, const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) JUNCTOR_CHECK(collect(path, files));
  if (paths.empty()) JUNCTOR_CHECK(collect(mappingsFolder(), files));
  if (files.empty()) return invalidArgument("there is no mapping to check");
  bool good = true;
  Value list = Value::array();
  for (const std::string& file : files) {
    const auto findings = findingsOf(file);
    good = good && !map::hasErrors(findings);
    if (context.json) {
      list.items().push_back(Value::object({{"file", text(file)},
                                            {"ok", Value::boolean(!map::hasErrors(findings))},
                                            {"findings", findingsJson(findings)}}));
      continue;
    }
    const std::string verdict = map::hasErrors(findings) ? "wrong" : "ok";
    print(fmt::format("{} {}", paint(verdict, colourOf(findings)), visible(file)));
    for (const map::Finding& finding : findings) print("  " + visible(map::describe(finding)));
  }
  if (context.json) printValue(Value::object({{"ok", Value::boolean(good)}, {"items", list}}));
  return good ? kExitOk : kExitFinding;
}

Result<int> mappingList(const CliContext& context) {
  std::vector<std::string> files;
  JUNCTOR_CHECK(collect(mappingsFolder(), files));
  Json items = Json::array();
  Table table({"CONNECTOR", "OBJECT", "THEIRS", "VERSION", "FIELDS"});
  for (const std::string& file : files) {
    JUNCTOR_TRY(const map::Mapping mapping, readMappingFile(file));
    items.push_back({{"connector", mapping.connector},
                     {"object", mapping.object},
                     {"external", mapping.external},
                     {"version", mapping.version},
                     {"fields", mapping.fields.size()}});
    table.row({mapping.connector, mapping.object, mapping.external, std::to_string(mapping.version),
               std::to_string(mapping.fields.size())});
  }
  if (context.json) {
    printJson({{"items", items}});
  } else {
    table.print();
  }
  return kExitOk;
}

Result<int> mappingShow(const CliContext& context, const std::string& connector,
                        const std::string& object) {
  const std::string file = fmt::format("{}/{}/{}.json", mappingsFolder(), connector, object);
  const bool plain = connector.find('/') == connector.npos && object.find('/') == object.npos;
  if (!plain || !fileExists(file)) {
    return notFound(fmt::format("there is no mapping of {} for {}; see 'junctor mapping list'",
                                object, connector));
  }
  JUNCTOR_TRY(const map::Mapping mapping, readMappingFile(file));
  if (context.json) {
    printValue(map::writeMapping(mapping));
    return kExitOk;
  }
  print(fmt::format("{} <-> {} {}, version {}", mapping.object, mapping.connector, mapping.external,
                    mapping.version));
  if (!mapping.description.empty()) print(visible(mapping.description));
  printFields(mapping);
  return kExitOk;
}

Result<int> mappingRun(const CliContext& context, const MappingRunOptions& options) {
  if (options.to == options.from) return invalidArgument("which way? --to or --from");
  JUNCTOR_TRY(const map::Mapping mapping, readForRun(options));
  JUNCTOR_TRY(const Value sample, readJson(options.sample));
  JUNCTOR_TRY(const map::Converted converted,
              options.to ? map::toExternal(mapping, sample) : map::fromExternal(mapping, sample));
  if (context.json) {
    printValue(convertedJson(converted));
    return kExitOk;
  }
  printValue(converted.output);
  for (const map::Issue& issue : converted.issues) {
    talk(visible(fmt::format("{} {}: {}", map::nameOf(issue.kind), issue.path, issue.detail)));
  }
  return kExitOk;
}

}  // namespace junctor::app
