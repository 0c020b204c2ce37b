#include "base/json_doc.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <bit>
#include <cstring>

#include "base/bytes.h"
#include "base/limits.h"

namespace junctor {
namespace {

using simdjson::dom::element;

// JsonView keeps a simdjson element as two plain words, so that no header needs simdjson.
struct Words {
  const void* document;
  size_t index;
};
static_assert(sizeof(element) == sizeof(Words) && std::is_trivially_copyable_v<element>);

element elementOf(const void* document, size_t index) {
  return std::bit_cast<element>(Words{document, index});
}

template <class It>
It iteratorOf(const void* document, size_t index) {
  static_assert(sizeof(It) == sizeof(Words) && std::is_trivially_copyable_v<It>);
  return std::bit_cast<It>(Words{document, index});
}

template <class T>
std::optional<T> numberAs(element value) {
  T number{};
  if (value.get<T>().get(number) != simdjson::SUCCESS) return std::nullopt;
  return number;
}

// End of the JSON number that starts at `i`, or `i` if there is none.
size_t numberEnd(std::string_view text, size_t i) {
  const size_t start = i;
  const auto digits = [&] {
    const size_t first = i;
    while (i < text.size() && isDigit(text[i])) ++i;
    return i > first;
  };
  if (i < text.size() && text[i] == '-') ++i;
  const bool zero = i < text.size() && text[i] == '0';
  if (zero) {
    ++i;
  } else if (!digits()) {
    return start;
  }
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (!digits()) return start;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (!digits()) return start;
  }
  return i;
}

bool parsesAlone(std::string_view literal) {
  simdjson::dom::parser parser;
  element ignored;
  return parser.parse(simdjson::padded_string(literal)).get(ignored) == simdjson::SUCCESS;
}

// Quotes the number literals that fit neither 64 bits nor a double; all else stays as it is.
std::string quoteOversizedNumbers(std::string_view text) {
  constexpr size_t kAlwaysFits = 16;  // digits
  std::string out;
  bool in_string = false;
  for (size_t i = 0; i < text.size();) {
    if (in_string) {
      const size_t step = text[i] == '\\' && i + 1 < text.size() ? 2 : 1;
      if (text[i] == '"') in_string = false;
      out.append(text, i, step);
      i += step;
      continue;
    }
    const size_t end = text[i] == '-' || isDigit(text[i]) ? numberEnd(text, i) : i;
    if (end == i) {
      if (text[i] == '"') in_string = true;
      out.push_back(text[i++]);
      continue;
    }
    const std::string_view literal = text.substr(i, end - i);
    const bool suspicious =
        literal.size() > kAlwaysFits || literal.find_first_of("eE") != literal.npos;
    const bool quote = suspicious && !parsesAlone(literal);
    if (quote) out.push_back('"');
    out.append(literal);
    if (quote) out.push_back('"');
    i = end;
  }
  return out;
}

bool numberProblem(simdjson::error_code code) {
  return code == simdjson::NUMBER_ERROR || code == simdjson::NUMBER_OUT_OF_RANGE;
}

}  // namespace

struct JsonDoc::Impl {
  simdjson::dom::parser parser;
  std::unique_ptr<char[]> buffer;
  size_t capacity = 0;
  JsonView root;

  simdjson::error_code parse(std::string_view text, element& out) {
    const size_t needed = text.size() + simdjson::SIMDJSON_PADDING;
    if (needed > capacity) {
      capacity = std::max<size_t>(needed * 3 / 2, 16 * 1024);
      buffer = std::make_unique<char[]>(capacity);
      if (const auto code = parser.allocate(capacity, limits::kJsonDepthMax)) return code;
    }
    if (!text.empty()) std::memcpy(buffer.get(), text.data(), text.size());
    std::memset(buffer.get() + text.size(), 0, simdjson::SIMDJSON_PADDING);
    return parser.parse(buffer.get(), text.size(), false).get(out);
  }
};

JsonDoc::JsonDoc() : impl_(std::make_unique<Impl>()) {}
JsonDoc::~JsonDoc() = default;
JsonDoc::JsonDoc(JsonDoc&&) noexcept = default;
JsonDoc& JsonDoc::operator=(JsonDoc&&) noexcept = default;

Result<JsonView> JsonDoc::parse(std::string_view text) {
  impl_->root = JsonView();
  element value;
  auto code = impl_->parse(text, value);
  if (numberProblem(code)) code = impl_->parse(quoteOversizedNumbers(text), value);
  if (code != simdjson::SUCCESS) {
    return invalidArgument(fmt::format("not valid JSON: {}", simdjson::error_message(code)));
  }
  const auto words = std::bit_cast<Words>(value);
  impl_->root = JsonView(words.document, words.index);
  return impl_->root;
}

JsonView JsonDoc::root() const {
  return impl_->root;
}

Result<void> checkJson(std::string_view text) {
  thread_local JsonDoc document;
  JUNCTOR_CHECK(document.parse(text));
  return {};
}

