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

}  // namespace

Result<std::string> freshBody(const Sample& sample, std::string_view body,
                              std::string_view unique) {
  if (sample.fresh.empty()) return std::string(body);
  JUNCTOR_TRY(Json json, parseJson(body));
  for (const std::string& text : sample.fresh) {
    if (text.empty() || text[0] != '/' || text.find('~') != text.npos) {
      return invalidArgument("\"" + text + "\" is no plain JSON pointer");
    }
    const Json::json_pointer pointer(text);
    if (!json.contains(pointer) || !json[pointer].is_string()) {
      return invalidArgument(sample.file + " has no string at " + text);
    }
    json[pointer] = freshText(json[pointer].get<std::string>(), unique);
  }
  return dumpJson(json, 2);
}

}  // namespace junctor::plugin
