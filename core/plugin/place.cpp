// Delivery keys: where they stand, and how a request's is found.
#include <fmt/core.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/json_value.h"
#include "base/limits.h"
#include "crypto/hash.h"
#include "plugin/bounded_key.h"
#include "plugin/connector.h"
#include "plugin/strict_object.h"

namespace junctor::plugin {
namespace {

// RFC 6901: '~' and '/' inside a name are escaped.
std::string pointerOf(std::string_view dotted) {
  std::string pointer = "/";
  for (const char c : dotted) {
    switch (c) {
      case '.':
        pointer += '/';
        break;
      case '/':
        pointer += "~1";
        break;
      case '~':
        pointer += "~0";
        break;
      default:
        pointer += c;
    }
  }
  return pointer;
}

std::string queryValue(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view field = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), field.size() + 1));
    const size_t equals = field.find('=');
    if (equals == std::string_view::npos) continue;
    if (percentDecode(field.substr(0, equals), true) != name) continue;
    return percentDecode(field.substr(equals + 1), true).value_or("");
  }
  return {};
}

std::string valueAt(const Place& place, const Headers& headers, std::string_view query,
                    JsonView body) {
  if (!place.header.empty()) {
    const std::string* value = findHeader(headers, place.header);
    return value ? *value : std::string();
  }
  if (!place.query.empty()) return queryValue(query, place.query);
  return body.pointer(place.json).scalarText();
}

}  // namespace

std::string boundedKey(std::string_view key) {
  const bool clean = key.size() <= limits::kSourceIdBytesMax && validUtf8(key) &&
                     std::none_of(key.begin(), key.end(), [](char c) {
                       return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
                     });
  return clean ? std::string(key) : "sha256:" + crypto::sha256Hex(key);
}

Result<Place> parsePlace(std::string_view text) {
  constexpr std::string_view kHeader = "header:";
  constexpr std::string_view kQuery = "query:";
  Place place;
  if (text.starts_with(kHeader)) {
    place.header = text.substr(kHeader.size());
  } else if (text.starts_with(kQuery)) {
    place.query = text.substr(kQuery.size());
  } else if (text.starts_with('/')) {
    place.json = text;
  } else if (!text.empty()) {
    place.json = pointerOf(text);
  }
  if (place.header.empty() && place.query.empty() && place.json.empty()) {
    return invalidArgument(fmt::format(
        "\"{}\" is no place: use header:NAME, query:NAME, /json/pointer or a field name", text));
  }
  return place;
}

Result<std::vector<Place>> effectiveDeliveryKey(const Manifest& manifest,
                                                const std::string& settings_json) {
  if (!manifest.delivery_key_from_settings) return manifest.delivery_key;
  JUNCTOR_TRY(const Json settings, parseJson(settings_json));
  if (!settings.is_object() || !settings.contains("delivery_key")) return manifest.delivery_key;
  const Json& list = settings["delivery_key"];
  if (!list.is_array()) return invalidArgument("settings.delivery_key: must be a list of strings");
  std::vector<Place> places;
  for (const Json& item : list) {
    if (!item.is_string()) {
      return invalidArgument("settings.delivery_key: must be a list of strings");
    }
    auto place = parsePlace(item.get<std::string>());
    if (!place) return invalidArgument("settings.delivery_key: " + place.error().message);
    places.push_back(std::move(*place));
  }
  return places;
}

std::string deliveryKey(const std::vector<Place>& places, const Headers& headers,
                        std::string_view query, JsonView body) {
  for (const Place& place : places) {
    const std::string value = valueAt(place, headers, query, body);
    if (!value.empty()) return boundedKey(value);
  }
  return {};
}

std::string deliveryKey(const Manifest& manifest, const Headers& headers, std::string_view query,
                        JsonView body) {
  return deliveryKey(manifest.delivery_key, headers, query, body);
}

}  // namespace junctor::plugin
