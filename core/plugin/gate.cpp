#include "plugin/gate.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/limits.h"
#include "plugin/gate_rules.h"
#include "trust/grants.h"

namespace junctor::plugin {
namespace {

Error denied(std::string why) {
  return makeError(ErrorCode::PermissionDenied, std::move(why));
}
Error tooLarge(std::string why) {
  return makeError(ErrorCode::ResourceExhausted, std::move(why));
}
Error missing(std::string_view what) {
  return makeError(ErrorCode::Unimplemented, "this host has no " + std::string(what));
}

Result<void> inTime(const PortCall& call, const Clock& clock) {
  if (call.cancelled && call.cancelled->load()) {
    return makeError(ErrorCode::Cancelled, "the call was cancelled");
  }
  if (clock.monotonicNs() >= call.deadline_ns) {
    return makeError(ErrorCode::DeadlineExceeded, "the call's time is over");
  }
  return {};
}

Result<void> checkKey(const std::string& key) {
  const bool good = !key.empty() && key.size() <= limits::kConnectorKvKeyBytesMax && cleanText(key);
  return good ? Result<void>() : invalidArgument("the key is empty, too long or not clean text");
}

// What a request asks of the manifest.
Result<void> checkGrants(const PortCall& call, const HttpSend& request) {
  JUNCTOR_TRY(const std::string host, hostOfUrl(request.url));
  if (!call.grants || !call.grants->mayReach(host)) {
    return denied("the manifest does not name the host " + host);
  }
  const std::string_view protocol = protocolOfUrl(request.url).value_or("");
  if (!protocol.empty() && !call.grants->maySpeak(protocol)) {
    return denied("the manifest does not name the protocol " + std::string(protocol));
  }
  if (!request.credential.empty() && !call.grants->mayUse(request.credential, host)) {
    return denied("the manifest does not name a credential of that name for the host " + host);
  }
  const auto sent = call.record ? int64_t{call.record->requests_sent} : 0;
  if (sent >= call.grants->budget().requests) {
    return denied("the manifest allows this many requests in one call: " + std::to_string(sent));
  }
  return {};
}

// A request that is certain to have stayed here.
bool neverLeft(const Error& error) {
  return error.code == ErrorCode::PermissionDenied || error.code == ErrorCode::InvalidArgument ||
         error.code == ErrorCode::Unauthenticated || error.code == ErrorCode::Unimplemented;
}

}  // namespace

Result<HttpAnswer> HttpGate::send(const PortCall& call, const HttpSend& request) {
  if (!next_) return missing("network for connectors");
  if (call.no_io) return denied("this kind of call may not use the network");
  if (call.dry_run) return denied("a dry run sends nothing");
  JUNCTOR_CHECK(checkRequest(request));
  JUNCTOR_CHECK(checkGrants(call, request));
  JUNCTOR_CHECK(inTime(call, clock_));

  HttpSend limited = request;
  const int64_t left_ms =
      std::max<int64_t>(1, (call.deadline_ns - clock_.monotonicNs()) / 1'000'000);
  limited.timeout_ms = request.timeout_ms > 0 ? std::min(request.timeout_ms, left_ms) : left_ms;
  limited.answer_bytes_max =
      request.answer_bytes_max == 0
          ? limits::kConnectorAnswerBytes
          : std::min(request.answer_bytes_max, limits::kConnectorBodyBytesMax);

  const bool repeatable =
      isSafe(request.method) || request.idempotent || !request.idempotency_key.empty();
  if (call.record) {  // before it leaves: should we die now, it counts
    ++call.record->requests_sent;
    if (!repeatable) ++call.record->unrepeatable;
  }
  auto answer = next_->send(call, limited);
  if (!answer && call.record && neverLeft(answer.error())) {
    --call.record->requests_sent;
    if (!repeatable) --call.record->unrepeatable;
  }
  if (!answer) return answer;
  if (answer->body.size() > limited.answer_bytes_max) return tooLarge("the answer is too large");
  std::erase_if(answer->headers,
                [](const Header& header) { return equalsIgnoreCase(header.first, "Set-Cookie"); });
  return answer;
}

Result<void> KvGate::mayUse(const PortCall& call, bool writes) const {
  if (!next_) return missing("storage for connectors");
  if (call.no_io) return denied("this kind of call may not use storage");
  if (writes && call.dry_run) return denied("a dry run writes nothing");
  if (!call.grants || call.grants->kvBytes() == 0)
    return denied("the manifest asks for no storage");
  return inTime(call, clock_);
}

Result<KvEntry> KvGate::get(const PortCall& call, const std::string& key) {
  JUNCTOR_CHECK(mayUse(call, false));
  JUNCTOR_CHECK(checkKey(key));
  return next_->get(call, key);
}

Result<uint64_t> KvGate::put(const PortCall& call, const KvWrite& write) {
  JUNCTOR_CHECK(mayUse(call, true));
  JUNCTOR_CHECK(checkKey(write.key));
  if (write.value.size() > limits::kConnectorKvValueBytesMax)
    return tooLarge("the value is too large");
  if (write.ttl_ms < 0) return invalidArgument("the time to live is negative");
  KvWrite limited = write;
  limited.quota_bytes = call.grants->kvBytes();
  return next_->put(call, limited);
}

Result<void> KvGate::remove(const PortCall& call, const std::string& key) {
  JUNCTOR_CHECK(mayUse(call, true));
  JUNCTOR_CHECK(checkKey(key));
  return next_->remove(call, key);
}

Result<std::vector<std::pair<std::string, std::string>>> KvGate::list(const PortCall& call,
                                                                      const std::string& prefix,
                                                                      const std::string& after,
                                                                      size_t limit) {
  JUNCTOR_CHECK(mayUse(call, false));
  if (prefix.size() > limits::kConnectorKvKeyBytesMax ||
      after.size() > limits::kConnectorKvKeyBytesMax) {
    return invalidArgument("the key is too long");
  }
  return next_->list(call, prefix, after, std::min(limit, limits::kConnectorKvPageMax));
}

Result<std::string> SecretsGate::get(const PortCall& call, const std::string& name) {
  if (!next_) return missing("secrets for connectors");
  if (!call.grants || !call.grants->maySee(name)) {
    return denied("the manifest does not name a secret of that name");
  }
  JUNCTOR_CHECK(inTime(call, clock_));
  return next_->get(call, name);
}

Result<void> MetricsGate::count(const PortCall& call, const std::string& name, const Labels& labels,
                                uint64_t n) {
  if (!next_) return missing("metrics for connectors");
  JUNCTOR_CHECK(checkMetric(name, labels));
  return next_->count(call, name, labels, n);
}

Result<void> MetricsGate::observeUs(const PortCall& call, const std::string& name,
                                    const Labels& labels, uint64_t us) {
  if (!next_) return missing("metrics for connectors");
  JUNCTOR_CHECK(checkMetric(name, labels));
  return next_->observeUs(call, name, labels, us);
}

}  // namespace junctor::plugin
