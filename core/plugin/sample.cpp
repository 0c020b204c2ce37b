#include "base/json_value.h"
#include "plugin/connector.h"

namespace junctor::plugin {
namespace {

// Keeps length and prefix: "evt_1AbC" -> "evt_" + the end of `unique`.
std::string freshText(const std::string& old, std::string_view unique) {
  const size_t mark = old.find('_');
  const std::string prefix = mark == std::string::npos ? old.substr(0, 2) : old.substr(0, mark + 1);
  return prefix + std::string(unique);
}

// Digits of a number that another `unique` does not give.
int64_t freshNumber(std::string_view unique) {
  uint64_t hash = 1469598103934665603ULL;  // FNV-1a
  for (const char c : unique) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return static_cast<int64_t>(hash % 1'000'000'000'000ULL);
}

std::string replaceMarks(std::string_view body, std::string_view unique) {
  constexpr std::string_view kMark = "{uuid}";
  std::string out(body);
  for (size_t at = out.find(kMark); at != out.npos; at = out.find(kMark, at + unique.size())) {
    out.replace(at, kMark.size(), unique);
  }
  return out;
}

}  // namespace

Result<std::string> freshBody(const Sample& sample, std::string_view body,
                              std::string_view unique) {
  const std::string marked = replaceMarks(body, unique);
  if (sample.fresh.empty()) return marked;
  JUNCTOR_TRY(Json json, parseJson(marked));
  for (const std::string& text : sample.fresh) {
    if (text.empty() || text[0] != '/' || text.find('~') != text.npos) {
      return invalidArgument("\"" + text + "\" is no plain JSON pointer");
    }
    const Json::json_pointer pointer(text);
    const bool number = json.contains(pointer) && json[pointer].is_number_integer();
    if (!number && (!json.contains(pointer) || !json[pointer].is_string())) {
      return invalidArgument(sample.file + " has no string or whole number at " + text);
    }
    if (number) {
      json[pointer] = freshNumber(unique);
    } else {
      json[pointer] = freshText(json[pointer].get<std::string>(), unique);
    }
  }
  return dumpJson(json, 2);
}

}  // namespace junctor::plugin
