// What `rule check` finds in scripts that compile, and the files that describe the API to editors.
#include "script/lint.h"

#include "base/files.h"
#include "script_fixture.h"

namespace junctor::script {
namespace {

std::string lintOf(const std::string& source) {
  std::string all;
  for (const RuleProblem& problem : lintRules(*mustCompile(source))) all += problem.message + "\n";
  return all;
}

std::string routesOf(const std::string& rules, const std::string& fanout = "all") {
  return "return jn.route { fanout = '" + fanout + "', rules = {\n" + rules + "\n} }";
}

std::string textOf(const std::string& path) {
  auto text = readFile(JUNCTOR_SOURCE_DIR + path);
  REQUIRE(text);
  return *text;
}

TEST_CASE("unknown globals are found with their line, in nested functions too", "[script][lint]") {
  CHECK(lintOf(normalizerOf("if ev.never then\n return function() return os.time() end end")) ==
        "rule@v1:3: unknown name 'os'\n");
  CHECK(lintOf(normalizerOf("local s = strng.upper('x') return { s = s, m = jn.lower('A') }")) ==
        "rule@v1:2: unknown name 'strng'\n");
}

TEST_CASE("globals that the script sets itself are no finding", "[script][lint]") {
  CHECK(lintOf("function helper(x) return x end\n" +
               normalizerOf("return { v = helper(1), s = ('x'):rep(2) }")) == "");
}

TEST_CASE("a global beyond 255 constants is left unsaid rather than wrongly told",
          "[script][lint]") {
  std::string body = "local t = {";
  for (int i = 0; i < 300; ++i) body += "'c" + std::to_string(i) + "',";
  CHECK(lintOf(normalizerOf(body + "} return { n = #t, s = string.rep('x', 2) }")) == "");
}

TEST_CASE("routes behind one that takes all they match are never reached", "[script][lint]") {
  const std::string all =
      "{ name = 'all', priority = 9, when = { type = 'ticket.*' }, stop = true, to = 'a' },";
  const auto behind = [&](const std::string& when) {
    return lintOf(routesOf(all + "{ name = 'late', when = " + when + ", to = 'b' }"));
  };
  CHECK(behind("{ type = 'ticket.opened' }").find("rule 'late' is never reached: 'all'") !=
        std::string::npos);
  CHECK(behind("{ type = { 'ticket.a', 'ticket.b' }, p = 1 }").find("never reached") !=
        std::string::npos);
  CHECK(behind("{ type = 'push' }") == "");
  CHECK(behind("{ type = '*.opened' }") == "");
  CHECK(behind("{}") == "");

  const std::string asking =
      "{ name = 'some', priority = 9, when = { type = 'a' }, stop = true,\n"
      " where = function() return false end, to = 'a' },";
  CHECK(lintOf(routesOf(asking + "{ name = 'x', when = { type = 'a' }, to = 'b' }")) == "");
  const std::string two =
      "{ name = 'a', when = {}, to = 'a' }, { name = 'b', when = {}, to = 'b' }";
  CHECK(lintOf(routesOf(two)) == "");
  CHECK(lintOf(routesOf(two, "first")).find("'b' is never reached") != std::string::npos);
}

TEST_CASE("the shipped .luacheckrc is what the API says", "[script][lint]") {
  CHECK(textOf("/sdk/lua/.luacheckrc") == luacheckrc());
}

TEST_CASE("the definitions for editors name every function there is, and no other",
          "[script][lint]") {
  const std::string definitions = textOf("/sdk/lua/jn.d.lua");
  const auto api = ruleApi();
  for (const auto& [library, prefix] :
       {std::pair{"jn", "jn."}, std::pair{"t", "jn.T."}, std::pair{"f", "jn.F."}}) {
    std::set<std::string> declared;
    const std::string start = std::string("\nfunction ") + prefix;
    for (size_t at = definitions.find(start); at != std::string::npos;
         at = definitions.find(start, at + 1)) {
      const size_t from = at + start.size();
      const std::string name = definitions.substr(from, definitions.find('(', from) - from);
      if (name.find('.') == std::string::npos) declared.insert(name);
    }
    if (library == std::string("jn")) declared.insert("null");  // a value
    INFO(library);
    CHECK(declared == api.at(library));
  }
}

}  // namespace
}  // namespace junctor::script
