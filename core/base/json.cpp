#include "base/json.h"

#include <fmt/core.h>

#include <set>

#include "base/json_value.h"
#include "base/limits.h"

namespace junctor {
namespace {

// Sees the events of a first pass and stops at excess depth or a repeated key.
class Guard final : public nlohmann::json_sax<Json> {
 public:
  const std::string& problem() const { return problem_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override {
    keys_.emplace_back();
    return deepen();
  }
  bool key(string_t& name) override {
    if (keys_.back().insert(name).second) return true;
    problem_ = "duplicate key \"" + name + "\"";
    return false;
  }
  bool end_object() override {
    keys_.pop_back();
    --depth_;
    return true;
  }
  bool start_array(std::size_t) override { return deepen(); }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::detail::exception&) override {
    problem_ = fmt::format("syntax error at byte {} near \"{}\"", position, token.substr(0, 40));
    return false;
  }

 private:
  bool deepen() {
    if (++depth_ <= limits::kJsonDepthMax) return true;
    problem_ = fmt::format("nested deeper than {}", limits::kJsonDepthMax);
    return false;
  }

  size_t depth_ = 0;
  std::vector<std::set<std::string>> keys_;
  std::string problem_;
};

}  // namespace

Result<Json> parseJson(std::string_view text) {
  // nlohmann takes a zero byte for the end of the text.
  if (text.find('\0') != text.npos) return invalidArgument("not valid JSON: zero byte");
  Guard guard;
  if (!Json::sax_parse(text.begin(), text.end(), &guard)) {
    return invalidArgument("not valid JSON: " +
                           (guard.problem().empty() ? "syntax error" : guard.problem()));
  }
  Json value = Json::parse(text.begin(), text.end(), nullptr, false);
  if (value.is_discarded()) return invalidArgument("not valid JSON");
  return value;
}

std::string dumpJson(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace junctor
