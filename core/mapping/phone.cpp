// E.164 numbers (ITU-T: at most 15 digits). National numbers need a country: its calling code, the
// trunk prefix that is dialled inside it, and how many digits its numbers have (ITU national
// plans).
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "mapping/forms.h"

namespace junctor::mapping {
namespace {

struct Country {
  std::string_view name;
  std::string_view code;
  std::string_view trunk;
  size_t digits_min;
  size_t digits_max;
};
constexpr std::array<Country, 38> kCountries = {{
    {"AE", "971", "0", 7, 9},  {"AR", "54", "0", 10, 11}, {"AT", "43", "0", 4, 13},
    {"AU", "61", "0", 9, 9},   {"BE", "32", "0", 8, 9},   {"BG", "359", "0", 7, 9},
    {"BR", "55", "0", 10, 11}, {"CA", "1", "1", 10, 10},  {"CH", "41", "0", 9, 9},
    {"CN", "86", "0", 9, 11},  {"CZ", "420", "", 9, 9},   {"DE", "49", "0", 5, 11},
    {"DK", "45", "", 8, 8},    {"EE", "372", "", 7, 8},   {"ES", "34", "", 9, 9},
    {"FI", "358", "0", 5, 12}, {"FR", "33", "0", 9, 9},   {"GB", "44", "0", 9, 10},
    {"GR", "30", "", 10, 10},  {"HR", "385", "0", 8, 9},  {"HU", "36", "06", 8, 9},
    {"IE", "353", "0", 7, 9},  {"IL", "972", "0", 8, 9},  {"IN", "91", "0", 10, 10},
    {"IT", "39", "", 6, 11},   {"JP", "81", "0", 9, 10},  {"MX", "52", "", 10, 10},
    {"NL", "31", "0", 9, 9},   {"NO", "47", "", 8, 8},    {"NZ", "64", "0", 8, 10},
    {"PL", "48", "", 9, 9},    {"PT", "351", "", 9, 9},   {"RO", "40", "0", 9, 9},
    {"SE", "46", "0", 7, 9},   {"SI", "386", "0", 8, 8},  {"SK", "421", "0", 9, 9},
    {"UA", "380", "0", 9, 9},  {"US", "1", "1", 10, 10},
}};

const Country* countryOf(std::string_view name) {
  const auto found = std::find_if(kCountries.begin(), kCountries.end(),
                                  [name](const Country& country) { return country.name == name; });
  return found == kCountries.end() ? nullptr : found;
}

// "+420 777-123.456" -> "+420777123456"; empty if there is anything but digits and separators.
std::string digitsOf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (digit || (c == '+' && out.empty())) {
      out += c;
    } else if (std::string_view(" -./()\t").find(c) == std::string_view::npos) {
      return {};
    }
  }
  if (out.starts_with("00")) out.replace(0, 2, "+");
  return out;
}

}  // namespace

bool knownCountry(std::string_view country) {
  return countryOf(country) != nullptr;
}

Result<std::string> e164(std::string_view text, std::string_view country) {
  constexpr size_t kDigitsMin = 7;
  constexpr size_t kDigitsMax = 15;
  std::string digits = digitsOf(text);
  if (digits.starts_with('+')) {
    const size_t count = digits.size() - 1;
    if (count < kDigitsMin || count > kDigitsMax || digits[1] == '0') {
      return invalidArgument("is no phone number");
    }
    return digits;
  }
  const Country* home = countryOf(country);
  if (digits.empty()) return invalidArgument("is no phone number");
  if (!home) return invalidArgument("the phone number has no country code");
  if (!home->trunk.empty() && digits.starts_with(home->trunk)) digits.erase(0, home->trunk.size());
  if (digits.size() < home->digits_min || digits.size() > home->digits_max) {
    return invalidArgument(fmt::format("is no phone number of {}", home->name));
  }
  return fmt::format("+{}{}", home->code, digits);
}

}  // namespace junctor::mapping
