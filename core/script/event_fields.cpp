#include "script/event_fields.h"

#include <algorithm>
#include <charconv>

#include "base/clock.h"

namespace junctor::script {
namespace {

struct Name {
  std::string_view text;
  Envelope value;
};
constexpr Name kNames[] = {
    {"id", Envelope::Id},
    {"type", Envelope::Type},
    {"source", Envelope::Source},
    {"integration", Envelope::Integration},
    {"tenant", Envelope::Tenant},
    {"occurred_at", Envelope::OccurredAt},
    {"received_at", Envelope::ReceivedAt},
    {"actor", Envelope::Actor},
    {"resource", Envelope::Resource},
    {"data", Envelope::Data},
    {"payload", Envelope::Payload},
    {"metadata", Envelope::Metadata},
};

const std::string& timeText(std::string& cache, int64_t unix_ms) {
  if (cache.empty() && unix_ms != 0) cache = formatRfc3339(unix_ms);
  return cache;
}

JsonView step(JsonView from, const std::string& segment) {
  if (from.isObject()) return from.find(segment);
  size_t index = 0;
  const char* end = segment.data() + segment.size();
  const auto [stop, error] = std::from_chars(segment.data(), end, index);
  if (error != std::errc() || stop != end || index == 0) return {};
  return from.at(index - 1);
}

JsonView walk(JsonView from, const std::vector<std::string>& segments, size_t first) {
  for (size_t i = first; i < segments.size() && from.valid(); ++i) from = step(from, segments[i]);
  return from;
}

}  // namespace

Envelope envelopeOf(std::string_view name) {
  for (const Name& known : kNames) {
    if (known.text == name) return known.value;
  }
  return Envelope::None;
}

std::optional<Path> parsePath(std::string_view text) {
  Path path;
  path.text = text;
  while (true) {
    const size_t dot = text.find('.');
    const std::string_view segment = text.substr(0, dot);
    if (segment.empty()) return std::nullopt;
    path.segments.emplace_back(segment);
    if (dot == text.npos) break;
    text.remove_prefix(dot + 1);
  }
  path.head = envelopeOf(path.segments.front());
  return path;
}

std::string Field::scalarText() const {
  return kind == Kind::Text ? std::string(text) : json.scalarText();
}

JsonView EventFields::Part::view(const std::string& text) {
  if (parsed) return root;
  parsed = true;
  root = JsonView();
  if (text.empty()) return root;
  if (auto result = doc.parse(text)) root = *result;
  return root;
}

void EventFields::reset(const Event& event, JsonView payload) {
  event_ = &event;
  payload_ = payload;
  for (Part* part : {&data_, &actor_, &metadata_}) part->parsed = false;
  for (std::string* text : {&id_, &occurred_at_, &received_at_}) text->clear();
  ++epoch_;
}

std::string_view EventFields::text(Envelope name) {
  switch (name) {
    case Envelope::Id:
      if (id_.empty()) id_ = event_->id.text();
      return id_;
    case Envelope::Type:
      return event_->type;
    case Envelope::Source:
      return event_->source;
    case Envelope::Integration:
      return event_->integration;
    case Envelope::Tenant:
      return event_->tenant;
    case Envelope::OccurredAt:
      return timeText(occurred_at_, event_->occurred_at_ms);
    case Envelope::ReceivedAt:
      return timeText(received_at_, event_->received_at_ms);
    default:
      return {};
  }
}

JsonView EventFields::json(Envelope name) {
  switch (name) {
    case Envelope::Payload:
      return payload_;
    case Envelope::Data:
      return data_.view(event_->data_json);
    case Envelope::Actor:
      return actor_.view(event_->actor_json);
    case Envelope::Metadata:
      return metadata_.view(event_->metadata_json);
    default:
      return {};
  }
}

JsonView EventFields::open(std::string_view name) {
  const JsonView found = json(Envelope::Data).find(name);
  return found.valid() ? found : payload_.find(name);
}

Field EventFields::find(const Path& path) {
  switch (path.head) {
    case Envelope::None:
      return Field::ofJson(walk(open(path.segments.front()), path.segments, 1));
    case Envelope::Actor:
    case Envelope::Data:
    case Envelope::Payload:
    case Envelope::Metadata:
      return Field::ofJson(walk(json(path.head), path.segments, 1));
    case Envelope::Resource: {
      if (path.segments.size() != 2) return {};
      const std::string& part = path.segments[1];
      const Resource& resource = event_->resource;
      const std::string_view value = part == "type" ? resource.type
                                     : part == "id" ? resource.id
                                                    : std::string_view();
      return value.empty() ? Field{} : Field::ofText(value);
    }
    default: {
      const std::string_view value = path.segments.size() == 1 ? text(path.head) : "";
      return value.empty() ? Field{} : Field::ofText(value);
    }
  }
}

const Field& EventFields::findOnce(const Path& path, size_t slot) {
  if (slots_.size() <= slot) slots_.resize(slot + 1);
  Slot& known = slots_[slot];
  if (known.epoch != epoch_) known = {epoch_, find(path)};
  return known.field;
}

}  // namespace junctor::script
