#include <fmt/core.h>

#include "base/bytes.h"
#include "config/node.h"
#include "conformance/conformance.h"

namespace junctor::conformance {
namespace {

using config::Node;

Error wrong(const std::string& file, int line, std::string_view what) {
  return invalidArgument(fmt::format("{}:{}: {}", file, line, what));
}

Result<Waiver> readWaiver(const std::string& file, const Node& item) {
  Waiver out;
  if (item.kind != Node::Kind::Map) return wrong(file, item.line, "a waiver is {check, reason}");
  for (const Node::Member& member : item.members) {
    std::string* text = member.key == "check"    ? &out.check
                        : member.key == "reason" ? &out.reason
                                                 : nullptr;
    if (!text) return wrong(file, member.line, "unknown key '" + member.key + "'");
    if (member.value.kind != Node::Kind::Scalar) {
      return wrong(file, member.line, member.key + " must be text");
    }
    *text = trim(member.value.text);
  }
  if (out.check.empty()) return wrong(file, item.line, "a waiver needs a check");
  if (out.reason.empty()) {
    return wrong(file, item.line, "the waiver of " + out.check + " needs a reason");
  }
  return out;
}

}  // namespace

Result<std::vector<Waiver>> readWaivers(const std::string& path) {
  Node root;
  config::Problems problems;
  if (!config::readYaml(path, root, problems)) {
    return invalidArgument(problems.empty() ? path + ": cannot be read"
                                            : config::format(problems.front()));
  }
  std::vector<Waiver> out;
  if (root.kind == Node::Kind::Null) return out;
  if (root.kind != Node::Kind::Map) return wrong(path, 1, "must be a map with 'waivers'");
  for (const Node::Member& member : root.members) {
    if (member.key != "waivers")
      return wrong(path, member.line, "unknown key '" + member.key + "'");
    if (member.value.kind != Node::Kind::List) {
      return wrong(path, member.line, "waivers must be a list");
    }
    for (const Node& item : member.value.items) {
      JUNCTOR_TRY(Waiver waiver, readWaiver(path, item));
      out.push_back(std::move(waiver));
    }
  }
  return out;
}

}  // namespace junctor::conformance
