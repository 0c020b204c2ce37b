#include "conformance/json_schema.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/json_value.h"

namespace junctor::conformance {
namespace {

constexpr int kDepthMax = 64;  // of schemas and of references that call each other

enum class Takes {
  Schema,
  SchemaOrBool,
  Schemas,
  SchemaMap,
  Number,
  Count,
  Bool,
  Names,
  Any,
  Type,
  Ref
};
struct Keyword {
  std::string_view name;
  Takes takes;
};
constexpr Keyword kKeywords[] = {{"type", Takes::Type},
                                 {"enum", Takes::Any},
                                 {"const", Takes::Any},
                                 {"properties", Takes::SchemaMap},
                                 {"required", Takes::Names},
                                 {"additionalProperties", Takes::SchemaOrBool},
                                 {"items", Takes::SchemaOrBool},
                                 {"minimum", Takes::Number},
                                 {"maximum", Takes::Number},
                                 {"exclusiveMinimum", Takes::Number},
                                 {"exclusiveMaximum", Takes::Number},
                                 {"minLength", Takes::Count},
                                 {"maxLength", Takes::Count},
                                 {"minItems", Takes::Count},
                                 {"maxItems", Takes::Count},
                                 {"uniqueItems", Takes::Bool},
                                 {"allOf", Takes::Schemas},
                                 {"anyOf", Takes::Schemas},
                                 {"oneOf", Takes::Schemas},
                                 {"not", Takes::SchemaOrBool},
                                 {"$ref", Takes::Ref},
                                 {"$defs", Takes::SchemaMap},
                                 {"definitions", Takes::SchemaMap},
                                 {"title", Takes::Any},
                                 {"description", Takes::Any},
                                 {"default", Takes::Any},
                                 {"examples", Takes::Any},
                                 {"format", Takes::Any},
                                 {"$schema", Takes::Any},
                                 {"$id", Takes::Any},
                                 {"$comment", Takes::Any},
                                 {"readOnly", Takes::Bool},
                                 {"writeOnly", Takes::Bool},
                                 {"deprecated", Takes::Bool}};
constexpr std::array<std::string_view, 7> kTypes = {"null",   "boolean", "object", "array",
                                                    "number", "string",  "integer"};

Error at(const std::string& place, std::string_view what) {
  return invalidArgument(fmt::format("{}: {}", place.empty() ? "/" : place, what));
}

bool isType(const Json& value) {
  return value.is_string() &&
         std::find(kTypes.begin(), kTypes.end(), value.get<std::string>()) != kTypes.end();
}

class Compiler {
 public:
  explicit Compiler(const Json& root) : root_(root) {}

  Result<void> schema(const Json& json, const std::string& place, int depth) const {
    if (depth > kDepthMax) return at(place, "is nested too deep");
    if (json.is_boolean()) return {};
    if (!json.is_object()) return at(place, "must be an object, true or false");
    for (const auto& member : json.items()) {
      JUNCTOR_CHECK(keyword(member.key(), member.value(), place + "/" + member.key(), depth));
    }
    return {};
  }

 private:
  Result<void> keyword(const std::string& name, const Json& value, const std::string& place,
                       int depth) const {
    const auto found = std::find_if(std::begin(kKeywords), std::end(kKeywords),
                                    [&](const Keyword& known) { return known.name == name; });
    if (found == std::end(kKeywords)) return at(place, "is not a keyword that is understood here");
    switch (found->takes) {
      case Takes::Any:
        return {};
      case Takes::Schema:
      case Takes::SchemaOrBool:
        return schema(value, place, depth + 1);
      case Takes::Schemas:
      case Takes::SchemaMap:
        return many(value, found->takes == Takes::Schemas, place, depth);
      case Takes::Number:
        return value.is_number() ? Result<void>() : at(place, "must be a number");
      case Takes::Count:
        return value.is_number_unsigned() ? Result<void>() : at(place, "must be a count");
      case Takes::Bool:
        return value.is_boolean() ? Result<void>() : at(place, "must be true or false");
      case Takes::Names:
        return names(value, place);
      case Takes::Type:
        return type(value, place);
      case Takes::Ref:
        return reference(value, place);
    }
    return {};
  }

  Result<void> many(const Json& value, bool list, const std::string& place, int depth) const {
    if (list ? !value.is_array() || value.empty() : !value.is_object()) {
      return at(place, list ? "must be a list of schemas" : "must be an object of schemas");
    }
    for (const auto& member : value.items()) {
      JUNCTOR_CHECK(schema(member.value(), place + "/" + member.key(), depth + 1));
    }
    return {};
  }

  static Result<void> names(const Json& value, const std::string& place) {
    const bool good = value.is_array() && std::all_of(value.begin(), value.end(),
                                                      [](const Json& n) { return n.is_string(); });
    return good ? Result<void>() : at(place, "must be a list of names");
  }

  static Result<void> type(const Json& value, const std::string& place) {
    const bool good = isType(value) || (value.is_array() && !value.empty() &&
                                        std::all_of(value.begin(), value.end(), isType));
    return good ? Result<void>() : at(place, "names no type of JSON");
  }

  Result<void> reference(const Json& value, const std::string& place) const {
    if (!value.is_string() || !value.get<std::string>().starts_with("#")) {
      return at(place, "must be a reference within the schema (#/…)");
    }
    const std::string path = value.get<std::string>().substr(1);
    if (!path.empty() && path[0] != '/') return at(place, "must be a JSON pointer");
    return root_.contains(Json::json_pointer(path)) ? Result<void>()
                                                    : at(place, "points at nothing");
  }

