// One call of the host in the C++ SDK. Part of junctor/connector.hpp.
#ifndef JUNCTOR_CALL_HPP
#define JUNCTOR_CALL_HPP

#include <charconv>
#include <cstring>
#include <initializer_list>
#include <junctor/json.hpp>
#include <optional>

namespace jnc {

struct HttpRequest;
class HttpAnswer;
struct KvEntry;

// RFC 3629, strictly: no overlong forms, no surrogates.
inline bool isUtf8(Text text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t more = lead < 0x80 ? 0 : lead < 0xC2 ? 4 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    if (more == 4 || lead > 0xF4 || i + more >= text.size()) return false;
    for (size_t k = 1; k <= more; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    }
    const auto second = more > 0 ? static_cast<unsigned char>(text[i + 1]) : 0x80;
    const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
    const bool beyond = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
    if (overlong || beyond) return false;
    i += more + 1;
  }
  return true;
}

// "2026-11-21T08:30:00Z" of a time since 1970.
inline std::string timeText(int64_t unix_ms) {
  const int64_t seconds = unix_ms / 1000, day = seconds / 86'400 + 719'468;
  const int64_t era = day / 146'097, of_era = day % 146'097;
  const int64_t year = (of_era - of_era / 1'460 + of_era / 36'524 - of_era / 146'096) / 365;
  const int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
  const int64_t shifted = (5 * of_year + 2) / 153, month = shifted < 10 ? shifted + 3 : shifted - 9;
  const auto two = [](int64_t number) {
    return std::string(1, static_cast<char>('0' + number / 10)) +
           static_cast<char>('0' + number % 10);
  };
  return std::to_string(year + era * 400 + (month <= 2 ? 1 : 0)) + "-" + two(month) + "-" +
         two(of_year - (153 * shifted + 2) / 5 + 1) + "T" + two(seconds % 86'400 / 3'600) + ":" +
         two(seconds % 3'600 / 60) + ":" + two(seconds % 60) + "Z";
}

// Names and values, in order; names may repeat.
class Pairs {
 public:
  explicit Pairs(jn_map fields) : fields_(fields) {}
  size_t size() const { return fields_.len; }
  Text operator[](Text name) const {
    for (const jn_kv& field : *this) {
      if (detail::text(field.key) == name) return detail::text(field.val);
    }
    return {};
  }
  const jn_kv* begin() const { return fields_.items; }
  const jn_kv* end() const { return fields_.items + fields_.len; }

 private:
  jn_map fields_;
};

using Form = Pairs;  // decoded form fields

// One call of the host. Everything it gives lives until the call ends.
class Call {
 public:
  explicit Call(const jn_call* call) : call_(call) {}
  const jn_call* raw() const { return call_; }
  Text tenant() const { return detail::text(call_->tenant); }
  Text integration() const { return detail::text(call_->connection_id); }
  int64_t nowMs() const { return detail::host().clock->unix_ms(call_); }

  // Throws JN_E_INVALID if it is not JSON.
  Json parse(Text text) const {
    const jn_str source = detail::view(text);
    jn_json_node node{};
    detail::check(detail::host().json->parse(call_, &source, &node), "the body is not valid JSON");
    return {call_, node};
  }
  Form form(Text text) const {
    const jn_str source = detail::view(text);
    jn_map fields{};
    detail::check(detail::host().codec->form(call_, &source, &fields),
                  "the body is not a valid form");
    return Form(fields);
  }
  // The decoded fields as one JSON object of strings; repeated names become arrays.
  Text formAsJson(const Form& form) const;

  // "" joined with nothing, e.g. join({name, ".", action}).
  Text join(std::initializer_list<Text> parts) const {
    size_t size = 0;
    for (const Text part : parts) size += part.size();
    char* bytes = allocate(size);
    char* at = bytes;
    for (const Text part : parts) {
      if (!part.empty()) std::memcpy(at, part.data(), part.size());
      at += part.size();
    }
    return {bytes, size};
  }
  Text number(int64_t value) const {
    char digits[24];
    const char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    return join({Text(digits, static_cast<size_t>(end - digits))});
  }
  // RFC 3339 text as Unix milliseconds; 0 if it is no time.
  int64_t time(Text text) const {
    const jn_str source = detail::view(text);
    int64_t unix_ms = 0;
    return detail::host().clock->parse(call_, &source, &unix_ms) == JN_OK ? unix_ms : 0;
  }
  // Hex SHA-256, for keys derived from content.
  Text sha256Hex(Text bytes) const {
    const jn_str source = detail::view(bytes);
    jn_str digest{}, hex{};
    detail::check(detail::host().codec->digest(call_, JN_DIGEST_SHA256, &source, &digest),
                  "digest");
    detail::check(detail::host().codec->encode(call_, JN_CODEC_HEX, &digest, &hex), "hex");
    return detail::text(hex);
  }
  void log(uint32_t level, Text message) const {
    const jn_str line = detail::view(message);
    detail::host().log->write(call_, level, &line, nullptr);
  }

  // {"key": value, …} written by `fill`, or "" if it wrote no member.
  template <class Fill>
  Text object(Fill&& fill) const {
    Writer writer(call_);
    writer.object();
    fill(writer);
    writer.close();
    const Text text = writer.end();
    return text.size() > 2 ? text : Text();
  }

  // May the connector go on? Ask in long loops.
  bool cancelled() const { return call_->cancelled(call_) != 0; }
  bool dryRun() const { return (call_->flags & JN_CALL_DRY_RUN) != 0; }
  bool test() const { return (call_->flags & JN_CALL_TEST) != 0; }

  // ---- the network, storage, secrets, metrics: see services.hpp
  HttpAnswer http(const HttpRequest& request) const;
  std::optional<KvEntry> kvGet(Text key) const;
  uint64_t kvPut(Text key, Text value, uint64_t ttl_ms = 0) const;
  std::optional<uint64_t> kvPutIf(Text key, Text value, uint64_t version,
                                  uint64_t ttl_ms = 0) const;
  void kvDelete(Text key) const;
  Pairs kvList(Text prefix, Text after = {}) const;
  Text secret(Text name) const;
  void count(Text name, uint64_t n = 1, std::initializer_list<jn_kv> labels = {}) const;
  void observeUs(Text name, uint64_t us, std::initializer_list<jn_kv> labels = {}) const;

  char* allocate(size_t size) const {
    auto* bytes = static_cast<char*>(call_->alloc(call_, size, 1));
    if (!bytes) throw Failure(JN_E_TOO_LARGE, "the call's memory is used up");
    return bytes;
  }

 private:
  const jn_call* call_;
};

inline Text Json::text() const {
  if (!present()) return {};
  jn_str out{};
  if (detail::host().json->as_str(&node_, &out)) return detail::text(out);
  if (const auto value = integer()) return Call(call_).number(*value);
  return isScalar() ? dump() : Text();
}

inline Text Call::formAsJson(const Form& form) const {
  Writer writer(call_);
  writer.object();
  for (const jn_kv& field : form) {
    const Text name = detail::text(field.key);
    bool first = true, repeated = false;
    for (const jn_kv& other : form) {
      if (detail::text(other.key) != name) continue;
      if (&other < &field) first = false;
      if (&other != &field) repeated = true;
    }
    if (!first) continue;
    writer.key(name);
    if (repeated) writer.array();
    for (const jn_kv& other : form) {
      if (detail::text(other.key) == name) writer.value(detail::text(other.val));
    }
    if (repeated) writer.close();
  }
  return writer.close().end();
}

}  // namespace jnc

#endif
