// Redis: one command (RESP2), after AUTH where there is a credential.
#include <charconv>

#include "wire/parts.h"

namespace junctor::wire {
namespace {

constexpr int kDepthMax = 8;
constexpr size_t kItemsMax = 100'000;

void append(std::string& out, std::string_view text) {
  out += "$" + std::to_string(text.size()) + "\r\n";
  out.append(text).append("\r\n");
}

std::string command(const std::vector<std::string>& words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) append(out, word);
  return out;
}

// The server's "-WRONGTYPE …".
struct Refused {
  std::string code, message;
};

class Reader {
 public:
  explicit Reader(net::LineSocket& line) : line_(line) {}

  Result<Json> read(int depth = 0) {
    JUNCTOR_TRY(const std::string head, line_.readLine());
    if (head.empty() || depth > kDepthMax) return broken();
    const std::string rest = head.substr(1);
    switch (head[0]) {
      case '+':
        return Json(rest);
      case '-':
        refused = {rest.substr(0, rest.find(' ')), rest};
        return Json();
      case ':':
        return Json(number(rest));
      case '$':
        return bulk(number(rest));
      case '*':
        return list(number(rest), depth);
      default:
        return broken();
    }
  }

  std::optional<Refused> refused;

 private:
  static Error broken() {
    return makeError(ErrorCode::DataLoss, "the server's answer cannot be understood");
  }
  static int64_t number(const std::string& text) {
    int64_t out = -1;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
  }
  Result<Json> bulk(int64_t size) {
    if (size < 0) return Json();
    JUNCTOR_TRY(const std::string bytes, line_.read(static_cast<size_t>(size) + 2));
    return Json(bytes.substr(0, static_cast<size_t>(size)));
  }
  Result<Json> list(int64_t size, int depth) {
    if (size < 0) return Json();
    if (size > static_cast<int64_t>(kItemsMax)) return broken();
    Json out = Json::array();
    for (int64_t i = 0; i < size; ++i) {
      JUNCTOR_TRY(Json item, read(depth + 1));
      out.push_back(std::move(item));
    }
    return out;
  }

  net::LineSocket& line_;
};

// 503 for what passes by itself.
int statusOf(const Refused& refused) {
  for (const char* code : {"NOAUTH", "WRONGPASS", "NOPERM"}) {
    if (refused.code == code) return 401;
  }
  for (const char* code :
       {"LOADING", "OOM", "BUSY", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MISCONF"}) {
    if (refused.code == code) return 503;
  }
  return 422;
}

Result<std::vector<std::string>> wordsOf(const Parts& parts) {
  const auto json = parseJson(parts.body);
  if (!json || !json->is_array() || json->empty()) {
    return invalidArgument("the body must be a command: a list of words");
  }
  std::vector<std::string> words;
  for (const Json& word : *json) {
    words.push_back(word.is_string() ? word.get<std::string>() : dumpJson(word));
  }
  return words;
}

}  // namespace

Result<net::OutboundResponse> redisExchange(const Parts& parts) {
  JUNCTOR_TRY(const auto words, wordsOf(parts));
  JUNCTOR_TRY(const auto line,
              net::LineSocket::dial(parts.host, parts.port, parts.scheme == "rediss", parts.limits,
                                    *parts.clock));
  Reader reader(*line);
  if (!parts.password.empty()) {
    std::vector<std::string> login = {"AUTH"};
    if (!parts.user.empty()) login.push_back(parts.user);
    login.push_back(parts.password);
    JUNCTOR_CHECK(line->write(command(login)));
    JUNCTOR_CHECK(reader.read());
  }
  if (!reader.refused) {
    JUNCTOR_CHECK(line->write(command(words)));
    JUNCTOR_TRY(const Json reply, reader.read());
    if (!reader.refused) return answer(200, {{"reply", reply}});
  }
  return refusal(statusOf(*reader.refused), reader.refused->code, reader.refused->message);
}

}  // namespace junctor::wire
