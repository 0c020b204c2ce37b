// The dump format of Lua 5.4 (ldump.c, lopcodes.h): 7-bit counts with the high bit on the last
// byte, strings as size + 1, instructions of 32 bits.
#include "script/bytecode.h"

#include <cstdint>
#include <cstring>

namespace junctor::script {
namespace {

constexpr uint32_t kGetTabUp = 11;  // R[A] := UpValue[B][K[C]]
constexpr uint32_t kSetTabUp = 15;  // UpValue[A][K[B]] := RK(C)
constexpr uint32_t kTailCall = 69;
constexpr uint32_t kReturn = 70;  // RETURN, RETURN0, RETURN1
constexpr uint32_t kReturn1 = 72;
constexpr int kAbsLine = -0x80;  // lineinfo: the line stands in abslineinfo
constexpr int kNestingMax = 200;

struct Function {
  int line = 0;
  bool vararg = false;
  std::vector<uint32_t> code;
  std::vector<std::string> constants;  // "" for all but texts
  std::vector<std::string> upvalues;
  std::vector<int> lines;  // by instruction
};

class DumpReader {
 public:
  explicit DumpReader(std::string_view bytes) : bytes_(bytes) {}

  bool read(ChunkFacts& facts) {
    // signature, version 5.4, format 0, data, sizes 4 8 8, then an integer and a number
    constexpr std::string_view kHeader("\x1bLua\x54\0\x19\x93\r\n\x1a\n\x04\x08\x08", 15);
    if (!bytes_.starts_with(kHeader)) return false;
    bytes_.remove_prefix(kHeader.size());
    skip(16 + 1);  // the two sample values, the number of upvalues
    return function(facts, 0) && ok_ && bytes_.empty();
  }

 private:
  void skip(size_t count) {
    if (count > bytes_.size()) return fail();
    bytes_.remove_prefix(count);
  }
  void fail() {
    ok_ = false;
    bytes_ = {};
  }
  uint8_t byte() {
    if (bytes_.empty()) return fail(), 0;
    const auto value = static_cast<uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }
  size_t count() {
    size_t value = 0;
    for (int i = 0; i < 10; ++i) {
      const uint8_t next = byte();
      value = value << 7 | (next & 0x7f);
      if ((next & 0x80) != 0) return value;
    }
    return fail(), 0;
  }
  std::string text() {
    const size_t size = count();
    if (size == 0 || size - 1 > bytes_.size()) {
      if (size != 0) fail();
      return {};
    }
    std::string value(bytes_.substr(0, size - 1));
    bytes_.remove_prefix(size - 1);
    return value;
  }

  void code(Function& f) {
    const size_t size = count();
    if (size > bytes_.size() / 4) return fail();
    f.code.resize(size);
    std::memcpy(f.code.data(), bytes_.data(), size * 4);
    skip(size * 4);
  }

  void constants(Function& f) {
    const size_t size = count();
    for (size_t i = 0; ok_ && i < size; ++i) {
      std::string value;
      switch (byte()) {
        case 0x03:  // integer
        case 0x13:  // float
          skip(8);
          break;
        case 0x04:
        case 0x14:
          value = text();
          break;
        case 0x00:
        case 0x01:
        case 0x11:
          break;
        default:
          return fail();
      }
      f.constants.push_back(std::move(value));
    }
  }

  void debug(Function& f) {
    const size_t lines = count();
    if (lines > bytes_.size()) return fail();
    const std::string_view deltas = bytes_.substr(0, lines);
    skip(lines);
    std::vector<int> absolute;
    const size_t entries = count();
    for (size_t i = 0; ok_ && i < entries; ++i) {
      count();
      absolute.push_back(static_cast<int>(count()));
    }
    size_t next = 0;
    int line = f.line;
    for (const char delta : deltas) {
      if (delta == kAbsLine) {
        if (next >= absolute.size()) return fail();
        line = absolute[next++];
      } else {
        line += delta;
      }
      f.lines.push_back(line);
    }
    const size_t locals = count();
    for (size_t i = 0; ok_ && i < locals; ++i) {
      text();
      count();
      count();
    }
    const size_t names = count();
    for (size_t i = 0; ok_ && i < names; ++i) f.upvalues.push_back(text());
  }

  bool function(ChunkFacts& facts, int depth) {
    if (depth > kNestingMax) return false;
    Function f;
    text();  // source
    f.line = static_cast<int>(count());
    count();
    skip(1);  // parameters
    f.vararg = byte() != 0;
    skip(1);  // stack size
    code(f);
    constants(f);
    skip(count() * 3);  // where upvalues are
    const size_t nested = count();
    for (size_t i = 0; ok_ && i < nested; ++i) {
      if (!function(facts, depth + 1)) return false;
    }
    debug(f);
    if (ok_) collect(f, facts);
    return ok_;
  }

  static std::string constantOf(const Function& f, uint32_t index) {
    return index < f.constants.size() ? f.constants[index] : "";
  }

  // The return that ends every function is never reached behind one that was written, nor is the
  // one behind a tail call.
  static bool unreachable(const Function& f, size_t i) {
    if (i == 0) return false;
    const uint32_t before = f.code[i - 1] & 0x7f;
    if (before == kTailCall) return true;
    return i + 1 == f.code.size() && before >= kReturn && before <= kReturn1;
  }

  static void collect(const Function& f, ChunkFacts& facts) {
    for (size_t i = 0; i < f.code.size() && i < f.lines.size(); ++i) {
      const bool prologue = i == 0 && f.vararg;  // no line event for it
      if (!prologue && !unreachable(f, i)) facts.lines.insert(f.lines[i]);
      const uint32_t op = f.code[i] & 0x7f;
      if (op != kGetTabUp && op != kSetTabUp) continue;
      const uint32_t a = f.code[i] >> 7 & 0xff;
      const uint32_t b = f.code[i] >> 16 & 0xff;
      const uint32_t c = f.code[i] >> 24 & 0xff;
      const bool write = op == kSetTabUp;
      const uint32_t upvalue = write ? a : b;
      if (upvalue >= f.upvalues.size() || f.upvalues[upvalue] != "_ENV") continue;
      facts.globals.push_back({constantOf(f, write ? b : c), f.lines[i], write});
    }
  }

  std::string_view bytes_;
  bool ok_ = true;
};

int append(lua_State*, const void* bytes, size_t size, void* out) {
  static_cast<std::string*>(out)->append(static_cast<const char*>(bytes), size);
  return 0;
}

}  // namespace

std::optional<ChunkFacts> inspectChunk(lua_State* L) {
  std::string dump;
  if (lua_dump(L, append, &dump, 0) != 0) return std::nullopt;
  ChunkFacts facts;
  if (!DumpReader(dump).read(facts)) return std::nullopt;
  return facts;
}

}  // namespace junctor::script
