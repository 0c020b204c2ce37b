#include "base/json_doc.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_map>

#include "base/bytes.h"
#include "base/json_numbers.h"
#include "base/json_writer.h"
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

// Written with a point or an exponent; is_double() holds for integers too.
bool isDecimal(element value) {
  return value.type() == simdjson::dom::element_type::DOUBLE;
}

bool numberProblem(simdjson::error_code code) {
  return code == simdjson::NUMBER_ERROR || code == simdjson::NUMBER_OUT_OF_RANGE;
}

std::string quoted(std::string_view text) {
  std::string out;
  appendJsonString(out, text);
  return out;
}

// An image: these, then the tape, then the texts, then the source.
struct ImageHead {
  uint64_t tape_words, text_bytes, source_bytes, index;

  static uint64_t whole(uint64_t bytes) { return (bytes + 7) / 8 * 8; }
  uint64_t size() const {
    return sizeof(ImageHead) + tape_words * 8 + whole(text_bytes) + whole(source_bytes);
  }
};

using simdjson::dom::document;

// Tags of words of the tape; a number's value is the word behind its tag.
constexpr uint64_t kNumberTags[] = {uint64_t{'l'} << 56, uint64_t{'u'} << 56, uint64_t{'d'} << 56};

bool isNumberTag(uint64_t word) {
  return std::find(std::begin(kNumberTags), std::end(kNumberTags), word) != std::end(kNumberTags);
}

// The word is a number's value, not a tag: before it stands an odd row of number's tags, of which
// each second one is a value that looks like one.
bool isNumberValue(const uint64_t* tape, size_t at) {
  size_t row = 0;
  while (row < at && isNumberTag(tape[at - 1 - row])) ++row;
  return row % 2 == 1;
}

// Texts are written in the order of the tape, so the last one is the end of them.
size_t textBytes(const document& doc, size_t words) {
  const uint64_t* tape = doc.tape.get();
  for (size_t at = words; at-- > 0;) {
    if (tape[at] >> 56 != uint64_t{'"'} || isNumberValue(tape, at)) continue;
    const size_t start = tape[at] & ((uint64_t{1} << 56) - 1);
    uint32_t size = 0;
    std::memcpy(&size, doc.string_buf.get() + start, sizeof size);
    return start + sizeof size + size + 1;
  }
  return 0;
}

// A document, and those of its decimals that a double does not hold, found when the first decimal
// is looked at: most documents have none, and nobody looks.
struct Document : document {
  std::string_view text;  // it was made of
  bool settled = true;
  std::unordered_map<size_t, std::string> literals;  // by place on the tape

  const std::string* literal(size_t index) {
    if (!settled) settle();
    if (literals.empty()) return nullptr;
    const auto found = literals.find(index);
    return found == literals.end() ? nullptr : &found->second;
  }

  // Numbers stand on the tape in the order of the text.
  void settle() {
    settled = true;
    literals.clear();
    size_t at = 1;
    const auto next = [&] {
      while (!isNumberTag(tape[at])) ++at;
      const size_t found = at;
      at += 2;
      return found;
    };
    eachJsonNumber(
        text,
        [&](std::string_view one) {
          const size_t place = next();
          const bool decimal = tape[place] == kNumberTags[2];
          if (decimal && !keptExactly(one)) literals.emplace(place, one);
        },
        [](std::string_view) {});
  }
};

Document& documentOf(const void* of) {
  return *static_cast<Document*>(static_cast<document*>(const_cast<void*>(of)));
}

ImageHead imageHead(const void* of, size_t index) {
  const Document& doc = documentOf(of);
  const size_t words = doc.tape[0] & ((uint64_t{1} << 56) - 1);
  return {words, textBytes(doc, words), doc.text.size(), index};
}

}  // namespace

struct JsonDoc::Impl {
  ~Impl() { closeImage(); }
  void closeImage() {
    (void)image.tape.release();  // never its own
    (void)image.string_buf.release();
  }

