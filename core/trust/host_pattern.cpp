#include "trust/host_pattern.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/json_value.h"
#include "trust/capabilities.h"

namespace junctor::trust {
namespace {

constexpr size_t kNameBytesMax = 253;  // RFC 1035, as text
constexpr size_t kLabelBytesMax = 63;
constexpr size_t kFixedLabelsMin = 2;
// Last labels that no public name has (RFC 6761, RFC 6762, RFC 8375, ICANN's list of collisions).
constexpr std::array<std::string_view, 12> kPrivateEndings = {
    "localhost", "localdomain", "local",   "internal", "intranet", "lan",
    "home",      "corp",        "private", "arpa",     "test",     "invalid"};

std::vector<std::string_view> labelsOf(std::string_view name) {
  std::vector<std::string_view> labels;
  for (size_t start = 0; start <= name.size();) {
    const size_t end = std::min(name.find('.', start), name.size());
    labels.push_back(name.substr(start, end - start));
    start = end + 1;
  }
  return labels;
}

bool isLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool legalLabel(std::string_view label) {
  if (label.empty() || label.size() > kLabelBytesMax) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return isLetterOrDigit(c) || c == '-'; });
}

bool isTemplate(std::string_view label) {
  if (label.size() < 3 || label.front() != '{' || label.back() != '}') return false;
  label = label.substr(1, label.size() - 2);
  return label.size() <= kLabelBytesMax && std::all_of(label.begin(), label.end(), [](char c) {
           return isLetterOrDigit(c) || c == '_';
         });
}

// The setting of "{base_url:url}"; "" of all else.
std::string urlSetting(std::string_view text) {
  constexpr std::string_view kEnd = ":url}";
  if (!text.ends_with(kEnd)) return {};
  const std::string label = std::string(text.substr(0, text.size() - kEnd.size())) + "}";
  return isTemplate(label) ? label.substr(1, label.size() - 2) : "";
}

// An address would end in a number, as 10.0.0.1 does; no name of the Internet's root does.
bool isNumber(std::string_view label) {
  return std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<void> checkFixed(const std::vector<std::string_view>& labels) {
  if (labels.size() < kFixedLabelsMin) {
    return invalidArgument("must end in a domain of at least two labels, as acme.com");
  }
  for (const std::string_view label : labels) {
    if (!legalLabel(label)) {
      return invalidArgument("must be a lower-case DNS name, with \"*.\" or {setting} before it");
    }
  }
  if (isNumber(labels.back())) return invalidArgument("must be a name, not an address");
  if (std::find(kPrivateEndings.begin(), kPrivateEndings.end(), labels.back()) !=
      kPrivateEndings.end()) {
    return invalidArgument(fmt::format("names end in .{} on private networks only", labels.back()));
  }
  return {};
}

Result<void> check(std::string_view text) {
  if (text.size() > kNameBytesMax) return invalidArgument("is longer than a host name can be");
  if (!urlSetting(text).empty()) return {};
  if (text == "*") return invalidArgument("would allow every host: name them");
  std::vector<std::string_view> labels = labelsOf(text);
  if (labels.front() == "*") {
    labels.erase(labels.begin());
  } else {
    while (!labels.empty() && isTemplate(labels.front())) labels.erase(labels.begin());
  }
  return checkFixed(labels);
}

// Of "https://llm.acme.com/v1" or "llm.acme.com".
std::string wholeHost(const Json& setting) {
  std::string host = setting.is_string() ? lowerAscii(setting.get<std::string>()) : "";
  const std::string scheme = host.substr(0, std::min(host.find("://"), host.size()));
  const bool spoken =
      scheme == "https" || std::any_of(std::begin(kProtocols), std::end(kProtocols),
                                       [&](const Protocol& each) { return each.scheme == scheme; });
  if (spoken && scheme.size() < host.size()) host.erase(0, scheme.size() + 3);
  host.resize(std::min(host.find_first_of(":/?#"), host.size()));
  return host;
}

bool plainHost(std::string_view host) {
  return !host.empty() && host.size() <= kNameBytesMax &&
         std::all_of(host.begin(), host.end(),
                     [](char c) { return isLetterOrDigit(c) || c == '-' || c == '.'; });
}

bool legalHost(std::string_view host) {
  const auto labels = labelsOf(host);
  return host.size() <= kNameBytesMax && checkFixed(labels).has_value();
}

}  // namespace

Result<HostPattern> HostPattern::parse(std::string_view text) {
  auto checked = check(text);
  if (!checked) return invalidArgument(fmt::format("\"{}\" {}", text, checked.error().message));
  HostPattern pattern;
  pattern.text_ = text;
  return pattern;
}

Result<HostPattern> HostPattern::resolved(const Json& settings, bool private_hosts) const {
  if (const std::string key = urlSetting(text_); !key.empty()) {
    if (!settings.is_object() || !settings.contains(key)) return *this;
    HostPattern exact;
    exact.text_ = wholeHost(settings[key]);
    exact.private_ = private_hosts && plainHost(exact.text_);
    return exact.private_ ? Result<HostPattern>(exact) : parse(exact.text_);
  }
  std::string name;
  for (const std::string_view label : labelsOf(text_)) {
    if (!isTemplate(label)) continue;
    if (!settings.is_object() || !settings.contains(label.substr(1, label.size() - 2)))
      return *this;
  }
  for (const std::string_view label : labelsOf(text_)) {
    if (!name.empty()) name += '.';
    if (!isTemplate(label)) {
      name += label;
      continue;
    }
    const std::string key(label.substr(1, label.size() - 2));
    const bool is_text =
        settings.is_object() && settings.contains(key) && settings[key].is_string();
    const std::string value = is_text ? lowerAscii(settings[key].get<std::string>()) : "";
    if (!legalLabel(value)) {
      return invalidArgument(
          fmt::format("settings.{}: must be one label of the host name {}", key, text_));
    }
    name += value;
  }
  return parse(name);
}

bool HostPattern::matches(std::string_view host) const {
  const std::string name = lowerAscii(host);
  if (private_) return name == text_;
  if (!legalHost(name)) return false;
  if (!text_.starts_with("*.")) return name == text_;
  const std::string_view below = std::string_view(text_).substr(1);  // ".acme.com"
  return name.size() > below.size() && name.ends_with(below);
}

bool HostPattern::covers(const HostPattern& other) const {
  if (text_ == other.text_) return true;
  if (!text_.starts_with("*.")) return false;
  const std::string_view below = std::string_view(text_).substr(1);
  return other.text_.size() > below.size() && other.text_.ends_with(below);
}

}  // namespace junctor::trust
