// Templates of declared requests in the C++ SDK: JSON of the manifest with places in braces. Part
// of junctor/declared.hpp.
//
//   {name}            a parameter of the action, or its default in the input schema
//   {settings.name}   a setting of the integration
//   {idempotency_key} the act's key
//   {cursor}          of the page that is asked for
//
// A text that is one place takes the value as it is, of any type; in a longer text values are
// written as text, lists joined by commas. In URLs they are percent-encoded; {+name} keeps slashes,
// and {+settings.name} a whole URL.
// What has no value is left out: the member, and an object whose places all have none. A member
// named "..." puts the members of its object in its own place, in a query and among headers too.
#ifndef JUNCTOR_TEMPLATE_HPP
#define JUNCTOR_TEMPLATE_HPP

#include <junctor/call.hpp>

namespace jnc {

inline std::string percentEncoded(Text text, bool keep_slashes = false) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' || (keep_slashes && c == '/');
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

// Where places look for their values.
struct Values {
  Json params, schema, settings;  // schema: of the parameters
  Text idempotency_key;
  Text cursor = {};

  Json find(Text name) const {
    constexpr Text kSettings = "settings.";
    if (name.substr(0, kSettings.size()) == kSettings) {
      return known(settings[name.substr(kSettings.size())]);
    }
    const Json given = known(params[name]);
    return given.present() ? given : known(schema["properties"][name]["default"]);
  }
  static Json known(const Json& value) {
    return value.present() && value.type() != JN_JSON_NULL ? value : Json();
  }
};

class Template {
 public:
  Template(const Call& call, const Values& values) : call_(call), values_(values) {}

  // Nothing if a place has no value.
  std::optional<std::string> text(Text source, bool url = false) const {
    std::string out;
    size_t at = 0;
    for (size_t open = 0; (open = source.find('{', at)) != Text::npos;) {
      const size_t close = source.find('}', open);
      if (close == Text::npos) break;
      out += source.substr(at, open - at);
      Text name = source.substr(open + 1, close - open - 1);
      const bool raw = url && name.substr(0, 1) == "+";
      if (raw) name.remove_prefix(1);
      const auto value = valueText(name);
      if (!value) return std::nullopt;
      if (url && climbs(*value)) throw invalid("'..' in '" + std::string(name) + "'");
      const bool whole = raw && name.substr(0, 9) == "settings.";
      out += !url || whole ? *value : percentEncoded(*value, raw);
      at = close + 1;
    }
    return out += source.substr(at);
  }

  // The value that a text with one place stands for.
  Json valueAt(const Json& source) const { return values_.find(onePlace(source.text())); }

  // Has it anything to say? A part without places always has.
  bool says(const Json& source) const {
    size_t places = 0, filled = 0;
    count(source, places, filled);
    return places == 0 || filled > 0;
  }

  void write(Writer& out, const Json& source) const {
    if (source.isString()) {
      writeText(out, source.text());
    } else if (source.isObject()) {
      out.object();
      writeMembers(out, source);
      out.close();
    } else if (source.isArray()) {
      out.array();
      for (const auto& item : source) {
        if (says(item.value)) write(out, item.value);
      }
      out.close();
    } else {
      out.value(source);
    }
  }

 private:
  // A path must stay below the one that the manifest names.
  static bool climbs(Text value) {
    for (size_t at = 0; at <= value.size();) {
      const size_t end = std::min(value.find('/', at), value.size());
      const Text step = value.substr(at, end - at);
      if (step == ".." || step == ".") return true;
      at = end + 1;
    }
    return false;
  }

  static Text onePlace(Text source) {
    const bool one = source.size() > 2 && source.front() == '{' && source.back() == '}' &&
                     source.find('}') == source.size() - 1;
    return one ? source.substr(1, source.size() - 2) : Text();
  }

  std::optional<std::string> valueText(Text name) const {
    if (name == "idempotency_key") {
      if (values_.idempotency_key.empty()) return std::nullopt;
      return std::string(values_.idempotency_key);
    }
    if (name == "cursor" && !values_.cursor.empty()) return std::string(values_.cursor);
    const Json value = values_.find(name);
    if (!value.present()) return std::nullopt;
    if (!value.isArray()) return std::string(value.isObject() ? value.dump() : value.text());
    std::string out;
    for (const auto& item : value) {
      if (!out.empty()) out += ',';
      out += item.value.text();
    }
    return out;
  }

  void count(const Json& source, size_t& places, size_t& filled) const {
    if (source.isObject() || source.isArray()) {
      for (const auto& item : source) count(item.value, places, filled);
      return;
    }
    if (!source.isString() || source.text().find('{') == Text::npos) return;
    ++places;
    if (text(source.text())) ++filled;
  }

  void writeText(Writer& out, Text source) const {
    const Text name = onePlace(source);
    const Json value = name.empty() ? Json() : values_.find(name);
    if (value.present()) {
      out.value(value);
    } else {
      out.value(Text(text(source).value_or("")));
    }
  }

  void writeMembers(Writer& out, const Json& source) const {
    for (const auto& member : source) {
      if (!says(member.value)) continue;
      if (member.key == "...") {
        for (const auto& inner : valueAt(member.value)) {
          out.key(inner.key).value(inner.value);
        }
      } else {
        out.key(member.key);
        write(out, member.value);
      }
    }
  }

  const Call& call_;
  const Values& values_;
};

// Form fields of a JSON value: a[b]=…, lists as a[0]=… or, repeated, as a=…&a=….
inline void appendForm(std::string& out, const std::string& name, const Json& value,
                       bool repeated) {
  if (value.isObject() || value.isArray()) {
    size_t index = 0;
    for (const auto& item : value) {
      const std::string key = value.isArray() ? std::to_string(index++) : percentEncoded(item.key);
      const std::string inner = name.empty() ? key : name + "[" + key + "]";
      appendForm(out, repeated && value.isArray() ? name : inner, item.value, repeated);
    }
    return;
  }
  if (!out.empty()) out += '&';
  out += name + "=" + percentEncoded(value.text());
}

}  // namespace jnc

#endif
