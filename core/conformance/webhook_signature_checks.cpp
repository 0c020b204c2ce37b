#include "conformance/webhook_signature_checks.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/json_doc.h"
#include "base/json_value.h"
#include "base/limits.h"
#include "conformance/custom_signature_checks.h"
#include "conformance/loaded.h"
#include "crypto/signature.h"
#include "crypto/signing_key.h"
#include "ingest/handshake.h"

namespace junctor::conformance {
namespace {

constexpr int64_t kNowMs = 1'763'700'000'000;
// Test secrets, good for every key form that has secrets.
constexpr const char* kPrefixed[] = {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                                     "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"};

// A sender's key: seed and public key, in hex.
std::string keyPair(size_t which) {
  const auto key = crypto::SigningKey::fromSeed(std::string(32, which == 0 ? 'a' : 'b'));
  return key ? toHex(key->seed() + key->publicKey()) : "";
}

std::string secret(const crypto::SignatureScheme& scheme, size_t which) {
  if (scheme.algorithm == crypto::Algorithm::Ed25519) return keyPair(which);
  const std::string prefixed = kPrefixed[which];
  return scheme.key == crypto::KeyForm::Base64 ? prefixed.substr(6) : prefixed;
}

// A fixture as its sender would sign it.
class Signed {
 public:
  static Result<Signed> make(const crypto::SignatureScheme& scheme, Delivery delivery,
                             size_t which) {
    JUNCTOR_TRY(const auto signer, crypto::makeVerifier(scheme, {secret(scheme, which)}));
    Signed out;
    out.delivery = std::move(delivery);
    out.delivery.body =
        crypto::bodyToSign(scheme, std::move(out.delivery.body), secret(scheme, which), kNowMs);
    JUNCTOR_TRY(const Headers made, signer->sign(out.input(), kNowMs));
    for (const Header& header : made) {
      if (!findHeader(out.delivery.headers, header.first)) out.delivery.headers.push_back(header);
    }
    return out;
  }
  crypto::SignatureInput input() const {
    return {delivery.method, delivery.url,    "/v1/webhooks/incoming/acme-1", "",
            delivery.body,   delivery.headers};
  }
  bool acceptedBy(const crypto::Verifier& verifier, int64_t at_ms = kNowMs) const {
    return verifier.verify(input(), at_ms).has_value();
  }
  std::string* header(const std::string& name) {
    for (Header& header : delivery.headers) {
      if (equalsIgnoreCase(header.first, name)) return &header.second;
    }
    return nullptr;
  }

