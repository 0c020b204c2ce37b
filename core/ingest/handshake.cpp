#include "ingest/handshake.h"

#include "base/bytes.h"
#include "base/json_writer.h"
#include "crypto/hash.h"

namespace junctor::ingest {
namespace {

std::optional<std::string> queryValue(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
    return percentDecode(pair.substr(equals + 1), true);
  }
  return std::nullopt;
}

void replace(std::string& text, std::string_view mark, const std::string& value) {
  if (const size_t at = text.find(mark); at != text.npos) text.replace(at, mark.size(), value);
}

std::string answerOf(const plugin::Handshake& handshake, const std::string& value,
                     const Proof& proof) {
  std::string out = handshake.answer;
  replace(out, "{proof}", proof ? proof(value) : "");
  if (handshake.content_type.find("json") == std::string::npos) {
    replace(out, "{value}", value);
  } else {
    std::string quoted;
    appendJsonString(quoted, value);
    replace(out, "{value}", quoted.substr(1, quoted.size() - 2));
  }
  return out;
}

net::HttpResponse echo(const plugin::Handshake& handshake, std::string value) {
  return {handshake.status,
          {{"Content-Type", handshake.content_type}, {"X-Content-Type-Options", "nosniff"}},
          std::move(value)};
}

}  // namespace

std::optional<net::HttpResponse> queryHandshake(const plugin::Handshake& handshake,
                                                std::string_view query, std::string_view token) {
  if (handshake.kind != plugin::HandshakeKind::QueryEcho) return std::nullopt;
  auto value = queryValue(query, handshake.query);
  if (!value) return std::nullopt;
  if (!handshake.token_query.empty()) {
    const auto given = queryValue(query, handshake.token_query);
    if (!given || token.empty() || !crypto::equalConstantTime(*given, token)) {
      return net::problem(403, "wrong-token", "the handshake carries another token");
    }
  }
  return echo(handshake, std::move(*value));
}

std::optional<net::HttpResponse> jsonHandshake(const plugin::Handshake& handshake, JsonView body,
                                               const Proof& proof) {
  if (handshake.kind != plugin::HandshakeKind::JsonEcho || !body.valid()) return std::nullopt;
  const JsonView announced = body.pointer(handshake.when_json);
  if (!announced.valid() || announced.scalarText() != handshake.equals) return std::nullopt;
  const std::string value =
      handshake.echo_json.empty() ? "" : body.pointer(handshake.echo_json).scalarText();
  return echo(handshake, answerOf(handshake, value, proof));
}

}  // namespace junctor::ingest
