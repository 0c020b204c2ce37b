#pragma once
// Values into frames and out again. A struct lists its members once, in membersOf(), and that list
// serves both directions, so that they cannot drift. Reading trusts nothing: counts and lengths are
// held against what is there, and what a value means is checked by plugin's sinks and gate.
#include <concepts>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "isolation/rule_members.h"
#include "isolation/wire.h"
#include "plugin/calls.h"
#include "plugin/connector.h"
#include "plugin/ports.h"

namespace junctor::isolation {

template <class V, class T>
concept Same = std::same_as<std::remove_const_t<V>, T>;

auto membersOf(Same<plugin::ActionRequest> auto& v) {
  return std::tie(v.name, v.params_json, v.idempotency_key);
}
auto membersOf(Same<plugin::ActionResult> auto& v) {
  return std::tie(v.data_json, v.external_id, v.url);
}
auto membersOf(Same<plugin::Field> auto& v) {
  return std::tie(v.type, v.required, v.read_only, v.custom, v.multiple, v.name, v.label, v.help,
                  v.refers_to, v.options);
}
auto membersOf(Same<plugin::HookRequest> auto& v) {
  return std::tie(v.url, v.events_json, v.signing_secret);
}
auto membersOf(Same<plugin::Hook> auto& v) {
  return std::tie(v.id, v.url, v.events_json, v.signing_secret, v.expires_at_ms, v.disabled);
}
auto membersOf(Same<plugin::PollRequest> auto& v) {
  return std::tie(v.stream, v.cursor, v.since_ms, v.limit);
}
auto membersOf(Same<Event> auto& v) {
  return std::tie(v.type, v.source_event_id, v.resource.type, v.resource.id, v.actor_json,
                  v.data_json, v.payload_json, v.metadata_json, v.occurred_at_ms, v.sequence);
}
auto membersOf(Same<plugin::PollResult> auto& v) {
  return std::tie(v.events, v.cursor, v.more, v.wait_ms);
}
auto membersOf(Same<plugin::OauthStart> auto& v) {
  return std::tie(v.redirect_uri, v.scopes, v.account_hint);
}
auto membersOf(Same<plugin::OauthToken> auto& v) {
  return std::tie(v.access_token, v.refresh_token, v.token_type, v.scopes, v.extra_json,
                  v.expires_at_ms);
}
auto membersOf(Same<plugin::OauthAccount> auto& v) {
  return std::tie(v.id, v.name, v.base_url, v.detail_json);
}
auto membersOf(Same<plugin::Reply> auto& v) {
  return std::tie(v.status, v.headers, v.body);
}
auto membersOf(Same<plugin::HandleResult> auto& v) {
  return std::tie(v.events, v.reply);
}
// What fail() said; what was sent is counted by the parent alone.
auto membersOf(Same<plugin::CallRecord> auto& v) {
  return std::tie(v.http_status, v.provider_code, v.detail_json);
}
auto membersOf(Same<plugin::HttpSend> auto& v) {
  return std::tie(v.method, v.url, v.headers, v.body, v.credential, v.idempotency_key, v.idempotent,
                  v.timeout_ms, v.answer_bytes_max);
}
auto membersOf(Same<plugin::HttpAnswer> auto& v) {
  return std::tie(v.status, v.headers, v.body);
}
auto membersOf(Same<plugin::KvEntry> auto& v) {
  return std::tie(v.value, v.version, v.expires_at_ms);
}
auto membersOf(Same<plugin::KvWrite> auto& v) {
  return std::tie(v.key, v.value, v.if_version, v.ttl_ms);
}
auto membersOf(Same<RawRequest> auto& v) {
  return std::tie(v.method, v.url, v.body, v.remote_ip, v.received_at_ms, v.headers);
}

template <class V>
concept Listed = requires(V& v) { membersOf(v); };

inline void pack(Packer& out, std::string_view value) {
  out.text(value);
}
inline void pack(Packer& out, bool value) {
  out.u8(value ? 1 : 0);
}
template <class V>
  requires std::is_enum_v<V> || (std::integral<V> && !std::same_as<V, bool>)
void pack(Packer& out, V value) {
  out.i64(static_cast<int64_t>(value));
}
template <class A, class B>
void pack(Packer& out, const std::pair<A, B>& value);
template <class V>
void pack(Packer& out, const std::optional<V>& value);
template <class V>
void pack(Packer& out, const std::vector<V>& values);
template <class K, class V, class C>
void pack(Packer& out, const std::map<K, V, C>& values);
template <class V>
void pack(Packer& out, const std::set<V>& values);
template <Listed V>
void pack(Packer& out, const V& value) {
  std::apply([&](const auto&... members) { (pack(out, members), ...); }, membersOf(value));
}
template <class A, class B>
void pack(Packer& out, const std::pair<A, B>& value) {
  pack(out, value.first);
  pack(out, value.second);
}
template <class V>
void pack(Packer& out, const std::optional<V>& value) {
  pack(out, value.has_value());
  if (value) pack(out, *value);
}
template <class V>
void pack(Packer& out, const std::vector<V>& values) {
  out.u64(values.size());
  for (const V& value : values) pack(out, value);
}
template <class K, class V, class C>
void pack(Packer& out, const std::map<K, V, C>& values) {
  out.u64(values.size());
  for (const auto& value : values) pack(out, value);
}
template <class V>
void pack(Packer& out, const std::set<V>& values) {
  out.u64(values.size());
  for (const V& value : values) pack(out, value);
}

// What the smallest value takes in a frame.
template <class V>
constexpr size_t bytesMin() {
  if constexpr (requires(V& v) { membersOf(v); }) {
    return []<class... M>(std::type_identity<std::tuple<M&...>>) {
      return (bytesMin<M>() + ...);
    }(std::type_identity<decltype(membersOf(std::declval<V&>()))>());
  } else if constexpr (requires { typename V::second_type; }) {
    return bytesMin<typename V::first_type>() + bytesMin<typename V::second_type>();
  } else if constexpr (std::same_as<V, bool> || requires(V& v) { v.has_value(); }) {
    return 1;
  } else {
    return 8;
  }
}

inline void unpack(Unpacker& in, std::string& value) {
  value = in.text();
}
inline void unpack(Unpacker& in, bool& value) {
  value = in.u8() != 0;
}
template <class V>
  requires std::is_enum_v<V> || (std::integral<V> && !std::same_as<V, bool>)
void unpack(Unpacker& in, V& value) {
  value = static_cast<V>(in.i64());
}
template <class A, class B>
void unpack(Unpacker& in, std::pair<A, B>& value);
template <class V>
void unpack(Unpacker& in, std::optional<V>& value);
template <class V>
void unpack(Unpacker& in, std::vector<V>& values);
template <class K, class V, class C>
void unpack(Unpacker& in, std::map<K, V, C>& values);
template <class V>
void unpack(Unpacker& in, std::set<V>& values);
template <Listed V>
void unpack(Unpacker& in, V& value) {
  std::apply([&](auto&... members) { (unpack(in, members), ...); }, membersOf(value));
}
template <class A, class B>
void unpack(Unpacker& in, std::pair<A, B>& value) {
  unpack(in, value.first);
  unpack(in, value.second);
}
template <class V>
void unpack(Unpacker& in, std::optional<V>& value) {
  bool there = false;
  unpack(in, there);
  if (there) unpack(in, value.emplace());
}
// A count is believed as far as the bytes reach.
template <class V>
void unpack(Unpacker& in, std::vector<V>& values) {
  const size_t count = in.count(bytesMin<V>());
  for (size_t i = 0; i < count && in.ok(); ++i) unpack(in, values.emplace_back());
}
template <class K, class V, class C>
void unpack(Unpacker& in, std::map<K, V, C>& values) {
  const size_t count = in.count(bytesMin<K>() + bytesMin<V>());
  for (size_t i = 0; i < count && in.ok(); ++i) {
    std::pair<K, V> value;
    unpack(in, value);
    values.insert(std::move(value));
  }
}
template <class V>
void unpack(Unpacker& in, std::set<V>& values) {
  const size_t count = in.count(bytesMin<V>());
  for (size_t i = 0; i < count && in.ok(); ++i) {
    V value{};
    unpack(in, value);
    values.insert(std::move(value));
  }
}

template <class... V>
std::string packed(const V&... values) {
  Packer out;
  (pack(out, values), ...);
  return out.take();
}
// False: there is more or less than that.
template <class... V>
bool unpackAll(Unpacker& in, V&... values) {
  (unpack(in, values), ...);
  return in.done();
}

}  // namespace junctor::isolation
