#pragma once
#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "mapping/check.h"

namespace junctor::mapping {

inline Value json(std::string_view text) {
  auto value = parseValue(text);
  INFO((value ? std::string() : value.error().message));
  REQUIRE(value);
  return *value;
}

// A mapping of a contact whose "fields" are given.
inline Value document(std::string_view fields) {
  return json(std::string(R"({"format":"junctor.mapping/1","connector":"acme","object":"contact",
                              "external":"Person","fields":)") +
              std::string(fields) + "}");
}

inline Mapping mappingOf(std::string_view fields) {
  auto mapping = readMapping(document(fields));
  INFO((mapping ? std::string() : mapping.error().message));
  REQUIRE(mapping);
  return *mapping;
}

inline std::string there(const Mapping& mapping, std::string_view canonical) {
  const auto out = toExternal(mapping, json(canonical));
  return out ? toJson(out->output) : out.error().message;
}

inline std::string back(const Mapping& mapping, std::string_view external) {
  const auto out = fromExternal(mapping, json(external));
  return out ? toJson(out->output) : out.error().message;
}

// "clipped Name", …; without the fields that simply had no value.
inline std::string issuesOf(const Converted& converted, bool absent = false) {
  std::string out;
  for (const Issue& issue : converted.issues) {
    if (issue.kind == Issue::Kind::Absent && !absent) continue;
    if (!out.empty()) out += ", ";
    out += std::string(nameOf(issue.kind)) + " " + issue.path;
  }
  return out;
}

}  // namespace junctor::mapping
