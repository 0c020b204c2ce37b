// W: what a connector makes of requests.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json_doc.h"
#include "base/json_value.h"
#include "base/limits.h"
#include "conformance/check_table.h"
#include "conformance/json_schema.h"
#include "conformance/loaded.h"
#include "conformance/mutate.h"
#include "conformance/webhook_signature_checks.h"

namespace junctor::conformance {
namespace {

Outcome mustBeOk(const Handled& handled) {
  if (!handled.refused.empty()) return fail(handled.refused);
  if (handled.status == JN_OK) return pass();
  return fail(fmt::format("handle answers {}{}", statusText(handled.status),
                          handled.failed ? ": " + handled.failed->message : std::string()));
}

// The schema that the manifest has for an event type, if "events" holds objects with one.
const Json* schemaFor(const Json& manifest, const std::string& type) {
  if (!manifest.is_object() || !manifest.contains("webhook")) return nullptr;
  const Json& webhook = manifest["webhook"];
  if (!webhook.is_object() || !webhook.contains("schemas")) return nullptr;
  const Json& schemas = webhook["schemas"];
  return schemas.is_object() && schemas.contains(type) ? &schemas[type] : nullptr;
}

Outcome eventsAsDeclared(Session& session) {
  if (!session.manifest()) return skip("the manifest is not valid (see S3)");
  const auto& declared = session.manifest()->events;
  return withInstance(session, [&](Subject& subject, jn_instance* instance) {
    return eachFixture(subject, [&](const Fixture& fixture, const GuardedRequest& request) {
      const Handled handled = subject.handle(instance, request);
      if (Outcome o = mustBeOk(handled); o.verdict != Verdict::Pass) return o;
      bool sampled = handled.events.empty();
      for (const SeenEvent& event : handled.events) {
        sampled = sampled || event.type == fixture.event;
        const bool known = std::any_of(
            declared.begin(), declared.end(),
            [&](const std::string& pattern) { return globMatches(pattern, event.type); });
        if (!known) return fail("the manifest does not declare the event " + event.type);
        const Json* schema = schemaFor(session.json(), event.type);
        if (!schema) continue;
        const auto payload = parseJson(event.payload_json.empty() ? std::string(request.body())
                                                                  : event.payload_json);
        if (!payload) return fail("the payload of " + event.type + " is not JSON");
        const auto valid = validate(*schema, *payload);
        if (!valid) return fail(event.type + ": " + valid.error().message);
      }
      if (!sampled) {
        return fail(fmt::format("the sample says {}, the event is {}", fixture.event,
                                handled.events[0].type));
      }
      return pass();
    });
  });
}

Outcome deterministic(Session& session) {
  return withInstance(session, [](Subject& subject, jn_instance* instance) {
    jn_instance* other = subject.instance();
    if (!other) return fail("makes no second instance");
    Outcome outcome = eachFixture(subject, [&](const Fixture&, const GuardedRequest& request) {
      const Handled first = subject.handle(instance, request);
      const std::string expected = statusText(first.status) + asText(first.events);
      for (jn_instance* one : {instance, other, instance}) {
        const Handled again = subject.handle(one, request);
        if (statusText(again.status) + asText(again.events) != expected) {
          return fail("the same request gives other bytes the second time");
        }
      }
      return pass();
    });
    subject.destroy(other);
    return outcome;
  });
}

std::string keyOf(const Session& session, const Delivery& delivery) {
  JsonDoc document;
  const auto root = document.parse(delivery.body);
  return plugin::deliveryKey(*session.manifest(), delivery.headers, "", root ? *root : JsonView());
}

Outcome dedupKeys(Session& session) {
  if (!session.manifest()) return skip("the manifest is not valid (see S3)");
  return withInstance(session, [&](Subject& subject, jn_instance* instance) {
    size_t keyed = 0;
    Outcome outcome =
        eachFixture(subject, [&](const Fixture& fixture, const GuardedRequest& request) -> Outcome {
          const Delivery one = *fixture.deliver();
          const auto fresh = fixture.deliver("0000000000000002");
          const std::string key = keyOf(session, one);
          const Handled first = subject.handle(instance, request);
          const Handled again = subject.handle(instance, GuardedRequest(one));
          std::set<std::string> ids;
          for (size_t i = 0; i < first.events.size() && i < again.events.size(); ++i) {
            const std::string& id = first.events[i].id;
            if (id != again.events[i].id) return fail("a redelivery gives another event id");
            if (!id.empty() && !ids.insert(id).second) return fail("two events have the id " + id);
          }
          if (key.empty() && ids.empty()) return pass();
          ++keyed;
          const bool changes = !fixture.sample.fresh.empty() || one.headers != fresh->headers;
          if (!changes) return pass();
          const Handled next = subject.handle(instance, GuardedRequest(*fresh));
          const bool same_ids =
              !next.events.empty() && !next.events[0].id.empty() && ids.contains(next.events[0].id);
          if (!key.empty() && keyOf(session, *fresh) == key)
            return fail("two deliveries have one key");
          return key.empty() && same_ids ? fail("two deliveries have one event id") : pass();
        });
    if (outcome.verdict == Verdict::Pass && keyed == 0) return skip("no fixture has a key or id");
    return outcome;
  });
}

Outcome batches(Session& session) {
  return withInstance(session, [&](Subject& subject, jn_instance* instance) {
    size_t found = 0;
    Outcome outcome = eachFixture(subject, [&](const Fixture&, const GuardedRequest& request) {
      const auto json = parseJson(std::string(request.body()));
      if (!json || !json->is_array() || json->empty()) return pass();
      ++found;
      const Handled handled = subject.handle(instance, request);
      if (Outcome o = mustBeOk(handled); o.verdict != Verdict::Pass) return o;
      return handled.events.size() == json->size()
                 ? pass()
                 : fail(fmt::format("a batch of {} gives {} events", json->size(),
                                    handled.events.size()));
    });
    if (outcome.verdict == Verdict::Pass && found == 0) {
      return skip("no fixture is a batch (a JSON list)");
    }
    return outcome;
  });
}

// Replaces texts that name the event: its type, or the type's part before a dot.
bool renameIn(Json& json, const std::string& name, const std::string& unknown, int depth) {
  if (depth > 3) return false;
  bool changed = false;
  if (json.is_string() && json.get<std::string>() == name) {
    json = unknown;
    return true;
  }
  if (!json.is_structured()) return false;
  for (auto& member : json) changed = renameIn(member, name, unknown, depth + 1) || changed;
  return changed;
}

// The fixture as an event of a type that nobody knows; none if its type is not found in it.
std::optional<Delivery> ofUnknownType(const Fixture& fixture) {
  Delivery out = *fixture.deliver();
  const std::string whole = fixture.event;
  const std::string head = whole.substr(0, whole.find('.'));
  bool changed = false;
  for (Header& header : out.headers) {
    if (header.second == whole || header.second == head) {
      header.second = "zz_unheard_of";
      changed = true;
    }
  }
  auto json = parseJson(out.body);
  if (json && !changed) {
    changed = renameIn(*json, whole, "zz_unheard_of.happened", 0) ||
              renameIn(*json, head, "zz_unheard_of", 0);
    out.body = dumpJson(*json);
  }
  return changed ? std::optional(std::move(out)) : std::nullopt;
}

Outcome unknownTypes(Session& session) {
  return withInstance(session, [&](Subject& subject, jn_instance* instance) {
    size_t tried = 0;
    Outcome outcome = eachFixture(subject, [&](const Fixture& fixture, const GuardedRequest&) {
      const auto delivery = ofUnknownType(fixture);
      if (!delivery) return pass();
      ++tried;
      return mustBeOk(subject.handle(instance, GuardedRequest(*delivery)));
    });
    if (outcome.verdict == Verdict::Pass && tried == 0) {
      return skip("no fixture names its event type in a header or near the top of its body");
    }
    return outcome;
  });
}

std::vector<std::pair<std::string, std::string>> strangeBodies(const std::string& body,
                                                               Mutator& mutator) {
  std::vector<std::pair<std::string, std::string>> out = {
      {"an empty body", ""},
      {"a NUL byte", std::string(1, '\0')},
      {"random bytes", mutator.noise(2048)},
      {"a depth of 10,000 lists", std::string(10'000, '[')},
      {"a closed depth of 10,000", std::string(10'000, '[') + std::string(10'000, ']')},
      {"null", "null"},
      {"a number", "1e308"},
      {"a text", "\"text\""},
      {"an empty list", "[]"},
      {"an empty object", "{}"},
      {"a list of lists", "[[],[],[[]]]"},
      {"a bad form", "a=%zz&=&&b"},
      {"8 MiB of text", "{\"a\":\"" + std::string(8 * 1024 * 1024 - 16, 'x') + "\"}"}};
  for (size_t i = 0; i < 48; ++i) {
    out.emplace_back("a truncated body", body.substr(0, mutator.below(body.size() + 1)));
  }
  for (size_t i = 0; i < 200; ++i) out.emplace_back("a changed body", mutator.change(body));
  return out;
}

std::string judgeStrange(const Handled& handled) {
  if (!knownStatus(handled.status)) return "handle answers " + statusText(handled.status);
  if (handled.status == JN_OK && !handled.refused.empty()) {
    return "handle answers JN_OK though the sink refused: " + handled.refused;
  }
  const bool decent = handled.status == JN_OK || handled.status == JN_E_INVALID ||
                      handled.status == JN_E_TOO_LARGE || handled.status == JN_E_UNSUPPORTED;
  return decent ? "" : "handle answers " + statusText(handled.status) + " instead of JN_E_INVALID";
}

Outcome strangeRequests(Session& session) {
  return withInstance(session, [&](Subject& subject, jn_instance* instance) {
    Mutator mutator(session.options().seed);
    return eachFixture(subject, [&](const Fixture& fixture, const GuardedRequest&) -> Outcome {
      Delivery delivery = *fixture.deliver();
      for (auto& [name, body] : strangeBodies(delivery.body, mutator)) {
        delivery.body = std::move(body);
        const Handled handled = subject.handle(instance, GuardedRequest(delivery));
        if (auto why = judgeStrange(handled); !why.empty()) {
          return fail(fmt::format("{} (seed {}): {}", name, session.options().seed, why));
        }
      }
      delivery = *fixture.deliver();
      delivery.headers.clear();
      const Handled bare = subject.handle(instance, GuardedRequest(delivery));
      const auto why = judgeStrange(bare);
      return why.empty() ? pass() : fail("without headers: " + why);
    });
  });
}

// Processor time, so that a busy machine changes nothing.
Outcome withinBudget(Session& session) {
  constexpr int kTimes = 200;
  return withInstance(session, [](Subject& subject, jn_instance* instance) {
    int64_t worst = 0;
    Outcome outcome = eachFixture(subject, [&](const Fixture&, const GuardedRequest& request) {
      std::vector<int64_t> times;
      HandleHow how;
      how.guarded = false;
      for (int i = 0; i < kTimes; ++i) {
        const int64_t start = threadCpuNs();
        (void)subject.handle(instance, request, how);
        times.push_back(threadCpuNs() - start);
      }
      std::sort(times.begin(), times.end());
      const int64_t p99 = times[kTimes * 99 / 100];
      worst = std::max(worst, p99);
      return p99 <= limits::kConnectorCallMs * 1'000'000
                 ? pass()
                 : fail(fmt::format("p99 of handle is {} ms, the budget {} ms", p99 / 1'000'000,
                                    limits::kConnectorCallMs));
    });
    if (outcome.verdict == Verdict::Pass) return pass(fmt::format("p99 {} us", worst / 1'000));
    return outcome;
  });
}

constexpr Check kWebhookChecks[] = {
    {"W1", Level::Basic,
     "Every fixture verifies with its secret, as one of two, and with no other.",
     "Correct the scheme in the manifest; put one recorded request per event into fixtures/, and "
     "for a scheme of its own fixtures/signatures.json.",
     fixturesVerify},
    {"W2", Level::Basic, "One changed bit in body, signature or time is refused.",
     "\"signed\" must hold {body}, and {timestamp} where there is a time; verify must cover both.",
     flippedBits},
    {"W3", Level::Full, "A request outside the time window is refused.",
     "Declare timestamp.tolerance_s as the provider's documentation says.", timeWindow},
    {"W4", Level::Full, "A missing, doubled or over-long signature header is refused.",
     "Name the header in the manifest; what is left out of it must not be needed.",
     signatureHeaders},
    {"W5", Level::Full, "The body is verified and understood as the bytes that were sent.",
     "Do not depend on white space or key order of the body.", rawBytes},
    {"W6", Level::Full, "The handshake is answered as the provider wants it.",
     "Correct webhook.handshake in the manifest.", handshakes},
    {"W7", Level::Full, "What is no challenge is not echoed.",
     "\"when\" and \"equals\" must fit the provider's challenge and nothing else.",
     handshakeRefused},
    {"W8", Level::Basic, "Every fixture gives events that the manifest declares and describes.",
     "Declare the type under webhook.events, or correct the sample's \"event\".", eventsAsDeclared},
    {"W9", Level::Basic, "The same request gives the same bytes, in every instance.",
     "No randomness, addresses or counters in events; time is junctor.clock/1's.", deterministic},
    {"W10", Level::Full,
     "The dedupe key is the same for a redelivery, and another for another event.",
     "Point delivery_key at the provider's id of the delivery, and set the event's id.", dedupKeys},
    {"W11", Level::Full, "A batch of n gives n events.", "Emit one event per element.", batches},
    {"W12", Level::Full, "An unknown event type gives an event or nothing, never an error.",
     "Emit events of unknown types under their own name.", unknownTypes},
    {"W13", Level::Basic,
     "Random, truncated, deep and huge bodies are refused or understood, not fatal.",
     "Answer JN_E_INVALID for what makes no sense; `junctor connector fuzz` finds the input.",
     strangeRequests, 120},
    {"W14", Level::Full, "The 99th percentile of handle stays within its budget.",
     "Parse once, copy less; the host parses the body for you.", withinBudget, 120},
};

}  // namespace

std::span<const Check> webhookChecks() {
  return kWebhookChecks;
}

}  // namespace junctor::conformance
