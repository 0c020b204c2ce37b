// What steps ask and get, and what failures mean.
#include "steps/answers.h"

#include <catch2/catch.hpp>

#include "base/limits.h"

namespace junctor::steps {
namespace {

using End = StepResult::End;

TEST_CASE("a receiver's body is JSON where it is, else a text", "[steps]") {
  CHECK(bodyAnswer("") == "");
  CHECK(bodyAnswer(R"({ "n": 9007199254740993 })") == R"({"n":9007199254740993})");
  CHECK(bodyAnswer("1.10") == "1.10");
  CHECK(bodyAnswer("ok\n") == R"("ok\n")");
  CHECK(bodyAnswer("{broken") == R"("{broken")");
}

TEST_CASE("an act's answer is what the provider said and where it is", "[steps]") {
  const auto done = actResult(
      {200,
       R"({"integration":"x","action":"a","dry_run":false,"data":{"n":1},"external_id":"7"})"});
  CHECK(done.end == End::Done);
  CHECK(done.json == R"({"data":{"n":1},"id":"7"})");
}

TEST_CASE("what was not done for now is tried again, what is wrong is not", "[steps]") {
  for (const auto& [status, end] :
       {std::pair{429, End::Again}, std::pair{503, End::Again}, std::pair{424, End::Again},
        std::pair{500, End::Again}, std::pair{400, End::Never}, std::pair{404, End::Never},
        std::pair{409, End::Never}, std::pair{422, End::Never}, std::pair{502, End::Never}}) {
    INFO(status);
    const auto result = actResult(action::problem(status, "x", "why"));
    CHECK(result.end == end);
    CHECK(result.error == "why");
    CHECK(result.status == status);
  }
  auto busy = action::problem(409, "in-progress", "under way");
  busy.retry_after = std::chrono::seconds(1);
  CHECK(actResult(busy).end == End::Again);
  CHECK(actResult(busy).retry_after == std::chrono::seconds(1));
}

TEST_CASE("a prompt becomes messages, and what is given as such stays", "[steps]") {
  CHECK(*chatParams(
            R"({"model":"m","prompt":"p","system":"s","json":true,"seed":9007199254740993})") ==
        R"({"model":"m","response_format":{"type":"json_object"},"seed":9007199254740993,)"
        R"("messages":[{"role":"system","content":"s"},{"role":"user","content":"p"}]})");
  CHECK(*chatParams(R"({"model":"m","messages":[1],"json":false})") ==
        R"({"model":"m","messages":[1]})");
  CHECK_FALSE(chatParams("[]"));
}

TEST_CASE("a model's answer is its text, and the JSON in it", "[steps]") {
  const auto chat = [](const std::string& data) {
    return chatResult(StepResult::done("{\"data\":" + data + "}"));
  };
  CHECK(chat(R"({"choices":[{"message":{"content":"{\"a\":1}"}}],"usage":{"n":5}})").json ==
        R"({"text":"{\"a\":1}","json":{"a":1},"usage":{"n":5}})");
  CHECK(chat(R"({"choices":[{"message":{"content":"7"}}]})").json == R"({"text":"7"})");
  for (const char* data : {"{}", "[]", "null", R"({"choices":[]})", R"({"choices":[{}]})",
                           R"({"choices":[{"message":{"content":null}}]})"}) {
    INFO(data);
    CHECK(chat(data).end == End::Never);
  }
  CHECK(chatResult(actResult(action::problem(502, "x", "may be done"))).end == End::Again);
  CHECK(chatResult(actResult(action::problem(422, "x", "wrong"))).end == End::Never);
}

TEST_CASE("an answer longer than a flow keeps fails its step", "[steps]") {
  CHECK(StepResult::done(std::string(limits::kFlowResultBytesMax, 'x')).end == End::Done);
  CHECK(StepResult::done(std::string(limits::kFlowResultBytesMax + 1, 'x')).end == End::Never);
}

}  // namespace
}  // namespace junctor::steps