  Document parsed;
  Document image;  // what openImage() reads
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
      if (const auto code = parsed.allocate(capacity)) return code;
    }
    if (!text.empty()) std::memcpy(buffer.get(), text.data(), text.size());
    std::memset(buffer.get() + text.size(), 0, simdjson::SIMDJSON_PADDING);
    parsed.text = {buffer.get(), text.size()};
    parsed.settled = false;
    return parser.parse_into_document(parsed, buffer.get(), text.size(), false).get(out);
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

Result<JsonView> JsonDoc::openImage(std::string_view image) {
  impl_->root = JsonView();
  impl_->closeImage();
  ImageHead head{};
  if (image.size() < sizeof head) return invalidArgument("no image of a document");
  std::memcpy(&head, image.data(), sizeof head);
  const bool fits = head.tape_words >= 3 && head.tape_words <= image.size() / 8 &&
                    head.text_bytes <= image.size() && head.source_bytes <= image.size() &&
                    head.index < head.tape_words && head.size() <= image.size();
  if (!fits) return invalidArgument("no image of a document");
  // Only ever read, though the library has no type for that.
  char* tape = const_cast<char*>(image.data()) + sizeof head;
  char* texts = tape + head.tape_words * 8;
  impl_->image.tape.reset(reinterpret_cast<uint64_t*>(tape));
  impl_->image.string_buf.reset(reinterpret_cast<uint8_t*>(texts));
  impl_->image.text = {texts + ImageHead::whole(head.text_bytes), head.source_bytes};
  impl_->image.settled = false;
  impl_->image.literals.clear();
  impl_->root = JsonView(&impl_->image, head.index);
  return impl_->root;
}

void JsonDoc::settle() {
  if (!impl_->parsed.settled) impl_->parsed.settle();
}

size_t JsonView::imageBytes() const {
  return valid() ? imageHead(document_, index_).size() : 0;
}

void JsonView::writeImage(char* out) const {
  const Document& doc = documentOf(document_);
  const ImageHead head = imageHead(document_, index_);
  const auto put = [&out](const void* bytes, size_t size) {
    if (size > 0) std::memcpy(out, bytes, size);
    out += ImageHead::whole(size);
  };
  put(&head, sizeof head);
  put(doc.tape.get(), head.tape_words * 8);
  put(doc.string_buf.get(), head.text_bytes);
  put(doc.text.data(), head.source_bytes);
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
      return documentOf(document_).literal(index_) ? JsonType::String : JsonType::Double;
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
  if (!valid()) return {};
  const element value = elementOf(document_, index_);
  if (value.get(text) == simdjson::SUCCESS) return text;
  if (!isDecimal(value)) return {};
  const std::string* literal = documentOf(document_).literal(index_);
  return literal ? *literal : std::string_view();
}
std::optional<int64_t> JsonView::asInt() const {
  return valid() ? numberAs<int64_t>(elementOf(document_, index_)) : std::nullopt;
}
std::optional<uint64_t> JsonView::asUint() const {
  return valid() ? numberAs<uint64_t>(elementOf(document_, index_)) : std::nullopt;
}
std::optional<double> JsonView::asDouble() const {
  if (!valid() || type() == JsonType::String) return std::nullopt;
  return numberAs<double>(elementOf(document_, index_));
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
  if (!valid()) return "null";
  const element value = elementOf(document_, index_);
  const bool container = value.is_array() || value.is_object();
  Document& whole = documentOf(document_);
  if ((container || isDecimal(value)) && !whole.settled) whole.settle();
  if (whole.literals.empty()) return simdjson::minify(value);
  if (!container) return type() == JsonType::String ? quoted(asString()) : simdjson::minify(value);
  std::string out = value.is_array() ? "[" : "{";
  for (auto it = begin(), last = end(); it != last; ++it) {
    if (out.size() > 1) out += ',';
    if (value.is_object()) out += quoted(it.key()) + ':';
    out += (*it).dump();
  }
  return out += value.is_array() ? ']' : '}';
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
