// Recorded HTTP: what an action sent and got, in a file. Recorded once, against the provider, with
// every credential taken out; replayed strictly, in the order of the recording: the same method,
// URL, headers, body and credential name, or the request fails and the reason is kept.
#ifndef JUNCTOR_TESTING_RECORDING_HPP
#define JUNCTOR_TESTING_RECORDING_HPP

#include <junctor/testing/codec.hpp>
#include <junctor/testing/json_value.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace jnc::testing {

using HeaderList = std::vector<std::pair<std::string, std::string>>;
constexpr const char* kRedacted = "[redacted]";

struct HttpExchange {
  struct Request {
    std::string method, url, body, credential, idempotency_key;
    HeaderList headers;
  } request;
  struct Response {
    uint32_t status = 0;
    HeaderList headers;
    std::string body;
  } response;
};

namespace recording {

inline std::string bodyMember(const std::string& body) {
  return isUtf8(body) ? "\"body\": " + quoted(body) : "\"body_base64\": " + quoted(toBase64(body));
}
inline std::string headersText(const HeaderList& headers) {
  std::string out = "[";
  for (const auto& [name, value] : headers) {
    if (out.size() > 1) out += ", ";
    out += "[" + quoted(name) + ", " + quoted(value) + "]";
  }
  return out + "]";
}
inline std::string bodyOf(const Value& from) {
  if (const Value* raw = from.find("body_base64")) return fromBase64(raw->text).value_or("");
  return from.textOr("body");
}
inline HeaderList headersOf(const Value& from) {
  HeaderList list;
  const Value* headers = from.find("headers");
  for (size_t i = 0; headers && i < headers->members.size(); ++i) {
    const Value& pair = headers->members[i].second;
    if (pair.members.size() != 2) throw std::runtime_error("a header is a pair of strings");
    list.emplace_back(pair.members[0].second.text, pair.members[1].second.text);
  }
  return list;
}
inline void removeAll(std::string& text, const std::string& secret) {
  for (size_t at = text.find(secret); !secret.empty() && at != text.npos; at = text.find(secret)) {
    text.replace(at, secret.size(), kRedacted);
  }
}
inline std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}
// Headers that name a person's session or a secret, whoever sent them.
inline bool isSensitive(const std::string& name) {
  for (const char* known : {"authorization", "proxy-authorization", "cookie", "set-cookie",
                            "x-api-key", "api-key", "x-auth-token"}) {
    if (lower(name) == known) return true;
  }
  return false;
}

}  // namespace recording

// The file's content. Throws std::runtime_error if it is no recording.
inline std::vector<HttpExchange> readRecording(std::string_view text) {
  const auto file = Parser::parse(text);
  const Value* list = file ? file->find("exchanges") : nullptr;
  if (!list || list->type != JN_JSON_ARRAY) throw std::runtime_error("is no recording");
  std::vector<HttpExchange> exchanges;
  for (const auto& [index, item] : list->members) {
    const Value *request = item.find("request"), *response = item.find("response");
    if (!request || !response) throw std::runtime_error("an exchange is a request and a response");
    HttpExchange exchange;
    exchange.request = {request->textOr("method"),          request->textOr("url"),
                        recording::bodyOf(*request),        request->textOr("credential"),
                        request->textOr("idempotency_key"), recording::headersOf(*request)};
    const Value* status = response->find("status");
    exchange.response = {static_cast<uint32_t>(status ? status->integer : 0),
                         recording::headersOf(*response), recording::bodyOf(*response)};
    exchanges.push_back(std::move(exchange));
  }
  return exchanges;
}

inline std::string writeRecording(const std::vector<HttpExchange>& exchanges) {
  std::string out = "{\"junctor_recording\": 1, \"exchanges\": [";
  for (const HttpExchange& exchange : exchanges) {
    if (&exchange != &exchanges.front()) out += ",";
    const auto& [request, response] = exchange;
    out += "\n  {\"request\": {\"method\": " + quoted(request.method) +
           ", \"url\": " + quoted(request.url) +
           ",\n    \"headers\": " + recording::headersText(request.headers) +
           ",\n    \"credential\": " + quoted(request.credential) +
           ", \"idempotency_key\": " + quoted(request.idempotency_key) + ",\n    " +
           recording::bodyMember(request.body) +
           "},\n   \"response\": {\"status\": " + std::to_string(response.status) +
           ",\n    \"headers\": " + recording::headersText(response.headers) + ",\n    " +
           recording::bodyMember(response.body) + "}}";
  }
  return out + "\n]}\n";
}

// Takes every secret out, wherever it stands, and the values of headers that hold one.
inline void redact(HttpExchange& exchange, const std::vector<std::string>& secrets) {
  const auto clean = [&](std::string& text) {
    for (const std::string& secret : secrets) {
      recording::removeAll(text, secret);
      recording::removeAll(text, toPercent(secret));
      recording::removeAll(text, toBase64(secret));
    }
  };
  for (std::string* text :
       {&exchange.request.url, &exchange.request.body, &exchange.response.body}) {
    clean(*text);
  }
  for (HeaderList* headers : {&exchange.request.headers, &exchange.response.headers}) {
    for (auto& [name, value] : *headers) {
      clean(value);
      if (recording::isSensitive(name)) value = kRedacted;
    }
  }
}

// What differs between a request and the recorded one; "" if nothing does.
inline std::string difference(const HttpExchange::Request& got,
                              const HttpExchange::Request& recorded) {
  const auto differs = [](const char* what, const std::string& a, const std::string& b) {
    return a == b ? std::string() : std::string(what) + " is " + a + ", recorded is " + b;
  };
  for (const auto& found :
       {differs("the method", got.method, recorded.method),
        differs("the URL", got.url, recorded.url),
        differs("the credential", got.credential, recorded.credential),
        differs("the idempotency key", got.idempotency_key, recorded.idempotency_key),
        differs("the headers are: it", recording::headersText(got.headers),
                recording::headersText(recorded.headers)),
        differs("the body", got.body, recorded.body)}) {
    if (!found.empty()) return found;
  }
  return {};
}

}  // namespace jnc::testing

#endif
