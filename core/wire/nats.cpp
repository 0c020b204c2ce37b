// NATS: publish, and wait until the server (or JetStream, or a listener) has it.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "crypto/hash.h"
#include "wire/parts.h"

namespace junctor::wire {
namespace {

bool cleanSubject(const std::string& subject) {
  return !subject.empty() && subject.size() <= 256 &&
         std::none_of(subject.begin(), subject.end(), [](char c) {
           return static_cast<unsigned char>(c) <= ' ' || c == '*' || c == '>' || c == 0x7f;
         });
}

class Nats {
 public:
  Nats(const Parts& parts, net::LineSocket& line) : parts_(parts), line_(line) {}

  Result<net::OutboundResponse> run() {
    JUNCTOR_TRY(const std::string greeting, line_.readLine());
    if (!greeting.starts_with("INFO ")) return unavailable("the server is no NATS server");
    const bool waits = parts_.query.contains("stream") || parts_.query.contains("reply");
    const std::string inbox = "_INBOX." + toHex(crypto::randomBytes(12));
    // Who is refused hears it before anything else is under way.
    JUNCTOR_CHECK(line_.write("CONNECT " + dumpJson(options()) + "\r\nPING\r\n"));
    JUNCTOR_TRY(const auto welcome, await(false));
    if (welcome.status != 200) return welcome;
    std::string out;
    if (waits) out += "SUB " + inbox + " 1\r\nUNSUB 1 1\r\n";
    out += publication(waits ? inbox : "") + "PING\r\n";
    JUNCTOR_CHECK(line_.write(out));
    return await(waits);
  }

 private:
  Json options() const {
    Json json = {{"verbose", false},      {"pedantic", false}, {"headers", true},
                 {"no_responders", true}, {"lang", "c++"},     {"name", "junctor"},
                 {"protocol", 1},         {"version", "1"}};
    if (!parts_.token.empty()) json["auth_token"] = parts_.token;
    if (!parts_.user.empty()) {
      json["user"] = parts_.user;
      json["pass"] = parts_.password;
    }
    return json;
  }

  // The act's key is what JetStream recognises a repetition by.
  std::string publication(const std::string& inbox) const {
    std::string head = "NATS/1.0\r\n";
    for (const auto& [name, value] : parts_.headers) {
      if (equalsIgnoreCase(name, "Content-Length") || equalsIgnoreCase(name, "User-Agent"))
        continue;
      head += (equalsIgnoreCase(name, "Idempotency-Key") ? "Nats-Msg-Id" : name) + ": " + value +
              "\r\n";
    }
    head += "\r\n";
    const std::string to = inbox.empty() ? parts_.path : parts_.path + " " + inbox;
    return fmt::format("HPUB {} {} {}\r\n{}{}\r\n", to, head.size(),
                       head.size() + parts_.body.size(), head, parts_.body);
  }

  Result<net::OutboundResponse> await(bool waits) {
    for (;;) {
      const auto read = line_.readLine();
      if (!read) return read.error();
      const std::string& line = *read;
      if (line.starts_with("-ERR")) return failed(line);
      if (line.starts_with("PING")) JUNCTOR_CHECK(line_.write("PONG\r\n"));
      if (line.starts_with("PONG") && !waits) return answer(200, {{"published", true}});
      if (line.starts_with("MSG ") || line.starts_with("HMSG ")) return message(line);
    }
  }

  Result<net::OutboundResponse> message(const std::string& line) {
    const bool with_head = line[0] == 'H';
    const auto number = [](std::string_view text) {
      size_t out = 0;
      std::from_chars(text.data(), text.data() + text.size(), out);
      return out;
    };
    const size_t last = line.rfind(' ');
    const size_t size = number(std::string_view(line).substr(last + 1));
    const size_t before = line.rfind(' ', last - 1);
    const size_t head = with_head ? number(std::string_view(line).substr(before + 1)) : 0;
    JUNCTOR_TRY(const std::string bytes, line_.read(size));
    if (bytes.substr(0, std::min(head, size)).find(" 503") != std::string::npos) {
      return refusal(503, "no_responders", "nobody listens to the subject");
    }
    const std::string body = bytes.substr(std::min(head, size));
    auto json = parseJson(body);
    if (json && json->is_object() && json->contains("error")) {
      const Json error = (*json)["error"];
      const int code = error.value("code", 500);
      return refusal(code >= 500 ? 503 : 422, std::to_string(error.value("err_code", code)),
                     error.value("description", std::string()));
    }
    return answer(200, json ? *json : Json(body));
  }

  static net::OutboundResponse failed(const std::string& line) {
    const bool auth = line.find("Authorization") != std::string::npos ||
                      line.find("Authentication") != std::string::npos;
    const bool denied = line.find("Permissions") != std::string::npos;
    return refusal(auth ? 401 : denied ? 403 : 422, "nats", trimmed(line.substr(4)));
  }
  static std::string trimmed(const std::string& text) { return std::string(trim(text)); }

  const Parts& parts_;
  net::LineSocket& line_;
};

}  // namespace

Result<net::OutboundResponse> natsExchange(const Parts& parts) {
  if (!cleanSubject(parts.path))
    return refusal(422, "subject", "the subject cannot be published to");
  JUNCTOR_TRY(const auto line,
              net::LineSocket::dial(parts.host, parts.port, false, parts.limits, *parts.clock));
  return Nats(parts, *line).run();
}

}  // namespace junctor::wire
