#pragma once
// What goes into and comes out of a connector, interface by interface: plain values, copied and
// checked, so that nothing of a connector's memory is left once a call has ended.
#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "model/event.h"

namespace junctor::plugin {

// What one call did, whether it failed or not. Filled by the host, which does all sending.
struct CallRecord {
  uint32_t requests_sent = 0;  // that may have reached the provider
  uint32_t unrepeatable = 0;   // of those: neither safe, nor idempotent, nor with a key
  int http_status = 0;         // of the provider's answer that the connector named; 0 = none
  std::string provider_code;   // the provider's error code; "" = none
  std::string detail_json;     // one JSON value; "" = none

  // May the host run the same call again?
  bool repeatable() const { return unrepeatable == 0; }
};

struct CallOptions {
  bool dry_run = false;  // nothing may be sent
  bool test = false;     // a person is trying the connector out
  int64_t budget_ms =
      0;  // 0 = the usual one: kConnectorCallMs without I/O, else kConnectorActionMs
  std::string trace_parent{};
  const std::atomic<bool>* cancelled = nullptr;  // any thread may set it; outlives the call
  CallRecord* record = nullptr;                  // filled if given; outlives the call
};

// junctor.actions/1
struct ActionRequest {
  std::string name;
  std::string params_json = "{}";
  std::string idempotency_key{};
};
struct ActionResult {
  std::string data_json = "null";
  std::string external_id{}, url{};
};

// junctor.fields/1
enum class FieldType { Text = 1, Integer, Number, Boolean, Date, Time, Choice, Reference, Json };
struct Field {
  FieldType type = FieldType::Text;
  bool required = false, read_only = false, custom = false, multiple = false;
  std::string name, label, help, refers_to;
  std::vector<std::pair<std::string, std::string>> options;  // value, label
};

// junctor.hooks/1
struct HookRequest {
  std::string url;
  std::string events_json = "[]";
  std::string signing_secret{};  // "" = the provider chooses
};
struct Hook {
  std::string id, url, events_json;
  std::string signing_secret;  // chosen by the provider: to be sealed; "" = none
  int64_t expires_at_ms = 0;   // 0 = never
  bool disabled = false;
};

// junctor.poll/1
struct PollRequest {
  std::string stream{}, cursor{};
  int64_t since_ms = 0;
  uint32_t limit = 100;
};
struct PollResult {
  std::vector<Event> events;  // set as in HandleResult; each has a payload_json
  std::string cursor;
  bool more = false;
  int64_t wait_ms = 0;
};

// junctor.oauth/1
struct OauthStart {
  std::string redirect_uri, scopes, account_hint;
};
using OauthParams = std::vector<std::pair<std::string, std::string>>;
struct OauthToken {  // secret
  std::string access_token, refresh_token, token_type = "Bearer", scopes, extra_json;
  int64_t expires_at_ms = 0;
};
struct OauthAccount {
  std::string id, name, base_url, detail_json;
};

}  // namespace junctor::plugin