  Delivery delivery;
};

struct Scheme {
  crypto::SignatureScheme scheme;
  std::unique_ptr<crypto::Verifier> both, first, second;
};

// The declared scheme with its verifiers, or why there is none.
Outcome schemeOf(Session& session, Scheme& out) {
  if (!session.manifest()) return skip("the manifest is not valid (see S3)");
  const auto& declared = session.manifest()->signature;
  if (!declared) return skip("the manifest declares no signature scheme");
  if (declared->algorithm == crypto::Algorithm::None) return skip("the scheme is \"none\"");
  if (declared->header.empty()) return skip("the token stands in the URL or in the body");
  out.scheme = *declared;
  const std::string a = secret(out.scheme, 0);
  const std::string b = secret(out.scheme, 1);
  auto both = crypto::makeVerifier(out.scheme, {b, a});
  auto first = crypto::makeVerifier(out.scheme, {a});
  auto second = crypto::makeVerifier(out.scheme, {b});
  if (!both || !first || !second) return fail("the scheme takes no secret of its own key form");
  out.both = std::move(*both);
  out.first = std::move(*first);
  out.second = std::move(*second);
  return pass();
}

// Per fixture, signed with the first secret.
Outcome eachSigned(Session& session,
                   const std::function<Outcome(const Scheme&, const Signed&)>& check) {
  Scheme scheme;
  if (Outcome o = schemeOf(session, scheme); o.verdict != Verdict::Pass) return o;
  if (session.fixtures().list.empty()) return skip("there are no fixtures (see W1)");
  Outcome last = pass();
  for (const Fixture& fixture : session.fixtures().list) {
    auto delivery = fixture.deliver();
    if (!delivery) return fail(fixture.name + ": " + delivery.error().message);
    auto made = Signed::make(scheme.scheme, std::move(*delivery), 0);
    if (!made) return fail(fixture.name + ": " + made.error().message);
    last = check(scheme, *made);
    if (last.verdict == Verdict::Fail) last.message = fixture.name + ": " + last.message;
    if (last.verdict != Verdict::Pass) return last;
  }
  return last;
}

bool signsBody(const crypto::SignatureScheme& scheme) {
  return scheme.algorithm != crypto::Algorithm::PlainToken;
}

// The name of the header that holds the time, "" if it is a pair of the signature's or there is
// none.
bool hasTime(const crypto::SignatureScheme& scheme) {
  return scheme.tolerance_s > 0 && scheme.timed();
}

}  // namespace

Outcome fixturesVerify(Session& session) {
  if (!session.manifest()) return skip("the manifest is not valid (see S3)");
  const Fixtures& fixtures = session.fixtures();
  if (!session.manifest()->offers("junctor.webhook/1")) return skip("it takes no webhooks");
  if (session.manifest()->samples.empty()) return fail("the manifest names no samples");
  if (fixtures.folder.empty()) return fail("there is no folder of fixtures; --fixtures names it");
  if (!fixtures.missing.empty()) return fail("the fixture " + fixtures.missing[0] + " is missing");
  if (checksItself(session)) return customFixturesVerify(session);
  return eachSigned(session, [](const Scheme& scheme, const Signed& made) -> Outcome {
    if (!made.acceptedBy(*scheme.first)) return fail("does not verify under its secret");
    if (!made.acceptedBy(*scheme.both)) return fail("does not verify under the second of two");
    return made.acceptedBy(*scheme.second) ? fail("verifies under a secret it was not signed with")
                                           : pass();
  });
}

Outcome flippedBits(Session& session) {
  if (checksItself(session)) return customFlippedBits(session);
  return eachSigned(session, [](const Scheme& scheme, const Signed& made) -> Outcome {
    if (signsBody(scheme.scheme)) {
      const size_t size = made.delivery.body.size();
      for (size_t at = 0; at < size; at += std::max<size_t>(1, size / 16)) {
        Signed changed = made;
        changed.delivery.body[at] = static_cast<char>(changed.delivery.body[at] ^ 1);
        if (changed.acceptedBy(*scheme.first)) {
          return fail(fmt::format("a changed bit in byte {} of the body is accepted", at));
        }
      }
    }
    Signed header = made;
    std::string* value = header.header(scheme.scheme.header);
    if (!value || value->size() < 8) return fail("is signed without " + scheme.scheme.header);
    char& c = (*value)[value->size() - 5];
    c = c == 'a' ? 'b' : 'a';
    if (header.acceptedBy(*scheme.first)) return fail("a changed signature is accepted");
    if (scheme.scheme.timestamp_header.empty()) return pass();
    Signed time = made;
    std::string* stamp = time.header(scheme.scheme.timestamp_header);
    if (!stamp || stamp->empty()) return fail("is signed without a time");
    stamp->back() = stamp->back() == '1' ? '2' : '1';
    return time.acceptedBy(*scheme.first) ? fail("a changed time is accepted") : pass();
  });
}

Outcome timeWindow(Session& session) {
  if (checksItself(session)) return customTimeWindow(session);
  return eachSigned(session, [](const Scheme& scheme, const Signed& made) -> Outcome {
    if (!hasTime(scheme.scheme)) return skip("the scheme has no time");
    const int64_t window = scheme.scheme.tolerance_s * 1000;
    if (!made.acceptedBy(*scheme.first, kNowMs + window - 1'000)) {
      return fail("is refused inside the window");
    }
    if (made.acceptedBy(*scheme.first, kNowMs + window + 2'000)) {
      return fail("is accepted when it is too old");
    }
    const bool future = made.acceptedBy(*scheme.first, kNowMs - window - 2'000);
    return future && !scheme.scheme.future_ok ? fail("is accepted from the future") : pass();
  });
}

Outcome signatureHeaders(Session& session) {
  if (checksItself(session)) return customSignatureHeaders(session);
  return eachSigned(session, [](const Scheme& scheme, const Signed& made) -> Outcome {
    const std::string& name = scheme.scheme.header;
    Signed doubled = made;
    if (!doubled.header(name)) return fail("is signed without " + name);
    doubled.delivery.headers.emplace_back(name, *doubled.header(name));
    if (doubled.acceptedBy(*scheme.first)) return fail("a doubled signature header is accepted");
    Signed missing = made;
    std::erase_if(missing.delivery.headers,
                  [&](const Header& h) { return equalsIgnoreCase(h.first, name); });
    if (missing.acceptedBy(*scheme.first)) return fail("a request without signature is accepted");
    Signed lengthy = made;
    lengthy.header(name)->append(limits::kSignatureHeaderBytesMax + 1, 'a');
    return lengthy.acceptedBy(*scheme.first) ? fail("an over-long signature header is accepted")
                                             : pass();
  });
}

// The same JSON with other white space: another text, another signature, the same meaning.
Outcome rawBytes(Session& session) {
  if (checksItself(session)) {
    if (Outcome o = customRawBytes(session); o.verdict == Verdict::Fail) return o;
  }
  Scheme scheme;
  if (Outcome o = schemeOf(session, scheme); o.verdict == Verdict::Fail) return o;
  return withInstance(session, [&](Subject& subject, jn_instance* instance) -> Outcome {
    size_t tried = 0;
    Outcome outcome =
        eachFixture(subject, [&](const Fixture& fixture, const GuardedRequest& request) -> Outcome {
          const auto json = parseJson(std::string(request.body()));
          if (!json) return pass();
          ++tried;
          Delivery spaced = *fixture.deliver();
          spaced.body = "\n\t " + dumpJson(*json, 7) + " \r\n";
          if (scheme.first && signsBody(scheme.scheme)) {
            const auto made = Signed::make(scheme.scheme, spaced, 0);
            if (!made) return fail(made.error().message);
            if (!made->acceptedBy(*scheme.first)) return fail("the bytes as sent do not verify");
            Signed compact = *made;
            compact.delivery.body = dumpJson(*json);
            if (compact.acceptedBy(*scheme.first)) {
              return fail("verifies for bytes that were not sent");
            }
          }
          const Handled plain = subject.handle(instance, request);
          const Handled other = subject.handle(instance, GuardedRequest(spaced));
          if (other.status != plain.status || other.events.size() != plain.events.size()) {
            return fail("other white space gives " + statusText(other.status));
          }
          for (size_t i = 0; i < plain.events.size(); ++i) {
            if (plain.events[i].type != other.events[i].type ||
                plain.events[i].resource_id != other.events[i].resource_id) {
              return fail("other white space gives another event");
            }
          }
          return pass();
        });
    if (outcome.verdict == Verdict::Pass && tried == 0) return skip("no fixture is JSON");
    return outcome;
  });
}

namespace {

constexpr const char* kCanary = "c7a11enge-0123456789";
constexpr const char* kHandshakeToken = "handshake-token-1";
constexpr const char* kProof = "0f0e0d";

std::string challengeBody(const plugin::Handshake& handshake, const std::string& announced) {
  Json body = Json::object();
  body[Json::json_pointer(handshake.when_json)] = announced;
  if (!handshake.echo_json.empty()) body[Json::json_pointer(handshake.echo_json)] = kCanary;
  return dumpJson(body);
}

std::string challengeQuery(const plugin::Handshake& handshake, const std::string& token) {
  std::string query = percentEncode(handshake.query) + "=" + kCanary + "%21";
  if (!handshake.token_query.empty()) {
    query += "&" + percentEncode(handshake.token_query) + "=" + token;
  }
  return query;
}

// Is the challenge sent back to who carries a wrong token, or where none is configured?
bool echoesToAnybody(const plugin::Handshake& handshake) {
  for (const char* expected : {kHandshakeToken, ""}) {
    const auto answer = ingest::queryHandshake(handshake, challengeQuery(handshake, "x"), expected);
    if (answer && answer->status == 200) return true;
  }
  return false;
}

}  // namespace

Outcome handshakes(Session& session) {
  if (!session.manifest()) return skip("the manifest is not valid (see S3)");
  const plugin::Handshake& handshake = session.manifest()->handshake;
  if (handshake.kind == plugin::HandshakeKind::None) return skip("the manifest has no handshake");
  if (handshake.kind == plugin::HandshakeKind::QueryEcho) {
    const auto answer = ingest::queryHandshake(
        handshake, challengeQuery(handshake, kHandshakeToken), kHandshakeToken);
    if (!answer) return fail("a GET with the challenge is not answered");
    return answer->body == std::string(kCanary) + "!" ? pass()
                                                      : fail("does not send the challenge back");
  }
  const std::string text = challengeBody(handshake, handshake.equals);
  JsonDoc document;
  const auto parsed = document.parse(text);
  const auto proof = [](std::string_view) { return std::string(kProof); };
  const auto answer = parsed ? ingest::jsonHandshake(handshake, *parsed, proof) : std::nullopt;
  if (!answer) return fail("a challenge is not answered");
  if (answer->status != handshake.status) return fail("answers with another status than declared");
  for (const auto& [mark, value] : {std::pair{"{value}", kCanary}, std::pair{"{proof}", kProof}}) {
    if (handshake.answer.find(mark) == std::string::npos) continue;
    if (answer->body.find(value) == std::string::npos)
      return fail("does not send the challenge back");
  }
  const std::string* type = findHeader(answer->headers, "Content-Type");
  return type && type->starts_with(handshake.content_type)
             ? pass()
             : fail("answers with another content type than declared");
}

// What is no challenge must not be echoed, nor one with another token than the settings'.
Outcome handshakeRefused(Session& session) {
  if (!session.manifest()) return skip("the manifest is not valid (see S3)");
  const plugin::Handshake& handshake = session.manifest()->handshake;
  if (handshake.kind == plugin::HandshakeKind::None) return skip("the manifest has no handshake");
  if (handshake.kind == plugin::HandshakeKind::QueryEcho) {
    if (ingest::queryHandshake(handshake, "no_challenge_of_that_name=1", kHandshakeToken)) {
      return fail("a GET without the challenge is answered");
    }
    if (handshake.token_query.empty()) return pass("the manifest names no verify token");
    return echoesToAnybody(handshake) ? fail("a wrong verify token gets the challenge") : pass();
  }
  const std::string text = challengeBody(handshake, handshake.equals + "x");
  JsonDoc document;
  const auto parsed = document.parse(text);
  if (parsed && ingest::jsonHandshake(handshake, *parsed)) {
    return fail("a request that is no challenge is echoed");
  }
  for (const Fixture& fixture : session.fixtures().list) {
    const auto root = document.parse(fixture.bytes);
    if (root && ingest::jsonHandshake(handshake, *root)) {
      return fail(fixture.name + ": an event is taken for a challenge");
    }
  }
  return pass("the manifest names no verify token");
}

}  // namespace junctor::conformance
