// Our string functions against Lua's own, on random patterns and texts. The stock library runs in
// a plain state of this test; ours in the sandbox.
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include <memory>

#include "base/json_writer.h"
#include "base/random.h"
#include "script_fixture.h"

namespace junctor::script {
namespace {

// Runs over `ev.cases`, a list of {text, pattern}, and shows all that the functions answer.
const char* const kBody = R"lua(
  local function show(ok, ...)
    if not ok then return "error" end  -- the words differ
    local all = {}
    for i = 1, select("#", ...) do all[i] = tostring((select(i, ...))) end
    return table.concat(all, "|")
  end
  local function each(text, pattern)
    local all = {}
    for a, b in string.gmatch(text, pattern) do
      all[#all + 1] = tostring(a) .. ";" .. tostring(b)
    end
    return table.concat(all, ",")
  end
  local out = {}
  for i, case in ipairs(ev.cases) do
    local t, p = case[1], case[2]
    out[i] = table.concat({ show(pcall(string.find, t, p)), show(pcall(string.match, t, p, 2)),
      show(pcall(string.gsub, t, p, "<%0>")), show(pcall(string.gsub, t, p, "%1", 2)),
      show(pcall(each, t, p)), show(pcall(string.find, t, p, -2, true)) }, " # ")
  end
)lua";

std::string randomText(Random& random, std::string_view alphabet, size_t size_max) {
  std::string text;
  for (size_t n = random.next() % (size_max + 1); n > 0; --n) {
    text += alphabet[random.next() % alphabet.size()];
  }
  return text;
}

std::string randomPattern(Random& random) {
  constexpr std::string_view kPieces[] = {
      "a",    "b",      ".",     "%a",  "%d",   "[ab]", "[^a]", "[a-c]", "%s",   "%W",
      "*",    "+",      "-",     "?",   "(",    ")",    "()",   "^",     "$",    "%1",
      "%b()", "%f[%w]", "[%w_]", "[]]", "[^]]", "[",    "]",    "%%",    "[a-]", "%x"};
  std::string pattern = random.next() % 4 == 0 ? "^" : "";
  int open = 0;
  for (size_t n = 1 + random.next() % 6; n > 0; --n) {
    const std::string_view piece = kPieces[random.next() % std::size(kPieces)];
    open += piece == "(" ? 1 : piece == ")" ? -1 : 0;
    pattern += piece;
  }
  // A capture left open is an error for us at once, for the stock gsub only when it is used.
  for (; open > 0; --open) pattern += ')';
  if (open == 0 && random.next() % 20 == 0) pattern += '%';
  return pattern;
}

std::string randomCases(Random& random, int count) {
  JsonWriter writer;
  writer.beginObject().key("cases").beginArray();
  for (int i = 0; i < count; ++i) {
    writer.beginArray().string(randomText(random, "aabb1 ()_-", 10)).string(randomPattern(random));
    writer.endArray();
  }
  writer.endArray().endObject();
  return std::move(writer).take();
}

// The answers of the stock library, joined by newlines.
std::string stock(JsonView cases) {
  const std::unique_ptr<lua_State, decltype(&lua_close)> state(luaL_newstate(), &lua_close);
  lua_State* L = state.get();
  luaL_openlibs(L);
  lua_newtable(L);
  lua_newtable(L);
  for (size_t i = 0; i < cases.size(); ++i) {
    lua_newtable(L);
    for (size_t k = 0; k < 2; ++k) {
      const std::string_view text = cases.at(i).at(k).asString();
      lua_pushlstring(L, text.data(), text.size());
      lua_rawseti(L, -2, static_cast<lua_Integer>(k + 1));
    }
    lua_rawseti(L, -2, static_cast<lua_Integer>(i + 1));
  }
  lua_setfield(L, -2, "cases");
  lua_setglobal(L, "ev");
  const std::string source = std::string(kBody) + "\nreturn table.concat(out, '\\n')";
  REQUIRE(luaL_dostring(L, source.c_str()) == LUA_OK);
  return lua_tostring(L, -1);
}

std::string ours(const Ruleset& rules, const std::string& payload) {
  Stage stage(payload);
  RuleBudget ample;
  ample.fuel = INT64_MAX / 2;
  ample.wall_ms = 60'000;
  const auto ran = makeRuleRunner(ample)->normalize(rules, stage.event, stage.payload);
  if (ran.error) return "error: " + ran.error->message;
  JsonDoc document;
  return std::string(document.parse(stage.event.data_json)->find("out").asString());
}

void comparePatterns(uint64_t seed, int rounds) {
  const auto rules =
      mustCompile(normalizerOf(std::string(kBody) + "\nreturn { out = table.concat(out, '\\n') }"));
  SeededRandom random(seed);
  for (int round = 0; round < rounds; ++round) {
    const std::string payload = randomCases(random, 300);
    JsonDoc document;
    const auto root = document.parse(payload);
    REQUIRE(root);
    const std::string expected = stock(root->find("cases"));
    const std::string actual = ours(*rules, payload);
    size_t line = 0;
    size_t a = 0;
    size_t b = 0;
    while (expected != actual && a < expected.size()) {
      const size_t a_end = std::min(expected.find('\n', a), expected.size());
      const size_t b_end = std::min(actual.find('\n', b), actual.size());
      if (expected.substr(a, a_end - a) != actual.substr(b, b_end - b)) {
        FAIL("case " << root->find("cases").at(line).dump() << "\n stock "
                     << expected.substr(a, a_end - a) << "\n ours  "
                     << actual.substr(b, b_end - b));
      }
      a = a_end + 1;
      b = b_end + 1;
      ++line;
    }
    CHECK(expected == actual);
  }
}

}  // namespace

TEST_CASE("patterns answer as Lua's own do", "[script][fuzz]") {
  comparePatterns(20261121, 30);
}

TEST_CASE("millions of patterns answer as Lua's own do", "[.][fuzz-long]") {
  for (uint64_t seed = 1; seed <= 100; ++seed) comparePatterns(seed, 100);
}

}  // namespace junctor::script
