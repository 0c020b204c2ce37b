// One call of the test host: its arena, its documents and writers, and what it collected.
#ifndef JUNCTOR_TESTING_CALL_HPP
#define JUNCTOR_TESTING_CALL_HPP

#include <junctor/junctor.h>

#include <cstring>
#include <deque>
#include <junctor/testing/codec.hpp>
#include <junctor/testing/json_value.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace jnc::testing {

inline std::string textOf(const jn_str& view) {
  return view.ptr ? std::string(view.ptr, view.len) : std::string();
}

// An event, copied; the JSON members are text.
struct Event {
  std::string type, id, resource_type, resource_id, actor, data, payload, metadata;
  int64_t occurred_ms = 0;
  std::optional<int64_t> sequence;
};

// What a call came to.
struct Outcome {
  jn_status status = JN_OK;
  std::string message, code;  // of fail()
  uint32_t http_status = 0;
  uint64_t retry_after_ms = 0;
  std::vector<Event> events;                    // of handle
  std::string result, external_id, result_url;  // of execute
  bool ok() const { return status == JN_OK; }
};

// Bytes with nothing after them, so that a sanitizer sees a read beyond; wiped at the end, so that
// a view that was kept is seen too.
class Exact {
 public:
  explicit Exact(const std::string& text) : size_(text.size()), bytes_(new char[text.size()]) {
    std::memcpy(bytes_.get(), text.data(), size_);
  }
  Exact(Exact&&) = default;
  ~Exact() {
    if (bytes_) std::memset(bytes_.get(), 0xDD, size_);
  }
  jn_str view() const { return {size_ ? bytes_.get() : nullptr, size_}; }

 private:
  size_t size_;
  std::unique_ptr<char[]> bytes_;
};

class Writer {
 public:
  bool in_use = false;
  void open(bool object) {
    if (!value()) return;
    out_ += object ? '{' : '[';
    levels_.push_back({object, false, true});
  }
  void close() {
    if (levels_.empty() || levels_.back().key_written) {
      broken_ = true;
      return;
    }
    out_ += levels_.back().object ? '}' : ']';
    levels_.pop_back();
  }
  void key(std::string_view name) {
    if (levels_.empty() || !levels_.back().object || levels_.back().key_written) {
      broken_ = true;
      return;
    }
    comma();
    out_ += quoted(cleanText(name)) + ':';
    levels_.back().key_written = true;
  }
  void raw(const std::string& json) {
    if (value()) out_ += json;
  }
  std::optional<std::string> end() {
    if (broken_ || !done_ || !levels_.empty()) return std::nullopt;
    return out_;
  }

 private:
  struct Level {
    bool object, key_written, first;
  };
  void comma() {
    if (!levels_.back().first) out_ += ',';
    levels_.back().first = false;
  }
  bool value() {
    const bool expected =
        levels_.empty() ? !done_ : !levels_.back().object || levels_.back().key_written;
    if (!expected) broken_ = true;
    if (broken_) return false;
    if (levels_.empty()) {
      done_ = true;
    } else if (levels_.back().object) {
      levels_.back().key_written = false;
    } else {
      comma();
    }
    return true;
  }
  std::string out_;
  std::vector<Level> levels_;
  bool done_ = false, broken_ = false;
};

class Host;
class Call;

// What a jn_json_writer points to.
struct OpenWriter {
  Writer writer;
  Call* call;
};

class Call {
 public:
  Call(Host& host, uint32_t flags);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  static Call& of(const jn_call* call) { return *static_cast<Call*>(call->ctx); }
  const jn_call* raw() const { return &raw_; }
  Host& host() { return host_; }

  void* allocate(size_t size, size_t align);
  jn_status keep(const std::string& text, jn_str* out);
  jn_status keepMap(const std::vector<std::pair<std::string, std::string>>& pairs, jn_map* out);
  bool cancelled();
  // JN_OK, or what every service answers once the call is over.
  jn_status gate(bool needs_network = false);
  jn_status parse(const std::string& text, jn_json_node* out);
  jn_json_writer* openWriter();

  Outcome outcome;
  jn_status refused = JN_OK;  // by a sink: fails the whole call

 private:
  static constexpr size_t kArenaBytesMax = 16 * 1024 * 1024;
  static constexpr size_t kDocumentsMax = 16, kWritersMax = 16;
  jn_call raw_{};
  Host& host_;
  std::vector<std::unique_ptr<char[]>> arena_;
  size_t arena_bytes_ = 0, allocations_ = 0, looks_ = 0;
  std::deque<Value> documents_;
  std::deque<OpenWriter> writers_;
};

}  // namespace jnc::testing

#endif
