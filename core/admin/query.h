#pragma once
// What stands after '?' and in bodies, strictly: unknown, repeated or malformed parts are errors.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "admin/route.h"
#include "base/json.h"

namespace junctor::admin {

Result<std::map<std::string, std::string>> parseQuery(std::string_view query,
                                                      const std::vector<std::string_view>& known);
// The parameter, or "" if absent.
std::string parameter(const Call& call, const std::string& name);
Result<size_t> limitOf(const Call& call);                           // 1..limits::kPageMax
Result<int64_t> timeOf(const Call& call, const std::string& name);  // Unix ms; 0 if absent
Result<bool> flagOf(const Call& call, const std::string& name);     // true | false; absent = false

// "2026-11-21T08:30:00Z", with fraction and offset if given, or Unix milliseconds.
Result<int64_t> parseTime(std::string_view text);

// The body as an object with no other keys than these; an empty body is an empty object.
Result<Json> bodyOf(const Call& call, const std::vector<std::string_view>& known);
// Of a call that takes no members: nothing, or an empty object.
Result<void> emptyBody(const Call& call);
// A text member, "" if absent. InvalidArgument if it is something else.
Result<std::string> textOf(const Json& object, const char* key);

}  // namespace junctor::admin
