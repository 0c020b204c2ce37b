#include "conformance/recorded_signatures.h"

#include <algorithm>

#include "base/files.h"
#include "base/json_value.h"
#include "base/strict_object.h"

namespace junctor::conformance {
namespace {

constexpr int64_t kYear2100Ms = 4'102'444'800'000;

Result<std::vector<std::pair<std::string, std::string>>> readTexts(const StrictObject& in,
                                                                   const char* key) {
  std::vector<std::pair<std::string, std::string>> out;
  if (!in.has(key)) return out;
  if (!in.at(key).is_object()) return in.error(key, "must be an object");
  for (const auto& member : in.at(key).items()) {
    if (!member.value().is_string()) return in.error(key, "values must be texts");
    out.emplace_back(member.key(), member.value().get<std::string>());
  }
  return out;
}

Result<void> readTime(const StrictObject& in, RecordedSignatures& out) {
  if (!in.has("time")) return {};
  JUNCTOR_TRY(const auto time, StrictObject::open(in.at("time"), in.pathOf("time"),
                                                  {"header", "tolerance_s", "future_ok"}));
  JUNCTOR_TRY(out.time_header, time.text("header"));
  JUNCTOR_TRY(out.tolerance_s, time.integer("tolerance_s", 0, 1, 86'400));
  if (!time.has("future_ok")) return {};
  if (!time.at("future_ok").is_boolean()) return time.error("future_ok", "must be true or false");
  out.future_ok = time.at("future_ok").get<bool>();
  return {};
}

Result<RecordedRequest> readRequest(const Json& item, const std::string& path,
                                    const Fixtures& fixtures, const plugin::Manifest& manifest) {
  JUNCTOR_TRY(const auto in,
              StrictObject::open(item, path, {"file", "at_ms", "headers", "method", "url"}));
  RecordedRequest out;
  Delivery& delivery = out.delivery;
  JUNCTOR_TRY(out.file, in.requiredText("file"));
  JUNCTOR_TRY(delivery.at_ms, in.integer("at_ms", kCheckedAtMs, 0, kYear2100Ms));
  JUNCTOR_TRY(delivery.method, in.text("method", delivery.method));
  JUNCTOR_TRY(delivery.url, in.text("url", delivery.url));
  JUNCTOR_TRY(delivery.headers, readTexts(in, "headers"));
  auto body = readFile(fixtures.folder + "/" + out.file);
  if (!body) return in.error("file", "there is no " + out.file);
  delivery.body = std::move(*body);
  const auto sample =
      std::find_if(manifest.samples.begin(), manifest.samples.end(),
                   [&out](const plugin::Sample& one) { return one.file == out.file; });
  if (sample == manifest.samples.end()) return out;
  for (const Header& header : sample->headers) {
    if (!findHeader(delivery.headers, header.first)) delivery.headers.push_back(header);
  }
  return out;
}

Result<void> readRequests(const StrictObject& in, const Fixtures& fixtures,
                          const plugin::Manifest& manifest, RecordedSignatures& out) {
  if (!in.has("requests") || !in.at("requests").is_array() || in.at("requests").empty()) {
    return in.error("requests", "must be a list of one or more");
  }
  for (const Json& item : in.at("requests")) {
    const std::string path =
        in.pathOf("requests") + "[" + std::to_string(out.requests.size()) + "]";
    JUNCTOR_TRY(auto request, readRequest(item, path, fixtures, manifest));
    out.requests.push_back(std::move(request));
  }
  for (const plugin::Sample& sample : manifest.samples) {
    const bool there =
        std::any_of(out.requests.begin(), out.requests.end(),
                    [&sample](const RecordedRequest& one) { return one.file == sample.file; });
    if (!there) return in.error("requests", "lacks the sample " + sample.file);
  }
  return {};
}

Result<RecordedSignatures> fromJson(const Json& json, const Fixtures& fixtures,
                                    const plugin::Manifest& manifest) {
  JUNCTOR_TRY(const auto in,
              StrictObject::open(json, "", {"secret", "secrets", "time", "requests"}));
  RecordedSignatures out;
  JUNCTOR_TRY(out.secret, in.requiredText("secret"));
  JUNCTOR_TRY(const auto named, readTexts(in, "secrets"));
  out.named.insert(named.begin(), named.end());
  JUNCTOR_CHECK(readTime(in, out));
  JUNCTOR_CHECK(readRequests(in, fixtures, manifest, out));
  return out;
}

}  // namespace

Result<RecordedSignatures> readSignatures(const Fixtures& fixtures,
                                          const plugin::Manifest& manifest) {
  const auto text = readFile(fixtures.folder + "/" + kSignaturesFile);
  if (fixtures.folder.empty() || !text) {
    return invalidArgument(std::string("it checks signatures itself, so its fixtures need ") +
                           kSignaturesFile +
                           ": requests as a sender signed them, and under which secret");
  }
  JUNCTOR_TRY(const Json json, parseJson(*text));
  auto read = fromJson(json, fixtures, manifest);
  if (!read) return invalidArgument(std::string(kSignaturesFile) + ": " + read.error().message);
  return read;
}

}  // namespace junctor::conformance
