#include "conformance/custom_signature_checks.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/json_value.h"
#include "base/limits.h"
#include "conformance/loaded.h"
#include "conformance/recorded_signatures.h"
#include "ingest/custom_signature.h"

namespace junctor::conformance {
namespace {

constexpr const char* kOtherSecret = "a live secret that no recorded request was signed with";
constexpr size_t kPlacesMax = 16;  // of a text, that are changed in turn

// How the host judges one request: its own rules first, then the connector's verify.
class Judge {
 public:
  Judge(Subject& subject, jn_instance* instance, const RecordedSignatures& recorded)
      : subject_(subject), instance_(instance), recorded_(recorded) {}

  const RecordedSignatures& recorded() const { return recorded_; }
  const std::vector<std::string>& headers() const {
    return subject_.session().manifest()->signature_headers;
  }

  // "" if it is accepted, else why not.
  std::string refusal(const Delivery& delivery, int64_t late_ms = 0) {
    return refusal(delivery, {recorded_.secret}, late_ms);
  }
  std::string refusal(Delivery delivery, std::vector<std::string> secrets, int64_t late_ms = 0) {
    const plugin::Manifest& manifest = *subject_.session().manifest();
    const auto host = ingest::checkSignatureHeaders(manifest, delivery.headers);
    if (!host) return host.error().message;
    delivery.at_ms += late_ms;
    const VerifyHow how{std::move(secrets), recorded_.named, delivery.at_ms};
    const Verified verified = subject_.verify(instance_, GuardedRequest(delivery), how);
    if (verified.status == JN_OK) return "";
    note(verified);
    return statusText(verified.status) +
           (verified.failed ? ": " + verified.failed->message : std::string());
  }
  // A refusal that was none of the request's fault, or without a word; "" = there was none.
  const std::string& oddity() const { return oddity_; }

 private:
  void note(const Verified& verified) {
    constexpr jn_status kVerdicts[] = {JN_E_SIGNATURE, JN_E_INVALID, JN_E_AUTH, JN_E_FORBIDDEN,
                                       JN_E_TOO_LARGE};
    const bool verdict = std::find(std::begin(kVerdicts), std::end(kVerdicts), verified.status) !=
                         std::end(kVerdicts);
    if (!verdict) oddity_ = "verify answers " + statusText(verified.status);
    if (verdict && !verified.failed) {
      oddity_ = "verify answers " + statusText(verified.status) + " without a call of fail";
    }
  }

