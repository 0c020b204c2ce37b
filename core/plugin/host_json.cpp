// junctor.json/1 over base's JsonDoc and CheckedWriter.
#include <bit>
#include <cstring>

#include "plugin/call_context.h"
#include "plugin/host_services.h"

namespace junctor::plugin {
namespace {

// A node is a JsonView, word for word.
static_assert(sizeof(jn_json_node) == sizeof(JsonView) && std::is_trivially_copyable_v<JsonView>);
static_assert(sizeof(jn_json_iter) == sizeof(JsonView::Iterator) &&
              std::is_trivially_copyable_v<JsonView::Iterator>);

JsonView viewOf(const jn_json_node* node) {
  return node ? std::bit_cast<JsonView>(*node) : JsonView();
}

int32_t giveNode(JsonView view, jn_json_node* out) {
  if (out) *out = std::bit_cast<jn_json_node>(view);
  return view.valid() ? 1 : 0;
}

template <class T, class U>
int32_t giveNumber(std::optional<T> value, U* out) {
  if (!value || !out) return 0;
  *out = static_cast<U>(*value);
  return 1;
}

std::string_view text(const char* ptr, size_t len) {
  return junctor::plugin::textOf({ptr, len});
}

jn_status parse(const jn_call* call, const jn_str* source, jn_json_node* out) {
  if (out) *out = {};
  if (!call || !source || !out) return JN_E_INTERNAL;
  JsonView view;
  const jn_status status = CallContext::of(call).parse(textOf(*source), view);
  if (status == JN_OK) giveNode(view, out);
  return status;
}

uint32_t type(const jn_json_node* node) {
  const JsonView view = viewOf(node);
  if (!view.valid()) return JN_JSON_ABSENT;
  switch (view.type()) {
    case JsonType::Null:
      return JN_JSON_NULL;
    case JsonType::Bool:
      return JN_JSON_BOOL;
    case JsonType::Int:
      return JN_JSON_INT;
    case JsonType::Uint:
      return JN_JSON_UINT;
    case JsonType::Double:
      return JN_JSON_DOUBLE;
    case JsonType::String:
      return JN_JSON_STRING;
    case JsonType::Array:
      return JN_JSON_ARRAY;
    case JsonType::Object:
      return JN_JSON_OBJECT;
  }
  return JN_JSON_ABSENT;
}

int32_t get(const jn_json_node* node, const char* key, size_t len, jn_json_node* out) {
  return giveNode(viewOf(node).find(text(key, len)), out);
}
int32_t pointer(const jn_json_node* node, const char* path, size_t len, jn_json_node* out) {
  return giveNode(viewOf(node).pointer(text(path, len)), out);
}
int32_t at(const jn_json_node* node, size_t index, jn_json_node* out) {
  return giveNode(viewOf(node).at(index), out);
}
size_t size(const jn_json_node* node) {
  return viewOf(node).size();
}

int32_t next(const jn_json_node* container, jn_json_iter* iter, jn_str* key, jn_json_node* value) {
  if (key) *key = {nullptr, 0};
  if (value) *value = {};
  const JsonView view = viewOf(container);
  if (!iter || (!view.isObject() && !view.isArray())) return 0;
  constexpr jn_json_iter kStart{};
  auto position = view.begin();
  if (std::memcmp(iter, &kStart, sizeof kStart) != 0) {
    position = std::bit_cast<JsonView::Iterator>(*iter);
    ++position;
  }
  if (!(position != view.end())) return 0;
  *iter = std::bit_cast<jn_json_iter>(position);
  if (key) *key = junctor::plugin::viewOf(position.key());
  if (value) giveNode(*position, value);
  return 1;
}

int32_t asStr(const jn_json_node* node, jn_str* out) {
  const JsonView view = viewOf(node);
  if (out) *out = junctor::plugin::viewOf(view.asString());
  return view.isString() ? 1 : 0;
}
int32_t asI64(const jn_json_node* node, int64_t* out) {
  return giveNumber(viewOf(node).asInt(), out);
}
int32_t asU64(const jn_json_node* node, uint64_t* out) {
  return giveNumber(viewOf(node).asUint(), out);
}
int32_t asF64(const jn_json_node* node, double* out) {
  return giveNumber(viewOf(node).asDouble(), out);
}
int32_t asBool(const jn_json_node* node, int32_t* out) {
  return giveNumber(viewOf(node).asBool(), out);
}

jn_status dump(const jn_call* call, const jn_json_node* node, jn_str* out) {
  if (!call || !out) return JN_E_INTERNAL;
  return CallContext::of(call).keepJson(viewOf(node).dump(), out) ? JN_OK : JN_E_TOO_LARGE;
}

jn_json_writer* writeBegin(const jn_call* call) {
  return call ? CallContext::of(call).openWriter() : nullptr;
}
void writeOpen(jn_json_writer* writer, uint32_t kind) {
  if (!writer) return;
  if (kind != JN_JSON_OBJECT && kind != JN_JSON_ARRAY) return writer->checked.markBroken();
  writer->checked.open(kind == JN_JSON_OBJECT);
}
void writeClose(jn_json_writer* writer) {
  if (writer) writer->checked.close();
}
void writeKey(jn_json_writer* writer, const char* key, size_t len) {
  if (writer) writer->checked.key(text(key, len));
}

// The place for one value, or nullptr when none may stand here.
JsonWriter* place(jn_json_writer* writer) {
  return writer && writer->checked.value() ? &writer->checked.json() : nullptr;
}
void writeStr(jn_json_writer* writer, const char* value, size_t len) {
  if (JsonWriter* out = place(writer)) out->string(text(value, len));
}
void writeI64(jn_json_writer* writer, int64_t value) {
  if (JsonWriter* out = place(writer)) out->integer(value);
}
void writeU64(jn_json_writer* writer, uint64_t value) {
  if (JsonWriter* out = place(writer)) out->unsignedInteger(value);
}
void writeF64(jn_json_writer* writer, double value) {
  if (JsonWriter* out = place(writer)) out->number(value);
}
void writeBool(jn_json_writer* writer, int32_t value) {
  if (JsonWriter* out = place(writer)) out->boolean(value != 0);
}
void writeNull(jn_json_writer* writer) {
  if (JsonWriter* out = place(writer)) out->null();
}
void writeNode(jn_json_writer* writer, const jn_json_node* node) {
  JsonWriter* out = place(writer);
  if (!out) return;
  const JsonView view = viewOf(node);
  if (view.isString()) {
    out->string(view.asString());
  } else {
    out->raw(view.dump());
  }
}

jn_status writeEnd(jn_json_writer* writer, jn_str* out) {
  if (!writer || !out) return JN_E_INTERNAL;
  return writer->context->finishWriter(*writer, out);
}

}  // namespace

const jn_json& jsonService() {
  static constexpr jn_json kTable = {sizeof(jn_json), 0,         parse,      type,      get,
                                     pointer,         at,        size,       next,      asStr,
                                     asI64,           asU64,     asF64,      asBool,    dump,
                                     writeBegin,      writeOpen, writeClose, writeKey,  writeStr,
                                     writeI64,        writeU64,  writeF64,   writeBool, writeNull,
                                     writeNode,       writeEnd};
  return kTable;
}

}  // namespace junctor::plugin
