#pragma once
// What came in: the raw request (bytes as received) and the events a connector made of it.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"

namespace junctor {

using Header = std::pair<std::string, std::string>;  // name as received, value as received
using Headers = std::vector<Header>;

// First header of that name (ASCII case ignored), or nullptr.
const std::string* findHeader(const Headers& headers, std::string_view name);
// How many headers have that name.
size_t countHeader(const Headers& headers, std::string_view name);

// The bytes and headers received. Immutable once verified; its id is the id of its first event.
struct RawRequest {
  EventId id;
  std::string tenant;
  std::string integration;
  std::string connector;
  int64_t received_at_ms = 0;
  std::string method;
  std::string url;  // as the sender saw it: public base URL + target
  Headers headers;  // signature and authorization headers removed: they are secrets' shadows
  std::string body;
  std::string remote_ip;
  std::string dedupe_key;  // the provider's delivery key; "" = none, so never a duplicate
  int64_t claim = 0;       // under which this process holds it (store/store.h)
};
using RawRequestPtr = std::shared_ptr<const RawRequest>;

struct Resource {
  std::string type;  // "pull_request"
  std::string id;    // as text: ids beyond 2^53 stay exact
};

// One normalized occurrence. JSON fields hold one JSON value each, or "" when absent.
struct Event {
  EventId id;
  EventId request_id;
  std::string tenant;
  std::string integration;
  std::string source;           // connector id
  std::string type;             // dotted: "pull_request.opened"
  std::string source_event_id;  // the provider's id of the event; "" if it has none
  int64_t occurred_at_ms = 0;   // 0 = unknown
  int64_t received_at_ms = 0;
  std::string actor_json;
  Resource resource;
  std::optional<int64_t> sequence;
  std::string data_json;     // canonical object, if the connector or a normalizer made one
  std::string payload_json;  // "" = the request's body is the payload, and is valid JSON
  std::string metadata_json;
  std::string correlation_id;
  int hops = 0;
  bool stale = false;
  std::string rules;  // the scripts applied, "orders@ab12… route@cd34…"; "" = none
};

// An event together with the request it came from: what the workers pass on.
struct EventEnvelope {
  Event event;
  RawRequestPtr request;

  // The original payload as JSON text.
  std::string_view payload() const {
    return event.payload_json.empty() ? std::string_view(request->body)
                                      : std::string_view(event.payload_json);
  }
};
using EventPtr = std::shared_ptr<const EventEnvelope>;

}  // namespace junctor