  Subject& subject_;
  jn_instance* instance_;
  const RecordedSignatures& recorded_;
  std::string oddity_;
};

std::string* headerOf(Delivery& delivery, const std::string& name) {
  for (Header& header : delivery.headers) {
    if (equalsIgnoreCase(header.first, name)) return &header.second;
  }
  return nullptr;
}

using CheckRequest = std::function<Outcome(Judge&, const Delivery&)>;

Outcome eachRequest(Judge& judge, const CheckRequest& check) {
  Outcome last = pass();
  for (const RecordedRequest& request : judge.recorded().requests) {
    last = check(judge, request.delivery);
    if (last.passed() && !judge.oddity().empty()) last = fail(judge.oddity());
    if (last.verdict == Verdict::Fail) last.message = request.file + ": " + last.message;
    if (!last.passed()) return last;
  }
  return last;
}

// Per recorded request. `missing` is what follows where there are no recordings.
Outcome eachRecorded(Session& session, const CheckRequest& check,
                     Outcome (*missing)(std::string) = skip) {
  const auto recorded = readSignatures(session.fixtures(), *session.manifest());
  if (!recorded) return missing(recorded.error().message);
  return withInstance(session, [&](Subject& subject, jn_instance* instance) -> Outcome {
    if (!JN_HAS(jn_webhook, subject.webhook(), verify)) return fail("it offers no verify");
    Judge judge(subject, instance, *recorded);
    return eachRequest(judge, check);
  });
}

// Changes one bit at up to kPlacesMax places; the last two characters stay, since base64 may leave
// bits of them unused.
Outcome changedAnywhere(Judge& judge, const Delivery& delivery,
                        const std::function<std::string*(Delivery&)>& text, const char* what) {
  Delivery changed = delivery;
  std::string* at = text(changed);
  if (!at) return pass();
  const size_t size = at->size() > 4 ? at->size() - 2 : at->size();
  const std::string before = *at;
  for (size_t i = 0; i < size; i += std::max<size_t>(1, size / kPlacesMax)) {
    *at = before;
    (*at)[i] = static_cast<char>((*at)[i] ^ 1);
    if (judge.refusal(changed).empty()) {
      return fail(fmt::format("a changed bit in byte {} of {} is accepted", i, what));
    }
  }
  return pass();
}

}  // namespace

Outcome customFixturesVerify(Session& session) {
  const auto verifies = [](Judge& judge, const Delivery& delivery) -> Outcome {
    const std::string secret = judge.recorded().secret;
    const auto alone = judge.refusal(delivery);
    if (!alone.empty()) return fail("does not verify under its secret: " + alone);
    if (!judge.refusal(delivery, {secret, kOtherSecret}).empty()) {
      return fail("does not verify under the first of two secrets");
    }
    if (!judge.refusal(delivery, {kOtherSecret, secret}).empty()) {
      return fail("does not verify under the second of two secrets");
    }
    if (judge.refusal(delivery, {kOtherSecret}).empty()) {
      return fail("verifies under a secret it was not signed with");
    }
    return judge.refusal(delivery, std::vector<std::string>()).empty()
               ? fail("verifies without any secret")
               : pass();
  };
  return eachRecorded(session, verifies, fail);
}

Outcome customFlippedBits(Session& session) {
  return eachRecorded(session, [](Judge& judge, const Delivery& delivery) -> Outcome {
    Outcome outcome =
        changedAnywhere(judge, delivery, [](Delivery& d) { return &d.body; }, "the body");
    std::vector<std::string> headers = judge.headers();
    if (!judge.recorded().time_header.empty()) headers.push_back(judge.recorded().time_header);
    for (const std::string& name : headers) {
      if (!outcome.passed()) return outcome;
      outcome = changedAnywhere(
          judge, delivery, [&name](Delivery& d) { return headerOf(d, name); }, name.c_str());
    }
    return outcome;
  });
}

Outcome customTimeWindow(Session& session) {
  return eachRecorded(session, [](Judge& judge, const Delivery& delivery) -> Outcome {
    const int64_t window = judge.recorded().tolerance_s * 1000;
    if (window == 0) return skip(std::string(kSignaturesFile) + " says of no time");
    const auto inside = judge.refusal(delivery, window - 1'000);
    if (!inside.empty()) return fail("is refused inside the window: " + inside);
    if (judge.refusal(delivery, window + 2'000).empty()) {
      return fail("is accepted when it is too old");
    }
    const bool future = judge.refusal(delivery, -window - 2'000).empty();
    return future && !judge.recorded().future_ok ? fail("is accepted from the future") : pass();
  });
}

Outcome customSignatureHeaders(Session& session) {
  return eachRecorded(session, [](Judge& judge, const Delivery& delivery) -> Outcome {
    if (judge.headers().empty()) return skip("the manifest names no header that carries it");
    size_t there = 0;
    for (const std::string& name : judge.headers()) {
      Delivery changed = delivery;
      const std::string* value = headerOf(changed, name);
      if (!value) continue;
      ++there;
      changed.headers.emplace_back(name, *value);
      if (judge.refusal(changed).empty()) return fail("a doubled " + name + " is accepted");
      changed = delivery;
      headerOf(changed, name)->append(limits::kSignatureHeaderBytesMax + 1, 'a');
      if (judge.refusal(changed).empty()) return fail("an over-long " + name + " is accepted");
      changed = delivery;
      std::erase_if(changed.headers,
                    [&](const Header& header) { return equalsIgnoreCase(header.first, name); });
      if (judge.refusal(changed).empty()) return fail("a request without " + name + " is accepted");
    }
    return there ? pass() : fail("carries none of the headers that the manifest names");
  });
}

Outcome customRawBytes(Session& session) {
  return eachRecorded(session, [](Judge& judge, const Delivery& delivery) -> Outcome {
    const auto json = parseJson(delivery.body);
    if (!json) return pass();
    for (const std::string& text : {dumpJson(*json), dumpJson(*json, 7), delivery.body + "\n"}) {
      Delivery changed = delivery;
      changed.body = text;
      if (text != delivery.body && judge.refusal(changed).empty()) {
        return fail("verifies for bytes that were not sent");
      }
    }
    return pass();
  });
}

}  // namespace junctor::conformance
