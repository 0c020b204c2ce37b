#include <fmt/core.h>

#include "base/bytes.h"
#include "base/json_value.h"
#include "conformance/conformance.h"

namespace junctor::conformance {
namespace {

std::string xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return validUtf8(out) ? out : "(not UTF-8)";
}

}  // namespace

Json reportAsJson(const Report& report) {
  Json list = Json::array();
  for (const Finding& finding : report.findings) {
    Json one = {{"check", finding.id},
                {"group", finding.group},
                {"verdict", toString(finding.verdict)},
                {"ms", finding.wall_ms}};
    if (!finding.message.empty()) one["message"] = finding.message;
    if (!finding.waived.empty()) one["waived_because"] = finding.waived;
    if (!finding.cure.empty()) one["cure"] = finding.cure;
    list.push_back(std::move(one));
  }
  return {{"library", report.library},
          {"connector", report.connector},
          {"version", report.version},
          {"level", toString(report.level)},
          {"seed", report.seed},
          {"passed", report.passed()},
          {"counts",
           {{"pass", report.count(Verdict::Pass)},
            {"fail", report.count(Verdict::Fail)},
            {"skip", report.count(Verdict::Skip)},
            {"waived", report.count(Verdict::Waived)}}},
          {"checks", std::move(list)}};
}

std::string reportAsJUnit(const Report& report) {
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n",
      xml("connector check " + report.connector), report.findings.size(),
      report.count(Verdict::Fail), report.count(Verdict::Skip) + report.count(Verdict::Waived));
  for (const Finding& finding : report.findings) {
    out += fmt::format("  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\">",
                       xml(finding.group), finding.id, static_cast<double>(finding.wall_ms) / 1000);
    if (finding.verdict == Verdict::Fail) {
      out += fmt::format("<failure message=\"{}\">{}</failure>", xml(finding.message),
                         xml(finding.cure));
    } else if (finding.verdict == Verdict::Waived) {
      out += fmt::format("<skipped message=\"waived: {} ({})\"/>", xml(finding.waived),
                         xml(finding.message));
    } else if (finding.verdict == Verdict::Skip) {
      out += fmt::format("<skipped message=\"{}\"/>", xml(finding.message));
    }
    out += "</testcase>\n";
  }
  return out + "</testsuite>\n";
}

}  // namespace junctor::conformance
