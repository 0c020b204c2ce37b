#pragma once
// EventFields: the event under the names that rules use. Envelope names come first, any other name
// is looked up in the canonical data, then in the payload. Reused from event to event.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_doc.h"
#include "model/event.h"

namespace junctor::script {

enum class Envelope : uint8_t {
  None,
  Id,
  Type,
  Source,
  Integration,
  Tenant,
  OccurredAt,
  ReceivedAt,
  Actor,
  Resource,
  Data,
  Payload,
  Metadata
};
// None if `name` is not an envelope name.
Envelope envelopeOf(std::string_view name);

// A dotted path, "requester.email"; digits select array elements, from 1.
struct Path {
  std::string text;
  std::vector<std::string> segments;
  Envelope head = Envelope::None;
};
std::optional<Path> parsePath(std::string_view text);

struct Field {
  enum class Kind : uint8_t { Absent, Text, Json };
  Kind kind = Kind::Absent;
  std::string_view text;
  JsonView json;

  static Field ofText(std::string_view text) { return {Kind::Text, text, {}}; }
  static Field ofJson(JsonView view) {
    return view.valid() ? Field{Kind::Json, {}, view} : Field{};
  }
  bool absent() const { return kind == Kind::Absent; }  // JSON null is not absent
  std::string scalarText() const;                       // "" for containers, null and absent
};

class EventFields {
 public:
  // Both must outlive the run.
  void reset(const Event& event, JsonView payload);

  const Event& event() const { return *event_; }
  JsonView payload() const { return payload_; }
  // Envelope text ("" = absent) or JSON part.
  std::string_view text(Envelope name);
  JsonView json(Envelope name);
  // Any name but those of the envelope: data, then payload.
  JsonView open(std::string_view name);

  Field find(const Path& path);
  // As find(), remembering the answer for this event under `slot`.
  const Field& findOnce(const Path& path, size_t slot);

 private:
  struct Part {
    JsonDoc doc;
    JsonView root;
    bool parsed = false;
    JsonView view(const std::string& text);
  };

  const Event* event_ = nullptr;
  JsonView payload_;
  Part data_, actor_, metadata_;
  std::string id_, occurred_at_, received_at_;
  uint32_t epoch_ = 0;
  struct Slot {
    uint32_t epoch = 0;
    Field field;
  };
  std::vector<Slot> slots_;
};

}  // namespace junctor::script
