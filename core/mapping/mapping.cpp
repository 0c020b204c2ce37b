#include "mapping/mapping.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/limits.h"
#include "mapping/reader.h"

namespace junctor::mapping {
namespace {

const std::vector<std::string_view> kWays = {"both", "to_external", "from_external"};
const std::vector<std::string_view> kOwners = {"canonical", "external"};
const std::vector<std::string_view> kLacks = {"missing", "null", "empty"};
const std::vector<std::string_view> kObjects = {"contact", "ticket", "company", "deal", "message"};

std::optional<Way> readWay(const ObjectReader& in, std::string_view key) {
  const auto word = in.word(key, kWays);
  return word ? std::optional(static_cast<Way>(*word)) : std::nullopt;
}

std::optional<Owner> readOwner(const ObjectReader& in) {
  const auto word = in.word("owner", kOwners);
  return word ? std::optional(static_cast<Owner>(*word)) : std::nullopt;
}

void readTransforms(const ObjectReader& in, Field& field) {
  const Value* json = in.find("transform");
  if (!json) return;
  const Value one = json->isArray() ? *json : Value::array({*json});
  if (one.items().size() > limits::kMappingTransformsMax) {
    in.problem("transform", fmt::format("more than {}", limits::kMappingTransformsMax));
    return;
  }
  for (size_t i = 0; i < one.items().size(); ++i) {
    auto transform = readTransform(one.items()[i]);
    const std::string key = json->isArray() ? fmt::format("transform[{}]", i) : "transform";
    if (transform) {
      field.transforms.push_back(std::move(*transform));
    } else {
      in.problem(key, transform.error().message);
    }
  }
}

void readDefault(const ObjectReader& in, Field& field) {
  if (const Value* value = in.find("default")) field.default_value = *value;
  for (const char* key : {"default_direction", "default_when"}) {
    if (in.find(key) && !field.default_value) in.problem(key, "there is no default");
  }
  field.default_way = readWay(in, "default_direction").value_or(Way::Both);
  if (!in.find("default_when")) return;
  field.default_when.clear();
  for (const std::string& text : in.texts("default_when")) {
    const auto found = std::find(kLacks.begin(), kLacks.end(), text);
    if (found == kLacks.end()) {
      in.problem("default_when", "must be of missing, null, empty");
    } else {
      field.default_when.push_back(static_cast<Lack>(found - kLacks.begin()));
    }
  }
}

void readRequired(const ObjectReader& in, Field& field) {
  const Value* value = in.find("required");
  if (!value) return;
  if (value->isBool()) {
    if (value->asBool()) field.required = Way::Both;
  } else if (value->isText() && value->asText() != "both") {
    field.required = readWay(in, "required");
  } else {
    in.problem("required", "must be true, false, to_external or from_external");
  }
}

void readPlaces(const ObjectReader& in, Field& field) {
  const auto refuseEmpty = [&](const char* key, const std::vector<Path>& paths) {
    for (const Path& path : paths) {
      if (path.empty()) in.problem(key, "a path is empty");
    }
  };
  field.external = in.paths("external");
  if (!in.find("external")) in.problem("external", "is required");
  if (in.find("external") && in.texts("external").empty()) in.problem("external", "is empty");
  field.also_read = in.paths("also_read");
  if (field.constant) return;
  field.canonical = in.paths("canonical");
  if (!in.find("canonical")) {
    auto path = Path::parse(field.name);
    if (path) field.canonical.push_back(std::move(*path));
    if (!path) in.problem("canonical", path.error().message);
  } else if (in.texts("canonical").empty()) {
    in.problem("canonical", "is empty");
  }
  refuseEmpty("external", field.external);
  refuseEmpty("also_read", field.also_read);
  refuseEmpty("canonical", field.canonical);
}

Field readField(const std::string& name, const Value& json, Problems& problems) {
  const ObjectReader in(json, "fields." + name, problems,
                        {"canonical", "external", "also_read", "transform", "constant", "default",
                         "default_direction", "default_when", "required", "max", "direction",
                         "owner", "key", "note"});
  Field field;
  field.name = name;
  if (const Value* constant = in.find("constant")) {
    field.constant = *constant;
    for (const char* key : {"canonical", "also_read", "transform", "default", "required",
                            "direction", "owner", "max", "key"}) {
      if (in.find(key)) in.problem(key, "a constant has no such key");
    }
  }
  readPlaces(in, field);
  readTransforms(in, field);
  readDefault(in, field);
  readRequired(in, field);
  constexpr int64_t kCharactersMax = 10'000'000;
  if (const auto max = in.integer("max", 1, kCharactersMax)) {
    field.max = static_cast<size_t>(*max);
  }
  field.way = field.constant ? Way::ToExternal : readWay(in, "direction").value_or(Way::Both);
  field.owner = readOwner(in);
  field.key = in.boolean("key");
  field.note = in.text("note");
  return field;
}

void readFields(const ObjectReader& in, Mapping& mapping, Problems& problems) {
  const Value* fields = in.find("fields");
  if (!fields || !fields->isObject() || fields->members().empty()) {
    in.problem("fields", "must be an object with at least one field");
    return;
  }
  if (fields->members().size() > limits::kMappingFieldsMax) {
    in.problem("fields", fmt::format("more than {}", limits::kMappingFieldsMax));
    return;
  }
  for (const Member& member : fields->members()) {
    mapping.fields.push_back(readField(member.key, member.value, problems));
  }
}

Envelope readEnvelope(const Value& json, Problems& problems) {
  const ObjectReader in(json, "envelope", problems, {"read", "write"});
  Envelope envelope;
  envelope.read = in.paths("read");
  auto write = in.paths("write");
  if (write.size() > 1) in.problem("write", "must be one path");
  if (!write.empty()) envelope.write = std::move(write.front());
  return envelope;
}

Sample readSample(const Value& json, std::string path, Problems& problems) {
  const ObjectReader in(json, std::move(path), problems,
                        {"name", "direction", "canonical", "external", "lost"});
  Sample sample;
  sample.name = in.requiredText("name");
  sample.way = readWay(in, "direction").value_or(Way::Both);
  for (const auto& [key, value] :
       {std::pair{"canonical", &sample.canonical}, std::pair{"external", &sample.external}}) {
    const Value* found = in.find(key);
    if (found) *value = *found;
    if (!found || !found->isObject()) in.problem(key, "must be an object");
  }
  sample.lost = in.texts("lost");
  return sample;
}

void readSamples(const ObjectReader& in, Mapping& mapping, Problems& problems) {
  const Value* samples = in.find("samples");
  if (!samples) return;
  if (!samples->isArray()) in.problem("samples", "must be a list");
  for (size_t i = 0; i < samples->items().size(); ++i) {
    mapping.samples.push_back(
        readSample(samples->items()[i], fmt::format("samples[{}]", i), problems));
  }
}

Value pathsJson(const std::vector<Path>& paths) {
  if (paths.size() == 1) return Value::text(paths.front().text());
  Value list = Value::array();
  for (const Path& path : paths) list.items().push_back(Value::text(path.text()));
  return list;
}

Value wordJson(const std::vector<std::string_view>& words, size_t index) {
  return Value::text(std::string(words[index]));
}

Value wayJson(Way way) {
  return wordJson(kWays, static_cast<size_t>(way));
}

void writeDefault(const Field& field, Value& json) {
  if (!field.default_value) return;
  json.set("default", *field.default_value);
  if (field.default_way != Way::Both) json.set("default_direction", wayJson(field.default_way));
  if (field.default_when == std::vector{Lack::Missing}) return;
  Value& when = json.set("default_when", Value::array());
  for (const Lack lack : field.default_when) {
    when.items().push_back(wordJson(kLacks, static_cast<size_t>(lack)));
  }
}

void writePlaces(const Field& field, Value& json) {
  const bool named = field.canonical.size() == 1 && field.canonical.front().text() == field.name;
  if (!field.constant && !named) json.set("canonical", pathsJson(field.canonical));
  if (field.constant) json.set("constant", *field.constant);
  json.set("external", pathsJson(field.external));
  if (!field.also_read.empty()) json.set("also_read", pathsJson(field.also_read));
}

Value writeField(const Field& field) {
  Value json = Value::object();
  writePlaces(field, json);
  if (!field.transforms.empty()) {
    Value& transforms = json.set("transform", Value::array());
    for (const Transform& t : field.transforms) transforms.items().push_back(writeTransform(t));
  }
  if (field.required) {
    json.set("required",
             *field.required == Way::Both ? Value::boolean(true) : wayJson(*field.required));
  }
  if (field.max) json.set("max", Value::integer(static_cast<int64_t>(*field.max)));
  writeDefault(field, json);
  if (!field.constant && field.way != Way::Both) json.set("direction", wayJson(field.way));
  if (field.owner) json.set("owner", wordJson(kOwners, static_cast<size_t>(*field.owner)));
  if (field.key) json.set("key", Value::boolean(true));
  if (!field.note.empty()) json.set("note", Value::text(field.note));
  return json;
}

Value writeSample(const Sample& sample) {
  Value json = Value::object({{"name", Value::text(sample.name)}});
  if (sample.way != Way::Both) json.set("direction", wayJson(sample.way));
  json.set("canonical", sample.canonical);
  json.set("external", sample.external);
  if (sample.lost.empty()) return json;
  Value& lost = json.set("lost", Value::array());
  for (const std::string& path : sample.lost) lost.items().push_back(Value::text(path));
  return json;
}

}  // namespace

const Field* Mapping::field(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [name](const Field& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

std::string describe(const Problem& problem) {
  return problem.path.empty() ? problem.message : problem.path + ": " + problem.message;
}

Mapping readMapping(const Value& json, Problems& problems) {
  Mapping mapping;
  const ObjectReader in(json, "", problems,
                        {"format", "connector", "object", "external", "version", "description",
                         "owner", "envelope", "fields", "samples"});
  if (!json.isObject()) return mapping;
  if (in.text("format") != kFormat) in.problem("format", fmt::format("must be \"{}\"", kFormat));
  mapping.connector = in.requiredText("connector");
  if (const auto object = in.word("object", kObjects)) mapping.object = kObjects[*object];
  if (!in.find("object")) in.problem("object", "is required");
  mapping.external = in.requiredText("external");
  mapping.version = in.integer("version", 1, INT64_MAX).value_or(1);
  mapping.description = in.text("description");
  mapping.owner = readOwner(in).value_or(Owner::Canonical);
  if (const Value* envelope = in.find("envelope")) {
    mapping.envelope = readEnvelope(*envelope, problems);
  }
  readFields(in, mapping, problems);
  readSamples(in, mapping, problems);
  return mapping;
}

Result<Mapping> readMapping(const Value& json) {
  Problems problems;
  Mapping mapping = readMapping(json, problems);
  if (problems.empty()) return mapping;
  std::string message = describe(problems.front());
  for (size_t i = 1; i < problems.size(); ++i) message += "; " + describe(problems[i]);
  return invalidArgument(std::move(message));
}

Value writeMapping(const Mapping& mapping) {
  Value json = Value::object({{"format", Value::text(std::string(kFormat))},
                              {"connector", Value::text(mapping.connector)},
                              {"object", Value::text(mapping.object)},
                              {"external", Value::text(mapping.external)},
                              {"version", Value::integer(mapping.version)}});
  if (!mapping.description.empty()) json.set("description", Value::text(mapping.description));
  if (mapping.owner != Owner::Canonical) json.set("owner", wordJson(kOwners, 1));
  if (!mapping.envelope.read.empty() || !mapping.envelope.write.empty()) {
    Value& envelope = json.set("envelope", Value::object());
    if (!mapping.envelope.read.empty()) envelope.set("read", pathsJson(mapping.envelope.read));
    if (!mapping.envelope.write.empty()) {
      envelope.set("write", Value::text(mapping.envelope.write.text()));
    }
  }
  Value& fields = json.set("fields", Value::object());
  for (const Field& field : mapping.fields) fields.set(field.name, writeField(field));
  if (mapping.samples.empty()) return json;
  Value& samples = json.set("samples", Value::array());
  for (const Sample& sample : mapping.samples) samples.items().push_back(writeSample(sample));
  return json;
}

}  // namespace junctor::mapping