JsonType JsonView::type() const {
  if (!valid()) return JsonType::Null;
  switch (elementOf(document_, index_).type()) {
    case simdjson::dom::element_type::ARRAY:
      return JsonType::Array;
    case simdjson::dom::element_type::OBJECT:
      return JsonType::Object;
    case simdjson::dom::element_type::INT64:
      return JsonType::Int;
    case simdjson::dom::element_type::UINT64:
      return JsonType::Uint;
    case simdjson::dom::element_type::DOUBLE:
      return JsonType::Double;
    case simdjson::dom::element_type::STRING:
      return JsonType::String;
    case simdjson::dom::element_type::BOOL:
      return JsonType::Bool;
    case simdjson::dom::element_type::NULL_VALUE:
      return JsonType::Null;
  }
  return JsonType::Null;
}

std::string_view JsonView::asString() const {
  std::string_view text;
  if (!valid() || elementOf(document_, index_).get(text) != simdjson::SUCCESS) return {};
  return text;
}
std::optional<int64_t> JsonView::asInt() const {
  return valid() ? numberAs<int64_t>(elementOf(document_, index_)) : std::nullopt;
}
std::optional<uint64_t> JsonView::asUint() const {
  return valid() ? numberAs<uint64_t>(elementOf(document_, index_)) : std::nullopt;
}
std::optional<double> JsonView::asDouble() const {
  return valid() ? numberAs<double>(elementOf(document_, index_)) : std::nullopt;
}
std::optional<bool> JsonView::asBool() const {
  return valid() ? numberAs<bool>(elementOf(document_, index_)) : std::nullopt;
}

JsonView JsonView::find(std::string_view key) const {
  element found;  // at_key() of anything but an object is an error
  if (!valid() || elementOf(document_, index_).at_key(key).get(found) != simdjson::SUCCESS) {
    return {};
  }
  const auto words = std::bit_cast<Words>(found);
  return {words.document, words.index};
}

JsonView JsonView::pointer(std::string_view pointer) const {
  element found;
  if (!valid() ||
      elementOf(document_, index_).at_pointer(pointer).get(found) != simdjson::SUCCESS) {
    return {};
  }
  const auto words = std::bit_cast<Words>(found);
  return {words.document, words.index};
}

JsonView JsonView::at(size_t index) const {
  element found;
  if (!valid() || elementOf(document_, index_).at(index).get(found) != simdjson::SUCCESS) {
    return {};
  }
  const auto words = std::bit_cast<Words>(found);
  return {words.document, words.index};
}

size_t JsonView::size() const {
  if (!valid()) return 0;
  const element value = elementOf(document_, index_);
  if (simdjson::dom::array array; value.get(array) == simdjson::SUCCESS) return array.size();
  if (simdjson::dom::object object; value.get(object) == simdjson::SUCCESS) return object.size();
  return 0;
}

std::string JsonView::dump() const {
  return valid() ? simdjson::minify(elementOf(document_, index_)) : "null";
}

std::string JsonView::scalarText() const {
  if (!valid()) return {};
  switch (type()) {
    case JsonType::String:
      return std::string(asString());
    case JsonType::Array:
    case JsonType::Object:
    case JsonType::Null:
      return {};
    default:
      return dump();
  }
}

JsonView::Iterator JsonView::begin() const {
  Iterator it;
  if (!valid()) return it;
  const element value = elementOf(document_, index_);
  const auto start = [&it](auto first, auto last) {
    const auto from = std::bit_cast<Words>(first);
    it.document_ = from.document;
    it.position_ = from.index;
    it.stop_ = std::bit_cast<Words>(last).index;
  };
  if (simdjson::dom::object object; value.get(object) == simdjson::SUCCESS) {
    it.object_ = true;
    start(object.begin(), object.end());
  } else if (simdjson::dom::array array; value.get(array) == simdjson::SUCCESS) {
    start(array.begin(), array.end());
  }
  it.load();
  return it;
}

JsonView::Iterator JsonView::end() const {
  Iterator it;
  it.position_ = begin().stop_;
  return it;
}

void JsonView::Iterator::load() {
  if (position_ == stop_) return;
  element value;
  if (object_) {
    const auto it = iteratorOf<simdjson::dom::object::iterator>(document_, position_);
    key_ = it.key();
    value = it.value();
  } else {
    value = *iteratorOf<simdjson::dom::array::iterator>(document_, position_);
  }
  const auto words = std::bit_cast<Words>(value);
  value_ = JsonView(words.document, words.index);
}

JsonView::Iterator& JsonView::Iterator::operator++() {
  if (object_) {
    auto it = iteratorOf<simdjson::dom::object::iterator>(document_, position_);
    ++it;
    position_ = std::bit_cast<Words>(it).index;
  } else {
    auto it = iteratorOf<simdjson::dom::array::iterator>(document_, position_);
    ++it;
    position_ = std::bit_cast<Words>(it).index;
  }
  load();
  return *this;
}

}  // namespace junctor
