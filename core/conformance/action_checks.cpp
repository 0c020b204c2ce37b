// A: actions, hooks, fields, poll and the connection test, against recorded HTTP.
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "base/json_doc.h"
#include "base/json_value.h"
#include "conformance/check_table.h"
#include "conformance/json_schema.h"
#include "conformance/recorded_calls.h"
#include "plugin/gate_rules.h"
#include "trust/grants.h"

namespace junctor::conformance {
namespace {

constexpr size_t kRequestsMax = 200;  // of one call: pages that never end go beyond it

using CallCheck = std::function<Outcome(Subject&, jn_instance*, const RecordedCall&)>;

// Runs `check` for the recorded calls of that kind ("" = all); skips if there is none that the
// connector offers.
Outcome eachCall(Session& session, std::string_view kind, const CallCheck& check) {
  if (!session.manifest()) return skip("the manifest is not valid (see S3)");
  const auto calls = readCalls(session);
  if (!calls && calls.error().code == ErrorCode::NotFound) return skip(calls.error().message);
  if (!calls) return fail(calls.error().message);
  return withSubject(session, [&](Subject& subject) -> Outcome {
    jn_instance* instance = subject.instance();
    if (!instance) return skip("it makes no instance with the fixtures' settings (see C2)");
    size_t tried = 0;
    Outcome outcome = pass();
    for (const RecordedCall& call : *calls) {
      if (!kind.empty() && call.call != kind) continue;
      const Outcome one = check(subject, instance, call);
      if (one.verdict == Verdict::Skip) continue;
      ++tried;
      if (one.verdict == Verdict::Pass) continue;
      outcome = fail(fmt::format("{} {}{}: {}", call.call, call.action, call.object, one.message));
      break;
    }
    subject.destroy(instance);
    if (tried == 0) return skip("there is no recorded call of what it offers");
    return outcome;
  });
}

Outcome notOffered() {
  return skip("not offered");
}

// "https://API.acme.com:443/x" -> "api.acme.com"; "" if the host speaks no such protocol.
std::string hostOf(const std::string& url) {
  constexpr std::string_view kMark = "://";
  if (!plugin::protocolOfUrl(url)) return {};
  std::string_view rest = std::string_view(url).substr(url.find(kMark) + kMark.size());
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (const size_t at = rest.rfind('@'); at != rest.npos) rest.remove_prefix(at + 1);
  return lowerAscii(rest.substr(0, rest.find(':')));
}

Outcome permittedHosts(Session& session) {
  return eachCall(session, "", [&](Subject& subject, jn_instance* instance, const RecordedCall& c) {
    const auto acted = act(subject, instance, c);
    if (!acted) return notOffered();
    const auto grants =
        trust::Grants::make(session.manifest()->capabilities, session.fixtures().settings);
    if (!grants) return fail(grants.error().message);
    for (const HttpAsked& asked : acted->asked) {
      const std::string host = hostOf(asked.url);
      if (host.empty()) return fail("asks for " + asked.url + ", which is not https");
      const std::string_view protocol = plugin::protocolOfUrl(asked.url).value_or("");
      if (!protocol.empty() && !grants->maySpeak(protocol)) {
        return fail(fmt::format("speaks {}, which no capability names", protocol));
      }
      if (!grants->mayReach(host)) return fail("asks for " + host + ", which no capability names");
      if (!asked.credential.empty() && !grants->mayUse(asked.credential, host)) {
        return fail(fmt::format("wants the credential '{}' sent to {}", asked.credential, host));
      }
    }
    return pass();
  });
}

Outcome ownCredentials(Session& session) {
  return eachCall(session, "", [](Subject& subject, jn_instance* instance, const RecordedCall& c) {
    const auto acted = act(subject, instance, c);
    if (!acted) return notOffered();
    for (const HttpAsked& asked : acted->asked) {
      for (const Header& header : asked.headers) {
        for (const char* name : {"Authorization", "Proxy-Authorization", "Cookie", "Host",
                                 "Content-Length", "Connection"}) {
          if (equalsIgnoreCase(header.first, name)) {
            return fail(fmt::format("sets the header {} itself", name));
          }
        }
      }
    }
    return pass();
  });
}

struct Answer {
  const char* name;
  HttpTold told;
  std::vector<jn_status> expected;
};
std::vector<Answer> failures() {
  const auto http = [](uint32_t status, uint64_t retry_ms = 0) {
    HttpTold told;
    told.http_status = status;
    told.body = R"({"message":"no"})";
    told.retry_after_ms = retry_ms;
    if (retry_ms) told.headers.emplace_back("Retry-After", std::to_string(retry_ms / 1000));
    return told;
  };
  const auto none = [](jn_status status) {
    HttpTold told;
    told.status = status;
    return told;
  };
  return {{"429 with Retry-After", http(429, 7'000), {JN_E_RATE_LIMITED}},
          {"401", http(401), {JN_E_AUTH}},
          {"403", http(403), {JN_E_FORBIDDEN}},
          {"404", http(404), {JN_E_NOT_FOUND}},
          {"409", http(409), {JN_E_CONFLICT}},
          {"500", http(500), {JN_E_UNAVAILABLE}},
          {"503", http(503), {JN_E_UNAVAILABLE}},
          {"a timeout", none(JN_E_DEADLINE), {JN_E_DEADLINE, JN_E_UNAVAILABLE}},
          {"a reset", none(JN_E_UNAVAILABLE), {JN_E_UNAVAILABLE}}};
}

Outcome errorClasses(Session& session) {
  return eachCall(session, "execute",
                  [](Subject& subject, jn_instance* instance, const RecordedCall& c) {
                    const auto good = act(subject, instance, c);
                    if (!good || good->asked.empty()) return notOffered();
                    if (good->status != JN_OK)
                      return fail("as recorded: " + statusText(good->status));
                    for (const Answer& answer : failures()) {
                      const auto acted = act(subject, instance, c, {.instead = &answer.told});
                      const auto& list = answer.expected;
                      if (std::find(list.begin(), list.end(), acted->status) == list.end()) {
                        return fail(fmt::format("{} gives {} instead of {}", answer.name,
                                                statusText(acted->status), statusName(list[0])));
                      }
                      if (answer.told.retry_after_ms > 0 &&
                          (!acted->failed || acted->failed->retry_after_ms == 0)) {
                        return fail("Retry-After is not handed on as retry_after_ms");
                      }
                    }
                    return pass();
                  });
}

bool changes(const HttpAsked& asked) {
  return asked.method != "GET" && asked.method != "HEAD";
}

Outcome idempotencyKeys(Session& session) {
  return eachCall(session, "execute",
                  [](Subject& subject, jn_instance* instance, const RecordedCall& c) {
                    if (!c.idempotent) return notOffered();
                    const auto acted = act(subject, instance, c);
                    if (!acted) return notOffered();
                    for (const HttpAsked& asked : acted->asked) {
                      if (changes(asked) && asked.idempotency_key != kIdempotencyKey) {
                        return fail(asked.method + " goes without the idempotency key");
                      }
                    }
                    return pass();
                  });
}

Outcome wrongActions(Session& session) {
  return eachCall(
      session, "execute", [](Subject& subject, jn_instance* instance, const RecordedCall& c) {
        RecordedCall wrong = c;
        wrong.action = "no_such_action_at_all";
        const auto unknown = act(subject, instance, wrong);
        if (!unknown) return notOffered();
        if (unknown->status != JN_E_INVALID || !unknown->asked.empty()) {
          return fail("an unknown action gives " + statusText(unknown->status));
        }
        for (const char* params : {"", "{", "7", "[]", "null"}) {
          wrong = c;
          wrong.params = params;
          const auto acted = act(subject, instance, wrong);
          if (acted->status != JN_E_INVALID) {
            return fail(
                fmt::format("the parameters '{}' give {}", params, statusText(acted->status)));
          }
        }
        return pass();
      });
}

Outcome resultsValid(Session& session) {
  return eachCall(session, "execute",
                  [](Subject& subject, jn_instance* instance, const RecordedCall& c) {
                    const auto acted = act(subject, instance, c);
                    if (!acted) return notOffered();
                    if (acted->status != JN_OK)
                      return fail("as recorded: " + statusText(acted->status));
                    const std::string data = acted->results.empty() ? "null" : acted->results[0];
                    const auto json = parseJson(data.empty() ? "null" : data);
                    if (!json) return fail("its data_json is not valid JSON");
                    if (c.output.is_null()) return pass();
                    const auto compiled = compileSchema(c.output);
                    if (!compiled) return fail("output: " + compiled.error().message);
                    const auto valid = validate(c.output, *json);
                    return valid ? pass() : fail(valid.error().message);
                  });
}

Outcome dryRun(Session& session) {
  return eachCall(session, "execute",
                  [](Subject& subject, jn_instance* instance, const RecordedCall& c) {
                    const auto acted = act(subject, instance, c, {.flags = JN_CALL_DRY_RUN});
                    if (!acted) return notOffered();
                    for (const HttpAsked& asked : acted->asked) {
                      if (changes(asked)) return fail("sends a " + asked.method + " in a dry run");
                    }
                    return pass();
                  });
}

Outcome hooksTwice(Session& session) {
  return eachCall(
      session, "subscribe", [](Subject& subject, jn_instance* instance, const RecordedCall& c) {
        const auto first = act(subject, instance, c);
        if (!first) return notOffered();
        const auto second = act(subject, instance, c);
        if (first->status != JN_OK || second->status != JN_OK) {
          return fail(statusText(first->status) + ", then " + statusText(second->status));
        }
        if (first->results.size() != 1 || second->results != first->results) {
          return fail("does not give the same one hook twice");
        }
        RecordedCall end = c;
        end.call = "unsubscribe";
        HttpTold gone;
        gone.http_status = 204;
        const auto once =
            act(subject, instance, end, {.instead = &gone, .hook = first->results[0]});
        gone.http_status = 404;
        const auto twice =
            act(subject, instance, end, {.instead = &gone, .hook = first->results[0]});
        if (once->status == JN_OK && twice->status == JN_OK) return pass();
        return fail("unsubscribe gives " + statusText(once->status) + ", the second time " +
                    statusText(twice->status));
      });
}

Outcome fieldPages(Session& session) {
  return eachCall(
      session, "fields", [](Subject& subject, jn_instance* instance, const RecordedCall& c) {
        const auto acted = act(subject, instance, c);
        if (!acted) return notOffered();
        if (acted->status != JN_OK) return fail(statusText(acted->status));
        if (acted->asked.size() > kRequestsMax) return fail("asks for pages without end");
        const std::set<std::string> names(acted->results.begin(), acted->results.end());
        if (names.empty()) return fail("gives no field");
        if (names.contains("")) return fail("gives a field without a name");
        return names.size() == acted->results.size() ? pass() : fail("gives a field twice");
      });
}

Outcome pollCursors(Session& session) {
  return eachCall(
      session, "poll", [](Subject& subject, jn_instance* instance, const RecordedCall& c) {
        const auto first = act(subject, instance, c);
        if (!first) return notOffered();
        if (first->status != JN_OK) return fail(statusText(first->status));
        if (first->nexts != 1)
          return fail(fmt::format("says {} times where to go on", first->nexts));
        if (c.http.empty()) return pass();
        // From the cursor on there is what the last recorded answer says: nothing.
        const auto next =
            act(subject, instance, c, {.instead = &c.http.back(), .cursor = first->cursor});
        if (next->status != JN_OK || next->nexts != 1) {
          return fail("from its own cursor on: " + statusText(next->status));
        }
        if (!next->results.empty() && c.http.size() > 1) return fail("an empty page gives events");
        if (next->asked.size() > kRequestsMax) return fail("asks for pages without end");
        return !first->cursor.empty() && next->cursor.empty() ? fail("forgets its cursor") : pass();
      });
}

Outcome connectionTest(Session& session) {
  return eachCall(
      session, "test", [](Subject& subject, jn_instance* instance, const RecordedCall& c) {
        const auto good = act(subject, instance, c, {.flags = JN_CALL_TEST});
        if (!good) return notOffered();
        if (good->status != JN_OK) return fail("as recorded: " + statusText(good->status));
        HttpTold refused;
        refused.http_status = 401;
        const auto bad = act(subject, instance, c, {.flags = JN_CALL_TEST, .instead = &refused});
        return bad->status == JN_E_AUTH
                   ? pass()
                   : fail("a refused credential gives " + statusText(bad->status));
      });
}

Outcome keepsSecrets(Session& session) {
  const auto shows = [](std::string_view text) { return text.find(kCanary) != text.npos; };
  Outcome outcome =
      eachCall(session, "", [&](Subject& subject, jn_instance* instance, const RecordedCall& c) {
        std::vector<ActHow> hows = {{}};
        const auto answers = failures();
        for (const Answer& answer : answers) hows.push_back({.instead = &answer.told});
        for (const ActHow& how : hows) {
          const auto acted = act(subject, instance, c, how);
          if (!acted) return notOffered();
          if (shows(acted->text)) return fail("a secret stands in a result");
          if (acted->failed && (shows(acted->failed->message) || shows(acted->failed->code) ||
                                shows(acted->failed->detail_json))) {
            return fail("a secret stands in an error");
          }
          for (const HttpAsked& asked : acted->asked) {
            if (shows(asked.url)) return fail("a secret stands in a URL");
          }
        }
        return pass();
      });
  if (outcome.verdict == Verdict::Fail) return outcome;
  for (const LogLine& line : logs()) {
    if (shows(line.text)) return fail("a secret stands in a log line");
  }
  return outcome;
}

constexpr Check kActionChecks[] = {
    {"A1", Level::Basic,
     "Requests go to the hosts that the manifest names, with their credentials.",
     "Add the host under capabilities.hosts, the credential under capabilities.credentials.",
     permittedHosts},
    {"A2", Level::Basic, "It sets no Authorization, Cookie or connection header itself.",
     "Name a credential in jn_http_request; the host adds the header.", ownCredentials},
    {"A3", Level::Basic,
     "429, 401, 403, 404, 409, 5xx, timeouts and resets end in the status of their class.",
     "Map the answer's status; hand retry_after_ms on through fail.", errorClasses},
    {"A4", Level::Full, "An idempotent action hands the idempotency key on.",
     "Copy idempotency_key from jn_action into jn_http_request.", idempotencyKeys},
    {"A5", Level::Basic,
     "Unknown actions and wrong parameters give JN_E_INVALID, and send nothing.",
     "Look at name and params_json before the first request.", wrongActions},
    {"A6", Level::Full, "Results are JSON and fit their schema.",
     "Correct the result, or the \"output\" schema.", resultsValid},
    {"A7", Level::Full, "A dry run sends nothing that changes something.",
     "Look at JN_CALL_DRY_RUN in the call's flags before a request is sent.", dryRun},
    {"A8", Level::Full, "Subscribing twice leaves one hook; ending it twice is no error.",
     "Look for a hook of the same URL first; take 404 for done.", hooksTwice},
    {"A9", Level::Full, "The list of fields ends, and names each field once.",
     "Stop at the provider's last page.", fieldPages},
    {"A10", Level::Full, "A poll says once where to go on, and an empty page ends it.",
     "Call next exactly once, after the last event, also when there was none.", pollCursors},
    {"A11", Level::Full, "The connection test tells good credentials from refused ones.",
     "Make one cheap request that needs the credential; 401 is JN_E_AUTH.", connectionTest},
    {"A12", Level::Basic, "Secrets never appear in logs, errors, results or URLs.",
     "Log names, never values; do not echo requests into errors.", keepsSecrets},
};

}  // namespace

std::span<const Check> actionChecks() {
  return kActionChecks;
}

}  // namespace junctor::conformance
