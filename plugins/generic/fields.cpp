#include "fields.h"

namespace generic {
namespace {

constexpr Text kHeader = "header:";
constexpr int64_t kSecondsBelow = 100'000'000'000;  // year 5138 in seconds, 1973 in milliseconds

Json lookUp(const Json& scope, Text place) {
  return place.substr(0, 1) == "/" ? scope.at(place) : at(scope, place);
}

bool empty(const Json& value) {
  return !value.present() || value.type() == JN_JSON_NULL;
}

int64_t inMs(int64_t number) {
  return number < kSecondsBelow ? number * 1000 : number;
}

bool allDigits(Text text) {
  return !text.empty() && text.size() <= 15 && text.find_first_not_of("0123456789") == Text::npos;
}

}  // namespace

Json at(const Json& scope, Text dotted) {
  Json value = scope;
  while (value.present() && !dotted.empty()) {
    const Text name = dotted.substr(0, dotted.find('.'));
    dotted.remove_prefix(name.size() < dotted.size() ? name.size() + 1 : dotted.size());
    value = value[name];
  }
  return value;
}

Text firstText(const Json& scope, std::initializer_list<Text> names) {
  for (const Text name : names) {
    if (const Text text = at(scope, name).text(); !text.empty()) return text;
  }
  return {};
}

int64_t timeOf(const jnc::Call& call, const Json& value) {
  if (const auto number = value.integer()) return *number > 0 ? inMs(*number) : 0;
  if (const auto number = value.number()) {
    const bool sane = *number > 0 && *number < 1e15;
    return sane ? (*number < static_cast<double>(kSecondsBelow)
                       ? static_cast<int64_t>(*number * 1000)
                       : static_cast<int64_t>(*number))
                : 0;
  }
  const Text text = value.isString() ? value.text() : Text();
  if (!allDigits(text)) return text.empty() ? 0 : call.time(text);
  int64_t number = 0;
  for (const char c : text) number = number * 10 + (c - '0');
  return inMs(number);
}

void putPerson(jnc::Writer& out, const Json& value) {
  if (!value.isObject()) {
    out.put("name", value.text());
    return;
  }
  out.put("id", firstText(value, {"id", "accountId", "account_id", "user_id", "uuid"}));
  out.put("name", firstText(value, {"name", "displayName", "display_name", "full_name"}));
  out.put("login", firstText(value, {"login", "username", "handle"}));
  out.put("email", firstText(value, {"email", "emailAddress", "email_address"}));
}

KeyList::KeyList(const Json& settings, Text key, std::initializer_list<const char*> defaults) {
  const Json list = settings[key];
  configured_ = list.present();
  if (!configured_) {
    places_.assign(defaults.begin(), defaults.end());
    return;
  }
  const std::string name = "settings." + std::string(key);
  if (!list.isArray()) throw jnc::invalid(name + ": must be a list of strings");
  for (const auto& item : list) {
    const Text place = item.value.text();
    if (!item.value.isString() || place.empty() || place == kHeader || place == "/") {
      throw jnc::invalid(name + ": must be a list of header:NAME, /json/pointer or field names");
    }
    places_.emplace_back(place);
  }
}

Text KeyList::text(const Source& source) const {
  for (const Text place : places_) {
    const bool header = place.substr(0, kHeader.size()) == kHeader;
    Text found = header ? source.request.header(place.substr(kHeader.size()))
                        : lookUp(source.root, place).text();
    if (found.empty() && !header) found = lookUp(source.inner, place).text();
    if (!found.empty()) return found;
  }
  return {};
}

Json KeyList::value(const Source& source) const {
  for (const Text place : places_) {
    for (const Json& scope : {source.root, source.inner}) {
      if (const Json found = lookUp(scope, place); !empty(found)) return found;
    }
  }
  return {};
}

}  // namespace generic
