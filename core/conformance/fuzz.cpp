// Fuzzing: rounds in batches, each batch in a child. The input of a round depends on seed and round
// alone, so the parent can make the fatal one again after the child has died of it.
#include <fmt/core.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <new>

#include "base/bytes.h"
#include "base/files.h"
#include "base/json_doc.h"
#include "base/json_value.h"
#include "conformance/child.h"
#include "conformance/loaded.h"
#include "conformance/mutate.h"

namespace junctor::conformance {
namespace {

constexpr uint64_t kBatch = 500;
constexpr int kBatchSeconds = 30;

// One input: settings for create, or a request for handle.
struct Input {
  bool settings = false;
  std::string fixture;
  Headers headers;
  std::string bytes;
};

Input inputOf(const Session& session, uint64_t seed, uint64_t round) {
  Mutator mutator(seed * 1'000'003 + round);
  const auto& list = session.fixtures().list;
  Input out;
  out.settings = list.empty() || mutator.below(8) == 0;
  if (out.settings) {
    out.bytes = mutator.change(session.fixtures().settings);
    return out;
  }
  const Fixture& fixture = list[mutator.below(list.size())];
  const auto delivery = fixture.deliver();
  out.fixture = fixture.name;
  if (delivery) {
    out.headers = delivery->headers;
    out.bytes = delivery->body;
  }
  if (mutator.below(16) == 0) {
    out.bytes = mutator.noise(mutator.below(4096));
  } else {
    out.bytes = mutator.change(out.bytes);
  }
  if (mutator.below(8) == 0 && !out.headers.empty()) {
    std::string& value = out.headers[mutator.below(out.headers.size())].second;
    value = mutator.change(value);
  }
  return out;
}

std::string statusProblem(jn_status status, const char* function) {
  const bool decent = status == JN_OK || status == JN_E_INVALID || status == JN_E_TOO_LARGE ||
                      status == JN_E_UNSUPPORTED;
  return decent ? "" : fmt::format("{} answers {}", function, statusText(status));
}

// "" if the connector took the input well.
std::string tryInput(Subject& subject, jn_instance* instance, const Input& input) {
  if (input.settings) {
    const Created made = subject.create(input.bytes);
    if (made.status == JN_OK && made.instance) subject.destroy(made.instance);
    if (made.status == JN_OK && !checkJson(input.bytes)) return "create takes what is no JSON";
    return statusProblem(made.status, "create");
  }
  Delivery delivery;
  delivery.headers = input.headers;
  delivery.body = input.bytes;
  const Handled handled = subject.handle(instance, GuardedRequest(delivery));
  if (handled.status == JN_OK && !handled.refused.empty()) {
    return "handle answers JN_OK though the sink refused: " + handled.refused;
  }
  return statusProblem(handled.status, "handle");
}

std::string inputAsText(const Input& input) {
  Json headers = Json::array();
  for (const auto& [name, value] : input.headers) {
    headers.push_back({{"name_base64", toBase64(name)}, {"value_base64", toBase64(value)}});
  }
  return dumpJson({{"kind", input.settings ? "settings" : "request"},
                   {"fixture", input.fixture},
                   {"headers", std::move(headers)},
                   {"bytes_base64", toBase64(input.bytes)}},
                  2) +
         "\n";
}

std::string decoded(const Json& json, const char* key) {
  if (!json.is_object() || !json.contains(key) || !json[key].is_string()) return {};
  return fromBase64(json[key].get<std::string>()).value_or("");
}

Result<Input> inputFrom(const std::string& path) {
  JUNCTOR_TRY(const std::string text, readFile(path));
  JUNCTOR_TRY(const Json json, parseJson(text));
  if (!json.is_object()) return invalidArgument(path + ": is no reproducer");
  Input out;
  out.settings = json.value("kind", Json()) == "settings";
  out.bytes = decoded(json, "bytes_base64");
  for (const Json& header : json.value("headers", Json::array())) {
    out.headers.emplace_back(decoded(header, "name_base64"), decoded(header, "value_base64"));
  }
  return out;
}

// Runs inputs of [first, last) in a child; `at` says which one is under way.
Result<ChildEnd> runBatch(Session& session, std::atomic<uint64_t>& at, uint64_t first,
                          uint64_t last, const std::function<Input(uint64_t)>& input) {
  ChildPlan plan;
  plan.timeout_s = kBatchSeconds;
  return runInChild(plan, [&] {
    return withSubject(session, [&](Subject& subject) -> Outcome {
      jn_instance* instance = subject.webhook() ? subject.instance() : nullptr;
      if (!instance) return fail("it makes no instance with the fixtures' settings");
      for (uint64_t round = first; round < last; ++round) {
        at = round;
        if (auto why = tryInput(subject, instance, input(round)); !why.empty()) return fail(why);
        for (const Breach kind : {Breach::Thrown, Breach::Pointer, Breach::Event}) {
          if (auto what = breachOf(kind)) return fail(std::move(*what));
        }
      }
      subject.destroy(instance);
      return pass();
    });
  });
}

// A number that child and parent share.
class SharedCounter {
 public:
  SharedCounter() {
    void* page = mmap(nullptr, sizeof(std::atomic<uint64_t>), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED) value_ = new (page) std::atomic<uint64_t>(0);
  }
  ~SharedCounter() {
    if (value_) munmap(value_, sizeof *value_);
  }
  SharedCounter(const SharedCounter&) = delete;
  SharedCounter& operator=(const SharedCounter&) = delete;
  std::atomic<uint64_t>* get() { return value_; }

 private:
  std::atomic<uint64_t>* value_ = nullptr;
};

}  // namespace

Result<FuzzResult> fuzz(const FuzzOptions& options) {
  Options check;
  check.library = options.library;
  check.fixtures = options.fixtures;
  if (!fileExists(options.library)) {
    return invalidArgument(options.library + ": there is no such file");
  }
  if (!singleThreaded()) return internalError("fuzzing forks: it needs a process of one thread");
  Session session(check);
  if (!session.manifest()) return session.manifest().error();
  SharedCounter at;
  if (!at.get()) return internalError("no shared memory");
  FuzzResult out;
  if (!options.reproduce.empty()) {
    JUNCTOR_TRY(const Input input, inputFrom(options.reproduce));
    JUNCTOR_TRY(const ChildEnd end,
                runBatch(session, *at.get(), 0, 1, [&](uint64_t) { return input; }));
    out.rounds = 1;
    if (end.outcome.verdict != Verdict::Pass) out.failure = end.outcome.message;
    return out;
  }
  const auto input = [&](uint64_t round) { return inputOf(session, options.seed, round); };
  while (out.rounds < options.rounds) {
    const uint64_t last = std::min(options.rounds, out.rounds + kBatch);
    JUNCTOR_TRY(const ChildEnd end, runBatch(session, *at.get(), out.rounds, last, input));
    if (end.outcome.verdict == Verdict::Pass) {
      out.rounds = last;
      continue;
    }
    out.rounds = at.get()->load() + 1;
    out.failure = end.outcome.message;
    out.reproducer = fmt::format("{}/{}-seed{}-round{}.json", options.folder,
                                 session.manifest()->id, options.seed, at.get()->load());
    JUNCTOR_CHECK(replaceFile(out.reproducer, inputAsText(input(at.get()->load())), 0644));
    return out;
  }
  return out;
}

}  // namespace junctor::conformance