  const Json& root_;
};

class Validator {
 public:
  explicit Validator(const Json& root) : root_(root) {}

  Result<void> check(const Json& schema, const Json& value, const std::string& place,
                     int depth) const {
    if (depth > kDepthMax) return at(place, "is nested too deep");
    if (schema.is_boolean()) {
      return schema.get<bool>() ? Result<void>() : at(place, "nothing is allowed here");
    }
    if (schema.contains("$ref")) {
      const std::string path = schema["$ref"].get<std::string>().substr(1);
      JUNCTOR_CHECK(check(root_.at(Json::json_pointer(path)), value, place, depth + 1));
    }
    JUNCTOR_CHECK(types(schema, value, place));
    if (value.is_number()) JUNCTOR_CHECK(numbers(schema, value, place));
    if (value.is_string()) {
      JUNCTOR_CHECK(
          counts(schema, value.get<std::string>().size(), "minLength", "maxLength", place));
    }
    if (value.is_array()) JUNCTOR_CHECK(arrays(schema, value, place, depth));
    if (value.is_object()) JUNCTOR_CHECK(objects(schema, value, place, depth));
    return combined(schema, value, place, depth);
  }

 private:
  static bool is(const Json& value, const std::string& type) {
    if (type == "null") return value.is_null();
    if (type == "boolean") return value.is_boolean();
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_number_integer();
    return value.is_number();
  }

  static Result<void> types(const Json& schema, const Json& value, const std::string& place) {
    if (schema.contains("type")) {
      const Json& type = schema["type"];
      const bool good = type.is_string()
                            ? is(value, type.get<std::string>())
                            : std::any_of(type.begin(), type.end(), [&](const Json& one) {
                                return is(value, one.get<std::string>());
                              });
      if (!good) return at(place, "is not of type " + type.dump());
    }
    if (schema.contains("const") && schema["const"] != value)
      return at(place, "is not the constant");
    if (schema.contains("enum")) {
      const Json& list = schema["enum"];
      if (std::find(list.begin(), list.end(), value) == list.end()) {
        return at(place, "is none of " + list.dump());
      }
    }
    return {};
  }

  static Result<void> numbers(const Json& schema, const Json& value, const std::string& place) {
    const auto number = value.get<double>();
    const auto breaks = [&](const char* key, auto wrong) {
      return schema.contains(key) && wrong(number, schema[key].get<double>());
    };
    const bool bad = breaks("minimum", [](double a, double b) { return a < b; }) ||
                     breaks("maximum", [](double a, double b) { return a > b; }) ||
                     breaks("exclusiveMinimum", [](double a, double b) { return a <= b; }) ||
                     breaks("exclusiveMaximum", [](double a, double b) { return a >= b; });
    return bad ? Result<void>(at(place, "is out of range")) : Result<void>();
  }

  static Result<void> counts(const Json& schema, size_t size, const char* least, const char* most,
                             const std::string& place) {
    const bool bad = (schema.contains(least) && size < schema[least].get<size_t>()) ||
                     (schema.contains(most) && size > schema[most].get<size_t>());
    return bad ? Result<void>(at(place, "is too short or too long")) : Result<void>();
  }

  Result<void> arrays(const Json& schema, const Json& value, const std::string& place,
                      int depth) const {
    JUNCTOR_CHECK(counts(schema, value.size(), "minItems", "maxItems", place));
    if (!schema.contains("items")) return {};
    for (size_t i = 0; i < value.size(); ++i) {
      JUNCTOR_CHECK(check(schema["items"], value[i], fmt::format("{}/{}", place, i), depth + 1));
    }
    return {};
  }

  Result<void> objects(const Json& schema, const Json& value, const std::string& place,
                       int depth) const {
    if (schema.contains("required")) {
      for (const Json& name : schema["required"]) {
        if (!value.contains(name.get<std::string>())) {
          return at(place, "lacks " + name.get<std::string>());
        }
      }
    }
    for (const auto& member : value.items()) {
      const std::string inside = place + "/" + member.key();
      if (schema.contains("properties") && schema["properties"].contains(member.key())) {
        JUNCTOR_CHECK(check(schema["properties"][member.key()], member.value(), inside, depth + 1));
      } else if (schema.contains("additionalProperties")) {
        JUNCTOR_CHECK(check(schema["additionalProperties"], member.value(), inside, depth + 1));
      }
    }
    return {};
  }

  Result<void> combined(const Json& schema, const Json& value, const std::string& place,
                        int depth) const {
    const auto matches = [&](const char* key) {
      const Json& list = schema[key];
      return std::count_if(list.begin(), list.end(), [&](const Json& one) {
        return check(one, value, place, depth + 1).has_value();
      });
    };
    if (schema.contains("allOf")) {
      for (const Json& one : schema["allOf"]) JUNCTOR_CHECK(check(one, value, place, depth + 1));
    }
    if (schema.contains("anyOf") && matches("anyOf") == 0) return at(place, "fits none of anyOf");
    if (schema.contains("oneOf") && matches("oneOf") != 1)
      return at(place, "fits not one of oneOf");
    if (schema.contains("not") && check(schema["not"], value, place, depth + 1)) {
      return at(place, "is what it must not be");
    }
    return {};
  }

  const Json& root_;
};

}  // namespace

Result<void> compileSchema(const Json& schema) {
  return Compiler(schema).schema(schema, "", 0);
}

Result<void> validate(const Json& schema, const Json& value) {
  return Validator(schema).check(schema, value, "", 0);
}

}  // namespace junctor::conformance
